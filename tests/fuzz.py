"""Damaged files of every kind that facelab reads, made from whole ones by a seed.

    python -m tests.fuzz 10000            all readers, 10,000 files each
    python -m tests.fuzz 300 recipe.yaml  this one
    python -m tests.fuzz suite            what the test reads

Runs in a process of its own, with little memory, so that a library that crashes, hangs or eats is
seen: `tests/test_fuzz.py`. Prints a line of JSON for each reader.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import random
import resource
import struct
import sys
import tempfile
import time
import zipfile
import zlib
from collections import Counter
from dataclasses import asdict, dataclass, field
from functools import cache, partial
from pathlib import Path

import cv2
import numpy as np
import PIL.Image
import PIL.ImageCms
import scipy.io
from PIL import TiffImagePlugin

from facelab import atlas, weights
from facelab.errors import FacelabError, UsageError
from tests.synthetic import SAMPLES

SUITE = 120  # files of each reader in the test
ROOM = 1 << 30  # bytes of memory that a reader may take beside what is loaded

# ------------------------------------------------------------------------------------- mutations

_EXTREMES = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
_WORDS = (
    b"null", b"true", b"-1", b"0", b"1e999", b"NaN", b"9" * 30, b"[]", b"{}", b'""', b"[" * 3000,
    b"{\"a\":" * 3000, b"\\ud800", b"\0", b"\xff\xfe", b"../../x", b"/dev/zero", b"%s%n", b"1_0",
)  # fmt: skip


def mutated(data, others, rng):
    """A few random changes of some bytes; `others` are files to splice with."""
    data = bytearray(data)
    for _ in range(rng.choice((1, 1, 1, 2, 4, 12))):
        rng.choice(_CHANGES)(data, others, rng)
    return bytes(data)


def _place(data, rng):
    """Anywhere, but half of the time where headers and directories are."""
    if not data:
        return 0
    anywhere, near = rng.randrange(len(data)), rng.randrange(min(len(data), 400))
    return rng.choice((anywhere, near, len(data) - 1 - near))


def _flip(data, _others, rng):
    if data:
        data[_place(data, rng)] ^= 1 << rng.randrange(8)


def _set(data, _others, rng):
    if data:
        data[_place(data, rng)] = rng.randrange(256)


def _number(data, _others, rng):
    size, order = rng.choice((1, 2, 4, 8)), rng.choice(("little", "big"))
    at = _place(data, rng)
    data[at : at + size] = rng.choice(_EXTREMES).to_bytes(8, order)[:size]


def _cut(data, _others, rng):
    del data[_place(data, rng) :]


def _leave_out(data, _others, rng):
    at = _place(data, rng)
    del data[at : at + rng.choice((1, 4, 40, 400))]


def _repeat(data, _others, rng):
    at = _place(data, rng)
    data[at:at] = data[at : at + rng.choice((1, 8, 80, 800))] * rng.choice((1, 2, 50))


def _splice(data, others, rng):
    other = rng.choice(others)
    at, start = _place(data, rng), _place(other, rng)
    data[at:] = other[start:]


def _word(data, _others, rng):
    at = _place(data, rng)
    data[at : at + rng.choice((0, 1, 4, 10))] = rng.choice(_WORDS)


_CHANGES = (_flip, _flip, _flip, _set, _number, _number, _cut, _leave_out, _repeat, _splice, _word)


def plain(seeds, rng):
    """A mutation of one of the files."""
    return mutated(rng.choice(seeds), seeds, rng)


def png(seeds, rng):
    """A PNG damaged within its chunks, whose checksums are right half of the time."""
    data = plain(seeds, rng)
    if rng.random() < 0.5:
        return data
    out, at = data[:8], 8
    while at + 12 <= len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        body = data[at + 4 : at + 8 + size]
        out += data[at : at + 4] + body + struct.pack(">I", zlib.crc32(body))
        at += 12 + size
    return out + data[at:]


def npz(seeds, rng):
    """An archive of whose members one is damaged, or that is damaged itself."""
    if rng.random() < 0.4:
        return plain(seeds, rng)
    with zipfile.ZipFile(io.BytesIO(rng.choice(seeds))) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    hit = rng.choice(sorted(members))
    members[hit] = mutated(members[hit], list(members.values()), rng)
    buffer, method = io.BytesIO(), rng.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def mat(seeds, rng):
    """A MAT-file damaged within what is compressed, or not."""
    data = plain(seeds, rng)
    if rng.random() < 0.5 or len(data) < 136:
        return data
    body = mutated(data[128:], seeds, rng)
    packed = zlib.compress(body)
    return data[:128] + struct.pack("<II", 15, len(packed)) + packed


def tensors(seeds, rng):
    """A safetensors file damaged in its header, its numbers, or in both."""
    data = rng.choice(seeds)
    size = int.from_bytes(data[:8], "little")
    head, body = data[8 : 8 + size], data[8 + size :]
    if rng.random() < 0.6:
        for a, b in rng.sample(_TYPES, 2):
            head = head.replace(a, b, rng.choice((1, -1)))
    else:
        head = mutated(head, [head], rng)
    if rng.random() < 0.3:
        block = rng.choice((b"\xff", b"\x7f", b"\x00", b"\x7b")) * rng.choice((2, 400))
        at = rng.randrange(max(1, len(body) - len(block)))
        body = body[:at] + block + body[at + len(block) :]
    if rng.random() < 0.3:
        return mutated(data, seeds, rng)
    return struct.pack("<Q", len(head)) + head + body


_TYPES = [
    (b'"F16"', b'"BF16"'), (b'"F16"', b'"I16"'), (b'"F32"', b'"I32"'), (b'"F32"', b'"U32"'),
    (b'"F16"', b'"F8_E4M3"'), (b"weight", b"height"), (b"[64,", b"[32,"), (b"__", b"_"),
    (b"shape", b"shade"), (b'"I32"', b'"F32"'), (b"0,", b"1,"),
]  # fmt: skip


# --------------------------------------------------------------------------------------- readers


@dataclass(frozen=True)
class Reader:
    """A kind of file: whole ones, how they are damaged, and what reads them.

    `read` is given a folder, in which the file is called `name`.
    """

    name: str
    seeds: object
    read: object
    change: object = plain
    share: float = 1.0  # of `SUITE`, where reading is slow


@cache
def _face():
    with PIL.Image.open(SAMPLES / "astronaut.png") as file:
        return file.crop((155, 30, 295, 190)).convert("RGB").resize((56, 64))


_XMP = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF '
    b'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" '
    b'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:tiff="http://ns.adobe.com/tiff/1.0/" '
    b'tiff:Orientation="6"><dc:description><rdf:Alt><rdf:li xml:lang="x-default">A caption</rdf:li>'
    b"</rdf:Alt></dc:description></rdf:Description></rdf:RDF></x:xmpmeta>"
)


@cache
def _pictures(plugin):
    """Small photographs of a format, with metadata and without."""
    face, exif = _face(), PIL.Image.Exif()
    exif[274], exif[271] = 6, "Maker"
    exif.get_ifd(34665)[36867] = "2020:01:01 00:00:00"
    icc = PIL.ImageCms.ImageCmsProfile(PIL.ImageCms.createProfile("sRGB")).tobytes()
    about = {"exif": exif.tobytes(), "xmp": _XMP, "icc_profile": icc, "dpi": (72, 72)}
    if plugin == "PNG":
        info = PIL.PngImagePlugin.PngInfo()
        info.add_itxt("XML:com.adobe.xmp", _XMP.decode())
        about = {"exif": about["exif"], "icc_profile": icc, "pnginfo": info, "dpi": (72, 72)}
    if plugin == "TIFF":
        tags = TiffImagePlugin.ImageFileDirectory_v2()
        tags[700], tags[274] = _XMP, 6
        about = {"tiffinfo": tags, "icc_profile": icc}
    if plugin in ("BMP", "GIF"):
        about = {}
    more = {
        "JPEG": [{"progressive": True}, {"quality": 30}],
        "PNG": [{"optimize": True}],
        "WEBP": [{"lossless": True}, {}],
        "TIFF": [{"compression": f"tiff_{kind}"} for kind in ("lzw", "deflate", "jpeg")],
        "GIF": [{"save_all": True, "append_images": [face.rotate(90)]}],
    }.get(plugin, [])
    out = []
    for options in (about, *more):
        buffer = io.BytesIO()
        face.save(buffer, plugin, **options)
        out.append(buffer.getvalue())
    modes = {"JPEG": ("L", "CMYK"), "PNG": ("P", "LA", "RGBA", "1"), "WEBP": ("RGBA",)}
    modes |= {"AVIF": ("RGBA",), "BMP": ("L", "P", "1"), "GIF": ("L", "P")}
    for mode in modes.get(plugin, ("L", "RGBA", "CMYK", "1")):
        buffer = io.BytesIO()
        face.convert(mode).save(buffer, plugin)
        out.append(buffer.getvalue())
    if plugin in ("PNG", "TIFF"):
        values = np.asarray(face).astype(np.uint16) * 257
        out.append(cv2.imencode("." + plugin.lower(), values[..., ::-1])[1].tobytes())
    return out


def _photograph(path):
    from facelab.images import decoded, encoded, read
    from facelab.provenance import ENHANCED, mark

    image = read(path)
    xmp = mark(image.metadata.xmp, source_type=ENHANCED, description="A sentence.")
    for suffix in (".jpg", ".png", ".webp", ".tif"):
        decoded(f"out{suffix}", encoded(f"out{suffix}", image, xmp=xmp))


def _xmps():
    from facelab.images.xmp import segments
    from facelab.provenance import ENHANCED, mark

    whole = mark(_XMP, source_type=ENHANCED, description="A sentence.")
    items = "".join(f"<rdf:li>{k:01000}</rdf:li>" for k in range(80)).encode()
    subject = b"<dc:subject><rdf:Bag>" + items + b"</rdf:Bag></dc:subject>"
    long = _XMP.replace(b"<dc:description>", subject + b"<dc:description>")
    assert len(segments(long)) > 1
    return [_XMP, whole, long]


def _packet(path):
    from facelab.images import Image, decoded, encoded
    from facelab.provenance import ENHANCED, mark

    xmp = mark(path.read_bytes(), source_type=ENHANCED, description="A sentence.")
    image = Image(np.zeros((2, 2, 3), np.float32))
    decoded("out.jpg", encoded("out.jpg", image, xmp=xmp))


@cache
def _points():
    return np.random.default_rng(0).uniform(10, 200, (68, 3)).astype(np.float32)


def _texts():
    rows = "".join(f"{x:.3f} {y:.3f}\n" for x, y, _ in _points())
    return [rows.encode(), f"version: 1\nn_points: 68\n{{\n{rows}}}\n".encode()]


def _npys():
    out = []
    for values in (_points(), _points().T.astype(np.float64), np.asfortranarray(_points())):
        buffer = io.BytesIO()
        np.save(buffer, values)
        out.append(buffer.getvalue())
    return out


def _mats():
    fields = {"pt3d_68": _points().T, "pt2d": _points().T[:2], "Pose_Para": np.zeros((1, 7))}
    fields |= {"roi": np.array([[0, 0, 9, 9]], np.int32), "Exp_Para": np.arange(29.0)[:, None]}
    out = []
    for options in ({}, {"do_compression": True}):
        buffer = io.BytesIO()
        scipy.io.savemat(buffer, fields, **options)
        out.append(buffer.getvalue())
    return out


def _landmarks(path):
    from facelab.geometry.landmarks import read_landmarks
    from facelab.types import Box

    Box.around(read_landmarks(path))


def _labels(path):
    from facelab.benchmark.label_files import read_labels

    read_labels(path, 1)


def _views():
    from tests.synthetic import canonical_points

    rng, pictures = np.random.default_rng(0), []
    for _ in range(3):
        pixels = rng.integers(0, 256, (64, 64, 3), dtype=np.uint8)
        pictures.append(cv2.imencode(".jpg", pixels)[1].tobytes())
    points = np.stack([canonical_points(scale=2.0, origin=(32, 32, 0))] * 3).astype(np.float32)
    buffer = io.BytesIO()
    np.savez(
        buffer,
        jpeg=np.frombuffer(b"".join(pictures), np.uint8),
        lengths=np.array([len(one) for one in pictures]),
        points=points,
    )
    return [buffer.getvalue()]


def _prepared(path):
    from facelab.train.prepared import read
    from facelab.train.views import exact_view

    for views in read([path], lambda *_: None):
        for view in zip(views.pictures, views.points, strict=True):
            exact_view(*view)


def _portraits():
    v, u = np.indices((256, 256), np.float32)
    buffer = io.BytesIO()
    np.savez(
        buffer,
        positions=np.dstack([u, v, 0 * u]),
        atlas=np.array("canonical"),
        colour=np.full((8, 8, 3), 0.5, np.float16),
        confidence=np.ones((8, 8), np.float16),
        matte=np.zeros((64, 56), np.uint8),
    )
    return [buffer.getvalue()]


def _cached(path):
    """A damaged one is made again; what is taken must do for what comes next."""
    from facelab.augment.plan import Item
    from facelab.augment.portrait_cache import PortraitCache
    from facelab.geometry.pose import estimate

    image = np.zeros((64, 56, 3), np.float32)
    item = Item(path, path.stem[:32], "anna", "train")
    sources = PortraitCache(path.parent, lambda: None, "0" * 16, load_segmenter=lambda: None)
    path.rename(sources._path_of(item))
    if portrait := sources._cached(item, image):
        estimate(portrait.face.positions)


def _plans():
    people = [["ab" * 32, "anna"], ["cd" * 32, "bert"]]
    facts = {"facelab": "0.6", "format": "folder", "seed": 1, "photographs": people, "count": 9}
    return [json.dumps(facts, indent=1).encode()]


def _plan(path):
    from facelab.augment import lock
    from facelab.augment.store import Store

    lock.require_same(Store(str(path.parent)), {"facelab": "0.6", "seed": 1}, 9)


def _label_records():
    from facelab.augment.ground_truth import Other
    from facelab.augment.labels import describe, encode, subject_of
    from facelab.augment.sample import Redraw
    from tests.augmented import head, nothing, sample, upright

    both = [
        sample(),
        sample(
            truth=head((Other(upright(), nothing() > 0),)),
            redrawn=[Redraw("stretch", 2.0, "profile")],
        ),
    ]
    files = {"image": "images/000000000.jpg"}
    return [encode(describe(made, subject_of(made), 1, files)) for made in both]


def _label_record(path):
    """A damaged one counts as not there; what is taken must do for all that is made of them."""
    from facelab.augment.formats import named
    from facelab.augment.formats.coco import annotation, image_entry
    from facelab.augment.report import contact_sheet, page
    from facelab.augment.report.dataset_card import Facts
    from facelab.augment.report.statistics import gathered
    from facelab.augment.store import Store
    from facelab.augment.style import Style

    form = named("folder")(Style(seed=1))
    store = Store(str(path.parent))
    store.write("labels/000000000.json", path.read_bytes())
    if form.whole(store, range(1)):
        (record,) = form.records(store, [0])
        faces = [annotation(record, face, 1) for face in record["faces"]]
        json.dumps([*faces, image_entry(record)], allow_nan=False)
        contact_sheet.tile(record, np.zeros((128, 128, 3), np.float32))
        facts = Facts("folder", form.style, {}, 1)
        page.report(facts, gathered([record], 1), b"")


def _marks():
    entries = [{"index": k, "yaw": 31.5 * k, "reason": "hair" if k else None} for k in range(4)]
    return [json.dumps(entries).encode()]


def _mark(path):
    from facelab.augment.report import marks, page
    from facelab.augment.report.dataset_card import Facts
    from facelab.augment.report.statistics import gathered
    from facelab.augment.store import Store
    from facelab.augment.style import Style

    read = marks.read(Store(str(path.parent)))
    page.report(Facts("folder", Style(seed=1), {}, 1), gathered([], 1), b"", read)


def _cards():
    from facelab.augment.report.dataset_card import Facts, card
    from facelab.augment.report.statistics import gathered
    from facelab.augment.style import Style

    facts = Facts("folder", Style(seed=1), {"name": "fuzz", "steps": []}, 3, skipped={"a": "b"})
    return [card(facts, gathered([], 3))]


def _card(path):
    from facelab.augment.report import dataset_card, page
    from facelab.augment.report.statistics import gathered
    from facelab.augment.store import Store

    facts = dataset_card.read(Store(str(path.parent)))
    page.report(facts, gathered([], 1), b"")


def _renderings():
    return [json.dumps({"head": None, "scenes": 2, "turns": 4, "seed": 0, "layout": 1}).encode()]


def _rendering(path):
    from facelab.train.renders import RenderSettings, _write_settings

    (path.parent / f"{'0' * 32}-{'1' * 16}.npz").touch()
    with contextlib.suppress(UsageError):  # of a whole one, too: it is of other settings
        _write_settings(path.parent, RenderSettings())


def _records():
    described = {"file": "a.jpg", "role": "target", "sha256": "ab" * 32, "width": 1, "height": 1}
    record = {
        "recipe": {"command": "edit", "edits": [{"smooth": {"strength": 0.5}}]},
        "inputs": [described],
        "weights": {"facemap": "cd" * 32},
        "consent": "self",
        "output": {"file": "b.png", "sha256": "ef" * 32},
    }
    return [json.dumps(record, indent=2).encode()]


def _record(path):
    from facelab.cli.recipes import _RECORD
    from facelab.files import parse_json, read_bytes

    with contextlib.suppress(ValueError):  # made again
        parse_json(read_bytes(path, 1 << 20), _RECORD)


def _reports():
    files = {"obj": {"obj": "a_0.obj", "mtl": "a_0.mtl"}, "npz": {"npz": "a_0.npz"}}
    report = {
        "image": {"file": "a.jpg", "sha256": "ab" * 32},
        "landmarks_file": None,
        "faces": [{"box": [1, 2, 3, 4], "files": files}],
        "recipe": {"command": "reconstruct"},
        "weights": {},
    }
    return [json.dumps(report, indent=1).encode()]


def _report(path):
    from facelab.export.photograph import Export, Report
    from facelab.reconstruct.networks import Networks

    report = Report(path, SAMPLES / "mona-lisa.jpg")
    report.is_of(Export(Networks(), ("obj",)))
    for name in report.earlier_files():
        (path.parent / name).resolve()


def _recipes():
    root = SAMPLES.parent / "recipes"
    return [file.read_bytes() for file in sorted(root.rglob("*.yaml"))]


def _recipe(path):
    from facelab.augment.template import read_template
    from facelab.recipe import read_recipe, to_yaml

    with contextlib.suppress(FacelabError):
        for step in read_template(path).steps:
            step.sample(np.random.default_rng(0))
    to_yaml(read_recipe(path), path.parent).encode()


def _manifests():
    return [(SAMPLES.parent / "weights" / weights.MANIFEST).read_bytes()]


def _manifest(path):
    for entry in weights.manifest(path.parent).values():
        (path.parent / entry.file).is_file()
        weights.manifest_text([entry]).encode()


def _heads():
    from tests.heads import head_file

    with tempfile.TemporaryDirectory() as folder:
        return [head_file(Path(folder) / "head.safetensors").read_bytes()]


def _head(path):
    from facelab.geometry.head import HeadModel

    HeadModel.read(path).fit(atlas.canonical().vertices * np.float32([9, -9, 9]) + 100)


def _logs():
    from facelab.train.log import COLUMNS

    rows = [",".join(COLUMNS), "1,1e-05,2.5,0.6,0.7,0.1,,", "2,1e-05,2.4,0.5,0.6,0.1,0.8,0.9"]
    return [("\r\n".join(rows) + "\r\n").encode()]


def _log(path):
    from facelab.train.log import Log

    log = Log(path, 2)
    log.add({"total": 1.0, "map": 0.5, "landmarks": 0.4, "score": 0.1})
    log.write(3, 1e-5, {})


def _networks():
    return [(SAMPLES.parent / "weights" / "facemesh.safetensors").read_bytes()]


def _network(path):
    from facelab.models.kinds import FACEMESH
    from facelab.models.runtime import load_runner
    from facelab.reconstruct.facemesh_regressor import MeshRegressor
    from facelab.reconstruct.reconstructor import View
    from facelab.types import Box

    regressor = MeshRegressor(load_runner(FACEMESH, own=path))
    image = np.asarray(_face(), np.float32) / 255
    regressor([View(image, Box(5, 5, 50, 60))])


@cache
def _run():
    from facelab.train.loop import Settings, State

    settings = Settings()
    return State.begun(settings), settings


def _checkpoints():
    from facelab.train import checkpoint

    state, settings = _run()
    state.step = 1
    with tempfile.TemporaryDirectory() as folder:
        checkpoint.save(Path(folder), state, settings, "views")
        return [(Path(folder) / checkpoint.NAME).read_bytes()]


def _checkpoint(path):
    from facelab.train import checkpoint

    state, settings = _run()
    checkpoint.resume(path.parent, state, settings, "views")


def _packs():
    from tests.packs import write_network

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "det.onnx"
        write_network(path)
        return [path.read_bytes()]


def _pack(path):
    from facelab.detect.insightface import InsightFaceDetector

    folder = path.parent / "models" / "tiny"
    folder.mkdir(parents=True, exist_ok=True)
    path.rename(folder / "det.onnx")
    InsightFaceDetector("tiny", path.parent)(np.asarray(_face(), np.float32) / 255)


@cache
def _uv_data():
    """A small face as PRNet's files have it: a square of texels, landmarks within it."""
    texels = (np.arange(60, 200)[:, None] * 256 + np.arange(60, 200)).ravel()
    landmarks = np.random.default_rng(0).integers(60, 200, (2, 68))
    vertices, mask = io.BytesIO(), io.BytesIO()
    np.save(vertices, np.random.default_rng(1).normal(size=(len(texels), 3)))
    PIL.Image.fromarray(np.full((256, 256), 48, np.uint8)).save(mask, "PNG")
    return {
        "face_ind.txt": " ".join(map(str, texels)).encode(),
        "uv_kpt_ind.txt": " ".join(map(str, landmarks.ravel())).encode(),
        "canonical_vertices.npy": vertices.getvalue(),
        "uv_weight_mask.png": mask.getvalue(),
    }


def _uv_file(name):
    return [_uv_data()[name]]


def _uv(path):
    from facelab.reconstruct.import_prnet import read_uv_data

    for name, data in _uv_data().items():
        if name != path.name:
            (path.parent / name).write_bytes(data)
    read_uv_data(path.parent)


READERS = [
    Reader("photograph.jpg", partial(_pictures, "JPEG"), _photograph),
    Reader("photograph.png", partial(_pictures, "PNG"), _photograph, png),
    Reader("photograph.webp", partial(_pictures, "WEBP"), _photograph),
    Reader("photograph.tif", partial(_pictures, "TIFF"), _photograph),
    Reader("photograph.avif", partial(_pictures, "AVIF"), _photograph, share=0.3),
    Reader("photograph.bmp", partial(_pictures, "BMP"), _photograph, share=0.5),
    Reader("photograph.gif", partial(_pictures, "GIF"), _photograph, share=0.5),
    Reader("packet.xmp", _xmps, _packet, share=0.5),
    Reader("landmarks.txt", _texts, _landmarks),
    Reader("landmarks.npy", _npys, _landmarks),
    Reader("landmarks.mat", _mats, _landmarks, mat),
    Reader("labels.mat", _mats, _labels, mat),
    Reader("recipe.yaml", _recipes, _recipe),
    Reader("manifest.toml", _manifests, _manifest),
    Reader("record.json", _records, _record),
    Reader("report.json", _reports, _report),
    Reader(".facelab-plan.json", _plans, _plan),
    Reader("label-record.json", _label_records, _label_record),
    Reader("review.json", _marks, _mark, share=0.5),
    Reader("dataset.json", _cards, _card, share=0.5),
    Reader("faces-cache.npz", _portraits, _cached, npz),
    Reader("head.safetensors", _heads, _head, tensors),
    Reader("face_ind.txt", partial(_uv_file, "face_ind.txt"), _uv, share=0.5),
    Reader("uv_kpt_ind.txt", partial(_uv_file, "uv_kpt_ind.txt"), _uv, share=0.5),
    Reader("canonical_vertices.npy", partial(_uv_file, "canonical_vertices.npy"), _uv, share=0.5),
    Reader("uv_weight_mask.png", partial(_uv_file, "uv_weight_mask.png"), _uv, png, 0.5),
    Reader("views.npz", _views, _prepared, npz),
    Reader("rendering.json", _renderings, _rendering),
    Reader("log.csv", _logs, _log, share=0.3),
    Reader("facemesh.safetensors", _networks, _network, tensors, 0.2),
    Reader("checkpoint.safetensors", _checkpoints, _checkpoint, tensors, 0.1),
    Reader("det.onnx", _packs, _pack, share=0.2),
]


# ------------------------------------------------------------------------------------ the running


@dataclass
class Outcome:
    """What became of the damaged files of a reader."""

    reader: str
    read: int = 0
    refused: int = 0
    failures: list = field(default_factory=list)
    slowest: float = 0.0  # seconds of CPU
    peak: int = 0  # MB that the process came to hold more
    refusals: dict = field(default_factory=dict)


def run(reader, count, folder, first=0):
    """Read `count` damaged files, and say what became of them."""
    outcome, kinds = Outcome(reader.name), Counter()
    _bound(None)
    seeds, before = list(reader.seeds()), _peak()
    for number in range(first, first + count):
        rng = random.Random(f"{reader.name} {number}")
        data = seeds[0] if number == first else reader.change(seeds, rng)
        with tempfile.TemporaryDirectory(dir=folder) as own:
            path = Path(own) / reader.name
            path.write_bytes(data)
            (Path(folder) / "last").write_bytes(data)  # what a crash was of
            start = time.process_time()
            try:
                reader.read(path)
                outcome.read += 1
            except FacelabError as error:
                outcome.refused += 1
                kinds[_kind(str(error), own)] += 1
                if "\n" in str(error):
                    outcome.failures.append([number, f"more than a line: {error}"])
                if number == first:
                    outcome.failures.append([number, f"a whole one is refused: {error}"])
            except Exception as error:
                outcome.failures.append([number, f"{type(error).__name__}: {error}"[:300]])
                if "FACELAB_TRACEBACK" in os.environ:
                    raise
            if number == first:  # what it needs is loaded now
                _bound(ROOM)
                before = _peak()
            else:
                outcome.slowest = max(outcome.slowest, time.process_time() - start)
    outcome.peak = (_peak() - before) >> 20
    outcome.refusals = dict(kinds.most_common(5))
    return outcome


def _kind(message, folder):
    return message.replace(str(folder), "")[:80]


def _peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10


def _bound(room):
    """Let the process map so many bytes more than it has; None for any number."""
    if sys.platform == "linux":
        mapped = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        hard = resource.getrlimit(resource.RLIMIT_AS)[1]
        resource.setrlimit(resource.RLIMIT_AS, (hard if room is None else mapped + room, hard))


def _say(about):
    sys.stdout.write(json.dumps(about) + "\n")
    sys.stdout.flush()


def main(count, *names):
    """Print what became of the files; whether all was well."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    well = True
    for reader in READERS:
        if not names or reader.name in names:
            _say({"begins": reader.name})
            wanted = round(SUITE * reader.share) if count == "suite" else int(count)
            with tempfile.TemporaryDirectory() as folder:
                outcome = run(reader, wanted, folder)
            _say(asdict(outcome))
            well &= not outcome.failures
    return well


if __name__ == "__main__":
    sys.exit(not main(*sys.argv[1:]))
