"""Playing a story without measuring: a lab as it is after a step."""

from __future__ import annotations

from collections.abc import Iterable

from netlab.lab.story.actions import take
from netlab.lab.story.stage import Stage
from netlab.scenario.models import Step


def play(stage: Stage, steps: Iterable[Step]) -> None:
    """Take the actions of steps, those of each until all has settled."""
    for step in steps:
        for action in step.do:
            take(stage, action)
        stage.settle()
