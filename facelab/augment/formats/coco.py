"""``coco``: annotations of persons' keypoints as COCO has them (Lin et al., ECCV 2014)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from itertools import count, pairwise
from tempfile import TemporaryFile
from typing import IO

from facelab.augment.formats.loose import Loose
from facelab.augment.labels import LANDMARKS, Record
from facelab.augment.plan import SPLITS
from facelab.augment.store import Store
from facelab.export.overlay import PARTS

_BLOCK = 1 << 20  # bytes


class Coco(Loose):
    """The plain folder with ``annotations/person_keypoints_SPLIT.json`` for each split.

    File names are relative to ``images``. Every face of a picture, that of the sample first, is a
    person with 68 keypoints, see `facelab.augment.labels.LANDMARKS`; x and y count pixel centres
    from 0. ``v`` is 2 for those in sight, 1 for those that the face itself or something in front of
    it hides, and 0, with x and y, for those outside of the image. ``bbox`` is the part of the
    face's box inside of the image and counts, as COCO's boxes do, from the corner of the first
    pixel: half a pixel more. Annotations count from 1, since pycocotools' evaluation takes the
    number 0 for no match.
    """

    def finish(self, store: Store, records: Iterable[Record]) -> None:
        """Write the annotation files; in memory there is never more than a record."""
        with ExitStack() as stack:
            spools = {
                split: tuple(stack.enter_context(TemporaryFile()) for _ in ("images", "faces"))
                for split in SPLITS
            }
            number = count(1)
            for record in records:
                images, annotations = spools[record["split"]]
                _append(images, image_entry(record))
                for face in record["faces"]:
                    _append(annotations, annotation(record, face, next(number)))
            for split, (images, annotations) in spools.items():
                name = f"annotations/person_keypoints_{split}.json"
                store.write_parts(name, _document(images, annotations))


def image_entry(record: Record) -> Record:
    """COCO's entry of an image."""
    return {
        "id": record["index"],
        "file_name": record["image"].removeprefix("images/"),
        "width": record["width"],
        "height": record["height"],
    }


def annotation(record: Record, face: Record, number: int) -> Record:
    """COCO's entry of one of the faces in it, with a number that no other has."""
    x0, y0, x1, y1 = face["box"]
    width, height = record["width"], record["height"]
    x0, x1 = (round(min(max(x + 0.5, 0), width), 3) for x in (x0, x1))
    y0, y1 = (round(min(max(y + 0.5, 0), height), 3) for y in (y0, y1))
    across, down = round(x1 - x0, 3), round(y1 - y0, 3)
    points = [_keypoint(face, k, width, height) for k in range(len(LANDMARKS))]
    return {
        "id": number,
        "image_id": record["index"],
        "category_id": 1,
        "keypoints": [value for point in points for value in point],
        "num_keypoints": sum(v > 0 for _, _, v in points),
        "bbox": [x0, y0, across, down],
        "area": round(across * down, 3),
        "iscrowd": 0,
    }


def _keypoint(face: Record, k: int, width: int, height: int) -> tuple[float, float, int]:
    """x, y and COCO's v of a landmark."""
    x, y, _ = face["landmarks68"][k]
    inside = -0.5 <= x < width - 0.5 and -0.5 <= y < height - 0.5
    if not inside:
        return 0, 0, 0
    seen = face["visible68"][k] and not face["covered68"][k]
    return x, y, 2 if seen else 1


def category() -> Record:
    """The one category; its skeleton counts keypoints from 1, as COCO's does."""
    lines = []
    for first, end, closed in PARTS:
        ring = [*range(first, end), first] if closed else range(first, end)
        lines += [[a + 1, b + 1] for a, b in pairwise(ring)]
    return {
        "id": 1,
        "name": "person",
        "supercategory": "person",
        "keypoints": list(LANDMARKS),
        "skeleton": lines,
    }


def _append(file: IO[bytes], entry: Record) -> None:
    file.write((b",\n" if file.tell() else b"") + _json(entry))


def _document(images: IO[bytes], annotations: IO[bytes]) -> Iterator[bytes]:
    yield b'{"info":{"description":"Made by facelab augment"},"licenses":[],"categories":['
    yield _json(category())
    for key, file in (("images", images), ("annotations", annotations)):
        yield f'],"{key}":[\n'.encode()
        file.seek(0)
        while block := file.read(_BLOCK):
            yield block
    yield b"]}\n"


def _json(entry: Record) -> bytes:
    return json.dumps(entry, separators=(",", ":"), allow_nan=False).encode()
