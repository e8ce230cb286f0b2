"""Recipes by name, from a checkout as from a wheel; and which command a recipe is for."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

import facelab
from facelab import recipe_files
from facelab.augment.template import is_template, read_template
from facelab.cli import main
from facelab.errors import UsageError
from facelab.recipe import read_recipe
from facelab.recipe.inputs import as_input
from tests.children import ROOT

EDIT = sorted(path.stem for path in (ROOT / "recipes").glob("*.yaml"))
AUGMENT = sorted(path.stem for path in (ROOT / "recipes" / "augment").glob("*.yaml"))


def facelab_(*arguments):
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def complaint(result):
    """The one line of a usage error."""
    assert result.exit_code == 2, result.output
    (line,) = result.stderr.splitlines()
    return line


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    """An empty folder to stand in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def wheel(tmp_path, monkeypatch):
    """The recipes as a wheel has them: in the package, and no samples beside them."""
    folder = tmp_path / "site" / "facelab" / "_recipes"
    shutil.copytree(ROOT / "recipes", folder)
    monkeypatch.setattr(recipe_files, "FOLDERS", [folder, tmp_path / "site" / "recipes"])
    return folder


# --- Names -------------------------------------------------------------------------------------


def test_every_recipe_has_a_name_of_its_own():
    assert [*recipe_files.shipped("edit")] == EDIT
    assert [*recipe_files.shipped("augment")] == AUGMENT
    assert len(EDIT) >= 15
    assert len({*EDIT, *AUGMENT}) == len(EDIT) + len(AUGMENT)


@pytest.mark.parametrize("name", EDIT)
def test_recipes_are_read_by_name(name, elsewhere):
    assert facelab.read_recipe(name) == read_recipe(ROOT / "recipes" / f"{name}.yaml")


@pytest.mark.parametrize("name", AUGMENT)
def test_templates_are_read_by_name(name, elsewhere):
    assert read_template(name) == read_template(ROOT / "recipes" / "augment" / f"{name}.yaml")


def test_augmentation_takes_recipes_of_edits_by_name(elsewhere):
    assert [step.kind.name for step in read_template("masked-face").steps] == ["cover"]


def test_a_file_comes_before_a_name_and_a_folder_does_not(elsewhere):
    Path("star").mkdir()
    assert read_recipe("star").name == "star"
    Path("turned").write_text("version: 1\nname: mine")
    assert read_recipe("turned").name == "mine"
    assert read_recipe(Path("turned")).name == "mine"


@pytest.mark.parametrize(
    ("read", "name", "expected"),
    [
        (read_recipe, "make-up-natual", "no recipe is called 'make-up-natual'; did you mean make-"
         "up-natural"),
        (read_template, "wyde", "no recipe is called 'wyde'; did you mean wide? (see facelab"),
        (read_template, "masked-fac", "did you mean masked-face or masked?"),
        (read_recipe, "zzz", "no recipe is called 'zzz'; (see facelab recipe list)"),
        (read_recipe, "wide", "wide: is a recipe of facelab augment, not of edit"),
        (read_recipe, "star.yaml", "star.yaml: cannot be read (no such file"),
        (read_recipe, "./star", "star: cannot be read"),
        (read_recipe, "a" * 999, "no recipe is called"),
        (read_recipe, "a\0b", "no recipe is called"),
    ],
)  # fmt: skip
def test_unknown_names(read, name, expected, elsewhere):
    if name == "./star":
        name = str(elsewhere / "star")
    with pytest.raises(UsageError) as caught:
        read(name)
    assert expected in str(caught.value)


# --- From a wheel ------------------------------------------------------------------------------


def test_the_wheel_has_the_recipes():
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert f'recipes = "facelab/{recipe_files.FOLDERS[0].name}"' in text


def test_pictures_come_along(wheel, elsewhere):
    (picture,) = facelab.read_recipe("face-paint").inputs.values()
    assert picture.file == wheel / "domino.png"
    assert facelab_("recipe", "check", "star").exit_code == 0


@pytest.mark.parametrize("name", ["partial-swap", "reference-grading", "swap"])
def test_photographs_do_not_and_the_error_says_what_to_give(name, wheel, elsewhere):
    line = complaint(facelab_("recipe", "check", name))
    assert "no such file; correct it, or give --reference NAME=FILE to facelab edit" in line
    with pytest.raises(UsageError, match="no such file"):
        read_recipe(name)
    said = recipe_files.summary((wheel / f"{name}.yaml").read_text(encoding="utf-8"))
    (known,) = read_recipe(ROOT / "recipes" / f"{name}.yaml").inputs
    assert f"--reference {known}=FILE" in said


def test_without_recipes_there_are_none(monkeypatch, tmp_path):
    monkeypatch.setattr(recipe_files, "FOLDERS", [tmp_path / "gone"])
    assert recipe_files.shipped("edit") == {}
    assert facelab_("recipe", "list").exit_code == 0
    assert "no recipe is called 'star'" in complaint(facelab_("recipe", "check", "star"))


# --- Commands ----------------------------------------------------------------------------------


def test_list_tells_names_and_what_for():
    lines = facelab_("recipe", "list").stdout.splitlines()
    at = lines.index("facelab augment -r NAME")
    assert lines[0] == "facelab edit -r NAME"
    assert [line.split()[0] for line in lines[1:at]] == EDIT
    assert [line.split()[0] for line in lines[at + 1 :]] == AUGMENT
    assert lines[EDIT.index("star") + 1].endswith("A golden star on the left cheek, as a sticker.")
    assert all(len(line.split(maxsplit=1)[1]) > 20 for line in (*lines[1:at], *lines[at + 1 :]))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("# One. Two\n# three.\nversion: 1", "One."),
        ("# One two\n# three. Four.\nversion: 1", "One two three."),
        ("# Version 1.5 of it.\n", "Version 1.5 of it."),
        ("version: 1\n# later", ""),
        ("", ""),
    ],
)
def test_summary_is_the_first_sentence(text, expected):
    assert recipe_files.summary(text) == expected


@pytest.mark.parametrize("name", EDIT)
def test_check_and_show_take_names_of_edits(name, elsewhere):
    result = facelab_("recipe", "check", name)
    assert result.stdout.startswith(f"{name}: ok, ")
    assert result.stdout.endswith(", for facelab edit\n")
    shown = facelab_("recipe", "show", name)
    Path("shown.yaml").write_text(shown.stdout, encoding="utf-8")
    again, original = read_recipe("shown.yaml"), read_recipe(name)
    assert again.steps == original.steps
    for one, other in zip(again.inputs.values(), original.inputs.values(), strict=True):
        files = [getattr(each, "files", None) or (each.file,) for each in (one, other)]
        assert [file.resolve() for file in files[0]] == [file.resolve() for file in files[1]]


@pytest.mark.parametrize("name", AUGMENT)
def test_check_and_show_take_names_of_templates(name, elsewhere):
    result = facelab_("recipe", "check", name)
    assert result.stdout.endswith(", for facelab augment\n")
    Path("shown.yaml").write_text(facelab_("recipe", "show", name).stdout, encoding="utf-8")
    assert read_template("shown.yaml").steps == read_template(name).steps


def test_commands_say_what_is_wrong_with_a_name(elsewhere):
    for arguments in (
        ["edit", "a.png", "-o", "b.png", "-r", "stra"],
        ["augment", "-r", "stra", "-i", ".", "-o", "out", "-n", "1"],
        ["recipe", "check", "stra"],
        ["recipe", "show", "stra"],
    ):
        assert "'stra'; did you mean star? (see facelab recipe list)" in complaint(
            facelab_(*arguments)
        )


def test_names_are_completed_without_what_computes():
    code = (
        "import sys, facelab.cli\n"
        "try: facelab.cli.main([])\n"
        "except SystemExit as end: assert not end.code, end.code\n"
        "heavy = {'numpy', 'cv2', 'torch', 'yaml'} & sys.modules.keys()\n"
        "assert not heavy, heavy"
    )
    words = {"COMP_WORDS": "facelab edit -r mas", "COMP_CWORD": "3"}
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": str(ROOT), "_FACELAB_COMPLETE": "bash_complete", **words},
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    assert done.stdout.split() == ["file,mas", "plain,masked-face"]


# --- Which command a recipe is for -------------------------------------------------------------


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ("[]", False),
        ("", False),
        ("[lipstick]", False),
        ("[lipstick: {strength: 0.5}, smooth: ]", False),
        ("[transplant: {reference: other, regions: [eyes]}]", True),
        ("[lipstick: {strength: {uniform: [0, 1]}}]", True),
        ("[lipstick: {colour: {choice: ['#ff0000']}}]", True),
        ("[lipstick: {chance: 0.5}]", True),
        ("[frame]", True),
        ("[smooth, jpeg: {quality: 50}]", True),
        ("[3, [4], lipstick: 5]", False),
        ("{lipstick: }", False),
    ],
)
def test_what_a_recipe_says_tells_its_command(steps, expected):
    assert is_template(f"version: 1\nsteps: {steps}".encode()) == expected


def test_an_input_may_be_called_other():
    text = "version: 1\ninputs: {other: a.jpg}\nsteps: [match: {reference: other}]"
    assert not is_template(text.encode())


@pytest.mark.parametrize("text", ["- 1", "3", "version: 1"])
def test_what_is_no_recipe_is_for_edit(text):
    assert not is_template(text.encode())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("steps: [frame: {size: {uniform: [64, 2]}}]", "r.yaml:2: step 1 (frame): size: uniform"),
        ("steps: [lipstik]", "r.yaml:2: step 1: no edit is called 'lipstik'; did you mean lipst"),
        ("steps: [fram: {chance: 1}]", "r.yaml:2: step 1: no edit is called 'fram'; did you mean"),
        ("steps: [frame]\nfaces: all", "r.yaml:3: a recipe: no key is called 'faces'"),
        ("steps: [", "r.yaml:2: not YAML"),
    ],
)
def test_check_says_what_is_wrong_for_the_command_it_is_for(text, expected, elsewhere):
    Path("r.yaml").write_text(f"version: 1\n{text}", encoding="utf-8")
    assert expected in complaint(facelab_("recipe", "check", "r.yaml"))


def test_for_overrides(elsewhere):
    Path("r.yaml").write_text("version: 1\nsteps: [lipstick]", encoding="utf-8")
    assert "for facelab augment" in facelab_("recipe", "check", "r.yaml", "--for", "augment").stdout
    line = complaint(facelab_("recipe", "check", "wide", "--for", "edit"))
    assert "wide: is a recipe of facelab augment" in line


# --- Colours without quotes --------------------------------------------------------------------

BARE = {
    "block": ("steps:\n - lipstick:\n    colour: #ff0000\n    strength: 1", 4),
    "one line": ("steps:\n - smooth\n - lipstick: {colour: #ff0000}", 4),
    "not the last": ("steps:\n - lipstick: {colour: #ff0000, strength: 1}\n - smooth", 3),
    "several lines": ("steps:\n - lipstick: {strength: 1,\n   colour: #ff0000}\n - smooth", 4),
    "flow in flow": ("steps: [smooth, lipstick: {colour: #ff0000}]", 2),
    "closed by chance": ("steps:\n - lipstick: {colour: #ff0000\n   }", 3),
    "more follows": ("steps:\n - lipstick: {colour: #ff0000}\noutput: {format: png}\nseed: 1", 3),
    "two": ("steps:\n - lipstick: {colour: #ff0000}\n - blush: {colour: #00ff00}", 3),
}


@pytest.mark.parametrize("case", BARE)
@pytest.mark.parametrize("command", ["edit", "augment"])
def test_a_colour_needs_quotes(case, command, elsewhere):
    text, line = BARE[case]
    Path("r.yaml").write_text(f"version: 1\n{text}", encoding="utf-8")
    for arguments in ([], ["--for", command]):
        said = complaint(facelab_("recipe", "check", "r.yaml", *arguments))
        assert said.startswith(f"facelab: r.yaml:{line}: ")
        assert "colour: is empty; put a colour in quotes, '#" in said


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("steps:\n - lipstick:\n    colour: {choice: [#ff0000, '#00ff00']}", 4),
        ("steps:\n - lipstick:\n    colour: {choice: ['#ff0000', #00ff00]}", 4),
        ("steps:\n - lipstick:\n    colour:\n      choice:\n       - #ff0000", 4),
    ],
)
def test_a_colour_to_choose_needs_quotes_too(text, line, elsewhere):
    Path("r.yaml").write_text(f"version: 1\n{text}", encoding="utf-8")
    said = complaint(facelab_("recipe", "check", "r.yaml", "--for", "augment"))
    assert said.startswith(f"facelab: r.yaml:{line}: ")
    assert "is empty; put a colour in quotes, '#" in said


@pytest.mark.parametrize(
    "text",
    [
        "steps: [smooth, # 123456\n lipstick",
        "steps:\n - lipstick: {colour: '#ff0000', strength: 1",
        "# colour: #ff0000\nname: {a: 1",
        "name: {a: 'b, #ff0000', c: \"d: #ff0000\"",
    ],
)
def test_other_faults_are_not_taken_for_colours(text, elsewhere):
    Path("r.yaml").write_text(f"version: 1\n{text}", encoding="utf-8")
    assert ": not YAML: " in complaint(facelab_("recipe", "check", "r.yaml"))


def test_comments_after_colours_are_comments(elsewhere):
    text = "version: 1 # 123456\nsteps: [lipstick: {colour: '#ff0000'}] # ff0000"
    Path("r.yaml").write_text(text, encoding="utf-8")
    assert facelab_("recipe", "check", "r.yaml").exit_code == 0
    assert json.loads(facelab_("recipe", "schema").stdout)["title"] == "facelab recipe"


def test_edit_says_what_is_a_recipe_of_augmentation(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "mine.yaml"
    file.write_text("version: 1\nsteps:\n  - noise: {read: {uniform: [0, 0.1]}}\n")
    result = CliRunner().invoke(main, ["edit", "a.jpg", "-o", "b.jpg", "-r", str(file)])
    assert result.exit_code == 2
    assert "is a recipe of facelab augment" in result.output
    file.write_text("version: 1\nsteps:\n  - lipstik: {}\n")
    result = CliRunner().invoke(main, ["edit", "a.jpg", "-o", "b.jpg", "-r", str(file)])
    assert "did you mean" in result.output or "lipstick" in result.output


def test_an_index_may_be_text():
    assert facelab.Recipe(faces="1").faces == facelab.Recipe(faces=1).faces == 1


@pytest.mark.parametrize("given", [["a.png", "b.png"], []])
def test_an_input_is_one_picture(given):
    with pytest.raises(UsageError, match=f"{len(given)} pictures are given for one input"):
        as_input(given, picture=True)
