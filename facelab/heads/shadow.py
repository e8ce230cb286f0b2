"""What hides light from points: soft cast shadows, and how open each point is to light from around.

Shadows are told from the depth that a light sees (Williams, "Casting Curved Shadows on Curved
Surfaces", SIGGRAPH 1978), blurred as a distribution of depths (Donnelly & Lauritzen, "Variance
Shadow Maps", I3D 2006).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from facelab.heads.light import harmonics
from facelab.numerics import raster
from facelab.numerics.algebra import product
from facelab.numerics.arrays import Float, Int
from facelab.numerics.lookup import bilinear

Array = NDArray[np.float64]

_SIDE = 160  # of a shadow map, pixels
_BIAS = 0.15  # cm: a surface does not shade itself
_LEAK = 0.25  # of the light: less counts as none, or it would leak where two shadows meet


class Caster(NamedTuple):
    """A mesh that hides light: vertices ``(n, 3)``, cm, and triangles ``(m, 3)``."""

    vertices: Float
    triangles: Int
    two_sided: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class ShadowMap:
    """The depths that a distant light sees.

    Parameters
    ----------
    frame : (3, 3) float64
        Rows are right, up and toward the light.
    corner : (3,) float64
        What comes to the first pixel, in that frame.
    scale : float
        Pixels per cm.
    moments : (S, S, 2) float32
        Mean depth and mean squared depth about each pixel, cm in that frame.
    """

    frame: Array
    corner: Array
    scale: float
    moments: Float

    @classmethod
    def of(cls, casters: list[Caster], toward: Array, spread: float) -> ShadowMap:
        """Return the map of what hides a light toward `toward`, blurred by `spread` cm.

        It reaches as far as the first of the casters; what lies beyond is in the light.
        """
        frame = _frame(toward)
        vertices, triangles = _together(casters)
        seen = product(vertices.astype(np.float64), frame.T)
        first = seen[casters[0].triangles.ravel()]
        low, high = first.min(axis=0), first.max(axis=0)
        scale = (_SIDE - 3) / float((high - low)[:2].max())
        corner = low - 1 / scale
        placed = (seen - corner) * scale
        placed[:, 1] = _SIDE - 1 - placed[:, 1]
        fragments = raster.rasterize(placed.astype(np.float32), triangles, (_SIDE, _SIDE))
        depth = np.where(fragments.covered, fragments.depth / scale, 0).astype(np.float32)
        moments = np.dstack([depth, depth * depth])
        sigma = max(spread * scale / 2, 0.5)
        moments = cv2.GaussianBlur(moments, (0, 0), sigma)
        moments[[0, -1]] = moments[:, [0, -1]] = 0
        return cls(frame, corner, scale, moments)

    def at(self, points: Float) -> Float:
        """Return how much of the light reaches points ``(n, 3)``, [0, 1]."""
        seen = product(points.astype(np.float64), self.frame.T) - self.corner
        x = (seen[:, 0] * self.scale).astype(np.float32)
        y = (_SIDE - 1 - seen[:, 1] * self.scale).astype(np.float32)
        mean, square = bilinear(self.moments, x, y).T
        behind = mean - seen[:, 2].astype(np.float32) - np.float32(_BIAS)
        variance = np.maximum(square - mean * mean, np.float32(_BIAS**2))
        share = np.where(behind > 0, variance / (variance + behind * behind), 1)
        out: Float = np.clip((share - np.float32(_LEAK)) / np.float32(1 - _LEAK), 0, 1)
        return out


def openness(points: Float, normals: Float, casters: list[Caster], count: int = 48) -> Float:
    """Return what of the light around reaches points, ``(n, 9)``, as `light.open_transfer` has it.

    Parameters
    ----------
    points, normals : (n, 3) float32
        Of one frame.
    casters : list of Caster
        Of the same; what hides light.
    count : int
        Of the directions that are tried, evenly spread.
    """
    total = np.zeros((len(points), 9), np.float32)
    for direction in _sphere(count):
        facing = np.maximum(product(normals, direction.astype(np.float32)), 0)
        reached = ShadowMap.of(casters, direction, 0.5).at(points)
        total += (facing * reached)[:, None] * harmonics(direction.astype(np.float32))
    return total * np.float32(4 / count)  # over pi, of 4 pi steradians


def _sphere(count: int) -> Array:
    """Directions evenly spread over the sphere, a spiral by the golden angle."""
    place = np.arange(count) + 0.5
    z, turn = 1 - 2 * place / count, place * np.pi * (3 - np.sqrt(5))
    across = np.sqrt(1 - z * z)
    return np.stack([across * np.cos(turn), z, across * np.sin(turn)], axis=1)


def _frame(toward: Array) -> Array:
    aside = np.array([0.0, 1.0, 0.0]) if abs(toward[1]) < 0.9 else np.array([0.0, 0.0, 1.0])
    right = np.cross(aside, toward)
    right = right / np.sqrt((right**2).sum())
    return np.stack([right, np.cross(toward, right), toward])


def _together(casters: list[Caster]) -> tuple[Float, Int]:
    vertices, triangles, first = [], [], 0
    for each in casters:
        sides = [each.triangles, each.triangles[:, ::-1]] if each.two_sided else [each.triangles]
        triangles += [side + np.int32(first) for side in sides]
        vertices.append(each.vertices)
        first += len(each.vertices)
    return np.concatenate(vertices), np.concatenate(triangles)
