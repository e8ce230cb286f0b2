"""Renders that are kept: what is kept, how they are found again, and what they cost."""

from __future__ import annotations

import numpy as np
import pytest

from facelab.augment.light.surface import surface_of
from facelab.augment.maps import decoded
from facelab.augment.renders import KeptRender, RenderCache, copied, decode, encode
from facelab.augment.steps.light import Light
from tests.augmented import sample
from tests.synthetic import noise

NAMES = ("depth", "segmentation")


@pytest.fixture(scope="module")
def render():
    made = sample(image=noise(128, 128))
    surface = surface_of(made.positions, made.occlusion)
    return KeptRender.of(made, surface, 3, NAMES)


def cache(folder=None, room=10**9, memory=10**9):
    return RenderCache(folder, room, memory)


def never():
    raise AssertionError("it was there")


def same(one, other):
    assert one.about == other.about
    assert one.arrays.keys() == other.arrays.keys()
    for name, values in one.arrays.items():
        np.testing.assert_array_equal(values, other.arrays[name])


def test_labels_are_those_of_the_record_as_arrays(render):
    record = render.about["record"]
    assert render.labels["landmarks68"].dtype == np.float32
    assert render.labels["visible68"].dtype == bool
    np.testing.assert_allclose(render.labels["points468"], record["points468"], rtol=1e-6)
    assert render.labels["pose"]["rotation"].shape == (3, 3)
    assert render.labels["identities"] == record["identities"]
    assert render.labels["pose"]["yaw"] == record["pose"]["yaw"]
    assert "brightness" not in render.labels
    (face,) = render.labels["faces"]
    np.testing.assert_array_equal(face["landmarks68"], render.labels["landmarks68"])
    assert decoded(render.maps).keys() == set(NAMES)


def test_light_on_a_kept_render_is_that_on_the_scene(render):
    made = sample(image=noise(128, 128))

    class Seen:
        box = made.positions.box
        surface = surface_of(made.positions, made.occlusion)

    for kind in ("half dark", "flash", "pattern"):
        step = Light(kind=kind, lamp=1, gamma=0, seed=4)
        off = step.apply(made.image, Seen()) - step.apply(
            (render.arrays["image"] / 255).astype(np.float32), render
        )
        assert np.abs(off).mean() < 0.004  # of 8 bits and of half precision
    assert render.box.centre == pytest.approx(made.positions.box.centre, abs=1e-3)


def test_a_copy_may_be_changed(render):
    copy = copied(render.labels)
    copy["landmarks68"][:] = 0
    copy["pose"]["rotation"][:] = 0
    copy["faces"][0]["box"][:] = 0
    copy["steps"].append("another")
    assert render.labels["landmarks68"].any()
    assert render.labels["pose"]["rotation"].any()
    assert render.labels["faces"][0]["box"].any()
    assert "another" not in render.labels["steps"]


def test_a_file_holds_all_of_it(render):
    same(decode(encode(render)), render)


@pytest.mark.parametrize(
    "damage", [lambda data: data[: len(data) // 2], lambda _: b"", bytes.upper]
)
def test_a_damaged_file_is_none(render, damage, tmp_path):
    with pytest.raises(ValueError):  # of the archive, the array or the JSON
        decode(damage(encode(render)))
    cache(tmp_path).get("a", lambda: render)
    (file,) = tmp_path.iterdir()
    file.write_bytes(damage(file.read_bytes()))
    same(cache(tmp_path).get("a", lambda: render), render)
    same(cache(tmp_path).get("a", never), render)


def test_what_was_made_is_found_again(render, tmp_path):
    here = cache()
    assert here.get("a", lambda: render) is render
    assert here.get("a", never) is render
    cache(tmp_path / "new", memory=0).get("a", lambda: render)
    same(cache(tmp_path / "new", memory=0).get("a", never), render)


def test_memory_is_bounded(render):
    here = cache(memory=int(2.5 * render.bytes))
    for name in "abc":
        here.get(name, lambda: render)
    with pytest.raises(AssertionError):
        here.get("a", never)
    here.get("b", never)
    here.get("d", lambda: render)
    here.get("b", never)  # c was not asked for the longest
    with pytest.raises(AssertionError):
        here.get("c", never)


def test_a_folder_is_bounded_and_nothing_else_in_it_is_touched(render, tmp_path):
    (tmp_path / "mine.npz").write_bytes(bytes(10**6))
    size = len(encode(render))
    for number in range(12):
        here = cache(tmp_path, room=int(4.5 * size), memory=0)  # as of several processes
        for again in range(2):
            here.get(f"{number}-{again}", lambda: render)
        kept = list(tmp_path.glob("*.render.npz"))
        assert sum(file.stat().st_size for file in kept) <= 4.5 * size
    assert (tmp_path / "mine.npz").stat().st_size == 10**6
    same(here.get("11-1", never), render)
