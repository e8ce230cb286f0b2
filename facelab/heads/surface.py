"""Meshes that are to be drawn, lit at their vertices, and the picture that they make together.

Solid ones are rasterized, see-through ones gathered in an A-buffer and laid over them. Light is
worked out at the vertices, which lie a few pixels apart, and colour at every sample. There are two
samples a pixel along each axis, weighted 1, 2, 1 about the pixel's centre, so that what is known of
a pixel, its class, depth and normal, is that of its middle sample.

Colours are linear here, in which light adds up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from facelab.edits.cielab import decoded, encoded
from facelab.numerics import abuffer, raster
from facelab.numerics.arrays import Bool, Float, Int, require
from facelab.numerics.vectors import unit

__all__ = ["Drawing", "Surface", "draw", "vertex_normals"]

Indices = NDArray[np.intp]
Paint = Callable[[Float], Float]

SAMPLES = 2  # a pixel along each axis


@dataclass(frozen=True, slots=True, eq=False)
class Surface:
    """A mesh as it lies in a picture.

    Parameters
    ----------
    name : str
        What it is; of `facelab.augment.classes.CLASSES` where a data set is made of the picture.
    vertices : (n, 3) float32
        Pixels, y down, depth the nearer the larger.
    triangles : (m, 3) int32
        Counter-clockwise as seen from outside, with y up.
    light : (n, 3) float32
        What a white surface would show there, linear RGB.
    gloss : (n, 3) float32
        What is reflected without taking the surface's colour, linear RGB.
    normals : (n, 3) float32
        Unit vectors, x right, y up, z toward the viewer.
    places : (n, c) float32
        What `paint` is told at each sample, such as a place in a texture.
    paint : callable
        From places ``(k, c)`` to linear RGB ``(k, 3)``, or ``(k, 4)`` with opacity.
    solid : bool
        Whether only the outside is seen and nothing shows through.
    """

    name: str
    vertices: Float
    triangles: Int
    light: Float
    gloss: Float
    normals: Float
    places: Float
    paint: Paint = field(repr=False)
    solid: bool = True

    def __post_init__(self) -> None:
        count = len(self.vertices)
        require("triangles", self.triangles, ("m", 3), np.int32)
        for name in ("vertices", "light", "gloss", "normals"):
            require(name, getattr(self, name), (count, 3), np.float32)
        require("places", self.places, (count, "c"), np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Drawing:
    """What surfaces show together.

    Parameters
    ----------
    colour : (H, W, 3) float32
        Linear RGB, times the opacity.
    opacity : (H, W) float32
        How much of each pixel they cover, [0, 1].
    label : (H, W) int32
        Which of `names` the middle of each pixel shows; -1 for none.
    solid : (H, W) int32
        The same without what is see-through.
    names : tuple of str
    depth : (H, W) float32
        Pixels, the nearer the larger; NaN where there is none.
    normals : (H, W, 3) float32
        Unit vectors; 0 where there is none.
    """

    colour: Float
    opacity: Float
    label: Int
    solid: Int
    names: tuple[str, ...]
    depth: Float
    normals: Float

    def over(self, image: Float) -> Float:
        """Return the drawing over an image ``(H, W, 3)``, both sRGB-encoded RGB in [0, 1]."""
        return encoded(self.colour + (1 - self.opacity)[..., None] * decoded(image))

    def shows(self, *names: str) -> Bool:
        """Return which pixels show what is called one of `names`, ``(H, W)``."""
        return self._among(self.label, names)

    def hides(self, *names: str) -> Bool:
        """Return which pixels would show one of `names`, but for what is see-through."""
        return self._among(self.solid, names)

    def _among(self, label: Int, names: Sequence[str]) -> Bool:
        wanted = np.array([*(name in names for name in self.names), False])
        out: Bool = wanted[label]
        return out


def draw(surfaces: Sequence[Surface], shape: tuple[int, int]) -> Drawing:
    """Draw surfaces, whichever is nearer before the other.

    Parameters
    ----------
    surfaces : sequence of Surface
    shape : (H, W)
        Of the picture.
    """
    fine = shape[0] * SAMPLES + 1, shape[1] * SAMPLES + 1
    names = tuple(dict.fromkeys(surface.name for surface in surfaces))
    samples = _Samples.empty(fine)
    _rasterize(_Group.of([each for each in surfaces if each.solid], names), samples)
    middle = slice(1, None, SAMPLES)
    solid = samples.label[middle, middle].copy()
    _lay_over(_Group.of([each for each in surfaces if not each.solid], names), samples)
    return Drawing(
        _reduced(samples.colour),
        np.clip(_reduced(samples.opacity), 0, 1),
        np.ascontiguousarray(samples.label[middle, middle]),
        solid,
        names,
        np.ascontiguousarray(samples.depth[middle, middle]),
        unit(samples.normals[middle, middle]),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Samples:
    """What is found at samples, filled in place; normals and labels at the middles of pixels."""

    colour: Float
    opacity: Float
    depth: Float
    label: Int
    normals: Float

    @classmethod
    def empty(cls, fine: tuple[int, int]) -> _Samples:
        colour, normals = np.zeros((2, *fine, 3), np.float32)
        depth = np.full(fine, np.nan, np.float32)
        return cls(colour, np.zeros(fine, np.float32), depth, np.full(fine, -1, np.int32), normals)


@dataclass(frozen=True, slots=True, eq=False)
class _Group:
    """Surfaces as one mesh.

    Parameters
    ----------
    surfaces : sequence of Surface
    numbers : (s,) intp
        Of the surfaces' names.
    vertices : (n, 3) float32
        Of all of them, in samples.
    triangles : (m, 3) int32
    starts : (s,) intp
        Each one's first triangle.
    """

    surfaces: Sequence[Surface]
    numbers: Indices
    vertices: Float
    triangles: Int
    starts: Indices

    @classmethod
    def of(cls, surfaces: Sequence[Surface], names: Sequence[str]) -> _Group:
        vertices = [np.zeros((0, 3), np.float32), *(each.vertices for each in surfaces)]
        firsts = np.cumsum([len(each) for each in vertices])
        triangles = [np.zeros((0, 3), np.int32)]
        triangles += [
            each.triangles + np.int32(first)
            for each, first in zip(surfaces, firsts[:-1], strict=True)
        ]
        starts = np.cumsum([len(each) for each in triangles])[:-1]
        numbers = np.array([names.index(each.name) for each in surfaces], np.intp)
        joined = np.concatenate(vertices) * np.float32(SAMPLES)
        joined[:, :2] += 1  # the samples of a border of half a pixel
        return cls(surfaces, numbers, joined, np.concatenate(triangles), starts)

    def shaded(self, triangle: Indices, weights: Float) -> tuple[Float, Float]:
        """Colour ``(k, 3)`` and opacity ``(k,)`` at places in triangles."""
        colour = np.empty((len(triangle), 3), np.float32)
        opacity = np.ones(len(triangle), np.float32)
        for surface, at, corners in self._owned(triangle):
            within = weights.take(at, axis=0)
            painted = surface.paint(raster.carried(surface.places, corners, within))
            colour[at] = painted[:, :3]
            if painted.shape[1] > 3:
                opacity[at] = painted[:, 3]
        corners = self.triangles.take(triangle, axis=0)
        both = np.hstack([self._joined("light"), self._joined("gloss")])
        lit = raster.carried(both, corners, weights)
        colour *= lit[:, :3]
        colour += lit[:, 3:]
        return colour, opacity

    def facing(self, triangle: Indices, weights: Float) -> Float:
        """Normals ``(k, 3)`` there."""
        return raster.carried(self._joined("normals"), self.triangles[triangle], weights)

    def labels(self, triangle: Indices) -> Indices:
        """The numbers of the names of what triangles belong to."""
        return self.numbers[self._owner(triangle)]

    def _joined(self, name: str) -> Float:
        """An array of all surfaces, ``(n, 3)``."""
        return np.concatenate([getattr(each, name) for each in self.surfaces])

    def _owned(self, triangle: Indices) -> Iterator[tuple[Surface, Indices, Int]]:
        """Each surface, which of the places it has, and the corners of its triangles there."""
        owner = self._owner(triangle)
        order = np.argsort(owner, kind="stable")  # of small integers: a radix sort
        ends = np.cumsum(np.bincount(owner, minlength=len(self.surfaces)))
        for surface, start, at in zip(
            self.surfaces, self.starts, np.split(order, ends[:-1]), strict=True
        ):
            yield surface, at, surface.triangles.take(triangle[at] - start, axis=0)

    def _owner(self, triangle: Indices) -> NDArray[np.uint8]:
        """Which surface each triangle belongs to."""
        owner = np.zeros(len(self.triangles), np.uint8)
        owner[self.starts[1:]] = 1
        return np.cumsum(owner, dtype=np.uint8)[triangle]


def _rasterize(group: _Group, samples: _Samples) -> None:
    """Draw solid surfaces."""
    if not group.surfaces:
        return
    fragments = raster.rasterize(group.vertices, group.triangles, samples.opacity.shape)
    pixel = np.flatnonzero(fragments.covered)
    triangle = fragments.triangle.ravel()[pixel].astype(np.intp)
    weights = fragments.barycentric.reshape(-1, 3).take(pixel, axis=0)
    samples.colour.reshape(-1, 3)[pixel] = group.shaded(triangle, weights)[0]
    samples.opacity.ravel()[pixel] = 1
    samples.depth.ravel()[pixel] = fragments.depth.ravel()[pixel] / SAMPLES
    middle = np.flatnonzero(_is_middle(samples)[pixel])
    _tell(group, samples, pixel[middle], triangle[middle], weights[middle])


def _lay_over(group: _Group, samples: _Samples) -> None:
    """Draw see-through surfaces before the solid ones."""
    if not group.surfaces:
        return
    behind = samples.depth * SAMPLES
    front = np.where(np.isnan(behind), -np.inf, behind)
    layers = abuffer.gather(group.vertices, group.triangles, behind.shape, front)
    shown, covers = group.shaded(layers.triangle, layers.barycentric)
    colour, opacity = abuffer.composite(layers, shown, covers)
    pixel, clear = layers.pixel[layers.starts], 1 - opacity
    for values, laid in (
        (samples.colour.reshape(-1, 3), colour),
        (samples.opacity.reshape(-1, 1), opacity[:, None]),
    ):
        values[pixel] = laid + clear[:, None] * values[pixel]
    half = abuffer.halfway(layers, covers)
    half = half[_is_middle(samples)[layers.pixel[half]]]
    pixel, triangle = layers.pixel[half], layers.triangle[half]
    samples.depth.ravel()[pixel] = layers.depth[half] / SAMPLES
    _tell(group, samples, pixel, triangle, layers.barycentric[half])


def _tell(
    group: _Group, samples: _Samples, pixel: Indices, triangle: Indices, weights: Float
) -> None:
    """Write down what pixels show, and which way it looks."""
    samples.label.ravel()[pixel] = group.labels(triangle)
    samples.normals.reshape(-1, 3)[pixel] = group.facing(triangle, weights)


def _is_middle(samples: _Samples) -> Bool:
    """Whether a sample is the middle of a pixel, by its flat index."""
    out = np.zeros(samples.opacity.shape, np.bool_)
    out[1::SAMPLES, 1::SAMPLES] = True
    return out.ravel()


def _reduced(fine: Float) -> Float:
    """Samples to pixels: a tent two pixels wide about each pixel's centre."""
    kernel = np.array([0.25, 0.5, 0.25], np.float32)
    return np.ascontiguousarray(cv2.sepFilter2D(fine, -1, kernel, kernel)[1::SAMPLES, 1::SAMPLES])


def vertex_normals(vertices: Float, triangles: Int) -> Float:
    """Return the unit normal of each vertex: its triangles' mean by area, ``(n, 3)``.

    Parameters
    ----------
    vertices : (n, 3) float32
        In a frame with x right, y up and z toward the viewer.
    triangles : (m, 3) int32
        Counter-clockwise as seen from outside.
    """
    along, corners = vertices.T.astype(np.float64), np.ascontiguousarray(triangles.T)
    x, y, z = (axis.take(corners) for axis in along)
    (bx, cx), (by, cy), (bz, cz) = (axis[1:] - axis[0] for axis in (x, y, z))
    across = by * cz - bz * cy, bz * cx - bx * cz, bx * cy - by * cx
    flat = triangles.ravel()
    total = [np.bincount(flat, np.repeat(axis, 3), len(vertices)) for axis in across]
    return unit(np.stack(total, axis=1))
