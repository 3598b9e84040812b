package power

import (
	"fmt"
	"math"

	"github.com/crucible-go/crucible/pkg/stat"
)

// Design is a test that will be made at a level alpha, as the function from the
// number of observations and the size of the effect to power. Designs of this
// package are plain values; see TTest for one.
type Design interface {
	// Power returns the probability that the test rejects. n need not be whole where
	// the formula allows it; effect 0 gives alpha, or less for exact tests on counts.
	// It is NaN where the design or the arguments make no sense.
	Power(n, effect float64) float64
	// check refuses a design that makes no sense.
	check() error
	// limits says where to look for n and the effect.
	limits() limits
}

// limits bounds what a design can be solved for.
type limits struct {
	// least and most bound n; effect bounds the size of the effect, 0 excluded,
	// negative where the alternative is less.
	least, most, effect float64
	// whole says that only whole n make sense, and that power is not monotone in n.
	whole bool
	// step is what n must be a multiple of, if above 1.
	step float64
}

// Size is a number of observations that reaches a power.
type Size struct {
	// N is whole, and a multiple of the size of the clusters if there are any.
	N int
	// Exact is where the power is just reached, not rounded; 0 for a design on
	// counts, where only whole numbers have a power.
	Exact float64
	// Power is that of N.
	Power float64
}

// SampleSize returns the least n whose power for an effect is at least target.
//
// The power of a test that enumerates counts goes up and down with n; the least
// n is looked for from below the first crossing that halving finds.
func SampleSize(d Design, effect, target float64) (Size, error) {
	if err := checkAll(d, target); err != nil {
		return Size{}, err
	}
	l := d.limits()
	if err := checkEffect(d, effect, l); err != nil {
		return Size{}, err
	}
	enough := func(n float64) bool { return d.Power(n, effect) >= target }
	low, high := l.least, l.least
	for !enough(high) {
		if high >= l.most {
			return Size{}, refuse(stat.TooLarge, "no n up to %.0f reaches a power of %g for an effect of %g", l.most, target, effect)
		}
		low = high
		high = math.Min(l.most, math.Ceil(high*1.5+1))
	}
	if l.whole {
		n := leastWhole(enough, l, low, high)
		return Size{N: int(n), Power: d.Power(n, effect)}, nil
	}
	exact := l.least
	if high > l.least {
		exact = crossing(func(n float64) float64 { return d.Power(n, effect) - target }, low, high)
	}
	step := math.Max(1, l.step)
	n := math.Max(step*math.Ceil(l.least/step), step*math.Ceil(exact/step-1e-9))
	for !enough(n) {
		n += step
	}
	for n-step >= l.least && enough(n-step) {
		n -= step
	}
	return Size{N: int(n), Exact: exact, Power: d.Power(n, effect)}, nil
}

// leastWhole returns the least whole n that is enough, though enough need not be
// monotone: halving finds a crossing, and all below it by up to a fifth are tried.
func leastWhole(enough func(float64) bool, l limits, low, high float64) float64 {
	for high-low > 1 {
		middle := math.Floor((low + high) / 2)
		if enough(middle) {
			high = middle
		} else {
			low = middle
		}
	}
	from := math.Max(l.least, math.Floor(high*0.8-10))
	if budget := math.Max(10, math.Min(200, 2e5/high)); high-from > budget { // the ups and downs shrink with n
		from = high - budget
	}
	for n := from; n < high; n++ {
		if enough(n) {
			return n
		}
	}
	return high
}

// Detectable returns the least effect, in the direction of the alternative, that
// n observations find with probability target.
func Detectable(d Design, n, target float64) (float64, error) {
	if err := checkAll(d, target); err != nil {
		return 0, err
	}
	l := d.limits()
	if !(n >= l.least && n <= l.most) {
		return 0, refuse(stat.TooFew, "n = %g is outside of %g to %g", n, l.least, l.most)
	}
	sign := 1.0
	if l.effect < 0 {
		sign = -1
	}
	most := math.Abs(l.effect)
	gap := func(size float64) float64 { return d.Power(n, sign*size) - target }
	low, high := 0.0, math.Min(most, 1e-3)
	for gap(high) < 0 {
		if high >= most {
			return 0, refuse(stat.TooFew, "with n = %g no effect reaches a power of %g", n, target)
		}
		low, high = high, math.Min(most, high*2)
	}
	return sign * crossing(gap, low, high), nil
}

// Point is a point of a curve of power.
type Point struct {
	N     int     `json:"n"`
	Power float64 `json:"power"`
}

// Curve returns the power for an effect at each n.
func Curve(d Design, effect float64, ns []int) ([]Point, error) {
	if err := d.check(); err != nil {
		return nil, err
	}
	l := d.limits()
	out := make([]Point, len(ns))
	for i, n := range ns {
		if float64(n) < l.least || float64(n) > l.most {
			return nil, refuse(stat.TooFew, "n = %d is outside of %g to %g", n, l.least, l.most)
		}
		out[i] = Point{N: n, Power: d.Power(float64(n), effect)}
	}
	return out, nil
}

// crossing returns where an increasing function reaches 0 between low and high,
// by the method of Illinois [1], halving where that is slow.
//
// [1] Dowell, Jarratt (1971), BIT 11 (2): 168-174.
func crossing(f func(float64) float64, low, high float64) float64 {
	a, b := f(low), f(high)
	if a >= 0 {
		return low
	}
	for i := 0; i < 200 && high-low > 4e-16*math.Abs(high); i++ {
		x := (low*b - high*a) / (b - a)
		if i%4 == 3 || !(x > low && x < high) {
			x = low + (high-low)/2
			if x == low || x == high {
				break
			}
		}
		y := f(x)
		if y >= 0 {
			high, b = x, y
			if y == 0 {
				break
			}
			a /= 2
		} else {
			low, a = x, y
			b /= 2
		}
	}
	return high
}

func refuse(reason stat.Reason, format string, args ...any) error {
	return &stat.Refusal{Method: "power", Reason: reason, Detail: fmt.Sprintf(format, args...)}
}

// checkAll refuses a design or a target that make no sense.
func checkAll(d Design, target float64) error {
	if err := d.check(); err != nil {
		return err
	}
	if !(target > 0 && target < 1) {
		return refuse(stat.BadOption, "power %v is outside (0, 1)", target)
	}
	return nil
}

// checkEffect refuses an effect that no number of observations finds.
func checkEffect(d Design, effect float64, l limits) error {
	switch {
	case effect-effect != 0:
		return refuse(stat.BadOption, "an effect of %v", effect)
	case effect == 0:
		return refuse(stat.BadOption, "an effect of 0 is not found with any n: give the least effect that matters")
	case math.IsNaN(d.Power(l.least, effect)):
		return refuse(stat.Invalid, "an effect of %g is impossible here", effect)
	}
	return nil
}

// side is which rejections count.
type side = stat.Alternative

// checkLevel refuses an alpha outside of (0, 1) and an unknown alternative.
func checkLevel(alpha float64, alternative side) error {
	switch {
	case !(alpha > 0 && alpha < 1):
		return refuse(stat.BadOption, "alpha %v is outside (0, 1)", alpha)
	case alternative != stat.TwoSided && alternative != stat.Greater && alternative != stat.Less:
		return refuse(stat.BadOption, "alternative %q is not one of two_sided, greater, less", alternative)
	}
	return nil
}

// tailLevel is the level of one of the tails that reject.
func tailLevel(alpha float64, alternative side) float64 {
	if alternative == stat.TwoSided {
		return alpha / 2
	}
	return alpha
}

// sized returns the bound of the effect with the sign of the alternative.
func sized(most float64, alternative side) float64 {
	if alternative == stat.Less {
		return -most
	}
	return most
}
