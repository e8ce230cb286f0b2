"""How open everything on a head is to the light around, as it was worked out on the mean head."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from facelab import weights
from facelab.heads import shape
from facelab.heads.eyes import balls
from facelab.heads.family import HeadFamily
from facelab.heads.shadow import Caster
from facelab.numerics.arrays import Float

WEIGHTS = "openness"
MOUTH = ("upper teeth", "lower teeth", "tongue")


class Openness(NamedTuple):
    """What reaches vertices of the light around, each ``(n, 9)`` (`light.open_transfer`)."""

    skin: Float
    hair: Float
    eyes: tuple[Float, Float]


@cache
def openness(style: str, hat: str) -> Openness:
    """Return what a head, its hair and its hat leave of the light.

    Parameters
    ----------
    style, hat : str
        Names of parts, or empty.

    Raises
    ------
    WeightsError
        If the file is missing or damaged.
    """
    sizes = [len(HeadFamily.load().base), *(len(ball.vertices) for ball in balls())]
    skin, right, left, locks = np.split(_read(key(style, hat)), np.cumsum(sizes))
    return Openness(skin, locks, (right, left))


@cache
def mouth_openness() -> Mapping[str, Float]:
    """The same of teeth and tongue in an open mouth, by the names of the parts."""
    sizes = [len(HeadFamily.load().parts[name].corners) for name in MOUTH]
    return dict(zip(MOUTH, np.split(_read("mouth"), np.cumsum(sizes)[:-1]), strict=True))


def key(style: str, hat: str) -> str:
    """Return what the table of a head with this hair and hat is called in the file."""
    return f"head {style} {hat}"


def casters(head: Float, style: str, hat: str) -> list[Caster]:
    """What hides light: the head itself without the clothes, its hair, its hat."""
    family = HeadFamily.load()
    own = [Caster(head, family.triangles[family.part != shape.CLOTHES])]
    parts = [family.parts[name] for name in (style, hat) if name]
    return own + [Caster(part.vertices(head), part.triangles, True) for part in parts]


def _read(name: str) -> Float:
    """One of the tables ``(n, 9)``, of which the file has float16."""
    return np.asarray(_stored()[name], np.float32)


@cache
def _stored() -> Mapping[str, NDArray[Any]]:
    return weights.load(WEIGHTS)
