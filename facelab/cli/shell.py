"""Completion in shells: names of recipes and of edits."""

from __future__ import annotations

from collections.abc import Callable

import click
from click.shell_completion import CompletionItem

from facelab import recipe_files

Completer = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]


def complete_recipe(
    ctx: click.Context, _param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """The recipes that come along, and files."""
    commands = ("edit",) if ctx.info_name == "edit" else tuple(recipe_files.COMMANDS)
    names = {name for command in commands for name in recipe_files.shipped(command)}
    fitting = [CompletionItem(name) for name in sorted(names) if name.startswith(incomplete)]
    return [CompletionItem(incomplete, type="file"), *fitting]


def complete_step(command: str) -> Completer:
    """Return a completion of the names of steps in a command's recipes."""

    def complete(
        _ctx: click.Context, _param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        from facelab.cli.keys import steps_of

        return [CompletionItem(name) for name in steps_of(command) if name.startswith(incomplete)]

    return complete
