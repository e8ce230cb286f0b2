"""YAML read safely into values that know their lines.

Maps, lists and scalars only: no anchors, aliases, tags or duplicate keys, and bounds on size and
depth, so that a file of a stranger can neither run nor blow up. Plain scalars are those of the
core schema of YAML 1.2 (``no`` is text), without infinities and NaN.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import isfinite
from typing import TypeGuard

import yaml

LARGEST = 256_000  # bytes
DEEPEST = 16  # maps and lists inside each other

_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_INTEGER = re.compile(r"[-+]?[0-9]{1,18}")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")
_BARE_COLOUR = re.compile(r"[^#]*?(?:([\w-]+):|[\[,])\s*(#[0-9a-fA-F]{6})\b")

Scalar = str | int | float | bool | None


class DocumentError(ValueError):
    """An error in a document, and its line, counted from 1."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


@dataclass(frozen=True, slots=True)
class Node:
    """A value and the line it begins on; the value of a key is on the key's line.

    `value` is a scalar, a list of nodes or a dict from str to nodes.
    """

    value: Scalar | list[Node] | dict[str, Node]
    line: int

    @property
    def plain(self) -> object:
        """The value without lines."""
        if isinstance(self.value, dict):
            return {key: node.plain for key, node in self.value.items()}
        if isinstance(self.value, list):
            return [node.plain for node in self.value]
        return self.value


def of_plain(value: object, depth: int = 0) -> Node:
    """The node, on line 1, whose `Node.plain` is `value`: what JSON gives of a document.

    Raises
    ------
    DocumentError
        If it is not made of maps, lists and finite scalars, or nested too deeply.
    """
    if depth > DEEPEST:
        raise DocumentError(1, f"nested deeper than {DEEPEST}")
    if isinstance(value, dict):
        return Node({str(key): of_plain(one, depth + 1) for key, one in value.items()}, 1)
    if isinstance(value, list):
        return Node([of_plain(one, depth + 1) for one in value], 1)
    if value is None or isinstance(value, str) or _is_number(value):
        return Node(value, 1)
    raise DocumentError(1, f"{value!r} is neither text nor a number of at most 18 digits")


def _is_number(value: object) -> TypeGuard[float]:
    """Whether it is a number that a document can hold."""
    return (isinstance(value, float) and isfinite(value)) or (
        isinstance(value, int) and abs(value) < 10**18
    )


def parse(data: bytes) -> Node:
    """The one document in `data`, UTF-8.

    Raises
    ------
    DocumentError
        If it is not YAML of the kind that is read here.
    """
    if len(data) > LARGEST:
        raise DocumentError(1, f"{len(data)} bytes are more than the limit of {LARGEST}")
    text = _decoded(data)
    try:
        events = yaml.parse(text, Loader=yaml.SafeLoader)
        return _document(events)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        _check_colours(text.splitlines()[:line])
        problem = " ".join(filter(None, (error.context, error.problem)))
        raise DocumentError(line, f"not YAML: {problem}") from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise DocumentError(line, "not YAML: a control character") from None


def scalar(text: str) -> Scalar:
    """The value of a plain scalar."""
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text) and isfinite(value := float(text)):
        return value
    return text


def _check_colours(lines: Sequence[str]) -> None:
    """Raise the error of a colour without quotes in what could not be read.

    ``{colour: #ff0000}`` does not end: its brace is part of a comment.
    """
    for index, line in enumerate(lines, 1):
        if found := _BARE_COLOUR.match(_QUOTED.sub("''", line)):
            key, colour = found.groups()
            where = f"{key}: " if key else ""
            raise DocumentError(index, f"{where}is empty; put a colour in quotes, '{colour}'")


def _decoded(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DocumentError(data.count(b"\n", 0, error.start) + 1, "not UTF-8 text") from None


def _document(events: Iterator[yaml.Event]) -> Node:
    for event in events:
        if isinstance(event, yaml.DocumentStartEvent):
            break
    else:
        raise DocumentError(1, "is empty")
    node = _node(events, next(events), 0)
    next(events)  # the document's end
    event = next(events)
    if isinstance(event, yaml.DocumentStartEvent):
        raise DocumentError(_line(event), "a second document; give one")
    return node


def _node(events: Iterator[yaml.Event], event: yaml.Event, depth: int) -> Node:
    """The node that begins with `event`; takes the rest of its events."""
    line = _line(event)
    if depth > DEEPEST:
        raise DocumentError(line, f"nested deeper than {DEEPEST}")
    if getattr(event, "anchor", None):  # an alias has one too
        raise DocumentError(line, "anchors and aliases (& and *) are not read; write it out")
    if getattr(event, "tag", None):
        raise DocumentError(line, "tags (!) are not read; leave them out")
    if isinstance(event, yaml.ScalarEvent):
        return Node(scalar(event.value) if event.style is None else event.value, line)
    if isinstance(event, yaml.SequenceStartEvent):
        return Node(list(_items(events, depth)), line)
    return Node(_entries(events, depth), line)


def _items(events: Iterator[yaml.Event], depth: int) -> Iterator[Node]:
    while not isinstance(event := next(events), yaml.SequenceEndEvent):
        yield _node(events, event, depth + 1)


def _entries(events: Iterator[yaml.Event], depth: int) -> dict[str, Node]:
    found: dict[str, Node] = {}
    while not isinstance(event := next(events), yaml.MappingEndEvent):
        line = _line(event)
        if not isinstance(event, yaml.ScalarEvent):
            raise DocumentError(line, "a key must be a word")
        key = event.value
        if key in found:
            raise DocumentError(line, f"{key}: is there twice; leave one out")
        found[key] = replace(_node(events, next(events), depth + 1), line=line)
    return found


def _line(event: yaml.Event) -> int:
    assert event.start_mark is not None
    return event.start_mark.line + 1
