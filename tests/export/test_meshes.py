from __future__ import annotations

import os
import re
import struct
import time
import zipfile
from functools import cache
from types import SimpleNamespace

import numpy as np
import pytest
import scipy.io
import trimesh
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from facelab.constants import ARKIT
from facelab.errors import OutputError
from facelab.export import glb, mat, npz, obj_colour, obj_texture, ply
from facelab.export.subject import FRAME
from facelab.geometry.pose import angles, matrix, similarity
from facelab.images.image import to_integers
from facelab.types import Mesh
from tests.exported import HEIGHT, TURN, WIDTH, chunks, subject
from tests.synthetic import frozen, plain

WRITERS = [obj_colour, obj_texture, ply, glb, mat, npz]
MESHES = [obj_colour, obj_texture, ply, glb]
TEXTURED = [obj_texture, glb]
STEM = "Zoë Ångström no. 2_0"  # spaces, letters beyond ASCII and a dot before no suffix
FEW = settings(max_examples=20, deadline=None)

TRIANGLE = Mesh(
    vertices=frozen([[0, 0, 0], [2, 0, 0.5], [0, 2, -1.25]]),
    triangles=frozen([[0, 1, 2]], np.int32),
    uv=frozen([[0.25, 0.125], [1, 0], [0, 1]]),
)
COLOURS = frozen([[1, 0, 0], [0, 1, 0.2], [0.5, 0.25, 1]])


def by_name(module):
    return module.__name__.rpartition(".")[2]


def writers(modules):
    return pytest.mark.parametrize("writer", modules, ids=by_name)


@pytest.fixture(scope="module")
def opened(tmp_path_factory):
    """A function that writes a subject and gives what trimesh makes of the file."""

    @cache
    def opened(writer, **options):
        folder = tmp_path_factory.mktemp("meshes")
        files = writer.write(subject(**options), folder / STEM)
        path = folder / next(iter(files.values()))
        loaded = trimesh.load(path, process=False, maintain_order=True)
        return loaded.geometry["face"] if writer is glb else loaded

    return opened


def shown(mesh):
    """RGB in [0, 1] that trimesh shows at each vertex, from the texture where there is one."""
    visual = mesh.visual
    rgba = visual.to_color().vertex_colors if visual.kind == "texture" else visual.vertex_colors
    return np.asarray(rgba)[:, :3] / 255


def crosses(mesh):
    """Twice the area times the normal of each triangle."""
    a, b, c = np.asarray(mesh.vertices)[np.asarray(mesh.faces).T]
    return np.cross(b - a, c - a)


# --- What every writer does ----------------------------------------------------------------------


@writers(WRITERS)
def test_names_are_relative_and_nothing_else_is_written(writer, tmp_path):
    files = writer.write(subject(), tmp_path / STEM)
    assert {path.name for path in tmp_path.iterdir()} == set(files.values())
    assert all(name.startswith((STEM, obj_texture.safe_name(STEM))) for name in files.values())
    assert all(name.endswith(f".{kind}") for kind, name in files.items())


def test_writers_do_not_overwrite_each_other(tmp_path):
    names = [
        name for writer in WRITERS for name in writer.write(subject(), tmp_path / "x").values()
    ]
    assert len(names) == len(set(names))
    assert "x_texture.png" not in names  # of the texture writer


@writers(WRITERS)
def test_same_bytes_at_any_time(writer, tmp_path, monkeypatch):
    contents = []
    for year in (1999, 2031):
        moment = time.struct_time((year, 2, 3, 4, 5, 6, 2, 34, 0))
        monkeypatch.setattr(time, "asctime", lambda *_, now=moment: f"the year {now.tm_year}")
        monkeypatch.setattr(time, "localtime", lambda *_, now=moment: now)
        (folder := tmp_path / str(year)).mkdir()
        names = writer.write(subject(), folder / "face").values()
        contents.append([(folder / name).read_bytes() for name in names])
    assert contents[0] == contents[1]


@writers(WRITERS)
def test_a_missing_folder_is_named(writer, tmp_path):
    with pytest.raises(OutputError, match="create the folder first"):
        writer.write(subject(), tmp_path / "absent" / "face")


# --- What a reader finds -------------------------------------------------------------------------


@writers(MESHES)
def test_vertices_and_triangles(writer, opened):
    mesh, wanted = opened(writer), subject().mesh
    np.testing.assert_array_equal(mesh.faces, wanted.triangles)
    tolerance = 0 if writer in (ply, glb) else 0.51e-4
    np.testing.assert_allclose(mesh.vertices, wanted.vertices, rtol=0, atol=tolerance)


@writers(MESHES)
def test_triangles_look_outward(writer, opened):
    straight = crosses(opened(writer))
    assert straight.mean(axis=0)[2] > 0.9 * np.linalg.norm(straight.mean(axis=0))
    assert (straight[:, 2] > 0).mean() > 0.95


@writers(MESHES)
def test_triangles_turn_with_the_face(writer, opened):
    wanted = crosses(opened(writer)) @ matrix(**TURN).T
    got = crosses(opened(writer, **TURN))
    size = np.linalg.norm(wanted, axis=1)
    large = size > 0.05 * np.median(size)
    cosine = (wanted * got).sum(axis=1) / (size * np.linalg.norm(got, axis=1))
    assert large.mean() > 0.99
    assert cosine[large].min() > 0.99


@writers([obj_colour, obj_texture, glb])
def test_normals_are_those_of_the_triangles_around(writer, opened):
    mesh = opened(writer, **TURN)
    assert "vertex_normals" in mesh._cache.cache  # read from the file
    reference = trimesh.Trimesh(mesh.vertices, mesh.faces, process=False).vertex_normals
    np.testing.assert_allclose(np.linalg.norm(mesh.vertex_normals, axis=1), 1, atol=1e-3)
    assert np.quantile((mesh.vertex_normals * reference).sum(axis=1), 0.01) > 0.99


@writers(TEXTURED)
def test_texture_coordinates(writer, opened):
    u, v = subject().mesh.uv.T
    np.testing.assert_allclose(opened(writer).visual.uv, np.column_stack([u, 1 - v]), atol=1e-6)


@writers(TEXTURED)
def test_texture_is_the_subjects(writer, opened):
    material = opened(writer).visual.material
    picture = material.baseColorTexture if writer is glb else material.image
    got = np.asarray(picture.convert("RGB"), np.float32) / 255
    texture = subject().texture
    where = texture.confidence > 0
    assert np.abs(got - texture.colour)[where].max() < (0.06 if writer is glb else 0.002)


@writers(MESHES)
@pytest.mark.parametrize("turn", [{}, TURN], ids=["straight", "turned"])
def test_a_vertex_has_the_colour_of_the_photograph_where_it_lies(writer, turn, opened):
    mesh = opened(writer, **turn)
    x, y, _ = np.asarray(mesh.vertices).T
    photograph = np.column_stack([x, HEIGHT - 1 - y, 0 * x]) / (max(HEIGHT, WIDTH) - 1)
    seen = glb.smooth_normals(subject(**turn).mesh)[:, 2] > 0.7
    assert seen.mean() > 0.4
    difference = np.abs(shown(mesh) - photograph)[seen]
    assert np.quantile(difference, 0.99) < 0.015
    assert difference.max() < 0.06  # JPEG at the rim


@writers(MESHES)
def test_front_turns_the_face_to_the_viewer(writer, opened):
    straight, turned = opened(writer), opened(writer, front=True, **TURN)
    rotation = similarity(np.asarray(straight.vertices), np.asarray(turned.vertices))[1]
    np.testing.assert_allclose(angles(rotation), 0, atol=0.2)
    np.testing.assert_allclose(shown(turned), shown(opened(writer, **TURN)), atol=1e-6)


@writers(MESHES)
def test_mask_unseen_blanks_what_the_photograph_does_not_show(writer, opened):
    turn = {"yaw": 60, "even": True}
    whole, masked = shown(opened(writer, **turn)), shown(opened(writer, mask_unseen=True, **turn))
    away = glb.smooth_normals(subject(**turn).mesh)[:, 2] < 0
    toward = glb.smooth_normals(subject(**turn).mesh)[:, 2] > 0.8
    assert away.sum() > 1000
    assert whole[away].min() > 0.75
    assert np.quantile(masked[away], 0.99) < 0.05
    assert np.quantile(masked[toward], 0.05) > 0.75


# --- OBJ -----------------------------------------------------------------------------------------


def test_coloured_obj_of_a_triangle():
    assert obj_colour.encode(TRIANGLE, COLOURS).decode().splitlines()[1:] == [
        "v 0.0000 0.0000 0.0000 1.0000 0.0000 0.0000",
        "v 2.0000 0.0000 0.5000 0.0000 1.0000 0.2000",
        "v 0.0000 2.0000 -1.2500 0.5000 0.2500 1.0000",
        *["vn -0.207 0.518 0.830"] * 3,
        "f 1//1 2//2 3//3",
    ]


def test_textured_obj_of_a_triangle():
    assert obj_texture.encode(TRIANGLE, "b.mtl").decode().splitlines()[1:] == [
        "mtllib b.mtl",
        "v 0.0000 0.0000 0.0000",
        "v 2.0000 0.0000 0.5000",
        "v 0.0000 2.0000 -1.2500",
        "vt 0.250000 0.875000",
        "vt 1.000000 1.000000",
        "vt 0.000000 0.000000",
        *["vn -0.207 0.518 0.830"] * 3,
        "usemtl face",
        "f 1/1/1 2/2/2 3/3/3",
    ]


def tinyobj(line):
    """The names in a line ``mtllib`` or ``map_Kd`` as tinyobjloader 2.0 reads them.

    Words end at spaces and tabs; those that begin with a dash are options, with values that it
    takes; what follows them is the name, of which it knows the bytes only.
    """
    keyword, *words = re.split(rb"[ \t]+", line.strip(b" \t"))
    while keyword == b"map_Kd" and words and words[0].startswith(b"-"):
        values = {b"-s": 3, b"-o": 3, b"-t": 3, b"-mm": 2}.get(words[0], 1)
        words = words[1 + values :]
    return words


def refers(path, keyword):
    """The files that lines of a keyword name, beside the file."""
    lines = re.split(rb"[\r\n]", path.read_bytes())
    named = [tinyobj(line) for line in lines if line.startswith(keyword + b" ")]
    return [path.with_name(os.fsdecode(name)) for names in named for name in names]


ODD_NAMES = ["a b", " a", "-o 1 1 1 a", "50%20off", "a\nusemtl b", "a\\tb", "Zoë", "..", "a\tb",
             "人物", "#a", "a" * 200, b"bad\xff".decode(errors="surrogateescape")]  # fmt: skip


@pytest.mark.parametrize("name", ODD_NAMES)
def test_a_tiny_reader_finds_material_and_picture(name, tmp_path):
    files = obj_texture.write(subject(), tmp_path / f"{name}_0")
    (library,) = refers(tmp_path / files["obj"], b"mtllib")
    assert library == tmp_path / files["mtl"]
    (picture,) = refers(library, b"map_Kd")
    assert picture == tmp_path / files["png"]
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert files["obj"] == f"{name}_0_texture.obj"


def test_a_plain_name_stays():
    for name in ("photo_0", "IMG-2031.edit_0", "_a", "0"):
        assert obj_texture.safe_name(name) == name


@given(st.sets(st.text(min_size=1, max_size=12), min_size=2, max_size=5))
def test_other_names_give_other_safe_names(names):
    safe = {obj_texture.safe_name(name.replace("\0", "0")) for name in names}
    assert len(safe) == len({name.replace("\0", "0") for name in names})
    assert all(re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.-]*", name) for name in safe)


def test_the_map_says_what_it_is(tmp_path):
    name = obj_texture.write(subject(), tmp_path / "face")["png"]
    assert b"algorithmicallyEnhanced" in (tmp_path / name).read_bytes()


@FEW
@given(
    arrays(
        np.float32, st.tuples(st.integers(1, 9), st.just(3)), elements=st.floats(-9, 9, width=32)
    )
)
def test_rows_are_as_if_written_one_by_one(values):
    wanted = "".join(f"v {x:.4f} {y:.4f} {z:.4f}\n" for x, y, z in values)
    assert obj_colour.rows("v %.4f %.4f %.4f\n", values) == wanted


# --- PLY -----------------------------------------------------------------------------------------


def test_ply_of_a_triangle():
    header, body = ply.encode(TRIANGLE, COLOURS).split(b"end_header\n")
    assert header.startswith(b"ply\nformat binary_little_endian 1.0\n")
    assert b"element vertex 3\n" in header
    assert b"element face 1\n" in header
    assert body == (
        struct.pack("<fffBBB", 0, 0, 0, 255, 0, 0)
        + struct.pack("<fffBBB", 2, 0, 0.5, 0, 255, 51)
        + struct.pack("<fffBBB", 0, 2, -1.25, 128, 64, 255)
        + struct.pack("<Biii", 3, 0, 1, 2)
    )


# --- GLB -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("side", [1, 2, 3, 5, 8])
def test_glb_is_laid_out_as_it_says(side):
    document, binary = chunks(glb.encode(TRIANGLE, plain((side, side))))
    views = document["bufferViews"]
    parts = [binary[v["byteOffset"] :][: v["byteLength"]] for v in views]
    position, normal, uv, indices = document["accessors"]
    np.testing.assert_array_equal(np.frombuffer(parts[0], "<f4").reshape(3, 3), TRIANGLE.vertices)
    np.testing.assert_array_equal(np.frombuffer(parts[2], "<f4").reshape(3, 2), TRIANGLE.uv)
    np.testing.assert_array_equal(np.frombuffer(parts[3], "<u4"), [0, 1, 2])
    assert parts[4].startswith(b"\xff\xd8\xff")
    assert parts[4].endswith(b"\xff\xd9")
    assert (position["min"], position["max"]) == ([0, 0, -1.25], [2, 2, 0.5])
    assert [a["count"] for a in (position, normal, uv, indices)] == [3, 3, 3, 3]
    assert [a["type"] for a in (position, normal, uv, indices)] == [
        "VEC3",
        "VEC3",
        "VEC2",
        "SCALAR",
    ]
    assert all(v["byteOffset"] % 4 == 0 for v in views)
    assert document["buffers"] == [{"byteLength": sum(v["byteLength"] for v in views)}]


def test_the_texture_inside_says_what_it_is():
    data = glb.encode(TRIANGLE, plain((2, 2)))
    assert b"digitalsourcetype/algorithmicallyEnhanced<" in data
    assert glb.SENTENCE.encode() in data


def test_glb_is_unlit_and_single_sided():
    document, _ = chunks(glb.encode(TRIANGLE, plain((2, 2))))
    (material,) = document["materials"]
    assert document["extensionsUsed"] == ["KHR_materials_unlit"]
    assert "KHR_materials_unlit" in material["extensions"]
    assert material["doubleSided"] is False
    assert material["pbrMetallicRoughness"]["metallicFactor"] == 0
    assert document["asset"]["generator"].startswith("facelab ")


def test_glb_scene_is_as_large_as_a_face_and_about_the_origin(tmp_path):
    glb.write(subject(**TURN), tmp_path / "face")
    low, high = trimesh.load(tmp_path / "face.glb", process=False).bounds
    np.testing.assert_allclose(low, -high, atol=1e-6)
    assert (high - low).max() == pytest.approx(glb.FACE_SIZE)


def test_a_vertex_without_a_surface_looks_at_the_viewer():
    flat = Mesh(
        vertices=frozen([[0, 0, 0], [1, 0, 0], [0, 0, -1], [5, 5, 5], [6, 6, 6], [7, 7, 7]]),
        triangles=frozen([[0, 1, 2], [4, 4, 5]], np.int32),
        uv=frozen(np.zeros((6, 2))),
    )
    np.testing.assert_array_equal(glb.smooth_normals(flat), [[0, 1, 0]] * 3 + [[0, 0, 1]] * 3)


# --- Arrays --------------------------------------------------------------------------------------


def test_mat(tmp_path):
    this = subject(**TURN)
    mat.write(this, tmp_path / "face")
    got = SimpleNamespace(**scipy.io.loadmat(tmp_path / "face.mat"))
    np.testing.assert_array_equal(got.vertices, this.mesh.vertices)
    np.testing.assert_array_equal(got.colours, this.colours)
    np.testing.assert_array_equal(got.uv, this.mesh.uv)
    np.testing.assert_array_equal(got.texture, to_integers(this.texture.colour, 8))
    np.testing.assert_array_equal(got.landmarks68, this.exported(this.landmarks))
    np.testing.assert_array_equal(got.irises, this.exported(this.features.eyes.irises))
    np.testing.assert_array_equal(got.gaze, this.features.eyes.gaze.vectors)
    np.testing.assert_array_equal(got.identity, this.shape.identity[None])
    assert got.blendshapes.shape == got.blendshape_names.shape == (1, 52)
    assert got.blendshape_names[0, 0].item() == "browDownLeft"
    assert got.frame.tolist() == [FRAME]
    assert got.image_size.tolist() == [[WIDTH, HEIGHT]]
    np.testing.assert_array_equal(got.triangles, this.mesh.triangles + 1)
    assert got.triangles.min() == 1
    yaw, pitch, roll = got.angles[0]
    np.testing.assert_allclose(got.rotation, matrix(yaw, pitch, roll), atol=1e-6)


def test_mat_header_has_no_date_and_is_whole():
    data = mat.encode({"a": np.eye(2)})
    assert data[:116].decode().strip() == "MATLAB 5.0 MAT-file, created by facelab"
    assert data[124:128] == b"\x00\x01IM"  # version 1.0, little-endian


def test_npz(tmp_path):
    this = subject(**TURN)
    npz.write(this, tmp_path / "face")
    with np.load(tmp_path / "face.npz", allow_pickle=False) as got:
        found = dict(got)
    wanted = {
        "vertices": this.mesh.vertices,
        "triangles": this.mesh.triangles,
        "uv": this.mesh.uv,
        "colours": this.colours,
        "positions": this.exported(this.positions.values),
        "visible": this.visible,
        "landmarks68": this.exported(this.landmarks),
        "frame": np.array(FRAME),
        "image_size": np.int32([WIDTH, HEIGHT]),
        "irises": this.exported(this.features.eyes.irises),
        "visible_irises": this.features.eyes.visible,
        "gaze": this.features.eyes.gaze.vectors,
        "openness": this.features.eyes.openness,
        "blendshapes": np.float32([*this.features.blendshapes.values()]),
        "blendshape_names": np.array(ARKIT),
        "identity": this.shape.identity,
        "expression": this.shape.expression,
    }
    assert found.keys() == wanted.keys() | {"rotation", "scale", "translation"}
    for name, array in wanted.items():
        np.testing.assert_array_equal(found[name], array)
        assert found[name].dtype == array.dtype


def test_npz_members_have_no_date(tmp_path):
    npz.write(subject(), tmp_path / "face")
    with zipfile.ZipFile(tmp_path / "face.npz") as archive:
        assert {member.date_time for member in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
