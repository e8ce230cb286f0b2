"""A data set by index is what the command writes, in any process."""

from __future__ import annotations

import json
import pickle
from itertools import chain
from pathlib import Path

import numpy as np
import PIL.Image
import pytest

import facelab
from facelab.augment import maps, photographs
from facelab.augment.dataset import AugmentedFaces
from facelab.augment.engines.local import LocalEngine
from facelab.augment.request import DataSetRequest, data_set_of
from facelab.augment.run import run
from facelab.reconstruct.networks import Networks
from tests.front_door import ROOT, model, networks_once

WIDE = ROOT / "recipes" / "augment" / "wide.yaml"
COUNT = 5


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder of two people, one of them twice, and something without a face."""
    out = tmp_path_factory.mktemp("faces")
    (out / "james").mkdir()
    for name, to in (("james-left", "james/1"), ("james-right", "james/2"), ("mona-lisa", "lisa")):
        picture = PIL.Image.open(ROOT / "samples" / f"{name}.jpg")
        picture.reduce(2).save(out / f"{to}.png")
    PIL.Image.new("RGB", (64, 64)).save(out / "wall.png")
    return out


@pytest.fixture(scope="module")
def written(folder, tmp_path_factory):
    """What the command's own functions write."""
    out = tmp_path_factory.mktemp("command")
    request = DataSetRequest(
        recipe=WIDE,
        faces=folder,
        output=str(out / "data"),
        count=COUNT,
        seed=7,
        format="folder",
        maps="all",
        cache=out / "cache",
        consent="unspecified",
        licence="unspecified",
        networks=Networks(),
    )
    with pytest.MonkeyPatch.context() as patch:
        networks_once(patch)
        run(data_set_of(request), LocalEngine(1), lambda *_: None)
    return out


def data_of(recipe, folder, written, **options):
    with pytest.warns(UserWarning, match=r"skipped: wall\.png: no face found"):
        return facelab.AugmentedFaces(
            recipe, folder, COUNT, seed=7, model=model(), cache=written / "cache", **options
        )


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A recipe that is soon done."""
    path = tmp_path_factory.mktemp("recipe") / "small.yaml"
    path.write_text("version: 1\nsteps:\n  - frame: {size: 64, roll: {uniform: [-9, 9]}}\n")
    return path


@pytest.fixture(scope="module")
def data(small, folder, written):
    return data_of(small, folder, written)


def same(one, other):
    return np.array_equal(one[0], other[0]) and one[1:] == other[1:]


def test_samples_are_what_the_command_writes(folder, written):
    data = data_of(WIDE, folder, written, maps="all")
    for index in range(3):
        image, labels, drawn = data[index]
        record = json.loads((written / f"data/labels/{index:09d}.json").read_bytes())
        assert labels == record
        assert image.dtype == np.uint8
        assert np.array_equal(image, np.asarray(PIL.Image.open(written / "data" / record["image"])))
        archive = maps.decoded(maps.decode((written / "data" / record["maps"]).read_bytes()))
        assert drawn.keys() == archive.keys() == maps.MAPS.keys()
        for name, values in drawn.items():
            assert np.array_equal(values, archive[name], equal_nan=True), name


def test_without_maps_labels_are_those_without_them(folder, written):
    _, labels = data_of(WIDE, folder, written)[1]
    record = json.loads((written / "data/labels/000000001.json").read_bytes())
    assert record.pop("maps")
    assert labels == record


def test_some_maps(small, folder, written):
    _, labels, drawn = data_of(small, folder, written, maps=["depth", "visible"])[0]
    assert list(drawn) == ["depth", "visible"]
    assert labels["maps"].endswith(".npz")


def test_indices(data):
    assert len(data) == COUNT
    assert same(data[-1], data[COUNT - 1])
    assert same(data[np.int64(2)], data[2])
    for index in (COUNT, -COUNT - 1):
        with pytest.raises(IndexError):
            data[index]
    assert [labels["index"] for _, labels in data] == list(range(COUNT))


def test_splits_are_known_beforehand(data):
    found = {name: data.indices(name) for name in ("train", "validation", "test")}
    assert sorted(chain(*found.values())) == list(range(COUNT))
    for name, indices in found.items():
        assert all(data[index][1]["split"] == name for index in indices)
    with pytest.raises(facelab.UsageError, match="'dev' is none of train"):
        data.indices("dev")


def test_what_is_skipped_is_said(data):
    assert set(data.skipped) == {"wall.png"}
    assert repr(data) == f"<AugmentedFaces small, {COUNT} of 3 photograph(s)>"


def test_files_are_taken_as_their_folder(folder, written, small, data):
    files = [str(file) for file in sorted(folder.rglob("*.png")) if file.name != "wall.png"]
    other = AugmentedFaces(small, files, COUNT, seed=7, model=model(), cache=written / "cache")
    assert other.skipped == {}
    assert same(other[3], data[3])
    items, _ = photographs.of_files([Path(file) for file in files], 7)
    assert {item.identity for item in items} == {"james", "lisa"}


def test_it_comes_out_of_a_pickle_as_it_went_in(data):
    data[0]
    pickled = pickle.dumps(data)
    assert len(pickled) < 50_000  # neither networks nor photographs
    assert same(pickle.loads(pickled)[2], data[2])


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")  # of later versions of Python
def test_workers_of_a_loader_give_the_same(data):
    loading = pytest.importorskip("torch.utils.data")
    loader = loading.DataLoader(
        data,
        batch_size=2,
        num_workers=2,
        collate_fn=data.collate,
        timeout=300,  # rather than wait for ever
    )
    images, labels = next(iter(loader))
    assert images.shape == (2, 64, 64, 3)
    for index in range(2):
        assert same((images[index], labels[index]), data[index])


def test_batches_of_unlike_sizes_stay_lists():
    samples = [(np.zeros((side, side, 3), np.uint8), {"index": side}) for side in (3, 4)]
    images, labels = AugmentedFaces.collate(samples)
    assert [image.shape[0] for image in images] == [3, 4]
    assert labels == [{"index": 3}, {"index": 4}]


# --- Renders that are kept ----------------------------------------------------------------------

LIT = """version: 1
variants: 2
output: {format: png}
steps:
  - frame: {size: 64, roll: {uniform: [-9, 9]}}
  - light
"""


@pytest.fixture(scope="module")
def lit(tmp_path_factory):
    """A recipe whose light is drawn twice for each render."""
    path = tmp_path_factory.mktemp("recipe") / "lit.yaml"
    path.write_text(LIT)
    return path


def test_a_kept_render_without_light_is_the_file(folder, written, tmp_path):
    recipe = tmp_path / "plain.yaml"
    recipe.write_text(LIT.replace("  - light\n", ""))
    files, kept = (
        data_of(recipe, folder, written, maps=["depth"], memory=memory) for memory in (0, 50)
    )
    for index in range(COUNT):
        image, labels, maps = files[index]
        own, arrays, own_maps = kept[index]
        assert np.array_equal(own, image)
        assert labels.keys() - arrays.keys() == {"image", "maps", "brightness"}
        assert all(arrays[key] == labels[key] for key in ("index", "variant", "split", "steps"))
        assert np.allclose(arrays["points468"], labels["points468"])
        assert np.array_equal(own_maps["depth"], maps["depth"], equal_nan=True)


def test_kept_renders_give_nearly_what_files_hold(lit, folder, written):
    files, kept = (data_of(lit, folder, written, memory=memory) for memory in (0, 50))
    for index in range(COUNT):
        one, other = (data[index][0].astype(int) for data in (files, kept))
        assert np.abs(one - other).mean() < 4  # a curve may stretch the 8 bits of the render
        assert kept[index][1]["steps"] == files[index][1]["steps"]


def test_wherever_they_are_kept_they_are_the_same(lit, folder, written, tmp_path):
    here = data_of(lit, folder, written, memory=50)
    there = data_of(lit, folder, written, renders=tmp_path / "renders")
    pickled = pickle.dumps(here)
    copy = pickle.loads(pickled)
    assert len(pickled) < 50_000
    for index in (4, 0, 1, 0):
        for other in (there, copy):
            assert np.array_equal(other[index][0], here[index][0])
    assert len(list((tmp_path / "renders").iterdir())) == 2  # of samples 0 and 1, and of 4


def test_epochs_draw_light_anew_and_geometry_when_told(lit, folder, written):
    data = data_of(lit, folder, written, memory=50, renew=2)
    epochs = []
    for epoch in range(4):
        data.set_epoch(epoch)
        epochs.append([data[index] for index in range(2)])
    images = [image for samples in epochs for image, _ in samples]
    assert len({image.tobytes() for image in images}) == 8
    places = [labels["landmarks68"] for samples in epochs for _, labels in samples]
    for at, place in enumerate(places):
        assert np.array_equal(place, places[at // 4 * 4])
    assert np.abs(places[0] - places[4]).max() > 1
    data.set_epoch(0)
    assert np.array_equal(data[1][0], images[1])
    files = data_of(lit, folder, written, renew=1)
    files.set_epoch(1)
    assert np.array_equal(files[0][1]["landmarks68"], places[4].astype(float).round(3).tolist())
    with pytest.raises(facelab.UsageError, match="epoch: -1 is not 0 or more"):
        data.set_epoch(-1)


@pytest.mark.parametrize("memory", [0, 50])
def test_workers_share_an_epoch(lit, folder, written, memory):
    data = data_of(lit, folder, written, memory=memory)

    def order(**options):
        return [labels["index"] for _, labels in data.iterate(**options)]

    both = [order(worker=worker, workers=2) for worker in range(2)]
    assert sorted(chain(*both)) == list(range(COUNT))
    assert {index // 2 for index in both[0]}.isdisjoint(index // 2 for index in both[1])
    assert sorted(order(split="train")) == data.indices("train")
    orders = set()
    for epoch in range(6):
        data.set_epoch(epoch)
        orders.add(tuple(order()))
    assert len(orders) > 1
    with pytest.raises(facelab.UsageError, match="worker: 2 is none of 2"):
        order(worker=2, workers=2)


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
@pytest.mark.parametrize("way", ["fork", "spawn"])
def test_loaders_of_either_kind_draw_from_a_folder(lit, folder, written, tmp_path, way):
    loading = pytest.importorskip("torch.utils.data")
    data = data_of(lit, folder, written, renders=tmp_path)
    data.set_epoch(3)
    loader = loading.DataLoader(
        data,
        batch_size=2,
        num_workers=2,
        collate_fn=data.collate,
        multiprocessing_context=way,
        timeout=300,
    )
    images, _ = next(iter(loader))
    assert np.array_equal(images[1], data[1][0])


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"count": 0}, "count: 0 is not 1 or more"),
        ({"seed": -1}, "seed: -1 is not a whole number"),
        ({"memory": -1}, "memory: -1 is not 0 or more"),
        ({"renew": 0}, "renew: 0 is not 1 or more"),
        ({"maps": "shadow"}, "maps: 'shadow' is unknown"),
        ({"photographs": []}, "photographs: none can be read"),
        ({"photographs": ["nowhere.jpg"]}, "nowhere.jpg cannot be read"),
        ({"photographs": "nowhere"}, "nowhere: is not a folder"),
    ],
)
def test_what_cannot_be_is_refused(options, words, tmp_path):
    asked = {"photographs": ROOT / "samples", "count": 3, "cache": tmp_path, **options}
    with pytest.raises(facelab.UsageError) as caught:
        AugmentedFaces(WIDE, **asked)
    assert words in str(caught.value)


def test_no_photograph_with_a_face(tmp_path):
    PIL.Image.new("RGB", (64, 64)).save(tmp_path / "wall.png")
    with pytest.raises(facelab.NoFaceError, match=r"none of 1 can be used \(wall\.png: no face"):
        AugmentedFaces(WIDE, tmp_path, 3, model=model(), cache=tmp_path / "cache")
