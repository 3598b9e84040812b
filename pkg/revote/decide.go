package revote

import (
	"fmt"
	"math"
	"slices"

	"github.com/crucible-go/crucible/pkg/analysis"
	"github.com/crucible-go/crucible/pkg/ensemble"
	"github.com/crucible-go/crucible/pkg/events"
	"github.com/crucible-go/crucible/pkg/money"
)

// DefaultFolds is how many parts a calibration is cross-fitted with.
const DefaultFolds = 10

// Calibration says how what a policy must learn is learnt.
type Calibration struct {
	// Folds is the number of parts: an item is judged by what the other parts
	// taught. Default DefaultFolds.
	Folds int
	Seed  uint64
}

// Outcome is what a policy would have done.
type Outcome struct {
	Rows []analysis.Row
	// Asked is how many of the recorded calls the policy would have made, Saved
	// how many of all members' it would not have.
	Asked, Saved int
	// Missing counts by member the answers that were needed and never recorded;
	// Undecided the queries that have no verdict for it.
	Missing   map[string]int
	Undecided int
	// Stops counts why verdicts were given when they were.
	Stops map[string]int
	Tied  int
	// SavedNS is the time that deciding early spared, over all queries.
	SavedNS int64
	// CostUSD is what the calls asked for cost, by member too, where it is known.
	CostUSD  money.USD
	ByMember map[string]money.USD
	Unpriced int // queries with an unknown cost
	// Calibrated says what was learnt, and how, in words; empty for nothing.
	Calibrated string
	Warnings   []string
}

// learns says whether a policy has something to learn from recorded items.
func learns(p *ensemble.Policy) bool {
	o := &p.Options
	uses := func(vote string) bool {
		return p.Vote == vote || o.Fallback == vote || p.Vote == ensemble.VoteMeta && slices.Contains(o.Votes, vote)
	}
	return uses(ensemble.VoteJoint) && o.Joint == nil ||
		(uses(ensemble.VoteDawidSkene) || o.WeightBy == ensemble.WeightLogOdds || o.Ties == ensemble.TiesCalibrated) && o.Accuracies == nil ||
		p.Stop == ensemble.StopPosterior && o.Prior == [2]float64{}
}

// Learn fills in what a policy must learn, from labelled items: the calibration
// of a joint vote, accuracies (for dawid_skene without looking at the labels), the
// prior of a posterior stop. It leaves what is given. The text says what it did.
func Learn(p ensemble.Policy, items []ensemble.Labelled) (ensemble.Policy, string, error) {
	o := &p.Options
	var did []string
	k := len(p.Members)
	uses := func(vote string) bool {
		return p.Vote == vote || o.Fallback == vote || p.Vote == ensemble.VoteMeta && slices.Contains(o.Votes, vote)
	}
	if uses(ensemble.VoteJoint) && o.Joint == nil {
		turns := p.Execution == ensemble.ExecutionSequential || p.Execution == ensemble.ExecutionCascade
		j, err := ensemble.FitJoint(p.Members, items, ensemble.JointOptions{Prefixes: turns})
		if err != nil {
			return p, "", err
		}
		o.Joint = j
		did = append(did, "joint calibration")
	}
	if uses(ensemble.VoteDawidSkene) && o.Accuracies == nil {
		patterns := make([]ensemble.Pattern, len(items))
		for i, l := range items {
			patterns[i] = l.Pattern
		}
		e, err := ensemble.DawidSkene(k, patterns, o.Choices)
		if err != nil {
			return p, "", err
		}
		o.Accuracies, o.Choices = byMember(p.Members, e.Accuracies), e.Choices
		did = append(did, "accuracies without labels")
	}
	if o.Accuracies == nil && (o.WeightBy == ensemble.WeightLogOdds || o.Ties == ensemble.TiesCalibrated) {
		o.Accuracies = byMember(p.Members, ensemble.Accuracies(k, items))
		did = append(did, "accuracies")
	}
	if o.Choices == 0 && (o.WeightBy == ensemble.WeightLogOdds || p.Stop == ensemble.StopPosterior) {
		o.Choices = ensemble.EffectiveChoices(k, items)
	}
	if p.Stop == ensemble.StopPosterior && o.Prior == [2]float64{} {
		o.Prior = priorOf(k, items)
		did = append(did, "prior of agreement")
	}
	return p, join(did), nil
}

func join(words []string) string {
	out := ""
	for i, w := range words {
		switch {
		case i == 0:
			out = w
		case i == len(words)-1:
			out += " and " + w
		default:
			out += ", " + w
		}
	}
	return out
}

// byMember makes a table of a list; a member that is named twice has the mean.
func byMember(members []string, list []float64) map[string]float64 {
	sum, n := map[string]float64{}, map[string]float64{}
	for i, m := range members {
		sum[m] += list[i]
		n[m]++
	}
	for m := range sum {
		sum[m] /= n[m]
	}
	return sum
}

// priorOf fits the prior of a posterior stop.
func priorOf(k int, items []ensemble.Labelled) [2]float64 {
	leading, n := make([]int, len(items)), make([]int, len(items))
	for i, l := range items {
		var votes [ensemble.MaxPattern]int
		for o := range min(k, ensemble.MaxPattern) {
			if b := l.Pattern.Block(o); b >= 0 {
				votes[b]++
				n[i]++
			}
		}
		leading[i] = slices.Max(votes[:])
	}
	return ensemble.FitPrior(leading, n)
}

// Decide decides every query of the sheet by a policy whose members are the
// sheet's. What the policy must learn is learnt for each fold from the other
// folds.
func (s *Sheet) Decide(p ensemble.Policy, c Calibration) (*Outcome, error) {
	p.Members = s.Members
	if p.NeedsConfidence() && !s.Confident {
		return nil, fmt.Errorf("revote: %w: it decides by confidence, and none of the recorded answers has one", ensemble.ErrPolicy)
	}
	out := &Outcome{Missing: map[string]int{}, Stops: map[string]int{}, ByMember: map[string]money.USD{}}
	of, err := s.strategies(p, c, out)
	if err != nil {
		return nil, err
	}
	out.Rows = make([]analysis.Row, len(s.Queries))
	for i := range s.Queries {
		r := of(i).Replay(s.Queries[i].Answers)
		out.Rows[i] = s.row(&s.Queries[i], &r)
		out.count(s, &r)
	}
	return out, nil
}

// strategies makes the strategy of each query.
func (s *Sheet) strategies(p ensemble.Policy, c Calibration, out *Outcome) (func(query int) *ensemble.Strategy, error) {
	if !learns(&p) {
		strategy, err := ensemble.New(p)
		return func(int) *ensemble.Strategy { return strategy }, err
	}
	if c.Folds == 0 {
		c.Folds = DefaultFolds
	}
	groups := make([]string, len(s.Queries))
	for i := range groups {
		groups[i] = s.Queries[i].Group()
	}
	fold := ensemble.Folds(groups, c.Folds, c.Seed)
	labels := s.Labels()
	strategies := make([]*ensemble.Strategy, c.Folds)
	for f := range strategies {
		rest := make([]ensemble.Labelled, 0, len(labels))
		for i, l := range labels {
			if fold[i] != f && s.Queries[i].Known {
				rest = append(rest, l)
			}
		}
		learnt, did, err := Learn(p, rest)
		if err != nil {
			return nil, fmt.Errorf("revote: %w", err)
		}
		if strategies[f], err = ensemble.New(learnt); err != nil {
			return nil, fmt.Errorf("revote: %w", err)
		}
		out.Calibrated = fmt.Sprintf("%s, cross-fitted in %d parts: no item is judged by what it taught", did, c.Folds)
	}
	if p.Vote == ensemble.VoteDawidSkene {
		out.Warnings = append(out.Warnings, "dawid_skene is unsupervised: it learns from agreement alone, and members that err together look right to it")
	}
	return func(i int) *ensemble.Strategy { return strategies[fold[i]] }, nil
}

// row is a query as the run would have had it.
func (s *Sheet) row(q *Query, r *ensemble.Result) analysis.Row {
	row := analysis.Row{Repeat: q.Repeat, ItemIndex: q.ItemIndex, Item: q.Item, Cluster: q.Cluster, Expected: q.Expected, Simulated: q.Simulated}
	if len(r.Missing) > 0 {
		return row // no verdict
	}
	row.State, row.Prediction, row.Consensus, row.Reason = r.State, r.Answer, r.Consensus, r.Reason
	row.Tied = len(r.Tied) > 0
	if r.HasLatency {
		row.LatencyNS = r.LatencyNS
	}
	if r.CostKnown {
		row.CostUSD = r.CostUSD.String()
	}
	if r.State == events.VoteDecidedState && q.Known {
		row.Scores = s.scorer.Score(r.Answer, q.Expected)
		row.Correct = len(row.Scores) > 0 && row.Scores[0].Value >= 1
	}
	return row
}

// count adds up what a query took.
func (o *Outcome) count(s *Sheet, r *ensemble.Result) {
	if len(r.Missing) > 0 {
		o.Undecided++
		for _, m := range r.Missing {
			o.Missing[s.Members[m]]++
		}
		return
	}
	o.Asked += r.Made
	o.Saved += r.Saved
	o.Stops[r.Stop]++
	o.SavedNS += r.SavedNS
	if len(r.Tied) > 0 {
		o.Tied++
	}
	if !r.CostKnown {
		o.Unpriced++
	}
	for _, c := range r.Costs {
		if c.Known {
			o.CostUSD = o.CostUSD.Add(c.USD)
			o.ByMember[c.Member] = o.ByMember[c.Member].Add(c.USD)
		}
	}
}

// Accuracy is the share of right answers of the queries that were answered, and
// how many those are.
func (o *Outcome) Accuracy() (float64, int) {
	right, n := 0, 0
	for i := range o.Rows {
		switch r := &o.Rows[i]; {
		case r.State == "" || r.State == events.VoteFailed:
		case r.Correct:
			right++
			n++
		default:
			n++
		}
	}
	if n == 0 {
		return math.NaN(), 0
	}
	return float64(right) / float64(n), n
}
