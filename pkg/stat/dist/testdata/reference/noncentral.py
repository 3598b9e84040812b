"""Reference values of the noncentral distributions and of r: noncentral.json.

    python3 noncentral.py > noncentral.json

First oracle: mpmath from definitions that the Go code does not use where there
is a choice: the Bessel density of the noncentral chi-squared, the integral over
the variance of the noncentral t, Hotelling's hypergeometric density of r. Second:
R and scipy, with how many digits they agree with the first.
"""

import json
import subprocess
import sys

import mpmath
import scipy
import scipy.integrate
import scipy.stats
from mpmath import mp, mpf

from central import agreement, beta_tails, complement, note, tail

mp.dps = 40


def ncx2_tails(df, lam, x):
    df, lam, x = mpf(df), mpf(lam), mpf(x)

    def logpdf(v):  # over ln x
        y = mp.exp(v)
        bessel = mp.besseli(df / 2 - 1, mp.sqrt(lam * y))
        return v - mp.log(2) - (y + lam) / 2 + (df / 4 - mpf(1) / 2) * mp.log(y / lam) + mp.log(bessel)

    v = mp.log(x)
    if x < df + lam:
        lower = tail(logpdf, v, -1, 90)
        return lower, complement(lower)
    upper = tail(logpdf, v, 1, 90)
    return complement(upper), upper


def ncf_tails(d1, d2, lam, x):
    lam = mpf(lam) / 2
    mean = mpf(d1 + 2 * lam) / d1
    side = 0 if x < mean else 1
    total, j, best = mpf(0), int(lam), None
    terms = {}

    def term(j):
        if j not in terms:
            weight = j * mp.log(lam) - lam - mp.loggamma(j + 1)
            terms[j] = weight + beta_tails(mpf(d1) / 2 + j, mpf(d2) / 2, mpf(d1) * mpf(x) / mpf(d2))[side]
        return terms[j]

    while term(j + 1) > term(j):
        j += 1
    while j > 0 and term(j - 1) > term(j):
        j -= 1
    best = term(j)
    for step in (1, -1):
        i = j
        while i >= 0 and term(i) > best - 75:
            i += step
    total = mp.fsum(mp.exp(t - best) for t in terms.values())
    value = best + mp.log(total)
    return (value, complement(value)) if side == 0 else (complement(value), value)


def nct_tails(df, delta, t):
    df, delta, t = mpf(df), mpf(delta), mpf(t)
    constant = mp.log(2) + df / 2 * mp.log(df / 2) - mp.loggamma(df / 2)

    def integral(side):
        def g(u):  # over ln s
            s = mp.exp(u)
            z = (delta - t * s) if side else (t * s - delta)  # P(Z < z)
            return constant + df * u - df / 2 * s * s + mp.log(mp.erfc(-z / mp.sqrt(2)) / 2)

        low, high = mpf(-60), mpf(12)
        for _ in range(60):  # the top by thirds
            a, b = low + (high - low) / 3, high - (high - low) / 3
            if g(a) < g(b):
                low = a
            else:
                high = b
        top = (low + high) / 2
        return mpmath.mpf(mp.log(mp.exp(tail(g, top, 1, 80)) + mp.exp(tail(g, top, -1, 80))))

    side = 1 if t > delta else 0
    value = integral(side)
    return (value, complement(value)) if side == 0 else (complement(value), value)


def r_tails(n, rho, r):
    rho, r = mpf(rho), mpf(r)
    front = (mp.log(n - 2) + mp.loggamma(n - 1) + mpf(n - 1) / 2 * mp.log(1 - rho**2)
             - mp.log(2 * mp.pi) / 2 - mp.loggamma(n - mpf(1) / 2))

    def logpdf(v):  # over artanh r
        x = mp.tanh(v)
        one = 1 / mp.cosh(v) ** 2
        return (front + mpf(n - 4) / 2 * mp.log(one) - (n - mpf(3) / 2) * mp.log(1 - rho * x)
                + mp.log(mp.hyp2f1(mpf(1) / 2, mpf(1) / 2, n - mpf(1) / 2, (1 + rho * x) / 2)) + mp.log(one))

    v = mp.atanh(r)
    if r < rho:
        lower = tail(logpdf, v, -1, 80)
        return lower, complement(lower)
    upper = tail(logpdf, v, 1, 80)
    return complement(upper), upper


def cases():
    def case(law, args, x, tails):
        print(law, args, x, file=sys.stderr)
        return {"law": law, "args": args, "x": x, "log_cdf": tails[0], "log_sf": tails[1]}

    for df, lam in [(0.5, 0.3), (1, 2), (3, 12.5), (4, 1e-3), (10, 100), (60, 900), (2, 1e4), (300, 500)]:
        mean, sd = df + lam, (2 * (df + 2 * lam)) ** 0.5
        for x in [mean * 1e-4, mean - 5 * sd, mean - 0.5 * sd, mean + sd, mean + 7 * sd, mean + 40 * sd, mean + 90 * sd]:
            if x > 0:
                yield case("noncentral_chi_squared", [df, lam], x, ncx2_tails(df, lam, x))
    for d1, d2, lam in [(1, 10, 3), (3, 60, 12.5), (2, 30, 0.01), (5, 3.5, 40), (7, 200, 400), (4, 1500, 20)]:
        for x in [1e-6, 0.1, 1, 4, 20, 90, 300, 1e4]:
            yield case("noncentral_f", [d1, d2, lam], x, ncf_tails(d1, d2, lam, x))
    for df, delta in [(0.5, 1), (1, -2), (4, 0.3), (10, 3), (30, 2.5), (50, 20), (50, 40), (200, 37.7), (9, 300), (1e6, 5), (20, 1e4), (1000, 1000)]:
        sd = (1 + delta * delta / (2 * df)) ** 0.5
        for z in [-35, -9, -3, -0.5, 0.3, 1, 4, 10, 40]:
            t = delta + z * sd
            yield case("noncentral_t", [df, delta], t, nct_tails(df, delta, t))
        for t in [-8, 2, 60]:
            yield case("noncentral_t", [df, delta], t, nct_tails(df, delta, t))
    for n, rho in [(3, 0.5), (4, -0.2), (5, 0.95), (12, 0.3), (20, 0.3), (50, 0.8), (200, 0.1), (1000, -0.6)]:
        for r in [-0.99, -0.6, -0.1, 0.2, 0.444, 0.75, 0.98]:
            yield case("correlation", [n, rho], r, r_tails(n, rho, r))


R = {
    "noncentral_chi_squared": "pchisq(x, a[1], a[2], lower.tail=l, log.p=TRUE)",
    "noncentral_f": "pf(x, a[1], a[2], a[3], lower.tail=l, log.p=TRUE)",
    "noncentral_t": "pt(x, a[1], a[2], lower.tail=l, log.p=TRUE)",
    "correlation": "SuppDists::pPearson(x, a[1], a[2], lower.tail=l, log.p=TRUE)",
}


def from_r(listed):
    lines = ['out <- function(v) cat(sprintf("%.17g", suppressWarnings(v)), "\\n")']
    for c in listed:
        lines.append("a <- c(%s); x <- %r" % (",".join(map(repr, c["args"])), c["x"]))
        for flag in ("TRUE", "FALSE"):
            lines.append("l <- %s; out(%s)" % (flag, R[c["law"]]))
    text = subprocess.run(["Rscript", "-"], input="\n".join(lines), capture_output=True, text=True, check=True).stdout.split()
    for i, c in enumerate(listed):
        c["second"] = {"oracle": "R " + R[c["law"]].split("(")[0]}
        for key, value in zip(("log_cdf", "log_sf"), text[2 * i:2 * i + 2]):
            keep(c, key, float(value), c["second"]["oracle"])


SCIPY = {"noncentral_chi_squared": scipy.stats.ncx2, "noncentral_f": scipy.stats.ncf, "noncentral_t": scipy.stats.nct}


def from_scipy(listed):
    for c in listed:
        if c["law"] in SCIPY:
            for key, name in (("log_cdf", "logcdf"), ("log_sf", "logsf")):
                value = float(getattr(SCIPY[c["law"]], name)(c["x"], *c["args"]))
                keep(c, key, value, "scipy " + SCIPY[c["law"]].name)
        if c["law"] == "correlation":
            for key, value in zip(("log_cdf", "log_sf"), r_scipy(*c["args"], c["x"])):
                if value > 0:
                    keep(c, key, float(mp.log(value)), "scipy nct averaged")


def r_scipy(n, rho, r):
    """Log tails of r: noncentral t given the sum of squares of x, averaged."""
    t = r * ((n - 2) / ((1 - r) * (1 + r))) ** 0.5
    unit = rho / ((1 - rho) * (1 + rho)) ** 0.5
    chi = scipy.stats.chi(n - 1)
    low, high = chi.ppf(1e-17), chi.isf(1e-17)
    cdf, _ = scipy.integrate.quad(lambda s: chi.pdf(s) * scipy.stats.nct.cdf(t, n - 2, unit * s), low, high, epsabs=0, epsrel=1e-12, limit=200)
    sf, _ = scipy.integrate.quad(lambda s: chi.pdf(s) * scipy.stats.nct.sf(t, n - 2, unit * s), low, high, epsabs=0, epsrel=1e-12, limit=200)
    return cdf, sf


def keep(c, key, value, oracle):
    """Keeps the better of the second oracles, if it agrees at all."""
    if value != value or abs(value) == float("inf"):
        return
    digits = int(agreement(value, c[key]) * 10) / 10
    if digits >= 3 and digits > c["second"].get(key + "_digits", 0):
        c["second"][key], c["second"][key + "_digits"], c["second"]["oracle"] = value, digits, oracle


def main():
    listed = list(cases())
    from_r(listed)
    from_scipy(listed)
    out = []
    for c in listed:
        c["log_cdf"], c["log_sf"] = float(c["log_cdf"]), float(c["log_sf"])
        note(c)
        out.append("  " + json.dumps(c))
    version = subprocess.run(["R", "--version"], capture_output=True, text=True, check=True).stdout.split()[2]
    print('{"source": "mpmath at 35 to 40 digits from the definitions; R and scipy as second oracle",')
    print(' "version": "mpmath %s, R %s, scipy %s, Python %s",' % (mpmath.__version__, version, scipy.__version__, sys.version.split()[0]))
    print(' "command": "python3 noncentral.py > noncentral.json",\n "cases": [')
    print(",\n".join(out))
    print("]}")


if __name__ == "__main__":
    main()
