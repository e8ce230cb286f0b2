"""Parts of a video put together, with the sound and the subtitles of the input, as they were."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from hashlib import sha256
from heapq import merge
from pathlib import Path
from typing import TYPE_CHECKING, Any

from facelab.video.pyav import pyav
from facelab.video.reader import Video, opened, video_stream
from facelab.video.writer import BITEXACT, written
from facelab.video.xmp import append_box, read_box

if TYPE_CHECKING:
    from av.container import InputContainer, OutputContainer
    from av.packet import Packet

BOXED = (".mp4", ".m4v", ".mov")
"""Suffixes of files whose XMP is in a box; the others have it as a tag."""

TAG = "XMP"
"""The name of that tag."""

_COPIED = ("audio", "subtitle")
_FORMATS = {".mp4": "mp4", ".m4v": "mp4", ".mov": "mov", ".mkv": "matroska", ".webm": "webm"}

Timed = tuple[Fraction, int, Any]  # seconds, a rank, the packet


@dataclass(frozen=True, slots=True)
class Joined:
    """What became of a video that was put together.

    Parameters
    ----------
    lost : tuple of str
        What could not be kept, a clause each.
    streams : mapping of str to str
        Number and kind of each stream to the sha256 of its packets.
    """

    lost: tuple[str, ...]
    streams: Mapping[str, str]


def join(
    path: Path, suffix: str, parts: Sequence[tuple[Path, int]], video: Video, xmp: bytes
) -> Joined:
    """Write a video of parts, whose frames follow each other.

    Parameters
    ----------
    path : Path
        The file to write; what is there is replaced.
    suffix : str
        Of `facelab.video.WRITTEN`, tells the container.
    parts : sequence of (Path, int)
        What a `VideoWriter` wrote, and when its first frame is shown, in the video's `time_base`.
    video : Video
        Whose sound, subtitles and metadata are kept.
    xmp : bytes
        The packet that says what the file is.

    Returns
    -------
    Joined

    Raises
    ------
    OutputError
        If it cannot be written.
    """
    options = dict(BITEXACT)
    if suffix in BOXED:
        options["movflags"] = "+faststart+use_metadata_tags"
    with written(path):
        with opened(video.path) as source:
            output = pyav().open(str(path), "w", format=_FORMATS[suffix], options=options)
            try:
                lost, packets = _streams(output, source, parts, video)
                if suffix not in BOXED:
                    output.metadata[TAG] = xmp.decode()
                digests = _mux(output, packets)
            finally:
                output.close()
        if suffix in BOXED:
            append_box(path, xmp)
    return Joined(lost, digests)


def packet_of(path: Path) -> bytes | None:
    """The XMP packet of a video, from its box or its tag; None where there is none."""
    try:
        boxed = read_box(path)
    except OSError:
        return None
    if boxed is not None:
        return boxed
    with opened(path) as container:
        tag = container.metadata.get(TAG)
    return tag.encode() if tag else None


def _streams(
    output: OutputContainer,
    source: InputContainer,
    parts: Sequence[tuple[Path, int]],
    video: Video,
) -> tuple[tuple[str, ...], Iterator[Timed]]:
    """Add the streams of an output: what is lost, and the packets in the order of their times."""
    with opened(parts[0][0]) as first:
        pictures = output.add_stream_from_template(first.streams.video[0])
        pictures.time_base = video.time_base
    lost, copied = [], {}
    for stream in source.streams:
        if stream.type == "audio" or stream.type == "subtitle":
            name = stream.codec_context.name if stream.codec_context else "unknown"
            canonical = _canonical(name)
            if canonical in output.supported_codecs:
                copied[stream.index] = output.add_stream_from_template(stream)
                copied[stream.index].metadata.update(stream.metadata)
            else:
                lost.append(f"its {stream.type} ({name}) is not kept: {output.format.name} "
                            "holds none such; .mkv does")  # fmt: skip
    output.metadata.update(
        {key: value for key, value in source.metadata.items() if key not in _FORMAT_KEYS}
    )
    packets = merge(
        _pictures(parts, video, pictures), _copies(source, video, copied), key=lambda one: one[:2]
    )
    return tuple(lost), packets


_FORMAT_KEYS = ("major_brand", "minor_version", "compatible_brands", "encoder", TAG)


def _canonical(decoder: str) -> str:
    """The codec that a decoder decodes, by FFmpeg's name."""
    return str(pyav().Codec(decoder, "r").canonical_name)


def _pictures(parts: Sequence[tuple[Path, int]], video: Video, stream: Any) -> Iterator[Timed]:  # noqa: ANN401
    from av.rational import AVRational

    base = AVRational(video.time_base)
    for path, begin in parts:
        with opened(path) as container:
            for packet in container.demux(video_stream(container, path)):
                if packet.pts is None:
                    continue
                packet.rescale_ts(base)
                packet.pts = packet.dts = packet.pts + begin  # stored in the order shown
                yield packet.pts * video.time_base, 0, _of(packet, stream)


def _copies(source: InputContainer, video: Video, copied: dict[int, Any]) -> Iterator[Timed]:
    """The packets of copied streams within the part that is taken, by their times in it."""
    if not copied:
        return
    origin = video.origin * video.time_base
    length = None if video.stop is None else video.stop - (video.start or 0)
    if video.start:
        source.seek(int(origin * 1_000_000))
    try:
        for packet in source.demux([source.streams[index] for index in copied]):
            if packet.pts is None or packet.dts is None:
                continue
            base = Fraction(packet.time_base)
            moved = round(origin / base)
            packet.pts, packet.dts = packet.pts - moved, packet.dts - moved
            time = packet.dts * base
            if (video.start and packet.pts < 0) or (length is not None and time >= length):
                continue
            yield time, 1, _of(packet, copied[packet.stream_index])
    except pyav().error.FFmpegError:  # a truncated file: what there is, is copied
        return


def _of(packet: Packet[Any], stream: Any) -> Packet[Any]:  # noqa: ANN401
    packet.stream = stream
    return packet


def _mux(output: OutputContainer, packets: Iterator[Timed]) -> dict[str, str]:
    """Write packets; the sha256 of each stream's."""
    digests = {f"{stream.index} {stream.type}": sha256() for stream in output.streams}
    names = {stream.index: name for stream, name in zip(output.streams, digests, strict=True)}
    for _, _, packet in packets:
        digests[names[packet.stream_index]].update(bytes(packet))
        output.mux_one(packet)
    return {name: digest.hexdigest() for name, digest in digests.items()}
