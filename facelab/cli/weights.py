"""``facelab weights``: what weights there are and whether they are the recorded ones."""

from __future__ import annotations

from pathlib import Path

import click

from facelab.cli.options import FILE, overwrite_option
from facelab.cli.report import report_error, say
from facelab.errors import WeightsError


@click.group("weights")
def weights_group() -> None:
    """Look at the networks' weights files, and make those that cannot come with facelab."""


@weights_group.command("list")
def list_command() -> None:
    """List every weights file: name, file, licence, size and where it was found."""
    from facelab import weights

    rows = [("NAME", "FILE", "LICENCE", "SIZE", "FOUND IN")]
    for name, entry in weights.entries().items():
        rows.append((name, entry.file, entry.licence, *_whereabouts(name)))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        click.echo("  ".join(cells).rstrip())


def _whereabouts(name: str) -> tuple[str, str]:
    """Size and folder of a weights file, for people."""
    from facelab import weights

    try:
        path = weights.locate(name)
    except WeightsError:
        return "-", "missing"
    return f"{path.stat().st_size / 1e6:.2f} MB", str(path.parent)


@weights_group.command("verify")
def verify_command() -> int:
    """Compare every weights file with its recorded sha256; exit code 4 if one differs."""
    from facelab import weights

    code = 0
    for name in weights.entries():
        try:
            click.echo(f"{name}: ok, {weights.verify(name)}")
        except WeightsError as error:
            report_error(str(error))
            code = error.exit_code
    return code


@weights_group.command("import-prnet")
@click.argument("prnet_dir", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "-o",
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder to write to; $FACELAB_WEIGHTS or your own data folder by default.",
)
def import_prnet_command(prnet_dir: Path, output: Path | None) -> None:
    """Make PRNet's network and atlas from a checkout of PRNet that holds its trained weights.

    Reads Data/net-data and Data/uv-data in PRNET_DIR. Needs TensorFlow: the extra `prnet`.
    """
    from facelab import weights
    from facelab.models.runtime import require_torch

    require_torch("import-prnet")
    from facelab.reconstruct.import_prnet import import_prnet

    folder = output or weights.import_folder()
    for path in import_prnet(prnet_dir, folder):
        click.echo(path)
    for entry in weights.manifest(folder).values():
        if entry.name in weights.IMPORTS:
            say(f"{entry.name}: {entry.licence}")
    if folder.resolve() not in (known.resolve() for known in weights.folders()):
        say(f"facelab looks there if FACELAB_WEIGHTS is {folder.resolve()}")


def _onnx(_ctx: click.Context, param: click.Parameter, value: Path) -> Path:
    if value.suffix != ".onnx":  # so that no weights are overwritten
        raise click.BadParameter(f"{str(value)!r} does not end in .onnx", param=param)
    return value


@weights_group.command("export-onnx")
@click.option("-o", "--output", type=FILE, callback=_onnx, required=True, metavar="FILE.onnx")
@click.option(
    "--weights",
    type=FILE,
    metavar="FILE.safetensors",
    help="What facelab train wrote, instead of the network that comes with facelab.",
)
@overwrite_option
def export_onnx_command(output: Path, weights: Path | None, overwrite: bool) -> None:
    """Write FaceMap as an ONNX file, for programs without Python.

    Input `crops` (batch, 3, 192, 192), RGB in [0, 1]; outputs `points` (batch, 468, 3) in pixels of
    the crop and `score` (batch); weights/facemap.md tells more.
    """
    from facelab.files.writing import check_absent, write_bytes_atomically
    from facelab.models.graph import onnx_model
    from facelab.models.kinds import FACEMAP

    if not overwrite:
        check_absent(output)
    write_bytes_atomically(output, onnx_model(FACEMAP, FACEMAP.values(weights)))
    say(f"{output}: input crops, outputs points and score")
