"""``dataset.json``: what a data set is, made of, and allowed for."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import facelab
from facelab.augment.classes import CLASSES, COVERED
from facelab.augment.formats import FORMATS
from facelab.augment.labels import LANDMARKS, Record
from facelab.augment.maps import MAPS
from facelab.augment.plan import SPLITS
from facelab.augment.report.statistics import Statistics
from facelab.augment.store import Store
from facelab.augment.style import Style
from facelab.errors import UsageError
from facelab.files import Shape, parse_json, why
from facelab.provenance import edit_versions, software_versions
from facelab.weights import entry_of

NAME = "dataset.json"

_MOST = 10**9  # samples: the names of their files have nine digits
_SHAPE: Shape = {
    "format": str,
    "samples": {"requested": int},
    "photographs": {"skipped": dict, "licence": str, "consent": str},
    "seed": int,
    "recipe": dict,
    "networks": [{"name": str}],
    "maps": dict,
}

EXACT = (
    "Labels are exact with respect to the geometry that was rendered. That geometry was itself "
    "reconstructed from the photographs by a network: where it differs from the real face, so do "
    "the labels."
)

DEFINITIONS: Record = {
    "frame": "pixels of the image, x right, y down, pixel centres at integers counted from 0; "
    "depth in the same unit, the nearer the larger; right and left are the subject's",
    "box": "x0, y0, x1, y1 of the whole face, forehead to chin; it may reach beyond the image",
    "landmarks68": "x, y, depth of each of: " + ", ".join(LANDMARKS) + " (iBUG 300-W)",
    "visible68": "whether the face itself does not hide a landmark",
    "covered68": f"whether something in front of the face hides a landmark (by more than {COVERED} "
    "of its pixel), or it lies outside of the image",
    "points468": "x, y, depth of the vertices of MediaPipe's canonical face mesh, in its order",
    "faces": "of everybody in the picture, the face labelled first: box, landmarks68, visible68, "
    "covered68, pose",
    "irises": "of the right eye, then of the left: x, y, depth of the pupil's middle and of the "
    "iris's rim to image right, top, left and bottom; null where not known, as in photographs",
    "visible_irises": "whether the picture shows each of those points; null where not known",
    "gaze": "of the right eye, then of the left: unit vectors out of the pupils, x right, y up, z "
    "to the viewer; yaw in degrees, positive to image right, pitch positive down; null where not "
    "known",
    "eyelids": "openness of the right eye and of the left: distance of the lids over width of the "
    "eye, as the eye aspect ratio of landmarks68 has it, in space: about 0.3 open, 0 closed; the "
    "lids themselves are in points468",
    "expression": "coefficients from 0 to 1 of ARKit's blend shapes, whose order here is that of "
    "MediaPipe's without _neutral, and tongueOut; null where not known",
    "shape": "coefficients of the labelled face in facelab's basis of identity and expression, in "
    "standard deviations, fitted to points468",
    "classes": "the share of the picture's pixels that each class has, as segmentation tells it",
    "covered_by": "the share of the face's pixels that each class in front of it hides",
    "redrawn": "why the sample was drawn again, once for each time: reason, value of the measure, "
    "and the step that found it, empty for a measure of the finished sample",
    "pose": "degrees; rotation = Rz(roll) Ry(yaw) Rx(pitch) takes the canonical face (centimetres; "
    "x image right, y up, z out of the face) to the camera (x right, y up, z to the viewer): "
    "positive yaw turns the nose to image right, positive pitch lowers it, positive roll turns the "
    "head counter-clockwise as seen; scale in pixels per centimetre; translation is where the "
    "canonical origin lies: x right, y down, depth",
    "brightness": "mean luma (BT.709, of encoded values, [0, 1]) of the pixels that show the face; "
    "null where none does",
    "identities": "everybody whose photograph was used, the one whose geometry is labelled first",
    "steps": "what was done, in this order, with the values that were drawn",
    "sources": "files that were used, the photograph first; sha256 of their bytes",
    "maps": "NumPy archives; see `maps` and `classes`",
}


@dataclass(frozen=True, slots=True)
class Facts:
    """The facts of a data set that its card tells.

    Parameters
    ----------
    format : str
        A key of `facelab.augment.formats.FORMATS`.
    style : Style
    recipe : mapping
        What the recipe's file says, as JSON has it, without folders of files.
    requested : int
        How many samples were asked for.
    licence : str
        Of the photographs, in the user's words.
    skipped : mapping of str to str
        Photographs that could not be used, by file name, and why.
    weights : sequence of str
        Names of the networks used.
    variants : int
        How many samples a render serves.
    """

    format: str
    style: Style
    recipe: Mapping[str, object]
    requested: int
    licence: str = "unspecified"
    skipped: Mapping[str, str] = field(default_factory=dict)
    weights: Sequence[str] = ()
    variants: int = 1


def card(facts: Facts, found: Statistics) -> bytes:
    """The card as JSON, UTF-8; the same data set gives the same bytes.

    Raises
    ------
    WeightsError
        If a network is unknown.
    """
    style = facts.style
    content = {
        "made_by": f"facelab {facelab.__version__}",
        "versions": {**software_versions(), **edit_versions(facts.recipe)},
        "format": facts.format,
        "samples": {
            "requested": facts.requested,
            "written": found.count,
            **{split: found.samples[split] for split in SPLITS},
        },
        "variants": facts.variants,
        "identities": {split: len(found.identities[split]) for split in SPLITS},
        "heads": len(found.heads),
        "photographs": {
            "used": len(found.photographs),
            "skipped": dict(sorted(facts.skipped.items())),
            "licence": facts.licence,
            "consent": style.consent,
        },
        "origins": {name: found.origins[name] for name in ("photographs", "heads")},
        "redrawn": {
            "samples": found.count - found.torn[0],
            "reasons": dict(sorted(found.redrawn.items())),
        },
        "seed": style.seed,
        "recipe": facts.recipe,
        "networks": [_network(name) for name in facts.weights],
        "exactness": EXACT,
        "labels": DEFINITIONS,
        "maps": {name: MAPS[name] for name in style.maps},
        "classes": CLASSES,
        "splits": "by identity, from its hash and the seed: nobody of the folder is in two splits; "
        "people in inputs of the recipe may be",
    }
    return (json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode()


def read(store: Store) -> Facts:
    """The facts that the card of a complete data set tells.

    Raises
    ------
    UsageError
        If there is none, or it is damaged.
    """
    try:
        known = parse_json(store.read(NAME), _SHAPE)
        style = Style(
            known["seed"], maps=tuple(known["maps"]), consent=known["photographs"]["consent"]
        )
        if known["format"] not in FORMATS or not 0 < known["samples"]["requested"] < _MOST:
            raise ValueError("its format or its samples are none of ours")
    except FileNotFoundError:
        raise UsageError(
            f"{store.url}: there is no {NAME}; make the data set with facelab augment first"
        ) from None
    except (OSError, ValueError) as error:
        raise UsageError(f"{store.url}: {NAME} is damaged ({why(error)})") from None
    return Facts(
        format=known["format"],
        style=style,
        recipe=known["recipe"],
        requested=known["samples"]["requested"],
        licence=known["photographs"]["licence"],
        skipped=known["photographs"]["skipped"],
        weights=[network["name"] for network in known["networks"]],
    )


def _network(name: str) -> dict[str, str]:
    entry = entry_of(name)
    return {
        "name": name,
        "sha256": entry.sha256,
        "licence": entry.licence,
        "source": entry.source,
    }
