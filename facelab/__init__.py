"""facelab: edit and swap faces in photographs."""

__version__ = "0.1.0"
