from __future__ import annotations

import numpy as np
import pytest

from facelab.face.limbus import find_limbus

REACH, SIDE = 2.0, 80


def view(x=0.0, y=0.0, radius=1.0, lid=-9.0, lamp=None):
    """A picture of a dark disk on white, below a lid, and how far each place is below the lid."""
    along = (np.arange(SIDE) + 0.5) / SIDE * 2 * REACH - REACH
    u, v = np.meshgrid(along, along)
    grey = 0.8 - 0.6 / (1 + np.exp((np.hypot(u - x, v - y) - radius) * 20))
    if lamp is not None:
        grey[np.hypot(u - lamp[0], v - lamp[1]) < 0.15] = 1.0
    grey[v < lid] = 0.5
    return grey.astype(np.float32), (v - lid).astype(np.float32)


@pytest.mark.parametrize("place", [(0, 0, 1), (0.18, -0.12, 1.1), (-0.24, 0.06, 0.9)])
@pytest.mark.parametrize("lid", [-9.0, -0.5, 0.0])
def test_a_disk_is_found_however_much_a_lid_hides(place, lid):
    found = find_limbus(*view(*place, lid=lid), REACH, known=True)
    assert (*found.centre, found.radius) == pytest.approx(place, abs=0.13)


def test_an_iris_is_found_from_afar_where_no_network_told_it():
    found = find_limbus(*view(0.6, 0.1), REACH, known=False)
    assert found.centre == pytest.approx((0.6, 0.1), abs=0.13)


@pytest.mark.parametrize("lamp", [(0.3, -0.3), (0.9, 0), (-0.95, -0.1)])
def test_a_reflection_moves_nothing(lamp):
    found = find_limbus(*view(lamp=lamp), REACH, known=True)
    assert (*found.centre, found.radius) == pytest.approx((0, 0, 1), abs=0.08)


@pytest.mark.parametrize("lid", [-9.0, 3.0], ids=["no iris", "a closed eye"])
def test_where_nothing_is_seen_the_place_stays(lid):
    plain = np.full((SIDE, SIDE), 0.5, np.float32)
    found = find_limbus(plain, view(lid=lid)[1], REACH, known=True)
    assert (*found.centre, found.radius) == (0, 0, 1)
