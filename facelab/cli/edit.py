"""``facelab edit``: the faces of a photograph, or of a folder of them, changed by a recipe."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from facelab.cli.options import (
    FILE,
    catalogue_options,
    faces_option,
    network_options,
    output_options,
    picture_option,
    recipe_option,
)
from facelab.cli.shell import complete_recipe, complete_step
from facelab.cli.video_options import VideoOptions, video_options

if TYPE_CHECKING:
    from facelab.recipe import Input, Recipe


def _named(
    _ctx: click.Context, param: click.Parameter, values: tuple[str, ...]
) -> tuple[tuple[str, Path], ...]:
    """``NAME=FILE`` as pairs."""
    pairs = []
    for value in values:
        name, _, file = value.partition("=")
        if not name or not file:
            raise click.BadParameter(f"{value!r} is not NAME=FILE", param=param)
        pairs.append((name, Path(file)))
    return tuple(pairs)


@click.command("edit")
@click.argument("inputs", nargs=-1, required=True, type=FILE, metavar="IMAGE_OR_FOLDER...")
@click.option(
    "-r",
    "--recipe",
    type=FILE,
    metavar="RECIPE",
    shell_complete=complete_recipe,
    help="What to do: a file, or a name of facelab recipe list.",
)
@click.option(
    "words",
    "--do",
    multiple=True,
    metavar="'EDIT KEY=VALUE ...'",
    shell_complete=complete_step("edit"),
    help="What to do, in place of a recipe; several times for several edits, in this order.",
)
@picture_option
@click.option(
    "photographs",
    "--reference",
    multiple=True,
    callback=_named,
    metavar="NAME=FILE",
    help="Photograph for an input, in place of the recipe's; several times for several "
    "photographs of one person.",
)
@click.option(
    "pictures",
    "--picture",
    multiple=True,
    callback=_named,
    metavar="NAME=FILE",
    help="Picture for an input: face paint in the atlas, or a decal.",
)
@faces_option(default=None)
@click.option("--show", is_flag=True, help="Write OUT_show.png too: before, after, difference.")
@recipe_option
@catalogue_options("edit")
@network_options
@video_options
@output_options
def edit_command(
    inputs: tuple[Path, ...],
    recipe: Path | None,
    words: tuple[str, ...],
    output: Path,
    photographs: tuple[tuple[str, Path], ...],
    pictures: tuple[tuple[str, Path], ...],
    faces: str | int | None,
    most: int | None,
    show: bool,
    save_recipe: Path | None,
    detector: str,
    backend: str,
    runtime: str,
    device: str,
    weights: Path | None,
    consent: str,
    recursive: bool,
    overwrite: bool,
    as_json: bool,
    quiet: bool,
    video: VideoOptions,
) -> int:
    """Change the faces of a photograph or a video.

    Make-up, skin, light, shape, paint, parts of other faces.

    The record beside the output, OUTPUT.json, says how it was made. An output is never an input.

    A folder goes into a folder under the same names; --recursive takes the folders below it, too.
    BMP, GIF and HEIC, which hold no mark, become PNG and JPEG. What is done already is skipped,
    nothing else that is there is replaced unless --overwrite says so, what fails is reported at the
    end, as is what was not taken, and a run that was interrupted goes on where it stopped.

    Exit codes: 0 done, 1 an error, 2 a wrong option or recipe, 3 no face found, 4 weights missing
    or damaged, 130 interrupted. Where several photographs fail in several ways it is 1.
    """
    if (recipe is None) == (not words):
        raise click.UsageError("give either -r RECIPE or --do 'EDIT KEY=VALUE ...'")
    if faces is not None and most:
        raise click.UsageError("--faces and --most both say which faces; give one")

    from facelab.cli.warm_up import warm_up

    warm_up()

    from facelab.cli.batch import Batch
    from facelab.cli.recipes import RecipeTask, carry_out
    from facelab.cli.video import are_videos, video_task
    from facelab.cli.words import from_words, named_inputs, with_faces
    from facelab.files.writing import same_file
    from facelab.reconstruct.networks import Networks

    if recipe and save_recipe and same_file(recipe, save_recipe):
        raise click.UsageError(f"--save-recipe {save_recipe}: would overwrite the recipe")
    given = named_inputs(photographs, pictures)
    wanted = _recipe(recipe, given) if recipe else from_words(words, given)
    networks = Networks(detector, backend, runtime, device, weights)
    task = RecipeTask("edit", with_faces(wanted, faces, most), networks, consent, show)
    batch = Batch(inputs, output, recursive, overwrite, as_json, quiet)
    if are_videos(inputs, video):
        task = video_task(task, video, batch)
    return carry_out(task, batch, save_recipe)


def _recipe(name: Path, given: Mapping[str, Input]) -> Recipe:
    """Read the recipe of a file or of a name; one of augment is said to be one."""
    from facelab import recipe_files
    from facelab.augment.template import is_template
    from facelab.errors import UsageError
    from facelab.recipe import read_recipe
    from facelab.recipe.document import DocumentError
    from facelab.recipe.parse import read_bytes

    try:
        return read_recipe(name, given)
    except UsageError:
        file = recipe_files.found(name, "edit")
        with suppress(DocumentError):
            if is_template(read_bytes(file)):
                raise UsageError(
                    f"{file}: is a recipe of facelab augment; use it with facelab augment -r"
                ) from None
        raise
