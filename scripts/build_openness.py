"""Work out how open heads are to the light around, with every hair style and hat, and record it.

    python scripts/build_openness.py -o weights

Of the mean head of heads.safetensors. Writes openness.safetensors and prints its sha256 for
manifest.toml. Takes ten seconds.
"""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Sequence
from itertools import product
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save

from facelab.heads import hair, shadow, shape
from facelab.heads.eyes import Eyeballs
from facelab.heads.family import HeadFamily
from facelab.heads.openness import MOUTH, casters, key
from facelab.heads.shadow import Caster
from facelab.heads.surface import vertex_normals

Float = NDArray[np.float32]

DIRECTIONS = 32  # from which light comes
YAWN = {"jawOpen": 0.5}  # what opens the mouth for its inside to be seen


def main() -> None:
    """Work out, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-o", "--output", type=Path, default=Path("weights"))
    args = parser.parse_args()
    tables = {key(*worn): head_openness(*worn) for worn in product(names("hair"), names("hat"))}
    tables["mouth"] = mouth_openness()
    data = save({name: table.astype(np.float16) for name, table in tables.items()})
    (args.output / "openness.safetensors").write_bytes(data)
    print(f"{len(data) / 2**20:.1f} MiB, sha256 {hashlib.sha256(data).hexdigest()}")


def names(kind: str) -> list[str]:
    """What parts of a kind are called, and the empty name for none."""
    return ["", *(part.name for part in HeadFamily.load().kin(kind))]


def head_openness(style: str, hat: str) -> Float:
    """What reaches skin, right eye, left eye and hair ``(n, 9)``; names of parts, or empty."""
    family = HeadFamily.load()
    head, eyeballs = family.base, Eyeballs.of(family.base, (0.0, 0.0))
    meshes = [(head, shape.normals(head)), eyeballs.mesh(0), eyeballs.mesh(1)]
    if style:
        part = family.parts[style]
        vertices = part.vertices(head)
        mesh = vertex_normals(vertices, part.triangles)
        meshes.append((vertices, hair.normals(vertices, mesh)))
    return reached(meshes, casters(head, style, hat))


def mouth_openness() -> Float:
    """The same of teeth and tongue in an open mouth."""
    family = HeadFamily.load()
    head = shape.moved(family.base, YAWN)
    parts = [family.parts[name] for name in MOUTH]
    placed = [part.vertices(head) for part in parts]
    normals = [vertex_normals(v, part.triangles) for v, part in zip(placed, parts, strict=True)]
    return reached(list(zip(placed, normals, strict=True)), casters(head, "", ""))


def reached(meshes: Sequence[tuple[Float, Float]], by: list[Caster]) -> Float:
    """What of the light around reaches the vertices of meshes with their normals, ``(n, 9)``."""
    vertices, normals = (np.concatenate(rows) for rows in zip(*meshes, strict=True))
    return shadow.openness(vertices, normals, by, DIRECTIONS)


if __name__ == "__main__":
    main()
