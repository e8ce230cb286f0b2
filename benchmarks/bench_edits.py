"""Milliseconds of each edit on a face of 512 and of 1024 texels, and of recipes a photograph.

    python benchmarks/bench_edits.py [--rounds 9] [--photographs FOLDER]

Time is one thread's of the processor. The face is the samples' astronaut, its parts known; edits
take turns. A recipe is done to each photograph, from file to file, by the command's own task:
one after the other, and two at a time by the clock.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from pathlib import Path

import cv2
import numpy as np

import facelab
from facelab import recipe_files
from facelab.cli.batch import Batch
from facelab.cli.recipes import RecipeTask
from facelab.edits import EDITS, Edit
from facelab.edits.edit import Picture, References
from facelab.face.mouth import fit_lips
from facelab.face.quality import believed
from facelab.face.texture import unwrap
from facelab.model import FaceModel
from facelab.numerics.memory import keep_freed
from facelab.recipe import read_recipe
from facelab.recipe.runner import RecipeRunner, prepare
from facelab.recipe.steps import make_step
from facelab.reconstruct.networks import Networks
from facelab.types import Face

SAMPLES = Path(__file__).parent.parent / "samples"
SIZES = (512, 1024)
# What edits need for something to happen, where their defaults ask for nothing.
ASKED: dict[str, dict[str, object]] = {
    "tone": {"exposure": 0.5},
    "reshape": {"smile": 0.7},
    "turn": {"yaw": 8.0},
    "turn-light": {"turn": 60.0},
}
RECIPES = ("make-up-evening", "make-up-natural", "clean-up")


def face_of(model: FaceModel, size: int) -> Face:
    """The sample's face on a texture of `size`."""
    (seen,) = model.observe(SAMPLES / "astronaut.png", "largest")
    parsing = believed(seen.parsing, seen.positions)
    positions = fit_lips(seen.image, seen.positions, parsing)
    return Face(positions, unwrap(seen.image, positions, size, parsing))


def edits() -> list[Edit]:
    """Every edit, with what it is made of."""
    made = []
    for kind in EDITS:
        keys = dict(ASKED.get(kind.name, {}))
        inputs = {"reference": "other", "references": ("other",)}
        fields = kind.__dataclass_fields__
        keys |= {key: value for key, value in inputs.items() if key in fields}
        step = make_step(kind.name, keys)
        assert isinstance(step, Edit)
        made.append(step)
    return made


def references(edit: Edit, face: Face) -> References:
    """A picture or a face, whichever an edit needs."""
    if not edit.needs_picture:
        return {"other": face}
    colour = np.full((256, 256, 3), 0.4, np.float32)
    return {"other": Picture(colour, np.full((256, 256), 0.5, np.float32))}


def medians(calls: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Milliseconds of the processor that each call takes, the median of rounds by turns."""
    for call in calls.values():
        call()
    spent: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(rounds):
        for name, call in calls.items():
            start = time.process_time()
            call()
            spent[name].append(time.process_time() - start)
    return {name: 1000 * float(np.median(times)) for name, times in spent.items()}


def whole(recipe: str, photographs: Sequence[Path], output: Path) -> tuple[float, float]:
    """Milliseconds of the processor a photograph, one by one; photographs a second, two at once."""
    networks = Networks()
    task = RecipeTask("edit", read_recipe(recipe), networks, "unspecified")
    jobs = Batch(photographs, output, overwrite=True, quiet=True).pictures(".png")
    model, ready = FaceModel(networks.load(), networks), Future[RecipeRunner]()
    ready.set_result(prepare(task.recipe, model, said=task.said))
    task.perform(jobs[0], model, ready)
    start = time.process_time()
    for job in jobs:
        task.perform(job, model, ready)
    alone = 1000 * (time.process_time() - start) / len(jobs)
    begun = time.perf_counter()
    for _ in task.carry_out(jobs):
        pass
    return alone, len(jobs) / (time.perf_counter() - begun)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--photographs", type=Path, default=SAMPLES)
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    keep_freed()
    model = facelab.load_model()
    table: dict[str, list[float]] = {}
    for size in SIZES:
        face = face_of(model, size)
        calls = {
            edit.name: (lambda edit=edit, face=face: edit(face, references(edit, face)))
            for edit in edits()
        }
        for name, spent in medians(calls, arguments.rounds).items():
            table.setdefault(name, []).append(spent)
    print(f"{'edit':16}" + "".join(f"{size:>9}" for size in SIZES))
    for name, figures in table.items():
        print(f"{name:16}" + "".join(f"{figure:9.1f}" for figure in figures))
    shipped = recipe_files.shipped("edit")
    photographs = sorted(file for file in arguments.photographs.iterdir() if file.is_file())
    photographs = [file for file in photographs if file.suffix in (".png", ".jpg")]
    print(f"\n{'recipe':20}  ms a photograph  photographs a second, two at a time")
    for recipe in (name for name in RECIPES if name in shipped):
        with tempfile.TemporaryDirectory() as folder:
            alone, together = whole(recipe, photographs, Path(folder))
        print(f"{recipe:20}  {alone:15.0f}  {together:35.1f}")


if __name__ == "__main__":
    main()
