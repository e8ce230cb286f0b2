"""The report's JSON as text."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facelab.export.report import json_text

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
