"""The import of PRNet: a checkpoint and UV data made here stand in for the published ones."""

from __future__ import annotations

import importlib.util
import pickle
import shutil
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from PIL import Image

from facelab import weights
from facelab.atlas import canonical
from facelab.errors import OutputError, WeightsError
from facelab.models.fold import fold
from facelab.models.layers import load
from facelab.models.resfcn import PRN
from facelab.reconstruct import import_prnet as importing
from facelab.reconstruct.import_prnet import CHECKPOINT, UV_DATA, import_prnet
from tests.prnet import BLOCKS, REDUCED, SHIFT, TRANSPOSED, VARIABLES, published_shapes, read

needs_tensorflow = pytest.mark.skipif(
    importlib.util.find_spec("tensorflow") is None, reason="the extra `prnet` is not installed"
)


@pytest.fixture
def checkout(published, tmp_path):
    """A PRNet checkout that a test may damage."""
    return Path(shutil.copytree(published, tmp_path / "PRNet"))


def test_names_and_shapes_are_the_published_ones():
    shapes = published_shapes()
    assert sum(np.prod(shape) for shape in shapes.values()) == 13_365_508
    with torch.device("meta"):
        keys = [key for key in PRN().state_dict() if not key.endswith("tracked")]
    assert sorted(importing.tensorflow_name(key) for key in keys) == sorted(shapes)


def test_network_is_listed_loads_and_holds_the_variables(own):
    assert weights.verify("prn") == own / "prn.safetensors"
    network = load(PRN, "prn")
    kernel = VARIABLES["resfcn256/Conv2d_transpose_4/weights"]  # height, width, outputs, inputs
    assert network.decoder[4].convolution.weight[7, 5, 1, 3] == float(kernel[1, 3, 5, 7])
    kernel = VARIABLES["resfcn256/resBlock_2/Conv_1/weights"]  # height, width, inputs, outputs
    assert network.encoder[2].spatial.convolution.weight[5, 7, 1, 3] == float(kernel[1, 3, 7, 5])
    norm = network.encoder[9].norm
    for name, value in (("moving_mean", norm.running_mean), ("moving_variance", norm.running_var),
                        ("gamma", norm.weight), ("beta", norm.bias)):  # fmt: skip
        expected = VARIABLES[f"resfcn256/resBlock_9/BatchNorm/{name}"]
        np.testing.assert_array_equal(value.numpy(), expected)


def test_optimiser_is_left_out(own):
    assert set(weights.load("prn")) == set(PRN().state_dict())


def test_licences_and_source_are_recorded(own):
    for name in ("prn", "prn_atlas"):
        entry = weights.entry_of(name)
        assert "MIT" in entry.licence
        assert "non-commercial" in entry.licence
        assert "PRNet" in entry.source
        assert "import-prnet" in entry.how


def test_atlas_by_the_known_layout(own, published):
    stored = weights.load("prn_atlas")
    assert {name: (a.shape, a.dtype) for name, a in stored.items() if name != "vertices"} == {
        "valid": ((256, 256), np.uint8),
        "landmarks": ((68, 2), np.float32),
        "weight": ((256, 256), np.uint8),
        "chart": ((256, 256, 2), np.float32),
    }
    texels = np.loadtxt(published / UV_DATA / "face_ind.txt").astype(int)
    np.testing.assert_array_equal(np.flatnonzero(stored["valid"]), texels)
    u, v = stored["landmarks"].astype(int).T
    assert (stored["weight"][v, u] == 255).all()
    assert not stored["weight"][stored["valid"] == 0].any()
    assert (stored["weight"][stored["valid"] == 1] >= 48).all()


def test_vertices_lie_on_the_canonical_mesh(own):
    # The landmarks are rounded to texels of 0.1 cm, so the similarity is off by a part of that.
    stored = weights.load("prn_atlas")
    v, u = np.nonzero(stored["valid"])
    there = ((np.column_stack([u, v]) - SHIFT) / REDUCED).astype(np.float32)
    expected = canonical().read(canonical().canonical_positions, there)
    assert stored["vertices"].dtype == np.float32
    error = np.linalg.norm(stored["vertices"] - expected, axis=1)
    assert error.max() < 0.1
    assert error.mean() < 0.04


def test_chart_leads_to_the_same_place(own):
    stored = weights.load("prn_atlas")
    v, u = np.nonzero(stored["valid"])
    expected = (np.column_stack([u, v]) - SHIFT) / REDUCED
    error = np.linalg.norm(stored["chart"][v, u] - expected, axis=1)
    assert error.max() < 2.5  # of 256 texels; half a texel of rounding here is 0.9 there
    assert error.mean() < 0.6


def folded_texels(chart, valid):
    along, down = np.diff(chart, axis=1)[:-1], np.diff(chart, axis=0)[:, :-1]
    area = along[..., 0] * down[..., 1] - along[..., 1] * down[..., 0]
    return int((area[valid[:-1, :-1]] <= 0).sum())


def test_chart_does_not_fold(own):
    stored = weights.load("prn_atlas")
    assert folded_texels(stored["chart"].astype(np.float64), stored["valid"] > 0) == 0


def test_chart_does_not_fold_in_an_open_mouth(published):
    data = importing.read_uv_data(published / UV_DATA)
    landmarks = data.landmarks.copy()
    landmarks[[61, 62, 63], 1] -= 4  # PRNet's mouth is open by 9 texels, the canonical one shut
    landmarks[[65, 66, 67], 1] += 4
    data = replace(data, landmarks=landmarks)
    made = importing.chart(data, importing.canonical_frame(data)).astype(np.float64)
    assert folded_texels(made, data.valid) == 0


def test_open_mouth_is_stretched_over_the_slit():
    lips = np.array(
        [[10, 20], [14, 15], [20, 13], [26, 15], [30, 20], [26, 25], [20, 27], [14, 25]]
    )
    chart = np.zeros((256, 256, 2))
    chart[..., 0] = np.arange(256)
    chart[..., 1] = np.arange(256)[:, None] ** 2 / 100
    out = importing._through_the_mouth(chart, lips)
    outside = np.ones((256, 256), bool)
    outside[13:28, 10:31] = False
    np.testing.assert_array_equal(out[outside], chart[outside])
    column = out[13:28, 20, 1]
    np.testing.assert_allclose(np.diff(column[2:-2]), (27**2 - 13**2) / 100 / 14, rtol=1e-6)


def test_regions_are_carried_over(own):
    from facelab.atlas.prnet import prnet as atlas

    made = atlas.__wrapped__()
    for region in ("lips", "eyes", "brows"):
        expected = cv2.warpAffine(
            canonical().region(region, 256),
            np.column_stack([np.eye(2) * REDUCED, SHIFT]),
            (256, 256),
            flags=cv2.INTER_AREA,
        )
        got = made.region(region, 256)
        both, either = np.minimum(got, expected).sum(), np.maximum(got, expected).sum()
        assert both / either > 0.75, region


def test_other_entries_of_the_folder_stay(imported, published, tmp_path):
    other = weights.entry_of("facemesh")
    listed = [replace(other, name="mine", how='say "please"')]
    (tmp_path / weights.MANIFEST).write_text(weights.manifest_text(listed), encoding="utf-8")
    for _ in range(2):
        import_prnet(published, tmp_path, read)
        assert list(weights.manifest(tmp_path)) == ["mine", "prn", "prn_atlas"]
    assert weights.manifest(tmp_path)["mine"] == listed[0]
    for name in ("prn.safetensors", "prn_atlas.safetensors"):
        assert (tmp_path / name).read_bytes() == (imported / name).read_bytes()


@pytest.mark.parametrize("failing", range(3))
def test_full_disk_leaves_all_as_it_was(failing, published, tmp_path, monkeypatch):
    before = {"prn.safetensors": b"old", "prn_atlas.safetensors": b"old"}
    for name, data in before.items():
        (tmp_path / name).write_bytes(data)
    write, calls = Path.write_bytes, []

    def full(self, data):
        calls.append(self)
        if len(calls) > failing:
            raise OSError(28, "No space left on device")
        return write(self, data)

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OutputError, match="no space left"):
        import_prnet(published, tmp_path, read)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def refused(checkout, tmp_path, match, reader=read):
    """The one-line message of a refused import, which leaves no folder behind."""
    target = tmp_path / "weights"
    with pytest.raises(WeightsError, match=match) as caught:
        import_prnet(checkout, target, reader)
    assert "\n" not in str(caught.value)
    assert not target.exists()


FILES = ["face_ind.txt", "uv_kpt_ind.txt", "canonical_vertices.npy", "uv_weight_mask.png"]


@pytest.mark.parametrize("name", FILES)
def test_missing_uv_data(name, checkout, tmp_path):
    (checkout / UV_DATA / name).unlink()
    refused(checkout, tmp_path, rf"{name} is missing: give the folder of a complete PRNet")


@pytest.mark.parametrize("content", [b"", b"\x00\xff" * 50, b"1 2 three"])
@pytest.mark.parametrize("name", FILES)
def test_damaged_uv_data(name, content, checkout, tmp_path):
    (checkout / UV_DATA / name).write_bytes(content)
    refused(checkout, tmp_path, rf"{name}: ")


@pytest.mark.parametrize("name", ["canonical_vertices.npy", "uv_weight_mask.png"])
def test_truncated_uv_data(name, checkout, tmp_path):
    path = checkout / UV_DATA / name
    path.write_bytes(path.read_bytes()[:-30])
    refused(checkout, tmp_path, rf"{name}: not a")


def test_pickles_are_not_read(checkout, tmp_path):
    path = checkout / UV_DATA / "canonical_vertices.npy"
    path.write_bytes(pickle.dumps(np.zeros((10, 3))))
    refused(checkout, tmp_path, "not a NumPy array")
    np.save(path, np.array([{}]), allow_pickle=True)
    refused(checkout, tmp_path, "not a NumPy array")


@pytest.mark.parametrize(
    ("name", "numbers", "match"),
    [
        ("face_ind.txt", [5, 5, 6], "in scan order, each once"),
        ("face_ind.txt", [7, 6], "in scan order"),
        ("face_ind.txt", [1, 65536], "integers from 0 to 65535"),
        ("face_ind.txt", [1, 2.5], "integers from 0 to 65535"),
        ("face_ind.txt", [1, float("nan")], "integers from 0 to 65535"),
        ("uv_kpt_ind.txt", [100] * 135, "2 x 68 numbers, not 135"),
        ("uv_kpt_ind.txt", [0] * 136, "landmarks outside the texels of face_ind.txt"),
        ("uv_kpt_ind.txt", [-1] * 136, "integers from 0 to 255"),
    ],
)
def test_numbers_that_do_not_fit(name, numbers, match, checkout, tmp_path):
    np.savetxt(checkout / UV_DATA / name, numbers)
    refused(checkout, tmp_path, match)


def test_vertices_that_do_not_fit(checkout, tmp_path):
    path = checkout / UV_DATA / "canonical_vertices.npy"
    vertices = np.load(path)
    np.save(path, vertices[:-1])
    refused(checkout, tmp_path, r"a vertex for each texel of face_ind\.txt")
    vertices[3, 1] = np.inf
    np.save(path, vertices)
    refused(checkout, tmp_path, "must be finite")


def test_mask_of_another_size(checkout, tmp_path):
    Image.new("L", (128, 256)).save(checkout / UV_DATA / "uv_weight_mask.png")
    refused(checkout, tmp_path, r"must be 256 x 256 px, not \(128, 256\)")


@pytest.mark.parametrize(
    ("name", "value", "match"),
    [
        ("resfcn256/Conv/weights", None, "no variable resfcn256/Conv/weights; not PRNet's"),
        ("resfcn256/Conv/BatchNorm/beta", np.zeros(8), r"shape \(8,\) in torch's order, PRN's"),
        ("resfcn256/Conv/BatchNorm/gamma", np.full(16, np.nan), "gamma is not finite"),
    ],
)
def test_variables_that_do_not_fit(name, value, match, published, tmp_path):
    variables = {key: array for key, array in VARIABLES.items() if key != name}
    if value is not None:
        variables[name] = value
    refused(published, tmp_path, match, lambda path: variables)


@pytest.mark.parametrize("suffix", [".index", ".data-00000-of-00001"])
def test_missing_checkpoint(suffix, checkout, tmp_path):
    (checkout / CHECKPOINT).parent.mkdir()
    for other in {".index", ".data-00000-of-00001"} - {suffix}:
        (checkout / f"{CHECKPOINT}{other}").touch()
    refused(checkout, tmp_path, rf"weight{suffix} is missing", None)


def test_without_tensorflow(checkout, tmp_path, monkeypatch):
    (checkout / CHECKPOINT).parent.mkdir()
    for suffix in (".index", ".data-00000-of-00001"):
        (checkout / f"{CHECKPOINT}{suffix}").touch()
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    refused(checkout, tmp_path, r"pip install 'facelab\[prnet\]'", None)


# With TensorFlow: `pip install 'facelab[prnet]'` lets these run.


def in_tensorflow(crops, variables, measured=None):
    """PRNet's graph on ``(B, 256, 256, 3)``, written with TensorFlow's own operations.

    Given the dictionary `measured`, normalises by the batch's own statistics and notes them there.
    """
    import tensorflow as tf

    def variable(name):
        return variables[f"resfcn256/{name}"]

    def normalised(x, scope):
        norm = f"{scope}/BatchNorm"
        statistics = [variable(f"{norm}/moving_mean"), variable(f"{norm}/moving_variance")]
        if measured is not None:
            statistics = [moment.numpy() for moment in tf.nn.moments(x, (0, 1, 2))]
            names = (f"resfcn256/{norm}/moving_mean", f"resfcn256/{norm}/moving_variance")
            measured.update(zip(names, statistics, strict=True))
        beta, gamma = variable(f"{norm}/beta"), variable(f"{norm}/gamma")
        return tf.nn.batch_normalization(x, *statistics, beta, gamma, 1e-3)

    def convolved(x, scope, stride=1):
        return tf.nn.conv2d(x, variable(f"{scope}/weights"), stride, "SAME")

    def active(x, scope, stride=1):
        return tf.nn.relu(normalised(convolved(x, scope, stride), scope))

    x = active(tf.constant(crops), "Conv")
    for number, inputs, outputs, stride in BLOCKS:
        scope = f"resBlock{number}"
        shortcut = x if inputs == outputs else convolved(x, f"{scope}/shortcut", stride)
        y = active(active(x, f"{scope}/Conv"), f"{scope}/Conv_1", stride)
        x = tf.nn.relu(normalised(convolved(y, f"{scope}/Conv_2") + shortcut, scope))
    for number, _, outputs, stride in TRANSPOSED:
        scope = f"Conv2d_transpose{number}"
        shape = (x.shape[0], stride * x.shape[1], stride * x.shape[2], outputs)
        y = tf.nn.conv2d_transpose(x, variable(f"{scope}/weights"), shape, stride, "SAME")
        x = (tf.nn.sigmoid if number == "_16" else tf.nn.relu)(normalised(y, scope))
    return x.numpy() * 256 * 1.1


def photographs():
    """Two crops of a photograph ``(2, 256, 256, 3)``: noise would average out in the encoder."""
    samples = Path(__file__).parent.parent.parent / "samples"
    pixels = np.asarray(Image.open(samples / "astronaut.png").convert("RGB"), np.float32) / 255
    return np.stack([pixels[:256, 96:352], pixels[200:456, 240:496]])


@pytest.fixture(scope="module")
def settled():
    """The variables with the statistics of real activations, as training leaves them.

    With others the constant part of the signal drowns the crop's, and no fault would show.
    """
    measured = {}
    in_tensorflow(photographs(), VARIABLES, measured)
    return VARIABLES | measured


@pytest.fixture(scope="module")
def with_checkpoint(published, settled, tmp_path_factory):
    """A checkout with a checkpoint that TensorFlow wrote."""
    import tensorflow as tf

    checkout = Path(shutil.copytree(published, tmp_path_factory.mktemp("whole") / "PRNet"))
    (checkout / CHECKPOINT).parent.mkdir()
    names, tensors = zip(*settled.items(), strict=True)
    tf.raw_ops.SaveV2(
        prefix=str(checkout / CHECKPOINT),
        tensor_names=names,
        shape_and_slices=[""] * len(names),
        tensors=[tf.constant(tensor) for tensor in tensors],
    )
    return checkout


@needs_tensorflow
@torch.inference_mode()
def test_imported_network_is_tensorflows(with_checkpoint, settled, tmp_path, monkeypatch):
    import_prnet(with_checkpoint, tmp_path)
    monkeypatch.setenv("FACELAB_WEIGHTS", str(tmp_path))
    crops = photographs()
    expected = in_tensorflow(crops, settled)
    # What makes the comparison worth something: maps that vary, unsaturated, with the crop.
    assert expected.std(axis=(1, 2)).min() > 5  # px
    assert ((expected > 1) & (expected < 280)).mean() > 0.95
    assert np.abs(expected[0] - expected[1]).mean() > 1  # px
    network = load(PRN, "prn")
    views = torch.from_numpy(crops).permute(0, 3, 1, 2)
    for form in (network, fold(network)):
        np.testing.assert_allclose(form(views).numpy(), expected, atol=1e-3, rtol=0)
    # Without rounding in the way, the two graphs are one.
    exact = {name: np.asarray(value, np.float64) for name, value in settled.items()}
    expected = in_tensorflow(crops.astype(np.float64), exact)
    for form in (network.double(), fold(network)):
        np.testing.assert_allclose(form(views.double()).numpy(), expected, atol=1e-9, rtol=0)


@needs_tensorflow
@pytest.mark.parametrize("suffix", [".index", ".data-00000-of-00001"])
def test_half_written_checkpoint(suffix, with_checkpoint, tmp_path):
    checkout = Path(shutil.copytree(with_checkpoint, tmp_path / "PRNet"))
    path = checkout / f"{CHECKPOINT}{suffix}"
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    refused(checkout, tmp_path, "a damaged or half-copied checkpoint", None)
