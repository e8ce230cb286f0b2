"""Weights files: what exists, where it lies, whether its bytes are the recorded ones.

The shipped ``manifest.toml`` lists every file. A file is looked for in ``$FACELAB_WEIGHTS``, then
in the installed package, then in the checkout. Nothing is ever downloaded.
"""

from __future__ import annotations

import hashlib
import os
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load as parse

from facelab.errors import WeightsError

MANIFEST = "manifest.toml"
PACKAGE = Path(__file__).parent
SHIPPED = [PACKAGE / "_weights", PACKAGE.parent / "weights"]


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


def folders() -> list[Path]:
    """Where weights are looked for, in order."""
    own = os.environ.get("FACELAB_WEIGHTS")
    return [Path(own), *SHIPPED] if own else SHIPPED


@cache
def entries() -> dict[str, Entry]:
    """Every weights file that facelab knows, by name.

    Raises
    ------
    WeightsError
        If the installation has lost its manifest.
    """
    for folder in SHIPPED:
        if (folder / MANIFEST).is_file():
            table: dict[str, Any] = tomllib.loads((folder / MANIFEST).read_text(encoding="utf-8"))
            return {item["name"]: Entry(**item) for item in table["weights"]}
    raise WeightsError(f"{MANIFEST} is missing: install facelab again")


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
    except SafetensorError as error:
        raise WeightsError(f"{locate(name)} is not a safetensors file: {error}") from None


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
    """The manifest's entry for `name`; ``WeightsError`` lists the names if there is none."""
    try:
        return entries()[name]
    except KeyError:
        raise WeightsError(f"no weights are called {name}: {', '.join(entries())}") from None


def verified_bytes(name: str) -> bytes:
    """The content of the file of `name`, checked against the manifest."""
    entry, path = entry_of(name), locate(name)
    data = path.read_bytes()
    digest = hashlib.sha256(data).hexdigest()
    if digest != entry.sha256:
        raise WeightsError(
            f"{path} is damaged or another version: sha256 {digest}, wanted {entry.sha256} "
            f"({entry.licence}; {entry.how})"
        )
    return data
