"""Weights files: what exists, where it lies, whether its bytes are the recorded ones.

A folder's ``manifest.toml`` lists its files: the shipped ones, and those that the user made from
data which facelab may not ship. A file is looked for in ``$FACELAB_WEIGHTS``, then in the user's
own data folder, then in the installed package, then in the checkout. Nothing is ever downloaded.
"""

from __future__ import annotations

import hashlib
import json
import os
import tomllib
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from functools import cache, reduce
from operator import or_
from pathlib import Path
from typing import Any

import numpy as np
import platformdirs
import safetensors.numpy
from numpy.typing import NDArray
from safetensors import SafetensorError

from facelab.errors import WeightsError
from facelab.files import MEGABYTE, read_bytes, why

MANIFEST = "manifest.toml"
_LONGEST = 80  # letters of a file's name
LARGEST = 512 * MEGABYTE
"""Bytes of a file of weights that is read."""

PACKAGE = Path(__file__).parent
SHIPPED = [PACKAGE / "_weights", PACKAGE.parent / "weights"]
IMPORTS = dict.fromkeys(("prn", "prn_atlas"), "facelab weights import-prnet PRNET_DIR")
HEAD = "# Weights files that facelab finds in this folder. facelab/weights.py reads this.\n"


@dataclass(frozen=True, slots=True)
class Entry:
    """One weights file, as the manifest records it.

    `source` says which published package and file the weights come from, `how` what to do to have
    the file. `inputs` and `outputs` give the shapes of a network's arrays; both are empty for data.
    """

    name: str
    file: str
    sha256: str
    licence: str
    source: str
    how: str
    inputs: dict[str, list[int]]
    outputs: dict[str, list[int]]

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            if type(value) is not (dict if name in ("inputs", "outputs") else str):
                raise ValueError(f"{name} must not be {value!r}")
        name = self.file
        if Path(name).name != name or not name.isprintable() or len(name) > _LONGEST:
            raise ValueError(f"file must be a short name without folders, not {name[:200]!r}")


def folders() -> list[Path]:
    """Where weights are looked for, in order."""
    return [*_own_folders(), *SHIPPED]


def import_folder() -> Path:
    """Where imported weights go: ``$FACELAB_WEIGHTS`` or, without it, the user's data folder."""
    return _own_folders()[0]


def _own_folders() -> list[Path]:
    named = os.environ.get("FACELAB_WEIGHTS")
    own = platformdirs.user_data_path("facelab", appauthor=False) / "weights"
    return [Path(named), own] if named else [own]


def entries() -> dict[str, Entry]:
    """Every weights file that facelab knows, by name; of two with one name the shipped one.

    Raises
    ------
    WeightsError
        If the installation has lost its manifest, or the user's own is damaged.
    """
    for folder in SHIPPED:
        if (folder / MANIFEST).is_file():
            shipped = manifest(folder)
            break
    else:
        raise WeightsError(f"{MANIFEST} is missing: install facelab again")
    imported = [manifest(folder) for folder in reversed(_own_folders())]
    return shipped | reduce(or_, imported) | shipped  # the shipped ones first, and they win


def manifest(folder: Path) -> dict[str, Entry]:
    """The entries of a folder's manifest, by name; none where there is none.

    Raises
    ------
    WeightsError
        If it is damaged.
    """
    path = folder / MANIFEST
    try:
        return dict(_parsed(read_bytes(path, MEGABYTE)))
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
        raise WeightsError(
            f"{path} is not a manifest of weights ({type(error).__name__}: {error}); restore or "
            "remove it"
        ) from None


@cache
def _parsed(data: bytes) -> dict[str, Entry]:
    """The entries in a manifest's bytes, which are asked for many times in a run."""
    table = tomllib.loads(data.decode())
    return {item["name"]: Entry(**item) for item in table["weights"]}


def manifest_text(listed: Iterable[Entry]) -> str:
    """A manifest that lists these entries, as `manifest` reads it."""

    def table(shapes: dict[str, list[int]]) -> str:
        return "{" + ", ".join(f"{name} = {sides}" for name, sides in shapes.items()) + "}"

    blocks = [HEAD]
    for entry in listed:
        lines = ["[[weights]]"]
        for key, value in asdict(entry).items():
            text = (
                table(value) if isinstance(value, dict) else json.dumps(value, ensure_ascii=False)
            )
            lines.append(f"{key} = {text}")
        blocks.append("\n".join(lines) + "\n")
    return "\n".join(blocks)


def locate(name: str) -> Path:
    """The file of the weights called `name`.

    Raises
    ------
    WeightsError
        If no folder has it, or if no weights are called so.
    """
    entry = entry_of(name)
    for folder in folders():
        if (folder / entry.file).is_file():
            return folder / entry.file
    raise WeightsError(
        f"{entry.file} is missing ({entry.licence}; {entry.how}; put it into $FACELAB_WEIGHTS; "
        f"sha256 {entry.sha256})"
    )


def load(name: str) -> dict[str, NDArray[Any]]:
    """The arrays of the weights called `name`, as stored, after the sha256 was checked.

    Raises
    ------
    WeightsError
        If the file is missing or not the recorded one.
    """
    try:
        return parse(verified_bytes(name))
    except ValueError as error:
        raise WeightsError(f"{locate(name)}: {error}; restore it") from None


def load_file(path: Path, network: str) -> dict[str, NDArray[Any]]:
    """The arrays of a file of weights that `facelab train` wrote for a `network`.

    Raises
    ------
    WeightsError
        If it cannot be read, or holds what no network has for weights.
    """
    try:
        arrays = parse(read_bytes(path, LARGEST))
    except OSError as error:
        raise WeightsError(f"{path}: {why(error)}; give another file") from None
    except ValueError as error:
        raise of_another(path, network, str(error)) from None
    if not all(np.isfinite(array).all() for array in arrays.values()):
        raise of_another(path, network, "they are not all finite")
    return arrays


def of_another(path: Path, network: str, reason: str) -> WeightsError:
    """The error for a file that is not the weights of a `network`."""
    return WeightsError(
        f"{path}: not the weights of a {network} ({reason}); give the file that facelab train wrote"
    )


def parse(data: bytes) -> dict[str, NDArray[Any]]:
    """The arrays of a safetensors file by name.

    Raises
    ------
    ValueError
        If it is none, or of numbers that NumPy does not have, such as BF16.
    """
    try:
        return safetensors.numpy.load(data)
    except SafetensorError as error:
        raise ValueError(f"not a safetensors file ({error})") from None
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(
            f"of a type of numbers that is not read ({error}); give F32 or F16"
        ) from None


def verify(name: str) -> Path:
    """The file of the weights called `name`, once its bytes were found to be the recorded ones.

    Raises
    ------
    WeightsError
        If the file is missing or not the recorded one.
    """
    verified_bytes(name)
    return locate(name)


def entry_of(name: str) -> Entry:
    """The manifest's entry for `name`; ``WeightsError`` says what to do if there is none."""
    known = entries()
    if name in known:
        return known[name]
    if name in IMPORTS:
        raise WeightsError(
            f"the weights {name} do not come with facelab: make them with `{IMPORTS[name]}`"
        )
    raise WeightsError(f"no weights are called {name}: {', '.join(known)}")


def verified_bytes(name: str) -> bytes:
    """The content of the file of `name`, checked against the manifest."""
    entry, path = entry_of(name), locate(name)
    try:
        data = read_bytes(path, LARGEST)
    except OSError as error:
        raise WeightsError(f"{path}: cannot be read ({why(error)}); restore it") from None
    digest = hashlib.sha256(data).hexdigest()
    if digest != entry.sha256:
        raise WeightsError(
            f"{path} is damaged or another version: sha256 {digest}, wanted {entry.sha256} "
            f"({entry.licence}; {entry.how})"
        )
    return data
