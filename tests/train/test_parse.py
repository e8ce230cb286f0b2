"""What FaceParse learns from: labels that lie on the pixels they belong to, and its loss."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import cv2
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn.functional import avg_pool2d, interpolate

from facelab.atlas import canonical
from facelab.atlas.canonical import LOWER_LIP, UPPER_LIP
from facelab.augment.classes import CLASSES, NOT_KNOWN
from facelab.augment.generate import apply_steps
from facelab.augment.ground_truth import GroundTruth
from facelab.augment.heads import Heads, draw_scene
from facelab.augment.steps.frame import Frame
from facelab.augment.steps.hold import Hold
from facelab.augment.steps.wear import Wear
from facelab.augment.template import Template
from facelab.constants import PARTS
from facelab.errors import UsageError
from facelab.geometry.landmarks import points468, position_map
from facelab.models.facemap import KEPT, FaceMap
from facelab.models.faceparse import SIDE, FaceParse
from facelab.models.layers import load
from facelab.reconstruct.levelled import levelled
from facelab.train.loop import Settings, moved_on
from facelab.train.parse import loop, parts
from facelab.train.parse.encoding import UNKNOWN, decoded_shares, encoded_shares
from facelab.train.parse.objective import overlap, parts_of_loss
from facelab.train.parse.renders import Renders, check_recipe
from facelab.train.parse.split import mouth_opening
from facelab.train.parse.views import exact_view, read_spoiling, view_of
from facelab.train.renders import RECIPES, encoded
from tests.augment.occluders.scenes import SIDE as SCENE
from tests.augment.occluders.scenes import scene
from tests.synthetic import canonical_points, frozen

NOTHING = Template()
NO_BEARD = np.zeros((64, 64), np.float32)


def number(part):
    return PARTS.index(part)


def one_hot(numbers):
    return np.eye(len(PARTS), dtype=np.float32)[numbers]


# --- Shares as a PNG -----------------------------------------------------------------------------


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=20)
def test_two_parts_a_pixel_come_back(seed):
    rng = np.random.default_rng(seed)
    first, second = rng.integers(0, len(PARTS), (2, 9, 7))
    share = rng.random((9, 7, 1), np.float32)
    shares = share * one_hot(first) + (1 - share) * one_hot(second)
    channels = decoded_shares(encoded_shares(shares)).astype(np.float32)
    one, other = (one_hot(channels[..., k].astype(int)) for k in (0, 1))
    back = channels[..., 2:] / 255 * one + (1 - channels[..., 2:] / 255) * other
    np.testing.assert_allclose(back, shares, atol=0.5 / 255 + 1e-6)


def test_what_nobody_knows_stays_unknown():
    shares = one_hot(np.zeros((4, 4), int))
    shares[1:3, 1:3] = 0
    channels = decoded_shares(encoded_shares(shares))
    unknown = (channels[..., :2] == UNKNOWN).all(axis=2)
    np.testing.assert_array_equal(unknown, shares.sum(axis=2) == 0)


def test_other_pictures_are_no_shares():
    _, data = cv2.imencode(".png", np.full((4, 4, 3), 77, np.uint8))
    with pytest.raises(ValueError, match="not the parts"):
        decoded_shares(data.tobytes())
    with pytest.raises(ValueError, match="not the parts"):
        decoded_shares(b"")


# --- Labels --------------------------------------------------------------------------------------


@cache
def head(kind=None):
    """A scene of somebody who is drawn, and wears something."""
    people = Heads(people=1)
    (item,) = people.items(0)
    looks = replace(people.looks(0, item.sha256), male=1.0, hair="short01", hat="none")
    shot = replace(people.shot(0, item.sha256, 0), yaw=10.0, pitch=0.0, roll=0.0)
    drawn = draw_scene(looks, shot, None, Frame(size=160, room=1.9))
    return Wear(kind=kind, seed=3)(drawn) if kind else drawn


def test_of_a_drawn_head_nearly_all_is_known():
    shares = parts.drawn(head())
    total = shares.sum(axis=2)
    assert set(np.unique(total.round(4))) <= {0.0, 1.0}
    assert (total > 0).mean() > 0.95
    there = {PARTS[k] for k in np.unique(shares.argmax(axis=2))}
    assert there >= {"background", "skin", "brows", "lips", "hair", "ears", "neck", "clothes"}
    assert not there & {"glasses", "lenses", "front"}


@pytest.mark.parametrize("kind", ["glasses", "sunglasses"])
def test_lenses_are_within_frames(kind):
    shares = parts.drawn(head(kind))
    lenses, frames = (shares[..., number(part)] > 0.5 for part in ("lenses", "glasses"))
    assert lenses.sum() > 100
    assert frames.sum() > 100
    rows, columns = np.nonzero(frames)
    box = np.zeros_like(frames)
    box[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1] = True
    assert not (lenses & ~box).any()
    plain = parts.drawn(head())
    assert (plain[..., number("lenses")] == 0).all()
    same = ~(lenses | frames | (shares[..., number("lenses")] > 0))
    np.testing.assert_array_equal(shares[same], plain[same])


def test_a_clear_lens_hides_nothing_of_what_augment_labels():
    worn, bare = head("glasses"), head()
    through = (worn.truth.lenses > 0.5) & (worn.truth.classes != CLASSES["glasses"])
    assert through.sum() > 50
    np.testing.assert_array_equal(worn.truth.classes[through], bare.truth.classes[through])


def test_a_hand_before_glasses_hides_their_lenses():
    worn = Wear(kind="glasses", seed=3)(scene())
    held = Hold(kind="hand", seed=1)(worn)
    hand = held.truth.classes == CLASSES["hand"]
    assert hand.any()
    assert held.truth.lenses[hand].max() < 0.51
    assert (held.truth.lenses <= worn.truth.lenses + 1e-6).all()


def test_lenses_move_with_the_picture():
    lenses = np.zeros((20, 20), np.float32)
    lenses[5:9, 3:7] = 1
    truth = GroundTruth(np.zeros((20, 20), np.uint8), lenses=lenses)
    np.testing.assert_array_equal(truth.mirrored(lambda face, width: face).lenses, lenses[:, ::-1])
    crop = Frame(size=40, room=1.0).crop(scene().positions.box)
    moved = truth.seen_in(replace(crop, centre=(9.5, 9.5), side=20.0))
    assert moved.lenses.sum() == pytest.approx(4 * lenses.sum(), rel=0.1)


def test_what_is_put_into_a_photograph_is_exact_and_the_rest_stays():
    shares = one_hot(np.full((SCENE, SCENE), number("skin")))
    bare = parts.with_nothing(scene())
    assert (bare.truth.classes == NOT_KNOWN).all()
    np.testing.assert_array_equal(parts.put_in(shares, bare), shares)
    held = Hold(kind="hand", seed=1)(bare)
    after = parts.put_in(shares, held)
    hand = held.truth.classes == CLASSES["hand"]
    assert (after[hand].argmax(axis=1) == number("front")).all()
    rest = held.truth.classes == NOT_KNOWN
    np.testing.assert_array_equal(after[rest], shares[rest])
    np.testing.assert_allclose(after.sum(axis=2), 1, atol=1e-6)


def six(name):
    """A teacher that sees one class everywhere."""
    names = ("background", "hair", "body", "face", "clothes", "others")
    return lambda image: np.tile(
        np.eye(6, dtype=np.float32)[names.index(name)], (*image.shape[:2], 1)
    )


def test_a_teacher_s_face_has_the_parts_of_its_geometry():
    seen = scene(seed=1)
    shares = parts.photographed(seen, six("face"), NO_BEARD)
    x, y = seen.positions.landmarks[:, :2].T
    places = {"brows": [19], "skin": [30], "lips": [57, 66], "eyes": [37, 40]}
    for part, marks in places.items():
        at = shares[round(float(y[marks].mean())), round(float(x[marks].mean()))]
        assert at[number(part)] > 0.3, part
    assert set(np.unique(shares.sum(axis=2).round(4))) <= {0.0, 1.0}


def test_faces_that_may_wear_glasses_are_not_known_around_the_eyes():
    seen = scene(seed=1)
    shares = parts.photographed(seen, six("others"), NO_BEARD)
    x, y = seen.positions.landmarks[36:48, :2].mean(axis=0)
    assert shares[round(float(y)), round(float(x))].sum() == 0


def test_a_beard_takes_the_place_of_skin_alone():
    seen = scene(seed=1)
    plain = parts.photographed(seen, six("face"), NO_BEARD)
    bearded = parts.photographed(seen, six("face"), NO_BEARD + 0.75)
    skin, beard = number("skin"), number("beard")
    moved = plain[..., skin] - bearded[..., skin]
    assert moved.max() > 0.7
    np.testing.assert_allclose(bearded[..., beard], moved, atol=1e-6)
    others = [k for k in range(len(PARTS)) if k not in (skin, beard)]
    np.testing.assert_array_equal(bearded[..., others], plain[..., others])


@given(st.floats(0.2, 3), st.floats(-60, 60))
@settings(max_examples=15, deadline=None)
def test_the_mouth_opens_as_far_as_the_edges_of_the_lips_are_apart(gap, yaw):
    points = canonical_points(scale=9.0, yaw=yaw).astype(np.float32)
    points[list(LOWER_LIP)[1:-1], 1] += 9 * gap
    positions = position_map(points, canonical())
    outline = points468(positions)[[*UPPER_LIP, *reversed(LOWER_LIP)], :2]
    x, y = outline.astype(np.float64).T
    area = abs(x @ np.roll(y, 1) - y @ np.roll(x, 1)) / 2  # the shoelace formula
    found = mouth_opening(positions, 256)
    around = np.hypot(*np.diff(outline, axis=0).T).sum()
    assert abs(found.sum() - area) < 0.25 * around + 1
    rows, columns = np.nonzero(found > 0)
    assert rows.min() >= y.min() - 1.5 and rows.max() <= y.max() + 1.5
    assert columns.min() >= x.min() - 1.5 and columns.max() <= x.max() + 1.5


# --- Views ---------------------------------------------------------------------------------------


def picture(seed=0):
    """A face's picture of which the left half is hair and the right half skin."""
    side = 200
    points = canonical_points(scale=5.0, origin=(99.5, 99.5, 0))
    numbers = np.full((side, side), number("skin"))
    numbers[:, : side // 2] = number("hair")
    image = np.repeat((numbers == number("hair"))[..., None], 3, axis=2).astype(np.float32)
    labels = encoded_shares(one_hot(numbers))
    return Renders([encoded(image)], [labels], points[None], np.array([True])), points


def test_labels_lie_on_their_pixels():
    renders, points = picture()
    view = exact_view(renders, 0)
    assert view.image.shape == (SIDE, SIDE, 3)
    assert view.shares.shape == (len(PARTS), SIDE, SIDE)
    inside = view.shares.astype(int).sum(axis=0) > 250
    hair = view.shares[number("hair")] / 255
    np.testing.assert_allclose(hair[inside], view.image[..., 0][inside], atol=0.51)
    assert np.abs(hair - view.image[..., 0])[inside].mean() < 0.01
    assert view.doubted
    middle = levelled(points, SIDE).apply(points).mean(axis=0)
    assert abs(middle[0] - SIDE / 2) < 6


@given(st.integers(0, 2**32 - 1), st.sampled_from([64, 128]))
@settings(max_examples=15, deadline=None)
def test_sampled_views_keep_labels_on_pixels(seed, side):
    renders, _ = picture()
    view = view_of(renders, 0, NOTHING, np.random.default_rng(seed), side)
    inside = view.shares.astype(int).sum(axis=0) > 250
    assert view.image.shape == (side, side, 3)
    hair = view.shares[number("hair")] / 255
    assert np.abs(hair - view.image[..., 0])[inside].mean() < 0.02


def test_a_recipe_of_pictures_begins_with_a_frame_and_has_heads(tmp_path):
    path = tmp_path / "r.yaml"
    path.write_text("version: 1\nname: r\nsteps:\n  - frame: {size: 64}\n")
    with pytest.raises(UsageError, match="heads"):
        check_recipe(path)
    path.write_text("version: 1\nname: r\nheads: {people: 1}\nsteps:\n  - blur: {sigma: 1}\n")
    with pytest.raises(UsageError, match="frame"):
        check_recipe(path)


def test_views_are_spoiled_but_not_hidden(tmp_path):
    assert read_spoiling(RECIPES / "parse_view.yaml").steps
    path = tmp_path / "r.yaml"
    path.write_text("version: 1\nname: r\nsteps:\n  - occlude: {size: 1}\n")
    with pytest.raises(UsageError, match="occlude"):
        read_spoiling(path)


# --- The loss ------------------------------------------------------------------------------------


def logits_of(numbers, sure=12.0):
    """Logits ``(1, 14, h, w)`` that are sure of a part at each pixel."""
    return torch.from_numpy(sure * one_hot(numbers)).permute(2, 0, 1)[None]


def shares_of(numbers):
    return torch.from_numpy(one_hot(numbers)).permute(2, 0, 1)[None]


NUMBERS = np.random.default_rng(0).integers(0, len(PARTS), (16, 16))
DOUBTLESS = torch.zeros(1)


def test_the_right_parts_cost_nothing_and_wrong_ones_do():
    right = parts_of_loss(logits_of(NUMBERS), shares_of(NUMBERS), DOUBTLESS)
    wrong = parts_of_loss(logits_of((NUMBERS + 1) % 14), shares_of(NUMBERS), DOUBTLESS)
    assert right["cross_entropy"] < 1e-3
    assert right["dice"] < 0.01
    assert wrong["cross_entropy"] > 10
    assert wrong["dice"] > right["dice"] + 0.2


def test_true_shares_cost_least():
    """Where two parts share a pixel, whatever they count, no other shares cost less."""
    shares = torch.zeros(1, 14, 2, 2)
    shares[:, number("glasses")], shares[:, number("skin")] = 0.3, 0.7
    logits = (shares + 1e-4).log().requires_grad_()
    cost = parts_of_loss(logits, shares, DOUBTLESS)["cross_entropy"]
    (slope,) = torch.autograd.grad(cost, logits)
    assert slope.abs().max() < 1e-3
    (steep,) = torch.autograd.grad(
        parts_of_loss(logits + torch.rand(1, 14, 1, 1), shares, DOUBTLESS)["cross_entropy"], logits
    )
    assert steep.abs().max() > 3e-3


def test_what_is_not_known_costs_nothing():
    shares = shares_of(NUMBERS) * 0
    parts_ = parts_of_loss(logits_of(NUMBERS), shares, DOUBTLESS)
    assert parts_["cross_entropy"] == 0


def test_glasses_that_nobody_drew_cost_nothing_where_they_are_doubted():
    skin = np.full((8, 8), number("skin"))
    found = logits_of(np.full((8, 8), number("glasses")))
    sure = parts_of_loss(found, shares_of(skin), torch.zeros(1))
    doubted = parts_of_loss(found, shares_of(skin), torch.ones(1))
    assert sure["total"] > 10
    assert doubted["cross_entropy"] == 0


def test_overlap_by_hand():
    there, found = np.zeros((2, 4), int), np.zeros((2, 4), int)
    there[:, 2:] = 1  # four of each
    found[:, 1:] = 1
    both, either = overlap(logits_of(found), shares_of(there))
    assert both[:3].tolist() == [2, 4, 0]
    assert either[:3].tolist() == [4, 6, 0]


# --- The network and its training ----------------------------------------------------------------


@pytest.mark.parametrize("coarse", [False, True])
def test_training_begins_with_facemap_s_trunk_and_keeps_its_first_blocks(coarse):
    state = loop.begun(Settings(steps=1, batch=2, coarse=coarse))
    trunk = load(FaceMap, "facemap").state_dict()
    before = {name: value.clone() for name, value in state.network.state_dict().items()}
    shared = {f"coarse.{name}" for name in trunk} & before.keys()
    assert len(shared) > 50
    for name in shared:
        torch.testing.assert_close(before[name], trunk[name.removeprefix("coarse.")], msg=name)
    batch = (torch.rand(2, 3, 64, 64), torch.zeros(2, 14, 64, 64).byte(), torch.zeros(2))
    batch[1][:, 1] = 255
    settings = Settings(steps=1, coarse=coarse)

    def loss(part):
        return loop._loss(loop._trained(state.network, settings), 2, part)

    found = moved_on(state, loss, batch, settings)
    assert np.isfinite(found["total"])
    kept = ("coarse.stem.", *(f"coarse.trunk.{block}." for block in range(KEPT)))
    for name, now in state.network.named_parameters():
        if name.startswith(kept) or (coarse and name.startswith(("up.", "head."))):
            assert torch.equal(now, before[name]), name
        elif name.startswith(("coarse.up.", "coarse.head.", "head.parts")):
            assert not torch.equal(now, before[name]), name


def test_details_begin_as_nothing():
    torch.manual_seed(0)
    network, crops = FaceParse().eval(), torch.rand(1, 3, 64, 64)
    with torch.inference_mode():
        _, coarse = network.coarse(avg_pool2d(crops, 2))
        enlarged = interpolate(coarse, scale_factor=2, mode="bilinear")
        torch.testing.assert_close(network.logits(crops), enlarged)


def test_the_network_gives_shares():
    network = FaceParse().eval()
    with torch.inference_mode():
        shares = network(torch.rand(2, 3, SIDE, SIDE))
    assert shares.shape == (2, SIDE, SIDE, len(PARTS))
    torch.testing.assert_close(shares.sum(-1), torch.ones(2, SIDE, SIDE))
    assert sum(p.numel() for p in network.parameters()) * 2 < 4e6  # bytes in float16


def test_a_pixel_of_the_picture_reaches_its_own_parts():
    """What is one pixel wide can be told: a change of one pixel is largest there."""
    torch.manual_seed(0)
    network, crop = FaceParse().eval(), torch.rand(1, 3, 64, 64)
    torch.nn.init.normal_(network.head.parts.weight)
    other = crop.clone()
    other[..., 33, 20] = 1 - other[..., 33, 20]
    with torch.inference_mode():
        change = (network.logits(other) - network.logits(crop)).abs().sum(1)[0]
    assert change[33, 20] > 3 * change.mean()


def test_steps_leave_lenses_on_their_pixels():
    worn = Wear(kind="glasses", seed=3)(scene())
    framed = apply_steps([Frame(size=SCENE, room=2.0)], worn, {}, "alpha")
    assert framed.truth.lenses.max() > 0.9
    shares = frozen(parts.drawn(framed))
    assert shares[..., number("lenses")].max() > 0.9
