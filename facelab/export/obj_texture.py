"""Wavefront OBJ with a texture: the mesh, its material (MTL) and a PNG."""

from __future__ import annotations

import os
import re
from hashlib import sha256
from pathlib import Path

import numpy as np

from facelab.export.encode import write_marked
from facelab.export.maps import SENTENCE
from facelab.export.obj_colour import faces, header, normals, rows
from facelab.export.subject import FRAME, Subject
from facelab.files.writing import write_bytes_atomically
from facelab.types import Mesh

_SAFE = re.compile("[A-Za-z0-9_][A-Za-z0-9_.-]*")
_UNSAFE = re.compile("[^A-Za-z0-9_.-]+")
_LONGEST, _DIGITS = 100, 12  # characters of a name, and of its hash


def write(subject: Subject, stem: Path) -> dict[str, str | float]:
    """Write ``<stem>_texture.obj``, and before it what it names, by the stem's `safe_name`.

    That is ``<name>_map.png`` and ``<name>_texture.mtl``.

    Returns
    -------
    dict
        ``obj``, ``mtl`` and ``png``: the files' names.

    Raises
    ------
    OutputError
        If one cannot be written.
    """
    return save(subject, stem.with_name(f"{stem.name}_texture.obj"), stem.name)


def save(subject: Subject, shape: Path, name: str) -> dict[str, str | float]:
    """Write the OBJ file `shape` and what it names, as `write` for a stem of that name."""
    safe = safe_name(name)
    picture, library = (shape.with_name(f"{safe}_{end}") for end in ("map.png", "texture.mtl"))
    write_marked(picture, subject.texture.colour, subject.metadata, SENTENCE)
    write_bytes_atomically(library, material(picture.name))
    write_bytes_atomically(shape, encode(subject.mesh, library.name, subject.frame))
    return {"obj": shape.name, "mtl": library.name, "png": picture.name}


def encode(mesh: Mesh, library: str, frame: str = FRAME) -> bytes:
    """An OBJ file with texture coordinates and smooth normals, UTF-8.

    Parameters
    ----------
    mesh : Mesh
        In the frame of exports; its coordinates are written with 4 decimals. The v of OBJ runs
        up, so 1 - v is written.
    library : str
        Name of the MTL file, relative to the OBJ and of `safe_name`.
    frame : str
        What the coordinates are, in words.
    """
    coordinates = np.column_stack([mesh.uv[:, 0], 1 - mesh.uv[:, 1]])
    return (
        header(frame)
        + f"mtllib {library}\n"
        + rows("v %.4f %.4f %.4f\n", mesh.vertices)
        + rows("vt %.6f %.6f\n", coordinates)
        + normals(mesh)
        + "usemtl face\n"
        + faces(mesh, "{0}/{0}/{0}")
    ).encode()


def material(picture: str) -> bytes:
    """The MTL file, UTF-8: the colours of `picture` and, where ``illum 0`` is known, no light.

    `picture` is the PNG's name, relative to the MTL and of `safe_name`.
    """
    lines = ["newmtl face", "Ka 1 1 1", "Kd 1 1 1", "Ks 0 0 0", "illum 0", f"map_Kd {picture}", ""]
    return "\n".join(lines).encode()


def safe_name(name: str) -> str:
    """A name that every reader of OBJ and MTL understands; other names give others.

    Neither format knows quotes: readers end names at spaces, take a leading dash for an option and
    ``%`` for an escape, and each has an encoding of its own. A name of ASCII letters, digits, dots,
    dashes and underscores that begins with neither dot nor dash stays; of any other only these are
    left, with the hash of the whole.
    """
    if _SAFE.fullmatch(name) and len(name) <= _LONGEST:
        return name
    plain = _UNSAFE.sub("_", name).lstrip(".-")[:_LONGEST]
    return f"{plain}-{sha256(os.fsencode(name)).hexdigest()[:_DIGITS]}".lstrip("-")
