"""Who is who from frame to frame, by a reconstructor that sees coloured squares as faces."""

from __future__ import annotations

import numpy as np
import pytest

from facelab.atlas import canonical
from facelab.geometry.landmarks import position_map
from facelab.images import Image
from facelab.types import Reconstruction
from facelab.video.follow import Memory, followed
from facelab.video.reader import Frame
from facelab.video.tracks import AGAIN, FaceTracker

SIDE, SHAPE = 40, (120, 320)
RED, BLUE = (230, 60, 40), (40, 80, 230)


def picture(people, ground=90):
    """Squares ``(x, y, colour)`` on a ground, the last in front."""
    image = np.full((*SHAPE, 3), ground, np.uint8)
    for x, y, colour in people:
        image[round(y) : round(y) + SIDE, round(x) : round(x) + SIDE] = colour
        image[round(y) : round(y) + SIDE // 2, round(x) : round(x) + SIDE, 1] += 20
    return image


class SquareFinder:
    """Finds each square; in boxes only the one that lies there most."""

    description = "squares"

    def __init__(self):
        self.looks = 0

    def __call__(self, image, boxes=None):
        found = [self._face(image, colour) for colour in (RED, BLUE)]
        found = [face for face in found if face is not None]
        if boxes is None:
            self.looks += 1
            return found
        near = [max(found, key=lambda face: face.box.overlap(at.box), default=None) for at in boxes]
        kept = [
            face
            for face, at in zip(near, boxes, strict=True)
            if face is not None and face.box.overlap(at.box) > 0.2
        ]
        return list({id(face): face for face in kept}.values())

    def _face(self, image, colour):
        there = (np.abs(image[..., ::2].astype(int) - colour[::2]) < 8).all(axis=2)
        rows, columns = np.nonzero(there)
        if len(rows) < SIDE * SIDE // 3:
            return None
        points = canonical().vertices.astype(np.float32) * np.float32([1, -1, 1])
        low, span = points[:, :2].min(axis=0), np.ptp(points[:, :2], axis=0)
        size = SIDE * image.shape[1] / SHAPE[1] - 1
        points = (points - [*low, 0]) * (size / span.max())
        points += [columns.min(), rows.min(), 0]
        return Reconstruction(position_map(points.astype(np.float32), canonical()), 0.95)


def frames_of(scenes):
    return [Frame(n, n, Image(picture(*scene))) for n, scene in enumerate(scenes)]


def seen(scenes, finder=None):
    """The track of red and of blue in each frame, None where there is none."""
    found = []
    for one in followed(frames_of(scenes), FaceTracker(finder or SquareFinder())):
        image = one.frame.image.values
        own = {}
        for face in one.faces:
            x, y = (round(value) for value in face.found.box.centre)
            own["red" if image[y, x, 0] > image[y, x, 2] else "blue"] = face.track
        found.append((own.get("red"), own.get("blue")))
    return found


def test_people_keep_their_tracks_through_a_crossing():
    scenes = [([(20 + 6 * n, 40, RED), (260 - 6 * n, 46, BLUE)],) for n in range(40)]
    tracks = seen(scenes)
    first = tracks[0]
    assert set(first) == {0, 1}
    assert all((red, blue) in (first, (None, first[1]), (first[0], None)) for red, blue in tracks)
    assert tracks[-1] == first


def test_who_is_hidden_for_a_while_is_the_same_after():
    scenes = [([(40 + n, 40, RED)] if not 10 <= n < 18 else [],) for n in range(30)]
    assert {red for red, _ in seen(scenes)} == {0, None}


def test_a_cut_begins_new_tracks():
    scenes = [([(40, 40, RED)], 90)] * 12 + [([(40, 40, RED)], 250)] * 6
    scenes[12:] = [([(40, 40, RED), (150, 10, BLUE), (200, 60, BLUE)], 250)] * 6
    tracks = [red for red, _ in seen(scenes)]
    assert tracks[:12] == [0] * 12
    assert 0 not in tracks[12:]


def test_who_comes_between_looks_is_found_from_their_first_frame():
    come = AGAIN + 3
    scenes = [([(40, 40, RED)] + ([(200, 40, BLUE)] if n >= come else []),) for n in range(30)]
    tracks = [blue for _, blue in seen(scenes)]
    assert tracks == [None] * come + [1] * (30 - come)


def test_the_whole_frame_is_seldom_looked_at():
    finder = SquareFinder()
    seen([([(40 + n, 40, RED)],) for n in range(48)], finder)
    assert finder.looks <= 48 // AGAIN + 1


@pytest.mark.parametrize("at", [3, 13, 16, 24])
def test_a_pass_goes_on_from_what_was_known(at):
    scenes = [
        ([(40 + 2 * n, 40, RED)] + ([(220, 40, BLUE)] if n >= 14 else []),) for n in range(32)
    ]
    frames, tracker = frames_of(scenes), FaceTracker(SquareFinder())
    whole = list(followed(frames, tracker))
    memory = Memory.unpacked(whole[at].before.packed())
    rest = list(followed(frames[at - len(memory.past) :], tracker, memory))
    assert [one.frame.number for one in rest] == list(range(at, 32))
    for one, other in zip(whole[at:], rest, strict=True):
        assert [face.track for face in one.faces] == [face.track for face in other.faces]
        for face, same in zip(one.faces, other.faces, strict=True):
            assert np.array_equal(face.found.positions.values, same.found.positions.values)
