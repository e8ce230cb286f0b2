"""Geometry of a face: its pose, its visibility, its motion, and the head that fits it."""
