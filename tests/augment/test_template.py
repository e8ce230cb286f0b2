"""Recipes with ranges: what they say, what is refused, what is drawn."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facelab.augment.distributions import Choice, Constant, Normal, Uniform
from facelab.augment.plan import SPLITS, Item, Plan, split_of
from facelab.augment.steps import AUGMENTATIONS
from facelab.augment.steps.noise import Noise
from facelab.augment.template import parse_template, read_template
from facelab.edits import EDITS
from facelab.errors import UsageError
from facelab.recipe import Output

SHA = "5e" * 32
RECIPES = sorted((Path(__file__).parent.parent.parent / "recipes").glob("*.yaml"))


def template(steps, head=""):
    return parse_template(f"version: 1\n{head}steps:\n{steps}".encode(), "a.yaml", Path())


def refused(steps, head=""):
    with pytest.raises(UsageError) as caught:
        template(steps, head)
    message = str(caught.value)
    assert "\n" not in message
    return message


def drawn(steps, key, count=300):
    """What a key of the only step gets in many samples."""
    found = template(steps)
    return [getattr(found.sample(3, SHA, variant)[0], key) for variant in range(count)]


# --- Draws -------------------------------------------------------------------------------------


@given(st.floats(-5, 5), st.floats(0, 5), st.integers(0, 99))
def test_uniform_stays_within(low, width, seed):
    value = Uniform(low, low + width).sample(np.random.default_rng(seed))
    assert low <= value <= low + width


def test_whole_numbers_are_drawn_alike_up_to_both_ends():
    values = drawn("  - jpeg: {quality: {uniform: [3, 6]}}", "quality", 2000)
    assert {type(value) for value in values} == {int}
    counts = [values.count(value) for value in (3, 4, 5, 6)]
    assert sum(counts) == 2000
    assert min(counts) > 430


def test_normal_has_its_mean_and_deviation_and_stays_in_range():
    values = np.array(drawn("  - profile: {yaw: {normal: [10, 5]}}", "yaw", 1000))
    assert abs(values.mean() - 10) < 0.7
    assert abs(values.std() - 5) < 0.5
    values = np.array(drawn("  - profile: {yaw: {normal: [85, 30]}}", "yaw", 300))
    assert values.max() <= 90
    assert (values == 90).mean() < 0.02


def test_normal_far_away_gives_the_bound():
    assert Normal(5.0, 0.0, -1.0, 1.0).sample(np.random.default_rng(0)) == 1


def test_choices_may_be_draws():
    values = np.array(drawn("  - profile: {yaw: {choice: [0, {uniform: [40, 50]}]}}", "yaw", 400))
    assert 150 < (values == 0).sum() < 250
    assert set(values[values != 0] // 10) == {4}
    nested = Choice((Constant("a"), Constant("b")))
    assert {nested.sample(np.random.default_rng(seed)) for seed in range(20)} == {"a", "b"}


def test_chance():
    found = template("  - jpeg: {chance: 0.3}")
    share = np.mean([bool(found.sample(0, SHA, variant)) for variant in range(1000)])
    assert 0.25 < share < 0.35
    never, always = template("  - jpeg: {chance: 0}"), template("  - jpeg: {chance: 1}")
    assert not any(never.sample(0, SHA, variant) for variant in range(50))
    assert all(always.sample(0, SHA, variant) for variant in range(50))


# --- Templates ---------------------------------------------------------------------------------


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_recipes_of_edits_are_templates(path):
    text = path.read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith(("faces:", "mask:"))]
    found = parse_template("\n".join(lines).encode(), path.name, path.parent)
    assert found.sample(0, SHA, 0) == found.sample(1, "aa" * 32, 5)[: len(found.steps)] or any(
        "seed" in step.kind.__dataclass_fields__ for step in found.steps
    )


def test_names_of_steps_are_their_own():
    names = [step.name for step in (*EDITS, *AUGMENTATIONS)]
    assert len(set(names)) == len(names)


def test_samples_depend_on_seed_photograph_and_variant_alone():
    found = template("  - profile: {yaw: {uniform: [-80, 80]}}\n  - noise")
    again = template("  - profile: {yaw: {uniform: [-80, 80]}}\n  - noise")
    assert found.sample(1, SHA, 2) == again.sample(1, SHA, 2)
    others = [found.sample(2, SHA, 2), found.sample(1, "aa" * 32, 2), found.sample(1, SHA, 3)]
    for other in others:
        assert other[0].yaw != found.sample(1, SHA, 2)[0].yaw
        assert other[1].seed != found.sample(1, SHA, 2)[1].seed


def test_a_step_leaves_the_draws_of_the_others():
    plain = template("  - camera: {exposure: 1}\n  - noise: {read: {uniform: [0, 0.5]}}")
    busy = template(
        "  - camera: {exposure: {uniform: [0, 1]}, chance: 0.5}\n"
        "  - noise: {read: {uniform: [0, 0.5]}}"
    )
    for variant in range(20):
        assert plain.sample(0, SHA, variant)[-1] == busy.sample(0, SHA, variant)[-1]


def test_a_seed_is_drawn_unless_it_is_given():
    assert len(set(drawn("  - noise", "seed", 20))) == 20
    assert set(drawn("  - noise: {seed: 7}", "seed", 20)) == {7}


def test_everything_is_read(tmp_path):
    (tmp_path / "a.yaml").write_text(
        "version: 1\nname: all\nseed: 4\ntexture_size: 512\nblend: mixed\n"
        "output: {format: png}\nsteps:\n  - noise\n  - jpeg: {quality: 3, chance: 0.5}\n"
    )
    found = read_template(tmp_path / "a.yaml")
    assert (found.name, found.seed, found.texture_size, found.blend) == ("all", 4, 512, "mixed")
    assert found.output == Output(format="png")
    assert (found.steps[0].kind, found.steps[0].chance) == (Noise, 1.0)
    assert found.text["steps"][1] == {"jpeg": {"quality": 3, "chance": 0.5}}


@pytest.mark.parametrize(
    ("step", "message"),
    [
        ("noise: {read: {uniform: [0, 3]}}", "a.yaml:3: step 1 (noise): read: 3.0 is not from 0"),
        ("noise: {read: {uniform: [0.2, 0.1]}}", "read: uniform: 0.2 is above 0.1; swap them"),
        ("noise: {read: {uniform: [0.1]}}", "read: uniform: [0.1] is not two numbers"),
        ("noise: {read: {uniform: [true, 1]}}", "is not two numbers"),
        ("noise: {read: {uniform: 3}}", "is not two numbers"),
        ("noise: {read: {between: [0, 1]}}", "neither a value nor one of uniform, normal, choice"),
        ("noise: {read: {uniform: [0, 1], choice: [1]}}", "neither a value nor one of"),
        ("noise: {read: {normal: [0, -1]}}", "read: normal: the deviation -1 is below 0"),
        ("noise: {read: {normal: [9, 1]}}", "read: 9.0 is not from 0 to 0.5"),
        ("jpeg: {quality: {normal: [50, 9]}}", "normal: gives no whole numbers; use uniform"),
        ("jpeg: {quality: {uniform: [1.5, 9]}}", "1.5 is not a whole number"),
        ("lipstick: {colour: {uniform: [0, 1]}}", "colour: uniform: goes with numbers; use choice"),
        ("lipstick: {colour: {choice: ['#a01030', red]}}", "'red' is not a colour as #rrggbb"),
        ("lipstick: {colour: {choice: []}}", "choice: [] is not a list of values"),
        ("lipstick: {chance: 1.5}", "step 1 (lipstick): chance: 1.5 is not a number from 0 to 1"),
        ("lipstick: {chnce: 0.5}", "no key is called 'chnce'; did you mean chance?"),
        ("lipstik", "step 1: no edit is called 'lipstik'; did you mean lipstick?"),
        ("swap", "step 1 (swap): source: is missing; give photographs of the person"),
        (
            "swap: {source: nobody}",
            "no input is called 'nobody' (inputs: other, other2, other3)",
        ),
        ("swap: {source: {choice: [other, x]}}", "source: no input is called 'x'"),
    ],
)
def test_wrong_steps(step, message):
    assert message in refused(f"  - {step}")


def test_errors_say_the_line_of_the_key():
    assert refused("  - noise:\n      shot: 0.1\n      read: 7").startswith("a.yaml:5: step 1")


@pytest.mark.parametrize(
    ("head", "message"),
    [
        ("faces: all\n", "a.yaml:2: a recipe: no key is called 'faces'"),
        ("mask: a.png\n", "no key is called 'mask'"),
        ("seed: -1\n", "a.yaml:2: seed: -1 is not"),
        ("inputs: {other: a.png}\n", "stands for another identity; use another name"),
        ("output: {format: gif}\n", "output: format: 'gif' is none of"),
        ("variants: 0\n", "variants: 0 is not a whole number from 1 to 1000"),
        ("variants: 2.5\n", "variants: 2.5 is not a whole number"),
        ("variants: true\n", "variants: True is not"),
    ],
)
def test_wrong_heads(head, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("a.png").write_bytes(b"")
    assert message in refused("  - noise", head)


# --- Plans -------------------------------------------------------------------------------------


def test_photographs_take_turns():
    items = [Item(Path(name), name, name, "train") for name in "abc"]
    plan = Plan(items, 8, 0)
    places = [(place.item.identity, place.variant) for place in map(plan.place, range(8))]
    assert places == [
        ("a", 0),
        ("b", 0),
        ("c", 0),
        ("a", 1),
        ("b", 1),
        ("c", 1),
        ("a", 2),
        ("b", 2),
    ]


def test_samples_of_a_render_follow_each_other():
    items = [Item(Path(name), name, name, "train") for name in "ab"]
    places = [Plan(items, 12, 0, variants=3).place(index) for index in range(12)]
    assert [place.item.identity for place in places] == list("aaabbbaaabbb")
    assert [place.render for place in places] == [0] * 6 + [1] * 6
    assert [place.variant for place in places] == [0, 1, 2, 0, 1, 2, 3, 4, 5, 3, 4, 5]


@given(count=st.integers(1, 5), variants=st.integers(1, 7))
def test_no_two_samples_are_in_one_place(count, variants):
    items = [Item(Path(str(k)), str(k), str(k), "train") for k in range(count)]
    plan = Plan(items, 60, 0, variants)
    places = [plan.place(index) for index in range(60)]
    assert len({(place.item.sha256, place.variant) for place in places}) == 60
    for place in places:
        assert place.render == place.variant // variants


def test_what_comes_last_is_drawn_for_each_sample():
    recipe = template("  - frame\n  - blur\n  - mirror\n  - light\n  - noise")
    assert (recipe.renders, recipe.draws) == (slice(3), slice(3, None))
    assert template("  - mirror").draws == slice(1, None)
    assert template("  - light").renders == slice(0)
    whole = recipe.sample(3, "ab" * 32, 5)
    parts = (recipe.renders, recipe.draws)
    assert whole == [step for part in parts for step in recipe.sample(3, "ab" * 32, 5, part)]
    epochs = [recipe.sample(3, "ab" * 32, 5, recipe.draws, epoch) for epoch in range(3)]
    assert epochs[0] == whole[3:]
    assert len({repr(epoch) for epoch in epochs}) == 3


def test_splits_have_their_shares_and_stay():
    names = [str(number) for number in range(4000)]
    splits = [split_of(name, 5) for name in names]
    for split, share in SPLITS.items():
        assert abs(splits.count(split) / 4000 - share) < 0.02
    assert [split_of(name, 5) for name in names[:50]] == splits[:50]
    assert [split_of(name, 6) for name in names] != splits
