package trace

import (
	"os"
	"reflect"
	"strings"
	"testing"
	"time"
)

// usual is a trace as models write it, n times over.
func usual(t testing.TB, n int) string {
	t.Helper()
	b, err := os.ReadFile("testdata/corpus/ok-full.txt")
	if err != nil {
		t.Fatal(err)
	}
	return strings.Repeat(strings.ReplaceAll(string(b), ` id="h1"`, ""), n)
}

func BenchmarkParse(b *testing.B) {
	text := usual(b, 5000)
	prose := "Let me think `about` this. " + strings.Repeat("The answer follows from the second line of the table. ", 20)
	for _, bench := range []struct{ name, text string }{
		{"events", text},
		{"prose", strings.Repeat(prose+usual(b, 1), 2000)},
		{"one line", strings.ReplaceAll(text, "\n", " ")},
	} {
		b.Run(bench.name, func(b *testing.B) {
			b.SetBytes(int64(len(bench.text)))
			for b.Loop() {
				Parse(bench.text, nil)
			}
		})
	}
}

func BenchmarkParseJSON(b *testing.B) {
	c, _ := Parse(usual(b, 5000), nil)
	text, err := JSON(c)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		ParseJSON(string(text), nil)
	}
}

// TestLinear reads long hostile texts. Were one of them read in the
// square of its length, it would take minutes.
func TestLinear(t *testing.T) {
	const size = 256 << 10
	for _, piece := range append(pieces(), "<event><decision><event>", "<event><decision><![CDATA[", "<event><alternative><reasoning>", "```a\n<event>", "<event><reasoning>```\n",
		"<event a=\"", "<decision `<b>` ", "<event><decision><code_section></event>", "<!-- <!", "<event><alternatives><item>", "\n````x\n```y\n<event>`", "<event><depends_on>a") {
		text := strings.Repeat(piece, size/len(piece))
		start := time.Now()
		c, _ := Parse(text, nil)
		d := time.Since(start)
		if d > 5*time.Second {
			t.Errorf("%q over and over: %v", piece, d)
		}
		s := NewStream(nil)
		for i := 0; i < len(text); i += 64 << 10 {
			s.Write(text[i:min(len(text), i+64<<10)])
		}
		if _, again, _ := s.Close(); !reflect.DeepEqual(c, again) {
			t.Errorf("%q over and over: the stream differs", piece)
		}
	}
}

// TestOneLine reads two megabytes on one line.
func TestOneLine(t *testing.T) {
	c, reports := Parse(strings.ReplaceAll(usual(t, 5000), "\n", " "), nil)
	if len(c.Events) != 5000 || len(reports) != 0 {
		t.Fatalf("%d events, %d reports", len(c.Events), len(reports))
	}
}

// FuzzParse: no panic, every byte accounted for, chunks change nothing, printing
// loses nothing, and a whole event after any text is not lost unless the text
// left something open.
func FuzzParse(f *testing.F) {
	for _, text := range corpus(f) {
		if len(text) < 3000 {
			f.Add(text, uint(len(text)/2))
		}
	}
	types := testTypes(f)
	f.Fuzz(func(t *testing.T, text string, cut uint) {
		if len(text) > 1<<16 {
			return
		}
		c, reports := Parse(text, types)
		account(t, text, text, c, reports)
		n := int(cut % uint(len(text)+1))
		sameStream(t, text, types, c, reports, text[:n], text[n:])
		identity(t, text, types)
		const valid = `<event type="synthesis" id="sentinel"><decision>kept</decision></event>` + "\n"
		if with, _ := Parse(valid+text, types); with.Find("sentinel") == nil || with.Find("sentinel").Decision != "kept" {
			t.Fatalf("%q: the event before it is lost", text)
		}
	})
}
