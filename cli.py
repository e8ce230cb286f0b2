"""Runs the command line from a checkout: ``python cli.py swap ...``."""

from __future__ import annotations

from facelab.cli import main

if __name__ == "__main__":
    main()
