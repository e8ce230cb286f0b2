"""What each pixel of a training picture shows: exact where it is drawn, else as a teacher says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache

import numpy as np
from numpy.typing import NDArray

from facelab.atlas import canonical
from facelab.augment.classes import CLASSES, NOT_KNOWN
from facelab.augment.ground_truth import GroundTruth
from facelab.augment.maps import places, segmentation
from facelab.augment.sample import Sample
from facelab.augment.scene import Scene
from facelab.constants import PARTS
from facelab.export.subject import Subject
from facelab.numerics import raster
from facelab.numerics.arrays import Bool, Float
from facelab.numerics.distance import distance_within
from facelab.train.parse.split import split
from facelab.types import Reconstruction

Teacher = Callable[[Float], Float]
"""From a picture ``(S, S, 3)`` to shares ``(S, S, 6)`` of the classes that `split` takes."""

_PARTS = {
    "skin": ("skin", "nose"),
    "brows": ("right brow", "left brow"),
    "eyes": ("right eye", "left eye"),
    "lips": ("upper lip", "lower lip"),
    "mouth": ("mouth interior",),
    "hair": ("hair",),
    "glasses": ("glasses",),
    "front": ("hat", "hand", "mask", "object"),
    "ears": ("right ear", "left ear"),
    "neck": ("neck",),
    "clothes": ("clothes",),
}
"""Which classes of `facelab.augment.classes` are a part; the rest is background."""

_DRAWN_APART = 0.1  # of the lips' width: less is often no gap, but an error of the geometry
_SOME = 0.3  # share of a part that counts as some of it
_NEAR_LIPS = 0.012  # of the face's size
_BESIDE = 0.08  # of the face's size: skin so near beside the oval is of cheek or ear
_GLASSES = 0.002  # of the face's size squared: pixels of glasses from which a face may wear some
_AROUND_EYES = 0.25  # of the face's size, that those may reach


def drawn(scene: Scene) -> Float:
    """The parts in a scene of which all is known, or all that was put into a photograph.

    Returns
    -------
    (H, W, 14) float32
        Shares of `facelab.constants.PARTS`; 0 where nothing is known.
    """
    assert scene.truth is not None
    subject = Subject(scene.image, Reconstruction(scene.positions, 1.0))
    classes = segmentation(_sample(scene, scene.truth), subject)
    numbers = _numbers()[classes]
    shares = np.eye(len(PARTS), dtype=np.float32)[numbers]
    shares[_shorn_or_below(scene, numbers)] = 0
    if scene.truth.beard is not None:
        shares = _moved(shares, "skin", "beard", _seen_in(scene, scene.truth.beard))
    if scene.truth.lenses is not None:
        shares = _with_lenses(shares, scene.truth.lenses)
    return shares


def photographed(scene: Scene, teacher: Teacher, beard: Float) -> Float:
    """The parts in a photograph: a teacher's, split by the face's geometry, and its beard.

    Parameters
    ----------
    scene : Scene
    teacher : callable
    beard : (S, S) float32
        How much of each texel of the face lies in its beard, see `facelab.train.parse.beards`.

    Returns
    -------
    (H, W, 14) float32
        Shares of `facelab.constants.PARTS`; 0 where neither tells: between cheek and ear, between
        lips that are nearly shut, and around eyes that may be behind glasses.
    """
    shares = split(teacher(scene.image), scene.positions)
    unknown = _cheek_or_ear(scene, shares) | _slit(scene, shares) | _perhaps_glasses(scene, shares)
    return _moved(shares, "skin", "beard", _seen_in(scene, beard)) * ~unknown[..., None]


def _cheek_or_ear(scene: Scene, shares: Float) -> Bool:
    """Skin a little beside the face's oval."""
    oval = _oval(scene)
    near = distance_within(~oval) < _BESIDE * scene.box.size
    return np.asarray(~oval & near & (_share(shares, "ears") > _SOME), np.bool_)


def _slit(scene: Scene, shares: Float) -> Bool:
    """Between lips of which the geometry says that they are hardly apart."""
    marks = scene.positions.landmarks[:, :2]
    width = float(np.linalg.norm(marks[54] - marks[48]))
    apart = float(np.linalg.norm(marks[61:64] - marks[67:64:-1], axis=1).mean())
    if apart > _DRAWN_APART * width:
        return np.zeros(shares.shape[:2], np.bool_)
    mouth = np.asarray(_share(shares, "mouth") > _SOME)
    return np.asarray(mouth | (distance_within(~mouth) < _NEAR_LIPS * scene.box.size) & mouth.any())


def _perhaps_glasses(scene: Scene, shares: Float) -> Bool:
    """Around the eyes, if there is something of glasses."""
    size = scene.box.size
    if (_share(shares, "glasses") > _SOME).sum() < _GLASSES * size * size:
        return np.zeros(shares.shape[:2], np.bool_)
    away = np.ones(shares.shape[:2], np.bool_)
    eyes = np.rint(scene.positions.landmarks[36:48, 1::-1]).astype(int)
    row, column = eyes.clip(0, np.array(away.shape) - 1).T
    away[row, column] = False
    return np.asarray(distance_within(away) < _AROUND_EYES * size)


def _shorn_or_below(scene: Scene, numbers: NDArray[np.uint8]) -> Bool:
    """Skin of a drawn head above its face, which may be shorn hair, and below it, neck or chin."""
    marks = scene.positions.landmarks
    rows = np.arange(len(numbers))[:, None]
    aside = (rows > marks[17:27, 1].mean()) & (rows < marks[48:60, 1].mean())
    return np.asarray((numbers == PARTS.index("skin")) & ~_oval(scene) & ~aside, np.bool_)


def _oval(scene: Scene) -> Bool:
    """Where the face's oval lies in the picture, ``(H, W)``, whatever hides it."""
    atlas = canonical()
    drawn = raster.rasterize(
        scene.positions.values[atlas.valid], atlas.triangles, scene.image.shape[:2]
    )
    inside = atlas.region("oval", atlas.size)[atlas.valid][:, None]
    return np.asarray(raster.interpolate(drawn, atlas.triangles, inside)[..., 0] > 0.5, np.bool_)


def _share(shares: Float, part: str) -> Float:
    out: Float = shares[..., PARTS.index(part)]
    return out


def with_nothing(scene: Scene) -> Scene:
    """The scene of a photograph whose truth knows the class of no pixel yet."""
    assert scene.truth is not None
    nothing = np.full(scene.image.shape[:2], NOT_KNOWN, np.uint8)
    return replace(scene, truth=replace(scene.truth, classes=nothing))


def put_in(shares: Float, scene: Scene) -> Float:
    """The parts in a photograph ``(H, W, 14)`` after things were put into it.

    The truth of `scene` knows no classes but theirs, see `with_nothing`.
    """
    assert scene.truth is not None
    known = scene.truth.classes != NOT_KNOWN
    out = np.where(known[..., None], np.eye(len(PARTS))[_numbers()[scene.truth.classes]], shares)
    lenses = scene.truth.lenses
    out = out.astype(np.float32)
    return out if lenses is None else _with_lenses(out, lenses)


def _seen_in(scene: Scene, texels: Float) -> Float:
    """Values of the face's texels ``(S, S)`` in a picture of it, ``(H, W)``; 0 beside it."""
    here = places(Subject(scene.image, Reconstruction(scene.positions, 1.0)))
    here = here * np.float32(len(texels)) - np.float32(0.5)
    return raster.sample(texels[..., None], here, here[..., 0] > 0)[..., 0]


def _moved(shares: Float, of: str, to: str, share: Float) -> Float:
    """Shares, of which one part becomes another by so much at each pixel."""
    out = shares.copy()
    moved = out[..., PARTS.index(of)] * share
    out[..., PARTS.index(of)] -= moved
    out[..., PARTS.index(to)] += moved
    return out


def _with_lenses(shares: Float, lenses: Float) -> Float:
    out = shares * (1 - lenses[..., None])
    out[..., PARTS.index("lenses")] += lenses
    return out


def _sample(scene: Scene, truth: GroundTruth) -> Sample:
    """The scene as what `segmentation` takes."""
    return Sample(0, 0, "train", scene.image, scene.positions, scene.occlusion, [], [], truth)


@cache
def _numbers() -> NDArray[np.uint8]:
    """The number of the part of each class, ``(256,)``."""
    out = np.zeros(256, np.uint8)
    for part, classes in _PARTS.items():
        for name in classes:
            out[CLASSES[name]] = PARTS.index(part)
    return out
