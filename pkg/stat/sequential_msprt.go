package stat

import "math"

// MSPRT is the mixture sequential probability ratio test of a mean against o.Mu,
// looked at after every observation [1]. For paired conditions observations are
// the differences y − x in the order of the items.
//
// Method "normal" needs the standard deviation sigma to be known in advance. The
// e-value is the likelihood ratio of a N(Mu, τ²) mixture of means to Mu,
//
//	E = √(σ²/(σ² + nτ²)) exp(τ²S²/(2σ²(σ² + nτ²)))   S = Σ(xᵢ − Mu)
//
// Method "t", the default, knows no variance: it mixes the standardized effect
// over N(0, τ²) and the variance over its scale-invariant prior, which makes E a
// function of the t statistic and an e-value for normal observations at any time
// [2]:
//
//	E = (1 + nτ²)^(−1/2) ((1 + t²/ν)/(1 + t²/(ν(1 + nτ²))))^(n/2)   ν = n − 1
//
// tau is in units of the data for "normal" and in standard deviations for "t";
// it is best of the size of the effect that is expected, and 0 counts as half a
// standard deviation. Statistic, p-value and details are those of EValue; the
// interval holds every mean whose E is below 1/α at the last observation, and so
// is a confidence sequence. It is absent, with a warning, where "t" cannot yet
// bound the mean. It refuses fewer than two observations, and constant ones for
// "t".
//
// [1] Johari, Koomen, Pekelis, Walsh (2022), Operations Research 70 (3):
// 1806-1821; Robbins (1970), The Annals of Mathematical Statistics 41 (5): 1397-1409.
// [2] Lai (1976), The Annals of Statistics 4 (2): 265-280; Wang, Ramdas (2024),
// Sequential Analysis 44 (1): 56-110.
func MSPRT(x []float64, sigma, tau float64, o Options) (Result, error) {
	const test = "msprt"
	o, err := o.resolveTwoSided(test, "t", "normal")
	if err != nil {
		return Result{}, err
	}
	if sigma == 0 {
		sigma = 1
		if o.Method == "normal" {
			return Result{}, badOption(test, "method normal needs sigma, the standard deviation that is known in advance")
		}
	}
	if tau == 0 {
		tau = sigma / 2
	}
	if !(sigma > 1e-100 && sigma < 1e100 && tau/sigma > 1e-50 && tau/sigma < 1e50) {
		return Result{}, badOption(test, "sigma %v and tau %v are no scales", sigma, tau)
	}
	mean, variance, err := moments(test, x, 2)
	if err != nil {
		return Result{}, err
	}
	if variance == 0 && o.Method == "t" {
		return Result{}, refuse(test, Constant, len(x), 0, "all observations are equal")
	}
	n, alpha := float64(len(x)), 1-o.Level
	var path ePath
	var half float64
	if g := tau / sigma * tau / sigma; o.Method == "normal" {
		walk := sumWalk{mu: o.Mu}
		for _, v := range x {
			walk.add(v)
			path.add(normalE(walk.n, walk.total/sigma, g), alpha)
		}
		k := 1 + n*g
		half = sigma * math.Sqrt(k/g*(math.Log(k)-2*math.Log(alpha))) / n
	} else {
		walk := sumWalk{mu: o.Mu}
		for _, v := range x {
			walk.add(v)
			path.add(walk.tE(g), alpha)
		}
		half = tHalf(n, g, alpha) * math.Sqrt(variance/n)
	}
	out := path.result(test, len(x), o)
	out.Interval = &Interval{Estimate: mean, Low: mean - half, High: mean + half, Level: o.Level, N: len(x), Method: o.Method}
	if math.IsInf(half, 1) || math.IsNaN(half) {
		out.Interval = &Interval{Estimate: mean, N: len(x)}
		out.Warnings = append(out.Warnings, "there are too few observations to bound the mean at this level at any time: no interval")
	}
	return out, finite(test, len(x), out.Statistic, out.Interval.Low, out.Interval.High)
}

// normalE is ln E of a sum of n standardized observations.
func normalE(n, total, g float64) float64 {
	k := 1 + n*g
	return (g*total*total/k - math.Log(k)) / 2
}

// sumWalk follows sum and squares of the differences from mu, by Welford's
// recursion for the squares about their mean.
type sumWalk struct {
	mu, n, total, mean, squares float64
}

func (w *sumWalk) add(x float64) {
	x -= w.mu
	w.n++
	w.total += x
	d := x - w.mean
	w.mean += d / w.n
	w.squares += d * (x - w.mean)
}

// tE is ln E of the t statistic now; 0 where there is none yet.
func (w *sumWalk) tE(g float64) float64 {
	if w.n < 2 || w.squares == 0 {
		return 0
	}
	u := w.n * w.mean * w.mean / w.squares // t²/ν
	k := 1 + w.n*g
	return (w.n*(math.Log1p(u)-math.Log1p(u/k)) - math.Log(k)) / 2
}

// tHalf returns the greatest |t| with E < 1/α, +Inf if every t has that.
func tHalf(n, g, alpha float64) float64 {
	k := 1 + n*g
	r := math.Expm1((math.Log(k) - 2*math.Log(alpha)) / n) // (k/α²)^(1/n) − 1
	if rest := 1 - (1+r)/k; rest > 0 {
		return math.Sqrt((n - 1) * r / rest)
	}
	return math.Inf(1)
}
