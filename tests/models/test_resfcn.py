"""PRN, LightPRN and their folded forms: slow references of the layers, and what must hold."""

from __future__ import annotations

import itertools
import re

import numpy as np
import pytest
import torch
from torch import nn

from facelab.models.fold import fold
from facelab.models.light_prn import InvertedResidual, LightPRN
from facelab.models.resfcn import PRN, Convolution, ResidualBlock, TransposedConvolution
from tests.networks import with_random_norms

NETWORKS = [PRN, LightPRN]
SIDE = 64  # of a crop where it may be small: they are convolutions throughout


def slow_same(x, kernel, stride):
    """TensorFlow's SAME convolution of ``(C, S, S)`` with ``(O, C, k, k)``, output by output."""
    side, k = x.shape[1], kernel.shape[2]
    outputs = -(-side // stride)
    before = max((outputs - 1) * stride + k - side, 0) // 2
    out = np.zeros((len(kernel), outputs, outputs))
    for i, j, dy, dx in itertools.product(range(outputs), range(outputs), range(k), range(k)):
        y, x_ = i * stride + dy - before, j * stride + dx - before
        if 0 <= y < side and 0 <= x_ < side:
            out[:, i, j] += kernel[:, :, dy, dx] @ x[:, y, x_]
    return out


def bare(unit):
    """The convolution of a `Convolution` or `TransposedConvolution` alone, as a function."""
    unit.norm, unit.activation = nn.Identity(), nn.Identity()
    unit = unit.double().requires_grad_(False)
    return lambda x: unit(torch.from_numpy(x)[None])[0].numpy()


@pytest.mark.parametrize(("kernel", "stride"), [(4, 1), (4, 2), (1, 1), (1, 2), (3, 1), (3, 2)])
def test_convolution_pads_as_tensorflow(kernel, stride):
    unit = Convolution(2, 3, kernel, stride)
    x = np.random.default_rng(0).normal(size=(2, 6, 6))
    expected = slow_same(x, unit.convolution.weight.detach().double().numpy(), stride)
    np.testing.assert_allclose(bare(unit)(x), expected, atol=1e-12)


@pytest.mark.parametrize("stride", [1, 2])
def test_transposed_convolution_is_the_transpose_of_the_convolution(stride):
    unit = TransposedConvolution(3, 2, stride)
    kernel = unit.convolution.weight.detach().double().numpy()
    generator = np.random.default_rng(0)
    small, large = (
        generator.normal(size=(3, 4, 4)),
        generator.normal(size=(2, 4 * stride, 4 * stride)),
    )
    # <A x, y> = <x, A^T y> for every x and y.
    there = np.sum(slow_same(large, kernel, stride) * small)
    back = np.sum(large * bare(unit)(small))
    assert there == pytest.approx(back)


@pytest.mark.parametrize(("inputs", "stride"), [(4, 1), (4, 2), (2, 1)])
def test_residual_block_normalises_the_sum_then_activates(inputs, stride):
    block = with_random_norms(ResidualBlock(inputs, 4, stride)).requires_grad_(False)
    x = torch.randn(2, inputs, 8, 8, generator=torch.Generator().manual_seed(1))
    shortcut = x if stride == 1 and inputs == 4 else block.shortcut(x)
    total = block.expand(block.spatial(block.reduce(x))) + shortcut
    norm = block.norm
    scaled = (total - norm.running_mean[:, None, None]) / torch.sqrt(
        norm.running_var[:, None, None] + 1e-3
    )
    expected = (scaled * norm.weight[:, None, None] + norm.bias[:, None, None]).clamp(min=0)
    torch.testing.assert_close(block(x), expected)
    assert (expected > 0).any()


def test_norm_keeps_999_parts_of_its_mean():
    unit = Convolution(1, 1, 1)
    unit.convolution.weight.data.fill_(1)
    unit.train()(torch.full((2, 1, 4, 4), 5.0))
    assert unit.norm.running_mean.item() == pytest.approx(0.005)


def test_prn_has_prnets_layers():
    network = PRN()
    stored = [t for name, t in network.state_dict().items() if not name.endswith("tracked")]
    assert sum(t.numel() for t in stored) == 13_365_508
    sides, x = [], torch.zeros(1, 3, 256, 256)
    with torch.inference_mode():
        for layer in [network.stem, *network.encoder, *network.decoder]:
            x = layer.eval()(x)
            sides.append((x.shape[1], x.shape[2]))
    encoder = [(16, 256)] + [(c, 4096 // c) for c in (32, 64, 128, 256, 512) for _ in range(2)]
    decoder = [(512, 8)] + [(256, 16)] * 3 + [(128, 32)] * 3 + [(64, 64)] * 3
    assert sides == encoder + decoder + [(32, 128)] * 2 + [(16, 256)] * 2 + [(3, 256)] * 3
    kinds = [type(layer.activation) for layer in network.decoder]
    assert kinds == [nn.ReLU] * 16 + [nn.Sigmoid]


def multiplications(network):
    """Multiply-accumulates of the convolutions for one 256 x 256 crop."""
    counted = []

    def count(module, inputs, output):
        places = inputs[0] if isinstance(module, nn.ConvTranspose2d) else output
        counted.append(module.weight.numel() * places.shape[2] * places.shape[3])

    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
            module.register_forward_hook(count)
    with torch.inference_mode():
        network.eval()(torch.zeros(1, 3, 256, 256))
    return sum(counted)


@pytest.mark.parametrize("network", NETWORKS)
def test_size_is_what_the_docstring_says(network):
    parameters, billions = re.search(
        r"([\d,]+) parameters, ([\d.]+) GMAC", network.__doc__
    ).groups()
    made = network()
    assert sum(p.numel() for p in made.parameters()) == int(parameters.replace(",", ""))
    assert multiplications(made) == pytest.approx(float(billions) * 1e9, rel=0.02)


@pytest.mark.parametrize("network", NETWORKS)
def test_trains(network):
    torch.manual_seed(0)
    made = network().train()
    loss = made(torch.rand(2, 3, SIDE, SIDE)).mean()
    loss.backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in made.parameters())
    assert all(p.grad.abs().sum() > 0 for p in made.parameters() if p.ndim == 4)


@pytest.mark.parametrize("network", NETWORKS)
@torch.inference_mode()
def test_folded_network_gives_the_same_map(network):
    torch.manual_seed(0)
    made = with_random_norms(network()).double()
    before = {name: tensor.clone() for name, tensor in made.state_dict().items()}
    crops = torch.rand(2, 3, SIDE, SIDE, dtype=torch.float64)
    folded = fold(made)
    expected = made(crops)
    assert expected.shape == (2, SIDE, SIDE, 3)
    assert expected.std() > 1  # px: it does say something
    assert ((expected >= 0) & (expected <= 281.6)).all()
    torch.testing.assert_close(folded(crops), expected, atol=1e-8, rtol=0)
    torch.testing.assert_close(folded(crops[:1]), expected[:1], atol=1e-8, rtol=0)
    for name, tensor in made.state_dict().items():
        assert torch.equal(tensor, before[name]), name


@pytest.mark.parametrize("network", NETWORKS)
@torch.inference_mode()
def test_folded_network_is_as_exact_in_float32(network):
    torch.manual_seed(0)
    made = with_random_norms(network())
    crops = torch.rand(1, 3, SIDE, SIDE)
    torch.testing.assert_close(fold(made)(crops), made(crops), atol=3e-4, rtol=0)


@pytest.mark.parametrize("network", NETWORKS)
def test_folding_leaves_nothing_to_fold(network):
    folded = fold(network())
    kinds = {type(module) for module in folded.modules()}
    assert nn.BatchNorm2d not in kinds
    assert all(
        module.stride == (2, 2)
        for module in folded.modules()
        if isinstance(module, nn.ConvTranspose2d)
    )
    assert not any(p.requires_grad for p in folded.parameters())


@torch.inference_mode()
def test_light_network_takes_shortcuts_where_shapes_permit():
    x = torch.randn(1, 4, 8, 8)
    same, wider, halved = (
        InvertedResidual(4, 4, 1, 6),
        InvertedResidual(4, 6, 1, 6),
        InvertedResidual(4, 4, 2, 6),
    )
    for block in (same, wider, halved):
        nn.init.zeros_(block.narrow.convolution.weight)
        block.eval()
    assert torch.equal(same(x), x)
    assert torch.equal(wider(x), torch.zeros(1, 6, 8, 8))
    assert torch.equal(halved(x), torch.zeros(1, 4, 4, 4))
