"""Light of the kinds that spoil photographs: what the step ``light`` draws from.

Convention
----------
Light is a gain of linear light (the sRGB-encoded value to the power of 2.2): 1 leaves a picture as
it is. Vectors have x right, y up, z toward the viewer; a lamp at azimuth 90 stands to the right, at
180 behind the person, at elevation 90 above. Lengths are in sizes of the face. Fields are computed
on a grid of at most `surface.SIDE` pixels and enlarged: light has few edges, and those are soft.
"""

from __future__ import annotations
