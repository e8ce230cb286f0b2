"""Checkpoints of a training, as safetensors: weights, their average, the optimiser."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save as packed
from torch import Tensor

from facelab.errors import UsageError
from facelab.files import Shape, open_regular, parse_json, why
from facelab.files.writing import write_bytes_atomically
from facelab.provenance import file_sha256

if TYPE_CHECKING:
    from facelab.train.loop import Settings, State

NAME = "checkpoint.safetensors"
_ABOUT: Shape = {"step": int, "settings": dict, "views": str}


def tensors_of(state: State[Any]) -> dict[str, Tensor]:
    """All tensors of a state by name."""
    tensors = dict(state.state_dict())
    for number, moments in state.optimiser.state_dict()["state"].items():
        tensors |= {f"optimiser.{number}.{name}": value for name, value in moments.items()}
    return {name: value.detach().cpu().contiguous() for name, value in tensors.items()}


def save(folder: Path, state: State[Any], settings: Settings, data: str) -> None:
    """Write the checkpoint; the one before stays until the new one is whole."""
    facts = {"step": state.step, "settings": json.loads(described(settings)), "views": data}
    # One key: safetensors writes several in an order that changes from run to run.
    about = {"facelab": json.dumps(facts, sort_keys=True)}
    folder.mkdir(parents=True, exist_ok=True)
    write_bytes_atomically(folder / NAME, packed(tensors_of(state), metadata=about))


def resume(folder: Path, state: State[Any], settings: Settings, data: str) -> None:
    """Bring a state to where the checkpoint in `folder` left it, if there is one.

    Parameters
    ----------
    folder : Path
    state : State
    settings : Settings
    data : str
        A digest of the views that are trained on.

    Raises
    ------
    UsageError
        If it is damaged, or of a run with other settings or views.
    """
    path = folder / NAME
    if not path.exists():
        return
    try:
        with open_regular(path):  # else it would be waited for
            pass
        with safe_open(path, "pt") as file:
            about = parse_json((file.metadata() or {})["facelab"].encode(), _ABOUT)
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
        differing = _differing(about["settings"], json.loads(described(settings)))
        differing += [] if about["views"] == data else ["photographs or their rendering"]
        if differing:
            raise UsageError(
                f"{path}: is of a run with other settings ({', '.join(differing)}); choose another "
                "folder, or remove it to begin anew"
            )
        _restore(state, tensors, int(about["step"]))
    except torch.OutOfMemoryError:
        raise  # a RuntimeError, but not the file's fault
    except OSError as error:
        raise UsageError(f"{path}: {why(error)}") from None
    except (SafetensorError, KeyError, TypeError, ValueError, RuntimeError, IndexError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise UsageError(f"{path}: is damaged ({reason}); remove it to begin anew") from None


def _differing(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """The names of settings that are not the same in two descriptions."""
    return sorted(key for key in before | after if before.get(key) != after.get(key))


def _restore(state: State[Any], tensors: dict[str, Tensor], step: int) -> None:
    if not all(torch.isfinite(value).all() for value in tensors.values()):
        raise ValueError("not all of its numbers are finite")
    if not 0 < step < 10**15:
        raise ValueError(f"of step {step}")
    own = {key: value for key, value in tensors.items() if not key.startswith("optimiser.")}
    state.load_state_dict(own)
    moments: dict[int, dict[str, Tensor]] = {}
    for key, value in tensors.items():
        if key.startswith("optimiser."):
            _, number, name = key.split(".")
            moments.setdefault(int(number), {})[name] = value
    _require_moments(moments, state)
    groups = state.optimiser.state_dict()["param_groups"]
    state.optimiser.load_state_dict({"state": moments, "param_groups": groups})
    state.step = step


def _require_moments(moments: dict[int, dict[str, Tensor]], state: State[Any]) -> None:
    """Raise ``ValueError`` unless they are AdamW's, of the state's own parameters."""
    parameters = [one for group in state.optimiser.param_groups for one in group["params"]]
    for number, own in moments.items():
        shape = parameters[number].shape
        wanted = {"step": torch.Size(), "exp_avg": shape, "exp_avg_sq": shape}
        if {name: value.shape for name, value in own.items()} != wanted:
            raise ValueError(f"the optimiser's numbers of parameter {number} do not fit")


def described(settings: Settings) -> str:
    """The settings that decide the result, as text: not how often checkpoints are taken."""
    values = {key: value for key, value in asdict(settings).items() if key != "every"}
    values["view"] = settings.view.read_text(encoding="utf-8")
    values["begin"] = settings.begin and file_sha256(settings.begin)
    return json.dumps(values, sort_keys=True)


def weights_of(network: torch.nn.Module) -> bytes:
    """A network's weights as float16 safetensors."""
    halves = {key: value.half().contiguous() for key, value in network.state_dict().items()}
    return packed(halves)
