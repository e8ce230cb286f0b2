"""What edits leave of a face whose parts are known: hair, glasses, hands, beards."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import cv2
import numpy as np
import pytest

from facelab.constants import PARTS
from facelab.edits import EDITS, Foundation, Lipstick, Relight, Smooth, Tone, Whiten
from facelab.edits.cielab import to_lab
from facelab.edits.complexion import Complexion
from facelab.edits.edit import Edit
from facelab.types import Face, Texture
from tests.edits.test_edits import lopsided, made, references
from tests.synthetic import ATLAS, frozen

PAINTING = [kind for kind in EDITS if kind.name not in ("reshape", "turn")]
FEATURES = ("brows", "eyes", "lips")
OF_SKIN = ("smooth", "blemish", "shine", "freckles", "wrinkles", "foundation", "blush")


def rows(first, last):
    """A band across the face."""
    mask = np.zeros((256, 256), np.float32)
    mask[first:last] = 1
    return mask


def knowing(face, **masks):
    """A face with its features where the atlas has them, but for other parts by their masks."""
    parts = np.zeros((256, 256, len(PARTS)), np.float32)
    for name in FEATURES:
        parts[..., PARTS.index(name)] = ATLAS.region(name, 256)
    for name, mask in masks.items():
        parts *= 1 - mask[..., None]
        parts[..., PARTS.index(name)] = mask
    parts[..., PARTS.index("skin")] += 1 - parts.sum(axis=2)
    return Face(face.positions, replace(face.texture, parts=frozen(parts)))


def changed(edit, face):
    """Which texels an edit changes."""
    after = edit(face, references())
    return (after.texture.colour != face.texture.colour).any(axis=2)


@pytest.mark.parametrize("part", ["hair", "glasses", "front", "background"])
@pytest.mark.parametrize("kind", PAINTING, ids=lambda kind: kind.name)
def test_what_is_not_the_face_s_stays_bit_for_bit(kind, part):
    face, edit = knowing(lopsided(), **{part: rows(0, 256)}), made(kind)
    hidden = edit.hides(ATLAS, 256) > 0
    assert not changed(edit, face)[~hidden].any()
    assert changed(edit, face).any() == (kind.name == "cover")


@pytest.mark.parametrize("kind", EDITS, ids=lambda kind: kind.name)
def test_parts_stay_known(kind):
    face = knowing(lopsided(), hair=rows(0, 60))
    assert made(kind)(face, references()).texture.parts is face.texture.parts


@pytest.mark.parametrize("name", OF_SKIN)
def test_edits_of_skin_leave_beards_and_brows(name):
    (kind,) = (kind for kind in EDITS if kind.name == name)
    face = knowing(lopsided(), beard=rows(150, 256))
    touched = changed(made(kind), face)
    assert not touched[152:].any()
    assert not touched[ATLAS.region("brows", 256) > 0.9].any()
    assert changed(made(kind), knowing(lopsided())).any()


def test_light_falls_on_brows_lips_and_beards_but_not_on_hair():
    face = knowing(lopsided(), hair=rows(0, 60), beard=rows(170, 256))
    touched = changed(Relight(), face)
    assert not touched[:58].any()
    inside = ATLAS.region("oval", 256) > 0.99
    for region in (ATLAS.region("brows", 256) > 0.9, (rows(185, 200) > 0) & inside):
        assert touched[region].mean() > 0.9


def test_foundation_ends_at_glasses():
    frame = rows(90, 94)
    change = changed(Foundation(), knowing(lopsided(), glasses=frame))
    assert not change[91:93].any()
    assert change[100:110, 100:150].any()


def test_eyes_are_changed_through_clear_lenses_and_not_through_dark_ones():
    face = lopsided()
    worn = rows(85, 110)
    dark = np.where(worn[..., None] > 0, np.float32(0.03), face.texture.colour)
    shaded = Face(face.positions, replace(face.texture, colour=frozen(dark)))
    for seen, expected in ((face, True), (shaded, False)):
        touched = changed(Tone(exposure=0.5), knowing(seen, lenses=worn))
        assert touched[88:107, 60:200].any() == expected


def test_what_an_edit_paints_is_told_between_parts_softly():
    shares = np.linspace(0, 1, 256, dtype=np.float32)[:, None] * np.ones((1, 256), np.float32)
    face = knowing(lopsided(), hair=shares)
    full = Tone(exposure=0.5)(lopsided(), {}).texture.colour - lopsided().texture.colour
    part = Tone(exposure=0.5)(face, {}).texture.colour - face.texture.colour
    column = np.abs(part[60:200, 128, 1]) / np.maximum(np.abs(full[60:200, 128, 1]), 1e-6)
    assert (column[100:130] < 1).any()
    assert (np.diff(column) < 0.05).all()
    assert column[:20].min() > 0.99
    assert (part[245:] == 0).all()


def test_skin_lies_bare_where_the_parts_say_so():
    face = knowing(lopsided(), hair=rows(0, 70))
    bare = Complexion(face).bare
    assert bare[:66].max() < 0.05
    assert bare[130:150, 90:110].min() > 0.95


def test_nostrils_are_no_bare_skin():
    face = lopsided()
    dark = face.texture.colour.copy()
    dark[140:150, 90:100] *= 0.3
    face = Face(face.positions, replace(face.texture, colour=frozen(dark)))
    bare = Complexion(knowing(face)).bare
    assert bare[143:147, 93:97].max() < 0.1
    assert bare[143:147, 75:82].min() > 0.95


def test_a_face_of_unknown_parts_is_changed_as_ever():
    face = lopsided()
    for edit in (Lipstick(), Smooth(), Whiten()):
        np.testing.assert_array_equal(
            edit(face, {}).texture.colour, edit.apply(face, {}).texture.colour
        )


# --- Edits that know nothing of parts -----------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Red(Edit):
    """All red, by a texture made anew."""

    name: ClassVar[str] = "red"

    def apply(self, face, references):
        colour = np.broadcast_to(np.float32([1, 0, 0]), face.texture.colour.shape)
        return Face(face.positions, Texture(colour, face.texture.confidence))


@dataclass(frozen=True, kw_only=True)
class Scarf(Red):
    """The same as a thing that hides the chin."""

    name: ClassVar[str] = "scarf"

    def hides(self, atlas, size):
        out = np.zeros((size, size), np.float32)
        out[200 * size // 256 :] = 1
        return out


def test_an_edit_of_one_s_own_paints_the_face_alone():
    face = knowing(lopsided(), hair=rows(0, 60))
    texture = Red()(face, {}).texture
    np.testing.assert_array_equal(texture.colour[:60], face.texture.colour[:60])
    assert (texture.colour[64:] == [1, 0, 0]).all()
    assert texture.parts is face.texture.parts


def test_a_thing_of_one_s_own_lies_over_what_it_hides():
    face = knowing(lopsided(), beard=rows(180, 230), hair=rows(230, 256))
    texture = Scarf()(face, {}).texture
    assert (texture.colour[200:] == [1, 0, 0]).all()
    face = knowing(lopsided(), hair=rows(100, 256))
    texture = Scarf()(face, {}).texture
    np.testing.assert_array_equal(texture.colour[104:196], face.texture.colour[104:196])
    assert (texture.colour[200:] == [1, 0, 0]).all()


def test_an_edit_may_give_a_texture_of_another_size():
    @dataclass(frozen=True, kw_only=True)
    class Larger(Edit):
        name: ClassVar[str] = "larger"

        def apply(self, face, references):
            colour = np.ones((512, 512, 3), np.float32)
            return Face(face.positions, Texture(colour, np.ones((512, 512), np.float32)))

    face = knowing(lopsided(), hair=rows(0, 60))
    texture = Larger()(face, {}).texture
    assert texture.size == 512
    assert texture.parts is face.texture.parts
    small = texture.colour[::2, ::2]
    assert np.abs(small - face.texture.colour)[:54, 20:-20].mean() < 0.02
    assert texture.colour[130:].min() == 1


def test_foundation_reaches_brows_without_a_ring_and_leaves_hair_in_it():
    face = knowing(lopsided())
    window = ATLAS.region("brows", 256) > 0.99
    ring = (cv2.dilate(window.astype(np.uint8), np.ones((9, 9))) > 0) & ~(
        cv2.dilate(window.astype(np.uint8), np.ones((5, 5))) > 0
    )
    change = np.abs(
        Foundation(match=0.0, coverage=0.0)(face, {}).texture.colour - face.texture.colour
    ).max(axis=2)
    cheeks = ATLAS.region("cheeks", 256) > 0.99
    assert change[ring].mean() > 0.6 * change[cheeks].mean()
    assert not change[window].any()


def test_an_undertone_is_golden_or_rosy_and_as_light():
    face = knowing(lopsided())
    cheeks = ATLAS.region("cheeks", 256) > 0.99
    none, warm, cold = (
        to_lab(Foundation(undertone=tone)(face, {}).texture.colour)[cheeks].mean(axis=0)
        for tone in (0.0, 1.0, -1.0)
    )
    assert cold[2] + 2 < none[2] < warm[2] - 2
    assert cold[1] > warm[1]
    assert abs(warm[0] - cold[0]) < 1
