package limiter_test

import (
	"context"
	"errors"
	"io"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"go.uber.org/goleak"

	"github.com/crucible-go/crucible/internal/bus"
	"github.com/crucible-go/crucible/internal/limiter"
	"github.com/crucible-go/crucible/internal/provider"
	"github.com/crucible-go/crucible/pkg/limit"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long a test waits for what must happen.
const patience = 20 * time.Second

// cluster is a log that several members reach, each by a connection of its own.
type cluster struct {
	server *bus.Server
	buses  []*bus.Bus
}

func newCluster(t *testing.T, members int) *cluster {
	t.Helper()
	s, err := bus.StartServer(bus.ServerConfig{Dir: t.TempDir(), Logger: zerolog.Nop()})
	if err != nil {
		t.Fatal(err)
	}
	c := &cluster{server: s}
	t.Cleanup(func() {
		var errs []error
		for _, b := range c.buses {
			errs = append(errs, b.Close())
		}
		if err := errors.Join(append(errs, s.Close())...); err != nil {
			t.Error(err)
		}
	})
	for range members {
		b, err := bus.Open(t.Context(), bus.Config{URL: s.URL(), Logger: zerolog.Nop()})
		if err != nil {
			t.Fatal(err)
		}
		c.buses = append(c.buses, b)
	}
	return c
}

// member runs a pool on a connection of its own, until stop is called.
func (c *cluster) member(t *testing.T, i int, name string, conf limiter.Config) (p *limiter.Pool, stop func()) {
	t.Helper()
	cell, err := c.buses[i].Cell("pool")
	if err != nil {
		t.Fatal(err)
	}
	conf.Name, conf.Member, conf.Cell = "pool", name, cell
	return run(t, conf)
}

// run runs a pool until stop is called.
func run(t *testing.T, conf limiter.Config) (p *limiter.Pool, stop func()) {
	t.Helper()
	conf.Logger = zerolog.New(io.Discard)
	p = limiter.New(conf)
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := p.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	once := sync.OnceFunc(func() { cancel(); wg.Wait() })
	t.Cleanup(once)
	return p, once
}

func acquire(t *testing.T, p *limiter.Pool) *limiter.Permit {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	permit, err := p.Acquire(ctx, 1)
	if err != nil {
		t.Fatal(err)
	}
	return permit
}

func good() *provider.Reply { return &provider.Reply{Status: 200} }

func failed(class string) *provider.Error {
	return &provider.Error{Class: class, Message: "it said so", Retryable: class != provider.ClassAuth}
}

func calls(n int) limit.Amounts { return limit.PerMinute(n, 0, 0) }
