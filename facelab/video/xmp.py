"""XMP packets in MP4 and MOV files, which have them in a box of their own.

XMP Specification part 3, "Storage in Files" (Adobe, January 2020), section 1.3.2: a top-level box
of the type ``uuid`` with a fixed extended type.
"""

from __future__ import annotations

import struct
from io import BufferedReader
from pathlib import Path

from facelab.files import open_regular
from facelab.images.xmp import LARGEST

_UUID = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
_HEAD, _LONG = struct.Struct(">I4s"), struct.Struct(">Q")
_MOST = 10_000  # boxes of a file that are looked at


def read_box(path: Path) -> bytes | None:
    """The XMP packet of an MP4 or MOV file; None where there is none.

    Raises
    ------
    OSError
        If the file cannot be read.
    """
    with open_regular(path) as file:
        end = path.stat().st_size
        for _ in range(_MOST):
            packet, after = _box(file, end)
            if packet is not None or after is None:
                return packet
            file.seek(after)
    return None


def _box(file: BufferedReader, end: int) -> tuple[bytes | None, int | None]:
    """The packet in the box that begins here, if it has one, and where the next box begins."""
    begin = file.tell()
    head = file.read(_HEAD.size)
    if len(head) < _HEAD.size:
        return None, None
    size, kind = _HEAD.unpack(head)
    if size == 1:
        long = file.read(_LONG.size)
        size = _LONG.unpack(long)[0] if len(long) == _LONG.size else 0
    room = begin + (size or end - begin) - file.tell()
    if room < 0:
        return None, None
    if kind == b"uuid" and len(_UUID) <= room <= LARGEST and file.read(len(_UUID)) == _UUID:
        return file.read(room - len(_UUID)), None
    return None, begin + size if size and begin + size < end else None


def append_box(path: Path, packet: bytes) -> None:
    """Add an XMP packet to an MP4 or MOV file that has none.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    with path.open("ab") as file:
        file.write(_HEAD.pack(_HEAD.size + len(_UUID) + len(packet), b"uuid") + _UUID + packet)
