"""Times of the networks and of detection, median and least of many runs, in CPU ms.

python benchmarks/bench_networks.py
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import torch
from PIL import Image

from facelab.constants import RUNTIMES
from facelab.detect.blazeface import BlazeFaceDetector
from facelab.models.kinds import KINDS, PRN
from facelab.models.runtime import load_runner

SAMPLES = Path(__file__).parent.parent / "samples"


def report(label: str, call: Callable[[], object], runs: int) -> None:
    call()
    times = []
    for _ in range(runs):
        start = time.process_time()
        call()
        times.append(1e3 * (time.process_time() - start))
    print(f"{label:44} {np.median(times):8.1f} {min(times):8.1f}")


def full_hd_photograph() -> np.ndarray:
    """A 1080p photograph with one face about 650 px wide: (1080, 1920, 3) float32."""
    view = np.asarray(Image.open(SAMPLES / "james-left.jpg"), np.float32)[330:1410, :1184] / 255
    return cv2.copyMakeBorder(view, 0, 0, 368, 368, cv2.BORDER_REFLECT)[:, :1920].copy()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=50)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    print(f"{'':44} {'median':>8} {'least':>8}   CPU ms, one thread")
    for kind in KINDS:
        if kind is PRN:  # which does not come with facelab
            continue
        shape = (kind.points, 2) if kind.points else (kind.side, kind.side, 3)
        crops = np.random.default_rng(0).random((1, *shape), np.float32)
        for name in RUNTIMES:
            report(f"load {kind.name}, {name}", lambda k=kind, n=name: load_runner(k, n), 5)
            runner = load_runner(kind, name)
            report(f"{kind.name}, {name}", lambda r=runner, c=crops: r(c), arguments.runs)
    detector, photograph = BlazeFaceDetector(), full_hd_photograph()
    height, width = photograph.shape[:2]
    report(
        f"largest face of {width} x {height}", lambda: next(detector.coarse_to_fine(photograph)), 20
    )
    report(f"every face from 32 px of {width} x {height}", lambda: detector(photograph), 20)


if __name__ == "__main__":
    main()
