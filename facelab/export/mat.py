"""MATLAB's MAT-file, level 5 ("MAT-File Format", The MathWorks)."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import scipy.io
from numpy.typing import NDArray

from facelab.constants import ARKIT
from facelab.export.subject import Subject
from facelab.files.writing import write_bytes_atomically
from facelab.images.image import to_integers

_DESCRIPTION = b"MATLAB 5.0 MAT-file, created by facelab"
_DESCRIPTION_SIZE = 116  # bytes at the head of the file


def write(subject: Subject, stem: Path) -> dict[str, str | float]:
    """Write ``<stem>.mat``.

    Returns
    -------
    dict
        ``mat``: the file's name.

    Raises
    ------
    OutputError
        If it cannot be written.
    """
    path = stem.with_name(f"{stem.name}.mat")
    write_bytes_atomically(path, encode(arrays(subject)))
    return {"mat": path.name}


def arrays(subject: Subject) -> dict[str, NDArray[Any]]:
    """The arrays of the file, by MATLAB's name.

    Returns
    -------
    dict
        Everything in the frame of exports, `facelab.export.subject.Subject.exported`:

        - ``frame``, the same in words, and ``image_size`` (1, 2), the photograph's width and
          height: a point of an unturned face is at row ``height - 1 - y`` of it, counted from 0;
        - ``vertices`` (n, 3) float32, ``colours`` (n, 3) float32 in [0, 1];
        - ``triangles`` (m, 3) int32, which count from 1 as MATLAB does (PRNet's from 0);
        - ``uv`` (n, 2) float32 in [0, 1], v down, into ``texture`` (S, S, 3) uint8;
        - ``landmarks68`` (68, 3) float32;
        - ``irises`` (2, 5, 3) float32 and ``visible_irises`` (2, 5) bool, of the right eye and the
          left one; ``gaze`` (2, 3) float32, unit vectors, and ``openness`` (1, 2) float32 in
          [0, 1], NaN where they are not seen;
        - ``blendshapes`` (1, 52) float32 in [0, 1], and what they are called,
          ``blendshape_names``; ``identity`` (1, 53) and ``expression`` (1, 10) float32,
          coefficients in the basis that swaps use;
        - ``rotation`` (3, 3) float32, ``scale`` and ``translation`` (1, 3) of the pose that leads
          from the canonical face there, and ``angles`` (1, 3), its yaw, pitch and roll in degrees.
    """
    mesh, pose, eyes = subject.mesh, subject.exported_pose, subject.features.eyes
    return {
        "frame": np.array(subject.frame),
        "image_size": np.array([subject.size], np.int32),
        "vertices": mesh.vertices,
        "colours": subject.colours,
        "triangles": mesh.triangles + np.int32(1),
        "uv": mesh.uv,
        "texture": to_integers(subject.texture.colour, 8),
        "landmarks68": subject.exported(subject.landmarks),
        "irises": subject.exported(eyes.irises),
        "visible_irises": eyes.visible,
        "gaze": subject.exported_gaze,
        "openness": eyes.openness[None],
        "blendshapes": np.array([[*subject.features.blendshapes.values()]], np.float32),
        "blendshape_names": np.array([ARKIT], object),
        "identity": subject.shape.identity[None],
        "expression": subject.shape.expression[None],
        "rotation": pose.rotation,
        "scale": np.array([[pose.scale]]),
        "translation": pose.translation[None],
        "angles": np.array([[pose.yaw, pose.pitch, pose.roll]]),
    }


def encode(arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """A MAT-file of named arrays; the same arrays give the same bytes."""
    buffer = io.BytesIO()
    scipy.io.savemat(buffer, dict(arrays))
    # scipy describes the platform and the time of writing.
    return _DESCRIPTION.ljust(_DESCRIPTION_SIZE) + buffer.getvalue()[_DESCRIPTION_SIZE:]
