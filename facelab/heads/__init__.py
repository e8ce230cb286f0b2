"""Whole heads without any photograph: a family of shapes, the parts worn on them, and skins."""

from facelab.heads.family import HeadFamily
from facelab.heads.parts import Part
from facelab.heads.skin import Skin, Traits

__all__ = ["HeadFamily", "Part", "Skin", "Traits"]
