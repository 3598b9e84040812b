// Package runs tells services which runs there are: it follows the control
// stream and calls a function for each planned run that has not ended.
package runs

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/crucible-go/crucible/internal/bus"
	"github.com/crucible-go/crucible/pkg/budget"
	"github.com/crucible-go/crucible/pkg/events"
)

// Run is a planned run as the control stream tells of it. Its methods are safe
// for concurrent use.
type Run struct {
	ID      string
	Planned *events.RunPlanned
	// PlannedID is the id of the run.planned event, the cause of what follows.
	PlannedID string
	// Dir is where programs that the spec names are started; see
	// events.RunRequested.
	Dir string

	requested bool

	mu        sync.Mutex
	suspended int
	resumed   int
	why       string         // of the last suspension
	budget    *events.Budget // that of the last resumption that has one
	budgetAt  int            // its number
	changed   chan struct{}

	cancelled chan struct{}
	ended     chan struct{}
	end       *events.Event
	analysis  *events.AnalysisCompleted
	reported  bool
}

func newRun(id string) *Run {
	return &Run{
		ID:        id,
		changed:   make(chan struct{}),
		cancelled: make(chan struct{}),
		ended:     make(chan struct{}),
	}
}

// Ended is closed when the run has ended.
func (r *Run) Ended() <-chan struct{} { return r.ended }

// End is the event that ended the run, nil before Ended is closed.
func (r *Run) End() *events.Event {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.end
}

// Reported reports whether a report of the run was published.
func (r *Run) Reported() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.reported
}

// Lease names the leadership of a role over this run, for bus.Lead.
func (r *Run) Lease(role string) string { return role + "_" + events.H(r.ID) }

// UntilEnded derives a context that is done when the run has ended.
func (r *Run) UntilEnded(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		select {
		case <-r.ended:
			cancel()
		case <-ctx.Done():
		}
	}()
	return ctx, cancel
}

// Open reports whether the run has not ended: callers, voters and dispatchers
// attend to it.
func (r *Run) Open() bool { return r.End() == nil }

// Unanalysed reports whether there is no analysis of the run yet: the sink
// attends to it even when it has ended.
func (r *Run) Unanalysed() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.analysis == nil
}

// Analysis is the last analysis of the run, nil if there is none.
func (r *Run) Analysis() *events.AnalysisCompleted {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.analysis
}

// CancelRequested is closed when somebody has asked to stop asking.
func (r *Run) CancelRequested() <-chan struct{} { return r.cancelled }

// Suspensions are the numbers of suspensions and resumptions so far; the run is
// suspended while the first is larger. The channel is closed when they change.
func (r *Run) Suspensions() (suspended, resumed int, changed <-chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.suspended, r.resumed, r.changed
}

// SuspendedFor says why the run is suspended, "" if it is not.
func (r *Run) SuspendedFor() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.suspended <= r.resumed {
		return ""
	}
	return r.why
}

// Limit is what the run may spend: by its plan, or by the last resumption that
// says so.
func (r *Run) Limit() (budget.Limit, error) {
	r.mu.Lock()
	b := r.budget
	r.mu.Unlock()
	if b == nil {
		var planned struct{ Budget events.Budget }
		if err := json.Unmarshal(r.Planned.Config, &planned); err != nil {
			return budget.Limit{}, fmt.Errorf("run %s: budget of the plan: %w", r.ID, err)
		}
		b = &planned.Budget
	}
	l, err := budget.Parse(b.USD, b.Calls, b.Tokens)
	if err != nil {
		return budget.Limit{}, fmt.Errorf("run %s: %w", r.ID, err)
	}
	return l, nil
}

// WaitResumed waits until the run is not suspended, or is to be cancelled, or has
// ended, and reports whether somebody must go on with it; false also when ctx is
// done first.
func (r *Run) WaitResumed(ctx context.Context) bool {
	for {
		suspended, resumed, changed := r.Suspensions()
		if suspended <= resumed {
			return r.Open()
		}
		select {
		case <-changed:
		case <-r.cancelled:
			return r.Open()
		case <-r.ended:
			return false
		case <-ctx.Done():
			return false
		}
	}
}

// apply folds one control event into the run.
func (r *Run) apply(s events.Subject, ev *events.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case s.Kind == events.KindRunRequested && !r.requested: // the first one stands
		r.requested = true
		r.Dir = ev.Data.(*events.RunRequested).Dir
	case s.Kind == events.KindRunPlanned && r.Planned == nil:
		r.Planned, _ = ev.Data.(*events.RunPlanned)
		r.PlannedID = ev.ID
	case s.Kind == events.KindRunSuspended:
		r.suspended = max(r.suspended, s.Attempt())
		if d, ok := ev.Data.(*events.RunSuspended); ok && s.Attempt() == r.suspended {
			r.why = d.Reason + ": " + d.Detail
		}
		r.notify()
	case s.Kind == events.KindRunResumed:
		r.resumed = max(r.resumed, s.Attempt())
		if d, ok := ev.Data.(*events.RunResumed); ok && d.Budget != nil && s.Attempt() > r.budgetAt {
			r.budget, r.budgetAt = d.Budget, s.Attempt()
		}
		r.notify()
	case s.Kind == events.KindRunCancelRequested:
		closeOnce(r.cancelled)
	case s.Kind == events.KindAnalysisCompleted:
		r.analysis, _ = ev.Data.(*events.AnalysisCompleted)
	case s.Kind == events.KindReportPublished:
		r.reported = true
	case s.Kind.Ends():
		if r.end == nil {
			r.end = ev
			close(r.ended)
		}
	}
}

func (r *Run) notify() {
	close(r.changed)
	r.changed = make(chan struct{})
}

func closeOnce(c chan struct{}) {
	select {
	case <-c:
	default:
		close(c)
	}
}

// Table is a fold over the control stream: every run that was ever spoken of.
// It is not safe for concurrent use.
type Table struct {
	byID  map[string]*Run
	order []*Run
}

// Apply folds one message of the control stream and returns the run that it is
// about, nil if it is about none. An event that cannot be read changes nothing:
// whoever acts on it records the dead letter.
func (t *Table) Apply(ctx context.Context, log *bus.Bus, m *bus.Message) *Run {
	s := m.Parsed
	if s.Run == "" {
		return nil
	}
	r := t.byID[s.Run]
	if r == nil {
		if t.byID == nil {
			t.byID = map[string]*Run{}
		}
		r = newRun(s.Run)
		t.byID[s.Run] = r
		t.order = append(t.order, r)
	}
	ev, err := log.Decode(ctx, m)
	if err != nil {
		return r
	}
	r.apply(s, &ev)
	return r
}

// All are the runs in the order in which they were first spoken of.
func (t *Table) All() []*Run { return t.order }

// Get is the run with the id, nil if nothing was said of it.
func (t *Table) Get(id string) *Run { return t.byID[id] }

// Load reads the control stream from its start to its present end.
func Load(ctx context.Context, log *bus.Bus) (*Table, uint64, error) {
	t := new(Table)
	var last uint64
	err := log.Replay(ctx, bus.ReplayConfig{Stream: events.ControlStream}, func(m *bus.Message) error {
		last = m.Seq
		t.Apply(ctx, log, m)
		return nil
	})
	if err != nil {
		return nil, 0, fmt.Errorf("read the control stream: %w", err)
	}
	return t, last, nil
}

// Watch calls f, each time in a goroutine of its own, for every planned run for
// which attend says so, those of the past and those to come. It returns when
// ctx is done and every f has returned, or with the first error of an f.
//
// The context of f lives as long as Watch, not only until the run has ended: f
// watches Ended itself, since each service has something else left to do then.
func Watch(ctx context.Context, log *bus.Bus, attend func(*Run) bool, f func(context.Context, *Run) error) error {
	table, last, err := Load(ctx, log)
	if err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return err
	}
	g, gctx := errgroup.WithContext(ctx)
	attached := map[string]bool{}
	attach := func(r *Run) {
		if r.Planned == nil || attached[r.ID] || !attend(r) {
			return
		}
		attached[r.ID] = true
		g.Go(func() error { return f(gctx, r) })
	}
	for _, r := range table.All() {
		attach(r)
	}
	g.Go(func() error {
		err := log.Replay(gctx, bus.ReplayConfig{Stream: events.ControlStream, From: last + 1, Follow: true}, func(m *bus.Message) error {
			if r := table.Apply(gctx, log, m); r != nil {
				attach(r)
			}
			return nil
		})
		if gctx.Err() != nil {
			return nil
		}
		return err
	})
	return g.Wait()
}
