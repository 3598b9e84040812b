package sandbox

import (
	"bytes"
	"context"
	"errors"
	"os"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestVerdicts(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, program string
		want          Verdict
		reason        string
	}{
		{"it ends", "assert 1 + 1 == 2", Pass, ""},
		{"a test fails", "assert 1 + 1 == 3, 'sums'", Fail, "AssertionError: sums"},
		{"not a program", "def f(:", Fail, "SyntaxError"},
		{"an exit with success before the tests", "import sys; sys.exit(0)", Fail, "exited with 0"},
		{"the kernel's exit with success", "import os; os._exit(0)", Fail, "before its last line"},
		{"a signal", "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", Killed, "segmentation"},
		{"no end", "while True: pass", Timeout, "had not ended after 2s"},
		{"asleep", "import time; time.sleep(60)", Timeout, "had not ended"},
		{"ten gigabytes", "x = bytearray(10 << 30)", Memory, "MemoryError"},
		{"output without end", "while True: print('x' * 1000)", Killed, "wrote more than"},
		{"a report without the secret", `import os; os.write(3, b'{"token": "", "end": "end"}\n'); os._exit(0)`, Fail, ""},
		{"a program of its own", "if __name__ == '__main__': print(open(0).read() == '')", Pass, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := run(t, c.program)
			if r.Verdict != c.want || !strings.Contains(r.Reason, c.reason) {
				t.Errorf("%s (%s), want %s (%s)\n%s", r.Verdict, r.Reason, c.want, c.reason, r.Stderr)
			}
			if r.Wall > 3*time.Second {
				t.Errorf("it took %s: the limit is 2 s", r.Wall)
			}
		})
	}
}

func TestProgramReadsItsInputAndWrites(t *testing.T) {
	t.Parallel()
	r, err := inside.Python(t.Context(), "import sys\nprint(sys.stdin.read().upper())\nprint('aside', file=sys.stderr)\nopen('/tmp/x', 'w').write('kept nowhere')", "grüß dich")
	if err != nil {
		t.Fatal(err)
	}
	if r.Verdict != Pass || string(r.Stdout) != "GRÜSS DICH\n" || string(r.Stderr) != "aside\n" {
		t.Errorf("%s (%s): %q, %q", r.Verdict, r.Reason, r.Stdout, r.Stderr)
	}
	if r := run(t, "import os; assert os.listdir('/tmp') == []"); r.Verdict != Pass {
		t.Errorf("the next program finds what this one left: %s", r.Reason)
	}
}

func TestCommand(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		command []string
		want    Verdict
	}{
		{[]string{"/usr/bin/tr", "a-z", "A-Z"}, Pass},
		{[]string{"/usr/bin/false"}, Fail},
		{[]string{"/usr/bin/no-such-program"}, Fail},
		{[]string{"/usr/bin/sleep", "60"}, Timeout},
	} {
		r, err := inside.Command(t.Context(), c.command, []byte("text"))
		if err != nil {
			t.Fatal(err)
		}
		if r.Verdict != c.want {
			t.Errorf("%v: %s (%s), want %s", c.command, r.Verdict, r.Reason, c.want)
		}
		if c.want == Pass && !bytes.Equal(r.Stdout, []byte("TEXT")) {
			t.Errorf("%v wrote %q", c.command, r.Stdout)
		}
	}
}

func TestCancelledRunEndsAtOnce(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeoutCause(t.Context(), 200*time.Millisecond, errors.New("not wanted"))
	defer cancel()
	began := time.Now()
	_, err := inside.Python(ctx, "import time; time.sleep(60)", "")
	if took := time.Since(began); err == nil || took > time.Second {
		t.Errorf("after %s: %v", took, err)
	}
}

func TestCloseEndsWhatRuns(t *testing.T) {
	t.Parallel()
	s, err := New(t.Context(), Config{Warm: 2})
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	all.Go(func() {
		r, err := s.Python(t.Context(), "import time; time.sleep(60)", "")
		if err == nil && r.Verdict == Pass {
			t.Error("it passed")
		}
	})
	s.Close()
	all.Wait()
	if _, err := s.Python(t.Context(), "pass", ""); !errors.Is(err, errClosed) {
		t.Errorf("after the end: %v", err)
	}
}

func TestMissingToolIsNamed(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	_, err := New(t.Context(), Config{})
	if err == nil || !strings.Contains(err.Error(), "apt-get install bubblewrap") {
		t.Errorf("without bubblewrap: %v", err)
	}
}

// A bubblewrap that builds no walls is found out.
func TestWallsAreTried(t *testing.T) {
	dir := t.TempDir()
	script := "#!/bin/sh\nwhile [ \"$1\" != -- ]; do shift; done; shift; exec \"$@\"\n"
	if err := os.WriteFile(dir+"/bwrap", []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	for d := dir; d != "/tmp" && d != "/"; d = d[:strings.LastIndex(d, "/")] {
		if err := os.Chmod(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	_, err := New(t.Context(), Config{})
	if err == nil || !strings.Contains(err.Error(), "gets through to the host's files") {
		t.Errorf("without walls: %v", err)
	}
}

func BenchmarkPython(b *testing.B) {
	for b.Loop() {
		if r, err := inside.Python(b.Context(), "pass", ""); err != nil || r.Verdict != Pass {
			b.Fatal(r, err)
		}
	}
}
