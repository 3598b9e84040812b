package sandbox

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Config configures a Sandbox.
type Config struct {
	// Limits bound each program.
	Limits Limits
	// Python is the interpreter, by default /usr/bin/python3.
	Python string
	// Readable are folders that programs may read, besides /usr.
	Readable []string
	// Warm is how many sandboxes wait started for Python programs; 0 is none.
	Warm int
}

// Sandbox runs programs. It is safe for use by several goroutines.
type Sandbox struct {
	config Config
	tools  tools
	bpf    []byte
	python []string        // the whole command for a program in Python
	starts chan func()     // carried out by the thread that all sandboxes die with
	warm   chan *process   // started ones; nil if none are kept
	refill sync.WaitGroup  // goroutines that start warm ones
	closed chan struct{}   // closed by Close
	once   sync.Once       // guards closed
	ended  <-chan struct{} // closed when the thread has gone
}

// New finds the tools, and shows with programs that run against them that the walls
// hold on this machine. If not, the error says which gave way.
func New(ctx context.Context, c Config) (*Sandbox, error) {
	t, err := find(c.Python)
	if err != nil {
		return nil, err
	}
	s := &Sandbox{config: c, tools: t, starts: make(chan func()), closed: make(chan struct{})}
	s.config.Limits = c.Limits.withDefaults()
	if s.bpf, err = filter(); err != nil {
		return nil, err
	}
	command, readable := t.pythonCommand()
	s.python = t.arguments(s.config.Limits, append(readable, c.Readable...), command)
	ended := make(chan struct{})
	s.ended = ended
	go s.serve(ended)
	if err := s.probe(ctx); err != nil {
		s.Close()
		return nil, err
	}
	if c.Warm > 0 {
		s.warm = make(chan *process, c.Warm)
		for range c.Warm {
			s.another()
		}
	}
	return s, nil
}

// serve starts processes from one thread that lives as long as the Sandbox: the
// kernel ends a child when the thread that started it ends, not the process.
func (s *Sandbox) serve(ended chan<- struct{}) {
	runtime.LockOSThread()
	defer close(ended)
	for {
		select {
		case f := <-s.starts:
			f()
		case <-s.closed:
			return
		}
	}
}

// Close ends the sandboxes that wait; those under way are ended too.
func (s *Sandbox) Close() {
	s.once.Do(func() { close(s.closed) })
	<-s.ended
	s.refill.Wait()
	for {
		select {
		case p := <-s.warm:
			p.end()
		default:
			return
		}
	}
}

var errClosed = errors.New("sandbox: closed")

func (s *Sandbox) start(args []string, reports bool) (p *process, err error) {
	done := make(chan struct{})
	select {
	case s.starts <- func() {
		defer close(done)
		p, err = start(args, s.config.Limits, s.bpf, reports)
	}:
		<-done
		return p, err
	case <-s.closed:
		return nil, errClosed
	}
}

// another starts a sandbox that waits.
func (s *Sandbox) another() {
	s.refill.Go(func() {
		if p, err := s.start(s.python, true); err == nil {
			s.warm <- p // as many as were taken: there is room
		}
	})
}

// take returns a started sandbox, one that waits if there is one.
func (s *Sandbox) take() (*process, error) {
	select {
	case p := <-s.warm:
		s.another()
		return p, nil
	default:
		return s.start(s.python, true)
	}
}

// Python runs a program in Python with the given standard input. It passes when
// execution reaches its end: an exception, an exit before the end, whatever its
// status, and a kill are no pass. The error is nil unless ctx is done or the sandbox
// is closed.
func (s *Sandbox) Python(ctx context.Context, program, input string) (Result, error) {
	p, err := s.take()
	if err != nil {
		return Result{Verdict: Error, Reason: err.Error()}, notClosed(err)
	}
	defer p.end()
	token := rand.Text()
	task, err := json.Marshal(map[string]string{"token": token, "program": program, "input": input})
	if err != nil {
		return Result{}, fmt.Errorf("sandbox: %w", err)
	}
	began := time.Now()
	go func() {
		_, _ = p.stdin.Write(append(task, '\n')) // a sandbox that is gone reports itself
		_ = p.stdin.Close()
	}()
	wanted, done := s.wanted(ctx)
	defer done()
	verdict, reason := p.watch(s.config.Limits, wanted.Done())
	r := p.result(began)
	if verdict == "" {
		verdict, reason = p.reported(token, &r)
	}
	r.Verdict, r.Reason = verdict, reason
	return r, context.Cause(ctx)
}

// Command runs any program that is in the sandbox's sight. It passes when it exits
// with 0.
func (s *Sandbox) Command(ctx context.Context, command []string, input []byte) (Result, error) {
	p, err := s.start(s.tools.arguments(s.config.Limits, s.config.Readable, command), false)
	if err != nil {
		return Result{Verdict: Error, Reason: err.Error()}, notClosed(err)
	}
	defer p.end()
	began := time.Now()
	go func() {
		_, _ = p.stdin.Write(input) // a program need not read its input
		_ = p.stdin.Close()
	}()
	wanted, done := s.wanted(ctx)
	defer done()
	verdict, reason := p.watch(s.config.Limits, wanted.Done())
	r := p.result(began)
	if verdict == "" {
		verdict, reason = ending(&r, p)
	}
	if verdict == Fail && bytes.HasPrefix(r.Stderr, []byte("bwrap: ")) {
		verdict = Error
	}
	r.Verdict, r.Reason = verdict, reason
	return r, context.Cause(ctx)
}

func notClosed(err error) error {
	if errors.Is(err, errClosed) {
		return err
	}
	return nil
}

// wanted is a context that ends with ctx and when the sandbox is closed.
func (s *Sandbox) wanted(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		select {
		case <-ctx.Done():
		case <-s.closed:
			cancel()
		}
	}()
	return ctx, cancel
}

// result waits for the end of the program and says what it left.
func (p *process) result(began time.Time) Result {
	<-p.done
	r := Result{Wall: time.Since(began)}
	if st := p.cmd.ProcessState; st != nil {
		r.CPU = st.UserTime() + st.SystemTime()
	}
	r.ExitCode, _ = p.exit()
	p.output.mu.Lock()
	defer p.output.mu.Unlock()
	r.Stdout, r.Stderr = p.output.out.Bytes(), p.output.err.Bytes()
	return r
}

// reported is the verdict by the runner's report.
func (p *process) reported(token string, r *Result) (Verdict, string) {
	b, _ := io.ReadAll(io.LimitReader(p.report, 64<<10)) // what is there: the writers are gone
	begun := false
	for line := range strings.Lines(string(b)) {
		var report struct{ Token, End, Reason string }
		if json.Unmarshal([]byte(line), &report) != nil || report.Token != token {
			continue
		}
		switch report.End {
		case "begin":
			begun = true
		case "end":
			return Pass, ""
		case "memory":
			return Memory, report.Reason
		default:
			return Fail, report.Reason
		}
	}
	switch verdict, reason := ending(r, p); {
	case !begun:
		return Error, "the sandbox did not start: " + reason
	case verdict != Pass:
		return verdict, reason
	}
	return Fail, "it ended before its last line"
}

// ending is the verdict by the status of the exit.
func ending(r *Result, p *process) (Verdict, string) {
	switch code, signal := p.exit(); {
	case signal == syscall.SIGXCPU:
		return Timeout, "it used more processor time than it may"
	case signal != 0:
		return Killed, "signal: " + signal.String()
	case code != 0:
		return Fail, lastLine(r.Stderr, code)
	}
	return Pass, ""
}

// lastLine is that of standard error, where programs say why.
func lastLine(b []byte, code int) string {
	lines := strings.Split(strings.TrimSpace(string(b)), "\n")
	if last := lines[len(lines)-1]; last != "" {
		return fmt.Sprintf("exit status %d: %.300s", code, last)
	}
	return fmt.Sprintf("exit status %d", code)
}
