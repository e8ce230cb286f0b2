"""Pictures of the canonical atlas: its named regions, and a template to paint on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from facelab import weights
from facelab.atlas.canonical import canonical
from facelab.atlas.layout import SIZE, Float

Ink = tuple[int, ...]
Pixels = NDArray[Any]  # uint8, with as many channels as the ink

_COLUMN = 0.3  # of the side: room for the names on the left and on the right
_MESH, _TEXT = (225, 225, 225), (40, 40, 40)
_TEMPLATE = ("oval", "nose", "lips", "mouth", "eyes", "brows")
_FAINT, _CLEAR = (50,), (230,)  # opacity of the template's mesh and of its outlines
_SHIFT = 4  # bits of a pixel's fraction that OpenCV draws with


def regions(size: int) -> Float:
    """Draw every region, outlined and named, over the mesh.

    Parameters
    ----------
    size : int
        The atlas's side in it, pixels.

    Returns
    -------
    (size, 1.6 size, 3) float32
        RGB in [0, 1].
    """
    column = round(_COLUMN * size)
    blank = np.full((size, size + 2 * column, 3), 255, np.uint8)
    picture = _outlined(blank, _mesh(size, column), _MESH, 1)
    for k, (name, row, on_the_left) in enumerate(_labels()):
        ink = _hue(k * 0.382 % 1)  # the golden angle: neighbours differ
        polygons = [_pixels(p, size, column) for p in canonical().contours[name]]
        picture = _outlined(picture, polygons, ink, _width(size))
        x = 0 if on_the_left else size + column
        picture = _named(picture, name, (x, round(row * size)), polygons[0], ink)
    return picture.astype(np.float32) / np.float32(255)


def template(size: int) -> tuple[Float, Float]:
    """Draw thin lines on a transparent ground, for artists: the mesh faintly, features and oval.

    Returns
    -------
    colour : (size, size, 3) float32
        RGB in [0, 1].
    alpha : (size, size) float32
        Opacity, [0, 1].
    """
    features = [
        _pixels(polygon, size, 0) for name in _TEMPLATE for polygon in canonical().contours[name]
    ]
    faint = _outlined(np.zeros((size, size), np.uint8), _mesh(size, 0), _FAINT, 1)
    alpha = _outlined(faint, features, _CLEAR, _width(size))
    colour = np.full((size, size, 3), _TEXT[0] / 255, np.float32)
    return colour, alpha.astype(np.float32) / np.float32(255)


def _labels() -> list[tuple[str, float, bool]]:
    """Region, row of its name as a part of the side, and whether that stands on the left.

    In two columns from top to bottom, so that no two lines to them cross more than they must;
    what is at the person's right stands on the left, and pairs are not named again.
    """
    contours = canonical().contours
    names = sorted(
        (name for name, polygons in contours.items() if len(polygons) == 1),
        key=lambda name: float(contours[name][0][:, 1].mean()),
    )
    left = [name for name in names if name.startswith("right")]
    right = [name for name in names if name.startswith("left")]
    for name in names:
        if name not in left + right:
            (left if len(left) <= len(right) else right).append(name)
    columns = [sorted(column, key=names.index) for column in (left, right)]
    return [
        (name, (row + 0.5) / len(column), column is columns[0])
        for column in columns
        for row, name in enumerate(column)
    ]


def _mesh(size: int, column: int) -> list[Pixels]:
    triangles = weights.load("canonical_face")["triangles"]
    return [_pixels(corners, size, column) for corners in canonical().uv[triangles]]


def _pixels(polygon: Float, size: int, column: int) -> Pixels:
    """Texels of the position map as fixed-point pixels of a picture with that column before it."""
    places = (polygon + 0.5) * (size / SIZE) - 0.5 + [column, 0]
    return np.asarray(np.rint(places * 2**_SHIFT), np.int32)


def _width(size: int) -> int:
    return max(1, round(size / 700))


def _hue(share: float) -> Ink:
    """A dark saturated colour from around the circle of hues."""
    hsv = np.array([[[share * 180, 255, 190]]], np.uint8)
    return tuple(map(int, cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB)[0, 0]))


def _outlined(picture: Pixels, polygons: Sequence[Pixels], ink: Ink, width: int) -> Pixels:
    out = picture.copy()
    cv2.polylines(out, polygons, True, ink, width, cv2.LINE_AA, _SHIFT)
    return out


def _named(
    picture: Pixels, name: str, corner: tuple[int, int], polygon: Pixels, ink: Ink
) -> Pixels:
    """Draw a name in the row and column that start at `corner`, and a line to its region."""
    out = picture.copy()
    size = len(out)
    on_the_left = corner[0] == 0
    scale, gap = size / 1100, size // 60
    font = cv2.FONT_HERSHEY_SIMPLEX
    (length, height), _ = cv2.getTextSize(name, font, scale * 0.8, 1)
    x = corner[0] + gap
    cv2.putText(
        out, name, (x, corner[1] + height // 2), font, scale * 0.8, _TEXT, _width(size), cv2.LINE_AA
    )
    end = polygon[polygon[:, 0].argmin() if on_the_left else polygon[:, 0].argmax()] >> _SHIFT
    start = (x + length + gap // 2 if on_the_left else corner[0], corner[1])
    cv2.line(out, start, tuple(map(int, end)), ink, 1, cv2.LINE_AA)
    return out
