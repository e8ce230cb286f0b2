"""``overlay``: landmarks, pose and visibility drawn on the photograph."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import reduce
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np

from facelab.export.canvas import Canvas, Colour
from facelab.export.encode import write_marked
from facelab.export.subject import Subject
from facelab.geometry.eyes import SeenEyes
from facelab.numerics.algebra import product
from facelab.numerics.arrays import Float, Frame
from facelab.types import Box, Pose

# The 300-W order as lines: first and past-the-last landmark, and whether the line is closed.
PARTS = (
    (0, 17, False),  # jaw
    (17, 22, False), (22, 27, False),  # brows
    (27, 31, False), (31, 36, False),  # bridge and base of the nose
    (36, 42, True), (42, 48, True),  # eyes
    (48, 60, True), (60, 68, True),  # outer and inner lips
)  # fmt: skip
LINES = np.array(
    [
        pair
        for first, end, closed in PARTS
        for pair in pairwise([*range(first, end), *([first] if closed else [])])
    ]
)
"""Which two landmarks each line joins, ``(n, 2)``."""

NOSE_TIP = 30

# The pose box as a cube's corners: a square at the rear, and the same one in front.
_SQUARE = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1], [-1, -1]])
_FRONT_SCALE = 1.15  # the front square's side over the rear one's: tells front from rear

_WHITE: Colour = (255, 255, 255)
_SHADE: Colour = (0, 0, 0)
_POINT: Colour = (255, 80, 160)
_BOX: Colour = (90, 225, 255)
AXES: tuple[Colour, ...] = ((255, 60, 60), (60, 220, 80), (70, 130, 255))
_IRIS: Colour = (120, 255, 150)
_RIM_POINTS = 33  # of the line around an iris
_GAZE = 0.25  # length of the line along the gaze over the face's size
_AXIS = 0.4  # length of an axis over the face's size
_FAINT = 0.45  # opacity of what the face itself hides
_DOT = 0.8  # opacity of the dense points
_DOTS_ACROSS = 40  # of the dense points, over the face's size
_DOT_SPACING = 5  # pixels between dense points, at least
_THINNEST = 0.6  # pixels, of a line
_FINE = 240  # pixels: smaller faces are drawn on with several samples a pixel
_SMALLEST_TEXT = 11  # pixels
_SMALLEST_CAPTIONED = 90  # pixels: on smaller faces the text would cover them

TOGETHER = "all"
"""What stands for the index of a face in the name of the file that shows all of a photograph."""

_SENTENCE = "Landmarks, a surface and the pose of a face were drawn on this photograph by facelab."
_SENTENCE_ALL = "Landmarks, surfaces and poses of faces were drawn on this photograph by facelab."


def overlay(subject: Subject) -> Frame:
    """The photograph with a face's dense points, 68 landmarks, irises, axes, pose box and angles.

    Dense points are those the photograph shows, from violet for the farthest to yellow for the
    nearest. Landmarks that the face hides are rings, and the lines between them faint. The axes
    start at the tip of the nose: x red, y green, z blue. Irises are ellipses through their rims,
    and from their middles a line goes where the eye looks.

    Returns
    -------
    (H, W, 3) of the photograph's dtype
        RGB; a new array, equal to the photograph except where something was drawn.
    """
    return _drawn_on(subject.image, subject)


def overlay_together(subjects: Iterable[Subject]) -> Frame:
    """The photograph of one or more faces with all of them drawn on it as by `overlay`.

    Parameters
    ----------
    subjects : iterable of Subject
        Faces of one photograph, those that matter most last: they are drawn over the others.

    Returns
    -------
    (H, W, 3) of the photograph's dtype
        As of `overlay`.
    """
    first, *others = subjects
    return reduce(_drawn_on, others, overlay(first))


def _drawn_on(image: Frame, subject: Subject) -> Frame:
    """`image`, the photograph with or without drawings of other faces, with one face drawn."""
    size = subject.found.box.size
    width = max(size / 250, _THINNEST)
    rear, front = pose_box(subject)
    drawn = np.concatenate([rear, front, subject.positions.values[subject.positions.atlas.face]])
    samples = int(np.clip(np.ceil(_FINE / max(size, 1)), 1, 4))
    canvas = Canvas(_grown(Box.around(drawn), size / 2), image.shape[:2], samples)
    for start, end in zip(rear, front, strict=True):
        canvas.line(np.stack([start, end]), _BOX, width, _FAINT)
    canvas.line(rear, _BOX, width, _FAINT)
    _draw_surface(canvas, subject, size, width)
    _draw_axes(canvas, subject, size, width)
    _draw_landmarks(canvas, subject, size, width)
    _draw_eyes(canvas, subject.features.eyes, size, width)
    canvas.rimmed_line(front, _BOX, width)
    _draw_angles(canvas, subject.pose, front, size)
    return canvas.over(image)


def pose_box(subject: Subject) -> tuple[Float, Float]:
    """The rear and the front square of a box around the head that turns with it.

    Returns
    -------
    rear, front : (5, 3) float32
        Source-image pixels, the last corner equal to the first; the front square is the larger.
    """
    vertices = subject.positions.atlas.vertices
    low, high = vertices.min(axis=0), vertices.max(axis=0)
    centre, half = (low + high) / 2, (high - low)[:2].max() / 2
    squares = []
    for side, z in ((half, low[2]), (_FRONT_SCALE * half, high[2] + half / 4)):
        square = np.column_stack([centre[:2] + side * _SQUARE, np.full(len(_SQUARE), z)])
        squares.append(placed(subject.pose, square.astype(np.float32)))
    return squares[0], squares[1]


def placed(pose: Pose, points: Float) -> Float:
    """Points of the canonical face frame ``(n, 3)`` in source-image pixels, ``(n, 3)``."""
    turned = product(pose.scale * points, pose.rotation.T)
    out: Float = (turned * [1, -1, 1] + pose.translation).astype(np.float32)
    return out


def _draw_surface(canvas: Canvas, subject: Subject, size: float, width: float) -> None:
    """Dots at even steps of the atlas, coloured by depth."""
    values, face = subject.positions.values, subject.positions.atlas.face
    step = dot_step(size, int(face.any(axis=1).sum()))
    points = values[step // 2 :: step, step // 2 :: step]
    points = points[subject.visible[step // 2 :: step, step // 2 :: step]]
    low, high = values[face][:, 2].min(), values[face][:, 2].max()
    levels = 255 * (points[:, 2] - low) / max(high - low, np.float32(1e-6))
    ramp = cv2.applyColorMap(np.arange(256, dtype=np.uint8), cv2.COLORMAP_VIRIDIS).reshape(-1, 3)
    canvas.dots(points, 0.8 * width, ramp[levels.astype(int), ::-1], _DOT)


def dot_step(size: float, texels: int) -> int:
    """Texels from dot to dot on a face of `size` pixels and `texels` from top to bottom."""
    spacing = max(size / _DOTS_ACROSS, _DOT_SPACING)
    return max(round(spacing * texels / max(size, 1)), 1)


def _draw_landmarks(canvas: Canvas, subject: Subject, size: float, width: float) -> None:
    points, shown = subject.landmarks, subject.visible_landmarks
    clear = shown[LINES].all(axis=1)
    canvas.rimmed_line(points[LINES[~clear]], _WHITE, width, _FAINT)
    canvas.rimmed_line(points[LINES[clear]], _WHITE, width)
    radius = max(size / 160, _THINNEST)
    rims = np.where(shown[:, None], _SHADE, _POINT).astype(np.uint8)
    canvas.dots(points, 1.5 * radius, rims)
    canvas.dots(points, radius, _POINT, shown.astype(np.float32))


def _draw_eyes(canvas: Canvas, eyes: SeenEyes, size: float, width: float) -> None:
    """Of eyes that are seen, the iris's rim and where it looks."""
    circle = np.linspace(0, 2 * np.pi, _RIM_POINTS, dtype=np.float32)[:, None]
    for iris, seen, gaze in zip(eyes.irises, eyes.visible, eyes.gaze.vectors, strict=True):
        if not seen[0]:
            continue
        pupil, right, top, left, bottom = iris
        rim = pupil + np.cos(circle) * (right - left) / 2 + np.sin(circle) * (bottom - top) / 2
        canvas.rimmed_line(rim, _IRIS, width)
        ahead = pupil + gaze * [1, -1, 1] * np.float32(_GAZE * size)
        canvas.rimmed_line(np.stack([pupil, ahead]), _IRIS, 1.5 * width)


def _draw_axes(canvas: Canvas, subject: Subject, size: float, width: float) -> None:
    """The axes of the canonical face frame, the nearest last."""
    start = subject.landmarks[NOSE_TIP]
    ends = start + subject.pose.rotation.T * [1, -1, 1] * np.float32(_AXIS * size)
    for axis in np.argsort(ends[:, 2]):
        canvas.rimmed_line(np.stack([start, ends[axis]]), AXES[axis], 2 * width)


def _draw_angles(canvas: Canvas, pose: Pose, front: Float, size: float) -> None:
    """Degrees, below the lowest corner of the front square."""
    if size < _SMALLEST_CAPTIONED:
        return
    yaw, pitch, roll = (round(angle) for angle in (pose.yaw, pose.pitch, pose.roll))
    words = f"yaw {yaw}°   pitch {pitch}°   roll {roll}°"
    corner = front[:4][front[:4, 1].argmax()]
    canvas.text(words.replace("-", "−"), corner, max(size / 24, _SMALLEST_TEXT), _WHITE)


def _grown(box: Box, by: float) -> Box:
    return Box(box.x0 - by, box.y0 - by, box.x1 + by, box.y1 + by)


def write(subject: Subject, stem: Path) -> dict[str, str | float]:
    """Write ``<stem>_overlay.png``: the whole photograph, 8-bit RGB, marked in its XMP.

    Raises
    ------
    OutputError
        If the file cannot be written.
    """
    path = stem.with_name(f"{stem.name}_overlay.png")
    write_marked(path, overlay(subject), subject.metadata, _SENTENCE)
    return {"png": path.name}


def write_together(subjects: Sequence[Subject], stem: Path) -> dict[str, str | float]:
    """Write ``<stem>_all_overlay.png``, the overlay of all faces, as `write` does that of one.

    `subjects` are the faces of one photograph, the first drawn over the others.

    Raises
    ------
    OutputError
        If the file cannot be written.
    """
    path = stem.with_name(f"{stem.name}_{TOGETHER}_overlay.png")
    write_marked(path, overlay_together(reversed(subjects)), subjects[0].metadata, _SENTENCE_ALL)
    return {"png": path.name}
