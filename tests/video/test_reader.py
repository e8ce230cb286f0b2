"""Videos in: every frame, when it is shown and in what colours; damaged files."""

from __future__ import annotations

import numpy as np
import pytest

import facelab
from facelab.errors import ImageError, UsageError
from facelab.video import is_video
from facelab.video.reader import open_video
from tests.video.clips import SHAPE, pattern, write_clip


def test_frames_come_with_their_varying_times(tmp_path):
    times = [0, 24, 72, 74, 300]
    clip = write_clip(tmp_path / "a.mp4", [pattern(i) for i in range(5)], times=times)
    video = facelab.open_video(clip)
    frames = list(video)
    assert [round(video.seconds(frame) * 600) for frame in frames] == times
    assert [frame.number for frame in frames] == [0, 1, 2, 3, 4]
    for number, frame in enumerate(frames):
        assert np.abs(frame.image.values.astype(int) - pattern(number)).mean() < 6


@pytest.mark.parametrize("matrix", [1, 5])
@pytest.mark.parametrize("colour_range", [1, 2])
def test_colours_are_read_by_matrix_and_range(tmp_path, matrix, colour_range):
    flat = np.full((*SHAPE, 3), (200, 60, 30), np.uint8)
    from facelab.images import Image
    from facelab.video.pixels import PixelFormat
    from facelab.video.reader import Frame
    from facelab.video.writer import VideoWriter

    video = open_video(write_clip(tmp_path / "a.mp4", [flat] * 2))
    held = PixelFormat("yuv420p", 8, matrix, colour_range, 1, 1)
    object.__setattr__(video, "pixels", held)
    writer = VideoWriter(tmp_path / "b.mp4", video, "h264", 90)
    for number in range(2):
        writer.write(Frame(number, 24 * number, Image(flat)), Image(flat))
    writer.close()
    again = open_video(tmp_path / "b.mp4")
    assert (again.pixels.matrix, again.pixels.colour_range) == (matrix, colour_range)
    assert np.abs(next(iter(again)).image.values.astype(int) - flat).max() <= 3


@pytest.mark.parametrize(("degrees", "turns"), [(90, 1), (180, 2), (-90, 3)])
def test_frames_are_upright(tmp_path, degrees, turns):
    flat = write_clip(tmp_path / "a.mp4", [pattern(0)] * 2)
    turned = write_clip(tmp_path / "b.mp4", [pattern(0)] * 2, rotation=degrees)
    upright, frame = (next(iter(open_video(path))).image.values for path in (flat, turned))
    video = open_video(turned)
    assert video.turns == turns
    assert frame.shape[:2] == video.shape
    assert np.array_equal(frame, np.rot90(upright, turns))


def test_ten_bits_stay_finer_than_eight(tmp_path):
    ramp = np.repeat(np.linspace(20000, 24000, 64).astype(np.uint16)[None, :, None], 48, axis=0)
    deep = np.ascontiguousarray(np.repeat(ramp, 3, axis=2))
    clip = write_clip(tmp_path / "a.mp4", [deep] * 2, pixels="yuv420p10le", options={"crf": "0"})
    video = open_video(clip)
    image = next(iter(video)).image
    assert (video.pixels.bits, image.bits, image.values.dtype) == (10, 16, np.uint16)
    assert len(np.unique(image.values[0, :, 1])) > 40  # in 8 bits there are 16 levels
    assert np.abs(image.values.astype(int) - deep).max() < 200


@pytest.mark.parametrize(("shape", "pixels"), [((47, 63), "yuv444p"), ((2, 2), "yuv420p")])
def test_odd_and_tiny_sizes(tmp_path, shape, pixels):
    video = open_video(write_clip(tmp_path / "a.mp4", [pattern(0, shape)] * 2, pixels=pixels))
    assert video.shape == shape
    assert next(iter(video)).image.shape == shape


def test_sample_aspect_is_told_as_displayed(tmp_path):
    clip = write_clip(tmp_path / "a.mp4", [pattern(0)] * 2, aspect="4/3")
    turned = write_clip(tmp_path / "b.mp4", [pattern(0)] * 2, aspect="4/3", rotation=90)
    assert open_video(clip).pixel_aspect == 1 / open_video(turned).pixel_aspect > 1


def test_a_part_is_taken(tmp_path):
    clip = write_clip(tmp_path / "a.mp4", [pattern(i) for i in range(20)])
    video = open_video(clip, start=0.2, stop=0.6, every=3)
    whole, part = list(open_video(clip)), list(video)
    assert [round(video.seconds(frame) * 25) for frame in part] == [0, 3, 6, 9]
    for frame, number in zip(part, (5, 8, 11, 14), strict=True):
        assert np.array_equal(frame.image.values, whole[number].image.values)
    assert video.count == 4 or abs(video.count - 4) <= 1


def test_later_frames_alone_are_the_same(tmp_path):
    video = open_video(write_clip(tmp_path / "a.mp4", [pattern(i) for i in range(9)]))
    whole, rest = list(video), list(video.frames(6))
    assert [frame.number for frame in rest] == [6, 7, 8]
    assert all(
        np.array_equal(one.image.values, other.image.values)
        for one, other in zip(whole[6:], rest, strict=True)
    )


def test_one_frame_is_a_video(tmp_path):
    assert len(list(open_video(write_clip(tmp_path / "a.mp4", [pattern(0)])))) == 1


def test_a_truncated_file_gives_what_is_there(tmp_path):
    clip = write_clip(tmp_path / "a.mkv", [pattern(i) for i in range(40)])
    data = clip.read_bytes()
    clip.write_bytes(data[: len(data) * 2 // 3])
    assert 5 < len(list(open_video(clip))) < 40


def test_damaged_packets_are_counted(tmp_path):
    clip = write_clip(tmp_path / "a.mkv", [pattern(i) for i in range(40)])
    data = bytearray(clip.read_bytes())
    for place in range(len(data) // 3, len(data) // 2, 7):
        data[place] ^= 0x5A
    clip.write_bytes(data)
    frames = open_video(clip).frames()
    times = [frame.pts for frame in frames]
    assert times == sorted(set(times))


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda path: None, "no such file"),
        (lambda path: path.write_bytes(b""), "cannot be read as a video"),
        (lambda path: path.write_bytes(b"words" * 100), "cannot be read as a video"),
        (lambda path: facelab.write(path.with_suffix(".png"), pattern(0))
         or path.with_suffix(".png").rename(path), "is a picture"),
    ],
)  # fmt: skip
def test_what_is_no_video_is_refused(tmp_path, make, said):
    path = tmp_path / "a.mp4"
    make(path)
    with pytest.raises(ImageError, match=said):
        open_video(path)


def test_sound_alone_is_refused(tmp_path):
    import av

    with av.open(str(tmp_path / "a.mp4"), "w") as container:
        audio = container.add_stream("aac", rate=44100, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.int16), "s16", "mono")
        frame.sample_rate, frame.pts = 44100, 0
        container.mux(audio.encode(frame))
        container.mux(audio.encode())
    with pytest.raises(ImageError, match="has no pictures"):
        open_video(tmp_path / "a.mp4")


@pytest.mark.parametrize("part", [{"every": 0}, {"start": -1}, {"start": 2, "stop": 1}])
def test_impossible_parts_are_refused(tmp_path, part):
    with pytest.raises(UsageError):
        open_video(tmp_path / "a.mp4", **part)


def test_the_suffix_tells_videos():
    assert is_video("a.MP4") and is_video("b.webm")
    assert not is_video("a.jpg") and not is_video(np.zeros(3))


def test_without_pyav_a_line_says_what_to_install(tmp_path, monkeypatch):
    import sys

    from facelab.video.pyav import pyav

    (tmp_path / "a.mp4").write_bytes(b"words")
    monkeypatch.setitem(sys.modules, "av", None)
    pyav.cache_clear()
    try:
        with pytest.raises(UsageError, match=r"pip install 'facelab\[video\]'"):
            open_video(tmp_path / "a.mp4")
    finally:
        pyav.cache_clear()
