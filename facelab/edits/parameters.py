"""Parameters of edits: each field says its range, its choices and what it does.

The metadata of a dataclass field are at once the validation, the help text and the schema.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import MISSING, Field, field
from typing import Any

_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")


def number(default: float, low: float, high: float, text: str, unit: str = "") -> Any:  # noqa: ANN401
    """A number from `low` to `high`; integers are numbers too."""
    return field(
        default=default,
        metadata={"kind": "number", "low": low, "high": high, "help": text, "unit": unit},
    )


def whole(default: int, low: int, high: int, text: str) -> Any:  # noqa: ANN401
    """A whole number from `low` to `high`."""
    return field(
        default=default,
        metadata={"kind": "whole", "low": low, "high": high, "help": text, "unit": ""},
    )


def choice(default: str, options: tuple[str, ...], text: str) -> Any:  # noqa: ANN401
    """One of `options`."""
    return field(default=default, metadata={"kind": "choice", "options": options, "help": text})


def choices(default: tuple[str, ...], options: tuple[str, ...], text: str) -> Any:  # noqa: ANN401
    """One or more of `options`; a single one may be given bare."""
    return field(default=default, metadata={"kind": "choices", "options": options, "help": text})


def colour(default: str, text: str) -> Any:  # noqa: ANN401
    """An sRGB colour as ``#rrggbb``."""
    return field(default=default, metadata={"kind": "colour", "help": text})


def places(text: str) -> Any:  # noqa: ANN401
    """Places on the face, (u, v) in the canonical atlas, right and down in [0, 1]; or none."""
    return field(default=(), metadata={"kind": "places", "help": text})


def switch(default: bool, text: str) -> Any:  # noqa: ANN401
    """True or false."""
    return field(default=default, metadata={"kind": "switch", "help": text})


def reference(text: str) -> Any:  # noqa: ANN401
    """The name of an input; it has no default."""
    return field(metadata={"kind": "reference", "help": text})


def references(text: str) -> Any:  # noqa: ANN401
    """The names of inputs, a single one bare; or none."""
    return field(default=(), metadata={"kind": "references", "help": text})


def check(key: Field[Any], value: object) -> object:
    """The value as the edit keeps it.

    Raises
    ------
    ValueError
        If it is not allowed; it says what was given and what is allowed.
    """
    return _CHECKS[key.metadata["kind"]](key.metadata, value)


def checked(key: Field[Any], value: object) -> object:
    """Check as `check`, with an error that names the key and its allowed values."""
    check_kind(key)
    try:
        return check(key, value)
    except ValueError as error:
        raise ValueError(f"{key.name}: {error} (allowed: {allowed(key)})") from None


def check_kind(key: Field[Any]) -> None:
    """Raise ``ValueError`` unless a field was made by a function of this module."""
    if key.metadata.get("kind") not in _CHECKS:
        raise ValueError(
            f"{key.name}: is a field that says nothing of what it may hold; make it by one of "
            f"{__name__}, such as number(0.5, 0, 1, 'what it is')"
        )


def allowed(key: Field[Any]) -> str:
    """The allowed values of a field, for people."""
    about = key.metadata
    match about["kind"]:
        case "number" | "whole":
            unit = about["unit"] and " " + about["unit"]
            return f"{about['low']:.10g} to {about['high']:.10g}{unit}"
        case "choice":
            return " | ".join(about["options"])
        case "choices":
            return f"one or more of {', '.join(about['options'])}"
        case "colour":
            return "#rrggbb"
        case "places":
            return "pairs of u and v from 0 to 1"
        case "switch":
            return "true | false"
        case "references":
            return "the names of inputs"
        case _:
            return "the name of an input"


def default_of(key: Field[Any]) -> object:
    """The default of a field; None where a value must be given."""
    return None if key.default is MISSING else key.default


def _number(about: Mapping[str, Any], value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"{value!r} is not a number")
    if not about["low"] <= value <= about["high"]:  # NaN neither
        raise ValueError(f"{value} is not from {about['low']:g} to {about['high']:g}")
    return float(value)


def _whole(about: Mapping[str, Any], value: object) -> int:
    number = _number(about, value)
    if not number.is_integer():
        raise ValueError(f"{value} is not a whole number")
    return int(number)


def _choice(about: Mapping[str, Any], value: object) -> str:
    if value not in about["options"]:
        raise ValueError(f"{value!r} is none of {', '.join(about['options'])}")
    return str(value)


def _choices(about: Mapping[str, Any], value: object) -> tuple[str, ...]:
    values = value if isinstance(value, list | tuple) else [value]
    if not values:
        raise ValueError(f"an empty list; give one or more of {', '.join(about['options'])}")
    return tuple(_choice(about, one) for one in values)


def _colour(_about: Mapping[str, Any], value: object) -> str:
    if value is None:  # YAML takes # for the beginning of a comment
        raise ValueError("is empty; put a colour in quotes, '#rrggbb'")
    if not isinstance(value, str) or not _COLOUR.fullmatch(value):
        raise ValueError(f"{value!r} is not a colour as #rrggbb")
    return value.lower()


def _places(_about: Mapping[str, Any], value: object) -> tuple[tuple[float, ...], ...]:
    if not isinstance(value, list | tuple):
        raise ValueError(f"{value!r} is not a list of places")
    return tuple(_place(one) for one in value)


def _place(value: object) -> tuple[float, ...]:
    if not isinstance(value, list | tuple) or len(value) != 2:
        raise ValueError(f"{value!r} is not a pair of u and v")
    return tuple(_number({"low": 0, "high": 1}, one) for one in value)


def _switch(_about: Mapping[str, Any], value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"{value!r} is neither true nor false")
    return value


def _reference(_about: Mapping[str, Any], value: object) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError(f"{value!r} is not the name of an input")
    return value


def _references(about: Mapping[str, Any], value: object) -> tuple[str, ...]:
    values = value if isinstance(value, list | tuple) else [value]
    return tuple(_reference(about, one) for one in values)


_CHECKS = {
    "number": _number,
    "whole": _whole,
    "choice": _choice,
    "choices": _choices,
    "colour": _colour,
    "places": _places,
    "switch": _switch,
    "reference": _reference,
    "references": _references,
}
