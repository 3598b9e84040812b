package storetest

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/crucible-go/crucible/internal/store"
	"github.com/crucible-go/crucible/pkg/events"
)

// digestsWhatIsStored compares the digests that ClickHouse computes from what it
// stores with events.Digests, for any payloads, kinds, batches and repetitions.
func digestsWhatIsStored(t *testing.T, s *store.Store) {
	run := 0
	rapid.Check(t, func(rt *rapid.T) {
		run++
		l := &randomLog{run: fmt.Sprintf("run-%d", run)}
		n := rapid.IntRange(1, 60).Draw(rt, "events")
		for i := range n {
			l.add(rt, uint64(i+1))
		}
		for from := 0; from < n; {
			size := rapid.IntRange(1, n).Draw(rt, "batch")
			back := rapid.IntRange(0, from).Draw(rt, "again")
			if err := s.Insert(t.Context(), l.rows[from-back:min(from+size, n)]); err != nil {
				rt.Fatal(err)
			}
			from += size
		}
		upTo := uint64(rapid.IntRange(0, n).Draw(rt, "up to"))
		got, err := s.Kinds(t.Context(), l.run, upTo)
		if err != nil {
			rt.Fatal(err)
		}
		want := l.digests(upTo)
		if fmt.Sprint(got) != fmt.Sprint(want) {
			rt.Fatalf("up to %d:\n got %v\nwant %v", upTo, got, want)
		}
	})
}

type randomLog struct {
	run  string
	rows []store.Row
}

func (l *randomLog) add(rt *rapid.T, seq uint64) {
	kind := rapid.SampledFrom(append(events.Kinds(), "future.kind.v1")).Draw(rt, "kind")
	l.rows = append(l.rows, store.Row{
		ID: events.H(l.run, fmt.Sprint(seq)), Run: l.run, Kind: string(kind), Seq: seq,
		Payload: rapid.SliceOfN(rapid.Byte(), 0, 300).Draw(rt, "payload"),
	})
}

func (l *randomLog) digests(upTo uint64) []events.KindDigest {
	var d events.Digests
	for _, r := range l.rows {
		if k := events.Kind(r.Kind); r.Seq <= upTo && !k.Control() {
			d.Add(k, r.ID, r.Payload)
		}
	}
	return d.Kinds()
}

func showsTwoContentsOfOneEvent(t *testing.T, s *store.Store) {
	l := NewLog("r", 5)
	insert(t, s, l.Rows...)
	forged := l.Rows[4]
	forged.Payload = append([]byte(nil), forged.Payload...)
	forged.Payload[len(forged.Payload)-3]++
	insert(t, s, forged)
	diff, err := s.Differences(t.Context(), "r", l.Last, l.Digests.Kinds())
	if err != nil {
		t.Fatal(err)
	}
	if len(diff) != 1 || !strings.Contains(diff[0], forged.Kind) || !strings.Contains(diff[0], "the log has") {
		t.Errorf("Differences = %q", diff)
	}
	wantText(t, s, "SELECT count() FROM events", fmt.Sprint(len(l.Rows)))
}

func showsALostOrChangedEvent(t *testing.T, s *store.Store) {
	l := NewLog("r", 5)
	lost := l.Rows[len(l.Rows)-2] // the last verdict
	insert(t, s, l.Rows[:len(l.Rows)-2]...)
	diff, err := s.Differences(t.Context(), "r", l.Last, l.Digests.Kinds())
	if err != nil || len(diff) != 1 || diff[0] != "vote.decided.v1: the log has 5, ClickHouse has 4" {
		t.Errorf("a lost event: Differences = %q, %v", diff, err)
	}
	changed := lost
	changed.Payload = []byte(strings.Replace(string(lost.Payload), `"correct":true`, `"correct":null`, 1))
	insert(t, s, changed)
	diff, err = s.Differences(t.Context(), "r", l.Last, l.Digests.Kinds())
	if err != nil || len(diff) != 1 || !strings.Contains(diff[0], "content differs") {
		t.Errorf("a changed event: Differences = %q, %v", diff, err)
	}
}
