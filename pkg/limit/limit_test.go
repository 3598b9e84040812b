package limit_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/crucible-go/crucible/pkg/limit"
)

// Whatever the members do, in any order, the shares that they hold never add up
// to more than the limit at its full level, and what they may use never to more
// than the limit in force.
func TestSharesNeverExceedTheLimit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var (
			s      = limit.New(false)
			ids    = []string{"a", "b", "c", "d", "e"}
			most   = limit.PerMinute(rapid.IntRange(1, 9).Draw(t, "calls"), rapid.IntRange(0, 100).Draw(t, "rpm"), rapid.IntRange(0, 9999).Draw(t, "tpm"))
			busy   = map[string]int64{}
			amount = rapid.Int64Range(0, 12)
		)
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			id := rapid.SampledFrom(ids).Draw(t, "id")
			switch rapid.IntRange(0, 9).Draw(t, "step") {
			case 0:
				s.Remove(id)
				busy[id] = 0
			case 1:
				s.Refused(s.Episode)
			case 2:
				s.Advance(time.Duration(rapid.Int64Range(0, int64(5*time.Second)).Draw(t, "passed")))
			case 3: // it makes a call if it may, or one ends
				if busy[id] < s.Usable(id)[limit.Calls] {
					busy[id]++
				} else {
					busy[id] = max(0, busy[id]-1)
				}
			default:
				s.Renew(id, limit.Renewal{
					Limit:  most,
					Want:   limit.Amounts{amount.Draw(t, "calls"), amount.Draw(t, "requests") * 1e6, amount.Draw(t, "tokens") * 1e6},
					Busy:   busy[id],
					Served: rapid.Bool().Draw(t, "served"),
				})
			}
			underWay, sum := int64(0), s.Held()
			var usable limit.Amounts
			for _, id := range ids {
				underWay += busy[id]
				for k, v := range s.Usable(id) {
					usable[k] += v
				}
			}
			if underWay > most[limit.Calls] {
				t.Fatalf("%d calls at a time, limit %d", underWay, most[limit.Calls])
			}
			for k, l := range s.Limit() {
				if most[k] > 0 && sum[k] > most[k] {
					t.Fatalf("thing %d: %d held, limit %d", k, sum[k], most[k])
				}
				if l > 0 && usable[k] > l {
					t.Fatalf("thing %d: %d usable, limit %d", k, usable[k], l)
				}
			}
		}
	})
}

// Fair shares are max-min fair: all is given out where it is wanted, and nobody
// who lacks something has less than another, but for one unit.
func TestFairShares(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, most := limit.New(true), limit.Amounts{limit.Calls: rapid.Int64Range(1, 50).Draw(t, "limit")}
		wanted := int64(0)
		for i := range rapid.IntRange(1, 7).Draw(t, "members") {
			want := rapid.Int64Range(0, 30).Draw(t, "want")
			wanted += want
			s.Renew(fmt.Sprint(i), limit.Renewal{Limit: most, Want: limit.Amounts{limit.Calls: want}})
		}
		fair, sum := s.Fair(), int64(0)
		for id, m := range s.Members {
			got := fair[id][limit.Calls]
			sum += got
			if got >= m.Want[limit.Calls] {
				continue
			}
			for other := range s.Members {
				if fair[other][limit.Calls] > got+1 {
					t.Fatalf("%s lacks something with %d, %s has %d", id, got, other, fair[other][limit.Calls])
				}
			}
		}
		if sum != most[limit.Calls] {
			t.Fatalf("%d of %d given out, %d wanted", sum, most[limit.Calls], wanted)
		}
	})
}

// Renewals reach the fair shares, and then change nothing more.
func TestRenewalsSettle(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, ids := limit.New(true), []string{"a", "b", "c"}
		most := limit.PerMinute(rapid.IntRange(3, 40).Draw(t, "calls"), rapid.IntRange(1, 5000).Draw(t, "rpm"), 0)
		want := map[string]limit.Amounts{}
		for round := range 4 {
			for _, id := range ids {
				if round == 0 {
					want[id] = limit.Amounts{rapid.Int64Range(0, 50).Draw(t, "calls"), rapid.Int64Range(0, 90).Draw(t, "requests") * 1e6}
				}
				s.Renew(id, limit.Renewal{Limit: most, Want: want[id]})
			}
		}
		for id, fair := range s.Fair() {
			if s.Members[id].Have != fair {
				t.Errorf("%s has %v, fair is %v", id, s.Members[id].Have, fair)
			}
			if s.Short(id, 0) {
				t.Errorf("%s withholds something from others", id)
			}
		}
	})
}

// With more members than permits, the permits go from hand to hand.
func TestPermitsTakeTurns(t *testing.T) {
	s, ids := limit.New(true), []string{"a", "b", "c"}
	made := map[string]int{}
	one := limit.Renewal{Limit: limit.PerMinute(1, 0, 0), Want: limit.Amounts{limit.Calls: 4}}
	for range 30 {
		for _, id := range ids {
			r := one
			if s.Usable(id)[limit.Calls] > 0 {
				made[id]++
				r.Served = true
			}
			s.Renew(id, r)
		}
	}
	if made["a"] < 7 || made["b"] < 7 || made["c"] < 7 {
		t.Errorf("calls made: %v", made)
	}
}

func TestLevel(t *testing.T) {
	s := limit.New(true)
	renew := func() { s.Renew("a", limit.Renewal{Limit: limit.PerMinute(16, 6000, 0), Want: limit.Amounts{16, 1e9}}) }
	renew()
	if got := s.Limit(); got != (limit.Amounts{16, 98e6}) {
		t.Fatalf("the limit is %v", got)
	}
	episode := s.Episode
	s.Refused(episode)
	s.Refused(episode) // it was under way at the time of the first
	if got := s.Limit(); got != (limit.Amounts{8, 49e6}) {
		t.Errorf("after a refusal the limit is %v", got)
	}
	if got := s.Usable("a"); got != (limit.Amounts{8, 49e6}) {
		t.Errorf("after a refusal %v are usable", got)
	}
	s.Strayed(s.Episode)
	if got := s.Limit()[limit.Calls]; got != 8 {
		t.Errorf("a stray refusal changed the limit to %d", got)
	}
	for range 9 {
		s.Advance(time.Second)
		renew()
	}
	if got := s.Limit(); got[limit.Calls] != 15 || s.Level >= limit.Full {
		t.Errorf("after nine calm seconds the limit is %v", got)
	}
	s.Advance(time.Second)
	renew()
	if got := s.Usable("a"); got != (limit.Amounts{16, 98e6}) {
		t.Errorf("after ten calm seconds %v are usable", got)
	}
	for range 40 {
		s.Refused(s.Episode)
	}
	if got := s.Limit(); got[limit.Calls] != 1 || got[limit.Requests] < 1e6 {
		t.Errorf("the lowest limit is %v", got)
	}
}

// The lowest of what members were told is the limit of all.
func TestLowestDeclarationCounts(t *testing.T) {
	s := limit.New(true)
	s.Renew("a", limit.Renewal{Limit: limit.PerMinute(9, 0, 600)})
	s.Renew("b", limit.Renewal{Limit: limit.PerMinute(5, 60, 0)})
	if got := s.Limit(); got != (limit.Amounts{5, 98e4, 98e5}) {
		t.Errorf("the limit is %v", got)
	}
}

func TestStateOutlivesItsEncoding(t *testing.T) {
	s := limit.New(false)
	s.Renew("a", limit.Renewal{Limit: limit.PerMinute(9, 60, 600), Want: limit.Amounts{1, 2, 3}, Busy: 1})
	s.Hold(time.Minute)
	s.Gate.Stop("a", "auth", "no")
	b, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	got := new(limit.State)
	if err := json.Unmarshal(b, got); err != nil {
		t.Fatal(err)
	}
	got.Mend()
	if !reflect.DeepEqual(got, s) || !reflect.DeepEqual(s.Clone(), s) {
		t.Errorf("%+v came back as %+v", s, got)
	}
	broken := new(limit.State)
	if err := json.Unmarshal([]byte(`{"members":{"a":null,"b":{"have":[-1,-2,-3]}},"level":-5,"pause_ns":-1}`), broken); err != nil {
		t.Fatal(err)
	}
	broken.Mend()
	broken.Renew("c", limit.Renewal{Limit: limit.PerMinute(1, 1, 1), Want: limit.Amounts{1, 1, 1}})
	if m := broken.Members["b"]; len(broken.Members) != 2 || m.Have != (limit.Amounts{}) || broken.Level <= 0 || broken.Pause != 0 {
		t.Errorf("mended: %+v", broken)
	}
}
