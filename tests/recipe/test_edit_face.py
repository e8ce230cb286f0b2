"""A face edited in a photograph of which it is known what each pixel shows."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from facelab.constants import PARTS
from facelab.edits import (
    Cover,
    Foundation,
    Lipstick,
    Relight,
    Reshape,
    Tone,
    Transplant,
    Whiten,
)
from facelab.edits.cielab import decoded
from facelab.face.eyewear import Eyewear
from facelab.face.mouth import Lips
from facelab.face.texture import unwrap
from facelab.geometry.landmarks import points468
from facelab.geometry.parsing import SIDE, Parsing
from facelab.recipe.edit_face import edit_face
from facelab.recipe.inputs import Person
from facelab.reconstruct.levelled import levelled
from facelab.types import Face
from tests.synthetic import ATLAS, canonical, frozen, plain, texture

SHAPE = (260, 250)
IMAGE = frozen(
    np.clip(
        plain(SHAPE, (0.75, 0.55, 0.45)) + 0.02 * np.sin(np.indices(SHAPE).sum(axis=0))[..., None],
        0,
        1,
    )
)
PLACES = canonical(scale=13.0, origin=(125.0, 130.0, 0.0))


def parsing(positions=PLACES, **windows):
    """Skin, but for parts in windows (rows, columns) of the photograph."""
    crop = levelled(points468(positions), SIDE)
    y, x = np.mgrid[:SIDE, :SIDE]
    places = crop.invert(np.column_stack([x.ravel(), y.ravel()]).astype(np.float32))
    column, row = places.T.reshape(2, SIDE, SIDE)
    shares = np.zeros((SIDE, SIDE, len(PARTS)), np.float32)
    for name, (rows, columns) in windows.items():
        inside = (row >= rows[0]) & (row < rows[1]) & (column >= columns[0]) & (column < columns[1])
        shares[inside] = 0
        shares[inside, PARTS.index(name)] = 1
    shares[..., PARTS.index("skin")] += 1 - shares.sum(axis=2)
    return Parsing(frozen(shares), crop)


def edited(*edits, image=IMAGE, positions=PLACES, known=None, mask=None, blend="alpha", inputs=()):
    """The photograph after edits, and what of it has changed by how much."""
    before = Face(positions, unwrap(image, positions, 512, known))
    out, _ = edit_face(image, before, edits, dict(inputs), blend, mask, known)
    return out, np.abs(out - image).max(axis=2)


@pytest.mark.parametrize("part", ["hair", "front", "background", "glasses"])
@pytest.mark.parametrize("blend", ["alpha", "poisson"])
def test_what_is_in_front_stays_to_the_pixel(part, blend):
    half = {part: ((-50, 310), (-50, 120))}
    _, change = edited(Tone(exposure=0.5), known=parsing(**half), blend=blend)
    assert not change[:, :110].any()
    assert change[100:160, 140:180].min() > 0.02


@pytest.mark.parametrize("blend", ["alpha", "poisson"])
@pytest.mark.parametrize("edit", [Tone(exposure=0.5), Foundation(match=0.0), Relight(warmth=1.0)])
def test_a_change_of_light_goes_on_over_the_neck_and_ends_at_clothes(edit, blend):
    known = parsing(
        background=((-50, 60), (-50, 70)), skin=((0, 50), (0, 40)), clothes=((242, 310), (-50, 310))
    )
    _, change = edited(edit, known=known, blend=blend)
    assert change[225:235, 110:140].mean() > 0.5 * change[175:190, 110:140].mean() > 0
    assert not change[250:].any()
    assert not change[:42, :34].any()  # another one's skin


def test_a_change_of_light_keeps_within_a_mask_and_half_of_it_is_half():
    mask = np.zeros(SHAPE, np.float32)
    mask[:, 125:] = 1
    known = parsing(clothes=((242, 300), (-50, 310)))
    _, whole = edited(Tone(exposure=0.5), known=known)
    _, half = edited(Tone(exposure=0.5, strength=0.5), known=known)
    _, limited = edited(Tone(exposure=0.5), known=known, mask=mask)
    neck = slice(222, 235), slice(130, 150)
    assert not limited[:, :125].any()
    np.testing.assert_array_equal(limited[neck], whole[neck])
    np.testing.assert_allclose(half[neck], whole[neck] / 2, rtol=0.2)


def test_a_change_of_a_part_does_not_go_on():
    known = parsing(clothes=((242, 300), (-50, 310)))
    _, change = edited(Tone(exposure=0.5, regions=("lips",), softness=0.1), known=known)
    assert change.max() > 0.05
    assert change[230:].max() < 1e-5


def test_an_edit_of_one_part_leaves_all_others_to_the_pixel():
    beard = parsing(beard=((160, 260), (0, 250)))
    _, change = edited(Foundation(coverage=1.0, match=0.0), known=beard)
    assert not change[170:].any()
    assert change[100:140, 60:80].max() > 0.01


def open_mouth():
    """A face that shows teeth, and where: light between the lips."""
    positions = Reshape(mouth=1.0)(Face(PLACES, unwrap(IMAGE, PLACES, 256)), {}).positions
    lips = Lips.of(positions)
    image = IMAGE.copy()
    rows, columns = np.indices(SHAPE)
    x = lips.upper[:, 0]
    upper, lower = (np.interp(columns[0], x, edge[:, 1]) for edge in (lips.upper, lips.lower))
    inside = (columns > x[0]) & (columns < x[-1]) & (rows > upper) & (rows < lower)
    image[inside] = (0.85, 0.83, 0.78)
    deep = inside & (rows > upper + 2.5) & (rows < lower - 2.5)
    return frozen(image), positions, deep


@pytest.mark.parametrize("parts_known", [True, False])
@pytest.mark.parametrize(
    "edit", [Lipstick(), Tone(exposure=0.5, regions="lips"), Relight(azimuth=60)]
)
def test_edits_of_texels_leave_teeth(edit, parts_known):
    image, positions, teeth = open_mouth()
    assert teeth.sum() > 100
    known = parsing(positions) if parts_known else None
    _, change = edited(edit, image=image, positions=positions, known=known)
    assert change[teeth].max() < 0.01
    lips = positions.values[ATLAS.region("lips", 256) > 0.99][:, :2]
    column, row = np.rint(lips).astype(int).T
    assert np.median(change[row, column]) > 0.005


def test_teeth_are_as_much_darker_as_the_face_around():
    image, positions, teeth = open_mouth()
    known = parsing(positions)
    after, _ = edited(Tone(exposure=-1), image=image, positions=positions, known=known)
    np.testing.assert_allclose(decoded(after[teeth]), decoded(image[teeth]) / 2, atol=0.02)


@pytest.mark.parametrize("others", [(), (Tone(exposure=0.5),)])
def test_teeth_are_whitened_in_the_image_to_the_outermost(others):
    image, positions, teeth = open_mouth()
    given = {"image": image, "positions": positions, "known": parsing(positions)}
    after, change = edited(Whiten(part="teeth"), *others, **given)
    yellow = image[..., 0] - image[..., 2]
    assert ((after[..., 0] - after[..., 2])[teeth] < yellow[teeth] - 0.01).all()
    if not others:
        apart = cv2.dilate(teeth.astype(np.uint8), np.ones((15, 15), np.uint8)) == 0
        assert not change[apart].any()


def test_what_hides_a_mouth_hides_its_teeth():
    image, positions, teeth = open_mouth()
    given = {"image": image, "positions": positions, "known": parsing(positions)}
    _, change = edited(Cover(), **given)
    assert np.median(change[teeth]) > 0.1


@pytest.mark.parametrize("parts_known", [True, False])
def test_the_lips_of_others_leave_teeth(parts_known):
    image, positions, teeth = open_mouth()
    known = parsing(positions) if parts_known else None
    other = Person((), Face(canonical(), texture(512, (0.5, 0.2, 0.2))))
    edit = Transplant(reference="other", regions=("mouth",), tone=0.0)
    given = {"image": image, "positions": positions, "known": known, "inputs": {"other": other}}
    _, change = edited(edit, **given)
    assert change[teeth].max() < 0.01  # four texels around are read for a pixel
    lips = positions.values[ATLAS.region("lips", 256) > 0.99][:, :2]
    column, row = np.rint(lips).astype(int).T
    assert np.median(change[row, column]) > 0.2


def test_hands_stay_before_a_mask_and_beards_do_not():
    below = ((150, 260), (0, 125))
    _, change = edited(Cover(), known=parsing(front=below))
    assert change[160:, :115].max() < 0.04  # the photograph gives way to the mask a little
    assert change[170:190, 140:160].min() > 0.05
    _, change = edited(Cover(), known=parsing(beard=below))
    assert change[170:190, 95:110].min() > 0.05


BESIDE = (60, 150)


def glasses(positions, **windows):
    _, change = edited(
        Cover(item="glasses", frame="#101010"),
        positions=positions,
        known=parsing(positions, **windows),
    )
    return change > 0.2


@pytest.mark.parametrize("yaw", [-35, -20])
def test_temples_reach_the_ear(yaw):
    positions = canonical(scale=13.0, origin=(125.0, 130.0, 0.0), yaw=yaw)
    end = positions.values[ATLAS.face][:, 0].max()
    ear = round(float(end)) + 6
    found = glasses(positions, hair=(BESIDE, (ear - 10, ear)), ears=(BESIDE, (ear, 250)))
    columns = np.flatnonzero(found.any(axis=0))
    assert columns[-1] in range(ear, ear + 5)
    beyond = found[:, ear - 30 : ear].any(axis=0)
    assert beyond.all()  # without a gap


def test_hair_without_an_ear_hides_temples():
    positions = canonical(scale=13.0, origin=(125.0, 130.0, 0.0), yaw=-30)
    end = round(float(positions.values[ATLAS.face][:, 0].max()))
    found = glasses(positions, hair=(BESIDE, (end - 15, 250)))
    assert not found[:, end - 12 :].any()
    assert found[:, end - 40 : end - 20].any(axis=0).all()


def test_the_far_temple_is_behind_the_face():
    positions = canonical(scale=13.0, origin=(125.0, 130.0, 0.0), yaw=-35)
    first, last = (edge(positions.values[ATLAS.face][:, 0]) for edge in (np.min, np.max))
    found = glasses(positions)
    beyond = np.flatnonzero(found[:, : int(first) - 1].any(axis=0))
    assert len(beyond) < 0.15 * (last - first)  # the far rim alone, which stands before the face


@pytest.mark.parametrize("yaw", [0, -25])
def test_lenses_are_as_round_as_told_whatever_lies_below(yaw):
    """They stand before the face: brows and nose do not bend them."""
    positions = canonical(scale=13.0, origin=(125.0, 130.0, 0.0), yaw=yaw)
    face = Face(positions, texture(512))
    (frame,) = [one for one in Cover(item="glasses", shape="round").worn(face)
                if isinstance(one, Eyewear)]  # fmt: skip
    for ring in frame.outer:
        across, down = np.ptp(ring, axis=0)
        assert across / down == pytest.approx(0.34 / 0.33 * np.cos(np.deg2rad(yaw)), rel=0.12)


def test_dark_lenses_hide_eyes_and_clear_ones_do_not():
    column, row = np.rint(PLACES.landmarks[36:42, :2].mean(axis=0)).astype(int)
    for item, least, most in (("sunglasses", 0.25, 1), ("glasses", 0, 0.15)):
        _, change = edited(Cover(item=item, colour="#101010", frame="#101010"), known=parsing())
        assert least <= change[row, column].max() <= most


def test_a_mask_limits_all_of_it():
    mask = np.zeros(SHAPE, np.float32)
    mask[:, :125] = 1
    _, change = edited(Cover(item="glasses"), known=parsing(), mask=mask)
    assert not change[:, 126:].any()
    assert change[:, :125].any()
