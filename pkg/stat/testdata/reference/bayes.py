"""Writes the reference values of Bayes factors and meta-analysis:

    python3 bayes.py > cases/bayes.json

It needs numpy, scipy, mpmath, and R with BayesFactor, metafor and jsonlite. The
Bayes factors of mpmath integrate over the standardized effect itself, with the
noncentral t distribution: another integral than that over g. BayesFactor
integrates to nine digits; metafor finds tau2 by
Fisher scoring with a threshold of 1e-15.
"""

import math
import platform
import subprocess

import mpmath
import numpy as np
import scipy
import scipy.integrate
import scipy.optimize
import scipy.stats

from oracle import *

c = Cases("bayes.R")
mpmath.mp.dps = 40


# Bayes factors.
def ratio(t, nu, shift):
    """Density of the noncentral t distribution over that of the central one."""
    t, nu = mp(t), mp(nu)
    w = shift**2 * t**2 / (2 * (nu + t**2))
    a = mpmath.hyp1f1((nu + 1) / 2, mp(1) / 2, w)
    b = mpmath.sqrt(2) * shift * t / mpmath.sqrt(nu + t**2) * mpmath.gamma(nu / 2 + 1) / mpmath.gamma((nu + 1) / 2)
    return mpmath.exp(-shift**2 / 2) * (a + b * mpmath.hyp1f1(nu / 2 + 1, mp(3) / 2, w))


def jzs_mp(t, n, nu, scale, side):
    scale, root = mp(scale), mpmath.sqrt(n)
    f = lambda d: ratio(t, nu, d * root) / (mpmath.pi * scale * (1 + (d / scale) ** 2))
    at = mp(t) / root
    width = 1 / root
    marks = sorted({at + k * width for k in (-60, -30, -15, -8, -4, -2, 0, 2, 4, 8, 15, 30, 60)} | {mp(0), scale, -scale, 4 * scale, -4 * scale})
    low, high = (0, mpmath.inf) if side == "greater" else (-mpmath.inf, 0) if side == "less" else (-mpmath.inf, mpmath.inf)
    marks = [low] + [m for m in marks if low < m < high] + [high]
    return mpmath.log(mpmath.quad(f, marks) * (2 if side else 1))


def jzs_np(t, n, nu, scale, side):
    """Over g, as Rouder and others have it; one-sided by 2 P(δ > 0) of δ given g."""
    whole = (nu + 1) / 2 * math.log1p(t * t / nu)

    def f(s):
        g = math.exp(s)
        k = 1 + n * scale**2 * g
        v = whole - (nu + 1) / 2 * math.log1p(t * t / (nu * k)) - math.log(k) / 2 - s / 2 - math.exp(-s) / 2 - math.log(2 * math.pi) / 2
        if side:
            sign = 1 if side == "greater" else -1
            c2 = (k - 1) / k
            v += math.log(2) + scipy.stats.t.logcdf(sign * t * math.sqrt(c2 * (nu + 1) / (nu + t * t * (1 - c2))), nu + 1)
        return v
    best = -scipy.optimize.minimize_scalar(lambda s: -f(s), bounds=(-5, 100), method="bounded").fun
    total = sum(scipy.integrate.quad(lambda s: math.exp(f(s) - best), a, b, epsabs=1e-18, epsrel=1e-13, limit=500)[0]
                for a, b in ((-5.5, -2), (-2, 2), (2, 8), (8, 20), (20, 60)))
    return best + math.log(total)


x5, y5 = [0.89, 0.87, 0.90, 0.88, 0.91], [0.96, 0.97, 0.94, 0.95, 0.98]
drug1 = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0]
drug2 = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4]
many, more = floats(41, 120), [v + 0.4 for v in floats(42, 90)]
same, alike = floats(43, 40), floats(44, 50)
far = [v + 3 for v in floats(45, 60)]


def t_of(test, x, y):
    if test == "bayes_t_one_sample":
        return math.sqrt(1) * mean(x) / mpmath.sqrt(variance(x) / len(x)), len(x), len(x) - 1
    if test == "bayes_t_paired":
        d = [mp(b) - mp(a) for a, b in zip(x, y)]
        return mean(d) / mpmath.sqrt(variance(d) / len(d)), len(d), len(d) - 1
    a, b = len(x), len(y)
    pooled = ((a - 1) * variance(x) + (b - 1) * variance(y)) / (a + b - 2)
    return (mean(y) - mean(x)) / mpmath.sqrt(pooled * (mp(1) / a + mp(1) / b)), mp(a) * b / (a + b), a + b - 2


R_ONE = {None: "", "greater": ", nullInterval = c(0, Inf)", "less": ", nullInterval = c(-Inf, 0)"}
for name, test, x, y, s in [("example", "bayes_t", x5, y5, {}), ("sleep, independent", "bayes_t", drug1, drug2, {}), ("sleep", "bayes_t_paired", drug1, drug2, {}),
                            ("sleep, wide", "bayes_t_paired", drug1, drug2, {"scale": "1"}), ("sleep, greater", "bayes_t_paired", drug1, drug2, {"alternative": "greater"}),
                            ("sleep, less", "bayes_t_paired", drug1, drug2, {"alternative": "less"}), ("effect", "bayes_t", many, more, {}),
                            ("no effect", "bayes_t", same, alike, {}), ("no effect, less", "bayes_t", same, alike, {"alternative": "less", "scale": "0.5"}),
                            ("one sample", "bayes_t_one_sample", drug1, None, {}), ("far", "bayes_t_one_sample", far, None, {}),
                            ("two observations", "bayes_t_one_sample", [1.0, 1.5], None, {})]:
    t, n, nu = t_of(test, x, y)
    scale, side = mp(math.sqrt(2) / 2) if "scale" not in s else mp(s["scale"]), s.get("alternative")
    b, a = jzs_mp(t, n, nu, scale, side), jzs_np(float(t), float(n), float(nu), float(scale), side)
    def say(v, f):
        return {"statistic": v, "details": {"bf10": f(v), "bf01": f(-v), "posterior_probability": 1 / (1 + f(-v))}}
    r = {"bayes_t": "bf(ttestBF(y, x", "bayes_t_paired": "bf(ttestBF(y - x", "bayes_t_one_sample": "bf(ttestBF(x"}[test]
    r += f", rscale = {float(scale)!r}{R_ONE[side]})" + ("[1]" if side else "") + ")"
    c.add(name, test, {"x": x} | ({"y": y} if y else {}), s, oracle("mpmath: over the effect, by noncentral t", say(b, mpmath.exp)),
          oracle("scipy: over g", say(a, math.exp)),
          r=r, r_digits=8, r_note="BayesFactor integrates to nine digits")


# Meta-analysis.
BCG = [(4, 119, 11, 128), (6, 300, 29, 274), (3, 228, 11, 209), (62, 13536, 248, 12619), (33, 5036, 47, 5761), (180, 1361, 372, 1079),
       (8, 2537, 10, 619), (505, 87886, 499, 87892), (29, 7470, 45, 7232), (17, 1699, 65, 1600), (186, 50448, 141, 27197), (5, 2493, 3, 2338), (27, 16886, 29, 17825)]
bcg = [round(math.log(a / (a + b)) - math.log(e / (e + d)), 17) for a, b, e, d in BCG]
bcg_v = [1 / a - 1 / (a + b) + 1 / e - 1 / (e + d) for a, b, e, d in BCG]
few, few_v = [0.12, 0.31, -0.05, 0.22], [0.01, 0.02, 0.015, 0.008]
zero, zero_v = [0.5, 0.52, 0.49, 0.51, 0.505], [0.04, 0.03, 0.05, 0.02, 0.06]
sci, sci_v = [100 + 30 * v for v in floats(51, 12)], [25 * (0.2 + v) for v in floats(52, 12, "uniform")]


def at(y, v, t2, f):
    w = [1 / (f(u) + t2) for u in v]
    m = sum(a * f(b) for a, b in zip(w, y)) / sum(w)
    return w, m, sum(a * (f(b) - m) ** 2 for a, b in zip(w, y))


def meta(y, v, method, hk, level, mu, side, f):
    k = len(y)
    sqrt = mpmath.sqrt if f is mp else math.sqrt
    w, m, q0 = at(y, v, f(0), f)
    w1, w2 = sum(w), sum(a * a for a in w)

    def score(t2):
        w, m, _ = at(y, v, t2, f)
        return sum(a * a * (f(b) - m) ** 2 for a, b in zip(w, y)) - sum(w) + sum(a * a for a in w) / sum(w)

    def solve(g, high):
        if g(f(0)) <= 0:
            return f(0)
        while g(high) > 0:
            high *= 2
        if f is float:
            return scipy.optimize.brentq(g, 0, high, xtol=1e-18, rtol=1e-15)
        return mpmath.findroot(g, (mp(0), high), solver="anderson", tol=1e-60, maxsteps=500)
    t2 = f(0)
    if method == "dl":
        t2 = max(f(0), (q0 - (k - 1)) / (w1 - w2 / w1))
    elif method == "reml":
        t2 = solve(score, f(max(v)))
    w, m, q = at(y, v, t2, f)
    se = 1 / sqrt(sum(w))
    if hk:
        se *= sqrt(q / (k - 1))
    a = (1 - f(level)) / 2
    if f is mp:
        tail = (lambda z: t_sf(z, k - 1)) if hk else sf
        tq = lambda df: -inverse(lambda z: t_sf(-z, df), a, mp(float(scipy.stats.t.ppf(float(a), df)))) if df else None
        reach = tq(k - 1) if hk else z_of(1 - a)
        far = tq(k - 2) if k > 2 else None
        chi = lambda p: inverse(lambda u: chi2_sf(u, k - 1), p, mp(float(scipy.stats.chi2.isf(float(p), k - 1))))
        q_p = chi2_sf(q0, k - 1)
    else:
        law = scipy.stats.t(k - 1) if hk else scipy.stats.norm()
        tail, reach, far = law.sf, -law.ppf(a), (-scipy.stats.t(k - 2).ppf(a) if k > 2 else None)
        chi = lambda p: scipy.stats.chi2(k - 1).isf(p)
        q_p = scipy.stats.chi2(k - 1).sf(q0)
    z = (m - f(mu)) / se
    p = tail(z) if side == "greater" else tail(-z) if side == "less" else 2 * tail(abs(z))
    d = {"standard_error": se, "tau2": t2, "q": q0, "q_p": q_p}
    if method != "fixed":
        s2 = (k - 1) * w1 / (w1 * w1 - w2)
        d |= {"i2": t2 / (t2 + s2), "h2": (t2 + s2) / s2}
        d["tau2_low"] = solve(lambda u: at(y, v, u, f)[2] - chi(a), f(1))
        d["tau2_high"] = solve(lambda u: at(y, v, u, f)[2] - chi(1 - a), f(1))
        if far:
            r = far * sqrt(t2 + se * se)
            d |= {"prediction_low": m - r, "prediction_high": m + r}
    return {"statistic": z, "p": p, "estimate": m, "interval": {"low": m - reach * se, "high": m + reach * se}, "details": d}


for name, y, v in [("dat.bcg", bcg, bcg_v), ("few studies", few, few_v), ("no heterogeneity", zero, zero_v), ("other units", sci, sci_v)]:
    for method in ("reml", "dl", "fixed"):
        for s in ({}, {"hk": "true", "level": "0.9"}, {"alternative": "less", "mu": "0.1"}):
            hk, level, mu, side = "hk" in s, float(s.get("level", 0.95)), float(s.get("mu", 0)), s.get("alternative")
            r = None
            if not side:
                kind = {"reml": "REML", "dl": "DL", "fixed": "FE"}[method]
                r = f'meta(x, v, "{kind}", {level!r}' + (', test = "knha")' if hk else ")")
            note = None
            c.add(f"{name}, {method}" + (", hk" if hk else "") + (", less" if side else ""), "meta", {"x": y, "variances": v}, s | {"method": method},
                  oracle("mpmath: the formulas in 40 digits", meta(y, v, method, hk, level, mu, side, mp)),
                  oracle("scipy", meta(y, v, method, hk, level, mu, side, float)), r=r, r_oracle="R metafor",
                  **({"r_digits": 8, "r_note": "metafor's tau2 by Fisher scoring"} if method == "reml" else {}))

rv = subprocess.run(["Rscript", "-e", 'cat(R.version$major, R.version$minor, sep="."); for (p in c("BayesFactor", "metafor")) cat(",", p, as.character(packageVersion(p)))'],
                    capture_output=True, text=True, check=True).stdout
c.write("the definitions in mpmath and scipy; BayesFactor and metafor",
        f"Python {platform.python_version()}, numpy {np.__version__}, scipy {scipy.__version__}, mpmath {mpmath.__version__}, R {rv}",
        "python3 bayes.py > cases/bayes.json")
