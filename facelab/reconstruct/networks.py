"""Which networks are used, by their names, with what records say of them."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from facelab import weights
from facelab.errors import WeightsError
from facelab.files import why
from facelab.provenance import file_sha256

if TYPE_CHECKING:
    from facelab.reconstruct import Reconstructor

_ALWAYS = ("canonical_face", "canonical_jaw", "canonical_surface", "faceparse", "shape")
_DETECTORS = {"blazeface": ("blazeface_full", "blazeface_short"), "insightface": ()}
_BACKENDS = {"map": ("facemap",), "mesh": ("facemesh",), "prn": ("prn", "prn_atlas")}


@dataclass(frozen=True)
class Networks:
    """The names of the parts of a reconstructor, see `facelab.reconstruct.load_reconstructor`.

    `own` are weights that `facelab train` wrote, in place of the backend's.
    """

    detector: str = "blazeface"
    backend: str = "map"
    runtime: str = "onnx"
    device: str = "cpu"
    own: Path | None = None

    @property
    def said(self) -> dict[str, str]:
        """The names, for records; whose folder `own` lies in is nobody else's business."""
        names = {key: value for key, value in asdict(self).items() if key != "own"}
        return names if self.own is None else {**names, "own": self.own.name}

    @cached_property
    def weights(self) -> dict[str, str]:
        """Name to sha256 of the weights in use."""
        names = (*_ALWAYS, *_BACKENDS[self.backend], *_DETECTORS[self.detector])
        used = {name: weights.entry_of(name).sha256 for name in names}
        if self.own is not None:
            used |= {backend_weights(self.backend): _hash(self.own)}
        return used | (_pack_hashes() if self.detector == "insightface" else {})

    def load(self) -> Reconstructor:
        """Load what they are the names of, as `facelab.reconstruct.load_reconstructor`."""
        from facelab.reconstruct import load_reconstructor

        return load_reconstructor(self.detector, self.backend, self.runtime, self.device, self.own)

    @property
    def terms(self) -> list[str]:
        """The terms of use that go beyond facelab's own licence, a sentence each."""
        found = []
        if self.detector == "insightface":
            from facelab.detect.insightface import NOTICE

            found.append(NOTICE)
        if self.backend == "prn":
            found.append(f"PRNet's weights: {weights.entry_of('prn').licence}")
        return found


def backend_weights(backend: str) -> str:
    """The name of the weights that `Networks.own` take the place of."""
    return _BACKENDS[backend][0]


def _hash(path: Path) -> str:
    try:
        return file_sha256(path)
    except OSError as error:
        raise WeightsError(f"{path}: {why(error)}; give another file") from None


def _pack_hashes() -> dict[str, str]:
    """Hashes of the insightface pack in use, networks that are not run included."""
    from facelab.detect.insightface import default_root, locate

    pack = locate(None, default_root())
    return {
        f"insightface/{pack.name}/{file.name}": file_sha256(file)
        for file in pack.glob("*.onnx")
        if file.is_file()
    }
