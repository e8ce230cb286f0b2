"""A small family of heads made by hand: an egg behind the canonical face, and waves across both."""

from __future__ import annotations

import numpy as np
from safetensors.numpy import save_file

from facelab.geometry.head import HeadModel
from tests.synthetic import ATLAS, frozen

IDENTITIES, EXPRESSIONS, DEVIATION = 4, 3, 0.5
CENTRE, RADII = np.array([0.0, -1.0, -3.0]), np.array([8.0, 11.0, 9.0])  # cm


def egg(rows=24, columns=36):
    """Vertices and triangles of a closed surface, counter-clockwise as seen from outside."""
    down, around = np.meshgrid(
        np.linspace(0.01, np.pi - 0.01, rows),
        np.linspace(0, 2 * np.pi, columns, endpoint=False),
        indexing="ij",
    )
    unit = np.dstack([np.sin(down) * np.sin(around), np.cos(down), np.sin(down) * np.cos(around)])
    index = np.arange(rows * columns).reshape(rows, columns)
    a, b = index[:-1], np.roll(index, -1, axis=1)[:-1]
    c, d = index[1:], np.roll(index, -1, axis=1)[1:]
    triangles = np.concatenate([np.stack([a, c, b], -1), np.stack([b, c, d], -1)]).reshape(-1, 3)
    return (CENTRE + RADII * unit).reshape(-1, 3), triangles


def motions(places):
    """What shifts, turns and a change of size do to places ``(n, 3)``: ``(n, 3, 7)``."""
    shifts = np.broadcast_to(np.eye(3), (len(places), 3, 3))
    turns = np.stack([np.cross(axis, places) for axis in np.eye(3)], axis=-1)
    return np.concatenate([shifts, turns, places[..., None]], axis=-1)


def head_model(seed=0):
    """Seven modes, of which no mixture is a motion of the face as a whole."""
    rng = np.random.default_rng(seed)
    points, (vertices, triangles) = ATLAS.vertices.astype(np.float64), egg()
    modes, point_modes = [], []
    for _ in range(IDENTITIES + EXPRESSIONS):
        along, wave, phase = rng.normal(0, 1, 3), rng.normal(0, 0.4, 3), rng.uniform(0, 6)
        on_points, on_head = (np.sin(x @ wave + phase)[:, None] * along for x in (points, vertices))
        basis = motions(points).reshape(-1, 7)
        moved = np.linalg.lstsq(basis, on_points.ravel(), rcond=None)[0]
        point_modes.append(on_points - motions(points) @ moved)
        modes.append(on_head - motions(vertices) @ moved)
    return HeadModel(
        base=frozen(vertices),
        modes=frozen(modes),
        triangles=frozen(triangles, np.int32),
        points=frozen(points),
        point_modes=frozen(point_modes),
        deviations=frozen(np.full(len(modes), DEVIATION)),
        expressions=EXPRESSIONS,
    )


def arrays(model):
    """What a file of the model holds."""
    names = ("base", "modes", "triangles", "points", "point_modes", "deviations")
    return {name: np.array(getattr(model, name)) for name in names} | {
        "expressions": np.array(model.expressions)
    }


def head_file(path, **changed):
    """A file of the model, some arrays of it replaced, or left out where None is given."""
    content = arrays(head_model()) | changed
    save_file({name: array for name, array in content.items() if array is not None}, path)
    return path
