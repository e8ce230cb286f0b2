"""The mouth interior between lips that were opened: the photograph's own, and a made-up one.

An atlas keeps lips closed, so a texture cannot hold what lies behind them. It is drawn here in the
mouth's own coordinates: s across, -1 and 1 in its corners, and the depth below the upper lip in
widths of the mouth. The photograph's own teeth stay with the upper lip.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np

from facelab.atlas import Atlas, grid_triangles
from facelab.face import blend
from facelab.face.mouth import Lips
from facelab.numerics import raster
from facelab.numerics.arrays import Float
from facelab.numerics.smoothing import smoothstep
from facelab.types import SEEN, Box, Face, PositionMap, Texture

# Parts of the mouth's width by which the gap grew: where it is drawn, and somewhere if at all.
_GROWN, _OPENED = (0.01, 0.04), (0.035, 0.06)
_SOFT = 0.012  # of the mouth's width: how softly the lips' edges meet it
_FADE = 0.02  # of the mouth's width, over which the photograph's own interior ends
_OWN_AT_LEAST = 0.4  # of the gap that there was
_ROWS = 24  # samples across the gap

# Parts of the mouth's width, and of the light in it.
_TEETH_LENGTH, _TOOTH_EDGE = 0.085, 0.016
_TEETH = np.array([0.98, 0.93, 0.84], np.float32)
_BETWEEN = np.array([0.0, 0.36, 0.66, 0.9], np.float32)  # where teeth meet, in s
_TONGUE = np.array([0.46, 0.22, 0.21], np.float32)
_DARK = np.array([0.13, 0.05, 0.045], np.float32)


def opened(image: Float, photo: Float, before: Face, after: PositionMap) -> Float:
    """Draw what comes into view between the lips of a face that opened its mouth.

    Parameters
    ----------
    image : (H, W, 3) float32
        With the face in its new place.
    photo : (H, W, 3) float32
        With the face in its old place.
    before : Face
        In `photo`.
    after : PositionMap
        Where it is in `image`.

    Returns
    -------
    (H, W, 3) float32
        `image` itself unless the gap between the lips has grown.
    """
    was, now = Lips.of(before.positions), Lips.of(after)
    width = max(now.width, 1e-6)
    grown = (now.gaps - was.gaps) / np.float32(width)
    if grown.max() <= _OPENED[0]:  # a moved face never keeps its gap to the pixel
        return image
    light = _light(before.texture, after.atlas)
    kept = was.gaps * _teeth_end(photo, was, light)
    attributes = [now.gaps, kept, grown, was.upper - now.upper]
    window, inside, here = _drawn(now, attributes, image.shape[:2])
    if not inside.any():
        return image
    s, t, gap, end, growth, x, y = np.moveaxis(here, 2, 0)
    depth, end = t * gap / np.float32(width), end / np.float32(width)
    rows, columns = np.indices(inside.shape, np.float32)
    places = columns + x + window[1].start, rows + y + window[0].start
    own = cv2.remap(photo, *places, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    share = _step(depth, end - np.float32(_FADE), end)[..., None]
    colour = own + share * (light * _made_up(s, t, depth) - own)
    out = image.copy()
    alpha = inside * _step(growth, *_GROWN) * _step(grown.max(), *_OPENED)
    shown = blend.alpha(colour, image[window], alpha)
    out[window] = blend.within_gamut(shown, image[window])
    return out


def _drawn(
    lips: Lips, attributes: Sequence[Float], shape: tuple[int, int]
) -> tuple[tuple[slice, slice], Float, Float]:
    """Rasterize the mouth: a window of the image, its opacity there, and attributes.

    That is s, t (0 at the upper lip, 1 at the lower) and the attributes, ``(n,)`` or ``(n, k)``.
    """
    around = Box.around(np.concatenate([lips.upper, lips.lower]))
    room = int(_SOFT * lips.width) + 2
    rows, columns = (
        slice(max(int(low) - room, 0), max(min(int(high) + room + 2, side), 0))
        for low, high, side in zip(
            (around.y0, around.x0), (around.y1, around.x1), shape, strict=True
        )
    )
    size = max(rows.stop - rows.start, 0), max(columns.stop - columns.start, 0)
    if 0 in size:  # outside of the image
        return (rows, columns), np.zeros(size, np.float32), np.zeros((*size, 0), np.float32)
    count = len(lips.upper)
    s = np.linspace(-1, 1, count, dtype=np.float32)
    held = [np.column_stack([s, np.full(count, t), *attributes]) for t in (0, 1)]
    places = np.concatenate([lips.upper, lips.lower]) - np.array(
        [columns.start, rows.start], np.float32
    )
    flat = np.column_stack([places, np.zeros(2 * count, np.float32)])
    triangles = grid_triangles(np.ones((2, count), np.bool_))
    fragments = raster.rasterize(flat, triangles, size)
    here = raster.interpolate(fragments, triangles, np.concatenate(held).astype(np.float32))
    soft = max(_SOFT * lips.width, 0.6)
    blurred = cv2.GaussianBlur(fragments.covered.astype(np.float32), (0, 0), soft)
    return (rows, columns), np.clip(2 * blurred - 1, 0, 1) * fragments.covered, here


def _made_up(s: Float, t: Float, depth: Float) -> Float:
    """The inside of a mouth in white light, ``(h, w, 3)``: dark, a tongue, the upper teeth."""
    tongue = _step(t, 0.45, 0.95) * _step(depth, 0.06, 0.2) * _step(-np.abs(s), -0.9, -0.2)
    colour = _DARK + tongue[..., None] * (_TONGUE - _DARK)
    apart = np.abs(np.abs(s)[..., None] - _BETWEEN).min(axis=2)
    end = _TEETH_LENGTH * (1 - 0.35 * s * s) - 0.012 * np.exp(-((apart / 0.05) ** 2))
    teeth = _step(end - depth, -_TOOTH_EDGE / 2, _TOOTH_EDGE / 2)
    teeth = teeth * _step(-np.abs(s), -0.95, -0.6)
    bright = (1 - 0.5 * s * s) * (1 - 0.2 * np.exp(-((apart / 0.025) ** 2)))
    bright = bright * (0.6 + 0.4 * _step(depth, 0, 0.04))  # in the lip's shadow
    out: Float = colour + teeth[..., None] * (bright[..., None] * _TEETH - colour)
    return out


def _teeth_end(photo: Float, lips: Lips, light: Float) -> Float:
    """Where in the gap the upper teeth end, ``(n,)``: 0 at the upper lip, 1 at the lower.

    What is red there is the lower lip, and what is dark lies between the teeth.
    """
    down = np.linspace(0, 1, _ROWS, dtype=np.float32)[:, None, None]
    x, y = np.moveaxis(lips.upper + down * (lips.lower - lips.upper), 2, 0)
    colour = cv2.remap(photo, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE) / light
    grey, red = colour.mean(axis=2), colour[..., 0]
    dark = grey < 0.6 * grey.max(axis=0)
    reddish = red - colour[..., 1:].mean(axis=2) > 0.17 * np.maximum(red, 0.05)
    other = (dark | reddish) & (down[..., 0] > _OWN_AT_LEAST)
    end = np.where(other.any(axis=0), other.argmax(axis=0) / np.float32(_ROWS - 1), np.float32(1))
    smooth: Float = cv2.GaussianBlur(end[None].astype(np.float32), (0, 0), 1.5)[0]
    return smooth


def _light(texture: Texture, atlas: Atlas) -> Float:
    """The colour of white on this face, RGB: the whites of its eyes, lighter than its skin."""
    known = texture.confidence >= SEEN
    eyes = texture.colour[(atlas.region("eyes", texture.size) > 0.5) & known]
    skin = texture.colour[(atlas.region("chin", texture.size) > 0.5) & known]
    if not len(eyes) or not len(skin):
        return np.full(3, 0.7, np.float32)
    grey = eyes.mean(axis=1)
    low, high = np.quantile(grey, (0.75, 0.92))
    white = eyes[(grey >= low) & (grey <= high)].mean(axis=0)
    lighter = max(1.0, 1.15 * skin.mean() / max(white.mean(), 0.05))
    return np.asarray(np.clip(lighter * white, 0.2, 1), np.float32)


def _step(values: Float | float, low: Float | float, high: Float | float) -> Float:
    """From 0 at `low` smoothly to 1 at `high`."""
    share: Any = (values - low) / (np.asarray(high) - low)
    return np.asarray(smoothstep(share), np.float32)
