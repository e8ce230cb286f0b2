"""The classes of MediaPipe's segmenter split into the parts of a face, by where they lie."""

from __future__ import annotations

import cv2
import numpy as np

from facelab.atlas.canonical import LOWER_LIP, UPPER_LIP
from facelab.constants import PARTS
from facelab.geometry.landmarks import points468
from facelab.numerics import raster
from facelab.numerics.arrays import Float
from facelab.numerics.distance import distance_within
from facelab.types import PositionMap

_REGIONS = ("brows", "eyes", "lips")
_FINER = 4  # times along each side of a pixel that the opening of the mouth is drawn
_JAW = 0.07  # of the face's size: skin of the body this far inside the face is a hand
_NOT_GLASSES = 0.08  # of the face's size: how far from the eyes glasses reach


def split(classes: Float, positions: PositionMap) -> Float:
    """Split the classes of MediaPipe's segmenter into the parts of a face, by where they lie.

    Parameters
    ----------
    classes : (S, S, 6) float32
        Shares of background, hair, skin of the body, skin of the face, clothes and others.
    positions : PositionMap
        In their pixels.

    Returns
    -------
    (S, S, 14) float32
        Shares of `facelab.constants.PARTS`.
    """
    background, hair, body, face, clothes, others = np.moveaxis(classes, 2, 0)
    size, face_size = len(classes), positions.box.size
    drawn = _drawn(positions, size)
    oval = drawn.pop("oval")
    inside = np.clip(distance_within(oval > 0.5) / (_JAW * face_size), 0, 1)
    near_eyes = np.asarray(drawn["eyes"] > 0.5)
    band = np.clip(2 - distance_within(~near_eyes) / (_NOT_GLASSES * face_size), 0, 1) * inside
    beside = np.asarray(oval < 0.5) * _at_ears(positions, size)
    opening = mouth_opening(positions, size)
    features = {name: drawn[name] * face for name in _REGIONS}
    features |= {"lips": features["lips"] * (1 - opening), "mouth": opening * face}
    skin = np.maximum(face - np.sum([*features.values()], axis=0), 0)
    parts = {
        **features,
        "background": background,
        "hair": hair,
        "skin": skin * (1 - beside),
        "ears": skin * beside,
        "neck": body * (1 - inside),
        "front": (body + clothes) * inside + others * (1 - band),
        "clothes": clothes * (1 - inside),
        "glasses": others * band,
    }
    none = np.zeros((size, size), np.float32)
    out = np.stack([parts.get(name, none) for name in PARTS], axis=2).astype(np.float32)
    return np.asarray(out / out.sum(axis=2, keepdims=True), np.float32)


def mouth_opening(positions: PositionMap, size: int) -> Float:
    """How much of each pixel lies between the lips, ``(size, size)`` in [0, 1].

    It is told by their inner edges: in the atlas lips are shut, so that an open mouth is a row of
    texels there.
    """
    points = points468(positions)[[*UPPER_LIP, *reversed(LOWER_LIP)], :2]
    outline = np.rint((points + np.float32(0.5)) * _FINER - np.float32(0.5)).astype(np.int32)
    finer = np.zeros((_FINER * size, _FINER * size), np.uint8)
    cv2.fillPoly(finer, [outline], 255)
    out = cv2.resize(finer, (size, size), interpolation=cv2.INTER_AREA)
    return np.asarray(out / np.float32(255), np.float32)


def _drawn(positions: PositionMap, size: int) -> dict[str, Float]:
    """The regions of a face as they lie in the crop, ``(size, size)`` in [0, 1] each."""
    atlas = positions.atlas
    fragments = raster.rasterize(positions.values[atlas.valid], atlas.triangles, (size, size))
    names = ("oval", *_REGIONS)
    masks = np.dstack([atlas.region(name, atlas.size) for name in names])
    here = raster.interpolate(fragments, atlas.triangles, masks[atlas.valid])
    return dict(zip(names, cv2.split(here), strict=True))


def _at_ears(positions: PositionMap, size: int) -> Float:
    """1 between brows and mouth, where skin beside the face is an ear; else 0, ``(size, 1)``."""
    marks = positions.landmarks
    brows, mouth = float(marks[17:27, 1].mean()), float(marks[48:60, 1].mean())
    chin = max(float(marks[8, 1]), mouth + 1)
    rows = np.arange(size, dtype=np.float32)[:, None]
    below = np.clip((rows - mouth) / (chin - mouth), 0, 1)
    return np.asarray((rows > brows) * (1 - below), np.float32)
