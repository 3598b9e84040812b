package dist

import "math"

// node is the abscissa and weight of a Gauss-Legendre rule on [−1, 1]; its
// mirror image belongs to the rule too.
type node struct{ x, w float64 }

// The rules of 20 and 40 points, from the roots of the Legendre polynomials at
// 40 digits.
var (
	gauss20 = [...]node{
		{0.99312859918509492479, 0.017614007139152118312},
		{0.96397192727791379127, 0.040601429800386941331},
		{0.91223442825132590587, 0.06267204833410906357},
		{0.83911697182221882339, 0.083276741576704748725},
		{0.74633190646015079261, 0.10193011981724043504},
		{0.63605368072651502545, 0.11819453196151841731},
		{0.510867001950827098, 0.1316886384491766269},
		{0.37370608871541956067, 0.14209610931838205133},
		{0.22778585114164507808, 0.14917298647260374679},
		{0.076526521133497333755, 0.1527533871307258507},
	}
	gauss40 = [...]node{
		{0.99823770971055920035, 0.0045212770985331912585},
		{0.99072623869945700645, 0.010498284531152813615},
		{0.97725994998377426266, 0.016421058381907888713},
		{0.9579168192137916558, 0.022245849194166957262},
		{0.93281280827867653336, 0.027937006980023401098},
		{0.90209880696887429673, 0.033460195282547847393},
		{0.86595950321225950382, 0.03878216797447201764},
		{0.8246122308333116632, 0.043870908185673271992},
		{0.77830565142651938769, 0.048695807635072232061},
		{0.72731825518992710328, 0.053227846983936824355},
		{0.67195668461417954838, 0.057439769099391551367},
		{0.61255388966798023795, 0.061306242492928939167},
		{0.54946712509512820208, 0.064804013456601038075},
		{0.48307580168617871291, 0.067912045815233903826},
		{0.41377920437160500152, 0.070611647391286779695},
		{0.34199409082575847301, 0.072886582395804059061},
		{0.26815218500725368114, 0.0747231690579682642},
		{0.19269758070137109972, 0.076110361900626242372},
		{0.11608407067525520848, 0.077039818164247965588},
		{0.038772417506050821933, 0.077505947978424811264},
	}
)

// fallingIntegral returns ∫ exp(−h(s)) ds over s > 0 for a smooth convex h with
// h(0) = 0 and h'(0) = slope ≥ 0, that is about slope·s + curvature·s²/2 near 0.
func fallingIntegral(h func(float64) float64, slope, curvature float64) float64 {
	const enough = 40 // e⁻⁴⁰ of the height and less of the area is left out
	// The slope may be −0.
	end := math.Min(enough/math.Abs(slope), math.Sqrt(2*enough/curvature))
	for range 60 {
		if h(end) >= enough {
			break
		}
		end *= 1.3
	}
	for range 200 {
		if h(end*0.8) < enough {
			break
		}
		end *= 0.8
	}
	half, sum := end/2, 0.0
	for _, g := range gauss40 {
		sum += g.w * (math.Exp(-h(half*(1+g.x))) + math.Exp(-h(half*(1-g.x))))
	}
	return sum * half
}

// chiLogDensity returns the log density of u = ln S, where S is the root of χ²
// with df degrees of freedom over df: that of df·χ.
func chiLogDensity(df, u float64) float64 {
	a, v := df/2, math.Expm1(2*u)
	d := 2*u - v
	if v > -0.6 {
		d = log1pmx(v)
	}
	return a*d + math.Log(df) - 0.5*math.Log(a) - halfLog2Pi - StirlingError(a)
}

// chiIntegral returns ln of E exp(f(S)) for S as in chiLogDensity, where f, the
// logarithm of a probability, is monotone and its sum with the density has one
// top; start is roughly the u there.
func chiIntegral(df, start float64, f func(s float64) float64) float64 {
	if df > maxDF {
		return f(1)
	}
	g := func(u float64) float64 { return chiLogDensity(df, u) + f(math.Exp(u)) }
	return smoothIntegral(g, start, 1/math.Sqrt(2*df))
}

// outsideStart is the start for the tail beyond q of a law whose tail for S = 1
// falls like exp(−rate·q²), and 0 that for its centre.
func outsideStart(df, q, rate float64) float64 {
	r := q * math.Sqrt(2*rate/df)
	if r > 1e100 {
		return -math.Log(r)
	}
	return -0.5 * math.Log1p(r*r)
}

// smoothIntegral returns ln ∫ exp(g) over the real line for an analytic g with one
// top, looked for from start in steps of about width, that falls at least in
// proportion to the distance on both sides. The error of the trapezoidal rule for
// such functions is a Fourier series in the offset of its points whose terms fall
// exponentially: three sums, a third of a step apart, differ by its first term, and
// their mean has the third only, which is of the order of the first cubed.
func smoothIntegral(g func(float64) float64, start, width float64) float64 {
	top, height, h := summit(g, start, width)
	if math.IsInf(height, -1) || math.IsNaN(height) {
		return height
	}
	first := trapezoid(g, top, h, height) * h
	for range 8 {
		second := trapezoid(g, top+h/3, h, height) * h
		third := trapezoid(g, top-h/3, h, height) * h
		spread := math.Max(first, math.Max(second, third)) - math.Min(first, math.Min(second, third))
		first, h = (first+second+third)/3, h/3
		if spread <= 1e-5*first {
			break
		}
	}
	return height + math.Log(first)
}

// trapezoid returns Σ exp(g(at + i·h) − height) over all whole i, as far as the
// terms count.
func trapezoid(g func(float64) float64, at, h, height float64) float64 {
	const limit = 1e-16
	sum := math.Exp(g(at) - height)
	if at+h == at {
		return sum
	}
	for _, step := range [...]float64{h, -h} {
		last := 0.0
		for i := 1.0; i < 1e5; i++ {
			term := math.Exp(g(at+i*step) - height)
			sum += term
			// What follows a slow fall adds up to about term·last/(last−term).
			if term <= limit*sum && term <= last*0.9 || !(term > 0) {
				break
			}
			last = term
		}
	}
	return sum
}

// summit returns a point near the top of g, the height there, and a step of
// about the standard deviation of a bump of that curvature.
func summit(g func(float64) float64, start, width float64) (top, height, h float64) {
	x, y := start, g(start)
	step := width
	if right := g(x + step); right > y {
		x, y = x+step, right
	} else {
		step = -step
	}
	for range 200 {
		next := g(x + step)
		if !(next > y) && !math.IsInf(y, -1) || math.IsNaN(next) {
			break
		}
		x, y, step = x+step, next, step*1.6
	}
	// Closer, until the three points lie on what is nearly a parabola.
	w := math.Abs(step)
	for range 60 {
		left, right := g(x-w), g(x+w)
		switch {
		case left > y:
			x, y = x-w, left
			continue
		case right > y:
			x, y = x+w, right
			continue
		}
		if bend := 2*y - left - right; bend <= 4 {
			return x, y, math.Min(1.2*w/math.Sqrt(math.Max(bend, 1e-9)), 0.45)
		}
		w /= 2
	}
	return x, y, math.Min(w, 0.45)
}

// rule20 returns ∫ f from a to b by the Gauss-Legendre rule of 20 points.
func rule20(f func(float64) float64, a, b float64) float64 {
	half, middle, sum := (b-a)/2, a/2+b/2, 0.0
	for _, g := range gauss20 {
		sum += g.w * (f(middle+half*g.x) + f(middle-half*g.x))
	}
	return sum * half
}

// panel returns ∫ f from a to b, whose whole is what one rule says, halving until
// both halves agree with it to within rounding of scale.
func panel(f func(float64) float64, a, b, whole, scale float64, depth int) float64 {
	middle := a/2 + b/2
	left, right := rule20(f, a, middle), rule20(f, middle, b)
	if depth >= 12 || !(math.Abs(left+right-whole) > 1e-13*math.Max(scale, math.Abs(left+right))) {
		return left + right
	}
	return panel(f, a, middle, left, scale, depth+1) + panel(f, middle, b, right, scale, depth+1)
}
