"""Count the faults that a judge wrote into the form of blind sheets, by the versions of the key.

    python benchmarks/tally_faults.py SHEETS/faults.csv SHEETS.key.json

A line of the form is a pair and a side: `glance` says whether the result passes at first glance,
`beside` whether it does beside the original, both yes or no; `faults` names kinds, separated by
blanks.
"""

from __future__ import annotations

import argparse
import csv
import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from sheets import LETTERS, PASSES

JUDGED = "judged"


def tally(lines: Iterable[dict[str, str]], key: dict[str, list[str]]) -> dict[str, Counter[str]]:
    """Results judged and passed, and faults by kind, of each version.

    Raises
    ------
    ValueError
        If an answer is neither yes nor no.
    """
    counts: dict[str, Counter[str]] = {}
    for line in lines:
        if not line[PASSES[0]].strip():
            continue
        version = key[line["pair"]][LETTERS.index(line["side"])]
        count = counts.setdefault(version, Counter())
        count[JUDGED] += 1
        count.update(question for question in PASSES if _yes(line[question], line))
        count.update(set(line["faults"].split()))
    return counts


def _yes(answer: str, line: dict[str, str]) -> bool:
    word = answer.strip().lower()
    if word not in ("yes", "no"):
        raise ValueError(f"{line['pair']} {line['side']}: {answer!r} is neither yes nor no")
    return word == "yes"


def report(counts: dict[str, Counter[str]]) -> str:
    """A table in Markdown, the commonest faults first."""
    heads = (JUDGED, *PASSES)
    total: Counter[str] = sum(counts.values(), Counter())
    kinds = [*heads, *(kind for kind, _ in total.most_common() if kind not in heads)]
    versions = sorted(counts)
    lines = [["", *versions], ["---"] * (len(versions) + 1)]
    lines += [[kind, *(str(counts[version][kind]) for version in versions)] for kind in kinds]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("form", type=Path, help="the CSV that the judge filled in")
    parser.add_argument("key", type=Path, help="the JSON that says which side is which version")
    given = parser.parse_args()
    with given.form.open(newline="") as file:
        lines = list(csv.DictReader(file))
    print(report(tally(lines, json.loads(given.key.read_text())["orders"])), end="")


if __name__ == "__main__":
    main()
