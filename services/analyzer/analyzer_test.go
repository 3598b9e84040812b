package analyzer_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/crucible-go/crucible/internal/bus"
	"github.com/crucible-go/crucible/internal/bus/bustest"
	"github.com/crucible-go/crucible/internal/results"
	"github.com/crucible-go/crucible/internal/results/resultstest"
	"github.com/crucible-go/crucible/internal/store"
	"github.com/crucible-go/crucible/internal/store/storetest"
	"github.com/crucible-go/crucible/pkg/events"
	"github.com/crucible-go/crucible/services/analyzer"
)

func TestMain(m *testing.M) {
	if conf := os.Getenv(envSink); conf != "" {
		os.Exit(sinkProcess(conf))
	}
	storetest.Main(m)
}

func setup(t *testing.T) (*bus.Bus, *store.Store, analyzer.Deps) {
	t.Helper()
	log := bustest.Embedded(t, func(c *bus.Config) { c.Durability = bus.Interval }).Open(t)
	if err := log.EnsureControl(t.Context()); err != nil {
		t.Fatal(err)
	}
	st := storetest.Open(t)
	return log, st, analyzer.Deps{Log: log, Store: st, Now: time.Now, Logger: zerolog.Nop()}
}

// start runs an analyzer until the returned function is called, which waits for
// it to have drained.
func start(t *testing.T, d analyzer.Deps) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancelCause(t.Context())
	done := make(chan error, 1)
	go func() { done <- analyzer.Run(ctx, analyzer.Config{Instance: "test", Version: "v0"}, d) }()
	stopped := false
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel(errors.New("the work is done"))
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	t.Cleanup(stop)
	return stop
}

func count(t *testing.T, st *store.Store, statement string) string {
	t.Helper()
	var out string
	err := st.Query(t.Context(), statement, false, func(_, _ []string, row []any) error {
		out = fmt.Sprint(row...)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// A run that goes on while the analyzer works is copied, analysed once it has
// ended, and the result in the object store is what follows from the log alone.
func TestRunIsCopiedAndAnalysed(t *testing.T) {
	log, st, d := setup(t)
	stop := start(t, d)
	r := resultstest.Start(t, log, "r1", 50)
	r.Ask(0, 60)
	r.Ask(60, 100)
	end := r.End()
	ev := resultstest.Await(t, log, events.KindAnalysisCompleted, "r1")
	a := ev.Data.(*events.AnalysisCompleted)
	if a.State != events.StateComplete || a.Sequence != end.Sequence || len(events.DiffKinds("a", a.Inputs, "b", end.Kinds)) > 0 {
		t.Errorf("%+v", a)
	}
	object, err := log.GetObject(t.Context(), a.Object)
	if err != nil {
		t.Fatal(err)
	}
	stored, err := io.ReadAll(object)
	if err != nil {
		t.Fatal(err)
	}
	for name, derive := range map[string]func() ([]byte, error){
		"log":        func() ([]byte, error) { _, b, err := analyzer.FromLog(t.Context(), log, "r1"); return b, err },
		"ClickHouse": func() ([]byte, error) { _, b, err := analyzer.Analyze(t.Context(), d, "r1"); return b, err },
	} {
		if got, err := derive(); err != nil || !bytes.Equal(got, stored) {
			t.Errorf("from %s: %v\n%s\n%s", name, err, got, stored)
		}
	}
	stop()
	// What was said last is copied before the analyzer has stopped.
	if got := count(t, st, "SELECT count() FROM events WHERE run = 'r1'"); got != "404" {
		t.Errorf("%s events in ClickHouse, want 400 of the run, 3 of its life and its analysis", got)
	}
	if got := count(t, st, "SELECT count() FROM votes WHERE run = 'r1' AND condition = 'two' AND correct"); got == "0" {
		t.Error("no votes to be queried")
	}
}

// A run that ended while no analyzer was there is analysed by the next one, and
// once only, however often analyzers start.
func TestAnalysisAfterRestart(t *testing.T) {
	log, _, d := setup(t)
	r := resultstest.Start(t, log, "r1", 10)
	r.Ask(0, 20)
	r.End()
	for range 3 {
		stop := start(t, d)
		resultstest.Await(t, log, events.KindAnalysisCompleted, "r1")
		stop()
	}
	n := 0
	err := log.Replay(t.Context(), bus.ReplayConfig{Stream: events.ControlStream}, func(m *bus.Message) error {
		if m.Parsed.Kind == events.KindAnalysisCompleted {
			n++
		}
		return nil
	})
	if err != nil || n != 1 {
		t.Errorf("%d analyses, %v", n, err)
	}
}

// ClickHouse that lacks an event or holds another content is refused by name,
// and mended from the log, again and again.
func TestRefusalAndRebuild(t *testing.T) {
	log, st, d := setup(t)
	r := resultstest.Start(t, log, "r1", 20)
	r.Ask(0, 40)
	r.End()
	_, want, err := analyzer.FromLog(t.Context(), log, "r1")
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := analyzer.Analyze(t.Context(), d, "r1"); !errors.Is(err, results.ErrDiffers) ||
		!strings.Contains(err.Error(), "vote.decided.v1: the log has 40, ClickHouse has 0") || !strings.Contains(err.Error(), "crucible rebuild r1") {
		t.Fatalf("an empty ClickHouse was not refused: %v", err)
	}
	for range 3 {
		if err := analyzer.Rebuild(t.Context(), log, st, "r1"); err != nil {
			t.Fatal(err)
		}
		_, got, err := analyzer.Analyze(t.Context(), d, "r1")
		if err != nil || !bytes.Equal(got, want) {
			t.Fatalf("after the rebuild: %v\n%s\n%s", err, got, want)
		}
		var victim store.Row
		if err := log.Replay(t.Context(), bus.ReplayConfig{Stream: events.RunStream("r1"), Until: 1}, func(m *bus.Message) error {
			victim = results.RowOf(m)
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		victim.Payload = append(bytes.Clone(victim.Payload), ' ')
		if err := st.Insert(t.Context(), []store.Row{victim}); err != nil {
			t.Fatal(err)
		}
		if _, _, err := analyzer.Analyze(t.Context(), d, "r1"); !errors.Is(err, results.ErrDiffers) || !strings.Contains(err.Error(), "query.dispatched.v1") {
			t.Fatalf("a forged event was not refused: %v", err)
		}
	}
}

func TestNotEnded(t *testing.T) {
	log, _, d := setup(t)
	resultstest.Start(t, log, "r1", 1)
	for _, run := range []string{"r1", "r2"} {
		if _, _, err := analyzer.Analyze(t.Context(), d, run); !errors.Is(err, results.ErrNotEnded) {
			t.Errorf("%s: %v", run, err)
		}
	}
}

// What cannot be read is stored all the same, under what its subject says.
func TestUnreadableEventsAreCopied(t *testing.T) {
	log, st, d := setup(t)
	r := resultstest.Start(t, log, "r1", 5)
	r.Ask(0, 10)
	// A verdict that claims another query's place.
	claim := events.QueryID("r1", "claim", 0, "x")
	ev := events.About(events.VoteSubject("r1", claim), "foreign", "", time.Now())
	ev.Data = &events.VoteDecided{Index: 3, State: events.VoteFailed}
	claimed, err := log.PublishEvents(t.Context(), &ev)
	if err != nil {
		t.Fatal(err)
	}
	r.Digests.Add(events.KindVoteDecided, ev.ID, claimed[0].Payload)
	q := events.QueryID("r1", "foreign", 0, "x")
	subject := events.VoteSubject("r1", q).String()
	stored, err := log.Publish(t.Context(), bus.Fact{Subject: subject, Payload: []byte("\xff{")})
	if err != nil {
		t.Fatal(err)
	}
	r.Digests.Add(events.KindVoteDecided, events.EventID(subject), stored[0].Payload)
	r.Saw(stored[0].Seq)
	if _, err := log.Publish(t.Context(), bus.Fact{Subject: "crucible.run.requested.r2", Payload: []byte("version: 1\nname: bare")}); err != nil {
		t.Fatal(err)
	}
	r.End()
	stop := start(t, d)
	resultstest.Await(t, log, events.KindAnalysisCompleted, "r1")
	stop()
	a, _, err := analyzer.Analyze(t.Context(), d, "r1")
	if err != nil || !strings.Contains(strings.Join(a.Warnings, " "), "2 events of the run could not be read") {
		t.Errorf("%v: %q", err, a.Warnings)
	}
	if got := count(t, st, "SELECT kind, query = '"+q+"' FROM events WHERE id = '"+events.EventID(subject)+"'"); got != "vote.decided.v1 1" && got != "vote.decided.v11" && got != "vote.decided.v1 true" && got != "vote.decided.v1true" {
		t.Errorf("the foreign event is %q", got)
	}
	if got := count(t, st, "SELECT count() FROM events WHERE run = 'r2'"); got != "1" {
		t.Errorf("%s events of the bare spec", got)
	}
}
