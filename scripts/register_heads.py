"""Find the 468 points of the canonical face mesh on the family of whole heads.

    python scripts/register_heads.py MAKEHUMAN ict.safetensors -o points.npz

Needs weights/heads.safetensors as ``scripts/build_heads.py`` makes it without points, MakeHuman's
assets for skins, and ICT-FaceKit's head model as ``scripts/convert_ict.py`` writes it. In turn:

1. Heads of many people are drawn and reconstructed by FaceMesh and FaceMap; where their points lie
   on the drawn surface is brought back to the mean head. The median over all of them and their
   mirror images is what both networks see.
2. ICT-FaceKit's head, whose points were registered to the mesh with an error of 0.2 % of the face's
   width, is fitted to these; along the face's outline, where a picture shows a silhouette and no
   place of the surface, and where the two do not agree, it is fitted to the nearest surface.
3. The points between the two go to the surface; those of the eyelids and the lips' inner edges to
   the rims of the holes that an open eye and an open mouth show.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

import facelab
from facelab.atlas.canonical import LOWER_LIP, OVAL, UPPER_LIP, canonical
from facelab.augment.classes import CLASSES
from facelab.geometry import pose
from facelab.geometry.head import HeadModel
from facelab.heads import HeadFamily
from facelab.numerics import raster
from facelab.reconstruct.point_regressor import twins

PEOPLE, SIDE, SPAN = 96, 256, 30.0  # how many are drawn, px, and cm across
YAWS, PITCHES = (0, 18, -18, 9, -9), (0, -10, 10)  # degrees
ACTS = ({}, {"jawOpen": 0.4}, {"mouthSmileLeft": 0.5, "mouthSmileRight": 0.5}, {})
STEEP = 0.4  # cosine of the angle to the line of sight below which a point is not to be trusted
DISAGREES = 0.02  # of the face's width
MIRROR = np.array([-1.0, 1.0, 1.0])
CLOSE, CLOSE_SIDE = 10.0, 1024  # cm and px across a picture of an eye or a mouth
HOLES = (  # act, contour above and below from corner to corner
    ("jawOpen", 0.5, UPPER_LIP, LOWER_LIP),
    ("eyeWideLeft", 0.3, (263, 466, 388, 387, 386, 385, 384, 398, 362),
     (263, 249, 390, 373, 374, 380, 381, 382, 362)),
)  # fmt: skip


@dataclass(frozen=True)
class Drawn:
    """A head in a picture: pixels, what of the skin they show, and the skin's vertices there."""

    image: np.ndarray
    fragments: raster.Fragments
    screen: np.ndarray


def screen_of(
    vertices: np.ndarray,
    yaw: float,
    pitch: float,
    middle: tuple[float, float] = (0.0, 0.0),
    span: float = SPAN,
    side: int = SIDE,
) -> np.ndarray:
    """Vertices in the pixels of a picture `span` cm across."""
    turned = vertices @ pose.matrix(yaw, pitch, 0).T - [*middle, 0]
    return np.float32(turned * [1, -1, 1] * (side / span) + [side / 2, side / 2, 0])


def draw(family: HeadFamily, head: np.ndarray, skin: np.ndarray, worn: tuple[str, ...],
         yaw: float, pitch: float) -> Drawn:  # fmt: skip
    """Draw a head with a skin ``(h, w, 3)`` and what it wears, lit from the front."""
    screen = screen_of(head, yaw, pitch)
    image, nearest = np.full((SIDE, SIDE, 3), 0.5, np.float32), np.full((SIDE, SIDE), -np.inf)
    fragments = raster.rasterize(screen, family.triangles, (SIDE, SIDE))
    layers = [(screen, family.triangles, family.uv, skin)]
    for part in (family.parts[name] for name in worn):
        triangles = np.concatenate([part.triangles, part.triangles[:, ::-1]])
        own = screen_of(part.vertices(head), yaw, pitch)
        layers.append((own, triangles, part.uv, part.picture))
    for own, triangles, uv, picture in layers:
        seen = raster.rasterize(own, triangles, (SIDE, SIDE))
        u, v = cv2.split(raster.interpolate(seen, triangles, uv))
        rows, columns = picture.shape[:2]
        texels = cv2.remap(picture, u * columns - 0.5, v * rows - 0.5, cv2.INTER_LINEAR)
        alpha = texels[..., -1:] if picture.shape[2] in (2, 4) else np.ones((SIDE, SIDE, 1))
        colour = 0.4 * texels[..., :1] if picture.shape[2] == 2 else texels[..., :3]
        alpha = alpha * (seen.covered & (seen.depth > nearest))[..., None]
        image = image + alpha * (colour * light(own, triangles, seen) - image)
        nearest = np.where(alpha[..., 0] > 0.5, seen.depth, nearest)
    return Drawn(np.clip(image, 0, 1).astype(np.float32), fragments, screen)


def light(screen: np.ndarray, triangles: np.ndarray, seen: raster.Fragments) -> np.ndarray:
    """How bright each pixel is."""
    a, b, c = (screen[triangles[:, k]].astype(np.float64) for k in range(3))
    faces = np.cross(b - a, c - a)
    normals = np.zeros(screen.shape)
    for k in range(3):
        np.add.at(normals, triangles[:, k], faces)
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-9)
    at = raster.interpolate(seen, triangles, normals.astype(np.float32))
    return np.clip(0.5 + 0.5 * np.abs(at[..., 2:]), 0, 1)


def cast(family: HeadFamily, drawn: Drawn, points: np.ndarray) -> np.ndarray:
    """Where on the mean head points ``(n, 2)`` px lie; NaN where that is not to be told."""
    column, row = np.clip(np.rint(points).astype(int), 0, SIDE - 1).T
    index = drawn.fragments.triangle[row, column]
    corners = family.triangles[index]
    a, b, c = (drawn.screen[corners[:, k]].astype(np.float64) for k in range(3))
    normal = np.cross(b - a, c - a)
    doubled = normal[:, 2]
    x, y = points.T
    second = ((x - a[:, 0]) * (c - a)[:, 1] - (y - a[:, 1]) * (c - a)[:, 0]) / doubled
    third = ((b - a)[:, 0] * (y - a[:, 1]) - (b - a)[:, 1] * (x - a[:, 0])) / doubled
    weights = np.column_stack([1 - second - third, second, third])
    places = np.einsum("nk,nkx->nx", weights, family.base[corners].astype(np.float64))
    steep = np.abs(doubled) < STEEP * np.linalg.norm(normal, axis=1)
    inside = family.part[index] == CLASSES["mouth interior"]
    places[(index < 0) | steep | inside] = np.nan
    return places


def people(family: HeadFamily, folder: Path) -> Iterator[Drawn]:
    """Pictures of people of the family."""
    rng = np.random.default_rng(0)
    paths = sorted((folder / "skins/textures").glob("*_diffuse*.png"))
    skins = [cv2.imread(str(path))[..., ::-1].astype(np.float32) / 255 for path in paths]
    hidden = ("asym", "ear-", "neck-")
    shapes = [k for k, name in enumerate(family.names[28:-52], 28) if not name.startswith(hidden)]
    for number in range(PEOPLE):
        origins = np.full(3, 0.05)
        origins[number % 3] = 1
        own = family.person(tuple(origins), float(number // 3 % 2), float(rng.uniform(0, 0.6)))
        own[shapes] += rng.normal(0, 0.15, len(shapes)).astype(np.float32)
        own += family.coefficients(ACTS[number % len(ACTS)])
        hair = ("hair-short04",) if number % 2 else ()
        worn = ("eyes-brown", "upper teeth", "lower teeth", f"brows-{1 + number % 12}", *hair)
        angles = YAWS[number % len(YAWS)], PITCHES[number % len(PITCHES)]
        yield draw(family, family.vertices(own), skins[5 * number % len(skins)], worn, *angles)


def looked_at(family: HeadFamily, folder: Path) -> np.ndarray:
    """The median of what both networks see, on the mean head, ``(468, 3)``."""
    models = [facelab.load_model(backend=backend) for backend in ("mesh", "map")]
    found = []
    for drawn in people(family, folder):
        for model in models:
            for face in model(drawn.image)[:1]:
                places = cast(family, drawn, face.points468[:, :2].astype(np.float64))
                found += [places, places[twins()] * MIRROR]
    return np.asarray(np.nanmedian(found, axis=0))


def closest(
    family: HeadFamily, points: np.ndarray, usable: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The nearest places of the mean head's usable triangles: index, barycentrics, place."""
    index = np.flatnonzero(usable)
    a, b, c = (family.base[family.triangles[index, k]].astype(np.float64) for k in range(3))
    found = []
    for point in points:
        weights = nearest_in(point, a, b, c)
        places = weights[:, :1] * a + weights[:, 1:2] * b + weights[:, 2:] * c
        best = int(np.argmin(((places - point) ** 2).sum(axis=1)))
        found.append((index[best], weights[best], places[best]))
    triangle, barycentric, place = (np.array(column) for column in zip(*found, strict=True))
    return triangle, barycentric, place


def nearest_in(point: np.ndarray, a: np.ndarray, b: np.ndarray, c: np.ndarray) -> np.ndarray:
    """Barycentrics ``(m, 3)`` of each triangle's place nearest to a point.

    The foot of the perpendicular where it is inside, else the nearest on an edge (Ericson,
    "Real-Time Collision Detection", 2005, 5.1.5).
    """
    ab, ac, ap = b - a, c - a, point - a
    d00, d01, d11 = ((x * y).sum(axis=1) for x, y in ((ab, ab), (ab, ac), (ac, ac)))
    d20, d21 = (ap * ab).sum(axis=1), (ap * ac).sum(axis=1)
    area = np.maximum(d00 * d11 - d01 * d01, 1e-12)
    second, third = (d11 * d20 - d01 * d21) / area, (d00 * d21 - d01 * d20) / area
    best = np.column_stack([1 - second - third, second, third])
    inside = (best >= 0).all(axis=1)
    away = np.where(inside, ((best @ [1, 1, 1] - 1) ** 2), np.inf)
    for first, last in ((0, 1), (1, 2), (2, 0)):
        start, end = (a, b, c)[first], (a, b, c)[last]
        along = np.clip(((point - start) * (end - start)).sum(axis=1)
                        / np.maximum(((end - start) ** 2).sum(axis=1), 1e-12), 0, 1)  # fmt: skip
        place = start + along[:, None] * (end - start)
        distance = ((place - point) ** 2).sum(axis=1)
        nearer = ~inside & (distance < away)
        edge = np.zeros_like(best)
        edge[:, first], edge[:, last] = 1 - along, along
        best, away = np.where(nearer[:, None], edge, best), np.where(nearer, distance, away)
    return best


def agreed(family: HeadFamily, seen: np.ndarray, ict: HeadModel, usable: np.ndarray) -> np.ndarray:
    """Points between those seen and ICT-FaceKit's, ``(468, 3)``."""
    wanted, width = seen.copy(), np.ptp(seen[:, 0])
    outline = np.isin(np.arange(len(seen)), OVAL)
    for _ in range(6):
        fitted = ict.fit(np.float32(wanted * [1, -1, 1])).points * [1.0, -1.0, 1.0]
        apart = np.linalg.norm(fitted - seen, axis=1) > DISAGREES * width
        doubtful = outline | apart | np.isnan(seen).any(axis=1)
        wanted = np.where(doubtful[:, None], closest(family, fitted, usable)[2], seen)
    print(f"{np.mean(doubtful[~outline]):.0%} of the points inside taken from ICT-FaceKit alone")
    for name, points in (("seen", seen), ("taken", wanted)):
        away = np.linalg.norm(points - fitted, axis=1)[~outline] / width
        half, most = np.nanquantile(away, (0.5, 0.95))
        print(f"{name} to fitted: median {half:.2%}, p95 {most:.2%}")
    return np.where(doubtful[:, None], wanted, (wanted + fitted) / 2)


def rims(
    family: HeadFamily, places: tuple[np.ndarray, np.ndarray], hole: tuple
) -> Iterator[tuple[int, int, np.ndarray]]:
    """Points of a hole's rim with triangle and barycentrics, seen from the front.

    From corner to corner; these are as far out as they are, and as high as the hole's own ends.
    """
    act, share, upper, lower = hole
    head = family.vertices(family.coefficients({act: share}))
    middle = placed(family, head, places)[[*upper, *lower]].mean(axis=0)
    screen = screen_of(head, 0, 0, tuple(middle[:2]), CLOSE, CLOSE_SIDE)
    seen = raster.rasterize(screen, family.triangles, (CLOSE_SIDE, CLOSE_SIDE))
    shown = opening(~np.isin(seen.triangle, np.flatnonzero(hole_free(family))))
    along, ends = canonical().vertices[:, 0], placed(family, screen, places)[:, 0]
    for contour, row in ((upper, first_row), (lower, last_row)):
        start, stop = contour[0], contour[-1]
        for vertex in contour[1:-1]:
            part = (along[vertex] - along[start]) / (along[stop] - along[start])
            column = int(np.rint(ends[start] + part * (ends[stop] - ends[start])))
            if shown[:, column].any():
                at = row(shown[:, column])
                yield vertex, seen.triangle[at, column], seen.barycentric[at, column]
    columns = np.flatnonzero(shown.any(axis=0))
    for corner, column in zip(sorted((upper[0], upper[-1]), key=lambda k: along[k]),
                              (columns[0] - 1, columns[-1] + 1), strict=True):  # fmt: skip
        beyond = int(np.rint(ends[corner]))
        outer = min(column, beyond) if column < columns[0] else max(column, beyond)
        at = int(np.flatnonzero(shown[:, np.clip(outer, columns[0], columns[-1])]).mean())
        yield corner, seen.triangle[at, outer], seen.barycentric[at, outer]


def placed(
    family: HeadFamily, vertices: np.ndarray, places: tuple[np.ndarray, np.ndarray]
) -> np.ndarray:
    """Places, given by triangle and barycentrics, on vertices ``(n, 3)``."""
    triangle, barycentric = places
    return np.einsum("pk,pkx->px", barycentric, vertices[family.triangles[triangle]])


def opening(holes: np.ndarray) -> np.ndarray:
    """The hole that is nearest to the middle of a picture ``(h, w)`` bool."""
    labels = cv2.connectedComponents(holes.astype(np.uint8))[1]
    rows, columns = np.nonzero(holes)
    nearest = np.argmin(np.hypot(rows - holes.shape[0] / 2, columns - holes.shape[1] / 2))
    return np.asarray(labels == labels[rows[nearest], columns[nearest]])


def first_row(column: np.ndarray) -> int:
    """The row above a hole."""
    return int(np.flatnonzero(column)[0]) - 1


def last_row(column: np.ndarray) -> int:
    """The row below a hole."""
    return int(np.flatnonzero(column)[-1]) + 1


def hole_free(family: HeadFamily) -> np.ndarray:
    """Which triangles are skin as seen: not the mouth's inside, not the eyes' sockets ``(m,)``."""
    u, v = family.uv[family.triangles].mean(axis=1).T
    sockets = (u < 0.16) & (v > 0.36) & (v < 0.47)
    return (family.part == CLASSES["skin"]) & ~sockets


def mirrored(family: HeadFamily, triangle: int, barycentric: np.ndarray) -> tuple[int, np.ndarray]:
    """A place's mirror image on the mean head."""
    place = barycentric @ family.base[family.triangles[triangle]] * MIRROR
    found = closest(family, place[None], hole_free(family))
    return found[0][0], found[1][0]


def main() -> None:
    """Draw, look, fit, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("makehuman", type=Path)
    parser.add_argument("ict", type=Path)
    parser.add_argument("-o", "--output", type=Path, default=Path("points.npz"))
    args = parser.parse_args()
    family = HeadFamily.load()
    usable = hole_free(family)
    points = agreed(family, looked_at(family, args.makehuman), HeadModel.read(args.ict), usable)
    points = (points + points[twins()] * MIRROR) / 2
    triangle, barycentric, _ = closest(family, points, usable)
    for hole in HOLES:
        for vertex, index, weights in list(rims(family, (triangle, barycentric), hole)):
            triangle[vertex], barycentric[vertex] = index, weights
            twin = twins()[vertex]
            triangle[twin], barycentric[twin] = mirrored(family, index, weights)
    np.savez(args.output, triangle=triangle.astype(np.uint16), barycentric=barycentric)


if __name__ == "__main__":
    main()
