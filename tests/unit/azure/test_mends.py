"""What would mend it: what `explain` says of route tables, appliances and peerings, and that it does mend it."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from netlab.azure.explanation import Explanation, explain
from netlab.azure.prediction import Predicted, endpoint_addresses, pair
from netlab.azure.state import State, after, initial
from netlab.scenario.loader import catalogue, parse
from netlab.scenario.models import Action
from netlab.scenario.names import by_node

UDR = catalogue()["udr-nva"].read_text()
HUB = catalogue()["hub-spoke-firewall"].read_text()
BGP = catalogue()["forced-tunnelling-bgp"].read_text()


@dataclass(frozen=True)
class Case:
    """A scenario, a pair that cannot talk, what would mend it, and a change of the file that does what is said."""

    text: str
    source: str
    target: str
    says: str
    edits: tuple[tuple[str, str], ...]


CASES = (
    Case(
        UDR,
        "vnet1-waiter",
        "internet",
        "set enable_ip_forwarding on the NIC of vnet1-sleeper (R116)",
        (("sleeper: {subnet: sleeping, ", "sleeper: {subnet: sleeping, enable_ip_forwarding: true, "),),
    ),
    Case(
        UDR,
        "vnet1-client",
        "site1-h1",
        "give vnet1-twin a subnet without route home of route table through-twin, which leads back to it (R89)",
        (
            ("twin: {subnet: same, ", "twin: {subnet: firewall, private_ip_address: 10.1.9.5, "),
            ("next_hop_ip_address: 10.1.5.4", "next_hop_ip_address: 10.1.9.5"),
        ),
    ),
    Case(
        UDR,
        "vnet1-vault",
        "site1-h1",
        "remove route home of route table closed, or give it another next hop: it drops 10.101.0.0/16",
        (
            (
                "home: {address_prefix: 10.101.0.0/16, next_hop_type: None}",
                "x: {address_prefix: 10.9.0.0/16, next_hop_type: None}",
            ),
        ),
    ),
    Case(
        UDR.replace("next_hop_ip_address: 10.1.8.4", "next_hop_ip_address: 10.1.8.9"),
        "vnet1-waiter",
        "internet",
        "give route out of route table through-sleeper an appliance as its next hop: "
        "10.1.8.9 is none in VNet1 or a peer",
        (("next_hop_ip_address: 10.1.8.9", "next_hop_ip_address: 10.1.9.4"),),
    ),
    Case(
        UDR.replace(
            "fw: {subnet: firewall, enable_ip_forwarding: true, nva: {}}",
            "fw: {subnet: firewall, enable_ip_forwarding: true}",
        ),
        "vnet1-app",
        "internet",
        "make vnet1-fw an appliance (nva): it forwards nothing",
        (
            (
                "fw: {subnet: firewall, enable_ip_forwarding: true}",
                "fw: {subnet: firewall, enable_ip_forwarding: true, nva: {}}",
            ),
        ),
    ),
    Case(
        HUB,
        "spoke1-vm1",
        "spoke3-vm3",
        "set allow_forwarded_traffic on Spoke3-to-Hub, the peering from Spoke3 to Hub (R107)",
        (
            (
                "{vnet: Spoke3, remote_vnet: Hub, use_remote_gateways: true}",
                "{vnet: Spoke3, remote_vnet: Hub, use_remote_gateways: true, allow_forwarded_traffic: true}",
            ),
        ),
    ),
    Case(
        BGP,
        "site1-h1",
        "vnet1-quiet",
        "let route table quiet take the gateway's routes: it has disable_bgp_route_propagation",
        (("disable_bgp_route_propagation: true", "disable_bgp_route_propagation: false"),),
    ),
    Case(
        BGP,
        "internet",
        "vnet1-quiet",
        "give vnet1-quiet a public_ip_address: the Internet has no route to a private one",
        (("quiet: {subnet: quiet}", "quiet: {subnet: quiet, public_ip_address: 203.0.113.109}"),),
    ),
    Case(
        HUB,
        "internet",
        "spoke1-vm1",
        "have a user route lead 0.0.0.0/0 of subnet default of Spoke1 to Internet (R85)",
        (
            (
                "all: {address_prefix: 0.0.0.0/0, next_hop_type: VirtualAppliance, next_hop_ip_address: 10.0.1.4}",
                "all: {address_prefix: 0.0.0.0/0, next_hop_type: Internet}",
            ),
        ),
    ),
)


def state_of(text: str) -> State:
    return initial(parse(text, "x.yaml").scenario)


def told(state: State, source: str, target: str) -> tuple[Predicted, Explanation]:
    ends, addresses = by_node(state.scenario), endpoint_addresses(state)
    found = pair(state, ends[source], ends[target], addresses)
    return found, explain(state, found, addresses)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.says.partition(" of ")[0])
def test_what_would_mend_it_is_said_and_mends_it(case: Case) -> None:
    found, explanation = told(state_of(case.text), case.source, case.target)
    assert found.outcome == "unreachable"
    assert explanation.mend == (case.says,)
    text = case.text
    for old, new in case.edits:
        assert text.count(old) == 1
        text = text.replace(old, new)
    mended, _ = told(state_of(text), case.source, case.target)
    assert mended.outcome == "reachable"


def test_a_stopped_machine_is_to_be_started() -> None:
    stopped = after(state_of(UDR), Action.model_validate({"stop_vm": {"vm": "fw"}}))
    found, explanation = told(stopped, "vnet1-app", "internet")
    assert (found.outcome, explanation.mend) == ("unreachable", ("start vnet1-fw",))
    started = after(stopped, Action.model_validate({"start_vm": {"vm": "fw"}}))
    assert told(started, "vnet1-app", "internet")[0].outcome == "reachable"


def test_a_system_route_to_none_in_an_exempted_subnet_is_mended_at_the_gateway() -> None:
    """R85: the user route is not to blame, the gateway does not know the prefix."""
    found, explanation = told(
        state_of(catalogue()["forced-tunnelling-default-site"].read_text()), "vnet1-exempt", "site1-unlisted"
    )
    assert found.outcome == "unreachable"
    assert any("add 10.111.0.0/16 to VNet1's local network gateway for Site1" in line for line in explanation.mend)
