package arithmetic

import (
	"bytes"
	"encoding/json"
	"math"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// The file that examples read is what the generator makes, byte for byte.
func TestCheckedInFile(t *testing.T) {
	want, err := JSONL(Problems, Seed)
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("problems.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("problems.jsonl differs: run `go run ./examples/arithmetic/generate > examples/arithmetic/problems.jsonl`")
	}
	if len(got) > 400<<10 {
		t.Errorf("the file has %d bytes", len(got))
	}
}

func readItems(t *testing.T) []item {
	t.Helper()
	b, err := JSONL(Problems, Seed)
	if err != nil {
		t.Fatal(err)
	}
	var items []item
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	for dec.More() {
		var it item
		if err := dec.Decode(&it); err != nil {
			t.Fatal(err)
		}
		items = append(items, it)
	}
	return items
}

// final is the number on the last line, as the specs' score.extract reads it.
func final(text string) (float64, bool) {
	all := regexp.MustCompile(`A:\s*(.+)$`).FindAllStringSubmatch(text, -1)
	if all == nil {
		return 0, false
	}
	v, err := strconv.ParseFloat(all[len(all)-1][1], 64)
	return v, err == nil
}

func TestModelsAreAsAccurateAsTheySay(t *testing.T) {
	items := readItems(t)
	right, invalid, both := map[string]int{}, map[string]int{}, 0
	for _, it := range items {
		want, ok := final(it.Answer)
		if !ok {
			t.Fatalf("%s: the answer has no number: %q", it.ID, it.Answer)
		}
		var wrong []float64
		for name, r := range map[string]recorded{"sim_small": it.Small, "sim_medium": it.Medium, "sim_large": it.Large} {
			got, ok := final(r.Solution)
			switch {
			case !ok:
				invalid[name]++
			case got == want:
				right[name]++
			default:
				wrong = append(wrong, got)
			}
		}
		if len(wrong) >= 2 && (wrong[0] == wrong[1] || wrong[0] == wrong[len(wrong)-1]) {
			both++
		}
	}
	for _, m := range models() {
		if want := int(math.Round(m.accuracy * float64(len(items)))); right[m.name] != want {
			t.Errorf("%s is right %d times, want %d", m.name, right[m.name], want)
		}
		if invalid[m.name] == 0 {
			t.Errorf("%s has no unreadable answer", m.name)
		}
	}
	if both < 10 {
		t.Errorf("models agree on a wrong answer only %d times: their mistakes should be correlated", both)
	}
}

func TestItemsAreDifferentAndComplete(t *testing.T) {
	items := readItems(t)
	if len(items) != Problems {
		t.Fatalf("%d items", len(items))
	}
	ids, questions := map[string]bool{}, map[string]bool{}
	for _, it := range items {
		if ids[it.ID] || questions[it.Question] {
			t.Errorf("%s occurs twice", it.ID)
		}
		ids[it.ID], questions[it.Question] = true, true
		if !strings.HasSuffix(it.Question, "?") && !strings.Contains(it.Question, "? ") {
			t.Errorf("%s asks nothing: %q", it.ID, it.Question)
		}
	}
}

// Every problem of every template has a positive answer with at most two
// decimals, and a slip changes it.
func TestTemplates(t *testing.T) {
	shapes := templates()
	rapid.Check(t, func(t *rapid.T) {
		seed := rapid.Uint64().Draw(t, "seed")
		shape := rapid.IntRange(0, len(shapes)-1).Draw(t, "template")
		r := newRand(seed)
		p := shapes[shape](r, "Ada")
		right := slip{step: -1}
		answer := p.answer(right)
		if answer <= 0 {
			t.Fatalf("the answer is %v: %s", answer, p.question)
		}
		if n := len(p.steps); n < 2 || n > 4 {
			t.Fatalf("%d steps", n)
		}
		if s := drawSlip(r, &p); p.answer(s) == answer {
			t.Fatalf("the slip %+v changes nothing", s)
		}
		got, ok := final(p.worked())
		if !ok || math.Round(got*100) != float64(answer) {
			t.Fatalf("worked answer %q, want %v", p.worked(), answer)
		}
	})
}

func TestSameSeedSameBytes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n, seed := rapid.IntRange(1, 40).Draw(t, "n"), rapid.Uint64().Draw(t, "seed")
		a, errA := JSONL(n, seed)
		b, errB := JSONL(n, seed)
		if errA != nil || errB != nil || !bytes.Equal(a, b) {
			t.Fatalf("differ: %v %v", errA, errB)
		}
	})
}

func TestAmount(t *testing.T) {
	for a, want := range map[amount]string{0: "0", 100: "1", 150: "1.5", 125: "1.25", 5: "0.05", -250: "-2.5", 123400: "1234"} {
		if got := a.String(); got != want {
			t.Errorf("%d: %q, want %q", int64(a), got, want)
		}
	}
}
