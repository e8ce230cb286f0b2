"""From scattered points of a face to its position map: one linear C1 operator.

The surface between the points is the Clough-Tocher interpolant (Clough & Tocher 1965; Bezier form
as in Farin, "Triangular Bernstein-Bezier patches", 1986): each triangle of the UV plane is split
at its centroid into three cubics that meet with continuous gradients and pass through the points
exactly. The gradients at the points are those of the polyharmonic spline r^3 through all of them
(Duchon 1977), which reproduces quadratics and so brings in no ripples, at the border neither. Both
steps are linear in the points, so the operator is computed once per atlas.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from facelab.numerics.algebra import product

Float = NDArray[np.float32]
Array = NDArray[np.float64]

_TOLERANCE = 1e-9  # of a triangle: how far outside a place may lie by rounding


@dataclass(frozen=True, slots=True, eq=False)
class Interpolation:
    """A C1 surface over the UV plane as a linear function of n scattered points.

    Parameters
    ----------
    nodes : (3 k, n) float32
        The points to value, du and dv of the surface at the k nodes of the triangulation.
    columns : (9, m) intp
        Which nine of the 3 k numbers the surface at each of the m places asked for hangs on.
    weights : (9, m) float32
        How far it hangs on each.
    """

    nodes: Float = field(repr=False)
    columns: NDArray[np.intp] = field(repr=False)
    weights: Float = field(repr=False)

    def __call__(self, points: Float) -> Float:
        """The surface through `points` ``(n, c)`` float32 at the m places: ``(m, c)`` float32."""
        if points.ndim != 2 or len(points) != self.nodes.shape[1] or points.dtype != np.float32:
            wanted = f"({self.nodes.shape[1]}, c) float32"
            raise ValueError(f"points must be {wanted}, not {points.shape} {points.dtype}")
        return self.between(product(self.nodes, points))

    def between(self, values: NDArray[np.floating]) -> NDArray[Any]:
        """The surface ``(m, c)`` that has these `values` ``(3 k, c)`` at the nodes."""
        channels = [
            np.einsum("ij,ij->j", self.weights, channel.take(self.columns))
            for channel in np.ascontiguousarray(values.T)
        ]
        return np.stack(channels, axis=-1)


def interpolation(
    sites: Array,
    places: Array,
    ghosts: Array,
    triangles: NDArray[np.integer],
    hidden: NDArray[np.bool_] | None = None,
) -> Interpolation:
    """Prepare the surface through points at `sites` for evaluation at `places`.

    Parameters
    ----------
    sites : (n, 2) float64
        UV positions of the points.
    places : (m, 2) float64
        UV positions to evaluate at, inside the triangles.
    ghosts : (g, 2) float64
        Further nodes, where the spline extrapolates the points.
    triangles : (t, 3) int
        Of sites and ghosts, numbered in this order; they may run either way round.
    hidden : (n + g, n) bool, optional
        Sites that the gradient of a node does not look at: those across a slit such as the mouth,
        which may be far away in space and next to it in the UV plane.

    Raises
    ------
    ValueError
        If a place lies outside the triangles.
    """
    nodes = np.concatenate([sites, ghosts])
    corners = triangles[_home(nodes[triangles], places)]
    weights = _patch_weights(nodes[corners], places).reshape(-1, 9).T.astype(np.float32)
    columns = (corners[:, None, :] + np.arange(3)[:, None] * len(nodes)).reshape(-1, 9).T
    if hidden is None:
        hidden = np.zeros((len(nodes), len(sites)), np.bool_)
    return Interpolation(_node_operator(sites, nodes, hidden), columns.copy(), weights.copy())


def _home(triangles: Array, places: Array) -> NDArray[np.intp]:
    """The index of the triangle, of ``(t, 3, 2)``, that holds each place."""
    home = np.zeros(len(places), np.intp)
    depth = np.full(len(places), -np.inf)
    for number, (first, second, third) in enumerate(triangles):
        frame = np.linalg.inv(np.column_stack([second - first, third - first]))
        inner = (places - first) @ frame.T
        least = np.minimum(inner.min(axis=1), 1 - inner.sum(axis=1))
        deeper = least > depth
        home[deeper], depth[deeper] = number, least[deeper]
    outside = int((depth < -_TOLERANCE).sum())
    if outside:
        raise ValueError(f"{outside} places lie outside the triangles of the sites")
    return home


def _node_operator(sites: Array, nodes: Array, hidden: NDArray[np.bool_]) -> Float:
    """Points to value, du and dv at the nodes, each from the sites it sees: ``(3 k, n)``."""
    operator = np.zeros((3, len(nodes), len(sites)))
    views, view = np.unique(hidden, axis=0, return_inverse=True)
    for number, unseen in enumerate(views):
        mine = np.flatnonzero(view == number)
        seen = np.flatnonzero(~unseen)
        operator[:, mine[:, None], seen] = _spline(sites[seen], nodes[mine])
    operator[0, : len(sites)] = np.eye(len(sites))  # what the spline gives to rounding
    return operator.reshape(-1, len(sites)).astype(np.float32)


def _spline(sites: Array, nodes: Array) -> Array:
    """Value, du and dv at `nodes` of the spline r^3 through `sites`: ``(3, k, n)``."""
    centre, reach = sites.mean(axis=0), np.abs(sites - sites.mean(axis=0)).max()
    sites, nodes = (sites - centre) / reach, (nodes - centre) / reach
    n = len(sites)
    quadric = _quadric(sites)[0]
    corner = np.zeros((quadric.shape[1], quadric.shape[1]))
    system = np.block([[_kernel(sites, sites)[0], quadric], [quadric.T, corner]])
    rows = [np.hstack(pair) for pair in zip(_kernel(nodes, sites), _quadric(nodes), strict=True)]
    spline: Array = np.stack(rows) @ np.linalg.inv(system)[:, :n]
    unscaled: Array = spline / np.array([1, reach, reach])[:, None, None]
    return unscaled


def _kernel(at: Array, sites: Array) -> tuple[Array, Array, Array]:
    """r^3 and its two derivatives."""
    offset = at[:, None] - sites
    r = np.sqrt(np.sum(offset**2, axis=2))
    return r**3, 3 * r * offset[..., 0], 3 * r * offset[..., 1]


def _quadric(at: Array) -> tuple[Array, Array, Array]:
    """1, u, v, u^2, u v, v^2 and their two derivatives."""
    u, v = at.T
    one, zero = np.ones(len(at)), np.zeros(len(at))
    return (
        np.column_stack([one, u, v, u * u, u * v, v * v]),
        np.column_stack([zero, one, zero, 2 * u, v, zero]),
        np.column_stack([zero, zero, one, zero, u, 2 * v]),
    )


def _patch_weights(corners: Array, places: Array) -> Array:
    """``(m, 3, 3)``: weight of value, du and dv (axis 1) at each corner (axis 2) of a place."""
    first = corners[:, 0]
    frame = np.stack([corners[:, 1] - first, corners[:, 2] - first], axis=2)
    local = np.linalg.solve(frame, (places - first)[..., None])[..., 0]
    bary = np.column_stack([1 - local.sum(axis=1), local])
    weights = np.empty((len(places), 3, 3))
    for kind in range(3):
        for corner in range(3):
            value = np.zeros((3,))
            gradient = np.zeros((3, 2))
            if kind == 0:
                value[corner] = 1
            else:
                gradient[corner, kind - 1] = 1
            weights[:, kind, corner] = _clough_tocher(corners, bary, value, gradient)
    return weights


def _clough_tocher(corners: Array, bary: Array, value: Array, gradient: Array) -> Array:
    """The interpolant at barycentrics `bary` for given corner values and gradients.

    Ordinates are named as in Farin 1986: ``near[i][j]`` a third of the way from corner i to j,
    ``inner[i]`` a third of the way to the centroid, ``across[i]`` inside the edge opposite i.
    """
    triple = ((0, 1, 2), (1, 2, 0), (2, 0, 1))
    edge = [[corners[:, j] - corners[:, i] for j in range(3)] for i in range(3)]
    near = [[value[i] + edge[i][j] @ gradient[i] / 3 for j in range(3)] for i in range(3)]
    inner = [(near[i][i] + near[i][j] + near[i][k]) / 3 for i, j, k in triple]
    across = []
    for _, j, k in triple:
        # The derivative along the edge's normal runs linearly from j to k, on both sides of it.
        middle = corners.mean(axis=1) - corners[:, j]
        t = np.sum(middle * edge[j][k], axis=1) / np.sum(edge[j][k] ** 2, axis=1)
        ends = inner[j] - (1 - t) * value[j] - t * near[j][k]
        ends = ends + inner[k] - (1 - t) * near[k][j] - t * value[k]
        across.append((1 - t) * near[j][k] + t * near[k][j] + ends / 2)
    centre = [(inner[i] + across[j] + across[k]) / 3 for i, j, k in triple]
    middle_value = sum(centre) / 3
    least = bary.min(axis=1)
    b, c = bary.T - least, 3 * least
    surface = c**3 * middle_value
    for i, j, k in triple:
        surface = surface + b[i] ** 3 * value[i] + 3 * b[i] ** 2 * c * inner[i]
        surface = surface + 3 * b[i] ** 2 * (b[j] * near[i][j] + b[k] * near[i][k])
        surface = surface + 3 * b[i] * c**2 * centre[i] + 6 * b[j] * b[k] * c * across[i]
    return np.asarray(surface)
