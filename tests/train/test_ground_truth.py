from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facelab.errors import OutputError
from facelab.images import read
from facelab.train.ground_truth import bake, training_pair, write_pair
from facelab.types import Crop, Mesh
from tests.synthetic import ATLAS, canonical, frozen, photograph, plane


def grid_mesh(positions, step=4):
    """A coarse mesh of every `step`-th texel of a map, beyond the face too."""
    rows = np.append(np.arange(0, 255, step), 255)
    v, u = (axis.ravel() for axis in np.meshgrid(rows, rows, indexing="ij"))
    uv = (np.column_stack([u, v]) + 0.5) / 256
    n = len(rows)
    a = (np.arange(n - 1)[:, None] * n + np.arange(n - 1)).ravel()
    triangles = np.concatenate(
        [np.stack(t, 1) for t in ((a, a + n, a + 1), (a + 1, a + n, a + n + 1))]
    )
    return Mesh(frozen(positions[v, u]), frozen(triangles, np.int32), frozen(uv))


def flat(step=1.5, tilt=0.3):
    """A tilted plane as a whole map."""
    v, u = np.indices((256, 256)).astype(float)
    return np.dstack([step * u + 3, step * v - 7, tilt * u + 0.1 * v])


@settings(max_examples=15, deadline=None)
@given(st.integers(2, 12), st.floats(0.1, 20), st.floats(-3, 3))
def test_a_plane_is_baked_exactly_whatever_its_triangles(step, scale, tilt):
    made = bake(grid_mesh(flat(scale, tilt), step), ATLAS)
    error = np.abs(made.values - flat(scale, tilt))[ATLAS.valid]
    assert error.max() < 0.02 * max(scale, abs(tilt))  # uv is snapped to 1/256 texel


def test_a_map_comes_back_from_its_own_mesh():
    positions = canonical(yaw=30, pitch=-10)
    places, triangles = ATLAS.mesh
    uv = ((places + 0.5) / 256).astype(np.float32)
    mesh = Mesh(ATLAS.at_vertices(positions.values), triangles, uv)
    made = bake(mesh, ATLAS).values
    inner = cv2.erode(ATLAS.face.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    inner[175:180] = False  # there the lips are read from their own sides
    np.testing.assert_allclose(made[inner], positions.values[inner], atol=0.02)
    outer = ATLAS.valid.copy()
    outer[175:180] = False
    assert np.abs(made - positions.values)[outer].max() < 2  # the margin is extrapolated
    assert not made[~ATLAS.valid].any()


def test_winding_does_not_matter():
    mesh = grid_mesh(flat())
    mixed = mesh.triangles.copy()
    mixed[::3] = mixed[::3, ::-1]
    other = Mesh(mesh.vertices, mixed, mesh.uv)
    np.testing.assert_array_equal(bake(mesh, ATLAS).values, bake(other, ATLAS).values)


def test_a_mesh_that_leaves_out_part_of_the_face_is_refused():
    mesh = grid_mesh(flat())
    upper = Mesh(mesh.vertices, mesh.triangles[: len(mesh.triangles) // 4], mesh.uv)
    with pytest.raises(ValueError, match=r"leaves \d+ of \d+ texels .* canonical atlas"):
        bake(upper, ATLAS)


def test_training_pair_is_in_crop_pixels():
    crop = Crop((120.0, 130.0), 180.0, 25.0, 256)
    image = photograph("astronaut.png")
    view, values = training_pair(image, canonical(yaw=20), crop)
    assert view.shape == (256, 256, 3)
    back = crop.invert(values[ATLAS.face])
    np.testing.assert_allclose(back, canonical(yaw=20).values[ATLAS.face], atol=1e-2)
    assert not values[~ATLAS.face].any()
    # The view shows at a texel's place what the photograph does.
    x, y = np.rint(values[128, 128, :2]).astype(int)
    u, v = np.rint(canonical(yaw=20).values[128, 128, :2]).astype(int)
    np.testing.assert_allclose(view[y, x], image[v, u], atol=0.1)


def test_pair_is_written_and_read_back(tmp_path):
    view, values = training_pair(photograph("astronaut.png"), plane(), Crop((99, 99), 200, 0, 256))
    write_pair(tmp_path / "a.b", view, values)
    np.testing.assert_array_equal(np.load(tmp_path / "a.b.npy", allow_pickle=False), values)
    np.testing.assert_allclose(read(tmp_path / "a.b.png").pixels, view, atol=0.5 / 255 + 1e-6)


def test_pair_into_no_folder_says_so(tmp_path):
    with pytest.raises(OutputError, match="gone"):
        write_pair(
            tmp_path / "gone" / "a", np.zeros((4, 4, 3), np.float32), np.zeros((256, 256, 3))
        )
