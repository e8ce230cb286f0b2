"""How the command line behaves before it does anything."""

from __future__ import annotations

import subprocess
import sys

import pytest
from click.testing import CliRunner

import facelab
from facelab.cli import main
from facelab.recipe import step_classes
from tests.children import ROOT


def facelab_(*arguments):
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def run(*arguments, **environment):
    """``python -m facelab`` in a process of its own, anywhere."""
    return subprocess.run(
        [sys.executable, "-m", "facelab", *arguments],
        cwd="/", env={"PYTHONPATH": str(ROOT), **environment}, capture_output=True, text=True,
    )  # fmt: skip


def completed(*words):
    """What bash is told to complete the last of the words with."""
    line = {"COMP_WORDS": " ".join(words), "COMP_CWORD": str(len(words) - 1)}
    done = run(_FACELAB_COMPLETE="bash_complete", **line)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.split()


def test_the_package_runs():
    done = run("--version")
    assert (done.returncode, done.stdout) == (0, f"facelab, version {facelab.__version__}\n")
    assert run("weights", "list").returncode == 0
    failed = run("swap")
    assert failed.returncode == 2
    assert failed.stderr.startswith("facelab: Missing option")


def test_short_and_long_version_agree():
    short, long = facelab_("-V"), facelab_("--version")
    assert short.exit_code == long.exit_code == 0
    assert short.stdout == long.stdout == f"facelab, version {facelab.__version__}\n"


@pytest.mark.parametrize("words", [(), ("recipe",), ("weights",), ("atlas",), ("benchmark",)])
def test_without_a_command_there_is_help(words):
    bare, helped = facelab_(*words), facelab_(*words, "--help")
    assert (bare.exit_code, bare.stderr) == (0, "")
    assert bare.stdout == helped.stdout
    assert "Commands:" in bare.stdout


@pytest.mark.parametrize(
    ("arguments", "command"),
    [
        (["nonsense"], "facelab"),
        (["--nonsense"], "facelab"),
        (["swap"], "facelab swap"),
        (["swap", "--tone", "red"], "facelab swap"),
        (["edit", "a.png", "-o", "b.png"], "facelab edit"),
        (["edit", "a.png", "-o", "b.png", "--reference", "x", "--do", "smooth"], "facelab edit"),
        (["augment", "-r", "wide"], "facelab augment"),
        (["recipe", "nonsense"], "facelab recipe"),
        (["recipe", "check"], "facelab recipe check"),
        (["weights", "verify", "--nonsense"], "facelab weights verify"),
    ],
)
def test_errors_name_the_help_of_the_command(arguments, command):
    result = facelab_(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    (line,) = result.stderr.splitlines()
    assert line.startswith("facelab: ")
    assert line.endswith(f" (see {command} --help)")
    assert facelab_(*command.split()[1:], "--help").exit_code == 0


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_there_is_a_script_for_each_shell(shell):
    done = run(_FACELAB_COMPLETE=f"{shell}_source")
    assert (done.returncode, done.stderr) == (0, "")
    assert f"_FACELAB_COMPLETE={shell}_complete" in done.stdout


def test_commands_and_edits_are_completed():
    assert completed("facelab", "rec") == ["plain,reconstruct", "plain,recipe"] or set(
        completed("facelab", "rec")
    ) == {"plain,reconstruct", "plain,recipe"}
    assert completed("facelab", "edit", "--do", "lips") == ["plain,lipstick"]
    assert completed("facelab", "edit", "--help-for", "lips") == ["plain,lipstick"]
    assert completed("facelab", "augment", "--help-for", "mir") == ["plain,mirror"]
    assert completed("facelab", "edit", "--help-for", "mir") == []
    every = completed("facelab", "edit", "--do", "")
    assert every == [f"plain,{name}" for name in step_classes()]


def test_recipes_and_files_are_completed():
    assert completed("facelab", "edit", "-r", "st") == ["file,st", "plain,star"]
    assert completed("facelab", "edit", "-r", "wi") == ["file,wi"]
    assert completed("facelab", "augment", "-r", "wi") == ["file,wi", "plain,wide"]
    assert completed("facelab", "recipe", "check", "wi") == ["file,wi", "plain,wide"]


def test_the_page_without_its_extra_says_what_to_install(monkeypatch):
    monkeypatch.delitem(sys.modules, "facelab.page.server", raising=False)
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    result = facelab_("page", "--no-browser")
    assert result.exit_code == 2
    assert result.stderr == "facelab: uvicorn is not installed; pip install 'facelab[page]'\n"
