"""The nouns of the pipeline: frozen values, checked when they are made.

Convention
----------
Images are ``(H, W, 3)`` float32 RGB, sRGB-encoded, in [0, 1], whatever space their file is in:
`facelab.images` converts both ways. A `Frame`, which networks look at, may be uint8 or uint16, too.
A photograph in a wider space may hold colours that sRGB does
not, outside [0, 1] on sRGB's curve continued; textures, pictures and exports hold none. Pixel
coordinates have x to the right, y down and pixel centres at integers, in the image as displayed.
Depth has the unit of x and y and the nearer is the larger.

Vocabulary
----------
Each of these is [0, 1], float32, of pixels ``(H, W)`` or of texels ``(S, S)``.

mask        where something is or may happen, as the user or a region of the atlas says
opacity     how much of a drawn thing shows over what is behind it
coverage    how much of a pixel's square a drawn thing covers, by geometry alone
occlusion   how much something in front, such as hair or a hand, hides a face
matte       how much of a pixel is a person
confidence  how well the photograph showed a texel; `SEEN` is the least that counts as seen
visible     true where a face does not hide itself, by geometry alone (bool)
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from facelab.constants import PARTS
from facelab.numerics.algebra import product
from facelab.numerics.arrays import Float, Int, require
from facelab.numerics.smoothing import resized

if TYPE_CHECKING:
    from facelab.atlas import Atlas

_COMMON = 256  # side of the textures that most ask for; smaller ones are made of them
SEEN = 0.1
"""The confidence from which on a texel counts as seen."""


@dataclass(frozen=True, slots=True)
class Box:
    """An axis-aligned box in source-image pixels: x0 <= x1, y0 <= y1.

    Raises
    ------
    ValueError
        If a corner is not finite, or they are the other way round.

    Examples
    --------
    >>> box = facelab.Box(301, 88, 713, 618)
    >>> box
    Box(301, 88, 713, 618)
    >>> box.width, box.centre
    (412, (507.0, 353.0))
    """

    x0: float
    y0: float
    x1: float
    y1: float

    def __post_init__(self) -> None:
        corners = (self.x0, self.y0, self.x1, self.y1)
        if not all(np.isfinite(corners)) or self.x1 < self.x0 or self.y1 < self.y0:
            raise ValueError(f"a Box needs finite x0 <= x1 and y0 <= y1, not {corners}")

    def __repr__(self) -> str:
        corners = (self.x0, self.y0, self.x1, self.y1)
        return f"Box({', '.join(f'{round(value, 1):g}' for value in corners)})"

    @classmethod
    def around(cls, points: Float) -> Box:
        """The smallest box that holds `points`, ``(n, 2 or more)``."""
        x, y = points[:, 0], points[:, 1]  # four reductions: far quicker than two along an axis
        return cls(float(x.min()), float(y.min()), float(x.max()), float(y.max()))

    @property
    def width(self) -> float:
        """x1 - x0, pixels."""
        return self.x1 - self.x0

    @property
    def height(self) -> float:
        """y1 - y0, pixels."""
        return self.y1 - self.y0

    @property
    def size(self) -> float:
        """The mean of width and height, pixels."""
        return (self.width + self.height) / 2

    @property
    def centre(self) -> tuple[float, float]:
        """(x, y), pixels."""
        return (self.x0 + self.x1) / 2, (self.y0 + self.y1) / 2

    def overlap(self, other: Box) -> float:
        """The area of the intersection over that of the union, [0, 1]."""
        width = min(self.x1, other.x1) - max(self.x0, other.x0)
        height = min(self.y1, other.y1) - max(self.y0, other.y0)
        if width <= 0 or height <= 0:
            return 0.0
        both = width * height
        return both / (self.width * self.height + other.width * other.height - both)


@dataclass(frozen=True, slots=True, eq=False)
class Detection:
    """A face that a detector found.

    Parameters
    ----------
    box : Box
        Source-image pixels; it may reach beyond the image.
    score : float
        The detector's own confidence in [0, 1].
    points : (6, 2) float32
        The subject's right eye, left eye, nose tip, mouth centre, right and left ear, in
        source-image pixels. The subject's right is at the image's left when frontal.
    """

    box: Box
    score: float
    points: Float

    def __post_init__(self) -> None:
        require("points", self.points, (6, 2), np.float32)


@dataclass(frozen=True, slots=True)
class Crop:
    """A square view of the image: a rotation and a scale about a centre.

    Parameters
    ----------
    centre : (x, y)
        Source-image pixels that come to the middle of the crop.
    side : float
        The crop's side in source-image pixels.
    roll : float
        Degrees by which the head is turned counter-clockwise as seen; the crop shows it level.
    size : int
        The crop's side in its own pixels.
    """

    centre: tuple[float, float]
    side: float
    roll: float
    size: int

    def __post_init__(self) -> None:
        if not (np.isfinite([*self.centre, self.side, self.roll]).all() and self.side > 0):
            raise ValueError(f"a Crop needs a finite centre and roll and a side > 0, not {self}")

    @property
    def matrix(self) -> NDArray[np.float64]:
        """``(2, 3)``: source-image pixels to crop pixels, homogeneous."""
        scale = self.size / self.side
        angle = np.deg2rad(self.roll)
        # y runs down: turning the picture clockwise as seen is a positive rotation here.
        turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        middle = (self.size - 1) / 2
        shift = np.array([middle, middle]) - turn @ np.array(self.centre)
        return np.column_stack([turn, shift])

    def apply(self, points: Float) -> Float:
        """Source-image points ``(n, 2 or 3)`` to crop pixels; depth is scaled alike."""
        matrix = self.matrix
        scale = self.size / self.side
        flat = product(points[:, :2].astype(np.float64), matrix[:, :2].T) + matrix[:, 2]
        return np.column_stack([flat, points[:, 2:] * scale]).astype(np.float32)

    def invert(self, points: Float) -> Float:
        """Crop points ``(n, 2 or 3)`` to source-image pixels; depth is scaled alike."""
        matrix = self.matrix
        scale = self.side / self.size
        flat = product(points[:, :2] - matrix[:, 2], np.linalg.inv(matrix[:, :2]).T)
        return np.column_stack([flat, points[:, 2:] * scale]).astype(np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Mesh:
    """A triangle mesh with UV coordinates, in the frame that its maker names.

    Parameters
    ----------
    vertices : (n, 3) float32
        Positions.
    triangles : (m, 3) int32
        Vertex indices, counter-clockwise as seen from the front.
    uv : (n, 2) float32
        u right and v down in [0, 1].

    Raises
    ------
    ValueError
        If an array has another shape or dtype.

    Examples
    --------
    >>> corners = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0]], np.float32)
    >>> facelab.Mesh(corners, np.array([[0, 1, 2]], np.int32), corners[:, :2])
    <Mesh 3 vertices, 1 triangles>
    """

    vertices: Float
    triangles: Int
    uv: Float

    def __post_init__(self) -> None:
        require("vertices", self.vertices, ("n", 3), np.float32)
        require("triangles", self.triangles, ("m", 3), np.int32)
        require("uv", self.uv, (len(self.vertices), 2), np.float32)

    def __repr__(self) -> str:
        return f"<Mesh {len(self.vertices)} vertices, {len(self.triangles)} triangles>"


@dataclass(frozen=True, slots=True, eq=False)
class Pose:
    """Where the head is and how it is turned.

    Parameters
    ----------
    yaw, pitch, roll : float
        Degrees. R = Rz(roll) Ry(yaw) Rx(pitch); positive yaw turns the nose to image right,
        positive pitch lowers it, positive roll turns the head counter-clockwise as seen. Pitch is
        from -90 to 90; beyond a profile, yaw is beyond 90.
    rotation : (3, 3) float32
        From the canonical face frame (x image right, y up, z out of the face) to the camera frame
        (x right, y up, z toward the viewer).
    scale : float
        Pixels per canonical unit.
    translation : (3,) float32
        Pixels: where the canonical origin lies, (x right, y down, depth).

    Examples
    --------
    >>> facelab.Pose(-20, 11, 1, np.eye(3, dtype=np.float32), 9, np.zeros(3, np.float32))
    <Pose yaw -20.0, pitch 11.0, roll 1.0>
    """

    yaw: float
    pitch: float
    roll: float
    rotation: Float
    scale: float
    translation: Float

    def __post_init__(self) -> None:
        require("rotation", self.rotation, (3, 3), np.float32)
        require("translation", self.translation, (3,), np.float32)

    def __repr__(self) -> str:
        return f"<Pose yaw {self.yaw:.1f}, pitch {self.pitch:.1f}, roll {self.roll:.1f}>"


@dataclass(frozen=True, slots=True, eq=False)
class PositionMap:
    """The 3D position of every texel of an atlas (Feng et al., ECCV 2018, section 3.1).

    Parameters
    ----------
    values : (256, 256, 3) float32
        (x, y, depth) in source-image pixels; meaningful where ``atlas.valid``.
    atlas : Atlas
        The UV layout.

    Raises
    ------
    ValueError
        If the array has another shape or dtype, or is not finite.

    Examples
    --------
    >>> positions = model("astronaut.png")[0].positions
    >>> positions.values.shape, positions.landmarks.shape
    ((256, 256, 3), (68, 3))
    """

    values: Float
    atlas: Atlas = field(repr=False)

    def __post_init__(self) -> None:
        require("values", self.values, (self.atlas.size, self.atlas.size, 3), np.float32)
        if not np.isfinite(self.values).all():
            raise ValueError("a PositionMap must be finite")

    def __repr__(self) -> str:
        return f"<PositionMap {self.atlas.name}, {self.box}>"

    def seen_in(self, crop: Crop) -> PositionMap:
        """The same in the pixels of a crop."""
        rows = crop.apply(self.values.reshape(-1, 3))
        return PositionMap(rows.reshape(self.values.shape), self.atlas)

    @property
    def box(self) -> Box:
        """The box of the face's texels, source-image pixels."""
        return _box_of(self)

    @property
    def landmarks(self) -> Float:
        """The 68 landmarks, ``(68, 3)``, iBUG 300-W order, source-image pixels.

        Those of the jaw are told from the whole face: they lie partly beside it.
        """
        return self.landmarks68()

    def landmarks68(self, jaw: Literal["300w", "ict"] = "300w") -> Float:
        """`landmarks`, or these with another jaw.

        Parameters
        ----------
        jaw : str
            ``300w``: from the ear's root over the lower border of the jaw, as 300W-LP has it;
            ``ict``: as ICT-FaceKit's makers marked it, higher and further forward.

        Raises
        ------
        ValueError
            If this atlas has no such jaw: PRNet's has its own only.
        """
        places = self.atlas.read(self.values, self.atlas.landmark_places)
        out = product(self.atlas.landmark_weights, places)
        if jaw == "ict":
            if self.atlas.ict_jaw_weights is None:
                raise ValueError(f"the atlas {self.atlas.name} has no jaw {jaw!r}")
            out[:17] = product(self.atlas.ict_jaw_weights, places)
        return out


@lru_cache(maxsize=4)
def _box_of(positions: PositionMap) -> Box:
    """A face's box, which is asked for many times in a row."""
    within = positions.atlas.face.view(np.uint8)
    x, y = (cv2.minMaxLoc(plane, within)[:2] for plane in cv2.split(positions.values)[:2])
    return Box(x[0], y[0], x[1], y[1])


@dataclass(frozen=True, slots=True, eq=False)
class EyePoints:
    """Where a photograph shows the eyes of a texture that was read from it; the right one first.

    Parameters
    ----------
    irises : (2, 5, 3) float32
        Of each eye the middle of the pupil, then the iris's rim to the image's right, top, left
        and bottom of a frontal face; pixels of the photograph, depth the nearer the larger.
    gaze : (2, 3) float32
        Unit vectors out of the pupils: x right, y up, z toward the viewer.
    lids : (2, 16, 2) float32
        The edge of the lids: from the outer corner along the lower lid to the inner corner, and
        back along the upper one.
    shown : (2,) bool
        Which of the eyes the photograph shows: neither dark glasses nor the face hide it.
    positions : PositionMap
        Of the face in that photograph. Edits that move a face leave it, so it says for good which
        texel shows which place.

    Raises
    ------
    ValueError
        If an array has another shape or dtype.
    """

    irises: Float
    gaze: Float
    lids: Float
    shown: NDArray[np.bool_]
    positions: PositionMap

    def __post_init__(self) -> None:
        require("irises", self.irises, (2, 5, 3), np.float32)
        require("gaze", self.gaze, (2, 3), np.float32)
        require("lids", self.lids, (2, 16, 2), np.float32)
        require("shown", self.shown, (2,), np.bool_)


@dataclass(frozen=True, slots=True, eq=False)
class Texture:
    """A face unwrapped into an atlas.

    Parameters
    ----------
    colour : (S, S, 3) float32
        sRGB-encoded RGB in [0, 1].
    confidence : (S, S) float32
        How well each texel was seen, [0, 1]; 0 for a texel that was made up.
    parts : (n, n, 14) float32, optional
        How much of each texel is each of `facelab.constants.PARTS`, [0, 1], where that is known;
        of any side n; quickest to work with where part lies after part in memory.
    eyes : EyePoints, optional
        Where the eyes are, where that is known.

    Raises
    ------
    ValueError
        If an array has another shape or dtype.

    Examples
    --------
    >>> texture = model("astronaut.png")[0].texture(512)
    >>> texture.colour.shape, texture.confidence.shape
    ((512, 512, 3), (512, 512))
    """

    colour: Float
    confidence: Float
    parts: Float | None = None
    eyes: EyePoints | None = None
    _reduced: dict[int, Texture] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        size = len(self.colour)
        require("colour", self.colour, (size, size, 3), np.float32)
        require("confidence", self.confidence, (size, size), np.float32)
        if self.parts is not None:
            require("parts", self.parts, (len(self.parts), len(self.parts), len(PARTS)), np.float32)

    def __repr__(self) -> str:
        return f"<Texture {self.size}x{self.size}>"

    @property
    def size(self) -> int:
        """The side S in texels."""
        return len(self.colour)

    def reduced(self, size: int) -> Texture:
        """Return the same texture at another side, worked out once; its arrays are read-only.

        A swap looks at each of its textures a dozen times at a side of 256 or 128.
        """
        if size == self.size:
            return self
        if size not in self._reduced:  # two threads may both work it out, and find the same
            by_way = size < _COMMON < self.size and _COMMON % size == 0
            finer = self.reduced(_COMMON) if by_way else self
            colour, confidence = (resized(one, size) for one in (finer.colour, finer.confidence))
            colour.flags.writeable = confidence.flags.writeable = False
            self._reduced[size] = Texture(colour, confidence, self.parts, self.eyes)
        return self._reduced[size]

    def with_parts(self, parts: Float) -> Texture:
        """Return the same colours and confidences with other parts, ``(n, n, 14)`` float32."""
        out = Texture(self.colour, self.confidence, parts, self.eyes)
        out._reduced.update((size, one.with_parts(parts)) for size, one in self._reduced.items())
        return out


@dataclass(frozen=True, slots=True, eq=False)
class Face:
    """A face: where every texel is, and what it looks like.

    Examples
    --------
    An edit takes one face and gives another.

    >>> from facelab.edits import Lipstick
    >>> seen = model("astronaut.png")[0]
    >>> face = facelab.Face(seen.positions, seen.texture(256))
    >>> Lipstick(colour="#a01030")(face, {}).texture
    <Texture 256x256>
    """

    positions: PositionMap
    texture: Texture


@dataclass(frozen=True, slots=True, eq=False)
class Reconstruction:
    """A face that a reconstructor found in an image.

    Parameters
    ----------
    positions : PositionMap
        Source-image pixels.
    score : float
        The network's confidence that this is a face, [0, 1].
    """

    positions: PositionMap
    score: float

    @property
    def box(self) -> Box:
        """The box of the face, source-image pixels."""
        return self.positions.box
