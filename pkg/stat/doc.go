// Package stat holds the statistics of an experiment, as a small textbook: every
// function states its formula, its assumptions, what it does at the edges, and
// its sources, and is tested against values of independent programs.
//
// # Before there are data
//
// Two questions come first. How are the observations related: did all conditions
// answer the same items (pairs, blocks), other items (groups), or do items come in
// clusters, such as the questions about one document? And what is measured: a
// number, an order, yes or no, a time? Plan takes the answers and names the test,
// with reasons and alternatives. It never looks at data, for a test that was
// picked by the outcome of another does not have the level it claims. How many
// observations are needed is for package power.
//
// # Which procedure
//
// Two groups. WelchT compares means whatever the variances; StudentT needs equal
// ones and gains little. MannWhitney asks whether one group tends to be greater,
// and bounds the shift. Of pairs, PairedT, WilcoxonSignedRank, which wants
// symmetric differences, and SignTest, which wants nothing. Permutation needs
// no distribution but exchangeability. One sample is compared with a value by
// OneSampleT and the namesakes of the others.
//
// Several groups. Anova, WelchAnova where variances differ, KruskalWallis for ranks;
// RMAnova and Friedman for blocks, PageTrend for an order that was expected;
// AnovaTwoWay and Ancova for a second factor and for a covariate. What differs
// from what is then for TukeyHSD, GamesHowell (unequal variances), Dunnett
// (against a control), Dunn and Nemenyi (ranks).
//
// Yes or no. Proportions of independent samples: FisherExact, Barnard, Boschloo,
// TwoProportions; of the same items: McNemarTest and CochranQ. ProportionInterval
// gives intervals for one, DifferenceInterval and PairedDifferenceInterval for
// two. PassAtKMean estimates how often one of k answers is right.
//
// How large. A p-value says nothing of size: results carry an effect with its
// interval, such as HedgesG, CliffsDelta, RiskDifference or OddsRatio. Bands lists
// the customary words for sizes as data.
//
// No formula. Bootstrap resamples observations, pairs or clusters; QuantileEstimate
// and QuantileDifference bound a P99, and refuse where n cannot.
//
// Clusters and judges. ClusteredMean and its kin have standard errors that hold
// for clusters (CR0 to CR3, with Satterthwaite's degrees of freedom); CUPED takes
// off what a covariate explains; agreement of raters is for CohenKappa,
// FleissKappa, KrippendorffAlpha and ICC; JudgeCorrection mends a rate that a
// fallible judge reports. Meta joins the estimates of several studies.
//
// No difference. That p exceeds 0.05 does not show equality. TOST and
// NonInferiorityT test for it, BayesT weighs both hypotheses.
//
// Several tests. Adjust holds the chance of any false finding (Holm, Hommel), or
// the share of false ones (Benjamini and Hochberg). Who looks at the data while
// they come in needs bounds for that: GroupSequential for a few looks,
// BettingSequence and EValue for any number.
//
// Assumptions. ShapiroWilk, BrownForsythe and their like describe data. They do
// not choose a test: with few observations they miss what matters, with many they
// find what does not.
//
// # Conventions
//
// The first sample is the control. Estimates are the second minus the first, and
// the alternative Greater says that the second is greater. Intervals are two-sided
// at Options.Level, 0.95 unless said otherwise.
//
// Results name everything: the estimate and its interval, the level, the number
// of observations, the method, and warnings that belong beside the number in a
// report. No result holds a NaN or an infinity, and no p-value is zero: below
// 1e-300, Result.LogP has its logarithm. Where data cannot support an answer (too
// few observations to bound a quantile) the answer is a *Refusal that says why,
// never a number that looks like one.
//
// Programmers' mistakes (a level outside (0, 1) in the functions that return no
// error, more successes than trials) panic. Everything is deterministic: what
// needs random numbers takes a seed, and gives the same bits wherever and in
// however many parts it is computed. What draws thousands of resamples spreads
// them over a bounded number of goroutines, see Options.Workers, and returns when
// all are done; nothing else starts one.
//
// # How it is checked
//
// Each procedure is compared with two other programs or with arithmetic of 40
// digits or more, to twelve digits where there is a formula and ten where there is
// an integral; testdata/reference has the values, their sources, and the programs
// that made them. Constants are changed one by one to see that these values
// notice. Exact tests equal enumeration of all arrangements, NIST's sets of data
// are met to the limit of a float64, and level and coverage are simulated, also
// where assumptions fail.
//
// # Sources
//
// Each function cites the papers it follows. Textbooks behind the whole are
//
//   - Hollander, Wolfe, Chicken (2014), Nonparametric Statistical Methods, 3rd ed.
//   - Agresti (2013), Categorical Data Analysis, 3rd ed.
//   - Hsu (1996), Multiple Comparisons: Theory and Methods
//   - Efron, Tibshirani (1993), An Introduction to the Bootstrap
//   - Maxwell, Delaney, Kelley (2018), Designing Experiments and Analyzing Data, 3rd ed.
//   - Jennison, Turnbull (1999), Group Sequential Methods with Applications to Clinical Trials
package stat
