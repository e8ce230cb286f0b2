"""Clothes: where they lie on the mesh, and what is woven into them."""

from __future__ import annotations

import numpy as np
import pytest

from facelab.heads import shape
from facelab.heads.clothes import PATTERNS, draw_cloth, garment
from facelab.heads.family import HeadFamily
from facelab.heads.neck import bent


def test_cloth_lies_off_the_skin_and_ends_in_it():
    head, worn = HeadFamily.load().base, garment()
    vertices = worn.vertices(head, shape.normals(head))
    off = np.linalg.norm(vertices[: len(worn.skin)] - head[worn.skin], axis=1)
    np.testing.assert_allclose(off, 0.35, atol=1e-3)
    inner = vertices[-len(worn.collar) :]
    np.testing.assert_array_equal(inner, head[worn.skin[worn.collar]])


def test_the_hem_goes_on_below_the_mesh_with_the_body():
    head, worn = HeadFamily.load().base, garment()
    hem = slice(len(worn.skin), len(worn.skin) + len(worn.hem))
    straight, turned = (
        worn.vertices(one, shape.normals(one)) for one in (head, bent(head, (0, 40, 0), 1.0))
    )
    assert (straight[hem, 1] < head[worn.skin[worn.hem], 1] - 60).all()
    lengths = [np.linalg.norm(one[hem] - one[worn.hem], axis=1) for one in (straight, turned)]
    np.testing.assert_allclose(lengths, 70, atol=1e-3)
    assert abs((turned - straight)[hem, 2]).min() > 10


def test_a_place_for_every_vertex():
    worn = garment()
    count = int(worn.triangles.max()) + 1
    assert worn.places.shape == (count, 3)
    assert worn.of.shape == (count,)


@pytest.mark.parametrize("pattern", PATTERNS)
def test_patterns_mix_two_colours(pattern):
    cloth = draw_cloth(pattern, np.random.default_rng(0))
    places = np.random.default_rng(1).uniform(-30, 0, (500, 3)).astype(np.float32)
    shown = cloth(places)
    low, high = np.minimum(cloth.colour, cloth.other), np.maximum(cloth.colour, cloth.other)
    assert shown.shape == (500, 3)
    assert (shown >= low - 1e-6).all()
    assert (shown <= high + 1e-6).all()
    assert (np.ptp(shown, axis=0).max() > 0) == (pattern != "plain")
