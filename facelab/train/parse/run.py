"""A whole training run of `FaceParse`: pictures, loop, and the network's weights."""

from __future__ import annotations

from pathlib import Path

from facelab.augment.lock import locked
from facelab.augment.run import OnProgress
from facelab.augment.store import Store
from facelab.errors import UsageError
from facelab.files.writing import same_file, write_bytes_atomically
from facelab.models.faceparse import FaceParse
from facelab.models.layers import load_file
from facelab.models.torch_runtime import require_device
from facelab.train import checkpoint
from facelab.train.loop import Settings
from facelab.train.parse import loop
from facelab.train.parse.renders import RenderSettings, check_recipe, render
from facelab.train.parse.views import read_spoiling
from facelab.train.run import HELD_OUT, Trained, record


def run(
    data: Path,
    folder: Path,
    how: RenderSettings,
    settings: Settings,
    device: str,
    workers: int,
    progress: OnProgress,
) -> Trained:
    """Train on a folder of photographs and on people who are drawn; go on where one stopped.

    Parameters and errors as of `facelab.train.run.run`, but that pictures are always rendered.
    """
    if same_file(data, folder):
        raise UsageError(f"{folder}: holds what is trained on; give another folder to write")
    check_recipe(how.recipe)  # errors now, not when all is rendered
    read_spoiling(settings.view)
    if settings.begin:
        load_file(FaceParse, settings.begin)
    require_device(device)
    with locked(Store(str(folder))):
        renders = folder / "renders"
        files, skipped, left = render(data, renders, how, max(workers, 1), progress)
        held_out = max(1, len(files) // HELD_OUT) if len(files) > 1 else 0
        own, others = files[held_out:], files[:held_out]
        network = loop.train(own, others, folder, settings, device, workers, progress)
        weights = folder / "faceparse.safetensors"
        write_bytes_atomically(weights, checkpoint.weights_of(network))
        views = len(own) * how.views
        trained = Trained(weights, folder / "log.csv", len(own), views, skipped, left)
        record(trained, how.key, None, settings)
    return trained
