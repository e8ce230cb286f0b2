"""Skin of a face, learnt from its own centre: which texels show it, its tone and shading.

Everything here works on textures, at the side of the position map or below: tone is smooth.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from facelab.atlas import Atlas
from facelab.constants import PARTS
from facelab.numerics.arrays import Float
from facelab.numerics.smoothing import resized, smoothstep, spread
from facelab.types import Texture

SIZE = 128  # side of the maps of this module, texels
TONE_SIGMA = 0.092  # of the side: what varies more slowly is tone and shading

_COARSE = 32  # side of the map on which tone is worked out, texels
_FLOOR = np.array([7.5, 3.75, 4.5], np.float32)  # least deviations in CIELAB that count as spread
_ROUNDS = 3


@dataclass(frozen=True, slots=True, eq=False)
class Skin:
    """The skin of one face: its tone, and where it is seen.

    Parameters
    ----------
    tone : (128, 128, 3) float32
        RGB of the skin as it would be without features, hair or glasses: colour and shading.
    likelihood : (128, 128) float32
        How much a texel looks like that skin, times `seen`.
    seen : (128, 128) float32
        The texture's confidence, [0, 1].
    """

    tone: Float
    likelihood: Float
    seen: Float

    @property
    def not_skin(self) -> Float:
        """How sure it is that a texel does not show skin, ``(128, 128)`` float32 in [0, 1]."""
        return self._less_like_skin_than(0.5)

    @property
    def perhaps_not_skin(self) -> Float:
        """Non-skin, in doubt hair: a strand is thinner than a texel here."""
        return self._less_like_skin_than(0.6)

    def _less_like_skin_than(self, least: float) -> Float:
        likeness = self.likelihood / np.maximum(self.seen, 1e-3)
        out = np.clip((least - likeness) / 0.35, 0, 1) * (self.seen > 0.02)
        return np.asarray(out, np.float32)


def learn(texture: Texture, atlas: Atlas) -> Skin:
    """Learn the skin of a face from its own centre, outward.

    The tone field starts from the cheeks, nose and forehead, by normalised convolution (Knutsson &
    Westin, CVPR 1993); texels near it in CIELAB, by the spread that the centre itself shows, join
    in, and it is drawn again. Half-dark faces so keep both halves.
    """
    colour = texture.reduced(SIZE).colour
    seen = texture.reduced(SIZE).confidence
    lab = cv2.cvtColor(colour, cv2.COLOR_RGB2Lab)
    if texture.parts is not None:
        bare = resized(texture.parts[..., PARTS.index("skin")], SIZE)
        bare = cv2.erode(smoothstep(bare, 0.6, 0.95), np.ones((3, 3), np.uint8))
        likelihood = np.asarray(bare * smoothstep(seen, 0.15, 0.6), np.float32)
        return Skin(np.clip(smooth(colour, likelihood), 0, 1), likelihood, seen)
    centre = _centre(atlas) * seen
    likelihood = centre
    for _ in range(_ROUNDS):
        residual = lab - smooth(lab, likelihood)
        scale = np.maximum(_deviation(residual, centre), _FLOOR)
        distance = residual / scale
        # A highlight is still skin, unless it is the bright background behind a grazing cheek.
        distance[..., 0] *= np.where((distance[..., 0] > 0) & (seen > 0.5 * seen.max()), 0.5, 1.0)
        likelihood = np.exp(-0.5 * np.sum((distance / 2.5) ** 2, axis=2)) * seen
    return Skin(np.clip(smooth(colour, likelihood), 0, 1), likelihood.astype(np.float32), seen)


def smooth(values: Float, weight: Float) -> Float:
    """Low-pass weighted values: normalised convolution, its gaps filled by pull-push.

    A Gaussian of 9 % of the side, worked out on a map of side 32, which holds it.

    Parameters
    ----------
    values : (128, 128, 3) float32
    weight : (128, 128) float32
    """
    both = resized(np.dstack([values * weight[..., None], weight]), _COARSE)
    blurred = cv2.GaussianBlur(both, (0, 0), TONE_SIGMA * _COARSE, borderType=cv2.BORDER_CONSTANT)
    total, support = blurred[..., :-1], blurred[..., -1]
    mean = total / np.maximum(support, 1e-6)[..., None]
    field = spread(mean, np.clip(support * 20, 0, 1))
    out: Float = cv2.resize(field, (SIZE, SIZE), interpolation=cv2.INTER_CUBIC)
    return out


def _centre(atlas: Atlas) -> Float:
    """Cheeks, nose, chin and the forehead between the brows: skin on nearly every face."""
    face = atlas.region("oval", SIZE)
    rows, columns = np.nonzero(face > 0.5)
    v, u = np.mgrid[:SIZE, :SIZE].astype(np.float32)
    middle_u, middle_v = columns.mean(), rows.mean()
    reach_u, reach_v = np.ptp(columns) / 2, np.ptp(rows) / 2
    inner = ((u - middle_u) / (0.6 * reach_u)) ** 2 + ((v - middle_v) / (0.6 * reach_v)) ** 2 < 1
    return np.asarray(inner * (1 - features(atlas, SIZE)), np.float32)


def features(atlas: Atlas, size: int) -> Float:
    """Eyes, brows, lips and nostrils with room around them, ``(size, size)`` in [0, 1]."""
    out = np.zeros((size, size), np.float32)
    for name in ("eyes", "brows", "lips"):
        out = np.maximum(out, atlas.region(name, size))
    reach = max(1, round(0.02 * size))
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    grown: Float = cv2.dilate(out, kernel)
    return grown


def extended_outward(other: Float, atlas: Atlas) -> Float:
    """Non-skin with all that lies beyond it as seen from the face's centre.

    Above the brows what has begun as hair goes on as hair to the rim, whatever its colour; at the
    temples likewise. Specks are dropped first.

    Parameters
    ----------
    other : (128, 128) float32
    """
    square = np.ones((2, 2), np.uint8)  # even, so both steps must say which texel is its own
    clean = cv2.dilate(cv2.erode(other, square, anchor=(0, 0)), square, anchor=(1, 1))
    brows = atlas.rows("brows", SIZE)[0]
    eyes = atlas.rows("eyes", SIZE)[1]
    out: Float = clean.copy()
    out[:brows] = np.maximum.accumulate(clean[:brows][::-1], axis=0)[::-1]
    half = SIZE // 2
    out[:eyes, :half] = np.maximum.accumulate(out[:eyes, :half][:, ::-1], axis=1)[:, ::-1]
    out[:eyes, half:] = np.maximum.accumulate(out[:eyes, half:], axis=1)
    return out


def fringe(hair: Float, other: Float, atlas: Atlas) -> Float:
    """Hair that hangs over a brow: what is joined to hair above it, down to the eyes.

    Morphological reconstruction (Vincent 1993) of `other` from `hair`, both ``(128, 128)``: a brow
    by itself has skin all around and is not reached, and one whose end touches hair at the temple
    is not hair: it hangs down, straight or aslant.
    """
    eyes = atlas.rows("eyes", SIZE)[0]
    room = (other > 0.5).astype(np.uint8)
    room[eyes:] = 0
    reached = ((hair > 0.5) & (room > 0)).astype(np.uint8)
    from_above = np.array([[1, 1, 1], [0, 1, 0], [0, 0, 0]], np.uint8)
    for _ in range(SIZE // 4):
        reached = cv2.dilate(reached, from_above) & room
    return reached.astype(np.float32)


def _deviation(residual: Float, weight: Float) -> Float:
    """Robust standard deviation by channel: 1.4826 times the median of the absolute residuals."""
    inside = weight >= 0.5 * weight.max()
    deviation: Float = 1.4826 * np.median(np.abs(residual[inside]), axis=0)
    return deviation
