"""Gather what people's faces differ in and what faces do, by the 468 points, and record it.

    python scripts/build_shape.py ict_atlas.npz -o weights

The file is made from ICT-FaceKit light (MIT) and has ``virtual_base (468, 3)`` and ``virtual_modes
(155, 468, 3)``, the points of the canonical mesh on its mean head and on its modes, 100 of identity
and 55 expressions, and ``exp_names (55,)``.

Writes shape.safetensors and prints its sha256 for manifest.toml. Takes seconds.
"""

from __future__ import annotations

import argparse
import hashlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save

from facelab.geometry.identity import similarities
from facelab.geometry.landmarks import twins
from facelab.heads.expressions import expression

Array = NDArray[np.float64]

IDENTITIES = 100
DEVIATION = 0.4  # standard deviation of a coefficient of identity
DRAWS, SEED = 4096, 0  # expressions of which the prior is made
KEPT = 0.995  # of the variance: the modes that have less are left out
MIRROR = np.array([-1.0, 1.0, 1.0])
JOINT = {  # ICT-FaceKit parts in two what ARKit has as one
    "browInnerUpLeft": "browInnerUp",
    "browInnerUpRight": "browInnerUp",
    "cheekPuffLeft": "cheekPuff",
    "cheekPuffRight": "cheekPuff",
}


def main() -> None:
    """Read, gather, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("atlas", type=Path)
    parser.add_argument("-o", "--output", type=Path, default=Path("weights"))
    args = parser.parse_args()
    with np.load(args.atlas) as atlas:
        base = atlas["virtual_base"].astype(np.float64)
        modes = atlas["virtual_modes"].astype(np.float64)
        names = [str(name) for name in atlas["exp_names"]]
    base = (base + mirrored(base)) / 2
    people, acts = modes[:IDENTITIES], modes[IDENTITIES:]
    identity = principal(DEVIATION * without_pose((people + mirrored(people)) / 2, base))
    acting = principal(np.tensordot(acting_root(names), acts, 1))
    arrays = {"base": base.astype(np.float32)}
    for kind, found in (("identity", identity), ("expression", acting)):
        arrays[kind], arrays[f"{kind}_scales"] = in_8_bits(found)
        print(f"{len(found)} modes of {kind}")
    data, path = save(arrays), args.output / "shape.safetensors"
    path.write_bytes(data)
    print(f"{path}: {len(data)} bytes, sha256 {hashlib.sha256(data).hexdigest()}")


def mirrored(points: Array) -> Array:
    """Mirror points or offsets ``(..., 468, 3)``."""
    return points[..., twins(), :] * MIRROR


def without_pose(modes: Array, base: Array) -> Array:
    """Modes ``(k, 468, 3)`` without what a similarity does to the base."""
    pose = np.linalg.qr(similarities(base).reshape(7, -1).T)[0]
    flat = modes.reshape(len(modes), -1)
    return (flat - flat @ pose @ pose.T).reshape(modes.shape)


def acting_root(names: list[str]) -> Array:
    """A square root ``(k, 55)`` of the covariance of what faces do, as augmentation draws it."""
    keys = [name.replace("_L", "Left").replace("_R", "Right") for name in names]
    rng = np.random.default_rng(SEED)
    drawn = [expression("any", 1.0, rng) for _ in range(DRAWS)]
    rows = np.array([[one.get(JOINT.get(key, key), 0.0) for key in keys] for one in drawn])
    return (rows - rows.mean(axis=0)) / np.sqrt(DRAWS)


def principal(modes: Array) -> Array:
    """Principal components of a sum of modes ``(k, 468, 3)`` with coefficients N(0, 1).

    Each as long as its standard deviation, so that theirs are N(0, 1) again.
    """
    _, deviations, components = np.linalg.svd(modes.reshape(len(modes), -1), full_matrices=False)
    share = np.cumsum(deviations**2) / np.sum(deviations**2)
    count = int(np.searchsorted(share, KEPT)) + 1
    found = deviations[:count, None] * components[:count]
    return found.reshape(count, *modes.shape[1:])


def in_8_bits(modes: Array) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Modes ``(k, n, 3)`` as int8, and what one step is in each, ``(k,)``."""
    steps = np.abs(modes).max(axis=(1, 2)) / 127
    return np.rint(modes / steps[:, None, None]).astype(np.int8), steps.astype(np.float32)


if __name__ == "__main__":
    main()
