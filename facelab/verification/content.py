"""Comparison of JSON files, key by key."""

from __future__ import annotations

import json
from math import inf

from facelab.verification.difference import Difference

PIXELS = ("landmarks68", "points468", "box", "translation", "vertices", "POSITION")
"""Keys whose numbers are pixels, whatever file they are in."""


def documents(kept: bytes, made: bytes) -> Difference:
    """Compare the content of two JSON files; ``ValueError`` if one is none."""
    found = content_difference(json.loads(kept), json.loads(made))
    return found or Difference("content identical, spelled otherwise")


def content_difference(kept: object, made: object) -> Difference | None:
    """Compare two JSON documents, key by key; None if they are the same."""
    found: dict[str, float] = {}
    _compare_content(kept, made, "it", found)
    if not found:
        return None
    said = (
        f"{key} is another" if gap == inf else f"{key} differs by at most {measured(key, gap)}"
        for key, gap in found.items()
    )
    gaps = [gap for gap in found.values() if gap < inf]
    return Difference("; ".join(said), {"largest": max(gaps)} if gaps else {})


def _compare_content(kept: object, made: object, key: str, found: dict[str, float]) -> None:
    """Note the largest difference of a key's numbers; infinite for what is no number."""
    if isinstance(kept, dict) and isinstance(made, dict) and kept.keys() == made.keys():
        for name in made:
            _compare_content(kept[name], made[name], name, found)
    elif isinstance(kept, list) and isinstance(made, list) and len(kept) == len(made):
        for one, other in zip(kept, made, strict=True):
            _compare_content(one, other, key, found)
    elif kept != made or isinstance(kept, bool) != isinstance(made, bool):
        found[key] = max(found.get(key, 0), _apart(kept, made))


def _apart(kept: object, made: object) -> float:
    """The distance of two numbers; infinite where one is none."""
    numbers = [one for one in (kept, made) if type(one) in (int, float)]
    try:
        one, other = map(float, numbers)  # type: ignore[arg-type]
    except (ValueError, OverflowError):
        return inf
    return abs(one - other) if one - other == one - other else inf


def measured(key: str, gap: float) -> str:
    """A distance with its unit where that is known."""
    return f"{gap:.3g} px" if key in PIXELS else f"{gap:.3g}"
