"""Poisson editing: a source cloned seamlessly into a target.

Poisson editing (Pérez, Gangnet, Blake, "Poisson image editing", SIGGRAPH 2003) keeps the source's
gradients inside a region and the target's values outside it. Written for h = f - source, the
difference between the result and the source, their discrete equation (7) becomes

    sum over q in N(p) of (h_p - h_q) = forcing_p    inside the region,
    h = target - source                              on the ring of pixels around it,

with zero forcing when the source alone guides: then h is a membrane (`facelab.numerics.membrane`).
N(p) are the 4-neighbours that lie in the image, so the region needs no boundary values where it
meets the image border. Other guidance first takes any h that meets the forcing, and a membrane for
the rest (Pérez et al. 2003, section 2).
"""

from __future__ import annotations

import cv2
import numpy as np

from facelab.numerics.arrays import Bool, Float
from facelab.numerics.membrane import Indices, membrane


def poisson(source: Float, target: Float, mask: Float) -> Float:
    """Clone the source seamlessly: its gradients inside the region, the target's values around it.

    Pérez et al. 2003, equations 7 and 8 with the guidance of equation 11.

    Parameters
    ----------
    source : (H, W, 3) float32
        RGB, nominally in [0, 1], aligned with the target. Only the region and the pixels next to it
        are read; adding a constant to them changes nothing.
    target : (H, W, 3) float32
        RGB, nominally in [0, 1].
    mask : (H, W) float32 or bool
        Coverage in [0, 1]; the region is where it is at least 0.5.

    Returns
    -------
    (H, W, 3) float32
        The target, bit for bit, outside the region. Values are not clipped to [0, 1].

    Raises
    ------
    ValueError
        If the shapes do not agree, or the region covers the whole image: without a pixel of the
        target around it the equation has no unique solution.
    """
    return _cloned(source, target, _region(source, target, mask))


def mixed(source: Float, target: Float, mask: Float) -> Float:
    """Clone the source, but keep the target's gradient wherever it is the stronger of the two.

    Pérez et al. 2003, equations 7 and 8 with the guidance of equations 12 and 13, per channel.

    Parameters, result and exceptions are those of `poisson`.
    """
    region = _region(source, target, mask)
    box = _bounding_box(region)
    guided = source.copy()
    guided[box] += _potential(_stronger_gradients(source[box], target[box], region[box]))
    return _cloned(guided, target, region)


def check_shapes(source: Float, target: Float, mask: Float) -> None:
    """Raise ``ValueError`` unless source and target are ``(H, W, 3)`` and the mask ``(H, W)``."""
    if source.shape != target.shape or target.ndim != 3 or target.shape[2] != 3:
        raise ValueError(
            "Inputs `source` and `target` must have the same shape (H, W, 3), "
            f"not {source.shape} and {target.shape}."
        )
    if mask.shape != target.shape[:2]:
        raise ValueError(
            f"Input `mask` must have the images' shape {target.shape[:2]}, not {mask.shape}."
        )


def _region(source: Float, target: Float, mask: Float) -> Bool:
    """Where the source shall be cloned."""
    check_shapes(source, target, mask)
    region: Bool = mask >= 0.5
    if region.all():
        raise ValueError("Input `mask` covers the whole image: no target pixel is left around it.")
    return region


def _cloned(source: Float, target: Float, region: Bool) -> Float:
    """The target with the source and a membrane in the region's place."""
    result = target.copy()
    if not region.any():
        return result
    box = _bounding_box(region)
    inside = np.ascontiguousarray(region[box]).view(np.uint8)
    source, target, changed = source[box], target[box], result[box]

    def difference(places: Indices) -> Float:
        rows, columns = np.divmod(places, inside.shape[1])
        out: Float = target[rows, columns] - source[rows, columns]
        return out

    for rows, heights in membrane(inside, difference):
        cv2.copyTo(cv2.add(source[rows], heights, dst=heights), inside[rows], changed[rows])
    return result


def _bounding_box(region: Bool) -> tuple[slice, slice]:
    """Rows and columns of the region and of its ring, cut at the image border."""
    left, top, width, height = cv2.boundingRect(region.view(np.uint8))
    rows = slice(max(top - 1, 0), top + height + 1)
    return rows, slice(max(left - 1, 0), left + width + 1)


def _stronger_gradients(source: Float, target: Float, region: Bool) -> Float:
    """Sum of v_pq - (source_p - source_q) over the neighbours q, with v_pq of equation 13.

    Pairs of pixels outside the region do not count: the source may be anything there.
    """
    forcing = np.zeros_like(source)
    for axis in (0, 1):
        along, f, g = (image.swapaxes(0, axis) for image in (forcing, target, source))
        inside = region.swapaxes(0, axis)[..., np.newaxis]
        of_target, of_source = f[1:] - f[:-1], g[1:] - g[:-1]
        counts = (np.abs(of_target) > np.abs(of_source)) & (inside[1:] | inside[:-1])
        excess = np.where(counts, of_target - of_source, 0)
        along[1:] += excess
        along[:-1] -= excess
    return forcing


def _potential(forcing: Float) -> Float:
    """A solution of the equation on a whole rectangle with nothing around it.

    Cosines that are even about the image border are the equation's eigenvectors there (Strang,
    "The Discrete Cosine Transform", SIAM Review 41, 1999). The forcing's sum must be 0.
    """
    from scipy.fft import dctn, idctn

    across, down = (
        4 * np.sin(np.pi / 2 * np.arange(side, dtype=np.float32) / side) ** 2
        for side in forcing.shape[1::-1]
    )
    eigenvalues = down[:, np.newaxis] + across
    eigenvalues[0, 0] = 1
    spectrum = dctn(forcing, axes=(0, 1), overwrite_x=True) / eigenvalues[..., np.newaxis]
    spectrum[0, 0] = 0
    return np.asarray(idctn(spectrum, axes=(0, 1), overwrite_x=True), np.float32)
