package ensemble

import (
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/crucible-go/crucible/pkg/events"
)

// said are ballots with the answers given, "" for one that could not be read.
func said(answers ...string) []Ballot {
	out := make([]Ballot, len(answers))
	for i, a := range answers {
		out[i] = answered(i, a, int64(i+1))
		out[i].Member = names(len(answers))[i]
		out[i].Valid = a != ""
	}
	return out
}

// sure gives ballots confidences; a negative one is absent.
func sure(ballots []Ballot, confidence ...float64) []Ballot {
	for i, c := range confidence {
		ballots[i].Confidence, ballots[i].HasConfidence = max(c, 0), c >= 0
	}
	return ballots
}

func names(n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = string(rune('a' + i))
	}
	return out
}

func table(values ...float64) map[string]float64 {
	out := map[string]float64{}
	for i, v := range values {
		out[names(len(values))[i]] = v
	}
	return out
}

func ranks(lists ...string) []Ballot {
	out := make([]Ballot, len(lists))
	for i, l := range lists {
		out[i] = answered(i, strings.Fields(l)[0], 1)
		out[i].Ranking = strings.Fields(l)
	}
	return out
}

func TestVotes(t *testing.T) {
	for _, c := range []struct {
		name    string
		vote    string
		o       Options
		ballots []Ballot
		want    string // "" is no answer
		reason  string // part of it
		tied    int
		share   float64
	}{
		{"confidence beats heads", VoteWeighted, Options{}, sure(said("x", "y", "y"), 0.9, 0.4, 0.3), "x", "", 0, 0.9 / 1.6},
		{"an absent confidence weighs nothing", VoteWeighted, Options{}, sure(said("x", "y", "y"), 0.2, -1, -1), "x", "", 0, 1},
		{"no confidence at all", VoteWeighted, Options{}, said("x", "y", "y"), "", "confidence", 0, 0},
		{"fixed weights", VoteWeighted, Options{Weights: table(3, 1, 1)}, said("x", "y", "y"), "x", "", 0, 0.6},
		{"a weight of nothing", VoteWeighted, Options{Weights: table(0, 0, 1)}, said("x", "x", "y"), "y", "", 0, 1},
		{"only weightless members answer", VoteWeighted, Options{Weights: table(0, 0, 1)}, said("x", "x", ""), "", "weight", 0, 0},
		{"log-odds follow the better member", VoteWeighted, Options{Accuracies: table(0.95, 0.6, 0.6)}, said("x", "y", "y"), "x", "", 0, -1},
		{"log-odds follow two against one", VoteWeighted, Options{Accuracies: table(0.7, 0.65, 0.65)}, said("x", "y", "y"), "y", "", 0, -1},
		{"worse than chance weighs nothing", VoteWeighted, Options{Accuracies: table(0.3, 0.6, 0.2)}, said("x", "y", "x"), "y", "", 0, 1},
		{"the surest", VoteBestConfidence, Options{}, sure(said("x", "y", "y"), 0.8, 0.7, 0.6), "x", "", 0, 0.8},
		{"the surest of those that say", VoteBestConfidence, Options{}, sure(said("x", "y", "z"), -1, 0.2, 0.1), "y", "", 0, 0.2},
		{"nobody says", VoteBestConfidence, Options{}, said("x", "y"), "", "confidence", 0, 0},
		{"unanimous", VoteUnanimous, Options{}, said("x", "x", "", "x"), "x", "", 0, 1},
		{"not unanimous", VoteUnanimous, Options{}, said("x", "x", "y"), "", "not unanimous: 2", 0, 2.0 / 3},
		{"unanimous falls back", VoteUnanimous, Options{Fallback: VoteMajority}, said("x", "y", "y"), "y", "", 0, 2.0 / 3},
		{"no quorum", VoteMajority, Options{MinResponses: 3}, said("x", "x", ""), "", "quorum", 0, 1},
		{"a quorum", VoteMajority, Options{MinResponses: 2}, said("x", "x", ""), "x", "", 0, 1},
		{"too little agreement", VoteMajority, Options{MinAgreement: 0.6}, said("x", "x", "y", "z"), "", "min_agreement", 0, 0.5},
		{"enough agreement", VoteMajority, Options{MinAgreement: 0.5}, said("x", "x", "y", "z"), "x", "", 0, 0.5},
		{"a tie to the first listed", VoteMajority, Options{}, said("y", "x", "x", "y"), "y", "", 2, 0.5},
		{"a tie to the most accurate", VoteMajority, Options{Ties: TiesCalibrated, Accuracies: table(0.5, 0.9, 0.6, 0.7)}, said("y", "x", "x", "y"), "x", "", 2, 0.5},
		{"unsupervised weights", VoteDawidSkene, Options{Accuracies: table(0.95, 0.6, 0.6)}, said("x", "y", "y"), "x", "", 0, -1},
		{"borda", VoteBorda, Options{}, ranks("a b c", "a b c", "b c a", "b c a", "b c a"), "b", "", 0, -1},
		{"borda elects the second choice of all", VoteBorda, Options{}, ranks("a m", "b m", "c m"), "m", "", 0, -1},
		{"borda without rankings is a plurality", VoteBorda, Options{}, said("x", "y", "y"), "y", "", 0, -1},
		{"runoff", VoteInstantRunoff, Options{}, ranks("a c b", "a c b", "b c a", "b c a", "c b a"), "b", "", 0, 0.6},
		{"runoff: an absolute majority at once", VoteInstantRunoff, Options{}, ranks("a b", "a b", "b a"), "a", "", 0, 2.0 / 3},
		{"semantic: words", VoteSemantic, Options{}, said("Paris", "paris.", "the Seine"), "Paris", "", 0, 2.0 / 3},
		{"semantic: a sign is no punctuation", VoteSemantic, Options{}, said("-5", "5", "5."), "5", "", 0, 2.0 / 3},
		{"semantic: numbers", VoteSemantic, Options{Equivalence: EquivalenceNumeric, Tolerance: 0.01}, said("3.14", "3.1416", "314"), "3.14", "", 0, 2.0 / 3},
		{"meta", VoteMeta, Options{Votes: []string{VoteMajority, VoteWeighted, VoteBestConfidence}}, sure(said("x", "y", "y"), 0.9, 0.4, 0.3), "x", "", 0, 2.0 / 3},
		{"meta without winners", VoteMeta, Options{Votes: []string{VoteUnanimous, VoteBestConfidence}}, said("x", "y"), "", "none of 2 votes", 0, 0},
	} {
		s, err := New(Policy{Members: names(len(c.ballots)), Vote: c.vote, Options: c.o})
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		v, done := s.Decide(c.ballots, 0)
		if !done || v.Answer != c.want || (c.want == "") != (v.State == events.VoteInvalid) || !strings.Contains(v.Reason, c.reason) || (v.Reason == "") != (c.want != "") {
			t.Errorf("%s: %+v", c.name, v)
		}
		if len(v.Tied) != c.tied || c.share >= 0 && math.Abs(v.Consensus-c.share) > 1e-12 {
			t.Errorf("%s: tied %q, consensus %v", c.name, v.Tied, v.Consensus)
		}
		for _, w := range v.Winners {
			if b := ballotOf(c.ballots, w); !b.Valid || c.vote != VoteSemantic && b.Answer != v.Answer {
				t.Errorf("%s: winner %d of %q", c.name, w, v.Answer)
			}
		}
	}
}

// TestVectors: clusters are made by the cosine, and no chain joins what is far
// apart.
func TestVectors(t *testing.T) {
	at := func(degrees float64) []float32 {
		return []float32{float32(math.Cos(degrees * math.Pi / 180)), float32(math.Sin(degrees * math.Pi / 180))}
	}
	set := said("east", "nearly east", "a little north of east", "north", "west")
	for i, d := range []float64{0, 25, 50, 90, 180} {
		set[i].Vector = at(d)
	}
	s, err := New(Policy{Members: names(5), Vote: VoteSemantic, Options: Options{Equivalence: EquivalenceVector}})
	if err != nil {
		t.Fatal(err)
	}
	v, _ := s.Decide(set, 0)
	if v.Answer != "east" || !slices.Equal(v.Winners, []int{0, 1}) || len(v.Tally) != 4 {
		t.Errorf("%+v", v)
	}
}

// TestSeededTies: the lot depends on the seed and the answers, not on the order,
// and is fair.
func TestSeededTies(t *testing.T) {
	wins := 0
	for seed := range uint64(2000) {
		s, err := New(Policy{Members: names(2), Options: Options{Ties: TiesSeeded, Seed: seed}})
		if err != nil {
			t.Fatal(err)
		}
		v, _ := s.Decide(said("x", "y"), 0)
		w, _ := s.Decide(said("y", "x"), 0)
		if v.Answer != w.Answer || v.TieBreak != TiesSeeded || v.Tied[0] != v.Answer {
			t.Fatalf("%+v and %+v", v, w)
		}
		if v.Answer == "x" {
			wins++
		}
	}
	if wins < 900 || wins > 1100 {
		t.Errorf("x wins %d of 2000 lots", wins)
	}
}

// policies draws policies that exist, of n members.
func policies(n int, executions, stops []string) *rapid.Generator[Policy] {
	return rapid.Custom(func(t *rapid.T) Policy {
		p := Policy{Members: names(n)}
		p.Options = Options{
			MinResponses: rapid.IntRange(0, n).Draw(t, "min responses"), MinAgreement: rapid.SampledFrom([]float64{0, 0.5, 0.75}).Draw(t, "min agreement"),
			Ties: rapid.SampledFrom([]string{TiesListed, TiesCalibrated, TiesSeeded}).Draw(t, "ties"), Seed: 7,
			WeightBy: rapid.SampledFrom([]string{WeightConfidence, WeightFixed, WeightLogOdds}).Draw(t, "weight by"),
			Weights:  map[string]float64{}, Accuracies: map[string]float64{}, Votes: []string{VoteMajority, VoteBorda},
			Fallback: rapid.SampledFrom([]string{"", VoteMajority}).Draw(t, "fallback"), Offsets: true, HedgeDelayNS: 3e11,
			Joint: joint(n),
		}
		for i, m := range p.Members {
			p.Options.Weights[m], p.Options.Accuracies[m] = float64(1+i%3), 0.6+float64(i*7%4)/10
		}
		var fitting []Policy // not every vote can stop early
		for _, p.Vote = range Votes() {
			for _, p.Execution = range executions {
				for _, p.Stop = range stops {
					if _, err := New(p); err == nil {
						fitting = append(fitting, p)
					}
				}
			}
		}
		return rapid.SampledFrom(fitting).Draw(t, "policy")
	})
}

// joint is a calibration of n members on items drawn at random.
func joint(n int) *Joint {
	r := rand.New(rand.NewPCG(1, 2))
	items := make([]Labelled, 200)
	for i := range items {
		answers := make([]string, n)
		for m := range answers {
			answers[m] = []string{"0", "0", "0", "1", "2", ""}[r.IntN(3+r.IntN(4))]
		}
		items[i] = Label(said(answers...), "0")
	}
	j, err := FitJoint(names(n), items, JointOptions{Prefixes: true})
	if err != nil {
		panic(err)
	}
	return j
}

// drawn are ballots of n members for any policy.
func drawn(n int) *rapid.Generator[[]Ballot] {
	return rapid.Custom(func(t *rapid.T) []Ballot {
		set := make([]Ballot, n)
		for i := range set {
			set[i] = ended(i, rapid.SampledFrom([]string{events.CallAnswered, events.CallAnswered, events.CallAnswered, events.CallFailed}).Draw(t, "outcome"))
			if set[i].Outcome == events.CallAnswered && rapid.IntRange(0, 5).Draw(t, "valid") > 0 {
				set[i].Valid, set[i].Answer = true, rapid.SampledFrom([]string{"1", "2", "3"}).Draw(t, "answer")
			}
			set[i].HasConfidence = rapid.Bool().Draw(t, "has confidence")
			if set[i].HasConfidence {
				set[i].Confidence = rapid.SampledFrom([]float64{0, 0.5, 0.9, 1}).Draw(t, "confidence")
			}
			if rapid.IntRange(0, 5).Draw(t, "has latency") > 0 {
				set[i].HasLatency, set[i].LatencyNS = true, rapid.Int64Range(1, 1e12).Draw(t, "latency")
			}
		}
		return set
	})
}

// TestEveryPolicyIsAFold: with any policy neither the order of the ballots nor
// repetitions nor ballots after the verdict change it.
func TestEveryPolicyIsAFold(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, 5).Draw(t, "n")
		p := policies(n, Executions(), Stops()).Draw(t, "policy")
		s, err := New(p)
		if err != nil {
			t.Fatal(err)
		}
		set := drawn(n).Draw(t, "ballots")
		recorded := make([]Recorded, n)
		for i := range set {
			recorded[i] = Recorded{Ballot: set[i]}
		}
		want := s.Replay(recorded)
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "shuffle"), 0))
		again := slices.Clone(set)
		for range rapid.IntRange(0, 4).Draw(t, "repeats") {
			again = append(again, set[r.IntN(n)])
		}
		r.Shuffle(len(again), func(i, j int) { again[i], again[j] = again[j], again[i] })
		all := slices.Repeat([]bool{true}, n)
		m := s.Next(again, all, -1)
		if !m.Done || !reflect.DeepEqual(m.Verdict, want.Verdict) {
			t.Fatalf("%+v:\n got %+v\nwant %+v", p, m, want.Verdict)
		}
		if want.Made+want.Saved != n || len(want.Missing) > 0 || len(want.Counted)+len(want.Late) != want.Made {
			t.Fatalf("%+v", want)
		}
	})
}

// TestLosslessChangesNothing: whatever the vote, the tie rule, the quorum and the
// agreement asked for, a lossless stop has the verdict of waiting for all.
func TestLosslessChangesNothing(t *testing.T) {
	saved := 0
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, 6).Draw(t, "n")
		p := policies(n, []string{ExecutionParallel, ExecutionSequential}, []string{StopLossless}).Draw(t, "policy")
		early, err := New(p)
		if err != nil {
			t.Fatal(err)
		}
		p.Stop, p.Execution = StopNone, ExecutionParallel
		patient, err := New(p)
		if err != nil {
			t.Fatal(err)
		}
		recorded := make([]Recorded, n)
		for i, b := range drawn(n).Draw(t, "ballots") {
			recorded[i] = Recorded{Ballot: b}
		}
		got, want := early.Replay(recorded), patient.Replay(recorded)
		if got.Answer != want.Answer || got.State != want.State {
			t.Fatalf("%+v:\n got %+v\nwant %+v", p, got, want)
		}
		saved += got.Saved
	})
	if saved == 0 {
		t.Error("no lossless stop ever saved a call")
	}
}

func ExampleStrategy_Replay() {
	s, err := New(Policy{Members: []string{"a", "b", "c", "d", "e"}, Execution: ExecutionSequential, Stop: StopLossless})
	if err != nil {
		panic(err)
	}
	var recorded []Recorded
	for _, b := range said("7", "7", "8", "7", "9") {
		recorded = append(recorded, Recorded{Ballot: b})
	}
	r := s.Replay(recorded)
	fmt.Println(r.Answer, r.Stop, r.Made, r.Saved)
	// Output: 7 lossless 4 1
}
