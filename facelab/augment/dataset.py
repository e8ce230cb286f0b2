"""A data set that is made while it is read: the samples of ``facelab augment``, from Python."""

from __future__ import annotations

import hashlib
import json
import operator
import os
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any, SupportsIndex

import numpy as np
from numpy.typing import NDArray

import facelab
from facelab.augment import labels, maps
from facelab.augment.albumentation import from_albumentations, to_albumentations
from facelab.augment.formats.folder import Folder
from facelab.augment.generate import Generator
from facelab.augment.heads import plan_of
from facelab.augment.photographs import Skipped, find, of_files
from facelab.augment.plan import SPLITS, Item, Plan
from facelab.augment.portrait_cache import PortraitCache
from facelab.augment.renders import RenderCache, copied
from facelab.augment.request import portrait_cache_of, resolved, style_of
from facelab.augment.template import NEEDED, Template, read_template
from facelab.errors import ImageError, NoFaceError, UsageError
from facelab.files import MEGABYTE, StrPath
from facelab.images import decoded
from facelab.images.image import from_integers, to_integers
from facelab.model import FaceModel
from facelab.provenance import file_sha256
from facelab.recipe.plain import step_values
from facelab.recipe.recipe import SEEDS, files_of
from facelab.reconstruct.networks import Networks

_TOGETHER = 32  # renders whose samples are shuffled with each other


class AugmentedFaces:
    """Labelled images of faces by their index, a map-style data set as torch's DataLoader takes it.

    ``image, labels = data[17]`` is sample 17 of ``facelab augment`` with the same recipe,
    photographs and seed, and with ``--maps none``: the pixels that its file is decoded to, losses
    of JPEG included, and its label record. Indices may be negative; beyond the end is an
    ``IndexError``.

    Every photograph is looked at once, when the data set is made, and what is found is kept in the
    cache of the command. Samples depend on nothing but their index: order, processes and other
    samples do not matter. The data set can be pickled; networks are left behind, and loaded by a
    process that needs them.

    With `renders` or `memory`, what all steps make up to the photometric ones at the recipe's end
    is kept, and only these are done for a sample: hundreds a second. Images then come without a
    detour over a file, in 8 bits before the photometric steps and after them, and labels have
    arrays for lists of numbers, but no ``image``, ``maps`` and ``brightness``.

    Parameters
    ----------
    recipe : path or str
        A recipe with ranges, or the name of one that comes along, such as ``wide``.
    photographs : path, or sequence of paths, optional
        A folder: photographs in a folder of it are of one person, called after that; others are of
        a person each. Files are taken like the deepest folder that holds them all. None where the
        recipe draws all its people.
    count : int
        How many samples.
    seed : int, optional
        Of everything that is drawn; the recipe's by default.
    maps : str or sequence of str, optional
        ``all``, or names of `facelab.augment.maps.MAPS`: then samples are ``image, labels, maps``,
        the last a dict of arrays as `facelab.augment.maps.decoded` gives them.
    model : FaceModel, optional
        Of `facelab.load_model`, whose networks look at the photographs.
    head : path, optional
        A morphable model of heads, see docs/train.md.
    cache : path, optional
        Where faces that were found are kept; the user's own cache folder by default.
    renders : path, optional
        A folder where renders are kept, which workers share: see below.
    room : int
        Megabytes that this folder may hold; then the oldest renders go.
    memory : int
        Megabytes of renders that each process keeps.
    renew : int, optional
        After how many epochs renders are drawn anew; never by default.

    Attributes
    ----------
    epoch : int
        See `set_epoch`.
    skipped : dict of str to str
        Photographs that are not used, and why; there is a warning, too.

    Raises
    ------
    UsageError
        If the recipe or a value is wrong, or there is no photograph.
    NoFaceError
        If no photograph can be used.
    WeightsError
        If weights are missing or damaged.

    Examples
    --------
    >>> data = facelab.AugmentedFaces("wide", ["astronaut.png"], count=100, model=model)
    >>> len(data)
    100
    >>> image, labels = data[17]
    >>> image.shape, image.dtype, len(labels["landmarks68"])
    ((256, 256, 3), dtype('uint8'), 68)
    """

    def __init__(
        self,
        recipe: StrPath,
        photographs: StrPath | Sequence[StrPath] | None = None,
        count: int = 1000,
        *,
        seed: int | None = None,
        maps: str | Sequence[str] | None = None,
        model: FaceModel | None = None,
        head: StrPath | None = None,
        cache: StrPath | None = None,
        renders: StrPath | None = None,
        room: int = 20_000,
        memory: int = 0,
        renew: int | None = None,
    ) -> None:
        _check(count, seed)
        _check_bounds(room=room, memory=memory, renew=renew)
        template = resolved(read_template(os.fspath(recipe)))
        wanted = maps if isinstance(maps, str) else ",".join(maps or ("none",))
        style = style_of(template, seed, wanted)
        portraits = portrait_cache_of(template, _networks(model), _path(head), _path(cache))
        items, self.skipped = _found(photographs, template, style.seed, portraits, model)
        self._name = template.name or Path(recipe).stem
        self._plan = plan_of(items, count, style.seed, template.variants, template.heads)
        self._format = Folder(style)
        self._maker = partial(Generator, self._plan, template, portraits)
        self._renders: RenderCache | None = None
        if renders is not None or memory:
            self._renders = RenderCache(_path(renders), room * MEGABYTE, memory * MEGABYTE)
        self._key = _key(template, portraits, self._plan, style.maps)
        self._renew = renew
        self.epoch = 0

    def __repr__(self) -> str:
        plan = self._plan
        return f"<AugmentedFaces {self._name}, {plan.count} of {len(plan.items)} photograph(s)>"

    def __len__(self) -> int:
        return self._plan.count

    def __getitem__(self, index: SupportsIndex) -> tuple[Any, ...]:
        """Return a sample.

        Returns
        -------
        image : (H, W, 3) uint8
            RGB; all are of one size if the recipe has a ``frame``.
        labels : dict
            The label record, as docs/augment.md has it: plain lists, numbers and text; arrays for
            lists of numbers where renders are kept.
        maps : dict of str to array
            Only where they are asked for.

        Raises
        ------
        IndexError
            If there is no such sample.
        FacelabError
            If a photograph that goes in cannot be read any more.
        """
        place = range(len(self))[index]
        return self._of_file(place) if self._renders is None else self._of_render(place)

    def set_epoch(self, epoch: int) -> None:
        """Draw the photometric steps at the recipe's end anew, and all others as `renew` says.

        Set it before a loader's workers start for the epoch, as with torch's samplers. Epoch 0 is
        what the command makes.

        Raises
        ------
        UsageError
            If it is below 0.
        """
        if operator.index(epoch) < 0:
            raise UsageError(f"epoch: {epoch} is not 0 or more")
        self.epoch = operator.index(epoch)

    def iterate(
        self, worker: int = 0, workers: int = 1, split: str | None = None
    ) -> Iterator[tuple[Any, ...]]:
        """Yield a worker's share of the samples once, in an order that seed and epoch draw.

        Samples of a render go to one worker, near each other: each worker needs but few renders at
        a time. Where renders are kept they are shuffled with those of others.

        Parameters
        ----------
        worker, workers : int
            Which of how many, from 0.
        split : str, optional
            Only samples of that one.

        Raises
        ------
        UsageError
            If there is no such worker or split.
        """
        if not 0 <= worker < workers:
            raise UsageError(f"worker: {worker} is none of {workers}, counted from 0")
        groups = self._groups(split)
        rng = np.random.default_rng([self._plan.seed, self.epoch])
        own = [groups[at] for at in rng.permutation(len(groups))[worker::workers]]
        together = 1 if self._renders is None else _TOGETHER
        for start in range(0, len(own), together):
            near = np.concatenate(own[start : start + together])
            yield from (self[index] for index in rng.permutation(near))

    def _groups(self, split: str | None) -> list[range]:
        """The samples of each render, of one split if that is given."""
        size, count = self._plan.variants, len(self)
        groups = [range(start, min(start + size, count)) for start in range(0, count, size)]
        if split is None:
            return groups
        wanted = set(self.indices(split))
        return [group for group in groups if group.start in wanted]

    @property
    def _renewed(self) -> int:
        return self.epoch // self._renew if self._renew else 0

    def _of_render(self, index: int) -> tuple[Any, ...]:
        """A sample that is drawn from a render which is kept."""
        assert self._renders is not None
        place, names = self._plan.place(index), self._format.style.maps
        name = f"{self._key}-{place.item.sha256[:16]}-{place.render}-{self._renewed}"
        kept = self._renders.get(name, lambda: self._make.kept(index, self._renewed, names))
        image = from_integers(kept.arrays["image"])
        lit = self._make.lit(place, self.epoch, image, kept, kept.shown)
        record = copied(kept.labels)
        record |= {"index": index, "variant": place.variant}
        record["redrawn"] += [asdict(redraw) for redraw in lit.redrawn]
        record["steps"] += [{step.name: step_values(step)} for step in lit.steps]
        sample = to_integers(lit.image, 8), record
        return (*sample, maps.decoded(copied(kept.maps))) if names else sample

    def _of_file(self, index: int) -> tuple[Any, ...]:
        """A sample as the command's file has it."""
        sample = self._make(index, self.epoch, self._renewed)
        files = self._format.files(sample)
        record = labels.decode(list(files.values())[-1])
        image = _pixels(record["image"], files[record["image"]])
        if "maps" not in record:
            return image, record
        return image, record, maps.decoded(maps.decode(files[record["maps"]]))

    def indices(self, split: str) -> list[int]:
        """Return which samples are in a split: ``train``, ``validation`` or ``test``.

        No person is in two. Nothing is made for it: ``torch.utils.data.Subset`` takes them.

        Raises
        ------
        UsageError
            If there is no such split.
        """
        if split not in SPLITS:
            raise UsageError(f"split: {split!r} is none of {', '.join(SPLITS)}")
        return [k for k in range(len(self)) if self._plan.place(k).item.split == split]

    @staticmethod
    def collate(samples: Sequence[tuple[Any, ...]]) -> tuple[Any, ...]:
        """Return samples as a batch, for the ``collate_fn`` of torch's DataLoader.

        Returns
        -------
        images : (B, H, W, 3) uint8
            Or a list, where they differ in size.
        labels : list of dict
        maps : list of dict
            Only where samples have them.
        """
        images, *others = zip(*samples, strict=True)
        alike = len({image.shape for image in images}) == 1
        return (np.stack(images) if alike else list(images), *map(list, others))

    to_albumentations = staticmethod(to_albumentations)
    from_albumentations = staticmethod(from_albumentations)

    @cached_property
    def _make(self) -> Generator:
        """Makes samples; each process has its own."""
        return self._maker()

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != "_make"}


def _key(template: Template, portraits: PortraitCache, plan: Plan, names: Sequence[str]) -> str:
    """Digest of all that a render with its labels depends on, beside its number."""
    steps = template.text.get("steps") or []
    assert isinstance(steps, list)
    inputs = template.inputs.items()
    said = {
        "facelab": facelab.__version__,
        "heads": template.text.get("heads"),
        "steps": steps[template.renders],
        "inputs": {name: [file_sha256(file) for file in files_of(one)] for name, one in inputs},
        "settings": [template.texture_size, template.blend, plan.seed, list(names)],
        "refuse": asdict(template.refuse),
        "networks": portraits.key,
        "people": [[item.sha256, item.identity, item.split] for item in plan.items],
    }
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:24]


def _check_bounds(**bounds: int | None) -> None:
    for name, value in bounds.items():
        least = 1 if name == "renew" else 0
        if value is not None and operator.index(value) < least:
            raise UsageError(f"{name}: {value} is not {least} or more")


def _check(count: int, seed: int | None) -> None:
    if operator.index(count) < 1:
        raise UsageError(f"count: {count} is not 1 or more")
    if seed is not None and not 0 <= operator.index(seed) < SEEDS:
        raise UsageError(f"seed: {seed} is not a whole number from 0 to {SEEDS - 1}")


def _path(given: StrPath | None) -> Path | None:
    return None if given is None else Path(given)


def _networks(model: FaceModel | None) -> Networks:
    if model is None:
        return Networks()
    if model.networks is None:
        raise UsageError("model: does not say what its networks are; give one of load_model")
    return model.networks


def _found(
    given: StrPath | Sequence[StrPath] | None,
    template: Template,
    seed: int,
    portraits: PortraitCache,
    model: FaceModel | None,
) -> tuple[list[Item], Skipped]:
    """The photographs that are used, if the recipe needs any, and why others are not."""
    if given is not None:
        return _usable(given, seed, portraits, model)
    if template.needs_photographs:
        raise UsageError(f"photographs: {NEEDED}; give them")
    return [], {}


def _usable(
    given: StrPath | Sequence[StrPath], seed: int, portraits: PortraitCache, model: FaceModel | None
) -> tuple[list[Item], Skipped]:
    """The photographs that have a face, which is kept, and why the others are left out."""
    if isinstance(given, str | os.PathLike):
        items, skipped, _ = find(Path(given), seed)
    else:
        items, skipped = of_files([Path(file) for file in given], seed)
    # A copy, so that the networks which it loads do not go to other processes.
    load = portraits.load if model is None else lambda: model.reconstructor
    looking = replace(portraits, load=load)
    usable = []
    for item in items:
        try:
            looking.portrait(item)
            usable.append(item)
        except (ImageError, NoFaceError) as error:
            skipped[item.file.name] = str(error).removeprefix(f"{item.file}: ")
    said = "; ".join(f"{name}: {reason}" for name, reason in skipped.items())
    if not usable:
        raise NoFaceError(f"photographs: none of {len(items)} can be used ({said})")
    if skipped:
        warnings.warn(f"photographs skipped: {said}", stacklevel=3)
    return usable, skipped


def _pixels(name: str, data: bytes) -> NDArray[np.uint8]:
    """Decode the file of an image, ``(H, W, 3)``."""
    return to_integers(decoded(name, data).pixels, 8)
