package lab

import (
	"fmt"

	"github.com/crucible-go/crucible/pkg/ensemble"
)

// Row is what votes and stopping rules do on a population.
type Row struct {
	Population Population
	// Accuracies: of the best member; of the plain majority; with weights by
	// log-odds of the accuracies; with weights estimated without labels; of the
	// joint vote, cross-fitted; of the best that any vote could do that sees only
	// who agrees with whom.
	Best, Majority, LogOdds, Unsupervised, Joint, Optimum float64
	// Lossless and Posterior are what members asked in turn, the best first, save
	// by the stopping rules, and what a posterior stop loses in accuracy.
	LosslessSaved, PosteriorSaved, PosteriorLoss float64
	// Differ counts the items on which the lossless stop has another answer than
	// the majority.
	Differ int
}

// Grid are populations of near equals and of unequals, that err more and less
// together.
func Grid() []Population {
	equal := func(n int, a, rho, same float64) Population {
		p := Population{Rho: rho, Same: same}
		for range n {
			p.Accuracies = append(p.Accuracies, a)
		}
		return p
	}
	return []Population{
		equal(3, 0.90, 0, 0.33), equal(3, 0.90, 0.4, 0.6),
		equal(5, 0.92, 0, 0.33), equal(5, 0.92, 0.2, 0.5), equal(5, 0.92, 0.4, 0.6), equal(5, 0.92, 0.6, 0.6),
		{Accuracies: []float64{0.92, 0.85, 0.80, 0.75, 0.70}, Rho: 0.4, Same: 0.6},
		{Accuracies: []float64{0.92, 0.85, 0.80, 0.75, 0.70}, Rho: 0.6, Same: 0.6},
		{Accuracies: []float64{0.95, 0.70, 0.70, 0.65, 0.65}, Rho: 0, Same: 0.33},
		{Accuracies: []float64{0.95, 0.70, 0.70, 0.65, 0.65}, Rho: 0.3, Same: 0.5},
		{Accuracies: []float64{0.92, 0.60, 0.60, 0.55, 0.55}, Rho: 0.3, Same: 0.5},
		equal(7, 0.92, 0.2, 0.5), equal(7, 0.92, 0.4, 0.6), equal(7, 0.92, 0.6, 0.6),
	}
}

// Check says whether a calibrated vote is nowhere worse than the best member and
// the majority by more than slack, and recovers nine tenths of what it can where
// that is a point or more.
func (r Row) Check(slack float64) error {
	switch {
	case r.Joint < r.Best-slack:
		return fmt.Errorf("%+v: joint %.4f, best single %.4f", r.Population, r.Joint, r.Best)
	case r.Joint < r.Majority-slack:
		return fmt.Errorf("%+v: joint %.4f, majority %.4f", r.Population, r.Joint, r.Majority)
	case r.Optimum-r.Majority >= 0.01 && r.Joint-r.Majority < 0.9*(r.Optimum-r.Majority):
		return fmt.Errorf("%+v: joint %.4f, majority %.4f, optimum %.4f", r.Population, r.Joint, r.Majority, r.Optimum)
	case r.Differ > 0:
		return fmt.Errorf("%+v: %d verdicts differ under a lossless stop", r.Population, r.Differ)
	}
	return nil
}

// Measure plays n items of a population.
func Measure(p Population, n int, seed uint64) (Row, error) {
	items, members := p.Items(n, seed), p.Members()
	k := len(members)
	row := Row{Population: p, Optimum: optimum(items)}
	table := func(list []float64) map[string]float64 {
		out := map[string]float64{}
		for i, m := range members {
			out[m] = list[i]
		}
		return out
	}
	accuracies := ensemble.Accuracies(k, items)
	for _, a := range accuracies {
		row.Best = max(row.Best, a)
	}
	var failed error
	play := func(policy ensemble.Policy, each func(int, ensemble.Result)) Score {
		policy.Members = members
		s, err := ensemble.New(policy)
		if err != nil {
			failed = err
			return Score{Items: 1}
		}
		return Play(items, members, func(int) *ensemble.Strategy { return s }, each)
	}
	answers := make([]string, n)
	leading, votes := make([]int, n), make([]int, n)
	row.Majority = play(ensemble.Policy{}, func(i int, r ensemble.Result) {
		answers[i], leading[i], votes[i] = r.Answer, r.Tally[0].Votes, k
	}).Accuracy()
	choices := ensemble.EffectiveChoices(k, items)
	row.LogOdds = play(ensemble.Policy{Vote: ensemble.VoteWeighted,
		Options: ensemble.Options{Accuracies: table(accuracies), Choices: choices}}, nil).Accuracy()
	patterns := make([]ensemble.Pattern, n)
	for i, l := range items {
		patterns[i] = l.Pattern
	}
	blind, err := ensemble.DawidSkene(k, patterns, 4)
	if err != nil {
		return row, err
	}
	row.Unsupervised = play(ensemble.Policy{Vote: ensemble.VoteDawidSkene,
		Options: ensemble.Options{Accuracies: table(blind.Accuracies), Choices: 4}}, nil).Accuracy()
	of, fold, err := CrossFitted(ensemble.Policy{Members: members, Vote: ensemble.VoteJoint}, items, 5, seed, ensemble.JointOptions{})
	if err != nil {
		return row, err
	}
	row.Joint = Play(items, members, func(i int) *ensemble.Strategy { return of[fold[i]] }, nil).Accuracy()
	row.LosslessSaved = play(ensemble.Policy{Execution: ensemble.ExecutionSequential, Stop: ensemble.StopLossless}, func(i int, r ensemble.Result) {
		if r.Answer != answers[i] {
			row.Differ++
		}
	}).SavedCalls(k)
	half := n / 2 // the prior is fitted on one half
	posterior := play(ensemble.Policy{Execution: ensemble.ExecutionSequential, Stop: ensemble.StopPosterior,
		Options: ensemble.Options{Prior: ensemble.FitPrior(leading[:half], votes[:half]), Choices: choices}}, nil)
	row.PosteriorSaved, row.PosteriorLoss = posterior.SavedCalls(k), row.Majority-posterior.Accuracy()
	return row, failed
}

// optimum is the accuracy of the vote that knows, of the items themselves, which
// side was right most often for every pattern of agreement.
func optimum(items []ensemble.Labelled) float64 {
	right := map[ensemble.Pattern]*[16]int{}
	for _, l := range items {
		if right[l.Pattern] == nil {
			right[l.Pattern] = new([16]int)
		}
		if l.Right >= 0 {
			right[l.Pattern][l.Right]++
		}
	}
	sum := 0
	for _, r := range right {
		most := 0
		for _, n := range r {
			most = max(most, n)
		}
		sum += most
	}
	return float64(sum) / float64(len(items))
}
