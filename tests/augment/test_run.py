from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from pathlib import Path

import fsspec
import pytest
from distributed import LocalCluster

from facelab.augment import lock, photographs, run
from facelab.augment.engines.dask import DaskEngine
from facelab.augment.engines.local import LocalEngine
from facelab.augment.plan import split_of
from facelab.errors import FacelabError, NoFaceError, OutputError, UsageError
from tests import making
from tests.children import ROOT
from tests.making import content, job, make, whole

HERE = LocalEngine(1)
TWO = LocalEngine(2)


@pytest.fixture
def faces(tmp_path):
    return making.photographs(tmp_path / "faces")


@pytest.fixture(scope="module")
def complete(tmp_path_factory):
    """The content of a data set that was made at once, in this process."""
    folder = tmp_path_factory.mktemp("complete")
    make(HERE, making.photographs(folder / "faces"), folder / "out")
    return content(folder / "out")


@pytest.fixture
def out(tmp_path):
    folder = tmp_path / "out"
    folder.mkdir()
    return folder


@pytest.fixture
def finished(complete, out):
    """A folder with the complete data set, to be changed."""
    for name, data in complete.items():
        (out / name).parent.mkdir(exist_ok=True)
        (out / name).write_bytes(data)
    return out


# --- The same bytes ----------------------------------------------------------------------------


def test_all_samples_are_there(complete):
    assert {name for name in complete if name.startswith("labels/")} == {
        f"labels/{index:09d}.json" for index in range(12)
    }
    assert json.loads(complete["dataset.json"])["samples"]["written"] == 12
    assert json.loads(complete[lock.NAME])["count"] == 12


def test_two_workers_make_the_same(complete, faces, out):
    summary = make(TWO, faces, out)
    assert (summary.made, summary.photographs, summary.skipped) == (12, 3, {})
    assert content(out) == complete


def test_a_worker_that_is_killed_changes_nothing(complete, faces, out, tmp_path):
    make(TWO, faces, out, marker=tmp_path / "killed", dies_at=4)
    assert (tmp_path / "killed").exists()
    assert content(out) == complete


def test_a_cluster_that_loses_a_worker_makes_the_same(complete, faces, out, tmp_path):
    with LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address="127.0.0.1:0"
    ) as cluster:
        engine = DaskEngine(2, cluster.scheduler_address)
        make(engine, faces, out, marker=tmp_path / "killed", dies_at=4)
    assert (tmp_path / "killed").exists()
    assert content(out) == complete


def test_another_store_holds_the_same(complete, faces):
    make(HERE, faces, "memory://augmented/set")
    try:
        assert content("memory://augmented/set") == complete
    finally:
        fsspec.filesystem("memory").rm("/augmented", recursive=True)


@pytest.mark.parametrize("form", ["folder", "webdataset"])
def test_more_samples_extend_what_is_there(faces, tmp_path, form):
    make(HERE, faces, tmp_path / "once", count=6, form=form)
    make(HERE, faces, tmp_path / "twice", count=3, form=form)
    make(HERE, faces, tmp_path / "twice", count=6, form=form)
    assert content(tmp_path / "twice") == content(tmp_path / "once")


@pytest.mark.parametrize("form", ["folder", "webdataset"])
@pytest.mark.parametrize("variants", [4, 150])
def test_draws_of_a_render_are_made_by_any_number_of_workers(faces, tmp_path, form, variants):
    asked = {"form": form, "variants": variants}
    make(HERE, faces, tmp_path / "once", count=210, **asked)
    make(TWO, faces, tmp_path / "twice", count=50, **asked)
    make(TWO, faces, tmp_path / "twice", count=210, **asked)
    assert content(tmp_path / "twice") == content(tmp_path / "once")
    assert json.loads(content(tmp_path / "once")["dataset.json"])["variants"] == variants
    assert whole(tmp_path / "once", form) == set(range(210))


def test_names_and_places_of_photographs_do_not_matter(complete, faces, out):
    elsewhere = faces.parent / "elsewhere"
    faces.rename(elsewhere)
    make(HERE, elsewhere, out)
    assert content(out) == complete


# --- Stopped and gone on with ------------------------------------------------------------------


def test_interrupted_and_gone_on_with(complete, faces, out):
    with pytest.raises(KeyboardInterrupt):
        make(HERE, faces, out, interrupted_at=7)
    assert whole(out) == set(range(7))
    summary = make(TWO, faces, out)
    assert summary.made == 5
    assert content(out) == complete


def test_stopped_with_workers_and_gone_on_with(complete, faces, out):
    def stop(stage, total, count, made):
        if stage == run.AUGMENTING and count:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run.run(job(faces, out), TWO, stop)
    assert 0 < len(whole(out)) < 12
    make(TWO, faces, out)
    assert content(out) == complete


def test_nothing_is_made_twice(complete, faces, finished):
    before = {file: file.stat().st_mtime_ns for file in finished.glob("*/*")}
    assert before
    assert make(HERE, faces, finished).made == 0
    assert {file: file.stat().st_mtime_ns for file in finished.glob("*/*")} == before
    assert content(finished) == complete


def test_what_a_killed_process_left_half_done_is_removed(complete, faces, out):
    (out / lock.NAME).write_bytes(complete[lock.NAME])
    (out / "images").mkdir()
    (out / "images" / ".facelab-0123456789ab.part").write_text("half")
    make(HERE, faces, out)
    assert content(out) == complete


def test_a_sample_that_kills_every_worker_is_named(faces, out):
    with pytest.raises(FacelabError, match=r"^samples 4 to 4: 3 workers died"):
        make(TWO, faces, out, dies_at=4, always=True)
    assert 4 not in whole(out)


def test_full_disk(complete, faces, out, monkeypatch):
    write, written = Path.write_bytes, []

    def full(path, data):
        written.append(path)
        if len(written) > 9:
            write(path, data[: len(data) // 2])
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write(path, data)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_bytes", full)
        with pytest.raises(OutputError, match=r"no space left on device.*; free some space"):
            make(HERE, faces, out)
    assert 0 < len(whole(out)) < 12
    make(HERE, faces, out)
    assert content(out) == complete


# --- Whose folder it is ------------------------------------------------------------------------


def test_two_runs_at_once(complete, faces, out):
    """The second, begun while the first is at work, is refused; the first is not disturbed."""
    refused = []

    def begin_another(*_):
        with pytest.raises(OutputError, match="another run is writing") as raised:
            make(HERE, faces, out)
        refused.append(raised)

    run.run(job(faces, out), HERE, begin_another)
    assert refused
    assert content(out) == complete


def test_a_killed_run_keeps_nobody_out(complete, faces, out):
    code = (
        "import os, signal, sys\n"
        "from facelab.augment.lock import locked\n"
        "from facelab.augment.store import Store\n"
        "with locked(Store(sys.argv[1])): os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.run([sys.executable, "-c", code, str(out)], env=environment)
    assert process.returncode == -9
    assert (out / ".facelab.lock").exists()
    make(HERE, faces, out)
    assert content(out) == complete


@pytest.mark.parametrize(
    ("other", "differ"),
    [
        ({"seed": 6}, "seed"),
        ({"form": "coco"}, "format"),
        ({"recipe": {"steps": ["noise"]}}, "recipe"),
        ({"seed": 6, "form": "coco"}, "format, seed"),
    ],
)
def test_another_data_set_is_refused(complete, faces, finished, other, differ):
    with pytest.raises(UsageError, match=rf"holds another data set \({differ} differ\)"):
        make(HERE, faces, finished, **other)
    assert content(finished) == complete


def test_other_photographs_are_refused(faces, finished):
    (faces / "dora.jpg").write_bytes(b"dora")
    with pytest.raises(UsageError, match=r"\(photographs differ\)"):
        make(HERE, faces, finished)


def test_fewer_samples_are_refused(faces, finished):
    with pytest.raises(UsageError, match="was begun for 12 samples"):
        make(HERE, faces, finished, count=11)


@pytest.mark.parametrize(
    ("name", "text", "error"),
    [("labels/000000000.json", "{}", "files of something else"), (lock.NAME, "{", "damaged")],
)
def test_a_folder_of_something_else_is_refused(faces, out, name, text, error):
    (out / name).parent.mkdir(exist_ok=True)
    (out / name).write_text(text)
    with pytest.raises(UsageError, match=error):
        make(HERE, faces, out)
    assert content(out) == {name: text.encode()}


# --- Photographs -------------------------------------------------------------------------------


def test_photographs_that_cannot_be_used_are_skipped(faces, out):
    (faces / "dora.jpg").write_bytes(b"corrupt")
    (faces / "anna" / "tree.png").write_bytes(b"faceless")
    summary = make(HERE, faces, out)
    assert summary.photographs == 3
    assert summary.skipped == {
        "anna/tree.png": "no face found; give another photograph",
        "dora.jpg": "not an image; convert it",
    }
    card = json.loads(content(out)["dataset.json"])
    assert card["photographs"]["skipped"] == summary.skipped
    assert str(faces.parent) not in (out / "dataset.json").read_text()
    assert str(faces.parent) not in (out / lock.NAME).read_text()


def test_no_photograph_can_be_used(tmp_path, out):
    for name, data in (("a.jpg", b"corrupt"), ("b.jpg", b"faceless")):
        (tmp_path / "faces").mkdir(exist_ok=True)
        (tmp_path / "faces" / name).write_bytes(data)
    with pytest.raises(NoFaceError, match=r"none of 2 photograph\(s\) can be used \(a.jpg: not"):
        make(HERE, tmp_path / "faces", out)


def test_identities_are_folders_else_files(tmp_path):
    files = {"anna/1.jpg": b"1", "anna/more/2.PNG": b"2", "bert.webp": b"3", "notes.txt": b"4",
             ".hidden/5.jpg": b"5", "._6.jpg": b"6", "copy.jpg": b"1"}  # fmt: skip
    for name, data in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(data)
    items, skipped, left = photographs.find(tmp_path, seed=1)
    found = {item.file.relative_to(tmp_path).as_posix(): item for item in items}
    identities = {"anna/1.jpg": "anna", "anna/more/2.PNG": "anna", "bert.webp": "bert"}
    assert {name: item.identity for name, item in found.items()} == identities
    assert all(item.split == split_of(item.identity, 1) for item in items)
    assert [item.sha256 for item in items] == sorted(item.sha256 for item in items)
    assert skipped == {"copy.jpg": "the same as anna/1.jpg"}
    assert left == "3 not taken: 2 hidden, 1 .txt"


def test_links_stand_for_what_they_lead_to(faces, tmp_path, out):
    for name, data in (("a.jpg", b"anna"), ("b.jpg", b"corrupt")):
        (tmp_path / name).write_bytes(data)
        (faces / name).symlink_to(tmp_path / name)
    summary = make(HERE, faces, out)
    reasons = {"anna/photo.jpg": "the same as a.jpg", "b.jpg": "not an image; convert it"}
    assert summary.skipped == reasons


def test_a_name_that_is_no_text_is_skipped(faces, out):
    try:
        Path(os.fsdecode(os.fsencode(faces) + b"/\xff.jpg")).write_bytes(b"dora")
    except OSError:
        pytest.skip("this file system has no such names")
    assert make(HERE, faces, out).skipped == {
        r"'\udcff.jpg'": "has a name that is no text; rename it"
    }


@pytest.mark.parametrize("name", ["nothing", "file.jpg", "empty"])
def test_no_photographs(tmp_path, name):
    (tmp_path / "file.jpg").write_bytes(b"1")
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match=name):
        photographs.find(tmp_path / name, seed=1)
