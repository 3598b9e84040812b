"""Writes the reference values of tests of assumptions:

    python3 assumptions.py > cases/assumptions.json

It needs scipy, mpmath, and R with nortest, goftest, car and jsonlite. Beside these
programs stand the definitions themselves, in arithmetic of 50 digits (mpmath).
"""

import itertools
import math
from fractions import Fraction
import platform

import numpy as np
import scipy
import scipy.stats as st

from oracle import *

c = Cases("assumptions.R")

SLEEP = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0, 1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4]
PLANT = [[4.17, 5.58, 5.18, 6.11, 4.50, 4.61, 5.17, 4.53, 5.33, 5.14],
         [4.81, 4.17, 4.41, 3.59, 5.87, 3.83, 6.03, 4.89, 4.32, 4.69],
         [6.31, 5.12, 5.54, 5.50, 5.37, 5.29, 4.92, 6.15, 5.80, 5.26]]
SPRAY = [[10, 7, 20, 14, 14, 12, 10, 23, 17, 20, 14, 13], [11, 17, 21, 11, 16, 14, 17, 17, 19, 21, 7, 13],
         [0, 1, 7, 2, 3, 1, 2, 1, 3, 0, 1, 4], [3, 5, 12, 6, 4, 3, 5, 5, 5, 5, 2, 4],
         [3, 5, 3, 5, 3, 6, 1, 1, 3, 2, 6, 4], [11, 9, 15, 22, 15, 16, 13, 10, 26, 26, 24, 13]]
SAMPLES = {
    "sleep": SLEEP, "plant control": PLANT[0], "n = 3": [1.0, 2.5, 7.25], "n = 4": [0.3, 0.1, 0.9, 4.0],
    "n = 5": [2.0, 3.5, 1.25, 9.0, 4.0], "n = 8": [148, 154, 158, 160, 161, 162, 166, 170],
    "n = 11": floats(1, 11), "n = 12": floats(2, 12), "normal 50": floats(3, 50), "normal 99": floats(4, 99),
    "exponential 60": floats(5, 60, "exponential"), "uniform 101": floats(6, 101, "uniform"), "ties 80": floats(7, 80, "ties"),
    "exponential 1000": floats(8, 1000, "exponential"), "normal 1000": floats(9, 1000),
    "far from 0": [1e6 + v for v in floats(10, 40, "ties")], "outlier": floats(11, 30) + [1e4],
    "skewed 200": [round(math.exp(2 * v), 6) for v in floats(12, 200)],
}
FORMULA = "mpmath: the formula in 50 digits"


# Shapiro-Wilk.
def poly(x, *coef):
    return sum(mp(repr(k)) * x**i for i, k in enumerate(coef))


def shapiro(x):
    x = sorted(mp(v) for v in x)
    n = len(x)
    h = n // 2
    if n == 3:
        a = [mpmath.sqrt(mp(1) / 2)]
    else:
        m = [-z_of((i + mp(5) / 8) / (n + mp(1) / 4)) for i in range(h)]
        ss = 2 * sum(v * v for v in m)
        u = 1 / mpmath.sqrt(n)
        a1 = m[0] / mpmath.sqrt(ss) + poly(u, 0, .221157, -.147981, -2.07119, 4.434685, -2.706056)
        if n <= 5:
            f = mpmath.sqrt((ss - 2 * m[0]**2) / (1 - 2 * a1**2))
            a = [a1] + [v / f for v in m[1:]]
        else:
            a2 = m[1] / mpmath.sqrt(ss) + poly(u, 0, .042981, -.293762, -1.752461, 5.682633, -3.582633)
            f = mpmath.sqrt((ss - 2 * m[0]**2 - 2 * m[1]**2) / (1 - 2 * a1**2 - 2 * a2**2))
            a = [a1, a2] + [v / f for v in m[2:]]
    mu = mean(x)
    top = sum(a[i] * (x[n - 1 - i] - x[i]) for i in range(h))**2
    w = top / (sum((v - mu)**2 for v in x) * 2 * sum(v * v for v in a))
    if n == 3:
        return w, 6 / mpmath.pi * (mpmath.asin(mpmath.sqrt(w)) - mpmath.asin(mpmath.sqrt(mp(3) / 4)))
    y, l = log(1 - w), log(mp(n))
    if n <= 11:
        y = -log(poly(n, -2.273, .459) - y)
        mm, s = poly(n, .544, -.39978, .025054, -6.714e-4), mpmath.exp(poly(n, 1.3822, -.77857, .062767, -.0020322))
    else:
        mm, s = poly(l, -1.5861, -.31082, -.083751, .0038915), mpmath.exp(poly(l, -.4803, -.082676, .0030302))
    return w, sf((y - mm) / s)


for name, x in SAMPLES.items():
    w, p = shapiro(x)
    e = st.shapiro(x)
    few = "scipy and R sum in single passes, and take 1 - W as a difference"
    c.add(name, "shapiro_wilk", {"x": x}, {}, oracle(FORMULA, {"statistic": w, "p": p, "log_p": log(p)}),
          oracle("scipy", {"statistic": e.statistic, "p": e.pvalue}, 5 if name == "far from 0" else 7, few),
          r="ht(shapiro.test(x))", r_digits=7, r_note=few)
x = floats(13, 5000)
w, p = shapiro(x)
e = st.shapiro(x)
c.add("normal 5000", "shapiro_wilk", {"x": x}, {}, oracle(FORMULA, {"statistic": w, "p": p}),
      oracle("scipy", {"statistic": e.statistic, "p": e.pvalue}, 5, few), r="ht(shapiro.test(x))", r_digits=7, r_note=few)


# Anderson-Darling.
def a2(lower, upper):
    n = len(lower)
    return -n - sum((2 * i + 1) * (log(lower[i]) + log(upper[n - 1 - i])) for i in range(n)) / n


def anderson(x):
    x = sorted(mp(v) for v in x)
    n, m, s = len(x), mean(x), mpmath.sqrt(variance(x))
    a = a2([sf(-(v - m) / s) for v in x], [sf((v - m) / s) for v in x])
    t = a * (1 + mp("0.75") / n + mp("2.25") / n**2)
    if t < .2:
        p = 1 - mpmath.exp(poly(t, -13.436, 101.14, -223.73))
    elif t < .34:
        p = 1 - mpmath.exp(poly(t, -8.318, 42.796, -59.938))
    elif t < .6:
        p = mpmath.exp(poly(t, .9177, -4.279, -1.38))
    else:
        p = mpmath.exp(poly(min(t, 10), 1.2937, -5.709, .0186))
    return a, t, p


def ad_limit_cdf(z):
    """The series of Anderson and Darling, with its integral by quadrature."""
    z, total = mp(z), mp(0)
    for j in range(60):
        t = (4 * j + 1)**2 * mpmath.pi**2 / (8 * z)
        f = mpmath.quad(lambda w: mpmath.exp(z / (8 * (w * w + 1)) - t * w * w), [0, .1, .5, 1, 2, 5, 10, mpmath.inf])
        term = mpmath.binomial(mp(-1) / 2, j) * (4 * j + 1) * mpmath.exp(-t) * f
        total += term
        if abs(term) < mp(10)**-35:
            break
    return mpmath.sqrt(2 * mpmath.pi) / z * total


def ad_fix(n, x):
    if x > .8:
        return poly(x, -130.2137, 745.2337, -1705.091, 1950.646, -1116.360, 255.7844) / n
    k = mp("0.01265") + mp("0.1757") / n
    if x < k:
        v = x / k
        return mpmath.sqrt(v) * (1 - v) * (49 * v - 102) * (mp("0.0037") / n**2 + mp("0.00078") / n + mp("0.00006")) / n
    v = (x - k) / (mp("0.8") - k)
    return poly(v, -0.00022633, 6.54034, -14.6538, 14.458, -8.259, 1.91864) * (mp("0.04213") + mp("0.01365") / n) / n


for name in ["sleep", "plant control", "n = 8", "n = 11", "normal 50", "normal 99", "exponential 60", "uniform 101", "ties 80", "exponential 1000"]:
    x = SAMPLES[name]
    a, t, p = anderson(x)
    end = t > 10
    c.add(name, "anderson_darling", {"x": x}, {}, oracle(FORMULA, {"statistic": a, "p": p, "details": {"modified": t}}),
          oracle("scipy", {"statistic": st.anderson(x, "norm", method="interpolate").statistic}, 10, "scipy sums about zero"),
          r="list(statistic = nortest::ad.test(x)$statistic)" if end else "ht(nortest::ad.test(x))", r_digits=10, r_note="R sums logarithms about zero", r_oracle="R nortest")
for name, x, setting, lower, upper, r in [
        ("normal", floats(3, 50), {}, lambda v: sf(-v), sf, "ad.test(x, 'pnorm')"),
        ("normal with parameters", SLEEP, {"mean": "1.5", "sd": "2"}, lambda v: sf((mp("1.5") - v) / 2), lambda v: sf((v - mp("1.5")) / 2), "ad.test(x, 'pnorm', mean = 1.5, sd = 2)"),
        ("uniform", floats(6, 20, "uniform"), {"distribution": "uniform"}, lambda v: v, lambda v: 1 - v, "ad.test(x, 'punif')"),
        ("uniform squeezed", [round(.3 + .4 * v, 9) for v in floats(6, 30, "uniform")], {"distribution": "uniform"}, lambda v: v, lambda v: 1 - v, "ad.test(x, 'punif')"),
        ("exponential", floats(5, 60, "exponential"), {"distribution": "exponential", "rate": "1.25"}, lambda v: 1 - mpmath.exp(-v * mp("1.25")), lambda v: mpmath.exp(-v * mp("1.25")), "ad.test(x, 'pexp', rate = 1.25)"),
        ("one value", [1.2], {}, lambda v: sf(-v), sf, "ad.test(x, 'pnorm')"),
        ("close fit", [round((i + .5) / 40, 6) for i in range(40)], {"distribution": "uniform"}, lambda v: v, lambda v: 1 - v, "ad.test(x, 'punif')")]:
    s = sorted(mp(v) for v in x)
    a = a2([lower(v) for v in s], [upper(v) for v in s])
    F = ad_limit_cdf(a)
    p = 1 - F - ad_fix(len(x), F)
    c.add("known " + name, "anderson_darling", {"x": x}, {"method": "known", **setting}, oracle(FORMULA, {"statistic": a, "p": p}, 11 if p > .999 else None, "close to 1 the limit differs from it by the error of the sum" if p > .999 else None),
          r=f"ht(goftest::{r})", r_digits=3 if p > 1e-2 else 2, r_note="goftest takes the limit from the authors' short formula, which is off by up to 2e-5", r_oracle="R goftest")


# Lilliefors.
def lilliefors(x):
    x = sorted(mp(v) for v in x)
    n, m, s = len(x), mean(x), mpmath.sqrt(variance(x))
    u = [sf(-(v - m) / s) for v in x]
    d = max(max((i + 1) / mp(n) - u[i], u[i] - i / mp(n)) for i in range(n))
    k, nd = (d, n) if n <= 100 else (d * (mp(n) / 100)**mp("0.49"), 100)
    r = mpmath.sqrt(nd + mp("2.78019"))
    p = mpmath.exp(-mp("7.01256") * k**2 * r**2 + mp("2.99587") * k * r - mp("0.122119") + mp("0.974598") / mpmath.sqrt(nd) + mp("1.67997") / nd)
    if p > .1:
        k = (mpmath.sqrt(n) - mp("0.01") + mp("0.85") / mpmath.sqrt(n)) * d
        if k <= .302:
            p = mp(1)
        elif k <= .5:
            p = poly(k, 2.76773, -19.828315, 80.709644, -138.55152, 81.218052)
        elif k <= .9:
            p = poly(k, -4.901232, 40.662806, -97.490286, 94.029866, -32.355711)
        else:
            p = poly(k, 6.198765, -19.558097, 23.186922, -12.234627, 2.423045)
    return d, p


for name, x in SAMPLES.items():
    if len(x) > 4:
        d, p = lilliefors(x)
        c.add(name, "lilliefors", {"x": x}, {}, oracle(FORMULA, {"statistic": d, "p": p, "log_p": log(p)}),
              r="ht(lillie.test(x))", r_digits=9, r_note="R sums about zero", r_oracle="R nortest")


# Moments.
def moments(x):
    m = mean(x)
    k = [mpmath.fsum((mp(v) - m)**i for v in x) / len(x) for i in range(5)]
    return k[3] / k[2]**mp("1.5"), k[4] / k[2]**2


def skew_z(b, n):
    n = mp(n)
    y = b * mpmath.sqrt((n + 1) * (n + 3) / (6 * (n - 2)))
    beta = 3 * (n * n + 27 * n - 70) * (n + 1) * (n + 3) / ((n - 2) * (n + 5) * (n + 7) * (n + 9))
    ww = mpmath.sqrt(2 * (beta - 1)) - 1
    return mpmath.asinh(y / mpmath.sqrt(2 / (ww - 1))) / mpmath.sqrt(log(mpmath.sqrt(ww)))


def kurt_z(b, n):
    n = mp(n)
    x = (b - 3 * (n - 1) / (n + 1)) / mpmath.sqrt(24 * n * (n - 2) * (n - 3) / ((n + 1)**2 * (n + 3) * (n + 5)))
    g = 6 * (n * n - 5 * n + 2) / ((n + 7) * (n + 9)) * mpmath.sqrt(6 * (n + 3) * (n + 5) / (n * (n - 2) * (n - 3)))
    a = 6 + 8 / g * (2 / g + mpmath.sqrt(1 + 4 / g**2))
    return (1 - 2 / (9 * a) - mpmath.cbrt((1 - 2 / a) / (1 + x * mpmath.sqrt(2 / (a - 4))))) / mpmath.sqrt(2 / (9 * a))


for name, x in SAMPLES.items():
    n = len(x)
    if n < 8:
        continue
    b1, b2 = moments(x)
    z1, z2 = skew_z(b1, n), kurt_z(b2, n)
    note = "scipy takes powers of differences without compensation"
    digits = 9
    k = st.normaltest(x)
    c.add(name, "dagostino_k2", {"x": x}, {}, oracle(FORMULA, {"statistic": z1**2 + z2**2, "log_p": -(z1**2 + z2**2) / 2, "df": [2], "details": {"skewness": b1, "kurtosis": b2, "z_skewness": z1, "z_kurtosis": z2}}),
          oracle("scipy", {"statistic": k.statistic, **({"p": k.pvalue} if k.pvalue > 1e-290 else {})}, digits, note))
    jb = n / mp(6) * (b1**2 + (b2 - 3)**2 / 4)
    e = st.jarque_bera(x)
    c.add(name, "jarque_bera", {"x": x}, {}, oracle(FORMULA, {"statistic": jb, "log_p": -jb / 2}),
          oracle("scipy", {"statistic": e.statistic, **({"p": e.pvalue} if e.pvalue > 1e-290 else {})}, digits, note))
    for alternative, scipy_name in [("two_sided", "two-sided"), ("greater", "greater"), ("less", "less")]:
        for test, z, b, f in [("skewness_test", z1, b1, st.skewtest), ("kurtosis_test", z2, b2, st.kurtosistest)]:
            p = {"greater": sf(z), "less": sf(-z), "two_sided": 2 * sf(abs(z))}[alternative]
            e = f(x, alternative=scipy_name)
            c.add(f"{name} {alternative}", test, {"x": x}, {"alternative": alternative}, oracle(FORMULA, {"statistic": z, "log_p": log(p), "estimate": b}, 11 if name == "outlier" else None, "ln p is 0 to ten decimals or more" if name == "outlier" else None),
                  oracle("scipy", {"statistic": e.statistic, **({"p": e.pvalue} if 1e-290 < e.pvalue else {})}, digits, note))


# Kolmogorov-Smirnov, one sample.
def smirnov(n, d):
    d = mp(d)
    return d * mpmath.fsum(mpmath.binomial(n, j) * (d + mp(j) / n)**(j - 1) * (1 - d - mp(j) / n)**(n - j)
                           for j in range(n) if 1 - d - mp(j) / n > 0)


def kolmogorov(n, d):
    """P(D >= d) by the matrix of Marsaglia, Tsang and Wang."""
    d = mp(d)
    k = int(mpmath.ceil(n * d))
    m, h = 2 * k - 1, k - n * d
    H = mpmath.matrix(m, m)
    for i in range(m):
        for j in range(m):
            H[i, j] = 1 if i - j + 1 >= 0 else 0
    for i in range(m):
        H[i, 0] -= h**(i + 1)
        H[m - 1, i] -= h**(m - i)
    H[m - 1, 0] += (2 * h - 1)**m if 2 * h > 1 else 0
    for i in range(m):
        for j in range(m):
            if i - j + 1 > 0:
                H[i, j] /= mpmath.factorial(i - j + 1)
    return 1 - (H**n)[k - 1, k - 1] * mpmath.factorial(n) / mp(n)**n


mpmath.mp.dps = 80
for name, x, setting, cdf, args in [
        ("sleep", SLEEP, {"mean": "0.5", "sd": "2"}, lambda v: sf((mp("0.5") - v) / 2), ("norm", (.5, 2), "pnorm", "mean = 0.5, sd = 2")),
        ("normal 50", floats(3, 50), {}, lambda v: sf(-v), ("norm", (), "pnorm", "mean = 0")),
        ("shifted 25", [v + 1 for v in floats(14, 25)], {}, lambda v: sf(-v), ("norm", (), "pnorm", "mean = 0")),
        ("shifted 90", [v + 1 for v in floats(15, 90)], {}, lambda v: sf(-v), ("norm", (), "pnorm", "mean = 0")),
        ("uniform 30", floats(16, 30, "uniform"), {"distribution": "uniform"}, lambda v: mp(v), ("uniform", (), "punif", "min = 0")),
        ("uniform on (-1, 3)", floats(17, 12, "uniform"), {"distribution": "uniform", "low": "-1", "high": "3"}, lambda v: (mp(v) + 1) / 4, ("uniform", (-1, 4), "punif", "min = -1, max = 3")),
        ("exponential 40", floats(18, 40, "exponential"), {"distribution": "exponential", "rate": "0.75"}, lambda v: 1 - mpmath.exp(-mp(v) * 3 / 4), ("expon", (0, 4 / 3), "pexp", "rate = 0.75")),
        ("one value", [0.8], {"distribution": "uniform"}, lambda v: mp(v), ("uniform", (), "punif", "min = 0")),
        ("far off", [v + 40 for v in floats(19, 12)], {"mean": "38"}, lambda v: sf(38 - mp(v)), ("norm", (38,), "pnorm", "mean = 38")),
        ("close fit 9", [round((i + .52) / 9, 6) for i in range(9)], {"distribution": "uniform"}, lambda v: mp(v), ("uniform", (), "punif", "min = 0"))]:
    s = sorted(mp(v) for v in x)
    n = len(s)
    plus = max(mp(i + 1) / n - cdf(v) for i, v in enumerate(s))
    minus = max(cdf(v) - mp(i) / n for i, v in enumerate(s))
    for alternative, scipy_name, r_name in [("two_sided", "two-sided", "two.sided"), ("greater", "less", "less"), ("less", "greater", "greater")]:
        d = {"two_sided": max(plus, minus), "greater": minus, "less": plus}[alternative]
        p = kolmogorov(n, d) if alternative == "two_sided" else smirnov(n, d)
        e = st.ks_1samp(x, getattr(st, args[0]).cdf, args=args[1], alternative=scipy_name, method="exact")
        tail = p < 1e-4
        c.add(f"{name} {alternative}", "ks_one_sample", {"x": x}, {"alternative": alternative, "method": "exact", **setting},
              oracle(FORMULA, {"statistic": d, "log_p": log(p)} if abs(log(p)) > 1e-3 else {"statistic": d, "p": p}),
              oracle("scipy", {"statistic": e.statistic, "p": e.pvalue}, 7, "scipy's d and p carry rounding of the distribution function"),
              r=f"ht(ks.test(x, '{args[2]}', {args[3]}, alternative = '{r_name}', exact = TRUE))" if p > 1e-10 else None, r_digits=4 if tail else 7,
              r_note="R takes p as one less the distribution function" if tail else "R's d and p carry rounding of the distribution function")
x = floats(20, 3000)
s = sorted(mp(v) for v in x)
d = max(max(mp(i + 1) / 3000 - sf(-v), sf(-v) - mp(i) / 3000) for i, v in enumerate(s))
e = st.ks_1samp(x, st.norm.cdf, method="exact")
c.add("normal 3000", "ks_one_sample", {"x": x}, {"method": "exact"}, oracle(FORMULA, {"statistic": d}),
      oracle("scipy", {"statistic": e.statistic, "p": e.pvalue}, 7, "scipy's d and p carry rounding of the distribution function"),
      r="list(p = ks.test(x, 'pnorm', exact = TRUE)$p.value)", r_digits=9, r_note="R's p carries rounding of the distribution function")
mpmath.mp.dps = 50


# Kolmogorov-Smirnov, two samples.
def ks_two(x, y, alternative):
    """D, and the share of all ways to divide the pooled values that reach it."""
    m, n = len(x), len(y)
    pooled = sorted(x + y)
    ends = [i == m + n or pooled[i - 1] != pooled[i] for i in range(1, m + n + 1)]
    def side(d):
        return abs(d) if alternative == "two_sided" else d if alternative == "greater" else -d
    most = max(side(sum(v <= t for v in x) * n - sum(v <= t for v in y) * m) for t in pooled)
    ways = {0: 1}
    for k in range(1, m + n + 1):
        new = {}
        for i, w in ways.items():
            for to in (i, i + 1):
                j = k - to
                if to > m or j > n or j < 0:
                    continue
                if ends[k - 1] and side(to * n - j * m) >= most:
                    continue
                new[to] = new.get(to, 0) + w
        ways = new
    return Fraction(most, m * n), 1 - Fraction(ways.get(m, 0), math.comb(m + n, m))


def kolmogorov_limit(z):
    return 2 * mpmath.nsum(lambda k: (-1)**(int(k) - 1) * mpmath.exp(-2 * k * k * z * z), [1, 40], method="d")


for name, x, y in [("sleep", SLEEP[:10], SLEEP[10:]), ("no ties", floats(21, 9), [v + 1 for v in floats(22, 7)]),
                   ("ties", floats(23, 25, "ties"), [v + 2 for v in floats(24, 30, "ties")]), ("one each", [1.0], [2.0]),
                   ("unequal", floats(25, 5), floats(26, 60)), ("apart 80", floats(27, 80), [v + 9 for v in floats(28, 70)]),
                   ("apart 600", floats(29, 600), [v + 2 for v in floats(30, 500)]), ("same", [1.0, 2.0, 3.0], [1.0, 2.0, 3.0]),
                   ("spread 40", floats(31, 40), [5 * v for v in floats(32, 44)]), ("binary", [0.0] * 9 + [1.0] * 3, [0.0] * 4 + [1.0] * 9)]:
    for alternative, scipy_name, r_name in [("two_sided", "two-sided", "two.sided"), ("greater", "greater", "greater"), ("less", "less", "less")]:
        d, p = ks_two(x, y, alternative)
        exact = oracle("rational: all ways to divide the pooled values", {"statistic": mp(d.numerator) / d.denominator, "p": mp(p.numerator) / p.denominator,
                       "log_p": log(mp(p.numerator) / p.denominator)}, exact=True) if p > Fraction(1, 10**290) else \
            oracle("rational: all ways to divide the pooled values", {"statistic": mp(d.numerator) / d.denominator, "log_p": log(mp(p.numerator) / p.denominator)}, exact=True)
        c.add(f"{name} {alternative}", "ks_two_sample", {"x": x, "y": y}, {"alternative": alternative, "method": "exact"}, exact,
              r=f"ht(suppressWarnings(ks.test(x, y, alternative = '{r_name}', exact = TRUE)))" if d > 0 and p > Fraction(1, 1000) else None, r_digits=10, r_note="R takes p as one less the distribution function")
        z = mp(d.numerator) / d.denominator * mpmath.sqrt(mp(len(x)) * len(y) / (len(x) + len(y)))
        p = mpmath.exp(-2 * z * z) if alternative != "two_sided" else kolmogorov_limit(z) if z > .2 else mp(1)
        if d > 0:
            c.add(f"{name} {alternative} asymptotic", "ks_two_sample", {"x": x, "y": y}, {"alternative": alternative, "method": "asymptotic"},
                  oracle(FORMULA, {"p": p}), r=f"ht(suppressWarnings(ks.test(x, y, alternative = '{r_name}', exact = FALSE)))", r_digits=4, r_note="R sums its limit to six decimals")


# Spread.
def levene(groups, center, trim=0.1):
    def middle(g):
        g = sorted(mp(v) for v in g)
        if center == "mean":
            return mean(g)
        if center == "median":
            return (g[(len(g) - 1) // 2] + g[len(g) // 2]) / 2
        cut = int(trim * len(g))
        return mean(g[cut:len(g) - cut])
    z = [[abs(mp(v) - middle(g)) for v in g] for g in groups]
    n, k = sum(map(len, z)), len(z)
    grand = mean([v for g in z for v in g])
    between = sum(len(g) * (mean(g) - grand)**2 for g in z) / (k - 1)
    within = sum((len(g) - 1) * variance(g) for g in z) / (n - k)
    return between / within, k - 1, n - k


def bartlett(groups):
    v = [variance(g) for g in groups]
    nu = [len(g) - 1 for g in groups]
    total, k = sum(nu), len(groups)
    s = sum(a * b for a, b in zip(nu, v)) / total
    x = sum(a * log(s / b) for a, b in zip(nu, v))
    return x / (1 + (sum(mp(1) / a for a in nu) - mp(1) / total) / (3 * (k - 1)))


def fligner(groups):
    # The deviations are those of float64, on whose equality the ranks depend.
    z = [abs(v - float(np.median(g))) for g in groups for v in g]
    n = len(z)
    a = [z_of(mp(1) / 2 + mp(float(r)) / (2 * (n + 1))) for r in st.rankdata(z)]
    grand, s, at, x = mean(a), variance(a), 0, mp(0)
    for g in groups:
        x += len(g) * (mean(a[at:at + len(g)]) - grand)**2
        at += len(g)
    return x / s


for name, groups in {"PlantGrowth": PLANT, "InsectSprays": SPRAY, "two": [floats(33, 12), [3 * v for v in floats(34, 30)]],
                     "far apart": [floats(35, 50), [200 * v for v in floats(36, 60)], floats(37, 40)],
                     "far from 0": [[1e5 + v for v in floats(38, 20)], [2 * v for v in floats(39, 20)]],
                     "nearly equal": [[1.0, 2.0, 4.0, 8.0], [2.0, 3.0, 5.0, 9.000001], [0.0, 1.0, 3.0, 7.0]]}.items():
    same = name == "nearly equal"
    far = name == "far from 0"
    low = (5 if same else 8) if same or far else 10
    why = "the difference of almost equal terms" if same else "the values are far from 0" if far else "rounding of its sums"
    for center in ["mean", "median", "trimmed"]:
        f, d1, d2 = levene(groups, center)
        p = f_sf(f, d1, d2)
        r = {"mean": "L <- leveneTest(gr$v, gr$g, center = mean)", "median": "L <- leveneTest(gr$v, gr$g, center = median)",
             "trimmed": "L <- leveneTest(gr$v, gr$g, center = function(v) mean(v, trim = 0.1))"}[center]
        r += "; list(statistic = L[1, 2], p = L[1, 3], df = L[, 1])"
        values = {"statistic": f, "log_p": log(p), "df": [d1, d2]}
        if same and center != "median":
            values = {"statistic": f, "p": p, "df": [d1, d2]}
        note = ("the deviations carry the rounding of the mean", 6 if same else 10)
        own = oracle(FORMULA, values, note[1], note[0]) if same or far else oracle(FORMULA, values)
        others = [] if center == "trimmed" else [oracle("scipy", dict(zip(["statistic", "p"], st.levene(*groups, center=center))), low, why)]
        c.add(f"{name} {center}", "levene", {"groups": groups}, {"center": center}, own, *others, r=r, r_digits=low, r_note=why, r_oracle="R car")
        if center == "median":
            c.add(name, "brown_forsythe", {"groups": groups}, {}, own, *others, r=r, r_digits=low, r_note=why, r_oracle="R car")
    x, k = bartlett(groups), len(groups) - 1
    p = chi2_sf(x, k)
    c.add(name, "bartlett", {"groups": groups}, {}, oracle(FORMULA, {"statistic": x, "log_p" if not same else "p": log(p) if not same else p, "df": [k]}, 9 if same else 10 if far else None, why if far or same else None),
          oracle("scipy", dict(zip(["statistic", "p"], st.bartlett(*[np.array(g, float) for g in groups]))), low if not same else 1, why), r="h <- bartlett.test(gr$v, gr$g); c(ht(h), list(df = h$parameter))", r_digits=low if not same else 1, r_note=why)
    x = fligner(groups)
    p = chi2_sf(x, k)
    c.add(name, "fligner", {"groups": groups}, {}, oracle(FORMULA, {"statistic": x, "log_p": log(p), "df": [k]}),
          oracle("scipy", dict(zip(["statistic", "p"], st.fligner(*groups))), 10, "rounding of its sums"), r="h <- fligner.test(gr$v, gr$g); c(ht(h), list(df = h$parameter))", r_digits=10, r_note="rounding of its sums")

for name, x, y in [("PlantGrowth", PLANT[0], PLANT[1]), ("wide", floats(40, 30), [4 * v for v in floats(41, 20)]), ("apart", floats(42, 80), [60 * v for v in floats(43, 90)]), ("two each", [1.0, 2.0], [4.0, 9.0])]:
    for alternative, r_name in [("two_sided", "two.sided"), ("greater", "greater"), ("less", "less")]:
        for level in (.95, .99):
            ratio = 1 if level == .95 else 2
            est, d1, d2 = variance(y) / variance(x), len(y) - 1, len(x) - 1
            f = est / ratio
            up, down = f_sf(f, d1, d2), f_sf(1 / f, d2, d1)
            p = {"two_sided": min(1, 2 * min(up, down)), "greater": up, "less": down}[alternative]
            tail = (1 - mp(str(level))) / 2
            q = lambda a, b: inverse(lambda v: f_sf(v, a, b), tail, st.f.isf(float(tail), a, b))
            c.add(f"{name} {alternative} {level}", "f_ratio", {"x": x, "y": y}, {"alternative": alternative, "level": str(level), "ratio": str(ratio)},
                  oracle(FORMULA, {"statistic": f, "p": p, "df": [d1, d2], "estimate": est, "interval": {"low": est / q(d1, d2), "high": est * q(d2, d1)}}),
                  r=f"h <- var.test(y, x, ratio = {ratio}, alternative = '{r_name}'); i <- var.test(y, x, conf.level = {level})$conf.int; c(ht(h), list(estimate = h$estimate, interval = list(low = i[1], high = i[2]), df = h$parameter))",
                  r_digits=9, r_note="qf and pf of R carry nine digits far out")

c.write("scipy, R (stats, nortest, goftest, car), and the definitions in mpmath",
        f"Python {platform.python_version()}, scipy {scipy.__version__}, mpmath {mpmath.__version__}, R 4.2.2", "python3 assumptions.py > cases/assumptions.json")
