// Package power plans how large an experiment must be: the probability that a
// test finds an effect of a given size, the number of observations that finds it
// with a given probability, and the least effect that a given number finds.
//
// A design, such as TTest, says which test will be made; its method Power takes
// the number of observations and the effect. SampleSize and Detectable invert it,
// Curve tabulates it. Power of tests on means, variances, correlations and
// contingency is computed from the exact distribution under the alternative
// (noncentral t, F, χ²; that of r), power of tests on proportions either by
// enumerating all outcomes or by the named approximation. Simulate estimates the
// power of anything that can be drawn and tested.
//
// All of it belongs before the data. No function takes a result: the power "that
// the experiment had" for the effect it happened to observe is a function of the
// p-value and says nothing more [1]; report the interval, and the effect that was
// detectable, instead.
//
// Effects follow the convention of package stat: the second group, or the second
// condition, less the first. Two-sided power counts rejections on either side.
//
// [1] Hoenig, Heisey (2001), The American Statistician 55 (1): 19-24.
package power
