"""The textured mesh of a face for Python, and its files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from facelab.errors import UsageError
from facelab.export import glb, obj_texture, ply
from facelab.export.subject import Subject
from facelab.files import StrPath
from facelab.numerics.arrays import Float, Int
from facelab.types import Texture

SUFFIXES = (".glb", ".obj", ".ply")
"""Of the files that are written."""


@dataclass(frozen=True, slots=True, eq=False)
class TexturedMesh:
    """The surface of a face with its texture; ``save`` writes it.

    Coordinates are pixels of the photograph, x right, y up from its bottom row, z toward the
    viewer, so that the mesh lies on its photograph; turned to the front, about its middle.

    Parameters
    ----------
    subject : Subject
        The face.

    Examples
    --------
    >>> mesh = model("astronaut.png")[0].mesh()
    >>> mesh
    <Mesh 42682 vertices, 84696 triangles>
    >>> mesh.vertices.shape, mesh.uv.shape
    ((42682, 3), (42682, 2))
    >>> mesh.save("face.obj")
    ['face.obj', 'face_texture.mtl', 'face_map.png']
    """

    subject: Subject

    def __repr__(self) -> str:
        return repr(self.subject.mesh)

    @property
    def vertices(self) -> Float:
        """Places, ``(n, 3)`` float32, pixels."""
        return self.subject.mesh.vertices

    @property
    def triangles(self) -> Int:
        """Indices of vertices, ``(m, 3)`` int32, counter-clockwise as seen from the front."""
        return self.subject.mesh.triangles

    @property
    def uv(self) -> Float:
        """Where vertices are in the texture, ``(n, 2)`` float32 in [0, 1], u right and v down."""
        return self.subject.mesh.uv

    @property
    def colours(self) -> Float:
        """Colours of the vertices, ``(n, 3)`` float32, sRGB in [0, 1]."""
        return self.subject.colours

    @property
    def texture(self) -> Texture:
        """The texture, made up where the photograph does not show the face."""
        return self.subject.texture

    def save(self, path: StrPath) -> list[str]:
        """Write the mesh as ``facelab reconstruct`` does: the same bytes.

        Parameters
        ----------
        path : path
            Ends in ``.glb`` (glTF, the texture inside), ``.obj`` (with an MTL file and the texture
            as PNG beside it) or ``.ply`` (a colour at each vertex). What is there is replaced.

        Returns
        -------
        list of str
            The names of the files, that of the mesh first.

        Raises
        ------
        UsageError
            If the name ends otherwise.
        OutputError
            If a file cannot be written.
        """
        path = Path(path)
        if path.suffix not in SUFFIXES:
            raise UsageError(f"{path}: is no kind of mesh; end it in {', '.join(SUFFIXES)}")
        stem = path.with_suffix("")
        if path.suffix == ".obj":
            files = obj_texture.save(self.subject, path, stem.name.removesuffix("_texture"))
        else:
            files = (glb if path.suffix == ".glb" else ply).write(self.subject, stem)
        return [str(name) for name in files.values()]
