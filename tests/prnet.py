"""A checkpoint and UV data made here, which stand in for those that PRNet publishes."""

from __future__ import annotations

import cv2
import numpy as np
from PIL import Image

from facelab.atlas import canonical
from facelab.geometry import pose
from facelab.reconstruct.import_prnet import CHECKPOINT
from facelab.types import PositionMap

# PRNet's map is made to show the canonical one reduced and shifted, so its chart is known.
REDUCED, SHIFT = 0.8, np.array([25.0, 10.0])
PLACED = 12.0, pose.matrix(5, -10, 3), np.array([1.0, 250.0, 80.0])  # of the mean face
BLOCKS = [("", 16, 32, 2), ("_1", 32, 32, 1), ("_2", 32, 64, 2), ("_3", 64, 64, 1),
          ("_4", 64, 128, 2), ("_5", 128, 128, 1), ("_6", 128, 256, 2), ("_7", 256, 256, 1),
          ("_8", 256, 512, 2), ("_9", 512, 512, 1)]  # fmt: skip
TRANSPOSED = [("", 512, 512, 1), ("_1", 512, 256, 2), ("_2", 256, 256, 1), ("_3", 256, 256, 1),
              ("_4", 256, 128, 2), ("_5", 128, 128, 1), ("_6", 128, 128, 1), ("_7", 128, 64, 2),
              ("_8", 64, 64, 1), ("_9", 64, 64, 1), ("_10", 64, 32, 2), ("_11", 32, 32, 1),
              ("_12", 32, 16, 2), ("_13", 16, 16, 1), ("_14", 16, 3, 1), ("_15", 3, 3, 1),
              ("_16", 3, 3, 1)]  # fmt: skip


def published_shapes():
    """The variables of PRNet's checkpoint without the optimiser's, as TensorFlow names them."""
    shapes = {}

    def norm(scope, channels):
        for name in ("beta", "gamma", "moving_mean", "moving_variance"):
            shapes[f"resfcn256/{scope}/BatchNorm/{name}"] = (channels,)

    def weight(scope, *shape):
        shapes[f"resfcn256/{scope}/weights"] = shape

    weight("Conv", 4, 4, 3, 16)
    norm("Conv", 16)
    for number, inputs, outputs, _ in BLOCKS:
        block, inner = f"resBlock{number}", outputs // 2
        weight(f"{block}/Conv", 1, 1, inputs, inner)
        norm(f"{block}/Conv", inner)
        weight(f"{block}/Conv_1", 4, 4, inner, inner)
        norm(f"{block}/Conv_1", inner)
        weight(f"{block}/Conv_2", 1, 1, inner, outputs)
        if inputs != outputs:
            weight(f"{block}/shortcut", 1, 1, inputs, outputs)
        norm(block, outputs)
    for number, inputs, outputs, _ in TRANSPOSED:
        weight(f"Conv2d_transpose{number}", 4, 4, outputs, inputs)
        norm(f"Conv2d_transpose{number}", outputs)
    return shapes


def random_variables():
    """Weights that keep the signal's size through the network, and the optimiser's leftovers.

    Most units are on, as a shifted beta makes them: a random network whose units are on by halves
    blows rounding up to 0.1 px, TensorFlow's own float32 against its float64 included.
    """
    generator = np.random.default_rng(0)
    variables = {"beta1_power": np.float32(0.9), "resfcn256/Conv/weights/Adam": np.zeros((1,))}
    for name, shape in published_shapes().items():
        value = generator.standard_normal(shape, np.float32)
        if name.endswith("weights"):
            inputs = shape[3] if "transpose" in name else shape[2]
            value *= np.sqrt(2 / (shape[0] * shape[1] * inputs))
        elif name.endswith("gamma"):
            value = (0.3 if "_16/" in name else 1) * (1 + 0.2 * value)
        elif name.endswith("beta"):
            value = (0 if "_16/" in name else 1.5) + 0.2 * value
        elif name.endswith("moving_variance"):
            value = 1.5 + 0.5 * np.abs(value)
        else:
            value *= 0.2
        variables[name] = value.astype(np.float32)
    return variables


VARIABLES = random_variables()


def read(path):
    assert path.name == CHECKPOINT.name
    return VARIABLES


def write_uv_data(folder):
    """UV data of a face that is the canonical one, laid out and placed otherwise."""
    atlas = canonical()
    v, u = np.indices((256, 256)).astype(np.float32)
    there = np.stack([u, v], -1).astype(np.float32) - SHIFT.astype(np.float32)
    there = (there / np.float32(REDUCED)).astype(np.float32)
    inside = cv2.remap(atlas.valid.astype(np.uint8), there, None, cv2.INTER_NEAREST) > 0
    scale, rotation, translation = PLACED
    vertices = atlas.read(atlas.canonical_positions, there[inside]).astype(np.float64)
    placed = (scale * vertices @ rotation.T + translation) * [1, -1, 1]
    landmarks = np.rint(atlas.landmarks68 * REDUCED + SHIFT)
    mask = np.full((256, 256), 48, np.uint8)
    mask[landmarks[:, 1].astype(int), landmarks[:, 0].astype(int)] = 255
    folder.mkdir(parents=True)
    np.savetxt(folder / "face_ind.txt", np.flatnonzero(inside))
    np.savetxt(folder / "uv_kpt_ind.txt", landmarks.T)
    np.save(folder / "canonical_vertices.npy", placed)
    Image.fromarray(mask).save(folder / "uv_weight_mask.png")


def laid_out(positions, atlas):
    """A canonical position map in PRNet's layout."""
    values = canonical().read(positions.values, atlas.chart.reshape(-1, 2))
    return PositionMap(values.reshape(256, 256, 3) * atlas.valid[..., None], atlas)
