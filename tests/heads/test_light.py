"""Nine numbers a channel against sums over many directions."""

from __future__ import annotations

import numpy as np
import pytest

from facelab.geometry import pose
from facelab.heads.lamps import SETTINGS, draw_light
from facelab.heads.light import Light, harmonics, lobe, open_transfer
from facelab.heads.shading import Place, cloth, hair, skin, wet
from facelab.heads.shadow import Caster, ShadowMap, openness


def sphere(count=4000):
    k = np.arange(count) + 0.5
    z, turn = 1 - 2 * k / count, k * np.pi * (3 - np.sqrt(5))
    across = np.sqrt(1 - z * z)
    return np.stack([across * np.cos(turn), across * np.sin(turn), z], axis=1)


def test_harmonics_are_orthonormal():
    basis = harmonics(sphere()).astype(float)
    np.testing.assert_allclose(basis.T @ basis * 4 * np.pi / len(basis), np.eye(9), atol=2e-3)


def test_irradiance_is_the_integral_over_the_half_sphere():
    around = lobe(np.array([0.6, 0.8, 0.0]), np.array([1.0, 0.5, 0.2]), 0.8)
    light = Light(around, np.array([0, 0, 1.0]), np.zeros(3), 1.0)
    directions = sphere()
    radiance = harmonics(directions).astype(float) @ around
    for normal in sphere(20):
        facing = np.maximum(directions @ normal, 0)
        wanted = (radiance * facing[:, None]).mean(axis=0) * 4
        got = light.soft(open_transfer(normal[None]))[0]
        np.testing.assert_allclose(got, wanted, atol=0.01)


def test_light_from_everywhere_alike_makes_white_white():
    light = Light(lobe(np.array([0, 1.0, 0]), np.ones(3), 0.0), np.zeros(3), np.zeros(3), 1.0)
    np.testing.assert_allclose(light.soft(open_transfer(sphere(30))), 1, atol=1e-4)


def test_turned_light_falls_on_turned_surfaces_alike():
    light = draw_light("any", np.random.default_rng(2))
    turn = pose.matrix(50, -30, 110)
    normals = sphere(40)
    before = light.soft(open_transfer(normals))
    after = light.turned(turn).soft(open_transfer(normals @ turn.T))
    np.testing.assert_allclose(after, before, atol=1e-4)


@pytest.mark.parametrize("kind", SETTINGS)
def test_lamps_are_within_what_a_photograph_bears(kind):
    for seed in range(20):
        light = draw_light(kind, np.random.default_rng(seed))
        assert np.linalg.norm(light.toward) == pytest.approx(1)
        shown = light.soft(open_transfer(sphere(50)))
        assert 0 < shown.mean() + light.key.mean() < 3


def plate(height, half):
    """A square that faces up, y being up."""
    corners = [[-half, height, -half], [-half, height, half], [half, height, half],
               [half, height, -half]]  # fmt: skip
    return Caster(np.float32(corners), np.int32([[0, 1, 2], [0, 2, 3]]), two_sided=True)


def test_a_plate_casts_its_shadow_and_no_more():
    shadows = ShadowMap.of([plate(0, 10), plate(6, 3)], np.array([0, 1.0, 0]), 0.5)
    below = np.float32([[0, 0, 0], [2, 0, -2], [6, 0, 0], [0, 0, -8], [0, 6, 0]])
    np.testing.assert_allclose(shadows.at(below), [0, 0, 1, 1, 1], atol=0.1)


def test_what_lies_beyond_the_map_is_in_the_light():
    shadows = ShadowMap.of([plate(0, 10), plate(6, 30)], np.array([0, 1.0, 0]), 0.5)
    np.testing.assert_allclose(shadows.at(np.float32([[25, 0, 0]])), 1)


def test_an_open_plate_is_open_and_a_covered_one_is_dark():
    points, up = np.float32([[0, 0, 0]]), np.float32([[0, 1, 0]])
    bare = openness(points, up, [plate(0, 10)], 200)
    np.testing.assert_allclose(bare, open_transfer(up), atol=0.08)
    covered = openness(points, up, [plate(0, 10), plate(1, 10)], 200)
    assert covered[0, 0] < 0.25 * bare[0, 0]


@pytest.mark.parametrize("kind", ["skin", "cloth", "wet", "hair"])
def test_nothing_shines_without_light(kind):
    normals = sphere(30).astype(np.float32)
    toward = np.tile(np.float32([0, 0, 1]), (30, 1))
    place = Place(normals, toward, open_transfer(normals), np.ones(30, np.float32))
    dark = Light(np.zeros((9, 3)), np.array([0, 0, 1.0]), np.zeros(3), 1.0)
    lit = {
        "skin": lambda: skin(place, dark),
        "cloth": lambda: cloth(place, dark),
        "wet": lambda: wet(place, dark, 300, 1),
        "hair": lambda: hair(place, dark, normals[:, [1, 2, 0]], np.float32([0.1, 0.1, 0.1])),
    }[kind]()
    assert not lit.light.any()
    assert not lit.gloss.any()


def test_skin_reddens_where_the_light_ends():
    normals = np.float32([[0, 0, 1], [1, 0, -0.1]])
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    toward = np.tile(np.float32([0, 0, 1]), (2, 1))
    place = Place(normals, toward, np.zeros((2, 9), np.float32), np.ones(2, np.float32))
    white = Light(np.zeros((9, 3)), np.array([0, 0, 1.0]), np.ones(3), 1.0)
    facing, turned = skin(place, white).light
    np.testing.assert_allclose(facing, 1, atol=1e-5)
    assert turned[0] > turned[1] > turned[2] or turned[2] == turned[1] == 0 < turned[0]
