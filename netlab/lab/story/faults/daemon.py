"""BGP daemons are stopped, and started with what the story has made of their configuration since."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from netlab.azure.bgp.sessions import originated
from netlab.azure.faults import targets
from netlab.azure.faults.session import SESSION
from netlab.lab.story.faults import session
from netlab.lab.story.faults.effect import Change, Effect
from netlab.lab.story.stage import Stage
from netlab.plan.model import BgpSpeaker


def _begin(stage: Stage, change: Change) -> None:
    """Stop them: zebra takes their routes back, and BIRD its own."""
    stage.machine.daemons.stop_bgp(stage.lab.plan.lab, {s.directory for s in _speakers(stage, change.targets)})


def _end(stage: Stage, change: Change) -> None:
    """Start those that do not run."""
    plan, running = stage.lab.plan, stage.machine.daemons.running(stage.lab.plan.lab)
    stopped = tuple(s for s in _speakers(stage, change.targets) if (_name(s), s.daemons[-1]) not in running)
    stage.machine.daemons.start_bgp(replace(plan, speakers=stopped))
    for speaker in stopped:
        router = stage.state.topology.speakers[speaker.node]
        now, before = set(map(str, originated(router, stage.state.announced))), set(speaker.networks)
        if now != before:
            stage.machine.bgp.announce(speaker, add=sorted(now - before), delete=sorted(before - now))
    session.shut_down(stage, targets(stage.state.faults, SESSION))


def _speakers(stage: Stage, nodes: Collection[str]) -> tuple[BgpSpeaker, ...]:
    return tuple(speaker for speaker in stage.lab.plan.speakers if speaker.node in nodes)


def _name(speaker: BgpSpeaker) -> str:
    """The name of a speaker's directory."""
    return speaker.directory.rpartition("/")[2]


EFFECT = Effect(_begin, _end)
