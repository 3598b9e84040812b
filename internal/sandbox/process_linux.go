package sandbox

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"
)

// process is a started sandbox, which waits for its one program.
type process struct {
	cmd    *exec.Cmd
	stdin  io.WriteCloser
	report *os.File // the runner's; nil for a plain command
	output *output
	done   chan struct{} // closed when all of it has gone
	err    error         // of Wait; read after done
}

// output gathers what a program writes, up to a limit.
type output struct {
	mu       sync.Mutex
	room     int
	flooded  chan struct{} // closed when there was more
	out, err bytes.Buffer
}

type stream struct {
	o   *output
	buf *bytes.Buffer
}

func (s stream) Write(p []byte) (int, error) {
	s.o.mu.Lock()
	defer s.o.mu.Unlock()
	n := min(len(p), s.o.room)
	s.buf.Write(p[:n])
	s.o.room -= n
	if n < len(p) {
		select {
		case <-s.o.flooded:
		default:
			close(s.o.flooded)
		}
	}
	return len(p), nil
}

// start builds the walls and starts a command behind them. It is called from the
// one thread whose end would end the sandbox too.
func start(args []string, l Limits, bpf []byte, reports bool) (*process, error) {
	filterRead, filterWrite, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("sandbox: %w", err)
	}
	defer func() { _ = filterRead.Close() }()
	if _, err := filterWrite.Write(bpf); err != nil { // some KiB: a pipe holds them
		_ = filterWrite.Close()
		return nil, fmt.Errorf("sandbox: %w", err)
	}
	_ = filterWrite.Close()

	reportRead, reportWrite, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("sandbox: %w", err)
	}
	defer func() { _ = reportWrite.Close() }()
	p := &process{report: reportRead, done: make(chan struct{}), output: &output{room: l.Output, flooded: make(chan struct{})}}
	p.cmd = &exec.Cmd{
		Path: args[0], Args: args, Env: []string{}, Dir: "/",
		Stdout: stream{p.output, &p.output.out}, Stderr: stream{p.output, &p.output.err},
		ExtraFiles:  []*os.File{reportWrite, filterRead},
		SysProcAttr: &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL},
		// A grandchild may hold the streams open after the walls have fallen.
		WaitDelay: time.Second,
	}
	if os.Geteuid() == 0 {
		p.cmd.SysProcAttr.Credential = &syscall.Credential{Uid: nobody, Gid: nobody}
	}
	if p.stdin, err = p.cmd.StdinPipe(); err == nil {
		err = p.cmd.Start()
	}
	if err != nil {
		_ = reportRead.Close()
		return nil, fmt.Errorf("sandbox: start %s: %w", args[0], err)
	}
	if !reports {
		_ = reportRead.Close()
		p.report = nil
	}
	go func() {
		p.err = p.cmd.Wait()
		close(p.done)
	}()
	return p, nil
}

// nobody is the number of the user without rights.
const nobody = 65534

// kill ends everything in the sandbox: the first process of its namespace dies with
// bubblewrap, and all others with it.
func (p *process) kill() {
	_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL)
}

// end kills what is left, waits for it and frees what was open.
func (p *process) end() {
	select {
	case <-p.done:
	default:
		p.kill()
		<-p.done
	}
	_ = p.stdin.Close()
	if p.report != nil {
		_ = p.report.Close()
	}
}

// exit is the status and, if one ended it, the signal.
func (p *process) exit() (code int, signal syscall.Signal) {
	var e *exec.ExitError
	if !errors.As(p.err, &e) {
		return 0, 0
	}
	s, ok := e.Sys().(syscall.WaitStatus)
	switch {
	case !ok:
		return e.ExitCode(), 0
	case s.Signaled():
		return -1, s.Signal()
	case s.ExitStatus() > 128: // bubblewrap's word for a signal in the sandbox
		return -1, syscall.Signal(s.ExitStatus() - 128)
	}
	return s.ExitStatus(), 0
}
