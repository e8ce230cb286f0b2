"""Normals of a face's surface, which of it a photograph shows, and what a motion disoccludes."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np

from facelab.geometry.visibility import visible
from facelab.numerics.arrays import Bool, Float
from facelab.types import PositionMap

_GRAZING = 0.25  # cosine to the viewing ray below which a silhouette is near
_GAIN = 0.03, 0.1  # of that cosine, from which and with which a texel counts as disoccluded
_BESIDE = 2  # texels beside one that is lost which are not safe either


def normals(positions: PositionMap) -> Float:
    """The normal of the surface at each texel, by central differences.

    Returns
    -------
    (256, 256, 3) float32
        Unit vectors, x right, y up, z toward the viewer; meaningful where the atlas says face.
    """
    along_v, along_u = (np.gradient(positions.values, axis=axis) for axis in (0, 1))
    (ux, uy, uz), (vx, vy, vz) = cv2.split(along_u), cv2.split(along_v)
    # Along u times along v looks at the viewer; y is turned up.
    normal = np.dstack([uy * vz - uz * vy, ux * vz - uz * vx, ux * vy - uy * vx])
    length = np.sqrt(sum(part * part for part in cv2.split(normal)))[..., None]
    return np.asarray(normal / np.maximum(length, 1e-12), np.float32)


@lru_cache(maxsize=4)
def reliably_visible(positions: PositionMap) -> Bool:
    """Texels that a photograph reliably shows, ``(256, 256)`` bool.

    Neither hidden nor seen at a grazing angle: at a silhouette a position map is some pixels off,
    and what the photograph has there is background. The lips count as visible, which fold into
    themselves but hide nothing.
    """
    atlas = positions.atlas
    toward = normals(positions)[..., 2] > _GRAZING
    lost = atlas.face & ~(visible(positions) & toward) & (atlas.region("lips", atlas.size) == 0)
    around = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * _BESIDE + 1,) * 2)
    out: Bool = atlas.valid & ~cv2.dilate(lost.astype(np.uint8), around).astype(np.bool_)
    out.flags.writeable = False  # all callers share it
    return out


def disocclusion(before: PositionMap, after: PositionMap) -> Float:
    """How far each texel turns into view that the photograph does not reliably show.

    Returns
    -------
    (256, 256) float32
        0 where it was visible or turns no further toward the viewer, 1 where it newly comes into
        view.
    """
    gain = normals(after)[..., 2] - normals(before)[..., 2]
    least, most = _GAIN
    out = np.clip((gain - least) / (most - least), 0, 1) * ~reliably_visible(before)
    return np.asarray(out, np.float32)
