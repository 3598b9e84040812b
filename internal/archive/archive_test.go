package archive_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
	"pgregory.net/rapid"

	"github.com/crucible-go/crucible/internal/archive"
	"github.com/crucible-go/crucible/pkg/events"
)

type object struct {
	hash string
	body []byte
}

// content is what an archive holds.
type content struct {
	events  []archive.Event
	objects []object
}

func contents(t *rapid.T) content {
	var c content
	for i := range rapid.IntRange(0, 2).Draw(t, "objects") {
		body := bytes.Repeat([]byte{byte(i), 'x', 0xff}, rapid.SampledFrom([]int{0, 1, 1000, 1000, 1000, 400_000}).Draw(t, "size"))
		sum := sha256.Sum256(append(body, byte(i)))
		c.objects = append(c.objects, object{hex.EncodeToString(sum[:]), body})
	}
	for i := range rapid.IntRange(0, 40).Draw(t, "events") {
		subject := events.QuerySubject("r", events.H("r", fmt.Sprint(i))).String()
		stream := events.RunStream("r")
		if rapid.Bool().Draw(t, "control") {
			subject, stream = fmt.Sprintf("crucible.run.suspended.r.%d", i+1), events.ControlStream
		}
		payload := rapid.OneOf(
			rapid.SliceOf(rapid.Byte()),
			rapid.Map(rapid.String(), func(s string) []byte { return []byte(s) }),
		).Draw(t, "payload")
		c.events = append(c.events, archive.Event{Stream: stream, Seq: uint64(i + 1), Subject: subject, Payload: payload})
	}
	return c
}

func write(tb testing.TB, c content) []byte {
	tb.Helper()
	b, err := tryWrite(c)
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

func tryWrite(c content) ([]byte, error) {
	var buf bytes.Buffer
	w, err := archive.NewWriter(&buf, archive.Header{Run: "r", Version: "v1"})
	if err != nil {
		return nil, err
	}
	for _, o := range c.objects {
		err = errors.Join(err, w.Object(o.hash, bytes.NewReader(o.body)))
	}
	for _, e := range c.events {
		err = errors.Join(err, w.Event(e))
	}
	_, cerr := w.Close()
	return buf.Bytes(), errors.Join(err, cerr)
}

func read(b []byte) (c content, h archive.Header, end archive.End, err error) {
	h, end, err = archive.Read(bytes.NewReader(b), archive.Visitor{
		Piece: func(hash string, piece []byte) error {
			if n := len(c.objects); n == 0 || c.objects[n-1].hash != hash {
				c.objects = append(c.objects, object{hash: hash})
			}
			o := &c.objects[len(c.objects)-1]
			o.body = append(o.body, piece...)
			return nil
		},
		Event: func(e archive.Event) error {
			c.events = append(c.events, e)
			return nil
		},
	})
	return c, h, end, err
}

func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := contents(t)
		b, err := tryWrite(want)
		if err != nil {
			t.Fatal(err)
		}
		got, h, end, err := read(b)
		if err != nil {
			t.Fatal(err)
		}
		if h.Run != "r" || h.Version != "v1" || h.Format != archive.Format {
			t.Fatalf("header %+v", h)
		}
		if end.Events != len(want.events) || end.Objects != len(want.objects) {
			t.Fatalf("end %+v, want %d events and %d objects", end, len(want.events), len(want.objects))
		}
		if !slices.EqualFunc(got.events, want.events, sameEvent) {
			t.Fatalf("got %v, want %v", got.events, want.events)
		}
		if !slices.EqualFunc(got.objects, want.objects, func(a, b object) bool { return a.hash == b.hash && bytes.Equal(a.body, b.body) }) {
			t.Fatal("objects differ")
		}
		again, err := tryWrite(want)
		if err != nil || !bytes.Equal(b, again) {
			t.Fatalf("the same content makes other bytes (%v)", err)
		}
	})
}

func sameEvent(a, b archive.Event) bool {
	return a.Stream == b.Stream && a.Seq == b.Seq && a.Subject == b.Subject && bytes.Equal(a.Payload, b.Payload)
}

// sample is an archive of three events and two objects.
func sample(tb testing.TB) []byte {
	tb.Helper()
	c := content{objects: []object{{"aa", []byte("first")}, {"bb", bytes.Repeat([]byte("second"), 1000)}}}
	for i := range 3 {
		c.events = append(c.events, archive.Event{
			Stream: events.RunStream("r"), Seq: uint64(i + 1),
			Subject: events.QuerySubject("r", events.H("q", fmt.Sprint(i))).String(), Payload: fmt.Appendf(nil, `{"n":%d}`, i),
		})
	}
	return write(tb, c)
}

// Every prefix of an archive is refused, and whatever byte is flipped, nothing
// else than what was written is ever accepted.
func TestDamaged(t *testing.T) {
	whole := sample(t)
	want, _, wantEnd, err := read(whole)
	if err != nil {
		t.Fatal(err)
	}
	for n := range whole {
		if _, _, _, err := read(whole[:n]); err == nil {
			t.Fatalf("an archive cut off after %d of %d bytes is accepted", n, len(whole))
		}
	}
	for i := range whole {
		b := slices.Clone(whole)
		b[i] ^= 1 << (i % 8)
		got, h, end, err := read(b)
		if err != nil {
			continue
		}
		if h.Run != "r" || end.SHA256 != wantEnd.SHA256 || !slices.EqualFunc(got.events, want.events, sameEvent) {
			t.Fatalf("byte %d: other content is accepted", i)
		}
	}
}

// lines are the lines of an archive, without compression.
func lines(tb testing.TB, b []byte) []string {
	tb.Helper()
	z, err := zstd.NewReader(bytes.NewReader(b))
	if err != nil {
		tb.Fatal(err)
	}
	defer z.Close()
	text, err := io.ReadAll(z)
	if err != nil {
		tb.Fatal(err)
	}
	return strings.SplitAfter(string(text), "\n")
}

func pack(tb testing.TB, text string) []byte {
	tb.Helper()
	z, err := zstd.NewWriter(nil)
	if err != nil {
		tb.Fatal(err)
	}
	return z.EncodeAll([]byte(text), nil)
}

// Whoever edits the lines of an archive is found out, each in his own way.
func TestEdited(t *testing.T) {
	l := lines(t, sample(t))
	join := func(l ...string) string { return strings.Join(l, "") }
	end := l[len(l)-2]
	changedEnd := func(old, new string) string {
		if !strings.Contains(end, old) {
			t.Fatalf("the end %s lacks %s", end, old)
		}
		return join(l[:len(l)-2]...) + strings.Replace(end, old, new, 1)
	}
	rehashed := func(body string) string {
		sum := sha256.Sum256([]byte(body))
		var e struct {
			End archive.End `json:"end"`
		}
		if err := json.Unmarshal([]byte(end), &e); err != nil {
			t.Fatal(err)
		}
		e.End.SHA256 = hex.EncodeToString(sum[:])
		b, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		return body + string(b) + "\n"
	}
	for _, c := range []struct{ name, text, want string }{
		{"empty", "", "it ends without its last line"},
		{"no archive", "{}\n", "this is no archive of Crucible"},
		{"text", "hello\n", "this is no archive of Crucible"},
		{"newer", `{"crucible_archive":99,"run":"r"}` + "\n", "has format 99, this version reads up to 1"},
		{"no end", join(l[:len(l)-2]...), "it ends without its last line"},
		{"event gone", join(slices.Delete(slices.Clone(l), len(l)-3, len(l)-2)...), "its checksum is"},
		{"events", changedEnd(`"events":3`, `"events":4`), "it holds 3 events and 2 objects, its end says 4 and 2"},
		{"objects", changedEnd(`"objects":2`, `"objects":1`), "its end says 3 and 1"},
		{"checksum", changedEnd(`"sha256":"`, `"sha256":"0`), "its checksum is"},
		{"kinds", changedEnd(`"count":3`, `"count":2`), "query.dispatched"},
		{"payload", rehashed(strings.Replace(join(l[:len(l)-2]...), `{\"n\":1}`, `{\"n\":7}`, 1)), "query.dispatched"},
		{"more", join(l...) + join(l...), "something follows its last line"},
		{"no json", join(l[0], "nonsense\n"), "the archive is damaged"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, _, _, err := read(pack(t, c.text))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("got %v, want %q", err, c.want)
			}
			if c.name != "newer" && !errors.Is(err, archive.ErrDamaged) {
				t.Fatalf("%v is no ErrDamaged", err)
			}
		})
	}
}

// A visitor's error is handed back as it is.
func TestVisitorStops(t *testing.T) {
	stop := errors.New("stop")
	for name, v := range map[string]archive.Visitor{
		"header": {Header: func(archive.Header) error { return stop }},
		"piece":  {Piece: func(string, []byte) error { return stop }},
		"event":  {Event: func(archive.Event) error { return stop }},
	} {
		if _, _, err := archive.Read(bytes.NewReader(sample(t)), v); !errors.Is(err, stop) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// zeros are bytes without an end.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = '0'
	}
	return len(p), nil
}

// A line without an end is refused before it fills the memory: the file is 30 kB
// that unpack to a gigabyte.
func TestBoundedLine(t *testing.T) {
	var buf bytes.Buffer
	z, err := zstd.NewWriter(&buf)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.CopyN(z, zeros{}, 1<<30); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if _, _, _, err := read(buf.Bytes()); !errors.Is(err, archive.ErrDamaged) {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	if mb := (after.TotalAlloc - before.TotalAlloc) >> 20; mb > 128 {
		t.Fatalf("%d MB were allocated for a file of %d bytes", mb, buf.Len())
	}
}

func FuzzRead(f *testing.F) {
	f.Add(sample(f))
	f.Add(pack(f, strings.Join(lines(f, sample(f)), "")))
	f.Add(pack(f, `{"crucible_archive":1,"run":"r"}`+"\n"+`{"end":{}}`+"\n"))
	f.Add([]byte("hello"))
	f.Fuzz(func(t *testing.T, b []byte) {
		_, _, _, packed := read(b)
		if text := pack(t, string(b)); packed != nil {
			if got, _, end, err := read(text); err == nil && end.Events != len(got.events) {
				t.Fatalf("%d events are accepted as %d", len(got.events), end.Events)
			}
		}
	})
}
