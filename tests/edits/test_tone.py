"""Tone and match: light and colour by the numbers, in the regions asked for."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facelab.edits.cielab import decoded, encoded
from facelab.edits.complexion import mean_of
from facelab.edits.match import Match
from facelab.edits.regions import PARTS
from facelab.edits.tone import Tone
from facelab.errors import UsageError
from facelab.face.skin import learn
from facelab.types import Face, Texture
from tests.editing import SKINS, change, holds, lab, portrait, recoloured, same_at_any_size
from tests.synthetic import ATLAS, frozen

SETTINGS = (
    {"exposure": 0.5}, {"contrast": 0.4}, {"temperature": 0.8}, {"hue": 30}, {"saturation": -0.6},
)  # fmt: skip
MIDDLE = (slice(120, 136), slice(120, 136))


def grey(level=0.4):
    return recoloured(portrait(), np.full((256, 256, 3), level))


@pytest.mark.parametrize("keys", SETTINGS, ids=lambda keys: next(iter(keys)))
def test_tone_keeps_the_promises_of_edits(keys):
    holds(Tone, **keys)
    same_at_any_size(Tone, **keys)


def test_tone_with_its_defaults_changes_next_to_nothing():
    assert np.abs(change(Tone(), portrait())).max() < 0.006  # of rounding


def test_linear_light_is_the_standard_curve():
    np.testing.assert_allclose(decoded(np.float32([0, 0.04, 0.5, 1])), [0, 0.0030960, 0.2140411, 1],
                               atol=1e-6)  # fmt: skip
    ramp = np.linspace(0, 1, 101, dtype=np.float32)
    np.testing.assert_allclose(encoded(decoded(ramp)), ramp, atol=1e-6)


@settings(max_examples=15)
@given(st.floats(-1, 1))
def test_a_stop_of_exposure_is_twice_the_light(stops):
    face = grey()
    after = decoded(Tone(exposure=stops)(face, {}).texture.colour[MIDDLE])
    np.testing.assert_allclose(after, decoded(np.float32(0.4)) * 2**stops, rtol=0.03)


@settings(max_examples=15)
@given(st.floats(-1, 1))
def test_temperature_keeps_the_luminance_of_grey(temperature):
    face = grey()
    after = Tone(temperature=temperature)(face, {}).texture.colour[MIDDLE]
    luminance = decoded(after) @ np.float32([0.2126, 0.7152, 0.0722])
    np.testing.assert_allclose(luminance, decoded(np.float32(0.4)), rtol=0.012)
    red, _, blue = after.mean(axis=(0, 1))
    assert abs(temperature) < 0.1 or np.sign(red - blue) == np.sign(temperature)


def test_no_saturation_is_grey_and_hues_turn():
    face = portrait()
    without = lab(Tone(saturation=-1)(face, {}))[MIDDLE]
    assert np.abs(without[..., 1:]).max() < 0.5
    before, after = (lab(one)[MIDDLE][..., 1:] for one in (face, Tone(hue=40)(face, {})))
    turned = np.arctan2(after[..., 1], after[..., 0]) - np.arctan2(before[..., 1], before[..., 0])
    np.testing.assert_allclose(np.rad2deg(turned), 40, atol=2)


def test_contrast_is_about_the_mean():
    face = portrait()
    before, after = (lab(one)[..., 0] for one in (face, Tone(contrast=0.5, softness=0)(face, {})))
    inside = (ATLAS.region("oval", 256) > 0.99) & (before > 20) & (before < 90)
    slope = np.polyfit(before[inside], after[inside], 1)[0]
    assert slope == pytest.approx(1.5, abs=0.1)


@pytest.mark.parametrize("region", [name for name in PARTS if name != "face"])
def test_a_region_changes_and_what_is_far_from_it_does_not(region):
    changed = np.abs(change(Tone(exposure=1, regions=region, softness=0.2), portrait())).max(axis=2)
    assert changed[ATLAS.region(PARTS[region], 256) > 0.99].mean() > 0.02
    assert not changed[ATLAS.soft_region(PARTS[region], 256, 0.1) == 0].any()


def test_nonsense_that_was_not_seen_does_not_reach_the_rest():
    face = portrait()
    seen = frozen(face.texture.confidence * (np.arange(256) < 150))
    results = [
        Tone(contrast=0.5)(Face(face.positions, Texture(frozen(colour), seen)), {}).texture.colour
        for colour in (
            np.where(seen[..., None] > 0, face.texture.colour, other) for other in (0, 1)
        )
    ]
    np.testing.assert_allclose(*(result[seen > 0] for result in results), atol=1e-5)


# --- Match ---------------------------------------------------------------------------------------


def skin_of(face):
    own = learn(face.texture, ATLAS)
    return mean_of(own.tone, own.likelihood)


def test_match_keeps_the_promises_of_edits():
    holds(Match, {"other": portrait(SKINS["dark"])}, reference="other")
    same_at_any_size(Match, {"other": portrait(SKINS["dark"])}, reference="other")


@pytest.mark.parametrize("own, other", [("light", "dark"), ("dark", "light")])
def test_match_brings_the_skin_to_the_references_colour(own, other):
    reference = portrait(SKINS[other], size=320)
    after = Match(reference="other", softness=0)(portrait(SKINS[own]), {"other": reference})
    np.testing.assert_allclose(skin_of(after), skin_of(reference), atol=0.03)


def test_a_face_matched_to_itself_is_the_same():
    face = portrait()
    assert np.abs(change(Match(reference="self"), face, {"self": face})).max() < 1e-5


def test_a_missing_reference_is_named():
    with pytest.raises(UsageError, match="match: no input is called 'anna'; there are none"):
        Match(reference="anna")(portrait(), {})
