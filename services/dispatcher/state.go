package dispatcher

import (
	"slices"
	"strings"

	"github.com/crucible-go/crucible/pkg/cost"
	"github.com/crucible-go/crucible/pkg/events"
	"github.com/crucible-go/crucible/pkg/money"
)

// state is the fold over a run's stream: all that a dispatcher knows of the
// run. Its methods do no I/O.
type state struct {
	total   int
	seq     uint64 // of the last event folded
	digests events.Digests

	offered    []bool         // by index: dispatched, or about to be
	offers     int            // number of true in offered
	dispatched int            // queries in the log
	incomplete map[string]int // query -> calls of it that are not in the log
	index      map[string]int // incomplete query -> its index

	verdicts  map[string]int // by state of the vote
	calls     events.CallTotals
	cost      cost.Sum
	billed    []events.BilledTwice
	served    map[string][]string // member -> names, sorted
	simulated []string            // members, sorted
	dead      int
}

func newState(total int) *state {
	return &state{
		total:      total,
		offered:    make([]bool, total),
		incomplete: map[string]int{},
		index:      map[string]int{},
		verdicts:   map[string]int{},
		served:     map[string][]string{},
	}
}

// apply folds one event; data is nil for one that cannot be read, which counts
// by its subject all the same.
func (s *state) apply(seq uint64, kind events.Kind, sub events.Subject, id string, payload []byte, ev *events.Event) {
	s.seq = seq
	s.digests.Add(kind, id, payload)
	switch sub.Kind {
	case events.KindQueryDispatched:
		s.queryDispatched(sub, ev)
	case events.KindCallRequested:
		s.callRequested(sub)
	case events.KindCallStarted:
		s.calls.Attempts++
	case events.KindCallCompleted:
		s.callCompleted(sub, ev)
	case events.KindVoteDecided:
		v := events.VoteFailed
		if ev != nil {
			v = ev.Data.(*events.VoteDecided).State
		}
		s.verdicts[v]++
	case events.KindDeadLetter:
		s.dead++
	}
}

func (s *state) queryDispatched(sub events.Subject, ev *events.Event) {
	s.dispatched++
	if ev == nil {
		return
	}
	d := ev.Data.(*events.QueryDispatched)
	if d.Index < 0 || d.Index >= s.total {
		return
	}
	s.offer(d.Index)
	if len(d.Calls) > 0 {
		s.incomplete[sub.Query] = len(d.Calls)
		s.index[sub.Query] = d.Index
	}
}

func (s *state) callRequested(sub events.Subject) {
	s.calls.Requested++
	n, ok := s.incomplete[sub.Query]
	if !ok {
		return
	}
	if n > 1 {
		s.incomplete[sub.Query] = n - 1
		return
	}
	delete(s.incomplete, sub.Query)
	delete(s.index, sub.Query)
}

func (s *state) callCompleted(sub events.Subject, ev *events.Event) {
	if ev == nil {
		s.calls.Failed++
		return
	}
	d := ev.Data.(*events.CallCompleted)
	switch d.Outcome {
	case events.CallAnswered:
		s.calls.Answered++
	case events.CallCancelled:
		s.calls.Cancelled++
	default:
		s.calls.Failed++
	}
	s.spend(d)
	if d.Cached {
		s.calls.Cached++
	}
	if !d.CostKnown {
		s.calls.Unpriced++
	}
	if d.Simulated {
		s.simulated = insert(s.simulated, ev.Member)
	}
	for _, a := range d.Attempts {
		if a.Outcome == events.AttemptPossiblyBilled {
			s.billed = append(s.billed, events.BilledTwice{Query: sub.Query, Call: sub.Call, Attempt: a.Attempt})
		}
	}
	if d.Served != "" {
		s.served[ev.Member] = insert(s.served[ev.Member], d.Served)
	}
}

// spend adds what a call cost. One whose attempts say less than the call itself,
// as earlier versions wrote them, counts as that says.
func (s *state) spend(d *events.CallCompleted) {
	sum := cost.Of(d)
	if usd, err := money.Parse(d.CostUSD); err == nil && usd.Cmp(sum.Cost) != 0 {
		sum = cost.Sum{Cost: usd, Reported: usd, Prorata: usd, Worst: usd}
	}
	s.cost.Join(sum)
}

// insert adds a word to a sorted list that does not have it.
func insert(sorted []string, word string) []string {
	if i, found := slices.BinarySearch(sorted, word); !found {
		return slices.Insert(sorted, i, strings.Clone(word))
	}
	return sorted
}

// offer marks a query as dispatched or about to be.
func (s *state) offer(i int) {
	if !s.offered[i] {
		s.offered[i] = true
		s.offers++
	}
}

// halves are the queries without all of their calls, by index, in order.
func (s *state) halves() []int {
	out := make([]int, 0, len(s.index))
	for _, i := range s.index {
		out = append(out, i)
	}
	slices.Sort(out)
	return out
}

func (s *state) decided() int {
	n := 0
	for _, v := range s.verdicts {
		n += v
	}
	return n
}

// undecided is the number of queries that are under way.
func (s *state) undecided() int { return s.offers - s.decided() }

func (s *state) terminal() int { return s.calls.Answered + s.calls.Failed + s.calls.Cancelled }

// settled reports whether everything that was offered has come to its end.
func (s *state) settled() bool {
	return s.dispatched >= s.offers && len(s.incomplete) == 0 && s.decided() >= s.dispatched && s.terminal() >= s.calls.Requested
}

// end sums up the run as of the last event folded.
func (s *state) end() events.RunEnd {
	e := events.RunEnd{
		State:          events.StateComplete,
		Queries:        s.total,
		Decided:        s.verdicts[events.VoteDecidedState],
		Invalid:        s.verdicts[events.VoteInvalid],
		Failed:         s.verdicts[events.VoteFailed],
		Unasked:        s.total - s.decided(),
		Calls:          s.calls,
		CostUSD:        s.cost.Cost.String(),
		CostRange:      s.cost.Range(),
		DeadLetters:    s.dead,
		PossiblyBilled: s.billed,
		Sequence:       s.seq,
		Kinds:          s.digests.Kinds(),
		Simulated:      s.simulated,
	}
	members := make([]string, 0, len(s.served))
	for m := range s.served {
		members = append(members, m)
	}
	slices.Sort(members)
	for _, m := range members {
		e.Models = append(e.Models, events.ServedModels{Member: m, Served: s.served[m]})
	}
	return e
}
