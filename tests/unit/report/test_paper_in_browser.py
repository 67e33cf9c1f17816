"""The report's page on paper: a company and 27 machines are at most six pages, and no matrix is cut off."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from browser import NEEDS_CHROMIUM, Browser
from reports import as_predicted

from netlab.machine.drawing import svg
from netlab.report.dot import dot
from netlab.report.page import page
from netlab.scenario.loader import parse
from netlab.scenario.models import Scenario

pytestmark = NEEDS_CHROMIUM

# Landscape A4 without its margins, in CSS pixels.
WIDTH = 1047


def company() -> Scenario:
    """Eleven machines: a hub, two spokes, two sites, two clients; a line is cut and mended."""
    return parse(
        """
name: company
vnets:
  Hub:
    address_space: [10.0.0.0/16]
    subnets: {shared: 10.0.0.0/24, GatewaySubnet: 10.0.255.0/27}
    vms: {dc1: {subnet: shared}, dc2: {subnet: shared}}
    vpn_gateway:
      {sku: VpnGw1AZ, bgp: {asn: 65010}, point_to_site: {address_pool: 192.168.0.0/24, tunnel_types: [IkeV2]}}
  App:
    address_space: [10.1.0.0/16]
    subnets: {web: 10.1.0.0/24, db: 10.1.1.0/24}
    vms: {web1: {subnet: web}, web2: {subnet: web}, db1: {subnet: db}}
  Test: {address_space: [10.2.0.0/16], subnets: {all: 10.2.0.0/24}, vms: {test1: {subnet: all}}}
peerings:
  hub-app: {vnet: Hub, remote_vnet: App, allow_gateway_transit: true}
  app-hub: {vnet: App, remote_vnet: Hub, use_remote_gateways: true}
  hub-test: {vnet: Hub, remote_vnet: Test}
  test-hub: {vnet: Test, remote_vnet: Hub}
sites:
  Headquarters: {address_prefixes: [10.101.0.0/16], bgp: {asn: 65101}, hosts: {desk: 10.101.0.10, printer: 10.101.0.20}}
  Branch: {address_prefixes: [10.102.0.0/16], hosts: {till: 10.102.0.10}}
connections:
  Hub-Headquarters: {type: IPsec, between: [Hub, Headquarters], enable_bgp: true}
  Hub-Branch: {type: IPsec, between: [Hub, Branch]}
clients: {anna: {os: linux, gateway: Hub}, ben: {os: windows, gateway: Hub}}
story:
  - name: as built
  - {name: the line is cut, do: [{cut_link: {name: Headquarters}}]}
  - {name: the line is mended, do: [{mend_link: {name: Headquarters}}]}
""",
        "company.yaml",
    ).scenario


def regions() -> Scenario:
    """27 machines: two regions with a hub, three spokes and an office each, one client; the regions part."""
    vnets, peerings, sites, connections = [], [], [], []
    for number, (region, start) in enumerate((("west", 10), ("east", 50))):
        pool = ", point_to_site: {address_pool: 192.168.0.0/24, tunnel_types: [IkeV2]}" if not number else ""
        vnets.append(
            f"hub-{region}: {{address_space: [10.{start}.0.0/16], subnets: {{shared: 10.{start}.1.0/24, "
            f"GatewaySubnet: 10.{start}.255.0/27}}, vms: {{dc-{region}: {{subnet: shared}}, mon-{region}: "
            f"{{subnet: shared}}}}, vpn_gateway: {{sku: VpnGw2AZ, bgp: {{asn: {65010 + number}}}{pool}}}}}"
        )
        for spoke in (1, 2, 3):
            vnets.append(
                f"app{spoke}-{region}: {{address_space: [10.{start + spoke}.0.0/16], subnets: {{web: "
                f"10.{start + spoke}.1.0/24, db: 10.{start + spoke}.2.0/24}}, vms: {{web: {{subnet: web}}, "
                "db: {subnet: db}, job: {subnet: db}}}"
            )
            hub, app = f"hub-{region}", f"app{spoke}-{region}"
            peerings.append(f"h-{app}: {{vnet: {hub}, remote_vnet: {app}, allow_gateway_transit: true}}")
            peerings.append(f"a-{app}: {{vnet: {app}, remote_vnet: {hub}, use_remote_gateways: true}}")
        prefix = f"10.{201 + number}"
        sites.append(
            f"office-{region}: {{address_prefixes: [{prefix}.0.0/16], bgp: {{asn: {65201 + number}}}, "
            f"hosts: {{pc: {prefix}.1.10, nas: {prefix}.1.20}}}}"
        )
        connections.append(f"to-{region}: {{type: IPsec, between: [hub-{region}, office-{region}], enable_bgp: true}}")
    connections.append("west-east: {type: Vnet2Vnet, between: [hub-west, hub-east], enable_bgp: true}")
    parts = {"vnets": vnets, "peerings": peerings, "sites": sites, "connections": connections}
    lines = ["name: regions"]
    for key, items in parts.items():
        lines += [f"{key}:", *(f"  {item}" for item in items)]
    lines += ["clients: {carla: {os: linux, gateway: hub-west}}", "story:", "  - name: as built"]
    lines += ["  - {name: the regions part, do: [{fail_tunnel: {connection: west-east}}]}"]
    return parse("\n".join(lines), "regions.yaml").scenario


@pytest.mark.parametrize(("scenario", "machines"), [(company(), 11), (regions(), 27)], ids=["company", "regions"])
def test_it_is_at_most_six_pages_and_nothing_is_cut_off(
    browser: Browser, tmp_path: Path, scenario: Scenario, machines: int
) -> None:
    found = as_predicted(scenario)
    assert len(found.machines) == machines
    path = tmp_path / "report.html"
    path.write_text(page(found, svg(dot(found.topology))))
    browser.emulate("print")
    browser.call("Emulation.setDeviceMetricsOverride", width=WIDTH, height=718, deviceScaleFactor=1, mobile=False)
    browser.open(path.as_uri())
    widest = "Math.max(...[...document.querySelectorAll('table, svg')].map((e) => e.getBoundingClientRect().right))"
    assert browser.run(widest) <= WIDTH
    # What changed is said by cause, with the numbers that the heads of the matrix have.
    assert browser.run("document.querySelector('#step-2 .changes').innerText").count("\n") >= 2
    assert browser.run("document.querySelectorAll('#step-2 .cells tbody th small').length") == machines
    assert 1 < len(re.findall(rb"/Type\s*/Page\b", browser.pdf())) <= 6
    browser.call("Emulation.clearDeviceMetricsOverride")
