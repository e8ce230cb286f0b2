"""What of the difference between two faces is who they are, and what is only what they do.

A face is the mean one, moved by modes of identity and of expression (Blanz & Vetter, "A Morphable
Model for the Synthesis of 3D Faces", SIGGRAPH 1999). The model is linear, so the difference of two
faces has coefficients of its own: the fit works on that, and two faces that are alike differ in
nothing, whatever the model cannot say of them.

Frame: the model's, x to the image's right when frontal, y up, z toward the viewer, its own unit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property

import numpy as np
from numpy.typing import NDArray

from facelab import weights
from facelab.atlas.canonical import LOWER_LIP, OVAL, UPPER_LIP
from facelab.geometry.pose import similarity
from facelab.numerics.algebra import combined, product, solve
from facelab.numerics.arrays import Float, Int, require

Array = NDArray[np.float64]

POINTS = 468
_FLIP = np.array([1.0, -1.0, 1.0])  # pixels have y down, the model's frame has y up
_NOISE = 0.006  # standard deviation of a point that is seen straight on, of the face's width
_DEPTH = 0.35  # how much a point's depth counts beside its place in the picture
_UNSEEN = 0.1  # how much a point still counts that looks away from the viewer: it is guessed
_JAW = 0.05  # how much of the outline's lower half is held, beside forehead and temples
_LOW = -2.0  # model units: where that begins
_FREE = 1e-8  # of a coefficient that may be anything: only keeps the system solvable


@dataclass(frozen=True, slots=True, eq=False)
class Likeness:
    """A face brought over the model's, as far as photographs show it.

    Parameters
    ----------
    points : (468, 3) float64
        Model frame and unit.
    precision : (468, 3, 3) float64
        Inverse covariance of each point: less along the line of sight, less where the face looks
        away from the viewer, and less the further the head is turned.
    axes : (3, 3) float64
        From the model's frame and unit to source-image pixels, without the translation.
    """

    points: Array
    precision: Array
    axes: Array


@dataclass(frozen=True, slots=True, eq=False)
class Shape:
    """The coefficients of a face in an `IdentityModel`, in standard deviations.

    Parameters
    ----------
    identity : (i,) float32
        Of what people differ in.
    expression : (e,) float32
        Of what faces do.
    """

    identity: Float
    expression: Float


@dataclass(frozen=True, eq=False)
class IdentityModel:
    """A linear family of faces by the 468 points of the canonical mesh.

    Parameters
    ----------
    base : (468, 3) float32
        The mean face.
    identity : (i, 468, 3) float32
        What a coefficient of one standard deviation adds, by what people differ in; symmetric.
    expression : (e, 468, 3) float32
        The same, by what faces do.
    triangles : (m, 3) int32
        Of the points, counter-clockwise where a face looks at the viewer.
    """

    base: Float = field(repr=False)
    identity: Float = field(repr=False)
    expression: Float = field(repr=False)
    triangles: Int = field(repr=False)

    def __post_init__(self) -> None:
        require("base", self.base, (POINTS, 3), np.float32)
        require("identity", self.identity, ("i", POINTS, 3), np.float32)
        require("expression", self.expression, ("e", POINTS, 3), np.float32)

    @classmethod
    def load(cls) -> IdentityModel:
        """The model that facelab ships; read once.

        Raises
        ------
        WeightsError
            If its file is missing or damaged.
        """
        return _loaded()

    def likeness(self, points: Float) -> Likeness:
        """Bring a face over the model's.

        Parameters
        ----------
        points : (468, 3) float32
            Source-image pixels, the nearer the larger.
        """
        require("points", points, (POINTS, 3), np.float32)
        seen = points.astype(np.float64) * _FLIP
        scale, rotation, translation = similarity(self.base.astype(np.float64), seen)
        own = product((seen - translation) / scale, rotation)
        facing = product(self._normals(own), rotation[2])
        sight = rotation.T @ np.diag([1.0, 1.0, _DEPTH**2]) @ rotation
        noise = _NOISE * float(np.ptp(self.base[:, 0]))
        # A network errs the more, the further a head is turned.
        ahead = max(rotation[2, 2], _UNSEEN)
        shown = np.clip(facing, _UNSEEN, 1.0) * (ahead / noise) ** 2
        return Likeness(own, shown[:, None, None] * sight, scale * _FLIP[:, None] * rotation)

    def difference(self, others: Sequence[Likeness], own: Likeness) -> Array:
        """How one person's identity differs from another's, ``(468, 3)`` float64, model unit.

        The most probable coefficients of the difference under a normal prior: ridge regression on
        identity and, for each photograph, expression and pose. What the faces show badly says
        little of the coefficients, which then stay near 0. The lips stay as far apart as they are,
        the head as large.

        Parameters
        ----------
        others : sequence of Likeness
            Whose identity is wanted, in one or more photographs.
        own : Likeness
            From whom the points are to move.
        """
        count = len(self.identity)
        gram, moment = np.eye(count), np.zeros(count)
        for other in others:
            each, towards = _without(count, *self._equations(other, own))
            gram, moment = gram + each, moment + towards
        found = combined(solve(gram, moment), self._modes[:count])
        return _with_lips_together(self._held(found))

    def shape(self, face: Likeness) -> Shape:
        """The coefficients of a face: the most probable ones under a normal prior.

        What the face shows badly says little of them, and they stay near 0.

        Parameters
        ----------
        face : Likeness
        """
        gram, moment = self._normal(face.points - self.base, face.precision)
        count = len(self.identity)
        gram[:count, :count] += np.eye(count)
        found = solve(gram, moment).astype(np.float32)
        return Shape(found[:count], found[count:][: len(self.expression)])

    def _equations(self, other: Likeness, own: Likeness) -> tuple[Array, Array]:
        """The normal equations for the coefficients of `_modes` between two photographs."""
        covariance = np.linalg.inv(other.precision) + np.linalg.inv(own.precision)
        return self._normal(other.points - own.points, np.linalg.inv(covariance))

    def _normal(self, offsets: Array, precision: Array) -> tuple[Array, Array]:
        """The normal equations for the coefficients of `_modes` that explain offsets.

        Those of expression with their prior, those of identity without.
        """
        modes = self._modes
        weighted = np.einsum("kni,nij->knj", modes, precision).reshape(len(modes), -1)
        gram = product(weighted, modes.reshape(len(modes), -1).T) + np.diag(self._prior)
        return gram, product(weighted, offsets.ravel())

    @cached_property
    def _modes(self) -> Array:
        """Identity, expression, and what a small similarity does to the mean face."""
        shape = np.concatenate([self.identity, self.expression]).astype(np.float64)
        return np.concatenate([shape, similarities(self.base)])

    @cached_property
    def _prior(self) -> Array:
        """Inverse variances of what a photograph has of its own, beside identity."""
        out = np.full(len(self._modes), _FREE)
        out[: len(self.identity)] = 0
        out[len(self.identity) :][: len(self.expression)] = 1
        return out

    def _held(self, offsets: Array) -> Array:
        """Offsets after the similarity by which the outline of the upper face moves least.

        Hair, ears and skull go on there, and they are not another person's.
        """
        weight = np.zeros(POINTS)
        weight[list(OVAL)] = np.where(self.base[list(OVAL), 1] > _LOW, 1.0, _JAW)
        moves = similarities(self.base)
        weighted = (moves * weight[:, None]).reshape(len(moves), -1)
        gram = product(weighted, moves.reshape(len(moves), -1).T)
        return offsets - combined(solve(gram, product(weighted, offsets.ravel())), moves)

    def _normals(self, points: Array) -> Array:
        """The unit normal of the mesh at each point, ``(468, 3)``."""
        a, b, c = (points[corner] for corner in self.triangles.T)
        normal = np.zeros((POINTS, 3))
        for corner in self.triangles.T:
            np.add.at(normal, corner, np.cross(b - a, c - a))
        length: Array = np.linalg.norm(normal, axis=1, keepdims=True)
        return normal / np.maximum(length, 1e-12)


def similarities(points: Float) -> Array:
    """What translations, a growth and rotations do to points, to first order: ``(7, n, 3)``."""
    away = points.astype(np.float64) - points.mean(axis=0, dtype=np.float64)
    axes = np.eye(3)
    shifts = [np.broadcast_to(axis, away.shape) for axis in axes]
    return np.stack([*shifts, away, *(np.cross(axis, away) for axis in axes)])


def _without(count: int, gram: Array, moment: Array) -> tuple[Array, Array]:
    """The normal equations of the first unknowns alone, the others eliminated (Gauss)."""
    rows = np.column_stack([gram, moment])
    for i in reversed(range(count, len(gram))):
        rows[:i] -= (rows[:i, i] / rows[i, i])[:, None] * rows[i]
    return rows[:count, :count], rows[:count, -1]


def _with_lips_together(offsets: Array) -> Array:
    """Offsets that move the inner edges of the lips alike: how open a mouth is, is expression."""
    upper, lower = list(UPPER_LIP), list(LOWER_LIP)
    out = offsets.copy()
    out[upper] = out[lower] = (offsets[upper] + offsets[lower]) / 2
    return out


@cache
def _loaded() -> IdentityModel:
    """Read the model from its weights: modes are in 8 bits, each with a scale."""
    stored = weights.load("shape")
    identity, expression = (
        stored[kind].astype(np.float32) * stored[f"{kind}_scales"][:, None, None]
        for kind in ("identity", "expression")
    )
    triangles = weights.load("canonical_face")["triangles"].astype(np.int32)
    return IdentityModel(stored["base"], identity, expression, triangles)
