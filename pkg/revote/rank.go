package revote

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/crucible-go/crucible/pkg/ensemble"
	"github.com/crucible-go/crucible/pkg/events"
	"github.com/crucible-go/crucible/pkg/money"
	"github.com/crucible-go/crucible/pkg/stat"
)

// Candidate is an ensemble that was tried.
type Candidate struct {
	Name    string
	Policy  ensemble.Policy
	Outcome *Outcome
	// Accuracy is the share of right answers, cross-validated where the ensemble
	// learns; its interval holds for all candidates at once.
	Accuracy ensemble.Estimate
	// Cost is the mean cost of a query in US dollars, NaN if it is not known.
	Cost float64
	// P50 and P99 are quantiles of the latency in nanoseconds, 0 if not known.
	P50, P99 float64
	// Calls is the mean number of calls of a query.
	Calls float64
	// Against compares it with the best single member: pairs that only the one
	// or the other has right, p and p adjusted over all candidates.
	Gained, Lost int
	P, PAdjusted float64
	// Front says that no other is more accurate for the same cost or less.
	Front bool
}

// Selected is the candidate that would be chosen, with the accuracy that choosing
// has on items that had no part in it.
type Selected struct {
	Name string `json:"name"`
	// Accuracy is that of choosing the best on all parts but one and asking it
	// on that one, over all parts.
	Accuracy ensemble.Estimate `json:"accuracy"`
	// Optimism is how much better the best looks on the items it was chosen by.
	Optimism float64 `json:"optimism"`
}

// Ranking is the result of trying every subset.
type Ranking struct {
	Candidates []*Candidate // best first
	Selected   Selected
	Refused    []string // what was not tried, and why
}

// Search says what is tried.
type Search struct {
	// Policies are tried with every subset; their members are left out.
	Policies []ensemble.Policy
	// MinSize and MaxSize bound the subsets; 0 is 2 and all.
	MinSize, MaxSize int
	// Singles also tries every member alone.
	Singles     bool
	Calibration Calibration
	// Level is that of the intervals, for all together.
	Level float64
}

// Rank tries every policy of a search with every subset of the sheet's members
// and ranks them by accuracy, then cost, then latency, then name.
func (s *Sheet) Rank(search Search) (*Ranking, error) {
	if search.MinSize == 0 {
		search.MinSize = 2
	}
	if search.MaxSize == 0 || search.MaxSize > len(s.Members) {
		search.MaxSize = len(s.Members)
	}
	if len(s.Members) > ensemble.MaxPattern {
		return nil, fmt.Errorf("revote: %d members have too many subsets: name at most %d", len(s.Members), ensemble.MaxPattern)
	}
	out := &Ranking{}
	refused := map[string]bool{}
	for _, orders := range subsets(len(s.Members), search) {
		sub := s.Subset(orders)
		policies := search.Policies
		if len(orders) == 1 {
			policies = []ensemble.Policy{{Vote: ensemble.VoteMajority, Execution: ensemble.ExecutionParallel, Stop: ensemble.StopNone}}
		}
		for _, p := range policies {
			o, err := sub.Decide(p, search.Calibration)
			if err != nil {
				if text := name(p, nil) + ": " + err.Error(); !refused[text] {
					refused[text] = true
					out.Refused = append(out.Refused, text)
				}
				continue
			}
			p.Members = sub.Members
			out.Candidates = append(out.Candidates, candidate(p, o))
		}
	}
	if len(out.Candidates) == 0 {
		return nil, fmt.Errorf("revote: nothing could be tried: %w: %s", ensemble.ErrPolicy, strings.Join(out.Refused, "; "))
	}
	s.judge(out, search)
	return out, nil
}

// subsets lists the subsets by size, then by the order of the members.
func subsets(n int, search Search) [][]int {
	var out [][]int
	for mask := 1; mask < 1<<n; mask++ {
		var orders []int
		for o := range n {
			if mask>>o&1 == 1 {
				orders = append(orders, o)
			}
		}
		if k := len(orders); k >= search.MinSize && k <= search.MaxSize || k == 1 && search.Singles {
			out = append(out, orders)
		}
	}
	slices.SortStableFunc(out, func(a, b []int) int { return cmp.Or(cmp.Compare(len(a), len(b)), slices.Compare(a, b)) })
	return out
}

// name says what a policy is, with its members.
func name(p ensemble.Policy, members []string) string {
	var words []string
	if len(members) > 0 {
		words = append(words, strings.Join(members, "+"))
	}
	if len(members) != 1 {
		vote := p.Vote
		if p.Vote == ensemble.VoteWeighted && p.Options.WeightBy != "" {
			vote += " by " + p.Options.WeightBy
		}
		words = append(words, vote)
		if p.Execution != "" && p.Execution != ensemble.ExecutionParallel {
			words = append(words, p.Execution)
		}
		if p.Stop != "" && p.Stop != ensemble.StopNone {
			words = append(words, p.Stop)
		}
	}
	return strings.Join(words, " ")
}

func candidate(p ensemble.Policy, o *Outcome) *Candidate {
	c := &Candidate{Name: name(p, p.Members), Policy: p, Outcome: o, Cost: meanCost(o)}
	c.P50, c.P99 = latencies(o)
	if n := len(o.Rows) - o.Undecided; n > 0 {
		c.Calls = float64(o.Asked) / float64(n)
	}
	return c
}

// meanCost is the mean cost of a query, NaN where one is not known.
func meanCost(o *Outcome) float64 {
	sum, n := money.USD{}, 0
	for i := range o.Rows {
		if o.Rows[i].State == "" {
			continue
		}
		usd, err := money.Parse(o.Rows[i].CostUSD)
		if err != nil {
			return math.NaN()
		}
		sum = sum.Add(usd)
		n++
	}
	if n == 0 {
		return math.NaN()
	}
	return sum.Float64() / float64(n)
}

func latencies(o *Outcome) (p50, p99 float64) {
	var ns []float64
	for i := range o.Rows {
		if o.Rows[i].LatencyNS > 0 {
			ns = append(ns, float64(o.Rows[i].LatencyNS))
		}
	}
	if len(ns) == 0 {
		return 0, 0
	}
	p50, _ = stat.Quantile(ns, 0.5)
	p99, _ = stat.Quantile(ns, 0.99)
	return p50, p99
}

// judge fills in intervals, comparisons, the front, the ranks and the selection.
func (s *Sheet) judge(r *Ranking, search Search) {
	if search.Level == 0 {
		search.Level = stat.DefaultLevel
	}
	level := 1 - (1-search.Level)/float64(len(r.Candidates)) // Bonferroni
	for _, c := range r.Candidates {
		c.Accuracy = s.accuracy(c.Outcome, level)
	}
	s.compare(r)
	slices.SortStableFunc(r.Candidates, func(a, b *Candidate) int {
		return cmp.Or(cmp.Compare(b.Accuracy.Estimate, a.Accuracy.Estimate), cmp.Compare(known(a.Cost), known(b.Cost)),
			cmp.Compare(known(a.P99), known(b.P99)), cmp.Compare(len(a.Policy.Members), len(b.Policy.Members)), cmp.Compare(a.Name, b.Name))
	})
	points := make([]ensemble.Point, len(r.Candidates))
	for i, c := range r.Candidates {
		points[i] = ensemble.Point{Name: c.Name, Accuracy: c.Accuracy.Estimate, Cost: c.Cost}
	}
	for _, i := range ensemble.Front(points) {
		r.Candidates[i].Front = true
	}
	r.Selected = s.selected(r, search)
}

// known puts what is not known last.
func known(x float64) float64 {
	if math.IsNaN(x) {
		return math.Inf(1)
	}
	return x
}

// Accuracy is the accuracy of an outcome on a sheet, with Wilson's interval; see
// Ranking for what it is of repeated items.
func Accuracy(s *Sheet, o *Outcome, level float64) ensemble.Estimate {
	e := s.accuracy(o, level)
	e.Method = "wilson"
	return e
}

// accuracy is the accuracy of an outcome with Wilson's interval over items: where
// items are repeated, an item counts once with its share, which is conservative.
func (s *Sheet) accuracy(o *Outcome, level float64) ensemble.Estimate {
	share, n := o.Accuracy()
	if n == 0 {
		return ensemble.Estimate{Method: "none"}
	}
	groups := map[string]bool{}
	for i := range s.Queries {
		if state := o.Rows[i].State; state != "" && state != events.VoteFailed {
			groups[s.Queries[i].Group()] = true
		}
	}
	items := len(groups)
	i := stat.Wilson(int(math.Round(share*float64(items))), items, level)
	return ensemble.Estimate{Estimate: share, Low: math.Min(i.Low, share), High: math.Max(i.High, share), Level: level, N: n, Method: "wilson_bonferroni"}
}

// compare tests every candidate against the best single member, over the items
// that both answered.
func (s *Sheet) compare(r *Ranking) {
	var best *Candidate
	for _, c := range r.Candidates {
		if len(c.Policy.Members) == 1 && (best == nil || c.Accuracy.Estimate > best.Accuracy.Estimate) {
			best = c
		}
	}
	if best == nil {
		return
	}
	var p []float64
	for _, c := range r.Candidates {
		for i := range c.Outcome.Rows {
			x, y := &c.Outcome.Rows[i], &best.Outcome.Rows[i]
			if x.State == "" || y.State == "" || x.State == events.VoteFailed || y.State == events.VoteFailed {
				continue
			}
			switch {
			case x.Correct && !y.Correct:
				c.Gained++
			case y.Correct && !x.Correct:
				c.Lost++
			}
		}
		c.P = 1
		if c != best && c.Gained+c.Lost > 0 {
			c.P = stat.McNemarExact(c.Lost, c.Gained).P
		}
		p = append(p, c.P)
	}
	for i, adjusted := range stat.Holm(p) {
		r.Candidates[i].PAdjusted = adjusted
	}
}

// selected measures what choosing the best is worth: in turn each part is left
// out, the candidate with the highest accuracy on the others is chosen, and
// judged on the part.
func (s *Sheet) selected(r *Ranking, search Search) Selected {
	folds := search.Calibration.Folds
	if folds == 0 {
		folds = DefaultFolds
	}
	groups := make([]string, len(s.Queries))
	for i := range groups {
		groups[i] = s.Queries[i].Group()
	}
	fold := ensemble.Folds(groups, folds, search.Calibration.Seed+1)
	right, n := 0, 0
	for f := range folds {
		var best *Candidate
		most := -1.0
		for _, c := range r.Candidates { // the first of equals: they are ranked
			if a, _ := shareOf(c.Outcome, func(i int) bool { return fold[i] != f }); a > most {
				best, most = c, a
			}
		}
		if best == nil {
			continue
		}
		a, m := shareOf(best.Outcome, func(i int) bool { return fold[i] == f })
		right += int(math.Round(a * float64(m)))
		n += m
	}
	i := stat.Wilson(right, max(n, 1), search.Level)
	top := r.Candidates[0]
	out := Selected{Name: top.Name, Accuracy: ensemble.Estimate{Estimate: i.Estimate, Low: i.Low, High: i.High, Level: search.Level, N: n, Method: "cross_validated_selection"}}
	out.Optimism = top.Accuracy.Estimate - i.Estimate
	return out
}

// shareOf is the accuracy of an outcome on some of its rows, and how many count.
func shareOf(o *Outcome, in func(int) bool) (float64, int) {
	right, n := 0, 0
	for i := range o.Rows {
		if r := &o.Rows[i]; in(i) && r.State != "" && r.State != events.VoteFailed {
			n++
			if r.Correct {
				right++
			}
		}
	}
	if n == 0 {
		return 0, 0
	}
	return float64(right) / float64(n), n
}
