"""Data sets made without networks: photographs, and a maker of samples that may go wrong.

Other processes load this module for each test: nothing in it needs torch.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from facelab import atlas
from facelab.augment.formats import named
from facelab.augment.ground_truth import GroundTruth
from facelab.augment.report.dataset_card import Facts
from facelab.augment.run import DataSet, run
from facelab.augment.sample import Sample, Source
from facelab.augment.store import Store
from facelab.augment.style import Style
from facelab.errors import ImageError, NoFaceError
from facelab.types import PositionMap
from tests.tasks import kill, once

SIDE = 40
PEOPLE = ("anna", "bert", "cleo")


def flat_face():
    """A face drawn flat in the middle of a sample."""
    v, u = np.indices((256, 256), np.float32) / 255 * 0.8 + 0.1
    return PositionMap(np.dstack([SIDE * u, SIDE * v, 0 * u]), atlas.canonical())


def photographs(folder):
    """A folder of three people's photographs, good enough for `look`."""
    folder = Path(folder)
    for person in PEOPLE:
        (folder / person).mkdir(parents=True)
        (folder / person / "photo.jpg").write_bytes(person.encode())
    return folder


def look(item):
    """Stands for finding the face of a photograph."""
    if item.file.read_bytes() == b"faceless":
        raise NoFaceError(f"{item.file}: no face found; give another photograph")
    if item.file.read_bytes() == b"corrupt":
        raise ImageError(f"{item.file}: not an image; convert it")


@dataclass(frozen=True)
class Maker:
    """Makes samples of one face in noise; dies at a sample, once or always, or is interrupted."""

    plan: object
    marker: Path | None = None
    dies_at: int = -1
    always: bool = False
    interrupted_at: int = -1

    def __call__(self, index):
        if index == self.dies_at and (self.always or once(self.marker)):
            kill()
        if index == self.interrupted_at:
            raise KeyboardInterrupt
        place = self.plan.place(index)
        item, variant = place.item, place.variant
        rng = np.random.default_rng([self.plan.seed, int(item.sha256[:32], 16), variant])
        return Sample(
            index=index,
            variant=variant,
            split=item.split,
            image=rng.random((SIDE, SIDE, 3), np.float32),
            positions=flat_face(),
            occlusion=np.zeros((SIDE, SIDE), np.float32),
            steps=[("stain", {"strength": 0.5})],
            sources=[Source("face", item.file.name, item.sha256, item.identity)],
            truth=GroundTruth.of_photograph((SIDE, SIDE)),
        )


def job(faces, url, count=12, form="folder", seed=5, recipe=None, variants=1, **trouble):
    """A data set of small pictures without maps."""
    style = Style(seed=seed, suffix=".png", maps=())
    facts = Facts(form, style, recipe or {"steps": []}, count, variants=variants)
    return DataSet(
        faces, Store(str(url)), facts, look, partial(Maker, **trouble), {"networks": "none"}
    )


def make(engine, *arguments, **options):
    """Make a data set, and give the summary."""
    return run(job(*arguments, **options), engine, lambda *_: None)


def content(url):
    """Every file of a data set but the lock: name to bytes."""
    store = Store(str(url))
    return {name: store.read(name) for name in store.names() if name != ".facelab.lock"}


def whole(folder, form="folder"):
    """Which samples a data set that was stopped has, each of them checked to be whole."""
    style = Style(seed=5, suffix=".png", maps=())
    store = Store(str(folder))
    found = {record["index"] for record in named(form)(style).records(store, range(1000))}
    assert not [name for name in store.names() if name.endswith(".part")]
    return found
