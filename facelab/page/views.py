"""What a face is in three dimensions: pictures of it, its mesh, numbers, and files to download."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np

from facelab.errors import UsageError
from facelab.export import NAMES, writer
from facelab.export.photograph import Export, Report, write_faces
from facelab.export.report import describe_face
from facelab.export.subject import Subject
from facelab.files.writing import folder_aside
from facelab.images import Image
from facelab.model import FaceModel
from facelab.page.photographs import Opened
from facelab.reconstruct.networks import Networks

VIEWS = ("overlay", "surface", "depth", "normals", "pncc", "parse", "texture")
"""Of the kinds of files those that are pictures to look at."""

_TEXTURE = 1024  # side of a mesh's texture that is looked at


def subject_of(opened: Opened, face: int, model: FaceModel) -> Subject:
    """A face of the reduced photograph as exports take it.

    Raises
    ------
    UsageError
        If there is no such face.
    """
    if not 0 <= face < len(opened.found):
        raise UsageError(f"{opened.file.name}: has no face {face}; choose another")
    return opened.subjects.of(
        face,
        lambda: Subject(
            opened.reduced.values,
            opened.reduced_found[face],
            texture_side=_TEXTURE,
            parser=model.parser,
            landmarker=model.landmarker,
        ),
    )


def view(opened: Opened, face: int, name: str, model: FaceModel) -> bytes:
    """The bytes of a PNG of one of `VIEWS`.

    Raises
    ------
    UsageError
        If there is no such view or face.
    """
    if name not in VIEWS:
        raise UsageError(f"no view is called {name!r}; there are {', '.join(VIEWS)}")
    with folder_aside(opened.file.parent) as aside:
        writer(name)(subject_of(opened, face, model), aside / "view")
        (picture, *_) = sorted(aside.glob("*.png"))
        return picture.read_bytes()


def mesh(opened: Opened, face: int, model: FaceModel) -> bytes:
    """The mesh of a face as little-endian bytes, in the middle of its box and of size 1.

    Two uint32, the numbers of vertices and of triangles; then float32 places ``(n, 3)``, x right, y
    up, z toward the viewer; float32 texture coordinates ``(n, 2)``, v down; uint32 triangles
    ``(m, 3)``.
    """
    found = subject_of(opened, face, model).mesh
    low, high = found.vertices.min(axis=0), found.vertices.max(axis=0)
    places = (found.vertices - (low + high) / 2) / np.float32((high - low)[:2].max())
    counts = np.array([len(found.vertices), len(found.triangles)], "<u4")
    parts = counts, places.astype("<f4"), found.uv.astype("<f4"), found.triangles.astype("<u4")
    return b"".join(np.ascontiguousarray(part).tobytes() for part in parts)


def numbers(opened: Opened, face: int, model: FaceModel) -> dict[str, object]:
    """What the report says of a face: pose, gaze, openness of the eyes, blend shapes and more."""
    return describe_face(subject_of(opened, face, model), {})


def export(
    opened: Opened, face: int, names: tuple[str, ...], model: FaceModel, image: Image, folder: Path
) -> Path:
    """Write a face's files and their report as ``facelab reconstruct`` does; return their ZIP.

    Parameters
    ----------
    opened : Opened
    face : int
    names : tuple of str
        Of `facelab.export.NAMES`.
    model : FaceModel
    image : Image
        The photograph in full size.
    folder : Path
        An empty one, where the ZIP is written.

    Raises
    ------
    UsageError
        If there is no such kind of file or face.
    OutputError
        If a file cannot be written.
    """
    unknown = [name for name in names if name not in NAMES]
    if unknown or not 0 <= face < len(opened.found):
        raise UsageError(f"no such face or kind of file: {face}, {', '.join(unknown)}")
    settings = Export(model.networks or Networks(), names, faces=str(face))
    stem = opened.file.stem
    with folder_aside(folder) as aside:
        report = Report(aside / f"{stem}.json", opened.file)
        network = model.reconstructor.description
        write_faces(report, image, [opened.found[face]], settings, network)
        return Path(shutil.make_archive(str(folder / f"{stem}-facelab"), "zip", aside))
