"""What `show effective-routes` prints; and that `verify` finds where the kernel does something else."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from labs import Lab, netlab, up

from netlab.api.machine import LINUX
from netlab.lab.build import records
from netlab.lab.measure.checks.effective_routes import check
from netlab.lab.story.addresses import probe_addresses

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


@pytest.fixture(scope="module")
def firewalled() -> Iterator[Lab]:
    with up("hub-spoke-firewall", "e-firewall") as lab:
        yield lab


@pytest.fixture(scope="module")
def balanced() -> Iterator[Lab]:
    with up("s2s-active-active", "e-balanced") as lab:
        yield lab


def checked(lab: Lab) -> str:
    """What `verify` says of the effective routes of a lab as it is now."""
    found = records.read(lab.name)
    targets = probe_addresses(found, LINUX.clients).values()
    return check(found.plan, records.state(found), LINUX.gateways, LINUX.routes, set(targets)).message


def shown(lab: Lab, *what: str) -> Any:
    return json.loads(netlab("show", "effective-routes", *what, "--lab", lab.name, "-f", "json").stdout)


# --- what `verify` finds --------------------------------------------------------------------------------------------

# A change by hand and the one that takes it back, at a fabric, and what is said then.
FIREWALLED = {
    "a next hop that is another machine": (
        ("hub", "route replace 10.101.0.0/16 via 10.0.1.4 dev v-fw onlink table {v-vm0} metric 20"),
        ("hub", "route replace 10.101.0.0/16 via 10.0.255.4 dev gw-0 onlink table {v-vm0} metric 20"),
        "hub-vm0 to 10.101.0.10: shown 10.0.255.4, done 10.0.1.4",
    ),
    "a route that is not there": (
        ("hub", "route del 10.2.0.0/16 table {v-vm0}"),
        ("hub", "route add 10.2.0.0/16 via <spoke2> dev p-spoke2 onlink table {v-vm0} metric 30"),
        "hub-vm0 to 10.2.0.4: shown 10.2.0.4, done None",
    ),
    "a longer prefix": (
        ("hub", "route add 10.1.0.4/32 via 169.254.0.1 dev wan onlink table {v-vm0}"),
        ("hub", "route del 10.1.0.4/32 table {v-vm0}"),
        "hub-vm0 to 10.1.0.4: shown 10.1.0.4, done Internet",
    ),
    "a metric that wins": (
        ("hub", "route add 10.1.0.0/16 via 10.0.1.4 dev v-fw onlink table {v-vm0} metric 5"),
        ("hub", "route del 10.1.0.0/16 table {v-vm0} metric 5"),
        "hub-vm0 to 10.1.0.4: shown 10.1.0.4, done 10.0.1.4",
    ),
    "a rule before those of the fabric": (
        ("hub", "rule add iif v-vm0 to 192.0.2.1 blackhole pref 100"),
        ("hub", "rule del iif v-vm0 to 192.0.2.1 blackhole pref 100"),
        "hub-vm0 to 192.0.2.1: shown Internet, done None",
    ),
    "a NIC at another's place": (
        ("hub", "route replace 10.0.1.4/32 dev v-vm0 scope link table 999"),
        ("hub", "route replace 10.0.1.4/32 dev v-fw scope link table 999"),
        "hub-vm0 to 10.0.1.4: shown 10.0.1.4, done hub-vm0",
    ),
    "over the peering, another machine there": (
        ("hub", "route replace default via 10.0.0.4 dev v-vm0 onlink table {n-spoke1-fw}"),
        ("hub", "route replace default via 10.0.1.4 dev v-fw onlink table {n-spoke1-fw}"),
        "spoke1-vm1 to 10.101.0.10: shown 10.0.1.4, done 10.0.0.4",
    ),
    "over the peering, on to a third VNet": (
        ("hub", "route replace default via <spoke2> dev p-spoke2 onlink table {n-spoke1-fw}"),
        ("hub", "route replace default via 10.0.1.4 dev v-fw onlink table {n-spoke1-fw}"),
        "spoke1-vm1 to 10.101.0.10: shown 10.0.1.4, done nl.e-firewall.spoke2",
    ),
}
BALANCED = {
    "one of two instances": (
        ("vnet1", "route replace 10.102.0.0/16 via 10.1.255.4 dev gw-0 onlink table {v-vm1} metric 20"),
        (
            "vnet1",
            "route replace 10.102.0.0/16 table {v-vm1} metric 20 "
            "nexthop via 10.1.255.4 dev gw-0 onlink nexthop via 10.1.255.5 dev gw-1 onlink",
        ),
        "vnet1-vm1 to 10.102.0.10: shown 10.1.255.4 and 10.1.255.5, done 10.1.255.4",
    ),
}
Change = tuple[str, str]


@pytest.mark.parametrize(("change", "back", "said"), FIREWALLED.values(), ids=FIREWALLED)
def test_what_somebody_changed_is_found(firewalled: Lab, change: Change, back: Change, said: str) -> None:
    found(firewalled, change, back, said)


@pytest.mark.parametrize(("change", "back", "said"), BALANCED.values(), ids=BALANCED)
def test_a_way_less_is_found(balanced: Lab, change: Change, back: Change, said: str) -> None:
    found(balanced, change, back, said)


def found(lab: Lab, change: Change, back: Change, said: str) -> None:
    """A change is found and, once it is taken back, no more."""
    make(lab, change)
    try:
        assert said in checked(lab)
    finally:
        make(lab, back)
    assert checked(lab).endswith("the kernel's are the same")


def make(lab: Lab, change: Change) -> None:
    """Change a fabric's routes or rules; an interface in braces is the table of what comes in by it, a node in angle
    brackets the address that it has on the link to the fabric."""
    node, command = change
    command = re.sub("<(.*?)>", lambda peer: far_address(lab, node, peer[1]), command)
    lab.ip(node, re.sub(r"{(.*?)}", lambda port: lab.table(node, port[1]), command))


def far_address(lab: Lab, node: str, peer: str) -> str:
    links = records.read(lab.name).plan.links
    (address,) = {
        end.addresses[0]
        for link in links
        for end in (link.a, link.b)
        if peer == end.node and node in (link.a.node, link.b.node)
    }
    return address.partition("/")[0]


# --- what `show` prints ---------------------------------------------------------------------------------------------


def test_a_nic_shows_what_azure_shows(balanced: Lab) -> None:
    rows = shown(balanced, "vm1")["value"]
    assert list(rows[0]) == [
        *("source", "state", "addressPrefix", "nextHopType", "nextHopIpAddress", "disableBgpRoutePropagation")
    ]
    assert [row["nextHopIpAddress"] for row in rows if row["addressPrefix"] == ["10.102.0.0/16"]] == [
        ["10.1.255.4", "10.1.255.5"]
    ]


@pytest.mark.parametrize("extra", [(), ("--all",)])
def test_the_model_shows_what_the_lab_shows(firewalled: Lab, balanced: Lab, extra: tuple[str, ...]) -> None:
    for lab in (firewalled, balanced):
        scenario = records.read(lab.name).facts.scenario
        predicted = netlab("show", "effective-routes", "--predicted", scenario, *extra, "-f", "json").stdout
        assert json.loads(predicted) == shown(lab, *extra)


def test_a_vnet_shows_all_its_nics_and_a_lab_those_of_all_vnets(firewalled: Lab) -> None:
    everything = shown(firewalled)
    assert list(everything) == ["hub-vm0", "hub-fw", "spoke1-vm1", "spoke2-vm2", "spoke3-vm3"]
    assert shown(firewalled, "HUB") == {nic: everything[nic] for nic in ("hub-vm0", "hub-fw")}
    assert shown(firewalled, "Spoke1") == {"spoke1-vm1": shown(firewalled, "vm1")}
    assert everything["spoke1-vm1"] != everything["hub-vm0"]
    table = netlab("show", "effective-routes", "hub", "--lab", firewalled.name).stdout.splitlines()
    assert table[0].split()[:2] == ["Nic", "Source"]
    assert [line.split()[0] for line in table[1:]] == ["hub-vm0"] * 11 + ["hub-fw"] * 11
    whole = netlab("show", "effective-routes", "hub", "--all", "--lab", firewalled.name).stdout.splitlines()
    assert len(whole) == len(table) + 2 * 17


@pytest.mark.parametrize("name", ["site1", "h1", "internet", "nobody"])
def test_what_has_no_nic_is_refused(firewalled: Lab, name: str) -> None:
    said = netlab("show", "effective-routes", name, "--lab", firewalled.name, code=2).stderr
    assert f"there is no virtual machine '{name}' in e-firewall" in said


def test_of_equal_prefixes_what_is_not_preferred_is_not_listed(tmp_path: Path) -> None:
    """A27: the VPN's AS path is shorter than the appliance's; without the VPN the appliance's turn comes."""
    file = tmp_path / "ways.yaml"
    file.write_text(THREE_WAYS)
    with up(file, "e-ways") as lab:
        vpn, nva, private = "10.1.254.4", "10.1.0.5", ("10.1.254.12", "10.1.254.13")
        assert ways(lab) == [vpn]
        netlab("fault", "tunnel", "VNet1-Office", "--lab", lab.name)
        assert ways(lab) == [nva]
        netlab("fault", "vm", "nva", "--lab", lab.name)
        assert ways(lab) == list(private)


def ways(lab: Lab) -> list[str]:
    """The next hops of vm1 to Office, in one row; the kernel does what it says."""
    assert checked(lab).endswith("the kernel's are the same")
    (office,) = (row for row in shown(lab, "vm1")["value"] if row["addressPrefix"] == ["10.100.0.0/16"])
    assert office["state"] == "Active"
    return list(office["nextHopIpAddress"])


def test_packets_tell_the_route_of_each_visit_to_a_vnet() -> None:
    """From app by its subnet's user route, from the firewall by what the gateway told."""
    with up("udr-nva", "e-visits") as lab:
        said = netlab("explain", "app", "h1", "--lab", lab.name).stdout.partition("back:")[0]
        assert [line.strip() for line in said.splitlines() if line.startswith("  vnet1: ")] == [
            "vnet1: 10.101.0.0/16, from User, leads to VirtualAppliance",
            "vnet1: 10.101.0.0/16, from VirtualNetworkGateway, leads to VirtualNetworkGateway",
        ]
        closed = netlab("explain", "vault", "h1", "--lab", lab.name, code=1).stdout
        assert "vnet1: 10.101.0.0/16, from User, leads to None\n" in closed
        assert "remove route home of route table closed" in closed
