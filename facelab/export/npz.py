"""NumPy's archive of arrays, without pickles."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from facelab.export.subject import Subject
from facelab.images import write_bytes_atomically


def write(subject: Subject, stem: Path) -> dict[str, str | float]:
    """Write ``<stem>.npz``.

    Returns
    -------
    dict
        ``npz``: the file's name.

    Raises
    ------
    OutputError
        If it cannot be written.
    """
    path = stem.with_name(f"{stem.name}.npz")
    write_bytes_atomically(path, encode(arrays(subject)))
    return {"npz": path.name}


def arrays(subject: Subject) -> dict[str, NDArray[Any]]:
    """What the file holds, by name.

    Returns
    -------
    dict
        The mesh in the frame of exports (pixels, x right, y up, z toward the viewer):

        - ``vertices`` (n, 3) float32, ``colours`` (n, 3) float32 in [0, 1];
        - ``triangles`` (m, 3) int32, which count from 0;
        - ``uv`` (n, 2) float32 in [0, 1], v down.

        The face in the photograph (pixels, y down), also where the mesh is turned to the front:

        - ``positions`` (256, 256, 3) float32, the position map;
        - ``visible`` (256, 256) bool, the texels of it that the face itself does not hide;
        - ``landmarks68`` (68, 3) float32;
        - ``rotation`` (3, 3) float32, ``scale`` () float64 and ``translation`` (3,) float32 of
          the pose.
    """
    mesh, pose = subject.mesh, subject.pose
    return {
        "vertices": mesh.vertices,
        "colours": subject.colours,
        "triangles": mesh.triangles,
        "uv": mesh.uv,
        "positions": subject.positions.values,
        "visible": subject.visible,
        "landmarks68": subject.landmarks,
        "rotation": pose.rotation,
        "scale": np.array(pose.scale),
        "translation": pose.translation,
    }


def encode(arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """An NPZ archive of named arrays, not compressed; the same arrays give the same bytes.

    NumPy dates the members 1980-01-01, whenever they are written.
    """
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **arrays)
    return buffer.getvalue()
