"""Verification of a data set: samples made again from its records, and compared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tarfile import TarError
from tempfile import TemporaryDirectory, mkdtemp

from facelab.augment import lock
from facelab.augment.engines.local import LocalEngine
from facelab.augment.formats import FORMATS, Format, named
from facelab.augment.generate import Generator
from facelab.augment.heads import plan_of
from facelab.augment.plan import Item, Plan, split_of
from facelab.augment.report.finish import Records
from facelab.augment.request import class_weights, head_weights, matte_weights, portrait_cache_of
from facelab.augment.store import Store
from facelab.augment.style import Style
from facelab.augment.template import Template, template_of
from facelab.constants import CONSENT
from facelab.errors import FacelabError
from facelab.files import parse_json
from facelab.images import output_format
from facelab.reconstruct.networks import Networks
from facelab.verification import Finding, Search, Verification
from facelab.verification.recorded import (
    Json,
    file_name,
    hashes,
    listing,
    mapping,
    sha256,
    text,
    texts,
)
from facelab.verification.remake import networks_said, placed_inputs, refusing
from facelab.verification.verify import (
    CARD,
    file_finding,
    found_networks,
    input_finding,
    version_findings,
)

_PLANNED = ("version", "variants", "heads")  # keys of a recipe that say which sample is of what
_SAMPLES = 20  # that are verified unless another share is asked for


@dataclass(frozen=True)
class _DataSetRecord:
    """The record of a data set, from its card and its plan.

    Parameters
    ----------
    store : Store
    form : Format
    count, seed : int
    recipe : dict
        As the card has it, whose keys are in the order in which values were drawn.
    files : dict of str to list of str
        The sha256 of the recipe's inputs.
    people : list of (sha256, identity)
        Every photograph.
    networks : Networks
    weights, versions : dict of str to str
    head : str or None
        The sha256 of the morphable model.
    """

    store: Store
    form: Format
    count: int
    seed: int
    recipe: Json
    files: Mapping[str, list[str]]
    people: Sequence[tuple[str, str]]
    networks: Networks
    weights: Mapping[str, str]
    versions: Mapping[str, str]
    head: str | None


@dataclass(frozen=True)
class _Located:
    """The inputs of samples, located; None where they are not found.

    Parameters
    ----------
    photographs : dict of str to Path or None
        By sha256: those that the samples wanted need.
    recipe : dict of str to list of Path or None
        The recipe's inputs.
    head : Path or None
    findings : list of Finding
        One of each of them.
    """

    photographs: Mapping[str, Path | None]
    recipe: Mapping[str, list[Path | None]]
    head: Path | None
    findings: list[Finding]


def verify_data_set(url: str, search: Search, every: int | None) -> Verification:
    """Verify a data set by one sample in `every`; by default about 20 in all.

    Of each sample all files are compared: picture, labels, maps and what its format has besides;
    COCO's annotations with those of all label records. Contact sheet, report and card are not.

    Raises
    ------
    UsageError
        If there is no data set, or its records are damaged.
    """
    made = _read_data_set(Store(url))
    with TemporaryDirectory(prefix="facelab-") as folder:  # gone with Ctrl-C, too
        return _verified(made, search, every, Path(folder))


def _verified(
    made: _DataSetRecord, search: Search, every: int | None, folder: Path
) -> Verification:
    wanted = range(0, made.count, every or -(-made.count // _SAMPLES))
    others = {**matte_weights(), **class_weights(), **head_weights()}
    used = {name: digest for name, digest in others.items() if name in made.weights}
    networks, of_weights = found_networks(made.networks, made.weights, search, used)
    found = _locate(made, search, wanted, folder)
    findings = [*version_findings(made.versions), *of_weights, *found.findings]
    if any(finding.exit_code == 4 for finding in findings) or _is_missing(made, found):
        findings += [Finding("output", f"{len(wanted)} sample(s)", "not made again")]
    else:
        findings += _sample_findings(made, _generator(made, networks, found, folder), wanted)
        findings += _joint_findings(made)
    return Verification(f"{made.store.url}: {len(wanted)} of {made.count} samples", tuple(findings))


def _read_data_set(store: Store) -> _DataSetRecord:
    """Read the card and the plan of a data set."""
    with refusing(f"{store.url}: {CARD} and {lock.NAME}"):
        card, plan = (_read(store, name) for name in (CARD, lock.NAME))
        if card["recipe"] != plan["recipe"]:
            raise ValueError("they have two recipes")
        form, said = text("format", plan["format"]), mapping("networks", plan["networks"])
        if form not in FORMATS:
            raise ValueError(f"format {form!r}")
        style = _style(plan)
        head = plan.get("head")
        return _DataSetRecord(
            store=store,
            form=named(form)(style),
            count=_count(plan["count"]),
            seed=style.seed,
            recipe=mapping("recipe", card["recipe"]),
            files={
                name: [sha256(one) for one in listing(name, given)]
                for name, given in mapping("inputs", plan["inputs"]).items()
            },
            people=_people(plan["photographs"], "heads" in mapping("recipe", card["recipe"])),
            networks=networks_said(said),
            weights=hashes("weights", said["weights"]),
            versions=texts("versions", card.get("versions", {"facelab": plan["facelab"]})),
            head=None if head is None else sha256(head),
        )


def _read(store: Store, name: str) -> Json:
    try:
        return mapping("it", parse_json(store.read(name), dict))
    except OSError:
        raise ValueError(f"there is no {name}") from None


def _style(plan: Json) -> Style:
    """How samples are written."""
    output_format(f"it{text('suffix', plan['suffix'])}")
    quality, consent = plan["quality"], text("consent", plan["consent"])
    if quality is not None and (type(quality) is not int or not 1 <= quality <= 100):
        raise ValueError(f"quality {quality!r}")
    if consent not in CONSENT:
        raise ValueError(f"consent {consent!r}")
    maps = tuple(text("maps", one) for one in listing("maps", plan["maps"]))
    return Style(_count(plan["seed"], 0), plan["suffix"], quality, maps, consent)


def _count(value: object, least: int = 1) -> int:
    if type(value) is not int or value < least:
        raise ValueError(f"{value!r} is no whole number from {least}")
    return value


def _people(said: object, drawn: bool) -> list[tuple[str, str]]:
    """The sha256 and identity of every photograph; there may be none where people are drawn."""
    pairs = [listing("photographs", one) for one in listing("photographs", said)]
    if not (pairs or drawn):
        raise ValueError("photographs: there are none")
    return [(sha256(digest), text("photographs", who)) for digest, who in pairs]


def _locate(made: _DataSetRecord, search: Search, wanted: range, folder: Path) -> _Located:
    """Locate everything that the wanted samples are made of.

    Label records name files: what was renamed goes by a link in `folder` that has its old name.
    """
    findings = []

    def find(name: str | None, digest: str, suffix: str | None = None) -> Path | None:
        file = search.find(name, digest, suffix)
        called = name or (file.name if file else digest)
        findings.append(input_finding(called, digest, file, search))
        return file and _under_its_name(file, called, folder)

    photographs = _photographs(made, wanted)
    recipe = _recipe_files(made)
    return _Located(
        photographs={digest: find(name, digest) for digest, name in photographs.items()},
        recipe={name: [find(*one) for one in files] for name, files in recipe.items()},
        head=find(None, made.head, ".safetensors") if made.head else None,
        findings=findings,
    )


def _under_its_name(file: Path, name: str, folder: Path) -> Path:
    """Return the file, or a link to it of that name."""
    if file.name == name:
        return file
    link = Path(mkdtemp(dir=folder)) / name
    link.symlink_to(file.resolve())
    return link


def _photographs(made: _DataSetRecord, wanted: range) -> dict[str, str | None]:
    """The sha256 of photographs that samples need, to their names if label records tell them."""
    known = {digest for digest, _ in made.people}
    planned = {key: made.recipe[key] for key in _PLANNED if key in made.recipe}
    plan = _plan(made, template_of(planned, CARD), {})  # inputs may lie elsewhere now
    first = [plan.place(index).item for index in wanted]
    found: dict[str, str | None] = {item.sha256: None for item in first if item.sha256 in known}
    for index in wanted:
        for source in _sources(made, index):
            with suppress(ValueError, KeyError, TypeError):
                digest, name = sha256(source["sha256"]), file_name(source["file"])
                if digest in known:
                    found[digest] = name
    return dict(sorted(found.items()))


def _sources(made: _DataSetRecord, index: int) -> list[Json]:
    """The sources in the label record of a sample, if there is one that can be read."""
    try:
        record = next(iter(made.form.records(made.store, [index])))
        return listing("sources", record["sources"])
    except (StopIteration, OSError, ValueError, KeyError, TypeError, RecursionError):
        return []


def _recipe_files(made: _DataSetRecord) -> dict[str, list[tuple[str, str]]]:
    """Name and sha256 of the files of the recipe's inputs."""
    with refusing(f"{made.store.url}: {CARD}"):
        return {
            name: list(zip(_names(name, said), made.files[name], strict=True))
            for name, said in mapping("inputs", made.recipe.get("inputs") or {}).items()
        }


def _names(name: str, said: object) -> list[str]:
    about = mapping(name, said)
    files = about["picture" if "picture" in about else "photograph"]
    return [file_name(one) for one in (files if isinstance(files, list) else [files])]


def _is_missing(made: _DataSetRecord, found: _Located) -> bool:
    """Whether something is not there that every sample needs."""
    files = [file for files in found.recipe.values() for file in files]
    return None in files or (made.head is not None and found.head is None)


def _generator(made: _DataSetRecord, networks: Networks, found: _Located, cache: Path) -> Generator:
    """The generator of the samples."""
    said = dict(made.recipe)
    name = f"{made.store.url}: {CARD}"
    with refusing(name):
        if found.recipe:
            files = {key: [file for file in one if file] for key, one in found.recipe.items()}
            said["inputs"] = placed_inputs(said["inputs"], files)
    template = template_of(said, name)
    portraits = portrait_cache_of(template, networks, found.head, cache)
    return Generator(_plan(made, template, found.photographs), template, portraits)


def _plan(made: _DataSetRecord, template: Template, files: Mapping[str, Path | None]) -> Plan:
    """The plan of the samples, with the photographs that are found."""
    items = [
        Item(files.get(digest) or Path(digest), digest, who, split_of(who, made.seed))
        for digest, who in made.people
    ]
    return plan_of(items, made.count, made.seed, template.variants, template.heads)


def _sample_findings(
    made: _DataSetRecord, generator: Generator, wanted: range
) -> Iterator[Finding]:
    """The findings on every file of the wanted samples."""
    task = partial(_files_again, made.form)
    for index, files in LocalEngine(1).map(task, generator, wanted):
        if isinstance(files, FacelabError):
            code = files.exit_code
            yield Finding("output", f"sample {index}", "failed", str(files), exit_code=code)
            continue
        for name, again in files.contents.items():
            yield file_finding(name, _kept(made, files.split, index, name), again)


def _joint_findings(made: _DataSetRecord) -> Iterator[Finding]:
    """The findings on the files that a format makes of all label records, as they are now."""
    with TemporaryDirectory(prefix="facelab-") as folder:
        again = Store(folder)
        try:
            made.form.finish(again, Records(made.store, made.form, made.count))
        except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
            said = f"a label record is damaged ({type(error).__name__}: {error})"
            yield Finding("output", "annotations", "failed", said, exit_code=1)
            return
        for name in again.names():
            try:
                kept = made.store.read(name)
            except OSError:
                kept = None
            yield file_finding(name, kept, again.read(name))


@dataclass(frozen=True)
class _Files:
    """The split of a sample, and its files by name."""

    split: str
    contents: Mapping[str, bytes]


def _files_again(
    form: Format, generator: Generator, index: int
) -> tuple[int, _Files | FacelabError]:
    """Make the files of a sample, or the error why there are none."""
    try:
        sample = generator(index)
        return index, _Files(sample.split, form.files(sample))
    except FacelabError as error:
        return index, error


def _kept(made: _DataSetRecord, split: str, index: int, name: str) -> bytes | None:
    """A file of a sample as the data set has it; None if it has none that can be read."""
    try:
        return made.form.file(made.store, split, index, name)
    except (OSError, KeyError, TarError):
        return None
