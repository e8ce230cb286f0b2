"""Files made aside and moved into place: all of them, or a line that says why not."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from facelab.errors import OutputError
from facelab.files.writing import folder_aside, move


def test_a_folder_aside_is_gone_in_the_end(tmp_path):
    with folder_aside(tmp_path) as aside:
        (aside / "left.txt").write_text("left")
        assert aside.parent == tmp_path
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_to(tmp_path):
    with (
        pytest.raises(OutputError, match=r"none: cannot be written to \(no such file.*another"),
        folder_aside(tmp_path / "none"),
    ):
        pass


@pytest.fixture
def made(tmp_path):
    """Two files aside, and a folder that holds an earlier one."""
    (tmp_path / "aside").mkdir()
    (tmp_path / "out").mkdir()
    (tmp_path / "out/b").write_text("earlier")
    files = [tmp_path / "aside" / name for name in "ab"]
    for file in files:
        file.write_text(file.name)
    return files, tmp_path / "out"


def test_files_of_their_names_are_replaced(made):
    files, out = made
    move(files, out, ())
    assert {file.name: file.read_text() for file in out.iterdir()} == {"a": "a", "b": "b"}


def test_nothing_is_moved_where_one_would_replace_an_input_or_a_folder(made):
    files, out = made
    with pytest.raises(OutputError, match="b: would overwrite an input"):
        move(files, out, {(out / "b").resolve()})
    (out / "b").unlink()
    (out / "b").mkdir()
    with pytest.raises(OutputError, match="b: is a folder; remove it"):
        move(files, out, ())
    assert not (out / "a").exists()


def test_a_file_that_cannot_be_moved_is_named(made, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    files, out = made
    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OutputError, match=r"a: cannot be written \(no space left on device\)"):
        move(files, out, ())
