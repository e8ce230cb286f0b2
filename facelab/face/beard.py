"""A beard as a whole: told by where it grows, and then all of it or nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np

from facelab.atlas import Atlas
from facelab.atlas.layout import fill
from facelab.constants import PARTS
from facelab.face.quality import share
from facelab.face.skin import TONE_SIGMA
from facelab.numerics.arrays import Float
from facelab.numerics.distance import distance_within
from facelab.numerics.morphology import disk
from facelab.numerics.smoothing import resized, smoothstep, spread
from facelab.numerics.windows import around, mixed, scaled
from facelab.types import Texture

_SIDE = 256  # of the maps, texels
_ALIGNED = 4  # texels that windows are a multiple of: whole texels in the sides textures have
_HELD = 4.0  # texels: a blur so wide is as well worked out on a map of half the side
_FINEST = 1.2  # texels: what is finer depends on the photograph's size
_HAIR = 4  # texels: half the width of the widest strand or tuft that is darker than what is around
_PARSED = 4.0  # per cent of darkness that a zone counts for which the parser takes all for beard
_SHOWS = 0.3  # of the evidence that a beard needs: a zone of a bearded face with less is bare
_DENSE = 1.8  # of the evidence that a beard needs: more is no stubble that reads as skin
_FULL = 6.0  # of the evidence that a beard needs: more hides the face
_JAW = 0.1  # of the side: how far from the oval stubble begins to pass into what is around
_SEEN = 0.05  # mean confidence under which a zone tells nothing
_EDGE = 3.0  # texels over which a beard passes into skin
_LIPS = 3  # texels around the lips that are red as they
_TUFT = 4.0  # texels: what is wider than the hair of a beard and its gaps
_SHADE = 9.0  # texels: how wide the shade of stubble is at least; chins and folds are narrower
_SHADES = 0.06  # level: how far two people's skin may be shaded differently around a mouth
_TONE = TONE_SIGMA * _SIDE  # texels: a wider shade is the skin's tone
_TOLD = 0.1, 0.4  # confidence from which and with which a face tells its stubble
_THICK = 0.15, 0.6  # parser's share near a texel, from where hair begins to hide skin, and does

# Corners in the canonical atlas, [0, 1], of the half at small u; the other is its mirror.
_CHEEK = ((0.14, 0.48), (0.36, 0.50), (0.36, 0.60), (0.30, 0.62), (0.16, 0.60))


@dataclass(frozen=True, slots=True)
class _Zone:
    """A part of the face where a beard may grow.

    Parameters
    ----------
    core : tuple of (u, v)
        The corners of what is looked at: where the hair is densest, no nostril, no jaw's shadow.
    whole : tuple of (u, v)
        The corners of all that such a beard covers, its stubble with it.
    least : float
        Per cent of the skin's lightness by which hair makes it darker than what is around, in the
        mean: this, in a moustache or on a chin, is a beard.
    """

    core: tuple[tuple[float, float], ...]
    whole: tuple[tuple[float, float], ...]
    least: float


_ZONES = {
    "moustache": _Zone(
        core=((0.5, 0.612), (0.455, 0.618), (0.40, 0.632), (0.36, 0.66), (0.352, 0.70),
              (0.385, 0.70), (0.42, 0.66), (0.5, 0.66)),
        whole=((0.5, 0.600), (0.455, 0.602), (0.42, 0.598), (0.38, 0.613), (0.335, 0.645),
               (0.305, 0.685), (0.30, 0.73), (0.375, 0.73), (0.40, 0.70), (0.5, 0.70)),
        least=3.6,
    ),
    "chin": _Zone(
        core=((0.5, 0.82), (0.42, 0.81), (0.36, 0.80), (0.36, 0.90), (0.5, 0.945)),
        whole=((0.5, 0.72), (0.40, 0.72), (0.325, 0.70), (0.30, 0.76), (0.30, 0.97), (0.5, 0.99)),
        least=0.72,
    ),
    "jaw": _Zone(
        core=((0.34, 0.78), (0.25, 0.72), (0.16, 0.66), (0.10, 0.66), (0.13, 0.76), (0.24, 0.83),
              (0.34, 0.88)),
        whole=((0.0, 0.42), (0.075, 0.42), (0.105, 0.55), (0.19, 0.64), (0.30, 0.675),
               (0.335, 0.70), (0.335, 0.98), (0.0, 0.98)),
        least=1.2,
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Beard:
    """A face's beard: none, stubble, or dense.

    Parameters
    ----------
    cover : (256, 256) float32
        How far each texel is the beard's, with its stubble and the skin that shows through, [0, 1].
    hair : (256, 256) float32
        How far it hides the skin, [0, 1]; 0 all over where it is stubble, which reads as skin.
    full : bool
        Whether so little skin shows that nothing tells how the face is without it.
    """

    cover: Float
    hair: Float
    full: bool = False

    @property
    def dense(self) -> bool:
        """Whether it hides skin anywhere."""
        return bool(self.hair.any())

    @classmethod
    def of(cls, texture: Texture, atlas: Atlas) -> Beard:
        """Tell whether a face has a beard; none where its parts are not known.

        A parser sees a beard where it is dense, and stubble hardly: by texels, a swap would keep
        or leave out half of it. So each zone where a beard may grow is judged as one, both sides
        together: by how much of it is darker than the skin right beside (a black-hat transform;
        Serra 1982), compared with the cheeks, and by the parser. A shadow is wider, and pores are
        on the cheeks as well.
        """
        evidence = {} if texture.parts is None else _evidence(texture, atlas)
        cover = np.zeros((_SIDE, _SIDE), np.float32)
        for name in _bearded(evidence):
            cover = np.maximum(cover, _whole(atlas)[name])
        hair = cover * _thick(texture) if _total(evidence) >= _DENSE else np.zeros_like(cover)
        return cls(cover, hair, _total(evidence) >= _FULL)


def with_whole_beard(texture: Texture, beard: Beard) -> Texture:
    """Return a texture whose parts show a dense beard's hair, and stubble as skin."""
    if texture.parts is None:
        return texture
    skin, hair = PARTS.index("skin"), PARTS.index("beard")
    parts = texture.parts.copy("K")
    both = parts[..., skin] + parts[..., hair]
    parts[..., hair] = both * resized(beard.hair, len(parts))
    parts[..., skin] = both - parts[..., hair]
    return texture.with_parts(parts)


def shaved(texture: Texture, beard: Beard, atlas: Atlas) -> Texture:
    """Return a texture that shows bare skin in place of its beard.

    Hair is darker than the skin right beside: a closing of the lightness (Serra 1982) takes it
    away and leaves the shape of chin, lip and folds. Stubble that shades a whole zone, and hair
    so thick that no skin shows, get the light of the skin around, and grey roots the colour of
    the cheeks. A full beard hides the face: its hair loses its confidence.

    Parameters
    ----------
    texture : Texture
    beard : Beard
        Its own; without one, the texture itself is returned.
    atlas : Atlas
        Its layout. Lips have no beard.
    """
    if texture.parts is None or not beard.cover.any():
        return texture
    size = texture.size
    where = np.maximum(beard.cover, _thick(texture))
    window = around(where, 1, _ALIGNED)
    colour, here = texture.colour.copy(), scaled(window, _SIDE, size)
    no_lips = 1 - atlas.soft_region("lips", size, _EDGE / _SIDE)[here]
    shape = no_lips.shape[::-1]
    bare = cv2.resize(_bare(texture, beard, atlas)[window], shape)
    colour[here] = mixed(colour[here], bare, cv2.resize(where[window], shape) * no_lips)
    confidence = texture.confidence
    if beard.full:
        confidence = confidence.copy()
        confidence[here] *= 1 - cv2.resize(beard.hair[window], shape) * no_lips
    return with_whole_beard(Texture(colour, confidence, texture.parts), _none())


def with_stubble(texture: Texture, face: Texture, beard: Beard, atlas: Atlas) -> Texture:
    """Return a texture in the light of a face with that face's stubble on its skin.

    It is what `shaved` takes off the face; but for its broad shade, which the tone of the face's
    skin holds already.

    Parameters
    ----------
    texture, face : Texture
        Of one size; the second one with its parts.
    beard : Beard
        The face's.
    atlas : Atlas
        Of both textures.
    """
    if face.parts is None or not beard.cover.any():
        return texture
    small = face.reduced(_SIDE)
    seen = share(face, _SIDE, "skin") * smoothstep(small.confidence, *_TOLD)
    grown = beard.cover * (1 - atlas.soft_region("lips", _SIDE, _EDGE / _SIDE))
    weight = seen * grown
    if not weight.any():
        return texture
    bare, window = _bare(face, beard, atlas), around(weight, 1, _ALIGNED)
    without = bare + _smoothed(grown[..., None] * (small.colour - bare), seen, _TONE)
    colour, here = texture.colour.copy(), scaled(window, _SIDE, texture.size)
    part = colour[here]
    without, weight = (cv2.resize(one[window], part.shape[1::-1]) for one in (without, weight))
    part += cv2.merge([weight] * 3) * (face.colour[here] - without)
    np.clip(part, 0, 1, out=part)
    return Texture(colour, texture.confidence, texture.parts)


def with_shade(
    texture: Texture, face: Texture, worn: Sequence[Beard], own: Beard, atlas: Atlas
) -> Texture:
    """Return a texture in the light of a face, shaded nearly as that where it was shaved.

    Under hair nothing tells how light falls on lip and chin, and where the closing of `shaved`
    fell short its shade is left: on bare skin a smear. What is finer than tufts stays.

    Parameters
    ----------
    texture, face : Texture
        Of one size; the second one with its parts.
    worn : sequence of Beard
        What was shaved off the texture.
    own : Beard
        The face's, which hides its shading as well.
    atlas : Atlas
        Of both textures.
    """
    if face.parts is None or not any(one.cover.any() for one in worn):
        return texture
    lips = atlas.soft_region("lips", _SIDE, _EDGE / _SIDE)
    shown = share(face, _SIDE, "skin") * smoothstep(face.reduced(_SIDE).confidence, *_TOLD)
    bare = shown * (1 - lips) * (1 - own.cover)
    differs = _smoothed(face.reduced(_SIDE).colour - resized(texture.colour, _SIDE), bare, _TUFT)
    beyond = differs - np.clip(differs, -_SHADES, _SHADES)
    gone = bare * np.maximum.reduce([one.cover for one in worn])
    colour = texture.colour + resized(gone[..., None] * beyond, texture.size)
    return Texture(np.clip(colour, 0, 1), texture.confidence, texture.parts)


def _bare(texture: Texture, beard: Beard, atlas: Atlas) -> Float:
    """Skin as it is without a beard, no finer than a strand: ``(256, 256, 3)`` RGB."""
    seen = texture.reduced(_SIDE).confidence
    skin, thick = share(texture, _SIDE, "skin") * seen, _thick(texture)
    where = np.maximum(beard.cover, thick)
    cheek = _cheeks(atlas) * skin * (1 - where)
    lab = cv2.cvtColor(texture.reduced(_SIDE).colour, cv2.COLOR_RGB2Lab)
    closed = cv2.morphologyEx(lab[..., 0], cv2.MORPH_CLOSE, disk(_HAIR))
    pores = np.float32(_mean(closed - lab[..., 0], cheek))  # closed as well, but not on the cheeks
    lab[..., 0] = closed - pores
    lab = cv2.GaussianBlur(lab, (0, 0), _HAIR / 2)
    no_lips = 1 - atlas.soft_region("lips", _SIDE, _EDGE / _SIDE)
    low = _smoothed(lab, seen * no_lips, _TUFT)
    around, beside = (
        spread(low[..., :1], skin * (1 - one)) - low[..., :1] for one in (where, thick)
    )
    shade = where * np.maximum(_smoothed(around, where * skin, _SHADE)[..., 0], 0)
    lab[..., 0] += shade + thick * (beside[..., 0] - shade)
    for i in (1, 2):
        lab[..., i] += where * (np.float32(_mean(lab[..., i], cheek)) - low[..., i])
    return np.asarray(np.clip(cv2.cvtColor(lab, cv2.COLOR_Lab2RGB), 0, 1), np.float32)


def _smoothed(values: Float, weight: Float, sigma: float) -> Float:
    """Weighted means around each texel of ``(256, 256, c)``; wide ones on a smaller map."""
    weight = weight[..., None] + np.float32(1e-3)
    side = _SIDE >> int(np.log2(sigma / _HELD))
    both = resized(np.dstack([values * weight, weight]), side)
    both = cv2.GaussianBlur(both, (0, 0), sigma * side / _SIDE)
    return resized(both[..., :-1] / both[..., -1:], _SIDE).reshape(values.shape)


def without_beards(shown: Float, own: Beard, atlas: Atlas) -> Float:
    """Return an opacity that is 0 where a photograph keeps its own beard.

    Its hair stays. Its stubble is painted over and comes in toward the jaw, since the neck has it
    as well.

    Parameters
    ----------
    shown : (S, S) float32
        The opacity of another face's texture, [0, 1].
    own : Beard
        The photograph's own.
    atlas : Atlas
        Their layout. Lips are no beard.
    """
    kept, size = np.maximum(own.hair, own.cover * _toward_jaw(atlas)), len(shown)
    return shown * (1 - resized(kept, size) * (1 - atlas.soft_region("lips", size, _EDGE / _SIDE)))


def _none() -> Beard:
    bare = np.zeros((_SIDE, _SIDE), np.float32)
    return Beard(bare, bare)


def _thick(texture: Texture) -> Float:
    """Where hair hides the skin, ``(256, 256)`` in [0, 1]: both sides together, without gaps."""
    hair = share(texture, _SIDE, "beard")
    near = cv2.dilate(np.maximum(hair, hair[:, ::-1]), disk(_HAIR))
    return smoothstep(np.asarray(cv2.GaussianBlur(near, (0, 0), _EDGE), np.float32), *_THICK)


def _total(evidence: dict[str, float]) -> float:
    """How much speaks for a beard; 1 is enough.

    Nobody grows it on the jaw alone, where hair and background are near.
    """
    return sum(max(evidence.get(name, 0), 0) for name in ("moustache", "chin"))


def _bearded(evidence: dict[str, float]) -> set[str]:
    """The zones that a beard covers, by how much speaks for one in each."""
    if _total(evidence) < 1:
        return set()
    found = {name for name, value in evidence.items() if value >= _SHOWS}
    return found if "chin" in found else found - {"jaw"}


def _evidence(texture: Texture, atlas: Atlas) -> dict[str, float]:
    """How much speaks for a beard in each zone; 1 is enough."""
    lightness = cv2.cvtColor(texture.reduced(_SIDE).colour, cv2.COLOR_RGB2Lab)[..., 0]
    smooth = cv2.GaussianBlur(lightness, (0, 0), _FINEST)
    darker = cv2.morphologyEx(smooth, cv2.MORPH_BLACKHAT, disk(_HAIR))
    skin, beard = share(texture, _SIDE, "skin"), share(texture, _SIDE, "beard")
    seen = texture.reduced(_SIDE).confidence
    cheek = _cheeks(atlas) * seen * skin
    light, rough = _mean(lightness, cheek), _mean(darker, cheek)
    out = {}
    for name, core in _cores(atlas).items():
        shown = core * seen * (skin + beard)
        if shown.sum() < _SEEN * core.sum():
            continue
        dark = 100 * (_mean(darker, shown) - rough) / max(light, 1)
        out[name] = (dark + _PARSED * _mean(beard, shown)) / _ZONES[name].least
    return out


def _mean(values: Float, weight: Float) -> float:
    return float((values * weight).sum() / max(float(weight.sum()), 1e-6))


@cache
def _cores(atlas: Atlas) -> dict[str, Float]:
    """Where each zone is looked at, ``(256, 256)`` in [0, 1]."""
    bare = 1 - cv2.dilate(atlas.region("lips", _SIDE), disk(_LIPS))
    return {name: _drawn(zone.core, atlas) * bare for name, zone in _ZONES.items()}


@cache
def _whole(atlas: Atlas) -> dict[str, Float]:
    """What a beard covers in each zone, ``(256, 256)`` in [0, 1]."""
    return {
        name: np.asarray(cv2.GaussianBlur(_drawn(zone.whole, atlas), (0, 0), _EDGE), np.float32)
        for name, zone in _ZONES.items()
    }


@cache
def _toward_jaw(atlas: Atlas) -> Float:
    """1 at the face's oval, falling to 0 inside, ``(256, 256)``."""
    inside = distance_within(atlas.region("oval", _SIDE) > 0.5)
    return np.asarray(1 - smoothstep(inside / np.float32(_SIDE), 0, _JAW), np.float32)


@cache
def _cheeks(atlas: Atlas) -> Float:
    """Skin without a beard to compare with, ``(256, 256)`` in [0, 1]."""
    return _drawn(_CHEEK, atlas)


def _drawn(corners: tuple[tuple[float, float], ...], atlas: Atlas) -> Float:
    """A polygon of the canonical atlas and its mirror, ``(256, 256)`` in [0, 1]."""
    half = fill([np.array(corners, np.float32) * _SIDE - np.float32(0.5)], _SIDE, _SIDE)
    return atlas.from_canonical(np.maximum(half, half[:, ::-1]))
