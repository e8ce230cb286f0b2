"""Make-up and retouching that have their places: contour, highlighter, concealer, brows, lashes."""

from __future__ import annotations

import numpy as np
import pytest

from facelab.edits import brows, contour, highlighter
from facelab.edits.brows import Brows
from facelab.edits.concealer import Concealer
from facelab.edits.contour import Contour
from facelab.edits.highlighter import Highlighter
from facelab.edits.mascara import Mascara
from facelab.edits.placement import along
from facelab.edits.redness import Redness
from facelab.edits.under_eyes import LINES, UnderEyes
from tests.editing import SKINS, change, holds, lab, portrait, recoloured, same_at_any_size
from tests.synthetic import ATLAS

PLACED = (Contour, Highlighter, Concealer, Brows, Mascara, UnderEyes)
FINE = (Brows, Mascara)


def under_the_eyes(size=256):
    return along(ATLAS, size, LINES, 0.03)


def tinted(by, where, skin=SKINS["light"]):
    """A portrait with CIELAB-like changes of its red, green and blue, where told."""
    face = portrait(skin)
    return recoloured(face, np.clip(face.texture.colour * (1 + where[..., None] * by), 0, 1))


@pytest.mark.parametrize("skin", SKINS)
@pytest.mark.parametrize("kind", PLACED)
def test_all_of_it_keeps_the_promises_of_edits(kind, skin):
    holds(kind, skin=SKINS[skin])


@pytest.mark.parametrize("kind", PLACED)
def test_it_is_the_same_at_any_size(kind):
    thin = kind in FINE
    same_at_any_size(kind, size=512 if thin else 256, mean=0.03 if thin else 0.004)


@pytest.mark.parametrize("kind", PLACED)
def test_both_sides_are_alike(kind):
    face = portrait()
    colour = (face.texture.colour + face.texture.colour[:, ::-1]) / 2
    changed = np.abs(change(kind(), recoloured(face, colour))).max(axis=2)
    assert np.abs(changed - changed[:, ::-1]).mean() < 0.05 * changed.mean()


def test_places_are_by_the_distance_from_lines():
    placed = along(ATLAS, 256, [((0.2, 0.5), (0.3, 0.5))], 0.05, 0.0)
    v, u = (np.indices((256, 256)) + 0.5) / 256
    x = np.abs(u - 0.5)
    away = np.hypot(x - np.clip(x, 0.2, 0.3), v - 0.5)
    assert placed[away < 0.039].min() == 1
    assert placed[away > 0.055].max() == 0


@pytest.mark.parametrize("skin", SKINS)
@pytest.mark.parametrize("area", contour.AREAS)
def test_contour_darkens_every_skin(area, skin):
    face = portrait(SKINS[skin])
    darker = (lab(Contour(areas=area)(face, {})) - lab(face))[..., 0]
    assert darker.max() < 0.1
    assert darker.min() < -4


@pytest.mark.parametrize("skin", SKINS)
@pytest.mark.parametrize("area", highlighter.AREAS)
def test_highlighter_shows_on_every_skin(area, skin):
    face = portrait(SKINS[skin])
    lighter = (lab(Highlighter(areas=area)(face, {})) - lab(face))[..., 0]
    assert lighter.min() > -0.1
    assert lighter.max() > 3


def test_dark_circles_are_lightened_and_skin_without_them_stays():
    zone = under_the_eyes()
    circled = tinted(np.float32([-0.25, -0.25, -0.2]), zone)
    left = [np.abs(lab(face) - lab(portrait()))[..., 0][zone > 0.9].mean()
            for face in (circled, UnderEyes(bags=0)(circled, {}))]  # fmt: skip
    assert left[1] < 0.7 * left[0]
    assert np.abs(change(UnderEyes(bags=0), portrait())).max() < 0.1


def test_bags_are_flattened():
    v = (np.indices((256, 256))[0] + 0.5) / 256
    bag = np.exp(-(((v - 0.44) / 0.006) ** 2)) * under_the_eyes()
    baggy = tinted(np.float32([0.15, 0.15, 0.15]), bag)
    change_of = [np.ptp(lab(face)[108:118, 90, 0]) for face in (baggy, UnderEyes()(baggy, {}))]
    assert change_of[1] < 0.8 * change_of[0]


def test_redness_goes_and_what_is_no_redder_stays():
    cheeks = ATLAS.region("left cheek", 256)
    red = tinted(np.float32([0.08, -0.12, -0.1]), cheeks)
    core = cheeks > 0.99
    excess = [
        (lab(face) - lab(portrait()))[..., 1][core].mean() for face in (red, Redness()(red, {}))
    ]
    assert excess[1] < 0.75 * excess[0]
    assert np.abs(change(Redness(kept=1), red)).max() < 0.01


def test_concealer_evens_a_dark_spot():
    spot = under_the_eyes() * (np.indices((256, 256)).sum(axis=0) % 4 < 2)
    dirty = tinted(np.float32([-0.2, -0.2, -0.2]), spot)
    zone = under_the_eyes() > 0.9
    spread = [lab(face)[..., 0][zone].std() for face in (dirty, Concealer()(dirty, {}))]
    assert spread[1] < 0.8 * spread[0]


@pytest.mark.parametrize("shape", brows.SHAPES)
@pytest.mark.parametrize("skin", SKINS)
def test_brows_are_never_lighter_than_they_were(shape, skin):
    face = portrait(SKINS[skin])
    darker = (lab(Brows(shape=shape, colour="#c0a080")(face, {})) - lab(face))[..., 0]
    assert darker.max() < 0.5


def test_an_arched_brow_is_higher_than_a_straight_one():
    def middle(shape):
        drawn = np.abs(change(Brows(shape=shape), portrait())).max(axis=2)
        return (drawn.sum(axis=1) @ np.arange(256)) / drawn.sum()

    assert middle("arched") < middle("own") < middle("straight")


def test_longer_lashes_reach_farther_and_upper_ones_upward():
    def drawn(**keys):
        return np.abs(change(Mascara(**keys), portrait(size=512))).max(axis=2) > 0.05

    top = [
        np.flatnonzero(drawn(lids="upper", length=length).any(axis=1))[0] for length in (0.5, 1.5)
    ]
    assert top[1] < top[0]
    lower, upper = (
        np.flatnonzero(drawn(lids=lid).any(axis=1)).mean() for lid in ("lower", "upper")
    )
    assert upper < lower
