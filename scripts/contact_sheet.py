"""Swap every pair of a list, lay the results out on one sheet, and measure them.

    python scripts/contact_sheet.py --pairs pairs.csv --photos FOLDER -o sheet.jpg --baseline \
        --identity-net vladmandic-face-api-1.7.15.tgz

The list has the columns `source` and `target`, file names in the folder. Each pair becomes a group
of source, target, facelab's result and, with `--baseline`, that of PRNet's procedure. The table
goes to stdout; benchmarks/README.md says what its columns mean.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click
import cv2
import numpy as np

sys.path.append(str(Path(__file__).resolve().parents[1]))

from benchmarks import prnet
from benchmarks.identity import IdentityNet, cosine
from facelab import FaceModel, FaceObservation, images, load_model, swap
from facelab.atlas import Atlas
from facelab.errors import FacelabError
from facelab.face.texture import unwrap
from facelab.numerics.arrays import Bool, Float
from facelab.types import PositionMap

TILE = 168  # px
COLUMNS = 12  # tiles
MIDDLE = 0.5  # of the face's width and height
TONE_SIZE, TONE_SIGMA = 256, 0.08  # texels; of the side


@dataclass(frozen=True)
class Outcome:
    """What became of one pair.

    Parameters
    ----------
    name : str
        Source and target.
    photos : list of (H, W, 3) float32
        Source, target, then the results: facelab's, and PRNet's procedure's if asked for.
    tones : list of float
        CIELAB difference from the target, for each result.
    embeddings : list of (128,) float32
        For each photo; empty without an identity network.
    """

    name: str
    photos: list[Float]
    tones: list[float]
    embeddings: list[Float]


def swapped(
    source: FaceObservation, target: FaceObservation, model: FaceModel, baseline: bool
) -> list[Float]:
    """The results for one pair: facelab's with default settings, and the baseline's."""
    results = [swap(target.image, source, model=model).image.pixels]
    if baseline:
        results.append(prnet.swap(target.image, target.positions, source.image, source.positions))
    return results


def measured(
    name: str,
    source: FaceObservation,
    target: FaceObservation,
    results: list[Float],
    net: IdentityNet | None,
) -> Outcome:
    """Photos and measures of one pair."""
    positions = target.positions
    tones = [tone_difference(target.image, result, positions) for result in results]
    photos = [source.image, target.image, *results]
    places = [source.positions, *[positions] * (len(photos) - 1)]
    embeddings = (
        []
        if net is None
        else [net(photo, place.landmarks) for photo, place in zip(photos, places, strict=True)]
    )
    return Outcome(name, photos, tones, embeddings)


def tone_difference(target: Float, result: Float, positions: PositionMap) -> float:
    """CIELAB distance between the tone of the face's middle before and after, the median texel.

    Tone is the unwrapped face in CIELAB under a Gaussian of 8 % of the texture's side, so that
    features count little; the middle is the ellipse of half the face's width and height.
    """
    before, after = (_tone(image, positions) for image in (target, result))
    distance = np.linalg.norm(after - before, axis=2)
    return float(np.median(distance[_middle(positions.atlas)]))


def _tone(image: Float, positions: PositionMap) -> Float:
    lab = cv2.cvtColor(unwrap(image, positions, TONE_SIZE).colour, cv2.COLOR_RGB2Lab)
    return np.asarray(cv2.GaussianBlur(lab, (0, 0), TONE_SIGMA * TONE_SIZE))


def _middle(atlas: Atlas) -> Bool:
    rows, columns = np.nonzero(atlas.region("face", TONE_SIZE) > 0.5)
    v, u = np.mgrid[:TONE_SIZE, :TONE_SIZE]
    along_u = (u - columns.mean()) / (MIDDLE * np.ptp(columns) / 2)
    along_v = (v - rows.mean()) / (MIDDLE * np.ptp(rows) / 2)
    return np.asarray(along_u**2 + along_v**2 < 1)


def cosines(outcomes: Sequence[Outcome]) -> list[list[float]]:
    """By pair: source to target, then each result to the source and to the target.

    Embeddings are taken from the mean over the sources and targets of the run: the network sends
    all faces into a narrow cone, in which the plain cosine of two strangers is about 0.9.
    """
    mean = np.mean([e for outcome in outcomes for e in outcome.embeddings[:2]], axis=0)
    table = []
    for outcome in outcomes:
        source, target, *results = (embedding - mean for embedding in outcome.embeddings)
        row = [cosine(source, target)]
        for result in results:
            row += [cosine(result, source), cosine(result, target)]
        table.append(row)
    return table


def print_table(outcomes: Sequence[Outcome]) -> None:
    """One line per pair, then mean and median over the pairs."""
    methods = ["facelab", "PRNet's"][: len(outcomes[0].tones)]
    heads = [f"{method} tone" for method in methods]
    values = np.array([outcome.tones for outcome in outcomes])
    if outcomes[0].embeddings:
        heads.append("source~target")
        heads += [f"{method}~{who}" for method in methods for who in ("source", "target")]
        values = np.hstack([values, cosines(outcomes)])
    lines = [(outcome.name, row) for outcome, row in zip(outcomes, values, strict=True)]
    lines += [("mean", values.mean(axis=0)), ("median", np.median(values, axis=0))]
    width = max(len(name) for name, _ in lines)
    print(" " * width, *heads, sep="  ")
    for name, row in lines:
        cells = (f"{value:{len(head)}.3f}" for value, head in zip(row, heads, strict=True))
        print(f"{name:{width}}", *cells, sep="  ")


def sheet(outcomes: Sequence[Outcome]) -> Float:
    """The photos of all pairs in tiles, as many whole groups to a row as fit."""
    groups = [np.hstack([tile(photo) for photo in outcome.photos]) for outcome in outcomes]
    abreast = max(COLUMNS // len(outcomes[0].photos), 1)
    groups += [np.zeros_like(groups[0])] * (-len(groups) % abreast)
    rows = [np.hstack(groups[i : i + abreast]) for i in range(0, len(groups), abreast)]
    return np.vstack(rows)


def tile(photo: Float) -> Float:
    """The photo's middle square, reduced."""
    height, width = photo.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    square = photo[top : top + side, left : left + side]
    return np.asarray(cv2.resize(square, (TILE, TILE), interpolation=cv2.INTER_AREA))


def read_pairs(path: Path, start: int, stop: int | None) -> list[tuple[str, str]]:
    """The rows `start` to `stop` of the list."""
    with path.open(newline="") as file:
        rows = [(row["source"], row["target"]) for row in csv.DictReader(file)][start:stop]
    if not rows:
        raise SystemExit(f"{path}: no pairs from {start} to {stop}")
    return rows


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pairs", type=Path, required=True, help="CSV: source, target")
    parser.add_argument("--photos", type=Path, required=True, help="folder of the photographs")
    parser.add_argument("-o", "--output", type=Path, required=True, help="the sheet")
    parser.add_argument("--start", type=int, default=0, help="first row, from 0")
    parser.add_argument("--stop", type=int, help="row to stop before")
    parser.add_argument("--baseline", action="store_true", help="add PRNet's procedure")
    parser.add_argument("--identity-net", type=Path, help="face-api's npm archive")
    return parser.parse_args()


def run(options: argparse.Namespace) -> list[Outcome]:
    """Swap and measure all pairs."""
    net = IdentityNet(options.identity_net) if options.identity_net else None
    model = load_model()
    outcomes = []
    pairs = read_pairs(options.pairs, options.start, options.stop)
    with click.progressbar(pairs, file=sys.stderr, label="pairs") as bar:
        for names in bar:
            source, target = (
                model.observe(images.read(options.photos / name).pixels, "largest", name=name)[0]
                for name in names
            )
            results = swapped(source, target, model, options.baseline)
            outcomes.append(measured(" -> ".join(names), source, target, results, net))
    return outcomes


def main() -> None:
    """Make the sheet and print the table."""
    options = arguments()
    try:
        outcomes = run(options)
        images.write(options.output, images.Image(sheet(outcomes)))
    except FacelabError as error:
        raise SystemExit(str(error)) from error
    print_table(outcomes)


if __name__ == "__main__":
    main()
