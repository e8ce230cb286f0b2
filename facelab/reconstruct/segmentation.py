"""From a photograph to the matte of the people in it: how much of each pixel they are.

The network says where people are, in 256 x 256 pixels. Near their outlines the photograph's own
colours then decide, pixel by pixel, between those of the person and those behind: strands of hair
come out that no network of this size draws.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from facelab.models.kinds import SELFIE
from facelab.numerics.arrays import Bool, Float, require_image

if TYPE_CHECKING:
    from facelab.models.runtime import Runner

SIDE = SELFIE.side
_SURE = 0.9  # opacity from which a pixel of the network counts as the person's; below 0.1 it is not
_BAND = 4  # the network's pixels to either side of an outline where colours decide
_REACH = 5.0  # sigma of the neighbourhood that colours are learnt from, the network's pixels
_NOISE = 0.004  # variance of colours beside what is seen of it, [0, 1] squared
_FEW = 1e-5  # how much of a neighbourhood is too little to learn colours from
_REST = 0.05  # opacities this near to 0 and 1 are taken for them

Colours = tuple[Float, Float]  # mean ``(h, w, 3)`` and variance ``(h, w)`` of normal distributions


class PersonSegmenter:
    """Tells the people in a photograph from what is behind them.

    Parameters
    ----------
    network : Runner
        `facelab.models.selfie_segmenter.SelfieSegmenter`.
    """

    def __init__(self, network: Runner) -> None:
        self._network = network
        self.description = f"MediaPipe's selfie segmenter by {network.description}"

    def __call__(self, image: Float) -> Float:
        """The matte of the people.

        Parameters
        ----------
        image : (H, W, 3) float32
            RGB in [0, 1].

        Returns
        -------
        (H, W) float32
            How much of each pixel is a person: 1 on them, 0 beside them, between at soft edges.

        Raises
        ------
        ValueError
            If the image does not have this shape and dtype.
        """
        require_image("image", image)
        small = cv2.resize(image, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
        (opacity,) = self._network(small[None])
        return refined(image, small, opacity[0])


def refined(image: Float, small: Float, opacity: Float) -> Float:
    """A coarse matte at the photograph's size, following the photograph's colours.

    Of the opacities that a pixel may have, the likeliest: its colour is that share of a colour of
    the person and the rest of one behind, both normally distributed as they are nearby (after
    Chuang et al., "A Bayesian approach to digital matting", CVPR 2001, with one Gaussian a side),
    and the coarse matte is the prior, normal with variance 1. It is linear in the pixel's colour,
    with coefficients that vary slowly: they are worked out small and enlarged.

    Parameters
    ----------
    image : (H, W, 3) float32
        RGB in [0, 1].
    small : (h, w, 3) float32
        The same, reduced.
    opacity : (h, w) float32
        The coarse matte, [0, 1].

    Returns
    -------
    (H, W) float32
        In [0, 1]; away from outlines the coarse matte.
    """
    person, behind = _core(opacity > _SURE), _core(opacity < 1 - _SURE)
    slope, offset = _likeliest(_nearby(small, person), _nearby(small, behind), opacity)
    undecided = 1 - cv2.GaussianBlur(np.maximum(person, behind), (0, 0), _BAND / 4)
    height, width = image.shape[:2]
    slope, offset, undecided, prior = (
        cv2.resize(field, (width, height), interpolation=cv2.INTER_LINEAR)
        for field in (slope, offset, undecided, opacity)
    )
    likeliest = np.clip(np.einsum("ijk,ijk->ij", slope, image) + offset, 0, 1)
    matte = prior + undecided * (likeliest - prior)
    return np.asarray(np.clip((matte - _REST) / (1 - 2 * _REST), 0, 1), np.float32)


def _likeliest(own: Colours, other: Colours, prior: Float) -> tuple[Float, Float]:
    """The likeliest opacity of a colour c is slope . c + offset, ``(h, w, 3)`` and ``(h, w)``."""
    apart = own[0] - other[0]
    variance = own[1] + other[1] + np.float32(_NOISE)
    scale = np.einsum("ijk,ijk->ij", apart, apart) + variance
    offset = variance * prior - np.einsum("ijk,ijk->ij", apart, other[0])
    return apart / scale[..., None], offset / scale


def _core(mask: Bool) -> Float:
    """1 where a mask holds all around, else 0."""
    disk = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * _BAND + 1, 2 * _BAND + 1))
    return np.asarray(cv2.erode(mask.astype(np.float32), disk), np.float32)


def _nearby(image: Float, mask: Float) -> Colours:
    """The masked colours nearby, all the less certain the fewer there are."""
    weight = cv2.GaussianBlur(mask, (0, 0), _REACH)[..., None] + np.float32(_FEW)
    mean = cv2.GaussianBlur(image * mask[..., None], (0, 0), _REACH) / weight
    square = cv2.GaussianBlur(image * image * mask[..., None], (0, 0), _REACH) / weight
    spread = np.maximum(square - mean * mean, 0).mean(axis=-1)
    return mean, spread + np.float32(_FEW) / weight[..., 0]
