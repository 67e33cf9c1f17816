"""A site that leaves the Internet for a circuit, while its VNet runs."""

from __future__ import annotations

import json
from pathlib import Path

from labs import netlab, up
from streams import bytes_a_second

KBIT = 4000
# What the queue of a link lets through at once and over time, beyond the rate.
SLACK = 1.1
VPN = f"""
name: t-links
vnets:
  VNet1:
    address_space: [10.1.0.0/16]
    subnets: {{default: 10.1.0.0/24, GatewaySubnet: 10.1.255.0/26}}
    vms: {{vm1: {{subnet: default, private_ip_address: 10.1.0.4}}}}
    vpn_gateway: {{sku: VpnGw1AZ, bgp: {{asn: 65515}}}}
sites:
  Site1: {{address_prefixes: [10.101.0.0/16], bgp: {{asn: 65101}}, hosts: {{h1: 10.101.0.10}}}}
connections:
  VNet1-Site1: {{type: IPsec, between: [VNet1, Site1], enable_bgp: true}}
links: {{Site1: {{rate: {KBIT}kbit}}}}
"""
BOTH = VPN.replace("65515}}\n", "65515}}\n    expressroute_gateway: {}\n")
CIRCUIT = "expressroute_circuits: {c1: {site: Site1, vnets: {VNet1: {}}}}\n"


def test_a_site_that_migrates_to_expressroute_has_more_than_its_internet_link_gives(tmp_path: Path) -> None:
    vpn, both = tmp_path / "vpn.yaml", tmp_path / "both.yaml"
    vpn.write_text(VPN)
    both.write_text(BOTH + CIRCUIT)
    with up(vpn, "t-links") as lab:
        flow = (lab, "udp", "site1-h1", "vnet1-vm1", "10.1.0.4")
        assert bytes_a_second(*flow) <= KBIT * 1000 / 8 * SLACK
        machine = Path(f"/run/netns/nl.{lab.name}.vnet1-vm1").stat().st_ino

        netlab("apply", both)

        assert lab.status() == {}
        assert bytes_a_second(*flow) > KBIT * 1000 / 8 * SLACK
        assert Path(f"/run/netns/nl.{lab.name}.vnet1-vm1").stat().st_ino == machine
        (connection,) = json.loads(netlab("show", "connections", "VNet1", "--lab", lab.name, "-f", "json").stdout)
        assert connection["connectionStatus"] == "Connected"
        lab.verify()
