from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
import yaml

from facelab.edits.edit import Picture
from facelab.errors import OutputError, UsageError
from facelab.images import Image, read
from facelab.model import FaceModel, FaceObservation
from facelab.recipe import (
    MostFaces,
    Recipe,
    Swap,
    edit_face,
    inputs,
    result,
    runner,
    step_classes,
)
from facelab.recipe.inputs import Person, picture_of
from facelab.reconstruct.networks import Networks
from facelab.types import Reconstruction
from tests.commands import (
    SENTENCE,
    digest,
    facelab_,
    one_line,
    photographs,
    picture,
    record,
    snapshot,
    values,
)
from tests.synthetic import (
    StubReconstructor,
    astronaut,
    canonical,
    frozen,
    noise,
    plain,
    texture,
)
from tests.tiny import Borrow, Fill, Shift

pytestmark = pytest.mark.usefixtures("tiny")

LARGE = canonical(scale=8, origin=(80, 80, 0))
SMALL = canonical(scale=4, origin=(190, 60, 0))
TWO = FaceModel(StubReconstructor(LARGE, SMALL))
IMAGE = noise(150, 240)


def seen(image, positions):
    """A face that was found somewhere."""
    return FaceObservation(Image(image), Reconstruction(positions, 0.9))


def run(recipe, **given):
    """The photograph after a recipe."""
    return recipe(IMAGE, model=TWO, inputs=given)


class Faces:
    """Reconstructor: a large and a small face in any image of 32 px or more."""

    description = "two faces by hand"

    def __call__(self, image, boxes=None):
        if min(image.shape[:2]) < 32:
            return []
        faces = [canonical(scale=s, origin=(x, 18, 0)) for s, x in ((1.4, 13), (0.7, 32))]
        return [Reconstruction(positions, 0.9) for positions in faces]

    def largest(self, image):
        return self(image)[:1]


@pytest.fixture(autouse=True)
def stub(monkeypatch):
    """Replace the networks."""
    monkeypatch.setattr(Networks, "load", lambda _: Faces())


def edit(*arguments, image="target.png", output="out.png"):
    return facelab_("edit", image, "-o", output, *arguments)


def fill(*arguments, **files):
    return edit("--do", "fill colour=#00ff00", *arguments, **files)


def changed(before, after):
    return (before != after).any(axis=2)


# --- The engine ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "steps", [(), (Fill(strength=0),), (Fill(strength=0), Shift(strength=0), Shift(by=0))]
)
def test_nothing_to_do_leaves_every_bit(steps):
    result = run(Recipe(steps=steps))
    assert result.image.pixels is IMAGE
    assert [face.positions for face in result.found] == [LARGE, SMALL]


@pytest.mark.parametrize(
    ("faces", "expected"),
    [("all", [LARGE, SMALL]), ("largest", [LARGE]), ("left", [LARGE]), ("right", [SMALL]),
     (0, [LARGE]), (1, [SMALL]), (MostFaces(1), [LARGE]),
     (MostFaces(2), [LARGE, SMALL]), (MostFaces(9), [LARGE, SMALL])],
)  # fmt: skip
def test_every_face_asked_for_is_changed(faces, expected):
    result = run(Recipe(steps=(Fill(),), faces=faces))
    assert [face.positions for face in result.found] == expected
    touched = changed(IMAGE, result.image.pixels)
    for positions in (LARGE, SMALL):
        x, y = (round(value) for value in positions.box.centre)
        assert touched[y, x] == (positions in expected)
        if positions in expected:
            np.testing.assert_allclose(result.image.pixels[y, x], [1, 0, 0], atol=0.01)


def test_edits_follow_each_other():
    both = run(Recipe(steps=(Fill(), Fill(colour="#0000ff", strength=0.5))))
    x, y = (round(value) for value in LARGE.box.centre)
    np.testing.assert_allclose(both.image.pixels[y, x], [0.5, 0, 0.5], atol=0.01)


def test_edits_are_put_back_once(monkeypatch):
    calls = []
    composite = edit_face.composite
    monkeypatch.setattr(
        edit_face, "composite", lambda *given: calls.append(given[4]) or composite(*given)
    )
    run(Recipe(steps=(Fill(), Fill(), Fill()), faces="largest", blend="mixed"))
    assert calls == ["mixed"]


def test_the_texture_is_as_large_as_asked():
    sizes = []

    class Spy(Fill):
        def recolour(self, face, references):
            sizes.append(face.texture.size)
            return super().recolour(face, references)

    run(Recipe(steps=(Spy(),), texture_size=320))
    assert sizes == [320, 320]


def test_a_swap_works_on_the_picture_so_far(monkeypatch):
    so_far = []

    def swapped(image, positions, step, inputs, *_):
        x, y = (round(value) for value in positions.box.centre)
        so_far.append((image[y, x].round(2).tolist(), inputs[step.source], step.tone))
        return image, positions

    monkeypatch.setattr(runner, "swap_face", swapped)
    person = Person((seen(IMAGE, SMALL),))
    swap = Swap(source="a", tone=0.25, shape=0)
    result = run(Recipe([swap, Fill(), Shift(by=3), swap], faces="largest"), a=person)
    (_, who, tone), (colour, *_) = so_far
    assert (who, tone) == (person, 0.25)
    np.testing.assert_allclose(colour, [1, 0, 0], atol=0.05)
    (now,) = result.positions
    np.testing.assert_allclose(now.values, LARGE.values + np.float32([3, 0, 0]), atol=1e-4)


def test_a_result_tells_where_the_faces_are_now():
    result = run(Recipe([Shift(by=3)], faces="largest"))
    (now,), (before,) = result.faces, result.found
    assert before.positions is LARGE
    np.testing.assert_allclose(
        now.positions.values, LARGE.values + np.float32([3, 0, 0]), atol=1e-4
    )
    assert now.image is result.image.pixels


def test_references_are_faces_or_pictures():
    grey = Person((seen(plain((150, 240), (0.2, 0.4, 0.6)), LARGE),))
    flat = Picture(plain((4, 4)), frozen(np.ones((4, 4))))
    recipe = Recipe([Borrow(reference="a")], faces="largest")
    result = run(recipe, a=grey, b=flat)
    x, y = (round(value) for value in LARGE.box.centre)
    np.testing.assert_allclose(result.image.pixels[y, x], [0.2, 0.4, 0.6], atol=0.01)
    with pytest.raises(UsageError, match="borrow: a is a picture"):
        run(recipe, a=flat, b=flat)
    recipe = Recipe([Swap(source="a")])
    with pytest.raises(UsageError, match="swap: a is a picture"):
        run(recipe, a=flat)


def test_photographs_of_one_person_are_fused(monkeypatch):
    fused = texture(320)
    sizes = []

    def fuse(views, atlas):
        sizes.extend(view.size for view in views)
        return type("Fused", (), {"texture": fused})

    monkeypatch.setattr(inputs, "fuse", fuse)
    person = Person((seen(IMAGE, LARGE), seen(IMAGE, SMALL)))
    assert person.face.texture is fused
    place = person.face.positions  # the larger one, but for its lips
    np.testing.assert_allclose(place.landmarks[:48], LARGE.landmarks[:48], atol=1e-4)
    assert len(sizes) == 2
    assert len(set(sizes)) == 1


# --- The command -------------------------------------------------------------------------------


def test_one_file(here):
    result = fill("--json")
    assert result.exit_code == 0, result.output
    (outcome,) = json.loads(result.stdout)
    assert outcome["status"] == "done"
    assert len(outcome["faces"]) == 2
    assert set(outcome["seconds"]) == {"read", "edit", "write"}
    assert result.stderr == "out.png: 2 face(s) edited\n"
    touched = changed(values("target.png"), values("out.png"))
    assert touched[18, 13]
    assert touched[18, 32]
    assert not touched[0].any()


def test_record_and_mark(here):
    assert edit("--do", "fill seed=4", "--consent", "self").exit_code == 0
    content = record("out.png")
    assert content["inputs"][0]["sha256"] == digest("target.png")
    assert content["output"]["sha256"] == digest("out.png")
    assert (content["consent"], content["seed"]) == ("self", 0)
    assert content["recipe"]["command"] == "edit"
    assert content["recipe"]["recipe"]["steps"][0]["fill"]["seed"] == 4
    assert str(here) not in Path("out.png.json").read_text()
    data = Path("out.png").read_bytes()
    assert b"digitalsourcetype/algorithmicallyEnhanced<" in data
    assert b"Faces in this image were edited by facelab." in data


def test_a_swap_is_marked_as_a_composite(here, monkeypatch):
    monkeypatch.setattr(runner, "swap_face", lambda image, where, *_: (1 - image, where))
    result = edit("--do", "fill", "--do", "swap source=x", "--reference", "x=source.png")
    assert result.exit_code == 0, result.output
    data = Path("out.png").read_bytes()
    assert b"digitalsourcetype/compositeCapture<" in data
    assert SENTENCE.encode() in data
    assert [(i["role"], i["file"]) for i in record("out.png")["inputs"]] == [
        ("x", "source.png"),
        ("target", "target.png"),
    ]


def test_steps_that_compose_exist(monkeypatch):
    monkeypatch.undo()  # the real edits
    assert step_classes().keys() >= runner.COMPOSING


def test_strength_zero_keeps_the_pixels(here):
    assert fill("--do", "shift by=3 strength=0", "--most", "1").exit_code == 0
    assert edit("--do", "fill strength=0", output="same.png").exit_code == 0
    np.testing.assert_array_equal(values("same.png"), values("target.png"))


@pytest.mark.parametrize(
    ("options", "indices"),
    [
        ((), [0, 1]), (("--faces", "all"), [0, 1]), (("--faces", "largest"), [0]),
        (("--faces", "0"), [0]), (("--faces", "1"), [1]), (("--faces", "left"), [0]),
        (("--faces", "right"), [1]), (("--most", "1"), [0]), (("--most", "7"), [0, 1]),
    ],
)  # fmt: skip
def test_an_index_is_one_face_and_a_count_is_several(here, options, indices):
    every = json.loads(fill("--json").stdout)[0]["faces"]
    assert json.loads(fill("--json", "--overwrite", *options).stdout)[0]["faces"] == [
        every[k] for k in indices
    ]


def test_an_index_beyond_the_faces_lists_them(here):
    result = fill("--faces", "2")
    assert result.exit_code == 3
    assert one_line(result, "target.png: no face 2; its faces and their boxes are 0: ")


def test_words_and_recipes_agree(here):
    assert edit("--do", "fill colour=#0000FF regions=lips,eyes inverse=true strength=.5",
                "--do", "shift by=2", "--save-recipe", "r.yaml").exit_code == 0  # fmt: skip
    assert edit("-r", "r.yaml", output="again.png").exit_code == 0
    assert digest("out.png") == digest("again.png")
    (first, second) = yaml.safe_load(Path("r.yaml").read_text())["steps"]
    assert first["fill"]["regions"] == ["lips", "eyes"]
    assert second == {"shift": {"strength": 1, "by": 2}}


def test_references_of_the_command_replace_the_recipes(here, monkeypatch):
    monkeypatch.setattr(FaceModel, "parser", None)  # which would see that noise is no face
    Path("r.yaml").write_text("version: 1\ninputs: {a: none.png}\nsteps: [borrow: {reference: a}]")
    assert one_line(edit("-r", "r.yaml"), "r.yaml:2: inputs: a: none.png: no such file")
    result = edit("-r", "r.yaml", "--reference", "a=source.png", "--reference", "a=target.png")
    assert result.exit_code == 0, result.output
    assert [one["file"] for one in record("out.png")["inputs"]] == [
        "source.png", "target.png", "target.png",
    ]  # fmt: skip


def test_pictures(here):
    result = edit("--do", "borrow reference=p", "--picture", "p=source.png")
    assert result.exit_code == 2
    assert one_line(result, "borrow: p is a picture; give a photograph")
    rgba = np.dstack([picture("source.png", 1), np.full((36, 40), 51, np.uint8)])
    PIL.Image.fromarray(rgba).save("paint.png")
    np.testing.assert_allclose(picture_of(read("paint.png")).alpha, 0.2)


def test_show(here):
    assert fill("--show").exit_code == 0
    shown = values("out_show.png")
    assert shown.shape[0] == 256
    assert shown.shape[1] > 4 * 200
    assert b"algorithmicallyEnhanced" in Path("out_show.png").read_bytes()


def test_nothing_stays_when_the_comparison_cannot_be_written(here, monkeypatch):
    before = snapshot(".")

    def full(*_, **__):
        raise OutputError("disk full")

    monkeypatch.setattr(result, "write", full)
    assert one_line(fill("--show"), "disk full")
    assert snapshot(".") == before


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        ([], ["either -r RECIPE or --do"]),
        (["-r", "r.yaml", "--do", "fill"], ["either -r"]),
        (["-r", "none.yaml"], ["none.yaml: cannot be read"]),
        (["--do", "fil"], ["--do 1: no edit is called 'fil'; did you mean fill?"]),
        (["--do", ""], ["--do 1: no edit is called ''"]),
        (["--do", "fill", "--do", "fill strenght=1"], ["--do 2 (fill): no key", "strength?"]),
        (["--do", "fill colour=red"], ["--do 1 (fill): colour: 'red'", "allowed: #rrggbb"]),
        (["--do", "fill strength=2"], ["strength: 2 is not from 0 to 1"]),
        (["--do", "fill strength=nan"], ["strength: 'nan' is not a number"]),
        (["--do", "fill strength"], ["'strength' is not KEY=VALUE"]),
        (["--do", "fill seed=1 seed=2"], ["seed: is there twice"]),
        (["--do", "fill 'colour"], ["--do 1: fill 'colour: no closing quotation"]),
        (["--do", "borrow"], ["--do 1 (borrow): reference: is missing"]),
        (["--do", "borrow reference=x"], ["step 1 (borrow): reference: no input is called 'x'"]),
        (["--do", "fill", "--reference", "x"], ["--reference", "'x' is not NAME=FILE"]),
        (["--do", "fill", "--reference", "x=a", "--picture", "x=b"], ["x is given twice"]),
        (["--do", "fill", "--faces", "-1"], ["--faces", "'-1'", "index"]),
        (["--do", "fill", "--most", "0"], ["--most", "0"]),
        (["--do", "fill", "--most", "1", "--faces", "0"], ["--faces and --most", "give one"]),
        (["--do", "fill", "--save-recipe", "a.png"], ["--save-recipe", "a.png", ".yaml"]),
    ],
)
def test_wrong_options(here, arguments, parts):
    result = edit(*arguments)
    assert result.exit_code == 2
    assert one_line(result, *parts)
    assert not Path("out.png").exists()


def test_recipe_is_not_overwritten(here):
    Path("r.yaml").write_text("version: 1")
    result = edit("-r", "r.yaml", "--save-recipe", "r.yaml")
    assert result.exit_code == 2
    assert one_line(result, "would overwrite the recipe")
    assert Path("r.yaml").read_text() == "version: 1"


@pytest.mark.parametrize(
    ("arguments", "files"),
    [
        ([], {"output": "target.png"}),
        (["--reference", "x=out.png"], {}),
        (["--show", "--reference", "x=out_show.png"], {}),
    ],
)
def test_inputs_are_never_overwritten(here, arguments, files):
    picture("out.png", 3)
    picture("out_show.png", 4)
    before = snapshot(".")
    result = fill(*arguments, **files)
    assert result.exit_code == 2
    assert one_line(result, "would overwrite an input")
    assert snapshot(".") == before


def test_no_file_is_written_twice(here):
    for name in ("a.png", "a_show.png"):
        picture(f"photos/{name}", 1)
    result = fill("--show", image="photos", output="out")
    assert result.exit_code == 2
    assert one_line(result, "out/a_show.png: would be written twice")


def test_folder_goes_on_where_it_stopped(here):
    photographs(3)
    assert fill("--show", image="photos", output="out").exit_code == 0
    before = snapshot("out")
    assert len(before) == 9
    assert [one["status"] for one in folder()] == ["skipped"] * 3
    for name in ("b.png", "b.png.json", "b_show.png", "c_show.png"):
        Path("out", name).unlink()
    assert [one["status"] for one in folder()] == ["skipped", "done", "done"]
    assert snapshot("out") == before
    assert [one["status"] for one in folder("--overwrite")] == ["done"] * 3
    assert snapshot("out") == before
    assert [one["status"] for one in folder("--most", "1")] == ["failed"] * 3
    assert snapshot("out") == before


@pytest.mark.parametrize("there", ["out.png", "out.png.json", "out_show.png"])
def test_nothing_that_is_there_is_replaced(here, there):
    Path(there).write_text("old")
    before = snapshot(".")
    result = fill("--show")
    assert result.exit_code == 2
    assert one_line(result, f"{there}: already there", "--overwrite replaces what is there")
    assert snapshot(".") == before
    assert fill("--show", "--overwrite").exit_code == 0
    assert fill("--show").stderr == "out.png: already done; --overwrite does it again\n"


def test_many_photographs(here):
    photographs(2)
    result = facelab_("edit", "target.png", "photos", "-o", "out", "--do", "fill")
    assert result.exit_code == 0, result.output
    made = ["a.png", "b.png", "target.png"]
    assert sorted(snapshot("out")) == sorted([*made, *(f"{name}.json" for name in made)])
    result = facelab_("edit", "target.png", "source.png", "-o", "b.png", "--do", "fill")
    assert result.exit_code == 2
    assert one_line(result, "b.png: is a file")


def test_a_recipe_that_is_saved_replaces_no_other(here):
    Path("r.yaml").write_text("my own")
    result = fill("--save-recipe", "r.yaml")
    assert result.exit_code == 2
    assert one_line(result, "--save-recipe r.yaml: is already there; --overwrite replaces it")
    assert Path("r.yaml").read_text() == "my own"
    assert not Path("out.png").exists()
    assert fill("--save-recipe", "r.yaml", "--overwrite").exit_code == 0
    saved = Path("r.yaml").read_bytes()
    assert fill("--save-recipe", "r.yaml", output="b.png").exit_code == 0  # it says the same
    assert Path("r.yaml").read_bytes() == saved


def folder(*arguments):
    return json.loads(fill("--show", "--json", *arguments, image="photos", output="out").stdout)


def test_a_photograph_without_a_face_does_not_stop_a_folder(here):
    photographs(2)
    picture("photos/aa.png", 0, height=20, width=20)
    result = fill("--json", image="photos", output="out")
    assert result.exit_code == 3
    assert [one["exit_code"] for one in json.loads(result.stdout)] == [0, 3, 0]


def test_list_and_help():
    listed = facelab_("edit", "--list")
    assert listed.exit_code == 0
    groups = [group.splitlines() for group in listed.stdout.split("\n\n")]
    assert [[line.split()[0] for line in group] for group in groups] == [
        ["Faces", "swap"], ["More", "fill", "borrow", "shift"],
    ]  # fmt: skip
    told = facelab_("edit", "--help-for", "fill").stdout
    for part in ("fill: One colour", "strength (0 to 1; default 1)", "regions (one or more of",
                 "inverse (true | false; default false)", "default #ff0000"):  # fmt: skip
        assert part in told
    assert "reference (the name of an input; required)" in facelab_(
        "edit", "--help-for", "borrow").stdout  # fmt: skip
    result = facelab_("edit", "--help-for", "fil")
    assert result.exit_code == 2
    assert one_line(result, "did you mean fill?")


# --- facelab recipe ----------------------------------------------------------------------------


def test_recipe_commands(here):
    Path("r.yaml").write_text(
        "version: 1\ninputs: {a: source.png}\nsteps: [fill, borrow: {reference: a}]"
    )
    result = facelab_("recipe", "check", "r.yaml")
    assert result.stdout == "r.yaml: ok, 2 step(s), 1 input(s), for facelab edit\n"
    assert result.exit_code == 0
    shown = facelab_("recipe", "show", "r.yaml").stdout
    Path("full.yaml").write_text(shown)
    assert facelab_("recipe", "show", "full.yaml").stdout == shown
    Path("r.yaml").write_text("version: 1\nsteps:\n - fil")
    result = facelab_("recipe", "check", "r.yaml")
    assert result.exit_code == 2
    assert one_line(result, "r.yaml:3: step 1: no edit is called 'fil'")
    Path("r.yaml").write_text("version: 1\nsteps:\n - noise: {read: {uniform: [0, 0.1]}}")
    as_edit = facelab_("recipe", "check", "r.yaml", "--for", "edit")
    assert one_line(as_edit, "no edit is called 'noise'")
    assert facelab_("recipe", "check", "r.yaml").exit_code == 0
    assert json.loads(facelab_("recipe", "schema").stdout)["title"] == "facelab recipe"


def test_a_recipe_says_how_a_folder_is_written(here):
    photographs(2)
    Path("r.yaml").write_text("version: 1\noutput: {format: jpg, quality: 30}\nsteps: [fill]")
    assert edit("-r", "r.yaml", image="photos", output="small").exit_code == 0
    assert sorted(path.name for path in Path("small").iterdir()) == [
        "a.jpg", "a.jpg.json", "b.jpg", "b.jpg.json"
    ]  # fmt: skip
    Path("r.yaml").write_text("version: 1\noutput: {format: jpg}\nsteps: [fill]")
    assert edit("-r", "r.yaml", image="photos", output="large").exit_code == 0
    small, large = (Path(folder, "a.jpg").stat().st_size for folder in ("small", "large"))
    assert small < large


def test_a_recipe_says_where_a_photograph_may_change(here):
    mask = np.zeros(values("target.png").shape[:2], np.uint8)
    mask[:, :13] = 255
    PIL.Image.fromarray(mask).save("mask.png")
    Path("r.yaml").write_text("version: 1\nmask: mask.png\nsteps: [fill]")
    assert edit("-r", "r.yaml").exit_code == 0
    touched = changed(values("target.png"), values("out.png"))
    assert touched[18, 12]
    assert not touched[:, 13:].any()
    assert [item["role"] for item in record("out.png")["inputs"]] == ["mask", "target"]
    PIL.Image.fromarray(mask[1:]).save("mask.png")
    assert one_line(edit("-r", "r.yaml", output="b.png"), "give a mask of the target's size")


# --- Swaps as recipes --------------------------------------------------------------------------


def swap_saved(*arguments):
    return facelab_("swap", "-s", "source.png", "-t", "target.png", "-o", "out.png",
                    "--save-recipe", "r.yaml", *arguments)  # fmt: skip


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--tone", "0.3", "--keep", "none", "--blend", "alpha", "--no-occlusion"],
        ["--target-face", "all", "--texture-size", "320"],
        ["--target-face", "right", "--source-face", "1"],
        ["--source-box", "1,2,30,31.5"],
        ["--target-face", "1", "--tone", "0.5"],
        ["--target-box", "1,2,30,31.5"],
        ["--mask", "mask.png"],
    ],
)
def test_a_swap_replayed_gives_the_same_bytes(here, arguments, monkeypatch):
    monkeypatch.setattr(FaceModel, "parser", None)  # which would see that noise is no face
    PIL.Image.fromarray((astronaut()[60:200, 70:200] * 255).astype(np.uint8)).save("source.png")
    left = np.zeros(values("target.png").shape[:2], np.uint8)
    left[:, : left.shape[1] // 2] = 255
    PIL.Image.fromarray(left).save("mask.png")
    result = swap_saved(*arguments)
    assert result.exit_code == 0, result.output
    assert not np.array_equal(values("out.png"), values("target.png"))
    assert edit("-r", "r.yaml", output="again.png").exit_code == 0
    assert Path("again.png").read_bytes() == Path("out.png").read_bytes()
