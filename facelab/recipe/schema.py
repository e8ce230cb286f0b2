"""The JSON Schema of recipes, for editors that check and complete while one writes."""

from __future__ import annotations

from dataclasses import Field, fields
from typing import Any

from facelab.constants import BLEND, FACES, FORMATS, ONE_FACE
from facelab.edits.edit import Step
from facelab.edits.parameters import default_of
from facelab.face.texture import LARGEST, SMALLEST
from facelab.recipe.recipe import SEEDS, VERSION
from facelab.recipe.steps import step_classes

Schema = dict[str, Any]

_PATH: Schema = {"type": "string", "minLength": 1}
_PATHS: Schema = {"anyOf": [_PATH, {"type": "array", "items": _PATH, "minItems": 1}]}
_FACE: Schema = {
    "anyOf": [
        {"enum": list(ONE_FACE)},
        {"type": "integer", "minimum": 0},
        {"type": "string", "pattern": "^[0-9]+$"},
    ]
}
_PLACE: Schema = {
    "type": "array",
    "items": {"type": "number", "minimum": 0, "maximum": 1},
    "minItems": 2,
    "maxItems": 2,
}
_NAME: Schema = {"type": "string", "minLength": 1}
_BOX: Schema = {"type": "array", "items": {"type": "number"}, "minItems": 4, "maxItems": 4}


def schema() -> Schema:
    """JSON Schema, draft 2020-12, of a recipe."""
    classes = step_classes()
    bare = [name for name, step in classes.items() if not _required(step)]
    steps = [_closed({name: _step(step)}, [name]) for name, step in classes.items()]
    properties = {
        "version": {"const": VERSION},
        "name": {"type": "string"},
        "seed": {"type": "integer", "minimum": 0, "maximum": SEEDS - 1},
        "faces": _faces(),
        "texture_size": {"type": ["integer", "null"], "minimum": SMALLEST, "maximum": LARGEST},
        "blend": {"enum": list(BLEND)},
        "mask": {"type": ["string", "null"], "minLength": 1},
        "output": _output(),
        "inputs": {"type": ["object", "null"], "additionalProperties": _input()},
        "steps": {"type": ["array", "null"], "items": {"anyOf": [{"enum": bare}, *steps]}},
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "facelab recipe",
        **_closed(properties, ["version"]),
    }


def _faces() -> Schema:
    index = {"type": "integer", "minimum": 0}
    return {
        "anyOf": [
            {"enum": list(FACES)},
            index,
            _closed({"index": index}, ["index"]),
            _closed({"most": {"type": "integer", "minimum": 1}}, ["most"]),
            _closed({"box": _BOX}, ["box"]),
        ]
    }


def _output() -> Schema:
    quality = {"type": ["integer", "null"], "minimum": 1, "maximum": 100}
    return _closed({"format": {"enum": [*FORMATS, None]}, "quality": quality}, [])


def _input() -> Schema:
    portrait = {"photograph": _PATHS, "face": _FACE, "box": _BOX}
    return {
        "anyOf": [
            _PATHS,
            _closed(portrait, ["photograph"]),
            _closed({"picture": _PATH}, ["picture"]),
            _closed({"pictures": _PATHS}, ["pictures"]),
        ]
    }


def _step(step: type[Step]) -> Schema:
    properties = {key.name: _key(key) for key in fields(step)}
    about = _closed(properties, _required(step))
    return {**about, "type": "object" if _required(step) else ["object", "null"]}


def _required(step: type[Step]) -> list[str]:
    return [key.name for key in fields(step) if key.metadata["kind"] == "reference"]


def _key(key: Field[Any]) -> Schema:
    about = {"description": key.metadata["help"]}
    default = default_of(key)
    if default is not None:
        about["default"] = list(default) if isinstance(default, tuple) else default
    return {**about, **_kind(key)}


def _kind(key: Field[Any]) -> Schema:
    about = key.metadata
    match about["kind"]:
        case "number":
            return {"type": "number", "minimum": about["low"], "maximum": about["high"]}
        case "whole":
            return {"type": "integer", "minimum": about["low"], "maximum": about["high"]}
        case "choice":
            return {"enum": list(about["options"])}
        case "choices":
            one = {"enum": list(about["options"])}
            return {"anyOf": [one, {"type": "array", "items": one, "minItems": 1}]}
        case "colour":
            return {"type": "string", "pattern": "^#[0-9a-fA-F]{6}$"}
        case "places":
            return {"type": "array", "items": _PLACE}
        case "switch":
            return {"type": "boolean"}
        case "references":
            return {"anyOf": [_NAME, {"type": "array", "items": _NAME}]}
        case _:
            return _NAME


def _closed(properties: Schema, required: list[str]) -> Schema:
    return {
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }
