"""A whole swap from file to file, stage by stage, beside other ways to paste, and the cold command.

Run `python benchmarks/bench_swap.py`. The scene is the two James photographs as 1080p JPEGs with a
face of 700 px: both are read, both faces found, one written. A second table has what each part of
the swap itself costs, by the functions that it calls. Everything is warm except the rows of the
command line, each of which is a fresh process.

Stages and parts are measured on one thread, where none hides behind another; the whole is by the
clock, with the second thread that a swap has.
"""

from __future__ import annotations

import argparse
import functools
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, ParamSpec, TypeVar
from unittest import mock

import cv2
import numpy as np
from stages import INSIDE, on_one_thread, parts_of, timed

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks import prnet  # noqa: E402 - needs the path above
from facelab import FaceModel, images, load_model  # noqa: E402
from facelab.detect.blazeface import BlazeFaceDetector  # noqa: E402
from facelab.face import blend, composite  # noqa: E402
from facelab.numerics import raster  # noqa: E402
from facelab.numerics.arrays import Float  # noqa: E402
from facelab.recipe import runner, swap_face  # noqa: E402
from facelab.recipe.swapping import swap as swap_faces  # noqa: E402
from facelab.reconstruct.parser import FaceParser  # noqa: E402
from facelab.reconstruct.reconstructor import FaceReconstructor  # noqa: E402

P = ParamSpec("P")
R = TypeVar("R")

WIDTH, HEIGHT, FACE = 1920, 1080, 700  # px
CLONE = "seamlessClone"
METHODS = ("poisson", CLONE, "alpha")
PROCEDURE = "PRNet's procedure"
COMMAND_ROUNDS = 3
# The functions whose parts are listed: what changes one face, and in it the swap.
CHANGE, SWAP = "_swapped", "swap_face"

# A call's time goes to the stage of the innermost function below that is running.
STAGES: list[tuple[Any, str, str]] = [
    (images, "read", "read"),
    (BlazeFaceDetector, "_look", "detect"),
    (BlazeFaceDetector, "_confirmed", "detect"),
    (FaceReconstructor, "largest", "reconstruct"),
    (FaceParser, "__call__", "parse"),
    (runner, "reshaped", "shape"),
    (swap_face, "without_teeth", "unwrap"),
    (swap_face, "fuse", "fuse"),
    (swap_face, "swap", "light"),
    (composite, "motion", "shape"),
    (composite, "match_grain", "grain"),
    (composite, "surface_of", "render"),
    (composite, "painted", "render"),
    (raster, "rasterize", "rasterize"),
    (blend, "alpha", "blend"),
    (prnet, "clone", "blend"),
    (images, "write", "write"),
]
REST, WHOLE = "rest", "whole, ms"
ORDER = [*dict.fromkeys(stage for _, _, stage in STAGES), REST]


class Stopwatch:
    """Seconds by stage; a stage inside another stops the outer one's clock."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)
        self._running: list[str] = []
        self._since = 0.0

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        self._book()
        self._running.append(name)
        try:
            yield
        finally:
            self._book()
            self._running.pop()

    def _book(self) -> None:
        now = time.perf_counter()
        if self._running:
            self.seconds[self._running[-1]] += now - self._since
        self._since = now

    def watch(self, name: str, function: Callable[P, R]) -> Callable[P, R]:
        @functools.wraps(function)
        def timed(*args: P.args, **kwargs: P.kwargs) -> R:
            with self.stage(name):
                return function(*args, **kwargs)

        return timed


def stages(job: Callable[[], object]) -> dict[str, float]:
    """Seconds that a job spends in each stage."""
    watch = Stopwatch()
    with watching(watch), watch.stage(REST):
        job()
    return watch.seconds


@contextmanager
def watching(watch: Stopwatch) -> Iterator[None]:
    """The functions of STAGES and the blend methods, timed."""
    methods = {name: watch.watch("blend", method) for name, method in blend.METHODS.items()}
    with ExitStack() as patches:
        patches.enter_context(on_one_thread(swap_face))
        patches.enter_context(mock.patch.dict(blend.METHODS, methods))
        for owner, name, stage in STAGES:
            watched = watch.watch(stage, getattr(owner, name))
            patches.enter_context(mock.patch.object(owner, name, watched))
        yield


def seamless(source: Float, target: Float, mask: Float) -> Float:
    """`cv2.seamlessClone` with the signature of facelab's blend methods."""
    return prnet.clone(source, target, mask >= 0.5)


def make_scene(photo: Path, path: Path, model: FaceModel) -> None:
    """The photograph as a 1080p JPEG whose face is 700 px high, in the middle."""
    image = images.read(photo).pixels
    box = model.observe(image, "largest")[0].box
    scale, (x, y) = FACE / box.height, box.centre
    matrix = np.array([[scale, 0, WIDTH / 2 - scale * x], [0, scale, HEIGHT / 2 - scale * y]])
    view = cv2.warpAffine(image, matrix, (WIDTH, HEIGHT), borderMode=cv2.BORDER_REPLICATE)
    images.write(path, images.Image(np.asarray(view)))


def swap_file(source: Path, target: Path, output: Path, model: FaceModel, method: str) -> None:
    """Two files in, one out; `method` blends, or is PRNet's whole procedure."""
    one, other = images.read(source), images.read(target)
    (face,) = model.observe(one, "largest")
    if method == PROCEDURE:
        (wearer,) = model.observe(other, "largest")
        pixels = prnet.swap(wearer.image, wearer.positions, face.image, face.positions)
    else:
        known = "poisson" if method == CLONE else method  # `measure` puts the clone in its place
        pixels = swap_faces(other, face, model=model, blend=known).image.pixels
    images.write(output, images.Image(pixels, metadata=other.metadata))


def measure(
    source: Path, target: Path, output: Path, rounds: int
) -> dict[str, list[dict[str, float]]]:
    """Stages of each round by method; the methods take turns, so that all see the same load."""
    model = load_model()
    measured: dict[str, list[dict[str, float]]] = defaultdict(list)
    for turn in range(rounds + 1):
        for method in (*METHODS, PROCEDURE):
            job = functools.partial(swap_file, source, target, output, model, method)
            others = {"poisson": seamless} if method == CLONE else {}
            with mock.patch.dict(blend.METHODS, others):
                seconds = stages(job)
                start = time.perf_counter()
                job()
                seconds[WHOLE] = time.perf_counter() - start
            if turn > 0:  # the first one warms up
                measured[method].append(seconds)
    return measured


def measure_parts(source: Path, target: Path, output: Path, rounds: int) -> dict[str, list[float]]:
    """Seconds of each round in the functions that the swap calls, profiled."""
    job = functools.partial(swap_file, source, target, output, load_model(), "poisson")
    measured: dict[str, list[float]] = defaultdict(list)
    job()  # warms up
    for _ in range(rounds):
        with on_one_thread(swap_face):
            _, profile = timed(job)
        for part, seconds in parts_of(profile, CHANGE, SWAP).items():
            measured[part].append(seconds)
    return measured


def report_parts(measured: dict[str, list[float]]) -> None:
    """Medians in milliseconds; a part of a part is indented."""
    for part, seconds in measured.items():
        *outer, name = part.split(INSIDE)
        print(f"{'  ' * len(outer) + name:30}{1e3 * statistics.median(seconds):9.1f}")


def report(measured: dict[str, list[dict[str, float]]]) -> None:
    """Medians in milliseconds, and each method's ratio to facelab's own."""
    print(f"{'stage':20}" + "".join(f"{method:>19}" for method in measured))
    for stage in ORDER:
        cells = (
            statistics.median(run.get(stage, 0.0) for run in runs) for runs in measured.values()
        )
        print(f"{stage:20}" + "".join(f"{1e3 * cell:19.1f}" for cell in cells))
    totals = [statistics.median(run[WHOLE] for run in runs) for runs in measured.values()]
    print(f"{WHOLE:20}" + "".join(f"{1e3 * total:19.1f}" for total in totals))
    print(f"{'ratio':20}" + "".join(f"{total / totals[0]:19.2f}" for total in totals))


def command(*arguments: str | Path) -> float:
    """Seconds that the command line takes in a fresh process, the best of a few."""
    line = [sys.executable, ROOT / "cli.py", *arguments]
    best = np.inf
    for _ in range(COMMAND_ROUNDS):
        start = time.perf_counter()
        subprocess.run(line, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        best = min(best, time.perf_counter() - start)
    return float(best)


PEAK = """
import atexit, re, sys
from pathlib import Path
status = lambda: re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]
atexit.register(lambda: print("peak", status()))
from facelab.cli import main
main(sys.argv[1:])
"""


def peak_megabytes(*arguments: str | Path) -> float:
    """Peak resident memory of the command line in a fresh process (Linux: VmHWM)."""
    done = subprocess.run(
        [sys.executable, "-c", PEAK, *arguments],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    return int(done.stdout.rpartition("peak ")[2]) / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "source.jpg"), Path(folder, "target.jpg")
        output = Path(folder, "output.jpg")
        model = load_model()
        make_scene(ROOT / "samples/james-right.jpg", source, model)
        make_scene(ROOT / "samples/james-left.jpg", target, model)
        print(
            f"{WIDTH} x {HEIGHT}, face {FACE} px; cores {os.cpu_count()}; medians of {rounds}, ms"
        )
        report(measure(source, target, output, rounds))
        print("\nparts of the swap of one face, ms of one core")
        report_parts(measure_parts(source, target, output, rounds))
        swap = ("swap", "-s", source, "-t", target, "-o", output, "--overwrite")
        print(f"\nfacelab swap, cold: {command(*swap):.2f} s, peak {peak_megabytes(*swap):.0f} MB")
        print(f"facelab --help: {command('--help'):.2f} s")


if __name__ == "__main__":
    main()
