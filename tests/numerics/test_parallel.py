"""Work side by side: in order, on as many threads as OpenCV has, errors included."""

from __future__ import annotations

import threading

import cv2
import pytest

from facelab.numerics.parallel import both, side_by_side


@pytest.fixture(params=[1, 2, 4])
def threads(request):
    before = cv2.getNumThreads()
    cv2.setNumThreads(request.param)
    yield request.param
    cv2.setNumThreads(before)


def test_results_come_in_order(threads):
    assert side_by_side(lambda number: number**2, range(9)) == [n**2 for n in range(9)]
    assert side_by_side(len, []) == []


def test_as_many_at_a_time_as_there_are_threads(threads):
    meeting = threading.Barrier(threads)
    side_by_side(lambda _: meeting.wait(timeout=60), range(threads))


def test_one_thread_is_the_callers(threads):
    where = side_by_side(lambda _: threading.get_ident(), range(3))
    assert (set(where) == {threading.get_ident()}) == (threads == 1)


def test_errors_come_through(threads):
    with pytest.raises(ZeroDivisionError):
        side_by_side(lambda number: 1 // number, [1, 0, 1])


def test_both_give_theirs_in_order(threads):
    assert both(lambda: 1, lambda: "two") == (1, "two")


def test_both_run_at_once_where_there_are_threads(threads):
    meeting = threading.Barrier(2)
    if threads > 1:
        both(lambda: meeting.wait(timeout=60), lambda: meeting.wait(timeout=60))
    else:
        here = threading.get_ident()
        assert both(threading.get_ident, threading.get_ident) == (here, here)


def test_the_first_one_s_error_comes_first(threads):
    with pytest.raises(ZeroDivisionError):
        both(lambda: 1 / 0, lambda: [][0])
    with pytest.raises(IndexError):
        both(lambda: 1, lambda: [][0])
