"""Light on a face: what of two faces' skin differs by light, and what by their features.

The colour of skin is the light's and the blood's: down to the middle scales it is the target's. On
lids it is the person's, or painted on, and stays as far as their lightness does. Lightness shows
the relief too, which is the person's and what recognition goes by. What varies over more than a
tenth of the side is light. Between that and the features, where two faces differ little, each keeps
its own; where they differ much, as hard light and soft do, that is light, and so it is where the
source was seen at a grazing angle, or hardly, and what goes by the way the surface looks. Relief
lies between the features: a dark patch on the even skin around them is a shadow, of hair or of a
beard that was shaved, and sooner the target's.
"""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np

from facelab.atlas import Atlas
from facelab.constants import PARTS
from facelab.face.shading import shading
from facelab.face.skin import SIZE, Skin, features
from facelab.numerics.arrays import Float
from facelab.numerics.smoothing import resized, smoothstep, spread
from facelab.types import PositionMap, Texture

# Differences of lightness at which half goes with the tone: of relief, and of a dark patch.
_RELIEF, _ON_CHEEK, _ON_FOREHEAD = np.float32(20), 7.0, 4.0
_CAST = 0.5  # of those bounds: by how much less they are in quite different light
_PASSING = 4.0  # texels: sigma with which the one passes into the other
_LIDS = 7  # texels around an eye that are lids, and what is below them
_BROAD = 0.10 * SIZE  # texels, beyond the tone's own: what varies more slowly is light
_LINES = 7  # texels: the window of the median, which drops lines of less than half its width
_SIGMA = 0.02 * SIZE  # texels: what is finer is feature
_SURE = 4  # over the smoothed weight of skin: 1 from a quarter on, as between brow and eye
_SHOWN = 0.03, 0.2  # confidence from which and with which a texel tells its skin's colour
_FACED, _AROUND = (0.5, 0.9), 6.0  # mean confidence, over texels around, that shows the relief
_FEW = np.float32(1e-3)  # of skin, where neither face shows any
_LEAST = np.float32(0), np.float32(-64), np.float32(-64)  # of CIELAB, in a median's 8 bits
_STEPS = np.float32(2.55), np.float32(2), np.float32(2)  # of them, in a unit of CIELAB


def lit_tones(
    source: Texture, own: Skin, target: Texture, other: Skin, positions: PositionMap
) -> tuple[Float, Float]:
    """Return the tone of a source with the light that goes with it, and what that becomes.

    Parameters
    ----------
    source, target : Texture
        Of any side.
    own, other : Skin
        The source's and the target's.
    positions : PositionMap
        The target's, in the atlas of both textures.

    Returns
    -------
    two of (128, 128, 3) float32
        RGB in [0, 1], for `facelab.face.relight.relight`. Equal faces have equal ones.
    """
    tone, wanted = (_to_lab(skin.tone) for skin in (own, other))
    (local, shows), (local_wanted, also) = middle(source, own), middle(target, other)
    shift = wanted - tone
    skin = np.minimum(own.likelihood, other.likelihood)
    shift[..., 0] = _broad(shift[..., 0], skin)
    rest = local_wanted - local - shift
    known = np.minimum(shows, also)
    shade, sure = shading(rest[..., 0], skin, positions)
    rest[..., 0] -= shade
    shift[..., 0] += known * shade
    light = _light(rest[..., 0], own.seen, positions.atlas, sure)
    coloured = known * (1 - _lids(positions.atlas) * (1 - light))
    share = cv2.merge([known * light, coloured, coloured])
    lit = tone + share * (local - tone)
    return _to_rgb(lit), _to_rgb(lit + shift + share * rest)


def middle(texture: Texture, skin: Skin) -> tuple[Float, Float]:
    """CIELAB of the skin down to 2 % of the side, ``(128, 128, 3)``, and how far it is known.

    A median drops folds, strands and the shadow's edge beside a nose but keeps the step from a
    lit half to a dark one.
    """
    weight = _weight(texture, skin)
    lab = spread(_to_lab(texture.reduced(SIZE).colour), weight)
    coarse = [
        _median(plane, *scale) for plane, *scale in zip(cv2.split(lab), _LEAST, _STEPS, strict=True)
    ]
    known = np.minimum(_SURE * cv2.GaussianBlur(weight, (0, 0), _SIGMA), 1)
    return cv2.GaussianBlur(cv2.merge(coarse), (0, 0), _SIGMA), np.asarray(known, np.float32)


def _median(plane: Float, least: np.float32, steps: np.float32) -> Float:
    """Medians around each texel, in 8 bits."""
    bits = np.clip(np.rint((plane - least) * steps), 0, 255).astype(np.uint8)
    return np.asarray(cv2.medianBlur(bits, _LINES) / steps + least, np.float32)


def _weight(texture: Texture, skin: Skin) -> Float:
    """Where a texture shows bare skin, however much aslant: what is painted must be lit."""
    if texture.parts is None:
        return skin.likelihood
    bare = smoothstep(resized(texture.parts[..., PARTS.index("skin")], SIZE), 0.6, 0.95)
    out: Float = bare * smoothstep(skin.seen, *_SHOWN)
    return out


def _broad(shift: Float, weight: Float) -> Float:
    """What of a change of lightness varies slowly: normalised convolution, ``(128, 128)``."""
    weight = weight + _FEW
    both = np.dstack([shift * weight, weight])
    total, support = cv2.split(cv2.GaussianBlur(both, (0, 0), _BROAD))
    out: Float = cv2.divide(total, support)
    return out


def _light(rest: Float, seen: Float, atlas: Atlas, sure: float) -> Float:
    """How far a difference of lightness is light, ``(128, 128)`` in [0, 1].

    The surer it is that the faces stand in different light, the sooner one casts other shadows.
    """
    half = np.where(rest > 0, _relief(atlas), _RELIEF) * np.float32(1 - _CAST * sure)
    fourth, most = (np.square(np.square(one)) for one in (rest, half))  # `**` is ten times slower
    faced = smoothstep(cv2.GaussianBlur(seen, (0, 0), _AROUND), *_FACED)
    out: Float = np.maximum(fourth / (fourth + most), 1 - faced)
    return out


@cache
def _relief(atlas: Atlas) -> Float:
    """How much darker a patch may be that is half the person's, in L*, ``(128, 128)``.

    Most in the convex hull of the features, which holds the nose.
    """
    places = np.argwhere(features(atlas, SIZE) > 0.5)[:, ::-1].astype(np.int32)
    bound = np.full((SIZE, SIZE), _ON_CHEEK, np.float32)
    bound[: atlas.rows("brows", SIZE)[1]] = _ON_FOREHEAD
    cv2.fillConvexPoly(bound, cv2.convexHull(places), float(_RELIEF))
    out: Float = cv2.GaussianBlur(bound, (0, 0), _PASSING)
    out.flags.writeable = False
    return out


@cache
def _lids(atlas: Atlas) -> Float:
    """Where the skin around eyes is, ``(128, 128)`` in [0, 1]."""
    disk = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * _LIDS + 1, 2 * _LIDS + 1))
    around = cv2.dilate(atlas.region("eyes", SIZE), disk)
    out: Float = cv2.GaussianBlur(around, (0, 0), _PASSING)
    out.flags.writeable = False
    return out


def _to_lab(colour: Float) -> Float:
    lab: Float = cv2.cvtColor(colour, cv2.COLOR_RGB2Lab)
    return lab


def _to_rgb(lab: Float) -> Float:
    colour: Float = cv2.cvtColor(lab, cv2.COLOR_Lab2RGB)
    return np.clip(colour, 0, 1)
