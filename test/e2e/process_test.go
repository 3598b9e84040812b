package e2e

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// patience is how long a test waits for a signal that always comes.
const patience = 90 * time.Second

// output gathers what a process writes and wakes those who wait for a line.
type output struct {
	mu      sync.Mutex
	buf     bytes.Buffer
	changed chan struct{}
}

func newOutput() *output { return &output{changed: make(chan struct{})} }

// Write implements io.Writer.
func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	close(o.changed)
	o.changed = make(chan struct{})
	return o.buf.Write(b)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}

// line is the first whole line that contains part, and otherwise a channel that
// is closed when there is more to look at.
func (o *output) line(part string) (string, <-chan struct{}) {
	o.mu.Lock()
	defer o.mu.Unlock()
	text := o.buf.String()
	for l := range strings.Lines(text) {
		if strings.HasSuffix(l, "\n") && strings.Contains(l, part) {
			return strings.TrimSuffix(l, "\n"), nil
		}
	}
	return "", o.changed
}

// process is a child of the test; it does not outlive it.
type process struct {
	name        string
	cmd         *exec.Cmd
	out, stderr *output
	done        chan struct{} // closed when it has ended
	err         error         // of its end, once done

	started, ended time.Time // just before its start, and at its end, once done
	killed, gone   time.Time // around the moment of kill
}

// environment is the test's own without what would change the command's
// defaults, and with more.
func environment(more []string) []string {
	var env []string
	for _, e := range os.Environ() {
		if !strings.HasPrefix(e, "CRUCIBLE_") || strings.HasPrefix(e, "CRUCIBLE_GSM8K=") {
			env = append(env, e)
		}
	}
	return append(env, more...)
}

// start starts a program. At the end of the test it is killed if it still runs,
// and what it said is shown if the test has failed.
func start(t *testing.T, name, program string, env []string, args ...string) *process {
	t.Helper()
	p := &process{name: name, cmd: exec.Command(program, args...), out: newOutput(), stderr: newOutput(), done: make(chan struct{})}
	p.cmd.Stdout, p.cmd.Stderr = p.out, p.stderr
	p.cmd.Env = environment(env)
	p.started = time.Now()
	if err := p.cmd.Start(); err != nil {
		t.Fatalf("start %s: %v", name, err)
	}
	go func() {
		p.err = p.cmd.Wait()
		p.ended = time.Now()
		close(p.done)
	}()
	t.Cleanup(func() {
		p.kill()
		if strings.Contains(p.stderr.String(), "WARNING: DATA RACE") {
			t.Errorf("%s has a data race", name)
		}
		if t.Failed() {
			t.Logf("%s %s\n%s: %v\nstdout:\n%s\nstderr:\n%s", name, strings.Join(args, " "), name, p.cmd.ProcessState, tail(p.out.String()), tail(p.stderr.String()))
		}
	})
	return p
}

// tail is the end of a text, for people.
func tail(s string) string {
	const most = 8 << 10
	if len(s) > most {
		return "…" + s[len(s)-most:]
	}
	return s
}

// kill ends the process at once (SIGKILL) and waits until it is gone. It reports
// whether the process was still running.
func (p *process) kill() bool {
	p.killed = time.Now()
	err := p.cmd.Process.Kill()
	<-p.done
	p.gone = time.Now()
	return err == nil && p.cmd.ProcessState.Sys().(syscall.WaitStatus).Signaled()
}

// stop asks the process to end (SIGTERM) and returns its exit code.
func (p *process) stop(t *testing.T) int {
	t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.Fatalf("stop %s: %v", p.name, err)
	}
	return p.wait(t)
}

// wait waits for the end and returns the exit code.
func (p *process) wait(t *testing.T) int {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	select {
	case <-p.done:
		return p.cmd.ProcessState.ExitCode()
	case <-ctx.Done():
		t.Fatalf("%s does not end", p.name)
		return -1
	}
}

// await waits for a line of one of the process's outputs.
func (p *process) await(t *testing.T, o *output, part string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for ended := false; ; {
		line, changed := o.line(part)
		if changed == nil {
			return line
		}
		if ended {
			t.Fatalf("%s ended without saying %q", p.name, part)
		}
		select {
		case <-changed:
		case <-p.done:
			ended = true
		case <-ctx.Done():
			t.Fatalf("%s does not say %q", p.name, part)
		}
	}
}

// outcome is what a command left.
type outcome struct {
	code           int
	stdout, stderr string
}

// command runs the command to its end.
func command(t *testing.T, env []string, args ...string) outcome {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, programs.crucible, args...)
	cmd.Env = environment(env)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) || ctx.Err() != nil {
		t.Fatalf("crucible %s: %v %v\n%s", strings.Join(args, " "), err, ctx.Err(), tail(stderr.String()))
	}
	return outcome{cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()}
}

// want fails the test unless the command ended with the code, and returns its
// standard output.
func (o outcome) want(t *testing.T, code int) string {
	t.Helper()
	if o.code != code {
		t.Fatalf("exit code %d, want %d\nstdout:\n%s\nstderr:\n%s", o.code, code, tail(o.stdout), tail(o.stderr))
	}
	return o.stdout
}
