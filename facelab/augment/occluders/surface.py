"""Surfaces that occluders are made of: textured triangle meshes in the head's frame, cm."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from facelab.atlas import grid_triangles
from facelab.numerics.algebra import Floats, product
from facelab.numerics.arrays import Int


@dataclass(frozen=True, slots=True, eq=False)
class Surface:
    """One piece of an occluder, of one material.

    Parameters
    ----------
    vertices : (n, 3) float32
        cm; x to the image's right when frontal, y up, z toward the viewer.
    triangles : (m, 3) int32
        Counter-clockwise from outside.
    normals : (n, 3) float32
        Unit vectors, outward.
    uv : (n, 2) float32
        Place in the texture, [0, 1], u right and v down.
    texture : (S, T, 4) float32
        Colour without light, sRGB, and opacity; [0, 1].
    label : str
        The class of its pixels, of `facelab.augment.classes.CLASSES`.
    gloss : float
        How strongly it mirrors the light, [0, 1].
    thin : bool
        Whether it is seen from behind, too.
    openness : (n,) float32, optional
        How much of the light reaches a vertex, [0, 1]; by default all.
    lens : bool
        Whether it is the lens of glasses.
    """

    vertices: Floats
    triangles: Int
    normals: Floats
    uv: Floats
    texture: Floats
    label: str
    gloss: float = 0.0
    thin: bool = False
    openness: Floats | None = None
    lens: bool = False

    def moved(self, rotation: Floats, origin: Floats) -> Surface:
        """The surface turned by the columns of `rotation` (3, 3), then moved by `origin` (3,).

        A rotation that mirrors turns the triangles about.
        """
        mirrors = np.linalg.det(rotation) < 0
        return replace(
            self,
            vertices=product(self.vertices, rotation.T) + origin,
            normals=product(self.normals, rotation.T),
            triangles=self.triangles[:, ::-1] if mirrors else self.triangles,
        )

    @property
    def opacity(self) -> float:
        """The mean opacity of its texture."""
        return float(self.texture[..., 3].mean())


def of_grid(
    points: Floats,
    texture: Floats,
    label: str,
    *,
    closed: bool = False,
    gloss: float = 0.0,
    thin: bool = False,
) -> Surface:
    """A surface through a grid of points.

    Parameters
    ----------
    points : (r, c, 3) float
        Rows go down and columns to the right as seen from outside; u and v go with them.
    texture, label, gloss, thin
        As of `Surface`.
    closed : bool
        Whether the last column lies on the first one.
    """
    rows, columns = points.shape[:2]
    triangles = grid_triangles(np.ones((rows, columns), np.bool_))
    vertices = np.ascontiguousarray(points.reshape(-1, 3), np.float32)
    v, u = np.mgrid[0 : 1 : rows * 1j, 0 : 1 : columns * 1j]
    uv = np.stack([u, v], axis=-1).reshape(-1, 2).astype(np.float32)
    sums = normal_sums(vertices, triangles).reshape(rows, columns, 3)
    if closed:
        sums[:, 0] = sums[:, -1] = sums[:, 0] + sums[:, -1]
    normals = unit(sums.reshape(-1, 3))
    return Surface(vertices, triangles, normals, uv, texture, label, gloss, thin)


def normal_sums(vertices: Floats, triangles: Int) -> Floats:
    """The sum of the normals of the triangles at each vertex, by area, ``(n, 3)``."""
    first, second, third = (vertices[corner] for corner in triangles.T)
    each = np.cross(second - first, third - first)
    corners = triangles.T.ravel()
    sums = [np.bincount(corners, np.tile(axis, 3), len(vertices)) for axis in each.T]
    return np.stack(sums, axis=1).astype(np.float32)


def unit(vectors: Floats) -> Floats:
    """Vectors ``(..., 3)`` of length 1, but those of length 0."""
    length = np.sqrt((vectors * vectors).sum(axis=-1, keepdims=True))
    return np.asarray(vectors / np.maximum(length, 1e-9), np.float32)


def tube(
    path: Floats, radii: tuple[float, float], sides: int = 8, *, closed: bool = False
) -> Floats:
    """The grid of a tube around a path, ``(k, sides + 1, 3)``.

    Parameters
    ----------
    path : (k, 3) float
        cm.
    radii : (across, along)
        Of its elliptic section, in the plane of the path's side and along z, cm.
    sides : int
    closed : bool
        Whether the path returns to its beginning, which is then its last point, too.
    """
    if closed:
        ring = np.concatenate([path[-2:-1], path, path[1:2]])
        along = unit(ring[2:] - ring[:-2])
    else:
        along = unit(np.gradient(path, axis=0))
    depth = np.broadcast_to(np.array([0.0, 0.0, 1.0]), along.shape)
    steep = np.abs(along[:, 2:]) > 0.9
    depth = np.where(steep, [0.0, 1.0, 0.0], depth)
    across = unit(np.cross(along, depth))
    depth = np.cross(across, along)
    turn = np.linspace(0, 2 * np.pi, sides + 1)
    section = (
        np.cos(turn)[None, :, None] * across[:, None] * radii[0]
        + np.sin(turn)[None, :, None] * depth[:, None] * radii[1]
    )
    return np.asarray(path[:, None] + section, np.float32)


def lathe(profile: Floats, columns: int = 32) -> Floats:
    """The grid of a profile turned about y, ``(k, columns, 3)``.

    The profile ``(k, 2)`` has radius and height, from the top downward.
    """
    turn = np.linspace(0, 2 * np.pi, columns)
    radius, height = profile.T[:, :, None]
    across = np.broadcast_to(height, (len(profile), columns))
    return np.stack([radius * np.sin(turn), across, radius * np.cos(turn)], axis=-1)
