package app_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/crucible-go/crucible/internal/app"
	"github.com/crucible-go/crucible/internal/bus"
	"github.com/crucible-go/crucible/internal/store/storetest"
)

const patience = 60 * time.Second

func none(string) string          { return "" }
func noVar(string) (string, bool) { return "", false }
func quiet() zerolog.Logger       { return zerolog.Nop() }
func ignore(app.Progress)         {}

// config is a configuration with everything in a folder of the test.
func config(t *testing.T) app.Config {
	t.Helper()
	dir := t.TempDir()
	return app.Config{Data: filepath.Join(dir, "data"), Out: filepath.Join(dir, "out"), Getenv: none, Version: "test", File: app.File{Log: app.LogFile{Durability: bus.Interval}}}
}

// resources are a log of the test and the store of the process.
func resources(t *testing.T, c app.Config) *app.Resources {
	t.Helper()
	r, err := app.Open(t.Context(), c, app.NeedLog, quiet())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Log.Close(); err != nil {
			t.Error(err)
		}
	})
	r.Store = storetest.Open(t)
	return r
}

func spec(t *testing.T, items int) *app.SpecFile {
	t.Helper()
	dir := t.TempDir()
	var data strings.Builder
	for i := range items {
		fmt.Fprintf(&data, "{\"id\":\"i%d\",\"input\":\"%d\",\"expected\":\"%d\",\"m\":\"%d\"}\n", i, i, i, i%3)
	}
	text := "version: 1\nname: test\ndataset: {source: jsonl, path: d.jsonl, fields: {id: id}}\nmodels: [{id: m, provider: recorded, field: m}]\nconditions: [{name: c, members: [m]}]\n"
	path := filepath.Join(dir, "spec.yaml")
	if err := errors.Join(os.WriteFile(path, []byte(text), 0o600), os.WriteFile(filepath.Join(dir, "d.jsonl"), []byte(data.String()), 0o600)); err != nil {
		t.Fatal(err)
	}
	f, err := app.Config{}.ReadSpec(path, noVar)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func wait(t *testing.T, c <-chan error, what string) error {
	t.Helper()
	select {
	case err := <-c:
		return err
	case <-time.After(patience):
		t.Fatalf("%s: nothing came", what)
		return nil
	}
}

// A log that is gone for good ends the services with an error, a signal ends
// them without.
func TestServeEnds(t *testing.T) {
	t.Run("signal", func(t *testing.T) {
		c := config(t)
		r := resources(t, c)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- app.Serve(ctx, c, app.Trust{Sole: true}, r, quiet()) }()
		cancel()
		if err := wait(t, done, "the end"); err != nil && !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
	})
	t.Run("log gone", func(t *testing.T) {
		c := config(t)
		r := resources(t, c)
		done := make(chan error, 1)
		go func() { done <- app.Serve(t.Context(), c, app.Trust{Sole: true}, r, quiet()) }()
		if err := r.Log.Close(); err != nil {
			t.Fatal(err)
		}
		if err := wait(t, done, "the end"); !errors.Is(err, bus.ErrClosed) {
			t.Fatalf("%v", err)
		}
	})
	t.Run("unknown service", func(t *testing.T) {
		c := config(t)
		c.Services = []string{"voter", "anlyzer"}
		err := app.Serve(t.Context(), c, app.Trust{}, nil, quiet())
		if err == nil || app.Hint(err) != "did you mean analyzer?" {
			t.Fatalf("%v, hint %q", err, app.Hint(err))
		}
	})
	t.Run("disk", func(t *testing.T) {
		c := config(t)
		r := resources(t, c)
		c.File.Log.MinFree = 1 << 62
		err := app.Serve(t.Context(), c, app.Trust{Sole: true}, r, quiet())
		if err == nil || !strings.HasPrefix(err.Error(), "the disk is full: ") {
			t.Fatal(err)
		}
	})
}

// A run is followed by several at once, to the same end, with progress that only
// grows; afterwards everything can be verified, archived and restored.
func TestWatch(t *testing.T) {
	c := config(t)
	r := resources(t, c)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	served := make(chan error, 1)
	go func() { served <- app.Serve(ctx, c, app.Trust{SpecPools: true, Sole: true}, r, quiet()) }()
	outcomes := make(chan error, 3)
	for range cap(outcomes) {
		go func() {
			last := -1
			out, err := app.Watch(ctx, r.Log, "r", time.Millisecond, func(p app.Progress) {
				if p.Done < last || p.Done > 50 {
					t.Errorf("%d queries after %d", p.Done, last)
				}
				last = p.Done
			})
			if err == nil && (out.State != app.StateComplete || out.Report == nil || last != 50) {
				err = fmt.Errorf("%+v after %d queries", out, last)
			}
			outcomes <- err
		}()
	}
	if err := app.Submit(ctx, r.Log, spec(t, 50), "r", noVar); err != nil {
		t.Fatal(err)
	}
	for range cap(outcomes) {
		if err := wait(t, outcomes, "the outcome"); err != nil {
			t.Fatal(err)
		}
	}
	v, err := app.Verify(ctx, c, r, "r")
	if err != nil || !v.OK || len(v.Checks) != 4 {
		t.Fatalf("%+v, %v", v, err)
	}
	file := filepath.Join(t.TempDir(), "r.zst")
	end, err := app.Archive(ctx, r.Log, "r", file, "test", true)
	if err != nil {
		t.Fatal(err)
	}
	run, err := app.Restore(ctx, r.Log, file)
	if err != nil || run != "r" || end.Events == 0 {
		t.Fatalf("%s, %v", run, err)
	}
	if v, err := app.Verify(ctx, c, r, "r"); err != nil || !v.OK {
		t.Fatalf("%+v, %v", v, err)
	}
	stop()
	if err := wait(t, served, "the end of the services"); err != nil && !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
}

// Nobody who stops watching is told of an outcome.
func TestWatchInterrupted(t *testing.T) {
	c := config(t)
	r := resources(t, c)
	if err := app.Submit(t.Context(), r.Log, spec(t, 1), "r", noVar); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		_, err := app.Watch(ctx, r.Log, "r", time.Hour, ignore)
		done <- err
	}()
	cancel()
	if err := wait(t, done, "the end"); !errors.Is(err, context.Canceled) {
		t.Fatalf("%v", err)
	}
}

// Progress rates are those of the verdicts that were seen to arrive.
func TestProgress(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC)
	p := app.Progress{Began: at, Done: 30, Total: 90}
	if got := p.Rate(at.Add(10 * time.Second)); got != 3 {
		t.Errorf("%g a second, want 3", got)
	}
	if eta, ok := p.ETA(at.Add(10 * time.Second)); !ok || eta != 20*time.Second {
		t.Errorf("%v left, want 20s", eta)
	}
	if _, ok := p.ETA(at); ok {
		t.Error("an estimate from nothing")
	}
	if p.CostUSD() != "0" {
		t.Errorf("$%s", p.CostUSD())
	}
}
