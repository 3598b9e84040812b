package bus

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"pgregory.net/rapid"
)

// The threshold follows the disk and stays within its bounds.
func TestCosts(t *testing.T) {
	slow, fast := newCosts(Always), newCosts(Always)
	if slow.batch(31) || !slow.batch(32) {
		t.Error("the first threshold is not 32")
	}
	for range 50 {
		slow.sawSingles(10, 10*10*time.Millisecond) // a slow disk: 10 ms per fsync
		slow.sawBatch(1000, 30*time.Millisecond)
		fast.sawSingles(10, 10*30*time.Microsecond)
		fast.sawBatch(1000, 30*time.Millisecond)
	}
	if slow.threshold != minThreshold || fast.threshold != maxThreshold {
		t.Errorf("thresholds %d and %d, want the bounds", slow.threshold, fast.threshold)
	}
	never := newCosts(Interval)
	never.sawSingles(10, time.Second)
	never.sawBatch(10, time.Second)
	if never.batch(math.MaxInt - 1) {
		t.Error("without fsync nothing is gained by a batch")
	}
	rapid.Check(t, func(t *rapid.T) {
		c := newCosts(Always)
		for range rapid.IntRange(1, 30).Draw(t, "steps") {
			n, d := rapid.IntRange(1, 1000).Draw(t, "n"), time.Duration(rapid.Int64Range(1, int64(time.Minute)).Draw(t, "d"))
			if rapid.Bool().Draw(t, "batch") {
				c.sawBatch(n, d)
			} else {
				c.sawSingles(n, d)
			}
			if c.threshold < minThreshold || c.threshold > maxThreshold {
				t.Fatalf("threshold %d", c.threshold)
			}
		}
	})
}

func TestParseAck(t *testing.T) {
	for data, want := range map[string]ack{
		`{"stream":"S","seq":12}`:                      {seq: 12},
		`{"stream":"S", "seq":12}`:                     {seq: 12},
		`{"stream":"S","domain":"d","seq":7}`:          {seq: 7},
		`{"stream":"S","seq":5,"duplicate": true}`:     {seq: 5, duplicate: true},
		`{"stream":"S","seq":5,"batch":"b","count":2}`: {seq: 5},
	} {
		if got := parseAck(&nats.Msg{Data: []byte(data)}); got != want {
			t.Errorf("%s: %+v", data, got)
		}
	}
	refused := parseAck(&nats.Msg{Data: []byte(`{"error":{"code":400,"err_code":10071,"description":"wrong last sequence: 1"},"stream":"S","seq":0}`)})
	if code(refused.err) != codeNotFirst {
		t.Errorf("refusal: %v", refused.err)
	}
	if a := parseAck(&nats.Msg{Header: nats.Header{"Status": {"503"}}}); !errors.Is(a.err, nats.ErrNoResponders) {
		t.Errorf("nobody there: %v", a.err)
	}
	for _, data := range []string{"", "x", `{"seq":-1}`, `{"seq":`} {
		if a := parseAck(&nats.Msg{Data: []byte(data)}); a.err == nil {
			t.Errorf("%q was read as %+v", data, a)
		}
	}
}

func TestFull(t *testing.T) {
	for text, want := range map[string]bool{
		"maximum bytes exceeded": true, "write x: no space left on device": true, "something else": false,
	} {
		if got := full(&jetstream.APIError{ErrorCode: codeStoreFailed, Description: text}); (got != nil) != want || got != nil && !errors.Is(got, ErrFull) {
			t.Errorf("%q: %v", text, got)
		}
	}
	if full(errors.New("x")) != nil || full(&jetstream.APIError{ErrorCode: codeNotFirst}) != nil {
		t.Error("not every error means that the log is full")
	}
}

// When a group is handed over.
func TestGathererTake(t *testing.T) {
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		held    int
		pending uint64
		age     time.Duration // of the oldest
		last    time.Duration // since the last hand-over
		linger  time.Duration
		want    int
		wait    time.Duration
	}{
		"nothing":                      {0, 0, 0, time.Hour, 0, 0, time.Hour},
		"full":                         {15, 9, 0, 0, time.Hour, 10, 0},
		"more comes":                   {3, 9, 400 * time.Millisecond, time.Hour, 0, 0, 600 * time.Millisecond},
		"waited long enough":           {3, 9, time.Second, time.Hour, 0, 3, 0},
		"nothing more, at once":        {3, 0, 0, 0, 0, 3, 0},
		"nothing more, just handed":    {3, 0, 0, 50 * time.Millisecond, 200 * time.Millisecond, 0, 150 * time.Millisecond},
		"nothing more, handed earlier": {3, 0, 0, time.Second, 200 * time.Millisecond, 3, 0},
	} {
		w := &work{c: ConsumeConfig{Linger: c.linger}, drain: make(chan struct{})}
		g := &gatherer{work: w, rows: 10, wait: time.Second, last: at.Add(-c.last), buffer: make([]*job, c.held), since: at.Add(-c.age), pending: c.pending}
		group, wait := g.take(at)
		if len(group) != c.want || wait != c.wait {
			t.Errorf("%s: %d rows, wait %v", name, len(group), wait)
		}
		close(w.drain)
		if group, _ := g.take(at); group != nil {
			t.Errorf("%s: handed over after the shutdown", name)
		}
	}
}

func TestFailuresWithoutWaits(t *testing.T) {
	w := &work{waits: map[uint64]uint64{}}
	j := &job{message: &Message{Seq: 7, Deliveries: 4}}
	if got := w.failures(j); got != 4 {
		t.Errorf("%d failures, want 4", got)
	}
	w.waited(j)
	w.waited(j)
	if got := w.failures(j); got != 2 {
		t.Errorf("%d failures after two waits, want 2", got)
	}
	w.forget(j)
	if len(w.waits) != 0 {
		t.Error("settled messages are remembered")
	}
}

func TestPauses(t *testing.T) {
	for n := range 200 {
		if b := backoff(n); b < 10*time.Millisecond || b > time.Second {
			t.Errorf("backoff(%d) = %v", n, b)
		}
		if d := failureDelay(uint64(n + 1)); d < 100*time.Millisecond || d > 30*time.Second {
			t.Errorf("failureDelay(%d) = %v", n+1, d)
		}
	}
	if got := string(nakAfter(1500 * time.Millisecond)); got != `-NAK {"delay":1500000000}` {
		t.Error(got)
	}
	if got := string(nakAfter(-1)); got != "-NAK" {
		t.Error(got)
	}
}

func TestDeadLetterText(t *testing.T) {
	if got := clip(strings.Repeat("é", maxErrorText), maxErrorText-1); len(got) > maxErrorText+8 || strings.ContainsRune(got, '\uFFFD') {
		t.Errorf("clipped to %d bytes", len(got))
	}
	if got := commandName([]string{"/usr/bin/crucible", "serve", "--nats", "nats://u:p@h"}); strings.Join(got, " ") != "crucible serve" {
		t.Errorf("command %q", got)
	}
	if got := commandName([]string{"/usr/bin/crucible", "-v"}); strings.Join(got, " ") != "crucible" {
		t.Errorf("command %q", got)
	}
}

// The grace and the waits of a consumer have sane defaults.
func TestConsumeDefaults(t *testing.T) {
	c, err := ConsumeConfig{Stream: "S", Durable: "d"}.withDefaults()
	if err != nil || c.Workers != 1 || c.MaxAckPending != -1 || c.AckWait != 30*time.Second || c.MaxDeliver != 5 || c.Service != "d" || c.Grace <= 0 {
		t.Errorf("%+v, %v", c, err)
	}
	if cc := c.consumer(); cc.MaxDeliver != -1 || cc.InactiveThreshold != 0 || cc.AckPolicy != jetstream.AckExplicitPolicy {
		t.Errorf("%+v", cc)
	}
	for _, bad := range []ConsumeConfig{{Durable: "d"}, {Stream: "S"}, {Stream: "S", Durable: "a.b"}} {
		if _, err := bad.withDefaults(); err == nil {
			t.Errorf("%+v was accepted", bad)
		}
	}
}

// A span survives the way through a header.
func TestTrace(t *testing.T) {
	const parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	if got := traceparent(withTrace(t.Context(), parent)); got != parent {
		t.Errorf("came back as %q", got)
	}
	for _, bad := range []string{"", "00-x-y-01", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331"} {
		if got := traceparent(withTrace(t.Context(), bad)); got != "" {
			t.Errorf("%q became %q", bad, got)
		}
	}
}
