"""Only the newest request is answered."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from facelab.page.newest import Newest, SupersededError


def test_of_those_that_wait_only_the_newest_is_done():
    newest, begun, go_on, done = Newest(), Event(), Event(), []

    def slow():
        begun.set()
        go_on.wait()
        return "slow"

    with ThreadPoolExecutor(4) as pool:
        first = pool.submit(newest, "tab", 1, slow)
        begun.wait()
        second = pool.submit(newest, "tab", 2, lambda: done.append(2))
        other = pool.submit(newest, "other tab", 1, lambda: "other")
        third = pool.submit(newest, "tab", 3, lambda: "third")
        while newest._turns["tab"] < 3 or "other tab" not in newest._turns:
            pass
        go_on.set()
        assert first.result() == "slow"  # what has begun is finished
        assert third.result() == "third"
        assert other.result() == "other"
        with pytest.raises(SupersededError):
            second.result()
    assert done == []


def test_one_that_comes_late_is_left_out():
    newest = Newest()
    assert newest("tab", 5, lambda: "five") == "five"
    with pytest.raises(SupersededError):
        newest("tab", 4, lambda: "four")
    with pytest.raises(ZeroDivisionError):
        newest("tab", 6, lambda: 1 / 0)
    assert newest("tab", 7, lambda: "seven") == "seven"
