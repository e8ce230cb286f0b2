"""A face's stubble grows on the skin that is painted over it."""

from __future__ import annotations

import numpy as np
import pytest

from facelab.face.beard import Beard
from facelab.face.stubble import Stubble
from tests.bearded import ATLAS, FACE, NONE, textured, zone


@pytest.mark.parametrize("tone", [0.3, 0.7])
def test_stubble_grows_on_another_face(tone):
    where = zone("moustache", "chin", "jaw")
    face, bare = textured(0.3, where, tone), textured(tone=tone)
    stubble = Stubble.of(face, Beard(where, NONE.hair), ATLAS)
    assert stubble is not None
    out = stubble.on(bare)
    inside, outside = (where * FACE > 0.99), where == 0
    put_on, there = ((one - bare.colour)[inside].ravel() for one in (out.colour, face.colour))
    assert np.corrcoef(put_on, there)[0, 1] > 0.8
    assert put_on.std() > 0.7 * there.std()
    assert abs(put_on.mean()) < 0.3 * abs(there.mean())  # the shade is the tone's
    np.testing.assert_array_equal(out.colour[outside], bare.colour[outside])


def test_no_stubble_grows_where_there_is_none_or_none_was_seen():
    where = zone("chin", "jaw")
    assert Stubble.of(textured(0.3, where), NONE, ATLAS) is None
    unseen = textured(0.3, where, seen=np.zeros_like(FACE))
    assert Stubble.of(unseen, Beard(where, NONE.hair), ATLAS) is None
