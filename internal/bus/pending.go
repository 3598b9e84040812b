package bus

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/crucible-go/crucible/pkg/events"
)

var errSoon = errors.New("bus: being built")

// Open connects to the log, or starts the embedded server on Config.Dir.
func Open(ctx context.Context, c Config) (*Bus, error) { return nil, errSoon }

// Close ends the connection and the embedded server.
func (b *Bus) Close() error { return errSoon }

// Closed is closed when the connection is gone for good; Err then says why.
func (b *Bus) Closed() <-chan struct{} { return nil }

// Err is why the connection is gone, nil while it is not.
func (b *Bus) Err() error { return errSoon }

// EnsureControl creates the control stream or checks the one there is.
func (b *Bus) EnsureControl(ctx context.Context) error { return errSoon }

// EnsureRun creates the stream of a run or checks the one there is.
func (b *Bus) EnsureRun(ctx context.Context, run string) error { return errSoon }

// DeleteRun removes the stream of a run.
func (b *Bus) DeleteRun(ctx context.Context, run string) error { return errSoon }

// Runs lists the runs that have a stream, sorted.
func (b *Bus) Runs(ctx context.Context) ([]string, error) { return nil, errSoon }

// StreamInfo is the state of a stream.
func (b *Bus) StreamInfo(ctx context.Context, stream string) (Info, error) { return Info{}, errSoon }

// Publish stores facts, or adopts those that are there.
func (b *Bus) Publish(ctx context.Context, facts ...Fact) ([]Stored, error) { return nil, errSoon }

// PublishEvents encodes and publishes events; large data is stored aside.
func (b *Bus) PublishEvents(ctx context.Context, evs ...*events.Event) ([]Stored, error) {
	return nil, errSoon
}

// Decode reads the event of a message, its data included wherever it lies.
func (b *Bus) Decode(ctx context.Context, m *Message) (events.Event, error) {
	return events.Event{}, errSoon
}

// Lookup finds the message on each subject, nil where there is none.
func (b *Bus) Lookup(ctx context.Context, stream string, subjects []string) ([]*Message, error) {
	return nil, errSoon
}

// Consume hands the messages of a durable consumer to h until ctx ends.
func (b *Bus) Consume(ctx context.Context, c ConsumeConfig, h Handler) error { return errSoon }

// CaughtUp reports whether nothing is pending and nothing awaits acknowledgement.
func (b *Bus) CaughtUp(ctx context.Context, stream, durable string) (bool, error) {
	return false, errSoon
}

// Replay reads a stream in order.
func (b *Bus) Replay(ctx context.Context, c ReplayConfig, h func(*Message) error) error {
	return errSoon
}

// Lead runs f while this process holds the lease called name.
func (b *Bus) Lead(ctx context.Context, name string, f func(ctx context.Context) error) error {
	return errSoon
}

// PutObject stores what r yields under its SHA-256.
func (b *Bus) PutObject(ctx context.Context, r io.Reader) (sha256hex string, size int64, err error) {
	return "", 0, errSoon
}

// GetObject opens the object with this hash; the content is verified as it is read.
func (b *Bus) GetObject(ctx context.Context, sha256hex string) (io.ReadCloser, error) {
	return nil, errSoon
}

// Server is a stand-alone nats-server on loopback TCP with the shipped settings.
type Server struct{}

// ServerConfig is the configuration of a Server.
type ServerConfig struct {
	Dir        string
	Port       int // 0 = a free one
	Durability string
}

// StartServer starts a server on 127.0.0.1.
func StartServer(c ServerConfig) (*Server, error) { return nil, errSoon }

// URL is where it listens.
func (s *Server) URL() string { return "" }

// Close stops the server and waits for it.
func (s *Server) Close() error { return errSoon }

// ConsumeBatch hands the messages of a durable consumer to h in groups.
func (b *Bus) ConsumeBatch(ctx context.Context, c ConsumeConfig, maxRows int, maxWait time.Duration, h func(ctx context.Context, ms []*Message) error) error {
	return errSoon
}
