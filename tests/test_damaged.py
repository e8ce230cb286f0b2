"""What was kept, damaged: made again where facelab made it, or else refused in a line."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from facelab import weights
from facelab.augment import lock
from facelab.augment.engines.local import LocalEngine
from facelab.augment.plan import Item
from facelab.augment.portrait_cache import PortraitCache
from facelab.detect import insightface
from facelab.errors import UsageError, WeightsError
from facelab.models.facemesh import FaceMesh
from facelab.models.kinds import FACEMESH
from facelab.models.layers import load
from facelab.models.runtime import RUNTIMES, load_runner
from facelab.reconstruct.facemesh_regressor import MeshRegressor
from facelab.reconstruct.point_regressor import require_places
from facelab.reconstruct.reconstructor import View
from facelab.train import checkpoint
from facelab.train.log import Log
from facelab.train.loop import Settings, State
from facelab.types import Box
from tests import making
from tests.commands import FlatFace, facelab_, one_line, photographs, picture, snapshot, swap

DEEP = b'{"a":' * 20_000
NO_RECORDS = [
    b"",
    b"[]",
    b"[" * 50_000,
    DEEP,
    b'{"count": null}',
    b'{"count": 1}',
    b"\xff",
    b"null",
]


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


# --- Data sets -----------------------------------------------------------------------------------


def record_with(**changed):
    def change(data):
        return json.dumps(json.loads(data) | changed).encode() + b"\n"

    return change


NO_LABELS = [
    *(lambda _, data=data: data for data in NO_RECORDS),
    lambda data: data[:-20],
    record_with(box=[1, 2, 3]),
    record_with(split="all"),
    record_with(index=3.5),
    record_with(landmarks68=[[1, 2]] * 68),
    record_with(landmarks68=[[1, 2, 1e9]] * 68),
    record_with(sources=[]),
    record_with(steps=[{"smooth": 1}]),
    record_with(image="../../faces/anna/photo.jpg"),
    record_with(pose={"yaw": 1e9, "pitch": 0, "roll": 0, "rotation": [[1, 0, 0]] * 3}),
]


@pytest.fixture(scope="module")
def sets(tmp_path_factory):
    """Photographs, and a data set of two samples in each of two formats."""
    folder = tmp_path_factory.mktemp("sets")
    faces = making.photographs(folder / "faces")
    for form in ("folder", "webdataset"):
        (folder / form).mkdir()
        making.make(LocalEngine(1), faces, folder / form, count=2, form=form)
    return folder


@pytest.mark.parametrize("damage", NO_LABELS)
@pytest.mark.parametrize(
    ("form", "file"),
    [("folder", "labels/000000001.json"), ("webdataset", "labels/shard-000000.jsonl")],
)
def test_a_damaged_label_record_is_made_again(sets, tmp_path, form, file, damage):
    faces, out = sets / "faces", tmp_path / "out"
    shutil.copytree(sets / form, out)
    whole = making.content(out)
    (out / file).write_bytes(damage(whole[file].splitlines(keepends=True)[-1]))
    summary = making.make(LocalEngine(1), faces, out, count=2, form=form)
    assert summary.made == (1 if form == "folder" else 2)
    assert making.content(out) == whole


@pytest.mark.parametrize("data", [data for data in NO_RECORDS if data != b'{"count": 1}'])
def test_a_damaged_plan_is_refused(tmp_path, data):
    faces, out = making.photographs(tmp_path / "faces"), tmp_path / "out"
    out.mkdir()
    (out / lock.NAME).write_bytes(data)
    with pytest.raises(UsageError, match="is damaged") as caught:
        making.make(LocalEngine(1), faces, out)
    assert "\n" not in str(caught.value)
    assert making.content(out) == {lock.NAME: data}


def kept(**changed):
    v, u = np.indices((256, 256), np.float32)
    return {
        "positions": np.dstack([u, v, 0 * u]),
        "atlas": np.array("canonical"),
        "colour": np.full((8, 8, 3), 0.5, np.float16),
        "confidence": np.ones((8, 8), np.float16),
        "matte": np.zeros((20, 30), np.uint8),
        "classes": np.zeros((20, 30), np.uint8),
    } | changed


@pytest.mark.parametrize(
    "changed",
    [
        {"positions": np.full((256, 256, 3), np.nan, np.float32)},
        {"positions": np.full((256, 256, 3), 1e30, np.float32)},
        {"positions": np.zeros((8, 8, 3), np.float32)},
        {"positions": np.zeros((256, 256, 3), np.float64)},
        {"atlas": np.array("nobody's")},
        {"atlas": np.zeros((2, 2))},
        {"colour": np.full((8, 8, 3), np.nan, np.float16)},
        {"colour": np.full((8, 8, 3), 2, np.float16)},
        {"colour": np.zeros((8, 8), np.float16)},
        {"confidence": np.zeros((9, 9), np.float16)},
        {"matte": np.zeros((20, 31), np.uint8)},
        {"matte": np.zeros((20, 30), np.float32)},
        {"classes": np.zeros((30, 20), np.uint8)},
        {"classes": np.zeros((20, 30), np.int32)},
        {"classes": np.full((20, 30), 99, np.uint8)},
    ],
)
def test_a_face_in_the_cache_that_does_not_fit_is_looked_for_again(tmp_path, changed):
    sources = PortraitCache(tmp_path, lambda: None, "0" * 16, load_segmenter=lambda: None)
    sources = dataclasses.replace(sources, load_classifier=lambda: None)
    item, image = (
        Item(tmp_path / "a", "ab" * 32, "anna", "train"),
        np.zeros((20, 30, 3), np.float32),
    )
    np.savez(sources._path_of(item), **kept())
    assert sources._cached(item, image) is not None
    np.savez(sources._path_of(item), **kept(**changed))
    assert sources._cached(item, image) is None


# --- Records beside outputs ----------------------------------------------------------------------


@pytest.mark.parametrize("data", NO_RECORDS)
def test_a_photograph_with_a_damaged_record_is_not_done(here, calls, data):
    picture("source.png", 1)
    photographs(2)
    assert swap(target="photos", output="out").exit_code == 0
    whole = snapshot("out")
    Path("out/a.png.json").write_bytes(data)
    damaged = snapshot("out")
    calls.clear()
    result = swap(target="photos", output="out")
    assert result.exit_code == 2
    assert one_line(result, "out/a.png: already there", "--overwrite")
    assert not calls
    assert snapshot("out") == damaged
    assert swap("--overwrite", target="photos", output="out").exit_code == 0
    assert sorted(call[0] for call in calls) == ["a.png", "b.png"]  # two at a time
    assert snapshot("out") == whole


# --- Manifest and weights ------------------------------------------------------------------------


def entry(**changed):
    about = {
        "name": "own",
        "file": "own.safetensors",
        "sha256": "0" * 64,
        "licence": "mine",
        "source": "here",
        "how": "as it was",
        "inputs": {},
        "outputs": {},
    }
    return about | changed


@pytest.mark.parametrize(
    "changed",
    [
        {"file": 5},
        {"name": ["own"]},
        {"sha256": {}},
        {"inputs": "none"},
        {"file": "../own.safetensors"},
        {"file": "/dev/zero"},
        {"file": "a" * 300},
        {"file": "a\nb"},
    ],
)
def test_a_manifest_of_other_types_is_named(tmp_path, changed):
    text = "[[weights]]\n" + "".join(
        f"{key} = {'{}' if value == {} else json.dumps(value)}\n"
        for key, value in entry(**changed).items()
    )
    (tmp_path / weights.MANIFEST).write_text(text)
    with pytest.raises(WeightsError, match="is not a manifest of weights") as caught:
        weights.manifest(tmp_path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("data", [b"a = " + b"[" * 50_000, b"weights = 3", b"weights = [1]"])
def test_a_manifest_of_another_shape_is_named(tmp_path, data):
    (tmp_path / weights.MANIFEST).write_bytes(data)
    with pytest.raises(WeightsError, match="is not a manifest of weights"):
        weights.manifest(tmp_path)


def facemesh(change):
    state = load(FaceMesh, "facemesh").state_dict()
    return {name: change(value).contiguous() for name, value in state.items()}


@pytest.mark.parametrize(
    "change",
    [
        lambda value: value.bfloat16(),
        lambda value: value * torch.nan,
        lambda value: value[:1],
        lambda value: value.to(torch.float8_e4m3fn),
    ],
)
@pytest.mark.parametrize("runtime", RUNTIMES)
def test_weights_that_cannot_be_are_refused(tmp_path, change, runtime):
    path = tmp_path / "own.safetensors"
    save_file(facemesh(change), path)
    with pytest.raises(WeightsError, match="not the weights of a FaceMesh") as caught:
        load_runner(FACEMESH, runtime, own=path)
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)


def test_weights_that_put_faces_nowhere_are_refused(tmp_path):
    path = tmp_path / "own.safetensors"
    save_file(facemesh(lambda value: value * 1e4), path)
    regressor = MeshRegressor(load_runner(FACEMESH, own=path))
    image = np.full((64, 64, 3), 0.5, np.float32)
    with pytest.raises(WeightsError, match="gives places that are in no photograph"):
        regressor([View(image, Box(5, 5, 50, 60))])


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e5])
def test_places_are_near_the_crop(value):
    points = np.zeros((1, 468, 3), np.float32)
    require_places(points, 192, "FaceMesh")
    points[0, 7, 1] = value
    with pytest.raises(WeightsError, match="FaceMesh: gives places"):
        require_places(points, 192, "FaceMesh")


def broken(*_, **__):
    raise AttributeError("'NoneType' object has no attribute\n'shape'")


@pytest.mark.parametrize(
    "network",
    [
        SimpleNamespace(prepare=broken, detect=broken),
        SimpleNamespace(prepare=lambda **_: None, detect=broken),
        SimpleNamespace(prepare=lambda **_: None, detect=lambda _: (None, None)),
        SimpleNamespace(
            prepare=lambda **_: None,
            detect=lambda _: (np.full((1, 5), np.nan, np.float32), np.zeros((1, 5, 2), np.float32)),
        ),
    ],
)
def test_a_pack_that_does_not_work_is_named(tmp_path, monkeypatch, network):
    (tmp_path / "models" / "tiny").mkdir(parents=True)
    (tmp_path / "models" / "tiny" / "det.onnx").touch()
    monkeypatch.setattr(insightface, "load", lambda _: network)
    with pytest.raises(WeightsError, match="has a network that does not work") as caught:
        insightface.InsightFaceDetector("tiny", tmp_path)
    assert "\n" not in str(caught.value)


# --- Training ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def begun():
    """A state after a step, as far as a checkpoint tells."""
    settings = Settings(scratch=True)
    state = State.begun(settings)
    for group in state.optimiser.param_groups:
        for parameter in group["params"]:
            parameter.grad = torch.zeros_like(parameter)
    state.optimiser.step()
    state.step = 1
    return state, settings


def tensors_with(**changed):
    return lambda tensors, about: (tensors | changed, about)


@pytest.mark.parametrize(
    "change",
    [
        tensors_with(**{"optimiser.0.exp_avg": torch.zeros(3)}),
        tensors_with(**{"optimiser.999.step": torch.zeros(())}),
        tensors_with(**{"optimiser.x.step": torch.zeros(())}),
        tensors_with(**{"optimiser.0.more": torch.zeros(())}),
        tensors_with(**{"optimiser.0.step": torch.tensor(torch.nan)}),
        lambda tensors, about: ({k: v for k, v in tensors.items() if "0.step" not in k}, about),
        lambda tensors, about: (tensors, about | {"step": -1}),
        lambda tensors, about: (tensors, about | {"step": "1"}),
        lambda tensors, about: (tensors, about | {"settings": [1]}),
        lambda tensors, about: (tensors, DEEP.decode()),
        lambda tensors, about: (tensors, None),
    ],
)
def test_a_checkpoint_that_does_not_fit_is_refused(tmp_path, begun, change):
    state, settings = begun
    about = {"step": 1, "settings": json.loads(checkpoint.described(settings)), "views": "x"}
    path = tmp_path / checkpoint.NAME
    checkpoint.save(tmp_path, state, settings, "x")
    checkpoint.resume(tmp_path, state, settings, "x")
    tensors, about = change(checkpoint.tensors_of(state), about)
    text = about if isinstance(about, str) else json.dumps(about)
    save_file(tensors, path, metadata=about and {"facelab": text})
    with pytest.raises(UsageError, match="is damaged") as caught:
        checkpoint.resume(tmp_path, state, settings, "x")
    assert "\n" not in str(caught.value)


HEAD = "step,rate,loss,map,landmarks,score,held_out_map,held_out_landmarks\n"


@pytest.mark.parametrize(
    "text",
    [
        HEAD + "nan,1,1,1,1,1,,\n",
        HEAD + "-3,1,1,1,1,1,,\n",
        HEAD + "1,1,1,much,1,1,,\n",
        HEAD + "1,1,1,1,1,1,,,9\n",
        HEAD.replace("rate", "speed") + "1,1,1,1,1,1,,\n",
        HEAD + '"' + "x" * 200_000,
    ],
)
def test_a_log_that_is_none_says_what_to_do(tmp_path, text):
    (tmp_path / "log.csv").write_text(text)
    with pytest.raises(UsageError, match=r"log\.csv: is not the log of a run; remove it"):
        Log(tmp_path / "log.csv", 3)


def test_training_into_what_is_trained_on_is_refused(here):
    photographs(2)
    before = snapshot("photos")
    result = facelab_("train", "photos", "-o", "photos/../photos")
    assert result.exit_code == 2
    assert one_line(result, "photos/../photos: holds what is trained on; give another folder")
    assert snapshot("photos") == before


# --- Commands ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("swap", "-s", "odd", "-t", "target.png", "-o", "out.png"), 1),
        (("swap", "-s", "target.png", "-t", "odd", "-o", "out.png"), 1),
        (("swap", "-s", "target.png", "-t", "target.png", "-o", "out.png", "--mask", "odd"), 1),
        (("edit", "target.png", "-o", "out.png", "-r", "odd"), 2),
        (("edit", "odd", "-o", "out.png", "--do", "smooth"), 1),
        (("recipe", "check", "odd"), 2),
        (("reconstruct", "odd", "-o", "out"), 1),
        (("train", "photos", "-o", "out", "--head", "odd"), 2),
        (("train", "photos", "-o", "out", "--begin", "odd"), 4),
        (("train", "photos", "-o", "out", "--view-recipe", "odd"), 2),
    ],
)
@pytest.mark.parametrize("make", [os.mkfifo, lambda path: Path(path).symlink_to("/dev/zero")])
def test_commands_neither_wait_nor_read_for_ever(here, calls, monkeypatch, arguments, code, make):
    monkeypatch.setattr(FlatFace, "description", "none", raising=False)
    picture("target.png", 1)
    photographs(1)
    make("odd")
    result = facelab_(*arguments)
    assert result.exit_code == code, result.stderr
    assert one_line(result, "odd", "not a regular file")
    left = [path.name for path in (*here.glob("out*"), *here.glob("out/*"))]
    assert set(left) <= {"out", ".facelab.lock"}
