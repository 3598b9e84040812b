"""Makes cases/location.json: tests of location for one and two samples.

    pip install mpmath scipy statsmodels numpy
    Rscript -e 'install.packages(c("jsonlite", "coin", "exactRankTests", "effectsize"))'
    python3 location.py > cases/location.json

Three ways: the definitions in 110 digits or in whole numbers, scipy or
statsmodels, and R.
"""

import itertools
import random
import warnings
from fractions import Fraction

import numpy as np
import scipy
import scipy.stats as st
import statsmodels
from mpmath import mp, mpf
from statsmodels.stats import weightstats

from oracle import Cases, oracle

warnings.simplefilter("ignore")
mp.dps = 110
cases = Cases("location.R")
MP = "mpmath: the definition in 110 digits"
WHOLE = "python: counts in whole numbers"

# ---- data -------------------------------------------------------------------
sleep = ([0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0],
         [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4])
plant = ([4.17, 5.58, 5.18, 6.11, 4.50, 4.61, 5.17, 4.53, 5.33, 5.14],
         [6.31, 5.12, 5.54, 5.50, 5.37, 5.29, 4.92, 6.15, 5.80, 5.26])
seed = ([.89, .87, .90, .88, .91], [.96, .97, .94, .95, .98])
quick = ([0.72, 0.68, 0.75, 0.71, 0.69], [0.78, 0.73, 0.81, 0.76, 0.74])
depression = ([1.83, 0.50, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.30],
              [0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29])
permeability = ([1.15, 0.88, 0.90, 0.74, 1.21], [0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46])
ozone = ([41, 36, 12, 18, 28, 23, 19, 8, 7, 16, 11, 14, 18, 14, 34, 6, 30, 11, 1, 11, 4, 32, 23, 45, 115, 37],
         [39, 9, 16, 78, 35, 66, 122, 89, 110, 44, 28, 65, 22, 59, 23, 31, 44, 21, 9, 45, 168, 73, 76, 118, 84, 85])
rng = random.Random(20260301)


def normal(n, mean=0.0, sd=1.0, digits=6):
    return [round(rng.gauss(mean, sd), digits) for _ in range(n)]


def likert(n, shift=0.0):
    return [float(min(5, max(1, round(rng.gauss(3 + shift, 1.2))))) for _ in range(n)]


apart = (normal(30), normal(40, 12, 1.5))
large = (normal(1500, 0, 1, 4), normal(1200, 0.08, 1.3, 4))
offset = ([1e9 + v for v in (0.25, 1.5, 2.125, 0.75, 3.0)], [1e9 + v for v in (1.25, 2.5, 4.125, 2.75, 3.5)])
pair2 = ([1.0, 2.5], [4.0, 3.5])
uneven = (normal(4, 0, 5), normal(37, 1, 0.5))


# ---- t tests ----------------------------------------------------------------
def exact(x):
    return [mpf(Fraction(v).numerator) / Fraction(v).denominator for v in x]


def mean_var(x):
    x = exact(x)
    m = sum(x) / len(x)
    return m, sum((v - m) ** 2 for v in x) / (len(x) - 1)


def t_tail(t, df):
    """P(T >= t), by the incomplete beta function."""
    half = mp.betainc(mpf(df) / 2, mpf(1) / 2, 0, df / (df + t * t), regularized=True) / 2
    return half if t > 0 else 1 - half


def t_quantile(level, df):
    """t with P(|T| >= t) = 1 - level."""
    want = (1 - mpf(level)) / 2
    start = mpf(st.t.isf(float(want), float(df)))
    return mp.findroot(lambda t: mp.log(t_tail(t, df)) - mp.log(want), start)


def t_values(estimate, se, df, mu, o):
    t = (estimate - mpf(mu)) / se
    side = o.get("alternative", "two_sided")
    p = {"two_sided": 2 * t_tail(abs(t), df), "greater": t_tail(t, df), "less": t_tail(-t, df)}[side]
    half = t_quantile(o.get("level", 0.95), df) * se
    return {"statistic": t, "df": [df], "p": p, "log_p": mp.log(p), "estimate": estimate,
            "interval": {"low": estimate - half, "high": estimate + half}, "details": {"standard_error": se}}


def two_means(x, y, method):
    (m1, v1), (m2, v2) = mean_var(x), mean_var(y)
    a, b = len(x), len(y)
    if method == "welch":
        p, q = v1 / a, v2 / b
        return m2 - m1, mp.sqrt(p + q), (p + q) ** 2 / (p * p / (a - 1) + q * q / (b - 1))
    v = ((a - 1) * v1 + (b - 1) * v2) / (a + b - 2)
    return m2 - m1, mp.sqrt(v * (mpf(1) / a + mpf(1) / b)), mpf(a + b - 2)


def one_mean(x):
    m, v = mean_var(x)
    return m, mp.sqrt(v / len(x)), mpf(len(x) - 1)


R_SIDE = {"two_sided": "two.sided", "greater": "greater", "less": "less"}
SP_SIDE = {"two_sided": "two-sided", "greater": "greater", "less": "less"}


def t_cases(name, x, y, digits=None, note=None, **o):
    """Student, Welch, and, where the lengths are equal, the paired test."""
    mu, level = float(o.get("mu", 0)), float(o.get("level", 0.95))
    side = o.get("alternative", "two_sided")
    settings = {k: str(v) for k, v in o.items()}
    for test, method in (("welch_t", "welch"), ("student_t", "pooled"), ("paired_t", "student")):
        if test == "paired_t" and len(x) != len(y):
            continue
        if test == "paired_t":
            d = [b - a for a, b in zip(x, y)]  # rounded as a program rounds them
            want = t_values(*one_mean(d), mu, o)
            s = st.ttest_1samp(d, mu, alternative=SP_SIDE[side])
            i = st.ttest_1samp(d, mu).confidence_interval(level)
            args = "y, x, paired = TRUE"
            estimate = float(np.mean(d))
            # R subtracts mu from the estimate itself.
        else:
            want = t_values(*two_means(x, y, method), mu, o)
            moved = [v - mu for v in y]
            s = st.ttest_ind(moved, x, equal_var=test == "student_t", alternative=SP_SIDE[side])
            i = st.ttest_ind(y, x, equal_var=test == "student_t").confidence_interval(level)
            args = "y, x" + (", var.equal = TRUE" if test == "student_t" else "")
            estimate = float(np.mean(y) - np.mean(x))
        said = {"statistic": s.statistic, "df": [s.df], "p": s.pvalue, "interval": {"low": i.low, "high": i.high}}
        del estimate
        r = (f"local({{h <- t.test({args}, mu = {mu!r}, alternative = '{R_SIDE[side]}'); "
             f"i <- t.test({args}, conf.level = {level!r}); list(statistic = unname(h$statistic), "
             "df = unname(h$parameter), p = h$p.value, interval = ci(i))})")
        cases.add(name, test, {"x": x, "y": y}, settings, oracle(MP, want), oracle("scipy", said, digits, note),
                  r=r, r_digits=digits, r_note=note)


OFF = "scipy and R subtract means of a billion, of which they have 16 digits"
t_cases("sleep", *sleep)
t_cases("sleep, greater", *sleep, alternative="greater", level=0.99)
t_cases("sleep, less", *sleep, alternative="less", level=0.9)
t_cases("sleep, mu", *sleep, mu=1.25)
t_cases("corrected example", *seed)
t_cases("quick start", *quick)
t_cases("plant growth", *plant)
t_cases("ozone in May and August", *ozone, level=0.999)
t_cases("five and ten", *permeability)
t_cases("far apart", *apart)
t_cases("far apart, greater", *apart, alternative="greater")
t_cases("far apart, less", *apart, alternative="less")
t_cases("large", *large)
t_cases("a billion beside units", *offset, digits=6, note=OFF)
t_cases("two and two", *pair2)
t_cases("uneven", *uneven, level=0.5)


def one_cases(name, x, **o):
    mu, level = float(o.get("mu", 0)), float(o.get("level", 0.95))
    side = o.get("alternative", "two_sided")
    s = st.ttest_1samp(x, mu, alternative=SP_SIDE[side])
    i = st.ttest_1samp(x, mu).confidence_interval(level)
    cases.add(name, "one_sample_t", {"x": x}, {k: str(v) for k, v in o.items()},
              oracle(MP, t_values(*one_mean(x), mu, o)),
              oracle("scipy", {"statistic": s.statistic, "df": [s.df], "p": s.pvalue,
                               "interval": {"low": i.low, "high": i.high}}),
              r=f"local({{h <- t.test(x, mu = {mu!r}, alternative = '{R_SIDE[side]}'); "
                f"i <- t.test(x, conf.level = {level!r}); list(statistic = unname(h$statistic), "
                "df = unname(h$parameter), p = h$p.value, estimate = unname(h$estimate), interval = ci(i))})")


one_cases("sleep", sleep[0])
one_cases("plant growth", plant[0], mu=5, alternative="less", level=0.9)
one_cases("ozone", ozone[1], mu=30, alternative="greater")
one_cases("far", apart[1], mu=-20)
one_cases("large", large[1], mu=0.1)


# ---- ranks ------------------------------------------------------------------
def doubled_ranks(values):
    """Midranks, doubled."""
    s = sorted(values)
    return [s.index(v) * 2 + s.count(v) + 1 for v in values]


def count_sums(scores, m):
    """How many subsets of m have each sum."""
    of = [{} for _ in range(m + 1)]
    of[0][0] = 1
    for s in scores:
        for k in range(m, 0, -1):
            for total, c in of[k - 1].items():
                of[k][total + s] = of[k].get(total + s, 0) + c
    return of[m]


def count_signs(scores):
    of = {0: 1}
    for s in scores:
        new = dict(of)
        for total, c in of.items():
            new[total + s] = new.get(total + s, 0) + c
        of = new
    return of


def tails(dist, seen, side):
    """The exact p-value of a sum, as a fraction."""
    total = sum(dist.values())
    mean = Fraction(sum(k * c for k, c in dist.items()), total)
    keep = {"greater": lambda k: k >= seen, "less": lambda k: k <= seen,
            "two_sided": lambda k: abs(k - mean) >= abs(seen - mean)}[side]
    return Fraction(sum(c for k, c in dist.items() if keep(k)), total)


def order_bounds(values, dist, level):
    """Estimate and interval by the values of ranks k from both ends."""
    values, share, total = sorted(values), (1 - Fraction(str(level))) / 2, sum(dist.values())
    n = len(values)
    below, k = 0, 0
    for key in sorted(dist):
        if Fraction(below + dist[key], total) > share:
            break
        below, k = below + dist[key], k + 1
    out = {"estimate": values[n // 2] if n % 2 else (values[n // 2 - 1] + values[n // 2]) / 2}
    if k:
        out["interval"] = {"low": values[k - 1], "high": values[n - k], "attained": 1 - 2 * Fraction(below, total)}
    return out


def log_fraction(f):
    return mp.log(mpf(f.numerator) / f.denominator)


def u_statistic(x, y):
    return sum(Fraction(1) if b > a else Fraction(1, 2) if a == b else 0 for a in x for b in y)


def effect_u(x, y):
    return {"name": "rank_biserial", "estimate": 2 * u_statistic(x, y) / (len(x) * len(y)) - 1}


def mw_exact(name, x, y, bounds=True, r=None, more=(), method="exact", **o):
    level, side, mu = float(o.get("level", 0.95)), o.get("alternative", "two_sided"), float(o.get("mu", 0))
    moved = [v - mu for v in y]
    ranks = doubled_ranks(x + moved)
    seen = sum(ranks[len(x):])
    p = tails(count_sums(ranks, len(y)), seen, side)
    values = {"statistic": u_statistic(x, moved), "p": p, "log_p": log_fraction(p), "method": "exact"}
    if len(x) > 1 and len(y) > 1:
        values["effect"] = effect_u(x, moved)
    if bounds:
        free = count_sums(list(range(1, len(x) + len(y) + 1)), len(y))
        values.update(order_bounds([b - a for a in x for b in y], free, level))
    settings = {k: str(v) for k, v in o.items()}
    if method:
        settings["method"] = method
    cases.add(name, "mann_whitney", {"x": x, "y": y}, settings, oracle(WHOLE, values, exact=True), *more, r=r)


def r_wilcox(call, side, level, mu=0.0, exact_p="TRUE", bounds=True):
    return (f"local({{h <- wilcox.test({call}, exact = {exact_p}, mu = {mu!r}, alternative = '{R_SIDE[side]}'); v <- wt(h); "
            + (f"i <- wilcox.test({call}, exact = {exact_p}, conf.int = TRUE, conf.level = {level!r}); v <- c(v, hl(i)); " if bounds else "")
            + "v})")


def r_exact(call, side):
    return f"local({{h <- wilcox.exact({call}, exact = TRUE, alternative = '{R_SIDE[side]}'); wt(h)}})"


for side in ("two_sided", "greater", "less"):
    mw_exact("permeability, " + side, *permeability, r=r_wilcox("y, x", side, 0.95), alternative=side)
    mw_exact("sleep, " + side, *sleep, r=r_exact("y, x", side), alternative=side)
    mw_exact("ozone, " + side, *ozone, r=r_exact("y, x", side), alternative=side, level=0.99)
mw_exact("permeability, mu", *permeability, r=r_wilcox("y, x", "two_sided", 0.9, 0.305), mu=0.305, level=0.9)
mw_exact("sleep, left open", *sleep, method=None)
mw_exact("six and six, apart", [1.0, 2.0, 3.0, 4.0, 5.0, 6.0], [7.0, 8.0, 9.0, 10.0, 11.0, 12.0], r=r_wilcox("y, x", "two_sided", 0.95))
mw_exact("one and nineteen", [3.5], normal(19), bounds=False, r="wt(wilcox.test(y, x, exact = TRUE))")
mw_exact("fifty of five values", likert(50), likert(50, 0.6), r="list(p = as.numeric(pvalue(two(x, y, wilcox_test, distribution = 'exact'))))")
mw_exact("asymmetric ties", [1.0, 1.0, 1.0, 1.0, 2.0, 5.0], [1.0, 3.0, 3.0, 4.0],
         r="list(p = as.numeric(pvalue(two(x, y, wilcox_test, distribution = 'exact'))))")
far = (normal(60), normal(60, 9))
mw_exact("far apart", *far, r="wt(wilcox.test(y, x, exact = TRUE))")
mw_exact("far apart, greater", *far, r="wt(wilcox.test(y, x, exact = TRUE, alternative = 'greater'))", alternative="greater")
mw_exact("forty and sixty", normal(40), normal(60, 0.5), r=r_wilcox("y, x", "two_sided", 0.95))


def phi_tail(z):
    return mp.erfc(z / mp.sqrt(2)) / 2


def z_p(distance, sd, side, correct):
    half = mpf(correct) / 2
    if side == "greater":
        return phi_tail((distance - half) / sd)
    if side == "less":
        return phi_tail((-distance - half) / sd)
    return min(mpf(1), 2 * phi_tail((abs(distance) - half) / sd))


def normal_bounds(values, total, sd, level, correct):
    values = sorted(values)
    n = len(values)
    z = -mp.sqrt(2) * mp.erfinv(2 * (1 - mpf(str(level))) / 2 - 1)
    k = int(mp.floor(mpf(total) / 2 - z * sd + 1 - mpf(correct) / 2))
    out = {"estimate": values[n // 2] if n % 2 else (values[n // 2 - 1] + values[n // 2]) / 2}
    if k > 0:
        out["interval"] = {"low": values[k - 1], "high": values[n - k]}
    return out


def mw_normal(name, x, y, correct=True, bounds=True, method="", **o):
    level, side = float(o.get("level", 0.95)), o.get("alternative", "two_sided")
    a, b = len(x), len(y)
    n = a + b
    pool = sorted(x + y)
    ties = sum(len(list(g)) ** 3 - c for c, g in ((c, g) for c, g in ((pool.count(v), [v] * pool.count(v)) for v in sorted(set(pool)))))
    sd = mp.sqrt(mpf(a * b) / 12 * (n + 1 - mpf(ties) / (n * (n - 1))))
    u = u_statistic(x, y)
    p = z_p(mpf(u.numerator) / u.denominator - mpf(a * b) / 2, sd, side, correct)
    values = {"statistic": u, "p": p, "log_p": mp.log(p), "effect": effect_u(x, y)}
    if bounds:
        values.update(normal_bounds([v - w for w in x for v in y], a * b, mp.sqrt(mpf(a * b * (n + 1)) / 12), level, correct))
    s = st.mannwhitneyu(y, x, use_continuity=correct, alternative=SP_SIDE[side], method="asymptotic")
    settings = {k: str(v) for k, v in o.items()}
    settings["method"] = method or ("asymptotic" if correct else "asymptotic_no_correction")
    cases.add(name, "mann_whitney", {"x": x, "y": y}, settings, oracle(MP, values),
              oracle("scipy", {"statistic": s.statistic, "p": s.pvalue}),
              r=f"wt(wilcox.test(y, x, exact = FALSE, correct = {str(correct).upper()}, alternative = '{R_SIDE[side]}'))")


for correct in (True, False):
    for side in ("two_sided", "greater", "less"):
        mw_normal(f"sleep, {side}", *sleep, correct=correct, alternative=side)
        mw_normal(f"ozone, {side}", *ozone, correct=correct, alternative=side, level=0.9)
mw_normal("two hundred of five values", likert(200), likert(170, 0.4))
mw_normal("left open", normal(150), normal(140, 0.3), method="auto")
mw_normal("far apart", normal(200), normal(220, 9))
mw_normal("at the mean", [1.0, 4.0], [2.0, 3.0])


# ---- signed ranks -----------------------------------------------------------
def signed(d, zeros):
    """Doubled ranks of what is not zero, V doubled, and what zeros add to V."""
    kept = [v for v in d if v != 0] if zeros == "drop" else d
    ranks = doubled_ranks([abs(v) for v in kept])
    scores = [r for r, v in zip(ranks, kept) if v != 0]
    v = sum(r for r, w in zip(ranks, kept) if w > 0)
    z = [r for r, w in zip(ranks, kept) if w == 0]
    return scores, v, (Fraction(sum(z), 4) if zeros == "split" else 0), z


def walsh(d):
    return [(a + b) / 2 for a, b in itertools.combinations_with_replacement(sorted(d), 2)]


ZEROS = {"exact": "drop", "pratt": "pratt", "zsplit": "split", "auto": "drop"}


def sr_exact(name, x, y, method="exact", r=None, **o):
    level, side, mu = float(o.get("level", 0.95)), o.get("alternative", "two_sided"), float(o.get("mu", 0))
    whole = [b - a for a, b in zip(x, y)]
    d = [v - mu for v in whole]
    scores, v, extra, _ = signed(d, ZEROS[method])
    p = tails(count_signs(scores), v, side)
    values = {"statistic": Fraction(v, 2) + extra, "p": p, "log_p": log_fraction(p)}
    plain, w, _, _ = signed(d, "drop")
    if len(plain) > 1:
        values["effect"] = {"name": "rank_biserial", "estimate": Fraction(2 * w, sum(plain)) - 1}
    values.update(order_bounds(walsh(whole), count_signs(list(range(1, len(d) + 1))), level))
    settings = {k: str(v) for k, v in o.items()}
    settings["method"] = method
    cases.add(name, "wilcoxon_signed_rank", {"x": x, "y": y}, settings, oracle(WHOLE, values, exact=True), r=r)


def r_coin(zero, side):
    return (f"list(p = as.numeric(pvalue(wilcoxsign_test(y ~ x, zero.method = '{zero}', distribution = 'exact', "
            f"alternative = '{R_SIDE[side]}'))))")


zeros = ([2.0, 4.0, 5.0, 7.0, 1.0, 6.0, 9.0, 8.0, 5.0, 4.0, 3.0, 6.0], [2.0, 6.0, 4.0, 9.0, 1.0, 9.0, 12.0, 8.0, 7.0, 3.0, 8.0, 8.0])
for side in ("two_sided", "greater", "less"):
    sr_exact("depression, " + side, *depression, r=r_wilcox("y, x, paired = TRUE", side, 0.95), alternative=side)
    sr_exact("sleep, " + side, *sleep, r="list(p = wilcox.exact(y, x, paired = TRUE, exact = TRUE, alternative = '%s')$p.value)" % R_SIDE[side], alternative=side)
    for method, zero in (("exact", "Wilcoxon"), ("pratt", "Pratt"), ("zsplit", "Pratt")):
        sr_exact(f"zeros, {side}, {method}", *zeros, method=method, r=r_coin(zero, side), alternative=side, level=0.9)
sr_exact("seven, all up", [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0], [2.5, 3.25, 5.0, 6.5, 8.0, 9.25, 11.0], r=r_wilcox("y, x, paired = TRUE", "two_sided", 0.95))
sr_exact("five, all up", [1.0, 2.0, 3.0, 4.0, 5.0], [2.5, 3.25, 5.0, 6.5, 8.0], r="wt(wilcox.test(y, x, paired = TRUE, exact = TRUE))")
sr_exact("mu", *depression, r=r_wilcox("y, x, paired = TRUE", "two_sided", 0.8, -0.75), mu=-0.75, level=0.8)
hundred = (normal(100), normal(100, 0.4))
sr_exact("a hundred", *hundred, r=r_wilcox("y, x, paired = TRUE", "two_sided", 0.95), method="auto")
sr_exact("ozone, ties and zeros", *ozone, method="pratt", r=r_coin("Pratt", "two_sided"))
up = normal(180)
sr_exact("a hundred and eighty, all up", up, [round(v + 3 + abs(rng.gauss(0, 1)), 6) for v in up], method="auto", r="wt(wilcox.test(y, x, paired = TRUE, exact = TRUE))")

NORMAL = {"asymptotic": ("drop", True, "wilcox"), "asymptotic_no_correction": ("drop", False, "wilcox"),
          "asymptotic_pratt": ("pratt", True, "pratt"), "asymptotic_zsplit": ("split", True, "zsplit")}


def sr_normal(name, x, y, method, **o):
    level, side = float(o.get("level", 0.95)), o.get("alternative", "two_sided")
    how, correct, scipys = NORMAL[method]
    d = [b - a for a, b in zip(x, y)]
    scores, v, extra, z = signed(d, how)
    variance = sum(s * s for s in scores) + (sum(s * s for s in z) if how == "split" else 0)
    sd = mp.sqrt(mpf(variance) / 16)
    p = z_p(mpf(v) / 2 - mpf(sum(scores)) / 4, sd, side, correct)
    values = {"statistic": Fraction(v, 2) + extra, "p": p, "log_p": mp.log(p)}
    n = len(d)
    values.update(normal_bounds(walsh(d), n * (n + 1) // 2, mp.sqrt(mpf(n * (n + 1) * (2 * n + 1)) / 24), level, correct))
    s = st.wilcoxon(np.array(y) - np.array(x), zero_method=scipys, correction=correct, alternative=SP_SIDE[side], method="asymptotic")
    r = None
    if how == "drop":
        r = f"wt(wilcox.test(y, x, paired = TRUE, exact = FALSE, correct = {str(correct).upper()}, alternative = '{R_SIDE[side]}'))"
    settings = {k: str(v) for k, v in o.items()}
    settings["method"] = method
    cases.add(name, "wilcoxon_signed_rank", {"x": x, "y": y}, settings, oracle(MP, values), oracle("scipy", {"p": s.pvalue}), r=r)


many = ([float(rng.randint(0, 40)) for _ in range(300)], [float(rng.randint(1, 42)) for _ in range(300)])
for method in NORMAL:
    for side in ("two_sided", "greater", "less"):
        sr_normal(f"zeros, {side}, {method}", *zeros, method=method, alternative=side)
    sr_normal(f"three hundred, {method}", *many, method=method)


# ---- signs ------------------------------------------------------------------
def sign_case(name, x, y, **o):
    level, side, mu = float(o.get("level", 0.95)), o.get("alternative", "two_sided"), float(o.get("mu", 0))
    whole = [b - a for a, b in zip(x, y)]
    above, n = sum(v > mu for v in whole), sum(v != mu for v in whole)
    choose = [1]
    for k in range(n):
        choose.append(choose[-1] * (n - k) // (k + 1))
    p = tails(dict(enumerate(choose)), above, side)
    all_n, total = [1], len(whole)
    for k in range(total):
        all_n.append(all_n[-1] * (total - k) // (k + 1))
    values = {"statistic": above, "p": p, "log_p": log_fraction(p), "details": {"above": above, "below": n - above, "ties": total - n}}
    values.update(order_bounds(whole, dict(enumerate(all_n)), level))
    cases.add(name, "sign", {"x": x, "y": y}, {k: str(v) for k, v in o.items()}, oracle(WHOLE, values, exact=True),
              r=f"local({{d <- y - x - {mu!r}; h <- binom.test(sum(d > 0), sum(d != 0), alternative = '{R_SIDE[side]}'); list(statistic = unname(h$statistic), p = h$p.value)}})")


for side in ("two_sided", "greater", "less"):
    sign_case("sleep, " + side, *sleep, alternative=side)
    sign_case("zeros, " + side, *zeros, alternative=side, level=0.8)
sign_case("mu", *depression, mu=-0.5, level=0.99)
sign_case("three hundred", *many)
sign_case("five, all up", [1.0, 2.0, 3.0, 4.0, 5.0], [2.5, 3.25, 5.0, 6.5, 8.0])
sign_case("all up", up, [v + 1 for v in up])


# ---- equivalence ------------------------------------------------------------
def tost_case(name, x, y, low, high, method, **o):
    alpha = 1 - float(o.get("level", 0.95))
    if method == "one_sample":
        e, se, df = one_mean(x)
        data, k = {"x": x}, weightstats.DescrStatsW(x).ttost_mean(low, high)[0]
        args, call = "x", "x"
    elif method == "paired":
        e, se, df = one_mean([b - a for a, b in zip(x, y)])
        data, k = {"x": x, "y": y}, weightstats.ttost_paired(np.array(y), np.array(x), low, high)[0]
        args = "y, x, paired = TRUE"
    else:
        e, se, df = two_means(x, y, method)
        data, k = {"x": x, "y": y}, weightstats.ttost_ind(np.array(y), np.array(x), low, high, usevar="unequal" if method == "welch" else "pooled")[0]
        args = "y, x" + (", var.equal = TRUE" if method == "student" else "")
    t1, t2 = (e - mpf(low)) / se, (e - mpf(high)) / se
    p1, p2 = t_tail(t1, df), t_tail(-t2, df)
    half = t_quantile(1 - 2 * mpf(alpha), df) * se
    values = {"statistic": t1 if abs(t1) <= abs(t2) else t2, "df": [df], "p": max(p1, p2), "log_p": mp.log(max(p1, p2)), "estimate": e,
              "interval": {"low": e - half, "high": e + half}, "details": {"t_low": t1, "p_low": p1, "t_high": t2, "p_high": p2}}
    settings = {k: str(v) for k, v in o.items()} | {"low": str(low), "high": str(high), "method": method}
    cases.add(name, "tost", data, settings, oracle(MP, values), oracle("statsmodels", {"p": k}),
              r=f"local({{a <- t.test({args}, mu = {low!r}, alternative = 'greater'); b <- t.test({args}, mu = {high!r}, alternative = 'less'); "
                f"i <- t.test({args}, conf.level = {1 - 2 * alpha!r}); list(p = max(a$p.value, b$p.value), df = unname(i$parameter), interval = ci(i), "
                "details = list(t_low = unname(a$statistic), t_high = unname(b$statistic)))})")


for method in ("welch", "student", "paired"):
    tost_case("plant growth, " + method, *plant, -1.5, 1.5, method)
    tost_case("ozone, " + method, *ozone, -10, 80, method, level=0.9)
    tost_case("far inside, " + method, *seed, -3.0, 3.0, method)
tost_case("one sample", sleep[0], None, -1.0, 3.0, "one_sample")


def worse_case(name, x, y, margin, direction, method, **o):
    alpha = 1 - float(o.get("level", 0.95))
    if method == "paired":
        e, se, df = one_mean([b - a for a, b in zip(x, y)])
        args = "y, x, paired = TRUE"
    else:
        e, se, df = two_means(x, y, method)
        args = "y, x" + (", var.equal = TRUE" if method == "student" else "")
    bound = -margin if direction == "higher" else margin
    t = (e - mpf(bound)) / se
    p = t_tail(t, df) if direction == "higher" else t_tail(-t, df)
    half = t_quantile(1 - 2 * mpf(alpha), df) * se
    cases.add(name, "noninferiority", {"x": x, "y": y}, {k: str(v) for k, v in o.items()} | {"margin": str(margin), "direction": direction, "method": method},
              oracle(MP, {"statistic": t, "df": [df], "p": p, "log_p": mp.log(p), "estimate": e, "interval": {"low": e - half, "high": e + half}, "details": {"bound": bound}}),
              r=f"local({{a <- t.test({args}, mu = {bound!r}, alternative = '{'greater' if direction == 'higher' else 'less'}'); "
                f"i <- t.test({args}, conf.level = {1 - 2 * alpha!r}); list(statistic = unname(a$statistic), p = a$p.value, df = unname(i$parameter), interval = ci(i))}})")


for method in ("welch", "student", "paired"):
    worse_case("plant growth, " + method, *plant, 0.25, "higher", method)
    worse_case("ozone, " + method, *ozone, 60.0, "lower", method, level=0.975)


# ---- permutations -----------------------------------------------------------
def dec(x):
    return [Fraction(str(v)) for v in x]


def median(x):
    x, n = sorted(x), len(x)
    return x[n // 2] if n % 2 else (x[n // 2 - 1] + x[n // 2]) / 2


def extreme(values, seen, side):
    keep = {"greater": lambda v: v >= seen, "less": lambda v: v <= seen, "two_sided": lambda v: abs(v) >= abs(seen)}[side]
    values = list(values)
    return Fraction(sum(map(keep, values)), len(values)), len(values)


def perm_two(name, x, y, statistic="mean", r=None, **o):
    side = o.get("alternative", "two_sided")
    a, pool = len(x), dec(x) + dec(y)
    mean = lambda v: sum(v) / len(v)

    def value(chosen):
        second = [pool[i] for i in chosen]
        left = set(chosen)
        first = [v for i, v in enumerate(pool) if i not in left]
        if statistic == "median":
            return median(second) - median(first)
        d = mean(second) - mean(first)
        if statistic == "mean":
            return d
        ss = lambda v: sum((w - mean(v)) ** 2 for w in v) / (len(v) - 1) / len(v)
        s = ss(second) + ss(first)
        return d * d / s * (1 if d >= 0 else -1)  # in the order of t

    seen = value(range(a, len(pool)))
    p, n = extreme((value(c) for c in itertools.combinations(range(len(pool)), len(y))), seen, side)
    s = float(seen) if statistic != "studentized" else mp.sign(seen.numerator) * mp.sqrt(mpf(abs(seen.numerator)) / seen.denominator)
    d = (median(dec(y)) - median(dec(x))) if statistic == "median" else mean(dec(y)) - mean(dec(x))
    cases.add(name, "permutation", {"x": x, "y": y}, {k: str(v) for k, v in o.items()} | {"statistic": statistic},
              oracle("python: all arrangements in fractions", {"statistic": s, "p": p, "estimate": d, "method": "exact", "details": {"arrangements": n}}, exact=True), r=r)


def perm_signs(name, x, y, statistic="mean", r=None, **o):
    side = o.get("alternative", "two_sided")
    d = [b - a for a, b in zip(dec(x), dec(y))]
    of = median if statistic == "median" else lambda v: sum(v) / len(v)
    p, n = extreme((of([v * s for v, s in zip(d, signs)]) for signs in itertools.product((1, -1), repeat=len(d))), of(d), side)
    cases.add(name, "permutation", {"pairs": [x, y]}, {k: str(v) for k, v in o.items()} | {"statistic": statistic},
              oracle("python: all signs in fractions", {"statistic": of(d), "p": p, "estimate": of(d), "method": "exact", "details": {"arrangements": n}}, exact=True), r=r)


for side in ("two_sided", "greater", "less"):
    perm_two("permeability, " + side, *permeability, alternative=side,
             r=f"list(p = as.numeric(pvalue(two(x, y, oneway_test, distribution = 'exact', alternative = '{R_SIDE[side]}'))))")
    perm_signs("sleep, " + side, *sleep, alternative=side)
perm_two("corrected example", *seed)
perm_two("permeability, medians", *permeability, statistic="median")
perm_two("permeability, studentized", *permeability, statistic="studentized")
perm_two("corrected example, studentized", *seed, statistic="studentized", alternative="greater")
perm_signs("depression", *depression, statistic="median")

cases.write("R (stats, coin, exactRankTests), scipy, statsmodels, and the definitions in mpmath and in whole numbers",
            f"scipy {scipy.__version__}, statsmodels {statsmodels.__version__}, numpy {np.__version__}, mpmath 1.4.1, R 4.2.2, coin 1.4-2, exactRankTests 0.8-35",
            "python3 location.py > cases/location.json")
