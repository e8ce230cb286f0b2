"""Records as they are found beside outputs: files from outside, so that everything is checked."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from facelab.errors import UsageError
from facelab.files import parse_json, read_bytes, why

LARGEST = 1 << 26  # bytes; a report of a thousand faces has a tenth of it
_LONGEST = 255  # bytes of a file's name

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class RecordedInput:
    """A file that went into an output, as `facelab.provenance.Input` without its size."""

    role: str
    file: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Recorded:
    """The record of a picture, or the report of a reconstruction.

    Parameters
    ----------
    path : Path
        The record itself.
    command : str
        ``swap``, ``edit`` or ``reconstruct``.
    settings : dict
        Everything else that is recorded of the command; not checked yet.
    inputs : tuple of RecordedInput
        The photograph that was changed, or looked at, is the last.
    weights, versions : mapping of str to str
        As of `facelab.provenance.Record`.
    consent : str
    files : mapping of str to str or None
        Names of what was written beside the record, to its sha256 if that is recorded.
    content : dict
        The whole file.
    """

    path: Path
    command: str
    settings: Json
    inputs: tuple[RecordedInput, ...]
    weights: Mapping[str, str]
    versions: Mapping[str, str]
    consent: str
    files: Mapping[str, str | None]
    content: Json


def read_record(path: Path) -> Recorded:
    """Read the record in a file.

    Raises
    ------
    UsageError
        If it is not there, or no record of a picture or a reconstruction.
    """
    try:
        return _recorded(path, read_json(path))
    except (ValueError, KeyError, TypeError) as error:
        reason = f"no {error}" if isinstance(error, KeyError) else str(error)
        raise UsageError(
            f"{path}: is not a record of swap, edit or reconstruct ({reason}); give an output "
            "that has one"
        ) from None


def read_json(path: Path) -> Json:
    """Read the map in a JSON file.

    Raises
    ------
    UsageError
        If it cannot be read.
    ValueError
        If it is no such file.
    """
    try:
        data = read_bytes(path, LARGEST)
    except OSError as error:
        raise UsageError(f"{path}: {why(error)}; give an output with its record") from None
    return mapping("it", parse_json(data, dict))


def _recorded(path: Path, content: Json) -> Recorded:
    recipe = mapping("recipe", content["recipe"])
    command = text("command", recipe["command"])
    if command == "reconstruct":
        inputs, files, consent = _looked_at(content), _written(content), ""
    elif command in ("swap", "edit"):
        inputs, consent = _given(content), text("consent", content["consent"])
        output = mapping("output", content["output"])
        files = {_now_called(path, file_name(output["file"])): sha256(output["sha256"])}
    else:
        raise ValueError(f"command {command!r}")
    return Recorded(
        path=path,
        command=command,
        settings={key: value for key, value in recipe.items() if key != "command"},
        inputs=inputs,
        weights=hashes("weights", content["weights"]),
        versions=texts("versions", content["versions"]),
        consent=consent,
        files=files,
        content=content,
    )


def _now_called(record: Path, name: str) -> str:
    """The name of an output that was perhaps renamed together with its record."""
    beside = record.with_suffix("")
    renamed = beside.suffix.lower() == Path(name).suffix.lower() and beside.is_file()
    return beside.name if renamed else name


def _given(content: Json) -> tuple[RecordedInput, ...]:
    """The inputs of a picture."""
    found = []
    for one in listing("inputs", content["inputs"]):
        about = mapping("inputs", one)
        role = text("role", about["role"])
        found.append(RecordedInput(role, file_name(about["file"]), sha256(about["sha256"])))
    if not found or found[-1].role != "target":
        raise ValueError("inputs: the last is not the target")
    return tuple(found)


def _looked_at(content: Json) -> tuple[RecordedInput, ...]:
    """The inputs of a report: landmarks, if they were given, and the photograph."""
    found, marks = [], content["landmarks_file"]
    if marks is not None:
        about = mapping("landmarks_file", marks)
        found.append(RecordedInput("landmarks", file_name(about["file"]), sha256(about["sha256"])))
    image = mapping("image", content["image"])
    name = file_name(Path(text("path", image["path"])).name)
    return (*found, RecordedInput("photograph", name, sha256(image["sha256"])))


def _written(content: Json) -> dict[str, str | None]:
    """The files that a report names; reports of earlier versions have no hashes of them."""
    recorded = hashes("written", content.get("written", {}))
    for face in listing("faces", content["faces"]):
        for entry in mapping("files", mapping("faces", face)["files"]).values():
            names = [value for value in mapping("files", entry).values() if isinstance(value, str)]
            recorded.update({name: recorded.get(name, "") for name in names})
    return {file_name(name): digest or None for name, digest in recorded.items()}


def mapping(key: str, value: object) -> Json:
    """The value, if it is a map."""
    if not isinstance(value, dict):
        raise ValueError(f"{key}: no map")
    return value


def listing(key: str, value: object) -> list[Any]:
    """The value, if it is a list."""
    if not isinstance(value, list):
        raise ValueError(f"{key}: no list")
    return value


def text(key: str, value: object) -> str:
    """The value, if it is text."""
    if not isinstance(value, str):
        raise ValueError(f"{key}: no text")
    return value


def texts(key: str, value: object) -> dict[str, str]:
    """The value, if it is a map of texts."""
    return {name: text(key, one) for name, one in mapping(key, value).items()}


def hashes(key: str, value: object) -> dict[str, str]:
    """The value, if it is a map of sha256."""
    return {name: sha256(one) for name, one in mapping(key, value).items()}


def sha256(value: object) -> str:
    """The value, if it is 64 hexadecimal digits."""
    if not isinstance(value, str) or len(value) != 64 or not set(value) <= set("0123456789abcdef"):
        raise ValueError(f"{str(value)[:80]!r} is no sha256")
    return value


def file_name(value: object) -> str:
    """The value, if it names a file without a folder."""
    name = text("file", value)
    length = len(os.fsencode(name))
    if Path(name).name != name or name in ("", "..") or "\0" in name or length > _LONGEST:
        raise ValueError(f"{name[:80]!r} is no name of a file")
    return name
