"""Makes cases/categorical.json: tests and intervals for counts and proportions,
by rational arithmetic or 50 digits from the definitions, beside R, SciPy and
statsmodels.

    python3 -m venv venv && venv/bin/pip install mpmath scipy statsmodels
    venv/bin/python categorical.py

It calls Rscript, of base R, once.
"""

import platform
from fractions import Fraction

import mpmath as mp
import numpy as np
import scipy
import scipy.stats as st
import statsmodels
import statsmodels.stats.proportion as sp
from statsmodels.stats.contingency_tables import mcnemar, cochrans_q

from categorical_oracles import *  # noqa: F403

R_ALT = {"two_sided": "two.sided", "greater": "greater", "less": "less"}
S_ALT = {"two_sided": "two-sided", "greater": "greater", "less": "less"}
SM_ALT = {"two_sided": "two-sided", "greater": "larger", "less": "smaller"}

# binomial

for k, n, p0 in [(7, 20, "3/10"), (682, 925, "3/4"), (5, 10, "1/2"), (0, 12, "1/10"), (12, 12, "9/10"), (19, 200, "1/20"),
                 (3, 1000, "1/4"), (430, 500, "1/2"), (1, 1, "1/4"), (9, 30, "3/8"), (999, 1000, "7/8")]:
    exact = Fraction(float(Fraction(p0)))
    for alternative in ("two_sided", "greater", "less"):
        p = binomial_p(k, n, exact, alternative)
        if alternative != "two_sided" and n > 500:
            continue
        case(f"{k} of {n}, p0 = {p0}, {alternative}", "binomial", {"x": [k, n]},
             {"p0": float(exact), "alternative": alternative},
             oracle("rational", exact=True, p=p, log_p=log(p), estimate=Fraction(k, n)),
             oracle("R binom.test", digits=10, note="R sums probabilities of a saddle-point expansion; the rational decides",
                    p=R(f'binom.test({k}, {n}, {float(exact)!r}, alternative="{R_ALT[alternative]}")$p.value')),
             oracle("scipy binomtest", digits=9, note="Boost's incomplete beta; the rational decides",
                    p=st.binomtest(k, n, float(exact), alternative=S_ALT[alternative]).pvalue))
        p = binomial_p(k, n, exact, alternative, midp=True)
        case(f"midp {k} of {n}, p0 = {p0}, {alternative}", "binomial", {"x": [k, n]},
             {"p0": float(exact), "alternative": alternative, "method": "midp"},
             oracle("rational", exact=True, p=p, log_p=log(p)))
    z = (k - n * mp.mpf(float(exact))) / mp.sqrt(n * mp.mpf(float(exact)) * (1 - mp.mpf(float(exact))))
    case(f"score {k} of {n}, p0 = {p0}", "binomial", {"x": [k, n]}, {"p0": float(exact), "method": "score", "interval": "wilson"},
         oracle("mpmath", statistic=z, p=z_p(z, "two_sided"), interval=ends(*wilson(k, n, 0.95))),
         oracle("R prop.test", digits=11, note="p from the square of z",
                p=R(f"prop.test({k}, {n}, {float(exact)!r}, correct=FALSE)$p.value")))

# intervals of one proportion

for k, n in [(7, 20), (0, 12), (12, 12), (81, 263), (15, 148), (1, 29), (950, 1000), (3, 100000), (1, 1), (200, 200)]:
    for level in (0.9, 0.95, 0.99):
        if level != 0.95 and n not in (20, 263, 12):
            continue
        name = f"{k} of {n} at {level}"
        data, settings = {"x": [k, n]}, {"level": level}
        case(name, "wilson", data, settings, oracle("mpmath", interval=ends(*wilson(k, n, level))),
             oracle("statsmodels", digits=9 if n > 10000 else 11, note="differences of nearly equal numbers at the bounds",
                    interval=ends(*sp.proportion_confint(k, n, 1 - level, "wilson"))) if 0 < k < n else
             oracle("R prop.test", interval=ends(*[R(f"prop.test({k}, {n}, conf.level={level}, correct=FALSE)$conf.int[{i}]") for i in (1, 2)])))
        case(name, "clopper_pearson", data, settings, oracle("mpmath", interval=ends(*clopper_pearson(k, n, level))),
             oracle("R binom.test", interval=ends(*[R(f"binom.test({k}, {n}, conf.level={level})$conf.int[{i}]") for i in (1, 2)])),
             oracle("statsmodels", interval=ends(*sp.proportion_confint(k, n, 1 - level, "beta"))))
        case(name, "jeffreys", data, settings, oracle("mpmath", interval=ends(*jeffreys(k, n, level))),
             oracle("R qbeta", interval=ends(0 if k == 0 else R(f"qbeta((1-{level})/2, {k}+0.5, {n - k}+0.5)"),
                                             1 if k == n else R(f"qbeta((1-{level})/2, {k}+0.5, {n - k}+0.5, lower=FALSE)"))))
        case(name, "agresti_coull", data, settings, oracle("mpmath", interval=ends(*agresti_coull(k, n, level))),
             oracle("statsmodels", digits=9 if n > 10000 else 11, note="differences of nearly equal numbers at the bounds",
                    interval=ends(*sp.proportion_confint(k, n, 1 - level, "agresti_coull"))))

# two proportions; the tables of Newcombe (1998), Statistics in Medicine 17: 873-890

NEWCOMBE = [(56, 70, 48, 80), (9, 10, 3, 10), (6, 7, 2, 7), (5, 56, 0, 29), (0, 10, 0, 20), (0, 10, 0, 10), (10, 10, 0, 20),
            (10, 10, 0, 10)]
PUBLISHED = [(.0524, .3339), (.1705, .8090), (.0582, .8062), (-.0381, .1926), (-.1611, .2775), (-.2775, .2775), (.6791, 1.0), (.6075, 1.0)]
for (s1, n1, s2, n2), (low, high) in zip(NEWCOMBE, PUBLISHED):
    data = {"x": [s1, n1], "y": [s2, n2]}
    l, h = newcombe(s1, n1, s2, n2, 0.95)
    # His differences are of the first less the second.
    assert abs(-h - low) < 6e-5 and abs(-l - high) < 6e-5, (s1, n1, s2, n2, l, h)
    name = f"{s1}/{n1} and {s2}/{n2}"
    smi = sp.confint_proportions_2indep(s2, n2, s1, n1, method="newcomb", compare="diff")
    case(name, "newcombe", data, {}, oracle("mpmath", interval=ends(l, h)),
         oracle("statsmodels", digits=9, note="loses digits at 0 and 100 %", interval=ends(*smi)))
    case(name, "agresti_caffo", data, {}, oracle("mpmath", interval=ends(*wald(s1, n1, s2, n2, 0.95, 1))),
         oracle("statsmodels", digits=10, note="loses digits in differences",
                interval=ends(*[max(-1, min(1, v)) for v in sp.confint_proportions_2indep(s2, n2, s1, n1, method="agresti-caffo", compare="diff")])))
    factor = mp.mpf(n1 + n2) / (n1 + n2 - 1)
    case(name, "miettinen_nurminen", data, {},
         oracle("mpmath", exact=True, interval=ends(*score_interval(s1, n1, s2, n2, 0.95, factor))))

for s1, n1, s2, n2 in [(56, 70, 48, 80), (15, 50, 20, 40), (742, 1319, 810, 1319), (3, 100, 40, 100), (100, 2000, 700, 2000), (5, 56, 0, 29),
                       (500, 1000, 500, 1000), (123456, 1000000, 123900, 1000000)]:
    data = {"table": [[s1, n1 - s1], [s2, n2 - s2]]}
    for alternative in ("two_sided", "greater", "less"):
        both = mp.mpf(s1 + s2) / (n1 + n2)
        d = mp.mpf(s2) / n2 - mp.mpf(s1) / n1
        z = d / mp.sqrt(both * (1 - both) * (mp.mpf(1) / n1 + mp.mpf(1) / n2))
        name = f"{s1}/{n1} and {s2}/{n2}, {alternative}"
        sm, smp = sp.proportions_ztest([s2, s1], [n2, n1], alternative=SM_ALT[alternative])
        case(name, "two_proportions", data, {"alternative": alternative},
             oracle("mpmath", statistic=z, p=z_p(z, alternative), log_p=mp.log(z_p(z, alternative)), estimate=d,
                    interval=ends(*newcombe(s1, n1, s2, n2, 0.95))),
             oracle("statsmodels", digits=9, note="the tail of z by 1 - cdf or of a rounded z", statistic=float(sm), p=float(smp)),
             oracle("R prop.test", digits=9, note="p from the root of chi-square",
                    p=R(f'prop.test(c({s2},{s1}), c({n2},{n1}), correct=FALSE, alternative="{R_ALT[alternative]}")$p.value')))
        v = mp.mpf(s1) * (n1 - s1) / mp.mpf(n1) ** 3 + mp.mpf(s2) * (n2 - s2) / mp.mpf(n2) ** 3
        z = d / mp.sqrt(v)
        sm, smp = sp.test_proportions_2indep(s2, n2, s1, n1, method="wald", compare="diff", alternative=SM_ALT[alternative], return_results=False)
        case("unpooled " + name, "two_proportions", data, {"alternative": alternative, "method": "unpooled", "interval": "wald", "level": 0.9},
             oracle("mpmath", statistic=z, p=z_p(z, alternative), interval=ends(*wald(s1, n1, s2, n2, 0.9))),
             oracle("statsmodels", digits=9, note="loses digits in differences", statistic=float(sm), p=float(smp)))
    for mu in (0.0, 0.125, -0.25):
        factor = mp.mpf(n1 + n2) / (n1 + n2 - 1)
        z = score_z(s1, n1, s2, n2, mu, factor)
        sm, smp = sp.test_proportions_2indep(s2, n2, s1, n1, value=mu, method="score", compare="diff", return_results=False)
        case(f"score {s1}/{n1} and {s2}/{n2}, mu = {mu}", "two_proportions", data,
             {"mu": mu, "method": "miettinen_nurminen", "interval": "miettinen_nurminen"},
             oracle("mpmath", exact=True, statistic=z, p=z_p(z, "two_sided"), interval=ends(*score_interval(s1, n1, s2, n2, 0.95, factor))),
             oracle("statsmodels", digits=6, note="its constrained maximum has a wrong coefficient for unequal samples (issue 10269); compared for mu = 0 only",
                    statistic=float(sm)) if mu == 0 else None)

# margins

for s1, n1, s2, n2, margin in [(80, 100, 83, 100, 0.15), (56, 70, 48, 80, 0.1), (10, 10, 10, 10, 0.3), (450, 500, 455, 500, 0.05), (30, 200, 90, 400, 0.2)]:
    data = {"x": [s1, n1], "y": [s2, n2]}
    lower, upper = score_z(s1, n1, s2, n2, -mp.mpf(margin), 1), score_z(s1, n1, s2, n2, mp.mpf(margin), 1)
    p_low, p_high = normal_sf(lower), normal_sf(-upper)
    level = 2 * 0.95 - 1
    inside = ends(*score_interval(s1, n1, s2, n2, level, 1))
    name = f"{s1}/{n1} and {s2}/{n2} within {margin}"
    case(name, "tost_proportions", data, {"margin": margin},
         oracle("mpmath", exact=True, p=max(p_low, p_high), statistic=lower if p_low > p_high else upper, interval=inside))
    case(name, "noninferiority_proportion", data, {"margin": margin},
         oracle("mpmath", exact=True, p=p_low, statistic=lower, interval=inside))
    d, v = mp.mpf(s2) / n2 - mp.mpf(s1) / n1, mp.mpf(s1) * (n1 - s1) / mp.mpf(n1) ** 3 + mp.mpf(s2) * (n2 - s2) / mp.mpf(n2) ** 3
    if v > 0:
        sm = sp.tost_proportions_2indep(s2, n2, s1, n1, -margin, margin, method="wald", compare="diff")
        lower, upper = (d + mp.mpf(margin)) / mp.sqrt(v), (d - mp.mpf(margin)) / mp.sqrt(v)
        case("wald " + name, "tost_proportions", data, {"margin": margin, "method": "wald"},
             oracle("mpmath", p=max(normal_sf(lower), normal_sf(-upper)), interval=ends(*wald(s1, n1, s2, n2, level))),
             oracle("statsmodels", digits=9, note="loses digits in differences", p=float(sm.pvalue)))

# paired proportions

AGRESTI = [[794, 150], [86, 570]]
PAIRED = [AGRESTI, [[43, 0], [1, 0]], [[1, 1], [7, 3]], [[30, 10], [2, 8]], [[20, 12], [2, 16]], [[0, 0], [0, 20]], [[59, 6], [16, 80]],
          [[10, 0], [0, 10]], [[5, 5], [5, 5]], [[0, 10], [0, 10]], [[2000, 3], [260, 1000]], [[54, 0], [0, 0]]]
for table in PAIRED:
    (a, b), (c, d) = table
    n = b + c
    name = str(table).replace("[", "").replace("]", "")
    for alternative in ("two_sided", "greater", "less"):
        if n == 0:
            continue
        half = Fraction(1, 2)
        lower = {"two_sided": min(b, c), "greater": b, "less": c}[alternative]
        f = binomial_pmf(n, half)
        one, mid = sum(f[: lower + 1]), sum(f[: lower + 1]) - f[lower] / 2
        if alternative == "two_sided":
            one, mid = min(Fraction(1), 2 * one), min(Fraction(1), 2 * mid)
        case(f"{name}, {alternative}", "mcnemar", {"table": table}, {"alternative": alternative},
             oracle("rational", exact=True, p=one, log_p=log(one), statistic=min(b, c), estimate=Fraction(c - b, a + n + d),
                    interval=ends(*newcombe_paired(table, 0.95))),
             oracle("statsmodels", digits=10, note="SciPy's binomial; the rational decides", statistic=min(b, c),
                    p=float(mcnemar(np.array(table), exact=True).pvalue)) if alternative == "two_sided" else
             oracle("R binom.test", digits=10, note="saddle-point; the rational decides",
                    p=R(f'binom.test({c}, {n}, alternative="{R_ALT[alternative]}")$p.value')))
        case(f"midp {name}, {alternative}", "mcnemar", {"table": table}, {"alternative": alternative, "method": "midp"},
             oracle("rational", exact=True, p=mid, log_p=log(mid)))
    if n > 0:
        x2 = mp.mpf((b - c) ** 2) / n
        case("asymptotic " + name, "mcnemar", {"table": table}, {"method": "asymptotic"},
             oracle("mpmath", statistic=x2, p=chi2_sf(x2, 1), df=[1]),
             oracle("R mcnemar.test", statistic=R(f"mcnemar.test({matrix(table)}, correct=FALSE)$statistic"),
                    p=R(f"mcnemar.test({matrix(table)}, correct=FALSE)$p.value")))
        x2 = mp.mpf(max(0, abs(b - c) - 1)) ** 2 / n
        case("corrected " + name, "mcnemar", {"table": table}, {"method": "asymptotic_corrected"},
             oracle("mpmath", statistic=x2, p=chi2_sf(x2, 1), df=[1]),
             oracle("R mcnemar.test", statistic=R(f"mcnemar.test({matrix(table)})$statistic"), p=R(f"mcnemar.test({matrix(table)})$p.value")))
    if c > 0 and n > 0:
        low, high = clopper_pearson(b, n, 0.95)
        bounds = [R(f"local({{ p <- binom.test({b}, {n})$conf.int[{i}]; p/(1-p) }})") for i in (1, 2)]
        case("odds " + name, "mcnemar", {"table": table}, {},
             oracle("mpmath", effect={"estimate": Fraction(b, c), "low": low / (1 - low), "high": high / (1 - high)}),
             oracle("R binom.test", digits=11, note="odds of a rounded bound", effect={"estimate": Fraction(b, c), "low": bounds[0], "high": bounds[1]}))
    for level in (0.9, 0.95):
        case(f"{name} at {level}", "newcombe_paired", {"table": table}, {"level": level},
             oracle("mpmath", exact=True, interval=ends(*newcombe_paired(table, level))))
        case(f"{name} at {level}", "tango", {"table": table}, {"level": level}, oracle("mpmath", exact=True, interval=ends(*tango(table, level))))
    for margin in (0.1, 0.3):
        lower, upper = tango_z(table, -mp.mpf(margin)), tango_z(table, mp.mpf(margin))
        case(f"{name} within {margin}", "tost_paired_proportions", {"table": table}, {"margin": margin},
             oracle("mpmath", exact=True, p=max(normal_sf(lower), normal_sf(-upper)), interval=ends(*tango(table, 2 * 0.95 - 1))))
# Tango's own example: 43 pairs agree, one prefers; he prints -0.014 to 0.112 for 90 %... as differences.
assert mcnemar(np.array(AGRESTI), exact=True).pvalue < 4e-5

# 2 x 2, given the margins

FOURFOLD = [[[3, 1], [1, 3]], [[4, 0], [0, 4]], [[7, 12], [8, 3]], [[2, 10], [15, 3]], [[3, 0], [4, 5]], [[0, 7], [9, 3]], [[100, 2], [1000, 5]],
            [[150, 30], [20, 170]], [[12, 5], [9, 4]], [[1, 1], [1, 1]], [[1, 999], [14, 986]], [[345, 455], [260, 345]], [[2100, 900], [200, 2500]],
            [[5, 16], [20, 25]], [[10, 10], [10, 10]], [[400000, 401000], [399000, 400300]]]
for table in FOURFOLD:
    big = sum(map(sum, table)) > 10000
    name = str(table).replace("[", "").replace("]", "")
    for alternative in ("two_sided", "greater", "less"):
        r = R(f'fisher.test({matrix(table)}, alternative="{R_ALT[alternative]}")$p.value')
        s = st.fisher_exact(table, alternative=S_ALT[alternative]).pvalue
        if big:
            if alternative != "two_sided":
                continue
            case(f"{name}, {alternative}", "fisher_exact", {"table": table}, {"alternative": alternative},
                 oracle("R fisher.test", digits=9, note="R and SciPy keep about ten digits here", p=r),
                 oracle("scipy fisher_exact", digits=9, note="R and SciPy keep about ten digits here", p=s))
            continue
        p = fisher_p(table, alternative)
        case(f"{name}, {alternative}", "fisher_exact", {"table": table}, {"alternative": alternative},
             oracle("rational", exact=True, p=p, log_p=log(p)),
             oracle("R fisher.test", digits=10, note="the rational decides", p=r) if p > Fraction(1, 10**200) else None,
             oracle("scipy fisher_exact", digits=9, note="the rational decides", p=s) if p > Fraction(1, 10**200) else None)
    if not big and table[0][1] * table[1][0] > 0:
        for level in (0.95, 0.99):
            estimate, low, high = fisher_odds(table, level)
            case(f"odds of {name} at {level}", "fisher_exact", {"table": table}, {"level": level},
                 oracle("mpmath", exact=True, estimate=estimate, interval=ends(low, high),
                        statistic=Fraction(table[0][0] * table[1][1], table[0][1] * table[1][0])),
                 oracle("R fisher.test", digits=3, note="R solves to a tolerance of about 1e-4 and bounds 1/x to it, so its bounds decide nothing",
                        estimate=R(f"fisher.test({matrix(table)})$estimate")))

# r x c, given the margins

SMALL = [[[1, 3, 10, 6], [2, 3, 10, 7], [1, 6, 14, 12]], [[8, 6, 3], [7, 9, 3], [5, 2, 4]], [[20, 12, 15], [31, 14, 23]], [[2, 0, 1, 2, 6], [1, 0, 1, 2, 0]],
         [[3, 1, 0], [0, 4, 1], [1, 0, 5], [2, 2, 2]], [[1, 1, 1], [1, 1, 1], [1, 1, 1]], [[6, 0, 0], [0, 6, 0], [0, 0, 6]],
         [[2, 1, 1, 0, 1], [0, 0, 1, 0, 1], [1, 1, 2, 1, 0], [2, 2, 3, 0, 1]], [[40, 3, 0], [2, 38, 1]], [[0, 0, 5], [3, 0, 0], [1, 0, 2]],
         [[1, 2, 3, 4, 5, 6], [6, 5, 4, 3, 2, 1]], [[10, 0, 0, 0], [0, 10, 0, 0], [0, 0, 10, 0]]]
for table in SMALL:
    p = fisher_rxc(table)
    case(str(table).replace("[", "").replace("]", ""), "fisher_exact", {"table": table}, {},
         oracle("rational", exact=True, p=p, log_p=log(p)),
         oracle("R fisher.test", digits=8, note="FEXACT keeps about nine digits; the rational decides", p=R(f"fisher.test({matrix(table)}, workspace=2e7)$p.value")))
JOB = [[1, 3, 10, 6], [2, 3, 10, 7], [1, 6, 14, 12], [0, 1, 9, 11]]
for table, digits in [(JOB, 8), ([[10, 6, 5, 7], [7, 8, 8, 6], [5, 10, 10, 9]], 8), ([[20, 12, 15, 30, 12, 25], [31, 14, 23, 40, 18, 33]], 8)]:
    case("R " + str(table).replace("[", "").replace("]", ""), "fisher_exact", {"table": table}, {},
         oracle("R fisher.test", digits=digits, note="FEXACT keeps about nine digits; too many tables to list", p=R(f"fisher.test({matrix(table)}, workspace=2e8)$p.value")),
         oracle("network by rationals", exact=True, p=fisher_columns(table)))

# chi-square and G

TABLES = SMALL[:5] + [JOB, [[762, 327, 468], [484, 239, 477]], [[12, 5], [9, 4]], [[100, 2], [1000, 5]], [[1, 999], [14, 986]],
                      [[500000, 500300], [499800, 500100]], [[2100, 900], [200, 2500]], [[68, 119, 26, 7], [20, 84, 17, 94], [15, 54, 14, 10], [5, 29, 14, 16]]]
for table in TABLES:
    name = str(table).replace("[", "").replace("]", "")
    rows, columns = [sum(r) for r in table], [sum(c) for c in zip(*table)]
    n = sum(rows)
    df = (sum(1 for r in rows if r) - 1) * (sum(1 for c in columns if c) - 1)
    expected = [[Fraction(r * c, n) for c in columns] for r in rows]
    pairs = [(o, e) for ro, re in zip(table, expected) for o, e in zip(ro, re) if e]
    kept = [[v for v, c in zip(r, columns) if c] for r in table if sum(r)]
    x2 = sum((o - e) ** 2 / e for o, e in pairs)
    g = 2 * mp.fsum(o * mp.log(o / (mp.mpf(e.numerator) / e.denominator)) for o, e in pairs if o)
    sci = st.chi2_contingency(kept, correction=False)
    p = chi2_sf(mp.mpf(x2.numerator) / x2.denominator, df)
    case(name, "chi_square", {"table": table}, {}, oracle("mpmath", statistic=x2, df=[df], p=p, log_p=mp.log(p)),
         oracle("scipy chi2_contingency", digits=9, note="differences from rounded expected counts", statistic=float(sci.statistic), p=float(sci.pvalue)),
         oracle("R chisq.test", digits=9, note="differences from rounded expected counts", statistic=R(f"chisq.test({matrix(kept)}, correct=FALSE)$statistic"),
                p=R(f"chisq.test({matrix(kept)}, correct=FALSE)$p.value")))
    sci = st.chi2_contingency(kept, correction=False, lambda_="log-likelihood")
    p = chi2_sf(g, df)
    case(name, "g_test", {"table": table}, {}, oracle("mpmath", statistic=g, df=[df], p=p, log_p=mp.log(p)),
         oracle("scipy chi2_contingency", digits=7, note="cancellation in large tables", statistic=float(sci.statistic), p=float(sci.pvalue)))
    if len(table) == 2 and len(table[0]) == 2:
        x2 = sum(max(0, abs(o - e) - Fraction(1, 2)) ** 2 / e for o, e in pairs)
        p = chi2_sf(mp.mpf(x2.numerator) / x2.denominator, df)
        case("yates " + name, "chi_square", {"table": table}, {"method": "yates"}, oracle("mpmath", statistic=x2, p=p),
             oracle("R chisq.test", digits=9, note="differences from rounded expected counts", statistic=R(f"chisq.test({matrix(table)})$statistic"),
                    p=R(f"chisq.test({matrix(table)})$p.value")))
for counts, weights in [([89, 37, 30, 28, 2], [40, 20, 20, 15, 5]), ([16, 18, 16, 14, 12, 12], None), ([315, 101, 108, 32], [9, 3, 3, 1]), ([1000, 10], [0.5, 0.5]),
                        ([0, 4, 7], [1, 2, 4])]:
    w = [Fraction(v) for v in (weights or [1] * len(counts))]
    pairs = [(o, sum(counts) * v / sum(w)) for o, v in zip(counts, w)]
    x2 = sum((o - e) ** 2 / e for o, e in pairs)
    g = 2 * mp.fsum(o * mp.log(o / (mp.mpf(e.numerator) / e.denominator)) for o, e in pairs if o)
    for test, statistic, power in (("chi_square", mp.mpf(x2.numerator) / x2.denominator, "pearson"), ("g_test", g, "log-likelihood")):
        p = chi2_sf(statistic, len(counts) - 1)
        sci = st.power_divergence(counts, [float(e) for _, e in pairs], lambda_=power)
        case(f"{counts} as {weights}", test, {"x": counts, "y": weights} if weights else {"x": counts}, {},
             oracle("mpmath", statistic=statistic, df=[len(counts) - 1], p=p, log_p=mp.log(p)),
             oracle("scipy power_divergence", digits=11, note="sums of terms of both signs", statistic=float(sci.statistic), p=float(sci.pvalue)))

answer()
write("cases/categorical.json", "rational arithmetic and definitions at 50 digits (mpmath), R, SciPy, statsmodels",
      f"mpmath {mp.__version__}, scipy {scipy.__version__}, statsmodels {statsmodels.__version__}, R 4.2.2, Python {platform.python_version()}",
      "python3 categorical.py")
