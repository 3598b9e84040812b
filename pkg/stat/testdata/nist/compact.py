"""Makes anova.json from the data files of the NIST Statistical Reference Datasets
for the analysis of variance (https://www.itl.nist.gov/div898/strd/anova/anova.html,
in the public domain), which scipy carries with its tests.

    python3 compact.py > anova.json

A group whose values are one value and then two in turn, as in the generated sets,
is written as [first, a, b, times]; any other as "values".
"""

import glob
import json
import os
import re

import scipy

here = os.path.join(os.path.dirname(scipy.__file__), "stats", "tests", "data", "nist_anova")
sets = []
for path in sorted(glob.glob(os.path.join(here, "*.dat"))):
    lines = open(path).read().splitlines()
    certified = re.search(r"^Between \S+\s+\d+ (\S+) \S+ (\S+)", "\n".join(lines[40:48]), re.M)
    within = re.search(r"^Within \S+\s+\d+ (\S+)", "\n".join(lines[40:48]), re.M)
    groups = {}
    for line in lines[60:]:
        if line.strip():
            treatment, value = line.split()
            groups.setdefault(treatment, []).append(value)
    out = []
    for values in groups.values():
        first, a, b = values[:3]
        if values == [first] + [a, b] * ((len(values) - 1) // 2):
            out.append('{"turns": [%s, %s, %s, %d]}' % (first, a, b, (len(values) - 1) // 2))
        else:
            out.append('{"values": [%s]}' % ", ".join(values))
    sets.append('  {"name": "%s", "f": %s, "ss_between": %s, "ss_within": %s, "groups": [\n    %s]}' % (
        os.path.basename(path)[:-4], certified[2], certified[1], within[1], ",\n    ".join(out)))
text = '{"source": "NIST Statistical Reference Datasets, analysis of variance", "version": "as in scipy %s", "command": "python3 compact.py > anova.json", "sets": [\n%s\n]}' % (scipy.__version__, ",\n".join(sets))
json.loads(text)
print(text)
