package ensemble

import (
	"encoding/json"
	"errors"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// TestPatterns: what a pattern says of ballots, and of some of them.
func TestPatterns(t *testing.T) {
	p := PatternOf(said("x", "", "y", "x", "z"))
	if p.text(5) != "a-bac" || p.Blocks() != 3 || p.Block(1) != -1 || p.Block(3) != 0 || p.Prefix(3).text(5) != "a-b--" {
		t.Errorf("%s: %d blocks", p.text(5), p.Blocks())
	}
	sub, from := p.Subset([]int{4, 1, 0, 3})
	if sub.text(4) != "a-bb" || !slices.Equal(from, []int{2, 0}) {
		t.Errorf("subset %s from %v", sub.text(4), from)
	}
	l := Label(said("x", "", "y", "x", "z"), "z")
	if l.Right != 2 || l.Subset([]int{4, 0}).Right != 0 || l.Subset([]int{0, 2}).Right != -1 || l.prefix(4).Right != -1 {
		t.Errorf("%+v", l)
	}
	rapid.Check(t, func(t *rapid.T) {
		set := drawn(rapid.IntRange(1, 5).Draw(t, "n")).Draw(t, "ballots")
		p := PatternOf(set)
		back, err := parsePattern(p.text(len(set)))
		if err != nil || back != p {
			t.Fatalf("%s reads as %s: %v", p.text(5), back.text(5), err)
		}
	})
	for _, bad := range []string{"b", "ac", "A", "aaaaaaaaaaaaaaaaa"} {
		if _, err := parsePattern(bad); err == nil {
			t.Errorf("%q is a pattern", bad)
		}
	}
}

// TestJoint: a vote that was calibrated on items where two members err together
// follows the third against them, and says how sure it is.
func TestJoint(t *testing.T) {
	var items []Labelled
	for i := range 300 {
		switch {
		case i%3 == 0:
			items = append(items, Label(said("w", "w", "r"), "r"))
		case i%30 == 1:
			items = append(items, Label(said("r", "r", "w"), "r"))
		default:
			items = append(items, Label(said("r", "r", "r"), "r"))
		}
	}
	j, err := FitJoint(names(3), items, JointOptions{})
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(j)
	if err != nil {
		t.Fatal(err)
	}
	var read Joint
	if err := json.Unmarshal(text, &read); err != nil {
		t.Fatal(err)
	}
	for name, vote := range map[string]*Joint{"fitted": j, "read": &read} {
		s, err := New(Policy{Members: names(3), Vote: VoteJoint, Options: Options{Joint: vote}})
		if err != nil {
			t.Fatal(err)
		}
		v, _ := s.Decide(said("8", "8", "7"), 0)
		if v.Answer != "7" || !v.HasConfidence || math.Abs(v.Confidence-100.0/110) > 0.03 {
			t.Errorf("%s: %+v", name, v)
		}
		if v, _ := s.Decide(said("8", "8", "8"), 0); v.Answer != "8" || v.Confidence < 0.95 {
			t.Errorf("%s: %+v", name, v)
		}
	}
	if _, err := New(Policy{Members: []string{"a", "c", "b"}, Vote: VoteJoint, Options: Options{Joint: j}}); !errors.Is(err, ErrPolicy) {
		t.Errorf("a calibration of other members: %v", err)
	}
	if _, err := FitJoint(names(3), items[:9], JointOptions{}); !errors.Is(err, ErrCalibration) {
		t.Errorf("nine items: %v", err)
	}
	for _, bad := range []string{`{}`, `{"members":["a"],"accuracies":[1],"strength":1,"models":[{"asked":1,"single":[]}]}`,
		`{"members":["a"],"accuracies":[1],"strength":1,"models":[{"asked":1,"single":[1],"patterns":[{"pattern":"a","seen":1,"right":[2]}]}]}`,
		`{"members":["a"],"accuracies":[1],"strength":0,"models":[{"asked":1,"single":[1]}]}`} {
		if err := json.Unmarshal([]byte(bad), new(Joint)); !errors.Is(err, ErrCalibration) {
			t.Errorf("%s: %v", bad, err)
		}
	}
}

// TestFoldsKeepGroups: no group is split, folds are even, and the draw depends on
// the seed.
func TestFoldsKeepGroups(t *testing.T) {
	groups := make([]string, 300)
	for i := range groups {
		groups[i] = names(26)[i/3%26] + names(26)[i/78]
	}
	fold := Folds(groups, 5, 1)
	sizes, of := make([]int, 5), map[string]int{}
	for i, f := range fold {
		sizes[f]++
		if at, ok := of[groups[i]]; ok && at != f {
			t.Fatalf("group %s is in folds %d and %d", groups[i], at, f)
		}
		of[groups[i]] = f
	}
	if slices.Min(sizes) < 57 || slices.Max(sizes) > 63 {
		t.Errorf("sizes %v", sizes)
	}
	if slices.Equal(fold, Folds(groups, 5, 2)) {
		t.Error("another seed draws the same folds")
	}
}

// TestDawidSkene: independent members are estimated well, without labels, and
// there is always a warning.
func TestDawidSkene(t *testing.T) {
	want := []float64{0.9, 0.75, 0.6}
	turn := func(i int, share float64) bool { return math.Mod(float64(i)*0.6180339887+share*math.Pi, 1) < share }
	var patterns []Pattern
	for i := range 4000 {
		answers := make([]string, 3)
		for m, a := range want {
			answers[m] = "w" + names(3)[(i+m)%3]
			if turn(i*(3+2*m), a) {
				answers[m] = "r"
			}
		}
		patterns = append(patterns, PatternOf(said(answers...)))
	}
	e, err := DawidSkene(3, patterns, 4)
	if err != nil || len(e.Warnings) == 0 {
		t.Fatalf("%+v, %v", e, err)
	}
	for m, a := range want {
		if math.Abs(e.Accuracies[m]-a) > 0.08 {
			t.Errorf("member %d: %v, want about %v", m, e.Accuracies[m], a)
		}
	}
	if _, err := DawidSkene(1, patterns, 4); !errors.Is(err, ErrCalibration) {
		t.Errorf("one member: %v", err)
	}
}
