"""``facelab reconstruct``: the faces of photographs in three dimensions, in the files wanted."""

from __future__ import annotations

from pathlib import Path

import click

from facelab.cli.options import (
    BOX,
    FILE,
    Corners,
    corners,
    faces_option,
    network_options,
    recursive_option,
)
from facelab.cli.video_options import VideoOptions, part_options
from facelab.export import NAMES

DEFAULT = "landmarks,overlay"


def _names(_ctx: click.Context, param: click.Parameter, value: str) -> tuple[str, ...]:
    """``depth,ply`` as a tuple; ``all`` and ``none`` stand for every name and no name."""
    if value in ("all", "none"):
        return NAMES if value == "all" else ()
    names = tuple(dict.fromkeys(part.strip() for part in value.split(",")))
    for name in names:
        if name not in NAMES:
            raise click.BadParameter(
                f"{name!r} is none of {', '.join(NAMES)}, all, none", param=param
            )
    return names


@click.command("reconstruct")
@click.argument("inputs", nargs=-1, required=True, type=FILE, metavar="IMAGE_OR_FOLDER...")
@click.option("-o", "--output", type=FILE, required=True, metavar="FOLDER", help="Where to write.")
@click.option(
    "--write",
    callback=_names,
    default=DEFAULT,
    show_default=True,
    metavar="NAME,...",
    help=f"What to write of each face beside the JSON: {', '.join(NAMES)}; all; none.",
)
@faces_option(default="all")
@click.option("--box", callback=corners, metavar=BOX, help="Where the face is; skips detection.")
@click.option(
    "--landmarks",
    type=FILE,
    metavar="FILE_OR_FOLDER",
    help="Landmarks (.txt, .pts, .npy, .mat) around which the face is; skips detection. "
    "A folder has one file for each photograph, of its name.",
)
@click.option(
    "--texture-size",
    type=click.IntRange(16, 4096),
    metavar="16..4096",
    help="Side of exported textures; by default the face's size decides.",
)
@click.option("--front", is_flag=True, help="Turn exported meshes to face the viewer.")
@click.option(
    "--mask-unseen", is_flag=True, help="Leave texels black that the photograph does not show."
)
@network_options
@part_options
@recursive_option
@click.option("--overwrite", is_flag=True, help="Do again what is done, and replace what is there.")
@click.option("as_json", "--json", is_flag=True, help="Print the results as JSON on stdout.")
@click.option("--quiet", is_flag=True, help="Say nothing but errors.")
def reconstruct_command(
    inputs: tuple[Path, ...],
    output: Path,
    write: tuple[str, ...],
    faces: str | int | None,
    most: int | None,
    box: Corners | None,
    landmarks: Path | None,
    texture_size: int | None,
    front: bool,
    mask_unseen: bool,
    detector: str,
    backend: str,
    runtime: str,
    device: str,
    weights: Path | None,
    recursive: bool,
    overwrite: bool,
    as_json: bool,
    quiet: bool,
    video: VideoOptions,
) -> int:
    """Find the faces of photographs and write what they are in three dimensions.

    PHOTO.json gets every face's box, 68 landmarks with their visibility, and pose in degrees; files
    named PHOTO_0..., PHOTO_1... hold what --write asks for of the largest face, the next one, and
    so on.

    Of a video, NAME.jsonl, NAME.csv and NAME.npz get landmarks with their visibility, pose and
    blendshapes of every face in every frame, with times and tracks, and NAME_overlay.mp4 shows
    them unless --write leaves overlay out.

    What is done already is skipped, nothing else that is there is replaced unless --overwrite says
    so, what fails is reported at the end, and a run that was interrupted goes on where it stopped.

    Exit codes: 0 done, 1 an error, 2 a wrong option, 3 no face found, 4 weights missing or damaged,
    130 interrupted. Where several photographs fail in several ways it is 1.
    """
    if box and landmarks:
        raise click.UsageError("--box and --landmarks both say where the face is; give one")
    if faces is not None and most:
        raise click.UsageError("--faces and --most both say which faces; give one")
    if (box or landmarks) and (faces is not None or most):
        raise click.UsageError("--box and --landmarks already say which face; leave --faces out")

    from facelab.cli.batch import Batch
    from facelab.cli.reconstruction import ReconstructTask
    from facelab.cli.video import VideoReconstructTask, are_videos
    from facelab.export.photograph import Export
    from facelab.export.video import VideoExport
    from facelab.reconstruct.networks import Networks
    from facelab.types import Box

    networks = Networks(detector, backend, runtime, device, weights)
    which = "all" if faces is None else str(faces)
    if are_videos(inputs, video):
        if box or landmarks:
            raise click.UsageError("--box and --landmarks go with photographs")
        batch = Batch(inputs, output, recursive, overwrite, as_json, quiet)
        drawn = VideoExport(networks, which, most, "overlay" in write)
        return batch.run(VideoReconstructTask(drawn, video, quiet), batch.reports())
    export = Export(
        networks=networks,
        write=write,
        faces=which,
        most=most,
        box=Box(*box) if box else None,
        landmarks=landmarks,
        texture_size=texture_size,
        front=front,
        mask_unseen=mask_unseen,
    )
    batch = Batch(inputs, output, recursive, overwrite, as_json, quiet)
    one_place = box or (landmarks and not landmarks.is_dir())
    if one_place and len(batch.places) > 1:
        raise click.UsageError("--box and a file of --landmarks go with one photograph")
    return batch.run(ReconstructTask(export, batch), batch.reports())
