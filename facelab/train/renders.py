"""Training images, rendered once by the engine of `facelab augment` and kept on disk.

Of each photograph a few scenes, the first the photograph as it is, and of each scene some turned
views; of each person who is drawn as many. One file a photograph or person, named after what it
was made from: a run that was stopped goes on.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
from collections.abc import Iterable, Iterator, Sequence
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
from facelab.augment.plan import DrawnItem, Item
from facelab.augment.redraw import first_whole
from facelab.augment.run import OnProgress
from facelab.augment.scene import Scene
from facelab.augment.steps.frame import Frame
from facelab.augment.steps.profile import Profile
from facelab.augment.template import StepTemplate, Template, read_template
from facelab.errors import FacelabError, ImageError, NoFaceError, UsageError, WeightsError
from facelab.files import MEGABYTE, parse_json, read_bytes
from facelab.files.npy import read_npz
from facelab.files.writing import write_bytes_atomically
from facelab.geometry.head import POINTS, HeadModel
from facelab.geometry.landmarks import points468
from facelab.images import read
from facelab.numerics.arrays import Float, require
from facelab.provenance import file_sha256
from facelab.reconstruct import load_reconstructor, load_segmenter
from facelab.reconstruct.landmarker import load_landmarker
from facelab.train.people import lender, people_of, shots
from facelab.train.teacher import ROOM, SIDE, Teacher
from facelab.types import Texture

RECIPES = Path(__file__).parent / "recipes"
QUALITY = 95  # of the JPEGs kept
RECORD = "rendering.json"
"""Says, beside the renders, how they were made."""

Rendered = tuple[Float, Float]
"""A picture ``(H, W, 3)`` and the points ``(468, 3)`` of the face in it."""

_LAYOUT = 3  # of the files, and what the teacher is
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
        Augmentation recipes: of the scenes but the first, and of each view. The ``heads`` of the
        second are people who are drawn beside the photographs.
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
    """The views of one photograph or drawn person.

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
    """Make the views of every photograph and drawn person that has none yet.

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
        By the sha256 of what they show, so that photographs and people are mixed.
    skipped : dict of str to str
        Photographs and people of which none could be made, and why.
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
    check_recipe(how.scene, how.head)
    check_recipe(how.turn, how.head, drawn=True)
    if how.head:
        HeadModel.read(how.head)
    key = _write_settings(folder, how)
    tasks = _tasks(items, folder, key, how)
    todo = [task for task in tasks if load(task.place) is None]
    progress("render", len(tasks), len(tasks) - len(todo), 0)
    root, refused = photographs.resolve(), dict[Item, str]()
    with closing(LocalEngine(workers).map(_render, how, todo, _named)) as rendered:
        for item, why in rendered:
            progress("render", len(tasks), 1, 1)
            if why:
                refused[item] = why
    skipped |= dict(sorted((_name(item, root), why) for item, why in refused.items()))
    if refused.keys() >= set(items):
        reasons = "; ".join(f"{name}: {why}" for name, why in list(skipped.items())[:3])
        raise UsageError(f"{photographs}: no photograph can be used ({reasons})")
    return [task.place for task in tasks if task.item not in refused], skipped, left


@dataclass(frozen=True, slots=True)
class _Task:
    """A file to write.

    Parameters
    ----------
    item : Item
        The photograph, or the person who is drawn.
    place : Path
    lender : Item, optional
        The photograph whose face's skin a person has.
    """

    item: Item
    place: Path
    lender: Item | None = None


def _tasks(items: Sequence[Item], folder: Path, key: str, how: RenderSettings) -> list[_Task]:
    """The files of all photographs and people, by the sha256 of what they show."""
    heads = _template(how.turn).heads
    people = people_of(heads, len(items), how.seed)
    lenders = [lender(heads, item, items, how.seed) for item in people] if heads else []
    everybody = [*zip(people, lenders, strict=True), *((item, None) for item in items)]
    return [
        _Task(item, folder / f"{item.sha256[:32]}-{key}.npz", lent)
        for item, lent in sorted(everybody, key=lambda one: one[0].sha256)
    ]


def _name(item: Item, root: Path) -> str:
    """What a photograph below a folder, or a drawn person, is called."""
    drawn = isinstance(item, DrawnItem)
    return item.identity if drawn else item.file.relative_to(root).as_posix()


def check_recipe(path: Path, head: Path | None, *, drawn: bool = False) -> None:
    """Check a recipe of scenes or, if people may be `drawn` beside them, of turned views.

    Raises
    ------
    UsageError
        If it is no recipe, or has a step that needs more than the photograph, or a head model that
        is not given; or people who take the place of the photographs.
    """
    recipe = read_template(path)
    if recipe.heads is not None and not drawn:
        raise UsageError(f"{path}: heads: are not of the photographs; put them into --turn-recipe")
    if recipe.heads is not None and recipe.heads.share == 1:
        raise UsageError(
            f"{path}: heads: share: must be below 1; give the share of the views that are drawn"
        )
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


def _named(task: _Task) -> str:
    drawn = isinstance(task.item, DrawnItem)
    return task.item.identity if drawn else str(task.item.file)


def _render(how: RenderSettings, task: _Task) -> tuple[Item, str]:
    """Write the views of one photograph or person; return it, and what is wrong, if anything."""
    item = task.item
    try:
        made = _drawn(task, how) if isinstance(item, DrawnItem) else _photographed(item, how)
        data = _packed(list(made))
    except WeightsError:
        raise
    except FacelabError as error:
        return item, str(error).removeprefix(f"{item.file}: ")
    write_bytes_atomically(task.place, data)
    return item, ""


def _photographed(item: Item, how: RenderSettings) -> Iterator[Rendered]:
    """The views of a photograph."""
    scene = _teacher(how.head)(read(item.file).srgb)
    return ((view.image, points468(view.positions)) for view in views(scene, item.sha256, how))


def _drawn(task: _Task, how: RenderSettings) -> Iterator[Rendered]:
    """As many views of a person who is drawn."""
    assert isinstance(task.item, DrawnItem)
    lent = _skin(task.lender, how) if task.lender else None
    frame, count = Frame(size=SIDE, room=ROOM), how.scenes * how.turns
    made = shots(_template(how.turn), task.item, lent, frame, count, how.seed)
    return ((scene.image, points) for scene, points in made)


def _skin(photograph: Item, how: RenderSettings) -> Texture | None:
    """The face of a photograph, for a person to have; None if it shows none."""
    try:
        return _teacher(how.head)(read(photograph.file).srgb).texture
    except (ImageError, NoFaceError):
        return None


def _packed(rendered: list[Rendered]) -> bytes:
    """The bytes that `load` reads."""
    data, buffer = [encoded(image) for image, _ in rendered], io.BytesIO()
    np.savez(
        buffer,
        allow_pickle=False,
        jpeg=np.frombuffer(b"".join(data), np.uint8),
        lengths=np.array([len(one) for one in data]),
        points=np.stack([points for _, points in rendered]),
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
            draw = partial(_view, turn, how.seed, sha256, place, changed)
            yield first_whole(draw, turn.refuse.check_face)[0]


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


@cache
def _template(path: Path) -> Template:
    return read_template(path)


@cache
def _teacher(head: Path | None) -> Teacher:
    model = HeadModel.read(head) if head else None
    return Teacher(load_reconstructor(backend="mesh"), load_landmarker(), load_segmenter(), model)


def encoded(image: Float) -> bytes:
    """A picture ``(H, W, 3)`` in [0, 1] as JPEG bytes."""
    pixels = np.rint(image[..., ::-1] * 255).astype(np.uint8)
    fine = [cv2.IMWRITE_JPEG_QUALITY, QUALITY, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, 0x111111]
    _, data = cv2.imencode(".jpg", pixels, fine)
    return data.tobytes()
