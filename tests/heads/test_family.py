"""The family of whole heads that facelab ships."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facelab.atlas import canonical
from facelab.augment.classes import CLASSES
from facelab.geometry import pose
from facelab.geometry.landmarks import position_map
from facelab.heads import HeadFamily
from facelab.heads.family import AGES, ORIGINS, SEXES
from facelab.reconstruct.point_regressor import twins

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


POINTS = FAMILY.points468(FAMILY.base)
FLIP = np.float32([1, -1, 1])


def test_the_mean_lies_as_the_canonical_face():
    found = pose.estimate(position_map(POINTS * FLIP, canonical()))
    np.testing.assert_allclose([found.yaw, found.pitch, found.roll], 0, atol=1)
    assert abs(found.scale - 1) < 0.02
    away = np.linalg.norm(POINTS - canonical().vertices, axis=1)
    assert np.median(away) < 0.5


def test_points_are_symmetric():
    mirrored = POINTS[twins()] * np.float32([-1, 1, 1])
    np.testing.assert_allclose(POINTS, mirrored, atol=0.1)


def test_points_lie_in_their_triangles():
    np.testing.assert_allclose(FAMILY.points_barycentric.sum(axis=1), 1, atol=1e-5)
    assert FAMILY.points_barycentric.min() > -1e-5
    inside = FAMILY.part[FAMILY.points_triangle] == CLASSES["mouth interior"]
    assert not inside.any()


def test_atlas_places_agree_with_the_points():
    corners = FAMILY.triangles[FAMILY.points_triangle]
    uv = (FAMILY.atlas_uv[corners] * FAMILY.points_barycentric[..., None]).sum(axis=1)
    away = np.abs(uv * 256 - 0.5 - canonical().uv).max(axis=1)
    assert np.median(away) < 0.7
    assert np.quantile(away, 0.9) < 3


def test_the_faces_share_is_of_the_face_alone():
    share = FAMILY.atlas_share
    assert 0 <= share.min() < share.max() <= 1
    front = FAMILY.points_triangle[[4, 5, 151, 50, 280, 199]]
    assert share[FAMILY.triangles[front]].min() > 0.9
    for other in ("right ear", "left ear", "neck", "clothes", "mouth interior"):
        own = np.unique(FAMILY.triangles[FAMILY.part == CLASSES[other]])
        assert np.median(share[own]) == 0
    assert share[FAMILY.base[:, 2] < -6].max() == 0


def test_an_open_jaw_parts_the_lips_and_a_blink_closes_the_lids():
    jaw = FAMILY.points468(FAMILY.vertices(FAMILY.coefficients({"jawOpen": 0.5})))
    assert jaw[13, 1] - jaw[14, 1] > 1 > 5 * (POINTS[13, 1] - POINTS[14, 1])
    blink = FAMILY.coefficients({"eyeBlinkLeft": 1.0})
    lids = FAMILY.points468(FAMILY.vertices(blink))
    assert POINTS[386, 1] - POINTS[374, 1] > 0.6
    assert abs(lids[386, 1] - lids[374, 1]) < 0.15


def test_the_model_is_the_family():
    model = FAMILY.head_model()
    own = FAMILY.person((0.2, 0.3, 0.5), 0.4, 0.3) + FAMILY.coefficients({"jawOpen": 0.3})
    head = model.head(own, 2.0, np.eye(3), np.zeros(3))
    np.testing.assert_allclose(head.vertices, 2 * FAMILY.vertices(own) * FLIP, atol=1e-3)
    wanted = FAMILY.points468(FAMILY.vertices(own))
    np.testing.assert_allclose(head.points, 2 * wanted * FLIP, atol=1e-3)


def test_a_fit_finds_a_head_of_the_family():
    own = FAMILY.person((0.2, 0.3, 0.5), 0.4, 0.3) + FAMILY.coefficients({"mouthSmileLeft": 0.5})
    turned = FAMILY.points468(FAMILY.vertices(own)) @ pose.matrix(20, 5, -8).T.astype(np.float32)
    seen = (10 * turned * FLIP + np.float32([90, 110, 0])).astype(np.float32)
    found = FAMILY.head_model().fit(seen)
    away = np.linalg.norm((found.points - seen)[:, :2], axis=1)
    assert np.median(away) < 0.003 * np.ptp(seen[:, 0])
