"""Weighted means are what they say."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from facelab.numerics.normalised import normalised, weighted_mean


def plainly(values, weight, sigma):
    """The definition, at the map's own size."""
    weight = weight[..., None] + 1e-3
    total, weights = (
        cv2.GaussianBlur(one, (0, 0), sigma).reshape(one.shape) for one in (values * weight, weight)
    )
    return total / weights


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("sigma", [1.0, 4.0, 9.0])
def test_a_small_map_blurs_as_the_whole_one(channels, sigma):
    rng = np.random.default_rng(0)
    values = rng.random((96, 128, channels), dtype=np.float32)
    weight = cv2.resize(rng.random((6, 8), dtype=np.float32), (128, 96))
    out = normalised(values, weight, sigma)
    assert out.shape == values.shape and out.dtype == np.float32
    inside = slice(16, -16), slice(16, -16)
    off = np.abs(out - plainly(values, weight, sigma))[inside]
    assert off.mean() < 0.003
    assert off.max() < 0.015


def test_what_has_no_weight_counts_for_nothing():
    values = np.zeros((64, 64, 1), np.float32)
    values[:, 32:] = 1
    weight = np.zeros((64, 64), np.float32)
    weight[:, :32] = 1
    assert normalised(values, weight, 4)[:, :32].max() < 0.01
    assert weighted_mean(values[..., 0], weight) == 0
    assert weighted_mean(values[..., 0], 1 - weight) == 1
    assert weighted_mean(values[..., 0], np.zeros_like(weight)) == 0
