"""Work side by side: in order, on as many threads as OpenCV has, errors included."""

from __future__ import annotations

import os
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
    meeting = threading.Barrier(threads)

    def where(_):
        meeting.wait(timeout=60)
        return threading.get_ident()

    found = side_by_side(where, range(threads))
    assert threading.get_ident() in found
    assert len(set(found)) == threads


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


def test_the_first_input_s_error_comes_first(threads):
    def fail(number):
        raise ValueError(number)

    with pytest.raises(ValueError, match="0"):
        side_by_side(fail, range(7))


def test_more_than_there_are_threads_wait_for_none(threads):
    """Each one asks for another, until no thread is left that could do it."""

    def nested(depth):
        return 0 if depth == 0 else sum(both(lambda: 1, lambda: nested(depth - 1)))

    assert nested(200) == 200


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # newer Pythons warn of forks
def test_a_forked_process_has_threads_of_its_own():
    before = cv2.getNumThreads()
    cv2.setNumThreads(2)
    both(lambda: 1, lambda: 2)
    child = os.fork()
    if child == 0:
        os._exit(both(lambda: 3, lambda: 4) != (3, 4))
    cv2.setNumThreads(before)
    assert os.waitpid(child, 0)[1] == 0
