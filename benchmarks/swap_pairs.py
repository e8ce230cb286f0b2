"""Swap every pair of a list with the facelab that is imported, and keep what was painted.

    PYTHONPATH=CHECKOUT python benchmarks/swap_pairs.py --pairs pairs.csv --photographs FOLDER \
        -o FOLDER [--prnet]

`bench_believe.py` runs this once a version, each in a process of its own. For each pair it writes
NAME.png, NAME.area.png (red: how much of a pixel is painted; green: how much of that is made up)
and NAME.json (seconds by stage, without finding the faces).
"""

from __future__ import annotations

import argparse
import csv
import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple
from unittest import mock

import cv2
import kept_faces
import numpy as np
import prnet
import stages

import facelab
from facelab import FaceModel, FaceObservation, images
from facelab.face.composite import render
from facelab.face.texture import unwrap
from facelab.numerics.arrays import Float
from facelab.recipe import apply
from facelab.types import SEEN, Face, Texture

WHOLE = "whole"
SWAP = "swap_face"  # the function whose callees are the stages


class Pair(NamedTuple):
    """Names of two photographs."""

    source: str
    target: str

    @property
    def name(self) -> str:
        """What files of this pair are called."""
        return f"{Path(self.source).stem}_{Path(self.target).stem}"


class Swapped(NamedTuple):
    """A result ``(H, W, 3)``, its area ``(H, W, 2)`` painted and made up, seconds by stage."""

    pixels: Float
    area: Float
    seconds: dict[str, float]


Method = Callable[[FaceModel, FaceObservation, FaceObservation], Swapped]


def read_pairs(path: Path) -> list[Pair]:
    """The rows of a CSV with the columns `source` and `target`."""
    with path.open(newline="") as file:
        return [Pair(row["source"], row["target"]) for row in csv.DictReader(file)]


def by_facelab(model: FaceModel, source: FaceObservation, target: FaceObservation) -> Swapped:
    """The swap with default settings."""
    with composited() as calls:
        result, profile = stages.timed(
            lambda: facelab.swap(target.photograph, source, model=model).image.pixels
        )
    seconds = stages.stages_of(profile, SWAP)
    area = np.maximum.reduce([area_of(after, shown, result) for after, shown in calls])
    return Swapped(result, area, seconds | {WHOLE: sum(seconds.values())})


@contextmanager
def composited() -> Iterator[list[tuple[Face, Float]]]:
    """Each face that is put back meanwhile, and how much of each of its texels shows."""
    calls: list[tuple[Face, Float]] = []
    original = apply.composite

    def composite(image: Float, before: Face, after: Face, opacity: Float, *rest: object) -> Float:
        calls.append((after, opacity))
        return original(image, before, after, opacity, *rest)

    with mock.patch.object(apply, "composite", composite):
        yield calls


def area_of(after: Face, shown: Float, image: Float) -> Float:
    """How much of each pixel of `image` a face covers, and how much of that is made up.

    A texel is made up where its confidence, the source's, is below what counts as seen.
    """
    area = np.zeros((*image.shape[:2], 2), np.float32)
    layer = render(after, shown, image.shape[:2])
    if layer is None:
        return area
    made_up = (after.texture.confidence < SEEN).astype(np.float32)
    covered = layer.fragments.covered
    area[layer.window] = np.dstack(
        [layer.opacity * layer.oval, layer.sampled(made_up[..., None])[..., 0] * covered]
    )
    return area.clip(0, 1)


def by_prnet(_: FaceModel, source: FaceObservation, target: FaceObservation) -> Swapped:
    """PRNet's procedure, which paints the whole face, seen or not."""
    start = time.perf_counter()
    pixels = prnet.swap(target.image, target.positions, source.image, source.positions)
    whole = time.perf_counter() - start
    size = target.positions.atlas.size
    seen = unwrap(source.image, source.positions, size).confidence
    texture = Texture(np.zeros((size, size, 3), np.float32), seen)
    everywhere = np.ones((size, size), np.float32)
    area = area_of(Face(target.positions, texture), everywhere, pixels)
    return Swapped(pixels, area, {WHOLE: whole})


def write(folder: Path, pair: Pair, swapped: Swapped) -> None:
    """A pair's three files."""
    images.write(folder / f"{pair.name}.png", images.Image(swapped.pixels))
    painted, made_up = cv2.split(np.round(swapped.area * 255).astype(np.uint8))
    cv2.imwrite(str(folder / f"{pair.name}.area.png"), cv2.merge([0 * painted, made_up, painted]))
    (folder / f"{pair.name}.json").write_text(json.dumps(swapped.seconds))


def run(pairs: Sequence[Pair], photographs: Path, folder: Path, kept: Path, method: Method) -> None:
    """Swap the pairs that have not been swapped yet."""
    folder.mkdir(parents=True, exist_ok=True)
    model = kept_faces.model(kept)
    for pair in pairs:
        if (folder / f"{pair.name}.json").exists():
            continue
        source, target = (
            model.observe(images.read(photographs / name), "largest", name=name)[0] for name in pair
        )
        write(folder, pair, method(model, source, target))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pairs", type=Path, required=True, help="CSV: source, target")
    parser.add_argument("--photographs", type=Path, required=True, help="their folder")
    parser.add_argument("-o", "--output", type=Path, required=True, help="folder of results")
    parser.add_argument("--kept", type=Path, required=True, help="folder of faces found before")
    parser.add_argument("--prnet", action="store_true", help="PRNet's procedure instead")
    given = parser.parse_args()
    method = by_prnet if given.prnet else by_facelab
    run(read_pairs(given.pairs), given.photographs, given.output, given.kept, method)


if __name__ == "__main__":
    main()
