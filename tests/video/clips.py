"""Small videos for tests, made where they are needed."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

av = __import__("pytest").importorskip("av")

SHAPE = 48, 64


def pattern(number, shape=SHAPE):
    """A picture (H, W, 3) uint8 that is another one for every number."""
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    planes = columns * 3, rows * 4, (columns + rows) * 2 + 9 * number
    return np.stack([plane % 256 for plane in planes], axis=-1).astype(np.uint8)


def write_clip(
    path,
    pictures,
    *,
    times=None,
    rate=25,
    codec="libx264",
    pixels="yuv420p",
    rotation=0,
    aspect=None,
    sound=False,
    options=None,
    matrix=None,
    colour_range=None,
):
    """Write pictures ``(H, W, 3)`` uint8 or uint16 as a video; times are in 1/600 s."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate, options=options or {"crf": "10"})
        stream.height, stream.width = pictures[0].shape[:2]
        stream.pix_fmt = pixels
        base = Fraction(1, 600)
        stream.time_base = stream.codec_context.time_base = base
        if aspect:
            stream.codec_context.sample_aspect_ratio = Fraction(aspect)
        if matrix:
            stream.codec_context.colorspace = matrix
        if colour_range:
            stream.codec_context.color_range = colour_range
        if rotation:
            stream.set_display_rotation(rotation)
        audio = container.add_stream("aac", rate=44100, layout="mono") if sound else None
        for number, picture in enumerate(pictures):
            kind = "rgb24" if picture.dtype == np.uint8 else "rgb48le"
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format=kind)
            frame.pts = 600 * number // rate if times is None else times[number]
            frame.time_base = base
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
        if audio:
            wave = (8000 * np.sin(np.arange(1024) / 9)).astype(np.int16)[None]
            for start in range(0, 44100 * len(pictures) // rate, 1024):
                frame = av.AudioFrame.from_ndarray(wave, format="s16", layout="mono")
                frame.sample_rate, frame.pts = 44100, start
                container.mux(audio.encode(frame))
            container.mux(audio.encode())
    return path


def packets(path, kind):
    """What the packets of a file's first stream of a kind hold, and their seconds."""
    with av.open(str(path)) as container:
        found = [one for one in container.demux(**{kind: 0}) if one.size]
        return [bytes(one) for one in found], [float(one.pts * one.time_base) for one in found]
