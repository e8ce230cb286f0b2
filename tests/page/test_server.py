"""The page as a process: its address, what it answers, and how it ends."""

from __future__ import annotations

import io
import json
import re
import shlex
import signal
import subprocess
import sys
import zipfile

import numpy as np
import PIL.Image
import pytest

from facelab.page.views import VIEWS
from tests.children import ROOT
from tests.page.serving import SAMPLES, Served, edits, swap


def command(folder, *arguments):
    done = subprocess.run(
        [sys.executable, "-m", "facelab", *map(str, arguments)],
        cwd=folder, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_the_address_is_of_this_machine_and_has_a_token(served):
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/[\w-]{32}/", served.address)
    assert served.ask("GET", "").status == 200
    assert served.ask("GET", "catalogue", address=f"{served.origin}/").status == 404
    there = {"Host": "faces.example"}
    refused = served.ask("GET", "", headers=there)
    assert (refused.status, b"for the machine that it runs on alone" in refused.body) == (403, True)
    assert served.ask("PUT", "photographs?name=a.png", b"x", {"Origin": "http://a.b"}).status == 403


def test_no_other_server_and_no_documentation_of_fastapi(served):
    for path in ("docs", "redoc", "openapi.json", "../facelab/page/app.py", "%2e%2e/app.py"):
        assert served.ask("GET", path).status == 404


def test_a_picture_is_saved_as_the_command_saves_it(served, tmp_path):
    photograph = served.open("mona-lisa.jpg")
    wish = edits(photograph, ("lipstick", {"strength": 0.6}), ("reshape", {"smile": 0.3}))
    words = served.ask("POST", "words?consent=public-domain", wish).json
    saved = served.ask("POST", "save?consent=public-domain", wish).json
    assert saved["files"] == ["mona-lisa-facelab.jpg", "mona-lisa-facelab.jpg.json"]
    picture, record = (
        served.ask("GET", f"results/{saved['key']}/{name}").body for name in saved["files"]
    )
    (tmp_path / "mona-lisa.jpg").write_bytes((SAMPLES / "mona-lisa.jpg").read_bytes())
    (line,) = words["commands"]
    command(tmp_path, *shlex.split(line)[1:])
    assert (tmp_path / "mona-lisa-facelab.jpg").read_bytes() == picture
    made = json.loads((tmp_path / "mona-lisa-facelab.jpg.json").read_text())
    assert json.loads(record) == made
    (tmp_path / "recipe.yaml").write_text(words["recipes"][0])
    command(tmp_path, "edit", "mona-lisa.jpg", "-o", "again.jpg", "-r", "recipe.yaml",
            "--consent", "public-domain")  # fmt: skip
    assert (tmp_path / "again.jpg").read_bytes() == picture


def test_a_swap_is_saved_as_the_command_saves_it(served, tmp_path):
    target, source = served.open("mona-lisa.jpg"), served.open("astronaut.png")
    wish = swap(target, source)
    assert served.ask("POST", "preview", wish).body[:2] == b"\xff\xd8"
    (line,) = served.ask("POST", "words", wish).json["commands"]
    assert line == "facelab swap -s astronaut.png -t mona-lisa.jpg -o mona-lisa-facelab.jpg"
    saved = served.ask("POST", "save", wish).json
    picture = served.ask("GET", f"results/{saved['key']}/{saved['files'][0]}").body
    command(SAMPLES, *line.split()[1:-1], tmp_path / "mona-lisa-facelab.jpg")
    assert (tmp_path / "mona-lisa-facelab.jpg").read_bytes() == picture


def test_a_face_is_seen_from_all_sides(served, tmp_path):
    face = f"photographs/{served.open('astronaut.png')['id']}/faces/0"
    for name in VIEWS:
        with PIL.Image.open(io.BytesIO(served.ask("GET", f"{face}/view/{name}.png").body)) as shown:
            assert shown.size == ((1024, 1024) if name == "texture" else (512, 512))
    data = served.ask("GET", f"{face}/mesh").body
    vertices, triangles = np.frombuffer(data[:8], "<u4")
    assert len(data) == 8 + 20 * vertices + 12 * triangles
    places = np.frombuffer(data[8:], "<f4", 3 * vertices).reshape(-1, 3)
    assert np.ptp(places, axis=0)[:2].max() == pytest.approx(1, abs=1e-5)
    corners = np.frombuffer(data[8 + 20 * vertices :], "<u4")
    assert corners.max() == vertices - 1
    assert abs(served.ask("GET", f"{face}/numbers").json["pose"]["yaw"]) < 30
    assert served.ask("GET", f"{face}/view/nothing.png").status == 422
    assert served.ask("GET", face.replace("/0", "/7") + "/mesh").status == 422


def test_files_are_those_of_the_command(served, tmp_path):
    photograph = served.open("astronaut.png")
    path = f"photographs/{photograph['id']}/faces/0/export?write=landmarks,depth,ply"
    saved = served.ask("POST", path).json
    data = served.ask("GET", f"results/{saved['key']}/{saved['files'][0]}").body
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    command(SAMPLES, "reconstruct", "astronaut.png", "-o", tmp_path, "--faces", "0",
            "--write", "landmarks,depth,ply")  # fmt: skip
    wanted = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert files.keys() == wanted.keys()
    report = "astronaut.json"
    assert {n: b for n, b in files.items() if n != report} == {
        n: b for n, b in wanted.items() if n != report
    }
    ours, theirs = json.loads(files[report]), json.loads(wanted[report])
    assert ours["image"].pop("path") != theirs["image"].pop("path")
    assert ours == theirs


def test_a_preview_is_marked_and_an_empty_recipe_changes_nothing(served):
    photograph = served.open("astronaut.png")
    changed = served.ask("POST", "preview", edits(photograph, ("lipstick", {}))).body
    assert b"algorithmicallyEnhanced" in changed
    plain = served.ask("GET", f"photographs/{photograph['id']}/preview.jpg").body
    assert served.ask("POST", "preview", edits(photograph)).body == plain
    assert b"algorithmicallyEnhanced" not in plain


def test_the_very_pixels_of_a_part_are_drawn(served):
    photograph = served.open("mona-lisa.jpg")
    path = "part?left=100&top=50&right=164&bottom=98"
    part = served.ask("POST", path, edits(photograph, ("smooth", {}))).body
    with PIL.Image.open(io.BytesIO(part)) as picture:
        assert picture.size == (64, 48)


@pytest.mark.parametrize(
    ("step", "told"),
    [
        (("lipstik", {}), "did you mean lipstick"),
        (("lipstick", {"strength": 3}), "strength: 3 is not from 0 to 1"),
        (("match", {"reference": "nobody"}), "no input is called 'nobody'"),
    ],
)
def test_what_is_not_allowed_is_said(served, step, told):
    answer = served.ask("POST", "preview", edits(served.open("astronaut.png"), step))
    assert (answer.status, told in answer.error) == (422, True)


def test_what_is_no_photograph_or_shows_no_face_is_said(served, tmp_path):
    (tmp_path / "broken.jpg").write_bytes((SAMPLES / "mona-lisa.jpg").read_bytes()[:5000])
    assert served.upload(tmp_path / "broken.jpg").error.startswith("broken.jpg: ")
    grey = PIL.Image.fromarray(np.full((64, 64, 3), 128, np.uint8))
    grey.save(tmp_path / "grey.png")
    opened = served.upload(tmp_path / "grey.png").json
    assert opened["faces"] == []
    answer = served.ask("POST", "preview", edits(opened, ("smooth", {})))
    assert (answer.status, "no face found" in answer.error) == (422, True)


def test_an_upload_that_is_too_large_is_refused_before_it_comes(served):
    answer = served.ask("PUT", "photographs?name=a.jpg", b"x", {"Content-Length": str(2**40)})
    assert "more than 512 MB" in answer.error


def test_a_full_disk_is_said(served):
    photograph = served.open("astronaut.png")
    (folder,) = served.folder.glob("facelab-page-*")
    results = folder / "results"
    kept = results.rename(folder / "aside")
    try:
        answer = served.ask("POST", "save", edits(photograph, ("smooth", {})))
    finally:
        kept.rename(results)
    assert answer.status == 507
    assert "temporary folder" in answer.error


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_nothing_is_left_behind(tmp_path, how):
    with Served(tmp_path) as page:
        page.open("astronaut.png")
        assert len(list(tmp_path.glob("facelab-page-*"))) == 1
        assert page.end(how) == (0, "")
    assert list(tmp_path.glob("facelab-*")) == []


def test_a_port_that_is_taken_is_said(served):
    port = served.origin.rpartition(":")[2]
    done = subprocess.run(
        [sys.executable, "-m", "facelab", "page", "--no-browser", "--port", port],
        cwd="/", env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (2, "")
    assert re.fullmatch(rf"facelab: --port {port}: .*; give another, or none\n", done.stderr)
