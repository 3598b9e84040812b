package catalog

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"strconv"
	"strings"
	"testing"
)

// Every form of data is read, with what other programs write for missing and
// infinite values.
func TestParseData(t *testing.T) {
	got, err := ParseData([]byte("\ufeff" + `
{"groups": [[1, -2.5], [], null], "x": [1e3, 0.1, -0, 1E-2, 123456789012345678], "y": null,
 "p": [NaN, Infinity, -Infinity, null, true, false, "NaN", "-Infinity", 1e999],
 "a": ["b\u00e4r", 3, 1.50], "clusters": []}
`))
	if err != nil {
		t.Fatal(err)
	}
	want := Data{
		Groups: []Numbers{{1, -2.5}, {}, nil}, X: Numbers{1000, 0.1, 0, 0.01, 123456789012345678},
		A: Labels{"bär", "3", "1.50"}, Clusters: Labels{},
	}
	p := fmt.Sprint(got.P)
	if got.P = nil; !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
	if p != "[NaN +Inf -Inf NaN 1 0 NaN -Inf +Inf]" {
		t.Errorf("marks are %s", p)
	}
}

// What is no data is refused with its place.
func TestParseDataErrors(t *testing.T) {
	for text, want := range map[string]string{
		``:                           "line 1, column 1: the data end here",
		`[1, 2]`:                     `line 1, column 1: want an object such as`,
		"{\"x\": [1, 2],\n \"x\": 3": `line 2, column 2: the key "x" is there twice`,
		`{"X": [1]}`:                 `unknown key "X": want groups, x, y, table`,
		"{\"x\": [1,\n\n 2 3]}":      "line 3, column 4: want a comma or ] after x[1], not '3'",
		`{"x": [1, two]}`:            "line 1, column 11: want a number as x[1], not 't'",
		`{"x": [1, "2"]}`:            `want a number as x[1], not '"'`,
		`{"x": [1, 007]}`:            "want a number as x[1]",
		`{"x": [+1]}`:                "want a number as x[0]",
		`{"x": [.5]}`:                "want a number as x[0]",
		`{"x": [1.2.3]}`:             "want a number as x[0]",
		`{"x": [1,]}`:                "want a number as x[1], not ']'",
		`{"x": [1`:                   "the list x has no end",
		`{"x": 1}`:                   "want a list of numbers for x",
		`{"groups": [[1], 2]}`:       "want a list of numbers for groups[1]",
		`{"groups": [[1] [2]]}`:      "want a comma or ]",
		`{"a": [[1]]}`:               "want a name or a number as a[0]",
		`{"a": ["x]}`:                "the quotes are not closed",
		`{"a": ["\q"]}`:              "not a string of JSON",
		`{"x": [1]} {}`:              "column 12: there is more after the data",
		`{"x": [1],}`:                "want a key in quotes",
		`{"x" [1]}`:                  "want a colon after the key",
		`{"x": [1] "y": [2]}`:        "want a comma or }",
		`{"x": [`:                    "no end",
		`{"x`:                        "not closed",
		"{\"x\": [1, \xff]}":         "want a number as x[1]",
	} {
		_, err := ParseData([]byte(text))
		var syntax *SyntaxError
		if !errors.As(err, &syntax) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
}

// A number is read as strconv reads it, to the last bit.
func TestParseNumbers(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 20_000 {
		x := math.Float64frombits(r.Uint64())
		if r.IntN(2) == 0 {
			x = float64(r.IntN(2_000_000)-1_000_000) / math.Pow10(r.IntN(12))
		}
		for _, format := range []byte{'g', 'e', 'f'} {
			text := strconv.FormatFloat(x, format, []int{-1, 3, 17}[r.IntN(3)], 64)
			want, _ := strconv.ParseFloat(text, 64) // what is too large is an infinity
			got, err := ParseData([]byte(`{"x": [` + strings.Replace(text, "+Inf", "Infinity", 1) + `]}`))
			if err != nil {
				got, err = ParseData([]byte(`{"x": [` + strings.Replace(text, "-Inf", "-Infinity", 1) + `]}`))
			}
			if err != nil || math.Float64bits(got.X[0]) != math.Float64bits(want) && want == want {
				t.Fatalf("%s: %v, %v, want %v", text, got.X, err, want)
			}
		}
	}
}

// Whatever the text: no panic, and what JSON has of numbers is read the same.
func FuzzParseData(f *testing.F) {
	for _, s := range []string{`{"x": [1, 2.5e3, NaN]}`, `{"groups": [[1], [null]], "a": ["b", 3]}`, `{"table": [[1, 2], [3, 4]]}`, `{"x": [-0.0]}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		got, err := ParseData(text)
		var syntax *SyntaxError
		if err != nil && (!errors.As(err, &syntax) || syntax.Line < 1 || syntax.Column < 1) {
			t.Fatalf("%v", err)
		}
		var plain struct{ X []float64 }
		if err == nil && json.Unmarshal(text, &plain) == nil && len(plain.X) == len(got.X) {
			for i := range plain.X {
				if got.X[i] == got.X[i] && got.X[i] != plain.X[i] {
					t.Fatalf("%v, want %v", got.X, plain.X)
				}
			}
		}
	})
}

// A million numbers: encoding/json into []float64 takes 0.29 s where this takes 0.13.
func BenchmarkParseData(b *testing.B) {
	var text strings.Builder
	r := rand.New(rand.NewPCG(1, 2))
	text.WriteString(`{"x": [0`)
	for range 1_000_000 {
		fmt.Fprintf(&text, ", %v", r.NormFloat64())
	}
	text.WriteString("]}")
	b.SetBytes(int64(text.Len()))
	for b.Loop() {
		if _, err := ParseData([]byte(text.String())); err != nil {
			b.Fatal(err)
		}
	}
}
