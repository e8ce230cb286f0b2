"""The family of whole heads that facelab ships."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facelab.augment.classes import CLASSES
from facelab.heads import HeadFamily
from facelab.heads.family import AGES, ORIGINS, SEXES

FAMILY = HeadFamily.load()
COUNT = len(FAMILY.names)


def normals(vertices, triangles):
    a, b, c = (vertices[triangles[:, k]].astype(float) for k in range(3))
    return np.cross(b - a, c - a)


def centres(of):
    chosen = FAMILY.triangles[FAMILY.part == CLASSES[of]]
    return FAMILY.base[chosen].mean(axis=1)


def test_no_coefficients_are_the_mean():
    np.testing.assert_array_equal(FAMILY.vertices(np.zeros(COUNT, np.float32)), FAMILY.base)


@given(st.integers(0, COUNT - 1), st.integers(0, COUNT - 1), st.floats(-1, 1))
def test_vertices_are_base_and_modes_in_sum(first, second, share):
    coefficients = np.zeros(COUNT, np.float32)
    coefficients[first] += 1
    coefficients[second] += np.float32(share)
    slow = FAMILY.base.astype(np.float64)
    for k, by in enumerate(coefficients):
        if by:
            slow = slow + np.float64(by) * FAMILY.modes[k]
    np.testing.assert_allclose(FAMILY.vertices(coefficients), slow, atol=1e-5)


def test_names_are_distinct_and_end_with_the_expressions():
    assert len(set(FAMILY.names)) == COUNT == len(FAMILY.modes)
    acts = FAMILY.names[-FAMILY.expressions :]
    assert len(acts) == 52
    assert {"jawOpen", "eyeBlinkLeft", "tongueOut"} <= set(acts)
    assert list(acts) == sorted(acts)


def test_the_surface_looks_outward():
    skin = FAMILY.triangles[FAMILY.part == CLASSES["skin"]]
    away = FAMILY.base[skin].mean(axis=1) - [0, 0, -5]
    outward = (normals(FAMILY.base, skin) * away).sum(axis=1)
    assert np.average(outward > 0, weights=np.abs(outward)) > 0.97


def test_parts_of_the_head_are_where_they_belong():
    right, left = centres("right ear"), centres("left ear")
    assert right[:, 0].max() < -5 < 5 < left[:, 0].min()
    assert len(right) == len(left)
    assert centres("clothes")[:, 1].max() < centres("neck")[:, 1].max() < 0
    assert np.abs(centres("mouth interior")[:, 0]).max() < 5
    assert FAMILY.part.min() > 0


def test_scalp_is_on_top_and_not_in_the_face():
    skin = np.unique(FAMILY.triangles[FAMILY.part == CLASSES["skin"]])
    top, face = FAMILY.base[skin, 1] > 9, FAMILY.base[skin, 2] > 3
    low = FAMILY.base[skin, 1] < 3
    assert FAMILY.scalp[skin][top].min() > 0.9
    assert FAMILY.scalp[skin][face & low].max() == 0


def test_the_mean_is_near_its_mirror_image():
    body = FAMILY.base[np.unique(FAMILY.triangles)]
    chosen = body[::50] * np.float32([-1, 1, 1])
    nearest = np.sqrt(((chosen[:, None] - body) ** 2).sum(axis=2)).min(axis=1)
    assert nearest.max() < 0.05


def test_a_person_of_one_kind_is_the_mode_itself():
    for o, origin in enumerate(ORIGINS):
        for s, sex in enumerate(SEXES):
            for a, age in enumerate(AGES):
                shares = tuple(float(o == k) for k in range(3))
                got = FAMILY.person(shares, float(s), float(a))
                want = FAMILY.coefficients({f"{origin}-{sex}-{age}": 1.0})
                np.testing.assert_array_equal(got, want)


@given(
    st.tuples(*[st.floats(0.1, 1)] * 3),
    st.floats(0, 1),
    st.floats(0, 1),
    st.floats(-1, 1),
)
def test_a_person_is_a_mixture(origins, male, old, weight):
    shares = FAMILY.person(origins, male, old, weight)
    people = shares[: len(ORIGINS) * len(SEXES) * len(AGES)]
    assert people.min() >= 0
    np.testing.assert_allclose(people.sum(), 1, atol=1e-5)
    builds = {FAMILY.names[k].split("-")[0] for k in np.flatnonzero(shares[len(people) :]) + 12}
    assert builds <= ({"maxweight"} if weight > 0 else {"minweight"})


def test_an_unknown_mode_is_refused():
    with pytest.raises(KeyError):
        FAMILY.coefficients({"third-eye": 1.0})


def test_a_blink_closes_one_eye_and_an_open_jaw_lowers_the_chin():
    mean = FAMILY.base
    blink = FAMILY.vertices(FAMILY.coefficients({"eyeBlinkLeft": 1.0})) - mean
    moved = np.abs(blink).max(axis=1)
    assert moved[mean[:, 0] > 0.5].sum() > 10 * moved[mean[:, 0] < -0.5].sum()
    jaw = FAMILY.vertices(FAMILY.coefficients({"jawOpen": 1.0})) - mean
    assert jaw[:, 1].min() < -1.5
