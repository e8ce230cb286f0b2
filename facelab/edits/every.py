"""Every edit that comes with facelab."""

from __future__ import annotations

from facelab.edits.anonymise import Anonymise
from facelab.edits.average import Average
from facelab.edits.blemish import Blemish
from facelab.edits.blush import Blush
from facelab.edits.brows import Brows
from facelab.edits.catchlight import Catchlight
from facelab.edits.concealer import Concealer
from facelab.edits.contour import Contour
from facelab.edits.cover import Cover
from facelab.edits.edit import Edit
from facelab.edits.eyeliner import Eyeliner
from facelab.edits.eyeshadow import Eyeshadow
from facelab.edits.foundation import Foundation
from facelab.edits.freckles import Freckles
from facelab.edits.gaze import Gaze
from facelab.edits.highlighter import Highlighter
from facelab.edits.iris import Iris
from facelab.edits.lip_liner import LipLiner
from facelab.edits.lipstick import Lipstick
from facelab.edits.mascara import Mascara
from facelab.edits.match import Match
from facelab.edits.overlay import Overlay
from facelab.edits.project import Project
from facelab.edits.red_eye import RedEye
from facelab.edits.redness import Redness
from facelab.edits.relight import MatchLight, Relight, TurnLight
from facelab.edits.reshape import Reshape
from facelab.edits.shine import Shine
from facelab.edits.smooth import Smooth
from facelab.edits.symmetrise import Symmetrise
from facelab.edits.tone import Tone
from facelab.edits.transplant import Transplant
from facelab.edits.turn import Turn
from facelab.edits.under_eyes import UnderEyes
from facelab.edits.whiten import Whiten
from facelab.edits.wrinkles import Wrinkles

EDITS: tuple[type[Edit], ...] = (
    Smooth,
    Blemish,
    Shine,
    Redness,
    UnderEyes,
    Whiten,
    RedEye,
    Freckles,
    Wrinkles,
    Foundation,
    Concealer,
    Contour,
    Blush,
    Highlighter,
    Lipstick,
    LipLiner,
    Eyeshadow,
    Eyeliner,
    Iris,
    Catchlight,
    Mascara,
    Brows,
    Tone,
    Match,
    Relight,
    TurnLight,
    MatchLight,
    Reshape,
    Turn,
    Gaze,
    Symmetrise,
    Transplant,
    Average,
    Anonymise,
    Overlay,
    Project,
    Cover,
)
"""Every edit, in the order in which people are shown them."""
