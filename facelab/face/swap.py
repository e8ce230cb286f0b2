"""Swapping a face: the target's positions with the source's texture, in the target's light.

Both textures are split into two bands by their skin (`facelab.face.skin`): tone and shading come
from the target, features from the source.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

import cv2
import numpy as np

from facelab.atlas import Atlas
from facelab.face import eye_light, lip_colour
from facelab.face.exposure import brought_out, exposed, exposure
from facelab.face.light import lit_tones
from facelab.face.quality import SURFACE, taken
from facelab.face.relight import relight
from facelab.face.skin import (
    SIZE,
    TONE_SIGMA,
    Skin,
    extended_outward,
    features,
    fringe,
    learn,
    smooth,
)
from facelab.face.strands import Strands, strands
from facelab.face.texture import complete
from facelab.numerics.arrays import Bool, Float
from facelab.numerics.smoothing import resized
from facelab.types import Face, Texture

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
    skin : Skin
        Its own.
    """

    texture: Texture
    skin: Skin

    @property
    def tone(self) -> Float:
        """The tone of the skin, ``(128, 128, 3)`` RGB."""
        return self.skin.tone


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
    colour, atlas = source.texture.colour, target.positions.atlas
    if tone > 0:
        factor = exposure(skin)
        seen = brought_out(target.texture, factor)
        skin = replace(skin, tone=exposed(skin.tone, factor))
        own, lit = lit_tones(source.texture, source.skin, seen, skin, target.positions)
        wanted = own + np.float32(tone) * (lit - own)
        hair = strands(source.texture)
        wanted = wanted + _missed(source, own, wanted, hair)
        colour = relight(colour, own, wanted, hair, atlas)
        colour = eye_light.lit(colour, source.texture, seen, (own, lit), atlas, tone)
        colour = lip_colour.relit(colour, source.texture, seen, own, lit, atlas, tone)
        colour = exposed(colour, factor**-tone)
    return Face(target.positions, replace(source.texture, colour=colour))


def _missed(source: Source, own: Float, wanted: Float, hair: Strands | None) -> Float:
    """What relighting leaves of the change of tone, ``(128, 128, 3)``.

    Where contrast below and above the tone is bounded differently, its mean moves.
    """
    colour = source.texture.reduced(SIZE).colour
    change = relight(colour, own, wanted, hair) - colour
    return smooth(wanted - own - change, source.skin.likelihood)


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
    skin = _common(skins)
    fused = views[0] if len(views) == 1 else _average(views, [own.tone for own in skins], skin.tone)
    return Source(complete(fused, atlas.region("face", fused.size) > 0), skin)


def _common(skins: Sequence[Skin]) -> Skin:
    """The mean tone, and skin where any view shows it."""
    if len(skins) == 1:
        return skins[0]
    weight = np.stack([own.likelihood for own in skins])[..., None] + np.float32(1e-3)
    mean = (weight * np.stack([own.tone for own in skins])).sum(axis=0) / weight.sum(axis=0)
    tone: Float = cv2.GaussianBlur(mean, (0, 0), TONE_SIGMA * SIZE)
    likelihood, seen = (
        np.maximum.reduce(list(maps))
        for maps in zip(*[(own.likelihood, own.seen) for own in skins], strict=True)
    )
    return Skin(tone, likelihood, seen)


def _average(views: Sequence[Texture], tones: Sequence[Float], common: Float) -> Texture:
    """The views in the common tone, weighted by confidence."""
    total = np.zeros_like(views[0].colour)
    weights = np.full_like(views[0].confidence, 1e-12)
    for view, tone in zip(views, tones, strict=True):
        share = view.confidence**_FUSION_POWER
        total += share[..., None] * relight(view.colour, tone, common)
        weights += share
    best: Float = np.maximum.reduce([view.confidence for view in views])
    return Texture(total / weights[..., None], best, _average_parts(views))


def _average_parts(views: Sequence[Texture]) -> Float | None:
    """The shares of the parts over the views, weighted as their colours; None if one has none."""
    known = [view.parts for view in views if view.parts is not None]
    if len(known) < len(views):
        return None
    weights = [view.reduced(len(known[0])).confidence ** _FUSION_POWER for view in views]
    total = np.sum(weights, axis=0) + np.float32(1e-12)
    shares = [(one / total)[..., None] * parts for one, parts in zip(weights, known, strict=True)]
    return np.asarray(np.sum(shares, axis=0), np.float32)


def reject_non_skin(
    view: Texture, own: Skin, atlas: Atlas, parts: Sequence[str] = SURFACE
) -> Texture:
    """A texture with confidence 0 where hair or background leaked into it.

    Where it is not known what a texel shows, those are texels without skin at the sides and the
    forehead, and wherever the face is seen at a grazing angle.
    """
    if view.parts is not None:
        return taken(view, atlas, parts)
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
