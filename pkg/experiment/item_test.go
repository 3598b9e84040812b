package experiment

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestLookup(t *testing.T) {
	it := Item{Raw: []byte(` { "a" : {"b": "x\n\u00e9\ud83d\ude00\ud83d", "c.d": 1.50, "": 7} ,"list":[true, {"k":[]} ,-1e9],
		"n":null,"twice":1,"twice":{"x":"last"},"a\u0062":"key", "e":"", "big": 12345678901234567890} `)}
	for path, want := range map[string]string{
		"a.b": "x\né😀\uFFFD", `a.c\.d`: "1.50", "list.0": "true", "list.1": `{"k":[]}`, "list.1.k": "[]", "list.2": "-1e9",
		"twice": `{"x":"last"}`, "twice.x": "last", "ab": "key", "e": "", "a.": "7", "big": "12345678901234567890",
	} {
		if got, ok := it.Lookup(path); !ok || got != want {
			t.Errorf("%s: %q, %v, want %q", path, got, ok, want)
		}
	}
	for _, path := range []string{"n", "n.x", "b", "a.c", "list.3", "list.x", "e.f", "", "a.b.c"} {
		if got, ok := it.Lookup(path); ok {
			t.Errorf("%s: %q, want nothing", path, got)
		}
	}
	if got, want := strings.Join(it.Paths(), " "), `a a.b a.c\.d a. list n twice twice twice.x ab e big`; got != want {
		t.Errorf("paths %s, want %s", got, want)
	}
}

// values draws JSON values.
func values(depth int) *rapid.Generator[any] {
	key := rapid.OneOf(rapid.SampledFrom([]string{"a", "b", "0", "1", `c"`, "d.e"}), rapid.String())
	return rapid.Custom(func(t *rapid.T) any {
		kind := rapid.IntRange(0, 6).Draw(t, "kind")
		if depth == 0 {
			kind %= 5
		}
		switch kind {
		case 0:
			return nil
		case 1:
			return rapid.Bool().Draw(t, "bool")
		case 2:
			return rapid.Float64().Draw(t, "number")
		case 3, 4:
			return rapid.String().Draw(t, "text")
		case 5:
			return rapid.SliceOfN(values(depth-1), 0, 4).Draw(t, "list")
		default:
			return rapid.MapOfN(key, values(depth-1), 0, 5).Draw(t, "object")
		}
	})
}

// Lookup finds what encoding/json finds.
func TestLookupAgreesWithJSON(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		object := rapid.MapOf(rapid.SampledFrom([]string{"a", "b", "c"}), values(3)).Draw(t, "object")
		raw, err := json.Marshal(object)
		if err != nil {
			t.Fatal(err)
		}
		if rapid.Bool().Draw(t, "indented") {
			raw, _ = json.MarshalIndent(object, " ", "\t")
		}
		it := Item{Raw: raw}
		for _, p := range it.Paths() {
			var want any
			_ = json.Unmarshal(raw, &want)
			for _, k := range splitPath(p) {
				want = want.(map[string]any)[k]
			}
			got, ok := it.Lookup(p)
			switch want := want.(type) {
			case nil:
				if ok {
					t.Fatalf("%s: %q, want nothing", p, got)
				}
			case string:
				if !ok || got != want {
					t.Fatalf("%s: %q, want %q", p, got, want)
				}
			default:
				var v any
				if err := json.Unmarshal([]byte(got), &v); err != nil || fmt.Sprint(v) != fmt.Sprint(want) {
					t.Fatalf("%s: %s, want %v", p, got, want)
				}
			}
		}
	})
}

func FuzzLookup(f *testing.F) {
	f.Add([]byte(`{"a":{"b":[1,"\u00e9"]}}`), "a.b.1")
	f.Add([]byte(`{"a":`), "a")
	f.Fuzz(func(t *testing.T, raw []byte, path string) {
		it := Item{Raw: raw}
		text, ok := it.Lookup(path) // also of what is not JSON: something or nothing
		if !ok || !json.Valid(raw) {
			return
		}
		if _, again := it.Lookup(path); !again || len(text) > 3*len(raw) {
			t.Fatal("not the same")
		}
	})
}

func newItems(n int) []Item {
	items := make([]Item, n)
	for i := range items {
		items[i] = Item{Input: fmt.Sprint("q", i), Expected: fmt.Sprint("a", i), HasExpected: true, Line: i + 1}
		items[i].Raw = fmt.Appendf(nil, `{"input":"q%d","expected":"a%d","n":%d,"m":{"one":"one %d","ms":%d}}`, i, i, i, i, i*10)
	}
	if err := Identify("f", items); err != nil {
		panic(err)
	}
	return items
}

func ids(items []Item) []string {
	var out []string
	for _, it := range items {
		out = append(out, it.ID)
	}
	return out
}

func TestIdentify(t *testing.T) {
	items := []Item{{Input: "q", Expected: "1", HasExpected: true}, {Input: "q", Expected: "2", HasExpected: true},
		{Input: "q", Expected: "1", HasExpected: true}, {Input: "q"}, {Input: "q", Expected: "1", HasExpected: true}}
	if err := Identify("f", items); err != nil {
		t.Fatal(err)
	}
	first := items[0].ID
	if len(first) != 26 || items[2].ID != first+"-2" || items[4].ID != first+"-3" {
		t.Errorf("ids %q", ids(items))
	}
	if slices.Contains([]string{items[1].ID, items[3].ID}, first) || items[1].ID == items[3].ID {
		t.Errorf("other content, same id: %q", ids(items))
	}
	err := Identify("f.jsonl", []Item{{ID: "x", Line: 3}, {ID: "y", Line: 4}, {ID: "x", Line: 9}})
	if err == nil || err.Error() != `f.jsonl:9: the id "x" is already that of line 3` {
		t.Errorf("got %v", err)
	}
}

// A random sample does not depend on the order of the file, keeps it, and grows
// by adding.
func TestRandomSample(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		items := newItems(rapid.IntRange(1, 60).Draw(t, "items"))
		s := Sample{Method: "random", Size: rapid.IntRange(1, len(items)).Draw(t, "size"), Seed: rapid.Uint64().Draw(t, "seed")}
		chosen, err := s.Choose(items)
		if err != nil || len(chosen) != s.Size {
			t.Fatalf("%d items, %v", len(chosen), err)
		}
		if !slices.IsSortedFunc(chosen, func(a, b Item) int { return a.Line - b.Line }) {
			t.Fatal("not in the order of the file")
		}
		shuffled := slices.Clone(items)
		r := rand.New(rand.NewPCG(s.Seed, 1))
		r.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		other, err := s.Choose(shuffled)
		if err != nil {
			t.Fatal(err)
		}
		a, b := ids(chosen), ids(other)
		slices.Sort(a)
		slices.Sort(b)
		if !slices.Equal(a, b) {
			t.Fatal("another order, another sample")
		}
		s.Size = len(items)
		if all, _ := s.Choose(items); !slices.Equal(ids(all), ids(items)) {
			t.Fatal("a sample of all is not all")
		}
	})
}

// Every item is chosen equally often: 400 of 2,000 samples of 1 in 5, within
// five standard deviations.
func TestRandomSampleIsFair(t *testing.T) {
	items, counts := newItems(50), map[string]int{}
	for seed := range uint64(2000) {
		chosen, err := Sample{Method: "random", Size: 10, Seed: seed}.Choose(items)
		if err != nil {
			t.Fatal(err)
		}
		for _, id := range ids(chosen) {
			counts[id]++
		}
	}
	for id, n := range counts {
		if n < 400-90 || n > 400+90 {
			t.Errorf("item %s is chosen %d times of 2000, want about 400", id, n)
		}
	}
}

func TestChoose(t *testing.T) {
	items := newItems(5)
	if got, err := (Sample{Method: "head", Size: 2}).Choose(items); err != nil || !slices.Equal(ids(got), ids(items[:2])) {
		t.Errorf("head: %v, %v", ids(got), err)
	}
	if got, err := (Sample{Method: "all"}).Choose(items); err != nil || len(got) != 5 {
		t.Errorf("all: %v, %v", ids(got), err)
	}
	for want, s := range map[string]Sample{
		"sample: size 6 is more than the 5 items of the data set": {Method: "head", Size: 6},
		`sample: unknown method "kfold"`:                          {Method: "kfold"},
	} {
		if _, err := s.Choose(items); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

func TestDatasetHash(t *testing.T) {
	items := newItems(3)
	h := DatasetHash(items)
	spaced := slices.Clone(items)
	spaced[1].Raw = []byte(strings.ReplaceAll(string(items[1].Raw), ":", " : "))
	spaced[1].Line = 99
	if DatasetHash(spaced) != h {
		t.Error("white space and lines change the hash")
	}
	for name, change := range map[string]func(it *Item){
		"id": func(it *Item) { it.ID += "x" }, "input": func(it *Item) { it.Input += "x" },
		"expected": func(it *Item) { it.Expected, it.HasExpected = "", false },
		"field":    func(it *Item) { it.Raw = []byte(strings.Replace(string(it.Raw), "one 1", "one 2", 1)) },
	} {
		other := slices.Clone(items)
		change(&other[1])
		if DatasetHash(other) == h {
			t.Errorf("another %s, same hash", name)
		}
	}
	items[0], items[1] = items[1], items[0]
	if DatasetHash(items) == h {
		t.Error("another order, same hash")
	}
}
