"""From photographs to samples: the same whoever makes them, and in whatever order."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from facelab.augment.classes import CLASSES
from facelab.augment.generate import Generator, apply_steps
from facelab.augment.labels import describe, identities, subject_of
from facelab.augment.plan import Item, Plan
from facelab.augment.portrait_cache import PortraitCache
from facelab.augment.scene import Scene
from facelab.augment.template import parse_template
from facelab.errors import ImageError, NoFaceError, OutputError
from facelab.images import Image, read, write
from facelab.provenance import file_sha256
from tests.synthetic import StubReconstructor, canonical, noise, plain

FACE = canonical(scale=4, origin=(60, 50, 0))
STEPS = """
  - frame: {size: 64, room: {uniform: [1.2, 2]}, roll: {uniform: [-30, 30]}}
  - profile: {yaw: {uniform: [-60, 60]}, chance: 0.5}
  - noise
"""


def template(steps=STEPS, head="", folder=None):
    data = f"version: 1\n{head}steps:{steps}".encode()
    return parse_template(data, "a.yaml", folder or Path())


def networks():
    return StubReconstructor(FACE)


@pytest.fixture
def items(tmp_path):
    """Four photographs: a and b to train with, c to test with, d of the same person as a."""
    found = []
    for seed, (name, split) in enumerate(
        [("a", "train"), ("b", "train"), ("c", "test"), ("d", "train")]
    ):
        file = tmp_path / f"{name}.png"
        write(file, Image(noise(100, 120, seed)))
        found.append(Item(file, file_sha256(file), "a" if name == "d" else name, split))
    return found


def generator(items, tmp_path, template=None, load=networks, seed=0):
    sources = PortraitCache(tmp_path / "cache", load, "k" * 64)
    return Generator(Plan(items, 100, seed), template or globals()["template"](), sources)


def test_a_sample_is_the_same_whoever_makes_it(items, tmp_path):
    first, second = generator(items, tmp_path), generator(items, tmp_path)
    forward = [first(index) for index in range(8)]
    backward = [second(index) for index in reversed(range(8))][::-1]
    for one, other in zip(forward, backward, strict=True):
        np.testing.assert_array_equal(one.image, other.image)
        np.testing.assert_array_equal(one.positions.values, other.positions.values)
        assert (one.steps, one.sources) == (other.steps, other.sources)
    assert not np.array_equal(forward[0].image, forward[4].image)
    other = generator(items, tmp_path, seed=1)(0)
    assert other.steps != forward[0].steps


def test_a_sample_says_what_it_is_made_of(items, tmp_path):
    sample = generator(items, tmp_path)(6)
    item = items[2]
    assert (sample.index, sample.variant, sample.split) == (6, 1, "test")
    assert sample.name == "000000006"
    assert [(s.role, s.file, s.sha256, s.identity) for s in sample.sources] == [
        ("face", "c.png", item.sha256, "c")
    ]
    names = [name for name, _ in sample.steps]
    assert names[0] == "frame"
    assert names[-1] == "noise"
    assert sample.image.shape == (64, 64, 3)
    assert 1.2 <= sample.steps[0][1]["room"] <= 2


def test_one_draw_for_each_render_is_all_steps_in_a_row(items, tmp_path):
    steps = "\n  - frame: {size: 64}\n  - mirror: {chance: 0.5}\n  - light\n  - noise\n  - jpeg"
    recipe = template(steps)
    for index in range(6):
        sample = generator(items, tmp_path, recipe)(index)
        item, variant = items[index % 4], index // 4
        portrait = PortraitCache(tmp_path / "cache", networks, "k" * 64).portrait(item)
        drawn = recipe.sample(0, item.sha256, variant)
        scene = apply_steps(drawn, Scene.of(portrait.image, portrait.face), {}, "alpha")
        np.testing.assert_array_equal(sample.image, scene.image)
        np.testing.assert_array_equal(sample.positions.values, scene.positions.values)
        assert [name for name, _ in sample.steps] == [step.name for step in drawn]


def test_draws_of_a_render_differ_in_light_alone(items, tmp_path):
    recipe = template(f"{STEPS}  - light", "variants: 3\n")
    make = Generator(Plan(items, 100, 0, 3), recipe, generator(items, tmp_path).portraits)
    samples = [make(index) for index in range(9)]
    assert [sample.sources[0].file for sample in samples] == ["a.png"] * 3 + ["b.png"] * 3 + [
        "c.png"
    ] * 3
    for first in (0, 3, 6):
        group = samples[first : first + 3]
        assert group[1].positions is group[0].positions  # rendered once
        rendered = {repr(sample.steps[:-2]) for sample in group}
        drawn = {repr(sample.steps[-2:]) for sample in group}
        assert (len(rendered), len(drawn)) == (1, 3)
        for sample in group[1:]:
            assert np.abs(sample.image - group[0].image).mean() > 0.01
    again = Generator(Plan(items, 100, 0, 3), recipe, generator(items, tmp_path).portraits)
    for index in (7, 1, 5):  # in any order
        np.testing.assert_array_equal(again(index).image, samples[index].image)


def test_records_of_a_render_differ_in_what_the_light_decides(items, tmp_path):
    recipe = template(f"{STEPS}  - light", "variants: 2\n")
    make = Generator(Plan(items, 100, 0, 2), recipe, generator(items, tmp_path).portraits)

    def record(index):
        sample = make(index)
        return describe(sample, subject_of(sample), 0, {})

    here, there, alone = record(0), record(1), record(2)
    differing = {name for name in here if here[name] != there[name]}
    assert {"index", "variant", "steps"} <= differing
    assert differing <= {"index", "variant", "steps", "brightness", "redrawn"}
    assert alone["landmarks68"] != here["landmarks68"]
    assert record(0) == here


def test_nothing_to_do_leaves_the_photograph(items, tmp_path):
    sample = generator(items, tmp_path, template(" []"))(0)
    np.testing.assert_array_equal(sample.image, read(items[0].file).pixels)
    np.testing.assert_array_equal(sample.positions.values, FACE.values)
    assert not sample.occlusion.any()


def test_what_was_found_is_kept(items, tmp_path):
    def never():
        raise AssertionError("the cache was not used")

    first = generator(items, tmp_path)
    images = [first(index).image for index in range(4)]
    kept = [file.name for file in (tmp_path / "cache").iterdir()]
    assert len([name for name in kept if "-head-" not in name]) == 4
    again = generator(items, tmp_path, load=never)
    for index, image in enumerate(images):
        np.testing.assert_array_equal(again(index).image, image)


def test_a_damaged_cache_is_made_again(items, tmp_path):
    image = generator(items, tmp_path)(0).image
    (file,) = (tmp_path / "cache").glob(f"{items[0].sha256[:32]}*")
    for data in (b"", file.read_bytes()[:5000], b"no archive at all"):
        file.write_bytes(data)
        np.testing.assert_array_equal(generator(items, tmp_path)(0).image, image)


def test_networks_have_caches_of_their_own(items, tmp_path):
    generator(items, tmp_path)(0)
    moved = canonical(scale=3, origin=(60, 50, 0))
    sources = PortraitCache(tmp_path / "cache", lambda: StubReconstructor(moved), "other" * 8)
    other = Generator(Plan(items, 9, 0), template(" []"), sources)(0)
    np.testing.assert_array_equal(other.positions.values, moved.values)


def test_the_other_is_of_the_same_split_and_somebody_else(items, tmp_path):
    swapping = template("\n  - swap: {source: other}\n  - noise")
    made = generator(items, tmp_path, swapping)
    for index in range(0, 12, 4):
        sample = made(index)  # of a
        assert [(source.role, source.identity) for source in sample.sources] == [
            ("face", "a"),
            ("other", "b"),
        ]
    found = {made(index).sources[1].file for index in range(1, 40, 4)}  # of b
    assert found == {"a.png", "d.png"}


def test_without_another_the_step_is_left_out(items, tmp_path):
    swapping = template("\n  - swap: {source: other}\n  - noise")
    sample = generator(items, tmp_path, swapping)(2)
    assert [name for name, _ in sample.steps] == ["noise"]
    assert [source.role for source in sample.sources] == ["face"]


def test_others_are_of_the_same_split_and_different_people(items, tmp_path):
    people = template(
        "".join(
            f"\n  - transplant: {{reference: {name}}}" for name in ("other", "other2", "other3")
        )
    )
    made = generator(items, tmp_path, people)
    for index in (0, 1, 3, 4, 5):
        sample = made(index)
        identities = [source.identity for source in sample.sources]
        assert sorted(identities) == ["a", "b"]  # there is no third to train with
        assert [source.role for source in sample.sources] == ["face", "other"]
        assert len(sample.steps) == 1
    assert [source.role for source in made(2).sources] == ["face"]


def test_one_of_several_pictures_is_a_source(items, tmp_path):
    (tmp_path / "rooms" / "more").mkdir(parents=True)
    for seed, name in enumerate(("x", "y", "more/z")):
        write(tmp_path / "rooms" / f"{name}.png", Image(noise(40, 50, seed)))
    behind = template(
        "\n  - background: {kind: image, picture: rooms}\n",
        "inputs: {rooms: {pictures: rooms}}\n",
        tmp_path,
    )
    matte = np.zeros((100, 120), np.float32)
    portraits = PortraitCache(
        tmp_path / "cache",
        networks,
        "k" * 64,
        lambda: lambda _: matte,  # nobody
    )
    made = Generator(Plan(items, 100, 0), behind, portraits)
    found = set()
    for index in range(0, 40, 4):
        sample = made(index)
        face, room = sample.sources
        assert (face.role, room.role, room.identity) == ("face", "rooms", "")
        assert room.sha256 == file_sha256(next((tmp_path / "rooms").rglob(room.file)))
        found.add(room.file)
    assert found == {"x.png", "y.png", "z.png"}


def test_inputs_of_the_recipe_are_sources_where_they_are_used(items, tmp_path):
    write(tmp_path / "paint.png", Image(noise(40, 40, 9)))
    painting = template(
        "\n  - overlay: {reference: paint, chance: 0.5}\n",
        "inputs: {paint: {picture: paint.png}}\n",
        tmp_path,
    )
    made = generator(items, tmp_path, painting)
    for index in range(16):
        sample = made(index)
        roles = [source.role for source in sample.sources]
        assert roles == ["face", "paint"][: 1 + len(sample.steps)]


def test_people_of_the_recipe_are_told(items, tmp_path):
    write(tmp_path / "dora.png", Image(noise(100, 120, 9)))
    swapping = template(
        "\n  - swap: {source: dora}\n",
        "inputs: {dora: dora.png}\n",
        tmp_path,
    )
    sample = generator(items, tmp_path, swapping)(0)
    assert identities(sample) == ["a", "dora"]


def test_a_cache_that_cannot_be_made_is_told(items, tmp_path):
    (tmp_path / "cache").write_text("no folder")
    with pytest.raises(
        OutputError, match=r"cache: cannot be made a folder \(file exists\); choose"
    ):
        generator(items, tmp_path)(0)


def test_edits_stay_behind_what_covers_the_face(items, tmp_path):
    covering = "\n  - occlude: {kind: box, size: 0.5, down: 0, seed: 1}"
    plain = generator(items, tmp_path, template(covering))(0)
    painted = generator(items, tmp_path, template(covering + "\n  - tone: {exposure: 2}"))(0)
    hidden = plain.occlusion == 1
    np.testing.assert_array_equal(painted.image[hidden], plain.image[hidden])
    assert np.abs(painted.image - plain.image).max() > 0.1


def test_a_cover_hides_the_face_that_stays_below_it(items, tmp_path):
    bare = generator(items, tmp_path, template(" []"))(0)
    masked = generator(items, tmp_path, template("\n  - cover: {item: mask}"))(0)
    np.testing.assert_array_equal(masked.positions.values, bare.positions.values)
    columns, rows = np.rint(bare.positions.landmarks[:, :2]).astype(int).T
    assert (masked.occlusion[rows, columns][48:] > 0.9).all()  # the mouth
    assert not masked.occlusion[rows, columns][36:48].any()  # the eyes
    assert not masked.occlusion[:5].any()


def test_a_photograph_that_changes_is_noticed(items, tmp_path):
    made = generator(items, tmp_path)
    write(items[0].file, Image(noise(100, 120, 77)))
    with pytest.raises(ImageError, match=r"a\.png: has changed"):
        made(0)


def test_a_photograph_without_a_face(items, tmp_path):
    with pytest.raises(NoFaceError, match=r"a.png: no face found"):
        generator(items, tmp_path, load=StubReconstructor)(0)
    assert not (tmp_path / "cache").exists()


def test_mattes_are_found_where_a_step_asks_for_them(items, tmp_path):
    asked = []

    def segmenter():
        def segment(image):
            asked.append(image.shape)
            return np.linspace(0, 1, image.shape[1], dtype=np.float32)[None].repeat(len(image), 0)

        return segment

    behind = template("\n  - background: {kind: colour, colour: '#00ff00'}")
    assert behind.needs_matte
    assert not template("\n  - noise").needs_matte
    sources = PortraitCache(tmp_path / "cache", networks, "k" * 64, segmenter)
    image = Generator(Plan(items, 9, 0), behind, sources)(0).image
    assert asked == [(100, 120, 3)]
    np.testing.assert_allclose(image[50, 1], [0, 1, 0], atol=0.1)
    again = PortraitCache(tmp_path / "cache", networks, "k" * 64, segmenter)
    np.testing.assert_array_equal(Generator(Plan(items, 9, 0), behind, again)(0).image, image)
    assert len(asked) == 1  # the cache has it


def test_classes_of_a_photograph_go_into_its_samples_and_the_cache(items, tmp_path):
    asked = []

    def classifier():
        def classify(image, positions):
            asked.append(positions)
            classes = np.full(image.shape[:2], CLASSES["clothes"], np.uint8)
            classes[:, :20] = CLASSES["hair"]
            return classes

        return classify

    made = template("\n  - mirror\n  - noise")
    for _ in range(2):
        sources = PortraitCache(tmp_path / "cache", networks, "k" * 64, load_classifier=classifier)
        classes = Generator(Plan(items, 9, 0), made, sources)(0).truth.classes
        assert (classes[:, -20:] == CLASSES["hair"]).all()  # in the mirror
        assert (classes[:, :-20] == CLASSES["clothes"]).all()
    (positions,) = asked
    np.testing.assert_array_equal(positions.values, FACE.values)


@pytest.mark.parametrize("step", ["relight", "reshape: {mouth: 1}"])
@pytest.mark.parametrize("place", ["down: 1, right: 1, room: 8", "down: 1, room: 0.5"])
def test_a_face_out_of_sight_stops_no_run(items, tmp_path, step, place):
    steps = f"\n  - frame: {{size: 32, {place}}}\n  - noise\n  - {step}\n  - profile: {{yaw: 30}}\n"
    sample = generator(items, tmp_path, template(steps))(0)
    assert np.isfinite(sample.image).all()
    assert np.isfinite(sample.positions.values).all()


def test_a_black_photograph_can_be_lit(items, tmp_path):
    write(items[0].file, Image(plain((100, 120), (0, 0, 0))))
    black = replace(items[0], sha256=file_sha256(items[0].file))
    sample = generator([black, items[1]], tmp_path, template("\n  - relight\n"))(0)
    np.testing.assert_allclose(sample.image, 0, atol=1e-3)
