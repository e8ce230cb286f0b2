"""Albedo of a face: its texture without the light it was in, without brows, eyes and hair.

All that varies slowly over a face is light as well as skin. Of it the lightness is flattened and
the hue kept, as far as both halves of the face share it; what varies fast is kept, but for the
highlights. Frame: the canonical atlas.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np

from facelab.atlas import Atlas
from facelab.edits.cielab import to_lab, to_rgb
from facelab.edits.complexion import blurred, faded
from facelab.edits.retone import retoned
from facelab.face.skin import SIZE, Skin, learn
from facelab.face.swap import reject_non_skin
from facelab.face.texture import complete
from facelab.numerics.arrays import Float
from facelab.numerics.smoothing import resized, smoothstep, spread
from facelab.types import Texture

_LIT = 0.6  # quantile of the skin's lightness that is taken for its own: half of it lies in shade
_KEPT = np.array([0.2, 0.7, 0.7], np.float32)  # of what both halves share, in CIELAB
_LARGEST = np.array([4.0, 5.0, 5.0], np.float32)  # of it, in CIELAB
_LIPS_EVENED = 0.65  # of the contrast of their lightness
_RIM = 0.12  # of the side, over which the tone fades to one colour toward the oval
_GLOSS, _GLOSS_KEPT = 3.0, 0.25  # lightness above the tone from which it is gloss; what stays
_UNLIKE, _LIKE = 0.25, 0.6  # likelihood of skin from which a texel counts, and fully counts
_WHITE = 0.9, 0.97  # darkest channel from which a texel is burnt out
_STUBBLE = 2.5, 6.0  # lightness below the tone from which a texel shows stubble, and surely does
_STRAND = 6.0, 11.0  # lightness below the tone from which a texel shows a strand, and surely does
_FORM = 0.022  # of the side: what varies more slowly is form and its shadows
_FORM_KEPT = np.array([0.4, 0.6, 0.6], np.float32)  # of it, in CIELAB


@dataclass(frozen=True, slots=True, eq=False)
class Albedo:
    """The skin of one face without light.

    Parameters
    ----------
    colour : (S, S, 3) float32
        sRGB-encoded RGB in [0, 1]; made up where `known` is 0.
    known : (S, S) float32
        How surely a texel shows the person's skin, [0, 1].
    tone : (3,) float32
        CIELAB of the skin as a whole, which `colour` reaches at the face's border.
    bearded : float
        How much darker the skin was where beards grow, units of lightness; 0 if that was not asked.
    hairs : (S, S) float32
        How surely each texel shows a beard's hair, [0, 1]; 0 if that was not asked.
    """

    colour: Float
    known: Float
    tone: Float
    bearded: float
    hairs: Float


def albedo(texture: Texture, atlas: Atlas, beard: Float | None = None) -> Albedo:
    """The skin in a texture without light, hair, brows and eyes.

    Parameters
    ----------
    texture : Texture
        As `facelab.face.texture.unwrap` gives it.
    atlas : Atlas
        The canonical one.
    beard : (n, n) float32, optional
        Where beards grow, [0, 1]: hairs are taken away there. By default what looks like skin is
        kept.
    """
    skin = learn(texture, atlas)
    seen = reject_non_skin(texture, skin, atlas)
    whole = complete(seen, atlas.region("face", texture.size) > 0.5).colour
    tone, field = _tones(skin, atlas)
    wanted = resized(field, texture.size)
    fine = to_lab(retoned(whole, skin.tone, to_rgb(field))) - wanted
    known = _known(seen, skin, atlas) * (1 - _strands(fine, atlas))
    bearded, hairs = 0.0, np.zeros_like(known)
    if beard is not None:
        hairs, bearded = _beard(fine, seen, resized(beard, texture.size))
        known = known * (1 - hairs)
    matt = _even_lips(_matt(_without_form(fine, known, atlas)), atlas)
    return Albedo(to_rgb(wanted + _filled(matt, known, atlas)), known, tone, bearded, hairs)


def _beard(fine: Float, seen: Texture, grows: Float) -> tuple[Float, float]:
    """Where a beard's hairs are, and how much darker than skin they are."""
    dark = np.maximum(-cv2.GaussianBlur(fine[..., 0], (0, 0), 0.004 * len(fine)), 0)
    where = grows * smoothstep(seen.confidence, 0.05, 0.3)
    darker = np.average(dark, weights=where + np.float32(1e-6))
    hairs = smoothstep(grows, 0.1, 0.4) * smoothstep(dark, *_STUBBLE)
    return _soft(hairs, 0.006), float(darker)


def _tones(skin: Skin, atlas: Atlas) -> tuple[Float, Float]:
    """CIELAB of the skin as a whole ``(3,)``, and its field without light ``(128, 128, 3)``."""
    lab = to_lab(skin.tone)
    certain = skin.likelihood >= 0.5 * skin.likelihood.max()
    light = np.quantile(lab[certain][:, 0], _LIT)
    near = certain & (np.abs(lab[..., 0] - light) < 6)
    tone = np.array([light, *np.median(lab[near if near.any() else certain][:, 1:], axis=0)])
    own = np.clip(lab - tone.astype(np.float32), -25, 25)
    weight = skin.likelihood[..., None] + np.float32(1e-3)
    both = own * weight + (own * weight)[:, ::-1]
    shared = _KEPT * both / (weight + weight[:, ::-1])
    bounded = _LARGEST * np.tanh(shared / _LARGEST) * faded(atlas, SIZE, _RIM)[..., None]
    return tone.astype(np.float32), np.asarray(tone + bounded, np.float32)


def _without_form(fine: Float, known: Float, atlas: Atlas) -> Float:
    """CIELAB above the tone, less of the shading in it: eye sockets, the sides of the nose."""
    plain = known * (1 - features_kept(atlas, len(known)))
    share = cv2.GaussianBlur(plain, (0, 0), _FORM * len(known))[..., None]
    return np.asarray(
        fine - (1 - _FORM_KEPT) * share * blurred(fine, plain, _FORM * len(fine)), np.float32
    )


def _matt(fine: Float) -> Float:
    """CIELAB above the tone with its highlights pressed down."""
    above = np.maximum(fine[..., 0] - np.float32(_GLOSS), 0)
    out = fine.copy()
    out[..., 0] -= np.float32(1 - _GLOSS_KEPT) * above
    return out


def _even_lips(fine: Float, atlas: Atlas) -> Float:
    """Lips about as light everywhere: the upper one faces down, the lower one shines."""
    lips = _lips(atlas, len(fine))
    slow = blurred(fine, lips, _FORM * len(fine))[..., 0]
    mean = np.average(slow, weights=lips + np.float32(1e-6))
    out = fine.copy()
    out[..., 0] += np.float32(_LIPS_EVENED) * lips * (mean - slow)
    return out


def _known(seen: Texture, skin: Skin, atlas: Atlas) -> Float:
    """How surely each texel shows the person's skin, ``(S, S)``."""
    likeness = np.asarray(skin.likelihood / np.maximum(skin.seen, 0.02), np.float32)
    like = cv2.erode(smoothstep(likeness, _UNLIKE, _LIKE), np.ones((3, 3), np.uint8))
    certain = np.maximum(cv2.GaussianBlur(like, (0, 0), 1.5), features_kept(atlas, SIZE))
    well = cv2.erode(
        smoothstep(resized(seen.confidence, SIZE), 0.02, 0.15), np.ones((3, 3), np.uint8)
    )
    certain *= cv2.GaussianBlur(well, (0, 0), 1.5)
    burnt = smoothstep(seen.colour.min(axis=2), *_WHITE)  # no colour is left of it
    return resized(certain, seen.size) * (1 - burnt) * (1 - features_removed(atlas, seen.size))


def _strands(fine: Float, atlas: Atlas) -> Float:
    """Hair and frames of glasses thinner than a texel of `facelab.face.skin`, ``(S, S)``."""
    size = len(fine)
    above_mouth = np.arange(size) < (atlas.landmarks68[33, 1] + 0.5) / atlas.size * size
    dark = smoothstep(-fine[..., 0], *_STRAND) * above_mouth[:, None]
    return _soft(_grown(dark * (1 - features_kept(atlas, size)), 0.006), 0.003)


def _filled(fine: Float, known: Float, atlas: Atlas) -> Float:
    """CIELAB above the tone, carried from where it is known into the rest; 0 at the border."""
    share, sure = known[..., None], smoothstep(known, 0.3, 0.9)
    lips = _lips(atlas, len(known))
    around = spread(fine, sure * (1 - lips))
    around += lips[..., None] * (spread(fine, sure * lips) - around)
    rim = faded(atlas, len(known), _RIM)[..., None]
    return np.asarray(rim * (share * fine + (1 - share) * around), np.float32)


@lru_cache(maxsize=8)
def features_kept(atlas: Atlas, size: int) -> Float:
    """Lips and nostrils, which look unlike skin and belong to it, ``(size, size)``."""
    u, v = atlas.canonical_uv(size).transpose(2, 0, 1)
    tip = (atlas.landmarks68[33] + 0.5) / atlas.size
    nostrils = smoothstep(1.3 - np.hypot((u - tip[0]) / 0.09, (v - tip[1] + 0.01) / 0.045), 0, 0.4)
    return _frozen(np.maximum(_lips(atlas, size), nostrils))


@lru_cache(maxsize=8)
def features_removed(atlas: Atlas, size: int) -> Float:
    """Eyes with their lashes, brows, and the slit of the mouth, ``(size, size)``."""
    eyes = _grown(atlas.region("eyes", size), 0.02)
    brows = _grown(atlas.region("brows", size), 0.02)
    mouth = _grown(atlas.region("mouth", size), 0.007)
    return _frozen(_soft(np.maximum.reduce([eyes, brows, mouth]), 0.006))


@lru_cache(maxsize=8)
def _lips(atlas: Atlas, size: int) -> Float:
    """The lips with a soft edge, ``(size, size)``."""
    return _frozen(_soft(_grown(atlas.region("lips", size), 0.007), 0.006))


def _grown(mask: Float, reach: float) -> Float:
    radius = max(1, round(reach * len(mask)))
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
    out: Float = cv2.dilate(mask, kernel)
    return out


def _soft(mask: Float, sigma: float) -> Float:
    out: Float = cv2.GaussianBlur(mask, (0, 0), max(sigma * len(mask), 0.4))
    return out


def _frozen(mask: Float) -> Float:
    mask.flags.writeable = False
    return mask
