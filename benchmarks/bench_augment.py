"""Images per second of ``facelab augment`` by engine and workers, and where the time goes.

    python benchmarks/bench_augment.py --photographs FOLDER [--recipe FILE] [--count 200]
    python benchmarks/bench_augment.py --photographs FOLDER --draws

Every configuration makes the same data set into a new folder from photographs that were looked at
before; the seconds are those from the first sample to the last. The stages are those of one
process: drawing a sample (by step), its labels, its maps, its files.

With ``--draws`` it is the samples a second that `facelab.AugmentedFaces` draws from renders that
are kept, 256 px, in seconds of one core; beside a pipeline of albumentations, if that is installed,
on the same pictures in memory.
"""

from __future__ import annotations

import argparse
import importlib.util
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
from facelab.augment.dataset import AugmentedFaces
from facelab.augment.engines import load_engine
from facelab.augment.heads import plan_of
from facelab.augment.labels import describe, subject_of
from facelab.augment.maps import MAPS, encode, maps
from facelab.augment.photographs import find
from facelab.augment.request import DataSetRequest, data_set_of
from facelab.augment.run import AUGMENTING, run
from facelab.augment.template import read_template
from facelab.images import Image, encoded
from facelab.reconstruct.networks import Networks

RECIPE = Path(__file__).parent.parent / "recipes" / "augment" / "wide.yaml"
CONFIGURATIONS = (("local", 1), ("local", 2), ("dask", 1), ("dask", 2))
WARM, STAGED = 24, 60  # samples before, and those whose stages are timed


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
    """What a function gives; its seconds of a core are added to those of its name."""
    start = time.process_time()
    result = function(*given)
    total[name] += time.process_time() - start
    return result


def stages(options: argparse.Namespace, cache: Path) -> dict[str, float]:
    """Milliseconds of a core that a sample takes in each stage, one process.

    Every stage is told as often as samples come to it, and what is in a stage of its own is in that
    of the whole, too.
    """
    with tempfile.TemporaryDirectory() as output:
        data_set = data_set_of(asked(options, Path(output), cache))
    items, *_ = find(options.photographs, 1)
    template = read_template(options.recipe)
    plan = plan_of(items, options.count, 1, template.variants, template.heads)
    make = data_set.generator_of(plan)
    for index in range(WARM):
        make(index)
    total: dict[str, float] = defaultdict(float)
    done, edited, drawn = generate._apply_step, generate._edit, generate.draw_scene
    generate._apply_step = lambda scene, step, *rest: timed(
        total, f"step {step.name}", done, scene, step, *rest
    )
    generate._edit = lambda *given: timed(total, "edits, put back", edited, *given)
    generate.draw_scene = lambda *given: timed(total, "head, drawn", drawn, *given)
    for index in range(WARM, WARM + STAGED):
        sample = timed(total, "sample, whole", make, index)
        subject = subject_of(sample)
        timed(total, "label record", describe, sample, subject, 1, {})
        arrays = timed(total, "maps", maps, sample, subject, tuple(MAPS))
        timed(total, "maps, packed", encode, arrays)
        timed(total, "JPEG", encoded, "a.jpg", Image(sample.image))
    generate._apply_step, generate._edit, generate.draw_scene = done, edited, drawn
    return {name: 1000 * seconds / STAGED for name, seconds in total.items()}


DRAWS = {
    "light": "[light]",
    "light without lamps": "[light: {lamp: 0}]",
    "light, downscale, blur, noise, jpeg": (
        "[light, downscale: {chance: 0.15}, blur: {chance: 0.2}, noise: {chance: 0.3}, "
        "jpeg: {chance: 0.5}]"
    ),
}


def draws(options: argparse.Namespace, folder: Path) -> dict[str, float]:
    """Samples per second of a core, drawn from 32 renders; by photometric steps and place."""
    rates = {}
    photographs = sorted(file for file in options.photographs.iterdir() if file.suffix == ".jpg")
    for name, steps in DRAWS.items():
        recipe = folder / "draws.yaml"
        recipe.write_text(f"version: 1\nsteps: [frame: {{size: 256}}, {steps[1:]}\n")
        for place, kept in (("memory", {"memory": 1000}), ("folder", {"renders": folder / "r"})):
            data = AugmentedFaces(recipe, photographs[:8], 32, cache=folder / "cache", **kept)
            samples = [data[index] for index in range(len(data))]
            start = time.process_time()
            for epoch in range(1, 1 + options.rounds):
                data.set_epoch(epoch)
                for index in range(len(data)):
                    data[index]
            spent = time.process_time() - start
            rates[f"{name}; {place}"] = options.rounds * len(data) / spent
    if importlib.util.find_spec("albumentations"):
        rates["albumentations (colour jitter, gamma, noise, blur)"] = _albumentations(samples)
    return rates


def _albumentations(samples: list[Any]) -> float:
    """Samples per second of a core of what people use for light without facelab."""
    import albumentations

    pipeline = albumentations.Compose(
        [
            albumentations.ColorJitter(p=1),
            albumentations.RandomGamma(p=0.5),
            albumentations.GaussNoise(p=0.3),
            albumentations.GaussianBlur(p=0.2),
            albumentations.ToGray(p=0.3),
        ],
        keypoint_params=albumentations.KeypointParams("xy", remove_invisible=False),
    )
    given = [AugmentedFaces.to_albumentations(sample) for sample in samples]
    start = time.process_time()
    for one in given:
        pipeline(**one)
    return len(given) / (time.process_time() - start)


def main() -> None:
    """Print both tables, or that of draws."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photographs", type=Path, required=True)
    parser.add_argument("--recipe", type=Path, default=RECIPE)
    parser.add_argument("--maps", default="all")
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--draws", action="store_true")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    if options.draws:
        with tempfile.TemporaryDirectory() as folder:
            print("| steps; renders in | samples a second and core |\n|---|---|")
            for name, found in draws(options, Path(folder)).items():
                print(f"| {name} | {found:.0f} |")
        return
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
        print("\n| stage, one process | ms of a core a sample |\n|---|---|")
        for name, spent in sorted(stages(options, cache).items(), key=lambda one: -one[1]):
            print(f"| {name} | {spent:.1f} |")


if __name__ == "__main__":
    main()
