package score

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/crucible-go/crucible/pkg/events"
)

// scorer returns a scorer or fails the test.
func scorer(t testing.TB, extract, normalize string) *Scorer {
	t.Helper()
	s, err := New(extract, normalize, nil)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// worked are solutions as models write them, with the marker at the end.
const marker = `A:\s*(.+)$`

func TestRead(t *testing.T) {
	for _, c := range []struct {
		extract, normalize, text, want string
		ok                             bool
	}{
		{marker, "numeric", "3 + 4 = 7\nA: 7", "7", true},
		{marker, "numeric", "A: 3\nno, wait.\nA: 1,234.50", "1234.5", true},
		{marker, "numeric", "A: 7\r\n", "7", true},
		{marker, "numeric", "A:\n7", "7", true},
		{marker, "numeric", "A: 7 apples", "", false},
		{marker, "numeric", "A: 1/5", "", false},
		{marker, "numeric", "A: 10+x", "", false},
		{marker, "numeric", "it never ends 18181818", "", false},
		{marker, "numeric", "A:", "", false},
		{marker, "numeric", "", "", false},
		{"", "", "  Paris ", "paris", true},
		{"none", "none", " Paris", " Paris", true},
		{"", "", " \t\n", "", false},
		{"", "", "", "", false},
		{"", "", "\xffParis", "\uFFFDparis", true},
		{"numeric", "numeric", "Step 1: 6 * 7. The answer is 42.", "42", true},
		{"choice", "choice", "The answer is (b).", "B", true},
		{`(?i)final answer: (\w+)`, "", "Final Answer: Yes\nFINAL ANSWER: No", "no", true},
		{`yes|No`, "none", "yes yes No", "No", true},
		{`x(y)?`, "none", "x", "", false},
		{`^(\d+)$`, "none", "1\n22\nx3", "22", true},
	} {
		got, ok := scorer(t, c.extract, c.normalize).Read(c.text)
		if got != c.want || ok != c.ok {
			t.Errorf("%q, %s of %q = %q, %v; want %q, %v", c.extract, c.normalize, c.text, got, ok, c.want, c.ok)
		}
	}
}

// TestExpected: a data set holds worked solutions or bare answers.
func TestExpected(t *testing.T) {
	for _, c := range []struct {
		extract, text, want string
		ok                  bool
	}{
		{marker, "9 * 2 = 18\nA: 18", "18", true},
		{marker, "18", "18", true},
		{"gsm8k", "9 * 2 = <<9*2=18>>18\n#### 18", "18", true},
		{"gsm8k", "1,018.0", "1018", true},
		{marker, "eighteen", "", false},
		{marker, "", "", false},
	} {
		if got, ok := scorer(t, c.extract, "numeric").Expected(c.text); got != c.want || ok != c.ok {
			t.Errorf("%q of %q = %q, %v; want %q, %v", c.extract, c.text, got, ok, c.want, c.ok)
		}
	}
}

func TestScore(t *testing.T) {
	s := scorer(t, "", "")
	for _, c := range []struct {
		answer, expected string
		want             float64
	}{{"a", "a", 1}, {"a", "b", 0}, {"", "", 0}, {"", "a", 0}, {"a", "", 0}} {
		got := s.Score(c.answer, c.expected)
		if len(got) != 1 || got[0] != (events.Metric{Name: MetricExactMatch, Value: c.want}) {
			t.Errorf("Score(%q, %q) = %v", c.answer, c.expected, got)
		}
	}
}

func TestNewRefuses(t *testing.T) {
	for _, c := range []struct {
		extract, normalize string
		metrics            []string
		unknown            bool
	}{
		{"gsm8l", "", nil, true},
		{"", "lower", nil, true},
		{"", "", []string{"exact_match", "exact"}, true},
		{"(", "", nil, false},
		{`(?<x`, "", nil, false},
	} {
		if s, err := New(c.extract, c.normalize, c.metrics); err == nil || s != nil || errors.Is(err, ErrUnknown) != c.unknown {
			t.Errorf("New(%q, %q, %v) = %v, %v", c.extract, c.normalize, c.metrics, s, err)
		}
	}
}

// TestConcurrentUse: a scorer may be shared.
func TestConcurrentUse(t *testing.T) {
	s := scorer(t, marker, "lowercase_trim")
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			for range 200 {
				if got, ok := s.Read("A: ÉTÉ"); got != "été" || !ok {
					t.Errorf("read %q, %v", got, ok)
				}
			}
		})
	}
	wait.Wait()
}

// answers draws texts that resemble answers, and any text at all.
func answers() *rapid.Generator[string] {
	return rapid.OneOf(
		rapid.StringMatching(`[ ]?[-+−]?[$€]?[0-9]{0,4}(,[0-9]{3})?(\.[0-9]{0,4})?(e[-+]?[0-9]{1,2})?%?\.?`),
		rapid.StringMatching(`[*(\[ ]?[A-Za-z][)\].: ]?`),
		rapid.String(),
		rapid.StringOf(rapid.SampledFrom([]rune("Aa\u0301İıΣσς ß\u00a0ﬁǅ\u1e9eÅ\u212b\u0345.,-5"))),
	)
}

// TestNormalizersAreIdempotent: what a normaliser returns it returns again, and it
// is UTF-8 and not empty.
func TestNormalizersAreIdempotent(t *testing.T) {
	for _, name := range []string{"none", "lowercase_trim", "numeric", "choice"} {
		n, err := NewNormalizer(name)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				text := answers().Draw(t, "text")
				once, ok := n.Normalize(text)
				if !ok {
					if once != "" {
						t.Fatalf("invalid, but %q", once)
					}
					return
				}
				twice, ok := n.Normalize(once)
				if !ok || twice != once || once == "" || !utf8.ValidString(once) {
					t.Fatalf("%q is %q, which is %q, %v", text, once, twice, ok)
				}
			})
		})
	}
}

// FuzzRead: whatever a model writes, reading it neither fails nor returns what is
// not canonical.
func FuzzRead(f *testing.F) {
	for _, s := range []string{"A: 7", "#### 1,234", "(B)", "\xff", "−5 %", "A: #### A:", "1e308", "$-.5."} {
		f.Add(s)
	}
	var all []*Scorer
	for _, extract := range []string{"", "gsm8k", "choice", "numeric", marker} {
		for _, normalize := range []string{"none", "lowercase_trim", "numeric", "choice"} {
			all = append(all, scorer(f, extract, normalize))
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, s := range all {
			answer, ok := s.Read(text)
			if ok != (answer != "") || !utf8.ValidString(answer) {
				t.Errorf("%s, %s: read %q, %v", s.extract, s.normalize, answer, ok)
			}
			if again, ok := s.normalize.Normalize(answer); answer != "" && (!ok || again != answer) {
				t.Errorf("%s, %s: %q is %q", s.extract, s.normalize, answer, again)
			}
		}
	})
}

// solution is a worked solution of usual length.
var solution = strings.Repeat("She sells 16 - 3 - 4 = <<16-3-4=9>>9 eggs a day for $2 each.\n", 5) + "A: 18"

func benchmarkRead(b *testing.B, extract, normalize, text string) {
	s := scorer(b, extract, normalize)
	b.ReportAllocs()
	for b.Loop() {
		if _, ok := s.Read(text); !ok {
			b.Fatal("not read")
		}
	}
}

func BenchmarkReadExpression(b *testing.B) { benchmarkRead(b, marker, "numeric", solution) }
func BenchmarkReadGSM8K(b *testing.B)      { benchmarkRead(b, "gsm8k", "numeric", solution) }
func BenchmarkReadNumeric(b *testing.B)    { benchmarkRead(b, "numeric", "numeric", solution) }
func BenchmarkReadChoice(b *testing.B) {
	benchmarkRead(b, "choice", "choice", strings.ReplaceAll(solution, "A: 18", "The answer is (B)."))
}
func BenchmarkReadLowercase(b *testing.B) { benchmarkRead(b, "", "", "  Paris ") }
func BenchmarkReadLowercaseUnicode(b *testing.B) {
	benchmarkRead(b, "", "", "  Ελλάδα, Αθήνα ")
}

// TestReadIsLinear: texts made to be slow are read in a time that grows with
// their length, not with its square: a quadratic reader would stand out.
func TestReadIsLinear(t *testing.T) {
	for _, part := range []string{"A:", "####", "#", "A: A:\n", "(", "A ", "1,", "1.", "-", "$", "e\u0301", " answer is", "1e"} {
		text := strings.Repeat(part, 1<<18/len(part))
		for _, extract := range []string{"", "gsm8k", "choice", "numeric", marker} {
			for _, normalize := range []string{"lowercase_trim", "numeric", "choice"} {
				scorer(t, extract, normalize).Read(text)
			}
		}
	}
}
