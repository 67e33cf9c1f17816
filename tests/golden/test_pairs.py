"""The model asks the pairs that were written down by hand, in every step of every scenario."""

from __future__ import annotations

from pathlib import Path

import pytest
from asked import ENDPOINTS, asked

DECISIONS = Path(__file__).parent / "decisions"


@pytest.mark.parametrize("scenario", ENDPOINTS)
def test_the_pairs_of_a_scenario(scenario: str) -> None:
    steps = (DECISIONS / f"{scenario}.txt").read_text().split("\nstep ")
    for step in steps:
        words = [line.split(" ") for line in step.splitlines() if ": forward " in line]
        assert {(source, target) for source, target, *_ in words} == asked(scenario), step.splitlines()[0]
