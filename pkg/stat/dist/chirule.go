package dist

import "math"

// chiRule is a rule for E f(S), S the root of χ²/ν: the trapezoidal rule over x
// with ln S = x − e⁻ˣ/10 (= x where ν is large), over which the density falls double exponentially on
// both sides, and so converges exponentially for a smooth f [1]. The points do not
// depend on f: many functions, or one of many parameters, cost one term a point.
//
// [1] Takahasi, Mori (1974), Publications of RIMS, Kyoto University 9: 721-741.
type chiRule struct{ s, w []float64 }

const (
	// rulePoints bounds the points of a rule.
	rulePoints = 1000
	// ruleTail is the least tail that a rule gives with its digits: far out S
	// matters where the density has no points.
	ruleTail = 1e-5
	ruleEnd  = 1e-23
)

// newChiRule returns the rule for functions of t·S that change over a distance of
// 1, unless it took too many points.
func newChiRule(df, t float64) (chiRule, bool) {
	const centre = 0.091276527160862264299 // where ln S = 0
	a := df / 2
	// Off the real line by v the density grows by exp(ν·v²) and such a function by
	// exp(t²v²/2), and more where S is large, as it may be for a small ν. The
	// constants leave errors of 1e-13.
	h := math.Min(0.12, 0.6/((1+3/math.Sqrt(df))*math.Sqrt(2*df+t*t)))
	height := h * math.Exp(math.Log(df)-0.5*math.Log(a)-halfLog2Pi-StirlingError(a))
	r := chiRule{make([]float64, 0, 64), make([]float64, 0, 64)}
	for _, step := range [...]float64{h, -h} {
		for i := 0.0; ; i++ {
			u, e := i*step, 0.0
			if step < 0 {
				u += step
			}
			if df < 200 { // else the density is narrow, and the difference would have lost digits
				e = 0.1 * math.Exp(-centre-u)
				u += centre - e
			}
			w := height * (1 + e) * math.Exp(-a*expm1mx(2*u))
			if w < ruleEnd {
				break
			}
			if len(r.s) == rulePoints {
				return chiRule{}, false
			}
			r.s, r.w = append(r.s, math.Exp(u)), append(r.w, w)
		}
	}
	return r, true
}

// normalTails returns P(Z ≤ tS − delta) and its complement.
func (r chiRule) normalTails(t, delta float64) (lower, upper float64) {
	for i, s := range r.s {
		x := t*s - delta
		small := 0.5 * math.Erfc(math.Abs(x)/math.Sqrt2)
		if x < 0 {
			lower += r.w[i] * small
			upper += r.w[i] * (1 - small)
			continue
		}
		upper += r.w[i] * small
		lower += r.w[i] * (1 - small)
	}
	return lower, upper
}

// normalSlopes returns P(Z ≤ tS − delta) and its first two derivatives over delta.
func (r chiRule) normalSlopes(t, delta float64) (p, slope, bend float64) {
	for i, s := range r.s {
		x := t*s - delta
		p += r.w[i] * 0.5 * math.Erfc(-x/math.Sqrt2)
		density := r.w[i] * math.Exp(-x*x/2)
		slope -= density
		bend -= density * x
	}
	const scale = 0.39894228040143267794 // 1/√(2π)
	return p, slope * scale, bend * scale
}

// delta returns the delta with P(Z ≤ tS − delta) = p, by Halley's steps on the
// logarithm, and whether few of them were enough.
func (r chiRule) delta(t, p, start float64) (float64, bool) {
	delta := start
	for range 12 {
		q, slope, bend := r.normalSlopes(t, delta)
		step, ok := halley(math.Log(q/p), slope/q, bend/q-slope/q*(slope/q))
		if !ok {
			return 0, false
		}
		delta -= step
		if math.Abs(step) <= 1e-6*(1+math.Abs(delta)*1e-3) {
			return delta, true // the next step would be below rounding
		}
	}
	return 0, false
}

// halley returns the step to take back from where a function has a value, slope
// and second derivative: Newton's where the curvature would turn it around.
func halley(value, slope, bend float64) (step float64, ok bool) {
	step = value / slope
	if part := step * bend / slope; math.Abs(part) < 1 {
		step /= 1 - part/2
	}
	return step, step-step == 0
}

// chiTail returns ln of E exp(f(S)) as chiSum does, or by the slower way that looks
// for the top and the step itself.
func chiTail(df, start, t float64, f func(s float64) float64) float64 {
	if log, ok := chiSum(df, start, t, f); ok {
		return math.Min(0, log)
	}
	return math.Min(0, chiIntegral(df, start, f))
}

// chiSum returns ln of E exp(f(S)) by one sum about u = start, where f is the
// logarithm of a tail that falls, and as a function of t·S changes over a distance
// of 1; start is where its product with the density is largest, roughly. It takes
// the rule of newChiRule, moved there. Where that is no use, ok is false.
func chiSum(df, start, t float64, f func(s float64) float64) (log float64, ok bool) {
	if df > maxDF {
		return f(1), true
	}
	t *= math.Exp(start)
	narrow := math.Sqrt(2*df + t*t)
	h := math.Min(0.12, 0.75/((1+3/math.Sqrt(df))*narrow))
	if !(h*narrow > 0.1) { // the integrand has structure on more than one scale
		return 0, false
	}
	fold := 0.0
	if df < 200 {
		fold = 0.1
	}
	term := func(x float64) float64 {
		e := fold * math.Exp(-x)
		u := start + x - (e - fold)
		return chiLogDensity(df, u) + f(math.Exp(u)) + math.Log1p(e)
	}
	height := term(0)
	if height-height != 0 {
		return 0, false
	}
	sum := 1.0
	for _, step := range [...]float64{h, -h} {
		last := 1.0
		for i := 1.0; ; i++ {
			value := math.Exp(term(i*step) - height)
			sum += value
			if value <= 1e-16*sum && value <= last {
				break
			}
			if i > rulePoints || value > 1e12 { // start was far off
				return 0, false
			}
			last = value
		}
	}
	return height + math.Log(sum*h), true
}
