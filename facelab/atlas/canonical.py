"""The canonical atlas: the UV layout of the 468-point face mesh of MediaPipe and ARCore.

Face paint and make-up textures drawn for their effects fit it. Apache-2.0.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from facelab import weights
from facelab.atlas.layout import SIZE, Atlas, Bool, Float, fill
from facelab.atlas.slit import Slit
from facelab.atlas.surface import surface

MARGIN = 3  # texels by which positions are extrapolated past the face's oval

# Contours of the mesh by vertex.
OVAL = (
    10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377,
    152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109,
)  # fmt: skip
CONTOURS: dict[str, tuple[tuple[int, ...], ...]] = {
    "oval": (OVAL,),
    "lips": ((61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 409, 270, 269, 267, 0, 37, 39,
              40, 185),),
    "mouth": ((78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308, 415, 310, 311, 312, 13, 82, 81,
               80, 191),),
    "right eye": ((33, 7, 163, 144, 145, 153, 154, 155, 133, 173, 157, 158, 159, 160, 161, 246),),
    "left eye": ((263, 249, 390, 373, 374, 380, 381, 382, 362, 398, 384, 385, 386, 387, 388, 466),),
    "right brow": ((46, 53, 52, 65, 55, 107, 66, 105, 63, 70),),
    "left brow": ((276, 283, 282, 295, 285, 336, 296, 334, 293, 300),),
    "nose": ((168, 193, 188, 174, 198, 209, 129, 98, 97, 2, 326, 327, 358, 429, 420, 399, 412,
              417),),
    "right cheek": ((227, 116, 117, 118, 119, 100, 142, 203, 206, 216, 192, 215, 177, 137),),
    "left cheek": ((447, 345, 346, 347, 348, 329, 371, 423, 426, 436, 416, 435, 401, 366),),
    "forehead": ((9, 107, 66, 105, 63, 68, 54, 103, 67, 109, 10, 338, 297, 332, 284, 298, 293, 334,
                  296, 336),),
    "chin": ((18, 83, 182, 204, 211, 170, 149, 176, 148, 152, 377, 400, 378, 395, 431, 424, 406,
              313),),
    "right eyelid": ((33, 246, 161, 160, 159, 158, 157, 173, 133, 243, 189, 221, 222, 223, 224, 225,
                      113, 130),),
    "left eyelid": ((263, 466, 388, 387, 386, 385, 384, 398, 362, 463, 413, 441, 442, 443, 444, 445,
                     342, 359),),
    "right eye area": ((221, 222, 223, 224, 225, 124, 35, 117, 118, 119, 120, 47, 114, 188, 245,
                        193),),
    "left eye area": ((441, 442, 443, 444, 445, 353, 265, 346, 347, 348, 349, 277, 343, 412, 465,
                       417),),
    "right brow area": ((9, 8, 221, 222, 223, 224, 225, 124, 156, 71, 68, 104, 69, 108),),
    "left brow area": ((9, 8, 441, 442, 443, 444, 445, 353, 383, 301, 298, 333, 299, 337),),
    "mouth area": ((164, 167, 165, 92, 186, 57, 43, 106, 182, 83, 18, 313, 406, 335, 273, 287, 410,
                    322, 391, 393),),
}  # fmt: skip
for _one in ("eye", "brow", "cheek", "eyelid", "eye area", "brow area"):
    CONTOURS[f"{_one}s"] = CONTOURS[f"right {_one}"] + CONTOURS[f"left {_one}"]

# Landmarks 18-27 of the 300-W order lie midway between the edges of the brows.
BROW_EDGES = ((70, 63, 105, 66, 107, 336, 296, 334, 293, 300),
              (46, 53, 52, 65, 55, 285, 295, 282, 283, 276))  # fmt: skip
# Landmarks 28-68 are vertices of the mesh.
INNER41 = (168, 197, 5, 4, 75, 97, 2, 326, 305,
           33, 160, 158, 133, 153, 144, 362, 385, 387, 263, 373, 380,
           61, 39, 37, 0, 267, 269, 291, 405, 314, 17, 84, 181,
           78, 82, 13, 312, 308, 317, 14, 87)  # fmt: skip
# The inner edges of the lips from the subject's right corner of the mouth to the left.
UPPER_LIP = (78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308)
LOWER_LIP = (78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308)
UPPER_INNER_LIP, LOWER_INNER_LIP = [61, 62, 63], [65, 66, 67]


@cache
def canonical() -> Atlas:
    """The atlas of the canonical face mesh."""
    uv, vertices = points()
    face, valid = face_and_margin(uv)
    places, landmark_weights, ict_jaw_weights = landmarks(uv)
    positions = np.zeros((*valid.shape, 3), np.float32)
    positions[valid] = surface()(vertices)
    return Atlas(
        name="canonical",
        uv=uv,
        vertices=vertices,
        canonical_positions=positions,
        landmark_places=places,
        landmark_weights=landmark_weights,
        ict_jaw_weights=ict_jaw_weights,
        outline=uv[list(OVAL)],
        slit=Slit(uv[list(UPPER_LIP)], uv[list(LOWER_LIP)]),
        face=face,
        valid=valid,
        contours={
            name: tuple(uv[list(polygon)] for polygon in polygons)
            for name, polygons in CONTOURS.items()
        },
    )


@cache
def points() -> tuple[Float, Float]:
    """Texel coordinates ``(468, 2)`` and canonical vertices ``(468, 3)`` of the mesh."""
    stored: dict[str, NDArray[Any]] = weights.load("canonical_face")
    return (stored["uv"] * SIZE - 0.5).astype(np.float32), stored["vertices"].astype(np.float32)


def face_and_margin(uv: Float) -> tuple[Bool, Bool]:
    """The texels of the face, and these with a margin around them."""
    face = fill([uv[list(OVAL)]], SIZE, SIZE) >= 0.5
    around = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * MARGIN + 1, 2 * MARGIN + 1))
    return face, cv2.dilate(face.astype(np.uint8), around).astype(np.bool_)


def landmarks(uv: Float) -> tuple[Float, Float, Float]:
    """Texels ``(m, 2)`` at which landmarks are read, and the weights ``(68, m)`` and ``(17, m)``.

    The first are of the 68 landmarks, the second of ICT-FaceKit's jaw. The jaw lies partly beside
    the mesh; it is told from the whole face (``docs/landmarks.md``).
    """
    jaw, others = weights.load("canonical_jaw"), inner(uv)
    places = np.concatenate([jaw["places"], others]).astype(np.float32)
    room = ((0, 0), (0, len(others)))
    ours, marked = (np.pad(jaw[name], room) for name in ("weights", "ict_weights"))
    own = np.eye(len(others), len(places), len(jaw["places"]), np.float32)
    return places, np.concatenate([ours, own]), marked


def inner51(points: Float) -> Float:
    """Landmarks 18-68 ``(51, c)`` of what is known at the mesh's points ``(468, c)``."""
    upper, lower = (points[list(edge)] for edge in BROW_EDGES)
    return np.concatenate([(upper + lower) / 2, points[list(INNER41)]])


def inner(uv: Float) -> Float:
    """The landmarks inside the face, in texels."""
    places = inner51(uv)
    # The slit between the inner lips is under a texel high: read the rows just outside of it,
    # or an open mouth's landmarks would lie in its middle.
    upper, lower = (np.array(lip) - 17 for lip in (UPPER_INNER_LIP, LOWER_INNER_LIP))
    places[upper, 1] = np.floor(places[upper, 1])
    places[lower, 1] = np.ceil(places[lower, 1])
    return places
