"""Which faces of a photograph are meant."""

from __future__ import annotations

from typing import TYPE_CHECKING

from facelab.constants import FACES
from facelab.errors import NoFaceError, UsageError
from facelab.numerics.arrays import Frame, require_frame
from facelab.types import Box, Reconstruction

if TYPE_CHECKING:
    from facelab.reconstruct import Reconstructor

_LEAST_SIDE = 4  # px, of a given box
_BOX_SIDES = 4  # a given box may be so many times the image's longer side


def select_faces(
    image: Frame, reconstructor: Reconstructor, face: str, box: Box | None, name: str
) -> list[Reconstruction]:
    """Return the reconstructed faces that `face` means, or the one in `box`.

    Parameters
    ----------
    image : (H, W, 3) float32, uint8 or uint16
    reconstructor : Reconstructor
    face : str
        ``largest``, ``left``, ``right``, ``all`` or an index by size from 0.
    box : Box or None
        Where the face is, pixels; skips detection, and `face` does not matter.
    name : str
        The photograph's, for messages.

    Raises
    ------
    UsageError
        If `face` is none of these, or the box not one in the image.
    NoFaceError
        If there is none, or not the one asked for; it lists the faces that there are.
    """
    require_frame("image", image)
    if face not in FACES and not face.isdecimal():
        raise UsageError(f"{name}: no face is called {face!r}; {', '.join(FACES)} or an index is")
    if box is not None:
        _check_box(box, image.shape[:2], name)
        faces = reconstructor(image, [box])
        if not faces:
            raise NoFaceError(f"{name}: no face in the box {_corners(box)}; give another box")
        return faces
    faces = reconstructor.largest(image) if face == "largest" else reconstructor(image)
    if not faces:
        raise no_face(name)
    if face == "all":
        return faces
    if face in ("left", "right"):
        ordered = sorted(faces, key=lambda found: found.box.centre[0])
        return [ordered[0 if face == "left" else -1]]
    index = 0 if face == "largest" else int(face)
    if index >= len(faces):
        listed = "; ".join(f"{i}: {_corners(found.box)}" for i, found in enumerate(faces))
        raise NoFaceError(f"{name}: no face {index}; its faces and their boxes are {listed}")
    return [faces[index]]


def _check_box(box: Box, shape: tuple[int, int], name: str) -> None:
    whole = Box(0, 0, shape[1], shape[0])
    sides = box.width, box.height
    if max(sides) > _BOX_SIDES * max(shape) or min(sides) < _LEAST_SIDE or not box.overlap(whole):
        corners = ",".join(f"{value:.6g}" for value in (box.x0, box.y0, box.x1, box.y1))
        raise UsageError(
            f"{name}: the box {corners} is not one of a face in {shape[1]} x {shape[0]} pixels; "
            "give x0,y0,x1,y1 around the face"
        )


def no_face(name: str) -> NoFaceError:
    """Return the error for a photograph in which no face was found."""
    return NoFaceError(
        f"{name}: no face found; use a photograph with a face of 32 px or more, or give its box"
    )


def _corners(box: Box) -> str:
    return f"{box.x0:.0f},{box.y0:.0f},{box.x1:.0f},{box.y1:.0f}"
