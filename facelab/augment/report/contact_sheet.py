"""``contact-sheet.jpg``: samples from all over a data set with their labels drawn.

Beside it ``contact-sheet-yaw-20-40.jpg`` and the like: more of them from each range of |yaw|.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from facelab.augment.labels import Record
from facelab.export.canvas import Canvas, Colour
from facelab.export.overlay import AXES, NOSE_TIP
from facelab.numerics.arrays import Float
from facelab.types import Box

NAME = "contact-sheet.jpg"
COLUMNS, ROWS = 6, 8

_TILE, _GAP = 224, 6  # pixels
_GROUND = 1.0  # white
_SAMPLES = 3  # a pixel, of fine lines
_DOT, _RING, _LINE, _TEXT = 1.7, 2.2, 1.2, 11  # pixels
_AXIS = 0.2  # length over the tile
_SEEN: Colour = (60, 235, 90)
_HIDDEN: Colour = (255, 60, 60)
_BOX: Colour = (90, 225, 255)
_WHITE: Colour = (255, 255, 255)


def name_of(yaw: str) -> str:
    """The file of the sheet of one of `facelab.augment.report.yaw.RANGES`."""
    return f"contact-sheet-yaw-{yaw}.jpg"


def evenly(indices: Sequence[int], most: int = COLUMNS * ROWS) -> list[int]:
    """At most so many of some indices, evenly spread over them."""
    shown = min(most, len(indices))
    return [indices[at * len(indices) // shown] for at in range(shown)]


def sheet(tiles: Sequence[Float]) -> Float:
    """Tiles, at least one, in rows of six.

    Returns
    -------
    (h, w, 3) float32
        RGB in [0, 1].
    """
    columns = min(COLUMNS, len(tiles))
    blanks = [np.full_like(tiles[0], _GROUND)] * (-len(tiles) % columns)
    filled = [*tiles, *blanks]
    rows = [np.hstack(filled[at : at + columns]) for at in range(0, len(filled), columns)]
    return np.pad(np.vstack(rows), ((_GAP, 0), (_GAP, 0), (0, 0)), constant_values=_GROUND)


def tile(record: Record, image: Float) -> Float:
    """A sample with its box, its pose axes and its landmarks.

    Landmarks in sight are green dots, those hidden by the face itself or by something in front of
    it red rings. The axes start at the tip of the nose: x red, y green, z blue.

    Parameters
    ----------
    record : Record
    image : (H, W, 3) float32
        RGB in [0, 1].

    Returns
    -------
    (230, 230, 3) float32
        RGB in [0, 1]; the image at the upper left, as large as fits into 224 pixels.
    """
    height, width = image.shape[:2]
    scale = _TILE / max(height, width)
    size = (max(round(width * scale), 1), max(round(height * scale), 1))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    small = np.clip(cv2.resize(image, size, interpolation=method), 0, 1).astype(np.float32)
    exactly = np.array([size[0] / width, size[1] / height], np.float32)
    out = np.full((_TILE + _GAP, _TILE + _GAP, 3), _GROUND, np.float32)
    out[: size[1], : size[0]] = _labelled(record, small, exactly)
    return out


def _labelled(record: Record, image: Float, scale: Float) -> Float:
    """A scaled image with its labels; `scale` is of x and y."""
    height, width = image.shape[:2]
    canvas = Canvas(Box(0, 0, width - 1, height - 1), (height, width), _SAMPLES)
    x0, y0, x1, y1 = record["box"]
    corners = np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1], [x0, y0]])
    canvas.line(_scaled(corners, scale), _BOX, _LINE)
    points = _scaled(np.array(record["landmarks68"])[:, :2], scale)
    _draw_axes(canvas, np.array(record["pose"]["rotation"]), points[NOSE_TIP])
    for point, visible, covered in zip(
        points, record["visible68"], record["covered68"], strict=True
    ):
        if visible and not covered:
            canvas.dot(point, _DOT, _SEEN)
        else:
            canvas.dot(point, _RING, _HIDDEN)
            canvas.dot(point, _RING / 2, _HIDDEN, 0.0)
    canvas.text(str(record["index"]), np.zeros(2, np.float32), _TEXT, _WHITE)
    return canvas.over(image)


def _draw_axes(canvas: Canvas, rotation: Float, start: Float) -> None:
    """The axes of the canonical face frame, the nearest last."""
    ends = rotation.T * [1, -1, 1] * _AXIS * _TILE
    for axis in np.argsort(ends[:, 2]):
        line = np.stack([start, start + ends[axis, :2]]).astype(np.float32)
        canvas.rimmed_line(line, AXES[axis], _LINE)


def _scaled(points: Float, scale: Float) -> Float:
    """Pixels of an image ``(n, 2)`` as those of a scaled one; pixel centres at integers."""
    out: Float = ((points + 0.5) * scale - 0.5).astype(np.float32)
    return out
