package ensemble

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/crucible-go/crucible/pkg/events"
)

// strategy returns the default strategy.
func strategy(t testing.TB) *Strategy {
	t.Helper()
	s, err := New(Policy{Members: []string{"a", "b", "c"}, Vote: VoteMajority, Execution: ExecutionParallel, Stop: StopNone})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// answered is a ballot with an answer.
func answered(order int, answer string, ns int64) Ballot {
	return Ballot{Call: string(rune('z' - order)), Order: order, Outcome: events.CallAnswered, Answer: answer, Valid: true, LatencyNS: ns, HasLatency: true}
}

// ended is a ballot without an answer.
func ended(order int, outcome string) Ballot {
	return Ballot{Call: string(rune('z' - order)), Order: order, Outcome: outcome}
}

// unread is a ballot whose answer could not be read.
func unread(order int, ns int64) Ballot {
	b := answered(order, "", ns)
	b.Valid = false
	return b
}

func TestDecide(t *testing.T) {
	noLatency := answered(1, "y", 0)
	noLatency.HasLatency = false
	for _, c := range []struct {
		name    string
		ballots []Ballot
		want    Verdict
	}{
		{"all agree", []Ballot{answered(0, "x", 10), answered(1, "x", 30), answered(2, "x", 20)},
			Verdict{State: events.VoteDecidedState, Answer: "x", Consensus: 1, Tally: []events.Tally{{Answer: "x", Votes: 3}},
				LatencyNS: 30, HasLatency: true, Stop: StopAll, Winners: []int{0, 1, 2}}},
		{"most win", []Ballot{answered(0, "x", 10), answered(1, "y", 30), answered(2, "y", 20)},
			Verdict{State: events.VoteDecidedState, Answer: "y", Consensus: 2.0 / 3, Tally: []events.Tally{{Answer: "y", Votes: 2}, {Answer: "x", Votes: 1}},
				LatencyNS: 30, HasLatency: true, Stop: StopAll, Winners: []int{1, 2}}},
		{"a tie goes to the first listed", []Ballot{answered(2, "a", 1), answered(0, "z", 2), answered(1, "m", 3)},
			Verdict{State: events.VoteDecidedState, Answer: "z", Consensus: 1.0 / 3,
				Tally:     []events.Tally{{Answer: "z", Votes: 1}, {Answer: "m", Votes: 1}, {Answer: "a", Votes: 1}},
				LatencyNS: 3, HasLatency: true, Stop: StopAll, Winners: []int{0}}},
		{"the first listed of the tied, not of all", []Ballot{answered(0, "w", 1), answered(1, "y", 1), answered(2, "x", 1), answered(3, "x", 1), answered(4, "y", 1)},
			Verdict{State: events.VoteDecidedState, Answer: "y", Consensus: 0.4,
				Tally:     []events.Tally{{Answer: "y", Votes: 2}, {Answer: "x", Votes: 2}, {Answer: "w", Votes: 1}},
				LatencyNS: 1, HasLatency: true, Stop: StopAll, Winners: []int{1, 4}}},
		{"invalid and failed ballots cast no vote", []Ballot{unread(0, 50), ended(1, events.CallFailed), answered(2, "x", 10)},
			Verdict{State: events.VoteDecidedState, Answer: "x", Consensus: 1, Tally: []events.Tally{{Answer: "x", Votes: 1}},
				LatencyNS: 50, HasLatency: true, Stop: StopAll, Winners: []int{2}}},
		{"an answer without a latency", []Ballot{answered(0, "y", 10), noLatency},
			Verdict{State: events.VoteDecidedState, Answer: "y", Consensus: 1, Tally: []events.Tally{{Answer: "y", Votes: 2}},
				Stop: StopAll, Winners: []int{0, 1}}},
		{"an answer without a latency that could not be read either", []Ballot{answered(0, "y", 10), {Call: "q", Order: 1, Outcome: events.CallAnswered}},
			Verdict{State: events.VoteDecidedState, Answer: "y", Consensus: 1, Tally: []events.Tally{{Answer: "y", Votes: 1}},
				Stop: StopAll, Winners: []int{0}}},
		{"none could be read", []Ballot{unread(0, 5), unread(1, 7), ended(2, events.CallCancelled)},
			Verdict{State: events.VoteInvalid, LatencyNS: 7, HasLatency: true, Stop: StopAll, Reason: "none of 2 answers could be read"}},
		{"no answer arrived", []Ballot{ended(0, events.CallFailed), ended(1, events.CallCancelled), ended(2, events.CallFailed)},
			Verdict{State: events.VoteFailed, Stop: StopAll, Reason: "no answer arrived: failed 2, cancelled 1"}},
		{"no call", nil, Verdict{State: events.VoteFailed, Stop: StopAll, Reason: "no call was made"}},
	} {
		got, ok := strategy(t).Decide(c.ballots, 0)
		got.Counted, got.Margin, got.Tied, got.TieBreak = nil, 0, nil, ""
		if !ok || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s:\n got %+v\nwant %+v", c.name, got, c.want)
		}
		if early, ok := strategy(t).Decide(c.ballots, 1); ok {
			t.Errorf("%s: decided with a call outstanding: %+v", c.name, early)
		}
	}
}

// TestManyTies: however many answers are tied, the first listed wins and the
// tally keeps their order.
func TestManyTies(t *testing.T) {
	var set []Ballot
	for i := range 90 { // the answers 0, 3, 6 … have two votes, the others one
		set = append(set, Ballot{Call: fmt.Sprint(97 * i % 90), Order: i, Outcome: events.CallAnswered, Answer: fmt.Sprint(i), Valid: true})
		if i%3 == 0 {
			set = append(set, Ballot{Call: fmt.Sprint("again", i), Order: 90 + i, Outcome: events.CallAnswered, Answer: fmt.Sprint(i), Valid: true})
		}
	}
	slices.Reverse(set)
	got, _ := strategy(t).Decide(set, 0)
	var want []events.Tally
	for _, votes := range []int{2, 1} {
		for i := range 90 {
			if (i%3 == 0) == (votes == 2) {
				want = append(want, events.Tally{Answer: fmt.Sprint(i), Votes: votes})
			}
		}
	}
	if got.Answer != "0" || !slices.Equal(got.Tally, want) {
		t.Errorf("%+v", got)
	}
}

// ballots draws the ballots of one query: few answers, so that ties are common.
func ballots() *rapid.Generator[[]Ballot] {
	return rapid.Custom(func(t *rapid.T) []Ballot {
		n := rapid.IntRange(0, 9).Draw(t, "n")
		set := make([]Ballot, n)
		for i := range set {
			set[i] = ended(i, rapid.SampledFrom([]string{events.CallAnswered, events.CallAnswered, events.CallAnswered, events.CallFailed, events.CallCancelled}).Draw(t, "outcome"))
			if set[i].Outcome == events.CallAnswered {
				set[i].Valid = rapid.IntRange(0, 4).Draw(t, "valid") > 0
				if set[i].Valid {
					set[i].Answer = rapid.SampledFrom([]string{"1", "2", "3"}).Draw(t, "answer")
				}
			}
			set[i].HasLatency = rapid.IntRange(0, 5).Draw(t, "has latency") > 0
			if set[i].HasLatency {
				set[i].LatencyNS = rapid.Int64Range(0, 1e12).Draw(t, "latency")
			}
		}
		return set
	})
}

// TestVerdictDependsOnTheSetOnly: neither the order of the ballots nor ballots
// that come again change anything in the verdict.
func TestVerdictDependsOnTheSetOnly(t *testing.T) {
	s := strategy(t)
	rapid.Check(t, func(t *rapid.T) {
		set := ballots().Draw(t, "ballots")
		want, ok := s.Decide(set, 0)
		if !ok {
			t.Fatal("not decided")
		}
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "shuffle"), 0))
		again := slices.Clone(set)
		for range rapid.IntRange(0, 10).Draw(t, "repeats") {
			if len(set) > 0 {
				again = append(again, set[r.IntN(len(set))])
			}
		}
		r.Shuffle(len(again), func(i, j int) { again[i], again[j] = again[j], again[i] })
		given := slices.Clone(again)
		got, ok := s.Decide(again, 0)
		if !ok || !reflect.DeepEqual(got, want) {
			t.Fatalf("got %+v\nwant %+v", got, want)
		}
		if !reflect.DeepEqual(again, given) {
			t.Fatal("the ballots were changed")
		}
	})
}

// TestContradictingBallots: even if one call has two different ballots, which the
// log rules out, the verdict does not depend on which came first.
func TestContradictingBallots(t *testing.T) {
	s := strategy(t)
	rapid.Check(t, func(t *rapid.T) {
		set := ballots().Draw(t, "ballots")
		set = append(set, ballots().Draw(t, "other ballots")...)
		want, _ := s.Decide(set, 0)
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "shuffle"), 0))
		r.Shuffle(len(set), func(i, j int) { set[i], set[j] = set[j], set[i] })
		if got, _ := s.Decide(set, 0); !reflect.DeepEqual(got, want) {
			t.Fatalf("got %+v\nwant %+v", got, want)
		}
	})
}

// TestVerdictLaws: what a verdict says of itself is true.
func TestVerdictLaws(t *testing.T) {
	s := strategy(t)
	rapid.Check(t, func(t *rapid.T) {
		set := ballots().Draw(t, "ballots")
		v, _ := s.Decide(set, 0)
		valid, votes := 0, map[string]int{}
		for _, b := range set {
			if b.Valid {
				valid++
				votes[b.Answer]++
			}
		}
		total := 0
		for i, tally := range v.Tally {
			total += tally.Votes
			if votes[tally.Answer] != tally.Votes || i > 0 && tally.Votes > v.Tally[i-1].Votes {
				t.Fatalf("tally %+v of %v", v.Tally, votes)
			}
		}
		if total != valid {
			t.Fatalf("%d of %d votes counted", total, valid)
		}
		if (v.State == events.VoteDecidedState) != (valid > 0) || (v.Reason == "") != (valid > 0) {
			t.Fatalf("%d valid ballots: %+v", valid, v)
		}
		if valid > 0 && (v.Answer != v.Tally[0].Answer || v.Consensus != float64(votes[v.Answer])/float64(valid) || len(v.Winners) != votes[v.Answer]) {
			t.Fatalf("%+v", v)
		}
	})
}

func TestNewRefuses(t *testing.T) {
	for _, p := range []Policy{
		{},
		{Members: []string{"a"}, Vote: "wheighted"},
		{Members: []string{"a"}, Execution: "sequential"},
		{Members: []string{"a"}, Stop: "lossles"},
		{Members: []string{"a", "b"}, Vote: VoteMajority, Options: Options{MinResponses: 3}},
		{Members: []string{"a", "b"}, Options: Options{MinAgreement: 1.5}},
		{Members: []string{"a", "b"}, Options: Options{MinConsensus: math.NaN()}},
		{Members: []string{"a", "b"}, Vote: VoteWeighted, Options: Options{WeightBy: WeightFixed}},
		{Members: []string{"a", "b"}, Vote: VoteWeighted, Options: Options{Weights: map[string]float64{"a": 1, "b": -1}}},
		{Members: []string{"a", "b"}, Vote: VoteWeighted, Options: Options{Weights: map[string]float64{"a": 0, "b": 0}}},
		{Members: []string{"a", "b"}, Vote: VoteWeighted, Options: Options{Weights: map[string]float64{"a": 1}}},
		{Members: []string{"a", "b"}, Vote: VoteWeighted, Options: Options{Weights: map[string]float64{"a": 1, "b": 1, "c": 1}}},
		{Members: []string{"a", "b"}, Vote: VoteJoint},
		{Members: []string{"a", "b"}, Vote: VoteDawidSkene},
		{Members: []string{"a", "b"}, Vote: VoteMeta},
		{Members: []string{"a", "b"}, Vote: VoteBorda, Stop: StopLossless},
		{Members: []string{"a", "b"}, Vote: VoteUnanimous, Stop: StopPosterior},
		{Members: []string{"a", "b"}, Execution: ExecutionCascade, Options: Options{MinModels: 2, MaxModels: 1}},
		{Members: []string{"a", "b"}, Options: Options{Ties: TiesCalibrated}},
		{Members: []string{"a", "b"}, Options: Options{Ties: "coin"}},
	} {
		if s, err := New(p); !errors.Is(err, ErrPolicy) || s != nil {
			t.Errorf("New(%+v) = %v, %v", p, s, err)
		}
	}
	if _, err := New(Policy{Members: []string{"a"}}); err != nil {
		t.Errorf("the defaults: %v", err)
	}
}

func BenchmarkDecide7(b *testing.B) {
	s := strategy(b)
	var set []Ballot
	for i, a := range []string{"y", "x", "z", "y", "x", "y", "w"} {
		set = append(set, answered(i, a, int64(10*i)))
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, ok := s.Decide(set, 0); !ok {
			b.Fatal("not decided")
		}
	}
}
