"""The front door: its examples, reprs, files as the command writes them, marks."""

from __future__ import annotations

import doctest
import inspect
import subprocess
import sys
from importlib import import_module

import numpy as np
import PIL.Image
import pytest
from click.testing import CliRunner

import facelab
from facelab import cli
from facelab.atlas import canonical as canonical_atlas
from facelab.edits import Lipstick, Turn
from facelab.export.depth import depth
from facelab.export.subject import Subject
from facelab.geometry.landmarks import points468
from facelab.images import encoded
from facelab.model import FaceObservation
from tests.front_door import lay_out, model, networks_once
from tests.synthetic import StubReconstructor, canonical, plain
from tests.video.clips import pattern, write_clip

STUB = facelab.FaceModel(StubReconstructor(canonical(scale=4, origin=(60, 60, 0))))
PICTURE = np.random.default_rng(1).integers(0, 256, (120, 130, 3), np.uint8)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The current folder: samples, those of examples beside."""
    lay_out(tmp_path)
    whole = PIL.Image.open(tmp_path / "samples" / "mona-lisa.jpg")
    whole.crop((110, 40, 622, 552)).save(tmp_path / "mona-lisa.jpg", quality=95)
    (tmp_path / "samples" / "astronaut.png").rename(tmp_path / "astronaut.png")
    write_clip(tmp_path / "clip.mp4", [pattern(number, (96, 128)) for number in range(5)])
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    networks_once(monkeypatch)
    return tmp_path


# --- Names -------------------------------------------------------------------------------------


def documented():
    """The public names, and what else a user gets hold of."""
    names = {name: getattr(facelab, name) for name in facelab.__all__}
    return names | {"TexturedMesh": import_module("facelab.export.textured_mesh").TexturedMesh}


def test_dir_shows_the_public_names_and_nothing_else():
    code = "import facelab; facelab.load_model; print(*dir(facelab))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.split() == facelab.__all__
    assert {"load_model", "swap", "Recipe", "read_recipe", "AugmentedFaces", "read", "write"} <= {
        *facelab.__all__
    }


@pytest.mark.parametrize("name", documented())
def test_every_example_runs(name, folder):
    value = documented()[name]
    globs = {"facelab": facelab, "np": np, "model": model()}
    found = doctest.DocTestFinder(recurse=False).find(value, name, globs=globs)
    assert sum(len(test.examples) for test in found), f"{name} has no example"
    said = []
    for test in found:
        doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(test, out=said.append)
    assert said == []


@pytest.mark.parametrize("name", documented())
def test_every_public_member_is_documented(name):
    value = documented()[name]
    members = vars(value).items() if inspect.isclass(value) else ()
    assert inspect.getdoc(value)
    for key, member in members:
        if not key.startswith("_") and (inspect.isfunction(member) or isinstance(member, property)):
            assert member.__doc__, f"{name}.{key}"


# --- Faces -------------------------------------------------------------------------------------


def test_the_repr_of_a_face_says_where_it_is():
    (face,) = STUB(PICTURE)
    box, turn = face.box, face.pose
    assert repr(face) == (
        f"<Face {box.width:.0f}x{box.height:.0f} at ({round(box.x0)}, {round(box.y0)}), "
        f"score 0.90, yaw {round(turn.yaw)}, pitch {round(turn.pitch)}, roll {round(turn.roll)}>"
    )


def test_what_can_be_seen_has_a_short_repr():
    (face,) = STUB(PICTURE)
    recipe = facelab.Recipe([Lipstick(colour="#a01030"), Turn(yaw=8)], name="mine")
    seen = [
        model(),
        face,
        face.photograph,
        face.photograph.metadata,
        face.box,
        face.pose,
        face.positions,
        face.positions.atlas,
        face.texture(64),
        face.mesh(),
        face.found,
        recipe,
        Lipstick(colour="#a01030"),
        facelab.Face(face.positions, face.texture(64)),
        facelab.Recipe([])(PICTURE, model=STUB),
    ]
    for value in seen:
        assert len(repr(value)) < 160, repr(value)
        assert "array(" not in repr(value)
    assert repr(recipe) == "<Recipe mine: lipstick, turn>"
    assert repr(facelab.Box(301.2345, 88, 713, 618)) == "Box(301.2, 88, 713, 618)"
    assert repr(canonical_atlas()) == "<Atlas canonical, 42682 texels>"


def test_no_face_is_an_empty_list():
    assert facelab.FaceModel(StubReconstructor())(PICTURE) == []


def test_maps_and_points_are_those_of_the_exports():
    (face,) = STUB(PICTURE)
    wanted = depth(Subject(face.image, face.found))
    assert np.array_equal(face.depth(), wanted, equal_nan=True)
    assert np.isnan(wanted).any()
    lengths = np.linalg.norm(face.normals(), axis=2)
    assert np.allclose(lengths, ~np.isnan(wanted), atol=1e-5)
    assert np.array_equal(face.points468, points468(face.positions))
    assert face.visible68.shape == (68,)


def test_the_size_of_a_texture():
    (face,) = STUB(PICTURE)
    assert face.texture(64).colour.shape == (64, 64, 3)
    for size in (8, 5000, "large"):
        with pytest.raises(facelab.UsageError, match="not a whole number from 16 to 4096"):
            face.texture(size)


def test_a_mesh_of_an_unknown_kind_is_refused(tmp_path):
    (face,) = STUB(PICTURE)
    with pytest.raises(facelab.UsageError, match=r"end it in \.glb, \.obj, \.ply"):
        face.mesh().save(tmp_path / "face.stl")
    assert list(tmp_path.iterdir()) == []


def test_saved_meshes_are_those_of_the_command(folder):
    out = folder / "out"
    arguments = ["reconstruct", "mona-lisa.jpg", "-o", out, "--write", "glb,obj-texture,ply"]
    done = CliRunner().invoke(cli.main, [*map(str, arguments), "--quiet"])
    assert done.exit_code == 0, done.output
    mesh = model()("mona-lisa.jpg")[0].mesh()
    own = folder / "own"
    own.mkdir()
    for name in ("mona-lisa_0.glb", "mona-lisa_0.ply", "mona-lisa_0_texture.obj"):
        mesh.save(own / name)
    written = {file.name: file.read_bytes() for file in own.iterdir()}
    assert len(written) == 5
    for name, data in written.items():
        assert (out / name).read_bytes() == data, name


def test_the_front_of_a_mesh_is_turned():
    turned = facelab.FaceModel(StubReconstructor(canonical(yaw=40, scale=4, origin=(60, 60, 0))))
    (face,) = turned(PICTURE)
    flat, front = face.mesh(), face.mesh(front=True)
    assert np.ptp(front.vertices[:, 0]) > np.ptp(flat.vertices[:, 0])
    assert np.array_equal(front.uv, flat.uv)


# --- Pictures ----------------------------------------------------------------------------------


def marked(path):
    return b"DigitalSourceType" in path.read_bytes()


@pytest.mark.parametrize("kind", ["array", "pil", "swapped", "edited"])
def test_what_was_made_is_marked(kind, tmp_path):
    given = {
        "array": PICTURE,
        "pil": PIL.Image.fromarray(PICTURE),
        "swapped": facelab.swap(PICTURE, [PICTURE[::-1]], model=STUB).image,
        "edited": facelab.Recipe([Lipstick(colour="#a01030")])(PICTURE, model=STUB).image,
    }[kind]
    path = tmp_path / "out.png"
    assert facelab.write(path, given) == []
    assert marked(path)


def test_what_was_only_read_is_not_marked(tmp_path):
    (tmp_path / "in.png").write_bytes(encoded("in.png", facelab.Image(plain((20, 30)))))
    facelab.write(tmp_path / "same.png", facelab.read(tmp_path / "in.png"))
    assert not marked(tmp_path / "same.png")
    facelab.write(tmp_path / "again.png", tmp_path / "in.png")
    assert not marked(tmp_path / "again.png")


@pytest.mark.parametrize("given", [PICTURE, PIL.Image.fromarray(PICTURE)], ids=["array", "pil"])
def test_saved_results_are_marked_and_recorded(given, tmp_path):
    path = tmp_path / "out.png"
    out = facelab.swap(given, [PICTURE], model=STUB)
    out.save(path, consent="written")
    assert marked(path)
    assert '"consent": "written"' in (tmp_path / "out.png.json").read_text()
    assert np.array_equal(np.asarray(PIL.Image.open(path)), out.pixels)
    assert [type(face) for face in out.faces] == [FaceObservation]


def test_a_swap_is_the_same_by_path_pil_and_array(folder):
    path = folder / "mona-lisa.jpg"
    picture = PIL.Image.open(path)
    swaps = [
        facelab.swap(given, ["astronaut.png"], model=model()).pixels
        for given in (path, picture, np.asarray(picture))
    ]
    assert np.array_equal(swaps[0], swaps[1])
    assert np.array_equal(swaps[0], swaps[2])
    assert not np.array_equal(swaps[0], np.asarray(picture))
