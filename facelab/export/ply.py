"""PLY (Turk, "The PLY Polygon File Format", 1994), binary, with a colour at every vertex."""

from __future__ import annotations

from pathlib import Path

import numpy as np

import facelab
from facelab.export.subject import FRAME, Subject
from facelab.files.writing import write_bytes_atomically
from facelab.images.image import to_integers
from facelab.numerics.arrays import Float
from facelab.types import Mesh

_VERTEX = np.dtype([("position", "<f4", 3), ("colour", "u1", 3)])
_FACE = np.dtype([("count", "u1"), ("corners", "<i4", 3)])
_HEADER = """\
ply
format binary_little_endian 1.0
comment facelab {version}: {frame}
element vertex {vertices}
property float x
property float y
property float z
property uchar red
property uchar green
property uchar blue
element face {faces}
property list uchar int vertex_indices
end_header
"""


def write(subject: Subject, stem: Path) -> dict[str, str | float]:
    """Write ``<stem>.ply``.

    Returns
    -------
    dict
        ``ply``: the file's name.

    Raises
    ------
    OutputError
        If it cannot be written.
    """
    path = stem.with_name(f"{stem.name}.ply")
    write_bytes_atomically(path, encode(subject.mesh, subject.colours, subject.frame))
    return {"ply": path.name}


def encode(mesh: Mesh, colours: Float, frame: str = FRAME) -> bytes:
    """A binary little-endian PLY file.

    Parameters
    ----------
    mesh : Mesh
        In the frame of exports. Its uv is left out: PLY has no agreed names for it, and trimesh
        gives up the colours where it finds any.
    colours : (n, 3) float32
        RGB in [0, 1] of the vertices, sRGB-encoded; 8 bits of it are written.
    frame : str
        What the coordinates are, in words.
    """
    vertices = np.empty(len(mesh.vertices), _VERTEX)
    vertices["position"] = mesh.vertices
    vertices["colour"] = to_integers(colours[None], 8)[0]
    faces = np.empty(len(mesh.triangles), _FACE)
    faces["count"] = 3
    faces["corners"] = mesh.triangles
    header = _HEADER.format(
        version=facelab.__version__, frame=frame, vertices=len(vertices), faces=len(faces)
    )
    return header.encode() + vertices.tobytes() + faces.tobytes()
