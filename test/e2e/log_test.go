package e2e

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/crucible-go/crucible/pkg/events"
)

// said is what status --json says of a run that was turned away.
type said struct {
	State  string `json:"state"`
	Reason string `json:"reason"`
}

// Publishing is submitting: any client of the log can, with the text of a spec
// and nothing of ours. What cannot be run is rejected with a reason.
func TestPublishingIsSubmitting(t *testing.T) {
	t.Parallel()
	s, publish := openPublisher(t)
	spec := read(t, example(t, "arithmetic.yaml"))
	publish("bare", spec)
	var r result
	decode(t, s.crucible(t, "watch", "bare", "--json").want(t, 0), &r)
	checkFolder(t, r.Dir)
	submitted := perform(t, s, example(t, "arithmetic.yaml"), "submitted", 0)
	for _, name := range []string{"dataset.jsonl", "results.csv"} {
		if got, want := read(t, r.Dir, name), read(t, submitted.Dir, name); got != want {
			t.Errorf("published and submitted runs differ in %s: %s", name, parting(got, want))
		}
	}
	if got := list(t, s)["bare"]; got != (listed{"bare", "arithmetic-simulated-recordings", "complete", 1200, 1200}) {
		t.Errorf("the run is %+v", got)
	}
	verification(t, s, "bare", 0)

	for run, c := range map[string]struct{ body, reason string }{
		"nonsense":    {"{{{", ""},
		"nothing":     {"", ""},
		"binary":      {"\x00\xff\xfe", ""},
		"misspelled":  {strings.Replace(spec, "conditions:", "conditons:", 1), "conditons"},
		"outside":     {strings.Replace(spec, "arithmetic/problems.jsonl", "../go.mod", 1), "../go.mod"},
		"absolute":    {strings.Replace(spec, "arithmetic/problems.jsonl", "/etc/hostname", 1), "/etc/hostname"},
		"undeclared":  {strings.Replace(spec, "provider: recorded, field: sim_small.solution, simulated: true", "provider: exec, command: [\"true\"]", 1), "pool"},
		"unspoken-of": {`{"id":"x","data":{"spec":7}}`, ""},
	} {
		publish(run, c.body)
		if o := s.crucible(t, "watch", run, "--json"); o.code != 2 {
			t.Errorf("%s: watch ends with %d: %s", run, o.code, o.stderr)
		}
		var got said
		decode(t, s.crucible(t, "status", run, "--json").want(t, 0), &got)
		if got.State != "rejected" || got.Reason == "" || !strings.Contains(got.Reason, c.reason) {
			t.Errorf("%s: %+v, want a reason about %q", run, got, c.reason)
		}
	}
}

// openPublisher is a cluster that reads the examples, and a way to publish a
// request on its log.
func openPublisher(t *testing.T) (*many, func(run, body string)) {
	t.Helper()
	data, err := filepath.Abs(filepath.Join(root, "examples"))
	if err != nil {
		t.Fatal(err)
	}
	s := openMany(t, options{dataRoot: data})
	js := s.connect(t)
	return s, func(run, body string) {
		t.Helper()
		if _, err := js.Publish(t.Context(), "crucible.run.requested."+run, []byte(body)); err != nil {
			t.Fatalf("publish %s: %v", run, err)
		}
	}
}

// Of several requests on one name the first stands, however soon the others come
// and whatever they say.
func TestTheFirstRequestStands(t *testing.T) {
	t.Parallel()
	s, publish := openPublisher(t)
	spec := read(t, example(t, "arithmetic.yaml"))
	publish("alone", spec)
	s.crucible(t, "watch", "alone").want(t, 0)
	want := bytesOf(t, filepath.Join(s.out, "alone"))
	publish("contested", spec)
	publish("contested", read(t, example(t, "arithmetic-simulated.yaml")))
	publish("contested", "{{{")
	s.crucible(t, "watch", "contested").want(t, 0)
	sameBytes(t, "the contested run", bytesOf(t, filepath.Join(s.out, "contested")), want)
	publish("contested", strings.Replace(spec, "seed: 42", "seed: 43", 1))
	verification(t, s, "contested", 0)
	if got := list(t, s)["contested"]; got != (listed{"contested", "arithmetic-simulated-recordings", "complete", 1200, 1200}) {
		t.Errorf("the run is %+v", got)
	}
}

// deadLetter is a row of the view.
type deadLetter struct {
	Service string `json:"service"`
	Subject string `json:"subject"`
}

// A message that nobody can process leaves one dead letter, and the run goes on
// to an end that says that it is partial.
func TestPoisonLeavesADeadLetter(t *testing.T) {
	t.Parallel()
	p := openProvider(t, "id=sim-fast,p50=10ms", "id=sim-careful,p50=10ms")
	s := openMany(t, options{pools: p.pools()})
	js := s.connect(t)
	p.close() // the run does not end before the poison is in it
	j := s.begin(t, p.spec(t, "20"), "poisoned")
	p.await(t, concurrency)
	poison := poisonSubject(t, js, "poisoned")
	if _, err := js.Publish(t.Context(), poison, []byte(`{"id":"not even JSON`)); err != nil {
		t.Fatal(err)
	}
	p.open()
	r := ended(t, j, "poisoned", 3)
	if r.State != "partial" {
		t.Errorf("state %s", r.State)
	}
	checkFolder(t, r.Dir)
	letters := rows[deadLetter](t, s, "SELECT service, subject FROM deadletters WHERE run = 'poisoned'")
	if len(letters) != 1 || letters[0].Subject != poison || letters[0].Service != "caller" {
		t.Errorf("dead letters %+v, want one about %s", letters, poison)
	}
	wantCounts(t, counts(t, s, r.Run), map[string]int{"deadletter.recorded.v1": 1, "vote.decided.v1": 40, "query.dispatched.v1": 40})
	var env environ
	decode(t, read(t, r.Dir, "environment.json"), &env)
	if env.State != "partial" || env.DeadLetters != 1 {
		t.Errorf("environment.json: %+v", env)
	}
	if o := s.crucible(t, "watch", "poisoned", "--json"); o.code != 3 {
		t.Errorf("watching it again ends with %d", o.code)
	}
	verification(t, s, "poisoned", 0)
}

// poisonSubject is the subject of an order that nobody gave: another call of the
// run's first query, to its pool.
func poisonSubject(t *testing.T, js jetstream.JetStream, run string) string {
	t.Helper()
	stream, err := js.Stream(t.Context(), events.RunStream(run))
	if err != nil {
		t.Fatal(err)
	}
	m, err := stream.GetMsg(t.Context(), 1, jetstream.WithGetMsgSubject(events.Subject{Kind: events.KindCallRequested, Run: run}.Filter()))
	if err != nil {
		t.Fatal(err)
	}
	subject, err := events.ParseSubject(m.Subject)
	if err != nil {
		t.Fatal(err)
	}
	if !json.Valid(m.Data) {
		t.Fatalf("an order that is no JSON: %q", m.Data)
	}
	subject.Call = strings.Repeat("f", len(subject.Call))
	return subject.String()
}
