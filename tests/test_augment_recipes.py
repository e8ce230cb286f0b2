"""The augmentation recipes that come along: each makes samples that are what they claim."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from facelab.augment.generate import Generator
from facelab.augment.plan import Item, Plan
from facelab.augment.portrait_cache import PortraitCache
from facelab.augment.template import read_template
from facelab.geometry.pose import estimate
from facelab.images import Image, write
from facelab.provenance import file_sha256
from tests.synthetic import StubReconstructor, canonical, photograph

RECIPES = sorted((Path(__file__).parent.parent / "recipes" / "augment").glob("*.yaml"))
FACE = canonical(scale=9, origin=(105, 125, 0))


def segmenter():
    """The left half is a person."""

    def segment(image):
        matte = np.zeros(image.shape[:2], np.float32)
        matte[:, : image.shape[1] // 2] = 1
        return matte

    return segment


@pytest.fixture(scope="module")
def samples(tmp_path_factory):
    """How to make samples of a recipe from two photographs of two people."""
    folder = tmp_path_factory.mktemp("augment")
    head = photograph("astronaut.png", slice(0, 256), slice(96, 352))
    items = []
    for name, image in (("a", head), ("b", head[:, ::-1])):
        write(folder / f"{name}.png", Image(image))
        items.append(
            Item(folder / f"{name}.png", file_sha256(folder / f"{name}.png"), name, "train")
        )

    def made(path, count):
        template = read_template(path)
        load = segmenter if template.needs_matte else None
        sources = PortraitCache(folder / path.stem, lambda: StubReconstructor(FACE), "k" * 64, load)
        generator = Generator(Plan(items, count, template.seed), template, sources)
        return [generator(index) for index in range(count)]

    return made


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_recipe(path, samples):
    first = path.read_text(encoding="utf-8").splitlines()[0]
    assert first.startswith("# ")
    made = samples(path, 8)
    for sample in made:
        assert sample.image.shape == (256, 256, 3)
        assert np.isfinite(sample.image).all()
        assert 0 <= sample.image.min() <= sample.image.max() <= 1
        assert sample.image.std() > 0.01
        low, high = sample.positions.landmarks[:, :2].min(), sample.positions.landmarks[:, :2].max()
        assert -64 < low < high < 320
    assert len({sample.image.tobytes() for sample in made}) == len(made)
    taken = {name for sample in samples(path, 24) for name, _ in sample.steps}
    assert len(taken) >= min(len(read_template(path).steps), 12)


def test_profiles_are_spread(samples):
    (path,) = (path for path in RECIPES if path.stem == "profiles")
    yaws = [estimate(sample.positions).yaw for sample in samples(path, 24)]
    assert min(yaws) < -50
    assert max(yaws) > 50


def test_masked_faces_say_so(samples):
    (path,) = (path for path in RECIPES if path.stem == "masked")
    hidden = [sample.occlusion.mean() > 0.02 for sample in samples(path, 24)]
    assert 0.5 < np.mean(hidden) < 1
