"""Draw the pictures that recipes/ put on faces: a domino mask in the atlas, and a star.

    python scripts/make_paint.py [FOLDER]

Drawn here from the atlas's landmarks alone, so under the licence of facelab itself, Apache-2.0.
The same versions give the same bytes.
"""

from __future__ import annotations

import sys
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from facelab import atlas

SIZE = 512
SAMPLES = 4  # in each direction, for smooth edges
TEAL, VIOLET, GOLD = (0.02, 0.45, 0.50), (0.36, 0.10, 0.45), (0.95, 0.75, 0.25)

Float = NDArray[np.float32]


def spline(points: Float, count: int = 24) -> Float:
    """A closed Catmull-Rom curve through points ``(n, 2)``, ``(n * count, 2)``."""
    before, after, beyond = (np.roll(points, shift, axis=0) for shift in (1, -1, -2))
    t = np.linspace(0, 1, count, endpoint=False, dtype=np.float32)[None, :, None]
    terms = [points, (after - before) / 2]
    terms.append(before - 2.5 * points + 2 * after - 0.5 * beyond)
    terms.append((beyond - before) / 2 + 1.5 * (points - after))
    return sum(term[:, None] * t**power for power, term in enumerate(terms)).reshape(-1, 2)


def filled(polygon: Float, size: int = SIZE) -> Float:
    """Coverage ``(size, size)`` of a polygon in parts of the side."""
    ink = np.zeros((size * SAMPLES,) * 2, np.uint8)
    cv2.fillPoly(ink, [np.rint(polygon * size * SAMPLES).astype(np.int32)], 255)
    return cv2.resize(ink, (size, size), interpolation=cv2.INTER_AREA) / np.float32(255)


def domino() -> Float:
    """A mask around the eyes, RGBA ``(512, 512, 4)`` in [0, 1]."""
    face = atlas.canonical()
    points = (face.landmarks68[:, :2] + 0.5) / face.size
    right_brow, left_brow, nose = points[17:22], points[22:27], points[27:31]
    right_eye, left_eye = points[36:42], points[42:48]
    width = points[16, 0] - points[0, 0]
    above, below, out = (np.float32(v) * width for v in ([0, -0.07], [0, 0.11], [0.10, 0]))
    top = [*(right_brow[1:] + above), nose[0] + above / 2, *(left_brow[:-1] + above)]
    left_tip, right_tip = left_brow[-1] + above + out, right_brow[0] + above - out
    left = [left_tip, left_eye[3] + out, *(left_eye[[4, 5]] + below)]
    right = [*(right_eye[[4, 5]] + below), right_eye[0] - out, right_tip]
    outline = spline(np.asarray([*top, *left, nose[1], *right], np.float32))
    holes = [spline(grown(eye, 1.45)) for eye in (right_eye, left_eye)]
    alpha = filled(outline) * (1 - filled(holes[0])) * (1 - filled(holes[1]))
    share = np.linspace(0, 1, SIZE, dtype=np.float32)[None, :, None]
    share = np.abs(2 * share - 1) * np.ones((SIZE, 1, 1), np.float32)
    colour = np.float32(VIOLET) + (1 - share) * (np.float32(TEAL) - np.float32(VIOLET))
    rims = [rim(shape, 0.008) for shape in (outline, *holes)]
    gold = np.maximum.reduce(rims)[..., None]
    colour = colour + gold * (np.float32(GOLD) - colour)
    alpha = np.maximum(alpha, gold[..., 0])
    return np.dstack([colour * (alpha[..., None] > 0), alpha * np.float32(0.95)])


def grown(polygon: Float, factor: float) -> Float:
    """A polygon larger about its middle."""
    middle = polygon.mean(axis=0)
    return (middle + np.float32(factor) * (polygon - middle)).astype(np.float32)


def rim(polygon: Float, width: float) -> Float:
    """A line along a closed polygon, ``(512, 512)``; `width` in parts of the side."""
    ink = np.zeros((SIZE * SAMPLES,) * 2, np.uint8)
    path = np.rint(polygon * SIZE * SAMPLES).astype(np.int32)
    cv2.polylines(ink, [path], True, 255, round(width * SIZE * SAMPLES), cv2.LINE_AA)
    return cv2.resize(ink, (SIZE, SIZE), interpolation=cv2.INTER_AREA) / np.float32(255)


def star(size: int = 128) -> Float:
    """A golden star with five points, RGBA ``(128, 128, 4)`` in [0, 1]."""
    angle = np.pi * np.arange(10) / 5
    radius = np.where(np.arange(10) % 2, 0.19, 0.46)
    points = 0.5 + radius[:, None] * np.stack([np.sin(angle), -np.cos(angle)], axis=1)
    alpha = filled(points.astype(np.float32), size)
    return np.dstack([np.broadcast_to(np.float32(GOLD), (size, size, 3)), alpha])


def main(folder: Path) -> None:
    """Write both pictures."""
    for name, picture in (("domino.png", domino()), ("star.png", star())):
        pixels = np.rint(picture[..., [2, 1, 0, 3]] * 255).astype(np.uint8)
        (folder / name).write_bytes(cv2.imencode(".png", pixels)[1].tobytes())


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent.parent / "recipes")
