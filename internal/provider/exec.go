package provider

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/crucible-go/crucible/pkg/events"
)

// Exec asks a program that speaks JSON lines; the package comment has the
// protocol. Each concurrent call has a process of its own, which is started when
// it is first needed and kept.
type Exec struct {
	config ExecConfig
	path   string
	scrub  *scrubber
	slots  chan *child // a token per process that may run; nil: not started yet
	closed chan struct{}
	once   sync.Once
	serial atomic.Uint64
}

// ExecConfig describes a program.
type ExecConfig struct {
	Command     []string // the program and its arguments
	Env         []string // its environment, NAME=value, but for the key
	KeyEnv      string   // name of the variable for the key; "" is none
	Key         Secret   // what that variable is set to
	Dir         string   // where it is started; "" is here
	Concurrency int      // processes at a time; 0 is 1
	MaxReply    int      // bytes of a line; 0 is MaxReply
}

// NewExec makes a provider for a program, which must exist. No process is
// started before the first Ask.
func NewExec(c ExecConfig) (*Exec, error) {
	if len(c.Command) == 0 || c.Command[0] == "" {
		return nil, errors.New("exec: no command")
	}
	path, err := lookPath(c.Dir, c.Command[0])
	if err != nil {
		return nil, fmt.Errorf("exec: %w", err)
	}
	if c.Concurrency <= 0 {
		c.Concurrency = 1
	}
	if c.MaxReply <= 0 {
		c.MaxReply = MaxReply
	}
	e := &Exec{config: c, path: path, scrub: newScrubber(c.Key), slots: make(chan *child, c.Concurrency), closed: make(chan struct{})}
	for range c.Concurrency {
		e.slots <- nil
	}
	return e, nil
}

// lookPath finds a program: one with a slash in its name from dir, any other in
// PATH.
func lookPath(dir, name string) (string, error) {
	if dir != "" && strings.ContainsRune(name, filepath.Separator) && !filepath.IsAbs(name) {
		name = filepath.Join(dir, name)
	}
	return exec.LookPath(name)
}

// execEnv names the variables that a program is given from our environment.
func execEnv() []string {
	return []string{"PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TMPDIR", "TZ"}
}

func openExec(p Pool, getenv func(string) string) (*Exec, error) {
	c := ExecConfig{Command: p.Command, Dir: p.Dir, Concurrency: p.Concurrency}
	for _, name := range execEnv() {
		if v := getenv(name); v != "" {
			c.Env = append(c.Env, name+"="+v)
		}
	}
	if p.KeyEnv != "" {
		key, _, err := findKey(p, getenv)
		if err != nil {
			return nil, fmt.Errorf("exec: %w", err)
		}
		if key.Empty() {
			return nil, fmt.Errorf("exec: the environment variable %s is not set", p.KeyEnv)
		}
		c.KeyEnv, c.Key = p.KeyEnv, key
	}
	return NewExec(c)
}

// Close ends the processes and fails the calls that are under way. It returns
// when all of them have ended.
func (e *Exec) Close() error {
	e.once.Do(func() {
		close(e.closed)
		var all sync.WaitGroup
		for range e.config.Concurrency {
			if c := <-e.slots; c != nil {
				all.Go(c.end)
			}
		}
		all.Wait()
	})
	return nil
}

// Format implements fmt.Formatter: nothing that is inside is for printing.
func (e *Exec) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "provider exec") }

// Ask implements Provider. It waits for a free process.
func (e *Exec) Ask(ctx context.Context, r *Request) (*Reply, error) {
	if ctx.Err() != nil {
		return nil, ended(ctx, BilledNo)
	}
	id := strconv.FormatUint(e.serial.Add(1), 10)
	line, err := execRequest(id, r)
	if err != nil {
		return nil, unprocessable(e.scrub.message(err.Error()))
	}
	var c *child
	select {
	case <-ctx.Done():
		return nil, ended(ctx, BilledNo)
	case <-e.closed:
		return nil, execFailed("the provider is closed", BilledNo)
	case c = <-e.slots:
	}
	reply, c, failure := e.askChild(ctx, r, c, id, line)
	e.slots <- c
	if failure != nil {
		return nil, failure
	}
	if reply.Served == "" {
		reply.Served = r.Model
	}
	return reply, nil
}

// askChild asks a process, which it starts if there is none, and returns the
// process if it can be asked again.
func (e *Exec) askChild(ctx context.Context, r *Request, c *child, id string, line []byte) (*Reply, *child, *Error) {
	select {
	case <-e.closed:
		if c != nil {
			c.end()
		}
		return nil, nil, execFailed("the provider is closed", BilledNo)
	default:
	}
	if c == nil {
		started, err := start(e.path, e.config)
		if err != nil {
			return nil, nil, execFailed(e.scrub.message(err.Error()), BilledNo)
		}
		c = started
	}
	answer, firstByte, err := c.exchange(ctx, e.closed, line)
	if err == nil {
		reply, failure := e.read(r, answer, id)
		if reply != nil {
			reply.FirstByteNS = firstByte
		}
		if c.killed || failure != nil && failure.Class == ClassMalformedReply {
			c.end()
			c = nil
		}
		return reply, c, failure
	}
	c.end()
	switch {
	case errors.Is(err, errTooLarge):
		return nil, nil, &Error{Class: ClassTooLarge, Message: "the line is longer than the limit", Billed: BilledPossibly}
	case ctx.Err() != nil:
		return nil, nil, ended(ctx, BilledPossibly)
	}
	f := execFailed(e.scrub.message(c.obituary()), BilledPossibly)
	f.Retryable = true
	return nil, nil, f
}

func execFailed(message, billed string) *Error {
	return &Error{Class: ClassExecFailed, Message: message, Billed: billed}
}

type execOrder struct {
	ID       string          `json:"id"`
	Model    string          `json:"model"`
	Messages []chatMessage   `json:"messages"`
	Params   json.RawMessage `json:"params"`
	Seed     uint64          `json:"seed"`
}

func execRequest(id string, r *Request) ([]byte, error) {
	if _, err := paramsOf(r.Order); err != nil {
		return nil, err
	}
	params := json.RawMessage(r.Order.Params)
	if len(params) == 0 || string(params) == "null" {
		params = json.RawMessage("{}")
	}
	line, err := json.Marshal(execOrder{ID: id, Model: r.Model, Messages: chatMessages(r.Order.Messages), Params: params, Seed: r.Order.Seed & (1<<53 - 1)})
	if err != nil {
		return nil, fmt.Errorf("encode the request: %w", err)
	}
	return append(line, '\n'), nil
}

type execReply struct {
	ID     string          `json:"id"`
	Text   *string         `json:"text"`
	Model  string          `json:"model"`
	Finish string          `json:"finish"`
	Error  json.RawMessage `json:"error"`
	Usage  *struct {
		Input  int64 `json:"input"`
		Output int64 `json:"output"`
	} `json:"usage"`
}

// read makes a reply of a line. After ClassMalformedReply the process is not in
// step with us and cannot be asked again.
func (e *Exec) read(r *Request, line []byte, id string) (*Reply, *Error) {
	malformed := func(what string) *Error {
		return &Error{Class: ClassMalformedReply, Message: e.scrub.message(what), Retryable: true, Billed: BilledPossibly}
	}
	fixed, repaired := repair(string(line))
	var x execReply
	if err := json.Unmarshal([]byte(fixed), &x); err != nil {
		return nil, malformed("the line is not a JSON reply: " + clip(fixed, 200))
	}
	if x.ID != id {
		return nil, malformed(fmt.Sprintf("the reply has the id %q instead of %q", clip(x.ID, 40), id))
	}
	var usage *events.Usage
	if x.Usage != nil {
		usage = &events.Usage{Input: x.Usage.Input, Output: x.Usage.Output, Source: "reported"}
	}
	if len(x.Error) > 0 && string(x.Error) != "null" {
		f := e.said(x.Error)
		f.Usage, f.Served = usage, clip(e.scrub.plain(x.Model), 200)
		return nil, f
	}
	if x.Text == nil {
		return nil, malformed("the reply has neither a text nor an error")
	}
	text, served, finish := e.scrub.plain(*x.Text), clip(e.scrub.plain(x.Model), 200), clip(e.scrub.plain(x.Finish), 100)
	s := heard{usage: usage}
	s.text.WriteString(text)
	s.end(finish, chatEndings())
	if f := judge(r, &s); f != nil {
		f.Served, f.Finish, f.Text = served, finish, text
		return nil, f
	}
	return &Reply{Text: text, HasLatency: true, Usage: usage, Repaired: repaired, Served: served, Finish: finish}, nil
}

// said is a failure that the program reports itself.
func (e *Exec) said(raw json.RawMessage) *Error {
	var x struct {
		Message   string `json:"message"`
		Class     string `json:"class"`
		Retryable bool   `json:"retryable"`
	}
	if json.Unmarshal(raw, &x) != nil {
		x.Message = word(raw)
	}
	f := execFailed(e.scrub.message(x.Message), BilledPossibly)
	f.Retryable = x.Retryable
	if reportable(x.Class) {
		f.Class = x.Class
	}
	return f
}

// reportable tells the classes that a program may use for its failures: not
// those that only this side can know.
func reportable(class string) bool {
	switch class {
	case ClassTimeout, ClassConnection, ClassRateLimited, ClassServerError, ClassAuth, ClassInvalidRequest, ClassContentFilter, ClassEmptyReply:
		return true
	}
	return false
}
