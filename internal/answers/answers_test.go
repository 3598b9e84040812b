package answers_test

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/rs/zerolog"

	"github.com/crucible-go/crucible/internal/answers"
	"github.com/crucible-go/crucible/internal/bus"
)

func key(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// stores are the two kinds, and how a later process opens the same one.
func stores(t *testing.T) map[string]func() answers.Store {
	log, err := bus.Open(t.Context(), bus.Config{Dir: t.TempDir(), Durability: bus.Interval, Logger: zerolog.Nop()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := log.Close(); err != nil {
			t.Error(err)
		}
	})
	dir := filepath.Join(t.TempDir(), "deep", "cache")
	return map[string]func() answers.Store{
		"log": func() answers.Store { return answers.Log(log) },
		"dir": func() answers.Store { return answers.Dir(dir) },
	}
}

func TestAnswersAreKept(t *testing.T) {
	for name, open := range stores(t) {
		s := open()
		if a, err := s.Get(t.Context(), key("a")); a != nil || err != nil {
			t.Errorf("%s: an empty store has %+v: %v", name, a, err)
		}
		want := answers.Answer{Text: "42 \x00 <é>", Served: "m", Finish: "stop"}
		if err := s.Put(t.Context(), key("a"), &want); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if err := s.Put(t.Context(), key("a"), &want); err != nil {
			t.Errorf("%s: kept twice: %v", name, err)
		}
		if got, err := open().Get(t.Context(), key("a")); err != nil || got == nil || *got != want {
			t.Errorf("%s: %+v became %+v: %v", name, want, got, err)
		}
		for what, a := range map[string]answers.Answer{"nothing": {}, "a huge one": {Text: strings.Repeat("x", 1<<20)}} {
			if err := s.Put(t.Context(), key(what), &a); err != nil {
				t.Errorf("%s: %s: %v", name, what, err)
			}
			if got, err := s.Get(t.Context(), key(what)); got != nil || err != nil {
				t.Errorf("%s: %s is kept: %v", name, what, err)
			}
		}
	}
}

// Whoever reads while others write gets a whole answer or none.
func TestManyAtOnce(t *testing.T) {
	for name, open := range stores(t) {
		var g sync.WaitGroup
		for n := range 8 {
			g.Go(func() {
				s := open()
				for i := range 20 {
					k := key(string(rune('a' + i)))
					a := answers.Answer{Text: strings.Repeat(string(rune('a'+i)), 5000+n)}
					if err := s.Put(t.Context(), k, &a); err != nil {
						t.Errorf("%s: %v", name, err)
					}
					got, err := s.Get(t.Context(), k)
					if err != nil || got == nil || strings.Trim(got.Text, a.Text[:1]) != "" || len(got.Text) < 5000 {
						t.Errorf("%s: %v", name, err)
					}
				}
			})
		}
		g.Wait()
	}
}

// What is damaged is asked again, and a key is never a path.
func TestDamagedAndWrong(t *testing.T) {
	dir := t.TempDir()
	s := answers.Dir(dir)
	if err := s.Put(t.Context(), key("a"), &answers.Answer{Text: "42"}); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, key("a")[:2], key("a")+".json"), []byte(`{"text":"4`), 0o600); err != nil {
		t.Fatal(err)
	}
	if a, err := s.Get(t.Context(), key("a")); a != nil || err != nil {
		t.Errorf("a damaged file is %+v: %v", a, err)
	}
	for _, wrong := range []string{"", "../../etc/passwd", "ab"} {
		if _, err := s.Get(t.Context(), wrong); err == nil {
			t.Errorf("%q is a key", wrong)
		}
		if err := s.Put(t.Context(), wrong, &answers.Answer{Text: "x"}); err == nil {
			t.Errorf("%q is a key", wrong)
		}
	}
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := answers.Dir(file).Put(t.Context(), key("a"), &answers.Answer{Text: "x"}); err == nil {
		t.Error("an answer is kept below a file")
	}
	if _, err := answers.Dir(file).Get(t.Context(), key("a")); err == nil {
		t.Error("a file is a folder of answers")
	}
}
