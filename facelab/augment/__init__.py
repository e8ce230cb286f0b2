"""Training data: photographs and a recipe with ranges in, labelled images out.

template (a recipe with draws) + faces + seed -> plan -> sample (image, labels) -> format -> store
"""

from __future__ import annotations
