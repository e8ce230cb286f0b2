"""What people wear below the neck: a layer of cloth over the shoulders, in drawn patterns."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from facelab.edits.cielab import decoded, to_rgb
from facelab.heads.family import HeadFamily
from facelab.numerics.arrays import Float, Int

Rng = np.random.Generator

PATTERNS = ("plain", "stripes", "columns", "checks", "knit")
_THICK = 0.35  # cm that cloth lies off the skin
_LENGTH = 70.0  # cm by which it goes on below what the mesh has
_NUMBER = 14  # of `facelab.augment.classes`: what the mesh calls clothes


@dataclass(frozen=True, slots=True, eq=False)
class Cloth:
    """Paint of cloth: places are those of the mean body, cm.

    Parameters
    ----------
    pattern : str
        Of `PATTERNS`.
    colour, other : (3,) float32
        Linear RGB.
    width : float
        Of a stripe, cm.
    """

    pattern: str
    colour: Float
    other: Float
    width: float

    def __call__(self, places: Float) -> Float:
        """Return the colours ``(k, 3)`` at places ``(k, 3)``."""
        share = self._share(places)[:, None]
        return np.asarray(self.colour + share * (self.other - self.colour), np.float32)

    def _share(self, places: Float) -> Float:
        """How much of the second colour there is."""
        x, y = places[:, 0] / np.float32(self.width), places[:, 1] / np.float32(self.width)
        match self.pattern:
            case "stripes":
                return _band(y)
            case "columns":
                return _band(x)
            case "checks":
                return np.asarray((_band(x) + _band(y)) / 2, np.float32)
            case "knit":
                stitch = np.abs(((x * 8 + np.abs((y * 6) % 2 - 1)) % 1) - 0.5)
                return np.asarray(stitch * 0.35, np.float32)
            case _:
                return np.zeros(len(places), np.float32)


def _band(along: Float) -> Float:
    """Soft-edged bands of the width 1, two colours in turn."""
    soft = (np.abs((along % 2) - 1) - np.float32(0.5)) * 8 + np.float32(0.5)
    return np.asarray(np.clip(soft, 0, 1), np.float32)


def draw_cloth(pattern: str, rng: Rng) -> Cloth:
    """Draw a cloth; the pattern ``any`` is drawn, too."""
    if pattern == "any":
        pattern = str(rng.choice(PATTERNS, p=[0.5, 0.15, 0.1, 0.1, 0.15]))
    first, second = _colour(rng), _colour(rng)
    return Cloth(pattern, first, second, float(rng.uniform(0.6, 2.6)))


def _colour(rng: Rng) -> Float:
    """A colour that cloth has: any lightness, mostly muted; linear RGB."""
    hue, chroma = rng.uniform(0, 2 * np.pi), 45 * rng.random() ** 1.7
    lab = np.array([rng.uniform(12, 92), chroma * np.cos(hue), chroma * np.sin(hue)], np.float32)
    return decoded(to_rgb(lab[None, None])[0, 0])


@dataclass(frozen=True, slots=True, eq=False)
class Garment:
    """How clothes lie on the mesh of a head.

    Parameters
    ----------
    skin : (c,) int32
        Vertices of the head that they lie over, each of which they have once.
    triangles : (m, 3) int32
        Of vertices ``0 .. c - 1`` for the cloth, then those of its lower hem and of its collar's
        inner edge.
    hem, collar : (h,), (k,) int32
        Vertices, among the first c, of the lower hem and of the collar.
    """

    skin: Int
    triangles: Int
    hem: Int
    collar: Int

    def vertices(self, head: Float, normals: Float) -> Float:
        """Return the cloth's vertices on a head ``(n, 3)`` with its normals."""
        on = head[self.skin]
        cloth = on + np.float32(_THICK) * normals[self.skin]
        down = cloth[self.hem].mean(axis=0) - cloth[self.collar].mean(axis=0)
        below = cloth[self.hem] + np.float32(_LENGTH) * down / np.sqrt((down**2).sum())
        return np.concatenate([cloth, below, on[self.collar]])

    @property
    def places(self) -> Float:
        """Where each vertex lies on the mean body, ``(v, 3)``."""
        base = HeadFamily.load().base
        return self.vertices(base, np.zeros_like(base))

    @property
    def of(self) -> Int:
        """Which vertex of the head each of the cloth's belongs to."""
        return np.concatenate([self.skin, self.skin[self.hem], self.skin[self.collar]])


@cache
def garment() -> Garment:
    """The clothes that the family's mesh has."""
    family = HeadFamily.load()
    own = family.triangles[family.part == _NUMBER]
    skin, index = np.unique(own, return_inverse=True)
    triangles = index.reshape(-1, 3).astype(np.int32)
    rim = _rim(triangles, family.base[skin])
    low = family.base[skin][rim].mean(axis=1)[:, 1] < -20
    sheets, hems = [triangles], [np.zeros(0, np.int32)]
    for edges in (rim[low], rim[~low]):
        corners, at = np.unique(edges, return_inverse=True)
        first = len(skin) + sum(len(each) for each in hems)
        sheets.append(_sheet(edges, (at.reshape(-1, 2) + first).astype(np.int32)))
        hems.append(corners.astype(np.int32))
    return Garment(skin.astype(np.int32), np.concatenate(sheets), hems[1], hems[2])


def _rim(triangles: Int, places: Float) -> Int:
    """Edges ``(e, 2)`` that one triangle has, but for seams, whose ends lie in the same places."""
    kept = np.unique(np.round(places, 3), axis=0, return_inverse=True)[1].ravel()
    edges = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])
    ends = np.sort(kept[edges], axis=1)
    _, index, counts = np.unique(ends, axis=0, return_inverse=True, return_counts=True)
    single: Int = edges[counts[index.ravel()] == 1]
    return single


def _sheet(edges: Int, other: Int) -> Int:
    """Triangles between edges of a mesh and their other ends, facing as the mesh does."""
    (a, b), (c, d) = edges.T, other.T
    return np.concatenate([np.stack([b, a, c], 1), np.stack([b, c, d], 1)]).astype(np.int32)
