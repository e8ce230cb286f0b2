from __future__ import annotations

import json

import numpy as np
import pytest
from bench_training import chosen, tables, training_sets
from crops import KEPT, Crops

import samples

RECIPE = {
    "version": 1,
    "steps": [{"frame": {"size": 64}}, {"mirror": {"chance": 0.5}}, {"noise": {"read": 0.1}}],
}


@pytest.fixture
def recipe(tmp_path):
    file = tmp_path / "small.yaml"
    file.write_text(json.dumps(RECIPE))
    return str(file)


def test_a_recipe_is_trained_on_alone_and_with_augmentation_on_top(recipe) -> None:
    found = training_sets([recipe], [])
    assert [one.name for one in found] == ["plain", "2-D", "small", "small + 2-D"]
    assert [one.plane for one in found] == [False, True, False, True]
    assert found[2].recipe == found[3].recipe == RECIPE


def test_one_word_ablates_a_recipe_step_by_step(recipe) -> None:
    found = {one.name: one for one in training_sets([], [recipe])}
    assert list(found)[4:] == [
        "small without mirror + 2-D",
        "small without noise + 2-D",
        "mirror of small + 2-D",
        "noise of small + 2-D",
    ]
    assert found["small without mirror + 2-D"].recipe["steps"] == RECIPE["steps"][::2]
    assert found["mirror of small + 2-D"].recipe["steps"] == RECIPE["steps"][:2]
    assert all(one.plane for one in list(found.values())[3:])


def test_sets_are_chosen_by_name(recipe) -> None:
    sets = training_sets([recipe], [])
    assert [one.name for one in chosen(sets, "small + 2-D, plain")] == ["small + 2-D", "plain"]
    assert chosen(sets, None) == sets
    with pytest.raises(SystemExit, match="'large' is none of plain, 2-D, small, small \\+ 2-D"):
        chosen(sets, "plain,large")


def faces(yaw: list[float]) -> Crops:
    count = len(yaw)
    images = np.zeros((count, KEPT, KEPT, 3), np.uint8)
    points = np.zeros((count, 68, 2), np.float32)
    return Crops(images, points, np.array(yaw, np.float32), np.ones((count, 68), bool))


def test_tables_are_by_yaw_and_tell_what_is_gained() -> None:
    yaw = [5, -20, 40, -95]
    errors = {
        "plain": [np.float32([8, 10, 20, 30])] * 2,
        "better": [np.float32([7, 7, 15, 18])] * 2,
    }
    text = tables({"photos": errors}, {"photos": faces(yaw)}).splitlines()
    assert text[0] == "| photos: error | 0-30 (2) | 30-60 (1) | 60-90 (1) | all (4) |"
    assert text[2].startswith("| plain | 9.0 [")
    assert "| 20.0 [20.0, 20.0] | 30.0 [30.0, 30.0] | 17.0 [" in text[2]
    assert (
        text[5] == "| photos: better than plain by | 0-30 (2) | 30-60 (1) | 60-90 (1) | all (4) |"
    )
    assert text[7].startswith("| better | 2.0 [")
    assert "| 5.0 [5.0, 5.0] | 12.0 [12.0, 12.0] | 5.2 [" in text[7]


class Backwards:
    """An engine whose last task is done first."""

    def map(self, function, shared, tasks):
        yield from (function(shared, task) for task in reversed(list(tasks)))


class Numbers:
    """A data set whose pictures tell their number."""

    def __getitem__(self, index):
        points = np.random.default_rng(0).uniform(10, 40, (68, 3))
        record = {
            "landmarks68": points.tolist(),
            "visible68": [True] * 68,
            "covered68": [False] * 67 + [True],
            "pose": {"yaw": float(index)},
        }
        return np.full((50, 50, 3), index, np.uint8), record


def test_parts_are_complete_and_in_order_whatever_is_done_first() -> None:
    parts = [range(2, 4), range(8, 11)]
    found = list(samples._rendered(Numbers(), parts, Backwards()))
    assert [part for part, _ in found] == parts
    assert found[1][1].yaw.tolist() == [8, 9, 10]
    assert found[1][1].images[:, 50, 50, 0].tolist() == [8, 9, 10]
    assert not found[0][1].shown[:, 67].any()
    assert found[0][1].shown[:, :67].all()


def test_a_stopped_run_makes_what_is_missing(tmp_path, monkeypatch) -> None:
    made = []

    def data(file, photographs, count, **_):
        made.append(json.loads(file.read_bytes()))
        return Numbers()

    monkeypatch.setattr(samples.facelab, "AugmentedFaces", data)
    monkeypatch.setattr(samples, "PART", 2)

    def kept() -> Crops:
        given = RECIPE, tmp_path, 5, 1, tmp_path / "kept", tmp_path / "shared", Backwards()
        return samples.samples(*given)

    first = kept()
    assert made == [RECIPE]
    assert first.yaw.tolist() == [0, 1, 2, 3, 4]
    assert (kept().images == first.images).all()
    assert len(made) == 1  # nothing was missing
    (tmp_path / "kept" / "000002.npz").unlink()
    assert (kept().images == first.images).all()
    assert len(made) == 2
