"""The networks: equal to the TFLite runtime, and to slow references of their parts."""

from __future__ import annotations

import importlib
import os
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file

from facelab.detect.candidates import FULL_GRIDS, SHORT_GRIDS, anchors
from facelab.models.blazeface import AnchorHead, BlazeFaceFull, BlazeFaceShort
from facelab.models.blendshapes import Blendshapes, Normalised
from facelab.models.landmarker import Bottleneck, Landmarker
from facelab.models.layers import Residual, load, pad_same
from facelab.models.multiclass_segmenter import (
    CLASSES,
    MulticlassSegmenter,
    SeparableAttention,
    joined,
    patches,
)
from facelab.models.selfie_segmenter import SelfieSegmenter, SqueezeExcitation
from tests.networks import CASES, CROPS, astronaut_crops

ROOT = Path(__file__).parent.parent.parent
ARCHIVES = os.environ.get("FACELAB_MEDIAPIPE_ARCHIVES")
NAMES = {128: "blazeface_short", 192: "blazeface_full"}
GOLDEN = ROOT / "tests/golden/networks.safetensors"


def run(name, images):
    """(values, score logits or probabilities) of the network `name`, flat per image."""
    with torch.inference_mode():
        outputs = load(CASES[name][0], name)(images)
    score, values = sorted((o.numpy().reshape(len(images), -1) for o in outputs), key=np.size)
    return values, score


def assert_equal_to_runtime(name, values, logits):
    got_values, got_score = run(name, astronaut_crops(name))
    np.testing.assert_allclose(got_values, values, atol=1e-3, rtol=0)
    if name == "facemesh":
        np.testing.assert_allclose(got_score, 1 / (1 + np.exp(-logits)), atol=1e-5)
    else:
        np.testing.assert_allclose(got_score, logits, atol=1e-3, rtol=0)


@pytest.mark.parametrize("name", CASES)
def test_equal_to_recorded_runtime(name):
    golden = load_file(GOLDEN)
    assert_equal_to_runtime(name, golden[f"{name}.values"], golden[f"{name}.logits"])


@pytest.mark.skipif(not ARCHIVES, reason="FACELAB_MEDIAPIPE_ARCHIVES holds the source archives")
def test_recording_is_what_the_runtime_gives(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "scripts")
    script = importlib.import_module("record_tflite")
    recorded = script.recorded(script.archives(Path(ARCHIVES)))
    assert {name: corners for name, (_, corners) in CROPS.items()} == script.CROPS
    for name in CASES:
        assert_equal_to_runtime(name, recorded[f"{name}.values"], recorded[f"{name}.logits"])
    assert_landmarker_equal_to(recorded)
    for name, (reference, atol) in SEGMENTERS.items():
        got = segmented(name, astronaut_crops(name))
        np.testing.assert_allclose(got, reference(recorded), atol=atol)


def assert_landmarker_equal_to(recorded):
    with torch.inference_mode():
        got = load(Landmarker, "landmarker")(astronaut_crops("landmarker"))
        taken = torch.from_numpy(recorded["blendshapes.points"])
        coefficients = load(Blendshapes, "blendshapes")(taken)
    points, score, tongue = (output.numpy() for output in got)
    np.testing.assert_allclose(points, recorded["landmarker.points"], atol=1e-3, rtol=0)
    logits = recorded["landmarker.logits"].astype(np.float64)
    np.testing.assert_allclose(score, 1 / (1 + np.exp(-logits)), atol=1e-5)
    np.testing.assert_allclose(tongue, recorded["landmarker.tongue"], atol=1e-4)
    np.testing.assert_allclose(coefficients, recorded["blendshapes.coefficients"], atol=1e-4)


def test_landmarker_and_blendshapes_equal_recorded_runtime():
    recorded = load_file(GOLDEN)
    assert_landmarker_equal_to(recorded)
    assert (recorded["landmarker.logits"][:2] > 10).all()  # faces
    assert recorded["landmarker.logits"][2] < -10  # cloth


def test_bottleneck_adds_what_is_pooled_and_zero_channels():
    block = Bottleneck(2, 4, 2)
    for parameter in block.parameters():
        torch.nn.init.zeros_(parameter)
    y = block(torch.arange(32.0).reshape(1, 2, 4, 4))
    assert y[0, 0].tolist() == [[5, 7], [13, 15]]
    assert y[0, 1].tolist() == [[21, 23], [29, 31]]
    assert not y[0, 2:].any()


def test_place_and_size_of_points_do_not_change_the_expression():
    points = torch.from_numpy(load_file(GOLDEN)["blendshapes.points"])
    network = load(Blendshapes, "blendshapes")
    with torch.inference_mode():
        still, moved = network(points), network(3 * points + torch.tensor([500.0, -80.0]))
    torch.testing.assert_close(moved, still, atol=1e-4, rtol=0)


def test_normalised_by_hand():
    layer = Normalised(2)
    layer.weight = torch.nn.Parameter(torch.tensor([1.0, 10.0]))
    got = layer(torch.tensor([[[3.0, 7.0]]])).detach()  # mean 5, deviation 2
    torch.testing.assert_close(got, torch.tensor([[[-1.0, 10.0]]]), atol=1e-4, rtol=0)


def opacity(recorded):
    return recorded["selfie.opacity"]


def shares(recorded):
    """What the labels were before a tenth of them was spread over the six classes."""
    powers = np.exp(np.float64(recorded["multiclass.logits"]))
    labels = np.clip((powers / powers.sum(-1, keepdims=True) - 0.1 / 6) / 0.9, 0, 1)
    return labels / labels.sum(-1, keepdims=True)


# What each gives, and how near to the runtime: the multiclass segmenter's values were rounded.
SEGMENTERS = {"selfie": (opacity, 1e-3), "multiclass": (shares, 0.03)}


def segmented(name, images):
    """Every seventh row and column of what a segmenter gives."""
    network = {"selfie": SelfieSegmenter, "multiclass": MulticlassSegmenter}[name]
    with torch.inference_mode():
        return load(network, name)(images)[:, ::7, ::7].numpy()


@pytest.mark.parametrize("name", SEGMENTERS)
def test_segmenter_equals_recorded_runtime(name):
    reference, atol = SEGMENTERS[name]
    expected = reference(load_file(GOLDEN))
    got = segmented(name, astronaut_crops(name))
    np.testing.assert_allclose(got, expected, atol=atol, rtol=0)
    assert np.abs(got - expected).mean() < 5e-4
    assert got.min() < 0.01 < 0.99 < got.max()


@pytest.mark.parametrize("name", SEGMENTERS)
def test_segmented_images_of_a_batch_do_not_touch(name):
    one, other = (segmented(name, image[None]) for image in astronaut_crops(name))
    both = segmented(name, astronaut_crops(name))
    np.testing.assert_allclose(both, np.concatenate([one, other]), atol=1e-3)
    assert np.abs(one - other).max() > 0.5


def test_classes_of_the_astronaut():
    shares = segmented("multiclass", astronaut_crops("multiclass")[:1])[0]
    assert shares.shape == (37, 37, len(CLASSES))
    np.testing.assert_allclose(shares.sum(-1), 1, atol=1e-5)
    places = {"background": (5, 27), "hair": (8, 13), "face skin": (17, 17), "clothes": (33, 5)}
    for name, (y, x) in places.items():
        assert shares[y, x].argmax() == CLASSES.index(name), name


def test_patches_by_hand():
    x = torch.arange(64.0).reshape(1, 1, 8, 8)
    cut = patches(x)
    assert cut.shape == (1, 1, 16, 4)
    assert cut[0, 0, 0].tolist() == [0, 4, 32, 36]  # the top left pixels of the four patches
    assert cut[0, 0, :, 1].tolist() == [4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22, 23, 28, 29, 30, 31]


def test_joining_undoes_patches():
    x = torch.rand(2, 3, 8, 12)
    assert torch.equal(joined(patches(x), 8, 12), x)


def test_attention_equals_its_equation():
    torch.manual_seed(0)
    layer = SeparableAttention(4).requires_grad_(False)
    x = torch.rand(1, 4, 2, 3)  # two pixels a patch, three patches
    got = layer(x)
    for pixel in range(2):
        tokens = [layer.norm(x[:, :, pixel : pixel + 1, i : i + 1]) for i in range(3)]
        powers = torch.stack([layer.score(token) for token in tokens]).exp()
        weights = powers / powers.sum()
        context = sum(w * layer.key(token) for w, token in zip(weights, tokens, strict=True))
        for i, token in enumerate(tokens):
            attended = layer.output(layer.value(token).relu() * context)
            expected = x[0, :, pixel, i] + (attended + layer.linear(token))[0, :, 0, 0]
            torch.testing.assert_close(got[0, :, pixel, i], expected)


def test_gate_by_hand():
    gate = SqueezeExcitation(2, 2)
    for layer in (gate.reduce, gate.restore):
        layer.weight = torch.nn.Parameter(torch.eye(2)[..., None, None])
        torch.nn.init.zeros_(layer.bias)
    x = torch.tensor([[1.0, 3.0], [-1.0, -5.0]]).reshape(1, 2, 1, 2)
    expected = 1 / (1 + np.exp([-2.0, 0.0]))
    np.testing.assert_allclose(gate(x)[0, :, 0, 0].detach(), expected, rtol=1e-6)


def test_face_score_tells_faces_from_fabric():
    _, score = run("facemesh", astronaut_crops("facemesh"))
    assert (score[:3] > 0.9).all()
    assert score[3] < 0.1


@pytest.mark.parametrize("name", CASES)
def test_images_of_a_batch_do_not_touch(name):
    images = astronaut_crops(name)[:1]
    pair = torch.cat([images, images.flip(3)])
    together = run(name, pair)
    for i in range(2):
        for one, both in zip(run(name, pair[i : i + 1]), together, strict=True):
            np.testing.assert_allclose(one[0], both[i], atol=1e-3)


@pytest.mark.parametrize(("network", "side"), [(BlazeFaceShort, 128), (BlazeFaceFull, 192)])
def test_an_anchor_per_output_on_any_aligned_size(network, side):
    model, grids = load(network, NAMES[side]), {128: SHORT_GRIDS, 192: FULL_GRIDS}[side]
    for height, width in ((side, side), (64, 160)):
        with torch.inference_mode():
            logits, regressions = model(torch.zeros(1, 3, height, width))
        there = anchors(height, width, grids)
        assert logits.shape == (1, len(there))
        assert regressions.shape == (1, len(there), 16)


@pytest.mark.parametrize(("kernel", "around"), [(3, (0, 1)), (5, (1, 2))])
def test_same_padding_follows_tensorflow(kernel, around):
    # TensorFlow: total = (ceil(n / stride) - 1) * stride + kernel - n, the odd pixel at the end.
    total = (8 // 2 - 1) * 2 + kernel - 8
    assert (total // 2, total - total // 2) == around
    x = torch.ones(1, 1, 8, 8)
    before, _ = around
    expected = torch.zeros(1, 1, 8 + total, 8 + total)
    expected[..., before : before + 8, before : before + 8] = 1
    assert torch.equal(pad_same(x, kernel), expected)


def test_residual_adds_pooled_input_and_zero_channels():
    block = Residual(2, 3, 2, torch.nn.Identity())
    for parameter in block.parameters():
        torch.nn.init.zeros_(parameter)
    x = torch.arange(32.0).reshape(1, 2, 4, 4)
    y = block(x)
    assert y[0, 0].tolist() == [[5, 7], [13, 15]]
    assert y[0, 1].tolist() == [[21, 23], [29, 31]]
    assert y[0, 2].tolist() == [[0, 0], [0, 0]]


def test_anchor_head_spreads_sub_cells_like_tensorflow():
    head = AnchorHead(1, 3)
    x = torch.rand(1, 1, 4, 6)
    with torch.inference_mode():
        coarse = head.depthwise(head.pointwise(x))[0].numpy()
        got = head(x)[0].numpy().reshape(4, 6, 3)
    for y in range(4):
        for x_ in range(6):
            sub_cell = 2 * (y % 2) + x_ % 2
            expected = coarse[3 * sub_cell : 3 * sub_cell + 3, y // 2, x_ // 2]
            np.testing.assert_array_equal(got[y, x_], expected)
