package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"

	"github.com/crucible-go/crucible/pkg/ensemble"
	"github.com/crucible-go/crucible/pkg/experiment"
	"github.com/crucible-go/crucible/pkg/revote"
)

// TuneOptions say what a search is to find.
type TuneOptions struct {
	// Target is accuracy, cost or latency.
	Target string
	// MaxUSD is the most that a query may cost on average; 0 is no limit.
	MaxUSD float64
	// Within is how much accuracy below the best a cheaper or faster ensemble may
	// have.
	Within float64
	// HeldOut is the share of the items that only judges the winner.
	HeldOut float64
	Members []string
	MaxSize int
	Folds   int
}

// Tuned is what a search found.
type Tuned struct {
	Run    string  `json:"run"`
	Target string  `json:"target"`
	MaxUSD float64 `json:"max_usd"`
	// Tried is how many ensembles were, on Items items; HeldOutItems judged the
	// winner.
	Tried        int            `json:"tried"`
	Items        int            `json:"items"`
	HeldOutItems int            `json:"held_out_items"`
	Winner       RankedEnsemble `json:"winner"`
	// HeldOut is the winner's accuracy on items that had no part in choosing it,
	// HeldOutSingle that of the best single member there.
	HeldOut       ensemble.Estimate `json:"held_out"`
	HeldOutSingle ensemble.Estimate `json:"held_out_best_single"`
	Runners       []RankedEnsemble  `json:"runners_up"`
	Refused       []string          `json:"refused"`
	Warnings      []string          `json:"warnings"`
	CallsMade     int               `json:"calls_made"` // always 0
	// Spec is the winner as a spec of its own, in YAML.
	Spec string `json:"spec"`
}

// TuneTargets are the targets there are.
func TuneTargets() []string { return []string{"accuracy", "cost", "latency"} }

// tuned are the ways in which answers are got: they are tried with every vote.
func tuned() []ensemble.Policy {
	var out []ensemble.Policy
	for _, vote := range defaultVotes() {
		p := ensemble.Policy{Vote: vote}
		if vote == ensemble.VoteWeighted {
			p.Options.WeightBy = ensemble.WeightLogOdds
		}
		for _, way := range [][2]string{{ensemble.ExecutionParallel, ensemble.StopNone}, {ensemble.ExecutionParallel, ensemble.StopLossless},
			{ensemble.ExecutionSequential, ensemble.StopLossless}, {ensemble.ExecutionSequential, ensemble.StopPosterior},
			{ensemble.ExecutionCascade, ensemble.StopNone}} {
			p.Execution, p.Stop = way[0], way[1]
			out = append(out, p)
		}
	}
	return out
}

// Tune searches members, votes, executions and stopping rules on the recorded
// answers of a run, and writes the spec of the winner. A part of the items is
// held out: the winner is judged on it alone.
func Tune(ctx context.Context, r *Resources, run string, o TuneOptions) (*Tuned, error) {
	if !slices.Contains(TuneTargets(), o.Target) {
		return nil, &UsageError{fmt.Errorf("--target: %w %q", errNoTarget, o.Target), "it is accuracy, cost or latency"}
	}
	rec, err := gatherRun(ctx, r.Log, run)
	if err != nil {
		return nil, err
	}
	members := o.Members
	if len(members) == 0 {
		members = rec.answers.Members()
	}
	if len(members) < 2 || len(members) > 10 {
		return nil, &UsageError{fmt.Errorf("%d members to choose from: want 2 to 10", len(members)), "name them with --members"}
	}
	s, err := rec.sheet(members)
	if err != nil {
		return nil, err
	}
	choose, judge := split(s, o.HeldOut, rec.spec.Seed)
	if len(choose.Queries) < 20 || len(judge.Queries) < 10 {
		return nil, &UsageError{fmt.Errorf("%d queries are too few to choose by and to judge on", len(s.Queries)), "run more items first"}
	}
	calibration := revote.Calibration{Folds: o.Folds, Seed: rec.spec.Seed}
	ranking, err := choose.Rank(revote.Search{Policies: tuned(), MaxSize: o.MaxSize, Singles: true, Calibration: calibration, Level: 1 - rec.spec.Analysis.Alpha})
	if err != nil {
		return nil, policyError(err)
	}
	out := &Tuned{Run: run, Target: o.Target, MaxUSD: o.MaxUSD, Tried: len(ranking.Candidates), Items: len(choose.Queries), HeldOutItems: len(judge.Queries),
		Refused: append([]string{}, ranking.Refused...), Warnings: []string{}, Runners: []RankedEnsemble{}}
	order, err := o.order(ranking.Candidates)
	if err != nil {
		return nil, err
	}
	winner := order[0]
	out.Winner = rankedOf(1, winner)
	for i, c := range order[1:min(6, len(order))] {
		out.Runners = append(out.Runners, rankedOf(i+2, c))
	}
	if err := out.judge(choose, judge, winner, bestSingle(ranking), rec.spec.Analysis.Alpha); err != nil {
		return nil, err
	}
	out.Spec, err = rec.specOf(winner.Policy, s)
	return out, err
}

// split holds out a share of the items, by groups.
func split(s *revote.Sheet, share float64, seed uint64) (choose, judge *revote.Sheet) {
	groups := make([]string, len(s.Queries))
	for i := range groups {
		groups[i] = s.Queries[i].Group()
	}
	const parts = 100
	fold := ensemble.Folds(groups, parts, seed+2)
	var a, b []int
	for i, f := range fold {
		if float64(f) < share*parts {
			b = append(b, i)
		} else {
			a = append(a, i)
		}
	}
	return s.Part(a), s.Part(b)
}

// order ranks the candidates that keep to the limits by the target.
func (o *TuneOptions) order(all []*revote.Candidate) ([]*revote.Candidate, error) {
	var fit []*revote.Candidate
	best := math.Inf(-1)
	for _, c := range all {
		if o.MaxUSD > 0 && !(c.Cost <= o.MaxUSD) || c.Outcome.Undecided > 0 {
			continue
		}
		fit = append(fit, c)
		best = math.Max(best, c.Accuracy.Estimate)
	}
	if len(fit) == 0 {
		return nil, &UsageError{fmt.Errorf("no ensemble costs $%g a query or less", o.MaxUSD), "raise --max-usd, or name cheaper members"}
	}
	if o.Target == "accuracy" {
		return fit, nil // they are ranked by it
	}
	near := fit[:0:0]
	for _, c := range fit {
		if c.Accuracy.Estimate >= best-o.Within {
			near = append(near, c)
		}
	}
	value := func(c *revote.Candidate) float64 {
		if o.Target == "latency" {
			if c.P99 == 0 {
				return math.Inf(1)
			}
			return c.P99
		}
		if math.IsNaN(c.Cost) {
			return math.Inf(1)
		}
		return c.Cost
	}
	slices.SortStableFunc(near, func(a, b *revote.Candidate) int {
		switch x, y := value(a), value(b); {
		case x < y:
			return -1
		case x > y:
			return 1
		case a.Calls < b.Calls:
			return -1
		case a.Calls > b.Calls:
			return 1
		}
		return 0
	})
	return near, nil
}

// judge asks the winner, and the best single member, on the items held out; what
// they learn comes from the others.
func (t *Tuned) judge(choose, held *revote.Sheet, winner, single *revote.Candidate, alpha float64) error {
	of := func(c *revote.Candidate) (ensemble.Estimate, error) {
		p := c.Policy
		orders := places(choose.Members, p.Members)
		learnt, _, err := revote.Learn(p, choose.Subset(orders).Labels())
		if err != nil {
			return ensemble.Estimate{}, err
		}
		o, err := held.Subset(orders).Decide(learnt, revote.Calibration{})
		if err != nil {
			return ensemble.Estimate{}, err
		}
		return revote.Accuracy(held, o, 1-alpha), nil
	}
	var err error
	if t.HeldOut, err = of(winner); err != nil {
		return err
	}
	if single != nil {
		if t.HeldOutSingle, err = of(single); err != nil {
			return err
		}
	}
	if t.HeldOut.Estimate < t.HeldOutSingle.Estimate {
		t.Warnings = append(t.Warnings, "on the items held out the best single member does better than the winner")
	}
	return nil
}

// places are where the members of a subset are among all.
func places(all, some []string) []int {
	var out []int
	for _, m := range some {
		for i, a := range all {
			if a == m && !slices.Contains(out, i) {
				out = append(out, i)
				break
			}
		}
	}
	return out
}

// specOf is the run's spec with the winner, calibrated on all items, beside the
// run's control.
func (r *recorded) specOf(p ensemble.Policy, s *revote.Sheet) (string, error) {
	learnt, _, err := revote.Learn(p, s.Subset(places(s.Members, p.Members)).Labels())
	if err != nil {
		return "", err
	}
	spec := *r.spec
	c, err := experiment.ConditionOf(r.freeName("tuned"), learnt)
	if err != nil {
		return "", err
	}
	spec.Hypothesis = nil
	spec.Conditions = []experiment.Condition{c}
	for i := range r.spec.Conditions {
		if r.spec.Conditions[i].Name == r.spec.Control {
			spec.Conditions = append(spec.Conditions, r.spec.Conditions[i])
		}
	}
	spec.Control = spec.Conditions[len(spec.Conditions)-1].Name
	spec.Name += "-tuned"
	spec.Dataset.Path = ownName(spec.Dataset.Path)
	used := map[string]bool{}
	for i := range spec.Conditions {
		for _, m := range spec.Conditions[i].Members {
			used[m] = true
		}
	}
	spec.Models = slices.DeleteFunc(slices.Clone(spec.Models), func(m experiment.Model) bool { return !used[m.ID] })
	for i := range spec.Models {
		spec.Models[i].File = ownName(spec.Models[i].File)
	}
	text, err := json.Marshal(experiment.Shortened(&spec))
	if err != nil {
		return "", fmt.Errorf("tune: %w", err)
	}
	out, err := yaml.JSONToYAML(text)
	return string(out), err
}

// ownName is the name that a file had before it was submitted: a plan names files
// by what they hold.
func ownName(path string) string {
	if rest, ok := strings.CutPrefix(path, "object:"); ok {
		_, name, _ := strings.Cut(rest, "/")
		return name
	}
	return path
}

// WriteNew writes a file that must not be there yet.
func WriteNew(path string, text []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644) //nolint:gosec // a spec is no secret
	if errors.Is(err, os.ErrExist) {
		return &UsageError{fmt.Errorf("%s is there already", path), "name another file, or remove it"}
	}
	if err != nil {
		return fmt.Errorf("write: %w", err)
	}
	_, err = f.Write(text)
	return errors.Join(err, f.Close())
}
