from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from facelab.errors import NoFaceError, UsageError
from facelab.face.blend import METHODS
from facelab.face.composite import render
from facelab.face.texture import unwrap
from facelab.recipe.swapping import SwapSettings, swap_into
from facelab.reconstruct import load_reconstructor
from facelab.reconstruct.face_selection import Sighting, choose, sight
from facelab.types import Box, Face, PositionMap
from tests.synthetic import (
    StubReconstructor,
    astronaut,
    canonical,
    frozen,
    noise,
    photograph,
    plain,
    plane,
)

LARGE = plane((120, 10), 0.4)
MIDDLE = plane((5, 10), 0.3)
SMALL = plane((240, 10), 0.2)
THREE = StubReconstructor(LARGE, MIDDLE, SMALL)  # the largest first, as all reconstructors do
IMAGE = noise(130, 300)
SETTINGS = SwapSettings(texture_size=256)


@pytest.fixture(scope="module")
def reconstructor():
    return load_reconstructor()


@pytest.fixture(scope="module")
def people(reconstructor):
    """The astronaut, and the Mona Lisa at about the same size."""
    import cv2

    second = photograph("mona-lisa.jpg", slice(100, 500), slice(170, 570))
    second = frozen(cv2.resize(second, (200, 200), interpolation=cv2.INTER_AREA))
    return [
        Sighting(image, reconstructor.largest(image)[0].positions)
        for image in (astronaut(), second)
    ]


# --- Choosing ----------------------------------------------------------------------------------


def chosen(face, box=None, stub=THREE):
    return [found.positions for found in choose(IMAGE, stub, face, box, "a.png")]


@pytest.mark.parametrize(
    ("face", "expected"),
    [
        ("largest", [LARGE]),
        ("left", [MIDDLE]),
        ("right", [SMALL]),
        ("0", [LARGE]),
        ("1", [MIDDLE]),
        ("2", [SMALL]),
        ("all", [LARGE, MIDDLE, SMALL]),
    ],
)
def test_face_that_was_asked_for(face, expected):
    assert chosen(face) == expected


@pytest.mark.parametrize(("index", "expected"), [(0, LARGE), (1, MIDDLE), (2, SMALL)])
def test_an_index_is_the_same_as_a_number_and_as_text(index, expected):
    for face in (index, str(index)):
        (seen,) = sight(IMAGE, THREE, face)
        assert seen.positions == expected
        source = Sighting(noise(300, 300), plane((20, 20)))
        settings = replace(SETTINGS, target_face=face)
        (found,) = swap_into(IMAGE, [source], THREE, settings).faces
        assert found.positions == expected


def test_box_is_handed_on():
    stub, box = StubReconstructor(MIDDLE), Box(1, 2, 30, 40)
    assert chosen("largest", box, stub) == [MIDDLE]
    assert stub.boxes == [box]


def test_missing_face_lists_the_boxes_of_those_there_are():
    with pytest.raises(NoFaceError) as caught:
        chosen("3")
    message = str(caught.value)
    assert message.startswith("a.png: no face 3")
    for index, face in enumerate((LARGE, MIDDLE, SMALL)):
        box = face.box
        assert f"{index}: {box.x0:.0f},{box.y0:.0f},{box.x1:.0f},{box.y1:.0f}" in message


@pytest.mark.parametrize("face", ["largest", "left", "right", "0", "all"])
def test_no_face_names_the_file_and_a_remedy(face):
    with pytest.raises(NoFaceError, match=r"^a\.png: no face found; .*box") as caught:
        chosen(face, stub=StubReconstructor())
    assert "\n" not in str(caught.value)


def test_no_face_in_a_box_names_file_and_box():
    with pytest.raises(NoFaceError, match=r"^a\.png: no face in the box 1,2,30,40"):
        chosen("largest", Box(1, 2, 30, 40), StubReconstructor())


def test_sight_pairs_the_photograph_with_its_faces():
    sightings = sight(IMAGE, THREE, "all")
    assert [one.positions for one in sightings] == [LARGE, MIDDLE, SMALL]
    assert all(one.image is IMAGE for one in sightings)
    with pytest.raises(NoFaceError, match=r"^image: "):
        sight(IMAGE, StubReconstructor())


def test_image_of_bytes_is_refused():
    with pytest.raises(ValueError, match="image must have shape"):
        choose(np.zeros((9, 9, 3), np.uint8), THREE, "largest", None, "a.png")


@pytest.mark.parametrize("face", ["biggest", "-1", "1.5", ""])
def test_a_face_that_nothing_is_called_is_a_usage_error(face):
    with pytest.raises(UsageError, match=r"^a\.png: no face is called .*largest, left, right, all"):
        sight(IMAGE, THREE, face, name="a.png")


def test_settings_have_nothing_that_the_library_ignores():
    """Which face of a source is said to `sight`: fields of its own would be another meaning."""
    assert not [name for name in SwapSettings.__dataclass_fields__ if name.startswith("source")]


# --- Settings ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("blend", "clone", r"blend must be one of .*poisson.*, not 'clone'"),
        ("tone", -0.01, "tone must be from 0 to 1, not -0.01"),
        ("tone", 1.01, "tone must be from 0 to 1"),
        ("tone", float("nan"), "tone must be from 0 to 1"),
        ("keep", ("mouth", "ears"), "keep must be of mouth, eyes, not 'ears'"),
        ("target_face", "-1", "target_face must be"),
        ("target_face", -1, "target_face must be"),
        ("target_face", True, "target_face must be"),
        ("target_face", "biggest", "target_face must be .*all or an index, not 'biggest'"),
        ("target_face", "", "target_face must be"),
        ("target_face", "1.5", "target_face must be"),
        ("texture_size", 255, "texture_size must be from 256 to 2048, not 255"),
        ("texture_size", 2049, "texture_size must be"),
    ],
)
def test_settings_that_are_not_allowed(field, value, message):
    with pytest.raises(UsageError, match=message):
        SwapSettings(**{field: value})


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"tone": 0, "keep": (), "target_face": "all"},
        {"tone": 1, "keep": ("eyes", "mouth"), "texture_size": 256},
        {"texture_size": 2048, "target_face": "right"},
        *({"blend": method} for method in METHODS),
    ],
)
def test_settings_that_are_allowed(fields):
    settings = SwapSettings(**fields)
    assert all(getattr(settings, name) == value for name, value in fields.items())


# --- Swapping ----------------------------------------------------------------------------------


def test_swap_of_a_sample_end_to_end(people, reconstructor):
    target, source = people
    result = swap_into(target.image, [source], reconstructor, SETTINGS)
    (face,) = result.faces
    assert result.image.shape == target.image.shape
    assert result.image.dtype == np.float32
    changed = np.abs(result.image - target.image).max(axis=2) > 0
    y, x = np.nonzero(changed)
    box = face.box
    assert box.x0 - 3 < x.min() < x.max() < box.x1 + 3
    assert box.y0 - 3 < y.min() < y.max() < box.y1 + 3
    # Still a face in the same place, of the same tone, yet another's.
    (again,) = reconstructor.largest(result.image)
    shift = again.positions.landmarks - face.positions.landmarks
    assert np.linalg.norm(shift[:, :2], axis=1).mean() < 0.05 * box.size
    middle = slice(round(box.y0 + 0.45 * box.height), round(box.y0 + 0.65 * box.height))
    columns = slice(round(box.x0 + 0.3 * box.width), round(box.x0 + 0.7 * box.width))
    before, after = target.image[middle, columns], result.image[middle, columns]
    assert np.abs(before.mean(axis=(0, 1)) - after.mean(axis=(0, 1))).max() < 0.06
    assert np.abs(before - after).mean() > 0.005


# Mixed gradients add the target's own edges around what was made up.
@pytest.mark.parametrize(("method", "levels"), [("poisson", 1), ("alpha", 1), ("mixed", 2)])
def test_own_face_hardly_changes(people, method, levels):
    target = people[0]
    stub = StubReconstructor(target.positions)
    result = swap_into(target.image, [target], stub, SwapSettings(blend=method))
    face = Face(target.positions, unwrap(target.image, target.positions))
    layer = render(face, face.texture.confidence, target.image.shape[:2])
    inside = layer.oval > 0
    difference = np.abs(result.image - target.image)[layer.window][inside]
    assert inside.sum() > 2000
    assert difference.mean() < levels / 255


def test_same_call_same_bytes(people):
    target, source = people
    stub = StubReconstructor(target.positions)
    first, second = (swap_into(target.image, [source], stub, SETTINGS).image for _ in range(2))
    assert first.tobytes() == second.tobytes()


def test_tone_brings_the_source_to_the_target(people):
    target, source = people
    stub = StubReconstructor(target.positions)
    box = target.positions.box
    x, y = map(round, box.centre)
    middle = slice(y, y + 15), slice(x - 15, x + 15)
    shifts = []
    for tone in (0.0, 1.0):
        settings = replace(SETTINGS, tone=tone, blend="alpha")
        out = swap_into(target.image, [source], stub, settings).image
        shifts.append(np.abs((out - target.image)[middle].mean(axis=(0, 1))).max())
    assert shifts[1] < 0.5 * shifts[0]


def test_several_sources_are_fused(people):
    target, source = people
    left = round(source.positions.box.centre[0])
    values = source.positions.values - np.float32([left, 0, 0])
    cut = Sighting(frozen(source.image[:, left:]), PositionMap(values, source.positions.atlas))
    stub = StubReconstructor(target.positions)
    alone, once, both = (
        swap_into(target.image, views, stub, SETTINGS).image
        for views in ([source], [cut], [cut, source])
    )
    assert np.abs(both - alone).mean() < 0.5 * np.abs(once - alone).mean()


def test_all_faces_are_swapped():
    image = plain((130, 300), (0.7, 0.5, 0.4))
    source = Sighting(noise(300, 300), plane((20, 20)))
    results = {
        face: swap_into(image, [source], THREE, replace(SETTINGS, target_face=face))
        for face in ("largest", "all", "left")
    }
    assert [len(results[face].faces) for face in ("largest", "all", "left")] == [1, 3, 1]
    for positions, faces in ((LARGE, ("largest", "all")), (MIDDLE, ("left", "all"))):
        x, y = map(round, positions.box.centre)
        for face, result in results.items():
            part = np.abs(result.image - image)[y - 4 : y + 4, x - 4 : x + 4]
            assert (part.mean() > 1e-3) == (face in faces)


def test_mask_says_where_and_replaces_the_occlusion(people):
    target, source = people
    stub = StubReconstructor(target.positions)
    nothing = frozen(np.zeros(target.image.shape[:2]))
    out = swap_into(target.image, [source], stub, SETTINGS, nothing).image
    np.testing.assert_allclose(out, target.image, atol=1e-3)
    everything = frozen(np.ones(target.image.shape[:2]))
    masked, bare = (
        swap_into(target.image, [source], stub, settings, everything).image
        for settings in (SETTINGS, replace(SETTINGS, occlusion=False))
    )
    np.testing.assert_array_equal(masked, bare)


def test_mask_of_another_size_is_refused(people):
    target, source = people
    with pytest.raises(ValueError, match=r"mask must have shape \(256, 256\)"):
        swap_into(target.image, [source], THREE, SETTINGS, np.ones((9, 9), np.float32))


def test_target_without_a_face_is_named():
    source = Sighting(IMAGE, LARGE)
    with pytest.raises(NoFaceError, match=r"^b\.png: no face"):
        swap_into(IMAGE, [source], StubReconstructor(), SETTINGS, name="b.png")


def test_face_beside_the_image_leaves_it():
    source = Sighting(IMAGE, LARGE)
    stub = StubReconstructor(canonical(origin=(2000, 2000, 0)))
    np.testing.assert_array_equal(swap_into(IMAGE, [source], stub, SETTINGS).image, IMAGE)
