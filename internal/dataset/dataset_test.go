package dataset

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/crucible-go/crucible/pkg/experiment"
	"pgregory.net/rapid"
)

var fields = experiment.Fields{Input: "q", Expected: "a"}

func load(t testing.TB, kind, text string, f experiment.Fields) (Result, error) {
	t.Helper()
	return Load(t.Context(), Source{Kind: kind, Name: "f"}, strings.NewReader(text), f)
}

func zipped(t testing.TB, text string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestJSONLines(t *testing.T) {
	text := "\xEF\xBB\xBF{\"q\":\"one\",\"a\":1.50}\r\n\n  \t\r\n{\"q\":2,\"a\":\"é\\u00e9\"}\n{\"q\":true,\"a\":null}"
	for name, src := range map[string]string{"plain": text, "zipped": zipped(t, text)} {
		res, err := load(t, "jsonl", src, fields)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, it := range res.Items {
			got = append(got, fmt.Sprintf("%d %s %s %v", it.Line, it.Input, it.Expected, it.HasExpected))
		}
		if want := "1 one 1.50 true|4 2 éé true|5 true  false"; strings.Join(got, "|") != want {
			t.Errorf("%s: got %q, want %s", name, got, want)
		}
		sum := sha256.Sum256([]byte(src))
		if res.SHA256 != hex.EncodeToString(sum[:]) || res.Bytes != int64(len(src)) {
			t.Errorf("%s: hash %s of %d bytes", name, res.SHA256, res.Bytes)
		}
	}
}

func TestCSV(t *testing.T) {
	res, err := load(t, "csv", "\xEF\xBB\xBFq,a,\"the \"\"x\"\"\"\r\n\"two\nlines, \"\"quoted\"\"\",4,é\r\nplain,,\r\n", fields)
	if err != nil {
		t.Fatal(err)
	}
	a, b := res.Items[0], res.Items[1]
	if x, ok := a.Lookup(`the "x"`); a.Input != "two\nlines, \"quoted\"" || a.Expected != "4" || a.Line != 2 || x != "é" || !ok {
		t.Errorf("got %+v", a)
	}
	if b.HasExpected || b.Line != 4 || b.Input != "plain" {
		t.Errorf("got %+v", b)
	}
}

func TestMistakes(t *testing.T) {
	withID := experiment.Fields{ID: "id", Input: "q", Expected: "a"}
	for _, c := range []struct {
		name, kind, text string
		fields           experiment.Fields
		want, hint       string
	}{
		{"empty", "jsonl", "", fields, "f: the data set has no items", ""},
		{"only blanks", "jsonl", "\n \n", fields, "f: the data set has no items", ""},
		{"only a header", "csv", "q,a\n", fields, "f: the data set has no items", ""},
		{"cut off", "jsonl", "{\"q\":1}\n{\"q\":\"x", fields, "f:2:7: the line is not JSON: unexpected end of JSON input", "the line is cut off: an object ends in the line in which it begins"},
		{"comma", "jsonl", "{\"q\":1}\n\n{\"q\":1,}", fields, "f:3:8: the line is not JSON: invalid character '}' looking for beginning of object key string", ""},
		{"NaN", "jsonl", "{\"q\":1}\n{\"q\":NaN}", fields, "f:2:6: the line is not JSON: invalid character 'N' looking for beginning of value", "JSON has no NaN: write null"},
		{"array", "jsonl", "[\n{\"q\":1}\n]", fields, "f:1:1: the line is not JSON: unexpected end of JSON input\nf:3:1: the line is not JSON: invalid character ']' looking for beginning of value",
			"line 1: write one JSON object into each line, without a list around them"},
		{"not an object", "jsonl", "\"x\"\n[1]\n12\ntrue\nnull", fields, "f:1: the line is a text, not a JSON object\nf:2: the line is a list, not a JSON object\nf:3: the line is a number, not a JSON object\nf:4: the line is a truth value, not a JSON object\nf:5: the line is null, not a JSON object", ""},
		{"not UTF-8", "jsonl", "{\"q\":\"\xff\"}", fields, "f:1:7: the line is not UTF-8", ""},
		{"UTF-16", "jsonl", "\xff\xfe{\x00", fields, "dataset f: the text is UTF-16: save it as UTF-8", ""},
		{"unknown field", "jsonl", `{"question":"x","a":"y"}`, experiment.Fields{Input: "quetsion", Expected: "a"}, `f:1: the item has no value at "quetsion" (dataset.fields.input)`, `did you mean "question"?`},
		{"field inside", "jsonl", `{"question":{"text":"x"},"a":"y"}`, experiment.Fields{Input: "question", Expected: "a"}, `f:1: the value at "question" (dataset.fields.input) is an object: want a text, a number or a truth value`, "name a field inside it: question.text"},
		{"list", "jsonl", `{"q":"x","a":["y"]}`, fields, `f:1: the value at "a" (dataset.fields.expected) is a list: want a text, a number or a truth value`, "name one of its elements: a.0"},
		{"no id", "jsonl", `{"q":"x","a":"y"}`, withID, `f:1: the item has no value at "id" (dataset.fields.id)`, "the item has: q, a"},
		{"bad id", "jsonl", `{"q":"x","a":"y","id":"a\nb"}`, withID, `f:1: the id "a\nb" has the control character U+000A`, ""},
		{"id twice", "jsonl", "{\"q\":1,\"id\":7}\n{\"q\":2,\"id\":\"7\"}", withID, `f:2: the id "7" is already that of line 1`, "each item needs its own id; without dataset.fields.id items are identified by their content"},
		{"short row", "csv", "q,a\nx\ny,1,2\n", fields, "f:2: the row has 1 cells, the header has 2\nf:3: the row has 3 cells, the header has 2", ""},
		{"quote", "csv", "q,a\nx,\"y\"z\n", fields, "f:2:5: the row is not CSV: extraneous or missing \" in quoted-field", `a double quote inside a cell is written "" and the cell put into double quotes`},
		{"open quote", "csv", "q,a\nx,\"y\nz\n", fields, "f:3:3: the row is not CSV: extraneous or missing \" in quoted-field", "the row begins in line 2: is a double quote missing there?"},
		{"column twice", "csv", "q,q\n1,2\n", fields, `f:1: two columns have the name "q"`, ""},
		{"column without name", "csv", "q,\n1,2\n", fields, "f:1: column 2 has no name", "the first row names the columns"},
		{"cell not UTF-8", "csv", "q,a\n\xff,2\n", fields, `f:2: the cell in column "q" is not UTF-8`, ""},
		{"column of another name", "csv", "question,a\nx,2\n", fields, `f:2: the item has no value at "q" (dataset.fields.input)`, "the item has: question, a"},
		{"zip cut off", "jsonl", zipped(t, strings.Repeat("{\"q\":1}\n", 100))[:30], fields, "f: the file is cut off: its gzip stream has no end", "fetch it again"},
		{"kind", "xml", "<a>", fields, `dataset f: unknown kind "xml"`, ""},
	} {
		_, err := load(t, c.kind, c.text, c.fields)
		if err == nil || err.Error() != c.want {
			t.Errorf("%s: got\n%v\nwant\n%s", c.name, err, c.want)
			continue
		}
		var problems experiment.Errors
		if errors.As(err, &problems) && c.hint != "" && problems.Hint() != c.hint {
			t.Errorf("%s: hint\n%s\nwant\n%s", c.name, problems.Hint(), c.hint)
		}
	}
}

func TestManyMistakes(t *testing.T) {
	_, err := load(t, "jsonl", strings.Repeat("x\n", 1000), fields)
	var problems experiment.Errors
	if !errors.As(err, &problems) || len(problems) != 10 {
		t.Errorf("got %v", err)
	}
}

func TestUnreadable(t *testing.T) {
	broken := errors.New("the disk is gone")
	for _, kind := range []string{"jsonl", "csv"} {
		r := io.MultiReader(strings.NewReader(map[string]string{"csv": "q,a\n", "jsonl": "{\"q\":1}\n"}[kind]), iotest.ErrReader(broken))
		if _, err := Load(t.Context(), Source{Kind: kind, Name: "f"}, r, fields); !errors.Is(err, broken) {
			t.Errorf("%s: got %v", kind, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Load(ctx, Source{Kind: "jsonl", Name: "f"}, strings.NewReader("{\"q\":1}\n"), fields); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestLongLines(t *testing.T) {
	long := strings.Repeat("ä", 5<<20)
	text := "{\"q\":\"short\"}\n{\"q\":\"" + long + "\"}\n{\"q\":\"end\"}"
	res, err := Load(t.Context(), Source{Kind: "jsonl", Name: "f"}, iotest.HalfReader(strings.NewReader(text)), fields)
	if err != nil || len(res.Items) != 3 || res.Items[1].Input != long || res.Items[2].Line != 3 {
		t.Errorf("%d items, %v", len(res.Items), err)
	}
	endless := io.LimitReader(endlessText{}, MaxLine+2<<20)
	if _, err := Load(t.Context(), Source{Kind: "jsonl", Name: "f"}, endless, fields); err == nil || err.Error() != "f:1: the line is longer than 64 MiB" {
		t.Errorf("got %v", err)
	}
}

type endlessText struct{}

func (endlessText) Read(p []byte) (int, error) {
	return copy(p, bytes.Repeat([]byte{'x'}, len(p))), nil
}

func TestLimit(t *testing.T) {
	text := strings.Repeat("{\"q\":1}\n", 300_000) + "not JSON"
	res, err := Load(t.Context(), Source{Kind: "jsonl", Name: "f", Limit: 2}, strings.NewReader(text), fields)
	sum := sha256.Sum256([]byte(text))
	if err != nil || len(res.Items) != 2 || res.SHA256 != hex.EncodeToString(sum[:]) {
		t.Errorf("%d items, hash %s, %v", len(res.Items), res.SHA256, err)
	}
}

func TestLoadAnswers(t *testing.T) {
	m := &experiment.Model{ID: "m", Field: "out.text", LatencyField: "out.ms", LatencyUnit: "ms", Fields: &experiment.ModelFields{ID: "task"}}
	a, err := LoadAnswers(t.Context(), "f", strings.NewReader(`{"task":1,"out":{"text":"a","ms":5}}
{"task":"1","out":{"text":"b"}}
{"task":"2","out":{"text":null}}
`), m)
	if err != nil || fmt.Sprint(a) != "{m map[1:[{a 5000000} {b 0}]]}" {
		t.Errorf("%v, %v", a, err)
	}
	for text, want := range map[string]string{
		`{"out":{}}`:                             `f:1: the item has no value at "task" (models.fields.id)`,
		`{"task":1,"out":{"text":"a","ms":"x"}}`: `f:1: model "m": out.ms: "x" is not a latency: want a number of ms, or a text like "800ms"`,
	} {
		if _, err := LoadAnswers(t.Context(), "f", strings.NewReader(text), m); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	m.Field, m.LatencyField = "text", ""
	if a, err := LoadAnswers(t.Context(), "f.csv.gz", strings.NewReader(zipped(t, "task,text\nx,y\n")), m); err != nil || a.ByItem["x"][0].Text != "y" {
		t.Errorf("%v, %v", a, err)
	}
}

// However a file is cut into reads, and whichever of the two kinds it is, the
// items are the same.
func TestSameItems(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var lines, table bytes.Buffer
		w := csv.NewWriter(&table)
		_ = w.Write([]string{"q", "a"}) // to memory
		n := rapid.IntRange(1, 8).Draw(t, "items")
		for range n {
			q := "q" + strings.ReplaceAll(rapid.String().Draw(t, "q"), "\r", "")
			a := strings.ReplaceAll(rapid.StringMatching(`[a-z",\n]{1,9}`).Draw(t, "a"), "\r", "")
			b, err := json.Marshal(map[string]string{"q": q, "a": a})
			if err != nil {
				t.Fatal(err)
			}
			lines.Write(append(b, '\n'))
			_ = w.Write([]string{q, a}) // to memory
		}
		w.Flush()
		ctx := context.Background()
		want, err := Load(ctx, Source{Kind: "jsonl", Name: "f"}, bytes.NewReader(lines.Bytes()), fields)
		if err != nil {
			t.Fatal(err)
		}
		slow, err := Load(ctx, Source{Kind: "jsonl", Name: "f"}, iotest.OneByteReader(bytes.NewReader(lines.Bytes())), fields)
		if err != nil {
			t.Fatal(err)
		}
		fromTable, err := Load(ctx, Source{Kind: "csv", Name: "f"}, bytes.NewReader(table.Bytes()), fields)
		if err != nil {
			t.Fatal(err)
		}
		for i, it := range want.Items {
			for _, other := range []experiment.Item{slow.Items[i], fromTable.Items[i]} {
				if other.ID != it.ID || other.Input != it.Input || other.Expected != it.Expected {
					t.Fatalf("%+v and %+v", it, other)
				}
			}
		}
		if experiment.DatasetHash(slow.Items) != experiment.DatasetHash(want.Items) {
			t.Fatal("another hash")
		}
	})
}

func FuzzLoad(f *testing.F) {
	f.Add([]byte("{\"q\":\"x\",\"a\":1}\n"), false)
	f.Add([]byte("q,a\nx,\"y\"\n"), true)
	f.Fuzz(func(t *testing.T, text []byte, table bool) {
		kind := map[bool]string{true: "csv", false: "jsonl"}[table]
		res, err := Load(t.Context(), Source{Kind: kind, Name: "f"}, bytes.NewReader(text), fields)
		if err != nil {
			return
		}
		for _, it := range res.Items {
			if !json.Valid(it.Raw) || it.ID == "" {
				t.Fatalf("%+v", it)
			}
		}
	})
}

func BenchmarkLoad(b *testing.B) {
	var text bytes.Buffer
	for i := range 1319 {
		fmt.Fprintf(&text, `{"q":"question %d é","a":"%d","m":{"one":"%s","two":"%[3]s"}}`+"\n", i, i, strings.Repeat(`step by step \n`, 65))
	}
	b.SetBytes(int64(text.Len()))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Load(b.Context(), Source{Kind: "jsonl", Name: "f"}, bytes.NewReader(text.Bytes()), fields); err != nil {
			b.Fatal(err)
		}
	}
}
