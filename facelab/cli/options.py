"""Options that several commands have, and how their values are read."""

from __future__ import annotations

from collections.abc import Callable
from math import isfinite
from pathlib import Path
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])
Corners = tuple[float, ...]

# What facelab.blend, .opacity, .reconstruct and .provenance know, without the time to load them.
BLEND = ("poisson", "mixed", "alpha")
DETECTORS = ("blazeface", "insightface")
BACKENDS = ("mesh", "prn")
RUNTIMES = ("torch", "onnx")
DEVICES = ("cpu", "cuda")
CONSENT = ("self", "written", "licensed", "synthetic", "public-domain", "unspecified")

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
        default="mesh",
        show_default=True,
        help="FaceMesh, or PRNet's network once facelab weights import-prnet brought it.",
    )
    runtime = click.option(
        "--runtime",
        type=click.Choice(RUNTIMES),
        default="torch",
        show_default=True,
        help="What runs the backend's network.",
    )
    device = click.option(
        "--device",
        type=click.Choice(DEVICES),
        default="cpu",
        show_default=True,
        help="Where it runs; detection runs on the CPU.",
    )
    return detector(backend(runtime(device(command))))
