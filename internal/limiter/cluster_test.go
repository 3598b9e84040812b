package limiter_test

import (
	"context"
	"errors"
	"net/url"
	"strconv"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/crucible-go/crucible/internal/bus"
	"github.com/crucible-go/crucible/internal/limiter"
	"github.com/crucible-go/crucible/internal/provider"
	"github.com/crucible-go/crucible/pkg/limit"
)

// The permits of a member that is cut off come back to the others when its lease
// ends; by then it gives none itself.
func TestPermitsOfTheDeadComeBack(t *testing.T) {
	t.Parallel()
	c := newCluster(t, 2)
	conf := limiter.Config{Limit: calls(4), Proven: true}
	a, _ := c.member(t, 0, "a", conf)
	b, _ := c.member(t, 1, "b", conf)
	var held []*limiter.Permit
	for range 4 {
		held = append(held, acquire(t, a))
	}
	start := time.Now()
	if err := c.buses[0].Close(); err != nil { // it does not give back anything
		t.Fatal(err)
	}
	first := acquire(t, b)
	if d := time.Since(start); d < 3*time.Second || d > 15*time.Second {
		t.Errorf("a permit of the dead came back after %v", d)
	}
	for _, p := range held {
		p.Done(good(), nil)
	}
	if _, ok := a.TryAcquire(1); ok {
		t.Error("who is cut off still gives permits")
	}
	rest := []*limiter.Permit{first, acquire(t, b), acquire(t, b), acquire(t, b)}
	if _, ok := b.TryAcquire(1); ok {
		t.Error("more permits than the limit")
	}
	for _, p := range rest {
		p.Done(good(), nil)
	}
}

// What one member is told holds for all.
func TestMembersTellEachOther(t *testing.T) {
	t.Parallel()
	c := newCluster(t, 2)
	conf := limiter.Config{Limit: calls(8)}
	a, stopA := c.member(t, 0, "a", conf)
	b, _ := c.member(t, 1, "b", conf)
	acquire(t, a).Done(good(), nil)
	acquire(t, b).Done(good(), nil)

	start, told := time.Now(), acquire(t, a)
	told.Done(nil, &provider.Error{Class: provider.ClassRateLimited, Retryable: true, RetryAfter: time.Second})
	if err := eventually(t, b, func(p *limiter.Permit) bool { return p == nil }); err != nil {
		t.Errorf("after one member was told to wait, the other asks: %v", err)
	}
	acquire(t, b).Done(good(), nil)
	if d := time.Since(start); d < time.Second {
		t.Errorf("the other asks after %v", d)
	}

	acquire(t, a).Done(nil, failed(provider.ClassAuth))
	refused := func() error {
		for {
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			permit, err := b.Acquire(ctx, 1)
			cancel()
			if err != nil {
				return err
			}
			permit.Done(good(), nil) // the other has not heard yet
		}
	}
	var f *provider.Error
	if err := refused(); !errors.As(err, &f) || f.Class != provider.ClassAuth {
		t.Errorf("after one member's key was refused, the other gets %v", err)
	}
	stopA() // its key, and what it was told, are gone with it
	for {
		permit, err := b.Acquire(t.Context(), 1)
		if err == nil {
			permit.Done(good(), nil)
			break
		}
		if !errors.As(err, &f) {
			t.Fatal(err)
		}
		if time.Since(start) > patience {
			t.Fatal("a pool stays stopped by a member that has left")
		}
	}
}

// eventually tries to get a permit at once until what comes of it is so.
func eventually(t *testing.T, p *limiter.Pool, so func(*limiter.Permit) bool) error {
	t.Helper()
	for start := time.Now(); time.Since(start) < patience; {
		permit, _ := p.TryAcquire(1)
		if permit != nil {
			permit.Done(good(), nil)
		}
		if so(permit) {
			return nil
		}
	}
	return errors.New("not in time")
}

// A restart of the server takes nothing from those who hold a share, and gives
// nobody more.
func TestSharesOutliveTheServer(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s, err := bus.StartServer(bus.ServerConfig{Dir: dir, Logger: zerolog.Nop()})
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(s.URL())
	if err != nil {
		t.Fatal(err)
	}
	port, err := strconv.Atoi(u.Port())
	if err != nil {
		t.Fatal(err)
	}
	c := &cluster{}
	for range 2 {
		b, err := bus.Open(t.Context(), bus.Config{URL: s.URL(), Logger: zerolog.Nop()})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = b.Close() }) // its server is gone or going
		c.buses = append(c.buses, b)
	}
	conf := limiter.Config{Limit: calls(4), Proven: true}
	a, _ := c.member(t, 0, "a", conf)
	b, _ := c.member(t, 1, "b", conf)
	permits := []*limiter.Permit{acquire(t, a), acquire(t, a), acquire(t, b), acquire(t, b)}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if s, err = bus.StartServer(bus.ServerConfig{Dir: dir, Port: port, Logger: zerolog.Nop()}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	ctx, cancel := context.WithTimeout(t.Context(), 2*limit.Ahead)
	defer cancel()
	for _, p := range []*limiter.Pool{a, b} {
		if _, err := p.Acquire(ctx, 1); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a fifth permit of four: %v", err)
		}
	}
	for _, p := range permits {
		p.Done(good(), nil)
	}
	acquire(t, a).Done(good(), nil)
	acquire(t, b).Done(good(), nil)
}
