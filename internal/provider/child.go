package provider

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"
)

// tailSize is how much of a program's standard error is kept.
const tailSize = 4 << 10

// child is a running program. One call at a time uses it.
type child struct {
	cmd     *exec.Cmd
	in      *os.File // we write
	out     *os.File // we read
	errs    *os.File // likewise
	lines   *bufio.Reader
	limit   int
	tail    tail
	drained chan struct{} // closed when standard error has been read
	killed  bool          // by the end of a call; read after exchange
	exited  chan struct{} // closed when the program has gone
	state   string        // how it ended; read after exited

	mu   sync.Mutex
	gone bool // the group has been killed and its number may be another's
}

// start starts a program in a process group of its own.
func start(path string, c ExecConfig) (*child, error) {
	var files [3][2]*os.File // for each stream the end that is read and the one that is written
	for i := range files {
		r, w, err := os.Pipe()
		if err != nil {
			closeAll(files)
			return nil, fmt.Errorf("start %s: %w", c.Command[0], err)
		}
		files[i] = [2]*os.File{r, w}
	}
	cmd := &exec.Cmd{
		Dir:  c.Dir,
		Path: path, Args: c.Command, Env: c.environment(),
		Stdin: files[0][0], Stdout: files[1][1], Stderr: files[2][1],
		SysProcAttr: &syscall.SysProcAttr{Setpgid: true},
	}
	if err := cmd.Start(); err != nil {
		closeAll(files)
		return nil, fmt.Errorf("start %s: %w", c.Command[0], err)
	}
	for _, theirs := range []*os.File{files[0][0], files[1][1], files[2][1]} {
		_ = theirs.Close()
	}
	k := &child{
		cmd: cmd, in: files[0][1], out: files[1][0], errs: files[2][0],
		lines: bufio.NewReader(files[1][0]), limit: c.MaxReply,
		drained: make(chan struct{}), exited: make(chan struct{}),
	}
	go k.drain()
	go k.reap()
	return k, nil
}

// environment is the whole environment of the program; never nil, which would
// mean all of ours.
func (c *ExecConfig) environment() []string {
	env := append(make([]string, 0, len(c.Env)+1), c.Env...)
	if c.KeyEnv != "" {
		env = append(env, c.KeyEnv+"="+c.Key.Reveal())
	}
	return env
}

func closeAll(files [3][2]*os.File) {
	for _, pair := range files {
		for _, f := range pair {
			if f != nil {
				_ = f.Close()
			}
		}
	}
}

// drain keeps the end of standard error, so that a program that writes much of
// it neither blocks nor fills our memory.
func (c *child) drain() {
	defer close(c.drained)
	buf := make([]byte, tailSize)
	for {
		n, err := c.errs.Read(buf)
		c.tail.add(buf[:n])
		if err != nil {
			return
		}
	}
}

// reap waits for the end of the program and takes its group with it. Then nobody
// writes to us any more, except perhaps a process that left the group: reading
// ends a moment later.
func (c *child) reap() {
	defer close(c.exited)
	_ = c.cmd.Wait() // the state says it
	c.state = c.cmd.ProcessState.String()
	c.mu.Lock()
	defer c.mu.Unlock()
	_ = syscall.Kill(-c.cmd.Process.Pid, syscall.SIGKILL) // there may be none left
	c.gone = true
	_ = c.out.SetReadDeadline(time.Now().Add(grace))
}

// exchange writes a line and reads one, at most until ctx or closed is done. It
// returns the line without its end and the nanoseconds to its first byte. After
// an error, or when killed is set, the process is of no more use.
func (c *child) exchange(ctx context.Context, closed <-chan struct{}, line []byte) ([]byte, int64, error) {
	began := time.Now()
	returned := make(chan struct{})
	var watching sync.WaitGroup
	watching.Go(func() {
		select {
		case <-ctx.Done():
		case <-closed:
		case <-returned:
			return
		}
		c.killed = true
		c.kill()
		past := time.Unix(1, 0) // pipes have deadlines; reading and writing ends now
		_ = c.in.SetWriteDeadline(past)
		_ = c.out.SetReadDeadline(past)
	})
	defer watching.Wait()
	defer close(returned)

	if _, err := c.in.Write(line); err != nil {
		return nil, 0, fmt.Errorf("write the request: %w", err)
	}
	if _, err := c.lines.Peek(1); err != nil {
		return nil, 0, fmt.Errorf("read the reply: %w", err)
	}
	first := max(int64(time.Since(began)), 1)
	answer, err := c.readLine()
	return answer, first, err
}

// readLine reads up to the end of a line, in bounded memory.
func (c *child) readLine() ([]byte, error) {
	var line []byte
	for {
		part, err := c.lines.ReadSlice('\n')
		if len(line)+len(part) > c.limit+1 {
			return nil, errTooLarge
		}
		line = append(line, part...)
		if err == nil {
			return bytes.TrimRight(line, "\r\n"), nil
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return nil, fmt.Errorf("read the reply: %w", err)
		}
	}
}

// kill ends every process of the group.
func (c *child) kill() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.gone {
		_ = syscall.Kill(-c.cmd.Process.Pid, syscall.SIGKILL) // it may be ending
	}
}

// grace is how long a program that has lost its streams may take to say its
// last words.
const grace = 100 * time.Millisecond

// end closes the program's input, waits until it has gone, or for a moment, and
// kills it. The moment lets a program that is already dying finish its last
// words, so that how it ended is its own doing.
func (c *child) end() {
	_ = c.in.Close()
	timer := time.NewTimer(grace)
	defer timer.Stop()
	select {
	case <-c.exited:
	case <-timer.C:
		c.kill()
		<-c.exited
	}
	_ = c.errs.SetReadDeadline(time.Now().Add(grace)) // a process that left the group may hold it open
	<-c.drained
	_ = c.errs.Close()
	_ = c.out.Close()
}

// obituary says how a program ended, with its last words.
func (c *child) obituary() string {
	text := "the program ended: " + c.state
	if last := c.tail.lines(3); last != "" {
		text += ": " + last
	}
	return text
}

// tail keeps the last bytes of what is added.
type tail struct {
	mu  sync.Mutex
	buf []byte
}

func (t *tail) add(p []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.buf = append(t.buf, p...)
	if extra := len(t.buf) - tailSize; extra > 0 {
		t.buf = append(t.buf[:0], t.buf[extra:]...)
	}
}

// lines returns the last n lines that are not empty.
func (t *tail) lines(n int) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	var last []string
	for line := range strings.SplitSeq(string(t.buf), "\n") {
		if line = strings.TrimSpace(line); line != "" {
			last = append(last, line)
		}
	}
	return strings.Join(last[max(len(last)-n, 0):], " | ")
}
