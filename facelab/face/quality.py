"""How well a photograph shows each texel of a face's own surface."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import cv2
import numpy as np

from facelab.atlas import Atlas
from facelab.constants import PARTS
from facelab.face.mend import carried_on, line_texels
from facelab.geometry.parsing import Parsing
from facelab.numerics.arrays import Float
from facelab.numerics.morphology import disk
from facelab.numerics.smoothing import resized, smoothstep
from facelab.types import PositionMap, Texture

SURFACE = ("skin", "brows", "eyes", "lips", "mouth", "beard", "ears", "neck")
"""The parts that are a face's own; in doubt the skin beside it, which looks the same.

What lies between the lips is told apart more finely by `facelab.face.mouth`.
"""


_FEATURES = ("brows", "eyes", "lips", "lenses")  # dark by themselves
_DARK = 0.6  # of the skin's luminance: lenses darker than that hide the eyes

IN_FRONT = ("glasses", "lenses", "front", "hair")
"""The parts that hide a face."""

_EVERY = 4  # texels from one that tells whether a parsing can be believed to the next
_FACE, _BARE = 0.5, 0.1  # of the face: the least that is one, and its surface

_SIDE = 256  # of the map on which edges are drawn in, texels
_COARSE = 64  # of the map on which the skin's slow changes of light are worked out
_CLEAR = 0.6, 0.95  # share of surface at which a texel is refused, and taken whole
_IN, _SOFT = 3, 2.0  # texels: how far from what is no skin taking begins, and how softly
_HAIR = 0.3  # share of a texel from which strands may hang from it
_STRAND = 4  # texels: half the width of the widest strand
_LINE = 7  # texels: half the width of the widest line that is mended
_FAINT = 0.1  # share of a texel up to which no line is worth mending
_MADE_UP = 0.5  # of a brow, from which it was not seen
_DARKER = 2.5, 6.0  # CIELAB lightness by which a strand is darker than the skin to its sides
_SHADE = 5.0, 12.0  # CIELAB lightness by which a shadow is darker than the skin around
_AWAY = 8  # texels from what is no skin, where the skin is in its own light
_FEW = np.float32(1e-3)  # share of skin nearby that counts for little
_SLIVER = 4  # texels: half the width of the widest skin between strands that is not told
_FALL = 64  # texels: how far a strand may hang from the hair


def taken(texture: Texture, atlas: Atlas, parts: Sequence[str] = SURFACE) -> Texture:
    """Return a texture with confidence only where it shows the face's surface.

    Strands that are too thin for the parser are found by their darkness: what is darker than the
    skin to both sides (a black-hat transform; Serra 1982) and joined to hair (morphological
    reconstruction; Vincent, "Morphological grayscale reconstruction in image analysis", 1993).
    Where a strand or the rim of glasses is a thin line, the surface to both sides is carried on
    under it; but a brow of which most would be made up is none that was seen.

    Parameters
    ----------
    texture : Texture
        With its parts.
    atlas : Atlas
        The texture's.
    parts : sequence of str
        Of `facelab.constants.PARTS`: what counts as surface.

    Returns
    -------
    Texture
        Its confidence falls to 0 a few texels before hair, wide rims or background begin.
    """
    clear = smoothstep(share(texture, _SIDE, *parts), *_CLEAR)
    worn = tuple({"glasses"} & set(parts))
    bare = np.minimum(clear, 1 - _hangs(texture, clear, worn))
    lines = _lines(texture, bare)
    inner = cv2.erode(bare + lines, disk(_IN))
    blurred = cv2.GaussianBlur(inner, (0, 0), _SOFT)
    confidence = texture.confidence * resized(smoothstep(blurred, 0.5, 1), texture.size)
    if lines.max() <= _FAINT:
        return Texture(texture.colour, confidence, texture.parts)
    line = line_texels(texture.reduced(_SIDE).colour, lines, share(texture, _SIDE, "brows"))
    if _loses_a_brow(line, atlas):
        confidence *= 1 - atlas.region("brows", texture.size)
    features = share(texture, _SIDE, "brows", "eyes")
    colour = carried_on(texture, line, features)
    return Texture(colour, confidence, _with_skin(texture.parts, line))


def _with_skin(parts: Float | None, line: Float) -> Float | None:
    """The parts with skin where lines in front were mended, so that it gets the grain of skin."""
    if parts is None:
        return None
    out, line = parts.copy("K"), resized(line, len(parts))
    for name in IN_FRONT:
        mended = parts[..., PARTS.index(name)] * line
        out[..., PARTS.index(name)] -= mended
        out[..., PARTS.index("skin")] += mended
    return out


def _loses_a_brow(line: Float, atlas: Atlas) -> bool:
    """Whether half of a brow is a line's: what was under it cannot be made up."""
    return any((line * side).sum() > _MADE_UP * side.sum() for side in _brows(atlas, len(line)))


@lru_cache(maxsize=4)
def _brows(atlas: Atlas, size: int) -> tuple[Float, Float]:
    """Each of the brows, ``(size, size)`` in [0, 1]."""
    brows, left = atlas.region("brows", size), atlas.canonical_uv(size)[..., 0] < 0.5
    return brows * left, brows * ~left


def _lines(texture: Texture, bare: Float) -> Float:
    """The thin lines in front of a bare surface: how much of each texel, ``(256, 256)``."""
    closed = cv2.morphologyEx(bare, cv2.MORPH_CLOSE, disk(_LINE))
    interior = cv2.dilate(share(texture, _SIDE, "mouth"), disk(_LINE))
    out: Float = np.clip(closed - bare - interior, 0, 1)
    return out


def believed(parsing: Parsing | None, positions: PositionMap) -> Parsing | None:
    """Return what an image shows around a face; None where most of it would be no face.

    A parser may see nothing in a drawing or in the dark, where positions were found all the same.
    """
    if parsing is None:
        return None
    face = positions.atlas.face[::_EVERY, ::_EVERY]
    places = positions.values[::_EVERY, ::_EVERY, :2]
    for parts, least in ((SURFACE + IN_FRONT, _FACE), (SURFACE, _BARE)):
        if float(parsing.at(places, *parts)[face].mean()) < least:
            return None
    return parsing


def clear_lenses(texture: Texture) -> bool:
    """Whether eyes are seen through the glasses of a face; so they are where it has none."""
    skin, lenses = (share(texture, _SIDE, part) for part in ("skin", "lenses"))
    if lenses.sum() < 1:
        return True
    luminance = cv2.cvtColor(texture.reduced(_SIDE).colour, cv2.COLOR_RGB2GRAY)
    behind = (luminance * lenses).sum() / lenses.sum()
    return bool(behind > _DARK * (luminance * skin).sum() / max(skin.sum(), 1e-6))


def share(texture: Texture, size: int, *parts: str) -> Float:
    """How much of each texel any of the parts is, ``(size, size)`` float32 in [0, 1]."""
    if texture.parts is None:
        raise ValueError("this texture does not know its parts")
    first, *others = (texture.parts[..., PARTS.index(part)] for part in parts)
    total: Float = np.array(first)
    for other in others:
        total += other
    return total if len(total) == size else resized(total, size)


def _hangs(texture: Texture, clear: Float, worn: Sequence[str]) -> Float:
    """How surely each texel shows a strand or a shadow that hangs from the hair, ``(256, 256)``.

    Frames that are `worn` are as dark and thin, and lead to the hair.
    """
    lightness = cv2.cvtColor(texture.reduced(_SIDE).colour, cv2.COLOR_RGB2Lab)[..., 0]
    thin = smoothstep(cv2.morphologyEx(lightness, cv2.MORPH_BLACKHAT, disk(_STRAND)), *_DARKER)
    tone = _tone(lightness, cv2.erode(clear, disk(_AWAY)))
    shadow = smoothstep(tone - lightness, *_SHADE)
    hair = share(texture, _SIDE, "hair", "front")
    beside = 1 - cv2.dilate(share(texture, _SIDE, *_FEATURES, *worn), disk(_STRAND))
    room = beside * np.maximum(hair, np.maximum(thin, shadow))
    reached = np.where(hair > _HAIR, room, 0).astype(np.float32)
    for _ in range(_FALL // 2):  # two texels a step: strands have gaps
        reached = np.minimum(cv2.dilate(reached, disk(2)), room)
    # Slivers of skin in a tuft are too thin to tell what lies under the strands.
    tufts: Float = beside * cv2.morphologyEx(reached, cv2.MORPH_CLOSE, disk(_SLIVER))
    return np.maximum(reached, tufts, out=tufts)


def _tone(lightness: Float, skin: Float) -> Float:
    """The skin's lightness as it varies slowly over the face, ``(256, 256)``."""
    both = resized(np.dstack([lightness * skin, skin]), _COARSE)
    both = resized(cv2.GaussianBlur(both, (0, 0), 0.09 * _COARSE), _SIDE)
    whole = float((lightness * skin).sum() / max(skin.sum(), 1e-6))
    out: Float = (both[..., 0] + whole * _FEW) / (both[..., 1] + _FEW)
    return out
