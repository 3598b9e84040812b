"""Reference values of the studentized range and of Dunnett's distribution: range.json.

    python3 range.py > range.json

Needs python-flint, scipy, and R on the path. First oracle: Arb at 40 digits,
both integrals by Gauss-Legendre panels; the range conditional on the greatest variable (the Go code conditions on
the least). Second: R's
ptukey and scipy's studentized_range and adaptive quadrature, with how many
digits they agree with the first: ptukey has 7e-6 in the tail.
"""

import json
import subprocess
import sys
import warnings

import flint
import numpy
import scipy
import scipy.integrate
import scipy.stats
from flint import arb, ctx
from mpmath import mp

from central import agreement, complement, note

warnings.simplefilter("ignore")
mp.dps = 40
ctx.dps = 40
NOTHING = -(arb(10) ** 40)
NODES = {}


def rule(n):
    """Gauss-Legendre nodes and weights on [-1, 1]."""
    if n not in NODES:
        NODES[n] = [arb.legendre_p_root(n, k, weight=True) for k in range(n)]
    return NODES[n]


def exact(x):
    """A number without the radius of its ball."""
    return x.mid()


def gauss(f, points, n):
    total = arb(0)
    for p, q in zip(points, points[1:]):
        half, middle = exact((q - p) / 2), exact((p + q) / 2)
        for x, w in rule(n):
            total += half * w * f(exact(middle + half * x))
    return exact(total)


ROOT2, ROOT2PI = arb(2).sqrt(), (2 * arb.pi()).sqrt()
KNOWN = {}


def cdf(z):
    return (-z / ROOT2).erfc() / 2


def fixed(z):
    """cdf(z) and the density, remembered: the panels are the same for many w."""
    key = z.str(38, radius=False)
    if key not in KNOWN:
        KNOWN[key] = cdf(z), (-z * z / 2).exp() / ROOT2PI
    return KNOWN[key]


def panels(low, high, width):
    count = int(float((high - low) / width)) + 1
    return [exact(low + (high - low) * i / count) for i in range(count + 1)]


def range_panels(k, w):
    """Where the greatest of k variables matters, on a grid of whole numbers."""
    low, high = min(-8, int(float(w) / 2) - 9), max(9, int(float(w) / 2) + 9)
    if w > 24:
        low = int(float(w) / 2) - 9
    return [arb(i) / 2 for i in range(2 * low, 2 * high + 1, 2 if k < 50 else 1)]


def range_sf(k, w):
    """P(range > w), given the greatest."""

    def f(z):
        a, phi = fixed(z)
        ratio = cdf(z - w) / a
        return phi * a ** (k - 1) * -((k - 1) * (-ratio).log1p()).expm1()

    return k * gauss(f, range_panels(k, w), 14)


def range_cdf(k, w):
    def f(z):
        a, phi = fixed(z)
        return phi * (a - cdf(z - w)) ** (k - 1)

    return k * gauss(f, range_panels(k, w), 14)


def over_variance(df, f, split=1):
    """ln E f(S), S the root of chi-squared over df, f a probability."""
    if df == mp.inf:
        return mp.mpf((f(arb(1)).log()).str(35, radius=False))
    df = arb(df)
    constant = arb(2).log() + df / 2 * (df / 2).log() - (df / 2).lgamma()
    cache = {}

    def g(u):
        key = u.str(38, radius=False)
        if key not in cache:
            value = f(exact(u.exp()))
            cache[key] = exact(constant + df * u - df / 2 * (2 * u).exp() + value.log()) if value > 0 else NOTHING
        return cache[key]

    width = exact(1 / (2 * df).sqrt())
    top = arb(0)
    while g(top - width) > g(top) or g(top) <= NOTHING / 2:
        top -= width
    while g(top + width) > g(top):
        top += width
    edges = []
    for direction in (-1, 1):
        h = width / 8
        while g(top + direction * h) > g(top) - 45:
            h = exact(h * 1.4)
        edges.append(h)
    left, right = edges
    shape = [arb(1) / 30, arb(1) / 12, arb(1) / 5, arb(1) / 3, arb(1) / 2, arb(3) / 4, arb(1)]
    points = [exact(top - left * s) for s in reversed(shape)] + [top] + [exact(top + right * s) for s in shape]
    points = [exact(p + (q - p) * i / split) for p, q in zip(points, points[1:]) for i in range(split)] + [points[-1]]
    total = gauss(lambda u: g(u).exp(), points, 12)
    return mp.mpf(total.log().str(35, radius=False))


def studentized_range(k, df, q):
    q = arb(q)
    upper = over_variance(df, lambda s: range_sf(k, exact(q * s)), 6)
    if upper > -0.1:
        lower = over_variance(df, lambda s: range_cdf(k, exact(q * s)), 6)
        return lower, complement(lower)
    return complement(upper), upper


def dunnett(lambdas, df, x, two):
    lambdas = [arb(l) for l in lambdas]
    roots = [exact((1 - l * l).sqrt()) for l in lambdas]
    most = max(abs(float(l)) for l in lambdas)
    distinct = {}
    for l, c in zip(lambdas, roots):
        key = float(l)
        distinct[key] = (l, c, distinct.get(key, (l, c, 0))[2] + 1)

    def outside(w):
        def f(z):
            total = arb(0)
            for l, c, count in distinct.values():
                rest = cdf((l * z - w) / c)
                if two:
                    rest += cdf((-l * z - w) / c)
                total += count * (-rest).log1p() if rest < 1 else arb(-10**9)
            return fixed(z)[1] * -total.expm1()

        end = int(most * abs(float(w)) + 10)
        low = 0 if two else -end
        step = 1.2 * min([float(c) for c in roots] + [1.0])
        return (2 if two else 1) * gauss(f, panels(arb(low), arb(end), step), 14)

    upper = over_variance(df, lambda s: outside(exact(arb(x) * s)), 2 if df < 3 else 1)
    return complement(upper), upper


def dunnett_scipy(lambdas, df, x, two):
    """The same in double precision by adaptive quadrature, as SF."""
    l = numpy.array(lambdas)
    c = numpy.sqrt(1 - l * l)
    norm = scipy.stats.norm

    def given(s):
        w = x * s

        def f(z):
            rest = norm.sf((w - l * z) / c)
            if two:
                rest = rest + norm.sf((w + l * z) / c)
            return norm.pdf(z) * -numpy.expm1(numpy.log1p(-numpy.minimum(rest, 1)).sum())

        return scipy.integrate.quad(f, -12, 12, epsabs=0, epsrel=1e-12, limit=200, points=[0, min(8, w * l.max())])[0]

    if df == mp.inf:
        return given(1.0)
    chi = scipy.stats.chi(df)
    root = df**0.5
    return scipy.integrate.quad(lambda s: chi.pdf(s * root) * root * given(s), 0, 1 + 12 / (2 * df) ** 0.5,
                                epsabs=0, epsrel=1e-11, limit=200)[0]


def cases():
    def case(law, args, x, tails):
        print(law, args, x, file=sys.stderr)
        return {"law": law, "args": args, "x": x, "log_cdf": tails[0], "log_sf": tails[1]}

    inf = mp.inf
    for k, df, qs in [(3, 10, [0.05, 0.7, 2, 3.877, 9, 40, 1e4]), (3, inf, [0.2, 3.3, 12, 30, 52]), (3, 1, [1, 27, 1e6]), (4, 2.5, [3, 300]),
                      (8, 60, [8, 4, 2.5, 1, 25]), (10, 27, [5, 13]), (20, inf, [5, 8, 45]), (5, 1000, [3.86, 20, 60]), (50, 5, [3, 9, 200]),
                      (200, 20, [2.5, 6, 15]), (300, 2, [4, 40]), (200, inf, [4, 7, 20]), (4, 1e6, [3.63, 10]), (6, 0.5, [10, 1e8])]:
        for q in qs:
            yield case("studentized_range", [k, float(df)], q, studentized_range(k, df, q))
    plant = [0.5**0.5, 0.5**0.5]
    groups = [(lambda n: (n / (n + 12.0)) ** 0.5)(n) for n in (5, 8, 20, 12)]
    for lambdas, df, xs in [(plant, 27, [1.331, 1.7720, 2.33, 6, 15]), (groups, 52, [0.5, 2.5, 4, 30]), (groups, inf, [2.4, 10, 30]),
                            ([0.9, 0.2, -0.4], 8, [1, 3, 100]), ([0.99, 0.9], 15, [2, 5]), ([0.5**0.5] * 12, 100, [2.8, 9]), ([0.3, 0.6], 1, [5, 1e5])]:
        for x in xs:
            for two in (True, False):
                c = case("dunnett" if two else "dunnett_one_sided", [float(df)] + lambdas, x, dunnett(lambdas, df, x, two))
                value = dunnett_scipy(lambdas, df, x, two)
                if value > 1e-200:
                    c["scipy"] = float(numpy.log(value))
                yield c
    yield case("dunnett_one_sided", [27.0] + plant, -1.5, dunnett(plant, 27, -1.5, False))


def second(listed):
    ranges = [c for c in listed if c["law"] == "studentized_range"]
    lines = ['out <- function(v) cat(sprintf("%.17g", v), "\\n")']
    for c in ranges:
        df = "Inf" if c["args"][1] == float("inf") else repr(c["args"][1])
        for flag in ("TRUE", "FALSE"):
            lines.append("out(ptukey(%r, %d, %s, lower.tail=%s, log.p=TRUE))" % (c["x"], c["args"][0], df, flag))
    text = subprocess.run(["Rscript", "-"], input="\n".join(lines), capture_output=True, text=True, check=True).stdout.split()
    for i, c in enumerate(ranges):
        c["second"] = {"oracle": "R ptukey"}
        for key, value in zip(("log_cdf", "log_sf"), text[2 * i:2 * i + 2]):
            keep(c, key, float(value), "R ptukey")
        law = scipy.stats.studentized_range(c["args"][0], c["args"][1])
        for key, value in (("log_cdf", law.cdf(c["x"])), ("log_sf", law.sf(c["x"]))):
            if value > 0:
                keep(c, key, float(numpy.log(value)), "scipy studentized_range")
    for c in listed:
        if "scipy" in c:
            c["second"] = {"oracle": "scipy quad"}
            keep(c, "log_sf", c.pop("scipy"), "scipy quad")


def keep(c, key, value, oracle):
    if value != value or abs(value) == float("inf"):
        return
    digits = int(agreement(value, c[key]) * 10) / 10
    if digits >= 3 and digits > c["second"].get(key + "_digits", 0):
        c["second"][key], c["second"][key + "_digits"], c["second"]["oracle"] = value, digits, oracle


def main():
    listed = list(cases())
    second(listed)
    out = []
    for c in listed:
        c["log_cdf"], c["log_sf"] = float(c["log_cdf"]), float(c["log_sf"])
        c["args"] = [1e300 if a == float("inf") else a for a in c["args"]]
        note(c)
        out.append("  " + json.dumps(c))
    version = subprocess.run(["R", "--version"], capture_output=True, text=True, check=True).stdout.split()[2]
    print('{"source": "Arb at 40 digits; R ptukey, scipy studentized_range and quad as second oracle; a df of 1e300 stands for infinity",')
    print(' "version": "python-flint %s, R %s, scipy %s, Python %s",' % (flint.__version__, version, scipy.__version__, sys.version.split()[0]))
    print(' "command": "python3 range.py > range.json",\n "cases": [')
    print(",\n".join(out))
    print("]}")


if __name__ == "__main__":
    main()
