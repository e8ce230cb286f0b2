"""Hand-made images, faces and reconstructors, with read-only arrays: nothing may change them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from facelab import atlas as atlases
from facelab.geometry.pose import matrix
from facelab.reconstruct.point_regressor import position_map
from facelab.types import Face, PositionMap, Reconstruction, Texture

ATLAS = atlases.canonical()
SAMPLES = Path(__file__).parent.parent / "samples"
SKIN = (0.8, 0.6, 0.5)
DARK = (0.15, 0.1, 0.08)


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


def lower_lip(points):
    """Which of the 468 points belong to the lower half of the lips."""
    lips = np.isin(np.arange(len(points)), atlases.LIPS)
    return lips & (ATLAS.uv[:, 1] > ATLAS.uv[atlases.MOUTH_CORNERS, 1].mean())


def mouth(opening):
    """The canonical face with its lower lip lowered by `opening` px; it is about 50 px wide."""
    points = canonical_points().copy()
    points[lower_lip(points), 1] += opening
    return position_map(points, ATLAS)


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
