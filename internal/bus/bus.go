package bus

import (
	"context"
	"time"

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
type Bus struct{}

// Info is the state of a stream.
type Info struct {
	Stream   string
	First    uint64 // sequence of the first message, 0 if there was never one
	Last     uint64 // sequence of the last message
	Messages uint64
	Bytes    uint64
	MaxBytes int64 // 0 = unlimited
	Replicas int
	Created  time.Time
}

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
