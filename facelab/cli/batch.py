"""A command's photographs one after the other, with progress, and what is said at the end."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from pathlib import Path

import click

from facelab.cli import folders, plan
from facelab.cli.outcome import Outcome
from facelab.cli.plan import Job, Request
from facelab.cli.report import conclude, say, say_notes
from facelab.errors import FacelabError

Performer = Callable[[Job], Outcome]


def carry_out(
    target: Path,
    output: Path,
    request: Request,
    prepare: Callable[[], Performer],
    deed: tuple[str, str],
    *,
    recursive: bool,
    overwrite: bool,
    as_json: bool,
    quiet: bool,
) -> int:
    """Change a photograph or a folder of them, say what was done, return the exit code.

    `prepare` loads what the jobs share; it is called only if there is one to do. `deed` says what
    is being done and what was: ``("swapping", "swapped")``.
    """
    found = folders.photographs_of(target, recursive=recursive, without=output)
    jobs = plan.plan(found.photographs, target, output, request.suffix)
    plan.check(jobs, request)
    whole_folder = target.is_dir()
    if whole_folder:
        folders.make_folder(output)
        for folder in sorted({job.output.parent for job in jobs}):
            folders.make_folder(folder, parents=True)
    folders.check_folder(jobs[0].output.parent)
    finished = plan.finished(jobs, request) if whole_folder and not overwrite else set()
    outcomes = _run(jobs, finished, prepare, deed[0], shown=whole_folder and not quiet)
    if as_json:
        click.echo(json.dumps([outcome.as_json() for outcome in outcomes], indent=2))
    if not quiet:
        _tell(outcomes, deed[1], found.said)
    return conclude(outcome.error for outcome in outcomes)


def _run(
    jobs: Sequence[Job],
    finished: Collection[Job],
    prepare: Callable[[], Performer],
    label: str,
    *,
    shown: bool,
) -> list[Outcome]:
    """Do the jobs that are not finished; progress is `shown` on stderr."""
    outcomes = {job: Outcome(job, "skipped") for job in finished}
    unfinished = [job for job in jobs if job not in finished]
    if unfinished:
        try:
            perform = prepare()
        except FacelabError as error:
            outcomes.update((job, Outcome(job, "failed", error=error)) for job in unfinished)
            return [outcomes[job] for job in jobs]
        with click.progressbar(
            unfinished,
            label=label,
            hidden=not shown,
            show_pos=True,
            item_show_func=lambda job: job.target.name if job else None,
            file=sys.stderr,
        ) as bar:
            outcomes.update((job, perform(job)) for job in bar)
    return [outcomes[job] for job in jobs]


def _tell(outcomes: Sequence[Outcome], done: str, left: str) -> None:
    """Say what was done, what was `left` and, once each, what could not be kept."""
    say_notes(note for outcome in outcomes for note in outcome.notes)
    if len(outcomes) == 1 and outcomes[0].status == "done":
        say(f"{outcomes[0].job.output}: {len(outcomes[0].faces)} face(s) {done}")
    elif len(outcomes) > 1:
        counts = Counter(outcome.status for outcome in outcomes)
        say(", ".join(f"{counts[status]} {status}" for status in ("done", "skipped", "failed")))
    if left:
        say(left)
