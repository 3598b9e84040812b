package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/crucible-go/crucible/internal/bus"
	"github.com/crucible-go/crucible/internal/results"
	"github.com/crucible-go/crucible/pkg/analysis"
	"github.com/crucible-go/crucible/pkg/ensemble"
	"github.com/crucible-go/crucible/pkg/events"
	"github.com/crucible-go/crucible/pkg/experiment"
	"github.com/crucible-go/crucible/pkg/revote"
)

// ReplayOptions say how a finished run is decided again.
type ReplayOptions struct {
	// Policy is the ensemble. Without members it is those of the condition with
	// most of them.
	Policy ensemble.Policy
	// Folds is that of revote.Calibration; 0 is the default.
	Folds int
	// Goal is an accuracy to hold against the ceiling; 0 is none.
	Goal float64
	// MaxSize and MinSize bound the subsets; 0 is no bound, and two.
	MaxSize, MinSize int
	// Votes are those that all subsets are tried with; none means the default.
	Votes []string
}

// Replayed is the result of a replay, in the shape of analysis.json.
type Replayed struct {
	analysis.Analysis
	CallsMade  int `json:"calls_made"` // always 0
	CallsSaved int `json:"calls_saved"`
	Replay     any `json:"replay"`
}

// JSON is the canonical form.
func (r *Replayed) JSON() ([]byte, error) { return analysis.Canonical(r) }

// ReplayDetail says what a replayed ensemble did.
type ReplayDetail struct {
	Run       string   `json:"run"`
	Members   []string `json:"members"`
	Vote      string   `json:"vote"`
	Execution string   `json:"execution"`
	Stop      string   `json:"stop"`
	// Sources are the conditions that the members' answers come from.
	Sources []string `json:"sources"`
	// CallsAsked is how many of the recorded calls the ensemble would have made.
	CallsAsked int `json:"calls_asked"`
	CallsSaved int `json:"calls_saved"`
	// Missing counts by member the answers that were needed and never recorded;
	// Undecided the queries without a verdict for it.
	Missing   map[string]int `json:"missing"`
	Undecided int            `json:"undecided"`
	Stops     map[string]int `json:"stops"`
	Tied      int            `json:"tied"`
	CostUSD   string         `json:"cost_usd"`
	// Costs are those of the members.
	Costs          map[string]string   `json:"costs"`
	CostUnknown    int                 `json:"cost_unknown"`
	LatencySavedNS int64               `json:"latency_saved_ns"`
	Calibrated     string              `json:"calibrated,omitempty"`
	Diagnosis      *ensemble.Diagnosis `json:"diagnosis,omitempty"`
	OutOfReach     string              `json:"out_of_reach,omitempty"`
}

// recorded is a run that has ended, with the answers in its log.
type recorded struct {
	ended   *results.Ended
	spec    *experiment.Spec
	answers *revote.Collector
	rows    []analysis.Row
	passed  int // events that could not be read
}

// gatherRun reads a finished run from the log.
func gatherRun(ctx context.Context, log *bus.Bus, run string) (*recorded, error) {
	target, err := find(ctx, log, run)
	if err != nil {
		return nil, err
	}
	if _, err := statedOf(target); err != nil {
		return nil, err
	}
	e, err := results.Find(ctx, log, run)
	if err != nil {
		return nil, err
	}
	out := &recorded{ended: e, answers: revote.NewCollector()}
	if out.spec, err = experiment.ParseResolved(e.Planned.Config); err != nil {
		return nil, fmt.Errorf("replay run %s: %w", run, err)
	}
	rows := analysis.NewCollector(analysis.Options{Queries: e.Planned.Queries})
	add := func(m *bus.Message) error {
		k := m.Parsed.Kind
		if !rows.Wants(k) && !out.answers.Wants(k) {
			return nil
		}
		ev, err := log.Decode(ctx, m)
		if bus.IsMalformed(err) {
			out.passed++
			return nil
		}
		if err != nil {
			return err
		}
		ev.DataRef = ""
		if rows.Wants(k) && rows.AddEvent(&ev) != nil {
			out.passed++
		}
		out.answers.Add(&ev)
		return nil
	}
	if e.End.Sequence > 0 {
		err = log.Replay(ctx, bus.ReplayConfig{Stream: events.RunStream(run), Until: e.End.Sequence}, add)
	}
	if errors.Is(err, bus.ErrNoStream) {
		return nil, &UsageError{fmt.Errorf("run %s is archived: its stream is not in the log", run), "crucible restore FILE brings it back"}
	}
	if err != nil {
		return nil, fmt.Errorf("replay run %s: %w", run, err)
	}
	out.rows, _ = rows.Rows()
	return out, nil
}

// members are those that a replay asks if it is not told.
func (r *recorded) members(given []string) []string {
	if len(given) > 0 {
		return given
	}
	var most []string
	for i := range r.spec.Conditions {
		if m := r.spec.Conditions[i].Members; len(m) > len(most) {
			most = m
		}
	}
	return most
}

// sheet lays out the answers of members, and words what is wrong with them.
func (r *recorded) sheet(members []string) (*revote.Sheet, error) {
	s, err := r.answers.Sheet(members)
	var unknown *revote.UnknownMember
	if errors.As(err, &unknown) {
		hint := "the run has answers of " + strings.Join(unknown.Known, ", ")
		if near := experiment.Nearest(unknown.Member, unknown.Known); near != "" && near != unknown.Member {
			hint = "did you mean " + near + "?"
		}
		return nil, &UsageError{err, hint}
	}
	return s, err
}

// Replay decides a finished run again by another ensemble, from its recorded
// answers: nothing is called.
func Replay(ctx context.Context, r *Resources, run string, o ReplayOptions) (*Replayed, error) {
	rec, err := gatherRun(ctx, r.Log, run)
	if err != nil {
		return nil, err
	}
	p := o.Policy
	p.Members = rec.members(p.Members)
	s, err := rec.sheet(p.Members)
	if err != nil {
		return nil, err
	}
	if p.Options.Ties == ensemble.TiesSeeded && p.Options.Seed == 0 {
		p.Options.Seed = rec.spec.Seed
	}
	outcome, err := s.Decide(p, revote.Calibration{Folds: o.Folds, Seed: rec.spec.Seed})
	if err != nil {
		return nil, policyError(err)
	}
	return rec.derive(s, p, outcome, o)
}

// policyError turns a policy that does not exist into wrong usage.
func policyError(err error) error {
	if errors.Is(err, ensemble.ErrPolicy) {
		hint := "see crucible replay --help"
		if strings.Contains(err.Error(), "decides by confidence") {
			hint = "weigh by accuracies with --weight-by log_odds, or gate a cascade with --gate agreement"
		}
		return &UsageError{err, hint}
	}
	return err
}

// derive computes the analysis of the replayed ensemble against the run's control.
func (r *recorded) derive(s *revote.Sheet, p ensemble.Policy, o *revote.Outcome, opt ReplayOptions) (*Replayed, error) {
	name := r.freeName("replay")
	spec := *r.spec
	spec.Hypothesis = nil
	spec.Conditions = []experiment.Condition{{Name: name, Members: p.Members, Vote: p.Vote, Execution: p.Execution, Stop: p.Stop}}
	for i := range r.spec.Conditions {
		if r.spec.Conditions[i].Name == r.spec.Control {
			spec.Conditions = append(spec.Conditions, r.spec.Conditions[i])
		}
	}
	rows := slices.Clone(o.Rows)
	for i := range rows {
		rows[i].Condition, rows[i].Index = name, i
	}
	for i := range r.rows {
		if r.rows[i].Condition == r.spec.Control {
			row := r.rows[i]
			row.Index = len(rows)
			rows = append(rows, row)
		}
	}
	in := analysis.InputOf(r.ended.Planned, rows)
	in.Config, in.Unreadable = spec.Resolved(), r.passed
	a, err := analysis.Derive(in)
	if err != nil {
		return nil, fmt.Errorf("replay run %s: %w", r.ended.ID, err)
	}
	a.Warnings = append(a.Warnings, o.Warnings...)
	if o.Undecided > 0 {
		a.Warnings = append(a.Warnings, fmt.Sprintf("%d queries have no verdict: they needed answers that were never recorded", o.Undecided))
	}
	d := r.detail(s, p, o)
	diagnosis := s.Diagnosis(1-a.Alpha, r.spec.Seed)
	d.Diagnosis = &diagnosis
	if opt.Goal > 0 {
		d.OutOfReach = diagnosis.OutOfReach(opt.Goal)
	}
	return &Replayed{Analysis: *a, CallsSaved: o.Saved, Replay: d}, nil
}

// freeName is a name that no condition has.
func (r *recorded) freeName(name string) string {
	for slices.ContainsFunc(r.spec.Conditions, func(c experiment.Condition) bool { return c.Name == name }) {
		name += "_"
	}
	return name
}

// detail says what the ensemble did.
func (r *recorded) detail(s *revote.Sheet, p ensemble.Policy, o *revote.Outcome) *ReplayDetail {
	d := &ReplayDetail{Run: r.ended.ID, Members: p.Members, Vote: p.Vote, Execution: p.Execution, Stop: p.Stop, Sources: s.Sources,
		CallsAsked: o.Asked, CallsSaved: o.Saved, Missing: o.Missing, Undecided: o.Undecided, Stops: o.Stops, Tied: o.Tied,
		CostUSD: o.CostUSD.String(), Costs: map[string]string{}, CostUnknown: o.Unpriced, LatencySavedNS: o.SavedNS, Calibrated: o.Calibrated}
	for m, usd := range o.ByMember {
		d.Costs[m] = usd.String()
	}
	return d
}
