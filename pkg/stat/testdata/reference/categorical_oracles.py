"""What categorical.py needs: exact and 50-digit definitions of procedures for
counts and proportions, one call of R for all its values, and the form of cases.
"""

import itertools
import json
import math
import subprocess
from fractions import Fraction

import mpmath as mp

mp.mp.dps = 50
TOLERANCE = Fraction(1) + Fraction(1, 10**7)

# One run of R answers all questions: R(expression) stands for a number, or for
# a list of them, until answer() is called.

questions = []


class R:
    def __init__(self, expression):
        self.index = len(questions)
        self.value = None
        questions.append(self)
        self.expression = expression


def matrix(table):
    rows = len(table)
    return f"matrix(c({','.join(str(v) for row in table for v in row)}), {rows}, byrow=TRUE)"


def answer(libraries=()):
    text = "".join(f"suppressMessages(library({x}))\n" for x in libraries)
    text += "options(warn=-1)\n"
    for q in questions:
        text += f'cat(sprintf("%.17g", as.numeric({q.expression})), "\\n")\n'
    out = subprocess.run(["Rscript", "-"], input=text, capture_output=True, text=True, check=True).stdout
    lines = out.strip("\n").split("\n")
    assert len(lines) == len(questions), (len(lines), len(questions), out[-500:])
    for q, line in zip(questions, lines):
        values = [float(v) for v in line.split()]
        q.value = values[0] if len(values) == 1 else values


def plain(v):
    if isinstance(v, R):
        return v.value
    if isinstance(v, dict):
        return {k: plain(w) for k, w in v.items()}
    if isinstance(v, (list, tuple)):
        return [plain(w) for w in v]
    if isinstance(v, (str, bool, int)) or v is None:
        return v
    if isinstance(v, Fraction):
        return number(v)
    return float(v)


def number(f):
    """The nearest double of a rational of any size."""
    return float(mp.mpf(f.numerator) / f.denominator)


def log(f):
    """Natural logarithm of a rational."""
    return mp.log(f.numerator) - mp.log(f.denominator)


cases = []


def case(name, test, data, settings, *want):
    cases.append({"name": name, "test": test, "data": data, "set": {k: str(v) for k, v in settings.items()},
                  "want": [w for w in want if w]})


def oracle(label, exact=False, digits=None, note=None, **values):
    out = {"oracle": label, "values": values}
    if exact:
        out["exact"] = True
    if digits:
        out["digits"] = digits
        out["note"] = note
    return out


def ends(low, high):
    return {"low": low, "high": high}


def decisive(cases):
    """The cases without values that have no digits of their own: the logarithm of
    a p near 1, and what double arithmetic makes of a statistic of 0."""
    for c in cases:
        for o in c["want"]:
            v = o["values"]
            if isinstance(v.get("p"), float) and v["p"] > 0.9:
                v.pop("log_p", None)
            if c["test"] in ("chi_square", "g_test") and o["oracle"] != "mpmath" and abs(v.get("statistic", 1)) < 1e-6:
                v.clear()
        c["want"] = [o for o in c["want"] if o["values"]]
        if len(c["want"]) == 1:
            c["want"][0]["exact"] = True  # 50 digits, where double arithmetic has none
    return cases


def write(path, source, version, command):
    head = json.dumps({"source": source, "version": version, "command": command})
    with open(path, "w") as f:
        f.write(head[:-1] + ', "cases": [\n' + ",\n".join(" " + json.dumps(c) for c in plain(cases)) + "\n]}\n")


# Distributions.


def z_of(level):
    """z of a two-sided interval at the double level."""
    tail = (1 - mp.mpf(level)) / 2
    z = mp.sqrt(2) * mp.erfinv(1 - 2 * tail)
    return z


def normal_sf(z):
    return mp.erfc(z / mp.sqrt(2)) / 2


def z_p(z, alternative):
    return {"greater": normal_sf(z), "less": normal_sf(-z)}.get(alternative, 2 * normal_sf(abs(z)))


def chi2_sf(x, df):
    return mp.gammainc(mp.mpf(df) / 2, mp.mpf(x) / 2, mp.inf, regularized=True)


def binomial_pmf(n, p):
    """Exact probabilities for a rational p."""
    return [Fraction(math.comb(n, k)) * p**k * (1 - p) ** (n - k) for k in range(n + 1)]


def binomial_p(k, n, p, alternative, midp=False):
    f = binomial_pmf(n, p)
    if alternative == "greater":
        return sum(f[k:]) - (f[k] / 2 if midp else 0)
    if alternative == "less":
        return sum(f[: k + 1]) - (f[k] / 2 if midp else 0)
    out = sum(v for v in f if v <= f[k] * TOLERANCE)
    if midp:
        out -= sum(v for v in f if f[k] / TOLERANCE <= v <= f[k] * TOLERANCE) / 2
    return out


def root(f, low, high):
    """Root between low and high at 45 digits: Illinois, with bisection at first
    and wherever it is slow."""
    low, high = mp.mpf(low), mp.mpf(high)
    fl, fh = f(low), f(high)
    if fl == 0:
        return low
    if fh == 0:
        return high
    assert (fl > 0) != (fh > 0), (low, high, fl, fh)
    side = 0
    for step in range(400):
        x = (low + high) / 2
        if step > 5 and step % 12 and mp.isfinite(fl) and mp.isfinite(fh):
            x = (low * fh - high * fl) / (fh - fl)
            if not low < x < high:
                x = (low + high) / 2
        v = f(x)
        if v == 0:
            return x
        if (v > 0) == (fl > 0):
            low, fl = x, v
            if side == 1:
                fh /= 2
            side = 1
        else:
            high, fh = x, v
            if side == -1:
                fl /= 2
            side = -1
        if abs(high - low) < mp.mpf(10) ** -40 * max(abs(low), abs(high), mp.mpf(10) ** -30):
            break
        if abs(v) < mp.mpf(10) ** -46:
            return x
    return (low + high) / 2


def tail(n, k, p, up):
    terms = range(k, n + 1) if up else range(0, k + 1)
    return mp.fsum(mp.binomial(n, i) * p**i * (1 - p) ** (n - i) for i in terms)


def clopper_pearson(k, n, level):
    half = (1 - mp.mpf(level)) / 2
    low = beta_quantile(k, n - k + 1, half) if k else mp.mpf(0)
    high = 1 - beta_quantile(n - k, k + 1, half) if k < n else mp.mpf(1)
    return low, high


def beta_cdf(a, b, x):
    """Regularised incomplete beta by its series of positive terms."""
    a, b, x = mp.mpf(a), mp.mpf(b), mp.mpf(x)
    if x <= 0:
        return mp.mpf(0)
    if x >= 1:
        return mp.mpf(1)
    if x > mp.mpf(1) / 2:
        return 1 - beta_cdf(b, a, 1 - x)
    term, total, n = mp.mpf(1), mp.mpf(0), 0
    while term > total * mp.mpf(10) ** -52:
        total += term
        term *= (a + b + n) / (a + 1 + n) * x
        n += 1
    front = a * mp.log(x) + b * mp.log(1 - x) - mp.log(a) + mp.loggamma(a + b) - mp.loggamma(a) - mp.loggamma(b)
    return mp.exp(front) * total


def beta_quantile(a, b, q):
    a, b, q = mp.mpf(a), mp.mpf(b), mp.mpf(q)
    if q > mp.mpf(1) / 2:
        return 1 - beta_quantile(b, a, 1 - q)
    return root(lambda x: beta_cdf(a, b, x) - q, 0, 1)


def jeffreys(k, n, level):
    half = (1 - mp.mpf(level)) / 2
    a, b = mp.mpf(k) + 0.5, mp.mpf(n - k) + 0.5
    low = mp.mpf(0) if k == 0 else beta_quantile(a, b, half)
    high = mp.mpf(1) if k == n else 1 - beta_quantile(b, a, half)
    return low, high


def wilson(k, n, level):
    z, n = z_of(level), mp.mpf(n)
    p = k / n
    half = z * mp.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    return (p + z**2 / (2 * n) - half) / (1 + z**2 / n), (p + z**2 / (2 * n) + half) / (1 + z**2 / n)


def agresti_coull(k, n, level):
    z = z_of(level)
    m = n + z**2
    p = (k + z**2 / 2) / m
    half = z * mp.sqrt(p * (1 - p) / m)
    return max(mp.mpf(0), p - half), min(mp.mpf(1), p + half)


# Two independent proportions: second minus first.


def newcombe(s1, n1, s2, n2, level):
    l1, u1 = wilson(s1, n1, level)
    l2, u2 = wilson(s2, n2, level)
    p1, p2 = mp.mpf(s1) / n1, mp.mpf(s2) / n2
    d = p2 - p1
    return d - mp.sqrt((p2 - l2) ** 2 + (u1 - p1) ** 2), d + mp.sqrt((u2 - p2) ** 2 + (p1 - l1) ** 2)


def wald(s1, n1, s2, n2, level, add=0):
    s1, n1, s2, n2 = mp.mpf(s1 + add), mp.mpf(n1 + 2 * add), mp.mpf(s2 + add), mp.mpf(n2 + 2 * add)
    d = s2 / n2 - s1 / n1
    half = z_of(level) * mp.sqrt(s1 * (n1 - s1) / n1**3 + s2 * (n2 - s2) / n2**3)
    return max(mp.mpf(-1), d - half), min(mp.mpf(1), d + half)


def restricted(s1, n1, s2, n2, delta):
    """The likeliest p1 with p2 = p1 + delta, as the root of the cubic equation of
    Miettinen and Nurminen by Viete's cosine formula, their equations as printed."""
    # Their group 1 is ours with p2, their group 0 ours with p1.
    c1, m1, c0, m0 = map(mp.mpf, (s2, n2, s1, n1))
    n, c = m1 + m0, c1 + c0
    l3 = n
    l2 = (m1 + 2 * m0) * delta - n - c
    l1 = (m0 * delta - n - 2 * c0) * delta + c
    l0 = c0 * delta * (1 - delta)
    q = l2**3 / (3 * l3) ** 3 - l1 * l2 / (6 * l3**2) + l0 / (2 * l3)
    p = mp.sign(q) * mp.sqrt(max(mp.mpf(0), l2**2 / (3 * l3) ** 2 - l1 / (3 * l3)))
    if p == 0:
        return -l2 / (3 * l3)
    ratio = max(mp.mpf(-1), min(mp.mpf(1), q / p**3))
    a = (mp.pi + mp.acos(ratio)) / 3
    return 2 * p * mp.cos(a) - l2 / (3 * l3)


def score_z(s1, n1, s2, n2, delta, factor):
    delta = mp.mpf(delta)
    p1 = restricted(s1, n1, s2, n2, delta)
    p2 = p1 + delta
    v = (p1 * (1 - p1) / n1 + p2 * (1 - p2) / n2) * factor
    return (mp.mpf(s2) / n2 - mp.mpf(s1) / n1 - delta) / mp.sqrt(v)


def score_interval(s1, n1, s2, n2, level, factor):
    z = z_of(level)
    d = mp.mpf(s2) / n2 - mp.mpf(s1) / n1
    tiny = mp.mpf(10) ** -15
    low = root(lambda x: score_z(s1, n1, s2, n2, x, factor) - z, -1 + tiny, d - tiny) if d > -1 else mp.mpf(-1)
    high = root(lambda x: score_z(s1, n1, s2, n2, x, factor) + z, d + tiny, 1 - tiny) if d < 1 else mp.mpf(1)
    return low, high


# Paired proportions.


def newcombe_paired(table, level):
    """Second minus first, from rows = first, columns = second."""
    (a, b), (c, d) = table
    n = mp.mpf(a + b + c + d)
    l1, u1 = wilson(a + b, a + b + c + d, level)
    l2, u2 = wilson(a + c, a + b + c + d, level)
    p1, p2 = (a + b) / n, (a + c) / n
    margins = mp.mpf(a + b) * (c + d) * (a + c) * (b + d)
    top = mp.mpf(a * d - b * c)
    if top > 0:
        top = max(top - n / 2, mp.mpf(0))
    phi = mp.mpf(0) if margins == 0 else top / mp.sqrt(margins)
    delta = p2 - p1
    low = delta - mp.sqrt((p2 - l2) ** 2 - 2 * phi * (p2 - l2) * (u1 - p1) + (u1 - p1) ** 2)
    high = delta + mp.sqrt((u2 - p2) ** 2 - 2 * phi * (u2 - p2) * (p1 - l1) + (p1 - l1) ** 2)
    return low, high


def tango_z(table, delta):
    """The score statistic by Tango's formula, his difference being first minus
    second, and his b and c ours."""
    (_, b), (c, _) = table
    n = sum(map(sum, table))
    t = -mp.mpf(delta)
    qa, qb, qc = 2 * n, -b - c + (2 * n - b + c) * t, -c * t * (1 - t)
    q21 = (mp.sqrt(qb**2 - 4 * qa * qc) - qb) / (2 * qa)
    return -(b - c - n * t) / mp.sqrt(n * (2 * q21 + t * (1 - t)))


def tango(table, level):
    (_, b), (c, _) = table
    n = sum(map(sum, table))
    z, d = z_of(level), mp.mpf(c - b) / n
    tiny = mp.mpf(10) ** -15
    low = root(lambda x: tango_z(table, x) - z, -1 + tiny, d - tiny) if d > -1 else mp.mpf(-1)
    high = root(lambda x: tango_z(table, x) + z, d + tiny, 1 - tiny) if d < 1 else mp.mpf(1)
    return low, high


# Tables.


def hypergeometric(table):
    (a, b), (c, d) = table
    marked, rest, draws = a + c, b + d, a + b
    low, high = max(0, draws - rest), min(draws, marked)
    weights = {x: math.comb(marked, x) * math.comb(rest, draws - x) for x in range(low, high + 1)}
    return weights, sum(weights.values())


def fisher_p(table, alternative):
    weights, total = hypergeometric(table)
    a = table[0][0]
    if alternative == "greater":
        part = sum(w for x, w in weights.items() if x >= a)
    elif alternative == "less":
        part = sum(w for x, w in weights.items() if x <= a)
    else:
        part = sum(w for w in weights.values() if Fraction(w) <= weights[a] * TOLERANCE)
    return Fraction(part, total)


def fisher_odds(table, level):
    """Conditional estimate and interval of the odds ratio."""
    weights, _ = hypergeometric(table)
    a, support = table[0][0], sorted(weights)
    half = (1 - mp.mpf(level)) / 2

    def sums(theta):
        terms = {x: mp.mpf(weights[x]) * mp.exp(theta * (x - a)) for x in support}
        total = mp.fsum(terms.values())
        up = mp.fsum(v for x, v in terms.items() if x >= a) / total
        down = mp.fsum(v for x, v in terms.items() if x <= a) / total
        mean = mp.fsum(x * v for x, v in terms.items()) / total
        return up, down, mean

    low = mp.mpf(0) if a == support[0] else mp.exp(root(lambda t: sums(t)[0] - half, -60, 60))
    high = None if a == support[-1] else mp.exp(root(lambda t: sums(t)[1] - half, -60, 60))
    estimate = mp.mpf(0) if a == support[0] else None if a == support[-1] else mp.exp(root(lambda t: sums(t)[2] - a, -60, 60))
    return estimate, low, high


def tables(rows, columns):
    """Every table with these margins, as a list of columns."""
    if len(columns) == 1:
        yield [tuple(rows)]
        return
    for first in shares(rows, columns[0]):
        for rest in tables([r - x for r, x in zip(rows, first)], columns[1:]):
            yield [first] + rest


def shares(rows, column):
    if len(rows) == 1:
        if column <= rows[0]:
            yield (column,)
        return
    for x in range(max(0, column - sum(rows[1:])), min(rows[0], column) + 1):
        for rest in shares(rows[1:], column - x):
            yield (x,) + rest


def fisher_rxc(table):
    """p of an r x c table by listing every table; exact."""
    rows = [sum(r) for r in table]
    columns = [sum(c) for c in zip(*table)]
    n = sum(rows)
    factorial = [math.factorial(i) for i in range(n + 1)]

    def product(cells):
        out = 1
        for v in cells:
            out *= factorial[v]
        return out

    observed = product(itertools.chain(*table))
    part = Fraction(0)
    counts = {}
    for t in tables(rows, columns):
        p = product(itertools.chain(*t))
        counts[p] = counts.get(p, 0) + 1
    whole = sum(Fraction(c, p) for p, c in counts.items())
    part = sum(Fraction(c, p) for p, c in counts.items() if Fraction(1, p) <= Fraction(1, observed) * TOLERANCE)
    return part / whole


def fisher_columns(table):
    """p of an r x c table: the exact distribution of the product of factorials,
    column after column, with states (row totals left, product); exact."""
    rows = [sum(r) for r in table]
    columns = [sum(c) for c in zip(*table)]
    n = sum(rows)
    factorial = [math.factorial(i) for i in range(n + 1)]
    observed = 1
    for v in itertools.chain(*table):
        observed *= factorial[v]
    # Stage by stage, except that the last two columns are listed for each state.
    states = {tuple(sorted(rows)): {1: 1}}
    for c in columns[:-2]:
        following = {}
        for left, products in states.items():
            for x in shares(list(left), c):
                key = tuple(sorted(r - v for r, v in zip(left, x)))
                step = math.prod(factorial[v] for v in x)
                into = following.setdefault(key, {})
                for product, count in products.items():
                    into[product * step] = into.get(product * step, 0) + count
        states = following
    part = whole = mp.mpf(0)
    bound = mp.mpf(observed) / (1 + mp.mpf(10) ** -7)
    for left, products in states.items():
        ends_ = {}
        for x in shares(list(left), columns[-2]):
            product = math.prod(factorial[v] for v in x) * math.prod(factorial[r - v] for r, v in zip(left, x))
            ends_[product] = ends_.get(product, 0) + 1
        ends_ = sorted(ends_.items(), reverse=True)
        sums, total = [], mp.mpf(0)
        for product, count in ends_:
            total += mp.mpf(count) / product
            sums.append(total)
        keys = [product for product, _ in ends_]
        for product, count in products.items():
            whole += total * count / product
            low, high = 0, len(keys)  # how many have keys[i] * product >= bound
            while low < high:
                middle = (low + high) // 2
                if mp.mpf(keys[middle]) * product >= bound:
                    low = middle + 1
                else:
                    high = middle
            if low:
                part += sums[low - 1] * count / product
    return part / whole
