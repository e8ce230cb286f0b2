"""The weights files, the manifest, and the script that made them."""

from __future__ import annotations

import dataclasses
import hashlib
import importlib
import os
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

from facelab import weights
from facelab.errors import WeightsError

ROOT = Path(__file__).parent.parent
NETWORKS = [
    "blazeface_short", "blazeface_full", "facemap", "facemesh", "selfie", "multiclass", "faceparse",
    "landmarker", "blendshapes",
]  # fmt: skip
CARDS = [*NETWORKS, "canonical_face", "heads", "openness", "skins", "averages"]
ARCHIVES = os.environ.get("FACELAB_MEDIAPIPE_ARCHIVES")


@pytest.fixture
def script(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "scripts")
    yield importlib.import_module("convert_mediapipe")
    sys.modules.pop("convert_mediapipe")


@pytest.mark.parametrize("name", weights.entries())
def test_every_shipped_file_is_the_recorded_one(name):
    assert weights.verify(name).name == weights.entries()[name].file


@pytest.mark.parametrize("name", CARDS)
def test_published_models_have_a_card(name):
    card = (ROOT / "weights" / f"{name}.md").read_text(encoding="utf-8")
    assert weights.entries()[name].licence in card


def test_own_folder_comes_first_and_is_checked(monkeypatch, tmp_path):
    entry = weights.entries()["canonical_face"]
    data = bytearray(weights.locate("canonical_face").read_bytes())
    data[-1] ^= 1
    (tmp_path / entry.file).write_bytes(data)
    monkeypatch.setenv("FACELAB_WEIGHTS", str(tmp_path))
    assert weights.locate("canonical_face").parent == tmp_path
    for use in (weights.load, weights.verify):
        with pytest.raises(WeightsError, match=r"damaged.*" + entry.sha256 + r".*Apache-2\.0"):
            use("canonical_face")


def test_missing_file_says_what_to_do(monkeypatch, tmp_path):
    shutil.copy(ROOT / "weights" / weights.MANIFEST, tmp_path)
    monkeypatch.setattr(weights, "SHIPPED", [tmp_path])
    entry = weights.entries()["facemesh"]
    with pytest.raises(WeightsError) as caught:
        weights.load("facemesh")
    message = str(caught.value)
    assert "\n" not in message
    for part in (entry.file, entry.sha256, "Apache-2.0", "@mediapipe/face_mesh", "FACELAB_WEIGHTS"):
        assert part in message


@pytest.fixture
def at_home(monkeypatch, tmp_path):
    """A user's data folder, empty, and no $FACELAB_WEIGHTS: the folder of imported weights."""
    monkeypatch.delenv("FACELAB_WEIGHTS", raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    return tmp_path / "data" / "facelab" / "weights"


def add(folder, name, data=b"", **changes):
    """List a file of the user's own in the manifest of `folder`, and write it."""
    digest = hashlib.sha256(data).hexdigest()
    shapes = {"crop": [1, 3, 8, 8], "other": [2]}
    entry = weights.Entry(name, f"{name}.safetensors", digest, "MIT", "s", "h", shapes, {})
    entry = dataclasses.replace(entry, **changes)
    folder.mkdir(parents=True, exist_ok=True)
    listed = {**weights.manifest(folder), name: entry}
    text = weights.manifest_text(listed.values())
    (folder / weights.MANIFEST).write_text(text, encoding="utf-8")
    (folder / entry.file).write_bytes(data)
    return entry


def test_imported_weights_are_found_at_once(at_home, monkeypatch, tmp_path):
    assert weights.import_folder() == at_home
    assert "prn" not in weights.entries()
    entry = add(at_home, "prn", b"a")
    assert weights.entries()["prn"] == entry
    assert weights.verify("prn") == at_home / "prn.safetensors"
    named = tmp_path / "named"
    monkeypatch.setenv("FACELAB_WEIGHTS", str(named))
    assert weights.import_folder() == named
    assert weights.entries()["prn"] == entry  # the user's folder is still looked in
    other = add(named, "prn", b"b")
    assert weights.entries()["prn"] == other  # but after the one named
    assert weights.verify("prn") == named / "prn.safetensors"
    monkeypatch.delenv("FACELAB_WEIGHTS")
    assert weights.entries()["prn"] == entry


def test_without_xdg_the_data_folder_is_in_the_home(monkeypatch, tmp_path):
    monkeypatch.delenv("FACELAB_WEIGHTS", raising=False)
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert weights.import_folder() == tmp_path / ".local/share/facelab/weights"


def test_shipped_entry_wins(at_home):
    shipped = weights.entry_of("facemesh")
    names = list(weights.entries())
    add(at_home, "facemesh", b"mine")
    assert weights.entry_of("facemesh") == shipped
    add(at_home, "prn", b"")
    assert list(weights.entries()) == [*names, "prn"]  # the shipped ones first


@pytest.mark.parametrize("name", ["prn", "prn_atlas"])
def test_weights_to_import_say_how(at_home, name):
    with pytest.raises(WeightsError, match=r"`facelab weights import-prnet PRNET_DIR`$") as caught:
        weights.load(name)
    assert name in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "text", ["[[weights]", "", '[[weights]]\nname = "a"\n', '[[weights]]\nfile = "a"\n', "\xff"]
)
def test_damaged_manifest_is_named(at_home, text):
    at_home.mkdir(parents=True)
    (at_home / weights.MANIFEST).write_text(text, encoding="latin-1")
    with pytest.raises(
        WeightsError, match=r"manifest\.toml is not a manifest of weights"
    ) as caught:
        weights.entries()
    assert str(at_home) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_manifest_text_is_read_back(at_home):
    one = add(at_home, "one", licence='MIT "or" \\ other', how="Łódź")
    two = add(at_home, "two")
    assert weights.manifest(at_home) == {"one": one, "two": two}
    shipped = weights.manifest(ROOT / "weights")
    add(at_home, "three")
    (at_home / weights.MANIFEST).write_text(weights.manifest_text(shipped.values()), "utf-8")
    assert weights.manifest(at_home) == shipped


def test_lost_manifest(monkeypatch, tmp_path):
    monkeypatch.setattr(weights, "SHIPPED", [tmp_path])
    with pytest.raises(WeightsError, match=r"manifest\.toml is missing: install facelab again"):
        weights.entries()


def test_unknown_name_lists_the_known_ones():
    with pytest.raises(WeightsError, match=r"no weights are called nope: .*facemesh"):
        weights.locate("nope")


def test_canonical_face_is_one_symmetric_disk():
    mesh = weights.load("canonical_face")
    vertices, uv, triangles = mesh["vertices"], mesh["uv"], mesh["triangles"]
    assert (vertices.dtype, uv.dtype, triangles.dtype) == (np.float32, np.float32, np.int32)
    assert (vertices.shape, uv.shape, triangles.shape) == ((468, 3), (468, 2), (898, 3))
    edges = np.sort(triangles[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2), axis=1)
    edges, uses = np.unique(edges, axis=0, return_counts=True)
    assert set(np.unique(triangles)) == set(range(468))
    assert uses.max() == 2
    assert len(vertices) - len(edges) + len(triangles) == 1  # Euler: a disk
    mirrored = vertices * [-1, 1, 1]
    nearest = np.linalg.norm(mirrored[:, None] - vertices[None], axis=2).min(axis=1)
    assert nearest.max() < 1e-3
    forehead, chin, nose = 10, 152, 4
    assert vertices[forehead, 1] > vertices[chin, 1]
    assert uv[forehead, 1] < uv[chin, 1]
    assert vertices[nose, 2] == vertices[:, 2].max()
    assert (uv > 0).all()
    assert (uv < 1).all()


@pytest.mark.parametrize("name", NETWORKS)
def test_networks_are_stored_in_half_precision(name):
    assert {a.dtype for a in weights.load(name).values()} == {np.dtype(np.float16)}


def test_protobuf_fields(script):
    # The two examples of the encoding's documentation, then a fixed 32-bit and 64-bit value.
    message = bytes.fromhex("089601120774657374696e671d0000803f210100000000000000")
    assert list(script.protobuf_fields(message)) == [
        (1, 150),
        (2, b"testing"),
        (3, np.float32(1).tobytes()),
        (4, (1).to_bytes(8, "little")),
    ]


def test_manifest_keeps_what_the_script_does_not_make(script):
    old = '# head\n\n[[weights]]\nname = "a"\nx = 1\n\n[[weights]]\nname = "b"\nx = 2\n'
    new = {"a": '[[weights]]\nname = "a"\nx = 3\n', "c": '[[weights]]\nname = "c"\nx = 4\n'}
    once = script.merged_manifest(old, new)
    assert once == (
        '# head\n\n[[weights]]\nname = "a"\nx = 3\n\n[[weights]]\nname = "b"\nx = 2\n\n'
        '[[weights]]\nname = "c"\nx = 4\n'
    )
    assert script.merged_manifest(once, new) == once


@pytest.mark.skipif(not ARCHIVES, reason="FACELAB_MEDIAPIPE_ARCHIVES holds the source archives")
def test_conversion_gives_the_same_bytes(script, tmp_path):
    manifest = (ROOT / "weights/manifest.toml").read_bytes()
    (tmp_path / "manifest.toml").write_bytes(manifest)
    script.convert(script.archives(Path(ARCHIVES)), tmp_path)
    for made in tmp_path.iterdir():
        assert made.read_bytes() == (ROOT / "weights" / made.name).read_bytes(), made.name


def test_other_archives_are_refused(script, tmp_path):
    (tmp_path / "mediapipe-face_mesh-0.4.1657299874.tgz").write_bytes(b"not it")
    with pytest.raises(SystemExit, match=r"no archive of npm @mediapipe/face_mesh .*sha256 c08"):
        script.archives(tmp_path)


def test_archives_are_told_by_their_content(script, tmp_path, monkeypatch):
    (tmp_path / "any.tgz").write_bytes(b"it")
    package = ("npm any", "1.0")
    monkeypatch.setattr(script, "SHA256", {package: hashlib.sha256(b"it").hexdigest()})
    assert script.archives(tmp_path) == {package: tmp_path / "any.tgz"}
