# %%
import csv
import hashlib
import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import stats

folder = Path(".")
manifest = {f["name"]: f["sha256"] for f in json.loads((folder / "manifest.json").read_text())["files"]}
for file in ("results.csv", "analysis.json"):
    found = hashlib.sha256((folder / file).read_bytes()).hexdigest()
    assert found == manifest[file], f"{file} has been changed since the report was written"

analysis = json.loads((folder / "analysis.json").read_text())
results = pd.read_csv(folder / "results.csv", dtype={"item": str, "prediction": str, "expected": str, "cost_usd": str}, quoting=csv.QUOTE_MINIMAL, keep_default_na=False, na_values={"latency_ms": [""], "consensus": [""]})
results["correct"] = results["correct"].astype(str).str.lower().map({"true": 1, "1": 1, "1.0": 1}).fillna(0).astype(int)
results["answered"] = results["status"].isin(["decided", "invalid"])
checked = 0


def agree(what, ours, theirs, digits=9):
    """Fails unless two numbers agree."""
    global checked
    if ours is None or theirs is None:
        assert ours is None and theirs is None, f"{what}: {ours} here, {theirs} in analysis.json"
        return
    assert math.isclose(ours, theirs, rel_tol=10**-digits, abs_tol=1e-12), f"{what}: {ours} here, {theirs} in analysis.json"
    checked += 1


results.groupby("condition", sort=False)["status"].value_counts().unstack(fill_value=0)
# %%
def wilson(k, n, level):
    z = stats.norm.isf((1 - level) / 2)
    p, d = k / n, 1 + z * z / n
    middle, half = (p + z * z / (2 * n)) / d, z / d * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return middle - half, middle + half


rows = []
for condition in analysis["conditions"]:
    of = results[results["condition"] == condition["name"]]
    answered = of[of["answered"]]
    m = condition["metrics"].get("accuracy")
    if not m or m["estimate"] is None:
        continue
    k, n = int(answered["correct"].sum()), len(answered)
    agree(f"accuracy of {condition['name']}", k / n, m["estimate"])
    if m["method"] == "wilson":
        low, high = wilson(k, n, m["level"])
        agree(f"lower bound of {condition['name']}", max(0.0, low), m["low"])
        agree(f"upper bound of {condition['name']}", min(1.0, high), m["high"])
    rows.append((condition["name"], k / n, m["low"], m["high"], n, m["method"]))
pd.DataFrame(rows, columns=["condition", "accuracy", "low", "high", "n", "method"])
# %%
rows = []
for condition in analysis["conditions"]:
    of = results[(results["condition"] == condition["name"]) & results["answered"]]
    for name, m in condition["metrics"].items():
        if m["estimate"] is None:
            continue
        if name.startswith("latency_p"):
            here = float(np.quantile(of["latency_ms"].dropna(), float(name[len("latency_p"):]) / 100))
        elif name == "latency_mean":
            here = float(of["latency_ms"].dropna().mean())
        elif name == "consensus":
            here = float(of["consensus"].dropna().mean())
        else:
            continue
        agree(f"{name} of {condition['name']}", here, m["estimate"], 6)
        rows.append((condition["name"], name, here, m["low"], m["high"], m["method"]))
pd.DataFrame(rows, columns=["condition", "metric", "estimate", "low", "high", "method"])
# %%
def pairs(treatment, control):
    key = ["repeat", "item"]
    t, c = (results[(results["condition"] == x) & results["answered"]].copy() for x in (treatment, control))
    for x in (t, c):
        x["occurrence"] = x.groupby(key).cumcount()
    return t.merge(c, on=key + ["occurrence"], suffixes=("_t", "_c"))


rows = []
for c in analysis["comparisons"]:
    if c["metric"] not in ("accuracy", "exact_match") or c["p"] is None:
        continue
    both = pairs(c["treatment"], c["control"])
    b = int(((both["correct_t"] == 1) & (both["correct_c"] == 0)).sum())
    d = int(((both["correct_t"] == 0) & (both["correct_c"] == 1)).sum())
    what = f"{c['treatment']} against {c['control']}"
    agree(f"pairs of {what}", len(both), c["n_pairs"])
    agree(f"difference of {what}", (b - d) / len(both), c["effect"]["estimate"])
    if c["test"] == "mcnemar_exact":
        p = stats.binomtest(b, b + d, 0.5).pvalue if b + d else 1.0
        agree(f"p of {what}", p, c["p"], 8)
    rows.append((what, c["metric"], (b - d) / len(both), b, d, c["test"], c["p"], c["p_adjusted"]))
pd.DataFrame(rows, columns=["comparison", "metric", "difference", "treatment only", "control only", "test", "p", "adjusted p"])
# %%
def holm(ps):
    order, worst, out = np.argsort(ps, kind="stable"), 0.0, [0.0] * len(ps)
    for rank, i in enumerate(order):
        worst = max(worst, min(1.0, (len(ps) - rank) * ps[i]))
        out[i] = worst
    return out


for family in dict.fromkeys(c["family"] for c in analysis["comparisons"]):
    tested = [c for c in analysis["comparisons"] if c["family"] == family and c["p"] is not None]
    if analysis["correction"] == "holm":
        for c, p in zip(tested, holm([c["p"] for c in tested])):
            agree(f"adjusted p of {c['treatment']} against {c['control']} in {family}", p, c["p_adjusted"])
print(f"{checked} numbers were computed again from results.csv, and agree.")
