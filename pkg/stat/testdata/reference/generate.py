"""Makes mpmath.json: values computed with 60 digits from the definitions, each
checked here against scipy or statsmodels, which compute them in another way.

    python3 -m venv venv && venv/bin/pip install mpmath scipy statsmodels
    venv/bin/python generate.py > mpmath.json
"""

import json
import random

import mpmath as mp
import numpy as np
import scipy
import scipy.stats as st
import statsmodels
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint

mp.mp.dps = 60
worst = {}


def f(x):
    """The nearest double, written so that it reads back as itself."""
    return float(x)


def agree(name, exact, other, tolerance=1e-9):
    """Checks one value against the other program."""
    exact, other = float(exact), float(other)
    difference = abs(exact - other) / max(abs(exact), 1e-300)
    if abs(exact - other) < 1e-14:
        difference = abs(exact - other)
    if difference > tolerance:
        raise SystemExit(f"{name}: {exact!r} and {other!r} differ by {difference:.3g}")
    worst[name] = max(worst.get(name, 0.0), difference)


def z_of(p):
    """Quantile of the normal distribution at the double p."""
    p = mp.mpf(p)
    if p > mp.mpf(1) / 2:
        return mp.sqrt(2) * mp.erfinv(2 * p - 1)
    guess = mp.mpf(float(st.norm.ppf(float(p))))
    # Newton's method on the logarithm keeps digits in the tail.
    for _ in range(60):
        cdf = mp.erfc(-guess / mp.sqrt(2)) / 2
        step = mp.log(cdf / p) * cdf / mp.npdf(guess)
        guess -= step
        if abs(step) < mp.mpf(10) ** -50:
            break
    return guess


def z_level(level):
    """z of a two-sided interval."""
    return -z_of((1 - mp.mpf(level)) / 2)


def normal():
    out = []
    for p in [1e-300, 1e-100, 1e-20, 1e-10, 1e-5, 0.005, 0.025, 0.05, 0.1, 0.25, 0.4, 0.5, 0.6, 0.8, 0.95, 0.975, 0.995, 0.9999]:
        z = z_of(p)
        agree("normal quantile", z, st.norm.ppf(p))
        out.append({"p": p, "z": f(z)})
    return out


def wilson_bounds(k, n, level):
    z, p = z_level(level), mp.mpf(k) / n
    centre = p + z**2 / (2 * n)
    half = z * mp.sqrt(p * (1 - p) / n + z**2 / (4 * mp.mpf(n) ** 2))
    below, above = (centre - half) / (1 + z**2 / n), (centre + half) / (1 + z**2 / n)
    return (mp.mpf(0) if k == 0 else below), (mp.mpf(1) if k == n else above)


def wilson():
    out = []
    for k, n in [(0, 1), (1, 1), (0, 10), (1, 10), (5, 10), (9, 10), (10, 10), (198, 200), (200, 200), (286, 1319),
                 (515, 1319), (458, 1319), (742, 1319), (950, 1000), (1, 1000000), (999999, 1000000), (3, 1000000000)]:
        for level in [0.9, 0.95, 0.99, 0.999]:
            low, high = wilson_bounds(k, n, level)
            other = proportion_confint(k, n, alpha=1 - level, method="wilson")
            agree("wilson", low, other[0], 1e-5 if k <= 3 and n > 1e5 else 1e-9)
            agree("wilson", high, other[1])
            out.append({"k": k, "n": n, "level": level, "low": f(low), "high": f(high)})
    return out


def newcombe_in_doubles(a, b, c, d, level):
    """Method 10 in doubles on the score intervals of statsmodels."""
    n = a + b + c + d
    p1, p2 = (a + b) / n, (a + c) / n
    l1, u1 = proportion_confint(a + b, n, alpha=1 - level, method="wilson")
    l2, u2 = proportion_confint(a + c, n, alpha=1 - level, method="wilson")
    phi = 0.0
    if min(a + b, c + d, a + c, b + d) > 0:
        phi = a * d - b * c
        phi = max(phi - n / 2, 0) if phi > 0 else phi
        phi /= np.sqrt(a + b) * np.sqrt(c + d) * np.sqrt(a + c) * np.sqrt(b + d)
    low = p1 - p2 - np.sqrt((p1 - l1) ** 2 - 2 * phi * (p1 - l1) * (u2 - p2) + (u2 - p2) ** 2)
    high = p1 - p2 + np.sqrt((p2 - l2) ** 2 - 2 * phi * (p2 - l2) * (u1 - p1) + (u1 - p1) ** 2)
    return max(low, -1.0), min(high, 1.0)


def newcombe():
    out = []
    tables = [(14, 5, 0, 22), (1, 1, 7, 12), (59, 6, 16, 80), (36, 12, 2, 0), (20, 12, 2, 16), (18, 0, 0, 2), (10, 0, 0, 0),
              (0, 0, 0, 10), (0, 10, 0, 0), (0, 0, 10, 0), (5, 5, 5, 5), (400, 342, 115, 462), (1, 0, 0, 0), (0, 3, 7, 0),
              (54, 0, 0, 0), (53, 1, 0, 0), (29, 10, 10, 0), (120000, 3000, 2900, 60000)]
    for a, b, c, d in tables:
        for level in [0.9, 0.95, 0.99]:
            n = mp.mpf(a + b + c + d)
            p1, p2 = (a + b) / n, (a + c) / n
            l1, u1 = wilson_bounds(a + b, int(n), level)
            l2, u2 = wilson_bounds(a + c, int(n), level)
            margins = mp.mpf(a + b) * (c + d) * (a + c) * (b + d)
            numerator = mp.mpf(a) * d - mp.mpf(b) * c
            if numerator > 0:
                numerator = max(numerator - n / 2, mp.mpf(0))
            phi = numerator / mp.sqrt(margins) if margins else mp.mpf(0)
            x, y = p1 - l1, u2 - p2
            low = max(mp.mpf(-1), p1 - p2 - mp.sqrt(x * x - 2 * phi * x * y + y * y))
            x, y = u1 - p1, p2 - l2
            high = min(mp.mpf(1), p1 - p2 + mp.sqrt(x * x - 2 * phi * x * y + y * y))
            other = newcombe_in_doubles(a, b, c, d, level)
            agree("newcombe", low, other[0])
            agree("newcombe", high, other[1])
            out.append({"table": [a, b, c, d], "level": level, "estimate": f(p1 - p2), "low": f(low), "high": f(high)})
    return out


def binomial_tail(k, n, q):
    """P(X <= k) from the terms; far tails stop when nothing is added."""
    q = mp.mpf(q)
    term = mp.exp(mp.loggamma(n + 1) - mp.loggamma(k + 1) - mp.loggamma(n - k + 1) + k * mp.log(q) + (n - k) * mp.log1p(-q))
    total = term
    for i in range(k, 0, -1):
        term *= mp.mpf(i) / (n - i + 1) * (1 - q) / q
        total += term
        if term < total * mp.mpf(10) ** -50:
            break
    return total


def mcnemar_exact():
    out = []
    for b, c in [(1, 0), (0, 5), (1, 7), (3, 4), (2, 12), (0, 20), (10, 11), (57, 284), (115, 342), (0, 1000), (4900, 5100),
                 (49000, 51000), (500000, 503000), (499999, 500001), (10, 3000), (49999000, 50001000)]:
        p = min(mp.mpf(1), 2 * binomial_tail(min(b, c), b + c, 0.5))
        if b + c <= 100000 and p > 1e-290:
            agree("mcnemar", p, mcnemar([[0, b], [c, 0]], exact=True).pvalue)
        out.append({"b": b, "c": c, "log_p": f(mp.log(p)), "p": f(p) if p > mp.mpf(10) ** -300 else 1e-300})
    return out


def binomial():
    out = []
    for n, q in [(20, 0.3), (200, 0.99), (1000, 0.99), (1000, 0.5), (1319, 0.99), (1319, 0.5), (100000, 0.999)]:
        for k in sorted({0, n // 3, int(n * q) - 3, int(n * q), min(n - 1, int(n * q) + 2)}):
            exact = binomial_tail(k, n, q) if k <= n * q else 1 - mp.fsum(
                mp.binomial(n, i) * mp.mpf(q) ** i * (1 - mp.mpf(q)) ** (n - i) for i in range(k + 1, n + 1))
            if exact > 1e-290:
                agree("binomial", exact, st.binom.cdf(k, n, q), 1e-8)
                out.append({"k": k, "n": n, "q": q, "cdf": f(exact)})
    return out


def t_cdf_two_sided(t, df):
    x = mp.mpf(df) / (df + mp.mpf(t) ** 2)
    return mp.betainc(mp.mpf(df) / 2, mp.mpf(1) / 2, 0, x, regularized=True)


def t_quantile(level, df):
    p = 1 - mp.mpf(level)
    t = mp.mpf(float(st.t.ppf((1 + level) / 2, df)))
    for _ in range(30):
        # The density of t, for Newton's method on the two-sided tail.
        density = mp.gamma((df + 1) / mp.mpf(2)) / (mp.sqrt(df * mp.pi) * mp.gamma(df / mp.mpf(2))) * (1 + t * t / df) ** (-(df + 1) / mp.mpf(2))
        step = (t_cdf_two_sided(t, df) - p) / (-2 * density)
        t -= step
        if abs(step) < mp.mpf(10) ** -40:
            break
    return t


def student():
    quantiles, tails = [], []
    for df in [1, 2, 3, 4, 5, 8, 10, 29, 30, 31, 100, 199, 599, 1318, 9999, 1000000]:
        for level in [0.8, 0.9, 0.95, 0.99, 0.999]:
            t = t_quantile(level, df)
            agree("t quantile", t, st.t.ppf((1 + level) / 2, df), 1e-7)
            quantiles.append({"df": df, "level": level, "t": f(t)})
    for df in [1, 2, 4, 8, 30, 100, 1318, 9999]:
        for t in [0.0, 1e-6, 0.01, 0.5, 1.0, 1.96, 2.0, 2.001, 2.776, 4.0, 6.0, 7.0, 12.0, 30.0, 100.0]:
            p = t_cdf_two_sided(t, df)
            if p > 1e-290:
                agree("t tail", p, 2 * st.t.sf(t, df), 1e-6)
            tails.append({"df": df, "t": t, "log_p": f(mp.log(p))})
    return quantiles, tails


def sample(seed, n, make):
    r = random.Random(seed)
    return [make(r) for _ in range(n)]


def mean_of(x):
    return mp.fsum(mp.mpf(v) for v in x) / len(x)


def var_of(x):
    m = mean_of(x)
    return mp.fsum((mp.mpf(v) - m) ** 2 for v in x) / (len(x) - 1)


def means():
    out = []
    samples = {
        "control": [0.89, 0.87, 0.90, 0.88, 0.91],
        "two": [1.0, 4.0],
        "costs": [round(v, 9) for v in sample(1, 40, lambda r: r.lognormvariate(-9, 1))],
        "large": [1e9 + v for v in sample(2, 200, lambda r: r.random())],
        "mixed": sample(3, 101, lambda r: r.gauss(0, 1) * 10 ** r.uniform(-6, 6)),
    }
    for name, x in samples.items():
        m, v = mean_of(x), var_of(x)
        t = t_quantile(0.95, len(x) - 1)
        half = t * mp.sqrt(v / len(x))
        low, high = st.t.interval(0.95, len(x) - 1, loc=np.mean(x), scale=st.sem(x))
        agree("mean interval", m - half, low, 1e-6)
        agree("mean interval", m + half, high, 1e-6)
        out.append({"name": name, "x": x, "level": 0.95, "mean": f(m), "variance": f(v), "low": f(m - half), "high": f(m + half)})
    return out


def paired():
    out = []
    pairs = [([0.96, 0.97, 0.94, 0.95, 0.98], [0.89, 0.87, 0.90, 0.88, 0.91]),
             # Student's own data on two soporifics, as in R's sleep.
             ([0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0], [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4]),
             (sample(4, 300, lambda r: r.lognormvariate(0, 1)), sample(5, 300, lambda r: r.lognormvariate(0.1, 1)))]
    for x, y in pairs:
        d = [a - b for a, b in zip(x, y)]
        n, m, v = len(d), mean_of(d), var_of(d)
        t = m / mp.sqrt(v / n)
        p = t_cdf_two_sided(t, n - 1)
        half = t_quantile(0.95, n - 1) * mp.sqrt(v / n)
        other = st.ttest_rel(x, y)
        agree("paired t", t, other.statistic)
        agree("paired t", p, other.pvalue)
        out.append({"x": x, "y": y, "t": f(t), "p": f(p), "estimate": f(m), "low": f(m - half), "high": f(m + half)})
    return out


def holm():
    out = []
    for p in [[0.01, 0.04, 0.03, 0.005], [0.5], [0.02, 0.02, 0.02], [1.0, 0.9, 0.001], [1e-300, 0.5, 0.05], [0.0, 0.2],
              sample(6, 25, lambda r: r.random() ** 3)]:
        exact = [mp.mpf(0)] * len(p)
        least = mp.mpf(0)
        for rank, i in enumerate(sorted(range(len(p)), key=lambda i: p[i])):
            least = max(least, min(mp.mpf(1), (len(p) - rank) * mp.mpf(p[i])))
            exact[i] = least
        for e, o in zip(exact, multipletests(p, method="holm")[1]):
            agree("holm", e, o)
        out.append({"p": p, "adjusted": [f(v) for v in exact]})
    return out


def quantiles():
    out = []
    for n in [1, 2, 3, 10, 101, 1000]:
        x = sample(n, n, lambda r: r.lognormvariate(0, 1))
        s = sorted(x)
        for q in [0.0, 0.01, 0.25, 0.5, 0.9, 0.95, 0.99, 1.0]:
            h = (n - 1) * mp.mpf(q)
            at = min(int(h), n - 1)
            value = mp.mpf(s[at]) + (h - at) * (mp.mpf(s[min(at + 1, n - 1)]) - mp.mpf(s[at]))
            agree("quantile", value, np.quantile(x, q))
            out.append({"n": n, "x": x if q == 0.0 else [], "q": q, "value": f(value)})
    return out


def ranks():
    out = []
    for n in [5, 6, 50, 200, 299, 300, 368, 400, 1000, 1319, 10000]:
        for q in [0.5, 0.9, 0.95, 0.99]:
            for level in [0.9, 0.95, 0.99]:
                low = int(st.binom.ppf((1 - level) / 2, n, q))
                high = int(st.binom.isf((1 - level) / 2, n, q)) + 1
                attained = st.binom.cdf(high - 1, n, q) - st.binom.cdf(low - 1, n, q)
                out.append({"n": n, "q": q, "level": level, "low": low, "high": high, "attained": f(attained)})
    return out


def main():
    t_quantiles, t_tails = student()
    values = {
        "normal": normal(), "wilson": wilson(), "newcombe_paired": newcombe(), "mcnemar_exact": mcnemar_exact(),
        "binomial": binomial(), "t_quantile": t_quantiles, "t_tail": t_tails, "mean": means(), "paired_t": paired(),
        "holm": holm(), "quantile": quantiles(), "ranks": ranks(),
    }
    print(json.dumps({
        "source": "definitions at 60 digits (mpmath), checked against scipy and statsmodels; ranks from scipy",
        "version": f"mpmath {mp.__version__}, scipy {scipy.__version__}, statsmodels {statsmodels.__version__}",
        "command": "python generate.py > mpmath.json",
        "largest_difference": {k: float(f"{v:.2g}") for k, v in sorted(worst.items())},
        "values": values,
    }))


main()
