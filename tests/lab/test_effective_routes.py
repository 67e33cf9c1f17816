"""What `show effective-routes` says of a NIC is what the kernel does with its packets, to every target."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from typing import Any

import pytest
from labs import SCENARIOS, Lab, netlab, up

from netlab.scenario.loader import load
from netlab.scenario.models import Scenario, node_name

# Those with route tables, and of the others one for each kind of next hop.
WITH_TABLES = tuple(name for name, path in SCENARIOS.items() if "\nroute_tables:" in path.read_text())
NAMES = (*WITH_TABLES, "p2s-peered-vnets", "s2s-active-active", "s2s-multi-site", "route-server-routing-preference")
# All ways to Office: ExpressRoute "12076 65101", VPN "65101", appliance "65001 65101"; nobody hears of the others.
THREE_WAYS = """
name: t-ways
vnets:
  VNet1:
    address_space: [10.1.0.0/16]
    subnets: {default: 10.1.0.0/24, GatewaySubnet: 10.1.254.0/27, RouteServerSubnet: 10.1.255.0/26}
    vms:
      vm1: {subnet: default}
      nva: {subnet: default, enable_ip_forwarding: true, nva: {bgp: {asn: 65001, sites: [Office]}}}
    expressroute_gateway: {}
    vpn_gateway: {bgp: {asn: 65010}}
    route_server: {hub_routing_preference: VpnGateway}
sites:
  Office: {address_prefixes: [10.100.0.0/16], bgp: {asn: 65101}, hosts: {h: 10.100.0.10}}
connections:
  VNet1-Office: {type: IPsec, between: [VNet1, Office], enable_bgp: true}
expressroute_circuits:
  circuit1: {site: Office, vnets: {VNet1: {}}}
"""
INTERNET = IPv4Address("192.0.2.1")
# Where clients are; their other address is the one of the pool.
CLIENTS = IPv4Network("192.0.2.128/25")

Row = dict[str, Any]
# Azure's next hop type, and the next hop's address where there is one.
Decision = tuple[str, str]


class Compared:
    """A lab, with the addresses of its nodes and of what is in its VNets."""

    def __init__(self, lab: Lab, scenario: Scenario) -> None:
        self.lab, self.scenario = lab, scenario
        nodes = json.loads(netlab("nodes", lab.name, "-f", "json").stdout)
        self.addresses = {
            node["name"]: [IPv4Address(text.partition("/")[0]) for text in node["addresses"]]
            for node in nodes
            if node["kind"] in ("vm", "host", "client")
        }

    def targets(self) -> Iterator[IPv4Address]:
        yield INTERNET
        for addresses in self.addresses.values():
            yield from (address for address in addresses if address not in CLIENTS)

    def nics(self) -> Iterator[tuple[str, str]]:
        for vnet, item in self.scenario.vnets.items():
            yield from ((vnet, vm) for vm in item.vms)

    def space(self, node: str) -> tuple[IPv4Network, ...]:
        """The address space of the VNet with this node."""
        return next(item.address_space for name, item in self.scenario.vnets.items() if node_name(name) == node)

    def rows(self, vnet: str, vm: str) -> list[Row]:
        shown = netlab("show", "effective-routes", node_name(vnet, vm), "--lab", self.lab.name, "-f", "json").stdout
        return list(json.loads(shown)["value"])

    def decision(self, vnet: str, vm: str, target: IPv4Address) -> Decision:
        """What the kernel does, in Azure's words."""
        (source,), node = self.addresses[node_name(vnet, vm)], node_name(vnet)
        command = f"ip -j route get {target} from {source} iif v-{vm.lower()}"
        argv = ["ip", "netns", "exec", f"nl.{self.lab.name}.{node}", *command.split()]
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
        if done.returncode:
            # iproute2 on a blackhole.
            assert "Invalid argument" in done.stderr, done.stderr
            return "None", ""
        (route,) = json.loads(done.stdout)
        kind, _, rest = route["dev"].partition("-")
        via = route.get("gateway", "")
        if kind == "v" and not via:
            assert self.addresses[node_name(vnet, rest)] == [target]
            return "VnetLocal", ""
        if kind == "p":
            peers = any(target in prefix for prefix in self.space(rest))
            return ("VNetPeering", "") if peers else ("VirtualNetworkGateway", rest)
        if kind == "n":
            (appliance,) = self.addresses[rest]
            return "VirtualAppliance", str(appliance)
        gateways = dict.fromkeys(("gw", "er"), ("VirtualNetworkGateway", via))
        return {"wan": ("Internet", ""), **gateways}.get(kind, ("VirtualAppliance", via))

    def agree(self) -> None:
        """Every NIC, every target: the kernel does one of what the longest active rows say."""
        for vnet, vm in self.nics():
            rows = self.rows(vnet, vm)
            for target in self.targets():
                if target not in self.addresses[node_name(vnet, vm)]:
                    told, done = set(self._told(vnet, rows, target)), self.decision(vnet, vm, target)
                    assert done in told, f"{vnet}-{vm} to {target}: shown {told}, done {done}"

    def _told(self, vnet: str, rows: list[Row], target: IPv4Address) -> Iterator[Decision]:
        covering = [row for row in rows if row["state"] == "Active" and target in _prefix(row)]
        longest = max(_prefix(row).prefixlen for row in covering)
        for row in (row for row in covering if _prefix(row).prefixlen == longest):
            kind, (hop,) = row["nextHopType"], row["nextHopIpAddress"] or [""]
            if [IPv4Address(hop or "0.0.0.0")] in self.addresses.values():
                # What a Route Server tells leads to an appliance.
                yield "VirtualAppliance", hop
                continue
            serving = self.scenario.gateway_for(vnet) if kind == "VirtualNetworkGateway" else vnet
            # To the gateway of a peer the kernel's next hop is the peer.
            yield kind, hop if serving == vnet else node_name(serving or "")


def _prefix(row: Row) -> IPv4Network:
    (prefix,) = row["addressPrefix"]
    return IPv4Network(prefix)


@pytest.mark.parametrize("name", NAMES)
def test_effective_routes_are_what_the_kernel_does(name: str) -> None:
    with up(name, f"e-{name}"[:40].strip("-")) as lab:
        Compared(lab, load(name).scenario).agree()


def test_they_are_so_while_a_site_announces_the_default_route_and_while_its_tunnel_is_down() -> None:
    with up("forced-tunnelling-bgp", "e-forced") as lab:
        compared = Compared(lab, load("forced-tunnelling-bgp").scenario)
        announce = ("configure terminal", "router bgp 65101", "address-family ipv4 unicast", "network 0.0.0.0/0")
        lab.run("site1", "vtysh", "--vty_socket", f"{lab.directory}/site1", *(f"-c{line}" for line in announce))
        wait_for(compared, "VirtualNetworkGateway")
        compared.agree()
        assert compared.decision("VNet1", "vm1", INTERNET)[0] == "VirtualNetworkGateway"
        assert compared.decision("VNet1", "exempt", INTERNET)[0] == "Internet"
        netlab("fault", "tunnel", "VNet1-Site1", "--lab", lab.name)
        wait_for(compared, "Default")
        compared.agree()
        assert compared.decision("VNet1", "vm1", INTERNET)[0] == "Internet"


def wait_for(compared: Compared, source: str) -> None:
    """Until the active default route of vm1 is from this source, and the kernel has it too."""
    wanted = {"VirtualNetworkGateway": "VirtualNetworkGateway", "Default": "Internet"}[source]
    deadline = time.monotonic() + 20
    while True:
        rows = compared.rows("VNet1", "vm1")
        shown = {row["source"] for row in rows if row["state"] == "Active" and _prefix(row).prefixlen == 0}
        if shown == {source} and compared.decision("VNet1", "vm1", INTERNET)[0] == wanted:
            return
        assert time.monotonic() < deadline, (shown, wanted)


def test_of_equal_prefixes_what_is_not_preferred_is_invalid(tmp_path: Path) -> None:
    """A27: the VPN's AS path is shorter than the appliance's; without the VPN the appliance's turn comes."""
    file = tmp_path / "ways.yaml"
    file.write_text(THREE_WAYS)
    with up(file, "e-ways") as lab:
        compared = Compared(lab, load(str(file)).scenario)
        vpn, nva, private = "10.1.254.4", "10.1.0.5", ("10.1.254.12", "10.1.254.13")
        assert ways(compared) == {vpn: "Active", nva: "Invalid", **dict.fromkeys(private, "Invalid")}
        compared.agree()
        netlab("fault", "tunnel", "VNet1-Office", "--lab", lab.name)
        assert ways(compared) == {nva: "Active", **dict.fromkeys(private, "Invalid")}
        compared.agree()
        netlab("fault", "vm", "nva", "--lab", lab.name)
        assert ways(compared) == dict.fromkeys(private, "Active")
        compared.agree()


def ways(compared: Compared) -> dict[str, str]:
    """The next hops of vm1 to Office, each with its state."""
    office = [row for row in compared.rows("VNet1", "vm1") if _prefix(row) == IPv4Network("10.100.0.0/16")]
    return {row["nextHopIpAddress"][0]: row["state"] for row in office}


def test_packets_tell_the_route_of_each_visit_to_a_vnet() -> None:
    """From app by its subnet's user route, from the firewall by what the gateway told."""
    with up("udr-nva", "e-visits") as lab:
        said = netlab("explain", "app", "h1", "--lab", lab.name).stdout.partition("back:")[0]
        assert [line.strip() for line in said.splitlines() if line.startswith("  vnet1: ")] == [
            "vnet1: 10.101.0.0/16, from User, leads to v-fw",
            "vnet1: 10.101.0.0/16, from VirtualNetworkGateway, leads to gw-0",
        ]
        closed = netlab("explain", "vault", "h1", "--lab", lab.name, code=1).stdout
        assert "vnet1: 10.101.0.0/16, from User, leads to None\n" in closed
        assert "remove route home of route table closed" in closed
