"""Which faces are found: recall in crowds, false faces where there are none, time a megapixel.

Crowds are made of the photographs given, by default the samples: rows of six heads, side by side.

    python benchmarks/bench_detect.py [PHOTOGRAPHS] [--backend map] [--heads 20]
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from facelab.augment.plan import Item
from facelab.augment.steps.profile import Profile
from facelab.benchmark.portraits import SceneBuilder
from facelab.constants import BACKENDS
from facelab.detect.blazeface import BlazeFaceDetector
from facelab.errors import FacelabError
from facelab.geometry import pose
from facelab.geometry.crop import cut
from facelab.images import read
from facelab.numerics.arrays import Float
from facelab.reconstruct import Reconstructor, load_reconstructor
from facelab.types import Box, Crop

SAMPLES = Path(__file__).parent.parent / "samples"
COLUMNS = 6
ROWS = (1, 4, 10)
SIZES = (32, 36, 60, 120)  # px, of a face's box
TIGHT, LOOSE = 1.5, 2.5  # from one head to the next, over the face's size
SAME = 0.3  # overlap over union from which a found face is the one that is there


@dataclass(frozen=True, slots=True, eq=False)
class Head:
    """A photograph ``(H, W, 3)`` and the box of its face, source-image pixels."""

    image: Float
    box: Box


@dataclass(frozen=True, slots=True)
class Kind:
    """How the heads of a crowd stand: how far apart, rolled by how much, turned or not."""

    spacing: float
    roll: float = 0.0  # degrees, deviation
    profile: bool = False


KINDS = {
    "tight": Kind(TIGHT),
    "loose": Kind(LOOSE),
    "roll 25": Kind(LOOSE, roll=25.0),
    "any roll": Kind(LOOSE, roll=360.0),
    "profile 50 to 75": Kind(LOOSE, profile=True),
}


def photographs(folder: Path) -> list[Path]:
    """The pictures of a folder, by name."""
    return sorted(path for path in folder.iterdir() if path.suffix in (".jpg", ".png"))


def heads_of(paths: list[Path], count: int) -> tuple[list[Head], list[Head]]:
    """The largest faces of photographs, and the same heads turned to a side."""
    reconstructor, rng = load_reconstructor(backend="mesh"), np.random.default_rng(0)
    studio = SceneBuilder(reconstructor)
    frontal, turned = [], []
    for path in paths[:count]:
        image = read(path).pixels
        try:
            scene = studio(Item(path, "0" * 64, path.stem, "bench"))
            yaw = rng.choice([-1, 1]) * rng.uniform(50, 75) - pose.estimate(scene.positions).yaw
            side = Profile(yaw=float(np.clip(yaw, -90, 90)))(scene)
            frontal.append(Head(image, reconstructor.largest(image)[0].box))
            turned.append(Head(side.image, side.positions.box))
        except FacelabError as error:
            print(f"left out: {error}")
    return frontal, turned


def crowd(heads: list[Head], kind: Kind, size: int, rows: int, seed: int) -> tuple[Float, Float]:
    """Heads in rows, ``(H, W, 3)``, and the middles ``(n, 2)`` of their faces."""
    rng = np.random.default_rng(seed)
    side = round(kind.spacing * size)
    image = np.zeros((rows * side, COLUMNS * side, 3), np.float32)
    middles = []
    for y, x in np.ndindex(rows, COLUMNS):
        head = heads[rng.integers(len(heads))]
        roll = float(rng.normal(0, kind.roll)) if kind.roll else 0.0
        cell = Crop(head.box.centre, side / size * head.box.size, roll, side)
        image[y * side : (y + 1) * side, x * side : (x + 1) * side] = cut(head.image, cell)
        middles.append(((x + 0.5) * side - 0.5, (y + 0.5) * side - 0.5))
    return image, np.array(middles, np.float32)


def hits(reconstructor: Reconstructor, image: Float, middles: Float, size: int) -> tuple[int, int]:
    """How many of the faces are found, and how many that are not there."""
    there = [Box(x - size / 2, y - size / 2, x + size / 2, y + size / 2) for x, y in middles]
    found = [face.box for face in reconstructor(image)]
    met = sum(any(box.overlap(face) > SAME for face in found) for box in there)
    return met, sum(all(box.overlap(face) <= SAME for box in there) for face in found)


def recall(reconstructor: Reconstructor, frontal: list[Head], turned: list[Head]) -> None:
    """Print the faces found by kind of crowd and size."""
    print("\nFaces found, % (false ones beside them)\n")
    print(f"| crowd of {' and '.join(map(str, ROWS))} x {COLUMNS}, face of px |", end="")
    print("".join(f" {size} |" for size in SIZES))
    print("|---" * (len(SIZES) + 1) + "|")
    for name, kind in KINDS.items():
        print(f"| {name} |", end="")
        for size in SIZES:
            heads = turned if kind.profile else frontal
            scenes = [crowd(heads, kind, size, rows, seed) for seed, rows in enumerate(ROWS)]
            counts = [hits(reconstructor, *scene, size) for scene in scenes]
            met, false = np.sum(counts, axis=0)
            print(f" {100 * met / (COLUMNS * sum(ROWS)):.1f} ({false}) |", end="", flush=True)
        print()


def weave(side: int) -> Float:
    """Cloth: warp and weft, lit unevenly."""
    y, x = np.indices((side, side), np.float32)
    threads = np.where((x // 6 + y // 6) % 2, np.sin(x * np.pi / 6), np.sin(y * np.pi / 6)) ** 2
    folds = 0.6 + 0.3 * np.sin(x / 97 + 2 * np.sin(y / 131))
    return tinted(folds * (0.6 + 0.4 * threads), (0.7, 0.5, 0.4))


def text(side: int) -> Float:
    """A page of print in several sizes."""
    rng, page = np.random.default_rng(0), np.full((side, side), 255, np.uint8)
    y = 20
    while y < side:
        scale = rng.uniform(0.4, 2.5)
        line = "".join(rng.choice(list("abcdeghkmnopqrstuwxy  ,.OQ08&%@"), 60))
        cv2.putText(page, line, (10, y), cv2.FONT_HERSHEY_COMPLEX, scale, 20, 1 + int(scale))
        y += int(32 * scale)
    return tinted(page.astype(np.float32) / 255, (1, 1, 1))


def pebbles(side: int) -> Float:
    """Smooth stones, as marble heads without faces: shaded ellipsoids."""
    rng, y, x = np.random.default_rng(0), *np.indices((side, side), np.float32)
    grey = np.full((side, side), 0.3, np.float32)
    for _ in range(90):
        (cx, cy), a = rng.uniform(0, side, 2), rng.uniform(20, 130)
        u, v = (x - cx) / a, (y - cy) / (1.3 * a)
        inside = u**2 + v**2 < 1
        height = np.sqrt(np.clip(1 - u**2 - v**2, 0, 1))
        grey[inside] = np.clip(0.15 + 0.7 * height - 0.35 * u - 0.25 * v, 0, 1)[inside]
    return tinted(grey, (1, 0.97, 0.92))


def suit(side: int) -> Float:
    """The astronaut with her head painted over."""
    image = read(SAMPLES / "astronaut.png").pixels
    image = cv2.resize(np.asarray(image, np.float32), (side, side), interpolation=cv2.INTER_CUBIC)
    head = np.zeros((side, side), np.uint8)
    middle, axes = (side * 225 // 512, side * 115 // 512), (side // 5, side // 4)
    cv2.ellipse(head, middle, axes, 0, 0, 360, 1, -1)
    blurred = cv2.GaussianBlur(image, (0, 0), side / 8)
    return np.asarray(np.clip(np.where(head[..., None] > 0, blurred, image), 0, 1), np.float32)


def leaves(side: int) -> Float:
    """Noise at every scale, as foliage and rock have it."""
    rng, total = np.random.default_rng(0), np.zeros((side, side), np.float32)
    for cells in (4, 8, 16, 32, 64, 128, 256):
        octave = rng.normal(0, cells**-0.7, (cells, cells)).astype(np.float32)
        total += cv2.resize(octave, (side, side), interpolation=cv2.INTER_CUBIC)
    return tinted(np.clip(0.5 + 0.3 * total / total.std(), 0, 1), (0.5, 0.8, 0.4))


def tinted(grey: Float, colour: tuple[float, float, float]) -> Float:
    """A picture of one hue, ``(H, W, 3)`` in [0, 1]."""
    return np.asarray(grey[..., None] * np.float32(colour), np.float32)


EMPTY: dict[str, Callable[[int], Float]] = {
    "cloth": weave,
    "text": text,
    "stones": pebbles,
    "space suit": suit,
    "foliage": leaves,
}


def false_faces(reconstructor: Reconstructor) -> None:
    """Print the faces found in pictures that have none."""
    sides = (256, 512, 1024, 1600)
    print(f"\nFalse faces in pictures of {', '.join(map(str, sides))} px without any\n")
    for name, make in EMPTY.items():
        print(f"{name:12} {[len(reconstructor(make(side))) for side in sides]}", flush=True)


def times(heads: list[Head]) -> None:
    """Print the detector's time on a photograph with one large face, enlarged."""
    detector = BlazeFaceDetector()
    print(f"\nDetector, seconds, {cv2.getNumThreads()} thread(s)\n")
    for side in (512, 1024, 2048, 4096):
        size = (side, side)
        image = cv2.resize(heads[0].image, size, interpolation=cv2.INTER_AREA)
        for name, call in (
            ("largest", lambda im: next(detector.coarse_to_fine(im), [])),
            ("all", detector),
        ):
            start = time.process_time()
            call(image)
            taken = time.process_time() - start
            pixels = side * side / 1e6
            print(f"{pixels:5.1f} megapixels, {name:8} {taken:6.2f} s, {taken / pixels:.3f} s each")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("photographs", type=Path, nargs="?", default=SAMPLES)
    parser.add_argument("--backend", choices=BACKENDS, default="map")
    parser.add_argument("--heads", type=int, default=20)
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    reconstructor = load_reconstructor(backend=arguments.backend)
    frontal, turned = heads_of(photographs(arguments.photographs), arguments.heads)
    times(frontal)
    false_faces(reconstructor)
    recall(reconstructor, frontal, turned)


if __name__ == "__main__":
    main()
