from __future__ import annotations

from dataclasses import replace
from functools import partial

import cv2
import numpy as np
import pytest

import facelab
from facelab import FaceModel, FaceObservation, Recipe, Swap
from facelab.errors import NoFaceError, UsageError
from facelab.face import source_view
from facelab.face.blend import METHODS
from facelab.face.composite import render
from facelab.face.shape import transferred
from facelab.face.texture import unwrap
from facelab.images import Image
from facelab.images.image import to_integers
from facelab.recipe import Photographs, swap_face
from facelab.recipe.inputs import Person
from facelab.recipe.runner import Seen, prepare
from facelab.reconstruct.face_selection import select_faces
from facelab.types import Box, Face, PositionMap, Reconstruction
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
PERSON = noise(300, 300)


def seen(image, positions):
    """A face that was found somewhere."""
    return FaceObservation(Image(image), Reconstruction(positions, 0.9))


def model_of(*faces):
    return FaceModel(StubReconstructor(*faces))


def swapped(target, sources, *faces, **options):
    """The result of a swap into the faces given; by default those of `THREE`."""
    model = model_of(*faces) if faces else FaceModel(THREE)
    return facelab.swap(target, sources, model=model, texture_size=256, **options)


@pytest.fixture(scope="module")
def model():
    return facelab.load_model()


@pytest.fixture(scope="module")
def people(model):
    """The astronaut, and the Mona Lisa at about the same size."""
    import cv2

    second = photograph("mona-lisa.jpg", slice(100, 500), slice(170, 570))
    second = frozen(cv2.resize(second, (200, 200), interpolation=cv2.INTER_AREA))
    return [model.observe(image, "largest")[0] for image in (astronaut(), second)]


# --- Choosing ----------------------------------------------------------------------------------


def chosen(face, box=None, stub=THREE):
    return [found.positions for found in select_faces(IMAGE, stub, face, box, "a.png")]


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
        (one,) = FaceModel(THREE).observe(IMAGE, face)
        assert one.positions == expected
    (found,) = swapped(IMAGE, seen(PERSON, plane((20, 20))), faces=index).found
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


def test_observations_pair_the_photograph_with_its_faces():
    for observed in (FaceModel(THREE)(IMAGE), FaceModel(THREE).observe(IMAGE)):
        assert [one.positions for one in observed] == [LARGE, MIDDLE, SMALL]
        assert all(one.image is IMAGE for one in observed)
        assert [one.score for one in observed] == [0.9] * 3
    assert model_of()(IMAGE) == []
    with pytest.raises(NoFaceError, match=r"^image: "):
        model_of().observe(IMAGE)


def test_image_of_doubles_is_refused():
    with pytest.raises(ValueError, match="image must have shape"):
        select_faces(np.zeros((9, 9, 3)), THREE, "largest", None, "a.png")


@pytest.mark.parametrize("face", ["biggest", "-1", "1.5", ""])
def test_a_face_that_nothing_is_called_is_a_usage_error(face):
    with pytest.raises(UsageError, match=r"^a\.png: no face is called .*all, largest, left, right"):
        FaceModel(THREE).observe(IMAGE, face, name="a.png")


# --- Settings ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("blend", "clone", r"blend: 'clone' is none of .*poisson"),
        ("tone", -0.01, "tone: -0.01 is not from 0 to 1"),
        ("tone", 1.01, "tone: 1.01 is not from 0 to 1"),
        ("tone", float("nan"), "tone: nan is not from 0 to 1"),
        ("shape", 1.5, "shape: 1.5 is not from 0 to 1"),
        ("keep", ("mouth", "ears"), "keep: 'ears' is none of mouth, eyes"),
        ("faces", "-1", "faces: '-1' is not"),
        ("faces", -1, "faces: -1 is not"),
        ("faces", True, "faces: True is not"),
        ("faces", "biggest", "faces: 'biggest' is not all, .*or an index from 0"),
        ("faces", "", "faces: '' is not"),
        ("faces", "1.5", "faces: '1.5' is not"),
        ("texture_size", 255, "texture_size: 255 is not a whole number from 256 to 2048"),
        ("texture_size", 2049, "texture_size: 2049 is not"),
        ("source_face", "all", "face: 'all' is not largest, left, right or an index"),
        ("source_box", Box(0, 0, 9, 9), "source_box: goes with one photograph that is a file"),
    ],
)
def test_settings_that_are_not_allowed(option, value, message):
    with pytest.raises(UsageError, match=message):
        facelab.swap(IMAGE, PERSON, model=FaceModel(THREE), **{option: value})


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"tone": 0, "keep": ("none",)},
        {"tone": 1, "keep": ("eyes", "mouth"), "shape": 0},
        *({"blend": method} for method in METHODS),
    ],
)
def test_steps_that_are_allowed(fields):
    step = Swap(source="a", **fields)
    assert all(getattr(step, name) == value for name, value in fields.items())


@pytest.mark.parametrize(
    "fields",
    [
        {"faces": "all"},
        {"faces": 3, "texture_size": 256},
        {"texture_size": 2048, "faces": "right"},
        {"faces": Box(0, 0, 9, 9)},
    ],
)
def test_recipes_that_are_allowed(fields):
    recipe = Recipe([Swap(source="a")], **fields)
    assert all(getattr(recipe, name) == value for name, value in fields.items())


def test_which_face_of_which_photograph_is_said_rightly():
    files = ("a.png", "b.png")
    with pytest.raises(UsageError, match="face: 'all' is not largest, left, right or an index"):
        Photographs(files, "all")
    for wrong in ((files, "largest"), (files[:1], "1")):
        with pytest.raises(UsageError, match="box: goes with one photograph and no face"):
            Photographs(*wrong, Box(0, 0, 9, 9))


# --- Swapping ----------------------------------------------------------------------------------


def test_swap_of_a_sample_end_to_end(people, model):
    target, source = people
    result = facelab.swap(target.image, source, model=model, texture_size=256, shape=0)
    (face,) = result.found
    image = result.image.pixels
    assert image.shape == target.image.shape
    assert image.dtype == np.float32
    np.testing.assert_array_equal(result.pixels, to_integers(image, 8))
    (now,) = result.faces
    assert now.photograph is result.image
    assert (now.positions, now.score) == (face.positions, face.score)
    changed = np.abs(image - target.image).max(axis=2) > 0
    y, x = np.nonzero(changed)
    box = face.box
    assert box.x0 - 3 < x.min() < x.max() < box.x1 + 3
    assert box.y0 - 3 < y.min() < y.max() < box.y1 + 3
    # Still a face in the same place, of the same tone, yet another's.
    (again,) = model.observe(image, "largest")
    shift = again.positions.landmarks - face.positions.landmarks
    assert np.linalg.norm(shift[:, :2], axis=1).mean() < 0.05 * box.size
    middle = slice(round(box.y0 + 0.45 * box.height), round(box.y0 + 0.65 * box.height))
    columns = slice(round(box.x0 + 0.3 * box.width), round(box.x0 + 0.7 * box.width))
    before, after = target.image[middle, columns], image[middle, columns]
    assert np.abs(before.mean(axis=(0, 1)) - after.mean(axis=(0, 1))).max() < 0.06
    assert np.abs(before - after).mean() > 0.005


def test_the_face_takes_its_shape_along_and_the_result_says_so(people, model):
    target, source = people
    result = facelab.swap(target.image, source, model=model, shape=1.0)
    was, now = (faces[0].positions for faces in (result.found, result.faces))
    np.testing.assert_array_equal(now.values, transferred([source.positions], was, 1.0).values)
    assert np.abs(now.landmarks - was.landmarks).max() > 0.003 * was.box.size
    (again,) = model.observe(result.image.pixels, "largest")
    away = [np.linalg.norm(again.positions.landmarks - one.landmarks) for one in (was, now)]
    assert away[1] < away[0]


# Mixed gradients add the target's own edges around what was made up.
@pytest.mark.parametrize(("method", "levels"), [("poisson", 1), ("alpha", 1), ("mixed", 2)])
def test_own_face_hardly_changes(people, method, levels):
    target = replace(people[0], parser=None)
    stub = model_of(target.positions)
    result = facelab.swap(target.image, target, model=stub, blend=method)
    face = Face(target.positions, unwrap(target.image, target.positions))
    layer = render(face, face.texture.confidence, target.image.shape[:2])
    inside = layer.oval > 0
    difference = np.abs(result.image.pixels - target.image)[layer.window][inside]
    assert inside.sum() > 2000
    assert difference.mean() < levels / 255


def test_own_face_hardly_changes_at_the_mouth(people, model):
    """Teeth are left out of the source's texture, and stay in the photograph."""
    target = people[0]
    assert target.parsing is not None
    result = facelab.swap(target.image, target, model=model)
    x, y = target.positions.landmarks[48:, :2].T
    mouth = slice(int(y.min()), int(y.max()) + 1), slice(int(x.min()), int(x.max()) + 1)
    difference = np.abs(result.image.pixels - target.image)[mouth]
    assert difference.max() < 6 / 255
    assert difference.mean() < 1 / 255


def test_same_call_same_bytes(people):
    target, source = people
    first, second = (swapped(target.image, source, target.positions) for _ in range(2))
    assert first.image.pixels.tobytes() == second.image.pixels.tobytes()


def test_a_second_thread_changes_no_byte(people, model, monkeypatch):
    source, target = people
    both = facelab.swap(target.image, source, model=model).image.pixels
    monkeypatch.setattr(cv2, "getNumThreads", lambda: 1)
    one = facelab.swap(target.image, source, model=model).image.pixels
    np.testing.assert_array_equal(both, one)


def test_tone_brings_the_source_to_the_target(people):
    target, source = people
    box = target.positions.box
    x, y = map(round, box.centre)
    middle = slice(y, y + 15), slice(x - 15, x + 15)
    shifts = []
    for tone in (0.0, 1.0):
        result = swapped(target.image, source, target.positions, tone=tone, blend="alpha")
        out = result.image.pixels
        shifts.append(np.abs((out - target.image)[middle].mean(axis=(0, 1))).max())
    assert shifts[1] < 0.5 * shifts[0]


def test_several_sources_are_fused(people):
    target, source = people
    left = round(source.positions.box.centre[0])
    values = source.positions.values - np.float32([left, 0, 0])
    cut = seen(frozen(source.image[:, left:]), PositionMap(values, source.positions.atlas))
    alone, once, both = (
        swapped(target.image, views, target.positions).image.pixels
        for views in ([source], [cut], [cut, source])
    )
    assert np.abs(both - alone).mean() < 0.5 * np.abs(once - alone).mean()


def test_all_faces_are_swapped():
    image = plain((130, 300), (0.7, 0.5, 0.4))
    source = seen(PERSON, plane((20, 20)))
    results = {face: swapped(image, source, faces=face) for face in ("largest", "all", "left")}
    assert [len(results[face].faces) for face in ("largest", "all", "left")] == [1, 3, 1]
    for positions, faces in ((LARGE, ("largest", "all")), (MIDDLE, ("left", "all"))):
        x, y = map(round, positions.box.centre)
        for face, result in results.items():
            part = np.abs(result.image.pixels - image)[y - 4 : y + 4, x - 4 : x + 4]
            assert (part.mean() > 1e-3) == (face in faces)


def test_mask_says_where_and_replaces_the_occlusion(people):
    target, source = people
    masked_swap = partial(swapped, target.image, source, target.positions)
    nothing = frozen(np.zeros(target.image.shape[:2]))
    out = masked_swap(mask=nothing).image.pixels
    np.testing.assert_allclose(out, target.image, atol=1e-3)
    everything = frozen(np.ones(target.image.shape[:2]))
    masked, bare = (
        masked_swap(mask=everything, occlusion=occlusion).image.pixels
        for occlusion in (True, False)
    )
    np.testing.assert_array_equal(masked, bare)


def test_mask_of_another_size_is_refused(people):
    target, source = people
    wanted = r"\(array\): is 9 x 8 pixels, image is 256 x 256; give a mask of the target's size"
    with pytest.raises(UsageError, match=wanted):
        swapped(target.image, source, mask=np.ones((8, 9), np.float32))


def test_target_without_a_face_is_named():
    runner = prepare(Recipe(), model_of())
    with pytest.raises(NoFaceError, match=r"^b\.png: no face"):
        runner(IMAGE, "b.png")
    with pytest.raises(NoFaceError, match=r"^image: no face"):
        facelab.swap(IMAGE, seen(IMAGE, LARGE), model=model_of())


def test_face_beside_the_image_leaves_it():
    beside = canonical(origin=(2000, 2000, 0))
    result = swapped(IMAGE, seen(IMAGE, LARGE), beside)
    np.testing.assert_array_equal(result.image.pixels, IMAGE)


def test_a_swap_is_a_recipe_of_one_step():
    """By each way into the engine the same bytes, with inputs of any kind."""
    person, model = seen(PERSON, plane((20, 20))), FaceModel(THREE)
    wanted = facelab.swap(IMAGE, person, model=model, faces="largest").image.pixels
    recipe = Recipe([Swap(source="friend")], faces="largest")
    for given in (person, [person], Person((person,))):
        found = recipe(IMAGE, model=model, inputs={"friend": given})
        np.testing.assert_array_equal(found.image.pixels, wanted)
    with pytest.raises(UsageError, match=r"step 1 \(swap\): source: no input is called 'friend'"):
        recipe(IMAGE, model=model)


def test_a_runner_reads_what_it_is_made_with_once():
    asked = []

    class Counting(StubReconstructor):
        def largest(self, image):
            asked.append(image)
            return super().largest(image)

    model = FaceModel(Counting(LARGE))
    runner = prepare(Recipe([Swap(source="a")], faces="largest"), model, {"a": PERSON})
    assert [image is PERSON for image in asked] == [True]
    for _ in range(2):
        runner(IMAGE)
    assert [image is PERSON for image in asked] == [True, False, False]


def test_a_source_is_unwrapped_and_fused_once(people, monkeypatch):
    source, target = people
    once = swapped(target.image, source, target.positions).image.pixels
    made = []

    def counted(name, module):
        work = getattr(module, name)
        monkeypatch.setattr(module, name, lambda *given: made.append(name) or work(*given))

    counted("fuse", swap_face)
    counted("without_teeth", source_view)
    fresh = replace(source)  # it keeps nothing yet
    runner = prepare(
        Recipe([Swap(source="a")], faces="largest", texture_size=256),
        model_of(target.positions),
        {"a": fresh},
    )
    first, second = (runner(target.image).image.pixels for _ in range(2))
    assert made == ["without_teeth", "fuse"]
    swapped(target.image, fresh, target.positions)
    assert made == ["without_teeth", "fuse", "fuse"]  # another person of the same observation
    for found in (first, second):
        np.testing.assert_array_equal(found, once)


def test_what_is_kept_is_told_apart(people):
    """By size, mouth, beard and glasses; in any order the bytes are those of a first time."""
    source, target = people
    changes = [
        Swap(source="a"),
        Swap(source="a", beard="source"),
        Swap(source="a", glasses="source"),
    ]

    def done(step, size, given):
        recipe = Recipe([step], faces="largest", texture_size=size)
        model = model_of(target.positions)
        return prepare(recipe, model, {"a": given})(target.image).image.pixels

    kept = Person((replace(source),))
    for step in changes:
        for size in (256, 320):
            fresh = done(step, size, Person((replace(source),)))
            np.testing.assert_array_equal(done(step, size, kept), fresh)
            np.testing.assert_array_equal(done(step, size, kept), fresh)


def test_faces_found_before_are_not_sought_again():
    asked = []

    class Counting(StubReconstructor):
        def largest(self, image):
            asked.append(image.shape)
            return super().largest(image)

    recipe = Recipe([Swap(source="a")], faces="largest", texture_size=256)
    runner = prepare(recipe, FaceModel(Counting(LARGE)), {"a": PERSON})
    asked.clear()
    seen_before = Seen.of(recipe, runner.model, IMAGE, "b.png")
    found, straight = runner(seen_before, "b.png"), runner(IMAGE, "b.png")
    assert asked == [IMAGE.shape] * 2
    np.testing.assert_array_equal(found.image.pixels, straight.image.pixels)
