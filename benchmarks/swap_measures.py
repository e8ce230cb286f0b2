"""What is measured of a swapped face, each from arrays alone.

Images are ``(H, W, 3)`` float32 RGB in [0, 1], areas ``(H, W)`` float32 in [0, 1]; `size` is the
face's in pixels, the root of the area of its box, so that a photograph enlarged gives the same.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from facelab.atlas import Atlas
from facelab.face.texture import unwrap
from facelab.numerics.arrays import Bool, Float
from facelab.numerics.raster import interpolate, rasterize
from facelab.types import PositionMap

MIDDLE = 0.5  # of the face's width and height
TONE_SIZE, TONE_SIGMA = 256, 0.08  # texels; of the side
FINE, NEIGHBOURHOOD = 0.005, 0.02  # of the face's size: what is finer is contrast; its mean
SMALLEST = 1.0  # px, below which a Gaussian does nothing
SEAM = 0.01  # of the face's size: the width of the edge of the painted area
HALF = 0.5  # from which a pixel counts as painted
FEATURES = ("eyes", "brows", "lips")
ROOM = 0.02  # of the map's side, around the features


def tone_difference(target: Float, result: Float, positions: PositionMap) -> float:
    """CIELAB distance between the tone of the face's middle before and after, the median texel.

    Tone is the unwrapped face in CIELAB under a Gaussian of 8 % of the texture's side, so that
    features count little; the middle is the ellipse of half the face's width and height.
    """
    before, after = (_tone(image, positions) for image in (target, result))
    distance = np.linalg.norm(after - before, axis=2)
    return float(np.median(distance[_middle(positions.atlas)]))


def _tone(image: Float, positions: PositionMap) -> Float:
    lab = cv2.cvtColor(unwrap(image, positions, TONE_SIZE).colour, cv2.COLOR_RGB2Lab)
    return np.asarray(cv2.GaussianBlur(lab, (0, 0), TONE_SIGMA * TONE_SIZE))


def _middle(atlas: Atlas) -> Bool:
    rows, columns = np.nonzero(atlas.region("face", TONE_SIZE) > 0.5)
    v, u = np.mgrid[:TONE_SIZE, :TONE_SIZE]
    along_u = (u - columns.mean()) / (MIDDLE * np.ptp(columns) / 2)
    along_v = (v - rows.mean()) / (MIDDLE * np.ptp(rows) / 2)
    return np.asarray(along_u**2 + along_v**2 < 1)


def invented_share(painted: Float, made_up: Float) -> float:
    """The part of what is painted and visible that no source photograph showed, [0, 1].

    Parameters
    ----------
    painted : (H, W) float32
        How much of each pixel the swap covers.
    made_up : (H, W) float32
        How much of what it paints there is made up.
    """
    return float((painted * made_up).sum() / max(float(painted.sum()), 1e-6))


def painted_share(painted: Float, face: Float) -> float:
    """The part of the visible face that is painted, [0, 1]; `face` as `drawn` gives it."""
    return float(np.minimum(painted, face).sum() / max(float(face.sum()), 1e-6))


def fine_contrast_ratio(target: Float, result: Float, skin: Bool, size: float) -> float:
    """Fine contrast of the result over the target's, the median pixel of painted skin.

    Parameters
    ----------
    skin : (H, W) bool
        Painted, and neither eye, brow nor lip.
    """
    if not skin.any():
        return float("nan")
    before, after = (fine_contrast(image, size)[skin] for image in (target, result))
    return float(np.median(after / np.maximum(before, 1e-6)))


def fine_contrast(image: Float, size: float) -> Float:
    """How much luminance varies around each pixel by what is finer than 0.5 % of the face.

    The root of the mean square, under a Gaussian of 2 % of the face's size, of L* minus itself
    under a Gaussian of 0.5 %.
    """
    luminance = lightness(image)
    fine = luminance - _blurred(luminance, FINE * size)
    mean_square = _blurred(fine * fine, NEIGHBOURHOOD * size)
    return np.sqrt(np.maximum(mean_square, 0))


class Seam(NamedTuple):
    """How what a swap changed begins at the edge of the painted area.

    Parameters
    ----------
    ratio : float
        Gradient across the edge over that along it; 1 where nothing tells the edge from any line.
    step : float
        What changes across it over 2 % of the face's size, L*.
    """

    ratio: float
    step: float


def seam(under: Float, result: Float, painted: Float, size: float) -> Seam:
    """Measure the change of L* at the edge of the painted area, from what lies under it.

    Of the change rather than the result, which has the face's own outline there. Gradients are
    taken under a Gaussian of 1 % of the face's size; means of their absolute values over the
    edge, which is where the painted area under that Gaussian falls, each pixel weighed by how
    steeply. Not a number where no edge lies in the image.
    """
    edge = _slopes(painted, SEAM * size)
    steepness = np.hypot(*edge)
    if steepness.max() < 1e-6:
        return Seam(float("nan"), float("nan"))
    across_x, across_y = edge / np.maximum(steepness, 1e-12)
    x, y = _slopes(lightness(result) - lightness(under), SEAM * size)
    weight = steepness / steepness.sum()
    across = float((weight * np.abs(x * across_x + y * across_y)).sum())
    along = float((weight * np.abs(x * across_y - y * across_x)).sum())
    return Seam(across / max(along, 1e-6), across * 2 * SEAM * size)


def drawn(values: Float, positions: PositionMap, shape: tuple[int, int]) -> Float:
    """A map ``(256, 256)`` of the atlas as the photograph of `shape` sees it, 0 off the face."""
    atlas = positions.atlas
    fragments = rasterize(positions.values[atlas.valid], atlas.triangles, shape)
    return interpolate(fragments, atlas.triangles, values[atlas.valid][:, None])[..., 0]


def bare(atlas: Atlas) -> Float:
    """The face's oval without eyes, brows and lips and room around them, ``(256, 256)``."""
    features = np.maximum.reduce([atlas.region(name, atlas.size) for name in FEATURES])
    reach = 2 * round(ROOM * atlas.size) + 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach))
    return np.asarray(atlas.region("oval", atlas.size) * (1 - cv2.dilate(features, kernel)))


def lightness(image: Float) -> Float:
    """CIELAB's L*, ``(H, W)`` in [0, 100]."""
    out: NDArray[np.float32] = cv2.cvtColor(image, cv2.COLOR_RGB2Lab)[..., 0]
    return out


def _slopes(values: Float, sigma: float) -> Float:
    """Slopes along x and y of values under a Gaussian, ``(2, H, W)``."""
    down, across = np.gradient(_blurred(values, sigma))
    return np.stack([across, down])


def _blurred(values: Float, sigma: float) -> Float:
    out: Float = cv2.GaussianBlur(values, (0, 0), max(sigma, SMALLEST))
    return out
