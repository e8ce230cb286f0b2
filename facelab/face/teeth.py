"""Textures without teeth: what lies between the lips belongs to the photograph.

Teeth, tongue and the dark are never unwrapped onto another face. Where lips are apart, those of a
texture meet in the slit between them.
"""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from facelab.atlas import SIZE, Atlas
from facelab.face.mouth import TAPER, Lips, rows_of, toothlike
from facelab.face.quality import share
from facelab.face.texture import unwrap
from facelab.geometry.parsing import Parsing
from facelab.numerics.arrays import Float
from facelab.numerics.smoothing import smoothstep, spread
from facelab.numerics.windows import around, scaled
from facelab.types import Face, PositionMap, Texture

_BETWEEN, _SURE = (0.1, 0.3), 0.8  # shares of a texel: perhaps between lips, and surely lip
_BESIDE, _ALIGNED = 8, 4  # texels around a mouth, and of which windows are a multiple


def without_teeth(
    image: Float, place: PositionMap, size: int, parsing: Parsing | None = None
) -> Face:
    """A face unwrapped with lips that meet: its texture shows nothing of what lies between them.

    Parameters
    ----------
    image : (H, W, 3) float32
        RGB in [0, 1].
    place : PositionMap
        As `fit_lips` leaves it; pixels of the image.
    size : int
        Of the texture.
    parsing : Parsing, optional
        What the image shows around the face.
    """
    texture = unwrap(image, place, size, parsing)
    return Face(place, lips_alone(texture, Lips.of(place), place.atlas))


def lips_alone(texture: Texture, lips: Lips, atlas: Atlas) -> Texture:
    """A texture whose slit between the lips shows no teeth: the lips meet in it.

    Parameters
    ----------
    texture : Texture
    lips : Lips
        As they are in the photograph; where they touch the texture stays as it is.
    """
    if atlas.slit is None or not lips.apart.any():
        return texture
    between, window = _between(lips, atlas)
    colour, here = texture.colour.copy(), scaled(window, atlas.size, texture.size)
    part = colour[here]
    hidden = np.minimum(4 * cv2.resize(between[window], part.shape[1::-1]), 1)
    if texture.parts is not None:
        # Teeth reach beyond the slit in a wide mouth's corners, and below where two rows show.
        hidden = np.maximum(hidden, lips.apart.max() * _teeth(part, texture, window))
    part += hidden[..., None] * (spread(part, hidden < 0.02) - part)
    return replace(texture, colour=colour)


def _between(lips: Lips, atlas: Atlas) -> tuple[Float, tuple[slice, slice]]:
    """How far texels lie between lips that are apart, ``(256, 256)``, and the window of a mouth."""
    assert atlas.slit is not None
    rows, columns = rows_of(atlas), atlas.slit.columns
    row = np.arange(atlas.size)[:, None]
    # Into the corners, too, where edges taper: their dark would be a dot beside a closed mouth.
    apart = cv2.dilate(lips.apart[None], np.ones((1, 2 * TAPER + 1), np.uint8))[0]
    out = np.zeros((atlas.size, atlas.size), np.float32)
    out[:, columns] = ((row > rows.upper) & (row < rows.lower)) * apart
    mouth = np.zeros(out.shape, np.bool_)
    mouth[rows.top.min() : rows.bottom.max() + 1, columns[0] : columns[-1] + 1] = True
    return out, around(mouth, _BESIDE, _ALIGNED)


def _teeth(colour: Float, texture: Texture, window: tuple[slice, slice]) -> Float:
    """How surely texels around the lips show teeth, by their place and their colour.

    Parameters
    ----------
    colour : (h, w, 3) float32
        Of the window.
    texture : Texture
        With its parts.
    window : (rows, columns) slices
        Of the texture at the side of the atlas.

    Returns
    -------
    (h, w) float32
        In [0, 1].
    """
    lab = cv2.cvtColor(colour, cv2.COLOR_RGB2Lab)
    between, lip = (
        np.asarray(cv2.resize(share(texture, SIZE, name)[window], colour.shape[1::-1]), np.float32)
        for name in ("mouth", "lips")
    )
    if not (lip > _SURE).any():
        return between
    light, red, _ = np.median(lab[lip > _SURE], axis=0)
    near = toothlike(lab, light, red / max(light, 1)) * smoothstep(between, *_BETWEEN)
    out: Float = cv2.dilate(near, np.ones((3, 3), np.uint8))
    return out
