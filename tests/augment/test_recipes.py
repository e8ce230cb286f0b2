"""The augmentation recipes that come along: each makes samples that are what they claim."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from facelab.augment.generate import Generator
from facelab.augment.heads import plan_of
from facelab.augment.plan import Item
from facelab.augment.portrait_cache import PortraitCache
from facelab.augment.template import read_template
from facelab.geometry.pose import estimate
from facelab.images import Image, write
from facelab.provenance import file_sha256
from tests.synthetic import StubReconstructor, canonical, photograph

FOLDER = Path(__file__).parent.parent.parent / "recipes" / "augment"
RECIPES = {path.stem: path for path in sorted(FOLDER.glob("*.yaml"))}
COUNT = 16
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
    """The samples of a recipe, by its name, from two photographs of two people."""
    folder = tmp_path_factory.mktemp("augment")
    head = photograph("astronaut.png", slice(0, 256), slice(96, 352))
    items, made = [], {}
    for name, image in (("a", head), ("b", head[:, ::-1])):
        write(folder / f"{name}.png", Image(image))
        items.append(
            Item(folder / f"{name}.png", file_sha256(folder / f"{name}.png"), name, "train")
        )

    def make(path):
        template = read_template(path)
        load = segmenter if template.needs_matte else None
        sources = PortraitCache(folder / path.stem, lambda: StubReconstructor(FACE), "k" * 64, load)
        plan = plan_of(items, COUNT, template.seed, template.variants, template.heads)
        generator = Generator(plan, template, sources)
        return [generator(index) for index in range(COUNT)]

    return lambda name: made[name] if name in made else made.setdefault(name, make(RECIPES[name]))


@pytest.mark.parametrize("name", RECIPES)
def test_recipe(name, samples):
    first = RECIPES[name].read_text(encoding="utf-8").splitlines()[0]
    assert first.startswith("# ")
    made = samples(name)
    for sample in made:
        assert sample.image.shape == (256, 256, 3)
        assert np.isfinite(sample.image).all()
        assert 0 <= sample.image.min() <= sample.image.max() <= 1
        assert sample.image.std() > 0.01
        low, high = sample.positions.landmarks[:, :2].min(), sample.positions.landmarks[:, :2].max()
        assert -64 < low < high < 320
    assert len({sample.image.tobytes() for sample in made}) == len(made)
    taken = {step for sample in made for step, _ in sample.steps}
    assert len(taken) >= min(len(read_template(RECIPES[name]).steps), 12)


def test_profiles_are_spread(samples):
    yaws = [estimate(sample.positions).yaw for sample in samples("profiles")]
    assert min(yaws) < -50
    assert max(yaws) > 50


def test_masked_faces_say_so(samples):
    hidden = [sample.occlusion.mean() > 0.02 for sample in samples("masked")]
    assert 0.5 < np.mean(hidden) < 1
