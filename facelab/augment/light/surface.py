"""The surface that light falls on: which way it looks, how near it is, what of it is a person."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np

from facelab.atlas import Atlas, grid_triangles
from facelab.augment.classes import CLASSES, NOT_KNOWN
from facelab.augment.ground_truth import GroundTruth
from facelab.export.normals import vertex_normals
from facelab.numerics.arrays import Bool, Float, Int
from facelab.numerics.raster import interpolate, rasterize
from facelab.numerics.smoothing import spread
from facelab.types import PositionMap

SIDE = 128  # pixels along the longer side of the grid
_STEP = 4  # texels between the vertices that a face is drawn with
_BEHIND = 1.0  # sizes of the face from its farthest point to what is behind the person
_RING = 0.04  # of the border that unknown surface is like
_RECEDING = 0.2  # by which it falls back, and over which
_LOWER, _HALF = 0.06, 0.5
_MIXED = 0.4  # of a person: pixels with less show more of what is behind, whose light they keep
_GRAZING = 0.15  # cosine to the viewer below which a drawn surface is not relied on
_UP = np.array([1, -1, 1], np.float32)  # pixels have y down, normals have it up


@dataclass(frozen=True, slots=True, eq=False)
class Surface:
    """What light falls on, on a grid over the picture.

    Parameters
    ----------
    normals : (h, w, 3) float32
        Unit vectors; where no surface is known they go on smoothly from where one is.
    depth : (h, w) float32
        Pixels of the grid, the nearer the larger, 0 for what is behind the person; where none is
        known it recedes from where one is.
    known : (h, w) float32
        Where the surface is known, [0, 1].
    person : (H, W) float32
        How much of each pixel of the picture is a person, [0, 1].
    size : float
        Of the face, pixels of the grid.
    middle : (2,) float
        Of the face, x and y in pixels of the grid.
    """

    normals: Float
    depth: Float
    known: Float
    person: Float
    size: float
    middle: tuple[float, float]

    @property
    def shape(self) -> tuple[int, int]:
        """Of the grid, ``(h, w)``."""
        height, width = self.depth.shape
        return height, width

    @property
    def silhouette(self) -> Float:
        """The person on the grid, ``(h, w)``, [0, 1]."""
        return _reduced(self.person, self.shape)

    @property
    def relief(self) -> Float:
        """What casts shadows: the depth of the person, else of the wall, ``(h, w)``.

        Where a surface is guessed it lies a little lower, so that the guess does not shade what is
        known.
        """
        lower = self.depth - np.float32(_LOWER * self.size) * (1 - self.known)
        return np.where(self.silhouette > _HALF, lower, np.float32(0))


def surface_of(
    positions: PositionMap,
    occlusion: Float,
    matte: Float | None = None,
    truth: GroundTruth | None = None,
) -> Surface:
    """The surface that a picture shows: what its ground truth knows, else its face.

    Parameters
    ----------
    positions : PositionMap
    occlusion : (H, W) float32
        How far something hides the face, [0, 1]; it is in front of what is behind the person, too.
    matte : (H, W) float32, optional
        How much of each pixel is a person, [0, 1]; by default what the classes say, else all.
    truth : GroundTruth, optional
    """
    height, width = occlusion.shape
    scale = min(SIDE / max(height, width), 1.0)
    shape = max(round(height * scale), 1), max(round(width * scale), 1)
    if truth is not None and truth.normals is not None and truth.depth is not None:
        normals, depth, known = _of_truth(truth.normals, truth.depth, shape)
    else:
        normals, depth, known = _of_face(positions, scale, shape)
    size, (x, y) = positions.box.size * scale, positions.box.centre
    middle = (x + 0.5) * scale - 0.5, (y + 0.5) * scale - 0.5
    if known.any():
        depth -= depth[known > 0].min() - np.float32(_BEHIND * size)
    normals, depth = _extended(normals, depth, known, size)
    person = _person(occlusion, matte, truth)
    return Surface(normals, depth, known, person, size, middle)


def _extended(normals: Float, depth: Float, known: Float, size: float) -> tuple[Float, Float]:
    """Normals and depth carried on from the border of where they are known."""
    reach = 2 * max(round(_RING * size), 1) + 1
    around = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach))
    ring = known - cv2.erode(known, around)
    beyond = spread(np.dstack([normals, depth]), ring)
    away = np.maximum(1 - 2 * cv2.GaussianBlur(known, (0, 0), _RECEDING * size), 0)
    receded = beyond[..., 3] - np.float32(_RECEDING * size) * away
    full = np.where(known[..., None] > 0, normals, beyond[..., :3])
    return _unit(full), np.where(known > 0, depth, receded)


def _of_truth(normals: Float, depth: Float, shape: tuple[int, int]) -> tuple[Float, Float, Float]:
    """Normals, depth and where both are known, on a grid."""
    there = np.isfinite(depth) & (normals != 0).any(axis=2)
    share = _reduced(there.astype(np.float32), shape)
    known = (share > _HALF).astype(np.float32)
    share = np.maximum(share, np.float32(1e-6))
    mean = _reduced(normals, shape) / share[..., None]
    mean_depth = _reduced(np.where(there, depth, np.float32(0)), shape) / share
    mean_depth *= np.float32(shape[0] / depth.shape[0])
    return mean, mean_depth, known


def _reduced(values: Float, shape: tuple[int, int]) -> Float:
    """A field of the picture on a grid."""
    out: Float = cv2.resize(values, shape[::-1], interpolation=cv2.INTER_AREA)
    return out


def _of_face(
    positions: PositionMap, scale: float, shape: tuple[int, int]
) -> tuple[Float, Float, Float]:
    """Normals, depth and where both are known, of a face that is drawn on the grid."""
    rows, triangles = _mesh(positions.atlas)
    vertices = positions.values[::_STEP, ::_STEP][rows]
    places = (vertices + np.array([0.5, 0.5, 0], np.float32)) * np.float32(scale)
    places -= np.array([0.5, 0.5, 0], np.float32)
    fragments = rasterize(places, triangles, shape)
    normals = interpolate(fragments, triangles, vertex_normals(places * _UP, triangles))
    known = fragments.covered & (normals[..., 2] > _GRAZING)
    return normals, fragments.depth, known.astype(np.float32)


@cache
def _mesh(atlas: Atlas) -> tuple[Bool, Int]:
    """The face of every fourth texel, and its triangles."""
    rows = atlas.face[::_STEP, ::_STEP]
    return rows, grid_triangles(rows)


def _person(occlusion: Float, matte: Float | None, truth: GroundTruth | None) -> Float:
    """How much of each pixel is a person, ``(H, W)``: by matte, by classes, else all of it."""
    if matte is not None:
        share = (np.maximum(matte, occlusion) - _MIXED) / np.float32(1 - _MIXED)
        return np.asarray(np.clip(share, 0, 1), np.float32)
    if truth is not None and (truth.classes == CLASSES["background"]).any():
        return _of_classes(truth)
    return np.ones(occlusion.shape, np.float32)


def _of_classes(truth: GroundTruth) -> Float:
    """1 where a class says that there is something, 0 where it is background; edges are soft."""
    there = (truth.classes != CLASSES["background"]) & (truth.classes != NOT_KNOWN)
    soft: Float = cv2.GaussianBlur(there.astype(np.float32), (0, 0), 0.7)
    return soft


def _unit(vectors: Float) -> Float:
    x, y, z = cv2.split(vectors)
    length = np.sqrt(x * x + y * y + z * z)[..., None]
    return np.asarray(vectors / np.maximum(length, np.float32(1e-6)), np.float32)
