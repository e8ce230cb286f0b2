from __future__ import annotations

import csv
import json
import sys
from pathlib import Path

import bench_believe
import kept_faces
import numpy as np
import pytest
import swap_pairs
from judge import Judge
from swap_pairs import Pair

from facelab import FaceModel, images
from facelab.types import Face, Texture
from tests.synthetic import StubReconstructor, canonical, noise, plain, texture

SHAPE = 260, 240
PAIR = Pair("a.png", "b.png")


def colour_net(image, landmarks):
    """An embedding: the colour at the tip of the nose."""
    x, y = np.rint(landmarks[30, :2]).astype(int)
    return image[y, x]


@pytest.fixture
def folder(tmp_path):
    """Two photographs, and a result that is the target itself, said to be half painted."""
    for name, seed in (("a.png", 1), ("b.png", 2)):
        images.write(tmp_path / name, images.Image(noise(*SHAPE, seed=seed)))
    target = images.read(tmp_path / "b.png").pixels
    area = np.zeros((*SHAPE, 2), np.float32)
    area[:, 120:, 0] = 1
    area[200:, :, 1] = 1
    swapped = swap_pairs.Swapped(target, target, area, {"whole": 0.25, "unwrap": 0.125})
    swap_pairs.write(tmp_path, PAIR, swapped)
    return tmp_path


def judge_of(folder, *faces):
    judge = Judge(folder, FaceModel(StubReconstructor(*faces)), {"net": colour_net})
    judge.prepare([PAIR])
    return judge


def test_a_target_left_as_it_was_is_measured_as_such(folder) -> None:
    found = judge_of(folder, canonical()).measured(PAIR, folder)
    assert found["net: to target"] == pytest.approx(1)
    # Two embeddings lie on both sides of their mean.
    assert found["net: to source"] == found["net: source to target"] == pytest.approx(-1)
    assert found["tone"] == 0
    assert found["fine contrast"] == pytest.approx(1)
    assert found["seam, step in L*"] == 0
    assert found["painted, %"] == pytest.approx(50, abs=3)
    assert found["invented, %"] == pytest.approx(100 * 60 / 260, abs=0.5)
    assert (found["whole, ms"], found["unwrap, ms"]) == (250, 125)


def test_a_seam_is_against_what_lies_under_the_paint(folder) -> None:
    """What was warped before it was painted over is no seam."""
    warped = np.ascontiguousarray(images.read(folder / "b.png").pixels[:, ::-1])
    area = np.zeros((*SHAPE, 2), np.float32)
    area[:, 120:, 0] = 1
    swap_pairs.write(folder, PAIR, swap_pairs.Swapped(warped, warped, area, {}))
    found = judge_of(folder, canonical()).measured(PAIR, folder)
    assert found["seam, step in L*"] == 0
    assert found["tone"] > 0


class Daylight(StubReconstructor):
    """Sees nothing in the dark."""

    def largest(self, image):
        return super().largest(image) if image.mean() > 0.4 else []


def test_a_result_without_a_face_is_read_where_the_target_has_it(folder) -> None:
    dark = images.read(folder / "b.png").pixels / 2
    nothing = np.zeros((*SHAPE, 2), np.float32)
    swap_pairs.write(folder, PAIR, swap_pairs.Swapped(dark, dark, nothing, {}))
    judge = Judge(folder, FaceModel(Daylight(canonical())), {"net": colour_net})
    judge.prepare([PAIR])
    source, target = (
        colour_net(images.read(folder / name).pixels, canonical().landmarks) for name in PAIR
    )
    shown, other = target / 2 - (source + target) / 2, target - (source + target) / 2
    expected = shown @ other / np.linalg.norm(shown) / np.linalg.norm(other)
    found = judge.measured(PAIR, folder)["net: to target"]
    assert found == pytest.approx(expected, abs=0.02)  # results are kept in 8 bits


def test_the_area_is_what_shows_and_made_up_what_nobody_saw() -> None:
    seen = np.ones((256, 256), np.float32)
    seen[:, :128] = 0.05
    shown = np.ones((256, 256), np.float32)
    shown[150:] = 0.5
    face = Face(canonical(), Texture(texture().colour, seen))
    area = swap_pairs.area_of(plain(SHAPE), face, shown)
    assert area.shape == (*SHAPE, 2)
    assert area[0].max() == 0
    columns = np.flatnonzero(area[120, :, 0] > 0.9)
    middle = (columns[0] + columns[-1]) / 2
    left, right = area[120, : int(middle) - 4], area[120, int(middle) + 4 :]
    assert left[left[:, 0] > 0.5, 1].min() > 0.99 and right[:, 1].max() < 0.01
    lowest = np.flatnonzero(area[:, 120, 0] > 0)[-1]
    assert area[lowest - 8, 120, 0] == pytest.approx(0.5, abs=0.01)


def test_faces_are_looked_for_once(tmp_path) -> None:
    class Counting(StubReconstructor):
        asked = 0

        def largest(self, image):
            self.asked += 1
            return super().largest(image)

    inner = Counting(canonical())
    kept = kept_faces.KeptFaces(inner, tmp_path)
    first, again = kept.largest(plain(SHAPE)), kept.largest(plain(SHAPE))
    np.testing.assert_array_equal(first[0].positions.values, again[0].positions.values)
    assert first[0].score == pytest.approx(again[0].score)
    kept.largest(noise(*SHAPE))
    assert inner.asked == 2
    assert kept.boxes is None  # everything else is the reconstructor's own


def test_nothing_is_kept_where_there_is_no_face(tmp_path) -> None:
    assert kept_faces.KeptFaces(StubReconstructor(), tmp_path).largest(plain(SHAPE)) == []
    assert not list(tmp_path.rglob("*.npz"))


def test_the_table_has_a_column_a_version_and_tells_what_is_missing() -> None:
    measured = {
        "old": {PAIR: {"tone": 1.0}, Pair("c", "d"): {"tone": 3.0}},
        "new": {PAIR: {"tone": 2.0, "x, ms": 20.0}, Pair("c", "d"): {"tone": float("nan")}},
    }
    assert bench_believe.summary(measured).splitlines() == [
        "| mean / median (least, most) | old | new |",
        "| --- | --- | --- |",
        "| tone | 2.00 / 2.00 (1.00, 3.00) | 2.00 / 2.00 (2.00, 2.00) |",
        "| x, ms | - | 20.0 / 20.0 (20.0, 20.0) |",
    ]


def test_every_pair_and_version_has_its_line(tmp_path) -> None:
    measured = {"old": {PAIR: {"tone": 1.0}}, "new": {PAIR: {"tone": 2.0, "seam": 0.5}}}
    bench_believe.write_rows(tmp_path / "out.csv", measured)
    with (tmp_path / "out.csv").open(newline="") as file:
        assert list(csv.DictReader(file)) == [
            {"source": "a.png", "target": "b.png", "version": "old", "tone": "1.0000", "seam": ""},
            {
                "source": "a.png",
                "target": "b.png",
                "version": "new",
                "tone": "2.0000",
                "seam": "0.5000",
            },
        ]


def given(monkeypatch, *arguments):
    needed = ["--pairs", "p", "--photographs", "f", "--work", "w"]
    monkeypatch.setattr(sys, "argv", ["bench_believe.py", *needed, *map(str, arguments)])
    return bench_believe.arguments()


def test_versions_are_the_others_and_what_is_imported(monkeypatch, tmp_path) -> None:
    (tmp_path / "facelab").mkdir()
    found = bench_believe.versions(given(monkeypatch, "--prnet", "--set", f"old={tmp_path}"))
    assert [one.name for one in found] == ["PRNet's", "old", "this"]
    assert found[1].checkout == tmp_path.resolve()
    assert found[0].prnet and not found[2].prnet
    assert found[0].checkout == found[2].checkout == Path(bench_believe.__file__).parents[1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [(["--set", "old=nowhere"], "no checkout of facelab"), (["--set", "old"], "NAME=FOLDER")],
)
def test_a_set_without_a_checkout_is_refused(monkeypatch, arguments, message) -> None:
    with pytest.raises(SystemExit, match=message):
        bench_believe.versions(given(monkeypatch, *arguments))


def test_names_are_told_apart(monkeypatch, tmp_path) -> None:
    (tmp_path / "facelab").mkdir()
    with pytest.raises(SystemExit, match="called alike"):
        bench_believe.versions(given(monkeypatch, "--set", f"this={tmp_path}"))


def test_an_archive_of_no_network_is_refused() -> None:
    with pytest.raises(SystemExit, match="face-api or human"):
        bench_believe.load_nets([Path("other.tgz")])


def test_blind_sheets_hide_the_key_beside_the_folder(folder, monkeypatch) -> None:
    options = given(monkeypatch, "--sheet", folder / "sheets", "--blind", 5, "--face", 40)
    results = {"old": folder, "new": folder}
    bench_believe.write_sheets(options, judge_of(folder, canonical()), results, [PAIR])
    assert sorted(path.name for path in (folder / "sheets").iterdir()) == ["00.png", "faults.csv"]
    assert images.read(folder / "sheets/00.png").pixels.shape == (76, 4 * 76 + 3 * 4, 3)
    key = json.loads((folder / "sheets.key.json").read_text())
    assert sorted(key["orders"][PAIR.name]) == ["new", "old"]
