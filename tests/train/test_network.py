"""The network that is trained, its crop, and what training makes small."""

from __future__ import annotations

import numpy as np
import onnxruntime
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import save_file

from facelab.atlas import canonical as layout
from facelab.errors import WeightsError
from facelab.geometry.landmarks import position_map
from facelab.models.export import exported
from facelab.models.facemap import KEPT, POINTS, SIDE, FaceMap
from facelab.models.facemesh import FaceMesh
from facelab.models.layers import load, load_file
from facelab.reconstruct.levelled import CROP_SCALE, levelled
from facelab.train import loop
from facelab.train.checkpoint import weights_of
from facelab.train.loop import Settings, State, rate_at
from facelab.train.loss import loss_weights
from facelab.train.objective import Objective
from facelab.types import Box
from tests.networks import astronaut_crops
from tests.synthetic import ATLAS, canonical_points

EVERY = 4  # texels between those that the objective compares


@pytest.fixture(scope="module")
def objective():
    return Objective()


def stirred(seed=0):
    """A network whose new blocks do something."""
    torch.manual_seed(seed)
    network = FaceMap()
    for name, parameter in network.named_parameters():
        if "narrow" in name:
            torch.nn.init.normal_(parameter, 0, 0.05)
    return network.eval()


# --- The network ---------------------------------------------------------------------------------


def test_training_begins_with_facemesh():
    crops = astronaut_crops("facemesh")
    with torch.inference_mode():
        points, score = load(FaceMesh, "facemesh")(crops)
        begun = State.begun(Settings())
        for network in (begun.network, begun.averaged):
            found, sure = network(crops.to(memory_format=torch.channels_last))
            torch.testing.assert_close(found, points, atol=1e-4, rtol=0)
            torch.testing.assert_close(sure, score, atol=1e-6, rtol=0)


def test_from_scratch_it_does_not():
    crops = astronaut_crops("facemesh")[:1]
    with torch.inference_mode():
        points, _ = State.begun(Settings(scratch=True)).network(crops)
        known, _ = load(FaceMesh, "facemesh")(crops)
    assert (points - known).abs().mean() > 10


def test_it_may_go_on_from_other_weights(tmp_path):
    crops, path, wanted = astronaut_crops("facemesh")[:1], tmp_path / "w.safetensors", stirred()
    path.write_bytes(weights_of(wanted))
    begun = State.begun(Settings(begin=path))
    with torch.inference_mode():
        for network in (begun.network, begun.averaged):
            torch.testing.assert_close(network(crops)[0], wanted(crops)[0], atol=0.5, rtol=0)
    assert not any(p.requires_grad for p in begun.network.stem.parameters())


def one_update(settings):
    """A state, and its network's parameters before and after a step."""
    state = State.begun(settings)
    before = {name: value.clone() for name, value in state.network.named_parameters()}
    wanted = torch.from_numpy(np.stack([canonical_points(scale=7, origin=(96, 96, 0))] * 2))
    batch = torch.rand(2, 3, SIDE, SIDE), wanted, torch.tensor([1.0, 0.0])
    parts = loop._update(state, Objective(), batch, settings)
    assert all(np.isfinite(value) for value in parts.values())
    return state, before


def test_an_update_moves_all_but_what_is_kept():
    state, before = one_update(Settings(steps=1))
    kept = ("stem.", *(f"trunk.{block}." for block in range(KEPT)))
    # What stands before a layer of zeros gets no gradient yet, but decays.
    for name, now in state.network.named_parameters():
        same = torch.equal(now, before[name])
        if name.startswith(kept):
            assert same, name
        elif name.startswith(("trunk", "points", "score")) or ".narrow." in name:
            assert not same, name
    moved = {name for name, now in state.network.named_parameters() if now.requires_grad}
    assert moved == {name for name in before if not name.startswith(kept)}


def test_from_scratch_an_update_moves_everything():
    state, before = one_update(Settings(steps=1, scratch=True))
    for name, now in state.network.named_parameters():
        if name.startswith(("stem", "trunk", "points", "score")):
            assert not torch.equal(now, before[name]), name


def test_the_average_follows():
    state, before = one_update(Settings(steps=1))
    kept = 2 / 11  # of few steps less is kept
    for (name, now), mean in zip(
        state.network.named_parameters(), state.averaged.parameters(), strict=True
    ):
        torch.testing.assert_close(mean, kept * before[name] + (1 - kept) * now.detach())


def test_the_rate_rises_and_falls():
    settings = Settings(steps=1000, rate=0.01)
    rates = [rate_at(step, settings) for step in range(1001)]
    assert rates[0] == pytest.approx(0.01 / 20)
    assert max(rates) == rates[20] == pytest.approx(0.01)
    assert np.all(np.diff(rates[20:]) < 0)
    assert rates[1000] == pytest.approx(0.0001)
    assert all(0 < rate_at(step, Settings(steps=1)) < 1 for step in range(2))


# --- Its weights ---------------------------------------------------------------------------------


def test_weights_are_small_and_come_back(tmp_path):
    network, path = stirred(), tmp_path / "facemap.safetensors"
    data = weights_of(network)
    assert len(data) < 10e6
    path.write_bytes(data)
    back = load_file(FaceMap, path)
    crops = astronaut_crops("facemesh")[:1]
    with torch.inference_mode():
        points, score = network(crops)
        again, sure = back(crops)
    scale = points.abs().max().item()
    torch.testing.assert_close(again, points, atol=0.01 * scale, rtol=0)
    torch.testing.assert_close(sure, score, atol=0.01, rtol=0)
    assert not any(parameter.requires_grad for parameter in back.parameters())


def test_other_weights_are_refused(tmp_path):
    path = tmp_path / "other.safetensors"
    save_file(FaceMesh().state_dict(), path)
    for content in (path.read_bytes(), path.read_bytes()[:1000], b""):
        path.write_bytes(content)
        with pytest.raises(WeightsError) as error:
            load_file(FaceMap, path)
        text = str(error.value)
        assert text.startswith(f"{path}: not the weights of a FaceMap (")
        assert "\n" not in text
    with pytest.raises(WeightsError, match=r"none: no such file or directory"):
        load_file(FaceMap, tmp_path / "none")


def test_onnx_runtime_gives_what_torch_gives():
    network, crops = stirred(), astronaut_crops("facemesh")
    with torch.inference_mode():
        points, score = (output.numpy() for output in network(crops))
    session = onnxruntime.InferenceSession(
        exported(network, SIDE), providers=["CPUExecutionProvider"]
    )
    found, sure = session.run(None, {"crops": crops.contiguous().numpy()})
    assert found.shape == (len(crops), POINTS, 3)
    np.testing.assert_allclose(found, points, atol=1e-4 * np.abs(points).max())
    np.testing.assert_allclose(sure, score, atol=1e-5)


# --- The crop ------------------------------------------------------------------------------------


def turned_in_plane(points, roll):
    """Counter-clockwise as seen, about a place beside the face."""
    angle, about = np.deg2rad(roll), np.array([90.0, 70.0])
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    flat = (points[:, :2] - about) @ turn.T + about
    return np.column_stack([flat, points[:, 2]]).astype(np.float32)


@settings(max_examples=30)
@given(st.floats(-90, 90), st.floats(-20, 20), st.floats(-180, 180))
def test_the_crop_shows_a_rolled_face_as_one_that_is_not(yaw, pitch, roll):
    points = canonical_points(yaw=yaw, pitch=pitch)
    rolled = turned_in_plane(points, roll)
    plain, other = levelled(points, SIDE), levelled(rolled, SIDE)
    assert (other.roll - plain.roll - roll + 180) % 360 - 180 == pytest.approx(0, abs=0.05)
    np.testing.assert_allclose(other.apply(rolled), plain.apply(points), atol=0.05)


@pytest.mark.parametrize("yaw", [0, 45, 90, -90])
def test_the_crop_is_upright_at_every_yaw(yaw):
    points = canonical_points(yaw=yaw, roll=35)
    crop = levelled(points, SIDE)
    assert crop.roll == pytest.approx(35, abs=0.01)
    shown = crop.apply(points)
    top, chin = shown[10], shown[152]
    assert chin[1] - top[1] > 0.5 * SIDE
    box = Box.around(shown)
    assert max(box.width, box.height) == pytest.approx(SIDE / CROP_SCALE, abs=0.01)
    np.testing.assert_allclose(box.centre, [(SIDE - 1) / 2] * 2, atol=0.01)


# --- The objective -------------------------------------------------------------------------------


def two_faces(seed=0):
    """Points that the network may give, and the right ones."""
    rng = np.random.default_rng(seed)
    wanted = np.stack(
        [
            canonical_points(yaw=30, scale=7, origin=(96, 96, 0)),
            canonical_points(pitch=10, scale=6, origin=(90, 99, 0)),
        ]
    )
    points = (wanted + rng.normal(0, 2, wanted.shape) + rng.normal(0, 4, (2, 1, 3))).astype("f4")
    return points, wanted


def values(parts):
    return {name: value.item() for name, value in parts.items()}


def measured(objective, points, wanted, score=(0.9, 0.8), face=(1.0, 1.0)):
    tensors = (torch.tensor(np.asarray(x, np.float32)) for x in (points, score, wanted, face))
    return values(objective(*tensors))


def test_the_truth_costs_nothing(objective):
    _, wanted = two_faces()
    parts = measured(objective, wanted, wanted, score=(1, 1))
    assert parts == pytest.approx({"total": 0, "map": 0, "landmarks": 0, "score": 0}, abs=1e-5)


def test_the_objective_is_what_position_maps_say(objective):
    points, wanted = two_faces()
    parts = measured(objective, points, wanted)
    weights = loss_weights(layout()) * ATLAS.face
    some = np.zeros_like(weights)
    some[::EVERY, ::EVERY] = weights[::EVERY, ::EVERY]
    off, marks = [], []
    for one, true in zip(points, wanted, strict=True):
        found, right = position_map(one, ATLAS), position_map(true, ATLAS)
        away = np.linalg.norm(found.values - right.values, axis=2)
        off.append((away * some).sum() / some.sum())
        marks.append(np.linalg.norm(found.landmarks - right.landmarks, axis=1).mean())
    assert parts["map"] == pytest.approx(np.mean(off), rel=1e-4)
    assert parts["landmarks"] == pytest.approx(np.mean(marks), rel=1e-4)
    assert parts["score"] == pytest.approx(-np.log([0.9, 0.8]).mean(), rel=1e-4)
    whole = parts["map"] + 0.5 * parts["landmarks"] + 2 * parts["score"]
    assert parts["total"] == pytest.approx(whole, rel=1e-5)


def test_every_fourth_texel_stands_for_all(objective):
    points, wanted = two_faces()
    weights, off = loss_weights(layout()) * ATLAS.face, []
    for one, true in zip(points, wanted, strict=True):
        away = position_map(one, ATLAS).values - position_map(true, ATLAS).values
        off.append((np.linalg.norm(away, axis=2) * weights).sum() / weights.sum())
    assert measured(objective, points, wanted)["map"] == pytest.approx(np.mean(off), rel=0.05)


def test_without_the_jaw_the_jaw_does_not_count(objective):
    points, wanted = two_faces()
    parts = measured(Objective(jaw=False), points, wanted)
    marks = [
        position_map(one, ATLAS).landmarks - position_map(true, ATLAS).landmarks
        for one, true in zip(points, wanted, strict=True)
    ]
    inner = np.linalg.norm(np.array(marks)[:, 17:], axis=2).mean()
    assert parts["landmarks"] == pytest.approx(inner, rel=1e-4)
    whole = measured(objective, points, wanted)
    assert parts["map"] == whole["map"]
    assert parts["landmarks"] != pytest.approx(whole["landmarks"], rel=1e-3)


def test_where_there_is_no_face_only_the_score_counts(objective):
    points, wanted = two_faces()
    alone = measured(objective, points[:1], wanted[:1], score=(0.9,), face=(1.0,))
    both = measured(objective, points, wanted, score=(0.9, 0.3), face=(1.0, 0.0))
    assert both["map"] == pytest.approx(alone["map"], rel=1e-5)
    assert both["landmarks"] == pytest.approx(alone["landmarks"], rel=1e-5)
    assert both["score"] == pytest.approx(-np.log([0.9, 0.7]).mean(), rel=1e-4)


def test_a_face_that_is_not_found_is_to_score_low(objective):
    _, wanted = two_faces()
    size = np.sqrt(np.ptp(wanted[..., :2], axis=1).prod(axis=1))
    for share, deep, right in ((0.11, 0, 1), (0.13, 0, 0), (0.11, 0.5, 1)):  # depth does not count
        shift = np.stack([0 * size, share * size, deep * size], axis=1)[:, None]
        parts = measured(objective, wanted + shift, wanted, score=(0.9, 0.9))
        told = 0.9 if right else 0.1
        assert parts["score"] == pytest.approx(-np.log(told), rel=1e-4)


def test_whether_a_face_is_found_moves_the_score_alone(objective):
    points, wanted = (torch.from_numpy(one) for one in two_faces())
    points.requires_grad_()
    score = torch.tensor([0.9, 0.2], requires_grad=True)
    objective(points, score, wanted, torch.ones(2))["score"].backward()
    assert points.grad is None
    assert score.grad.all()


def test_a_batch_without_faces_teaches_the_score_alone(objective):
    points, wanted = (torch.from_numpy(one) for one in two_faces())
    points.requires_grad_()
    score = torch.tensor([0.2, 0.4], requires_grad=True)
    parts = objective(points, score, wanted, torch.zeros(2))
    parts["total"].backward()
    assert values(parts)["map"] == values(parts)["landmarks"] == 0
    assert not points.grad.any()
    assert (score.grad > 0).all()


@pytest.mark.parametrize("score", [0.0, 1.0])
def test_a_sure_score_that_is_wrong_is_a_number(objective, score):
    points, wanted = two_faces()
    assert np.isfinite(measured(objective, points, wanted, score=(score, score))["score"])
