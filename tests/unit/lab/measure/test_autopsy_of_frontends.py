"""Why a packet to the frontend of a load balancer died."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from examined import Kernel, examined, seen

from netlab.plan.planner import plan
from netlab.probe.trace import Probe, Sighting, Trace
from netlab.results.protocols import Protocol
from netlab.scenario.loader import load, parse


def at_the_frontend(scenario: str, *sightings: Sighting, target: str, source: str, protocol: Protocol) -> Any:
    """What became of a probe at 10.0.0.10, where others answer, in a scenario of the catalogue or of a text."""
    found = parse(scenario, "x.yaml") if "\n" in scenario else load(scenario)
    made = plan(found.scenario, "lab", "userspace")
    answering = tuple(node.name for node in made.nodes if node.name in ("service-web1", "service-web2", "hub-nva2"))
    addresses = (sightings[0].source, "10.0.0.10")
    probe = Probe(source, target, protocol, answering=answering)
    return examined((made, Kernel(made)), Trace(probe, *addresses, 0, sightings, (), False, None))


@pytest.mark.parametrize("protocol", ["udp", "icmp"])
def test_a_frontend_drops_what_no_rule_is_for(protocol: Protocol) -> None:
    """L1, L17."""
    came = seen("service", "p-clients", False, source="10.1.0.4", target="10.0.0.10")
    died = at_the_frontend(
        "load-balancer-frontend", came, source="clients-app", target="service-lb-fe", protocol=protocol
    )
    assert died[:3] == ("service", "forward", "no-load-balancing-rule")


def test_a_rule_at_a_member_reads_the_members_own_address() -> None:
    """N9: and so do the filters before it, which let it pass."""
    rule = "{priority: 300, direction: Inbound, access: Deny, protocol: Tcp, destination_address_prefix: 10.0.0.5/32}"
    text = load("load-balancer-frontend").text.partition("story:")[0]
    text = text.replace("vnets:\n", f"network_security_groups: {{shut: {{security_rules: {{no: {rule}}}}}}}\nvnets:\n")
    text = text.replace("private_ip_address: 10.0.0.5", "private_ip_address: 10.0.0.5, network_security_group: shut")
    came = seen("service", "p-clients", False, source="10.1.0.4", target="10.0.0.10")
    died = at_the_frontend(text, came, source="clients-app", target="service-lb-fe", protocol="tcp")
    assert died[:3] == ("service", "forward", "security-rule")


def test_an_answer_that_comes_back_from_the_frontend_is_a_stray_to_the_member() -> None:
    """L16: it has the frontend's address by then, to which the member has no session."""
    asked, addresses = seen("hub-nva2", "eth0", False, source="10.2.0.4", target="10.0.0.5"), {"target": "10.2.0.4"}
    left = seen("hub-nva2", "eth0", True, "reverse", source="10.0.0.5", **addresses)
    back = seen("hub-nva2", "eth0", False, "reverse", source="10.0.0.10", **addresses)
    way = (asked, left, seen("hub", "v-nva2", False, "reverse", source="10.0.0.5", **addresses), back)
    died = at_the_frontend("nva-load-balancer", *way, source="spoke2-db", target="hub-lb-fe", protocol="tcp")
    assert died[:3] == ("hub-nva2", "reverse", "invalid-state")
    own = at_the_frontend(
        "nva-load-balancer",
        *(*way[:3], replace(back, source="10.0.0.5")),
        source="spoke2-db",
        target="hub-lb-fe",
        protocol="tcp",
    )
    assert own[:3] == ("hub-nva2", "reverse", "loop")
