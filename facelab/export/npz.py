"""NumPy's archive of arrays, without pickles."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from facelab.constants import ARKIT
from facelab.export.subject import Subject
from facelab.files.writing import write_bytes_atomically


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
    """The arrays of the file, by name.

    Returns
    -------
    dict
        Everything in the frame of exports, `facelab.export.subject.Subject.exported`:

        - ``frame`` () str, the same in words, and ``image_size`` (2,) int32, the photograph's width
          and height: a point of an unturned face is at row ``height - 1 - y`` of it;
        - ``vertices`` (n, 3) float32, ``colours`` (n, 3) float32 in [0, 1];
        - ``triangles`` (m, 3) int32, which count from 0;
        - ``uv`` (n, 2) float32 in [0, 1], v down;
        - ``positions`` (256, 256, 3) float32, the position map (``uv`` writes that of the image);
        - ``visible`` (256, 256) bool, the texels of it that the face itself does not hide in the
          photograph;
        - ``landmarks68`` (68, 3) float32;
        - ``irises`` (2, 5, 3) float32 and ``visible_irises`` (2, 5) bool, of the right eye and the
          left one; ``gaze`` (2, 3) float32, unit vectors, and ``openness`` (2,) float32 in
          [0, 1], NaN where they are not seen;
        - ``blendshapes`` (52,) float32 in [0, 1], and what they are called,
          ``blendshape_names``; ``identity`` (53,) and ``expression`` (10,) float32,
          coefficients in the basis that swaps use;
        - ``rotation`` (3, 3) float32, ``scale`` () float64 and ``translation`` (3,) float32 of the
          pose that leads from the canonical face there.
    """
    mesh, pose, eyes = subject.mesh, subject.exported_pose, subject.features.eyes
    return {
        "frame": np.array(subject.frame),
        "image_size": np.array(subject.size, np.int32),
        "vertices": mesh.vertices,
        "colours": subject.colours,
        "triangles": mesh.triangles,
        "uv": mesh.uv,
        "positions": subject.exported(subject.positions.values),
        "visible": subject.visible,
        "landmarks68": subject.exported(subject.landmarks),
        "irises": subject.exported(eyes.irises),
        "visible_irises": eyes.visible,
        "gaze": subject.exported_gaze,
        "openness": eyes.openness,
        "blendshapes": np.array([*subject.features.blendshapes.values()], np.float32),
        "blendshape_names": np.array(ARKIT),
        "identity": subject.shape.identity,
        "expression": subject.shape.expression,
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
