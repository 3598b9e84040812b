"""Times procedures of this package beside scipy and R, in one run.

    python3 -m venv venv && venv/bin/pip install numpy scipy
    venv/bin/python compare.py        (from its own folder, with go and Rscript)

Each figure is the median of several; the data are drawn alike (values of which a
quarter or a half are equal, where ties are named). R needs exactRankTests and boot.
Prints milliseconds and how many times as long the others take.
"""


import re
import statistics
import subprocess
import time

import numpy as np
import scipy.stats as st

rng = np.random.default_rng(1)


def median(f, least=0.3):
    f()
    times, began = [], time.perf_counter()
    while time.perf_counter() - began < least or len(times) < 3:
        start = time.perf_counter()
        f()
        times.append(time.perf_counter() - start)
    return 1000 * statistics.median(times)


def go():
    """The package's own benchmarks, in milliseconds by name."""
    names = "|".join(sorted({r[1] for r in ROWS if "/" not in r[1]}))
    out = ""
    for folder, pattern in ((".", f"^({names})$"), ("./dist", "BenchmarkTails/studentized_range_4_60")):
        out += subprocess.run(
            ["go", "test", "-run", "xxx", "-bench", pattern, "-benchtime", "300ms", "-count", "3", folder],
            cwd="../..", capture_output=True, text=True, check=True).stdout
    found = {}
    for name, ns in re.findall(r"^Benchmark(\S+?)(?:-\d+)?\s+\d+\s+([\d.]+) ns/op", out, re.M):
        found.setdefault(name, []).append(float(ns) / 1e6)
    return {k: statistics.median(v) for k, v in found.items()}


def r(code):
    script = """
    suppressMessages({library(exactRankTests); library(boot)})
    set.seed(1)
    median_ms <- function(f) { f(); t <- c(); began <- proc.time()[[3]]
      while (proc.time()[[3]] - began < 0.3 || length(t) < 3) {
        n <- 1; repeat { s <- proc.time()[[3]]; for (i in seq_len(n)) f(); e <- proc.time()[[3]] - s
          if (e > 0.02) break; n <- n * 4 }
        t <- c(t, 1000 * e / n) }
      median(t) }
    """ + code
    out = subprocess.run(["Rscript", "-e", script], capture_output=True, text=True, check=True).stdout
    return float(out.strip().splitlines()[-1].split()[-1])


def paired_bootstrap():
    d = rng.normal(size=10_000)
    st.bootstrap((d,), np.mean, n_resamples=10_000, batch=100, method="BCa", vectorized=True)


x, y = rng.lognormal(size=100_000), rng.lognormal(size=100_000)
xt, yt = np.round(x[:50] * 4), np.round(y[:50] * 4)
x5 = rng.normal(size=5_000)
a, b = x[:10_000], y[:10_000]
groups = [rng.normal(size=100_000) for _ in range(10)]
t44 = np.array([[4, 3, 2, 1], [1, 2, 3, 4], [2, 2, 4, 1], [0, 3, 1, 5]])

# what, the benchmark, scipy, R
ROWS = [
    ("paired BCa, 10,000 items, 10,000 replicates", "BenchmarkBootstrapPaired", paired_bootstrap,
     "x <- rnorm(1e4); f <- function(d, w) sum(d*w)/sum(w); L <- x - mean(x); "
     "cat(median_ms(function() { b <- boot(x, f, 1e4, stype='f'); boot.ci(b, type='bca', L=L) }))"),
    ("Tukey's p, k = 4, 60 df", "BenchmarkTails/studentized_range_4_60", lambda: st.studentized_range.sf(3.7, 4, 60),
     "cat(median_ms(function() ptukey(3.7, 4, 60, lower.tail=FALSE)))"),
    ("Mann-Whitney, 2 x 100,000 with interval", "BenchmarkMannWhitney100k", lambda: st.mannwhitneyu(x, y, method="asymptotic"),
     "x <- rlnorm(1e5); y <- rlnorm(1e5); cat(median_ms(function() wilcox.test(x, y, exact=FALSE)))"),
    ("exact Mann-Whitney, 50 x 50, ties", "BenchmarkMannWhitneyExact50Ties",
     lambda: st.mannwhitneyu(xt, yt, method="exact"),
     "x <- round(4*rlnorm(50)); y <- round(4*rlnorm(50)); cat(median_ms(function() wilcox.exact(x, y, exact=TRUE)))"),
    ("Shapiro-Wilk, 5,000", "BenchmarkShapiroWilk5000", lambda: st.shapiro(x5),
     "x <- rnorm(5000); cat(median_ms(function() shapiro.test(x)))"),
    ("Welch's t, 2 x 10,000, with effect", "BenchmarkWelchT10k", lambda: st.ttest_ind(a, b, equal_var=False).confidence_interval(),
     "x <- rlnorm(1e4); y <- rlnorm(1e4); cat(median_ms(function() t.test(x, y)))"),
    ("Kendall's tau, 100,000", "BenchmarkKendall100000", lambda: st.kendalltau(x, y), None),
    ("analysis of variance, 10 x 100,000", "BenchmarkAnova", lambda: st.f_oneway(*groups),
     "g <- lapply(1:10, function(i) rnorm(1e5)); v <- unlist(g); f <- gl(10, 1e5); cat(median_ms(function() oneway.test(v ~ f, var.equal=TRUE)))"),
    ("Fisher's exact test, 4 x 4", "BenchmarkFisher4x4", None,
     "m <- matrix(c(4,3,2,1,1,2,3,4,2,2,4,1,0,3,1,5), 4, byrow=TRUE); cat(median_ms(function() fisher.test(m)))"),
    ("Barnard's test", "BenchmarkBarnard", lambda: st.barnard_exact([[7, 12], [8, 3]]), None),
]

if __name__ == "__main__":
    ours = go()
    print(f"| procedure | ours, ms | scipy {st.__name__ and __import__('scipy').__version__} | R |\n|---|---|---|---|")
    for what, name, scipy_call, r_call in ROWS:
        ms = ours[name.removeprefix("Benchmark")]
        cells = []
        for call, run in ((scipy_call, median), (r_call, r)):
            if call is None:
                cells.append("-")
                continue
            other = run(call)
            cells.append(f"{other:.3g} ({other / ms:.1f} x)")
        print(f"| {what} | {ms:.3g} | {cells[0]} | {cells[1]} |", flush=True)
