"""Whole heads without any photograph: a family of shapes, and the parts that are worn on them."""

from facelab.heads.family import HeadFamily
from facelab.heads.parts import Part

__all__ = ["HeadFamily", "Part"]
