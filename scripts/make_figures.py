"""Make the pictures of docs/ from the samples.

    python scripts/make_figures.py -o docs

swap.jpg: sources, target and result of the README's command. more-swaps.jpg: other pairs of the
samples. reconstruct.jpg: what facelab reconstruct writes of a face, on two samples. edits.jpg: two
photographs and edits of them. augment.jpg: training images of recipes/augment/wide.yaml. heads.jpg:
images of recipes/augment/heads.yaml. parse.jpg: the samples, and people who are drawn with things
before their faces, and what FaceParse finds in them.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from tempfile import TemporaryDirectory

import cv2
import numpy as np

from facelab import AugmentedFaces, FaceModel, FaceObservation, images, load_model, swap
from facelab.augment.generate import Generator, apply_steps
from facelab.augment.heads import Heads, draw_scene, plan_of
from facelab.augment.photographs import find
from facelab.augment.portrait_cache import PortraitCache
from facelab.augment.steps.frame import Frame
from facelab.augment.steps.hold import Hold
from facelab.augment.steps.wear import Wear
from facelab.augment.template import read_template
from facelab.constants import PARTS
from facelab.edits import Edit
from facelab.export.depth import depth
from facelab.export.normals import normals
from facelab.export.overlay import overlay
from facelab.export.parse import COLOURS
from facelab.export.pncc import pncc
from facelab.export.subject import Subject
from facelab.export.surface import surface
from facelab.face.texture import unwrap
from facelab.geometry.crop import cut
from facelab.numerics.arrays import Float
from facelab.recipe import make_step
from facelab.recipe.edit_face import edit_face
from facelab.reconstruct import load_reconstructor, load_segmenter
from facelab.types import Box, Face

SAMPLES = Path(__file__).resolve().parent.parent / "samples"
README_SWAP = ("astronaut.png",), "james-left.jpg"
MORE_SWAPS = (
    (("astronaut.png",), "james-right.jpg"),
    (("astronaut.png",), "mona-lisa.jpg"),
    (("james-left.jpg", "james-right.jpg"), "mona-lisa.jpg"),
)
EXPORTED = ("james-left.jpg", "mona-lisa.jpg")
EDITED = ("astronaut.png", "mona-lisa.jpg")
LOOKS = (
    (("lipstick", {"colour": "#a01030", "strength": 0.8}), ("eyeshadow", {}), ("blush", {})),
    (("wrinkles", {}), ("freckles", {})),
    (("reshape", {"smile": 0.8, "eyes": 0.3, "slim": 0.4}),),
    (("reshape", {"mouth": 1.0}),),
    (("turn", {"yaw": 12.0}),),
    (("relight", {"azimuth": -70.0, "contrast": 0.9}),),
    (("cover", {"item": "mask"}),),
)
WORN_SEED = 3  # of people whom no network was trained on
WORN = (
    Wear(kind="glasses", seed=1),
    Wear(kind="sunglasses", seed=4),
    Hold(kind="hand", seed=2),
    Wear(kind="hair", seed=3),
)
AUGMENTED = "wide.yaml"
COLUMNS, ROWS = 8, 3  # of the augmented images
TILE = 420


def main() -> None:
    """Write the pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-o", "--output", type=Path, default=Path("docs"))
    output = parser.parse_args().output
    output.mkdir(exist_ok=True)
    model = load_model()
    faces = {
        path.name: model.observe(images.read(path).pixels, "largest")[0]
        for path in sorted(SAMPLES.iterdir())
        if path.suffix in (".jpg", ".png")
    }

    def swapped(sources: tuple[str, ...], target: str) -> FaceObservation:
        face = faces[target]
        views = [faces[name] for name in sources]
        (result,) = swap(face.image, views, model=model).faces
        return result

    def row(sources: tuple[str, ...], target: str) -> list[Float]:
        shown = [faces[name] for name in sources] + [faces[target], swapped(sources, target)]
        return [around(face) for face in shown]

    save(output / "swap.jpg", np.hstack(row(*README_SWAP)))
    rows = [row(*pair) for pair in MORE_SWAPS]
    save(output / "more-swaps.jpg", np.vstack([np.hstack(row[-3:]) for row in rows]))
    written = [np.hstack(exports(faces[name])) for name in EXPORTED]
    save(output / "reconstruct.jpg", np.vstack(written))
    save(output / "edits.jpg", np.vstack([np.hstack(edits(faces[name])) for name in EDITED]))
    save(output / "augment.jpg", augmented())
    save(output / "heads.jpg", drawn())
    save(output / "parse.jpg", parsed(list(faces.values()), worn(model)))


def around(face: FaceObservation) -> Float:
    """A square tile of the photograph around a face."""
    return tile(face.image, face.box)


def tile(image: Float, box: Box) -> Float:
    """The square of an image around a box, `TILE` pixels wide."""
    x, y = box.centre
    scale = TILE / (1.7 * box.size)
    matrix = np.array([[scale, 0, TILE / 2 - scale * x], [0, scale, TILE / 2 - scale * y]])
    reduced = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    shown: Float = cv2.warpAffine(
        cv2.GaussianBlur(image, (0, 0), max(0.5 / scale, 0.3)) if scale < 1 else image,
        matrix,
        (TILE, TILE),
        flags=reduced,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return np.clip(shown, 0, 1)


def exports(face: FaceObservation) -> list[Float]:
    """Overlay, surface, depth, normals and PNCC around a face, and its texture."""
    subject = Subject(face.image, face.found)
    far = np.nan_to_num(depth(subject), nan=-np.inf)
    low, high = far[np.isfinite(far)].min(), far.max()
    grey = np.clip(0.15 + 0.85 * (far - low) / (high - low), 0, 1) * np.isfinite(far)
    pictures = (
        overlay(subject),
        surface(subject),
        np.repeat(grey.astype(np.float32)[..., None], 3, axis=2),
        normals(subject) * np.float32(0.5) + np.float32(0.5),
        pncc(subject),
    )
    tiles = [tile(picture, face.box) for picture in pictures]
    texture = cv2.resize(subject.texture.colour, (TILE, TILE), interpolation=cv2.INTER_AREA)
    return [*tiles, texture]


def edits(face: FaceObservation) -> list[Float]:
    """The photograph around a face, and after each of the looks."""
    before = Face(face.positions, unwrap(face.image, face.positions))
    tiles = [around(face)]
    for look in LOOKS:
        steps = [step for name, keys in look if isinstance(step := make_step(name, keys), Edit)]
        image, _ = edit_face(face.image, before, steps, {}, "alpha")
        tiles.append(tile(image, face.box))
    half = (TILE // 2, TILE // 2)
    return [cv2.resize(tile, half, interpolation=cv2.INTER_AREA) for tile in tiles]


def augmented() -> Float:
    """Training images made of the samples."""
    template = read_template(SAMPLES.parent / "recipes" / "augment" / AUGMENTED)
    found, *_ = find(SAMPLES, template.seed)
    with TemporaryDirectory() as cache:
        sources = PortraitCache(Path(cache), load_reconstructor, "figures", load_segmenter)
        plan = plan_of(found, COLUMNS * ROWS, template.seed, template.variants, template.heads)
        generator = Generator(plan, template, sources)
        tiles = [generator(index).image for index in range(COLUMNS * ROWS)]
    return np.vstack([np.hstack(tiles[at::ROWS]) for at in range(ROWS)])


def drawn() -> Float:
    """Images of people who are drawn."""
    tiles = [picture for picture, _ in AugmentedFaces("heads", count=COLUMNS * ROWS)]
    rows = [np.hstack(tiles[at::ROWS]) for at in range(ROWS)]
    return images.image.from_integers(np.vstack(rows))


def worn(model: FaceModel) -> list[FaceObservation]:
    """People who are drawn, each with one of `WORN`."""
    people = Heads(people=len(WORN))
    out = []
    for item, thing in zip(people.items(WORN_SEED), WORN, strict=True):
        looks = people.looks(WORN_SEED, item.sha256)
        shot = people.shot(WORN_SEED, item.sha256, 0)
        scene = draw_scene(looks, shot, None, Frame(size=TILE, room=1.9))
        out += model.observe(apply_steps([thing], scene, {}, "alpha").image, "largest")
    return out


def parsed(*groups: list[FaceObservation]) -> Float:
    """The crop around each face, and beside it the part that leads at each pixel; a group a row."""
    palette = np.array([COLOURS[part] for part in PARTS], np.float32) / 255
    rows = []
    for faces in groups:
        tiles = []
        for face in faces:
            assert face.parsing is not None
            crop = cut(face.image, face.parsing.crop)
            tiles.append(np.hstack([crop, palette[face.parsing.shares.argmax(axis=2)]]))
        rows.append(np.hstack(tiles))
    return np.vstack(rows)


def save(path: Path, picture: Float) -> None:
    """Write a picture of values in [0, 1]."""
    images.write(path, images.Image(np.clip(picture, 0, 1).astype(np.float32)), quality=90)


if __name__ == "__main__":
    main()
