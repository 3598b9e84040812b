// Package limit decides how the members of a cluster share the limits of a
// provider: calls at a time, requests and tokens per unit of time. All members
// hold the same State and change it one after the other, so what follows from
// the State follows for all of them.
//
// A member holds a share of each limit until it gives it back or is removed. The
// shares never add up to more than the limit, so that what a member does within
// its share needs no agreement: a call costs no message to anybody.
//
// Nothing here knows a clock. A State is as of some moment, and Advance moves it
// on; so the clocks of the members need not agree, and may jump.
package limit

import (
	"cmp"
	"math"
	"slices"
	"time"
)

// The things that are limited, as indices of Amounts.
const (
	Calls    = iota // calls at a time
	Requests        // millionths of a request per second
	Tokens          // millionths of a token per second
	things
)

// Amounts is a number for each thing that is limited.
type Amounts [things]int64

// PerMinute are the limits of n calls at a time and so many requests and tokens
// a minute; 0 is no limit.
func PerMinute(calls, requests, tokens int) Amounts {
	return Amounts{int64(calls), perMinute(requests), perMinute(tokens)}
}

func perMinute(n int) int64 {
	if n <= 0 {
		return 0
	}
	return max(1, int64(float64(n)*1e6/60))
}

const (
	// Full is the level of a pool that nobody has refused anything lately, in
	// millionths.
	Full   = 1_000_000
	lowest = Full / 64
	// step is what the level grows by in a calm second.
	step = Full / 20
	// share of the declared rates that is used, in per cent: whoever keeps a limit
	// exactly is refused for the jitter of the network alone.
	share = 98
)

// Member is what a member has told the others of itself.
type Member struct {
	Beat  uint64  `json:"beat"`  // grows with each renewal: by it others see that it lives
	Limit Amounts `json:"limit"` // as declared to it; 0 is no limit
	Want  Amounts `json:"want"`  // what it could use now
	Have  Amounts `json:"have"`  // its share
	Turn  uint64  `json:"turn"`  // when it last gave its only permit back
}

// State is what the members of a pool agree on.
type State struct {
	Members map[string]*Member `json:"members"`
	// Level is the share of the limits in force, in millionths: halved when the
	// provider refuses, growing again by steps.
	Level int64 `json:"level"`
	// Episode counts the halvings: what was sent before one says nothing about
	// the level after it.
	Episode uint64        `json:"episode"`
	Calm    time.Duration `json:"calm_ns"`  // since the level changed
	Pause   time.Duration `json:"pause_ns"` // for so long nobody asks
	Gate    Gate          `json:"gate"`
	Turn    uint64        `json:"turn"`
}

// New is the state of a pool that nobody has used. A proven one does not begin
// with a single probe.
func New(proven bool) *State {
	s := &State{Members: map[string]*Member{}, Level: Full, Gate: Gate{Mode: Fresh}}
	if proven {
		s.Gate = Gate{Mode: Closed, Proven: true}
	}
	return s
}

// Clone is a copy that shares nothing with s.
func (s *State) Clone() *State {
	c := *s
	c.Members = make(map[string]*Member, len(s.Members))
	for id, m := range s.Members {
		copied := *m
		c.Members[id] = &copied
	}
	return &c
}

// Advance moves the state on by d; a negative d changes nothing.
func (s *State) Advance(d time.Duration) {
	if d <= 0 {
		return
	}
	s.Calm = addTime(s.Calm, d)
	s.Pause = max(0, s.Pause-d)
	s.Gate.advance(d)
}

// addTime adds without running over.
func addTime(a, d time.Duration) time.Duration {
	if a > math.MaxInt64-d {
		return math.MaxInt64
	}
	return a + d
}

// Limit is what is in force for all members together: the lowest of what they
// were told, at the level of now. 0 is no limit.
func (s *State) Limit() Amounts {
	var l Amounts
	for _, m := range s.Members {
		for k := range l {
			if v := m.Limit[k]; v > 0 && (l[k] == 0 || v < l[k]) {
				l[k] = v
			}
		}
	}
	for k, v := range l {
		if v == 0 {
			continue
		}
		if k != Calls {
			v = v/100*share + v%100*share/100
		}
		l[k] = max(1, v/Full*s.Level+v%Full*s.Level/Full)
	}
	return l
}

// Held is the sum of the members' shares.
func (s *State) Held() Amounts {
	var sum Amounts
	for _, m := range s.Members {
		for k := range sum {
			sum[k] += m.Have[k]
		}
	}
	return sum
}

// Fair are the shares that the members should have, by their ids.
func (s *State) Fair() map[string]Amounts {
	ids := make([]string, 0, len(s.Members))
	for id := range s.Members {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	out := make(map[string]Amounts, len(ids))
	limit, want := s.Limit(), make([]int64, len(ids))
	for k := range limit {
		for i, id := range ids {
			want[i] = s.Members[id].Want[k]
		}
		got := fill(limit[k], want, func(whole int64) []int { return s.order(ids, k, whole) })
		for i, id := range ids {
			a := out[id]
			a[k] = got[i]
			out[id] = a
		}
	}
	return out
}

// order says who is first where there is one unit left. Whoever has it keeps it,
// unless others would have none at all: then it goes from hand to hand.
func (s *State) order(ids []string, k int, whole int64) []int {
	at := make([]int, len(ids))
	for i := range at {
		at[i] = i
	}
	slices.SortStableFunc(at, func(i, j int) int {
		a, b := s.Members[ids[i]], s.Members[ids[j]]
		if whole == 0 && k == Calls {
			return cmp.Compare(a.Turn, b.Turn)
		}
		return cmp.Compare(b.Have[k], a.Have[k])
	})
	return at
}

// fill divides a capacity so that nobody can get more without somebody getting
// less who has no more than him (max-min fairness), in whole units. What nobody
// wants is spread evenly, so that it is at hand.
func fill(capacity int64, want []int64, order func(whole int64) []int) []int64 {
	got := make([]int64, len(want))
	left := capacity
	for open := len(want); open > 0 && left > 0; {
		whole := left / int64(open)
		if whole == 0 {
			break
		}
		open = 0
		for i, w := range want {
			add := min(whole, max(0, w-got[i]))
			got[i] += add
			left -= add
			if w > got[i] {
				open++
			}
		}
	}
	least := int64(math.MaxInt64)
	for i, w := range want {
		if w > 0 {
			least = min(least, got[i])
		}
	}
	for _, i := range order(least) {
		if left > 0 && want[i] > got[i] {
			got[i]++
			left--
		}
	}
	n := max(1, int64(len(want)))
	for rank, i := range order(1) {
		got[i] += left / n
		if int64(rank) < left%n {
			got[i]++
		}
	}
	return got
}

// Crowded reports whether more members want to call than may call at a time: the
// permits then go from hand to hand.
func (s *State) Crowded() bool {
	wanting := int64(0)
	for _, m := range s.Members {
		if m.Want[Calls] > 0 {
			wanting++
		}
	}
	limit := s.Limit()[Calls]
	return limit > 0 && wanting > limit
}

// Short reports whether a member other than id lacks what id holds beyond its
// fair share; busy are the calls that id has under way.
func (s *State) Short(id string, busy int64) bool {
	me, fair := s.Members[id], s.Fair()
	if me == nil {
		return false
	}
	for k, limit := range s.Limit() {
		if keep := max(fair[id][k], held(k, busy)); limit == 0 || me.Have[k] <= keep {
			continue
		}
		for other, m := range s.Members {
			if other != id && m.Have[k] < min(m.Want[k], fair[other][k]) {
				return true
			}
		}
	}
	return false
}

// held is what calls under way keep of a thing.
func held(k int, busy int64) int64 {
	if k == Calls {
		return busy
	}
	return 0
}

// Usable is how much of its share the member may use now: all of it, unless
// others lack what it holds beyond its fair share, or more is given out than
// there is.
func (s *State) Usable(id string) Amounts {
	m := s.Members[id]
	if m == nil {
		return Amounts{}
	}
	have, limit, sum := m.Have, s.Limit(), s.Held()
	yields := s.Short(id, 0)
	var fair Amounts
	for k := range have {
		if limit[k] > 0 && (yields || sum[k] > limit[k]) {
			if fair == (Amounts{}) {
				fair = s.Fair()[id]
			}
			have[k] = min(have[k], fair[k])
		}
	}
	return have
}

// Renewal is what a member says of itself when it renews its share.
type Renewal struct {
	Limit, Want Amounts
	Busy        int64 // calls under way
	Served      bool  // it has made a call since it got its only permit
}

// Renew gives a member its fair share, as far as it is free, and takes from it
// what others should have. Its calls under way keep their permits.
func (s *State) Renew(id string, r Renewal) {
	m := s.Members[id]
	if m == nil {
		m = &Member{Have: Amounts{Calls: r.Busy}}
		s.Members[id] = m
	}
	m.Beat++
	m.Limit, m.Want = r.Limit, r.Want
	s.grow()
	if r.Served && s.Crowded() {
		s.Turn++
		m.Turn = s.Turn
	}
	fair, limit, sum := s.Fair()[id], s.Limit(), s.Held()
	for k := range m.Have {
		switch {
		case limit[k] == 0:
			m.Have[k] = held(k, r.Busy)
		case fair[k] < m.Have[k]:
			m.Have[k] = max(fair[k], min(m.Have[k], held(k, r.Busy)))
		default:
			m.Have[k] += min(fair[k]-m.Have[k], max(0, limit[k]-sum[k]))
		}
	}
}

// Remove takes a member out, with what it has begun.
func (s *State) Remove(id string) {
	delete(s.Members, id)
	s.Gate.leave(id)
}

// Refused says that the provider refused a request that was sent in an episode,
// for its limits. The level is halved, once for all that was under way.
func (s *State) Refused(episode uint64) {
	if episode != s.Episode {
		return
	}
	s.Episode++
	s.Level = max(lowest, s.Level/2)
	s.Calm = 0
}

// Strayed says the same of a refusal that is noise: it leaves the level.
func (s *State) Strayed(episode uint64) {
	if episode == s.Episode {
		s.Episode++
	}
}

// Hold lets nobody ask for d.
func (s *State) Hold(d time.Duration) { s.Pause = max(s.Pause, d) }

// grow raises the level by a step for each calm second.
func (s *State) grow() {
	if s.Level >= Full {
		s.Level, s.Calm = Full, 0
		return
	}
	seconds := int64(min(s.Calm/time.Second, Full))
	if seconds == 0 {
		return
	}
	s.Level = min(Full, s.Level+seconds*step)
	s.Calm = 0
}

// Mend makes a state that was read usable, whatever it holds.
func (s *State) Mend() {
	if s.Members == nil {
		s.Members = map[string]*Member{}
	}
	for id, m := range s.Members {
		if m == nil {
			delete(s.Members, id)
			continue
		}
		for k := range m.Have {
			m.Have[k], m.Want[k], m.Limit[k] = max(0, m.Have[k]), max(0, m.Want[k]), max(0, m.Limit[k])
		}
	}
	s.Level = min(max(s.Level, lowest), Full)
	s.Calm, s.Pause = max(0, s.Calm), max(0, s.Pause)
	s.Gate.Left, s.Gate.Since = max(0, s.Gate.Left), max(0, s.Gate.Since)
}
