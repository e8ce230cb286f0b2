"""Antialiasing of the silhouettes inside a drawn face: a nose before a cheek, lip over lip.

Only the pixels at which the texture's coordinates jump are sampled more finely; everywhere else
one sample in the middle of a pixel is what trilinear textures are made for.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from facelab.numerics import abuffer, raster, scanline
from facelab.numerics.arrays import Bool, Float, Int

_SAMPLES = 2  # along each side of a pixel
_JUMP = 1.0, 1.7  # texels, and times the lesser step beside it, from which a step is a jump


@dataclass(frozen=True, slots=True, eq=False)
class Silhouettes:
    """Samples of the pixels of a window that lie at inner silhouettes.

    Parameters
    ----------
    pixels : (p,) intp
        Flat indices of the pixels, ascending.
    owner : (k,) intp
        Which of them each sample belongs to.
    uv : (k, 2) float32
        Where in the position map each sample lies, texels.
    """

    pixels: NDArray[np.intp]
    owner: NDArray[np.intp]
    uv: Float

    def smooth(self, drawn: Float, sampled: Float) -> None:
        """Give a drawn map ``(h, w, c)`` the means of its samples ``(k, c)`` at the silhouettes."""
        count = np.bincount(self.owner, minlength=len(self.pixels))
        means = [
            np.bincount(self.owner, weights=channel, minlength=len(self.pixels)) / count
            for channel in sampled.T
        ]
        drawn.reshape(-1, drawn.shape[2])[self.pixels] = np.column_stack(means)


def silhouettes(
    vertices: Float, triangles: Int, places: Float, uv: Float, covered: Bool
) -> Silhouettes | None:
    """Samples of a drawn mesh at its inner silhouettes; None where there are none.

    Parameters
    ----------
    vertices : (n, 3) float32
        x right, y down and depth, pixels of the window.
    triangles : (m, 3) int32
    places : (n, 2) float32
        Where in the position map each vertex lies, texels.
    uv : (h, w, 2) float32
        The same at the pixels' middles.
    covered : (h, w) bool
        Where the mesh is seen.
    """
    wanted = _jumps(uv, covered)
    if not wanted.any():
        return None
    height, width = covered.shape
    size = _SAMPLES * height, _SAMPLES * width
    fine = vertices.copy()
    fine[:, :2] = (vertices[:, :2] + np.float32(0.5)) * _SAMPLES - np.float32(0.5)
    near = triangles[_near(vertices, triangles, wanted)]
    near = near[_facing(fine, near)]
    layers = abuffer.gather(fine, near, size)
    nearest = layers.only(np.diff(layers.pixel, prepend=-1) != 0)
    row, column = np.divmod(nearest.pixel, size[1])
    pixel = row // _SAMPLES * width + column // _SAMPLES
    inside = wanted.ravel()[pixel]
    kept = nearest.only(inside)
    pixels, owner = np.unique(pixel[inside], return_inverse=True)
    return Silhouettes(pixels, owner, kept.carry(near, places)) if len(pixels) else None


def _jumps(uv: Float, covered: Bool) -> Bool:
    """Pixels beside which the coordinates jump, ``(h, w)``."""
    out = np.zeros_like(covered)
    u, v = cv2.split(uv)
    _mark_jumps(u, v, covered, out)
    _mark_jumps(u.T, v.T, covered.T, out.T)
    return out


def _mark_jumps(u: Float, v: Float, covered: Bool, out: Bool) -> None:
    """Mark in `out` the pixels to whose left or right, but not to both, the coordinates jump."""
    least, ratio = _JUMP
    step, rise = (axis[:, 1:] - axis[:, :-1] for axis in (u, v))
    step *= step
    rise *= rise
    step += rise
    np.sqrt(step, out=step)
    step *= covered[:, 1:] & covered[:, :-1]
    row, column = np.nonzero(step > least)  # few: only these are looked at closely
    far = step[row, column]
    last = step.shape[1] - 1
    before = np.where(column > 0, step[row, np.maximum(column - 1, 0)], 0)
    after = np.where(column < last, step[row, np.minimum(column + 1, last)], 0)
    for pixel, beside in ((column, before), (column + 1, after)):
        jumps = far > least + ratio * beside
        out[row[jumps], pixel[jumps]] = True


def _near(vertices: Float, triangles: Int, wanted: Bool) -> Bool:
    """Which triangles have a wanted pixel within their box: others cover none of its samples."""
    height, width = wanted.shape
    sums = cv2.integral(wanted.astype(np.uint8)).ravel()
    column, row = np.rint(vertices[:, :2]).astype(np.int32).clip(0, [width - 1, height - 1]).T
    corners = raster.corners_of(triangles, len(vertices))
    x, y = column.take(corners), row.take(corners)
    left, right = x.min(axis=0), x.max(axis=0) + 1
    above, below = y.min(axis=0) * (width + 1), (y.max(axis=0) + 1) * (width + 1)
    held = sums.take(below + right) - sums.take(below + left)
    held -= sums.take(above + right) - sums.take(above + left)
    out: Bool = held > 0
    return out


def _facing(vertices: Float, triangles: Int) -> Bool:
    """Which triangles face the viewer."""
    x, y, _ = raster.screen(vertices)
    out: Bool = scanline.doubled_area(x, y, raster.corners_of(triangles, len(vertices))) > 0
    return out
