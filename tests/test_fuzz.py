"""Whatever is wrong with a file, reading it ends in a result or in one line, soon and in bounds.

The files are those of `tests/fuzz.py`, by a seed; they are read in another process, with a bound on
its memory, so that a library's crash is seen. ``scripts/fuzz 10000`` reads more of them.
"""

from __future__ import annotations

import json
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from tests.fuzz import READERS

ROOT = Path(__file__).parent.parent
LONGEST = 20.0  # seconds of CPU for one file; the slowest of 10,000 took 2.1
MOST = 600  # MB for one file, beside the process itself


@cache
def outcomes():
    """What became of the files, by reader; and what the process wrote to stderr."""
    command = [sys.executable, "-m", "tests.fuzz", "suite"]
    run = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    lines = [json.loads(line) for line in run.stdout.splitlines()]
    begun = [line["begins"] for line in lines if "begins" in line]
    assert run.returncode in (0, 1), (
        f"{begun[-1:]} ended the process: {run.returncode}\n{run.stderr}"
    )
    return {line["reader"]: line for line in lines if "reader" in line}, run.stderr


@pytest.mark.parametrize("reader", [reader.name for reader in READERS])
def test_damaged_files_end_in_a_result_or_a_line(reader):
    outcome = outcomes()[0][reader]
    assert outcome["failures"] == []
    assert outcome["slowest"] < LONGEST
    assert outcome["peak"] < MOST


def test_no_library_writes_to_stderr_itself():
    assert outcomes()[1] == ""
