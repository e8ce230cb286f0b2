"""Edits of other packages: found by entry points, held to what edits are, named in records."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
from click.testing import CliRunner

import facelab
from facelab import edits, plugins
from facelab.augment.template import read_template
from facelab.cli import main
from facelab.edits import foreign
from facelab.edits.edit import Edit
from facelab.errors import FacelabError, UsageError
from facelab.images import read
from facelab.provenance import Record, software_versions
from facelab.recipe import Recipe, make_step, step_classes
from facelab.recipe.schema import schema
from tests.children import ROOT

GOOD = '''
from dataclasses import dataclass
from typing import ClassVar
from facelab.edits.edit import Edit
from facelab.edits.parameters import number

@dataclass(frozen=True, kw_only=True)
class Sparkle(Edit):
    """Stars all over."""

    name: ClassVar[str] = "sparkle"
    size: float = number(0.5, 0, 1, "of the stars")

    def apply(self, face, references):
        return face
'''


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Put packages where Python finds them: modules, and entry points in their metadata."""
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(folder)

    def installed(name, entry_points, version="1.2", **modules):
        for module, text in modules.items():
            (folder / f"{module}.py").write_text(text, encoding="utf-8")
        info = folder / f"{name.replace('-', '_')}-{version}.dist-info"
        info.mkdir()
        about = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
        (info / "METADATA").write_text(about, encoding="utf-8")
        lines = [f"{edit} = {place}" for edit, place in entry_points.items()]
        text = "\n".join(["[facelab.edits]", *lines, ""])
        (info / "entry_points.txt").write_text(text, encoding="utf-8")
        forget()

    yield installed
    forget()
    for module in ("stars", "moons", "beauty_spot"):
        sys.modules.pop(module, None)


def forget():
    plugins.declared.cache_clear()
    foreign.foreign.cache_clear()


def facelab_(*arguments):
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def complaint(result):
    """The one line of an error."""
    (line,) = (line for line in result.stderr.splitlines() if line.startswith("facelab: "))
    assert "Traceback" not in result.output
    return line


# --- What facelab.edits has --------------------------------------------------------------------


def test_every_edit_is_there_by_name():
    assert edits.__all__ == sorted(kind.__name__ for kind in edits.EDITS)
    assert dir(edits) == edits.__all__
    for kind in edits.EDITS:
        assert getattr(edits, kind.__name__) is kind


# --- The example of CONTRIBUTING.md ------------------------------------------------------------


def test_the_example_of_contributing_works(install, tmp_path, monkeypatch):
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    section = text.partition("## A new edit")[2].partition("\n## ")[0]
    blocks = re.findall(r"```(\w+)\n(.*?)```", section, re.DOTALL)
    assert [language for language, _ in blocks] == ["python", "python", "toml", "yaml", "sh"]
    module, use, project, recipe, commands = (block for _, block in blocks)
    about = tomllib.loads(project)["project"]
    entry_points = about["entry-points"][plugins.GROUP]
    install(about["name"], entry_points, about["version"], beauty_spot=module)

    monkeypatch.chdir(tmp_path)
    shutil.copy(ROOT / "samples" / "mona-lisa.jpg", "photo.jpg")
    Path("spot.yaml").write_text(recipe, encoding="utf-8")
    exec(compile(use, "CONTRIBUTING.md", "exec"), {})
    for line in commands.splitlines():
        program, *arguments = shlex.split(line)
        assert program == "facelab"
        result = facelab_(*arguments)
        assert result.exit_code == 0, result.output
        if "--list" in arguments:
            assert "beauty-spot" in result.stdout
            assert "A beauty spot on the cheek." in result.stdout
        if "--help-for" in arguments:
            assert "size (0.003 to 0.03; default 0.01)" in result.stdout

    before, *after = (read(name).pixels for name in ("photo.jpg", "python.png", "words.png"))
    assert (np.abs(after[0] - before).max(axis=2) > 0.1).any()
    np.testing.assert_array_equal(after[0], after[1])
    np.testing.assert_array_equal(after[0], read("recipe.png").pixels)
    for name in ("python.png", "words.png", "recipe.png"):
        record = json.loads(Path(f"{name}.json").read_text(encoding="utf-8"))
        assert record["versions"]["beauty-spot"] == "0.1"
        assert record["versions"].items() >= software_versions().items()
    result = facelab_("verify", "words.png", "--inputs", ".")
    assert result.exit_code == 0, result.output
    assert len(read_template("spot.yaml").steps) == 1
    assert facelab_("recipe", "check", "spot.yaml", "--for", "augment").exit_code == 0


# --- Finding and loading -----------------------------------------------------------------------


def test_an_edit_of_another_package_is_one_among_others(install):
    install("stars", {"sparkle": "stars:Sparkle"}, stars=GOOD)
    assert "sparkle" in step_classes()
    assert list(step_classes())[-1] == "sparkle"
    assert len(step_classes()) == len(set(step_classes()))
    step = make_step("sparkle", {"size": 0.25})
    assert (step.size, step.strength) == (0.25, 1)
    assert "sparkle" in json.dumps(schema())
    with pytest.raises(UsageError, match=r"sparkle: size: 2 is not from 0 to 1"):
        type(step)(size=2)


def test_nothing_is_loaded_before_it_is_asked_for(install):
    install("stars", {"sparkle": "stars:Sparkle"}, stars="raise SystemExit('loaded')")
    assert "sparkle" in step_classes()
    assert facelab_("edit", "--help-for", "lipstick").exit_code == 0
    assert make_step("lipstick", {}).name == "lipstick"
    assert "did you mean sparkle?" in complaint(facelab_("edit", "--help-for", "sparkl"))
    assert "stars" not in sys.modules


def test_commands_start_without_looking_for_packages():
    code = (
        "import sys, facelab.cli\n"
        "try: facelab.cli.main(['--help'])\n"
        "except SystemExit: pass\n"
        "assert 'facelab.plugins' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT, capture_output=True)


BROKEN = {
    "no module": ("stars:Sparkle", None, "cannot be loaded (ModuleNotFoundError: No module"),
    "import error": (
        "stars:Sparkle",
        "raise ImportError('no\\ntelescope')",
        "cannot be loaded (ImportError: no telescope); install it again or remove it",
    ),
    "no such class": ("stars:Glitter", GOOD, "cannot be loaded (AttributeError: "),
    "no class": ("stars:number", GOOD, "is no subclass of facelab.edits.edit.Edit"),
    "no edit": (
        "stars:Sparkle",
        "class Sparkle: name = 'sparkle'",
        "<class 'stars.Sparkle'> is no subclass of facelab.edits.edit.Edit",
    ),
    "no dataclass": (
        "stars:Sparkle",
        GOOD.replace("@dataclass(frozen=True, kw_only=True)", ""),
        "Sparkle is no dataclass; put @dataclass(frozen=True, kw_only=True) above it",
    ),
    "abstract": (
        "stars:Sparkle",
        GOOD.replace("def apply", "def applied"),
        "Sparkle does not define apply",
    ),
    "other name": (
        "stars:Sparkle",
        GOOD.replace('"sparkle"', '"glitter"'),
        "Sparkle has the name 'glitter'; call both 'sparkle'",
    ),
    "bare field": (
        "stars:Sparkle",
        GOOD.replace('number(0.5, 0, 1, "of the stars")', "0.5"),
        "size: is a field that says nothing of what it may hold; make it by one of "
        "facelab.edits.parameters",
    ),
    "default not allowed": (
        "stars:Sparkle",
        GOOD.replace("number(0.5,", "number(5,"),
        "size: 5 is not from 0 to 1 (allowed: 0 to 1)",
    ),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_package_is_named_and_stops_nothing_else(case, install, tmp_path):
    place, text, reason = BROKEN[case]
    install("stars", {"sparkle": place}, **({} if text is None else {"stars": text}))
    expected = f"stars 1.2: entry point sparkle = {place}: "
    with pytest.raises(FacelabError, match=re.escape(expected)) as caught:
        make_step("sparkle", {})
    assert reason in str(caught.value)
    assert "\n" not in str(caught.value)
    recipe = tmp_path / "r.yaml"
    recipe.write_text("version: 1\nsteps: [sparkle]", encoding="utf-8")
    for arguments in (
        ["edit", "--help-for", "sparkle"],
        ["augment", "--help-for", "sparkle"],
        ["edit", "a.png", "-o", "b.png", "--do", "sparkle size=1"],
        ["recipe", "check", recipe],
        ["recipe", "check", recipe, "--for", "augment"],
    ):
        result = facelab_(*arguments)
        assert result.exit_code == 1
        assert expected in complaint(result)
    for command in ("edit", "augment"):
        listed = facelab_(command, "--list")  # what works, then what does not
        assert listed.exit_code == 1
        assert "lipstick" in listed.stdout
        assert "sparkle" not in listed.stdout
        assert expected in complaint(listed)
    recipe.write_text("version: 1\nsteps: [lipstick]", encoding="utf-8")
    assert facelab_("recipe", "check", recipe).exit_code == 0
    assert facelab_("recipe", "check", recipe, "--for", "augment").exit_code == 0


@pytest.mark.parametrize(("name", "lists"), [("lipstick", 2), ("swap", 2), ("blur", 1)])
def test_facelabs_own_names_stand(name, lists, install):
    """`blur` is a step of augmentation only."""
    install("stars", {name: "stars:Sparkle"}, stars=GOOD.replace('"sparkle"', f'"{name}"'))
    with_fault = 0
    for command in ("edit", "augment"):
        result = facelab_(command, "--list")
        if result.exit_code:
            with_fault += 1
            assert complaint(result).endswith(
                f"stars 1.2: entry point {name} = stars:Sparkle: the name is taken; rename it"
            )
        told = facelab_("augment", "--help-for", name)
        assert told.exit_code == 0
        assert "Stars all over" not in told.stdout
    assert with_fault == lists


def test_two_packages_with_one_name(install):
    install("stars", {"sparkle": "stars:Sparkle"}, stars=GOOD)
    install("moons", {"sparkle": "moons:Sparkle"}, moons=GOOD)
    with pytest.raises(FacelabError, match=r"two packages .* moons 1.2: .* and stars 1.2: "):
        make_step("sparkle", {})


# --- Edits of one's own without a package ------------------------------------------------------


def test_a_field_without_a_range_is_said_in_python_too():
    @dataclass(frozen=True, kw_only=True)
    class Odd(Edit):
        name: ClassVar[str] = "odd"
        size: float = 0.5

        def apply(self, face, references):
            return face

    with pytest.raises(UsageError, match=r"odd: size: is a field that says nothing"):
        Odd()


# --- Records -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "recipe",
    [
        {"command": "edit", "recipe": {"steps": [{"lipstick": {}}, {"sparkle": {}}]}},
        {"version": 1, "steps": ["sparkle"]},
    ],
)
def test_records_name_the_package_of_an_edit(recipe, install):
    install("stars", {"sparkle": "stars:Sparkle"}, stars=GOOD)
    versions = Record(recipe=recipe, inputs=(), weights={}).versions
    assert versions == {**software_versions(), "stars": "1.2"}


@pytest.mark.parametrize("recipe", [{"command": "swap"}, {"recipe": {"steps": None}}, {}])
def test_records_name_no_package_that_was_not_used(recipe, install):
    install("stars", {"sparkle": "stars:Sparkle"}, stars=GOOD)
    assert Record(recipe=recipe, inputs=(), weights={}).versions == software_versions()


def test_python_recipes_take_edits_that_no_package_declares(install):
    install("stars", {}, stars=GOOD)
    import stars

    assert facelab.Recipe is Recipe
    assert Recipe(steps=(stars.Sparkle(size=0.1),)).steps[0].size == 0.1
