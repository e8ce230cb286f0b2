"""Wavefront OBJ with a texture: the mesh, its material (MTL) and a PNG."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from facelab.export.marked import write_marked
from facelab.export.obj_colour import faces, header, normals, rows
from facelab.export.subject import Subject
from facelab.export.texture import SENTENCE
from facelab.images import write_bytes_atomically
from facelab.types import Mesh


def write(subject: Subject, stem: Path) -> dict[str, str | float]:
    """Write ``<stem>_map.png``, ``<stem>_texture.mtl`` and ``<stem>_texture.obj``, in this order.

    Returns
    -------
    dict
        ``obj``, ``mtl`` and ``png``: the files' names.

    Raises
    ------
    OutputError
        If one cannot be written.
    """
    picture, library, shape = (
        stem.with_name(f"{stem.name}_{end}") for end in ("map.png", "texture.mtl", "texture.obj")
    )
    write_marked(picture, subject.texture.colour, subject.metadata, SENTENCE)
    write_bytes_atomically(library, material(picture.name))
    write_bytes_atomically(shape, encode(subject.mesh, library.name))
    return {"obj": shape.name, "mtl": library.name, "png": picture.name}


def encode(mesh: Mesh, library: str) -> bytes:
    """An OBJ file with texture coordinates and smooth normals, UTF-8.

    Parameters
    ----------
    mesh : Mesh
        In the frame of exports; its coordinates are written with 4 decimals. The v of OBJ runs
        up, so 1 - v is written.
    library : str
        Name of the MTL file, relative to the OBJ. It is written as it is, spaces included: the
        specification would take them for the ends of names and knows no quotes, but MeshLab,
        Blender, assimp and trimesh take the rest of the line.
    """
    coordinates = np.column_stack([mesh.uv[:, 0], 1 - mesh.uv[:, 1]])
    return (
        header()
        + f"mtllib {library}\n"
        + rows("v %.4f %.4f %.4f\n", mesh.vertices)
        + rows("vt %.6f %.6f\n", coordinates)
        + normals(mesh)
        + "usemtl face\n"
        + faces(mesh, "{0}/{0}/{0}")
    ).encode(errors="surrogateescape")


def material(picture: str) -> bytes:
    """The MTL file, UTF-8: the colours of `picture` and, where ``illum 0`` is known, no light.

    `picture` is the PNG's name, relative to the MTL.
    """
    lines = ["newmtl face", "Ka 1 1 1", "Kd 1 1 1", "Ks 0 0 0", "illum 0", f"map_Kd {picture}", ""]
    return "\n".join(lines).encode(errors="surrogateescape")
