from __future__ import annotations

from dataclasses import replace
from functools import cache
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from facelab.constants import PARTS
from facelab.errors import OutputError
from facelab.export import (
    NAMES,
    depth,
    landmarks,
    maps,
    normals,
    overlay,
    parse,
    pncc,
    surface,
    writer,
)
from facelab.export.canvas import Canvas
from facelab.export.draw import draw
from facelab.export.subject import Subject
from facelab.geometry.eyes import Gaze, SeenEyes
from facelab.geometry.landmarks import points468
from facelab.geometry.parsing import SIDE, Parsing
from facelab.geometry.pose import matrix
from facelab.images import read
from facelab.images.image import from_integers, to_integers
from facelab.numerics.raster import rasterize
from facelab.reconstruct.levelled import levelled
from facelab.types import Box, PositionMap, Reconstruction
from tests.synthetic import ATLAS, canonical, frozen, patch, plain, plane, ramp

WRITERS = NAMES[: NAMES.index("mat")]
OF_THE_PHOTO = {
    "overlay": 3,
    "surface": 3,
    "depth": None,
    "normals": 3,
    "pncc": 3,
    "parse": None,
}  # to their channels
MARKED = ["overlay", "surface", "texture"]
SHAPE = (260, 240)
POSES = {"yaw": 25.0, "pitch": -10.0, "roll": 15.0}
angles = st.tuples(st.floats(-80, 80), st.floats(-40, 40), st.floats(-40, 40))


def parser(image, positions):
    """A parsing whose left half is hair and whose right half is skin."""
    shares = np.zeros((SIDE, SIDE, len(PARTS)), np.float32)
    shares[:, : SIDE // 2, PARTS.index("hair")] = 1
    shares[:, SIDE // 2 :, PARTS.index("skin")] = 1
    return Parsing(shares, levelled(points468(positions), SIDE))


def subject_of(positions, shape=SHAPE):
    return Subject(ramp(*shape), Reconstruction(positions, 0.9), parser=parser)


def moved(positions, by=(0, 0), factor=1.0):
    values = positions.values * np.float32(factor) + np.float32([*by, 0])
    return PositionMap(frozen(values), ATLAS)


def leaning(tilt):
    """A flat map whose lower end is nearer, as if it lay on a desk; degrees."""
    v, u = np.indices((ATLAS.size, ATLAS.size))
    angle = np.deg2rad(tilt)
    return PositionMap(frozen(np.dstack([u, v * np.cos(angle), v * np.sin(angle)])), ATLAS)


@cache
def turned():
    """A turned face; its derived values are worked out once for all tests."""
    return subject_of(canonical(**POSES))


def pictured(path):
    return np.asarray(Image.open(path))


def drawn_at(subject):
    return draw(subject.positions, subject.image.shape[:2])


# --- What all writers have in common -----------------------------------------------------------


@pytest.mark.parametrize("kind", WRITERS)
def test_files_are_named_after_the_stem_and_the_writer(kind, tmp_path):
    stem = tmp_path / "Zoë v1.2 at home_0"
    files = writer(kind)(turned(), stem)
    named = {suffix: value for suffix, value in files.items() if isinstance(value, str)}
    assert {path.name for path in tmp_path.iterdir()} == set(named.values())
    for suffix, name in named.items():
        assert name == f"{stem.name}_{kind}.{suffix}"


@pytest.mark.parametrize("kind", WRITERS)
def test_the_same_face_gives_the_same_bytes(kind, tmp_path):
    again = subject_of(canonical(**POSES))
    first, second = (writer(kind)(s, tmp_path / n) for s, n in ((turned(), "a"), (again, "b")))
    for key, name in first.items():
        if isinstance(name, str):
            assert (tmp_path / name).read_bytes() == (tmp_path / second[key]).read_bytes()
        else:
            assert name == second[key]


@pytest.mark.parametrize("kind", WRITERS)
def test_a_missing_folder_is_an_output_error(kind, tmp_path):
    with pytest.raises(OutputError, match="create the folder first"):
        writer(kind)(turned(), tmp_path / "none" / "face")


@pytest.mark.parametrize("kind", MARKED)
def test_pictures_of_the_photograph_say_what_they_are(kind, tmp_path):
    content = (tmp_path / writer(kind)(turned(), tmp_path / "a")["png"]).read_bytes()
    assert b"digitalsourcetype/algorithmicallyEnhanced<" in content
    assert b"by facelab." in content


@pytest.mark.parametrize("kind", ["depth", "normals", "pncc", "parse", "visibility"])
def test_pictures_of_numbers_say_what_they_are(kind, tmp_path):
    name = writer(kind)(turned(), tmp_path / "a")["png"]
    assert b"digitalsourcetype/dataDrivenMedia<" in read(tmp_path / name).metadata.xmp
    assert b"by facelab." in read(tmp_path / name).metadata.xmp


@pytest.mark.parametrize(
    ("shape", "by", "factor"),
    [
        (SHAPE, (-120, 0), 1),  # half outside
        (SHAPE, (0, 1000), 1),  # below the photograph
        (SHAPE, (-1e6, -1e6), 1),
        ((1, 1), (-120, -130), 1),
        ((1, 500), (0, -130), 1),
        (SHAPE, (0, 0), 0.1),  # 16 px
        (SHAPE, (0, 0), 0.003),  # half a pixel
        (SHAPE, (-300, -300), 4),
    ],
)
def test_any_place_and_size_of_the_face_will_do(shape, by, factor, tmp_path):
    found = Reconstruction(moved(canonical(**POSES), by, factor), 0.9)
    subject = Subject(plain(shape), found, parser=parser)
    for kind in WRITERS:
        files = writer(kind)(subject, tmp_path / "a")
        if kind in OF_THE_PHOTO:
            assert pictured(tmp_path / files["png"]).shape[:2] == shape


# --- Depth, normals and PNCC: one drawing ------------------------------------------------------


@pytest.mark.parametrize("kind", OF_THE_PHOTO)
def test_pictures_have_the_size_of_the_photograph(kind, tmp_path):
    picture = pictured(tmp_path / writer(kind)(turned(), tmp_path / "a")["png"])
    channels = OF_THE_PHOTO[kind]
    assert picture.shape == (SHAPE if channels is None else (*SHAPE, channels))
    assert picture.dtype == (np.uint16 if kind == "depth" else np.uint8)


def test_the_face_covers_the_inside_of_its_outline():
    subject = subject_of(plane(corner=(10.3, -40.6), step=1.1))
    outline = (ATLAS.outline * 1.1 + [10.3, -40.6]).astype(np.float32)
    known = ~np.isnan(depth.depth(subject))
    for (y, x), covered in np.ndenumerate(known):
        inside = cv2.pointPolygonTest(outline[:, None], (float(x), float(y)), True)
        assert abs(inside) < 1 or covered == (inside > 0)


@given(angles)
@settings(max_examples=8)
def test_depth_normals_and_pncc_cover_the_same_pixels(pose):
    subject = subject_of(canonical(yaw=pose[0], pitch=pose[1], roll=pose[2]))
    covered = ~np.isnan(depth.depth(subject))
    assert covered.any()
    np.testing.assert_array_equal(normals.normals(subject).any(axis=2), covered)
    np.testing.assert_array_equal(pncc.pncc(subject).any(axis=2), covered)


def test_what_lies_outside_the_photograph_is_cut_off():
    whole = turned()
    part = subject_of(moved(whole.positions, (-100, -90)), (80, 70))
    window = np.s_[90:170, 100:170]
    assert not np.isnan(depth.depth(part)).all()
    # Moved in float32, vertices may be snapped to another 1/256 px.
    np.testing.assert_allclose(depth.depth(part), depth.depth(whole)[window], atol=0.05)
    np.testing.assert_allclose(normals.normals(part), normals.normals(whole)[window], atol=0.01)
    np.testing.assert_allclose(pncc.pncc(part), pncc.pncc(whole)[window], atol=1e-3)


def test_the_window_holds_all_of_the_face():
    vertices = ATLAS.at_vertices(turned().positions.values)
    whole = rasterize(vertices, ATLAS.mesh[1], SHAPE).covered
    drawing = drawn_at(turned())
    np.testing.assert_array_equal(drawing.placed(drawing.fragments.covered), whole)


def test_only_the_face_s_own_window_is_rasterized():
    rows, columns = draw(moved(canonical(), factor=0.1), (3000, 4000)).window
    assert rows.stop - rows.start < 25
    assert columns.stop - columns.start < 25


# --- Depth -------------------------------------------------------------------------------------


def test_depth_of_a_tilted_plane():
    subject = subject_of(plane(corner=(10, 0), tilt=30))
    values = depth.depth(subject)
    x = np.broadcast_to(np.arange(SHAPE[1]), SHAPE)
    known = ~np.isnan(values)
    assert values.dtype == np.float32
    assert known.mean() > 0.3
    np.testing.assert_allclose(values[known], ((x - 10) * np.tan(np.pi / 6))[known], atol=2e-3)


def test_depth_is_that_of_the_nearest_triangle():
    subject = turned()
    values = depth.depth(subject)
    corners = ATLAS.at_vertices(subject.positions.values)[ATLAS.mesh[1]].astype(np.float64)
    rng = np.random.default_rng(0)
    for y, x in rng.permutation(np.argwhere(~np.isnan(values)))[:40]:
        assert values[y, x] == pytest.approx(nearest(corners, x, y), abs=0.05)


def nearest(corners, x, y):
    """The largest z over (x, y) of all triangles (m, 3, 3) that face the viewer."""
    a, b, c = corners[..., :2].swapaxes(0, 1)
    p = np.array([x, y])
    area = turn(c - a, b - a)
    shares = np.stack([turn(c - p, b - p), turn(c - a, p - a), turn(p - a, b - a)], axis=1)
    inside = (area > 0) & (shares.min(axis=1) >= -1e-3 * area)
    return ((shares * corners[..., 2]).sum(axis=1)[inside] / area[inside]).max()


def turn(a, b):
    """The cross product of vectors in the plane, (..., 2)."""
    return a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]


def depths(low, high):
    known = st.floats(low, high, width=32)
    return arrays(np.float32, (5, 7), elements=known | st.just(np.nan))


@given(depths(-5000, 5000) | depths(99.5, 100))
def test_sixteen_bits_hold_the_depth(values):
    levels, scale, offset = depth.quantised(values)
    known = ~np.isnan(values)
    assert levels.dtype == np.uint16
    assert scale > 0
    np.testing.assert_array_equal(levels > 0, known)
    error = levels[known] * scale + offset - values[known]
    assert np.abs(error).max(initial=0) <= scale / 2 * (1 + 1e-6) + 1e-9


def test_sixteen_bits_are_used_to_the_full():
    levels, scale, offset = depth.quantised(np.float32([[-2, np.nan], [2, 6]]))
    np.testing.assert_array_equal(levels, [[1, 0], [32768, 65535]])
    assert scale == pytest.approx(8 / 65534)
    assert offset == pytest.approx(-2 - scale)


def test_depth_files_agree(tmp_path):
    files = depth.write(turned(), tmp_path / "a")
    values = np.load(tmp_path / files["npy"])
    np.testing.assert_array_equal(values, depth.depth(turned()))
    levels = pictured(tmp_path / files["png"])
    known = levels > 0
    np.testing.assert_array_equal(known, ~np.isnan(values))
    back = levels[known] * files["scale"] + files["offset"]
    assert np.abs(back - values[known]).max() <= files["scale"] * 0.5001


# --- Normals -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("positions", "normal"),
    [
        (plane(corner=(5, 0)), (0, 0, 1)),
        (plane(corner=(5, 0), tilt=40), (-np.sin(np.deg2rad(40)), 0, np.cos(np.deg2rad(40)))),
        (leaning(25), (0, np.sin(np.deg2rad(25)), np.cos(np.deg2rad(25)))),
    ],
    ids=["facing", "tilted", "leaning"],
)
def test_normals_of_a_plane(positions, normal, tmp_path):
    subject = subject_of(positions)
    found = normals.normals(subject)
    covered = drawn_at(subject).placed(drawn_at(subject).fragments.covered)
    np.testing.assert_allclose(found[covered], np.tile(normal, (covered.sum(), 1)), atol=1e-4)
    picture = pictured(tmp_path / normals.write(subject, tmp_path / "a")["png"])
    np.testing.assert_allclose(picture[covered][0], (np.array(normal) + 1) * 127.5, atol=0.51)
    assert (picture[~covered] == 128).all()


def test_normals_are_of_length_one_and_look_at_the_viewer():
    found = normals.normals(turned())
    covered = found.any(axis=2)
    np.testing.assert_allclose(np.linalg.norm(found[covered], axis=1), 1, atol=1e-5)
    assert (found[covered][:, 2] > 0).mean() > 0.99


def test_normals_of_a_sphere_point_outward():
    v, u = np.mgrid[-1:1:41j, -1:1:41j] * 0.4
    points = np.dstack([u, -v, np.sqrt(1 - u**2 - v**2)]).reshape(-1, 3).astype(np.float32)
    a = np.arange(41 * 40).reshape(40, 41)[:, :-1].ravel()
    triangles = np.concatenate([[a, a + 41, a + 1], [a + 1, a + 41, a + 42]], axis=1).T
    found = normals.vertex_normals(points, triangles.astype(np.int32)).reshape(41, 41, 3)
    inner = np.s_[1:-1, 1:-1]
    np.testing.assert_allclose(found[inner], points.reshape(41, 41, 3)[inner], atol=2e-3)


def test_a_vertex_without_an_area_has_no_normal():
    line = np.float32([[0, 0, 0], [1, 0, 0], [2, 0, 0]])
    assert not normals.vertex_normals(line, np.array([[0, 1, 2]], np.int32)).any()


# --- PNCC --------------------------------------------------------------------------------------


@given(angles)
@settings(max_examples=8)
def test_pncc_names_the_place_that_is_seen(pose):
    """Decoded and projected with the true pose, each pixel's code comes back to its pixel."""
    yaw, pitch, roll = pose
    subject = subject_of(canonical(yaw=yaw, pitch=pitch, roll=roll))
    vertices = ATLAS.at_vertices(ATLAS.canonical_positions)
    low, high = vertices.min(axis=0), vertices.max(axis=0)
    values = depth.depth(subject)
    y, x = np.nonzero(~np.isnan(values))
    places = low + pncc.pncc(subject)[y, x] * (high - low)
    projected = 10 * places @ matrix(yaw, pitch, roll).T * [1, -1, 1] + [120, 130, 0]
    np.testing.assert_allclose(projected, np.column_stack([x, y, values[y, x]]), atol=0.05)


def test_pncc_spans_the_colours():
    code = pncc.code(ATLAS)
    np.testing.assert_allclose([code.min(axis=0), code.max(axis=0)], [[0] * 3, [1] * 3], atol=1e-6)


def test_pncc_picture(tmp_path):
    picture = pictured(tmp_path / pncc.write(turned(), tmp_path / "a")["png"])
    np.testing.assert_array_equal(picture, to_integers(pncc.pncc(turned()), 8))


# --- Parts -------------------------------------------------------------------------------------


def test_parts_are_numbers_that_viewers_colour(tmp_path):
    files = parse.write(turned(), tmp_path / "a")
    picture = Image.open(tmp_path / files["png"])
    numbers, colours = np.asarray(picture), np.asarray(picture.convert("RGB"))
    np.testing.assert_array_equal(numbers, parse.parse(turned()))
    assert set(np.unique(numbers)) == {files["numbers"][name] for name in ("hair", "skin")} | {255}
    for name in ("hair", "skin"):
        shown = numbers == files["numbers"][name]
        assert (colours[shown] == parse.COLOURS[name]).all()
    assert not colours[numbers == files["numbers"]["not seen"]].any()


def test_every_part_has_a_number_and_a_colour_of_its_own(tmp_path):
    numbers = parse.write(turned(), tmp_path / "a")["numbers"]
    assert tuple(numbers) == (*PARTS, "not seen")
    assert len(set(numbers.values())) == len(numbers)
    assert tuple(parse.COLOURS) == PARTS
    assert len(set(parse.COLOURS.values())) == len(PARTS)


def test_what_is_asked_of_the_parser_is_the_subject_s_photograph():
    seen = []

    def watching(image, positions):
        seen.append((image, positions))
        return parser(image, positions)

    subject = Subject(ramp(*SHAPE), Reconstruction(turned().positions, 0.9), parser=watching)
    parse.parse(subject)
    parse.parse(subject)
    assert seen == [(subject.image, subject.positions)]  # once


# --- Texts and maps ----------------------------------------------------------------------------


def test_surface_leaves_the_rest_of_the_photograph_alone():
    subject = turned()
    shown = subject.drawing.placed(subject.drawing.fragments.covered)
    drawn = surface.surface(subject)
    np.testing.assert_array_equal(drawn[~shown], subject.image[~shown])
    assert (np.abs(drawn - subject.image)[shown].max(axis=1) > 0.02).mean() > 0.9


def test_surface_is_lit_from_above():
    """A plane that lies on a desk looks up to the light; one that overhangs does not."""
    lit, dark = (surface.surface(subject_of(leaning(tilt)))[120, 128] for tilt in (35, -45))
    assert (lit > dark + 0.1).all()
    assert np.ptp(lit) < 0.1  # clay is grey


def test_landmarks_are_68_rows(tmp_path):
    path = tmp_path / landmarks.write(turned(), tmp_path / "a")["txt"]
    np.testing.assert_allclose(np.loadtxt(path), turned().landmarks, atol=5.1e-5, rtol=0)


def test_the_position_map_is_the_face_again(tmp_path):
    values = np.load(tmp_path / maps.write_uv(turned(), tmp_path / "a")["npy"])
    assert values.dtype == np.float32
    assert not values[~ATLAS.valid].any()
    again = subject_of(PositionMap(values, ATLAS))
    np.testing.assert_array_equal(depth.depth(again), depth.depth(turned()))


def test_a_network_s_raw_map_is_cleared_around_the_face():
    raw = np.where(ATLAS.valid[..., None], turned().positions.values, np.float32(7))
    cleared = maps.uv(subject_of(PositionMap(raw, ATLAS)))
    np.testing.assert_array_equal(cleared, maps.uv(turned()))


def test_texture_picture(tmp_path):
    picture = pictured(tmp_path / maps.write_texture(turned(), tmp_path / "a")["png"])
    np.testing.assert_array_equal(picture, to_integers(turned().texture.colour, 8))


def test_visibility_picture(tmp_path):
    picture = pictured(tmp_path / maps.write_visibility(turned(), tmp_path / "a")["png"])
    assert picture.dtype == np.uint8
    np.testing.assert_array_equal(picture == 255, turned().visible)
    np.testing.assert_array_equal(picture == 0, ~turned().visible)


# --- Overlay -----------------------------------------------------------------------------------


def grey_subject(shape=SHAPE, **pose):
    return Subject(plain(shape), Reconstruction(canonical(**pose), 0.9))


def test_every_landmark_is_in_one_line():
    ends = [landmark for first, end, _ in overlay.PARTS for landmark in range(first, end)]
    assert ends == list(range(68))


def test_overlay_draws_the_landmarks_where_they_are():
    subject = grey_subject((800, 700), scale=35.0, origin=(350.0, 400.0, 0.0))
    picture = overlay.overlay(subject)
    jaw = subject.landmarks[6:11]  # away from all else that is drawn
    x, y = np.rint(jaw[:, :2]).astype(int).T
    np.testing.assert_allclose(picture[y, x], np.tile(np.divide((255, 80, 160), 255), (5, 1)))


def test_overlay_shows_hidden_landmarks_otherwise():
    subject = grey_subject((800, 700), yaw=45, scale=35.0, origin=(350.0, 400.0, 0.0))
    assert not subject.visible_landmarks.all()
    hidden = np.flatnonzero(~subject.visible_landmarks)
    picture = overlay.overlay(subject)
    x, y = np.rint(subject.landmarks[hidden, :2]).astype(int).T
    filled = np.isclose(picture[y, x], np.divide((255, 80, 160), 255), atol=0.01).all(axis=1)
    assert not filled.any()


def test_overlay_draws_irises_and_gaze_of_eyes_that_are_seen():
    subject = grey_subject((800, 700), scale=35.0, origin=(350.0, 400.0, 0.0))
    rim = np.float32([[0, 0, 0], [20, 0, 0], [0, -20, 0], [-20, 0, 0], [0, 20, 0]])
    irises = np.stack([rim + np.float32([250, 300, 0]), rim + np.float32([450, 300, 0])])

    def drawn(*seen):
        gaze = Gaze(np.float32([[1, 0, 0] if one else [np.nan] * 3 for one in seen]))
        visible = np.repeat(np.array(seen)[:, None], 5, axis=1)
        eyes = SeenEyes(irises, visible, gaze, np.ones(2, np.float32))
        stub = SimpleNamespace(eyes=eyes)
        return overlay.overlay(replace(subject, landmarker=lambda *_: stub))

    changed = np.argwhere((drawn(True, False) != drawn(False, False)).any(axis=2))
    low, high = changed.min(axis=0), changed.max(axis=0)
    length = overlay._GAZE * subject.found.box.size
    np.testing.assert_allclose(low, [280, 230], atol=5)  # the rim of the right eye alone,
    np.testing.assert_allclose(high, [320, 250 + length], atol=5)  # and a line to the right
    assert (drawn(True, True) != drawn(True, False)).any()


@pytest.mark.parametrize(
    ("pose", "towards", "channel"),
    [
        ({}, (1, 0), 0),  # x is red and runs right
        ({}, (0, -1), 1),  # y is green and runs up
        ({"yaw": 60}, (1, 0), 2),  # the nose points right: blue
        ({"pitch": 60}, (0, 1), 2),  # the nose points down
        ({"roll": 90}, (0, -1), 0),
    ],
)
def test_overlay_s_axes(pose, towards, channel):
    subject = grey_subject((800, 900), **pose, scale=30.0, origin=(400.0, 400.0, 0.0))
    # Beyond the nose, before the end of the shortest axis.
    place = subject.landmarks[overlay.NOSE_TIP, :2] + 0.3 * subject.found.box.size * np.float32(
        towards
    )
    x, y = np.rint(place).astype(int)
    around = overlay.overlay(subject)[y - 6 : y + 7, x - 6 : x + 7].reshape(-1, 3)
    expected = np.divide(((255, 60, 60), (60, 220, 80), (70, 130, 255))[channel], 255)
    assert np.abs(around - expected).max(axis=1).min() < 0.02


@given(angles)
@settings(max_examples=15)
def test_the_pose_box_turns_with_the_head(pose):
    yaw, pitch, roll = pose
    rotation = matrix(yaw, pitch, roll)
    rear, front = overlay.pose_box(grey_subject(yaw=yaw, pitch=pitch, roll=roll))
    flip = np.array([1, -1, 1])
    x, y, z = (
        edge * flip / np.linalg.norm(edge)
        for edge in (rear[1] - rear[0], rear[3] - rear[0], (front - rear)[:4].mean(axis=0))
    )
    np.testing.assert_allclose(np.column_stack([x, y, z]), rotation, atol=2e-3)
    assert np.linalg.norm(front[1] - front[0]) > 1.1 * np.linalg.norm(rear[1] - rear[0])


def test_the_pose_box_holds_the_face():
    rear, front = overlay.pose_box(grey_subject())
    values = grey_subject().positions.values[ATLAS.face]
    corners = np.concatenate([rear, front])
    assert (values.max(axis=0) <= corners.max(axis=0)).all()
    assert (values.min(axis=0)[:2] >= corners.min(axis=0)[:2]).all()


def test_overlay_leaves_the_rest_of_the_photograph_alone(tmp_path):
    subject = subject_of(moved(canonical(), (300, 300)), (900, 800))
    picture = overlay.overlay(subject)
    changed = np.argwhere((picture != subject.image).any(axis=2))
    low, high = changed.min(axis=0), changed.max(axis=0)
    box = subject.found.box
    assert (low > np.array([box.y0, box.x0]) - box.size).all()
    assert (high < np.array([box.y1, box.x1]) + box.size).all()
    file = pictured(tmp_path / overlay.write(subject, tmp_path / "a")["png"])
    np.testing.assert_array_equal(file[:200], to_integers(subject.image, 8)[:200])


def test_dense_points_leave_the_face_to_be_seen():
    picture = overlay.overlay(grey_subject((800, 700), scale=35.0, origin=(350.0, 400.0, 0.0)))
    cheek = picture[420:560, 440:520]
    untouched = (cheek == 0.5).all(axis=2).mean()
    assert 0.6 < untouched < 0.98


@pytest.mark.parametrize("size", [20, 60, 200, 700, 3000])
def test_dots_keep_their_distance(size):
    texels = 230
    step = overlay.dot_step(size, texels)
    assert step * size / texels >= 4 or size / texels > 4
    assert texels / step <= 45


# --- Canvas ------------------------------------------------------------------------------------


def inked(samples=1, shape=(60, 60), box=None):
    return Canvas(box or Box(0, 0, shape[1], shape[0]), shape, samples)


@pytest.mark.parametrize("samples", [1, 2, 4])
@pytest.mark.parametrize("radius", [2.0, 4.5, 12.0])
def test_a_dot_is_round_and_where_it_should_be(samples, radius):
    canvas = inked(samples)
    canvas.dot(np.float32([30.25, 28.5]), radius, (255, 255, 255))
    ink = canvas.over(plain((60, 60), (0, 0, 0)))[..., 0]
    y, x = np.indices(ink.shape)
    assert (x * ink).sum() / ink.sum() == pytest.approx(30.25, abs=0.1)
    assert (y * ink).sum() / ink.sum() == pytest.approx(28.5, abs=0.1)
    assert radius - 0.3 < np.sqrt(ink.sum() / np.pi) < radius + 0.8 / samples


def test_ink_is_blended_once():
    canvas = inked()
    canvas.line(np.float32([[0, 30], [59, 30]]), (255, 0, 0), 5, 0.5)
    over = canvas.over(plain((60, 60), (0.2, 0.4, 1.0)))
    np.testing.assert_allclose(over[30, 30], [0.6, 0.2, 0.5], atol=0.01)
    np.testing.assert_array_equal(over[20], plain((60, 60), (0.2, 0.4, 1.0))[20])


def test_a_dot_without_opacity_is_a_hole():
    canvas = inked()
    canvas.dot(np.float32([30, 30]), 12, (255, 255, 255))
    canvas.dot(np.float32([30, 30]), 6, (255, 255, 255), 0)
    over = canvas.over(plain((60, 60)))
    np.testing.assert_allclose(over[30, [30, 40]], [[0.5] * 3, [1] * 3])


@pytest.mark.parametrize("samples", [1, 3])
def test_dots_are_those_drawn_one_by_one(samples):
    """The later ones over the earlier, each in its own colour."""
    rng = np.random.default_rng(7)
    points = rng.uniform(-5, 25, (80, 3)).astype(np.float32)
    colours = rng.integers(0, 256, (80, 3), np.uint8)
    together, single = (inked(samples, (20, 20)) for _ in range(2))
    together.dots(points, 1.7, colours, 0.8)
    for (x, y, _), colour in zip(points, colours, strict=True):
        for row, column in np.ndindex(single._ink.shape[:2]):
            away = np.hypot((x + 0.5) * samples - 0.5 - column, (y + 0.5) * samples - 0.5 - row)
            share = np.clip(1.7 * samples + 1 - away, 0, 1)
            if share:
                ink = 0.8 * np.array([*colour, 255])
                under = single._ink[row, column]
                single._ink[row, column] = np.rint(share * ink + (1 - share) * under)
    np.testing.assert_allclose(together._ink.astype(int), single._ink, atol=1)
    assert len(np.unique(together._ink.reshape(-1, 4), axis=0)) > 80


def test_a_rim_tells_a_line_from_a_ground_of_its_own_colour():
    canvas = inked()
    canvas.rimmed_line(np.float32([[0, 30], [59, 30]]), (255, 255, 255), 3)
    column = canvas.over(plain((60, 60), (1, 1, 1)))[:, 30, 0]
    assert column[30] == 1
    assert column[25:30].min() < 0.8
    assert column[31:36].min() < 0.8


@pytest.mark.parametrize("corner", [(5, 5), (-900, 20), (900, 900), (30, 1e6)])
def test_text_stays_in_the_image(corner):
    canvas = inked(shape=(80, 200))
    canvas.text("yaw 3°", np.float32(corner), 20, (255, 255, 255))
    over = canvas.over(plain((80, 200)))
    whole = inked(shape=(80, 200))
    whole.text("yaw 3°", np.float32([40, 20]), 20, (255, 255, 255))
    assert (over == 1).sum() == (whole.over(plain((80, 200))) == 1).sum() > 50
    assert over.min() == pytest.approx(0.2, abs=0.01)


def test_a_canvas_outside_the_image_draws_nothing():
    canvas = inked(box=Box(500, -90, 600, -40))
    canvas.dot(np.float32([550, -60]), 9, (255, 0, 0))
    canvas.rimmed_line(np.float32([[500, -60], [30, 30]]), (255, 0, 0), 3)
    canvas.text("yaw", np.float32([520, -60]), 12, (255, 0, 0))
    np.testing.assert_array_equal(canvas.over(plain((60, 60))), plain((60, 60)))


@pytest.mark.parametrize("drawn_by", [overlay.overlay, surface.surface])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_integers_are_drawn_on_as_floats_are_and_rounded_once(drawn_by, dtype):
    most = np.iinfo(dtype).max
    photograph = frozen(np.rint(ramp(*SHAPE) * most), dtype)
    floats = (photograph / np.float32(most)).astype(np.float32)
    found = Reconstruction(canonical(), 0.9)
    drawn, exact = (drawn_by(Subject(image, found)) for image in (photograph, frozen(floats)))
    assert drawn.dtype == dtype
    np.testing.assert_allclose(drawn, exact * float(most), atol=0.51)
    untouched = (exact == floats).all(axis=-1)
    np.testing.assert_array_equal(drawn[untouched], photograph[untouched])
    assert not untouched.all()


def test_a_texture_is_that_of_the_whole_photograph_as_floats():
    """It is read from a window around the face only, of integers."""
    photograph = frozen(np.rint(ramp(700, 900) * 255), np.uint8)
    found = Reconstruction(canonical(origin=(600, 400, 0), scale=5), 0.9)
    subject, whole = Subject(photograph, found), Subject(photograph, found)
    assert subject._near[0].size < photograph.size / 2
    vars(whole)["_near"] = from_integers(photograph), found.positions
    np.testing.assert_allclose(subject.texture.colour, whole.texture.colour, atol=2e-3)


def test_the_slit_of_the_mouth_has_no_streaks():
    """What is squeezed into it would be drawn from lip to lip; the lips themselves stay."""
    image = plain(SHAPE, (0.5, 0.4, 0.3)).copy()
    image[:, ::3] = 0.9
    subject = Subject(frozen(image), Reconstruction(canonical(), 0.9))
    colour = subject.texture.colour[..., 0]
    size = len(colour)
    row = round((177 + 0.5) * size / ATLAS.size - 0.5)
    middle = slice(round(0.45 * size), round(0.55 * size))
    assert np.ptp(colour[row, middle]) < 0.1
    chin = round(0.85 * size)
    assert np.ptp(colour[chin, middle]) > 0.2


def test_background_at_the_silhouette_is_not_carried_over_the_unseen_side():
    """The surface is a little larger than the face: at a grazing angle it shows what is behind."""
    pose = {"scale": 8, "origin": (120, 130, 0), "yaw": 45}
    drawing, drawn = draw(canonical(**pose), SHAPE), np.zeros(SHAPE, np.bool_)
    drawn[drawing.window] = drawing.fragments.covered
    image = np.where(drawn[..., None], np.float32([0.6, 0.45, 0.35]), np.float32([0, 1, 0]))
    found = canonical(**pose | {"scale": 8.3})
    colour = Subject(frozen(image), Reconstruction(found, 0.9)).texture.colour
    far = colour[patch(len(colour), (0.35, 0.65), (0.6, 0.8))]
    assert (far[..., 1] > far[..., 0]).mean() < 0.03
