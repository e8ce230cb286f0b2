from __future__ import annotations

import cv2
import numpy as np
import pytest

from facelab.numerics.smoothing import spread


def pull_push(values, weight):
    """`spread` as Gortler et al. write it: means and weights of each level."""
    mean = values * (weight > 0)[..., None]
    height, width = weight.shape
    if max(height, width) <= 2:
        total = (values * weight[..., None]).sum(axis=(0, 1)) / max(weight.sum(), 1e-6)
        return np.broadcast_to(total, values.shape)
    border = {"borderType": cv2.BORDER_REPLICATE}
    total = cv2.pyrDown(mean * weight[..., None], **border)
    lighter = cv2.pyrDown(weight, **border)
    coarse = pull_push(total / np.maximum(lighter, 1e-6)[..., None], np.minimum(lighter * 2, 1))
    up = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR)
    return weight[..., None] * mean + (1 - weight[..., None]) * up


@pytest.mark.parametrize("shape", [(64, 64), (37, 53), (2, 2), (3, 40)])
def test_spread_equals_its_definition(shape):
    rng = np.random.default_rng(shape[0])
    values = rng.random((*shape, 3), dtype=np.float32)
    weight = np.clip(rng.random(shape, dtype=np.float32) * 3 - 1.5, 0, 1)
    given = values.copy(), weight.copy()
    np.testing.assert_allclose(spread(values, weight), pull_push(values, weight), atol=2e-6)
    np.testing.assert_array_equal(values, given[0])
    np.testing.assert_array_equal(weight, given[1])


def test_spread_keeps_what_is_known():
    rng = np.random.default_rng(1)
    values = rng.random((40, 40, 3), dtype=np.float32)
    known = rng.random((40, 40)) < 0.3
    np.testing.assert_array_equal(spread(values, known)[known], values[known])
    assert not spread(values, np.zeros_like(known)).any()
