"""Swapping a face: the target's positions with the source's texture, in the target's light.

Both textures are split into two bands by their skin (`facelab.face.skin`): tone and shading come
from the target, features from the source.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from facelab.atlas import Atlas
from facelab.face.quality import SURFACE, taken
from facelab.face.skin import (
    SIZE,
    TONE_SIGMA,
    Skin,
    extended_outward,
    features,
    fringe,
    learn,
)
from facelab.face.texture import complete
from facelab.numerics.arrays import Bool, Float
from facelab.numerics.smoothing import resized
from facelab.types import Face, Texture

# The most by which contrast may grow below and above the skin's own tone: pores and noise of dark
# skin on light, highlights of light skin on dark.
_BELOW, _ABOVE = 1.7, 1.15
# Of the confidence that most of the face has: below it what does not look like skin is taken for
# background, where skin should be and on the features.
_GRAZING, _LOST = 0.6, 0.3
_FUSION_POWER = 4  # of the confidence: a texel comes mostly from the view that saw it best


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """The face that is put on: a texture without holes, and the tone of its skin.

    Parameters
    ----------
    texture : Texture
        What was not seen is made up (`facelab.face.texture.complete`).
    tone : (128, 128, 3) float32
        RGB, as in `facelab.face.skin.Skin`.
    """

    texture: Texture
    tone: Float


def swap(source: Source, target: Face, skin: Skin, tone: float = 1.0) -> Face:
    """The target's face with the source's texture.

    Parameters
    ----------
    source : Source
        In the target's atlas.
    target : Face
    skin : Skin
        The target's.
    tone : float
        How far the source is brought to the target's tone and shading, [0, 1].

    Returns
    -------
    Face
        The target's positions; the source's texture in the target's light, with the source's
        confidence.
    """
    wanted = source.tone + np.float32(tone) * (skin.tone - source.tone)
    colour = relight(source.texture.colour, source.tone, wanted)
    return Face(target.positions, Texture(colour, source.texture.confidence))


def relight(colour: Float, own: Float, wanted: Float) -> Float:
    """Move colours from one skin tone to another.

    Each channel of each texel goes through the curve of two straight lines that takes black to
    black, the own tone to the wanted one and white to white. So brows stay as dark against the
    skin as they were. Where contrast would grow too much, all three
    channels get less of it alike, which keeps the hue.

    Parameters
    ----------
    colour : (S, S, 3) float32
        RGB in [0, 1].
    own, wanted : (n, n, 3) float32
        Fields of skin tone, n <= S; equal ones change nothing.
    """
    # The floors keep the slopes finite, and 1 where the tones are equal.
    below = _bounded(np.maximum(wanted, 0.02) / np.maximum(own, 0.02), _BELOW) - 1
    above = _bounded(np.maximum(1 - wanted, 0.02) / np.maximum(1 - own, 0.02), _ABOVE) - 1
    size = len(colour)
    detail = cv2.subtract(colour, resized(own, size))
    # As changes of the colour, so that equal tones leave it bit for bit.
    darker = cv2.multiply(resized(below, size), np.minimum(detail, 0))
    lighter = cv2.multiply(resized(above, size), np.maximum(detail, 0))
    change = cv2.add(cv2.add(darker, lighter), resized(wanted - own, size))
    out: Float = cv2.add(colour, change)
    return np.clip(out, 0, 1, out=out)


def _bounded(slope: NDArray[np.floating[Any]], most: float) -> Float:
    """The slopes of three channels, scaled so that their mean is at most `most`."""
    mean = slope.mean(axis=2, keepdims=True)
    return np.asarray(slope * np.minimum(1, most / np.maximum(mean, 1e-6)), np.float32)


def fuse(views: Sequence[Texture], atlas: Atlas, parts: Sequence[str] = SURFACE) -> Source:
    """Fuse textures of one person from several photographs into one.

    What is not skin where skin should be (hair, background) loses its confidence. The views are
    then brought to their common tone and averaged texel by texel, by confidence to the fourth
    power, and what none of them saw is made up.

    Parameters
    ----------
    views : sequence of Texture
        One or more, of one size.
    parts : sequence of str
        Of `facelab.constants.PARTS`: what is taken of them, where they know their parts.

    Raises
    ------
    ValueError
        If there is no view, or the sizes differ.
    """
    if not views or len({view.size for view in views}) > 1:
        raise ValueError(f"fuse needs textures of one size, not {[v.size for v in views]}")
    skins = [learn(view, atlas) for view in views]
    views = [
        reject_non_skin(view, own, atlas, parts) for view, own in zip(views, skins, strict=True)
    ]
    tone = _common_tone(skins)
    fused = views[0] if len(views) == 1 else _average(views, [own.tone for own in skins], tone)
    return Source(complete(fused, atlas.region("face", fused.size) > 0), tone)


def _common_tone(skins: Sequence[Skin]) -> Float:
    if len(skins) == 1:
        return skins[0].tone
    weight = np.stack([own.likelihood for own in skins])[..., None] + np.float32(1e-3)
    mean = (weight * np.stack([own.tone for own in skins])).sum(axis=0) / weight.sum(axis=0)
    common: Float = cv2.GaussianBlur(mean, (0, 0), TONE_SIGMA * SIZE)
    return common


def _average(views: Sequence[Texture], tones: Sequence[Float], common: Float) -> Texture:
    """The views in the common tone, weighted by confidence."""
    total = np.zeros_like(views[0].colour)
    weights = np.full_like(views[0].confidence, 1e-12)
    for view, tone in zip(views, tones, strict=True):
        share = view.confidence**_FUSION_POWER
        total += share[..., None] * relight(view.colour, tone, common)
        weights += share
    best: Float = np.maximum.reduce([view.confidence for view in views])
    return Texture(total / weights[..., None], best)


def reject_non_skin(
    view: Texture, own: Skin, atlas: Atlas, parts: Sequence[str] = SURFACE
) -> Texture:
    """A texture with confidence 0 where hair or background leaked into it.

    Where it is not known what a texel shows, those are texels without skin at the sides and the
    forehead, and wherever the face is seen at a grazing angle.
    """
    if view.parts is not None:
        return taken(view, parts)
    turned = cv2.GaussianBlur(own.seen, (0, 0), 0.04 * SIZE) / max(float(own.seen.max()), 1e-3)
    grazing = turned < np.where(features(atlas, SIZE) > 0.5, _LOST, _GRAZING)
    hair = extended_outward(own.perhaps_not_skin * (_where_things_leak(atlas) | grazing), atlas)
    other = np.maximum(hair, fringe(hair, own.not_skin, atlas))
    spread_out = cv2.GaussianBlur(cv2.dilate(other, np.ones((5, 5), np.uint8)), (0, 0), 1.5)
    return Texture(view.colour, view.confidence * (resized(spread_out, view.size) < 0.3))


@cache
def _where_things_leak(atlas: Atlas) -> Bool:
    """The sides and the forehead, and the rim all around, ``(128, 128)``."""
    u, v = atlas.canonical_uv(SIZE).transpose(2, 0, 1)
    radius = np.hypot((u - 0.5) / 0.47, (v - 0.52) / 0.42)
    places: Bool = (radius > 0.62) & (v < 0.62) | (radius > 0.85)
    return places & (features(atlas, SIZE) < 0.5)
