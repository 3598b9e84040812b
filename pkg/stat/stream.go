package stat

import (
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
)

// Stream returns the random numbers of one replicate: a PCG stream that depends
// on seed and replicate alone.
func Stream(seed, replicate uint64) *rand.Rand {
	return rand.New(newPCG(seed, replicate))
}

// newPCG returns the generator of a replicate. Seeds are mixed, since the
// streams of a PCG that start close together are not far apart.
func newPCG(seed, replicate uint64) *rand.PCG {
	a, b := pcgSeed(seed, replicate)
	return rand.NewPCG(a, b)
}

// pcgSeed mixes a seed and the number of a replicate into the state of a PCG.
func pcgSeed(seed, replicate uint64) (uint64, uint64) {
	a := mix(seed + 0x9e3779b97f4a7c15)
	return mix(a ^ mix(replicate+0xbf58476d1ce4e5b9)), mix(a + replicate*0x9e3779b97f4a7c15)
}

// mix is the finaliser of SplitMix64, a bijection that changes half the bits on
// average [1].
//
// [1] Steele, Lea, Flood (2014), OOPSLA: 453-472.
func mix(z uint64) uint64 {
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// draws is the stream of a replicate cut into halves of 32 bits, the high one
// first, each of which makes one number below a bound by the multiplication of
// [1]: exactly uniform, without a division, and nearly without a rejection.
//
// [1] Lemire (2019), ACM Transactions on Modeling and Computer Simulation 29 (1): 3.
type draws struct {
	pcg   rand.PCG
	spare uint32
	held  bool
}

// restart begins the stream of a replicate.
func (d *draws) restart(seed, replicate uint64) {
	d.pcg.Seed(pcgSeed(seed, replicate))
	d.held = false
}

// half returns the next 32 bits.
func (d *draws) half() uint32 {
	if d.held {
		d.held = false
		return d.spare
	}
	u := d.pcg.Uint64()
	d.spare, d.held = uint32(u&0xffffffff), true
	return uint32(u >> 32)
}

// below returns a number of 0 ≤ i < n, n > 0.
func (d *draws) below(n uint32) uint32 {
	for {
		// The threshold is below n, and a division away.
		at := uint64(d.half()) * uint64(n)
		if low := uint32(at & 0xffffffff); low >= n || low >= -n%n {
			return uint32(at >> 32)
		}
	}
}

// count draws len(counts) numbers below len(counts), and counts them.
func (d *draws) count(counts []int32) {
	n := uint32(len(counts))
	left := len(counts)
	if d.held && left > 0 {
		counts[d.below(n)]++
		left--
	}
	threshold := uint32(0)
	if n > 0 {
		threshold = -n % n
	}
	for left >= 2 {
		u := d.pcg.Uint64()
		a, b := (u>>32)*uint64(n), (u&0xffffffff)*uint64(n)
		if uint32(a&0xffffffff) >= threshold {
			counts[a>>32]++
			left--
		}
		if uint32(b&0xffffffff) >= threshold {
			counts[b>>32]++
			left--
		}
	}
	if left > 0 {
		counts[d.below(n)]++
	}
}

// sum draws len(value) of the values with replacement and returns their sum. It
// draws what count draws.
func (d *draws) sum(value []float64) float64 {
	n := uint32(len(value))
	left := len(value)
	first, second := 0.0, 0.0
	if d.held && left > 0 {
		first = value[d.below(n)]
		left--
	}
	threshold := uint32(0)
	if n > 0 {
		threshold = -n % n
	}
	for left >= 2 {
		u := d.pcg.Uint64()
		a, b := (u>>32)*uint64(n), (u&0xffffffff)*uint64(n)
		if uint32(a&0xffffffff) >= threshold {
			first += value[a>>32]
			left--
		}
		if uint32(b&0xffffffff) >= threshold {
			second += value[b>>32]
			left--
		}
	}
	if left > 0 {
		first += value[d.below(n)]
	}
	return first + second
}

// sums is sum of two columns at once.
func (d *draws) sums(row [][2]float64) (total, n float64) {
	bound := uint32(len(row))
	left := len(row)
	if d.held && left > 0 {
		r := &row[d.below(bound)]
		total, n = r[0], r[1]
		left--
	}
	threshold := uint32(0)
	if bound > 0 {
		threshold = -bound % bound
	}
	var more, size float64
	for left >= 2 {
		u := d.pcg.Uint64()
		a, b := (u>>32)*uint64(bound), (u&0xffffffff)*uint64(bound)
		if uint32(a&0xffffffff) >= threshold {
			r := &row[a>>32]
			total += r[0]
			n += r[1]
			left--
		}
		if uint32(b&0xffffffff) >= threshold {
			r := &row[b>>32]
			more += r[0]
			size += r[1]
			left--
		}
	}
	if left > 0 {
		r := &row[d.below(bound)]
		total += r[0]
		n += r[1]
	}
	return total + more, n + size
}

// leastShare is how many replicates a goroutine takes at a time.
const leastShare = 32

// spread runs n tasks on at most so many goroutines, one for each processor where
// workers is 0. Each goroutine calls start once, for memory of its own, and what
// start returns once for each of its tasks. It returns when all are done.
//
// Tasks must depend on their number alone and write to places of their own: then
// nothing depends on the number of workers.
func spread(n, workers int, start func() func(task int)) {
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	workers = min(workers, (n+leastShare-1)/leastShare, 256)
	if workers <= 1 {
		run := start()
		for task := range n {
			run(task)
		}
		return
	}
	var next atomic.Int64
	var wait sync.WaitGroup
	for range workers {
		wait.Go(func() {
			run := start()
			for {
				to := int(next.Add(leastShare))
				for task := to - leastShare; task < min(to, n); task++ {
					run(task)
				}
				if to >= n {
					return
				}
			}
		})
	}
	wait.Wait()
}
