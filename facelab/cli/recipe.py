"""``facelab recipe``: whether a recipe is right, what it says in full, and its schema."""

from __future__ import annotations

import json
from pathlib import Path

import click

from facelab.cli.options import FILE


@click.group("recipe")
def recipe_group() -> None:
    """Check recipes, show them in full, and print their JSON Schema."""


@recipe_group.command("check")
@click.argument("file", type=FILE)
@click.option(
    "--for",
    "command",
    type=click.Choice(["edit", "augment"]),
    default="edit",
    show_default=True,
    help="The command that it is for: facelab augment also takes ranges.",
)
def check_command(file: Path, command: str) -> int:
    """Say whether FILE is a recipe that can run; if not, where and why."""
    from facelab.augment.template import read_template
    from facelab.recipe import read_recipe

    recipe = read_recipe(file) if command == "edit" else read_template(file)
    click.echo(f"{file}: ok, {len(recipe.steps)} step(s), {len(recipe.inputs)} input(s)")
    return 0


@recipe_group.command("show")
@click.argument("file", type=FILE)
def show_command(file: Path) -> int:
    """Print FILE as it will run, with every default filled in; a recipe again."""
    from facelab.recipe import read_recipe, to_yaml

    click.echo(to_yaml(read_recipe(file), file.parent), nl=False)
    return 0


@recipe_group.command("schema")
def schema_command() -> int:
    """Print the JSON Schema of recipes, for editors."""
    from facelab.recipe import schema

    click.echo(json.dumps(schema(), indent=2))
    return 0
