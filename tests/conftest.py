"""Hypothesis without deadlines: on a busy machine a slow example is no failure."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("facelab", deadline=None)
settings.load_profile("facelab")
