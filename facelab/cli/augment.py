"""``facelab augment``: labelled training images from a folder of faces and a recipe with ranges."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from facelab.augment.formats import FORMATS
from facelab.cli.options import FILE, catalogue_options, network_options
from facelab.cli.report import say, say_notes
from facelab.cli.shell import complete_recipe
from facelab.constants import CONSENT, ENGINES

if TYPE_CHECKING:
    from facelab.augment.request import DataSetRequest
    from facelab.augment.run import Summary


def _review(ctx: click.Context, _param: click.Parameter, output: str | None) -> None:
    if output is not None and not ctx.resilient_parsing:
        from facelab.cli.review import look_through

        look_through(output)
        ctx.exit()


@click.command("augment")
@click.option(
    "-r",
    "--recipe",
    type=FILE,
    required=True,
    metavar="RECIPE",
    shell_complete=complete_recipe,
    help="What to do: a file, or a name of facelab recipe list; its values may be drawn.",
)
@click.option(
    "-i",
    "--input",
    "faces",
    type=FILE,
    metavar="FACES",
    help="Folder of photographs; those in a folder of it are of one person, called after it. Only "
    "a recipe whose people are all drawn does without.",
)
@click.option(
    "-o",
    "--output",
    required=True,
    metavar="OUT",
    help="Folder to write, or what fsspec takes, such as s3://bucket/folder.",
)
@click.option(
    "-n",
    "--count",
    type=click.IntRange(min=1),
    required=True,
    metavar="COUNT",
    help="How many images; a larger number than before extends what is there.",
)
@click.option(
    "--seed",
    type=click.IntRange(0, 2**32 - 1),
    metavar="S",
    help="Of everything that is drawn; the recipe's by default.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(list(FORMATS)),
    default="folder",
    show_default=True,
    help="How images and labels are written.",
)
@click.option(
    "--maps",
    default="all",
    show_default=True,
    metavar="all|none|NAME,...",
    help="Which labels of pixels: depth, normals, uv, positions, visible, segmentation.",
)
@click.option(
    "--engine",
    type=click.Choice(ENGINES),
    default="local",
    show_default=True,
    help="What carries out the work: processes of this machine, or Dask.",
)
@click.option(
    "--workers",
    type=click.IntRange(min=1),
    metavar="N",
    help="How many processes; by default as many as there are cores.",
)
@click.option(
    "--scheduler",
    metavar="ADDRESS",
    help="Of a Dask scheduler, whose workers are used; without it Dask starts some here.",
)
@click.option(
    "--head",
    type=FILE,
    metavar="MODEL.safetensors",
    help="A morphable model of heads: depth, ears and other shapes for profile; see docs/train.md.",
)
@click.option(
    "--cache",
    type=FILE,
    metavar="FOLDER",
    help="Where faces that were found are kept between runs; your own cache folder by default.",
)
@click.option(
    "--consent",
    type=click.Choice(CONSENT),
    default="unspecified",
    show_default=True,
    help="By what right the faces are used; goes into the images and the card.",
)
@click.option(
    "--licence",
    default="unspecified",
    show_default=True,
    metavar="TEXT",
    help="Of the photographs; goes into the card.",
)
@click.option(
    "--review",
    callback=_review,
    is_eager=True,
    expose_value=False,
    metavar="OUT",
    help="Open the samples of a data set that is made, by yaw, to throw some away, and exit.",
)
@catalogue_options("augment")
@network_options
@click.option("as_json", "--json", is_flag=True, help="Print the result as JSON on stdout.")
@click.option("--quiet", is_flag=True, help="Say nothing but errors.")
def augment_command(
    recipe: Path,
    faces: Path | None,
    output: str,
    count: int,
    seed: int | None,
    form: str,
    maps: str,
    engine: str,
    workers: int | None,
    scheduler: str | None,
    head: Path | None,
    cache: Path | None,
    consent: str,
    licence: str,
    detector: str,
    backend: str,
    runtime: str,
    device: str,
    weights: Path | None,
    as_json: bool,
    quiet: bool,
) -> int:
    """Make labelled images of faces: each with landmarks, pose, depth and more, known exactly.

    A person is in the training, the validation or the test split, never in two of them.

    The same recipe, photographs and seed give the same files, whatever the workers. A run that was
    stopped goes on with the same command. OUT/dataset.json, written last, says what OUT holds;
    OUT/contact-sheet.jpg and OUT/report.html show it.

    Exit codes: 0 done, 1 an error, 2 a wrong option or recipe, 3 no face in any photograph,
    4 weights missing or damaged, 130 interrupted.
    """
    if scheduler and engine != "dask":
        raise click.UsageError("--scheduler goes with --engine dask")
    if scheduler and workers:
        raise click.UsageError("--workers: the scheduler has its own; leave one of them out")

    from facelab.augment.engines import load_engine
    from facelab.augment.request import DataSetRequest, data_set_of
    from facelab.augment.run import run
    from facelab.cli.progress import Progress
    from facelab.reconstruct.networks import Networks

    request = DataSetRequest(
        recipe=recipe,
        faces=faces,
        output=output,
        count=count,
        seed=seed,
        format=form,
        maps=maps,
        cache=cache,
        consent=consent,
        licence=licence,
        networks=Networks(detector, backend, runtime, device, weights),
        head=head,
    )
    with Progress(hidden=quiet) as progress:
        summary = run(data_set_of(request), load_engine(engine, workers, scheduler), progress)
    if as_json:
        click.echo(json.dumps(_as_json(request, summary, progress.rate), indent=2))
    if not quiet:
        _tell(request, summary, progress.rate)
    return 0


def _as_json(request: DataSetRequest, summary: Summary, rate: float | None) -> dict[str, object]:
    """The result as ``--json`` prints it."""
    found = summary.statistics
    return {
        "output": request.output,
        "samples": found.count,
        "made": summary.made,
        "splits": dict(found.samples),
        "photographs": summary.photographs,
        "heads": len(found.heads),
        "skipped": summary.skipped,
        "left": summary.left,
        "notes": request.networks.terms,
        "samples_per_second": None if rate is None else round(rate, 3),
    }


def _tell(request: DataSetRequest, summary: Summary, rate: float | None) -> None:
    """Say what was made, and what was left out."""
    say_notes(request.networks.terms)
    for name, reason in summary.skipped.items():
        say(f"skipped {name}: {reason}")
    speed = "" if rate is None else f", {rate:.2f} a second"
    say(
        f"{request.output}: {summary.statistics.count} samples of {_of(summary)}, "
        f"{summary.made} of them made now{speed}"
    )
    if summary.left:
        say(f"{request.faces}: {summary.left}")


def _of(summary: Summary) -> str:
    """What samples are of."""
    heads = len(summary.statistics.heads)
    told = [f"{summary.photographs} photograph(s)"] if summary.photographs or not heads else []
    return " and ".join([*told, f"{heads} drawn head(s)"] if heads else told)
