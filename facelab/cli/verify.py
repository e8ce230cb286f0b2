"""``facelab verify``: outputs made again from their records, and compared."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from facelab.cli.options import FILE

if TYPE_CHECKING:
    from facelab.verification import Verification


@click.command("verify")
@click.argument("output", metavar="OUT")
@click.option(
    "--inputs",
    type=FILE,
    multiple=True,
    metavar="FOLDER",
    help="Where inputs are, somewhere below; several times for several folders.",
)
@click.option(
    "--every",
    type=click.IntRange(min=1),
    metavar="N",
    help="One sample of a data set, or record of a folder, in N; by default about 20 samples.",
)
@click.option("as_json", "--json", is_flag=True, help="Print the results as JSON on stdout.")
@click.option("--quiet", is_flag=True, help="Say nothing but errors.")
def verify_command(
    output: str, inputs: tuple[Path, ...], every: int | None, as_json: bool, quiet: bool
) -> int:
    """Make OUT again from the record beside it, and say whether it is the same.

    OUT is a picture or a video of swap or edit, a report of reconstruct or a file beside it, a
    folder of these, or a data set. Inputs are looked for by name and sha256 beside OUT, in the
    current folder and in those given. Nothing is written.

    Said are the inputs, weights and versions that are others now, and of each file whether it is
    identical, or by how much it differs.

    Exit codes: 0 identical, 1 something differs, was changed or is missing, 2 no record, 4 other
    weights or none, 130 interrupted. Where several of these hold it is 1.
    """
    from facelab.verification.finding import joint_code
    from facelab.verification.verify import verify

    done = []
    for verification in verify(output, inputs, every):
        done.append(verification)
        if not (quiet or as_json):
            for line in _lines(verification):
                click.echo(line)
    if as_json:
        click.echo(json.dumps([one.as_json() for one in done], indent=2))
    return joint_code(one.exit_code for one in done)


def _lines(verification: Verification) -> Iterator[str]:
    """The lines on a record: the good in one, the rest one by one."""
    from facelab.verification.finding import GOOD

    good = Counter(one.about for one in verification.findings if one.status in GOOD)
    kinds = {"input": "input(s)", "weights": "weights file(s)", "version": "version(s)"}
    counts = [f"{good[about]} {name}" for about, name in kinds.items() if good[about]]
    if counts:
        yield f"{verification.record}: {', '.join(counts)} unchanged"
    for finding in verification.findings:
        if finding.status not in GOOD or (finding.about == "input" and finding.said):
            yield finding.line
    names = [
        one.name
        for one in verification.findings
        if one.about == "output" and one.status == "identical"
    ]
    if names:
        yield f"{names[0] if len(names) == 1 else f'{len(names)} files'}: identical"
