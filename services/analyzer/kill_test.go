package analyzer_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/rs/zerolog"

	"github.com/crucible-go/crucible/internal/bus"
	"github.com/crucible-go/crucible/internal/results/resultstest"
	"github.com/crucible-go/crucible/internal/store"
	"github.com/crucible-go/crucible/pkg/events"
	"github.com/crucible-go/crucible/services/analyzer"
)

// envSink makes the test binary a sink, or a reader of what sinks have stored.
const envSink = "CRUCIBLE_TEST_SINK"

// sinkConf is what the process is told in envSink.
type sinkConf struct {
	URL   string // of the log
	Dir   string // of the store
	Run   string
	Rows  int   // of an insert
	Kill  int64 // the insert after which the process dies, before it acknowledges; 0: never
	Read  bool  // say what is stored, and end
	Until uint64
}

// stored is what a reader prints.
type stored struct {
	Kinds         []events.KindDigest
	Raw, Distinct uint64
}

func sinkProcess(text string) int {
	var c sinkConf
	if err := json.Unmarshal([]byte(text), &c); err != nil {
		return fail(err)
	}
	st, err := store.Open(context.Background(), store.Config{Dir: c.Dir, Logger: zerolog.Nop()})
	if err != nil {
		return fail(err)
	}
	if c.Read {
		err = c.read(st)
	} else {
		err = c.sink(st)
	}
	if err := errors.Join(err, st.Close()); err != nil {
		return fail(err)
	}
	return 0
}

func fail(err error) int {
	fmt.Fprintln(os.Stderr, err)
	return 1
}

// sink copies the run's stream until nothing is left, or dies.
func (c sinkConf) sink(st *store.Store) error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	log, err := bus.Open(ctx, bus.Config{URL: c.URL, Logger: zerolog.Nop()})
	if err != nil {
		return err
	}
	var inserts atomic.Int64
	die := zerolog.HookFunc(func(_ *zerolog.Event, _ zerolog.Level, message string) {
		if message == analyzer.Inserted && inserts.Add(1) == c.Kill {
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {} // the signal is on its way
		}
	})
	go func() {
		defer cancel()
		for look := time.NewTicker(10 * time.Millisecond); ctx.Err() == nil; <-look.C {
			if done, err := log.CaughtUp(ctx, events.RunStream(c.Run), "sink"); err == nil && done {
				return
			}
		}
	}()
	err = analyzer.Run(ctx, analyzer.Config{Rows: c.Rows, Linger: time.Millisecond}, analyzer.Deps{
		Log: log, Store: st, Now: time.Now, Logger: zerolog.New(bytes.NewBuffer(nil)).Hook(die),
	})
	return errors.Join(err, log.Close())
}

func (c sinkConf) read(st *store.Store) error {
	var out stored
	var err error
	if out.Kinds, err = st.Kinds(context.Background(), c.Run, c.Until); err != nil {
		return err
	}
	statement := fmt.Sprintf("SELECT count() AS n, uniqExact(id) AS ids FROM crucible.events_raw WHERE run = '%s'", c.Run)
	err = st.Query(context.Background(), statement, false, func(_, _ []string, row []any) error {
		out.Raw, out.Distinct = row[0].(uint64), row[1].(uint64)
		return nil
	})
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(out)
}

// process runs the test binary as a sink or a reader.
func (c sinkConf) process(t *testing.T) ([]byte, error) {
	t.Helper()
	b, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	var out, talk bytes.Buffer
	cmd := exec.CommandContext(t.Context(), os.Args[0]) // this test binary itself
	cmd.Env = append(os.Environ(), envSink+"="+string(b))
	cmd.Stdout, cmd.Stderr = &out, &talk
	err = cmd.Run()
	if err != nil && talk.Len() > 0 {
		t.Log(talk.String())
	}
	return out.Bytes(), err
}

// A sink that dies between an insert and its acknowledgement, 20 times with
// other batch borders each time, leaves every event exactly once for a reader.
func TestSinkKilledBeforeItAcknowledges(t *testing.T) {
	server, err := bus.StartServer(bus.ServerConfig{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	log, err := bus.Open(t.Context(), bus.Config{URL: server.URL(), Logger: zerolog.Nop()})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = log.Close() }()
	run := resultstest.Start(t, log, "killed", 400)
	run.Ask(0, 800)
	info, err := log.StreamInfo(t.Context(), events.RunStream(run.ID))
	if err != nil {
		t.Fatal(err)
	}
	c := sinkConf{URL: server.URL(), Dir: filepath.Join(t.TempDir(), "store"), Run: run.ID, Until: info.Last}
	nc, err := nats.Connect(server.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	leases, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range 20 {
		c.Rows, c.Kill = 20+rng.IntN(150), 1+rng.Int64N(3)
		_, err := c.process(t)
		var exit *exec.ExitError
		if !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
			t.Fatalf("kill %d: the sink ended with %v", i, err)
		}
		// The dead process holds its leases for some seconds more; nothing but
		// waiting depends on that.
		if err := leases.DeleteKeyValue(t.Context(), bus.LeaseBucket); err != nil {
			t.Fatal(err)
		}
	}
	c.Rows, c.Kill = 10_000, 0
	if _, err := c.process(t); err != nil {
		t.Fatal(err)
	}
	c.Read = true
	b, err := c.process(t)
	if err != nil {
		t.Fatal(err)
	}
	var got stored
	resultstest.MustUnmarshal(t, b, &got)
	if diff := events.DiffKinds("the log", run.Digests.Kinds(), "ClickHouse", got.Kinds); diff != nil {
		t.Error(diff)
	}
	if got.Raw <= got.Distinct {
		t.Errorf("%d rows for %d events: no insert was repeated, so the kills have shown nothing", got.Raw, got.Distinct)
	}
	t.Logf("%d rows for %d events", got.Raw, got.Distinct)
}
