"""Convert the face and person models of two MediaPipe packages to safetensors.

    python scripts/convert_mediapipe.py FACE_MESH_TGZ MEDIAPIPE_WHEEL -o weights/

FACE_MESH_TGZ is the npm package @mediapipe/face_mesh 0.4.1657299874 (``npm pack`` fetches it) and
MEDIAPIPE_WHEEL the PyPI wheel mediapipe 0.10.21 for CPython 3.11 on Linux x86-64 (``pip download
--no-deps``). Both are only read, never installed. Equal archives give equal bytes. Needs the
``tflite`` package, which parses the files but runs nothing.

Tensors keep the precision that the packages store (float16 for networks) and take torch's layout:
convolutions (out, in / groups, height, width), transposed ones (in, out, height, width), PReLU
slopes (channels,).
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tflite
from mediapipe_layers import (
    face_mesh_layers,
    full_range_layers,
    segmenter_layers,
    short_range_layers,
)
from safetensors.numpy import save

Tensors = dict[str, np.ndarray]

NPM = ("npm @mediapipe/face_mesh", "0.4.1657299874")
WHEEL = ("PyPI mediapipe", "0.10.21")
SHA256 = {
    NPM: "c08a7e0742a326285da666cf81d77c8b6f3a181a2ee948cadaf166008e0d3bc7",
    WHEEL: "05dc4a9e593655a79558d05d6227d31018c2537a4bd3362b51e230cf22aecfe3",
}
MODULES = "mediapipe/modules"
DETECTION = f"{MODULES}/face_detection"


# Archives ----------------------------------------------------------------------------------------


def checked(path: Path, package: tuple[str, str]) -> Path:
    """`path`, after its sha256 was found to be the one recorded for `package`."""
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    if digest != SHA256[package]:
        raise SystemExit(f"{path}: sha256 {digest} is not that of {' '.join(package)}")
    return path


def packed_asset(npm_tgz: Path, name: str) -> bytes:
    """The bytes of the asset `name`, cut out of the npm package's one data file."""
    stem = "package/face_mesh_solution_packed_assets"
    with tarfile.open(npm_tgz) as tar:
        loader = tar.extractfile(f"{stem}_loader.js").read().decode()
        data = tar.extractfile(f"{stem}.data").read()
    listing = json.loads(re.search(r"loadPackage\((\{.*?\})\);", loader).group(1))
    for entry in listing["files"]:
        if entry["filename"] == f"/third_party/{name}":
            return data[entry["start"] : entry["end"]]
    raise SystemExit(f"{npm_tgz}: no asset {name}")


def wheel_file(wheel: Path, name: str) -> bytes:
    """The bytes of the file `name` in a wheel."""
    with zipfile.ZipFile(wheel) as archive:
        return archive.read(name)


# TFLite ------------------------------------------------------------------------------------------

NUMPY_TYPE = {tflite.TensorType.FLOAT32: np.float32, tflite.TensorType.FLOAT16: np.float16}
OPERATOR = {
    value: name for name, value in vars(tflite.BuiltinOperator).items() if not name.startswith("_")
}
TRANSPOSED = "Convolution2DTransposeBias"  # an operator of MediaPipe's own


def densified(values: np.ndarray, tensor: tflite.Tensor) -> np.ndarray:
    """A tensor stored as compressed rows along its last axis, with its zeros put back."""
    sparsity = tensor.Sparsity()
    rows = sparsity.DimMetadata(sparsity.DimMetadataLength() - 1)
    starts, columns = (
        index_vector(kind, table)
        for kind, table in (
            (rows.ArraySegmentsType(), rows.ArraySegments()),
            (rows.ArrayIndicesType(), rows.ArrayIndices()),
        )
    )
    shape = tensor.ShapeAsNumpy()
    dense = np.zeros((int(np.prod(shape[:-1])), shape[-1]), values.dtype)
    dense[np.repeat(np.arange(len(dense)), np.diff(starts)), columns] = values
    return dense.reshape(shape)


def index_vector(kind: int, table: Any) -> np.ndarray:  # noqa: ANN401
    """One of the three integer vectors that TFLite stores sparse indices in, as int64."""
    vector = {1: tflite.Int32Vector, 2: tflite.Uint16Vector, 3: tflite.Uint8Vector}[kind]()
    vector.Init(table.Bytes, table.Pos)
    return vector.ValuesAsNumpy().astype(np.int64)


class Graph:
    """The constants of a TFLite model's operators, in execution order."""

    def __init__(self, flatbuffer: bytes) -> None:
        self.model = tflite.Model.GetRootAs(flatbuffer, 0)
        self.graph = self.model.Subgraphs(0)
        operators = [self.graph.Operators(i) for i in range(self.graph.OperatorsLength())]
        self.operators = [(self.kind(o), o) for o in operators]
        self.unpacked_from = {
            int(o.Outputs(0)): int(o.Inputs(0))
            for kind, o in self.operators
            if kind in {"DEQUANTIZE", "DENSIFY"}
        }

    def kind(self, operator: tflite.Operator) -> str:
        """The operator's name, such as CONV_2D, or that which MediaPipe gave to its own."""
        code = self.model.OperatorCodes(operator.OpcodeIndex())
        kind = OPERATOR[max(code.BuiltinCode(), code.DeprecatedBuiltinCode())]
        return code.CustomCode().decode() if kind == "CUSTOM" else kind

    def constant(self, index: int) -> np.ndarray:
        """The stored values of a tensor that is a constant, perhaps packed."""
        while index in self.unpacked_from:
            index = self.unpacked_from[index]
        tensor = self.graph.Tensors(index)
        stored = self.model.Buffers(tensor.Buffer()).DataAsNumpy()
        values = stored.view(NUMPY_TYPE[tensor.Type()])
        if tensor.Sparsity() is None:
            return values.reshape(tensor.ShapeAsNumpy())
        return densified(values, tensor)

    def layers(self) -> Iterator[Tensors]:
        """The parameters of each convolution and PReLU, in torch's layout."""
        for kind, operator in self.operators:
            inputs = [int(i) for i in operator.InputsAsNumpy()]
            if kind == "CONV_2D":
                weight = self.constant(inputs[1]).transpose(0, 3, 1, 2)
            elif kind in {"DEPTHWISE_CONV_2D", TRANSPOSED}:
                weight = self.constant(inputs[1]).transpose(3, 0, 1, 2)
            elif kind == "PRELU":
                yield {"weight": self.constant(inputs[1]).ravel()}
                continue
            else:
                continue
            yield {"weight": weight, "bias": self.constant(inputs[2])}


def network(flatbuffer: bytes, names: list[str]) -> Tensors:
    """The parameters of a network; `names` are its layers in the file's execution order."""
    return {
        f"{name}.{part}": np.ascontiguousarray(values)
        for name, layer in zip(names, Graph(flatbuffer).layers(), strict=True)
        for part, values in layer.items()
    }


# The canonical mesh ------------------------------------------------------------------------------


def protobuf_fields(message: bytes) -> Iterator[tuple[int, Any]]:
    """The (field number, value) pairs of a protocol buffer: ints, and bytes for all the rest."""
    at = 0

    def varint() -> int:
        nonlocal at
        value = shift = 0
        while True:
            byte = message[at]
            at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    while at < len(message):
        number, wire = divmod(varint(), 8)
        if wire == 0:
            yield number, varint()
        else:
            size = varint() if wire == 2 else {1: 8, 5: 4}[wire]
            yield number, message[at : at + size]
            at += size


def canonical_mesh(metadata: bytes) -> Tensors:
    """The mesh in a GeometryPipelineMetadata message: field 1, a Mesh3d.

    Its field 3 holds x, y, z (cm, y up), u, v (v down) per vertex and field 4 the triangles.
    """
    mesh = list(protobuf_fields(dict(protobuf_fields(metadata))[1]))
    vertices = np.frombuffer(b"".join(v for n, v in mesh if n == 3), "<f4").reshape(-1, 5)
    triangles = np.array([v for n, v in mesh if n == 4], np.int32).reshape(-1, 3)
    return {
        "triangles": triangles,
        "uv": np.ascontiguousarray(vertices[:, 3:]),
        "vertices": np.ascontiguousarray(vertices[:, :3]),
    }


# What is written ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Product:
    """One file to write: where its bytes come from and what becomes of them."""

    name: str
    package: tuple[str, str]
    path: str
    convert: Callable[[bytes], Tensors]
    inputs: dict[str, list[int]]
    outputs: dict[str, list[int]]


PRODUCTS = [
    Product(
        "blazeface_short",
        NPM,
        f"{DETECTION}/face_detection_short_range.tflite",
        lambda data: network(data, short_range_layers()),
        {"image": [1, 3, 128, 128]},
        {"logits": [1, 896], "regressions": [1, 896, 16]},
    ),
    Product(
        "blazeface_full",
        WHEEL,
        f"{DETECTION}/face_detection_full_range_sparse.tflite",
        lambda data: network(data, full_range_layers()),
        {"image": [1, 3, 192, 192]},
        {"logits": [1, 2304], "regressions": [1, 2304, 16]},
    ),
    Product(
        "facemesh",
        NPM,
        f"{MODULES}/face_landmark/face_landmark.tflite",
        lambda data: network(data, face_mesh_layers()),
        {"crop": [1, 3, 192, 192]},
        {"points": [1, 468, 3], "score": [1]},
    ),
    Product(
        "selfie",
        WHEEL,
        f"{MODULES}/selfie_segmentation/selfie_segmentation.tflite",
        lambda data: network(data, segmenter_layers()),
        {"image": [1, 3, 256, 256]},
        {"opacity": [1, 256, 256]},
    ),
    Product(
        "canonical_face",
        NPM,
        f"{MODULES}/face_geometry/data/geometry_pipeline_metadata_landmarks.binarypb",
        canonical_mesh,
        {},
        {},
    ),
]


def source_bytes(product: Product, npm_tgz: Path, wheel: Path) -> bytes:
    """The published file that `product` is made of."""
    if product.package == NPM:
        return packed_asset(npm_tgz, product.path)
    return wheel_file(wheel, product.path)


def manifest_entry(product: Product, data: bytes) -> str:
    """The manifest's TOML for `product`, whose file holds `data`."""

    def shapes(arrays: dict[str, list[int]]) -> str:
        return "{ " + ", ".join(f"{k} = {v}" for k, v in arrays.items()) + " }" if arrays else "{}"

    package = " ".join(product.package)
    return (
        "[[weights]]\n"
        f'name = "{product.name}"\n'
        f'file = "{product.name}.safetensors"\n'
        f'sha256 = "{hashlib.sha256(data).hexdigest()}"\n'
        'licence = "Apache-2.0"\n'
        f'source = "{package}, {product.path}"\n'
        f'how = "comes with facelab; scripts/convert_mediapipe.py makes it again from {package}"\n'
        f"inputs = {shapes(product.inputs)}\n"
        f"outputs = {shapes(product.outputs)}\n"
    )


def merged_manifest(old: str, new: dict[str, str]) -> str:
    """`old` with the entries called as in `new` replaced, and those it lacked at the end."""
    head, *entries = re.split(r"^(?=\[\[weights\]\])", old, flags=re.MULTILINE)
    kept = {
        re.search(r'^name = "(.*)"', e, re.MULTILINE).group(1): e.rstrip("\n") + "\n"
        for e in entries
    }
    return "\n".join([head.rstrip("\n") + "\n", *(kept | new).values()]).lstrip("\n")


def convert(npm_tgz: Path, wheel: Path, folder: Path) -> None:
    """Write every product, and its entry in the manifest, into `folder`."""
    entries = {}
    for product in PRODUCTS:
        data = save(product.convert(source_bytes(product, npm_tgz, wheel)))
        (folder / f"{product.name}.safetensors").write_bytes(data)
        entries[product.name] = manifest_entry(product, data)
    manifest = folder / "manifest.toml"
    old = manifest.read_text(encoding="utf-8") if manifest.exists() else MANIFEST_HEAD
    manifest.write_text(merged_manifest(old, entries), encoding="utf-8")


MANIFEST_HEAD = (
    "# Every weights file facelab knows. facelab/weights.py reads this; scripts write it.\n"
)


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description="Convert MediaPipe's models to safetensors.")
    parser.add_argument("npm_tgz", type=Path, help=" ".join(NPM))
    parser.add_argument("wheel", type=Path, help=" ".join(WHEEL))
    parser.add_argument("-o", "--output", type=Path, required=True, help="folder to write to")
    arguments = parser.parse_args()
    npm_tgz, wheel = checked(arguments.npm_tgz, NPM), checked(arguments.wheel, WHEEL)
    arguments.output.mkdir(parents=True, exist_ok=True)
    convert(npm_tgz, wheel, arguments.output)


if __name__ == "__main__":
    main()
