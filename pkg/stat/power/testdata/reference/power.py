"""Reference values of power: power.json.

    python3 power.py > power.json

Needs mpmath, scipy, statsmodels, and R with pwr on the path, and the generators
of package dist beside this package. Oracles: R (pwr, power.prop.test, or a loop
over all outcomes), statsmodels, the noncentral definitions in mpmath, and brute
force over all outcomes in rational arithmetic, which counts as exact.
"""

import itertools
import json
import os
import subprocess
import sys
from fractions import Fraction

import mpmath
import scipy.stats
import statsmodels
import statsmodels.stats.power as smp
from mpmath import mp, mpf

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../../dist/testdata/reference"))
from central import agreement, beta_tails  # noqa: E402
from noncentral import ncf_tails, nct_tails, ncx2_tails, r_tails  # noqa: E402

mp.dps = 40
CASES = []
R_LINES = []


def r_value(expression):
    """Asks R for a number; the answer is filled in at the end."""
    R_LINES.append(expression)
    return ("R", len(R_LINES) - 1)


def add(name, test, settings, want):
    CASES.append({"name": name, "test": test, "set": {k: str(v) for k, v in settings.items()}, "want": want})


def oracle(name, values, **more):
    return dict({"oracle": name, "values": values}, **more)


def root(f, low, high):
    """Where an increasing f is 0, by the method of Anderson and Bjorck in floats of mpmath."""
    low, high = mpf(low), mpf(high)
    return mp.findroot(f, (low, high), solver="anderson", tol=1e-14, maxsteps=60)


def t_critical(df, q):
    t = mpf(scipy.stats.t.isf(float(q), float(df)))
    for _ in range(3):  # Newton on the density, from the float value
        upper = mp.betainc(df / 2, mpf(1) / 2, 0, df / (df + t * t), regularized=True) / 2
        density = mp.gamma((df + 1) / 2) / (mp.sqrt(df * mp.pi) * mp.gamma(df / 2)) * (1 + t * t / df) ** (-(df + 1) / 2)
        t += (upper - q) / density
    return t


def t_power(df, delta, alpha, side):
    df, alpha = mpf(df), mpf(alpha)
    t = t_critical(df, alpha / 2 if side == "two_sided" else alpha)
    upper = mp.exp(nct_tails(df, delta, t)[1]) if side != "less" else 0
    lower = mp.exp(nct_tails(df, delta, -t)[0]) if side != "greater" else 0
    return upper + lower


R_SIDE = {"two_sided": "two.sided", "greater": "greater", "less": "less"}
SM_SIDE = {"two_sided": "two-sided", "greater": "larger", "less": "smaller"}


def t_cases():
    for d, n, alpha, side in [(0.5, 64, 0.05, "two_sided"), (0.2, 20, 0.01, "two_sided"), (-0.8, 15, 0.05, "less"), (1.5, 5, 0.05, "greater"),
                              (0.1, 2000, 0.001, "two_sided"), (-0.4, 30, 0.05, "two_sided")]:
        exact = t_power(2 * n - 2, mpf(d) * mp.sqrt(mpf(n) / 2), alpha, side)
        add("n %d d %g %s" % (n, d, side), "t", {"d": d, "n": n, "alpha": alpha, "alternative": side}, [
            oracle("mpmath noncentral t", {"power": float(exact)}),
            oracle("R pwr.t.test", {"power": r_value("pwr.t.test(n=%r,d=%r,sig.level=%r,alternative='%s')$power" % (n, d, alpha, R_SIDE[side]))}),
            oracle("statsmodels TTestIndPower", {"power": smp.TTestIndPower().power(d, n, alpha, 1, None, SM_SIDE[side])})])
    for d, power in [(0.5, 0.8), (0.2, 0.9)]:
        n = root(lambda n: t_power(2 * n - 2, mpf(d) * mp.sqrt(n / 2), 0.05, "two_sided") - power, 20, 600)
        add("n for d %g power %g" % (d, power), "t", {"d": d, "power": power}, [
            oracle("mpmath noncentral t", {"n": int(mp.ceil(n)), "details": {"n_exact": float(n)}}),
            oracle("R pwr.t.test", {"n": r_value("ceiling(pwr.t.test(d=%r,power=%r)$n)" % (d, power)),
                                    "details": {"n_exact": r_value("uniroot(function(n) pwr.t.test(n=n,d=%r)$power-%r, c(10,1000), tol=1e-12)$root" % (d, power))}})])
    n, ratio, d = 40, 2.5, 0.45
    exact = t_power(n + 100 - 2, mpf(d) * mp.sqrt(mpf(n) * 100 / 140), 0.05, "two_sided")
    add("unequal groups", "t", {"d": d, "n": n, "ratio": ratio}, [
        oracle("mpmath noncentral t", {"power": float(exact), "n_total": 140}),
        oracle("R pwr.t2n.test", {"power": r_value("pwr.t2n.test(n1=40,n2=100,d=0.45)$power")})])
    d = root(lambda d: t_power(58, d * mp.sqrt(mpf(15)), 0.05, "two_sided") - mpf("0.8"), 0.5, 1)
    add("least effect", "t", {"n": 30, "power": 0.8}, [
        oracle("mpmath noncentral t", {"effect": {"name": "cohen_d", "estimate": float(d)}}),
        oracle("R pwr.t.test", {"effect": {"name": "cohen_d", "estimate": r_value("uniroot(function(d) pwr.t.test(n=30,d=d)$power-0.8, c(.1,2), tol=1e-14)$root")}})])
    for test, r_type in (("paired_t", "paired"), ("one_sample_t", "one.sample")):
        for d, n, side in [(0.3, 40, "two_sided"), (0.6, 12, "greater")]:
            exact = t_power(n - 1, mpf(d) * mp.sqrt(mpf(n)), 0.05, side)
            add("n %d d %g" % (n, d), test, {"d": d, "n": n, "alternative": side}, [
                oracle("mpmath noncentral t", {"power": float(exact)}),
                oracle("R pwr.t.test", {"power": r_value("pwr.t.test(n=%r,d=%r,type='%s',alternative='%s')$power" % (n, d, r_type, R_SIDE[side]))}),
                oracle("statsmodels TTestPower", {"power": smp.TTestPower().power(d, n, 0.05, None, SM_SIDE[side])})])
    # 20 clusters of 10 in each group: variance times 1.45, degrees of freedom 38.
    exact = t_power(38, mpf("0.3") * mp.sqrt(mpf(100) / mpf("1.45")), 0.05, "two_sided")
    add("clusters", "t", {"d": 0.3, "n": 200, "icc": 0.05, "m": 10}, [
        oracle("mpmath noncentral t", {"power": float(exact), "details": {"design_effect": 1.45, "df": 38}}),
        oracle("R pt", {"power": r_value("{d<-.3*sqrt(100/1.45);q<-qt(.975,38);pt(q,38,d,lower=FALSE)+pt(-q,38,d)}")})])


def anova_cases():
    for k, n, f, alpha in [(3, 20, 0.4, 0.05), (4, 45, 0.25, 0.05), (10, 8, 0.3, 0.01), (2, 64, 0.25, 0.05)]:
        critical = mpf(scipy.stats.f.isf(alpha, k - 1, k * (n - 1)))
        for _ in range(3):
            lower, upper = beta_tails(mpf(k - 1) / 2, mpf(k * (n - 1)) / 2, critical * (k - 1) / (k * (n - 1)))
            density = mpf(scipy.stats.f.pdf(float(critical), k - 1, k * (n - 1)))
            critical += (mp.exp(upper) - mpf(alpha)) / density
        exact = mp.exp(ncf_tails(k - 1, k * (n - 1), mpf(f) ** 2 * n * k, critical)[1])
        add("k %d n %d f %g" % (k, n, f), "anova", {"f": f, "k": k, "n": n, "alpha": alpha}, [
            oracle("mpmath noncentral F", {"power": float(exact), "n_total": n * k}),
            oracle("R pwr.anova.test", {"power": r_value("pwr.anova.test(k=%d,n=%d,f=%r,sig.level=%r)$power" % (k, n, f, alpha))}),
            oracle("statsmodels FTestAnovaPower", {"power": smp.FTestAnovaPower().power(f, n * k, alpha, k)})])
    add("n for f .25 k 4", "anova", {"f": 0.25, "k": 4, "power": 0.8}, [
        oracle("R pwr.anova.test", {"n": r_value("ceiling(pwr.anova.test(k=4,f=.25,power=.8)$n)"),
                                    "details": {"n_exact": r_value("uniroot(function(n) pwr.anova.test(k=4,n=n,f=.25)$power-.8,c(5,500),tol=1e-12)$root")}}),
        oracle("statsmodels FTestAnovaPower", {"n": 45})])


def chi_cases():
    for df, n, w, alpha in [(3, 120, 0.3, 0.05), (1, 40, 0.5, 0.01), (12, 1000, 0.1, 0.05)]:
        critical = mpf(scipy.stats.chi2.isf(alpha, df))
        for _ in range(3):
            upper = mp.gammainc(mpf(df) / 2, critical / 2, regularized=True)
            critical += (upper - mpf(alpha)) / mpf(scipy.stats.chi2.pdf(float(critical), df))
        exact = mp.exp(ncx2_tails(df, n * mpf(w) ** 2, critical)[1])
        add("df %d n %d w %g" % (df, n, w), "chi_square", {"w": w, "df": df, "n": n, "alpha": alpha}, [
            oracle("mpmath noncentral chi-squared", {"power": float(exact)}),
            oracle("R pwr.chisq.test", {"power": r_value("pwr.chisq.test(w=%r,N=%d,df=%d,sig.level=%r)$power" % (w, n, df, alpha))}),
            oracle("statsmodels GofChisquarePower", {"power": smp.GofChisquarePower().power(w, n, alpha, df + 1)})])


def correlation_cases():
    for n, r, side in [(30, 0.4, "two_sided"), (84, 0.3, "two_sided"), (12, 0.6, "greater"), (50, -0.3, "less"), (5, 0.9, "two_sided")]:
        alpha = mpf("0.05")
        t = t_critical(mpf(n - 2), alpha / 2 if side == "two_sided" else alpha)
        rc = t / mp.sqrt(t * t + n - 2)
        exact = mpf(0)
        if side != "less":
            exact += mp.exp(r_tails(n, r, rc)[1])
        if side != "greater":
            exact += mp.exp(r_tails(n, r, -rc)[0])
        add("n %d r %g" % (n, r), "correlation", {"r": r, "n": n, "alternative": side}, [
            oracle("mpmath hypergeometric density", {"power": float(exact), "details": {"critical_r": float(rc)}}),
            oracle("R integrate of pt", {"power": r_value(
                "{n<-%d;r<-%r;s<-'%s';q<-qt(if(s=='two_sided').975 else .95,n-2);g<-function(l,t)integrate(function(u)dchisq(u,n-1)*sapply(u,function(v)pt(t,n-2,r/sqrt(1-r^2)*sqrt(v),lower=l)),0,Inf,rel.tol=1e-12,subdivisions=2000)$value;"
                "(if(s!='less')g(FALSE,q) else 0)+(if(s!='greater')g(TRUE,-q) else 0)}" % (n, r, side))})])
        add("fisher z n %d r %g" % (n, r), "correlation", {"r": r, "n": n, "alternative": side, "method": "fisher_z"}, [
            oracle("mpmath formula", {"power": float(fisher_z(n, mpf(r), rc, side))}),
            oracle("R pwr.r.test", {"power": r_value("pwr.r.test(n=%d,r=%r,alternative='%s')$power" % (n, r, R_SIDE[side]))})])


def fisher_z(n, r, rc, side):
    centre, root_n = mp.atanh(r) + r / (2 * (n - 1)), mp.sqrt(mpf(n - 3))
    up, down = mp.ncdf((centre - mp.atanh(rc)) * root_n), mp.ncdf((-centre - mp.atanh(rc)) * root_n)
    return {"two_sided": up + down, "greater": up, "less": down}[side]


def binomial_weight(n, k, p):
    return mpmath.binomial(n, k) * mpf(p) ** k * (1 - mpf(p)) ** (n - k)


def fisher_rejects(n1, n2, x1, x2, alpha, side):
    """Fisher's exact test in whole numbers: weights C(n1, x)·C(n2, s - x)."""
    s = x1 + x2
    weight = {x: int(mpmath.binomial(n1, x)) * int(mpmath.binomial(n2, s - x)) for x in range(max(0, s - n2), min(n1, s) + 1)}
    total = sum(weight.values())
    if side == "greater":
        p = sum(w for x, w in weight.items() if x <= x1)
    elif side == "less":
        p = sum(w for x, w in weight.items() if x >= x1)
    else:
        p = sum(w for w in weight.values() if w <= weight[x1])
    return Fraction(p, total) <= alpha


def proportions_cases():
    for n, ratio, p1, p2, side in [(50, 1, 0.5, 0.75, "two_sided"), (100, 1, 0.1, 0.05, "less"), (400, 1, 0.9, 0.94, "greater"), (30, 1, 0.2, 0.2, "two_sided")]:
        z = mp.sqrt(2) * mp.erfinv(1 - 2 * (mpf("0.05") / (2 if side == "two_sided" else 1)))
        pooled = (mpf(p1) + mpf(p2)) / 2
        bound, spread = z * mp.sqrt(2 * pooled * (1 - pooled) / n), mp.sqrt((mpf(p1) * (1 - mpf(p1)) + mpf(p2) * (1 - mpf(p2))) / n)
        d = mpf(p2) - mpf(p1)
        up, down = mp.ncdf((d - bound) / spread), mp.ncdf((-d - bound) / spread)
        exact = {"two_sided": up + down, "greater": up, "less": down}[side]
        if d != 0:
            add("normal n %d %g %g" % (n, p1, p2), "two_proportions", {"p1": p1, "p2": p2, "n": n, "alternative": side}, [
                oracle("mpmath formula", {"power": float(exact)}),
                oracle("R power.prop.test", {"power": r_value("power.prop.test(n=%d,p1=%r,p2=%r,alternative='%s',strict=TRUE)$power" % (
                    n, p1, p2, "two.sided" if side == "two_sided" else "one.sided"))})])
        h = 2 * mp.asin(mp.sqrt(mpf(p2))) - 2 * mp.asin(mp.sqrt(mpf(p1)))
        shift = h * mp.sqrt(mpf(n) / 2)
        up, down = mp.ncdf(shift - z), mp.ncdf(-shift - z)
        exact = {"two_sided": up + down, "greater": up, "less": down}[side]
        add("arcsine n %d %g %g" % (n, p1, p2), "two_proportions", {"p1": p1, "p2": p2, "n": n, "alternative": side, "method": "arcsine"}, [
            oracle("mpmath formula", {"power": float(exact)}),
            oracle("R pwr.2p.test", {"power": r_value("pwr.2p.test(h=ES.h(%r,%r),n=%d,alternative='%s')$power" % (p2, p1, n, R_SIDE[side]))})])
    add("arcsine unequal", "two_proportions", {"h": 0.3, "n": 80, "ratio": 1.5}, [
        oracle("R pwr.2p2n.test", {"power": r_value("pwr.2p2n.test(h=.3,n1=80,n2=120)$power")}),
        oracle("statsmodels NormalIndPower", {"power": smp.NormalIndPower().power(0.3, 80, 0.05, 1.5)})])
    add("n by the normal method", "two_proportions", {"p1": 0.5, "p2": 0.75, "power": 0.9}, [
        oracle("R power.prop.test", {"n": r_value("ceiling(power.prop.test(p1=.5,p2=.75,power=.9)$n)"),
                                     "details": {"n_exact": r_value("uniroot(function(n) power.prop.test(n=n,p1=.5,p2=.75,strict=TRUE)$power-.9,c(10,500),tol=1e-12)$root")}}),
        oracle("Fleiss's formula", {"n": 77})])
    for n1, n2, p1, p2, side, alpha in [(12, 12, 0.2, 0.7, "two_sided", 0.05), (25, 20, 0.5, 0.8, "greater", 0.05), (18, 27, 0.6, 0.3, "less", 0.025),
                                        (30, 15, 0.1, 0.45, "two_sided", 0.01), (40, 40, 0.5, 0.3, "two_sided", 0.05)]:
        level = Fraction(str(alpha))
        exact = mp.fsum(binomial_weight(n1, a, p1) * binomial_weight(n2, b, p2)
                        for a, b in itertools.product(range(n1 + 1), range(n2 + 1)) if fisher_rejects(n1, n2, a, b, level, side))
        add("fisher %d %d" % (n1, n2), "two_proportions",
            {"p1": p1, "p2": p2, "n": n1, "ratio": n2 / n1, "alternative": side, "method": "exact", "alpha": alpha},
            [oracle("all tables in whole numbers", {"power": float(exact), "n_total": n1 + n2}, exact=True),
             oracle("R fisher.test over all tables", {"power": r_value(
                 "{s<-0;for(a in 0:%d)for(b in 0:%d)if(fisher.test(matrix(c(b,%d-b,a,%d-a),2),alternative='%s')$p.value<=%r)s<-s+dbinom(a,%d,%r)*dbinom(b,%d,%r);s}"
                 % (n1, n2, n2, n1, R_SIDE[side], alpha, n1, p1, n2, p2))})])
        exact_z = mpf(0)
        z = mp.sqrt(2) * mp.erfinv(1 - 2 * (mpf(str(alpha)) / (2 if side == "two_sided" else 1)))
        for a, b in itertools.product(range(n1 + 1), range(n2 + 1)):
            pooled = mpf(a + b) / (n1 + n2)
            if 0 < pooled < 1:
                value = (mpf(b) / n2 - mpf(a) / n1) / mp.sqrt(pooled * (1 - pooled) * (mpf(1) / n1 + mpf(1) / n2))
                if {"two_sided": abs(value), "greater": value, "less": -value}[side] >= z:
                    exact_z += binomial_weight(n1, a, p1) * binomial_weight(n2, b, p2)
        add("z over all outcomes %d %d" % (n1, n2), "two_proportions",
            {"p1": p1, "p2": p2, "n": n1, "ratio": n2 / n1, "alternative": side, "method": "exact_z", "alpha": alpha},
            [oracle("all tables in mpmath", {"power": float(exact_z)}),
             oracle("R prop.test over all tables", {"power": r_value(
                 "suppressWarnings({s<-0;for(a in 0:%d)for(b in 0:%d)if(a+b>0&&a+b<%d&&prop.test(c(b,a),c(%d,%d),correct=FALSE,alternative='%s')$p.value<=%r)s<-s+dbinom(a,%d,%r)*dbinom(b,%d,%r);s})"
                 % (n1, n2, n1 + n2, n2, n1, R_SIDE[side], alpha, n1, p1, n2, p2))})])


def mcnemar_cases():
    half = Fraction(1, 2)

    def rejects(b, c, side, midp):
        """b only the first right, c only the second; two-sided p is twice the smaller tail."""
        d = b + c

        def tail(k, inclusive=True):  # P(X >= k) of binomial(d, 1/2)
            p = sum(int(mpmath.binomial(d, i)) for i in range(k, d + 1))
            p = Fraction(p, 2**d)
            if midp:
                p -= half * Fraction(int(mpmath.binomial(d, k)), 2**d)
            return p

        level = Fraction(1, 20)
        if side == "greater":
            return tail(c) <= level
        if side == "less":
            return tail(b) <= level
        if b == c:
            return False
        return 2 * tail(max(b, c)) <= level

    for n, p10, p01, side in [(40, 0.1, 0.3, "two_sided"), (60, 0.05, 0.2, "greater"), (50, 0.4, 0.15, "less"), (25, 0.0, 0.4, "two_sided")]:
        for method in ("exact", "midp"):
            exact = mpf(0)
            for b in range(n + 1):
                for c in range(n + 1 - b):
                    if rejects(b, c, side, method == "midp"):
                        weight = mpmath.binomial(n, b) * mpmath.binomial(n - b, c)
                        exact += weight * mpf(p10) ** b * mpf(p01) ** c * (1 - mpf(p10) - mpf(p01)) ** (n - b - c)
            want = [oracle("all outcomes in whole numbers", {"power": float(exact)}, exact=True)]
            if method == "exact":
                want.append(oracle("R binom.test over all outcomes", {"power": r_value(
                    "{n<-%d;s<-0;for(b in 0:n)for(c in 0:(n-b))if(b+c>0&&binom.test(c,b+c,alternative='%s')$p.value<=.05+1e-12)s<-s+dmultinom(c(b,c,n-b-c),n,c(%r,%r,%r));s}"
                    % (n, R_SIDE[side], p10, p01, 1 - p10 - p01))}))
            add("%s n %d %g %g" % (method, n, p10, p01), "mcnemar", {"p10": p10, "p01": p01, "n": n, "alternative": side, "method": method}, want)
    for n, p10, p01, side in [(200, 0.1, 0.2, "two_sided"), (80, 0.3, 0.12, "less")]:
        z = mp.sqrt(2) * mp.erfinv(1 - 2 * (mpf("0.05") / (2 if side == "two_sided" else 1)))
        psi, d = mpf(p10) + mpf(p01), abs(mpf(p01) - mpf(p10))
        tail = ".975" if side == "two_sided" else ".95"
        add("connor n %d" % n, "mcnemar", {"p10": p10, "p01": p01, "n": n, "alternative": side, "method": "connor"}, [
            oracle("mpmath formula", {"power": float(mp.ncdf((mp.sqrt(n) * d - z * mp.sqrt(psi)) / mp.sqrt(psi - d * d)))}),
            oracle("R pnorm", {"power": r_value("{f<-%r+%r;d<-abs(%r-%r);pnorm((sqrt(%d)*d-qnorm(%s)*sqrt(f))/sqrt(f-d^2))}" % (p10, p01, p01, p10, n, tail))})])
        add("miettinen n %d" % n, "mcnemar", {"p10": p10, "p01": p01, "n": n, "alternative": side, "method": "miettinen"}, [
            oracle("mpmath formula", {"power": float(mp.ncdf((mp.sqrt(n * psi) * d - z * psi) / mp.sqrt(psi * psi - d * d * (3 + psi) / 4)))}),
            oracle("R pnorm", {"power": r_value("{f<-%r+%r;d<-abs(%r-%r);pnorm((sqrt(%d*f)*d-qnorm(%s)*f)/sqrt(f^2-d^2*(3+f)/4))}" % (p10, p01, p01, p10, n, tail))})])


def fill(value, answers):
    if isinstance(value, tuple):
        return answers[value[1]]
    if isinstance(value, dict):
        return {k: fill(v, answers) for k, v in value.items()}
    return float(value) if isinstance(value, (mpf,)) or type(value).__module__ == "numpy" else value


def main():
    for f in (t_cases, anova_cases, chi_cases, correlation_cases, proportions_cases, mcnemar_cases):
        f()
        print(f.__name__, file=sys.stderr)
    script = 'suppressMessages(library(pwr))\nout <- function(v) cat(sprintf("%.17g", v), "\\n")\n' + "\n".join("out(%s)" % e for e in R_LINES)
    answers = [float(x) for x in subprocess.run(["Rscript", "-"], input=script, capture_output=True, text=True, check=True).stdout.split()]
    lines = []
    for c in CASES:
        for w in c["want"]:
            w["values"] = fill(w["values"], answers)
        first = c["want"][0]["values"].get("power")
        for w in c["want"][1:]:
            other = w["values"].get("power")
            if first and other:
                digits = -mp.log10(abs(mpf(other) / mpf(first) - 1)) if other != first else 16
                if digits < 10:
                    w["digits"] = int(digits * 10) / 10 - 0.3
                    w["note"] = "the oracle's own noncentral distribution is worse: mpmath decides"
        lines.append("  " + json.dumps(c))
    version = subprocess.run(["R", "--version"], capture_output=True, text=True, check=True).stdout.split()[2]
    print('{"source": "mpmath, R with pwr, statsmodels, and enumeration in whole numbers",')
    print(' "version": "mpmath %s, R %s, statsmodels %s",' % (mpmath.__version__, version, statsmodels.__version__))
    print(' "command": "python3 power.py > power.json",\n "cases": [')
    print(",\n".join(lines))
    print("]}")


main()
