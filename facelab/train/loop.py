"""The training loop: batches, AdamW, a moving average of the weights, checkpoints, a log."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from multiprocessing.sharedctypes import RawArray
from pathlib import Path
from typing import Any, Generic, TypeVar

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

from facelab.augment.run import OnProgress
from facelab.augment.template import Template
from facelab.errors import UsageError
from facelab.geometry.head import POINTS
from facelab.models.facemap import FaceMap
from facelab.models.facemesh import FaceMesh
from facelab.models.faceparse import FaceParse
from facelab.models.layers import load, load_file
from facelab.models.torch_runtime import each_alone, one_thread
from facelab.train import checkpoint
from facelab.train.gradients import Batch, gradients, require_finite
from facelab.train.log import Log
from facelab.train.objective import Objective
from facelab.train.renders import RECIPES, Renders
from facelab.train.views import View, exact_view, read_degradations, view_of

_WARM = 0.02  # of the steps, over which the rate rises
_TRUNK = 0.5  # rate of the trunk beside that of what stands on it
_VALIDATED = 256  # views
_DECAY = 0.01  # of the weights
_OF_FACES = ("map", "landmarks")  # of the parts of the loss, those that are means over faces


@dataclass(frozen=True)
class Settings:
    """Settings of a training; all random numbers, and so the result, depend on these alone.

    Parameters
    ----------
    steps, batch : int
        How many updates, of how many views each.
    rate : float
        Learning rate at its highest; it rises at first and falls along a cosine.
    average : float
        How much of the moving average of the weights (Polyak & Juditsky 1992) is kept each step.
    seed : int
    every : int
        Steps between checkpoints.
    view : Path
        Augmentation recipe of each view.
    scratch : bool
        Begin with random weights instead of FaceMesh's, and train all of them.
    jaw : bool
        Whether the jaw's landmarks count.
    begin : Path, optional
        Weights of such a network to go on from, instead of FaceMesh's.
    coarse : bool
        Train `FaceParse`'s coarse network alone, on crops of half the size: it learns faster so.
    """

    steps: int = 20000
    batch: int = 32
    rate: float = 1e-3
    average: float = 0.998
    seed: int = 0
    every: int = 500
    view: Path = RECIPES / "view.yaml"
    scratch: bool = False
    jaw: bool = True
    begin: Path | None = None
    coarse: bool = False


Network = TypeVar("Network", FaceMap, FaceParse)
"""A network that is trained: it has a ``trunk``, and tells what is ``trainable``."""


class Views(Dataset[View]):
    """The views of a training run: view k is the same in any process, whose renders are shared.

    Parameters
    ----------
    renders : list of Renders
    degradations : Template
    seed, start, count : int
        Of the run; the first view; how many.
    """

    def __init__(
        self, renders: list[Renders], degradations: Template, seed: int, start: int, count: int
    ) -> None:
        pictures = [picture for one in renders for picture in one.pictures]
        self._ends = np.cumsum([0, *map(len, pictures)])
        self._pictures = _shared(pictures)
        self._points = _shared([one.points.tobytes() for one in renders])
        self._degradations = degradations
        self._seed, self._start, self._count = seed, start, count
        self._order: tuple[int, list[int]] = (-1, [])

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, index: int) -> View:
        number = self._start + index
        epoch, place = divmod(number, len(self._ends) - 1)
        if self._order[0] != epoch:
            rng = np.random.default_rng([self._seed, 1, epoch])
            self._order = epoch, rng.permutation(len(self._ends) - 1).tolist()
        view = self._order[1][place]
        pictures = np.frombuffer(self._pictures, np.uint8)
        picture = pictures[self._ends[view] : self._ends[view + 1]].tobytes()
        points = np.frombuffer(self._points, np.float32).reshape(-1, POINTS, 3)[view]
        rng = np.random.default_rng([self._seed, 2, number])
        return view_of(picture, points, self._degradations, rng)


def _shared(parts: Sequence[bytes]) -> Any:  # noqa: ANN401  # an array of ctypes, a buffer
    """Bytes, one part after the other, in memory that goes to other processes as it is."""
    memory, end = RawArray("B", sum(map(len, parts))), 0
    for part in parts:
        np.frombuffer(memory, np.uint8)[end : end + len(part)] = np.frombuffer(part, np.uint8)
        end += len(part)
    return memory


def train(
    renders: list[Renders],
    validation: list[Renders],
    folder: Path,
    settings: Settings,
    device: str,
    workers: int,
    progress: OnProgress,
) -> FaceMap:
    """Train, or go on with what a checkpoint in `folder` holds.

    Parameters
    ----------
    renders, validation : list of Renders
        To learn from, and to measure on.
    folder : Path
        For checkpoints and the log.
    settings : Settings
    device : str
        Of `facelab.constants.DEVICES`.
    workers : int
        Processes that make views.
    progress : callable
        Told the stage, how many steps, how many more are done, and how many of these now.

    Returns
    -------
    FaceMap
        The moving average, on the CPU.

    Raises
    ------
    UsageError
        If the checkpoint is of another run, or the loss is no longer finite.
    """
    state, data = State.begun(settings).to(device), digest([*validation, *renders])
    checkpoint.resume(folder, state, settings, data)
    log = Log(folder / "log.csv", state.step)
    objective = Objective(jaw=settings.jaw).to(device)
    exact = [exact_view(r.pictures[v], r.points[v]) for r, v in _spread(validation)]
    progress("train", settings.steps, state.step, 0)
    for views in _batches(renders, settings, state.step, workers):
        parts = _update(state, objective, collated(views, device), settings)
        progress("train", settings.steps, 1, 1)
        log.add(parts)
        if state.step % settings.every == 0 or state.step == settings.steps:
            error = _validated(state, objective, exact, device, settings)
            log.write(state.step, rate_at(state.step, settings), error)
            checkpoint.save(folder, state, settings, data)
    return state.averaged.cpu()


class State(nn.Module, Generic[Network]):
    """The state of a training: all that it changes.

    Parameters
    ----------
    network : FaceMap or FaceParse
    averaged : FaceMap or FaceParse
        The moving average of its weights.
    scratch : bool
        Whether all of it is trained.
    """

    def __init__(self, network: Network, averaged: Network, *, scratch: bool) -> None:
        super().__init__()
        self.network: Network = network
        self.averaged: Network = averaged
        self.step = 0
        for one in (network, averaged):  # twice as fast as torch's own layout
            one.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.averaged.requires_grad_(False)
        trunk = {id(p) for p in network.trunk.parameters()}
        moved = list(network.parameters()) if scratch else network.trainable()
        for parameter in network.parameters():
            parameter.requires_grad_(any(parameter is one for one in moved))
        slow = [p for p in moved if id(p) in trunk]
        fast = [p for p in moved if id(p) not in trunk]
        groups = [
            {"params": slow, "share": 1.0 if scratch else _TRUNK},
            {"params": fast, "share": 1.0},
        ]
        self.optimiser = torch.optim.AdamW(groups, weight_decay=_DECAY)

    @staticmethod
    def begun(settings: Settings) -> State[FaceMap]:
        """The state at the beginning: FaceMesh itself, unless from scratch or other weights."""
        torch.manual_seed(settings.seed)
        network, averaged = FaceMap(), FaceMap()
        if settings.begin:
            network.load_state_dict(load_file(FaceMap, settings.begin).state_dict())
        elif not settings.scratch:
            network.load_state_dict(load(FaceMesh, "facemesh").state_dict(), strict=False)
        averaged.load_state_dict(network.state_dict())
        return State(network, averaged, scratch=settings.scratch)


def rate_at(step: int, settings: Settings) -> float:
    """The learning rate of a step, from 0."""
    warm = max(1, int(_WARM * settings.steps))
    rest = min(1.0, max(0, step - warm) / max(1, settings.steps - warm))
    return (
        settings.rate
        * min(1.0, (step + 1) / warm)
        * (0.01 + 0.99 * (1 + math.cos(math.pi * rest)) / 2)
    )


def collated(views: list[View], device: str) -> Batch:
    """Collate views into a batch as the network takes it."""
    crops = torch.from_numpy(np.stack([view.image for view in views])).permute(0, 3, 1, 2)
    points = torch.from_numpy(np.stack([view.points for view in views]))
    face = torch.tensor([float(view.face) for view in views])
    return crops.to(device), points.to(device), face.to(device)


def _batches(
    renders: list[Renders], settings: Settings, step: int, workers: int
) -> Iterator[list[View]]:
    degradations = read_degradations(settings.view)
    first, count = step * settings.batch, (settings.steps - step) * settings.batch
    views = Views(renders, degradations, settings.seed, first, count)
    yield from DataLoader(
        views,
        settings.batch,
        num_workers=workers,
        collate_fn=list,
        worker_init_fn=use_one_thread,
        # A fork would inherit locks of threads that it does not have.
        multiprocessing_context="forkserver" if workers else None,
    )


def use_one_thread(_: int) -> None:
    """Make a worker use one thread, of OpenCV's too."""
    import cv2

    cv2.setNumThreads(1)


def _update(
    state: State[FaceMap], objective: Objective, batch: Batch, settings: Settings
) -> dict[str, float]:
    return moved_on(state, partial(_loss, state.network, objective, batch[2]), batch, settings)


def moved_on(
    state: State[Network],
    loss: Callable[[Batch], dict[str, Tensor]],
    batch: Batch,
    settings: Settings,
) -> dict[str, float]:
    """Move a state by one step along the gradient of a loss, see `gradients`; the loss's parts.

    Raises
    ------
    UsageError
        If it is no longer finite.
    """
    for group in state.optimiser.param_groups:
        group["lr"] = rate_at(state.step, settings) * group["share"]
    moved = [p for p in state.network.parameters() if p.requires_grad]
    with finite(state.step, settings):
        found, parts = gradients(loss, batch, moved)
        with one_thread():
            _step(state, moved, found, settings, parts["total"])
    return {name: part.item() for name, part in parts.items()}


def _loss(network: FaceMap, objective: Objective, faces: Tensor, part: Batch) -> dict[str, Tensor]:
    """Some views' share in the loss of a batch with these `faces`."""
    crops, wanted, face = part
    points, score = network(crops)  # float32: coarser ones would round places to pixels
    require_finite(points, score)
    own: dict[str, Tensor] = objective(points, score, wanted, face)
    of_faces, of_views = face.sum() / faces.sum().clamp(min=1), len(face) / len(faces)
    shares = {name: own[name] * (of_faces if name in _OF_FACES else of_views) for name in own}
    return {**shares, "total": objective.total(shares)}


def _step(
    state: State[Network],
    moved: list[nn.Parameter],
    found: list[Tensor],
    settings: Settings,
    loss: Tensor,
) -> None:
    for parameter, gradient in zip(moved, found, strict=True):
        parameter.grad = gradient
    require_finite(loss, torch.nn.utils.clip_grad_norm_(moved, 10.0))
    state.optimiser.step()
    state.step += 1
    kept = min(settings.average, (1 + state.step) / (10 + state.step))
    with torch.no_grad():
        for mean, own in zip(state.averaged.parameters(), state.network.parameters(), strict=True):
            mean.lerp_(own, 1 - kept)


@contextmanager
def finite(step: int, settings: Settings) -> Iterator[None]:
    """Stop before a value that is not finite gets into weights or checkpoints."""
    try:
        yield
    except FloatingPointError as error:
        raise UsageError(
            f"step {step + 1}: the loss is {error}; train in another folder with a --rate "
            f"below {settings.rate:g}; the last checkpoint stays"
        ) from None


def _validated(
    state: State[FaceMap], objective: Objective, views: list[View], device: str, settings: Settings
) -> dict[str, float]:
    """The mean parts of the loss over held-out views."""
    batches = [collated(views[start : start + 32], device) for start in range(0, len(views), 32)]
    with finite(state.step - 1, settings):
        found = each_alone(partial(_errors, state.averaged, objective), batches)
    names = found[0] if found else ()
    return {name: sum(parts[name] for parts in found) / len(views) for name in names}


@torch.inference_mode()
def _errors(network: FaceMap, objective: Objective, batch: Batch) -> dict[str, float]:
    """The parts of the loss of a batch, times its size."""
    crops, wanted, face = batch
    points, score = network(crops)
    require_finite(points, score)
    parts: dict[str, Tensor] = objective(points, score, wanted, face)
    return {name: len(crops) * mean.item() for name, mean in parts.items()}


def _spread(validation: list[Renders]) -> list[tuple[Renders, int]]:
    """At most `_VALIDATED` of the views, evenly spread."""
    every = [(one, view) for one in validation for view in range(len(one.pictures))]
    count = min(len(every), _VALIDATED)
    return [every[place * len(every) // count] for place in range(count)]


def digest(renders: list[Renders]) -> str:
    """The digest of views, hexadecimal."""
    found = hashlib.sha256()
    for one in renders:
        for part in (*one.pictures, one.points.tobytes()):
            found.update(len(part).to_bytes(8, "big") + part)
    return found.hexdigest()
