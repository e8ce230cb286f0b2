"""Where the 17 landmarks of the jaw lie on a head, told from the bends of its surface.

In words of anthropometry (Farkas, "Anthropometry of the Head and Face", 1994), on the left side:

1. The foot of the ear, where it joins the cheek: the first hollow behind the cheek in each level
   section. From above it is deep at the root of the helix, flat below that, and deepest at the lobe
   (otobasion inferius). The line of the jaw runs there from the middle of the root.
2. The lower border of the mandible, where the surface has turned under: in sections by half-planes
   about the axis midway between the lobes, upright on the jaw, the place below the sharpest bend
   over the neck where the bend has fallen to half of that. In front this is the lowest point of the
   chin (menton), and not the foremost of its lower edge (gnathion).

The points lie evenly along this line and its mirror image.
"""

from __future__ import annotations

from collections import defaultdict
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d
from scipy.spatial import cKDTree

Array = NDArray[np.float64]
Int = NDArray[np.int64]

POINTS = 17
STEP = 0.02  # between places at which a section's bend is told; the face is 15 wide
SCALE = 0.4  # deviation of the Gaussian that smooths sections
LEVELS, TRAGUS = np.arange(3.8, -3.0, -0.1), 0.5  # heights from above the ear to below it
CHEEK, BEHIND = (7.0, 5.0), -1.0  # x, z near which level sections begin; z where they end
NECK, CHEEK_UP = (5.0, -7.5), 3.0  # out, up from the lobes: where upright sections begin, and end
ANGLES = np.deg2rad(np.arange(70, -1, -5))  # of half-planes, from the front; beyond is the ramus


class Path(NamedTuple):
    """A line in which a plane cuts the surface: its points lie on edges of the mesh.

    Parameters
    ----------
    points : (k, 3) float64
    ends : (k, 2) int64
        The vertices of each edge.
    share : (k,) float64
        How far each point is from the edge's first vertex to the second.
    """

    points: Array
    ends: Int
    share: Array

    def until(self, beyond: NDArray[np.bool_]) -> Path:
        """The path up to the first point of which this is true."""
        end = int(np.argmax(beyond)) if beyond.any() else len(beyond)
        return Path(self.points[:end], self.ends[:end], self.share[:end])

    def row(self, at: float, count: int) -> Array:
        """The weights ``(count,)`` of the vertices at a place of the path, by its length."""
        along = lengths(self.points)
        near = np.stack([np.interp(at, along, unit) for unit in np.eye(len(along))])
        out = np.zeros(count)
        np.add.at(out, self.ends[:, 0], near * (1 - self.share))
        np.add.at(out, self.ends[:, 1], near * self.share)
        return out


def jaw_line(vertices: Array, triangles: Int) -> Array:
    """The weights ``(17, n)`` of a symmetric head's vertices whose weighted sums are the landmarks.

    Parameters
    ----------
    vertices : (n, 3) float64
        ICT-FaceKit's: x to image right, y up, z to the viewer; the face is 15 wide.
    triangles : (m, 3) int64
    """
    ear = ear_foot(vertices, triangles)
    border = mandible(vertices, triangles, ear[-1] @ vertices)
    side = np.concatenate([ear, border])
    even = shares_evenly(side @ vertices, (POINTS + 1) // 2) @ side
    # An edge that crosses the middle gives it no weights that mirror each other.
    image = cKDTree(vertices).query(vertices * [-1, 1, 1])[1]
    even[-1] = (even[-1] + even[-1, image]) / 2
    return np.concatenate([even[:-1, image], even[::-1]])


def ear_foot(vertices: Array, triangles: Int) -> Array:
    """From the middle of the helix's root down to the lobe, straight as seen from the side."""
    found = [hollow(vertices, triangles, level) for level in LEVELS]
    rows, deep = (np.array(column) for column in zip(*found, strict=True))
    tragus = np.argmax(LEVELS < TRAGUS)
    top, lobe = np.argmax(deep[:tragus]), tragus + np.argmax(deep[tragus:])
    root = rows[top : top + np.argmin(deep[top:tragus]) + 1] @ vertices
    begin, end = root[np.searchsorted(lengths(root), lengths(root)[-1] / 2)], rows[lobe] @ vertices
    normal = np.cross(end - begin, [1, 0, 0])
    path = cut(vertices, triangles, begin, normal, begin, np.array([0, -1.0, 0]))
    path = path.until(path.points[:, 1] < end[1])
    return np.array([path.row(at, len(vertices)) for at in lengths(path.points)])


def hollow(vertices: Array, triangles: Int, level: float) -> tuple[Array, float]:
    """The first hollow behind the left cheek at a height: weights ``(n,)`` and curvature."""
    plane = np.array([0, level, 0]), np.array([0, 1.0, 0])
    start = np.array([CHEEK[0], level, CHEEK[1]])
    path = cut(vertices, triangles, *plane, start, np.array([0, 0, -1.0]))
    path = path.until(path.points[:, 2] < BEHIND)
    at, bend = bends(path.points[:, [0, 2]])
    peaks = 1 + np.flatnonzero((bend[1:-1] > bend[:-2]) & (bend[1:-1] >= bend[2:]))
    first = peaks[np.argmax(bend[peaks] > 0)]
    return path.row(at[first], len(vertices)), bend[first]


def mandible(vertices: Array, triangles: Int, lobe: Array) -> Array:
    """The lower border of the left half of the jaw from its angle to the chin, weights ``(k, n)``.

    The half-planes stand upright on the jaw: on the plane through both lobes and the chin.
    """
    middle, front = lobe * [0, 1, 1], np.sqrt([0, 0.5, 0.5]) * [0, -1, 1]
    for _ in range(2):  # the chin's half-plane is the middle one, however it is turned in itself
        up = np.cross(front, [1, 0, 0])
        chin = turned_under(vertices, triangles, middle, front, up)
        front = chin @ vertices - middle
        front /= np.linalg.norm(front)
    outs = np.column_stack([np.sin(ANGLES), np.cos(ANGLES)]) @ [[1, 0, 0], front]
    return np.array([turned_under(vertices, triangles, middle, out, up) for out in outs])


def turned_under(vertices: Array, triangles: Int, origin: Array, out: Array, up: Array) -> Array:
    """Where the surface has turned under, in a half-plane: weights ``(n,)``."""
    start = origin + NECK[0] * out + [0, NECK[1], 0]
    path = cut(vertices, triangles, origin, np.cross(up, out), start, up)
    path = path.until((path.points - origin) @ up > CHEEK_UP)
    flat = (path.points - origin) @ np.column_stack([out, up])
    at, bend = bends(flat)
    height = np.interp(at, lengths(path.points), flat[:, 1])
    corner = np.argmin(np.where(height < 0, bend, np.inf))
    fold = np.argmax(np.append((height > 0) & (bend < 0), True))  # above the chin
    sharpest = corner + np.argmax(bend[corner:fold])
    place = corner + np.flatnonzero(bend[corner:sharpest] < bend[sharpest] / 2)[-1]
    return path.row(at[place], len(vertices))


def cut(
    vertices: Array, triangles: Int, origin: Array, normal: Array, start: Array, toward: Array
) -> Path:
    """Follow the line in which a plane cuts the mesh, from near `start` on."""
    above = (vertices - origin) @ normal
    above = np.where(above == 0, 1e-9, above)
    sides = np.sort(triangles[:, [[0, 1], [1, 2], [2, 0]]], axis=2)
    crossed = sides[(above[sides] > 0).sum(axis=2) == 1]  # two of each triangle that is cut
    edges, index = np.unique(crossed, axis=0, return_inverse=True)
    share = above[edges[:, 0]] / (above[edges[:, 0]] - above[edges[:, 1]])
    ends = vertices[edges]
    points = ends[:, 0] + share[:, None] * (ends[:, 1] - ends[:, 0])
    neighbours = defaultdict(list)
    for one, other in index.reshape(-1, 2).tolist():
        neighbours[one].append(other)
        neighbours[other].append(one)
    first = int(np.linalg.norm(points - start, axis=1).argmin())
    line = [first, max(neighbours[first], key=lambda each: (points[each] - points[first]) @ toward)]
    while onward := [each for each in neighbours[line[-1]] if each not in (line[-2], first)]:
        line.append(onward[0])
    return Path(points[line], edges[line], share[line])


def bends(flat: Array) -> tuple[Array, Array]:
    """Curvature along a line ``(k, 2)``, positive where it turns left, and by what length where."""
    along = lengths(flat)
    at = np.arange(0, along[-1], STEP)
    line = np.column_stack([np.interp(at, along, axis) for axis in flat.T])
    room = round(4 * SCALE / STEP)
    line = np.pad(line, ((room, room), (0, 0)), "reflect", reflect_type="odd")  # straight on
    smooth = gaussian_filter1d(line, SCALE / STEP, axis=0)[room:-room]
    first = np.gradient(smooth, STEP, axis=0)
    second = np.gradient(first, STEP, axis=0)
    turning = first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0]
    return at, turning / np.linalg.norm(first, axis=1) ** 3


def shares_evenly(line: Array, count: int) -> Array:
    """The shares ``(count, k)`` by which the points of a line make points evenly along it."""
    along = lengths(line)
    wanted = np.linspace(0, along[-1], count)
    return np.column_stack([np.interp(wanted, along, unit) for unit in np.eye(len(line))])


def lengths(line: Array) -> Array:
    """The length of a line up to each of its points, ``(k,)``."""
    return np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=1))])
