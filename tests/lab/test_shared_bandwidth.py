"""All tunnels of a gateway, point-to-site ones included, share what its SKU gives (R119), and flows over a circuit what
its links give: measured flows."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

from labs import Lab, up
from streams import running

# VpnGw1AZ has 650 Mbit/s (R119), and the circuit is as fast. Each flow offers twice what the lab's gateway has.
SCALE = 1000
LIMIT = 650_000 / 8
OFFERED = 2 * LIMIT
# What the queue of the limit lets through at once and over time, beyond the rate.
SLACK = 1.1
SECONDS = 4
TEXT = f"""
name: shared-bandwidth
bandwidth_scale: {SCALE}
vnets:
  VNet1:
    address_space: [10.1.0.0/16]
    subnets: {{default: 10.1.0.0/24, GatewaySubnet: 10.1.255.0/27}}
    vms: {{vm1: {{subnet: default, private_ip_address: 10.1.0.4}}}}
    vpn_gateway:
      sku: VpnGw1AZ
      point_to_site: {{address_pool: 192.168.0.0/24, tunnel_types: [IkeV2]}}
  VNet2:
    address_space: [10.2.0.0/16]
    subnets: {{default: 10.2.0.0/24, GatewaySubnet: 10.2.255.0/27}}
    vms: {{vm2: {{subnet: default, private_ip_address: 10.2.0.4}}}}
    expressroute_gateway: {{}}
sites:
  Site1: {{address_prefixes: [10.101.0.0/16], hosts: {{h1: 10.101.0.10}}}}
  Site2: {{address_prefixes: [10.102.0.0/16], hosts: {{h2: 10.102.0.10}}}}
  Site3: {{address_prefixes: [10.103.0.0/16], bgp: {{asn: 65103}}, hosts: {{h3: 10.103.0.10, h4: 10.103.0.11}}}}
expressroute_circuits:
  c1: {{site: Site3, vnets: {{VNet2: {{}}}}, bandwidth_in_mbps: 650}}
connections:
  One: {{type: IPsec, between: [VNet1, Site1]}}
  Two: {{type: IPsec, between: [VNet1, Site2]}}
clients:
  lin: {{os: linux, gateway: VNet1}}
"""
SENDER = f"""
import socket, sys, time
flow = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
start, sent = time.monotonic(), 0
while True:
    while sent < (time.monotonic() - start) * {OFFERED}:
        sent += flow.sendto(bytes(1000), (sys.argv[1], int(sys.argv[2])))
    time.sleep(0.005)
"""
# It counts from a second after the first packets of all flows, so that no first burst is in what it prints.
SINK = f"""
import collections, json, socket, sys, time
sink = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sink.bind((sys.argv[1], int(sys.argv[2])))
sink.settimeout(60)
print("ready", flush=True)
seen = set()
while len(seen) < int(sys.argv[3]):
    seen.add(sink.recvfrom(2000)[1][0])
start, counted = time.monotonic() + 1, collections.Counter()
while (now := time.monotonic()) < start + {SECONDS}:
    data, (source, _) = sink.recvfrom(2000)
    counted[source] += len(data) if now >= start else 0
print(json.dumps(counted))
"""


def received(lab: Lab, machine: str, port: int, *senders: str) -> tuple[float, ...]:
    """The bytes a second that reach a port of a machine from each of these nodes while all of them send."""
    to = ({"vnet1-vm1": "10.1.0.4", "vnet2-vm2": "10.2.0.4"}[machine], str(port))
    with running(lab, machine, SINK, *to, str(len(senders))) as sink:
        assert sink.stdout is not None
        assert sink.stdout.readline() == "ready\n"
        with contextlib.ExitStack() as stack:
            for sender in senders:
                stack.enter_context(running(lab, sender, SENDER, *to))
            counted = json.loads(sink.stdout.readline())
    assert len(counted) == len(senders)
    return tuple(count / SECONDS for count in counted.values())


def test_flows_share_what_the_sku_and_the_circuit_give(tmp_path: Path) -> None:
    """The sum of the flows over a gateway is what it gives at most, and each has its part; two links give twice as
    much."""
    file = tmp_path / "shared-bandwidth.yaml"
    file.write_text(TEXT)
    with up(file, "t-shared") as lab:
        assert lab.status() == {}
        together = (("site1-h1",), ("site1-h1", "site2-h2"), ("site1-h1", "lin"), ("site1-h1", "site2-h2", "lin"))
        # A port for each: what is queued in the limit when a sender ends arrives in the next measurement.
        for port, senders in enumerate(together, 7001):
            flows = received(lab, "vnet1-vm1", port, *senders)
            assert sum(flows) <= LIMIT * SLACK, (senders, flows)
            assert all(flow >= sum(flows) / len(flows) / 4 for flow in flows), (senders, flows)
        assert sum(received(lab, "vnet2-vm2", 7001, "site3-h3")) <= LIMIT * SLACK
        assert sum(received(lab, "vnet2-vm2", 7002, "site3-h3", "site3-h4")) <= 2 * LIMIT * SLACK
