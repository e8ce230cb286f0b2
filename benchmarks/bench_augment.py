"""Images per second of ``facelab augment`` by engine and workers, and where the time goes.

    python benchmarks/bench_augment.py --photographs FOLDER [--recipe FILE] [--count 200]

Every configuration makes the same data set into a new folder from photographs that were looked at
before; the seconds are those from the first sample to the last. The stages are those of one
process: drawing a sample (by step), its labels, its maps, its files.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", MKL_NUM_THREADS="1")

import cv2
import numpy as np

from facelab.augment import generate
from facelab.augment.engines import load_engine
from facelab.augment.labels import describe, subject_of
from facelab.augment.maps import MAPS, encode, maps
from facelab.augment.photographs import find
from facelab.augment.plan import Plan
from facelab.augment.request import DataSetRequest, data_set_of
from facelab.augment.run import AUGMENTING, run
from facelab.images import Image, encoded
from facelab.reconstruct.networks import Networks

RECIPE = Path(__file__).parent.parent / "recipes" / "augment" / "wide.yaml"
CONFIGURATIONS = (("local", 1), ("local", 2), ("dask", 1), ("dask", 2))
STAGED = 60  # samples whose stages are timed


class Stopwatch:
    """Remembers when samples were begun and done."""

    def __init__(self) -> None:
        self.times: list[float] = []

    def __call__(self, stage: str, *_: int) -> None:
        """A `facelab.augment.run.OnProgress`."""
        if stage == AUGMENTING:
            self.times.append(time.perf_counter())


def asked(options: argparse.Namespace, output: Path, cache: Path) -> DataSetRequest:
    """The command's arguments."""
    return DataSetRequest(
        recipe=options.recipe,
        faces=options.photographs,
        output=str(output),
        count=options.count,
        seed=1,
        format="folder",
        maps=options.maps,
        cache=cache,
        consent="unspecified",
        licence="unspecified",
        networks=Networks(),
    )


def rate(options: argparse.Namespace, engine: str, workers: int, cache: Path) -> float:
    """Images per second of one run, its workers' start left out."""
    with tempfile.TemporaryDirectory() as output:
        watch = Stopwatch()
        run(data_set_of(asked(options, Path(output), cache)), load_engine(engine, workers), watch)
    first = watch.times[workers]  # until then the workers load
    return (options.count - workers) / (watch.times[-1] - first)


Call = Callable[..., Any]


def timed(total: dict[str, float], name: str, function: Call, *given: object) -> Any:  # noqa: ANN401
    """What a function gives; its seconds are added to those of its name."""
    start = time.perf_counter()
    result = function(*given)
    total[name] += time.perf_counter() - start
    return result


def stages(options: argparse.Namespace, cache: Path) -> dict[str, float]:
    """Milliseconds a sample spends in each stage, one process."""
    with tempfile.TemporaryDirectory() as output:
        data_set = data_set_of(asked(options, Path(output), cache))
    items, *_ = find(options.photographs, 1)
    make = data_set.generator_of(Plan(items, options.count, 1))
    make(0)
    total: dict[str, float] = defaultdict(float)
    done, edited = generate._done, generate._edited
    generate._done = lambda scene, step, *rest: timed(
        total, f"step {step.name}", done, scene, step, *rest
    )
    generate._edited = lambda *given: timed(total, "edits, put back", edited, *given)
    for index in range(1, 1 + STAGED):
        sample = timed(total, "sample, whole", make, index)
        subject = subject_of(sample)
        timed(total, "label record", describe, sample, subject, 1, {})
        arrays = timed(total, "maps", maps, sample, subject, tuple(MAPS))
        timed(total, "maps, packed", encode, arrays)
        timed(total, "JPEG", encoded, "a.jpg", Image(sample.image))
    generate._done, generate._edited = done, edited
    return {name: 1000 * seconds / STAGED for name, seconds in total.items()}


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photographs", type=Path, required=True)
    parser.add_argument("--recipe", type=Path, default=RECIPE)
    parser.add_argument("--maps", default="all")
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    cv2.setNumThreads(1)
    with tempfile.TemporaryDirectory() as folder:
        cache = Path(folder)
        rate(options, "local", 2, cache)  # fills the cache
        rates: dict[tuple[str, int], list[float]] = defaultdict(list)
        for _ in range(options.rounds):
            for engine, workers in CONFIGURATIONS:
                rates[engine, workers].append(rate(options, engine, workers, cache))
        print("| engine | workers | images a second | a second and core |\n|---|---|---|---|")
        for (engine, workers), found in rates.items():
            median = float(np.median(found))
            print(f"| {engine} | {workers} | {median:.2f} | {median / workers:.2f} |")
        print("\n| stage, one process | ms a sample |\n|---|---|")
        for name, spent in sorted(stages(options, cache).items(), key=lambda one: -one[1]):
            print(f"| {name} | {spent:.1f} |")


if __name__ == "__main__":
    main()
