"""Make the pictures of docs/ from the samples.

    python scripts/make_figures.py -o docs

swap.jpg: sources, target and result of the README's command. more-swaps.jpg: other pairs of the
samples. surface.jpg: photograph, normals and shading of the reconstructed surface, to look for
ripples.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np

from facelab import images
from facelab.pipeline import Sighting, SwapSettings, sight, swap_into
from facelab.reconstruct import load_reconstructor
from facelab.types import Float, PositionMap

SAMPLES = Path(__file__).resolve().parent.parent / "samples"
README_SWAP = ("james-left.jpg", "james-right.jpg"), "mona-lisa.jpg"
MORE_SWAPS = (
    (("james-left.jpg",), "mona-lisa.jpg"),
    (("james-left.jpg", "james-right.jpg"), "astronaut.png"),
    (("astronaut.png",), "james-right.jpg"),
)
LIGHT = np.array([-0.4, -0.4, 0.82], np.float32)  # from above left, y down
TILE = 420


def main() -> None:
    """Write the three pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-o", "--output", type=Path, default=Path("docs"))
    output = parser.parse_args().output
    output.mkdir(exist_ok=True)
    reconstructor = load_reconstructor()
    faces = {
        path.name: sight(images.read(path).pixels, reconstructor)[0]
        for path in sorted(SAMPLES.iterdir())
        if path.suffix in (".jpg", ".png")
    }

    def swapped(sources: tuple[str, ...], target: str) -> Sighting:
        face = faces[target]
        views = [faces[name] for name in sources]
        result = swap_into(face.image, views, reconstructor, SwapSettings())
        return Sighting(result.image, face.positions)

    def row(sources: tuple[str, ...], target: str) -> list[Float]:
        shown = [faces[name] for name in sources] + [faces[target], swapped(sources, target)]
        return [around(face) for face in shown]

    save(output / "swap.jpg", np.hstack(row(*README_SWAP)))
    rows = [row(*pair) for pair in MORE_SWAPS]
    save(output / "more-swaps.jpg", np.vstack([np.hstack(row[-3:]) for row in rows]))
    surfaces = [np.vstack([around(face), *surface(face.positions)]) for face in faces.values()]
    save(output / "surface.jpg", np.hstack(surfaces))


def around(face: Sighting) -> Float:
    """A square tile of the photograph around a face."""
    x, y = face.positions.box.centre
    scale = TILE / (1.7 * face.positions.box.size)
    matrix = np.array([[scale, 0, TILE / 2 - scale * x], [0, scale, TILE / 2 - scale * y]])
    reduced = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    tile: Float = cv2.warpAffine(
        cv2.GaussianBlur(face.image, (0, 0), max(0.5 / scale, 0.3)) if scale < 1 else face.image,
        matrix,
        (TILE, TILE),
        flags=reduced,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return np.clip(tile, 0, 1)


def surface(positions: PositionMap) -> tuple[Float, Float]:
    """Normals as colours, and the surface lit from above left, both in the atlas."""
    along_v, along_u = np.gradient(positions.values, axis=(0, 1))
    normals = np.cross(along_u, along_v)
    normals /= np.maximum(np.linalg.norm(normals, axis=2, keepdims=True), 1e-9)
    face = positions.atlas.face[..., None]
    colours = (normals * [0.5, -0.5, 0.5] + 0.5) * face
    shading = np.repeat(np.clip(normals @ LIGHT, 0, 1)[..., None], 3, axis=2) * face
    size = (TILE, TILE)
    return tuple(cv2.resize(m.astype(np.float32), size) for m in (colours, shading))


def save(path: Path, picture: Float) -> None:
    """Write a picture of values in [0, 1]."""
    images.write(path, images.Image(np.clip(picture, 0, 1).astype(np.float32)))


if __name__ == "__main__":
    main()
