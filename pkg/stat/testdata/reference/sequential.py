"""Writes the reference values of procedures that may be looked at any time:

    python3 sequential.py > cases/sequential.json

It needs numpy, scipy, mpmath, and R with rpact and jsonlite. Each procedure is
written down twice from its definition, once in float64 with numpy and scipy and
once in arithmetic of 50 digits with mpmath, by other ways where there are any
(Lambert's function, root finders, integrals). rpact searches its bounds to 8
digits only, which the cases say.
"""

import math
import platform
import subprocess
import json

import mpmath
import numpy as np
import scipy
import scipy.optimize
import scipy.special
import scipy.stats

from oracle import *

c = Cases("none")
NUMPY = "scipy (numpy): the definition in float64"
MP = "mpmath: the definition in 50 digits"

bernoulli = [1.0 if v < 0.8 else 0.0 for v in floats(21, 60, "uniform")]
scores = floats(22, 200, "uniform")
near = [round(0.9 + v / 100, 9) for v in floats(23, 300, "uniform")]
graded = [v / 6 for v in floats(24, 40, "ties")]
shifted = [round(0.4 + v, 9) for v in floats(25, 80)]
fair = floats(26, 50)


# Confidence sequences.
def mixture_np(x, sigma, horizon, level, low=None, high=None):
    x, a, n = np.array(x), 1 - level, len(x)
    rho = horizon / (-scipy.special.lambertw(-a * a / math.e, -1).real - 1)
    half = sigma * math.sqrt((n + rho) * math.log((n + rho) / (rho * a * a))) / n
    m = math.fsum(x) / n
    lo, hi = m - half, m + half
    if low is not None:
        lo, hi = max(lo, low), min(hi, high)
    return {"estimate": m, "interval": {"low": lo, "high": hi, "level": level}}


def mixture_mp(x, sigma, horizon, level, low=None, high=None):
    a, n = 1 - mp(level), len(x)
    w = mpmath.findroot(lambda w: w - mpmath.log(w) - 1 + 2 * mpmath.log(a), 2 - 2 * mpmath.log(a))
    rho = horizon / (w - 1)
    half = mp(sigma) * mpmath.sqrt((n + rho) * mpmath.log((n + rho) / (rho * a * a))) / n
    m = mean(x)
    lo, hi = m - half, m + half
    if low is not None:
        lo, hi = max(lo, mp(low)), min(hi, mp(high))
    return {"estimate": m, "interval": {"low": lo, "high": hi}}


for name, x, s in [("scores", scores, {"method": "normal_mixture"}),
                   ("one observation", [0.25], {"method": "normal_mixture"}),
                   ("near a bound", near, {"method": "normal_mixture", "level": "0.9", "horizon": "100"}),
                   ("known scale", shifted, {"method": "normal_mixture", "sigma": "1.5", "horizon": "10000", "level": "0.999"}),
                   ("range of 1 to 5", [1 + 4 * g for g in graded], {"method": "normal_mixture", "low": "1", "high": "5"})]:
    lo, hi = float(s.get("low", 0)), float(s.get("high", 1))
    given = "sigma" in s
    args = (x, float(s["sigma"]) if given else (hi - lo) / 2, int(s.get("horizon", 1000)), float(s.get("level", 0.95)))
    args += () if given else (lo, hi)
    c.add(name, "confidence_sequence", {"x": x}, s, oracle(NUMPY, mixture_np(*args)), oracle(MP, mixture_mp(*args)))


def stakes(x, alpha, sides, f):
    """The bets on each observation, with the running means before them."""
    mean, var, total, squares, out = f(1) / 2, f(1) / 4, f(0), f(0), []
    log, sqrt = (mpmath.log, mpmath.sqrt) if f is mp else (math.log, math.sqrt)
    for t, v in enumerate(x, 1):
        v = f(v)
        out.append((v, sqrt(2 * log(sides / alpha) / (var * t * log(f(t) + 1))), mean))
        total += v
        mean = (f(1) / 2 + total) / (t + 1)
        squares += (v - mean) ** 2
        var = (f(1) / 4 + squares) / (t + 1)
    return out


def bernstein(x, level, f):
    log = mpmath.log if f is mp else math.log
    a = 1 - f(level)
    s = [(v, min(b, f(1) / 2), m) for v, b, m in stakes(x, a, 2, f)]
    bets = sum(b for _, b, _ in s)
    centre = sum(b * v for v, b, _ in s) / bets
    half = (log(2 / a) + sum((v - m) ** 2 * (-log(1 - b) - b) for v, b, m in s)) / bets
    return {"estimate": centre, "interval": {"low": max(f(0), centre - half), "high": min(f(1), centre + half)}}


def betting_np(x, level):
    a = 1 - level
    s = stakes(x, a, 2, float)
    v, b = np.array([q[0] for q in s]), np.array([q[1] for q in s])
    up = lambda m: np.log1p(np.minimum(b, 0.5 / m) * (v - m)).sum() - math.log(2 / a)
    down = lambda m: np.log1p(-np.minimum(b, 0.5 / (1 - m)) * (v - m)).sum() - math.log(2 / a)
    root = lambda g: scipy.optimize.brentq(g, 1e-9, 1 - 1e-9, xtol=1e-16, rtol=1e-15)
    low = root(up) if up(1e-9) > 0 else 0.0
    high = root(down) if down(1 - 1e-9) > 0 else 1.0
    return {"estimate": math.fsum(v) / len(v), "interval": {"low": low, "high": high, "level": level}}


def betting_mp(x, level):
    a = 1 - mp(level)
    s = stakes(x, a, 2, mp)
    goal = mpmath.log(2 / a)
    up = lambda m: mpmath.fsum(mpmath.log(1 + min(b, 1 / (2 * m)) * (v - m)) for v, b, _ in s) - goal
    down = lambda m: mpmath.fsum(mpmath.log(1 - min(b, 1 / (2 * (1 - m))) * (v - m)) for v, b, _ in s) - goal
    e = mp(10) ** -9

    def root(g):  # bisection: g bends where a stake meets its bound
        low, high, sign = e, 1 - e, g(e) > 0
        for _ in range(80):
            mid = (low + high) / 2
            low, high = (mid, high) if (g(mid) > 0) == sign else (low, mid)
        return (low + high) / 2
    return {"estimate": mean(x), "interval": {"low": root(up) if up(e) > 0 else mp(0), "high": root(down) if down(1 - e) > 0 else mp(1)}}


for name, x, level in [("bernoulli", bernoulli, 0.95), ("scores", scores, 0.95), ("near a bound", near, 0.9), ("graded", graded, 0.999),
                       ("two observations", [0.25, 0.75], 0.95), ("all correct", [1.0] * 30, 0.95)]:
    for method, np_, mp_ in [("betting", betting_np, betting_mp),
                             ("empirical_bernstein", lambda x, l: bernstein(x, l, float), lambda x, l: bernstein(x, l, mp))]:
        c.add(name, "confidence_sequence", {"x": x}, {"method": method, "level": repr(level)},
              oracle(NUMPY, np_(x, level)), oracle(MP, mp_(x, level)))


# E-values.
def path(logs, f):
    top = max([f(0)] + logs)
    return {"statistic": logs[-1], "log_p": -top, "p": mpmath.exp(-top) if f is mp else math.exp(-top)}


def stopped(logs, alpha):
    return next((i for i, v in enumerate(logs, 1) if v >= -math.log(alpha)), 0)


def bet(x, mu, level, side, f, low=0.0, high=1.0):
    log, exp = (mpmath.log, mpmath.exp) if f is mp else (math.log, math.exp)
    u = [(f(v) - f(low)) / (f(high) - f(low)) for v in x]
    m = (f(mu) - f(low)) / (f(high) - f(low))
    up = down = f(1)
    out = []
    for v, b, _ in stakes(u, 1 - f(level), 1 if side else 2, f):
        up *= 1 + min(b, 1 / (2 * m)) * (v - m)
        down *= 1 - min(b, 1 / (2 * (1 - m))) * (v - m)
        out.append(log(up if side == "greater" else down if side == "less" else (up + down) / 2))
    return out


for name, x, mu, s in [("bernoulli", bernoulli, 0.5, {}), ("null", scores, 0.5, {}), ("near a bound", near, 0.9, {"level": "0.99"}),
                       ("greater", bernoulli, 0.6, {"alternative": "greater"}), ("less", bernoulli, 0.6, {"alternative": "less"}),
                       ("range of 1 to 5", [1 + 4 * g for g in graded], 2.5, {"low": "1", "high": "5"}),
                       ("far", [0.97] * 400, 0.5, {})]:
    s = dict(s, mu=repr(mu))
    args = (x, mu, float(s.get("level", 0.95)), s.get("alternative"))
    ends = (float(s.get("low", 0)), float(s.get("high", 1)))
    a, b = bet(*args, float, *ends), bet(*args, mp, *ends)
    va, vb = path(a, float), path(b, mp)
    va["details"] = {"stopped_at": stopped(a, 1 - args[2])}
    c.add(name, "e_value", {"x": x}, s, oracle(NUMPY, va), oracle(MP, vb))
p, q = bernoulli, graded
diff = [b - a for a, b in zip(q, p)]
a, b = bet(diff, 0.0, 0.95, None, float, -1.0, 1.0), bet(diff, 0.0, 0.95, None, mp, -1.0, 1.0)
c.add("pairs", "e_value", {"x": q, "y": p[:40]}, {}, oracle(NUMPY, path(a, float)), oracle(MP, path(b, mp)))


def paired(x, y, side, f):
    b = n = 0
    out = []
    for u, v in zip(x, y):
        b, n = b + (v > u), n + (u != v)
        k = n - b
        if f is mp:
            lo, hi = (mp(1) / 2, mp(1)) if side == "greater" else (mp(0), mp(1) / 2) if side == "less" else (mp(0), mp(1))
            whole = mpmath.beta(mp(1) / 2, mp(1) / 2)
            part = mpmath.betainc(mp(1) / 2 + b, mp(1) / 2 + k, lo, hi)
            out.append(mpmath.log(mp(2) ** n * part / whole * (2 if side else 1)))
        else:
            law = scipy.stats.beta(0.5 + b, 0.5 + k)
            e = n * math.log(2) + scipy.special.betaln(0.5 + b, 0.5 + k) - scipy.special.betaln(0.5, 0.5)
            out.append(e + {"greater": math.log(2) + law.logsf(0.5), "less": math.log(2) + law.logcdf(0.5)}.get(side, 0))
    return out


first = [1.0 if v < 0.6 else 0.0 for v in floats(31, 120, "uniform")]
second = [1.0 if v < 0.8 else 0.0 for v in floats(32, 120, "uniform")]
for side in (None, "greater", "less"):
    s = {"method": "beta_binomial"} | ({"alternative": side} if side else {})
    a, b = paired(first, second, side, float), paired(first, second, side, mp)
    va = path(a, float)
    va["details"] = {"stopped_at": stopped(a, 0.05), "for": sum(v > u for u, v in zip(first, second)), "against": sum(v < u for u, v in zip(first, second))}
    c.add("correct or not " + (side or "two-sided"), "e_value", {"x": first, "y": second}, s,
          oracle(NUMPY, va), oracle(MP, path(b, mp)))
es = [0.5, 30.0, 4.0, 0.01]
c.add("four", "merge_e", {"x": es}, {}, oracle("rational", {"statistic": math.log(8.6275), "p": 1 / 8.6275}, exact=True))
c.add("four", "merge_e", {"x": es}, {"method": "product"}, oracle("rational", {"statistic": math.log(0.6), "p": 1.0}, exact=True))


# mSPRT.
def msprt_t(x, mu, tau, f):
    """By the t statistic of scipy, and by its definition."""
    out = [f(0)]
    for n in range(2, len(x) + 1):
        if f is mp:
            m, v = mean(x[:n]) - mp(mu), variance(x[:n])
            t2 = n * m * m / v
        else:
            t2 = float(scipy.stats.ttest_1samp(x[:n], mu).statistic) ** 2
        nu, k = f(n) - 1, 1 + n * f(tau) ** 2
        log = mpmath.log if f is mp else math.log
        out.append((n * (log(1 + t2 / nu) - log(1 + t2 / (nu * k))) - log(k)) / 2)
    return out


def t_interval(x, tau, level, f):
    """The means for which E is below 1/α: by a root finder, and in closed form."""
    n, k, a = len(x), 1 + len(x) * f(tau) ** 2, 1 - f(level)
    if f is mp:
        r = (k / a**2) ** (mp(1) / n)
        half = mpmath.sqrt(variance(x) / n * (n - 1) * (r - 1) / (1 - r / k))
        return mean(x) - half, mean(x) + half
    e = lambda d: n * (math.log1p(d * d / (n - 1)) - math.log1p(d * d / ((n - 1) * k))) - math.log(k) + 2 * math.log(a)
    half = scipy.optimize.brentq(e, 0, 1e4, xtol=1e-16, rtol=1e-15) * float(np.std(x, ddof=1)) / math.sqrt(n)
    return float(np.mean(x)) - half, float(np.mean(x)) + half


for name, x, s in [("effect", shifted, {}), ("null", fair, {"tau": "0.2"}), ("far from mu", shifted, {"mu": "-3", "level": "0.99"}),
                   ("few", shifted[:12], {"tau": "1"})]:
    mu, tau, level = float(s.get("mu", 0)), float(s.get("tau", 0.5)), float(s.get("level", 0.95))
    want = []
    for title, f in ((NUMPY, float), (MP, mp)):
        v = path(msprt_t(x, mu, tau, f), f)
        lo, hi = t_interval(x, tau, level, f)
        want.append(oracle(title, v | {"interval": {"low": lo, "high": hi}}))
    c.add(name, "msprt", {"x": x}, s, *want)


def msprt_normal(x, mu, sigma, tau, f):
    """By numerical integration over the mixture, and in closed form."""
    out, s = [], f(0)
    for n, v in enumerate(x, 1):
        s += f(v) - f(mu)
        if f is mp:
            sg2, t2 = mp(sigma) ** 2, mp(tau) ** 2
            out.append(mpmath.log(mpmath.sqrt(sg2 / (sg2 + n * t2))) + t2 * s * s / (2 * sg2 * (sg2 + n * t2)))
        else:
            node, w = np.polynomial.hermite_e.hermegauss(120)
            lift = node * tau * s / sigma**2 - n * (node * tau) ** 2 / (2 * sigma**2)
            top = lift.max()
            out.append(top + math.log(float((w * np.exp(lift - top)).sum()) / math.sqrt(2 * math.pi)))
    return out


for name, x, s in [("effect", shifted[:40], {"sigma": "1", "tau": "0.4"}), ("null", fair[:30], {"sigma": "1.25", "mu": "0.1"})]:
    s = dict(s, method="normal")
    mu, sigma, level = float(s.get("mu", 0)), float(s["sigma"]), 0.95
    tau = float(s.get("tau", sigma / 2))
    n, a = len(x), mp(1) - mp(level)
    k = mp(sigma) ** 2 + n * mp(tau) ** 2
    half = mpmath.sqrt(mp(sigma) ** 2 * k / (n * mp(tau)) ** 2 * (mpmath.log(k / mp(sigma) ** 2) - 2 * mpmath.log(a)))
    exact = path(msprt_normal(x, mu, sigma, tau, mp), mp)
    c.add(name + ", known variance", "msprt", {"x": x}, s,
          oracle(NUMPY, path(msprt_normal(x, mu, sigma, tau, float), float)),
          oracle(MP, exact | {"interval": {"low": mean(x) - half, "high": mean(x) + half}}))


# Quantiles: the ranks by brute force over all of them.
def quantile_ranks(n, q, level, f):
    def e(k, q):
        if f is mp:
            q = mp(q)
            a, b = 2 * q, 2 * (1 - q)
            top = mpmath.betainc(b + n - k, a + k, 0, 1 - q) / mpmath.betainc(b, a, 0, 1 - q)
            top = top.real
            return mpmath.log(top) - k * mpmath.log(q) - (n - k) * mpmath.log(1 - q)
        law, prior = scipy.stats.beta(2 * q + k, 2 * (1 - q) + n - k), scipy.stats.beta(2 * q, 2 * (1 - q))
        return (scipy.special.betaln(2 * q + k, 2 * (1 - q) + n - k) - scipy.special.betaln(2 * q, 2 * (1 - q))
                + law.logsf(q) - prior.logsf(q) - k * math.log(q) - (n - k) * math.log1p(-q))
    goal = math.log(2 / (1 - level))
    high = next(k for k in range(n + 1) if e(k, q) >= goal)
    low = n + 1 - next(k for k in range(n + 1) if e(k, 1 - q) >= goal)
    return low, high


for name, x, q, level in [("median", scores, 0.5, 0.95), ("median of ties", graded, 0.5, 0.9), ("upper", near, 0.9, 0.95), ("lower", shifted, 0.25, 0.8)]:
    want = []
    for title, f in ((NUMPY, float), (MP, mp)):
        low, high = quantile_ranks(len(x), q, level, f)
        o = sorted(x)
        want.append(oracle(title, {"estimate": float(np.quantile(x, q)), "interval": {"low": o[low - 1], "high": o[high - 1]},
                                   "details": {"low_rank": low, "high_rank": high}}))
    c.add(name, "quantile_sequence", {"x": x}, {"quantile": repr(q), "level": repr(level)}, *want)


# Group-sequential bounds: the recursion in 30 digits by mpmath, multivariate
# normal integrals of scipy for two looks, and rpact.
mpmath.mp.dps = 30
NODES = {}


def gauss(n):
    if n not in NODES:
        out = []
        for i in range(1, n + 1):
            x = mpmath.cos(mpmath.pi * (mp(i) - mp(1) / 4) / (n + mp(1) / 2))
            for _ in range(8):
                p0, p1 = mp(1), x
                for j in range(2, n + 1):
                    p0, p1 = p1, ((2 * j - 1) * x * p1 - (j - 1) * p0) / j
                d = n * (x * p1 - p0) / (x * x - 1)
                x -= p1 / d
            out.append((x, 2 / ((1 - x * x) * d * d)))
        NODES[n] = out
    return NODES[n]


def phi(z):
    return mpmath.exp(-z * z / 2) / mpmath.sqrt(2 * mpmath.pi)


class Looks:
    """The probability to leave above at look i, and the density of going on."""

    def __init__(self, t, one):
        self.t, self.one, self.grid = t, one, []

    def leave(self, i, bound):
        if i == 0:
            return sf(bound)
        sd = mpmath.sqrt(self.t[i] - self.t[i - 1])
        end = bound * mpmath.sqrt(self.t[i])
        return mpmath.fsum(w * d * sf((end - x) / sd) for x, w, d in self.grid)

    def on(self, i, bound):
        high = min(bound, mp(10)) * mpmath.sqrt(self.t[i])
        low = -10 * mpmath.sqrt(self.t[i]) if self.one else -high
        sd = mpmath.sqrt(self.t[i] - (self.t[i - 1] if i else 0))
        n = 56 + int(3 * (high - low) / sd)
        grid = []
        for node, w in gauss(n):
            x = low + (node + 1) / 2 * (high - low)
            d = phi(x / sd) / sd if i == 0 else mpmath.fsum(v * e * phi((x - y) / sd) for y, v, e in self.grid) / sd
            grid.append((x, w * (high - low) / 2, d))
        self.grid = grid


def bounds(t, alpha, method, one):
    t, side = [mp(v) for v in t], mp(alpha) / (1 if one else 2)
    if method.startswith("spend"):
        looks, out, before = Looks(t, one), [], mp(0)
        for i, v in enumerate(t):
            now = side * mpmath.log(1 + (mpmath.e - 1) * v) if method.endswith("pocock") else 2 * sf(z_of(1 - side / 2) / mpmath.sqrt(v))
            b = mpmath.findroot(lambda b: looks.leave(i, b) - (now - before), (z_of(1 - (now - before)), z_of(1 - (now - before)) - mp(1) / 5), tol=1e-40, verify=False)
            out.append(b)
            before = now
            if i + 1 < len(t):
                looks.on(i, b)
        return out
    shape = [mp(1) if method == "pocock" else 1 / mpmath.sqrt(v) for v in t]

    def total(b):
        looks, out = Looks(t, one), mp(0)
        for i, s in enumerate(shape):
            out += looks.leave(i, b * s)
            if i + 1 < len(t):
                looks.on(i, b * s)
        return out
    b = mpmath.findroot(lambda b: total(b) - side, (z_of(1 - side) + mp("0.1"), z_of(1 - side) + mp("0.4")), tol=1e-36, verify=False)
    return [b * s for s in shape]


TYPES = {"obrien_fleming": "OF", "pocock": "P", "spend_obrien_fleming": "asOF", "spend_pocock": "asP"}
for method, kind in TYPES.items():
    for t, alpha, one in [([0.5, 1], 0.05, False), ([0.2, 0.4, 0.6, 0.8, 1], 0.05, False), ([1 / 3, 2 / 3, 1], 0.025, True), ([0.1, 0.55, 1], 0.01, False)]:
        s = {"method": method, "alpha": repr(alpha), "fractions": ",".join(repr(v) for v in t)}
        if one:
            s["alternative"] = "greater"
        b = bounds(t, alpha, method, one)
        text = subprocess.run(["Rscript", "-e", f"""suppressMessages(library(rpact)); x <- getDesignGroupSequential(informationRates = c({",".join(map(repr, t))}),
            alpha = {alpha!r}, sided = {1 if one else 2}, typeOfDesign = "{kind}"); cat(sprintf("%.17g", x$criticalValues))"""],
                              capture_output=True, text=True, check=True).stdout
        want = [oracle(MP.replace("50", "30"), {"details": {f"bound_{i}": v for i, v in enumerate(b, 1)}})]
        want.append(oracle("R rpact", {"details": {f"bound_{i}": float(v) for i, v in enumerate(text.split(), 1) if v != "Inf"}}, 6, "rpact integrates and searches to 8 digits, and calls bounds of 8 infinite; mpmath decides"))
        if len(t) == 2:
            law = scipy.stats.multivariate_normal(cov=[[1, math.sqrt(t[0])], [math.sqrt(t[0]), 1]])
            inside = law.cdf([float(v) for v in b], lower_limit=[-float(v) for v in b])
            assert abs(1 - inside - alpha) < 1e-7, (method, inside)
        c.add(f"{len(t)} looks at {alpha!r}" + (", one-sided" if one else "") + (", unequal" if t[0] == 0.1 else ""), "group_sequential", {}, s, *want)

rv = subprocess.run(["Rscript", "-e", 'cat(R.version$major, R.version$minor, sep="."); cat(", rpact", as.character(packageVersion("rpact")))'],
                    capture_output=True, text=True, check=True).stdout
c.write("the definitions in numpy and scipy, and in mpmath; rpact",
        f"Python {platform.python_version()}, numpy {np.__version__}, scipy {scipy.__version__}, mpmath {mpmath.__version__}, R {rv}",
        "python3 sequential.py > cases/sequential.json")
