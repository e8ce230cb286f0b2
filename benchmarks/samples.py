"""Samples of ``facelab augment`` as crops, kept in a folder so that a stopped run goes on."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from ablation import Recipe
from crops import Crops, crop, joined

import facelab
from facelab.augment.engines import Engine
from facelab.augment.request import resolved
from facelab.augment.template import read_template
from facelab.files.writing import write_bytes_atomically
from facelab.recipe import Recipe as Edits
from facelab.recipe import describe

PART = 100  # samples in a file


def content(recipe: str | Path) -> Recipe:
    """The content of a recipe's file, as it may be written to another folder."""
    template = resolved(read_template(recipe))
    described = describe(Edits(inputs=template.inputs), str)
    inputs = {"inputs": described["inputs"]} if template.inputs else {}
    return {**template.text, **inputs}


def samples(
    recipe: Recipe,
    photographs: Path,
    count: int,
    seed: int,
    folder: Path,
    shared: Path,
    engine: Engine,
) -> Crops:
    """Samples of a recipe.

    Parameters
    ----------
    recipe : mapping
    photographs : Path
        Their folder.
    count, seed : int
    folder : Path
        Where the samples are kept; it is of these alone.
    shared : Path
        Where faces of photographs, and renders that differ only in what is done to them last, are
        kept for all recipes.
    engine : Engine
    """
    folder.mkdir(parents=True, exist_ok=True)
    parts = [range(first, min(first + PART, count)) for first in range(0, count, PART)]
    missing = [part for part in parts if not _file_of(folder, part).exists()]
    if missing:
        file = folder / "recipe.yaml"
        write_bytes_atomically(file, json.dumps(recipe).encode())
        kept = {"cache": shared / "faces", "renders": shared / "renders"}
        data = facelab.AugmentedFaces(file, photographs, count, seed=seed, **kept)
        for part, crops in _rendered(data, missing, engine):
            _write(_file_of(folder, part), crops)
    return joined(_read(_file_of(folder, part)) for part in parts)


def _rendered(
    data: facelab.AugmentedFaces, parts: Sequence[range], engine: Engine
) -> Iterator[tuple[range, Crops]]:
    """The parts of a data set, each as soon as it and all before it are complete."""
    tasks, waiting = [index for part in parts for index in part], list(parts)
    found: dict[int, Crops] = {}
    start = time.perf_counter()
    for done, (index, crops) in enumerate(engine.map(_sample, data, tasks), 1):
        found[index] = crops
        while waiting and all(k in found for k in waiting[0]):
            rate = done / (time.perf_counter() - start)
            print(f"    {done} of {len(tasks)} samples, {rate:.1f} per second", flush=True)
            part = waiting.pop(0)
            yield part, joined(found.pop(k) for k in part)


def _sample(data: facelab.AugmentedFaces, index: int) -> tuple[int, Crops]:
    """One sample, with its number."""
    image, labels = data[index]
    landmarks = np.array(labels["landmarks68"], np.float32)
    shown = np.array(labels["visible68"]) & ~np.array(labels["covered68"])
    return index, crop(image / np.float32(255), landmarks, labels["pose"]["yaw"], shown)


def _file_of(folder: Path, part: range) -> Path:
    return folder / f"{part.start:06d}.npz"


def _write(file: Path, crops: Crops) -> None:
    unfinished = file.with_suffix(".part")
    with unfinished.open("wb") as stream:
        np.savez(stream, **{name: getattr(crops, name) for name in Crops.__slots__})
    unfinished.replace(file)


def _read(file: Path) -> Crops:
    with np.load(file) as stored:
        return Crops(**stored)
