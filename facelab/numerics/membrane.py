"""Membranes: harmonic inside a region, with given heights on the frame around it.

A harmonic function is the smoother the further it is from its frame: only near the frame does it
need every pixel. So each of a sequence of ever coarser grids covers the nodes near the frame alone,
six nodes deep, and what lies deeper is interpolated from the next coarser one (Brandt,
"Multi-level adaptive solutions to boundary-value problems", Mathematics of Computation 31, 1977).
The unknowns are as many as the frame is long, not as the region is large (Agarwala, "Efficient
gradient-domain compositing using quadtrees", SIGGRAPH 2007, has the same idea in another method).

The grids are solved as one multigrid scheme in its full approximation form (Brandt 1977, section
4): red-black Gauss-Seidel, half-injection of residuals, and nested iteration for the start. Seen as
a network of resistors (Doyle & Snell, "Random Walks and Electric Networks", 1984), a node is linked
to the neighbours that are unknown, and grounded at the height of those that are known. A coarser
grid inherits both: a link where two finer ones lead to the next node, and the grounding by the
transposed interpolation. So it knows of walls and lone pixels between its nodes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from facelab.numerics.algebra import product
from facelab.numerics.arrays import Bool, Float

__all__ = ["membrane"]

Indices = NDArray[np.intp]
Bytes = NDArray[np.uint8]
Frame = Callable[[Indices], Float]

_DEPTH = 6  # nodes from the frame to where the coarser grid takes over; 2 is the least
_SMALLEST = 8  # nodes of a side, where a grid is solved directly
_LAST_SWEEPS = 8  # where no node is left for a coarser grid: all are next to the frame
_MOST_CYCLES = 100

# Of what is left at the finest nodes, near the frame, if each cycle changes them by the same part
# of what the last one did: a tenth mostly, half at the worst. Deep inside, where those nodes do not
# show it, several times as much may remain.
_TOLERANCE = 0.1 / 255

_TINY = np.float32(1e-6)
_STRIP = 1 << 17  # pixels at a time, which stay in cache

_STEPS = ((0, -1), (0, 1), (-1, 0), (1, 0))


def membrane(inside: Bytes, frame: Frame) -> Iterator[tuple[slice, Float]]:
    """Return the heights in a region that are everywhere the mean of the neighbours' heights.

    Those are the 4-neighbours that lie in the image: there is no frame where a region meets the
    image border.

    Parameters
    ----------
    inside : (H, W) uint8
        1 in the region, else 0; not 1 everywhere.
    frame : callable
        Heights ``(k, 3)`` float32 of pixels around the region, of flat indices ``(k,)``.

    Yields
    ------
    rows : slice
        Of the image, from the top on.
    heights : (h, W, 3) float32
        Of the pixels in those rows; meaningless outside the region.
    """
    grids, transfers = _grids(inside, frame)
    _nested_iteration(grids, transfers)
    last = 0.0
    for _ in range(_MOST_CYCLES):
        before = grids[0].heights.copy()
        _cycle(grids, transfers)
        change = cv2.norm(before, grids[0].heights, cv2.NORM_INF)
        last = last or 2 * change
        if change**2 <= _TOLERANCE * (last - change):  # the sum of a geometric series
            break
        last = change
    yield from _strips(grids[0], _below(grids))


# --- grids -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class _Nodes:
    """The nodes near the frame of one grid: node (r, c) is node (2 r, 2 c) of the finer grid.

    They are numbered: first the red and then the black that are solved for (as on a chessboard),
    then the halo, black ones whose height the coarser grid gives. 0 stands for no node.
    """

    shape: tuple[int, int]  # of the whole grid
    rows: Indices  # (n,) where each node lies
    columns: Indices
    red: slice
    black: slice
    halo: slice
    number: Indices  # (h + 2, w + 2), from place (-1, -1) on

    @property
    def solved(self) -> slice:
        return slice(self.red.start, self.black.stop)

    def at(self, rows: Indices, columns: Indices) -> Indices:
        """Numbers of the nodes at places from -1 to h and to w."""
        return self.number.ravel().take(self.places(rows, columns))

    def places(self, rows: Indices, columns: Indices) -> Indices:
        """Where in `number`, row after row, places are."""
        found: Indices = (rows + 1) * self.number.shape[1] + columns + 1
        return found

    def beside(self, places: Indices) -> Iterator[Indices]:
        """Numbers of the nodes that each of `_STEPS` leads to from `places` in `number`."""
        flat, width = self.number.ravel(), self.number.shape[1]
        for down, across in _STEPS:
            yield flat.take(places + (down * width + across))

    def within(self, rows: Indices, columns: Indices) -> Indices:
        """Numbers of the nodes at places, or beside them where those lie beyond the grid."""
        return self.at(np.minimum(rows, self.shape[0] - 1), np.minimum(columns, self.shape[1] - 1))


@dataclass(frozen=True, eq=False)
class _Grid:
    """The equation at each node: links and grounding times its height, less the heights linked to.

    Node 0 has height 0 and is linked to nothing. Heights and forcing change as it is solved. Their
    last channel is 0: NumPy gathers rows of 16 bytes faster than those of 12.
    """

    nodes: _Nodes
    linked: Bool  # (4, n): whether a link leads to the neighbour of each step
    neighbours: Indices  # (4, s): its number, else 0
    diagonal: Float  # (s, 1): links and grounding
    grounding: Float  # (s,)
    forcing: Float  # (s, 4)
    heights: Float  # (n, 4)

    @cached_property
    def inverse(self) -> Float:
        """Of the matrix of the whole equation, ``(s, s)``; for small grids."""
        matrix = np.diag(self.diagonal[:, 0].astype(np.float64))
        for others in self.neighbours:
            linked = np.flatnonzero(others)
            matrix[linked, others[linked]] -= 1
        return np.linalg.inv(matrix).astype(np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class _Transfer:
    """Which nodes of a fine and of a coarse grid belong together."""

    shared: tuple[Indices, Indices]  # red nodes of the fine grid, and the same of the coarse one
    beside: Indices  # (2, black): the two coarse nodes between which each black one lies
    around: Indices  # (6, halo): the same two, and the four beside those


def _grids(inside: Bytes, frame: Frame) -> tuple[list[_Grid], list[_Transfer]]:
    """The grids from the finest on, and from each to the next."""
    clear = inside
    grids: list[_Grid] = []
    transfers = []
    last = False
    while not last:
        last = max(inside.shape) <= _SMALLEST or not inside[::2, ::2].any()
        nodes = _near(inside, np.zeros_like(clear) if last else clear)
        if grids:
            coarse = _coarser(grids[-1], nodes)
            transfers.append(_transfer(grids[-1].nodes, nodes))
            grids.append(coarse)
        else:
            grids.append(_finest(nodes, inside, frame))
        inside, clear = (
            np.ascontiguousarray(mask[::2, ::2]) for mask in (inside, _eroded(clear, 1))
        )
    return grids, transfers


def _eroded(mask: Bytes, reach: int) -> Bytes:
    """Where all pixels so near are in the mask, and the image border is not so near."""
    square = np.ones((2 * reach + 1, 2 * reach + 1), np.uint8)
    eroded = cv2.erode(mask, square, borderType=cv2.BORDER_CONSTANT, borderValue=(0,))
    return np.asarray(eroded, np.uint8)


def _near(inside: Bytes, clear: Bytes) -> _Nodes:
    """The nodes of a grid that lie near what is not clear.

    The outermost layer that is solved for is red and the halo is black, so that nothing else is
    needed of the coarser grid.
    """
    height, width = inside.shape
    deep = _eroded(clear, _DEPTH)
    layers = inside + deep
    for _ in range(2):
        deep = _eroded(deep, 1)
        layers += deep
    del deep
    layers -= np.uint8(1)  # 0, 1, 2 are the layers; outside it is 255
    near = np.flatnonzero(layers < 3)
    layer = layers.ravel().take(near)
    rows, columns = np.divmod(near, width)
    black = (rows + columns) % 2 == 1
    kinds = (~black & (layer < 2), black & (layer == 0), black & (layer > 0))
    order = np.concatenate([[0], *(np.flatnonzero(kind) for kind in kinds)])
    ends = 1 + np.cumsum([0, *(np.count_nonzero(kind) for kind in kinds)])
    rows, columns = rows.take(order), columns.take(order)
    del layers
    number = np.zeros((height + 2, width + 2), np.intp)
    number[rows[1:] + 1, columns[1:] + 1] = np.arange(1, len(order))
    reds, blacks, halo = (slice(begin, end) for begin, end in pairwise(ends))
    return _Nodes((height, width), rows, columns, reds, blacks, halo, number)


def _finest(nodes: _Nodes, inside: Bytes, frame: Frame) -> _Grid:
    """The grid of pixels, grounded at the frame."""
    width = nodes.shape[1]
    rows, columns = nodes.rows[: nodes.black.stop], nodes.columns[: nodes.black.stop]
    linked = np.zeros((4, len(rows)), np.bool_)
    load = np.zeros((len(rows), 4), np.float32)
    beyond = cv2.copyMakeBorder(inside, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=(2,)).ravel()
    places = nodes.places(rows, columns)
    for link, (down, across) in zip(linked, _STEPS, strict=True):
        there = beyond.take(places + (down * (width + 2) + across))
        link[:] = there == 1
        known = np.flatnonzero(there == 0)
        known = known[known > 0]
        load[known, :3] += frame((rows[known] + down) * width + columns[known] + across)
        load[known, 3] += 1
    return _grid(nodes, linked, load)


def _coarser(fine: _Grid, nodes: _Nodes) -> _Grid:
    """A grid of half the resolution with what it inherits of links and grounding."""
    rows, columns = 2 * nodes.rows[: nodes.black.stop], 2 * nodes.columns[: nodes.black.stop]
    here, there = fine.nodes.at(rows, columns), fine.nodes.beside(fine.nodes.places(rows, columns))
    halves = zip(fine.linked, there, strict=True)
    linked = np.stack([link.take(here) & link.take(beside) for link, beside in halves])
    return _grid(nodes, linked, _restricted(fine, nodes))


def _restricted(fine: _Grid, nodes: _Nodes) -> Float:
    """Forcing and grounding of a grid, brought to a coarser one by the transposed interpolation."""
    (grounded,) = np.nonzero(fine.grounding)
    r, c = fine.nodes.rows.take(grounded), fine.nodes.columns.take(grounded)
    onto = np.stack([nodes.within((r + i) // 2, (c + j) // 2) for i in (0, 1) for j in (0, 1)])
    # Between a coarse node and the frame a link is in series with the grounding, which weakens it.
    series = np.minimum(2 / (1 + fine.grounding[grounded]), 1)
    share = np.where((onto == 0).any(axis=0), series, 1) / 4
    load = fine.forcing[grounded]
    load[:, 3] = fine.grounding[grounded]
    load *= share[:, None]
    cells = 4 * onto[..., None] + np.arange(4)
    weights = np.broadcast_to(load, cells.shape)
    sums = np.bincount(cells.ravel(), weights.ravel(), 4 * nodes.halo.stop).reshape(-1, 4)
    return sums[: nodes.black.stop].astype(np.float32)


def _grid(nodes: _Nodes, linked: Bool, load: Float) -> _Grid:
    """A grid with these links ``(4, s)``, and a load ``(s, 4)``: heights' sums and how many."""
    height, width = nodes.shape
    solved, count = len(linked[0]), len(nodes.rows)
    rows, columns = nodes.rows[:solved], nodes.columns[:solved]
    beside = nodes.beside(nodes.places(rows, columns))
    neighbours = np.stack([link * there for link, there in zip(linked, beside, strict=True)])
    links = np.count_nonzero(neighbours, axis=0)
    edges = (rows > 0).astype(int) + (rows < height - 1) + (columns > 0) + (columns < width - 1)
    # A link that is broken leads to the ground, and the load of a lone pixel may not say so.
    grounding = np.maximum(load[:, 3], edges - links).astype(np.float32)
    forcing = load / np.maximum(load[:, 3:], _TINY) * grounding[:, None]
    forcing[:, 3] = 0
    diagonal = np.maximum(links + grounding, 1)[:, None].astype(np.float32)
    everywhere = np.ones((4, count), np.bool_)
    everywhere[:, 1:solved] = linked[:, 1:]
    neighbours[:, 0] = grounding[0] = forcing[0] = 0
    heights = np.zeros((count, 4), np.float32)
    return _Grid(nodes, everywhere, neighbours, diagonal, grounding, forcing, heights)


def _transfer(fine: _Nodes, coarse: _Nodes) -> _Transfer:
    """Where the nodes of a grid are, or lie between, in the next coarser one."""
    red = np.arange(fine.red.start, fine.red.stop)
    shared = red[fine.rows[fine.red] % 2 == 0]
    same = coarse.at(fine.rows.take(shared) // 2, fine.columns.take(shared) // 2)
    r, c = fine.rows[fine.black], fine.columns[fine.black]
    beside = np.stack([coarse.within(r // 2, c // 2), coarse.within((r + 1) // 2, (c + 1) // 2)])
    r, c = fine.rows[fine.halo], fine.columns[fine.halo]
    i, j = r % 2, c % 2  # the way to the two ends; (j, i) is the way to their sides
    ends = [(r // 2, c // 2), (r // 2 + i, c // 2 + j)]
    sides = [(y + k * j, x + k * i) for y, x in ends for k in (-1, 1)]
    return _Transfer((shared, same), beside, np.stack([coarse.at(y, x) for y, x in ends + sides]))


# --- the solver --------------------------------------------------------------------------------


def _nested_iteration(grids: list[_Grid], transfers: list[_Transfer]) -> None:
    """Start each grid from the next coarser one, and give it a cycle."""
    _cycle(grids, transfers, len(transfers))
    for level in reversed(range(len(transfers))):
        _start(grids[level], grids[level + 1], transfers[level])
        _cycle(grids, transfers, level)


def _start(fine: _Grid, coarse: _Grid, transfer: _Transfer) -> None:
    """Set the black nodes to the mean of the coarse nodes beside them; red ones follow."""
    count = np.maximum(np.count_nonzero(transfer.beside, axis=0), 1)[:, None]
    fine.heights[fine.nodes.black] = _sum(coarse.heights, transfer.beside) / np.float32(count)
    _set_halo(fine, coarse, transfer)


def _cycle(grids: list[_Grid], transfers: list[_Transfer], level: int = 0) -> None:
    """Improve a grid's heights by sweeps on it and on the coarser ones (a V-cycle)."""
    fine = grids[level]
    if level == len(transfers):
        _solve(fine)
        return
    coarse, transfer = grids[level + 1], transfers[level]
    _sweep(fine)
    here, there = transfer.shared
    coarse.heights[there] = fine.heights.take(here, axis=0)
    # Black residuals are 0 now: full weighting would take half of the red one, and the 5-point
    # sums of a grid of twice the spacing are four times as large.
    residual = fine.forcing.take(here, axis=0) - _left_side(fine, here)
    coarse.forcing[there] = 2 * residual + _left_side(coarse, there)
    before = coarse.heights.copy()
    _cycle(grids, transfers, level + 1)
    _correct(fine, coarse, before, transfer)
    _sweep(fine)


def _solve(grid: _Grid) -> None:
    """Solve for the nodes of the coarsest grid."""
    if len(grid.diagonal) <= _SMALLEST**2 + 1:
        grid.heights[:] = product(grid.inverse, grid.forcing)
        return
    for _ in range(_LAST_SWEEPS):
        _sweep(grid)


def _sweep(grid: _Grid) -> None:
    """Solve for the red nodes, then for the black ones (Gauss-Seidel)."""
    for nodes in (grid.nodes.red, grid.nodes.black):
        total = _sum(grid.heights, grid.neighbours[:, nodes])
        total += grid.forcing[nodes]
        np.divide(total, grid.diagonal[nodes], out=grid.heights[nodes])


def _left_side(grid: _Grid, nodes: Indices) -> Float:
    """Left side of the equation at some nodes."""
    out: Float = grid.diagonal.take(nodes, axis=0) * grid.heights.take(nodes, axis=0)
    out -= _sum(grid.heights, grid.neighbours.take(nodes, axis=1))
    return out


def _correct(fine: _Grid, coarse: _Grid, before: Float, transfer: _Transfer) -> None:
    """Add what has changed on a coarser grid to the black nodes; red ones follow."""
    change = _sum(coarse.heights - before, transfer.beside)
    change *= np.float32(1 / 2)
    fine.heights[fine.nodes.black] += change
    _set_halo(fine, coarse, transfer)


def _set_halo(fine: _Grid, coarse: _Grid, transfer: _Transfer) -> None:
    """Interpolate with the weights of which the error is of fourth order in harmonic functions.

    They solve the 5-point equation at the node, and the same turned by 45 degrees beside it.
    """
    ends = _sum(coarse.heights, transfer.around[:2])
    ends *= np.float32(6 / 16)
    sides = _sum(coarse.heights, transfer.around[2:])
    sides *= np.float32(1 / 16)
    fine.heights[fine.nodes.halo] = ends + sides


def _sum(heights: Float, nodes: Indices) -> Float:
    """Sum of the heights of several nodes each, ``(k, n)`` numbers."""
    total: Float = heights.take(nodes[0], axis=0)
    for others in nodes[1:]:
        total += heights.take(others, axis=0)
    return total


def _below(grids: list[_Grid]) -> Float:
    """The heights of every node of the grid below the finest."""
    height, width = grids[-1].nodes.shape
    filled = np.zeros(((height + 1) // 2, (width + 1) // 2, 3), np.float32)
    for grid in reversed(grids[1:]):
        coarse, filled = filled, np.empty((*grid.nodes.shape, 3), np.float32)
        for rows, heights in _strips(grid, coarse):
            filled[rows] = heights
    return filled


def _strips(grid: _Grid, coarse: Float) -> Iterator[tuple[slice, Float]]:
    """Rows of a grid and their heights; what is not solved for is as the coarser grid has it.

    OpenCV's cubic B-splines are the weights of `_set_halo` between nodes, and smooth at nodes.
    """
    nodes, (height, width) = grid.nodes, grid.nodes.shape
    step = max(_STRIP // width // 2, 1) * 2
    for top in range(0, height, step):
        bottom = min(top + step, height)
        first, last = max(top // 2 - 1, 0), min(bottom // 2 + 1, len(coarse))
        size = (width, min(2 * last, height) - 2 * first)
        fine = cv2.pyrUp(coarse[first:last], dstsize=size)
        heights = np.asarray(fine[top - 2 * first : bottom - 2 * first], np.float32)
        for kind in (nodes.red, nodes.black):
            begin, end = kind.start + np.searchsorted(nodes.rows[kind], (top, bottom))
            rows, columns = nodes.rows[begin:end], nodes.columns[begin:end]
            heights[rows - top, columns] = grid.heights[begin:end, :3]
        yield slice(top, bottom), heights
