"""Beards, from a shadow of shaved hairs to short ones, drawn on skin."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from facelab.atlas import canonical
from facelab.heads.skin_bank import SkinBank, ramp
from facelab.heads.skin_marks import clouds, laid_over, strands
from facelab.heads.traits import Traits
from facelab.numerics.arrays import Float
from facelab.numerics.smoothing import resized, smoothstep

_STYLES = ("full", "full", "goatee", "moustache")
_BLUISH = np.array([0.30, 0.31, 0.34], np.float32)  # sRGB of hairs below the skin
_STUBBLY = 5.5  # units of lightness that a beard darkens skin by at least


@dataclass(frozen=True, slots=True)
class Beard:
    """How a beard grows.

    Parameters
    ----------
    shadow : float
        Of hairs below the skin, [0, 1].
    cover : float
        Of hairs above it, [0, 1].
    length : float
        0 for stubble to 1 for a short beard.
    style : str
        ``full``, ``goatee`` or ``moustache``.
    line : float
        Share of the beard's map from which it grows: a higher one is trimmed closer.
    """

    shadow: float = 0.0
    cover: float = 0.0
    length: float = 0.0
    style: str = "full"
    line: float = 0.2

    @property
    def throat(self) -> np.float32:
        """How much of it there is below the jaw."""
        return np.float32(0.7 if self.style == "full" else 0.25)

    @classmethod
    def of_darkness(cls, darker: float) -> Beard:
        """As dark as one that was seen, in units of lightness; none below what shadows do."""
        if darker < _STUBBLY:
            return cls()
        cover = ramp(darker, 0.7 * _STUBBLY, 2.4 * _STUBBLY)
        return cls(shadow=0.4, cover=cover, length=cover, line=0.15)

    @classmethod
    def drawn(cls, rng: np.random.Generator, traits: Traits) -> Beard:
        """None for women, for most young men little, and any for the rest."""
        kind = rng.random()
        style, line = _STYLES[rng.integers(len(_STYLES))], rng.uniform(0.1, 0.4)
        shadow, cover, length = rng.uniform(0.1, 0.5), rng.uniform(0.25, 0.95), rng.random()
        if traits.male < 0.5 or kind < 0.3:
            return cls()
        if kind < 0.55:
            return cls(shadow=shadow, line=0.15)
        return cls(shadow, cover * (0.5 if kind < 0.75 else 1.0), length, style, line)


def with_beard(
    rng: np.random.Generator, bank: SkinBank, skin: Float, beard: Beard, traits: Traits
) -> tuple[Float, Float]:
    """A face ``(S, S, 3)`` with a beard, itself without one; and where that is.

    Returns
    -------
    skin : (S, S, 3) float32
    grown : (S, S) float32
        How much of each texel lies in the beard, [0, 1]; skin that shows between hairs does, a
        shaved shadow does not.
    """
    if beard.shadow == beard.cover == 0:
        return skin, np.zeros(skin.shape[:2], np.float32)
    hairs = strands(rng, len(skin), beard.length)
    where = _growing(rng, resized(bank.beard, len(skin)), beard)
    return bearded(skin, where, hairs, beard, traits), where * ramp(beard.cover, 0.1, 0.4)


def bearded(skin: Float, where: Float, hairs: Float, beard: Beard, traits: Traits) -> Float:
    """Skin with a beard's hairs: those below the skin bluish, those above in the hair's colour.

    Parameters
    ----------
    where : (S, S) float32
        How much of the beard grows there, [0, 1].
    hairs : (S, S) float32
        How much of a texel hairs cover, [0, 1].
    """
    if beard.shadow == beard.cover == 0:
        return skin
    hair = np.array(traits.hair, np.float32)
    shadow = where * np.float32(beard.shadow) * (0.35 + 0.15 * hairs)
    least, most = (1 - beard.length) * np.array([0.2, 0.45]) + beard.length * np.array([0.45, 1.0])
    cover = where * np.float32(beard.cover) * (least + (most - least) * hairs)
    return laid_over(laid_over(skin, 0.5 * (hair + _BLUISH), shadow), 0.85 * hair, cover)


def _growing(rng: np.random.Generator, grows: Float, beard: Beard) -> Float:
    """Where a beard grows that is trimmed to its line and style, ``(S, S)`` in [0, 1]."""
    size = len(grows)
    ragged = grows + clouds(rng, size, (0.06, 0.02)) * (grows > 0)
    return smoothstep(ragged, beard.line, beard.line + 0.55) * _styled(beard.style, size)


def _styled(style: str, size: int) -> Float:
    """Where a style of beard leaves hair, ``(size, size)`` in [0, 1]."""
    at = (np.arange(size, dtype=np.float32) + np.float32(0.5)) / np.float32(size)
    middle = smoothstep(0.17 - np.abs(at - 0.5), 0, 0.05)[None]
    if style == "goatee":
        return np.repeat(middle, size, axis=0)
    if style == "moustache":
        lips = (canonical().landmarks68[[48, 54], 1].mean() + 0.5) / canonical().size
        return middle * smoothstep(lips + 0.03 - at, 0, 0.02)[:, None]
    return np.ones((size, size), np.float32)
