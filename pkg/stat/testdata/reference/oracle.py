"""What the generators of assumptions.json and association.json have in common.

A case is (name, test, data, settings, [want...]); R is asked for all cases of a
file at once, through the script of the same name with a list of expressions.
"""

import json
import math
import subprocess
import sys

import mpmath

mpmath.mp.dps = 50


def num(v):
    """A number that JSON can hold, with all the digits a float64 has."""
    if isinstance(v, (list, tuple)):
        return [num(x) for x in v]
    if isinstance(v, dict):
        return {k: num(x) for k, x in v.items()}
    if isinstance(v, (str, bool, int)) or v is None:
        return v
    return float(v)


class Cases:
    """Collects the cases of one file."""

    def __init__(self, script):
        self.script, self.cases, self.asked = script, [], []

    def add(self, name, test, data, settings, *want, r=None, r_digits=None, r_note=None, r_oracle="R"):
        """Adds a case. r is an R expression of the lists in data that gives a named list."""
        case = {"name": name, "test": test, "data": num(data), "set": settings,
                "want": [{k: (num(v) if k == "values" else v) for k, v in w.items()} for w in want]}
        self.cases.append(case)
        if r:
            self.asked.append((case, r, r_digits, r_note, r_oracle))

    def write(self, source, version, command):
        """Asks R and writes the file."""
        lines = [json.dumps({"data": c["data"], "expr": r}) for c, r, _, _, _ in self.asked]
        if lines:
            text = subprocess.run(["Rscript", self.script], input="\n".join(lines), text=True,
                                  capture_output=True, check=True).stdout
            said = [line for line in text.splitlines() if line.startswith("{")]
            for line in said:
                if "NA" in line or "Inf" in line:
                    raise SystemExit(f"R says {line}")
            answers = [json.loads(line) for line in said]
            assert len(answers) == len(lines), (len(answers), len(lines), text[:2000])
            for (case, expr, digits, note, oracle), values in zip(self.asked, answers):
                if "error" in values:
                    raise SystemExit(f"{case['name']}: {expr}: {values['error']}")
                for key, v in values.items():
                    if key not in ("interval", "df", "comparisons", "adjusted") and isinstance(v, list) and len(v) == 1:
                        values[key] = v[0]
                want = {"oracle": oracle, "values": values}
                if digits:
                    want["digits"], want["note"] = digits, note
                case["want"].append(want)
        out = {"source": source, "version": version, "command": command, "cases": self.cases}
        body = ",\n  ".join(json.dumps(c) for c in out.pop("cases"))
        head = json.dumps(out)[:-1]
        sys.stdout.write(head + ",\n \"cases\": [\n  " + body + "\n ]}\n")


def oracle(name, values, digits=None, note=None, exact=False):
    """What one program says."""
    out = {"oracle": name, "values": values}
    if digits:
        out["digits"], out["note"] = digits, note
    if exact:
        out["exact"] = True
    return out


def mp(x):
    return mpmath.mpf(x)


def sf(z):
    """Upper tail of the standard normal distribution."""
    return mpmath.erfc(mp(z) / mpmath.sqrt(2)) / 2


def chi2_sf(x, df):
    return mpmath.gammainc(mp(df) / 2, mp(x) / 2, mpmath.inf, regularized=True)


def betai(x, a, b):
    return mpmath.betainc(a, b, 0, x, regularized=True)


def f_sf(f, d1, d2):
    d1, d2, f = mp(d1), mp(d2), mp(f)
    return betai(d2 / (d2 + d1 * f), d2 / 2, d1 / 2)


def t_sf(t, df):
    t, df = mp(t), mp(df)
    half = betai(df / (df + t * t), df / 2, mp(1) / 2) / 2
    return half if t >= 0 else 1 - half


def inverse(f, target, guess):
    """Solves f(x) = target."""
    return mpmath.findroot(lambda x: f(x) - target, guess, tol=1e-80, verify=False)


def z_of(p):
    """Quantile of the standard normal distribution."""
    return -mpmath.sqrt(2) * mpmath.erfinv(1 - 2 * mp(p))


def log(x):
    return mpmath.log(x)


def mean(x):
    return mpmath.fsum(mp(v) for v in x) / len(x)


def variance(x, by=1):
    m = mean(x)
    return mpmath.fsum((mp(v) - m) ** 2 for v in x) / (len(x) - by)


def floats(seed, n, kind="normal"):
    """Numbers that any language can make again: a linear congruence, rounded."""
    state, out = seed * 2654435761 % 2**32, []
    def uniform():
        nonlocal state
        state = (1664525 * state + 1013904223) % 2**32
        return (state + 0.5) / 2**32
    for _ in range(n):
        u = uniform()
        if kind == "uniform":
            out.append(round(u, 9))
        elif kind == "exponential":
            out.append(round(-math.log(u), 9))
        elif kind == "ties":
            out.append(float(int(7 * u)))
        else:
            out.append(round(math.sqrt(-2 * math.log(u)) * math.cos(2 * math.pi * uniform()), 9))
    return out
