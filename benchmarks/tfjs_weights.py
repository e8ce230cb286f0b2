"""Weights of networks in TensorFlow.js' form, read from the npm archive that ships them.

A JSON file lists name, shape and type of each array, in the order in which a binary holds them;
floats may be stored as float16, or as uint8 with a scale and a least value.
"""

from __future__ import annotations

import json
import tarfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float32]


def read(archive: Path, manifest: str, binary: str) -> dict[str, Float]:
    """Arrays by name.

    Raises
    ------
    KeyError
        If the archive does not hold the two files.
    """
    with tarfile.open(archive) as tar:
        listed, data = json.loads(_member(tar, manifest)), _member(tar, binary)
    groups = listed if isinstance(listed, list) else listed["weightsManifest"]
    arrays, offset = {}, 0
    for entry in (entry for group in groups for entry in group["weights"]):
        arrays[entry["name"]], size = _array(entry, data, offset)
        offset += size
    return arrays


def _array(entry: dict[str, Any], data: bytes, offset: int) -> tuple[Float, int]:
    quantized = entry.get("quantization", {})
    dtype = np.dtype(quantized.get("dtype", entry["dtype"]))
    shape: Sequence[int] = entry["shape"]
    count = int(np.prod(shape))
    values = np.frombuffer(data, dtype, count, offset).astype(np.float32)
    if "scale" in quantized:
        values = values * np.float32(quantized["scale"]) + np.float32(quantized["min"])
    return values.reshape(shape), count * dtype.itemsize


def _member(tar: tarfile.TarFile, name: str) -> bytes:
    file = tar.extractfile(name)
    if file is None:
        raise KeyError(f"{name} is not a file of the archive")
    return file.read()
