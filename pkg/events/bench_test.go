package events_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/crucible-go/crucible/pkg/events"
)

// plain mirrors an event for encoding/json: the same fields by reflection.
type plain[T any] struct {
	SpecVersion string    `json:"specversion"`
	ID          string    `json:"id"`
	Source      string    `json:"source"`
	Type        string    `json:"type"`
	Time        time.Time `json:"time"`
	Subject     string    `json:"subject"`
	Run         string    `json:"run"`
	Cause       string    `json:"cause,omitempty"`
	Query       string    `json:"query,omitempty"`
	Call        string    `json:"call,omitempty"`
	Condition   string    `json:"condition,omitempty"`
	Repeat      int       `json:"repeat,omitempty"`
	Item        string    `json:"item,omitempty"`
	Member      string    `json:"member,omitempty"`
	Model       string    `json:"model,omitempty"`
	Data        T         `json:"data"`
}

// plainCompleted is CallCompleted without its generated codec.
type plainCompleted struct {
	Outcome   string         `json:"outcome"`
	Role      string         `json:"role"`
	Answer    string         `json:"answer,omitempty"`
	LatencyNS int64          `json:"latency_ns,omitempty"`
	WaitNS    int64          `json:"wait_ns,omitempty"`
	Usage     *plainUsage    `json:"usage,omitempty"`
	CostUSD   string         `json:"cost_usd"`
	CostKnown bool           `json:"cost_known"`
	Served    string         `json:"served_model,omitempty"`
	Finish    string         `json:"finish_reason,omitempty"`
	Attempts  []plainAttempt `json:"attempts"`
}

type plainUsage struct {
	Input  int64  `json:"input_tokens"`
	Output int64  `json:"output_tokens"`
	Source string `json:"source"`
}

type plainAttempt struct {
	Attempt   int         `json:"attempt"`
	Outcome   string      `json:"outcome"`
	StartNS   int64       `json:"start_ns"`
	LatencyNS int64       `json:"latency_ns,omitempty"`
	Usage     *plainUsage `json:"usage,omitempty"`
	CostUSD   string      `json:"cost_usd,omitempty"`
}

// typical is the terminal fact of a call as most are: one attempt, one answer.
// Its payload has 868 bytes.
func typical() events.Event {
	ev := about(events.CompletedSubject(exRun, exQuery, exCall), "caller/7f3k", events.RequestedSubject(exRun, exQuery, exCall, "openai"), 0)
	usage := events.Usage{Input: 101, Output: 58, Source: "reported"}
	return with(ev, &events.CallCompleted{
		Outcome: events.CallAnswered, Role: events.RoleAnswer, Answer: "9 eggs are left, which makes 18 dollars a day. A: 18",
		LatencyNS: 1172345678, WaitNS: 1234567, Usage: &usage, CostUSD: "0.000049950000", CostKnown: true,
		Attempts: []events.Attempt{{Attempt: 1, Outcome: events.CallAnswered, LatencyNS: 1172345678}},
	})
}

func payload(t testing.TB, ev events.Event) []byte {
	t.Helper()
	b, err := events.Encode(&ev)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// runMix is one event of each kind that a run has many of.
func runMix(t testing.TB) map[events.Kind][]byte {
	mix := map[events.Kind][]byte{}
	for _, ex := range examples() {
		switch ex.ev.Type {
		case events.KindQueryDispatched, events.KindCallRequested, events.KindCallStarted, events.KindVoteDecided:
			if ex.name == string(ex.ev.Type) {
				mix[ex.ev.Type] = payload(t, ex.ev)
			}
		}
	}
	mix[events.KindCallCompleted] = payload(t, typical())
	return mix
}

func BenchmarkDecode(b *testing.B) {
	call := payload(b, typical())
	b.Run("call.completed", func(b *testing.B) {
		b.SetBytes(int64(len(call)))
		b.ReportAllocs()
		for b.Loop() {
			if _, err := events.Decode(events.KindCallCompleted, call); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("call.completed/encoding-json", func(b *testing.B) {
		b.SetBytes(int64(len(call)))
		b.ReportAllocs()
		for b.Loop() {
			var ev plain[plainCompleted]
			if err := json.Unmarshal(call, &ev); err != nil {
				b.Fatal(err)
			}
		}
	})
	mix := runMix(b)
	for _, k := range events.Kinds() {
		if p := mix[k]; p != nil && k != events.KindCallCompleted {
			b.Run("mix/"+string(k), func(b *testing.B) {
				b.SetBytes(int64(len(p)))
				b.ReportAllocs()
				for b.Loop() {
					if _, err := events.Decode(k, p); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

func BenchmarkEncode(b *testing.B) {
	ev := typical()
	b.Run("call.completed", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := events.Encode(&ev); err != nil {
				b.Fatal(err)
			}
		}
	})
	var same plain[plainCompleted]
	if err := json.Unmarshal(payload(b, ev), &same); err != nil {
		b.Fatal(err)
	}
	b.Run("call.completed/encoding-json", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := json.Marshal(&same); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkSubject(b *testing.B) {
	s := events.CompletedSubject(exRun, exQuery, exCall)
	subject := s.String()
	b.Run("String", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_ = s.String()
		}
	})
	b.Run("Parse", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := events.ParseSubject(subject); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("EventID", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_ = events.EventID(subject)
		}
	})
}

func BenchmarkDigest(b *testing.B) {
	var d events.Digest
	ev := typical()
	p := payload(b, ev)
	b.SetBytes(int64(len(p)))
	b.ReportAllocs()
	for b.Loop() {
		d.Add(ev.ID, p)
	}
}
