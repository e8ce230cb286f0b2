"""A subject that tells where its colours lie, and the parts of a GLB."""

from __future__ import annotations

import json
import struct
from functools import cache

from facelab.export.subject import Subject
from facelab.types import Reconstruction
from tests.synthetic import canonical, plain, ramp

HEIGHT, WIDTH = 260, 240
TURN = {"yaw": 35, "pitch": 15, "roll": -20}


@cache
def subject(front=False, mask_unseen=False, even=False, **turn):
    """The canonical face before colours that tell where they are in the photograph."""
    photograph = plain((HEIGHT, WIDTH), (0.8, 0.8, 0.8)) if even else ramp(HEIGHT, WIDTH)
    found = Reconstruction(canonical(**turn), 0.9)
    return Subject(photograph, found, front=front, mask_unseen=mask_unseen)


def chunks(data):
    """The document and the binary chunk of a GLB, by the letter of the specification."""
    magic, version, length, text_size, text_kind = struct.unpack_from("<4sII I4s", data)
    assert (magic, version, length, text_kind) == (b"glTF", 2, len(data), b"JSON")
    binary_size, binary_kind = struct.unpack_from("<I4s", data, 20 + text_size)
    assert (binary_kind, 28 + text_size + binary_size) == (b"BIN\0", length)
    assert text_size % 4 == binary_size % 4 == 0
    return json.loads(data[20 : 20 + text_size]), data[28 + text_size :]
