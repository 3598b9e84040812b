package dist

import "math"

// Correlation is the distribution of Pearson's r of N pairs, 3 and more, from a
// bivariate normal distribution with correlation Rho, within ±0.9999999. With
// v = artanh r and ξ = artanh ρ Hotelling's density [1] is, over v,
//
//	(n−2)Γ(n−1)/(√2π·Γ(n−½)) · cosh(v−ξ)^−(n−3/2) · √(cosh v/cosh ξ) · ₂F₁(½, ½; n−½; (1+ρr)/2)
//
// and the tail away from ξ is its integral.
//
// [1] Hotelling (1953), JRSS B 15 (2): 193-232.
type Correlation struct {
	N   int
	Rho float64
}

func (d Correlation) valid() bool {
	return d.N >= 3 && d.N <= 1<<50 && math.Abs(d.Rho) <= 0.9999999
}

func (d Correlation) support() (low, high float64) { return -1, 1 }

func (d Correlation) tails(r float64) (lower, upper float64) {
	switch r {
	case -1:
		return math.Inf(-1), 0
	case 1:
		return 0, math.Inf(-1)
	}
	n, v, xi := float64(d.N), math.Atanh(r), math.Atanh(d.Rho)
	if d.Rho == 0 {
		return T{n - 2}.tails(r * math.Sqrt((n-2)/((1-r)*(1+r))))
	}
	if v < xi {
		lower = math.Min(0, correlationTail(n, -v, -xi))
		return lower, log1mExp(lower)
	}
	upper = math.Min(0, correlationTail(n, v, xi))
	return log1mExp(upper), upper
}

// correlationTail returns ln P(artanh r > v) for v ≥ ξ.
func correlationTail(n, v, xi float64) float64 {
	rho := math.Tanh(xi)
	log := func(s float64) float64 {
		at := v + s
		return -(n-1.5)*logCosh(at-xi) + 0.5*logCosh(at) + math.Log(hotelling(n, rho, at))
	}
	height := log(0)
	slope := (n - 1.5) * math.Tanh(v-xi)
	h := func(s float64) float64 { return height - log(s) }
	var area float64
	if n > 40 {
		area = fallingIntegral(h, slope, n)
	} else { // the tail is exponential, the centre is not: in panels
		f := func(s float64) float64 { return math.Exp(-h(s)) }
		width := 1 / math.Sqrt(n)
		for a, b := 0.0, width; ; a, b = b, 2*b {
			part := panel(f, a, b, rule20(f, a, b), area+1e-6*width, 0)
			area += part
			if !(part > 1e-17*area) {
				break
			}
		}
	}
	return math.Log(n-2) - LogGammaHalf(n-1) - halfLog2Pi + height - 0.5*logCosh(xi) + math.Log(area)
}

// hotelling returns ₂F₁(½, ½; n−½; z) for z = (1 + ρ·tanh v)/2.
func hotelling(n, rho, v float64) float64 {
	z := (1 + rho*math.Tanh(v)) / 2
	if z > 0.8 && n < 12 {
		// By powers of 1 − z [2], which the other series is slow for.
		//
		// [2] NIST Digital Library of Mathematical Functions, 15.8.4.
		y := 1 - z
		c := n - 0.5
		// F = Γ(c)Γ(m)/Γ(c−½)²·F(½,½;1−m;y) + Γ(c)Γ(−m)/π·yᵐ·F(c−½,c−½;1+m;y), m = c − 1.
		m := c - 1
		gc, _ := math.Lgamma(c)
		gm, _ := math.Lgamma(m)
		gh, _ := math.Lgamma(c - 0.5)
		g1, sign := math.Lgamma(-m)
		first := math.Exp(gc+gm-2*gh) * hypergeometric(0.5, 0.5, 1-m, y)
		second := float64(sign) * math.Exp(gc+g1) / math.Pi * math.Pow(y, m) * hypergeometric(c-0.5, c-0.5, 1+m, y)
		return first + second
	}
	return hypergeometric(0.5, 0.5, n-0.5, z)
}

// hypergeometric returns Gauss's series ₂F₁(a, b; c; z).
func hypergeometric(a, b, c, z float64) float64 {
	sum, term := 1.0, 1.0
	for k := 0.0; k < 1e4; k++ {
		term *= (a + k) * (b + k) / ((c + k) * (1 + k)) * z
		sum += term
		if math.Abs(term) <= 1e-17*math.Abs(sum) {
			break
		}
	}
	return sum
}

// logCosh returns ln cosh x.
func logCosh(x float64) float64 {
	if x = math.Abs(x); x > 1 {
		return x + math.Log1p(math.Exp(-2*x)) - math.Ln2
	}
	s := math.Sinh(x / 2)
	return math.Log1p(2 * s * s)
}
