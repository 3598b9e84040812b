package hedge

import (
	"sync"
	"sync/atomic"
	"time"
)

// panes is the number of parts of a window: the oldest is dropped as a whole.
const panes = 4

// window remembers the latest latencies of first copies. Those that were
// cancelled because a backup won are known only to have lasted so long: they are
// kept apart, and Survival treats them as the censored observations that they
// are [1], since to take them for finished would make the tail look shorter than
// it is.
//
// Recording is lock-free. It rotates when a pane is full, and what follows from
// the latencies is computed anew after every refresh of them.
//
// [1] Kaplan, Meier (1958), JASA 53 (282): 457-481.
type window struct {
	finished, censored [panes]histogram
	counts             [panes]atomic.Int64
	pane               atomic.Int64
	size               int64 // latencies of a pane
	total              atomic.Int64
	rotating           sync.Mutex
}

func newWindow(latencies int) *window {
	return &window{size: max(1, int64(latencies)/panes)}
}

// finish records a first copy that ended by itself.
func (w *window) finish(d time.Duration) int64 {
	p := w.pane.Load() % panes
	w.finished[p].add(d)
	return w.counted(p)
}

// censor records a first copy that was given up after d.
func (w *window) censor(d time.Duration) int64 {
	p := w.pane.Load() % panes
	w.censored[p].add(d)
	return w.counted(p)
}

// counted returns how many latencies were ever recorded.
func (w *window) counted(pane int64) int64 {
	if w.counts[pane].Add(1) == w.size {
		w.rotate()
	}
	return w.total.Add(1)
}

func (w *window) rotate() {
	w.rotating.Lock()
	defer w.rotating.Unlock()
	next := (w.pane.Load() + 1) % panes
	w.finished[next].clear()
	w.censored[next].clear()
	w.counts[next].Store(0)
	w.pane.Store(next)
}

// Survival is the share of calls that take longer than each bucket's upper edge,
// estimated from a window.
type survival struct {
	n     int64
	share [buckets]float64
}

// read estimates the survival from what the window holds now.
func (w *window) read(into *survival) {
	into.n = 0
	var done, lost [buckets]uint32
	for p := range panes {
		into.n += w.counts[p].Load()
		for i := range buckets {
			done[i] += w.finished[p][i].Load()
			lost[i] += w.censored[p][i].Load()
		}
	}
	risk, share := int64(0), 1.0
	for i := range buckets {
		risk += int64(done[i]) + int64(lost[i])
	}
	into.n = risk
	for i := range buckets {
		if done[i] > 0 {
			share *= 1 - float64(done[i])/float64(risk)
		}
		into.share[i] = share
		risk -= int64(done[i]) + int64(lost[i])
	}
}

// above returns the least latency that at most share of the calls exceed, and
// whether the window knows it: where too many were given up, nobody does.
func (s *survival) above(share float64) (time.Duration, bool) {
	low, high := 0, buckets-1
	if s.n == 0 || s.share[high] > share {
		return 0, false
	}
	for low < high {
		mid := (low + high) / 2
		if s.share[mid] <= share {
			high = mid
		} else {
			low = mid + 1
		}
	}
	return upperEdge(low), true
}

// at returns the share of calls that take longer than d.
func (s *survival) at(d time.Duration) float64 {
	if d < smallest {
		return 1
	}
	return s.share[bucketOf(d-smallest)]
}
