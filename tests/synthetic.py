"""Hand-made images, faces and reconstructors, with read-only arrays: nothing may change them."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from facelab import atlas as atlases
from facelab.geometry.identity import IdentityModel
from facelab.geometry.landmarks import position_map
from facelab.geometry.pose import matrix
from facelab.types import Face, PositionMap, Reconstruction, Texture

ATLAS = atlases.canonical()
SAMPLES = Path(__file__).parent.parent / "samples"
SKIN = (0.8, 0.6, 0.5)
DARK = (0.15, 0.1, 0.08)
# The face's box (centre x, y, side, px) and its points, marked by eye in the photograph.
FACES = {
    "astronaut.png": (225, 123, 103, [[204, 102], [247, 104], [224, 131], [225, 147]]),
    "mona-lisa.jpg": (369, 293, 222, [[301, 252], [382, 252], [333, 320], [338, 346]]),
}
# The 300-W landmark that each one becomes in a mirror.
MIRROR = np.array(
    [
        *range(16, -1, -1),
        *range(26, 16, -1),
        27,
        28,
        29,
        30,
        35,
        34,
        33,
        32,
        31,
        45,
        44,
        43,
        42,
        47,
        46,
        39,
        38,
        37,
        36,
        41,
        40,
        54,
        53,
        52,
        51,
        50,
        49,
        48,
        59,
        58,
        57,
        56,
        55,
        64,
        63,
        62,
        61,
        60,
        67,
        66,
        65,
    ]
)


def frozen(array, dtype=np.float32):
    """A read-only copy."""
    out = np.array(array, dtype)
    out.flags.writeable = False
    return out


# --- Images ------------------------------------------------------------------------------------


def photograph(name, rows=slice(None), columns=slice(None)):
    """A sample, or a part of it."""
    pixels = np.asarray(Image.open(SAMPLES / name).convert("RGB"), np.float32) / 255
    return frozen(pixels[rows, columns])


def astronaut():
    """The head of the astronaut: the smallest face among the samples."""
    return photograph("astronaut.png", slice(0, 256), slice(96, 352))


def halved(name):
    """A sample of half the size: as good where size is not the point, and four times as fast."""
    with Image.open(SAMPLES / name) as file:
        return frozen(np.asarray(file.convert("RGB").reduce(2), np.float32) / 255)


def mona_lisa():
    """The head of the Mona Lisa, about as large."""
    return halved("mona-lisa.jpg")[:280, 40:320]


def plain(shape, colour=(0.5, 0.5, 0.5)):
    """One colour."""
    return frozen(np.broadcast_to(np.float32(colour), (*shape, 3)))


def ramp(height, width):
    """Red grows with x and green with y, from 0 to 1 over the longer side."""
    y, x = np.indices((height, width))
    return frozen(np.dstack([x, y, 0 * x]) / (max(height, width) - 1))


def checkerboard(side, cell=1):
    """Black and white squares of `cell` pixels."""
    y, x = np.indices((side, side)) // cell
    return frozen(np.repeat((x + y)[..., None] % 2, 3, axis=2))


def noise(height, width, seed=0):
    """Colours without any relation."""
    return frozen(np.random.default_rng(seed).random((height, width, 3)))


def smooth(height, width, seed=0):
    """Smooth colours without a face."""
    rng = np.random.default_rng(seed)
    small = rng.random((max(2, height // 60), max(2, width // 60), 3), dtype=np.float32)
    return np.clip(cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR), 0, 1)


# --- Geometry ----------------------------------------------------------------------------------


def plane(corner=(0.0, 0.0), step=1.0, tilt=0.0):
    """A flat position map: texel (0, 0) lies at `corner`, the next ones `step` px away.

    `tilt` turns it about the vertical, degrees.
    """
    v, u = np.indices((ATLAS.size, ATLAS.size)) * step
    angle = np.deg2rad(tilt)
    values = [corner[0] + u * np.cos(angle), corner[1] + v, u * np.sin(angle)]
    return PositionMap(frozen(np.dstack(values)), ATLAS)


def sheets(depth):
    """The lower half of a flat map, rows v, drawn at v - 100 over the upper one, `depth` nearer."""
    values = plane().values.copy()
    values[128:, :, 1] -= 100
    values[128:, :, 2] += depth
    return PositionMap(frozen(values), ATLAS)


def canonical_points(yaw=0.0, pitch=0.0, roll=0.0, scale=10.0, origin=(120.0, 130.0, 0.0)):
    """The vertices of the canonical mesh, turned (degrees), in pixels: ``(468, 3)``."""
    turned = scale * ATLAS.vertices @ matrix(yaw, pitch, roll).T
    return frozen(turned * [1, -1, 1] + origin)


def canonical(**pose):
    """The position map through `canonical_points`."""
    return position_map(canonical_points(**pose), ATLAS)


def person(identity=0, act=None, yaw=0.0, scale=9.0, origin=(128.0, 128.0, 0.0)):
    """The position map of one of many people, by number; doing something, by number."""
    model = IdentityModel.load()
    points = model.base.astype(np.float64)
    for modes, number in ((model.identity, identity), (model.expression, act)):
        if number is not None:
            drawn = np.random.default_rng(number).normal(0, 1, len(modes))
            points = points + np.tensordot(drawn, modes, 1)
    placed = scale * points @ matrix(yaw, 0, 0).T * [1, -1, 1] + origin
    return position_map(placed.astype(np.float32), ATLAS)


def lower_lip(points):
    """Which of the 468 points belong to the lower half of the lips."""
    lips = np.isin(np.arange(len(points)), atlases.LIPS)
    return lips & (ATLAS.uv[:, 1] > ATLAS.uv[atlases.MOUTH_CORNERS, 1].mean())


def mouth(opening):
    """The canonical face with its lower lip lowered by `opening` px; it is about 50 px wide."""
    points = canonical_points().copy()
    points[lower_lip(points), 1] += opening
    return position_map(points, ATLAS)


def mouth_opening(positions):
    """The gap between the lips over the mouth's width, from the 68 landmarks."""
    marks = positions.landmarks
    gap = marks[[61, 62, 63]].mean(axis=0) - marks[[67, 66, 65]].mean(axis=0)
    return float(np.linalg.norm(gap) / np.linalg.norm(marks[60] - marks[64]))


# --- Faces -------------------------------------------------------------------------------------


def texture(size=256, colour=SKIN, confidence=1.0):
    """One colour, seen alike everywhere."""
    return Texture(plain((size, size), colour), frozen(np.full((size, size), confidence)))


def painted(texture, region, colour):
    """The texture with another colour where `region` is."""
    return Texture(
        frozen(np.where(region[..., None], np.float32(colour), texture.colour)),
        texture.confidence,
    )


def patch(size, rows, columns):
    """A rectangle; rows and columns as parts of the side, (first, last)."""
    v, u = (np.indices((size, size)) + 0.5) / size
    return (v > rows[0]) & (v < rows[1]) & (u > columns[0]) & (u < columns[1])


def plain_face(positions, colour=SKIN, size=256):
    """A face of one colour."""
    return Face(positions, texture(size, colour))


class StubReconstructor:
    """Finds the given faces in any image, and in boxes the first; remembers what it was asked."""

    def __init__(self, *faces):
        self.faces = [Reconstruction(positions, 0.9) for positions in faces]
        self.boxes = None

    def __call__(self, image, boxes=None):
        self.boxes = boxes
        return list(self.faces if boxes is None else self.faces[:1])

    def largest(self, image):
        return self.faces[:1]
