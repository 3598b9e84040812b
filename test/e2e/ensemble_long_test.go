//go:build long

package e2e

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/crucible-go/crucible/pkg/ensemble"
	"github.com/crucible-go/crucible/pkg/ensemble/lab"
	"github.com/crucible-go/crucible/pkg/events"
	scoring "github.com/crucible-go/crucible/pkg/score"
)

// The ballots of four models on every item of GSM8K, with the right answers.
func gsm8kBallots(t *testing.T) (ballots [][]ensemble.Ballot, right []string) {
	t.Helper()
	s, err := scoring.New(`A:\s*(.+)$`, "numeric", nil)
	if err != nil {
		t.Fatal(err)
	}
	for line := range lines(read(t, gsm8k(t))) {
		var item map[string]json.RawMessage
		decode(t, line, &item)
		var truth string
		decode(t, string(item["ground_truth"]), &truth)
		var set []ensemble.Ballot
		for i, m := range gsm8kModels() {
			var given struct{ Solution string }
			decode(t, string(item[m]), &given)
			answer, ok := s.Read(given.Solution)
			set = append(set, ensemble.Ballot{Call: m, Member: m, Order: i, Outcome: events.CallAnswered, Answer: answer, Valid: ok})
		}
		expected, _ := s.Expected(truth)
		ballots, right = append(ballots, set), append(right, expected)
	}
	return ballots, right
}

// A calibrated vote, in which no item has a say that it helped to weigh, beats
// the best of four models, whom the majority makes 157 answers worse. Asked in
// turn with a lossless stop, the majority is the same for fewer calls.
func TestGSM8KVotes(t *testing.T) {
	ballots, right := gsm8kBallots(t)
	members := gsm8kModels()
	items := make([]ensemble.Labelled, len(ballots))
	for i := range items {
		items[i] = ensemble.Label(ballots[i], right[i])
	}
	for seed := range uint64(10) {
		of, fold, err := lab.CrossFitted(ensemble.Policy{Members: members, Vote: ensemble.VoteJoint}, items, 10, seed, ensemble.JointOptions{})
		if err != nil {
			t.Fatal(err)
		}
		correct := 0
		for i, set := range ballots {
			if v, _ := of[fold[i]].Decide(set, 0); v.Answer == right[i] && v.State == events.VoteDecidedState {
				correct++
			}
		}
		t.Logf("joint, folds of seed %d: %d of %d", seed, correct, len(ballots))
		if correct < 745 {
			t.Errorf("joint, folds of seed %d: %d right, want 745 or more", seed, correct)
		}
	}
	patient, err := ensemble.New(ensemble.Policy{Members: members})
	if err != nil {
		t.Fatal(err)
	}
	turn, err := ensemble.New(ensemble.Policy{Members: members, Execution: ensemble.ExecutionSequential, Stop: ensemble.StopLossless})
	if err != nil {
		t.Fatal(err)
	}
	correct, saved := 0, 0
	for i, set := range ballots {
		recorded := make([]ensemble.Recorded, len(set))
		for o, b := range set {
			recorded[o].Ballot = b
		}
		all, early := patient.Replay(recorded), turn.Replay(recorded)
		if all.Answer != early.Answer {
			t.Errorf("item %d: %q, in turn %q", i, all.Answer, early.Answer)
		}
		if all.Answer == right[i] && all.State == events.VoteDecidedState {
			correct++
		}
		saved += early.Saved
	}
	t.Logf("majority: %d right; in turn %d of %d calls are saved", correct, saved, 4*len(ballots))
	if correct != 585 || saved == 0 {
		t.Errorf("majority: %d right, %d calls saved", correct, saved)
	}
}

// The grid of members that err together, 200,000 items a row.
func TestEnsembleGrid(t *testing.T) {
	for _, p := range lab.Grid() {
		r, err := lab.Measure(p, 200000, 1)
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%v %v/%v: single %.2f majority %.2f log-odds %.2f unsupervised %.2f joint %.2f optimum %.2f; lossless saves %.1f %%, posterior %.1f %% at %.2f points",
			p.Accuracies, p.Rho, p.Same, 100*r.Best, 100*r.Majority, 100*r.LogOdds, 100*r.Unsupervised, 100*r.Joint, 100*r.Optimum,
			100*r.LosslessSaved, 100*r.PosteriorSaved, 100*r.PosteriorLoss)
		if err := r.Check(0.003); err != nil {
			t.Error(err)
		}
		k := len(p.Accuracies)
		if p.Accuracies[0] != p.Accuracies[k-1] {
			continue
		}
		lossless := map[int]float64{3: 0.27, 5: 0.30, 7: 0.36}[k]
		posterior := map[int]float64{5: 0.50, 7: 0.65}[k]
		if r.LosslessSaved < lossless || r.PosteriorSaved < posterior || r.PosteriorLoss > 0.005 {
			t.Errorf("%d members, %v/%v: lossless saves %.3f, want %.2f; posterior %.3f, want %.2f, at %.4f", k, p.Rho, p.Same,
				r.LosslessSaved, lossless, r.PosteriorSaved, posterior, r.PosteriorLoss)
		}
	}
}

// A million recorded queries are voted on again in five seconds.
func TestMillionQueriesAgain(t *testing.T) {
	p := lab.Population{Accuracies: []float64{0.92, 0.9, 0.9, 0.85, 0.8}, Rho: 0.4, Same: 0.6}
	items := p.Items(100000, 1)
	s, err := ensemble.New(ensemble.Policy{Members: p.Members()})
	if err != nil {
		t.Fatal(err)
	}
	sets := make([][]ensemble.Ballot, len(items))
	for i, l := range items {
		sets[i] = make([]ensemble.Ballot, 5)
		lab.Ballots(l, p.Members(), sets[i])
	}
	began := time.Now()
	for i := range 1000000 {
		if _, ok := s.Decide(sets[i%len(sets)], 0); !ok {
			t.Fatal("not decided")
		}
	}
	within(t, "voting on a million queries again", time.Since(began), 5*time.Second)
}
