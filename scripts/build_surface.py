"""Work out the operator from FaceMesh's points to the canonical position map, and record it.

    python scripts/build_surface.py -o weights

Writes canonical_surface.safetensors and prints its sha256 for manifest.toml. Takes seconds.
"""

from __future__ import annotations

import argparse
import hashlib
from pathlib import Path

import numpy as np
from safetensors.numpy import save

from facelab import weights
from facelab.atlas import OVAL
from facelab.atlas.canonical import face_and_margin, points
from facelab.atlas.layout import places_of
from facelab.atlas.surface import work_out


def main() -> None:
    """Write the operator."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-o", "--output", type=Path, default=Path("weights"))
    path = parser.parse_args().output / "canonical_surface.safetensors"
    uv = points()[0]
    places = places_of(face_and_margin(uv)[1])
    triangles = weights.load("canonical_face")["triangles"]
    surface = work_out(uv.astype(np.float64), OVAL, triangles, places.astype(np.float64))
    data = save(
        {
            "nodes": surface.nodes,
            "patches": surface.weights.T.reshape(-1),
            "columns": surface.columns.T.astype(np.uint16, order="C"),
        }
    )
    path.write_bytes(data)
    print(f"{path}: {len(data)} bytes, sha256 {hashlib.sha256(data).hexdigest()}")


if __name__ == "__main__":
    main()
