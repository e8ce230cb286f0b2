"""What was made last is kept, made once, and only so much of it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from facelab.recent import Recent


def test_a_value_is_made_once_and_the_oldest_goes():
    recent, made = Recent(2), []

    def value(key):
        return recent.of(key, lambda: made.append(key) or key.upper())

    assert [value(key) for key in "abab"] == ["A", "B", "A", "B"]
    assert made == ["a", "b"]
    value("a")
    value("c")  # b was asked for before a
    assert [value(key) for key in "acb"] == ["A", "C", "B"]
    assert made == ["a", "b", "c", "b"]


def test_threads_that_ask_at_once_get_the_same_one():
    recent, together, made = Recent(1), Barrier(4), []

    def ask(_):
        together.wait(30)
        return recent.of("key", lambda: made.append(1) or object())

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(ask, range(4)))
    assert len(set(map(id, found))) == 1
    assert len(made) == 1


def test_what_failed_is_tried_again():
    recent = Recent(2)
    with pytest.raises(ZeroDivisionError):
        recent.of("key", lambda: 1 / 0)
    assert recent.of("key", lambda: 7) == 7
