"""A running lab as a live page shows it: health, counters, the prediction of this moment, the loss of a flow."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from netlab.api import labs, show
from netlab.api.machine import LINUX
from netlab.azure.foretold import moment
from netlab.errors import LabError
from netlab.lab.build import records
from netlab.lab.build.records import Lab
from netlab.lab.story.addresses import probe_addresses
from netlab.lab.story.flows import opened
from netlab.machine.drawing import svg
from netlab.report.dot import dot
from netlab.results.live import Loss, Standing
from netlab.results.shown import ConnectionStatus, PeerStatus
from netlab.results.verification import Report


def standing(name: str) -> Standing:
    """A lab now; NetlabError if it is gone, or while it is built or removed."""
    (overview,) = labs.status(name)
    if overview.state != "up":
        raise LabError(f"{name} is {overview.state}")
    lab = labs.read(name)
    asked = json.dumps([records.text_of(lab), records.read_story(lab)])
    return Standing(overview, tuple(labs.nodes(lab)), _connections(lab), _peers(lab), asked)


def _connections(lab: Lab) -> Mapping[str, tuple[ConnectionStatus, ...]]:
    found = {gateway.end: gateway.connections().rows for gateway in show.gateways(lab)}
    return {end: rows for end, rows in found.items() if rows}


def _peers(lab: Lab) -> Mapping[str, tuple[PeerStatus, ...]]:
    found = {speaker.end: speaker.bgp_peers().rows for speaker in show.speakers(lab)}
    return {end: rows for end, rows in found.items() if rows}


def foreseen(name: str) -> tuple[Report, str]:
    """What the model says of a lab as it is now, with faults and all; and a drawing (SVG)."""
    found = moment(records.state(labs.read(name)))
    return found, svg(dot(found.topology))


@contextmanager
def flow(name: str, source: str, target: str) -> Iterator[Callable[[], Loss]]:
    """Send a flow from one machine to another until the end of the block; what it has lost so far."""
    lab = labs.read(name)
    addresses = probe_addresses(lab, LINUX.clients)
    pair = labs.find_pair(lab, addresses, source, target)
    sent = opened(lab, records.state(lab), pair, addresses)

    def loss() -> Loss:
        found = sent.so_far
        return Loss(*pair, found.sent, found.lost, found.outage)

    try:
        yield loss
    finally:
        sent.stop()


def changes(name: str) -> tuple[str, ...]:
    """Commands that break and mend this lab, without their end that names it."""
    network = records.state(labs.read(name)).network
    broken = [
        *(f"netlab fault gateway {gateway.name}" for gateway in network.vpn_gateways),
        *(f"netlab fault tunnel {connection}" for connection in network.connections),
        *(f"netlab fault link {site}" for site in network.sites),
        *(f"netlab fault vm {machine}" for machine in network.machines),
        *(f"netlab fault circuit {circuit}" for circuit in network.circuits),
    ]
    return (*(f"{line}{mend}" for line in broken for mend in ("", " --mend")), "netlab reset story", "netlab verify")
