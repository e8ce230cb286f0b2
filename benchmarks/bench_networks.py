"""Times of the networks and of detection, median and least of many runs, in ms.

python benchmarks/bench_networks.py [--threads 2]
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

from facelab.detect.blazeface import BlazeFaceDetector
from facelab.models.blazeface import BlazeFaceFull, BlazeFaceShort
from facelab.models.facemap import FaceMap
from facelab.models.facemesh import FaceMesh
from facelab.models.layers import load

SAMPLES = Path(__file__).parent.parent / "samples"


def report(label: str, call: Callable[[], object], runs: int) -> None:
    call()
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        call()
        times.append(1e3 * (time.perf_counter() - start))
    print(f"{label:44} {np.median(times):8.1f} {min(times):8.1f}")


def full_hd_photograph() -> np.ndarray:
    """A 1080p photograph with one face about 650 px wide: (1080, 1920, 3) float32."""
    view = np.asarray(Image.open(SAMPLES / "james-left.jpg"), np.float32)[330:1410, :1184] / 255
    return cv2.copyMakeBorder(view, 0, 0, 368, 368, cv2.BORDER_REFLECT)[:, :1920].copy()


@torch.inference_mode()
def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--runs", type=int, default=50)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    cv2.setNumThreads(arguments.threads)
    print(f"{'':44} {'median':>8} {'least':>8}   ms, {arguments.threads} threads")
    for network, name, side in (
        (BlazeFaceShort, "blazeface_short", 128),
        (BlazeFaceFull, "blazeface_full", 192),
        (FaceMesh, "facemesh", 192),
        (FaceMap, "facemap", 192),
    ):
        report(f"load {name}", lambda n=network, w=name: load(n, w), 5)
        model = load(network, name)
        image = torch.rand(1, side, side, 3).permute(0, 3, 1, 2)
        report(f"{name} {side} x {side}", lambda m=model, i=image: m(i), arguments.runs)
        plain = image.contiguous()
        model = model.to(memory_format=torch.contiguous_format)
        report("  without channels-last memory", lambda m=model, i=plain: m(i), arguments.runs)
    detector, photograph = BlazeFaceDetector(), full_hd_photograph()
    height, width = photograph.shape[:2]
    report(f"largest face of {width} x {height}", lambda: detector.largest(photograph), 20)
    report(f"every face from 32 px of {width} x {height}", lambda: detector(photograph), 20)


if __name__ == "__main__":
    main()
