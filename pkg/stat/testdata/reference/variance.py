"""Makes cases/variance.json: analyses of variance and their rank forms.

    python3 variance.py > cases/variance.json

Packages: mpmath, scipy, statsmodels; R with car and jsonlite. The oracle "mpmath"
is the definition in exact fractions of the float64 data, with the tail of the
distribution at 120 digits; "rational" counts every assignment or permutation.
"""

import itertools
import json
import os
import subprocess
import sys
import tempfile
import warnings
from fractions import Fraction as Q

import mpmath as mp
import scipy
import scipy.stats as st
import statsmodels
from statsmodels.stats.oneway import anova_oneway

mp.mp.dps = 120
warnings.simplefilter("ignore")
HERE = os.path.dirname(os.path.abspath(__file__))


def big(x):
    return mp.mpf(x.numerator) / x.denominator if isinstance(x, Q) else mp.mpf(x)


def f_tail(f, d1, d2):
    f, d1, d2 = big(f), big(d1), big(d2)
    x = d2 / (d2 + d1 * f)
    return mp.betainc(d2 / 2, d1 / 2, 0, x, regularized=True)


def chi2_tail(x, df):
    return mp.gammainc(big(df) / 2, big(x) / 2, mp.inf, regularized=True)


def f_values(f, d1, d2):
    p = f_tail(f, d1, d2)
    out = {"statistic": float(big(f)), "df": [float(big(d1)), float(big(d2))], "log_p": float(mp.log(p))}
    out["p"] = max(1e-300, float(p))
    return out


def chi2_values(x, df):
    p = chi2_tail(x, df)
    return {"statistic": float(big(x)), "df": [df], "log_p": float(mp.log(p)), "p": float(p)}


def exact(groups):
    return [[Q(v) for v in g] for g in groups]


def mean(x):
    return sum(x) / len(x)


def within(x):
    m = mean(x)
    return sum((v - m) ** 2 for v in x)


# One-way.

def anova(groups):
    g = exact(groups)
    n, k = sum(map(len, g)), len(g)
    m = sum(map(sum, g)) / n
    ssb, ssw = sum(len(x) * (mean(x) - m) ** 2 for x in g), sum(map(within, g))
    f = (ssb / (k - 1)) / (ssw / (n - k))
    out = f_values(f, k - 1, n - k)
    out["effect"] = {"name": "eta_squared", "estimate": float(ssb / (ssb + ssw))}
    msw = ssw / (n - k)
    out["details"] = {"ss_between": float(ssb), "ss_within": float(ssw),
                      "omega_squared": max(0.0, float((ssb - (k - 1) * msw) / (ssb + ssw + msw))),
                      "epsilon_squared": max(0.0, float((ssb - (k - 1) * msw) / (ssb + ssw)))}
    return out


def welch(groups):
    g = exact(groups)
    k = len(g)
    w = [len(x) / (within(x) / (len(x) - 1)) for x in g]
    total = sum(w)
    centre = sum(a * mean(x) for a, x in zip(w, g)) / total
    lam = sum((1 - a / total) ** 2 / (len(x) - 1) for a, x in zip(w, g))
    f = sum(a * (mean(x) - centre) ** 2 for a, x in zip(w, g)) / (k - 1)
    f /= 1 + Q(2 * (k - 2), k * k - 1) * lam
    return f_values(f, k - 1, (k * k - 1) / (3 * lam))


def brown_forsythe(groups, mehrotra=False):
    g = exact(groups)
    n = sum(map(len, g))
    s2 = [within(x) / (len(x) - 1) for x in g]
    share = [Q(len(x), n) for x in g]
    m = sum(map(sum, g)) / n
    below = sum((1 - a) * v for a, v in zip(share, s2))
    f = sum(len(x) * (mean(x) - m) ** 2 for x in g) / below
    d2 = below ** 2 / sum(((1 - a) * v) ** 2 / (len(x) - 1) for a, v, x in zip(share, s2, g))
    d1 = len(g) - 1
    if mehrotra:
        d1 = below ** 2 / (sum(v * v for v in s2) + sum(a * v for a, v in zip(share, s2)) ** 2
                           - 2 * sum(a * v * v for a, v in zip(share, s2)))
    return f_values(f, d1, d2)


def of_statsmodels(groups, mehrotra=False):
    first = groups[0][0]  # a large common part costs statsmodels digits: taken off, exactly
    r = anova_oneway([[v - first for v in g] for g in groups], use_var="bf")
    out = {"statistic": float(r.statistic)}
    if mehrotra:
        out["df"], out["p"] = [float(r.df_num), float(r.df_denom)], float(r.pvalue)
    else:
        out["df"], out["p"] = [float(r.df_num2), float(r.df_denom)], float(r.pvalue2)
    return out


# Least squares in fractions.

def residual(columns, y):
    """The sum of squares left by the columns, by elimination of the normal equations."""
    a = [[sum(u * v for u, v in zip(c, d)) for d in columns] + [sum(u * v for u, v in zip(c, y))] for c in columns]
    rest = sum(v * v for v in y)
    for i in range(len(a)):
        if a[i][i] == 0:
            assert all(v == 0 for v in a[i])
            continue
        rest -= a[i][-1] ** 2 / a[i][i]
        for j in range(i + 1, len(a)):
            t = a[j][i] / a[i][i]
            a[j] = [u - t * v for u, v in zip(a[j], a[i])]
    return rest


def coded(labels):
    names = sorted(set(labels), key=str)
    last = names[-1]
    return [[Q(1) if v == name else Q(-1) if v == last else Q(0) for v in labels] for name in names[:-1]]


def two_way(d, kind, interaction):
    y = [Q(v) for v in d["y"]]
    one = [[Q(1)] * len(y)]
    a, b = coded(d["a"]), coded(d["b"])
    ab = [[u * v for u, v in zip(c, e)] for c in a for e in b] if interaction else []
    left = residual(one + a + b + ab, y)
    if kind == 1:
        ss = [residual(one, y) - residual(one + a, y), residual(one + a, y) - residual(one + a + b, y)]
    elif kind == 2:
        ss = [residual(one + b, y) - residual(one + a + b, y), residual(one + a, y) - residual(one + a + b, y)]
    else:
        ss = [residual(one + b + ab, y) - left, residual(one + a + ab, y) - left]
    if interaction:
        ss.append(residual(one + a + b, y) - left)
    model = len(a) + len(b) + len(ab)
    d2 = len(y) - 1 - model
    terms = []
    for name, s, d1 in zip(["a", "b", "a:b"], ss, [len(a), len(b), len(a) * len(b)]):
        terms.append(line(name, s, d1, left, d2))
    whole = residual(one, y) - left
    out = f_values((whole / model) / (left / d2), model, d2)
    out["terms"] = terms
    out["details"] = {"ss_residual": float(left), "df_residual": d2}
    return out


def line(name, ss, d1, left, d2):
    f = (ss / d1) / (left / d2)
    v = f_values(f, d1, d2)
    return {"name": name, "sum_sq": float(ss), "df": v["df"], "f": v["statistic"], "log_p": v["log_p"], "p": float(f_tail(f, d1, d2)),
            "effects": [{"name": "partial_eta_squared", "estimate": float(ss / (ss + left))}]}


def ancova(d):
    y, x = [Q(v) for v in d["y"]], [Q(v) for v in d["covariate"]]
    one, g = [[Q(1)] * len(y)], coded(d["a"])
    left = residual(one + g + [x], y)
    d2 = len(y) - len(g) - 2
    groups = residual(one + [x], y) - left
    slope = sum(sxy(d, n)[1] for n in set(d["a"])) / sum(sxy(d, n)[0] for n in set(d["a"]))
    names = list(dict.fromkeys(d["a"]))
    own = residual(one + g + [x] + [[u * v for u, v in zip(c, x)] for c in g], y)
    k = len(names)
    slopes = ((left - own) / (k - 1)) / (own / (len(y) - 2 * k))
    out = f_values((groups / len(g)) / (left / d2), len(g), d2)
    out["terms"] = [line("groups", groups, len(g), left, d2), line("covariate", residual(one + g, y) - left, 1, left, d2)]
    out["details"] = {"slope": float(slope), "slopes_f": float(slopes), "slopes_p": float(f_tail(slopes, k - 1, len(y) - 2 * k))}
    for i, n in enumerate(names):
        own_x, own_y = [v for v, a in zip(x, d["a"]) if a == n], [v for v, a in zip(y, d["a"]) if a == n]
        out["details"]["adjusted_mean_%d" % i] = float(mean(own_y) - slope * (mean(own_x) - mean(x)))
    return out


def sxy(d, name):
    x = [Q(v) for v, a in zip(d["covariate"], d["a"]) if a == name]
    y = [Q(v) for v, a in zip(d["y"], d["a"]) if a == name]
    return within(x), sum((u - mean(x)) * (v - mean(y)) for u, v in zip(x, y))


# Repeated measures.

def determinant(a):
    a, out = [list(r) for r in a], Q(1)
    for i in range(len(a)):
        pivot = next((j for j in range(i, len(a)) if a[j][i] != 0), None)
        if pivot is None:
            return Q(0)
        if pivot != i:
            a[i], a[pivot], out = a[pivot], a[i], -out
        out *= a[i][i]
        for j in range(i + 1, len(a)):
            t = a[j][i] / a[i][i]
            a[j] = [u - t * v for u, v in zip(a[j], a[i])]
    return out


def sphericity(rows):
    x = exact(rows)
    n, k = len(x), len(x[0])
    p = k - 1
    grand = mean([mean(r) for r in x])
    r = [[v - mean(row) - mean([o[j] for o in x]) + grand for j, v in enumerate(row)] for row in x]
    s = [[sum(o[i] * o[j] for o in r) / (n - 1) for j in range(k)] for i in range(k)]
    trace = sum(s[i][i] for i in range(k))
    gg = trace ** 2 / (p * sum(v * v for row in s for v in row))
    below = p * (n - 1 - p * gg)
    hf = min(Q(1), (n * p * gg - 2) / below) if below > 0 else Q(1)
    # The constant direction, which the residuals do not have, gets eigenvalue 1.
    w = determinant([[s[i][j] + Q(1, k) for j in range(k)] for i in range(k)]) / (trace / p) ** p
    df = n - 1
    out = {"gg": gg, "hf": hf, "w": w}
    if k > 2 and n >= k:
        rho = 1 - Q(2 * p * p + p + 2, 6 * p * df)
        second = Q((p + 2) * (p - 1) * (p - 2) * (2 * p ** 3 + 6 * p * p + 3 * p + 2), 288) / (df * p * rho) ** 2
        z = -df * big(rho) * mp.log(big(w))
        f = p * (p + 1) // 2 - 1
        one, two = chi2_tail(z, f), chi2_tail(z, f + 4)
        out["p"] = one + big(second) * (two - one)
    sse = sum(v * v for row in r for v in row)
    ssc = n * sum((mean([o[j] for o in x]) - grand) ** 2 for j in range(k))
    sss = k * sum((mean(row) - grand) ** 2 for row in x)
    out["ss"] = (ssc, sss, sse)
    out["f"] = (ssc / p) / (sse / (p * df))
    return out


def rm_anova(rows, method):
    s = sphericity(rows)
    d1, d2 = len(rows[0]) - 1, (len(rows[0]) - 1) * (len(rows) - 1)
    e = {"gg": s["gg"], "hf": s["hf"], "none": Q(1)}
    out = f_values(s["f"], d1 * e[method], d2 * e[method])
    ssc, sss, sse = s["ss"]
    out["effect"] = {"name": "partial_eta_squared", "estimate": float(ssc / (ssc + sse))}
    out["details"] = {"gg_epsilon": float(s["gg"]), "hf_epsilon": float(s["hf"]), "ss_conditions": float(ssc),
                      "ss_subjects": float(sss), "ss_error": float(sse), "generalized_eta_squared": float(ssc / (ssc + sss + sse))}
    for key, name in [("p_gg", "gg"), ("p_hf", "hf"), ("p_uncorrected", "none")]:
        out["details"][key] = float(f_tail(s["f"], d1 * e[name], d2 * e[name]))
    if "p" in s:
        out["details"].update({"mauchly_w": float(s["w"]), "mauchly_p": float(s["p"])})
    return out


def mauchly(rows):
    s = sphericity(rows)
    return {"statistic": float(s["w"]), "p": float(s["p"]), "log_p": float(mp.log(s["p"]))}


def mixed(rows, groups, kind, method):
    x = exact(rows)
    n, k, names = len(x), len(x[0]), list(dict.fromkeys(groups))
    size = {g: groups.count(g) for g in names}
    own = [mean(r) for r in x]
    grand = mean(own)
    of = {g: mean([m for m, h in zip(own, groups) if h == g]) for g in names}
    cell = {g: [mean([r[j] for r, h in zip(x, groups) if h == g]) for j in range(k)] for g in names}
    column = [mean([r[j] for r in x]) for j in range(k)]
    ssb = k * sum(size[g] * (of[g] - grand) ** 2 for g in names)
    sss = k * sum((m - of[h]) ** 2 for m, h in zip(own, groups))
    e = [[v - cell[h][j] - m + of[h] for j, v in enumerate(r)] for r, m, h in zip(x, own, groups)]
    sse = sum(v * v for r in e for v in r)
    ssi = sum(size[g] * (cell[g][j] - of[g] - column[j] + grand) ** 2 for g in names for j in range(k))
    ssc = n * sum((c - grand) ** 2 for c in column)
    if kind == 3:
        equal = [mean([cell[g][j] - of[g] for g in names]) for j in range(k)]
        ssc = len(names) ** 2 * sum(v * v for v in equal) / sum(Q(1, size[g]) for g in names)
    df, p = n - len(names), k - 1
    s = [[sum(r[i] * r[j] for r in e) for j in range(k)] for i in range(k)]
    trace = sum(s[i][i] for i in range(k))
    gg = trace ** 2 / (p * sum(v * v for row in s for v in row))
    hf = min(Q(1), ((df + 1) * p * gg - 2) / (p * (df - p * gg)))
    eps = {"gg": gg, "hf": hf, "none": Q(1)}[method]
    terms = [line("between", ssb, len(names) - 1, sss, df)]
    for name, ss, d1 in [("within", ssc, p), ("between:within", ssi, p * (len(names) - 1))]:
        t = line(name, ss, d1, sse, df * p)
        v = f_values((ss / d1) / (sse / (df * p)), d1 * eps, df * p * eps)
        t["df"], t["log_p"] = v["df"], v["log_p"]
        t["p"] = v["p"]
        terms.append(t)
    last = f_values((ssi / (p * (len(names) - 1))) / (sse / (df * p)), p * (len(names) - 1) * eps, df * p * eps)
    last["terms"] = terms
    last["details"] = {"gg_epsilon": float(gg), "hf_epsilon": float(hf), "ss_subjects": float(sss), "ss_error": float(sse),
                       "generalized_eta_squared_interaction": float(ssi / (ssi + sss + sse))}
    return last


def contrast(groups, weights, method, level):
    g, c = exact(groups), [Q(w) for w in weights]
    value = sum(w * mean(x) for w, x in zip(c, g))
    if method == "pooled":
        df = sum(map(len, g)) - len(g)
        v = sum(map(within, g)) / df * sum(w * w / len(x) for w, x in zip(c, g))
    else:
        parts = [w * w * within(x) / (len(x) - 1) / len(x) for w, x in zip(c, g)]
        v = sum(parts)
        df = v * v / sum(a * a / (len(x) - 1) for a, x in zip(parts, g))
    se = mp.sqrt(big(v))
    t = big(value) / se
    p = f_tail(t * t, 1, df)
    cut = mp.findroot(lambda q: mp.log(f_tail(q * q, 1, df)) - mp.log(1 - mp.mpf(level)), float(st.t.isf((1 - level) / 2, float(df))))
    return {"statistic": float(t), "df": [float(big(df))], "p": float(p), "log_p": float(mp.log(p)), "estimate": float(value),
            "interval": {"low": float(big(value) - cut * se), "high": float(big(value) + cut * se)}}


# Ranks.

def ranks(x):
    s = sorted(x)
    return [Q(2 * s.index(v) + s.count(v) + 1, 2) for v in x]


def regroup(flat, groups):
    it = iter(flat)
    return [[next(it) for _ in g] for g in groups]


def h_of(r, n):
    flat = [v for g in r for v in g]
    centre = Q(n + 1, 2)
    spread = sum((v - centre) ** 2 for v in flat)
    return (n - 1) * sum(len(g) * (mean(g) - centre) ** 2 for g in r) / spread


def kruskal(groups):
    flat = [v for g in groups for v in g]
    h = h_of(regroup(ranks(flat), groups), len(flat))
    out = chi2_values(h, len(groups) - 1)
    out["effect"] = {"name": "rank_epsilon_squared", "estimate": float(h / (len(flat) - 1))}
    return out


def assignments(items, sizes):
    """Every way to give each group its number of the items, by position."""
    if len(sizes) == 1:
        yield [items]
        return
    for chosen in itertools.combinations(range(len(items)), sizes[0]):
        rest = [v for i, v in enumerate(items) if i not in chosen]
        for more in assignments(rest, sizes[1:]):
            yield [[items[i] for i in chosen]] + more


def count_groups(groups, values, statistic):
    observed = statistic(regroup(values, groups))
    least = total = 0
    for a in assignments(values, [len(g) for g in groups]):
        total += 1
        least += statistic(a) >= observed
    return Q(least, total)


def kruskal_exact(groups):
    flat = ranks([v for g in groups for v in g])
    p = count_groups(groups, flat, lambda r: sum(sum(g) ** 2 / len(g) for g in r))
    return {"statistic": float(h_of(regroup(flat, groups), len(flat))), "p": float(p), "log_p": float(mp.log(big(p)))}


def permutation(groups):
    flat = [Q(str(v)) for g in groups for v in g]  # as written, so that equal F are equal
    p = count_groups(groups, flat, lambda r: sum(sum(g) ** 2 / len(g) for g in r))
    out = {k: v for k, v in anova(groups).items() if k in ("statistic", "df", "effect")}
    out.update({"p": float(p), "log_p": float(mp.log(big(p)))})
    return out


def friedman_parts(rows):
    r = [ranks(row) for row in rows]
    n, k = len(r), len(r[0])
    centre = Q(k + 1, 2)
    net = sum((sum(row[j] for row in r) - n * centre) ** 2 for j in range(k))
    spread = sum((v - centre) ** 2 for row in r for v in row)
    return n, k, net, spread


def friedman(rows, method):
    n, k, net, spread = friedman_parts(rows)
    q = (k - 1) * net / spread
    if method == "iman_davenport":
        out = f_values((n - 1) * q / (n * (k - 1) - q), k - 1, (n - 1) * (k - 1))
    else:
        out = chi2_values(q, k - 1)
    out["effect"] = {"name": "kendall_w", "estimate": float(q / (n * (k - 1)))}
    return out


def over_orders(rows, statistic):
    """Shares of all permutations within blocks, of a statistic of twice the sums."""
    blocks = [list(itertools.permutations([int(2 * v) for v in ranks(row)])) for row in rows]
    states = {tuple([0] * len(rows[0])): 1}
    for orders in blocks:
        following = {}
        for s, c in states.items():
            for o in orders:
                key = tuple(a + b for a, b in zip(s, o))
                following[key] = following.get(key, 0) + c
        states = following
    observed = statistic(tuple(sum(col) for col in zip(*[o[0] for o in blocks])))
    total = sum(states.values())
    return (Q(sum(c for s, c in states.items() if statistic(s) >= observed), total),
            Q(sum(c for s, c in states.items() if statistic(s) <= observed), total))


def friedman_exact(rows):
    n, k, net, spread = friedman_parts(rows)
    p, _ = over_orders(rows, lambda s: sum((v - n * (k + 1)) ** 2 for v in s))
    return {"statistic": float((k - 1) * net / spread), "p": float(p), "log_p": float(mp.log(big(p))),
            "effect": {"name": "kendall_w", "estimate": float(net / spread / n)}}


def trend(s):
    return sum((j + 1) * v for j, v in enumerate(s))


def page_exact(rows, alternative):
    greater, less = over_orders(rows, trend)
    p = {"greater": greater, "less": less, "two_sided": min(Q(1), 2 * min(greater, less))}[alternative]
    r = [ranks(row) for row in rows]
    return {"statistic": float(trend([sum(c) for c in zip(*r)])), "p": float(p), "log_p": float(mp.log(big(p)))}


def page_asymptotic(rows, alternative):
    n, k, _, spread = friedman_parts(rows)
    r = [ranks(row) for row in rows]
    l = trend([sum(c) for c in zip(*r)])
    variance = Q((k * k - 1) * k, 12) * spread / (k - 1)
    z = big(l - Q(n * k * (k + 1) ** 2, 4)) / mp.sqrt(big(variance))
    tail = lambda v: mp.erfc(v / mp.sqrt(2)) / 2
    p = {"greater": tail(z), "less": tail(-z), "two_sided": 2 * tail(abs(z))}[alternative]
    return {"statistic": float(l), "p": float(p), "log_p": float(mp.log(p)), "details": {"z": float(z)}}


def of_scipy_page(rows, method, alternative):
    r = st.page_trend_test(rows, method=method)
    if alternative == "less":
        return {"statistic": float(r.statistic)}
    return {"statistic": float(r.statistic), "p": float(r.pvalue)}


def quade(rows):
    n, k = len(rows), len(rows[0])
    q = ranks([Q(max(r) - min(r)) for r in rows])  # the ranges as float64 has them
    s = [[w * (v - Q(k + 1, 2)) for v in ranks(row)] for w, row in zip(q, rows)]
    a = sum(v * v for row in s for v in row)
    b = sum(sum(col) ** 2 for col in zip(*s)) / n
    return f_values((n - 1) * b / (a - b), k - 1, (n - 1) * (k - 1))


# The cases.

class Numbers:
    """A small generator, so that the data are the same everywhere."""

    def __init__(self, seed):
        self.state = seed

    def uniform(self):
        self.state = (self.state * 6364136223846793005 + 1442695040888963407) % 2 ** 64
        return (self.state >> 11) / 2 ** 53

    def normal(self, mean=0.0, sd=1.0, digits=3):
        return round(mean + sd * (sum(self.uniform() for _ in range(12)) - 6), digits)


DATA = r"""
suppressMessages(library(jsonlite))
aq <- airquality[!is.na(airquality$Ozone), ]
x <- reshape(as.data.frame(ChickWeight)[, c("weight", "Time", "Chick")], idvar = "Chick", timevar = "Time", direction = "wide")
x <- x[complete.cases(x), ]
cat(toJSON(list(PlantGrowth = unname(split(PlantGrowth$weight, PlantGrowth$group)),
  InsectSprays = unname(split(InsectSprays$count, InsectSprays$spray)), airquality = unname(split(aq$Ozone, aq$Month)),
  ToothGrowth = list(y = ToothGrowth$len, a = ToothGrowth$supp, b = ToothGrowth$dose),
  warpbreaks = list(y = warpbreaks$breaks, a = warpbreaks$wool, b = warpbreaks$tension),
  mtcars = list(y = mtcars$mpg, cyl = mtcars$cyl, am = mtcars$am, wt = mtcars$wt),
  chick = unname(as.matrix(x[, c(2, 4, 6, 8, 10)]))), digits = NA))
"""

# The example of R's friedman.test: Hollander, Wolfe (1973), page 140.
ROUNDING = [[5.40, 5.50, 5.55], [5.85, 5.70, 5.75], [5.20, 5.60, 5.50], [5.55, 5.50, 5.40], [5.90, 5.85, 5.70], [5.45, 5.55, 5.60],
            [5.40, 5.40, 5.35], [5.45, 5.50, 5.35], [5.25, 5.15, 5.00], [5.85, 5.80, 5.70], [5.25, 5.20, 5.10], [5.65, 5.55, 5.45],
            [5.60, 5.35, 5.45], [5.05, 5.00, 4.95], [5.50, 5.50, 5.40], [5.45, 5.55, 5.50], [5.55, 5.55, 5.35], [5.45, 5.50, 5.55],
            [5.50, 5.45, 5.25], [5.65, 5.60, 5.40], [5.70, 5.65, 5.55], [6.30, 6.30, 6.25]]
# The example of R's quade.test: Conover (1999), page 374.
SALES = [[5, 4, 7, 10, 12], [1, 3, 1, 0, 2], [16, 12, 22, 22, 35], [5, 4, 3, 5, 4], [10, 9, 7, 13, 10], [19, 18, 28, 37, 58], [10, 7, 6, 8, 7]]


def main():
    sets = json.loads(subprocess.run(["Rscript", "-e", DATA], check=True, capture_output=True, text=True).stdout)
    rng = Numbers(20261123)
    unequal = [[rng.normal(10, s) for _ in range(n)] for n, s in [(5, 1), (12, 4), (30, 0.5), (8, 9)]]
    shifted = [[rng.normal(m, 1) for _ in range(40)] for m in (0, 2, 4)]
    offset = [[1e6 + v for v in g] for g in ([0.25, 0.5, 1.25], [1.5, 0.75, 2.0], [3.25, 2.5, 2.75, 4.0])]
    two = [[4.1, 3.9, 5.2, 4.4], [5.0, 6.1, 5.5]]
    many = [[rng.normal(i % 3, 1, 2) for _ in range(60)] for i in range(9)]
    singles = [[1.0], [2.5, 3.5], [2.0], [7.25, 6.0]]
    beyond = [[rng.normal(m, 1) for _ in range(150)] for m in (0, 25, 60)]
    cases = []

    def add(name, test, data, oracles, **settings):
        cases.append({"name": name, "test": test, "data": data, "set": {k: str(v) for k, v in settings.items()}, "want": oracles})

    mpm = lambda v: {"oracle": "mpmath", "values": v}
    rational = lambda v: {"oracle": "rational", "exact": True, "values": v}
    layouts = [("PlantGrowth", sets["PlantGrowth"]), ("InsectSprays", sets["InsectSprays"]), ("airquality", sets["airquality"]),
               ("unequal variances and sizes", unequal), ("far apart", shifted), ("a large common part", offset), ("two groups", two), ("nine groups", many)]
    for name, g in layouts:
        d = {"groups": g}
        add(name, "anova", d, [mpm(anova(g))])
        add(name, "welch_anova", d, [mpm(welch(g))])
        add(name, "brown_forsythe_anova", d, [mpm(brown_forsythe(g)), {"oracle": "statsmodels", "values": of_statsmodels(g)}])
        add(name + ", Mehrotra", "brown_forsythe_anova", d,
            [mpm(brown_forsythe(g, True)), {"oracle": "statsmodels", "values": of_statsmodels(g, True)}], method="mehrotra")
        add(name, "kruskal_wallis", d, [mpm(kruskal(g)), {"oracle": "scipy", "values": {"statistic": float(st.kruskal(*g).statistic), "p": float(st.kruskal(*g).pvalue)}}])
    for name, test, v in [("beyond a float64", "anova", anova(beyond)), ("beyond a float64", "welch_anova", welch(beyond))]:
        add(name, test, {"groups": beyond}, [mpm(v)])
    add("groups of one", "anova", {"groups": singles}, [mpm(anova(singles))])
    for name, g in [("no ties", [[1, 4, 2], [8, 5, 9], [3, 7]]), ("ties", [[1, 2, 2], [3, 2, 5], [5, 6, 6]]), ("two groups", [[1, 3, 3, 4], [4, 6, 7]]),
                    ("four groups", [[1, 2], [2, 5], [4, 4], [6, 7, 3]]), ("sizes 2 to 4", [[0, 0, 1, 1], [1, 2, 2], [3, 3]]), ("extreme", [[1, 2, 3], [4, 5, 6], [7, 8, 9]])]:
        add(name, "kruskal_wallis", {"groups": g}, [rational(kruskal_exact(g))], method="exact")
    for name, g in [("tenths", [[0.1, 0.2, 0.3], [0.3, 0.4, 0.6], [0.7, 0.8]]), ("ties", [[1, 2, 2], [3, 2, 5], [5, 6, 6]]), ("a large common part", offset),
                    ("two groups", two), ("four groups", [[1.5, 2], [2, 5], [4, 4.25], [6, 7, 3]])]:
        add(name, "permutation_anova", {"groups": g}, [rational(permutation(g))])

    tooth, warp, cars = sets["ToothGrowth"], sets["warpbreaks"], sets["mtcars"]
    cut = {k: [v for i, v in enumerate(tooth[k]) if i % 7 not in (2, 5) and i != 40] for k in tooth}
    car_ab = {"y": cars["y"], "a": cars["cyl"], "b": cars["am"]}
    sizes = [[9, 2, 4], [3, 7, 2], [1, 5, 6], [4, 3, 8]]
    made = {"y": [], "a": [], "b": []}
    for i, row in enumerate(sizes):
        for j, n in enumerate(row):
            for _ in range(n):
                made["y"].append(rng.normal(0.4 * i - 0.3 * j, 1))
                made["a"].append("a%d" % i)
                made["b"].append("b%d" % j)
    for name, d in [("ToothGrowth", tooth), ("warpbreaks", warp), ("ToothGrowth, unbalanced", cut), ("mtcars, cylinders and transmission", car_ab), ("4 by 3, unbalanced", made)]:
        for kind in (1, 2, 3):
            add("%s, type %d" % (name, kind), "anova_two_way", d, [mpm(two_way(d, kind, True))], type=kind)
            add("%s, type %d, additive" % (name, kind), "anova_two_way", d, [mpm(two_way(d, kind, False))], type=kind, interaction="false")

    wt = {"y": cars["y"], "a": [str(v) for v in cars["cyl"]], "covariate": cars["wt"]}
    pre = {"y": [], "a": [], "covariate": []}
    for g, n in [("old", 12), ("new", 9), ("both", 15)]:
        for _ in range(n):
            x = rng.normal(50, 10, 1)
            pre["covariate"].append(x)
            pre["a"].append(g)
            pre["y"].append(round(0.7 * x + {"old": 0, "new": 4, "both": 9}[g] + rng.normal(0, 5), 2))
    for name, d in [("mtcars, weight", wt), ("before and after", pre)]:
        add(name, "ancova", d, [mpm(ancova(d))])

    few = [[1, 2, 4], [2, 3, 7], [3, 3, 3], [2, 5, 4]]
    wide = [[rng.normal(5 + 2 * i + 0.3 * j * (i % 4), 1 + j, 2) for j in range(6)] for i in range(20)]
    short = [[rng.normal(3 + 0.5 * j, 1, 2) for j in range(5)] for i in range(4)]
    pairs = [[rng.normal(3, 1, 2), rng.normal(3.5, 1, 2)] for _ in range(10)]
    for name, rows in [("four subjects", few), ("RoundingTimes", ROUNDING), ("chicks", sets["chick"]), ("six conditions", wide),
                       ("fewer subjects than conditions", short), ("two conditions", pairs)]:
        d = {"blocks": rows}
        for method in ("gg", "hf", "none"):
            if name in ("RoundingTimes", "six conditions") or method == "gg":
                add("%s, %s" % (name, method), "rm_anova", d, [mpm(rm_anova(rows, method))], method=method)
        if len(rows[0]) > 2 and len(rows) >= len(rows[0]):
            add(name, "mauchly", d, [mpm(mauchly(rows))])

    course = [[rng.normal(10 + 2 * (i % 5) + 0.5 * j * (1 + i % 3), 1 + 0.3 * j, 2) for j in range(4)] for i in range(24)]
    arms = [["a", "b", "c"][i % 3] for i in range(24)]
    uneven = [a for i, a in enumerate(arms) if i not in (1, 4, 7, 10, 23)]
    fewer = [r for i, r in enumerate(course) if i not in (1, 4, 7, 10, 23)]
    for kind in (2, 3):
        for method in ("gg", "hf", "none"):
            add("balanced, type %d, %s" % (kind, method), "anova_mixed", {"blocks": course, "a": arms}, [mpm(mixed(course, arms, kind, method))], type=kind, method=method)
            add("unbalanced, type %d, %s" % (kind, method), "anova_mixed", {"blocks": fewer, "a": uneven}, [mpm(mixed(fewer, uneven, kind, method))], type=kind, method=method)

    for name, g, w in [("PlantGrowth", sets["PlantGrowth"], [-1, 0.5, 0.5]), ("unequal variances and sizes", unequal, [-3, -1, 1, 3]), ("far apart", shifted, [-1, 0, 1]), ("two groups", two, [-1, 1])]:
        for method in ("welch", "pooled"):
            for level in (0.9, 0.99):
                add("%s, %s" % (name, method), "contrast", {"groups": g}, [mpm(contrast(g, w, method, level))], method=method, level=level, weights=",".join(map(str, w)))

    ordered = [[rng.normal(0.8 * j, 1, 2) for j in range(4)] for _ in range(15)]
    for name, rows in [("four blocks", few), ("RoundingTimes", ROUNDING), ("chicks", sets["chick"]), ("sales", SALES), ("six conditions", wide),
                       ("two treatments", pairs), ("trend", ordered)]:
        d = {"blocks": rows}
        if name != "chicks":
            add(name + ", F", "friedman", d, [mpm(friedman(rows, "iman_davenport"))], method="iman_davenport")
            add(name, "quade", d, [mpm(quade(rows))])
        add(name, "friedman", d, [mpm(friedman(rows, ""))])
    for name, rows in [("four blocks", few), ("ties in every block", [[1, 1, 2], [3, 3, 3], [2, 1, 1], [1, 2, 3], [2, 2, 1]]), ("no ties", [[1, 2, 3, 4], [2, 1, 3, 4], [1, 3, 2, 4], [4, 1, 2, 3]]),
                       ("two treatments", [[1, 2], [2, 3], [5, 1], [2, 2], [3, 4], [1, 7]]), ("all agree", [[1, 2, 3]] * 6), ("ten blocks", [r[:3] for r in ROUNDING[:10]])]:
        add(name, "friedman", {"blocks": rows}, [rational(friedman_exact(rows))], method="exact")
    plain = [[1, 2, 3, 4], [2, 1, 3, 4], [1, 3, 2, 4], [4, 1, 2, 3]]
    for alternative in ("greater", "less", "two_sided"):
        for name, rows in [("four blocks", few), ("no ties", plain), ("ties", [r[:4] for r in SALES[:4]])]:
            add("%s, %s" % (name, alternative), "page", {"blocks": rows}, [rational(page_exact(rows, alternative))], alternative=alternative)
        for name, rows in [("trend", ordered), ("ties", SALES), ("chicks", sets["chick"])]:
            want = [mpm(page_asymptotic(rows, alternative))]
            if name == "trend" and alternative != "two_sided":
                want.append({"oracle": "scipy", "values": of_scipy_page(rows, "asymptotic", alternative)})
            else:
                want[0]["exact"] = True
            add("%s, normal, %s" % (name, alternative), "page", {"blocks": rows}, want, method="asymptotic", alternative=alternative)
    want = [rational(page_exact(ordered[:5], "greater")), {"oracle": "scipy", "values": of_scipy_page(ordered[:5], "exact", "greater")}]
    add("five blocks", "page", {"blocks": ordered[:5]}, want, method="exact")

    with tempfile.NamedTemporaryFile("w", suffix=".json") as f:
        json.dump([{k: c[k] for k in ("test", "data", "set")} for c in cases], f)
        f.flush()
        run = subprocess.run(["Rscript", os.path.join(HERE, "variance.R"), f.name], check=True, stdout=subprocess.PIPE, text=True)
    answers = json.loads(run.stdout)
    for c, v in zip(cases, answers["values"]):
        if v:
            r = {"oracle": "R", "values": v}
            if c["test"] in ("rm_anova", "mauchly"):
                r["digits"] = 10
                r["note"] = "R solves with a matrix of projections and loses digits to it; the exact fractions agree to twelve"
            c["want"].append(r)
    lines = ",\n".join(json.dumps(c) for c in cases)
    source = "definitions in exact fractions and mpmath, R with car, scipy, statsmodels; data sets of R"
    version = "mpmath %s, %s, scipy %s, statsmodels %s" % (mp.__version__, answers["version"], scipy.__version__, statsmodels.__version__)
    print('{"source": %s, "version": %s, "command": "python3 variance.py > cases/variance.json",\n "cases": [\n%s\n]}' % (
        json.dumps(source), json.dumps(version), lines))


if __name__ == "__main__":
    sys.exit(main())
