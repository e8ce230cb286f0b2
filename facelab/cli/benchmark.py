"""``facelab benchmark``: how right reconstructors are, side by side."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

import facelab
from facelab.benchmark import METHODS, PARTS
from facelab.cli.options import FILE, overwrite_option
from facelab.cli.report import say
from facelab.errors import UsageError

if TYPE_CHECKING:
    from facelab.benchmark.run import BenchmarkResult, BenchmarkSettings

Names = tuple[str, ...] | None
Callback = Callable[[click.Context, click.Parameter, str | None], Names]


def _names(known: Sequence[str]) -> Callback:
    """Return a parser of ``mesh,fit`` to a tuple of names, each once."""

    def read(_ctx: click.Context, param: click.Parameter, value: str | None) -> Names:
        if value is None:
            return None
        names = tuple(dict.fromkeys(part.strip() for part in value.split(",")))
        for name in names:
            if name not in known:
                raise click.BadParameter(f"{name!r} is none of {', '.join(known)}", param=param)
        return names

    return read


def _ends_in(suffix: str) -> Callable[[click.Context, click.Parameter, Path | None], Path | None]:
    """Return a check that refuses other names, so that no photograph is overwritten."""

    def check(_ctx: click.Context, param: click.Parameter, value: Path | None) -> Path | None:
        if value and value.suffix != suffix:
            raise click.BadParameter(f"{str(value)!r} does not end in {suffix}", param=param)
        return value

    return check


@click.group("benchmark")
def benchmark_group() -> None:
    """Measure how right reconstructors are."""


@benchmark_group.command("accuracy")
@click.option(
    "--photographs",
    type=FILE,
    metavar="FOLDER",
    help="What rendered and consistency are made of; by default the samples of a checkout.",
)
@click.option(
    "--labelled",
    type=FILE,
    metavar="FOLDER",
    help="Photographs with a .mat beside each (AFLW2000-3D, 300W-LP, or what facelab augment "
    "--format 300wlp writes), or 68 landmarks as .npy, .pts or .txt.",
)
@click.option(
    "--parts",
    callback=_names(PARTS),
    metavar="NAME,...",
    help=f"Of {', '.join(PARTS)}; by default the first two, with --labelled the third alone, "
    "with --photographs too all of them.",
)
@click.option(
    "--methods",
    callback=_names(METHODS),
    metavar="NAME,...",
    help=f"Of {', '.join(METHODS)}; by default map and mesh, and fit with --head.",
)
@click.option(
    "--head",
    type=FILE,
    metavar="MODEL.safetensors",
    help="Morphable head: gives depth and other shapes to what is rendered, and the method fit.",
)
@click.option(
    "--weights",
    type=FILE,
    metavar="FILE.safetensors",
    help="Of the method map, instead of those that come with facelab.",
)
@click.option(
    "--count", type=click.IntRange(min=1), metavar="N", help="The most photographs of a part."
)
@click.option(
    "--seed",
    type=click.IntRange(0, 2**32 - 1),
    default=0,
    show_default=True,
    metavar="S",
    help="Of everything that is drawn.",
)
@click.option("--detect", is_flag=True, help="Find labelled faces by the detector, too.")
@click.option(
    "--first-pixel",
    type=click.IntRange(0, 1),
    default=0,
    show_default=True,
    help="What the labels call the first pixel: 1 for those made in MATLAB.",
)
@click.option(
    "-o",
    "--output",
    type=FILE,
    callback=_ends_in(".md"),
    metavar="FILE.md",
    help="Where the tables go, as Markdown; by default they are printed.",
)
@click.option(
    "figures",
    "--json",
    type=FILE,
    callback=_ends_in(".json"),
    metavar="FILE.json",
    help="Where all figures go.",
)
@click.option(
    "--worst",
    type=FILE,
    callback=_ends_in(".png"),
    metavar="FILE.png",
    help="Where the five worst labelled faces of each method go, as one picture.",
)
@overwrite_option
@click.option("--quiet", is_flag=True, help="Say nothing but the tables and errors.")
def accuracy_command(
    photographs: Path | None,
    labelled: Path | None,
    parts: Names,
    methods: Names,
    head: Path | None,
    weights: Path | None,
    count: int | None,
    seed: int,
    detect: bool,
    first_pixel: int,
    output: Path | None,
    figures: Path | None,
    worst: Path | None,
    overwrite: bool,
    quiet: bool,
) -> int:
    """Compare reconstructors: errors and faces lost, in tables.

    rendered: heads turned in photographs, whose geometry is known, also in bad light, covered and
    blurred. consistency: a photograph and what is done to it. labelled: a folder with landmarks, by
    yaw, with and without one constant offset of each landmark, lost faces left out and as 100 %.

    Lengths are in % of the root of the area of the landmarks' box, angles in degrees;
    docs/benchmark.md defines them all. The
    same photographs, seed and weights give the same figures.

    Exit codes: 0 done, 1 an error, 2 a wrong option or file, 3 no face in any photograph,
    4 weights missing or damaged, 130 interrupted; then nothing is written.
    """
    from facelab.benchmark.run import BenchmarkSettings
    from facelab.files.writing import check_absent, check_folder

    for file in (output, figures, worst):
        if file is not None:
            check_folder(file.parent)
        if file is not None and not overwrite:
            check_absent(file)
    wanted = parts or _parts(photographs, labelled)
    if labelled is None and "labelled" in wanted:
        raise UsageError("--parts labelled needs a folder; give --labelled FOLDER")
    if labelled is not None and "labelled" not in wanted:
        raise UsageError("--labelled is given, but --parts leaves labelled out; add it")
    for given, option in ((detect, "--detect"), (worst, "--worst")):
        if given and labelled is None:
            raise UsageError(f"{option} is for labelled photographs; give --labelled FOLDER")
    if set(PARTS[:2]) & set(wanted):
        photographs = photographs or _samples()
    elif photographs is not None:
        raise UsageError("--photographs is given, but --parts has no part made of them; add one")
    asked = BenchmarkSettings(wanted, photographs, labelled, count, seed, detect, first_pixel)
    result = _measured(asked, methods, head, weights, quiet=quiet)
    if worst is not None:
        _write_worst(worst, result, asked)
    _report(result, asked, output, figures, quiet=quiet)
    return 0


def _parts(photographs: Path | None, labelled: Path | None) -> tuple[str, ...]:
    """The parts measured unless told: those there are folders for, or else that samples do for."""
    if labelled is None:
        return PARTS[:2]
    return PARTS[2:] if photographs is None else PARTS


def _samples() -> Path:
    """The photographs that come with a checkout."""
    folder = Path(facelab.__file__).parent.parent / "samples"
    if not folder.is_dir():
        raise UsageError("no samples come with an installed facelab; give --photographs FOLDER")
    return folder


def _measured(
    asked: BenchmarkSettings,
    methods: Names,
    head: Path | None,
    weights: Path | None,
    *,
    quiet: bool,
) -> BenchmarkResult:
    """Load what is needed and measure."""
    from facelab.benchmark.methods import (
        TEACHER,
        CachedReconstructor,
        default_methods,
        load_methods,
    )
    from facelab.benchmark.portraits import SceneBuilder
    from facelab.benchmark.run import run
    from facelab.cli.progress import Progress
    from facelab.geometry.head import HeadModel
    from facelab.reconstruct import load_reconstructor, load_segmenter

    model = None if head is None else HeadModel.read(head)
    names = methods or default_methods(head=model is not None)
    teacher = CachedReconstructor(load_reconstructor(backend=TEACHER))
    compared = load_methods(names, teacher, model, weights)
    studio = SceneBuilder(teacher, load_segmenter(), model)
    with Progress(hidden=quiet) as progress:
        return run(asked, compared, studio, progress)


def _write_worst(file: Path, result: BenchmarkResult, asked: BenchmarkSettings) -> None:
    from facelab.benchmark.worst import picture
    from facelab.images import Image, read, write

    folder, outcomes = asked.labelled, result.outcomes["labelled"].where(way="boxes")
    assert folder is not None
    shown = picture(outcomes, list(result.methods), lambda name: read(folder / name).srgb)
    write(file, Image(shown))


def _report(
    result: BenchmarkResult,
    asked: BenchmarkSettings,
    output: Path | None,
    figures: Path | None,
    *,
    quiet: bool,
) -> None:
    """Write or print the tables and the figures, and name what was left out."""
    from facelab.files.writing import write_bytes_atomically

    tables = "\n".join(result.tables)
    if output is None:
        click.echo(tables, nl=False)
    else:
        write_bytes_atomically(output, tables.encode())
    if figures is not None:
        said = {"seed": asked.seed, **result.figures}
        text = json.dumps(said, indent=1, allow_nan=False)  # ASCII: names may be no text
        write_bytes_atomically(figures, f"{text}\n".encode())
    if quiet:
        return
    for name, reason in result.skipped.items():
        say(f"skipped {name}: {reason}")
    for folder, left in result.left.items():
        if left:
            say(f"{folder}: {left}")
    for part, used in result.photographs.items():
        say(f"{part}: {used} photograph(s), {', '.join(result.methods)}")
