"""What examples in docstrings and documents are run with: samples, and networks once."""

from __future__ import annotations

import shutil
from functools import cache
from pathlib import Path

import facelab
from facelab.reconstruct import load_reconstructor
from facelab.reconstruct.networks import Networks

ROOT = Path(__file__).parent.parent

loaded = cache(load_reconstructor)


def networks_once(monkeypatch):
    """Let every `facelab.load_model` of this process give the same networks."""

    def load(networks):
        parts = networks.detector, networks.backend, networks.runtime, networks.device
        own = (networks.own,) if networks.own else ()
        return loaded(*parts, *own)

    monkeypatch.setattr(Networks, "load", load)


def lay_out(folder):
    """Put the samples into a folder."""
    shutil.copytree(ROOT / "samples", folder / "samples")
    return folder


def model():
    """The networks that come along."""
    return facelab.FaceModel(loaded("blazeface", "map", "onnx", "cpu"), Networks())
