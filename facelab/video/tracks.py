"""Faces of one frame after another: who is who.

A face is looked for where it was last, which is quick; the whole frame is looked at as a shot
begins, at times for those who come, and when a face is lost. Those found are given to the people
known by where they are, how large, and the colours of their faces: the assignment that costs least
(Kuhn, Naval Research Logistics 1955). A cut ends every track.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from facelab.geometry.landmarks import points468
from facelab.numerics.arrays import Float, Frame
from facelab.numerics.integers import as_bytes
from facelab.reconstruct import Reconstructor
from facelab.reconstruct.orientation import SURE
from facelab.types import Box, Detection, Reconstruction

AGAIN = 8  # frames from one quick look for other faces to the next
THOROUGH = 48  # from one look for those of any size to the next
_QUICK = 640  # px, the longer side of what a quick look sees
_KEPT = 50  # frames that a face may be hidden and still be the same
_SIX = (33, 263, 1, 13, 234, 454)  # of the 468 points, what a `Detection` has
_SAME = 0.5  # how far apart two boxes of one face are at the most
_APART = 1.0  # cost from which two faces are two people
_COLOURS = 4.0  # cost of a whole unit of colour
_LEARNT = 0.1  # of a face's colours, in each frame
_THUMBNAIL = (32, 18)
_CUT = 0.10  # mean difference of thumbnails, of [0, 1]: a pan at full speed stays below
_ALIKE = 0.7  # correlation of thumbnails: light that changes keeps it


@dataclass(frozen=True, slots=True, eq=False)
class TrackedFace:
    """A face in a frame, and whose it is.

    Parameters
    ----------
    track : int
        The same for one person from frame to frame; counted from 0 in the order they came.
    found : Reconstruction
        The face as the frame shows it.
    points : (468, 3) float32
        Its points, pixels of the frame.
    """

    track: int
    found: Reconstruction
    points: Float


@dataclass(frozen=True, slots=True, eq=False)
class Person:
    """What is remembered of a face that is followed.

    Parameters
    ----------
    track : int
    points : (468, 3) float32
        Where it was seen last, pixels.
    motion : (2,) float32
        Pixels a frame.
    colours : (468, 3) float32
        Of its points, their mean taken off.
    missed : int
        Frames since it was seen.
    """

    track: int
    points: Float
    motion: Float
    colours: Float
    missed: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Tracks:
    """What is known when a frame comes.

    Parameters
    ----------
    people : tuple of Person
        In the order of their tracks.
    born : int
        Tracks by now.
    shot : int
        The number of the frame that the shot began with.
    thumbnail : (18, 32) float32 or None
        The last frame, grey, [0, 1]; None before the first.
    """

    people: tuple[Person, ...] = ()
    born: int = 0
    shot: int = 0
    thumbnail: Float | None = None


class FaceTracker:
    """Follows faces with a reconstructor; what it knows is in the `Tracks` that go through it.

    Parameters
    ----------
    reconstructor : Reconstructor
    """

    def __init__(self, reconstructor: Reconstructor) -> None:
        self._reconstructor = reconstructor

    def __call__(
        self, tracks: Tracks, number: int, image: Frame
    ) -> tuple[Tracks, tuple[TrackedFace, ...]]:
        """Find the faces of the next frame.

        Parameters
        ----------
        tracks : Tracks
            What was known before.
        number : int
            The frame's.
        image : (H, W, 3) float32, uint8 or uint16

        Returns
        -------
        tracks : Tracks
            What is known now.
        faces : tuple of TrackedFace
            In the order of their tracks.
        """
        thumbnail = _thumbnail(image)
        cut = tracks.thumbnail is None or _is_cut(tracks.thumbnail, thumbnail)
        people = () if cut else tracks.people
        near = [person for person in people if not person.missed]
        found = self._reconstructor(image, [_place(one) for one in near]) if near else []
        lost = len(found) < len(near) or any(face.score < SURE for face in found)
        if cut or number % THOROUGH == 0:
            found = _with(found, self._reconstructor(image))
        elif lost or number % AGAIN == 0:
            found = _with(found, self._quick(image))
        seen = [(face, points468(face.positions), _colours(image, face)) for face in found]
        owners = _owners(people, [(points, colours) for _, points, colours in seen])
        born, faces, now = tracks.born, [], {}
        for (face, points, colours), owner in zip(seen, owners, strict=True):
            track = born if owner is None else owner.track
            born += owner is None
            faces.append(TrackedFace(track, face, points))
            now[track] = _seen(track, owner, points, colours)
        for person in people:
            if person.track not in now and person.missed < _KEPT:
                now[person.track] = replace(person, missed=person.missed + 1)
        known = tuple(now[track] for track in sorted(now))
        faces.sort(key=lambda face: face.track)
        return Tracks(known, born, number if cut else tracks.shot, thumbnail), tuple(faces)

    def earlier(
        self, face: TrackedFace, image: Frame, others: Sequence[Float]
    ) -> TrackedFace | None:
        """The same face in the frame before, if it is surely there and none of the `others`."""
        found = self._reconstructor(image, [_detection(face.points, face.found.box)])
        if not found or found[0].score < SURE or _apart(found[0].box, face.found.box) > _APART:
            return None
        if any(_apart(found[0].box, Box.around(points)) < _SAME for points in others):
            return None
        return TrackedFace(face.track, found[0], points468(found[0].positions))

    def _quick(self, image: Frame) -> list[Reconstruction]:
        """The faces of a frame that are not small in it."""
        height, width = image.shape[:2]
        factor = min(_QUICK / max(height, width), 1.0)
        if factor == 1.0:
            return self._reconstructor(image)
        size = round(width * factor), round(height * factor)
        small = cv2.resize(as_bytes(image), size, interpolation=cv2.INTER_AREA)
        scale = np.array([width / size[0], height / size[1], width / size[0]], np.float32)
        places = [points468(one.positions) * scale for one in self._reconstructor(small)]
        if not places:
            return []
        return self._reconstructor(image, [_detection(at, Box.around(at)) for at in places])


def _place(person: Person) -> Detection:
    """Where a person's face should be now."""
    moved = person.points.copy()
    moved[:, :2] += person.motion
    return _detection(moved, Box.around(moved))


def _detection(points: Float, box: Box) -> Detection:
    return Detection(box, 1.0, np.ascontiguousarray(points[list(_SIX), :2]))


def _with(
    found: Sequence[Reconstruction], others: Sequence[Reconstruction]
) -> list[Reconstruction]:
    """Faces, and those of others that lie on none of them."""
    sure = [face for face in found if face.score >= SURE]
    fresh = [one for one in others if all(_apart(one.box, face.box) > _SAME for face in sure)]
    return [*sure, *fresh]


def _apart(one: Box, other: Box) -> float:
    """How far apart two boxes are, in their mean size, with how unlike their sizes are."""
    (x, y), (u, v) = one.centre, other.centre
    size = (one.size + other.size) / 2
    unlike = abs(np.log(max(one.size, 1e-3) / max(other.size, 1e-3)))
    return float(np.hypot(x - u, y - v) / size + unlike)


def _owners(people: Sequence[Person], seen: Sequence[tuple[Float, Float]]) -> list[Person | None]:
    """Whose each face is; None of one who was not seen before."""
    if not people or not seen:
        return [None] * len(seen)
    from scipy.optimize import linear_sum_assignment  # slow to import

    costs = np.array([[_cost(person, *face) for person in people] for face in seen])
    owners: list[Person | None] = [None] * len(seen)
    for row, column in zip(*linear_sum_assignment(np.minimum(costs, _APART)), strict=True):
        if costs[row, column] < _APART:
            owners[row] = people[column]
    return owners


def _cost(person: Person, points: Float, colours: Float) -> float:
    """How unlike a face is what is known of a person."""
    moved = person.points.copy()
    moved[:, :2] += person.motion
    away = _apart(Box.around(moved), Box.around(points)) / (1 + person.missed / 10)
    return away + _COLOURS * float(np.abs(person.colours - colours).mean())


def _seen(track: int, owner: Person | None, points: Float, colours: Float) -> Person:
    """A person after a frame in which they were seen."""
    if owner is None:
        return Person(track, points, np.zeros(2, np.float32), colours)
    moved = (points - owner.points)[:, :2].mean(axis=0) / np.float32(owner.missed + 1)
    return Person(
        track, points, moved, (np.float32(0.9) * owner.colours + np.float32(0.1) * colours)
    )


def _colours(image: Frame, face: Reconstruction) -> Float:
    """The colours ``(468, 3)`` at a face's points, in [0, 1], their mean taken off."""
    points = points468(face.positions)[:, :2]
    height, width = image.shape[:2]
    column, row = np.clip(np.rint(points), 0, [width - 1, height - 1]).astype(np.intp).T
    taken = image[row, column]
    shown = taken.astype(np.float32) / (
        1 if taken.dtype == np.float32 else np.float32(np.iinfo(taken.dtype).max)
    )
    out: Float = shown - shown.mean(axis=0)
    return out


def _thumbnail(image: Frame) -> Float:
    small = cv2.resize(as_bytes(image), _THUMBNAIL, interpolation=cv2.INTER_AREA)
    grey: Float = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY).astype(np.float32) / np.float32(255)
    return grey


def _is_cut(before: Float, after: Float) -> bool:
    """Whether one shot ends between two frames, by their thumbnails."""
    if np.abs(after - before).mean() < _CUT:
        return False
    (a, b), least = (one - one.mean() for one in (before, after)), 1e-6
    alike = (a * b).sum() / max(float(np.sqrt((a * a).sum() * (b * b).sum())), least)
    return bool(alike < _ALIKE)
