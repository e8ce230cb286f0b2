"""The skins that facelab ships: averages of several people's, who do not exist either.

``scripts/build_skins.py`` makes them. Colours are CIELAB above or below the skin's tone, which is
one colour for the whole head, so that any of them can be given any tone.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from facelab import weights
from facelab.edits.cielab import to_rgb
from facelab.edits.retone import retoned
from facelab.numerics.arrays import Float

SIDE = 256  # texels of a shipped face

_DARKEST, _LIGHTEST = 24.0, 78.0  # CIELAB lightness of tones that are drawn
_PALER = 48.0  # lightness below which a tone's colour wanes: black absorbs it
_SPREAD = 0.6  # of the portraits' deviations in hue: the rest is their white balance
_RED, _YELLOW = (-5, 6), (-7, 7)  # CIELAB beside the usual: what lies beyond is a colour cast
_LINED = 32.0, 62.0  # years between which lined skins come to be all that are drawn
_ALIKE = 6.0  # difference in lightness from which a shipped skin is drawn much less often

Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class SkinBank:
    """Shipped skins and maps.

    Parameters
    ----------
    faces : tuple of (n,) uint8
        JPEG bytes ``(256, 256)`` of each skin in the canonical atlas.
    tones : (k, 3) float32
        CIELAB of each.
    male, lined : (k,) bool
        Whose they are: men's; those of faces with lines, which are mostly older.
    curve : (3, 2) float32
        Red and yellow of CIELAB by powers of the lightness.
    spread : (2, 2) float32
        How they deviate from that: times two standard normal numbers.
    beard : (64, 64) float32
        Where beards grow in the canonical atlas, [0, 1].
    creases : (n, 256, 256) float32
        Drawings of wrinkles: by what share they lighten the skin.
    ears : (384, 384, 3) float32
        CIELAB above the tone, in the head's UV square: 0 outside of the ears.
    scalp, throat, wet : (384, 384) float32
        Where in that square hair grows, a beard below the jaw, and the mouth's inside, [0, 1].
    """

    faces: tuple[Array, ...]
    tones: Float
    male: Array
    lined: Array
    curve: Float
    spread: Float
    beard: Float
    creases: Float
    ears: Float
    scalp: Float
    throat: Float
    wet: Float

    def tone(self, rng: np.random.Generator, lightness: float | None) -> Float:
        """CIELAB ``(3,)`` of a skin's tone as people have it."""
        drawn = rng.uniform(_DARKEST, _LIGHTEST)
        light = np.clip(drawn if lightness is None else lightness, 15, 90)
        rest = _SPREAD * (self.spread * rng.standard_normal(2)).sum(axis=1)
        return self.tone_at(light, rest)

    def tone_at(self, light: float, rest: Float | float = 0.0) -> Float:
        """CIELAB ``(3,)`` of the usual tone of a lightness, `rest` redder and yellower."""
        within = np.clip(light, 40, 72)
        hue = (self.curve * np.array([[1], [within], [within**2]])).sum(axis=0)
        return np.array([light, *(hue * min(1, light / _PALER) ** 0.6 + rest)], np.float32)

    def face(self, number: int, tone: Float) -> Float:
        """A shipped skin in another tone, ``(256, 256, 3)`` sRGB in [0, 1].

        As more or less pigment would make it: each channel is multiplied.
        """
        own, wanted = to_rgb(np.stack([self.tones[number], tone])[None])[0]
        scaled = _picture(self.faces[number]) * (wanted / own)
        return np.asarray(np.minimum(scaled, 1), np.float32)

    def likely(self, tone: Float) -> Float:
        """The tone ``(3,)`` nearest to a seen one that people have: no colour cast, not grey."""
        light = float(np.clip(tone[0], _DARKEST, _LIGHTEST + 4))
        usual = self.tone_at(light)
        red, yellow = tone[1:] - usual[1:]
        return self.tone_at(light, np.array([np.clip(red, *_RED), np.clip(yellow, *_YELLOW)]))

    def drawn(self, rng: np.random.Generator, male: float, age: float, tone: Float) -> Float:
        """A mix of two skins of one sex and about one age and tone, one of them mirrored."""
        men = rng.random() < male
        lined = rng.random() < ramp(age, *_LINED)
        likely = np.exp(-np.abs(self.tones[:, 0] - np.clip(tone[0], 45, 70)) / _ALIKE)
        likely = likely * (self.male == men) * (self.lined == lined)
        first, second = rng.choice(len(likely), 2, replace=False, p=likely / likely.sum())
        share = np.float32(rng.uniform(0.2, 0.8))
        one, other = self.face(first, tone), self.face(second, tone)[:, ::-1]
        return one + share * (other - one)


def toned(colour: Float, own: Float, wanted: Float) -> Float:
    """Skin ``(S, S, 3)`` of one tone ``(3,)`` in another, both CIELAB."""
    before, after = (to_rgb(np.tile(tone, (8, 8, 1))) for tone in (own, wanted))
    return retoned(colour, before, after)


def ramp(value: float, low: float, high: float) -> float:
    """0 up to `low`, 1 from `high`, and straight between."""
    return float(np.clip((value - low) / (high - low), 0, 1))


@cache
def skin_bank() -> SkinBank:
    """The skins that facelab ships; read once.

    Raises
    ------
    WeightsError
        If their file is missing or damaged.
    """
    stored = weights.load("skins")
    masks = _picture(stored["masks"])
    return SkinBank(
        faces=tuple(np.split(stored["faces"], stored["offsets"][1:-1])),
        tones=stored["tones"],
        male=stored["male"].astype(np.bool_),
        lined=stored["lined"].astype(np.bool_),
        curve=stored["tone_curve"],
        spread=stored["tone_spread"],
        beard=stored["beard"].astype(np.float32) / np.float32(255),
        creases=_creases(stored["creases"]),
        ears=_ears(stored["ears"]),
        scalp=masks[..., 0],
        throat=masks[..., 1],
        wet=masks[..., 2],
    )


def _picture(stored: Array) -> Float:
    """A JPEG or PNG, RGB in [0, 1]."""
    bgr = np.asarray(cv2.imdecode(stored, cv2.IMREAD_COLOR))
    return np.ascontiguousarray(bgr[..., ::-1]).astype(np.float32) / np.float32(255)


def _ears(png: Array) -> Float:
    """CIELAB above the tone: 3 steps to a unit, 128 for none."""
    steps = np.rint(_picture(png) * 255) - 128
    return np.asarray(np.where(np.abs(steps) < 2, 0, steps) / 3, np.float32)


def _creases(jpeg: Array) -> Float:
    """Shares by which the skin is lighter: 200 steps to 1, 128 for none."""
    grey = np.asarray(cv2.imdecode(jpeg, cv2.IMREAD_GRAYSCALE))
    steps = grey.astype(np.float32) - 128
    shade = np.where(np.abs(steps) < 2, 0, steps) / np.float32(200)
    return np.asarray(shade.reshape(-1, SIDE, SIDE), np.float32)
