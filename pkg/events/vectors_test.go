package events_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"math/big"
	"os"
	"testing"

	"github.com/crucible-go/crucible/pkg/events"
	"pgregory.net/rapid"
)

// idVectors are published so that other languages can make the same ids. Their
// values were computed with openssl and Python, not with this package.
type idVectors struct {
	EventID []struct{ Subject, ID string } `json:"event_id"`
	H       []struct {
		Parts []string
		ID    string
	} `json:"h"`
	QueryID []struct {
		Run, Condition, Item, ID string
		Repeat                   int
	} `json:"query_id"`
	CallID []struct {
		Query, Role, Member, ID string
		Ordinal                 int
	} `json:"call_id"`
	Seed []struct {
		Parts []string
		Seed  uint64 `json:",string"`
	} `json:"seed"`
	Digest struct {
		Events []struct{ ID, Payload, SHA256 string }
		Digest string
	} `json:"digest"`
}

func readVectors(t *testing.T) idVectors {
	t.Helper()
	b, err := os.ReadFile("testdata/ids.json")
	if err != nil {
		t.Fatal(err)
	}
	var v idVectors
	if err := json.Unmarshal(b, &v); err != nil {
		t.Fatal(err)
	}
	if len(v.EventID) == 0 || len(v.H) == 0 || len(v.QueryID) == 0 || len(v.CallID) == 0 || len(v.Seed) == 0 || len(v.Digest.Events) == 0 {
		t.Fatal("testdata/ids.json lacks vectors")
	}
	return v
}

func TestIDsMatchTheirVectors(t *testing.T) {
	v := readVectors(t)
	same := func(what, got, want string) {
		if got != want {
			t.Errorf("%s = %s, want %s", what, got, want)
		}
	}
	for _, e := range v.EventID {
		same("EventID("+e.Subject+")", events.EventID(e.Subject), e.ID)
	}
	for _, e := range v.H {
		same("H", events.H(e.Parts...), e.ID)
	}
	for _, e := range v.QueryID {
		same("QueryID", events.QueryID(e.Run, e.Condition, e.Repeat, e.Item), e.ID)
	}
	for _, e := range v.CallID {
		same("CallID", events.CallID(e.Query, e.Role, e.Member, e.Ordinal), e.ID)
	}
	for _, e := range v.Seed {
		if got := events.Seed(e.Parts...); got != e.Seed {
			t.Errorf("Seed(%q) = %d, want %d", e.Parts, got, e.Seed)
		}
	}
}

func TestIDsAreTokens(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		parts := rapid.SliceOf(rapid.String()).Draw(t, "parts")
		id := events.H(parts...)
		if err := events.CheckToken(id); err != nil || len(id) != events.IDLen {
			t.Fatalf("H(%q) = %q: %v", parts, id, err)
		}
	})
}

// TestPartsAreKeptApart shows that moving a byte from one part to the next makes
// another id, so that no two lists of parts share an encoding.
func TestPartsAreKeptApart(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.StringN(1, 20, -1).Draw(t, "a"), rapid.String().Draw(t, "b")
		cut := rapid.IntRange(0, len(a)-1).Draw(t, "cut")
		if events.H(a, b) == events.H(a[:cut], a[cut:]+b) || events.H(a, b) == events.H(a+b) || events.H(a) == events.H(a, "") {
			t.Fatalf("parts %q and %q run together", a, b)
		}
	})
}

func TestDigestMatchesItsVector(t *testing.T) {
	v := readVectors(t).Digest
	var d events.Digest
	for _, e := range v.Events {
		sum := sha256.Sum256([]byte(e.ID + e.Payload))
		if got := hex.EncodeToString(sum[:]); got != e.SHA256 {
			t.Errorf("SHA-256 of %s = %s, want %s", e.ID, got, e.SHA256)
		}
		d.Add(e.ID, []byte(e.Payload))
	}
	if d.String() != v.Digest || d.Count() != uint64(len(v.Events)) {
		t.Errorf("digest of %d events = %s, want %s", d.Count(), d.String(), v.Digest)
	}
}

// TestDigestIsASum compares with arithmetic on big integers, in another order.
func TestDigestIsASum(t *testing.T) {
	type event struct {
		ID      string
		Payload []byte
	}
	rapid.Check(t, func(t *rapid.T) {
		evs := rapid.SliceOfN(rapid.Make[event](), 0, 40).Draw(t, "events")
		var d events.Digest
		for _, e := range evs {
			d.Add(e.ID, e.Payload)
		}
		want := new(big.Int)
		for _, e := range rapid.Permutation(evs).Draw(t, "order") {
			sum := sha256.Sum256(append([]byte(e.ID), e.Payload...))
			want.Add(want, new(big.Int).SetBytes(sum[:]))
		}
		want.Mod(want, new(big.Int).Lsh(big.NewInt(1), 256))
		var b [32]byte
		if got := hex.EncodeToString(want.FillBytes(b[:])); got != d.String() {
			t.Fatalf("digest %s, want %s", d.String(), got)
		}
	})
}

func TestDigestsByKind(t *testing.T) {
	var a, b events.Digests
	a.Add(events.KindVoteDecided, "x", []byte("1"))
	a.Add(events.KindCallStarted, "y", []byte("2"))
	a.Add(events.KindCallStarted, "z", []byte("3"))
	b.Add(events.KindCallStarted, "z", []byte("3"))
	b.Add(events.KindCallStarted, "y", []byte("2"))
	b.Add(events.KindVoteDecided, "x", []byte("1"))
	if got := events.DiffKinds("a", a.Kinds(), "b", b.Kinds()); got != nil {
		t.Errorf("the same events in another order differ: %q", got)
	}
	if got := a.Kinds(); len(got) != 2 || got[0].Kind != events.KindCallStarted || got[0].Count != 2 || a.Count(events.KindVoteDecided) != 1 || a.Count(events.KindRunFailed) != 0 {
		t.Errorf("counts %+v", got)
	}

	b.Add(events.KindVoteDecided, "x", []byte("1"))
	diff := events.DiffKinds("the log", a.Kinds(), "ClickHouse", b.Kinds())
	if len(diff) != 1 || diff[0] != "vote.decided.v1: the log has 1, ClickHouse has 2" {
		t.Errorf("diff %q", diff)
	}
	var c events.Digests
	c.Add(events.KindCallStarted, "y", []byte("2"))
	c.Add(events.KindCallStarted, "z", []byte("changed"))
	c.Add(events.KindVoteDecided, "x", []byte("1"))
	if diff := events.DiffKinds("the log", a.Kinds(), "ClickHouse", c.Kinds()); len(diff) != 1 {
		t.Errorf("diff of a changed event %q", diff)
	}

	later := []events.KindDigest{{Kind: "run.forked.v1", Count: 1, Digest: "00"}}
	c.Add("run.forked.v1", "f", []byte("{}"))
	if got := c.Kinds(); len(got) != 3 || got[2].Kind != "run.forked.v1" {
		t.Errorf("a kind of a later version is not counted: %+v", got)
	}
	if diff := events.DiffKinds("the log", later, "ClickHouse", nil); len(diff) != 1 {
		t.Errorf("a missing event of an unknown kind is no difference: %q", diff)
	}
}
