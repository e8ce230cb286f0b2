"""``pncc``: which place of the face each pixel shows.

The projected normalised coordinate code of Zhu et al., "Face alignment across large poses: a 3D
solution", CVPR 2016, section 3.2: eqs. 4 and 5, with the canonical face for their mean face.
"""

from __future__ import annotations

from pathlib import Path

from facelab.atlas import Atlas
from facelab.export.encode import write_data
from facelab.export.subject import Subject
from facelab.numerics.arrays import Float

_SENTENCE = "Coordinates of a face in a photograph, worked out by facelab."


def pncc(subject: Subject) -> Float:
    """The normalised canonical coordinates at every pixel of the photograph.

    Returns
    -------
    (H, W, 3) float32
        Red, green and blue are x right, y up and z out of the face, each from 0 to 1 over the
        canonical face; 0 where the face is not.
    """
    drawing = subject.drawing
    return drawing.placed(drawing.carry(code(subject.positions.atlas)))


def code(atlas: Atlas) -> Float:
    """The normalised coordinates of the canonical face's vertices, ``(n, 3)`` in [0, 1]."""
    vertices = atlas.at_vertices(atlas.canonical_positions)
    low, high = vertices.min(axis=0), vertices.max(axis=0)
    out: Float = (vertices - low) / (high - low)
    return out


def write(subject: Subject, stem: Path) -> dict[str, str | float]:
    """Write ``<stem>_pncc.png``, 8-bit RGB, marked in its XMP.

    Raises
    ------
    OutputError
        If the file cannot be written.
    """
    path = stem.with_name(f"{stem.name}_pncc.png")
    write_data(path, pncc(subject), _SENTENCE)
    return {"png": path.name}
