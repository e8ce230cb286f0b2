"""``facelab edit`` and ``swap`` of videos: options, what is done already, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

import facelab
from facelab import cli
from facelab.video.reader import open_video
from tests.video.clips import pattern, write_clip


@pytest.fixture
def clip(here):
    return write_clip(here / "clip.mp4", [pattern(number) for number in range(6)])


def run(*words):
    return CliRunner().invoke(cli.main, [str(word) for word in words])


def edit(*words):
    return run("edit", "clip.mp4", "--do", "fill", "-o", "out.mp4", *words)


@pytest.mark.usefixtures("clip", "calls", "tiny")
def test_a_video_is_edited_once():
    assert edit().exit_code == 0
    assert open_video("out.mp4").count == 6
    record = json.loads(Path("out.mp4.json").read_text())
    assert record["recipe"]["command"] == "edit"
    again = edit()
    assert again.exit_code == 0 and "already done" in again.stderr
    assert edit("--quality", "30").exit_code == 2  # what is there is of other settings
    assert edit("--quality", "30", "--overwrite").exit_code == 0


@pytest.mark.usefixtures("clip", "calls")
def test_a_face_is_put_into_a_video():
    done = run("swap", "-s", "source.png", "-t", "clip.mp4", "-o", "out.mkv", "--every", "2")
    assert done.exit_code == 0, done.output
    assert len(list(open_video("out.mkv"))) == 3


@pytest.mark.usefixtures("clip", "calls", "tiny")
def test_a_part_is_written_as_webm():
    done = run(
        "edit", "clip.mp4", "--do", "fill", "-o", "out.webm", "--from", "0.08", "--to", "0.2"
    )
    assert done.exit_code == 0, done.output
    assert len(list(open_video("out.webm"))) == 3


@pytest.mark.usefixtures("clip", "calls", "tiny")
def test_a_sheet_comes_first():
    done = edit("--preview", "2")
    assert done.exit_code == 0 and "out_preview.png: written" in done.stderr
    sheet = facelab.read("out_preview.png")
    assert sheet.shape == (240, 4 * 320)  # three tiles, and a blank one
    assert np.abs(sheet.values[120, 160] - np.array([255, 0, 0])).max() < 20
    assert b"algorithmicallyEnhanced" in sheet.metadata.xmp


@pytest.mark.usefixtures("clip", "calls", "tiny")
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["clip.mp4", "target.png", "-o", "out"], "a video among photographs"),
        (["target.png", "-o", "out.png", "--every", "2"], "is no video"),
        (["clip.mp4", "-o", "out.png"], "no such video is written"),
        (["clip.mp4", "-o", "out.webm", "--codec", "h264"], "holds vp9"),
        (["clip.mp4", "-o", "out.mp4", "--show"], "no comparison"),
        (["clip.mp4", "-o", "clip.mp4"], "would overwrite an input"),
        (["clip.mp4", "-o", "out.mp4", "--from", "2", "--to", "1"], "start"),
    ],
)
def test_what_does_not_fit_is_refused(words, said):
    done = run("edit", "--do", "fill", *words)
    assert done.exit_code == 2, done.output
    assert said in done.stderr
    assert not list(Path().glob("out.*"))


@pytest.mark.usefixtures("calls", "tiny")
def test_what_is_no_video_is_reported(here):
    (here / "clip.mp4").write_bytes(b"words")
    done = edit()
    assert done.exit_code == 1 and "cannot be read as a video" in done.stderr


@pytest.mark.usefixtures("clip", "calls", "tiny")
def test_a_video_is_verified():
    assert edit("--to", "0.15", "--quality", "40").exit_code == 0
    verified = run("verify", "out.mp4")
    assert verified.exit_code == 0 and "out.mp4: identical" in verified.stdout
    with Path("out.mp4").open("ab") as file:
        file.write(bytes(8))
    assert run("verify", "out.mp4").exit_code == 1


@pytest.mark.usefixtures("clip", "calls")
def test_a_video_is_reconstructed_row_by_row():
    done = run("reconstruct", "clip.mp4", "-o", "out", "--to", "0.2")
    assert done.exit_code == 0, done.output
    names = {path.name for path in Path("out").iterdir()}
    ends = (".csv", ".json", ".jsonl", ".npz", "_overlay.mp4")
    assert names == {f"clip{end}" for end in ends}
    arrays = np.load("out/clip.npz")
    lines = [json.loads(line) for line in Path("out/clip.jsonl").read_text().splitlines()]
    table = np.genfromtxt("out/clip.csv", delimiter=",", names=True)
    assert arrays["landmarks68"].shape == (5, 68, 3) and arrays["blendshapes"].shape == (5, 52)
    assert arrays["time"].tolist() == [line["time"] for line in lines] == table["time"].tolist()
    points = [line["faces"][0]["landmarks68"] for line in lines]
    assert np.allclose(arrays["landmarks68"], points, atol=1e-3)
    assert np.allclose(arrays["landmarks68"][:, 8, 1], table["y8"], atol=1e-3)
    assert open_video("out/clip_overlay.mp4").count == 5
    again = run("reconstruct", "clip.mp4", "-o", "out", "--to", "0.2")
    assert "already done" in again.stderr
