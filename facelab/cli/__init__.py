"""The command line: parse, call facelab, report. The only place that prints or exits.

Exit codes: 0 done, 1 a processing error, 2 a usage error, 3 no face found, 4 weights missing or
damaged (`facelab.errors`), 130 interrupted. Every failure is one line on stderr.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import NoReturn

import click

import facelab
from facelab.cli.atlas import atlas_group
from facelab.cli.augment import augment_command
from facelab.cli.benchmark import benchmark_group
from facelab.cli.edit import edit_command
from facelab.cli.page import page_command
from facelab.cli.recipe import recipe_group
from facelab.cli.reconstruct import reconstruct_command
from facelab.cli.report import describe, report_error
from facelab.cli.swap import swap_command
from facelab.cli.train import train_command
from facelab.cli.verify import verify_command
from facelab.cli.weights import weights_group
from facelab.errors import FacelabError

# Commands import what computes when they run: --help needs neither NumPy nor torch.


class _InterruptedError(FacelabError):
    """The user pressed Ctrl-C."""

    exit_code = 130


class _Program(click.Group):
    """Commands whose every failure is one line on stderr and an exit code."""

    def main(  # type: ignore[override]  # click's overloads also return, this one exits
        self, args: Sequence[str] | None = None, prog_name: str | None = None, **_: object
    ) -> NoReturn:
        """Run the command that `args`, by default those of the process, ask for, and exit."""
        # OpenCV, which commands load later, logs to stderr what comes as an exception, too.
        os.environ.setdefault("OPENCV_LOG_LEVEL", "SILENT")
        try:
            code = super().main(args, prog_name or "facelab", standalone_mode=False)
        except click.exceptions.NoArgsIsHelpError as error:  # nothing was asked for
            click.echo(error.format_message())
            code = 0
        except click.ClickException as error:
            asked = getattr(error, "ctx", None)
            command = asked.command_path if asked else "facelab"
            report_error(f"{error.format_message()} (see {command} --help)")
            code = error.exit_code
        except FacelabError as error:
            report_error(str(error))
            code = error.exit_code
        except Exception as error:
            report_error(describe(error))
            code = 1
        sys.exit(code)

    def invoke(self, ctx: click.Context) -> object:
        """Run the command that `ctx` holds."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            raise _InterruptedError(
                "interrupted; finished files are complete, the same command goes on from there"
            ) from None


_HELP = {"help_option_names": ["-h", "--help"]}


@click.group("facelab", cls=_Program, context_settings=_HELP)
@click.version_option(facelab.__version__, "-V", "--version", prog_name="facelab")
def main() -> None:
    """Edit and swap faces in photographs.

    Nothing is downloaded or uploaded. Every image written says what it is, and a JSON record
    beside it says how it was made.
    """


main.add_command(atlas_group)
main.add_command(augment_command)
main.add_command(benchmark_group)
main.add_command(edit_command)
main.add_command(page_command)
main.add_command(recipe_group)
main.add_command(reconstruct_command)
main.add_command(swap_command)
main.add_command(train_command)
main.add_command(verify_command)
main.add_command(weights_group)
