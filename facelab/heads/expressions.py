"""Expressions of faces as ARKit's coefficients: what people's faces do, drawn at random.

Most of what a face does it does on both sides nearly alike.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

Rng = np.random.Generator
Range = tuple[float, float]

_UNEVEN = 0.12  # standard deviation of how much more one side does than the other
_HABIT = 0.05  # of what faces at rest do

# Ranges of coefficients; a name without its side stands for both sides.
EXPRESSIONS: Mapping[str, Mapping[str, Range]] = {
    "neutral": {},
    "smile": {
        "mouthSmile": (0.3, 0.9), "cheekSquint": (0.1, 0.7), "eyeSquint": (0.0, 0.5),
        "mouthDimple": (0.0, 0.3),
    },
    "laugh": {
        "mouthSmile": (0.6, 1.0), "jawOpen": (0.15, 0.45), "mouthUpperUp": (0.2, 0.6),
        "cheekSquint": (0.4, 0.9), "eyeSquint": (0.2, 0.7), "mouthLowerDown": (0.1, 0.4),
    },
    "talk": {
        "jawOpen": (0.08, 0.4), "mouthFunnel": (0.0, 0.5), "mouthStretch": (0.0, 0.4),
        "mouthUpperUp": (0.0, 0.3), "mouthLowerDown": (0.1, 0.5),
    },
    "surprise": {
        "browInnerUp": (0.5, 1.0), "browOuterUp": (0.4, 1.0), "eyeWide": (0.3, 0.9),
        "jawOpen": (0.1, 0.6),
    },
    "angry": {
        "browDown": (0.5, 1.0), "eyeSquint": (0.2, 0.7), "noseSneer": (0.1, 0.6),
        "mouthPress": (0.1, 0.7), "mouthFrown": (0.0, 0.5),
    },
    "sad": {
        "browInnerUp": (0.4, 1.0), "mouthFrown": (0.3, 0.9), "mouthShrugLower": (0.0, 0.5),
        "eyeSquint": (0.0, 0.3),
    },
    "disgust": {
        "noseSneer": (0.5, 1.0), "mouthUpperUp": (0.3, 0.7), "browDown": (0.3, 0.8),
        "eyeSquint": (0.2, 0.7),
    },
    "kiss": {"mouthPucker": (0.5, 1.0), "mouthFunnel": (0.0, 0.3)},
    "puff": {"cheekPuff": (0.5, 1.0), "mouthPress": (0.1, 0.5)},
    "shout": {
        "jawOpen": (0.45, 0.75), "mouthStretch": (0.1, 0.5), "mouthLowerDown": (0.2, 0.6),
        "browDown": (0.0, 0.6), "eyeSquint": (0.0, 0.6),
    },
    "blink": {"eyeBlink": (0.75, 1.0)},
    "squint": {"eyeBlink": (0.2, 0.55), "eyeSquint": (0.3, 0.9)},
    "wink": {
        "eyeBlinkLeft": (0.8, 1.0), "mouthSmileLeft": (0.2, 0.6), "cheekSquintLeft": (0.4, 0.9),
    },
}  # fmt: skip
FREQUENT = {"neutral": 0.3, "smile": 0.2, "talk": 0.15}
"""How often each is drawn where any may be; the others share the rest."""

_SINGLE = ("browInnerUp", "cheekPuff", "jawOpen", "jawForward", "mouthFunnel", "mouthPucker",
           "mouthClose", "mouthShrugLower", "mouthShrugUpper", "mouthRollLower", "mouthRollUpper",
           "tongueOut")  # fmt: skip
_RESTING = ("mouthSmile", "mouthFrown", "browDown", "browOuterUp", "eyeSquint", "mouthPress",
            "browInnerUp")  # fmt: skip


def expression(kind: str, strength: float, rng: Rng) -> dict[str, float]:
    """Draw the coefficients of an expression, [0, 1], by ARKit's names; those not named are 0.

    Parameters
    ----------
    kind : str
        Of `EXPRESSIONS`, or ``any``.
    strength : float
        Times what is usual, [0, 1.5].
    """
    if kind == "any":
        kind = _any(rng)
    found: dict[str, float] = {}
    for name in _RESTING:
        _add(found, name, abs(rng.normal(0, _HABIT)), rng)
    for name, (low, high) in EXPRESSIONS[kind].items():
        _add(found, name, rng.uniform(low, high) * strength, rng)
    if rng.random() < 0.5:  # most wink with either eye
        found = {_other(name): value for name, value in found.items()}
    return {name: float(np.clip(value, 0, 1)) for name, value in found.items()}


def _any(rng: Rng) -> str:
    rare = [name for name in EXPRESSIONS if name not in FREQUENT]
    left = (1 - sum(FREQUENT.values())) / len(rare)
    names = [*FREQUENT, *rare]
    return str(rng.choice(names, p=[*FREQUENT.values(), *[left] * len(rare)]))


def _add(found: dict[str, float], name: str, value: float, rng: Rng) -> None:
    """Set a coefficient, or those of both sides, where it is more than what is there."""
    uneven = rng.normal(0, _UNEVEN) / 2
    one = name in _SINGLE or name.endswith(("Left", "Right"))
    sides = {"": value} if one else {"Left": value * (1 + uneven), "Right": value * (1 - uneven)}
    for side, each in sides.items():
        found[name + side] = max(found.get(name + side, 0.0), each)


def _other(name: str) -> str:
    if name.endswith("Left"):
        return name.removesuffix("Left") + "Right"
    return name.removesuffix("Right") + "Left" if name.endswith("Right") else name
