"""How believable swaps are: every pair of a list by several versions of facelab, side by side.

    python benchmarks/bench_believe.py --pairs pairs.csv --photographs FOLDER --work FOLDER \
        --set before=CHECKOUT --prnet --identity face-api.tgz --identity human.tgz

Swaps are made by the facelab that is imported, by those of other checkouts (``--set``), and by
PRNet's procedure; all are measured by the one that is imported. What the measures are stands in
docs/benchmark.md. Results are kept in the work folder, so that what has not changed is not swapped
again.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")  # networks so small gain nothing from more

import kept_faces
import numpy as np
import sheets
import torch
from faceres import FaceRes
from identity import IdentityNet
from judge import Judge, Net
from swap_pairs import Pair, read_pairs

import facelab
from facelab import images
from facelab.images.image import from_integers

FOLDER = Path(__file__).resolve().parent
HERE = "this"
PRNET = "PRNet's"


# Which archive holds which network, by a part of the file's name.
NETS = {"face-api": ("dlib", IdentityNet), "human": ("FaceRes", FaceRes)}


@dataclass(frozen=True)
class Version:
    """Something that swaps: a checkout of facelab, or PRNet's procedure on its faces."""

    name: str
    checkout: Path
    prnet: bool = False

    @property
    def digest(self) -> str:
        """A hash of its code and weights, in a few characters."""
        code = [*sorted((self.checkout / "facelab").rglob("*.py"))]
        code += [self.checkout / "weights/manifest.toml", FOLDER / "swap_pairs.py"]
        return hashlib.sha256(b"".join(path.read_bytes() for path in code)).hexdigest()[:8]

    def swap(self, pairs: Path, photographs: Path, work: Path) -> Path:
        """Swap what has not been swapped yet; the folder of the results."""
        where = f"{photographs.resolve()}{self.digest}".encode()
        folder = work / f"{self.name}-{hashlib.sha256(where).hexdigest()[:8]}"
        line = [sys.executable, str(FOLDER / "swap_pairs.py"), "--pairs", str(pairs)]
        line += ["--photographs", str(photographs), "-o", str(folder)]
        line += ["--kept", str(work / "faces"), *(["--prnet"] if self.prnet else [])]
        environment = os.environ | {"PYTHONPATH": str(self.checkout)}
        subprocess.run(line, check=True, env=environment)
        return folder


Rows = dict[Pair, dict[str, float]]


def summary(measured: dict[str, Rows]) -> str:
    """A table in Markdown: mean, median and extremes of each measure by version."""
    names = dict.fromkeys(
        name for rows in measured.values() for row in rows.values() for name in row
    )
    lines = [["mean / median (least, most)", *measured], ["---"] * (len(measured) + 1)]
    for name in names:
        cells = [[row[name] for row in rows.values() if name in row] for rows in measured.values()]
        lines.append([name, *(cell(values) for values in cells)])
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def cell(values: Sequence[float]) -> str:
    """Mean, median and extremes of those that are numbers."""
    known = np.array([value for value in values if np.isfinite(value)])
    if not known.size:
        return "-"
    digits = 1 if np.abs(known).max() >= 10 else 3 if np.abs(known).max() <= 1 else 2
    shown = (known.mean(), np.median(known), known.min(), known.max())
    mean, median, least, most = (f"{value:.{digits}f}" for value in shown)
    return f"{mean} / {median} ({least}, {most})"


def write_rows(path: Path, measured: dict[str, Rows]) -> None:
    """A CSV with a line for each pair and version."""
    lines = [
        {"source": pair.source, "target": pair.target, "version": version}
        | {name: f"{value:.4f}" for name, value in row.items()}
        for version, rows in measured.items()
        for pair, row in rows.items()
    ]
    write_table(path, sorted(lines, key=lambda line: (line["source"], line["target"])))


def write_table(path: Path, lines: Sequence[dict[str, str]]) -> None:
    """Lines by the names of their columns as a CSV."""
    with path.open("w", newline="") as file:
        heads = dict.fromkeys(name for line in lines for name in line)
        writer = csv.DictWriter(file, list(heads), restval="")
        writer.writeheader()
        writer.writerows(lines)


def write_sheets(
    given: argparse.Namespace, judge: Judge, results: dict[str, Path], pairs: Sequence[Pair]
) -> None:
    """Contact sheets of all versions; blind ones with a form beside and the key apart."""
    folder, blind = given.sheet, given.blind
    folder.mkdir(parents=True, exist_ok=True)
    orders = {pair.name: list(results) for pair in pairs}
    if blind is not None:
        orders = sheets.orders([pair.name for pair in pairs], list(results), blind)
        key = folder.with_name(f"{folder.name}.key.json")
        key.write_text(json.dumps({"seed": blind, "orders": orders}, indent=1))
        write_table(folder / "faults.csv", sheets.form(orders))
    rows = [sheet_row(judge, pair, results, orders[pair.name], blind is None) for pair in pairs]
    layout = sheets.Layout(given.face, given.room, given.rows)
    for number, picture in enumerate(sheets.sheets(rows, layout)):
        images.write(folder / f"{number:02}.png", images.Image(from_integers(picture)))


def sheet_row(
    judge: Judge, pair: Pair, results: dict[str, Path], order: Sequence[str], named: bool
) -> list[sheets.Labelled]:
    """Source, target and the results in this order, with their names or as A, B, ..."""
    source, target = (judge.observed(name) for name in pair)
    row = [
        sheets.Labelled(source.image, source.box, pair.source),
        sheets.Labelled(target.image, target.box, pair.target),
    ]
    for version, letter in zip(order, sheets.LETTERS, strict=False):
        result = images.read(results[version] / f"{pair.name}.png").pixels
        row.append(sheets.Labelled(result, target.box, version if named else letter))
    return row


def load_nets(archives: Iterable[Path]) -> dict[str, Net]:
    """Recognition networks by name."""
    nets: dict[str, Net] = {}
    for archive in archives:
        known = [found for part, found in NETS.items() if part in archive.name]
        if not known:
            raise SystemExit(f"{archive}: no archive of {' or '.join(NETS)}")
        name, kind = known[0]
        nets[name] = kind(archive)
    return nets


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pairs", type=Path, required=True, help="CSV: source, target")
    parser.add_argument("--photographs", type=Path, required=True, help="their folder")
    parser.add_argument("--work", type=Path, required=True, help="folder of what is kept")
    parser.add_argument(
        "--set", action="append", default=[], metavar="NAME=CHECKOUT", help="another version"
    )
    parser.add_argument("--prnet", action="store_true", help="PRNet's procedure too")
    parser.add_argument("--name", default=HERE, help="what the facelab that is imported is called")
    parser.add_argument(
        "--identity", type=Path, action="append", default=[], help="archive of a recognition net"
    )
    parser.add_argument("-o", "--output", type=Path, help="CSV: every measure of every pair")
    parser.add_argument("--sheet", type=Path, metavar="FOLDER", help="write contact sheets")
    parser.add_argument(
        "--blind", type=int, metavar="SEED", help="sheets that do not say which version is which"
    )
    default = sheets.Layout()
    parser.add_argument("--face", type=int, default=default.face, help="px of a face on sheets")
    parser.add_argument("--room", type=float, default=default.room, help="tile over face")
    parser.add_argument("--rows", type=int, default=default.rows, help="pairs on a sheet")
    return parser.parse_args()


def versions(given: argparse.Namespace) -> list[Version]:
    """What swaps, the facelab that is imported last."""
    here = Path(facelab.__file__).resolve().parents[1]
    found = [Version(PRNET, here, prnet=True)] if given.prnet else []
    for text in given.set:
        name, _, checkout = text.partition("=")
        if not checkout or not (Path(checkout) / "facelab").is_dir():
            raise SystemExit(f"--set {text}: no checkout of facelab there; NAME=FOLDER is wanted")
        found.append(Version(name, Path(checkout).resolve()))
    found.append(Version(given.name, here))
    if len({version.name for version in found}) < len(found):
        raise SystemExit(f"two versions are called alike: {', '.join(one.name for one in found)}")
    return found


def main() -> None:
    given = arguments()
    torch.set_num_threads(1)
    pairs = read_pairs(given.pairs)
    judge = Judge(
        given.photographs, kept_faces.model(given.work / "faces"), load_nets(given.identity)
    )
    judge.prepare(pairs)
    results = {
        version.name: version.swap(given.pairs, given.photographs, given.work)
        for version in versions(given)
    }
    measured = {
        name: {pair: judge.measured(pair, folder) for pair in pairs}
        for name, folder in results.items()
    }
    print(f"{len(pairs)} pairs\n\n{summary(measured)}", end="")
    if given.output:
        write_rows(given.output, measured)
    if given.sheet:
        write_sheets(given, judge, results, pairs)


if __name__ == "__main__":
    main()
