"""Face detection by a pyramid of the two BlazeFace networks.

The full-range network finds faces of 12 to 96 px, in a crowd from 28 px, at any roll up to 60
degrees. It looks at the image in steps of a factor of 3, from the whole image at 192 px down to the
scale at which the smallest wanted face has 28 px; from all four sides where no face stands upright.
Small profiles it doubts, and so much else that only the best of the doubtful are looked at closely.
The short-range network looks for frame-filling faces, then takes two levelled close-ups of every
candidate, and of a doubtful one at the other turns and in the mirror: what it does not confirm is
dropped, and the box and points that it sees are the ones returned.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from math import ceil
from typing import Protocol

import numpy as np

from facelab.detect.candidates import CENTRE, EXTENT, POINTS, CandidateNetwork
from facelab.detect.pyramid import COARSEST, Pyramid
from facelab.models.kinds import BLAZEFACE_FULL, BLAZEFACE_SHORT
from facelab.numerics import algebra
from facelab.numerics.arrays import Float, Frame, require_frame
from facelab.numerics.parallel import side_by_side
from facelab.types import Box, Crop, Detection

SMALLEST = 32.0  # px; the smallest face looked for
LEAST = 28.0  # px; the smallest face the full-range network finds in a crowd; alone, it finds 12
RANGE = 24.0  # by which a face may be smaller than one that is certain: others are far behind it
STEP = 3.0  # from one look to the next; each covers sizes over a range of 4
# px; a look at a larger image is taken in tiles, side by side over the cores. Larger ones leave the
# cache, which takes longer; the overlap holds any face too small for the next coarser look.
TILE, OVERLAP = 512, 96
WHOLE = 4 / 3  # side of the view for frame-filling faces over the image's longer side
CLOSE_UP, CLOSE_UP_SIDE = 2.0, 128  # side of a close-up over the face's; px
CLOSE_UPS = 2  # the first turns a tiny face, whose roll the proposal barely shows, upright
PROPOSED, DOUBTED = 0.3, 0.05  # the least scores of a proposal; small profiles have the lower one,
FEW = 6  # as cloth and print do: in each tile only the best of these doubtful ones are looked at
SEEN, CONFIRMED = 0.3, 0.6  # the least scores in a close-up, of a candidate and of a face
CERTAIN = 0.8  # the score from which a face is the right way up
TILTED = 60.0  # degrees, to which the full-range network finds upright faces
TURNS = (90.0, 180.0, 270.0)  # degrees; the ways up tried where it may not be
LIKELY = 0.4  # of a face where the network that follows refuses what is none
SAME = 0.3  # boxes with a larger intersection over union show one face

NO_CANDIDATES = np.zeros((0, 17), np.float32)


class Detector(Protocol):
    """A face detector."""

    def __call__(self, image: Frame) -> list[Detection]:
        """The faces of an image ``(H, W, 3)`` RGB, the largest first."""
        ...

    def coarse_to_fine(self, image: Frame) -> Iterator[list[Detection]]:
        """The faces that one look after another shows, the largest first; only of looks with some.

        Each look shows smaller ones than the look before: who wants the largest takes the first.
        """
        ...


class BlazeFaceDetector:
    """Finds faces from `smallest` px (the box's side, brows to chin) to larger than the image.

    Where one is seen at first sight, those more than `RANGE` times smaller are not looked for: so a
    large photograph that a face fills takes no longer than a small one.

    Parameters
    ----------
    smallest : float
        In source-image pixels. The time on a large image goes with its inverse square.
    least : float
        The score from which a candidate is a face; profiles and faces in bad light have lower ones.

    Raises
    ------
    WeightsError
        If the weights are missing or damaged.
    """

    def __init__(self, smallest: float = SMALLEST, least: float = CONFIRMED) -> None:
        self._smallest, self._least = smallest, least
        self._full = CandidateNetwork(BLAZEFACE_FULL)
        self._short = CandidateNetwork(BLAZEFACE_SHORT)

    def __call__(self, image: Frame) -> list[Detection]:
        """Every face of an image ``(H, W, 3)`` RGB, the largest first."""
        require_frame("image", image)
        pyramid = Pyramid(image)
        first = self._look(pyramid, pyramid.coarsest)
        smallest = max(self._smallest, self._largest_sure(pyramid, first) / RANGE)
        looks = scales(pyramid.side, smallest)
        more = [self._look(pyramid, scale) for scale in looks[1:]]
        return detections(self._confirmed(pyramid, looks, np.concatenate([first, *more])))

    def coarse_to_fine(self, image: Frame) -> Iterator[list[Detection]]:
        """The faces of one look after another, as of `Detector`.

        A face larger than one in hand has been large enough for this look or the one before. Only
        one that is doubted may have escaped: those that would be larger are looked at closely.
        """
        require_frame("image", image)
        pyramid = Pyramid(image)
        for scale in scales(pyramid.side, self._smallest):
            proposals = self._large(pyramid, self._look(pyramid, scale))
            faces = self._confirmed(pyramid, [scale], proposals)
            if len(faces):
                yield detections(faces)

    def _confirmed(self, pyramid: Pyramid, looks: Sequence[float], proposals: Float) -> Float:
        """The faces ``(n, 17)`` that looks at these scales proposed, the largest first.

        The image is looked at in the same way from its other sides where a face lies on its side or
        stands on its head, for others may do so too; and at first sight where none is certain.
        """
        faces = self._closely(pyramid, proposals)
        sure = faces[faces[:, 0] >= CERTAIN]
        if (np.abs(rolls(sure)) > TILTED).any():
            again = list(looks)
        else:
            again = [scale for scale in looks if scale == pyramid.coarsest and not len(sure)]
        if again:
            seen = [self._look(pyramid, *look) for look in product(again, (1, 2, 3))]
            faces = distinct(np.concatenate([faces, self._closely(pyramid, np.concatenate(seen))]))
        return faces[np.argsort(-sizes(faces), kind="stable")]

    def _look(self, pyramid: Pyramid, scale: float, quarters: int = 0) -> Float:
        """The candidates ``(n, 17)`` of a look at the image, turned by so many quarters.

        The coarsest look sees frame-filling faces, too.
        """
        view, factors = pyramid.at(scale)
        first = scale == pyramid.coarsest
        seen = self._tiles(np.rot90(view, quarters), PROPOSED if first else DOUBTED)
        rows = enlarged(unturned(seen, view.shape[:2], quarters), factors)
        filling = [around(pyramid.image, 90.0 * -quarters)] if first else []
        return np.concatenate([rows, *self._close_ups(pyramid, filling)])

    def _largest_sure(self, pyramid: Pyramid, proposals: Float) -> float:
        """The size of the largest proposal that a close-up shows to be a face, pixels; else 0."""
        rows = self._seen_closely(pyramid, proposed(proposals))
        return float(sizes(rows[rows[:, 0] >= CERTAIN]).max(initial=0))

    def _large(self, pyramid: Pyramid, proposals: Float) -> Float:
        """Proposals without the doubtful ones that are smaller than a face that is certain."""
        doubtful = proposals[:, 0] < PROPOSED
        if not doubtful.any():
            return proposals
        certain = self._largest_sure(pyramid, proposals[~doubtful])
        return proposals[~doubtful | (sizes(proposals) > certain)]

    def _tiles(self, view: Frame, least: float) -> Float:
        """The full-range network's candidates ``(n, 17)`` in a view, taken in tiles."""

        def seen(start: tuple[int, ...]) -> Float:
            y, x = start
            rows = self._full(view[y : y + TILE, x : x + TILE], least)
            return transformed(promising(rows), shift=(x, y))

        starts = list(product(*(tile_starts(side) for side in view.shape[:2])))
        return np.concatenate(side_by_side(seen, starts))

    def _close_ups(self, pyramid: Pyramid, crops: list[Crop]) -> list[Float]:
        """For each crop the short-range network's candidates ``(n, 17)`` in the image."""

        def seen(crop: Crop) -> Float:
            return uncropped(self._short(pyramid.cut(crop), SEEN), crop)

        return side_by_side(seen, crops)

    def _closely(self, pyramid: Pyramid, proposals: Float) -> Float:
        """The proposals ``(n, 17)`` that close-ups confirm."""
        rows = proposed(proposals)
        for _ in range(CLOSE_UPS):
            rows = self._seen_closely(pyramid, rows)
        rows = self._upright(pyramid, rows)
        return rows[rows[:, 0] >= self._least]

    def _upright(self, pyramid: Pyramid, rows: Float) -> Float:
        """The candidates, each doubtful one the way up in which it scores best.

        What is a face is one in the mirror too: the doubtful score the mean of both.
        """
        doubtful = rows[:, 0] < CERTAIN
        tried = [self._seen_closely(pyramid, turned(rows[doubtful], turn)) for turn in TURNS]
        best = distinct(np.concatenate([rows[doubtful], *tried]))
        return distinct(np.concatenate([rows[~doubtful], self._mirrored(pyramid, best)]))

    def _mirrored(self, pyramid: Pyramid, rows: Float) -> Float:
        """The candidates with the mean of their scores and those in the mirrored close-ups."""
        out = rows.copy()
        for row, confirmed in zip(rows, out, strict=True):
            crop = close_up(row)
            seen = self._short(pyramid.cut(crop)[:, ::-1], SEEN)
            seen[:, 1] = crop.size - 1 - seen[:, 1]
            there = overlaps(uncropped(seen, crop), row) > SAME
            confirmed[0] = (row[0] + seen[there, 0].max(initial=0)) / 2
        return out

    def _seen_closely(self, pyramid: Pyramid, rows: Float) -> Float:
        """Look at a close-up of each candidate: the row at its place, if there is one.

        A doubtful proposal must be confirmed at once.
        """
        views = self._close_ups(pyramid, [close_up(row) for row in rows])
        seen = [
            merged(view[overlaps(view, row) > SAME])[:1]
            for view, row in zip(views, rows, strict=True)
        ]
        wanted = [SEEN if row[0] >= PROPOSED else CONFIRMED for row in rows]
        seen = [one[one[:, 0] >= least] for one, least in zip(seen, wanted, strict=True)]
        return distinct(np.concatenate([NO_CANDIDATES, *seen]))


def scales(longer_side: int, smallest: float) -> list[float]:
    """The scales to look at, coarse to fine, each at most `STEP` times the one before."""
    coarsest, finest = COARSEST / longer_side, LEAST / smallest
    count = max(0, ceil(np.log(finest / coarsest) / np.log(STEP)))
    return [coarsest] + [finest / STEP**i for i in reversed(range(count))]


def enlarged(rows: Float, factors: tuple[float, float]) -> Float:
    """Candidates in a view whose pixels are so many of the image wide and high, in its pixels."""
    x, y = factors
    return transformed(rows, scale=factors, shift=((x - 1) / 2, (y - 1) / 2))


def around(image: Frame, roll: float) -> Crop:
    """All of an image, with room for a face that fills it."""
    height, width = image.shape[:2]
    side = WHOLE * max(height, width)
    return Crop(((width - 1) / 2, (height - 1) / 2), side, roll, CLOSE_UP_SIDE)


def tile_starts(side: int) -> range:
    """Where tiles of `TILE` start so that they cover `side` and overlap by `OVERLAP`."""
    return range(0, max(side - OVERLAP, 1), TILE - OVERLAP)


def transformed(
    rows: Float, scale: tuple[float, float] = (1.0, 1.0), shift: tuple[float, float] = (0.0, 0.0)
) -> Float:
    """Candidates with every position scaled, then shifted, and every length scaled."""
    by, to = np.array(scale, np.float32), np.array(shift, np.float32)
    positions = rows[:, 1:].reshape(len(rows), 8, 2) * by
    positions[:, [0, *range(2, 8)]] += to
    return np.concatenate([rows[:, :1], positions.reshape(len(rows), 16)], axis=1)


def uncropped(rows: Float, crop: Crop) -> Float:
    """Candidates in a crop, in source-image pixels; boxes are not turned, only moved."""
    places = np.concatenate([rows[:, CENTRE], rows[:, POINTS]], axis=1).reshape(-1, 2)
    centre, points = np.split(crop.invert(places).reshape(len(rows), 14), [2], axis=1)
    extent = rows[:, EXTENT] * np.float32(crop.side / crop.size)
    return np.concatenate([rows[:, :1], centre, extent, points], axis=1)


def unturned(rows: Float, shape: tuple[int, ...], quarters: int) -> Float:
    """Candidates in an image turned by `quarters`, as `np.rot90` does, in it unturned `shape`."""
    for quarter in reversed(range(quarters)):
        width = shape[(quarter + 1) % 2]
        positions = rows[:, 1:].reshape(len(rows), 8, 2)[:, :, ::-1].copy()
        positions[:, [0, *range(2, 8)], 0] *= -1
        positions[:, [0, *range(2, 8)], 0] += width - 1
        rows = np.concatenate([rows[:, :1], positions.reshape(len(rows), 16)], axis=1)
    return rows


def turned(rows: Float, degrees: float) -> Float:
    """Candidates whose points are turned about the centre, counter-clockwise as seen."""
    cosine, sine = np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))
    turn = np.array([[cosine, -sine], [sine, cosine]], np.float32)  # of rows (x, y), y down
    away = rows[:, POINTS].reshape(len(rows), 6, 2) - rows[:, None, CENTRE]
    points = (algebra.product(away, turn) + rows[:, None, CENTRE]).reshape(len(rows), 12)
    return np.concatenate([rows[:, : POINTS.start], points], axis=1)


def sizes(rows: Float) -> Float:
    """The mean sides ``(n,)`` of the boxes."""
    out: Float = rows[:, EXTENT].mean(axis=1)
    return out


def rolls(rows: Float) -> Float:
    """Degrees ``(n,)`` counter-clockwise as seen by which the line of the eyes is turned."""
    x, y = (rows[:, POINTS][:, 2:4] - rows[:, POINTS][:, :2]).T
    out: Float = np.rad2deg(np.arctan2(-y, x))
    return out


def close_up(row: Float) -> Crop:
    """The levelled view that confirms a candidate."""
    centre, roll = row[CENTRE], float(rolls(row[None])[0])
    side = max(CLOSE_UP * float(row[EXTENT].mean()), 1.0)
    return Crop((float(centre[0]), float(centre[1])), side, roll, CLOSE_UP_SIDE)


def overlaps(rows: Float, row: Float) -> Float:
    """Intersection over union ``(n,)`` of the boxes of ``(n, 17)`` candidates and another's."""
    low = np.maximum(rows[:, CENTRE] - rows[:, EXTENT] / 2, row[CENTRE] - row[EXTENT] / 2)
    high = np.minimum(rows[:, CENTRE] + rows[:, EXTENT] / 2, row[CENTRE] + row[EXTENT] / 2)
    width, height = np.maximum(high - low, 0).T
    both = width * height
    union = rows[:, 3] * rows[:, 4] + row[3] * row[4] - both
    ratio: Float = both / np.maximum(union, np.finfo(np.float32).tiny)
    return ratio


def groups(rows: Float) -> Iterator[Float]:
    """The candidates, best score first: each with those that overlap it and no better one."""
    rows = rows[np.argsort(-rows[:, 0], kind="stable")]
    while len(rows):
        same = overlaps(rows, rows[0]) > SAME
        same[0] = True
        yield rows[same]
        rows = rows[~same]


def merged(rows: Float) -> Float:
    """One row per group of overlapping candidates, best score first.

    The group's mean weighted by score is kept with the best score: BlazeFace's blending in place
    of non-maximum suppression.
    """
    return np.array([blended(group) for group in groups(rows)], np.float32).reshape(-1, 17)


def blended(group: Float) -> Float:
    """The mean of candidates weighted by score, with the score of the first."""
    scores = group[:, :1]
    mean: Float = (group * scores).sum(axis=0) / scores.sum()
    mean[0] = group[0, 0]
    return mean


def proposed(rows: Float) -> Float:
    """Proposals merged, best score first; doubtful ones move no other, and stand apart from all."""
    doubtful = rows[:, 0] < PROPOSED
    return distinct(np.concatenate([merged(rows[~doubtful]), merged(rows[doubtful])]))


def promising(rows: Float) -> Float:
    """The proposals of a tile, merged, and of the doubtful ones the best `FEW`."""
    doubtful = rows[:, 0] < PROPOSED
    kept = distinct(merged(rows[~doubtful]))
    most = len(kept) + FEW
    for best in map(blended, groups(rows[doubtful])):  # merged no further than they are kept
        if len(kept) == most:
            break
        if (overlaps(kept, best) <= SAME).all():
            kept = np.concatenate([kept, best[None]])
    return kept


def distinct(rows: Float) -> Float:
    """The candidates, best score first, that overlap no better one."""
    return np.array([group[0] for group in groups(rows)], np.float32).reshape(-1, 17)


def detections(rows: Float) -> list[Detection]:
    """Candidates ``(n, 17)`` as the public type."""
    return [detection(row) for row in rows]


def detection(row: Float) -> Detection:
    """A candidate as the public type."""
    (x, y), (width, height) = row[CENTRE].tolist(), np.maximum(row[EXTENT], 0).tolist()
    box = Box(x - width / 2, y - height / 2, x + width / 2, y + height / 2)
    return Detection(box, float(row[0]), row[POINTS].reshape(6, 2).copy())
