package calibration

import (
	"math"
	"math/rand/v2"
	"slices"
	"strconv"

	"github.com/crucible-go/crucible/pkg/stat/catalog"
)

// population draws one value.
type population func(*rand.Rand) float64

func normal(r *rand.Rand) float64      { return r.NormFloat64() }
func exponential(r *rand.Rand) float64 { return r.ExpFloat64() }
func lognormal(r *rand.Rand) float64   { return math.Exp(r.NormFloat64()) }

// laplace is symmetric with heavy tails.
func laplace(r *rand.Rand) float64 { return r.ExpFloat64() - r.ExpFloat64() }

// pareto has a tail of index 2.5, as latencies may have.
func pareto(r *rand.Rand) float64 { return math.Pow(1-r.Float64(), -1/2.5) }

// graded has five values, as ratings have.
func graded(r *rand.Rand) float64 { return math.Floor(5 * math.Sqrt(r.Float64())) }

// wide is a normal population with three times the spread.
func wide(r *rand.Rand) float64 { return 3 * r.NormFloat64() }

func bernoulli(p float64) population {
	return func(r *rand.Rand) float64 {
		if r.Float64() < p {
			return 1
		}
		return 0
	}
}

func (p population) sample(r *rand.Rand, n int) catalog.Numbers {
	out := make(catalog.Numbers, n)
	for i := range out {
		out[i] = p(r)
	}
	return out
}

// one draws a sample.
func one(p population, truth float64) func(*rand.Rand, int) (catalog.Data, float64) {
	return func(r *rand.Rand, n int) (catalog.Data, float64) { return catalog.Data{X: p.sample(r, n)}, truth }
}

// two draws two independent samples of n and share·n values.
func two(p, q population, share, truth float64) func(*rand.Rand, int) (catalog.Data, float64) {
	return func(r *rand.Rand, n int) (catalog.Data, float64) {
		return catalog.Data{X: p.sample(r, n), Y: q.sample(r, int(share*float64(n)))}, truth
	}
}

// groups draws k independent samples.
func groups(k int, p population) func(*rand.Rand, int) (catalog.Data, float64) {
	return func(r *rand.Rand, n int) (catalog.Data, float64) {
		out := make([]catalog.Numbers, k)
		for i := range out {
			out[i] = p.sample(r, n)
		}
		return catalog.Data{Groups: out}, 0
	}
}

// spreads draws three samples whose spread and size grow together.
func spreads(r *rand.Rand, n int) (catalog.Data, float64) {
	out := make([]catalog.Numbers, 3)
	for i := range out {
		scale := float64(1 + i)
		out[i] = population(func(r *rand.Rand) float64 { return scale * r.NormFloat64() }).sample(r, n)
	}
	slices.Reverse(out)
	return catalog.Data{Groups: out}, 0
}

// blocks draws n rows of k values that share the row's own.
func blocks(k int, p population) func(*rand.Rand, int) (catalog.Data, float64) {
	return func(r *rand.Rand, n int) (catalog.Data, float64) {
		rows := make([]catalog.Numbers, n)
		for i := range rows {
			shared := r.NormFloat64()
			rows[i] = p.sample(r, k)
			for j := range rows[i] {
				rows[i][j] += shared
			}
		}
		return catalog.Data{Blocks: rows}, 0
	}
}

// pairs draws n pairs that correlate by ½ and differ by a population about 0.
func pairs(p population) func(*rand.Rand, int) (catalog.Data, float64) {
	return func(r *rand.Rand, n int) (catalog.Data, float64) {
		x, y := make(catalog.Numbers, n), make(catalog.Numbers, n)
		for i := range x {
			x[i] = normal(r)
			y[i] = x[i] + p(r)
		}
		return catalog.Data{X: x, Y: y}, 0
	}
}

// binaryRows draws n rows of k answers, right with a chance that is the row's own.
func binaryRows(k int) func(*rand.Rand, int) (catalog.Data, float64) {
	return func(r *rand.Rand, n int) (catalog.Data, float64) {
		rows := make([]catalog.Numbers, n)
		for i := range rows {
			rows[i] = bernoulli(r.Float64()).sample(r, k)
		}
		return catalog.Data{Blocks: rows}, 0
	}
}

// table draws two rows of n trials each, right with chances p and q.
func table(p, q float64) func(*rand.Rand, int) (catalog.Data, float64) {
	return func(r *rand.Rand, n int) (catalog.Data, float64) {
		row := func(p float64) catalog.Numbers {
			k := 0.0
			for range n {
				k += bernoulli(p)(r)
			}
			return catalog.Numbers{k, float64(n) - k}
		}
		return catalog.Data{Table: []catalog.Numbers{row(p), row(q)}}, q - p
	}
}

// paired draws the table of n items answered twice, right with a chance that is
// the item's own.
func paired(r *rand.Rand, n int) (catalog.Data, float64) {
	t := []catalog.Numbers{{0, 0}, {0, 0}}
	for range n {
		p := bernoulli(r.Float64())
		t[1-int(p(r))][1-int(p(r))]++
	}
	return catalog.Data{Table: t}, 0
}

// trials draws the number of successes in n trials.
func trials(p float64) func(*rand.Rand, int) (catalog.Data, float64) {
	return func(r *rand.Rand, n int) (catalog.Data, float64) {
		k := 0.0
		for range n {
			k += bernoulli(p)(r)
		}
		return catalog.Data{X: catalog.Numbers{k, float64(n)}}, p
	}
}

// byCluster draws n clusters of 4 values with an intraclass correlation of 0.3.
func byCluster(r *rand.Rand, n int) (catalog.Data, float64) {
	var d catalog.Data
	for i := range n {
		shared := math.Sqrt(0.3) * r.NormFloat64()
		for range 4 {
			d.X = append(d.X, shared+math.Sqrt(0.7)*r.NormFloat64())
			d.Clusters = append(d.Clusters, strconv.Itoa(i))
		}
	}
	return d, 0
}
