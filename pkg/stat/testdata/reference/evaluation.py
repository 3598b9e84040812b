"""Writes the reference values of evaluations of models:

    python3 evaluation.py > cases/evaluation.json

It needs numpy, scipy, scikit-learn, mpmath, and R with clubSandwich, sandwich, pROC,
survival and jsonlite. Beside these programs stand the definitions themselves, in
arithmetic of 50 digits (mpmath).
"""

import platform

import numpy as np
import scipy
import scipy.optimize
import scipy.stats as st
import sklearn
from sklearn.calibration import calibration_curve
from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score

from oracle import *
from stream import draws

c = Cases("evaluation.R")
DEFINITION = "mpmath: the definitions in 50 digits"
sqrt = mpmath.sqrt


def t_quantile(p, df):
    """The upper quantile with tail p."""
    guess = st.t.isf(float(p), float(df))
    return inverse(lambda t: t_sf(t, df), p, guess)


def t_p(t, df, alternative):
    return {"two_sided": 2 * t_sf(abs(t), df), "greater": t_sf(t, df), "less": t_sf(-t, df)}[alternative]


def z_p(z, alternative):
    return {"two_sided": 2 * sf(abs(z)), "greater": sf(z), "less": sf(-z)}[alternative]


def regression(y, columns, labels, k, method, level=.95, mu=0, alternative="two_sided"):
    """Clustered standard errors from the matrices of their definition."""
    n = len(y)
    rows = [[mp(1)] + [mp(col[i]) for col in columns] for i in range(n)]
    w = len(rows[0])
    m = mpmath.matrix(w, w)
    for a in range(w):
        for b in range(w):
            m[a, b] = mpmath.fsum(r[a] * r[b] for r in rows)
    m = m**-1
    xy = mpmath.matrix([mpmath.fsum(r[a] * mp(v) for r, v in zip(rows, y)) for a in range(w)])
    beta = m * xy
    e = [mp(v) - mpmath.fsum(r[a] * beta[a] for a in range(w)) for r, v in zip(rows, y)]
    names = list(dict.fromkeys(labels))
    groups = [[i for i, l in enumerate(labels) if l == name] for name in names]
    unit = mpmath.matrix(w, 1)
    unit[k] = 1
    mc = m * unit
    ps, power = [], {"cr0": None, "cr1": None, "cr2": mp(-.5), "cr3": mp(-1)}[method]
    for g in groups:
        xg = mpmath.matrix([[v for v in rows[i]] for i in g])
        p = xg * mc
        if power is not None:
            block = mpmath.eye(len(g)) - xg * m * xg.T
            values, q = mpmath.eigsy(block)
            bent = mpmath.diag([0 if abs(v) < mp(10)**-30 else v**power for v in values])
            p = q * bent * q.T * p
        ps.append((xg, p))
    variance_ = mpmath.fsum(mpmath.fsum(p[j] * e[i] for j, i in enumerate(g))**2 for g, (_, p) in zip(groups, ps))
    count = len(groups)
    df = mp(count - 1)
    if method == "cr1":
        variance_ *= mp(count) / (count - 1)
    if power is not None:
        us = [xg.T * p for xg, p in ps]
        trace = squares = mp(0)
        for a in range(count):
            left = us[a].T * m
            for b in range(count):
                v = -(left * us[b])[0]
                if a == b:
                    v += (ps[a][1].T * ps[a][1])[0]
                    trace += v
                squares += v * v
        df = trace**2 / squares
    se = sqrt(variance_)
    naive = sqrt(mpmath.fsum(v * v for v in e) / (n - w) * m[k, k])
    t = (beta[k] - mu) / se
    half = t_quantile((1 - mp(level)) / 2, df) * se
    return {"estimate": beta[k], "statistic": t, "df": [df], "p": t_p(t, df, alternative), "interval": {"low": beta[k] - half, "high": beta[k] + half},
            "details": {"standard_error": se, "naive_standard_error": naive, "design_effect": (se / naive)**2}}


def settings_of(method, level, mu, alternative, **more):
    out = {"method": method, **more}
    if level != .95:
        out["level"] = str(level)
    if mu:
        out["mu"] = str(mu)
    if alternative != "two_sided":
        out["alternative"] = alternative
    return out


def r_args(method, level, mu, alternative):
    return f'"{method}", {level}, {mu}, "{alternative}"'


def cluster_mean(name, x, labels, method="cr2", level=.95, mu=0, alternative="two_sided", r_digits=None, r_note=None):
    c.add(name, "clustered_mean", {"x": x, "clusters": labels}, settings_of(method, level, mu, alternative),
          oracle(DEFINITION, regression(x, [], labels, 0, method, level, mu, alternative)),
          r=f"cr(lm(x ~ 1), 1, cl, {r_args(method, level, mu, alternative)})", r_oracle="R clubSandwich", r_digits=r_digits, r_note=r_note)


CHICKS = json.loads(subprocess.run(["Rscript", "-e", "cat(jsonlite::toJSON(list(w=ChickWeight$weight, t=ChickWeight$Time, c=as.character(ChickWeight$Chick))))"],
                                   capture_output=True, text=True, check=True).stdout)
labels = [f"c{i * i % 23}" for i in range(120)]
names = list(dict.fromkeys(labels))
effect = dict(zip(names, floats(40, len(names))))
scores = [round(v + effect[l], 9) for v, l in zip(floats(41, 120), labels)]
for method in ("cr2", "cr0", "cr1", "cr3"):
    cluster_mean(f"ChickWeight {method}", CHICKS["w"], CHICKS["c"], method, r_digits=11 if method in ("cr2", "cr3") else None,
                 r_note="R decomposes matrices of 12 by 12 in double precision; 50 digits decide" if method in ("cr2", "cr3") else None)
    cluster_mean(f"unequal clusters {method}", scores, labels, method, level=.9, mu=.1, alternative="greater")
cluster_mean("few clusters", scores[:40], [f"k{i % 6 + i % 4 // 3}" for i in range(40)], alternative="less")
right = [float((i * i + 3 * i) % 7 < 4) for i in range(90)]
cluster_mean("zeros and ones", right, [f"k{i // 4}" for i in range(90)])
cluster_mean("far from 0", [1e6 + v for v in scores], labels, mu=1e6, r_digits=8, r_note="R does not subtract the large common part")
cluster_mean("far tail", [5 + v / 100 for v in scores], labels)


def cluster_regression(name, y, x, labels, method, k=1, **more):
    args = (more.get("level", .95), more.get("mu", 0), more.get("alternative", "two_sided"))
    c.add(name, "clustered_regression", {"y": y, "x": x, "clusters": labels}, settings_of(method, *args, coefficient=str(k)),
          oracle(DEFINITION, regression(y, [x], labels, k, method, *args)),
          r=f"cr(lm(y ~ x), {k + 1}, cl, {r_args(method, *args)})", r_oracle="R clubSandwich", r_digits=10,
          r_note="R decomposes matrices of a cluster's size in double precision; 50 digits decide")


for method in ("cr2", "cr0", "cr1", "cr3"):
    cluster_regression(f"ChickWeight on time {method}", CHICKS["w"], CHICKS["t"], CHICKS["c"], method)
cluster_regression("constant of ChickWeight on time", CHICKS["w"], CHICKS["t"], CHICKS["c"], "cr2", 0, alternative="greater", mu=20)
cluster_regression("each its own cluster: HC2", scores[:30], floats(42, 30), [str(i) for i in range(30)], "cr2")
cluster_regression("each its own cluster: HC3", scores[:30], floats(42, 30), [str(i) for i in range(30)], "cr3")

# Differences: of pairs, and of samples that share clusters or do not.
after = [round(v + .3 + .5 * w, 9) for v, w in zip(scores, floats(43, 120))]
diff = [mp(b) - mp(a) for a, b in zip(scores, after)]
for method, args in (("cr2", (.95, 0, "two_sided")), ("cr1", (.99, .25, "greater"))):
    c.add(f"pairs {method}", "clustered_difference", {"pairs": [scores, after], "clusters": labels}, settings_of(method, *args),
          oracle(DEFINITION, regression(diff, [], labels, 0, method, *args)),
          r=f"cr(lm(d$pairs[[2]] - d$pairs[[1]] ~ 1), 1, cl, {r_args(method, *args)})", r_oracle="R clubSandwich")
for name, cl in (("samples that share clusters", labels), ("samples with clusters of their own", [f"x{i % 9}" for i in range(50)] + [f"y{i % 13 + i % 2}" for i in range(70)])):
    treated = [0] * 50 + [1] * 70
    for method in ("cr2", "cr3"):
        c.add(f"{name}, {method}", "clustered_difference", {"x": scores[:50], "y": scores[50:], "clusters": cl}, {"method": method},
              oracle(DEFINITION, regression(scores, [treated], cl, 1, method)),
              r=f'cr(lm(c(x, y) ~ rep(0:1, c(50, 70))), 2, cl, "{method}")', r_oracle="R clubSandwich", r_digits=11,
              r_note="R decomposes matrices of a cluster's size in double precision; 50 digits decide")

# Items answered several times.
ys, items, models = [], [], []
noise = floats(44, 600)
for i in range(24):
    for m, k in (("base", 3 + i % 3), ("new", 4)):
        for _ in range(k):
            ys.append(round(floats(45, 24)[i] + .4 * noise.pop() + (.2 if m == "new" else 0), 9))
            items.append(f"q{i}")
            models.append(m)
cells = {(i, m): [mp(v) for v, a, b in zip(ys, items, models) if a == i and b == m] for i in dict.fromkeys(items) for m in ("base", "new")}
gains = [mean(cells[i, "new"]) - mean(cells[i, "base"]) for i in dict.fromkeys(items)]
within = mean([variance(cells[i, m]) / len(cells[i, m]) for i in dict.fromkeys(items) for m in ("base", "new")]) * 2
values = regression(gains, [], list(range(24)), 0, "cr2")
values["details"] = {"standard_error": values["details"]["standard_error"], "variance": variance(gains), "variance_within": within,
                     "variance_between": variance(gains) - within, "standard_error_unlimited_answers": sqrt((variance(gains) - within) / 24),
                     "unpaired_standard_error": sqrt((variance([mean(cells[i, "new"]) for i in dict.fromkeys(items)]) +
                                                      variance([mean(cells[i, "base"]) for i in dict.fromkeys(items)])) / 24)}
c.add("24 items", "paired_items", {"y": ys, "a": items, "b": models}, {}, oracle(DEFINITION, values),
      r='{a <- factor(d$a, levels=unique(d$a)); m <- tapply(y, list(a, d$b), mean); s <- tapply(y, list(a, d$b), var); k <- tapply(y, list(a, d$b), length); '
        'g <- m[,"new"] - m[,"base"]; t <- t.test(g); w <- mean(s[,1]/k[,1] + s[,2]/k[,2]); '
        'list(estimate=t$estimate, statistic=t$statistic, df=t$parameter, p=t$p.value, interval=list(low=t$conf.int[1], high=t$conf.int[2]), '
        'details=list(standard_error=t$stderr, variance=var(g), variance_within=w, variance_between=var(g)-w, correlation=cor(m[,1], m[,2]))) }')

# Covariates.
cov = [round(.8 * v + .6 * w, 9) for v, w in zip(scores, floats(46, 120))]
treated = [0] * 50 + [1] * 70


def cuped(name, data, settings, y, columns, k, cl, r, method="cr2", alternative="two_sided"):
    centred = [mp(v) - mean(data["covariate"]) for v in data["covariate"]]
    values = regression(y, columns + [centred], cl, k, method, alternative=alternative)
    plain = regression(y, columns, cl, k, method)
    values["details"] = {"standard_error": values["details"]["standard_error"], "unadjusted": plain["estimate"],
                         "unadjusted_standard_error": plain["details"]["standard_error"],
                         "variance_saved": 1 - (values["details"]["standard_error"] / plain["details"]["standard_error"])**2,
                         "theta": regression(y, columns + [centred], cl, len(columns) + 1, "cr0")["estimate"]}
    c.add(name, "cuped", data, settings, oracle(DEFINITION, values), r=r, r_oracle="R clubSandwich", r_digits=11,
          r_note="R decomposes matrices in double precision; 50 digits decide")


each = [str(i) for i in range(120)]
data = {"x": scores[:50], "y": scores[50:], "covariate": cov}
cuped("samples", data, {}, scores, [treated], 1, each, 'cr(lm(c(x, y) ~ rep(0:1, c(50, 70)) + d$covariate), 2, 1:120, "cr2")')
cuped("samples, clustered", {**data, "clusters": labels}, {"alternative": "less"}, scores, [treated], 1, labels,
      'cr(lm(c(x, y) ~ rep(0:1, c(50, 70)) + d$covariate), 2, cl, "cr2", alternative="less")', alternative="less")
cuped("pairs", {"pairs": [scores, after], "covariate": cov}, {}, diff, [], 0, each,
      'cr(lm(d$pairs[[2]] - d$pairs[[1]] ~ I(d$covariate - mean(d$covariate))), 1, 1:120, "cr2")')

# Forecasts.
# 398 of them: 397 is prime, so that no border of bins is an observation, which
# scikit-learn would put on either side by rounding.
conf = [round(st.norm.cdf(v), 3) for v in floats(47, 398)]
hit = [int(u < p**1.5) for u, p in zip(floats(48, 398, "uniform"), conf)]
few = [round(p, 1) for p in conf]


def ece_parts(p, y, bins, method):
    """The bins of scikit-learn's calibration_curve."""
    edges = np.percentile(p, np.linspace(0, 1, bins + 1) * 100) if method == "equal_mass" else np.linspace(0, 1, bins + 1)
    at = np.searchsorted(edges[1:-1], p)
    return at


def norms(p, y, at, weight=None, kind=mp):
    weight = weight or [1] * len(p)
    total, l1, l2, db = sum(weight), kind(0), kind(0), kind(0)
    for b in sorted(set(at)):
        w = [(weight[i], kind(p[i]), y[i]) for i in range(len(p)) if at[i] == b]
        n = sum(v[0] for v in w)
        if n == 0:
            continue
        gap = sum(v[0] * v[1] for v in w) / n - kind(sum(v[0] * v[2] for v in w)) / n
        a = kind(sum(v[0] * v[2] for v in w)) / n
        l1 += kind(n) * abs(gap)
        l2 += kind(n) * gap**2
        db += kind(n) * gap**2 - (kind(n) * a * (1 - a) / (n - 1) if n > 1 else 0)
    root = sqrt if kind is mp else np.sqrt
    return {"l1": l1 / total, "l2": root(l2 / total), "l2_debiased": root(max(kind(0), db / total))}


def quantile7(x, q):
    x = sorted(x)
    h = (len(x) - 1) * mp(q)
    at = int(mpmath.floor(h))
    return x[at] if at + 1 == len(x) else x[at] + (h - at) * (x[at + 1] - x[at])


def ece(name, p, y, bins, method="equal_mass", norm="l1", level=.95, b=200, seed=4, labels_=None):
    at = ece_parts(p, y, bins, method)
    all_ = norms(p, y, at)
    units = list(dict.fromkeys(labels_)) if labels_ else list(range(len(p)))
    of = [units.index(l) for l in labels_] if labels_ else units
    drawn = []
    for r in range(b):
        counts = [0] * len(units)
        for u in draws([len(units)], seed, r):
            counts[u] += 1
        drawn.append(norms(p, y, at, [counts[u] for u in of], float)[norm])
    low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2])
    est = float(all_[norm])
    true, pred = calibration_curve(y, p, n_bins=bins, strategy="quantile" if method == "equal_mass" else "uniform")
    sizes = np.unique(at, return_counts=True)[1]
    details = {f"ece_{k}": v for k, v in all_.items()}
    for i in range(len(sizes)):
        details[f"bin_{i}_confidence"], details[f"bin_{i}_accuracy"] = pred[i], true[i]
    weights = sizes / sizes.sum()
    by_curve = {"l1": np.sum(weights * np.abs(true - pred)), "l2": np.sqrt(np.sum(weights * (true - pred)**2)),
                "l2_debiased": np.sqrt(max(0, np.sum(weights * ((true - pred)**2 - true * (1 - true) / np.maximum(sizes - 1, 1)))))}
    settings = {"bins": str(bins), "method": method, "norm": norm, "level": str(level), "seed": str(seed), "replicates": str(b)}
    data = {"x": p, "y": y, **({"clusters": labels_} if labels_ else {})}
    interval = {"low": max(0, min(est, 2 * est - high)), "high": min(1, max(est, high))}
    c.add(name, "ece", data, settings, oracle(DEFINITION, {"estimate": all_[norm], "details": {f"ece_{k}": v for k, v in all_.items()}}),
          oracle("sklearn: calibration_curve; replicates by numpy", {"estimate": by_curve[norm], "interval": interval, "details": details}))


ece("equal mass", conf, hit, 15)
ece("equal width", conf, hit, 10, "equal_width", level=.9)
ece("equal mass, ties", few, hit, 15, norm="l2")
ece("debiased", conf, hit, 12, norm="l2_debiased")
ece("clusters", conf[:150], hit[:150], 5, labels_=[f"k{i % 17}" for i in range(150)])


def scored(name, test, p, y, settings, loss, measure, labels_=None, level=.95):
    values = regression(loss, [], labels_ or list(range(len(p))), 0, "cr2", level)
    del values["p"], values["statistic"]
    values["details"] = {k: values["details"][k] for k in ("standard_error", "naive_standard_error")}
    if test == "brier":
        groups, n, base = {}, len(p), mean(y)
        for v, h in zip(p, y):
            groups.setdefault(v, []).append(h)
        if len(groups) <= 15:
            values["details"].update({
                "reliability": mpmath.fsum(len(g) * (mp(v) - mean(g))**2 for v, g in groups.items()) / n,
                "resolution": mpmath.fsum(len(g) * (mean(g) - base)**2 for g in groups.values()) / n,
                "uncertainty": base * (1 - base), "skill": 1 - values["estimate"] / (base * (1 - base))})
    c.add(name, test, {"x": p, "y": y, **({"clusters": labels_} if labels_ else {})}, {**settings, "level": str(level)}, oracle(DEFINITION, values),
          oracle(f"sklearn: {measure.__name__}", {"estimate": measure(y, p)}),
          r=(f'{{v <- cr(lm(l ~ 1), 1, {"cl" if labels_ else "seq_along(x)"}, "cr2", {level}); v$p <- NULL; v$statistic <- NULL; v}}'
             .replace("lm(l", "lm(" + ("(x - y)^2" if test == "brier" else "-log(ifelse(y == 1, x, 1 - x))"))), r_oracle="R clubSandwich")


squared = [(mp(p) - y) ** 2 for p, y in zip(conf, hit)]
scored("continuous", "brier", conf, hit, {}, squared, brier_score_loss)
scored("tenths", "brier", few, hit, {}, [(mp(p) - y) ** 2 for p, y in zip(few, hit)], brier_score_loss, level=.9)
scored("clusters", "brier", few[:90], hit[:90], {}, [(mp(p) - y) ** 2 for p, y in zip(few[:90], hit[:90])], brier_score_loss, [f"k{i % 22}" for i in range(90)])
inner = [min(max(p, .001), .999) for p in conf]
scored("continuous", "log_loss", inner, hit, {}, [-mpmath.log(mp(p) if y else 1 - mp(p)) for p, y in zip(inner, hit)], log_loss)


# Areas under the curve.
def placements(x, y):
    cases, controls = [v for v, h in zip(x, y) if h], [v for v, h in zip(x, y) if not h]
    psi = lambda a, b: mp(a > b) + mp(a == b) / 2
    return [mean([psi(a, b) for b in controls]) for a in cases], [mean([psi(a, b) for a in cases]) for b in controls]


def auroc(name, x, y, method="delong", level=.95, alternative="two_sided"):
    v10, v01 = placements(x, y)
    m, n, area = len(v10), len(v01), mean(v10)
    se = sqrt(variance(v10) / m + variance(v01) / n)
    z = z_of((1 + mp(level)) / 2)
    second = {}
    if method == "delong":
        low, high = max(mp(0), area - z * se), min(mp(1), area + z * se)
    elif method == "delong_logit":
        e = lambda s: 1 / (1 + mpmath.exp(-(mpmath.log(area / (1 - area)) + s * z * se / (area * (1 - area)))))
        low, high = e(-1), e(1)
    else:
        half = mp(m + n) / 2 - 1
        f = lambda t: abs(area - t) - z * sqrt(t * (1 - t) * (1 + half * (1 - t) / (2 - t) + half * t / (1 + t)) / (m * n))
        low = mpmath.findroot(f, (area * mp(".2"), area * (1 - mp(10)**-9)), solver="anderson", tol=1e-40, verify=False) if area else mp(0)
        high = mpmath.findroot(f, (area + (1 - area) * mp(10)**-9, 1 - (1 - area) * mp(10)**-9), solver="anderson", tol=1e-40, verify=False) if area < 1 else mp(1)
        g = lambda t: float(f(mp(t)))
        second = {"interval": {"low": scipy.optimize.brentq(g, 1e-9, float(area) - 1e-9, xtol=1e-15) if area else 0,
                               "high": scipy.optimize.brentq(g, float(area) + 1e-9, 1 - 1e-9, xtol=1e-15) if area < 1 else 1}}
    values = {"estimate": area, "interval": {"low": low, "high": high}, "details": {"standard_error": se}}
    if se:
        t = (area - mp(.5)) / se
        values.update(statistic=t, p=z_p(t, alternative))
    settings = {"method": method, "level": str(level), "alternative": alternative}
    wants = [oracle(DEFINITION, values), oracle("sklearn: roc_auc_score" + (", scipy: brentq" if second else ""), {"estimate": roc_auc_score(y, x), **second})]
    r = f"auc(x, y, {level})" if method == "delong" else None
    c.add(name, "auroc", {"x": x, "y": y}, settings, *wants, r=r, r_oracle="R pROC")


score = [round(v + .9 * h, 9) for v, h in zip(floats(49, 90), hit[:90])]
tied = [int(2 * v) for v in score]
for method in ("delong", "delong_logit", "newcombe"):
    auroc(f"90 items, {method}", score, hit[:90], method)
    auroc(f"ties, {method}", tied, hit[:90], method, level=.9, alternative="greater")
auroc("nothing told apart", floats(50, 60), hit[:60], alternative="less")
auroc("all told apart", list(range(30)), [0] * 12 + [1] * 18, "newcombe")
other = [round(.6 * v + w, 9) for v, w in zip(score, floats(51, 90))]
a10, a01 = placements(score, hit[:90])
b10, b01 = placements(other, hit[:90])
d = mean(b10) - mean(a10)
se = sqrt(variance([b - a for a, b in zip(a10, b10)]) / len(a10) + variance([b - a for a, b in zip(a01, b01)]) / len(a01))
z = z_of(mp(".975"))
c.add("two scores", "auroc_difference", {"pairs": [score, other], "y": hit[:90]}, {},
      oracle(DEFINITION, {"estimate": d, "statistic": d / se, "p": z_p(d / se, "two_sided"), "interval": {"low": d - z * se, "high": d + z * se}}),
      r='{a <- roc(y, d$pairs[[1]], levels=0:1, direction="<", quiet=TRUE); b <- roc(y, d$pairs[[2]], levels=0:1, direction="<", quiet=TRUE); '
        't <- roc.test(b, a, method="delong", paired=TRUE); list(estimate=as.numeric(b$auc - a$auc), statistic=t$statistic, p=t$p.value, '
        'interval=list(low=t$conf.int[1], high=t$conf.int[2]))}', r_oracle="R pROC")


# Judges.
def judge(name, approved, n, table, method="adjusted", level=.95):
    (tn, fp), (fn, tp) = table
    p, m0, m1 = mp(approved) / n, tn + fp, fn + tp
    q0, q1 = mp(tn) / m0, mp(tp) / m1
    theta = (p + q0 - 1) / (q0 + q1 - 1)
    z = z_of((1 + mp(level)) / 2)
    spread = lambda p, q0, q1, n, m0, m1, t: sqrt(p * (1 - p) / n + (1 - t)**2 * q0 * (1 - q0) / m0 + t**2 * q1 * (1 - q1) / m1) / (q0 + q1 - 1)
    se = spread(p, q0, q1, n, m0, m1, theta)
    low, high = theta - z * se, theta + z * se
    if method == "adjusted":
        p2, a0, a1 = (n * p + z * z / 2) / (n + z * z), (m0 * q0 + 1) / (m0 + 2), (m1 * q1 + 1) / (m1 + 2)
        t = (p2 + a0 - 1) / (a0 + a1 - 1)
        d = 2 * z * z * (-(1 - t) * a0 * (1 - a0) / (m0 + 2) + t * a1 * (1 - a1) / (m1 + 2))
        half = z * spread(p2, a0, a1, n + z * z, m0 + 2, m1 + 2, t)
        low, high = t + d - half, t + d + half
    cut = lambda v: min(mp(1), max(mp(0), v))
    c.add(name, "judge_correction", {"x": [approved, n], "table": table}, {"method": method, "level": str(level)},
          oracle(DEFINITION, {"estimate": cut(theta), "interval": {"low": cut(low), "high": cut(high)},
                              "details": {"raw": p, "sensitivity": q1, "specificity": q0, "standard_error": se}}),
          r=f'{{n <- x[2]; p <- x[1]/n; m0 <- sum(d$table[[1]]); m1 <- sum(d$table[[2]]); q0 <- d$table[[1]][1]/m0; q1 <- d$table[[2]][2]/m1; th <- (p+q0-1)/(q0+q1-1); e <- th; '
            f'z <- qnorm({(1 + level) / 2}); s <- 0; ' + ('p <- (n*p+z^2/2)/(n+z^2); q0 <- (m0*q0+1)/(m0+2); q1 <- (m1*q1+1)/(m1+2); n <- n+z^2; m0 <- m0+2; m1 <- m1+2; '
            'th <- (p+q0-1)/(q0+q1-1); s <- 2*z^2*(-(1-th)*q0*(1-q0)/m0+th*q1*(1-q1)/m1); ' if method == "adjusted" else "") +
            'h <- z*sqrt(p*(1-p)/n+(1-th)^2*q0*(1-q0)/m0+th^2*q1*(1-q1)/m1)/(q0+q1-1); u <- function(v) min(1, max(0, v)); '
            'list(estimate=u(e), interval=list(low=u(th+s-h), high=u(th+s+h))) }')


# The example of the paper's program: p = .4 of 1000, q0 = .7 and q1 = .9 of 200 each.
judge("published example", 400, 1000, [[140, 60], [20, 180]])
judge("delta", 400, 1000, [[140, 60], [20, 180]], "delta", .9)
judge("a judge without error", 31, 50, [[10, 0], [0, 14]])
judge("cut to 1", 97, 100, [[45, 5], [9, 41]])
judge("small", 12, 30, [[11, 4], [3, 17]], level=.8)


def ppi(name, f, y, u, method, mu=0, alternative="two_sided"):
    n, big = len(y), len(u)
    lam = mp(1)
    if method == "ppi_plus":
        cov_ = mpmath.fsum((mp(a) - mean(f)) * (mp(b) - mean(y)) for a, b in zip(f, y)) / (n - 1)
        lam = min(mp(1), max(mp(0), cov_ / variance(f + u) / (1 + mp(n) / big)))
    rest = [mp(b) - lam * mp(a) for a, b in zip(f, y)]
    est, se = lam * mean(u) + mean(rest), sqrt(lam**2 * variance(u) / big + variance(rest) / n)
    z = z_of(mp(".975"))
    lam2 = 1.0 if method == "ppi" else min(1, max(0, np.cov(f, y)[0, 1] / np.var(f + u, ddof=1) / (1 + n / big)))
    rest2 = np.array(y) - lam2 * np.array(f)
    est2, se2 = lam2 * np.mean(u) + rest2.mean(), np.sqrt(lam2**2 * np.var(u, ddof=1) / big + rest2.var(ddof=1) / n)
    t, z2 = (est - mu) / se, st.norm.isf(.025)
    c.add(name, "ppi_mean", {"x": f, "y": y, "covariate": u}, {"method": method, "mu": str(mu), "alternative": alternative},
          oracle(DEFINITION, {"estimate": est, "statistic": t, "p": z_p(t, alternative), "interval": {"low": est - z * se, "high": est + z * se},
                              "details": {"lambda": lam, "standard_error": se}}),
          oracle("numpy: the formula", {"estimate": est2, "interval": {"low": est2 - z2 * se2, "high": est2 + z2 * se2}, "details": {"lambda": lam2}}))


truth = floats(52, 60)
guess = [round(.7 * v + .4 * w, 9) for v, w in zip(truth, floats(53, 60))]
many = [round(.8 * v, 9) for v in floats(54, 500)]
ppi("plus", guess, truth, many, "ppi_plus")
ppi("weight 1", guess, truth, many, "ppi", .25, "less")


# Times that were cut off.
def km(x, y, tau):
    curve, area, at, steps = mp(1), mp(0), mp(0), []
    for t in sorted(set(v for v in x if v <= tau)):
        risk, ends = sum(v >= t for v in x), sum(v == t and h for v, h in zip(x, y))
        area += curve * (mp(t) - at)
        at = mp(t)
        curve *= 1 - mp(ends) / risk
        steps.append((at, risk, ends, area))
    area += curve * (mp(tau) - at)
    var = mpmath.fsum((area - a)**2 * d / (mp(r) * (r - d)) for _, r, d, a in steps if 0 < d < r)
    return area, sqrt(var), curve


def rmst(name, x, y, tau, level=.95):
    m, se, s = km(x, y, tau)
    z = z_of((1 + mp(level)) / 2)
    c.add(name, "rmst", {"x": x, "y": y}, {"tau": str(tau), "level": str(level)},
          oracle(DEFINITION, {"estimate": m, "interval": {"low": m - z * se, "high": m + z * se}, "details": {"standard_error": se, "survival": s}}),
          r=f"{{v <- km(x, y, {tau}); z <- qnorm({(1 + level) / 2}); list(estimate=v[1], interval=list(low=v[1]-z*v[2], high=v[1]+z*v[2]), details=list(standard_error=v[2]))}}",
          r_oracle="R survival")


times = floats(55, 80, "exponential")
seen = [int(v < 1.5) for v in times]
times = [min(v, 1.5) for v in times]
AML = [9, 13, 13, 18, 23, 28, 31, 34, 45, 48, 161], [1, 1, 0, 1, 1, 0, 1, 1, 0, 1, 0]
AML2 = [5, 5, 8, 8, 12, 16, 23, 27, 30, 33, 43, 45], [1, 1, 1, 1, 1, 0, 1, 1, 1, 1, 1, 1]
rmst("timeouts", times, seen, 1.5)
rmst("before the timeout", times, seen, .75, .9)
rmst("leukaemia, maintained", *AML, 40)
rmst("leukaemia, to the last", *AML, 161)
rmst("beyond the last end", *AML2, 60)
(m1, s1, _), (m2, s2, _) = km(*AML2, 40), km(*AML, 40)
s, z = sqrt(s1**2 + s2**2), z_of(mp(".975"))
c.add("leukaemia", "rmst_difference", {"x": AML2[0] + AML[0], "y": AML2[1] + AML[1], "a": ["none"] * 12 + ["maintained"] * 11}, {"tau": "40", "alternative": "greater"},
      oracle(DEFINITION, {"estimate": m2 - m1, "statistic": (m2 - m1) / s, "p": sf((m2 - m1) / s), "interval": {"low": m2 - m1 - z * s, "high": m2 - m1 + z * s}}),
      r='{u <- km(x[1:12], y[1:12], 40); v <- km(x[13:23], y[13:23], 40); d <- v[1]-u[1]; s <- sqrt(u[2]^2+v[2]^2); '
        'list(estimate=d, statistic=d/s, p=pnorm(d/s, lower.tail=FALSE), interval=list(low=d-qnorm(.975)*s, high=d+qnorm(.975)*s))}', r_oracle="R survival")

versions = subprocess.run(["Rscript", "-e", 'cat(R.version.string, paste(sapply(c("clubSandwich","pROC","survival"), function(p) paste(p, packageVersion(p))), collapse=", "))'],
                          capture_output=True, text=True, check=True).stdout
c.write("R clubSandwich, pROC, survival; scikit-learn, numpy, scipy, mpmath",
        f"{versions}; Python {platform.python_version()}, scikit-learn {sklearn.__version__}, numpy {np.__version__}, scipy {scipy.__version__}, mpmath {mpmath.__version__}",
        "python3 evaluation.py > cases/evaluation.json")
