"""A VPN server of one's own in a running lab: its tunnels leave by its NIC, translated, and who may begin begins."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from labs import Lab, netlab, up

SCENARIO = """
name: t-server
vnets:
  VNet1:
    address_space: [10.1.0.0/16]
    subnets: {default: 10.1.0.0/24, vpn: 10.1.9.0/24, RouteServerSubnet: 10.1.255.0/26}
    vms:
      vm1: {subnet: default}
      own:
        subnet: vpn
        enable_ip_forwarding: true
        public_ip_address: 203.0.113.77
        nva: {bgp: {asn: 65001}}
    route_server: {}
sites:
  Site1: {address_prefixes: [10.101.0.0/16], bgp: {asn: 65101}, hosts: {h1: 10.101.0.10}}
connections:
  own-Site1: {type: IPsec, between: [VNet1-own, Site1], enable_bgp: true, connection_mode: ResponderOnly}
"""


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    file = Path(tmp_path_factory.mktemp("server")) / "server.yaml"
    file.write_text(SCENARIO)
    with up(file, "t-server") as found:
        yield found


def count(lab: Lab, node: str, hook: str, *matches: str) -> None:
    lab.nft(node, hook, "; ".join(f"{match} counter" for match in matches))


def counted(lab: Lab, node: str) -> list[int]:
    listed = json.loads(lab.run(node, "nft", "-j", "list", "table", "ip", "fault"))["nftables"]
    rules = [item["rule"]["expr"] for item in listed if "rule" in item]
    return [expression["counter"]["packets"] for rule in rules for expression in rule if "counter" in expression]


def test_what_is_sent_into_its_tunnel_leaves_by_its_nic_under_its_public_address(lab: Lab) -> None:
    """R114: as UDP, for a VNet carries no ESP; the Internet sees the public address only."""
    count(lab, "vnet1", "prerouting", "iifname v-own ip saddr 10.1.9.4 udp sport 4500", "ip protocol esp")
    count(lab, "internet", "forward", "ip saddr 203.0.113.77 udp sport 4500", "ip saddr 10.0.0.0/8")
    try:
        lab.run("vnet1-vm1", "ping", "-c", "5", "-i", "0.2", "-W", "2", "10.101.0.10")
        (by_nic, esp), (public, private) = counted(lab, "vnet1"), counted(lab, "internet")
    finally:
        for node in ("vnet1", "internet"):
            lab.run(node, "nft", "delete", "table", "ip", "fault")
    assert by_nic >= 5
    assert public >= 5
    assert (esp, private) == (0, 0)


def test_a_peer_may_begin_through_the_translation(lab: Lab) -> None:
    """The server is ResponderOnly: the site's charon was the initiator (R46)."""
    (sa,) = json.loads(netlab("show", "ike-sas", "Site1", "--lab", lab.name, "-f", "json").stdout)
    assert (sa["isSaInitiator"], sa["remoteEndpoint"].partition(":")[0]) == (True, "203.0.113.77")
    (mine,) = json.loads(netlab("show", "connections", "vnet1-own", "--lab", lab.name, "-f", "json").stdout)
    assert (mine["name"], mine["connectionStatus"]) == ("own-Site1", "Connected")


def test_a_route_server_tells_the_vnet_what_is_behind_it(lab: Lab) -> None:
    """Instead of user routes (R90): so check has nothing to warn of, and every machine has the route."""
    rows = json.loads(netlab("show", "effective-routes", "vm1", "--lab", lab.name, "-f", "json").stdout)["value"]
    assert [row["nextHopIpAddress"] for row in rows if row["addressPrefix"] == ["10.101.0.0/16"]] == [["10.1.9.4"]]
    (step,) = lab.verify()["steps"]
    found = {
        cell["observed"] for cell in step["cells"] if {cell["source"], cell["target"]} == {"vnet1-vm1", "site1-h1"}
    }
    assert found == {"reachable"}


def test_a_probe_is_followed_through_its_tunnel_as_esp(lab: Lab) -> None:
    """The charon knows an address behind the NIC's; on the Internet the packets bear the public one."""
    found = json.loads(netlab("trace", "vm1", "h1", "--lab", lab.name, "-f", "json").stdout)
    assert found["forward"] == ["vnet1-vm1", "vnet1", "vnet1-own", "site1", "site1-h1"]
    esp = {(seen["source"], seen["target"]) for seen in found["sightings"] if seen["form"] == "ESP in UDP"}
    (public,) = {source for source, _ in esp} - {"203.0.113.77"}
    assert esp == {("203.0.113.77", public), (public, "203.0.113.77")}
