package limit

import (
	"math"
	"time"
)

// Burst is how much a bucket saves up: so late may a request leave, for lack of
// a processor say, without the rate being lost.
const Burst = 100 * time.Millisecond

// Bucket is a token bucket whose rate may change at any time. Its times are
// those of one clock of the owner's, which does not jump. The zero value is
// empty and has no rate.
type Bucket struct {
	at     time.Duration
	rate   float64 // per second
	credit float64
}

// Rate sets the rate at a time, in millionths per second.
func (b *Bucket) Rate(at time.Duration, micro int64) {
	b.advance(at)
	b.rate = float64(micro) / 1e6
	b.credit = math.Min(b.credit, b.most())
}

// Fill sets the credit to a share of what the bucket can save.
func (b *Bucket) Fill(share float64) { b.credit = share * b.most() }

func (b *Bucket) most() float64 { return 1 + b.rate*Burst.Seconds() }

func (b *Bucket) advance(at time.Duration) {
	if at <= b.at {
		return
	}
	b.credit = math.Min(b.most(), b.credit+b.rate*(at-b.at).Seconds())
	b.at = at
}

// Wait is how long after the time n units may be taken, 0 for at once, negative
// for never at this rate. More than the bucket saves may be taken when it is
// full.
func (b *Bucket) Wait(at time.Duration, n float64) time.Duration {
	b.advance(at)
	lack := math.Min(n, b.most()) - b.credit
	if lack <= 1e-9 {
		return 0
	}
	if b.rate <= 0 {
		return -1
	}
	s := lack / b.rate
	if s > 1e9 {
		return -1
	}
	return time.Duration(math.Ceil(s * 1e9))
}

// Take takes n units, on credit if need be; a negative n gives back.
func (b *Bucket) Take(n float64) { b.credit = math.Min(b.most(), b.credit-n) }

// Full reports whether nothing more is saved.
func (b *Bucket) Full(at time.Duration) bool {
	b.advance(at)
	return b.credit >= b.most()-1e-9
}
