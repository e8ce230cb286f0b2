"""The faces of a video as JSON lines, CSV and NPZ, row by row, and drawn on its frames.

However long the video is, one frame at a time is in memory.
"""

from __future__ import annotations

import csv
import io
import json
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any
from zipfile import ZipFile, ZipInfo

import numpy as np

from facelab.constants import ARKIT
from facelab.export.overlay import overlay_together
from facelab.export.report import describe_pose
from facelab.export.subject import IMAGE_FRAME, Subject
from facelab.files import MEGABYTE, Shape, parse_json, read_bytes
from facelab.files.writing import folder_aside, move
from facelab.images import Image
from facelab.provenance import ENHANCED, file_sha256, mark, software_versions
from facelab.reconstruct import Reconstructor
from facelab.reconstruct.landmarker import FaceLandmarker, landmarker_weights, load_landmarker
from facelab.reconstruct.networks import Networks
from facelab.video.choice import chosen_faces
from facelab.video.follow import FollowedFrame, followed
from facelab.video.join import join
from facelab.video.pyav import pyav_version
from facelab.video.reader import Video
from facelab.video.tracks import FaceTracker
from facelab.video.writer import QUALITY, VideoWriter

_SENTENCE = "Landmarks, surfaces and poses of faces were drawn on this video by facelab."
_COLUMNS: Mapping[str, tuple[type, tuple[int, ...]]] = {
    "frame": (np.int64, ()),
    "time": (np.float64, ()),
    "track": (np.int32, ()),
    "score": (np.float32, ()),
    "pose": (np.float32, (3,)),
    "landmarks68": (np.float32, (68, 3)),
    "visible68": (np.bool_, (68,)),
    "blendshapes": (np.float32, (52,)),
}
_LINES = 65536  # bytes of a column that are read at a time

_REPORT: Shape = {
    "video": {"sha256": str},
    "recipe": dict,
    "weights": dict,
    "written": dict,
}

Row = dict[str, Any]


@dataclass(frozen=True)
class VideoExport:
    """The settings of an export of a video.

    Parameters
    ----------
    networks : Networks
    faces : str
        ``all``, ``largest``, ``left``, ``right`` or an index by size from 0.
    most : int, optional
        Of all, at most so many of the largest.
    overlay : bool
        Whether the faces are drawn on the video.
    quality : int
        Of that, 1 to 100.
    """

    networks: Networks
    faces: str = "all"
    most: int | None = None
    overlay: bool = True
    quality: int = QUALITY

    def recipe(self, video: Video) -> dict[str, object]:
        """The command and its settings, as JSON gives them back."""
        own = {"faces": self.faces, "most": self.most, "overlay": self.overlay}
        part = {key: getattr(video, key) for key in ("start", "stop")}
        seconds = {key: None if one is None else float(one) for key, one in part.items()}
        settings = {**own, **seconds, "every": video.every, "quality": self.quality}
        return {"command": "reconstruct", "networks": self.networks.said, "video": settings}


def files_of(report: Path, export: VideoExport) -> list[Path]:
    """The files that are written of a video, the report last."""
    ends = (".csv", ".jsonl", ".npz", *(["_overlay.mp4"] if export.overlay else []))
    return [*(report.with_name(f"{report.stem}{end}") for end in ends), report]


def is_of(report: Path, video: Video, export: VideoExport) -> bool:
    """Whether a report is there of this video and export, and its files as they were written."""
    try:
        said = parse_json(read_bytes(report, MEGABYTE), _REPORT)
        return (
            said["video"]["sha256"] == file_sha256(video.path)
            and said["recipe"] == export.recipe(video)
            and said["weights"] == {**export.networks.weights, **landmarker_weights()}
            and all(
                file_sha256(report.with_name(name)) == digest
                for name, digest in said["written"].items()
                if report.with_name(name).is_file()
            )
        )
    except (OSError, ValueError):  # a file is gone or no report of this kind
        return False


def write_video(
    report: Path,
    video: Video,
    export: VideoExport,
    reconstructor: Reconstructor,
    on_progress: Callable[[int], None],
) -> int:
    """Write what a video shows: ``NAME.jsonl``, ``.csv``, ``.npz``, an overlay, and the report.

    Parameters
    ----------
    report : Path
        ``NAME.json``, which is written last; the others are beside it.
    video : Video
    export : VideoExport
    reconstructor : Reconstructor
    on_progress : callable
        Told how many frames are done.

    Returns
    -------
    int
        How many tracks there are.

    Raises
    ------
    OutputError
        If a file cannot be written; then none is.
    """
    with folder_aside(report.parent) as aside:
        stem = aside / report.stem
        landmarker = load_landmarker(export.networks.runtime, export.networks.device)
        tracks = _Rows(stem).write(video, export, reconstructor, landmarker, on_progress)
        files = sorted(aside.iterdir())
        height, width = video.shape
        content = {
            "video": {"path": str(video.path), "width": width, "height": height,
                      "sha256": file_sha256(video.path), "notes": list(video.notes)},
            "frame": IMAGE_FRAME,
            "tracks": tracks,
            "recipe": export.recipe(video),
            "weights": {**export.networks.weights, **landmarker_weights()},
            "versions": {**software_versions(), **pyav_version()},
            "written": {file.name: file_sha256(file) for file in files},
        }  # fmt: skip
        (aside / report.name).write_text(json.dumps(content, indent=2, sort_keys=True) + "\n")
        move([*files, aside / report.name], report.parent, {video.path.resolve()})
    return tracks


@dataclass(eq=False)
class _Rows:
    """The files of one video, open side by side."""

    stem: Path
    count: int = 0
    tracks: set[int] = field(default_factory=set)

    def file(self, end: str) -> Path:
        return self.stem.with_name(f"{self.stem.name}{end}")

    def write(
        self,
        video: Video,
        export: VideoExport,
        reconstructor: Reconstructor,
        landmarker: FaceLandmarker,
        on_progress: Callable[[int], None],
    ) -> int:
        """Write every file; the number of tracks."""
        columns = {name: self.file(f".{name}") for name in _COLUMNS}
        with ExitStack() as opened:
            raw = {name: opened.enter_context(path.open("wb")) for name, path in columns.items()}
            lines = opened.enter_context(self.file(".jsonl").open("w", encoding="utf-8"))
            table = opened.enter_context(self.file(".csv").open("w", newline="", encoding="utf-8"))
            rows = csv.writer(table)
            rows.writerow(_titles())
            images = self._images(video, export, reconstructor, landmarker, lines, rows, raw)
            if export.overlay:
                self._overlay(video, export, images, on_progress)
            else:
                for done, _ in enumerate(images, 1):
                    on_progress(done)
        _pack(self.file(".npz"), columns, self.count)
        for path in columns.values():
            path.unlink()
        return len(self.tracks)

    def _images(
        self,
        video: Video,
        export: VideoExport,
        reconstructor: Reconstructor,
        landmarker: FaceLandmarker,
        lines: IO[str],
        rows: Any,  # noqa: ANN401  (csv's writer has no public type)
        raw: Mapping[str, IO[bytes]],
    ) -> Iterator[tuple[FollowedFrame, Image]]:
        """Each frame drawn on, once its rows are written."""
        before: frozenset[int] = frozenset()
        for one in followed(video, FaceTracker(reconstructor)):
            own = chosen_faces(export.faces, export.most, one.faces, before & one.known)
            before = (before & one.known) | {face.track for face in own}
            image, time = one.frame.image, round(video.seconds(one.frame), 6)
            subjects = [Subject(image.srgb_frame, face.found, landmarker=landmarker)
                        for face in own]  # fmt: skip
            faces = [_row(one.frame.number, time, face.track, subject)
                     for face, subject in zip(own, subjects, strict=True)]  # fmt: skip
            for row in faces:
                self._add(row, rows, raw)
            found = [_as_json(row) for row in faces]
            lines.write(json.dumps({"frame": one.frame.number, "time": time, "faces": found}))
            lines.write("\n")
            drawn = overlay_together(reversed(subjects)) if subjects and export.overlay else None
            yield one, image if drawn is None else Image(drawn, bits=image.bits)

    def _add(self, row: Row, rows: Any, raw: Mapping[str, IO[bytes]]) -> None:  # noqa: ANN401
        self.count += 1
        self.tracks.add(row["track"])
        rows.writerow([f"{value:.6g}" for name in _COLUMNS for value in np.ravel(row[name])])
        for name, (dtype, shape) in _COLUMNS.items():
            raw[name].write(np.asarray(row[name], dtype).reshape(shape).tobytes())

    def _overlay(
        self,
        video: Video,
        export: VideoExport,
        images: Iterable[tuple[FollowedFrame, Image]],
        on_progress: Callable[[int], None],
    ) -> None:
        """Write the frames as a video with the sound of the input."""
        part, begin = self.file(".part"), 0
        writer = VideoWriter(part, video, "h264", export.quality)
        for done, (one, image) in enumerate(images, 1):
            begin = one.frame.pts if done == 1 else begin
            writer.write(one.frame, image)
            on_progress(done)
        writer.close()
        xmp = mark(None, source_type=ENHANCED, description=_SENTENCE)
        join(self.file("_overlay.mp4"), ".mp4", [(part, begin)], video, xmp)
        part.unlink()


def _row(number: int, time: float, track: int, subject: Subject) -> Row:
    pose, shapes = subject.pose, subject.features.blendshapes
    return {
        "frame": number,
        "time": time,
        "track": track,
        "score": subject.found.score,
        "pose": np.array([pose.yaw, pose.pitch, pose.roll], np.float32),
        "landmarks68": subject.landmarks,
        "visible68": subject.visible_landmarks,
        "blendshapes": np.array([shapes[name] for name in ARKIT], np.float32),
        "subject": subject,
    }


def _as_json(row: Row) -> dict[str, object]:
    box = row["subject"].found.box
    return {
        "track": row["track"],
        "score": round(row["score"], 4),
        "box": [round(value, 3) for value in (box.x0, box.y0, box.x1, box.y1)],
        "pose": describe_pose(row["subject"].pose),
        "landmarks68": np.round(row["landmarks68"].astype(np.float64), 3).tolist(),
        "visible68": row["visible68"].tolist(),
        "blendshapes": {name: round(float(value), 4)
                        for name, value in zip(ARKIT, row["blendshapes"], strict=True)},
    }  # fmt: skip


def _titles() -> list[str]:
    """The titles of the table's columns."""
    points = [f"{axis}{number}" for number in range(68) for axis in "xyz"]
    visible = [f"visible{number}" for number in range(68)]
    return ["frame", "time", "track", "score", "yaw", "pitch", "roll", *points, *visible, *ARKIT]


def _pack(path: Path, columns: Mapping[str, Path], count: int) -> None:
    """Put raw columns of so many rows together as NumPy's archive, piece by piece."""
    with ZipFile(path, "w") as archive:
        for name, (dtype, shape) in _COLUMNS.items():
            head = io.BytesIO()
            described = {"descr": np.dtype(dtype).str, "fortran_order": False}
            np.lib.format.write_array_header_1_0(head, {**described, "shape": (count, *shape)})
            with archive.open(ZipInfo(f"{name}.npy"), "w", force_zip64=True) as out:
                out.write(head.getvalue())
                with columns[name].open("rb") as raw:
                    shutil.copyfileobj(raw, out, _LINES)
        names = io.BytesIO()
        np.lib.format.write_array(names, np.array(ARKIT))
        archive.writestr(ZipInfo("blendshape_names.npy"), names.getvalue())
