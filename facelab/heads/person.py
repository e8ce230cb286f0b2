"""A person who does not exist: what `Looks` ask for, and the rest of it drawn."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from facelab.edits import parameters
from facelab.edits.cielab import decoded, encoded, rgb_of
from facelab.heads import skin
from facelab.heads.clothes import PATTERNS, Cloth, draw_cloth
from facelab.heads.eyes import IRIS
from facelab.heads.family import ORIGINS, HeadFamily
from facelab.heads.hair import COLOURS, DYED, melanin, mixed
from facelab.heads.skin import Skin
from facelab.numerics.arrays import Float
from facelab.types import Texture

Rng = np.random.Generator

EYES = ("brown", "blue", "green", "grey")
STYLES = ("afro01", "bob01", "bob02", "braid01", "long01", "ponytail01", "short01", "short02",
          "short03", "short04")  # fmt: skip
HATS = ("fedora", "fedora_cocked")
_SUIT = {  # who wears what: women's, men's
    "afro01": (0.3, 0.3), "bob01": (0.5, 0.0), "bob02": (0.7, 0.0), "braid01": (1.0, 0.0),
    "long01": (1.6, 0.1), "ponytail01": (1.6, 0.1), "short01": (0.3, 1.3), "short02": (0.5, 1.5),
    "short03": (0.5, 1.2), "short04": (0.5, 1.5), "bald": (0.02, 0.9),
}  # fmt: skip
_BENEATH = ("short01", "short02", "short04", "bald", "long01", "ponytail01")  # hats
_SHAPE = 0.17  # standard deviation of the coefficients of a face's shapes, and
_MOST = 0.6  # the most that they are
_UNEVEN = 0.25  # the same of what makes a face lopsided
_SMALLEST, _LARGEST = 256, 1024  # sides of the face's texture
_LIGHTNESS = (38.0, 66.0, 71.0)  # CIELAB's, of skin, by origin
_BALD, _GROWN = (0.15, 0.9), (0.7, 0.9)  # how much stubble covers of scalps
_DYED = 0.03  # of people, in colours that do not grow
_PALEST = 0.16  # of brows, linear: they go grey last
_DARKEST = 0.25  # of an iris, of its picture


@dataclass(frozen=True, kw_only=True)
class Looks:
    """What a person is like. Fields are keys of a recipe's ``heads``."""

    age: float = parameters.number(35.0, 18.0, 90.0, "of the person", "years")
    male: float = parameters.number(0.5, 0.0, 1.0, "0 is a woman, 1 a man")
    origin: str = parameters.choice("any", ("any", "mixed", *ORIGINS), "of the ancestors")
    weight: float = parameters.number(0.0, -1.0, 1.0, "0 is the average")
    shape: float = parameters.number(1.0, 0.0, 1.5, "how far the face is from the average")
    skin: str = parameters.choice("own", ("own", "photographs"), "drawn, or of a photograph")
    hair: str = parameters.choice("any", ("any", "bald", *STYLES), "the style")
    hair_colour: str = parameters.choice(
        "any", ("any", "dyed", *COLOURS), "as white light shows it"
    )
    eyes: str = parameters.choice("any", ("any", *EYES), "colour of the irises")
    clothes: str = parameters.choice("any", ("any", *PATTERNS), "pattern of the cloth")
    hat: str = parameters.choice("none", ("none", *HATS), "what is worn on the head")
    seed: int = parameters.whole(0, 0, 2**32 - 1, "of all else about the person")


@dataclass(frozen=True, slots=True, eq=False)
class Person:
    """A person, before any camera.

    Parameters
    ----------
    coefficients : (k,) float32
        Of `HeadFamily`, expressions 0.
    rest : (n, 3) float32
        The head's vertices with them.
    skin : Skin
    hair, hair_colour : str, (3,) float32
        Name of the part, empty for none, and linear RGB.
    brows, brow_colour, lashes : str, (3,) float32, str
    irises : (h, w, 3) float32
        Picture of an eyeball, linear RGB.
    cloth : Cloth
    hat, hat_colour : str, (3,) float32
    oil : float
        How much the skin shines; 1 is usual.
    """

    coefficients: Float = field(repr=False)
    rest: Float = field(repr=False)
    skin: Skin
    hair: str
    hair_colour: Float
    brows: str
    brow_colour: Float
    lashes: str
    irises: Float = field(repr=False)
    cloth: Cloth
    hat: str
    hat_colour: Float
    oil: float


def person_of(looks: Looks, size: int = 512, texture: Texture | None = None) -> Person:
    """Draw the person that looks ask for; the same arguments give the same person.

    Parameters
    ----------
    size : int
        Of pictures of the person, pixels: the skin is as fine as they show.
    texture : Texture, optional
        Of the face in a photograph, whose skin the person has; an own one is drawn by default.
    """
    rng = np.random.default_rng(looks.seed)
    family = HeadFamily.load()
    origins = _origins(looks.origin, rng)
    coefficients = _coefficients(family, looks, origins, rng)
    natural = _natural_colour(looks, origins, rng)
    dyed = looks.hair_colour == "dyed" or (looks.hair_colour == "any" and rng.random() < _DYED)
    colour = decoded(rgb_of(str(rng.choice(DYED)))) if dyed else natural
    style = looks.hair if looks.hair != "any" else _style(looks, rng)
    shorn = rng.uniform(*(_BALD if style == "bald" else _GROWN))
    traits = _traits(looks, origins, natural, shorn, rng)
    side = int(np.clip(size, _SMALLEST, _LARGEST))
    own = skin.own(rng, traits, side) if texture is None else skin.skin_of(texture, traits)
    shade = np.float32(np.exp(rng.normal(-0.2, 0.25)))
    return Person(
        coefficients=coefficients,
        rest=family.vertices(coefficients),
        skin=own,
        hair="" if style == "bald" else f"hair-{style}",
        hair_colour=colour,
        brows=str(rng.choice([part.name for part in family.kin("brows")])),
        brow_colour=np.asarray(np.minimum(natural * shade, _PALEST), np.float32),
        lashes=str(rng.choice([part.name for part in family.kin("lashes")])),
        irises=_irises(looks.eyes, origins, rng),
        cloth=draw_cloth(looks.clothes, rng),
        hat="" if looks.hat == "none" else f"hat-{looks.hat}",
        hat_colour=draw_cloth("plain", rng).colour * np.float32(0.5),
        oil=float(np.exp(rng.normal(0, 0.35))),
    )


def _origins(origin: str, rng: Rng) -> tuple[float, float, float]:
    if origin in ORIGINS:
        mixed = [0.9 if name == origin else 0.05 for name in ORIGINS]
    else:
        mixed = list(rng.dirichlet([1.0 if origin == "mixed" else 0.3] * 3))
    return mixed[0], mixed[1], mixed[2]


def _coefficients(
    family: HeadFamily, looks: Looks, origins: tuple[float, float, float], rng: Rng
) -> Float:
    """The person's shape: sex, age and build as MakeHuman mixes them, and a face of its own."""
    old = float(np.clip((looks.age - 25) / 65, 0, 1))
    muscle = float(np.clip(rng.normal(0, 0.3), -0.8, 0.8))
    out = family.person(origins, looks.male, old, looks.weight, muscle)
    for index, name in enumerate(family.names[: len(family.names) - family.expressions]):
        if "male-" not in name:  # neither people nor builds
            spread = _UNEVEN if name.startswith("asym-") else _SHAPE
            drawn = np.clip(rng.normal(0, spread), -_MOST, _MOST)
            out[index] = looks.shape * (abs(drawn) if name.startswith("asym-") else drawn)
    return out


def _natural_colour(looks: Looks, origins: tuple[float, float, float], rng: Rng) -> Float:
    name, grown = looks.hair_colour, melanin(origins, rng)
    return mixed(name, 0, rng) if name in COLOURS else mixed(grown, looks.age, rng)


def _style(looks: Looks, rng: Rng) -> str:
    """A style that suits: by sex, more often none with age, and one that goes under a hat."""
    names = [name for name in _SUIT if looks.hat == "none" or name in _BENEATH]
    odds = np.array([np.interp(looks.male, (0, 1), _SUIT[name]) for name in names])
    odds[names.index("bald")] *= np.interp(looks.age, (25, 60), (0.5, 1.6))
    return str(rng.choice(names, p=odds / odds.sum()))


def _traits(
    looks: Looks, origins: tuple[float, float, float], colour: Float, shorn: float, rng: Rng
) -> skin.Traits:
    mean = sum(each * share for each, share in zip(_LIGHTNESS, origins, strict=True))
    lightness = mean + rng.normal(0, 5)
    red, green, blue = (float(x) for x in encoded(colour))
    return skin.Traits(
        age=looks.age,
        male=looks.male,
        lightness=float(np.clip(lightness, 22, 80)),
        hair=(red, green, blue),
        shorn=shorn,
    )


def _irises(name: str, origins: tuple[float, float, float], rng: Rng) -> Float:
    """The picture of an eyeball: mostly brown, from light to nearly black."""
    if name == "any":
        light = rng.random() < 0.65 * origins[2] ** 2
        name = str(rng.choice(EYES[1:])) if light else "brown"
    picture = HeadFamily.load().parts[f"eyes-{name}"].picture[..., :3]
    size = len(picture)
    y, x = (np.mgrid[:size, :size] + 0.5) / size
    (u, v), reach = IRIS
    inside = np.clip((reach - np.hypot(x - u, y - v)) * size / 2, 0, 1)[..., None]
    dark = rng.uniform(_DARKEST, 1.0) if name == "brown" else rng.uniform(0.6, 1.1)
    white = np.float32(rng.uniform(1.15, 1.4))  # of the eyeball, which its picture has grey
    return np.asarray(decoded(picture) * (inside * dark + (1 - inside) * white), np.float32)
