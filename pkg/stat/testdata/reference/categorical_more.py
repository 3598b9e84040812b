"""Makes cases/categorical_more.json: unconditional exact tests, blocks and strata
of 0 and 1, pass@k and posteriors of proportions, by rational arithmetic or 50
digits from the definitions, beside R, SciPy and statsmodels.

    python3 -m venv venv && venv/bin/pip install mpmath numpy scipy statsmodels
    venv/bin/python categorical_more.py

It calls Rscript, of base R, once.
"""

import itertools
import math
import platform
from fractions import Fraction

import mpmath as mp
import numpy as np
import scipy
import scipy.stats as st
import statsmodels
from statsmodels.stats.contingency_tables import StratifiedTable, cochrans_q

from categorical_oracles import (TOLERANCE, R, answer, beta_cdf, beta_quantile, case, chi2_sf, ends, fisher_p, log,
                                 normal_sf, oracle, root, write, z_of)

S_ALT = {"two_sided": "two-sided", "greater": "greater", "less": "less"}


def supremum(m, n, extreme):
    """The greatest probability of the extreme tables over the common proportion."""
    total = m + n
    share = []
    for s in range(total + 1):
        inside = sum(math.comb(m, x) * math.comb(n, s - x) for x in range(max(0, s - n), min(m, s) + 1) if extreme(x, s - x))
        share.append(Fraction(inside, math.comb(total, s)))
    exact = [mp.mpf(q.numerator) / q.denominator for q in share]
    weights = [math.comb(total, s) for s in range(total + 1)]
    slopes = [math.comb(total - 1, s) for s in range(total)]

    def value(p):
        return mp.fsum(q * w * p**s * (1 - p) ** (total - s) for s, (q, w) in enumerate(zip(exact, weights)) if q)

    def slope(p):
        return mp.fsum((exact[s + 1] - exact[s]) * w * p**s * (1 - p) ** (total - 1 - s) for s, w in enumerate(slopes))

    grid = [mp.sin(mp.pi * i / 800) ** 2 for i in range(401)]
    rough = np.array([sum(float(q) * st.binom.pmf(s, total, float(p)) for s, q in enumerate(share) if q) for p in grid])
    best = mp.mpf(max(share[0], share[-1]) == 1)
    for i in range(401):
        if rough[i] < 0.95 * rough.max() or (i > 0 and rough[i - 1] > rough[i]) or (i < 400 and rough[i + 1] > rough[i]):
            continue
        low, high = grid[max(0, i - 1)], grid[min(400, i + 1)]
        if slope(low) > 0 > slope(high):
            best = max(best, value(root(slope, low, high)))
        else:
            best = max(best, value(grid[i]))
    return best


def barnard(table, alternative, pooled):
    (a, b), (c, d) = table
    m, n = a + b, c + d

    def score(x, y):
        gap = Fraction(x, m) - Fraction(y, n)
        if gap == 0:
            return Fraction(0)
        if pooled:
            p = Fraction(x + y, m + n)
            v = p * (1 - p) * (Fraction(1, m) + Fraction(1, n))
        else:
            v = Fraction(x * (m - x), m**3) + Fraction(y * (n - y), n**3)
        sign = 1 if gap > 0 else -1
        return sign * gap**2 / v if v else sign * Fraction(10**30)

    observed = score(a, c)
    extreme = {"two_sided": lambda x, y: abs(score(x, y)) >= abs(observed), "greater": lambda x, y: score(x, y) >= observed,
               "less": lambda x, y: score(x, y) <= observed}[alternative]
    return supremum(m, n, extreme), mp.sign(observed) * mp.sqrt(mp.mpf(abs(observed).numerator) / abs(observed).denominator)


def boschloo(table, alternative):
    (a, b), (c, d) = table
    m, n = a + b, c + d
    observed = fisher_p(table, alternative)

    def extreme(x, y):
        if not 0 < x + y < m + n:
            return observed >= 1 / TOLERANCE
        return fisher_p([[x, m - x], [y, n - y]], alternative) <= observed * TOLERANCE

    return supremum(m, n, extreme), observed


for table in [[[7, 8], [12, 3]], [[3, 1], [1, 3]], [[1, 9], [6, 3]], [[0, 5], [3, 5]], [[2, 10], [15, 3]], [[20, 5], [5, 20]], [[18, 22], [25, 14]]]:
    turned = [list(c) for c in zip(*table)]
    name = str(table).replace("[", "").replace("]", "")
    for alternative in ("two_sided", "greater", "less"):
        for pooled in (True, False):
            p, z = barnard(table, alternative, pooled)
            other = st.barnard_exact(turned, alternative=S_ALT[alternative], pooled=pooled, n=512)
            note = "scipy's search stops short of the maximum; mpmath decides"
            assert other.pvalue <= p * (1 + mp.mpf(10) ** -9) and other.pvalue > 0.98 * p, (table, alternative, pooled, p, other.pvalue)
            case(f"{name}, {alternative}", "barnard", {"table": table}, {"alternative": alternative, "method": "pooled" if pooled else "unpooled"},
                 oracle("mpmath", exact=True, p=p, log_p=mp.log(p), statistic=z),
                 oracle("scipy barnard_exact", digits=1.5, note=note, p=float(other.pvalue)))
        p, fisher = boschloo(table, alternative)
        case(f"{name}, {alternative}", "boschloo", {"table": table}, {"alternative": alternative, "method": "two_sided"},
             oracle("mpmath", exact=True, p=p, log_p=mp.log(p), statistic=fisher))
    less, greater = boschloo(table, "less")[0], boschloo(table, "greater")[0]
    p = min(mp.mpf(1), 2 * min(less, greater))
    other = st.boschloo_exact(turned, n=512).pvalue
    case(f"{name}", "boschloo", {"table": table}, {}, oracle("mpmath", exact=True, p=p),
         oracle("scipy boschloo_exact", digits=1.5, note="scipy's search stops short of the maximum; mpmath decides", p=float(other)))

# Cochran's Q

BLOCKS = [
    [[0, 0, 0], [1, 0, 1], [1, 1, 1], [1, 0, 0], [1, 1, 0], [1, 1, 1], [1, 0, 0], [1, 1, 0]],
    # Cochran (1950), media for diphtheria bacilli; Fleiss (1981): four media, 69 specimens.
    [[1, 1, 1, 1]] * 4 + [[1, 1, 0, 1]] * 2 + [[0, 1, 1, 1]] * 3 + [[0, 1, 0, 1]] * 1 + [[0, 0, 0, 0]] * 59,
    [[1, 1, 0], [1, 0, 0], [1, 1, 0], [1, 0, 1], [0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0], [1, 0, 0], [1, 1, 1]],
    [[1, 0]] * 9 + [[0, 1]] * 2 + [[1, 1]] * 5,
    [[int((i * 7 + j * j * 3 + i * j) % 5 < 2 + (j == 1)) for j in range(5)] for i in range(12)],
]
for blocks in BLOCKS:
    n, k = len(blocks), len(blocks[0])
    sums, rows = [sum(c) for c in zip(*blocks)], [sum(b) for b in blocks]
    q = Fraction((k - 1) * (k * sum(g * g for g in sums) - sum(sums) ** 2), k * sum(rows) - sum(r * r for r in rows))
    p = chi2_sf(mp.mpf(q.numerator) / q.denominator, k - 1)
    sm = cochrans_q(np.array(blocks))
    r = f"friedman.test(matrix(c({','.join(str(v) for b in blocks for v in b)}), {n}, byrow=TRUE))"
    name = f"{k} treatments, {n} blocks, {sums}"
    case(name, "cochran_q", {"blocks": blocks}, {}, oracle("mpmath", statistic=q, df=[k - 1], p=p, log_p=mp.log(p)),
         oracle("statsmodels", digits=11, note="sums of rounded terms", statistic=float(sm.statistic), p=float(sm.pvalue)),
         oracle("R friedman.test", digits=11, note="ranks of 0 and 1: the same statistic", statistic=R(f"{r}$statistic"), p=R(f"{r}$p.value")))
    states = {(0,) * k: 1}
    for row in rows:
        following = {}
        for chosen in itertools.combinations(range(k), row):
            for s, count in states.items():
                t = tuple(v + (j in chosen) for j, v in enumerate(s))
                following[t] = following.get(t, 0) + count
        states = following
    observed = sum(g * g for g in sums)
    part = sum(count for s, count in states.items() if sum(v * v for v in s) >= observed)
    p = Fraction(part, sum(states.values()))
    case(name, "cochran_q", {"blocks": blocks}, {"method": "exact"}, oracle("rational", exact=True, p=p, log_p=log(p), statistic=q))

# strata; UCBAdmissions (departments A to F: men admitted, rejected; women admitted, rejected)

UCB = [[512, 313, 89, 19], [353, 207, 17, 8], [120, 205, 202, 391], [138, 279, 131, 244], [53, 138, 94, 299], [22, 351, 24, 317]]
STRATA = [UCB, [[2, 5, 3, 6], [10, 3, 4, 8]], [[0, 5, 3, 6], [4, 3, 2, 8], [1, 1, 1, 2]], [[90, 10, 30, 70], [80, 5, 20, 60]], [[6, 6, 2, 9]]]
for strata in STRATA:
    gap = variance = r_sum = s_sum = Fraction(0)
    pr = ps = qs = Fraction(0)
    law = {0: Fraction(1)}
    for a, b, c, d in strata:
        n = a + b + c + d
        gap += a - Fraction((a + b) * (a + c), n)
        variance += Fraction((a + b) * (c + d) * (a + c) * (b + d), n * n * (n - 1))
        ri, si = Fraction(a * d, n), Fraction(b * c, n)
        p, q = Fraction(a + d, n), Fraction(b + c, n)
        r_sum, s_sum = r_sum + ri, s_sum + si
        pr, ps, qs = pr + p * ri, ps + p * si + q * ri, qs + q * si
        whole = math.comb(n, a + b)
        step = {x: Fraction(math.comb(a + c, x) * math.comb(b + d, a + b - x), whole) for x in range(max(0, a - d), min(a + b, a + c) + 1)}
        if len(strata) < 4:
            joined = {}
            for x, u in law.items():
                for y, v in step.items():
                    joined[x + y] = joined.get(x + y, 0) + u * v
            law = joined
    name = f"{len(strata)} strata, {strata[0]}"
    data = {"blocks": strata}
    theta = r_sum / s_sum
    v = pr / (2 * r_sum**2) + ps / (2 * r_sum * s_sum) + qs / (2 * s_sum**2)
    half = z_of(0.95) * mp.sqrt(mp.mpf(v.numerator) / v.denominator)
    t = mp.mpf(theta.numerator) / theta.denominator
    bounds = ends(t * mp.exp(-half), t * mp.exp(half))
    array = f"array(c({','.join(str(v) for a, b, c, d in strata for v in (a, c, b, d))}), c(2,2,{len(strata)}))"
    for method, correct, x2 in (("asymptotic", "FALSE", gap**2 / variance), ("corrected", "TRUE", max(Fraction(0), abs(gap) - Fraction(1, 2)) ** 2 / variance)):
        x = mp.mpf(x2.numerator) / x2.denominator
        for alternative in ("two_sided", "greater", "less"):
            if len(strata) == 1 and alternative != "two_sided":
                continue
            z = mp.sqrt(x) * (1 if gap > 0 else -1)
            p = {"two_sided": chi2_sf(x, 1), "greater": normal_sf(z), "less": normal_sf(-z)}[alternative]
            r = None
            if len(strata) > 1:
                q = f'mantelhaen.test({array}, correct={correct}, alternative="{ {"two_sided": "two.sided"}.get(alternative, alternative) }")'
                r = oracle("R mantelhaen.test", digits=9, note="sums of rounded terms, and p from the root of chi-square", p=R(f"{q}$p.value"), statistic=R(f"{q}$statistic"))
            case(f"{name}, {alternative}", "mantel_haenszel", data, {"method": method, "alternative": alternative},
                 oracle("mpmath", exact=True, statistic=x2, p=p, log_p=mp.log(p), estimate=theta, interval=bounds), r)
    sm = StratifiedTable([np.array([[a, b], [c, d]]) for a, b, c, d in strata])
    case(f"{name}, odds", "mantel_haenszel", data, {}, oracle("mpmath", estimate=theta, interval=bounds),
         oracle("statsmodels", digits=10, note="sums of rounded terms", estimate=float(sm.oddsratio_pooled), interval=ends(*map(float, sm.oddsratio_pooled_confint()))))
    if len(strata) < 4:
        at = sum(s[0] for s in strata)
        for alternative in ("two_sided", "greater", "less"):
            p = sum(v for x, v in law.items() if (x >= at if alternative == "greater" else x <= at if alternative == "less" else v <= law[at] * TOLERANCE))
            r = None
            if len(strata) > 1:
                q = f'mantelhaen.test({array}, exact=TRUE, alternative="{ {"two_sided": "two.sided"}.get(alternative, alternative) }")$p.value'
                r = oracle("R mantelhaen.test", digits=10, note="the rational decides", p=R(q))
            case(f"{name}, {alternative}", "mantel_haenszel", data, {"method": "exact", "alternative": alternative},
                 oracle("rational", exact=True, p=p, log_p=log(p)), r)

# pass@k


def student_quantile(level, df):
    tail = (1 - mp.mpf(level)) / 2
    return root(lambda t: beta_cdf(mp.mpf(df) / 2, mp.mpf(1) / 2, df / (df + t * t)) / 2 - tail, mp.mpf("0.001"), 10000)


for n, c, k in [([10, 20, 10, 8, 10], [3, 0, 10, 4, 1], 4), ([200] * 8, [0, 1, 3, 200, 150, 20, 77, 5], 10), ([100, 50, 70, 1000], [1, 1, 0, 2], 1),
                ([5, 6, 7, 8, 9, 10, 11, 12] * 5, [0, 6, 1, 8, 2, 5, 11, 3] * 5, 5)]:
    for test in ("pass_at_k", "pass_hat_k"):
        each = [1 - Fraction(math.comb(b - a, k), math.comb(b, k)) if test == "pass_at_k" else Fraction(math.comb(a, k), math.comb(b, k)) for a, b in zip(c, n)]
        m = len(each)
        mean = sum(each) / m
        variance = sum((v - mean) ** 2 for v in each) / (m - 1)
        for level in (0.95, 0.9):
            half = student_quantile(level, m - 1) * mp.sqrt(mp.mpf(variance.numerator) / variance.denominator / m)
            mid = mp.mpf(mean.numerator) / mean.denominator
            interval = ends(max(mp.mpf(0), mid - half), min(mp.mpf(1), mid + half))
            values = ",".join(repr(float(v)) for v in each)
            r = [R(f"t.test(c({values}), conf.level={level})$conf.int[{i}]") for i in (1, 2)]
            cut = float(interval["low"]) > 0 and float(interval["high"]) < 1
            case(f"{n[:5]}, {c[:5]}, k = {k}, {level}", test, {"x": n, "y": c}, {"k": k, "level": level},
                 oracle("rational mean, mpmath", exact=True, estimate=mean, interval=interval),
                 oracle("R t.test", digits=11, note="of rounded estimates", interval=ends(*r)) if cut else None)

# posteriors

for k, n, a, b in [(7, 20, 0.5, 0.5), (0, 12, 0.5, 0.5), (12, 12, 1, 1), (430, 500, 2, 3), (15, 148, 1, 1), (0, 0, 0.5, 0.5)]:
    for level in (0.95, 0.9):
        tail = (1 - mp.mpf(level)) / 2
        case(f"{k} of {n}, Beta({a}, {b}), {level}", "beta_binomial", {"x": [k, n]}, {"a": a, "b": b, "level": level},
             oracle("mpmath", estimate=(Fraction(a) + k) / (Fraction(a) + Fraction(b) + n),
                    interval=ends(beta_quantile(mp.mpf(a) + k, mp.mpf(b) + n - k, tail), 1 - beta_quantile(mp.mpf(b) + n - k, mp.mpf(a) + k, tail))),
             oracle("R qbeta", interval=ends(R(f"qbeta((1-{level})/2, {a + k!r}, {b + n - k!r})"), R(f"qbeta((1-{level})/2, {a + k!r}, {b + n - k!r}, lower=FALSE)"))))


def difference_cdf(a1, b1, a2, b2, d, digits=20):
    """P(second - first <= d) by mpmath's quadrature."""
    with mp.workdps(25):
        low, high = max(mp.mpf(0), -d), min(mp.mpf(1), 1 - d)
        front = mp.loggamma(a1 + b1) - mp.loggamma(a1) - mp.loggamma(b1)
        mean = mp.mpf(a1) / (a1 + b1)
        sd = mp.sqrt(mean * (1 - mean) / (a1 + b1 + 1))
        points = sorted({low, high, *[min(max(mean + s * sd, low), high) for s in (-8, -4, -2, 0, 2, 4, 8)]})
        inside = mp.quad(lambda x: mp.exp(front + (a1 - 1) * mp.log(x) + (b1 - 1) * mp.log1p(-x)) * beta_cdf(a2, b2, min(mp.mpf(1), x + d)), points)
        if d > 0:
            inside += 1 - beta_cdf(a1, b1, 1 - d)
        return inside


for s1, n1, s2, n2, a, b in [(7, 20, 12, 20, 1, 1), (3, 10, 9, 12, 0.5, 0.5), (0, 10, 2, 11, 0.5, 0.5), (40, 100, 55, 90, 1, 1)]:
    a1, b1, a2, b2 = (mp.mpf(v) for v in (a + s1, b + n1 - s1, a + s2, b + n2 - s2))
    less = difference_cdf(a1, b1, a2, b2, mp.mpf(0))
    mean = a2 / (a2 + b2) - a1 / (a1 + b1)
    level = 0.95
    tail = (1 - mp.mpf(level)) / 2

    def quantile(p, guess, width):
        # Secants from about the quantile of a normal distribution.
        x0, x1 = guess - width, guess + width
        f0, f1 = difference_cdf(a1, b1, a2, b2, x0) - p, difference_cdf(a1, b1, a2, b2, x1) - p
        for _ in range(12):
            x2 = x1 - f1 * (x1 - x0) / (f1 - f0)
            x0, f0, x1 = x1, f1, x2
            if abs(x1 - x0) < mp.mpf(10) ** -14:
                break
            f1 = difference_cdf(a1, b1, a2, b2, x1) - p
        return x1

    sd = mp.sqrt(sum(x * y / ((x + y) ** 2 * (x + y + 1)) for x, y in ((a1, b1), (a2, b2))))
    low, high = quantile(tail, mean - 2 * sd, sd / 4), quantile(1 - tail, mean + 2 * sd, sd / 4)
    note = "R's integrate to 1e-13"
    r = (f"integrate(function(x) dbeta(x, {float(a1)!r}, {float(b1)!r})*pbeta(x, {float(a2)!r}, {float(b2)!r}, lower=FALSE), 0, 1, rel.tol=1e-13, subdivisions=5000)$value")
    case(f"{s1}/{n1} and {s2}/{n2}, Beta({a}, {b})", "beta_binomial", {"x": [s1, n1], "y": [s2, n2]}, {"a": a, "b": b},
         oracle("mpmath", digits=10, note="quadrature", estimate=mean, interval=ends(low, high), details={"probability_greater": 1 - less, "probability_less": less}),
         oracle("R integrate", digits=7 if min(a1, b1, a2, b2) < 1 else 10, note=note, details={"probability_greater": R(r)}))

answer()
write("cases/categorical_more.json", "rational arithmetic and definitions at 50 digits (mpmath), R, SciPy, statsmodels",
      f"mpmath {mp.__version__}, scipy {scipy.__version__}, statsmodels {statsmodels.__version__}, R 4.2.2, Python {platform.python_version()}",
      "python3 categorical_more.py")
