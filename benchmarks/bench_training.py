"""What training data is worth: landmark errors of small networks trained on it.

    python benchmarks/bench_training.py --photographs FOLDER --held-out FOLDER --work FOLDER \
        --ablate wide [--labelled FOLDER]

The same small network is trained, for as many steps on as many samples, on the photographs as they
are (``plain``), with augmentation in two dimensions (``2-D``), and on what ``facelab augment``
makes of them by recipes, alone and with augmentation in two dimensions on top. It is tested on
photographs of other people that are held out, as they are and rendered anew, and on real
photographs with labels of their own, in 300W-LP's form (AFLW2000-3D, or one's own). Only these say
what the data is worth: a test that was rendered as the training set was flatters that set.

Samples and networks are kept in the work folder, and a run that was stopped goes on. Begin another
when the code of facelab has changed. Needs torch.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")  # a network so small gains nothing from more

import intervals
import numpy as np
from ablation import Recipe, each_alone, without_each
from crops import SIDE, Crops, errors, labelled_photographs
from plane import Batch, augmented, upright
from regressor import BATCH, Draw, Regressor, predicted, restored, store, trained

import facelab
from facelab.augment.engines import Engine, load_engine
from facelab.benchmark.measures import bin_names, bin_of
from facelab.files.writing import write_bytes_atomically
from facelab.numerics.arrays import Float
from facelab.provenance import file_sha256
from samples import content, samples

RECIPES = Path(__file__).parent / "recipes"
PLAIN, PLANE = "plain", "2-D"
TESTS = ("plain", "lit", "turned", "drawn")  # recipes of the rendered tests
TEST_SIZE = 600  # samples of each of them
TRAINED, TESTED = 1, 2  # seeds of samples: who is drawn in a test is in no training set

Errors = dict[str, list[Float]]  # by training set: (photographs,) of each seed


@dataclass(frozen=True, slots=True)
class TrainingSet:
    """Samples by a recipe, and whether they are augmented in two dimensions on top."""

    name: str
    recipe: Recipe
    plane: bool = False


def training_sets(recipes: Sequence[str], ablated: Sequence[str]) -> list[TrainingSet]:
    """What networks are trained on: plain, 2-D, each recipe, and those to ablate step by step."""
    plain = content(RECIPES / f"{PLAIN}.yaml")
    out = [TrainingSet(PLAIN, plain), TrainingSet(PLANE, plain, plane=True)]
    for given in dict.fromkeys([*recipes, *ablated]):
        name, recipe = Path(given).stem, content(given)
        out += [TrainingSet(name, recipe), TrainingSet(f"{name} + {PLANE}", recipe, plane=True)]
        if given in ablated:
            out += _ablations(name, recipe)
    return out


def _ablations(name: str, recipe: Recipe) -> Iterator[TrainingSet]:
    for step, rest in without_each(recipe).items():
        yield TrainingSet(f"{name} without {step} + {PLANE}", rest, plane=True)
    for step, alone in each_alone(recipe).items():
        yield TrainingSet(f"{step} of {name} + {PLANE}", alone, plane=True)


@dataclass(frozen=True, slots=True)
class Workshop:
    """Makes samples, trains networks, and keeps both in a folder.

    Parameters
    ----------
    folder : Path
    engine : Engine
        Makes samples, and trains networks side by side.
    photographs : Path
        The folder of those to train on.
    count, draws, steps : int
        Of renders in a training set, of samples that each serves, and of gradient descent.
    """

    folder: Path
    engine: Engine
    photographs: Path
    count: int
    draws: int
    steps: int

    def samples(self, recipe: Recipe, photographs: Path, count: int, seed: int) -> Crops:
        """Samples of a recipe."""
        asked = recipe, _contents(photographs), count, seed
        folder = self.folder / "samples" / _digest(*asked)
        return samples(recipe, photographs, count, seed, folder, self.folder, self.engine)

    def crops(self, training: TrainingSet) -> Crops:
        """The samples of a training set."""
        count = self.count * self.draws
        return self.samples(self._drawn(training), self.photographs, count, TRAINED)

    def train(self, training: TrainingSet, seed: int) -> None:
        """Train a network on a set, unless it was; the samples must be there."""
        file = self._file_of(training, seed)
        if not file.exists():
            file.parent.mkdir(parents=True, exist_ok=True)
            crops = self.crops(training)
            mean = upright(crops)[1].mean(axis=0)
            store(trained(_draw(crops, training.plane), mean, SIDE, self.steps, seed), file)

    def network(self, training: TrainingSet, seed: int) -> Regressor:
        """A network that was trained on a set."""
        return restored(self._file_of(training, seed), SIDE)

    def _drawn(self, training: TrainingSet) -> Recipe:
        return {**training.recipe, "variants": self.draws}

    def _file_of(self, training: TrainingSet, seed: int) -> Path:
        samples = self._drawn(training), _contents(self.photographs), self.count
        name = _digest(*samples, training.plane, self.steps, seed)
        return self.folder / "networks" / f"{name}.safetensors"

    def tests(
        self, held_out: Path | None, labelled: Sequence[Path], first: int
    ) -> dict[str, Crops]:
        """What networks are tested on, by name: rendered samples and real photographs."""
        recipes = {name: content(RECIPES / f"{name}.yaml") for name in TESTS}
        rendered = {
            f"held out, {name}": self.samples(recipe, held_out, TEST_SIZE, TESTED)
            for name, recipe in (recipes.items() if held_out else ())
        }
        real = {f"labelled, {one.name}": labelled_photographs(one, first) for one in labelled}
        return rendered | real


def _draw(crops: Crops, plane: bool) -> Draw:
    """Draws batches of faces, augmented in two dimensions or as they are."""
    images, landmarks = upright(crops)

    def draw(rng: np.random.Generator) -> Batch:
        rows = rng.integers(len(crops), size=BATCH)
        return augmented(crops, rows, rng) if plane else (images[rows], landmarks[rows])

    return draw


def _digest(*parts: object) -> str:
    said = json.dumps([facelab.__version__, *parts], sort_keys=True)
    return hashlib.sha256(said.encode()).hexdigest()[:24]


def _contents(folder: Path) -> list[str]:
    return sorted(file_sha256(file) for file in folder.rglob("*") if file.is_file())


def _train(shared: tuple[Workshop, Sequence[TrainingSet], int], number: int) -> int:
    workshop, sets, seed = shared
    workshop.train(sets[number], seed)
    return number


def measured(
    workshop: Workshop, sets: Sequence[TrainingSet], tests: dict[str, Crops], seeds: int
) -> Iterator[dict[str, Errors]]:
    """The errors by test, after each training seed."""
    out: dict[str, Errors] = {test: {one.name: [] for one in sets} for test in tests}
    for training in sets:
        _say(training.name)
        workshop.crops(training)
    start, done = time.perf_counter(), 0
    for seed in range(seeds):
        for number in workshop.engine.map(_train, (workshop, sets, seed), range(len(sets))):
            done += 1
            left = (time.perf_counter() - start) / done * (seeds * len(sets) - done)
            _say(f"seed {seed}, {sets[number].name}: trained; {left / 60:.0f} minutes left")
        for training in sets:
            network = workshop.network(training, seed)
            for test, crops in tests.items():
                found = predicted(network, upright(crops)[0])
                out[test][training.name].append(errors(found, crops))
        yield out


def tables(figures: dict[str, Errors], tests: dict[str, Crops]) -> str:
    """For each test in Markdown: errors by yaw, and how far they are below the first set's."""
    parts = [part for test in figures for part in _of_test(test, figures[test], tests[test].yaw)]
    return "\n\n".join(parts) + "\n"


def _of_test(test: str, by_set: Errors, yaw: Float) -> Iterator[str]:
    groups = _groups(yaw)
    head = [f"{name} ({rows.sum()})" for name, rows in groups.items()]
    lines = {name: np.stack(each).astype(np.float64) for name, each in by_set.items()}
    first, *others = lines
    error = {
        name: [intervals.mean(each[:, rows]) for rows in groups.values()]
        for name, each in lines.items()
    }
    gain = {
        name: [
            intervals.gain(lines[name][:, rows], lines[first][:, rows]) for rows in groups.values()
        ]
        for name in others
    }
    yield _table(f"{test}: error", head, error)
    if gain:
        yield _table(f"{test}: better than {first} by", head, gain)


def _groups(yaw: Float) -> dict[str, np.ndarray]:
    """Which faces are in each range of yaw that there is, and in all."""
    bins = np.array([bin_of(each) for each in yaw])
    groups = {name: bins == name for name in bin_names() if (bins == name).any()}
    return {**groups, "all": np.ones(len(bins), bool)}


def _table(title: str, head: Sequence[str], rows: dict[str, list[intervals.Estimate]]) -> str:
    lines = [f"| {title} | " + " | ".join(head) + " |", "|---|" + "---|" * len(head)]
    lines += [f"| {name} | " + " | ".join(map(str, cells)) + " |" for name, cells in rows.items()]
    return "\n".join(lines)


def _say(text: str) -> None:
    print(text, flush=True)


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--photographs", type=Path, required=True, help="to train on")
    add("--work", type=Path, required=True, help="where samples and networks are kept")
    add("--held-out", type=Path, help="photographs of others, to render tests of")
    add("--labelled", type=Path, action="append", default=[], help="real photographs to test on")
    add("--first-pixel", type=int, choices=(0, 1), default=0, help="what their labels call it")
    add("--recipe", action="append", default=[], help="a recipe or its name; more than one")
    add("--ablate", action="append", default=[], help="a recipe, and it by its steps")
    add("--sets", help="names of training sets with commas between; by default all")
    add("--list", action="store_true", help="say what the training sets are called")
    add("--count", type=int, default=2400, help="renders in a training set")
    add("--draws", type=int, default=1, help="samples of each, with light drawn anew")
    add("--steps", type=int, default=1200, help="of gradient descent")
    add("--seeds", type=int, default=3, help="networks trained on each set")
    add("--workers", type=int, default=2, help="processes")
    return parser.parse_args()


def chosen(sets: Sequence[TrainingSet], names: str | None) -> list[TrainingSet]:
    """The sets of these names, in their order; all without any."""
    if names is None:
        return list(sets)
    by_name = {one.name: one for one in sets}
    wanted = [name.strip() for name in names.split(",")]
    for name in wanted:
        if name not in by_name:
            raise SystemExit(f"--sets: {name!r} is none of {', '.join(by_name)}")
    return [by_name[name] for name in wanted]


def main() -> None:
    given = parsed()
    sets = chosen(training_sets(given.recipe, given.ablate), given.sets)
    if given.list:
        _say("\n".join(one.name for one in sets))
        return
    engine = load_engine(workers=given.workers)
    sizes = given.count, given.draws, given.steps
    workshop = Workshop(given.work, engine, given.photographs, *sizes)
    tests = workshop.tests(given.held_out, given.labelled, given.first_pixel)
    for figures in measured(workshop, sets, tests, given.seeds):
        text = tables(figures, tests)
        write_bytes_atomically(given.work / "tables.md", text.encode())
    _say(f"\nlandmark error, % of the box; 95 % intervals\n\n{text}")


if __name__ == "__main__":
    main()
