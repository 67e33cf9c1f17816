"""A site that advertises a prefix of others uses its own route (B19, B20): `explain` says so, and mends it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from mended import explained, found, untrue

VNET, SITE = "10.1.0.0/16", "10.101.0.0/16"


def document(announces: list[str]) -> dict[str, Any]:
    gateway = {"sku": "VpnGw1AZ", "bgp": {"asn": 65010}}
    subnets = {"default": "10.1.0.0/24", "GatewaySubnet": "10.1.255.0/27"}
    vnet = {"address_space": [VNET], "subnets": subnets, "vms": {"vm1": {"subnet": "default"}}, "vpn_gateway": gateway}
    bgp = {"asn": 65101}
    site = {"address_prefixes": [SITE], "announces": announces, "bgp": bgp, "hosts": {"h1": "10.101.0.10"}}
    return {
        "name": "originates",
        "vnets": {"VNet1": vnet},
        "sites": {"Site1": site},
        "connections": {"C": {"type": "IPsec", "between": ["VNet1", "Site1"], "enable_bgp": True}},
    }


@pytest.mark.parametrize(("source", "target"), [("site1-h1", "vnet1-vm1"), ("vnet1-vm1", "site1-h1")])
def test_the_prefix_of_the_vnet_itself(source: str, target: str) -> None:
    text = json.dumps(document([SITE, VNET]))
    why = (
        f"site1 advertises {VNET} itself and prefers that to what its peers advertise; a gateway drops what is in its "
        f"own VNet (B19, B20)"
    )
    said = explained(text, source, target)
    assert why.removeprefix("site1") in said.verdict
    assert said.mend[0].sentence == f"have Site1 announce no {VNET}: {why}"
    assert not list(untrue(text, found(text, 0, source, target), 0, said.mend))


@pytest.mark.parametrize("more", ["10.0.0.0/8", "10.1.0.0/17", "0.0.0.0/0"])
def test_other_prefixes_leave_the_route_alone(more: str) -> None:
    """What a site advertises gives it no route; it only keeps the peers' route to the same prefix from being used."""
    said = explained(json.dumps(document([SITE, more])), "site1-h1", "vnet1-vm1")
    assert (said.verdict, said.mend) == ("site1-h1 reaches vnet1-vm1, and its answer comes back.", ())
