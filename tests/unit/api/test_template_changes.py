"""One template with other parameter values: a realistic mistake each, named as the reason of each lost pair."""

from __future__ import annotations

import json
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

import pytest

from netlab.api.difference import difference
from netlab.api.importing import Options
from templates import resource, template

PARAMETERS = {
    "propagationOff": {"type": "bool", "defaultValue": False},
    "forwarded": {"type": "bool", "defaultValue": True},
    "transit": {"type": "bool", "defaultValue": True},
    "sitePrefix": {"type": "string", "defaultValue": "10.101.0.0/16"},
    "secondAsn": {"type": "int", "defaultValue": 65102},
    "access": {"type": "string", "defaultValue": "Allow"},
    "tag": {"type": "string", "defaultValue": "a"},
}


def _id(kind: str, *names: str) -> dict[str, str]:
    quoted = "".join(f", '{name}'" for name in names)
    return {"id": f"[resourceId('Microsoft.Network/{kind}'{quoted})]"}


def _vnet(name: str, number: int, subnets: list[dict[str, Any]]) -> Any:
    space = {"addressSpace": {"addressPrefixes": [f"10.{number}.0.0/16"]}, "subnets": subnets}
    return resource("virtualNetworks", name, space, tags={"t": "[parameters('tag')]"})


def _peering(one: str, other: str, **flags: Any) -> Any:
    return resource(
        "virtualNetworks/virtualNetworkPeerings", f"{one}/to-{other}",
        {"remoteVirtualNetwork": _id("virtualNetworks", other), **flags},
    )  # fmt: skip


def _site(name: str, prefix: str, asn: Any) -> list[Any]:
    prefix = f"10.{name[1:]}.255.1/32" if asn else prefix
    bgp = {"bgpSettings": {"asn": asn, "bgpPeeringAddress": f"10.{name[1:]}.255.1"}} if asn else {}
    address = {"gatewayIpAddress": f"203.0.113.{name[1:]}", "localNetworkAddressSpace": {"addressPrefixes": [prefix]}}
    gateways = {
        "virtualNetworkGateway1": _id("virtualNetworkGateways", "gw"),
        "localNetworkGateway2": _id("localNetworkGateways", name),
    }
    connection = {"connectionType": "IPsec", "enableBgp": bool(asn), **gateways}
    return [
        resource("localNetworkGateways", name, {**address, **bgp}),
        resource("connections", f"to-{name}", connection),
    ]


def _subnet(name: str, prefix: str, **attached: Any) -> dict[str, Any]:
    return {"name": name, "properties": {"addressPrefix": prefix, **attached}}


RULE = {"priority": 100, "direction": "Inbound", "access": "[parameters('access')]", "protocol": "*",
        "sourcePortRange": "*", "sourceAddressPrefix": "10.0.0.0/8",
        "destinationPortRange": "*", "destinationAddressPrefix": "*"}  # fmt: skip
ROUTE = {"addressPrefix": "10.3.0.0/16", "nextHopType": "VirtualAppliance", "nextHopIpAddress": "10.0.1.4"}
BACK = {**ROUTE, "addressPrefix": "10.2.0.0/16"}
NIC = {
    "enableIPForwarding": True,
    "ipConfigurations": [
        {
            "name": "one",
            "properties": {
                "subnet": _id("virtualNetworks/subnets", "hub", "firewall"),
                "privateIPAllocationMethod": "Static",
                "privateIPAddress": "10.0.1.4",
            },
        }
    ],
}
GATEWAY = {
    "gatewayType": "Vpn", "vpnType": "RouteBased", "enableBgp": True, "bgpSettings": {"asn": 65010},
    "sku": {"name": "VpnGw1AZ"},
    "ipConfigurations": [
        {"name": "a", "properties": {"subnet": _id("virtualNetworks/subnets", "hub", "GatewaySubnet")}}
    ],
}  # fmt: skip
TEMPLATE = template(
    [
        resource("routeTables", "around", {"disableBgpRoutePropagation": "[parameters('propagationOff')]",
                                           "routes": [{"name": "far", "properties": ROUTE}]}),
        resource("routeTables", "back", {"routes": [{"name": "near", "properties": BACK}]}),
        resource("networkSecurityGroups", "guard", {"securityRules": [{"name": "in", "properties": RULE}]}),
        _vnet("hub", 0, [_subnet("work", "10.0.0.0/24"), _subnet("firewall", "10.0.1.0/24"),
                         _subnet("GatewaySubnet", "10.0.255.0/27")]),
        _vnet("near", 2, [_subnet("work", "10.2.0.0/24", routeTable=_id("routeTables", "around"),
                                  networkSecurityGroup=_id("networkSecurityGroups", "guard"))]),
        _vnet("far", 3, [_subnet("work", "10.3.0.0/24", routeTable=_id("routeTables", "back"))]),
        *(_peering("hub", other, allowGatewayTransit="[parameters('transit')]") for other in ("near", "far")),
        *(_peering(one, "hub", useRemoteGateways=True, allowForwardedTraffic="[parameters('forwarded')]")
          for one in ("near", "far")),
        resource("networkInterfaces", "fw", NIC),
        resource("virtualNetworkGateways", "gw", GATEWAY),
        *_site("s101", "[parameters('sitePrefix')]", None),
        *_site("s102", "10.102.0.0/16", "[parameters('secondAsn')]"),
        *_site("s103", "10.103.0.0/16", 65103),
    ],
    parameters=PARAMETERS,
)  # fmt: skip
# A parameter's value, what is named, and a pair that is lost.
MISTAKES: dict[str, tuple[str, set[str], tuple[str, str]]] = {
    "route propagation off": ("propagationOff=true", {"route_tables.around"}, ("near-probe-work", "s102-host1")),
    "peerings without forwarded traffic": (
        "forwarded=false",
        {"peerings.near-to-hub", "peerings.far-to-hub"},
        ("near-probe-work", "far-probe-work"),
    ),
    "no gateway transit": (
        "transit=false",
        {"peerings.hub-to-near", "peerings.hub-to-far"},
        ("near-probe-work", "s102-host1"),
    ),
    "a security rule": ("access=Deny", {"network_security_groups.guard"}, ("hub-probe-work", "near-probe-work")),
    "a wrong ASN": ("secondAsn=65103", {"sites.s102"}, ("s103-host1", "s102-host1")),
}


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> str:
    target = tmp_path_factory.mktemp("templates") / "network.json"
    target.write_text(json.dumps(TEMPLATE))
    return str(target)


def compared(path: str, value: str) -> Any:
    sites = {f"s{number}": (IPv4Network(f"10.{number}.0.0/16"),) for number in (102, 103)}
    return difference(path, path, options=(Options(sites=sites), Options(parameters=(value,), sites=sites)))


@pytest.mark.parametrize("case", MISTAKES)
def test_a_mistake_in_a_template_is_the_reason_of_each_lost_pair(path: str, case: str) -> None:
    value, names, pair = MISTAKES[case]
    found = compared(path, value)
    lost = {(cell.source, cell.target): set(cell.because_of) for cell in found.cells if cell.kind == "lost"}
    assert pair in lost
    assert all(because and because <= names for because in lost.values())
    assert {one.name for one in found.objects if one.change == "changed" and one.kind != "connections"} == names


def test_a_narrower_prefix_of_a_site_is_named(path: str) -> None:
    found = compared(path, "sitePrefix=10.101.0.0/24")
    assert {one.name for one in found.objects} == {"sites.s101"}
    assert {(route.place, route.prefix, route.change) for route in found.routes} >= {
        ("hub/work", "10.101.0.0/16", "removed"),
        ("hub/work", "10.101.0.0/24", "added"),
    }


def test_a_tag_and_the_same_values_change_nothing(path: str) -> None:
    for value in ("tag=b", "transit=true"):
        found = compared(path, value)
        assert (found.objects, found.routes, found.cells, found.checks) == ((), (), (), ())


def test_a_template_and_its_copy_elsewhere_are_alike(path: str, tmp_path: Path) -> None:
    other = tmp_path / "other.json"
    other.write_text(json.dumps(TEMPLATE, sort_keys=True))
    found = difference(path, str(other))
    assert (found.objects, found.cells) == ((), ())
