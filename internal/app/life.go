package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/crucible-go/crucible/internal/bus"
	"github.com/crucible-go/crucible/internal/ledger"
	"github.com/crucible-go/crucible/internal/runs"
	"github.com/crucible-go/crucible/pkg/events"
)

// The states of a run, as people are told them.
const (
	StateRequested = "requested"
	StateRejected  = "rejected"
	StateRunning   = "running"
	StateSuspended = "suspended"
	StateCancelled = events.StateCancelled
	StateFailed    = events.StateFailed
	StateComplete  = events.StateComplete
	StatePartial   = events.StatePartial
	StateArchived  = "archived"
)

// Status is what there is to say about a run.
type Status struct {
	Run      string `json:"run"`
	Name     string `json:"name"`
	State    string `json:"state"`
	Done     int    `json:"done"`  // queries with a verdict
	Total    int    `json:"total"` // queries
	Failed   int    `json:"failed"`
	Invalid  int    `json:"invalid"`
	CostUSD  string `json:"cost_usd"`
	Reason   string `json:"reason,omitempty"`
	Analysed bool   `json:"analysed"`
	Reported bool   `json:"reported"`
}

// List is the status of every run, oldest first.
func List(ctx context.Context, log *bus.Bus) ([]Status, error) {
	table, _, err := runs.Load(ctx, log)
	if err != nil {
		return nil, err
	}
	out := make([]Status, 0, len(table.All()))
	for _, r := range table.All() {
		s, err := statusOf(ctx, log, r)
		if err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, nil
}

// StatusOf is the status of one run.
func StatusOf(ctx context.Context, log *bus.Bus, run string) (Status, error) {
	r, err := find(ctx, log, run)
	if err != nil {
		return Status{}, err
	}
	return statusOf(ctx, log, r)
}

// find reads the control stream for one run.
func find(ctx context.Context, log *bus.Bus, run string) (*runs.Run, error) {
	table, _, err := runs.Load(ctx, log)
	if err != nil {
		return nil, err
	}
	r := table.Get(run)
	if r == nil {
		var ids []string
		for _, other := range table.All() {
			ids = append(ids, other.ID)
		}
		hint := "crucible runs lists the runs there are"
		if len(ids) == 0 {
			hint = "there are no runs here: is this the right --data folder, or --nats?"
		}
		return nil, &UsageError{fmt.Errorf("there is no run %q", run), hint}
	}
	return r, nil
}

func statusOf(ctx context.Context, log *bus.Bus, r *runs.Run) (Status, error) {
	s := Status{Run: r.ID, State: StateRequested, CostUSD: "0", Analysed: !r.Unanalysed(), Reported: r.Reported()}
	if r.Planned != nil {
		s.Name, s.Total, s.State = r.Planned.Name, r.Planned.Queries, StateRunning
		if s.Reason = r.SuspendedFor(); s.Reason != "" {
			s.State = StateSuspended
		}
	}
	if end := r.End(); end != nil {
		s.ended(end)
		return s, nil
	}
	if r.Planned == nil {
		return s, nil
	}
	p := new(Progress)
	err := log.Replay(ctx, bus.ReplayConfig{Stream: events.RunStream(r.ID), Filter: votes(r.ID)}, func(m *bus.Message) error {
		p.vote(ctx, log, m)
		return nil
	})
	if errors.Is(err, bus.ErrNoStream) {
		s.State = StateArchived
		return s, nil
	}
	if err != nil {
		return s, err
	}
	s.Done, s.Failed, s.Invalid = p.Done, p.Failed, p.Invalid
	spending, err := ledger.Read(ctx, log, r.ID)
	if err != nil {
		return s, err
	}
	s.CostUSD = spending.Cost.Cost.String()
	return s, nil
}

// ended fills in what the last word on a run says.
func (s *Status) ended(ev *events.Event) {
	if rejected, ok := ev.Data.(*events.RunRejected); ok {
		s.State, s.Reason = StateRejected, rejected.Reason
		return
	}
	end := EndOf(ev)
	s.State, s.Reason = end.State, end.Reason
	s.Total, s.Done = end.Queries, end.Decided+end.Invalid+end.Failed
	s.Failed, s.Invalid, s.CostUSD = end.Failed, end.Invalid, end.CostUSD
}

// EndOf is the last word on a run, whatever its kind; nil for a rejection.
func EndOf(ev *events.Event) *events.RunEnd {
	switch d := ev.Data.(type) {
	case *events.RunCompleted:
		return &d.RunEnd
	case *events.RunCancelled:
		return &d.RunEnd
	case *events.RunFailed:
		return &d.RunEnd
	}
	return nil
}

// Cancel asks to stop asking. It is no error if somebody asked before.
func Cancel(ctx context.Context, log *bus.Bus, run string) error {
	r, err := find(ctx, log, run)
	if err != nil {
		return err
	}
	if !r.Open() {
		return &UsageError{fmt.Errorf("run %s has ended", run), ""}
	}
	ev := events.About(events.RunSubject(events.KindRunCancelRequested, run), "client/"+instance(), r.PlannedID, time.Now())
	ev.Data = &events.RunCancelRequested{Reason: "crucible cancel"}
	_, err = log.PublishEvents(ctx, &ev)
	return err
}
