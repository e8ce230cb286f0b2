"""Faces cut out around their 68 landmarks, as small networks are trained and tested on them.

A network sees the square around the middle of the landmarks' box whose side is `ROOM` times the
longer side of that box, at `SIDE` pixels. What is kept of a picture reaches further, so that the
square may be turned and shifted in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from facelab.augment.border import extended
from facelab.benchmark import labelled
from facelab.errors import UsageError
from facelab.files import MEGABYTE, read_bytes
from facelab.files.matlab import read_mat
from facelab.geometry.crop import cut
from facelab.images import read
from facelab.numerics.arrays import Bool, Float
from facelab.types import Box, Crop

SIDE = 64  # px
ROOM = 1.5  # longer sides of the landmarks' box
KEPT = 104  # px: the side of what is kept, as fine as what networks see
CORNER = (KEPT - SIDE) / 2  # of what networks see, in what is kept

Pixels = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class Crops:
    """Faces, where their landmarks are, and how far they are turned.

    Parameters
    ----------
    images : (n, KEPT, KEPT, 3) uint8
        RGB.
    landmarks : (n, 68, 2) float32
        Pixels of them.
    yaw : (n,) float32
        Degrees.
    shown : (n, 68) bool
        Hidden neither by the face itself nor by what is in front of it, as far as is known.
    """

    images: Pixels
    landmarks: Float
    yaw: Float
    shown: Bool

    def __len__(self) -> int:
        return len(self.images)


def joined(parts: Iterable[Crops]) -> Crops:
    """The faces of several sets, one after the other."""
    columns = zip(*((p.images, p.landmarks, p.yaw, p.shown) for p in parts), strict=True)
    return Crops(*map(np.concatenate, columns))


def crop(image: Float, landmarks: Float, yaw: float, shown: Sequence[bool] | Bool) -> Crops:
    """One face of a picture.

    Parameters
    ----------
    image : (H, W, 3) float32
        RGB in [0, 1].
    landmarks : (68, 2 or more) float32
        Pixels of it.
    yaw : float
        Degrees.
    shown : (68,) bool
    """
    view = square(landmarks, KEPT)
    margin = _beyond(image, view)
    moved = Crop((view.centre[0] + margin, view.centre[1] + margin), view.side, 0, view.size)
    pixels = np.rint(np.clip(cut(extended(image, margin), moved), 0, 1) * 255).astype(np.uint8)
    points = view.apply(landmarks[:, :2])
    return Crops(pixels[None], points[None], np.array([yaw], np.float32), np.array([shown], bool))


def square(landmarks: Float, size: int) -> Crop:
    """The square around landmarks, `size` of the pixels of which a network sees `SIDE`."""
    box = Box.around(landmarks)
    return Crop(box.centre, ROOM * max(box.width, box.height) * size / SIDE, 0, size)


def _beyond(image: Float, view: Crop) -> int:
    """How far a square reaches beyond the border of a picture, at most its longer side, px."""
    (height, width), (x, y), half = image.shape[:2], view.centre, view.side / 2
    past = max(half - x, x + half - width, half - y, y + half - height, 0)
    return min(int(np.ceil(past)), max(height, width))


def labelled_photographs(folder: Path, first: int) -> Crops:
    """The faces of a folder in 300W-LP's form: ``NAME.jpg`` with ``NAME.mat``.

    Parameters
    ----------
    folder : Path
    first : int
        What the labels call the first pixel: 0, or 1 as MATLAB does.

    Raises
    ------
    UsageError
        If there are none, or labels cannot be read.
    """
    found, _ = labelled.find(folder)
    return joined(_labelled(pair, first) for pair in found)


def _labelled(pair: labelled.LabelledPhotograph, first: int) -> Crops:
    landmarks, yaw = read_labels(pair.labels, first)
    return crop(read(pair.photograph).srgb, landmarks, yaw, np.ones(68, bool))


def read_labels(file: Path, first: int) -> tuple[Float, float]:
    """Landmarks ``(68, 2)`` in pixels counted from 0, and the yaw in degrees.

    Of ``pt3d_68`` (3, 68), else ``pt2d`` (2, 68), and ``Pose_Para`` (pitch, yaw, ..., radians).

    Raises
    ------
    UsageError
        If the file has none of them.
    """
    try:
        arrays = read_mat(read_bytes(file, MEGABYTE), ("pt3d_68", "pt2d", "Pose_Para"))
    except ValueError as error:
        raise UsageError(f"{file}: {error}") from None
    points = arrays.get("pt3d_68", arrays.get("pt2d"))
    angles = arrays.get("Pose_Para")
    if points is None or points.shape[1:] != (68,) or angles is None or angles.size < 2:
        raise UsageError(f"{file}: needs pt3d_68 (3, 68) or pt2d (2, 68), and Pose_Para")
    yaw = (np.rad2deg(float(angles.ravel()[1])) + 180) % 360 - 180
    return np.asarray(points[:2].T, np.float32) - np.float32(first), float(yaw)


def errors(found: Float, crops: Crops) -> Float:
    """Mean distance of the landmarks of each face, ``(n,)`` in % of the root of their box's area.

    Parameters
    ----------
    found : (n, 68, 2) float32
        Pixels of what a network sees.
    crops : Crops
    """
    away = np.linalg.norm(found + np.float32(CORNER) - crops.landmarks, axis=2).mean(axis=1)
    size = np.sqrt(np.ptp(crops.landmarks, axis=1).prod(axis=1))
    return np.asarray(100 * away / size, np.float32)
