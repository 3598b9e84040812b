// Package hedge decides when a second copy of a slow call may start, and which
// answer wins.
//
// A tail of latencies is mostly bad luck: asked again, the same question is
// usually answered at once. So a call that takes longer than most is asked a
// second time, the first answer wins, and the loser is cancelled [1]. What it
// costs is a share of extra calls, the budget B; what it can gain follows from
// the distribution of latencies alone. With S the share of calls that take
// longer than t, and a copy started after the delay d with probability q,
//
//	extra calls   q·S(d)
//	tail at t     S(t)·(1 − q + q·S(t − d))
//
// and for budgets of 5 % and more the best delay is the quantile of order 1 − B
// with q = 1 [2]: name the budget, and the delay follows. Frontier computes the
// best that any such policy can do.
//
// A Policy holds what is shared by many calls: the strategy, the latencies it has
// seen, the budget. Begin gives a Call, the state of one: Next says when its next
// copy may start, Start asks the budget for it, Failed and Answered say what
// became of a copy. The caller of this package owns clock, goroutines and
// requests; time is what it says it is, so that a simulation in virtual time runs
// the very same code as a service.
//
// [1] Dean, Barroso (2013), The Tail at Scale, Communications of the ACM 56 (2).
// [2] Kaler, He, Elnikety (2017), Optimal Reissue Policies for Reducing Tail
// Latency, SPAA.
package hedge
