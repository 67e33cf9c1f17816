"""A typo in a scenario file is a finding, never an internal error: keys deleted, emptied, retyped, renamed, references
broken, over the whole catalogue. Each run takes a sample; NETLAB_TYPOS=1 takes all."""

from __future__ import annotations

import json
import os
import random

import pytest
from typos import typos

from netlab.azure.outcome import prediction
from netlab.errors import NetlabError
from netlab.plan.planner import plan
from netlab.scenario.document import read
from netlab.scenario.loader import catalogue, parse

SAMPLE = 1.0 if os.environ.get("NETLAB_TYPOS") else 0.012


@pytest.mark.parametrize("name", catalogue())
def test_no_typo_is_an_internal_error(name: str) -> None:
    scenario = read(catalogue()[name].read_text(), name).data
    chance = random.Random(name)
    for typo in typos(scenario, chance):
        if chance.random() < SAMPLE:
            try:
                loaded = parse(json.dumps(typo.made(scenario)), name)
                prediction(loaded.scenario)
                plan(loaded.scenario, "lab", "userspace")
            except NetlabError:
                continue
            except Exception as error:
                pytest.fail(f"{typo}: {type(error).__name__}: {error}")
