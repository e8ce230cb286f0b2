"""A whole training run: renders, loop, and the network's weights with their record."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import facelab
from facelab.augment.lock import locked
from facelab.augment.run import OnProgress
from facelab.augment.store import Store
from facelab.errors import UsageError
from facelab.files.writing import same_file, write_bytes_atomically
from facelab.models.facemap import FaceMap
from facelab.models.layers import load_file
from facelab.models.torch_runtime import require_device
from facelab.provenance import file_sha256
from facelab.train import checkpoint, loop
from facelab.train.prepared import read, view_files
from facelab.train.renders import RenderSettings, render
from facelab.train.views import read_degradations

HELD_OUT = 50  # one photograph of so many is never trained on


@dataclass(frozen=True)
class Trained:
    """The result of a training run.

    Parameters
    ----------
    weights, log : Path
        The network, float16 safetensors; the table of errors, whose picture lies beside it.
    photographs, views : int
        How many the network was trained on; drawn people count as photographs.
    skipped : dict of str to str
        Photographs that could not be used, and why.
    left : str
        What else the folder holds, as `facelab.images.FolderContents` says it.
    """

    weights: Path
    log: Path
    photographs: int
    views: int
    skipped: dict[str, str]
    left: str = ""


def run(
    data: Path,
    folder: Path,
    how: RenderSettings,
    settings: loop.Settings,
    device: str,
    workers: int,
    progress: OnProgress,
) -> Trained:
    """Train on a folder of photographs, or of prepared views; go on where one stopped.

    Parameters
    ----------
    data : Path
        Photographs, or the files that `facelab.train.renders` writes.
    folder : Path
        For views, checkpoints, the log and the weights.
    how : RenderSettings
    settings : Settings
    device : str
    workers : int
        Processes that render, and that make views; 0 makes views in this one.
    progress : callable

    Raises
    ------
    UsageError
        If there is nothing to train on, the folder is of another run, a recipe, the head model,
        a view or the device is at fault, or the loss is no longer finite.
    WeightsError
        If weights are missing or damaged.
    OutputError
        If a file cannot be written, or another run is writing the folder.
    """
    if same_file(data, folder):
        raise UsageError(f"{folder}: holds what is trained on; give another folder to write")
    files = view_files(data)
    read_degradations(settings.view)  # errors now, not when all is rendered
    if settings.begin:
        load_file(FaceMap, settings.begin)
    require_device(device)
    with locked(Store(str(folder))):
        skipped, left = dict[str, str](), ""
        rendered = not files
        if rendered:
            files, skipped, left = render(data, folder / "renders", how, max(workers, 1), progress)
        trained = _trained(files, folder, settings, device, workers, progress, skipped, left)
        record(trained, how.key if rendered else None, how.head if rendered else None, settings)
    return trained


def _trained(
    files: list[Path],
    folder: Path,
    settings: loop.Settings,
    device: str,
    workers: int,
    progress: OnProgress,
    skipped: dict[str, str],
    left: str,
) -> Trained:
    """Train on the views in these files, and write the weights."""
    views = read(files, progress)
    held_out = max(1, len(views) // HELD_OUT) if len(views) > 1 else 0
    own, others = views[held_out:], views[:held_out]
    network = loop.train(own, others, folder, settings, device, workers, progress)
    weights = folder / "facemap.safetensors"
    write_bytes_atomically(weights, checkpoint.weights_of(network))
    count = sum(len(one.pictures) for one in own)
    return Trained(weights, folder / "log.csv", len(own), count, skipped, left)


def record(
    trained: Trained, rendering: str | None, head: Path | None, settings: loop.Settings
) -> None:
    """Write what the weights were made from.

    Parameters
    ----------
    trained : Trained
    rendering : str, optional
        The key of the rendering's settings; not known of prepared views.
    head : Path, optional
        The head model that was rendered with.
    settings : Settings
    """
    about = {
        "facelab": facelab.__version__,
        "weights": trained.weights.name,
        "sha256": file_sha256(trained.weights),
        "photographs": trained.photographs,
        "views": trained.views,
        "rendering": rendering,
        "head": file_sha256(head) if head else None,
        "settings": json.loads(checkpoint.described(settings)),
    }
    text = json.dumps(about, indent=2) + "\n"
    write_bytes_atomically(trained.weights.with_suffix(".json"), text.encode())
