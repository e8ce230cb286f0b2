"""Training images, rendered once by the engine of `facelab augment` and kept on disk.

Of each photograph a few scenes, the first the photograph as it is, and of each scene some turned
views. One file a photograph, named after what it was made from: a run that was stopped goes on.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, fields
from functools import cache, partial
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np

from facelab.augment.engines.local import LocalEngine
from facelab.augment.generate import apply_steps
from facelab.augment.photographs import find
from facelab.augment.plan import Item
from facelab.augment.redraw import first_whole
from facelab.augment.run import OnProgress
from facelab.augment.scene import Scene
from facelab.augment.steps.profile import Profile
from facelab.augment.template import StepTemplate, Template, read_template
from facelab.errors import ImageError, NoFaceError, UsageError
from facelab.files import MEGABYTE, parse_json, read_bytes
from facelab.files.npy import read_npz
from facelab.files.writing import write_bytes_atomically
from facelab.geometry.head import POINTS, HeadModel
from facelab.geometry.landmarks import points468
from facelab.images import read
from facelab.numerics.arrays import Float, require
from facelab.provenance import file_sha256
from facelab.reconstruct import load_reconstructor, load_segmenter
from facelab.train.teacher import Teacher

RECIPES = Path(__file__).parent / "recipes"
QUALITY = 95  # of the JPEGs kept
RECORD = "rendering.json"
"""Says, beside the renders, how they were made."""

_LAYOUT = 2  # of the files
_LARGEST = 256 * MEGABYTE
_SHAPE = {"identity", "expression"}  # of `Profile`
_KEYED = re.compile(r"[0-9a-f]{32}-([0-9a-f]{16})\.npz")  # the name of a file of ours


@dataclass(frozen=True)
class RenderSettings:
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
    def settings(self) -> dict[str, str | int | None]:
        """Everything that decides what is rendered, by the option's name."""
        return {
            "head": file_sha256(self.head) if self.head else None,
            "scene-recipe": file_sha256(self.scene),
            "turn-recipe": file_sha256(self.turn),
            "scenes": self.scenes,
            "turns": self.turns,
            "seed": self.seed,
            "layout": _LAYOUT,
        }

    @property
    def key(self) -> str:
        """The digest of the settings."""
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
    photographs: Path, folder: Path, how: RenderSettings, workers: int, progress: OnProgress
) -> tuple[list[Path], dict[str, str], str]:
    """Make the views of every photograph that has none yet.

    Parameters
    ----------
    photographs : Path
        A folder.
    folder : Path
        Where the files go.
    how : RenderSettings
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
    left : str
        What else the folder holds, as `facelab.images.FolderContents` says it.

    Raises
    ------
    UsageError
        If there are no photographs, or none that can be used; if a recipe or the model is at
        fault; or if the folder holds renders of other settings.
    FacelabError
        If a worker dies of a photograph, again and again.
    """
    items, skipped, left = find(photographs, how.seed)
    for recipe in (how.scene, how.turn):
        check_recipe(recipe, how.head)
    if how.head:
        HeadModel.read(how.head)
    key = _write_settings(folder, how)
    tasks = [(item, folder / f"{item.sha256[:32]}-{key}.npz") for item in items]
    todo = [task for task in tasks if load(task[1]) is None]
    progress("render", len(items), len(items) - len(todo), 0)
    root, refused = photographs.resolve(), dict[Path, str]()
    with closing(LocalEngine(workers).map(_render, how, todo, _named)) as rendered:
        for file, why in rendered:
            progress("render", len(items), 1, 1)
            if why:
                refused[file] = why
    skipped |= {file.relative_to(root).as_posix(): refused[file] for file in sorted(refused)}
    files = [place for item, place in tasks if item.file not in refused]
    if not files:
        reasons = "; ".join(f"{name}: {why}" for name, why in list(skipped.items())[:3])
        raise UsageError(f"{photographs}: no photograph can be used ({reasons})")
    return files, skipped, left


def check_recipe(path: Path, head: Path | None) -> None:
    """Check a recipe of scenes or turned views.

    Raises
    ------
    UsageError
        If it is no recipe, or has a step that needs more than the photograph, or a head model that
        is not given.
    """
    recipe = read_template(path)
    if recipe.heads is not None:
        raise UsageError(f"{path}: heads: are not of the photographs; leave them out")
    for at, step in enumerate(recipe.steps, 1):
        where = f"{path}: step {at} ({step.kind.name})"
        if key := _input_key(step):
            raise UsageError(f"{where}: {key}: needs other pictures or people; leave the step out")
        if head is None and step.kind is Profile and _SHAPE & set(step.distributions):
            raise UsageError(
                f"{where}: identity and expression need a head model; give --head, or leave them "
                "out"
            )


def _input_key(step: StepTemplate) -> str:
    """The key of a step that takes an input; empty if there is none."""
    kinds = {key.name: key.metadata["kind"] for key in fields(step.kind)}
    return next(
        (key for key in step.distributions if kinds[key] in ("reference", "references")), ""
    )


def _write_settings(folder: Path, how: RenderSettings) -> str:
    """Write down how the renders in a folder are made; the key of their names.

    Raises
    ------
    UsageError
        If the folder holds others; the message names the options that differ.
    """
    record, key = folder / RECORD, how.key
    if keys_of(folder.glob("*.npz")) - {key}:
        known = _recorded(record)
        differ = [name for name, value in how.settings.items() if known.get(name, value) != value]
        raise UsageError(
            f"{folder}: holds renders of other settings ({', '.join(differ) or 'not known which'});"
            " choose another folder, or remove it to begin anew"
        )
    folder.mkdir(parents=True, exist_ok=True)
    write_bytes_atomically(record, (json.dumps(how.settings, indent=2) + "\n").encode())
    return key


def _recorded(record: Path) -> dict[str, object]:
    """The settings noted beside renders; empty if there are none."""
    try:
        known: dict[str, object] = parse_json(read_bytes(record, MEGABYTE), {})
    except (OSError, ValueError):
        return {}
    return known


def keys_of(files: Iterable[Path]) -> set[str]:
    """The keys of the renderings that files are of, as their names tell; others have none."""
    return {found[1] for path in files if (found := _KEYED.fullmatch(path.name))}


def load(path: Path) -> Renders | None:
    """The views in a file, or None where there is no whole one."""
    try:
        arrays = read_npz(read_bytes(path, _LARGEST), ("lengths", "jpeg", "points"))
        lengths, jpeg, points = arrays["lengths"], arrays["jpeg"], arrays["points"]
        require("jpeg", jpeg, ("bytes",), np.uint8)
        count = len(lengths) if lengths.ndim == 1 and lengths.dtype.kind in "iu" else 0
        if not count or lengths.min() < 0 or sum(lengths.tolist()) != len(jpeg):
            return None
        with np.errstate(over="ignore"):
            points = points.astype(np.float32)
        require("points", points, (count, POINTS, 3), np.float32)
    except (OSError, ValueError):
        return None
    ends, data = np.cumsum(lengths, dtype=np.int64).tolist(), jpeg.tobytes()
    return Renders([data[a:b] for a, b in pairwise([0, *ends])], points)


def _named(task: tuple[Item, Path]) -> str:
    return str(task[0].file)


def _render(how: RenderSettings, task: tuple[Item, Path]) -> tuple[Path, str]:
    """Write the views of one photograph; return it, and what is wrong with it, if anything."""
    item, place = task
    teacher = _teacher(how.head)
    try:
        drawn = list(views(teacher(read(item.file).srgb), item.sha256, how))
    except (ImageError, NoFaceError, UsageError) as error:
        return item.file, str(error).removeprefix(f"{item.file}: ")
    write_bytes_atomically(place, _packed(drawn))
    return item.file, ""


def _packed(drawn: list[Scene]) -> bytes:
    """The bytes that `load` reads."""
    data, buffer = [encoded(view.image) for view in drawn], io.BytesIO()
    np.savez(
        buffer,
        allow_pickle=False,
        jpeg=np.frombuffer(b"".join(data), np.uint8),
        lengths=np.array([len(one) for one in data]),
        points=np.stack([points468(view.positions) for view in drawn]),
    )
    return buffer.getvalue()


def views(scene: Scene, sha256: str, how: RenderSettings) -> Iterator[Scene]:
    """The views of a photograph's scene: what is drawn depends on photograph and seed alone."""
    other, turn = _template(how.scene), _template(how.turn)
    for number in range(how.scenes):
        steps = other.sample(how.seed, sha256, number) if number else []
        changed = apply_steps(steps, scene, {}, other.blend)
        for variant in range(how.turns):
            if number == variant == 0:
                yield changed
                continue
            place = number * how.turns + variant
            yield first_whole(partial(_view, turn, how.seed, sha256, place, changed), _accept)[0]


def _view(
    turn: Template,
    seed: int,
    sha256: str,
    place: int,
    scene: Scene,
    attempt: int,
    without: frozenset[str],
) -> Scene:
    """An attempt at a view of a scene, without the steps of some names."""
    drawn = turn.sample(seed, sha256, place, attempt=attempt)
    steps = [step for step in drawn if step.name not in without]
    return apply_steps(steps, scene, {}, turn.blend)


def _accept(view: Scene) -> None:
    """Take whatever no step has torn."""


@cache
def _template(path: Path) -> Template:
    return read_template(path)


@cache
def _teacher(head: Path | None) -> Teacher:
    model = HeadModel.read(head) if head else None
    return Teacher(load_reconstructor(backend="mesh"), load_segmenter(), model)


def encoded(image: Float) -> bytes:
    """A picture ``(H, W, 3)`` in [0, 1] as JPEG bytes."""
    pixels = np.rint(image[..., ::-1] * 255).astype(np.uint8)
    fine = [cv2.IMWRITE_JPEG_QUALITY, QUALITY, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, 0x111111]
    _, data = cv2.imencode(".jpg", pixels, fine)
    return data.tobytes()
