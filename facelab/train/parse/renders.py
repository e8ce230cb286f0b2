"""Pictures whose parts are known, made once and kept on disk: a file a photograph or drawn person.

Of a photograph the first view is as it is, the others have things put before it; of a person who is
drawn every view is another shot.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from functools import cache, partial
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from facelab.augment.classes import NOT_KNOWN
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
from facelab.errors import FacelabError, NoFaceError
from facelab.face.texture import unwrap
from facelab.files import MEGABYTE, read_bytes
from facelab.files.npy import read_npz
from facelab.files.writing import write_bytes_atomically
from facelab.geometry.landmarks import points468
from facelab.images import read
from facelab.numerics.arrays import Float
from facelab.provenance import file_sha256
from facelab.reconstruct import Reconstructor, load_reconstructor, load_segmenter
from facelab.reconstruct.segmentation import PersonSegmenter
from facelab.train.parse import parts
from facelab.train.parse.encoding import encoded_shares
from facelab.train.renders import RECIPES, encoded
from facelab.types import Face

_LARGEST = 64 * MEGABYTE  # of a file
_LAYOUT = 1
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
) -> tuple[list[Path], dict[str, str]]:
    """Make the views of all photographs and people that have none yet, in an order by digest.

    Returns
    -------
    files : list of Path
    skipped : dict of str to str
        Photographs that cannot be used, and why.
    """
    items, skipped, _ = find(photographs, how.seed)
    template = read_template(how.recipe)
    assert template.heads is not None
    items = sorted([*items, *template.heads.items(how.seed)], key=lambda item: item.sha256)
    tasks = [(item, folder / f"{item.sha256[:32]}-{how.key}.npz") for item in items]
    todo = [task for task in tasks if not task[1].exists()]
    progress("render", len(tasks), len(tasks) - len(todo), 0)
    refused = set()
    folder.mkdir(parents=True, exist_ok=True)
    with closing(LocalEngine(workers).map(_render, how, todo, _named)) as made:
        for name, place, why in made:
            progress("render", len(tasks), 1, 1)
            if why:
                skipped[name] = why
                refused.add(place)
    return [place for _, place in tasks if place not in refused], skipped


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


def _render(how: RenderSettings, task: tuple[Item, Path]) -> tuple[str, Path, str]:
    """Write the views of one photograph or person; what is wrong with it, if anything."""
    item, place = task
    template = read_template_once(how.recipe)
    try:
        if isinstance(item, DrawnItem):
            views = [_head(template, item, how.seed, number) for number in range(how.views)]
        else:
            views = _photograph(template, item, how)
    except FacelabError as error:
        return item.identity, place, str(error)
    write_bytes_atomically(place, _packed(views))
    return item.identity, place, ""


read_template_once = cache(read_template)

View = tuple[Scene, Float, bool]  # with its shares, and whether glasses may be in it


def _head(template: Template, item: DrawnItem, seed: int, number: int) -> View:
    """A shot of a person who is drawn."""
    assert template.heads is not None
    steps = template.sample(seed, item.sha256, number)
    looks = template.heads.looks(seed, item.sha256)
    shot = template.heads.shot(seed, item.sha256, number)
    frame, rest = _framed(steps)
    scene = draw_scene(looks, shot, None, frame)
    kept = [step for step in rest if not isinstance(step, Profile)]
    scene = apply_steps(kept, scene, {}, template.blend)
    return scene, parts.drawn(scene), False


def _photograph(template: Template, item: Item, how: RenderSettings) -> list[View]:
    """A photograph as it is, and with things put before it."""
    image = read(item.file).srgb
    reconstructor, segmenter, _ = _networks()
    found = reconstructor.largest(image)
    if not found:
        raise NoFaceError(f"{item.file}: no face found")
    positions = found[0].positions
    face = Face(positions, unwrap(image, positions))
    scene = Scene.of(image, face, None, segmenter(image))
    draw = partial(_changed, template, item, how.seed, scene)
    others = [first_whole(partial(draw, n), _accept)[0] for n in range(1, how.views)]
    return [draw(0, 0, frozenset(["profile", "cover", "wear", "hold"])), *others]


def _accept(view: View) -> None:
    """Take whatever no step has torn."""


def _changed(
    template: Template,
    item: Item,
    seed: int,
    scene: Scene,
    number: int,
    attempt: int,
    without: frozenset[str],
) -> View:
    """A view of a photograph, without the steps of some names."""
    drawn = template.sample(seed, item.sha256, number, attempt=attempt)
    frame, rest = _framed([step for step in drawn if step.name not in without])
    turned = [step for step in rest if isinstance(step, Profile)]
    if turned:
        dressed = Dressed.of_photograph(scene.positions, scene.image, _matte(scene))
        scene = replace(scene, dressed=dressed)
    known = np.ones(scene.image.shape[:2], np.float32)
    crop = frame.crop(scene.positions.box)
    known = cv2.warpAffine(known, crop.matrix, (crop.size, crop.size), flags=cv2.INTER_LINEAR)
    scene = apply_steps([frame, *turned], scene, {}, template.blend)
    shares = parts.photographed(scene, _networks()[2])
    if not turned:  # beyond the photograph its edge goes on
        shares = shares * (known > 0.99)[..., None]
    assert scene.truth is not None
    nothing = np.full(scene.image.shape[:2], NOT_KNOWN, np.uint8)
    scene = replace(scene, truth=replace(scene.truth, classes=nothing))
    things = [step for step in rest if not isinstance(step, Profile)]
    scene = apply_steps(things, scene, {}, template.blend)
    worn = any("glasses" in str(getattr(step, "kind", "")) for step in things)
    return scene, parts.put_in(shares, scene), not worn


def _matte(scene: Scene) -> Float:
    assert scene.matte is not None
    return scene.matte


def _framed(steps: list[Step]) -> tuple[Frame, list[Step]]:
    """The frame that a recipe of views begins with, and the steps after it."""
    frame, *rest = steps
    assert isinstance(frame, Frame)
    return frame, rest


def _packed(views: list[View]) -> bytes:
    """The bytes that `load` reads."""
    pictures = [encoded(scene.image) for scene, _, _ in views]
    labels = [encoded_shares(shares) for _, shares, _ in views]
    buffer = io.BytesIO()
    np.savez(
        buffer,
        allow_pickle=False,
        pictures=np.frombuffer(b"".join(pictures), np.uint8),
        lengths=np.array([len(one) for one in pictures]),
        labels=np.frombuffer(b"".join(labels), np.uint8),
        label_lengths=np.array([len(one) for one in labels]),
        points=np.stack([points468(scene.positions) for scene, _, _ in views]),
        doubted=np.array([doubted for *_, doubted in views]),
    )
    return buffer.getvalue()


@cache
def _networks() -> tuple[Reconstructor, PersonSegmenter, parts.Teacher]:
    return load_reconstructor(), load_segmenter(), _teacher()


def _teacher() -> Callable[[Float], Float]:  # LiteRT until the torch module is there
    import sys

    sys.path.append("/tmp/i15/litert")
    from ai_edge_litert.interpreter import Interpreter

    it = Interpreter(
        "/tmp/i15/package/mediapipe/models/selfie_multiclass_256x256.tflite", num_threads=1
    )
    it.allocate_tensors()
    i, o = it.get_input_details()[0]["index"], it.get_output_details()[0]["index"]

    def run(image: Float) -> Float:
        small = cv2.resize(image, (256, 256), interpolation=cv2.INTER_AREA)
        it.set_tensor(i, small[None])
        it.invoke()
        logits = cv2.resize(it.get_tensor(o)[0], image.shape[1::-1])
        shares = np.exp(logits - logits.max(axis=-1, keepdims=True))
        shares = shares / shares.sum(axis=-1, keepdims=True)
        shares = np.clip((shares - 0.1 / 6) / 0.9, 0, 1)
        return shares / shares.sum(axis=-1, keepdims=True)

    return run
