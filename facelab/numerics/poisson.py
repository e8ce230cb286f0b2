"""Poisson editing: a source cloned seamlessly into a target.

Poisson editing (Pérez, Gangnet, Blake, "Poisson image editing", SIGGRAPH 2003) keeps the source's
gradients inside a region and the target's values outside it. Written for h = f - source, the
difference between the result and the source, their discrete equation (7) becomes

    sum over q in N(p) of (h_p - h_q) = forcing_p    inside the region,
    h = target - source                              on the ring of pixels around it,

with zero forcing when the source alone guides. N(p) are the 4-neighbours that lie in the image, so
the region needs no boundary values where it meets the image border.

The equation is solved by conjugate gradients on the region itself, starting from the solution on a
grid of half the resolution (nested iteration) and preconditioned by the sum of the residual's
restrictions to all coarser grids (Bramble, Pasciak, Xu, "Parallel multilevel preconditioners",
Mathematics of Computation 55, 1990). One step costs about a dozen passes over the image.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float32]
    BoolArray = NDArray[np.bool_]

_CROSS = np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]], np.uint8)
_DIFFERENCES = np.array([[0, -1, 0], [-1, 4, -1], [0, -1, 0]], np.float32)

# An iteration leaves a third to a half of the error, so that the last change bounds what remains.
_TOLERANCE = 0.4 / 255
_MAX_ITERATIONS = 500

_TINY = np.float32(np.finfo(np.float32).tiny)

# Neighbouring grids share part of the spectrum, so their plain sum would correct it twice.
_COARSE_WEIGHT = 0.85


def poisson(source: FloatArray, target: FloatArray, mask: FloatArray) -> FloatArray:
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
    return _clone(source, target, mask, _no_forcing)


def mixed(source: FloatArray, target: FloatArray, mask: FloatArray) -> FloatArray:
    """Clone the source, but keep the target's gradient wherever it is the stronger of the two.

    Pérez et al. 2003, equations 7 and 8 with the guidance of equations 12 and 13, per channel.

    Parameters, result and exceptions are those of `poisson`.
    """
    return _clone(source, target, mask, _stronger_gradients)


def check_shapes(source: FloatArray, target: FloatArray, mask: FloatArray) -> None:
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


# --- the equation ------------------------------------------------------------------------------


def _clone(
    source: FloatArray,
    target: FloatArray,
    mask: FloatArray,
    forcing: Callable[[FloatArray, FloatArray, cv2.typing.MatLike], FloatArray],
) -> FloatArray:
    """Solve for h in the region's bounding box and add it to the source."""
    check_shapes(source, target, mask)
    region = mask >= 0.5
    if region.all():
        raise ValueError("Input `mask` covers the whole image: no target pixel is left around it.")
    result = target.copy()
    if not region.any():
        return result
    box = _bounding_box(region)
    inside, source, target = region[box].astype(np.uint8), source[box], target[box]
    ring = cv2.subtract(cv2.dilate(inside, _CROSS), inside)
    equation = _Level(
        _stack(inside),
        _stack(ring),
        _difference_on(ring, source, target),
        forcing(source, target, inside),
    )
    solution = _solve(equation.pyramid())
    cv2.copyTo(cv2.add(source, solution, solution), inside, result[box])
    return result


def _bounding_box(region: BoolArray) -> tuple[slice, slice]:
    """Rows and columns of the region and of its ring, cut at the image border."""
    box = []
    for axis in (1, 0):
        (hits,) = np.nonzero(region.any(axis=axis))
        box.append(slice(max(hits[0] - 1, 0), hits[-1] + 2))
    return box[0], box[1]


def _no_forcing(source: FloatArray, _target: FloatArray, _inside: cv2.typing.MatLike) -> FloatArray:
    return np.zeros_like(source)


def _stronger_gradients(
    source: FloatArray, target: FloatArray, inside: cv2.typing.MatLike
) -> FloatArray:
    """Sum of v_pq - (source_p - source_q) over the neighbours q, with v_pq of equation 13."""
    forcing = np.zeros_like(source)
    for axis in (0, 1):
        along, f, g = (image.swapaxes(0, axis) for image in (forcing, target, source))
        of_target, of_source = f[1:] - f[:-1], g[1:] - g[:-1]
        excess = np.where(np.abs(of_target) > np.abs(of_source), of_target - of_source, 0)
        along[1:] += excess
        along[:-1] -= excess
    return _masked(forcing, inside)


def _difference_on(ring: cv2.typing.MatLike, source: FloatArray, target: FloatArray) -> FloatArray:
    """Return target - source where the mask is 1, and 0 even for a NaN elsewhere."""
    difference = np.zeros_like(source)
    few = np.nonzero(ring)
    difference[few] = target[few] - source[few]
    return difference


def _masked(values: FloatArray, mask: cv2.typing.MatLike) -> FloatArray:
    """Return the values where the mask is 1, and 0 even for a NaN elsewhere."""
    return np.asarray(cv2.copyTo(values, mask), np.float32)


def _stack(mask: cv2.typing.MatLike) -> FloatArray:
    """Repeat a mask for the three channels: arrays of one shape multiply several times faster."""
    return np.asarray(cv2.merge([mask.astype(np.float32)] * 3), np.float32)


# --- the solver --------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Level:
    """The equation on one grid; its node (x, y) is node (2 x, 2 y) of the next finer one.

    All arrays are (h, w, 3) float32.
    """

    inside: FloatArray  # 1 where h is unknown, else 0
    around: FloatArray  # 1 where h is known, near the region, else 0
    known: FloatArray  # h where it is known, else 0
    forcing: FloatArray

    def pyramid(self) -> list[_Level]:
        """Return this level and the coarser ones, down to where nothing is unknown, or known."""
        coarse = self._coarser()
        stuck = coarse.inside.shape == self.inside.shape
        if stuck or not coarse.inside.any() or not coarse.around.any():
            return [self]
        return [self, *coarse.pyramid()]

    def _coarser(self) -> _Level:
        inside = _every_second_node(self.inside)
        if inside.all():  # the few known pixels lie between the nodes
            eroded = cv2.erode(self.inside, np.ones((3, 3), np.uint8))
            inside = _every_second_node(np.asarray(eroded, np.float32))
        weight = _restrict(self.around, 1 - inside)
        known: FloatArray = np.divide(_restrict(self.known, 1 - inside), np.maximum(weight, _TINY))
        # The 5-point sums are h^2 times the Laplacian: twice the spacing, four times the sum.
        forcing = _restrict(self.forcing, inside, 4)
        return _Level(inside, (weight > 0).astype(np.float32), known, forcing)


def _every_second_node(fine: FloatArray) -> FloatArray:
    """Nodes 0, 2, 4, ... of each axis; on an even axis one more, so that they span the grid."""
    rows, columns = fine.shape[:2]
    odd = ((0, 1 - rows % 2), (0, 1 - columns % 2), (0, 0))
    return np.ascontiguousarray(np.pad(fine, odd, mode="edge")[::2, ::2])


def _solve(levels: list[_Level]) -> FloatArray:
    """Nested iteration: the solution on each grid is where the next finer one starts."""
    finest, *coarser = levels
    start = finest.known.copy()
    if coarser:
        start += _prolong(_solve(coarser), finest.inside)
    return _conjugate_gradients(start, finest.forcing, [level.inside for level in levels])


def _conjugate_gradients(
    start: FloatArray, forcing: FloatArray, insides: list[FloatArray]
) -> FloatArray:
    """Iterate until the solution, in the place of `start`, changes by no more than the tolerance.

    Each direction is made conjugate to the one before explicitly, because at the image border the
    preconditioner is not quite symmetric. The channels are one system with common step lengths.
    """
    inside, solution = insides[0], start
    residual = (forcing - _differences(start)) * inside
    direction, flux, curvature = np.zeros_like(start), np.zeros_like(start), 1.0
    for _ in range(_MAX_ITERATIONS):
        correction = _precondition(residual, insides)
        overlap = _dot(correction, flux) / curvature
        direction = _add_scaled(direction, -overlap, correction)
        flux = _differences(direction)
        flux *= inside
        curvature = _dot(direction, flux)
        if not curvature > 0:  # nothing is left to correct
            break
        step = _dot(residual, direction) / curvature
        _add_scaled(direction, step, solution)
        # A first step may be short by chance: then the full correction counts.
        if max(step, 1) * cv2.norm(direction, cv2.NORM_INF) <= _TOLERANCE:
            break
        _add_scaled(flux, -step, residual)
    return solution


def _precondition(residual: FloatArray, insides: list[FloatArray]) -> FloatArray:
    """Approximate the error: Jacobi on every grid, summed (Bramble, Pasciak, Xu 1990)."""
    inside, *coarser = insides
    if not coarser:
        return residual * np.float32(0.25)
    coarse = _precondition(_restrict(residual, coarser[0], 4 * _COARSE_WEIGHT), coarser)
    return _add_scaled(residual, 0.25, _prolong(coarse, inside))


def _differences(values: FloatArray) -> FloatArray:
    """Sum of the differences to the 4-neighbours; one beyond the image does not count."""
    return np.asarray(
        cv2.filter2D(values, -1, _DIFFERENCES, borderType=cv2.BORDER_REPLICATE), np.float32
    )


def _restrict(fine: FloatArray, keep: FloatArray, scale: float = 1) -> FloatArray:
    """Average a grid around every second node, where the mask of the coarse grid keeps it."""
    rows, columns = keep.shape[:2]
    coarse = cv2.pyrDown(fine, dstsize=(columns, rows))
    return np.asarray(cv2.multiply(coarse, keep, coarse, scale), np.float32)


def _prolong(coarse: FloatArray, inside: FloatArray) -> FloatArray:
    """Interpolate by cubic B-splines, whose second-order error vanishes on harmonic functions."""
    rows, columns = inside.shape[:2]
    fine = cv2.pyrUp(coarse, dstsize=(columns + 1 - columns % 2, rows + 1 - rows % 2))
    return np.asarray(cv2.multiply(fine[:rows, :columns], inside), np.float32)


def _add_scaled(values: FloatArray, factor: float, total: FloatArray) -> FloatArray:
    """Add values times a factor to a total, in place: new arrays cost more than the sum."""
    return np.asarray(cv2.scaleAdd(values, factor, total, total), np.float32)


def _dot(a: FloatArray, b: FloatArray) -> float:
    """Inner product; unlike BLAS, the same bits for any number of threads."""
    return float(np.einsum("ijk,ijk->", a, b))
