package reporter

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"sort"
	"time"

	"github.com/crucible-go/crucible/internal/bus"
	"github.com/crucible-go/crucible/internal/results"
	"github.com/crucible-go/crucible/pkg/analysis"
	"github.com/crucible-go/crucible/pkg/events"
	"github.com/crucible-go/crucible/pkg/experiment"
)

// source is everything that the files of a run are made of.
type source struct {
	ended      *results.Ended
	spec       *experiment.Spec
	analysis   *analysis.Analysis
	body       []byte // analysis.json
	analysisID string // of the analysis.completed, empty if there is none
	rows       []analysis.Row
	items      []analysis.Item
	failures   []Failures
	times      times
}

// times are when the run was spoken of, by the log's clock.
type times struct{ requested, planned, ended time.Time }

// Failures is a class of failed calls.
type Failures struct {
	Condition string
	Member    string
	Class     string
	Count     int
	Example   string // message of one of them
}

// source gathers what is known of a run; m is its analysis.completed, nil if
// there is none.
func (s *service) source(ctx context.Context, e *results.Ended, m *bus.Message) (*source, error) {
	src := &source{ended: e}
	var err error
	if src.spec, err = experiment.ParseResolved(e.Planned.Config); err != nil {
		return nil, fmt.Errorf("report run %s: %w", e.ID, err)
	}
	if m != nil {
		src.analysisID = m.ID()
		src.analysis, src.body, err = s.fetch(ctx, m)
	} else {
		src.analysis, src.body, err = results.FromStore(ctx, s.Log, s.Store, e)
	}
	if err != nil {
		return nil, err
	}
	if src.rows, src.items, err = results.Rows(ctx, s.Log, s.Store, e); err != nil {
		return nil, err
	}
	if src.failures, err = s.failures(ctx, e); err != nil {
		return nil, err
	}
	if src.times, err = s.times(ctx, e); err != nil {
		return nil, err
	}
	return src, nil
}

// fetch reads an analysis from the object store.
func (s *service) fetch(ctx context.Context, m *bus.Message) (*analysis.Analysis, []byte, error) {
	ev, err := s.Log.Decode(ctx, m)
	if err != nil {
		return nil, nil, err
	}
	d, ok := ev.Data.(*events.AnalysisCompleted)
	if !ok {
		return nil, nil, bus.Malformed(fmt.Errorf("event %s is no analysis", m.ID()))
	}
	r, err := s.Log.GetObject(ctx, d.Object)
	if err != nil {
		return nil, nil, fmt.Errorf("fetch the analysis of run %s: %w", ev.Run, err)
	}
	defer func() { _ = r.Close() }() // it was read to its end
	body, err := io.ReadAll(r)
	if err != nil {
		return nil, nil, fmt.Errorf("fetch the analysis of run %s: %w", ev.Run, err)
	}
	if sum := sha256.Sum256(body); hex.EncodeToString(sum[:]) != d.SHA256 {
		return nil, nil, bus.Malformed(fmt.Errorf("the analysis of run %s does not have the hash %s", ev.Run, d.SHA256))
	}
	a, err := analysis.Parse(body)
	if err != nil {
		return nil, nil, bus.Malformed(err)
	}
	return a, body, nil
}

// failures counts the failed calls by condition, member and class. It reads them
// only if there are any.
func (s *service) failures(ctx context.Context, e *results.Ended) ([]Failures, error) {
	if e.End.Calls.Failed == 0 {
		return nil, nil
	}
	type key struct{ condition, member, class string }
	found := map[key]*Failures{}
	err := s.Store.Events(ctx, e.ID, []events.Kind{events.KindCallCompleted}, func(_ string, k events.Kind, _ uint64, payload []byte) error {
		ev, err := s.Log.Decode(ctx, &bus.Message{Parsed: events.Subject{Kind: k}, Payload: payload})
		if bus.IsMalformed(err) {
			return nil // counted by the analysis
		}
		if err != nil {
			return err
		}
		d, ok := ev.Data.(*events.CallCompleted)
		if !ok || d.Outcome != events.CallFailed {
			return nil
		}
		f := events.Failure{Class: "unknown"}
		if d.Failure != nil {
			f = *d.Failure
		}
		at := key{ev.Condition, ev.Member, f.Class}
		if found[at] == nil {
			found[at] = &Failures{Condition: at.condition, Member: at.member, Class: at.class, Example: f.Message}
		}
		found[at].Count++
		found[at].Example = min(found[at].Example, f.Message) // whatever the order
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the failures of run %s: %w", e.ID, err)
	}
	out := make([]Failures, 0, len(found))
	for _, f := range found {
		out = append(out, *f)
	}
	sort.Slice(out, func(i, j int) bool {
		a, b := &out[i], &out[j]
		switch {
		case a.Count != b.Count:
			return a.Count > b.Count
		case a.Condition != b.Condition:
			return a.Condition < b.Condition
		case a.Member != b.Member:
			return a.Member < b.Member
		}
		return a.Class < b.Class
	})
	return out, nil
}

// times reads from the log when the run was requested, planned and ended.
func (s *service) times(ctx context.Context, e *results.Ended) (times, error) {
	var subjects []string
	for _, k := range []events.Kind{events.KindRunRequested, events.KindRunPlanned, events.KindRunCompleted, events.KindRunCancelled, events.KindRunFailed} {
		subjects = append(subjects, events.RunSubject(k, e.ID).String())
	}
	ms, err := s.Log.Lookup(ctx, events.ControlStream, subjects)
	if err != nil {
		return times{}, fmt.Errorf("read the times of run %s: %w", e.ID, err)
	}
	var t times
	if ms[0] != nil {
		t.requested = ms[0].Time.UTC()
	}
	if ms[1] != nil {
		t.planned = ms[1].Time.UTC()
	}
	for _, m := range ms[2:] {
		if m != nil && m.ID() == e.EndID {
			t.ended = m.Time.UTC()
		}
	}
	return t, nil
}
