"""Detectors of the faces in a photograph."""
