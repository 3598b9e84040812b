package app

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/crucible-go/crucible/pkg/analysis"
	"github.com/crucible-go/crucible/pkg/ensemble"
	"github.com/crucible-go/crucible/pkg/revote"
)

// Ranked says what trying every subset found.
type Ranked struct {
	Run     string   `json:"run"`
	Members []string `json:"members"`
	// Ensembles are the candidates, best first.
	Ensembles []RankedEnsemble    `json:"ensembles"`
	Selected  revote.Selected     `json:"selected"`
	Refused   []string            `json:"refused"`
	Diagnosis *ensemble.Diagnosis `json:"diagnosis"`
}

// RankedEnsemble is a candidate.
type RankedEnsemble struct {
	Rank          int               `json:"rank"`
	Name          string            `json:"name"`
	Members       []string          `json:"members"`
	Vote          string            `json:"vote"`
	Execution     string            `json:"execution"`
	Stop          string            `json:"stop"`
	Accuracy      ensemble.Estimate `json:"accuracy"`
	CostPerQuery  *float64          `json:"cost_per_query"`
	LatencyP50NS  *float64          `json:"latency_p50_ns"`
	LatencyP99NS  *float64          `json:"latency_p99_ns"`
	CallsPerQuery float64           `json:"calls_per_query"`
	CallsSaved    int               `json:"calls_saved"`
	Undecided     int               `json:"undecided"`
	// Gained and Lost are the items that it or the best single member alone has
	// right.
	Gained    int     `json:"gained"`
	Lost      int     `json:"lost"`
	P         float64 `json:"p"`
	PAdjusted float64 `json:"p_adjusted"`
	// CostPerExtra is what one more right answer costs than by the best single
	// member, absent without one.
	CostPerExtra *float64 `json:"cost_per_extra_correct,omitempty"`
	Front        bool     `json:"pareto"`
	Calibrated   string   `json:"calibrated,omitempty"`
}

// defaultVotes are those that all subsets are tried with.
func defaultVotes() []string {
	return []string{ensemble.VoteMajority, ensemble.VoteWeighted, ensemble.VoteDawidSkene, ensemble.VoteJoint}
}

// policies are what a search tries: the options' own with each vote.
func (o *ReplayOptions) policies() []ensemble.Policy {
	votes := o.Votes
	if len(votes) == 0 {
		votes = defaultVotes()
	}
	var out []ensemble.Policy
	for _, v := range votes {
		p := o.Policy
		p.Members, p.Vote = nil, v
		if v == ensemble.VoteWeighted && p.Options.WeightBy == "" && p.Options.Weights == nil {
			p.Options.WeightBy = ensemble.WeightLogOdds
		}
		out = append(out, p)
	}
	return out
}

// ReplayAll tries every subset of the members with every vote.
func ReplayAll(ctx context.Context, r *Resources, run string, o ReplayOptions) (*Replayed, error) {
	rec, err := gatherRun(ctx, r.Log, run)
	if err != nil {
		return nil, err
	}
	members := o.Policy.Members
	if len(members) == 0 {
		members = rec.answers.Members()
	}
	if len(members) < 2 {
		return nil, &UsageError{fmt.Errorf("the run has answers of %d member: an ensemble has two or more", len(members)), ""}
	}
	if len(members) > ensemble.MaxPattern {
		return nil, &UsageError{fmt.Errorf("%d members have too many subsets", len(members)), "name the members to choose from with --members"}
	}
	s, err := rec.sheet(members)
	if err != nil {
		return nil, err
	}
	alpha := rec.spec.Analysis.Alpha
	ranking, err := s.Rank(revote.Search{Policies: o.policies(), MinSize: o.MinSize, MaxSize: o.MaxSize, Singles: true,
		Calibration: revote.Calibration{Folds: o.Folds, Seed: rec.spec.Seed}, Level: 1 - alpha})
	if err != nil {
		return nil, policyError(err)
	}
	diagnosis := s.Diagnosis(1-alpha, rec.spec.Seed)
	return rec.ranked(members, ranking, &diagnosis), nil
}

// ranked puts a ranking into the shape of an analysis.
func (r *recorded) ranked(members []string, ranking *revote.Ranking, d *ensemble.Diagnosis) *Replayed {
	detail := &Ranked{Run: r.ended.ID, Members: members, Selected: ranking.Selected, Refused: []string{}, Diagnosis: d}
	detail.Refused = append(detail.Refused, ranking.Refused...)
	in := analysis.InputOf(r.ended.Planned, nil)
	out := &Replayed{Replay: detail, Analysis: analysis.Analysis{Version: analysis.Version, Name: r.spec.Name, SpecHash: in.SpecHash,
		DatasetHash: in.DatasetHash, Seed: in.Seed, Alpha: r.spec.Analysis.Alpha, Correction: "holm", Items: in.Items, Repeat: max(r.spec.Repeat, 1),
		Conditions: []analysis.Condition{}, Comparisons: []analysis.Comparison{}, Warnings: []string{
			fmt.Sprintf("%d ensembles were tried on the same items: intervals hold for all at once, and the best of them looks better than it is by about %.4f",
				len(ranking.Candidates), math.Max(0, ranking.Selected.Optimism))}}}
	single := bestSingle(ranking)
	if single != nil {
		out.Control = single.Name
	}
	for i, c := range ranking.Candidates {
		e := rankedOf(i+1, c)
		if single != nil && c != single {
			base := ensemble.Point{Accuracy: single.Accuracy.Estimate, Cost: single.Cost}
			if usd, ok := ensemble.CostPerExtra(base, ensemble.Point{Accuracy: c.Accuracy.Estimate, Cost: c.Cost}); ok {
				e.CostPerExtra = finite(usd)
			}
			out.Comparisons = append(out.Comparisons, comparisonOf(c, single, len(ranking.Candidates)))
		}
		detail.Ensembles = append(detail.Ensembles, e)
		out.Conditions = append(out.Conditions, r.conditionOf(c))
		out.CallsSaved += c.Outcome.Saved
	}
	return out
}

// bestSingle is the most accurate member alone, nil if none was tried.
func bestSingle(r *revote.Ranking) *revote.Candidate {
	for _, c := range r.Candidates { // they are ranked
		if len(c.Policy.Members) == 1 {
			return c
		}
	}
	return nil
}

func rankedOf(rank int, c *revote.Candidate) RankedEnsemble {
	e := RankedEnsemble{Rank: rank, Name: c.Name, Members: c.Policy.Members, Vote: c.Policy.Vote, Execution: c.Policy.Execution, Stop: c.Policy.Stop,
		Accuracy: c.Accuracy, CostPerQuery: finite(c.Cost), CallsPerQuery: c.Calls, CallsSaved: c.Outcome.Saved, Undecided: c.Outcome.Undecided,
		Gained: c.Gained, Lost: c.Lost, P: c.P, PAdjusted: c.PAdjusted, Front: c.Front, Calibrated: c.Outcome.Calibrated}
	if c.P99 > 0 {
		e.LatencyP50NS, e.LatencyP99NS = finite(c.P50), finite(c.P99)
	}
	return e
}

// finite is a number that JSON can hold, nil for others.
func finite(x float64) *float64 {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return nil
	}
	return &x
}

// conditionOf is a candidate as a condition.
func (r *recorded) conditionOf(c *revote.Candidate) analysis.Condition {
	out := analysis.Condition{Name: c.Name, Queries: len(c.Outcome.Rows), Tied: c.Outcome.Tied, Unasked: c.Outcome.Undecided,
		CostUSD: c.Outcome.CostUSD.String(), CostUnknown: c.Outcome.Unpriced, Metrics: map[string]analysis.Metric{}, Warnings: []string{}}
	for i := range c.Outcome.Rows {
		row := &c.Outcome.Rows[i]
		out.Simulated = out.Simulated || len(row.Simulated) > 0
		switch row.State {
		case "decided":
			out.Decided++
		case "invalid":
			out.Invalid++
		case "failed":
			out.Failed++
		}
		if row.Correct {
			out.Correct++
		}
	}
	for _, m := range c.Policy.Members {
		for _, id := range r.ended.Planned.Recorded {
			out.Recorded = out.Recorded || id == m
		}
	}
	a := c.Accuracy
	out.Metrics["accuracy"] = analysis.Metric{Estimate: finite(a.Estimate), N: a.N, Low: finite(a.Low), High: finite(a.High), Level: a.Level,
		Method: a.Method, Unit: "share", Warnings: []string{}}
	out.Metrics["cost_per_query"] = analysis.Metric{Estimate: finite(c.Cost), N: out.Decided + out.Invalid + out.Failed, Method: "mean", Unit: "usd", Warnings: []string{}}
	for name, ns := range map[string]float64{"latency_p50": c.P50, "latency_p99": c.P99} {
		m := analysis.Metric{Method: "quantile", Unit: "ms", Warnings: []string{}}
		if ns > 0 {
			m.Estimate, m.N = finite(ns/1e6), out.Decided
		}
		out.Metrics[name] = m
	}
	return out
}

// comparisonOf is a candidate against the best single member.
func comparisonOf(c, single *revote.Candidate, family int) analysis.Comparison {
	both, neither := 0, 0
	for i := range c.Outcome.Rows {
		x, y := &c.Outcome.Rows[i], &single.Outcome.Rows[i]
		switch {
		case x.Correct && y.Correct:
			both++
		case !x.Correct && !y.Correct:
			neither++
		}
	}
	pairs := both + neither + c.Gained + c.Lost
	return analysis.Comparison{Metric: "accuracy", Treatment: c.Name, Control: single.Name, Test: "mcnemar_exact", Statistic: finite(float64(c.Gained)),
		P: finite(c.P), PAdjusted: finite(c.PAdjusted), Family: "accuracy", FamilySize: family, NPairs: pairs,
		Effect:   analysis.Effect{Name: "risk_difference", Estimate: finite(float64(c.Gained-c.Lost) / math.Max(1, float64(pairs))), Method: "estimate", Unit: "share"},
		Counts:   &analysis.Counts{Both: both, Treatment: c.Gained, Control: c.Lost, Neither: neither},
		Warnings: []string{"chosen among many on the same items"}}
}

// errNoTarget is a target that does not exist.
var errNoTarget = errors.New("unknown target")
