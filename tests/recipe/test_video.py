"""Videos through recipes: the same bytes however they were made, parts, choice of faces, marks."""

from __future__ import annotations

import json

import numpy as np
import pytest

import facelab
from facelab.errors import UsageError
from facelab.images.xmp import parse_xmp
from facelab.recipe import MostFaces, Recipe
from facelab.recipe import video as engine
from facelab.types import Box, PositionMap, Reconstruction
from facelab.video.join import packet_of
from facelab.video.reader import open_video
from facelab.video.tracks import TrackedFace
from tests.commands import FlatFace
from tests.tiny import Fill
from tests.video.clips import packets, pattern, write_clip

pytestmark = pytest.mark.usefixtures("tiny")


@pytest.fixture
def clip(tmp_path):
    return write_clip(tmp_path / "clip.mp4", [pattern(i) for i in range(22)], sound=True)


@pytest.fixture(autouse=True)
def short_parts(monkeypatch):
    monkeypatch.setattr(engine, "PART", 8)


def filled(clip, **part):
    model = facelab.FaceModel(FlatFace())
    return Recipe([Fill(colour="#ff0000")])(open_video(clip, **part), model=model)


def test_every_frame_is_changed_and_the_rest_kept(tmp_path, clip):
    assert filled(clip).save(tmp_path / "out.mp4") == ()
    before, after = list(open_video(clip)), list(open_video(tmp_path / "out.mp4"))
    assert [one.pts for one in before] == [one.pts for one in after]
    for one in after:
        assert one.image.values[24, 32, 0] > 230 > 60 > one.image.values[24, 32, 1]
    assert packets(clip, "audio")[0] == packets(tmp_path / "out.mp4", "audio")[0]
    assert not list(tmp_path.glob("*.parts"))


def test_workers_do_not_matter(tmp_path, clip):
    made = []
    for workers in (1, 3):
        filled(clip).save(tmp_path / f"{workers}.mp4", workers=workers)
        made.append((tmp_path / f"{workers}.mp4").read_bytes())
    assert made[0] == made[1]


@pytest.mark.parametrize("last", [3, 9, 17, 22])
def test_an_interrupted_run_leaves_what_is_done_and_goes_on(tmp_path, clip, last):
    filled(clip).save(tmp_path / "whole.mp4")

    def interrupt(done, _of):
        if done == last:
            raise KeyboardInterrupt

    out = tmp_path / "out.mp4"
    with pytest.raises(KeyboardInterrupt):
        filled(clip).save(out, on_progress=interrupt)
    assert not out.exists()
    assert len(list(open_video(tmp_path / "out.part.mp4"))) == last
    told = []
    filled(clip).save(out, on_progress=lambda done, _of: told.append(done))
    assert told[0] == (last - 1) // 8 * 8 + 1
    assert out.read_bytes() == (tmp_path / "whole.mp4").read_bytes()
    records = [json.loads(path.with_name(f"{path.name}.json").read_text())
               for path in (out, tmp_path / "whole.mp4")]  # fmt: skip
    assert records[0]["streams"] == records[1]["streams"]
    assert not (tmp_path / "out.part.mp4").exists()


def test_parts_of_another_run_are_not_taken(tmp_path, clip):
    def interrupt(done, _of):
        if done == 10:
            raise KeyboardInterrupt

    out = tmp_path / "out.mp4"
    with pytest.raises(KeyboardInterrupt):
        filled(clip).save(out, quality=20, on_progress=interrupt)
    told = []
    filled(clip).save(out, on_progress=lambda done, _of: told.append(done))
    assert told == list(range(1, 23))


def test_it_says_what_it_is(tmp_path, clip):
    out = tmp_path / "out.mp4"
    filled(clip).save(out, consent="synthetic")
    text = packet_of(out)
    assert parse_xmp(text) is not None
    assert b"algorithmicallyEnhanced" in text and b"in this video" in text
    record = json.loads((tmp_path / "out.mp4.json").read_text())
    assert record["consent"] == "synthetic"
    assert record["inputs"][-1]["role"] == "target"
    assert record["recipe"]["video"]["codec"] == "h264"
    assert set(record["streams"]) == {"0 video", "1 audio"}


def test_a_part_that_has_no_frame_is_refused(tmp_path, clip):
    with pytest.raises(UsageError, match="no frame"):
        filled(clip, start=5).save(tmp_path / "out.mp4")


def test_of_each_kind_one_note_is_kept(tmp_path, clip, monkeypatch):
    monkeypatch.setattr(engine.RecipeRunner, "_notes", lambda _, found: [
        f"the face is {found[0].box.size + next(count):.0f} px"])  # fmt: skip
    count = iter(range(100))
    (note,) = filled(clip).save(tmp_path / "out.mp4", workers=1)
    assert note.startswith("at 0.00 s: the face is")


def test_frames_can_be_gone_through(clip):
    results = list(filled(clip, stop=0.2))
    assert len(results) == 5
    assert all(np.array_equal(one.pixels[24, 32], (255, 0, 0)) for one in results)


# --- Which faces ---------------------------------------------------------------------------------


def faces(**places):
    """Tracked faces by their tracks: ``t3=(x, size)``."""
    found = []
    for name, (x, size) in places.items():
        unit = FlatFace()(np.zeros((100, 100, 3), np.uint8))[0].positions
        values = (unit.values - np.float32([20, 20, 0])) * np.float32(size / 60)
        positions = PositionMap(values + np.float32([x, 0, 0]), unit.atlas)
        found.append(TrackedFace(int(name[1:]), Reconstruction(positions, 0.95), None))
    return found


@pytest.mark.parametrize(
    ("wanted", "before", "tracks"),
    [
        ("all", (), [0, 1, 2]),
        ("largest", (), [1]),
        ("largest", (0,), [0]),  # who was meant, stays so though another is larger now
        ("largest", (7,), []),  # who is hidden may come again
        ("left", (), [0]),
        ("right", (), [2]),
        (1, (), [2]),
        (5, (), []),
        (MostFaces(2), (), [1, 2]),
        (MostFaces(2), (0,), [0, 1]),
        (Box(190, 0, 250, 60), (), [2]),
    ],
)
def test_which_faces_are_meant(wanted, before, tracks):
    seen = faces(t0=(0, 40), t1=(80, 80), t2=(200, 50))
    meant = engine.faces_meant(wanted, seen, frozenset(before))
    assert [face.track for face in meant] == tracks
