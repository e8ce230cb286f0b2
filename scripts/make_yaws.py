"""Make docs/yaws.jpg: what FaceMap and FaceMesh find of heads turned to 0, 30, 60 and 90 degrees.

    python scripts/make_yaws.py --head head.safetensors -o docs/yaws.jpg [PHOTOGRAPH ...]

Two rows for each photograph, of the samples by default: FaceMap above, FaceMesh below. Where a
network finds no face the picture stays bare.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from facelab import images, pose
from facelab.augment.scene import Scene
from facelab.augment.steps.profile import Profile
from facelab.export.overlay import overlay
from facelab.export.subject import Subject
from facelab.head import HeadModel
from facelab.pipeline import Sighting
from facelab.reconstruct import Reconstructor, load_reconstructor, load_segmenter
from facelab.train.teacher import Teacher
from facelab.types import Float
from scripts.make_figures import SAMPLES, around, save

PHOTOGRAPHS = ("astronaut.png", "mona-lisa.jpg")
YAWS = (0, 30, 60, 88)
NETWORKS = ("map", "mesh")


def main() -> None:
    """Turn, reconstruct, draw."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("photographs", nargs="*", type=Path)
    parser.add_argument("--head", type=Path)
    parser.add_argument("-o", "--output", type=Path, default=Path("docs/yaws.jpg"))
    args = parser.parse_args()
    model = HeadModel.read(args.head) if args.head else None
    teacher = Teacher(load_reconstructor(backend="mesh"), load_segmenter(), model, side=768)
    networks = [load_reconstructor(backend=name) for name in NETWORKS]
    given = args.photographs or [SAMPLES / name for name in PHOTOGRAPHS]
    scenes = [teacher(images.read(path).pixels) for path in given]
    save(args.output, np.vstack([row(scene, found) for scene in scenes for found in networks]))


def row(scene: Scene, reconstructor: Reconstructor) -> Float:
    """A scene turned to each yaw, with what is found there."""
    was = pose.estimate(scene.positions).yaw
    turns = (float(np.clip(yaw - was, -90, 90)) for yaw in YAWS)
    return np.hstack([drawn(Profile(yaw=turn)(scene), reconstructor) for turn in turns])


def drawn(scene: Scene, reconstructor: Reconstructor) -> Float:
    """The face of a scene, with what is found of it."""
    found = reconstructor.largest(scene.image)
    picture = overlay(Subject(scene.image, found[0])) if found else scene.image
    return around(Sighting(picture, scene.positions))


if __name__ == "__main__":
    main()
