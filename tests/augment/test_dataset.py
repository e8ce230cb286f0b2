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


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"count": 0}, "count: 0 is not 1 or more"),
        ({"seed": -1}, "seed: -1 is not a whole number"),
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
