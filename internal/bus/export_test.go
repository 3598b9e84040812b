package bus

import (
	"context"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Conn lets a test do what Crucible never does.
func (b *Bus) Conn() *nats.Conn { return b.nc }

// JetStream likewise.
func (b *Bus) JetStream() jetstream.JetStream { return b.js }

// LeaderLookup is the way of replicated streams.
func (b *Bus) LeaderLookup(ctx context.Context, stream string, subjects []string) ([]*Message, error) {
	return b.lookup(ctx, stream, 3, subjects)
}

// The pure parts.
var (
	VersionLess  = versionLess
	RedactURL    = redactURL
	CheckStream  = checkStream
	ReadDelivery = func(reply string) (deliveries, seq, pending uint64, err error) {
		d, err := readDelivery(reply)
		return d.deliveries, d.seq, d.pending, err
	}
)

// StreamConfig is what a run's stream is created with.
func (b *Bus) StreamConfig(name string, subjects []string) jetstream.StreamConfig {
	return b.streamConfig(name, subjects, 0)
}
