"""A face with round irises where its points say, drawn in the photograph's pixels."""

from __future__ import annotations

import cv2
import numpy as np

from facelab.atlas.layout import sample
from facelab.geometry.eyes import LIDS, looking
from facelab.geometry.landmarks import points468
from facelab.types import EyePoints, Face, PositionMap, Texture
from tests.synthetic import ATLAS, SKIN, canonical, frozen

WHITE, IRIS, PUPIL, LIGHT = (0.8, 0.78, 0.74), (0.35, 0.22, 0.14), (0.05, 0.04, 0.04), (1, 1, 1)
RADIUS = 15.0  # of an iris, pixels: that of a canonical face of 26 pixels a centimetre
_RIM = np.array([[0, 0], [1, 0], [0, -1], [-1, 0], [0, 1]])


def eyed(size=512, aside=(0.0, 0.0), light=None, skin=SKIN, iris=IRIS, told=True):
    """A face whose pupils lie `aside` from the middles of its eyes, radii.

    `light`, (x, y) in radii from the middles, is where each cornea shows a lamp. `told` says
    whether the texture knows its eyes.
    """
    positions = canonical(scale=26, origin=(200, 200, 0))
    lids = np.ascontiguousarray(points468(positions)[LIDS, :2])
    middles = lids.mean(axis=1)
    pupils = middles + RADIUS * np.asarray(aside)
    texels = (np.indices((size, size), np.float32) + 0.5) * (256 / size) - 0.5
    places = sample(
        np.ascontiguousarray(positions.values[..., :2]), texels[::-1].transpose(1, 2, 0)
    )
    colour = np.broadcast_to(np.float32(skin), (size, size, 3)).copy()
    for contour, pupil, middle in zip(lids, pupils, middles, strict=True):
        inside = _within(contour, places)
        colour[inside] = WHITE
        for radius, paint in ((1.0, iris), (0.4, PUPIL)):
            colour[inside & (radius * RADIUS > np.hypot(*(places - pupil).T).T)] = paint
        if light is not None:
            lamp = middle + RADIUS * np.asarray(light)
            colour[inside & (np.hypot(*(places - lamp).T).T < 0.15 * RADIUS)] = LIGHT
    points = None
    if told:
        flat = pupils[:, None] + _RIM * RADIUS
        points = EyePoints(
            *looking(flat.astype(np.float64), positions), lids, np.ones(2, np.bool_), positions
        )
    seen = frozen(ATLAS.region("face", size))
    return Face(positions, Texture(frozen(colour), seen, eyes=points))


def mirrored(face, width=401):
    """The face in a mirror, with its points."""
    points, turn = face.texture.eyes, np.array([-1, 1, 1], np.float32)
    positions = PositionMap(
        frozen(face.positions.values[:, ::-1] * turn + [width - 1, 0, 0]), face.positions.atlas
    )
    away = np.array([width - 1, 0, 0], np.float32)
    irises = (points.irises[::-1] * turn + away)[:, [0, 3, 2, 1, 4]]
    lids = points.lids[::-1] * turn[:2] + away[:2]
    eyes = EyePoints(
        irises, np.ascontiguousarray(points.gaze[::-1] * turn), lids, points.shown[::-1], positions
    )
    colour, seen = (frozen(one[:, ::-1]) for one in (face.texture.colour, face.texture.confidence))
    return Face(positions, Texture(colour, seen, eyes=eyes))


def _within(contour, places):
    """Which places ``(h, w, 2)`` lie within a polygon."""
    fine = 16
    canvas = np.zeros((400 * fine, 400 * fine), np.uint8)
    cv2.fillPoly(canvas, [np.rint(contour * fine).astype(np.int32)], 1)
    x, y = np.clip(np.rint(places * fine).astype(int), 0, 400 * fine - 1).transpose(2, 0, 1)
    return canvas[y, x] > 0
