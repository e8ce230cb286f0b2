"""Skin: what an edit takes away is gone, what it adds is there, and all else stays."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import cv2
import numpy as np
import pytest

from facelab.constants import PARTS
from facelab.edits.blemish import Blemish
from facelab.edits.cielab import decoded, encoded
from facelab.edits.freckles import Freckles
from facelab.edits.relief import shading
from facelab.edits.shine import Shine
from facelab.edits.smooth import Smooth, guided
from facelab.edits.whiten import Whiten
from facelab.edits.wrinkles import PLACES, Wrinkles
from facelab.errors import UsageError
from facelab.face.skin import learn
from facelab.geometry.visibility import normals
from facelab.numerics.smoothing import resized
from facelab.types import Face
from tests.editing import SKINS, change, holds, lab, portrait, recoloured, same_at_any_size
from tests.synthetic import ATLAS, canonical, frozen

CHEEK = (ATLAS.uv[205] + 0.5) / ATLAS.size  # u, v in the middle of the right cheek
OTHER = (ATLAS.uv[425] + 0.5) / ATLAS.size


def bump(size, place, sigma):
    """A Gaussian of height 1, ``(size, size, 1)``; lengths in parts of the side."""
    v, u = (np.indices((size, size)) + 0.5) / size
    return np.exp(-((u - place[0]) ** 2 + (v - place[1]) ** 2) / (2 * sigma**2))[..., None]


def spotted(skin=SKINS["light"], size=256, sigma=0.005, places=(CHEEK, OTHER), depth=0.35):
    face = portrait(skin, size)
    spots = sum(bump(size, place, sigma) for place in places)
    tint = np.float32([0.5, 1, 1]) * depth
    return recoloured(face, face.texture.colour * (1 - spots * tint)), spots[..., 0]


def lit(skin=SKINS["light"], size=256):
    face = portrait(skin, size)
    light = bump(size, CHEEK, 0.03)
    return recoloured(face, np.clip(face.texture.colour + 0.3 * light, 0, 1)), light[..., 0]


@pytest.mark.parametrize("skin", SKINS)
@pytest.mark.parametrize("kind", [partial(Smooth, pores=0), Freckles, Wrinkles, Whiten])
def test_every_edit_of_skin_keeps_the_promises_of_edits(kind, skin):
    holds(kind, skin=SKINS[skin])


@pytest.mark.parametrize("kind", [Smooth, Freckles, Wrinkles, Whiten])
def test_skin_is_the_same_at_any_size(kind):
    same_at_any_size(kind, mean=0.006)


@pytest.mark.parametrize("kind", [Smooth, Blemish, Shine, Freckles, Wrinkles])
def test_features_stay_as_they_are(kind):
    changed = change(kind(), portrait())
    for name in ("eyes", "brows", "lips"):
        assert not changed[ATLAS.region(name, 256) > 0.99].any()


# --- Smooth --------------------------------------------------------------------------------------


def guided_slowly(colour, weight, side, edge):
    """Window by window: the weighted linear fit of each channel to the luma, then their mean."""
    luma = colour @ np.array([0.299, 0.587, 0.114])
    rows, columns = luma.shape
    fits = np.zeros((rows, columns, 2, 3))

    def window(i, j):
        half = side // 2
        padded = np.pad(np.arange(rows), half, mode="symmetric")
        return np.ix_(padded[i : i + side], padded[j : j + side])

    for i, j in np.ndindex(rows, columns):
        at = window(i, j)
        w = weight[at].ravel() / weight[at].sum()
        x, y = luma[at].ravel(), colour[at].reshape(-1, 3)
        slope = (w @ (x[:, None] * y) - (w @ x) * (w @ y)) / (w @ (x * x) - (w @ x) ** 2 + edge**2)
        fits[i, j] = slope, w @ y - slope * (w @ x)
    out = np.zeros_like(colour)
    for i, j in np.ndindex(rows, columns):
        at = window(i, j)
        slope, offset = np.average(fits[at].reshape(-1, 2, 3), axis=0, weights=weight[at].ravel())
        out[i, j] = slope * luma[i, j] + offset
    return out


def test_the_guided_filter_is_its_definition():
    rng = np.random.default_rng(1)
    colour, weight = rng.random((9, 9, 3), np.float32), rng.uniform(0.2, 1, (9, 9))
    fast = guided(colour, weight.astype(np.float32), 1.2 / 9)
    np.testing.assert_allclose(fast, guided_slowly(colour, weight, 3, 0.035), atol=2e-4)


def test_the_guided_filter_leaves_out_what_has_no_weight():
    colour = np.full((32, 32, 3), 0.25, np.float32)
    colour[:, 16:] = 0.9
    weight = np.zeros((32, 32), np.float32)
    weight[:, :16] = 1
    np.testing.assert_allclose(guided(colour, weight, 0.1)[:, :16], 0.25, atol=1e-3)


@pytest.mark.parametrize("skin", SKINS)
def test_blotches_go_and_the_shape_of_the_face_stays(skin):
    face, spots = spotted(SKINS[skin], sigma=0.004, depth=0.06)
    clean = portrait(SKINS[skin])
    after = Smooth(pores=0)(face, {})
    left = (lab(after) - lab(Smooth(pores=0)(clean, {})))[..., 0][spots > 0.8]
    was = (lab(face) - lab(clean))[..., 0][spots > 0.8]
    assert np.abs(left).mean() < 0.6 * np.abs(was).mean()
    cheek = ATLAS.region("cheeks", 256) > 0.99
    np.testing.assert_allclose(lab(after)[cheek].mean(0), lab(face)[cheek].mean(0), atol=0.5)


def test_an_edge_survives_smoothing():
    face = portrait()
    step = (np.arange(256) < 92)[None, :, None]
    after = Smooth()(recoloured(face, face.texture.colour * np.where(step, 0.8, 1)), {})
    row = lab(after)[round(CHEEK[1] * 256), :, 0]
    assert row[94:97].mean() - row[87:90].mean() > 8


def test_more_pores_stay_where_more_are_asked_for():
    cheek = ATLAS.region("cheeks", 256) > 0.99
    rough = [
        np.abs(np.diff(lab(Smooth(pores=pores)(portrait(), {}))[..., 0]))[cheek[:, 1:]].mean()
        for pores in (0, 0.5, 1)
    ]
    assert rough[0] < rough[1] < rough[2]


# --- Blemish -------------------------------------------------------------------------------------


@pytest.mark.parametrize("skin", SKINS)
@pytest.mark.parametrize("size", [256, 700])
def test_planted_spots_are_found_and_removed(skin, size):
    face, spots = spotted(SKINS[skin], size)
    clean, after = lab(portrait(SKINS[skin], size)), lab(Blemish()(face, {}))
    middle = spots > 0.6
    was = np.linalg.norm(lab(face) - clean, axis=2)[middle].mean()
    left = np.linalg.norm(after - clean, axis=2)[middle].mean()
    assert left < 0.25 * was


def test_only_the_spots_change():
    face, spots = spotted()
    changed = np.abs(change(Blemish(), face)).max(axis=2) > 0
    assert changed[spots > 0.5].all()
    near = sum(bump(256, place, 0.02)[..., 0] for place in (CHEEK, OTHER)) > 0.1
    assert not changed[~near].any()


def test_skin_without_spots_stays_bit_for_bit():
    assert not change(Blemish(), portrait()).any()


def test_stubble_is_no_blemish():
    v, u = np.mgrid[0.6:0.8:13j, 0.35:0.65:19j]
    face, _ = spotted(size=512, sigma=0.003, places=np.column_stack([u.ravel(), v.ravel()]))
    assert np.abs(change(Blemish(), face)).max() < 0.02


def test_a_hair_beside_a_beard_is_no_blemish():
    face, _ = spotted()
    parts = np.zeros((256, 256, len(PARTS)), np.float32)
    parts[..., PARTS.index("skin")] = 1
    v, u = np.indices((256, 256))
    row, column = round(256 * CHEEK[1]), round(256 * CHEEK[0])
    beside = (np.abs(u - column) < 12) & (v > row + 5) & (v < row + 20)
    parts[beside, PARTS.index("skin")], parts[beside, PARTS.index("beard")] = 0, 1
    known = Face(face.positions, replace(face.texture, parts=frozen(parts)))
    changed = np.abs(change(Blemish(), known)).max(axis=2)
    assert changed[row, column] < 0.2 * changed[round(256 * OTHER[1]), round(256 * OTHER[0])]


def test_grain_is_no_blemish_and_a_pimple_in_it_is():
    face, spots = spotted(size=512, sigma=0.005, places=(CHEEK,), depth=0.5)
    grain = np.random.default_rng(3).normal(0, 0.05, (512, 512, 1))
    grained = recoloured(face, np.clip(face.texture.colour + grain, 0, 1))
    changed = np.abs(change(Blemish(sensitivity=0.9), grained)).max(axis=2) > 0.02
    assert changed[spots > 0.9].all()
    assert changed[ATLAS.region("forehead", 512) > 0.99].mean() < 0.02


def test_a_less_sensitive_search_leaves_faint_spots():
    face, _ = spotted(depth=0.12)
    assert change(Blemish(sensitivity=1), face).any()
    assert not change(Blemish(sensitivity=0), face).any()


@pytest.mark.parametrize("size", [256, 700])
@pytest.mark.parametrize("skin", SKINS)
def test_a_given_spot_goes_whatever_it_looks_like(skin, size):
    clean = portrait(SKINS[skin], size)
    pale = 0.6 * bump(size, CHEEK, 0.007)
    marked = recoloured(clean, clean.texture.colour * (1 - pale) + pale)
    whole = lab(Blemish(spots=[CHEEK.tolist()], radius=2.2)(marked, {}))
    middle = pale[..., 0] > 0.3
    was = np.linalg.norm(lab(marked) - lab(clean), axis=2)[middle].mean()
    left = np.linalg.norm(whole - lab(clean), axis=2)[middle].mean()
    assert left < 0.2 * was


def test_of_given_spots_no_other_is_removed():
    face, _ = spotted()
    changed = np.abs(change(Blemish(spots=[CHEEK.tolist()], radius=2), face)).max(axis=2) > 0
    v, u = (np.indices((256, 256)) + 0.5) / 256
    away = np.hypot(u - CHEEK[0], v - CHEEK[1])
    assert changed[away < 0.012].all()
    assert not changed[away > 0.026].any()


def test_a_spot_given_on_a_lip_takes_the_colour_of_the_lip():
    face = portrait()
    lip = (ATLAS.landmarks68[57] + 0.5) / 256
    dark = bump(256, lip, 0.005)
    after = Blemish(spots=[lip.tolist()], radius=1.5)(
        recoloured(face, face.texture.colour * (1 - 0.7 * dark)), {}
    )
    middle = dark[..., 0] > 0.6
    np.testing.assert_allclose(after.texture.colour[middle], face.texture.colour[middle], atol=0.08)


# --- Shine and white -----------------------------------------------------------------------------


@pytest.mark.parametrize("skin", SKINS)
def test_shine_goes_and_the_rest_stays(skin):
    face, light = lit(SKINS[skin])
    shiny = light > 0.7
    was, none, some = (
        lab(one)[..., 0][shiny].mean()
        for one in (face, Shine(kept=0)(face, {}), Shine(kept=0.5)(face, {}))
    )
    assert none < some < was - 2
    assert not change(Shine(), face)[light < 1e-4].any()


@pytest.mark.parametrize("skin", SKINS)
def test_light_is_no_shine(skin):
    """A shadow's edge: what is lit is lighter than the tone around, and no paler."""
    face = portrait(SKINS[skin])
    light = np.where(np.arange(256) < 96, 1, 0.5).astype(np.float32)[None, :, None]
    lit_half = recoloured(face, encoded(decoded(face.texture.colour) * light))
    assert np.abs(change(Shine(kept=0), lit_half)).max() < 0.03


@pytest.mark.parametrize("skin", SKINS)
def test_the_whites_of_the_eyes_lose_their_yellow_and_irises_stay(skin):
    face = portrait(SKINS[skin])
    before, after = lab(face), lab(Whiten(part="eyes")(face, {}))
    eyes = ATLAS.region("eyes", 256) > 0.99
    white, iris = eyes & (before[..., 0] > 65), eyes & (before[..., 0] < 20)
    assert after[white][:, 2].mean() < 0.75 * before[white][:, 2].mean()
    assert after[white][:, 0].mean() > before[white][:, 0].mean() + 1
    np.testing.assert_allclose(after[iris], before[iris], atol=3)


def test_pink_lids_that_cover_the_eyes_are_not_whitened():
    face = portrait()
    lid = ATLAS.region("eyes", 256) > 0.5
    shaded = np.float32([0.8, 0.5, 0.4]) * np.linspace(0.5, 1.2, 256)[None, :, None]
    covered = recoloured(face, np.where(lid[..., None], shaded, face.texture.colour))
    assert np.abs(change(Whiten(part="eyes"), covered))[lid].mean() < 0.002


# --- Freckles and wrinkles -----------------------------------------------------------------------


@pytest.mark.parametrize("kind", [Freckles, Wrinkles])
def test_a_seed_repeats_and_another_one_does_not(kind):
    first, again, other = (change(kind(seed=seed), portrait()) for seed in (7, 7, 8))
    assert np.array_equal(first, again)
    assert np.abs(first - other).max() > 0.02


def test_freckles_darken_and_more_of_them_cover_more():
    face = portrait(size=512)
    few, many = (lab(Freckles(density=d)(face, {})) - lab(face) for d in (0.2, 1))
    assert few[..., 0].max() < 0.5
    assert (few[..., 0] < -2).sum() < (many[..., 0] < -2).sum()
    assert not change(Freckles(density=0), face).any()


def test_freckles_smaller_than_a_texel_do_not_darken_all_of_it():
    fine, coarse = (change(Freckles(size=0.5), portrait(size=size)) for size in (1024, 256))
    assert coarse.min() > 0.75 * fine.min()
    np.testing.assert_allclose(coarse.mean(), fine.mean(), rtol=0.1)


def test_most_freckles_are_on_nose_and_cheeks():
    size = 256
    changed = np.abs(change(Freckles(density=1), portrait(size=size))).max(axis=2)
    nose, chin = (changed[ATLAS.region(name, size) > 0.99].mean() for name in ("nose", "chin"))
    assert nose > 3 * chin


def test_leaving_out_a_place_moves_no_other_wrinkle():
    face = portrait()
    whole = change(Wrinkles(), face)
    parts = [change(Wrinkles(places=place), face) for place in PLACES]
    changed = [np.float32(np.abs(part).max(axis=2) > 0) for part in parts]
    touched = [cv2.dilate(one, np.ones((5, 5))) for one in changed]
    alone = sum(touched) == 1
    np.testing.assert_allclose(sum(parts)[alone], whole[alone], atol=1e-6)
    assert all(np.abs(part).max() > 0.01 for part in parts)


def lit_by(direction, size=512):
    """A portrait on a curved face, lit from a direction (x image right, y up, z to the viewer)."""
    face = portrait(size=size, positions=canonical(scale=20, origin=(200, 200, 0)))
    light = 0.6 + 0.4 * resized(normals(face.positions) @ np.float32(direction), size)
    return recoloured(face, np.clip(face.texture.colour * light[..., None], 0, 1))


@pytest.mark.parametrize(("direction", "upper"), [((0, 0.8, 0.6), -1), ((0, -0.8, 0.6), 1)])
def test_the_upper_wall_of_a_crease_turns_from_light_above(direction, upper):
    face, edit = lit_by(direction), Wrinkles(places="forehead")
    relief = edit.relief(ATLAS, 512)
    shade = (lab(edit(face, {})) - lab(face))[..., 0]
    slope = np.gradient(relief, axis=0)
    walls = [shade[(sign * slope > 2e-4) & (relief < 0)].mean() for sign in (-1, 1)]
    assert upper * (walls[0] - walls[1]) > 1


def test_a_crease_is_dark_in_light_from_everywhere():
    face = portrait(size=512)
    shade = (lab(Wrinkles(places="forehead")(face, {})) - lab(face))[..., 0]
    assert shade.min() < -5
    assert shade.max() < 0.5


def test_a_relief_without_slope_changes_no_light():
    face = portrait()
    flat = shading(np.zeros((256, 256), np.float32), face.positions, learn(face.texture, ATLAS))
    np.testing.assert_array_equal(flat, 1)


def test_wrinkles_below_0_soften_those_that_are_there():
    drawn = Wrinkles(places="forehead")(portrait(size=512), {})
    softer = Wrinkles(places="forehead", amount=-1)(drawn, {})
    left = [np.abs(lab(one) - lab(portrait(size=512)))[..., 0].max() for one in (drawn, softer)]
    assert left[1] < 0.6 * left[0]


def test_wrinkles_of_amount_0_are_none():
    assert not change(Wrinkles(amount=0), portrait()).any()


@pytest.mark.parametrize("kind", [Freckles, Wrinkles])
@pytest.mark.parametrize("seed", [1.5, -1, 2**32, True, "7"])
def test_a_seed_is_a_whole_number(kind, seed):
    with pytest.raises(UsageError, match="seed"):
        kind(seed=seed)


def test_a_seed_may_be_written_with_a_point():
    assert Freckles(seed=7.0).seed == 7
