"""Selectors that do not cover a pair: the mend is about the end that is narrow, and it helps."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
from custom_selectors import POLICY, V1, line, lines

from netlab.azure.explanation import explain
from netlab.azure.prediction import endpoint_addresses, predict
from netlab.results.mends import Mend, edits_of
from netlab.scenario.edits import edited
from netlab.scenario.models import Scenario

BY_POLICY = {"use_policy_based_traffic_selectors": True, "ipsec_policy": POLICY}
VNET, VNET_B, SITE, SITE_B = "10.1.0.0/16", "10.11.0.0/16", "10.101.0.0/16", "10.102.0.0/16"

Document = dict[str, Any]


def document(connection: Document, **site: Any) -> Document:
    """VNet1 and FW, each with two prefixes and a machine in each; the local network gateway L holds both of FW's."""
    return {
        "name": "widening",
        "vnets": {
            "VNet1": {
                "address_space": [VNET, VNET_B],
                "subnets": {"a": "10.1.0.0/24", "b": "10.11.0.0/24", "GatewaySubnet": "10.1.255.0/27"},
                "vms": {"a": {"subnet": "a"}, "b": {"subnet": "b"}},
                "vpn_gateway": {},
            }
        },
        "sites": {
            "FW": {"address_prefixes": [SITE, SITE_B], "hosts": {"one": "10.101.0.10", "two": "10.102.0.10"}, **site}
        },
        "local_network_gateways": {"L": {"site": "FW", "address_prefixes": [SITE, SITE_B]}},
        "connections": {
            "C": {"type": "IPsec", "between": ["VNet1", "FW"], "local_network_gateways": {"VNet1": "L"}, **connection}
        },
    }


def narrow_l(connection: Document) -> Document:
    found = document(connection)
    found["local_network_gateways"]["L"]["address_prefixes"] = [SITE]
    return found


def put(value: Any, *path: Any) -> Callable[[Document], None]:
    """An edit that gives the key at a path a value."""

    def edit(content: Document) -> None:
        *above, last = path
        for key in above:
            content = content[key]
        content[last] = value

    return edit


A_LINE = ("connections", "C", "traffic_selector_policies", 0)
A_DEVICES_LINE = ("connections", "C", "other_end", "traffic_selector_policies", 0)

# The file, a pair that cannot talk, the mend, and what it says as an edit.
CASES: dict[str, tuple[Document, str, str, str, Callable[[Document], None]]] = {
    "the local network gateway": (
        narrow_l(BY_POLICY),
        "fw-two",
        "vnet1-a",
        "add 10.102.0.0/16 to VNet1's local network gateway for FW, L",
        put([SITE, SITE_B], "local_network_gateways", "L", "address_prefixes"),
    ),
    "the static routes of the device": (
        document(BY_POLICY, static_routes={"C": [VNET]}),
        "vnet1-b",
        "fw-one",
        "have the device of FW send 10.11.0.0/16 into C (static_routes)",
        put([VNET, VNET_B], "sites", "FW", "static_routes", "C"),
    ),
    "a custom line of the gateway, its own half": (
        document(lines(line(VNET, f"{SITE} {SITE_B}"), other_end={})),
        "vnet1-b",
        "fw-one",
        "add 10.11.0.0/16 as a range of VNet1 to the traffic_selector_policies of VNet1 on C",
        put([VNET, VNET_B], *A_LINE, "local_address_ranges"),
    ),
    "a custom line of the gateway, the other half": (
        document(lines(line(f"{VNET} {VNET_B}", SITE), other_end={})),
        "fw-two",
        "vnet1-b",
        "add 10.102.0.0/16 as a range of FW to the traffic_selector_policies of VNet1 on C",
        put([SITE, SITE_B], *A_LINE, "remote_address_ranges"),
    ),
    "no line has a half": (
        document(lines(line(VNET, SITE), other_end={})),
        "fw-two",
        "vnet1-b",
        "add 10.11.0.0/16 to 10.102.0.0/16 to the traffic_selector_policies of VNet1 on C",
        put([line(VNET, SITE), line(VNET_B, SITE_B)], "connections", "C", "traffic_selector_policies"),
    ),
    "a custom line of the device": (
        document({"other_end": lines(line(SITE, f"{VNET} {VNET_B}"))}),
        "vnet1-a",
        "fw-two",
        "add 10.102.0.0/16 as a range of FW to the traffic_selector_policies of FW on C",
        put([SITE, SITE_B], *A_DEVICES_LINE, "local_address_ranges"),
    ),
    "a custom line of the device, which begins": (
        document({"between": ["FW", "VNet1"], **lines(line(VNET, f"{SITE} {SITE_B}")), "other_end": {}}),
        "fw-one",
        "vnet1-b",
        "add 10.11.0.0/16 as a range of VNet1 to the traffic_selector_policies of FW on C",
        put([VNET, VNET_B], *A_LINE, "local_address_ranges"),
    ),
    "both ends": (
        document(lines(line(VNET, f"{SITE} {SITE_B}"))),
        "vnet1-b",
        "fw-one",
        "add 10.11.0.0/16 as a range of VNet1 to the traffic_selector_policies of VNet1 on C, and "
        "add 10.11.0.0/16 as a range of VNet1 to the traffic_selector_policies of FW on C",
        put([VNET, VNET_B], *A_LINE, "local_address_ranges"),
    ),
    "nothing in common": (
        document(lines(line(VNET, SITE), other_end=lines(line(SITE_B, VNET)))),
        "vnet1-a",
        "fw-one",
        "add 10.101.0.0/16 as a range of FW to the traffic_selector_policies of FW on C",
        put([SITE_B, SITE], *A_DEVICES_LINE, "local_address_ranges"),
    ),
    "IKEv1 does not narrow": (
        document({**V1, "other_end": lines(line(SITE, VNET), **V1)}),
        "vnet1-a",
        "fw-one",
        "let FW initiate C (connection_mode): it takes only a part of what VNet1 proposes (B57)",
        put("ResponderOnly", "connections", "C", "connection_mode"),
    ),
    "one line of several answers": (
        document({"other_end": lines(line(SITE, VNET), line(SITE_B, VNET), connection_mode="ResponderOnly")}),
        "fw-two",
        "vnet1-a",
        "let FW initiate C (connection_mode): it takes only a part of what VNet1 proposes (B57)",
        put("Default", "connections", "C", "other_end", "connection_mode"),
    ),
}


def explained(content: Document, source: str, target: str) -> tuple[str, tuple[Mend, ...]]:
    """Whether a pair can talk, and what would mend it."""
    (step,) = predict(Scenario.model_validate(content))
    cell = next(cell for cell in step.cells if (cell.source, cell.target) == (source, target))
    return cell.outcome, explain(step.state, cell, endpoint_addresses(step.state)).mend


@pytest.mark.parametrize("name", CASES)
def test_the_mend_is_about_the_narrow_end_and_helps(name: str) -> None:
    content, source, target, says, edit = CASES[name]
    outcome, mend = explained(content, source, target)
    assert (outcome, mend[0].sentence) == ("unreachable", says)
    # What the sentence says to its reader, and what it is as data.
    mended = copy.deepcopy(content)
    edit(mended)
    assert explained(mended, source, target) == ("reachable", ())
    for each in mend:
        assert explained(edited(content, edits_of(each.changes)), source, target) == ("reachable", ())


def test_selectors_of_prefixes_hold_the_own_vnet_only() -> None:
    """R49: another site is in no selector of a gateway that makes them of prefixes."""
    content = document({**BY_POLICY}, static_routes={"C": [VNET, "10.150.0.0/16"]})
    content["sites"]["Far"] = {
        "address_prefixes": ["10.150.0.0/16"],
        "hosts": {"far": "10.150.0.10"},
        "static_routes": {"D": [SITE, SITE_B, VNET]},
    }
    content["connections"]["D"] = {"type": "IPsec", "between": ["VNet1", "Far"]}
    says = (
        "set use_policy_based_traffic_selectors to false on C: the selectors of VNet1 hold prefixes of its own VNet "
        "only (R49)"
    )
    outcome, mend = explained(content, "far-far", "fw-one")
    assert (outcome, [each.sentence for each in mend]) == ("unreachable", [says])
    assert explained(edited(content, edits_of(mend[0].changes)), "far-far", "fw-one") == ("reachable", ())
