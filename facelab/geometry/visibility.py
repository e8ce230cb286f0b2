"""Which way a face's surface looks, what it hides of itself, and what a motion disoccludes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache, lru_cache

import cv2
import numpy as np

from facelab.atlas import Atlas, grid_triangles
from facelab.numerics.arrays import Bool, Float, Int
from facelab.numerics.raster import rasterize
from facelab.types import Box, PositionMap

_TOLERANCE = 0.02  # of the face's size: how far behind the front a point may lie
_SIDE = 256  # of the z-buffer, pixels
_NEAR = 3  # pixels around what looks away: as far as the front around a landmark is looked at
_REACH, _JAW_REACH = 1, 3  # pixels around a landmark; the jaw lies where the face curves away
_TURNED = 0.2  # sine of the yaw from which on the farther ear is hidden
_MEDIAN = 7  # texels, over which visibility is smoothed
_NOTHING = -1e30  # the depth where no face is


@lru_cache(maxsize=4)
def visible(positions: PositionMap) -> Bool:
    """Texels that the face itself does not hide, ``(256, 256)`` bool.

    A texel is hidden that lies more than 2 % of the face's size behind its front (Feng et al. 2018
    allow 2 px of 256).
    """
    valid = positions.atlas.valid
    seen = np.ones(valid.shape, np.uint8)
    seen[valid] = ~_buffer(positions).hides(positions.values[valid])
    # Pixels of the buffer comb the edge of what is hidden, and leave specks.
    smooth: Bool = cv2.medianBlur(seen, _MEDIAN).astype(np.bool_) & valid
    smooth.flags.writeable = False  # all callers share it
    return smooth


def visible_landmarks(positions: PositionMap) -> Bool:
    """Which of the 68 landmarks the face itself does not hide, ``(68,)`` bool.

    As `visible`, but hidden only if the front lies before all of the pixels around: landmarks lie
    at edges, such as those of the lips.
    """
    # All of the face is drawn: it hides the jaw, which is no part of it, without any fold.
    buffer, landmarks = _buffer(positions, whole=True), positions.landmarks
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
        In buffer pixels; far behind everything where there is no face, or one sheet of it.
    corner : (3,) float32
        The source-image place of pixel (0, 0).
    scale : float
        Buffer pixels per source-image pixel.
    """

    front: Float
    corner: Float
    scale: np.float32

    def hides(self, points: Float) -> Bool:
        """Which of the points ``(n, 3)``, source-image pixels, lie behind the front."""
        x, y, z = ((points - self.corner) * self.scale).T
        inside = (x > -0.5) & (x < _SIDE - 0.5) & (y > -0.5) & (y < _SIDE - 0.5)
        column, row = (np.clip(np.rint(at), 0, _SIDE - 1).astype(int) for at in (x, y))
        hidden: Bool = inside & (self.front[row, column] - z >= _TOLERANCE * _SIDE)
        return hidden


@lru_cache(maxsize=2)
def _buffer(positions: PositionMap, whole: bool = False) -> _Buffer:
    """The face's z-buffer, drawn of every other texel; if not whole, where it may hide itself."""
    atlas = positions.atlas
    box = Box.around(positions.values[atlas.valid])
    scale = np.float32((_SIDE - 5) / max(box.width, box.height, 1e-6))
    corner = np.array([box.x0 - 2 / scale, box.y0 - 2 / scale, 0], np.float32)
    rows, triangles = _half_grid(atlas)
    grid = (positions.values[::2, ::2][rows] - corner) * scale
    drawn = triangles if whole else triangles[_folded(grid, triangles)]
    fragments = rasterize(grid, drawn, (_SIDE, _SIDE))
    front = np.where(fragments.covered, fragments.depth, np.float32(_NOTHING))
    return _Buffer(front, corner, scale)


def _folded(vertices: Float, triangles: Int) -> Bool:
    """Which triangles ``(m,)`` are drawn where one lies, or near it, that looks away.

    A face hides itself only there: from one sheet that looks at the viewer to another behind it,
    the surface runs back through a fold. Boxes of triangles are told apart by a summed-area table
    (Crow, "Summed-area tables for texture mapping", SIGGRAPH 1984).
    """
    x, y = (axis.take(triangles.T) for axis in vertices[:, :2].T)
    away = (x[1] - x[0]) * (y[2] - y[0]) - (y[1] - y[0]) * (x[2] - x[0]) >= 0
    (left, right), (top, bottom) = (
        np.clip(
            [np.floor(at.min(axis=0)) - _NEAR, np.ceil(at.max(axis=0)) + _NEAR + 1], 0, _SIDE
        ).astype(int)
        for at in (x, y)
    )
    corners = np.zeros((_SIDE + 1, _SIDE + 1), np.int32)
    for row, sign in ((top[away], 1), (bottom[away], -1)):
        np.add.at(corners, (row, left[away]), sign)
        np.add.at(corners, (row, right[away]), -sign)
    near = (corners.cumsum(axis=0).cumsum(axis=1) > 0)[:_SIDE, :_SIDE]
    total = cv2.integral(near.astype(np.uint8))
    shown = total[bottom, right] - total[top, right] - total[bottom, left] + total[top, left]
    return np.asarray(shown > 0)


@cache
def _half_grid(atlas: Atlas) -> tuple[Bool, Int]:
    """The valid ones of every other texel, and their triangles."""
    rows = atlas.valid[::2, ::2]
    return rows, grid_triangles(rows)


_GRAZING = 0.25  # cosine to the viewing ray below which a silhouette is near
_GAIN = 0.03, 0.1  # of that cosine, from which and with which a texel counts as disoccluded
_BESIDE = 2  # texels beside one that is lost which are not safe either


@lru_cache(maxsize=4)
def normals(positions: PositionMap) -> Float:
    """The normal of the surface at each texel, by central differences; read-only.

    Returns
    -------
    (256, 256, 3) float32
        Unit vectors, x right, y up, z toward the viewer; meaningful where the atlas says face.
    """
    slope, one = np.array([-0.5, 0, 0.5], np.float32), np.ones(1, np.float32)
    # At the map's edge it is half of a one-sided difference, which has the same direction.
    (ux, uy, uz), (vx, vy, vz) = (
        cv2.split(
            cv2.sepFilter2D(positions.values, -1, across, down, borderType=cv2.BORDER_REPLICATE)
        )
        for across, down in ((slope, one), (one, slope))
    )
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
