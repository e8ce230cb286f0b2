"""Labelled heads at all angles that neither ``profile`` nor ``heads`` drew, to test networks on.

    python scripts/convert_ict.py ict_head.npz ict_atlas.npz -o head.safetensors
    python benchmarks/render_ict.py --photographs FOLDER --head head.safetensors -o FOLDER

ICT-FaceKit's head is fitted to each photograph and drawn with the photograph's own face, ears and
neck in the tone of its skin, a cap of hair and a collar; then put before pieces of other
photographs, lit unevenly, partly in shadow, covered, blurred, noisy. The folder is of 300W-LP's
form, as `bench_training.py --labelled` takes it: a third renderer for what the other two are worth.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import cv2
import numpy as np

from facelab.augment import photographs
from facelab.augment.formats.w300lp import pose_parameters
from facelab.augment.portrait_cache import Portrait, PortraitCache
from facelab.augment.steps.profile import Turn
from facelab.edits.cielab import rgb_of
from facelab.export.mat import encode
from facelab.export.normals import vertex_normals
from facelab.face.composite import render
from facelab.face.texture import complete
from facelab.geometry import pose
from facelab.geometry.head import HeadModel
from facelab.images import Image, read, write
from facelab.numerics import raster
from facelab.numerics.arrays import Float
from facelab.reconstruct import load_reconstructor
from facelab.types import Face, PositionMap

SIZE, ROOM = 192, 2.4  # of a picture, px, and its side in sizes of the face
HAIR = ("#0f0d0a", "#0f0d0a", "#2e1c12", "#2e1c12", "#593d24", "#8c734d", "#808080", "#4d1a0d")
_UPWARD = np.array([1, -1, 1], np.float32)  # pixels have y down

Rng = np.random.Generator
Pieces = Callable[[Rng], Float]


@dataclass(frozen=True)
class Barber:
    """Which of ICT-FaceKit's vertices are hair, and which are clothes; its unit, face 15 wide."""

    model: HeadModel

    @cached_property
    def hair(self) -> Float:
        """The share of hair of each vertex, ``(n,)``, soft at the hairline."""
        x, y, z = self.model.base.T
        above, sides, nape = y > 9.2, (z < 2) & (y > 4.5), (z < -1.5) & (y > -6)
        ears = (np.abs(x) > 7.4) & (y > -3) & (y < 5) & (z > -3)
        share = ((above | sides | nape) & ~ears).astype(np.float32)
        for _ in range(3):
            share = 0.4 * share + 0.6 * self._neighbours(share)
        return share

    @property
    def clothes(self) -> np.ndarray:
        return self.model.base[:, 1] < -14

    def styled(self, vertices: Float, axes: Float, rng: Rng) -> Float:
        """The head's vertices in pixels with a cap of hair, of another thickness for each."""
        outward = self.model.base - np.array([0, 3, 0], np.float32)
        outward /= np.linalg.norm(outward, axis=1, keepdims=True)
        waves = 1 + 0.35 * np.sin(self.model.base @ rng.normal(0, 1.2, 3) + rng.uniform(0, 6))
        thick = rng.uniform(0.1, 1.3) * self.hair * waves
        return np.asarray(vertices + thick[:, None] * (outward @ axes.T), np.float32)

    def _neighbours(self, values: Float) -> Float:
        total, count = np.zeros((2, len(values)))
        for a, b in ((0, 1), (1, 2), (2, 0)):
            ends = self.model.triangles[:, a], self.model.triangles[:, b]
            np.add.at(total, ends[0], values[ends[1]])
            np.add.at(count, ends[0], 1)
        return np.asarray(total / count.clip(1), np.float32)


def drawn(portrait: Portrait, barber: Barber, rng: Rng) -> tuple[Float, Float, PositionMap]:
    """A turned head: colours (H, W, 3), how much of each pixel it covers, and where its face is."""
    positions, head = portrait.face.positions, portrait.head
    assert head is not None
    was = pose.estimate(positions)
    yaw, pitch = rng.uniform(-90, 90), np.clip(rng.normal(0, 13), -40, 40)
    turn = Turn.of(was, yaw - was.yaw, pitch - was.pitch, -was.roll)
    face, vertices = turn(positions.values), turn(barber.styled(head.vertices, head.axes, rng))
    edge = face[positions.atlas.valid][:, :2]
    low, high = edge.min(axis=0), edge.max(axis=0)
    scale = SIZE / (ROOM * (high - low).mean())
    shift = np.array([*(SIZE / 2 - scale * (low + high) / 2), 0], np.float32)
    face, vertices = (np.asarray(each * scale + shift, np.float32) for each in (face, vertices))
    placed = PositionMap(face, positions.atlas)
    texture = portrait.face.texture
    whole = complete(texture, positions.atlas.region("face", texture.size) > 0)
    image, cover = _head(
        vertices, barber, np.median(texture.colour[texture.confidence > 0.5], 0), rng
    )
    layer = render(Face(placed, whole), np.ones((whole.size,) * 2, np.float32), image.shape[:2])
    if layer is not None:
        image[layer.window] += layer.oval[..., None] * (layer.colour - image[layer.window])
        cover[layer.window] = np.maximum(cover[layer.window], layer.oval)
    return image, cover, placed


def _head(vertices: Float, barber: Barber, skin: Float, rng: Rng) -> tuple[Float, Float]:
    """The head without its face, shaded by one lamp."""
    triangles, hair = barber.model.triangles, barber.hair[:, None]
    colour = skin + hair * (rgb_of(HAIR[rng.integers(len(HAIR))]) * rng.uniform(0.7, 1.3) - skin)
    colour = np.where(barber.clothes[:, None], rng.uniform(0, 0.9, 3), colour)
    colour = colour * (1 + 0.03 * rng.normal(size=(len(colour), 1)) * (1 + 6 * hair))
    lamp = np.array([rng.uniform(-0.8, 0.8), rng.uniform(-0.2, 0.8), 1])
    facing = vertex_normals(vertices * _UPWARD, triangles) @ (lamp / np.linalg.norm(lamp))
    colour = colour * (0.55 + 0.5 * facing.clip(0, 1))[:, None]
    fragments = raster.rasterize(vertices, triangles, (SIZE, SIZE))
    image = raster.interpolate(fragments, triangles, colour.clip(0, 1).astype(np.float32))
    return image, fragments.covered.astype(np.float32)


def spoilt(
    image: Float, cover: Float, middle: Float, size: float, pieces: Pieces, rng: Rng
) -> Float:
    """The head before a piece of a photograph, in poor light, in part covered, blurred, noisy.

    Parameters
    ----------
    image, cover : (H, W, 3) and (H, W) float32
    middle, size : (2,) float and float
        Of the face, pixels.
    pieces : callable
        Gives pieces of photographs, of this size.
    """
    share = cv2.GaussianBlur(cover, (0, 0), 0.8)[..., None]
    image = image * share + pieces(rng) * (1 - share)
    x, y = (
        (grid - at) / size for grid, at in zip(np.mgrid[:SIZE, :SIZE][::-1], middle, strict=True)
    )
    if rng.random() < 0.15:
        right, down, wide, high = *rng.uniform(-0.5, 0.5, 2), *rng.uniform(0.1, 0.3, 2)
        before = (((x - right) / wide) ** 2 + ((y - down) / high) ** 2 < 1)[..., None]
        image = np.where(before, pieces(rng), image)
    light, angle = image.clip(0, 1) ** 2.2, rng.uniform(0, 2 * np.pi)
    along = x * np.cos(angle) + y * np.sin(angle)
    light *= np.exp((along * rng.normal(0, 1.4)).clip(-2.5, 1.5))[..., None]
    if rng.random() < 0.25:
        edge = (along - rng.uniform(-0.4, 0.4) + 0.08 * np.sin(6 * y)) / rng.choice(
            [0.01, 0.03, 0.1]
        )
        light *= 1 - rng.uniform(0.4, 0.9) / (1 + np.exp(-edge.clip(-30, 30)))[..., None]
    light *= 2 ** rng.normal(0, 0.6) * np.exp(rng.normal(0, 0.18, 3))
    if rng.random() < 0.3:
        light = 0.9 * light + rng.uniform(0, 0.12)  # haze
    out = light.clip(0, 1) ** (1 / 2.2)
    if rng.random() < 0.15:
        out = np.repeat(out.mean(axis=2, keepdims=True), 3, axis=2)
    if rng.random() < 0.5:
        out = cv2.GaussianBlur(out, (0, 0), size * rng.uniform(0.007, 0.025))
    if rng.random() < 0.4:
        out = out + rng.normal(0, rng.uniform(0, 0.06), out.shape)
    return np.asarray(out.clip(0, 1), np.float32)


def pieces_of(files: Sequence[Path]) -> Pieces:
    """Gives pieces of these photographs, sharp and blurred, bright and dark."""

    def piece(rng: Rng) -> Float:
        whole = read(files[rng.integers(len(files))]).srgb
        side = int(rng.uniform(0.2, 0.5) * min(whole.shape[:2]))
        row, column = (rng.integers(length - side + 1) for length in whole.shape[:2])
        part = cv2.resize(whole[row : row + side, column : column + side], (SIZE, SIZE))
        blurred = cv2.GaussianBlur(part, (0, 0), rng.uniform(0.5, 6))
        return np.asarray(rng.uniform(0.4, 1.3) * blurred[:, :: rng.choice([-1, 1])], np.float32)

    return piece


def turned_in_plane(image: Float, positions: PositionMap, rng: Rng) -> tuple[Float, PositionMap]:
    middle = ((SIZE - 1) / 2, (SIZE - 1) / 2)
    matrix = cv2.getRotationMatrix2D(middle, rng.normal(0, 15), 1)
    out = cv2.warpAffine(image, matrix, (SIZE, SIZE), borderMode=cv2.BORDER_REFLECT)
    values = positions.values.copy()
    values[..., :2] = values[..., :2] @ matrix[:, :2].T + matrix[:, 2]
    return out, PositionMap(values, positions.atlas)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photographs", type=Path, required=True, help="of nobody to train on")
    parser.add_argument("--head", type=Path, required=True, help="ICT-FaceKit's, see above")
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("-n", "--count", type=int, default=300)
    parser.add_argument("--cache", type=Path, required=True, help="where faces are kept")
    given = parser.parse_args()
    items, _, _ = photographs.find(given.photographs, seed=0)
    cache = PortraitCache(given.cache, load_reconstructor, "ict", head=given.head)
    barber, pieces = Barber(HeadModel.read(given.head)), pieces_of([item.file for item in items])
    given.output.mkdir(parents=True, exist_ok=True)
    for number in range(given.count):
        rng = np.random.default_rng([17, number])
        image, cover, positions = drawn(cache.portrait(items[number % len(items)]), barber, rng)
        box = positions.box
        image = spoilt(image, cover, np.array(box.centre), box.size, pieces, rng)
        image, positions = turned_in_plane(image, positions, rng)
        write(given.output / f"{number:04d}.png", Image(image))
        parameters = pose_parameters(pose.estimate(positions), SIZE)
        labels = {"pt3d_68": positions.landmarks.T, "Pose_Para": parameters}
        (given.output / f"{number:04d}.mat").write_bytes(encode(labels))


if __name__ == "__main__":
    main()
