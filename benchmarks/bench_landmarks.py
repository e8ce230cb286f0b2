"""Landmarks of labelled pictures by several weights of FaceMap: errors, faces lost, the score.

    python benchmarks/bench_landmarks.py --labelled FOLDER --weights one.safetensors two.safetensors

FOLDER is of 300W-LP's form, as `render_ict.py` writes it; the box of the truth is given. The first
table has the pictures as they are, with and without one constant offset of each landmark on the
head, which is a matter of definition and not of seeing. The second has the same pictures spoilt:
rolled, dark, coarse, covered. The third says whether the score can be believed: what is refused
should be wrong, by more than 12 % of the face's size, in nine cases of ten; and no place in a
corner of the pictures should be taken for a face.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

os.environ.setdefault("OMP_NUM_THREADS", "1")  # networks so small gain nothing from more

import cv2
import numpy as np

from facelab import atlas
from facelab.augment.steps.camera import Camera
from facelab.augment.steps.downscale import Downscale
from facelab.augment.steps.noise import Noise
from facelab.augment.steps.shade import Shade
from facelab.benchmark.label_files import read_labels
from facelab.benchmark.labelled import LabelledPhotograph, find, with_offsets
from facelab.benchmark.measures import SAME_FACE, bin_of, landmark_errors, size_of
from facelab.benchmark.offsets import axes_of
from facelab.benchmark.outcomes import FoundFace, MethodOutcome, Outcomes
from facelab.benchmark.table import landmarks, markdown
from facelab.geometry.landmarks import position_map
from facelab.images import read
from facelab.models.kinds import FACEMAP
from facelab.models.runtime import load_runner
from facelab.numerics.arrays import Float
from facelab.reconstruct.facemap_regressor import MapRegressor
from facelab.reconstruct.orientation import FACE_SCORE, TURNS, first_crop
from facelab.reconstruct.reconstructor import View
from facelab.types import Box

WRONG = 12.0  # % of the face's size, from which a face is not found
SMALL = 24  # px, of the coarse faces
SCORES = (0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 1.0)

Picture = tuple[Float, Float]
"""A picture ``(H, W, 3)``, and the landmarks ``(68, 2 or 3)`` of the face in it."""


@dataclass(frozen=True)
class Answers:
    """What a network said of some faces.

    Parameters
    ----------
    found, truth : (n, 68, 2) float64
        Landmarks, pixels; of refused faces those that it would have given.
    axes : (n, 2, 3) float64
        Of each head as it was found, pixels a unit.
    score : (n,) float64
    refused : (n,) bool
    yaw : (n,) float64
        Of the truth, degrees.
    """

    found: np.ndarray
    truth: np.ndarray
    axes: np.ndarray
    score: np.ndarray
    refused: np.ndarray
    yaw: np.ndarray

    @classmethod
    def joined(cls, parts: Sequence[Answers]) -> Answers:
        return cls(
            *(np.concatenate([vars(part)[name] for part in parts]) for name in vars(parts[0]))
        )

    @property
    def errors(self) -> np.ndarray:
        """The mean distance of each face's landmarks, % of its size."""
        size = np.array([size_of(truth) for truth in self.truth])
        return 100 * np.linalg.norm(self.found - self.truth, axis=2).mean(axis=1) / size


def rolled(degrees: float) -> Callable[[Picture], Picture]:
    def spoil(picture: Picture) -> Picture:
        image, truth = picture
        middle = ((image.shape[1] - 1) / 2, (image.shape[0] - 1) / 2)
        matrix = cv2.getRotationMatrix2D(middle, degrees, 1)
        turned = cv2.warpAffine(image, matrix, image.shape[1::-1], borderMode=cv2.BORDER_REFLECT)
        return turned, np.asarray(truth[:, :2] @ matrix[:, :2].T + matrix[:, 2], np.float32)

    return spoil


def changed(*steps: Camera | Noise | Shade) -> Callable[[Picture], Picture]:
    def spoil(picture: Picture) -> Picture:
        image, truth = picture
        for step in steps:
            image = step.apply(image, SimpleNamespace(box=Box.around(truth)))
        return image, truth

    return spoil


def coarse(picture: Picture) -> Picture:
    image, truth = picture
    times = max(size_of(truth) / SMALL, 1.0)
    return Downscale(times=times).apply(image, SimpleNamespace()), truth


def covered(picture: Picture) -> Picture:
    """Something flat in front of all below the eyes, and of a half beside."""
    image, truth = picture[0].copy(), picture[1]
    box = Box.around(truth)
    y, x = round(box.y0 + 0.35 * box.height), round(box.x0 + 0.4 * box.width)
    image[max(y, 0) :, max(x, 0) :] = (0.45, 0.33, 0.27)
    return image, truth


def _same(picture: Picture) -> Picture:
    return picture


_STOP3 = Camera(exposure=-3.0)
KINDS: Mapping[str, Callable[[Picture], Picture]] = {
    "as it is": _same,
    "rolled by 60": rolled(60),
    "rolled by 120": rolled(120),
    "rolled by 180": rolled(180),
    "very dark": changed(_STOP3, _STOP3, Noise(read=0.01)),
    "half dark": changed(Shade(dark=0.95, soft=0.05, waves=0.0)),
    "black and white": changed(Camera(contrast=1.0, saturation=-1.0), Camera(contrast=1.0)),
    "24 px": coarse,
    "covered": covered,
}
"""What is done to pictures."""


def asked(regressor: MapRegressor, picture: Picture, yaw: float) -> Answers:
    """What a network says of the face in the box of the truth; what it would if it is refused."""
    image, truth = picture
    view = View(np.clip(image, 0, 1), Box.around(truth))
    (found,) = regressor([view])
    if found is None:
        first = first_crop(view.place, regressor.size)
        crops = [replace(first, roll=turn) for turn in (0.0, *TURNS)]
        views = [view] * len(crops)
        look = max(
            regressor.look_again(views, regressor.look(views, crops)), key=lambda one: one.score
        )
        positions, score = position_map(look.points, atlas.canonical()), look.score
    else:
        positions, score = found.positions, found.score
    axes = axes_of(positions)
    found_at = positions.landmarks[:, :2].astype(np.float64)
    one = found_at, truth[:, :2].astype(np.float64), axes, score, found is None, yaw
    return Answers(*(np.array([value]) for value in one))


def corners(picture: Picture) -> list[Box]:
    """The largest square in each corner of a picture that leaves the face out, if not tiny."""
    (height, width), face = picture[0].shape[:2], Box.around(picture[1])
    found = []
    for right in (False, True):
        for low in (False, True):
            across = width - 1 - face.x1 if right else face.x0
            down = height - 1 - face.y1 if low else face.y0
            side = min(max(across, down), 0.5 * min(height, width))
            x, y = (width - 1 - side if right else 0.0), (height - 1 - side if low else 0.0)
            if side >= SMALL:
                found.append(Box(x, y, x + side, y + side))
    return found


def taken(regressor: MapRegressor, picture: Picture) -> tuple[int, int]:
    """How many of a picture's corners are taken for a face that is not the one beside, of all."""
    boxes, face = corners(picture), Box.around(picture[1])
    seen = regressor([View(np.clip(picture[0], 0, 1), box) for box in boxes]) if boxes else []
    false = [one for one in seen if one and one.box.overlap(face) < SAME_FACE]
    return len(false), len(boxes)


def outcomes(answers: Mapping[str, Answers]) -> Outcomes:
    """The same as of a labelled folder, the names for methods."""
    rows = []
    for name, given in answers.items():
        found, truth = (each.astype(np.float32) for each in (given.found, given.truth))
        for number, refused in enumerate(given.refused):
            labels = {"yaw": bin_of(given.yaw[number]), "way": "boxes"}
            face = FoundFace(found[number], truth[number], given.axes[number])
            row = MethodOutcome(str(number), name, labels, None)
            if not refused:
                errors = landmark_errors(face.found, face.truth)
                row = replace(row, errors=errors, face=face)
            rows.append(row)
    return Outcomes(tuple(with_offsets(rows)))


def score_table(answers: Mapping[str, Answers], corner: Mapping[str, tuple[int, int]]) -> str:
    """How many of the refused and of the others are wrong, and of those of each range of score.

    And how many corners are taken for faces, of how many.
    """
    ranges = list(pairwise(SCORES))
    columns = ["refused", "kept", *(f"{low:g}-{high:g}" for low, high in ranges)]
    rows = []
    for name, given in answers.items():
        wrong, last = given.errors > WRONG, SCORES[-1]
        groups = [given.refused, ~given.refused]
        groups += [
            (given.score >= low) & ((given.score < high) | (high == last)) for low, high in ranges
        ]
        counts = [(int(wrong[rows].sum()), int(rows.sum())) for rows in groups] + [corner[name]]
        rows.append((name, *(f"{some} of {every}" for some, every in counts)))
    return markdown("wrong, of", [*columns, "corners taken for faces"], rows)


def measured(
    regressors: Mapping[str, MapRegressor], pairs: Sequence[LabelledPhotograph], first: int
) -> tuple[dict[tuple[str, str], Answers], dict[str, tuple[int, int]]]:
    """What each network says of each kind of picture, and of the corners of all."""
    found: dict[tuple[str, str], list[Answers]] = {}
    corner = dict.fromkeys(regressors, (0, 0))
    for pair in pairs:
        labels = read_labels(pair.labels, first)
        picture = read(pair.photograph).srgb, labels.landmarks
        for kind, spoil in KINDS.items():
            spoilt = spoil(picture)
            for name, regressor in regressors.items():
                answer = asked(regressor, spoilt, labels.yaw)
                found.setdefault((name, kind), []).append(answer)
        for name, regressor in regressors.items():
            false, count = taken(regressor, picture)
            corner[name] = corner[name][0] + false, corner[name][1] + count
    return {key: Answers.joined(parts) for key, parts in found.items()}, corner


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--labelled", type=Path, required=True)
    parser.add_argument("--first-pixel", type=int, choices=(0, 1), default=0)
    parser.add_argument("--weights", type=Path, nargs="*", default=[], help="beside the shipped")
    parser.add_argument("-n", "--count", type=int)
    given = parser.parse_args()
    own = {"shipped": None, **{str(path): path for path in given.weights}}
    regressors = {name: MapRegressor(load_runner(FACEMAP, own=path)) for name, path in own.items()}
    pairs = find(given.labelled)[0][: given.count]
    joined, corner = measured(regressors, pairs, given.first_pixel)
    way = "at the true box"
    plain = {name: joined[name, "as it is"] for name in own}
    print(landmarks(outcomes(plain), list(plain), way))
    spoilt = {f"{name}, {kind}": each for (name, kind), each in joined.items()}
    print(landmarks(outcomes(spoilt), list(spoilt), way, parts=False))
    pooled = {name: Answers.joined([joined[name, kind] for kind in KINDS]) for name in own}
    print(f"Refused: score below {FACE_SCORE:g}. Wrong: off by more than {WRONG:g} %.\n")
    print(score_table(pooled, corner))


if __name__ == "__main__":
    main()
