"""FaceParse measured: parts of pictures of which all is known, and beside its teacher.

Run `python benchmarks/bench_parse.py PHOTOGRAPHS -o OUT` with a folder of portraits that it was not
trained on. Three tables:

- Intersection over union (Everingham et al., IJCV 2010) by part on pictures rendered by `facelab
  train`'s recipe with another seed: people who are drawn, and the photographs with glasses, hats
  and hands drawn into them. Pixels count that are known and mostly of one part; frames of less
  than 1.2 mm apart.
- The same on the photographs as they are, with the teacher's classes for the truth: what the two
  share are hair, skin of face and ears, skin of the body, clothes and background.
- Milliseconds a crop, medians of 21, one crop at a time, by each runtime.

OUT gets the tables as JSON, and the pictures on which most is missed, the worst first: the picture,
what is there, what is found.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from facelab.constants import PARTS, RUNTIMES  # noqa: E402 - needs the path above
from facelab.export.parse import COLOURS  # noqa: E402
from facelab.geometry.parsing import SIDE  # noqa: E402
from facelab.images import Image, write  # noqa: E402
from facelab.models.faceparse import FaceParse  # noqa: E402
from facelab.models.layers import load, load_file  # noqa: E402
from facelab.models.multiclass_segmenter import MulticlassSegmenter  # noqa: E402
from facelab.models.runtime import Runner, load_runner  # noqa: E402
from facelab.numerics.arrays import Float  # noqa: E402
from facelab.train.parse import renders  # noqa: E402
from facelab.train.parse.views import View, exact_view  # noqa: E402
