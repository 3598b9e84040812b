"""Writes the reference values of association and agreement:

    python3 association.py > cases/association.json

It needs scipy, statsmodels, pingouin, scikit-learn, krippendorff, mpmath, and R with
psych, vcd and jsonlite. Beside these programs stand the definitions themselves, in
rational arithmetic or in 50 digits (mpmath).
"""

import itertools
import math
import platform
import warnings
from fractions import Fraction

import krippendorff
import numpy as np
import pandas as pd
import pingouin as pg
import scipy
import scipy.stats as st
import statsmodels
from sklearn.metrics import cohen_kappa_score, matthews_corrcoef
from statsmodels.stats import inter_rater

from oracle import *

warnings.simplefilter("ignore")
c = Cases("association.R")
FORMULA = "mpmath: the formula in 50 digits"
ORDERS = "rational: all ways to pair the values"
SIDES = [("two_sided", "two-sided", "two.sided"), ("greater", "greater", "greater"), ("less", "less", "less")]

CARS_MPG = [21, 21, 22.8, 21.4, 18.7, 18.1, 14.3, 24.4, 22.8, 19.2, 17.8, 16.4, 17.3, 15.2, 10.4, 10.4, 14.7, 32.4, 30.4, 33.9, 21.5, 15.5, 15.2, 13.3, 19.2, 27.3, 26, 30.4, 15.8, 19.7, 15, 21.4]
CARS_WT = [2.62, 2.875, 2.32, 3.215, 3.44, 3.46, 3.57, 3.19, 3.15, 3.44, 3.44, 4.07, 3.73, 3.78, 5.25, 5.424, 5.345, 2.2, 1.615, 1.835, 2.465, 3.52, 3.435, 3.84, 3.845, 1.935, 2.14, 1.513, 3.17, 2.77, 3.57, 2.78]
CARS_HP = [110, 110, 93, 110, 175, 105, 245, 62, 95, 123, 123, 123, 180, 180, 180, 205, 215, 230, 66, 52, 65, 97, 150, 150, 245, 175, 66, 91, 113, 264, 175, 335]
HUNTER_L = [44.4, 45.9, 41.9, 53.3, 44.7, 44.1, 50.7, 45.2, 60.1]
PANEL = [2.6, 3.1, 2.5, 5.0, 3.6, 4.0, 5.2, 2.8, 3.8]
noisy = lambda seed, x, by: [round(v + by * e, 9) for v, e in zip(x, floats(seed, len(x)))]
base = floats(50, 200)
PAIRS = {
    "mtcars": (CARS_MPG, CARS_WT), "tuna": (HUNTER_L, PANEL), "three": ([1.0, 2.0, 4.0], [2.0, 1.0, 7.0]),
    "six with ties": ([1.0, 1.0, 2.0, 3.0, 3.0, 5.0], [2.0, 3.0, 3.0, 3.0, 8.0, 9.0]), "binary": ([0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0, 0.0], floats(51, 8)),
    "eight": (floats(52, 8), noisy(53, floats(52, 8), 1)), "close": (base, noisy(54, base, 0.02)),
    "weak": (base, noisy(55, floats(56, 200), 1)), "opposite": (base[:60], [-v for v in noisy(57, base[:60], 0.3)]),
    "ties 150": (floats(58, 150, "ties"), [a + b for a, b in zip(floats(58, 150, "ties"), floats(59, 150, "ties"))]),
    "far from 0": ([1e7 + v for v in floats(60, 30, "ties")], floats(61, 30, "ties")),
    "ten": (floats(62, 10), noisy(63, floats(62, 10), 2)), "twenty": (floats(64, 20), noisy(65, floats(64, 20), 1.5)),
    "1000": (floats(66, 1000), noisy(67, floats(66, 1000), 12)),
}


def corr(x, y):
    mx, my = mean(x), mean(y)
    xy = mpmath.fsum((mp(a) - mx) * (mp(b) - my) for a, b in zip(x, y))
    return xy / mpmath.sqrt(mpmath.fsum((mp(a) - mx)**2 for a in x) * mpmath.fsum((mp(b) - my)**2 for b in y))


def t_p(t, df, side):
    return {"two_sided": 2 * t_sf(abs(t), df), "greater": t_sf(t, df), "less": t_sf(-t, df)}[side]


def fisher(r, spread, df, level):
    h = -z_of((1 - mp(str(level))) / 2) * mpmath.sqrt(spread / df)
    h = abs(h)
    return {"low": mpmath.tanh(mpmath.atanh(r) - h), "high": mpmath.tanh(mpmath.atanh(r) + h)}


for name, (x, y) in PAIRS.items():
    r, n = corr(x, y), len(x)
    t = r * mpmath.sqrt((n - 2) / (1 - r * r))
    for side, scipy_name, r_name in SIDES:
        for level in (.95, .9):
            values = {"statistic": t, "df": [n - 2], "log_p": log(t_p(t, n - 2, side)), "estimate": r}
            if t_p(t, n - 2, side) > .99:
                del values["log_p"]
                values["p"] = t_p(t, n - 2, side)
            if n > 3:
                values["interval"] = fisher(r, 1, n - 3, level)
            e = st.pearsonr(x, y, alternative=scipy_name)
            few = "sums without compensation, and 1 - r² as a difference"
            c.add(f"{name} {side} {level}", "pearson", {"x": x, "y": y}, {"alternative": side, "level": str(level)}, oracle(FORMULA, values),
                  oracle("scipy", {"estimate": e.statistic, "p": e.pvalue}, 9, few),
                  r=f"h <- cor.test(x, y, alternative = '{r_name}'); i <- cor.test(x, y, conf.level = {level}); c(ht(h), list(df = h$parameter, estimate = h$estimate" + (", interval = list(low = i$conf.int[1], high = i$conf.int[2])" if n > 3 else "") + "))",
                  r_digits=9, r_note=few)
            if level == .9:
                continue
    for side, scipy_name, r_name in SIDES:
        if n <= 8:
            fx, fy = [Fraction(v) for v in x], [Fraction(v) for v in y]
            fx = [v - sum(fx) / n for v in fx]
            stat = lambda w: sum(a * b for a, b in zip(fx, w)) - sum(fx) * sum(w) / n
            seen = stat(fy)
            hits = sum({"two_sided": abs(v) >= abs(seen), "greater": v >= seen, "less": v <= seen}[side] for v in map(stat, itertools.permutations(fy)))
            c.add(f"{name} {side} permutation", "pearson", {"x": x, "y": y}, {"alternative": side, "method": "permutation"},
                  oracle(ORDERS, {"p": mp(hits) / math.factorial(n), "estimate": r}, exact=True))

# Ranks.
def doubled(x):
    return [Fraction(int(round(2 * v))) for v in st.rankdata(x)]


def score(x, y):
    return sum(((x[i] > x[j]) - (x[i] < x[j])) * ((y[i] > y[j]) - (y[i] < y[j])) for i in range(len(x)) for j in range(i))


def kendall_z(x, y):
    n = len(x)
    tx, ty = [np.unique(v, return_counts=True)[1].tolist() for v in (x, y)]
    f = lambda t, g: sum(g(k) for k in t)
    a = lambda k: k * (k - 1) * (2 * k + 5)
    b = lambda k: k * (k - 1)
    d = lambda k: k * (k - 1) * (k - 2)
    var = mp(a(n) - f(tx, a) - f(ty, a)) / 18 + mp(f(tx, b) * f(ty, b)) / (2 * n * (n - 1)) + mp(f(tx, d) * f(ty, d)) / (9 * n * (n - 1) * (n - 2))
    return score(x, y) / mpmath.sqrt(var), score(x, y) / mpmath.sqrt(mp(b(n) - f(tx, b)) * (b(n) - f(ty, b)) / 4)


for name, (x, y) in PAIRS.items():
    n = len(x)
    rx, ry = doubled(x), doubled(y)
    rho = corr([float(v) for v in rx], [float(v) for v in ry])
    ties = len(set(x)) < n or len(set(y)) < n
    S = (mp(n)**3 - n) / 6 * (1 - rho)
    z, tau = kendall_z(x, y)
    one = abs(rho) > 1 - mp(10)**-30
    for side, scipy_name, r_name in SIDES:
        e = st.spearmanr(x, y, alternative=scipy_name)
        if not one:
            t = rho * mpmath.sqrt((n - 2) / (1 - rho**2))
            p = t_p(t, n - 2, side)
            values = {"statistic": S, "estimate": rho, "log_p" if p < .99 else "p": log(p) if p < .99 else p}
            if n > 3:
                values["interval"] = fisher(rho, 1 + rho**2 / 2, n - 3, .95)
            c.add(f"{name} {side} t", "spearman", {"x": x, "y": y}, {"alternative": side, "method": "t"}, oracle(FORMULA, values),
                  oracle("scipy", {"estimate": e.statistic, "p": e.pvalue}, 10, "scipy takes 1 - r² as a difference"),
                  r=f"r <- cor(rank(x), rank(y)); n <- length(x); k <- r * sqrt((n - 2) / (1 - r^2)); h <- suppressWarnings(cor.test(x, y, method = 'spearman', exact = FALSE, alternative = '{r_name}')); list(statistic = h$statistic, estimate = h$estimate, p = h$p.value)",
                  r_digits=9, r_note="R takes 1 - r² as a difference")
        if n <= 8:
            seen = sum(a * b for a, b in zip(rx, ry)) - Fraction(n * (n + 1)**2)
            hits = sum({"two_sided": abs(v) >= abs(seen), "greater": v >= seen, "less": v <= seen}[side]
                       for v in (sum(a * b for a, b in zip(rx, w)) - Fraction(n * (n + 1)**2) for w in itertools.permutations(ry)))
            c.add(f"{name} {side} exact", "spearman", {"x": x, "y": y}, {"alternative": side}, oracle(ORDERS, {"p": mp(hits) / math.factorial(n), "estimate": rho}, exact=True),
                  r=None if ties else f"h <- cor.test(x, y, method = 'spearman', exact = TRUE, alternative = '{r_name}'); list(statistic = h$statistic, estimate = h$estimate, p = h$p.value)")
            seen = score(x, y)
            hits = sum({"two_sided": abs(v) >= abs(seen), "greater": v >= seen, "less": v <= seen}[side] for v in (score(x, w) for w in itertools.permutations(y)))
            c.add(f"{name} {side} exact", "kendall", {"x": x, "y": y}, {"alternative": side}, oracle(ORDERS, {"p": mp(hits) / math.factorial(n), "estimate": tau}, exact=True),
                  r=None if ties else f"h <- cor.test(x, y, method = 'kendall', exact = TRUE, alternative = '{r_name}'); list(statistic = h$statistic, estimate = h$estimate, p = h$p.value)")
        elif not ties and n <= 150:
            # Numbers of orders by inversions.
            ways = [1]
            for i in range(1, n):
                run, new = 0, []
                for k in range(len(ways) + i):
                    run += ways[k] if k < len(ways) else 0
                    run -= ways[k - i - 1] if k - i - 1 >= 0 else 0
                    new.append(run)
                ways = new
            con = (score(x, y) + n * (n - 1) // 2) // 2
            up, down = Fraction(sum(ways[con:]), math.factorial(n)), Fraction(sum(ways[:con + 1]), math.factorial(n))
            p = {"two_sided": min(Fraction(1), 2 * min(up, down)), "greater": up, "less": down}[side]
            e = st.kendalltau(x, y, method="exact", alternative=scipy_name)
            c.add(f"{name} {side} exact", "kendall", {"x": x, "y": y}, {"alternative": side, "method": "exact"},
                  oracle("rational: orders by inversions", {"p": mp(p.numerator) / p.denominator, "estimate": tau, "statistic": con}, exact=True),
                  *([] if side != "two_sided" else [oracle("scipy", {"p": e.pvalue, "estimate": e.statistic}, 10, "scipy rounds its numbers of orders")]),
                  r=f"h <- cor.test(x, y, method = 'kendall', exact = TRUE, alternative = '{r_name}'); list(statistic = h$statistic, estimate = h$estimate, p = h$p.value)",
                  r_digits=10, r_note="R takes one tail as one less the other") if p > Fraction(1, 10**8) else \
                c.add(f"{name} {side} exact", "kendall", {"x": x, "y": y}, {"alternative": side, "method": "exact"},
                      oracle("rational: orders by inversions", {"log_p": log(mp(p.numerator) / p.denominator), "estimate": tau, "statistic": con}, exact=True))
        p = {"two_sided": 2 * sf(abs(z)), "greater": sf(z), "less": sf(-z)}[side]
        e = st.kendalltau(x, y, method="asymptotic", alternative=scipy_name)
        values = {"statistic": z, "estimate": tau, "p": p}
        if n > 4:
            values["interval"] = fisher(tau, mp("0.437"), n - 4, .95)
        c.add(f"{name} {side} asymptotic", "kendall", {"x": x, "y": y}, {"alternative": side, "method": "asymptotic"}, oracle(FORMULA, values),
              oracle("scipy", {"p": e.pvalue, "estimate": e.statistic}, 11, "rounding of its variance"),
              r=f"h <- suppressWarnings(cor.test(x, y, method = 'kendall', exact = FALSE, alternative = '{r_name}')); list(statistic = h$statistic, estimate = h$estimate, p = h$p.value)", r_digits=11, r_note="rounding of its variance")
for name in ["ten", "twenty", "close", "weak", "opposite"]:
    x, y = PAIRS[name]
    n = len(x)
    rx, ry = doubled(x), doubled(y)
    S = int(sum((a - b)**2 for a, b in zip(rx, ry)) / 4)
    def tail(s):
        b = 1 / mp(n)
        v = (6 * (s - 1) * b / (mp(n)**2 - 1) - 1) * mpmath.sqrt(n - 1)
        w = v * v
        k = [mp(q) for q in "0 .2274 .2531 .1745 .0758 .1033 .3932 .0879 .0151 .0072 .0831 .0131 .00046".split()]
        u = v * b * (k[1] + b * (k[2] + k[3] * b) + w * (-k[4] + b * (k[5] + k[6] * b) - w * b * (k[7] + k[8] * b - w * (k[9] - k[10] * b + w * b * (k[11] - k[12] * w)))))
        return u / mpmath.exp(w / 2) + sf(v)
    for side, _, r_name in SIDES:
        up, down = tail(S), tail((n**3 - n) // 3 - S)
        p = {"two_sided": min(1, 2 * min(up, down)), "greater": down, "less": up}[side]
        if 1e-6 < p < .999:
            c.add(f"{name} {side} edgeworth", "spearman", {"x": x, "y": y}, {"alternative": side, "method": "edgeworth"}, oracle(FORMULA, {"p": p, "statistic": S}),
                  r=f"h <- cor.test(x, y, method = 'spearman', exact = TRUE, alternative = '{r_name}'); list(p = h$p.value)", r_digits=2 if p < 1e-3 else 5 if n > 15 else 3,
                  r_note="R takes one tail as one less the other, two steps of S further where S is small" )

for name, (x, y, z) in {"mtcars": (CARS_MPG, CARS_WT, CARS_HP), "random": (floats(70, 40), noisy(71, floats(70, 40), 2), noisy(72, floats(70, 40), 1))}.items():
    n = len(x)
    xy, xz, yz = corr(x, y), corr(x, z), corr(y, z)
    r = (xy - xz * yz) / mpmath.sqrt((1 - xz**2) * (1 - yz**2))
    t = r * mpmath.sqrt((n - 3) / (1 - r * r))
    e = pg.partial_corr(pd.DataFrame({"x": x, "y": y, "z": z}), "x", "y", "z")
    c.add(name, "partial_correlation", {"x": x, "y": y, "covariate": z}, {}, oracle(FORMULA, {"statistic": t, "df": [n - 3], "estimate": r, "log_p": log(t_p(t, n - 3, "two_sided")), "interval": fisher(r, 1, n - 4, .95)}),
          oracle("pingouin", {"estimate": e["r"].iloc[0], "p": e[[k for k in e.columns if k.startswith("p")][0]].iloc[0]}, 10, "pingouin inverts a covariance matrix"),
          r="a <- resid(lm(x ~ z)); b <- resid(lm(y ~ z)); r <- cor(a, b); n <- length(x); k <- r * sqrt((n - 3) / (1 - r^2)); list(statistic = k, df = n - 3, estimate = r, p = 2 * pt(-abs(k), n - 3))", r_digits=10, r_note="residuals of lm")


# Agreement.
def weights(kind, q):
    return [[mp(1) if i == j else mp(0) if kind == "none" else 1 - mp(abs(i - j)) / (q - 1) if kind == "linear" else 1 - mp((i - j)**2) / (q - 1)**2 for j in range(q)] for i in range(q)]


def kappa(t, kind):
    q, n = len(t), mp(sum(map(sum, t)))
    w = weights(kind, q)
    p = [[v / n for v in row] for row in t]
    a = [sum(row) for row in p]
    b = [sum(p[i][j] for i in range(q)) for j in range(q)]
    cells = list(itertools.product(range(q), range(q)))
    po, pe = sum(w[i][j] * p[i][j] for i, j in cells), sum(w[i][j] * a[i] * b[j] for i, j in cells)
    wi = [sum(b[j] * w[i][j] for j in range(q)) for i in range(q)]
    wj = [sum(a[i] * w[i][j] for i in range(q)) for j in range(q)]
    var = (sum(p[i][j] * (w[i][j] * (1 - pe) - (wi[i] + wj[j]) * (1 - po))**2 for i, j in cells) - (po * pe - 2 * pe + po)**2) / (n * (1 - pe)**4)
    null = (sum(a[i] * b[j] * (w[i][j] - (wi[i] + wj[j]))**2 for i, j in cells) - pe**2) / (n * (1 - pe)**2)
    return (po - pe) / (1 - pe), mpmath.sqrt(var), mpmath.sqrt(null), po, pe


TABLES = {"two by two": [[20, 5], [10, 15]], "fleiss 1969": [[53, 5, 2], [11, 14, 5], [1, 6, 3]], "diagnosis": [[106, 10, 4], [22, 28, 10], [2, 12, 6]],
          "five": [[14, 3, 1, 0, 0], [2, 20, 5, 1, 0], [0, 4, 31, 6, 1], [0, 1, 7, 18, 4], [0, 0, 1, 2, 11]], "opposite": [[1, 20], [22, 3]], "large": [[400000, 1000], [2000, 97000]],
          "unused": [[10, 2, 0], [3, 9, 0], [0, 0, 0]]}
Z95 = abs(z_of(mp("0.025")))
for name, t in TABLES.items():
    for kind in ["none", "linear", "quadratic"]:
        k, se, se0, po, pe = kappa(t, kind)
        values = {"estimate": k, "statistic": k / se0, "interval": {"low": max(mp(-1), k - Z95 * se), "high": min(mp(1), k + Z95 * se)},
                  "details": {"observed_agreement": po, "expected_agreement": pe, "se": se, "se0": se0}}
        for side, _, _ in SIDES:
            p = {"two_sided": 2 * sf(abs(k / se0)), "greater": sf(k / se0), "less": sf(-k / se0)}[side]
            m = inter_rater.cohens_kappa(np.array(t), wt={"none": None, "linear": "linear", "quadratic": "quadratic"}[kind])
            c.add(f"{name} {kind} {side}", "cohen_kappa", {"table": t}, {"weights": kind, "alternative": side}, oracle(FORMULA, {**values, **({"log_p": log(p)} if p < .99 else {"p": p})}),
                  oracle("statsmodels", {"estimate": m.kappa, "details": {"se": m.std_kappa, "se0": m.std_kappa0}}, 9, "statsmodels takes variances as differences"),
                  r="k <- vcd::Kappa(tab%s)$%s; list(estimate = k[1], details = list(se = k[2]))" % ("" if kind != "quadratic" else ", weights = 'Fleiss-Cohen'", "Unweighted" if kind == "none" else "Weighted") if name != "unused" else None,
                  r_digits=9, r_note="R takes variances as differences", r_oracle="R vcd")
labels = ([3, 1, 2, 2, 7, 7, 1, 3, 2, 2, 7, 1], [3, 1, 2, 3, 7, 2, 1, 3, 2, 1, 7, 1])
for kind in ["none", "linear", "quadratic"]:
    vals = sorted(set(labels[0] + labels[1]))
    t = [[sum(a == u and b == v for a, b in zip(*labels)) for v in vals] for u in vals]
    c.add(f"labels {kind}", "cohen_kappa", {"x": labels[0], "y": labels[1]}, {"weights": kind}, oracle(FORMULA, {"estimate": kappa(t, kind)[0]}),
          oracle("scikit-learn", {"estimate": cohen_kappa_score(*labels, weights=None if kind == "none" else kind)}))


def chance(counts, kind, rule):
    """Agreement after Gwet: counts of raters by item and category, each with a multiplicity."""
    q = len(counts[0][0])
    w = weights(kind, q)
    n = mp(sum(m for _, m in counts))
    pairs = mp(sum(m for row, m in counts if sum(row) >= 2))
    pi = [sum(m * mp(row[k]) / sum(row) for row, m in counts) / n for k in range(q)]
    def inner(row):
        r = sum(row)
        return sum(row[k] * (sum(w[k][l] * row[l] for l in range(q)) - 1) for k in range(q)) / (r * (r - 1)) if r >= 2 else None
    po = sum(m * inner(row) for row, m in counts if sum(row) >= 2) / pairs
    tw = sum(map(sum, w))
    def part(share):
        if rule == "fleiss":
            return sum(w[k][l] * share[k] * pi[l] for k in range(q) for l in range(q))
        return tw / (q * (q - 1)) * sum(share[k] * (1 - pi[k]) for k in range(q))
    pe = part(pi)
    est = (po - pe) / (1 - pe)
    ss = mp(0)
    for row, m in counts:
        own = part([mp(v) / sum(row) for v in row])
        k = (n / pairs * (inner(row) - pe) / (1 - pe) if sum(row) >= 2 else 0) - 2 * (1 - est) * (own - pe) / (1 - pe)
        ss += m * (k - est)**2
    return est, mpmath.sqrt(ss / (n * (n - 1))), po, pe, pi, n


def jackknifed(counts, kind, rule):
    """The standard error from the influence of each item, n times the derivative of the coefficient by its multiplicity."""
    n, ss = mp(sum(m for _, m in counts)), mp(0)
    for i, (_, many) in enumerate(counts):
        def coefficient(v):
            return chance([(row, v if j == i else m) for j, (row, m) in enumerate(counts)], kind, rule)[0]
        ss += many * (n * mpmath.diff(coefficient, mp(many)))**2
    return oracle("mpmath: the infinitesimal jackknife, by numerical differentiation", {"details": {"se": mpmath.sqrt(ss / (n * (n - 1)))}})


def t_quantile(df):
    return inverse(lambda v: t_sf(v, df), mp("0.025"), st.t.isf(.025, float(df)))


FLEISS = [[0, 0, 0, 0, 14], [0, 2, 6, 4, 2], [0, 0, 3, 5, 6], [0, 3, 9, 2, 0], [2, 2, 8, 1, 1], [7, 7, 0, 0, 0], [3, 2, 6, 3, 0], [2, 5, 3, 2, 2], [6, 5, 2, 1, 0], [0, 2, 2, 3, 7]]
r_rows = "p <- m / rowSums(m); a <- (rowSums(m^2) - rowSums(m)) / (rowSums(m) * (rowSums(m) - 1)); pi <- colMeans(p); "
for name, rows in {"wikipedia": FLEISS, "three raters": [[3, 0], [2, 1], [0, 3], [1, 2], [3, 0], [3, 0], [2, 1]], "forty": [[a, b, 6 - a - b] for a, b in [(int(u * 4), int(v * 3)) for u, v in zip(floats(80, 40, "uniform"), floats(81, 40, "uniform"))]]}.items():
    est, se, po, pe, pi, n = chance([(r, 1) for r in rows], "none", "fleiss")
    raters = sum(rows[0])
    s = sum(p * (1 - p) for p in pi)
    se0 = mpmath.sqrt(2 / (n * raters * (raters - 1))) * mpmath.sqrt(s**2 - sum(p * (1 - p) * (1 - 2 * p) for p in pi)) / s
    tq = t_quantile(n - 1)
    for side, _, _ in SIDES:
        z = est / se0
        p = {"two_sided": 2 * sf(abs(z)), "greater": sf(z), "less": sf(-z)}[side]
        c.add(f"{name} {side}", "fleiss_kappa", {"blocks": rows}, {"alternative": side}, oracle(FORMULA, {"estimate": est, "statistic": z, "p": p, "interval": {"low": max(mp(-1), est - tq * se), "high": min(mp(1), est + tq * se)}, "details": {"observed_agreement": po, "expected_agreement": pe, "se": se, "se0": se0}}),
              oracle("statsmodels", {"estimate": inter_rater.fleiss_kappa(np.array(rows))}), jackknifed([(r, 1) for r in rows], "none", "fleiss"),
              r=r_rows + "e <- sum(pi^2); k <- (mean(a) - e) / (1 - e); n <- nrow(m); q <- rowSums(m)[1]; s <- sum(pi * (1 - pi)); v <- sqrt(2 / (n * q * (q - 1)) * (s^2 - sum(pi * (1 - pi) * (1 - 2 * pi)))) / s; list(estimate = k, statistic = k / v)", r_oracle="R: formulas in R")
MISSING = [[3, 0, 0], [2, 1, 0], [0, 0, 1], [0, 4, 0], [1, 1, 1], [0, 0, 3], [5, 0, 0], [2, 0, 0], [0, 1, 0], [1, 0, 2]]
for name, rows in {"wikipedia": FLEISS, "missing": MISSING}.items():
    for kind in ["none", "linear", "quadratic"]:
        est, se, po, pe, pi, n = chance([(r, 1) for r in rows], kind, "gwet")
        tq = t_quantile(n - 1)
        q = len(rows[0])
        wr = {"none": "W <- diag(ncol(m))", "linear": "q <- ncol(m); W <- 1 - abs(outer(1:q, 1:q, '-')) / (q - 1)", "quadratic": "q <- ncol(m); W <- 1 - outer(1:q, 1:q, '-')^2 / (q - 1)^2"}[kind]
        c.add(f"{name} {kind}", "gwet_ac1", {"blocks": rows}, {"weights": kind}, oracle(FORMULA, {"estimate": est, "statistic": est / se, "p": 2 * t_sf(abs(est / se), n - 1), "df": [n - 1], "interval": {"low": max(mp(-1), est - tq * se), "high": min(mp(1), est + tq * se)}, "details": {"observed_agreement": po, "expected_agreement": pe, "se": se}}),
              *([jackknifed([(r, 1) for r in rows], kind, "gwet")] if name != "missing" else []),  # with ratings missing, Gwet's is not that of the jackknife
              r=wr + "; q <- ncol(m); r <- rowSums(m); p <- m / r; pi <- colMeans(p); a <- rowSums(m * (m %*% W - 1)) / (r * (r - 1)); e <- sum(W) / (q * (q - 1)) * sum(pi * (1 - pi)); o <- mean(a[r > 1]); k <- (o - e) / (1 - e); own <- sum(W) / (q * (q - 1)) * drop(p %*% (1 - pi)); n <- nrow(m); v <- ifelse(r > 1, n / sum(r > 1) * (a - e) / (1 - e), 0) - 2 * (1 - k) * (own - e) / (1 - e); list(estimate = k, details = list(observed_agreement = o, expected_agreement = e, se = sqrt(sum((v - k)^2) / (n * (n - 1)))))", r_oracle="R: formulas in R")
for name, t in TABLES.items():
    rows = []
    for i, row in enumerate(t):
        for j, v in enumerate(row):
            if v:
                x = [0] * len(t)
                x[i] += 1
                x[j] += 1
                rows.append((x, v))
    est, se, po, pe, pi, n = chance(rows, "none", "gwet")
    tq = t_quantile(n - 1)
    c.add(f"{name} table", "gwet_ac1", {"table": t}, {}, oracle(FORMULA, {"estimate": est, "interval": {"low": max(mp(-1), est - tq * se), "high": min(mp(1), est + tq * se)}, "details": {"se": se}}),
          jackknifed(rows, "none", "gwet"),
          r="n <- sum(tab); a <- (rowSums(tab) + colSums(tab)) / (2 * n); q <- nrow(tab); e <- sum(a * (1 - a)) / (q - 1); o <- sum(diag(tab)) / n; list(estimate = (o - e) / (1 - e))", r_oracle="R: formulas in R")
    zz, m = Z95**2, mp(sum(map(sum, t)))
    k = po * m
    mid, half = (k + zz / 2) / (m + zz), Z95 * mpmath.sqrt(k * (m - k) / m + zz / 4) / (m + zz)
    c.add(name, "percent_agreement", {"table": t}, {}, oracle(FORMULA, {"estimate": po, "interval": {"low": mid - half, "high": mid + half}}),
          r="o <- sum(diag(tab)); i <- prop.test(o, sum(tab), correct = FALSE)$conf.int; list(estimate = o / sum(tab), interval = list(low = i[1], high = i[2]))")
for name, rows in {"wikipedia": FLEISS, "missing": MISSING}.items():
    a = [mp(sum(v * (v - 1) for v in r)) / (sum(r) * (sum(r) - 1)) for r in rows if sum(r) > 1]
    half = t_quantile(len(a) - 1) * mpmath.sqrt(variance(a) / len(a))
    c.add(f"{name} items", "percent_agreement", {"blocks": rows}, {}, oracle(FORMULA, {"estimate": mean(a), "interval": {"low": max(mp(0), mean(a) - half), "high": min(mp(1), mean(a) + half)}}),
          r="r <- rowSums(m); a <- (rowSums(m^2) - r) / (r * (r - 1)); a <- a[r > 1]; i <- pmin(1, t.test(a)$conf.int); list(estimate = mean(a), interval = list(low = i[1], high = i[2]))")


# Krippendorff's alpha.
def alpha(rows, measure):
    units = [[Fraction(v) for v in r if v is not None and v == v] for r in rows]
    units = [u for u in units if len(u) > 1]
    values = sorted({v for u in units for v in u})
    n = {v: sum(u.count(v) for u in units) for v in values}
    N = sum(n.values())
    def d(a, b):
        if a == b:
            return Fraction(0)
        if measure == "nominal":
            return Fraction(1)
        if measure == "interval":
            return (a - b)**2
        if measure == "ratio":
            return ((a - b) / (a + b))**2
        lo, hi = min(a, b), max(a, b)
        return (sum(n[g] for g in values if lo <= g <= hi) - Fraction(n[a] + n[b], 2))**2
    do = sum(sum(d(a, b) for a in u for b in u) / (len(u) - 1) for u in units) / N
    de = sum(n[a] * n[b] * d(a, b) for a in values for b in values) / Fraction(N * (N - 1))
    return 1 - do / de


NA = None
KRIPP = [[1, 1, NA, 1], [2, 2, 3, 2], [3, 3, 3, 3], [3, 3, 3, 3], [2, 2, 2, 2], [1, 2, 3, 4], [4, 4, 4, 4], [1, 1, 2, 1], [2, 2, 2, 2], [NA, 5, 5, 5], [NA, NA, 1, 1], [NA, NA, 3, NA]]
many = [[NA if u < .1 else round(abs(v + .3 * w), 6) for u, w in zip(floats(90 + i, 5, "uniform"), floats(200 + i, 5))] for i, v in enumerate(floats(91, 30))]
binary = [[int(u < .7), int(v < .7), int(w < .5)] for u, v, w in zip(floats(92, 25, "uniform"), floats(93, 25, "uniform"), floats(94, 25, "uniform"))]
for name, rows in {"krippendorff": KRIPP, "continuous": many, "binary": binary, "two raters": [[1, 1], [2, 3], [3, 3], [4, 4], [1, 2], [5, 5]]}.items():
    for measure in ["nominal", "ordinal", "interval", "ratio"]:
        a = alpha(rows, measure)
        data = np.array([[np.nan if v is None else v for v in r] for r in rows], float).T
        if data[~np.isnan(data)].min() == 0 and measure == "ratio" or a == 0:
            others = []
        else:
            others = [oracle("krippendorff", {"estimate": krippendorff.alpha(reliability_data=data, level_of_measurement=measure)})]
        c.cases.append({"name": f"{name} {measure}", "test": "krippendorff_alpha", "data": {"blocks": rows}, "set": {"measure": measure, "replicates": "50"},
                        "want": [oracle("rational: the definition", {"estimate": float(mp(a.numerator) / a.denominator)}, exact=True)] + others})

# Intraclass correlation.
SHROUT = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]
WINES = [[a + b for b in (0, .5, 1.1)] for a in floats(95, 12)]
WINES = [[round(v + .4 * e, 6) for v, e in zip(r, floats(300 + i, 3))] for i, r in enumerate(WINES)]
NOISE = [floats(400 + i, 5) for i in range(9)]


def f_isf(q, a, b):
    return inverse(lambda v: f_sf(v, a, b), q, st.f.isf(float(q), float(a), float(b)))


def icc(rows, level):
    n, k = mp(len(rows)), mp(len(rows[0]))
    g = mean([v for r in rows for v in r])
    R = [mean(r) for r in rows]
    C = [mean([r[j] for r in rows]) for j in range(len(rows[0]))]
    B = k * sum((v - g)**2 for v in R) / (n - 1)
    J = n * sum((v - g)**2 for v in C) / (k - 1)
    W = sum((mp(v) - R[i])**2 for i, r in enumerate(rows) for v in r) / (n * (k - 1))
    E = sum((mp(v) - R[i] - C[j] + g)**2 for i, r in enumerate(rows) for j, v in enumerate(r)) / ((n - 1) * (k - 1))
    q = (1 - mp(str(level))) / 2
    e2 = (B - E) / (B + (k - 1) * E + k * (J - E) / n)
    est = {"1,1": (B - W) / (B + (k - 1) * W), "2,1": e2, "3,1": (B - E) / (B + (k - 1) * E), "1,k": (B - W) / B, "2,k": (B - E) / (B + (J - E) / n), "3,k": (B - E) / B}
    out = {}
    for form in est:
        e, df = (W, n * (k - 1)) if form[0] == "1" else (E, (n - 1) * (k - 1))
        F = B / e
        if form[0] == "2":
            a, b = k * e2 * J / E, n * (1 + (k - 1) * e2) - k * e2
            v = (n - 1) * (k - 1) * (a + b)**2 / ((n - 1) * a**2 + b**2)
            u, w, rest = f_isf(q, n - 1, v), f_isf(q, v, n - 1), k * J + (k * n - k - n) * E
            lo, hi = n * (B - u * E) / (u * rest + n * B), n * (w * B - E) / (rest + n * w * B)
            if form == "2,k":
                lo, hi = k * lo / (1 + (k - 1) * lo), k * hi / (1 + (k - 1) * hi)
        else:
            lo, hi = F / f_isf(q, n - 1, df), F * f_isf(q, df, n - 1)
            lo, hi = (1 - 1 / lo, 1 - 1 / hi) if form[2] == "k" else ((lo - 1) / (lo + k - 1), (hi - 1) / (hi + k - 1))
        out[form] = {"estimate": est[form], "statistic": F, "df": [n - 1, df], "p": f_sf(F, n - 1, df), "interval": {"low": lo, "high": hi}, "details": {f"icc({f})": v for f, v in est.items()}}
    return out


for name, rows in {"shrout fleiss": SHROUT, "wines": WINES, "noise": NOISE}.items():
    for level in (.95, .9):
        want = icc(rows, level)
        frame = pd.DataFrame([(i, j, v) for i, r in enumerate(rows) for j, v in enumerate(r)], columns=["s", "j", "v"])
        py = pg.intraclass_corr(frame, "s", "j", "v")
        for i, form in enumerate(["1,1", "2,1", "3,1", "1,k", "2,k", "3,k"]):
            row = py.iloc[i]
            c.add(f"{name} {form} {level}", "icc", {"blocks": rows}, {"form": form, "level": str(level)}, oracle(FORMULA, want[form]),
                  oracle("pingouin", {"estimate": row["ICC"], "statistic": row["F"], "p": row[[k for k in py.columns if k.startswith("p")][0]]}, 10, "pingouin sums about zero"),
                  r=f"h <- psych::ICC(m, lmer = FALSE, alpha = {(1 - level):.2g})$results[{i + 1}, ]; list(estimate = h[[2]], statistic = h[[3]], p = h[[6]], interval = list(low = h[[7]], high = h[[8]]))",
                  r_digits=9, r_note="psych sums about zero", r_oracle="R psych")

# Diversity of voters.
VOTERS = [[int(u < .75) if e < .5 else int(b < .75) for u, e in zip(floats(500 + i, 5, "uniform"), floats(700 + i, 5, "uniform"))] for i, b in enumerate(floats(96, 80, "uniform"))]
SMALL = [[1, 1, 0], [1, 0, 0], [0, 0, 1], [1, 1, 1], [0, 1, 1], [1, 1, 0], [0, 0, 0], [1, 0, 1], [1, 1, 1], [1, 1, 1]]
for name, rows in {"five voters": VOTERS, "three voters": SMALL, "two voters": [r[:2] for r in VOTERS]}.items():
    n, k = len(rows), len(rows[0])
    cols = [[r[j] for r in rows] for j in range(k)]
    comps, logs, det, phis, qs, dis, dfs = [], [], {}, [], [], [], []
    for i, j in itertools.combinations(range(k), 2):
        a = sum(x and y for x, y in zip(cols[i], cols[j]))
        b = sum(x and not y for x, y in zip(cols[i], cols[j]))
        e = sum(y and not x for x, y in zip(cols[i], cols[j]))
        d = n - a - b - e
        phi = (a * d - b * e) / mpmath.sqrt(mp((a + b) * (e + d) * (a + e) * (b + d)))
        q = mp(a * d - b * e) / (a * d + b * e)
        det[f"disagreement_{i}_{j}"], det[f"double_fault_{i}_{j}"] = mp(b + e) / n, mp(d) / n
        phis.append(phi); qs.append(q); dis.append(mp(b + e) / n); dfs.append(mp(d) / n)
        logs.append(chi2_sf(n * phi**2, 1))
        comps.append({"a": i, "b": j, "estimate": phi, "statistic": n * phi**2, "effect": {"name": "yule_q", "estimate": q}})
    order, least = sorted(range(len(logs)), key=lambda i: logs[i]), mp(0)
    for rank, i in enumerate(order):
        least = max(least, min(mp(1), logs[i] * (len(logs) - rank)))
        comps[i]["p"] = least
    rho = mean(phis)
    mcc = [{"estimate": matthews_corrcoef(cols[i], cols[j])} for i, j in itertools.combinations(range(k), 2)]
    c.add(name, "error_correlation", {"blocks": rows}, {"replicates": "100"},
          oracle(FORMULA, {"estimate": rho, "comparisons": comps, "details": {"mean_phi": rho, "mean_q": mean(qs), "mean_disagreement": mean(dis), "mean_double_fault": mean(dfs), **det}}),
          oracle("scikit-learn", {"comparisons": mcc}), r="k <- cor(m); list(estimate = mean(k[upper.tri(k)]))")
    c.add(name, "effective_voters", {"blocks": rows}, {"replicates": "100"}, oracle(FORMULA, {"estimate": k / (1 + (k - 1) * rho)}),
          r="k <- cor(m); q <- ncol(m); list(estimate = q^2 / sum(k))")

c.write("scipy, statsmodels, pingouin, scikit-learn, krippendorff, R (stats, psych, vcd), and the definitions in rational arithmetic and mpmath",
        f"Python {platform.python_version()}, scipy {scipy.__version__}, statsmodels {statsmodels.__version__}, pingouin {pg.__version__}, mpmath {mpmath.__version__}, R 4.2.2", "python3 association.py > cases/association.json")
