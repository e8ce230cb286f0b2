"""Build average faces from synthetic portraits.

    python scripts/build_averages.py portraits.npz -o weights [--without people.json]

``portraits.npz`` has portraits of no real person as JPEG bytes (``jpeg``, ``offsets``) and a
``group`` of each, such as ``female-asian``; the other file is a list of those to leave out. Every
average is of six people of one group and of about one tone, whose irises are brought to one place,
every other one mirrored, outliers left out: nothing of it is one picture's.

Writes averages.safetensors and prints its sha256 for manifest.toml. Takes three minutes.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save

import facelab
from facelab.atlas import canonical
from facelab.constants import PARTS
from facelab.edits.cielab import to_lab
from facelab.edits.retone import retoned
from facelab.face.mouth import fit_lips
from facelab.face.quality import believed, share, taken
from facelab.face.skin import learn
from facelab.face.texture import complete, unwrap
from facelab.geometry.identity import IdentityModel
from facelab.geometry.landmarks import points468, twins

Float = NDArray[np.float32]

SIDE = 256  # texels
PEOPLE, AVERAGES = 6, 4  # in an average; averages of a group
MOST_TURNED = 16.0  # degrees
HIDDEN, OPEN = 0.25, 0.3  # share of the face that hair hides, and jawOpen, at most
CALM, SHAVED = 2 / 3, 2 / 3  # of the people, those who smile least; of the men, the barest
OUTLIER = 0.12  # by which a texel of one person may differ from the median, of 1
SEEN = 0.5  # of the people, for a texel that counts as seen
EYE = 9.0, 7.0  # texels: half the width and height of what moves along with an iris
SHARPER, RADIUS = 0.7, 1.4  # what averaging softened: unsharp masking, its deviation in texels
LABELS = ("skin", "brows", "eyes", "lips", "mouth")
GROUPS = tuple(
    f"{sex}-{name}" for sex in ("female", "male") for name in ("asian", "black", "latino", "white")
)


@dataclass(frozen=True)
class Person:
    """One portrait: its texture and parts, its tone, its 468 points, and where its irises lie."""

    colour: NDArray[np.uint8]
    seen: NDArray[np.uint8]
    labels: NDArray[np.uint8]
    tone: Float
    lightness: float
    points: NDArray[np.float64]
    irises: Float
    smile: float
    beard: float


def main() -> None:
    """Read, average, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("portraits", type=Path)
    parser.add_argument("-o", "--output", type=Path, default=Path("weights"))
    parser.add_argument("--without", type=Path, help="JSON: a list of portraits to leave out")
    args = parser.parse_args()
    left_out = set(json.loads(args.without.read_text())) if args.without else set()
    model = facelab.load_model()
    people = {group: list(portrayed(args.portraits, group, left_out, model)) for group in GROUPS}
    data, path = save(built(people)), args.output / "averages.safetensors"
    path.write_bytes(data)
    print(f"{path}: {len(data)} bytes, sha256 {hashlib.sha256(data).hexdigest()}")


def portrayed(
    path: Path, group: str, left_out: set[int], model: facelab.FaceModel
) -> Iterator[Person]:
    """The people of a group whose portraits are seen well enough."""
    stored = np.load(path)
    jpeg, offsets = stored["jpeg"], stored["offsets"]
    for i in sorted({*np.flatnonzero(stored["group"] == group).tolist()} - left_out):
        bgr = cv2.imdecode(jpeg[offsets[i] : offsets[i + 1]], cv2.IMREAD_COLOR)
        rgb = np.ascontiguousarray(bgr[..., ::-1], np.float32) / np.float32(255)
        for seen in model(rgb)[:1]:
            found = person(seen, rgb, model)
            if found is not None:
                yield found


def person(seen: facelab.FaceObservation, rgb: Float, model: facelab.FaceModel) -> Person | None:
    """What a portrait shows of a person; None if it is turned, hidden or laughing."""
    parsing = believed(model.parser(rgb, seen.positions), seen.positions)
    turned = max(abs(seen.pose.yaw), abs(seen.pose.pitch)) > MOST_TURNED
    if parsing is None or turned or seen.blendshapes["jawOpen"] > OPEN:
        return None
    atlas, positions = canonical(), fit_lips(rgb, seen.positions, parsing)
    texture = unwrap(rgb, positions, SIDE, parsing)
    face = atlas.region("face", SIDE)

    def covered(*parts: str) -> float:
        return float((share(texture, SIDE, *parts) * face).sum() / face.sum())

    if covered("glasses", "lenses") > 0.01 or covered("hair", "front") > HIDDEN:
        return None
    skin, smile = learn(texture, atlas), ("mouthSmileLeft", "mouthSmileRight")
    lightness = np.average(to_lab(skin.tone)[..., 0], weights=skin.likelihood + 1e-6)
    clear = taken(texture, atlas)
    return Person(
        np.rint(clear.colour * 255).astype(np.uint8),
        np.rint(np.minimum(clear.confidence / 0.3, 1) * 255).astype(np.uint8),
        texture.parts[..., [PARTS.index(part) for part in LABELS]].argmax(axis=-1).astype(np.uint8),
        skin.tone,
        float(lightness),
        IdentityModel.load().likeness(points468(seen.positions)).points,
        np.stack([texel(positions, iris[0, :2], side)
                  for iris, side in zip(seen.irises, ("right", "left"), strict=True)]),
        float(np.mean([seen.blendshapes[name] for name in smile])),
        covered("beard"),
    )  # fmt: skip


def texel(positions: facelab.PositionMap, pupil: Float, side: str) -> Float:
    """Where in the atlas an iris lies: the texels of its eye that are nearest in the picture."""
    away = np.hypot(*np.moveaxis(positions.values[..., :2] - pupil, -1, 0))
    away[positions.atlas.region(f"{side} eye area", SIDE) < 0.5] = np.inf
    near = np.argsort(away.ravel())[:6]
    rows, columns = np.divmod(near, SIDE)
    weights = 1 / (away.ravel()[near] + 0.05)
    return np.array([np.average(columns, weights=weights), np.average(rows, weights=weights)])


def built(people: dict[str, list[Person]]) -> dict[str, NDArray]:
    """All arrays of the file."""
    everyone = [one for members in people.values() for one in members]
    irises = np.median([one.irises for one in everyone], axis=0)
    irises = (irises + ([SIDE - 1, 0] + [-1, 1] * irises)[::-1]) / 2
    faces, points, male = [], [], []
    for group, members in people.items():
        for six in chosen(members, shaved=group.startswith("male")):
            faces.append(encoded(".jpg", average(six, irises) * 255))
            points.append(mean_points(six))
            male.append(group.startswith("male"))
    return {
        "faces": np.concatenate(faces),
        "offsets": np.cumsum([0, *(len(face) for face in faces)]).astype(np.int64),
        "points": np.array(points, np.float32) * np.float32([1, -1, 1]),
        "male": np.array(male, np.uint8),
        "parts": encoded(".png", labels(everyone)),
    }


def chosen(people: list[Person], *, shaved: bool) -> list[list[Person]]:
    """Six at a time, evenly over the tones of those who smile least, of men without beards."""
    if shaved:
        people = sorted(people, key=lambda one: one.beard)[: round(SHAVED * len(people))]
    people = sorted(people, key=lambda one: one.smile)[: round(CALM * len(people))]
    people = sorted(people, key=lambda one: one.lightness)
    starts = np.linspace(0, len(people) - PEOPLE, AVERAGES).round().astype(int)
    return [people[start : start + PEOPLE] for start in starts]


def average(people: list[Person], irises: Float) -> Float:
    """Their face in their common tone, sRGB, whole."""
    tone = np.mean([one.tone for one in people], axis=0)
    tone = ((tone + tone[:, ::-1]) / 2).astype(np.float32)
    stack, weights = [], []
    for number, one in enumerate(people):
        flip = slice(None, None, -1 if number % 2 else 1)
        colour = looking_ahead(
            retoned(one.colour / np.float32(255), one.tone, tone), one.irises, irises
        )
        stack.append(colour[:, flip])
        weights.append(one.seen[:, flip] / np.float32(255))
    away = ((np.array(stack) - np.median(stack, axis=0)) ** 2).sum(axis=-1)
    share = (np.array(weights) + 1e-3) * np.exp(-away / (2 * OUTLIER**2))
    mean = (np.array(stack) * share[..., None]).sum(axis=0) / share.sum(axis=0)[..., None]
    seen = cv2.erode((np.mean(weights, axis=0) > SEEN).astype(np.float32), np.ones((5, 5)))
    whole = facelab.Texture(np.clip(mean, 0, 1).astype(np.float32), seen)
    colour = complete(whole, canonical().region("face", SIDE) > 0.5).colour
    fine = colour - cv2.GaussianBlur(colour, (0, 0), RADIUS)
    return np.clip(colour + np.float32(SHARPER) * fine, 0, 1)


def looking_ahead(colour: Float, irises: Float, wanted: Float) -> Float:
    """A texture with its irises at the wanted places ``(2, 2)``."""
    rows, columns = np.mgrid[:SIDE, :SIDE].astype(np.float32)
    u, v = columns.copy(), rows.copy()
    for (own_u, own_v), (to_u, to_v) in zip(irises, wanted, strict=True):
        away = ((columns - to_u) / EYE[0]) ** 2 + ((rows - to_v) / EYE[1]) ** 2
        share = np.exp(-(away**1.5))
        u, v = u + share * (own_u - to_u), v + share * (own_v - to_v)
    places = np.float32(u), np.float32(v)
    return cv2.remap(colour, *places, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)


def mean_points(people: list[Person]) -> NDArray[np.float64]:
    """Their mean shape, as symmetric as faces are in the mean."""
    mean = np.mean([one.points for one in people], axis=0)
    return (mean + (mean * [-1, 1, 1])[twins()]) / 2


def labels(people: list[Person]) -> NDArray[np.uint8]:
    """Which of `LABELS` most people have at each texel, ``(256, 256)``."""
    counts = np.stack([sum(one.labels == part for one in people) for part in range(len(LABELS))])
    return (counts + counts[..., ::-1]).argmax(axis=0).astype(np.uint8)


def encoded(kind: str, pixels: NDArray) -> NDArray[np.uint8]:
    """A picture's bytes, from RGB or grey in [0, 255]."""
    options = [cv2.IMWRITE_JPEG_QUALITY, 93] if kind == ".jpg" else []
    bgr = np.rint(pixels[..., ::-1] if pixels.ndim == 3 else pixels).astype(np.uint8)
    return cv2.imencode(kind, bgr, options)[1].ravel()


if __name__ == "__main__":
    main()
