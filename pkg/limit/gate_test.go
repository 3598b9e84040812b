package limit_test

import (
	"testing"
	"time"

	"github.com/crucible-go/crucible/pkg/limit"
)

// The gate goes through its modes as a circuit breaker does.
func TestGate(t *testing.T) {
	const me, other = "me", "other"
	for name, c := range map[string]struct {
		steps func(s *limit.State)
		want  limit.Gate
	}{
		"a fresh pool is probed by one": {func(s *limit.State) { s.Gate.Begin(me); s.Gate.Begin(other) },
			limit.Gate{Mode: limit.Fresh, Probe: me, Left: limit.Ahead}},
		"the others do not wait for long": {func(s *limit.State) { s.Gate.Begin(me); s.Advance(limit.Ahead) },
			limit.Gate{Mode: limit.Closed}},
		"an answer proves it": {func(s *limit.State) { s.Gate.Begin(me); s.Gate.Answered() },
			limit.Gate{Mode: limit.Closed, Proven: true}},
		"a failure lets the others try": {func(s *limit.State) { s.Gate.Begin(me); s.Gate.Tried() },
			limit.Gate{Mode: limit.Closed}},
		"a probe given up is another's": {func(s *limit.State) { s.Gate.Begin(me); s.Gate.Abandon(other); s.Gate.Abandon(me); s.Gate.Begin(other) },
			limit.Gate{Mode: limit.Fresh, Probe: other, Left: limit.Ahead}},
		"failures open it": {func(s *limit.State) { s.Gate.Answered(); s.Gate.Trip("connection", "no"); s.Gate.Begin(me) },
			limit.Gate{Mode: limit.Open, Proven: true, Left: limit.Cooling, Class: "connection", Message: "no"}},
		"then one asks": {func(s *limit.State) {
			s.Gate.Trip("connection", "no")
			s.Advance(limit.Cooling)
			s.Gate.Begin(me)
			s.Gate.Begin(other)
		}, limit.Gate{Mode: limit.Half, Probe: me, Since: limit.Cooling, Class: "connection", Message: "no"}},
		"and closes it": {func(s *limit.State) {
			s.Gate.Trip("connection", "no")
			s.Advance(limit.Cooling)
			s.Gate.Begin(me)
			s.Gate.Answered()
		}, limit.Gate{Mode: limit.Closed, Proven: true}},
		"or not": {func(s *limit.State) {
			s.Gate.Trip("connection", "no")
			s.Advance(limit.Cooling)
			s.Gate.Begin(me)
			s.Gate.Trip("timeout", "too late")
		}, limit.Gate{Mode: limit.Open, Left: limit.Cooling, Since: limit.Cooling, Class: "timeout", Message: "too late"}},
		"a probe that dies is another's": {func(s *limit.State) {
			s.Gate.Trip("connection", "no")
			s.Advance(limit.Cooling)
			s.Gate.Begin(me)
			s.Remove(me)
			s.Gate.Begin(other)
		}, limit.Gate{Mode: limit.Half, Probe: other, Since: limit.Cooling, Class: "connection", Message: "no"}},
		"a late answer does not close an open one": {func(s *limit.State) { s.Gate.Trip("connection", "no"); s.Gate.Answered() },
			limit.Gate{Mode: limit.Open, Left: limit.Cooling, Class: "connection", Message: "no"}},
		"a refused key stops it": {func(s *limit.State) {
			s.Gate.Stop(me, "auth", "401")
			s.Gate.Stop(other, "auth", "403")
			s.Gate.Trip("timeout", "")
			s.Gate.Answered()
			s.Gate.Begin(other)
		}, limit.Gate{Mode: limit.Stopped, Left: limit.Stopping, By: me, Class: "auth", Message: "401"}},
		"until it is tried again": {func(s *limit.State) { s.Gate.Stop(me, "auth", "401"); s.Advance(time.Hour); s.Gate.Begin(other) },
			limit.Gate{Mode: limit.Fresh, Probe: other, Left: limit.Ahead}},
		"or its owner is gone": {func(s *limit.State) { s.Gate.Stop(me, "auth", "401"); s.Remove(other); s.Remove(me) },
			limit.Gate{Mode: limit.Fresh}},
	} {
		t.Run(name, func(t *testing.T) {
			s := limit.New(false)
			c.steps(s)
			if s.Gate != c.want {
				t.Errorf("got  %+v\nwant %+v", s.Gate, c.want)
			}
		})
	}
	s := limit.New(true)
	s.Hold(time.Second)
	s.Hold(time.Millisecond)
	s.Advance(-time.Hour) // a clock that jumped
	if s.Advance(999 * time.Millisecond); s.Pause != time.Millisecond {
		t.Errorf("the pause goes on for %v", s.Pause)
	}
	if s.Advance(1 << 62); s.Pause != 0 || s.Gate.Mode != limit.Closed {
		t.Errorf("long after: %+v", s)
	}
}
