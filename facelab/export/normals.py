"""``normals``: which way each pixel of the face looks."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from facelab.export.encode import write_data
from facelab.export.subject import Subject
from facelab.numerics.arrays import Float, Int
from facelab.types import Mesh

_SENTENCE = "Normals of a face in a photograph, worked out by facelab."
_UP = np.array([1, -1, 1], np.float32)  # pixels have y down, normals have it up


def normals(subject: Subject) -> Float:
    """The face's normal at every pixel of the photograph, smooth across triangles (Phong 1975).

    Returns
    -------
    (H, W, 3) float32
        Unit vectors, x right, y up, z toward the viewer; 0 where the face is not.
    """
    drawing = subject.drawing
    atlas = subject.positions.atlas
    vertices = atlas.at_vertices(subject.positions.values) * _UP
    smooth = drawing.carry(vertex_normals(vertices, drawing.triangles))
    return drawing.placed(_unit(smooth))


def vertex_normals(vertices: Float, triangles: Int) -> Float:
    """The mean normal of the triangles around each vertex, weighted by their area.

    Parameters
    ----------
    vertices : (n, 3) float32
        In a right-handed frame.
    triangles : (m, 3) int32
        Counter-clockwise as seen from where their normals point to.

    Returns
    -------
    (n, 3) float32
        Unit vectors; 0 at a vertex without triangles, or with none but empty ones.
    """
    a, b, c = vertices[triangles.T]
    normal = np.cross(b - a, c - a)  # as long as twice the area
    corners = triangles.ravel()
    sums = [np.bincount(corners, np.repeat(axis, 3), len(vertices)) for axis in normal.T]
    return _unit(np.stack(sums, axis=1).astype(np.float32))


def smooth_normals(mesh: Mesh) -> Float:
    """Unit normals of the vertices, ``(n, 3)``; (0, 0, 1) where no triangle with an area is."""
    normals = vertex_normals(mesh.vertices, mesh.triangles)
    known = normals.any(axis=1, keepdims=True)
    return np.where(known, normals, np.array([0, 0, 1], np.float32))


def _unit(vectors: Float) -> Float:
    """Vectors ``(..., 3)`` of length 1; those of length 0 stay."""
    x, y, z = np.moveaxis(vectors, -1, 0)
    length = np.sqrt(x * x + y * y + z * z)[..., None]
    out: Float = (vectors / np.where(length > 0, length, 1)).astype(np.float32, copy=False)
    return out


def write(subject: Subject, stem: Path) -> dict[str, str | float]:
    """Write ``<stem>_normals.png``: (n + 1) / 2 as 8-bit RGB, grey where the face is not; marked.

    Raises
    ------
    OutputError
        If the file cannot be written.
    """
    path = stem.with_name(f"{stem.name}_normals.png")
    write_data(path, normals(subject) * np.float32(0.5) + np.float32(0.5), _SENTENCE)
    return {"png": path.name}
