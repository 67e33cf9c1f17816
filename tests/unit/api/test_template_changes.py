"""One template with other parameter values: a realistic mistake each, named as the reason of each lost pair."""

from __future__ import annotations

import json
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

import pytest

from netlab.api import importing
from netlab.api.difference import difference
from netlab.api.importing import Options
from templates import resource, template

PARAMETERS = {
    "propagationOff": {"type": "bool", "defaultValue": False},
    "propagationOffFar": {"type": "bool", "defaultValue": False},
    "forwarded": {"type": "bool", "defaultValue": True},
    "transit": {"type": "bool", "defaultValue": True},
    "remote": {"type": "bool", "defaultValue": True},
    "talks": {"type": "bool", "defaultValue": True},
    "sitePrefixes": {"type": "array", "defaultValue": ["10.101.0.0/16", "10.111.0.0/16"]},
    "peer": {"type": "string", "defaultValue": "10.102.255.1"},
    "gatewayAsn": {"type": "int", "defaultValue": 65010},
    "secondAsn": {"type": "int", "defaultValue": 65102},
    "access": {"type": "string", "defaultValue": "Allow"},
    "protocol": {"type": "string", "defaultValue": "*"},
    "direction": {"type": "string", "defaultValue": "Inbound"},
    "peers": {"type": "string", "defaultValue": "10.0.0.0/8"},
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


def _site(name: str, prefixes: Any, asn: Any, peer: str = "") -> list[Any]:
    prefixes = [f"10.{name[1:]}.255.1/32"] if asn else prefixes
    bgp = {"bgpSettings": {"asn": asn, "bgpPeeringAddress": peer or f"10.{name[1:]}.255.1"}} if asn else {}
    address = {"gatewayIpAddress": f"203.0.113.{name[1:]}", "localNetworkAddressSpace": {"addressPrefixes": prefixes}}
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


RULE = {"priority": 100, "direction": "[parameters('direction')]", "access": "[parameters('access')]",
        "protocol": "[parameters('protocol')]", "sourcePortRange": "*", "sourceAddressPrefix": "[parameters('peers')]",
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
    "gatewayType": "Vpn", "vpnType": "RouteBased", "enableBgp": True,
    "bgpSettings": {"asn": "[parameters('gatewayAsn')]"},
    "sku": {"name": "VpnGw1AZ"},
    "ipConfigurations": [
        {"name": "a", "properties": {"subnet": _id("virtualNetworks/subnets", "hub", "GatewaySubnet")}}
    ],
}  # fmt: skip
FLAGS = {
    "allowForwardedTraffic": "[parameters('forwarded')]",
    "allowVirtualNetworkAccess": "[parameters('talks')]",
}
TEMPLATE = template(
    [
        resource("routeTables", "around", {"disableBgpRoutePropagation": "[parameters('propagationOff')]",
                                           "routes": [{"name": "far", "properties": ROUTE}]}),
        resource("routeTables", "back", {"disableBgpRoutePropagation": "[parameters('propagationOffFar')]",
                                         "routes": [{"name": "near", "properties": BACK}]}),
        resource("networkSecurityGroups", "guard", {"securityRules": [{"name": "in", "properties": RULE}]}),
        _vnet("hub", 0, [_subnet("work", "10.0.0.0/24"), _subnet("firewall", "10.0.1.0/24"),
                         _subnet("GatewaySubnet", "10.0.255.0/27")]),
        _vnet("near", 2, [_subnet("work", "10.2.0.0/24", routeTable=_id("routeTables", "around"),
                                  networkSecurityGroup=_id("networkSecurityGroups", "guard"))]),
        _vnet("far", 3, [_subnet("work", "10.3.0.0/24", routeTable=_id("routeTables", "back"))]),
        *(_peering("hub", other, allowGatewayTransit="[parameters('transit')]") for other in ("near", "far")),
        _peering("near", "hub", useRemoteGateways="[parameters('remote')]", **FLAGS),
        _peering("far", "hub", useRemoteGateways=True, **FLAGS),
        resource("networkInterfaces", "fw", NIC),
        resource("virtualNetworkGateways", "gw", GATEWAY),
        *_site("s101", "[parameters('sitePrefixes')]", None),
        *_site("s102", [], "[parameters('secondAsn')]", "[parameters('peer')]"),
        *_site("s103", [], 65103),
    ],
    parameters=PARAMETERS,
)  # fmt: skip
NEAR, FAR = {"peerings.near-to-hub"}, {"peerings.far-to-hub"}
# Values of parameters, what is named, and a pair that is lost.
MISTAKES: dict[str, tuple[tuple[str, ...], set[str], tuple[str, str]]] = {
    "route propagation off": (("propagationOff=true",), {"route_tables.around"}, ("near-probe-work", "s102-host1")),
    "route propagation off elsewhere": (
        ("propagationOffFar=true",), {"route_tables.back"}, ("far-probe-work", "s101-host1")
    ),
    "route propagation off in both": (
        ("propagationOff=true", "propagationOffFar=true"),
        {"route_tables.around", "route_tables.back"},
        ("far-probe-work", "s102-host1"),
    ),
    "peerings without forwarded traffic": (("forwarded=false",), NEAR | FAR, ("near-probe-work", "far-probe-work")),
    "no gateway transit": (
        ("transit=false",),
        {"peerings.hub-to-near", "peerings.hub-to-far"},
        ("near-probe-work", "s102-host1"),
    ),
    "one peering without the remote gateway": (("remote=false",), NEAR, ("near-probe-work", "s101-host1")),
    "peerings without access": (("talks=false",), NEAR | FAR, ("near-probe-work", "hub-probe-work")),
    "a narrower local network gateway": (
        ('sitePrefixes=["10.101.0.0/16"]',), {"local_network_gateways.s101"}, ("hub-probe-work", "s101-host2")
    ),
    "another half of it": (
        ('sitePrefixes=["10.101.128.0/17", "10.111.0.0/16"]',),
        {"local_network_gateways.s101"},
        ("near-probe-work", "s101-host1"),
    ),
    "neither of its hosts": (
        ('sitePrefixes=["10.101.1.0/24", "10.111.1.0/24"]',),
        {"local_network_gateways.s101"},
        ("far-probe-work", "s101-host2"),
    ),
    "a security rule": (
        ("access=Deny",), {"network_security_groups.guard"}, ("hub-probe-work", "near-probe-work")
    ),
    "a security rule for one protocol": (
        ("access=Deny", "protocol=Tcp"), {"network_security_groups.guard"}, ("hub-probe-work", "near-probe-work")
    ),
    "a security rule outwards": (
        ("access=Deny", "direction=Outbound"),
        {"network_security_groups.guard"},
        ("near-probe-work", "hub-probe-work"),
    ),
    "a security rule for one peer": (
        ("access=Deny", "peers=10.3.0.0/16"), {"network_security_groups.guard"}, ("far-probe-work", "near-probe-work")
    ),
    "an ASN of another site": (("secondAsn=65103",), {"local_network_gateways.s102"}, ("s103-host1", "s102-host1")),
    "the gateway's own ASN": (("secondAsn=65010",), {"local_network_gateways.s102"}, ("hub-probe-work", "s102-host1")),
    "another BGP address": (("peer=10.102.255.9",), {"local_network_gateways.s102"}, ("near-probe-work", "s102-host1")),
    "an ASN of the gateway that a site has": (
        ("gatewayAsn=65102",), {"vnets.hub.vpn_gateway"}, ("hub-probe-work", "s102-host1")
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> str:
    target = tmp_path_factory.mktemp("templates") / "network.json"
    target.write_text(json.dumps(TEMPLATE))
    return str(target)


def compared(path: str, *values: str) -> Any:
    sites = {f"s{number}": (IPv4Network(f"10.{number}.0.0/16"),) for number in (102, 103)}
    return difference(path, path, options=(Options(sites=sites), Options(parameters=values, sites=sites)))


@pytest.mark.parametrize("case", MISTAKES)
def test_a_mistake_in_a_template_is_the_reason_of_each_lost_pair(path: str, case: str) -> None:
    values, names, pair = MISTAKES[case]
    found = compared(path, *values)
    lost = {(cell.source, cell.target): set(cell.because_of) for cell in found.cells if cell.kind == "lost"}
    assert pair in lost
    assert all(because and because <= names for because in lost.values())
    assert {one.name for one in found.objects} == names


@pytest.mark.parametrize(
    ("values", "changed"),
    [
        (
            ('sitePrefixes=["10.101.0.0/24", "10.111.0.0/16"]',),
            {("removed", "10.101.0.0/16"), ("added", "10.101.0.0/24")},
        ),
        (('sitePrefixes=["10.111.0.0/16"]',), {("removed", "10.101.0.0/16")}),
    ],
)
def test_the_routes_of_a_narrower_local_network_gateway_are_named(
    path: str, values: tuple[str, ...], changed: set[tuple[str, str]]
) -> None:
    found = compared(path, *values)
    assert {(one.change, one.name) for one in found.objects} == {("changed", "local_network_gateways.s101")}
    assert {(route.change, route.prefix) for route in found.routes if route.place == "hub/work"} == changed


@pytest.mark.parametrize(("address", "lost"), [("20.1.2.3", True), ("20.1.2.101", False), ("vpn.example.com", False)])
def test_a_connection_to_an_address_that_is_not_the_devices_is_lost(tmp_path: Path, address: str, lost: bool) -> None:
    one, other = tmp_path / "a.json", tmp_path / "b.json"
    one.write_text(json.dumps(TEMPLATE).replace("203.0.113.101", "20.1.2.101"))
    other.write_text(json.dumps(TEMPLATE).replace("203.0.113.101", address))
    found = difference(str(one), str(other))
    gone = {(cell.source, cell.target): cell.because_of for cell in found.cells if cell.kind == "lost"}
    assert (("hub-probe-work", "s101-host1") in gone) is lost
    assert set(gone.values()) == ({("local_network_gateways.s101",)} if lost else set())


def test_the_sites_of_a_scenario_stay_where_a_template_is_compared_with_it(path: str, tmp_path: Path) -> None:
    file = tmp_path / "network.yaml"
    file.write_text(
        importing.run([path], Options(), "", strict=False).text.replace("host1: 10.101.0.10", "web: 10.101.0.80")
    )
    values = Options(parameters=('sitePrefixes=["10.111.0.0/16"]',))
    found = difference(str(file), path, options=(Options(), values))
    lost = {(cell.source, cell.target) for cell in found.cells if cell.kind == "lost"}
    assert ("hub-probe-work", "s101-web") in lost
    known = importing.run([path], importing.knowing(values, str(file)), "", strict=False)
    assert "web: 10.101.0.80" in known.text
    assert "s101: {site: s101, address_prefixes: [10.111.0.0/16]}" in known.text
    assert "local_network_gateways" not in importing.run([path], values, "", strict=False).text


def test_prefixes_that_are_added_gain_what_those_that_are_removed_lose(path: str) -> None:
    few = Options(parameters=('sitePrefixes=["10.101.0.0/16"]',))
    forth, back = (difference(path, path, options=each) for each in ((Options(), few), (few, Options())))
    kinds = {"lost": "gained", "gained": "lost"}
    lost, gained = (
        {(cell.source, cell.target, kinds.get(cell.kind) if turned else cell.kind) for cell in found.cells}
        for found, turned in ((forth, False), (back, True))
    )
    assert lost == gained
    assert ("hub-probe-work", "s101-host2", "lost") in lost


def test_what_loses_nothing_is_no_reason(path: str) -> None:
    found = compared(path, 'sitePrefixes=["10.101.0.0/24", "10.111.0.0/24"]')
    assert not [cell for cell in found.cells if cell.kind == "lost"]


def test_a_tag_and_the_same_values_change_nothing(path: str) -> None:
    for value in ("tag=b", "transit=true"):
        found = compared(path, value)
        assert (found.objects, found.routes, found.cells, found.checks) == ((), (), (), ())


def test_a_template_and_its_copy_elsewhere_are_alike(path: str, tmp_path: Path) -> None:
    other = tmp_path / "other.json"
    other.write_text(json.dumps(TEMPLATE, sort_keys=True))
    found = difference(path, str(other))
    assert (found.objects, found.cells) == ((), ())
