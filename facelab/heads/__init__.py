"""Whole heads without any photograph: their shapes, parts and skin, and how they are drawn."""

from facelab.heads.family import HeadFamily
from facelab.heads.parts import Part

__all__ = ["HeadFamily", "Part"]
