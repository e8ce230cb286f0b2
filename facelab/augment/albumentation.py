"""Samples as a pipeline of albumentations takes them, and back.

Albumentations (Buslaev et al., "Albumentations: fast and flexible image augmentations", 2020) moves
keypoints and masks along with pixels; what they mean it does not know. It is not needed here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from facelab.augment.ground_truth import mirrored_classes
from facelab.augment.labels import Record
from facelab.errors import UsageError
from facelab.geometry.landmarks import TWINS68, twins
from facelab.numerics.arrays import Bool, Float

Sample = tuple[Any, ...]  # image, labels and, where they were asked for, maps

_STILL = 1e-3  # px that points may move without having moved
_LANDMARKS = 68
_STAYING = ("identities", "redrawn", "steps", "sources")  # beside numbers and texts


def to_albumentations(sample: Sample) -> dict[str, Any]:
    """Return the arguments of a pipeline for a sample of `facelab.AugmentedFaces`.

    Make the pipeline with ``keypoint_params=A.KeypointParams("xy", remove_invisible=False)``.

    Returns
    -------
    dict
        ``image (H, W, 3)`` uint8; ``keypoints (536, 2)`` float32, the 68 landmarks and the 468
        points, x and y in pixels; ``mask (H, W)`` uint8, the segmentation, if it is among the maps.
    """
    image, labels, *maps = sample
    points = [np.asarray(labels[name], np.float32)[:, :2] for name in ("landmarks68", "points468")]
    found = {"image": image, "keypoints": np.concatenate(points)}
    return found | ({"mask": maps[0]["segmentation"]} if _has_mask(maps) else {})


def from_albumentations(result: Mapping[str, Any], sample: Sample) -> Sample:
    """Return a sample as a pipeline has changed it, its labels moved along.

    Parameters
    ----------
    result : mapping
        What the pipeline gave for `to_albumentations` of `sample`.
    sample : tuple
        As it was. It is not changed.

    Returns
    -------
    tuple
        The image; labels with arrays for ``landmarks68`` and ``points468``, whose depth has grown
        as the picture has, ``box`` and ``covered68``; maps where there were any. In a mirror image
        right and left have changed places. If points have moved, labels and maps are left out that
        would have to be worked out anew: the pose and the like, all maps but the segmentation.

    Raises
    ------
    UsageError
        If keypoints are missing.
    """
    image, labels, *maps = sample
    was = to_albumentations(sample)["keypoints"]
    now = np.asarray(result["keypoints"], np.float32).reshape(-1, 2)
    if len(now) != len(was):
        raise UsageError(
            f"keypoints: {len(now)} of {len(was)} came back; make the pipeline with "
            'KeypointParams("xy", remove_invisible=False)'
        )
    if np.abs(now - was).max() < _STILL and result["image"].shape == image.shape:
        return (result["image"], *sample[1:])
    turned, scale = _change(was, now)
    moved = result["image"], _moved(labels, now, scale, turned < 0, result["image"].shape[:2])
    if not _has_mask(maps):
        return (*moved, {}) if maps else moved
    return *moved, {"segmentation": _segmentation(result["mask"], turned < 0)}


def _has_mask(maps: list[dict[str, Any]]) -> bool:
    return bool(maps) and "segmentation" in maps[0]


def _change(was: Float, now: Float) -> tuple[float, float]:
    """Determinant of the affine map that takes points nearest to others, and its scale."""
    a, b = (points.astype(np.float64) - points.mean(axis=0) for points in (was, now))
    spread, across = ((a[:, :, None] * other[:, None, :]).sum(axis=0) for other in (a, b))
    turned = float(_determinant(across) / _determinant(spread))
    return turned, float(np.sqrt(abs(turned)))


def _determinant(matrix: np.ndarray[Any, np.dtype[np.float64]]) -> float:
    return float(matrix[0, 0] * matrix[1, 1] - matrix[0, 1] * matrix[1, 0])


def _moved(
    labels: Record, now: Float, scale: float, mirrored: bool, shape: tuple[int, int]
) -> Record:
    """The labels with points where they are now."""
    simple = (str, int, float)
    out = {
        name: value
        for name, value in labels.items()
        if name in _STAYING or value is None or isinstance(value, simple)
    }
    out["height"], out["width"] = shape
    for name, places in (("landmarks68", now[:_LANDMARKS]), ("points468", now[_LANDMARKS:])):
        depth = np.asarray(labels[name], np.float32)[:, 2:] * np.float32(scale)
        out[name] = np.hstack([places, depth])
    for name in ("visible68", "covered68"):
        out[name] = np.asarray(labels[name], np.bool_)
    if mirrored:
        for name in ("landmarks68", "visible68", "covered68"):
            out[name] = out[name][list(TWINS68)]
        out["points468"] = out["points468"][twins()]
    out["covered68"] = out["covered68"] | _outside(out["landmarks68"], shape)
    places = out["points468"][:, :2]
    out["box"] = np.concatenate([places.min(axis=0), places.max(axis=0)])
    return out


def _outside(points: Float, shape: tuple[int, int]) -> Bool:
    """Which points lie outside of a picture, ``(n,)``."""
    x, y = np.rint(points[:, :2]).T
    out: Bool = (x < 0) | (y < 0) | (x >= shape[1]) | (y >= shape[0])
    return out


def _segmentation(mask: Any, mirrored: bool) -> Any:  # noqa: ANN401  # arrays of albumentations
    """Classes, those of the other side in a mirror image."""
    return mirrored_classes()[mask] if mirrored else mask
