"""What tests in a browser share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from browser import PROGRAM, Browser, chromium


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """A headless Chromium with one tab."""
    assert PROGRAM is not None, "there is no chromium; next: scripts/bootstrap --dev"
    with chromium(tmp_path_factory.mktemp("profile")) as found:
        yield found
