"""Which rule of a security group dropped a packet: an answer needs none, if it is one."""

from __future__ import annotations

import pytest

from netlab.lab.measure.screening import Screening
from netlab.plan.planner import plan
from netlab.probe.trace import Leg, Probe, Sighting, Trace
from netlab.results.protocols import Protocol
from netlab.scenario.loader import parse

FOUND = plan(
    parse(
        """
name: screening
network_security_groups: {web: {}}
vnets:
  V:
    region: westeurope
    address_space: [10.1.0.0/16]
    subnets: {default: 10.1.0.0/24}
    vms: {vm: {subnet: default, public_ip_address: 203.0.113.21, network_security_group: web}}
""",
        "screening.yaml",
    ).scenario,
    "lab",
)
VM, ASKED, MEMBER, OTHER = "10.1.0.4", "198.51.100.66", "10.1.0.9", "198.51.100.41"


def sighting(interface: str, leg: Leg, source: str, target: str, *, outgoing: bool = False) -> Sighting:
    return Sighting(0, "v", interface, outgoing, leg, 64, source=source, target=target)


@pytest.mark.parametrize(
    ("asked", "answers", "passes"),
    [
        ([("v-vm", VM, ASKED)], ASKED, True),
        ([("v-vm", VM, ASKED)], OTHER, False),
        ([("v-vm", VM, ASKED), ("v-other", VM, MEMBER)], MEMBER, True),
        ([("v-other", MEMBER, ASKED)], ASKED, False),
        ([], ASKED, False),
    ],
    ids=["from the address asked", "from another one", "from a member of a pool", "another NIC asked", "nobody asked"],
)
@pytest.mark.parametrize("protocol", ["icmp", "udp", "tcp"])
def test_an_answer_from_the_address_that_was_asked_needs_no_rule(
    protocol: Protocol, asked: list[tuple[str, str, str]], answers: str, passes: bool
) -> None:
    forward = tuple(sighting(interface, "forward", source, target) for interface, source, target in asked)
    seen = sighting("wan", "reverse", answers, VM)
    trace = Trace(Probe("v-vm", "site-www", protocol), VM, ASKED, 0, (*forward, seen), (), False, None)
    found = Screening(FOUND, trace, "reverse", "v", lambda *_: ()).inbound(seen, ["v-vm"])
    assert (found is None) == passes
