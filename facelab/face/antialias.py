"""Antialiasing of the silhouettes inside a drawn face: a nose before a cheek, lip over lip.

Only the pixels at which the texture's coordinates jump are sampled more finely; everywhere else
one sample in the middle of a pixel is what trilinear textures are made for.
"""

from __future__ import annotations

from dataclasses import dataclass

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
        """Give a drawn map ``(h, w[, c])`` the means of its samples ``(k[, c])`` at silhouettes."""
        count = np.bincount(self.owner, minlength=len(self.pixels))
        channels = sampled.reshape(len(sampled), -1)
        means = [
            np.bincount(self.owner, weights=channel, minlength=len(self.pixels)) / count
            for channel in channels.T
        ]
        drawn.reshape(-1, channels.shape[1])[self.pixels] = np.column_stack(means)


def silhouettes(
    fragments: raster.Fragments, triangles: Int, places: Float, steps: tuple[Float, Float]
) -> Silhouettes | None:
    """Samples of a drawn mesh at its inner silhouettes; None where there are none.

    Parameters
    ----------
    fragments : Fragments
        What of the mesh each pixel sees.
    triangles : (m, 3) int32
    places : (n, 2) float32
        Where in the position map each vertex lies, texels.
    steps : (h, w - 1), (h - 1, w) float32
        Squared texels from each pixel to the next, as of `raster.steps`.
    """
    wanted = _jumps(*steps)
    if not wanted.any():
        return None
    height, width = wanted.shape
    size = _SAMPLES * height, _SAMPLES * width
    x, y, corners = fragments.x, fragments.y, fragments.corners
    near = np.flatnonzero(scanline.holding(x, y, corners, wanted))
    near = near[scanline.doubled_area(x, y, corners.take(near, axis=1)) > 0]
    fine = [(axis + 0.5) * _SAMPLES - 0.5 for axis in (x, y)]
    layers = abuffer.gather(np.stack([*fine, fragments.z], axis=1), triangles[near], size)
    nearest = layers.only(np.diff(layers.pixel, prepend=-1) != 0)
    row, column = np.divmod(nearest.pixel, size[1])
    pixel = row // _SAMPLES * width + column // _SAMPLES
    inside = wanted.ravel()[pixel]
    kept = nearest.only(inside)
    pixels, owner = np.unique(pixel[inside], return_inverse=True)
    return Silhouettes(pixels, owner, kept.carry(triangles[near], places)) if len(pixels) else None


def _jumps(across: Float, down: Float) -> Bool:
    """Pixels beside which the coordinates jump, ``(h, w)``, of the squared steps between them."""
    out = np.zeros(np.maximum(across.shape, down.shape), np.bool_)
    _mark_jumps(across, 1, out)
    _mark_jumps(down, 0, out)
    return out


def _mark_jumps(steps: Float, axis: int, out: Bool) -> None:
    """Mark in `out` the pixels on one side of which, but not on both, the coordinates jump."""
    least, ratio = _JUMP
    place = np.array(np.nonzero(steps > least**2))  # few: only these are looked at closely
    place = place[:, steps[tuple(place)] < raster.FARTHEST]
    far = np.sqrt(steps[tuple(place)])
    for ahead in (0, 1):
        pixel, beside = place.copy(), place.copy()
        pixel[axis] += ahead
        beside[axis] += 2 * ahead - 1
        inside = (beside[axis] >= 0) & (beside[axis] < steps.shape[axis])
        step = np.where(inside, steps[tuple(np.where(inside, beside, 0))], 0)
        step[step > raster.FARTHEST] = 0
        jumps = far > least + ratio * np.sqrt(step)
        out[tuple(pixel[:, jumps])] = True
