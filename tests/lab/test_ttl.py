"""What packets show of TTL: Azure's fabrics and gateways take nothing off, machines that forward take one.

Recorded at Azure: 64 over a peering and over two VPN gateways, 63 through one appliance.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from labs import Lab, up

SCENARIO = """
name: t-ttl
route_tables:
  to-w2: {routes: {w2: {address_prefix: 10.2.1.0/24, next_hop_type: VirtualAppliance, next_hop_ip_address: 10.9.1.4}}}
  to-w1: {routes: {w1: {address_prefix: 10.1.1.0/24, next_hop_type: VirtualAppliance, next_hop_ip_address: 10.9.1.4}}}
  round:
    routes:
      gone: {address_prefix: 10.77.0.0/16, next_hop_type: VirtualAppliance, next_hop_ip_address: 10.9.1.4}
  back:
    routes: {spoke: {address_prefix: 10.8.0.0/16, next_hop_type: VirtualNetworkGateway}}
vnets:
  V1:
    address_space: [10.1.0.0/16]
    subnets:
      d: {address_prefix: 10.1.0.0/24, route_table: round}
      w: {address_prefix: 10.1.1.0/24, route_table: to-w2}
    vms: {d: {subnet: d}, w: {subnet: w}}
  V2:
    address_space: [10.2.0.0/16]
    subnets: {d: 10.2.0.0/24, w: {address_prefix: 10.2.1.0/24, route_table: to-w1}}
    vms: {d: {subnet: d}, w: {subnet: w}}
  Hub:
    address_space: [10.9.0.0/16]
    subnets:
      fw: {address_prefix: 10.9.1.0/24, route_table: round}
      d: 10.9.0.0/24
      GatewaySubnet: {address_prefix: 10.9.255.0/27, route_table: back}
    vms: {fw: {subnet: fw, enable_ip_forwarding: true, nva: {}}, d: {subnet: d}}
    vpn_gateway: {sku: VpnGw2AZ, point_to_site: {address_pool: 172.20.0.0/24}}
  Spoke: {address_space: [10.8.0.0/16], subnets: {d: 10.8.0.0/24}, vms: {d: {subnet: d}}}
  A: {address_space: [10.3.0.0/16], subnets: {d: 10.3.0.0/24, GatewaySubnet: 10.3.255.0/27}, vms: {d: {subnet: d}},
    vpn_gateway: {sku: VpnGw2AZ}}
  B: {address_space: [10.4.0.0/16], subnets: {d: 10.4.0.0/24, GatewaySubnet: 10.4.255.0/27}, vms: {d: {subnet: d}},
    vpn_gateway: {sku: VpnGw2AZ}}
peerings:
  v1-v2: {vnet: V1, remote_vnet: V2, allow_forwarded_traffic: true}
  v2-v1: {vnet: V2, remote_vnet: V1, allow_forwarded_traffic: true}
  v1-hub: {vnet: V1, remote_vnet: Hub, allow_forwarded_traffic: true}
  hub-v1: {vnet: Hub, remote_vnet: V1, allow_forwarded_traffic: true}
  v2-hub: {vnet: V2, remote_vnet: Hub, allow_forwarded_traffic: true}
  hub-v2: {vnet: Hub, remote_vnet: V2, allow_forwarded_traffic: true}
  hub-spoke: {vnet: Hub, remote_vnet: Spoke, allow_gateway_transit: true}
  spoke-hub: {vnet: Spoke, remote_vnet: Hub, use_remote_gateways: true}
sites:
  HQ: {address_prefixes: [10.101.0.0/16], hosts: {h: 10.101.0.10}, static_routes: {hq: [10.8.0.0/15, 172.20.0.0/24]}}
  Gone: {address_prefixes: [10.66.0.0/16], hosts: {h: 10.66.0.10}}
local_network_gateways:
  a-at-hub: {vnet: A, address_prefixes: [10.3.0.0/16, 10.66.0.0/16]}
  b-at-a: {vnet: B, address_prefixes: [10.4.0.0/16, 10.66.0.0/16]}
  hub-at-b: {vnet: Hub, address_prefixes: [10.9.0.0/16, 10.66.0.0/16]}
connections:
  hq: {type: IPsec, between: [Hub, HQ]}
  hub-a: {type: IPsec, between: [Hub, A], local_network_gateways: {Hub: a-at-hub}}
  a-b: {type: IPsec, between: [A, B], local_network_gateways: {A: b-at-a}}
  b-hub: {type: IPsec, between: [B, Hub], local_network_gateways: {B: hub-at-b}}
clients:
  lin: {os: linux, gateway: Hub}
"""


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    file = Path(tmp_path_factory.mktemp("ttl")) / "ttl.yaml"
    file.write_text(SCENARIO)
    with up(file, "t-ttl") as found:
        yield found


def ping(lab: Lab, node: str, address: str, ttl: int = 64) -> str:
    argv = ["ip", "netns", "exec", f"nl.{lab.name}.{node}", "ping", "-n", "-c", "1", "-W", "1", "-t", str(ttl), address]
    return subprocess.run(argv, capture_output=True, text=True, check=False).stdout


def ttl_of_the_answer(lab: Lab, node: str, address: str) -> int:
    found = re.search(r"ttl=(\d+)", ping(lab, node, address))
    assert found is not None
    return int(found[1])


@pytest.mark.parametrize(
    ("node", "address", "ttl"),
    [
        pytest.param("v1-d", "10.1.1.4", 64, id="one VNet"),
        pytest.param("v1-d", "10.2.0.4", 64, id="a peering"),
        pytest.param("hub-d", "10.3.0.4", 64, id="two VPN gateways"),
        pytest.param("lin", "10.9.0.4", 64, id="a client's gateway"),
        pytest.param("lin", "10.101.0.10", 63, id="a client's gateway and the device of a site"),
        pytest.param("v1-w", "10.2.1.4", 63, id="one appliance"),
        pytest.param("hub-d", "10.101.0.10", 63, id="the device of a site"),
    ],
)
def test_only_machines_that_forward_take_one_off(lab: Lab, node: str, address: str, ttl: int) -> None:
    assert ttl_of_the_answer(lab, node, address) == ttl


@pytest.mark.parametrize("ttl", [1, 2, 64, 65, 128, 254, 255])
def test_every_ttl_arrives_as_it_was_sent(lab: Lab, ttl: int) -> None:
    """Over a fabric, two gateways, and another fabric."""
    rule = f"ip saddr 10.9.0.4 icmp type echo-request ip ttl {ttl} counter"
    lab.nft("a-d", "input", rule)
    try:
        assert "1 received" in ping(lab, "hub-d", "10.3.0.4", ttl)
        assert packets(lab, "a-d") == 1
    finally:
        lab.run("a-d", "nft", "delete", "table", "ip", "fault")


def packets(lab: Lab, node: str) -> int:
    listed = json.loads(lab.run(node, "nft", "-j", "list", "table", "ip", "fault"))["nftables"]
    rules = [item["rule"]["expr"] for item in listed if "rule" in item]
    (found,) = (item["counter"]["packets"] for rule in rules for item in rule if "counter" in item)
    return int(found)


@pytest.mark.parametrize(("node", "address", "ttl"), [("v1-w", "10.2.1.4", 1), ("v1-d", "10.77.0.1", 64)])
def test_the_appliance_says_that_the_ttl_ran_out(lab: Lab, node: str, address: str, ttl: int) -> None:
    """On a way through it, and on a way that leads back to it again and again."""
    assert "From 10.9.1.4 icmp_seq=1 Time to live exceeded" in ping(lab, node, address, ttl)


@pytest.mark.parametrize(
    ("node", "address", "at", "rule", "more"),
    [
        # Around three gateways, by the static routes of each; the first of the rounds takes nothing off.
        ("hub-d", "10.66.0.10", "hub-gw-0", 'oifname "t-hub-a" ip daddr 10.66.0.10 counter', 1),
        # GatewaySubnet's own route leads back to the gateway what that gives to the VNet; the device took one before.
        ("hq-h", "10.8.0.4", "hub-gw-0", 'iifname "eth0" ip daddr 10.8.0.4 counter', -2),
    ],
    ids=["tunnels", "user route"],
)
@pytest.mark.parametrize("ttl", [9, 33])
def test_a_loop_without_any_machine_ends(
    lab: Lab, node: str, address: str, at: str, rule: str, more: int, ttl: int
) -> None:
    lab.nft(at, "forward", rule)
    try:
        assert "0 received" in ping(lab, node, address, ttl)
        assert packets(lab, at) == ttl + more
    finally:
        lab.run(at, "nft", "delete", "table", "ip", "fault")


def test_model_and_packets_agree_on_loops(lab: Lab) -> None:
    report = lab.verify()
    (step,) = report["steps"]
    died = {
        (cell["source"], cell["target"]): (cell["dropped_at"]["node"], cell["dropped_at"]["type"])
        for cell in step["cells"]
        if cell["dropped_at"]
    }
    assert died["hub-d", "gone-h"][1] == "loop"
    assert died["hq-h", "spoke-d"] == ("hub-gw-0", "loop")
