package dist

import "math"

// T is Student's distribution with DF > 0 degrees of freedom; +Inf is the normal
// distribution. With x = ν/(ν+t²), P(|T| > |t|) = I(x; ν/2, ½).
type T struct{ DF float64 }

func (d T) valid() bool { return d.DF >= minDF }

func (d T) support() (low, high float64) { return math.Inf(-1), math.Inf(1) }

func (d T) tails(t float64) (lower, upper float64) {
	if d.DF > maxDF {
		return Normal{}.tails(t)
	}
	tail, _ := d.bothSides(math.Abs(t))
	tail -= math.Ln2
	if t < 0 {
		return tail, log1mExp(tail)
	}
	return log1mExp(tail), tail
}

// squaredRatio returns the point y = t²/(ν+t²) of I(y; ½, ν/2).
func squaredRatio(t, df float64) betaPoint {
	tt := t * t
	w, distance := tt/df, df/2
	if !math.IsInf(tt, 1) {
		distance = 0.5 * math.FMA(t, t, -1) / (1 + w)
	}
	return betaRatio(0.5, df/2, w, 2*math.Log(t)-math.Log(df), distance)
}

// start is the leading power far out, P(T > t) ≈ xᵃ/(2a·B(a, ½)) with a = ν/2, and
// near the centre a stretched normal quantile.
func (d T) start(logP float64, upper bool) float64 {
	t := normalQuantile(logP)
	if d.DF <= maxDF {
		a := d.DF / 2
		logX := (logP + math.Ln2 + math.Log(a) + 0.5*math.Log(math.Pi) - LogGammaHalf(a)) / a
		if logX < -1 {
			t = math.Sqrt(d.DF) * math.Exp(-logX/2)
		} else {
			t = math.Sqrt(d.DF * math.Expm1(t*t/d.DF))
		}
	}
	if !upper {
		return -t
	}
	return t
}

// bothSides returns ln P(|T| > t) and ln P(|T| ≤ t) for t ≥ 0.
func (d T) bothSides(t float64) (outside, inside float64) {
	if d.DF > maxDF {
		outside = math.Min(0, math.Ln2+normalLogSF(t))
		if t > 1 {
			return outside, log1mExp(outside)
		}
		return outside, math.Log(math.Erf(t / math.Sqrt2))
	}
	inside, outside = squaredRatio(t, d.DF).tails()
	return outside, inside
}

func (d T) central(c float64) float64 {
	target := math.Log(c)
	z := Normal{}.central(c)
	return root(func(t float64) float64 {
		_, inside := d.bothSides(t)
		return inside - target
	}, z, 0, math.Inf(1))
}
