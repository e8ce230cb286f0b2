"""One overlay of all faces of a photograph, beside those of each."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
from click.testing import CliRunner

from facelab.cli import main
from facelab.errors import UsageError
from facelab.export.overlay import overlay, overlay_together
from facelab.export.subject import Subject
from facelab.images import find_photographs, read
from facelab.reconstruct.networks import Networks
from facelab.types import Reconstruction
from tests.synthetic import canonical

LARGE = Reconstruction(canonical(scale=4, origin=(60, 60, 0), yaw=20), 0.9)
SMALL = Reconstruction(canonical(scale=2, origin=(170, 60, 0)), 0.9)
NEAR = Reconstruction(canonical(scale=2, origin=(80, 60, 0)), 0.9)  # over the large one


class Faces:
    """Reconstructor: the first faces of two, as many as are asked for."""

    description = "faces by hand"

    def __init__(self, count):
        self.count = count

    def __call__(self, image, boxes=None):
        return [LARGE, SMALL][: self.count]

    def largest(self, image):
        return [LARGE]


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with_faces(monkeypatch, 2)
    values = np.random.default_rng(1).integers(0, 256, (120, 240, 3), dtype=np.uint8)
    PIL.Image.fromarray(values).save("p.png")
    return tmp_path


def with_faces(monkeypatch, count):
    monkeypatch.setattr(Networks, "load", lambda _: Faces(count))


def reconstruct(*options):
    result = CliRunner().invoke(main, ["reconstruct", "p.png", "-o", "out", *options])
    assert result.exit_code == 0, result.output
    return result


def report():
    return json.loads(Path("out/p.json").read_text(encoding="utf-8"))


def files():
    return sorted(path.name for path in Path("out").iterdir())


def subject(image, found):
    return Subject(image, found)


def image():
    return np.random.default_rng(0).random((120, 240, 3), np.float32)


def test_every_face_is_drawn_and_nothing_else():
    photograph = image()
    together = overlay_together([subject(photograph, one) for one in (SMALL, LARGE)])
    for found in (LARGE, SMALL):
        alone = overlay(subject(photograph, found))
        drawn = (alone != photograph).any(axis=2)
        assert drawn.sum() > 500
        np.testing.assert_array_equal(together[drawn], alone[drawn])
    alone = [overlay(subject(photograph, found)) != photograph for found in (LARGE, SMALL)]
    untouched = ~np.any(alone, axis=(0, 3))
    np.testing.assert_array_equal(together[untouched], photograph[untouched])


def test_the_last_is_drawn_over_the_others():
    photograph = image()
    below = overlay(subject(photograph, LARGE))
    together = overlay_together([subject(photograph, one) for one in (LARGE, NEAR)])
    np.testing.assert_array_equal(together, overlay(subject(below, NEAR)))
    assert (together != overlay_together([subject(photograph, one) for one in (NEAR, LARGE)])).any()


def test_one_face_is_its_overlay():
    photograph = image()
    one = subject(photograph, LARGE)
    np.testing.assert_array_equal(overlay_together([one]), overlay(one))
    np.testing.assert_array_equal(photograph, image())  # which stays as it was


def test_the_file_and_the_report(here):
    reconstruct("--write", "overlay,landmarks")
    assert report()["files"] == {"overlay": {"png": "p_all_overlay.png"}}
    assert "p_all_overlay.png" in report()["written"]
    assert files() == [
        "p.json", "p_0_landmarks.txt", "p_0_overlay.png", "p_1_landmarks.txt", "p_1_overlay.png",
        "p_all_overlay.png",
    ]  # fmt: skip
    drawn = read("out/p_all_overlay.png")
    assert b"surfaces and poses of faces were drawn" in drawn.metadata.xmp
    expected = overlay_together([subject(read("p.png").srgb, one) for one in (SMALL, LARGE)])
    np.testing.assert_allclose(drawn.pixels, expected, atol=0.5001 / 255)


@pytest.mark.parametrize(
    ("count", "options"),
    [(1, ["--write", "overlay"]), (2, ["--write", "landmarks"]),
     (2, ["--write", "overlay", "--most", "1"]), (2, ["--write", "overlay", "--faces", "largest"])],
)  # fmt: skip
def test_there_is_none_of_one_face_or_where_no_overlay_is_wanted(here, monkeypatch, count, options):
    with_faces(monkeypatch, count)
    reconstruct(*options)
    assert report()["files"] == {}
    assert "p_all_overlay.png" not in files()


def test_a_second_run_sees_that_it_is_missing(here):
    reconstruct("--write", "overlay")
    assert "already done" in reconstruct("--write", "overlay").stderr
    Path("out/p_all_overlay.png").unlink()
    assert "already done" not in reconstruct("--write", "overlay").stderr
    assert "p_all_overlay.png" in files()


def test_a_report_of_an_earlier_version_is_not_whole(here):
    reconstruct("--write", "overlay")
    said = report()
    del said["files"]
    Path("out/p.json").write_text(json.dumps(said), encoding="utf-8")
    assert "already done" not in reconstruct("--write", "overlay", "--overwrite").stderr
    assert "files" in report()


def test_what_is_no_longer_wanted_goes(here):
    reconstruct("--write", "overlay,landmarks")
    reconstruct("--write", "landmarks", "--overwrite")
    assert files() == ["p.json", "p_0_landmarks.txt", "p_1_landmarks.txt"]


def test_photographs_that_are_called_alike_do_not_share_it(here):
    for name in ("p_0.png", "p_all.png"):
        Path(name).write_bytes(Path("p.png").read_bytes())
    arguments = ["reconstruct", "p.png", "p_0.png", "p_all.png", "-o", "out", "--write", "overlay"]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 0, result.output
    named = []
    for stem in ("p", "p_0", "p_all"):
        said = json.loads(Path(f"out/{stem}.json").read_text(encoding="utf-8"))
        named += said["written"]
    assert sorted(named) == sorted(set(named))
    assert len(named) == 9


def test_it_is_not_taken_for_a_photograph(here):
    reconstruct("--write", "overlay")
    with pytest.raises(UsageError, match=r"no photograph is in it \(4 not taken: 3 facelab files"):
        find_photographs(Path("out"))


def test_it_is_verified(here):
    reconstruct("--write", "overlay")
    verify = ["verify", "out", "--inputs", "."]
    assert CliRunner().invoke(main, verify).exit_code == 0
    with PIL.Image.open("out/p_all_overlay.png") as file:
        PIL.Image.eval(file, lambda value: 255 - value).save("out/p_all_overlay.png")
    result = CliRunner().invoke(main, verify)
    assert result.exit_code == 1
    assert "p_all_overlay.png" in result.output
