package stat

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/mathext"

	"github.com/crucible-go/crucible/pkg/stat/dist"
)

// ShapiroWilk tests whether a sample comes from some normal distribution, by the
// ratio of two estimates of its variance [1]: one from the regression of the
// ordered values on the normal quantiles expected of them, one from the sum of
// squares,
//
//	W = (Σ aᵢ x₍ᵢ₎)² / Σ (xᵢ − x̄)²
//
// W is at most 1, and small values speak against normality. The weights and the
// p-value follow Royston [2]: a comes from Blom's scores Φ⁻¹((i − 3/8)/(n + 1/4)),
// its last one or two values from polynomials in 1/√n; a transform of ln(1 − W)
// is taken as normal with mean and deviation that are polynomials in n or ln n.
// For n = 3 the distribution is known exactly:
//
//	p = (6/π)·(asin √W − asin √¾)
//
// The p-value is one of an approximation and holds two or three digits of the
// truth; 1 − W is computed as a sum of squares, without cancellation.
//
// It refuses n < 3, n > 5000, where the polynomials were not fitted (take
// AndersonDarling, DAgostinoK2 or Lilliefors), equal values, and values that are
// not finite. With thousands of observations it finds departures that no t test
// minds: whether to use a test should follow from the design, not from this p.
//
// [1] Shapiro, Wilk (1965), Biometrika 52 (3/4): 591-611.
// [2] Royston (1995), algorithm AS R94, Applied Statistics 44 (4): 547-551.
func ShapiroWilk(x []float64, o Options) (Result, error) {
	const test = "shapiro_wilk"
	o, err := o.resolvePlain(test, "royston")
	if err != nil {
		return Result{}, err
	}
	if len(x) > 5000 {
		return Result{}, refuse(test, TooLarge, len(x), 0, "the approximation of the p-value ends at 5000 observations, got %d: use anderson_darling, dagostino_k2 or lilliefors", len(x))
	}
	z, err := standardScores(test, x, 3)
	if err != nil {
		return Result{}, err
	}
	rest := shapiroRest(z)
	out := Result{Test: test, Method: o.Method, Alternative: TwoSided, Statistic: 1 - rest, N: []int{len(x)}}
	if len(x) == 3 {
		return out.withP(shapiroThree(z[1]-z[0], z[2]-z[1])), nil
	}
	return out.withP(shapiroLogP(rest, len(x))), nil
}

// shapiroRest returns 1 − W of sorted values about their mean. For unit vectors u
// of the values and v of the weights W = (u·v)², and 1 − u·v = |u − v|²/2.
func shapiroRest(z []float64) float64 {
	a := shapiroWeights(len(z))
	norm := 1 / math.Sqrt(sumSquares(z, 0))
	length := 1 / math.Sqrt(2*sumSquares(a, 0))
	n, square := len(z), 0.0
	for i, v := range a {
		v *= length
		low, high := z[i]*norm+v, z[n-1-i]*norm-v
		square += low*low + high*high
	}
	if n%2 == 1 {
		square += z[n/2] * norm * z[n/2] * norm
	}
	return square * (1 - square/4)
}

// shapiroWeights returns the upper half of the weights, the greatest first.
func shapiroWeights(n int) []float64 {
	a := make([]float64, n/2)
	if n == 3 {
		a[0] = math.Sqrt(0.5)
		return a
	}
	squares := 0.0
	for i := range a {
		a[i] = -mathext.NormalQuantile((float64(i) + 0.625) / (float64(n) + 0.25))
		squares += 2 * a[i] * a[i]
	}
	root, u := math.Sqrt(squares), 1/math.Sqrt(float64(n))
	first := a[0]/root + horner(u, 0, 0.221157, -0.147981, -2.07119, 4.434685, -2.706056)
	if n <= 5 {
		scale := math.Sqrt((squares - 2*a[0]*a[0]) / (1 - 2*first*first))
		a[0] = first
		for i := 1; i < len(a); i++ {
			a[i] /= scale
		}
		return a
	}
	second := a[1]/root + horner(u, 0, 0.042981, -0.293762, -1.752461, 5.682633, -3.582633)
	scale := math.Sqrt((squares - 2*a[0]*a[0] - 2*a[1]*a[1]) / (1 - 2*first*first - 2*second*second))
	a[0], a[1] = first, second
	for i := 2; i < len(a); i++ {
		a[i] /= scale
	}
	return a
}

// shapiroThree returns ln p of three values with gaps a and b between them, not
// both 0. There W − ¾ = ¾ab/q and 1 − W = ¼(a−b)²/q with q = a² + ab + b², and
// the difference of arcsines follows from sin(α−β)·sin(α+β) = sin²α − sin²β
// without cancellation. Where two values are equal p would be 0.
func shapiroThree(a, b float64) float64 {
	q := a*a + a*b + b*b
	s := math.Abs(a-b) / (2 * math.Sqrt(q))
	p := 6 / math.Pi * math.Asin(0.75*a*b/q/math.Sin(math.Pi/6+math.Asin(s)))
	if p <= 0 {
		return math.Log(SmallestP) - 1
	}
	return math.Log(math.Min(p, 1))
}

// shapiroLogP returns ln p of 1 − W for n > 3.
func shapiroLogP(rest float64, n int) float64 {
	m, y := float64(n), math.Log(rest)
	if n <= 11 {
		gamma := horner(m, -2.273, 0.459)
		if y >= gamma {
			return math.Log(SmallestP) // out of reach of W
		}
		mean := horner(m, 0.544, -0.39978, 0.025054, -6.714e-4)
		sd := math.Exp(horner(m, 1.3822, -0.77857, 0.062767, -0.0020322))
		return dist.Normal{}.LogSF((-math.Log(gamma-y) - mean) / sd)
	}
	l := math.Log(m)
	mean := horner(l, -1.5861, -0.31082, -0.083751, 0.0038915)
	sd := math.Exp(horner(l, -0.4803, -0.082676, 0.0030302))
	return dist.Normal{}.LogSF((y - mean) / sd)
}

// horner returns the polynomial with coefficients c of 1, x, x², ….
func horner(x float64, c ...float64) float64 {
	total := 0.0
	for _, v := range slices.Backward(c) {
		total = total*x + v
	}
	return total
}
