// Package results reads from the log and from ClickHouse what the results of a
// run that has ended are made of, derives them, and copies a run from the one to
// the other.
package results

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/crucible-go/crucible/internal/bus"
	"github.com/crucible-go/crucible/internal/runs"
	"github.com/crucible-go/crucible/internal/store"
	"github.com/crucible-go/crucible/pkg/analysis"
	"github.com/crucible-go/crucible/pkg/events"
	"github.com/crucible-go/crucible/pkg/experiment"
)

// The errors that callers branch on.
var (
	// ErrDiffers says that ClickHouse does not hold what the log holds.
	ErrDiffers = errors.New("ClickHouse differs from the log")
	// ErrNotEnded says that a run is not known or has not ended, so that there is
	// nothing to analyse yet.
	ErrNotEnded = errors.New("the run has not ended")
)

// Ended is a run that has come to its end, as the control stream tells of it.
type Ended struct {
	ID      string
	Planned *events.RunPlanned
	End     events.RunEnd
	EndID   string // of the event that ended it
}

// Find reads the control stream for a run that has ended.
func Find(ctx context.Context, log *bus.Bus, run string) (*Ended, error) {
	table, _, err := runs.Load(ctx, log)
	if err != nil {
		return nil, err
	}
	r := table.Get(run)
	if r == nil {
		return nil, fmt.Errorf("find run %s: %w: nothing is known of it", run, ErrNotEnded)
	}
	end := r.End()
	if end == nil || r.Planned == nil {
		return nil, fmt.Errorf("find run %s: %w", run, ErrNotEnded)
	}
	e := &Ended{ID: run, Planned: r.Planned, EndID: end.ID}
	if e.End, err = endOf(end); err != nil {
		return nil, fmt.Errorf("find run %s: %w", run, err)
	}
	return e, nil
}

func endOf(ev *events.Event) (events.RunEnd, error) {
	switch d := ev.Data.(type) {
	case *events.RunCompleted:
		return d.RunEnd, nil
	case *events.RunCancelled:
		return d.RunEnd, nil
	case *events.RunFailed:
		return d.RunEnd, nil
	}
	return events.RunEnd{}, fmt.Errorf("%w: its last word is %s", ErrNotEnded, ev.Type)
}

// FromStore derives the results of a run that has ended from what ClickHouse
// holds, and returns them with their canonical bytes. It refuses with ErrDiffers,
// naming the kinds, when ClickHouse does not hold exactly what the end of the run
// states.
func FromStore(ctx context.Context, log *bus.Bus, st *store.Store, e *Ended) (*analysis.Analysis, []byte, error) {
	differences, err := st.Differences(ctx, e.ID, e.End.Sequence, e.End.Kinds)
	if err != nil {
		return nil, nil, fmt.Errorf("analyze run %s: %w", e.ID, err)
	}
	if len(differences) > 0 {
		return nil, nil, fmt.Errorf("analyze run %s: %w: %s; `crucible rebuild %s` copies the run again",
			e.ID, ErrDiffers, strings.Join(differences, "; "), e.ID)
	}
	f := newFold(log, e, false)
	err = st.Events(ctx, e.ID, f.kinds(), func(_ string, k events.Kind, seq uint64, payload []byte) error {
		return f.add(ctx, k, seq, payload)
	})
	if err != nil {
		return nil, nil, fmt.Errorf("analyze run %s: %w", e.ID, err)
	}
	return f.derive()
}

// FromLog derives the results of a run that has ended from the log alone. The
// bytes are those of FromStore.
func FromLog(ctx context.Context, log *bus.Bus, e *Ended) (*analysis.Analysis, []byte, error) {
	f := newFold(log, e, false)
	if err := f.replay(ctx, log); err != nil {
		return nil, nil, fmt.Errorf("analyze run %s: %w", e.ID, err)
	}
	return f.derive()
}

// Rows are the queries of a run, and its items, as ClickHouse holds them.
func Rows(ctx context.Context, log *bus.Bus, st *store.Store, e *Ended) ([]analysis.Row, []analysis.Item, error) {
	f := newFold(log, e, true)
	err := st.Events(ctx, e.ID, f.kinds(), func(_ string, k events.Kind, seq uint64, payload []byte) error {
		return f.add(ctx, k, seq, payload)
	})
	if err != nil {
		return nil, nil, fmt.Errorf("read run %s: %w", e.ID, err)
	}
	rows, _ := f.rows.Rows()
	return rows, f.rows.Items(), nil
}

// AnalysisID is the token of the analysis that follows from the end of a run.
func AnalysisID(end string) string { return events.H("analysis", end) }

// fold feeds a collector with the events of a run up to its end.
type fold struct {
	log        *bus.Bus
	end        *Ended
	rows       *analysis.Collector
	unreadable int
}

func newFold(log *bus.Bus, e *Ended, items bool) *fold {
	o := analysis.Options{Queries: e.Planned.Queries, Items: items}
	if spec, err := experiment.ParseResolved(e.Planned.Config); err == nil && !items { // Derive reports the error
		o.Calls = analysis.NeedsCalls(spec)
	}
	return &fold{log: log, end: e, rows: analysis.NewCollector(o)}
}

func (f *fold) kinds() (out []events.Kind) {
	for _, k := range events.Kinds() {
		if f.rows.Wants(k) {
			out = append(out, k)
		}
	}
	return out
}

// add counts an event. One that cannot be read, or that contradicts one before
// it, is passed over and counted: the results say so. Both the log and
// ClickHouse bring the events in the order of their sequences, so it is the same
// one for both.
func (f *fold) add(ctx context.Context, k events.Kind, seq uint64, payload []byte) error {
	if seq > f.end.End.Sequence || !f.rows.Wants(k) {
		return nil
	}
	ev, err := f.log.Decode(ctx, &bus.Message{Parsed: events.Subject{Kind: k}, Seq: seq, Payload: payload})
	if bus.IsMalformed(err) {
		f.unreadable++
		return nil
	}
	if err != nil {
		return err
	}
	ev.DataRef = "" // Decode has followed it
	if err := f.rows.AddEvent(&ev); err != nil {
		f.unreadable++
	}
	return nil
}

func (f *fold) replay(ctx context.Context, log *bus.Bus) error {
	if f.end.End.Sequence == 0 { // nothing was asked
		return nil
	}
	c := bus.ReplayConfig{Stream: events.RunStream(f.end.ID), Until: f.end.End.Sequence}
	return log.Replay(ctx, c, func(m *bus.Message) error {
		return f.add(ctx, m.Parsed.Kind, m.Seq, m.Payload)
	})
}

func (f *fold) derive() (*analysis.Analysis, []byte, error) {
	rows, orphans := f.rows.Rows()
	in := analysis.InputOf(f.end.Planned, rows)
	in.Calls = f.rows.Calls()
	in.Unreadable = f.unreadable + orphans
	a, err := analysis.Derive(in)
	if err != nil {
		return nil, nil, fmt.Errorf("analyze run %s: %w", f.end.ID, err)
	}
	return a, a.JSON(), nil
}

// Rebuild removes what ClickHouse holds of a run and copies it again from the
// log: the events of its stream, if that is there, and what the control stream
// says of it.
func Rebuild(ctx context.Context, log *bus.Bus, st *store.Store, run string) error {
	if err := st.DropRun(ctx, run); err != nil {
		return fmt.Errorf("rebuild run %s: %w", run, err)
	}
	for _, stream := range []string{events.RunStream(run), events.ControlStream} {
		if err := copyAgain(ctx, log, st, run, stream); err != nil {
			return fmt.Errorf("rebuild run %s: %w", run, err)
		}
	}
	return nil
}

func copyAgain(ctx context.Context, log *bus.Bus, st *store.Store, run, stream string) error {
	const most = 10_000
	rows := make([]store.Row, 0, most)
	flush := func() error {
		err := st.Insert(ctx, rows)
		clear(rows)
		rows = rows[:0]
		return err
	}
	err := log.Replay(ctx, bus.ReplayConfig{Stream: stream}, func(m *bus.Message) error {
		row := RowOf(m)
		if row.Run != run {
			return nil
		}
		if rows = append(rows, row); len(rows) == most {
			return flush()
		}
		return nil
	})
	if err != nil {
		return err
	}
	return flush()
}
