package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/sync/errgroup"

	"github.com/crucible-go/crucible/pkg/experiment"
	"github.com/crucible-go/crucible/pkg/prices"
	"github.com/crucible-go/crucible/services/analyzer"
	"github.com/crucible-go/crucible/services/caller"
	"github.com/crucible-go/crucible/services/dispatcher"
	"github.com/crucible-go/crucible/services/reporter"
	"github.com/crucible-go/crucible/services/voter"
)

// Services are the names of the five services, in the order of the flow.
func Services() []string {
	return []string{"dispatcher", "caller", "voter", "analyzer", "reporter"}
}

// Trust says how far a process believes the specs that it is given.
type Trust struct {
	// SpecPools lets a spec declare its pools: programs to start, servers to send
	// keys to. For a process that belongs to whoever submits the spec.
	SpecPools bool
	// Sole says that no other process works on the log.
	Sole bool
}

// CheckServices checks the names of services.
func CheckServices(names []string) error {
	for _, name := range names {
		if !slices.Contains(Services(), name) {
			return &UsageError{fmt.Errorf("there is no service %q", name), hintNearest(name, Services())}
		}
	}
	return nil
}

// Serve runs services until ctx is done and they have drained, or until one
// fails, the log is gone for good or the disk is full, which drains the others.
func Serve(ctx context.Context, c Config, t Trust, r *Resources, l zerolog.Logger) error {
	if err := CheckServices(c.Services); err != nil {
		return err
	}
	if err := c.checkDisk(); err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go func() {
		if err := c.watchDisk(ctx); err != nil {
			cancel(err)
		}
	}()
	go func() {
		select {
		case <-r.Log.Closed():
			cancel(fmt.Errorf("%w: %w", errLogGone, r.Log.Err()))
		case <-ctx.Done():
		}
	}()
	err := serve(ctx, c, t, r, l)
	if cause := context.Cause(ctx); errors.Is(cause, errLogGone) || errors.Is(cause, errDisk) {
		return cause
	}
	return err
}

// errLogGone ends services that can do nothing more.
var errLogGone = errors.New("the connection to the log is gone for good")

func serve(ctx context.Context, c Config, t Trust, r *Resources, l zerolog.Logger) error {
	names := c.Services
	if len(names) == 0 {
		names = Services()
	}
	table, err := c.prices()
	if err != nil {
		return err
	}
	g, ctx := errgroup.WithContext(ctx)
	for _, s := range c.services(t, r, table, l) {
		if !slices.Contains(names, s.name) {
			continue
		}
		g.Go(func() error {
			l.Debug().Str("service", s.name).Msg("service started")
			defer l.Debug().Str("service", s.name).Msg("service stopped")
			return s.run(ctx)
		})
	}
	return g.Wait()
}

// NeedOf is what the services work with.
func NeedOf(services []string) Need {
	need := NeedLog
	if len(services) == 0 || slices.Contains(services, "analyzer") || slices.Contains(services, "reporter") {
		need |= NeedStore
	}
	return need
}

type service struct {
	name string
	run  func(context.Context) error
}

func (c Config) services(t Trust, r *Resources, table *prices.Table, l zerolog.Logger) []service {
	instance := instance()
	pools := c.pools()
	return []service{
		{"dispatcher", func(ctx context.Context) error {
			return dispatcher.Run(ctx,
				dispatcher.Config{Instance: instance, Pools: pools, SpecPools: t.SpecPools, DataRoot: c.DataRoot, Prices: table, Version: c.Version},
				dispatcher.Deps{Log: r.Log, Now: time.Now, Logger: l.With().Str("service", "dispatcher").Logger()})
		}},
		{"caller", func(ctx context.Context) error {
			return caller.Run(ctx,
				caller.Config{Instance: instance, Pools: pools, SpecPools: t.SpecPools, Workers: c.Workers, Cache: c.Cache, Sole: t.Sole},
				caller.Deps{Log: r.Log, Getenv: c.Getenv, Now: time.Now, Logger: l.With().Str("service", "caller").Logger(), Metrics: c.Metrics})
		}},
		{"voter", func(ctx context.Context) error {
			return voter.Run(ctx,
				voter.Config{Instance: instance},
				voter.Deps{Log: r.Log, Now: time.Now, Logger: l.With().Str("service", "voter").Logger()})
		}},
		{"analyzer", func(ctx context.Context) error {
			return analyzer.Run(ctx,
				analyzer.Config{Instance: instance, Version: c.Version},
				analyzer.Deps{Log: r.Log, Store: r.Store, Now: time.Now, Logger: l.With().Str("service", "analyzer").Logger()})
		}},
		{"reporter", func(ctx context.Context) error {
			return reporter.Run(ctx,
				reporter.Config{Instance: instance, Out: c.Out},
				reporter.Deps{Log: r.Log, Store: r.Store, Now: time.Now, Logger: l.With().Str("service", "reporter").Logger(), Version: c.Version})
		}},
	}
}

// instance names this process: host and process id.
func instance() string {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	return host + "-" + strconv.Itoa(os.Getpid())
}

func hintNearest(word string, known []string) string {
	if near := experiment.Nearest(word, known); near != "" {
		return fmt.Sprintf("did you mean %s?", near)
	}
	return "one of " + strings.Join(known, ", ")
}
