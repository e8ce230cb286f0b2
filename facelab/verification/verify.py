"""Verification of outputs: made again from their records, and compared."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

from facelab import plugins, weights
from facelab.errors import FacelabError, UsageError, WeightsError
from facelab.files import StrPath, read_bytes, why
from facelab.provenance import file_sha256, record_path, software_versions
from facelab.reconstruct.landmarker import landmarker_weights
from facelab.reconstruct.networks import Networks, backend_weights
from facelab.verification import (
    Difference,
    Finding,
    Recorded,
    Search,
    Verification,
    content_difference,
    difference,
    read_record,
)
from facelab.verification.remake import made_again, networks_of
from facelab.video.pyav import pyav_version

CARD = "dataset.json"
_LARGEST = 1 << 31  # bytes of an output that is read
_REPORT = ("faces", "network", "image")  # what a report says of the photograph, not of the run


def verify(
    output: StrPath, inputs: Sequence[StrPath] = (), every: int | None = None
) -> Iterator[Verification]:
    """Verify an output against its record: inputs, weights, versions, and itself made again.

    Nothing is written but into a temporary folder, which is gone in the end.

    Parameters
    ----------
    output : path
        A picture or a video of `swap` or `edit`; a report of `reconstruct` or a file beside it; a
        folder of these, in which every record is verified; a data set, of which samples are.
    inputs : sequence of path
        Folders in which inputs are, somewhere below. They are also looked for beside the output
        and in the current folder, by name and hash, since records do not tell folders.
    every : int, optional
        One record of a folder, or one sample, in so many; by default every record, and of a data
        set about 20 samples.

    Yields
    ------
    Verification
        One for each record; of a data set one.

    Raises
    ------
    UsageError
        If there is no record.

    Examples
    --------
    >>> facelab.Recipe([])("astronaut.png", model=model).save("same.png")
    ()
    >>> [found.identical for found in facelab.verify("same.png")]
    [True]
    """
    if every is not None and every < 1:
        raise UsageError(f"every must be 1 or more, not {every}")
    below = [Path(folder) for folder in inputs]
    try:
        records = [] if _is_data_set(output) else _records_of(Path(output))
    except OSError as error:  # an impossible path
        raise UsageError(f"{output}: {why(error)}; give another path") from None
    if not records:
        from facelab.verification.data_set import verify_data_set

        beside = [] if "://" in str(output) else [Path(output).parent]
        yield verify_data_set(str(output), Search([*beside, Path()], below), every)
        return
    search = Search([records[0].parent, Path()], below)
    if not Path(output).is_dir():
        yield _verified(read_record(records[0]), search)
        return
    for record in records[:: every or 1]:
        try:
            yield _verified(read_record(record), search)
        except UsageError as error:
            yield _failed(record, error)


def _is_data_set(output: StrPath) -> bool:
    return "://" in str(output) or (Path(output) / CARD).is_file()


def _records_of(output: Path) -> list[Path]:
    """The records of an output."""
    if output.is_dir():
        found = sorted(path for path in output.glob("*.json") if _is_record(path))
        if found:
            return found
        raise UsageError(f"{output}: no record of swap, edit or reconstruct is in it")
    if record_path(output).is_file():
        return [record_path(output)]
    if output.suffix == ".json":
        return [output]
    reports = (path for path in output.parent.glob("*.json") if _names(path, output.name))
    for report in reports:
        return [report]
    raise UsageError(f"{output}: there is no record of it; {record_path(output).name} would be one")


def _is_record(path: Path) -> bool:
    """Whether a file is a record, or should be: beside a file whose name it bears."""
    if path.with_suffix("").is_file():
        return True
    try:
        return bool(read_record(path))
    except UsageError:
        return False


def _names(report: Path, name: str) -> bool:
    """Whether a file is a report that names a file beside it."""
    if not name.startswith(f"{report.stem}_"):
        return False
    try:
        return name in read_record(report).files
    except UsageError:
        return False


def _failed(record: Path, error: FacelabError) -> Verification:
    failed = Finding("output", record.name, "failed", str(error), exit_code=error.exit_code)
    return Verification(str(record), (failed,))


def _verified(recorded: Recorded, search: Search) -> Verification:
    used = {name: sha for name, sha in landmarker_weights().items() if name in recorded.weights}
    networks, of_weights = found_networks(networks_of(recorded), recorded.weights, search, used)
    files, of_inputs = _found_inputs(recorded, search)
    findings = [*version_findings(recorded.versions), *of_weights, *of_inputs]
    if any(finding.exit_code for finding in findings):
        findings += _not_made(recorded)
    else:
        try:
            findings += _compared(recorded, made_again(recorded, networks, files))
        except UsageError:
            raise
        except FacelabError as error:
            findings += _failed(recorded.path, error).findings
    return Verification(str(recorded.path), tuple(findings))


def version_findings(recorded: Mapping[str, str]) -> Iterator[Finding]:
    """The findings on versions; another one may explain differences, and is none itself."""
    here = {**plugins.versions(), **software_versions(), **pyav_version()}
    for name, version in recorded.items():
        now = here.get(name, "missing")
        said = "" if now == version else f"{now}, recorded {version}"
        yield Finding("version", name, "other" if said else "unchanged", said)


def found_networks(
    networks: Networks,
    recorded: Mapping[str, str],
    search: Search,
    others: Mapping[str, str] | None = None,
) -> tuple[Networks, list[Finding]]:
    """The networks with their own weights located, and the findings on all weights.

    `others` are used beside those of the networks, by name.
    """
    if networks.own is not None:
        name = backend_weights(networks.backend)
        file = search.find(networks.own.name, recorded.get(name, ""))
        if file is None:
            said = f"{networks.own.name} is not in {search.said}; add its folder by --inputs"
            return networks, [Finding("weights", name, "missing", said, exit_code=4)]
        networks = replace(networks, own=file)
    try:
        used = {**networks.weights, **(others or {})}
    except WeightsError as error:
        return networks, [Finding("weights", networks.backend, "missing", str(error), exit_code=4)]
    own = () if networks.own is None else (backend_weights(networks.backend),)
    return networks, list(weights_findings(used, recorded, own))


def weights_findings(
    used: Mapping[str, str], recorded: Mapping[str, str], checked: Sequence[str] = ()
) -> Iterator[Finding]:
    """The findings on weights: whether they are those recorded, and their files undamaged.

    Of the names `checked` the files were hashed already.
    """
    for name in sorted({*used, *recorded}):
        if used.get(name) != recorded.get(name):
            said = f"sha256 {used.get(name, 'none')} here, {recorded.get(name, 'none')} recorded"
            yield Finding("weights", name, "other", said, exit_code=4)
        elif name in checked or name not in weights.entries():
            yield Finding("weights", name, "unchanged")
        else:
            yield _weights_file(name)


def _weights_file(name: str) -> Finding:
    try:
        weights.locate(name)
    except WeightsError as error:
        return Finding("weights", name, "missing", str(error), exit_code=4)
    try:
        weights.verify(name)
    except WeightsError as error:
        return Finding("weights", name, "changed", str(error), exit_code=4)
    return Finding("weights", name, "unchanged")


def _found_inputs(recorded: Recorded, search: Search) -> tuple[list[Path], list[Finding]]:
    """The inputs that were located, and the findings on all."""
    files, findings = [], []
    for given in recorded.inputs:
        file = search.find(given.file, given.sha256)
        files += [] if file is None else [file]
        findings.append(input_finding(given.file, given.sha256, file, search))
    return files, findings


def input_finding(name: str, digest: str, found: Path | None, search: Search) -> Finding:
    """The finding on an input that was looked for."""
    if found is not None:
        return Finding("input", name, "unchanged", "" if found.name == name else f"now {found}")
    others = search.named(name)
    if others:
        said = f"{others[0]} has another sha256 than {digest}"
        return Finding("input", name, "changed", said, exit_code=1)
    said = f"not in {search.said}; add its folder by --inputs"
    return Finding("input", name, "missing", said, exit_code=1)


def _not_made(recorded: Recorded) -> Iterator[Finding]:
    """The findings on files that cannot be made again: whether they are as they were written."""
    for name, digest in recorded.files.items():
        path = recorded.path.with_name(name)
        if not path.is_file():
            yield Finding("output", name, "missing", exit_code=1)
        elif digest is not None and file_sha256(path) != digest:
            yield Finding("output", name, "changed", "has another sha256 than recorded", {}, 1)
        else:
            said = "as it was written" if digest else ""
            yield Finding("output", name, "not made again", said)


def _compared(recorded: Recorded, made: Mapping[str, bytes]) -> Iterator[Finding]:
    """The findings on files, each beside the one that was made again."""
    if recorded.command == "reconstruct":
        yield _report_finding(recorded, json.loads(made[recorded.path.name]))
    again = (name for name in made if not name.endswith(".json"))
    for name in dict.fromkeys((*recorded.files, *again)):
        kept = _content(recorded.path.with_name(name))
        yield file_finding(name, kept, made.get(name), recorded.files.get(name))


def file_finding(
    name: str, kept: bytes | None, made: bytes | None, digest: str | None = None
) -> Finding:
    """The finding on a file beside the one that was made again.

    Parameters
    ----------
    name : str
    kept, made : bytes or None
        None where there is none.
    digest : str or None
        The sha256 that is recorded of it, if one is.
    """
    as_recorded = digest is not None and made is not None and _digest(made) == digest
    again = "what is made again is as recorded" if as_recorded else ""
    if kept is None:
        return Finding("output", name, "missing", again, exit_code=1)
    if made is None:
        return Finding("output", name, "other", "it is not made any more", exit_code=1)
    changed = "" if digest in (None, _digest(kept)) else "was changed since it was recorded"
    apart = difference(name, kept, made)
    if apart is None:
        said = "it is what is made again, but its record has another sha256" if changed else ""
        status = "changed" if changed else "identical"
        return Finding("output", name, status, said, exit_code=1 if changed else 0)
    said = "; ".join(filter(None, (apart.said, changed, again)))
    return Finding("output", name, "differs", said, apart.figures, exit_code=1)


def _report_finding(recorded: Recorded, made: dict[str, object]) -> Finding:
    """The finding on a report, whatever the path of the photograph."""
    kept, again = ({key: said.get(key) for key in _REPORT} for said in (recorded.content, made))
    for said in (kept, again):
        image = said["image"]
        assert isinstance(image, dict)
        said["image"] = {key: value for key, value in image.items() if key != "path"}
    apart: Difference | None = content_difference(kept, again)
    if apart is None:
        return Finding("output", recorded.path.name, "identical")
    return Finding("output", recorded.path.name, "differs", apart.said, apart.figures, 1)


def _content(path: Path) -> bytes | None:
    """A file's content; None if there is none that can be read."""
    try:
        return read_bytes(path, _LARGEST)
    except OSError:
        return None


def _digest(data: bytes) -> str:
    return sha256(data).hexdigest()
