"""Rims of glasses: found where they are drawn, and nowhere else."""

from __future__ import annotations

import numpy as np
import pytest

from facelab.edits import cover_shapes
from facelab.edits.anonymise import Anonymise
from facelab.edits.rims import rims
from facelab.edits.transplant import Transplant
from facelab.numerics.smoothing import resized
from tests.editing import SKINS, portrait, recoloured
from tests.synthetic import ATLAS, DARK, SKIN, plain_face

FRAMES = {"dark": (0.1, 0.1, 0.1), "metal": (0.95, 0.93, 0.9)}
SKINNED = pytest.mark.parametrize("skin", SKINS.values(), ids=SKINS)


def with_glasses(face, frame=FRAMES["dark"]):
    mask = cover_shapes.glasses(ATLAS, face.texture.size)[..., None]
    return recoloured(face, face.texture.colour * (1 - mask) + mask * np.float32(frame))


@SKINNED
def test_a_face_without_glasses_has_no_rims(skin):
    assert not rims(portrait(skin, 512)).any()


@SKINNED
@pytest.mark.parametrize("frame", FRAMES.values(), ids=FRAMES)
def test_rims_are_found_and_not_the_lenses(skin, frame):
    found = rims(with_glasses(portrait(skin, 512), frame))
    drawn = cover_shapes.glasses(ATLAS, 512) > 0.9
    around = ATLAS.region("eye areas", 512) > 0.5
    assert found[drawn & around].mean() > 0.8
    assert found[(cover_shapes.glasses(ATLAS, 512) == 0) & around].mean() < 0.3
    assert not found[ATLAS.rows("nose", 512)[1] :].any()


def test_without_a_bridge_there_are_no_glasses():
    face = portrait(size=512)
    one = with_glasses(face).texture.colour.copy()
    one[:, 240:] = face.texture.colour[:, 240:]
    assert not rims(recoloured(face, one)).any()


def test_sizes_agree():
    small, large = (rims(with_glasses(portrait(size=size))) for size in (512, 1024))
    assert np.abs(resized(large, 512) - small).mean() < 0.01


def transplanted(face, other):
    """How far each texel changes with the eyes of another face."""
    after = Transplant(reference="other", tone=0)(face, {"other": other}).texture.colour
    return np.abs(after - face.texture.colour).max(axis=2)


def test_transplanted_eyes_stay_behind_glasses():
    face, other = with_glasses(portrait(size=512)), plain_face(portrait().positions, DARK, 512)
    changed, around = transplanted(face, other), ATLAS.region("eye areas", 512) > 0.9
    assert changed[around & (rims(face) > 0.95)].max() < 0.05
    assert changed[around & (rims(face) == 0)].mean() > 0.2


def test_glasses_do_not_come_along():
    face, other = plain_face(portrait().positions, SKIN, 512), with_glasses(portrait(size=512))
    changed, around = transplanted(face, other), ATLAS.region("eye areas", 512) > 0.9
    assert changed[around & (rims(other) > 0.95)].max() < 0.05


def test_an_average_has_no_glasses():
    face, other = portrait(size=512), portrait(SKINS["dark"], 512)
    people = {"a": with_glasses(other), "b": other}
    bare = Anonymise(references=("b",))(face, people).texture.colour
    both = Anonymise(references=("a", "b"))(face, people).texture.colour
    around = ATLAS.region("eye areas", 512) > 0.9
    drawn = around & (rims(people["a"]) > 0.95)
    assert np.abs(both - bare)[drawn].mean() < 0.03
