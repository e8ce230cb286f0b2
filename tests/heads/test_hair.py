"""Hair: its colours, its normals, what a hat leaves of it."""

from __future__ import annotations

import numpy as np
import pytest

from facelab.heads.family import HeadFamily
from facelab.heads.hair import COLOURS, Under, mixed, normals, room_below, tangents
from facelab.heads.person import STYLES, Looks, person_of
from facelab.heads.surface import vertex_normals
from facelab.heads.textures import tinted


def test_styles_are_those_that_there_are():
    assert {f"hair-{style}" for style in STYLES} == {
        part.name for part in HeadFamily.load().kin("hair")
    }


@pytest.mark.parametrize("name", COLOURS)
def test_young_hair_has_its_colour_and_old_hair_greys(name):
    def chroma(age):
        drawn = [mixed(name, age, np.random.default_rng(seed)) for seed in range(40)]
        return np.mean([np.ptp(colour) / colour.max() for colour in drawn])

    assert chroma(85) < chroma(20) or name in ("grey", "white")


@pytest.mark.parametrize("style", STYLES)
def test_locks_face_outward_along_their_strands(style):
    part = HeadFamily.load().parts[f"hair-{style}"]
    vertices = part.vertices(HeadFamily.load().base)
    facing = normals(vertices, vertex_normals(vertices, part.triangles))
    strands = tangents(vertices, part)
    away = vertices - [0, 3, -4]
    assert ((facing * away).sum(axis=1) > -1e-3).all()
    np.testing.assert_allclose(np.linalg.norm(facing, axis=1), 1, atol=1e-4)
    lengths = np.linalg.norm(strands, axis=1)
    assert ((lengths < 1e-6) | (abs(lengths - 1) < 1e-4)).all()


def test_a_hat_swallows_what_is_above_its_lower_side():
    hat = np.float32([[x, 5, z] for x in range(-9, 10) for z in range(-9, 10)])
    locks = np.float32([[0, 9, 0], [0, 5.2, 0], [0, 2, 0]])
    room = room_below(locks, hat)
    assert room[0] < 0 < room[1] < room[2]
    paint = Under(lambda places: np.ones((len(places), 4), np.float32))
    shown = paint(np.hstack([np.zeros((3, 2), np.float32), room]))
    np.testing.assert_allclose(shown[[0, 2], 3], [0, 1])


def test_strands_of_a_picture_keep_the_colour_on_the_whole():
    rng = np.random.default_rng(0)
    grey = np.dstack([rng.uniform(0.3, 0.7, (64, 64)), np.ones((64, 64))]).astype(np.float32)
    colour = np.float32([0.2, 0.1, 0.05])
    shown = tinted(grey, colour)
    np.testing.assert_allclose(shown[..., :3].mean(axis=(0, 1)), colour, rtol=0.1)
    np.testing.assert_array_equal(shown[..., 3], 1)


def test_brows_of_dyed_hair_are_not_dyed():
    for seed in range(5):
        person = person_of(Looks(hair_colour="dyed", seed=seed), 256)
        assert np.ptp(person.brow_colour) < 0.3
        assert person.brow_colour.max() <= 0.16 + 1e-6
