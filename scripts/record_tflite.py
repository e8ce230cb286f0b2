"""Record what the TFLite runtime makes of crops of the astronaut, for tests/test_networks.py.

    python scripts/record_tflite.py FACE_MESH_TGZ MEDIAPIPE_WHEEL -o OUTPUT

OUTPUT is tests/golden/networks.safetensors. The archives are those of ``convert_mediapipe.py``.
Needs ``ai-edge-litert``.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from convert_mediapipe import PRODUCTS, Tensors, source_bytes
from PIL import Image
from safetensors.numpy import save

PHOTOGRAPH = Path(__file__).parent.parent / "samples/astronaut.png"

# Top-left corners (y, x) of the crops that each network is run on.
CROPS = {
    "blazeface_short": [(50, 160)],
    "blazeface_full": [(20, 130)],
    "facemesh": [(25, 130), (40, 110), (15, 150), (300, 60)],
}


def crops(name: str, side: int) -> np.ndarray:
    """The crops for the network `name`: ``(n, side, side, 3)`` float32 RGB as it wants them."""
    photograph = np.asarray(Image.open(PHOTOGRAPH).convert("RGB"), np.float32) / 255
    cut = np.stack([photograph[y : y + side, x : x + side] for y, x in CROPS[name]])
    return cut if name == "facemesh" else cut * 2 - 1


def outputs(flatbuffer: bytes, images: np.ndarray) -> list[np.ndarray]:
    """The runtime's outputs on ``(n, H, W, 3)`` images, stacked, each ``(n, ...)``."""
    runtime = Interpreter(model_content=flatbuffer)
    runtime.allocate_tensors()
    rows = []
    for image in images:
        runtime.set_tensor(runtime.get_input_details()[0]["index"], image[None])
        runtime.invoke()
        rows.append([runtime.get_tensor(o["index"])[0] for o in runtime.get_output_details()])
    return [np.stack(column) for column in zip(*rows, strict=True)]


def recorded(npm_tgz: Path, wheel: Path) -> Tensors:
    """For each network its "regressions" or points, and its score logits, per crop."""
    tensors = {}
    for product in PRODUCTS:
        if product.name in CROPS:
            (shape,) = product.inputs.values()
            flatbuffer = source_bytes(product, npm_tgz, wheel)
            logits, values = sorted(
                outputs(flatbuffer, crops(product.name, shape[-1])), key=lambda a: a.size
            )
            tensors[f"{product.name}.logits"] = logits.reshape(len(logits), -1)
            tensors[f"{product.name}.values"] = values.reshape(len(values), -1)
    return tensors


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description="Record the TFLite runtime's outputs.")
    parser.add_argument("npm_tgz", type=Path)
    parser.add_argument("wheel", type=Path)
    parser.add_argument("-o", "--output", type=Path, required=True)
    arguments = parser.parse_args()
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    arguments.output.write_bytes(save(recorded(arguments.npm_tgz, arguments.wheel)))


if __name__ == "__main__":
    main()
