package score

import (
	"encoding/json"
	"math"
	"os"
	"testing"

	"pgregory.net/rapid"
)

// reference are values that other programs computed, see testdata/reference/text.py.
type reference struct {
	CorpusBLEU float64 `json:"corpus_bleu"`
	Cases      []struct {
		Answer                 string
		References             []string
		BLEU, ChrF, F1         float64
		Distance               int
		Rouge1, Rouge2, RougeL [3]float64
	}
}

func TestTextReference(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile("testdata/reference/text.json")
	if err != nil {
		t.Fatal(err)
	}
	var want reference
	if err := json.Unmarshal(b, &want); err != nil {
		t.Fatal(err)
	}
	if len(want.Cases) < 70 {
		t.Fatalf("%d cases", len(want.Cases))
	}
	bleu := NewBLEU()
	var corpus BLEUCounts
	for _, c := range want.Cases {
		first := c.References[0]
		got := map[string][2]float64{
			"bleu": {bleu.Sentence(c.Answer, c.References...), c.BLEU},
			"chrf": {ChrF(c.Answer, c.References...), c.ChrF},
			"f1":   {F1(c.Answer, first).F1, c.F1},
			"edit": {float64(Levenshtein(c.Answer, first)), float64(c.Distance)},
		}
		for name, pair := range map[string][2][3]float64{
			"rouge_1": {numbers(Rouge(1, c.Answer, first)), c.Rouge1},
			"rouge_2": {numbers(Rouge(2, c.Answer, first)), c.Rouge2},
			"rouge_l": {numbers(RougeL(c.Answer, first)), c.RougeL},
		} {
			for i, part := range []string{" precision", " recall", ""} {
				got[name+part] = [2]float64{pair[0][i], pair[1][i]}
			}
		}
		for name, pair := range got {
			if math.Abs(pair[0]-pair[1]) > 1e-9 {
				t.Errorf("%s of %q and %q: %.12g, want %.12g", name, c.Answer, c.References, pair[0], pair[1])
			}
		}
		if c.Answer != "" {
			corpus.Add(bleu.Count(c.Answer, first))
		}
	}
	if got := corpus.Score(); math.Abs(got-want.CorpusBLEU) > 1e-9 {
		t.Errorf("BLEU of the corpus: %.12g, want %.12g", got, want.CorpusBLEU)
	}
}

func numbers(o Overlap) [3]float64 { return [3]float64{o.Precision, o.Recall, o.F1} }

// A text agrees with itself entirely, whatever its script; the measures lie in their
// ranges; those that are symmetric are.
func TestTextLaws(t *testing.T) {
	t.Parallel()
	bleu := NewBLEU()
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.String().Draw(t, "a"), rapid.String().Draw(t, "b")
		for name, v := range map[string]float64{
			"f1": F1(a, b).F1, "f1_set": F1Set(a, b).F1, "rouge_1": Rouge(1, a, b).F1, "rouge_2": Rouge(2, a, b).F1, "rouge_l": RougeL(a, b).F1,
			"bleu": bleu.Sentence(a, b) / 100, "chrf": ChrF(a, b) / 100, "similarity": Similarity(a, b),
		} {
			if !(v >= 0 && v <= 1+1e-9) {
				t.Errorf("%s is %g", name, v)
			}
		}
		if F1(a, b).F1 != F1(b, a).F1 || RougeL(a, b).F1 != RougeL(b, a).F1 || Levenshtein(a, b) != Levenshtein(b, a) {
			t.Error("not symmetric")
		}
		if Similarity(a, a) != 1 || F1(a, a).F1 != 1 {
			t.Error("not equal to itself")
		}
		if len(words(a)) > 0 && Rouge(1, a, a).F1 != 1 {
			t.Error("ROUGE-1 with itself is not 1")
		}
		if len(bleu.tokens(a)) > 0 && math.Abs(bleu.Sentence(a, a)-100) > 1e-9 {
			t.Errorf("BLEU with itself is %g", bleu.Sentence(a, a))
		}
	})
}

func TestOtherScriptsAreCompared(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		a, b string
		want float64 // of ROUGE-1
	}{
		{"Привет, мир", "привет мир!", 1},
		{"Привет, мир", "Прощай, мир", 0.5},
		{"你好世界", "你好", 2.0 / 3},
		{"नमस्ते दुनिया", "नमस्ते", 2.0 / 3},
		{"ΟΔΟΣ", "οδος", 1}, // a final sigma
		{"café au lait", "cafe au lait", 2.0 / 3},
	} {
		got := Rouge(1, c.a, c.b).F1
		if math.Abs(got-c.want) > 1e-12 {
			t.Errorf("%q and %q: %g, want %g", c.a, c.b, got, c.want)
		}
	}
}

func TestContains(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		answer, expected string
		want             bool
	}{
		{"The answer is Paris.", "paris", true},
		{"comparison", "paris", false},
		{"it is 12", "12", true},
		{"it is 312", "12", false},
		{"it is 12.5", "12", false},
		{"it is 3.12", "12", false},
		{"it is 12.", "12", true},
		{"it is -5", "5", false},
		{"the top-5", "5", true},
		{"我住在北京。", "北京", true},
		{"", "", true},
		{"x", "", false},
		{"12 and 3.12", "12", true},
	} {
		if got := Contains(c.answer, c.expected); got != c.want {
			t.Errorf("%q in %q: %v", c.expected, c.answer, got)
		}
	}
}

func BenchmarkText(b *testing.B) {
	const answer = "The quick brown fox jumps over the lazy dog, and then it sleeps for 3.5 hours under an old tree."
	const expected = "A quick brown fox jumped over the lazy dog and slept under the old tree for 3.5 hours."
	bleu := NewBLEU()
	for name, f := range map[string]func() float64{
		"f1":      func() float64 { return F1(answer, expected).F1 },
		"rouge_l": func() float64 { return RougeL(answer, expected).F1 },
		"bleu":    func() float64 { return bleu.Sentence(answer, expected) },
		"chrf":    func() float64 { return ChrF(answer, expected) },
		"edit":    func() float64 { return Similarity(answer, expected) },
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if f() <= 0 {
					b.Fatal("nothing in common")
				}
			}
		})
	}
}

func TestCorrectIsTheFullFirstMetric(t *testing.T) {
	t.Parallel()
	const expected = "the cat is on the mat"
	for _, metric := range Metrics() {
		s, err := New("none", "none", []string{metric, MetricExactMatch})
		if err != nil {
			t.Fatal(err)
		}
		if !s.Correct(expected, expected) || s.Correct("the dog is in the house", expected) || s.Correct("", expected) {
			t.Errorf("%s: %v for the text itself, %v for another, %v for none", metric,
				s.Correct(expected, expected), s.Correct("the dog is in the house", expected), s.Correct("", expected))
		}
		if got := s.Score(expected, expected); got[0].Name != metric || got[0].Value < full(metric)-1e-9 || got[1].Value != 1 {
			t.Errorf("%s with itself: %v", metric, got)
		}
		for _, m := range s.Score("", expected) {
			if m.Value != 0 {
				t.Errorf("%s of no answer is %g", m.Name, m.Value)
			}
		}
	}
}
