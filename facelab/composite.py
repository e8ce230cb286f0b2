"""Putting a face back into its image: the one way from UV space to pixels."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np

from facelab import blend, raster
from facelab.atlas import Atlas
from facelab.types import Face, Float, require, require_image

# Parts of the side: how softly painting starts inside the oval, and how wide its rim is.
_RAMP, _RIM = 0.02, 0.08
_LIKE, _UNLIKE = 0.1, 0.25  # difference of colour at the rim between same skin and something else
_OVAL_SIZE = 256


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """A face drawn over a window of the image.

    Parameters
    ----------
    window : (rows, columns) slices
        Where in the image.
    colour : (h, w, 3) float32
        RGB in [0, 1]; meaningless where nothing was drawn.
    opacity : (h, w) float32
        How much of it is to be seen, [0, 1].
    oval : (h, w) float32
        1 inside the face, falling smoothly to 0 at its oval; 0 where nothing was drawn.
    rim : (h, w) float32
        1 at the oval, falling to 0 inside the face.
    """

    window: tuple[slice, slice]
    colour: Float
    opacity: Float
    oval: Float
    rim: Float


def composite(
    image: Float,
    before: Face,
    after: Face,
    opacity: Float,
    method: str = "poisson",
    mask: Float | None = None,
) -> Float:
    """The image with a face changed.

    Parameters
    ----------
    image : (H, W, 3) float32
        RGB in [0, 1].
    before, after : Face
        As read from the image, and as it shall be.
    opacity : (S, S) float32
        How much of each texel shows, [0, 1]: what lies in front of the face is 0.
    method : str
        A key of `facelab.blend.METHODS`.
    mask : (H, W) float32, optional
        Where the image may change, [0, 1].

    Returns
    -------
    (H, W, 3) float32
        `image` itself if the face is unchanged; else a new array, which differs from `image` only
        inside the face's oval.
    """
    require_image("image", image)
    require("opacity", opacity, (after.texture.size,) * 2, np.float32)
    if unchanged(before, after):
        return image
    layer = render(after, opacity, image.shape[:2])
    if layer is None:
        return image
    under = image[layer.window]
    shown = layer.opacity * _same_surface(layer, under)
    if mask is not None:
        shown = layer.opacity * mask[layer.window]
    source = blend.alpha(layer.colour, under, shown * (layer.oval > 0))
    if method != "alpha":
        source = blend.METHODS[method](source, under, (layer.oval > 0.02).astype(np.float32))
    out = image.copy()
    out[layer.window] = np.clip(blend.alpha(source, under, layer.oval), 0, 1)
    return out


def _same_surface(layer: Layer, under: Float) -> Float:
    """1 where the layer may be drawn; toward the rim, 0 where the image shows something else.

    A strong difference there is no skin meeting skin but hair, collar or background, and Poisson's
    equation would carry its colour into the face.
    """
    red, green, blue = cv2.split(cv2.absdiff(layer.colour, under))
    difference = np.maximum(np.maximum(red, green), blue)
    strange = np.clip((difference - _LIKE) / (_UNLIKE - _LIKE), 0, 1)
    same: Float = 1 - layer.rim * cv2.blur(strange, (5, 5))
    return same


def unchanged(before: Face, after: Face) -> bool:
    """Whether a face is bit for bit the same."""
    return np.array_equal(before.texture.colour, after.texture.colour) and np.array_equal(
        before.positions.values, after.positions.values
    )


def render(face: Face, opacity: Float, shape: tuple[int, int]) -> Layer | None:
    """A face drawn over an image of `shape` (H, W), or None if it lies outside."""
    positions, atlas = face.positions, face.positions.atlas
    window = _window(positions.values[atlas.valid], shape)
    if window is None:
        return None
    rows, columns = window
    corner = np.array([columns.start, rows.start, 0], np.float32)
    size = (rows.stop - rows.start, columns.stop - columns.start)
    fragments = raster.rasterize(positions.values[atlas.valid] - corner, atlas.triangles, size)
    uv = raster.interpolate(fragments, atlas.triangles, atlas.places)
    covered = fragments.covered
    painted = np.dstack([face.texture.colour, opacity])
    drawn = raster.sample(painted, _scaled(uv, atlas.size, face.texture.size), covered)
    shape_of_face = raster.sample(_oval(atlas), _scaled(uv, atlas.size, _OVAL_SIZE), covered)
    oval, rim = cv2.split(shape_of_face)
    edge = cv2.blur(covered.astype(np.float32), (3, 3)) * covered
    return Layer(window, drawn[..., :3], np.clip(drawn[..., 3], 0, 1), oval * edge, rim)


def _window(vertices: Float, shape: tuple[int, int]) -> tuple[slice, slice] | None:
    """The part of the image that the vertices reach, with two pixels around for the blend."""
    x0, y0 = np.floor(vertices[:, :2].min(axis=0)).astype(int) - 2
    x1, y1 = np.ceil(vertices[:, :2].max(axis=0)).astype(int) + 3
    rows = slice(max(int(y0), 0), min(int(y1), shape[0]))
    columns = slice(max(int(x0), 0), min(int(x1), shape[1]))
    if rows.start >= rows.stop or columns.start >= columns.stop:
        return None
    return rows, columns


def _scaled(uv: Float, size: int, wanted: int) -> Float:
    """Texel coordinates of a map of side `size` in one of side `wanted`."""
    ratio = np.float32(wanted / size)
    return uv * ratio + np.float32((ratio - 1) / 2)


@cache
def _oval(atlas: Atlas) -> Float:
    """The soft mask of the face's oval and that of its rim, ``(256, 256, 2)``."""
    inside = (atlas.region("face", _OVAL_SIZE) > 0.5).astype(np.uint8)
    distance = cv2.distanceTransform(inside, cv2.DIST_L2, cv2.DIST_MASK_PRECISE) / _OVAL_SIZE
    oval, inner = np.clip(distance / _RAMP, 0, 1), np.clip(distance / _RIM, 0, 1)
    smoothed = [step * step * (3 - 2 * step) for step in (oval, inner)]
    soft: Float = np.dstack([smoothed[0], 1 - smoothed[1]]).astype(np.float32)
    soft.flags.writeable = False
    return soft
