"""Times of PRN and LightPRN by form and runtime, ms a crop, and how much faster than eager.

python benchmarks/bench_resfcn.py [--threads 2] [--runs 15]

The weights are random, which costs the same as trained ones. The forms take turns, so that a busy
machine slows all of them alike. "Eager" has its weights in torch's default memory; the crops come
channels last to every form, as arrays of pixels do. From array to array.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
import onnxruntime
import torch

from facelab.models.export import exported
from facelab.models.fold import fold
from facelab.models.kinds import FACEMESH
from facelab.models.light_prn import LightPRN
from facelab.models.onnx_runtime import OnnxRunner
from facelab.models.resfcn import PRN
from facelab.models.runtime import Runner, load_runner
from facelab.models.torch_runtime import TorchRunner


def forms(network: torch.nn.Module, side: int) -> dict[str, Runner]:
    """The network as trained, in other memory, folded and exported, the first to compare with."""
    eager = network.eval().requires_grad_(False)
    last = type(network)().eval().requires_grad_(False).to(memory_format=torch.channels_last)
    folded = fold(eager)
    return {
        "torch, eager": TorchRunner(eager, side),
        "torch, channels last": TorchRunner(last, side),
        "torch, folded": TorchRunner(folded, side),
        "onnx, folded": OnnxRunner(exported(folded, side), side),
        "onnx, as trained": OnnxRunner(exported(eager, side), side),
    }


def turns(runners: dict[str, Runner], crops: np.ndarray, runs: int) -> dict[str, list[float]]:
    """Milliseconds a crop of each runner, run after run."""
    times: dict[str, list[float]] = {label: [] for label in runners}
    for run in range(runs + 1):
        for label, runner in runners.items():
            start = time.perf_counter()
            runner(crops)
            if run:  # the first warms up
                times[label].append(1e3 * (time.perf_counter() - start) / len(crops))
    return times


def report(name: str, runners: dict[str, Runner], side: int, runs: int) -> None:
    for batch in (1, 16):
        crops = np.random.default_rng(0).random((batch, side, side, 3), np.float32)
        times = turns(runners, crops, runs if batch == 1 else max(runs // 4, 3))
        medians = {label: float(np.median(values)) for label, values in times.items()}
        first = next(iter(medians.values()))
        for label, median in medians.items():
            row = f"{name}, batch {batch}: {label}"
            print(f"{row:44} {median:8.1f} {min(times[label]):8.1f} {first / median:6.2f}")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--runs", type=int, default=15)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    print(f"torch {torch.__version__}, onnxruntime {onnxruntime.__version__} (its own threads)")
    print(
        f"{'':44} {'median':>8} {'least':>8} {'ratio':>6}   ms a crop, {arguments.threads} threads"
    )
    for network in (PRN, LightPRN):
        report(network.__name__, forms(network(), 256), 256, arguments.runs)
    runners = {name: load_runner(FACEMESH, name) for name in ("torch", "onnx")}
    report("FaceMesh", runners, FACEMESH.side, arguments.runs)


if __name__ == "__main__":
    main()
