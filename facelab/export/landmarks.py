"""``landmarks``: the 68 points as text."""

from __future__ import annotations

from pathlib import Path

from facelab.export.subject import IMAGE_FRAME, Subject
from facelab.files.writing import write_bytes_atomically


def text(subject: Subject) -> str:
    """68 lines ``x y z`` in the frame that a comment before them says, iBUG 300-W order."""
    return f"# {IMAGE_FRAME}\n" + "".join(
        f"{x:.4f} {y:.4f} {z:.4f}\n" for x, y, z in subject.landmarks.tolist()
    )


def write(subject: Subject, stem: Path) -> dict[str, str | float]:
    """Write ``<stem>_landmarks.txt``.

    Raises
    ------
    OutputError
        If the file cannot be written.
    """
    path = stem.with_name(f"{stem.name}_landmarks.txt")
    write_bytes_atomically(path, text(subject).encode())
    return {"txt": path.name}
