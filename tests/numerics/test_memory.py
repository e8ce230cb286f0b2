from __future__ import annotations

import ctypes

from facelab.numerics.memory import keep_freed, share_heap


def test_thresholds_are_set(monkeypatch):
    said = []

    class Library:
        @staticmethod
        def mallopt(option, value):
            said.append((option, value))

    monkeypatch.setattr(ctypes, "CDLL", lambda _: Library)
    share_heap()
    keep_freed()
    assert [option for option, _ in said] == [-8, -3, -1]
    assert all(0 < value < 2**31 for _, value in said)  # they are of C's int


def test_other_systems_have_none(monkeypatch):
    monkeypatch.setattr(ctypes, "CDLL", lambda _: object())
    share_heap()
    keep_freed()
