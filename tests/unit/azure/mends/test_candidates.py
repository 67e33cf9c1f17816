"""Mends of drops that are about one property: each is given, and is true when it is written into the file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from mended import found, states, untrue

from netlab.azure.mends import mends_of_many
from netlab.azure.prediction import endpoint_addresses
from netlab.results.protocols import Protocol

SCENARIOS = Path(__file__).resolve().parents[4] / "scenarios"


@pytest.mark.parametrize(
    ("scenario", "source", "target", "protocol", "given"),
    [
        ("private-subnet-outbound", "vnet1-lonely", "internet", "tcp", "give subnet lonely of VNet1 a NAT gateway"),
        ("private-subnet-outbound", "vnet1-direct", "internet", "udp", "give subnet direct of VNet1 a NAT gateway"),
        ("private-subnet-outbound", "vnet1-lonely", "internet", "icmp", "give vnet1-lonely a public_ip_address"),
        ("private-subnet-outbound", "vnet1-worker", "internet", "icmp", "give vnet1-worker a public_ip_address"),
        ("private-endpoint-hub-spoke", "data-near", "data-waiting", "tcp", "approve the connection of data-waiting"),
        ("subnet-peering", "hub-shared", "spoke-back", "icmp", "add back of Spoke to the peered subnets of"),
        ("subnet-peering", "spoke-front", "hub-inner", "udp", "add inner of Hub to the peered subnets of"),
        ("subnet-peering", "site1-h1", "spoke-back", "tcp", "add back of Spoke to the peered subnets of"),
        (
            "hub-spoke-stateful-firewall",
            "spoke1-vm1",
            "spoke3-vm3",
            "udp",
            "give subnet default of Spoke3 a user route for 10.1.0.0/16 to VirtualAppliance 10.0.1.4, hub-fw",
        ),
        (
            "hub-spoke-stateful-firewall",
            "spoke2-vm2",
            "spoke3-vm3",
            "udp",
            "give subnet default of Spoke2 a user route for 10.3.0.0/16 to VirtualAppliance 10.0.1.5, hub-nat",
        ),
        (
            "hub-spoke-stateful-firewall",
            "site1-h1",
            "spoke3-vm3",
            "udp",
            "give subnet GatewaySubnet of Hub a user route for 10.3.0.0/16 to VirtualAppliance 10.0.1.5, hub-nat",
        ),
        (
            "hub-spoke-azure-firewall",
            "spoke1-vm1",
            "spoke3-vm3",
            "tcp",
            "let fw-hub allow TCP from 10.1.0.0/24 to 10.3.0.0/24",
        ),
        ("hub-spoke-azure-firewall", "spoke2-vm2", "internet", "udp", "let fw-hub allow UDP from 10.2.0.0/24 to *"),
        (
            "hub-spoke-azure-firewall",
            "spoke3-vm3",
            "spoke1-vm1",
            "udp",
            "let fw-hub allow UDP from 10.3.0.0/24 to 10.1.0.0/24",
        ),
        (
            "hub-spoke-azure-firewall",
            "site1-h1",
            "spoke3-vm3",
            "tcp",
            "give subnet GatewaySubnet of Hub a user route for 10.3.0.0/16 to VirtualAppliance 10.0.1.4, fw-hub",
        ),
        (
            "hub-spoke-azure-firewall",
            "site1-h1",
            "spoke4-vm4",
            "tcp",
            "give subnet default of Spoke4 a user route for 10.101.0.0/16 to VirtualAppliance 10.0.1.4, fw-hub",
        ),
        ("subnet-peering", "spoke-back", "hub-shared", "icmp", "add back of Spoke to the peered subnets of"),
        ("subnet-peering", "hub-inner", "spoke-front", "tcp", "add inner of Hub to the peered subnets of"),
        ("subnet-peering", "spoke-back", "site1-h1", "icmp", "add back of Spoke to the peered subnets of"),
    ],
)
def test_a_mend_is_given_and_true(scenario: str, source: str, target: str, protocol: Protocol, given: str) -> None:
    text = (SCENARIOS / f"{scenario}.yaml").read_text(encoding="utf-8")
    state, item = states(text)[0], replace(found(text, 0, source, target, protocol), protocols=(protocol,))
    mends = mends_of_many(state, item, endpoint_addresses(state))
    assert any(mend.sentence.startswith(given) for mend in mends), [mend.sentence for mend in mends]
    (mine,) = (mend for mend in mends if mend.sentence.startswith(given))
    assert list(untrue(text, item, 0, (mine,))) == []
