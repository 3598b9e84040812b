package lab

import (
	"github.com/crucible-go/crucible/pkg/ensemble"
)

// Score is what a strategy does on items.
type Score struct {
	Correct int // items whose verdict is right
	Calls   int // that were made
	Items   int
}

// Accuracy is the share of right verdicts.
func (s Score) Accuracy() float64 { return float64(s.Correct) / float64(s.Items) }

// SavedCalls is the share of calls of k members that were not made.
func (s Score) SavedCalls(k int) float64 { return 1 - float64(s.Calls)/float64(s.Items*k) }

// Play decides every item with a strategy, that of the item's fold, and counts.
// Each, where it is not nil, is called with every verdict.
func Play(items []ensemble.Labelled, members []string, of func(item int) *ensemble.Strategy, each func(item int, r ensemble.Result)) Score {
	ballots := make([]ensemble.Ballot, len(members))
	recorded := make([]ensemble.Recorded, len(members))
	s := Score{Items: len(items)}
	for i, l := range items {
		Ballots(l, members, ballots)
		for o := range ballots {
			recorded[o] = ensemble.Recorded{Ballot: ballots[o], CostKnown: true}
		}
		r := of(i).Replay(recorded)
		s.Calls += r.Made
		if l.Right >= 0 && r.Answer == Answer(l.Right) {
			s.Correct++
		}
		if each != nil {
			each(i, r)
		}
	}
	return s
}

// CrossFitted returns strategies of a policy with a joint calibration, one for
// each fold, made on the items of the others, and which item is in which fold.
func CrossFitted(p ensemble.Policy, items []ensemble.Labelled, folds int, seed uint64, o ensemble.JointOptions) ([]*ensemble.Strategy, []int, error) {
	groups := make([]string, len(items))
	for i := range groups {
		groups[i] = string(rune(i))
	}
	fold := ensemble.Folds(groups, folds, seed)
	joints, err := ensemble.CrossFit(p.Members, items, fold, folds, o)
	if err != nil {
		return nil, nil, err
	}
	out := make([]*ensemble.Strategy, folds)
	for f, j := range joints {
		p.Options.Joint = j
		if out[f], err = ensemble.New(p); err != nil {
			return nil, nil, err
		}
	}
	return out, fold, nil
}
