"""Faces per second of ``facelab reconstruct``: the network alone and the whole, by runtime.

    python benchmarks/bench_reconstruct.py [--threads 2] [--rounds 5] [--device cuda]

FaceMap and FaceMesh, and all runtimes, take turns in one process. A photograph shows one face of
about 300 px, or sixteen of about 120 px; `network` is its work on ready crops; `regressor` is what
a found face costs: crops, two looks (FaceMap's second at the mirror image, too) and the position
map; `whole` is detection and regressor of decoded photographs, `files` the command's work from JPEG
to the files of its default. Every figure has the upload to a GPU in it.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import torch
from PIL import Image

from facelab.cli.batch import Batch
from facelab.cli.reconstruction import ReconstructTask
from facelab.constants import DEVICES, RUNTIMES
from facelab.export.photograph import Export
from facelab.models.kinds import FACEMAP, FACEMESH
from facelab.models.runtime import Runner, load_runner
from facelab.numerics.arrays import Float
from facelab.reconstruct import load_reconstructor
from facelab.reconstruct.networks import Networks

SAMPLES = Path(__file__).parent.parent / "samples"
BATCHES = (1, 2, 16)
NETWORKS = {"map": FACEMAP, "mesh": FACEMESH}
TILE = 240  # px of each of the sixteen faces' tiles


def head(side: int) -> Float:
    """A square photograph of one head: (side, side, 3) float32."""
    view = np.asarray(Image.open(SAMPLES / "astronaut.png").convert("RGB"), np.float32)
    reduced = cv2.resize(view[:256, 96:352] / 255, (side, side), interpolation=cv2.INTER_CUBIC)
    return np.clip(reduced, 0, 1)


def group() -> Float:
    """A photograph of sixteen heads, 960 x 960 px."""
    tile = head(TILE)
    rows = [np.hstack([tile, tile[:, ::-1]] * 2) for _ in range(4)]
    return np.ascontiguousarray(np.vstack(rows))


def rates(calls: dict[str, tuple[int, Callable[[], object]]], rounds: int) -> dict[str, float]:
    """Faces per second of each call, the median of rounds in which all take turns."""
    for _, call in calls.values():
        call()
    seconds: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(rounds):
        for name, (_, call) in calls.items():
            start = time.perf_counter()
            call()
            seconds[name].append(time.perf_counter() - start)
    return {name: calls[name][0] / float(np.median(times)) for name, times in seconds.items()}


def network_calls(runner: Runner, name: str) -> dict[str, tuple[int, Callable[[], object]]]:
    """The network alone, on ready crops."""
    crops = {
        n: np.random.default_rng(0).random((n, FACEMAP.side, FACEMAP.side, 3), np.float32)
        for n in BATCHES
    }
    return {
        f"network, batch {n}, {name}": (n, lambda c=crop: runner(c)) for n, crop in crops.items()
    }


def whole_calls(
    backend: str, runtime: str, device: str
) -> dict[str, tuple[int, Callable[[], object]]]:
    """From decoded photographs to position maps, one photograph or sixteen together."""
    reconstructor = load_reconstructor(backend=backend, runtime=runtime, device=device)
    name = f"{backend}, {runtime}"
    one, sixteen = head(640), group()
    assert (len(reconstructor(one)), len(reconstructor(sixteen))) == (1, 16)
    box, boxes = ([face.box for face in reconstructor(image)] for image in (one, sixteen))
    return {
        f"regressor, 1 face, {name}": (1, lambda: reconstructor(one, box)),
        f"regressor, 16 faces, {name}": (16, lambda: reconstructor(sixteen, boxes)),
        f"whole, 1 face, {name}": (1, lambda: reconstructor(one)),
        f"whole, 16 faces in a photograph, {name}": (16, lambda: reconstructor(sixteen)),
    }


def file_calls(
    folder: Path, runtime: str, device: str
) -> dict[str, tuple[int, Callable[[], object]]]:
    """From JPEG files to the report, the landmarks and the overlay of each face."""
    photographs = folder / "photographs"
    if not photographs.is_dir():
        photographs.mkdir()
        for number in range(16):
            picture = Image.fromarray(np.rint(head(640) * 255).astype(np.uint8))
            picture.save(photographs / f"{number:02}.jpg", quality=92)
    output = folder / runtime
    output.mkdir()
    export = Export(Networks(runtime=runtime, device=device), ("landmarks", "overlay"))
    reconstructor = export.networks.load()
    batch = Batch([photographs], output, overwrite=True, quiet=True)
    task, jobs = ReconstructTask(export, batch), batch.reports()
    return {
        f"files, 16 photographs, {runtime}": (
            16,
            lambda: list(task.perform(jobs, reconstructor)),
        )
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--device", choices=DEVICES, default="cpu")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    cv2.setNumThreads(arguments.threads)
    with tempfile.TemporaryDirectory() as folder:
        calls = {}
        for runtime in RUNTIMES:
            for backend, kind in NETWORKS.items():
                runner = load_runner(kind, runtime, arguments.device)
                calls |= network_calls(runner, f"{backend}, {runtime}")
                calls |= whole_calls(backend, runtime, arguments.device)
            calls |= file_calls(Path(folder), runtime, arguments.device)
        measured = rates(calls, arguments.rounds)
    print(f"faces per second, {arguments.threads} threads, median of {arguments.rounds} rounds")
    for name, rate in sorted(measured.items()):
        print(f"{name:56} {rate:8.1f}")


if __name__ == "__main__":
    main()
