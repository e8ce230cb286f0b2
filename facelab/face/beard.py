"""A beard as a whole: told by where it grows, and then all of it or nothing."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np

from facelab.atlas import Atlas
from facelab.atlas.layout import fill
from facelab.constants import PARTS
from facelab.face.quality import share
from facelab.numerics.arrays import Float
from facelab.numerics.distance import distance_within
from facelab.numerics.morphology import disk
from facelab.numerics.normalised import weighted_mean
from facelab.numerics.smoothing import resized, smoothstep
from facelab.numerics.windows import window_of
from facelab.types import Texture

ALONG_LIPS = 3 / 256
"""Of the side: over how much of it lips, which have no beard, pass into skin that may have."""

_SIDE = 256  # of the maps, texels
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
    def none(cls) -> Beard:
        """That of a bare face."""
        bare = np.zeros((_SIDE, _SIDE), np.float32)
        return cls(bare, bare)

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
        zones = [_whole(atlas)[name] for name in _bearded(evidence)]
        if not zones:
            return cls.none()
        cover = np.maximum.reduce(zones)
        total = _total(evidence)
        hair = cover * hidden(texture, _SIDE) if total >= _DENSE else np.zeros_like(cover)
        return cls(cover, hair, total >= _FULL)


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
    return shown * (1 - resized(kept, size) * (1 - atlas.soft_region("lips", size, ALONG_LIPS)))


def hidden(texture: Texture, size: int) -> Float:
    """Where hair hides the skin, ``(size, size)`` in [0, 1]: both sides together, without gaps."""
    hair, texel = share(texture, size, "beard"), size / _SIDE
    near = cv2.dilate(np.maximum(hair, hair[:, ::-1]), disk(round(_HAIR * texel)))
    blurred = cv2.GaussianBlur(near, (0, 0), _EDGE * texel)
    return smoothstep(np.asarray(blurred, np.float32), *_THICK)


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
    small = texture.reduced(_SIDE)
    lightness = cv2.extractChannel(cv2.cvtColor(small.colour, cv2.COLOR_RGB2Lab), 0)
    smooth = cv2.GaussianBlur(lightness, (0, 0), _FINEST)
    darker = cv2.morphologyEx(smooth, cv2.MORPH_BLACKHAT, disk(_HAIR))
    skin, beard = share(texture, _SIDE, "skin"), share(texture, _SIDE, "beard")
    cheek = cheeks(atlas, _SIDE) * small.confidence * skin
    light, rough = weighted_mean(lightness, cheek), weighted_mean(darker, cheek)
    out = {}
    for name, core in _cores(atlas).items():
        here = window_of(core)
        shown = core[here] * small.confidence[here] * (skin[here] + beard[here])
        if shown.sum() < _SEEN * core.sum():
            continue
        dark = 100 * (weighted_mean(darker[here], shown) - rough) / max(light, 1)
        out[name] = (dark + _PARSED * weighted_mean(beard[here], shown)) / _ZONES[name].least
    return out


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
def cheeks(atlas: Atlas, size: int) -> Float:
    """Skin without a beard to compare with, ``(size, size)`` in [0, 1]."""
    return resized(_drawn(_CHEEK, atlas), size)


def _drawn(corners: tuple[tuple[float, float], ...], atlas: Atlas) -> Float:
    """A polygon of the canonical atlas and its mirror, ``(256, 256)`` in [0, 1]."""
    half = fill([np.array(corners, np.float32) * _SIDE - np.float32(0.5)], _SIDE, _SIDE)
    return atlas.from_canonical(np.maximum(half, half[:, ::-1]))
