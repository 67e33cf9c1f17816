"""The rules of an appliance: the first one that is for a packet which opens a session decides (F25)."""

from __future__ import annotations

import pytest
from mended import untrue

from netlab.azure.mends import mends
from netlab.azure.moments import initial
from netlab.azure.prediction import Forecast, Predicted, endpoint_addresses
from netlab.azure.state import State
from netlab.plan.planner import plan
from netlab.render import nftables
from netlab.results.protocols import PROTOCOLS
from netlab.scenario.loader import parse
from netlab.scenario.names import by_node

TEXT = """
name: rules
route_tables:
  t: {routes: {all: {address_prefix: 10.1.0.0/16, next_hop_type: VirtualAppliance, next_hop_ip_address: 10.1.9.4}}}
vnets:
  VNet1:
    address_space: [10.1.0.0/16]
    subnets:
      a: {address_prefix: 10.1.0.0/24, route_table: t}
      b: {address_prefix: 10.1.1.0/24, route_table: t}
      fw: 10.1.9.0/24
    vms:
      one: {subnet: a}
      two: {subnet: b}
      fw: {subnet: fw, enable_ip_forwarding: true, nva: {stateful: STATEFUL, rules: {RULES}}}
"""
NONE = "vnet1-fw: appliance rule: vnet1-fw denies it, for no rule allows it (F25)"


def text(rules: str, stateful: str = "strict") -> str:
    return TEXT.replace("RULES", rules).replace("STATEFUL", stateful)


def opening(written: str) -> State:
    return initial(parse(written, "rules.yaml").scenario)


def passing(written: str) -> dict[str, str]:
    """What becomes of each protocol from the first machine to the second: empty where it passes."""
    state = opening(written)
    forecast, ends = Forecast(state, endpoint_addresses(state)), by_node(state.scenario)
    found: dict[str, str] = {}
    for protocol in PROTOCOLS:
        drop = forecast.pair(ends["vnet1-one"], ends["vnet1-two"], protocol).drop
        found[protocol] = f"{drop.node}: {drop.reason}" if drop is not None else ""
    return found


@pytest.mark.parametrize("stateful", ["strict", "loose"])
@pytest.mark.parametrize(
    ("rules", "passes"),
    [
        ("", {"icmp", "udp", "tcp"}),
        ("web: {action: Allow, ip_protocols: [TCP], destination_ports: [7007]}", {"tcp"}),
        ("web: {action: Allow, ip_protocols: [TCP], destination_ports: [443]}", set()),
        ("all: {action: Allow}", {"icmp", "udp", "tcp"}),
        ("back: {action: Allow, source_addresses: [10.1.1.0/24]}", set()),
        ("a: {action: Allow, source_addresses: [10.1.0.4-10.1.0.9], ip_protocols: [UDP, ICMP]}", {"icmp", "udp"}),
    ],
)
def test_what_none_allows_is_dropped(rules: str, passes: set[str], stateful: str) -> None:
    assert passing(text(rules, stateful)) == {each: "" if each in passes else NONE for each in PROTOCOLS}


def test_the_first_rule_decides() -> None:
    deny, allow = "no: {action: Deny, ip_protocols: [TCP]}", "all: {action: Allow}"
    denied = "vnet1-fw: appliance rule: vnet1-fw denies it, by rule no (F25)"
    assert passing(text(f"{deny}, {allow}")) == {"icmp": "", "udp": "", "tcp": denied}
    assert passing(text(f"{allow}, {deny}")) == dict.fromkeys(PROTOCOLS, "")


def asked(written: str) -> Predicted:
    state = opening(written)
    ends = by_node(state.scenario)
    return Forecast(state, endpoint_addresses(state)).pair(ends["vnet1-one"], ends["vnet1-two"], "tcp")


@pytest.mark.parametrize(
    ("rules", "given"),
    [
        ("web: {action: Allow, ip_protocols: [UDP]}", "let vnet1-fw allow Any from 10.1.0.0/24 to 10.1.1.0/24"),
        ("no: {action: Deny}, all: {action: Allow}", "remove rule no of vnet1-fw"),
    ],
)
def test_explain_gives_the_rule_that_mends_it(rules: str, given: str) -> None:
    written = text(rules)
    state, item = opening(written), asked(written)
    found = [mend for mend in mends(state, item, endpoint_addresses(state)) if mend.sentence.startswith(given)]
    assert len(found) == 1
    assert list(untrue(written, item, 0, tuple(found))) == []


def test_nftables_has_them_in_their_order() -> None:
    rules = "no: {action: Deny, destination_ports: [22, 80-90]}, all: {action: Allow, source_addresses: [10.1.0.0/24]}"
    lines = map(
        str.strip, nftables.text(plan(opening(text(rules)).scenario, "rules").node("vnet1-fw").nftables).splitlines()
    )
    assert [line for line in lines if "comment" in line and not line.startswith("type")] == [
        'meta l4proto { tcp, udp } th dport { 22, 80-90 } drop comment "no"',
        'ip saddr @all-sources accept comment "all"',
        'drop comment "no rule matches"',
    ]
