from __future__ import annotations

import json
import re
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from facelab.errors import UsageError
from facelab.model import FaceModel
from facelab.recipe import (
    MostFaces,
    Output,
    Photographs,
    PictureFile,
    Recipe,
    StepError,
    Swap,
    check_inputs,
    describe,
    make_step,
    parse_recipe,
    read_recipe,
    step_classes,
    to_yaml,
)
from facelab.recipe.document import DEEPEST, LARGEST, DocumentError, parse
from facelab.recipe.schema import schema
from facelab.types import Box
from tests.schemas import valid
from tests.synthetic import StubReconstructor
from tests.tiny import Borrow, Fill, Shift

pytestmark = pytest.mark.usefixtures("tiny")


@pytest.fixture
def folder(tmp_path):
    for name in ("a.jpg", "b.jpg", "paint.png"):
        (tmp_path / name).write_bytes(b"")
    return tmp_path


def recipe(text, folder=Path()):
    return parse_recipe(text.encode(), "r.yaml", folder)


NOBODY = FaceModel(StubReconstructor())


def refused(text, folder=Path()):
    with pytest.raises(UsageError) as caught:
        recipe(text, folder)
    message = str(caught.value)
    assert "\n" not in message
    return message


FULL = """
version: 1
name: everything
seed: 7
faces: 2
texture_size: 512
blend: mixed
mask: paint.png
output: {format: png, quality: 80}
inputs:
  one: a.jpg
  more: [a.jpg, b.jpg]
  left: {photograph: a.jpg, face: left}
  boxed: {photograph: b.jpg, box: [1, 2, 3.5, 4]}
  paint: {picture: paint.png}
steps:
  - fill
  - fill: {colour: "#00FF7f", regions: lips, inverse: true, strength: 0.5}
  - borrow:
      reference: one
  - swap: {source: more, keep: none, occlusion: false}
"""


# --- Reading -----------------------------------------------------------------------------------


def test_everything_is_read(folder):
    got = recipe(FULL, folder)
    assert got == Recipe(
        name="everything",
        seed=7,
        faces=2,
        texture_size=512,
        blend="mixed",
        mask=folder / "paint.png",
        output=Output(format="png", quality=80),
        inputs={
            "one": Photographs((folder / "a.jpg",)),
            "more": Photographs((folder / "a.jpg", folder / "b.jpg")),
            "left": Photographs((folder / "a.jpg",), "left"),
            "boxed": Photographs((folder / "b.jpg",), box=Box(1, 2, 3.5, 4)),
            "paint": PictureFile(folder / "paint.png"),
        },
        steps=(
            Fill(seed=7),
            Fill(colour="#00ff7f", regions=("lips",), inverse=True, strength=0.5, seed=7),
            Borrow(reference="one"),
            Swap(source="more", keep=("none",), occlusion=False),
        ),
    )


def test_only_the_version_is_needed():
    assert recipe("version: 1") == Recipe()
    assert recipe("version: 1\nsteps:\ninputs:\nmask:\n") == Recipe()


@pytest.mark.parametrize(
    ("text", "faces"),
    [
        ("all", "all"), ("3", 3), ("0", 0), ("{index: 3}", 3),
        ("'1'", 1), ("{most: 2}", MostFaces(2)), ("{index: 0}", 0),
        ("{box: [1, 2.5, 30, 40]}", Box(1, 2.5, 30, 40)),
    ],
)  # fmt: skip
def test_which_faces(text, faces):
    assert recipe(f"version: 1\nfaces: {text}").faces == faces


def test_paths_are_relative_to_the_file(folder):
    (folder / "r.yaml").write_text("version: 1\ninputs: {one: a.jpg}")
    assert read_recipe(folder / "r.yaml").inputs["one"].files == (folder / "a.jpg",)


def test_given_inputs_take_the_place_of_missing_ones(folder):
    (folder / "r.yaml").write_text(
        "version: 1\ninputs: {one: none.jpg}\nsteps: [borrow: {reference: two}]"
    )
    given_ones = {"one": Photographs((Path("x"),)), "two": PictureFile(Path("y"))}
    assert read_recipe(folder / "r.yaml", given_ones).inputs == given_ones


def test_a_steps_own_seed_stays():
    first, second = recipe("version: 1\nseed: 5\nsteps: [fill, fill: {seed: 6}]").steps
    assert (first.seed, second.seed) == (5, 6)


# --- Errors ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "version: 1\nsteps:\n  - fill\n  - fill:\n      strength: 1\n      colour: red",
            "r.yaml:6: step 2 (fill): colour: 'red' is not a colour as #rrggbb (allowed: #rrggbb)",
        ),
        (
            "version: 1\nsteps:\n - fill: {strength: 1.5}",
            "r.yaml:3: step 1 (fill): strength: 1.5 is not from 0 to 1 (allowed: 0 to 1)",
        ),
        (
            "version: 1\nsteps:\n - fill: {colour: #ff0000\n }",
            "r.yaml:3: step 1 (fill): colour: is empty; put a colour in quotes, '#rrggbb'",
        ),
        (
            "version: 1\nsteps:\n - fil",
            "r.yaml:3: step 1: no edit is called 'fil'; did you mean fill?",
        ),
        (
            "version: 1\nsteps:\n - fill:\n     strenght: 1",
            "r.yaml:4: step 1 (fill): no key is called 'strenght'; did you mean strength?",
        ),
        (
            "version: 1\nsteps:\n\n - borrow",
            "r.yaml:4: step 1 (borrow): reference: is missing; give",
        ),
        (
            "version: 1\nsteps:\n - borrow: {reference: x}",
            "r.yaml:3: step 1 (borrow): reference: no input is called 'x' (inputs: none)",
        ),
        ("version: 1\nstep: []", "r.yaml:2: a recipe: no key is called 'step'; did you mean steps"),
        ("version: 2", "r.yaml:1: version: 2 is not one that is read here (1)"),
        ("name: x", "r.yaml:1: version: is missing; write version: 1"),
        ("version: 1\nseed: -1", "r.yaml:2: seed: -1 is not a whole number from 0 to"),
        ("version: 1\nseed: true", "r.yaml:2: seed: True is not a whole number"),
        ("version: 1\nname: 3", "r.yaml:2: name: 3 is not text"),
        ("version: 1\nfaces: some", "r.yaml:2: faces: 'some' is not all, largest, left, right"),
        (
            "version: 1\nfaces: -1",
            "r.yaml:2: faces: -1 is not all, largest, left, right or an",
        ),
        ("version: 1\nfaces: 1.5", "r.yaml:2: faces: 1.5 is not"),
        ("version: 1\nfaces: {most: 0}", "r.yaml:2: faces: most: 0 is not a whole number from 1"),
        ("version: 1\nfaces: {most: true}", "r.yaml:2: faces: most: True is not a whole"),
        ("version: 1\nfaces: {most: 1, index: 1}", "r.yaml:2: faces: give one of index, most"),
        ("version: 1\nfaces: true", "r.yaml:2: faces: True is not"),
        ("version: 1\nfaces: {index: -1}", "r.yaml:2: faces: index: -1 is not a whole number"),
        ("version: 1\nfaces:\n  index: x", "r.yaml:3: faces: index: 'x' is not a whole number"),
        ("version: 1\nfaces: {index: 1, box: [0, 0, 1, 1]}", "r.yaml:2: faces: give one of"),
        ("version: 1\nfaces: {box: [3, 0, 1, 1]}", "r.yaml:2: faces: box: [3, 0, 1, 1] is not"),
        ("version: 1\nmask: none.png", "r.yaml:2: mask: none.png: no such file"),
        ("version: 1\noutput: png", "r.yaml:2: output: 'png' is not a map"),
        ("version: 1\noutput:\n\n  format: gif", "r.yaml:4: output: format: 'gif' is none of jpg"),
        ("version: 1\noutput: {quality: 0}", "output: quality: 0 is not a whole number from 1"),
        ("version: 1\noutput: {qualty: 9}", "did you mean quality?"),
        ("version: 1\ntexture_size: 100", "r.yaml:2: texture_size: 100 is not"),
        ("version: 1\nblend: [alpha]", "r.yaml:2: blend: ['alpha'] is none of poisson"),
        ("version: 1\ninputs:\n  one: none.jpg", "r.yaml:3: inputs: one: none.jpg: no such file"),
        ("version: 1\ninputs: {one: 3}", "r.yaml:2: inputs: one: 3 is not the path of a file"),
        (
            "version: 1\ninputs: {one: {}}",
            "r.yaml:2: inputs: one: give photograph, picture or pictures",
        ),
        ("version: 1\ninputs: {one: {photo: a}}", "did you mean photograph?"),
        ("version: 1\ninputs: [a]", "r.yaml:2: inputs: ['a'] is not a map"),
        ("version: 1\nsteps: {fill: {}}", "r.yaml:2: steps: {'fill': {}} is not a list"),
        ("version: 1\nsteps: [{fill: , borrow: }]", "r.yaml:2: step 1: give one edit and its keys"),
        ("version: 1\nsteps: [fill: 3]", "r.yaml:2: step 1 (fill): 3 is not a map"),
        ("version: 1\nsteps: [fill: {strength: .nan}]", "strength: '.nan' is not a number"),
        ("version: 1\nsteps: [fill: {strength: nan}]", "strength: 'nan' is not a number"),
        ("version: 1\nsteps: [fill: {strength: 1e999}]", "strength: '1e999' is not a number"),
        ("version: 1\nsteps: [fill: {inverse: 1}]", "inverse: 1 is neither true nor false"),
        ("version: 1\nsteps: [fill: {regions: []}]", "regions: an empty list"),
        ("version: 1\nsteps: [fill: {regions: [lips, toes]}]", "regions: 'toes' is none of face"),
        ("- 1", "r.yaml:1: a recipe: [1] is not a map"),
        ("", "r.yaml:1: is empty"),
        ("# nothing", "r.yaml:1: is empty"),
    ],
)
def test_wrong_recipes(text, expected):
    assert expected in refused(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("face: up", "face: 'up' is not largest"),
        ("box: [1, 2]", "box: [1, 2] is not [x0, y0, x1, y1]"),
        ("box: [5, 2, 1, 4]", "box: [5, 2, 1, 4] is not"),
        ("box: [1, 2, 3, 4], face: left", "box: goes with one photograph and no face"),
        ("picture: a.jpg", "a picture has no other keys"),
    ],
)
def test_wrong_inputs(folder, text, expected):
    text = f"version: 1\ninputs:\n  one: {{photograph: a.jpg, {text}}}"
    message = refused(text, folder)
    assert message.startswith("r.yaml:3: inputs: one: ")
    assert expected in message


def test_missing_recipe(tmp_path):
    with pytest.raises(UsageError, match=r"none.yaml: cannot be read \(no such file"):
        read_recipe(tmp_path / "none.yaml")
    with pytest.raises(UsageError, match="cannot be read"):
        read_recipe(tmp_path)


def test_recipes_made_in_python_are_checked():
    with pytest.raises(UsageError, match=r"step 1 \(borrow\): reference: no input is called 'x'"):
        check_inputs([Borrow(reference="x")], {"y": None})
    with pytest.raises(UsageError, match="seed: -1"):
        Recipe(seed=-1)
    with pytest.raises(UsageError, match=r"step 2.*no input is called 'x'.*inputs: none"):
        Recipe([Fill(), Borrow(reference="x")])(np.zeros((9, 9, 3), np.float32), model=NOBODY)
    with pytest.raises(StepError, match="did you mean shift"):
        make_step("shfit", {})


# --- Hostile files -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "line", "expected"),
    [
        (b"a: &x 1\nb: *x", 1, "anchors"),
        (b"a: 1\nb: *x", 2, "anchors"),
        (b"a:\n  - &x {b: 1}", 2, "anchors"),
        (b"a: !!python/object/apply:os.system ['true']", 1, "tags"),
        (b"a: !!binary aGk=", 1, "tags"),
        (b"a: 1\nb: 2\na: 3", 3, "a: is there twice"),
        (b"? [a]\n: 1", 1, "a key must be a word"),
        (b"a: 1\n---\nb: 2", 2, "a second document"),
        (b"a: 1\nb: [1, 2", 2, "not YAML"),
        (b"a: 1\n\tb: 2", 2, "not YAML"),
        (b"a: 1\nb: \x00", 2, "control character"),
        (b"a: 1\nb: \xff", 2, "not UTF-8"),
        (b"[" * (DEEPEST + 2), 1, "nested deeper"),
        (b"[" * 100_000, 1, "nested deeper"),
        (b"{a: " * 50_000, 1, "nested deeper"),
        (b"#" * (LARGEST + 1), 1, "more than the limit"),
    ],
    ids=lambda value: repr(value)[:20],
)
def test_what_is_not_read(data, line, expected):
    with pytest.raises(DocumentError, match=expected) as caught:
        parse(data)
    assert caught.value.line == line


def test_what_is_deep_enough_is_read():
    assert parse(b"[" * DEEPEST + b"]" * DEEPEST).plain is not None


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_no_file_is_more_than_refused(data):
    try:
        parse_recipe(data, "r.yaml", Path())
    except UsageError as error:
        assert re.match(r"r\.yaml:[0-9]+: ", str(error))


values = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**17), 10**17)
    | st.floats(allow_nan=False, allow_infinity=False) | st.text("abc #:-'0.~", max_size=6),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.text("abc", min_size=1, max_size=3), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip


@given(values)
def test_documents_hold_what_was_written(value):
    assert parse(json.dumps(value).encode()).plain == value
    assert parse(yaml.safe_dump(value).encode()).plain == value


def test_lines_are_those_of_the_keys():
    root = parse(b"a:\n  b: 1\n\n  c:\n   - x\n   -\n     d: 2\n")
    inner = root.value["a"].value
    assert [root.value["a"].line, inner["b"].line, inner["c"].line] == [1, 2, 4]
    assert [item.line for item in inner["c"].value] == [5, 7]


# --- Writing -----------------------------------------------------------------------------------


def test_what_is_written_is_read_again(folder):
    original = recipe(FULL, folder)
    text = to_yaml(original, folder)
    assert recipe(text, folder) == original
    assert to_yaml(recipe(text, folder), folder) == text


def test_every_default_is_written(folder):
    plain = yaml.safe_load(to_yaml(recipe(FULL, folder), folder))
    assert plain["inputs"]["more"] == {"photograph": ["a.jpg", "b.jpg"], "face": "largest"}
    (step,) = plain["steps"][0].values()
    assert step == {
        "strength": 1, "colour": "#ff0000", "regions": ["face"], "finish": "flat",
        "inverse": False, "seed": 7,
    }  # fmt: skip


def test_paths_are_written_as_they_are_wanted(folder):
    (folder / "sub").mkdir()
    got = recipe(FULL, folder)
    assert "picture: ../paint.png" in to_yaml(got, folder / "sub")
    assert str(folder) not in json.dumps(describe(got, lambda file: file.name))


steps_drawn = st.lists(
    st.builds(
        Fill,
        strength=st.floats(0, 1),
        colour=st.from_regex(r"#[0-9a-f]{6}", fullmatch=True),
        regions=st.lists(st.sampled_from(["face", "lips", "eyes"]), min_size=1).map(tuple),
        inverse=st.booleans(),
        seed=st.integers(0, 100),
    )
    | st.builds(Shift, by=st.floats(0, 100)),
    max_size=4,
).map(tuple)


faces_drawn = (
    st.sampled_from(["all", "left"])
    | st.builds(MostFaces, st.integers(1, 9))
    | st.integers(0, 9)
    | st.builds(Box, st.floats(-9, 9), st.integers(-9, 9), st.floats(9, 99), st.floats(9, 99))
)
output_drawn = st.builds(Output, st.sampled_from(["jpg", None]), st.integers(1, 100) | st.none())


@given(
    st.builds(
        Recipe,
        steps=steps_drawn,
        name=st.text(max_size=9),
        seed=st.integers(0, 9),
        faces=faces_drawn,
        output=output_drawn,
    )
)
@example(Recipe(name="\x85"))
@example(Recipe(name="a\u2028b\u2029 \n"))
@example(Recipe(name="0E0"))
def test_round_trip(drawn):
    text = to_yaml(drawn, Path())
    assert recipe(text) == drawn
    assert valid(yaml.safe_load(text), schema())


# --- Schema ------------------------------------------------------------------------------------


def test_schema_admits_what_is_read(folder):
    assert valid(yaml.safe_load(FULL), schema())
    assert valid(yaml.safe_load(to_yaml(recipe(FULL, folder), folder)), schema())
    assert valid({"version": 1}, schema())


@pytest.mark.parametrize(
    "change",
    [
        {"version": 2}, {"step": []}, {"seed": -1}, {"seed": 0.5}, {"faces": "some"}, {"faces": -1},
        {"faces": {"most": 0}}, {"faces": {"most": 1, "index": 1}},
        {"faces": {"index": -1}}, {"faces": {"box": [1]}}, {"faces": {}}, {"mask": 3},
        {"output": {"format": "gif"}}, {"output": {"quality": 101}}, {"output": {"size": 3}},
        {"texture_size": 9}, {"blend": "magic"}, {"name": 3}, {"steps": {}}, {"steps": ["fil"]},
        {"steps": ["borrow"]}, {"steps": [{"borrow": {}}]}, {"steps": [{"borrow": None}]},
        {"steps": [{"fill": {"strength": 2}}]}, {"steps": [{"fill": {"strenght": 1}}]},
        {"steps": [{"fill": {"colour": "red"}}]}, {"steps": [{"fill": {"regions": []}}]},
        {"steps": [{"fill": {"inverse": 1}}]}, {"steps": [{"fill": {}, "shift": {}}]},
        {"inputs": {"a": 3}}, {"inputs": {"a": {"picture": "x", "face": "left"}}},
        {"inputs": {"a": {"photograph": "x", "box": [1]}}}, {"inputs": {"a": []}},
    ],
    ids=str,
)  # fmt: skip
def test_schema_refuses_what_is_refused(change):
    wrong = {"version": 1, **change}
    assert not valid(wrong, schema())
    refused(json.dumps(wrong))


def test_schema_knows_every_key(monkeypatch):
    monkeypatch.undo()  # the real edits
    steps = schema()["properties"]["steps"]["items"]["anyOf"][1:]
    described = {name: about for step in steps for name, about in step["properties"].items()}
    assert set(described) == set(step_classes())
    for name, step in step_classes().items():
        keys = described[name]["properties"]
        assert list(keys) == [key.name for key in fields(step)]
        for about in keys.values():
            assert "default" not in about or valid(about["default"], about)
            assert about["description"]
    json.dumps(schema(), allow_nan=False)


def test_numbers_are_short():
    assert "strength: 1\n" in to_yaml(Recipe(steps=(Shift(),)), Path())
    assert "strength: 0.1\n" in to_yaml(Recipe(steps=(Shift(strength=0.1),)), Path())
    assert np.isclose(recipe("version: 1\nsteps: [shift: {by: 2.5e1}]").steps[0].by, 25)
