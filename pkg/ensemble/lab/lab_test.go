package lab

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/crucible-go/crucible/pkg/ensemble"
	"github.com/crucible-go/crucible/pkg/latency"
)

// strategy is that of a policy for a population.
func strategy(t testing.TB, p Population, policy ensemble.Policy) func(int) *ensemble.Strategy {
	t.Helper()
	policy.Members = p.Members()
	s, err := ensemble.New(policy)
	if err != nil {
		t.Fatal(err)
	}
	return func(int) *ensemble.Strategy { return s }
}

// TestPopulation: items have the accuracies, the correlation and the share of the
// same wrong answers that they were drawn with.
func TestPopulation(t *testing.T) {
	p := Population{Accuracies: []float64{0.92, 0.7, 0.7}, Rho: 0.4, Same: 0.6}
	items := p.Items(100000, 3)
	d := ensemble.Diagnose(p.Members(), items, nil, 0.95, 1)
	for i, m := range d.Members {
		if math.Abs(m.Accuracy.Estimate-p.Accuracies[i]) > 0.005 {
			t.Errorf("member %d: accuracy %v", i, m.Accuracy.Estimate)
		}
	}
	if math.Abs(d.SameWrong.Estimate-0.6) > 0.01 {
		t.Errorf("same wrong: %v", d.SameWrong.Estimate)
	}
	// Two normal variables of correlation 0.4 are both below the median with
	// probability 1/4 + asin(0.4)/2π; of medians other than 1/2, φ is a bit less.
	if phi := d.Pairs[2].Phi.Estimate; phi < 0.2 || phi > 2*math.Asin(0.4)/math.Pi {
		t.Errorf("phi: %v", phi)
	}
	if again := p.Items(100, 3); !slices.Equal(again, items[:100]) {
		t.Error("the same seed draws other items")
	}
}

// TestLabelledIsBallots: the pattern of the ballots of an item is its own.
func TestLabelledIsBallots(t *testing.T) {
	p := Population{Accuracies: []float64{0.6, 0.5, 0.4, 0.5}, Rho: 0.3, Same: 0.5}
	ballots := make([]ensemble.Ballot, 4)
	for _, l := range p.Items(1000, 1) {
		Ballots(l, p.Members(), ballots)
		right := "?"
		if l.Right >= 0 {
			right = Answer(l.Right)
		}
		if got := ensemble.Label(ballots, right); got != l {
			t.Fatalf("%+v, want %+v", got, l)
		}
	}
}

// TestGrid: on members that err together a calibrated vote is never below the
// best of them nor below the majority; where majority loses, it recovers what
// there is to recover. The long suite has more items and rows.
func TestGrid(t *testing.T) {
	for _, r := range Grid()[5:11] {
		row, err := Measure(r, 12000, 1)
		if err != nil {
			t.Fatal(err)
		}
		if err := row.Check(0.008); err != nil {
			t.Error(err)
		}
	}
}

// seedShape is the latency of the shape that goals speak of.
func seedShape(t testing.TB) latency.Distribution {
	t.Helper()
	d, err := latency.NewPiecewise(800*time.Millisecond, 2*time.Second, 5*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// P99s of an ensemble of three members that agree two by two on 90 % of the
// items, waiting for all against deciding when two agree.
func ensembleP99(t testing.TB, hedge bool) (waitAll, early time.Duration, extra float64) {
	p := Population{Accuracies: []float64{0.94, 0.94, 0.94}, Rho: 0.4, Same: 0.6}
	items := p.Items(60000, 5)
	members := p.Members()
	patient := strategy(t, p, ensemble.Policy{})(0)
	quick := strategy(t, p, ensemble.Policy{Stop: ensemble.StopLossless})(0)
	shape := seedShape(t)
	r := rand.New(rand.NewPCG(9, 9))
	after := shape.Quantile(0.9)
	ballots := make([]ensemble.Ballot, 3)
	recorded := make([]ensemble.Recorded, 3)
	var slow, fast []time.Duration
	agree, hedges, calls := 0, 0, 0
	for _, l := range items {
		Ballots(l, members, ballots)
		for o := range ballots {
			d := shape.Quantile(r.Float64())
			ballots[o].LatencyNS, ballots[o].HasLatency = int64(d), true
			recorded[o].Ballot = ballots[o]
			calls++
		}
		wait := patient.Replay(recorded)
		if hedge {
			for o := range recorded {
				if d := time.Duration(recorded[o].LatencyNS); d > after {
					hedges++
					recorded[o].LatencyNS = int64(min(d, after+shape.Quantile(r.Float64())))
				}
			}
		}
		soon := quick.Replay(recorded)
		if soon.Made != 3 {
			t.Fatal("a parallel ensemble did not ask everybody")
		}
		if soon.Answer != wait.Answer && len(wait.Tied) == 0 {
			t.Fatalf("early %q, waiting %q", soon.Answer, wait.Answer)
		}
		if l.Pattern.Block(0) == l.Pattern.Block(1) {
			agree++
		}
		slow, fast = append(slow, time.Duration(wait.LatencyNS)), append(fast, time.Duration(soon.LatencyNS))
	}
	if share := float64(agree) / float64(len(items)); share < 0.89 || share > 0.92 {
		t.Fatalf("members agree on %v of the items, not on 0.9", share)
	}
	p99 := func(d []time.Duration) time.Duration { slices.Sort(d); return d[len(d)*99/100] }
	return p99(slow), p99(fast), float64(hedges) / float64(calls)
}

// TestEarlyMajority cuts the tail of an ensemble without a further call, and
// more with a hedge.
func TestEarlyMajority(t *testing.T) {
	wait, early, _ := ensembleP99(t, false)
	_, hedged, extra := ensembleP99(t, true)
	cut := func(d time.Duration) float64 { return 1 - float64(d)/float64(wait) }
	t.Logf("P99 %v, early %v (-%.1f %%), with %.1f %% hedges %v (-%.1f %%)", wait, early, 100*cut(early), 100*extra, hedged, 100*cut(hedged))
	if cut(early) < 0.6 || cut(hedged) < 0.7 || extra > 0.105 {
		t.Errorf("P99 %v, early %v, hedged %v with %.3f extra calls", wait, early, hedged, extra)
	}
}

// TestCascade: two cheap members first, the dear one only where they disagree.
func TestCascade(t *testing.T) {
	p := Population{Accuracies: []float64{0.9, 0.9, 0.95}, Rho: 0.4, Same: 0.6}
	price := []float64{1, 1, 10}
	items := p.Items(50000, 2)
	pay := func(sum *float64) func(int, ensemble.Result) {
		return func(_ int, r ensemble.Result) {
			for _, o := range r.Asked {
				*sum += price[o]
			}
		}
	}
	for _, vote := range []string{ensemble.VoteMajority, ensemble.VoteJoint} {
		joint := ensemble.Policy{Members: p.Members(), Vote: vote}
		turn := joint
		turn.Execution = ensemble.ExecutionCascade
		of, fold, err := CrossFitted(joint, items, 5, 1, ensemble.JointOptions{})
		if err != nil {
			t.Fatal(err)
		}
		inTurn, _, err := CrossFitted(turn, items, 5, 1, ensemble.JointOptions{Prefixes: true})
		if err != nil {
			t.Fatal(err)
		}
		all, cascade := 0.0, 0.0
		full := Play(items, p.Members(), func(i int) *ensemble.Strategy { return of[fold[i]] }, pay(&all))
		gated := Play(items, p.Members(), func(i int) *ensemble.Strategy { return inTurn[fold[i]] }, pay(&cascade))
		t.Logf("%s: all %.4f for %.1f; cascade %.4f for %.2f, %.2f times cheaper", vote, full.Accuracy(), all/float64(len(items)),
			gated.Accuracy(), cascade/float64(len(items)), all/cascade)
		if gated.Accuracy() < full.Accuracy()-0.005 || all/cascade < 3 {
			t.Errorf("%s: cascade %v against %v, %v times cheaper", vote, gated.Accuracy(), full.Accuracy(), all/cascade)
		}
	}
}

// BenchmarkRevote decides recorded queries of five members again.
func BenchmarkRevote(b *testing.B) {
	p := Population{Accuracies: []float64{0.92, 0.9, 0.9, 0.85, 0.8}, Rho: 0.4, Same: 0.6}
	items := p.Items(10000, 1)
	of := strategy(b, p, ensemble.Policy{})(0)
	ballots := make([]ensemble.Ballot, 5)
	for i := 0; b.Loop(); i++ {
		Ballots(items[i%len(items)], p.Members(), ballots)
		if _, ok := of.Decide(ballots, 0); !ok {
			b.Fatal("not decided")
		}
	}
}

func ExampleMeasure() {
	row, err := Measure(Population{Accuracies: []float64{0.95, 0.7, 0.7, 0.65, 0.65}, Rho: 0.3, Same: 0.5}, 20000, 1)
	if err != nil {
		panic(err)
	}
	fmt.Printf("best single %.2f, majority %.2f, joint %.2f\n", row.Best, row.Majority, row.Joint)
	// Output: best single 0.95, majority 0.89, joint 0.95
}
