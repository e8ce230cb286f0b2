"""The head's own mesh: moved by expressions, its normals across seams, its classes, its mouth."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from facelab.heads.family import HeadFamily
from facelab.heads.surface import vertex_normals
from facelab.numerics.algebra import combined
from facelab.numerics.arrays import Float, Int

CLASSES: Mapping[int, str] = {
    1: "skin",
    8: "mouth interior",
    11: "right ear",
    12: "left ear",
    13: "neck",
}
"""What `HeadFamily.part` numbers, as `facelab.augment.classes` does; clothes are apart."""
CLOTHES = 14

_LIPS = [81, 82, 13, 312, 311], [178, 87, 14, 317, 402]  # inner edges: upper and lower points


class Mesh(NamedTuple):
    """A mesh in the head's frame: ``(n, 3)`` vertices in cm and normals, ``(m, 3)`` triangles."""

    vertices: Float
    normals: Float
    triangles: Int


def moved(head: Float, coefficients: Mapping[str, float]) -> Float:
    """Return a head's vertices ``(n, 3)`` with coefficients of expressions added."""
    family = HeadFamily.load()
    used = {name: value for name, value in coefficients.items() if value}
    if not used:
        return head
    rows = [family.names.index(name) for name in used]
    return head + combined(np.array(list(used.values()), np.float32), family.modes[rows])


def normals(head: Float) -> Float:
    """Return the normals of a head's vertices; those that a seam of the skin parts have one."""
    first = _first_alike()
    return vertex_normals(head, first[HeadFamily.load().triangles])[first]


def lips_apart(head: Float) -> float:
    """Return how far the lips are apart where they are farthest, cm."""
    points = HeadFamily.load().points468(head)
    upper, lower = (points[rows] for rows in _LIPS)
    return float(np.sqrt(((upper - lower) ** 2).sum(axis=1)).max())


@cache
def of_class(number: int) -> tuple[NDArray[np.intp], Int]:
    """The vertices of a class of the head's triangles, and the triangles among these."""
    family = HeadFamily.load()
    rows, index = np.unique(family.triangles[family.part == number], return_inverse=True)
    return rows, index.reshape(-1, 3).astype(np.int32)


@cache
def _first_alike() -> Int:
    """For each vertex the first that lies in the same place, ``(n,)``."""
    base = HeadFamily.load().base
    _, index = np.unique(np.round(base, 4), axis=0, return_inverse=True)
    firsts = np.full(len(base), len(base), np.int32)
    np.minimum.at(firsts, index.ravel(), np.arange(len(base), dtype=np.int32))
    return firsts[index.ravel()]
