"""Warping a photograph so that it follows a face whose positions change.

Frame: source-image pixels. Motion is a backward map: for each pixel of the result, the offset to
the pixel of the photograph that it shows. It is read off the face where the photograph shows it,
carried on smoothly beyond, and faded to exactly 0. It is smoothed where it would fold.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import floor

import cv2
import numpy as np
from numpy.typing import NDArray

from facelab.geometry.drawing import Drawing, drawing, points
from facelab.geometry.visibility import disocclusion, reliably_visible
from facelab.numerics import raster
from facelab.numerics.arrays import Bool, Float, Int
from facelab.numerics.distance import distance_within
from facelab.numerics.smoothing import resized, smoothstep, spread
from facelab.types import SEEN, Box, Face, PositionMap

_SIDE = 384  # the longer side of the grid on which motion is worked out, grid pixels
_REACH = 0.3  # of the face's size: how far beyond the face the photograph moves at least
_SLOPE = 0.4  # what the fade may add to the motion's gradient: a far motion reaches further
_SMOOTH = 1.2  # grid pixels: hides the triangles of the position map
_BORDER = 0.6  # of the way to the image's border: the farthest that a pixel may come from there
_SMALLEST = 0.1  # of a pixel's area: as much as may be left of it; 0 is a fold
_ROUNDS = 8  # of smoothing where it folds, each wider than the last


@dataclass(frozen=True, slots=True, eq=False)
class Motion:
    """A backward map of a window of an image.

    Parameters
    ----------
    window : (rows, columns) slices
        The part of the image that moves; nothing outside of it does.
    offset : (h, w, 2) float32
        (x, y) pixels from each pixel of the result to what it shows; 0 where nothing moves.
    disoccluded : (256, 256) float32
        How far each texel newly comes into view, [0, 1].
    """

    window: tuple[slice, slice]
    offset: Float
    disoccluded: Float

    def apply(self, image: Float) -> Float:
        """Move an image ``(H, W, 3)`` float32; pixels without an offset stay bit for bit."""
        out = image.copy()
        under, part = image[self.window], out[self.window]
        # What comes into the picture from beyond its border is its mirror image.
        cv2.remap(
            under,
            self.offset,
            None,
            cv2.INTER_CUBIC | cv2.WARP_RELATIVE_MAP,
            part,
            cv2.BORDER_REFLECT_101,
        )
        # Bicubic kernels overshoot; the photograph itself may hold colours beyond sRGB's gamut.
        low, high, _, _ = cv2.minMaxLoc(under.reshape(len(under), -1))
        np.clip(part, min(low, 0), max(high, 1), out=part)
        return out

    def nearest(self, labels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Move numbers of classes ``(H, W)``: each pixel has that of the nearest it shows."""
        y, x = np.mgrid[self.window].astype(np.float32)
        across, down = cv2.split(self.offset)
        out = labels.copy()
        out[self.window] = cv2.remap(
            labels, x + across, y + down, cv2.INTER_NEAREST, borderMode=cv2.BORDER_REPLICATE
        )
        return out

    def carried(self, values: Float, window: tuple[slice, slice]) -> Float:
        """Move a map ``(h, w)`` of another window of the image, which lies in this one."""
        out: Float = cv2.remap(
            values,
            self.within(window),
            None,
            cv2.INTER_LINEAR | cv2.WARP_RELATIVE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        )
        return out

    def within(self, window: tuple[slice, slice]) -> Float:
        """The offsets in another window of the image, ``(h, w, 2)``, which lies in this one."""
        part = tuple(
            slice(other.start - own.start, other.stop - own.start)
            for other, own in zip(window, self.window, strict=True)
        )
        return self.offset[part]


def motion(
    before: PositionMap,
    after: PositionMap,
    shape: tuple[int, int],
    drawn: Drawing | None = None,
) -> Motion | None:
    """The motion of an image of `shape` (H, W) with its face; None if nothing moves.

    `drawn` is `after` over that image, where it has been drawn already.

    The motion of the face's texels is read off at their new positions, carried on beyond them by
    pull-push (`facelab.numerics.smoothing.spread`) and faded over at least 30 % of the face's size.
    It has no folds: no pixel loses more than 70 % of its area.
    """
    reach = _reach(before, after)
    if reach == 0:
        return None
    grid = _Grid.around(_both(before, after), reach)
    window, drawn = grid.window(shape), drawn or drawing(after, shape)
    if window is None or drawn is None:
        return None
    disoccluded = disocclusion(before, after)
    offset, covered = _drawn_motion(before, after, disoccluded, grid, drawn)
    carried = cv2.GaussianBlur(spread(offset, covered), (0, 0), _SMOOTH)
    fade = _fade(covered, reach * grid.scale)[..., None]
    faded = fade * _without_folds(carried, fade, grid.scale)
    return Motion(window, grid.enlarged(_within(faded, grid, shape), window), disoccluded)


def reached(
    before: PositionMap, after: PositionMap, shape: tuple[int, int]
) -> tuple[slice, slice] | None:
    """The window of an image of `shape` (H, W) outside of which `motion` neither reads nor moves.

    None if nothing moves.
    """
    reach = _reach(before, after)
    return None if reach == 0 else _Grid.around(_both(before, after), reach).window(shape)


def _reach(before: PositionMap, after: PositionMap) -> float:
    """How far beyond a face its motion is carried, pixels; 0 if nothing moves."""
    across, down, _ = cv2.split(after.values - before.values)
    far = cv2.magnitude(across, down)
    farthest = float(far.max(where=before.atlas.valid, initial=0))
    return farthest and max(_REACH * before.box.size, 1.5 * farthest / _SLOPE)


def _both(before: PositionMap, after: PositionMap) -> Box:
    """The box of all texels of a face in both its places."""
    return Box.around(np.concatenate([points(before), points(after)]))


def fill_disoccluded(face: Face, disoccluded: Float) -> Float:
    """Fill a face's texture with skin where a motion brings into view what was not seen.

    It gives what is painted there afterwards something to lie on. Where nothing is, the photograph
    itself, stretched as `motion` does it, looks better.

    Parameters
    ----------
    face : Face
        As the photograph shows it.
    disoccluded : (256, 256) float32
        As `facelab.geometry.visibility.disocclusion` gives it, [0, 1].

    Returns
    -------
    (S, S, 3) float32
        The texture's own colours where it is 0; elsewhere the nearest visible ones, smoothly.
    """
    texture = face.texture
    if not disoccluded.any():
        return texture.colour
    known = reliably_visible(face.positions) & (
        resized(texture.confidence, len(disoccluded)) >= SEEN
    )
    smooth = resized(spread(resized(texture.colour, len(disoccluded)), known), texture.size)
    where = (resized(disoccluded, texture.size) > 0).astype(np.uint8)
    filled: Float = cv2.copyTo(smooth, where, texture.colour.copy())
    return filled


@dataclass(frozen=True, slots=True)
class _Grid:
    """A coarse raster over a part of the image plane, which may reach beyond the image.

    Parameters
    ----------
    x, y : float
        The source-image place of grid pixel (0, 0).
    scale : float
        Grid pixels per source-image pixel, at most 1.
    shape : (rows, columns)
    """

    x: float
    y: float
    scale: float
    shape: tuple[int, int]

    @classmethod
    def around(cls, box: Box, reach: float) -> _Grid:
        """The grid that holds what lies within `reach` pixels of a box."""
        width, height = box.width + 2 * reach, box.height + 2 * reach
        scale = min(1.0, _SIDE / max(width, height))
        # Room on each side for the bicubic kernel that enlarges it.
        rows, columns = (int(np.ceil(side * scale)) + 7 for side in (height, width))
        # Grid and image begin at the same pixels' corner, so that enlarging is mere resizing.
        half = (1 / scale - 1) / 2
        left, top = (floor(low - reach - 3 / scale) + half for low in (box.x0, box.y0))
        return cls(left, top, scale, (rows, columns))

    def places(self, points: Float) -> Float:
        """Source-image points ``(n, 3)`` in grid pixels; depth is scaled alike."""
        corner = np.array([self.x, self.y, 0], np.float32)
        return (points - corner) * np.float32(self.scale)

    def window(self, shape: tuple[int, int]) -> tuple[slice, slice] | None:
        """The pixels of an image of `shape` that lie on the grid, or None."""
        starts = max(int(np.ceil(self.y)), 0), max(int(np.ceil(self.x)), 0)
        ends = (
            min(int(start + (count - 1) / self.scale) + 1, side)
            for start, count, side in zip((self.y, self.x), self.shape, shape, strict=True)
        )
        rows, columns = (slice(*pair) for pair in zip(starts, ends, strict=True))
        empty = rows.start >= rows.stop or columns.start >= columns.stop
        return None if empty else (rows, columns)

    def nearest(self, values: Int, window: tuple[slice, slice], beyond: int) -> Int:
        """The pixels of a window of the image that are nearest to the grid's."""
        out = np.full(self.shape, beyond, values.dtype)
        here, there = [], []
        for start, count, part in zip((self.y, self.x), self.shape, window, strict=True):
            at = np.rint(start + np.arange(count) / self.scale).astype(np.intp)
            inside = np.flatnonzero((at >= part.start) & (at < part.stop))
            here.append(inside)
            there.append(at[inside] - part.start)
        out[np.ix_(*here)] = values[np.ix_(*there)]
        return out

    def enlarged(self, values: Float, window: tuple[slice, slice]) -> Float:
        """A map of the grid ``(rows, columns, c)`` at the pixels of the window: bicubic."""
        times = 1 / self.scale
        top, left = (round(at - (times - 1) / 2) for at in (self.y, self.x))
        whole = cv2.resize(values, None, fx=times, fy=times, interpolation=cv2.INTER_CUBIC)
        rows, columns = window
        return np.asarray(
            whole[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left],
            np.float32,
        )


def _drawn_motion(
    before: PositionMap, after: PositionMap, disoccluded: Float, grid: _Grid, drawn: Drawing
) -> tuple[Float, Bool]:
    """The offset on each grid pixel of the new face as the image shows it, and where that is.

    A texel that comes into view comes from where the nearest ones are that the photograph shows:
    skin is stretched over what a turn reveals, and no background gets onto the face.
    """
    atlas = before.atlas
    places = before.values[..., :2]
    nearest = places + disoccluded[..., None] * (spread(places, reliably_visible(before)) - places)
    now = points(after)
    triangle = grid.nearest(drawn.fragments.triangle, drawn.window, -1)
    x, y, z = raster.screen(grid.places(now))
    fragments = raster.Fragments(triangle, x, y, z, drawn.fragments.corners)
    moves = np.asarray(nearest[atlas.valid] - now[:, :2], np.float32)
    return raster.interpolate(fragments, atlas.triangles, moves), fragments.covered


def _fade(covered: Bool, reach: float) -> Float:
    """1 on the face, falling smoothly to 0 at `reach` grid pixels from it."""
    distance = distance_within(~covered)
    return smoothstep(1 - distance / np.float32(reach))


def _within(offset: Float, grid: _Grid, shape: tuple[int, int]) -> Float:
    """The offsets, less toward the image's borders: nothing from beyond may come into it."""
    x = np.float32(grid.x) + np.arange(grid.shape[1], dtype=np.float32) / np.float32(grid.scale)
    y = np.float32(grid.y) + np.arange(grid.shape[0], dtype=np.float32) / np.float32(grid.scale)
    out = np.empty_like(offset)
    for axis, (at, side) in enumerate(((x[None], shape[1]), (y[:, None], shape[0]))):
        before, beyond = np.maximum(at, 0), np.maximum(side - 1 - at, 0)
        out[..., axis] = np.clip(offset[..., axis], -_BORDER * before, _BORDER * beyond)
    return out


def _without_folds(offset: Float, fade: Float, scale: float) -> Float:
    """The offsets ``(rows, columns, 2)``, smoothed around where they would fold once faded."""
    for sigma in 1.5 * 1.6 ** np.arange(_ROUNDS):
        folded = (_area(offset * fade * np.float32(scale)) < _SMALLEST).astype(np.float32)
        if not folded.any():
            break
        around = np.ones((2 * int(2 * sigma) + 1,) * 2, np.uint8)
        share = cv2.GaussianBlur(cv2.dilate(folded, around), (0, 0), sigma)[..., None]
        offset = offset + share * (cv2.GaussianBlur(offset, (0, 0), sigma) - offset)
    return offset


def _area(offset: Float) -> Float:
    """The area that each pixel's square shows: the Jacobian determinant of the backward map."""
    across, down = (np.gradient(offset, axis=axis) for axis in (1, 0))
    area: Float = (1 + across[..., 0]) * (1 + down[..., 1]) - across[..., 1] * down[..., 0]
    return area
