"""Training images, rendered once by the engine of `facelab augment` and kept on disk.

Of each photograph a few scenes, the first the photograph as it is, and of each scene some turned
views. One file a photograph, named after what it was made from: a run that was stopped goes on.
"""

from __future__ import annotations

import hashlib
import io
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from dataclasses import dataclass
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from zipfile import BadZipFile

import cv2
import numpy as np

from facelab.augment.engines.processes import interrupts_kept, single_threaded
from facelab.augment.generate import carried_out
from facelab.augment.labels import points468
from facelab.augment.photographs import find
from facelab.augment.plan import Item
from facelab.augment.scene import Scene
from facelab.augment.template import Template, read_template
from facelab.errors import FacelabError, ImageError, UsageError
from facelab.head import POINTS, HeadModel
from facelab.images import read, write_bytes_atomically
from facelab.provenance import file_sha256
from facelab.reconstruct import load_reconstructor, load_segmenter
from facelab.train.teacher import Teacher
from facelab.types import Float, require

RECIPES = Path(__file__).parent / "recipes"
QUALITY = 95  # of the JPEGs kept
_LAYOUT = 1  # of the files: those of another one are made anew

Progress = Callable[[str, int, int, int], None]  # stage, total, more, of these made now


@dataclass(frozen=True)
class Rendering:
    """How photographs become training images.

    Parameters
    ----------
    head : Path, optional
        A file of `HeadModel`.
    scene, turn : Path
        Augmentation recipes: of the scenes but the first, and of each view.
    scenes, turns : int
        How many scenes of a photograph, and views of a scene.
    seed : int
    """

    head: Path | None = None
    scene: Path = RECIPES / "scene.yaml"
    turn: Path = RECIPES / "turn.yaml"
    scenes: int = 2
    turns: int = 4
    seed: int = 0

    @property
    def key(self) -> str:
        """A digest of all that decides what comes out."""
        parts = [str((self.scenes, self.turns, self.seed, _LAYOUT))]
        parts += [file_sha256(path) for path in (self.head, self.scene, self.turn) if path]
        return hashlib.sha256(" ".join(parts).encode()).hexdigest()[:16]


@dataclass(frozen=True, eq=False)
class Renders:
    """The views of one photograph.

    Parameters
    ----------
    pictures : list of bytes
        JPEG, 256 px.
    points : (n, 468, 3) float32
        Of the canonical mesh in each, pixels, depth in the same unit, the nearer the larger.
    """

    pictures: list[bytes]
    points: Float


def render(
    photographs: Path, folder: Path, how: Rendering, workers: int, progress: Progress
) -> tuple[list[Path], dict[str, str]]:
    """Make the views of every photograph that has none yet.

    Parameters
    ----------
    photographs : Path
        A folder.
    folder : Path
        Where the files go.
    how : Rendering
    workers : int
        Processes.
    progress : callable
        Told the stage, how many there are, how many more are there, and how many of these are new.

    Returns
    -------
    files : list of Path
        By the photographs' sha256.
    skipped : dict of str to str
        Photographs of which none could be made, and why.

    Raises
    ------
    UsageError
        If there are no photographs, or none with a face; or a recipe or the model is at fault.
    """
    items, skipped = find(photographs, how.seed)
    for recipe in (how.scene, how.turn):
        read_template(recipe)  # an error now, not in every worker
    if how.head:
        HeadModel.read(how.head)
    folder.mkdir(parents=True, exist_ok=True)
    places = {item.sha256: folder / f"{item.sha256[:32]}-{how.key}.npz" for item in items}
    todo = [item for item in items if load(places[item.sha256]) is None]
    progress("render", len(items), len(items) - len(todo), 0)
    with single_threaded(), interrupts_kept():
        for item, error in _carried_out(todo, places, how, workers):
            progress("render", len(items), 1, 1)
            if error:
                skipped[item.file.name] = error
    files = [path for path in places.values() if path.is_file()]
    if not files:
        reasons = "; ".join(f"{name}: {why}" for name, why in list(skipped.items())[:3])
        raise UsageError(f"{photographs}: no face in any photograph ({reasons})")
    return files, skipped


def load(path: Path) -> Renders | None:
    """The views in a file, or None where there is no whole one."""
    try:
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as arrays:
            ends = np.cumsum(arrays["lengths"])
            data = arrays["jpeg"].tobytes()
            starts = [0, *ends[:-1]]
            pictures = [data[a:b] for a, b in zip(starts, ends, strict=True)]
            points = arrays["points"].astype(np.float32)
            require("points", points, (len(pictures), POINTS, 3), np.float32)
            whole = len(pictures) and ends[-1] == len(data)
            return Renders(pictures, points) if whole else None
    except (OSError, ValueError, KeyError, TypeError, IndexError, EOFError, BadZipFile, zlib.error):
        return None


def _carried_out(
    items: list[Item], places: dict[str, Path], how: Rendering, workers: int
) -> Iterator[tuple[Item, str]]:
    """Each photograph when it is done, with what was wrong with it."""
    if workers == 1:
        yield from ((item, _render(item, places[item.sha256], how)) for item in items)
        return
    pool = ProcessPoolExecutor(min(workers, max(len(items), 1)), get_context("spawn"))
    try:
        waiting = {pool.submit(_render, item, places[item.sha256], how): item for item in items}
        while waiting:
            done, _ = wait(waiting, return_when=FIRST_COMPLETED)
            yield from ((waiting.pop(future), future.result()) for future in done)
    finally:
        pool.shutdown(cancel_futures=True)


def _render(item: Item, place: Path, how: Rendering) -> str:
    """Write the views of one photograph; what is wrong with it, or nothing."""
    teacher = _teacher(how.head)
    try:
        scene = teacher(read(item.file).pixels)
    except (FacelabError, ImageError) as error:
        return str(error)
    drawn = list(views(scene, item.sha256, how))
    data = [_encoded(view.image) for view in drawn]
    buffer = io.BytesIO()
    np.savez(
        buffer,
        allow_pickle=False,
        jpeg=np.frombuffer(b"".join(data), np.uint8),
        lengths=np.array([len(one) for one in data]),
        points=np.stack([points468(view.positions) for view in drawn]),
    )
    write_bytes_atomically(place, buffer.getvalue())
    return ""


def views(scene: Scene, sha256: str, how: Rendering) -> Iterator[Scene]:
    """The views of a photograph's scene: what is drawn depends on photograph and seed alone."""
    other, turn = _template(how.scene), _template(how.turn)
    for number in range(how.scenes):
        steps = other.sample(how.seed, sha256, number) if number else []
        changed = carried_out(steps, scene, {}, other.blend)
        for variant in range(how.turns):
            if number == variant == 0:
                yield changed
                continue
            drawn = turn.sample(how.seed, sha256, number * how.turns + variant)
            yield carried_out(drawn, changed, {}, turn.blend)


@cache
def _template(path: Path) -> Template:
    return read_template(path)


@cache
def _teacher(head: Path | None) -> Teacher:
    cv2.setNumThreads(1)
    model = HeadModel.read(head) if head else None
    return Teacher(load_reconstructor(backend="mesh"), load_segmenter(), model)


def _encoded(image: Float) -> bytes:
    pixels = np.rint(image[..., ::-1] * 255).astype(np.uint8)
    fine = [cv2.IMWRITE_JPEG_QUALITY, QUALITY, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, 0x111111]
    _, data = cv2.imencode(".jpg", pixels, fine)
    return data.tobytes()
