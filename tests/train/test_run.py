"""A whole training run, very small: what it writes, goes on from, and refuses."""

from __future__ import annotations

import csv
import json
import shutil
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from facelab.augment.engines import local
from facelab.errors import FacelabError, OutputError, UsageError, WeightsError
from facelab.provenance import file_sha256
from facelab.reconstruct import load_reconstructor
from facelab.train import checkpoint, loop, renders
from facelab.train import run as run_module
from facelab.train.log import Log, curves
from facelab.train.loop import Settings, Views
from facelab.train.prepared import read as read_views
from facelab.train.renders import RECIPES, RenderSettings, load, render
from facelab.train.run import run
from facelab.train.views import read_degradations
from tests.commands import facelab_, one_line, picture
from tests.heads import head_file
from tests.synthetic import SAMPLES, canonical_points, photograph
from tests.tasks import kill

ALONE = Path(__file__).parent / "turned.yaml"  # no people who are drawn
HOW = RenderSettings(turn=ALONE, scenes=1, turns=2)
SETTINGS = Settings(steps=3, batch=2, every=1, rate=1e-5)  # so slow that it stays FaceMesh
OPTIONS = (
    "--steps", 3, "--batch", 2, "--rate", 1e-5, "--scenes", 1, "--turns", 2, "--every", 1,
    "--workers", 0, "--turn-recipe", ALONE,
)  # fmt: skip


@pytest.fixture(scope="module")
def photographs(tmp_path_factory):
    """A folder of two samples and a picture without a face."""
    folder = tmp_path_factory.mktemp("photographs")
    for name in ("james-right.jpg", "mona-lisa.jpg"):
        shutil.copy(SAMPLES / name, folder)
    picture(folder / "fabric.png", seed=0)
    return folder


@pytest.fixture(scope="module")
def done(photographs, tmp_path_factory):
    """What a run has written; tests leave it as it is."""
    folder = tmp_path_factory.mktemp("done") / "out"
    return folder, trained(photographs, folder)


@pytest.fixture
def copied(done, tmp_path):
    """A folder that a run was finished in, to be changed."""
    return Path(shutil.copytree(done[0], tmp_path / "out"))


class Watch:
    """Counts what was made, and may interrupt."""

    def __init__(self, stop_at=None):
        self.made, self.there, self.stop_at = {}, {}, stop_at

    def __call__(self, stage, total, count, made):
        self.made[stage] = self.made.get(stage, 0) + made
        self.there[stage] = self.there.get(stage, 0) + count
        if stage == "train" and self.stop_at == self.there[stage]:
            raise KeyboardInterrupt


def trained(data, folder, settings=SETTINGS, how=HOW, workers=0, watch=None, device="cpu"):
    return run(data, folder, how, settings, device, workers, watch or Watch())


def content(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(Path(folder).rglob("*"))
        if path.is_file()
    }


def views_in(folder):
    return sorted(Path(folder).glob("*.npz"))


def rows(folder):
    return list(csv.DictReader((folder / "log.csv").read_text().splitlines()))


# --- What is written -----------------------------------------------------------------------------


def test_a_run_writes_weights_log_and_record(done, photographs):
    folder, result = done
    assert result.weights == folder / "facemap.safetensors"
    assert (result.photographs, result.views) == (1, 2)  # of two, one is held out
    assert list(result.skipped) == ["fabric.png"]
    assert result.weights.stat().st_size < 10e6
    assert [row["step"] for row in rows(folder)] == ["1", "2", "3"]
    assert all(np.isfinite([float(value) for value in row.values()]).all() for row in rows(folder))
    assert cv2.imread(str(folder / "log.png")).shape == (480, 900, 3)
    record = json.loads((folder / "facemap.json").read_text())
    assert record["sha256"] == file_sha256(result.weights)
    assert record["settings"]["steps"] == 3
    assert record["rendering"] == HOW.key
    assert record["head"] is None
    assert not list(folder.rglob("*.part"))


def test_the_result_can_be_used(done):
    reconstructor = load_reconstructor(weights=str(done[1].weights))
    (face,) = reconstructor(photograph("james-right.jpg"))
    (known,) = load_reconstructor()(photograph("james-right.jpg"))
    assert face.box.overlap(known.box) > 0.7


def test_the_weights_are_the_average(done):
    weights = load_file(done[1].weights)
    checkpoint = load_file(done[0] / "checkpoint.safetensors")
    for name, value in weights.items():
        torch.testing.assert_close(value, checkpoint[f"averaged.{name}"].half())
    assert {value.dtype for value in weights.values()} == {torch.float16}


def test_renders_are_pictures_with_points(done):
    files = views_in(done[0] / "renders")
    assert len(files) == 2
    for file in files:
        views = load(file)
        assert views.points.shape == (2, 468, 3)
        for jpeg in views.pictures:
            image = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
            assert image.shape == (256, 256, 3)
        assert np.abs(views.points[0] - views.points[1]).max() > 3  # turned


# --- Going on ------------------------------------------------------------------------------------


def test_the_same_again_changes_nothing(copied, photographs):
    before, watch = content(copied), Watch()
    trained(photographs, copied, watch=watch)
    assert watch.made["render"] == 1  # the picture without a face is tried again
    assert watch.made["train"] == 0
    assert watch.there == {"render": 3, "check": 2, "train": 3}
    assert content(copied) == before


@pytest.mark.parametrize("step", [1, 3])
def test_interrupted_and_taken_up_it_is_the_same(done, tmp_path, step):
    folder = tmp_path / "out"
    with pytest.raises(KeyboardInterrupt):
        trained(done[0] / "renders", folder, watch=Watch(stop_at=step))
    assert not (folder / "facemap.safetensors").exists()
    watch = Watch()
    trained(done[0] / "renders", folder, watch=watch)
    assert watch.made["train"] == 3 - (step - 1)
    for name in ("facemap.safetensors", "log.csv", "log.png"):
        assert (folder / name).read_bytes() == (done[0] / name).read_bytes()
    one, other = (load_file(at / "checkpoint.safetensors") for at in (folder, done[0]))
    assert one.keys() == other.keys()
    assert all(torch.equal(value, other[name]) for name, value in one.items())


def test_neither_workers_nor_checkpoints_change_the_result(done, tmp_path):
    folder = tmp_path / "out"
    trained(done[0] / "renders", folder, replace(SETTINGS, every=500), workers=1)
    assert (folder / "facemap.safetensors").read_bytes() == done[1].weights.read_bytes()
    assert [row["step"] for row in rows(folder)] == ["3"]


def test_workers_render_the_same(done, tmp_path):
    (tmp_path / "one").mkdir()
    shutil.copy(SAMPLES / "mona-lisa.jpg", tmp_path / "one")
    (file,), skipped, _ = render(tmp_path / "one", tmp_path / "out", HOW, 2, Watch())
    assert not skipped
    apart, here = load(file), load(done[0] / "renders" / file.name)
    assert apart.pictures == here.pictures
    # What this process has worked out before with more threads may differ by a last bit.
    np.testing.assert_allclose(apart.points, here.points, rtol=0, atol=1e-4)


def test_prepared_views_are_as_good_as_photographs(done, tmp_path):
    result = trained(done[0] / "renders", tmp_path / "out")
    assert result.weights.read_bytes() == done[1].weights.read_bytes()
    assert not (tmp_path / "out/renders").exists()
    record = json.loads((tmp_path / "out/facemap.json").read_text())
    assert record["rendering"] is record["head"] is None


def test_another_seed_is_another_network(done, tmp_path):
    result = trained(done[0] / "renders", tmp_path / "out", replace(SETTINGS, seed=1))
    assert result.weights.read_bytes() != done[1].weights.read_bytes()


def test_a_damaged_render_is_made_anew(copied, done, photographs):
    files = views_in(copied / "renders")
    files[0].write_bytes(files[0].read_bytes()[:5000])
    files[1].unlink()
    watch = Watch()
    trained(photographs, copied, watch=watch)
    assert (watch.made["render"], watch.made["train"]) == (3, 0)
    assert content(copied) == content(done[0])


def test_other_options_are_rendered_beside(done, tmp_path, photographs):
    keys = {how.key for how in (HOW, replace(HOW, seed=1), replace(HOW, turns=3), RenderSettings())}
    assert len(keys) == 4
    head = head_file(tmp_path / "head.safetensors")
    assert replace(HOW, head=head).key not in keys


def test_views_are_drawn_by_number(done):
    own = [load(file) for file in views_in(done[0] / "renders")]
    degradations = read_degradations(RECIPES / "view.yaml")
    whole, rest = (Views(own, degradations, 3, start, 12 - start) for start in (0, 7))
    assert (len(whole), len(rest)) == (12, 5)
    for index in (0, 4, 1):  # in any order
        np.testing.assert_array_equal(rest[index].image, whole[7 + index].image)
        np.testing.assert_array_equal(rest[index].points, whole[7 + index].points)


def test_an_epoch_shows_every_view_once(done, monkeypatch):
    own = [load(file) for file in views_in(done[0] / "renders")]
    seen = []
    monkeypatch.setattr(
        loop, "view_of", lambda picture, points, *_: seen.append((picture, points.tobytes()))
    )
    views = Views(own, None, 3, 0, 40)
    for number in range(40):
        views[number]
    every = {(a, b.tobytes()) for one in own for a, b in zip(one.pictures, one.points, strict=True)}
    for epoch in range(10):
        assert set(seen[4 * epoch : 4 * epoch + 4]) == every
    assert len({tuple(seen[4 * epoch : 4 * epoch + 4]) for epoch in range(10)}) > 3


@pytest.mark.parametrize(("count", "kept"), [(0, 0), (10, 10), (300, 256), (5000, 256)])
def test_held_out_views_are_spread_evenly(count, kept):
    one = renders.Renders([b""] * count, np.zeros((count, 468, 3), np.float32))
    places = [view for _, view in loop._spread([one])]
    assert len(places) == len(set(places)) == kept
    if kept:
        assert places[0] == 0
        assert places[-1] >= count - 1 - count / kept


# --- With a head model ---------------------------------------------------------------------------


def test_a_head_model_gives_depth_and_other_shapes(tmp_path):
    folder, head = tmp_path / "photographs", head_file(tmp_path / "head.safetensors")
    folder.mkdir()
    shutil.copy(SAMPLES / "james-right.jpg", folder)
    shaped = tmp_path / "shaped.yaml"
    shaped.write_text("version: 1\nsteps:\n  - profile: {yaw: 20, identity: 1, expression: 1}\n")
    how = replace(HOW, head=head, turn=shaped)
    result = trained(folder, tmp_path / "out", replace(SETTINGS, steps=1), how)
    assert result.photographs == 1
    record = json.loads((tmp_path / "out/facemap.json").read_text())
    assert record["head"] == file_sha256(head)
    assert rows(tmp_path / "out")[0]["held_out_map"] == ""  # there is but one photograph


def test_another_shape_without_a_model_is_an_error(photographs, tmp_path):
    how = replace(HOW, turn=RECIPES / "turn.yaml", turns=12)
    with pytest.raises(UsageError, match="identity and expression need a head model"):
        trained(photographs, tmp_path / "out", how=how)


# --- What is refused -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "named"),
    [({"rate": 0.5}, "rate"), ({"seed": 9, "steps": 4}, "seed, steps"), ({"jaw": False}, "jaw")],
)
def test_a_folder_of_other_settings_is_refused(copied, done, change, named):
    before = content(copied)
    with pytest.raises(UsageError) as error:
        trained(copied / "renders", copied, replace(SETTINGS, **change))
    assert f"is of a run with other settings ({named}); choose another folder" in str(error.value)
    assert content(copied) == before


def test_a_folder_of_another_view_recipe_is_refused(copied, tmp_path):
    recipe = tmp_path / "view.yaml"
    recipe.write_text("version: 1\nsteps:\n  - noise: {}\n")
    with pytest.raises(UsageError, match=r"other settings \(view\)"):
        trained(copied / "renders", copied, replace(SETTINGS, view=recipe))


def test_a_folder_of_other_photographs_is_refused(copied, photographs, tmp_path):
    shutil.copy(photographs / "mona-lisa.jpg", copied.parent)
    with pytest.raises(UsageError, match=r"\(photographs or their rendering\)"):
        trained(tmp_path, copied)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"seed": 5}, "seed"),
        ({"turns": 1, "scenes": 3}, "scenes, turns"),
        ({"scene": RECIPES / "view.yaml"}, "scene-recipe"),
        ({"head": "head", "turn": RECIPES / "turn.yaml"}, "head, turn-recipe"),
    ],
)
def test_a_folder_of_another_rendering_is_refused(
    copied, photographs, monkeypatch, change, named, tmp_path
):
    monkeypatch.setattr(renders, "LocalEngine", None)  # before anything is rendered
    if "head" in change:
        change = change | {"head": head_file(tmp_path / "head.safetensors")}
    before, how = content(copied), replace(HOW, **change)
    with pytest.raises(UsageError) as error:
        trained(photographs, copied, how=how)
    assert f"holds renders of other settings ({named}); choose another" in str(error.value)
    for record in (b"{", b"[]", None):
        if record is None:
            (copied / "renders" / renders.RECORD).unlink()
        else:
            (copied / "renders" / renders.RECORD).write_bytes(record)
        with pytest.raises(UsageError, match=r"other settings \(not known which\)"):
            trained(photographs, copied, how=how)
    del before[f"renders/{renders.RECORD}"]
    assert content(copied) == before


def test_without_renders_a_folder_takes_any_settings(photographs, tmp_path):
    folder = tmp_path / "renders"
    renders._write_settings(folder, HOW)
    renders._write_settings(folder, replace(HOW, seed=5))
    assert json.loads((folder / renders.RECORD).read_text())["seed"] == 5


def test_views_of_two_renderings_are_not_mixed(copied, tmp_path):
    folder = copied / "renders"
    one = views_in(folder)[0]
    shutil.copy(one, folder / "own.npz")  # anybody's
    run_module.view_files(folder)
    shutil.copy(one, folder / f"{'0' * 32}-{'1' * 16}.npz")
    with pytest.raises(UsageError, match=rf"2 renderings \(\*-{'1' * 16}\.npz, \*-{HOW.key}\.npz"):
        trained(folder, tmp_path / "other")
    assert not (tmp_path / "other").exists()


def test_too_little_memory_is_not_a_damaged_checkpoint(copied, monkeypatch):
    def full(*_):
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(checkpoint, "_restore", full)
    with pytest.raises(torch.OutOfMemoryError):
        trained(copied / "renders", copied)


def damaged(path, kind):
    if kind == "cut":
        path.write_bytes(path.read_bytes()[:4000])
    elif kind == "empty":
        path.write_bytes(b"")
    elif kind == "foreign":
        save_file({"a": torch.zeros(3)}, path)
    else:
        about = {"step": "1", "settings": "no JSON", "views": ""}
        save_file(load_file(path), path, metadata=about)


@pytest.mark.parametrize("kind", ["cut", "empty", "foreign", "text"])
def test_a_damaged_checkpoint_says_what_to_do(copied, kind):
    damaged(copied / "checkpoint.safetensors", kind)
    with pytest.raises(UsageError) as error:
        trained(copied / "renders", copied)
    text = str(error.value)
    assert text.startswith(f"{copied / 'checkpoint.safetensors'}: is damaged (")
    assert text.endswith("remove it to begin anew")
    assert "\n" not in text


def test_a_checkpoint_of_another_network(copied):
    path = copied / "checkpoint.safetensors"
    with safe_open(path, "pt") as file:
        about = file.metadata()  # of this run, with the tensors of another
    save_file({"a": torch.zeros(3)}, path, metadata=about)
    with pytest.raises(UsageError) as error:
        trained(copied / "renders", copied)
    assert "is damaged (Error(s) in loading state_dict" in str(error.value)
    assert "\n" not in str(error.value)


def test_a_damaged_log_says_what_to_do(copied):
    (copied / "log.csv").write_text("what,is\nthis,?\n")
    with pytest.raises(UsageError, match=r"log\.csv: is not the log of a run; remove it"):
        trained(copied / "renders", copied)


def test_prepared_views_that_are_none(done, tmp_path):
    shutil.copytree(done[0] / "renders", tmp_path / "views")
    (tmp_path / "views/0.npz").write_bytes(b"PK")
    with pytest.raises(UsageError) as error:
        trained(tmp_path / "views", tmp_path / "out")
    assert str(error.value) == (
        f"{tmp_path / 'views/0.npz'}: not views, or damaged; give a folder of photographs only, or "
        "of views only"
    )


FACE = canonical_points(scale=3.0, origin=(47.5, 47.5, 0.0)).astype(np.float32)


@pytest.mark.parametrize(
    ("encoded", "points", "why"),
    [
        (b"no picture", FACE, "the picture cannot be decoded"),
        (b"", FACE, "the picture cannot be decoded"),
        (None, np.where(np.arange(468)[:, None] == 7, np.nan, FACE), "not all finite"),
        (None, FACE * np.inf, "not all finite"),
        (None, np.full((468, 3), 40), "on one line or in one place"),
        (None, np.arange(468)[:, None] * np.full(3, 0.1), "on one line or in one place"),
        (None, FACE / 96, "on one line or in one place"),
        (None, FACE + 96, "beside the picture"),
        (None, FACE - [0, 96, 0], "beside the picture"),
    ],
)
def test_views_that_nothing_can_be_learnt_from_are_named(tmp_path, encoded, points, why):
    good = cv2.imencode(".png", np.zeros((96, 96, 3), np.uint8))[1].tobytes()
    (tmp_path / "views").mkdir()
    path = tmp_path / "views/one.npz"
    pictures = [good, good if encoded is None else encoded]

    def write(places):
        lengths = [len(one) for one in pictures]
        jpeg = np.frombuffer(b"".join(pictures), np.uint8)
        np.savez(path, jpeg=jpeg, lengths=lengths, points=np.stack([FACE, places]))

    write(points)
    with pytest.raises(UsageError, match=rf"one\.npz: view 1, counted from 0: .*{why}.*; "):
        trained(tmp_path / "views", tmp_path / "out")
    assert not (tmp_path / "out/facemap.safetensors").exists()
    pictures[1] = good
    write(FACE + np.float32([40, 0, 0]))  # half beside the picture
    (views,) = read_views([path], Watch())
    assert len(views.pictures) == 2


@pytest.mark.parametrize(
    ("where", "step", "files"),
    [("validation", 2, 2), ("answer", 3, 1), ("gradient", 2, 1)],  # of one nothing is held out
)
def test_a_loss_that_is_no_number_stops_the_run(done, tmp_path, monkeypatch, where, step, files):
    views, folder, computed = tmp_path / "views", tmp_path / "out", loop.Objective.forward
    views.mkdir()
    for file in views_in(done[0] / "renders")[:files]:
        shutil.copy(file, views)

    def steep(self, points, *rest):
        parts = computed(self, points, *rest)
        return parts | {"map": parts["map"] + (0 * points).sum().sqrt()}

    trained(views, folder, replace(SETTINGS, steps=1))
    monkeypatch.setattr(checkpoint, "_differing", lambda *_: [])
    if where == "gradient":
        monkeypatch.setattr(loop.Objective, "forward", steep)
    else:
        monkeypatch.setattr(loop, "rate_at", lambda *_: 1e30)
    with pytest.raises(UsageError) as error:
        trained(views, folder)
    assert str(error.value) == (
        f"step {step}: the loss is no longer finite; train in another folder with a --rate below "
        "1e-05; the last checkpoint stays"
    )
    with safe_open(folder / "checkpoint.safetensors", "pt") as file:
        assert json.loads(file.metadata()["facelab"])["step"] == step - 1
    tensors = load_file(folder / "checkpoint.safetensors").values()
    assert all(torch.isfinite(value).all() for value in tensors)


@pytest.mark.parametrize(
    "change",
    [
        {"points": np.zeros((1, 468, 3))},
        {"points": np.zeros((2, 68, 3))},
        {"lengths": np.array([3, 9])},
        {"lengths": np.array([1.5, 2.5])},
        {"lengths": np.array([], int), "points": np.zeros((0, 468, 3))},
        {"jpeg": None},
    ],
    ids=lambda change: "-".join(change),
)
def test_views_that_do_not_fit_are_no_views(tmp_path, change):
    path = tmp_path / "views.npz"
    right = {
        "jpeg": np.arange(5, dtype=np.uint8),
        "lengths": np.array([3, 2]),
        "points": np.zeros((2, 468, 3)),
    }
    np.savez(path, **right)
    assert load(path).pictures == [b"\0\1\2", b"\3\4"]
    assert load(path).points.dtype == np.float32
    np.savez_compressed(path, **right)
    assert load(path).pictures == [b"\0\1\2", b"\3\4"]
    np.savez(path, **{name: one for name, one in (right | change).items() if one is not None})
    assert load(path) is None
    np.save(tmp_path / "alone.npy", np.zeros(3))
    assert load(tmp_path / "alone.npy") is None


def test_no_folder_and_no_photographs(tmp_path):
    with pytest.raises(UsageError, match=r"none: is not a folder; give the folder"):
        trained(tmp_path / "none", tmp_path / "out")
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match=r"empty: no photograph is in it"):
        trained(tmp_path / "empty", tmp_path / "out")
    picture(tmp_path / "empty/fabric.png", seed=1)
    with pytest.raises(
        UsageError, match=r"empty: no photograph can be used \(fabric\.png: no face"
    ):
        trained(tmp_path / "empty", tmp_path / "out")


def test_what_is_at_fault_is_said_before_anything_is_rendered(photographs, tmp_path, monkeypatch):
    monkeypatch.setattr(renders, "LocalEngine", None)
    (tmp_path / "bad.yaml").write_text("version: 1\nsteps:\n  - nonsense: {}\n")
    (tmp_path / "bad.safetensors").write_bytes(b"?")
    for change, message in (
        ({"head": tmp_path / "none.safetensors"}, r"none\.safetensors: no such file"),
        ({"head": tmp_path / "bad.safetensors"}, r"bad\.safetensors: not a head model"),
        ({"turn": tmp_path / "bad.yaml"}, r"bad\.yaml:3: step 1: "),
        ({"scene": tmp_path / "none.yaml"}, r"none\.yaml"),
    ):
        with pytest.raises(UsageError, match=message):
            trained(photographs, tmp_path / "out", how=replace(HOW, **change))
    with pytest.raises(UsageError, match=r"bad\.yaml:3: step 1: "):
        trained(photographs, tmp_path / "out", replace(SETTINGS, view=tmp_path / "bad.yaml"))
    with pytest.raises(WeightsError, match=r"bad\.safetensors: not the weights of a FaceMap"):
        bad = replace(SETTINGS, begin=tmp_path / "bad.safetensors")
        trained(photographs, tmp_path / "out", bad)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(UsageError, match="device cuda: torch sees no CUDA device"):
        trained(photographs, tmp_path / "out", device="cuda")


@pytest.mark.parametrize(
    ("step", "key"),
    [
        ("swap: {source: other}", "source"),
        ("transplant: {reference: face, regions: [mouth]}", "reference"),
        ("overlay: {reference: paint}", "reference"),
        ("anonymise: {references: [other]}", "references"),
    ],
)
def test_steps_that_need_more_than_the_photograph_are_refused(photographs, tmp_path, step, key):
    recipe = tmp_path / "recipe.yaml"
    picture(tmp_path / "a.png", seed=0)
    recipe.write_text(
        f"version: 1\ninputs:\n  face: {SAMPLES / 'mona-lisa.jpg'}\n  paint: {{picture: a.png}}\n"
        f"steps:\n  - relight: {{}}\n  - {step}\n"
    )
    for change in ({"scene": recipe}, {"turn": recipe}):
        with pytest.raises(UsageError) as error:
            trained(photographs, tmp_path / "out", how=replace(HOW, **change))
        name = step.split(":")[0]
        assert f"recipe.yaml: step 2 ({name}): {key}: needs other pictures" in str(error.value)


def test_a_photograph_that_a_step_fails_on_is_left_out(tmp_path, monkeypatch):
    folder, made = tmp_path / "photographs", renders.views
    (folder / "a").mkdir(parents=True)
    shutil.copy(SAMPLES / "mona-lisa.jpg", folder)
    shutil.copy(SAMPLES / "james-right.jpg", folder / "a")
    (folder / "a/cut.jpg").write_bytes(b"\xff\xd8\xff")
    bad = file_sha256(folder / "a/james-right.jpg")

    def views(scene, sha256, how):
        if sha256 == bad:
            raise UsageError("overlay: not of this face")
        return made(scene, sha256, how)

    monkeypatch.setattr(renders, "views", views)
    (file,), skipped, _ = render(folder, tmp_path / "out", HOW, 1, Watch())
    assert file.name.startswith(file_sha256(folder / "mona-lisa.jpg")[:32])
    assert list(skipped) == ["a/cut.jpg", "a/james-right.jpg"]
    assert skipped["a/james-right.jpg"] == "overlay: not of this face"
    assert str(tmp_path) not in skipped["a/cut.jpg"]


def killed(_how, _task):
    """In the place of what renders a photograph."""
    kill()


def test_a_worker_that_dies_is_said_in_a_line(photographs, tmp_path, monkeypatch):
    monkeypatch.setattr(renders, "_render", killed)
    monkeypatch.setattr(local, "ATTEMPTS", 1)  # to be quick
    with pytest.raises(FacelabError, match=r"^/\S+\.(jpg|png): 3 workers died .* memory .*$"):
        render(photographs, tmp_path / "out", HOW, 2, Watch())


def test_missing_weights_are_not_taken_for_bad_photographs(photographs, tmp_path, monkeypatch):
    def missing(*_, **__):
        raise WeightsError("facemesh is missing")

    renders._teacher.cache_clear()
    monkeypatch.setattr(renders, "load_reconstructor", missing)
    with pytest.raises(WeightsError, match="facemesh is missing"):
        trained(photographs, tmp_path / "out")


def test_two_runs_into_one_folder(done, tmp_path):
    class Second(Watch):
        def __call__(self, stage, *counts):
            with pytest.raises(OutputError, match="another run is writing it"):
                trained(done[0] / "renders", tmp_path / "out")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        trained(done[0] / "renders", tmp_path / "out", watch=Second())


# --- The log -------------------------------------------------------------------------------------


def test_a_row_is_the_mean_of_its_steps(tmp_path):
    path = tmp_path / "log.csv"
    log = Log(path, 0)
    for value in (1.0, 3.0):
        log.add(dict.fromkeys(("total", "map", "landmarks", "score"), value))
    log.write(2, 0.001, {"map": 5.0, "landmarks": 6.0, "total": 7.0})
    log.add(dict.fromkeys(("total", "map", "landmarks", "score"), 9.0))
    log.write(4, 0.0005, {})
    first, second = rows(tmp_path)
    assert [float(first[name]) for name in ("step", "rate", "loss", "map")] == [2, 0.001, 2, 2]
    assert float(first["held_out_landmarks"]) == 6
    assert (float(second["loss"]), second["held_out_map"]) == (9, "")
    again = Log(path, 2)  # of a run that goes on from step 2
    again.add(dict.fromkeys(("total", "map", "landmarks", "score"), 4.0))
    again.write(3, 0.1, {})
    assert [row["step"] for row in rows(tmp_path)] == ["2", "3"]


def test_curves_fall_when_errors_do():
    errors = [8, 4, 2, 1]
    table = [{"step": str(100 * k), "held_out_map": str(e)} for k, e in enumerate(errors, 1)]
    picture = curves(table)
    assert picture.shape == (480, 900, 3)
    orange = (np.abs(picture - np.float32([215, 90, 25]) / 255).max(axis=2) < 0.02)[:, :680]
    rows_, columns = np.nonzero(orange)
    left, right = rows_[columns < 300].mean(), rows_[columns > 600].mean()
    assert right > left + 100
    assert curves([{"step": "1"}]).min() == 1
    missing = [{"step": "9", "held_out_map": value} for value in ("0.0000", "-1", "nan", "")]
    assert curves(missing).min() == 1
    some = [row | {"map": "0.0000"} for row in table]
    np.testing.assert_array_equal(curves(some), picture)


# --- The command ---------------------------------------------------------------------------------


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_the_command(here, done, photographs):
    result = facelab_("train", photographs, "-o", "out", *OPTIONS)
    assert result.exit_code == 0, result.output
    assert "left out: fabric.png: no face found" in result.stderr
    assert "out/facemap.safetensors: trained on 2 views" in result.stderr
    assert Path("out/facemap.safetensors").read_bytes() == done[1].weights.read_bytes()
    again = facelab_("train", photographs, "-o", "out", *OPTIONS, "--json")
    about = json.loads(again.stdout)
    assert (about["photographs"], about["views"]) == (1, 2)
    assert about["weights"] == "out/facemap.safetensors"
    quiet = facelab_("train", photographs, "-o", "out", *OPTIONS, "--quiet")
    assert (quiet.exit_code, quiet.output) == (0, "")


def test_the_commands_options_arrive(here, monkeypatch, done):
    given = []

    def kept(*arguments):
        given.extend(arguments)
        return done[1]

    monkeypatch.setattr(run_module, "run", kept)
    recipe = RECIPES / "view.yaml"
    facelab_(
        "train", "faces", "-o", "out", "--head", "h", "--scene-recipe", recipe, "--turn-recipe",
        recipe, "--view-recipe", "v", "--begin", "b", "--no-jaw", "--seed", 7, "--rate", 0.5,
        "--scenes", 5, "--turns", 6, "--steps", 8, "--batch", 9, "--every", 10, "--workers", 3,
    )  # fmt: skip
    data, folder, how, settings, device, workers, _ = given
    assert (data, folder, device, workers) == (Path("faces"), Path("out"), "cpu", 3)
    assert how == RenderSettings(Path("h"), recipe, recipe, 5, 6, 7)
    assert settings == Settings(8, 9, 0.5, 0.998, 7, 10, Path("v"), jaw=False, begin=Path("b"))
    given.clear()
    facelab_("train", "faces", "-o", "out", "--scratch")
    assert given[3] == Settings(scratch=True)
    assert facelab_("train", "f", "-o", "o", "--scratch", "--begin", "b").exit_code == 2
    given.clear()
    facelab_("train", "faces", "-o", "out", "--head", "h")
    assert given[2].turn == RECIPES / "turn.yaml"
    given.clear()
    facelab_("train", "faces", "-o", "out")
    assert given[2].turn == RECIPES / "turn_without_head.yaml"
    assert given[2].scene == RECIPES / "scene.yaml"
    assert given[3] == Settings()


def test_the_commands_errors_are_one_line(here, done, copied):
    wrong = facelab_("train", "none", "-o", "out")
    assert wrong.exit_code == 2
    assert one_line(wrong, "none: is not a folder")
    other = facelab_("train", done[0] / "renders", "-o", copied, *OPTIONS, "--seed", 3)
    assert other.exit_code == 2
    assert one_line(other, "other settings (seed)")
