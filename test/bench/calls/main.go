// Command calls measures how many calls a run makes, and what one costs.
//
// It starts the simulated provider in a process of its own, runs experiments
// against it over loopback, and prints for each how much of the concurrency that
// it was allowed was used, the rate, and the CPU time of both processes per call:
// of the caller's with everything that a call costs there, the log with its fsync,
// the store, votes, scores and the report included.
//
//	go run ./test/bench/calls -crucible bin/crucible
package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// load is one experiment.
type load struct {
	name        string
	latency     time.Duration
	concurrency int
	calls       int
	share       float64       // of the calls that the concurrency allows that must be made; 0: any
	rate        float64       // calls a second that must be made; 0: any
	cpu         time.Duration // that a call may take, without the server's; 0: any
}

func loads() []load {
	return []load{
		{name: "1 s, 512 in flight", latency: time.Second, concurrency: 512, calls: 20 * 512, share: 0.95, cpu: 800 * time.Microsecond},
		{name: "50 ms, 512 in flight", latency: 50 * time.Millisecond, concurrency: 512, calls: 20_000, rate: 1500, cpu: 800 * time.Microsecond},
		{name: "50 ms, 100 in flight", latency: 50 * time.Millisecond, concurrency: 100, calls: 10_000, cpu: 800 * time.Microsecond},
	}
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	crucible := flag.String("crucible", "bin/crucible", "the binary")
	only := flag.String("only", "", "measure only the loads whose names hold this")
	keep := flag.String("keep", "", "folder for the data of the runs; default a temporary one")
	promptfoo := flag.String("promptfoo", "", "its command: compare with it instead, such as 'npx promptfoo@0.123.1'")
	calls := flag.Int("calls", 5000, "how many calls to compare with")
	parallel := flag.Int("parallel", 100, "how many of these are under way")
	flag.Parse()
	err := error(nil)
	if *promptfoo == "" {
		err = measureAll(ctx, *crucible, *only, *keep)
	} else {
		err = compareAll(ctx, *crucible, *promptfoo, *keep, load{name: "crucible", latency: 50 * time.Millisecond, concurrency: *parallel, calls: *calls})
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "calls:", err)
		os.Exit(1)
	}
}

func measureAll(ctx context.Context, crucible, only, folder string) error {
	return in(folder, crucible, func(crucible, folder string) error {
		var missed []string
		for i, l := range loads() {
			if !strings.Contains(l.name, only) {
				continue
			}
			r, err := measure(ctx, crucible, filepath.Join(folder, fmt.Sprint(i)), l)
			if err != nil {
				return fmt.Errorf("%s: %w", l.name, err)
			}
			say("%s", r.line(l))
			missed = append(missed, r.missed(l)...)
		}
		if len(missed) > 0 {
			return errors.New("below what must be reached: " + strings.Join(missed, "; "))
		}
		return nil
	})
}

func compareAll(ctx context.Context, crucible, promptfoo, folder string, l load) error {
	return in(folder, crucible, func(crucible, folder string) error {
		return compare(ctx, crucible, promptfoo, folder, l)
	})
}

// say prints a line.
func say(format string, args ...any) { _, _ = fmt.Fprintf(os.Stdout, format+"\n", args...) }

// in does something in a folder, a temporary one if it has no name, under a head of
// what will be printed.
func in(folder, crucible string, do func(crucible, folder string) error) (err error) {
	if crucible, err = filepath.Abs(crucible); err != nil {
		return err
	}
	if folder == "" {
		if folder, err = os.MkdirTemp("", "crucible-bench-"); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	}
	say("%-22s %8s %8s %8s %8s %8s %9s %9s %9s", "load", "calls", "wall", "calling", "calls/s", "share", "cpu/call", "server", "both")
	return do(crucible, folder)
}

// result is what was measured of a load.
type result struct {
	calls         int
	wall, window  time.Duration
	client, serve time.Duration // CPU
	peak          int64
}

func (r result) rate() float64 { return float64(r.calls) / r.window.Seconds() }

// share is that of the calls made of those that the concurrency allows in the time
// of the calls.
func (r result) share(l load) float64 {
	return r.rate() * l.latency.Seconds() / float64(l.concurrency)
}

func (r result) perCall(d time.Duration) time.Duration { return d / time.Duration(r.calls) }

func (r result) line(l load) string {
	ms := func(d time.Duration) string { return fmt.Sprintf("%.3f ms", float64(r.perCall(d))/1e6) }
	return fmt.Sprintf("%-22s %8d %7.1fs %7.1fs %8.0f %7.1f%% %9s %9s %9s", l.name, r.calls, r.wall.Seconds(), r.window.Seconds(),
		r.rate(), 100*r.share(l), ms(r.client), ms(r.serve), ms(r.client+r.serve))
}

func (r result) missed(l load) (out []string) {
	if l.share > 0 && r.share(l) < l.share {
		out = append(out, fmt.Sprintf("%s: %.1f %% of the calls", l.name, 100*r.share(l)))
	}
	if l.rate > 0 && r.rate() < l.rate {
		out = append(out, fmt.Sprintf("%s: %.0f calls/s", l.name, r.rate()))
	}
	if l.cpu > 0 && r.perCall(r.client) > l.cpu {
		out = append(out, fmt.Sprintf("%s: %s CPU per call", l.name, r.perCall(r.client)))
	}
	return out
}

const spec = `version: 1
name: calls
dataset: {source: jsonl, path: data.jsonl, fields: {id: id}}
prompt: "Solve the problem step by step and end with a line A: and the number. {{.input}}"
score: {extract: 'A:\s*(.+)$', normalize: numeric}
models:
  - {id: m, provider: openai, model: m, base_url: "%s", params: {temperature: 0, max_tokens: 256}, limits: {concurrency: %d}, timeout: 30s, price: {input: "0.15", output: "0.60"}}
conditions: [{name: one, members: [m]}]
max_in_flight: %d
`

// measure runs one load in a folder.
func measure(ctx context.Context, crucible, folder string, l load) (r result, err error) {
	if err := os.MkdirAll(folder, 0o750); err != nil {
		return r, err
	}
	if err := os.WriteFile(filepath.Join(folder, "data.jsonl"), items(l.calls), 0o600); err != nil {
		return r, err
	}
	s, err := start(ctx, crucible, folder, serverFlags(l)...)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, s.end(&r)) }()
	text := fmt.Sprintf(spec, s.url, l.concurrency, min(2000, 3*l.concurrency))
	if err := os.WriteFile(filepath.Join(folder, "spec.yaml"), []byte(text), 0o600); err != nil {
		return r, err
	}
	run := exec.CommandContext(ctx, crucible, "run", "spec.yaml", "--run", "r", "--yes")
	var talk bytes.Buffer
	run.Dir, run.Stdout, run.Stderr = folder, &talk, &talk
	began := time.Now()
	if err := run.Run(); err != nil {
		return r, fmt.Errorf("run: %w: %s", err, &talk)
	}
	r.wall = time.Since(began)
	r.client = run.ProcessState.UserTime() + run.ProcessState.SystemTime()
	return r, s.stats(ctx, &r)
}

func serverFlags(l load) []string {
	return []string{"--p50", l.latency.String(), "--answers", "data.jsonl", "--output-tokens", "105"}
}

// items are questions with their answers.
func items(n int) []byte {
	var b bytes.Buffer
	for i := range n {
		fmt.Fprintf(&b, `{"id":"q%d","input":"A farmer has %d hens. Each lays %d eggs in a week, of which he eats 3 and sells the rest on the market for 2 dollars each. How many eggs are laid?","expected":"A: %d"}`+"\n",
			i, i+3, i%7+1, (i+3)*(i%7+1))
	}
	return b.Bytes()
}

// server is a simulated provider in a process of its own.
type server struct {
	url     string
	process *exec.Cmd
}

func start(ctx context.Context, crucible, folder string, flags ...string) (*server, error) {
	s := &server{process: exec.CommandContext(ctx, crucible, append([]string{"simulate", "--json", "--listen", "127.0.0.1:0"}, flags...)...)}
	s.process.Dir, s.process.Stderr = folder, os.Stderr
	out, err := s.process.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := s.process.Start(); err != nil {
		return nil, err
	}
	var said struct{ URL string }
	line, err := bufio.NewReader(out).ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(line, &said)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("simulate: %w", err), s.process.Process.Kill(), s.process.Wait())
	}
	s.url = said.URL
	return s, nil
}

// stats reads what the server counted.
func (s *server) stats(ctx context.Context, r *result) error {
	q, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(s.url, "/v1")+"/stats", nil)
	if err != nil {
		return err
	}
	res, err := http.DefaultClient.Do(q)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }() // only read
	b, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	var counted struct {
		Answered int   `json:"answered"`
		Peak     int64 `json:"peak"`
		WindowNS int64 `json:"window_ns"`
	}
	if err := json.Unmarshal(b, &counted); err != nil {
		return err
	}
	r.calls, r.peak, r.window = counted.Answered, counted.Peak, time.Duration(counted.WindowNS)
	return nil
}

// end stops the server and reads its CPU time.
func (s *server) end(r *result) error {
	if err := s.process.Process.Signal(os.Interrupt); err != nil {
		return err
	}
	if err := s.process.Wait(); err != nil {
		return fmt.Errorf("simulate: %w", err)
	}
	r.serve = s.process.ProcessState.UserTime() + s.process.ProcessState.SystemTime()
	return nil
}
