"""From a YAML file to a recipe; every error says the file, the line, the step and the key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

from facelab import files, recipe_files
from facelab.constants import ONE_FACE
from facelab.edits import Edit
from facelab.errors import UsageError
from facelab.images import find_photographs
from facelab.recipe.document import LARGEST, DocumentError, Node, of_plain, parse
from facelab.recipe.recipe import (
    CHECKS,
    VERSION,
    Input,
    MostFaces,
    Output,
    Photographs,
    PictureFile,
    PictureFiles,
    Recipe,
    Swap,
    check_needs,
)
from facelab.recipe.steps import StepError, make_step, unknown
from facelab.types import Box

KEYS = ("version", *CHECKS, "mask", "output", "inputs", "steps")
INPUT_KEYS = ("photograph", "face", "box", "picture", "pictures")


def read_recipe(path: str | Path, given: Mapping[str, Input] | None = None) -> Recipe:
    """The recipe in a file; its relative paths are relative to the file.

    Parameters
    ----------
    path : path
        Or the name of a recipe that comes along, such as ``make-up-natural``.
    given : mapping of str to Input, optional
        Inputs that take the place of the file's own, or are added to them.

    Raises
    ------
    UsageError
        ``FILE:LINE: step 2 (lipstick): colour: ...``: what is wrong, and what is allowed.

    Examples
    --------
    >>> facelab.read_recipe("make-up-natural")
    <Recipe natural make-up: foundation, blush, lipstick, eyeliner>
    """
    path = recipe_files.found(path, "edit")
    return parse_recipe(read_bytes(path), str(path), path.parent, given)


def read_bytes(path: Path) -> bytes:
    """Read the bytes of a recipe's file.

    Raises
    ------
    UsageError
        If it cannot be read.
    """
    try:
        return files.read_bytes(path, LARGEST)
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({files.why(error)}); give a recipe") from None


def parse_recipe(
    data: bytes, name: str, folder: Path, given: Mapping[str, Input] | None = None
) -> Recipe:
    """The recipe in `data`, as `read_recipe`; `name` is said in errors."""
    try:
        return _recipe(parse(data), folder, given or {})
    except DocumentError as error:
        raise UsageError(f"{name}:{error.line}: {error}") from None


def recipe_of(plain: object, name: str) -> Recipe:
    """The recipe that `facelab.recipe.describe` gave; its paths are taken as they are.

    Raises
    ------
    UsageError
        ``NAME: step 2 (lipstick): colour: ...``.
    """
    try:
        return _recipe(of_plain(plain), Path(), {})
    except DocumentError as error:
        raise UsageError(f"{name}: {error}") from None


def _recipe(root: Node, folder: Path, given: Mapping[str, Input]) -> Recipe:
    keys = top_keys(root, KEYS)
    values = {key: top_value(key, node) for key, node in keys.items() if key in CHECKS}
    if "mask" in keys and keys["mask"].value is not None:
        values["mask"] = _file("mask", keys["mask"], folder)
    if "output" in keys:
        values["output"] = output_of(keys["output"])
    inputs = {**inputs_of(keys.get("inputs"), folder, given), **given}
    seed = values.get("seed", 0)
    assert isinstance(seed, int)
    steps = _steps(keys.get("steps"), inputs, seed)
    return Recipe(steps=steps, inputs=inputs, **values)  # type: ignore[arg-type]  # checked above


def top_keys(root: Node, known: tuple[str, ...]) -> dict[str, Node]:
    """The top-level keys of a recipe of the version that is read here."""
    keys = mapping(root, "a recipe", known)
    version = keys.get("version")
    if version is None:
        raise DocumentError(root.line, f"version: is missing; write version: {VERSION}")
    if version.plain != VERSION or isinstance(version.plain, bool):
        fail(version, f"version: {version.plain!r} is not one that is read here ({VERSION})")
    return keys


def top_value(key: str, node: Node) -> object:
    """The value of a top-level key of `CHECKS`, checked."""
    value = _faces(node) if key == "faces" else node.plain
    try:
        CHECKS[key](value)
    except ValueError as error:
        fail(node, f"{key}: {error}")
    return value


def _faces(node: Node) -> object:
    """Words as they are; a number is an index; a map says index, most or box."""
    if not isinstance(node.value, dict):
        number = str(node.value)
        indexes = not isinstance(node.value, bool) and number.isdecimal()
        return int(number) if indexes else node.plain
    keys = mapping(node, "faces", ("index", "most", "box"))
    if len(keys) != 1:
        fail(node, "faces: give one of index, most and box")
    if "box" in keys:
        return _box("faces", keys["box"])
    if "most" in keys:
        return MostFaces(_number(keys["most"], "faces: most", 1))
    return _number(keys["index"], "faces: index", 0)


def _number(node: Node, where: str, least: int) -> int:
    if type(node.value) is not int or node.value < least:
        fail(node, f"{where}: {node.plain!r} is not a whole number from {least}")
    return node.value


def output_of(node: Node) -> Output:
    """The settings of the pictures that are written."""
    keys, output = mapping(node, "output", ("format", "quality")), Output()
    for key, value in keys.items():
        try:
            output = replace(output, **{key: value.plain})  # type: ignore[arg-type]  # it checks
        except UsageError as error:
            fail(value, f"output: {error}")
    return output


def inputs_of(node: Node | None, folder: Path, given: Mapping[str, Input]) -> dict[str, Input]:
    """The inputs of a recipe in `folder`, less those that are given."""
    if node is None or node.value is None:
        return {}
    entries = mapping(node, "inputs")
    return {
        name: _input(f"inputs: {name}", value, folder)
        for name, value in entries.items()
        if name not in given
    }


def _input(where: str, node: Node, folder: Path) -> Input:
    if not isinstance(node.value, dict):
        return Photographs(_files(where, node, folder))
    keys = mapping(node, where, INPUT_KEYS)
    if "picture" in keys:
        if len(keys) > 1:
            fail(node, f"{where}: a picture has no other keys")
        option = "--picture NAME=FILE"
        return PictureFile(_file(f"{where}: picture", keys["picture"], folder, option))
    if "pictures" in keys:
        if len(keys) > 1:
            fail(node, f"{where}: pictures have no other keys")
        return PictureFiles(_pictures(f"{where}: pictures", keys["pictures"], folder))
    if "photograph" not in keys:
        fail(node, f"{where}: give photograph, picture or pictures")
    files = _files(f"{where}: photograph", keys["photograph"], folder)
    face = str(keys["face"].plain) if "face" in keys else "largest"
    if face not in ONE_FACE and not face.isdecimal():
        fail(keys["face"], f"{where}: face: {face!r} is not largest, left, right or an index")
    box = _box(where, keys["box"]) if "box" in keys else None
    if box and (len(files) > 1 or "face" in keys):
        fail(keys["box"], f"{where}: box: goes with one photograph and no face")
    return Photographs(files, face, box)


def _pictures(where: str, node: Node, folder: Path) -> tuple[Path, ...]:
    """The pictures of a list, or in a folder and those below it."""
    if isinstance(node.value, list):
        return _files(where, node, folder)
    if not isinstance(node.value, str) or not node.value:
        fail(node, f"{where}: {node.plain!r} is not the path of a folder")
    try:
        found = find_photographs(folder / node.value, recursive=True).photographs
    except UsageError as error:
        fail(node, f"{where}: {error}")
    return tuple(found)


def _files(where: str, node: Node, folder: Path) -> tuple[Path, ...]:
    items = node.value if isinstance(node.value, list) else [node]
    if not items:
        fail(node, f"{where}: no file is given")
    return tuple(_file(where, item, folder, "--reference NAME=FILE") for item in items)


def _file(where: str, node: Node, folder: Path, option: str = "") -> Path:
    if not isinstance(node.value, str) or not node.value:
        fail(node, f"{where}: {node.plain!r} is not the path of a file")
    file = folder / node.value
    try:
        there = file.is_file()
    except (OSError, ValueError):  # too long a name, or a zero in it
        there = False
    if not there:
        remedy = f"; correct it, or give {option} to facelab edit" if option else ""
        fail(node, f"{where}: {file}: no such file{remedy}")
    return file


def _box(where: str, node: Node) -> Box:
    try:
        x0, y0, x1, y1 = (float(str(item.plain)) for item in listing(node, where))
        return Box(x0, y0, x1, y1)
    except ValueError:
        fail(node, f"{where}: box: {node.plain!r} is not [x0, y0, x1, y1]")


def _steps(node: Node | None, inputs: Mapping[str, Input], seed: int) -> tuple[Edit | Swap, ...]:
    if node is None or node.value is None:
        return ()
    items = enumerate(listing(node, "steps"), 1)
    return tuple(_step(f"step {index}", item, inputs, seed) for index, item in items)


def step_keys(where: str, node: Node) -> tuple[str, Node, dict[str, Node]]:
    """A step's name, and its keys, if it has any, whole and one by one."""
    if isinstance(node.value, str):
        name, keys = node.value, Node({}, node.line)
    else:
        entries = mapping(node, where)
        if len(entries) != 1:
            fail(node, f"{where}: give one edit and its keys, as - lipstick: {{strength: 0.5}}")
        ((name, keys),) = entries.items()
    given = {} if keys.value is None else mapping(keys, f"{where} ({name})")
    return name, keys, given


def _step(where: str, node: Node, inputs: Mapping[str, Input], seed: int) -> Edit | Swap:
    name, keys, given = step_keys(where, node)
    try:
        step = make_step(name, {key: value.plain for key, value in given.items()}, seed)
        check_needs(step, inputs)
    except StepError as error:
        place = given.get(error.key or "", keys)
        fail(place, f"{where}: {error}" if error.key is None else f"{where} ({name}): {error}")
    except ValueError as error:
        fail(keys, f"{where} ({name}): {error}")
    return step


def mapping(node: Node, where: str, known: tuple[str, ...] | None = None) -> dict[str, Node]:
    """The entries of a map; only of the keys that are known, if these are told."""
    if not isinstance(node.value, dict):
        fail(node, f"{where}: {node.plain!r} is not a map of keys and values")
    for key, value in node.value.items():
        if known is not None and key not in known:
            fail(value, f"{where}: {unknown('key', key, known)}")
    return node.value


def listing(node: Node, where: str) -> list[Node]:
    """The entries of a list."""
    if not isinstance(node.value, list):
        fail(node, f"{where}: {node.plain!r} is not a list")
    return node.value


def fail(node: Node, message: str) -> NoReturn:
    """Raise the error that says a message and the line of a node."""
    raise DocumentError(node.line, message)
