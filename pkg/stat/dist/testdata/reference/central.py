"""Reference values of the central distributions: central.json.

    python3 central.py > central.json

Needs mpmath, scipy, and R on the path. The first oracle is the definition at 50
digits and more: a series of positive terms, or for large parameters the integral
of the density over the tail. The second is R, with how many digits it agrees
with the first: R's own pt, pf and pbinom lose some for large parameters.
"""

import json
import subprocess
import sys

import mpmath
from mpmath import mp, mpf

mp.dps = 60


def beta_series(a, b, x):
    """ln I(x; a, b) by a series of positive terms, for x not above the mean."""
    total, term, n = mpf(1), mpf(1), 0
    while term > total * mpf(10) ** -55:
        term *= x * (a + b + n) / (a + 1 + n)
        total += term
        n += 1
    front = a * mp.log(x) + b * mp.log1p(-x) - mp.log(a) - log_beta(a, b)
    return front + mp.log(total)


def log_beta(a, b):
    return mp.loggamma(a) + mp.loggamma(b) - mp.loggamma(a + b)


def tail(logpdf, x, direction, far=140):
    """ln of the integral of exp(logpdf) from x in a direction, panel by panel."""
    at = logpdf(x)
    h = mpf(1) / 64
    while abs(logpdf(x + direction * h) - at) > 1:
        h /= 2
    while h < 1e3 and abs(logpdf(x + direction * 2 * h) - at) < 0.5:
        h *= 2
    points = [x]
    for _ in range(4000):
        points.append(points[-1] + direction * h)
        now = logpdf(points[-1])
        if now < at - far:
            break
        step = abs(now - logpdf(points[-2]))
        if step < 2:
            h *= 2
    top = max(logpdf(p) for p in points)
    with mp.workdps(35):
        total = mpf(0)
        for p, q in zip(points, points[1:]):
            total += abs(mp.quad(lambda v: mp.exp(logpdf(v) - top), [p, q]))
    return top + mp.log(total)


def complement(l):
    return mp.log1p(-mp.exp(l)) if l < -1 else mp.log(-mp.expm1(l))


def beta_tails(a, b, odds):
    """Both log tails of the beta distribution at x/(1-x) = odds."""
    a, b, odds = mpf(a), mpf(b), mpf(odds)
    x = odds / (1 + odds)
    if max(a, b) > 2000:
        constant = log_beta(a, b)

        def logpdf(v):  # over the logit
            return a * v - (a + b) * mp.log1p(mp.exp(v)) - constant

        v = mp.log(odds)
        if x < a / (a + b):
            lower = tail(logpdf, v, -1)
            return lower, complement(lower)
        upper = tail(logpdf, v, 1)
        return complement(upper), upper
    if x <= a / (a + b):
        lower = beta_series(a, b, x)
        return lower, complement(lower)
    upper = beta_series(b, a, 1 / (1 + odds))
    return complement(upper), upper


def t_tails(df, t):
    df, t = mpf(df), mpf(t)
    mp.dps = 90
    if t * t / df < mpf(10) ** -25:
        centre = 2 * abs(t) * mp.exp(-log_beta(mpf(1) / 2, df / 2)) / mp.sqrt(df)
        out = complement(mp.log(centre))
    else:
        _, out = beta_tails(mpf(1) / 2, df / 2, t * t / df)
    upper = out - mp.log(2)
    mp.dps = 60
    return (complement(upper), upper) if t > 0 else (upper, complement(upper))


def f_tails(d1, d2, x):
    return beta_tails(mpf(d1) / 2, mpf(d2) / 2, mpf(d1) * mpf(x) / mpf(d2))


def chi_tails(df, x):
    a, x = mpf(df) / 2, mpf(x) / 2
    if a > 2000:
        constant = mp.loggamma(a)

        def logpdf(v):
            return a * v - mp.exp(v) - constant

        if x < a:
            lower = tail(logpdf, mp.log(x), -1)
            return lower, complement(lower)
        upper = tail(logpdf, mp.log(x), 1)
        return complement(upper), upper
    if x < a:
        total, term, n = mpf(1), mpf(1), 0
        while term > total * mpf(10) ** -55:
            n += 1
            term *= x / (a + n)
            total += term
        lower = a * mp.log(x) - x - mp.loggamma(a + 1) + mp.log(total)
        return lower, complement(lower)
    upper = mp.log(mp.gammainc(a, x)) - mp.loggamma(a)
    return complement(upper), upper


def normal_tails(z):
    return pair(mp.erfc(-mpf(z) / mp.sqrt(2)) / 2, mp.erfc(mpf(z) / mp.sqrt(2)) / 2)


def pair(lower, upper):
    """The logarithms of complementary probabilities, however small one is."""
    if lower < upper:
        return mp.log(lower), complement(mp.log(lower))
    return complement(mp.log(upper)), mp.log(upper)


def binomial_tails(n, p, k):
    p = mpf(p)
    if n <= 3000:
        def pmf(i):
            return mpf(int(mpmath.binomial(n, i))) * p**i * (1 - p) ** (n - i)
        return pair(mp.fsum(pmf(i) for i in range(k + 1)), mp.fsum(pmf(i) for i in range(k + 1, n + 1)))
    upper_first = beta_tails(k + 1, n - k, p / (1 - p))
    return upper_first[1], upper_first[0]


def hypergeometric_tails(population, successes, draws, k, odds=1):
    low, high = max(0, draws + successes - population), min(draws, successes)
    weight = mp.exp(mp.loggamma(successes + 1) - mp.loggamma(low + 1) - mp.loggamma(successes - low + 1)
                    + mp.loggamma(population - successes + 1) - mp.loggamma(draws - low + 1)
                    - mp.loggamma(population - successes - draws + low + 1))
    odds = mpf(odds)
    below = above = mpf(0)
    for i in range(low, high + 1):
        if i <= k:
            below += weight
        else:
            above += weight
        weight *= mpf((successes - i) * (draws - i)) / ((i + 1) * (population - successes - draws + i + 1)) * odds
    total = below + above
    return pair(below / total, above / total)


def cases():
    def case(law, args, x, tails):
        lower, upper = tails
        return {"law": law, "args": args, "x": x, "log_cdf": lower, "log_sf": upper}

    for z in [-38, -10, -1, -0.25, 1e-9, 0.7, 1.5, 3, 4.99, 5.01, 8, 20, 26.5, 37, 40, 1000]:
        yield case("normal", [], z, normal_tails(z))
    for df in [0.5, 0.73, 1, 2, 3.5, 8, 30.5, 300, 1e4, 1e6, 1e9]:
        for t in [1e-8, 0.1, 0.7, 1, 1.7, -2.1, 3, 5, 8, 12, 20, 36, 100, 1e4, 1e10, 1e100]:
            if t * t / df > 1e9 and df > 1e4:
                continue
            yield case("t", [df], t, t_tails(df, t))
    for d1, d2 in [(0.5, 0.5), (1, 1), (1, 1e9), (2, 30), (3.3, 7.7), (10, 1e6), (1e9, 3), (40, 1e9), (100, 200), (260, 280),
                   (300, 305.5), (500, 1e9), (1e4, 1e4), (1e6, 1e9), (1e9, 1e9)]:
        sd = (2 / d1 + 2 / d2) ** 0.5
        for z in [-30, -12, -3, -0.8, 0, 0.5, 2, 6, 15, 33]:
            if abs(z * sd) > 200:
                continue
            x = float(mp.exp(z * sd))
            yield case("f", [d1, d2], x, f_tails(d1, d2, x))
    yield case("f", [2, 30], 200, f_tails(2, 30, 200))
    for df in [0.5, 1, 2.7, 10, 60.5, 299, 301, 1000, 1e4, 1e6, 1e9]:
        for z in [-30, -10, -3, -0.6, 0, 0.4, 2, 7, 18, 36]:
            x = float(df * mp.exp(z * mp.sqrt(2 / mpf(df)))) if z < 0 else float(df + z * mp.sqrt(2 * mpf(df)))
            if z < 0 and df < 3 and z < -10:
                continue
            yield case("chi_squared", [df], x, chi_tails(df, x))
    for x in [1400, 3000]:
        yield case("chi_squared", [1], x, chi_tails(1, x))
    for a, b, x in [(0.5, 0.5, 0.3), (2, 3, 1e-10), (2, 3, 0.999), (0.25, 400, 0.01), (151, 152, 0.2), (149, 149, 0.5), (1000, 10, 0.9),
                    (30, 1e6, 5e-5), (1e5, 1e5, 0.49)]:
        yield case("beta", [a, b], x, beta_tails(a, b, mpf(x) / (1 - mpf(x))))
    for n, p, ks in [(10, 0.3, [0, 2, 5, 9]), (200, 0.99, [150, 190, 198, 199]), (1000, 0.5, [100, 400, 499, 500, 700, 900]),
                     (3000, 0.01, [0, 10, 30, 100, 300]), (100000, 0.25, [22000, 24900, 25000, 27000]),
                     (1000000000, 0.5, [499500000, 499999999, 500000000, 500400000]), (1000000000, 1e-8, [1, 10, 40])]:
        for k in ks:
            yield case("binomial", [n, p], k, binomial_tails(n, p, k))
    for args, ks in [((8, 4, 4), [0, 2, 3]), ((100, 30, 20), [0, 3, 6, 12]), ((2190, 944, 880), [300, 360, 379, 420, 800]),
                     ((100000, 500, 40000), [100, 199, 260]), ((1000000, 500000, 3000), [1200, 1500, 1800])]:
        for k in ks:
            yield case("hypergeometric", list(args), k, hypergeometric_tails(*args, k))
            for odds in [0.02, 0.7, 3.5, 400]:
                yield case("fisher_hypergeometric", list(args) + [odds], k, hypergeometric_tails(*args, k, odds))


R = {
    "normal": "pnorm(x, lower.tail=l, log.p=TRUE)",
    "t": "pt(x, a[1], lower.tail=l, log.p=TRUE)",
    "f": "pf(x, a[1], a[2], lower.tail=l, log.p=TRUE)",
    "chi_squared": "pchisq(x, a[1], lower.tail=l, log.p=TRUE)",
    "beta": "pbeta(x, a[1], a[2], lower.tail=l, log.p=TRUE)",
    "binomial": "pbinom(x, a[1], a[2], lower.tail=l, log.p=TRUE)",
    "hypergeometric": "phyper(x, a[2], a[1]-a[2], a[3], lower.tail=l, log.p=TRUE)",
}


def from_r(listed):
    lines = ['out <- function(v) cat(sprintf("%.17g", v), "\\n")']
    asked = [c for c in listed if c["law"] in R]
    for c in asked:
        lines.append("a <- c(%s); x <- %r" % (",".join(map(repr, c["args"])), c["x"]))
        for flag in ("TRUE", "FALSE"):
            lines.append("l <- %s; out(%s)" % (flag, R[c["law"]]))
    text = subprocess.run(["Rscript", "-"], input="\n".join(lines), capture_output=True, text=True, check=True).stdout.split()
    for i, c in enumerate(asked):
        c["second"] = {"oracle": "R " + R[c["law"]].split("(")[0]}
        for key, value in zip(("log_cdf", "log_sf"), text[2 * i:2 * i + 2]):
            value = float(value)
            digits = agreement(value, c[key])
            if digits > 0 and abs(value) != float("inf"):
                c["second"][key] = value
                c["second"][key + "_digits"] = int(digits * 10) / 10


def agreement(got, want):
    """Digits of the probability that agree, as the Go test counts them."""
    if got in (float("inf"), float("-inf")) or got != got:
        return 0
    scale = abs(want) if abs(want) < 1 else max(mpf(1), abs(want) / 100)
    error = abs(mpf(got) - want) / scale
    return 16 if error == 0 else float(max(0, min(16, -mp.log10(error))))


def note(c):
    """Says where the second oracle is worse than ten digits, or has none."""
    second = c.get("second", {})
    digits = [v for k, v in second.items() if k.endswith("_digits")]
    if not digits:
        c["note"] = "no second oracle reaches this: the first decides"
    elif min(digits) < 10:
        c["note"] = "%s has %g digits here: the first oracle decides" % (second["oracle"], min(digits))


def main():
    listed = list(cases())
    from_r(listed)
    out = []
    for c in listed:
        c["log_cdf"], c["log_sf"] = float(c["log_cdf"]), float(c["log_sf"])
        out.append("  " + json.dumps(c))
    version = subprocess.run(["R", "--version"], capture_output=True, text=True, check=True).stdout.split()[2]
    print('{"source": "mpmath at 35 to 90 digits from the definitions; R as second oracle",')
    print(' "version": "mpmath %s, R %s, Python %s",' % (mpmath.__version__, version, sys.version.split()[0]))
    print(' "command": "python3 central.py > central.json",\n "cases": [')
    print(",\n".join(out))
    print("]}")


if __name__ == "__main__":
    main()
