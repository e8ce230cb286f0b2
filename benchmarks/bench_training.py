"""Whether a network learns more from augmented portraits: landmark errors on held-out ones.

    python benchmarks/bench_training.py --photographs FOLDER [--others FOLDER]

The same small network is trained, for as many steps on as many samples, on portraits as they are,
on portraits with what augmentation in two dimensions does, and on those with what facelab does
besides. All are tested on people of the folder that none of them has seen. `--others` holds more
photographs, tested as they are where their faces are turned.

What is turned in the image plane shows a photograph's own pixels; what is turned in yaw was
rendered in the way that also made the training samples of "facelab". The labels are facelab's own
reconstruction, moved with the pixels: an error is a distance to it. Needs torch.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from regressor import Regressor, predicted, trained

from facelab.augment import photographs
from facelab.augment.engines import Engine, load_engine
from facelab.augment.generate import Generator
from facelab.augment.labels import covered
from facelab.augment.plan import Item, Plan
from facelab.augment.portrait_cache import PortraitCache
from facelab.augment.template import Template, parse_template
from facelab.errors import NoFaceError
from facelab.geometry import pose
from facelab.geometry.visibility import visible_landmarks
from facelab.numerics.arrays import Bool, Float
from facelab.reconstruct import load_reconstructor

SIDE = 64  # of the crops, px
TESTED = 2  # of each portrait that is held out
TURNED = 15.0  # degrees of yaw from which a photograph shows a turned face

WIDE = "frame: {size: 144, room: 2.8}"  # all begin with it: a turned head needs room
CROP = (
    f"frame: {{size: {SIDE}, room: {{normal: [1.5, 0.05]}}, "
    "right: {normal: [0, 0.02]}, down: {normal: [0, 0.02]}, roll: %s}"
)
UPRIGHT = CROP % "0"
PLANE = (
    "mirror: {chance: 0.5}",
    f"frame: {{size: {SIDE}, room: {{uniform: [1.3, 1.8]}}, right: {{normal: [0, 0.04]}}, "
    "down: {normal: [0, 0.04]}, roll: {uniform: [-70, 70]}}",
    "camera: {chance: 0.7, exposure: {normal: [0, 0.5]}, contrast: {uniform: [-0.3, 0.3]}, "
    "temperature: {uniform: [-0.6, 0.6]}, saturation: {uniform: [-0.5, 0.3]}}",
    "blur: {chance: 0.2, sigma: {uniform: [0, 1.2]}}",
    "noise: {chance: 0.3, read: {uniform: [0, 0.04]}, shot: {uniform: [0, 0.04]}}",
)
ERASED = (
    "occlude: {chance: 0.3, kind: {choice: [blob, bar, box]}, size: {uniform: [0.2, 0.6]}, "
    "right: {uniform: [-0.5, 0.5]}, down: {uniform: [-0.5, 0.5]}, angle: {uniform: [-180, 180]}, "
    'colour: {choice: ["#7a5c48", "#202020", "#c0b0a0", "#3060a0"]}}'
)
FACE = (
    "swap: {source: other, chance: 0.15}",
    "transplant: {reference: other, regions: {choice: [[eyes], [mouth], [nose]]}, chance: 0.15}",
    "reshape: {chance: 0.3, slim: {uniform: [-0.6, 0.6]}, smile: {uniform: [-0.3, 0.8]}}",
    "relight: {chance: 0.3, azimuth: {uniform: [-90, 90]}, strength: {uniform: [0.3, 0.9]}}",
    "cover: {chance: 0.15, item: {choice: [mask, glasses]}}",
    "profile: {chance: 0.75, yaw: {uniform: [-85, 85]}, pitch: {normal: [0, 10]}}",
)
SHADED = (
    "shade: {chance: %s, dark: {uniform: [0.4, 0.9]}, angle: {uniform: [-180, 180]}, "
    "place: {uniform: [-0.3, 0.3]}, soft: {uniform: [0.02, 0.4]}}"
)

TRAINING: dict[str, tuple[str, ...]] = {
    "plain": (WIDE, UPRIGHT),
    "2-D": (WIDE, ERASED, *PLANE),
    "facelab": (WIDE, *FACE, ERASED, SHADED % "0.25", *PLANE),
}
TESTS: dict[str, tuple[str, ...]] = {
    "upright": (WIDE, UPRIGHT),
    **{
        f"in plane, {angle} degrees": (WIDE, CROP % f"{{choice: [-{angle}, {angle}]}}")
        for angle in (15, 30, 45, 60)
    },
    **{
        f"yaw, {angle} degrees": (
            WIDE,
            f"profile: {{yaw: {{choice: [-{angle}, {angle}]}}}}",
            UPRIGHT,
        )
        for angle in (20, 40, 60, 80)
    },
    "lit from a side": (WIDE, "relight: {azimuth: {choice: [-80, 80]}, strength: 0.9}", UPRIGHT),
    "half in shadow": (WIDE, SHADED % "1", UPRIGHT),
    "mask or glasses": (WIDE, "cover: {item: {choice: [mask, glasses]}}", UPRIGHT),
    "something in front": (WIDE, ERASED.replace("chance: 0.3, ", ""), UPRIGHT),
}


Figures = dict[str, dict[str, list[tuple[float, float]]]]  # by test and training set: by seed


@dataclass(frozen=True, slots=True, eq=False)
class Crops:
    """Faces and where their landmarks are.

    images (n, SIDE, SIDE, 3) uint8; landmarks (n, 68, 2) float32, pixels; shown (n, 68): hidden
    neither by the face itself nor by what is in front of it.
    """

    images: NDArray[np.uint8]
    landmarks: Float
    shown: Bool


def template(steps: Sequence[str]) -> Template:
    lines = ["version: 1", "steps:", *(f"  - {step}" for step in steps)]
    return parse_template("\n".join(lines).encode(), "recipe", Path())


def crop(generator: Generator, index: int) -> tuple[int, Crops]:
    """One sample, with its number."""
    sample = generator(index)
    image = np.rint(sample.image * 255).astype(np.uint8)
    landmarks = sample.positions.landmarks
    shown = visible_landmarks(sample.positions) & ~covered(landmarks, sample.covered)
    return index, Crops(image[None], landmarks[None, :, :2], shown[None])


def rendered(
    engine: Engine,
    portraits: PortraitCache,
    items: Sequence[Item],
    steps: Sequence[str],
    variants: int,
) -> Crops:
    """Samples of some photographs, the variants of one after those of another."""
    plan = Plan(items, len(items) * variants, seed=0)
    generator = Generator(plan, template(steps), portraits)
    tasks = [at + len(items) * variant for at in range(len(items)) for variant in range(variants)]
    found = dict(engine.map(crop, generator, tasks))
    return joined(found[task] for task in tasks)


def joined(crops: Iterable[Crops]) -> Crops:
    parts = list(crops)
    return Crops(
        np.concatenate([part.images for part in parts]),
        np.concatenate([part.landmarks for part in parts]),
        np.concatenate([part.shown for part in parts]),
    )


def yaw(portraits: PortraitCache, item: Item) -> tuple[Item, float | None]:
    """A photograph and how far its face is turned, degrees; None where there is no face."""
    try:
        face = portraits.portrait(item).face
    except NoFaceError:
        return item, None
    return item, pose.estimate(face.positions).yaw


def with_faces(engine: Engine, portraits: PortraitCache, folder: Path) -> dict[Item, float]:
    """The photographs of a folder that show a face, and how far it is turned."""
    items, _ = photographs.find(folder, seed=0)
    found = dict(engine.map(yaw, portraits, items))
    return {item: angle for item in items if (angle := found[item]) is not None}


def errors(network: Regressor, crops: Crops) -> tuple[float, float]:
    """Mean distance over all landmarks and over those that show, % of the root of their box."""
    away = np.linalg.norm(predicted(network, crops.images) - crops.landmarks, axis=2)
    extent = np.ptp(crops.landmarks, axis=1)
    away = 100 * away / np.sqrt(extent.prod(axis=1))[:, None]
    every = away.mean(axis=1)
    shown = (away * crops.shown).sum(axis=1) / crops.shown.sum(axis=1).clip(1)
    return float(every.mean()), float(shown[crops.shown.any(axis=1)].mean())


def training_sets(
    engine: Engine, portraits: PortraitCache, items: Sequence[Item], variants: int
) -> dict[str, Crops]:
    out = {}
    for name, steps in TRAINING.items():
        start = time.perf_counter()
        out[name] = rendered(engine, portraits, items, steps, variants)
        count, seconds = len(out[name].images), time.perf_counter() - start
        print(f"{name}: {count} samples, {count / seconds:.0f} per second", flush=True)
    return out


def test_sets(
    engine: Engine, portraits: PortraitCache, held_out: Sequence[Item], others: Path | None
) -> dict[str, Crops]:
    out = {
        name: rendered(engine, portraits, held_out, steps, TESTED) for name, steps in TESTS.items()
    }
    if others:
        angles = with_faces(engine, portraits, others)
        turned = [item for item, angle in angles.items() if abs(angle) > TURNED]
        name = f"{len(turned)} photographed at a yaw above {TURNED:.0f} degrees"
        out[name] = rendered(engine, portraits, turned, (WIDE, UPRIGHT), 1)
    return out


def measured(sets: dict[str, Crops], tests: dict[str, Crops], steps: int, seeds: int) -> Figures:
    """The errors of networks trained on each set, on each test, one for each seed."""
    out: Figures = {test: {name: [] for name in sets} for test in tests}
    for seed in range(seeds):
        for name, crops in sets.items():
            start = time.perf_counter()
            network = trained(crops.images, crops.landmarks, steps, seed)
            for test, held in tests.items():
                out[test][name].append(errors(network, held))
            print(f"seed {seed}, {name}: {time.perf_counter() - start:.0f} s", flush=True)
    return out


def table(figures: Figures) -> str:
    """In Markdown: medians over training seeds, all landmarks and those that show."""
    names = list(TRAINING)
    lines = ["| tested on | " + " | ".join(names) + " |", "|---|" + "---|" * len(names)]
    for test, by_set in figures.items():
        cells = []
        for name in names:
            every, shown = np.median(by_set[name], axis=0)
            cells.append(f"{every:.1f} ({shown:.1f})")
        lines.append(f"| {test} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photographs", type=Path, required=True)
    parser.add_argument("--others", type=Path, help="more photographs, tested as they are")
    parser.add_argument("--variants", type=int, default=16, help="of each training portrait")
    parser.add_argument("--seeds", type=int, default=3, help="networks trained on each set")
    parser.add_argument("--steps", type=int, default=1200, help="of gradient descent")
    parser.add_argument("--workers", type=int, default=2)
    arguments = parser.parse_args()
    engine = load_engine(workers=arguments.workers)
    with tempfile.TemporaryDirectory() as folder:
        portraits = PortraitCache(Path(folder), load_reconstructor, "default")
        items = list(with_faces(engine, portraits, arguments.photographs))
        train = [item for item in items if item.split == "train"]
        held_out = [item for item in items if item.split != "train"]
        print(f"{len(train)} portraits to train on, {len(held_out)} held out", flush=True)
        sets = training_sets(engine, portraits, train, arguments.variants)
        tests = test_sets(engine, portraits, held_out, arguments.others)
    figures = measured(sets, tests, arguments.steps, arguments.seeds)
    print(f"\nlandmark error in % of the box, all 68 (those that show), {arguments.seeds} seeds\n")
    print(table(figures))


if __name__ == "__main__":
    main()
