// Package stat holds the statistics of an experiment, as a small textbook: every
// function states its formula, its assumptions, what it does at the edges, and
// its sources, and is tested against values of independent programs.
//
// Results name everything: the estimate and its interval, the level, the number
// of observations, the method, and warnings that belong beside the number in a
// report. No result holds a NaN or an infinity, and no p-value is zero. Where
// data cannot support an answer (too few observations to bound a quantile) the
// answer is a *Refusal that says why, never a number that looks like one.
//
// Programmers' mistakes (a level outside (0, 1), more successes than trials)
// panic. Everything is deterministic: what needs random numbers takes a seed,
// and gives the same bits wherever and in however many parts it is computed. What
// draws thousands of resamples spreads them over a bounded number of goroutines,
// see Options.Workers, and returns when all are done; nothing else starts one.
package stat
