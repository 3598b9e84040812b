#!/usr/bin/env python3
"""A toy model for the provider "exec": one JSON object per line in, one out.

    request  {"id": "7", "model": "words", "messages": [{"role": "user", "content": "..."}], "params": {}, "seed": 1}
    reply    {"id": "7", "text": "A: 42"}

The program is started once per concurrent call, answers until its input ends,
and flushes after every line. What a call needs is in its request, so an answer
depends on nothing that was asked before.
"""

import json
import math
import re
import sys


def numbers(question):
    return [float(n) for n in re.findall(r"\d+(?:\.\d+)?", question)]


def by_words(question):
    """Guess what to do with the numbers from the words around them."""
    n = numbers(question)
    if "average" in question:
        return (n[0] + n[2]) / (n[1] + 1)
    if "equally" in question:
        return (n[0] - n[1]) / n[2]
    if "change" in question:
        return n[2] - n[0] * n[1]
    if "%" in question:
        return n[1] * n[2] * (1 - n[0] / 100)
    if "left" in question or "pass?" in question:
        return n[0] * n[1] - sum(n[2:])
    return n[0] * n[1] + sum(n[2:])


def answer(request):
    question = request["messages"][-1]["content"]
    strategy = request.get("params", {}).get("strategy", "words")
    value = by_words(question) if strategy == "words" else math.prod(numbers(question)[:2])
    return {"id": request["id"], "text": f"A: {round(value, 2):g}"}


def main():
    for line in sys.stdin:
        request = json.loads(line)
        try:
            reply = answer(request)
        except Exception as error:  # one bad question must not end the program
            reply = {"id": request["id"], "error": f"{type(error).__name__}: {error}"}
        print(json.dumps(reply), flush=True)


if __name__ == "__main__":
    main()
