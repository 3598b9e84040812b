package events_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/crucible-go/crucible/pkg/events"
	"github.com/mailru/easyjson"
	"pgregory.net/rapid"
)

func TestEveryKindHasItsCodecAndSchema(t *testing.T) {
	if len(events.Kinds()) != 17 {
		t.Errorf("%d kinds, the architecture has 17", len(events.Kinds()))
	}
	for _, k := range events.Kinds() {
		d := k.New()
		if _, ok := d.(easyjson.MarshalerUnmarshaler); !ok {
			t.Errorf("%T of %s has no generated codec: run go generate", d, k)
		}
		if d.Kind() != k {
			t.Errorf("%s has the data of %s", k, d.Kind())
		}
		if k.Says() == "" || k.By() == "" {
			t.Errorf("%s lacks its meaning or its publisher", k)
		}
		if !json.Valid(events.Schema(k)) {
			t.Errorf("%s has no schema", k)
		}
		if !strings.HasSuffix(string(k), ".v1") {
			t.Errorf("%s has no major version", k)
		}
	}
	if events.Schema("run.forked.v1") != nil {
		t.Error("an unknown kind has a schema")
	}
}

func TestKindsThatEndARun(t *testing.T) {
	var ends []events.Kind
	for _, k := range events.Kinds() {
		if k.Ends() {
			ends = append(ends, k)
		}
	}
	want := []events.Kind{events.KindRunRejected, events.KindRunCompleted, events.KindRunCancelled, events.KindRunFailed}
	if !reflect.DeepEqual(ends, want) {
		t.Errorf("%v end a run, want %v", ends, want)
	}
}

// anyEvent draws an event of any kind, every field of its data at random.
func anyEvent(t *rapid.T) events.Event {
	s := subjects(t)
	at := time.Unix(rapid.Int64Range(-62135596800, 253402300799).Draw(t, "seconds"), rapid.Int64Range(0, 999999999).Draw(t, "nanos"))
	ev := events.About(s, rapid.String().Draw(t, "source"), tokens.Draw(t, "cause"), at)
	ev.Condition, ev.Item = rapid.String().Draw(t, "condition"), rapid.String().Draw(t, "item")
	ev.Repeat = rapid.Int().Draw(t, "repeat")
	data := s.Kind.New()
	draw(t, reflect.ValueOf(data).Elem())
	ev.Data = data
	return ev
}

var finite = rapid.Float64().Filter(func(f float64) bool { return !math.IsNaN(f) && !math.IsInf(f, 0) })

// draw fills a value at random.
func draw(t *rapid.T, v reflect.Value) {
	if _, ok := v.Interface().(easyjson.RawMessage); ok {
		m := rapid.MapOf(rapid.String(), rapid.Int()).Draw(t, "raw")
		b, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		v.SetBytes(b)
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			draw(t, v.Field(i))
		}
	case reflect.Pointer:
		if rapid.Bool().Draw(t, "present") {
			v.Set(reflect.New(v.Type().Elem()))
			draw(t, v.Elem())
		}
	case reflect.Slice:
		n := rapid.IntRange(0, 3).Draw(t, "len")
		v.Set(reflect.MakeSlice(v.Type(), n, n))
		for i := range n {
			draw(t, v.Index(i))
		}
	case reflect.String:
		v.SetString(rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"<b>&amp;</b>", "\u2028", "\\ufffd", "\ufffd", "a\xffb", "\x00\n\"\\"})).Draw(t, "string"))
	case reflect.Int, reflect.Int64:
		v.SetInt(rapid.Int64().Draw(t, "int"))
	case reflect.Uint64:
		v.SetUint(rapid.Uint64().Draw(t, "uint"))
	case reflect.Float64:
		v.SetFloat(finite.Draw(t, "float"))
	case reflect.Bool:
		v.SetBool(rapid.Bool().Draw(t, "bool"))
	default:
		t.Fatalf("no values of type %s", v.Type())
	}
}

// TestWhatIsEncodedIsDecodedAndEncodedTheSame is what lets digests be compared.
func TestWhatIsEncodedIsDecodedAndEncodedTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ev := anyEvent(t)
		first, err := events.Encode(&ev)
		if err != nil {
			t.Fatal(err)
		}
		if !json.Valid(first) {
			t.Fatalf("not JSON: %s", first)
		}
		before := bytes.Clone(first)
		got, err := events.Decode(ev.Type, first)
		if err != nil {
			t.Fatalf("%v in %s", err, first)
		}
		if !bytes.Equal(first, before) {
			t.Fatal("decoding changed the payload")
		}
		second, err := events.Encode(&got)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(first, second) {
			t.Fatalf("encoded\n%s, then\n%s", first, second)
		}
		// encoding/json agrees about the meaning.
		var std, again events.Event
		if err := json.Unmarshal(first, &std); err != nil {
			t.Fatal(err)
		}
		if again, err = events.DecodeAny(first); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(again, got) || !reflect.DeepEqual(std.Data, got.Data) {
			t.Fatalf("decoded %+v, by encoding/json %+v, by itself %+v", got.Data, std.Data, again.Data)
		}
	})
}

func TestEncodingIsPlain(t *testing.T) {
	ev := with(about(events.RunSubject(events.KindRunRequested, exRun), "<a&b>", events.Subject{}, 0), &events.RunRequested{Spec: "a: <b> & \"c\"\n\u00e9"})
	if got, want := string(payload(t, ev)), `"data":{"spec":"a: <b> & \"c\"\né"}}`; !strings.HasSuffix(got, want) {
		t.Errorf("encoded %s, want it to end in %s", got, want)
	}
	ev.Time = ev.Time.In(time.FixedZone("elsewhere", 3600))
	if got := string(payload(t, ev)); !strings.Contains(got, `"time":"2026-03-14T15:09:26.535897932Z"`) {
		t.Errorf("the time is not in UTC: %s", got)
	}
	if ev.Time.Location() == time.UTC {
		t.Error("encoding changed the event")
	}
}

func TestLargeEvents(t *testing.T) {
	for _, n := range []int{15 << 10, 16<<10 - 600, 16 << 10, 100 << 10, 3 << 20} {
		ev := with(about(events.RunSubject(events.KindRunRequested, exRun), "s", events.Subject{}, 0), &events.RunRequested{Spec: strings.Repeat("é\n", n/3), Submitter: "me"})
		got, err := events.Decode(ev.Type, payload(t, ev))
		if err != nil || !reflect.DeepEqual(got, ev) {
			t.Errorf("an event of %d bytes was not read as written: %v", n, err)
		}
	}
}

func TestEventsThatCannotBeEncoded(t *testing.T) {
	vote := about(events.VoteSubject(exRun, exQuery), "s", events.Subject{}, 0)
	order := about(events.RequestedSubject(exRun, exQuery, exCall, "p"), "s", events.Subject{}, 0)
	late := with(vote, &events.VoteDecided{})
	late.Time = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)
	raw := func(s string) events.Event {
		return with(order, &events.CallRequested{Params: easyjson.RawMessage(s)})
	}
	for name, ev := range map[string]events.Event{
		"no data":         with(vote, nil),
		"other data":      with(vote, &events.CallStarted{}),
		"not a number":    with(vote, &events.VoteDecided{Consensus: math.NaN()}),
		"infinite":        with(vote, &events.VoteDecided{Tally: []events.Tally{{Weight: math.Inf(1)}}}),
		"year 10000":      late,
		"raw, not JSON":   raw(`{"a":}`),
		"raw, no object":  raw(`[1]`),
		"raw, bad UTF-8":  raw("{\"a\":\"\xff\"}"),
		"raw option":      with(order, &events.CallRequested{Hedge: &events.Hedge{Options: easyjson.RawMessage(`{`)}}),
		"unknown, broken": {Type: "x.y.v1", Data: events.NewRaw("x.y.v1", []byte(`{`))},
		"unknown, empty":  {Type: "x.y.v1", Data: events.NewRaw("x.y.v1", nil)},
	} {
		if b, err := events.Encode(&ev); err == nil {
			t.Errorf("%s: encoded %s", name, b)
		}
	}
}

// envelopeOf is a payload with the given text in the place of its data.
func envelopeOf(k events.Kind, rest string) []byte {
	return fmt.Appendf(nil, `{"specversion":"1.0","id":"x","source":"s","type":%q,"time":"2026-03-14T15:09:26Z","subject":"y","run":"r"%s}`, k, rest)
}

func TestPayloadsThatAreNoEvents(t *testing.T) {
	k := events.KindVoteDecided
	deep := strings.Repeat("[", 1e6)
	for name, p := range map[string][]byte{
		"empty":              nil,
		"null":               []byte("null"),
		"a number":           []byte("1"),
		"an array":           []byte("[]"),
		"no type":            []byte(`{"data":{}}`),
		"another kind":       envelopeOf(events.KindCallStarted, `,"data":{}`),
		"an unknown kind":    envelopeOf("run.forked.v1", `,"data":{}`),
		"no data":            envelopeOf(k, ""),
		"null data":          envelopeOf(k, `,"data":null`),
		"data as a number":   envelopeOf(k, `,"data":1`),
		"data as an array":   envelopeOf(k, `,"data":[]`),
		"garbage behind":     append(envelopeOf(k, `,"data":{}`), 'x'),
		"an event behind":    append(envelopeOf(k, `,"data":{}`), envelopeOf(k, `,"data":{}`)...),
		"cut short":          envelopeOf(k, `,"data":{`),
		"bad UTF-8":          envelopeOf(k, ",\"data\":{\"answer\":\"a\xff\"}"),
		"huge integer":       envelopeOf(k, `,"data":{"index":123456789012345678901234567890}`),
		"integer as a float": envelopeOf(k, `,"data":{"index":1.5}`),
		"integer as a text":  envelopeOf(k, `,"data":{"index":"1"}`),
		"huge float":         envelopeOf(k, `,"data":{"consensus":1e999}`),
		"not a number":       envelopeOf(k, `,"data":{"consensus":NaN}`),
		"bad time":           envelopeOf(k, `,"time":"yesterday","data":{}`),
		"year 10000 in UTC":  envelopeOf(k, `,"time":"9999-12-31T23:59:59-01:00","data":{}`),
		"deep, unknown":      envelopeOf(k, `,"more":`+deep+`,"data":{}`),
		"deep, closed":       envelopeOf(k, `,"more":`+deep+strings.Repeat("]", 1e6)+`,"data":{}`),
		"deep, in data":      envelopeOf(k, `,"data":{"more":`+deep),
		"deep, as data":      envelopeOf(k, `,"data":`+deep),
		"deep, behind null":  envelopeOf(k, `,"data":null,"data":`+deep),
		"trailing comma":     envelopeOf(k, `,"data":{},`),
		"bad escape":         envelopeOf(k, `,"data":{"answer":"\x"}`),
		"YAML":               []byte("version: 1\n"),
	} {
		if ev, err := events.Decode(k, p); err == nil {
			t.Errorf("%s: decoded %+v", name, ev)
		}
		if _, err := events.DecodeAny(p); err == nil && name != "another kind" && name != "an unknown kind" {
			t.Errorf("%s: decoded without its kind", name)
		}
	}
	for name, p := range map[string][]byte{
		"raw text":   envelopeOf(events.KindCallRequested, `,"data":{"params":"\x"}`),
		"raw number": envelopeOf(events.KindCallRequested, `,"data":{"params":01}`),
		"seed":       envelopeOf(events.KindCallRequested, `,"data":{"seed":"18446744073709551616"}`),
	} {
		if _, err := events.Decode(events.KindCallRequested, p); err == nil {
			t.Errorf("%s: decoded", name)
		}
	}
	if _, err := events.Decode("run.forked.v1", envelopeOf("run.forked.v1", `,"data":01`)); err == nil {
		t.Error("data of an unknown kind that is not JSON was kept")
	}
}

// TestForeignPublishers reads what other JSON writers may make of an event.
func TestForeignPublishers(t *testing.T) {
	k := events.KindVoteDecided
	for name, c := range map[string]struct {
		payload string
		want    events.VoteDecided
	}{
		"data first":      {`{"data":{"state":"decided"},` + string(envelopeOf(k, ""))[1:], events.VoteDecided{State: "decided"}},
		"white space":     {" \n\t" + string(envelopeOf(k, ` , "data" : { "index" : 3 } `)) + "\r\n", events.VoteDecided{Index: 3}},
		"the last counts": {string(envelopeOf(k, `,"data":{"index":1,"index":2},"data":{"index":3}`)), events.VoteDecided{Index: 3}},
		"escaped names":   {string(envelopeOf(k, `,"d\u0061ta":{"st\u0061te":"f\u00e9\ud83d\ude00"}`)), events.VoteDecided{State: "fé😀"}},
		"nulls":           {string(envelopeOf(k, `,"cause":null,"data":{"index":null,"tally":null,"answer":null}`)), events.VoteDecided{}},
		"exponents":       {string(envelopeOf(k, `,"data":{"consensus":75e-2}`)), events.VoteDecided{Consensus: 0.75}},
		"lone surrogate":  {string(envelopeOf(k, `,"data":{"answer":"\ud800"}`)), events.VoteDecided{Answer: "\ufffd"}},
		"other case":      {string(envelopeOf(k, `,"data":{"Index":7}`)), events.VoteDecided{}},
	} {
		ev, err := events.Decode(k, []byte(c.payload))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := ev.Data.(*events.VoteDecided); !reflect.DeepEqual(got, &c.want) {
			t.Errorf("%s: decoded %+v, want %+v", name, got, c.want)
		}
	}
	ev, err := events.Decode(k, envelopeOf(k, `,"time":"2026-03-14T16:09:26.5+01:00","data":{}`))
	if want := time.Date(2026, 3, 14, 15, 9, 26, 5e8, time.UTC); err != nil || ev.Time != want {
		t.Errorf("time %v, %v, want %v", ev.Time, err, want)
	}
}

func TestDataThatLiesElsewhere(t *testing.T) {
	ev := about(events.VoteSubject(exRun, exQuery), "s", events.Subject{}, 0)
	ev.DataRef, ev.Data = exHash, &events.VoteDecided{Answer: "too large"}
	p := payload(t, ev)
	if bytes.Contains(p, []byte(`"data"`)) {
		t.Errorf("the data is in %s", p)
	}
	got, err := events.Decode(ev.Type, p)
	if err != nil || got.DataRef != exHash || !reflect.DeepEqual(got.Data, &events.VoteDecided{}) {
		t.Errorf("decoded %+v, %v", got, err)
	}
	if again, err := events.DecodeAny(p); err != nil || !reflect.DeepEqual(again, got) {
		t.Errorf("decoded without its kind %+v, %v", again, err)
	}
	later := events.Event{Type: "run.forked.v1", Subject: "crucible.run.forked.r", DataRef: exHash, Data: events.NewRaw("run.forked.v1", nil)}
	if got, err = events.DecodeAny(payload(t, later)); err != nil || !reflect.DeepEqual(got.Data, later.Data) {
		t.Errorf("decoded %+v, %v", got, err)
	}
}

func TestBareRequests(t *testing.T) {
	s := events.RunSubject(events.KindRunRequested, exRun)
	spec := "version: 1\nname: bare\n"
	for _, text := range []string{spec, `{"version":1,"name":"flow style is YAML too"}`} {
		ev, err := events.DecodeRequest(s, []byte(text), exTime)
		if err != nil {
			t.Fatal(err)
		}
		if err := ev.Check(); err != nil {
			t.Error(err)
		}
		if ev.Data.(*events.RunRequested).Spec != text || !ev.Time.Equal(exTime) {
			t.Errorf("request %+v", ev)
		}
	}
	whole := with(events.About(s, "client", "", exTime), &events.RunRequested{Spec: spec, Submitter: "me"})
	if ev, err := events.DecodeRequest(s, payload(t, whole), time.Time{}); err != nil || !reflect.DeepEqual(ev, whole) {
		t.Errorf("request %+v, %v", ev, err)
	}
	little := `{"data":{"spec":"version: 1\nname: bare\n"}}` // of a client that leaves attributes out
	if ev, err := events.DecodeRequest(s, []byte(little), exTime); err != nil || ev.Data.(*events.RunRequested).Spec != spec {
		t.Errorf("request %+v, %v", ev, err)
	}
	if _, err := events.DecodeRequest(s, []byte(`{"specversion":"1.0"`), exTime); err == nil {
		t.Error("a broken event was taken for a spec")
	}
	if _, err := events.DecodeRequest(s, []byte("name: \xff"), exTime); err == nil {
		t.Error("a spec that is not UTF-8 was taken")
	}
}

func TestCheck(t *testing.T) {
	good := with(about(events.VoteSubject(exRun, exQuery), "s", events.Subject{}, 0), &events.VoteDecided{})
	if err := good.Check(); err != nil {
		t.Error(err)
	}
	for name, change := range map[string]func(*events.Event){
		"version": func(ev *events.Event) { ev.SpecVersion = "0.3" },
		"id":      func(ev *events.Event) { ev.ID = exQuery },
		"subject": func(ev *events.Event) { ev.Subject = events.VoteSubject(exRun, "q").String() },
		"run":     func(ev *events.Event) { ev.Run = "other" },
		"query":   func(ev *events.Event) { ev.Query = "" },
		"call":    func(ev *events.Event) { ev.Call = exCall },
		"kind":    func(ev *events.Event) { ev.Type = events.KindQueryDispatched },
		"tokens": func(ev *events.Event) {
			ev.Subject = "crucible.vote.decided.r"
			ev.ID = events.EventID(ev.Subject)
		},
	} {
		ev := good
		change(&ev)
		if ev.Check() == nil {
			t.Errorf("an event with another %s passes", name)
		}
	}
}

func TestUnmarshalWithoutDecode(t *testing.T) {
	p := golden(t, "vote.decided.v1")
	want, err := events.Decode(events.KindVoteDecided, p)
	if err != nil {
		t.Fatal(err)
	}
	var got events.Event
	if err := json.Unmarshal(p, &got); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("json.Unmarshal gave %+v, %v", got, err)
	}
	if b, err := json.Marshal(want); err != nil || !bytes.Contains(b, []byte(`"data":{"index":1326`)) {
		t.Errorf("json.Marshal gave %s, %v", b, err)
	}
	if errors.Is(got.Check(), events.ErrUnknownKind) {
		t.Error("a known kind is unknown")
	}
}

// TestDecodingIsCheap bounds what the benchmark measures.
func TestDecodingIsCheap(t *testing.T) {
	p := payload(t, typical())
	got := testing.AllocsPerRun(100, func() {
		if _, err := events.Decode(events.KindCallCompleted, p); err != nil {
			t.Fatal(err)
		}
	})
	if got > 6 {
		t.Errorf("decoding allocates %v times, want at most 6", got)
	}
}

func FuzzDecode(f *testing.F) {
	for _, ex := range examples() {
		f.Add(golden(f, ex.name))
	}
	f.Add(golden(f, "later.call.completed.v1"))
	f.Add(golden(f, "later.run.forked.v1"))
	f.Add([]byte(`{"data":{"params":{"a":[]}},"type":"call.requested.v1","time":"0000-01-01T00:00:00+01:00"}`))
	f.Fuzz(func(t *testing.T, p []byte) {
		before := bytes.Clone(p)
		ev, err := events.DecodeAny(p)
		if !bytes.Equal(p, before) {
			t.Fatal("decoding changed the payload")
		}
		if err != nil {
			return
		}
		first, err := events.Encode(&ev)
		if err != nil {
			t.Fatalf("decoded, not encoded: %v", err)
		}
		again, err := events.Decode(ev.Type, first)
		if err != nil {
			t.Fatalf("encoded as %s, not decoded: %v", first, err)
		}
		second, err := events.Encode(&again)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(first, second) {
			t.Fatalf("encoded\n%s, then\n%s", first, second)
		}
	})
}
