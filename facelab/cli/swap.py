"""``facelab swap``: one person's face into a photograph, or into a folder of them."""

from __future__ import annotations

from pathlib import Path

import click

from facelab.cli.options import (
    BOX,
    FILE,
    Corners,
    corners,
    face_of,
    network_options,
    output_options,
    picture_option,
    recipe_option,
)
from facelab.cli.video_options import VideoOptions, video_options
from facelab.constants import BLEND, OWNERS


def _parts(_ctx: click.Context, _param: click.Parameter, value: str) -> tuple[str, ...]:
    """``mouth,eyes`` as a tuple."""
    return tuple(part.strip() for part in value.split(","))


@click.command("swap")
@click.option(
    "sources",
    "-s",
    "--source",
    type=FILE,
    required=True,
    multiple=True,
    metavar="FILE_OR_FOLDER",
    help="Photograph of the person whose face is used, or a folder of them; several times for "
    "several photographs.",
)
@click.option(
    "targets",
    "-t",
    "--target",
    type=FILE,
    required=True,
    multiple=True,
    metavar="FILE_OR_FOLDER",
    help="Photograph to change, or a folder of them; several times for several.",
)
@picture_option
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
    "--shape",
    type=float,
    default=1.0,
    show_default=True,
    metavar="0..1",
    help="How far the face takes on the source's shape; pose and expression stay the target's.",
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
    callback=face_of("largest", "left", "right"),
    default="largest",
    show_default=True,
    metavar="largest|left|right|INDEX",
    help="Which face of the sources; indices count from 0, the largest.",
)
@click.option(
    "--target-face",
    callback=face_of("largest", "left", "right", "all"),
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
    "--beard",
    type=click.Choice(OWNERS),
    default="target",
    show_default=True,
    help="Whose beard is shown; the other's is left out.",
)
@click.option(
    "--glasses",
    type=click.Choice(OWNERS),
    default="target",
    show_default=True,
    help="Whose glasses are shown; the other's are left out.",
)
@click.option(
    "--texture-size",
    type=int,
    metavar="256..2048",
    help="Side of the texture; by default the target face's size decides.",
)
@network_options
@recipe_option
@video_options
@output_options
def swap_command(
    sources: tuple[Path, ...],
    targets: tuple[Path, ...],
    output: Path,
    blend: str,
    tone: float,
    shape: float,
    keep: tuple[str, ...],
    source_face: str | int,
    target_face: str | int,
    source_box: Corners | None,
    target_box: Corners | None,
    mask: Path | None,
    no_occlusion: bool,
    beard: str,
    glasses: str,
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
    video: VideoOptions,
) -> int:
    """Put the face of the sources into the target, a photograph or a video.

    Several sources are photographs of one person: what one does not show, another may. The target
    keeps its pose, its expression and its light.

    The record beside the output, OUTPUT.json, says how it was made. An output is never an input.

    A folder goes into a folder under the same names; --recursive takes the folders below it, too.
    BMP, GIF and HEIC, which hold no mark, become PNG and JPEG. What is done already is skipped,
    nothing else that is there is replaced unless --overwrite says so, what fails is reported at the
    end, as is what was not taken, and a run that was interrupted goes on where it stopped.

    Exit codes: 0 done, 1 an error, 2 a wrong option, 3 no face found, 4 weights missing or damaged,
    130 interrupted. Where several photographs fail in several ways it is 1.
    """
    if target_box and target_face != "largest":
        raise click.UsageError("--target-box already says which face; leave --target-face out")
    if source_box and source_face != "largest":
        raise click.UsageError("--source-box already says which face; leave --source-face out")

    from facelab.cli.warm_up import warm_up

    warm_up()

    from facelab.cli.batch import Batch, photographs_in
    from facelab.cli.recipes import RecipeTask, carry_out
    from facelab.cli.video import are_videos, video_task
    from facelab.recipe import Photographs, Recipe, Swap
    from facelab.recipe.recipe import SOURCE
    from facelab.reconstruct.networks import Networks
    from facelab.types import Box

    files = tuple(file for source in sources for file in photographs_in(source))
    if source_box and len(files) > 1:
        raise click.UsageError("--source-box goes with one --source")
    person = Photographs(files, str(source_face), Box(*source_box) if source_box else None)
    step = Swap(
        source=SOURCE,
        tone=tone,
        shape=shape,
        keep=keep,
        blend=blend,
        occlusion=not no_occlusion,
        beard=beard,
        glasses=glasses,
    )
    recipe = Recipe(
        [step],
        inputs={SOURCE: person},
        name="swap",
        faces=Box(*target_box) if target_box else target_face,
        texture_size=texture_size,
        mask=mask,
    )
    networks = Networks(detector, backend, runtime, device, weights)
    task = RecipeTask("swap", recipe, networks, consent)
    batch = Batch(targets, output, recursive, overwrite, as_json, quiet)
    if are_videos(targets, video):
        task = video_task(task, video, batch)
    return carry_out(task, batch, save_recipe)
