"""Runs the command line: ``python -m facelab swap ...``."""

from __future__ import annotations

from facelab.cli import main

if __name__ == "__main__":
    main()
