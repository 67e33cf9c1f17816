"""VPN devices fall silent: nothing passes their interface to the Internet, and their link is up."""

from __future__ import annotations

from collections.abc import Collection

from netlab.lab.story.faults.effect import severing
from netlab.lab.story.faults.link import uplinks
from netlab.plan.model import Plan


def _ports(plan: Plan, devices: Collection[str]) -> list[tuple[str, str]]:
    return [(link.a.node, link.a.name) for link in uplinks(plan, devices)]


EFFECT = severing(_ports)
