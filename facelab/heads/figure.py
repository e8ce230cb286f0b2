"""A person before a camera as surfaces: where everything lies, how it is lit, what it is called."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache, cached_property

import numpy as np

from facelab.edits.cielab import decoded
from facelab.geometry import pose
from facelab.heads import hair, shading, shape
from facelab.heads.camera import Camera
from facelab.heads.clothes import garment
from facelab.heads.eyes import Eyeballs, balls
from facelab.heads.family import HeadFamily
from facelab.heads.light import Light, open_transfer
from facelab.heads.neck import Angles, bent
from facelab.heads.openness import Openness, casters, mouth_openness, openness
from facelab.heads.parts import Part
from facelab.heads.person import Person
from facelab.heads.shading import Lit, Place
from facelab.heads.shadow import ShadowMap
from facelab.heads.shape import Mesh
from facelab.heads.surface import Paint, Surface, vertex_normals
from facelab.heads.textures import Pictured, SkinPaint, fitted, tinted
from facelab.numerics.algebra import product
from facelab.numerics.arrays import Bool, Float
from facelab.types import Crop

_EYE, _TOOTH, _TONGUE = (350.0, 1.0), (40.0, 0.8), (12.0, 0.5)  # how they shine, see shading.wet
_WET = {"upper teeth": _TOOTH, "lower teeth": _TOOTH, "tongue": _TONGUE}
_SHUT = 0.08  # cm: lips that are no farther apart than at rest show nothing of the mouth
_WIDE = 1.5  # cm: a mouth so far open is as light inside as it gets
_DARK = 0.3  # of that light, where it is nearly shut
_ENAMEL = np.array([1.5, 1.42, 1.25], np.float32)  # times the picture of teeth, which is dark
_LASHES = np.array([0.012, 0.009, 0.008], np.float32)  # the palest, linear RGB


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
        face = shape.moved(shape.moved(self.person.rest, self.expression), self.looks)
        return bent(face, *self.turn)

    @cached_property
    def _normals(self) -> Float:
        """Of the head, ``(n, 3)``."""
        return shape.normals(self.head)

    @cached_property
    def _placed(self) -> Float:
        """The head's vertices as the camera sees them, ``(n, 3)``, pixels."""
        return self.camera.project(self.head)

    @cached_property
    def eyeballs(self) -> Eyeballs:
        """Its eyeballs."""
        return Eyeballs.of(shape.moved(self.person.rest, self.expression), self.gaze)

    def seen_in(self, crop: Crop) -> Figure:
        """Return the figure as a crop of its picture shows it."""
        light = self.light.turned(pose.matrix(0, 0, -crop.roll))
        return replace(self, camera=self.camera.seen_in(crop), light=light)

    def surfaces(self) -> list[Surface]:
        """Everything that is drawn."""
        return [
            *self._skin(),
            self._cloth(),
            *self._eyes(),
            *self._mouth(),
            *self._brows(),
            *self._lashes(),
            *self._hair(),
            *self._hat(),
        ]

    def _skin(self) -> Iterator[Surface]:
        normals, placed = self._normals, self._placed
        place = self._place(self.head, normals, self._open.skin)
        lit = shading.skin(place, self._light, self.person.oil)
        paint, places = self._skin_paint(), _skin_places()
        for number, name in shape.CLASSES.items():
            rows, triangles = shape.of_class(number)
            own = Lit(*(x[rows] for x in lit))
            turned = self._turned(normals[rows])
            yield Surface(name, placed[rows], triangles, *own, turned, places[rows], paint)

    def _skin_paint(self) -> SkinPaint:
        family, skin = HeadFamily.load(), self.person.skin
        whole = family.triangles[family.part == 1]
        face = whole[(family.atlas_share[whole] > 0).all(axis=1)]
        return SkinPaint(
            Pictured(decoded(fitted(skin.body, family.uv, whole, self._placed))),
            Pictured(decoded(fitted(skin.face, family.atlas_uv, face, self._placed))),
        )

    def _cloth(self) -> Surface:
        worn = garment()
        vertices = worn.vertices(self.head, self._normals)
        mesh = Mesh(vertices, vertex_normals(vertices, worn.triangles), worn.triangles)
        place = self._place(mesh.vertices, mesh.normals, self._open.skin[worn.of])
        lit = shading.cloth(place, self._light)
        return self._surface("clothes", mesh, lit, worn.places, self.person.cloth)

    def _eyes(self) -> Iterator[Surface]:
        for side, name in enumerate(("right eye", "left eye")):
            ball = balls()[side]
            mesh = Mesh(*self.eyeballs.mesh(side), ball.triangles)
            place = self._place(mesh.vertices, mesh.normals, self._open.eyes[side])
            lit = shading.wet(place, self._light, *_EYE)
            placed = self.camera.project(mesh.vertices)
            picture = fitted(self.person.irises, ball.uv, ball.triangles, placed)
            yield self._surface(name, mesh, lit, ball.uv, Pictured(picture))

    def _mouth(self) -> Iterator[Surface]:
        apart = shape.lips_apart(self.head) - shape.lips_apart(self.person.rest)
        if apart < _SHUT:
            return
        bright = np.float32(_DARK + (1 - _DARK) * min(apart / _WIDE, 1.0))
        for name, wet in _WET.items():
            part = HeadFamily.load().parts[name]
            mesh = self._mesh(part)
            place = self._place(mesh.vertices, mesh.normals, bright * mouth_openness()[name])
            lit = shading.wet(place, self._light, *wet)
            paint = Pictured(decoded(self._fitted(part, mesh)[..., :3]) * _ENAMEL)
            yield self._surface("mouth interior", mesh, lit, part.uv, paint)

    def _brows(self) -> Iterator[Surface]:
        both = self._card(self.person.brows, self.person.brow_colour)
        right = _is_right(self.person.brows)[both.triangles].all(axis=1)
        for name, kept in (("right brow", right), ("left brow", ~right)):
            yield replace(both, name=name, triangles=both.triangles[kept])

    def _lashes(self) -> Iterator[Surface]:
        colour = np.minimum(self.person.brow_colour, _LASHES)
        yield self._card(self.person.lashes, colour)

    def _card(self, name: str, colour: Float) -> Surface:
        """Short hair in a picture close to the skin; it is called so, too."""
        part = HeadFamily.load().parts[name]
        mesh = self._mesh(part)
        mesh = mesh._replace(normals=hair.normals(mesh.vertices, mesh.normals))
        place = self._place(mesh.vertices, mesh.normals, open_transfer(mesh.normals))
        paint = Pictured(tinted(self._fitted(part, mesh), colour))
        lit = shading.cloth(place, self._light)
        return self._surface("skin", mesh, lit, part.uv, paint, solid=False)

    def _hair(self) -> Iterator[Surface]:
        if not self.person.hair:
            return
        part, colour = HeadFamily.load().parts[self.person.hair], self.person.hair_colour
        mesh = self._mesh(part)
        mesh = mesh._replace(normals=hair.normals(mesh.vertices, mesh.normals))
        place = self._place(mesh.vertices, mesh.normals, self._open.hair)
        lit = shading.hair(place, self._light, hair.tangents(mesh.vertices, part), colour)
        paint: Paint = Pictured(tinted(self._fitted(part, mesh), colour))
        places = part.uv
        if self.person.hat:
            hat = HeadFamily.load().parts[self.person.hat].vertices(self.head)
            places = np.hstack([places, hair.room_below(mesh.vertices, hat)])
            paint = hair.Under(paint)
        yield self._surface("hair", mesh, lit, places, paint, solid=False)

    def _hat(self) -> Iterator[Surface]:
        if not self.person.hat:
            return
        part = HeadFamily.load().parts[self.person.hat]
        mesh = self._mesh(part)
        place = self._place(mesh.vertices, mesh.normals, open_transfer(mesh.normals))
        paint = Pictured(tinted(self._fitted(part, mesh), self.person.hat_colour))
        lit = shading.cloth(place, self._light)
        yield self._surface("hat", mesh, lit, part.uv, paint, solid=False)

    def _mesh(self, part: Part) -> Mesh:
        """A part on this head."""
        vertices = part.vertices(self.head)
        return Mesh(vertices, vertex_normals(vertices, part.triangles), part.triangles)

    def _fitted(self, part: Part, mesh: Mesh) -> Float:
        """The picture of a part, no finer than it is seen."""
        placed = self.camera.project(mesh.vertices)
        return fitted(part.picture, part.uv, part.triangles, placed)

    def _surface(
        self, name: str, mesh: Mesh, lit: Lit, places: Float, paint: Paint, solid: bool = True
    ) -> Surface:
        """A mesh as the camera sees it."""
        placed, turned = self.camera.project(mesh.vertices), self._turned(mesh.normals)
        return Surface(name, placed, mesh.triangles, *lit, turned, places, paint, solid)

    def _turned(self, normals: Float) -> Float:
        """Normals in the camera's frame."""
        return product(normals, self.camera.rotation.T.astype(np.float32))

    def _place(self, vertices: Float, normals: Float, open_to: Float) -> Place:
        toward = product(self.camera.toward(vertices), self.camera.rotation.astype(np.float32))
        return Place(normals, toward, open_to, self._shadows.at(vertices))

    @cached_property
    def _light(self) -> Light:
        """In the head's frame."""
        return self.light.turned(self.camera.rotation.T)

    @cached_property
    def _shadows(self) -> ShadowMap:
        hide = casters(self.head, self.person.hair, self.person.hat)
        return ShadowMap.of(hide, self._light.toward, self._light.spread)

    @cached_property
    def _open(self) -> Openness:
        return openness(self.person.hair, self.person.hat)


@cache
def _skin_places() -> Float:
    """Where vertices lie in the skin's two pictures, and their share of the face, ``(n, 5)``."""
    family = HeadFamily.load()
    rows = [family.uv, family.atlas_uv, family.atlas_share[:, None]]
    return np.hstack(rows).astype(np.float32)


@cache
def _is_right(brows: str) -> Bool:
    """Which vertices are of the subject's right brow, which is at small x."""
    family = HeadFamily.load()
    out: Bool = family.parts[brows].vertices(family.base)[:, 0] < 0
    return out
