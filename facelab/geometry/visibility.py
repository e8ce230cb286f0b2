"""Which way a face's surface looks, what it hides of itself, and what a motion disoccludes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from facelab.numerics.arrays import Bool, Float
from facelab.types import Box, PositionMap

_TOLERANCE = 0.02  # of the face's size: how far behind the front a point may lie
_SIDE = 256  # of the depth buffer, pixels: about a texel each
_WITHIN = np.float32(0.6)  # pixels from a texel to the nearest one that shares its pixel
_STEEPEST = np.float32(8)  # depth over distance beyond which no surface is told from another
_REACH, _JAW_REACH = 1, 4  # pixels around a landmark; the jaw lies where the face curves away
_TURNED = 0.2  # sine of the yaw from which on the farther ear is hidden
_MEDIAN = 7  # texels, over which visibility is smoothed
_NOTHING = np.float32(-1e30)  # the depth where no face is


@lru_cache(maxsize=4)
def visible(positions: PositionMap) -> Bool:
    """Texels that the face itself does not hide, ``(256, 256)`` bool.

    A texel is hidden that lies more than 2 % of the face's size behind its front (Feng et al. 2018
    allow 2 px of 256), beyond what its own surface rises within a pixel.
    """
    valid = positions.atlas.valid
    facing = np.abs(normals(positions)[..., 2])
    rise = np.sqrt(np.maximum(1 - facing * facing, 0)) / np.maximum(facing, 1 / _STEEPEST)
    hidden = _buffer(positions).hides(positions.values, _WITHIN * np.minimum(rise, _STEEPEST))
    # Pixels of the buffer comb the edge of what is hidden, and leave specks.
    smooth = _median(~(hidden & valid)) & valid
    smooth.flags.writeable = False  # all callers share it
    return smooth


def _median(mask: Bool) -> Bool:
    """The median of a mask around each texel: what most of them are."""
    side = (_MEDIAN, _MEDIAN)
    count = cv2.boxFilter(
        mask.astype(np.uint8), cv2.CV_16U, side, normalize=False, borderType=cv2.BORDER_REPLICATE
    )
    return np.asarray(count > _MEDIAN * _MEDIAN // 2)


def visible_landmarks(positions: PositionMap) -> Bool:
    """Which of the 68 landmarks the face itself does not hide, ``(68,)`` bool.

    As `visible`, but hidden only if the front lies before all of the pixels around: landmarks lie
    at edges, such as those of the lips.
    """
    # All of the face is drawn: it hides the jaw, which is no part of it, without any fold.
    buffer, landmarks = _buffer(positions), positions.landmarks
    seen = np.empty(68, np.bool_)
    for part, reach in ((slice(0, 17), _JAW_REACH), (slice(17, 68), _REACH)):
        around = np.ones((2 * reach + 1, 2 * reach + 1), np.uint8)
        lenient = replace(buffer, front=cv2.erode(buffer.front, around))
        seen[part] = ~lenient.hides(landmarks[part])
    # The jaw goes on behind the face's border: what lies beyond a hidden point of the side that is
    # turned away is hidden too.
    across = landmarks[16] - landmarks[0]
    if abs(across[2]) > _TURNED * np.linalg.norm(across):
        away = seen[8::-1] if across[2] > 0 else seen[8:17]
        away[:] = np.logical_and.accumulate(away)
    return seen


@dataclass(frozen=True, slots=True, eq=False)
class _Buffer:
    """The depth of a face's front, and where in the image it lies.

    Parameters
    ----------
    front : (256, 256) float32
        In buffer pixels; far behind everything where there is no face.
    corner : (3,) float32
        The source-image place of pixel (0, 0).
    scale : float
        Buffer pixels per source-image pixel.
    """

    front: Float
    corner: Float
    scale: np.float32

    def hides(self, points: Float, spare: Float | float = 0.0) -> Bool:
        """Which of the points ``(..., 3)``, source-image pixels, lie behind the front.

        Parameters
        ----------
        points : (..., 3) float32
        spare : (...) float32
            Buffer pixels beyond the tolerance that are behind nothing either.
        """
        pixel, depth = _pixels(points, self.corner, self.scale)
        hidden: Bool = self.front.ravel()[pixel] - depth >= _TOLERANCE * _SIDE + spare
        return hidden


@lru_cache(maxsize=2)
def _buffer(positions: PositionMap) -> _Buffer:
    """The nearest texel in each pixel; pixels between texels are closed (Serra 1982).

    The texels of a face are so close that no triangle needs to be drawn.
    """
    texels = np.flatnonzero(positions.atlas.valid)
    points = positions.values.reshape(-1, 3).take(texels, axis=0)
    box = Box.around(points)
    scale = np.float32((_SIDE - 5) / max(box.width, box.height, 1e-6))
    corner = np.array([box.x0 - 2 / scale, box.y0 - 2 / scale, 0], np.float32)
    front = np.full(_SIDE * _SIDE, _NOTHING)
    np.maximum.at(front, *_pixels(points, corner, scale))
    around = np.ones((3, 3), np.uint8)
    closed = cv2.morphologyEx(front.reshape(_SIDE, _SIDE), cv2.MORPH_CLOSE, around)
    return _Buffer(np.asarray(closed, np.float32), corner, scale)


def _pixels(points: Float, corner: Float, scale: np.float32) -> tuple[NDArray[np.intp], Float]:
    """The nearest pixel of a buffer to each point ``(..., 3)``, in scan order, and its depth."""
    x, y, depth = ((points[..., axis] - start) * scale for axis, start in enumerate(corner))
    column, row = (np.clip(np.rint(at), 0, _SIDE - 1).astype(np.intp) for at in (x, y))
    return row * _SIDE + column, depth


_GRAZING = 0.25  # cosine to the viewing ray below which a silhouette is near
_GAIN = 0.03, 0.1  # of that cosine, from which and with which a texel counts as disoccluded
_BESIDE = 2  # texels beside one that is lost which are not safe either


@lru_cache(maxsize=4)
def slopes(positions: PositionMap) -> tuple[Float, Float]:
    """How positions change from texel to texel along u and along v; read-only.

    Returns
    -------
    (256, 256, 3) float32, each
        Central differences, pixels; at the map's edge half of a one-sided difference.
    """
    slope, one = np.array([-0.5, 0, 0.5], np.float32), np.ones(1, np.float32)
    along_u, along_v = (
        cv2.sepFilter2D(positions.values, -1, across, down, borderType=cv2.BORDER_REPLICATE)
        for across, down in ((slope, one), (one, slope))
    )
    along_u.flags.writeable = along_v.flags.writeable = False  # all callers share them
    return along_u, along_v


@lru_cache(maxsize=4)
def normals(positions: PositionMap) -> Float:
    """The normal of the surface at each texel, by central differences; read-only.

    Returns
    -------
    (256, 256, 3) float32
        Unit vectors, x right, y up, z toward the viewer; meaningful where the atlas says face.
    """
    (ux, uy, uz), (vx, vy, vz) = map(cv2.split, slopes(positions))
    # Along u times along v looks at the viewer; y is turned up.
    normal = uy * vz - uz * vy, ux * vz - uz * vx, ux * vy - uy * vx
    length = np.maximum(np.sqrt(sum(part * part for part in normal)), np.float32(1e-12))
    out: Float = cv2.merge([part / length for part in normal])
    out.flags.writeable = False  # all callers share it
    return out


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
