"""Eyes and brows of one face or of the other, and of neither in part."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np

from facelab.atlas import Atlas
from facelab.face.opacity import TAKEN
from facelab.numerics.arrays import Bool, Float
from facelab.numerics.smoothing import resized, smoothstep, spread
from facelab.numerics.windows import Window, around, window_of
from facelab.types import Texture

_FEATURES = ("eyes", "brows")
_AROUND = 5.0  # texels of the position map: what belongs to a feature beside it
_SOFT = 2.0  # texels of the position map, over which its surroundings begin
_MOST = 0.75  # of a feature: where less of it was seen the target keeps its own
_WHOLE = 0.9  # of a brow: where more of it was seen its mirror may stand for the other one
_COVERED = 0.78  # of the target's brows: where less of them would be, they stay; ends get covered
_SIDE = 256  # of the map on which a mirror is compared, texels
_TONE_SIDE = 64  # of the map on which the two sides' light is compared, texels


@dataclass(frozen=True, slots=True, eq=False)
class _Feature:
    """An eye or brow of the atlas.

    Parameters
    ----------
    core : (S, S) float32
        Where it is, [0, 1].
    beside : (S, S) float32
        It with what is around it, [0, 1].
    window : (rows, columns) slices
        All of the core.
    """

    core: Float
    beside: Float
    window: Window

    def seen(self, shown: Float) -> float:
        """How much of it shows, [0, 1], of `shown`, ``(S, S)``."""
        core = self.core[self.window]
        return float((shown[self.window] * core).sum()) / float(core.sum())


def with_both_brows(texture: Texture, atlas: Atlas) -> Texture:
    """Return a texture where the mirror of a whole brow stands for one that was hidden in part.

    A fringe, or a head turned away, hides one brow and shows the other. In its place the mirror
    has the light of its own side.

    Parameters
    ----------
    texture : Texture
        Itself, where both brows were seen or neither.
    atlas : Atlas
        Its layout, of which one half is the other's mirror.
    """
    shown = smoothstep(texture.reduced(atlas.size).confidence, *TAKEN)
    seen = [brow.seen(shown) for brow in _sides(atlas, "brows", atlas.size)]
    if min(seen) >= _MOST or max(seen) < _WHOLE:
        return texture
    hidden = int(np.argmin(seen))
    brow = _sides(atlas, "brows", texture.size)[hidden]
    half = _left(atlas, texture.size) == (hidden == 0)
    shift = _between_sides(texture, half * (1 - brow.core))
    parts = texture.parts
    if parts is not None:
        parts = parts + resized(brow.beside, len(parts))[..., None] * (parts[:, ::-1] - parts)
    window = window_of(brow.beside)
    colour, confidence = texture.colour.copy(), texture.confidence.copy()
    share = brow.beside[window]
    lit = texture.colour[:, ::-1][window] + shift[window]
    colour[window] += share[..., None] * (np.clip(lit, 0, 1) - colour[window])
    mirrored = share * texture.confidence[:, ::-1][window]
    confidence[window] = np.maximum(confidence[window], mirrored)
    return Texture(colour, confidence, parts)


def _between_sides(texture: Texture, skin: Float) -> Float:
    """By how much texels are lighter than their mirror, ``(S, S, 3)``, as the skin is: smooth."""
    colour, seen, skin = (resized(one, _SIDE) for one in (texture.colour, texture.confidence, skin))
    weight = skin * smoothstep(np.minimum(seen, seen[:, ::-1]), *TAKEN)
    difference = (colour - colour[:, ::-1]) * weight[..., None]
    small, weight = resized(difference, _TONE_SIDE), resized(weight, _TONE_SIDE)
    mean = np.asarray(small / np.maximum(weight, 1e-6)[..., None], np.float32)
    return resized(cv2.GaussianBlur(spread(mean, weight), (0, 0), _SOFT), texture.size)


def without_halves(shown: Float, atlas: Atlas, brows: Float | None = None) -> Float:
    """Return an opacity that leaves out the eyes and brows of which it would show a part.

    Half an eye or brow of each face is a third one, or two side by side, and two brows of two
    people are no pair. Where the source was seen from its side, or through hair, the target keeps
    an eye of which too little was seen, and both brows; so it does if more than the ends of its own
    would show beside.

    Parameters
    ----------
    shown : (S, S) float32
        In [0, 1].
    brows : (S, S) float32, optional
        Where the target's brows are, [0, 1].

    Returns
    -------
    (S, S) float32
        In [0, 1].
    """
    out = shown
    for name in _FEATURES:
        sides = _sides(atlas, name, len(shown))
        lost = [side.seen(shown) < _MOST for side in sides]
        if name == "brows":
            left_over = brows is not None and (shown * brows).sum() < _COVERED * brows.sum()
            lost = [any(lost) or bool(left_over)] * len(lost)
        for side, left_out in zip(sides, lost, strict=True):
            out = out * (1 - side.beside) if left_out else out
    return out


def _left(atlas: Atlas, size: int) -> Bool:
    return np.asarray(atlas.canonical_uv(size)[..., 0] < 0.5)


@cache
def _sides(atlas: Atlas, name: str, size: int) -> tuple[_Feature, ...]:
    """A feature on each side, in maps of a side."""
    left = _left(atlas, size)
    texel = size / atlas.size
    reach = 2 * max(1, round(_AROUND * texel)) + 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach))
    features = []
    for side in (left, ~left):
        core = np.asarray(atlas.region(name, size) * side, np.float32)
        beside, blur = np.zeros_like(core), max(_SOFT * texel, 0.3)
        window = around(core, reach + int(np.ceil(4 * blur)))
        beside[window] = cv2.GaussianBlur(cv2.dilate(core[window], kernel), (0, 0), blur)
        for mask in (core, beside):
            mask.flags.writeable = False
        features.append(_Feature(core, beside, window_of(core)))
    return tuple(features)
