from __future__ import annotations

import numpy as np
import pytest

from facelab.constants import PARTS
from facelab.geometry.parsing import SIDE, Parsing
from facelab.geometry.window import ROOM, Window
from facelab.types import Box, Crop
from tests.synthetic import noise, plane

SHAPE = 90, 120


@pytest.mark.parametrize(
    ("box", "room", "rows", "columns"),
    [
        (Box(10, 20, 30, 40), 5, (15, 46), (5, 36)),
        (Box(10.5, 20.5, 30.5, 40.5), 0, (20, 42), (10, 32)),
        (Box(-50, -50, 500, 500), 9, (0, 90), (0, 120)),
        (Box(-50, 200, -40, 210), 0, (89, 90), (0, 1)),  # beside the image
    ],
)
def test_a_window_holds_what_is_around_a_box(box, room, rows, columns):
    window = Window.around(box, room, SHAPE)
    assert (window.rows, window.columns) == (slice(*rows), slice(*columns))


def test_a_face_has_room_on_all_sides():
    positions = plane((400, 300), 0.5)
    box, window = positions.box, Window.of_face(positions, (2000, 2000))
    room = ROOM * max(box.width, box.height)
    assert window.rows.start <= box.y0 - room and window.columns.stop > box.x1 + room
    part = window.part(np.zeros((2000, 2000, 3)))
    assert part.shape[0] < 2.1 * room + box.height


def test_positions_go_in_and_come_back_and_show_the_same_pixels():
    image, window = noise(*SHAPE), Window(slice(20, 70), slice(30, 100))
    positions = plane((40, 25), 0.1)
    inside = window.inward(positions)
    np.testing.assert_array_equal(window.outward(inside).values, positions.values)
    x, y = np.rint(positions.values[128, 128, :2]).astype(int)
    u, v = np.rint(inside.values[128, 128, :2]).astype(int)
    np.testing.assert_array_equal(window.part(image)[v, u], image[y, x])


def test_the_whole_image_needs_no_other_positions():
    positions = plane()
    assert Window(slice(0, 90), slice(0, 120)).inward(positions) is positions


def test_a_window_grows_by_what_it_does_not_hold():
    window = Window(slice(20, 70), slice(30, 100))
    assert window.holding((slice(30, 40), slice(30, 100))) == window
    assert window.holding((slice(10, 40), slice(50, 110))) == Window(slice(10, 70), slice(30, 110))
    assert window.holding(None) == window


def test_a_parsing_goes_in_and_comes_back_and_shows_the_same():
    shares = np.random.default_rng(0).random((SIDE, SIDE, len(PARTS)), np.float32)
    parsing = Parsing(shares, Crop((64.0, 40.5), 50.0, 12.0, SIDE))
    window = Window(slice(20, 70), slice(30, 100))
    inside = window.parsing_inward(parsing)
    whole = parsing.over((slice(0, 90), slice(0, 120)), "skin")
    part = inside.over((slice(0, 50), slice(0, 70)), "skin")
    np.testing.assert_allclose(part, window.part(whole), atol=1e-3)
    assert window.parsing_outward(inside).crop == parsing.crop
