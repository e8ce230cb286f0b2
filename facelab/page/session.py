"""What a run of the page holds: a folder that goes with it, the networks, photographs, results."""

from __future__ import annotations

import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock

from facelab.errors import UsageError
from facelab.files import why
from facelab.images import Image
from facelab.model import FaceModel, load_model
from facelab.page.newest import Newest
from facelab.page.photographs import Photographs
from facelab.recent import Recent

_RESULTS = 40  # that can still be downloaded
_PREFIX = "facelab-page-"


@dataclass(frozen=True, eq=False)
class Session:
    """A run of the page.

    Parameters
    ----------
    folder : Path
        Gone when the run ends.
    model : FaceModel
    """

    folder: Path
    model: FaceModel
    photographs: Photographs = field(init=False)
    drawing: Newest = field(default_factory=Newest, init=False)
    looking: Newest = field(default_factory=Newest, init=False)
    saving: Lock = field(default_factory=Lock, init=False)
    whole: Recent[str, Image] = field(default_factory=lambda: Recent(1), init=False)

    def __post_init__(self) -> None:
        place = self.folder / "photographs"
        place.mkdir()
        (self.folder / "results").mkdir()
        object.__setattr__(self, "photographs", Photographs(place, self.model))

    def new_result(self) -> Path:
        """An empty folder for what is downloaded; of many, the oldest go."""
        results = self.folder / "results"
        earlier = sorted(results.iterdir(), key=lambda path: path.stat().st_mtime_ns)
        for old in earlier[: -_RESULTS + 1]:
            shutil.rmtree(old, ignore_errors=True)
        place = results / secrets.token_hex(8)
        place.mkdir()
        return place

    def result(self, key: str, name: str) -> Path:
        """A file that can be downloaded.

        Raises
        ------
        UsageError
            If it is not there.
        """
        file = self.folder / "results" / Path(key).name / Path(name).name
        if not file.is_file():
            raise UsageError("this file is no longer here; save it again")
        return file


@contextmanager
def session() -> Iterator[Session]:
    """A session; its folder, with all that was uploaded and made, is deleted in the end.

    Raises
    ------
    UsageError
        If there is no place for the folder.
    WeightsError
        If weights are missing or damaged.
    """
    try:
        folder = tempfile.TemporaryDirectory(prefix=_PREFIX, ignore_cleanup_errors=True)
    except OSError as error:
        raise UsageError(f"no temporary folder can be made ({why(error)}); set TMPDIR") from None
    with folder as place:
        yield Session(Path(place), load_model())
