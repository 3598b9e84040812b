package bus

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nuid"

	"github.com/crucible-go/crucible/pkg/events"
)

const (
	// LeaseBucket holds the leases of Lead. It is kept in memory: a lease is worth
	// nothing after the server's restart, and costs no disk.
	LeaseBucket = "CRUCIBLE_LEASES"

	leaseTTL   = 5 * time.Second
	leaseRenew = leaseTTL / 4
	// leaseTrust is how long after its last renewal was sent a lease is believed
	// in: less than the TTL, so that the old leader stops before a new one starts.
	leaseTrust = leaseTTL - leaseRenew
	leaseRetry = 500 * time.Millisecond
	leaseTry   = 2 * time.Second // one try
)

// Lead runs f while this process holds the lease called name, of which there is
// one over all processes. It waits while somebody else holds it. When the lease
// is lost, because the server could not be reached for some seconds, the context
// of f is cancelled and Lead begins anew once f has returned. Otherwise it
// returns what f returned; it returns nil when ctx ends. The lease is given
// back, so a peer takes over at once.
//
// For a moment two processes may believe that they lead, so f's effects must
// bear that; facts do.
func (b *Bus) Lead(ctx context.Context, name string, f func(ctx context.Context) error) error {
	if err := events.CheckToken(name); err != nil {
		return fmt.Errorf("lead: name: %w", err)
	}
	l := &lease{bus: b, name: name, me: []byte(nuid.Next())}
	for {
		if err := l.acquire(ctx); err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return fmt.Errorf("lead %s: %w", name, err)
		}
		lost, err := l.hold(ctx, f)
		if ctx.Err() != nil && (err == nil || errors.Is(err, context.Canceled)) {
			return nil
		}
		if !lost {
			return err
		}
		b.log.Warn().Str("lease", name).AnErr("cause", err).Msg("lease lost")
	}
}

type lease struct {
	bus      *Bus
	name     string
	me       []byte
	kv       jetstream.KeyValue
	revision uint64
	unsure   time.Time // when the first try that had no answer was sent, zero for none
	sent     time.Time // when the renewal that succeeded last was sent
}

// acquire waits until the lease is ours.
func (l *lease) acquire(ctx context.Context) error {
	released := make(chan *nats.Msg, 1)
	sub, err := l.bus.nc.ChanSubscribe(l.notice(), released)
	if err != nil {
		return err
	}
	defer func() { _ = sub.Unsubscribe() }()
	for {
		held, err := l.try(ctx)
		switch {
		case err == nil && !held:
			return nil
		case err != nil && ctx.Err() == nil && !transient(err) && !errors.Is(err, errLost):
			return err
		}
		t := time.NewTimer(leaseRetry)
		select {
		case <-released:
		case <-t.C:
		case <-ctx.Done():
		case <-l.bus.closed:
		}
		t.Stop()
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err := l.bus.waitUp(ctx); err != nil {
			return err
		}
	}
}

// notice is the subject on which a holder says that it gave the lease back. It
// only saves waiting, so it is not stored.
func (l *lease) notice() string { return "crucible.lease." + l.name }

// try takes the lease unless somebody holds it.
func (l *lease) try(ctx context.Context) (held bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, leaseTry)
	defer cancel()
	if l.kv == nil {
		if l.kv, err = l.bus.leases(ctx); err != nil {
			return false, err
		}
	}
	sent := time.Now()
	rev, err := l.kv.Create(ctx, l.name, l.me)
	switch {
	case err == nil:
		l.revision, l.sent = rev, sent
		l.unsure = time.Time{}
		return false, nil
	case errors.Is(err, jetstream.ErrKeyExists), notFirst(err):
		return !l.taken(ctx), nil
	}
	if l.unsure.IsZero() {
		l.unsure = sent
	}
	l.kv = nil // a restarted server has forgotten the bucket
	if errors.Is(err, jetstream.ErrNoStreamResponse) || errors.Is(err, jetstream.ErrStreamNotFound) {
		err = errLost
	}
	return false, err
}

// taken tells whether an earlier try without an answer has taken the lease.
func (l *lease) taken(ctx context.Context) bool {
	if l.unsure.IsZero() {
		return false
	}
	mine := l.mine(ctx)
	if mine {
		l.sent = l.unsure // at the earliest
	}
	l.unsure = time.Time{}
	return mine && time.Since(l.sent) < leaseTrust
}

// hold runs f and renews the lease until f returns or the lease is lost.
func (l *lease) hold(ctx context.Context, f func(ctx context.Context) error) (lost bool, err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	result := make(chan error, 1)
	go func() { result <- f(ctx) }()
	for {
		t := time.NewTimer(leaseRenew)
		select {
		case err := <-result:
			t.Stop()
			l.release()
			return false, err
		case <-t.C:
		}
		if l.renew() {
			continue
		}
		cancel(errLeaseLost)
		return true, <-result
	}
}

var errLeaseLost = errors.New("lease lost")

// renew extends the lease; it keeps trying while the lease can be trusted.
func (l *lease) renew() bool {
	until := l.sent.Add(leaseTrust)
	for try := 0; time.Now().Before(until); try++ {
		ctx, cancel := context.WithDeadline(context.Background(), until)
		sent := time.Now()
		rev, err := l.kv.Update(ctx, l.name, l.me, l.revision)
		if err == nil {
			cancel()
			l.revision, l.sent = rev, sent
			return true
		}
		if notFirst(err) {
			mine := l.mine(ctx)
			cancel()
			return mine
		}
		err = l.bus.pause(ctx, backoff(try))
		cancel()
		if err != nil {
			break
		}
	}
	return false
}

// mine tells whether the entry that stands in our way is our own: a write whose
// answer was lost.
func (l *lease) mine(ctx context.Context) bool {
	e, err := l.kv.Get(ctx, l.name)
	if err != nil || string(e.Value()) != string(l.me) {
		return false
	}
	l.revision = e.Revision()
	return true
}

func (l *lease) release() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if err := l.kv.Delete(ctx, l.name, jetstream.LastRevision(l.revision)); err != nil {
		l.bus.log.Debug().Err(err).Str("lease", l.name).Msg("lease not given back, it will expire")
		return
	}
	if err := l.bus.nc.Publish(l.notice(), nil); err != nil {
		l.bus.log.Debug().Err(err).Str("lease", l.name).Msg("nobody was told that the lease is free")
	}
}

func (b *Bus) leases(ctx context.Context) (jetstream.KeyValue, error) {
	kv, err := b.js.KeyValue(ctx, LeaseBucket)
	if errors.Is(err, jetstream.ErrBucketNotFound) {
		kv, err = b.js.CreateKeyValue(ctx, jetstream.KeyValueConfig{
			Bucket: LeaseBucket, Description: "Crucible: who leads", TTL: leaseTTL,
			Storage: jetstream.MemoryStorage, Replicas: b.cfg.Replicas,
		})
		if errors.Is(err, jetstream.ErrBucketExists) {
			kv, err = b.js.KeyValue(ctx, LeaseBucket)
		}
	}
	return kv, err
}

// Held reports whether somebody holds the lease called name. A holder that died
// counts for as long as a lease lasts; after a restart of a single server nobody
// holds any until he has noticed, within seconds.
func (b *Bus) Held(ctx context.Context, name string) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	held := false
	err := b.retry(ctx, func() error {
		kv, err := b.leases(ctx)
		if err != nil {
			return err
		}
		_, err = kv.Get(ctx, name)
		held = err == nil
		if errors.Is(err, jetstream.ErrKeyNotFound) {
			return nil
		}
		return err
	})
	if err != nil {
		return false, fmt.Errorf("lease %s: %w", name, err)
	}
	return held, nil
}
