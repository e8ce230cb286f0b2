"""The average faces that facelab ships: each of several people, none of whom exists.

``scripts/build_averages.py`` makes them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import pairwise
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from facelab import weights
from facelab.atlas import Atlas, canonical
from facelab.constants import PARTS
from facelab.face.quality import share
from facelab.face.skin import SIZE, Skin, learn
from facelab.face.swap import Source
from facelab.numerics.arrays import Float
from facelab.numerics.smoothing import resized
from facelab.types import Face, Texture

_SIGMA = 2.0  # texels of 128: what is finer is too much a matter of registration to compare
_NEAREST = 4  # of each sex, which tell it; of 42 portraits so 40 were told, by the nearest 36
_COMPARED = ("skin", "brows", "eyes", "lips")
_LABELS = ("skin", "brows", "eyes", "lips", "mouth")  # by the numbers of the shipped map


@dataclass(frozen=True, eq=False)
class AverageFace:
    """One of them.

    Parameters
    ----------
    source : Source
        Its texture in the canonical atlas, whole, and its skin.
    points : (468, 3) float32
        Of the canonical mesh, y down, the nearer the larger; of any size.
    male : bool
        Whether it is men's.
    """

    source: Source
    points: Float
    male: bool

    def at_size(self, size: int, atlas: Atlas) -> Source:
        """The texture with `size` texels a side in an atlas, and its skin."""
        own = self.source.texture
        colour = np.clip(atlas.from_canonical(resized(own.colour, size)), 0, 1)
        seen = np.asarray(atlas.region("face", size) > 0, np.float32)
        if atlas is canonical():
            return Source(Texture(colour, seen, own.parts), self.source.skin)
        texture = Texture(colour, seen)
        return Source(texture, learn(texture, atlas))


@lru_cache(maxsize=4)
def least_alike(face: Face, among: int, rank: int) -> AverageFace:
    """Return an average face that is unlike a face, and of its sex as far as that is seen.

    Likeness is that of the features: colours above the skin's tone. The averages that are most
    alike tell the sex.

    Parameters
    ----------
    face : Face
    among : int
        How many of the least alike are taken.
    rank : int
        Which of them, from 0 for the least alike; counted round.
    """
    everyone = averages()
    skin = learn(face.texture, face.positions.atlas)
    weight, own = _weight(face, skin), _features(face.texture, skin)
    away = [_distance(own, one, weight, face.positions.atlas) for one in everyone]
    order = [everyone[int(i)] for i in np.argsort(away)]
    nearest = {male: [d for d, one in zip(away, everyone, strict=True) if one.male == male]
               for male in (False, True)}  # fmt: skip
    women, men = (sum(sorted(nearest[male])[:_NEAREST]) for male in (False, True))
    male = men < women
    unlike = [one for one in reversed(order) if one.male == male][:among]
    return unlike[rank % len(unlike)]


def _distance(own: Float, other: AverageFace, weight: Float, atlas: Atlas) -> float:
    """The mean square of what features differ by, CIELAB."""
    theirs = _features(other.source.texture, other.source.skin)
    difference = cv2.GaussianBlur(own - atlas.from_canonical(theirs), (0, 0), _SIGMA)
    return float((weight[..., None] * difference**2).sum(dtype=np.float64))


def _features(texture: Texture, skin: Skin) -> Float:
    """Colours above the tone of the skin, CIELAB ``(128, 128, 3)``."""
    own, tone = (
        cv2.cvtColor(np.ascontiguousarray(one), cv2.COLOR_RGB2Lab)
        for one in (resized(texture.colour, SIZE), skin.tone)
    )
    return np.asarray(own - tone, np.float32)


def _weight(face: Face, skin: Skin) -> Float:
    """Where features are compared, ``(128, 128)``."""
    weight = skin.seen * face.positions.atlas.region("oval", SIZE)
    if face.texture.parts is not None:
        weight = weight * share(face.texture, SIZE, *_COMPARED)
    return np.asarray(weight, np.float32)


@cache
def averages() -> tuple[AverageFace, ...]:
    """All of them, as they are shipped; read once.

    Raises
    ------
    WeightsError
        If their file is missing or damaged.
    """
    stored = weights.load("averages")
    parts = _parts(stored["parts"])
    ends = stored["offsets"]
    faces = [_decoded(stored["faces"][a:b]) for a, b in pairwise(ends)]
    return tuple(
        AverageFace(_source(colour, parts), points, bool(male))
        for colour, points, male in zip(faces, stored["points"], stored["male"], strict=True)
    )


def _source(colour: Float, parts: Float) -> Source:
    atlas = canonical()
    seen = np.asarray(atlas.region("face", len(colour)) > 0, np.float32)
    texture = Texture(colour, seen, parts)
    return Source(texture, learn(texture, atlas))


def _decoded(data: NDArray[Any]) -> Float:
    """RGB in [0, 1] of a picture's bytes."""
    bgr = cv2.imdecode(data, cv2.IMREAD_COLOR)
    assert bgr is not None  # its hash was checked
    return np.asarray(bgr[..., ::-1], np.float32) / np.float32(255)


def _parts(data: NDArray[Any]) -> Float:
    """Shares of the parts, ``(256, 256, 14)``, with soft edges; those of all average faces."""
    labels = cv2.imdecode(data, cv2.IMREAD_GRAYSCALE)
    assert labels is not None
    out = np.zeros((len(PARTS), *labels.shape), np.float32)
    for number, part in enumerate(_LABELS):
        here = (labels == number).astype(np.float32)
        out[PARTS.index(part)] = cv2.GaussianBlur(here, (0, 0), 1.0)
    shares: Float = out.transpose(1, 2, 0)
    return shares
