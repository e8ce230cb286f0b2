"""A face that is put on takes its own shape along; pose, expression and the head stay."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facelab import atlas as atlases
from facelab.face.mouth import Lips
from facelab.face.shape import transferred
from facelab.geometry.identity import IdentityModel
from facelab.geometry.landmarks import points468
from facelab.geometry.pose import estimate
from facelab.types import PositionMap
from tests.synthetic import person


def far(one, two):
    """How far the texels of the face are apart, pixels in the mean."""
    inside = one.atlas.face
    return float(np.linalg.norm((one.values - two.values)[inside], axis=1).mean())


def test_with_share_0_the_target_is_returned():
    target = person(1)
    assert transferred([person(2)], target, 0) is target


@given(st.integers(0, 2**16), st.floats(-60, 60), st.floats(0, 1))
@settings(max_examples=10, deadline=None)
def test_the_own_shape_changes_nothing(seed, yaw, share):
    target = person(seed, seed + 1, yaw=yaw)
    assert np.array_equal(transferred([target], target, share).values, target.values)


def test_the_target_comes_nearer_to_the_source_the_larger_the_share():
    source, target = person(1), person(2)
    model = IdentityModel.load()

    def shape(positions):
        return model.likeness(points468(positions)).points

    moved = [transferred([source], target, share) for share in (0, 0.5, 1)]
    distances = [np.linalg.norm(shape(one) - shape(source)) for one in moved]
    assert distances == sorted(distances, reverse=True)
    assert distances[2] < 0.6 * distances[0]


def test_the_share_is_a_share():
    source, target = person(1, 5, yaw=20), person(2, 6, yaw=-10)
    half, whole = (transferred([source], target, share).values for share in (0.5, 1.0))
    np.testing.assert_allclose(half, (target.values + whole) / 2, atol=1e-3)


@given(st.integers(0, 2**16))
@settings(max_examples=10, deadline=None)
def test_what_the_source_does_hardly_matters(act):
    target = person(2)
    calm, moving = (transferred([person(1, doing)], target) for doing in (None, act))
    assert far(calm, moving) < 0.35 * far(person(1), person(1, act)) + 1e-6


def test_the_target_goes_on_doing_what_it_does():
    source, target, talking = person(1), person(2), person(2, 3)
    still = transferred([source], target).values - target.values
    moved = transferred([source], talking).values - talking.values
    inside = target.atlas.face
    away = np.linalg.norm((moved - still)[inside], axis=1).mean()
    assert away < 0.35 * np.linalg.norm(still[inside], axis=1).mean()


@pytest.mark.parametrize("yaw", [-60, -30, 0, 30, 60])
def test_pose_mouth_and_size_stay(yaw):
    source, target = person(1), person(2, 4, yaw=yaw)
    after = transferred([source], target)
    was, now = estimate(target), estimate(after)
    assert abs(now.scale / was.scale - 1) < 0.05
    for angle in ("yaw", "pitch", "roll"):
        assert abs(getattr(now, angle) - getattr(was, angle)) < 5
    gaps = [
        np.linalg.norm(lips.lower - lips.upper, axis=1) for lips in map(Lips.of, (after, target))
    ]
    np.testing.assert_allclose(*gaps, atol=0.02 * Lips.of(target).width)


def test_the_field_is_smooth():
    source, target = person(1), person(2)
    moved = transferred([source], target).values - target.values
    inside = target.atlas.face
    bends = np.abs(np.diff(moved, 2, axis=1))[inside[:, 1:-1] & inside[:, 2:] & inside[:, :-2]]
    assert bends.max() < 0.1 * np.abs(moved[inside]).max()


def test_a_layout_with_more_than_the_mesh_moves_alike():
    own, target = atlases.canonical(), person(2)
    chart = np.indices((256, 256), np.float32).transpose(1, 2, 0)[..., ::-1].copy()
    everywhere = np.ones((256, 256), np.bool_)
    other = replace(own, name="other", chart=chart, slit=None, face=own.face, valid=everywhere)
    there = PositionMap(target.values, other)
    after = transferred([person(1)], there).values - target.values
    expected = transferred([person(1)], target).values - target.values
    inside = own.face
    np.testing.assert_allclose(after[inside], expected[inside], atol=0.6)
    outside = everywhere & ~own.valid
    assert np.abs(after[outside]).max() <= np.abs(expected).max() + 1e-3
    assert np.linalg.norm(after[outside], axis=1).min() >= 0
    assert points468(there).shape == (468, 3)
