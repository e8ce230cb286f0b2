"""A network as an ONNX model: its graph, which facelab ships, and its values put into it.

The graphs in ``graphs`` are those of the classes beside them, without values:
``scripts/export_graphs.py`` makes them. So there is one set of values, for torch and for ONNX
Runtime alike, and one that `facelab train` wrote fits in the same way.

An ONNX model is a Protocol Buffers message, and two messages of one kind written one after the
other are read as one in which what repeats is joined ("Encoding", protobuf.dev, "Last One Wins"):
a graph without values, followed by a graph of nothing but values, is the whole.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from facelab.errors import WeightsError
from facelab.files import why
from facelab.models.kinds import Kind, Values

GRAPHS = Path(__file__).parent / "graphs"

# The numbers of fields in onnx.proto, and of the one type of values.
_MODEL_GRAPH = 7
_GRAPH_INITIALIZER = 5
_DIMS, _DATA_TYPE, _NAME, _RAW_DATA = 1, 2, 8, 9
_FLOAT = 1
_VARINT, _BYTES = 0, 2  # how a field is written


def onnx_model(kind: Kind, values: Values) -> bytes:
    """The ONNX model of a network with these values.

    Its input is ``crops`` ``(1, 3, H, W)`` float32, or ``(batch, 3, side, side)``, or ``points``
    ``(batch, n, 2)``; its outputs are called as the kind says.

    Raises
    ------
    WeightsError
        If the installation has lost the graph.
    """
    path = GRAPHS / f"{kind.name}.onnx"
    try:
        graph = path.read_bytes()
    except OSError as error:
        raise WeightsError(f"{path}: {why(error)}; install facelab again") from None
    tensors = (_tensor(name, array) for name, array in values.items() if array.ndim)
    initializers = [part for tensor in tensors for part in _field(_GRAPH_INITIALIZER, tensor)]
    return b"".join([graph, *_field(_MODEL_GRAPH, initializers)])


def _tensor(name: str, array: NDArray[Any]) -> list[bytes]:
    """An array as a TensorProto of float32."""
    dims = [part for side in array.shape for part in (_key(_DIMS, _VARINT), _varint(side))]
    kind = [_key(_DATA_TYPE, _VARINT), _varint(_FLOAT)]
    raw = np.asarray(array, "<f4").tobytes()
    return [*dims, *kind, *_field(_NAME, [name.encode()]), *_field(_RAW_DATA, [raw])]


def _field(number: int, parts: list[bytes]) -> Iterator[bytes]:
    """A field of bytes, or of a message in parts."""
    yield _key(number, _BYTES)
    yield _varint(sum(map(len, parts)))
    yield from parts


def _key(number: int, written: int) -> bytes:
    return _varint(number << 3 | written)


def _varint(number: int) -> bytes:
    """A whole number from 0, seven bits a byte, the lowest first."""
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)
