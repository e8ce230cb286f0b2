"""Fit the jaw of the 68 landmarks to the canonical position map, record it, and print its errors.

    python scripts/fit_jaw.py ict_head.npz ict_atlas.npz -o weights [--held-out fits.npz]

The files are made from ICT-FaceKit light (MIT) and the canonical face mesh (Apache-2.0):

ict_head.npz
    ``base (11248, 3)`` and ``modes (155, 11248, 3)``, 100 of identity and then 55 of expression:
    a head is base + coefficients @ modes; x to image right, y up, z to the viewer. ``triangles``.
ict_atlas.npz
    ``ict_vertex (4704,)`` rows of the head and ``virtual_base (468, 3)``, ``virtual_modes
    (155, 468, 3)``, the mesh's points on it, follow each other in a list V. ``lm68_ict3djaw_vertex
    (68,)``: rows of V at ICT-FaceKit's own landmarks. ``tex_y, tex_x (k,)``: texels of the atlas,
    and for each a triangle ``tex_tri (k, 3)`` of V with ``tex_bary (k, 3)``. ``exp_names (55,)``.
fits.npz
    ``coefficients (n, 155)`` of heads that the fit has not seen.

Two lines are fitted: that of `scripts.jaw_line`, told by anatomy, and the one that ICT-FaceKit's
makers marked. Writes canonical_jaw.safetensors and prints its sha256 for manifest.toml.
docs/landmarks.md tells the method. Takes seconds and 1 GB.
"""

from __future__ import annotations

import argparse
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save

from facelab.atlas import OVAL, surface
from facelab.atlas.canonical import face_and_margin, points
from facelab.atlas.layout import sample
from facelab.geometry.pose import matrix
from scripts.jaw_line import jaw_line, shares_evenly

Array = NDArray[np.float64]
Float = NDArray[np.float32]

RINGS = ((0.97, 1), (0.7, 2))  # share of the oval's radius, and the step along its points
EAR_TO_EAR = OVAL[29:6:-1]
FACE_WIDTH = 15.0  # of the ICT heads, in their unit
NOISE = 0.005 * FACE_WIDTH  # standard deviation of each coordinate that the fit reckons with
IDENTITY = 0.5  # standard deviation of each coefficient
ACTIVE, JAW_OPEN = 0.15, 0.5  # how often an expression is there; its strength is even in [0, 1]
YAWS = (0, 30, 60, 90)


class Reading(NamedTuple):
    """Landmarks as weighted sums of what a position map holds at some places.

    Parameters
    ----------
    places : (m, 2) float32
        Texel coordinates.
    weights : (17, m) float32
        Rows that sum to 1.
    """

    places: Float
    weights: Float


# Heads -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Heads:
    """The linear family of heads, as far as it matters here.

    Parameters
    ----------
    drawn, true : (156, 256, 256, 3) float32
        Position maps of the base and of each mode: drawn through the mesh's 468 points, as by the
        default reconstructor, and of the head's own surface (zero where it has no texel).
    jaw, ict_jaw : (156, 17, 3) float64
        The base's and each mode's landmarks of the jaw, by anatomy and evenly along ICT-FaceKit's.
    points : (156, 468, 3) float32
        The same of the mesh's points.
    """

    drawn: Float
    true: Float
    jaw: Array
    ict_jaw: Array
    points: Float


def read_heads(head: Path, atlas: Path) -> Heads:
    """The family in the two files."""
    with np.load(head) as ict, np.load(atlas) as chart:
        rows = chart["ict_vertex"]
        own = np.concatenate([ict["base"][None, rows], ict["modes"][:, rows]])
        mesh = np.concatenate([chart["virtual_base"][None], chart["virtual_modes"]])
        mesh = mesh.astype(np.float32)
        vertices = np.concatenate([own, mesh], axis=1).astype(np.float32)
        corners, shares = chart["tex_tri"], chart["tex_bary"].astype(np.float32)
        true = np.zeros((len(vertices), 256, 256, 3), np.float32)
        true[:, chart["tex_y"], chart["tex_x"]] = sum(
            vertices[:, corners[:, k]] * shares[:, k, None] for k in range(3)
        )
        marked = vertices[:, chart["lm68_ict3djaw_vertex"][:17]].astype(np.float64)
        shares = jaw_line(ict["base"].astype(np.float64), ict["triangles"].astype(np.int64))
        near = np.flatnonzero(shares.any(axis=0))
        base_and_modes = np.concatenate([ict["base"][None, near], ict["modes"][:, near]])
        jaw = shares[:, near] @ base_and_modes.astype(np.float64)
    valid = face_and_margin(points()[0])[1]
    drawn = np.zeros_like(true)
    # In float64, or the number of threads would show in the last bits.
    nodes = surface().nodes.astype(np.float64)
    drawn[:, valid] = np.stack([surface().between(nodes @ mode) for mode in mesh])
    return Heads(drawn, true, jaw, shares_evenly(marked[0], 17) @ marked, mesh)


def chances(atlas: Path) -> Array:
    """How often each of the 55 expressions is there."""
    with np.load(atlas) as chart:
        return np.where(chart["exp_names"] == "jawOpen", JAW_OPEN, ACTIVE)


def moments(chance: Array) -> Array:
    """The expectation of c c^T, ``(156, 156)``, for the random heads c = (1, coefficients)."""
    mean = np.concatenate([[1], np.zeros(100), chance / 2])
    spread = np.concatenate([[0], np.full(100, IDENTITY**2), chance / 3 - chance**2 / 4])
    return np.outer(mean, mean) + np.diag(spread)


def random_heads(chance: Array, count: int) -> Array:
    """Heads as `moments` expects them, ``(count, 156)``."""
    rng = np.random.default_rng(0)
    identity = rng.normal(0, IDENTITY, (count, 100))
    expression = rng.random((count, 55)) * (rng.random((count, 55)) < chance)
    return np.column_stack([np.ones(count), identity, expression])


# The fit -----------------------------------------------------------------------------------------


def rings() -> tuple[Float, NDArray[np.int64]]:
    """Places in the atlas, symmetric to the last bit, and the index of each one's mirror image."""
    oval = points()[0][list(OVAL)].astype(np.float64)
    image = -np.arange(len(oval))  # its first point is in the middle of the forehead
    oval = (oval + [255, 0] + oval[image] * [-1, 1]) / 2
    centre = np.array([127.5, oval[:, 1].mean()])
    places = [centre + radius * (oval[::step] - centre) for radius, step in RINGS]
    starts = np.cumsum([0] + [len(ring) for ring in places])
    mirror = [
        start + -np.arange(len(ring)) % len(ring)
        for start, ring in zip(starts, places, strict=False)
    ]
    # In float32, 255 - u is exact for these.
    return (np.rint(np.concatenate(places) * 32) / 32).astype(np.float32), np.concatenate(mirror)


def read(maps: Float, places: Float) -> Array:
    """Each of the maps at the places, ``(156, m, 3)``."""
    return np.stack([sample(values, places[None])[0] for values in maps]).astype(np.float64)


def fit(heads: Heads, jaw: Array, expected: Array) -> Reading:
    """The reading with the least squared error, as expected over random heads, mirrored ones too.

    What is read carries independent noise, so this is ridge regression with the noise's variance
    for the ridge (Bishop, "Training with noise is equivalent to Tikhonov regularization", 1995).
    """
    places, mirror = rings()
    gram, moment = 3 * NOISE**2 * np.eye(len(places)), np.zeros((len(places), 17))
    for maps in (heads.drawn, heads.true):
        seen = read(maps, places)
        middle = seen.mean(axis=1, keepdims=True)  # without effect, as the rows sum to 1
        for axis in range(3):
            inputs, outputs = (seen - middle)[..., axis], (jaw - middle)[..., axis]
            gram += inputs.T @ expected @ inputs / 2
            moment += inputs.T @ expected @ outputs / 2
    gram = (gram + gram[mirror][:, mirror]) / 2
    moment = (moment + moment[mirror, ::-1]) / 2
    one = np.ones((len(places), 1))
    system = np.block([[gram, one], [one.T, np.zeros((1, 1))]])
    weights = np.linalg.solve(system, np.concatenate([moment, np.ones((1, 17))]))[:-1].T
    weights = (weights + weights[::-1, mirror]) / 2  # exactly symmetric
    return Reading(places, np.ascontiguousarray(weights, np.float32))


# Errors ------------------------------------------------------------------------------------------


def along_the_oval() -> Reading:
    """17 points evenly along the oval of the canonical face."""
    uv, vertices = (x[list(EAR_TO_EAR)] for x in points())
    steps = np.linalg.norm(np.diff(vertices, axis=0), axis=1)
    along = np.concatenate([[0], np.cumsum(steps)])
    wanted = np.linspace(0, along[-1], 17)
    places = [np.interp(wanted, along, uv[:, axis]) for axis in range(2)]
    return Reading(np.column_stack(places).astype(np.float32), np.eye(17, dtype=np.float32))


def nearest_texels(heads: Heads) -> Reading:
    """The texels that come nearest to the base's landmarks."""
    base = heads.true[0]
    v, u = np.nonzero(base.any(axis=2))
    away = np.linalg.norm(base[v, u] - heads.jaw[0][:, None], axis=2)
    places = np.column_stack([u, v])[away.argmin(axis=1)]
    return Reading(places.astype(np.float32), np.eye(17, dtype=np.float32))


def errors(heads: Heads, c: Array, reading: Reading, noise: float) -> list[float]:
    """Mean distances in % of the frontal box: in space, and in the picture at each of the yaws."""
    seen = np.tensordot(c, read(heads.drawn, reading.places), 1)
    seen += np.random.default_rng(1).normal(0, noise, seen.shape)
    off = reading.weights @ seen - np.tensordot(c, heads.jaw, 1)
    box = np.ptp(np.tensordot(c, heads.points, 1)[..., :2], axis=1).mean(axis=1)
    off *= 100 / box[:, None, None]
    pictures = [(off @ matrix(yaw, 0, 0).T)[..., :2] for yaw in YAWS]
    return [float(np.linalg.norm(x, axis=2).mean()) for x in (off, *pictures)]


def print_errors(heads: Heads, populations: dict[str, Array], fitted: Reading) -> None:
    """A table for each population, without and with noise."""
    methods = {
        "evenly along the oval": along_the_oval(),
        "nearest texel": nearest_texels(heads),
        "fit": fitted,
    }
    print("row norms:", *(f"{norm:.2f}" for norm in np.linalg.norm(fitted.weights, axis=1)))
    print("errors in % of the box: in space, and in the picture at yaw", *YAWS)
    for population, c in populations.items():
        for noise in (0.0, NOISE):
            print(f"{len(c)} {population}, noise {100 * noise / FACE_WIDTH} % of the width")
            for name, reading in methods.items():
                row = errors(heads, c, reading, noise)
                print(f"  {name:22s}", *(f"{error:6.2f}" for error in row))


def main() -> None:
    """Fit, write, measure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("head", type=Path)
    parser.add_argument("atlas", type=Path)
    parser.add_argument("--held-out", type=Path)
    parser.add_argument("-o", "--output", type=Path, default=Path("weights"))
    args = parser.parse_args()
    heads, chance = read_heads(args.head, args.atlas), chances(args.atlas)
    fitted = fit(heads, heads.jaw, moments(chance))
    marked = fit(heads, heads.ict_jaw, moments(chance))
    data = save({**fitted._asdict(), "ict_weights": marked.weights})
    path = args.output / "canonical_jaw.safetensors"
    path.write_bytes(data)
    print(f"{path}: {len(data)} bytes, sha256 {hashlib.sha256(data).hexdigest()}")
    populations = {"random heads": random_heads(chance, 1000)}
    if args.held_out:
        with np.load(args.held_out) as fits:
            coefficients = fits["coefficients"].astype(np.float64)
        populations["held-out heads"] = np.column_stack([np.ones(len(coefficients)), coefficients])
    print_errors(heads, populations, fitted)


if __name__ == "__main__":
    main()
