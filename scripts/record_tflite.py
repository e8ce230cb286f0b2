"""Record what the TFLite runtime makes of crops of the astronaut (tests/models/test_networks.py).

    python scripts/record_tflite.py FOLDER -o OUTPUT

OUTPUT is tests/golden/networks.safetensors. FOLDER is that of ``convert_mediapipe.py``.
Needs ``ai-edge-litert``, which lacks the operator of MediaPipe's own that ends the selfie
segmenter: that one is worked out here.
"""

from __future__ import annotations

import argparse
import struct
from pathlib import Path

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from convert_mediapipe import (
    PRODUCTS,
    TRANSPOSED,
    Archives,
    Graph,
    Tensors,
    archives,
    source_bytes,
)
from PIL import Image
from safetensors.numpy import save

from facelab.reconstruct.landmarker import POINTS

PHOTOGRAPH = Path(__file__).parent.parent / "samples/astronaut.png"

# Top-left corners (y, x) of the crops that each network is run on.
CROPS = {
    "blazeface_short": [(50, 160)],
    "blazeface_full": [(20, 130)],
    "facemesh": [(25, 130), (40, 110), (15, 150), (300, 60)],
    "selfie": [(0, 100), (256, 200)],
    "multiclass": [(0, 100), (256, 200)],
    "landmarker": [(40, 150), (50, 170), (300, 60)],
}
MAGNIFIED = {"landmarker": 2}  # so that the face fills the crop as the network wants it
KEPT = np.s_[:, ::7, ::7]  # of what is given by pixel: every seventh, so all places in 2 x 2
_OUTPUTS, _OPERATORS = 8, 10  # fields of a subgraph in TFLite's schema, as its tables number them


def crops(name: str, side: int) -> np.ndarray:
    """The crops for the network `name`: ``(n, side, side, 3)`` float32 RGB as it wants them."""
    photograph = np.asarray(Image.open(PHOTOGRAPH).convert("RGB"), np.float32) / 255
    times = MAGNIFIED.get(name, 1)
    large = photograph.repeat(times, axis=0).repeat(times, axis=1)
    cut = np.stack([large[y : y + side, x : x + side] for y, x in times * np.array(CROPS[name])])
    return cut * 2 - 1 if name.startswith("blazeface") else cut


def outputs(flatbuffer: bytes, images: np.ndarray) -> list[np.ndarray]:
    """The runtime's outputs on images ``(n, H, W, 3)`` or points, stacked, each ``(n, ...)``."""
    runtime = Interpreter(model_content=flatbuffer)
    runtime.allocate_tensors()
    rows = []
    for image in images:
        runtime.set_tensor(runtime.get_input_details()[0]["index"], image[None])
        runtime.invoke()
        given = [runtime.get_tensor(o["index"]) for o in runtime.get_output_details()]
        rows.append([one[0] if len(one) == 1 else one for one in given])  # not all have a batch
    return [np.stack(column) for column in zip(*rows, strict=True)]


def ending(flatbuffer: bytes, operator: int) -> bytes:
    """A model without the operators from number `operator` on; its output is that one's input."""
    subgraph = Graph(flatbuffer).graph
    out, data = int(subgraph.Operators(operator).Inputs(0)), bytearray(flatbuffer)
    table = subgraph._tab
    count = table.Vector(table.Offset(_OPERATORS)) - 4  # a vector's length stands before it
    struct.pack_into("<I", data, count, operator)
    struct.pack_into("<i", data, table.Vector(table.Offset(_OUTPUTS)), out)
    return bytes(data)


def opacities(flatbuffer: bytes, images: np.ndarray) -> np.ndarray:
    """The selfie segmenter's outputs ``(n, H, W)`` on ``(n, H, W, 3)`` images."""
    graph = Graph(flatbuffer)
    last = [kind for kind, _ in graph.operators].index(TRANSPOSED)
    (features,) = outputs(ending(flatbuffer, last), images)
    _, weight, bias = (int(i) for i in graph.operators[last][1].InputsAsNumpy())
    kernel = graph.constant(weight)[0].astype(np.float32)  # 2 x 2, stride 2: cells do not overlap
    cells = np.einsum("nyxc,ijc->nyixj", features, kernel) + graph.constant(bias).astype(np.float32)
    return np.exp(-np.logaddexp(0, -cells.reshape(images.shape[:3])))  # the logistic function


def logits(flatbuffer: bytes, images: np.ndarray) -> np.ndarray:
    """The multiclass segmenter's outputs ``(n, H, W, 6)`` on ``(n, H, W, 3)`` images."""
    return outputs(flatbuffer, images)[0]


def expression(packages: Archives, points: np.ndarray) -> Tensors:
    """What the blend shape network makes of points ``(n, 478, 3)`` of the landmarker."""
    product = next(product for product in PRODUCTS if product.name == "blendshapes")
    taken = np.ascontiguousarray(points[:, POINTS, :2], np.float32)
    coefficients = outputs(source_bytes(product, packages), taken)[0]
    return {"blendshapes.points": taken, "blendshapes.coefficients": coefficients}


BY_PIXEL = {"selfie": ("opacity", opacities), "multiclass": ("logits", logits)}


def recorded(packages: Archives) -> Tensors:
    """For each network what it gives by pixel, or its "regressions" or points and score logits.

    Of the landmarker everything, and what the blend shape network makes of its points.
    """
    tensors = {}
    for product in PRODUCTS:
        if product.name not in CROPS:
            continue
        (shape,) = product.inputs.values()
        flatbuffer = source_bytes(product, packages)
        images = crops(product.name, shape[-1])
        if product.name == "landmarker":
            points, score, tongue = outputs(flatbuffer, images)
            points = points.reshape(len(images), -1, 3)
            tensors |= {"landmarker.points": points, "landmarker.logits": score.ravel()}
            tensors |= {"landmarker.tongue": tongue.ravel(), **expression(packages, points)}
            continue
        if product.name in BY_PIXEL:
            what, run = BY_PIXEL[product.name]
            kept = run(flatbuffer, images)[KEPT]
            tensors[f"{product.name}.{what}"] = np.ascontiguousarray(kept, np.float32)
        else:
            score, values = sorted(outputs(flatbuffer, images), key=lambda a: a.size)
            tensors[f"{product.name}.logits"] = score.reshape(len(score), -1)
            tensors[f"{product.name}.values"] = values.reshape(len(values), -1)
    return tensors


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description="Record the TFLite runtime's outputs.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("-o", "--output", type=Path, required=True)
    arguments = parser.parse_args()
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    arguments.output.write_bytes(save(recorded(archives(arguments.folder))))


if __name__ == "__main__":
    main()
