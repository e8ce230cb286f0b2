"""Samples that come out torn are drawn again, counted, and the same whoever does it."""

from __future__ import annotations

import pickle
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest

from facelab.augment import labels
from facelab.augment.distributions import Choice, Constant, Uniform
from facelab.augment.generate import Generator
from facelab.augment.plan import Item, Plan
from facelab.augment.portrait_cache import PortraitCache
from facelab.augment.redraw import ATTEMPTS, first_whole
from facelab.augment.refuse import Refuse, sight
from facelab.augment.sample import Redraw
from facelab.augment.scene import Augmentation
from facelab.augment.steps.camera import Camera
from facelab.augment.steps.mirror import Mirror
from facelab.augment.steps.noise import Noise
from facelab.augment.template import StepTemplate, Template, is_template, parse_template
from facelab.augment.torn import Torn
from facelab.edits.parameters import number
from facelab.errors import FacelabError, UsageError
from facelab.images import Image, write
from facelab.provenance import file_sha256
from facelab.types import PositionMap
from tests.augmented import SIDE, rectangle, sample, upright
from tests.synthetic import ATLAS, StubReconstructor, canonical, frozen, noise, plain


@dataclass(frozen=True, kw_only=True)
class Tear(Augmentation):
    """Tears every scene whose value is beyond a bound."""

    name: ClassVar[str] = "tear"
    value: float = number(0.0, 0.0, 1.0, "how far")
    most: float = number(0.5, 0.0, 1.0, "the most that is whole")

    def __call__(self, scene):
        if self.value > self.most:
            raise Torn("stretch", self.value)
        return scene


def attempts(torn):
    """Draws for `first_whole` that note what they are asked for; the first ones are torn."""
    asked = []

    def draw(attempt, without):
        asked.append((attempt, without))
        if attempt < torn:
            raise Torn("stretch", float(attempt), "profile")
        return f"attempt {attempt}"

    return draw, asked


def anything(_):
    """A sample is taken as it is."""


# --- The attempts ------------------------------------------------------------------------------


def test_a_whole_sample_is_drawn_once():
    draw, asked = attempts(0)
    assert first_whole(draw, anything) == ("attempt 0", ())
    assert asked == [(0, frozenset())]


def test_each_attempt_says_why_it_was_made():
    draw, asked = attempts(3)
    found, redrawn = first_whole(draw, anything)
    assert asked == [(attempt, frozenset()) for attempt in range(4)]
    assert found == "attempt 3"
    assert redrawn == tuple(Redraw("stretch", float(k), "profile") for k in range(3))


def test_in_the_end_what_tears_is_left_out():
    draw, asked = attempts(ATTEMPTS)
    _, redrawn = first_whole(draw, anything)
    assert asked[-1] == (ATTEMPTS, frozenset({"profile"}))
    assert len(redrawn) == ATTEMPTS


def test_what_never_becomes_whole_is_an_error_of_one_line():
    draw, asked = attempts(1000)
    with pytest.raises(FacelabError, match=r"torn 10 times \(stretch\); take out") as caught:
        first_whole(draw, anything)
    assert len(asked) == 2 * ATTEMPTS
    assert "\n" not in str(caught.value)


def test_a_sample_that_shows_too_little_is_drawn_again_but_not_for_ever():
    draw, asked = attempts(0)

    def refuse(one):
        raise Torn("covered", 0.9)

    assert first_whole(draw, refuse) == (
        f"attempt {ATTEMPTS}",
        (Redraw("covered", 0.9),) * ATTEMPTS,
    )
    assert len(asked) == ATTEMPTS + 1


def test_torn_samples_say_why_in_other_processes_too():
    again = pickle.loads(pickle.dumps(Torn("stretch", 2.5, "profile")))
    assert (again.reason, again.value, again.step) == ("stretch", 2.5, "profile")
    assert str(again) == "stretch: 2.5"
    assert str(Torn("fold")) == "fold"


# --- The measures ------------------------------------------------------------------------------


def reason(one, **bounds):
    """Why a sample is refused, and the value."""
    try:
        Refuse(**bounds).check_face(one)
        Refuse(**bounds).check_light(one.image, sight(one))
    except Torn as torn:
        return torn.reason, round(torn.value, 3)
    return None


def test_an_ordinary_sample_is_not_refused():
    assert reason(sample()) is None
    assert reason(sample(upright(yaw=80))) is None
    assert reason(sample(covered=rectangle(slice(64), ...))) is None


def moved(x):
    return PositionMap(frozen(upright().values + np.float32([x, 0, 0])), ATLAS)


def test_faces_out_of_sight_are_refused():
    assert reason(sample(moved(45))) is None
    assert reason(sample(moved(200))) == ("outside", 1.0)
    assert reason(sample(moved(45)), outside=0.1)[0] == "outside"
    assert reason(sample(moved(200)), outside=1.0) is None


def test_small_faces_are_refused():
    small = upright(scale=0.3, origin=(63, 63, 0))
    assert reason(sample(small)) == ("small", round(small.box.size, 3))
    assert reason(sample(small), small=1.0) is None


def test_covered_faces_are_refused():
    cover = rectangle(slice(105), ...)
    assert reason(sample(covered=cover))[0] == "covered"
    assert reason(sample(covered=cover), covered=0.99) is None
    whole = rectangle(slice(SIDE), ...)
    assert reason(sample(covered=whole)) == ("covered", 1.0)
    assert reason(sample(covered=whole), covered=1.0) is None


def test_the_share_covered_is_that_of_the_points_inside():
    half = rectangle(..., slice(64, 128))
    points = labels.points468(upright())
    told = reason(sample(covered=half), covered=0.1)
    assert told == ("covered", round(float((np.rint(points[:, 0]) >= 64).mean()), 3))


def test_nights_and_glare_in_which_nothing_shows_are_refused():
    night = plain((SIDE, SIDE), (0.02, 0.01, 0.02))
    glare = plain((SIDE, SIDE), (1.0, 0.99, 1.0))
    assert reason(sample(image=night))[0] == "dark"
    assert reason(sample(image=glare))[0] == "bright"
    assert reason(sample(image=night), dark=0.0) is None
    lit = np.array(night)
    lit[:, :50] = 0.5  # half-dark faces are wanted
    assert reason(sample(image=frozen(lit))) is None
    hidden = np.array(night)
    hidden[:64] = 0.5
    assert reason(sample(image=frozen(hidden), covered=rectangle(slice(64), ...)))[0] == "dark"


def test_bounds_are_read_from_a_recipe():
    head = "version: 1\nrefuse: {covered: 0.4, small: 30}\nsteps: []\n"
    found = parse_template(head.encode(), "a.yaml", None)
    assert found.refuse == Refuse(covered=0.4, small=30.0)
    assert is_template(head.encode())
    for wrong, message in (
        ("{hidden: 1}", r"a.yaml:2: refuse: no key is called 'hidden'"),
        ("{covered: 2}", r"a.yaml:2: refuse: covered: 2 is not from 0 to 1 \(allowed: 0 to 1\)"),
        ("[1]", "a.yaml:2: refuse: .* is not a map"),
    ):
        with pytest.raises(UsageError, match=message):
            parse_template(f"version: 1\nrefuse: {wrong}\n".encode(), "a.yaml", None)


# --- The generator -----------------------------------------------------------------------------


@pytest.fixture
def items(tmp_path):
    """Photographs of two people."""
    found = []
    for seed, name in enumerate("ab"):
        file = tmp_path / f"{name}.png"
        write(file, Image(noise(100, 120, seed)))
        found.append(Item(file, file_sha256(file), name, "train"))
    return found


def networks():
    return StubReconstructor(canonical(scale=4, origin=(60, 50, 0)))


def generator(items, folder, *steps, **bounds):
    template = Template(steps=[*steps, StepTemplate(Noise, {})], refuse=Refuse(**bounds))
    portraits = PortraitCache(folder / "cache", networks, "k" * 64)
    return Generator(Plan(items, 100, 3), template, portraits)


def tearing(most):
    return StepTemplate(Tear, {"value": Uniform(0.0, 1.0), "most": Uniform(most, most)})


def test_torn_samples_are_drawn_with_the_next_numbers(items, tmp_path):
    often, never = (generator(items, tmp_path, tearing(most)) for most in (0.5, 1.0))
    made = [often(index) for index in range(16)]
    for index, one in enumerate(made):
        first = dict(never(index).steps)["tear"]["value"]
        tries = [redraw.value for redraw in one.redrawn]
        assert all(redraw == Redraw("stretch", redraw.value, "tear") for redraw in one.redrawn)
        assert all(value > 0.5 for value in tries)
        if not tries:  # today's values
            np.testing.assert_array_equal(one.image, never(index).image)
        elif len(tries) < ATTEMPTS:
            assert tries[0] == first
            assert dict(one.steps)["tear"]["value"] <= 0.5
            assert len(set(tries)) == len(tries)
    assert {len(one.redrawn) for one in made} > {0, 1}
    again = generator(items, tmp_path, tearing(0.5))
    for index in reversed(range(16)):
        assert again(index).redrawn == made[index].redrawn
        np.testing.assert_array_equal(again(index).image, made[index].image)


def test_a_step_that_always_tears_is_left_out(items, tmp_path):
    one = generator(items, tmp_path, tearing(0.0))(1)
    assert [name for name, _ in one.steps] == ["noise"]
    assert len(one.redrawn) == ATTEMPTS
    record = labels.describe(one, labels.subject_of(one), 3, {"image": "a.jpg"})
    assert [redraw["step"] for redraw in record["redrawn"]] == ["tear"] * ATTEMPTS


def test_what_a_recipe_refuses_is_drawn_again(items, tmp_path):
    one = generator(items, tmp_path, small=1000.0)(0)
    assert [redraw.reason for redraw in one.redrawn] == ["small"] * ATTEMPTS
    assert one.redrawn[0].value == pytest.approx(one.positions.box.size)


DARKENED = StepTemplate(Camera, {"exposure": Choice((Constant(-3.0), Constant(0.0)))})


def test_light_is_drawn_again_without_its_render(items, tmp_path):
    template = Template(steps=[tearing(0.7), DARKENED], refuse=Refuse(dark=0.5), variants=4)
    portraits = PortraitCache(tmp_path / "cache", networks, "k" * 64)
    made = [Generator(Plan(items, 40, 3, 4), template, portraits)(index) for index in range(24)]
    for start in range(0, 24, 4):
        group = made[start : start + 4]
        torn = [[redraw for redraw in one.redrawn if redraw.reason == "stretch"] for one in group]
        assert torn == [torn[0]] * 4  # the render's
    light = [[redraw.step for redraw in one.redrawn if redraw.reason == "dark"] for one in made]
    assert {len(one) for one in light} >= {0, 1}
    assert {step for one in light for step in one} == {""}
    for one, dark in zip(made, light, strict=True):
        if len(dark) < ATTEMPTS:
            assert dict(one.steps)["camera"]["exposure"] == 0


def test_where_no_light_is_drawn_the_render_is_drawn_again(items, tmp_path):
    made = Generator(
        Plan(items, 40, 3),
        Template(steps=[DARKENED, StepTemplate(Mirror, {})], refuse=Refuse(dark=0.5)),
        PortraitCache(tmp_path / "cache", networks, "k" * 64),
    )
    found = [made(index) for index in range(12)]
    for one in found:
        assert dict(one.steps)["camera"]["exposure"] == 0 or len(one.redrawn) == ATTEMPTS
    assert {len(one.redrawn) for one in found} >= {0, 1}


def test_the_step_that_tears_is_named(items, tmp_path):
    found = generator(items, tmp_path, tearing(0.0))(0).redrawn
    assert {redraw.step for redraw in found} == {"tear"}
