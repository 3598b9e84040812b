// Package analysis turns the verdicts of a run into its results: estimates with
// intervals for every condition, comparisons with the control, and the two
// tables that accompany them (results.csv and dataset.jsonl).
//
// It is pure and deterministic: the same rows in any order give the same bytes,
// whatever the number of workers that produced them. The analyzer feeds it from
// ClickHouse, `crucible verify` from the log; both use Collector and Derive.
//
// What is chosen depends on the design of the experiment only (the metrics it
// names, whether it repeats), never on a look at the data:
//
//	accuracy, exact_match   share; Wilson interval. With repeats the items are
//	                        clusters: Wilson with the effective sample size.
//	                        Paired by item and repeat: exact McNemar test and
//	                        Newcombe's paired interval (method 10); with repeats
//	                        the exact sign-flip test over items and a
//	                        cluster-robust interval.
//	cost_per_query, latency_mean, consensus and the other score metrics
//	                        mean; t interval, over items when repeated. Paired
//	                        t test over items.
//	latency_pN              quantile (Hyndman and Fan's type 7) with the interval
//	                        between order statistics, refused where no order
//	                        statistic bounds it. Compared by the difference of
//	                        quantiles with a paired bootstrap percentile
//	                        interval over items; no p value, since no test of it
//	                        is exact and cheap.
//
// Shares and means leave failed queries out and keep invalid answers in, as
// wrong; both are reported, with the estimate's sensitivity to them.
package analysis
