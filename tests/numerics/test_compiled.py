from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facelab.numerics import compiled, raster
from tests.numerics.test_raster import folded_grid, random_mesh


def assert_same_bytes(draw, vertices, triangles, shape):
    corners = raster.corners_of(triangles, len(vertices))
    ours, theirs = (one(*raster.screen(vertices), corners, shape) for one in (draw, raster._draw))
    assert ours.dtype == theirs.dtype
    assert ours.tobytes() == theirs.tobytes()


@settings(max_examples=30, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    shape=st.tuples(st.integers(1, 20), st.integers(1, 20)),
    quantum=st.sampled_from([1.0, 0.5, 1 / 256, 1e-4]),
)
def test_draws_the_same_bytes_on_folds_and_ties(seed, shape, quantum):
    vertices, triangles = folded_grid(np.random.default_rng(seed), 5, 16)
    vertices[:, :2] = np.round(vertices[:, :2] / quantum) * quantum
    vertices[:, 2] = np.round(vertices[:, 2] / 9)
    both = np.concatenate((triangles, triangles[:, ::-1], triangles[:, [1, 2, 0]]))
    assert_same_bytes(compiled.draw, vertices, both, shape)


@pytest.mark.parametrize("size", [0.1, 0.7, 2, 6, 30, 300, 2000])
def test_compiled_it_draws_the_same_bytes(size):
    pytest.importorskip("numba")
    rng = np.random.default_rng(int(size * 10))
    vertices, triangles = random_mesh(rng, count=3000, shape=(137, 153), size=size)
    assert_same_bytes(compiled._compiled(), vertices, triangles, (137, 153))


def test_numba_is_not_loaded_for_a_few_faces(monkeypatch):
    monkeypatch.setattr(compiled, "_calls", itertools.count())
    monkeypatch.setattr(compiled, "_compiled", lambda: compiled.draw)
    drawers = [compiled.drawer() for _ in range(compiled._NUMPY_CALLS + 1)]
    assert drawers == [None] * compiled._NUMPY_CALLS + [compiled.draw]


def test_without_numba_numpy_draws(monkeypatch):
    monkeypatch.setattr(compiled, "find_spec", lambda name: None)
    assert compiled._compiled.__wrapped__() is None
