"""Whole heads without any photograph: their shapes, parts and skin, and how they are drawn."""
