"""A data set as the command line asks for it: what it is made with, made, and told of."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import click
from fsspec.implementations.local import LocalFileSystem

import facelab
from facelab import weights
from facelab.augment.engines import Engine
from facelab.augment.generate import Generator
from facelab.augment.maps import MAPS
from facelab.augment.portrait_cache import Sources
from facelab.augment.report.dataset_card import Facts
from facelab.augment.run import Job, Summary, run
from facelab.augment.store import Store
from facelab.augment.style import Style
from facelab.augment.template import Template, read_template
from facelab.cli.folders import check_folder, make_folder
from facelab.cli.networks import Networks
from facelab.cli.progress import Progress
from facelab.cli.report import say, say_notes
from facelab.errors import UsageError
from facelab.geometry.head import HeadModel
from facelab.provenance import file_sha256
from facelab.recipe import Input, PictureFile, Recipe, describe
from facelab.recipe.inputs import files_of
from facelab.reconstruct import load_segmenter


@dataclass(frozen=True)
class Asked:
    """What a command says.

    Parameters
    ----------
    recipe : Path
    faces : Path
        Folder of photographs.
    output : str
        Path or URL.
    count : int
    seed : int or None
        None for the recipe's.
    format : str
        A key of `facelab.augment.formats.FORMATS`.
    maps : str
        ``all``, ``none`` or names with commas between.
    cache : Path or None
        None for the user's.
    consent, licence : str
        Of the photographs.
    networks : Networks
    head : Path, optional
        A file of `facelab.geometry.head.HeadModel`.
    """

    recipe: Path
    faces: Path
    output: str
    count: int
    seed: int | None
    format: str
    maps: str
    cache: Path | None
    consent: str
    licence: str
    networks: Networks
    head: Path | None = None


def carry_out(asked: Asked, engine: Engine, *, as_json: bool, quiet: bool) -> int:
    """Make the data set, say what was done, return the exit code."""
    job = job_of(asked)
    with Progress(hidden=quiet) as progress:
        summary = run(job, engine, progress)
    if as_json:
        click.echo(json.dumps(_as_json(asked, summary, progress.rate), indent=2))
    if not quiet:
        _tell(asked, summary, progress.rate)
    return 0


def job_of(asked: Asked) -> Job:
    """The data set that is asked for.

    Raises
    ------
    FacelabError
        If the recipe, the maps, the weights, the head or the folder are not there or unfit.
    """
    template, networks = _template(asked.recipe), asked.networks
    head, used = _head(asked.head, networks), weights_of(template, networks)
    style = Style(
        seed=template.seed if asked.seed is None else asked.seed,
        suffix=f".{template.output.format or 'jpg'}",
        quality=template.output.quality,
        maps=_maps(asked.maps),
        consent=asked.consent,
    )
    facts = Facts(
        format=asked.format,
        style=style,
        recipe=_without_folders(template),
        requested=asked.count,
        licence=asked.licence,
        weights=[name for name in used if name in weights.entries()],
    )
    cache = (asked.cache or _own_cache()).resolve()  # wherever the workers are
    sources = sources_of(template, networks, asked.head and asked.head.resolve(), cache)
    return Job(
        faces=asked.faces,
        store=_store(asked),
        facts=facts,
        look=sources.portrait,
        maker=partial(Generator, template=template, sources=sources),
        made_with={
            "inputs": {name: _hashes(given) for name, given in template.inputs.items()},
            "networks": {**networks.said, "weights": used},
            **head,
        },
    )


def sources_of(template: Template, networks: Networks, head: Path | None, cache: Path) -> Sources:
    """What the photographs of a data set are looked at with, and where that is kept.

    Raises
    ------
    FacelabError
        If the weights or the head are not there or unfit.
    """
    used = {**weights_of(template, networks), **_head(head, networks)}
    segmenter = partial(load_segmenter, networks.runtime, networks.device)
    return Sources(
        cache=cache,
        load=networks.load,
        key=_key(networks, used),
        load_segmenter=segmenter if template.needs_matte else None,
        head=head,
    )


def weights_of(template: Template, networks: Networks) -> dict[str, str]:
    """Name to sha256 of the weights that a data set is made with."""
    return {**networks.weights, **(matte_weights() if template.needs_matte else {})}


def _head(head: Path | None, networks: Networks) -> dict[str, str]:
    """The hash of a morphable model's file by the name ``head``, where there is one."""
    if head is None:
        return {}
    if networks.backend == "prn":
        raise UsageError(f"{head}: heads go with --backend map or mesh, not prn")
    HeadModel.read(head)  # an error now, not in every worker
    return {"head": file_sha256(head)}


def _template(file: Path) -> Template:
    """The recipe, with paths that other processes understand."""
    template = read_template(file)
    return replace(template, inputs={name: _at(given) for name, given in template.inputs.items()})


def _at(given: Input) -> Input:
    if isinstance(given, PictureFile):
        return PictureFile(given.file.resolve())
    return replace(given, files=tuple(file.resolve() for file in given.files))


def _maps(wanted: str) -> tuple[str, ...]:
    if wanted in ("all", "none"):
        return tuple(MAPS) if wanted == "all" else ()
    return tuple(name.strip() for name in wanted.split(","))


def _store(asked: Asked) -> Store:
    """Where the data set goes; a local folder is made, but not its parents.

    Raises
    ------
    FacelabError
        If it cannot be written, or lies within the photographs or they within it.
    """
    store = Store(asked.output)
    if isinstance(store.files, LocalFileSystem):
        folder, faces = Path(store.root).resolve(), asked.faces.resolve()
        if folder.is_relative_to(faces) or faces.is_relative_to(folder):
            raise UsageError(
                f"{asked.output}: the photographs of {asked.faces} are in the way; "
                "give a folder beside them"
            )
        make_folder(folder)
        check_folder(folder)
    return store


def _hashes(given: Input) -> list[str]:
    return [file_sha256(file) for file in files_of(given)]


def matte_weights() -> dict[str, str]:
    """Name to sha256 of what tells people from what is behind them."""
    return {"selfie": weights.entry_of("selfie").sha256}


def _key(networks: Networks, used: Mapping[str, str]) -> str:
    """Names the networks and facelab, so that what one found is not taken for another's."""
    said = json.dumps(
        {"facelab": facelab.__version__, **networks.said, "weights": used}, sort_keys=True
    )
    return hashlib.sha256(said.encode()).hexdigest()


def _own_cache() -> Path:
    # Path.home() would raise where there is no home.
    caches = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")  # noqa: PTH111
    return Path(caches) / "facelab" / "faces"


def _without_folders(template: Template) -> Mapping[str, object]:
    """What the recipe says; where its files lie is nobody else's business."""
    if not template.inputs:
        return template.text
    described = describe(Recipe(inputs=template.inputs), lambda file: file.name)
    return {**template.text, "inputs": described["inputs"]}


def _as_json(asked: Asked, summary: Summary, rate: float | None) -> dict[str, object]:
    """What ``--json`` prints."""
    found = summary.statistics
    return {
        "output": asked.output,
        "samples": found.count,
        "made": summary.made,
        "splits": dict(found.samples),
        "photographs": summary.photographs,
        "skipped": summary.skipped,
        "left": summary.left,
        "notes": asked.networks.terms,
        "samples_per_second": None if rate is None else round(rate, 3),
    }


def _tell(asked: Asked, summary: Summary, rate: float | None) -> None:
    """Say what was made, and what was left out."""
    say_notes(asked.networks.terms)
    for name, reason in summary.skipped.items():
        say(f"skipped {name}: {reason}")
    speed = "" if rate is None else f", {rate:.2f} a second"
    say(
        f"{asked.output}: {summary.statistics.count} samples of {summary.photographs} "
        f"photograph(s), {summary.made} of them made now{speed}"
    )
    if summary.left:
        say(f"{asked.faces}: {summary.left}")
