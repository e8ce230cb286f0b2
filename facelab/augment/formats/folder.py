"""``folder``: images, label records and maps in a folder each."""

from __future__ import annotations

from facelab.augment.formats.loose import Loose


class Folder(Loose):
    """``images/NAME.jpg``, ``labels/NAME.json``, ``maps/NAME.npz``, and nothing besides."""
