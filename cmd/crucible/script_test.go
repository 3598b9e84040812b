package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// limit is how long a script waits for what must happen.
const limit = 60 * time.Second

// example puts the example of recorded answers into a script's folder, with the
// first 20 problems.
func example(dir string, spec, problems []byte) error {
	if err := os.MkdirAll(filepath.Join(dir, "arithmetic"), 0o755); err != nil {
		return err
	}
	lines := bytes.SplitAfterN(problems, []byte("\n"), 21)
	return errors.Join(
		os.WriteFile(filepath.Join(dir, "arithmetic.yaml"), spec, 0o600),
		os.WriteFile(filepath.Join(dir, "arithmetic", "problems.jsonl"), bytes.Join(lines[:20], nil), 0o600))
}

// exits CODE PROGRAM ARGS... runs a program and compares its exit code.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE PROGRAM ARGS...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Fatalf("%v", err)
		}
		got = exit.ExitCode()
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// times COUNT PROGRAM ARGS... runs a program as often, %d being the number of the
// time, and wants it to end well without a word of a crash.
func times(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: times COUNT PROGRAM ARGS...")
	}
	n, err := strconv.Atoi(args[0])
	ts.Check(err)
	for i := range n {
		line := make([]string, len(args)-2)
		for j, arg := range args[2:] {
			line[j] = strings.ReplaceAll(arg, "%d", strconv.Itoa(i))
		}
		ts.Check(ts.Exec(args[1], line...))
		if talk := ts.ReadFile("stderr"); strings.Contains(talk, "crucible: error:") || strings.Contains(talk, "goroutine") {
			ts.Fatalf("time %d: %s", i, talk)
		}
	}
}

// background is a program that start has started.
type background struct {
	cmd      *exec.Cmd
	out, err bytes.Buffer
	mu       sync.Mutex
	seen     []byte
	pattern  *regexp.Regexp
	matched  chan string
	done     chan struct{}
}

// tee keeps what a program prints and looks for the pattern in it.
type tee struct {
	b   *background
	own *bytes.Buffer
}

func (t tee) Write(p []byte) (int, error) {
	t.b.mu.Lock()
	defer t.b.mu.Unlock()
	t.own.Write(p)
	t.b.seen = append(t.b.seen, p...)
	if m := t.b.pattern.FindSubmatch(t.b.seen); m != nil && t.b.matched != nil {
		t.b.matched <- string(m[len(m)-1])
		t.b.matched = nil
	}
	return len(p), nil
}

// start NAME PATTERN PROGRAM ARGS... starts a program and waits until it has
// printed what matches. $NAME is then the last group of the pattern.
func start(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 {
		ts.Fatalf("usage: start NAME PATTERN PROGRAM ARGS...")
	}
	path, err := exec.LookPath(args[2])
	if dir := filepath.Dir(lookIn(ts.Getenv("PATH"), args[2])); dir != "." {
		path, err = filepath.Join(dir, args[2]), nil
	}
	ts.Check(err)
	matched := make(chan string, 1)
	b := &background{cmd: exec.Command(path, args[3:]...), pattern: regexp.MustCompile(args[1]), matched: matched, done: make(chan struct{})}
	b.cmd.Dir = ts.MkAbs(".")
	b.cmd.Env = environment(ts)
	b.cmd.Stdout, b.cmd.Stderr = tee{b, &b.out}, tee{b, &b.err}
	ts.Check(b.cmd.Start())
	go func() { _ = b.cmd.Wait(); close(b.done) }()
	programs(ts)[args[0]] = b
	ts.Defer(func() { _ = b.cmd.Process.Kill(); <-b.done })
	select {
	case text := <-matched:
		ts.Setenv(args[0], text)
	case <-b.done:
		b.fail(ts, "ended before it printed %s", args[1])
	case <-time.After(limit):
		b.fail(ts, "did not print %s", args[1])
	}
}

func (b *background) fail(ts *testscript.TestScript, format string, args ...any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	ts.Fatalf("%s\n%s", fmt.Sprintf(format, args...), b.seen)
}

func lookIn(path, name string) string {
	for _, dir := range filepath.SplitList(path) {
		if st, err := os.Stat(filepath.Join(dir, name)); err == nil && !st.IsDir() {
			return filepath.Join(dir, name)
		}
	}
	return ""
}

func environment(ts *testscript.TestScript) (env []string) {
	for _, name := range []string{"PATH", "HOME", "WORK", "TMPDIR", "CHDB_LIB_PATH"} {
		env = append(env, name+"="+ts.Getenv(name))
	}
	return env
}

func programs(ts *testscript.TestScript) map[string]*background {
	all.Lock()
	defer all.Unlock()
	name := ts.Name()
	if all.of[name] == nil {
		all.of[name] = map[string]*background{}
	}
	return all.of[name]
}

// all are the programs that scripts have started, by script.
var all = struct {
	sync.Mutex
	of map[string]map[string]*background
}{of: map[string]map[string]*background{}}

// signalTo NAME SIGNAL sends INT, TERM or KILL.
func signalTo(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 || programs(ts)[args[0]] == nil {
		ts.Fatalf("usage: signal NAME INT|TERM|KILL")
	}
	sig := map[string]syscall.Signal{"INT": syscall.SIGINT, "TERM": syscall.SIGTERM, "KILL": syscall.SIGKILL}[args[1]]
	ts.Check(programs(ts)[args[0]].cmd.Process.Signal(sig))
}

// ends NAME CODE [MB] waits for a program and compares its exit code, -1 for a
// signal. What it printed is in NAME.stdout and NAME.stderr. With MB it also
// checks the most memory that the program had.
func ends(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 || programs(ts)[args[0]] == nil {
		ts.Fatalf("usage: ends NAME CODE [MB]")
	}
	b := programs(ts)[args[0]]
	select {
	case <-b.done:
	case <-time.After(limit):
		b.fail(ts, "%s is still running", args[0])
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]+".stdout"), b.out.Bytes(), 0o600))
	ts.Check(os.WriteFile(ts.MkAbs(args[0]+".stderr"), b.err.Bytes(), 0o600))
	if got := strconv.Itoa(b.cmd.ProcessState.ExitCode()); got != args[1] {
		b.fail(ts, "exit code %s, want %s", got, args[1])
	}
	if len(args) > 2 {
		most, err := strconv.Atoi(args[2])
		ts.Check(err)
		if mb := int(b.cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss >> 10); mb > most {
			ts.Fatalf("%d MB of memory at the peak, want at most %d", mb, most)
		}
	}
}

// until PATTERN PROGRAM ARGS... repeats a program until its stdout matches.
func until(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: until PATTERN PROGRAM ARGS...")
	}
	want := regexp.MustCompile(args[0])
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for end := time.After(limit); ; {
		cmd := exec.Command(lookIn(ts.Getenv("PATH"), args[1]), args[2:]...)
		cmd.Dir, cmd.Env = ts.MkAbs("."), environment(ts)
		out, _ := cmd.Output()
		if want.Match(out) {
			return
		}
		select {
		case <-tick.C:
		case <-end:
			ts.Fatalf("%s does not print %s: %s", args[1], args[0], out)
		}
	}
}

// query FILE PATH WANT compares a value in a JSON file: names and indexes with
// dots between them; len is a length.
func query(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 3 {
		ts.Fatalf("usage: [!] query FILE PATH WANT")
	}
	dec := json.NewDecoder(strings.NewReader(ts.ReadFile(args[0])))
	dec.UseNumber()
	var v any
	ts.Check(dec.Decode(&v))
	for _, step := range strings.Split(args[1], ".") {
		v = into(v, step)
	}
	if got := fmt.Sprint(v); (got == args[2]) == neg {
		ts.Fatalf("%s: %s is %s, want %s", args[0], args[1], got, args[2])
	}
}

func into(v any, step string) any {
	switch v := v.(type) {
	case map[string]any:
		return v[step]
	case []any:
		if step == "len" {
			return len(v)
		}
		if i, err := strconv.Atoi(step); err == nil && i < len(v) {
			return v[i]
		}
	}
	return nil
}

// change FILE OLD NEW replaces text in a file; \n is a new line.
func change(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: change FILE OLD NEW")
	}
	old := ts.ReadFile(args[0])
	lines := strings.NewReplacer(`\n`, "\n")
	if !strings.Contains(old, lines.Replace(args[1])) {
		ts.Fatalf("%s does not contain %q", args[0], args[1])
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(strings.Replace(old, lines.Replace(args[1]), lines.Replace(args[2]), 1)), 0o600))
}

// repeatText FILE COUNT TEXT writes a file with as many lines, %d being their
// number.
func repeatText(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: repeat FILE COUNT TEXT")
	}
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	var b strings.Builder
	for i := range n {
		b.WriteString(strings.ReplaceAll(args[2], "%d", strconv.Itoa(i)) + "\n")
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(b.String()), 0o600))
}

// sameFile A B compares two files byte for byte.
func sameFile(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: [!] samefile A B")
	}
	if same := ts.ReadFile(args[0]) == ts.ReadFile(args[1]); same == neg {
		ts.Fatalf("%s and %s: same is %t", args[0], args[1], same)
	}
}
