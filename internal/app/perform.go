package app

import (
	"context"
	"errors"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/sync/errgroup"
)

// errPerformed stops the services of a run that has come to its end.
var errPerformed = errors.New("performed")

// Perform runs every service in this process until the report of one run is
// written, or the run is rejected, suspended or failed. begin submits or resumes
// the run once the services have started.
func Perform(ctx context.Context, c Config, t Trust, run string, l zerolog.Logger,
	begin func(context.Context, *Resources) error, interval time.Duration, show func(Progress),
) (out Outcome, err error) {
	c.Services = nil
	r, err := Open(ctx, c, NeedLog|NeedStore, l)
	if err != nil {
		return out, err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() error { return Serve(gctx, c, t, r, l) })
	g.Go(func() error {
		if err := begin(gctx, r); err != nil {
			return err
		}
		var err error
		if out, err = Watch(gctx, r.Log, run, interval, show); err != nil {
			return err
		}
		return errPerformed
	})
	if err := g.Wait(); err != nil && !errors.Is(err, errPerformed) {
		return out, err
	}
	if ctx.Err() != nil && out.Report == nil {
		return out, ctx.Err()
	}
	return out, nil
}
