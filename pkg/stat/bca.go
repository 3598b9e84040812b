package stat

import (
	"fmt"
	"math"
	"slices"
)

// leastReplicates is the least number of replicates of a bootstrap.
const leastReplicates = 100

// BCa is a bias-corrected and accelerated interval with what it was made of.
type BCa struct {
	Interval
	// Z0 is the correction for median bias, in standard normal units.
	Z0 float64
	// Acceleration is a sixth of the skewness of the statistic's influence: how
	// fast its standard error changes with its value.
	Acceleration float64
	// LowOrder and HighOrder are the orders of the quantiles of the replicates
	// that bound the interval, α/2 and 1 − α/2 where nothing is to be corrected.
	LowOrder, HighOrder float64
}

// BCaInterval returns the bias-corrected and accelerated interval of [1] from
// replicates that were drawn anywhere: the quantiles, of type 7, of the orders
//
//	Φ(z₀ + (z₀ + z) / (1 − a(z₀ + z)))  for z = ∓z(α/2)
//
// of the replicates. The correction for bias counts replicates below the
// estimate, and half of those that equal it (statistics of few items have many
// ties, and counting them on one side would move the interval):
//
//	z₀ = Φ⁻¹((#{θ* < θ̂} + ½·#{θ* = θ̂}) / B)
//
// Replicates within 1e-10 of their range of the estimate equal it: rounding is
// not to break ties. The acceleration is that of the jackknife, the values of the
// statistic without each unit (an observation or a cluster) in turn, one list for
// each independent sample of nⱼ units [2]:
//
//	a = Σⱼ nⱼ⁻³·Σᵢ Uᵢⱼ³ / 6(Σⱼ nⱼ⁻²·Σᵢ Uᵢⱼ²)^(3/2),  Uᵢⱼ = (nⱼ − 1)(θ̂₍.₎ⱼ − θ̂₍ᵢ₎ⱼ)
//
// and 0 where no unit changes the statistic.
//
// Replicates that are all equal give an interval without width and a warning. It
// refuses fewer than 100 replicates, values that are not finite, and, with
// Unbounded, replicates that all lie on one side of the estimate or an
// acceleration so large that a bound is not determined: the percentile method
// still answers then. It panics on a level outside (0, 1).
//
// [1] Efron (1987), JASA 82 (397): 171-185.
// [2] Davison, Hinkley (1997), Bootstrap Methods and their Application, 5.3.2 and 3.2.1.
func BCaInterval(replicates []float64, jackknife [][]float64, estimate, level float64) (BCa, error) {
	checkLevel(level)
	const method = "bca"
	sorted, err := sortedReplicates(method, replicates, estimate)
	if err != nil {
		return BCa{}, err
	}
	for _, list := range jackknife {
		if err := checkFinite(method, list); err != nil {
			return BCa{}, err
		}
	}
	return bcaSorted(sorted, jackknife, estimate, level)
}

// bcaSorted is BCaInterval of sorted, finite replicates.
func bcaSorted(sorted []float64, jackknife [][]float64, estimate, level float64) (BCa, error) {
	const method = "bca"
	b := len(sorted)
	out := BCa{Interval: Interval{Estimate: estimate, Level: level, Method: method}}
	if sorted[0] == sorted[b-1] {
		out.Low, out.High = sorted[0], sorted[0]
		out.LowOrder, out.HighOrder = (1-level)/2, (1+level)/2
		out.Warnings = []string{equalReplicates}
		return out, nil
	}
	below := shareBelow(sorted, estimate)
	if below == 0 || below == 1 {
		return BCa{}, &Refusal{Method: method, Reason: Unbounded, N: b, Detail: "every replicate is on the same side of " +
			"the estimate, so the bias cannot be corrected: use method percentile, or more replicates"}
	}
	out.Z0 = NormQuantile(below)
	out.Acceleration = acceleration(jackknife)
	z := zFor(level)
	var ok [2]bool
	out.LowOrder, ok[0] = bcaOrder(out.Z0, out.Acceleration, -z)
	out.HighOrder, ok[1] = bcaOrder(out.Z0, out.Acceleration, z)
	if !ok[0] || !ok[1] {
		return BCa{}, &Refusal{Method: method, Reason: Unbounded, N: b, Detail: fmt.Sprintf("the acceleration %.3g is "+
			"too large for an interval at level %g: use method percentile, or a lower level", out.Acceleration, level)}
	}
	out.Low, out.High = quantilesSorted(sorted, out.LowOrder, out.HighOrder)
	if edge := 1 / float64(b+1); out.LowOrder < edge || out.HighOrder > 1-edge {
		out.Warnings = append(out.Warnings, "a bound is an extreme of the replicates: more replicates would move it")
	}
	return out, nil
}

// quantilesSorted returns two quantiles of sorted values, the first not above the
// second although interpolation rounds.
func quantilesSorted(sorted []float64, low, high float64) (float64, float64) {
	a, b := quantileSorted(sorted, low), quantileSorted(sorted, high)
	return math.Min(a, b), math.Max(a, b)
}

// bcaOrder returns Φ(z₀ + (z₀+z)/(1 − a(z₀+z))), and whether it is determined.
func bcaOrder(z0, a, z float64) (float64, bool) {
	scale := 1 - a*(z0+z)
	if scale <= 0 {
		return 0, false
	}
	return 0.5 * math.Erfc(-(z0+(z0+z)/scale)/math.Sqrt2), true
}

// shareBelow returns the share of sorted replicates below a value, counting those
// that equal it half.
func shareBelow(sorted []float64, value float64) float64 {
	tie := 1e-10 * (sorted[len(sorted)-1] - sorted[0])
	low, _ := slices.BinarySearch(sorted, value-tie)
	high := low
	for high < len(sorted) && sorted[high] <= value+tie {
		high++
	}
	return float64(low+high) / 2 / float64(len(sorted))
}

// acceleration is that of a jackknife, see BCaInterval. The deviations are scaled
// to their greatest, so that their cubes neither overflow nor vanish.
func acceleration(jackknife [][]float64) float64 {
	means := make([]float64, len(jackknife))
	largest := 0.0
	for j, list := range jackknife {
		if len(list) == 0 {
			continue
		}
		first := list[0]
		means[j] = first + sum(list, func(v float64) float64 { return v - first })/float64(len(list))
		for _, v := range list {
			largest = math.Max(largest, math.Abs(means[j]-v)*float64(len(list)-1)/float64(len(list)))
		}
	}
	if largest == 0 || math.IsInf(largest, 0) {
		return 0
	}
	cubes, squares := 0.0, 0.0
	for j, list := range jackknife {
		n := float64(len(list))
		unit := (n - 1) / n / largest
		cubes += sum(list, func(v float64) float64 { u := (means[j] - v) * unit; return u * u * u })
		squares += sum(list, func(v float64) float64 { u := (means[j] - v) * unit; return u * u })
	}
	return cubes / (6 * squares * math.Sqrt(squares))
}

const equalReplicates = "every replicate is equal: the interval has no width"

// PercentileInterval returns the quantiles of type 7 of replicates of the orders
// α/2 and 1 − α/2 [1]. It is invariant under monotone transformations, but not
// corrected for bias and too short for few observations. It refuses and panics
// where BCaInterval does, but answers also for replicates on one side.
//
// [1] Efron, Tibshirani (1993), An Introduction to the Bootstrap, chapter 13.
func PercentileInterval(replicates []float64, estimate, level float64) (Interval, error) {
	checkLevel(level)
	sorted, err := sortedReplicates("percentile", replicates, estimate)
	if err != nil {
		return Interval{}, err
	}
	return percentileSorted(sorted, estimate, level), nil
}

func percentileSorted(sorted []float64, estimate, level float64) Interval {
	out := Interval{Estimate: estimate, Level: level, Method: "percentile"}
	out.Low, out.High = quantilesSorted(sorted, (1-level)/2, (1+level)/2)
	if sorted[0] == sorted[len(sorted)-1] {
		out.Warnings = []string{equalReplicates}
	}
	return out
}

// BasicInterval returns the basic interval of [1], which takes the error of the
// estimate for that of the replicates: from 2θ̂ less the upper quantile to 2θ̂
// less the lower. It may leave the range of the statistic. It refuses and panics
// where PercentileInterval does.
//
// [1] Davison, Hinkley (1997), Bootstrap Methods and their Application, 5.2.1.
func BasicInterval(replicates []float64, estimate, level float64) (Interval, error) {
	checkLevel(level)
	sorted, err := sortedReplicates("basic", replicates, estimate)
	if err != nil {
		return Interval{}, err
	}
	return basicSorted(sorted, estimate, level), nil
}

func basicSorted(sorted []float64, estimate, level float64) Interval {
	out := percentileSorted(sorted, estimate, level)
	out.Method = "basic"
	out.Low, out.High = estimate+(estimate-out.High), estimate+(estimate-out.Low)
	return out
}

// StudentizedInterval returns the bootstrap t interval of [1] from the estimate,
// its standard error, and the studentised replicates (θ* − θ̂)/se*: the estimate
// less se times their upper and lower quantile. It refuses what
// PercentileInterval refuses, and a standard error that is not positive.
//
// [1] Davison, Hinkley (1997), Bootstrap Methods and their Application, 5.2.1.
func StudentizedInterval(studentized []float64, estimate, se, level float64) (Interval, error) {
	checkLevel(level)
	sorted, err := sortedReplicates("studentized", studentized, estimate)
	if err != nil {
		return Interval{}, err
	}
	return studentizedSorted(sorted, estimate, se, level)
}

func studentizedSorted(sorted []float64, estimate, se, level float64) (Interval, error) {
	const method = "studentized"
	if !(se > 0) || math.IsInf(se, 0) {
		return Interval{}, &Refusal{Method: method, Reason: Constant, N: len(sorted),
			Detail: fmt.Sprintf("the standard error of the estimate is %g", se)}
	}
	low, high := quantilesSorted(sorted, (1-level)/2, (1+level)/2)
	out := Interval{Estimate: estimate, Level: level, Method: method, Low: estimate - se*high, High: estimate - se*low}
	if width := out.High - out.Low; math.IsNaN(width) || math.IsInf(width, 0) {
		return Interval{}, &Refusal{Method: method, Reason: Unbounded, N: len(sorted),
			Detail: "too many resamples have no variation of their own: use method bca or percentile"}
	}
	return out, nil
}

// sortedReplicates returns a sorted copy of replicates.
func sortedReplicates(method string, replicates []float64, estimate float64) ([]float64, error) {
	if len(replicates) < leastReplicates {
		return nil, &Refusal{Method: method, Reason: TooFew, N: len(replicates), Need: leastReplicates, Detail: "too few replicates"}
	}
	if err := checkFinite(method, replicates); err != nil {
		return nil, err
	}
	if err := checkFinite(method, []float64{estimate}); err != nil {
		return nil, err
	}
	sorted := slices.Clone(replicates)
	slices.Sort(sorted)
	return sorted, finite(method, len(sorted), sorted[len(sorted)-1]-sorted[0])
}
