"""Skin of a whole head: its colour everywhere, in light that comes from all sides alike.

A skin is two textures. `face` lies in the canonical atlas, where a face fills most of the square;
`body` lies in the UV square of the head itself, and has ears, scalp, neck and shoulders. They are
in one tone and mixed by how much of the face's oval a place lies in, so that there is no seam.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from facelab.edits.cielab import to_rgb
from facelab.numerics import raster
from facelab.numerics.arrays import Bool, Float, require

FACE, BODY = 512, 512  # sides of the two textures that are drawn here


@dataclass(frozen=True, slots=True, eq=False)
class Skin:
    """The colour of a head's skin, without light, shadow or gloss.

    Parameters
    ----------
    face : (S, S, 3) float32
        sRGB-encoded RGB in [0, 1], in the canonical atlas; no brows, lashes or eyeballs.
    body : (R, R, 3) float32
        The same for ears, scalp, neck and shoulders, in the head's own UV square.
    """

    face: Float
    body: Float

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Traits:
    """Whom a skin is for.

    Parameters
    ----------
    age : float
        Years, 16 to 90.
    male : float
        0 for a woman, 1 for a man.
    lightness : float, optional
        CIELAB lightness of the skin, about 25 (very dark) to 80 (very light); drawn by default.
    hair : (3,) floats
        sRGB-encoded RGB in [0, 1] of the hair: stubble and a shorn scalp have its colour.
    """

    age: float = 30.0
    male: float = 0.5
    lightness: float | None = None
    hair: tuple[float, float, float] = (0.16, 0.11, 0.08)


def own(rng: np.random.Generator, traits: Traits = Traits()) -> Skin:
    """Draw the skin of somebody who does not exist.

    Parameters
    ----------
    rng : numpy.random.Generator
        All of the skin hangs on it: the same state gives the same skin.
    traits : Traits
        Whom it is for.
    """
    light = rng.uniform(25, 80) if traits.lightness is None else traits.lightness
    tone = np.array([light, 8 + rng.uniform(0, 4), 10 + 10 * np.sin(light / 25)], np.float32)
    flat = to_rgb(np.broadcast_to(tone, (FACE, FACE, 3)).copy())
    grain = 1 + np.float32(0.02) * rng.standard_normal((FACE, FACE, 1), np.float32)
    face = np.clip(flat * grain, 0, 1)
    return Skin(face, face.copy())


def _read(texture: Float, places: Float, covered: Bool) -> Float:
    size = np.float32(len(texture))
    return raster.sample(texture, places * size - np.float32(0.5), covered)
