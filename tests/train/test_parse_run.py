"""A whole training run of FaceParse, very small: what it writes, goes on from, and refuses."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
import torch

from facelab.constants import PARTS
from facelab.errors import UsageError
from facelab.models.faceparse import FaceParse
from facelab.models.layers import load_file
from facelab.provenance import file_sha256
from facelab.train.loop import Settings
from facelab.train.parse.encoding import UNKNOWN, decoded_shares
from facelab.train.parse.renders import RenderSettings, load
from facelab.train.parse.run import run
from facelab.train.renders import RECIPES
from tests.commands import facelab_, one_line, picture
from tests.synthetic import SAMPLES

RECIPE = """
version: 1
name: small
heads: {people: 2, expression: neutral}
steps:
  - frame: {size: 128, room: 1.9}
  - wear: {kind: glasses}
"""
SETTINGS = Settings(
    steps=2, batch=2, every=1, rate=1e-4, view=RECIPES / "parse_view.yaml", coarse=True
)


@pytest.fixture(scope="module")
def photographs(tmp_path_factory):
    """A folder of a sample and a picture without a face."""
    folder = tmp_path_factory.mktemp("photographs")
    shutil.copy(SAMPLES / "james-right.jpg", folder)
    picture(folder / "fabric.png", seed=0)
    return folder


@pytest.fixture(scope="module")
def how(tmp_path_factory):
    path = tmp_path_factory.mktemp("recipe") / "small.yaml"
    path.write_text(RECIPE)
    return RenderSettings(path, views=2)


def trained(photographs, folder, how, settings=SETTINGS):
    return run(photographs, folder, how, settings, "cpu", 1, lambda *_: None)


@pytest.fixture(scope="module")
def done(photographs, how, tmp_path_factory):
    """What a run has written; tests leave it as it is."""
    folder = tmp_path_factory.mktemp("done") / "out"
    return folder, trained(photographs, folder, how)


def test_a_run_writes_weights_log_and_record(done):
    folder, result = done
    assert result.weights == folder / "faceparse.safetensors"
    assert (result.photographs, result.views) == (2, 4)
    assert list(result.skipped) == ["fabric.png"]
    network = load_file(FaceParse, result.weights)
    with torch.inference_mode():
        shares = network(torch.rand(1, 3, 256, 256))
    assert torch.isfinite(shares).all()
    record = json.loads(result.weights.with_suffix(".json").read_text())
    assert record["sha256"] == file_sha256(result.weights)
    assert record["settings"]["coarse"]
    rows = (folder / "log.csv").read_text().splitlines()
    assert rows[0].endswith("cross_entropy,dice,held_out_cross_entropy,held_out_missed")
    assert len(rows) == 3


def test_renders_are_pictures_with_labels(done):
    every = [load(path) for path in sorted((done[0] / "renders").glob("*.npz"))]
    assert len(every) == 3
    doubted = sorted(one.doubted.tolist() for one in every)
    assert doubted == [[False, False], [False, False], [True, False]]  # the photograph as it is
    for one in every:
        assert len(one.pictures) == len(one.labels) == 2
        for label, points in zip(one.labels, one.points, strict=True):
            shown = decoded_shares(label)[..., 0]
            assert shown.shape == (128, 128)
            inside = ((points[:, :2] > 0) & (points[:, :2] < 127)).all(axis=1)
            assert inside.mean() > 0.9
            assert PARTS.index("skin") in shown
            assert (shown == UNKNOWN).mean() < 0.5
        assert (PARTS.index("lenses") in decoded_shares(one.labels[1])[..., :2]) is True


def test_the_same_again_changes_nothing(done, photographs, how):
    before = {path: path.stat().st_mtime_ns for path in (done[0] / "renders").iterdir()}
    again = trained(photographs, done[0], how)
    assert file_sha256(again.weights) == file_sha256(done[1].weights)
    assert before == {path: path.stat().st_mtime_ns for path in (done[0] / "renders").iterdir()}


def test_interrupted_and_taken_up_it_is_the_same(done, photographs, how, tmp_path):
    folder = tmp_path / "out"
    shutil.copytree(done[0] / "renders", folder / "renders")

    def stop(stage, *_):
        if stage == "train" and (folder / "checkpoint.safetensors").exists():
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(photographs, folder, how, SETTINGS, "cpu", 1, stop)
    assert file_sha256(trained(photographs, folder, how).weights) == file_sha256(done[1].weights)


def test_it_goes_on_from_other_weights(done, photographs, how, tmp_path):
    folder = tmp_path / "out"
    shutil.copytree(done[0] / "renders", folder / "renders")
    settings = replace(SETTINGS, steps=1, coarse=False, begin=done[1].weights, rate=1e-9)
    weights = trained(photographs, folder, how, settings).weights
    before, after = (load_file(FaceParse, path).state_dict() for path in (done[1].weights, weights))
    for name, value in before.items():
        np.testing.assert_allclose(after[name], value, atol=1e-3)


def test_no_photograph_with_a_face(how, tmp_path):
    picture(tmp_path / "photographs" / "fabric.png", seed=0)
    with pytest.raises(UsageError, match="no photograph can be used"):
        trained(tmp_path / "photographs", tmp_path / "out", how)


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (("--network", "parse", "--no-jaw"), "--no-jaw does not go with --network parse"),
        (("--coarse",), "--coarse does not go with --network map"),
    ],
)
def test_options_of_the_other_network_are_refused(tmp_path, options, why):
    result = facelab_("train", tmp_path, "-o", tmp_path / "out", *options)
    assert result.exit_code == 2
    assert one_line(result, why)
