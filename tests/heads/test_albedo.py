import numpy as np
import pytest

from facelab.edits.cielab import to_lab
from facelab.heads.albedo import albedo
from facelab.heads.skin_bank import skin_bank
from facelab.numerics.smoothing import resized
from facelab.types import Texture
from tests.heads.portraits import ATLAS, SIZE, mirrored, plain, portrait

TONE = (60, 15, 20)


def lab_of(texture, beard=None):
    return to_lab(albedo(texture, ATLAS, beard).colour)


def test_brows_and_eyes_are_gone_and_lips_stay():
    found = albedo(portrait(TONE), ATLAS)
    lab = to_lab(found.colour)
    for name in ("brows", "eyes"):
        inside = ATLAS.region(name, SIZE) > 0.5
        assert np.abs(lab[inside] - TONE).max() < 8
        assert found.known[inside].max() < 0.05
    lips = lab[ATLAS.region("lips", SIZE) > 0.9]
    assert lips[:, 1].mean() > 24


def test_eyes_and_brows_are_no_skin_whatever_their_colour():
    fair = portrait(TONE, more=[("eyes", (63, 14, 19)), ("brows", (57, 15, 20))])
    known = albedo(fair, ATLAS).known
    for name in ("eyes", "brows"):
        assert known[ATLAS.region(name, SIZE) > 0.9].max() < 0.05


@pytest.mark.parametrize("tone", [TONE, (35, 14, 18), (75, 10, 16)])
def test_a_face_of_one_tone_has_that_tone(tone):
    found = albedo(portrait(tone), ATLAS)
    assert found.tone == pytest.approx(np.array(tone), abs=1.5)
    assert np.abs(to_lab(found.colour)[plain()] - tone).mean() < 1


def test_the_border_has_the_tone_whatever_the_face_shows():
    blotched = portrait(TONE, 0.2, more=[("cheeks", (52, 28, 22)), ("forehead", (70, 8, 12))])
    found = albedo(blotched, ATLAS)
    outside = ATLAS.region("face", SIZE) == 0
    assert np.abs(to_lab(found.colour)[outside] - found.tone).max() < 0.6


def test_light_from_a_side_is_taken_out():
    lit = portrait(TONE, 0.25)
    before, after = (to_lab(lit.colour)[..., 0], lab_of(lit)[..., 0])
    uneven = [np.abs(one - one[:, ::-1])[plain()].mean() for one in (before, after)]
    assert uneven[1] < 0.12 * uneven[0]


def test_a_mirrored_face_has_a_mirrored_albedo():
    seen = portrait(TONE, 0.15)
    one, two = lab_of(seen), lab_of(mirrored(seen))
    assert np.abs(one - two[:, ::-1])[plain()].mean() < 0.8


def test_blush_of_both_cheeks_stays_and_gloss_goes():
    red = lab_of(portrait(TONE, more=[("cheeks", (57, 24, 21))]))
    assert red[ATLAS.region("cheeks", SIZE) > 0.9][:, 1].mean() > 16
    v, u = (np.indices((SIZE, SIZE)) + 0.5) / SIZE
    spot = np.exp(-(((u - 0.5) / 0.02) ** 2 + ((v - 0.18) / 0.02) ** 2)).astype(np.float32)
    shiny = lab_of(portrait(TONE, more=[(spot, (90, 3, 5))]))[..., 0]
    assert shiny[spot > 0.9].mean() - TONE[0] < 0.4 * 30


def test_strands_across_the_forehead_are_no_skin():
    strand = np.zeros((SIZE, SIZE), np.float32)
    strand[20:40, 70:72] = 1
    found = albedo(portrait(TONE, more=[(strand, (12, 2, 4))]), ATLAS)
    crossed = (strand > 0) & plain()
    assert found.known[crossed].max() < 0.2
    assert np.abs(to_lab(found.colour)[crossed][:, 0] - TONE[0]).max() < 6


def test_a_beard_is_measured_and_taken_away():
    beard = skin_bank().beard
    grows = resized(beard, SIZE) * (1 - ATLAS.region("lips", SIZE))
    bare, bearded = (
        albedo(portrait(TONE, more=more), ATLAS, beard) for more in ((), [(grows, (20, 3, 5))])
    )
    assert bare.bearded < 5 < 8 < bearded.bearded
    chin = ATLAS.region("chin", SIZE) * (1 - ATLAS.region("lips", SIZE)) > 0.9
    assert to_lab(bearded.colour)[chin][:, 0].mean() > TONE[0] - 8


def test_half_a_face_gives_a_whole_one():
    texture = portrait(TONE)
    half = (texture.confidence * (np.arange(SIZE) < SIZE // 2)).astype(np.float32)
    lab = lab_of(Texture(texture.colour, half))
    assert np.isfinite(lab).all()
    assert np.abs(lab[plain()] - TONE).mean() < 4


def test_a_face_that_is_not_seen_at_all_gives_something_flat():
    nothing = Texture(portrait(TONE).colour, np.zeros((SIZE, SIZE), np.float32))
    found = albedo(nothing, ATLAS)
    assert np.isfinite(found.colour).all()
    assert found.known.max() < 0.01
    assert np.abs(to_lab(found.colour) - found.tone).max() < 1
