"""``facelab reconstruct``: the faces of photographs in three dimensions, in the files wanted."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

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
from facelab.cli.report import conclude, say, say_notes
from facelab.export import NAMES

if TYPE_CHECKING:
    from facelab.cli.reconstruction import Job, Outcome, Request

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
@recursive_option
@click.option("--overwrite", is_flag=True, help="Do again what the folder already has.")
@click.option("as_json", "--json", is_flag=True, help="Print the results as JSON on stdout.")
@click.option("--quiet", is_flag=True, help="Say nothing but errors.")
def reconstruct_command(
    inputs: tuple[Path, ...],
    output: Path,
    write: tuple[str, ...],
    faces: str | None,
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
) -> int:
    """Find the faces of photographs and write what they are in three dimensions.

    PHOTO.json gets every face's box, 68 landmarks with their visibility, and pose in degrees; files
    named PHOTO_0..., PHOTO_1... hold what --write asks for of the largest face, the next one, and
    so on.

    What is done already is skipped, what fails is reported at the end, and a run that was
    interrupted goes on where it stopped.

    Exit codes: 0 done, 1 an error, 2 a wrong option, 3 no face found, 4 weights missing or damaged,
    130 interrupted. Where several photographs fail in several ways it is 1.
    """
    if box and landmarks:
        raise click.UsageError("--box and --landmarks both say where the face is; give one")
    if faces and most:
        raise click.UsageError("--faces and --most both say which faces; give one")
    if (box or landmarks) and (faces or most):
        raise click.UsageError("--box and --landmarks already say which face; leave --faces out")

    from facelab.cli import folders
    from facelab.cli import reconstruction as work
    from facelab.cli.networks import Networks
    from facelab.types import Box

    request = work.Request(
        networks=Networks(detector, backend, runtime, device, weights),
        write=write,
        faces=faces or "all",
        most=most,
        box=Box(*box) if box else None,
        landmarks=landmarks,
        texture_size=texture_size,
        front=front,
        mask_unseen=mask_unseen,
    )
    found = work.find(inputs, output, recursive=recursive)
    jobs = work.plan(found, output)
    one_place = box or (landmarks and not landmarks.is_dir())
    if one_place and len(jobs) > 1:
        raise click.UsageError("--box and a file of --landmarks go with one photograph")
    kept = work.inputs_of(jobs, request)
    folders.make_folder(output)
    folders.check_folder(output)
    for folder in sorted({job.report.parent for job in jobs}):
        folders.make_folder(folder, parents=True)
    skipped = set() if overwrite else {job for job in jobs if work.finished(job, request)}
    outcomes = _run(jobs, skipped, request, kept, quiet)
    if as_json:
        click.echo(json.dumps([outcome.as_json() for outcome in outcomes], indent=2))
    if not quiet:
        _tell(outcomes, [one.said for one in found.values()])
    return conclude(outcome.error for outcome in outcomes)


def _run(
    jobs: Sequence[Job],
    skipped: Collection[Job],
    request: Request,
    kept: frozenset[Path],
    quiet: bool,
) -> list[Outcome]:
    """Do the jobs that are not done yet; networks load only if there are any."""
    from facelab.cli.reconstruction import Outcome, perform

    outcomes = [Outcome(job, "skipped") for job in jobs if job in skipped]
    left = [job for job in jobs if job not in skipped]
    if not left:
        return outcomes
    reconstructor = request.networks.load()
    if not quiet:
        say(reconstructor.description)
    with click.progressbar(
        perform(left, request, reconstructor, kept),
        length=len(left),
        label="reconstructing",
        hidden=quiet or len(left) == 1,
        show_pos=True,
        item_show_func=lambda outcome: outcome.job.photograph.name if outcome else None,
        file=sys.stderr,
    ) as bar:
        outcomes.extend(bar)
    return outcomes


def _tell(outcomes: Sequence[Outcome], left: Sequence[str]) -> None:
    """Say what was done, what was `left` of folders and, once each, what could not be kept."""
    say_notes(note for outcome in outcomes for note in outcome.notes)
    if len(outcomes) == 1 and outcomes[0].status == "done":
        say(f"{outcomes[0].job.report}: {outcomes[0].faces} face(s)")
    elif len(outcomes) == 1 and outcomes[0].status == "skipped":
        say(f"{outcomes[0].job.report}: already done; --overwrite does it again")
    elif len(outcomes) > 1:
        counts = Counter(outcome.status for outcome in outcomes)
        faces = sum(outcome.faces for outcome in outcomes)
        say(", ".join(f"{counts[status]} {status}" for status in ("done", "skipped", "failed")))
        say(f"{faces} face(s)")
    for line in filter(None, left):
        say(line)
