from __future__ import annotations

import sys

from facelab.cli.progress import Bar, Progress


def test_progress_has_rate_and_time_left(monkeypatch, capsys):
    now = [0.0]
    monkeypatch.setattr("facelab.cli.progress.monotonic", lambda: now[0])
    monkeypatch.setattr("tqdm.std.time", lambda: now[0])
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with Progress(hidden=False) as progress:
        progress("augmenting", 8000, 0, 0)
        progress("augmenting", 8000, 400, 0)  # were there before, which is no measure of speed
        now[0] = 10.0
        progress("augmenting", 8000, 20, 20)
        assert progress.rate == 2.0
    shown = capsys.readouterr().err
    assert "augmenting" in shown
    assert "420/8000" in shown
    assert "2.00/s, 1:03:10 left" in shown


def test_a_stage_follows_another(monkeypatch, capsys):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with Progress(hidden=False) as progress:
        progress("check", 2, 2, 2)
        progress("train", 3, 3, 3)
    shown = capsys.readouterr().err
    assert shown.index("2/2") < shown.index("3/3")
    assert shown.index("check") < shown.index("train")


def test_the_name_of_what_is_done_is_shown(monkeypatch, capsys):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with Bar("swapping", 2, hidden=False) as bar:
        bar.set_postfix_str("a.jpg", refresh=False)
        bar.update()
        bar.refresh()
    assert "a.jpg" in capsys.readouterr().err


def test_nothing_made_has_no_rate(capsys):
    with Progress(hidden=True) as progress:
        progress("augmenting", 5, 0, 0)
        progress("augmenting", 5, 5, 0)
        assert progress.rate is None
    assert capsys.readouterr().err == ""


def test_a_log_has_the_stage_alone(capsys):
    with Progress(hidden=False) as progress:
        for _ in range(100):
            progress("augmenting", 100, 1, 1)
    assert capsys.readouterr().err == "augmenting\n"
