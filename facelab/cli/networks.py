"""Which networks a command uses."""

from __future__ import annotations

from dataclasses import dataclass

from facelab.reconstruct import Reconstructor, load_reconstructor
from facelab.reconstruct.networks import Used


@dataclass(frozen=True)
class Networks(Used):
    """Networks that a command asks for by name, and loads when there is work for them."""

    def load(self) -> Reconstructor:
        """The reconstructor.

        Raises
        ------
        UsageError
            If a part is not available here.
        WeightsError
            If weights are missing or damaged.
        """
        return load_reconstructor(self.detector, self.backend, self.runtime, self.device, self.own)
