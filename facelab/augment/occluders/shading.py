"""A surface in a picture: where it is, and its colours in the light."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from facelab.augment.occluders.head import HeadFrame
from facelab.augment.occluders.light import Light
from facelab.augment.occluders.surface import Surface, unit
from facelab.numerics import raster
from facelab.numerics.algebra import product
from facelab.numerics.arrays import Bool, Float
from facelab.numerics.coverage import coverage
from facelab.numerics.smoothing import smoothstep

Window = tuple[slice, slice]

_GAMMA = np.float32(2.2)
_SHARP = 40.0  # exponent of the lamp's mirror image (Blinn, "Models of light reflection", 1977)
_BARE = 0.04  # of the light that a polished surface mirrors when looked at straight on (Schlick)
_EDGE = 5  # pixels of the square from which a pixel at an edge takes its colours
_REACH = np.float32(raster.REACH / 2)


@dataclass(frozen=True, slots=True, eq=False)
class Placed:
    """A surface in a picture, lit at its vertices (Gouraud shading: the meshes are fine).

    Parameters
    ----------
    surface : Surface
    vertices : (n, 3) float32
        Pixels and depth.
    held : (n, 4) float32
        Texel, and what light does there to encoded colours: it times them and adds to them.
    """

    surface: Surface
    vertices: Float
    held: Float

    @classmethod
    def of(cls, surface: Surface, frame: HeadFrame, light: Light) -> Placed:
        """The surface as a head's frame and the light have it."""
        normals = frame.toward_camera(surface.normals)
        if surface.thin:
            normals = normals * np.where(normals[:, 2:] < 0, np.float32(-1), np.float32(1))
        open_to = np.float32(1) if surface.openness is None else surface.openness
        bright = light.on(normals) * open_to * np.float32(light.level)
        glare = np.zeros_like(bright)
        if surface.gloss:
            glare = np.float32(surface.gloss * light.level) * _mirrored(normals, light) * open_to
        size = np.array(surface.texture.shape[1::-1], np.float32)
        texels = surface.uv * size - np.float32(0.5)
        held = np.column_stack([texels, bright ** (1 / _GAMMA), glare])
        vertices = np.asarray(frame.pixels(surface.vertices), np.float32)
        vertices[:, :2] = vertices[:, :2].clip(-_REACH, _REACH)
        return cls(surface, vertices, np.asarray(held, np.float32))

    @property
    def triangles(self) -> NDArray[np.int32]:
        """Its triangles, those of a thin one from both sides."""
        own = self.surface.triangles
        return np.concatenate([own, own[:, ::-1]]) if self.surface.thin else own

    def window(self, shape: tuple[int, int], margin: float = 1.0) -> Window | None:
        """The part of a picture that it reaches; None if that is none."""
        return window_of(self.vertices, shape, margin)

    def drawn(self, window: Window, front: Float) -> tuple[Float, Float, Float]:
        """Draw it into a window where it is nearer than `front` ``(h, w)``.

        Returns
        -------
        colour : (h, w, 3) float32
            Encoded RGB times opacity.
        opacity : (h, w) float32
            0 where it is hidden, and soft at its edges.
        depth : (h, w) float32
            Where a pixel's centre is covered; elsewhere far away.
        """
        rows, columns = window
        vertices = self.vertices - np.array([columns.start, rows.start, 0], np.float32)
        shape, triangles = front.shape, self.triangles
        seen = raster.rasterize(vertices, triangles, (shape[0], shape[1]))
        shown = seen.covered & (seen.depth > front)
        depth = np.where(shown, seen.depth, -np.inf).astype(np.float32)
        if not shown.any():
            return np.zeros((*shape, 3), np.float32), np.zeros(shape, np.float32), depth
        values = self._shaded(seen, shown)
        edges = coverage(vertices, triangles, seen.covered)
        values = _evened(values, depth, 0.05 * max(self.extent, 1.0))
        values, visible = _carried_out(values, seen.covered, shown)
        opacity = edges * visible
        return values[..., :3] * opacity[..., None], values[..., 3] * opacity, depth

    @property
    def extent(self) -> float:
        """How far apart its vertices are in depth, pixels."""
        return float(np.ptp(self.vertices[:, 2]))

    def _shaded(self, seen: raster.Fragments, shown: Bool) -> Float:
        """Colours in the light, times opacity, and that, ``(h, w, 4)``; 0 where it is hidden."""
        texture = self.surface.texture
        values = raster.interpolate(seen, self.triangles, self.held)
        if texture.shape[:2] == (1, 1):
            read = np.broadcast_to(texture, (*shown.shape, 4))
        else:
            read = raster.sample(texture, np.ascontiguousarray(values[..., :2]), shown)
        opacity = read[..., 3] * shown
        lit = read[..., :3] * (values[..., 2] * opacity)[..., None]
        lit += (values[..., 3] * shown)[..., None]
        return np.dstack([np.minimum(lit, 1), opacity])


def window_of(vertices: Float, shape: tuple[int, int], margin: float) -> Window | None:
    """The part of a picture of `shape` that vertices reach, and so many pixels around it."""
    low = np.maximum(np.floor(vertices[:, :2].min(axis=0) - margin), 0).astype(int)
    high = np.minimum(np.ceil(vertices[:, :2].max(axis=0) + margin) + 1, shape[::-1]).astype(int)
    if (low >= high).any():
        return None
    return slice(int(low[1]), int(high[1])), slice(int(low[0]), int(high[0]))


def _evened(values: Float, depth: Float, jump: float) -> Float:
    """Values, softened where a nearer part of a surface has its edge before a farther one."""
    known = np.isfinite(depth)
    low = np.where(known, depth, np.float32(1e9))
    three = np.ones((3, 3), np.uint8)
    step = cv2.dilate(np.where(known, depth, np.float32(-1e9)), three) - cv2.erode(low, three)
    inside = cv2.erode(known.astype(np.uint8), three).astype(np.bool_)
    edge = inside & (step > jump)
    soft = cv2.GaussianBlur(values, (3, 3), 0.8)
    return np.where(edge[..., None], soft, values)


def _carried_out(values: Float, covered: Bool, shown: Bool) -> tuple[Float, Float]:
    """Values carried a little beyond where they are shown, and how far a pixel is not hidden.

    A pixel of which an edge covers a part without its centre takes the mean of those around it.
    """
    around = (_EDGE, _EDGE)
    shares = cv2.blur(np.dstack([shown, covered]).astype(np.float32), around)
    known = np.maximum(shares[..., 0], np.float32(1e-6))
    wide = cv2.blur(values, around) / known[..., None]
    visible = np.clip(shares[..., 0] / np.maximum(shares[..., 1], np.float32(1e-6)), 0, 1)
    at_edge = covered & (visible < 1)
    visible = np.where(at_edge, shown, visible)
    return np.where(shown[..., None], values, wide), np.asarray(visible, np.float32)


def _mirrored(normals: Float, light: Light) -> Float:
    """What a polished surface mirrors: the lamp, and the brighter upper half of a room."""
    half = unit(light.toward + np.array([0, 0, 1], np.float32))
    lamp = np.maximum(product(normals, half), 0) ** np.float32(_SHARP)
    facing = np.clip(normals[..., 2], 0, 1)
    grazing = np.float32(_BARE) + np.float32(1 - _BARE) * (1 - facing) ** 5
    upward = 2 * facing * normals[..., 1]  # of the mirrored ray
    room = smoothstep(upward, -0.2, 0.8)
    return np.asarray(lamp + grazing * room, np.float32)
