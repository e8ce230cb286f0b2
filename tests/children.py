"""Python code in processes of its own, which differ in what must not make a difference."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent

THREADS = [{"OMP_NUM_THREADS": count, "OPENBLAS_NUM_THREADS": count} for count in ("1", "2", "5")]
ONE_CORE = "import os; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})\n"
TORCH_BEFORE = "import torch; torch.zeros(9) + 1\n"
"""What code may begin with."""


def output(code, *arguments, **environment):
    """What code prints in a process whose environment has these variables besides."""
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)} | environment,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def outputs(code, *arguments):
    """What code prints with one thread, with more than there may be cores, and on one core."""
    found = [output(code, *arguments, **threads) for threads in THREADS]
    return [*found, output(ONE_CORE + code, *arguments)]
