"""By the library a picture is marked and recorded as it is by the command."""

from __future__ import annotations

import json
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import numpy as np
import PIL.Image
import pytest

import facelab
from facelab import FaceModel, read
from facelab.errors import OutputError, UsageError
from facelab.images import Image, Metadata
from facelab.images import write as write_plain
from facelab.provenance import ENHANCED, file_sha256, record_path, save
from facelab.provenance.save import SENTENCE
from facelab.recipe import PictureFile, read_recipe
from facelab.recipe.inputs import picture_of
from facelab.reconstruct.networks import Networks
from tests.commands import facelab_, picture, values
from tests.pictures import SRGB
from tests.synthetic import StubReconstructor, noise, plane

FACE = plane((2, 2), 0.1)
STUB = StubReconstructor(FACE)
MODEL = FaceModel(STUB)


@pytest.fixture(autouse=True)
def stub(monkeypatch):
    """Faces without networks, for the command and for the library."""
    monkeypatch.setattr(Networks, "load", lambda _: STUB)
    monkeypatch.setattr(FaceModel, "parser", None)


def record(path):
    return json.loads(record_path(path).read_text("utf-8"))


def swapped(target="target.png", model=MODEL, **options):
    return facelab.swap(target, "source.png", model=model, texture_size=256, **options)


def recorded_source():
    """What the record says of the person whose face is used."""
    return record("out.png")["recipe"]["recipe"]["inputs"]["source"]


def test_a_swap_is_saved_as_the_command_writes_it(here):
    image = read("target.png")
    write_plain("photo.jpg", replace(image, metadata=Metadata(icc=SRGB, dpi=(72, 72))))
    swapped("photo.jpg").save("library.jpg", consent="written")
    options = ("--texture-size", "256", "--consent", "written", "-o", "command.jpg")
    result = facelab_("swap", "-s", "source.png", "-t", "photo.jpg", *options)
    assert result.exit_code == 0, result.output
    assert Path("library.jpg").read_bytes() == Path("command.jpg").read_bytes()
    assert read("library.jpg").metadata.icc == SRGB
    said, wanted = record("library.jpg"), record("command.jpg")
    for key in ("inputs", "consent", "seed", "notes", "versions"):
        assert said[key] == wanted[key], key
    networks = {"detector", "backend", "runtime", "device"}
    assert wanted["recipe"].keys() - said["recipe"].keys() == networks  # a stub has none
    assert {**said["recipe"], **Networks().said} == wanted["recipe"]


def test_which_face_and_box_go_into_the_record(here):
    swapped(source_face="0").save("out.png")
    assert recorded_source() == {"photograph": "source.png", "face": "0"}
    swapped(source_box=facelab.Box(1, 2, 30, 31)).save("out.png")
    assert recorded_source() == {"photograph": "source.png", "box": [1, 2, 30, 31]}


def test_a_mask_is_recorded_as_the_command_does(here):
    PIL.Image.fromarray(values("target.png")[..., 0]).save("mask.png")
    options = ("--texture-size", "256", "--mask", "mask.png", "-o", "command.png")
    assert facelab_("swap", "-s", "source.png", "-t", "target.png", *options).exit_code == 0
    wanted = record("command.png")
    for mask in ("mask.png", read("mask.png")):
        swapped(mask=mask).save("out.png")
        assert Path("out.png").read_bytes() == Path("command.png").read_bytes()
        said = record("out.png")
        assert said["inputs"] == wanted["inputs"]
        assert said["recipe"]["recipe"] == wanted["recipe"]["recipe"]
    assert wanted["recipe"]["recipe"]["mask"] == "mask.png"


def test_the_record_tells_which_face_was_observed(here):
    def recorded(*sources):
        facelab.swap("target.png", sources, model=MODEL, texture_size=256).save("out.png")
        return recorded_source()

    image, box = read("source.png"), facelab.Box(1, 2, 30, 31)
    first, left = MODEL(image)[0], MODEL.observe(image, "left")[0]
    assert recorded(first) == recorded(*MODEL.observe(image))
    assert recorded(first) == {"photograph": "source.png", "face": "0"}
    assert recorded(left)["face"] == "left"
    assert recorded(MODEL.observe(image, box=box)[0])["box"] == [1, 2, 30, 31]
    assert recorded(image, left)["photograph"] == ["source.png"] * 2
    (note,) = record("out.png")["notes"]
    assert note == "source: the record does not tell which faces of its 2 photographs were used"


def test_an_edit_is_saved_as_the_command_writes_it(here):
    Path("r.yaml").write_text("version: 1\nsteps: [{foundation: {strength: 0.8}}]\n")
    recipe = read_recipe("r.yaml")
    notes = recipe("target.png", model=MODEL).save("library.png")
    result = facelab_("edit", "target.png", "-r", "r.yaml", "-o", "command.png")
    assert result.exit_code == 0, result.output
    assert Path("library.png").read_bytes() == Path("command.png").read_bytes()
    assert record("library.png")["inputs"] == record("command.png")["inputs"]
    assert record("library.png")["recipe"]["recipe"] == record("command.png")["recipe"]["recipe"]
    assert notes == ()


def test_what_takes_other_people_in_is_a_composite(here):
    Path("r.yaml").write_text("version: 1\ninputs: {a: source.png}\nsteps: [{swap: {source: a}}]\n")
    result = read_recipe("r.yaml")("target.png", model=MODEL)
    result.save("out.png", consent="synthetic")
    assert b"compositeSynthetic" in read("out.png").metadata.xmp
    roles = {entry["role"]: entry["sha256"] for entry in record("out.png")["inputs"]}
    assert roles == {name: file_sha256(f"{file}.png") for name, file in
                     (("a", "source"), ("target", "target"))}  # fmt: skip


def test_networks_and_weights_are_named_where_facelab_loaded_them(here):
    known = FaceModel(STUB, Networks(backend="mesh"))
    swapped(model=known).save("a.png")
    assert record("a.png")["recipe"]["backend"] == "mesh"
    assert record("a.png")["weights"] == Networks(backend="mesh").weights


def test_arrays_have_no_file_but_a_hash(here):
    target = noise(40, 44)
    mask = np.ones(target.shape[:2], np.float32)
    result = facelab.swap(target, noise(38, 40), model=MODEL, mask=mask, texture_size=256)
    result.save("out.png")
    assert recorded_source() == {"photograph": "(array)", "face": "largest"}
    assert record("out.png")["recipe"]["recipe"]["mask"] == "(array)"
    assert b"compositeCapture" in read("out.png").metadata.xmp
    person, painted, whole = record("out.png")["inputs"]
    assert (person["role"], painted["role"], whole["role"]) == ("source", "mask", "target")
    assert whole["file"] == ""
    assert whole["sha256"] == sha256(target.tobytes()).hexdigest()
    assert (whole["width"], whole["height"]) == (44, 40)


def test_neither_is_left_where_one_cannot_be_written(here, monkeypatch):
    result = swapped()
    with pytest.raises(UsageError, match=r"consent: 'maybe'"):
        result.save("out.png", consent="maybe")
    assert not Path("out.png").exists()
    Path("out.png.json").mkdir()
    with pytest.raises(OutputError, match=r"out\.png\.json"):
        result.save("out.png")
    assert not Path("out.png").exists()
    with pytest.raises(UsageError, match="end the name in one of"):
        result.save("out.gif")


# --- facelab.write -------------------------------------------------------------------------------


def marked(path):
    xmp = read(path).metadata.xmp
    return xmp is not None and ENHANCED.encode() in xmp and SENTENCE.encode() in xmp


def test_a_photograph_as_it_was_read_is_written_without_a_mark(here):
    facelab.write("out.png", read("target.png"))
    assert not marked("out.png")
    np.testing.assert_array_equal(read("out.png").pixels, read("target.png").pixels)


def test_any_other_picture_is_marked(here):
    image = read("target.png")
    for number, other in enumerate((
        replace(image, pixels=swapped().image.pixels),
        replace(image, pixels=image.pixels.copy()),
        Image(swapped().image.pixels),
    )):  # fmt: skip
        facelab.write(f"out{number}.png", other)
        assert marked(f"out{number}.png")


def test_writing_keeps_the_mark_of_what_was_read(here):
    swapped().save("out.png")
    facelab.write("again.webp", read("out.png"))
    assert b"compositeCapture" in read("again.webp").metadata.xmp


def test_reading_says_where_from(here):
    image = read("target.png")
    assert (image.origin.file, image.origin.sha256) == ("target.png", file_sha256("target.png"))
    assert image.as_read
    assert not replace(image, pixels=image.pixels.copy()).as_read


def test_pictures_that_steps_take_are_recorded(here):
    picture("paint.png", 4)
    Path("r.yaml").write_text(
        "version: 1\ninputs: {p: {picture: paint.png}}\nsteps: [{overlay: {reference: p}}]\n"
    )
    recipe = read_recipe("r.yaml")
    assert isinstance(recipe.inputs["p"], PictureFile)
    recipe("target.png", model=MODEL).save("file.png")
    for painted in (picture_of(read("paint.png")), read("paint.png"), "paint.png"):
        recipe("target.png", model=MODEL, inputs={"p": painted}).save("out.png")
        assert read("out.png").pixels.tobytes() == read("file.png").pixels.tobytes()
    assert [entry["role"] for entry in record("out.png")["inputs"]] == ["p", "target"]


@pytest.mark.parametrize("earlier", [None, b"{}"])
def test_a_picture_that_cannot_be_written_leaves_the_record_as_it_was(here, monkeypatch, earlier):
    written = save.write_bytes_atomically

    def refusing(path, data):
        if Path(path).suffix == ".png":
            assert Path("out.png.json").read_bytes() not in (b"", earlier)  # it came first
            raise OutputError("full")
        written(path, data)

    if earlier is not None:
        Path("out.png.json").write_bytes(earlier)
    monkeypatch.setattr(save, "write_bytes_atomically", refusing)
    with pytest.raises(OutputError, match="full"):
        swapped().save("out.png")
    assert not Path("out.png").exists()
    found = Path("out.png.json").read_bytes() if Path("out.png.json").exists() else None
    assert found == earlier
