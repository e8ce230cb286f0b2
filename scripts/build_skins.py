"""Build the skins of people who do not exist, from synthetic portraits and MakeHuman's skins.

    python scripts/build_skins.py portraits.npz MAKEHUMAN/skins/textures -o weights

``portraits.npz`` has portraits of no real person as JPEG bytes (``jpeg``, ``offsets``) and a
``group`` of each, such as ``female-asian``. Every skin is the average of five people of one group
and of about one tone, without light, brows and eyes: nothing of it is one picture's. The other
folder has MakeHuman's skins (CC0), of which ears and their surroundings are taken.

Writes skins.safetensors and prints its sha256 for manifest.toml. Takes ten minutes.
"""

from __future__ import annotations

import argparse
import hashlib
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save

import facelab
from facelab.atlas import canonical
from facelab.edits.cielab import to_lab, to_rgb
from facelab.edits.complexion import blurred
from facelab.edits.retone import retoned
from facelab.edits.wrinkles import PLACES, Wrinkles
from facelab.heads.albedo import albedo, features_kept, features_removed
from facelab.heads.family import HeadFamily
from facelab.numerics import raster
from facelab.numerics.distance import distance_within
from facelab.numerics.smoothing import smoothstep, spread

Float = NDArray[np.float32]

SIDE, BODY = 256, 384  # texels of a face, and of ears, neck and scalp
PEOPLE = 5  # in a skin
YOUNG, OLD = 6, 4  # skins of a group, of its smoother and of its more lined faces
LINED = 0.7  # quantile from which a face counts as lined
SHAVED = 0.45  # share of the men that counts as shaved
MOST_TURNED, LEAST_KNOWN = 14.0, 0.5  # degrees of yaw; share of the face that shows skin
OUTLIER = 6.0  # CIELAB by which a texel of one person may differ from the median of the five
CLOUDY, CLOUDS_KEPT = 0.05, 0.5  # of the side: what varies more slowly is mostly light; its rest
CREASES = 8  # drawings of wrinkles
ABOVE, DEEP = 0.3, 60.0  # light from above on a slope of 1; light lost for a depth of the side
MEN = ("male-asian", "male-black", "male-latino", "male-white")
GROUPS = (*(f"fe{name}" for name in MEN), *MEN)


@dataclass(frozen=True)
class Person:
    """The skin of one portrait: CIELAB above its tone, and how surely that is skin."""

    colour: NDArray[np.uint8]
    known: NDArray[np.uint8]
    tone: Float
    bright: Float  # (64, 64): lightness over the tone's
    beard: float
    lines: float


def main() -> None:
    """Read, average, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("portraits", type=Path)
    parser.add_argument("textures", type=Path)
    parser.add_argument("-o", "--output", type=Path, default=Path("weights"))
    args = parser.parse_args()
    people = {group: portrayed(args.portraits, group) for group in GROUPS}
    data = save(built(people, args.textures))
    path = args.output / "skins.safetensors"
    path.write_bytes(data)
    print(f"{path}: {len(data)} bytes, sha256 {hashlib.sha256(data).hexdigest()}")


def built(people: dict[str, list[Person]], textures: Path) -> dict[str, NDArray]:
    """All arrays of the file."""
    faces, tones, male, lined = [], [], [], []
    for group, members in people.items():
        for skin, tone, old in skins(members, shaved=group in MEN):
            faces.append(encoded(skin))
            tones.append(tone)
            male.append(group in MEN)
            lined.append(old)
    everyone = [person for members in people.values() for person in members]
    men = [person for group in MEN for person in people[group]]
    lengths = np.cumsum([0, *(len(face) for face in faces)])
    return {
        "faces": np.concatenate(faces),
        "offsets": lengths.astype(np.int64),
        "tones": np.array(tones, np.float32),
        "male": np.array(male, np.uint8),
        "lined": np.array(lined, np.uint8),
        **tone_curve(np.array([person.tone for person in everyone])),
        "beard": bytes_of(cv2.resize(beard(men), (64, 64), interpolation=cv2.INTER_AREA)),
        "creases": encoded_grey(creases()),
        **body(textures),
    }


def portrayed(path: Path, group: str) -> list[Person]:
    """The people of a group whose portraits are seen well enough."""
    model, stored = facelab.load_model(), np.load(path)
    jpeg, offsets = stored["jpeg"], stored["offsets"]
    people = []
    for i in np.flatnonzero(stored["group"] == group):
        bgr = cv2.imdecode(jpeg[offsets[i] : offsets[i + 1]], cv2.IMREAD_COLOR)
        faces = model(np.ascontiguousarray(bgr[..., ::-1], np.float32) / np.float32(255))
        if faces and abs(faces[0].pose.yaw) < MOST_TURNED:
            people += person(faces[0].texture(SIDE))
    return people


def person(texture: facelab.Texture) -> list[Person]:
    """What a texture shows of a person; nothing if hair hides too much."""
    atlas = canonical()
    found = albedo(texture, atlas)
    plain = (atlas.region("oval", SIDE) > 0.5) & (features_removed(atlas, SIDE) < 0.2)
    if found.known[plain].mean() < LEAST_KNOWN:
        return []
    bright = to_lab(texture.colour)[..., 0] / max(float(found.tone[0]), 10)
    fine = bright - cv2.GaussianBlur(bright, (0, 0), 3)
    rough = [fine[zone].std() for zone in (region("chin"), moustache())]
    darker = bright[region("cheeks")].mean() - bright[region("chin")].mean()
    smooth = to_lab(found.colour)[..., 0] / max(float(found.tone[0]), 10)
    lines = (smooth - cv2.GaussianBlur(smooth, (0, 0), 5))[plain]
    return [
        Person(
            np.rint(found.colour * 255).astype(np.uint8),
            np.rint(found.known * 255).astype(np.uint8),
            found.tone,
            bright,
            float(10 * sum(rough) + 3 * darker),
            float(lines.std()),
        )
    ]


def region(name: str) -> NDArray[np.bool_]:
    """A region of the atlas without lips."""
    return (canonical().region(name, SIDE) > 0.5) & (features_kept(canonical(), SIDE) < 0.1)


def moustache() -> NDArray[np.bool_]:
    """Between nose and upper lip."""
    marks, (v, u) = canonical().landmarks68, np.mgrid[:SIDE, :SIDE]
    rows = (v > marks[33, 1] + 5) & (v < marks[51, 1] - 3)
    return rows & (abs(u - (SIDE - 1) / 2) < 22)


def skins(people: list[Person], shaved: bool) -> list[tuple[Float, Float, bool]]:
    """Averages of five, evenly over the tones of the smooth and of the lined faces."""
    if shaved:
        people = sorted(people, key=lambda one: one.beard)[: round(len(people) * SHAVED)]
    people = sorted(people, key=lambda one: one.lines)
    cut = round(len(people) * LINED)
    out = []
    for members, count, old in ((people[:cut], YOUNG, False), (people[cut:], OLD, True)):
        members = sorted(members, key=lambda one: one.tone[0])
        starts = np.linspace(0, len(members) - PEOPLE, count).round().astype(int)
        out += [(*average(members[start : start + PEOPLE]), old) for start in starts]
    return out


def average(people: list[Person]) -> tuple[Float, Float]:
    """Their skin in sRGB and its tone; every other one is mirrored, and outliers count little."""
    tone = np.mean([one.tone for one in people], axis=0).astype(np.float32)
    stack, weights = [], []
    for number, one in enumerate(people):
        own, common = (to_rgb(np.tile(colour, (8, 8, 1))) for colour in (one.tone, tone))
        colour = to_lab(retoned(one.colour / np.float32(255), own, common)) - tone
        flip = slice(None, None, -1 if number % 2 else 1)
        stack.append(colour[:, flip])
        weights.append(one.known[:, flip] / np.float32(255) + np.float32(0.02))
    away = ((np.array(stack) - np.median(stack, axis=0)) ** 2).sum(axis=-1)
    share = np.array(weights) * np.exp(-away / (2 * OUTLIER**2))
    mean = (np.array(stack) * share[..., None]).sum(axis=0) / share.sum(axis=0)[..., None]
    clouds = blurred(mean.astype(np.float32), 1 - features_kept(canonical(), SIDE), CLOUDY * SIDE)
    mean -= (1 - CLOUDS_KEPT) * clouds * (1 - features_kept(canonical(), SIDE))[..., None]
    return to_rgb(tone + mean.astype(np.float32)), tone


def tone_curve(tones: Float) -> dict[str, Float]:
    """How red and yellow skin is by lightness: quadratic fits, and the deviations from them."""
    light = tones[:, :1].astype(np.float64)
    basis = np.hstack([light**0, light, light**2])
    curve = np.linalg.lstsq(basis, tones[:, 1:], rcond=None)[0]
    rest = tones[:, 1:] - basis @ curve
    return {
        "tone_curve": curve.astype(np.float32),
        "tone_spread": np.linalg.cholesky(np.cov(rest.T)).astype(np.float32),
    }


def beard(men: list[Person]) -> Float:
    """Where beards darken the face, ``(256, 256)`` in [0, 1].

    Bearded men against shaved ones, and the rim from ear to jaw, which few portraits show well.
    """
    men = sorted(men, key=lambda one: one.beard)
    tenth = len(men) // 10
    groups = men[: 3 * tenth], men[-tenth:]
    bare, grown = (np.mean([one.bright for one in group], axis=0) for group in groups)
    darker = cv2.GaussianBlur(bare - grown, (0, 0), 2.5)
    darker = (darker + darker[:, ::-1]) / 2
    rows = np.arange(SIDE)[:, None] / SIDE
    nose = canonical().landmarks68[33, 1] / canonical().size
    below = smoothstep(rows.astype(np.float32), nose - 0.02, nose + 0.02)
    out = below * np.clip(darker / np.quantile(darker, 0.98), 0, 1) ** np.float32(0.7)
    rim = distance_within(canonical().region("oval", SIDE) > 0.5) / np.float32(SIDE)
    ears = canonical().landmarks68[[1, 15], 1].mean() / canonical().size
    sides = smoothstep(-rim, -0.1, -0.04) * smoothstep(
        rows.astype(np.float32), ears - 0.06, ears + 0.1
    )
    return np.maximum(out, np.float32(0.75) * sides)


def creases() -> Float:
    """Drawings of all wrinkles of one person each, one below the other, lit from above."""
    people = (Wrinkles(places=PLACES, seed=seed) for seed in range(CREASES))
    return np.concatenate([lit_from_above(one.relief(canonical(), SIDE)) for one in people])


def lit_from_above(relief: Float) -> Float:
    """By what share creases lighten the skin: what looks up is lighter, what lies deep darker."""
    up = cv2.Sobel(relief, cv2.CV_32F, 0, 1, scale=SIDE / 8)
    return np.asarray((1 - ABOVE * up) * np.exp(DEEP * np.minimum(relief, 0)) - 1, np.float32)


def body(textures: Path) -> dict[str, NDArray]:
    """Ears in CIELAB above the tone, 3 steps to a unit, and where scalp, beard and wet skin are.

    Of beards that is below the jaw, where the face's atlas does not reach.
    """
    family = HeadFamily.load()
    paths = sorted(textures.glob("*_lightskinned_*.png"))
    mean = np.mean([above_tone(path) for path in paths], axis=0)
    ear = np.isin(family.part, [11, 12])  # classes of triangles: the ears, below the mouth's inside
    ears = drawn(family, vertex_share(family, ear))
    ears = cv2.GaussianBlur(cv2.dilate(ears, np.ones((5, 5), np.uint8)), (0, 0), 1.5)
    wet = drawn(family, vertex_share(family, family.part == 8))
    wet[round(0.35 * BODY) : round(0.47 * BODY), : BODY // 6] = 1  # behind the eyeballs
    masks = np.dstack([drawn(family, family.scalp), drawn(family, throat(family)), wet])
    return {
        "ears": png(mean * ears[..., None] * 3 + 128),
        "masks": png(masks * 255),
    }


def above_tone(path: Path) -> Float:
    """A skin of MakeHuman, CIELAB above its own tone, which its chest shows."""
    bgr = cv2.resize(cv2.imread(str(path)), (BODY, BODY), interpolation=cv2.INTER_AREA)
    lab = to_lab(np.ascontiguousarray(bgr[..., ::-1], np.float32) / np.float32(255))
    chest = lab[BODY // 25 : BODY // 7, BODY // 3 : BODY // 2].reshape(-1, 3)
    return lab - np.median(chest, axis=0)


def vertex_share(family: HeadFamily, triangles: NDArray[np.bool_]) -> Float:
    """1 at the vertices of some triangles, 0 elsewhere."""
    out = np.zeros(len(family.base), np.float32)
    out[family.triangles[triangles]] = 1
    return out


def throat(family: HeadFamily) -> Float:
    """How much of a beard grows at each vertex below the jaw, from the mean head's shape."""
    y, z = family.base.T[1:]
    jaw = smoothstep(y, -12.2, -9.6) * smoothstep(-y, 4.5, 7.5)  # cm; the chin is at -9
    out: Float = jaw * smoothstep(z, -7.5, -4.0)
    return out


def drawn(family: HeadFamily, values: Float) -> Float:
    """Values of vertices laid out in the head's UV square ``(384, 384)``, a bit past its edges."""
    places = np.column_stack([family.uv * BODY - 0.5, np.zeros(len(family.uv))])
    both = np.concatenate([family.triangles, family.triangles[:, ::-1]]).astype(np.int32)
    fragments = raster.rasterize(places.astype(np.float32), both, (BODY, BODY))
    out = raster.interpolate(fragments, both, values.reshape(-1, 1).astype(np.float32))
    around = spread(out, fragments.covered)
    near = cv2.dilate(fragments.covered.astype(np.uint8), np.ones((9, 9), np.uint8)) > 0
    filled: Float = np.where(fragments.covered | ~near, out[..., 0], around[..., 0])
    return filled


def encoded(rgb: Float) -> NDArray[np.uint8]:
    """JPEG bytes of a picture in [0, 1]."""
    bgr = np.rint(rgb[..., ::-1] * 255).astype(np.uint8)
    return cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, 92])[1].ravel()


def png(values: Float) -> NDArray[np.uint8]:
    """PNG bytes of three channels in [0, 255]."""
    pixels = np.rint(np.clip(values[..., ::-1], 0, 255)).astype(np.uint8)
    return cv2.imencode(".png", pixels, [cv2.IMWRITE_PNG_COMPRESSION, 9])[1].ravel()


def encoded_grey(shade: Float) -> NDArray[np.uint8]:
    """JPEG bytes of shares in [-0.6, 0.3]: 200 steps to 1, 128 for none."""
    pixels = np.rint(np.clip(shade * 200 + 128, 0, 255)).astype(np.uint8)
    return cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, 92])[1].ravel()


def bytes_of(mask: Float) -> NDArray[np.uint8]:
    """A mask in [0, 1] in 255 steps."""
    return np.rint(mask * 255).astype(np.uint8)


if __name__ == "__main__":
    main()
