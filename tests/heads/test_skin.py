import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facelab.atlas import canonical
from facelab.edits.cielab import to_lab, to_rgb
from facelab.face.skin import features
from facelab.heads.family import HeadFamily
from facelab.heads.skin import Skin, Traits, own, skin_of
from facelab.heads.skin_bank import skin_bank
from facelab.heads.skin_drawn import Beard, bearded
from facelab.heads.skin_marks import Spots, clouds, laid_over, pores, spotted, strands, tinted
from facelab.types import Texture

SIZE = 128
ATLAS = canonical()
TONES = (26.0, 40.0, 58.0, 76.0)


def portrait(tone, light=0.0, size=SIZE):
    """A texture of one tone with dark brows and eyes and red lips, in light from one side."""
    lab = np.tile(np.array(tone, np.float32), (size, size, 1))
    for name, colour in (("brows", (15, 2, 3)), ("eyes", (20, 0, 0)), ("lips", (45, 30, 12))):
        lab += ATLAS.region(name, size)[..., None] * (np.array(colour, np.float32) - lab)
    lab[..., 0] *= 1 + light * np.linspace(-1, 1, size, dtype=np.float32)
    return Texture(to_rgb(lab), ATLAS.region("face", size))


def plain(size):
    """Well within the oval, without features, nose and the parts around the mouth."""
    v, u = (np.indices((size, size)) + 0.5) / size
    inside = np.hypot((u - 0.5) / 0.4, (v - 0.5) / 0.36) < 1
    return inside & (features(ATLAS, size) < 0.1) & (v < 0.5)


def bare(seed, lightness, **traits):
    """A woman's skin without make-up that matters here, and its tone."""
    return own(np.random.default_rng(seed), Traits(male=0, lightness=lightness, **traits), SIZE)


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
    lab = to_lab(bare(1, lightness).face)[plain(SIZE)]
    assert abs(lab[:, 0].mean() - lightness) < 2.5
    assert np.hypot(*lab[:, 1:].mean(axis=0)) > 8  # neither grey nor ashy


@pytest.mark.parametrize("lightness", TONES)
def test_no_seam_at_the_oval(lightness):
    # Both textures at the vertices around which the one gives way to the other.
    family = HeadFamily.load()
    rim = (family.atlas_share > 0.02) & (family.atlas_share < 0.6)
    skin = bare(2, lightness, shorn=0)
    face = np.asarray(skin.at(*places(family, rim, 1)))
    body = np.asarray(skin.at(*places(family, rim, 0)))
    difference = to_lab(face) - to_lab(body)
    assert np.linalg.norm(difference.mean(axis=(0, 1))) < 1.5
    assert np.quantile(np.linalg.norm(difference, axis=-1), 0.9) < 5


def places(family, chosen, share):
    """Arguments of `Skin.at` for some vertices, as if all were pixels of one row."""
    rows = [family.uv[chosen], family.atlas_uv[chosen]]
    shares = np.full((1, int(chosen.sum())), share, np.float32)
    return (*(np.asarray(row, np.float32)[None] for row in rows), shares)


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


def test_a_photograph_loses_brows_and_eyes_and_keeps_its_lips():
    tone = (60, 15, 20)
    skin = skin_of(portrait(tone))
    lab = to_lab(skin.face)
    for name in ("brows", "eyes"):
        gone = lab[ATLAS.region(name, SIZE) > 0.5]
        assert np.abs(gone - tone).max() < 8
    lips = lab[ATLAS.region("lips", SIZE) > 0.9]
    assert lips[:, 1].mean() > 24


def test_light_from_a_side_is_taken_out():
    flat, lit = (skin_of(portrait((58, 15, 20), light)) for light in (0.0, 0.25))
    light = to_lab(lit.face)[..., 0]
    uneven = np.abs(light - light[:, ::-1])[plain(SIZE)]
    before = to_lab(portrait((58, 15, 20), 0.25).colour)[..., 0]
    assert uneven.mean() < 0.12 * np.abs(before - before[:, ::-1])[plain(SIZE)].mean()
    shared = to_lab(flat.face)[plain(SIZE)][:, 0].mean()
    assert abs(light[plain(SIZE)].mean() - shared) < 5


def test_what_is_mirrored_gives_a_mirrored_skin():
    seen = portrait((62, 14, 18), 0.15)
    other = Texture(
        np.ascontiguousarray(seen.colour[:, ::-1]), np.ascontiguousarray(seen.confidence[:, ::-1])
    )
    one, two = (to_lab(skin_of(texture).face) for texture in (seen, other))
    assert np.abs(one - two[:, ::-1])[plain(SIZE)].mean() < 0.8


@pytest.mark.parametrize("cast", [(60, 0, 0), (60, -20, 30), (55, 40, -25)])
def test_grey_and_coloured_light_still_give_skin(cast):
    red, yellow = to_lab(skin_of(portrait(cast)).face)[plain(SIZE)].mean(axis=0)[1:]
    assert 6 < red < 28
    assert 8 < yellow < 38


def test_a_face_that_is_hardly_seen_gives_its_tone():
    texture = portrait((50, 16, 20))
    half = texture.confidence * (np.arange(SIZE) < SIZE // 2)
    lab = to_lab(skin_of(Texture(texture.colour, half.astype(np.float32))).face)
    assert np.isfinite(lab).all()
    assert np.abs(lab[plain(SIZE)] - (50, 16, 20)).mean() < 4


def test_shipped_skins_have_no_brows():
    bank = skin_bank()
    brows, around = ATLAS.region("brows", 256) > 0.5, plain(256)
    for number in range(0, len(bank.faces), 7):
        light = to_lab(bank.face(number, bank.tones[number]))[..., 0]
        assert abs(light[brows].mean() - light[around].mean()) < 3
        assert light[brows].min() > light[around].mean() - 12


def test_shipped_skins_are_of_all_tones_and_both_sexes():
    bank = skin_bank()
    for male in (False, True):
        lights = bank.tones[bank.male == male, 0]
        assert lights.min() < 44
        assert lights.max() > 70
    assert len(bank.faces) == len(bank.tones) == 80


@pytest.fixture(scope="module")
def womens():
    """All women's skins in one tone, and the tone."""
    bank = skin_bank()
    tone = bank.tone_at(55)
    return tone, np.array([bank.face(k, tone) for k in np.flatnonzero(~bank.male)])


@settings(max_examples=20)
@given(seed=st.integers(0, 2**32 - 1))
def test_a_mix_lies_between_the_skins_that_are_mixed(womens, seed):
    tone, faces = womens
    mixed = skin_bank().drawn(np.random.default_rng(seed), 0, 20, tone)
    mirrored = faces[:, :, ::-1]
    assert (mixed >= np.minimum(faces.min(axis=0), mirrored.min(axis=0)) - 1e-4).all()
    assert (mixed <= np.maximum(faces.max(axis=0), mirrored.max(axis=0)) + 1e-4).all()


@pytest.mark.parametrize("lightness", [15.0, 26.0, 50.0, 90.0])
def test_tones_stay_within_what_skin_has(lightness):
    tones = [skin_bank().tone(np.random.default_rng(seed), lightness) for seed in range(40)]
    light, red, yellow = np.array(tones).T
    assert (light == np.float32(lightness)).all()
    assert (np.min([red, yellow], axis=0) > 2).all()
    assert (np.hypot(red, yellow) < 42).all()


def test_pigments_darken_and_redden_by_their_units():
    tone = np.array([60, 15, 20], np.float32)
    flat = np.tile(skin_colour(tone), (4, 4, 1))
    none = np.zeros((4, 4), np.float32)
    darker = to_lab(tinted(flat, tone, none + 4, none))[0, 0] - tone
    redder = to_lab(tinted(flat, tone, none, none + 4))[0, 0] - tone
    assert darker[0] == pytest.approx(-4, abs=0.2)
    assert redder[1] == pytest.approx(4, abs=0.2)
    assert np.allclose(tinted(flat, tone, none, none), flat, atol=1e-6)


def skin_colour(tone):
    return to_rgb(tone[None, None])


def test_spots_lie_where_they_are_likely():
    likely = np.zeros((8, 8), np.float32)
    likely[2, 5] = 1
    strewn = Spots.strewn(np.random.default_rng(0), likely, 200, (0.002, 0.004), 10.0)
    cells = np.floor(strewn.places * 8).astype(int)
    assert (cells == (5, 2)).all()
    drawn = spotted([strewn], 64)
    assert drawn[:12].sum() < 1e-3 * drawn.sum()
    assert drawn.min() >= 0


def test_a_spot_holds_its_ink_at_every_size():
    one = Spots(*(np.array(x, np.float32) for x in ([[0.4, 0.6]], [0.02], [5.0])))
    totals = [spotted([one], size).sum() / size**2 for size in (64, 128, 256)]
    assert totals == pytest.approx([totals[-1]] * 3, rel=0.02)
    assert spotted([one], 256).max() == pytest.approx(5, rel=0.02)


def test_no_spots_are_no_spots():
    none = Spots.strewn(np.random.default_rng(0), np.ones((4, 4), np.float32), 0, (0.1, 0.2), 1.0)
    assert not spotted([none], 32).any()


def test_noises_have_their_size_and_spread():
    rng = np.random.default_rng(0)
    assert pores(rng, 96).shape == (96, 96)
    assert clouds(rng, 96, (2.0, 0.1)).std() == pytest.approx(2, rel=0.5)
    hairs = strands(rng, 96, 0.9)
    assert 0 <= hairs.min() < 0.2 < 0.8 < hairs.max() <= 1


def test_no_beard_leaves_skin_as_it_is_and_a_full_one_hides_it():
    skin = np.full((4, 4, 3), 0.7, np.float32)
    ones = np.ones((4, 4), np.float32)
    traits = Traits(hair=(0.1, 0.1, 0.1))
    assert bearded(skin, ones, ones, Beard(), traits) is skin
    assert bearded(skin, ones, ones, Beard(1, 1, 1), traits).max() < 0.15


def test_women_have_no_beard():
    drawn = [Beard.drawn(np.random.default_rng(seed), Traits(male=0)) for seed in range(50)]
    assert set(drawn) == {Beard()}


def test_a_colour_laid_over_is_mixed_by_its_share():
    skin = np.zeros((2, 2, 3), np.float32)
    share = np.array([[0, 0.25], [0.5, 1]], np.float32)
    assert laid_over(skin, np.float32([1, 0.5, 0]), share)[1, 1].tolist() == [1, 0.5, 0]
    assert laid_over(skin, np.float32([1, 0.5, 0]), share)[0, 1].tolist() == [0.25, 0.125, 0]
