"""Which of the faces that are followed are meant."""

from __future__ import annotations

from collections.abc import Sequence

from facelab.types import Box
from facelab.video.tracks import TrackedFace


def chosen_faces(
    faces: str | int | Box,
    most: int | None,
    seen: Sequence[TrackedFace],
    before: frozenset[int],
) -> list[TrackedFace]:
    """The faces of a frame that are meant: whoever was, stays so until they are gone.

    Parameters
    ----------
    faces : str, int or Box
        ``all``, ``largest``, ``left``, ``right``, an index by size from 0, or where the one is.
    most : int, optional
        Of ``all`` at most so many, the largest.
    seen : sequence of TrackedFace
        All of the frame.
    before : frozenset of int
        The tracks that were meant, of those who are there or may come again.
    """
    if faces == "all" and most is None:
        return list(seen)
    kept = [face for face in seen if face.track in before]
    others = [face for face in seen if face.track not in before]
    return [*kept, *_ordered(faces, others)[: max((most or 1) - len(before), 0)]]


def _ordered(faces: str | int | Box, seen: Sequence[TrackedFace]) -> list[TrackedFace]:
    """Faces, the one that is meant first; none where it is not there."""
    if isinstance(faces, Box):
        near = [face for face in seen if face.found.box.overlap(faces) > 0]
        return sorted(near, key=lambda face: -face.found.box.overlap(faces))
    if faces in ("left", "right"):
        way = 1 if faces == "left" else -1
        return sorted(seen, key=lambda face: way * face.found.box.centre[0])
    sized = sorted(seen, key=lambda face: -face.found.box.size)
    return sized[int(faces) :] if str(faces).isdecimal() else sized
