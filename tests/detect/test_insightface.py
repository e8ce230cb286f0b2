"""The insightface detector, on a pack with a network that fires on coloured squares."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import numpy as np
import pytest

from facelab import atlas
from facelab.detect import insightface
from facelab.detect.insightface import InsightFaceDetector
from facelab.errors import WeightsError
from tests.packs import BLUE, FIVE, REACH, RED, write_network, write_other_network


@pytest.fixture
def root(tmp_path, monkeypatch):
    """An installation with one pack, and no network to download another one."""
    write_network(tmp_path / "models" / "tiny" / "det.onnx")
    write_other_network(tmp_path / "models" / "tiny" / "landmarks.onnx")
    monkeypatch.setenv("INSIGHTFACE_HOME", str(tmp_path))
    monkeypatch.setattr(socket.socket, "connect", no_connection)
    return tmp_path


def no_connection(*_):
    raise AssertionError("facelab never downloads")


def photograph(*squares, shape=(480, 640)):
    """A black image with squares ``(x, y, side, colour)``."""
    image = np.zeros((*shape, 3), np.float32)
    for x, y, side, colour in squares:
        image[y : y + side, x : x + side] = np.maximum(colour, 0)
    return image


def assert_face(face, origin, stride):
    """A cell's face: SCRFD decodes its answers, in strides, from the cell's top left corner."""
    box = [face.box.x0, face.box.y0, face.box.x1, face.box.y1]
    expected = np.concatenate([origin - REACH[:2] * stride, origin + REACH[2:] * stride])
    five = origin + FIVE * stride
    np.testing.assert_allclose(box, expected, atol=1e-3)
    np.testing.assert_allclose(face.points[:3], five[:3], atol=1e-3)
    np.testing.assert_allclose(face.points[3], (five[3] + five[4]) / 2, atol=1e-3)


def test_finds_every_face_the_largest_first(root):
    image = photograph((64, 32, 16, BLUE), (320, 160, 32, RED))
    before = image.copy()
    red, blue = InsightFaceDetector()(image)
    assert_face(red, np.array([320, 160]), 32)
    assert_face(blue, np.array([64, 32]), 16)
    assert red.score == pytest.approx(255 / 256, abs=1e-3)
    np.testing.assert_array_equal(image, before)


def test_faces_of_a_reduced_image_are_in_source_pixels(root):
    image = photograph((640, 320, 64, RED), shape=(960, 1280))
    ((face,),) = InsightFaceDetector().coarse_to_fine(image)
    # Pixel 320 of the reduced image covers pixels 640 and 641.
    assert_face(face, np.array([640.5, 320.5]), 64)


def test_sees_a_frame_filling_face_in_its_small_look(root):
    # In the look at 128 px the square is one cell; in the one at 640 px it is many, each too small.
    largest, *_ = InsightFaceDetector()(photograph((128, 128, 128, RED), shape=(512, 512)))
    assert_face(largest, np.array([128, 128]), 128)


@pytest.mark.parametrize("shape", [(480, 640), (1, 1), (1, 1000), (5000, 3)])
def test_finds_nothing_where_there_is_nothing(root, shape):
    assert InsightFaceDetector()(photograph(shape=shape)) == []


def test_refuses_what_is_not_an_image(root):
    with pytest.raises(ValueError, match="image must have shape"):
        InsightFaceDetector()(np.zeros((64, 64), np.float32))


def test_ears_of_the_canonical_face_are_exact_in_any_affine_view():
    rng = np.random.default_rng(0)
    vertices = atlas.canonical().vertices
    eyes = [
        vertices[list(*atlas.CONTOURS[name])].mean(axis=0) for name in ("right eye", "left eye")
    ]
    five = np.array([*eyes, *vertices[[4, 61, 291]]])
    for _ in range(10):
        camera, shift = rng.normal(size=(3, 2)), rng.normal(size=2)
        seen = insightface.ear_weights() @ (five @ camera + shift)
        np.testing.assert_allclose(seen, vertices[[234, 454]] @ camera + shift, atol=1e-4)


def test_detections_carry_those_ears(root):
    (face,) = InsightFaceDetector()(photograph((320, 160, 32, RED)))
    five = np.array([320, 160]) + FIVE * 32
    np.testing.assert_allclose(face.points[4:], insightface.ear_weights() @ five, atol=1e-2)


def test_says_that_the_models_are_not_for_commerce(root):
    assert "non-commercial" in InsightFaceDetector().notice


def test_a_missing_pack_says_where_to_put_it_and_under_which_terms(root):
    with pytest.raises(WeightsError) as caught:
        InsightFaceDetector("antelopev2")
    message = str(caught.value)
    assert str(root / "models" / "antelopev2") in message
    assert "non-commercial" in message
    assert "\n" not in message


def test_no_pack_at_all_asks_for_the_usual_one(root):
    with pytest.raises(WeightsError, match="no insightface pack buffalo_l"):
        InsightFaceDetector(root=root / "empty")


def test_takes_the_usual_pack_then_the_first_by_name(root):
    assert InsightFaceDetector().path.name == "tiny"
    for name in ("antelopev2", "buffalo_l"):
        write_network(root / "models" / name / "det.onnx")
    assert InsightFaceDetector().path.name == "buffalo_l"
    assert InsightFaceDetector("tiny").path.name == "tiny"
    (root / "models" / "buffalo_l" / "det.onnx").unlink()
    assert InsightFaceDetector().path.name == "antelopev2"


def test_home_is_where_insightface_keeps_its_models(monkeypatch):
    monkeypatch.delenv("INSIGHTFACE_HOME", raising=False)
    assert insightface.default_root() == Path.home() / ".insightface"


def test_a_pack_without_a_detector_of_five_points_is_refused(root):
    write_other_network(root / "models" / "other" / "net.onnx")
    write_network(root / "models" / "boxes" / "det.onnx", heads=("score", "box"))
    for pack in ("other", "boxes"):
        with pytest.raises(WeightsError, match="no network that detects faces with five points"):
            InsightFaceDetector(pack)


def test_reads_a_pack_with_a_manifest(root):
    pack = root / "models" / "tiny"
    tasks = {"detection": {"file": "det.onnx"}}
    manifest = {"manifest_version": 2, "model_id": "tiny", "license": "MODEL.LICENSE"}
    (pack / "manifest.json").write_text(json.dumps(manifest | {"tasks": tasks}))
    (face,) = InsightFaceDetector()(photograph((320, 160, 32, RED)))
    assert_face(face, np.array([320, 160]), 32)

    (pack / "manifest.json").write_text(json.dumps(manifest | {"tasks": {}}))
    with pytest.raises(WeightsError, match="tiny has"):
        InsightFaceDetector()


def test_a_damaged_pack_is_refused_in_one_line(root):
    path = root / "models" / "tiny" / "det.onnx"
    path.write_bytes(path.read_bytes()[:500])
    with pytest.raises(WeightsError, match=r"tiny has a file that cannot be read \(.+\)") as caught:
        InsightFaceDetector()
    assert "\n" not in str(caught.value)
