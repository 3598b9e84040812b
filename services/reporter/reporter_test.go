package reporter_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/sync/errgroup"

	"github.com/crucible-go/crucible/internal/bus"
	"github.com/crucible-go/crucible/internal/bus/bustest"
	"github.com/crucible-go/crucible/internal/results"
	"github.com/crucible-go/crucible/internal/results/resultstest"
	"github.com/crucible-go/crucible/internal/store"
	"github.com/crucible-go/crucible/internal/store/storetest"
	"github.com/crucible-go/crucible/pkg/events"
	"github.com/crucible-go/crucible/services/reporter"
)

func TestMain(m *testing.M) { storetest.Main(m) }

// Two runs of one spec with the same answers leave folders whose data set,
// results and analysis are equal byte for byte.
func TestFolders(t *testing.T) {
	log := bustest.Embedded(t, func(c *bus.Config) { c.Durability = bus.Interval }).Open(t)
	if err := log.EnsureControl(t.Context()); err != nil {
		t.Fatal(err)
	}
	st := storetest.Open(t)
	out := t.TempDir()
	deps := reporter.Deps{Log: log, Store: st, Now: time.Now, Logger: zerolog.Nop(), Version: "v0"}
	ctx, cancel := context.WithCancel(t.Context())
	var g errgroup.Group
	g.Go(func() error { return reporter.Run(ctx, reporter.Config{Instance: "a", Out: out}, deps) })
	defer func() {
		cancel()
		if err := g.Wait(); err != nil {
			t.Error(err)
		}
	}()
	first, second := resultstest.Start(t, log, "r1", 30), resultstest.Start(t, log, "r2", 30)
	first.Ask(0, 60)
	second.Ask(30, 60) // in another order
	second.Ask(0, 30)
	first.End()
	second.End()
	analyse(t, log, st, "r1")
	analyse(t, log, st, "r2")
	for _, run := range []string{"r1", "r2"} {
		ev := resultstest.Await(t, log, events.KindReportPublished, run)
		check(t, out, run, ev.Data.(*events.ReportPublished))
	}
	for _, name := range []string{"dataset.jsonl", "results.csv", "analysis.json", "config.json"} {
		if a, b := read(t, out, "r1", name), read(t, out, "r2", name); !bytes.Equal(a, b) {
			t.Errorf("%s differs:\n%s\n%s", name, a, b)
		}
	}
	report := string(read(t, out, "r1", "report.md"))
	for _, want := range []string{"Recorded answers.", "not_recorded", "crucible verify r1"} {
		if !strings.Contains(report, want) {
			t.Errorf("the report lacks %q:\n%s", want, report)
		}
	}
	again, err := reporter.Write(t.Context(), deps, "r1", filepath.Join(t.TempDir(), "elsewhere"), nil)
	if err != nil || again.Dir != "elsewhere" || len(again.Files) != 7 {
		t.Errorf("%+v, %v", again, err)
	}
	if _, err := reporter.Write(t.Context(), deps, "r1", t.TempDir(), []string{"scroll"}); err == nil {
		t.Error("an unknown format was written")
	}
}

// analyse does what the analyzer does.
func analyse(t *testing.T, log *bus.Bus, st *store.Store, run string) {
	t.Helper()
	if err := results.Rebuild(t.Context(), log, st, run); err != nil {
		t.Fatal(err)
	}
	e, err := results.Find(t.Context(), log, run)
	if err != nil {
		t.Fatal(err)
	}
	_, body, err := results.FromStore(t.Context(), log, st, e)
	if err != nil {
		t.Fatal(err)
	}
	sum, _, err := log.PutObject(t.Context(), bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	ev := events.About(events.AnalysisSubject(run, results.AnalysisID(e.EndID)), "analyzer/1", e.EndID, time.Now())
	ev.Data = &events.AnalysisCompleted{State: e.End.State, Object: sum, SHA256: sum, RunEnd: e.EndID, Sequence: e.End.Sequence}
	if _, err := log.PublishEvents(t.Context(), &ev); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, parts ...string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(parts...))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// check compares the folder with what was published of it and with its
// manifest.
func check(t *testing.T, out, run string, p *events.ReportPublished) {
	t.Helper()
	if p.Dir != run || p.Analysis == "" || len(p.Files) != 7 {
		t.Errorf("%+v", p)
	}
	var manifest reporter.Manifest
	resultstest.MustUnmarshal(t, read(t, out, run, "manifest.json"), &manifest)
	if len(manifest.Files) != 6 {
		t.Errorf("the manifest names %d files", len(manifest.Files))
	}
	for _, f := range append(manifest.Files, p.Files...) {
		b := read(t, out, run, f.Name)
		if sum := sha256.Sum256(b); f.SHA256 != hex.EncodeToString(sum[:]) || f.Bytes != int64(len(b)) {
			t.Errorf("%s is not what was published", f.Name)
		}
	}
	for _, name := range []string{"dataset.jsonl", "results.csv", "analysis.json"} {
		if bytes.Contains(read(t, out, run, name), []byte(run)) {
			t.Errorf("%s holds the run's id", name)
		}
	}
	var env reporter.Environment
	resultstest.MustUnmarshal(t, read(t, out, run, "environment.json"), &env)
	if env.Run != run || env.Versions.ClickHouse == "" || env.PlannedAt == "" || env.EndedAt == "" || env.Durability != "interval" {
		t.Errorf("%+v", env)
	}
	if sum := sha256.Sum256(read(t, out, run, "config.json")); hex.EncodeToString(sum[:]) != env.SpecHash {
		t.Error("config.json does not have the spec's hash")
	}
}
