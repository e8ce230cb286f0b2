"""Identity is told from expression, pose and place, and only as far as a face is seen."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facelab.atlas.canonical import LOWER_LIP, OVAL, UPPER_LIP
from facelab.geometry.identity import POINTS, IdentityModel, Likeness, similarities
from facelab.geometry.landmarks import twins
from facelab.geometry.pose import matrix

FLIP = np.array([1, -1, 1])
MIRROR = np.array([-1, 1, 1])
PLACED = np.array([140.0, -120.0, 10.0])

model = IdentityModel.load
seeds = st.integers(0, 2**16)
angles = st.floats(-40, 40)


def normal(kind, seed, strength=1.0):
    """Offsets ``(468, 3)`` with drawn coefficients of modes."""
    modes = getattr(model(), kind)
    drawn = np.random.default_rng(seed).normal(0, strength, len(modes))
    return np.tensordot(drawn, modes, 1)


def seen(offsets, yaw=0.0, pitch=0.0, roll=0.0, scale=9.0, shift=0.0):
    """The likeness of the mean face with offsets, from the pixels of some photograph."""
    placed = scale * (model().base + offsets) @ matrix(yaw, pitch, roll).T + PLACED + shift
    return model().likeness((placed * FLIP).astype(np.float32))


def size(offsets):
    return float(np.sqrt(np.mean(np.sum(offsets**2, axis=1))))


def between(others, own):
    """The difference found between one person's photographs, or photograph, and another's."""
    others = [others] if isinstance(others, Likeness) else others
    return model().difference(others, own)


@pytest.mark.parametrize("seed", range(4))
def test_the_difference_of_two_people_is_found(seed):
    other, own = normal("identity", seed), normal("identity", seed + 10)
    found, true = between(seen(other), seen(own))[:, :2], model()._held(other - own)[:, :2]
    assert np.sum(found * true) > 0.7 * np.linalg.norm(found) * np.linalg.norm(true)
    assert 0.5 * size(true) < size(found) < 1.1 * size(true)


@given(seeds, seeds, seeds)
@settings(max_examples=15, deadline=None)
def test_what_faces_do_is_left_alone(person, act, other_act):
    offsets = normal("identity", person)
    one, two = seen(offsets + normal("expression", act)), seen(offsets + normal("expression", 7))
    raw = normal("expression", act) - normal("expression", 7)
    assert size(between(one, two)) <= 0.3 * size(raw) + 1e-9


@given(seeds, angles, angles, angles, st.floats(2, 40), st.floats(-900, 900))
@settings(max_examples=15, deadline=None)
def test_place_and_size_in_the_photograph_do_not_matter(seed, yaw, pitch, roll, scale, shift):
    other, own = normal("identity", seed), normal("identity", seed + 1)
    still = between(seen(other), seen(own))
    flat = between(seen(other, 0, 0, roll, scale, shift), seen(own))
    np.testing.assert_allclose(flat, still, atol=2e-3)
    turned = between(seen(other, yaw, pitch, roll, scale, shift), seen(own))
    assert size(turned - still) < 0.35 * size(still)


@given(seeds, seeds)
@settings(max_examples=10, deadline=None)
def test_faces_that_are_alike_differ_in_nothing(person, noise):
    own = seen(normal("identity", person) + np.random.default_rng(noise).normal(0, 1, (POINTS, 3)))
    assert not between(own, own).any()


def test_there_and_back_is_nowhere():
    one, two = seen(normal("identity", 1), yaw=20), seen(normal("identity", 2), yaw=-35)
    there, back = between(one, two), between(two, one)
    np.testing.assert_allclose(there, -back, atol=1e-9)


def test_the_mirror_image_of_the_difference_is_that_of_mirror_images():
    one, two = normal("identity", 3) + normal("expression", 4), normal("identity", 5)
    difference = between(seen(one), seen(two))
    mirrored = between(seen(one[twins()] * MIRROR), seen(two[twins()] * MIRROR))
    np.testing.assert_allclose(mirrored, difference[twins()] * MIRROR, atol=0.02)


def test_what_is_badly_seen_says_little():
    other, own = seen(normal("identity", 1)), seen(normal("identity", 2))
    sizes = [
        size(between(replace(other, precision=other.precision * share), own))
        for share in (1.0, 1e-2, 1e-4, 1e-8)
    ]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[-1] < 1e-3 * sizes[0]


def test_a_side_that_is_turned_away_counts_less():
    precision = seen(np.zeros((POINTS, 3)), yaw=60).precision
    weight = np.trace(precision, axis1=1, axis2=2)
    right, left = 234, 454  # at the ears; the right one turns to the viewer
    assert weight[right] > 4 * weight[left]


@pytest.mark.parametrize("yaw", [90, -90, 135, 180])
def test_a_face_in_profile_or_from_behind_says_little(yaw):
    other, own = normal("identity", 1), seen(normal("identity", 2))
    ahead, aside = between(seen(other), own), between(seen(other, yaw=yaw), own)
    assert size(aside) < 0.5 * size(ahead)


def test_the_lips_stay_as_far_apart():
    difference = between(seen(normal("identity", 8)), seen(normal("identity", 9)))
    inner = difference[list(UPPER_LIP)] - difference[list(LOWER_LIP)]
    np.testing.assert_allclose(inner, 0, atol=1e-9)


def test_the_head_keeps_its_size():
    difference = between(seen(normal("identity", 8)), seen(normal("identity", 9)))
    upper = [point for point in OVAL if model().base[point, 1] > -2]
    away = similarities(model().base)[:, upper].reshape(7, -1)
    share = np.linalg.lstsq(away.T, difference[upper].ravel(), rcond=None)[0]
    assert abs(share[3]) < 0.02  # what it would grow by


def test_several_photographs_say_more_than_one():
    person, own, rng = normal("identity", 1), seen(normal("identity", 2)), np.random.default_rng(0)
    noise = rng.normal(0, 0.3, (6, POINTS, 3))
    views = [
        seen(person + each, yaw=yaw) for each, yaw in zip(noise, range(-50, 51, 20), strict=True)
    ]
    truth = between(seen(person), own)
    errors = [size(between(view, own) - truth) for view in views]
    assert size(between(views, own) - truth) < min(errors)


def test_expressions_that_two_photographs_share_are_fitted_to_each():
    person, own = normal("identity", 1), seen(normal("identity", 2))
    acts = [seen(person + normal("expression", seed)) for seed in range(20, 24)]
    truth = between([seen(person)] * len(acts), own)
    assert size(between(acts, own) - truth) < 0.15 * size(truth)


def test_the_fit_is_the_least_squares_solution_of_all_unknowns_at_once():
    own, family = seen(normal("identity", 2), yaw=-15), model()
    others = [seen(normal("identity", 1) + normal("expression", k), yaw=20 * k) for k in range(2)]
    shared, each = family.identity, [*family.expression, *similarities(family.base)]
    rows, right = [], []
    for number, other in enumerate(others):
        covariance = np.linalg.inv(other.precision) + np.linalg.inv(own.precision)
        root = np.linalg.cholesky(np.linalg.inv(covariance)).transpose(0, 2, 1)  # root' root
        blocks = [np.zeros((len(each), POINTS, 3)) for _ in others]
        blocks[number] = np.array(each)
        modes = np.einsum("nij,knj->nik", root, np.concatenate([shared, *blocks]))
        rows.append(modes.reshape(-1, modes.shape[2]))
        right.append(np.einsum("nij,nj->ni", root, other.points - own.points).ravel())
    acts = len(family.expression)
    prior = [1.0] * len(shared) + ([1.0] * acts + [1e-4] * 7) * len(others)
    rows.append(np.diag(prior))
    right.append(np.zeros(len(prior)))
    best = np.linalg.lstsq(np.concatenate(rows), np.concatenate(right), rcond=None)[0]
    expected = family._held(np.tensordot(best[: len(shared)], shared, 1))
    inner = [*UPPER_LIP, *LOWER_LIP]
    found = np.delete(between(others, own), inner, axis=0)
    np.testing.assert_allclose(found, np.delete(expected, inner, axis=0), atol=1e-5)


def test_similarities_are_what_small_ones_do():
    points = np.random.default_rng(0).normal(0, 3, (20, 3))
    moves, small = similarities(points.astype(np.float32)), 1e-4
    centre = points.mean(axis=0)
    turned = (points - centre) @ matrix(np.rad2deg(small), 0, 0).T + centre
    grown = (points - centre) * (1 + small) + centre
    np.testing.assert_allclose(small * moves[5], turned - points, atol=1e-6)
    np.testing.assert_allclose(small * moves[3], grown - points, atol=1e-6)
    assert moves.shape == (7, 20, 3)


def test_shapes_are_checked():
    with pytest.raises(ValueError, match="points"):
        model().likeness(np.zeros((68, 3), np.float32))
    with pytest.raises(ValueError, match="identity"):
        replace(model(), identity=np.zeros((3, 68, 3), np.float32))


def test_a_likeness_knows_the_way_back():
    own = seen(normal("identity", 1), yaw=25, pitch=10, roll=5, scale=11)
    assert isinstance(own, Likeness)
    offsets = np.random.default_rng(1).normal(0, 1, (POINTS, 3))
    np.testing.assert_allclose(
        offsets @ own.axes.T, 11 * offsets @ matrix(25, 10, 5).T * FLIP, rtol=0.1, atol=2
    )


@pytest.mark.parametrize("seed", range(4))
def test_the_coefficients_of_a_face_are_those_it_was_made_of(seed):
    rng = np.random.default_rng(seed)
    identity = rng.normal(0, 1, len(model().identity))
    expression = rng.normal(0, 1, len(model().expression))
    offsets = np.tensordot(identity, model().identity, 1)
    offsets = offsets + np.tensordot(expression, model().expression, 1)
    found = model().shape(seen(offsets))
    assert found.identity.shape == identity.shape
    assert found.expression.shape == expression.shape
    assert np.corrcoef(found.expression, expression)[0, 1] > 0.8
    strongest = slice(0, 8)  # modes are sorted; the last ones are too weak to be told
    assert np.corrcoef(found.identity[strongest], identity[strongest])[0, 1] > 0.8


def test_the_mean_face_has_no_coefficients():
    found = model().shape(seen(0 * model().base, yaw=10, roll=20, shift=50))
    np.testing.assert_allclose(found.identity, 0, atol=0.02)
    np.testing.assert_allclose(found.expression, 0, atol=0.02)
