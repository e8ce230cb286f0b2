"""How open everything on a head is to the light around, worked out once on the mean head."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import NamedTuple

import numpy as np

from facelab.heads import hair, shadow, shape
from facelab.heads.eyes import Eyeballs
from facelab.heads.family import HeadFamily
from facelab.heads.shadow import Caster
from facelab.heads.surface import vertex_normals
from facelab.numerics.arrays import Float

MOUTH = ("upper teeth", "lower teeth", "tongue")

_TRIED = 32  # directions from which light comes
_YAWN = {"jawOpen": 0.5}  # what opens the mouth for its inside to be seen


class Openness(NamedTuple):
    """What reaches vertices of the light around, each ``(n, 9)`` (`light.open_transfer`)."""

    skin: Float
    hair: Float
    eyes: tuple[Float, Float]


@cache
def openness(style: str, hat: str) -> Openness:
    """Return what a head, its hair and its hat leave of the light; names of parts, or empty."""
    family = HeadFamily.load()
    head, eyeballs = family.base, Eyeballs.of(family.base, (0.0, 0.0))
    meshes = [(head, shape.normals(head)), eyeballs.mesh(0), eyeballs.mesh(1)]
    if style:
        part = family.parts[style]
        vertices = part.vertices(head)
        mesh = vertex_normals(vertices, part.triangles)
        meshes.append((vertices, hair.normals(vertices, mesh)))
    skin, right, left, *locks = _seen(meshes, casters(head, style, hat))
    return Openness(skin, locks[0] if locks else skin[:0], (right, left))


@cache
def mouth_openness() -> Mapping[str, Float]:
    """The same of teeth and tongue in an open mouth, by the names of the parts."""
    family = HeadFamily.load()
    head = shape.moved(family.base, _YAWN)
    parts = [family.parts[name] for name in MOUTH]
    placed = [part.vertices(head) for part in parts]
    normals = [vertex_normals(v, part.triangles) for v, part in zip(placed, parts, strict=True)]
    seen = _seen(list(zip(placed, normals, strict=True)), casters(head, "", ""))
    return dict(zip(MOUTH, seen, strict=True))


def casters(head: Float, style: str, hat: str) -> list[Caster]:
    """What hides light: the head itself without the clothes, its hair, its hat."""
    family = HeadFamily.load()
    own = [Caster(head, family.triangles[family.part != shape.CLOTHES])]
    parts = [family.parts[name] for name in (style, hat) if name]
    return own + [Caster(part.vertices(head), part.triangles, True) for part in parts]


def _seen(meshes: Sequence[tuple[Float, Float]], by: list[Caster]) -> list[Float]:
    """What of the light around reaches the vertices of meshes with their normals."""
    vertices, normals = (np.concatenate(rows) for rows in zip(*meshes, strict=True))
    reached = shadow.openness(vertices, normals, by, _TRIED)
    return np.split(reached, np.cumsum([len(rows) for rows, _ in meshes])[:-1])
