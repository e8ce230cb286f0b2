"""Frames of a video as RGB and back, by the matrix and the range that the video says it has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from av import VideoFrame

_HD = 720  # rows, from which a video that names no matrix has BT.709's, as players take it
_BT601, _SMPTE170M, _BT709, _UNSPECIFIED = 5, 6, 1, 2  # ITU-T H.273, table 4
_FULL = 2  # FFmpeg's AVCOL_RANGE_JPEG
# SWS_BICUBIC, with chroma at every pixel, rounded, and the same on every CPU.
_SCALER = 0x4 | 0x2000 | 0x4000 | 0x40000 | 0x80000


@dataclass(frozen=True, slots=True)
class PixelFormat:
    """How a video stores its colours.

    Parameters
    ----------
    name : str
        FFmpeg's name of the layout that frames are written in.
    bits : int
        8 or 10 a channel.
    matrix, colour_range, primaries, transfer : int
        The numbers of ITU-T H.273; the range is FFmpeg's, 1 for limited, 2 for full.
    """

    name: str
    bits: int
    matrix: int
    colour_range: int
    primaries: int
    transfer: int

    @classmethod
    def of(cls, frame: VideoFrame) -> PixelFormat:
        """The format of a frame, in a layout that encoders take."""
        held, width, height = frame.format, frame.width, frame.height
        bits = 10 if held.components[0].bits > 8 else 8
        narrow = held.chroma_width(width) < width or len(held.components) < 3
        low = held.chroma_height(height) < height or len(held.components) < 3
        odd = width % 2 or height % 2  # half a sample of chroma is none
        chroma = "444" if odd or not narrow else "420" if low else "422"
        name = f"yuv{chroma}p" + ("10le" if bits == 10 else "")
        rgb = held.is_rgb
        return cls(
            name=name,
            bits=bits,
            matrix=_UNSPECIFIED if rgb else int(frame.colorspace),
            colour_range=1 if rgb else int(frame.color_range) or 1,
            primaries=int(frame.color_primaries),
            transfer=int(frame.color_trc),
        )

    def scaler_matrix(self, height: int) -> int:
        """The matrix as FFmpeg's scaler counts them, for a video of that many rows."""
        if self.matrix in (1, 4, 5, 7, 9):
            return self.matrix
        if self.matrix == _SMPTE170M:
            return _BT601
        return _BT709 if height >= _HD else _BT601

    def decoded(self, frame: VideoFrame, turns: int, shape: tuple[int, int]) -> NDArray[Any]:
        """The pixels ``(H, W, 3)`` of a frame as displayed, uint8, or uint16 of 10 bits.

        `turns` are quarter turns counter-clockwise; `shape` is (H, W) as stored.
        """
        height, width = shape
        wanted = "rgb24" if self.bits == 8 else "rgb48le"
        rgb = frame.reformat(
            width, height, wanted, self.scaler_matrix(height), None, _SCALER,
            self.colour_range, _FULL,
        )  # fmt: skip
        pixels: NDArray[Any] = rgb.to_ndarray()
        return np.ascontiguousarray(np.rot90(pixels, turns)) if turns else pixels

    def encoded(self, pixels: NDArray[Any]) -> VideoFrame:
        """A frame of pixels ``(H, W, 3)`` uint8 or uint16, ready for the encoder."""
        from facelab.video.pyav import pyav

        height, width = pixels.shape[:2]
        held = "rgb24" if pixels.dtype == np.uint8 else "rgb48le"
        frame = pyav().VideoFrame.from_ndarray(pixels, format=held)
        out: VideoFrame = frame.reformat(
            width, height, self.name, None, self.scaler_matrix(height), _SCALER,
            _FULL, self.colour_range,
        )  # fmt: skip
        out.colorspace, out.color_range = self.matrix, self.colour_range
        out.color_primaries, out.color_trc = self.primaries, self.transfer
        return out
