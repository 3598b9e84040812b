"""Times procedures of this package beside scipy and R, in one run.

    python3 -m venv venv && venv/bin/pip install numpy scipy
    venv/bin/python compare.py [seconds [words]]     (from its own folder, with go and Rscript)

One after the other each, or each whose name has the words, is repeated for so many
seconds (0.3), and what counts is the processor's time, which says the same of a busy machine. The data are drawn
alike (values of which a quarter or a half are equal, where ties are named). R needs
exactRankTests and boot. Prints milliseconds and how many times as long the others
take.
"""


import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np
import scipy
import scipy.stats as st

rng = np.random.default_rng(1)
WORDS = sys.argv[2] if len(sys.argv) > 2 else ""
LEAST = float(sys.argv[1]) if len(sys.argv) > 1 else 0.3


def python_ms(f):
    f()
    times, began = [], time.process_time()
    while time.process_time() - began < LEAST:
        start = time.process_time()
        f()
        times.append(time.process_time() - start)
    return 1000 * statistics.mean(times)


class Go:
    """The package's own benchmarks, from test binaries."""

    def __init__(self, folder):
        self.folder = folder
        for package, name in (("../..", "stat"), ("../../dist", "dist")):
            subprocess.run(["go", "test", "-c", "-o", os.path.join(folder, name), "."], cwd=package, check=True)

    def seconds(self, name, times):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        binary = "dist" if "/" in name else "stat"
        pattern = "/".join(f"^{part}$" for part in name.split("/"))
        out = subprocess.run(
            [os.path.join(self.folder, binary), "-test.run", "^$", "-test.bench", pattern, "-test.benchtime", f"{times}x"],
            cwd="../.." if binary == "stat" else "../../dist", capture_output=True, text=True, check=True).stdout
        if name not in out:
            raise SystemExit(f"no benchmark {name}")
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    def ms(self, name):
        once, times = self.seconds(name, 1), 2
        while True:
            spent = self.seconds(name, times) - once
            if spent >= LEAST:
                return 1000 * spent / (times - 1)
            times *= 4


def r_ms(code):
    script = f"""
    suppressWarnings(suppressMessages({{library(exactRankTests); library(boot)}}))
    set.seed(1)
    clock <- function() sum(proc.time()[1:2])
    ms <- function(f) {{ f(); n <- 1
      repeat {{ s <- clock(); for (i in seq_len(n)) f(); e <- clock() - s
        if (e >= {LEAST}) return(1000 * e / n); n <- n * 4 }} }}
    """ + code
    out = subprocess.run(["Rscript", "-e", script], capture_output=True, text=True, check=True).stdout
    return float(out.strip().splitlines()[-1].split()[-1])


def paired_bootstrap():
    d = rng.normal(size=10_000)
    st.bootstrap((d,), np.mean, n_resamples=10_000, batch=100, method="BCa", vectorized=True)


x, y = rng.lognormal(size=100_000), rng.lognormal(size=100_000)
xt, yt = np.round(x[:50] * 4), np.round(y[:50] * 4)
x5, x1 = rng.normal(size=5_000), rng.normal(size=1_000)
a, b = x[:10_000], y[:10_000]
groups = [rng.normal(size=100_000) for _ in range(10)]

# what, the benchmark, scipy, R
ROWS = [
    ("paired BCa, 10,000 items, 10,000 replicates", "BenchmarkBootstrapPaired", paired_bootstrap,
     "x <- rnorm(1e4); f <- function(d, w) sum(d*w)/sum(w); L <- x - mean(x); "
     "cat(ms(function() { b <- boot(x, f, 1e4, stype='f'); boot.ci(b, type='bca', L=L) }))"),
    ("Tukey's p, k = 4, 60 df", "BenchmarkTails/studentized_range_4_60", lambda: st.studentized_range.sf(3.7, 4, 60),
     "cat(ms(function() ptukey(3.7, 4, 60, lower.tail=FALSE)))"),
    ("Mann-Whitney, 2 x 100,000 with interval", "BenchmarkMannWhitney100k", lambda: st.mannwhitneyu(x, y, method="asymptotic"),
     "x <- rlnorm(1e5); y <- rlnorm(1e5); cat(ms(function() wilcox.test(x, y, exact=FALSE)))"),
    ("exact Mann-Whitney, 50 x 50, ties (scipy: 9,999 draws)", "BenchmarkMannWhitneyExact50Ties",
     # method="exact" of scipy takes no notice of ties.
     lambda: st.mannwhitneyu(xt, yt, method=st.PermutationMethod(n_resamples=9_999)),
     "x <- round(4*rlnorm(50)); y <- round(4*rlnorm(50)); cat(ms(function() wilcox.exact(x, y, exact=TRUE)))"),
    ("Shapiro-Wilk, 5,000", "BenchmarkShapiroWilk5000", lambda: st.shapiro(x5),
     "x <- rnorm(5000); cat(ms(function() shapiro.test(x)))"),
    ("Welch's t, 2 x 10,000, with effect", "BenchmarkWelchT10k", lambda: st.ttest_ind(a, b, equal_var=False).confidence_interval(),
     "x <- rlnorm(1e4); y <- rlnorm(1e4); cat(ms(function() t.test(x, y)))"),
    ("paired t, 10,000, with effect", "BenchmarkPairedT10k", lambda: st.ttest_rel(a, b).confidence_interval(),
     "x <- rlnorm(1e4); y <- rlnorm(1e4); cat(ms(function() t.test(x, y, paired=TRUE)))"),
    ("signed-rank p, 10,000 pairs", "BenchmarkSignedRankAlone10k", lambda: st.wilcoxon(a, b, method="asymptotic"),
     "x <- rlnorm(1e4); y <- rlnorm(1e4); cat(ms(function() wilcox.test(x, y, paired=TRUE)))"),
    ("exact Kolmogorov-Smirnov, 1,000", "BenchmarkKSOneSample1000", lambda: st.kstest(x1, "norm", method="exact"),
     "x <- rnorm(1e3); cat(ms(function() ks.test(x, 'pnorm', exact=TRUE)))"),
    ("range of 200, 20 df", "BenchmarkTails/studentized_range_200_20", lambda: st.studentized_range.sf(6, 200, 20),
     "cat(ms(function() ptukey(6, 200, 20, lower.tail=FALSE)))"),
    ("Kendall's tau, 100,000", "BenchmarkKendall100000", lambda: st.kendalltau(x, y), None),
    ("analysis of variance, 10 x 100,000", "BenchmarkAnova", lambda: st.f_oneway(*groups),
     "g <- lapply(1:10, function(i) rnorm(1e5)); v <- unlist(g); f <- gl(10, 1e5); cat(ms(function() oneway.test(v ~ f, var.equal=TRUE)))"),
    ("Fisher's exact test, 4 x 4", "BenchmarkFisher4x4", None,
     "m <- matrix(c(1,3,10,6,2,3,10,7,1,6,14,12,0,1,9,11), 4, byrow=TRUE); cat(ms(function() fisher.test(m)))"),
    ("Barnard's test", "BenchmarkBarnard", lambda: st.barnard_exact([[7, 12], [8, 3]]), None),
]

def main():
    print(f"| procedure | ours, ms | scipy {scipy.__version__}, ms | R, ms |\n|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        go = Go(folder)
        for what, name, scipy_call, r_code in ROWS:
            if WORDS not in what:
                continue
            ours = go.ms(name)
            cells = []
            for how, given in ((python_ms, scipy_call), (r_ms, r_code)):
                if given is None:
                    cells.append("-")
                    continue
                other = how(given)
                cells.append(f"{other:.3g} ({other / ours:.1f} x)")
            print(f"| {what} | {ours:.3g} | {cells[0]} | {cells[1]} |", flush=True)


if __name__ == "__main__":
    main()
