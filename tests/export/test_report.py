"""The report's JSON as text."""

from __future__ import annotations

import json
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facelab.export.report import describe_face, json_text
from facelab.geometry.eyes import Gaze, SeenEyes
from tests.exported import subject

SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, width=32) | st.text()
)
FINITE = SCALARS.filter(lambda value: value not in (float("inf"), float("-inf")))


@given(
    st.recursive(
        FINITE, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20
    )
)
def test_it_is_read_as_it_was(content):
    assert json.loads(json_text(content)) == content


def test_a_line_for_each_key_and_lists_of_numbers_on_one():
    content = {"faces": [{"box": [1, 2.5], "pose": {"yaw": 3}}, {}], "notes": ["é", None]}
    assert json_text(content).splitlines() == [
        "{",
        ' "faces": [',
        "  {",
        '   "box": [1, 2.5],',
        '   "pose": {',
        '    "yaw": 3',
        "   }",
        "  },",
        "  {}",
        " ],",
        r' "notes": ["\u00e9", null]',
        "}",
    ]


def test_numbers_that_json_does_not_have_are_refused():
    with pytest.raises(ValueError, match="not JSON compliant"):
        json_text({"box": [float("nan")]})


def test_what_is_hidden_of_eyes_is_null():
    eyes = SeenEyes(
        irises=np.ones((2, 5, 3), np.float32),
        visible=np.array([[True] * 5, [False] * 5]),
        gaze=Gaze(np.float32([[0, 0, 1], [np.nan] * 3])),
        openness=np.float32([0.5, np.nan]),
    )
    seen = SimpleNamespace(eyes=eyes, blendshapes={"jawOpen": 0.25})
    this = replace(subject(), landmarker=lambda image, positions: seen)
    face = json.loads(json_text(describe_face(this, {})))
    assert face["gaze"] == {"vectors": [[0, 0, 1], None], "yaw": [0, None], "pitch": [0, None]}
    assert face["openness"] == [0.5, None]
    assert face["visible_irises"] == eyes.visible.tolist()
    assert face["blendshapes"] == {"jawOpen": 0.25}
