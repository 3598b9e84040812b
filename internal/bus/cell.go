package bus

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/crucible-go/crucible/pkg/events"
)

// LimitBucket holds what callers agree on. It is kept on disk: the holders of
// leases live on when the server restarts, and their leases must live with them.
const LimitBucket = "CRUCIBLE_LIMITS"

// ErrChanged says that somebody else has changed a cell meanwhile.
var ErrChanged = errors.New("the cell has changed")

// cellTry bounds one question about a cell.
const cellTry = 2 * time.Second

// Cell is a small value that processes agree on: each changes it by compare and
// set, and the others are told of the change at once. Its methods may be used
// concurrently.
type Cell struct {
	bus  *Bus
	name string
}

// Cell is the one of a name, a token, in LimitBucket.
func (b *Bus) Cell(name string) (*Cell, error) {
	if err := events.CheckToken(name); err != nil {
		return nil, fmt.Errorf("cell: name: %w", err)
	}
	return &Cell{bus: b, name: name}, nil
}

// Load returns the value and its revision; revision 0 is that of a cell in which
// nobody has stored anything.
func (c *Cell) Load(ctx context.Context) ([]byte, uint64, error) {
	ctx, cancel := context.WithTimeout(ctx, cellTry)
	defer cancel()
	kv, err := c.bus.cells(ctx)
	if err == nil {
		var e jetstream.KeyValueEntry
		if e, err = kv.Get(ctx, c.name); err == nil {
			return e.Value(), e.Revision(), nil
		}
	}
	if errors.Is(err, jetstream.ErrKeyNotFound) {
		return nil, 0, nil
	}
	c.bus.cellBucket.Store(nil) // whoever lost his disk has forgotten the bucket
	return nil, 0, fmt.Errorf("load cell %s: %w", c.name, err)
}

// Store stores a value in the place of that of a revision, and returns the new
// one's. It fails with ErrChanged when the cell has another revision. After any
// other error the value may have been stored.
func (c *Cell) Store(ctx context.Context, value []byte, revision uint64) (uint64, error) {
	ctx, cancel := context.WithTimeout(ctx, cellTry)
	defer cancel()
	kv, err := c.bus.cells(ctx)
	if err != nil {
		return 0, fmt.Errorf("store cell %s: %w", c.name, err)
	}
	rev, err := kv.Update(ctx, c.name, value, revision)
	switch {
	case err == nil:
	case notFirst(err), errors.Is(err, jetstream.ErrKeyExists):
		return 0, ErrChanged
	default:
		return 0, fmt.Errorf("store cell %s: %w", c.name, err)
	}
	// Only to save waiting: whoever does not hear it is refused and looks.
	notice := append(binary.BigEndian.AppendUint64(make([]byte, 0, 8+len(value)), rev), value...)
	if err := c.bus.nc.Publish(c.notice(), notice); err != nil {
		c.bus.log.Debug().Err(err).Str("cell", c.name).Msg("nobody was told that the cell has changed")
	}
	return rev, nil
}

// Watch calls f with each value that somebody stores from now on, one after the
// other, until stop is called. Some may be left out.
func (c *Cell) Watch(f func(value []byte, revision uint64)) (stop func(), err error) {
	sub, err := c.bus.nc.Subscribe(c.notice(), func(m *nats.Msg) {
		if len(m.Data) >= 8 {
			f(m.Data[8:], binary.BigEndian.Uint64(m.Data))
		}
	})
	if err != nil {
		return nil, fmt.Errorf("watch cell %s: %w", c.name, err)
	}
	return func() { _ = sub.Unsubscribe() }, nil // it fails when the connection is gone, and the subscription with it
}

func (c *Cell) notice() string { return "crucible.limits." + c.name }

func (b *Bus) cells(ctx context.Context) (jetstream.KeyValue, error) {
	if kv := b.cellBucket.Load(); kv != nil {
		return *kv, nil
	}
	kv, err := b.js.KeyValue(ctx, LimitBucket)
	if errors.Is(err, jetstream.ErrBucketNotFound) {
		kv, err = b.js.CreateKeyValue(ctx, jetstream.KeyValueConfig{
			Bucket: LimitBucket, Description: "Crucible: shares of limits", History: 1,
			Storage: jetstream.FileStorage, Replicas: b.cfg.Replicas,
		})
		if errors.Is(err, jetstream.ErrBucketExists) {
			kv, err = b.js.KeyValue(ctx, LimitBucket)
		}
	}
	if err == nil {
		b.cellBucket.Store(&kv)
	}
	return kv, err
}
