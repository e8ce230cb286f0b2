"""How time and memory of swaps, edits and reconstructions grow with photographs and faces.

    python benchmarks/bench_scaling.py [-o docs/scaling.svg] [--rounds 5] [--largest 48] [--most 16]

From file to file, JPEGs of 0.2 to 48 megapixels: with a face that is 40 % of the photograph's
height, with a face of 300 px, and with 1 to 16 faces of 300 px in 12 megapixels. Each row is a
process of its own: its first call tells the peak of memory, networks and all, those after it the
medians of CPU and wall time. The floor beside them decodes and encodes the same file. What grows
faster than megapixels or faces is named at the end. Linux only.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
from lines import Chart, Line, draw

import facelab
from facelab import images
from facelab.cli.batch import Batch
from facelab.cli.reconstruction import ReconstructTask
from facelab.export.photograph import Export
from facelab.numerics.arrays import Float
from facelab.reconstruct.networks import Networks

ROOT = Path(__file__).resolve().parents[1]
SOURCE, TARGET = ROOT / "samples/james-right.jpg", ROOT / "samples/james-left.jpg"
RECIPE = ROOT / "recipes/make-up-natural.yaml"

FRAMES = ((512, 384), (1024, 768), (1600, 1200), (2400, 1800), (4000, 3000), (8000, 6000))
SHARE, FIXED = 0.4, 300  # of the photograph's height; px
CROWDED = (4000, 3000)
GRIDS = ((1, 1), (2, 1), (2, 2), (4, 2), (4, 4))  # columns and rows of faces
GRAIN = 3.0  # grey levels, so that files are as long as those of cameras
SHARES, FIXEDS, CROWDS = "a face of 40 % of the height", "a face of 300 px", "faces of 300 px"
LEAST = 0.05  # seconds: what takes less tells nothing of its growth
FASTER = 1.25  # times what a megapixel or face cost at first: growth faster than the work


@dataclass(frozen=True)
class Scene:
    """A photograph to measure on."""

    series: str
    width: int
    height: int
    columns: int
    rows: int
    face: float

    @property
    def faces(self) -> int:
        return self.columns * self.rows

    @property
    def megapixels(self) -> float:
        return self.width * self.height / 1e6

    @property
    def work(self) -> float:
        """What time may grow with."""
        return self.faces if self.series == CROWDS else self.megapixels


@dataclass(frozen=True)
class Cost:
    """Medians of seconds, and the peak of the process's memory, MB."""

    cpu: float
    wall: float
    peak: float


def scenes(largest: float, most: int) -> Iterator[Scene]:
    """All photographs up to so many megapixels and faces."""
    frames = [frame for frame in FRAMES if frame[0] * frame[1] <= 1e6 * largest]
    for width, height in frames:
        yield Scene(SHARES, width, height, 1, 1, SHARE * height)
    for width, height in frames:
        yield Scene(FIXEDS, width, height, 1, 1, FIXED)
    for columns, rows in GRIDS:
        if columns * rows <= most:
            yield Scene(CROWDS, *CROWDED, columns, rows, FIXED)


def take(scene: Scene, model: facelab.FaceModel, path: Path) -> None:
    """Write the photograph of a scene: faces in a grid, all the rest a blur with grain."""
    image = images.read(TARGET).pixels
    box = model.observe(image, "largest")[0].box
    scale, (x, y) = scene.face / box.height, box.centre
    width, height = scene.width // scene.columns, scene.height // scene.rows
    matrix = np.array([[scale, 0, width / 2 - scale * x], [0, scale, height / 2 - scale * y]])
    cell = cv2.warpAffine(image, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE)
    frame = np.tile(cell, (scene.rows, scene.columns, 1))
    images.write(path, images.Image(_grained(frame)))


def _grained(frame: Float) -> Float:
    grain = np.random.default_rng(0).standard_normal((512, 512, 1), np.float32) * (GRAIN / 255)
    for top in range(0, frame.shape[0], 512):
        for left in range(0, frame.shape[1], 512):
            tile = frame[top : top + 512, left : left + 512]
            tile += grain[: tile.shape[0], : tile.shape[1]]
    clipped: Float = np.clip(frame, 0, 1, out=frame)
    return clipped


def copy(path: Path, folder: Path) -> Callable[[], int]:
    """The floor: decode and encode."""

    def job() -> int:
        images.write(folder / "out.jpg", images.read(path))
        return 0

    return job


def swap(path: Path, folder: Path) -> Callable[[], int]:
    """One person onto all faces."""
    model = facelab.load_model()
    (source,) = model.observe(images.read(SOURCE), "largest")

    def job() -> int:
        result = facelab.swap(path, source, model=model, faces="all")
        images.write(folder / "out.jpg", result.image)
        return len(result.faces)

    return job


def edit(path: Path, folder: Path) -> Callable[[], int]:
    """Make-up for all faces."""
    model, recipe = facelab.load_model(), facelab.read_recipe(RECIPE)

    def job() -> int:
        result = recipe(path, model=model)
        images.write(folder / "out.jpg", result.image)
        return len(result.faces)

    return job


def reconstruct(path: Path, folder: Path) -> Callable[[], int]:
    """What `facelab reconstruct` writes by default."""
    export = Export(Networks(), ("landmarks", "overlay"))
    reconstructor = export.networks.load()
    batch = Batch([path], folder, overwrite=True, quiet=True)
    task, jobs = ReconstructTask(export, batch), batch.reports()

    def job() -> int:
        list(task.perform(jobs, reconstructor))
        return len(json.loads((folder / f"{path.stem}.json").read_text("utf-8"))["faces"])

    return job


JOBS = {"decode + encode": copy, "swap": swap, "edit": edit, "reconstruct": reconstruct}
FLOOR = next(iter(JOBS))


def measured_here(name: str, path: Path, faces: int, rounds: int) -> Cost:
    """What a job costs in this process, which has done nothing else."""
    with tempfile.TemporaryDirectory() as folder:
        job = JOBS[name](path, Path(folder))
        found = job()
        if name != FLOOR and found != faces:
            raise SystemExit(f"{name}: {found} faces where {faces} are")
        peak = _peak()
        cpu, wall = [], []
        for _ in range(rounds):
            began, start = time.process_time(), time.perf_counter()
            job()
            cpu.append(time.process_time() - began)
            wall.append(time.perf_counter() - start)
    return Cost(statistics.median(cpu), statistics.median(wall), peak)


def _peak() -> float:
    """The peak of resident memory, MB."""
    status = Path("/proc/self/status").read_text("utf-8")
    found = re.search(r"VmHWM:\s+(\d+)", status)
    assert found is not None
    return int(found[1]) / 1024


def measured(name: str, path: Path, faces: int, rounds: int) -> Cost:
    """What a job costs in a new process."""
    line = [sys.executable, __file__, "--job", name, "--photograph", path, "--faces", faces]
    done = subprocess.run(
        [*map(str, line), "--rounds", str(rounds)], check=True, stdout=subprocess.PIPE, text=True
    )
    return Cost(**json.loads(done.stdout.splitlines()[-1]))


def growth(works: Sequence[float], seconds: Sequence[float]) -> float:
    """What a megapixel or face more costs from the last scene but one on, beside the first ones.

    1 where time is a start and so much for each, however long the start.
    """
    steps = zip(pairwise(works), pairwise(seconds), strict=True)
    each = [
        (after - before) / (more - less)
        for (less, more), (before, after) in steps
        if after - before >= LEAST
    ]
    return each[-1] / each[0] if each else 0.0


Table = dict[Scene, dict[str, Cost]]


def report(table: Table) -> None:
    """Print all rows, and what grows faster than its work."""
    print("| photograph | MP | faces | job | CPU ms | wall ms | beyond the floor | peak MB |")
    print("|---|---|---|---|---|---|---|---|")
    for scene, costs in table.items():
        for name, cost in costs.items():
            beyond = 1e3 * (cost.wall - costs[FLOOR].wall)
            print(
                f"| {scene.series} | {scene.megapixels:.1f} | {scene.faces} | {name} | "
                f"{1e3 * cost.cpu:.0f} | {1e3 * cost.wall:.0f} | {beyond:.0f} | {cost.peak:.0f} |"
            )
    for series in dict.fromkeys(scene.series for scene in table):
        rows = {scene: costs for scene, costs in table.items() if scene.series == series}
        works = [scene.work for scene in rows]
        for name in JOBS:
            times = growth(works, [costs[name].cpu for costs in rows.values()])
            if times > FASTER:
                print(
                    f"{name}, {series}: the last cost {times:.2f} times as much each as the first"
                )


def charts(table: Table) -> list[Chart]:
    """Wall time and memory of each series."""
    found = []
    for title, unit, value in (
        ("time", "ms", lambda cost: 1e3 * cost.wall),
        ("peak memory", "MB", lambda cost: cost.peak),
    ):
        for series in dict.fromkeys(scene.series for scene in table):
            rows = {scene: costs for scene, costs in table.items() if scene.series == series}
            works = [scene.work for scene in rows]
            lines = [Line(name, works, [value(costs[name]) for costs in rows.values()])
                     for name in JOBS]  # fmt: skip
            across = "faces in 12 megapixels" if series == CROWDS else "megapixels"
            found.append(Chart(f"{title}, {series}", across, unit, lines))
    return found


def machine() -> str:
    """What it was measured on."""
    info = Path("/proc/cpuinfo").read_text("utf-8")
    model = re.search(r"model name\s*:\s*(.+)", info)
    cores = len(os.sched_getaffinity(0))
    return f"{model[1] if model else platform.processor()}, {cores} cores, Linux"


def main() -> None:
    """Measure one job, or all, and print and draw them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-o", "--output", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--largest", type=float, default=48.0, help="megapixels")
    parser.add_argument("--most", type=int, default=16, help="faces")
    parser.add_argument("--job", choices=JOBS, help=argparse.SUPPRESS)  # of the processes
    parser.add_argument("--photograph", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--faces", type=int, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.job:
        cost = measured_here(given.job, given.photograph, given.faces, given.rounds)
        print(json.dumps(asdict(cost)))
        return
    model, table = facelab.load_model(), Table()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "photograph.jpg")
        for scene in scenes(given.largest, given.most):
            take(scene, model, path)
            table[scene] = {name: measured(name, path, scene.faces, given.rounds) for name in JOBS}
            print(scene, file=sys.stderr)
    print(f"{machine()}; medians of {given.rounds}\n")
    report(table)
    if given.output:
        given.output.write_text(draw(charts(table), machine(), columns=3), "utf-8")


if __name__ == "__main__":
    main()
