"""A beard taken off: the skin there is under it, as far as light and hair tell."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from facelab.atlas import Atlas
from facelab.face.beard import ALONG_LIPS, Beard, cheeks, hidden, with_whole_beard
from facelab.face.quality import share
from facelab.numerics.arrays import Float
from facelab.numerics.morphology import disk
from facelab.numerics.normalised import normalised, weighted_mean
from facelab.numerics.smoothing import resized, smoothstep, spread
from facelab.numerics.windows import around, laid_over, scaled
from facelab.types import Texture

SIDE = 256  # of the maps on which a beard and lips have an edge, texels
ALIGNED = 4  # texels that windows are a multiple of: whole texels in the sides textures have
TOLD = 0.1, 0.4  # confidence from which and with which a face tells what grows on it
_HAIR = 4  # texels: half the width of the widest strand or tuft that is darker than what is around
_SMOOTH = 128  # side of the maps on which no strand is left, texels
_SOFT = 1.0  # of their texels: what is narrower is gone with the strands
_TUFT = 2.0  # of their texels: what is wider than the hair of a beard and its gaps
_SHADE = 4.5  # of their texels: the least width of stubble's shade; chins and folds are narrower
_SHADES = np.float32(0.06)  # level: how far two people's skin is shaded differently around a mouth


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
    no_lips = 1 - atlas.soft_region("lips", SIDE, ALONG_LIPS)
    gone = np.maximum(beard.cover, resized(hidden(texture, _SMOOTH), SIDE)) * no_lips
    window = around(gone, 1, ALIGNED)
    bare, gone = bare_skin(texture, beard, atlas)[window], gone[window]
    bare *= cv2.merge([gone] * 3)
    colour = laid_over(texture.colour, 1 - gone, bare, scaled(window, SIDE, texture.size))
    confidence = texture.confidence
    if beard.full:
        shown = 1 - beard.hair * no_lips
        confidence = confidence * resized(shown, texture.size)
    return with_whole_beard(Texture(colour, confidence, texture.parts), Beard.none())


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
    small = face.reduced(_SMOOTH)
    shown = share(face, _SMOOTH, "skin") * smoothstep(small.confidence, *TOLD)
    covers = [resized(one.cover, _SMOOTH) for one in (own, *worn)]
    bare = shown * (1 - atlas.soft_region("lips", _SMOOTH, ALONG_LIPS)) * (1 - covers[0])
    gone = bare * np.maximum.reduce(covers[1:])
    window = around(gone, 1 + round(3 * _TUFT), ALIGNED // 2)
    here, gone = scaled(window, _SMOOTH, texture.size), gone[window]
    painted = cv2.resize(texture.colour[here], gone.shape[::-1], interpolation=cv2.INTER_AREA)
    differs = normalised(small.colour[window] - painted, bare[window], _TUFT)
    beyond = differs - np.clip(differs, -_SHADES, _SHADES)
    added = np.zeros_like(small.colour)
    added[window] = gone[..., None] * beyond  # most of it 0
    window = around(added, 1, ALIGNED // 2)
    colour = texture.colour.copy()
    part = colour[scaled(window, _SMOOTH, texture.size)]
    part += cv2.resize(added[window], part.shape[1::-1])
    np.clip(part, 0, 1, out=part)
    return Texture(colour, texture.confidence, texture.parts)


def bare_skin(texture: Texture, beard: Beard, atlas: Atlas) -> Float:
    """Return a face's colours without its beard, no finer than a strand: ``(256, 256, 3)`` RGB.

    Parameters
    ----------
    texture : Texture
        Of the face, with its parts.
    beard : Beard
        Its own.
    atlas : Atlas
        Its layout.
    """
    seen = texture.reduced(_SMOOTH).confidence
    skin, thick = share(texture, _SMOOTH, "skin") * seen, hidden(texture, _SMOOTH)
    where = np.maximum(resized(beard.cover, _SMOOTH), thick)
    cheek = cheeks(atlas, _SMOOTH) * skin * (1 - where)
    lab = _closed(texture, cheek)
    no_lips = 1 - atlas.soft_region("lips", _SMOOTH, ALONG_LIPS)
    low, *tint = cv2.split(normalised(lab, seen * no_lips, _TUFT))
    around_it, beside = (
        spread(low[..., None], skin * (1 - one))[..., 0] - low for one in (where, thick)
    )
    shade = normalised(around_it[..., None], where * skin, _SHADE)[..., 0]
    shade = where * np.maximum(shade, 0)
    lab[..., 0] += shade + thick * (beside - shade)
    for i, own in enumerate(tint, 1):
        lab[..., i] += where * (np.float32(weighted_mean(lab[..., i], cheek)) - own)
    return resized(np.clip(cv2.cvtColor(lab, cv2.COLOR_Lab2RGB), 0, 1), SIDE)


def _closed(texture: Texture, cheek: Float) -> Float:
    """CIELAB ``(128, 128, 3)`` without strands that are darker than what is around.

    Pores are closed as well, but not on the cheeks.
    """
    lab = cv2.cvtColor(texture.reduced(SIDE).colour, cv2.COLOR_RGB2Lab)
    closed = cv2.morphologyEx(cv2.extractChannel(lab, 0), cv2.MORPH_CLOSE, disk(_HAIR))
    lab, closed = resized(lab, _SMOOTH), resized(closed, _SMOOTH)
    pores = np.float32(weighted_mean(closed - lab[..., 0], cheek))
    lab[..., 0] = closed - pores
    return np.asarray(cv2.GaussianBlur(lab, (0, 0), _SOFT), np.float32)
