"""Skin of a whole head: its colour everywhere, in light that comes from all sides alike.

A skin is two textures. `face` lies in the canonical atlas, where a face fills most of the square;
`body` lies in the UV square of the head itself, and has ears, scalp, neck and shoulders. They are
in one tone and mixed by how much of the face's oval a place lies in, so that there is no seam.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from facelab.atlas import canonical
from facelab.heads.albedo import albedo
from facelab.heads.beard import Beard, with_beard
from facelab.heads.skin_bank import skin_bank, toned
from facelab.heads.skin_drawn import body, face
from facelab.heads.skin_marks import pores, tinted
from facelab.heads.traits import Traits
from facelab.numerics import raster
from facelab.numerics.arrays import Bool, Float, require
from facelab.types import Texture

__all__ = ["Skin", "Traits", "own", "skin_of"]

ANYBODY = Traits()


@dataclass(frozen=True, slots=True, eq=False)
class Skin:
    """The colour of a head's skin, without light, shadow or gloss.

    Parameters
    ----------
    face : (S, S, 3) float32
        sRGB-encoded RGB in [0, 1], in the canonical atlas; no brows, lashes or eyeballs.
    body : (R, R, 3) float32
        The same for ears, scalp, neck and shoulders, in the head's own UV square.
    beard : (S, S) float32, optional
        How much of each texel of `face` lies in a beard, [0, 1].
    """

    face: Float
    body: Float
    beard: Float | None = None

    def __post_init__(self) -> None:
        require("face", self.face, (len(self.face), len(self.face), 3), np.float32)
        require("body", self.body, (len(self.body), len(self.body), 3), np.float32)

    def __repr__(self) -> str:
        return f"<Skin {len(self.face)}, {len(self.body)}>"

    def at(self, uv: Float, atlas_uv: Float, share: Float, covered: Bool | None = None) -> Float:
        """Sample the skin at every pixel of a picture.

        Parameters
        ----------
        uv, atlas_uv : (H, W, 2) float32
            Where each pixel lies in the head's own UV square and in the canonical atlas: u right,
            v down, [0, 1].
        share : (H, W) float32
            1 well within the face's oval, 0 from its border outward.
        covered : (H, W) bool, optional
            Pixels that show skin; everywhere by default.

        Returns
        -------
        (H, W, 3) float32
            sRGB-encoded RGB in [0, 1]; unspecified where not covered.
        """
        covered = np.ones(share.shape, np.bool_) if covered is None else covered
        face = _read(self.face, atlas_uv, covered & (share > 0))
        body = _read(self.body, uv, covered & (share < 1))
        return body + share[..., None] * (face - body)


def own(rng: np.random.Generator, traits: Traits = ANYBODY, size: int = 512) -> Skin:
    """Draw the skin of somebody who does not exist.

    Parameters
    ----------
    rng : numpy.random.Generator
        All of the skin hangs on it: the same state gives the same skin.
    traits : Traits
        Whom it is for.
    size : int
        The side of the face's texture: about the height of the head in the picture, pixels.

    Raises
    ------
    WeightsError
        If the shipped skins are missing or damaged.
    """
    bank = skin_bank()
    tone = bank.tone(rng, traits.lightness)
    beard = Beard.drawn(rng, traits)
    shown, grown = face(rng, bank, traits, tone, beard, size)
    return Skin(shown, body(rng, bank, traits, tone, beard), grown)


def skin_of(texture: Texture, traits: Traits = ANYBODY) -> Skin:
    """The skin of somebody whose photograph there is.

    The photograph's light, gloss, brows, eyes, hair and glasses are taken out, and what it does
    not show is made up in its tone. A man's beard is drawn anew, so that it goes on below the
    jaw. Same arguments give the same skin.

    Parameters
    ----------
    texture : Texture
        Of the face, in the canonical atlas, as `facelab.face.texture.unwrap` gives it.
    traits : Traits
        Whether it is a man, the colour of the hair and how short it is; the rest is seen.
    """
    bank, rng = skin_bank(), np.random.default_rng(0)
    found = albedo(texture, canonical(), bank.beard)
    tone = bank.likely(found.tone)
    colour = toned(found.colour, found.tone, tone)
    made_up = (1 - found.known) * pores(rng, texture.size)
    bare = tinted(colour, tone, -made_up, np.zeros_like(made_up))
    beard = Beard.of_darkness(found.bearded) if traits.male >= 0.5 else Beard()
    shown, grown = with_beard(rng, bank, bare, beard, traits)
    return Skin(shown, body(rng, bank, traits, tone, beard), grown)


def _read(texture: Float, places: Float, covered: Bool) -> Float:
    size = np.float32(len(texture))
    return raster.sample(texture, places * size - np.float32(0.5), covered)
