package bus

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/crucible-go/crucible/pkg/events"
)

var errSoon = errors.New("bus: being built")

type objectStore struct{}

// PublishEvents encodes and publishes events; large data is stored aside.
func (b *Bus) PublishEvents(ctx context.Context, evs ...*events.Event) ([]Stored, error) {
	return nil, errSoon
}

// Decode reads the event of a message, its data included wherever it lies.
func (b *Bus) Decode(ctx context.Context, m *Message) (events.Event, error) {
	return events.Event{}, errSoon
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

// ConsumeBatch hands the messages of a durable consumer to h in groups.
func (b *Bus) ConsumeBatch(ctx context.Context, c ConsumeConfig, maxRows int, maxWait time.Duration, h func(ctx context.Context, ms []*Message) error) error {
	return errSoon
}
