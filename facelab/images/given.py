"""A photograph as it is given from Python.

What a photograph may be
------------------------
* The path of a file, ``str`` or ``PathLike``, of a kind that `facelab.read` reads.
* An `Image`, as `facelab.read` gives it.
* A PIL image of any mode, taken as its file would be read: turned as its EXIF says, its colours
  converted by its profile, its metadata kept.
* A NumPy array, rows from the top, channels last, the colours in the order R, G, B: ``(H, W)`` or
  ``(H, W, 1)`` grey, ``(H, W, 3)`` RGB, ``(H, W, 4)`` RGB with opacity, not premultiplied. Its
  values are sRGB-encoded: uint8 from 0 to 255, uint16 from 0 to 65535, floats from 0 to 1, or
  bool, black and white.

A mask may be all of these; an array ``(H, W)`` of float or bool is one as it is.

An array carries no metadata. One of uint16 gives a picture of 16 bits a channel, any other one of
8. It is never changed, and must not be while what is made of it is used: an ``(H, W, 3)`` array of
uint8, uint16 or float32 is not copied. OpenCV's arrays are BGR, which cannot be told from RGB: give
``bgr[..., ::-1]``.
"""

from __future__ import annotations

from os import PathLike
from typing import Any

import numpy as np
import PIL.Image
from numpy.typing import NDArray

from facelab.errors import UsageError
from facelab.files import StrPath
from facelab.images.decode import of_pil, read
from facelab.images.image import Image, from_integers
from facelab.numerics.arrays import Float

Photograph = StrPath | Image | PIL.Image.Image | NDArray[Any]

_KINDS = "a path, a PIL image, an (H, W, 3) array or a facelab.Image"
_VALUES = "uint8, uint16, float in [0, 1] or bool"
_ARRAY_MODES = ("I", "F")  # and I;16, of which Pillow has several: one channel, not of 8 bits
_ROUNDING = 1 / 512  # how far outside [0, 1] floats may be, half a level of 8 bits


def as_image(photograph: Photograph) -> Image:
    """Return a photograph with what is known of it, of any kind that the module names.

    Raises
    ------
    ImageError
        If a file cannot be read as a photograph.
    UsageError
        If it is of no such kind, or the shape, dtype or values of an array are none of these.
    """
    if isinstance(photograph, Image):
        return photograph
    if isinstance(photograph, str | PathLike):
        return read(photograph)
    if isinstance(photograph, PIL.Image.Image):
        if photograph.mode.startswith(_ARRAY_MODES):
            return _of_array(np.asarray(photograph))
        return of_pil(photograph)
    if isinstance(photograph, np.ndarray):
        return _of_array(photograph)
    raise UsageError(f"image: {_refusal(photograph)}")


def unit(values: NDArray[Any], name: str = "image") -> Float:
    """Return the values of an array as float32 in [0, 1], whatever its shape; as it is if it can.

    Raises
    ------
    UsageError
        If it is empty, or its dtype or its values are none that an array may have.
    """
    if not values.size:
        raise UsageError(f"{name}: an array of shape {values.shape} is empty; give a picture")
    kind = values.dtype.type
    if issubclass(kind, np.uint8 | np.uint16):
        return from_integers(np.ascontiguousarray(values, kind))
    if values.dtype.kind == "b":
        return values.astype(np.float32)
    if values.dtype.kind != "f":
        raise UsageError(f"{name}: an array of {values.dtype}; give {_VALUES}")
    return _unit_of_floats(values, name)


def name_of(photograph: Photograph, otherwise: str = "image") -> str:
    """Return what messages call a photograph: its path or file name, if it has one."""
    if isinstance(photograph, str | PathLike):
        return str(photograph)
    if isinstance(photograph, Image) and photograph.origin is not None:
        return photograph.origin.file
    return otherwise


def _of_array(array: NDArray[Any]) -> Image:
    channels = 1 if array.ndim == 2 else array.shape[-1] if array.ndim == 3 else 0
    if channels not in (1, 3, 4):
        raise UsageError(f"image: an array of shape {array.shape} {_shape_refusal(array)}")
    kind = array.dtype.type
    integers = array.size > 0 and issubclass(kind, np.uint8 | np.uint16)
    values = array.astype(kind, copy=False) if integers else unit(array)
    bits = 16 if kind is np.uint16 else 8
    if channels == 1:
        return Image(np.repeat(values.reshape(*array.shape[:2], 1), 3, axis=2), bits=bits)
    if channels == 3:
        return Image(np.ascontiguousarray(values), bits=bits)
    return Image(np.ascontiguousarray(values[..., :3]), unit(array[..., 3]), bits)


def _unit_of_floats(values: NDArray[Any], name: str) -> Float:
    low, high = float(values.min()), float(values.max())
    if not np.isfinite([low, high]).all():
        raise UsageError(f"{name}: values that are NaN or infinite; give floats in [0, 1]")
    if low >= 0 and high <= 1:
        return np.asarray(values, np.float32)
    if low >= -_ROUNDING and high <= 1 + _ROUNDING:  # what rounding leaves
        return np.asarray(np.clip(values, 0, 1), np.float32)
    if low < 0 or high <= 2:
        remedy = "clip or scale them to [0, 1]"
    else:
        most, kind = (255, "uint8") if high <= 255 else (65535, "uint16")
        remedy = f"they look like 0 to {most}: divide by {most}, or give {kind}"
    raise UsageError(f"{name}: floats from {low:.4g} to {high:.4g}; {remedy}")


def _shape_refusal(array: NDArray[Any]) -> str:
    """The reason why a shape is refused, and the remedy."""
    if array.ndim == 4:
        return "is a batch; give one picture at a time"
    if array.ndim == 3 and array.shape[0] in (1, 3, 4):
        return "has its channels first; give array.transpose(1, 2, 0)"
    return "is no picture; give (H, W), (H, W, 1), (H, W, 3) or (H, W, 4)"


def _refusal(photograph: object) -> str:
    """The reason why another kind of value is refused, and the remedy."""
    kind = type(photograph)
    if photograph is None:
        return f"None (cv2.imread gives it for a file that it cannot read); give {_KINDS}"
    if kind.__module__.partition(".")[0] == "torch":
        return "a torch tensor; give an array with channels last: .permute(1, 2, 0).cpu().numpy()"
    if kind is bytes:
        return "bytes of a file; give PIL.Image.open(io.BytesIO(data))"
    if kind in (list, tuple):
        return f"a {kind.__name__}; give one photograph at a time: {_KINDS}"
    return f"{kind.__name__} is no photograph; give {_KINDS}"
