"""A validator of JSON schemas, of the keywords that facelab's use."""

from __future__ import annotations

import re

import numpy as np


def valid(value, about):
    """Whether a JSON value fits a schema, of the keywords that `schema` uses."""
    checks = {
        "const": lambda want: value == want,
        "enum": lambda want: value in want,
        "anyOf": lambda want: any(valid(value, one) for one in want),
        "type": lambda want: any(of_type(value, one) for one in np.atleast_1d(want)),
        "minimum": lambda want: not of_type(value, "number") or value >= want,
        "maximum": lambda want: not of_type(value, "number") or value <= want,
        "minLength": lambda want: not isinstance(value, str) or len(value) >= want,
        "pattern": lambda want: not isinstance(value, str) or bool(re.search(want, value)),
        "minItems": lambda want: not isinstance(value, list) or len(value) >= want,
        "maxItems": lambda want: not isinstance(value, list) or len(value) <= want,
        "items": lambda want: not isinstance(value, list) or all(valid(v, want) for v in value),
        "required": lambda want: not isinstance(value, dict) or set(want) <= set(value),
        "properties": lambda want: not isinstance(value, dict)
        or all(valid(value[key], want[key]) for key in want if key in value),
        "additionalProperties": lambda want: not isinstance(value, dict)
        or all(want and valid(value[key], want) for key in value.keys() - about["properties"]),
    }  # fmt: skip
    about = {"properties": {}, **about}
    described = {"$schema", "title", "description", "default"}
    return all(checks[word](want) for word, want in about.items() if word not in described)


def of_type(value, name):
    if isinstance(value, bool):
        return name == "boolean"
    kinds = {"object": dict, "array": list, "string": str, "number": (int, float),
             "integer": int, "null": type(None)}  # fmt: skip
    return isinstance(value, kinds.get(name, ()))
