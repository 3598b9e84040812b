package bus

import (
	"context"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go/jetstream"
)

// Held reports whether some process holds the lease called name: whether one
// that said it would be there until it ends has not been gone for longer than a
// lease lasts.
func (b *Bus) Held(ctx context.Context, name string) (bool, error) {
	kv, err := b.leases(ctx)
	if err != nil {
		return false, fmt.Errorf("lease %s: %w", name, err)
	}
	_, err = kv.Get(ctx, name)
	switch {
	case err == nil:
		return true, nil
	case errors.Is(err, jetstream.ErrKeyNotFound):
		return false, nil
	}
	return false, fmt.Errorf("lease %s: %w", name, err)
}
