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

OUT gets the tables as JSON and, of each kind, the pictures on which most is missed, the worst
first: the picture, what is there, what is found.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
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
from facelab.models.kinds import FACEPARSE, MULTICLASS  # noqa: E402
from facelab.models.runtime import Runner, load_runner  # noqa: E402
from facelab.numerics.arrays import Float  # noqa: E402
from facelab.provenance import file_sha256  # noqa: E402
from facelab.train.parse import renders  # noqa: E402
from facelab.train.parse.views import View, exact_view  # noqa: E402

RECIPE = ROOT / "benchmarks" / "recipes" / "parse.yaml"
TEACHERS = {"hair": ("hair",), "face": ("skin", "brows", "eyes", "lips", "mouth", "beard", "ears"),
            "neck": ("neck",), "clothes": ("clothes",), "background": ("background",)}  # fmt: skip
THIN = 3.0  # pixels of the crop: frames no wider than this are thin
SHOWN = 12  # pictures that are written
ROUNDS = 21

Numbers = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Compared:
    """What was found of a picture, beside what is there.

    Parameters
    ----------
    image : (256, 256, 3) float32
    there, found : (256, 256) int
        Numbers of parts; those of pixels that do not count are -1 in `there`.
    """

    image: Float
    there: Numbers
    found: Numbers

    @property
    def right(self) -> float:
        """The share of counted pixels that are told right."""
        counted = self.there >= 0
        return float((self.found == self.there)[counted].mean()) if counted.any() else 1.0


def compared(view: View, network: Runner) -> Compared:
    """Run the network on a view."""
    shares = view.shares.astype(np.float32) / 255
    there = np.where(shares.max(axis=0) > 0.5, shares.argmax(axis=0), -1)
    (found,) = network(view.image[None])
    return Compared(view.image, there, found[0].argmax(axis=2))


def overlaps(results: list[Compared], thin: bool = False) -> dict[str, float]:
    """Intersection over union of each part over all pictures; of thin frames only if `thin`."""
    both, either = np.zeros(len(PARTS)), np.zeros(len(PARTS))
    for one in results:
        counted = one.there >= 0
        for part in range(len(PARTS)):
            there, found = (one.there == part) & counted, (one.found == part) & counted
            both[part] += (there & found).sum()
            either[part] += (there | found).sum()
    numbers = [PARTS.index("glasses")] if thin else range(len(PARTS))
    return {PARTS[k]: round(float(both[k] / either[k]), 4) for k in numbers if either[k]}


def is_thin(one: Compared) -> bool:
    """Whether a picture has frames, and none that are wide."""
    frames = (one.there == PARTS.index("glasses")).astype(np.uint8)
    if frames.sum() < 40:
        return False
    inner = cv2.erode(frames, np.ones((3, 3), np.uint8))
    return bool(inner.sum() < 0.1 * frames.sum())


def rendered(photographs: Path, folder: Path, workers: int) -> dict[str, list[View]]:
    """Views that nothing was trained on, by what they are of."""
    how = renders.RenderSettings(RECIPE, seed=1)
    files, _, _ = renders.render(photographs, folder, how, workers, lambda *_: None)
    known = {file_sha256(file)[:32] for file in photographs.iterdir() if file.is_file()}
    out: dict[str, list[View]] = {"people": [], "things": [], "photographs": []}
    for file in files:
        one = renders.load(file)
        of_photograph = file.name[:32] in known
        for number in range(len(one.pictures)):
            kind = ("photographs" if number == 0 else "things") if of_photograph else "people"
            out[kind].append(exact_view(one, number))
    return out


def grouped(results: list[Compared]) -> list[Compared]:
    """Results with the parts that the teacher does not tell apart made one."""
    number = np.full(len(PARTS) + 1, -1)
    for names in TEACHERS.values():
        number[[PARTS.index(name) for name in names]] = PARTS.index(names[0])
    return [Compared(one.image, number[one.there], number[one.found]) for one in results]


def timed(network: Runner) -> float:
    """Milliseconds a crop."""
    crop = np.random.default_rng(0).random((1, SIDE, SIDE, 3), np.float32)
    network(crop)
    spent = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        network(crop)
        spent.append(1000 * (time.perf_counter() - start))
    return round(statistics.median(spent), 2)


def pictured(results: list[Compared], path: Path) -> None:
    """Write the pictures of which most is missed: picture, what is there, what is found."""
    palette = np.array([COLOURS[part] for part in PARTS] + [(0, 0, 0)], np.float32) / 255
    worst = sorted(results, key=lambda one: one.right)[:SHOWN]
    rows = [np.hstack([one.image, palette[one.there], palette[one.found]]) for one in worst]
    half = (len(rows) + 1) // 2
    columns = [np.vstack(rows[:half]), np.vstack(rows[half:])]
    tall = max(len(column) for column in columns)
    wide = [np.pad(column, ((0, tall - len(column)), (0, 0), (0, 0))) for column in columns]
    write(path, Image(np.hstack(wide).astype(np.float32)))


def table(title: str, values: dict[str, float]) -> None:
    """Print a table of intersections over unions."""
    print(f"\n{title}\n")
    for part, value in values.items():
        print(f"| {part} | {100 * value:.1f} |")


def main() -> None:
    """Measure, print, and write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("photographs", type=Path)
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--weights", type=Path, help="of `facelab train`, not those shipped")
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args()
    network = load_runner(FACEPARSE, own=given.weights)
    views = rendered(given.photographs, given.output / "renders", given.workers)
    found = {kind: [compared(view, network) for view in own] for kind, own in views.items()}
    drawn = found["people"] + found["things"]
    report = {
        "people who are drawn": overlaps(found["people"]),
        "photographs with things drawn into them": overlaps(found["things"]),
        "of thin frames alone": overlaps([one for one in drawn if is_thin(one)], thin=True),
        "photographs, beside the teacher": overlaps(grouped(found["photographs"])),
    }
    for title, values in report.items():
        table(f"{title}: intersection over union, %", values)
    for kind, results in found.items():
        pictured(results, given.output / f"missed-{kind}.png")
    times = {
        f"{name}, {runtime}": timed(load_runner(kind, runtime))
        for name, kind in (("FaceParse", FACEPARSE), ("its teacher", MULTICLASS))
        for runtime in RUNTIMES
    }
    for name, value in times.items():
        print(f"| {name} | {value} ms |")
    text = json.dumps({**report, "milliseconds": times}, indent=2)
    (given.output / "parse.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
