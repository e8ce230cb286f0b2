"""The person of a photograph as a closed surface: head, hair, neck and shoulders, all around.

The head of the family that fits the face stands for the person; where the photograph's outline
lies beyond the head's own, because of hair or clothes, it is swollen to meet it. So the surface
has one outline with the photograph from where that was taken, and is whole from everywhere else.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cache
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from facelab.augment.classes import CLASSES
from facelab.geometry.head import Head
from facelab.heads import HeadFamily
from facelab.numerics import raster
from facelab.numerics.algebra import product
from facelab.numerics.arrays import Bool, Float, Int
from facelab.numerics.smoothing import smoothstep
from facelab.numerics.vectors import unit
from facelab.types import Crop, PositionMap

Doubles = NDArray[np.float64]

_FLIP = np.array([1.0, -1.0, 1.0])  # pixels have y down, here y is up
_CENTRE = np.array([0.0, 1.5, -5.0])  # of the skull, in the family's frame
_CELL = 0.3  # cm, of the map in which outlines are compared
_REACH = (24.0, 20.0, 36.0)  # cm from the centre to each side, up and down
_RAYS = 96  # over the upper half of the outline
_LEAST, _MOST = 0.7, 3.0  # how many times as far out as the head's own the outline may lie
_SKULL = 5.0  # cm to a side, beyond which the skull's surface is beside an ear
_EAR = 0.8  # cm beyond the ears that still shows them
_SMOOTH = 1.2  # cm along the outline
_FACE = 4.0  # cm from the face's oval over which the surface begins to swell
_BACK = (0.92, 1.28)  # how much the back of the head may swell
_THROAT = 14.0  # cm below the middle of the skull, where shoulders begin
_THICK = 1.1  # how many times as thick as the head's own a neck without hair may be
_FACING = 0.3  # cosine to the line of sight of what is seen well
_OWN = 4.0  # how soon inside its oval the face is where its position map has it
_OCCLUDED, _GRAZED = 0.6, 0.12  # how much darker hollows are, and what turns away
_STRAIGHT, _FALL = (
    0.95,
    3.0,
)  # of the head's depth, how far back hair falls; from cm above its middle
_TOP = 11.0  # cm in the family's frame, above which all is hair
_UNLIKE = 0.15  # distance of two colours that are not of the same thing
_BESIDE = 5, 21  # cells: the width of what is at a neck's edge, and of what is beside it
_JAW = 7.0  # cm below the middle of the skull, where the neck begins
_MANE, _PARTS = 0.25, 3  # of what is beside each part of a neck, that is hair where it hangs down


@dataclass(frozen=True, eq=False)
class Figure:
    """A person as a surface around an upright axis through the skull.

    Parameters
    ----------
    vertices : (n, 3) float32
        cm in the figure's own frame: from the middle of the skull, as the photograph's viewer sees
        it but level: x right, y up, z toward the viewer.
    triangles : (m, 3) int32
        Counter-clockwise from outside.
    part : (m,) uint8
        The class of each triangle; the head's.
    hair : (n,) float32
        How much of each vertex is hair, [0, 1].
    hangs : bool
        Whether hair hangs down to the shoulders.
    shade : (n,) float32
        How bright each vertex would be were it all of one colour, lit from the viewer, [0, 1].
    matrix : (3, 3) float64
        From the figure's frame to source-image pixels, less the middle.
    middle : (3,) float64
        Of the skull, source-image pixels.
    tones : Tones
        The usual colours of hair and skin.
    lean : (2,) float64
        How far the axis below the skull goes right and forward, cm, for each that it goes up.
    """

    vertices: Float
    triangles: Int = field(repr=False)
    part: NDArray[np.uint8] = field(repr=False)
    hair: Float = field(repr=False)
    hangs: bool
    shade: Float = field(repr=False)
    matrix: Doubles
    middle: Doubles
    tones: Tones
    lean: Doubles

    @property
    def scale(self) -> float:
        """Pixels per cm."""
        return float(np.linalg.norm(self.matrix[0]))

    def seen_in(self, crop: Crop) -> Figure:
        """The figure in the pixels of a crop."""
        turn = np.eye(3) * crop.size / crop.side
        turn[:2, :2] = crop.matrix[:, :2]
        middle = turn @ self.middle
        middle[:2] += crop.matrix[:, 2]
        return replace(self, matrix=turn @ self.matrix, middle=middle)

    def placed(self) -> Float:
        """The vertices in source-image pixels, ``(n, 3)`` float32."""
        return np.asarray(product(self.vertices, self.matrix.T) + self.middle, np.float32)


def figure_of(head: Head, positions: PositionMap, image: Float, matte: Float | None) -> Figure:
    """The figure of a photograph's person.

    Parameters
    ----------
    head : Head
        Of the shipped family, fitted to the face.
    positions : PositionMap
        Of the face, which is more exact there.
    image : (H, W, 3) float32
    matte : (H, W) float32, optional
        How much of each pixel is a person, [0, 1]; without it the head stays as it is.
    """
    family = HeadFamily.load()
    triangles, part = outer_skin(family)
    matrix, middle = _frame(head)
    inverse = np.linalg.inv(matrix)
    vertices = _with_face(head.vertices, positions)
    own = np.asarray(product(vertices - middle, inverse.T), np.float32)
    hair, hangs = family.scalp, False
    tones = Tones.of(vertices, image, matte)
    if matte is not None:
        shown = _seen(np.dstack([image, matte]), matrix, middle)
        outlines = _Outlines.of(own, shown[..., 3], shown[..., :3], tones)
        (own, hair), hangs = outlines.swollen(own), outlines.hangs
    shade = _shade(own, triangles)
    x, y, z = own[_neck(family) > 0].mean(axis=0, dtype=np.float64)
    lean = np.array([x / y, z / y])
    return Figure(own, triangles, part, hair, hangs, shade, matrix, middle, tones, lean)


def _with_face(vertices: Float, positions: PositionMap) -> Float:
    """Vertices, in pixels, of a head that has its face where a position map has it."""
    atlas, family = positions.atlas, HeadFamily.load()
    if atlas.name != "canonical":
        return vertices
    inside = np.flatnonzero(family.atlas_share > 0)
    read = atlas.read(positions.values, family.atlas_uv[inside] * atlas.size - 0.5)
    share = np.minimum(_OWN * family.atlas_share[inside], 1)[:, None]
    out = vertices.copy()
    out[inside] += share * (read - vertices[inside])
    return out


def _shade(own: Float, triangles: Int) -> Float:
    """How bright vertices in the figure's frame are."""
    facing = normals(own * np.float32(_FLIP), triangles)[:, 2]
    dim = 1 - _OCCLUDED * (1 - HeadFamily.load().openness)
    return np.asarray(dim * (1 - _GRAZED * (1 - facing)), np.float32)


@cache
def outer_skin(family: HeadFamily) -> tuple[Int, NDArray[np.uint8]]:
    """The triangles that are seen from outside, and their classes."""
    outer = family.part != CLASSES["mouth interior"]
    return family.triangles[outer], family.part[outer]


def _frame(head: Head) -> tuple[Doubles, Doubles]:
    """From the figure's frame to pixels: a matrix and the middle of the skull."""
    axes = head.axes.astype(np.float64)
    scale = float(np.cbrt(abs(np.linalg.det(axes))))
    up = axes[:, 1] * _FLIP / scale  # of the head, as seen
    roll = np.arctan2(-up[0], up[1])
    level = np.array([[np.cos(roll), -np.sin(roll), 0], [np.sin(roll), np.cos(roll), 0], [0, 0, 1]])
    origin = _origin(head)
    return scale * _FLIP[:, None] * level, axes @ _CENTRE + origin


def _origin(head: Head) -> Doubles:
    """Where the origin of the family's frame lies in the photograph, pixels."""
    model = head.model
    shape = head.vertices.astype(np.float64)
    return np.asarray((shape - product(model.base.astype(np.float64), head.axes.T)).mean(axis=0))


def _seen(picture: Float, matrix: Doubles, middle: Doubles) -> Float:
    """A picture in the figure's frame, a map of cells; NaN beyond the photograph."""
    side, up, down = _REACH
    columns, rows = int(2 * side / _CELL), int((up + down) / _CELL)
    x = (np.arange(columns) + 0.5) * _CELL - side
    y = up - (np.arange(rows) + 0.5) * _CELL
    places = np.dstack([*np.meshgrid(x, y), np.zeros((rows, columns))])
    at = np.asarray(product(places, matrix.T) + middle, np.float32)
    height, width = picture.shape[:2]
    out = cv2.remap(picture, at[..., 0], at[..., 1], cv2.INTER_LINEAR)
    beyond = (
        (at[..., 0] < 0) | (at[..., 0] > width - 1) | (at[..., 1] < 0) | (at[..., 1] > height - 1)
    )
    out[beyond] = np.nan
    return np.asarray(out, np.float32)


def _drawn(vertices: Float, triangles: Int, like: Float) -> Float:
    """What triangles cover of the map of cells, 0 or 1."""
    side, up, _ = _REACH
    screen = (vertices * _FLIP + [side, up, 0]) / _CELL - [0.5, 0.5, 0]
    covered = raster.rasterize(screen.astype(np.float32), triangles, like.shape).covered
    return covered.astype(np.float32)


@dataclass(frozen=True, eq=False)
class _Outlines:
    """How a photograph's outline compares with that of the head without hair.

    Parameters
    ----------
    ratio : (k,) float32
        How many times as far out the photograph's is, along the outline.
    covered : (2,) bool
        Whether hair covers the right ear, and the left.
    hangs : bool
        Whether hair hangs down to the shoulders.
    """

    ratio: Float
    covered: tuple[bool, bool]
    hangs: bool

    @classmethod
    def of(cls, own: Float, person: Float, colour: Float, tones: Tones) -> _Outlines:
        """Compare vertices in the figure's frame with the map of a person, and its colours."""
        triangles, part = outer_skin(HeadFamily.load())
        ears = (part == CLASSES["right ear"]) | (part == CLASSES["left ear"])
        head = _drawn(own, triangles[~ears], person)
        bare = np.maximum(_outline(head), _CELL)
        eared = np.maximum(_outline(_drawn(own, triangles, person)), _CELL)
        seen = _outline(person)
        beside = eared > bare + _EAR / 2
        covered = _covered(beside, seen - eared, tones)
        half = len(bare) // 2  # the image's right is the subject's left
        shown = beside & ~np.repeat(covered[::-1], (half, len(bare) - half))
        ratio = np.where(shown, 1, seen / bare)
        hangs = _hangs(head, person, tones.hair_like(colour))
        return cls(_smoothed(np.clip(ratio, _LEAST, _most(len(ratio), hangs))), covered, hangs)

    def swollen(self, own: Float) -> tuple[Float, Float]:
        """Vertices that meet the photograph's outline; how much of each is hair."""
        family = HeadFamily.load()
        flat, hair = own.copy(), family.scalp.copy()
        for ear, covered in zip(_ears(family), self.covered, strict=True):
            if covered:
                flat[ear.vertices], hair[ear.vertices] = own[ear.beside], 1
        factor = _factor(flat, self.ratio)
        free = (1 - _faceness(family))[:, None]
        swollen = np.asarray(flat * (1 + free * (factor - 1)), np.float32)
        if self.hangs:
            swollen = _fallen(swollen, free[:, 0] * _bare(family))
        return swollen, hair


def _fallen(own: Float, free: Float) -> Float:
    """Vertices of which those behind, as far as they are free, fall straight from the head.

    A nape that is only swollen leaves long hair waisted like a cobra's hood.
    """
    x, y, z = own.T
    behind = np.maximum(-z / np.maximum(np.hypot(x, z), np.float32(1e-6)), 0)
    back = _STRAIGHT * float(-z[y > 0].min())
    share = free * behind * smoothstep(1 - y / _FALL)
    out = own.copy()
    out[:, 2] += share * np.minimum(-back * behind - z, 0)
    return out


def _covered(beside: Bool, over: Float, tones: Tones) -> tuple[bool, bool]:
    """Whether hair covers the right ear, and the left: by its colour, or by how far out it is.

    Parameters
    ----------
    beside : (k,) bool
        Where along the outline there is an ear.
    over : (k,) float32
        How far beyond it the photograph's outline is, cm.
    tones : Tones
    """
    half = len(beside) // 2
    found = []
    for number, side in enumerate((slice(half, None), slice(None, half))):
        beyond = over[side][beside[side] & np.isfinite(over[side])]
        found.append(tones.hairy(number) or bool(beyond.size and np.median(beyond) > _EAR))
    return found[0], found[1]


def _hangs(head: Float, person: Float, hairy: Bool) -> bool:
    """Whether hair hangs beside a neck, to the shoulders.

    Parameters
    ----------
    head, person : (h, w) float32
        Maps of the head without hair, and of the person, as of `_seen`.
    hairy : (h, w) bool
        What has the colour of the hair.
    """
    near, far = (cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)) for side in _BESIDE)
    beside = (cv2.dilate(head, far) > cv2.dilate(head, near)) & np.isfinite(person)
    down = (np.arange(len(head))[:, None] + 0.5) * _CELL - _REACH[1]
    heights = np.linspace(_JAW, _THROAT, _PARTS + 1)
    for upper, lower in pairwise(heights):
        told = beside & (down > upper) & (down <= lower)
        if (hairy & (person > 0.5) & told).sum() <= _MANE * told.sum():
            return False
    return True


def _most(count: int, hangs: bool) -> Float:
    """The most that each place of an outline may lie out: a neck is not thick but for hair."""
    most = np.full(count, _MOST, np.float32)
    rows = (count - _RAYS) // 2
    if not hangs:
        throat = np.arange(rows) * _CELL < _THROAT
        most[:rows][::-1][throat] = most[-rows:][throat] = _THICK
    return most


@dataclass(frozen=True, eq=False)
class Tones:
    """The usual colours of hair, skin and both ears in a photograph; NaN where none is seen."""

    hair: Doubles
    skin: Doubles
    ears: tuple[Doubles, Doubles]

    @classmethod
    def of(cls, placed: Float, image: Float, matte: Float | None) -> Tones:
        """The colours under the vertices of a head ``(n, 3)``, pixels."""
        family = HeadFamily.load()
        facing = normals(placed, family.triangles)[:, 2] > _FACING
        x, y = np.rint(placed[:, :2]).astype(int).T
        height, width = image.shape[:2]
        inside = (x >= 0) & (y >= 0) & (x < width) & (y < height)
        x, y = np.clip(x, 0, width - 1), np.clip(y, 0, height - 1)
        shown = facing & inside
        if matte is not None:
            shown &= matte[y, x] > 0.9

        def usual(which: Bool) -> Doubles:
            own = image[y, x][which & shown].astype(np.float64)
            return np.median(own, axis=0) if len(own) > 2 else np.full(3, np.nan)

        ears = [np.isin(np.arange(len(placed)), ear.vertices) for ear in _ears(family)]
        top = (family.scalp > 0.9) & (family.base[:, 1] > _TOP)
        skin = usual(family.atlas_share > 0.9)
        own = image[y, x][shown & top].astype(np.float64)
        unlike = own[np.linalg.norm(own - skin, axis=1) > _UNLIKE]
        own = unlike if len(unlike) > len(own) / 5 else own
        hair = np.median(own, axis=0) if len(own) > 2 else np.full(3, np.nan)
        return cls(hair, skin, (usual(ears[0]), usual(ears[1])))

    def hair_like(self, colour: Float) -> Bool:
        """Which colours ``(..., 3)`` are of the hair rather than of the skin."""
        hair, skin = (_away(colour, tone) for tone in (self.hair, self.skin))
        return np.asarray((hair < skin) & (hair < (2 * _UNLIKE) ** 2))

    def hairy(self, side: int) -> bool:
        """Whether where an ear should be is hair; of an unseen ear the other tells."""
        ear = self.ears[side]
        ear = self.ears[1 - side] if np.isnan(ear).any() else ear
        apart = np.linalg.norm(self.hair - self.skin)
        return bool(
            apart > _UNLIKE and np.linalg.norm(ear - self.hair) < np.linalg.norm(ear - self.skin)
        )


def _away(colour: Float, tone: Doubles) -> Float:
    """The squared distances of colours ``(..., 3)`` from a tone."""
    by = colour - tone.astype(np.float32)
    return np.asarray(np.einsum("...k,...k", by, by), np.float32)


def normals(placed: Float, triangles: Int) -> Float:
    """Unit normals of vertices ``(n, 3)`` in pixels: x right, y up, z toward the viewer."""
    a, b, c = (placed[triangles[:, k]] * _FLIP for k in range(3))
    faces = np.cross(b - a, c - a)
    out = np.zeros(placed.shape)
    for corner in range(3):
        for axis in range(3):
            out[:, axis] += np.bincount(triangles[:, corner], faces[:, axis], len(placed))
    return unit(out)


@dataclass(frozen=True, eq=False)
class _Ear:
    """An ear's vertices, and of each the nearest that is none."""

    vertices: Int
    beside: Int


@cache
def _ears(family: HeadFamily) -> tuple[_Ear, _Ear]:
    """The right ear and the left."""
    from scipy.spatial import cKDTree

    skin = np.unique(family.triangles[family.part == CLASSES["skin"]])
    found = []
    for name, side in (("right ear", -1), ("left ear", 1)):
        own = np.unique(family.triangles[family.part == CLASSES[name]])
        root = np.setdiff1d(skin[family.base[skin, 0] * side > 0], own)
        flat = family.base[:, 1:]  # as seen from the side
        outer = root[np.abs(family.base[root, 0]) > _SKULL]
        nearest = cKDTree(flat[outer]).query(flat[own])[1]
        found.append(_Ear(own.astype(np.int32), outer[nearest].astype(np.int32)))
    return found[0], found[1]


def _outline(person: Float) -> Float:
    """How far out the person reaches from the axis, cm; NaN where the photograph ends before.

    In order from below right over the top to below left.
    """
    side, up, down = _REACH
    reach = np.arange(0, side, _CELL / 2)[None]
    angle = np.linspace(0, np.pi, _RAYS)[:, None]
    below = -np.arange(_CELL, down, _CELL)[::-1, None]
    level = np.ones_like(below)
    x = np.concatenate([level * reach, np.cos(angle) * reach, -level * reach])
    y = np.concatenate([below * np.ones_like(reach), np.sin(angle) * reach])
    y = np.concatenate([y, below[::-1] * np.ones_like(reach)])
    known = cv2.remap(
        person,
        np.float32((x + side) / _CELL - 0.5),
        np.float32((up - y) / _CELL - 0.5),
        cv2.INTER_NEAREST,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=float("nan"),
    )
    ended = ~(known >= 0.5)
    first = np.where(ended.any(axis=1), ended.argmax(axis=1), reach.size - 1)
    out = reach[0, first].astype(np.float32)
    out[np.isnan(known[np.arange(len(first)), first])] = np.nan
    return np.asarray(out, np.float32)


def _smoothed(ratio: Float) -> Float:
    """Ratios along the outline, without gaps and jumps."""
    known = np.isfinite(ratio)
    if not known.any():
        return np.ones_like(ratio)
    index = np.arange(len(ratio))
    whole = np.interp(index, index[known], ratio[known]).astype(np.float32)
    return np.asarray(cv2.GaussianBlur(whole[:, None], (0, 0), _SMOOTH / _CELL)[:, 0], np.float32)


def _factor(own: Float, ratio: Float) -> Float:
    """By how much each vertex's coordinates grow ``(n, 3)``.

    Seen from the photograph's viewer a vertex grows as the outline does in its direction; what lies
    before or behind the axis as both sides do at its height.
    """
    x, y, z = own.T.astype(np.float64)
    height, index = np.maximum(y, 0), np.arange(len(ratio))
    below = (len(ratio) - _RAYS) // 2
    row = np.clip(-y / _CELL, 0, below)

    def at(angle: Doubles) -> Doubles:
        """The ratio in a direction, from the right over the top to the left, and below these."""
        upper = below + angle / np.pi * (_RAYS - 1)
        lower = np.where(angle < np.pi / 2, below - row, below + _RAYS - 1 + row)
        return np.interp(np.where(y > 0, upper, lower), index, ratio)

    rise = np.arctan2(height, np.hypot(x, z))
    both = np.clip((at(rise) + at(np.pi - rise)) / 2, *_BACK)
    across = np.hypot(x, height) / np.maximum(np.sqrt(x * x + height**2 + z * z), 1e-6)
    share = smoothstep(across.astype(np.float32))
    sideways = both + share * (at(np.arctan2(height, x)) - both)
    up = np.where(y > 0, sideways, 1)
    back = np.where(y > 0, sideways, np.where(z < 0, both, 1))
    return np.asarray(np.column_stack([sideways, up, back]), np.float32)


@cache
def _faceness(family: HeadFamily) -> Float:
    """How much each vertex belongs to the face, which keeps its shape: 1 in its oval, 0 far off."""
    from scipy.spatial import cKDTree

    away = cKDTree(family.base[family.atlas_share > 0]).query(family.base)[0]
    return np.asarray(smoothstep(1 - away / _FACE), np.float32)


@cache
def _bare(family: HeadFamily) -> Float:
    """1 for vertices of head and neck, 0 for those of clothes."""
    out = np.ones(len(family.base), np.float32)
    out[np.unique(family.triangles[family.part == CLASSES["clothes"]])] = 0
    return out


@cache
def _neck(family: HeadFamily) -> Float:
    """1 for vertices of the neck, 0 for others."""
    out = np.zeros(len(family.base), np.float32)
    out[np.unique(family.triangles[family.part == CLASSES["neck"]])] = 1
    return out
