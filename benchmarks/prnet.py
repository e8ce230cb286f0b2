"""PRNet's way to swap a face, on facelab's geometry: what facelab is compared with.

Feng et al., "Joint 3D face reconstruction and dense alignment with position map regression
network", ECCV 2018, and the procedure of its texture editing demo, written anew: a texture of 256
texels sampled at the nearest pixel, one flat colour per triangle, `cv2.seamlessClone`.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from facelab.atlas import grid_triangles
from facelab.images.image import from_integers, to_integers
from facelab.numerics.arrays import Float
from facelab.numerics.raster import rasterize
from facelab.types import PositionMap


def swap(
    target: Float, positions: PositionMap, source: Float, source_positions: PositionMap
) -> Float:
    """The target's photograph with the source's face.

    Parameters
    ----------
    target, source : (H, W, 3) float32
        RGB in [0, 1].
    positions, source_positions : PositionMap
        Where their faces are.

    Returns
    -------
    (H, W, 3) float32
        Quantised to 8 bits, as `cv2.seamlessClone` works in.
    """
    face = positions.atlas.face
    triangles = grid_triangles(face)
    colours = nearest(source, source_positions.values[face])
    flat = colours[triangles].mean(axis=1)
    fragments = rasterize(positions.values[face], triangles, target.shape[:2])
    drawn = np.where(fragments.covered[..., None], flat[fragments.triangle], target)
    return clone(drawn, target, fragments.covered)


def nearest(image: Float, places: Float) -> Float:
    """The pixels ``(n, 3)`` next to `places` ``(n, 2 or more)``, those outside moved inside."""
    last = np.array(image.shape[1::-1]) - 1
    x, y = np.clip(np.rint(places[:, :2]), 0, last).astype(np.intp).T
    out: Float = image[y, x]
    return out


def clone(source: Float, target: Float, mask: NDArray[np.bool_]) -> Float:
    """`cv2.seamlessClone` of the mask, put where it was."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    middle = (int(columns[0] + columns[-1] + 1) // 2, int(rows[0] + rows[-1] + 1) // 2)
    # A fresh mask each time: some versions of OpenCV write into it.
    region = mask.astype(np.uint8) * 255
    cloned = cv2.seamlessClone(
        to_integers(source, 8), to_integers(target, 8), region, middle, cv2.NORMAL_CLONE
    )
    return from_integers(np.asarray(cloned))
