"""BGP addresses in packets: which sessions come up, who opens them, and from which address (B33 to B43)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from labs import Lab, netlab, up

# Instance 0 has 169.254.21.2, 169.254.22.2 and 169.254.22.18, instance 1 the other three.
GATEWAY = ["169.254.21.2", "169.254.21.6", "169.254.22.2", "169.254.22.6", "169.254.22.18", "169.254.22.22"]

# The device's addresses, and those that its connection names.
SITES: dict[str, tuple[dict[str, Any], list[str]]] = {
    "Loopback": ({"bgp_peering_address": "10.101.0.1"}, []),
    "Each": ({"bgp_peering_addresses": ["169.254.21.1", "169.254.21.5"]}, ["169.254.21.2", "169.254.21.6"]),
    # Both are in the lab's own ranges for links of peerings and in no /30 with an address of the gateway.
    "Apart": ({"bgp_peering_addresses": ["169.254.77.1", "169.254.88.1"]}, ["169.254.22.18", "169.254.22.22"]),
    "Single": ({"bgp_peering_address": "169.254.22.5"}, ["169.254.22.2", "169.254.22.6"]),
    # The gateway takes 169.254.21.2, at which it answers to others, and the device expects 169.254.22.2.
    "Wrong": ({"bgp_peering_address": "169.254.22.1"}, ["169.254.21.2", "169.254.21.6"]),
    "Ordinary": ({"bgp_peering_addresses": ["10.106.7.1", "10.106.7.2"]}, []),
}
UP = {
    ("vnet1-gw-0", "10.101.0.1"),
    ("vnet1-gw-1", "10.101.0.1"),
    ("vnet1-gw-0", "169.254.21.1"),
    ("vnet1-gw-1", "169.254.21.5"),
    ("vnet1-gw-0", "169.254.77.1"),
    ("vnet1-gw-1", "169.254.88.1"),
    ("vnet1-gw-1", "169.254.22.5"),
    ("vnet1-gw-0", "10.106.7.1"),
    ("vnet1-gw-1", "10.106.7.2"),
}
DOWN = {
    ("vnet1-gw-0", "169.254.22.5"): "single has no BGP address in this tunnel (B43)",
    ("vnet1-gw-0", "169.254.22.1"): "vnet1-gw-0 peers from 169.254.21.2, and wrong expects 169.254.22.2 (B37)",
    ("vnet1-gw-1", "169.254.22.1"): "wrong has no BGP address in this tunnel (B43)",
}
# The gateway's ends of sessions: with APIPA it answers at port 179, else it opens (B39).
ANSWERS = {
    ("169.254.21.2", "169.254.21.1"),
    ("169.254.21.6", "169.254.21.5"),
    ("169.254.22.18", "169.254.77.1"),
    ("169.254.22.22", "169.254.88.1"),
    ("169.254.22.6", "169.254.22.5"),
}
OPENS = {
    ("10.1.255.4", "10.101.0.1"),
    ("10.1.255.5", "10.101.0.1"),
    ("10.1.255.4", "10.106.7.1"),
    ("10.1.255.5", "10.106.7.2"),
}


def document() -> dict[str, Any]:
    """An active-active gateway, and a site for each way to peer with it."""
    bgp = {"asn": 65010, "bgp_peering_addresses": GATEWAY}
    gateway = {"sku": "VpnGw2AZ", "active_active": True, "bgp": bgp}
    vnet = {
        "address_space": ["10.1.0.0/16"],
        "subnets": {"default": "10.1.0.0/24", "GatewaySubnet": "10.1.255.0/27"},
        "vms": {"vm1": {"subnet": "default"}},
        "vpn_gateway": gateway,
    }
    numbered = list(enumerate(SITES.items(), 101))
    return {
        "name": "addresses",
        "vnets": {"VNet1": vnet},
        "sites": {
            name: {
                "address_prefixes": [f"10.{number}.0.0/16"],
                "bgp": {"asn": 65000 + number, **addresses},
                "hosts": {f"h{number}": f"10.{number}.0.10"},
            }
            for number, (name, (addresses, _)) in numbered
        },
        "connections": {
            f"C-{name}": {
                "type": "IPsec",
                "between": ["VNet1", name],
                "enable_bgp": True,
                **({"custom_bgp_addresses": named} if named else {}),
            }
            for _, (name, (_, named)) in numbered
        },
    }


def test_sessions_have_the_addresses_of_their_tunnels(tmp_path: Path) -> None:
    path = tmp_path / "addresses.yaml"
    path.write_text(json.dumps(document()))
    with up(path, "t-addresses") as lab:
        [step] = lab.verify()["steps"]
        found = {check["name"]: check["message"] for check in step["checks"]}
        for node, peer in UP:
            assert found[f"BGP {node} to {peer}"] == "Established"
        for (node, peer), why in DOWN.items():
            assert found[f"BGP {node} to {peer}"].endswith(f", as expected: {why}")
        reached = {
            cell["target"]
            for cell in step["cells"]
            if cell["source"] == "vnet1-vm1" and cell["observed"] == "reachable"
        }
        assert reached == {f"{name.lower()}-h{number}" for number, name in enumerate(SITES, 101) if name != "Wrong"}
        ends = {end for node in ("vnet1-gw-0", "vnet1-gw-1") for end in tcp(lab, node)}
    answers = {(local, peer) for local, port, peer in ends if port == "179"}
    assert {pair for pair in answers if pair[0].startswith("169.254.")} == ANSWERS
    opens = {(local, peer) for local, port, peer in ends if port != "179"}
    assert opens >= OPENS
    assert not any(local.startswith("169.254.") for local, _ in opens)


def tcp(lab: Lab, node: str) -> list[tuple[str, str, str]]:
    """The established TCP connections of a node: local address and port, and the peer's address."""
    lines = lab.run(node, "ss", "-Htn", "state", "established").splitlines()
    ends = [line.split()[2:4] for line in lines]
    return [(*local.rsplit(":", 1), peer.rsplit(":", 1)[0]) for local, peer in ends]  # type: ignore[misc]


APIPA = {"S1": ("169.254.21.2", "169.254.21.6"), "S2": ("169.254.22.2", "169.254.22.6")}
PEERS = {"S1": ["169.254.21.1", "169.254.21.5"], "S2": ["169.254.22.1", "169.254.22.5"]}


def losing(active_active: bool) -> dict[str, Any]:
    """A gateway that loses instances with and without a warning, while all runs and while other things are broken.

    Each instance of an active-active one has two APIPA addresses, one for each site; an active-standby one has a single
    one (B35), and the second site peers with its default address.
    """
    count = 2 if active_active else 1
    with_apipa = list(APIPA)[:count]
    addresses = [address for name in with_apipa for address in APIPA[name][:count]]
    found = document()
    gateway = found["vnets"]["VNet1"]["vpn_gateway"]
    gateway |= {"active_active": active_active, "bgp": {"asn": 65010, "bgp_peering_addresses": addresses}}
    found["sites"], found["connections"] = {}, {}
    for number, name in enumerate(APIPA, 1):
        own = {"bgp_peering_addresses": PEERS[name][:count]} if name in with_apipa else {}
        named = {"custom_bgp_addresses": list(APIPA[name][:count])} if name in with_apipa else {}
        found["sites"][name] = {
            "address_prefixes": [f"10.10{number}.0.0/16"],
            "bgp": {"asn": 65100 + number, **own},
            "hosts": {f"h{number}": f"10.10{number}.0.10"},
        }
        ends = {"type": "IPsec", "between": ["VNet1", name], "enable_bgp": True}
        found["connections"][f"C-{name}"] = {**ends, **named}
    return {**found, "story": story_of(active_active)}


def story_of(active_active: bool) -> list[dict[str, Any]]:
    def lost(index: int, planned: bool) -> dict[str, Any]:
        one = {"instance": index} if active_active else {}
        return {"fail_gateway": {"vnet": "VNet1", "planned": planned, **one}}

    def back(index: int) -> dict[str, Any]:
        return {"restore_gateway": {"vnet": "VNet1", **({"instance": index} if active_active else {})}}

    def step(name: str, h1: str, h2: str, *actions: dict[str, Any]) -> dict[str, Any]:
        return {"name": name, "do": actions, "expect": {"reach": {"vm1": {"h1": h1, "h2": h2}}}}

    tunnel, speaker = {"connection": "C-S1"}, {"speaker": "S2"}
    return [
        step("abruptly", "reachable", "reachable", lost(0, False)),
        step("back", "reachable", "reachable", back(0)),
        step("planned", "reachable", "reachable", lost(1, True)),
        step("back again", "reachable", "reachable", back(1)),
        step("with a tunnel down", "unreachable", "reachable", {"fail_tunnel": tunnel}, lost(1, False)),
        step("all is back", "reachable", "reachable", {"restore_tunnel": tunnel}, back(1)),
        step("with a daemon stopped", "reachable", "unreachable", {"stop_bgp_daemon": speaker}, lost(0, False)),
    ]


@pytest.mark.parametrize("active_active", [True, False])
def test_an_instance_that_was_lost_holds_no_route_of_bgp(active_active: bool, tmp_path: Path) -> None:
    """Those to the other instance's peers lead over the link between the two, which stays."""
    path = tmp_path / "losing.yaml"
    path.write_text(json.dumps(losing(active_active)))
    with up(path, "t-losing") as lab:
        steps = lab.verify()["steps"]
        held = [check["status"] for step in steps for check in step["checks"] if check["name"] == "kernel"]
        assert held == ["passed"] * 7
        # The story has been put back.
        routes = {node: lab.run(node, "ip", "route", "show", "proto", "bgp") for node in ("vnet1-gw-0", "vnet1-gw-1")}
        assert {node for node, found in routes.items() if found} == ({*routes} if active_active else {"vnet1-gw-0"})


OWN = """
name: t-own
vnets:
  V1:
    address_space: [10.1.0.0/16]
    subnets: {default: 10.1.0.0/24, GatewaySubnet: 10.1.255.0/27}
    vms: {vm1: {subnet: default}}
    vpn_gateway: {sku: VpnGw1AZ, active_active: true, bgp: {asn: 65010}}
sites:
  Inside:
    address_prefixes: [10.101.0.0/16]
    bgp: {asn: 65101, bgp_peering_address: 10.101.0.1}
    announces: [10.101.0.0/16, 10.101.0.1/32]
    hosts: {a: 10.101.0.10}
  Loopback: {address_prefixes: [172.31.0.1/32], bgp: {asn: 65102, bgp_peering_address: 172.31.0.1}}
  Bird:
    address_prefixes: [10.103.0.0/16]
    bgp: {asn: 65103, bgp_peering_address: 10.103.9.9}
    announces: [10.103.0.0/16, 10.103.9.9/32]
    software: {bgp: bird}
    hosts: {c: 10.103.0.10}
connections:
  V1-Inside: {type: IPsec, between: [V1, Inside], enable_bgp: true}
  V1-Loopback: {type: IPsec, between: [V1, Loopback], enable_bgp: true}
  V1-Bird: {type: IPsec, between: [V1, Bird], enable_bgp: true}
"""


def test_a_device_may_announce_the_address_of_its_session(tmp_path: Path) -> None:
    """It is learned beside the route that the gateway has itself (B63), and the views agree with the model."""
    file = tmp_path / "own.yaml"
    file.write_text(OWN)
    with up(file, "t-own") as lab:
        shown = json.loads(netlab("show", "learned-routes", "V1", "--lab", lab.name, "-f", "json").stdout)["value"]
        found = {(row["network"], row["nextHop"]) for row in shown if row["origin"] == "EBgp"}
        assert {(f"{address}/32", address) for address in ("10.101.0.1", "172.31.0.1", "10.103.9.9")} <= found
        lab.verify()
