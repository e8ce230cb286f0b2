"""The training loop of `FaceParse`; it shares its steps, checkpoints and log with FaceMap's."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from facelab.augment.run import OnProgress
from facelab.augment.template import Template
from facelab.models.facemap import FaceMap
from facelab.models.faceparse import SIDE, FaceParse
from facelab.models.layers import load as load_network
from facelab.models.layers import load_file
from facelab.models.torch_runtime import each_alone
from facelab.train import checkpoint
from facelab.train.gradients import Batch, require_finite
from facelab.train.log import Log, Measures
from facelab.train.loop import Settings, State, finite, moved_on, rate_at, use_one_thread
from facelab.train.parse.objective import overlap, parts_of_loss
from facelab.train.parse.renders import load
from facelab.train.parse.views import View, exact_view, read_spoiling, view_of

MEASURES = Measures(
    ("cross_entropy", "dice"),
    ("cross_entropy", "missed"),
    {
        "cross_entropy": (50, 100, 200),
        "held_out_cross_entropy": (215, 90, 25),
        "held_out_missed": (50, 150, 75),
    },
)
"""``missed`` is 1 less the mean over parts of intersection over union."""

_VALIDATED = 96  # views


class Views(Dataset[View]):
    """The views of a training run: view k is the same in any process.

    Parameters
    ----------
    files : list of Path
        Of `facelab.train.parse.renders`.
    degradations : Template
    start, count : int
        The first view; how many.
    seed, side : int
        Of the run; of the views, pixels.
    """

    def __init__(
        self,
        files: list[Path],
        degradations: Template,
        start: int,
        count: int,
        *,
        seed: int,
        side: int,
    ) -> None:
        self._files, self._degradations = files, degradations
        self._start, self._count, self._seed, self._side = start, count, seed, side

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, index: int) -> View:
        number = self._start + index
        epoch, place = divmod(number, len(self._files))
        order = np.random.default_rng([self._seed, 1, epoch]).permutation(len(self._files))
        renders = load(self._files[order[place]])
        rng = np.random.default_rng([self._seed, 2, number])
        picture = int(rng.integers(len(renders.pictures)))
        return view_of(renders, picture, self._degradations, rng, self._side)


def train(
    files: list[Path],
    validation: list[Path],
    folder: Path,
    settings: Settings,
    device: str,
    workers: int,
    progress: OnProgress,
) -> FaceParse:
    """Train, or go on with what a checkpoint in `folder` holds.

    Parameters and errors as of `facelab.train.loop.train`, but for files of
    `facelab.train.parse.renders`.
    """
    state, data = begun(settings).to(device), digest([*validation, *files])
    checkpoint.resume(folder, state, settings, data)
    log = Log(folder / "log.csv", state.step, MEASURES)
    exact = _spread(validation)
    progress("train", settings.steps, state.step, 0)
    for views in _batches(files, settings, state.step, workers):
        batch = collated(views, device)
        loss = partial(_loss, _trained(state.network, settings), len(views))
        parts = moved_on(state, loss, batch, settings)
        progress("train", settings.steps, 1, 1)
        log.add(parts)
        if state.step % settings.every == 0 or state.step == settings.steps:
            error = _validated(state, exact, device, settings)
            log.write(state.step, rate_at(state.step, settings), error)
            checkpoint.save(folder, state, settings, data)
    return state.averaged.cpu()


def begun(settings: Settings) -> State[FaceParse]:
    """The state at the beginning: FaceMap's trunk, or other weights."""
    torch.manual_seed(settings.seed)
    network, averaged = FaceParse(), FaceParse()
    if settings.begin:
        network.load_state_dict(load_file(FaceParse, settings.begin).state_dict())
    elif not settings.scratch:
        known, own = load_network(FaceMap, "facemap").state_dict(), network.coarse.state_dict()
        network.coarse.load_state_dict({key: known.get(key, value) for key, value in own.items()})
    averaged.load_state_dict(network.state_dict())
    state = State(network, averaged, scratch=settings.scratch)
    if settings.coarse:
        for part in (network.up, network.head):
            part.requires_grad_(False)
    return state


def collated(views: list[View], device: str) -> Batch:
    """Collate views into a batch: crops, shares, and whether they are doubted."""
    crops = torch.from_numpy(np.stack([view.image for view in views])).permute(0, 3, 1, 2)
    shares = torch.from_numpy(np.stack([view.shares for view in views]))
    doubted = torch.tensor([float(view.doubted) for view in views])
    return crops.to(device), shares.to(device), doubted.to(device)


def _trained(network: FaceParse, settings: Settings) -> Callable[[Tensor], Tensor]:
    """What is trained: crops to the logarithms of shares."""
    if settings.coarse:
        return lambda crops: network.coarse(crops)[1]
    return network.logits


def _side(settings: Settings) -> int:
    """Of the crops that it sees, pixels."""
    return SIDE // 2 if settings.coarse else SIDE


def _loss(network: Callable[[Tensor], Tensor], count: int, part: Batch) -> dict[str, Tensor]:
    """Some views' share in the loss of a batch of so many."""
    crops, shares, doubted = part
    with torch.autocast(crops.device.type, torch.bfloat16):
        logits = network(crops)
    require_finite(logits)
    found = parts_of_loss(logits.float().contiguous(), shares.float() / 255, doubted)
    return {name: value * (len(crops) / count) for name, value in found.items()}


def _batches(
    files: list[Path], settings: Settings, step: int, workers: int
) -> Iterator[list[View]]:
    degradations = read_spoiling(settings.view)
    first, count = step * settings.batch, (settings.steps - step) * settings.batch
    yield from DataLoader(
        Views(files, degradations, first, count, seed=settings.seed, side=_side(settings)),
        settings.batch,
        num_workers=workers,
        collate_fn=list,
        worker_init_fn=use_one_thread,
        # A fork would inherit locks of threads that it does not have.
        multiprocessing_context="forkserver" if workers else None,
    )


def _validated(
    state: State[FaceParse], views: list[View], device: str, settings: Settings
) -> dict[str, float]:
    """The cross entropy and what is missed over held-out views."""
    batches = [collated(views[start : start + 8], device) for start in range(0, len(views), 8)]
    with finite(state.step - 1, settings):
        found = each_alone(partial(_errors, state.averaged), batches)
    if not found:
        return {}
    entropies, both, either = zip(*found, strict=True)
    shared, whole = torch.stack(both).sum(0), torch.stack(either).sum(0)
    missed = 1 - (shared / whole)[whole > 0].mean().item()
    return {"cross_entropy": sum(entropies) / len(views), "missed": missed}


@torch.inference_mode()
def _errors(network: FaceParse, batch: Batch) -> tuple[float, Tensor, Tensor]:
    """The cross entropy of a batch, times its size, and the overlap of each part."""
    crops, shares, doubted = batch
    logits, wanted = network.logits(crops), shares.float() / 255
    require_finite(logits)
    entropy = parts_of_loss(logits, wanted, doubted)["cross_entropy"].item()
    return (len(crops) * entropy, *overlap(logits, wanted))


def _spread(validation: list[Path]) -> list[View]:
    """At most `_VALIDATED` of the views, evenly spread."""
    every = [(one, view) for one in map(load, validation) for view in range(len(one.pictures))]
    count = min(len(every), _VALIDATED)
    return [exact_view(*every[place * len(every) // count]) for place in range(count)]


def digest(files: list[Path]) -> str:
    """The digest of views, hexadecimal."""
    found = hashlib.sha256()
    for file in files:
        found.update(hashlib.sha256(file.read_bytes()).digest())
    return found.hexdigest()
