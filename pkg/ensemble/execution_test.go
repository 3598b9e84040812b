package ensemble

import (
	"slices"
	"testing"

	"github.com/crucible-go/crucible/pkg/events"
)

// timed are ballots with these latencies; a negative one failed after so long.
func timed(ns ...int64) []Recorded {
	out := make([]Recorded, len(ns))
	for i, d := range ns {
		b := answered(i, "x", d)
		if d < 0 {
			b = ended(i, events.CallFailed)
			b.LatencyNS, b.HasLatency = -d, true
		}
		out[i] = Recorded{Ballot: b}
	}
	return out
}

// TestHedged: who is asked, whose answer counts and how long it took.
func TestHedged(t *testing.T) {
	for _, c := range []struct {
		name    string
		answers []Recorded
		most    int // backups
		asked   int
		counted []int
		late    []int
		ns      int64
		state   string
	}{
		{"in time", timed(90, 1, 1), 0, 1, []int{0}, nil, 90, events.VoteDecidedState},
		{"on time", timed(100, 1, 1), 0, 1, []int{0}, nil, 100, events.VoteDecidedState},
		{"the backup wins", timed(500, 50, 1), 0, 2, []int{1}, []int{0}, 150, events.VoteDecidedState},
		{"the primary wins after all", timed(150, 90, 1), 0, 2, []int{0}, []int{1}, 150, events.VoteDecidedState},
		{"the second backup wins", timed(500, 400, 10), 0, 3, []int{2}, []int{0, 1}, 210, events.VoteDecidedState},
		{"one backup at most", timed(500, 400, 10), 1, 2, []int{0, 1}, nil, 500, events.VoteDecidedState},
		{"a failure asks the next at once", timed(-30, 50, 1), 0, 2, []int{0, 1}, nil, 80, events.VoteDecidedState},
		{"all fail", timed(-30, -20, -10), 0, 3, []int{0, 1, 2}, nil, 0, events.VoteFailed},
	} {
		s, err := New(Policy{Members: names(len(c.answers)), Execution: ExecutionHedged, Options: Options{HedgeDelayNS: 100, MaxHedges: c.most}})
		if err != nil {
			t.Fatal(err)
		}
		r := s.Replay(c.answers)
		if len(r.Asked) != c.asked || !slices.Equal(r.Counted, c.counted) || !slices.Equal(r.Late, c.late) || r.State != c.state ||
			c.ns > 0 && (r.LatencyNS != c.ns || !r.HasLatency) {
			t.Errorf("%s: %+v", c.name, r)
		}
	}
}

// TestHedgedByTheClock: while no answer is there, the clock says when a backup is
// due.
func TestHedgedByTheClock(t *testing.T) {
	s, err := New(Policy{Members: names(3), Execution: ExecutionHedged, Options: Options{HedgeDelayNS: 100}})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		asked   []bool
		elapsed int64
		ask     []int
		wait    int64
	}{
		{[]bool{false, false, false}, -1, []int{0}, 0},
		{[]bool{true, false, false}, -1, nil, 0}, // not begun: nobody knows
		{[]bool{true, false, false}, 40, nil, 100},
		{[]bool{true, false, false}, 100, []int{1}, 0},
		{[]bool{true, true, false}, 150, nil, 200},
		{[]bool{true, true, false}, 230, []int{2}, 0},
		{[]bool{true, true, true}, 900, nil, 0},
	} {
		m := s.Next(nil, c.asked, c.elapsed)
		if m.Done || !slices.Equal(m.Ask, c.ask) || m.WaitNS != c.wait {
			t.Errorf("%v after %d: %+v", c.asked, c.elapsed, m)
		}
	}
}

// TestInTurn: the next member is asked when the last has answered, and what was
// never recorded is named, not guessed.
func TestInTurn(t *testing.T) {
	s, err := New(Policy{Members: names(4), Execution: ExecutionSequential})
	if err != nil {
		t.Fatal(err)
	}
	set := said("7", "8", "7", "7")
	asked := make([]bool, 4)
	for n, want := range [][]int{{0}, {1}, {2}, {3}} {
		m := s.Next(set[:n], asked, -1)
		if m.Done || !slices.Equal(m.Ask, want) {
			t.Fatalf("after %d ballots: %+v", n, m)
		}
		if again := s.Next(set[:n], asked, -1); !slices.Equal(again.Ask, want) {
			t.Fatalf("asked anew: %+v", again)
		}
		asked[n] = true
		if waiting := s.Next(set[:n], asked, -1); waiting.Done || len(waiting.Ask) > 0 {
			t.Fatalf("asked already: %+v", waiting)
		}
	}
	if m := s.Next(set, asked, -1); !m.Done || m.Verdict.Answer != "7" || m.Verdict.Consensus != 0.75 {
		t.Errorf("%+v", m)
	}
	r := s.Replay([]Recorded{{Ballot: set[0]}, {Ballot: set[2]}})
	if r.State != "" || !slices.Equal(r.Missing, []int{1}) {
		t.Errorf("an answer that nobody recorded: %+v", r)
	}
	if r := s.Replay([]Recorded{{Ballot: set[0]}, {Ballot: answered(1, "7", 5)}}); r.Answer != "7" || r.Stop != StopConsensus || r.Made != 2 || r.Saved != 2 || r.LatencyNS != 6 {
		t.Errorf("consensus: %+v", r)
	}
}

// TestOffsets: a parallel vote that stops early counts what came first, not what
// arrived first.
func TestOffsets(t *testing.T) {
	s, err := New(Policy{Members: names(3), Stop: StopLossless, Options: Options{Offsets: true}})
	if err != nil {
		t.Fatal(err)
	}
	set := []Ballot{answered(0, "x", 900), answered(1, "y", 30), answered(2, "y", 20)}
	all := []bool{true, true, true}
	if m := s.Next(set[1:], all, -1); m.Done {
		t.Errorf("decided before all had ended: %+v", m)
	}
	m := s.Next(set, all, -1)
	if !m.Done || m.Verdict.Answer != "y" || m.Verdict.LatencyNS != 30 || m.Verdict.Stop != StopLossless || !slices.Equal(m.Verdict.Counted, []int{1, 2}) {
		t.Errorf("%+v", m)
	}
	r := s.Replay([]Recorded{{Ballot: set[0]}, {Ballot: set[1]}, {Ballot: set[2]}})
	if r.Made != 3 || r.Saved != 0 || r.WaitAllNS != 900 || r.SavedNS != 870 || !slices.Equal(r.Late, []int{0}) {
		t.Errorf("%+v", r)
	}
}
