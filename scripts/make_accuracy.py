"""Make the pictures of docs/benchmark.md: what networks find at each yaw, and where FaceMap fails.

    python scripts/make_accuracy.py --head head.safetensors -o docs [PHOTOGRAPH ...]

yaws.jpg: two rows for each photograph, heads turned to 0, 30, 60 and 88 degrees, FaceMap above and
FaceMesh below. failures.jpg: of all the benchmark's pictures of heads the worst, those that are
lost first. Where no face is found the picture stays bare.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from facelab import images
from facelab.augment.plan import Item
from facelab.augment.scene import Scene
from facelab.augment.steps.profile import Profile
from facelab.benchmark import rendered
from facelab.benchmark.evaluation import LabelledPicture, find_face_at
from facelab.benchmark.portraits import SceneBuilder
from facelab.export.canvas import Canvas
from facelab.export.overlay import overlay
from facelab.export.subject import Subject
from facelab.geometry import pose
from facelab.geometry.head import HeadModel
from facelab.numerics.arrays import Float
from facelab.provenance import file_sha256
from facelab.reconstruct import Reconstructor, load_reconstructor, load_segmenter
from facelab.reconstruct.landmarker import load_landmarker
from facelab.train.teacher import Teacher
from facelab.types import Box, Reconstruction
from scripts.make_figures import SAMPLES, TILE, save, tile

PHOTOGRAPHS = ("astronaut.png", "mona-lisa.jpg")
YAWS = (0, 30, 60, 88)
FAILURES, LOST = 8, 4  # how many are shown, and of these how many, at most, that are lost


def main() -> None:
    """Turn, reconstruct, draw."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("photographs", nargs="*", type=Path)
    parser.add_argument("--head", type=Path)
    parser.add_argument("-o", "--output", type=Path, default=Path("docs"))
    args = parser.parse_args()
    model = HeadModel.read(args.head) if args.head else None
    given = args.photographs or [SAMPLES / name for name in PHOTOGRAPHS]
    own, mesh = (load_reconstructor(backend=name) for name in ("map", "mesh"))
    teacher = Teacher(mesh, load_landmarker(), load_segmenter(), model, side=768)
    scenes = [teacher(images.read(path).pixels) for path in given]
    rows = [turned(scene, network) for scene in scenes for network in (own, mesh)]
    save(args.output / "yaws.jpg", np.vstack(rows))
    studio = SceneBuilder(mesh, load_segmenter(), model)
    save(args.output / "failures.jpg", failures(given, studio, own))


def turned(scene: Scene, network: Reconstructor) -> Float:
    """A scene turned to each yaw, with what is found there."""
    was = pose.estimate(scene.positions).yaw
    views = [Profile(yaw=float(np.clip(yaw - was, -90, 90)))(scene) for yaw in YAWS]
    return np.hstack(
        [tile(drawn(view.image, network.largest(view.image)), view.positions.box) for view in views]
    )


def failures(photographs: Sequence[Path], studio: SceneBuilder, network: Reconstructor) -> Float:
    """The worst of the benchmark's pictures of heads, each with the yaw and what was done to it."""
    attempts = [
        attempt(picture, network) for path in photographs for picture in pictures(path, studio)
    ]
    lost = [one for one in attempts if not one.found][:LOST]
    found = sorted((one for one in attempts if one.found), key=lambda one: -one.error)
    shown = [one.tile for one in (lost + found)[:FAILURES]]
    half = len(shown) // 2
    return np.vstack([np.hstack(shown[:half]), np.hstack(shown[half : 2 * half])])


def pictures(path: Path, studio: SceneBuilder) -> list[LabelledPicture]:
    """What the benchmark makes of a photograph."""
    sha256 = file_sha256(path)
    scene = studio(Item(path, sha256, path.stem, "test"))
    return list(rendered.pictures(scene, int(sha256[:16], 16), 0))


@dataclass(frozen=True, eq=False)
class Attempt:
    """What a network made of a picture.

    Parameters
    ----------
    picture : LabelledPicture
    found : list of Reconstruction
        The face, if it was found.
    error : float
        Dense error, %.
    """

    picture: LabelledPicture
    found: list[Reconstruction]
    error: float

    @property
    def tile(self) -> Float:
        """The picture with what was found, and what was done to it."""
        own = self.picture
        shown = tile(drawn(own.image, self.found), own.box)
        said = f"yaw {own.labels['target']}, {own.labels['level']}: "
        said += f"{self.error:.1f} %" if self.found else "lost"
        canvas = Canvas(Box(0.0, 0.0, float(TILE), float(TILE)), (TILE, TILE))
        canvas.text(said, np.float32([0, TILE]), 18, (255, 255, 255))
        return canvas.over(shown)


def attempt(picture: LabelledPicture, network: Reconstructor) -> Attempt:
    """Look for the face of a picture."""
    positions = find_face_at(picture.image, picture.box, network, "detected")
    if positions is None:
        return Attempt(picture, [], np.inf)
    found = [Reconstruction(positions, 1.0)]
    return Attempt(picture, found, picture.measure(positions)["dense 3D"])


def drawn(image: Float, found: Sequence[Reconstruction]) -> Float:
    """A picture with what was found in it."""
    return overlay(Subject(image, found[0])) if found else image


if __name__ == "__main__":
    main()
