"""Why a packet died: from where it was seen last, and from what that node's kernel holds."""

from __future__ import annotations

from dataclasses import replace
from errno import EMSGSIZE
from typing import Any

import pytest
from examined import VM0, VM1, Kernel, Mtus, examined, hub, p2s, seen, trace
from machine import Fake

from netlab.lab.measure.autopsy import Coroner
from netlab.plan.model import Child, Route, Selector
from netlab.plan.planner import plan
from netlab.probe.trace import Rejection, Sighting, Trace
from netlab.results.protocols import Protocol
from netlab.scenario.loader import load


def measured(probe: Trace, size: int, mtus: dict[tuple[str, str], int]) -> tuple[str, str, str, dict[str, str]]:
    """What became of a probe of a size, where the kernel's interfaces have these MTUs."""
    planned = plan(load("s2s-static").scenario, "lab", "userspace")
    # FRR adds it.
    static = Route("10.101.0.0/16", "t-vnet1-site1")
    nodes = (replace(n, routes=(*n.routes, static)) if n.name == "vnet1-gw-0" else n for n in planned.nodes)
    made = replace(planned, nodes=tuple(nodes))
    kernel: Any = Kernel(made)
    inventory: Any = Mtus(made, mtus)
    machine = replace(Fake().ports, routes=kernel, filters=kernel, sas=kernel, clients=kernel, inventory=inventory)
    drop = Coroner(made, machine, size).examine(probe)
    assert drop.cause is not None
    return drop.node, drop.direction, drop.cause.type, dict(drop.cause.parameters)


OUT = seen("spoke-vm1", "eth0", True)
IN_SPOKE = seen("spoke", "v-vm1", False)
ARRIVED = seen("hub-vm0", "eth0", False)


@pytest.mark.parametrize(
    ("passed", "died"),
    [
        ("vnet1-gw-0", ("not-answered", {"what": "vnet1 has the route 0.0.0.0/0 and does not forward"})),
        ("site1", ("no-nic", {"destination": "10.0.1.10"})),
    ],
)
def test_an_answer_goes_to_the_address_that_a_gateway_gave(passed: str, died: tuple[str, dict[str, str]]) -> None:
    """Where the request has passed its NAT rules; the source has an address of the VNet."""
    made = plan(load("vpn-nat-overlapping-sites").scenario, "lab", "userspace")
    came, arrived = seen(passed, "eth0", True), seen("vnet1-vm", "eth0", False)
    left = seen("vnet1", "v-vm", False, "reverse", source="10.0.1.4", target="100.0.2.10")
    probe = trace(came, arrived, left, source="site1-h1", target="vnet1-vm", addresses=("10.0.1.10", "10.0.1.4"))
    assert examined((made, Kernel(made)), probe) == ("vnet1", "reverse", *died)


@pytest.mark.parametrize(
    ("destination", "died"),
    [
        ("10.7.0.1", ("none-route", {"source": "user", "prefix": "10.7.0.0/16", "destination": "10.7.0.1"})),
        ("172.16.0.1", ("none-route", {"source": "system", "prefix": "172.16.0.0/12", "destination": "172.16.0.1"})),
        ("10.9.0.1", ("no-next-hop", {"next_hop": "of 10.9.0.0/16"})),
        ("10.1.0.77", ("no-nic", {"destination": "10.1.0.77"})),
    ],
)
def test_a_fabric_that_sends_a_packet_nowhere_has_a_route_that_says_why(
    destination: str, died: tuple[str, dict[str, str]]
) -> None:
    probe = trace(OUT, IN_SPOKE, addresses=(VM1, destination))
    assert examined(hub(), probe) == ("spoke", "forward", *died)


@pytest.mark.parametrize(
    ("came_in", "source", "destination", "type_", "parameters"),
    [
        ("v-dull", "10.2.0.9", "10.1.0.4", "ip-forwarding-off-out", {"nic": "hub-dull"}),
        ("v-fw", "10.2.0.9", "10.1.0.4", "forwarded-traffic-not-allowed", {"vnet": "Spoke", "remote": "Hub"}),
        ("v-fw", "10.2.0.9", "93.184.216.34", "not-from-a-nic", {"vnet": "Hub"}),
    ],
)
def test_a_barrier_of_a_fabric_is_met_by_what_came_in_and_would_go_out_there(
    came_in: str, source: str, destination: str, type_: str, parameters: dict[str, str]
) -> None:
    probe = trace(seen("hub", came_in, False, source=source), addresses=(source, destination))
    node, direction, found, said = examined(hub(), probe)
    assert (node, direction, found) == ("hub", "forward", type_)
    assert parameters.items() <= said.items()


def test_a_packet_from_its_own_nic_meets_no_barrier() -> None:
    probe = trace(seen("hub", "v-vm0", False, source=VM0), addresses=(VM0, "10.1.0.4"))
    assert examined(hub(), probe)[2:] == (
        "not-answered",
        {"what": "hub has the route 10.1.0.0/16 and does not forward"},
    )


def test_a_machine_that_is_no_appliance_does_not_forward() -> None:
    probe = trace(seen("hub-dull", "eth0", False), addresses=(VM1, "10.5.0.1"))
    assert examined(hub(), probe)[:3] == ("hub-dull", "forward", "not-forwarding")


def test_a_source_that_cannot_send_has_no_route_itself() -> None:
    made, _ = hub()
    nodes = (replace(node, routes=()) if node.name == "spoke-vm1" else node for node in made.nodes)
    bare = replace(made, nodes=tuple(nodes))
    assert examined((bare, Kernel(bare)), trace(unsent=101)) == (
        "spoke-vm1",
        "forward",
        "no-route",
        {"destination": VM0},
    )


@pytest.mark.parametrize(
    ("state", "sightings", "died"),
    [
        ({"stopped": ("hub-vm0",)}, (OUT, ARRIVED), ("hub-vm0", "reverse", "stopped")),
        ({}, (OUT, ARRIVED), ("hub-vm0", "reverse", "not-answered")),
        ({"cut": (("spoke", "wan"),)}, (OUT, seen("spoke", "p-hub", False)), ("spoke", "forward", "no-route")),
        ({"cut": (("spoke", "p-hub"),)}, (OUT, IN_SPOKE), ("spoke", "forward", "link-cut")),
        ({"severed": (("spoke", "p-hub"),)}, (OUT, IN_SPOKE), ("spoke", "forward", "device-silent")),
        ({}, (OUT, seen("spoke", "p-hub", True)), ("spoke", "forward", "lost")),
        ({}, (OUT, IN_SPOKE, seen("spoke-vm1", "eth0", False)), ("spoke-vm1", "forward", "loop")),
    ],
)
def test_what_is_broken_is_named_where_the_packet_was_seen_last(
    state: dict[str, Any], sightings: tuple[Sighting, ...], died: tuple[str, str, str]
) -> None:
    assert examined(hub(**state), trace(*sightings))[:3] == died


def test_an_answer_of_somebody_else_counts_before_everything() -> None:
    found = examined(hub(), trace(OUT, ARRIVED, answered_by=("hub-fw",)))
    assert found == ("hub-fw", "forward", "other-answered", {"target": "hub-vm0"})


def test_an_answer_dies_on_its_way_back() -> None:
    back = seen("hub", "v-vm0", False, "reverse", source=VM0, target="10.3.0.4")
    probe = trace(OUT, ARRIVED, back, addresses=("10.3.0.4", VM0))
    assert examined(hub(), probe)[:3] == ("hub", "reverse", "none-route")


def test_an_answer_from_another_address_is_named_at_the_source() -> None:
    back = seen("spoke-vm1", "eth0", False, "reverse", source="10.0.1.4", target=VM1)
    found = examined(hub(), trace(OUT, ARRIVED, back))
    assert found == ("spoke-vm1", "reverse", "wrong-answer", {"found": "10.0.1.4", "asked": VM0})


def test_a_rejection_is_told_as_it_was_sent() -> None:
    refused = Rejection("forward", "hub-vm0", "port unreachable")
    reset = seen("hub-vm0", "eth0", True, "error", rejection=refused)
    found = examined(hub(), trace(OUT, ARRIVED, reset))
    assert found[:3] == ("hub-vm0", "reverse", "not-answered")
    assert found[3] == {"what": "port unreachable"}


# --- tunnels --------------------------------------------------------------------------------------------------------

SITE, VM = ("10.101.0.10",), ("10.1.0.4",)
TUNNEL = Child("1", Selector(("10.1.0.0/16",)), Selector(("10.101.0.0/16",)))
INTO_TUNNEL = seen("vnet1-gw-0", "t-vnet1-site1", True, source="10.1.0.4")


@pytest.mark.parametrize(
    ("children", "destination", "type_", "parameters"),
    [
        ((), "10.101.0.10", "tunnel-down", {"tunnel": "VNet1-Site1"}),
        ((TUNNEL,), "10.101.0.10", "lost-in-tunnel", {"tunnel": "VNet1-Site1"}),
        (
            (TUNNEL,),
            "10.102.0.10",
            "not-selected",
            {"tunnel": "VNet1-Site1", "address": "10.102.0.10", "selectors": "10.101.0.0/16"},
        ),
        (
            (Child("1", Selector(("10.1.9.0/24",)), Selector(("10.101.0.0/16",))),),
            "10.101.0.10",
            "not-selected",
            {"tunnel": "VNet1-Site1", "address": "10.1.0.4", "selectors": "10.1.9.0/24"},
        ),
    ],
)
def test_a_tunnel_carries_what_its_selectors_select(
    children: tuple[Child, ...], destination: str, type_: str, parameters: dict[str, str]
) -> None:
    probe = trace(
        INTO_TUNNEL, source="vnet1-vm1", target="site1-host1", addresses=("10.1.0.4", destination), protocol="tcp"
    )
    lab = p2s(children_of={"VNet1-Site1": children})
    assert examined(lab, probe) == ("vnet1-gw-0", "forward", type_, parameters)


def test_a_client_without_a_tunnel_is_not_connected() -> None:
    probe = trace(seen("lin", "ipsec0", True), source="lin", target="vnet1-vm1", addresses=("192.168.0.1", "10.1.0.4"))
    assert examined(p2s(), probe) == (
        "lin",
        "forward",
        "client-not-connected",
        {"client": "lin", "why": "it has no tunnel"},
    )


@pytest.mark.parametrize(("address", "type_"), [("192.168.0.1", "lost-in-tunnel"), ("192.168.0.9", "no-client")])
def test_a_gateway_sends_to_clients_that_are_there(address: str, type_: str) -> None:
    there = (Child("1", Selector(("10.1.0.0/16",)), Selector(("192.168.0.1/32",))),)
    probe = trace(
        seen("vnet1-gw-0", "p2s", True, source="10.1.0.4"),
        source="vnet1-vm1",
        target="lin",
        addresses=("10.1.0.4", address),
    )
    assert examined(p2s(children_of={"vnet1-gw-0": there}), probe)[:3] == ("vnet1-gw-0", "forward", type_)


# --- sizes ----------------------------------------------------------------------------------------------------------

GATEWAY_TUNNEL = ("vnet1-gw-0", "t-vnet1-site1")
AT_THE_GATEWAY = seen("vnet1-gw-0", "eth0", False, source="10.1.0.4", target="10.101.0.10")


def towards_the_site(*sightings: Sighting, **more: Any) -> Trace:
    ends = {"source": "vnet1-vm1", "target": "site1-listed", "addresses": ("10.1.0.4", "10.101.0.10")}
    return trace(*sightings, **{**ends, **more})


@pytest.mark.parametrize("protocol", ["icmp", "udp"])
@pytest.mark.parametrize(("mtu", "size"), [(1400, 1401), (1300, 1301), (1400, 1500)])
def test_a_packet_dies_before_an_interface_that_is_too_narrow_for_it(protocol: Protocol, mtu: int, size: int) -> None:
    probe = towards_the_site(AT_THE_GATEWAY, protocol=protocol)
    said = {"size": str(size), "link": "t-vnet1-site1", "mtu": str(mtu)}
    assert measured(probe, size, {GATEWAY_TUNNEL: mtu}) == ("vnet1-gw-0", "forward", "too-big", said)


@pytest.mark.parametrize(("mtu", "size"), [(1400, 1400), (1500, 1401), (1400, 0)])
def test_one_that_fits_died_of_something_else(mtu: int, size: int) -> None:
    assert measured(towards_the_site(AT_THE_GATEWAY), size, {GATEWAY_TUNNEL: mtu})[2] != "too-big"


def test_a_syn_is_small_whatever_follows_it() -> None:
    probe = towards_the_site(AT_THE_GATEWAY, protocol="tcp")
    assert measured(probe, 1500, {GATEWAY_TUNNEL: 1400})[2] != "too-big"


def test_what_its_maker_cannot_send_is_too_big_for_its_own_interface() -> None:
    probe = towards_the_site(unsent=EMSGSIZE, protocol="udp")
    said = {"size": "1401", "link": "eth0", "mtu": "1400"}
    assert measured(probe, 1401, {("vnet1-vm1", "eth0"): 1400}) == ("vnet1-vm1", "forward", "too-big", said)


def test_each_namespace_is_looked_at_once_whatever_dies_there() -> None:
    """Thousands die at the fabrics of a hub with many spokes, and each look is a process of its own."""
    made, _ = hub()
    looked = list[str]()

    class Counted(Kernel):
        def is_stopped(self, netns: str) -> bool:
            looked.append(netns)
            return super().is_stopped(netns)

    ports: Any = Counted(made)
    coroner = Coroner(made, replace(Fake().ports, routes=ports, filters=ports, sas=ports, clients=ports))
    for last in range(1, 9):
        coroner.examine(trace(OUT, IN_SPOKE, addresses=(VM1, f"10.7.0.{last}")))
    assert looked == [made.netns("spoke")]
