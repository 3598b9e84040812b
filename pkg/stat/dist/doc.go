// Package dist holds the distributions behind the tests and intervals of package
// stat, with both tails good to the last digits down to 1e-300, and their
// logarithms beyond.
//
// A distribution is a small value, such as T{DF: 8}; its methods are
//
//	CDF(x)    P(X ≤ x)       LogCDF(x)    its logarithm
//	SF(x)     P(X > x)       LogSF(x)     its logarithm
//	Quantile(p)              the x with P(X ≤ x) = p
//	InvSF(q)                 the x with P(X > x) = q, for q however small
//
// Take SF, never 1 − CDF: each is computed as itself. For distributions on whole
// numbers P(X ≥ k) is SF(k − 1), and quantiles are the least number that reaches
// the probability.
//
// Degrees of freedom and shapes may be from 1e-4 to 1e15, from 0.1 for the
// noncentral t, the studentized range and Dunnett's distribution; where +Inf is
// allowed, more counts as that. Delta may be up to 1e7 and Lambda up to 1e14.
//
// Nothing panics. A NaN argument, a probability outside [0, 1] and parameters
// outside of what the type's documentation allows give NaN; arguments outside of
// the support, ±Inf included, give probabilities 0 and 1. Callers that want to
// refuse bad parameters check them first.
package dist
