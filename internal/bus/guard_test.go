package bus_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/rs/zerolog"

	"github.com/crucible-go/crucible/internal/bus"
	"github.com/crucible-go/crucible/internal/bus/bustest"
	"github.com/crucible-go/crucible/pkg/events"
)

func TestFolderIsOwned(t *testing.T) {
	c := bus.Config{Dir: t.TempDir(), Logger: zerolog.Nop()}
	first, err := bus.Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	_, err = bus.Open(t.Context(), c)
	if !errors.Is(err, bus.ErrLocked) {
		t.Fatalf("second owner: %v", err)
	}
	for _, want := range []string{c.Dir, fmt.Sprintf("process %d", os.Getpid()), filepath.Base(os.Args[0]), time.Now().Format("2006-01-02")} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q does not say %q", err, want)
		}
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := bus.Open(t.Context(), c)
	if err != nil {
		t.Fatalf("after the owner closed: %v", err)
	}
	if err := first.Close(); err != nil { // which takes nothing from the new owner
		t.Error(err)
	}
	if _, err := bus.Open(t.Context(), c); !errors.Is(err, bus.ErrLocked) || !strings.Contains(err.Error(), fmt.Sprint(os.Getpid())) {
		t.Errorf("after the first owner closed twice: %v", err)
	}
	if err := again.Close(); err != nil {
		t.Fatal(err)
	}
	if err := again.Close(); err != nil {
		t.Errorf("closing twice: %v", err)
	}
	if _, err := again.Publish(context.Background(), bustest.Fact(1, "a")); !errors.Is(err, bus.ErrClosed) {
		t.Errorf("publish on a closed bus: %v", err)
	}
	if err := again.Err(); !errors.Is(err, bus.ErrClosed) {
		t.Errorf("a closed bus says %v", err)
	}
}

func TestOpenRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		config bus.Config
		want   []string
	}{
		"nowhere":     {bus.Config{}, []string{"neither a URL nor a data folder"}},
		"durability":  {bus.Config{Dir: "x", Durability: "never"}, []string{`"never"`, `"always"`}},
		"replicas":    {bus.Config{Dir: "x", Replicas: 3}, []string{"embedded"}},
		"unreachable": {bus.Config{URL: "nats://user:hunter2@127.0.0.1:1"}, []string{"127.0.0.1:1", "start a nats-server"}},
		"credentials": {bus.Config{URL: "nats://127.0.0.1:1", CredsFile: "/nowhere"}, []string{"/nowhere"}},
	} {
		_, err := bus.Open(t.Context(), c.config)
		if err == nil {
			t.Errorf("%s: opened", name)
			continue
		}
		for _, want := range c.want {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %q does not say %q", name, err, want)
			}
		}
		if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: the password is in %q", name, err)
		}
	}
}

func TestVersionLess(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"2.14.4", "2.14.5", true}, {"2.14.5", "2.14.5", false}, {"2.15.0", "2.14.5", false}, {"2.9.10", "2.14.5", true},
		{"3.0.0", "2.14.5", false}, {"v2.14.6-RC.1", "2.14.5", false}, {"", "2.14.5", true}, {"2.14.10", "2.14.5", false},
	} {
		if got := bus.VersionLess(c.a, c.b); got != c.want {
			t.Errorf("%q < %q: %v", c.a, c.b, got)
		}
	}
}

func TestSecretIsNeverPrinted(t *testing.T) {
	c := bus.Config{Password: "hunter2", Token: "hunter2"}
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		if s := fmt.Sprintf(format, c); strings.Contains(s, "hunter2") {
			t.Errorf("%s shows the secret: %s", format, s)
		}
	}
	if got := bus.RedactURL("nats://a:b@h:1,tls://t@h:2, h:3"); got != "nats://h:1,tls://h:2, h:3" {
		t.Errorf("redacted to %q", got)
	}
}

func TestServerAsksForPassword(t *testing.T) {
	s, err := bus.StartServer(bus.ServerConfig{Dir: t.TempDir(), User: "u", Password: "right", Logger: zerolog.Nop()})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	if !strings.HasPrefix(s.URL(), "nats://127.0.0.1:") {
		t.Errorf("listens on %s", s.URL())
	}
	c := bus.Config{URL: s.URL(), User: "u", Password: "wrong", Logger: zerolog.Nop()}
	if _, err := bus.Open(t.Context(), c); err == nil || !strings.Contains(err.Error(), "uthorization") {
		t.Errorf("with a wrong password: %v", err)
	}
	c.Password = "right"
	b, err := bus.Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Close(); err != nil {
		t.Error(err)
	}
}

// A stream that could lose or hide events is refused, with the reason.
func TestStreamSettings(t *testing.T) {
	b := openEmbedded(t)
	good := b.StreamConfig(events.RunStream("x"), events.RunSubjects("x"))
	for want, edit := range map[string]func(*jetstream.StreamConfig){
		"retention":       func(c *jetstream.StreamConfig) { c.Retention = jetstream.WorkQueuePolicy },
		"discards old":    func(c *jetstream.StreamConfig) { c.Discard = jetstream.DiscardOld },
		"in memory":       func(c *jetstream.StreamConfig) { c.Storage = jetstream.MemoryStorage },
		"subjects":        func(c *jetstream.StreamConfig) { c.Subjects = []string{"crucible.call.*.x.>"} },
		"forgets":         func(c *jetstream.StreamConfig) { c.MaxAge = time.Hour },
		"per subject":     func(c *jetstream.StreamConfig) { c.MaxMsgsPerSubject = 1 },
		"deleted":         func(c *jetstream.StreamConfig) { c.DenyDelete = false },
		"purged":          func(c *jetstream.StreamConfig) { c.DenyPurge = false },
		"expire":          func(c *jetstream.StreamConfig) { c.AllowMsgTTL = true },
		"not acknowledge": func(c *jetstream.StreamConfig) { c.NoAck = true; c.AllowAtomicPublish = false },
		"atomic":          func(c *jetstream.StreamConfig) { c.AllowAtomicPublish = false },
	} {
		c := good
		edit(&c)
		if _, err := b.JetStream().CreateStream(t.Context(), c); err != nil {
			t.Fatalf("%s: %v", want, err)
		}
		if err := b.EnsureRun(t.Context(), "x"); !errors.Is(err, bus.ErrSettings) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
		if err := b.DeleteRun(t.Context(), "x"); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		if err := b.EnsureRun(t.Context(), "x"); err != nil {
			t.Errorf("our own: %v", err)
		}
	}
	replicated := good
	replicated.Replicas, replicated.AllowDirect = 3, true
	if err := bus.CheckStream(replicated, good); !errors.Is(err, bus.ErrSettings) {
		t.Errorf("stale reads: %v", err)
	}
}

// A publish whose id stands on another subject is not stored and not a success.
func TestIdentity(t *testing.T) {
	b := openEmbedded(t)
	f := vote(1)
	m := nats.NewMsg(vote(2).Subject)
	m.Header.Set("Nats-Msg-Id", events.EventID(f.Subject))
	if _, err := b.JetStream().PublishMsg(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Publish(t.Context(), f); !errors.Is(err, bus.ErrIdentity) {
		t.Errorf("one: %v", err)
	}
	var many []bus.Fact
	for i := range 100 {
		many = append(many, vote(i))
	}
	stored, err := b.Publish(t.Context(), many...)
	if !errors.Is(err, bus.ErrIdentity) {
		t.Errorf("many: %v", err)
	}
	for i, s := range stored {
		if s.New != (i != 1 && i != 2) {
			t.Errorf("fact %d: %+v", i, s)
		}
	}
}

// The reads of replicated streams answer as the others.
func TestLeaderLookup(t *testing.T) {
	b := openEmbedded(t)
	f := vote(1)
	f.Trace = "00-01-02-03"
	if _, err := b.Publish(t.Context(), f); err != nil {
		t.Fatal(err)
	}
	ms, err := b.LeaderLookup(t.Context(), events.RunStream("r"), []string{vote(2).Subject, f.Subject})
	if err != nil {
		t.Fatal(err)
	}
	if ms[0] != nil || ms[1] == nil || ms[1].Seq != 1 || ms[1].Trace != f.Trace || len(ms[1].Payload) != len(f.Payload) {
		t.Errorf("%+v, %+v", ms[0], ms[1])
	}
	if _, err := b.LeaderLookup(t.Context(), events.RunStream("ghost"), []string{f.Subject}); !errors.Is(err, bus.ErrNoStream) {
		t.Errorf("without a stream: %v", err)
	}
}

// A hole in the middle of a stream is found.
func TestReplayFindsGap(t *testing.T) {
	b := openEmbedded(t)
	c := b.StreamConfig(events.RunStream("x"), events.RunSubjects("x"))
	c.DenyDelete = false
	s, err := b.JetStream().CreateStream(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 10 {
		f := bus.Fact{Subject: events.QuerySubject("x", fmt.Sprint(i)).String(), Payload: []byte("{}")}
		if _, err := b.Publish(t.Context(), f); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.DeleteMsg(t.Context(), 5); err != nil {
		t.Fatal(err)
	}
	n := 0
	err = b.Replay(t.Context(), bus.ReplayConfig{Stream: events.RunStream("x")}, func(*bus.Message) error { n++; return nil })
	if !errors.Is(err, bus.ErrGap) || !strings.Contains(err.Error(), "sequence 5 is missing") || n != 4 {
		t.Errorf("%d read, then %v", n, err)
	}
}

// Without in-progress signals a message does come again: what the contract's
// long handler is spared.
func TestControlWithoutSignals(t *testing.T) {
	b := openEmbedded(t)
	if _, err := b.Publish(t.Context(), vote(1)); err != nil {
		t.Fatal(err)
	}
	c, err := b.JetStream().CreateConsumer(t.Context(), events.RunStream("r"), jetstream.ConsumerConfig{
		Durable: "d", AckPolicy: jetstream.AckExplicitPolicy, AckWait: 200 * time.Millisecond,
	})
	if err != nil {
		t.Fatal(err)
	}
	for want := uint64(1); want <= 2; want++ {
		m, err := c.Next(jetstream.FetchMaxWait(10 * time.Second))
		if err != nil {
			t.Fatal(err)
		}
		if md, err := m.Metadata(); err != nil || md.NumDelivered != want {
			t.Errorf("delivery %d: %+v, %v", want, md, err)
		}
	}
}

// A consumer that is deleted under its users is created again.
func TestConsumerDeleted(t *testing.T) {
	b := openEmbedded(t)
	seen := make(chan uint64, 10)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		done <- b.Consume(ctx, bus.ConsumeConfig{Stream: events.RunStream("r"), Durable: "d"}, func(_ context.Context, m *bus.Message) error {
			seen <- m.Seq
			return nil
		})
	}()
	publishVote := func(n int) {
		t.Helper()
		if _, err := b.Publish(t.Context(), vote(n)); err != nil {
			t.Fatal(err)
		}
	}
	await := func(want uint64) {
		t.Helper()
		for {
			select {
			case got := <-seen:
				if got == want { // the first may come again
					return
				}
			case <-time.After(30 * time.Second):
				t.Fatalf("%d did not come", want)
			}
		}
	}
	publishVote(1)
	await(1)
	if err := b.JetStream().DeleteConsumer(t.Context(), events.RunStream("r"), "d"); err != nil {
		t.Fatal(err)
	}
	publishVote(2)
	await(2)
	if err := b.DeleteRun(t.Context(), "r"); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-done:
		if !errors.Is(err, bus.ErrNoStream) {
			t.Errorf("consumer of a removed stream: %v", err)
		}
	case <-time.After(30 * time.Second):
		t.Error("the consumer of a removed stream goes on")
	}
	stop()
}

func TestReadDelivery(t *testing.T) {
	for reply, want := range map[string][3]uint64{
		"$JS.ACK.S.C.2.30.4.1700000000000000000.7":             {2, 30, 7},
		"$JS.ACK.dom.acc.S.C.2.30.4.1700000000000000000.7":     {2, 30, 7},
		"$JS.ACK._.acc.S.C.2.30.4.1700000000000000000.7.token": {2, 30, 7},
	} {
		d, s, p, err := bus.ReadDelivery(reply)
		if err != nil || d != want[0] || s != want[1] || p != want[2] {
			t.Errorf("%s: %d %d %d %v", reply, d, s, p, err)
		}
	}
	for _, reply := range []string{"", "_INBOX.x", "$JS.ACK.S.C.2.30.4.17", "$JS.ACK.S.C.a.30.4.17.7"} {
		if _, _, _, err := bus.ReadDelivery(reply); err == nil {
			t.Errorf("%q was read", reply)
		}
	}
}

// Publishers that are at work when the bus is closed are told so, all of them.
func TestCloseWhilePublishing(t *testing.T) {
	b := openEmbedded(t)
	var wg sync.WaitGroup
	var begun sync.WaitGroup
	for w := range 16 {
		begun.Add(1)
		wg.Go(func() {
			for i := 0; ; i++ {
				_, err := b.Publish(context.Background(), vote(w*1_000_000+i))
				if i == 0 {
					begun.Done()
				}
				if err != nil {
					if !errors.Is(err, bus.ErrClosed) {
						t.Error(err)
					}
					return
				}
			}
		})
	}
	begun.Wait()
	if err := b.Close(); err != nil {
		t.Error(err)
	}
	wg.Wait()
}
