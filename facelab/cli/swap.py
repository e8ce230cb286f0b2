"""``facelab swap``: one person's face into a photograph, or into a folder of them."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import click

from facelab.cli.options import (
    BLEND,
    BOX,
    FILE,
    Corners,
    corners,
    network_options,
    output_options,
    recipe_option,
)


def _parts(_ctx: click.Context, _param: click.Parameter, value: str) -> tuple[str, ...]:
    """``mouth,eyes`` as a tuple; ``none`` as an empty one."""
    return () if value == "none" else tuple(part.strip() for part in value.split(","))


@click.command("swap")
@click.option(
    "sources",
    "-s",
    "--source",
    type=FILE,
    required=True,
    multiple=True,
    metavar="FILE",
    help="Photograph of the person whose face is used; several times for several photographs.",
)
@click.option(
    "-t",
    "--target",
    type=FILE,
    required=True,
    metavar="FILE_OR_FOLDER",
    help="Photograph to change, or a folder of them.",
)
@click.option(
    "-o",
    "--output",
    type=FILE,
    required=True,
    metavar="FILE_OR_FOLDER",
    help="File to write, its suffix tells the format; one that exists is replaced. Or a folder.",
)
@click.option(
    "--blend",
    type=click.Choice(BLEND),
    default="poisson",
    show_default=True,
    help="How the face is blended in: gradients of the source, the stronger of both, or opacity.",
)
@click.option(
    "--tone",
    type=float,
    default=1.0,
    show_default=True,
    metavar="0..1",
    help="How far tone and shading are those of the target.",
)
@click.option(
    "--keep",
    callback=_parts,
    default="mouth",
    show_default=True,
    metavar="mouth,eyes|none",
    help="What stays the target's: the inside of the mouth, the eyeballs.",
)
@click.option(
    "--source-face",
    default="largest",
    show_default=True,
    metavar="largest|left|right|INDEX",
    help="Which face of the sources; indices count from 0, the largest.",
)
@click.option(
    "--target-face",
    default="largest",
    show_default=True,
    metavar="largest|left|right|all|INDEX",
    help="Which face of the target, counted as those of the sources.",
)
@click.option(
    "--source-box",
    callback=corners,
    metavar=BOX,
    help="Where the source's face is; skips detection.",
)
@click.option(
    "--target-box",
    callback=corners,
    metavar=BOX,
    help="Where the target's face is; skips detection.",
)
@click.option(
    "--mask",
    type=FILE,
    metavar="FILE",
    help="Grey image of the target's size, white where it may change; replaces the occlusion mask.",
)
@click.option(
    "--no-occlusion",
    is_flag=True,
    help="Paint over hair and the like in front of the target's face.",
)
@click.option(
    "--texture-size",
    type=int,
    metavar="256..2048",
    help="Side of the texture; by default the target face's size decides.",
)
@network_options
@recipe_option
@output_options
def swap_command(
    sources: tuple[Path, ...],
    target: Path,
    output: Path,
    blend: str,
    tone: float,
    keep: tuple[str, ...],
    source_face: str,
    target_face: str,
    source_box: Corners | None,
    target_box: Corners | None,
    mask: Path | None,
    no_occlusion: bool,
    texture_size: int | None,
    detector: str,
    backend: str,
    runtime: str,
    device: str,
    weights: Path | None,
    save_recipe: Path | None,
    consent: str,
    recursive: bool,
    overwrite: bool,
    as_json: bool,
    quiet: bool,
) -> int:
    """Put the face of the sources into the target.

    Several sources are photographs of one person: what one does not show, another may. The target
    keeps its pose, its expression and its light.

    The record beside the output, OUTPUT.json, says how it was made. An output is never an input.

    A folder goes into a folder under the same names; --recursive takes the folders below it, too.
    BMP, GIF and HEIC, which hold no mark, become PNG and JPEG. What is done already is skipped,
    what fails is reported at the end, as is what was not taken, and a run that was interrupted goes
    on where it stopped.

    Exit codes: 0 done, 1 an error, 2 a wrong option, 3 no face found, 4 weights missing or damaged,
    130 interrupted. Where several photographs fail in several ways it is 1.
    """
    if source_box and len(sources) > 1:
        raise click.UsageError("--source-box goes with one --source")

    from facelab.cli import asked
    from facelab.cli.batch import carry_out
    from facelab.cli.job import SwapRequest, perform, prepare
    from facelab.cli.networks import Networks
    from facelab.recipe import Photographs
    from facelab.recipe.swapping import SwapSettings
    from facelab.types import Box

    settings = SwapSettings(
        blend=blend,
        tone=tone,
        keep=keep,
        target_face=target_face,
        target_box=Box(*target_box) if target_box else None,
        occlusion=not no_occlusion,
        texture_size=texture_size,
    )
    networks = Networks(detector, backend, runtime, device, weights)
    person = Photographs(sources, source_face, Box(*source_box) if source_box else None)
    request = SwapRequest(networks, consent, person, settings, mask)
    recipe = asked.of_swap(settings, person, mask) if save_recipe else None
    code = carry_out(
        target,
        output,
        request,
        lambda: partial(perform, studio=prepare(request)),
        ("swapping", "swapped"),
        recursive=recursive,
        overwrite=overwrite,
        as_json=as_json,
        quiet=quiet,
    )
    if save_recipe and recipe and code == 0:
        asked.save_recipe(recipe, save_recipe)
    return code
