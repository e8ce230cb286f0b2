"""The colour of another face's lips: as far as it may be the person's, and else that of the face.

How lips differ from the skin beside them is in part the person's and in part the skin's: the pale
lower lip of a dark face glows on a light one, and the rosy lips of a light face are deep red on a
dark one. So lips have a tone of their own. It is the one that the target's lips have in its light,
place by place, but for what the source's differ more from their skin, slowly and no further than
two people's do: a dark rim, a pale middle and the gloss of a smile would be blotches on
another mouth. What is finer stays the source's, in the strength that creases, gloss and changes of
hue have in the target's light.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np

from facelab.atlas import Atlas
from facelab.face.mouth_line import where_lips_meet
from facelab.face.quality import share
from facelab.numerics.arrays import Bool, Float
from facelab.numerics.morphology import disk
from facelab.numerics.smoothing import smoothstep, spread
from facelab.numerics.windows import Window, around, mixed, scaled
from facelab.types import Texture

_SIDE = 256  # of the maps on which tones are worked out, texels
_SEEN = 0.5  # confidence
_SURE = 0.8  # share of a texel from which it shows lips alone
_LEAST = 64  # texels of them, to tell a tone
_SIGMA = 0.01 * _SIDE  # texels: what is finer is relief
_SLOW = 0.04 * _SIDE  # texels: what of two people's difference is finer would be a blotch
# By how much two people's lips may differ beyond their skins, lightness: darker ones are a slab of
# paint, and on no light face are they lighter than its skin.
_LIGHTER, _DARKER = 6.0, 9.0
_COLOURED = 12.0  # and by how much in colour, CIELAB, where the skins are alike
_ALIKE = 5.0  # lightness that two skins may differ by before their lips' colours tell of melanin
_CREASED, _GLOSSY = 0.1, 0.97  # quantiles that tell how strong creases are, and gloss and hues
# Their strengths, new over old, at least and at most: of creases, gloss and changes of hue.
_RELIEF = np.array([[0.3, 0.3, 0.0], [1.2, 1.2, 1.0]], np.float32)
_ROOM = 20  # texels around lips in which they are relit
_ALIGNED = 4  # texels that a window is a multiple of: whole texels in the sides that textures have
_GRID = 2.5  # texels of a coarser grid, at least, in the sigma of what is smoothed on it
_BESIDE, _SOFT = 12, 2.0  # texels around lips within which their corners' shade lies; how softly
_RIDGE = 2.0  # lightness by which the edge of lips may be lighter than anything there
_CORNER = 7  # texels by which two faces' corners may lie apart


@dataclass(frozen=True, eq=False)
class _Mouth:
    """The lips of a texture, and the tone of the skin around, in a window of maps of side 256.

    Parameters
    ----------
    lab, skin : (h, w, 3) float32
        CIELAB.
    shown : (h, w) bool
        Where it surely shows lips.
    """

    lab: Float
    skin: Float
    shown: Bool

    @classmethod
    def of(cls, texture: Texture, skin: Float, shown: Bool, here: Window) -> _Mouth:
        """A window of a texture whose skin has the tone `skin`, ``(n, n, 3)`` RGB."""
        lab = _to_lab(texture.reduced(_SIDE).colour[here])
        tone = _to_lab(skin[scaled(here, _SIDE, len(skin))])
        return cls(lab, _enlarged(tone, lab), shown[here])

    @cached_property
    def tone(self) -> Float:
        """The lips' own, carried on beyond them, ``(h, w, 3)``."""
        return self._smooth(self.lab, _SIGMA)

    @cached_property
    def difference(self) -> Float:
        """How the lips differ from the skin, as it changes slowly over them, ``(h, w, 3)``."""
        return self._smooth(self.lab - self.skin, _SLOW)

    def _smooth(self, values: Float, sigma: float) -> Float:
        """Means over the lips around, carried on beyond them: normalised convolution."""
        weight = self.shown.astype(np.float32)[..., None]
        every = max(int(sigma / _GRID), 1)
        coarse = weight.shape[1] // every, weight.shape[0] // every
        both = cv2.resize(
            np.dstack([values * weight, weight]), coarse, interpolation=cv2.INTER_AREA
        )
        both = cv2.GaussianBlur(both, (0, 0), sigma / every)
        mean = both[..., :3] / np.maximum(both[..., 3:], 1e-6)
        return _enlarged(spread(mean, np.minimum(10 * both[..., 3], 1)), weight)

    @cached_property
    def relief(self) -> Float:
        """How strong creases, gloss and changes of hue are, ``(3,)``: how far off the tone.

        At the edge of lips there may be skin.
        """
        inner = cv2.erode(self.shown.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
        off = (self.lab - self.tone)[inner if inner.any() else self.shown]
        creases, gloss = np.abs(np.quantile(off[:, 0], [_CREASED, _GLOSSY]))
        hue = np.quantile(np.hypot(off[:, 1], off[:, 2]), _GLOSSY)
        return np.array([creases, gloss, hue], np.float32)

    @property
    def saturation(self) -> float:
        """Their chroma over their lightness, in the median: the light on them cancels."""
        light, a, b = np.median(self.lab[self.shown], axis=0)
        return float(np.hypot(a, b) / max(light, 1))

    @property
    def depth(self) -> Float:
        """How much darker than the skin each texel is, ``(h, w)``."""
        return self.skin[..., 0] - self.lab[..., 0]


def relit(
    colour: Float,
    source: Texture,
    target: Texture,
    own: Float,
    lit: Float,
    atlas: Atlas,
    tone: float = 1.0,
) -> Float:
    """Return a source's colours, relit as skin, with its lips lit as lips.

    Parameters
    ----------
    colour : (S, S, 3) float32
        The source's, in the target's light; RGB in [0, 1].
    source, target : Texture
        As they are in their photographs; with their parts, or the colours stay.
    own, lit : (n, n, 3) float32
        The tone of the source's skin and of the target's, RGB.
    atlas : Atlas
        Of both.
    tone : float
        How much of it is done, [0, 1].

    Returns
    -------
    (S, S, 3) float32
        In [0, 1]; changed on the lips and in the shade at their corners.
    """
    if source.parts is None or target.parts is None:
        return colour
    lips = [_shown(texture, atlas) for texture in (source, target)]
    if min(shown.sum() for shown in lips) < _LEAST:
        return colour
    here = around(lips[0] | lips[1], _ROOM, _ALIGNED)
    was, there = (
        _Mouth.of(*face, here) for face in ((source, own, lips[0]), (target, lit, lips[1]))
    )
    out, window = colour.copy(), scaled(here, _SIDE, len(colour))
    beside = _beside(was.shown | there.shown) * (1 - share(source, _SIDE, "beard")[here])
    skin = was.skin + np.float32(tone) * (there.skin - was.skin)
    part = _in_bounds(_to_lab(colour[window]), skin, beside, there)
    amount = share(source, _SIDE, "lips")[here]
    near = around(amount, 1, _ALIGNED)  # the lips alone, in the window
    texels = scaled(near, _SIDE, len(colour))
    old = _to_lab(source.colour[window][texels])
    new = old + np.float32(tone) * (_relit(old, was, there, near) - old)
    part[texels] = mixed(part[texels], new, smoothstep(_enlarged(amount[near], old)))
    out[window] = np.clip(cv2.cvtColor(part, cv2.COLOR_Lab2RGB), 0, 1)
    return out


def _shown(texture: Texture, atlas: Atlas) -> Bool:
    """Where a texture with its parts surely shows lips, ``(256, 256)``."""
    seen = texture.reduced(_SIDE).confidence > _SEEN
    out: Bool = seen & (share(texture, _SIDE, "lips") > _SURE) & ~where_lips_meet(atlas)
    return out


def _relit(lips: Float, was: _Mouth, there: _Mouth, near: Window) -> Float:
    """Lips of one mouth ``(h, w, 3)`` in the tone and with the relief of another; CIELAB.

    `near` is where they lie in the mouths' windows.
    """
    base, (creases, gloss, hue) = _lips(was, there)
    light, *chroma = cv2.split(cv2.subtract(lips, _enlarged(was.tone[near], lips)))
    relief = cv2.merge(
        [light * np.where(light < 0, creases, gloss), *(hue * one for one in chroma)]
    )
    out: Float = cv2.add(relief, _enlarged(base[near], lips))
    return out


def _lips(was: _Mouth, there: _Mouth) -> tuple[Float, Float]:
    """The tone of a face's lips on another, CIELAB, and how much of their relief stays, ``(3,)``.

    That is of creases, which are darker than the tone, of gloss and of changes of hue. Where one
    skin is much darker the hue is that of the target's: blood has one, and what differs is light
    and melanin, whose violet on a light skin looks ill.
    """
    # A photograph without colour gives lips none.
    faded = min((there.saturation + 0.01) / (was.saturation + 0.01), 1)
    coloured = np.array([1, faded, faded], np.float32)
    differs = coloured * was.difference - there.difference
    darker = np.median((was.skin - there.skin)[was.shown][:, 0])
    alike = np.float32(np.exp(-((darker / _ALIKE) ** 2)))
    light = _bounded(differs[..., :1], _LIGHTER, _DARKER)
    colour = alike * _bounded(differs[..., 1:], _COLOURED, _COLOURED)
    base = there.tone + np.dstack([light, colour])
    kept = there.relief / np.maximum(was.relief, np.float32(1e-3))
    return base, np.clip(kept, *_RELIEF)


def _bounded(differs: Float, above: float, below: float) -> Float:
    """Differences ``(h, w, c)``, small ones as they are and none longer than the bounds."""
    most = np.where(differs[..., :1] > 0, np.float32(above), np.float32(below))
    out: Float = differs / np.sqrt(1 + (differs**2).sum(axis=2, keepdims=True) / most**2)
    return out


def _in_bounds(colour: Float, skin: Float, beside: Float, there: _Mouth) -> Float:
    """Colours ``(h, w, 3)`` beside lips, no darker or lighter than they may be; CIELAB.

    On a light skin a dark one's curve takes the shade at their corners far down and the ridge
    around them up, and a smile's corners are deeper than those of lips at rest: both are as strong
    as in the target's photograph.
    """
    reach = disk(_CORNER)
    bounds = [cv2.dilate(one, reach) for one in (-there.depth, there.depth)]
    maps = np.dstack([np.maximum(one, 0) + _RIDGE for one in bounds] + [beside])
    lighter, darker, amount = cv2.split(_enlarged(maps, colour))
    toned = _enlarged(skin, colour)
    depth = toned[..., 0] - colour[..., 0]
    beyond = depth - np.clip(depth, -lighter, darker)
    return mixed(colour, toned, amount * beyond / np.where(beyond == 0, 1, depth))


def _beside(lips: Bool) -> Float:
    """Lips and what is around them, with a soft edge, ``(h, w)`` in [0, 1]."""
    grown = cv2.dilate(lips.astype(np.uint8), disk(_BESIDE)).astype(np.float32)
    out: Float = cv2.GaussianBlur(grown, (0, 0), _SOFT)
    return out


def _enlarged(maps: Float, like: Float) -> Float:
    """Maps of a window ``(h, w[, c])`` as large as another's."""
    out: Float = cv2.resize(maps, like.shape[1::-1])
    return out


def _to_lab(colour: Float) -> Float:
    lab: Float = cv2.cvtColor(colour, cv2.COLOR_RGB2Lab)
    return lab
