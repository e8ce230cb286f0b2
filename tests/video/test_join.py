"""Videos out: parts put together, with the sound they had, and the mark."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from facelab.errors import UsageError
from facelab.video.join import join, packet_of
from facelab.video.reader import open_video
from facelab.video.writer import VideoWriter, codec_for
from facelab.video.xmp import append_box, read_box
from tests.video.clips import packets, pattern, write_clip

TIMES = [0, 24, 48, 100, 124, 148, 150, 174, 198, 400]


@pytest.fixture
def clip(tmp_path):
    pictures = [pattern(i) for i in range(10)]
    return write_clip(tmp_path / "clip.mp4", pictures, times=TIMES, sound=True)


def parts_of(video, folder, codec, size):
    frames, parts = list(video), []
    for start in range(0, len(frames), size):
        path = folder / f"{start}.mp4"
        writer = VideoWriter(path, video, codec, 80)
        for frame in frames[start : start + size]:
            writer.write(frame, frame.image)
        writer.close()
        parts.append((path, frames[start].pts))
    return parts


@pytest.mark.parametrize(
    ("suffix", "codec"), [(".mp4", "h264"), (".mov", "h264"), (".mkv", "hevc"), (".mp4", "vp9")]
)
def test_times_sound_and_mark_are_kept(tmp_path, clip, suffix, codec):
    video, out = open_video(clip), tmp_path / f"out{suffix}"
    joined = join(out, suffix, parts_of(video, tmp_path, codec, 4), video, b"<x>mark</x>")
    again = open_video(out)
    frames = list(again)
    exact = 0.0006 if suffix == ".mkv" else 1e-9  # Matroska counts milliseconds
    assert [again.seconds(one) for one in frames] == pytest.approx(
        [time / 600 for time in TIMES], abs=exact + (0.024 if suffix == ".mkv" else 0)
    )
    assert packets(out, "audio")[0] == packets(clip, "audio")[0]
    assert packet_of(out) == b"<x>mark</x>"
    assert joined.lost == () and len(joined.streams) == 2
    for one, other in zip(frames, video, strict=True):
        assert np.abs(one.image.values.astype(int) - other.image.values).mean() < 6


def test_what_a_container_does_not_hold_is_named(tmp_path, clip):
    video = open_video(clip)
    parts = parts_of(video, tmp_path, "vp9", 10)
    joined = join(tmp_path / "out.webm", ".webm", parts, video, b"<x/>")
    assert "audio (aac) is not kept" in joined.lost[0]
    assert packet_of(tmp_path / "out.webm") == b"<x/>"


def test_a_part_has_its_own_sound(tmp_path, clip):
    video = open_video(clip, start=0.16, stop=0.3)
    join(tmp_path / "out.mp4", ".mp4", parts_of(video, tmp_path, "h264", 10), video, b"<x/>")
    times = packets(tmp_path / "out.mp4", "audio")[1]
    assert times and min(times) >= 0 and max(times) < 0.14


def test_the_same_parts_give_the_same_bytes(tmp_path, clip):
    video = open_video(clip)
    made = []
    for name in "ab":
        (tmp_path / name).mkdir()
        out = tmp_path / f"{name}.mkv"
        join(out, ".mkv", parts_of(video, tmp_path / name, "h264", 3), video, b"<x/>")
        made.append(out.read_bytes())
    assert made[0] == made[1]


@pytest.mark.parametrize(
    ("name", "codec", "found"),
    [("a.mp4", None, "h264"), ("a.webm", None, "vp9"), ("a.MKV", "hevc", "hevc")],
)
def test_suffix_tells_the_codec(tmp_path, name, codec, found):
    assert codec_for(tmp_path / name, codec) == found


@pytest.mark.parametrize(("name", "codec"), [("a.webm", "h264"), ("a.avi", None), ("a.png", None)])
def test_what_does_not_fit_is_refused(tmp_path, name, codec):
    with pytest.raises(UsageError):
        codec_for(tmp_path / name, codec)


def test_boxes_of_other_kinds_are_passed_over(tmp_path, clip):
    assert read_box(clip) is None
    append_box(clip, b"packet")
    assert read_box(clip) == b"packet"
    assert len(list(open_video(clip))) == 10
    (tmp_path / "bad").write_bytes(b"\0\0\0\1uuid\xff\xff")
    assert read_box(tmp_path / "bad") is None


FULL = """
import resource, sys
import numpy as np
from facelab.errors import OutputError
from facelab.images import Image
from facelab.video.reader import Frame, open_video
from facelab.video.writer import VideoWriter
video = open_video(sys.argv[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))
writer = VideoWriter(sys.argv[2], video, "h264", 100)
noise = np.random.default_rng(0)
try:
    try:
        for n in range(60):
            image = Image(noise.integers(0, 255, (*video.shape, 3), np.uint8))
            writer.write(Frame(n, 24 * n, image), image)
    finally:
        writer.close()
except OutputError as error:
    print(error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs limits of files")
def test_a_full_disk_is_told(tmp_path, clip):
    run = subprocess.run(
        [sys.executable, "-c", FULL, clip, tmp_path / "out.mp4"], capture_output=True, text=True
    )
    assert "out.mp4: cannot be written (File too large); free some space" in run.stdout
