package stat

import (
	"fmt"
	"math"
	"slices"
)

// KrippendorffAlpha measures the agreement of any number of raters, who may have
// left out ratings, for any kind of data [1]: one less observed over expected
// disagreement,
//
//	α = 1 − (N−1)·Σᵤ Σ δ²(c,k)/(mᵤ−1) / ΣΣ n_c·n_k·δ²(c,k)
//
// where the sums run over ordered pairs of the mᵤ ratings of a unit, and over all
// values with n_c of the N ratings of units with two or more. units has a row for
// each unit (item), a column for each rater; NaN marks a missing rating, and rows
// may be shorter. The measure is
//
//	nominal   δ² = 1 for different values
//	ordinal   δ = difference of the mid-ranks of the values
//	interval  δ = c − k
//	ratio     δ = (c − k)/(c + k), for values from 0
//
// The interval is that between percentiles of the bootstrap over units: whole
// units are drawn with replacement, replicates times (1000 by default), with seed.
//
// It tests nothing. It refuses fewer than two units with two ratings, infinities,
// negative ratios, and ratings that are all equal.
//
// [1] Krippendorff (2018), Content Analysis, 4th edition, chapter 12; Hayes,
// Krippendorff (2007), Communication Methods and Measures 1 (1): 77-89.
func KrippendorffAlpha(units [][]float64, measure string, o Options) (Result, error) {
	const test = "krippendorff_alpha"
	o, err := o.resolvePlain(test, "bootstrap")
	if err != nil {
		return Result{}, err
	}
	k, err := newKrippendorff(test, units, measure)
	if err != nil {
		return Result{}, err
	}
	replicates := o.Replicates
	if replicates == 0 {
		replicates = 1000
	}
	work := float64(k.ratings + len(k.values))
	if k.measure == "ratio" {
		work += float64(len(k.values)) * float64(len(k.values))
	}
	if work*float64(replicates) > 2e9 {
		return Result{}, refuse(test, TooLarge, len(k.units), 0, "%d replicates of %d ratings with %d values take too long: set fewer replicates", replicates, k.ratings, len(k.values))
	}
	times := slices.Repeat([]float64{1}, len(k.units))
	alpha, ok := k.alpha(times)
	if !ok {
		return Result{}, refuse(test, Constant, len(k.units), 0, "all ratings are equal: without any variation agreement cannot be told from chance")
	}
	drawn, lost := make([]float64, 0, replicates), 0
	for r := range replicates {
		clear(times)
		stream := Stream(o.Seed, uint64(r))
		for range k.units {
			times[stream.IntN(len(k.units))]++
		}
		if v, ok := k.alpha(times); ok {
			drawn = append(drawn, v)
		} else {
			lost++
		}
	}
	out := Result{Test: test, Method: o.Method, N: []int{len(k.units), k.ratings}, Interval: &Interval{Estimate: alpha, N: len(k.units)}}
	if lost > 0 {
		out.Warnings = append(out.Warnings, fmt.Sprintf("%d of %d replicates drew units with equal ratings only and were left out", lost, replicates))
	}
	if len(drawn) < replicates/2 || len(drawn) < 20 {
		out.Warnings = append(out.Warnings, "too few replicates for an interval")
		return out, nil
	}
	slices.Sort(drawn)
	out.Interval.Level, out.Interval.Method = o.Level, "bootstrap_percentile"
	out.Interval.Low = quantileSorted(drawn, (1-o.Level)/2)
	out.Interval.High = quantileSorted(drawn, (1+o.Level)/2)
	return out, nil
}

// krippendorff holds the ratings of units as numbers of values.
type krippendorff struct {
	measure string
	values  []float64 // in ascending order
	units   [][]valueCount
	ratings int
	count   []float64 // of each value, as drawn
	at      []float64 // where a value lies: itself, or its mid-rank
	inside  []float64 // disagreement within each unit, where it does not depend on the draw
}

// valueCount is how often a unit was rated with a value.
type valueCount struct {
	value int
	times float64
}

func newKrippendorff(test string, units [][]float64, measure string) (*krippendorff, error) {
	if measure == "" {
		measure = "nominal"
	}
	if !slices.Contains([]string{"nominal", "ordinal", "interval", "ratio"}, measure) {
		return nil, badOption(test, "measure %q is not one of nominal, ordinal, interval, ratio", measure)
	}
	k := &krippendorff{measure: measure}
	var rated [][]float64
	for i, row := range units {
		var present []float64
		for j, v := range row {
			switch {
			case math.IsNaN(v):
				continue
			case math.Abs(v) > largest:
				return nil, refuse(test, NotFinite, len(units), 0, "rating %d of unit %d is %v", j, i, v)
			case measure == "ratio" && v < 0:
				return nil, refuse(test, Invalid, len(units), 0, "rating %d of unit %d is %v: ratios start from 0", j, i, v)
			}
			present = append(present, v)
		}
		if len(present) >= 2 {
			rated = append(rated, present)
			k.values = append(k.values, present...)
			k.ratings += len(present)
		}
	}
	if len(rated) < 2 {
		return nil, refuse(test, TooFew, len(rated), 2, "too few units with two ratings")
	}
	slices.Sort(k.values)
	k.values = slices.Compact(k.values)
	if measure == "ratio" && len(k.values) > 5000 {
		return nil, refuse(test, TooLarge, len(rated), 0, "%d different ratios are too many to compare each with each: at most 5000", len(k.values))
	}
	k.count = make([]float64, len(k.values))
	k.at = make([]float64, len(k.values))
	// About the middle and scaled, squares neither cancel nor overflow.
	low, high := k.values[0], k.values[len(k.values)-1]
	for i, v := range k.values {
		if high > low {
			k.at[i] = (v - low) / (high - low)
		}
	}
	for _, present := range rated {
		slices.Sort(present)
		var unit []valueCount
		for _, v := range present {
			i, _ := slices.BinarySearch(k.values, v)
			if len(unit) > 0 && unit[len(unit)-1].value == i {
				unit[len(unit)-1].times++
			} else {
				unit = append(unit, valueCount{i, 1})
			}
		}
		k.units = append(k.units, unit)
	}
	if measure != "ordinal" {
		k.inside = make([]float64, len(k.units))
		for i := range k.units {
			k.inside[i] = k.within(i)
		}
	}
	return k, nil
}

// alpha returns α of the units, each taken so many times, and whether there is any
// disagreement to compare with.
func (k *krippendorff) alpha(times []float64) (float64, bool) {
	clear(k.count)
	n := 0.0
	for i, unit := range k.units {
		if times[i] == 0 {
			continue
		}
		for _, v := range unit {
			k.count[v.value] += times[i] * v.times
			n += times[i] * v.times
		}
	}
	if k.measure == "ordinal" {
		before := 0.0
		for i, c := range k.count {
			k.at[i] = (before + c/2) / n
			before += c
		}
	}
	observed := 0.0
	for i, t := range times {
		switch {
		case t == 0:
		case k.inside != nil:
			observed += t * k.inside[i]
		default:
			observed += t * k.within(i)
		}
	}
	expected := k.between()
	if expected <= 0 {
		return 0, false
	}
	return 1 - (n-1)*observed/expected, true
}

// within returns the disagreement of the ratings of a unit, over mᵤ − 1.
func (k *krippendorff) within(unit int) float64 {
	total, m, mean := 0.0, 0.0, 0.0
	for _, v := range k.units[unit] {
		m += v.times
		mean += v.times * k.at[v.value]
	}
	mean /= m
	for a, v := range k.units[unit] {
		switch k.measure {
		case "nominal":
			total += v.times * (m - v.times)
		case "ratio":
			for _, w := range k.units[unit][:a] {
				total += 2 * v.times * w.times * k.ratio(v.value, w.value)
			}
		default: // over pairs, twice m times the squares about the mean
			d := k.at[v.value] - mean
			total += 2 * m * v.times * d * d
		}
	}
	return total / (m - 1)
}

// ratio returns δ² of two different values of measure ratio.
func (k *krippendorff) ratio(c, d int) float64 {
	q := (k.values[c] - k.values[d]) / (k.values[c] + k.values[d])
	return q * q
}

// between returns ΣΣ n_c·n_k·δ² over all pairs of values.
func (k *krippendorff) between() float64 {
	n, square, mean := 0.0, 0.0, 0.0
	switch k.measure {
	case "nominal":
		for _, c := range k.count {
			n += c
		}
		for _, c := range k.count {
			square += c * (n - c)
		}
		return square
	case "ratio":
		for c, times := range k.count {
			for d, others := range k.count[:c] {
				if times > 0 && others > 0 {
					square += 2 * times * others * k.ratio(c, d)
				}
			}
		}
		return square
	}
	for i, c := range k.count {
		n += c
		mean += c * k.at[i]
	}
	mean /= n
	used := 0
	for i, c := range k.count {
		d := k.at[i] - mean
		square += c * d * d
		if c > 0 {
			used++
		}
	}
	if used < 2 {
		return 0
	}
	return 2 * n * square
}
