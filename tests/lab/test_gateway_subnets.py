"""What comes out of a gateway's tunnels and has no other route: GatewaySubnet's table decides (B49, B50, P21)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from labs import Cell, Report, netlab, up

SCENARIO = """
name: t-gateway-subnet
route_tables:
  inbound:
    routes:
      plant: {address_prefix: 10.44.0.0/16, next_hop_type: VirtualAppliance, next_hop_ip_address: 10.7.1.4}
      gone: {address_prefix: 10.46.0.0/16, next_hop_type: None}
      back: {address_prefix: 10.47.0.0/16, next_hop_type: VirtualNetworkGateway}
  app:
    routes: {back: {address_prefix: 10.47.0.0/16, next_hop_type: VirtualNetworkGateway}}
vnets:
  Hub:
    address_space: [10.7.0.0/16]
    subnets:
      app: {address_prefix: 10.7.0.0/24, route_table: app}
      fw: 10.7.1.0/24
      GatewaySubnet: {address_prefix: 10.7.255.0/27, route_table: inbound}
    vms:
      app: {subnet: app}
      fw: {subnet: fw, enable_ip_forwarding: true, nva: {}, public_ip_address: 203.0.113.77}
    vpn_gateway:
      sku: VpnGw2AZ
      point_to_site: {address_pool: 172.20.0.0/24, custom_routes: [0.0.0.0/1, 128.0.0.0/1]}
  Side:
    address_space: [10.8.0.0/16]
    subnets: {work: 10.8.0.0/24}
    vms: {w: {subnet: work}}
peerings:
  hub-side: {vnet: Hub, remote_vnet: Side}
  side-hub: {vnet: Side, remote_vnet: Hub}
sites:
  HQ: {address_prefixes: [10.101.0.0/16], hosts: {h: 10.101.0.10}, static_routes: {hq: [10.0.0.0/8]}}
  Plant:
    address_prefixes: [10.44.0.0/16]
    hosts: {h: 10.44.9.10}
    static_routes: {plant: [10.101.0.0/16, 172.20.0.0/24]}
  Gone: {address_prefixes: [10.46.0.0/16], hosts: {h: 10.46.0.10}}
  Back: {address_prefixes: [10.47.0.0/16], hosts: {h: 10.47.0.10}}
connections:
  hq: {type: IPsec, between: [Hub, HQ]}
  plant: {type: IPsec, between: [Hub-fw, Plant]}
clients:
  lin: {os: linux, gateway: Hub}
  win: {os: windows, gateway: Hub}
story:
  - name: as built
    expect:
      routes: {lin: [0.0.0.0/1, 128.0.0.0/1]}
      reach:
        lin:
          Plant-h: {via: [lin, Hub-gw-0, Hub, Hub-fw, Plant]}
          internet: {unreachable: only what a NIC sends leaves the VNet for the Internet, dropped_at: Hub}
        win: {Plant-h: reachable}
        HQ-h: {Plant-h: {via: [HQ, Hub-gw-0, Hub, Hub-fw, Plant]}}
        Plant-h: {lin: reachable, HQ-h: reachable}
"""
TYPES = {
    ("lin", "internet"): ("hub", "not-from-a-nic"),
    ("win", "internet"): ("hub", "not-from-a-nic"),
    ("lin", "gone-h"): ("hub", "none-route"),
    ("hq-h", "gone-h"): ("hub", "none-route"),
    # GatewaySubnet's own route leads back to the gateway, and so does a machine's: there no tunnel has the prefix.
    ("lin", "back-h"): ("hub-gw", "no-route"),
    ("hq-h", "back-h"): ("hub-gw", "no-route"),
    ("hub-app", "back-h"): ("hub-gw", "no-route"),
    # The request gets to the VNet that is peered only; its answer has no route.
    ("hq-h", "side-w"): ("side", "none-route"),
    ("lin", "side-w"): ("side", "none-route"),
}


@pytest.fixture(scope="module", params=["active-standby", "active-active"])
def report(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Report]:
    file = Path(tmp_path_factory.mktemp("gateway-subnet")) / "gateway-subnet.yaml"
    several = SCENARIO.replace("sku: VpnGw2AZ\n", "sku: VpnGw2AZ\n      active_active: true\n")
    # Either instance may serve a flow.
    several = re.sub(r"\{via: [^}]*\}", "reachable", several)
    file.write_text(several if request.param == "active-active" else SCENARIO)
    netlab("check", file)
    with up(file, "t-gwsubnet") as lab:
        yield lab.verify()


def found(report: Report, source: str, target: str) -> list[Cell]:
    (step,) = report["steps"]
    return [cell for cell in step["cells"] if (cell["source"], cell["target"]) == (source, target)]


def test_packets_go_as_the_model_says(report: Report) -> None:
    (step,) = report["steps"]
    assert [cell for cell in step["cells"] if cell["status"] != "passed"] == []


@pytest.mark.parametrize(("pair", "drop"), TYPES.items(), ids=lambda item: "-".join(item))
def test_packets_die_where_gateway_subnets_table_says(
    report: Report, pair: tuple[str, str], drop: tuple[str, str]
) -> None:
    cells = found(report, *pair)
    assert cells
    for cell in cells:
        died = cell["dropped_at"]
        assert (died["node"].removesuffix("-0").removesuffix("-1"), died["type"]) == drop
