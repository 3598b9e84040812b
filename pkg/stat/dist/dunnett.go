package dist

import (
	"math"
	"slices"
)

// Dunnett is the distribution of the largest of up to 1,000 Student variables
// with a common denominator and correlations Lambda[i]·Lambda[j]: comparisons of
// treatments with one control, for which Lambda[i] = √(nᵢ/(n₀+nᵢ)) [1]. Lambda
// lies within ±0.999999; DF may be +Inf.
//
// Given the common factor z and the root s of the variance the variables are
// independent, which leaves two integrals,
//
//	P(max|Tᵢ| > x) = E ∫ φ(z)·(1 − Π(1 − Q((xs−λᵢz)/cᵢ) − Q((xs+λᵢz)/cᵢ))) dz,  cᵢ² = 1 − λᵢ²,
//
// both by the trapezoidal rule, deterministic to the last digits, the tail taken
// as such.
//
// CDF, SF and the quantiles are those of max|Tᵢ|; the methods with OneSided in
// their name those of max Tᵢ.
//
// [1] Dunnett (1955), JASA 50 (272): 1096-1121.
type Dunnett struct {
	Lambda []float64
	DF     float64
}

func (d Dunnett) valid() bool {
	if len(d.Lambda) == 0 || len(d.Lambda) > 1000 || !(d.DF >= leastRoot) {
		return false
	}
	for _, l := range d.Lambda {
		if !(math.Abs(l) <= 0.999999) {
			return false
		}
	}
	return true
}

func (d Dunnett) support() (low, high float64) { return 0, math.Inf(1) }

func (d Dunnett) tails(x float64) (lower, upper float64) {
	if x == 0 {
		return math.Inf(-1), 0
	}
	if upper = d.logUpper(x); upper < -0.1 {
		return log1mExp(upper), upper
	}
	f := newFactors(d.Lambda, true)
	lower = chiTail(d.DF, 0, d.change(x), func(s float64) float64 { return f.logAllInside(x * s) })
	return lower, log1mExp(lower)
}

// logUpper returns ln P(max |Tᵢ| > x) alone.
func (d Dunnett) logUpper(x float64) float64 {
	if x == 0 {
		return 0
	}
	f := newFactors(d.Lambda, true)
	return chiTail(d.DF, outsideStart(d.DF, x, 0.5), d.change(x), func(s float64) float64 { return f.logAnyOutside(x * s) })
}

// change is the factor by which S changes the tail beyond x·S, which many
// variables make steeper.
func (d Dunnett) change(x float64) float64 {
	many := math.Log(float64(len(d.Lambda)))
	return math.Abs(x) * (1 + 0.3*many + 0.1*many*many/d.DF)
}

// start takes the variables for independent, as they nearly are far out.
func (d Dunnett) start(logP float64, upper bool) float64 {
	if !upper {
		return 1
	}
	return T{d.DF}.start(math.Min(logP-math.Log(2*float64(len(d.Lambda))), -1), true)
}

// factor is a loading λ with c = √(1−λ²) and how many variables have it.
type factor struct{ lambda, c, count float64 }

// factors computes what is left of several variables given their denominator.
type factors struct {
	list []factor
	// most is the largest |λ|, step the distance of the points of integration.
	most, step float64
	twoSided   bool
}

func newFactors(lambda []float64, twoSided bool) factors {
	sorted := slices.Clone(lambda)
	if twoSided { // the sign does not matter
		for i, l := range sorted {
			sorted[i] = math.Abs(l)
		}
	}
	slices.Sort(sorted)
	f := factors{twoSided: twoSided}
	narrow := 1.0
	for _, l := range sorted {
		f.most = math.Max(f.most, math.Abs(l))
		if n := len(f.list); n > 0 && f.list[n-1].lambda == l {
			f.list[n-1].count++
			continue
		}
		c := math.Sqrt((1 - l) * (1 + l))
		narrow = math.Min(narrow, c/math.Max(math.Abs(l), 0.5))
		f.list = append(f.list, factor{l, c, 1})
	}
	f.step = 0.36 * math.Min(1, narrow) / (1 + 0.35*math.Log(float64(len(lambda))))
	return f
}

// outside returns P(|Tᵢ| > w), or P(Tᵢ > w), for a variable given z.
func (f factors) outside(v factor, w, z float64) float64 {
	q := normalSF((w - v.lambda*z) / v.c)
	if f.twoSided {
		q += normalSF((w + v.lambda*z) / v.c)
	}
	return q
}

// logAnyOutside returns ln P(any variable lies outside) for a denominator of 1.
// Far out it is the sum of the chances of all: that two with correlation ρ lie
// outside is rarer by more than exp(−w²(1−ρ)/(2(1+ρ))).
func (f factors) logAnyOutside(w float64) float64 {
	all := 0.0
	for _, v := range f.list {
		all += v.count
	}
	if most := f.most * f.most; w > 0 && w*w*(1-most) > (90+4*math.Log(all))*(1+most) {
		if f.twoSided {
			all *= 2
		}
		return math.Min(0, math.Log(all)+normalLogSF(w))
	}
	if w > 35 { // the terms would underflow
		return f.sum(w, func(z float64) float64 {
			most := math.Inf(-1)
			for _, v := range f.list {
				q := normalLogSF((w - v.lambda*z) / v.c)
				if f.twoSided {
					q = logAdd(q, normalLogSF((w+v.lambda*z)/v.c))
				}
				most = logAdd(most, q+math.Log(v.count))
			}
			return normalLogPDF(z) + math.Min(most, 0)
		})
	}
	return f.plainSum(w, func(z float64) float64 {
		any := 0.0
		for _, v := range f.list {
			any += (1 - any) * anyOf(f.outside(v, w, z), int(v.count))
		}
		return any
	})
}

// logAllInside returns ln P(no variable lies outside): the integrand is log-concave.
func (f factors) logAllInside(w float64) float64 {
	// One-sided far below 0, the top is where parabolas of the logarithms have it.
	pull, weight := 0.0, 1.0
	for _, v := range f.list {
		pull += v.count * v.lambda / (v.c * v.c)
		weight += v.count * v.lambda * v.lambda / (v.c * v.c)
	}
	start := 0.0
	if w < 0 {
		start = w * pull / weight
	}
	if w < -1e6 { // the parabolas are all there is
		sum := -pull * pull / weight
		for _, v := range f.list {
			sum += v.count / (v.c * v.c)
		}
		return -0.5 * w * w * sum
	}
	return math.Min(0, smoothIntegral(func(z float64) float64 {
		sum := normalLogPDF(z)
		for _, v := range f.list {
			if f.twoSided {
				sum += v.count * logNormalBetween((-w-v.lambda*z)/v.c, 2*w/v.c)
			} else {
				sum += v.count * normalLogSF((v.lambda*z-w)/v.c)
			}
		}
		return sum
	}, start, 1/math.Sqrt(weight)))
}

// points calls f with every point of the grid at which z matters: where the factor
// alone is likely, and where with its help a variable reaches w, which for large
// w are separate stretches.
func (f factors) points(w float64, visit func(i int)) {
	reach := 9.0
	done := math.MinInt
	if f.twoSided {
		done = -1 // the other half is a mirror image
	}
	stretch := func(centre float64) {
		from, to := int(math.Floor((centre-reach)/f.step)), int(math.Ceil((centre+reach)/f.step))
		for i := max(from, done+1); i <= to; i++ {
			visit(i)
			done = i
		}
	}
	// In ascending order of centres; list is sorted by loading.
	if math.Abs(w) < 12 {
		reach += f.most * math.Abs(w)
		stretch(0)
		return
	}
	seen := false
	for k := range f.list {
		v := f.list[k]
		if w < 0 {
			v = f.list[len(f.list)-1-k]
		}
		if centre := v.lambda * w; centre >= 0 && !seen {
			seen = true
			stretch(0)
			stretch(centre)
		} else {
			stretch(centre)
		}
	}
	if !seen {
		stretch(0)
	}
}

// plainSum returns ln ∫ φ·g; of an even function for two-sided variables.
func (f factors) plainSum(w float64, g func(z float64) float64) float64 {
	sum := 0.0
	f.points(w, func(i int) {
		z := float64(i) * f.step
		term := math.Exp(-z*z/2) * g(z)
		if f.twoSided && i > 0 {
			term *= 2
		}
		sum += term
	})
	return math.Min(0, math.Log(sum*f.step)-halfLog2Pi)
}

// sum returns ln ∫ exp(g), likewise, in logarithms.
func (f factors) sum(w float64, g func(z float64) float64) float64 {
	top, sum := math.Inf(-1), 0.0
	f.points(w, func(i int) {
		term := g(float64(i) * f.step)
		if f.twoSided && i > 0 {
			term += math.Ln2
		}
		if term > top {
			sum *= math.Exp(top - term)
			top = term
		}
		if !math.IsInf(term, -1) {
			sum += math.Exp(term - top)
		}
	})
	if math.IsInf(top, -1) {
		return top
	}
	return math.Min(0, top+math.Log(sum*f.step))
}

// oneSided is the law of max Tᵢ.
type oneSided struct{ Dunnett }

func (d oneSided) support() (low, high float64) { return math.Inf(-1), math.Inf(1) }

func (d oneSided) tails(x float64) (lower, upper float64) {
	f := newFactors(d.Lambda, false)
	if x < 1 {
		start := 0.0
		if x < 0 {
			start = outsideStart(d.DF, -x, 0.5)
		}
		lower = chiTail(d.DF, start, d.change(x), func(s float64) float64 { return f.logAllInside(x * s) })
		if lower < -0.1 {
			return lower, log1mExp(lower)
		}
	}
	upper = chiTail(d.DF, outsideStart(d.DF, x, 0.5), d.change(x), func(s float64) float64 { return f.logAnyOutside(x * s) })
	return log1mExp(upper), upper
}

func (d oneSided) logUpper(x float64) float64 {
	_, upper := d.tails(x)
	return upper
}

func (d oneSided) start(logP float64, upper bool) float64 {
	if !upper {
		return -T{d.DF}.start(logP, true)
	}
	return T{d.DF}.start(math.Min(logP-math.Log(float64(len(d.Lambda))), -1), true)
}

// OneSidedCDF returns P(max Tᵢ ≤ x).
func (d Dunnett) OneSidedCDF(x float64) float64 { return cdf(oneSided{d}, x) }

// OneSidedSF returns P(max Tᵢ > x).
func (d Dunnett) OneSidedSF(x float64) float64 { return sf(oneSided{d}, x) }

// OneSidedLogCDF returns ln P(max Tᵢ ≤ x).
func (d Dunnett) OneSidedLogCDF(x float64) float64 { return logCDF(oneSided{d}, x) }

// OneSidedLogSF returns ln P(max Tᵢ > x).
func (d Dunnett) OneSidedLogSF(x float64) float64 { return logSF(oneSided{d}, x) }

// OneSidedQuantile returns the x with P(max Tᵢ ≤ x) = p.
func (d Dunnett) OneSidedQuantile(p float64) float64 { return quantile(oneSided{d}, p) }

// OneSidedInvSF returns the x with P(max Tᵢ > x) = q.
func (d Dunnett) OneSidedInvSF(q float64) float64 { return invSF(oneSided{d}, q) }
