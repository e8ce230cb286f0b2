"""``visibility``: which texels of the atlas the photograph shows."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from facelab.export.encode import grey_png
from facelab.export.subject import Subject
from facelab.files.atomic import write_bytes_atomically

_SENTENCE = "Which parts of a face a photograph shows, worked out by facelab."


def write(subject: Subject, stem: Path) -> dict[str, str | float]:
    """Write ``<stem>_visibility.png``: 8-bit grey, 256 x 256.

    255 for texels that the face itself does not hide, 0 for those it does and around the face.

    Raises
    ------
    OutputError
        If the file cannot be written.
    """
    path = stem.with_name(f"{stem.name}_visibility.png")
    levels = subject.visible.astype(np.uint8) * np.uint8(255)
    write_bytes_atomically(path, grey_png(levels, _SENTENCE))
    return {"png": path.name}
