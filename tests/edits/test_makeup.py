"""Make-up: its colour is read on light and dark skin, and what lies under it still shows."""

from __future__ import annotations

from functools import partial

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.interpolate import CubicSpline

from facelab.edits.blush import STYLES, Blush
from facelab.edits.cielab import lab_of, to_lab, to_rgb
from facelab.edits.complexion import Complexion, blurred, faded
from facelab.edits.eyeliner import Eyeliner
from facelab.edits.eyeshadow import Eyeshadow
from facelab.edits.foundation import Foundation
from facelab.edits.lip_liner import LipLiner
from facelab.edits.lipstick import Lipstick
from facelab.edits.pigment import FINISHES, in_light, powdered
from facelab.edits.strokes import curve, stroke
from facelab.face.eye_layer import eyes_of
from facelab.numerics.distance import distance_within
from tests.editing import (
    SKINS,
    change,
    holds,
    lab,
    mean_lab,
    portrait,
    recoloured,
    same_at_any_size,
)
from tests.eyed import eyed
from tests.synthetic import ATLAS, frozen

MAKEUP = (Lipstick, LipLiner, Blush, Eyeshadow, Eyeliner, partial(Foundation, match=0.2))


@pytest.mark.parametrize("skin", SKINS)
@pytest.mark.parametrize("kind", MAKEUP)
def test_every_make_up_keeps_the_promises_of_edits(kind, skin):
    holds(kind, skin=SKINS[skin])


@pytest.mark.parametrize("kind", MAKEUP)
def test_make_up_is_the_same_at_any_size(kind):
    thin = kind is Eyeliner
    same_at_any_size(kind, size=512 if thin else 256, mean=0.03 if thin else 0.003)


# --- Colours and masks ---------------------------------------------------------------------------


def test_cielab_of_known_colours():
    np.testing.assert_allclose(lab_of("#ffffff"), [100, 0, 0], atol=0.1)
    np.testing.assert_allclose(lab_of("#ff0000"), [53.24, 80.09, 67.20], atol=0.3)  # D65


def test_cielab_and_back():
    colour = np.random.default_rng(0).random((16, 16, 3)).astype(np.float32)
    np.testing.assert_allclose(to_rgb(to_lab(colour)), colour, atol=0.006)


def test_no_feature_is_bare_skin_and_cheeks_are():
    skin = Complexion(portrait())
    for name in ("eyes", "brows", "lips"):
        assert skin.bare[ATLAS.region(name, 256) > 0.99].max() < 0.05
    assert skin.bare[ATLAS.region("cheeks", 256) > 0.99].mean() > 0.9


def test_blurring_leaves_out_what_has_no_weight():
    values = np.full((64, 64, 3), 0.25, np.float32)
    values[:, 32:] = 99
    weight = np.zeros((64, 64), np.float32)
    weight[:, :32] = 1
    np.testing.assert_allclose(blurred(values, weight, 3.2)[:, :32], 0.25, rtol=1e-4)


def test_the_fading_mask_is_0_outside_and_1_inside():
    mask = faded(ATLAS, 256, 0.1)
    assert not mask[ATLAS.region("oval", 256) < 0.5].any()
    assert mask[128, 128] == 1
    assert (np.diff(mask[128, :64]) >= 0).all()


# --- Strokes -------------------------------------------------------------------------------------


def test_distances_from_a_straight_stroke():
    v, u = (np.indices((64, 64)) + 0.5) / 64
    near = stroke(np.dstack([u, v]).astype(np.float32), np.float32([[0.2, 0.5], [0.8, 0.5]]), 0.1)
    assert len(near.texels[0]) == (np.hypot(u - u.clip(0.2, 0.8), v - 0.5) < 0.1).sum()
    between = (u[near.texels] > 0.22) & (u[near.texels] < 0.78)
    below = (v - 0.5)[near.texels]  # rightward, what lies below is to the right
    np.testing.assert_allclose(near.distance[between], below[between], atol=1e-4)
    along = (u[near.texels] - 0.2) / 0.6
    np.testing.assert_allclose(near.along[between], along[between], atol=0.003)


def test_a_curve_goes_through_its_points():
    points = np.float32([[0.1, 0.1], [0.4, 0.3], [0.5, 0.7], [0.9, 0.8]])
    path = curve(points)
    gaps = np.linalg.norm(path[None] - points[:, None], axis=2).min(axis=1)
    assert gaps.max() < 0.004


@pytest.mark.parametrize("count", [2, 3, 6, 10])
def test_a_curve_is_the_natural_cubic_spline(count):
    points = np.cumsum(np.random.default_rng(count).random((count, 2)), axis=0)
    length = np.hstack([0, np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))])
    spline = CubicSpline(length, points, bc_type="natural")
    np.testing.assert_allclose(curve(points), spline(np.linspace(0, length[-1], 256)), atol=1e-6)


@pytest.mark.parametrize("reach", [0.01, 0.08])
def test_the_nearest_point_of_a_curve_is_that_of_a_search_through_all(reach):
    """Of one that comes back to itself, too."""
    points = np.float32([[0.2, 0.3], [0.7, 0.4], [0.6, 0.7], [0.3, 0.6], [0.35, 0.25]])
    v, u = (np.indices((150, 150)) + 0.5) / 150
    places = np.dstack([u, v]).astype(np.float32)
    near, path = stroke(places, points, reach), curve(points)
    away = np.linalg.norm(places[:, :, None] - path, axis=3)
    assert len(near.along) == (away.min(axis=2) < reach).sum() > 0
    np.testing.assert_allclose(np.abs(near.distance), away.min(axis=2)[near.texels], atol=1e-6)
    there = away[near.texels][np.arange(len(near.along)), np.rint(near.along * 255).astype(int)]
    np.testing.assert_allclose(there, away.min(axis=2)[near.texels], atol=1e-6)


# --- Only what changes is worked on --------------------------------------------------------------


@pytest.mark.parametrize("kind", MAKEUP)
@pytest.mark.parametrize("strength", [0.6, 1.0])
def test_what_is_done_in_a_window_is_what_is_done_to_the_whole(kind, strength):
    face, edit = portrait(), kind(strength=strength)
    colour, mask = edit.recolour(face, {})
    was = face.texture.colour
    whole = np.clip(was + np.float32(strength) * mask[..., None] * (colour - was), 0, 1)
    changed = edit(face, {}).texture.colour
    np.testing.assert_allclose(changed, whole, atol=1e-6)
    np.testing.assert_array_equal(changed[mask == 0], was[mask == 0])
    assert 0.001 < (mask > 0).mean() < 0.9


@pytest.mark.parametrize("finish", FINISHES)
def test_a_veil_is_the_sum_that_it_says(finish):
    """Texel by texel, in three channels at once."""
    rng = np.random.default_rng(3)
    colour = rng.random((40, 30, 3), np.float32)
    tone = to_lab(rng.uniform(0.2, 0.9, (40, 30, 3)).astype(np.float32))
    pigment, lab = lab_of("#b84a5c"), to_lab(colour)
    thicker = 1 + 0.8 * np.clip(1 - tone[..., :1] / 70, 0, 1)
    hidden = np.minimum(np.float32([0.45, 0.6, 0.6]) * thicker, 1)
    veil = hidden * (in_light(pigment, tone[..., 0]) - tone)
    veil[..., 0] = np.minimum(veil[..., 0], 6)
    veil[..., 1:] *= np.clip(lab[..., :1] / np.maximum(tone[..., :1], 1), 0.3, 1.2)
    fine = lab[..., 0] - tone[..., 0]
    below, above = FINISHES[finish]
    lab += veil
    lab[..., 0] += np.where(fine < 0, below - 1, above - 1) * fine
    made = powdered(colour, tone, pigment, finish, (0.45, 0.6))
    np.testing.assert_allclose(made, to_rgb(lab), atol=1e-4)


@pytest.mark.parametrize("sigma", [1.5, 3.9, 9.0])
def test_blurring_is_a_weighted_mean(sigma):
    rng = np.random.default_rng(4)
    values, weight = rng.random((90, 70, 3), np.float32), rng.random((90, 70), np.float32)
    total, support = (
        cv2.GaussianBlur(one, (0, 0), sigma, borderType=cv2.BORDER_CONSTANT)
        for one in (values * weight[..., None], weight)
    )
    mean = total / np.maximum(support, 1e-4)[..., None]
    np.testing.assert_allclose(blurred(values, weight, sigma), mean, atol=0.02)
    if sigma < 8:  # no fewer texels are taken
        np.testing.assert_allclose(blurred(values, weight, sigma), mean, atol=1e-5)


def test_an_eyeliner_follows_the_lids_and_stays_outside_of_them():
    face = eyed()
    edit = Eyeliner(lids="both", thickness=3.0, wing=0)
    mask = edit.recolour(face, {})[1]
    for eye in eyes_of(face):
        inside, drawn = eye.lid > 2 * eye.blur, mask[eye.box]
        assert not drawn[inside].any()
        edge = (np.abs(eye.lid) < 0.15) & (np.abs(eye.places[..., 0]) < 1)
        assert edge.sum() > 20
        assert drawn[edge & (eye.lid < -0.05)].min() > 0.5


# --- Lipstick ------------------------------------------------------------------------------------


@pytest.mark.parametrize("skin", SKINS)
@pytest.mark.parametrize("colour", ["#b3263f", "#5a1a2a", "#d06a30"])
def test_lips_take_the_hue_that_was_asked_for(skin, colour):
    face = portrait(SKINS[skin])
    painted = mean_lab(Lipstick(colour=colour)(face, {}), "lips")
    wanted = lab_of(colour)
    assert 0.6 < np.hypot(*painted[1:]) / np.hypot(*wanted[1:]) < 1.1
    turned = np.arctan2(painted[2], painted[1]) - np.arctan2(wanted[2], wanted[1])
    assert abs(np.rad2deg(turned)) < 12


def test_lipstick_does_not_glow_in_the_dark():
    bright, dim = (mean_lab(Lipstick()(portrait(np.multiply(SKINS["light"], light)), {}), "lips")
                   for light in (1, 0.3))  # fmt: skip
    assert dim[0] < 0.75 * bright[0]
    assert np.hypot(*dim[1:]) < 0.85 * np.hypot(*bright[1:])


@given(st.floats(0.02, 1))
def test_dimmed_pigments_are_those_of_less_light(light):
    colour = lab_of("#b3263f")
    skin = 86 * light ** (2 / 3) - 16  # whose root is the light's, in CIELAB
    dimmed = in_light(colour, np.float32(skin))
    linear = xyz(colour) * max(light, 0.6**3)
    np.testing.assert_allclose(xyz(dimmed), linear, rtol=2e-3)


def xyz(colour):
    """CIE XYZ of CIELAB, over the white's; above its linear part."""
    f = (colour[0] + 16) / 116
    return np.array([f + colour[1] / 500, f, f - colour[2] / 200]) ** 3


def test_lipstick_keeps_to_the_lips():
    changed = np.abs(change(Lipstick(), portrait())).max(axis=2)
    away = ATLAS.soft_region("lips", 256, 0.04) == 0
    assert not changed[away].any()


def test_lipstick_keeps_the_shading_of_the_lips():
    face = portrait()
    lips = ATLAS.region("lips", 256) > 0.99
    before, after = (lab(one)[..., 0][lips] for one in (face, Lipstick()(face, {})))
    assert np.corrcoef(before, after)[0, 1] > 0.8


def test_gloss_shines_and_matte_does_not():
    face = portrait()
    colour = face.texture.colour.copy()
    spot = np.zeros((256, 256), np.bool_)
    u, v = np.rint(ATLAS.landmarks68[57]).astype(int)
    spot[v - 3 : v - 1, u - 4 : u + 4] = True
    colour[spot] = 0.95
    face = recoloured(face, colour)
    matte, satin, gloss = (
        lab(Lipstick(finish=finish)(face, {}))[..., 0][spot].mean()
        for finish in ("matte", "satin", "gloss")
    )
    assert matte < satin < gloss


@pytest.mark.parametrize("size", [256, 512])
def test_lipstick_covers_the_line_between_closed_lips(size):
    slit = ATLAS.region("mouth", size) > 0.99
    assert slit.any()
    assert np.abs(change(Lipstick(), portrait(size=size)))[slit].mean() > 0.05


# --- Lip liner -----------------------------------------------------------------------------------


@pytest.mark.parametrize("skin", SKINS)
def test_a_liner_lies_along_the_outline_of_the_lips(skin):
    liner = LipLiner(softness=0.0, colour="#701828")
    changed = np.abs(change(liner, portrait(SKINS[skin], size=512))).max(axis=2)
    lips = (ATLAS.region("lips", 512) + ATLAS.region("mouth", 512)) > 0.5
    depth = distance_within(lips) / 512
    assert changed[(depth > 0.004) & (depth < 0.01)].mean() > 0.02
    assert changed[depth > 0.03].max() < 0.01
    assert not changed[distance_within(~lips) > 0.02 * 512].any()


def test_a_softer_liner_reaches_further_into_the_lips():
    masks = [LipLiner(softness=soft).recolour(portrait(), {})[1] for soft in (0.0, 0.5, 1.0)]
    assert masks[0].sum() < masks[1].sum() < masks[2].sum()


# --- Powder and lines ----------------------------------------------------------------------------


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("skin", SKINS)
def test_blush_reddens_cheeks_and_nothing_far_from_them(skin, style):
    face = portrait(SKINS[skin])
    after = Blush(style=style)(face, {})
    redder = (lab(after) - lab(face))[..., 1]
    assert redder.max() > 4
    assert mean_lab(after, "cheeks")[1] > mean_lab(face, "cheeks")[1] + 1
    assert mean_lab(after, "chin")[1] - mean_lab(face, "chin")[1] < 1


def test_blush_leaves_hair_on_the_cheek_alone():
    face = portrait()
    strand = np.zeros((256, 256), np.bool_)
    u, v = np.rint(ATLAS.uv[116]).astype(int)  # the top of the right cheek
    strand[v - 20 : v + 30, u - 8 : u + 8] = True
    colour = np.where(strand[..., None], np.float32(0.03), face.texture.colour)
    on_skin = np.abs(change(Blush(), face))[strand].mean()
    on_hair = np.abs(change(Blush(), recoloured(face, colour)))[strand].mean()
    assert on_hair < 0.15 * on_skin


@pytest.mark.parametrize("kind", [Blush, Eyeshadow])
def test_powder_shows_on_dark_skin_as_on_light(kind):
    light, dark = (
        np.linalg.norm(lab(kind()(face, {})) - lab(face), axis=2).max()
        for face in map(portrait, (SKINS["light"], SKINS["dark"]))
    )
    assert dark > 0.5 * light


def test_eyeshadow_goes_on_beyond_the_outer_corner_and_not_below_it():
    changed = np.abs(change(Eyeshadow(), portrait())).max(axis=2)
    u, v = ATLAS.landmarks68[45]
    beyond = np.s_[:, round(float(u)) + 3 : round(float(u)) + 9]
    assert changed[beyond][: round(float(v))].max() > 0.02
    assert changed[beyond][round(float(v)) + 3 :].max() < 0.01


@pytest.mark.parametrize("kind", [Blush, Eyeshadow])
def test_powder_does_not_hide_pores(kind):
    face = portrait()
    whole = np.abs(change(kind(), face)).max(axis=2) > 0.02
    before, after = (lab(one)[..., 0] for one in (face, kind(finish="satin")(face, {})))
    rough = [np.abs(np.diff(one, axis=1))[whole[:, 1:]].mean() for one in (before, after)]
    assert rough[1] > 0.85 * rough[0]


@pytest.mark.parametrize("kind", [Blush, Eyeshadow])
def test_pale_powder_does_not_turn_dark_skin_ashen(kind):
    face = portrait(SKINS["dark"])
    lighter = lab(kind(colour="#ffffff")(face, {}))[..., 0] - lab(face)[..., 0]
    assert lighter.max() < 7


def test_eyeshadow_fades_upward_and_spares_the_eyes():
    changed = np.abs(change(Eyeshadow(height=0.6), portrait())).max(axis=2)
    assert changed[ATLAS.region("eyes", 256) > 0.99].max() < 0.03
    eye, brow = ATLAS.landmarks68[37], ATLAS.landmarks68[19]
    column = changed[:, round(float(eye[0]))]
    low, middle, high = (
        column[round(float(eye[1] + share * (brow[1] - eye[1])))] for share in (0.15, 0.4, 0.9)
    )
    assert low > middle > high
    assert high < 0.01


def test_eyeliner_thickens_with_its_key_and_its_wing_reaches_out():
    face = portrait()

    def drawn(**keys):
        return np.abs(change(Eyeliner(**keys), face)).max(axis=2) > 0.05

    assert drawn(thickness=0.5).sum() < drawn().sum() < drawn(thickness=2).sum()
    outer = round(float(ATLAS.landmarks68[36][0]))
    assert drawn(wing=0.5)[:, : outer - 4].sum() > drawn(wing=0)[:, : outer - 4].sum() + 10
    assert drawn(lids="both").sum() > max(drawn(lids="upper").sum(), drawn(lids="lower").sum())


def test_a_line_thinner_than_a_texel_is_fainter_not_thicker():
    fine, coarse = (change(Eyeliner(thickness=0.3, softness=0), portrait(size=size)).mean()
                    for size in (1024, 128))  # fmt: skip
    assert 0.85 < coarse / fine < 1.15


def test_eyeliner_is_dark_along_the_lashes():
    after = lab(Eyeliner()(portrait(), {}))
    for mark in (37, 38, 43, 44):
        u, v = np.rint(ATLAS.landmarks68[mark]).astype(int)
        assert after[v - 2 : v + 2, u, 0].min() < 30


# --- Foundation ----------------------------------------------------------------------------------


@pytest.mark.parametrize("skin", SKINS)
def test_foundation_covers_redness(skin):
    face = portrait(SKINS[skin])
    v, u = (np.indices((256, 256)) + 0.5) / 256
    place = (ATLAS.uv[205] + 0.5) / 256
    spot = np.exp(-(((u - place[0]) ** 2 + (v - place[1]) ** 2) / (2 * 0.02**2)))[..., None]
    red = recoloured(face, np.clip(face.texture.colour * (1 + spot * [0.08, -0.05, -0.05]), 0, 1))
    patch = spot[..., 0] > 0.7

    def redness(one):
        return lab(one)[..., 1][patch].mean()

    covered = redness(Foundation(coverage=1)(red, {})) - redness(Foundation(coverage=1)(face, {}))
    assert covered < 0.4 * (redness(red) - redness(face))


def test_foundation_takes_a_shade_within_reason():
    face = portrait(SKINS["dark"])
    shaded = Foundation(match=0, coverage=0, colour="#ffffff")(face, {})
    moved = np.linalg.norm(mean_lab(shaded, "cheeks") - mean_lab(face, "cheeks"))
    assert 6 < moved < 13


def test_matte_foundation_dulls_highlights_that_dewy_keeps():
    face = portrait()
    v, u = (np.indices((256, 256)) + 0.5) / 256
    place = (ATLAS.uv[205] + 0.5) / 256
    light = np.exp(-(((u - place[0]) ** 2 + (v - place[1]) ** 2) / (2 * 0.02**2)))[..., None]
    lit = recoloured(face, frozen(np.clip(face.texture.colour + 0.15 * light, 0, 1)))
    spot = light[..., 0] > 0.8
    matte, dewy = (
        lab(Foundation(finish=finish)(lit, {}))[..., 0][spot].mean() for finish in ("matte", "dewy")
    )
    assert matte + 2 < dewy
