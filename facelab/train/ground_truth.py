"""Ground truth to train position-map networks with: from a mesh to a position map and its crop."""

from __future__ import annotations

import io
from pathlib import Path

import cv2
import numpy as np

from facelab.atlas import Atlas
from facelab.files.writing import write_bytes_atomically
from facelab.geometry.crop import cut
from facelab.images import Image, write
from facelab.numerics.arrays import Bool, Float, Int, require_image
from facelab.numerics.distance import distance_within
from facelab.numerics.raster import interpolate, rasterize
from facelab.types import Crop, Mesh, PositionMap

_REACH = 3  # texels of the face that a mesh may leave out at its border


def bake(mesh: Mesh, atlas: Atlas) -> PositionMap:
    """Bake a mesh that is laid out in the atlas into a position map (Feng et al. 2018, 3.2).

    Every texel takes the position at its centre of the triangle that lies there. At the border and
    in the atlas's margin, where no triangle does, the surface goes on straight.

    Parameters
    ----------
    mesh : Mesh
        Vertices (x, y, depth) in source-image pixels, the nearer the larger; uv in the atlas, v
        down. Triangles may run either way round. Where several lie on one texel, the first wins.
    atlas : Atlas

    Raises
    ------
    ValueError
        If texels of the face lie more than 3 texels from the mesh.
    """
    places = mesh.uv * np.float32(atlas.size) - np.float32(0.5)
    flat = np.column_stack([places, np.zeros(len(places), np.float32)])
    triangles = _as_seen(places, mesh.triangles)
    fragments = rasterize(flat, triangles, atlas.valid.shape)
    covered = fragments.covered & atlas.valid
    away = distance_within(~covered)
    missing = int((atlas.face & (away > _REACH)).sum())
    if missing or not covered.any():
        raise ValueError(
            f"the mesh leaves {missing} of {int(atlas.face.sum())} texels of the face without a "
            f"position; its uv must cover the {atlas.name} atlas"
        )
    values = interpolate(fragments, triangles, mesh.vertices)
    return PositionMap(_extended(values, covered, atlas.valid), atlas)


def training_pair(image: Float, positions: PositionMap, crop: Crop) -> tuple[Float, Float]:
    """Make a training pair: the view that a network sees and the position map it should give.

    Parameters
    ----------
    image : (H, W, 3) float32
    positions : PositionMap
        Source-image pixels.
    crop : Crop

    Returns
    -------
    view : (size, size, 3) float32
        RGB in [0, 1].
    values : (256, 256, 3) float32
        The position map in crop pixels, depth in the same unit; zero outside the face.
    """
    require_image("image", image)
    rows = crop.apply(positions.values[positions.atlas.face])
    values = np.zeros_like(positions.values)
    values[positions.atlas.face] = rows
    return cut(image, crop), values


def write_pair(stem: Path, view: Float, values: Float) -> None:
    """Write a training pair as ``STEM.png`` and ``STEM.npy`` (float32), the picture last.

    Raises
    ------
    OutputError
        If a file cannot be written; none is left half-written.
    """
    data = io.BytesIO()
    np.save(data, values.astype(np.float32), allow_pickle=False)
    write_bytes_atomically(stem.with_name(f"{stem.name}.npy"), data.getvalue())
    write(stem.with_name(f"{stem.name}.png"), Image(view))


def _as_seen(places: Float, triangles: Int) -> Int:
    """The triangles counter-clockwise as seen in the map, where v runs down."""
    a, b, c = (places[corner] for corner in triangles.T)
    (bu, bv), (cu, cv) = (b - a).T, (c - a).T
    return np.where((bu * cv - bv * cu > 0)[:, None], triangles[:, ::-1], triangles)


def _extended(values: Float, known: Bool, wanted: Bool) -> Float:
    """The map going on straight from the nearest known texel that has known ones all around."""
    inner = cv2.erode(known.astype(np.uint8), np.ones((3, 3), np.uint8), borderValue=0)
    _, labels = cv2.distanceTransformWithLabels(
        1 - inner, cv2.DIST_L2, cv2.DIST_MASK_5, labelType=cv2.DIST_LABEL_PIXEL
    )
    home = np.zeros((labels.max() + 1, 2), np.intp)
    home[labels[inner > 0]] = np.argwhere(inner > 0)
    v, u = np.nonzero(wanted & ~known)
    row, column = home[labels[v, u]].T
    along_u = (values[row, column + 1] - values[row, column - 1]) / 2
    along_v = (values[row + 1, column] - values[row - 1, column]) / 2
    out = values * (known & wanted)[..., None]
    out[v, u] = values[row, column] + along_u * (u - column)[:, None] + along_v * (v - row)[:, None]
    return np.asarray(out, np.float32)
