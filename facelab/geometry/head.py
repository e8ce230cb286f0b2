"""A linear family of heads, and the one of them that fits a face.

A morphable model (Blanz & Vetter, "A Morphable Model for the Synthesis of 3D Faces", SIGGRAPH 1999)
whose surface is registered to the 468 points of the canonical face mesh. Any model will do that is
written down so; `scripts/convert_ict.py` makes such a file of ICT-FaceKit.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from facelab.errors import UsageError
from facelab.files import read_bytes, why
from facelab.geometry.pose import similarity
from facelab.numerics.algebra import combined, product, solve
from facelab.numerics.arrays import Float, Int, require
from facelab.types import Crop
from facelab.weights import LARGEST, parse

Array = NDArray[np.float64]

POINTS = 468
_LARGEST = 1e9  # number in a model: micrometres would do
_FLIP = np.array([1.0, -1.0, 1.0])  # pixels have y down, the model's frame has y up
_NOISE = 0.005  # standard deviation of a point that the fit reckons with, of the face's width
_DEPTH = 0.35  # how much a point's depth counts beside its place in the picture
_ROUNDS = 6  # of pose and shape in turn
_LAYOUT = {
    "base": ("n", 3),
    "modes": ("k", "n", 3),
    "triangles": ("m", 3),
    "points": (POINTS, 3),
    "point_modes": ("k", POINTS, 3),
    "deviations": ("k",),
    "expressions": (),
}


@dataclass(frozen=True, slots=True, eq=False)
class Head:
    """A head of the family as it lies in an image.

    Parameters
    ----------
    model : HeadModel
    points : (468, 3) float32
        The points of the canonical mesh on it, source-image pixels.
    vertices : (n, 3) float32
        All of its surface, source-image pixels.
    axes : (3, 3) float32
        From the model's frame and unit to source-image pixels, without the translation.
    """

    model: HeadModel = field(repr=False)
    points: Float
    vertices: Float
    axes: Float

    def corrected(self, points: Float) -> Float:
        """Return points ``(468, 3)`` float32 with the head's depth instead of their own."""
        depth = self.points[:, 2]
        return np.column_stack([points[:, :2], depth]).astype(np.float32)

    def offsets(self, coefficients: Float) -> tuple[Float, Float]:
        """Offsets of the 468 points and the vertices, pixels, if coefficients ``(k,)`` change."""
        model, by = self.model, coefficients.astype(np.float32)
        moved = (combined(by, modes) for modes in (model.point_modes, model.modes))
        points, vertices = (product(offset, self.axes.T) for offset in moved)
        return points, vertices

    def seen_in(self, crop: Crop) -> Head:
        """The head in the pixels of a crop."""
        turn = np.eye(3)
        turn[:2, :2] = crop.matrix[:, :2] * (crop.side / crop.size)
        axes = (crop.size / crop.side) * turn @ self.axes
        points, vertices = crop.apply(self.points), crop.apply(self.vertices)
        return Head(self.model, points, vertices, axes.astype(np.float32))


@dataclass(frozen=True, eq=False)
class HeadModel:
    """A linear family of heads: base + coefficients @ modes.

    Its frame has x to the image's right when frontal, y up and z toward the viewer; any unit.

    Parameters
    ----------
    base : (n, 3) float32
        Vertices of the mean head.
    modes : (k, n, 3) float32
        What a coefficient of 1 adds; identity first, then expressions.
    triangles : (m, 3) int32
        Vertex indices, counter-clockwise as seen from outside.
    points : (468, 3) float32
        The points of the canonical face mesh on the mean head.
    point_modes : (k, 468, 3) float32
        What a coefficient of 1 adds to them.
    deviations : (k,) float32
        Standard deviations of the coefficients.
    expressions : int
        How many modes, the last ones, are expressions.
    """

    base: Float = field(repr=False)
    modes: Float = field(repr=False)
    triangles: Int = field(repr=False)
    points: Float = field(repr=False)
    point_modes: Float = field(repr=False)
    deviations: Float = field(repr=False)
    expressions: int = 0

    def __post_init__(self) -> None:
        count, vertices = len(self.modes), len(self.base)
        require("base", self.base, ("n", 3), np.float32)
        require("modes", self.modes, ("k", vertices, 3), np.float32)
        require("triangles", self.triangles, ("m", 3), np.int32)
        require("points", self.points, (POINTS, 3), np.float32)
        require("point_modes", self.point_modes, (count, POINTS, 3), np.float32)
        require("deviations", self.deviations, (count,), np.float32)
        if not 0 <= self.expressions <= count:
            raise ValueError(f"expressions must be 0 to {count}, not {self.expressions}")
        numbers = (self.base, self.modes, self.points, self.point_modes, self.deviations)
        if not all((np.abs(array) < _LARGEST).all() for array in numbers):
            raise ValueError(
                "base, modes, points, point_modes and deviations must be finite, and in a unit in "
                "which a head is not huge"
            )
        if not (np.ptp(self.points, axis=0) > 0).all():
            raise ValueError("points must not lie in a plane")
        if not (self.deviations > 0).all():
            raise ValueError("deviations must be greater than 0")
        if not ((self.triangles >= 0) & (self.triangles < vertices)).all():
            raise ValueError(f"triangles must be vertices, 0 to {vertices - 1}")

    @classmethod
    def read(cls, path: Path) -> HeadModel:
        """Read a model from a ``.safetensors`` file with arrays of these names.

        Raises
        ------
        UsageError
            If it cannot be read, or is not such a file.
        """
        try:
            stored = parse(read_bytes(path, LARGEST))
            floats = {
                name: stored[name].astype(np.float32)
                for name in _LAYOUT
                if name not in ("triangles", "expressions")
            }
            if stored["triangles"].dtype.kind not in "iu":
                raise ValueError("triangles must be integers")
            triangles = stored["triangles"].astype(np.int32)
            return cls(**floats, triangles=triangles, expressions=int(stored["expressions"]))
        except OSError as error:
            raise UsageError(f"{path}: {why(error)}; give a head model") from None
        except (ValueError, KeyError, TypeError) as error:
            raise UsageError(
                f"{path}: not a head model ({type(error).__name__}: {error}); give a safetensors "
                f"file with {', '.join(_LAYOUT)}, see docs/train.md"
            ) from None

    def fit(self, points: Float) -> Head:
        """Fit the head whose points come nearest to those seen.

        Pose and shape in turn, each the solution of a linear least-squares problem; the shape's is
        kept near the mean by the coefficients' deviations.

        Parameters
        ----------
        points : (468, 3) float32
            Of the canonical mesh, source-image pixels, the nearer the larger.
        """
        require("points", points, (POINTS, 3), np.float32)
        wanted = points.astype(np.float64) * _FLIP
        shape = np.zeros(len(self.modes))
        for _ in range(_ROUNDS):
            own = self.points.astype(np.float64) + combined(shape, self.point_modes)
            scale, rotation, translation = similarity(own, wanted)
            shape = self._shape(product((wanted - translation) / scale, rotation), rotation)
        return self.head(shape, scale, rotation, translation)

    def head(self, shape: Array, scale: float, rotation: Array, translation: Array) -> Head:
        """The head with coefficients ``(k,)``, placed: scale * rotation @ vertex + translation."""
        axes = scale * _FLIP[:, None] * rotation
        own = (
            base + combined(shape.astype(np.float32), modes)
            for base, modes in ((self.points, self.point_modes), (self.base, self.modes))
        )
        placed = (np.asarray(product(x, axes.T) + translation * _FLIP, np.float32) for x in own)
        points, vertices = placed
        return Head(self, points, vertices, axes.astype(np.float32))

    def _shape(self, wanted: Array, rotation: Array) -> Array:
        """Coefficients ``(k,)`` for points given in the model's frame, turned by `rotation` there.

        Ridge regression; what lies along the line of sight counts less.
        """
        sight = rotation.T @ np.diag([1.0, 1.0, _DEPTH**2]) @ rotation
        noise = (_NOISE * np.ptp(self.points[:, 0])) ** 2
        gram = combined(sight.ravel(), self._products)
        gram = gram + np.diag(noise / self.deviations.astype(np.float64) ** 2)
        away = product(wanted - self.points, sight)
        moment = product(self.point_modes.reshape(len(gram), 3 * POINTS), away.ravel())
        return solve(gram, moment)

    @cached_property
    def _products(self) -> Array:
        """Sums over the points of products of the modes' coordinates, ``(9, k, k)``."""
        modes = self.point_modes.astype(np.float64)
        return np.stack(
            [product(modes[..., a], modes[..., b].T) for a in range(3) for b in range(3)]
        )
