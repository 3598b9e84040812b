package sandbox

import (
	"context"
	"os"
	"testing"
	"time"
)

// inside is the sandbox that most tests share: its walls have been tried.
var inside *Sandbox

func TestMain(m *testing.M) {
	s, err := New(context.Background(), Config{Limits: Limits{Time: 2 * time.Second, Memory: 512 << 20}, Warm: 2})
	if err != nil {
		panic(err) // a machine without walls runs no test of them
	}
	inside = s
	code := m.Run()
	s.Close()
	os.Exit(code)
}

// run runs a program in Python and returns how it ended.
func run(t *testing.T, program string) Result {
	t.Helper()
	r, err := inside.Python(t.Context(), program, "")
	if err != nil {
		t.Fatal(err)
	}
	return r
}
