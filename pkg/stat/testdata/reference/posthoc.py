"""Writes the reference values of comparisons two by two and of adjusted p-values:

    python3 posthoc.py > cases/posthoc.json

It needs scipy, statsmodels, pingouin, scikit_posthocs, mpmath, and R with the
libraries that effects.R loads. Beside these programs stand the definitions
themselves in mpmath: probabilities of the studentized range and of Dunnett's
statistics by the trapezoid rule, which for these smooth, falling integrands
converges faster than any power of its step. Where the programs compute less
digits (ptukey of R, the randomised dunnett of scipy) a note says so.
"""

import math
import platform

import numpy as np
import pingouin
import scikit_posthocs as ph
import scipy
import scipy.special as ss
import scipy.stats as st
import statsmodels
from statsmodels.stats.multitest import multipletests

from oracle import *

c = Cases("effects.R")

PLANT = [[4.17, 5.58, 5.18, 6.11, 4.50, 4.61, 5.17, 4.53, 5.33, 5.14],
         [4.81, 4.17, 4.41, 3.59, 5.87, 3.83, 6.03, 4.89, 4.32, 4.69],
         [6.31, 5.12, 5.54, 5.50, 5.37, 5.29, 4.92, 6.15, 5.80, 5.26]]
SPRAY = [[10, 7, 20, 14, 14, 12, 10, 23, 17, 20, 14, 13], [11, 17, 21, 11, 16, 14, 17, 17, 19, 21, 7, 13],
         [0, 1, 7, 2, 3, 1, 2, 1, 3, 0, 1, 4], [3, 5, 12, 6, 4, 3, 5, 5, 5, 5, 2, 4],
         [3, 5, 3, 5, 3, 6, 1, 1, 3, 2, 6, 4], [11, 9, 15, 22, 15, 16, 13, 10, 26, 26, 24, 13]]
UNEQUAL = [floats(31, 5), [.5 + v for v in floats(32, 12)], [1 + 2 * v for v in floats(33, 9)], [.3 + v for v in floats(34, 7)]]
APART = [floats(35, 12), [40 + v for v in floats(36, 15)], [41 + v for v in floats(37, 11)]]
TWO = [floats(38, 6), [1.5 + v for v in floats(39, 9)]]
SMALL = [[1.0, 2.5], [4.0, 4.5, 3.0], [9.0, 7.5]]
TIES = [floats(40, 14, "ties"), floats(41, 9, "ties"), [v + 1 for v in floats(42, 11, "ties")]]
# Quality of taste, 12 panels (the data of Hollander and Wolfe on rounding first base).
BASES = [[5.40, 5.50, 5.55], [5.85, 5.70, 5.75], [5.20, 5.60, 5.50], [5.55, 5.50, 5.40], [5.90, 5.85, 5.70], [5.45, 5.55, 5.60],
         [5.40, 5.40, 5.35], [5.45, 5.50, 5.35], [5.25, 5.15, 5.00], [5.85, 5.80, 5.70], [5.25, 5.20, 5.10], [5.65, 5.55, 5.45],
         [5.60, 5.35, 5.45], [5.05, 5.00, 4.95], [5.50, 5.50, 5.40], [5.45, 5.55, 5.50], [5.55, 5.55, 5.35], [5.45, 5.50, 5.55],
         [5.50, 5.45, 5.25], [5.65, 5.60, 5.40], [5.70, 5.65, 5.55], [6.30, 6.30, 6.25]]
BLOCKS = [[v + k * .3 for k, v in enumerate(floats(50 + b, 5))] for b in range(11)]
FORMULA = "mpmath: the formula in 50 digits"
QUADRATURE = "mpmath: trapezoid rule in 25 digits"
ENOUGH = (11, "quadrature, and bounds near 0 as differences")
GAUSS = "scipy: Gauss-Legendre rules in double precision"


def gaussed(values, digits=10):
    """What a second rule says of p-values."""
    return oracle(GAUSS, {"comparisons": [{"p": v} for v in values]}, digits, "rounding of its 700,000 terms")




def over_scale(df, f, width=1):
    """E f(S) for S the root of χ²/ν; f has features of the size of width in ln S."""
    if df == math.inf:
        return f(mp(1))
    df = mp(df)
    front = mpmath.log(2) + df / 2 * mpmath.log(df / 2) - mpmath.loggamma(df / 2)
    sd = 1 / mpmath.sqrt(2 * df)
    step, total = min(sd, mp(width)) / (2 if df > 8 else 4), mp(0)
    u, high = -70 / df - 13 * sd + log(mp(width)), mpmath.log(1 + 13 * sd + mpmath.sqrt(150 / df))
    while u <= high:
        w = mpmath.exp(front + df * u - df / 2 * mpmath.exp(2 * u))
        if w > mp(10) ** -(mpmath.mp.dps + 10):
            total += w * f(mpmath.exp(u))
        u += step
    return total * step


def phi(z):
    return mpmath.npdf(z)


def grid(step, low, high):
    z = mp(low)
    while z <= high:
        yield z
        z += step


def range_sf(q, k, df, dps=25):
    """1 − P(range ≤ q·S), which loses no digits that matter at dps."""
    mpmath.mp.dps = dps
    try:
        step = mp("0.25") if dps < 30 else mp("0.2")
        points = [(step * k * phi(z), z, mpmath.ncdf(z)) for z in grid(step, -12 if dps < 30 else -20, 12 if dps < 30 else 20)]
        def outside(s):
            w = q * s
            return 1 - mpmath.fsum(f * (mpmath.ncdf(z + w) - below)**(k - 1) for f, z, below in points)
        return over_scale(df, outside, 1 / (1 + abs(mp(q)) / 2))
    finally:
        mpmath.mp.dps = 50


def dunnett_sf(t, lam, df, alternative="two_sided"):
    if alternative == "less":
        t = -t
    mpmath.mp.dps = 25
    try:
        step = mp("0.2")
        points = [(step * phi(z), z) for z in grid(step, -11, 11)]
        loadings = [(l, mpmath.sqrt(1 - l * l), lam.count(l)) for l in sorted(set(lam))]
        def outside(s):
            w, total = t * s, mp(0)
            for f, z in points:
                inside = mp(1)
                for l, spread, count in loadings:
                    inside *= (mpmath.ncdf((w - l * z) / spread) - (mpmath.ncdf((-w - l * z) / spread) if alternative == "two_sided" else 0))**count
                total += f * (1 - inside)
            return total
        return over_scale(df, outside, 1 / (1 + abs(mp(t)) / 2))
    finally:
        mpmath.mp.dps = 50


def legendre(low, high, panels, points=24):
    """Nodes and weights of a composite Gauss-Legendre rule."""
    x, w = np.polynomial.legendre.leggauss(points)
    edges = np.linspace(low, high, panels + 1)
    half = np.diff(edges)[:, None] / 2
    return (edges[:-1, None] + half + half * x).ravel(), (half * w).ravel()


def gauss(q, df, tail):
    """E tail(S) by Gauss-Legendre rules in double precision; tail takes the nodes as a column, and falls about s = 1/q."""
    if df == math.inf:
        return float(tail(np.array([[1.0]]))[0])
    df = float(df)
    sd = 1 / math.sqrt(2 * df)
    u, w = legendre(-70 / df - 13 * sd - math.log1p(abs(q)), math.log(1 + 13 * sd + math.sqrt(150 / df)), 40)
    density = np.exp(math.log(2) + df / 2 * math.log(df / 2) - math.lgamma(df / 2) + df * u - df / 2 * np.exp(2 * u))
    return float(np.sum(w * density * tail(np.exp(u)[:, None])))


def gauss_range(q, k, df):
    z, w = legendre(-40, 10, 60)
    Q = ss.ndtr(-z)
    def tail(s):
        ratio = np.minimum(ss.ndtr(-(z + float(q) * s)) / Q, 1)
        with np.errstate(divide="ignore"):
            return np.sum(w * k * st.norm.pdf(z) * Q**(k - 1) * -np.expm1((k - 1) * np.log1p(-ratio)), axis=1)
    return gauss(float(q), df, tail)


def gauss_dunnett(t, lam, df, alternative):
    z, w = legendre(-30, 30, 60)
    t = float(-t if alternative == "less" else t)
    def tail(s):
        inside = 0
        for l in map(float, lam):
            c_ = math.sqrt(1 - l * l)
            out = ss.ndtr((l * z - t * s) / c_) + (ss.ndtr(-(l * z + t * s) / c_) if alternative == "two_sided" else 0)
            with np.errstate(divide="ignore"):
                inside = inside + np.log1p(-np.minimum(out, 1))
        return np.sum(w * st.norm.pdf(z) * -np.expm1(inside), axis=1)
    return gauss(t, df, tail)


def quantile(sf_of, tail, guess):
    """The root of a tail by secants of its logarithm."""
    a, b = mp(guess), mp(guess) * mp("1.0001")
    fa, fb = log(sf_of(a)) - log(tail), log(sf_of(b)) - log(tail)
    for _ in range(12):
        if fb == fa:
            break
        a, b, fa = b, b - fb * (b - a) / (fb - fa), fb
        if abs(b - a) < mp(10) ** -16 * abs(b):
            break
        fb = log(sf_of(b)) - log(tail)
    return b


def pairs(k):
    return [(a, b) for a in range(k) for b in range(a + 1, k)]


def comparisons(ab, **columns):
    """One record for each pair out of columns of values; half is the width of half an interval."""
    out = []
    for i, (a, b) in enumerate(ab):
        row = {"a": a, "b": b}
        for key, v in columns.items():
            if key == "half":
                row["interval"] = {"low": columns["estimate"][i] - v[i], "high": columns["estimate"][i] + v[i]}
            else:
                row[key] = v[i]
        out.append(row)
    return {"comparisons": out}


def layout(groups):
    n, k = sum(map(len, groups)), len(groups)
    df = n - k
    mse = mpmath.fsum((len(g) - 1) * variance(g) for g in groups) / df
    ab = pairs(k)
    diff = [mean(groups[b]) - mean(groups[a]) for a, b in ab]
    se = [mpmath.sqrt(mse * (mp(1) / len(groups[a]) + mp(1) / len(groups[b]))) for a, b in ab]
    return n, k, df, ab, diff, se


def adjust(p, method):
    """Adjusted p-values by their definitions; Hommel's by closed testing, its others too where that is simple."""
    m = len(p)
    order = sorted(range(m), key=lambda i: p[i])
    s = [mp(p[i]) for i in order]
    harmonic = mpmath.fsum(mp(1) / (i + 1) for i in range(m))
    if method == "none":
        v = s
    elif method == "bonferroni":
        v = [m * x for x in s]
    elif method == "sidak":
        v = [1 - (1 - x)**m for x in s]
    elif method in ("holm", "holm_sidak"):
        one = [(m - i) * x if method == "holm" else 1 - (1 - x)**(m - i) for i, x in enumerate(s)]
        v = [max(one[:i + 1]) for i in range(m)]
    elif method == "hochberg":
        v = [min((m - j) * s[j] for j in range(i, m)) for i in range(m)]
    elif method in ("bh", "by"):
        v = [min(m * s[j] / (j + 1) * (harmonic if method == "by" else 1) for j in range(i, m)) for i in range(m)]
    elif method == "hommel":
        # The largest Simes p-value of a set that holds i: of all sets of a size, that with the largest others.
        v = []
        for i in range(m):
            worst = s[i]
            for size in range(1, m + 1):
                rest = [x for j, x in enumerate(s) if j != i][m - size:]
                chosen = sorted(rest + [s[i]])
                worst = max(worst, min(size * x / (j + 1) for j, x in enumerate(chosen)))
            v.append(worst)
    out = [None] * m
    for i, x in zip(order, v):
        out[i] = min(mp(1), x)
    return out


def lv(level):
    return {} if level == .95 else {"level": str(level)}


PTUKEY = "ptukey and qtukey of R carry about ten digits in the middle, fewer in the tails, and stop at 1e-14"

for name, groups, levels in [("PlantGrowth", PLANT, (.95, .9)), ("InsectSprays", SPRAY, (.95,)), ("unequal", UNEQUAL, (.95,)), ("two groups", TWO, (.99,)), ("small", SMALL, (.95,))]:
    n, k, df, ab, diff, se = layout(groups)
    q = [abs(d) / s * mpmath.sqrt(2) for d, s in zip(diff, se)]
    p = [range_sf(v, k, df) for v in q]
    for level in levels:
        tail = 1 - mp(str(level))
        critical = quantile(lambda v: range_sf(v, k, df), tail, st.studentized_range.ppf(level, k, df))
        data, more = {"groups": groups}, lv(level)
        theirs = [oracle("scipy studentized_range", {"comparisons": [{"p": st.tukey_hsd(*groups).pvalue[a][b]} for a, b in ab]}, 6, "its adaptive quadrature ends early in the tails")]
        c.add(f"{name} {level}", "tukey_hsd", data, more, oracle(QUADRATURE, comparisons(ab, estimate=diff, statistic=q, p=p, df=[[df]] * len(ab), half=[critical * s / mpmath.sqrt(2) for s in se]), *ENOUGH),
              gaussed([gauss_range(v, k, df) for v in q]), *(theirs if min(p) > 1e-7 else []),
              r=f"tukey(gr, {level}, {'TRUE' if min(p) > 1e-6 else 'FALSE'})", r_digits=6, r_note=PTUKEY)
        scheffe = [(d / s)**2 / (k - 1) for d, s in zip(diff, se)]
        f = inverse(lambda x: f_sf(x, k - 1, df), tail, st.f.isf(float(tail), k - 1, df))
        c.add(f"{name} {level}", "scheffe", data, more, oracle(FORMULA, comparisons(ab, estimate=diff, statistic=scheffe, p=[f_sf(v, k - 1, df) for v in scheffe], df=[[k - 1, df]] * len(ab),
              half=[mpmath.sqrt((k - 1) * f) * s for s in se])), oracle("scikit_posthocs", {"comparisons": [{"p": ph.posthoc_scheffe(groups).values[a][b]} for a, b in ab]}, 9, "p as 1 - cdf, or rounding"))
        for method, r_name in [("holm", "holm"), ("none", "none"), ("hommel", "hommel"), ("bh", "BH")]:
            raw = [2 * t_sf(abs(d / s), df) for d, s in zip(diff, se)]
            each = tail / 2 / (1 if method == "none" else len(ab))
            t = inverse(lambda x: t_sf(x, df), each, st.t.isf(float(each), df))
            c.add(f"{name} {level} {method}", "pairwise_t", data, dict(more, method=method),
                  oracle(FORMULA, comparisons(ab, estimate=diff, statistic=[d / s for d, s in zip(diff, se)], p=adjust(raw, method), half=[t * s for s in se])),
                  r=f"m <- pairwise.t.test(gr$v, gr$g, p.adjust.method = '{r_name}')$p.value; list(comparisons = rows(p = m[lower.tri(m, diag = TRUE)]))", r_digits=11, r_note="rounding of its statistics")
        welch, dfs = [], []
        for a, b in ab:
            va, vb = variance(groups[a]) / len(groups[a]), variance(groups[b]) / len(groups[b])
            welch.append(mpmath.sqrt(va + vb))
            dfs.append((va + vb)**2 / (va**2 / (len(groups[a]) - 1) + vb**2 / (len(groups[b]) - 1)))
        q2 = [abs(d) / s * mpmath.sqrt(2) for d, s in zip(diff, welch)]
        half = [quantile(lambda v: range_sf(v, k, nu), tail, st.studentized_range.ppf(level, k, float(nu))) * s / mpmath.sqrt(2) for nu, s in zip(dfs, welch)]
        gh = pingouin.pairwise_gameshowell(__import__("pandas").DataFrame({"v": sum(groups, []), "g": sum([[f"{i:02}"] * len(g) for i, g in enumerate(groups)], [])}), dv="v", between="g")
        c.add(f"{name} {level}", "games_howell", data, more, oracle(QUADRATURE, comparisons(ab, estimate=diff, statistic=q2, p=[range_sf(v, k, nu) for v, nu in zip(q2, dfs)], df=[[v] for v in dfs], half=half), *ENOUGH),
              gaussed([gauss_range(v, k, nu) for v, nu in zip(q2, dfs)]),
              oracle("pingouin", {"comparisons": [{"df": [v]} for v in gh["df"]]}, 10, "its rounding"),
              r=None if name == "small" else f"t <- games_howell_test(data.frame(v = gr$v, g = gr$g), v ~ g, conf.level = {level}, detailed = TRUE); list(comparisons = rows(estimate = t$estimate, interval = within(t$conf.low, t$conf.high)))", r_digits=6, r_note=PTUKEY)

n, k, df, ab, diff, se = layout(APART)
q = [abs(d) / s * mpmath.sqrt(2) for d, s in zip(diff, se)]
c.add("far apart", "tukey_hsd", {"groups": APART}, {}, oracle(QUADRATURE, comparisons(ab, estimate=diff, statistic=q, p=[range_sf(v, k, df, 60) for v in q]), 9, "the difference from 1 in 60 digits"), gaussed([gauss_range(v, k, df) for v in q]),
      r="list(comparisons = rows(estimate = TukeyHSD(aov(v ~ g, gr))$g[, 1]))")

for name, groups, level in [("PlantGrowth", PLANT, .95), ("InsectSprays", SPRAY, .95), ("unequal", UNEQUAL, .9), ("one treatment", TWO, .95)]:
    n, k, df, ab, diff, se = layout(groups)
    control = [i for i, (a, b) in enumerate(ab) if a == 0]
    ab, diff, se = [ab[i] for i in control], [diff[i] for i in control], [se[i] for i in control]
    t = [d / s for d, s in zip(diff, se)]
    lam = [mpmath.sqrt(mp(len(g)) / (len(g) + len(groups[0]))) for g in groups[1:]]
    critical = None
    for alternative, r_name in [("two_sided", "two.sided"), ("greater", "greater"), ("less", "less")]:
        p = [dunnett_sf(abs(v) if alternative == "two_sided" else v, lam, df, alternative) for v in t]
        want = comparisons(ab, estimate=diff, statistic=t, p=p, df=[[df]] * len(ab))
        if alternative == "two_sided":
            tail = 1 - mp(str(level))
            critical = quantile(lambda v: dunnett_sf(v, lam, df), tail, st.t.isf(float(tail) / 2 / len(lam), df))
        for row, d, s in zip(want["comparisons"], diff, se):
            row["interval"] = {"low": d - critical * s, "high": d + critical * s}
        with np.errstate(all="ignore"):
            loose = st.dunnett(*groups[1:], control=groups[0], alternative=r_name.replace(".", "-"), random_state=1)
        small = min(p) < 1e-4
        c.add(f"{name} {alternative}", "dunnett", {"groups": groups}, dict(lv(level), alternative=alternative), oracle(QUADRATURE, want, *ENOUGH),
              gaussed([gauss_dunnett(abs(v) if alternative == "two_sided" else v, lam, df, alternative) for v in t]),
              oracle("scipy", {"comparisons": [{"statistic": v} for v in loose.statistic]}, 11, "its rounding"),
              r=f"s <- summary(glht(aov(v ~ g, gr), linfct = mcp(g = 'Dunnett'), alternative = '{r_name}'), test = adjusted(abseps = 1e-10, maxpts = 2e6)); list(comparisons = rows(estimate = as.numeric(s$test$coefficients), statistic = as.numeric(s$test$tstat){'' if small else ', p = as.numeric(s$test$pvalues)'}))",
              r_digits=3 if k > 3 else 9, r_note="mvtnorm draws random lattices, to about 1e-10 for two treatments and 1e-4 for more, absolutely")


# Ranks.
def midranks(values):
    s = sorted(values)
    return [mp(2 * s.index(v) + s.count(v) + 1) / 2 for v in values]


for name, groups in [("PlantGrowth", PLANT), ("InsectSprays, ties", SPRAY), ("unequal", UNEQUAL), ("ties", TIES), ("two groups", TWO)]:
    n, k, _, ab, _, _ = layout(groups)
    ranks = midranks(sum(groups, []))
    by, at = [], 0
    for g in groups:
        by.append(ranks[at:at + len(g)])
        at += len(g)
    means = [mean(r) for r in by]
    diff = [means[b] - means[a] for a, b in ab]
    inverse_n = [mp(1) / len(groups[a]) + mp(1) / len(groups[b]) for a, b in ab]
    s2 = variance(ranks)
    h = mpmath.fsum(len(r) * (m - mp(n + 1) / 2)**2 for r, m in zip(by, means)) / s2
    frame = __import__("pandas").DataFrame({"v": sum(groups, []), "g": sum([[i] * len(g) for i, g in enumerate(groups)], [])})
    for method, r_name, level in [("holm", "holm", .95), ("none", "none", .9), ("bonferroni", "bonferroni", .95), ("bh", "BH", .95), ("hommel", "hommel", .99)]:
        each = (1 - mp(str(level))) / 2 / (1 if method == "none" else len(ab))
        se = [mpmath.sqrt(s2 * v) for v in inverse_n]
        z = [d / s for d, s in zip(diff, se)]
        data, more = {"groups": groups}, dict(lv(level), method=method)
        c.add(f"{name} {method}", "dunn", data, more, oracle(FORMULA, comparisons(ab, estimate=diff, statistic=z, p=adjust([2 * sf(abs(v)) for v in z], method), half=[z_of(1 - each) * s for s in se])),
              r=f"t <- dunn_test(data.frame(v = gr$v, g = gr$g), v ~ g, p.adjust.method = '{r_name}', detailed = TRUE); list(comparisons = rows(estimate = t$estimate, statistic = t$statistic, p = t$p.adj))", r_digits=11, r_note="rounding")
        df = n - k
        se = [mpmath.sqrt(s2 * (n - 1 - h) / df * v) for v in inverse_n]
        t = [d / s for d, s in zip(diff, se)]
        quantile_t = inverse(lambda x: t_sf(x, df), each, st.t.isf(float(each), df))
        their = ph.posthoc_conover(groups, p_adjust=None if method == "none" else {"bh": "fdr_bh"}.get(method, method)).values
        c.add(f"{name} {method}", "conover", data, more, oracle(FORMULA, comparisons(ab, estimate=diff, statistic=t, p=adjust([2 * t_sf(abs(v), df) for v in t], method), df=[[df]] * len(ab), half=[quantile_t * s for s in se])),
              oracle("scikit_posthocs", {"comparisons": [{"p": their[a][b]} for a, b in ab]}, 10, "its rounding"))
    q = [abs(d) / mpmath.sqrt(mp(n) * (n + 1) / 24 * v) for d, v in zip(diff, inverse_n)]
    critical = quantile(lambda v: range_sf(v, k, math.inf), mp("0.05"), st.studentized_range.ppf(.95, k, 1e6))
    their = ph.posthoc_nemenyi(groups, dist="tukey").values
    c.add(name, "nemenyi", {"groups": groups}, {}, oracle(QUADRATURE, comparisons(ab, estimate=diff, statistic=q, p=[range_sf(v, k, math.inf) for v in q], half=[critical * mpmath.sqrt(mp(n) * (n + 1) / 24 * v) for v in inverse_n]), *ENOUGH), gaussed([gauss_range(v, k, math.inf) for v in q]),
          oracle("scikit_posthocs", {"comparisons": [{"p": their[a][b]} for a, b in ab]}, 4, "statsmodels clips and interpolates; scipy ends early"))

for name, blocks in [("rounding first base", BASES), ("five treatments", BLOCKS)]:
    n, k = len(blocks), len(blocks[0])
    ranks = [midranks(b) for b in blocks]
    sums = [mpmath.fsum(r[j] for r in ranks) for j in range(k)]
    squares = mpmath.fsum(v * v for r in ranks for v in r)
    ab = pairs(k)
    diff = [(sums[b] - sums[a]) / n for a, b in ab]
    se = mpmath.sqrt(mp(k) * (k + 1) / (12 * n))
    q = [abs(d) / se for d in diff]
    critical = quantile(lambda v: range_sf(v, k, math.inf), mp("0.05"), st.studentized_range.ppf(.95, k, 1e6))
    their = ph.posthoc_nemenyi_friedman(np.array(blocks)).values
    c.add(name, "nemenyi", {"blocks": blocks}, {}, oracle(QUADRATURE, comparisons(ab, estimate=diff, statistic=q, p=[range_sf(v, k, math.inf) for v in q], half=[critical * se] * len(ab)), *ENOUGH), gaussed([gauss_range(v, k, math.inf) for v in q]),
          oracle("scikit_posthocs", {"comparisons": [{"p": their[a][b]} for a, b in ab]}, 4, "its studentized range has a large finite number of degrees of freedom"))
    df = (n - 1) * (k - 1)
    se = mpmath.sqrt(2 * (n * squares - mpmath.fsum(v * v for v in sums)) / df) / n
    t = [d / se for d in diff]
    for method, r_name in [("holm", "holm"), ("none", "none")]:
        each = mp("0.025") / (1 if method == "none" else len(ab))
        quantile_t = inverse(lambda x: t_sf(x, df), each, st.t.isf(float(each), df))
        c.add(f"{name} {method}", "conover", {"blocks": blocks}, {"method": method}, oracle(FORMULA, comparisons(ab, estimate=diff, statistic=t, p=adjust([2 * t_sf(abs(v), df) for v in t], method), half=[quantile_t * se] * len(ab))),
              r=f"m <- do.call(rbind, d$blocks); r <- t(apply(m, 1, rank)); b <- nrow(r); k <- ncol(r); R <- colSums(r); A <- sum(r^2); C <- b * k * (k + 1)^2 / 4; T1 <- (k - 1) * sum((R - b * (k + 1) / 2)^2) / (A - C); s <- sqrt(2 * b * (A - C) / ((b - 1) * (k - 1)) * (1 - T1 / (b * (k - 1)))); o <- combn(k, 2); t <- (R[o[2, ]] - R[o[1, ]]) / s; list(comparisons = rows(statistic = t, p = p.adjust(2 * pt(-abs(t), (b - 1) * (k - 1)), '{r_name}')))", r_digits=11, r_note="rounding")

# Adjustments.
STATSMODELS = {"holm_sidak": "holm-sidak", "hochberg": "simes-hochberg", "bh": "fdr_bh", "by": "fdr_by"}
R_NAMES = {"bh": "BH", "by": "BY"}
families = {"twelve": [0.0102, 0.0036, 0.072, 0.18, 0.5, 0.7, 0.021, 0.0001, 0.9, 0.04, 0.3, 0.031],
            "ties": [.05, .01, .05, .2, .01, .2, .05], "tiny": [1e-30, 1e-200, 3e-18, .5, 2e-10, .04], "ends": [0.2, 1, .01, 1, .99], "one": [.03],
            "all small": [.011, .012, .013, .014, .015], "hundred": [v**3 for v in floats(60, 100, "uniform")]}
for name, p in families.items():
    for method in ["holm", "bonferroni", "sidak", "holm_sidak", "hochberg", "hommel", "bh", "by", "none"]:
        want = [oracle(FORMULA, {"adjusted": adjust(p, method)})]
        if method not in ("none", "hommel"):
            note = (6, "1 - (1 - p)^m loses the digits of small p") if "sidak" in method else (12, None)
            if "sidak" in method and name == "tiny":
                note = (0.001, "1 - (1 - p)^m loses small p altogether")
            with np.errstate(all="ignore"):
                want.append(oracle("statsmodels", {"adjusted": list(multipletests(p, method=STATSMODELS.get(method, method))[1])}, *note))
        r = None if "sidak" in method else f"list(adjusted = I(p.adjust(unlist(d$p), '{R_NAMES.get(method, method)}')))"
        c.add(name, "adjust", {"p": p}, {"method": method}, *want, r=r)
    for method, theirs in [("tsbh", "fdr_tsbh"), ("tsbky", "fdr_tsbky")]:
        for alpha in (.05, .2):
            q = alpha if method == "tsbh" else alpha / (1 + alpha)
            c.add(f"{name} {alpha}", "adjust", {"p": p}, {"method": method, "alpha": str(alpha)}, oracle("statsmodels", {"adjusted": list(multipletests(p, alpha=alpha, method=theirs)[1])}),
                  r=f"p <- unlist(d$p); b <- p.adjust(p, 'BH'); r <- sum(b <= {q}); f <- {1 if method == 'tsbh' else 1 + alpha}; if (r > 0 && r < length(p)) f <- f * (length(p) - r) / length(p); list(adjusted = I(pmin(1, b * f)))")

for name, groups in [("unequal", UNEQUAL), ("far apart", APART), ("small", SMALL), ("two groups", TWO)]:
    ab = pairs(len(groups))
    raw = [st.mannwhitneyu(groups[b], groups[a], method="exact") for a, b in ab]
    shifts = [np.median(np.subtract.outer(groups[b], groups[a])) for a, b in ab]
    for method, r_name in [("holm", "holm"), ("none", "none"), ("bh", "BH"), ("hommel", "hommel")]:
        c.add(f"{name} {method}", "pairwise_wilcoxon", {"groups": groups}, {"method": method},
              oracle("scipy: mannwhitneyu", comparisons(ab, estimate=shifts, statistic=[v.statistic for v in raw], p=adjust([v.pvalue for v in raw], method))),
              r=f"m <- pairwise.wilcox.test(gr$v, gr$g, p.adjust.method = '{r_name}', exact = TRUE)$p.value; list(comparisons = rows(p = m[lower.tri(m, diag = TRUE)]))")

c.write("R (stats, multcomp, rstatix), scipy, statsmodels, pingouin, scikit_posthocs, and the definitions in mpmath",
        f"Python {platform.python_version()}, scipy {scipy.__version__}, statsmodels {statsmodels.__version__}, pingouin {pingouin.__version__}, scikit_posthocs {ph.__version__}, mpmath {mpmath.__version__}, R 4.2.2",
        "python3 posthoc.py > cases/posthoc.json")
