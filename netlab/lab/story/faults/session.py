"""BGP sessions are shut down at one end, and brought back."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from netlab.azure.faults.session import pair
from netlab.lab.story.faults.effect import Change, Effect
from netlab.lab.story.stage import Stage
from netlab.plan.model import BgpSpeaker, Plan


def _begin(stage: Stage, change: Change) -> None:
    """Shut them down."""
    shut_down(stage, change.targets)


def shut_down(stage: Stage, targets: Collection[str]) -> None:
    """Shut sessions down where their routers run BGP."""
    for speaker, address in _ends(stage.lab.plan, targets):
        if stage.machine.bgp.peers(speaker) is not None:
            stage.machine.bgp.shut_down(speaker, address)


def _end(stage: Stage, change: Change) -> None:
    """Bring them back; a daemon that is stopped has forgotten them."""
    for speaker, address in _ends(stage.lab.plan, change.targets):
        if stage.machine.bgp.peers(speaker) is not None:
            stage.machine.bgp.reopen(speaker, address)


def _ends(plan: Plan, targets: Collection[str]) -> Iterator[tuple[BgpSpeaker, str]]:
    """The speakers that shut these sessions down, with the peers' addresses."""
    for speaker in plan.speakers:
        for neighbor in speaker.neighbors:
            if pair(speaker.node, neighbor.node) in targets:
                yield speaker, neighbor.address


EFFECT = Effect(_begin, _end)
