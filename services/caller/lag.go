package caller

import (
	"context"
	"sync/atomic"
	"time"
)

const (
	// lagBeat is how often the meter looks.
	lagBeat = 10 * time.Millisecond
	// lagPane is how long a value of the meter stands for, and lagPanes how many
	// it keeps: seven minutes, longer than calls take.
	lagPane  = 100 * time.Millisecond
	lagPanes = 4096
	// lagLimit and lagShare are the lateness, of our own process, from which on a
	// latency is void: it is more than either.
	lagLimit = 50 * time.Millisecond
	lagShare = 0.05
)

// lagMeter measures by how much this process is late: a timer that is due every
// few milliseconds, and how long after that it is served. When the processors are
// busy or the collector of garbage is at work, answers that have arrived wait as
// long as the timer does. It is safe for concurrent use.
type lagMeter struct {
	began time.Time
	now   func() time.Time
	panes [lagPanes]atomic.Int64 // the number of the pane in the high half, microseconds in the low
}

func newLagMeter(now func() time.Time) *lagMeter { return &lagMeter{began: now(), now: now} }

// run measures until ctx is done.
func (l *lagMeter) run(ctx context.Context) {
	t := time.NewTimer(lagBeat)
	defer t.Stop()
	for due := l.now().Add(lagBeat); ; {
		select {
		case <-t.C:
		case <-ctx.Done():
			return
		}
		now := l.now()
		l.note(due, now)
		due = now.Add(lagBeat)
		t.Reset(lagBeat)
	}
}

// note records that what was due at one time was served at another: every pane
// between them was late by as much.
func (l *lagMeter) note(due, served time.Time) {
	late := min(served.Sub(due), time.Hour)
	if late < time.Millisecond {
		return
	}
	last := l.pane(served)
	for p := max(l.pane(due), last-lagPanes+1); p <= last; p++ {
		slot := &l.panes[p%lagPanes]
		if old := slot.Load(); old>>32 != p || old&0xffffffff < late.Microseconds() {
			slot.Store(p<<32 | late.Microseconds())
		}
	}
}

func (l *lagMeter) pane(t time.Time) int64 { return max(0, int64(t.Sub(l.began)/lagPane)) }

// between is the most by which this process was late between two times; 0 for
// less than a millisecond.
func (l *lagMeter) between(from, to time.Time) time.Duration {
	most, last := int64(0), l.pane(to)
	for p := max(l.pane(from), last-lagPanes+1); p <= last; p++ {
		if v := l.panes[p%lagPanes].Load(); v>>32 == p {
			most = max(most, v&0xffffffff)
		}
	}
	return time.Duration(most) * time.Microsecond
}

// void reports whether a latency was measured by a process that was too late
// itself.
func void(lag, latency time.Duration) bool {
	return lag >= lagLimit && float64(lag) >= lagShare*float64(latency)
}
