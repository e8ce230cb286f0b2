"""The guided filter beside its definition, window by window."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from facelab.numerics.guided import _coefficients, guided
from tests.synthetic import frozen, noise


def by_definition(values, guide, radius, variance):
    """He et al. 2013: each window's least squares, and the mean of the windows of a pixel."""
    size = len(values)
    padded = np.pad(values, 2 * radius, mode="reflect").astype(float)
    colours = np.pad(guide, [(2 * radius,) * 2, (2 * radius,) * 2, (0, 0)], mode="reflect")
    side = size + 2 * radius
    slopes, offsets = np.empty((side, side, 3)), np.empty((side, side))
    for y in range(side):
        for x in range(side):
            here = slice(y, y + 2 * radius + 1), slice(x, x + 2 * radius + 1)
            p, c = padded[here].ravel(), colours[here].reshape(-1, 3).astype(float)
            centred = c - c.mean(axis=0)
            matrix = centred.T @ centred / len(c) + variance * np.eye(3)
            slopes[y, x] = np.linalg.solve(matrix, centred.T @ (p - p.mean()) / len(c))
            offsets[y, x] = p.mean() - slopes[y, x] @ c.mean(axis=0)
    out = np.empty((size, size))
    for y in range(size):
        for x in range(size):
            here = slice(y, y + 2 * radius + 1), slice(x, x + 2 * radius + 1)
            mean = slopes[here].mean(axis=(0, 1))
            out[y, x] = mean @ guide[y, x] + offsets[here].mean()
    return out.clip(0, 1)


@pytest.mark.parametrize("radius", [1, 2])
def test_as_defined(radius):
    guide = noise(12, 12)
    values = frozen(noise(12, 12, seed=1)[..., 0])
    slow = by_definition(values, guide, radius, 0.01)
    # Beyond the border the mirrored windows of the definition are those of the filter.
    np.testing.assert_allclose(guided(values, guide, radius, 0.01), slow, atol=2e-4)


@pytest.mark.parametrize("radius", [4, 8])
def test_a_reduced_picture_tells_nearly_the_same(radius):
    rng = np.random.default_rng(4)
    shape = rng.random((7, 6)).astype(np.float32)
    guide = cv2.resize(rng.random((10, 9, 3), dtype=np.float32), (150, 161))
    guide += (cv2.resize(shape, (150, 161)) > 0.5)[..., None] * np.float32(0.5)
    guide += rng.normal(0, 0.02, guide.shape).astype(np.float32)
    values = cv2.GaussianBlur((cv2.resize(shape, (150, 161)) > 0.47).astype(np.float32), (0, 0), 2)
    slope, offset = _coefficients(values, guide, radius, 1e-3)
    exact = np.clip((slope * guide).sum(axis=2) + offset, 0, 1)
    off = np.abs(guided(values, guide, radius, 1e-3) - exact)
    assert off.mean() < 0.012
    assert np.quantile(off, 0.99) < 0.1


def test_an_edge_of_the_map_moves_to_that_of_the_picture():
    guide = np.zeros((32, 32, 3), np.float32)
    guide[:, 16:] = (0.9, 0.5, 0.2)
    values = np.zeros((32, 32), np.float32)
    values[:, 18:] = 1  # two pixels off
    out = guided(frozen(values), frozen(guide), 4, 1e-4)
    step = out[16, 15:17]
    assert step[1] - step[0] > 0.4
    assert np.abs(np.diff(out[16, 17:28])).max() < step[1] - step[0]


def test_a_flat_map_stays():
    out = guided(frozen(np.full((9, 9), 0.3)), noise(9, 9), 2, 1e-3)
    np.testing.assert_allclose(out, 0.3, atol=1e-5)
