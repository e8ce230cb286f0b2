"""Augmentation recipes: recipes whose values are sampled for each image."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import MISSING, Field, dataclass, field, fields
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np

from facelab import recipe_files
from facelab.augment.distributions import Distribution, Rng, parse_distribution
from facelab.augment.heads import MOST_PEOPLE, Heads, known_keys
from facelab.augment.refuse import Refuse
from facelab.augment.scene import Augmentation, Photometric
from facelab.augment.steps import AUGMENTATIONS
from facelab.edits.edit import Step
from facelab.edits.foreign import WithForeign
from facelab.edits.parameters import checked
from facelab.errors import UsageError
from facelab.recipe import Input, Output, step_classes
from facelab.recipe.document import DocumentError, Node, of_plain, parse
from facelab.recipe.parse import (
    fail,
    inputs_of,
    listing,
    mapping,
    output_of,
    read_bytes,
    step_keys,
    top_keys,
    top_value,
)
from facelab.recipe.recipe import SEEDS
from facelab.recipe.steps import unknown

OTHERS = ("other", "other2", "other3")
"""The inputs that stand for other identities of the folder, no two of them the same."""
KEYS = (
    "version", "name", "seed", "variants", "texture_size", "blend", "output", "refuse", "inputs",
    "heads",
    "steps",
)  # fmt: skip
NEEDED = "some samples are of photographs, or take from them"
"""Why a recipe cannot do without photographs, for people."""
_MOST_VARIANTS = 1000
_CHECKED = ("name", "seed", "texture_size", "blend")


@dataclass(frozen=True)
class StepTemplate:
    """A step whose values are sampled.

    Parameters
    ----------
    kind : type of Step
    distributions : mapping of str to Distribution
        For the keys that are given.
    chance : float
        How likely it is done at all, [0, 1].
    """

    kind: type[Step]
    distributions: Mapping[str, Distribution]
    chance: float = 1.0

    def sample(self, rng: Rng) -> Step | None:
        """Sample the step; None where it is left out."""
        if rng.random() >= self.chance:
            return None
        values = {key: each.sample(rng) for key, each in self.distributions.items()}
        if "seed" in self.kind.__dataclass_fields__ and "seed" not in values:
            values["seed"] = int(rng.integers(SEEDS))
        return self.kind(**values)


@dataclass(frozen=True)
class Template:
    """An augmentation recipe.

    Parameters
    ----------
    steps : sequence of StepTemplate
    inputs : mapping of str to Input
        Files that steps are made with, by name.
    name : str
        For people.
    seed : int
        Of what is random, unless another is given.
    variants : int
        How many samples one render serves: all steps up to the last that is not photometric are
        done once for them, those after it are drawn anew for each.
    texture_size : int, optional
        256 to 2048; by default as large as the face shows.
    blend : str
        How edited faces are put back, one of `facelab.constants.BLEND`.
    output : Output
        How images are written.
    refuse : Refuse
        The bounds of what a sample must show.
    heads : Heads, optional
        People who are drawn, beside photographs or instead of them.
    text : mapping
        The content of the file, for the record.
    """

    steps: Sequence[StepTemplate] = ()
    inputs: Mapping[str, Input] = field(default_factory=dict)
    name: str = ""
    seed: int = 0
    variants: int = 1
    texture_size: int | None = None
    blend: str = "alpha"
    output: Output = field(default_factory=Output)
    refuse: Refuse = field(default_factory=Refuse)
    heads: Heads | None = None
    text: Mapping[str, object] = field(default_factory=dict)

    def sample(
        self,
        seed: int,
        sha256: str,
        variant: int,
        part: slice = slice(None),
        epoch: int = 0,
        attempt: int = 0,
    ) -> list[Step]:
        """Sample the steps of one image, or part of them: they depend on these alone.

        Each step has its own stream of random numbers, so that a change of one leaves the others.
        """
        again = [epoch, attempt] if attempt else [epoch] if epoch else []
        entropy = [seed, int(sha256[:32], 16), variant, *again]
        drawn = (
            self.steps[at].sample(
                np.random.default_rng(np.random.SeedSequence(entropy, spawn_key=(at,)))
            )
            for at in range(len(self.steps))[part]
        )
        return [step for step in drawn if step is not None]

    @cached_property
    def renders(self) -> slice:
        """The steps that make a render: all up to the last that is not photometric."""
        kinds = [step.kind for step in self.steps]
        while kinds and issubclass(kinds[-1], Photometric):
            kinds.pop()
        return slice(len(kinds))

    @property
    def draws(self) -> slice:
        """The steps that are drawn anew for each sample of a render: those after it."""
        return slice(self.renders.stop, None)

    @property
    def lights(self) -> bool:
        """Whether any step is drawn anew for each sample of a render."""
        return bool(self.steps[self.draws])

    @property
    def needs_photographs(self) -> bool:
        """Whether samples cannot do without photographs."""
        return self.heads is None or self.heads.needs_photographs or self._takes_others

    @property
    def _takes_others(self) -> bool:
        """Whether a step takes another identity of the folder."""
        others = set(OTHERS)
        return any(
            distribution.may_give(lambda value: not others.isdisjoint(_listed(value)))
            for step in self.steps
            for key, distribution in step.distributions.items()
            if _is_reference(step.kind.__dataclass_fields__[key])
        )

    @property
    def needs_matte(self) -> bool:
        """Whether a step asks what is behind the person."""
        kinds = [step.kind for step in self.steps]
        return any(issubclass(kind, Augmentation) and kind.needs_matte for kind in kinds)


def template_classes() -> WithForeign:
    """Every step that an augmentation recipe may have, by name."""
    return step_classes(*AUGMENTATIONS)


def read_template(path: str | Path) -> Template:
    """The augmentation recipe in a file; its relative paths are relative to the file.

    Every recipe of `facelab edit` is one, but for the keys ``faces`` and ``mask``. `path` may be
    the name of a recipe that comes along, such as ``wide``.

    Raises
    ------
    UsageError
        ``FILE:LINE: step 2 (lipstick): colour: ...``: what is wrong, and what is allowed.
    """
    path = recipe_files.found(path, "augment")
    return parse_template(read_bytes(path), str(path), path.parent)


def parse_template(data: bytes, name: str, folder: Path) -> Template:
    """The augmentation recipe in `data`, as `read_template`; `name` is said in errors."""
    try:
        return _template(parse(data), folder)
    except DocumentError as error:
        raise UsageError(f"{name}:{error.line}: {error}") from None


def template_of(plain: object, name: str) -> Template:
    """The augmentation recipe whose `Template.text` is `plain`; its paths are taken as they are.

    Raises
    ------
    UsageError
        As `read_template`, without a line.
    """
    try:
        return _template(of_plain(plain), Path())
    except DocumentError as error:
        raise UsageError(f"{name}: {error}") from None


def is_template(data: bytes) -> bool:
    """Whether a recipe says what only augmentation knows: steps, heads, chances, ranges, bounds.

    Raises
    ------
    DocumentError
        If it is not YAML of the kind that is read.
    """
    keys = parse(data).plain
    keys = keys if isinstance(keys, dict) else {}
    if not keys.keys().isdisjoint(("refuse", "heads")):
        return True
    steps = keys.get("steps")
    others = set(OTHERS) - set(keys.get("inputs") or ())
    return any(_is_drawn(step, others) for step in (steps if isinstance(steps, list) else ()))


def _is_drawn(step: object, others: Set[str]) -> bool:
    """Whether only augmentation knows a step, its chance, a range, or the inputs `others`."""
    given = step if isinstance(step, dict) else {str(step): None}
    if not given.keys().isdisjoint(kind.name for kind in AUGMENTATIONS):
        return True
    maps = [values for values in given.values() if isinstance(values, dict)]
    return any("chance" in values for values in maps) or any(
        isinstance(value, dict) or (isinstance(value, str) and value in others)
        for values in maps
        for value in values.values()
    )


def _template(root: Node, folder: Path) -> Template:
    keys = top_keys(root, KEYS)
    values: dict[str, Any] = {key: top_value(key, keys[key]) for key in _CHECKED if key in keys}
    inputs = inputs_of(keys.get("inputs"), folder, {})
    for name in OTHERS:
        if name in inputs:
            fail(keys["inputs"], f"inputs: {name}: stands for another identity; use another name")
    if "variants" in keys:
        values["variants"] = _variants(keys["variants"])
    if "output" in keys:
        values["output"] = output_of(keys["output"])
    if "refuse" in keys:
        values["refuse"] = _refuse(keys["refuse"])
    if "heads" in keys:
        values["heads"] = _heads(keys["heads"])
    node = keys.get("steps")
    items = [] if node is None or node.value is None else listing(node, "steps")
    names = (*inputs, *OTHERS)
    steps = tuple(_step(f"step {at}", item, names) for at, item in enumerate(items, 1))
    text = root.plain
    assert isinstance(text, dict)
    return Template(steps=steps, inputs=inputs, text=text, **values)


def _refuse(node: Node) -> Refuse:
    known = {key.name: key for key in fields(Refuse)}
    values: dict[str, Any] = {}
    for name, given in mapping(node, "refuse", tuple(known)).items():
        try:
            values[name] = checked(known[name], given.plain)
        except ValueError as error:
            fail(given, f"refuse: {error}")
    return Refuse(**values)


def _variants(node: Node) -> int:
    value = node.plain
    if type(value) is not int or not 1 <= value <= _MOST_VARIANTS:
        fail(node, f"variants: {value!r} is not a whole number from 1 to {_MOST_VARIANTS}")
    return value


def _step(where: str, node: Node, inputs: Sequence[str]) -> StepTemplate:
    name, keys, given = step_keys(where, node)
    classes = template_classes()
    if name not in classes:
        fail(keys, f"{where}: {unknown('edit', name, classes)}")
    where, kind = f"{where} ({name})", classes[name]
    known = {key.name: key for key in fields(kind)}
    chance = _chance(where, given["chance"]) if "chance" in given else 1.0
    distributions = {}
    for key, value in given.items():
        if key == "chance":
            continue
        if key not in known:
            fail(value, f"{where}: {unknown('key', key, [*known, 'chance'])}")
        distributions[key] = _distribution(where, known[key], value, inputs)
    for key, about in known.items():
        if about.default is MISSING and key not in distributions:
            fail(keys, f"{where}: {key}: is missing; give {about.metadata['help']}")
    return StepTemplate(kind, distributions, chance)


def _heads(node: Node) -> Heads:
    """The people who are drawn."""
    known = known_keys()
    given = {} if node.value is None else mapping(node, "heads", ("people", "share", *known))
    counts: dict[str, Any] = {}
    if "people" in given:
        counts["people"] = _people(given["people"])
    if "share" in given:
        counts["share"] = _chance("heads", given["share"], "share")
    distributions = {
        key: _distribution("heads", known[key], value, ())
        for key, value in given.items()
        if key in known
    }
    return Heads(**counts, distributions=distributions)


def _people(node: Node) -> int:
    value = node.plain
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MOST_PEOPLE:
        fail(node, f"heads: people: {value!r} is not a whole number from 1 to {MOST_PEOPLE}")
    return value


def _chance(where: str, node: Node, key: str = "chance") -> float:
    value = node.plain
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        fail(node, f"{where}: {key}: {value!r} is not a number from 0 to 1")
    return float(value)


def _distribution(where: str, key: Field[Any], node: Node, inputs: Sequence[str]) -> Distribution:
    """The distribution of a key, every value of which is allowed."""
    try:
        distribution = parse_distribution(node.plain, key.metadata)
    except ValueError as error:
        fail(node, f"{where}: {key.name}: {error}")
    try:
        distribution.check(partial(checked, key))
        if _is_reference(key):
            distribution.check(partial(_check_input, key.name, inputs))
    except ValueError as error:
        prefix = "" if str(error).startswith(f"{key.name}:") else f"{key.name}: "
        fail(node, f"{where}: {prefix}{error}")
    return distribution


def _is_reference(key: Field[Any]) -> bool:
    """Whether a key names inputs."""
    return key.metadata["kind"] in ("reference", "references")


def _check_input(key: str, inputs: Sequence[str], value: object) -> None:
    for name in _listed(value):
        if name not in inputs:
            raise ValueError(f"{key}: no input is called {name!r} (inputs: {', '.join(inputs)})")


def _listed(names: object) -> list[str]:
    """One name or several, as a list."""
    return [names] if isinstance(names, str) else list(names)  # type: ignore[call-overload]
