from __future__ import annotations

import cv2
import numpy as np
import pytest

from facelab.edits.reshape import Reshape
from facelab.face import mouth_interior
from facelab.face.composite import composite
from facelab.face.mouth_interior import opened
from facelab.face.texture import unwrap
from facelab.types import Face, PositionMap
from tests.editing import SKINS, portrait
from tests.prnet import laid_out
from tests.synthetic import ATLAS, frozen, mouth, noise, plain

SHAPE = (260, 240)
CLOSED = mouth(-6)  # the canonical face itself has its lips a little apart
LIPS = mouth_interior.Lips
SKIN = pytest.mark.parametrize("skin", SKINS.values(), ids=SKINS)


def photograph(positions, skin):
    """A face as `tests.editing.portrait` has it, drawn into an image."""
    image = plain(SHAPE, skin)
    painted = portrait(skin, positions=positions)
    return composite(image, Face(positions, unwrap(image, positions, 256)), painted, ONE, "alpha")


ONE = frozen(np.ones((256, 256)))


def gape(positions, skin, amount=1.0):
    """The photograph, the face in it, and the photograph with its mouth opened."""
    image = frozen(photograph(positions, skin))
    before = Face(positions, unwrap(image, positions, 256))
    after = Reshape(mouth=amount)(before, {})
    return image, after, composite(image, before, after, ONE, "alpha")


def inside(positions, share=0.5):
    """Pixels between the lips, by their inner edges drawn towards their middle."""
    lips = LIPS.of(positions)
    ring = np.concatenate([lips.upper, lips.lower[::-1]])
    ring = ring.mean(axis=0) + share * (ring - ring.mean(axis=0))
    out = np.zeros(SHAPE, np.uint8)
    cv2.fillPoly(out, [np.rint(ring).astype(np.int32)], 1)
    return out.astype(bool)


@SKIN
def test_a_closed_mouth_opens_on_a_dark_red_one_with_teeth(skin):
    _, after, out = gape(CLOSED, skin)
    pixels = out[inside(after.positions)]
    grey = pixels.mean(axis=1)
    assert len(pixels) > 50
    assert np.quantile(grey, 0.2) < 0.3 * grey.max() + 0.02
    dark = pixels[grey < np.quantile(grey, 0.3)]
    assert (dark[:, 0] > dark[:, 1]).all()
    window = inside(after.positions)
    middle = out[:, 115:126].mean(axis=(1, 2))[window.any(axis=1)]
    assert middle.argmax() < len(middle) / 2  # the upper teeth
    assert middle.max() > 2 * middle.min()


def filled(image, lips, share, colour):
    """A part of the gap between the lips, from the upper one on, in one colour."""
    low = lips.upper + share * (lips.lower - lips.upper)
    ring = np.concatenate([lips.upper, low[::-1]])
    return cv2.fillPoly(image.copy(), [np.rint(ring * 16).astype(np.int32)], colour, shift=4)


@pytest.mark.parametrize("across", [0, 9])
def test_teeth_of_an_open_mouth_stay_with_the_upper_lip(across):
    """A light row under the upper lip and red below it: the light row goes with the lip."""
    positions = mouth(4)
    red = filled(photograph(positions, SKINS["light"]), LIPS.of(positions), 1, (0.8, 0.3, 0.3))
    image = frozen(filled(red, LIPS.of(positions), 0.5, (0.9, 0.9, 0.85)))
    before = Face(positions, unwrap(image, positions, 256))
    moved = PositionMap(frozen(positions.values + np.float32([across, 0, 0])), ATLAS)
    after = Reshape(mouth=1.0)(Face(moved, before.texture), {})
    out = composite(image, before, after, ONE, "alpha")
    was = np.nonzero((image.min(axis=2) > 0.7) & inside(positions, 0.95))
    kept = np.nonzero((out.min(axis=2) > 0.7) & inside(after.positions, 0.95))
    assert len(was[0]) > 40
    assert len(kept[0]) == pytest.approx(len(was[0]), rel=0.3)
    assert abs(kept[0].mean() - was[0].mean()) < 1.5
    assert abs(kept[1].mean() - was[1].mean() - across) < 1.5


def test_an_open_mouth_that_shows_no_teeth_gets_none():
    positions = mouth(6)
    image = photograph(positions, SKINS["light"])
    image = frozen(filled(image, LIPS.of(positions), 1, (0.12, 0.05, 0.05)))
    before = Face(positions, unwrap(image, positions, 256))
    after = Reshape(mouth=1.0)(before, {})
    out = composite(image, before, after, ONE, "alpha")
    assert out[inside(after.positions, 0.7)].mean(axis=1).max() < 0.3


def test_lips_that_move_together_open_nothing():
    image = noise(*SHAPE)
    before = Face(CLOSED, unwrap(image, CLOSED, 256))
    shifted = PositionMap(frozen(CLOSED.values + np.float32([5, -3, 0])), ATLAS)
    assert opened(image, image, before, shifted) is image
    apart = mouth(9)
    shifted = PositionMap(frozen(apart.values + np.float32([5, -3, 0])), ATLAS)
    assert opened(image, image, Face(apart, before.texture), shifted) is image
    assert opened(image, image, Face(mouth(9), before.texture), CLOSED) is image  # closing


def test_only_what_lies_between_the_lips_changes():
    image, after, _ = gape(CLOSED, SKINS["light"])
    out = opened(image, image, Face(CLOSED, unwrap(image, CLOSED, 256)), after.positions)
    assert not np.array_equal(out, image)
    np.testing.assert_array_equal(
        out[~inside(after.positions, 1.1)], image[~inside(after.positions, 1.1)]
    )


def test_a_mask_keeps_a_mouth_from_opening():
    image = frozen(photograph(CLOSED, SKINS["light"]))
    before = Face(CLOSED, unwrap(image, CLOSED, 256))
    after = Reshape(mouth=1.0)(before, {})
    nothing = frozen(np.zeros(SHAPE))
    out = composite(image, before, after, ONE, "alpha", nothing)
    np.testing.assert_allclose(out, image, atol=1 / 1000)


@pytest.mark.parametrize("corner", [(-110, 0), (120, 0), (0, -165), (0, 90), (900, 0)])
def test_a_mouth_cut_by_the_border(corner):
    positions = PositionMap(frozen(CLOSED.values + np.float32([*corner, 0])), ATLAS)
    image = noise(*SHAPE)
    before = Face(positions, unwrap(image, positions, 256))
    out = composite(image, before, Reshape(mouth=1.0)(before, {}), ONE, "alpha")
    assert out.shape == image.shape
    assert 0 <= out.min() <= out.max() <= 1


def test_it_is_the_same_at_twice_the_size():
    """Half the resolution shows the same mouth."""
    pictures = []
    for scale in (1, 2):
        positions = PositionMap(frozen(CLOSED.values * scale), ATLAS)
        image = plain((SHAPE[0] * scale, SHAPE[1] * scale), SKINS["light"])
        before = portrait(positions=positions)
        after = Reshape(mouth=1.0)(before, {})
        pictures.append(opened(image, image, before, after.positions))
    small, large = pictures
    reduced = cv2.resize(large, SHAPE[::-1], interpolation=cv2.INTER_AREA)
    changed = (small != plain(SHAPE, SKINS["light"])).any(axis=2)
    assert changed.sum() > 100
    assert np.abs(reduced - small)[changed].mean() < 0.04


def test_lips_of_an_atlas_without_a_slit_are_its_landmarks(atlas):
    assert atlas.slit is None
    face = laid_out(mouth(20), atlas)
    lips = LIPS.of(face)
    np.testing.assert_array_equal(lips.upper[[0, -1]], lips.lower[[0, -1]])  # the corners
    assert np.linalg.norm(lips.upper[0] - lips.upper[-1]) > 20
    assert (lips.lower[1:-1, 1] - lips.upper[1:-1, 1] > 5).all()


def test_two_rows_part_with_the_jaws_and_one_stays_above():
    """Light rows behind both lips, dark between them; or one that fills the gap."""
    positions = mouth(8)
    lips = LIPS.of(positions)
    one = filled(photograph(positions, SKINS["light"]), lips, 1, (0.9, 0.9, 0.85))
    upper, lower = mouth_interior._own_teeth(one, lips, np.ones(3, np.float32))
    middle = slice(len(upper) // 3, -(len(upper) // 3))
    assert (upper[middle] > 0.6 * lips.gaps[middle]).all()
    assert not lower.any()
    between = LIPS(*(lips.upper + share * (lips.lower - lips.upper) for share in (0.4, 0.6)))
    two = filled(one, between, 1, (0.05, 0.03, 0.03))
    upper, lower = mouth_interior._own_teeth(two, lips, np.ones(3, np.float32))
    for row in (upper, lower):
        assert (np.abs(row[middle] / lips.gaps[middle] - 0.4) < 0.12).all()
