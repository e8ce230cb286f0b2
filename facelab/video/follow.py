"""The frames of a video with the faces in them, each steadied by the frames around it.

One pass, in order: as many frames are held as steadying needs, whatever the video's length. What is
known before each frame can be kept, and the pass goes on from there as if it had never stopped.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from io import BytesIO

import numpy as np

from facelab.atlas import surface
from facelab.numerics.arrays import Float
from facelab.types import PositionMap, Reconstruction
from facelab.video.reader import Frame
from facelab.video.smoothing import LAG, Placed, steadied
from facelab.video.tracks import AGAIN, FaceTracker, Person, TrackedFace, Tracks


@dataclass(frozen=True, slots=True, eq=False)
class Memory:
    """What is known before a frame.

    Parameters
    ----------
    tracks : Tracks
    past : tuple of mapping of int to (468, 3) float32
        The points in each of the last `LAG` frames, by track; the last one comes last.
    """

    tracks: Tracks = field(default_factory=Tracks)
    past: tuple[Mapping[int, Float], ...] = ()

    def packed(self) -> bytes:
        """It as bytes."""
        arrays: dict[str, object] = {"past": len(self.past)}
        arrays |= {"born": self.tracks.born, "shot": self.tracks.shot}
        if self.tracks.thumbnail is not None:
            arrays["thumbnail"] = self.tracks.thumbnail
        for person in self.tracks.people:
            own = f"person {person.track}"
            arrays[own] = np.stack([person.points, person.colours])
            arrays[f"{own} moved"] = np.array([*person.motion, person.missed], np.float32)
        for number, faces in enumerate(self.past):
            arrays |= {f"past {number} {track}": points for track, points in faces.items()}
        out = BytesIO()
        np.savez(out, **arrays)  # type: ignore[arg-type]  # arrays, all of them
        return out.getvalue()

    @classmethod
    def unpacked(cls, data: bytes) -> Memory:
        """What `packed` gave.

        Raises
        ------
        ValueError, KeyError, OSError
            If it is not whole.
        """
        arrays = np.load(BytesIO(data), allow_pickle=False)
        people: list[Person] = []
        past: list[dict[int, Float]] = [{} for _ in range(int(arrays["past"]))]
        for name in arrays.files:
            words = name.split()
            if words[0] == "person" and len(words) == 2:
                points, colours = arrays[name]
                *motion, missed = arrays[f"{name} moved"]
                moved = np.array(motion, np.float32)
                people.append(Person(int(words[1]), points, moved, colours, int(missed)))
            elif words[0] == "past" and len(words) == 3:
                past[int(words[1])][int(words[2])] = arrays[name]
        thumbnail = arrays["thumbnail"] if "thumbnail" in arrays.files else None
        people.sort(key=lambda person: person.track)
        tracks = Tracks(tuple(people), int(arrays["born"]), int(arrays["shot"]), thumbnail)
        return cls(tracks, tuple(past))


@dataclass(frozen=True, slots=True, eq=False)
class FollowedFrame:
    """A frame with its faces.

    Parameters
    ----------
    frame : Frame
    faces : tuple of TrackedFace
        Steadied, in the order of their tracks.
    before : Memory
        What was known before it was looked at.
    known : frozenset of int
        The tracks of all who may come again, hidden ones among them.
    """

    frame: Frame
    faces: tuple[TrackedFace, ...]
    before: Memory
    known: frozenset[int]


@dataclass(slots=True, eq=False)
class _Held:
    """A frame that waits for those after it; of one before the first to come, the points alone."""

    frame: Frame
    before: Memory = field(default_factory=Memory)
    known: frozenset[int] = frozenset()
    faces: dict[int, TrackedFace] = field(default_factory=dict)
    points: dict[int, Float] = field(default_factory=dict)
    placed: dict[int, Placed] = field(default_factory=dict)

    def add(self, face: TrackedFace) -> None:
        """Add a face that was found in it."""
        self.faces[face.track] = face
        self.place(face.track, face.points)

    def place(self, track: int, points: Float) -> None:
        """Add the points of a face."""
        self.points[track], self.placed[track] = points, Placed.of(points)


def followed(
    frames: Iterable[Frame], tracker: FaceTracker, memory: Memory | None = None
) -> Iterator[FollowedFrame]:
    """Yield frames with their faces, steadied.

    Parameters
    ----------
    frames : iterable of Frame
        With a `memory` first those that it has points of, which are not given back.
    tracker : FaceTracker
    memory : Memory, optional
        What was known before the first frame that is given back; by default nothing.
    """
    memory = memory or Memory()
    source, tracks = iter(frames), memory.tracks
    held: deque[_Held] = deque()
    for points in memory.past:
        known = _Held(next(source))
        for track, own in points.items():
            known.place(track, own)
        held.append(known)
    ready = len(held)  # the place of the next frame to give back
    for frame in source:
        before = Memory(tracks, tuple(dict(one.points) for one in list(held)[-LAG:]))
        tracks, faces = tracker(tracks, frame.number, frame.image.frame)
        now = _Held(frame, before, frozenset(person.track for person in tracks.people))
        for face in faces:
            now.add(face)
        held.append(now)
        fresh = [face for face in faces if face.track >= before.tracks.born]
        _trace_back([one for one in held if one.frame.number >= tracks.shot], fresh, tracker)
        if len(held) - ready > LAG:
            yield _given(held, ready)
            ready += 1
        if ready > LAG:
            held.popleft()
            ready -= 1
    for place in range(ready, len(held)):
        yield _given(held, place)


def _trace_back(shot: Sequence[_Held], fresh: Iterable[TrackedFace], tracker: FaceTracker) -> None:
    """Find faces that came since the last look in the frames of the shot before, too."""
    for face in fresh:
        for one in shot[-2 : -AGAIN - 1 : -1]:
            earlier = tracker.earlier(face, one.frame.image.frame, list(one.points.values()))
            if earlier is None:
                break
            one.add(earlier)
            face = earlier


def _given(held: deque[_Held], place: int) -> FollowedFrame:
    """A frame of those that are held, with its faces steadied."""
    own = held[place]
    faces = tuple(_steady(held, place, own.faces[track]) for track in sorted(own.faces))
    return FollowedFrame(own.frame, faces, own.before, own.known | own.faces.keys())


def _steady(held: deque[_Held], place: int, face: TrackedFace) -> TrackedFace:
    """A face as the frames around have it."""
    reach = 0
    while (
        reach < LAG
        and place - reach - 1 >= 0
        and place + reach + 1 < len(held)
        and face.track in held[place - reach - 1].placed
        and face.track in held[place + reach + 1].placed
    ):
        reach += 1
    around = range(place - reach, place + reach + 1)
    points = steadied([held[at].placed[face.track] for at in around])
    return replace(face, found=_moved(face.found, points - face.points), points=points)


def _moved(found: Reconstruction, by: Float) -> Reconstruction:
    """A face whose points are moved, and all between with them."""
    positions = found.positions
    if not by.any():
        return found
    values = positions.values + positions.atlas.spread(surface()(by))
    return replace(found, positions=PositionMap(values, positions.atlas))
