"""Every exported file is in one frame and says which; landmarks lie on their vertices in all."""

from __future__ import annotations

import json
import struct
from dataclasses import replace
from functools import cache
from types import SimpleNamespace

import numpy as np
import pytest
import scipy.io
from scipy.spatial import cKDTree

from facelab.export import writer
from facelab.export.report import describe_face
from facelab.export.subject import FRAME, FRAME_FRONT, IMAGE_FRAME
from facelab.geometry.eyes import Gaze
from facelab.geometry.landmarks import read_landmarks
from tests.exported import HEIGHT, TURN, WIDTH, chunks, subject
from tests.synthetic import ATLAS

TURNS = [{}, TURN, {"yaw": 70, "pitch": -10}]
OPTIONS = [{"front": front, **turn} for front in (False, True) for turn in TURNS]
OPTIONS += [{"front": front, "mask_unseen": True, **TURN} for front in (False, True)]
FORMATS = ["obj-colour", "obj-texture", "ply", "glb", "mat", "npz"]
NEAR = 0.5  # px


def obj(path):
    rows = [line.split() for line in path.read_text("utf-8").splitlines() if line.startswith("v ")]
    return np.array([row[1:4] for row in rows], float), {"frame": first_line(path)}


def first_line(path):
    return path.read_bytes().split(b"\n", 1)[0].decode().partition(": ")[2]


def ply(path):
    header, body = path.read_bytes().split(b"end_header\n", 1)
    lines = header.decode().splitlines()
    (count,) = (int(line.split()[2]) for line in lines if line.startswith("element vertex"))
    (frame,) = (line.partition(": ")[2] for line in lines if line.startswith("comment"))
    vertices = [struct.unpack_from("<fff", body, 15 * k) for k in range(count)]
    return np.array(vertices), {"frame": frame}


def glb(path):
    document, binary = chunks(path.read_bytes())
    (mesh,) = document["meshes"]
    accessor = document["accessors"][mesh["primitives"][0]["attributes"]["POSITION"]]
    view = document["bufferViews"][accessor["bufferView"]]
    part = binary[view["byteOffset"] :][: view["byteLength"]]
    return np.frombuffer(part, "<f4").reshape(-1, 3), mesh["extras"]


def mat(path):
    found = scipy.io.loadmat(path)
    return found["vertices"], {**found, "frame": str(found["frame"][0])}


def npz(path):
    with np.load(path, allow_pickle=False) as file:
        found = dict(file)
    return found["vertices"], {**found, "frame": str(found["frame"])}


READERS = {"obj-colour": obj, "obj-texture": obj, "ply": ply, "glb": glb, "mat": mat, "npz": npz}


@pytest.fixture(scope="module")
def opened(tmp_path_factory):
    """A function that writes a face and gives the vertices and what else the file says."""

    @cache
    def opened(name, **options):
        folder = tmp_path_factory.mktemp("frames")
        files = writer(name)(subject(**options), folder / "face")
        return READERS[name](folder / next(iter(files.values())))

    return opened


def located(places):
    """The triangle of the mesh around each place of the atlas, texels, and barycentric weights.

    Where edges of the lips meet several are: the one whose surface comes nearest.
    """
    mesh, map_ = subject().mesh, subject().exported(subject().positions.values)
    corners = mesh.uv[mesh.triangles].astype(float) * ATLAS.size - 0.5
    sides = np.stack([corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]], 2)
    inverse = np.linalg.inv(sides)
    for place, wanted in zip(places.astype(float), ATLAS.read(map_, places), strict=True):
        second, third = np.einsum("mij,mj->im", inverse, place - corners[:, 0])
        weights = np.stack([1 - second - third, second, third], 1)
        (near,) = np.nonzero(weights.min(axis=1) > -0.05)
        points = (mesh.vertices[mesh.triangles[near]] * weights[near, :, None]).sum(axis=1)
        best = near[np.linalg.norm(points - wanted, axis=1).argmin()]
        yield mesh.triangles[best], weights[best]


@cache
def landmark_triangles():
    """Of the places that landmarks are read from: (k, 3) vertices and (k, 3) weights."""
    vertices, weights = zip(*located(ATLAS.landmark_places), strict=True)
    return np.array(vertices), np.array(weights)


def on_vertices(vertices):
    """The 68 landmarks, read from the vertices of a mesh."""
    corners, weights = landmark_triangles()
    return ATLAS.landmark_weights @ (vertices[corners] * weights[..., None]).sum(axis=1)


def upright(points):
    """Pixels of the photograph with y up from its bottom row."""
    return np.asarray(points) * [1, -1, 1] + [0, HEIGHT - 1, 0]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("name", FORMATS)
def test_landmarks_lie_on_the_vertices_of_every_file(name, options, opened):
    found = on_vertices(opened(name, **options)[0])
    _, wanted = opened("npz", **options)
    assert np.linalg.norm(found - wanted["landmarks68"], axis=1).max() < NEAR
    if not options["front"]:  # there the report and the text have the same points, y down
        said = describe_face(subject(**options), {})["landmarks68"]
        assert np.linalg.norm(found - upright(said), axis=1).max() < NEAR


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("name", ["mat", "npz"])
def test_everything_in_a_file_is_in_its_frame(name, options, opened):
    vertices, found = opened(name, **options)
    assert np.linalg.norm(on_vertices(vertices) - found["landmarks68"], axis=1).max() < NEAR
    rotation, translation = found["rotation"], found["translation"].reshape(3)
    placed = float(found["scale"].squeeze()) * ATLAS.vertices @ rotation.T + translation
    nearest = cKDTree(vertices).query(placed)[0]
    assert nearest.mean() < 2 * NEAR  # the vertices of the canonical face: hers is this one
    assert np.allclose(rotation, np.eye(3)) == (options["front"] or "yaw" not in options)
    assert found["image_size"].ravel().tolist() == [WIDTH, HEIGHT]
    if name == "npz":
        from_map = ATLAS.read(found["positions"], ATLAS.landmark_places)
        np.testing.assert_allclose(
            ATLAS.landmark_weights @ from_map, found["landmarks68"], atol=NEAR / 10
        )


@pytest.mark.parametrize("front", [False, True])
@pytest.mark.parametrize("name", FORMATS)
def test_every_file_says_its_frame(name, front, opened):
    assert opened(name, front=front, **TURN)[1]["frame"] == (FRAME_FRONT if front else FRAME)


def test_no_file_spells_colours_in_two_ways(opened):
    for name in ("mat", "npz"):
        assert "colours" in opened(name)[1]
        assert "colors" not in opened(name)[1]


@pytest.mark.parametrize("front", [False, True])
def test_the_text_of_landmarks_is_in_pixels_of_the_photograph(tmp_path, front):
    this = subject(front=front, **TURN)
    (name,) = writer("landmarks")(this, tmp_path / "face").values()
    assert (tmp_path / name).read_text("utf-8").startswith(f"# {IMAGE_FRAME}\n")
    text = np.loadtxt(tmp_path / name)
    np.testing.assert_allclose(text, this.landmarks, atol=1e-4)
    np.testing.assert_allclose(read_landmarks(tmp_path / name), this.landmarks[:, :2], atol=1e-4)
    said = json.loads(json.dumps(describe_face(this, {})))
    np.testing.assert_allclose(said["landmarks68"], this.landmarks, atol=1e-3)


def test_gaze_turns_with_the_mesh():
    """Of a head that looks as it is turned, exports to the front look at the viewer."""
    ahead = subject(**TURN).pose.rotation[:, 2]
    eyes = SimpleNamespace(gaze=Gaze(np.stack([ahead, ahead]).astype(np.float32)))
    this = replace(subject(**TURN), landmarker=lambda *_: SimpleNamespace(eyes=eyes))
    np.testing.assert_array_equal(this.exported_gaze, eyes.gaze.vectors)
    front = replace(this, front=True).exported_gaze
    np.testing.assert_allclose(front, [[0, 0, 1]] * 2, atol=1e-5)
