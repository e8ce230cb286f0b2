"""Distances within a mask, against looking at every pixel outside."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from facelab.numerics.distance import distance_within


def nearest(mask):
    """The slow, obvious way."""
    outside = np.argwhere(~mask)
    places = np.stack(np.indices(mask.shape), axis=-1)
    away = np.linalg.norm(places[:, :, None] - outside, axis=-1).min(axis=2)
    return away * mask


@given(arrays(np.bool_, array_shapes(min_dims=2, max_dims=2, max_side=12)), st.data())
def test_distance_is_to_the_nearest_pixel_outside(mask, data):
    height, width = mask.shape
    place = data.draw(st.integers(0, height - 1)), data.draw(st.integers(0, width - 1))
    mask[place] = False  # somewhere there is an outside
    before = mask.copy()
    distance = distance_within(mask)
    assert (distance.dtype, distance.shape) == (np.float32, mask.shape)
    np.testing.assert_allclose(distance, nearest(mask), rtol=1e-6)
    np.testing.assert_array_equal(mask, before)


def test_integers_count_as_inside_where_they_are_not_0():
    np.testing.assert_array_equal(distance_within(np.uint8([[0, 7, 255, 1]])), [[0, 1, 2, 3]])


@pytest.mark.parametrize("shape", [(90, 91), (300, 333)])
def test_distance_depends_neither_on_threads_nor_on_where_the_memory_lies(shape):
    mask = np.random.default_rng(0).random(shape) > 0.001
    threads, found = cv2.getNumThreads(), set()
    try:
        for count in (1, 2, 5):
            cv2.setNumThreads(count)
            for start in range(0, 64, 7):
                memory = np.empty(mask.size + 64, np.bool_)[start:][: mask.size].reshape(shape)
                memory[:] = mask
                found.add(distance_within(memory).tobytes())
    finally:
        cv2.setNumThreads(threads)
    assert len(found) == 1


def test_intels_primitives_are_used_again_afterwards():
    before = cv2.ipp.useIPP()
    distance_within(np.zeros((3, 3), np.bool_))
    assert cv2.ipp.useIPP() == before
