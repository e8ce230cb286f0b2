"""By the library a picture is marked and recorded as it is by the command."""

from __future__ import annotations

import json
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest

import facelab
from facelab import SwapSettings, read, run, sight, swap_into
from facelab.cli import networks as networks_module
from facelab.errors import OutputError, UsageError
from facelab.images import Image, Metadata
from facelab.images import write as write_plain
from facelab.provenance import ENHANCED, file_sha256, record_path
from facelab.provenance.save import SENTENCE
from facelab.recipe import PictureFile, read_recipe
from facelab.recipe.runner import Person, RunResult
from tests.synthetic import StubReconstructor, noise, plane
from tests.test_cli import facelab_, here, picture
from tests.test_images import SRGB

__all__ = ["here"]  # a fixture

FACE = plane((2, 2), 0.1)
STUB = StubReconstructor(FACE)


@pytest.fixture(autouse=True)
def stub(monkeypatch):
    """Faces without networks, for the command and for the library."""
    monkeypatch.setattr(networks_module, "load_reconstructor", lambda *_: STUB)


def record(path):
    return json.loads(record_path(path).read_text("utf-8"))


def swapped(target="target.png", settings=None, **which):
    sources = sight(read("source.png"), STUB, **which)
    return swap_into(read(target), sources, STUB, settings or SwapSettings(texture_size=256))


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
    assert said["recipe"].items() <= wanted["recipe"].items()
    assert wanted["recipe"].keys() - said["recipe"].keys() == networks  # a stub has none


def test_which_face_and_box_go_into_the_record(here):
    swapped(face="0").save("out.png")
    assert record("out.png")["recipe"]["source_face"] == "0"
    swapped(box=facelab.Box(1, 2, 30, 31)).save("out.png")
    assert record("out.png")["recipe"]["source_box"] == {"x0": 1, "y0": 2, "x1": 30, "y1": 31}


def test_an_edit_is_saved_as_the_command_writes_it(here):
    Path("r.yaml").write_text("version: 1\nsteps: [{foundation: {strength: 0.8}}]\n")
    recipe = read_recipe("r.yaml")
    notes = run(recipe, read("target.png"), {}, STUB).save("library.png")
    result = facelab_("edit", "target.png", "-r", "r.yaml", "-o", "command.png")
    assert result.exit_code == 0, result.output
    assert Path("library.png").read_bytes() == Path("command.png").read_bytes()
    assert record("library.png")["inputs"] == record("command.png")["inputs"]
    assert record("library.png")["recipe"]["recipe"] == record("command.png")["recipe"]["recipe"]
    assert notes == ()


def test_what_takes_other_people_in_is_a_composite(here):
    Path("r.yaml").write_text("version: 1\ninputs: {a: source.png}\nsteps: [{swap: {source: a}}]\n")
    person = Person(tuple(sight(read("source.png"), STUB)))
    result = run(read_recipe("r.yaml"), read("target.png"), {"a": person}, STUB)
    result.save("out.png", consent="synthetic")
    assert b"compositeSynthetic" in read("out.png").metadata.xmp
    roles = {entry["role"]: entry["sha256"] for entry in record("out.png")["inputs"]}
    assert roles == {name: file_sha256(f"{file}.png") for name, file in
                     (("a", "source"), ("target", "target"))}  # fmt: skip


def test_networks_and_weights_are_named_where_facelab_loaded_them(here, monkeypatch):
    from facelab.reconstruct.networks import Used

    known = StubReconstructor(FACE)
    known.used = Used(backend="mesh")
    sources = sight(read("source.png"), known)
    swap_into(read("target.png"), sources, known, SwapSettings(texture_size=256)).save("a.png")
    assert record("a.png")["recipe"]["backend"] == "mesh"
    assert record("a.png")["weights"] == Used(backend="mesh").weights


def test_arrays_have_no_file_but_a_hash(here):
    target = noise(40, 44)
    mask = np.ones(target.shape[:2], np.float32)
    sources = sight(noise(38, 40), STUB)
    result = swap_into(target, sources, STUB, SwapSettings(texture_size=256), mask)
    result.save("out.png")
    assert b"compositeCapture" in read("out.png").metadata.xmp
    source, painted, whole = record("out.png")["inputs"]
    assert (source["role"], painted["role"], whole["role"]) == ("source", "mask", "target")
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


def test_a_result_made_by_hand_has_nothing_to_say():
    with pytest.raises(ValueError, match="nothing to say"):
        RunResult(noise(4, 4), [], []).save("out.png")


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
        replace(image, pixels=swapped().image),
        replace(image, pixels=image.pixels.copy()),
        Image(swapped().image),
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
    painted = facelab.recipe.inputs.picture_of(read("paint.png"))
    run(recipe, read("target.png"), {"p": painted}, STUB).save("out.png")
    assert [entry["role"] for entry in record("out.png")["inputs"]] == ["p", "target"]
