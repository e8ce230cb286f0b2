"""``facelab atlas``: pictures of the texture layout that regions and face paint are drawn in."""

from __future__ import annotations

from pathlib import Path

import click

from facelab.cli.options import overwrite_option
from facelab.cli.report import say_notes

_OUTPUT = click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="Image to write, a PNG for instance.",
)
_SIZE = click.option(
    "--size",
    type=click.IntRange(256, 8192),
    default=1024,
    show_default=True,
    help="Side of the texture, pixels.",
)


@click.group("atlas")
def atlas_group() -> None:
    """Draw the layout of textures: its regions, or a template for face paint."""


@atlas_group.command("show")
@_OUTPUT
@_SIZE
@overwrite_option
def show_command(output: Path, size: int, overwrite: bool) -> None:
    """Draw every named region that edits know."""
    from facelab.atlas import picture
    from facelab.files.writing import check_absent
    from facelab.images import Image, write

    if not overwrite:
        check_absent(output)
    say_notes(write(output, Image(picture.regions(size))))


@atlas_group.command("template")
@_OUTPUT
@_SIZE
@overwrite_option
def template_command(output: Path, size: int, overwrite: bool) -> None:
    """Draw a template to paint on: features and mesh as lines on a transparent ground.

    Paint on a layer of its own and leave the template's out of what is saved; the edit `overlay`
    puts that on a face.
    """
    from facelab.atlas import picture
    from facelab.files.writing import check_absent
    from facelab.images import Image, write

    if not overwrite:
        check_absent(output)
    colour, alpha = picture.template(size)
    say_notes(write(output, Image(colour, alpha)))
