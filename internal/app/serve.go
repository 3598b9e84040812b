package app

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/sync/errgroup"

	"github.com/crucible-go/crucible/pkg/experiment"
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

// Serve runs services until ctx is done and they have drained, or until one
// fails, which drains the others.
func Serve(ctx context.Context, c Config, t Trust, r *Resources, l zerolog.Logger) error {
	names := c.Services
	if len(names) == 0 {
		names = Services()
	}
	for _, name := range names {
		if !slices.Contains(Services(), name) {
			return &UsageError{fmt.Errorf("there is no service %q", name), hintNearest(name, Services())}
		}
	}
	g, ctx := errgroup.WithContext(ctx)
	for _, s := range c.services(t, r, l) {
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

func (c Config) services(t Trust, r *Resources, l zerolog.Logger) []service {
	instance := instance()
	pools := c.pools()
	return []service{
		{"dispatcher", func(ctx context.Context) error {
			return dispatcher.Run(ctx,
				dispatcher.Config{Instance: instance, Pools: pools, SpecPools: t.SpecPools, DataRoot: c.DataRoot, Version: c.Version},
				dispatcher.Deps{Log: r.Log, Now: time.Now, Logger: l.With().Str("service", "dispatcher").Logger()})
		}},
		{"caller", func(ctx context.Context) error {
			return caller.Run(ctx,
				caller.Config{Instance: instance, Pools: pools, SpecPools: t.SpecPools, Workers: c.Workers, Sole: t.Sole},
				caller.Deps{Log: r.Log, Getenv: c.Getenv, Now: time.Now, Logger: l.With().Str("service", "caller").Logger()})
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
