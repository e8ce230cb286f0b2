"""Make a head model of ICT-FaceKit's light model (MIT) for `facelab train` and `facelab benchmark`.

    python scripts/convert_ict.py ict_head.npz ict_atlas.npz -o head.safetensors

The first file has ``base (n, 3)``, ``modes (155, n, 3)`` (100 of identity, 55 expressions) and
``triangles``; the second the 468 points of the canonical face mesh on each: ``virtual_base``,
``virtual_modes``.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

IDENTITY, EXPRESSION = 0.5, 0.3  # standard deviations of the coefficients
EXPRESSIONS = 55


def main() -> None:
    """Read, gather, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("head", type=Path)
    parser.add_argument("atlas", type=Path)
    parser.add_argument("-o", "--output", type=Path, default=Path("head.safetensors"))
    args = parser.parse_args()
    with np.load(args.head) as head, np.load(args.atlas) as atlas:
        deviations = np.full(len(head["modes"]), IDENTITY, np.float32)
        deviations[-EXPRESSIONS:] = EXPRESSION
        save_file(
            {
                "base": head["base"].astype(np.float32),
                "modes": head["modes"].astype(np.float16),
                "triangles": head["triangles"].astype(np.int32),
                "points": atlas["virtual_base"].astype(np.float32),
                "point_modes": atlas["virtual_modes"].astype(np.float16),
                "deviations": deviations,
                "expressions": np.array(EXPRESSIONS),
            },
            args.output,
        )


if __name__ == "__main__":
    main()
