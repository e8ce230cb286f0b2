"""Training data: photographs and a recipe with ranges in, labelled images out.

template (recipe with distributions) + photographs + seed -> plan -> sample (image, labels) -> store
"""

from __future__ import annotations
