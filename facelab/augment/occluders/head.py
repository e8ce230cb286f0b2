"""The frame of a person's head, in which occluders are built, and a plain head to lay them on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from facelab import weights
from facelab.atlas import grid_triangles
from facelab.augment.occluders.surface import lathe
from facelab.geometry import pose
from facelab.geometry.landmarks import points468
from facelab.numerics import raster
from facelab.numerics.algebra import Floats, product
from facelab.numerics.arrays import Int
from facelab.types import PositionMap

_FLIP = np.array([1.0, -1.0, 1.0], np.float32)  # pixels have y down, the head's frame has y up
_SKULL = np.array([0.0, 3.0, -4.5]), np.array([7.9, 10.6, 9.8])  # middle and radii of an ellipsoid
_NECK = np.array([[5.6, -5.0], [5.8, -11.0], [6.4, -17.0], [8.5, -22.0]])  # radius, height
_NECK_BACK = -5.0  # z of its middle
_TEMPLES = 127, 356  # points of the canonical mesh
_CELL = 0.4  # cm, of the view in which things are laid on the head
_FLESH = 0.06  # share of the points that may sink in a little


@dataclass(frozen=True, slots=True, eq=False)
class HeadFrame:
    """A head in a picture.

    Parameters
    ----------
    rotation : (3, 3) float32
        From the head's frame, cm, to the camera's: x right, y up, z toward the viewer.
    scale : float
        Pixels per cm.
    translation : (3,) float32
        The place of the frame's origin in the picture, pixels and depth.
    points : (468, 3) float32
        The canonical mesh's points on the person's face, in that frame.
    """

    rotation: Floats
    scale: float
    translation: Floats
    points: Floats

    @classmethod
    def of(cls, positions: PositionMap) -> HeadFrame:
        """The frame of a face."""
        points = points468(positions)
        scale, rotation, translation = pose.similarity(
            canonical_points().astype(np.float64), (points * _FLIP).astype(np.float64)
        )
        away = (points * _FLIP - translation) / scale
        return cls(
            np.asarray(rotation, np.float32),
            float(scale),
            np.asarray(translation * _FLIP, np.float32),
            np.asarray(product(away, rotation), np.float32),
        )

    @property
    def width(self) -> float:
        """The head's width over that of the canonical one."""
        right, left = self.points[list(_TEMPLES), 0]
        canonical = canonical_points()[list(_TEMPLES), 0]
        return float(np.clip(abs(left - right) / (canonical[1] - canonical[0]), 0.8, 1.25))

    def mirrored(self) -> HeadFrame:
        """The same head in a frame whose x goes the other way, for what is on its other side."""
        turn = np.array([-1, 1, 1], np.float32)
        return replace(self, rotation=self.rotation * turn, points=self.points * turn)

    def pixels(self, points: Floats) -> Floats:
        """Points ``(n, 3)`` of the head's frame in the picture, pixels and depth."""
        turned = product(points.astype(np.float32), self.rotation.T)
        return turned * np.float32(self.scale) * _FLIP + self.translation

    def unprojected(self, places: Floats) -> Floats:
        """Places ``(..., 3)`` of the picture, pixels and depth, in the head's frame, cm."""
        away = (places - self.translation) * _FLIP / np.float32(self.scale)
        return np.asarray(product(away, self.rotation), np.float32)

    def toward_camera(self, directions: Floats) -> Floats:
        """Directions ``(n, 3)`` of the head's frame in the camera's: x right, y up, z to it."""
        return np.asarray(product(directions, self.rotation.T), np.float32)

    def mesh(self) -> tuple[Floats, Int]:
        """A plain head: the person's face, a skull and a neck, as vertices (cm) and triangles."""
        middle, radii = _SKULL
        stretch = np.array([self.width, 1.0, 1.0])
        skull = _sphere() * radii * stretch + middle
        vertices = np.concatenate([self.points, skull, self.neck()]).astype(np.float32)
        return vertices, _mesh_triangles()

    def neck(self) -> Floats:
        """The vertices of a plain neck, cm."""
        round_about = lathe(_NECK, 17).reshape(-1, 3) * [self.width, 1, 1]
        return np.asarray(round_about + np.array([0, 0, _NECK_BACK]), np.float32)

    def pushed_out(self, points: Floats, outward: Floats, gap: float = 0.0) -> Floats:
        """How far points ``(n, 3)`` must move along `outward`, a unit vector, to lie on the head.

        Returns
        -------
        (3,) float32
            cm; with it hardly any point lies below the head's surface as seen from there, and the
            nearest lies `gap` above.
        """
        view = _view_along(outward)
        head, triangles = self.mesh()
        at, cells = (product(each, view.T) / np.float32(_CELL) for each in (points, head))
        corner = np.append(cells[:, :2].min(axis=0) - 1, 0).astype(np.float32)
        shape = np.ceil((cells - corner).max(axis=0)[1::-1]).astype(int) + 2
        front = raster.rasterize(
            (cells - corner).astype(np.float32), triangles, (int(shape[0]), int(shape[1]))
        )
        column, row = np.rint(at - corner).astype(int).T[:2]
        over = (column >= 0) & (column < shape[1]) & (row >= 0) & (row < shape[0])
        over[over] = front.covered[row[over], column[over]]
        if not over.any():
            return np.zeros(3, np.float32)
        sunk = front.depth[row[over], column[over]] - at[over, 2]
        most = np.sort(sunk)[-1 - int(_FLESH * sunk.size)]
        return np.asarray((most * _CELL + gap) * outward, np.float32)


def _view_along(outward: Floats) -> Floats:
    """The axes of a view from `outward`: right, down, toward it; rows of ``(3, 3)``."""
    up = np.array([0.0, 1.0, 0.0]) if abs(outward[1]) < 0.9 else np.array([0.0, 0.0, 1.0])
    right = np.cross(up, outward)
    right /= np.sqrt((right * right).sum())
    return np.stack([right, np.cross(right, outward), outward]).astype(np.float32)


@cache
def canonical_points() -> Floats:
    """The points of the canonical mesh, ``(468, 3)``, cm."""
    out: Floats = weights.load("canonical_face")["vertices"]
    return out


@cache
def _sphere() -> Floats:
    """The vertices of a unit sphere, from the top downward."""
    rise = np.linspace(np.pi / 2, -np.pi / 2, 11)
    return lathe(np.stack([np.cos(rise), np.sin(rise)], axis=1), 17).reshape(-1, 3)


@cache
def _mesh_triangles() -> Int:
    """The triangles of `HeadFrame.mesh`."""
    face: Int = weights.load("canonical_face")["triangles"]
    skull = grid_triangles(np.ones((11, 17), np.bool_))
    neck = grid_triangles(np.ones((len(_NECK), 17), np.bool_))
    out = np.concatenate([face, skull + 468, neck + 468 + 11 * 17])
    return np.ascontiguousarray(out, np.int32)
