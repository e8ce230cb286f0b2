"""Running commands in this process, on small pictures and without networks."""

from __future__ import annotations

import json
import signal
from hashlib import sha256
from pathlib import Path

import numpy as np
import PIL.Image
from click.testing import CliRunner

from facelab import atlas
from facelab.augment.classes import NOT_KNOWN
from facelab.cli import main
from facelab.types import PositionMap, Reconstruction

SENTENCE = "The face of a person in this image was replaced with another by facelab."


class FlatFace:
    """Reconstructor: a flat face in the middle of any image of 32 px or more."""

    def __call__(self, image, boxes=None):
        height, width = image.shape[:2]
        if min(height, width) < 32:
            return []
        v, u = np.mgrid[:256, :256].astype(np.float32) / 255
        places = np.dstack([width * (0.2 + 0.6 * u), height * (0.2 + 0.6 * v), 0 * u])
        return [Reconstruction(PositionMap(places, atlas.canonical()), 0.9)]

    def largest(self, image):
        return self(image)


def nothing_known(*_):
    """In place of the networks that tell the classes of a photograph's pixels."""
    return lambda image, positions: np.full(image.shape[:2], NOT_KNOWN, np.uint8)


def picture(path, seed, height=36, width=40):
    Path(path).parent.mkdir(exist_ok=True)
    values = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    PIL.Image.fromarray(values).save(path)
    return values


def grey_picture(path, seed, height=36, width=40):
    """A mask: one channel of a `picture`."""
    values = picture(path, seed, height, width)[..., 0]
    PIL.Image.fromarray(values).save(path)
    return values


def photographs(count, folder="photos"):
    return {
        f"{name}.png": picture(f"{folder}/{name}.png", seed)
        for seed, name in enumerate("abcdefgh"[:count])
    }


def facelab_(*arguments):
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def swap(*arguments, source="source.png", target="target.png", output="out.png"):
    return facelab_("swap", "-s", source, "-t", target, "-o", output, *arguments)


def values(path):
    with PIL.Image.open(path) as file:
        return np.asarray(file)


def record(path):
    return json.loads(Path(f"{path}.json").read_text())


def digest(path):
    return sha256(Path(path).read_bytes()).hexdigest()


def snapshot(folder):
    return {path.name: path.read_bytes() for path in Path(folder).iterdir()}


def one_line(result, *parts):
    """The error is one line with a prefix, and says `parts`."""
    lines = [line for line in result.stderr.splitlines() if line.startswith("facelab: ")]
    assert len(lines) == 1, result.stderr
    assert "Traceback" not in result.output
    for part in parts:
        assert part in lines[0]
    return True


def interruptible():
    """A shell ignores Ctrl-C for what it runs in the background, and so would its children."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
