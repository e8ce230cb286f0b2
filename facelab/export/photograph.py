"""The files of a photograph's faces, and the report that names them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from facelab.errors import OutputError
from facelab.export import Entry, writer
from facelab.export.obj_texture import safe_name
from facelab.export.overlay import write_together
from facelab.export.report import describe_face, describe_image, json_text
from facelab.export.subject import IMAGE_FRAME, Subject
from facelab.files import MEGABYTE, Shape, parse_json, read_bytes
from facelab.files.writing import folder_aside, move, write_bytes_atomically
from facelab.geometry.landmarks import read_landmarks
from facelab.images import Image
from facelab.provenance import file_sha256, software_versions
from facelab.reconstruct import Reconstructor, load_parser
from facelab.reconstruct.face_selection import select_faces
from facelab.reconstruct.landmarker import landmarker_weights, load_landmarker
from facelab.reconstruct.networks import Networks
from facelab.types import Box, Reconstruction

if TYPE_CHECKING:
    from facelab.reconstruct.parser import FaceParser

_LARGEST_REPORT = 16 * MEGABYTE  # a face has about four thousand bytes in it
_REPORT: Shape = {
    "image": {"sha256": str},
    "landmarks_file": (dict, type(None)),
    "faces": [{"files": dict}],
    "recipe": dict,
    "weights": dict,
}


@dataclass(frozen=True)
class Export:
    """The settings of an export: which faces, and which files of each.

    Parameters
    ----------
    networks : Networks
    write : tuple of str
        Names of `facelab.export.NAMES`.
    faces : str
        ``all``, ``largest``, ``left``, ``right`` or an index by size from 0.
    most : int or None
        Of all, at most so many of the largest.
    box : Box or None
        Where the face is, in place of detection.
    landmarks : Path or None
        A file of landmarks around which the face is, or a folder with one for each photograph.
    texture_size : int or None
    front, mask_unseen : bool
        As in `facelab.export.subject.Subject`.
    """

    networks: Networks
    write: tuple[str, ...]
    faces: str = "all"
    most: int | None = None
    box: Box | None = None
    landmarks: Path | None = None
    texture_size: int | None = None
    front: bool = False
    mask_unseen: bool = False

    @cached_property
    def recipe(self) -> dict[str, object]:
        """The command and its settings, as JSON gives them back."""
        settings = asdict(self)
        settings["networks"] = self.networks.said
        settings["landmarks"] = None if self.landmarks is None else self.landmarks.name
        recipe = {"command": "reconstruct", **settings}
        parsed: dict[str, object] = json.loads(json.dumps(recipe))
        return parsed

    def subject(self, image: Image, found: Reconstruction) -> Subject:
        """A face as the writers are given it."""
        return Subject(
            image=image.srgb_frame,
            found=found,
            texture_side=self.texture_size,
            front=self.front,
            mask_unseen=self.mask_unseen,
            metadata=image.metadata,
            parser=self.parser,
            landmarker=load_landmarker(self.networks.runtime, self.networks.device),
        )

    @cached_property
    def parser(self) -> FaceParser | None:
        """What tells the parts of faces, where it is asked for."""
        if "parse" not in self.write:
            return None
        return load_parser(self.networks.runtime, self.networks.device)

    @property
    def weights(self) -> dict[str, str]:
        """Name to sha256 of the weights in use."""
        return self.networks.weights | landmarker_weights()

    def notes(self, image: Image) -> tuple[str, ...]:
        """The terms of the networks, and what could not be kept of a photograph."""
        return (*self.networks.terms, *image.losses)


@dataclass(frozen=True, slots=True)
class Report:
    """Where the report of a photograph is, and what is read for it.

    Parameters
    ----------
    path : Path
        The JSON; files of its faces lie beside it, under names that begin with its stem.
    photograph : Path
    landmarks : Path or None
        A file of landmarks around which the face is.
    """

    path: Path
    photograph: Path
    landmarks: Path | None = None

    def is_of(self, export: Export) -> bool:
        """Whether it is there, of this photograph and these settings."""
        try:
            content = self.content()
            return bool(
                content["image"]["sha256"] == file_sha256(self.photograph)
                and content["landmarks_file"] == self.described_landmarks()
                and content["recipe"] == export.recipe
                and content["weights"] == export.weights
            )
        except (OSError, ValueError):  # no report of this kind
            return False

    def is_whole(self) -> bool:
        """Whether all files are there that it names."""
        try:
            content = self.content()
        except (OSError, ValueError):
            return False
        files = [self.path.parent / name for name in _named(content)]
        return "files" in content and all(file.is_file() for file in files)

    def content(self) -> Mapping[str, Any]:
        """Its content; ``OSError`` or ``ValueError`` where there is no whole one."""
        found: Mapping[str, Any] = parse_json(read_bytes(self.path, _LARGEST_REPORT), _REPORT)
        return found

    def described_landmarks(self) -> dict[str, str] | None:
        """Name and sha256 of the file of landmarks."""
        if self.landmarks is None:
            return None
        return {"file": self.landmarks.name, "sha256": file_sha256(self.landmarks)}

    def earlier_files(self) -> set[str]:
        """The names of this photograph's files that the report lists, if it is there."""
        try:
            content = self.content()
            names = _named(content)
        except (OSError, ValueError):
            return set()
        stem = self.path.stem
        safe = [safe_name(f"{stem}_{index}") for index in range(len(content["faces"]))]
        own = tuple(f"{name}_" for name in (stem, *safe))
        return {name for name in names if name.startswith(own) and Path(name).name == name}


def _named(report: Mapping[str, Any]) -> list[str]:
    """The names of the files that a report lists."""
    of_all = report.get("files")  # not in reports of earlier versions
    groups = [*(face["files"] for face in report["faces"]), of_all]
    entries = [entry for group in groups if isinstance(group, dict) for entry in group.values()]
    names = (value for entry in entries if isinstance(entry, dict) for value in entry.values())
    return [name for name in names if isinstance(name, str) and name.isprintable()]


def find_faces(
    report: Report, image: Image, export: Export, reconstructor: Reconstructor
) -> list[Reconstruction]:
    """Return the faces that are asked for of one photograph, at least one.

    Raises
    ------
    UsageError
        If landmarks cannot be read, or the box is not one in the image.
    NoFaceError
        If there is none of them.
    """
    box = export.box
    if report.landmarks is not None:
        box = Box.around(read_landmarks(report.landmarks))
    name = str(report.photograph)
    found = select_faces(image.frame, reconstructor, export.faces, box, name)
    return found[: export.most]


def write_faces(
    report: Report,
    image: Image,
    faces: Sequence[Reconstruction],
    export: Export,
    network: str,
    kept: frozenset[Path] = frozenset(),
    *,
    overwrite: bool = False,
) -> None:
    """Write all files of a photograph, the report last; what an earlier report named goes.

    Parameters
    ----------
    report : Report
    image : Image
        The photograph, read.
    faces : sequence of Reconstruction
        The largest first.
    export : Export
    network : str
        What found them, for people.
    kept : set of Path
        Resolved paths, none of which is written.
    overwrite : bool
        Whether files may be replaced that no earlier report names.

    Raises
    ------
    OutputError
        If a file cannot be written, or is there already.
    """
    folder, stem = report.path.parent, report.path.stem
    with folder_aside(folder) as aside:
        described = [
            _write_face(export.subject(image, found), export, aside / f"{stem}_{index}")
            for index, found in enumerate(faces)
        ]
        content = {
            "image": describe_image(report.photograph, image),
            "landmarks_file": report.described_landmarks(),
            "frame": IMAGE_FRAME,
            "faces": described,
            "files": _write_together(image, faces, export, aside / stem),
            "network": network,
            "notes": list(export.notes(image)),
            "recipe": export.recipe,
            "weights": export.weights,
            "versions": software_versions(),
        }
        written = sorted(aside.iterdir())
        content["written"] = {file.name: file_sha256(file) for file in written}
        text = json_text(content)
        write_bytes_atomically(aside / report.path.name, (text + "\n").encode())
        earlier = report.earlier_files()
        if not overwrite:
            _refuse_replacing(written, folder, earlier, kept)
        move([*written, aside / report.path.name], folder, kept)
    for name in earlier - set(_named(content)):
        if (folder / name).resolve() not in kept:
            (folder / name).unlink(missing_ok=True)


def _write_face(subject: Subject, export: Export, stem: Path) -> dict[str, object]:
    """Write the files of one face, and describe it."""
    files: dict[str, Entry] = {name: writer(name)(subject, stem) for name in export.write}
    return describe_face(subject, files)


def _write_together(
    image: Image, faces: Sequence[Reconstruction], export: Export, stem: Path
) -> dict[str, Entry]:
    """Write what shows all faces in one file, where there are several."""
    if len(faces) == 1 or "overlay" not in export.write:
        return {}
    first = export.subject(image, faces[0])
    return {"overlay": write_together([replace(first, found=found) for found in faces], stem)}


def _refuse_replacing(
    files: Sequence[Path], folder: Path, earlier: set[str], kept: frozenset[Path]
) -> None:
    """Raise unless all that is there is of an earlier report; of what is `kept`, `move` tells."""
    for target in (folder / file.name for file in files if file.name not in earlier):
        if target.is_file() and target.resolve() not in kept:
            raise OutputError(
                f"{target}: already there, but not made of this; --overwrite replaces what is "
                "there, or give another output"
            )
