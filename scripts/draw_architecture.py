"""Draw docs/architecture.svg: the rooms of facelab and the way of a photograph through them."""

from __future__ import annotations

from html import escape
from pathlib import Path

ROWS = [  # from the top: what may import all that lies below it
    [("cli", "one file a command; batch, options, report")],
    [
        ("augment", "labelled data sets"),
        ("train", "networks from photographs"),
        ("benchmark", "how right they are"),
        ("verification", "outputs made again"),
        ("page", "the page in a browser"),
    ],
    [
        ("recipe", "the engine: photographs through steps"),
        ("model", "a photograph in, faces out"),
        ("heads", "whole heads without photographs"),
    ],
    [("edits", "Face -> Face, one file each"), ("export", "OBJ, PLY, GLB, MAT, NPZ, pictures")],
    [
        ("detect", "where faces are"),
        ("reconstruct", "crop -> position map"),
        ("face", "texture, skin, swap, composite"),
    ],
    [("models", "networks and what runs them"), ("provenance", "mark, record, save")],
    [
        ("images", "files <-> float32 sRGB"),
        ("geometry", "pose, visibility, warp, heads"),
        ("types", "Box, PositionMap, Texture, Face"),
    ],
    [
        ("atlas", "UV layouts, regions, points"),
        ("numerics", "raster, Poisson, sums"),
        ("files", "read within bounds, written whole"),
        ("weights", "name -> bytes and hash"),
    ],
]
STEPS = [
    ("image", "images"),
    ("detect", "detect"),
    ("crop", "reconstruct"),
    ("PositionMap", "reconstruct"),
    ("Texture", "face"),
    ("edits, one a swap", "edits, face"),
    ("rasterize", "numerics"),
    ("blend", "face, numerics"),
    ("image", "images"),
]
WIDTH, HEIGHT, GAP, TOP = 1120, 62, 12, 118
INK, PAPER, BOX, ROAD = "#22303c", "#ffffff", "#eaf1f6", "#f6e7d8"


def text(x: float, y: float, words: str, size: int, weight: str = "normal") -> str:
    """A line of text centred at x."""
    return (
        f'<text x="{x:.0f}" y="{y:.0f}" font-size="{size}" font-weight="{weight}" '
        f'text-anchor="middle" fill="{INK}">{escape(words)}</text>'
    )


def box(x: float, y: float, width: float, height: float, fill: str) -> str:
    """A box with round corners."""
    return (
        f'<rect x="{x:.0f}" y="{y:.0f}" width="{width:.0f}" height="{height:.0f}" rx="8" '
        f'fill="{fill}" stroke="{INK}" stroke-opacity="0.35"/>'
    )


def road() -> list[str]:
    """The steps from photograph to photograph, each over the room that does it."""
    parts, width = [], (WIDTH - GAP) / len(STEPS)
    for index, (step, room) in enumerate(STEPS):
        x = GAP + index * width
        parts.append(box(x, 16, width - GAP, 72, ROAD))
        lines = step.split(", ")
        for row, words in enumerate(lines):
            parts.append(text(x + (width - GAP) / 2, 46 + 16 * row - 6 * len(lines), words, 14))
        parts.append(text(x + (width - GAP) / 2, 78, room, 12, "bold"))
        if index:
            parts.append(text(x - GAP / 2, 57, "›", 22))
    return parts


def rooms() -> list[str]:
    """The rooms, row by row."""
    parts = []
    for row, entries in enumerate(ROWS):
        width = (WIDTH - GAP) / len(entries)
        for index, (name, about) in enumerate(entries):
            x, y = GAP + index * width, TOP + row * (HEIGHT + GAP)
            parts.append(box(x, y, width - GAP, HEIGHT, BOX))
            parts.append(text(x + (width - GAP) / 2, y + 26, name, 17, "bold"))
            parts.append(text(x + (width - GAP) / 2, y + 47, about, 13))
    return parts


def main() -> None:
    """Write the picture."""
    height = TOP + len(ROWS) * (HEIGHT + GAP)
    body = "\n".join([*road(), *rooms()])
    target = Path(__file__).parents[1] / "docs" / "architecture.svg"
    target.write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" '
        f'viewBox="0 0 {WIDTH} {height}" font-family="sans-serif">\n'
        f'<rect width="{WIDTH}" height="{height}" fill="{PAPER}"/>\n{body}\n</svg>\n',
        encoding="utf-8",
    )


if __name__ == "__main__":
    main()
