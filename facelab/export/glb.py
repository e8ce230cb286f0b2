"""Binary glTF 2.0 (Khronos, "glTF 2.0 Specification", ISO/IEC 12113:2022) in one file."""

from __future__ import annotations

import io
import json
import struct
from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate
from pathlib import Path
from typing import Any

import PIL.Image

import facelab
from facelab.export.maps import SENTENCE
from facelab.export.normals import smooth_normals
from facelab.export.subject import FRAME, Subject
from facelab.files.writing import write_bytes_atomically
from facelab.images.image import to_integers
from facelab.numerics.arrays import Float
from facelab.provenance import ENHANCED, mark
from facelab.types import Mesh

FACE_SIZE = 0.2
"""Metres: glTF's unit; the longest side of the face's box in the scene."""

_FLOAT, _UNSIGNED_INT = 5126, 5125
_LINEAR, _LINEAR_MIPMAP_LINEAR, _CLAMP_TO_EDGE = 9729, 9987, 33071
_ARRAY_BUFFER, _INDEX_BUFFER = 34962, 34963
_JPEG_QUALITY = 95


def write(subject: Subject, stem: Path) -> dict[str, str | float]:
    """Write ``<stem>.glb``.

    Returns
    -------
    dict
        ``glb``: the file's name.

    Raises
    ------
    OutputError
        If it cannot be written.
    """
    path = stem.with_name(f"{stem.name}.glb")
    write_bytes_atomically(path, encode(subject.mesh, subject.texture.colour, subject.frame))
    return {"glb": path.name}


def encode(mesh: Mesh, colour: Float, frame: str = FRAME) -> bytes:
    """A GLB file with the texture inside.

    The material shows the photograph's colours unlit (KHR_materials_unlit), and is matt where
    that is not known. Vertices stay in their own unit; the node that holds the mesh puts its
    middle to the origin and makes it `FACE_SIZE` large.

    Parameters
    ----------
    mesh : Mesh
        In the frame of exports, which is glTF's: y up, z toward the viewer; v runs down in both.
    colour : (S, S, 3) float32
        The texture, RGB in [0, 1], sRGB-encoded; embedded as JPEG of quality 95, marked in its XMP.
    frame : str
        What the vertices' coordinates are, in words; the mesh's ``extras`` say it.
    """
    attributes = {"POSITION": mesh.vertices, "NORMAL": smooth_normals(mesh), "TEXCOORD_0": mesh.uv}
    blocks = [values.astype("<f4").tobytes() for values in attributes.values()]
    blocks += [mesh.triangles.astype("<u4").tobytes(), _jpeg(colour)]  # only the last is ragged
    document = {
        "asset": {"version": "2.0", "generator": f"facelab {facelab.__version__}"},
        "extensionsUsed": ["KHR_materials_unlit"],
        **_scene(mesh, attributes, frame),
        **_material(image=len(blocks) - 1),
        **_layout(mesh, attributes, [len(block) for block in blocks]),
    }
    return _container(document, b"".join(blocks))


def _jpeg(colour: Float) -> bytes:
    buffer = io.BytesIO()
    picture = PIL.Image.fromarray(to_integers(colour, 8))
    xmp = mark(None, source_type=ENHANCED, description=SENTENCE)
    picture.save(buffer, "JPEG", quality=_JPEG_QUALITY, subsampling=0, xmp=xmp)
    return buffer.getvalue()


def _scene(mesh: Mesh, attributes: Iterable[str], frame: str) -> dict[str, Any]:
    """One node with the mesh; accessors are the attributes in their order, then the indices."""
    low, high = mesh.vertices.min(axis=0), mesh.vertices.max(axis=0)
    scale = FACE_SIZE / max(float((high - low).max()), 1e-6)
    names = list(attributes)
    primitive = {
        "attributes": {name: place for place, name in enumerate(names)},
        "indices": len(names),
        "material": 0,
    }
    node = {
        "name": "face",
        "mesh": 0,
        "scale": [scale] * 3,
        "translation": (-scale * (low + high) / 2).tolist(),
    }
    return {
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [node],
        "meshes": [{"name": "face", "primitives": [primitive], "extras": {"frame": frame}}],
    }


def _material(image: int) -> dict[str, Any]:
    """The material with its texture, whose JPEG is in the buffer view `image`."""
    material = {
        "name": "face",
        "doubleSided": False,
        "pbrMetallicRoughness": {"baseColorTexture": {"index": 0}, "metallicFactor": 0},
        "extensions": {"KHR_materials_unlit": {}},
    }
    filters = {"magFilter": _LINEAR, "minFilter": _LINEAR_MIPMAP_LINEAR}
    return {
        "materials": [material],
        "textures": [{"source": 0, "sampler": 0}],
        "samplers": [{**filters, "wrapS": _CLAMP_TO_EDGE, "wrapT": _CLAMP_TO_EDGE}],
        "images": [{"bufferView": image, "mimeType": "image/jpeg"}],
    }


def _layout(mesh: Mesh, attributes: Mapping[str, Float], sizes: Sequence[int]) -> dict[str, Any]:
    """Where everything is in the binary chunk: a view for each attribute, indices, the image."""
    targets = [*({"target": _ARRAY_BUFFER} for _ in attributes), {"target": _INDEX_BUFFER}, {}]
    views = [
        {"buffer": 0, "byteOffset": end - size, "byteLength": size, **target}
        for end, size, target in zip(accumulate(sizes), sizes, targets, strict=True)
    ]
    accessors = [_accessor(values) for values in attributes.values()]
    indices = {"componentType": _UNSIGNED_INT, "count": mesh.triangles.size, "type": "SCALAR"}
    return {
        "accessors": [{"bufferView": k, **one} for k, one in enumerate([*accessors, indices])],
        "bufferViews": views,
        "buffers": [{"byteLength": sum(sizes)}],
    }


def _accessor(values: Float) -> dict[str, Any]:
    """Bounds are asked for positions only, and welcome everywhere."""
    return {
        "componentType": _FLOAT,
        "count": len(values),
        "type": f"VEC{values.shape[1]}",
        "min": values.min(axis=0).tolist(),
        "max": values.max(axis=0).tolist(),
    }


def _container(document: Mapping[str, Any], binary: bytes) -> bytes:
    """A header and two chunks, each padded to 4 bytes (specification, section 4.4)."""
    text = json.dumps(document, separators=(",", ":"), allow_nan=False).encode()
    text += b" " * (-len(text) % 4)
    binary += b"\0" * (-len(binary) % 4)
    chunks = struct.pack("<I4s", len(text), b"JSON") + text
    chunks += struct.pack("<I4s", len(binary), b"BIN\0") + binary
    return struct.pack("<4sII", b"glTF", 2, 12 + len(chunks)) + chunks
