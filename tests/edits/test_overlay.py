from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facelab.edits.blend_modes import MODES
from facelab.edits.edit import Picture
from facelab.edits.overlay import Overlay
from facelab.edits.project import Project
from facelab.errors import UsageError
from facelab.face.composite import composite
from facelab.types import Face
from tests.synthetic import (
    ATLAS,
    DARK,
    SKIN,
    canonical,
    checkerboard,
    frozen,
    painted,
    plain,
    plain_face,
    texture,
)

SIZE = 256
PLACES = ("forehead", "left-cheek", "right-cheek", "nose", "chin")
NOTHING = frozen(np.zeros((64, 64)))
values = st.floats(0, 1, width=32)


def sheet(side, colour, alpha=1.0, width=None):
    """A picture of one colour."""
    shape = (side, width or side)
    return Picture(plain(shape, colour), frozen(np.full(shape, alpha)))


def face(colour=SKIN, size=SIZE):
    return plain_face(canonical(), colour, size)


def laid(edit, picture, on=None):
    """The colours of a face under a picture."""
    return edit(on or face(), {"art": picture}).texture.colour


def shown(edit, picture, size=SIZE):
    """Where a red picture shows on black, [0, 1]."""
    return laid(edit, picture, face((0, 0, 0), size))[..., 0]


# --- Blend modes -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        ("normal", [0.8, 0.2]),
        ("multiply", [0.2, 0.12]),
        ("screen", [0.85, 0.68]),
        ("overlay", [0.4, 0.36]),
        ("soft-light", [0.25 + 0.6 * 0.25, 0.6 - 0.6 * 0.6 * 0.4]),  # sqrt(0.25) = 0.5
    ],
)
def test_modes_by_hand(mode, expected):
    under, over = np.float32([0.25, 0.6]), np.float32([0.8, 0.2])
    np.testing.assert_allclose(MODES[mode](under, over), expected, atol=1e-6)


@pytest.mark.parametrize("mode", MODES)
@given(under=values, over=values)
def test_modes_stay_in_range(mode, under, over):
    mixed = MODES[mode](np.float32([under]), np.float32([over]))
    assert mixed.dtype == np.float32
    assert -1e-6 <= mixed[0] <= 1 + 1e-6


@given(under=values)
def test_neutral_paint_changes_nothing(under):
    skin = np.float32([under])
    for mode, neutral in {"multiply": 1, "screen": 0, "overlay": 0.5, "soft-light": 0.5}.items():
        np.testing.assert_allclose(MODES[mode](skin, np.float32([neutral])), skin, atol=1e-6)


# --- Overlay -----------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", MODES)
def test_transparent_paint_leaves_every_texel(mode):
    skin = frozen(np.random.default_rng(1).random((SIZE, SIZE, 3)))
    on = Face(canonical(), texture(SIZE).__class__(skin, frozen(np.ones((SIZE, SIZE)))))
    art = Picture(plain((64, 64), (1, 0, 0)), NOTHING)
    np.testing.assert_array_equal(laid(Overlay(reference="art", blend=mode), art, on), skin)


def test_opaque_unshaded_paint_is_its_own_colour():
    colours = laid(Overlay(reference="art", shading=0), sheet(300, (0.1, 0.7, 0.3)))
    np.testing.assert_allclose(colours, plain((SIZE, SIZE), (0.1, 0.7, 0.3)), atol=1e-6)


@pytest.mark.parametrize("side", [64, 256, 1000])
def test_pictures_of_any_size_cover_the_same_texels(side):
    alpha = np.zeros((side, side))
    alpha[side // 4 : side // 2, side // 2 :] = 1
    art = Picture(plain((side, side), (1, 0, 0)), frozen(alpha))
    expected = np.zeros((SIZE, SIZE))
    expected[SIZE // 4 : SIZE // 2, SIZE // 2 :] = 1
    off = np.abs(shown(Overlay(reference="art", shading=0), art) - expected)
    blurry = 4 * max(SIZE / side, 1)  # texels along the edge
    assert off.sum() < blurry * SIZE
    assert off[:50].max() < 1e-6


def test_the_colour_of_transparent_pixels_does_not_leak():
    colour, alpha = np.zeros((64, 64, 3)), np.zeros((64, 64))
    colour[..., 1] = 1
    colour[20:40, 20:40] = (1, 0, 0)
    alpha[20:40, 20:40] = 1
    colours = laid(Overlay(reference="art", shading=0), Picture(frozen(colour), frozen(alpha)),
                   face((0, 0, 0)))  # fmt: skip
    assert colours[..., 0].max() == pytest.approx(1)
    assert colours[..., 1].max() < 1e-5


@pytest.mark.parametrize("skin", [SKIN, DARK])
def test_shading_darkens_paint_where_the_skin_is_in_shadow(skin):
    half = np.zeros((SIZE, SIZE), bool)
    half[:, : SIZE // 2] = True
    lit = face(skin)
    lit = Face(lit.positions, painted(lit.texture, half, np.float32(skin) * 0.5))
    art = sheet(64, (0.5, 0.5, 0.5))
    flat, half_way, full = (
        laid(Overlay(reference="art", shading=amount), art, lit)[110:150] for amount in (0, 0.5, 1)
    )
    assert np.ptp(flat) < 1e-6
    ratios = [c[:, 40:80].mean() / c[:, 176:216].mean() for c in (half_way, full)]
    assert ratios[0] == pytest.approx(np.sqrt(ratios[1]), rel=0.03)
    assert ratios[1] == pytest.approx(0.55, abs=0.12)  # tone is smooth: a little of each half


def test_even_skin_of_any_tone_leaves_paint_as_it_is():
    for skin in (SKIN, DARK):
        colours = laid(Overlay(reference="art", shading=1), sheet(64, (0.3, 0.6, 0.2)), face(skin))
        inside = ATLAS.region("oval", SIZE) == 1
        np.testing.assert_allclose(
            colours[inside], np.broadcast_to([0.3, 0.6, 0.2], colours[inside].shape), atol=0.02
        )


def test_a_missing_or_wrong_reference_is_an_error():
    with pytest.raises(UsageError, match="overlay: no input is called 'art'"):
        Overlay(reference="art")(face(), {})
    with pytest.raises(UsageError, match="overlay: art is a photograph's face"):
        Overlay(reference="art")(face(), {"art": face()})


@pytest.mark.parametrize("pose", [{}, {"yaw": 25, "roll": 10}, {"pitch": -15, "scale": 12}])
def test_a_checkerboard_lands_on_the_same_points_of_every_face(pose):
    """Within 1 px at 256 px: its corners are found where the position map has them."""
    positions = canonical(**pose, origin=(128, 138, 0))
    image = plain((256, 256))
    before = plain_face(positions, (0.5, 0.5, 0.5), 512)
    edit = Overlay(reference="art", shading=0)
    after = edit(before, {"art": Picture(checkerboard(1024, 128), frozen(np.ones((1024, 1024))))})
    full = np.ones((512, 512), np.float32)
    drawn = composite(image, before, after, full, "alpha", np.ones((256, 256), np.float32))
    corners = np.float32([[u, v] for u in (96, 128, 160) for v in (64, 96, 128)]) - 0.5
    expected = ATLAS.read(positions.values, corners)[:, :2]
    grey = np.ascontiguousarray(np.rint(drawn[..., 0] * 255).astype(np.uint8))
    stop = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_COUNT, 30, 1e-3)
    found = cv2.cornerSubPix(grey, expected[:, None].copy(), (4, 4), (-1, -1), stop)[:, 0]
    assert np.linalg.norm(found - expected, axis=1).max() < 1


# --- Project -----------------------------------------------------------------------------------


def extent(alpha):
    """Width and height in space of where a picture shows, centimetres, by second moments."""
    weight = alpha * ATLAS.valid
    points = ATLAS.canonical_positions[weight > 0.5]
    area = _areas()[weight > 0.5]
    offset = points - np.average(points, axis=0, weights=area)
    spread = (area[:, None, None] * offset[:, :, None] * offset[:, None]).sum(axis=0) / area.sum()
    return np.sqrt(12 * np.linalg.eigvalsh(spread)[::-1][:2])


def _areas():
    """The area in space that each texel covers."""
    along_u, along_v = (np.gradient(ATLAS.canonical_positions, axis=axis) for axis in (1, 0))
    return np.linalg.norm(np.cross(along_u, along_v), axis=2)


def face_width():
    return np.ptp(ATLAS.canonical_positions[ATLAS.face, 0])


@pytest.mark.parametrize("at", PLACES)
def test_a_picture_keeps_its_size_and_shape_in_space(at):
    edit = Project(reference="art", at=at, size=0.16, shading=0)
    expected = np.array([0.16, 0.08]) * face_width()
    np.testing.assert_allclose(
        extent(shown(edit, sheet(50, (1, 0, 0), width=100))),
        expected,
        rtol=0.2 if at == "nose" else 0.12,  # it is bent around that
    )


@settings(max_examples=8)
@given(angle=st.floats(-180, 180))
def test_a_turned_picture_keeps_its_size(angle):
    edit = Project(reference="art", at="forehead", size=0.15, angle=angle, shading=0)
    expected = np.array([0.15, 0.075]) * face_width()
    np.testing.assert_allclose(
        extent(shown(edit, sheet(50, (1, 0, 0), width=100))), expected, rtol=0.1
    )


def middle(alpha):
    """Where it shows in the canonical face frame, (x, y) centimetres."""
    weight = alpha * ATLAS.valid * _areas()
    return np.average(ATLAS.canonical_positions.reshape(-1, 3), axis=0, weights=weight.ravel())[:2]


def test_angles_are_counter_clockwise_as_seen():
    alpha = np.zeros((60, 60))
    alpha[20:40, 40:] = 1  # at the picture's right
    art = Picture(plain((60, 60), (1, 0, 0)), frozen(alpha))
    about = {"reference": "art", "at": "forehead", "size": 0.3, "shading": 0}
    centre = middle(shown(Project(**about | {"size": 0.04}), sheet(8, (1, 0, 0))))
    for angle, direction in ((0, (1, 0)), (90, (0, 1)), (180, (-1, 0)), (-90, (0, -1))):
        off = middle(shown(Project(**about, angle=angle), art)) - centre
        off /= np.linalg.norm(off)
        assert off @ direction > 0.97, angle


def test_right_and_up_move_it_as_seen():
    about = {"reference": "art", "at": "nose", "size": 0.06, "shading": 0}
    centre, right, up = (
        middle(shown(Project(**about, **moved), sheet(8, (1, 0, 0))))
        for moved in ({}, {"right": 0.1}, {"up": 0.1})
    )
    assert right[0] - centre[0] > 0.05 * face_width()
    assert up[1] - centre[1] > 0.05 * face_width()
    assert abs(up[0] - centre[0]) < 0.01 * face_width()


def test_cheeks_are_mirror_images():
    left, right = (
        shown(Project(reference="art", at=f"{side}-cheek", shading=0), sheet(40, (1, 0, 0)))
        for side in ("left", "right")
    )
    assert np.abs(left[:, ::-1] - right).sum() < 0.1 * right.sum()
    assert left[:, SIZE // 2 :].sum() > 0.99 * left.sum()


def test_texels_beside_the_picture_stay_bit_for_bit():
    skin = frozen(np.random.default_rng(2).random((SIZE, SIZE, 3)))
    on = Face(canonical(), texture(SIZE).__class__(skin, frozen(np.ones((SIZE, SIZE)))))
    out = laid(Project(reference="art", at="chin", blend="multiply"), sheet(40, (0, 0, 1)), on)
    changed = (out != skin).any(axis=2)
    assert changed.any()
    assert not changed[: SIZE // 2].any()
    assert changed.mean() < 0.1


def test_a_texture_of_twice_the_side_shows_the_same():
    edit = Project(reference="art", at="left-cheek", size=0.3, angle=30, shading=0)
    small, large = (shown(edit, sheet(40, (1, 0, 0)), size) for size in (512, 1024))
    reduced = cv2.resize(large, (512, 512), interpolation=cv2.INTER_AREA)
    assert np.abs(reduced - small).mean() < 1e-3


def test_fine_pictures_do_not_alias():
    fine = Picture(checkerboard(1024), frozen(np.ones((1024, 1024))))
    out = laid(Project(reference="art", at="forehead", size=0.2, shading=0), fine, face((0, 0, 0)))
    inside = out[..., 0] > 0.25
    assert inside.sum() > 200
    assert np.abs(out[inside] - 0.5).mean() < 0.03


@pytest.mark.parametrize("edit", [Overlay(reference="art"), Project(reference="art")])
def test_strength_is_linear_and_zero_is_the_face_itself(edit):
    on, art = face(), sheet(40, (0.1, 0.2, 0.9))
    at = {s: type(edit)(reference="art", strength=s)(on, {"art": art}) for s in (0, 0.5, 1)}
    assert at[0] is on
    half = (at[1].texture.colour + on.texture.colour) / 2
    np.testing.assert_allclose(at[0.5].texture.colour, half, atol=1e-6)
    assert at[1].texture.confidence is on.texture.confidence
