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
    names : tuple of str
    depth : (H, W) float32
        Pixels, the nearer the larger; NaN where there is none.
    normals : (H, W, 3) float32
        Unit vectors; 0 where there is none.
    """

    colour: Float
    opacity: Float
    label: Int
    names: tuple[str, ...]
    depth: Float
    normals: Float

    def over(self, image: Float) -> Float:
        """Return the drawing over an image ``(H, W, 3)``, both sRGB-encoded RGB in [0, 1]."""
        return encoded(self.colour + (1 - self.opacity)[..., None] * decoded(image))

    def shows(self, name: str) -> Bool:
        """Return which pixels show what is called `name`, ``(H, W)``."""
        numbers = [number for number, each in enumerate(self.names) if each == name]
        return np.isin(self.label, numbers)


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
    _lay_over(_Group.of([each for each in surfaces if not each.solid], names), samples)
    middle = slice(1, None, SAMPLES)
    return Drawing(
        _reduced(samples.colour),
        np.clip(_reduced(samples.opacity), 0, 1),
        np.ascontiguousarray(samples.label[middle, middle]),
        names,
        np.ascontiguousarray(samples.depth[middle, middle]),
        _unit(samples.normals[middle, middle]),
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

    def shaded(self, triangle: Indices, weights: Float) -> Float:
        """Colour and opacity ``(k, 4)`` at places in triangles."""
        out = np.ones((len(triangle), 4), np.float32)
        for surface, at, corners in self._owned(triangle):
            carried = _carried(
                np.hstack([surface.light, surface.gloss, surface.places]), corners, weights[at]
            )
            paint = surface.paint(carried[:, 6:])
            out[at, : paint.shape[1]] = paint
            out[at, :3] = out[at, :3] * carried[:, :3] + carried[:, 3:6]
        return out

    def facing(self, triangle: Indices, weights: Float) -> Float:
        """Normals ``(k, 3)`` there."""
        out = np.zeros((len(triangle), 3), np.float32)
        for surface, at, corners in self._owned(triangle):
            out[at] = _carried(surface.normals, corners, weights[at])
        return out

    def labels(self, triangle: Indices) -> Indices:
        """The numbers of the names of what triangles belong to."""
        return self.numbers[np.searchsorted(self.starts, triangle, "right") - 1]

    def _owned(self, triangle: Indices) -> Iterator[tuple[Surface, Indices, Int]]:
        """Each surface, which of the places it has, and the corners of its triangles there."""
        owner = np.searchsorted(self.starts, triangle, "right") - 1
        for number, surface in enumerate(self.surfaces):
            at = np.flatnonzero(owner == number)
            if len(at):
                yield surface, at, surface.triangles[triangle[at] - self.starts[number]]


def _rasterize(group: _Group, samples: _Samples) -> None:
    """Draw solid surfaces."""
    fragments = raster.rasterize(group.vertices, group.triangles, samples.opacity.shape)
    covered = fragments.covered
    triangle = fragments.triangle[covered].astype(np.intp)
    weights = fragments.barycentric[covered]
    samples.colour[covered] = group.shaded(triangle, weights)[:, :3]
    samples.opacity[covered] = 1
    samples.depth[covered] = fragments.depth[covered] / SAMPLES
    middle = np.flatnonzero((covered & _middles(covered.shape))[covered])
    _tell(group, samples, np.flatnonzero(covered)[middle], triangle[middle], weights[middle])


def _lay_over(group: _Group, samples: _Samples) -> None:
    """Draw see-through surfaces before the solid ones."""
    shape, behind = samples.opacity.shape, samples.depth * SAMPLES
    front = np.where(np.isnan(behind), -np.inf, behind)
    layers = abuffer.gather(group.vertices, group.triangles, shape, front)
    shown = group.shaded(layers.triangle, layers.barycentric)
    colour, opacity = abuffer.composite(layers, shown[:, :3], shown[:, 3])
    clear = 1 - opacity
    samples.colour[:] = colour + clear[..., None] * samples.colour
    samples.opacity[:] = opacity + clear * samples.opacity
    half = abuffer.halfway(layers, shown[:, 3])
    half = half[_middles(shape).ravel()[layers.pixel[half]]]
    pixel, triangle = layers.pixel[half], layers.triangle[half]
    samples.depth.ravel()[pixel] = layers.depth[half] / SAMPLES
    _tell(group, samples, pixel, triangle, layers.barycentric[half])


def _tell(
    group: _Group, samples: _Samples, pixel: Indices, triangle: Indices, weights: Float
) -> None:
    """Write down what pixels show, and which way it looks."""
    samples.label.ravel()[pixel] = group.labels(triangle)
    samples.normals.reshape(-1, 3)[pixel] = group.facing(triangle, weights)


def _middles(fine: tuple[int, ...]) -> Bool:
    """The samples in the middles of pixels."""
    out = np.zeros(fine, np.bool_)
    out[1::SAMPLES, 1::SAMPLES] = True
    return out


def _carried(attributes: Float, corners: Int, weights: Float) -> Float:
    """Vertex attributes ``(n, c)`` at places in triangles, ``(k, c)``."""
    a, b, c = (attributes.take(corner, axis=0) for corner in corners.T)
    first, second, third = weights.T[..., None]
    out: Float = a * first + b * second + c * third
    return out


def _reduced(fine: Float) -> Float:
    """Samples to pixels: a tent two pixels wide about each pixel's centre."""
    kernel = np.array([0.25, 0.5, 0.25], np.float32)
    return np.ascontiguousarray(cv2.sepFilter2D(fine, -1, kernel, kernel)[1::SAMPLES, 1::SAMPLES])


def _unit(vectors: Float) -> Float:
    length = np.sqrt((vectors**2).sum(axis=-1, keepdims=True))
    return np.asarray(vectors / np.maximum(length, 1e-12), np.float32)


def vertex_normals(vertices: Float, triangles: Int) -> Float:
    """Return the unit normal of each vertex: its triangles' mean by area, ``(n, 3)``.

    Parameters
    ----------
    vertices : (n, 3) float32
        In a frame with x right, y up and z toward the viewer.
    triangles : (m, 3) int32
        Counter-clockwise as seen from outside.
    """
    a, b, c = (vertices.take(corner, axis=0).astype(np.float64) for corner in triangles.T)
    across = np.cross(b - a, c - a)
    flat = triangles.ravel()
    total = [np.bincount(flat, np.repeat(axis, 3), len(vertices)) for axis in across.T]
    return _unit(np.stack(total, axis=1))
