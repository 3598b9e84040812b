package hedge

import (
	"math/bits"
	"sync/atomic"
	"time"
)

// The buckets of a histogram are log-linear: 64 of equal width in each octave, so
// that a value is known to 0.8 %. They span a microsecond to 19 hours.
const (
	subBits  = 6
	perOct   = 1 << subBits
	octaves  = 37
	buckets  = octaves * perOct
	smallest = time.Microsecond
)

// bucketOf returns the bucket of a latency; those outside of the span fall into
// the first or the last.
func bucketOf(d time.Duration) int {
	u := uint64(max(d, 0) / smallest)
	if u < perOct {
		return int(u)
	}
	shift := bits.Len64(u) - 1 - subBits
	return min((shift+1)<<subBits+int(u>>shift)-perOct, buckets-1)
}

// upperEdge returns the latency at which the bucket ends.
func upperEdge(bucket int) time.Duration {
	if bucket < perOct {
		return time.Duration(bucket+1) * smallest
	}
	shift := bucket>>subBits - 1
	return time.Duration(bucket&(perOct-1)+perOct+1) << shift * smallest
}

// histogram counts latencies, without locks.
type histogram [buckets]atomic.Uint32

func (h *histogram) add(d time.Duration) { h[bucketOf(d)].Add(1) }

func (h *histogram) clear() {
	for i := range h {
		h[i].Store(0)
	}
}
