"""What holds for every edit, whichever it is."""

from __future__ import annotations

from dataclasses import fields
from functools import cache

import numpy as np
import pytest

from facelab.edits import EDITS
from facelab.edits.edit import Picture
from facelab.edits.reshape import Reshape
from facelab.edits.turn import Turn
from facelab.numerics.smoothing import resized
from facelab.recipe import Photographs, PictureFile, Recipe, parse_recipe, to_yaml
from facelab.types import Face, PositionMap, Texture
from tests.editing import portrait
from tests.prnet import laid_out
from tests.synthetic import ATLAS, canonical, frozen

# What an edit needs for something to happen, where its defaults ask for nothing.
ASKED = {
    "tone": {"exposure": 0.5},
    "reshape": {"smile": 0.7, "slim": 0.5},
    "turn": {"yaw": 8.0, "pitch": 4.0},
    "gaze": {"yaw": 12.0, "pitch": 4.0},
    "catchlight": {"size": 0.4},  # several texels
    "turn-light": {"turn": 60.0, "contrast": 1.3},
}
PICTURES = {"overlay", "project"}
# A side is chosen, one half rules, or what is put on has sides: a mirror turns them round.
SIDED = {
    "anonymise",
    "eyeliner",
    "freckles",
    "wrinkles",
    "project",
    "relight",
    "turn-light",
    "turn",
    "gaze",
    "catchlight",
}
SEEDED = {kind.name for kind in EDITS if "seed" in kind.__dataclass_fields__}


def made(kind, **more):
    """The edit with what it needs."""
    keys = dict(ASKED.get(kind.name, {}))
    for key in fields(kind):
        if key.metadata["kind"] == "reference":
            keys[key.name] = "picture" if kind.name in PICTURES else "person"
        elif key.metadata["kind"] == "references":
            keys[key.name] = ("person",)
    return kind(**{**keys, **more})


@cache
def lopsided(size=256):
    """A portrait that is not its mirror image: a red spot, a shining forehead, red pupils."""
    face = portrait(size=size, positions=canonical(scale=20, origin=(200, 200, 0), yaw=8))
    v, u = (np.indices((size, size)) + 0.5) / size
    spot = np.exp(-((u - 0.33) ** 2 + (v - 0.62) ** 2) / (2 * 0.008**2))[..., None]
    shine = np.exp(-((u - 0.55) ** 2 + (v - 0.25) ** 2) / (2 * 0.04**2))[..., None]
    colour = face.texture.colour * (1 - spot * [0.1, 0.45, 0.45]) + 0.25 * shine
    colour = colour * (1 + 0.3 * (u - 0.5))[..., None]  # light from one side
    for name in ("left eye", "right eye"):
        inside = ATLAS.region(name, size) > 0.5
        pupil = np.hypot(u - u[inside].mean(), v - v[inside].mean()) < 0.009
        colour[pupil & inside] = (0.7, 0.08, 0.12)
    return Face(face.positions, Texture(frozen(np.clip(colour, 0, 1)), face.texture.confidence))


@cache
def references(size=256):
    """A darker person and a soft stripe."""
    person = portrait((0.5, 0.35, 0.3), size, canonical(scale=20, origin=(200, 200, 0)))
    v, u = (np.indices((size, size)) + 0.5) / size
    stripe = np.exp(-(((v - 0.5) / 0.1) ** 2)) * np.exp(-(((u - 0.5) / 0.3) ** 2))
    colour = np.broadcast_to(np.float32([0.2, 0.4, 0.8]), (size, size, 3))
    return {"person": person, "picture": Picture(frozen(colour), frozen(stripe))}


def mirrored(face):
    values = face.positions.values[:, ::-1] * [-1, 1, 1] + [400, 0, 0]
    texture = face.texture
    return Face(
        PositionMap(frozen(values), ATLAS),
        Texture(frozen(texture.colour[:, ::-1]), frozen(texture.confidence[:, ::-1])),
    )


every = pytest.mark.parametrize("kind", EDITS, ids=lambda kind: kind.name)


@every
def test_something_happens(kind):
    face = lopsided()
    after = made(kind)(face, references())
    moved = np.abs(after.positions.values - face.positions.values)[ATLAS.face].max()
    painted = np.abs(after.texture.colour - face.texture.colour).max()
    assert max(moved / 10, painted) > 0.01


@every
def test_strength_zero_is_the_face_itself(kind):
    face = lopsided()
    assert made(kind, strength=0)(face, references()) is face


@every
def test_yaml_round_trip(kind, tmp_path):
    for name in ("p.jpg", "q.png"):
        (tmp_path / name).write_bytes(b"")
    inputs = {
        "person": Photographs((tmp_path / "p.jpg",)),
        "picture": PictureFile(tmp_path / "q.png"),
    }
    recipe = Recipe(steps=(made(kind, strength=0.25), made(kind)), inputs=inputs)
    text = to_yaml(recipe, tmp_path)
    assert parse_recipe(text.encode(), "r.yaml", tmp_path) == recipe


@every
@pytest.mark.parametrize("skin", [(0.85, 0.66, 0.56), (0.3, 0.19, 0.14)], ids=["light", "dark"])
def test_output_is_a_face_in_range_and_input_is_not_touched(kind, skin):
    face = portrait(skin, positions=canonical(scale=20, origin=(200, 200, 0), yaw=-10))
    after = made(kind)(face, references())  # arrays are read-only: a change would raise
    assert after.texture.colour.dtype == np.float32
    assert np.isfinite(after.texture.colour).all()
    assert after.texture.colour.min() >= 0
    assert after.texture.colour.max() <= 1
    assert after.positions.atlas is ATLAS
    assert np.isfinite(after.positions.values).all()


@every
def test_the_same_again(kind):
    first, second = (made(kind)(lopsided(), references()) for _ in range(2))
    np.testing.assert_array_equal(first.texture.colour, second.texture.colour)
    np.testing.assert_array_equal(first.positions.values, second.positions.values)


@pytest.mark.parametrize("kind", [kind for kind in EDITS if kind.name in SEEDED])
def test_another_seed_is_another_picture(kind):
    first, second = (kind(seed=seed)(lopsided(), {}) for seed in (1, 2))
    assert np.abs(first.texture.colour - second.texture.colour).max() > 0.01


@every
def test_the_texture_may_have_any_size(kind):
    small, large = (
        made(kind, strength=0.7)(lopsided(size), references(size)) for size in (384, 768)
    )
    np.testing.assert_allclose(small.positions.values, large.positions.values, atol=0.05)
    before = lopsided(384).texture.colour
    change, same = small.texture.colour - before, resized(large.texture.colour, 384) - before
    touched = np.abs(change).max(axis=2) > 0.004
    if touched.any():
        by = np.abs(change)[touched].mean()
        assert np.abs(change - same)[touched].mean() < max(0.02, by / 6)  # hard edges, by a texel


@pytest.mark.parametrize(
    "kind", [kind for kind in EDITS if kind.name not in SIDED], ids=lambda kind: kind.name
)
def test_a_mirror_turns_nothing_but_the_picture(kind):
    face, refs = lopsided(), references()
    flipped = {"person": mirrored(refs["person"]), "picture": refs["picture"]}
    after, other = made(kind)(face, refs), made(kind)(mirrored(face), flipped)
    again = mirrored(other)
    away = np.abs(again.positions.values - after.positions.values)[ATLAS.face]
    assert away.mean() < 0.1
    different = np.abs(again.texture.colour - after.texture.colour)[ATLAS.region("face", 256) > 0.5]
    assert different.mean() < 0.004


@every
def test_every_atlas_will_do(kind, atlas):
    """PRNet's layout, as a hand-made import has it."""

    def there(face):
        texture = Texture(
            frozen(np.clip(atlas.from_canonical(face.texture.colour), 0, 1)),
            frozen(atlas.region("face", 256)),
        )
        return Face(laid_out(face.positions, atlas), texture)

    refs = references()
    after = made(kind)(there(lopsided()), {**refs, "person": there(refs["person"])})
    assert after.positions.atlas is atlas
    assert np.isfinite(after.texture.colour).all()
    assert 0 <= after.texture.colour.min() <= after.texture.colour.max() <= 1


def test_lists_are_whole():
    names = [kind.name for kind in EDITS]
    assert names == sorted(names, key=names.index)
    assert len(set(names)) == len(names) >= 25
    assert {*ASKED, *PICTURES, *SIDED} <= set(names)
    assert {Reshape, Turn} <= set(EDITS)
