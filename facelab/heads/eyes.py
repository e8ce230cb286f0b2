"""Eyeballs that look somewhere: spheres finer than their mesh, an iris of some colour, a cornea."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from facelab.geometry import pose
from facelab.heads.family import HeadFamily
from facelab.heads.parts import Part
from facelab.numerics.algebra import product
from facelab.numerics.arrays import Float, Int
from facelab.numerics.vectors import unit

Array = NDArray[np.float64]

IRIS = (0.504, 0.5), 0.195  # middle and radius of the iris in the pictures of eyes
FULL = 30.0  # degrees to which an eye turns where its coefficient is 1
_CORNEA = 1.6  # how much more the cornea is curved than the eyeball
_ROUNDS = 2  # of subdivision
_FRONT = -0.35  # cosine to the axis behind which an eyeball is never seen


class Ball(NamedTuple):
    """An eyeball's mesh about its own middle, looking where it lies at rest.

    Parameters
    ----------
    vertices : (v, 3) float32
        Unit vectors.
    normals : (v, 3) float32
        The same, steeper on the cornea.
    uv : (v, 2) float32
    triangles : (m, 3) int32
    iris : (5, 3) float32
        Middle of the pupil, then the iris's rim to the image's right, top, left, bottom.
    """

    vertices: Float
    normals: Float
    uv: Float
    triangles: Int
    iris: Float


@dataclass(frozen=True, slots=True, eq=False)
class Eyeballs:
    """Both eyeballs of a head, the right one first.

    Parameters
    ----------
    middles : (2, 3) float32
        cm, the head's frame.
    radius : float
        cm.
    turns : (2, 3, 3) float64
        How each is turned.
    """

    middles: Float
    radius: float
    turns: Array

    @classmethod
    def of(cls, head: Float, gaze: tuple[float, float]) -> Eyeballs:
        """Return the eyeballs of a head ``(n, 3)`` whose coefficients of gaze are 0.

        Parameters
        ----------
        gaze : (right, up)
            Degrees to the image's right when frontal, and up.
        """
        placed = _eyes().vertices(head)
        sides = [placed[rows] for rows in _sides()]
        middles = np.stack([(rows.min(axis=0) + rows.max(axis=0)) / 2 for rows in sides])
        radius = float(np.ptp(sides[0][:, 1]) / np.ptp(_mean_eyes()[_sides()[0], 1]) * _radius())
        turn = pose.matrix(gaze[0], -gaze[1], 0)
        return cls(middles.astype(np.float32), radius, np.stack([turn, turn]))

    def mesh(self, side: int) -> tuple[Float, Float]:
        """Return vertices and normals of the right (0) or left (1) eyeball, the head's frame."""
        ball = balls()[side]
        turn = self.turns[side].T.astype(np.float32)
        vertices = self.middles[side] + np.float32(self.radius) * product(ball.vertices, turn)
        return vertices, product(ball.normals, turn)

    @property
    def irises(self) -> Float:
        """Their points ``(2, 5, 3)``, the head's frame."""
        turned = [
            product(ball.iris, turn.T.astype(np.float32))
            for ball, turn in zip(balls(), self.turns, strict=True)
        ]
        placed = self.middles[:, None] + self.radius * np.stack(turned)
        return np.asarray(placed, np.float32)

    @property
    def gaze(self) -> Float:
        """Unit vectors out of the pupils ``(2, 3)``, the head's frame."""
        return unit(self.irises[:, 0] - self.middles)


def looks(right: float, up: float) -> dict[str, float]:
    """Return ARKit's coefficients of eyes that look some degrees to the image's right and up."""
    across, along = abs(right) / FULL, abs(up) / FULL
    ways = (("In", "Out") if right > 0 else ("Out", "In")) if right else ()
    sides = ("Right", "Left")
    out = {f"eyeLook{way}{side}": across for way, side in zip(ways, sides, strict=False)}
    if up:
        way = "Up" if up > 0 else "Down"
        out |= {f"eyeLook{way}{side}": along for side in sides}
    return {name: float(min(value, 1.0)) for name, value in out.items()}


@cache
def balls() -> tuple[Ball, Ball]:
    """The right and the left eyeball of the family."""
    part, vertices = _eyes(), _mean_eyes()
    return tuple(  # type: ignore[return-value]  # two sides
        _ball(vertices[rows], part.uv[rows], _own(part.triangles, rows)) for rows in _sides()
    )


def _ball(vertices: Float, uv: Float, triangles: Int) -> Ball:
    """An eyeball from its vertices, cm."""
    middle = (vertices.min(axis=0) + vertices.max(axis=0)) / 2
    rows = np.column_stack([unit(vertices - middle), uv])
    ahead = _onto_z(_at(rows, triangles)[0])
    rows[:, :3] = product(rows[:, :3], ahead.T)
    iris = unit(_at(rows, triangles))
    for _ in range(_ROUNDS):
        rows, triangles = _subdivided(rows, triangles)
    seen = (product(unit(rows[:, :3]), iris[0]) > _FRONT)[triangles].all(axis=1)
    round_ = unit(rows[:, :3])
    return Ball(round_, _bulged(round_, iris), rows[:, 3:].copy(), triangles[seen], iris)


def _onto_z(direction: Float) -> Float:
    """The least rotation that takes a direction to z, ``(3, 3)`` (Rodrigues)."""
    x, y, z = unit(direction)
    across = np.array([[0, 0, -x], [0, 0, -y], [x, y, 0]])
    return np.asarray(np.eye(3) + across + across @ across / (1 + z), np.float32)


def _at(rows: Float, triangles: Int) -> Float:
    """The iris's points ``(5, 3)`` on a mesh of rows (x, y, z, u, v), found in its picture."""
    (u, v), reach = IRIS
    steps = np.array([[0, 0], [1, 0], [0, -1], [-1, 0], [0, 1]], np.float32) * np.float32(reach)
    found = np.stack([_looked_up(rows, triangles, np.array([u, v]) + step) for step in steps])
    if found[1, 0] < found[3, 0]:  # a picture that lies mirrored on the eye
        found = found[[0, 3, 2, 1, 4]]
    return found.astype(np.float32)


def _looked_up(rows: Float, triangles: Int, place: Array) -> Array:
    """The point ``(3,)`` of the mesh that shows a place of the picture: of those, the foremost."""
    a, b, c = (rows[corner].astype(np.float64) for corner in triangles.T)
    (bx, by), (cx, cy), (px, py) = ((x - a[:, 3:]).T for x in (b[:, 3:], c[:, 3:], place))
    area = bx * cy - by * cx
    area = np.where(np.abs(area) < 1e-12, np.inf, area)
    second, third = (px * cy - py * cx) / area, (bx * py - by * px) / area
    points = (a + second[:, None] * (b - a) + third[:, None] * (c - a))[:, :3]
    outside = np.maximum(np.maximum(-second, -third), second + third - 1)
    best: Array = points[np.argmin(np.where(points[:, 2] > 0, outside, np.inf))]
    return best


def _subdivided(rows: Float, triangles: Int) -> tuple[Float, Int]:
    """Each triangle as four; rows ``(v, c)`` in between are means."""
    sides = [triangles[:, pair] for pair in ([0, 1], [1, 2], [2, 0])]
    edges = np.sort(np.concatenate(sides))
    kinds, index = np.unique(edges, axis=0, return_inverse=True)
    a, b, c = triangles.T
    ab, bc, ca = (index.ravel().astype(np.int32) + np.int32(len(rows))).reshape(3, -1)
    finer = np.concatenate([[a, ab, ca], [ab, b, bc], [ca, bc, c], [ab, bc, ca]], axis=1)
    between = (rows[kinds[:, 0]] + rows[kinds[:, 1]]) / 2
    return np.concatenate([rows, between]), np.ascontiguousarray(finer.T, np.int32)


def _bulged(vertices: Float, iris: Float) -> Float:
    """The normals of an eyeball, whose cornea is curved more."""
    axis = iris[0]
    along = product(vertices, axis)
    rim = float(product(iris[1:], axis).mean())
    share = np.clip((along - rim) / (1 - rim), 0, 1) ** np.float32(0.5)
    aside = vertices - along[:, None] * axis
    return unit(vertices + (np.float32(_CORNEA - 1) * share)[:, None] * aside)


def _eyes() -> Part:
    return HeadFamily.load().kin("eyes")[0]


@cache
def _mean_eyes() -> Float:
    return _eyes().vertices(HeadFamily.load().base)


@cache
def _sides() -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The vertices of the subject's right eye, which is at small x, and of the left."""
    x = _mean_eyes()[:, 0]
    return np.flatnonzero(x < 0), np.flatnonzero(x > 0)


@cache
def _radius() -> float:
    """Of an eyeball of the mean head, cm."""
    rows = _mean_eyes()[_sides()[0]]
    middle = (rows.min(axis=0) + rows.max(axis=0)) / 2
    return float(np.sqrt(((rows - middle) ** 2).sum(axis=1)).mean())


def _own(triangles: Int, rows: NDArray[np.intp]) -> Int:
    """The triangles among some vertices, with indices among these."""
    place = np.full(int(triangles.max()) + 1, -1, np.int32)
    place[rows] = np.arange(len(rows), dtype=np.int32)
    mapped = place[triangles]
    return mapped[(mapped >= 0).all(axis=1)]
