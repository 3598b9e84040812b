package bus

import (
	"context"
	"errors"
)

var errSoon = errors.New("bus: being built")

// Replay reads a stream in order.
func (b *Bus) Replay(ctx context.Context, c ReplayConfig, h func(*Message) error) error {
	return errSoon
}

// Lead runs f while this process holds the lease called name.
func (b *Bus) Lead(ctx context.Context, name string, f func(ctx context.Context) error) error {
	return errSoon
}
