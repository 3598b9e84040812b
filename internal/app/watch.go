package app

import (
	"context"
	"errors"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/crucible-go/crucible/internal/bus"
	"github.com/crucible-go/crucible/internal/runs"
	"github.com/crucible-go/crucible/pkg/events"
	"github.com/crucible-go/crucible/pkg/money"
)

// Progress is how far a run is. Times are this process's own: the rate is that
// of the verdicts that it has seen arrive.
type Progress struct {
	Run, Name string
	State     string
	Done      int // queries with a verdict
	Total     int
	Failed    int
	Invalid   int
	Unpriced  bool // some cost is unknown
	Began     time.Time
	before    int // verdicts that were there when the watching began

	cost money.USD
}

// CostUSD is what the verdicts so far cost, where that is known.
func (p *Progress) CostUSD() string { return p.cost.String() }

// Rate is the number of verdicts per second since the watching began.
func (p *Progress) Rate(now time.Time) float64 {
	s := now.Sub(p.Began).Seconds()
	if s <= 0 {
		return 0
	}
	return float64(p.Done-p.before) / s
}

// ETA is the time that is left at this rate; false if nobody can tell.
func (p *Progress) ETA(now time.Time) (time.Duration, bool) {
	r := p.Rate(now)
	if r <= 0 || p.Total == 0 {
		return 0, false
	}
	return time.Duration(float64(p.Total-p.Done) / r * float64(time.Second)).Round(time.Second), true
}

// vote counts a verdict; one that cannot be read counts as failed.
func (p *Progress) vote(ctx context.Context, log *bus.Bus, m *bus.Message) {
	p.Done++
	ev, err := log.Decode(ctx, m)
	if err != nil {
		p.Failed++
		return
	}
	v := ev.Data.(*events.VoteDecided)
	switch v.State {
	case events.VoteFailed:
		p.Failed++
	case events.VoteInvalid:
		p.Invalid++
	}
	usd, err := money.Parse(v.CostUSD)
	if err != nil {
		p.Unpriced = true
		return
	}
	p.cost = p.cost.Add(usd)
}

func votes(run string) string {
	return events.Subject{Kind: events.KindVoteDecided, Run: run}.Filter()
}

// Outcome is how a run ended.
type Outcome struct {
	Run    string
	State  string
	Reason string
	Hint   string
	End    *events.RunEnd          // nil for a rejected or suspended run
	Report *events.ReportPublished // nil where there is none
}

// errSeen ends the reading of the control stream.
var errSeen = errors.New("seen")

// Watch follows a run until its report is written, or it is rejected, fails or
// is suspended. show is called with a copy of the progress at most every
// interval, and at the end.
func Watch(ctx context.Context, log *bus.Bus, run string, interval time.Duration, show func(Progress)) (Outcome, error) {
	w := &watcher{log: log, run: run, p: Progress{Run: run, State: StateRequested, Began: time.Now()}}
	g, gctx := errgroup.WithContext(ctx)
	planned := make(chan struct{})
	g.Go(func() error {
		err := w.control(gctx, planned)
		if errors.Is(err, errSeen) || err == nil {
			return errSeen
		}
		return err
	})
	g.Go(func() error {
		select {
		case <-planned:
		case <-gctx.Done():
			return nil
		}
		return w.votes(gctx)
	})
	g.Go(func() error {
		t := time.NewTicker(interval)
		defer t.Stop()
		for {
			select {
			case <-t.C:
				show(w.progress())
			case <-gctx.Done():
				return nil
			}
		}
	})
	if err := g.Wait(); !errors.Is(err, errSeen) {
		return Outcome{}, err
	}
	if w.outcome.State == "" || ctx.Err() != nil && w.outcome.Report == nil {
		return Outcome{}, context.Cause(ctx) // nobody waits any more
	}
	p := w.progress()
	p.State = w.outcome.State
	if end := w.outcome.End; end != nil {
		p.Done = end.Decided + end.Invalid + end.Failed
		p.Failed, p.Invalid = end.Failed, end.Invalid
		if usd, err := money.Parse(end.CostUSD); err == nil {
			p.cost = usd
		}
	}
	show(p)
	return w.outcome, nil
}

type watcher struct {
	log     *bus.Bus
	run     string
	outcome Outcome

	mu sync.Mutex
	p  Progress
}

func (w *watcher) progress() Progress {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.p
}

// control reads what is said about the run until the last of it.
func (w *watcher) control(ctx context.Context, planned chan<- struct{}) error {
	table := new(runs.Table)
	head := uint64(0)
	if info, err := w.log.StreamInfo(ctx, events.ControlStream); err == nil {
		head = info.Last
	}
	told := false
	return w.log.Replay(ctx, bus.ReplayConfig{Stream: events.ControlStream, Follow: true}, func(m *bus.Message) error {
		if m.Parsed.Run != w.run {
			return nil
		}
		r := table.Apply(ctx, w.log, m)
		if r.Planned != nil && !told {
			told = true
			w.planned(r.Planned)
			close(planned)
		}
		return w.said(ctx, r, m, head)
	})
}

func (w *watcher) planned(p *events.RunPlanned) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.p.Name, w.p.Total, w.p.State = p.Name, p.Queries, StateRunning
}

// said notes what one control event means for the outcome; errSeen when there is
// nothing more to wait for.
func (w *watcher) said(ctx context.Context, r *runs.Run, m *bus.Message, head uint64) error {
	ev, err := w.log.Decode(ctx, m)
	if err != nil {
		return nil //nolint:nilerr // a damaged control event says nothing; the services record it
	}
	w.outcome.Run = w.run
	switch d := ev.Data.(type) {
	case *events.RunRejected:
		w.outcome.State, w.outcome.Reason, w.outcome.Hint = StateRejected, d.Reason, d.Hint
		return errSeen
	case *events.RunFailed:
		w.outcome.State, w.outcome.Reason, w.outcome.End = StateFailed, d.Reason, &d.RunEnd
		return errSeen
	case *events.RunSuspended:
		if suspended, resumed, _ := r.Suspensions(); suspended > resumed && m.Seq > head {
			w.outcome.State, w.outcome.Reason = StateSuspended, d.Reason+": "+d.Detail
			return errSeen
		}
	case *events.RunCompleted, *events.RunCancelled:
		end := EndOf(&ev)
		w.outcome.State, w.outcome.Reason, w.outcome.End = end.State, end.Reason, end
	case *events.ReportPublished:
		w.outcome.Report = d
		return errSeen
	}
	return nil
}

// votes counts the verdicts; those that were there before do not make the rate.
func (w *watcher) votes(ctx context.Context) error {
	stream := events.RunStream(w.run)
	info, err := w.log.StreamInfo(ctx, stream)
	if errors.Is(err, bus.ErrNoStream) {
		return nil // archived
	}
	if err != nil {
		return err
	}
	err = w.log.Replay(ctx, bus.ReplayConfig{Stream: stream, Filter: votes(w.run), Follow: true}, func(m *bus.Message) error {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.p.vote(ctx, w.log, m)
		if m.Seq <= info.Last {
			w.p.before = w.p.Done
		}
		return nil
	})
	if ctx.Err() != nil {
		return nil
	}
	return err
}
