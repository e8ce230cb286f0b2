"""A person before a camera as surfaces: where everything lies, how it is lit, what it is called."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from facelab.edits.cielab import decoded
from facelab.heads import hair, shading, shadow
from facelab.heads.camera import Camera
from facelab.heads.clothes import garment
from facelab.heads.eyes import Eyeballs, balls
from facelab.heads.family import HeadFamily
from facelab.heads.light import Light, open_transfer
from facelab.heads.neck import Angles, bent
from facelab.heads.parts import Part
from facelab.heads.person import Person
from facelab.heads.shading import Lit, Place
from facelab.heads.shadow import Caster, ShadowMap
from facelab.heads.surface import Paint, Surface, vertex_normals
from facelab.heads.textures import SkinPaint, read_at, tinted
from facelab.numerics.algebra import combined, product
from facelab.numerics.arrays import Float, Int

_NAMES = {1: "skin", 8: "mouth interior", 11: "right ear", 12: "left ear", 13: "neck"}
_CLOTHES = 14
_WET_EYE = 350.0, 1.0  # sharpness and share of what is mirrored, and of
_MOUTH = {"upper teeth": (40.0, 0.8), "lower teeth": (40.0, 0.8), "tongue": (12.0, 0.5)}
_LASHES = np.array([0.012, 0.009, 0.008], np.float32)  # the palest, linear
_TRIED = 32  # directions from which light is tried


@dataclass(frozen=True, eq=False)
class Figure:
    """A person with an expression who looks somewhere, before a camera in some light.

    Parameters
    ----------
    person : Person
    expression : mapping of str to float
        ARKit's coefficients, without those of gaze.
    looks : mapping of str to float
        Those of gaze, as of `facelab.heads.eyes.looks`.
    gaze : (right, up)
        Degrees, as of `Eyeballs.of`.
    camera : Camera
    turn : (angles, share)
        As of `facelab.heads.neck.bent`.
    light : Light
        In the camera's frame.
    """

    person: Person
    expression: Mapping[str, float] = field(repr=False)
    looks: Mapping[str, float] = field(repr=False)
    gaze: tuple[float, float]
    camera: Camera
    turn: tuple[Angles, float]
    light: Light = field(repr=False)

    @cached_property
    def head(self) -> Float:
        """The head's vertices ``(n, 3)``, cm, the head's frame."""
        return bent(_moved(_moved(self.person.rest, self.expression), self.looks), *self.turn)

    @cached_property
    def eyeballs(self) -> Eyeballs:
        """Its eyeballs."""
        return Eyeballs.of(_moved(self.person.rest, self.expression), self.gaze)

    def surfaces(self) -> list[Surface]:
        """Everything that is drawn."""
        return [
            *self._skin(),
            self._cloth(),
            *self._eyes(),
            *self._mouth(),
            *self._cards(),
            *self._hair(),
            *self._hat(),
        ]

    def _skin(self) -> Iterator[Surface]:
        family, skin = HeadFamily.load(), self.person.skin
        place = self._place(self.head, self._normals, self._open.skin)
        lit = shading.skin(place, self._light, self.person.oil)
        placed = self.camera.project(self.head)
        face = family.triangles[family.part == 1]
        atlas = _atlas()
        paint = SkinPaint(
            read_at(decoded(skin.body), family.uv, face, placed),
            read_at(decoded(skin.face), atlas[:, :2], face, placed),
        )
        places = np.hstack([family.uv, atlas])
        for number, name in _NAMES.items():
            rows, triangles = _class_of(number)
            yield self._surface(
                name,
                placed[rows],
                triangles,
                _rows(lit, rows),
                self._normals[rows],
                places[rows],
                paint,
            )

    def _cloth(self) -> Surface:
        worn = garment()
        vertices = worn.vertices(self.head, self._normals)
        normals = vertex_normals(vertices, worn.triangles)
        lit = shading.cloth(self._place(vertices, normals, self._open.skin[worn.of]), self._light)
        placed = self.camera.project(vertices)
        return self._surface(
            "clothes", placed, worn.triangles, lit, normals, worn.places, self.person.cloth
        )

    def _eyes(self) -> Iterator[Surface]:
        for side, name in enumerate(("right eye", "left eye")):
            ball = balls()[side]
            vertices, normals = self.eyeballs.mesh(side)
            place = self._place(vertices, normals, self._open.eyes[side])
            lit = shading.wet(place, self._light, *_WET_EYE)
            placed = self.camera.project(vertices)
            paint = read_at(self.person.irises, ball.uv, ball.triangles, placed)
            yield self._surface(name, placed, ball.triangles, lit, normals, ball.uv, paint)

    def _mouth(self) -> Iterator[Surface]:
        wide = min(self.expression.get("jawOpen", 0.0) / 0.3, 1.0)
        for name, wet in _MOUTH.items():
            part = HeadFamily.load().parts[name]
            vertices = part.vertices(self.head)
            normals = vertex_normals(vertices, part.triangles)
            light = mouth_openness()[name] * np.float32(0.25 + 0.75 * wide)
            lit = shading.wet(self._place(vertices, normals, light), self._light, *wet)
            yield self._part(
                part, "mouth interior", vertices, normals, lit, decoded(part.picture[..., :3])
            )

    def _cards(self) -> Iterator[Surface]:
        """Brows and lashes."""
        person, family = self.person, HeadFamily.load()
        for name, colour, called in (
            (person.brows, person.brow_colour, ("right brow", "left brow")),
            (person.lashes, np.minimum(person.brow_colour, _LASHES), ("skin", "skin")),
        ):
            part = family.parts[name]
            vertices = part.vertices(self.head)
            normals = hair.normals(vertices, vertex_normals(vertices, part.triangles))
            lit = shading.cloth(self._place(vertices, normals, open_transfer(normals)), self._light)
            picture = tinted(part.picture, colour)
            whole = self._part(part, called[0], vertices, normals, lit, picture, solid=False)
            for side, each in enumerate(called):
                yield _half(whole, each, (vertices[:, 0] > 0) == bool(side))

    def _hair(self) -> Iterator[Surface]:
        if self._locks is None:
            return
        part, vertices = self._locks
        mesh = vertex_normals(vertices, part.triangles)
        normals = hair.normals(vertices, mesh)
        place = self._place(vertices, normals, self._open.hair)
        colour = self.person.hair_colour
        lit = shading.hair(place, self._light, hair.tangents(vertices, part), colour)
        picture = tinted(part.picture, colour)
        drawn = self._part(part, "hair", vertices, normals, lit, picture, solid=False)
        if self._hat_vertices is not None:
            drawn = _with(drawn, hair.under(part, vertices, self._hat_vertices))
        yield drawn

    def _hat(self) -> Iterator[Surface]:
        vertices = self._hat_vertices
        if vertices is None:
            return
        part = HeadFamily.load().parts[self.person.hat]
        normals = vertex_normals(vertices, part.triangles)
        lit = shading.cloth(self._place(vertices, normals, open_transfer(normals)), self._light)
        picture = tinted(part.picture, self.person.hat_colour)
        yield self._part(part, "hat", vertices, normals, lit, picture, solid=False)

    def _part(
        self,
        part: Part,
        name: str,
        vertices: Float,
        normals: Float,
        lit: Lit,
        picture: Float,
        solid: bool = True,
    ) -> Surface:
        placed = self.camera.project(vertices)
        paint = read_at(picture, part.uv, part.triangles, placed)
        return self._surface(name, placed, part.triangles, lit, normals, part.uv, paint, solid)

    def _surface(
        self,
        name: str,
        placed: Float,
        triangles: Int,
        lit: Lit,
        normals: Float,
        places: Float,
        paint: Paint,
        solid: bool = True,
    ) -> Surface:
        turned = product(normals, self.camera.rotation.T.astype(np.float32))
        return Surface(name, placed, triangles, lit.light, lit.gloss, turned, places, paint, solid)

    def _place(self, vertices: Float, normals: Float, openness: Float) -> Place:
        toward = product(self.camera.toward(vertices), self.camera.rotation.astype(np.float32))
        return Place(normals, toward, openness, self._shadows.at(vertices))

    @cached_property
    def _normals(self) -> Float:
        return _welded_normals(self.head)

    @cached_property
    def _light(self) -> Light:
        """In the head's frame."""
        return self.light.turned(self.camera.rotation.T)

    @cached_property
    def _locks(self) -> tuple[Part, Float] | None:
        """The hair, and its vertices."""
        if not self.person.hair:
            return None
        part = HeadFamily.load().parts[self.person.hair]
        return part, part.vertices(self.head)

    @cached_property
    def _hat_vertices(self) -> Float | None:
        if not self.person.hat:
            return None
        return HeadFamily.load().parts[self.person.hat].vertices(self.head)

    @cached_property
    def _shadows(self) -> ShadowMap:
        casters = _casters(self.head, self.person.hair, self.person.hat)
        return ShadowMap.of(casters, self._light.toward, self._light.spread)

    @cached_property
    def _open(self) -> Openness:
        return openness(self.person.hair, self.person.hat)


class Openness(NamedTuple):
    """How open everything on the mean head is to the light around, each ``(n, 9)``."""

    skin: Float
    hair: Float
    eyes: tuple[Float, Float]


@cache
def openness(style: str, hat: str) -> Openness:
    """Work out what head, hair and hat hide of the light around, on the mean head, once."""
    family = HeadFamily.load()
    head, eyeballs = family.base, Eyeballs.of(family.base, (0.0, 0.0))
    meshes = [(head, _welded_normals(head)), eyeballs.mesh(0), eyeballs.mesh(1)]
    if style:
        part = family.parts[style]
        vertices = part.vertices(head)
        mesh = vertex_normals(vertices, part.triangles)
        meshes.append((vertices, hair.normals(vertices, mesh)))
    skin, right, left, *locks = _seen(meshes, _casters(head, style, hat))
    return Openness(skin, locks[0] if locks else skin[:0], (right, left))


@cache
def mouth_openness() -> Mapping[str, Float]:
    """The same of teeth and tongue in an open mouth, by the parts' names."""
    family = HeadFamily.load()
    head = _moved(family.base, {"jawOpen": 0.5})
    parts = [family.parts[name] for name in _MOUTH]
    placed = [part.vertices(head) for part in parts]
    normals = [vertex_normals(v, part.triangles) for v, part in zip(placed, parts, strict=True)]
    seen = _seen(list(zip(placed, normals, strict=True)), _casters(head, "", ""))
    return dict(zip(_MOUTH, seen, strict=True))


def _seen(meshes: Sequence[tuple[Float, Float]], casters: list[Caster]) -> list[Float]:
    """What of the light around reaches vertices with normals, for each of several meshes."""
    vertices, normals = (np.concatenate(rows) for rows in zip(*meshes, strict=True))
    open_to = shadow.openness(vertices, normals, casters, _TRIED)
    return np.split(open_to, np.cumsum([len(rows) for rows, _ in meshes])[:-1])


def _casters(head: Float, style: str, hat: str) -> list[Caster]:
    """What hides light: the head itself without the clothes, its hair, its hat."""
    family = HeadFamily.load()
    own = [Caster(head, family.triangles[family.part != _CLOTHES])]
    parts = [family.parts[name] for name in (style, hat) if name]
    return own + [Caster(part.vertices(head), part.triangles, True) for part in parts]


def _moved(head: Float, coefficients: Mapping[str, float]) -> Float:
    """A head with coefficients of expressions added."""
    family = HeadFamily.load()
    used = {name: value for name, value in coefficients.items() if value}
    if not used:
        return head
    rows = [family.names.index(name) for name in used]
    return head + combined(np.array(list(used.values()), np.float32), family.modes[rows])


def _welded_normals(head: Float) -> Float:
    """Normals of a head's vertices; those that a seam of the skin parts have one."""
    first = _first_alike()
    return vertex_normals(head, first[HeadFamily.load().triangles])[first]


@cache
def _first_alike() -> Int:
    """For each vertex the first that lies in the same place, ``(n,)``."""
    base = HeadFamily.load().base
    _, index = np.unique(np.round(base, 4), axis=0, return_inverse=True)
    firsts = np.full(len(base), len(base), np.int32)
    np.minimum.at(firsts, index.ravel(), np.arange(len(base), dtype=np.int32))
    return firsts[index.ravel()]


@cache
def _class_of(number: int) -> tuple[NDArray[np.intp], Int]:
    """The vertices of a class of the head's triangles, and the triangles among these."""
    family = HeadFamily.load()
    rows, index = np.unique(family.triangles[family.part == number], return_inverse=True)
    return rows, index.reshape(-1, 3).astype(np.int32)


@cache
def _atlas() -> Float:
    """Place in the canonical atlas and share of the face, ``(n, 3)``."""
    family = HeadFamily.load()
    return np.hstack([family.atlas_uv, family.atlas_share[:, None]]).astype(np.float32)


def _rows(lit: Lit, rows: NDArray[np.intp]) -> Lit:
    return Lit(lit.light[rows], lit.gloss[rows])


def _half(whole: Surface, name: str, kept: NDArray[np.bool_]) -> Surface:
    """The triangles of a surface that have only vertices that are kept, under another name."""
    return _with(whole, whole.triangles[kept[whole.triangles].all(axis=1)], name)


def _with(surface: Surface, triangles: Int, name: str | None = None) -> Surface:
    return replace(surface, triangles=triangles, name=name or surface.name)
