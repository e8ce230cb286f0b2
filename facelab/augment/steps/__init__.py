"""The steps that only augmentation has, one file each."""

from __future__ import annotations

from facelab.augment.scene import Augmentation
from facelab.augment.steps.background import Background
from facelab.augment.steps.blur import Blur
from facelab.augment.steps.camera import Camera
from facelab.augment.steps.downscale import Downscale
from facelab.augment.steps.frame import Frame
from facelab.augment.steps.hold import Hold
from facelab.augment.steps.jpeg import Jpeg
from facelab.augment.steps.light import Light
from facelab.augment.steps.mirror import Mirror
from facelab.augment.steps.noise import Noise
from facelab.augment.steps.occlude import Occlude
from facelab.augment.steps.people import People
from facelab.augment.steps.profile import Profile
from facelab.augment.steps.shade import Shade
from facelab.augment.steps.wear import Wear

AUGMENTATIONS: tuple[type[Augmentation], ...] = (
    Frame,
    Mirror,
    Profile,
    Background,
    People,
    Wear,
    Hold,
    Occlude,
    Shade,
    Light,
    Camera,
    Downscale,
    Blur,
    Noise,
    Jpeg,
)
