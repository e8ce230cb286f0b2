"""Two photographs at a time: what comes out is as of one after the other."""

from __future__ import annotations

from threading import Barrier, Event, Lock, get_ident

import pytest

from facelab.cli.side_by_side import side_by_side


def test_results_come_in_the_order_of_the_items():
    later = Event()

    def work(item):
        if item == 0:
            assert later.wait(30)
        if item == 1:
            later.set()
        return item

    assert list(side_by_side(work, range(9))) == list(range(9))


def test_two_are_in_work_and_never_three():
    together, lock, inside = Barrier(2), Lock(), []

    def work(item):
        with lock:
            inside.append(item)
            assert len(inside) <= 2
        together.wait(30)
        with lock:
            inside.remove(item)
        return item

    assert list(side_by_side(work, range(6))) == list(range(6))


def test_one_alone_runs_in_the_thread_that_asks():
    assert list(side_by_side(lambda _: get_ident(), ["one"])) == [get_ident()]
    assert list(side_by_side(lambda _: get_ident(), [])) == []


@pytest.mark.parametrize("kind", [ValueError, KeyboardInterrupt])
def test_a_failure_comes_in_its_turn_and_ends_it(kind):
    begun, done = [], []

    def work(item):
        begun.append(item)
        if item == 2:
            raise kind
        return item

    with pytest.raises(kind):
        for result in side_by_side(work, range(50)):
            done.append(result)  # noqa: PERF402  # those before the failure are kept
    assert done == [0, 1]
    assert set(begun) <= {0, 1, 2, 3}


def test_whoever_stops_asking_gets_what_is_in_work_finished():
    finished = []
    results = side_by_side(lambda item: finished.append(item) or item, range(50))
    assert next(results) == 0
    results.close()
    assert {0} <= set(finished) <= {0, 1, 2}
