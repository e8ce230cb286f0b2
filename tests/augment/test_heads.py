"""``heads:`` of recipes: which samples are drawn, of whom, and what is known of them."""

from __future__ import annotations

import json
from math import floor
from pathlib import Path

import numpy as np
import pytest

import facelab
from facelab.augment import labels, maps
from facelab.augment.classes import CLASSES
from facelab.augment.generate import Generator, apply_steps
from facelab.augment.heads import Heads, draw_scene, framed, known_keys, plan_of
from facelab.augment.people import openness
from facelab.augment.plan import HEAD, DrawnItem, Item, Plan, split_of
from facelab.augment.portrait_cache import PortraitCache
from facelab.augment.steps.frame import Frame
from facelab.augment.steps.mirror import Mirror
from facelab.augment.template import is_template, parse_template
from facelab.edits.gaze import Gaze
from facelab.errors import UsageError
from facelab.heads.person import Looks
from facelab.heads.shot import Shot
from facelab.images import Image, write
from facelab.provenance import file_sha256
from tests.commands import facelab_
from tests.synthetic import StubReconstructor, canonical, noise

FACE = canonical(scale=4, origin=(60, 50, 0))
SMALL = "size: 64, hair: bald, expression: neutral"


def template(heads="", rest=""):
    return parse_template(f"version: 1\nheads: {{{heads}}}\n{rest}".encode(), "a.yaml", Path())


@pytest.fixture
def photographs(tmp_path):
    found = []
    for seed, (name, split) in enumerate([("a", "train"), ("b", "train"), ("c", "test")]):
        file = tmp_path / f"{name}.png"
        write(file, Image(noise(100, 120, seed)))
        found.append(Item(file, file_sha256(file), name, split))
    return found


def generator(tmp_path, heads="", rest="", items=()):
    made = template(f"{SMALL}, {heads}", rest)
    sources = PortraitCache(tmp_path / "cache", lambda: StubReconstructor(FACE), "k" * 64)
    return Generator(plan_of(items, 100, 0, made.variants, made.heads), made, sources)


@pytest.mark.parametrize("share", [0.0, 0.1, 0.25, 1 / 3, 0.5, 0.9, 1.0])
@pytest.mark.parametrize("variants", [1, 3])
def test_samples_are_heads_by_their_index_and_share(share, variants):
    items = [Item(Path(f"{k}.png"), f"{k:064x}", str(k), "train") for k in range(3)]
    heads = [DrawnItem.named(f"head {k}", f"{k + 100:064x}", "train") for k in range(4)]
    plan = Plan(items, 1000, 0, variants, heads, share)
    places = [plan.place(k) for k in range(300)]
    for k, place in enumerate(places):
        render = k // variants
        head = floor((render + 1) * share) > floor(render * share)
        assert isinstance(place.item, DrawnItem) == head
    assert abs(sum(isinstance(p.item, DrawnItem) for p in places) / 300 - share) < 0.02
    seen = {}
    for place in places:  # each has its variants in order, without a gap
        assert place.variant == seen.get(place.item.identity, 0)
        seen[place.item.identity] = place.variant + 1


def test_people_have_splits_by_name_and_hashes_of_their_own():
    items = Heads(people=200).items(7)
    assert [item.identity for item in items[:2]] == ["head 0000", "head 0001"]
    assert all(item.split == split_of(item.identity, 7) for item in items)
    assert {item.split for item in items} == {"train", "validation", "test"}
    assert len({item.sha256 for item in items}) == 200
    assert items[:100] == Heads(people=100).items(7)  # more people change nobody


def test_a_person_looks_the_same_in_all_pictures():
    heads = Heads()
    first, second = heads.items(0)[:2]
    assert heads.looks(0, first.sha256) == heads.looks(0, first.sha256)
    assert heads.looks(0, first.sha256) != heads.looks(0, second.sha256)
    assert heads.looks(0, first.sha256) != heads.looks(1, first.sha256)
    assert heads.shot(0, first.sha256, 0) != heads.shot(0, first.sha256, 1)


def test_a_key_that_is_given_leaves_the_others():
    sha256 = Heads().items(0)[0].sha256
    free = Heads().shot(0, sha256, 3)
    given = template("yaw: 12").heads.shot(0, sha256, 3)
    assert given == Shot(**{**vars_of(free), "yaw": 12.0})


def vars_of(shot):
    return {key: getattr(shot, key) for key in type(shot).__dataclass_fields__}


def test_drawn_values_are_allowed():
    heads = Heads()
    for item in heads.items(0)[:50]:
        looks, shot = heads.looks(0, item.sha256), heads.shot(0, item.sha256, 0)
        assert 18 <= looks.age <= 90
        assert abs(shot.yaw) <= 110
        assert abs(shot.pitch) <= 60
        assert looks.hat in known_keys()["hat"].metadata["options"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("people: 0", "a.yaml:2: heads: people: 0 is not a whole number from 1"),
        ("share: 2", "a.yaml:2: heads: share: 2 is not a number from 0 to 1"),
        ("yaw: 200", "a.yaml:2: heads: yaw: 200 is not from -110 to 110"),
        ("yaw: {uniform: [0, 111]}", "a.yaml:2: heads: yaw: 111.0 is not from -110 to 110"),
        ("hair: mohawk", "a.yaml:2: heads: hair: 'mohawk' is none of any, bald"),
        ("nose: 3", "a.yaml:2: heads: no key is called 'nose'"),
        ("seed: 3", "a.yaml:2: heads: no key is called 'seed'"),
    ],
)
def test_errors_say_the_line_and_the_key(given, said):
    with pytest.raises(UsageError) as error:
        template(given)
    assert str(error.value).startswith(said)


def test_a_recipe_with_heads_is_one_of_augmentation():
    assert is_template(b"version: 1\nheads: {people: 3}\n")


@pytest.mark.parametrize(
    ("heads", "rest", "needed"),
    [
        ("", "", False),
        ("share: 0.5", "", True),
        ("skin: photographs", "", True),
        ("skin: {choice: [own, photographs]}", "", True),
        ("skin: {choice: [own]}", "", False),
        ("", "steps: [swap: {source: other}]\n", True),
    ],
)
def test_photographs_are_needed_only_where_they_are_shown(heads, rest, needed):
    assert template(heads, rest).needs_photographs == needed


def test_a_sample_of_a_head(tmp_path):
    sample = generator(tmp_path, "yaw: 20")(3)
    assert sample.image.shape == (64, 64, 3)
    (source,) = sample.sources
    assert (source.role, source.file, source.identity) == (HEAD, "", "head 0003")
    assert sample.steps[0][0] == HEAD
    assert sample.steps[0][1]["yaw"] == 20
    record = labels.describe(sample, labels.subject_of(sample), 0, {"image": "a.png"})
    again = labels.decode(labels.encode(record))
    assert again["sources"][0]["sha256"] == source.sha256
    assert again["identities"] == ["head 0003"]
    assert record["pose"]["yaw"] == pytest.approx(20, abs=6)


def test_a_sample_is_the_same_whoever_makes_it(tmp_path):
    forward = [generator(tmp_path)(k).image.tobytes() for k in range(3)]
    again = generator(tmp_path)
    assert [again(k).image.tobytes() for k in reversed(range(3))][::-1] == forward


def test_photographs_beside_heads_stay_what_they_are(tmp_path, photographs):
    rest = "steps: [noise]\n"
    mixed = generator(tmp_path, "share: 0.5", rest, photographs)
    alone = Generator(Plan(photographs, 100, 0), mixed.template, mixed.portraits)
    for k in range(3):
        assert mixed(2 * k).image.tobytes() == alone(k).image.tobytes()
        assert mixed(2 * k + 1).sources[0].role == HEAD


def test_the_skin_of_a_photograph_is_of_the_same_split(tmp_path, photographs):
    make = generator(tmp_path, "skin: photographs", items=photographs)
    splits = {item.identity: item.split for item in photographs}
    taken = set()
    for k in range(12):
        sample = make(k)
        for source in sample.sources[1:]:
            assert source.role == "skin"
            assert splits[source.identity] == sample.split
            assert source.identity in labels.identities(sample)
            taken.add(source.identity)
    assert taken


def test_steps_apply_to_heads_but_for_turning_them(tmp_path):
    rest = "steps: [profile: {yaw: 30}, mirror, lipstick: {colour: '#ff0000'}, noise]\n"
    sample = generator(tmp_path, "yaw: 10", rest)(0)
    assert [name for name, _ in sample.steps] == [HEAD, "mirror", "lipstick", "noise"]


def test_a_frame_has_all_that_it_cuts_out():
    frame = Frame(size=64, room=2.0, right=0.3, roll=20.0)
    shot = framed(Shot(yaw=40.0), frame)
    scene = draw_scene(Looks(hair="bald", seed=1), shot)
    cut = frame(scene)
    assert (cut.truth.classes != CLASSES["not known"]).all()
    assert cut.image.shape == (64, 64, 3)


@pytest.mark.parametrize(("yaw", "roll"), [(0.0, 0.0), (40.0, 25.0), (-70.0, -110.0)])
def test_a_head_drawn_in_its_frame_is_the_one_that_the_frame_cuts_out(yaw, roll):
    frame = Frame(size=96, room=1.7, right=0.1, down=-0.05, roll=roll)
    looks, shot = Looks(hair="bald", seed=1), framed(Shot(yaw=yaw, background="plain"), frame)
    cut, drawn = frame(draw_scene(looks, shot)), draw_scene(looks, shot, None, frame)
    inside = cut.positions.atlas.valid
    places = (scene.positions.values[inside] for scene in (cut, drawn))
    np.testing.assert_allclose(*places, atol=1e-3)
    np.testing.assert_allclose(drawn.truth.eyes.irises, cut.truth.eyes.irises, atol=1e-3)
    np.testing.assert_allclose(drawn.truth.eyes.gaze, cut.truth.eyes.gaze, atol=1e-5)
    assert (cut.truth.classes == drawn.truth.classes).mean() > 0.97
    well = (cut.matte > 0.99) & (drawn.matte > 0.99)
    assert np.abs(cut.image - drawn.image)[well].mean() < 0.01  # resampling blurs


def test_a_frame_that_comes_first_is_drawn_and_recorded(tmp_path):
    first = generator(tmp_path, "yaw: 10", "steps: [frame: {size: 64, roll: 9}, mirror]\n")(0)
    later = generator(tmp_path, "yaw: 10", "steps: [mirror, frame: {size: 64, roll: 9}]\n")(0)
    assert [name for name, _ in first.steps] == [HEAD, "frame", "mirror"]
    assert first.image.shape == later.image.shape == (64, 64, 3)


def test_a_head_in_a_mirror_is_told_so():
    scene = draw_scene(Looks(hair="bald", seed=1), Shot(size=96, yaw=-25.0, expression="wink"))
    turned = Mirror()(scene)
    right = CLASSES["right ear"], CLASSES["left ear"]
    for one, other in (right, right[::-1]):
        there = (scene.truth.classes == one)[:, ::-1]
        np.testing.assert_array_equal(turned.truth.classes == other, there)
    told = scene.truth.expression
    assert turned.truth.expression["eyeBlinkLeft"] == told["eyeBlinkRight"]
    np.testing.assert_allclose(turned.truth.eyes.gaze[0, 0], -scene.truth.eyes.gaze[1, 0])


def test_hair_before_the_face_hides_it_and_hair_behind_does_not():
    scene = draw_scene(Looks(hair="bob01", seed=1), Shot(size=96))
    hair = scene.truth.classes == CLASSES["hair"]
    assert (scene.occlusion[hair] == 1).any()
    assert (scene.occlusion[hair] == 0).any()
    assert not scene.occlusion[~hair].any()


def test_openness_is_of_the_lids():
    wide, shut = (
        openness(draw_scene(Looks(seed=1), Shot(size=64, expression=kind)).positions.landmarks)
        for kind in ("surprise", "blink")
    )
    assert (wide > 2 * shut).all()
    assert (shut < 0.2).all()


def test_maps_of_heads(tmp_path):
    sample = generator(tmp_path)(0)
    found = maps.maps(sample, labels.subject_of(sample), ["segmentation"])
    assert {CLASSES["neck"], CLASSES["clothes"]} <= set(np.unique(found["segmentation"]))


def test_in_memory_without_photographs(tmp_path):
    recipe = tmp_path / "r.yaml"
    recipe.write_text(f"version: 1\nheads: {{people: 5, {SMALL}}}\n", encoding="utf-8")
    data = facelab.AugmentedFaces(recipe, count=3, cache=tmp_path)
    image, record = data[1]
    assert image.shape == (64, 64, 3)
    assert record["identities"] == ["head 0001"]
    recipe.write_text("version: 1\nheads: {share: 0.5}\n", encoding="utf-8")
    with pytest.raises(UsageError, match="photographs: some samples are of photographs"):
        facelab.AugmentedFaces(recipe, count=3, cache=tmp_path)


def test_a_data_set_of_heads_is_verified(tmp_path):
    recipe = tmp_path / "r.yaml"
    recipe.write_text(f"version: 1\nheads: {{people: 5, {SMALL}}}\n", encoding="utf-8")
    made = facelab_("augment", "-r", recipe, "-o", tmp_path / "out", "-n", 2, "--workers", 1)
    assert made.exit_code == 0, made.output
    assert "2 samples of 2 drawn head(s)" in made.output
    card = json.loads((tmp_path / "out" / "dataset.json").read_text(encoding="utf-8"))
    assert {"heads", "skins"} <= {network["name"] for network in card["networks"]}
    verified = facelab_("verify", tmp_path / "out")
    assert verified.exit_code == 0, verified.output
    assert "identical" in verified.output


def test_a_command_without_photographs_says_that_they_are_needed(tmp_path):
    recipe = tmp_path / "r.yaml"
    recipe.write_text("version: 1\nheads: {share: 0.5}\n", encoding="utf-8")
    result = facelab_("augment", "-r", recipe, "-o", tmp_path / "out", "-n", 2)
    assert result.exit_code == 2
    assert "give their folder with -i" in result.output


def test_eyes_that_an_edit_turns_are_labelled_where_they_look():
    scene = draw_scene(Looks(hair="bald", seed=1), Shot(size=512, expression="neutral"))
    before, made = scene.truth.eyes, apply_steps([Gaze(yaw=12)], scene, {}, "alpha")
    after = made.truth.eyes
    yaws = (np.rad2deg(np.arctan2(one.gaze[:, 0], one.gaze[:, 2])) for one in (before, after))
    np.testing.assert_allclose(np.subtract(*yaws), -12, atol=0.01)
    assert (after.irises[:, 0, 0] > before.irises[:, 0, 0] + 1).all()
    assert made.truth.depth is scene.truth.depth and made.truth.expression == scene.truth.expression
    for column, row, _ in np.rint(before.irises[:, 0]).astype(int):
        around = np.s_[row - 3 : row + 4, column - 9 : column + 10]
        assert np.abs(made.image - scene.image)[around].max() > 0.1
