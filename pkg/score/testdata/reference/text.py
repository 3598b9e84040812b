#!/usr/bin/env python3
"""Reference values of the metrics of texts, printed as JSON.

    python3 text.py > text.json

Needs sacrebleu 2.6.0 and rouge-score 0.1.2. F1 follows the script that SQuAD 2.0
publishes, written anew from its rules.
"""
import collections
import json
import random
import re
import string

import sacrebleu
from rouge_score import rouge_scorer


def squad(text):
    text = "".join(c for c in text.lower() if c not in set(string.punctuation))
    return re.sub(r"\b(a|an|the)\b", " ", text).split()


def f1(answer, expected):
    a, e = squad(answer), squad(expected)
    if not a or not e:
        return float(a == e)
    same = sum((collections.Counter(a) & collections.Counter(e)).values())
    if not same:
        return 0.0
    p, r = same / len(a), same / len(e)
    return 2 * p * r / (p + r)


def distance(a, b):
    row = list(range(len(b) + 1))
    for i, x in enumerate(a):
        last, row[0] = row[0], i + 1
        for j, y in enumerate(b):
            last, row[j + 1] = row[j + 1], min(last + (x != y), row[j] + 1, row[j + 1] + 1)
    return row[-1]


PAIRS = [
    ("The cat sat on the mat.", ["The cat is on the mat."]),
    ("the the the the the the the", ["The cat is on the mat.", "There is a cat on the mat."]),
    ("It costs $3.14, or 1,000.50 in all -- 20-30 of them!", ["It costs $3.14, i.e. 1,000.50 altogether; 20-30 of these!"]),
    ("yes", ["yes"]),
    ("yes", ["no"]),
    ("Two words", ["Two words"]),
    ("three words here", ["three words there"]),
    ("", ["something"]),
    ("something", [""]),
    ("", [""]),
    ("An apple a day keeps the doctor away", ["Apple day keeps doctor away."]),
    ("He said &quot;AT&amp;T &lt;rocks&gt;&quot;\nand left-\nhanded", ["He said \"AT&T <rocks>\" and lefthanded"]),
    ("well...then, what?? ..a", ["well ... then , what ? ? .. a"]),
    ("don't can't won't", ["do n't can't will not"]),
    ("a b c d e f g h", ["a b c d e f g h", "h g f e d c b a"]),
    ("x" * 50, ["x" * 49 + "y"]),
    ("Paris", ["paris", "the city of Paris"]),
]
WORDS = "the a cat dog sat on mat 3.14 1,000 well-known (maybe) \"quoted\" end. what? no! C++ x_y 50% & / it's".split()
rng = random.Random(7)
for _ in range(60):
    make = lambda: " ".join(rng.choice(WORDS) for _ in range(rng.randrange(1, 25)))
    PAIRS.append((make(), [make() for _ in range(rng.randrange(1, 3))]))

rouge = rouge_scorer.RougeScorer(["rouge1", "rouge2", "rougeL"])
bleu = sacrebleu.BLEU(effective_order=True)
corpus = sacrebleu.BLEU()
chrf = sacrebleu.CHRF()
cases = []
for answer, references in PAIRS:
    r = rouge.score(references[0], answer)
    cases.append({
        "answer": answer, "references": references,
        "bleu": bleu.sentence_score(answer, references).score,
        "chrf": chrf.sentence_score(answer, references).score,
        "f1": f1(answer, references[0]),
        "distance": distance(answer, references[0]),
        **{k: [v.precision, v.recall, v.fmeasure] for k, v in r.items()},
    })
answers = [a for a, _ in PAIRS if a]
firsts = [r[0] for a, r in PAIRS if a]
print(json.dumps({
    "sources": "sacrebleu " + sacrebleu.__version__ + ", rouge-score 0.1.2, rules of SQuAD 2.0",
    "signatures": [str(bleu.get_signature()) if cases else "", str(chrf.get_signature())],
    "corpus_bleu": corpus.corpus_score(answers, [firsts]).score,
    "cases": cases,
}, indent=1))
