"""The programs of benchmarks/, which import each other as programs of one folder do."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[2] / "benchmarks"))
