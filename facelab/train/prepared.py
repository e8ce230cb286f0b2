"""Checks of prepared views, from another renderer perhaps, before anything is trained."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from facelab.augment.run import OnProgress
from facelab.errors import ImageError, UsageError
from facelab.images import decoded
from facelab.numerics.arrays import Float
from facelab.train.renders import Renders, keys_of, load

_FARTHEST = 1e5  # px: what lies beyond is in no view
_THINNEST = 1.0  # px: least deviation of a face's points in any direction


def view_files(data: Path) -> list[Path]:
    """The files of views in a folder, by name.

    Raises
    ------
    UsageError
        If it is no folder, or one of views that were rendered with different settings.
    """
    if not data.is_dir():
        raise UsageError(f"{data}: is not a folder; give the folder of the photographs")
    files = sorted(data.glob("*.npz"))
    keys = sorted(keys_of(files))
    if len(keys) > 1:
        raise UsageError(
            f"{data}: holds views of {len(keys)} renderings (*-{keys[0]}.npz, *-{keys[1]}.npz); "
            "give a folder with those of one"
        )
    return files


def read(files: list[Path], progress: OnProgress) -> list[Renders]:
    """Read the views in files and check that all can be trained on.

    Raises
    ------
    UsageError
        If one cannot; it names the file, and which of its views.
    """
    progress("check", len(files), 0, 0)
    views = []
    for path in files:
        views.append(_checked(path))
        progress("check", len(files), 1, 1)
    return views


def _checked(path: Path) -> Renders:
    views = load(path)
    if views is None:
        raise UsageError(
            f"{path}: not views, or damaged; give a folder of photographs only, or of views only"
        )
    for number, view in enumerate(zip(views.pictures, views.points, strict=True)):
        if fault := _fault(*view):
            raise UsageError(f"{path}: view {number}, counted from 0: {fault}")
    return views


def _fault(picture: bytes, points: Float) -> str:
    """The reason why nothing can be learnt from a view; empty if there is none."""
    try:
        image = decoded("view", picture).pixels
    except ImageError:
        return "the picture cannot be decoded; give JPEG or PNG"
    if not np.isfinite(points).all():
        return "its points are not all finite; leave it out"
    if np.abs(points).max() > _FARTHEST:
        return "its points are no places in a picture; give them in pixels"
    places = points[:, :2].astype(np.float64)
    if np.linalg.eigvalsh(np.cov(places.T))[0] < _THINNEST**2:
        return "its points lie on one line or in one place; give them in pixels"
    inside = (places > -0.5) & (places < np.array(image.shape[1::-1]) - 0.5)
    if not inside.all(axis=1).any():
        return "its points all lie beside the picture; give x and y in its pixels"
    return ""
