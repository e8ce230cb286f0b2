"""Wavefront OBJ with a colour at every vertex.

Colours after the coordinates, ``v x y z r g b``, are no part of the Wavefront specification, but
MeshLab, Blender and trimesh read them; a reader that does not still gets the shape.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import facelab
from facelab.export.normals import smooth_normals
from facelab.export.subject import FRAME, Subject
from facelab.files.writing import write_bytes_atomically
from facelab.numerics.arrays import Float
from facelab.types import Mesh


def write(subject: Subject, stem: Path) -> dict[str, str | float]:
    """Write ``<stem>_colour.obj``.

    Returns
    -------
    dict
        ``obj``: the file's name.

    Raises
    ------
    OutputError
        If it cannot be written.
    """
    path = stem.with_name(f"{stem.name}_colour.obj")
    write_bytes_atomically(path, encode(subject.mesh, subject.colours, subject.frame))
    return {"obj": path.name}


def encode(mesh: Mesh, colours: Float, frame: str = FRAME) -> bytes:
    """An OBJ file with colours and smooth normals, UTF-8.

    Parameters
    ----------
    mesh : Mesh
        In the frame of exports; its coordinates are written with 4 decimals.
    colours : (n, 3) float32
        RGB in [0, 1] of the vertices, sRGB-encoded.
    frame : str
        What the coordinates are, in words.
    """
    vertices = rows("v %.4f %.4f %.4f %.4f %.4f %.4f\n", np.hstack([mesh.vertices, colours]))
    return (header(frame) + vertices + normals(mesh) + faces(mesh, "{0}//{0}")).encode()


def header(frame: str) -> str:
    """The comment that OBJ files begin with: what the coordinates are."""
    return f"# facelab {facelab.__version__}: {frame}\n"


def normals(mesh: Mesh) -> str:
    """The ``vn`` lines: viewers without normals would shade each triangle flat."""
    return rows("vn %.3f %.3f %.3f\n", smooth_normals(mesh))


def faces(mesh: Mesh, corner: str) -> str:
    """The ``f`` lines; `corner` formats a vertex's number, which counts from 1, as ``{0}``."""
    names = [corner.format(number) for number in range(1, len(mesh.vertices) + 1)]
    return rows("f %s %s %s\n", np.array(names, object)[mesh.triangles])


def rows(template: str, values: NDArray[Any]) -> str:
    """Each row of `values`, ``(n, k)``, in a line by `template`, which has k fields.

    One formatting of everything takes half the time of ``np.savetxt``.
    """
    return template * len(values) % tuple(values.ravel().tolist())
