import numpy as np
import pytest

from facelab.edits.cielab import to_lab
from facelab.heads.family import HeadFamily
from facelab.heads.skin import Skin, Traits, own, skin_of
from facelab.heads.skin_bank import skin_bank
from facelab.numerics.smoothing import resized
from tests.heads.portraits import ATLAS, SIZE, plain, portrait

TONES = (26.0, 40.0, 58.0, 76.0)


def bare(seed, lightness, **traits):
    """A woman's skin."""
    return own(np.random.default_rng(seed), Traits(male=0, lightness=lightness, **traits), SIZE)


def at_rim(skin):
    """CIELAB of both textures at the vertices around which the one gives way to the other."""
    family = HeadFamily.load()
    rim = (family.atlas_share > 0.02) & (family.atlas_share < 0.6)
    rows = [np.asarray(uv[rim][None], np.float32) for uv in (family.uv, family.atlas_uv)]
    return [
        to_lab(skin.at(*rows, np.full((1, int(rim.sum())), share, np.float32))) for share in (1, 0)
    ]


def test_the_same_seed_gives_the_same_skin():
    first, second, other = (bare(seed, 60) for seed in (3, 3, 4))
    assert np.array_equal(first.face, second.face)
    assert np.array_equal(first.body, second.body)
    assert not np.array_equal(first.face, other.face)


@pytest.mark.parametrize("lightness", TONES)
@pytest.mark.parametrize("male", [0, 1])
def test_colours_are_finite_and_in_range(lightness, male):
    traits = Traits(age=75, male=male, lightness=lightness)
    skin = own(np.random.default_rng(7), traits, SIZE)
    for texture in (skin.face, skin.body):
        assert texture.dtype == np.float32
        assert 0 <= texture.min() <= texture.max() <= 1


@pytest.mark.parametrize("lightness", TONES)
def test_the_tone_is_the_wanted_one(lightness):
    lab = to_lab(bare(1, lightness).face)[plain()]
    assert abs(lab[:, 0].mean() - lightness) < 2.5
    assert np.hypot(*lab[:, 1:].mean(axis=0)) > 8  # neither grey nor ashy


def test_a_skin_is_the_same_at_every_size():
    small, large = (
        own(np.random.default_rng(9), Traits(male=1, lightness=60), size).face
        for size in (SIZE, 2 * SIZE)
    )
    halved = large.reshape(SIZE, 2, SIZE, 2, 3).mean(axis=(1, 3))
    assert np.abs(to_lab(small) - to_lab(halved)).mean() < 1


@pytest.mark.parametrize("lightness", TONES)
def test_no_seam_at_the_oval(lightness):
    face, body = at_rim(bare(2, lightness, shorn=0))
    assert np.linalg.norm((face - body).mean(axis=(0, 1))) < 1.5
    assert np.quantile(np.linalg.norm(face - body, axis=-1), 0.9) < 5


def test_no_seam_at_the_oval_of_a_photographed_skin():
    lit = portrait((58, 15, 20), 0.25, more=[("cheeks", (50, 26, 22))])
    face, body = at_rim(skin_of(lit, Traits(male=0, shorn=0)))
    assert np.linalg.norm((face - body).mean(axis=(0, 1))) < 1.5
    assert np.quantile(np.linalg.norm(face - body, axis=-1), 0.9) < 5


def test_a_pixel_between_has_a_share_of_both():
    flat = [np.full((8, 8, 3), value, np.float32) for value in (0.2, 0.6)]
    places = np.full((2, 2, 2), 0.5, np.float32)
    mixed = Skin(*flat).at(places, places, np.array([[0, 0.25], [0.5, 1]], np.float32))
    assert mixed[..., 0] == pytest.approx(np.array([[0.6, 0.5], [0.4, 0.2]]))


def test_a_skin_wants_square_float_textures():
    square, oblong = np.zeros((4, 4, 3), np.float32), np.zeros((4, 5, 3), np.float32)
    with pytest.raises(ValueError, match="face must have shape"):
        Skin(oblong, square)
    with pytest.raises(ValueError, match="body must have shape"):
        Skin(square, oblong)


def test_a_photograph_loses_brows_and_eyes_and_keeps_its_tone():
    tone = (60, 15, 20)
    lab = to_lab(skin_of(portrait(tone)).face)
    assert np.abs(lab[plain()].mean(axis=0) - tone).max() < 1.5
    for name in ("brows", "eyes"):
        assert np.abs(lab[ATLAS.region(name, SIZE) > 0.5] - tone).max() < 8


@pytest.mark.parametrize("cast", [(60, 0, 0), (60, -20, 30), (55, 40, -25)])
def test_grey_and_coloured_light_still_give_skin(cast):
    red, yellow = to_lab(skin_of(portrait(cast)).face)[plain()].mean(axis=0)[1:]
    assert 6 < red < 28
    assert 8 < yellow < 38


def test_only_men_have_the_beard_of_a_photograph():
    grows = resized(skin_bank().beard, SIZE) * (1 - ATLAS.region("lips", SIZE))
    texture = portrait((62, 14, 18), more=[(grows, (18, 3, 5))])
    man, woman = (skin_of(texture, Traits(male=male)) for male in (1, 0))
    inside = grows > 0.8
    assert man.face[inside].mean() < woman.face[inside].mean() - 0.1
    assert man.body.mean() < woman.body.mean()
