from __future__ import annotations

import multiprocessing
import os
from itertools import count, islice

import dask
import pytest
from distributed import LocalCluster

from facelab.augment.engines import dask as dask_engine
from facelab.augment.engines import load_engine
from facelab.augment.engines.dask import DaskEngine
from facelab.augment.engines.local import LocalEngine
from facelab.augment.engines.processes import cores, single_threaded
from facelab.errors import FacelabError, UsageError
from tests import tasks

HERE = LocalEngine(1)
TWO = LocalEngine(2)


@pytest.fixture(scope="module")
def cluster():
    """Two worker processes on loopback, started again when they die."""
    with (
        single_threaded(),
        dask.config.set({"distributed.comm.timeouts.connect": "2s"}),
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address="127.0.0.1:0") as cluster,
    ):
        yield cluster


@pytest.fixture(params=["here", "two", "dask"])
def engine(request):
    if request.param == "dask":
        return DaskEngine(2, request.getfixturevalue("cluster").scheduler_address)
    return {"here": HERE, "two": TWO}[request.param]


@pytest.fixture(params=["two", "dask"])
def elsewhere(request):
    """An engine that works in other processes."""
    if request.param == "dask":
        return DaskEngine(2, request.getfixturevalue("cluster").scheduler_address)
    return TWO


def test_every_task_is_done_once(engine):
    results = list(engine.map(tasks.square, {"offset": 7}, range(40)))
    assert sorted(value for value, *_ in results) == [7 + n * n for n in range(40)]


def test_no_task_is_no_result(engine):
    assert list(engine.map(tasks.square, {"offset": 0}, [])) == []


def test_what_is_shared_is_unpacked_once_by_each_worker(elsewhere):
    results = list(elsewhere.map(tasks.square, {"offset": 0}, range(40)))
    assert len({(pid, shared) for _, pid, shared in results}) <= 2
    assert os.getpid() not in {pid for _, pid, _ in results}


def test_tasks_are_taken_as_workers_become_free(engine):
    taken = count()
    results = engine.map(tasks.square, {"offset": 0}, (next(taken) for _ in range(10_000)))
    done = sum(1 for _ in islice(results, 20))
    results.close()
    assert next(taken) - done <= 20


def test_workers_have_one_thread(elsewhere, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    (result,) = elsewhere.map(tasks.threads, None, [0])
    assert result == [1, "1", "1", "1"]
    assert os.environ["OMP_NUM_THREADS"] == "2"


def test_one_thread_within(monkeypatch):
    monkeypatch.delenv("MKL_NUM_THREADS", raising=False)
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    with single_threaded():
        assert tasks.threads(None, 0)[1:] == ["1", "1", "1"]
    assert "MKL_NUM_THREADS" not in os.environ
    assert os.environ["OMP_NUM_THREADS"] == "2"


def test_a_worker_that_dies_costs_nothing(elsewhere, tmp_path):
    assert sorted(elsewhere.map(tasks.die, tmp_path / "died", range(20))) == list(range(20))
    assert (tmp_path / "died").exists()


def test_a_task_of_which_every_worker_dies_is_named(elsewhere):
    # Dask blames whatever a dead worker held, which may have been waiting for the deadly task.
    blamed = r"\d" if isinstance(elsewhere, DaskEngine) else "5"
    with pytest.raises(FacelabError, match=rf"^number {blamed}: .*fewer workers"):
        list(elsewhere.map(tasks.die, None, range(8), lambda task: f"number {task}"))


@pytest.mark.parametrize("kind", [UsageError, ValueError, EOFError])
def test_errors_are_those_of_the_function(engine, kind):
    with pytest.raises(kind) as raised:
        list(engine.map(tasks.fail, kind, range(6)))
    assert str(raised.value) == "it is three"


def test_an_error_that_cannot_travel_is_described():
    with pytest.raises(RuntimeError, match="StubbornError: it is three"):
        list(TWO.map(tasks.fail, tasks.StubbornError, range(6)))


def test_an_error_ends_the_workers():
    before = set(multiprocessing.active_children())
    with pytest.raises(ValueError, match="it is three") as kept:
        list(TWO.map(tasks.fail, ValueError, range(6)))
    assert set(multiprocessing.active_children()) <= before
    assert kept.value.__notes__[0].startswith("Traceback")


def test_stopping_ends_the_workers():
    before = set(multiprocessing.active_children())
    results = TWO.map(tasks.square, {"offset": 0}, range(1000))
    next(results)
    assert len(set(multiprocessing.active_children()) - before) == 2
    results.close()
    assert set(multiprocessing.active_children()) <= before


def test_engines_by_name(monkeypatch):
    assert load_engine() == LocalEngine(cores())
    assert load_engine("local", 3) == LocalEngine(3)
    assert load_engine("dask", 3, "tcp://10.0.0.1:8786") == DaskEngine(3, "tcp://10.0.0.1:8786")
    monkeypatch.setattr(dask_engine, "find_spec", lambda name: None)
    with pytest.raises(UsageError, match=r"facelab\[dask\]"):
        load_engine("dask")


def test_no_scheduler():
    with (
        dask.config.set({"distributed.comm.timeouts.connect": 0.5}),
        pytest.raises(FacelabError, match=r"^tcp://127\.0\.0\.1:9: no Dask scheduler answers"),
    ):
        list(DaskEngine(2, "tcp://127.0.0.1:9").map(tasks.square, {"offset": 0}, [1]))


def test_dask_begins_workers_of_its_own():
    results = list(DaskEngine(1).map(tasks.square, {"offset": 0}, range(3)))
    assert sorted(value for value, *_ in results) == [0, 1, 4]
