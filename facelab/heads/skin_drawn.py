"""Skin of the face and of the rest of a head, drawn at random on a tone.

Frame of faces: the canonical atlas; of bodies: the head's own UV square; u right, v down, [0, 1].
"""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np

from facelab.atlas import canonical
from facelab.edits.cielab import to_rgb
from facelab.face.skin import features
from facelab.heads.beard import Beard, bearded, with_beard
from facelab.heads.skin_bank import SkinBank, ramp
from facelab.heads.skin_marks import (
    Spots,
    bumps,
    clouds,
    laid_over,
    pores,
    spotted,
    strands,
    tinted,
)
from facelab.heads.traits import Traits
from facelab.numerics.arrays import Float
from facelab.numerics.smoothing import resized, smoothstep

_LIKELY = 64  # cells of the maps of where spots lie
_FRECKLES, _MOLES = (0.0012, 0.0045), (0.0018, 0.0055)  # deviations, parts of the side
_AGE_SPOTS, _PIMPLES = (0.004, 0.016), (0.003, 0.007)
_WET = np.array([0.50, 0.22, 0.21], np.float32)  # sRGB of the mouth's inside
_LIPSTICKS = np.array([[36, 48, 20], [42, 40, 12], [52, 28, 14], [30, 32, 10], [48, 44, 2]],
                      np.float32)  # CIELAB: red, rose, nude, berry, pink  # fmt: skip
_SHADOWS = np.array([[35, 8, 12], [30, 12, -6], [28, 2, 2]], np.float32)  # brown, plum, smoke


def face(
    rng: np.random.Generator, bank: SkinBank, traits: Traits, tone: Float, beard: Beard, size: int
) -> tuple[Float, Float]:
    """The face of somebody who does not exist, sRGB ``(size, size, 3)``, and where its beard is."""
    base = bank.drawn(rng, traits.male, traits.age, tone)
    large = cv2.resize(base, (size, size), interpolation=cv2.INTER_CUBIC)
    red = np.float32(np.clip(tone[0] / 62, 0.45, 1.1))  # blood shows less through dark skin
    melanin = (
        _fine(rng, size) + _dark_marks(rng, traits, tone, size) + _lines(rng, bank, traits, size)
    )
    blood = red * _blood(rng, traits, size)
    darker, redder = rng.normal(0, 1.5, 2).astype(np.float32)
    lips, creased = _zone("lips", size, 0.012), 3 * strands(rng, size, 0.5) - np.float32(1.5)
    pigments = melanin + lips * (creased + darker), blood + lips * redder
    skin = made_up(rng, tinted(large, tone, *pigments), traits, tone)
    return with_beard(rng, bank, skin, beard, traits)


def body(
    rng: np.random.Generator, bank: SkinBank, traits: Traits, tone: Float, beard: Beard
) -> Float:
    """Ears, scalp, neck and shoulders on a tone, sRGB ``(384, 384, 3)``.

    Its texels are too large for pores and single hairs.
    """
    size = len(bank.ears)
    ears = np.float32(rng.uniform(0.5, 1.1) * np.clip(tone[0] / 60, 0.4, 1)) * bank.ears
    melanin = clouds(rng, size, (0.5, 0.1), (0.5, 0.02)) - ears[..., 0]
    blood = clouds(rng, size, (0.5, 0.05)) + ears[..., 1]
    flat = np.broadcast_to(to_rgb(tone[None, None]), (size, size, 3))
    skin = tinted(flat, tone, melanin, blood)
    hairs = rng.standard_normal((size, size), np.float32)
    if beard.style != "moustache":
        covered = np.clip(0.5 + 0.3 * hairs, 0, 1)
        skin = bearded(skin, bank.throat * beard.throat, covered, beard, traits)
    shorn = _shorn(rng, bank, traits, hairs)
    skin = laid_over(skin, 0.8 * np.array(traits.hair, np.float32), shorn)
    skin[bank.wet > 0.5] = _WET
    return skin


def _shorn(rng: np.random.Generator, bank: SkinBank, traits: Traits, hairs: Float) -> Float:
    """How much short hair covers of the scalp, which ends raggedly, ``(384, 384)``."""
    size = len(bank.scalp)
    ragged = bank.scalp + clouds(rng, size, (0.08, 0.02)) + np.float32(0.08) * hairs
    cover = traits.shorn * (1 + clouds(rng, size, (0.06, 0.05)) + np.float32(0.06) * hairs)
    return np.clip(smoothstep(ragged, 0.4, 0.85) * (bank.scalp > 0) * cover, 0, 1)


def made_up(rng: np.random.Generator, skin: Float, traits: Traits, tone: Float) -> Float:
    """Skin with, rarely, make-up on the lips and lids of women."""
    lips, lids = _zone("lips", len(skin), 0.012), _zone("eyelids", len(skin), 0.04)
    stick, shadow, wears = rng.integers(len(_LIPSTICKS)), rng.integers(len(_SHADOWS)), rng.random(2)
    cover = rng.uniform((0.35, 0.15), (0.75, 0.4)) * (wears < (0.3, 0.25)) * (traits.male < 0.5)
    for pigment, where, share in (
        (_LIPSTICKS[stick], lips, cover[0]),
        (_SHADOWS[shadow], lids, cover[1]),
    ):
        if share:
            veil = pigment * np.array([np.clip(tone[0] / 60, 0.6, 1.1), 1, 1], np.float32)
            light = cv2.cvtColor(skin, cv2.COLOR_RGB2GRAY)
            mean = np.average(light, weights=where + 1e-6)
            colour = to_rgb(veil[None, None]) * np.sqrt(light / mean)[..., None]
            skin = laid_over(skin, colour, share * where)
    return np.clip(skin, 0, 1)


def _fine(rng: np.random.Generator, size: int) -> Float:
    """Pores and mottling, in units of lightness lost."""
    depth = rng.uniform(0.5, 1.2) * _pore_zone(size)
    mottled = clouds(rng, size, (0.35, 0.1), (0.4, 0.02))
    return np.asarray((mottled - depth * pores(rng, size)) * (1 - _zone("lips", size, 0.006)))


def _dark_marks(rng: np.random.Generator, traits: Traits, tone: Float, size: int) -> Float:
    """Freckles, moles, spots of age, and rings under the eyes."""
    light = ramp(float(tone[0]), 45, 70)
    old = ramp(traits.age, 45, 80)
    many = min(rng.exponential(250) * (rng.random() < 0.15 + 0.3 * light), 900)
    kinds = [
        Spots.strewn(rng, _nose_and_cheeks(), round(many), _FRECKLES, 9 * light),
        Spots.strewn(rng, _anywhere(), int(rng.poisson(3)), _MOLES, 22),
        Spots.strewn(rng, _anywhere(), int(rng.poisson(25 * old)), _AGE_SPOTS, 8),
    ]
    rings = np.float32(rng.gamma(1.5, 1.0)) * _below_eyes(size)
    return (spotted(kinds, size) + rings) * (1 - _zone("lips", size, 0.006))


def _lines(rng: np.random.Generator, bank: SkinBank, traits: Traits, size: int) -> Float:
    """Wrinkles of two drawings, more or less deep from place to place."""
    first, second = rng.integers(len(bank.creases), size=2)
    deep = ramp(traits.age, 28, 80) * rng.uniform(0.4, 1.0)
    shade = bank.creases[first] + rng.random() * bank.creases[second][:, ::-1]
    uneven = np.clip(0.7 + clouds(rng, len(shade), (0.4, 0.3)), 0.1, 1.4)
    return resized(np.asarray(-45 * deep * uneven * shade, np.float32), size)


def _blood(rng: np.random.Generator, traits: Traits, size: int) -> Float:
    """Blush of cheeks, nose and chin, mottling, and pimples of the young."""
    weights = rng.gamma(2.0, 1.2, 3)
    out = clouds(rng, size, (0.7, 0.12), (0.5, 0.025))
    for weight, bump in zip(weights, _blushes(size), strict=True):
        out += np.float32(weight) * bump
    young = 1 - ramp(traits.age, 18, 35)
    count = int(rng.poisson(2 + 12 * young * rng.random()))
    return out + spotted([Spots.strewn(rng, _anywhere(), count, _PIMPLES, 9)], size)


@lru_cache(maxsize=1)
def _marks() -> Float:
    """The 68 landmarks in the canonical atlas, [0, 1]."""
    return np.asarray((canonical().landmarks68 + 0.5) / canonical().size, np.float32)


@lru_cache(maxsize=8)
def _zone(name: str, size: int, softness: float) -> Float:
    """A region of the atlas with a soft edge."""
    return _kept(canonical().soft_region(name, size, softness))


@lru_cache(maxsize=4)
def _pore_zone(size: int) -> Float:
    """How coarse skin is: most on nose and cheeks, least on the lids."""
    marks = _marks()
    nose = bumps(marks[[30, 30]], np.array([[0.1, 0.12], [0.3, 0.14]], np.float32), size)
    return _kept((0.7 + 0.4 * nose) * (1 - 0.6 * _zone("eyelids", size, 0.04)))


@lru_cache(maxsize=1)
def _nose_and_cheeks() -> Float:
    """Where freckles lie, ``(64, 64)``."""
    band = bumps(_marks()[[29]], np.array([[0.35, 0.12]], np.float32), _LIKELY)
    return _kept((0.08 + band) * _anywhere())


@lru_cache(maxsize=1)
def _anywhere() -> Float:
    """The face without its features, ``(64, 64)``."""
    atlas = canonical()
    return _kept(atlas.region("oval", _LIKELY) * (1 - features(atlas, _LIKELY)))


@lru_cache(maxsize=4)
def _below_eyes(size: int) -> Float:
    """The rings under the eyes."""
    marks = _marks()
    places = np.stack([marks[36:42].mean(axis=0), marks[42:48].mean(axis=0)])
    places[:, 1] += 0.045
    return _kept(bumps(places, np.full((2, 2), (0.06, 0.025), np.float32), size))


@lru_cache(maxsize=4)
def _blushes(size: int) -> tuple[Float, ...]:
    """Cheeks, the tip of the nose, the chin."""
    marks = _marks()
    cheeks = np.stack([(marks[36] + 2 * marks[31]) / 3, (marks[45] + 2 * marks[35]) / 3])
    cheeks += np.array([[-0.05, 0.01], [0.05, 0.01]], np.float32)
    return (
        _kept(bumps(cheeks, np.full((2, 2), (0.1, 0.08), np.float32), size)),
        _kept(bumps(marks[[30]], np.array([[0.07, 0.05]], np.float32), size)),
        _kept(
            bumps(
                marks[[8]] - np.array([0, 0.05], np.float32),
                np.array([[0.1, 0.06]], np.float32),
                size,
            )
        ),
    )


def _kept(mask: Float) -> Float:
    mask = np.asarray(mask, np.float32)
    mask.flags.writeable = False
    return mask
