"""Options that several commands have, and how their values are read."""

from __future__ import annotations

from collections.abc import Callable
from math import isfinite
from pathlib import Path
from typing import Any, TypeVar

import click

from facelab.cli.report import conclude
from facelab.cli.shell import complete_step
from facelab.constants import BACKENDS, CONSENT, DETECTORS, DEVICES, FACES, RUNTIMES

Command = TypeVar("Command", bound=Callable[..., Any])
Corners = tuple[float, ...]

FILE = click.Path(readable=False, path_type=Path)  # facelab.images tells what is wrong
BOX = "x0,y0,x1,y1"


def corners(_ctx: click.Context, param: click.Parameter, value: str | None) -> Corners | None:
    """``x0,y0,x1,y1`` as four numbers that span a box."""
    if value is None:
        return None
    try:
        x0, y0, x1, y1 = numbers = tuple(float(part) for part in value.split(","))
    except ValueError:
        raise click.BadParameter(
            f"{value!r} is not four numbers x0,y0,x1,y1", param=param
        ) from None
    if not (all(map(isfinite, numbers)) and x0 < x1 and y0 < y1):
        raise click.BadParameter(f"{value!r} must have x0 < x1 and y0 < y1", param=param)
    return numbers


def faces_option(default: str | None) -> Callable[[Command], Command]:
    """The options that say which faces of each photograph; without a default, the recipe does."""
    which = click.option(
        "--faces",
        callback=face_of(*FACES),
        metavar="all|largest|left|right|INDEX",
        help="Which faces; indices count from 0, the largest.  "
        f"[default: {default or 'those of the recipe'}]",
    )
    most = click.option(
        "--most",
        type=click.IntRange(min=1),
        metavar="N",
        help="All faces, but no more than the N largest.",
    )
    return lambda command: which(most(command))


def face_of(*words: str) -> Callable[..., str | int | None]:
    """Return what reads one of `words` or an index, which becomes a number."""

    def read(_ctx: click.Context, param: click.Parameter, value: str | None) -> str | int | None:
        if value is None or value in words:
            return value
        if not value.isdecimal():
            message = f"{value!r} is not {', '.join(words)} or an index"
            raise click.BadParameter(message, param=param)
        return int(value)

    return read


def recipe_option(command: Command) -> Command:
    """Add the option that says where to write what was done as a recipe."""
    option = click.option(
        "--save-recipe",
        type=FILE,
        callback=_yaml,
        metavar="FILE.yaml",
        help="Write what was done as a recipe, which facelab edit -r does again.",
    )
    return option(command)


def _yaml(_ctx: click.Context, param: click.Parameter, value: Path | None) -> Path | None:
    if value and value.suffix not in (".yaml", ".yml"):  # so that no photograph is overwritten
        raise click.BadParameter(f"{str(value)!r} does not end in .yaml", param=param)
    return value


def catalogue_options(command: str) -> Callable[[Command], Command]:
    """Add the options that tell the steps of a command's recipes, and exit."""

    def listing(ctx: click.Context, _param: click.Parameter, wanted: bool) -> None:
        if wanted and not ctx.resilient_parsing:
            from facelab.cli.keys import listed

            lines, errors = listed(command)
            click.echo(lines)
            ctx.exit(conclude(errors))

    def explaining(ctx: click.Context, _param: click.Parameter, name: str | None) -> None:
        if name is not None and not ctx.resilient_parsing:
            from facelab.cli.keys import explained

            click.echo(explained(command, name))
            ctx.exit()

    def add(given: Command) -> Command:
        about: dict[str, Any] = {"is_eager": True, "expose_value": False}
        given = click.option(
            "--help-for",
            callback=explaining,
            metavar="STEP",
            shell_complete=complete_step(command),
            help="Tell a step's keys, their ranges and defaults, and exit.",
            **about,
        )(given)
        return click.option(
            "--list", is_flag=True, callback=listing, help="Name every step and exit.", **about
        )(given)

    return add


def network_options(command: Command) -> Command:
    """Add the options that say which networks find and reconstruct faces, and what runs them."""
    detector = click.option(
        "--detector",
        type=click.Choice(DETECTORS),
        default="blazeface",
        show_default=True,
        help="insightface: a pack installed here; its models are for non-commercial research only.",
    )
    backend = click.option(
        "--backend",
        type=click.Choice(BACKENDS),
        default="map",
        show_default=True,
        help="FaceMap, at any yaw; FaceMesh; PRNet's network once import-prnet brought it.",
    )
    runtime = click.option(
        "--runtime",
        type=click.Choice(RUNTIMES),
        default="onnx",
        show_default=True,
        help="What runs the networks; torch is to be installed.",
    )
    device = click.option(
        "--device",
        type=click.Choice(DEVICES),
        default="cpu",
        show_default=True,
        help="Where it runs; detection runs on the CPU.",
    )
    weights = click.option(
        "--weights",
        type=FILE,
        metavar="FILE.safetensors",
        help="A network of facelab train in place of FaceMap.",
    )
    return detector(backend(weights(runtime(device(command)))))


def picture_option(command: Command) -> Command:
    """Add the option that says where pictures go."""
    option = click.option(
        "-o",
        "--output",
        type=FILE,
        required=True,
        metavar="FILE_OR_FOLDER",
        help="Picture to write, its suffix tells the format; a name without one is a folder.",
    )
    return option(command)


def recursive_option(command: Command) -> Command:
    """Add the option to look into the folders below a folder."""
    option = click.option(
        "--recursive", is_flag=True, help="Of a folder, take the folders below it, too."
    )
    return option(command)


def overwrite_option(command: Command) -> Command:
    """Add the option to replace a file that is there."""
    option = click.option("--overwrite", is_flag=True, help="Replace what is there.")
    return option(command)


def output_options(command: Command) -> Command:
    """Add the options of commands that write photographs."""
    consent = click.option(
        "--consent",
        type=click.Choice(CONSENT),
        default="unspecified",
        show_default=True,
        help="By what right the faces are used; goes into the record.",
    )
    overwrite = click.option(
        "--overwrite", is_flag=True, help="Do again what is done, and replace what is there."
    )
    as_json = click.option(
        "as_json", "--json", is_flag=True, help="Print the results as JSON on stdout."
    )
    quiet = click.option("--quiet", is_flag=True, help="Say nothing but errors.")
    return recursive_option(consent(overwrite(as_json(quiet(command)))))
