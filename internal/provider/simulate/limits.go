package simulate

import (
	"sync"
	"time"
)

// bucket admits a number of units per minute, evenly, with a burst of a second's
// worth: the generic cell rate algorithm. An amount above the burst is admitted
// when the bucket is full, and the debt is waited for afterwards.
type bucket struct {
	mu       sync.Mutex
	limit    int
	interval time.Duration // between two units; 0: no limit
	burst    time.Duration
	next     time.Time // when the next unit would arrive if they came evenly
}

func newBucket(perMinute int) bucket {
	if perMinute <= 0 {
		return bucket{}
	}
	interval := max(time.Minute/time.Duration(perMinute), 1)
	return bucket{limit: perMinute, interval: interval, burst: max(time.Second-interval, 0)}
}

// admit reports how long to wait before the next try, 0 where an amount is
// admitted.
func (b *bucket) admit(now time.Time, amount int64) time.Duration {
	if b.interval == 0 {
		return 0
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if now.After(b.next) {
		b.next = now
	}
	if early := b.next.Sub(now) - b.burst; early > 0 {
		return early
	}
	b.next = b.next.Add(b.interval * time.Duration(amount))
	return 0
}

// settle corrects an amount that was admitted.
func (b *bucket) settle(more int64) {
	if b.interval == 0 || more == 0 {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.next = b.next.Add(b.interval * time.Duration(more))
}

// level is what a provider says of a limit.
type level struct {
	limit     int // per minute; 0: there is none
	remaining int64
	reset     time.Duration // until nothing of it is used
}

func (b *bucket) level(now time.Time) level {
	if b.interval == 0 {
		return level{}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	used := max(b.next.Sub(now), 0)
	return level{b.limit, max(int64((b.burst-used+b.interval)/b.interval), 0), used}
}

// levels are those of a model.
type levels struct {
	requests, tokens level
	wait             time.Duration // where the request is turned away
}

// occurrences counts how often a call was made. It forgets everything when it
// knows too many, so that its memory is bounded.
type occurrences struct {
	mu sync.Mutex
	of map[uint64]int
}

const maxPrompts = 1 << 20

// next is the number of this occurrence, from 1.
func (o *occurrences) next(call uint64) int {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.of) >= maxPrompts {
		clear(o.of)
	}
	o.of[call]++
	return o.of[call]
}
