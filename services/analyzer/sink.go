package analyzer

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/crucible-go/crucible/internal/bus"
	"github.com/crucible-go/crucible/internal/results"
	"github.com/crucible-go/crucible/internal/runs"
	"github.com/crucible-go/crucible/internal/store"
	"github.com/crucible-go/crucible/pkg/events"
)

// inserted is logged when ClickHouse has rows whose messages are not yet
// acknowledged.
const inserted = "rows inserted"

const (
	durable = "sink"
	poll    = 10 * time.Millisecond // between two looks at how far the sink is
	// farewell is how long the sink of the control stream may take at the end for
	// what was said last.
	farewell = 5 * time.Second
)

// consume copies a stream until ctx is done.
func (s *service) consume(ctx context.Context, stream string, linger time.Duration) error {
	c := bus.ConsumeConfig{
		Stream: stream, Durable: durable, Service: "analyzer", Reset: true, Linger: linger,
		MaxAckPending: 4 * s.Rows,
	}
	return s.Log.ConsumeBatch(ctx, c, s.Rows, time.Second, s.insert)
}

func (s *service) insert(ctx context.Context, ms []*bus.Message) error {
	rows := make([]store.Row, len(ms))
	for i, m := range ms {
		rows[i] = results.RowOf(m)
	}
	if err := s.Store.Insert(ctx, rows); err != nil {
		return err
	}
	s.Logger.Debug().Int("rows", len(rows)).Msg(inserted)
	return nil
}

// sinkControl copies what is said about runs until ctx is done, and then what
// was said up to that moment.
func (s *service) sinkControl(ctx context.Context) error {
	err := s.Log.Lead(ctx, "sink_"+events.ControlStream, func(leading context.Context) error {
		if err := s.consume(leading, events.ControlStream, 0); err != nil {
			return err
		}
		if ctx.Err() == nil {
			return nil // the lease was lost
		}
		last, cancel := context.WithTimeout(context.WithoutCancel(leading), farewell)
		defer cancel()
		return s.until(last, events.ControlStream, 0)
	})
	if err != nil {
		return fmt.Errorf("copy the control stream: %w", err)
	}
	return nil
}

// sinkRun copies the stream of a run until the run has ended and everything is
// copied. A stream that is gone was archived.
func (s *service) sinkRun(ctx context.Context, r *runs.Run) error {
	stream := events.RunStream(r.ID)
	err := s.Log.Lead(ctx, r.Lease("sink"), func(ctx context.Context) error {
		running, stop := r.UntilEnded(ctx)
		defer stop()
		if r.Open() {
			if err := s.consume(running, stream, s.Linger); err != nil || ctx.Err() != nil {
				return err
			}
		}
		return s.until(ctx, stream, 0)
	})
	switch {
	case err == nil, ctx.Err() != nil:
		return nil
	case errors.Is(err, bus.ErrNoStream):
		s.Logger.Debug().Str("run", r.ID).Msg("the run has no stream any more, nothing to copy")
		return nil
	}
	return fmt.Errorf("copy run %s: %w", r.ID, err)
}

// until copies a stream until everything in it is copied.
func (s *service) until(ctx context.Context, stream string, linger time.Duration) error {
	g, ctx := errgroup.WithContext(ctx)
	ctx, cancel := context.WithCancel(ctx)
	g.Go(func() error { return s.consume(ctx, stream, linger) })
	g.Go(func() error {
		defer cancel()
		return s.caughtUp(ctx, stream)
	})
	return g.Wait()
}

// caughtUp waits until a sink, here or elsewhere, has copied everything that is
// in the stream. It returns nil when ctx is done.
func (s *service) caughtUp(ctx context.Context, stream string) error {
	t := time.NewTicker(poll)
	defer t.Stop()
	for {
		done, err := s.Log.CaughtUp(ctx, stream, durable)
		switch {
		case ctx.Err() != nil || done:
			return nil
		case err != nil && !errors.Is(err, bus.ErrNoConsumer): // the sink is about to make it
			return err
		}
		select {
		case <-t.C:
		case <-ctx.Done():
			return nil
		}
	}
}
