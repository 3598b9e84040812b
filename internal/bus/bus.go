package bus

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/rs/zerolog"
)

// The values of Config.Durability.
const (
	// Always stores a fact on disk before it is acknowledged.
	Always = "always"
	// Interval leaves that to the server's timer (two minutes): a power cut loses
	// acknowledged facts. For simulations.
	Interval = "interval"
)

// Config says where the log is.
type Config struct {
	// URL is the server's address; "" runs the server inside this process, without
	// a port, on the folder Dir.
	URL string
	// Dir is the data folder of the embedded server, owned by one process.
	Dir string
	// Name names the connection in the server's monitoring.
	Name string
	// Durability is Always (the default) or Interval.
	Durability string
	// Replicas of streams, default 1.
	Replicas int
	// MaxBytes bounds a run's stream, 0 = unlimited. A full stream refuses facts.
	MaxBytes int64

	CredsFile string // NATS credentials (JWT and seed)
	User      string
	Password  Secret
	Token     Secret
	CAFile    string // PEM, the authorities that may have signed the server's certificate
	CertFile  string // PEM, the client's certificate
	KeyFile   string // PEM, its key

	Logger zerolog.Logger
}

// Bus is a connection to the log. Its methods may be used concurrently.
type Bus struct {
	cfg    Config
	log    zerolog.Logger
	server *Server // nil when the log is elsewhere
	nc     *nats.Conn
	js     jetstream.JetStream
	conn   connState

	failOnce sync.Once
	closed   chan struct{}
	err      error // why, set before closed is

	replies    replies
	committers sync.Map       // stream -> *committer
	starting   sync.Mutex     // held while background grows
	background sync.WaitGroup // the committers that run
	objects    objectStore
	cellBucket atomic.Pointer[jetstream.KeyValue] // LimitBucket, once it was seen
}

// Close ends the connection and the embedded server. Publishers that wait get
// ErrClosed; their facts may have been stored. Consumers should have been
// stopped before. Closing twice is harmless.
func (b *Bus) Close() error {
	b.fail(nil)
	if b.nc != nil {
		b.nc.Close()
	}
	b.starting.Lock() // whoever comes later sees that it is closed
	closed := b.server
	b.starting.Unlock()
	b.background.Wait()
	if closed != nil {
		return closed.Close()
	}
	return nil
}

// start runs f in the background, unless the bus is closed: Close waits for it.
func (b *Bus) start(f func()) bool {
	b.starting.Lock()
	defer b.starting.Unlock()
	if b.Err() != nil {
		return false
	}
	b.background.Go(f)
	return true
}

// Closed is closed when the bus was closed or its connection is gone for good;
// Err then says why.
func (b *Bus) Closed() <-chan struct{} { return b.closed }

// Err is nil while the bus is open, ErrClosed or the reason afterwards.
func (b *Bus) Err() error {
	select {
	case <-b.closed:
		return b.err
	default:
		return nil
	}
}

func (b *Bus) fail(err error) {
	b.failOnce.Do(func() {
		b.err = ErrClosed
		if err != nil {
			b.err = fmt.Errorf("%w: %w", ErrClosed, err)
		}
		close(b.closed)
	})
}

// ServerVersion is the version of the nats-server that holds the log.
func (b *Bus) ServerVersion() string { return b.nc.ConnectedServerVersion() }

// Embedded reports whether the server runs inside this process.
func (b *Bus) Embedded() bool { return b.server != nil }

// Durability is Always or Interval, as configured. Of a server elsewhere it is
// what the configuration claims.
func (b *Bus) Durability() string { return b.cfg.Durability }

// Handler works on one message; Consume says what its error means.
type Handler func(ctx context.Context, m *Message) error

// ConsumeConfig describes a durable consumer and its use by this process.
type ConsumeConfig struct {
	Stream  string
	Durable string
	Filter  string // one subject, wildcards allowed; "" = all
	// Workers is how many handlers run at a time, and how many messages are asked
	// for: default 1. ConsumeBatch derives it from its rows.
	Workers int
	// MaxAckPending bounds unacknowledged messages over all processes; 0 =
	// unlimited, which is safe since nobody asks for more than he has workers for.
	MaxAckPending int
	AckWait       time.Duration // default 30 s; in-progress signals leave every third of it
	MaxDeliver    int           // deliveries that may fail before a dead letter, default 5
	// Reset gives back, on attaching, what other processes had unacknowledged:
	// only for a process that owns the consumer.
	Reset   bool
	Service string        // named in dead letters
	Grace   time.Duration // how long handlers may go on after the context ended, default 10 s
	// Linger is for ConsumeBatch: the least time between two hand-overs that were
	// not full. 0 hands over at once when nothing more is pending.
	Linger time.Duration
	// OnDead is called once the dead letter of a message is stored, before the
	// message is settled; nil for none.
	OnDead func(ctx context.Context, m *Message, err error)
}

// ReplayConfig says what to replay.
type ReplayConfig struct {
	Stream string
	Filter string // one subject, wildcards allowed; "" = all, gap-checked
	From   uint64 // first sequence, 0 = the first there is
	Until  uint64 // last sequence, 0 = the stream's last one at the start
	Follow bool   // go on for ever; Until is ignored
}
