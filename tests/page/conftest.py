"""A page that is served by a process of its own."""

from __future__ import annotations

import pytest

from tests.page.serving import Served


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    with Served(tmp_path_factory.mktemp("page")) as page:
        yield page
