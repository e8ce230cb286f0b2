"""The record beside an output: how it was made, enough to make it again."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np

import facelab
from facelab import plugins
from facelab.constants import CONSENT
from facelab.errors import OutputError, UsageError
from facelab.files import StrPath, open_regular, why
from facelab.files.writing import write_bytes_atomically
from facelab.images import Image


@dataclass(frozen=True)
class Input:
    """A file that went into an image.

    Attributes
    ----------
    file : str
        Its name, without the folder, which is nobody else's business.
    role : str
        Its part in the output, such as ``"source"`` or ``"target"``.
    sha256 : str
        Of the whole file.
    width, height : int
        Its size as displayed, in pixels.
    """

    file: str
    role: str
    sha256: str
    width: int
    height: int


def describe_input(path: StrPath, role: str, image: Image) -> Input:
    """Describe an input file for the record; `image` was read from it."""
    height, width = image.shape
    sha256 = image.origin.sha256 if image.origin else file_sha256(path)
    return Input(Path(path).name, role, sha256, width, height)


def file_sha256(path: StrPath) -> str:
    """Hash a file's content, in lower-case hexadecimal digits."""
    with open_regular(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def software_versions() -> dict[str, str]:
    """Versions of the packages that pixels depend on, by name; torch's where it is installed."""
    versions = {
        "facelab": facelab.__version__,
        "numpy": np.__version__,
        "onnxruntime": _version("onnxruntime"),
        "opencv": cv2.__version__,
        "pillow": _version("pillow"),
        "python": platform.python_version(),
        "scipy": _version("scipy"),
    }
    if find_spec("torch") is not None:
        versions["torch"] = _version("torch")
    return versions


@cache
def _version(package: str) -> str:
    """The version of a package, read once: parsing its metadata takes 10 ms."""
    from importlib.metadata import version  # slow to import

    return version(package)


def edit_versions(recipe: Mapping[str, object]) -> dict[str, str]:
    """Versions of the other packages whose edits a recipe, or what holds one, has for steps."""
    inner, steps = recipe.get("recipe"), recipe.get("steps")
    if isinstance(inner, Mapping):
        return edit_versions(inner)
    names = [name for step in steps for name in _names(step)] if isinstance(steps, list) else []
    return plugins.versions(names)


def _names(step: object) -> Iterable[str]:
    return step if isinstance(step, Mapping) else [str(step)]


@dataclass(frozen=True)
class Record:
    """How an image was made: enough to make it again, and nothing that identifies a face.

    Attributes
    ----------
    recipe : mapping
        The command or recipe and its settings, made of what JSON can hold.
    inputs : tuple of Input
        The files that went into it.
    weights : mapping of str to str
        Name of each network to the sha256 of its weights.
    seed : int or None
        Seed of the sampled parameters, if there were any.
    consent : str
        One of `CONSENT`.
    notes : tuple of str
        What could not be kept or done.
    versions : mapping of str to str
        Of the software, see `software_versions`; those of `edit_versions` are added.

    Raises
    ------
    UsageError
        If `consent` is none of `CONSENT`.
    """

    recipe: Mapping[str, object]
    inputs: tuple[Input, ...]
    weights: Mapping[str, str]
    seed: int | None = None
    consent: str = "unspecified"
    notes: tuple[str, ...] = ()
    versions: Mapping[str, str] = field(default_factory=software_versions)

    def __post_init__(self) -> None:
        if self.consent not in CONSENT:
            raise UsageError(
                f"consent: {self.consent!r} is unknown; use one of {', '.join(CONSENT)}"
            )
        own = edit_versions(self.recipe)
        object.__setattr__(self, "versions", {**own, **self.versions})


def record_path(image_path: StrPath) -> Path:
    """Path of the record that belongs to an image: ``out.jpg`` has ``out.jpg.json``."""
    path = Path(image_path)
    return path.with_name(f"{path.name}.json")


def write_record(image_path: StrPath, record: Record) -> Path:
    """Write the record of an image beside it.

    The same image and record give the same bytes: keys are sorted and there is no time in it.

    Parameters
    ----------
    image_path : path
        The image, already written; its name and sha256 go into the record.
    record : Record
        How it was made.

    Returns
    -------
    Path
        The file written, `record_path`.

    Raises
    ------
    OutputError
        If the image is not there or the record cannot be written.
    """
    try:
        digest = file_sha256(image_path)
    except OSError as error:
        raise OutputError(
            f"{image_path}: cannot be hashed for its record ({why(error)}); write it again"
        ) from error
    path = record_path(image_path)
    write_bytes_atomically(path, record_bytes(image_path, digest, record))
    return path


def record_bytes(image_path: StrPath, digest: str, record: Record) -> bytes:
    """The content of the record of an image with the sha256 `digest`, JSON."""
    content = {**asdict(record), "output": {"file": Path(image_path).name, "sha256": digest}}
    text = json.dumps(content, indent=2, sort_keys=True, allow_nan=False)
    return (text + "\n").encode()
