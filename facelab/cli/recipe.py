"""``facelab recipe``: which recipes there are, whether one is right, what it says, the schema."""

from __future__ import annotations

import json
from pathlib import Path

import click

from facelab import recipe_files
from facelab.cli.options import FILE
from facelab.cli.shell import complete_recipe


@click.group("recipe")
def recipe_group() -> None:
    """List the recipes that come along, check recipes, show them, and print their JSON Schema."""


@recipe_group.command("list")
def list_command() -> int:
    """Name the recipes that come along, which -r NAME takes."""
    for command in recipe_files.COMMANDS:
        files = recipe_files.shipped(command)
        click.echo(f"facelab {command} -r NAME")
        width = max(map(len, files), default=0)
        for name, file in files.items():
            said = recipe_files.summary(file.read_text(encoding="utf-8"))
            click.echo(f"  {name:{width}}  {said}")
    return 0


_FOR = click.option(
    "--for",
    "command",
    type=click.Choice(list(recipe_files.COMMANDS)),
    help="The command that it is for; by default what it says tells.",
)
_FILE = click.argument("file", type=FILE, metavar="FILE_OR_NAME", shell_complete=complete_recipe)


@recipe_group.command("check")
@_FILE
@_FOR
def check_command(file: Path, command: str | None) -> int:
    """Say whether a recipe can run, and by which command; if not, where and why."""
    from facelab.augment.template import read_template
    from facelab.recipe import read_recipe

    command = command or _command_of(file)
    recipe = read_recipe(file) if command == "edit" else read_template(file)
    counts = f"{len(recipe.steps)} step(s), {len(recipe.inputs)} input(s)"
    click.echo(f"{file}: ok, {counts}, for facelab {command}")
    return 0


@recipe_group.command("show")
@_FILE
@_FOR
def show_command(file: Path, command: str | None) -> int:
    """Print a recipe as it will run, with every default filled in; a recipe again.

    Of a recipe with ranges, which facelab augment takes, print what it says.
    """
    from facelab.augment.template import read_template
    from facelab.recipe import read_recipe, to_yaml
    from facelab.recipe.parse import read_bytes

    path = recipe_files.found(file, "augment")
    if (command or _command_of(file)) == "augment":
        read_template(path)
        click.echo(read_bytes(path).decode("utf-8-sig"), nl=False)
        return 0
    # Where the recipe lies, its paths mean what they meant; one that comes along is shown for here.
    folder = file.parent if path == file else Path()
    click.echo(to_yaml(read_recipe(path), folder), nl=False)
    return 0


def _command_of(file: Path) -> str:
    """The command whose recipes say what a file says."""
    from facelab.augment.template import is_template
    from facelab.errors import UsageError
    from facelab.recipe.document import DocumentError
    from facelab.recipe.parse import read_bytes

    path = recipe_files.found(file, "augment")
    try:
        return "augment" if is_template(read_bytes(path)) else "edit"
    except DocumentError as error:
        raise UsageError(f"{path}:{error.line}: {error}") from None


@recipe_group.command("schema")
def schema_command() -> int:
    """Print the JSON Schema of recipes, for editors."""
    from facelab.recipe.schema import schema

    click.echo(json.dumps(schema(), indent=2))
    return 0
