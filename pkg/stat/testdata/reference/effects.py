"""Writes the reference values of sizes of effects:

    python3 effects.py > cases/effects.json

It needs scipy, statsmodels, pingouin, mpmath, and R with effectsize and those
libraries that effects.R loads. Beside these programs stand the definitions
themselves, in arithmetic of 50 digits (mpmath).

effectsize finds its noncentralities by a simplex search that ends at about five
digits, its risk ratio compares columns and adds standard errors instead of
variances, and its intervals of shares of variance divide by the degrees of
freedom of the error instead of N: bounds are taken from R's own pt, pf and pchisq.
"""

import math
import platform

import numpy as np
import pingouin
import scipy
import scipy.optimize as so
import scipy.stats as st
import statsmodels
import statsmodels.stats.proportion as sp
from statsmodels.stats.contingency_tables import Table2x2

from oracle import *

c = Cases("effects.R")

SLEEP = [[0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0], [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4]]
PLANT = [[4.17, 5.58, 5.18, 6.11, 4.50, 4.61, 5.17, 4.53, 5.33, 5.14],
         [4.81, 4.17, 4.41, 3.59, 5.87, 3.83, 6.03, 4.89, 4.32, 4.69],
         [6.31, 5.12, 5.54, 5.50, 5.37, 5.29, 4.92, 6.15, 5.80, 5.26]]
SPRAY = [[10, 7, 20, 14, 14, 12, 10, 23, 17, 20, 14, 13], [11, 17, 21, 11, 16, 14, 17, 17, 19, 21, 7, 13],
         [0, 1, 7, 2, 3, 1, 2, 1, 3, 0, 1, 4], [3, 5, 12, 6, 4, 3, 5, 5, 5, 5, 2, 4],
         [3, 5, 3, 5, 3, 6, 1, 1, 3, 2, 6, 4], [11, 9, 15, 22, 15, 16, 13, 10, 26, 26, 24, 13]]
EXAMPLE = [[.89, .87, .90, .88, .91], [.96, .97, .94, .95, .98]]
FORMULA = "mpmath: the formula in 50 digits"
SOLVED = "the noncentral distributions of R and scipy carry ten digits, and their roots fewer"


def root(f, guess):
    """The root of a monotone function of the whole line, bracketed from guess."""
    mpmath.mp.dps = 25
    try:
        step, a = 1 + abs(mp(guess)) / 8, mp(guess)
        fa, fb = f(a), f(a + step)
        if fa * fb > 0 and abs(fb) > abs(fa):
            step, fb = -step, f(a - step)
        b = a + step
        while fa * fb > 0:
            step *= 2
            a, fa, b = b, fb, b + step
            fb = f(b)
        return mpmath.findroot(f, (a, b), solver="anderson", tol=mp(10) ** -20, verify=False, maxsteps=40)
    finally:
        mpmath.mp.dps = 50


def nct_tail(t, df, delta, side):
    """ln of E Φ(±(tS − δ)) with S the root of χ²/ν, by the trapezoid rule over ln S."""
    df, t, delta = mp(df), mp(t), mp(delta)
    front = mpmath.log(2) + df / 2 * mpmath.log(df / 2) - mpmath.loggamma(df / 2)
    sd = 1 / mpmath.sqrt(2 * df)
    step, total = min(sd, 1 / (abs(t) + 1)) / (4 if df > 4 else 10), mp(0)
    low, high = -80 / df - 14 * sd, mpmath.log(1 + 14 * sd + mpmath.sqrt(200 / df))
    u = low
    while u <= high:
        total += mpmath.exp(front + df * u - df / 2 * mpmath.exp(2 * u)) * mpmath.ncdf(side * (t * mpmath.exp(u) - delta))
        u += step
    return log(total * step)


def ncp_t(t, df, level):
    a = (1 - mp(str(level))) / 2
    w = mpmath.sqrt(1 + t * t / (2 * mp(df))) * z_of(1 - a)
    return [root(lambda d: nct_tail(t, df, d, -1) - log(a), t - w), root(lambda d: nct_tail(t, df, d, 1) - log(a), t + w)]


def mixture(lam, term, gap):
    """Σ Poisson(j; λ/2)·term(j), where term(j) − term(j+1) = gap(j), a product that grows by gap(j+1)/gap(j)."""
    half = lam / 2
    if half <= 0:
        return term(0)
    start = max(0, int(half - 14 * mpmath.sqrt(half) - 20))
    w = mpmath.exp(-half + start * mpmath.log(half) - mpmath.loggamma(start + 1))
    total, j, value, (fall, growth) = mp(0), start, term(start), gap(start)
    while j <= half or w > mp(10) ** -28:
        total += w * value
        value -= fall
        fall *= growth(j)
        j += 1
        w *= half / j
    return total


def root_above(f, guess):
    """The root of a monotone function of the numbers from 0, whose sign at 0 is not that far up."""
    mpmath.mp.dps = 30
    try:
        a, b, fa, fb = mp(0), mp(guess), f(mp(0)), f(mp(guess))
        while fa * fb > 0:
            a, b, fa, fb = b, 2 * b, fb, f(2 * b)
        x = mpmath.findroot(f, (a, b), solver="anderson", tol=mp(10) ** -22, verify=False, maxsteps=200)
        assert abs(f(x)) < mp(10) ** -17, (x, f(x))
        return x
    finally:
        mpmath.mp.dps = 50


def ncp_shared(cdf0, cdf, start, level):
    a = (1 - mp(str(level))) / 2
    low = mp(0) if 1 - cdf0 >= a else root_above(lambda l: log(max(1 - cdf(l), mp(10)**-25)) - log(a), start / 3)
    high = mp(0) if cdf0 <= a else root_above(lambda l: log(max(cdf(l), mp(10)**-25)) - log(a), 2 * start + 5)
    return [low, high]


def ncp_f(f, d1, d2, level):
    x, a, b = d1 * f / (d1 * f + d2), mp(d1) / 2, mp(d2) / 2
    term = lambda j: betai(x, a + j, b)
    gap = lambda j: (mpmath.exp(mpmath.loggamma(a + b + j) - mpmath.loggamma(a + j + 1) - mpmath.loggamma(b) + (a + j) * log(x) + b * log(1 - x)),
                     lambda i: x * (a + b + i) / (a + i + 1))
    return ncp_shared(term(0), lambda l: mixture(l, term, gap), d1 * f, level)


def ncp_chi(x, df, level):
    a, x = mp(df) / 2, mp(x)
    term = lambda j: mpmath.gammainc(a + j, 0, x / 2, regularized=True)
    gap = lambda j: (mpmath.exp((a + j) * log(x / 2) - x / 2 - mpmath.loggamma(a + j + 1)), lambda i: x / 2 / (a + i + 1))
    return ncp_shared(term(0), lambda l: mixture(l, term, gap), x, level)


def scipy_t(t, df, level):
    t, a = float(t), (1 - level) / 2
    w = 3 * math.sqrt(1 + t * t / (2 * df))
    return [so.brentq(lambda d: st.nct.sf(t, df, d) - a, t - 2 * w, t, xtol=1e-14), so.brentq(lambda d: st.nct.cdf(t, df, d) - a, t, t + 2 * w, xtol=1e-14)]


def nearly(r, far):
    """An expression of R, without the interval where it is far out."""
    return f"list(estimate = {r}$effect$estimate)" if far else r


def size(estimate, i):
    return {"effect": {"estimate": estimate, "low": i[0], "high": i[1]}, "estimate": estimate, "interval": {"low": i[0], "high": i[1]}}


def lv(level):
    return {} if level == .95 else {"level": str(level)}


# Means.
def j_of(df):
    df = mp(df)
    return mpmath.exp(mpmath.loggamma(df / 2) - mpmath.loggamma((df - 1) / 2)) / mpmath.sqrt(df / 2)


for name, x, y in [("worked example", *EXAMPLE), ("PlantGrowth", PLANT[0], PLANT[1]), ("PlantGrowth 2", PLANT[0], PLANT[2]),
                   ("unequal", floats(1, 7), [1 + v for v in floats(2, 23)]), ("two each", [1.0, 2.5], [0.5, 4.0]),
                   ("far apart", floats(3, 40), [9 + 2 * v for v in floats(4, 30)]), ("hundreds", floats(5, 300), [.2 + v for v in floats(6, 500)]),
                   ("offset", [1e6 + v for v in floats(7, 12, "ties")], [1e6 + 2 + v for v in floats(8, 12, "ties")])]:
    for level in (.95, .999):
        m, n = len(x), len(y)
        df, h = m + n - 2, 1 / mp(m) + 1 / mp(n)
        s = mpmath.sqrt(((m - 1) * variance(x) + (n - 1) * variance(y)) / df)
        d = (mean(y) - mean(x)) / s
        i = [v * mpmath.sqrt(h) for v in ncp_t(d / mpmath.sqrt(h), df, level)]
        python = [v * math.sqrt(h) for v in scipy_t(d / mpmath.sqrt(h), df, level)]
        data, more = {"x": x, "y": y}, lv(level)
        far = abs(i[1]) / mpmath.sqrt(h) > 37  # there pt of R takes a normal approximation
        c.add(f"{name} {level}", "cohens_d", data, more, oracle(FORMULA, size(d, i)),
              oracle("pingouin", {"estimate": -pingouin.compute_effsize(x, y, eftype="cohen")}, 10, "its rounding"),
              oracle("scipy", size(d, python), 9, SOLVED), r=nearly(f"pooled(x, y, {level})$d", far), r_digits=8, r_note=SOLVED)
        j = j_of(df)
        c.add(f"{name} {level}", "hedges_g", data, more, oracle(FORMULA, size(j * d, [j * v for v in i])),
              oracle("scipy", size(j * d, [float(j) * v for v in python]), 9, SOLVED), r=nearly(f"pooled(x, y, {level})$g", far), r_digits=8, r_note=SOLVED)
        delta, h = (mean(y) - mean(x)) / mpmath.sqrt(variance(x)), 1 / mp(m) + variance(y) / (n * variance(x))
        i = [v * mpmath.sqrt(h) for v in ncp_t(delta / mpmath.sqrt(h), m - 1, level)]
        c.add(f"{name} {level}", "glass_delta", data, more, oracle(FORMULA, size(delta, i)),
              r=nearly(f"glass(x, y, {level})", abs(i[1]) / mpmath.sqrt(h) > 37), r_digits=8, r_note=SOLVED)

for name, x, y in [("sleep", *SLEEP), ("worked example", *EXAMPLE), ("correlated", floats(9, 50), [v + .3 * w + .1 for v, w in zip(floats(9, 50), floats(10, 50))])]:
    for level in (.95, .9):
        d = [mp(b) - mp(a) for a, b in zip(x, y)]
        n = len(d)
        dz = mean(d) / mpmath.sqrt(variance(d))
        i = [v / mpmath.sqrt(n) for v in ncp_t(dz * mpmath.sqrt(n), n - 1, level)]
        data, more = {"pairs": [x, y]}, lv(level)
        xy = "x <- d$pairs[[1]]; y <- d$pairs[[2]]; "
        c.add(f"{name} {level}", "cohens_dz", data, more, oracle(FORMULA, size(dz, i)), r=xy + f"paired(x, y, {level})$z", r_digits=8, r_note=SOLVED)
        r = mpmath.sqrt(variance(d) / ((variance(x) + variance(y)) / 2))
        c.add(f"{name} {level}", "cohens_dav", data, more, oracle(FORMULA, size(dz * r, [v * r for v in i])), r=xy + f"paired(x, y, {level})$av", r_digits=8, r_note=SOLVED)
        i = [v / mpmath.sqrt(n) for v in ncp_t((mean(x) - mp("0.5")) / mpmath.sqrt(variance(x) / n), n - 1, level)]
        c.add(f"{name} from 0.5, {level}", "cohens_d", {"x": x}, dict(more, mu="0.5"), oracle(FORMULA, size((mean(x) - mp("0.5")) / mpmath.sqrt(variance(x)), i)),
              r=("list(estimate = cohens_d(x, mu = 0.5, ci = NULL)[[1]])" if abs(i[1]) * mpmath.sqrt(n) > 37 else
              f"i <- ncp_t(t.test(x, mu = 0.5)$statistic, length(x) - 1, {level}) / sqrt(length(x)); size(cohens_d(x, mu = 0.5, ci = NULL)[[1]], i)"), r_digits=8, r_note=SOLVED)


# Ranks.
def sign(v):
    return mp((v > 0) - (v < 0))


def asymmetric(d, s2, z):
    half = z * mpmath.sqrt(s2) * mpmath.sqrt((1 - d * d)**2 + z * z * s2)
    return [(d - d**3 - half) / (1 - d * d + z * z * s2), (d - d**3 + half) / (1 - d * d + z * z * s2)]


for name, x, y in [("PlantGrowth", PLANT[0], PLANT[2]), ("sleep", *SLEEP), ("sprays, ties", SPRAY[0], SPRAY[5]), ("unequal", floats(11, 7), [.7 + v for v in floats(12, 23)]),
                   ("ties", floats(13, 40, "ties"), floats(14, 25, "ties")), ("fewer ties", floats(15, 60), [round(v, 1) + .4 for v in floats(16, 80)])]:
    for level in (.95, .99):
        z = z_of((1 + mp(str(level))) / 2)
        m, n = len(x), len(y)
        d = [[sign(b - a) for b in y] for a in x]
        delta = mpmath.fsum(sum(r) for r in d) / (m * n)
        row, column = [mpmath.fsum(r) / n for r in d], [mpmath.fsum(r[j] for r in d) / m for j in range(n)]
        s2 = ((n - 1) * variance(row) + (m - 1) * variance(column) + mpmath.fsum((v - delta)**2 for r in d for v in r) / ((m - 1) * (n - 1))) / (m * n)
        i = asymmetric(delta, s2, z)
        data, more = {"x": x, "y": y}, lv(level)
        for test in ("cliffs_delta", "rank_biserial"):
            c.add(f"{name} {level}", test, data, more, oracle(FORMULA, size(delta, i)), r=f"v <- cliff(x, y, {level}); size(v[1], v[2:3])")
        u = st.mannwhitneyu(y, x).statistic
        c.add(f"{name} {level}", "a12", data, more, oracle(FORMULA, size((1 + delta) / 2, [(1 + v) / 2 for v in i])),
              oracle("scipy", {"estimate": u / (m * n)}), r=f"v <- (1 + cliff(x, y, {level})) / 2; size(v[1], v[2:3])")

for name, x, y in [("sleep", *SLEEP), ("few", [1, 2, 3, 4.], [2, 1, 5, 9.]), ("ties and zeros", floats(17, 40, "ties"), [v + 1 for v in floats(18, 40, "ties")])]:
    for level in (.95, .99):
        z = z_of((1 + mp(str(level))) / 2)
        d = [mp(b) - mp(a) for a, b in zip(x, y) if a != b]
        n = len(d)
        s = [[sign(a + b) for a in d] for b in d]
        h = [(mpmath.fsum(r) + r[k]) / (n + 1) for k, r in enumerate(s)]
        r = mean(h)
        c.add(f"{name} in pairs, {level}", "rank_biserial", {"pairs": [x, y]}, lv(level), oracle(FORMULA, size(r, asymmetric(r, 4 * variance(h) / n, z))),
              r=f"v <- walsh(d$pairs[[1]], d$pairs[[2]], {level}); size(v[1], v[2:3])") if abs(r) < 1 else None

# Variance.
for name, groups in [("PlantGrowth", PLANT), ("InsectSprays", SPRAY), ("unequal", [floats(19, 5), [.5 + v for v in floats(20, 12)], floats(21, 30), [1 + v for v in floats(22, 8)]]),
                     ("no difference", [floats(23, 20), floats(24, 20)]), ("next to none", [[1, 2, 3, 4.], [1.5, 2.5, 3.25, 2.75], [2, 2.25, 2.5, 3.5]])]:
    for level in (.95, .9):
        n, k = sum(map(len, groups)), len(groups)
        grand = mean([v for g in groups for v in g])
        between = mpmath.fsum(len(g) * (mean(g) - grand)**2 for g in groups)
        within = mpmath.fsum((len(g) - 1) * variance(g) for g in groups)
        d1, d2 = k - 1, n - k
        ms = within / d2
        f = between / d1 / ms
        i = ncp_f(f, d1, d2, level)
        shares = [v / (v + n) for v in i]
        data, more = {"groups": groups}, lv(level)
        for test, key, estimate, bounds in [("eta_squared", "eta", between / (between + within), shares), ("omega_squared", "omega", max(mp(0), (between - d1 * ms) / (between + within + ms)), shares),
                                            ("epsilon_squared", "epsilon", max(mp(0), (between - d1 * ms) / (between + within)), shares), ("cohens_f", "f", mpmath.sqrt(between / within), [mpmath.sqrt(v / n) for v in i])]:
            c.add(f"{name} {level}", test, data, more, oracle(FORMULA, size(estimate, bounds)), r=f"variance(gr, {level})${key}", r_digits=8, r_note=SOLVED)

# Tables.
for name, table in [("votes", [[30, 10], [18, 22]]), ("hair and eyes", [[68, 20, 15, 5], [119, 84, 54, 29], [26, 17, 14, 14], [7, 94, 10, 16]]), ("strong", [[40, 2, 1], [3, 35, 4]]),
                    ("approval", [[794, 150], [86, 570]]), ("independent", [[10, 20, 30], [11, 19, 31]])]:
    for level in (.95, .99):
        t = [[mp(v) for v in row] for row in table]
        n, r, k = mpmath.fsum(sum(row) for row in t), len(t), len(t[0])
        rows, columns = [sum(row) for row in t], [sum(row[j] for row in t) for j in range(k)]
        chi = mpmath.fsum((t[a][b] - rows[a] * columns[b] / n)**2 / (rows[a] * columns[b] / n) for a in range(r) for b in range(k))
        lam, q = ncp_chi(chi, (r - 1) * (k - 1), level), min(r, k) - 1
        i = [min(mp(1), mpmath.sqrt(v / n / q)) for v in lam]
        data, more = {"table": table}, lv(level)
        c.add(f"{name} {level}", "cramers_v", data, more, oracle(FORMULA, size(mpmath.sqrt(chi / n / q), i)),
              oracle("scipy", {"estimate": st.contingency.association(np.array(table), method="cramer")}), r=f"tables(d$table, {level})$v", r_digits=8, r_note=SOLVED)
        phi2 = max(mp(0), chi / n - (r - 1) * (k - 1) / (n - 1))
        small = min(r - (r - 1)**2 / (n - 1), k - (k - 1)**2 / (n - 1)) - 1
        c.add(f"{name} {level}", "cramers_v", data, dict(more, method="bias_corrected"), oracle(FORMULA, size(mpmath.sqrt(phi2 / small), i)), r=f"tables(d$table, {level})$adjusted", r_digits=8, r_note=SOLVED)
        c.add(f"{name} {level}", "cohens_w", data, more, oracle(FORMULA, size(mpmath.sqrt(chi / n), [mpmath.sqrt(v / n) for v in lam])), r=f"tables(d$table, {level})$w", r_digits=8, r_note=SOLVED)


def delta_method(a, b, c_, d):
    """The variance of φ from its numerical gradient over the shares of the cells."""
    n = a + b + c_ + d
    def phi(p):
        return (p[0] * p[3] - p[1] * p[2]) / mpmath.sqrt((p[0] + p[1]) * (p[2] + p[3]) * (p[0] + p[2]) * (p[1] + p[3]))
    p = [mp(v) / n for v in (a, b, c_, d)]
    gradient = [mpmath.diff(lambda v: phi(p[:k] + [v] + p[k + 1:]), p[k]) for k in range(4)]
    centre = mpmath.fsum(g * v for g, v in zip(gradient, p))
    return phi(p), mpmath.fsum(v * (g - centre)**2 for g, v in zip(gradient, p)) / n


def koopman(a, m, c_, n, z):
    """The ratios at which the score statistic, at the most likely shares, is z²."""
    def statistic(ratio):
        A, B, C = (m + n) * ratio, -(ratio * (m + c_) + a + n), mp(a + c_)
        p2 = (-B - mpmath.sqrt(B * B - 4 * A * C)) / (2 * A)
        p1 = ratio * p2
        if not (0 < p1 < 1 and 0 < p2 < 1):
            return mp(10)**9
        return (a - m * p1)**2 / (m * p1 * (1 - p1)) + (c_ - n * p2)**2 / (n * p2 * (1 - p2))
    start = mpmath.log(mp(a) / m / (mp(c_) / n))
    se = mpmath.sqrt(mp(1) / a - mp(1) / m + mp(1) / c_ - mp(1) / n)
    def bound(side):
        step = z * se
        while statistic(mpmath.exp(start + side * step)) < z * z:
            step *= 2
        return mpmath.exp(mpmath.findroot(lambda v: statistic(mpmath.exp(v)) - z * z, (start, start + side * step), solver="anderson", tol=mp(10) ** -40, verify=False, maxsteps=100))
    return [bound(side) for side in (-1, 1)]


def wilson(k, n, z):
    k, n = mp(k), mp(n)
    half = z * mpmath.sqrt(k * (n - k) / n + z * z / 4)
    return [(k + z * z / 2 - half) / (n + z * z), (k + z * z / 2 + half) / (n + z * z)]


for name, (a, b, c_, d) in [("votes", (30, 10, 18, 22)), ("rare", (3, 997, 9, 991)), ("aspirin", (104, 10933, 189, 10845)), ("few", (2, 5, 6, 1)), ("large", (50123, 49877, 49500, 50500))]:
    for level in (.95, .9):
        z = z_of((1 + mp(str(level))) / 2)
        table, more, A, B, C, D = [[a, b], [c_, d]], lv(level), mp(a), mp(b), mp(c_), mp(d)
        data, m, n = {"table": table}, A + B, C + D
        t2 = Table2x2(np.array(table))
        alpha = 1 - level
        se = mpmath.sqrt(1 / A + 1 / B + 1 / C + 1 / D)
        odds = A * D / B / C
        both = lambda e, s: [e * mpmath.exp(-z * s), e * mpmath.exp(z * s)]
        c.add(f"{name} {level}", "odds_ratio", data, more, oracle(FORMULA, size(odds, both(odds, se))), oracle("statsmodels", size(t2.oddsratio, t2.oddsratio_confint(alpha)), 11, "its rounding"),
              r=f"v <- oddsratio(do.call(rbind, d$table), ci = {level}); size(v[[1]], c(v$CI_low, v$CI_high))")
        risk, se = A / m / (C / n), mpmath.sqrt(1 / A - 1 / m + 1 / C - 1 / n)
        c.add(f"{name} {level}", "risk_ratio", data, more, oracle(FORMULA, size(risk, both(risk, se))), oracle("statsmodels", size(t2.riskratio, t2.riskratio_confint(alpha)), 11, "its rounding"))
        score = sp.confint_proportions_2indep(a, a + b, c_, c_ + d, compare="ratio", method="score", correction=False, alpha=alpha)
        c.add(f"{name} {level}", "risk_ratio", data, dict(more, method="koopman"), oracle(FORMULA, size(risk, koopman(a, a + b, c_, c_ + d, z))), oracle("statsmodels", size(risk, score), 6, "its search for a root ends early"))
        (l1, u1), (l2, u2) = wilson(a, a + b, z), wilson(c_, c_ + d, z)
        p1, p2 = A / m, C / n
        diff = p2 - p1
        newcombe = sp.confint_proportions_2indep(c_, c_ + d, a, a + b, compare="diff", method="newcomb", alpha=alpha)
        c.add(f"{name} {level}", "risk_difference", data, more, oracle(FORMULA, size(diff, [diff - mpmath.sqrt((p2 - l2)**2 + (u1 - p1)**2), diff + mpmath.sqrt((u2 - p2)**2 + (p1 - l1)**2)])),
              oracle("statsmodels", {"interval": {"low": newcombe[0], "high": newcombe[1]}}, 10, "its rounding"))
        h, half = 2 * mpmath.asin(mpmath.sqrt(p2)) - 2 * mpmath.asin(mpmath.sqrt(p1)), z * mpmath.sqrt(1 / m + 1 / n)
        c.add(f"{name} {level}", "cohens_h", data, more, oracle(FORMULA, size(h, [h - half, h + half])), oracle("statsmodels", {"estimate": sp.proportion_effectsize(c_ / (c_ + d), a / (a + b))}, 11, "its rounding"))
        phi, s2 = delta_method(a, b, c_, d)
        half = z * mpmath.sqrt(s2) / (1 - phi**2)
        c.add(f"{name} {level}", "phi", data, more, oracle("mpmath: the delta method from a numerical gradient", size(phi, [mpmath.tanh(mpmath.atanh(phi) - half), mpmath.tanh(mpmath.atanh(phi) + half)])),
              oracle("numpy", {"estimate": np.corrcoef(np.repeat([1, 1, 0, 0], [a, b, c_, d]), np.repeat([1, 0, 1, 0], [a, b, c_, d]))[0, 1]}, 10, "its rounding"))

c.write("R (stats, effectsize), scipy, statsmodels, pingouin, and the definitions in mpmath",
        f"Python {platform.python_version()}, scipy {scipy.__version__}, statsmodels {statsmodels.__version__}, pingouin {pingouin.__version__}, mpmath {mpmath.__version__}, R 4.2.2, effectsize 0.8.3",
        "python3 effects.py > cases/effects.json")
