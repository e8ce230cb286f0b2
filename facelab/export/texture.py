"""``texture``: the face unwrapped into the atlas."""

from __future__ import annotations

from pathlib import Path

from facelab.export.marked import write_marked
from facelab.export.subject import Subject

SENTENCE = "A face unwrapped from a photograph by facelab."


def write(subject: Subject, stem: Path) -> dict[str, str | float]:
    """Write ``<stem>_texture.png``: 8-bit RGB, u right and v down, marked in its XMP.

    Raises
    ------
    OutputError
        If the file cannot be written.
    """
    path = stem.with_name(f"{stem.name}_texture.png")
    write_marked(path, subject.texture.colour, subject.metadata, SENTENCE)
    return {"png": path.name}
