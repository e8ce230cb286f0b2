"""The steps of recipes by what one looks for: the order of lists and of the page."""

from __future__ import annotations

from collections.abc import Collection, Mapping

GROUPS: Mapping[str, tuple[str, ...]] = {
    "Make-up": (
        *("foundation", "concealer", "contour", "blush", "highlighter", "brows", "eyeshadow"),
        *("eyeliner", "mascara", "lipstick", "lip-liner"),
    ),
    "Skin": (
        *("smooth", "blemish", "shine", "redness", "under-eyes", "freckles", "wrinkles", "whiten"),
    ),
    "Eyes": ("iris", "gaze", "catchlight", "red-eye"),
    "Tone and light": ("tone", "match", "relight", "turn-light", "match-light"),
    "Shape": ("reshape", "turn", "symmetrise"),
    "Faces": ("swap", "transplant", "average"),
    "Paint and cover": ("overlay", "project", "cover"),
    "Privacy": ("anonymise",),
}
OTHERS = "More"
"""What those are called that are in no group, such as edits of other packages."""


def grouped(names: Collection[str]) -> dict[str, list[str]]:
    """Some steps' names by group, each in the group's order; the others last, as given."""
    found = {group: [name for name in own if name in names] for group, own in GROUPS.items()}
    known = {name for own in GROUPS.values() for name in own}
    found[OTHERS] = [name for name in names if name not in known]
    return {group: own for group, own in found.items() if own}
