package provider_test

import (
	"context"
	"io"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/crucible-go/crucible/internal/provider"
	"github.com/crucible-go/crucible/internal/provider/providertest"
)

func self(t testing.TB) string {
	t.Helper()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func openExec(t testing.TB, processes int) *provider.Exec {
	t.Helper()
	p, err := provider.NewExec(provider.ExecConfig{
		Command: []string{self(t), "child"}, Concurrency: processes,
		Env: []string{"PATH=/usr/bin:/bin"}, KeyEnv: "KEY", Key: provider.NewSecret(providertest.Key),
	})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestExecKeepsTheContract(t *testing.T) {
	providertest.Exercise(t, providertest.Subject{
		Open: func(t *testing.T) (provider.Provider, io.Closer) {
			p := openExec(t, 4)
			return p, p
		},
		Answered:      func(n int) *provider.Request { return ask("echo answer "+strconv.Itoa(n), 1) },
		Slow:          ask("hang", 1),
		Deterministic: true,
		Failing: map[string]*provider.Request{
			provider.ClassExecFailed:     ask("die", 1),
			provider.ClassTooLarge:       ask("huge", 1),
			provider.ClassMalformedReply: ask("garbage", 1),
			provider.ClassEmptyReply:     ask("empty", 1),
			provider.ClassRateLimited:    ask("busy rate_limited", 1),
			provider.ClassUnprocessable:  withParams("echo", "[]"),
		},
	})
}

func TestExecSpeaksTheProtocol(t *testing.T) {
	p := openExec(t, 1)
	defer p.Close()

	r := providertest.Answer(t, p, ask("echo hello", 1))
	if r.Text != "hello" || r.Finish != "stop" || r.Served != "m" || !r.HasLatency || r.LatencyNS != 0 || r.FirstByteNS <= 0 {
		t.Errorf("%+v", r)
	}
	if r.Usage == nil || r.Usage.Input != 3 || r.Usage.Output != 2 || r.Usage.Source != "reported" {
		t.Errorf("usage %+v", r.Usage)
	}
	r = providertest.Answer(t, p, withParams("order", `{"temperature":0.5}`))
	if want := `m {"temperature":0.5} 12345`; r.Text != want || r.Served != "served" {
		t.Errorf("text %q, served %q, want %q", r.Text, r.Served, want)
	}
	if r = providertest.Answer(t, p, ask("order", 1)); r.Text != "m {} 12345" {
		t.Errorf("text %q", r.Text)
	}
	if r = providertest.Answer(t, p, ask("invalid", 1)); r.Text != "a\uFFFDb\x00c" || !r.Repaired {
		t.Errorf("text %q, repaired %t", r.Text, r.Repaired)
	}
	if r = providertest.Answer(t, p, ask("chatter", 1)); r.Text != "done" {
		t.Errorf("text %q", r.Text)
	}
}

func TestExecFailures(t *testing.T) {
	p := openExec(t, 1)
	defer p.Close()
	for _, c := range []struct {
		content, class, message string
		retryable               bool
	}{
		{"die", provider.ClassExecFailed, "exit status 3: two | three | last words with [redacted]", true},
		{"family", provider.ClassExecFailed, "exit status 4", true},
		{"garbage", provider.ClassMalformedReply, "hello, I am no JSON", true},
		{"other", provider.ClassMalformedReply, `id "0"`, true},
		{"neither", provider.ClassMalformedReply, "neither a text nor an error", true},
		{"empty", provider.ClassEmptyReply, "no text", true},
		{"error way", provider.ClassExecFailed, "no: way", false},
		{"busy server_error", provider.ClassServerError, "busy", true},
		{"busy no_recorded_answer", provider.ClassExecFailed, "busy", true},
	} {
		e := providertest.Failure(t, p, context.Background(), ask(c.content, 1))
		if e.Class != c.class || !strings.Contains(e.Message, c.message) || e.Retryable != c.retryable || e.Billed != provider.BilledPossibly {
			t.Errorf("%s: %+v", c.content, *e)
		}
	}
}

// A program that left another one behind is ended with it.
func TestExecEndsTheWholeGroup(t *testing.T) {
	p := openExec(t, 1)
	defer p.Close()
	e := providertest.Failure(t, p, context.Background(), ask("family", 1))
	_, pid, found := strings.Cut(e.Message, "grandchild ")
	n, err := strconv.Atoi(strings.TrimSpace(pid))
	if !found || err != nil {
		t.Fatalf("message %q", e.Message)
	}
	for deadline := time.Now().Add(5 * time.Second); running(n); {
		if time.Now().After(deadline) {
			t.Fatalf("process %d still runs", n)
		}
	}
}

// running reports whether a process runs, and not only waits to be reaped.
func running(pid int) bool {
	if syscall.Kill(pid, 0) != nil {
		return false
	}
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	return err == nil && !strings.Contains(string(stat), ") Z ")
}

func TestExecGivesACleanEnvironment(t *testing.T) {
	env := map[string]string{"PATH": "/bin", "HOME": "/home/x", "MY_KEY": providertest.Key, "AWS_SECRET_ACCESS_KEY": "other", "LD_PRELOAD": "evil.so"}
	p, closer, err := provider.Open(provider.Pool{Name: "mine", Provider: "exec", Command: []string{self(t), "child"}, KeyEnv: "MY_KEY"},
		func(name string) string { return env[name] })
	if err != nil {
		t.Fatal(err)
	}
	defer closer.Close()
	got := providertest.Answer(t, p, ask("env", 1)).Text
	if want := "PATH=/bin\nHOME=/home/x\nMY_KEY=[redacted]"; got != want {
		t.Errorf("environment %q, want %q", got, want)
	}
}

func TestExecRefusesWhatCannotRun(t *testing.T) {
	none := func(string) string { return "" }
	for _, p := range []provider.Pool{
		{Name: "a", Provider: "exec"},
		{Name: "b", Provider: "exec", Command: []string{"/no/such/program"}},
		{Name: "c", Provider: "exec", Command: []string{self(t)}, KeyEnv: "NO_SUCH_KEY"},
	} {
		_, _, err := provider.Open(p, none)
		if err == nil || !strings.Contains(err.Error(), "open pool "+p.Name) {
			t.Errorf("%s: %v", p.Name, err)
		}
		if p.KeyEnv != "" && !strings.Contains(err.Error(), p.KeyEnv) {
			t.Errorf("%s: %v does not name the variable", p.Name, err)
		}
	}
}

func TestExecClosesWhileAsked(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	p := openExec(t, 2)
	asking := make(chan struct{}, 8)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			asking <- struct{}{}
			if e := providertest.Failure(t, p, context.Background(), ask("hang", 1)); e.Class != provider.ClassExecFailed {
				t.Errorf("%+v", *e)
			}
		})
	}
	<-asking
	var closing sync.WaitGroup
	for range 3 {
		closing.Go(func() { _ = p.Close() })
	}
	closing.Wait()
	all.Wait()
	if e := providertest.Failure(t, p, context.Background(), ask("echo x", 1)); e.Class != provider.ClassExecFailed || e.Billed != provider.BilledNo {
		t.Errorf("after the end: %+v", *e)
	}
}

func BenchmarkExecAsk(b *testing.B) {
	p := openExec(b, 1)
	defer p.Close()
	r := ask("echo hello", 1)
	for b.Loop() {
		if _, err := p.Ask(context.Background(), r); err != nil {
			b.Fatal(err)
		}
	}
}
