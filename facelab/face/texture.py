"""Unwrapping a photograph into the atlas, and making up what it does not show.

Frame: texel coordinates of a texture of side S, texel centres at integers; a map of side 256 and
a texture of side S cover the same square, so texel i of the one lies at (i + 0.5) S / 256 - 0.5
of the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, lru_cache

import cv2
import numpy as np

from facelab.atlas import Atlas
from facelab.geometry.parsing import Parsing
from facelab.geometry.visibility import normals, slopes, visible
from facelab.numerics.arrays import Bool, Float, require, require_image
from facelab.numerics.distance import distance_within
from facelab.numerics.smoothing import resized, smoothstep, spread
from facelab.types import SEEN, PositionMap, Texture

SMALLEST, LARGEST, STEP = 256, 2048, 64  # sides that a texture may have by itself

_GRAZING, _FACING = 0.2, 0.6  # cosine to the viewing ray at which a texel is lost, and full
_SILHOUETTE_SIDE = 256  # of the picture in which silhouettes are drawn, pixels
_SURE = 0.012, 0.03  # of the face's size: how near a silhouette grazing texels are in doubt
_FEATHER = 2.0, 12.0  # texels beside what hides the face over which it comes in
_FOLD, _TURNED = 6.0, (0.1, 0.3)  # texels over which cosines are averaged; means that are in doubt
_SHARP = np.float32(1.4)  # pixels a texel may step over before a bicubic sample aliases visibly
_MOST = 0.95  # of a face: in a texture of its own size the rest steps over less than two pixels
_MIRRORED = SEEN, 0.5  # confidence of a mirror texel that is not taken, and taken wholly
_HALF = np.float32(0.5)
_KERNEL = 4  # pixels of a row that a bicubic sample is made of
_BESIDE = 0.05  # of the face's size: how far texels near it may lie beside it
_ROOM = 2  # texels of 256 beside the face that are sampled with it
_BAND = 32  # rows of texels that are sampled at a time, only as far across as the face reaches
_ROW = 1024  # texels that are sampled at in a row
_WHOLLY = 0.99  # share of a texel from which all of it is known
_FILL_SIZE = 256  # largest side at which unseen texels are made up: fills are smooth


def texture_size(positions: PositionMap) -> int:
    """The smallest multiple of 64 with at least a texel for a pixel of the photo, 256 to 2048.

    Measured by the face's height in the image over its height in the atlas.
    """
    rows = np.flatnonzero(positions.atlas.face.any(axis=1))
    share = (rows[-1] - rows[0] + 1) / positions.atlas.size
    steps = int(np.ceil(positions.box.height / share / STEP))
    return min(max(steps * STEP, SMALLEST), LARGEST)


def unwrap(
    image: Float,
    positions: PositionMap,
    size: int | None = None,
    parsing: Parsing | None = None,
) -> Texture:
    """Unwrap a face in a photograph into a texture.

    Parameters
    ----------
    image : (H, W, 3) float32
        RGB in [0, 1].
    positions : PositionMap
        Where each texel lies in `image`.
    size : int, optional
        The texture's side, from 16 to 8192; by default `texture_size`.
    parsing : Parsing, optional
        What the photograph shows around the face.

    Returns
    -------
    Texture
        Colours are bicubic samples, from an area-reduced image where the photo is finer than the
        texture, and black further than some texels from the face. Confidence is the product of
        visibility (depth buffer of the face itself), viewing angle and sampling density; 0 outside
        the image and outside the face.

    Raises
    ------
    ValueError
        If the size is out of range.
    """
    require_image("image", image)
    size = texture_size(positions) if size is None else size
    if not 16 <= size <= 8192:
        raise ValueError(f"a texture's size must be from 16 to 8192, not {size}")
    atlas = positions.atlas
    footprint = _footprint(positions) * np.float32(atlas.size / size)
    levels = np.log2(np.maximum(footprint / _SHARP, 1))
    deepest = int(np.ceil(np.quantile(levels[atlas.face], _MOST)))
    part, places = _around(image, positions)
    x, y = (resized(along, size) for along in places)
    colour = _filtered(part, x, y, levels * _near(atlas), deepest, _bands(atlas, size))
    parts = None if parsing is None else parsing.texels(positions)
    return Texture(colour, _confidence(image, positions, footprint, size), parts)


def at_size(texture: Texture, size: int) -> Texture:
    """Resize a texture to another side; itself if it has that side."""
    if texture.size == size:
        return texture
    colour, confidence = resized(texture.colour, size), resized(texture.confidence, size)
    return Texture(colour, confidence, texture.parts, texture.eyes)


def _footprint(positions: PositionMap) -> Float:
    """Pixels of the photo that a step of one texel covers, in its longer direction."""
    across, down = (x * x + y * y for x, y, _ in map(cv2.split, slopes(positions)))
    return np.asarray(np.sqrt(np.maximum(across, down)), np.float32)


@cache
def _near(atlas: Atlas) -> Bool:
    """The face with the texels that sampling a texture at its border reads, ``(256, 256)``."""
    around = np.ones((2 * _ROOM + 1,) * 2, np.uint8)
    return np.asarray(cv2.dilate(atlas.face.astype(np.uint8), around), np.bool_)


@lru_cache(maxsize=16)
def _bands(atlas: Atlas, size: int) -> tuple[tuple[slice, slice], ...]:
    """Windows (rows, columns) of a texture that hold all texels near the face, and few others."""
    near = resized(_near(atlas).astype(np.float32), size) > 0
    bands = [slice(first, first + _BAND) for first in range(0, size, _BAND)]
    columns = (np.flatnonzero(near[rows].any(axis=0)) for rows in bands)
    return tuple(
        (rows, slice(int(inside[0]), int(inside[-1]) + 1))
        for rows, inside in zip(bands, columns, strict=True)
        if len(inside)
    )


def _filtered(
    image: Float,
    x: Float,
    y: Float,
    levels: Float,
    deepest: int,
    bands: Sequence[tuple[slice, slice]],
) -> Float:
    """The image at places ``(S, S)``, each from the two levels of its pyramid next to its own.

    Mip-mapping (Williams 1983): level k has been reduced by 2^k; `levels` is log2 of the
    footprint over what a bicubic sample itself covers. Only the windows `bands` are sampled.
    """
    out = np.zeros((*x.shape, 3), np.float32)
    for band in bands:
        _bicubic(image, x[band], y[band], out[band])
    texels = out.reshape(-1, 3)
    if deepest > 0:
        levels = resized(levels, len(out)).ravel()
        at = np.flatnonzero(levels > 0)  # mostly few
        x, y, levels = x.ravel()[at], y.ravel()[at], levels[at]
    for k in range(1, deepest + 1):
        if k > 1:
            coarser = np.flatnonzero(levels > k - 1)
            x, y, at, levels = x[coarser], y[coarser], at[coarser], levels[coarser]
        if min(image.shape[:2]) < 4 or not len(at):
            break
        image, x, y = _halved(image), (x - _HALF) * _HALF, (y - _HALF) * _HALF
        finer, share = texels[at], np.minimum(levels - (k - 1), 1)[:, None]
        texels[at] = finer + share * (
            _bicubic(image, _folded(x), _folded(y)).reshape(-1, 3)[: len(at)] - finer
        )
    return out


def _around(image: Float, positions: PositionMap) -> tuple[Float, tuple[Float, Float]]:
    """The part of an image around a face, and the places x, y of its texels there.

    Where the image ends its border goes on: OpenCV is quicker where it need not look for that.
    Places further away are moved to it.
    """
    box, (height, width) = positions.box, image.shape[:2]
    beside = _KERNEL + _BESIDE * box.size
    rows, columns = (
        slice(int(np.clip(low - beside, 0, side - 1)), int(np.clip(high + beside, 0, side - 1)) + 1)
        for low, high, side in ((box.y0, box.y1, height), (box.x0, box.x1, width))
    )
    part, room = image[rows, columns], 0
    if 0 in (rows.start, columns.start) or rows.stop == height or columns.stop == width:
        room = _KERNEL
        part = cv2.copyMakeBorder(part, room, room, room, room, cv2.BORDER_REPLICATE)
    x, y = (
        np.clip(along + np.float32(room - here.start), room - 2, room + here.stop - here.start + 1)
        for along, here in zip(cv2.split(positions.values)[:2], (columns, rows), strict=True)
    )
    return np.asarray(part, np.float32), (x, y)


def _bicubic(image: Float, x: Float, y: Float, out: Float | None = None) -> Float:
    """Sampled without the overshoot beyond [0, 1] that bicubic kernels have at edges."""
    cubic, border = cv2.INTER_CUBIC, cv2.BORDER_REPLICATE
    sampled: Float = cv2.remap(image, x, y, cubic, dst=out, borderMode=border)
    return np.clip(sampled, 0, 1, out=sampled)


def _folded(values: Float) -> Float:
    """Values ``(n,)`` in rows, the last one filled up: OpenCV samples at no longer row."""
    return np.resize(values, (-(-len(values) // _ROW), _ROW))


def _halved(image: Float) -> Float:
    """Reduced by two; an odd last row or column is repeated, so that pixel k holds 2k and 2k+1."""
    below, right = (side % 2 for side in image.shape[:2])
    if below or right:
        image = np.asarray(
            cv2.copyMakeBorder(image, 0, below, 0, right, cv2.BORDER_REPLICATE), np.float32
        )
    size = (image.shape[1] // 2, image.shape[0] // 2)
    out: Float = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    return out


def _confidence(image: Float, positions: PositionMap, footprint: Float, size: int) -> Float:
    height, width = image.shape[:2]
    x, y = positions.values[..., 0], positions.values[..., 1]
    inside = (x > -0.5) & (x < width - 0.5) & (y > -0.5) & (y < height - 0.5)
    toward = normals(positions)[..., 2]
    angle = np.clip((toward - _GRAZING) / (_FACING - _GRAZING), 0, 1)
    density = 0.5 + 0.5 * np.minimum(footprint, 1)
    hidden = _hidden(positions, toward)
    known = ~hidden & inside & positions.atlas.face
    around = cv2.GaussianBlur(toward, (0, 0), _FOLD)
    sure = smoothstep(_from_silhouette(positions, known), *_SURE) * smoothstep(around, *_TURNED)
    feather = smoothstep(distance_within(~hidden), *_FEATHER)
    rough = (known * np.maximum(angle, sure) * density * feather).astype(np.float32)
    out: Float = np.clip(resized(rough, size), 0, 1) * positions.atlas.region("face", size)
    return out


def _hidden(positions: PositionMap, toward: Float) -> Bool:
    """Texels that the face hides of itself, with all of the fold that they lie in.

    A fold nowhere deeper than `facelab.geometry.visibility` allows, such as that of a nostril's
    wing, has its own skin around: what the photograph shows in its place is as good.
    """
    lost = ~visible(positions) & positions.atlas.valid
    turned_away = (toward < 0) & positions.atlas.face
    _, folds = cv2.connectedComponents((lost | turned_away).astype(np.uint8))
    deep = np.zeros(folds.max() + 1, np.bool_)
    deep[np.unique(folds[lost])] = True
    out: Bool = deep[folds] & (lost | turned_away)
    return out


def _from_silhouette(positions: PositionMap, shown: Bool) -> Float:
    """How far each texel lies from where the face ends in the photograph, parts of its size.

    Only there is a grazing texel in doubt: a position map is some pixels off, and beside it lies
    the background, or a cheek behind the nose. The flanks of a frontal nose have skin beside them.
    """
    box = positions.box
    scale = np.float32(_SILHOUETTE_SIDE / max(box.width, box.height, 1e-6))
    x, y = (
        (along - np.float32(first)) * scale
        for along, first in zip(cv2.split(positions.values)[:2], (box.x0, box.y0), strict=True)
    )
    beyond = cv2.dilate((~shown).astype(np.uint8), np.ones((3, 3), np.uint8)).astype(np.bool_)
    column, row = (
        np.clip(np.rint(at[beyond & shown]), 0, _SILHOUETTE_SIDE).astype(int) for at in (x, y)
    )
    picture = np.ones((_SILHOUETTE_SIDE + 1,) * 2, np.bool_)
    picture[row, column] = False
    distance = distance_within(picture) / np.float32(_SILHOUETTE_SIDE)
    out: Float = cv2.remap(distance, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return out


def complete(texture: Texture, mask: Bool) -> Texture:
    """Complete a texture: what was not seen is made up.

    Unseen texels (confidence below 0.1) take the mirror texel as far as that was well seen, shifted
    in tone so that it meets the seen ones smoothly, and a smooth fill from all of these elsewhere.
    Seen texels and all confidences stay as they are.

    Parameters
    ----------
    texture : Texture
        With at least one seen texel; without any it is returned as it is.
    mask : (S, S) bool
        Texels to fill: those of the face.
    """
    require("mask", mask, (texture.size, texture.size), np.bool_)
    seen = texture.confidence >= SEEN
    hole = mask & ~seen
    if not seen.any() or not hole.any():
        return texture
    small = texture.reduced(min(texture.size, _FILL_SIZE))
    known, mirror = resized(seen.astype(np.float32), len(small.colour)), np.fliplr(small.colour)
    tone = _filled(small.colour - mirror, np.minimum(known, np.fliplr(known)))
    # Where a texel at the edge of what was seen mixes in what was not, its mirror is none to take.
    inner = cv2.erode(small.confidence, np.ones((3, 3), np.uint8))
    sure = smoothstep(cv2.flip(inner, 1), *_MIRRORED)
    met = (sure == 1) * (1 - known)
    filling = small.colour + met[..., None] * (np.clip(mirror + tone, 0, 1) - small.colour)
    filling = _filled(filling, known + met)
    filling += sure[..., None] * (tone - filling)
    made_up = cv2.flip(texture.colour, 1)
    made_up *= resized(cv2.merge([sure] * 3), texture.size)
    made_up += resized(filling, texture.size)
    np.clip(made_up, 0, 1, out=made_up)
    filled = cv2.copyTo(made_up, hole.astype(np.uint8), texture.colour.copy())
    return Texture(np.asarray(filled, np.float32), texture.confidence, texture.parts)


def _filled(values: Float, known: Float) -> Float:
    """Values ``(n, n, 3)`` carried on from where all of a texel is known, ``(n, n)`` in [0, 1]."""
    return spread(values, known > _WHOLLY)  # a texel at the edge mixes in what is not known
