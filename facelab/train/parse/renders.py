"""Pictures whose parts are known, made once and kept on disk: a file a photograph or drawn person.

Of a photograph the first view is as it is, the others have things put before it; of a person who is
drawn every view is another shot.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import cache, partial
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from facelab.augment.dressed import Dressed
from facelab.augment.engines.local import LocalEngine
from facelab.augment.generate import apply_steps
from facelab.augment.heads import draw_scene
from facelab.augment.photographs import find
from facelab.augment.plan import DrawnItem, Item
from facelab.augment.redraw import first_whole
from facelab.augment.run import OnProgress
from facelab.augment.scene import Scene
from facelab.augment.steps.frame import Frame
from facelab.augment.steps.profile import Profile
from facelab.augment.template import Template, read_template
from facelab.edits.edit import Step
from facelab.errors import FacelabError, NoFaceError, UsageError
from facelab.face.texture import unwrap
from facelab.files import MEGABYTE, read_bytes
from facelab.files.npy import read_npz
from facelab.files.writing import write_bytes_atomically
from facelab.geometry.landmarks import points468
from facelab.images import read
from facelab.numerics.arrays import Bool, Float
from facelab.provenance import file_sha256
from facelab.reconstruct import Reconstructor, load_reconstructor, load_segmenter
from facelab.reconstruct.segmentation import PersonSegmenter
from facelab.train.parse import parts
from facelab.train.parse.beards import TEXELS, beard_of
from facelab.train.parse.encoding import encoded_shares
from facelab.train.parse.teacher import Teacher
from facelab.train.renders import RECIPES, encoded
from facelab.types import Box, Face

_LARGEST = 64 * MEGABYTE  # of a file
_LAYOUT = 2  # of the files
_CHANGES = frozenset(["profile", "cover", "wear", "hold"])  # steps that the first view is without
_NAMES = ("lengths", "pictures", "label_lengths", "labels", "points", "doubted")


@dataclass(frozen=True)
class RenderSettings:
    """How photographs and drawn people become training pictures.

    Parameters
    ----------
    recipe : Path
        Augmentation recipe; its first step is a `Frame`, and it has ``heads``.
    views : int
        Of each photograph or person.
    seed : int
    """

    recipe: Path = RECIPES / "parse.yaml"
    views: int = 2
    seed: int = 0

    @property
    def key(self) -> str:
        """The digest of the settings."""
        said = f"{file_sha256(self.recipe)} {self.views} {self.seed} {_LAYOUT}"
        return hashlib.sha256(said.encode()).hexdigest()[:16]


@dataclass(frozen=True, eq=False)
class Renders:
    """The views of a photograph or person.

    Parameters
    ----------
    pictures : list of bytes
        JPEG.
    labels : list of bytes
        What each pixel shows, as `facelab.train.parse.encoding` has it.
    points : (n, 468, 3) float32
        Of the face in each, pixels.
    doubted : (n,) bool
        Whether nobody knows if the face wears glasses: that of a photograph, none were put on.
    """

    pictures: list[bytes]
    labels: list[bytes]
    points: Float
    doubted: NDArray[np.bool_]


def render(
    photographs: Path, folder: Path, how: RenderSettings, workers: int, progress: OnProgress
) -> tuple[list[Path], dict[str, str], str]:
    """Make the views of all photographs and people that have none yet.

    Parameters and results as of `facelab.train.renders.render`; files come by the digest of what
    they show, so that photographs and people are mixed.

    Raises
    ------
    UsageError
        If there are no photographs, or none that can be used; or if the recipe is at fault.
    FacelabError
        If a worker dies of a photograph, again and again.
    """
    items, skipped, left = find(photographs, how.seed)
    tasks = [(item, folder / f"{item.sha256[:32]}-{how.key}.npz") for item in _mixed(items, how)]
    todo = [task for task in tasks if not task[1].exists()]
    progress("render", len(tasks), len(tasks) - len(todo), 0)
    refused = dict[Path, str]()
    folder.mkdir(parents=True, exist_ok=True)
    with closing(LocalEngine(workers).map(_render, how, todo, _named)) as made:
        for item, place, why in made:
            progress("render", len(tasks), 1, 1)
            if why:
                refused[place] = skipped[item.file.name] = why
    if len(refused) >= len(items):
        reasons = "; ".join(f"{name}: {why}" for name, why in list(skipped.items())[:3])
        raise UsageError(f"{photographs}: no photograph can be used ({reasons})")
    return [place for _, place in tasks if place not in refused], skipped, left


def _mixed(items: Sequence[Item], how: RenderSettings) -> list[Item]:
    """The photographs, and the recipe's people."""
    template = check_recipe(how.recipe)
    assert template.heads is not None
    return sorted([*items, *template.heads.items(how.seed)], key=lambda item: item.sha256)


def check_recipe(path: Path) -> Template:
    """Read a recipe of pictures, which has ``heads`` and begins with a frame.

    Raises
    ------
    UsageError
        If it is no such recipe.
    """
    template = read_template(path)
    if template.heads is None:
        raise UsageError(f"{path}: heads: are missing; say how many people are drawn")
    if not template.steps or template.steps[0].kind is not Frame or template.steps[0].chance < 1:
        raise UsageError(f"{path}: step 1: must be a frame, done always")
    return template


def load(path: Path) -> Renders:
    """The views in a file.

    Raises
    ------
    ValueError
        If it holds none.
    """
    arrays = read_npz(read_bytes(path, _LARGEST), _NAMES)
    pictures = _split(arrays["pictures"], arrays["lengths"])
    labels = _split(arrays["labels"], arrays["label_lengths"])
    return Renders(pictures, labels, arrays["points"], arrays["doubted"])


def _split(data: NDArray[np.uint8], lengths: NDArray[np.int64]) -> list[bytes]:
    ends = np.cumsum([0, *lengths]).tolist()
    whole = data.tobytes()
    return [whole[a:b] for a, b in pairwise(ends)]


def _named(task: tuple[Item, Path]) -> str:
    return task[0].identity


def _render(how: RenderSettings, task: tuple[Item, Path]) -> tuple[Item, Path, str]:
    """Write the views of one photograph or person; return it, and what is wrong, if anything."""
    item, place = task
    try:
        views = list(_views(item, how))
    except FacelabError as error:
        return item, place, str(error).removeprefix(f"{item.file}: ")
    write_bytes_atomically(place, _packed(views))
    return item, place, ""


@dataclass(frozen=True, eq=False)
class View:
    """A picture with what its pixels show.

    Parameters
    ----------
    scene : Scene
    shares : (H, W, 14) float32
        Of `facelab.constants.PARTS`; 0 where nobody knows.
    doubted : bool
        As of `Renders`.
    """

    scene: Scene
    shares: Float
    doubted: bool


def _views(item: Item, how: RenderSettings) -> Iterator[View]:
    """The views of one photograph or person."""
    template = _template(how.recipe)
    if isinstance(item, DrawnItem):
        for number in range(how.views):
            yield _shot(template, item, how.seed, number)
        return
    scene = _seen(item)
    beard = beard_of(unwrap(scene.image, scene.positions, TEXELS))
    draw = partial(_changed, template, item.sha256, how.seed, scene, beard)
    yield draw(0, 0, _CHANGES)
    for number in range(1, how.views):
        yield first_whole(partial(draw, number), _accept)[0]


def _shot(template: Template, item: DrawnItem, seed: int, number: int) -> View:
    """A shot of a person who is drawn."""
    assert template.heads is not None
    frame, rest = _framed(template.sample(seed, item.sha256, number))
    looks = template.heads.looks(seed, item.sha256)
    scene = draw_scene(looks, template.heads.shot(seed, item.sha256, number), None, frame)
    things = [step for step in rest if not isinstance(step, Profile)]  # it is turned as it is
    scene = apply_steps(things, scene, {}, template.blend)
    return View(scene, parts.drawn(scene), False)


def _seen(item: Item) -> Scene:
    """The scene of a photograph.

    Raises
    ------
    NoFaceError
        If it shows no face.
    """
    image = read(item.file).srgb
    reconstructor, segmenter, _ = _networks()
    found = reconstructor.largest(image)
    if not found:
        raise NoFaceError("no face found")
    positions = found[0].positions
    return Scene.of(image, Face(positions, unwrap(image, positions)), None, segmenter(image))


def _accept(view: View) -> None:
    """Take whatever no step has torn."""


def _changed(
    template: Template,
    sha256: str,
    seed: int,
    scene: Scene,
    beard: Float,
    number: int,
    attempt: int,
    without: frozenset[str],
) -> View:
    """A view of a photograph, without the steps of some names."""
    drawn = template.sample(seed, sha256, number, attempt=attempt)
    frame, rest = _framed([step for step in drawn if step.name not in without])
    turns = [step for step in rest if isinstance(step, Profile)]
    things = [step for step in rest if not isinstance(step, Profile)]
    known = _within(frame, scene.positions.box, scene.image.shape, beyond=bool(turns))
    if turns:
        assert scene.matte is not None
        dressed = Dressed.of_photograph(scene.positions, scene.image, scene.matte)
        scene = replace(scene, dressed=dressed)
    scene = apply_steps([frame, *turns], scene, {}, template.blend)
    shares = parts.photographed(scene, _networks()[2], beard) * known[..., None]
    scene = apply_steps(things, parts.with_nothing(scene), {}, template.blend)
    worn = any("glasses" in str(getattr(step, "kind", "")) for step in things)
    return View(scene, parts.put_in(shares, scene), not worn)


def _within(frame: Frame, box: Box, shape: tuple[int, ...], *, beyond: bool) -> Bool:
    """Where a frame shows the photograph, and not what its edge is carried on to.

    A turned person stands before what was made up, `beyond` it, too.
    """
    crop = frame.crop(box)
    inside = np.full(shape[:2], 255, np.uint8)
    shown = cv2.warpAffine(inside, crop.matrix, (crop.size, crop.size), flags=cv2.INTER_NEAREST)
    return np.asarray((shown > 0) | beyond, np.bool_)


def _framed(steps: list[Step]) -> tuple[Frame, list[Step]]:
    """The frame that a recipe of pictures begins with, and the steps after it."""
    frame, *rest = steps
    assert isinstance(frame, Frame)
    return frame, rest


_template = cache(check_recipe)


def _packed(views: Sequence[View]) -> bytes:
    """The bytes that `load` reads."""
    pictures = [encoded(view.scene.image) for view in views]
    labels = [encoded_shares(view.shares) for view in views]
    buffer = io.BytesIO()
    np.savez(
        buffer,
        allow_pickle=False,
        pictures=np.frombuffer(b"".join(pictures), np.uint8),
        lengths=np.array([len(one) for one in pictures]),
        labels=np.frombuffer(b"".join(labels), np.uint8),
        label_lengths=np.array([len(one) for one in labels]),
        points=np.stack([points468(view.scene.positions) for view in views]),
        doubted=np.array([view.doubted for view in views]),
    )
    return buffer.getvalue()


@cache
def _networks() -> tuple[Reconstructor, PersonSegmenter, Teacher]:
    return load_reconstructor(), load_segmenter(), Teacher.load()
