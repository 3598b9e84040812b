"""Writes the reference values of intervals by resampling and of quantiles:

    python3 resampling.py > cases/resampling.json

It needs numpy, scipy and mpmath. The random numbers are made again here from the
description of the generator (PCG with 128 bits of state and the output function
DXSM, as in Go's math/rand/v2, seeded through SplitMix64), so that replicates are
those of the package, drawn by another program. Each resample is then written out
as a list, its statistic taken by numpy, and the interval by scipy.stats.bootstrap
from those replicates; and once more from the definitions in arithmetic of 50 digits.
"""

import platform

import numpy as np
import scipy
import scipy.stats as st

from oracle import *
from stream import draws, two_level

c = Cases("")


# Statistics, by numpy and by definition.
def quantile7(x, q):
    x = sorted(x)
    h = (len(x) - 1) * mp(q)
    at = int(mpmath.floor(h))
    return x[at] if at + 1 == len(x) else x[at] + (h - at) * (x[at + 1] - x[at])


NUMPY = {
    "mean": lambda x, q: np.mean(x), "proportion": lambda x, q: np.mean(x), "median": lambda x, q: np.median(x),
    "quantile": lambda x, q: np.quantile(x, q), "trimmed_mean": lambda x, q: st.trim_mean(x, q),
    "variance": lambda x, q: np.var(x, ddof=1), "sd": lambda x, q: np.std(x, ddof=1),
}


def trimmed(x, q):
    x, k = sorted(x), int(q * len(x))
    return mean(x[k:len(x) - k])


MP = {
    "mean": lambda x, q: mean(x), "proportion": lambda x, q: mean(x), "median": lambda x, q: quantile7(x, .5),
    "quantile": quantile7, "trimmed_mean": trimmed, "variance": lambda x, q: variance(x), "sd": lambda x, q: mpmath.sqrt(variance(x)),
}


def bca_mp(drawn, jack, estimate, level):
    b = len(drawn)
    drawn = sorted(drawn)
    tie = mp(10)**-30  # sums divided by different numbers tie, but not in the last of 50 digits
    z0 = z_of((mp(sum(d < estimate - tie for d in drawn)) + mp(sum(abs(d - estimate) <= tie for d in drawn)) / 2) / b)
    third = second = mp(0)
    for j in jack:
        n, m = len(j), mean(j)
        u = [(n - 1) * (m - v) for v in j]
        third += mpmath.fsum(v**3 for v in u) / mp(n)**3
        second += mpmath.fsum(v**2 for v in u) / mp(n)**2
    a = third / 6 / second**mp(1.5) if second else mp(0)
    bounds = []
    for tail in ((1 - mp(level)) / 2, (1 + mp(level)) / 2):
        z = z_of(tail)
        bounds.append(quantile7(drawn, sf(-(z0 + (z0 + z) / (1 - a * (z0 + z))))))
    return {"low": bounds[0], "high": bounds[1]}, {"z0": z0, "acceleration": a}


def case(name, data, settings, strata, pick, method="bca", statistic="mean", q=.5, seed=1, b=499, level=.95):
    """pick turns a list of units into a list of observations for each sample."""
    settings = {"seed": str(seed), "replicates": str(b), "method": method, **settings}
    if statistic != "mean":
        settings["statistic"] = statistic
    if statistic == "quantile":
        settings["q"] = str(q)
    if statistic == "trimmed_mean":
        settings["trim"] = str(q)
    if level != .95:
        settings["level"] = str(level)
    resamples = [pick(draws(strata, seed, r)) for r in range(b)]
    everything = list(range(sum(strata)))
    wants = []
    for table, kind, what in ((NUMPY, float, "scipy: bootstrap of replicates by numpy"), (MP, mp, "mpmath: the definitions in 50 digits")):
        def value(parts):
            each = [table[statistic]([kind(v) for v in x], q) for x in parts]
            return each[-1] - each[0] if len(each) == 2 else each[0]
        drawn = [value(x) for x in resamples]
        estimate = value(pick(everything))
        details = {}
        if kind is float:
            result = st._resampling.BootstrapResult(None, np.array(drawn), None)
            first, blocks = 0, []
            for n in strata:
                blocks.append(np.arange(first, first + n))
                first += n
            def of_units(*units, axis=None):
                return value(pick([int(u) for part in units for u in part]))
            low, high = st.bootstrap(tuple(blocks), of_units, n_resamples=0, bootstrap_result=result, vectorized=False,
                                     method={"bca": "BCa"}.get(method, method), confidence_level=level).confidence_interval
            interval = {"low": low, "high": high}
            details["standard_error"] = np.std(drawn, ddof=1)
        else:
            first, jack = 0, []
            for n in strata:
                jack.append([value(pick([u for u in everything if u != out])) for out in range(first, first + n)])
                first += n
            details["standard_error"] = mpmath.sqrt(variance(drawn))
            details["bias"] = mean(drawn) - estimate
            if method == "bca":
                interval, more = bca_mp(drawn, jack, estimate, level)
                details.update(more)
            else:
                interval = {"low": quantile7(drawn, (1 - mp(level)) / 2), "high": quantile7(drawn, (1 + mp(level)) / 2)}
                if method == "basic":
                    interval = {"low": 2 * estimate - interval["high"], "high": 2 * estimate - interval["low"]}
        wants.append(oracle(what, {"estimate": estimate, "interval": interval, "details": details}))
    c.add(name, "bootstrap", data, settings, *wants)


def one(name, x, **more):
    case(name, {"x": x}, {}, [len(x)], lambda units: [[x[u] for u in units]], **more)


SLEEP = [7, -16, -2, -12, -1, 34, 37, 8, 0, 20, 19, 8, 11, 1, -1, 44, 55, 16, 46, 34]  # in tenths of an hour
GAIN = [SLEEP[i + 10] - SLEEP[i] for i in range(10)]
RIGHT = [1, 1, 0, 1, 1, 1, 1, 0, 1, 1, 1, 1, 1, 1, 0, 1, 1, 1, 1, 1, 1, 1, 1, 0, 1, 1, 1, 1]
one("sleep, gain", GAIN, b=999)
one("sleep, gain, percentile", GAIN, method="percentile", level=.9, seed=7)
one("sleep, gain, basic", GAIN, method="basic", level=.99, seed=2**64 - 1, b=1000)
one("skewed mean", floats(1, 40, "exponential"), b=999)
one("normal mean at 0.99", floats(2, 31), level=.99)
one("proportion with ties", RIGHT, statistic="proportion", b=999)
one("median, ties", floats(3, 41, "ties"), statistic="median")
one("median, even n", floats(4, 30), statistic="median")
one("quantile 0.9", floats(5, 60, "exponential"), statistic="quantile", q=.9)
one("quantile 0.25, basic", floats(6, 45), statistic="quantile", q=.25, method="basic")
one("trimmed mean", floats(7, 37) + [25., -40.], statistic="trimmed_mean", q=.1)
one("trimmed mean, percentile", floats(8, 25, "exponential"), statistic="trimmed_mean", q=.25, method="percentile")
one("variance", floats(9, 33), statistic="variance")
one("sd", floats(10, 50, "exponential"), statistic="sd")


def two(name, x, y, **more):
    both = x + y
    case(name, {"x": x, "y": y}, {}, [len(x), len(y)],
         lambda units: [[both[u] for u in units if u < len(x)], [both[u] for u in units if u >= len(x)]], **more)


# Means of 8 whole numbers are exact also by numpy, so that ties tie.
two("sleep, independent, the first 8", SLEEP[:8], SLEEP[10:18], b=999)
two("difference of means, unequal n", floats(11, 23, "exponential"), floats(12, 40))
two("difference of medians", floats(13, 29), [v + 1 for v in floats(14, 18, "exponential")], statistic="median")
two("difference of variances", floats(15, 25), floats(16, 21, "exponential"), statistic="variance", method="percentile")


def pairs(name, x, y, **more):
    case(name, {"pairs": [x, y]}, {}, [len(x)], lambda units: [[x[u] for u in units], [y[u] for u in units]], **more)


pairs("sleep, the first 8 pairs", SLEEP[:8], SLEEP[10:18])
base = floats(17, 35, "exponential")
pairs("paired medians", base, [round(v + w, 9) for v, w in zip(base, floats(18, 35))], statistic="median")

# Clusters: names in order of appearance, sizes unequal.
label = [f"t{i * i % 11}" for i in range(60)] + [f"u{i % 7 + i % 3}" for i in range(40)]
names = list(dict.fromkeys(label))
members = [[i for i, l in enumerate(label) if l == n] for n in names]
x = [round(v + 0.7 * hash_ % 3, 9) for v, hash_ in zip(floats(19, 100), [names.index(l) for l in label])]
y = [round(v + w, 9) for v, w in zip(x, floats(20, 100, "exponential"))]


def clustered(name, data, rows, **more):
    case(name, {**data, "clusters": label}, {}, [len(names)], lambda units: rows([i for u in units for i in members[u]]), **more)


clustered("clustered mean", {"x": x}, lambda rows: [[x[i] for i in rows]])
clustered("clustered pairs", {"pairs": [x, y]}, lambda rows: [[x[i] for i in rows], [y[i] for i in rows]], b=999)
clustered("clustered median", {"x": y}, lambda rows: [[y[i] for i in rows]], statistic="median")
clustered("clustered sd, percentile", {"x": y}, lambda rows: [[y[i] for i in rows]], statistic="sd", method="percentile")
shared = [f"q{i % 13}" for i in range(100)]
names2 = list(dict.fromkeys(shared))


def crossed(units):
    rows = [i for u in units for i, l in enumerate(shared) if l == names2[u]]
    return [[y[i] for i in rows if i < 45], [y[i] for i in rows if i >= 45]]


case("samples that share clusters", {"x": y[:45], "y": y[45:], "clusters": shared}, {}, [13], crossed)

# The strata of two samples with clusters of their own.
apart = [f"x{i % 6}" for i in range(45)] + [f"y{i % 8}" for i in range(55)]
names3 = list(dict.fromkeys(apart))


def nested(units):
    rows = [i for u in units for i, l in enumerate(apart) if l == names3[u]]
    return [[y[i] for i in rows if i < 45], [y[i] for i in rows if i >= 45]]


case("samples with clusters of their own", {"x": y[:45], "y": y[45:], "clusters": apart}, {}, [6, 8], nested)


# Two levels: scipy has no such thing, but takes the replicates.
def level2(name, statistic="mean", method="percentile", **more):
    def pick(rows):
        return [[y[i] for i in rows]]
    b, seed = 499, 3
    settings = {"seed": "3", "replicates": "499", "method": method, "levels": "2", "statistic": statistic}
    wants = []
    for table, kind, what in ((NUMPY, float, "scipy: bootstrap of replicates by numpy"), (MP, mp, "mpmath: the definitions in 50 digits")):
        f = lambda rows: table[statistic]([kind(y[i]) for i in rows], .5)
        drawn = [f(two_level(members, seed, r)) for r in range(b)]
        estimate = f(range(100))
        if kind is float:
            result = st._resampling.BootstrapResult(None, np.array(drawn), None)
            low, high = st.bootstrap((np.arange(len(members)),), lambda u: f([i for at in u for i in members[int(at)]]), n_resamples=0,
                                     bootstrap_result=result, vectorized=False, method={"bca": "BCa"}.get(method, method)).confidence_interval
            interval = {"low": low, "high": high}
        elif method == "bca":
            jack = [f([i for j, m in enumerate(members) if j != out for i in m]) for out in range(len(members))]
            interval, _ = bca_mp(drawn, [jack], estimate, .95)
        else:
            interval = {"low": quantile7(drawn, mp(".025")), "high": quantile7(drawn, mp(".975"))}
        wants.append(oracle(what, {"estimate": estimate, "interval": interval}))
    c.add(name, "bootstrap", {"x": y, "clusters": label}, settings, *wants)


level2("two levels, mean")
level2("two levels, mean, bca", method="bca")
level2("two levels, median, bca", statistic="median", method="bca")


# Bootstrap t: of numpy and of the definition, with quantiles of type 7.
def studentized(name, data, arms, b=499, seed=5):
    """arms: for each sample a list of clusters of values."""
    wants = []
    for kind, what in ((float, "numpy: the formula"), (mp, "mpmath: the definitions in 50 digits")):
        root = np.sqrt if kind is float else mpmath.sqrt
        total = (lambda v: np.sum(v)) if kind is float else (lambda v: mpmath.fsum(v))
        parts = [[[kind(v) for v in cluster] for cluster in arm] for arm in arms]
        def fit(chosen):
            value, var = kind(0), kind(0)
            for at, clusters in enumerate(chosen):
                n = sum(len(k) for k in clusters)
                m = total([v for k in clusters for v in k]) / n
                lines = [total([v - m for v in k]) / n for k in clusters]
                value += m if at == len(chosen) - 1 else -m
                var += total([v * v for v in lines]) * len(clusters) / (len(clusters) - 1)
            return value, root(var)
        estimate, se = fit(parts)
        ts = []
        for r in range(b):
            units = draws([len(a) for a in arms], seed, r)
            chosen, first = [], 0
            for a in parts:
                chosen.append([a[u - first] for u in units if first <= u < first + len(a)])
                first += len(a)
            v, s = fit(chosen)
            ts.append((v - estimate) / s)
        if kind is float:
            low, high = np.quantile(ts, [.025, .975])
        else:
            low, high = quantile7(ts, mp(".025")), quantile7(ts, mp(".975"))
        wants.append(oracle(what, {"estimate": estimate, "interval": {"low": estimate - se * high, "high": estimate - se * low},
                                   "details": {"standard_error": se}}))
    c.add(name, "bootstrap", data, {"method": "studentized", "seed": str(seed), "replicates": str(b)}, *wants)


s = floats(21, 25, "exponential")
studentized("studentized mean", {"x": s}, [[[v] for v in s]])
s2 = floats(22, 31)
studentized("studentized difference", {"x": s, "y": s2}, [[[v] for v in s], [[v] for v in s2]])
studentized("studentized clustered mean", {"x": y, "clusters": label}, [[[y[i] for i in m] for m in members]])


# Quantiles.
def ranks(n, q, level):
    tail = (1 - mp(level)) / 2 * (1 + mp(10)**-12)
    pmf = [mpmath.binomial(n, k) * mp(q)**k * (1 - mp(q))**(n - k) for k in range(n + 1)]
    low, below = 0, mp(0)
    while below + pmf[low] <= tail:
        below += pmf[low]
        low += 1
    high, above = n + 1, mp(0)
    while above + pmf[high - 1] <= tail:
        above += pmf[high - 1]
        high -= 1
    return low, high, 1 - below - above


def interval_of(name, x, q, level):
    low, high, attained = ranks(len(x), q, level)
    s = sorted(x)
    l2, h2 = int(st.binom.ppf((1 - level) / 2, len(x), q)), int(st.binom.ppf((1 + level) / 2, len(x), q)) + 1
    c.add(name, "quantile_interval", {"x": x}, {"q": str(q), "level": str(level)},
          oracle("scipy: binom and quantile", {"estimate": np.quantile(x, q), "interval": {"low": s[l2 - 1], "high": s[h2 - 1],
                 "attained": st.binom.cdf(h2 - 1, len(x), q) - st.binom.cdf(l2 - 1, len(x), q)}}),
          oracle("mpmath: the definitions in 50 digits", {"estimate": quantile7(x, q), "interval": {"low": s[low - 1], "high": s[high - 1], "attained": attained}}))


interval_of("median of 10", floats(23, 10), .5, .95)
interval_of("median, ties", floats(24, 101, "ties"), .5, .9)
interval_of("P99 of 1000", floats(25, 1000, "exponential"), .99, .95)
interval_of("P90 of 60 at 0.99", floats(26, 60, "exponential"), .9, .99)
interval_of("P25 of 77", floats(27, 77), .25, .95)
interval_of("P99.9 of 5000", floats(28, 5000, "exponential"), .999, .9)


def joint(name, data, x, y, q, level, paired):
    each = 1 - (1 - mp(level)) / 2 if paired else mpmath.sqrt(mp(level))
    wants = []
    xs, ys = sorted(x), sorted(y)
    (l1, u1, a1), (l2, u2, a2) = ranks(len(x), q, each), ranks(len(y), q, each)
    wants.append(oracle("mpmath: the definitions in 50 digits", {"estimate": quantile7(y, q) - quantile7(x, q),
                 "interval": {"low": ys[l2 - 1] - xs[u1 - 1], "high": ys[u2 - 1] - xs[l1 - 1], "attained": a1 + a2 - 1 if paired else a1 * a2}}))
    e, b = float(each), st.binom
    l1, u1, l2, u2 = [int(b.ppf((1 + s * e) / 2, n, q)) + (s > 0) for n in (len(x), len(y)) for s in (-1, 1)]
    a1, a2 = [b.cdf(u - 1, n, q) - b.cdf(l - 1, n, q) for l, u, n in ((l1, u1, len(x)), (l2, u2, len(y)))]
    wants.append(oracle("scipy: binom and quantile", {"estimate": np.quantile(y, q) - np.quantile(x, q),
                 "interval": {"low": ys[l2 - 1] - xs[u1 - 1], "high": ys[u2 - 1] - xs[l1 - 1], "attained": a1 + a2 - 1 if paired else a1 * a2}}))
    c.add(name, "quantile_difference", data, {"q": str(q), "level": str(level), "method": "order_statistics"}, *wants)


def boot_quantile(name, data, x, y, q, paired, seed=1, b=999, level=.95, alternative="two_sided", mu=0.):
    wants = []
    for kind, f, what in ((float, lambda v: np.quantile(v, q), "numpy: quantile"), (mp, lambda v: quantile7(v, q), "mpmath: the definitions in 50 digits")):
        drawn = []
        for r in range(b):
            units = draws([len(x)] if paired else [len(x), len(y)], seed, r)
            i, j = (units, units) if paired else (units[:len(x)], [u - len(x) for u in units[len(x):]])
            drawn.append(f([kind(y[u]) for u in j]) - f([kind(x[u]) for u in i]))
        below, above = sum(d <= mu for d in drawn), sum(d >= mu for d in drawn)
        p = {"two_sided": min(1, 2 * mp(1 + min(below, above)) / (b + 1)), "greater": mp(1 + below) / (b + 1), "less": mp(1 + above) / (b + 1)}[alternative]
        low, high = (1 - mp(level)) / 2, (1 + mp(level)) / 2
        bounds = np.quantile(drawn, [float(low), float(high)]) if kind is float else [quantile7(drawn, low), quantile7(drawn, high)]
        wants.append(oracle(what, {"estimate": f([kind(v) for v in y]) - f([kind(v) for v in x]), "p": p, "interval": {"low": bounds[0], "high": bounds[1]}}))
    settings = {"q": str(q), "level": str(level), "seed": str(seed), "replicates": str(b), "alternative": alternative, "mu": str(mu)}
    c.add(name, "quantile_difference", data, settings, *wants)


x1, y1 = floats(29, 300, "exponential"), [round(1.3 * v, 9) for v in floats(30, 420, "exponential")]
joint("P95, independent", {"x": x1, "y": y1}, x1, y1, .95, .9, False)
boot_quantile("P95, independent", {"x": x1, "y": y1}, x1, y1, .95, False)
y2 = [round(v * 1.2 + 0.1 * w, 9) for v, w in zip(x1, floats(31, 300))]
joint("P90, pairs", {"pairs": [x1, y2]}, x1, y2, .9, .95, True)
boot_quantile("P90, pairs", {"pairs": [x1, y2]}, x1, y2, .9, True, level=.9)
boot_quantile("median, pairs, greater", {"pairs": [x1, y2]}, x1, y2, .5, True, alternative="greater", mu=.0625)
boot_quantile("median, ties, less", {"x": floats(32, 40, "ties"), "y": floats(33, 30, "ties")}, floats(32, 40, "ties"), floats(33, 30, "ties"), .5, False, alternative="less")

c.write("numpy, scipy, mpmath", f"Python {platform.python_version()}, numpy {np.__version__}, scipy {scipy.__version__}, mpmath {mpmath.__version__}",
        "python3 resampling.py > cases/resampling.json")
