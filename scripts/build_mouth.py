"""Build the model of a mouth's inside: MakeHuman's teeth and tongue as facelab's heads wear them.

    python scripts/build_mouth.py MAKEHUMAN -o weights

MAKEHUMAN is the folder of MakeHuman's system assets (teeth, tongue), under CC0. Where they lie in a
head is read from heads.safetensors (``scripts/build_heads.py``), on the mean head.

Writes mouth.safetensors and prints its sha256 for manifest.toml. Takes seconds.
"""

from __future__ import annotations

import argparse
import hashlib
from pathlib import Path

import cv2
import numpy as np
from safetensors.numpy import save

from facelab.heads.family import HeadFamily
from facelab.heads.parts import Part

STEP = 1 / 2048  # cm, of positions
PICTURES = {
    "upper teeth": "teeth/materials/teeth.png",
    "lower teeth": "teeth/materials/teeth.png",
    "tongue": "tongue/tongue01/tongue01_diffuse.png",
}
UPPER_LIP, LOWER_LIP = 13, 14  # points of the canonical mesh: their inner edges, in the middle
RED = 0.06, 0.16  # red over the other channels: teeth below it, gums above
TOOTH = np.array([0.97, 0.91, 0.80])  # reflectance, sRGB-encoded
FLESH = {"upper teeth": (0.72, 0.40, 0.40), "lower teeth": (0.72, 0.40, 0.40),
         "tongue": (0.72, 0.38, 0.37)}  # fmt: skip
INCISORS, PALE = 0.5, 0.75  # cm from the middle; blue over red, of teeth
RAISED = 0.35  # cm, of a tongue that lies on the lower teeth rather than on the mouth's floor
DETAIL = 0.9  # how much of the pictures' own contrast is kept


def main() -> None:
    """Write the model."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("makehuman", type=Path)
    parser.add_argument("-o", "--output", type=Path, default=Path("weights"))
    given = parser.parse_args()
    arrays = build(given.makehuman)
    data = save({name: np.ascontiguousarray(values) for name, values in arrays.items()})
    path = given.output / "mouth.safetensors"
    path.write_bytes(data)
    print(f"{path}: {len(data)} bytes, sha256 {hashlib.sha256(data).hexdigest()}")


def build(assets: Path) -> dict[str, np.ndarray]:
    """The arrays of weights/mouth.md."""
    family = HeadFamily.load()
    middle = family.points468(family.base)[[UPPER_LIP, LOWER_LIP]].mean(axis=0) * [0, 1, 1]
    positions, normals, colours, triangles, counts, edges = [], [], [], [], [0], []
    for name, picture in PICTURES.items():
        part = family.parts[name]
        vertices = part.vertices(family.base) - middle + [0, RAISED * (name == "tongue"), 0]
        positions.append(np.rint(vertices / STEP))
        normals.append(np.rint(127 * smooth_normals(vertices, part.triangles)))
        colour = coloured(part, assets / picture, np.array(FLESH[name]))
        colours.append(np.rint(255 * colour))
        if name != "tongue":
            edges.append(incisal_edge(vertices, colour, -1 if name == "upper teeth" else 1))
        triangles.append(part.triangles + counts[-1])
        counts.append(counts[-1] + len(vertices))
    return {
        "positions": np.concatenate(positions).astype(np.int16),
        "step": np.array([STEP], np.float32),
        "normals": np.concatenate(normals).astype(np.int8),
        "colours": np.concatenate(colours).astype(np.uint8),
        "triangles": np.concatenate(triangles).astype(np.uint16),
        "upper": np.array([counts[1]], np.int32),
        "edges": np.array(edges, np.float32),
    }


def incisal_edge(vertices: np.ndarray, colours: np.ndarray, way: int) -> np.ndarray:
    """Where the central incisors end, ``(3,)``: the lowest of their vertices, or the highest."""
    teeth = (np.abs(vertices[:, 0]) < INCISORS) & (colours[:, 2] > PALE * colours[:, 0])
    front = vertices[teeth & (vertices[:, 2] > vertices[teeth, 2].max() - 1)]
    return np.array([0, way * (way * front[:, 1]).max(), front[:, 2].max()])


def smooth_normals(vertices: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    """Unit normals ``(v, 3)`` by area, the same to both sides of a seam in the picture."""
    _, place = np.unique(np.rint(vertices / STEP), axis=0, return_inverse=True)
    a, b, c = vertices[triangles.T]
    sums = np.zeros((place.max() + 1, 3))
    for corner in triangles.T:
        np.add.at(sums, place.ravel()[corner], np.cross(b - a, c - a))
    sums /= np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-12)
    return sums[place.ravel()]


def coloured(part: Part, path: Path, flesh: np.ndarray) -> np.ndarray:
    """Reflectance at the vertices ``(v, 3)``: of teeth or of flesh, with the picture's contrast."""
    picture = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)[..., :3][..., ::-1] / 255
    known = (picture.max(axis=2, keepdims=True) > 0.1).astype(float)
    near = [cv2.GaussianBlur(one, (0, 0), 3) for one in (picture * known, known)]
    smooth = (near[0] / np.maximum(near[1][..., None], 1e-3)).astype(np.float32)
    place = (part.uv * picture.shape[1::-1] - 0.5).astype(np.float32)[:, None]
    seen = cv2.remap(smooth, place, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)[:, 0]
    red = seen[:, 0] - seen[:, 1:].mean(axis=1)
    share = np.clip((red - RED[0]) / (RED[1] - RED[0]), 0, 1)[:, None]
    grey = seen.mean(axis=1)
    teeth = share[:, 0] < 0.5
    contrast = np.ones_like(grey)
    for rows in (teeth, ~teeth):
        contrast[rows] = grey[rows] / np.median(grey[rows]) if rows.any() else 1
    own = TOOTH + share * (flesh - TOOTH)
    return np.clip(own * np.clip(contrast, 0.3, 1.3)[:, None] ** DETAIL, 0, 1)


if __name__ == "__main__":
    main()
