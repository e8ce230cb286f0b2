"""Swap every pair of a list with the facelab that is imported, and keep what was painted.

    PYTHONPATH=CHECKOUT python benchmarks/swap_pairs.py --pairs pairs.csv --photographs FOLDER \
        -o FOLDER [--prnet]

`bench_believe.py` runs this once a version, each in a process of its own. For each pair it writes
NAME.png, NAME.area.png (red: how much of a pixel is painted; green: how much of that is made up),
NAME.under.png (the target as it was warped before it was painted over) and NAME.json (seconds by
stage, without finding the faces).
"""

from __future__ import annotations

import argparse
import csv
import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from unittest import mock

import cv2
import kept_faces
import numpy as np
import prnet
import stages
import torch

import facelab
from facelab import FaceModel, FaceObservation, images
from facelab.face.composite import render
from facelab.face.texture import unwrap
from facelab.geometry.warp import motion
from facelab.numerics.arrays import Float
from facelab.numerics.smoothing import smoothstep
from facelab.types import SEEN, Face, Texture

try:
    from facelab.recipe import swap_face
except ImportError:  # in earlier versions
    from facelab.recipe import apply as swap_face

if TYPE_CHECKING:  # earlier versions have none
    from facelab.face.front import Front
    from facelab.face.mouth import Interior

WHOLE = "whole"
# The functions whose callees are the stages: what changes one face, and in it the swap.
CHANGE, SWAP = "_swapped", "swap_face"


class Pair(NamedTuple):
    """Names of two photographs."""

    source: str
    target: str

    @property
    def name(self) -> str:
        """What files of this pair are called."""
        return f"{Path(self.source).stem}_{Path(self.target).stem}"


class Swapped(NamedTuple):
    """What became of a pair.

    Parameters
    ----------
    pixels : (H, W, 3) float32
        The result.
    under : (H, W, 3) float32
        The target, warped as far as the face's shape changed.
    area : (H, W, 2) float32
        How much of each pixel is painted, and how much of that is made up.
    seconds : dict of str to float
        By stage.
    """

    pixels: Float
    under: Float
    area: Float
    seconds: dict[str, float]


Method = Callable[[FaceModel, FaceObservation, FaceObservation], Swapped]


def read_pairs(path: Path) -> list[Pair]:
    """The rows of a CSV with the columns `source` and `target`."""
    with path.open(newline="") as file:
        return [Pair(row["source"], row["target"]) for row in csv.DictReader(file)]


def by_facelab(model: FaceModel, source: FaceObservation, target: FaceObservation) -> Swapped:
    """The swap with default settings."""
    with put_back() as calls, stages.on_one_thread(swap_face):
        result, profile = stages.timed(
            lambda: facelab.swap(target.photograph, source, model=model).image.pixels
        )
    seconds = stages.stages_of(profile, CHANGE, SWAP)
    ordered = dict(sorted(seconds.items(), key=stages.longest_first))
    ((under, after, shown, hidden),) = calls
    seconds = {WHOLE: sum(seconds.values()), **ordered}
    return Swapped(result, under, area_of(under, after, shown, hidden), seconds)


@contextmanager
def put_back() -> Iterator[list[tuple[Any, ...]]]:
    """What each face is put back with meanwhile, as `area_of` takes it."""
    calls: list[tuple[Any, ...]] = []
    name = "put_back" if hasattr(swap_face, "put_back") else "composite"  # in earlier versions
    original = getattr(swap_face, name)

    def watched(*given: Any, **named: Any) -> Float:  # noqa: ANN401
        if name == "put_back":
            place, _, after, opacity, *_ = given
            calls.append((place.image, after, opacity, place.hidden))
        else:
            calls.append(_earlier(*given, **named))
        return original(*given, **named)

    with mock.patch.object(swap_face, name, watched):
        yield calls


def _earlier(
    image: Float,
    before: Face,
    after: Face,
    opacity: Float,
    _method: str,
    _mask: Float | None,
    front: Front | None = None,
    interior: Interior | None = None,
    **_: Any,  # noqa: ANN401
) -> tuple[Any, ...]:
    """What `area_of` takes, of earlier versions' `composite`."""
    moved = motion(before.positions, after.positions, image.shape[:2])
    under = image if moved is None else moved.apply(image)
    layer = render(after, opacity, image.shape[:2])
    if layer is None or front is None:
        return under, after, opacity, None
    hidden = front.over(image, layer.window, moved)
    if interior is not None:
        hidden = np.maximum(hidden, interior.over(layer.window, moved))
    return under, after, opacity, hidden


def area_of(image: Float, after: Face, opacity: Float, hidden: Float | None = None) -> Float:
    """How much of each pixel of `image` a face covers, and how much of that is made up.

    As it is put back, behind what is `hidden` of its layer. A texel is made up where its
    confidence, the source's, is below what counts as seen.
    """
    area = np.zeros((*image.shape[:2], 2), np.float32)
    layer = render(after, opacity, image.shape[:2])
    if layer is None:
        return area
    shown = layer.opacity
    if hidden is not None:
        shown = smoothstep(shown, 0.5, 1) * (1 - hidden)
    unseen = (after.texture.confidence < SEEN).astype(np.float32)
    made_up = layer.sampled(unseen[..., None])[..., 0] * layer.fragments.covered
    area[layer.window] = np.dstack([shown * layer.oval, made_up])
    return area.clip(0, 1)


def by_prnet(_: FaceModel, source: FaceObservation, target: FaceObservation) -> Swapped:
    """PRNet's procedure, which paints the whole face, seen or not."""
    start = time.process_time()
    pixels = prnet.swap(target.image, target.positions, source.image, source.positions)
    whole = time.process_time() - start
    size = target.positions.atlas.size
    seen = unwrap(source.image, source.positions, size).confidence
    texture = Texture(np.zeros((size, size, 3), np.float32), seen)
    everywhere = np.ones((size, size), np.float32)
    face = Face(target.positions, texture)
    area = area_of(target.image, face, everywhere)
    return Swapped(pixels, target.image, area, {WHOLE: whole})


def write(folder: Path, pair: Pair, swapped: Swapped) -> None:
    """A pair's four files."""
    images.write(folder / f"{pair.name}.png", images.Image(swapped.pixels))
    images.write(folder / f"{pair.name}.under.png", images.Image(swapped.under))
    painted, made_up = cv2.split(np.round(swapped.area * 255).astype(np.uint8))
    cv2.imwrite(str(folder / f"{pair.name}.area.png"), cv2.merge([0 * painted, made_up, painted]))
    (folder / f"{pair.name}.json").write_text(json.dumps(swapped.seconds))


def run(pairs: Sequence[Pair], photographs: Path, folder: Path, kept: Path, method: Method) -> None:
    """Swap the pairs that have not been swapped yet."""
    folder.mkdir(parents=True, exist_ok=True)
    model = kept_faces.model(kept)
    missing = [pair for pair in pairs if not (folder / f"{pair.name}.json").exists()]
    for pair in [*missing[:1], *missing]:  # the first swap warms up
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
    cv2.setNumThreads(1)  # so that times are those of one core
    torch.set_num_threads(1)
    method = by_prnet if given.prnet else by_facelab
    run(read_pairs(given.pairs), given.photographs, given.output, given.kept, method)


if __name__ == "__main__":
    main()
