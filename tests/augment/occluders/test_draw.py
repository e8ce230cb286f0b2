"""Drawing before a head: depth order, labels, soft edges, shadows that only darken."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from facelab.augment.classes import CLASSES, COVERED
from facelab.augment.occluders.draw import draw
from facelab.augment.occluders.head import HeadFrame
from facelab.augment.occluders.light import Light
from facelab.augment.occluders.surface import of_grid
from tests.augment.occluders.scenes import MIDDLE, SCALE, SIDE, classes_of, scene
from tests.synthetic import frozen

LIGHT = Light(1.0, 0.5, np.float32([0, 0.25, 0.45]), np.float32([0.4, 0.25, 0.2]))
RED, BLUE = (0.9, 0.1, 0.1), (0.1, 0.1, 0.9)


def card(middle, side, colour=RED, label="object", opacity=1.0, tilt=0.0):
    """A square that looks at the viewer, cm; `tilt` turns it in its plane, degrees."""
    x, y = np.meshgrid(np.linspace(-1, 1, 9), np.linspace(1, -1, 9))
    cos, sin = np.cos(np.deg2rad(tilt)), np.sin(np.deg2rad(tilt))
    grid = np.stack([x * cos - y * sin, x * sin + y * cos, 0 * x], axis=-1) * side / 2
    texture = np.float32([*colour, opacity]).reshape(1, 1, 4)
    return of_grid(grid + np.array(middle), texture, label)


def drawn(made, *cards, worn=False, light=LIGHT):
    return draw(made, HeadFrame.of(made.positions), cards, light, worn=worn, give=0.1)


def at(image, x, y):
    """The pixel of a place in cm, x right and y up from the face's origin."""
    return image[round(MIDDLE - y * SCALE), round(MIDDLE + x * SCALE)]


def test_a_card_covers_as_many_pixels_as_it_has():
    made = drawn(scene(), card((0, 0, 12), 10, tilt=17))
    covered = made.occlusion.sum()
    assert covered == pytest.approx((10 * SCALE) ** 2, rel=0.03)
    soft = (made.occlusion > 0.02) & (made.occlusion < 0.98)
    assert soft.sum() > 0.6 * 4 * 10 * SCALE  # its edges are not jagged


def test_classes_are_where_it_covers():
    made = drawn(scene(), card((0, 0, 12), 10, tilt=17, label="hand"))
    np.testing.assert_array_equal(classes_of(made) == CLASSES["hand"], made.occlusion > COVERED)


def test_glass_hides_nothing():
    clear = drawn(scene(), card((0, 0, 12), 10, opacity=0.2, label="glasses"))
    assert 0.1 < clear.occlusion.max() < COVERED
    np.testing.assert_array_equal(classes_of(clear), classes_of(scene()))


@pytest.mark.parametrize("swapped", [False, True])
def test_the_nearer_is_seen_whatever_the_order(swapped):
    cards = [card((0, 0, 14), 4, RED), card((0, 0, 12), 10, BLUE)]
    made = drawn(scene(), *(cards[::-1] if swapped else cards))
    assert np.argmax(at(made.image, 0, 0)) == 0
    assert np.argmax(at(made.image, 4, 4)) == 2


def test_the_head_hides_what_is_behind_it():
    made = drawn(scene(), card((0, 0, -8), 30))
    assert at(made.occlusion, 0, 0) == 0
    assert at(made.occlusion, 13, 0) == 1
    before = drawn(scene(), card((0, 0, 9), 30))
    assert at(before.occlusion, 0, 0) == 1


def test_known_depth_is_the_head_s():
    plain = scene()
    deep = np.full((SIDE, SIDE), np.nan, np.float32)
    deep[:, : SIDE // 2] = 1000
    known = replace(plain, truth=replace(plain.truth, depth=frozen(deep)))
    made = drawn(known, card((0, 0, 12), 10))
    assert at(made.occlusion, -3, 0) == 0
    assert at(made.occlusion, 3, 0) == 1


def test_what_is_worn_is_behind_what_is_held():
    held = drawn(scene(), card((0, 0, 12), 6, RED, "hand"))
    worn = drawn(held, card((0, 0, 14), 12, BLUE, "glasses"), worn=True)
    np.testing.assert_array_equal(at(worn.image, 0, 0), at(held.image, 0, 0))
    assert at(classes_of(worn), 0, 0) == CLASSES["hand"]
    assert at(classes_of(worn), 5, 5) == CLASSES["glasses"]
    held_later = drawn(drawn(scene(), card((0, 0, 14), 12, BLUE), worn=True), card((0, 0, 12), 6))
    assert np.argmax(at(held_later.image, 0, 0)) == 0


def test_a_shadow_only_darkens_the_person_and_lies_away_from_the_light():
    plain = scene()
    matte = plain.matte.copy()
    matte[:, 56:] = 0  # nobody, whatever the head's shape says
    plain = replace(plain, matte=frozen(matte))
    from_above = Light(1.0, 0.4, np.float32([0, 0.6, 0.6]), LIGHT.tone)
    made = drawn(plain, card((0, 1, 10), 6), light=from_above)
    free = made.occlusion == 0
    assert (made.image[free] <= plain.image[free] + 1e-6).all()
    darker = (plain.image - made.image)[..., 0] * free
    assert darker.max() > 0.1
    assert darker[plain.matte == 0].max() == 0
    rows = np.average(np.arange(SIDE), weights=darker.sum(axis=1))
    assert rows > MIDDLE - 1 * SCALE + 2  # below the card


def test_a_shadow_fades_with_the_distance():
    def darkest(depth):
        made = drawn(scene(), card((0, 0, depth), 6))
        return (scene().image - made.image)[..., 0][made.occlusion == 0].max()

    assert darkest(8.5) > darkest(13) > 0


def test_what_is_outside_of_the_picture_changes_nothing():
    plain = scene()
    assert drawn(plain, card((200, 0, 10), 6)) is plain


def test_it_has_the_grain_of_the_photograph():
    rough = scene(seed=1)
    made = drawn(rough, card((0, 0, 12), 10))
    inside = made.image[40:56, 40:56, 0]
    assert inside.std() > 0.02
    assert drawn(scene(), card((0, 0, 12), 10)).image[40:56, 40:56, 0].std() < 0.01


def test_light_falls_on_it():
    dim = Light(0.4, 0.5, LIGHT.direction, LIGHT.tone)
    bright, dark = (drawn(scene(), card((0, 0, 12), 10), light=light) for light in (LIGHT, dim))
    assert at(dark.image, 0, 0)[0] < 0.8 * at(bright.image, 0, 0)[0]
