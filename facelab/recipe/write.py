"""From a recipe to YAML."""

from __future__ import annotations

import os
from pathlib import Path

import yaml

from facelab.recipe.document import scalar
from facelab.recipe.plain import describe
from facelab.recipe.recipe import Recipe


class _Dumper(yaml.SafeDumper):
    """PyYAML's, but Unicode's line breaks are escaped: it would read them back as spaces.

    And what is a number in YAML 1.2, but not in PyYAML's 1.1, is quoted: a name such as 0E0.
    """


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = None if isinstance(scalar(text), str) else "'"
    style = '"' if any(mark in text for mark in "\x85\u2028\u2029") else style
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)


def to_yaml(recipe: Recipe, folder: Path) -> str:
    """The recipe as a file in `folder` says it, all defaults filled in."""
    plain = describe(recipe, lambda file: Path(os.path.relpath(file, folder)).as_posix())
    text: str = yaml.dump(plain, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=96)
    return text
