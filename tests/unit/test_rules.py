"""Each rule of ``netlab.scenario.rules`` has a scenario that breaks it, and nothing else."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netlab.errors import Finding, ScenarioError, UsageError
from netlab.scenario import rules, salvage
from netlab.scenario.document import read
from netlab.scenario.loader import parse
from netlab.scenario.models import Peering, Scenario, VirtualMachine
from netlab.scenario.rules import rulebook
from netlab.scenario.rules.route_servers import a9_route_servers_have_limits

GOOD = """\
name: everything
route_tables:
  filtered:
    routes:
      all: {address_prefix: 0.0.0.0/0, next_hop_type: VirtualAppliance, next_hop_ip_address: 10.1.7.4}
      home: {address_prefix: 10.101.0.0/16, next_hop_type: VirtualNetworkGateway}
  inbound:
    routes:
      apps: {address_prefix: 10.1.8.0/24, next_hop_type: VirtualAppliance, next_hop_ip_address: 10.1.7.4}
vnets:
  VNet1:
    address_space: [10.1.0.0/16]
    subnets:
      default: 10.1.0.0/24
      tiny: 10.1.1.0/29
      firewall: 10.1.7.0/24
      apps: {address_prefix: 10.1.8.0/24, route_table: filtered}
      GatewaySubnet: 10.1.255.0/27
    vms:
      vm1: {subnet: default}
      vm2: {subnet: default, private_ip_address: 10.1.0.9}
      fw: {subnet: firewall, enable_ip_forwarding: true, nva: {}}
    vpn_gateway:
      sku: VpnGw1
      vpn_type: RouteBased
      bgp: {asn: 65010, bgp_peering_address: 10.1.255.30}
      point_to_site: {address_pool: 192.168.0.0/24}
  VNet2:
    address_space: [10.2.0.0/16]
    subnets: {default: 10.2.0.0/24, GatewaySubnet: 10.2.255.0/27}
    vms:
      vm1: {subnet: default}
    vpn_gateway:
      sku: VpnGw2AZ
      bgp: {asn: 65020}
      public_ip_address: 203.0.113.2
  VNet3:
    address_space: [10.3.0.0/16]
    subnets: {default: 10.3.0.0/24, GatewaySubnet: 10.3.255.0/27}
  VNet4:
    address_space: [10.4.0.0/16]
    subnets: {default: 10.4.0.0/24}
    vms: {app: {subnet: default}}
  VNet5:
    region: West Europe
    address_space: [10.5.0.0/16]
    subnets: {default: 10.5.0.0/24, GatewaySubnet: 10.5.255.0/27}
    vms: {db: {subnet: default}}
    vpn_gateway:
      active_active: true
      bgp: {asn: 65050, bgp_peering_addresses: [10.5.255.4, 10.5.255.5]}
      public_ip_addresses: [203.0.113.51, 203.0.113.52, 203.0.113.53]
      point_to_site:
        address_pool: 192.168.5.0/24
        authentication_types: [Certificate]
        root_certificates: [root]
        revoked_certificates: [mac]
        custom_routes: [10.250.0.0/16]
  VNet6:
    address_space: [10.66.0.0/16]
    subnets: {default: 10.66.0.0/24, GatewaySubnet: 10.66.254.0/27, RouteServerSubnet: 10.66.255.0/26}
    vms:
      edge:
        subnet: default
        enable_ip_forwarding: true
        nva: {bgp: {asn: 65066, announces: [10.98.0.0/16], no_advertise: [10.98.0.0/16], sites: [Site6]}}
    route_server: {allow_branch_to_branch_traffic: true}
peerings:
  hub-spoke: {vnet: VNet1, remote_vnet: VNet4, allow_gateway_transit: true}
  spoke-hub: {vnet: VNet4, remote_vnet: VNet1, use_remote_gateways: true}
sites:
  Site1:
    address_prefixes: [10.101.0.0/16]
    bgp: {asn: 65101, bgp_peering_address: 10.101.0.1}
    hosts:
      host1: 10.101.0.10
  Site2:
    address_prefixes: [10.102.0.0/16]
    hosts: {host1: 10.102.0.10}
    static_routes: {VNet2-Site2: [10.2.0.0/16]}
    public_ip_address: 203.0.113.102
  Site3:
    address_prefixes: [10.103.0.0/16]
    bgp: {asn: 65103}
    hosts: {printer: 10.103.0.10}
    devices:
      d1: {bgp_peering_address: 10.103.0.1, public_ip_address: 203.0.113.131}
      d2: {bgp_peering_address: 10.103.0.2, public_ip_address: 203.0.113.132}
    as_path_prepend: {VNet5-d2: 2}
  Site6: {address_prefixes: [10.106.0.0/16], bgp: {asn: 65106}}
local_network_gateways:
  lng1:
    site: Site1
    bgp: {asn: 65101, bgp_peering_address: 10.101.0.1}
  lng2:
    site: Site2
    address_prefixes: [10.102.0.0/16]
connections:
  VNet1-VNet2: {type: Vnet2Vnet, between: [VNet1, VNet2], enable_bgp: true, shared_key: aB3!}
  VNet2-Site1:
    type: IPsec
    between: [VNet2, Site1]
    enable_bgp: true
    shared_key: zweite
    local_network_gateways: {VNet2: lng1}
  VNet2-Site2:
    type: IPsec
    between: [VNet2, Site2]
    local_network_gateways: {VNet2: lng2}
  VNet5-d1: {type: IPsec, between: [VNet5, Site3], device: d1, enable_bgp: true}
  VNet5-d2:
    type: IPsec
    between: [VNet5, Site3]
    device: d2
    enable_bgp: true
    dpd_timeout_seconds: 30
    connection_protocol: IKEv2
    use_policy_based_traffic_selectors: true
    ipsec_policy:
      ike_encryption: AES256
      ike_integrity: SHA384
      dh_group: ECP384
      ipsec_encryption: GCMAES256
      ipsec_integrity: GCMAES256
      pfs_group: PFS24
      sa_life_time_seconds: 300
      sa_data_size_kilobytes: 1024
clients:
  win: {os: windows, gateway: VNet1, local_network: 192.168.178.0/24}
  lin: {os: linux, gateway: VNet1, public_ip_address: 198.51.100.7}
  mac: {os: linux, gateway: VNet1, further_gateways: [VNet5], certificate: {issued_by: other}}
story:
  - name: as connected
    expect:
      routes: {lin: [10.1.0.0/16]}
      reach:
        lin: {VNet1: reachable, app: reachable, vnet1-vm2: reachable, Site1: reachable}
        db: {Site3: {via: [vnet5-gw-1, site3-d2]}}
        win: {Site2: {unreachable: no route, dropped_at: win}}
  - name: later
    do:
      - add_route: {client: win, prefix: 10.2.0.0/16}
      - withdraw: {site: Site1, prefix: 10.101.0.0/16}
      - announce: {site: Site3, prefix: 10.104.0.0/16, count: 4001}
  - name: faults
    do:
      - fail_tunnel: {connection: VNet5-d1, instance: 1}
      - cut_link: {name: Site3, device: d1}
      - silence_device: {site: Site1}
      - fail_gateway: {vnet: VNet2, planned: true}
      - restore_gateway: {vnet: VNet5, instance: 0}
      - set_key: {connection: VNet2-Site2, shared_key: dritte, end: Site2}
      - connect: {client: mac, gateway: VNet5}
      - set_custom_routes: {vnet: VNet1, prefixes: [10.251.0.0/16]}
    flow: {source: db, target: printer}
    expect:
      connections: {VNet5-d1: Connected}
      learned: {Site3: {10.5.0.0/16: '65050', 10.6.0.0/16: absent}, VNet5: {10.103.0.0/16: 65103 65103}}
"""
SEED = ("name: everything\n", "name: everything\nprofile: seed\n")
SEED_KEY = ("shared_key: aB3!", "shared_key: aB3")

# VNet3 gets a gateway; the rest of the line is its own.
GATEWAY3 = ("GatewaySubnet: 10.3.255.0/27}\n", "GatewaySubnet: 10.3.255.0/27}\n    vpn_gateway: ")
HUB = "hub-spoke: {vnet: VNet1, remote_vnet: VNet4, allow_gateway_transit: true}\n"
SPOKE = "  spoke-hub: {vnet: VNet4, remote_vnet: VNet1, use_remote_gateways: true}\n"
CONNECTIONS = "connections:\n"
PEERED = (HUB, HUB + "  there: {vnet: VNet2, remote_vnet: VNet3}\n  back: {vnet: VNet3, remote_vnet: VNet2}\n")
SITES = "sites:\n"
ALL_SEED = (
    SEED,
    SEED_KEY,
    # R73: one tunnel to a site.
    ("  VNet5-d1: {type: IPsec, between: [VNet5, Site3], device: d1, enable_bgp: true}\n", ""),
    ("fail_tunnel: {connection: VNet5-d1, instance: 1}", "fail_tunnel: {connection: VNet5-d2, instance: 1}"),
    ("connections: {VNet5-d1: Connected}", "connections: {VNet5-d2: Connected}"),
)
# The second of two connections, in a line of its own.
D2_BETWEEN = "[ VNet5, Site3 ]"
D2_LINE = ("    between: [VNet5, Site3]\n", "    between: [ VNet5, Site3 ]\n")
S9 = (SITES, SITES + "  S9: {address_prefixes: [10.109.0.0/16]}\n")
TO_SITE3 = "type: IPsec, between: [VNet3, Site3]"
P2S3 = "point_to_site: {address_pool: 192.168.3.0/24}"
POLICY = (
    "{ike_encryption: AES256, ike_integrity: SHA1, dh_group: DHGroup1, ipsec_encryption: DES3, ipsec_integrity: MD5, "
    "pfs_group: None}"
)
SELECTORS = "{local_address_ranges: [10.3.0.0/16], remote_address_ranges: [10.102.0.0/16]}"


GATEWAY_TABLE = (
    "      GatewaySubnet: 10.1.255.0/27",
    "      GatewaySubnet: {address_prefix: 10.1.255.0/27, route_table: inbound}",
)
VNET3_TABLE = (
    "default: 10.3.0.0/24, GatewaySubnet",
    "default: {address_prefix: 10.3.0.0/24, route_table: outward}, GatewaySubnet",
)
INBOUND_EXEMPT = "  inbound:\n    routes:\n      own: {address_prefix: 10.1.255.0/27, next_hop_type: VnetLocal}\n"
OUTWARD = (
    "route_tables:\n",
    "route_tables:\n  outward: {routes: {out: {address_prefix: 10.99.0.0/16, next_hop_type: VirtualNetworkGateway}}}\n",
)


FW_LISTENS = (
    " fw: {subnet: firewall, enable_ip_forwarding: true, nva: {}}",
    " fw: {subnet: firewall, enable_ip_forwarding: true, nva: {bgp: {asn: 64601}}}",
)
FW_PEERED = ((HUB, HUB + "  there6: {vnet: VNet1, remote_vnet: VNet6}\n  back6: {vnet: VNet6, remote_vnet: VNet1}\n"),)


def edge_and(number: int, settings: str) -> tuple[str, str]:
    """A further machine in VNet6."""
    return "      edge:\n", f"      m{number}: {settings}\n      edge:\n"


def nva_with(settings: str) -> tuple[str, str]:
    """A further setting of the appliance in VNet6."""
    return "{asn: 65066, ", f"{{asn: 65066, {settings}, "


def gateway3(settings: str) -> tuple[str, str]:
    return GATEWAY3[0], f"{GATEWAY3[1]}{{{settings}}}\n"


def server3(
    nva: str = "{}", table: str = "", forwarding: str = "true", new: str = "type: IPsec, between: [VNet3-own, S9]"
) -> tuple[tuple[str, str], ...]:
    """A VPN server in VNet3, in a subnet of its own, with a site at the other end."""
    subnet = f"{{address_prefix: 10.3.1.0/24{table}}}"
    machine = f"own: {{subnet: vpn, enable_ip_forwarding: {forwarding}, nva: {nva}}}"
    before = "subnets: {default: 10.3.0.0/24, GatewaySubnet: 10.3.255.0/27}\n"
    now = f"subnets: {{default: 10.3.0.0/24, vpn: {subnet}, GatewaySubnet: 10.3.255.0/27}}\n    vms: {{{machine}}}\n"
    return (before, now), S9, connection(new)


def table3(prefix: str, next_hop_type: str) -> tuple[str, str]:
    """A route table for the VPN server's subnet, or for what it serves."""
    route = f"{{address_prefix: {prefix}, next_hop_type: {next_hop_type}}}"
    return "route_tables:\n", f"route_tables:\n  outward: {{routes: {{out: {route}}}}}\n"


DEFAULT_BY_BGP = (
    "withdraw: {site: Site1, prefix: 10.101.0.0/16}",
    "announce: {site: Site1, prefix: 0.0.0.0/0}",
)
SERVED = ("vms: {own:", "vms: {app3: {subnet: default}, own:")
VNET3_GATEWAY = ("subnets: {default: 10.3.0.0/24, vpn", "vpn_gateway: {}\n    subnets: {default: 10.3.0.0/24, vpn")


def vm2_public(address: str) -> tuple[str, str]:
    return "10.1.0.9}", f"10.1.0.9, public_ip_address: {address}}}"


def connection(settings: str) -> tuple[str, str]:
    return CONNECTIONS, f"{CONNECTIONS}  new: {{{settings}}}\n"


def circuit(settings: str) -> tuple[tuple[str, str], ...]:
    gateway = (GATEWAY3[0], "GatewaySubnet: 10.3.255.0/27}\n    expressroute_gateway: {}\n")
    return gateway, (CONNECTIONS, f"expressroute_circuits:\n  c1: {{{settings}}}\n{CONNECTIONS}")


# VNet6, which has a Route Server, on a circuit.
CIRCUIT6 = (
    ("    route_server: {allow", "    expressroute_gateway: {}\n    route_server: {allow"),
    (CONNECTIONS, f"expressroute_circuits:\n  c6: {{site: Site1, vnets: {{VNet6: {{}}}}}}\n{CONNECTIONS}"),
)


def announced(count: int) -> tuple[str, str]:
    """What the appliance in VNet6 announces later."""
    subject = f"{{nva: VNet6-edge, prefix: 100.64.0.0/10, count: {count}}}"
    return STEP, f"  - name: told\n    do:\n      - announce: {subject}\n{STEP}"


def many_sites(count: int, vnet: str = "VNet2") -> tuple[tuple[str, str], ...]:
    sites = (f"  S{n}: {{address_prefixes: [10.{n}.0.0/16]}}\n" for n in range(150, 150 + count))
    tunnels = (f"  C{n}: {{type: IPsec, between: [{vnet}, S{n}]}}\n" for n in range(150, 150 + count))
    return (SITES, SITES + "".join(sites)), (CONNECTIONS, CONNECTIONS + "".join(tunnels))


def many_clients(count: int) -> tuple[tuple[str, str], ...]:
    clients = "".join(f"  c{n}: {{os: linux, gateway: VNet3}}\n" for n in range(count))
    return (("clients:\n", "clients:\n" + clients),)


def routes(count: int) -> tuple[str, str]:
    """So many custom routes, for the clients of VNet1."""
    listed = ", ".join(f"172.16.{n}.0/24" for n in range(count))
    return "address_pool: 192.168.0.0/24", f"address_pool: 192.168.0.0/24, custom_routes: [{listed}]"


def slash30s(count: int) -> str:
    return ", ".join(f"10.30.{n // 64}.{n % 64 * 4}/30" for n in range(count))


@dataclass(frozen=True)
class Broken:
    """A change of GOOD, the function that must complain (and those that must too), and a piece of its line."""

    rule: str
    at: str
    edits: tuple[tuple[str, str], ...]
    also: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        text = GOOD
        for old, new in self.edits:
            assert text.count(old) == 1, f"{old!r} is {text.count(old)} times in the text"
            text = text.replace(old, new)
        return text


def broken(rule: str, at: str, *edits: tuple[str, str], also: tuple[str, ...] = ()) -> Broken:
    return Broken(rule, at, edits, also)


STEP = "  - name: later\n"
BROKEN = (
    broken("names_are_distinct", "DEFAULT", ("      tiny:", "      DEFAULT:")),
    broken("names_are_distinct", "LNG1", ("  lng2:\n", "  LNG1:\n"), ("VNet2: lng2", "VNet2: LNG1")),
    broken(
        "nodes_are_distinct",
        "Win:",
        ("  lin: {os", "  Win: {os"),
        ("routes: {lin:", "routes: {win:"),
        ("        lin: {VNet1", "        vnet4: {VNet1"),
    ),
    broken(
        "nodes_are_distinct",
        "internet:",
        ("  VNet4:\n", "  internet: {address_space: [10.9.0.0/16], subnets: {}}\n  VNet4:\n"),
    ),
    broken("nodes_are_distinct", "gw-0:", ("      vm2: {", "      gw-0: {"), ("vnet1-vm2", "vnet1-gw-0")),
    broken(
        "nodes_are_distinct",
        "edge-1:",
        ("    hosts:\n      host1", "    hosts:\n      edge-1: 10.101.0.11\n      host1"),
    ),
    broken(
        "virtual_machines_name_their_subnet",
        "defalt",
        ("vm1: {subnet: default}\n      vm2", "vm1: {subnet: defalt}\n      vm2"),
    ),
    broken("names_are_distinct", "Filtered", ("  inbound:\n", "  Filtered:\n")),
    broken("names_are_distinct", "ALL", ("      home:", "      ALL:")),
    broken("subnets_name_their_route_table", "filterd", ("route_table: filtered", "route_table: filterd")),
    broken(
        "peerings_name_two_vnets",
        "VNet9",
        PEERED,
        ("remote_vnet: VNet3}", "remote_vnet: VNet9}"),
        ("{vnet: VNet3, remote_vnet: VNet2}", "{vnet: VNet9, remote_vnet: VNet2}"),
    ),
    broken(
        "peerings_name_two_vnets",
        "VNet9",
        ("remote_vnet: VNet4, allow", "remote_vnet: VNet9, allow"),
        ("{vnet: VNet4, remote_vnet: VNet1", "{vnet: VNet9, remote_vnet: VNet1"),
        (SITES, SITES + "  S1: {address_prefixes: [10.109.0.0/16]}\n"),
        connection("type: IPsec, between: [VNet1, S1]"),
    ),
    broken("peerings_name_two_vnets", "self:", (HUB, HUB + "  self: {vnet: VNet2, remote_vnet: VNet2}\n")),
    broken(
        "local_network_gateways_name_their_device",
        "site: Sit9",
        (CONNECTIONS, f"  lng3: {{site: Sit9, address_prefixes: [10.109.0.0/16]}}\n{CONNECTIONS}"),
    ),
    broken("connections_name_their_ends", "VNet9", connection("type: IPsec, between: [VNet2, VNet9]")),
    broken("connections_use_fitting_local_network_gateways", "VNet1: lng2", ("{VNet2: lng2}", "{VNet1: lng2}")),
    broken("connections_use_fitting_local_network_gateways", "VNet2: lng9", ("{VNet2: lng2}", "{VNet2: lng9}")),
    broken(
        "connections_use_fitting_local_network_gateways",
        "VNet2: lng1",
        ("    local_network_gateways: {VNet2: lng2}", "    local_network_gateways: {VNet2: lng1}"),
        also=("local_network_gateways_say_something",),
    ),
    broken(
        "local_network_gateways_say_something",
        "VNet2: lng2",
        ("    address_prefixes: [10.102.0.0/16]\nconnections", "connections"),
    ),
    broken(
        "clients_name_point_to_site_gateways",
        "win:",
        ("win: {os: windows, gateway: VNet1", "win: {os: windows, gateway: VNet2"),
    ),
    broken(
        "clients_name_point_to_site_gateways",
        "win:",
        ("win: {os: windows, gateway: VNet1", "win: {os: windows, gateway: VNet9"),
    ),
    broken(
        "links_have_a_way_to_the_internet",
        "VNet9",
        ("name: everything\n", "name: everything\nlinks: {VNet9: {delay: 10ms}}\n"),
    ),
    broken(
        "routes_by_hand_leave_the_default_route_alone",
        "add_route",
        ("client: win, prefix: 10.2.0.0/16", "client: win, prefix: 0.0.0.0/0"),
    ),
    broken("static_routes_name_their_connection", "static_routes", ("{VNet2-Site2: [10.2", "{VNet2-Site1: [10.2")),
    broken("prepends_name_their_connection", "as_path_prepend", ("{VNet5-d2: 2}", "{VNet5-d3: 2}")),
    broken("connections_name_their_device", "d9", ("Site3], device: d1", "Site3], device: d9")),
    broken(
        "connections_name_their_device", "device: d1", connection("type: IPsec, between: [VNet2, S9], device: d1"), S9
    ),
    broken("connections_name_their_device", "new:", gateway3("sku: VpnGw1"), connection(TO_SITE3)),
    broken("nodes_are_distinct", "VNet5-gw-1:", (SITES, SITES + "  VNet5-gw-1: {address_prefixes: [10.109.0.0/16]}\n")),
    broken(
        "nodes_are_distinct", "d1:", ("hosts: {printer: 10.103.0.10}", "hosts: {printer: 10.103.0.10, d1: 10.103.0.11}")
    ),
    broken(
        "actions_name_what_they_act_on", "fail_tunnel", ("connection: VNet5-d1, instance", "connection: x, instance")
    ),
    broken(
        "actions_name_what_they_act_on", "cut_link", ("cut_link: {name: Site3, device: d1}", "cut_link: {name: VNet4}")
    ),
    broken("actions_name_what_they_act_on", "silence", ("device: {site: Site1}", "device: {site: VNet1}")),
    broken("actions_name_what_they_act_on", "fail_gateway", ("vnet: VNet2, planned", "vnet: VNet3, planned")),
    broken(
        "actions_name_what_they_act_on", "set_key", ("set_key: {connection: VNet2-Site2", "set_key: {connection: x")
    ),
    broken(
        "actions_name_what_they_act_on",
        "set_custom",
        ("set_custom_routes: {vnet: VNet1", "set_custom_routes: {vnet: VNet2"),
    ),
    broken("actions_name_a_part_that_is_there", "d9", ("Site3, device: d1}", "Site3, device: d9}")),
    broken(
        "actions_name_a_part_that_is_there",
        "mend_link",
        ("cut_link: {name: Site3, device: d1}", "mend_link: {name: Site3}"),
    ),
    broken("actions_name_a_part_that_is_there", "silence", ("{site: Site1}", "{site: Site1, device: d1}")),
    broken(
        "r22_policy_based_tunnels_come_back",
        "fail_tunnel",
        gateway3("vpn_type: PolicyBased, sku: Basic"),
        connection("type: IPsec, between: [VNet3, Site2]"),
        ("fail_tunnel: {connection: VNet5-d1, instance: 1}", "fail_tunnel: {connection: new}"),
    ),
    broken("actions_name_a_part_that_is_there", "fail_tunnel", ("VNet5-d1, instance", "VNet2-Site2, instance")),
    broken("actions_name_a_part_that_is_there", "fail_gateway", ("planned: true", "instance: 1")),
    broken("actions_name_a_part_that_is_there", "restore_gateway", ("{vnet: VNet5, instance: 0}", "{vnet: VNet5}")),
    broken("actions_name_a_part_that_is_there", "set_key", ("end: Site2", "end: Site1")),
    broken(
        "actions_name_a_part_that_is_there",
        "connect:",
        ("{client: mac, gateway: VNet5}", "{client: mac, gateway: VNet2}"),
    ),
    broken(
        "clients_name_point_to_site_gateways",
        "mac:",
        ("further_gateways: [VNet5]", "further_gateways: [VNet2]"),
        also=("actions_name_a_part_that_is_there",),
    ),
    broken(
        "clients_name_point_to_site_gateways", "mac:", ("further_gateways: [VNet5]", "further_gateways: [VNet5, VNet1]")
    ),
    broken(
        "revoked_certificates_are_clients",
        "[nobody]",
        ("revoked_certificates: [mac]", "revoked_certificates: [nobody]"),
    ),
    broken("r67_gateways_of_a_client_do_not_overlap", "mac:", ("192.168.5.0/24", "192.168.0.0/25")),
    broken(
        "r67_gateways_of_a_client_do_not_overlap",
        "mac:",
        ("address_space: [10.5.0.0/16]", "address_space: [10.5.0.0/16, 10.1.0.0/24]"),
    ),
    broken("announcements_can_be_divided", "announce", ("10.104.0.0/16, count: 4001", "10.104.0.0/21, count: 4001")),
    broken("flows_join_two_machines", "source: VNet1", ("source: db", "source: VNet1")),
    broken("flows_join_two_machines", "nobody", ("target: printer", "target: nobody")),
    broken("flows_join_two_machines", "target: db", ("target: printer", "target: db")),
    broken("expectations_name_what_they_expect_of", "connections", ("{VNet5-d1: Connected}", "{VNet5: Connected}")),
    broken("expectations_name_what_they_expect_of", "learned", ("learned: {Site3:", "learned: {Site2:")),
    broken("expectations_name_what_they_expect_of", "learned", ("10.6.0.0/16: absent", "10.6.0.0: absent")),
    broken("expectations_name_what_they_expect_of", "learned", ("10.6.0.0/16: absent", "10.6.0.0/16: none")),
    broken("expectations_name_what_they_expect_of", "via", ("site3-d2]", "site3-d3]")),
    broken("steps_have_names_of_their_own", "as connected", ("name: later", "name: as connected")),
    broken("actions_name_what_they_act_on", "add_route", ("client: win", "client: won")),
    broken("actions_name_what_they_act_on", "withdraw", ("site: Site1, prefix", "site: Site2, prefix")),
    broken("expectations_name_what_they_expect_of", "routes:", ("routes: {lin", "routes: {VNet1")),
    broken("expectations_name_what_they_expect_of", "VNet3", ("lin: {VNet1:", "lin: {VNet3:")),
    broken("expectations_name_what_they_expect_of", "vm1:", ("lin: {VNet1:", "lin: {vm1:")),
    broken("expectations_name_what_they_expect_of", "nobody:", ("        win: {Site2", "        nobody: {Site2")),
    broken("expectations_name_what_they_expect_of", "dropped_at", ("dropped_at: win", "dropped_at: VNet9")),
    broken(
        "prefixes_are_listed_once",
        "10.1.2.0/24",
        ("address_space: [10.1.0.0/16]", "address_space: [10.1.0.0/16, 10.1.2.0/24]"),
    ),
    broken("prefixes_are_listed_once", "tiny", ("tiny: 10.1.1.0/29", "tiny: 10.1.0.128/29")),
    broken(
        "prefixes_are_listed_once",
        "10.102.9",
        ("prefixes: [10.102.0.0/16]\n    hosts", "prefixes: [10.102.0.0/16, 10.102.9.0/24]\n    hosts"),
    ),
    broken("subnets_lie_in_the_address_space", "tiny", ("tiny: 10.1.1.0/29", "tiny: 10.9.1.0/29")),
    broken(
        "r1_gateway_subnet_has_its_name",
        "vpn_gateway",
        ("      GatewaySubnet: 10.1.255.0/27", "      gatewaySubnet: 10.1.255.0/27"),
    ),
    broken(
        "r2_gateway_subnet_holds_no_machine",
        "vm1:",
        ("vm1: {subnet: default}\n      vm2", "vm1: {subnet: GatewaySubnet}\n      vm2"),
    ),
    broken("r3_gateway_subnet_has_room", "GatewaySubnet: 10.3", ("10.3.255.0/27", "10.3.255.0/30")),
    broken("r3_gateway_subnet_has_room", "GatewaySubnet: 10.2", ("10.2.255.0/27", "10.2.255.0/28")),
    broken("r3_gateway_subnet_has_room", "GatewaySubnet: 10.2", *ALL_SEED, ("10.2.255.0/27", "10.2.255.0/29")),
    broken("r18_addresses_are_free", "vm2", ("10.1.0.9", "10.1.0.3")),
    broken("r18_addresses_are_free", "vm2", ("10.1.0.9", "10.1.0.255")),
    broken("r18_addresses_are_free", "vm2", ("10.1.0.9", "10.1.9.9")),
    broken(
        "r18_addresses_are_free",
        "vm2",
        ("vm1: {subnet: default}\n      vm2", "vm1: {subnet: default, private_ip_address: 10.1.0.9}\n      vm2"),
    ),
    broken(
        "r18_subnets_have_room",
        "v4:",
        (
            "      vm1: {subnet: default}\n      vm2",
            "".join(f"      v{n}: {{subnet: tiny}}\n" for n in range(1, 5)) + "      vm2",
        ),
    ),
    broken(
        "r115_prefixes_are_assignable",
        "169.254",
        ("address_space: [10.3.0.0/16]", "address_space: [10.3.0.0/16, 169.254.7.0/24]"),
    ),
    broken(
        "r115_prefixes_are_assignable",
        "168.63",
        ("address_space: [10.3.0.0/16]", "address_space: [10.3.0.0/16, 168.63.0.0/16]"),
    ),
    broken("r115_prefixes_are_assignable", "tiny", ("tiny: 10.1.1.0/29", "tiny: 10.1.1.0/30")),
    broken("r115_prefixes_are_assignable", "224.0", ("address_pool: 192.168.0.0/24", "address_pool: 224.0.0.0/24")),
    broken("hosts_have_addresses_of_their_site", "host1", ("10.101.0.10", "10.103.0.10")),
    broken("hosts_have_addresses_of_their_site", "host1", ("host1: 10.101.0.10", "host1: 10.101.0.1")),
    broken(
        "hosts_have_addresses_of_their_site", "host2", ("host1: 10.102.0.10", "host1: 10.102.0.10, host2: 10.102.0.10")
    ),
    broken("hosts_have_addresses_of_their_site", "printer", ("10.103.0.10}", "10.103.0.2}")),
    broken("hosts_have_addresses_of_their_site", "printer", ("10.103.0.10}", "10.103.255.252}")),
    broken("public_addresses_are_public", "10.9.9.9", ("203.0.113.102", "10.9.9.9")),
    broken("public_addresses_are_public", "203.0.113.2", ("203.0.113.102", "203.0.113.2")),
    broken("public_addresses_are_public", "203.0.113.131", ("203.0.113.102", "203.0.113.131")),
    broken("public_addresses_are_public", "203.0.113.52", ("203.0.113.53", "203.0.113.52")),
    broken("public_addresses_are_public", "10.9.9.9", vm2_public("10.9.9.9")),
    broken("public_addresses_are_public", "192.0.2.1}", vm2_public("192.0.2.1")),
    broken("public_addresses_are_public", "203.0.113.102}", vm2_public("203.0.113.102")),
    broken(
        "route_tables_list_a_prefix_once",
        "home:",
        ("home: {address_prefix: 10.101.0.0/16", "home: {address_prefix: 0.0.0.0/0"),
    ),
    broken(
        "r5_gateway_subnet_keeps_its_routes", "GatewaySubnet", GATEWAY_TABLE, ("10.1.8.0/24, next", "0.0.0.0/0, next")
    ),
    broken(
        "r5_gateway_subnet_keeps_its_routes",
        "GatewaySubnet",
        GATEWAY_TABLE,
        ("  inbound:\n", "  inbound:\n    disable_bgp_route_propagation: true\n"),
    ),
    broken("r84_default_sites_are_connected", "Sit9", gateway3("default_site: Sit9")),
    broken("r84_default_sites_are_connected", "Site2", gateway3("default_site: Site2")),
    broken(
        "r84_default_sites_are_connected",
        "Site2",
        gateway3("vpn_type: PolicyBased, sku: Basic, default_site: Site2"),
        connection("type: IPsec, between: [VNet3, Site2]"),
    ),
    broken("circuits_join_a_site_and_gateways", "Sit9", *circuit("site: Sit9, vnets: {VNet3: {}}")),
    broken("circuits_join_a_site_and_gateways", "Site2", *circuit("site: Site2, vnets: {VNet3: {}}")),
    broken("circuits_join_a_site_and_gateways", "Site3", *circuit("site: Site3, vnets: {VNet3: {}}")),
    broken("circuits_join_a_site_and_gateways", "VNet4", *circuit("site: Site1, vnets: {VNet3: {}, VNet4: {}}")),
    broken(
        "actions_name_what_they_act_on",
        "curcuit",
        (STEP, "  - name: cut\n    do: [{fail_circuit: {circuit: curcuit}}]\n" + STEP),
    ),
    broken(
        "r4_gateway_subnet_has_room_for_both",
        "10.3.255.0/28",
        *circuit("site: Site1, vnets: {VNet3: {}}"),
        ("10.3.255.0/27", "10.3.255.0/28"),
        also=("r3_gateway_subnet_has_room",),
    ),
    broken(
        "r4_gateway_subnet_has_room_for_both",
        "expressroute_gateway",
        ("  VNet4:\n", "  VNet9: {address_space: [10.9.0.0/16], subnets: {}, expressroute_gateway: {}}\n  VNet4:\n"),
    ),
    broken(
        "r93_vpn_beside_expressroute_is_capable",
        "vpn_gateway: {sku: Basic}",
        (GATEWAY3[0], "GatewaySubnet: 10.3.255.0/27}\n    expressroute_gateway: {}\n    vpn_gateway: {sku: Basic}\n"),
    ),
    broken("r88_gateways_as_next_hop_are_there", "outward", VNET3_TABLE, OUTWARD),
    broken(
        "r88_gateways_as_next_hop_are_there",
        "apps:",
        (
            "    vpn_gateway:\n      sku: VpnGw1\n",
            "    expressroute_gateway: {}\n    vpn_gateway:\n      sku: VpnGw1\n",
        ),
    ),
    broken(
        "r89_appliances_can_forward",
        "all:",
        ("fw: {subnet: firewall, enable_ip_forwarding: true", "fw: {subnet: firewall"),
    ),
    broken("r89_appliances_can_forward", "all:", ("enable_ip_forwarding: true, nva: {}", "enable_ip_forwarding: true")),
    broken(
        "r89_appliances_can_forward",
        "apps:",
        ("fw: {subnet: firewall", "fw: {subnet: apps"),
        ("10.1.7.4}\n      home", "10.1.8.4}\n      home"),
    ),
    broken("r89_appliances_can_forward", "apps:", ("10.1.7.4}\n      home", "10.1.7.5}\n      home")),
    *(
        broken("appliances_name_their_peers", "appliances: [", nva_with(f"appliances: [{names}]"), *edits)
        for names, edits in (
            ("VNet1-fw", ()),
            ("VNet1-fw", (FW_LISTENS,)),
            ("VNet1-fw", (*FW_PEERED, (FW_LISTENS[0], FW_LISTENS[1].replace("64601", "65066")))),
            (
                "VNet1-fw",
                (*FW_PEERED, (FW_LISTENS[0], FW_LISTENS[1].replace("64601", "64601, appliances: [VNet6-edge]"))),
            ),
        )
    ),
    broken("r90_subnets_lead_to_the_vpn_server", "default: 10.3.0.0/24", *server3(), SERVED),
    broken(
        "r90_subnets_lead_to_the_vpn_server",
        "default: 10.3.0.0/24",
        *server3("{static_routes: {new: [10.109.1.0/24]}}"),
        SERVED,
    ),
    broken("r116_vpn_servers_forward", "own:", *server3(forwarding="false")),
    broken(
        "a20_vpn_servers_keep_their_way_out",
        "own:",
        *server3(table=", route_table: outward"),
        table3("0.0.0.0/0", "None"),
    ),
    broken("a20_vpn_servers_keep_their_way_out", "own:", *server3(), VNET3_GATEWAY, DEFAULT_BY_BGP),
    broken(
        "vpn_servers_keep_the_default_route",
        "static_routes: {new",
        *server3("{static_routes: {new: [0.0.0.0/0]}}"),
    ),
    broken(
        "static_routes_name_their_connection",
        "static_routes: {old",
        *server3("{static_routes: {old: [10.109.0.0/16]}}"),
    ),
    broken(
        "nodes_are_distinct",
        "own-edge:",
        *server3(),
        ("vms: {own:", "vms: {own-edge: {subnet: vpn},\n      own:"),
    ),
    broken(
        "connections_name_their_ends",
        "VNet1-vm1",
        connection("type: IPsec, between: [VNet1-vm1, Site2]"),
    ),
    broken(
        "local_network_gateways_name_their_device",
        "nva: VNet3-oen",
        *server3(),
        ("local_network_gateways:\n  lng1", "local_network_gateways:\n  own: {nva: VNet3-oen}\n  lng1"),
    ),
    broken(
        "r74_connections_join_gateways",
        "VNet3-own, VNet2",
        *server3(new="type: Vnet2Vnet, between: [VNet3-own, VNet2]"),
    ),
    broken(
        "r71_networks_do_not_overlap",
        "address_space: [10.3.0.0/16]",
        *server3(),
        ("S9: {address_prefixes: [10.109.0.0/16]}", "S9: {address_prefixes: [10.3.64.0/24]}"),
    ),
    broken(
        "b7_asns_differ",
        "enable_bgp",
        *server3(new="type: IPsec, between: [VNet3-own, Site6], enable_bgp: true"),
    ),
    broken(
        "b7_asns_differ",
        "enable_bgp",
        *server3("{bgp: {asn: 65106}}", new="type: IPsec, between: [VNet3-own, Site6], enable_bgp: true"),
    ),
    broken(
        "r91_gateway_subnet_is_reached_directly",
        "GatewaySubnet",
        GATEWAY_TABLE,
        ("10.1.8.0/24, next", "10.1.255.0/27, next"),
    ),
    broken(
        "r91_gateway_subnet_is_reached_directly",
        "GatewaySubnet",
        GATEWAY_TABLE,
        ("10.1.8.0/24, next", "10.1.255.4/32, next"),
    ),
    broken(
        "r91_gateway_subnet_is_reached_directly",
        "GatewaySubnet",
        GATEWAY_TABLE,
        ("10.1.8.0/24, next", "10.1.0.0/16, next"),
    ),
    broken(
        "r10_active_active_needs_a_capable_gateway", "active_active", gateway3("sku: Standard, active_active: true")
    ),
    broken(
        "r10_instances_have_addresses_of_their_own",
        "203.0.113.9",
        ("    active_active: true\n", "    active_active: true\n      public_ip_address: 203.0.113.9\n"),
    ),
    broken(
        "r10_instances_have_addresses_of_their_own",
        "10.5.255.4",
        ("bgp_peering_addresses: [10.5.255.4, 10.5.255.5]", "bgp_peering_address: 10.5.255.4"),
    ),
    broken("r10_instances_have_addresses_of_their_own", "10.5.255.4", ("[10.5.255.4, 10.5.255.5]", "[10.5.255.4]")),
    broken(
        "r10_instances_have_addresses_of_their_own",
        "203.0.113.51",
        (".52, 203.0.113.53", ".52, 203.0.113.53, 203.0.113.54"),
    ),
    broken(
        "r10_instances_have_addresses_of_their_own",
        "203.0.113.3",
        gateway3("public_ip_addresses: [203.0.113.3, 203.0.113.4]"),
    ),
    broken(
        "r10_instances_have_addresses_of_their_own",
        "203.0.113.3",
        gateway3("active_active: true, public_ip_addresses: [203.0.113.3, 203.0.113.4, 203.0.113.5]"),
    ),
    broken("r13_point_to_site_takes_a_third_address", "203.0.113.51", (".52, 203.0.113.53]", ".52]")),
    broken("r52_tunnels_fit_the_sku", "VpnGw2AZ", *many_sites(28)),
    broken(
        "r52_tunnels_fit_the_sku",
        "VpnGw1",
        gateway3("sku: VpnGw1, active_active: true"),
        *many_sites(16, "VNet3"),
    ),
    broken(
        "r52_tunnels_fit_the_sku", "sku: Standard", *ALL_SEED, gateway3("sku: Standard, " + P2S3), *many_clients(129)
    ),
    broken("r52_tunnels_fit_the_sku", "VpnGw5", ("VpnGw2AZ", "VpnGw5"), *many_sites(98)),
    broken("r54_basic_lacks", "sku: Basic", gateway3("sku: Basic, point_to_site: {address_pool: 192.168.3.0/24}")),
    broken(
        "r54_basic_lacks",
        "there:",
        PEERED,
        gateway3("sku: VpnGw1"),
        ("sku: VpnGw2AZ\n      bgp: {asn: 65020}", "sku: Basic"),
        (
            "there: {vnet: VNet2, remote_vnet: VNet3}",
            "there: {vnet: VNet2, remote_vnet: VNet3, allow_gateway_transit: true}",
        ),
        also=("b1_bgp_needs_a_capable_gateway",),
    ),
    broken(
        "r55_point_to_site_is_route_based",
        "PolicyBased",
        gateway3("vpn_type: PolicyBased, point_to_site: {address_pool: 192.168.3.0/24}"),
        also=("r21_policy_based_is_basic",),
    ),
    broken(
        "r21_policy_based_is_basic",
        "PolicyBased",
        gateway3("vpn_type: PolicyBased"),
        connection("type: IPsec, between: [VNet3, Site2]"),
    ),
    broken("r21_policy_based_is_basic", "PolicyBased", gateway3("vpn_type: PolicyBased, sku: Basic")),
    broken(
        "r24_policy_based_joins_no_vnet",
        "new:",
        gateway3("vpn_type: PolicyBased, sku: Basic"),
        connection("type: Vnet2Vnet, between: [VNet3, VNet2]"),
    ),
    broken("r57_pools_overlap_nothing", "address_pool", ("192.168.0.0/24", "192.168.0.0/30")),
    broken("r57_pools_overlap_nothing", "address_pool", ("192.168.5.0/24", "192.168.5.0/29")),
    broken("r57_pools_overlap_nothing", "address_pool", ("192.168.0.0/24", "10.1.200.0/24")),
    broken("r57_pools_overlap_nothing", "address_pool", ("192.168.0.0/24", "10.4.0.0/24")),
    broken("r57_pools_overlap_nothing", "address_pool", ("192.168.0.0/24", "10.2.0.0/24")),
    broken("r57_pools_overlap_nothing", "address_pool", ("192.168.0.0/24", "10.101.0.0/24")),
    broken("r57_pools_overlap_nothing", "win:", ("local_network: 192.168.178.0/24", "local_network: 192.168.0.0/16")),
    broken("r57_pools_overlap_nothing", "lin:", ("192.168.0.0/24", "198.51.100.0/24")),
    broken(
        "r57_pools_overlap_nothing",
        "192.168.0.0/25",
        ("bgp: {asn: 65020}", "bgp: {asn: 65020}\n      point_to_site: {address_pool: 192.168.0.0/25}"),
    ),
    broken("r60_roots_are_few", "root_certificates", ("[root]", str([f"root{n}" for n in range(21)]).replace("'", ""))),
    broken("r62_clients_take_all_selectors", "win:", *ALL_SEED, routes(20)),
    broken("r62_clients_take_all_selectors", "win:", routes(250)),
    broken("r62_clients_take_all_selectors", "lin:", routes(251)),
    broken(
        "r25_protocols_fit_the_gateway",
        "new:",
        gateway3("sku: Standard"),
        connection("type: IPsec, between: [VNet3, Site2], connection_protocol: IKEv1"),
    ),
    broken(
        "r25_protocols_fit_the_gateway",
        "new:",
        gateway3("vpn_type: PolicyBased, sku: Basic"),
        connection("type: IPsec, between: [VNet3, Site2], other_end: {}, connection_protocol: IKEv2"),
    ),
    broken(
        "r26_vnet_to_vnet_is_ikev2",
        "shared_key: aB3",
        ("shared_key: aB3!", "shared_key: aB3!, connection_protocol: IKEv1"),
    ),
    broken("r38_dpd_timeouts_are_possible", "dpd", ("dpd_timeout_seconds: 30", "dpd_timeout_seconds: 8")),
    broken(
        "r40_policies_need_a_capable_gateway",
        "new:",
        gateway3("sku: Basic"),
        connection("type: IPsec, between: [VNet3, Site2], ipsec_policy: " + POLICY),
    ),
    broken("r41_policies_have_azures_values", "DES3", ("ike_encryption: AES256", "ike_encryption: DES3")),
    broken("r41_policies_have_azures_values", "GCMAES256", ("ike_integrity: SHA384", "ike_integrity: GCMAES256")),
    broken("r41_policies_have_azures_values", "PFSMM", ("pfs_group: PFS24", "pfs_group: PFSMM")),
    broken("r41_policies_have_azures_values", "299", ("sa_life_time_seconds: 300", "sa_life_time_seconds: 299")),
    broken("r41_policies_have_azures_values", "1023", ("sa_data_size_kilobytes: 1024", "sa_data_size_kilobytes: 1023")),
    broken("policies_can_be_built", "dh_group", ("dh_group: ECP384", "dh_group: None")),
    broken(
        "policies_can_be_built",
        "new:",
        gateway3("sku: VpnGw1"),
        connection(
            "type: IPsec, between: [VNet3, Site2], connection_protocol: IKEv1, ipsec_policy: "
            + POLICY.replace("ike_encryption: AES256", "ike_encryption: GCMAES256")
        ),
    ),
    broken(
        "r20_policy_based_selectors_have_prefixes",
        "{VNet2: lng2}",
        ("    site: Site2\n    address_prefixes: [10.102.0.0/16]\n", "    site: Site2\n"),
        ("{VNet2: lng2}", "{VNet2: lng2}\n    use_policy_based_traffic_selectors: true\n    ipsec_policy: " + POLICY),
        also=("local_network_gateways_say_something",),
    ),
    broken("r42_gcm_comes_with_gcm", "SHA256", ("ipsec_integrity: GCMAES256", "ipsec_integrity: SHA256")),
    broken("r42_gcm_comes_with_gcm", "GCMAES128", ("ipsec_integrity: GCMAES256", "ipsec_integrity: GCMAES128")),
    broken(
        "r44_pairs_have_one_policy",
        "new:",
        gateway3("sku: VpnGw1"),
        connection("type: Vnet2Vnet, between: [VNet3, VNet2], other_end: {}, ipsec_policy: " + POLICY),
    ),
    broken("r48_policy_based_selectors_need_a_policy", "use_policy", ("protocol: IKEv2", "protocol: IKEv1")),
    broken(
        "r48_policy_based_selectors_need_a_policy",
        "new:",
        gateway3("sku: VpnGw1"),
        connection("type: IPsec, between: [VNet3, Site2], use_policy_based_traffic_selectors: true"),
    ),
    broken(
        "r48_policy_based_selectors_need_a_policy",
        "new:",
        gateway3("vpn_type: PolicyBased, sku: Basic"),
        connection("type: IPsec, between: [VNet3, Site2], use_policy_based_traffic_selectors: true"),
    ),
    broken(
        "r51_selectors_and_prefixes_are_few",
        "new:",
        gateway3("sku: VpnGw1"),
        connection(
            f"type: IPsec, between: [VNet3, Site2], traffic_selector_policies: [{', '.join([SELECTORS] * 101)}]"
        ),
    ),
    broken(
        "r51_selectors_and_prefixes_are_few",
        "10.30.",
        gateway3("sku: VpnGw1"),
        ("address_space: [10.3.0.0/16]", f"address_space: [10.3.0.0/16, {slash30s(600)}]"),
    ),
    broken(
        "r51_selectors_and_prefixes_are_few",
        "VNet3: lng3",
        gateway3("sku: VpnGw1"),
        (
            CONNECTIONS,
            f"  lng3: {{site: Site2, address_prefixes: [{slash30s(1001)}]}}\nconnections:\n"
            "  new: {type: IPsec, between: [VNet3, Site2], local_network_gateways: {VNet3: lng3}}\n",
        ),
    ),
    broken("r30_shared_keys_are_printable", "aB3", ("aB3!", "aB3-")),
    broken("r30_shared_keys_are_printable", "aB3!", SEED, *ALL_SEED[2:]),
    broken("r30_shared_keys_are_printable", "set_key", ("shared_key: dritte", "shared_key: drit-te")),
    broken(
        "r30_shared_keys_are_printable",
        "other~",
        ("enable_bgp: true\n    shared_key: zweite", "enable_bgp: true\n    other_end: {shared_key: other~}"),
    ),
    broken("r30_shared_keys_are_printable", "aB3", ("aB3!", "'aB3 '")),
    broken("r30_shared_keys_are_printable", "éa", ("aB3!", "éa")),
    broken("r30_shared_keys_are_printable", "shared_key: ''", ("aB3!", "''")),
    broken("r30_shared_keys_are_printable", "kkkk", ("aB3!", "k" * 129)),
    broken("r31_shared_keys_differ", "shared_key: aB3", ("shared_key: zweite", "shared_key: aB3!")),
    broken(
        "r71_networks_do_not_overlap",
        "10.101.0.0/16",
        ("address_space: [10.4.0.0/16]", "address_space: [10.101.0.0/16]"),
        ("default: 10.4.0.0/24", "default: 10.101.4.0/24"),
    ),
    broken(
        "r71_networks_do_not_overlap",
        "10.1.9.0/24",
        ("address_prefixes: [10.101.0.0/16]", "address_prefixes: [10.101.0.0/16, 10.1.9.0/24]"),
    ),
    broken(
        "r71_networks_do_not_overlap",
        "10.2.9.0/24",
        ("prefixes: [10.102.0.0/16]\n    hosts", "prefixes: [10.102.0.0/16, 10.2.9.0/24]\n    hosts"),
    ),
    broken(
        "r71_local_network_gateways_lie_outside",
        "VNet2: lng2",
        ("[10.102.0.0/16]\nconnections", "[10.102.0.0/16, 10.2.9.0/24]\nconnections"),
    ),
    broken(
        "r72_local_network_gateways_do_not_overlap",
        "local_network_gateways: {VNet2: lng2}",
        ("    site: Site1\n", "    site: Site1\n    address_prefixes: [10.102.9.0/24]\n"),
    ),
    broken("r74_connections_join_gateways", "VNet2, VNet3", connection("type: Vnet2Vnet, between: [VNet2, VNet3]")),
    broken("r74_connections_join_gateways", "VNet2, VNet2", connection("type: Vnet2Vnet, between: [VNet2, VNet2]")),
    broken(
        "r74_connections_join_gateways",
        "Vnet2Vnet",
        gateway3("sku: VpnGw1"),
        connection("type: Vnet2Vnet, between: [VNet3, Site1]"),
    ),
    broken("r74_connections_join_gateways", "Site1, Site2", connection("type: IPsec, between: [Site1, Site2]")),
    broken(
        "r75_hidden_local_network_gateway_stays_hidden",
        "lng3",
        gateway3("sku: VpnGw1"),
        (
            CONNECTIONS,
            "  lng3: {vnet: VNet2, address_prefixes: [10.2.0.0/16]}\nconnections:\n"
            "  new: {type: Vnet2Vnet, between: [VNet3, VNet2], local_network_gateways: {VNet3: lng3}}\n",
        ),
    ),
    broken(
        "r73_second_tunnels_take_a_second_device",
        "between: [VNet2, Site1]",
        connection("type: IPsec, between: [VNet2, Site1], enable_bgp: true"),
    ),
    broken(
        "r73_second_tunnels_take_a_second_device",
        "device: d1",
        ("between: [VNet5, Site3], device: d1, enable_bgp: true", "between: [VNet5, Site3], device: d1"),
    ),
    broken("r73_second_tunnels_take_a_second_device", D2_BETWEEN, SEED, SEED_KEY, D2_LINE),
    broken(
        "r73_devices_have_addresses_of_their_own",
        "203.0.113.130",
        ("    bgp: {asn: 65103}\n", "    bgp: {asn: 65103}\n    public_ip_address: 203.0.113.130\n"),
    ),
    broken(
        "r73_devices_have_addresses_of_their_own",
        "10.103.0.9",
        ("bgp: {asn: 65103}", "bgp: {asn: 65103, bgp_peering_address: 10.103.0.9}"),
    ),
    broken(
        "r73_devices_have_addresses_of_their_own",
        "10.103.0.8/30",
        ("address_prefixes: [10.103.0.0/16]", "address_prefixes: [10.103.0.8/30]"),
        ("learned: {Site3: {10.5.0.0/16: '65050', 10.6.0.0/16: absent}, VNet5", "learned: {VNet5"),
        ("{site: Site3, prefix: 10.104.0.0/16, count", "{site: Site1, prefix: 10.104.0.0/16, count"),
    ),
    broken(
        "b7_local_network_gateways_know_the_peer",
        "10.103.0.1}",
        (
            CONNECTIONS,
            f"  lng3: {{site: Site3, bgp: {{asn: 65103, bgp_peering_address: 10.103.0.1}}}}\n{CONNECTIONS}",
        ),
        ("    device: d2\n", "    device: d2\n    local_network_gateways: {VNet5: lng3}\n"),
    ),
    broken(
        "r74_pairs_have_one_key",
        "shared_key: aB3",
        ("shared_key: aB3!", "shared_key: aB3!, other_end: {shared_key: other}"),
    ),
    broken(
        "r77_second_tunnels_need_an_active_active_end",
        "new:",
        gateway3("sku: VpnGw1"),
        connection("type: Vnet2Vnet, between: [VNet2, VNet3]"),
        ("  new:", "  new2: {type: Vnet2Vnet, between: [VNet3, VNet2]}\n  new:"),
    ),
    broken(
        "r79_classic_gateways_have_limits",
        "bgp: {asn: 65030}",
        ("  VNet3:\n", "  VNet3:\n    deployment_model: Classic\n"),
        gateway3("bgp: {asn: 65030}"),
    ),
    broken(
        "r79_classic_gateways_have_limits",
        "new:",
        ("  VNet3:\n", "  VNet3:\n    deployment_model: Classic\n"),
        gateway3("sku: VpnGw1"),
        connection("type: IPsec, between: [VNet3, Site1], enable_bgp: true"),
    ),
    broken(
        "r79_classic_gateways_have_limits",
        "new:",
        ("  VNet3:\n", "  VNet3:\n    deployment_model: Classic\n"),
        gateway3("sku: VpnGw1"),
        connection("type: Vnet2Vnet, between: [VNet3, VNet2]"),
    ),
    broken(
        "r104_gateway_transit_stays_in_its_region",
        "spoke-hub:",
        *ALL_SEED,
        ("  VNet1:\n", "  VNet1:\n    region: West Europe\n"),
        ("  VNet4:\n", "  VNet4:\n    region: East US\n"),
    ),
    broken(
        "r110_sites_know_the_spokes",
        "S1:",
        (SITES, SITES + "  S1: {address_prefixes: [10.109.0.0/16]}\n"),
        connection("type: IPsec, between: [VNet1, S1]"),
    ),
    broken(
        "r100_peered_vnets_do_not_overlap",
        "there:",
        PEERED,
        ("address_space: [10.3.0.0/16]", "address_space: [10.3.0.0/16, 10.2.9.0/24]"),
    ),
    broken("r101_peerings_come_in_pairs", "there:", (HUB, HUB + "  there: {vnet: VNet2, remote_vnet: VNet3}\n")),
    broken("r101_peerings_come_in_pairs", "again:", (SPOKE, SPOKE + "  again: {vnet: VNet1, remote_vnet: VNet4}\n")),
    broken(
        "r103_remote_gateways_can_be_used",
        "there:",
        PEERED,
        gateway3("sku: VpnGw1"),
        ("remote_vnet: VNet3}", "remote_vnet: VNet3, use_remote_gateways: true}"),
        ("{vnet: VNet3, remote_vnet: VNet2}", "{vnet: VNet3, remote_vnet: VNet2, allow_gateway_transit: true}"),
    ),
    broken(
        "r103_remote_gateways_can_be_used",
        "back:",
        PEERED,
        ("remote_vnet: VNet2}", "remote_vnet: VNet2, use_remote_gateways: true}"),
    ),
    broken(
        "r103_remote_gateways_can_be_used",
        "to4:",
        (
            SPOKE,
            SPOKE + "  from4: {vnet: VNet4, remote_vnet: VNet3, allow_gateway_transit: true}\n"
            "  to4: {vnet: VNet3, remote_vnet: VNet4, use_remote_gateways: true}\n",
        ),
    ),
    broken(
        "r103_remote_gateways_can_be_used",
        "to2:",
        (
            SPOKE,
            SPOKE + "  from2: {vnet: VNet2, remote_vnet: VNet4, allow_gateway_transit: true}\n"
            "  to2: {vnet: VNet4, remote_vnet: VNet2, use_remote_gateways: true}\n",
        ),
        also=("r110_sites_know_the_spokes",),
    ),
    broken("b1_bgp_needs_a_capable_gateway", "sku: Basic", gateway3("sku: Basic, bgp: {asn: 65030}")),
    broken(
        "b1_bgp_needs_a_capable_gateway",
        "new:",
        gateway3("sku: Basic"),
        connection("type: IPsec, between: [VNet3, Site1], enable_bgp: true"),
    ),
    broken("b3_asns_are_not_azures", "12076", ("bgp: {asn: 65020}", "bgp: {asn: 12076}")),
    broken(
        "b3_asns_are_not_azures",
        "65515",
        (
            "    bgp: {asn: 65101, bgp_peering_address: 10.101.0.1}\n    hosts",
            "    bgp: {asn: 65515, bgp_peering_address: 10.101.0.1}\n    hosts",
        ),
        ("    site: Site1\n    bgp: {asn: 65101", "    site: Site1\n    bgp: {asn: 65515"),
    ),
    broken("b4_asns_are_not_ianas", "64500", ("bgp: {asn: 65020}", "bgp: {asn: 64500}")),
    broken("b4_asns_are_not_ianas", "429496729", ("bgp: {asn: 65020}", "bgp: {asn: 429496729}")),
    broken("b5_asns_are_usable", "65516", ("bgp: {asn: 65020}", "bgp: {asn: 65516}")),
    broken("b6_asns_fit_the_profile", "70000", *ALL_SEED, ("bgp: {asn: 65020}", "bgp: {asn: 70000}")),
    broken("b7_asns_differ", "VNet1-VNet2", ("bgp: {asn: 65020}", "bgp: {asn: 65010}")),
    broken(
        "b7_asns_differ",
        "VNet1-VNet2",
        ("bgp: {asn: 65020}", "bgp: {asn: 65515}"),
        ("bgp: {asn: 65010,", "bgp: {asn: 65515,"),
    ),
    broken(
        "b7_asns_differ",
        "enable_bgp",
        (
            "    between: [VNet2, Site2]\n    local_network_gateways: {VNet2: lng2}",
            "    between: [VNet2, Site2]\n    enable_bgp: true # here",
        ),
    ),
    broken(
        "b7_local_network_gateways_know_the_peer",
        "65102",
        ("    site: Site1\n    bgp: {asn: 65101", "    site: Site1\n    bgp: {asn: 65102"),
    ),
    broken(
        "b7_local_network_gateways_know_the_peer",
        "10.101.0.2",
        (
            "    site: Site1\n    bgp: {asn: 65101, bgp_peering_address: 10.101.0.1}",
            "    site: Site1\n    bgp: {asn: 65101, bgp_peering_address: 10.101.0.2}",
        ),
    ),
    broken(
        "b7_local_network_gateways_know_the_peer",
        "lng1:",
        ("    site: Site1\n    bgp: {asn: 65101, bgp_peering_address: 10.101.0.1}", "    site: Site1"),
    ),
    broken("b8_gateway_peers_from_its_subnet", "10.1.0.30", ("10.1.255.30", "10.1.0.30")),
    broken(
        "b10_devices_peer_from_inside",
        "10.2.9.9",
        ("65101, bgp_peering_address: 10.101.0.1}\n    hosts", "65101, bgp_peering_address: 10.2.9.9}\n    hosts"),
        ("10.101.0.1}\n  lng2", "10.2.9.9}\n  lng2"),
    ),
    broken(
        "b10_devices_peer_from_inside",
        "203.0.113.9",
        (
            "65101, bgp_peering_address: 10.101.0.1}\n    hosts",
            "65101, bgp_peering_address: 203.0.113.9}\n    public_ip_address: 203.0.113.9\n    hosts",
        ),
        ("10.101.0.1}\n  lng2", "203.0.113.9}\n  lng2"),
    ),
    broken("b8_gateway_peers_from_its_subnet", "10.5.0.5", ("[10.5.255.4, 10.5.255.5]", "[10.5.255.4, 10.5.0.5]")),
    broken(
        "b10_devices_peer_from_inside",
        "203.0.113.131",
        ("d1: {bgp_peering_address: 10.103.0.1,", "d1: {bgp_peering_address: 203.0.113.131,"),
    ),
    broken(
        "b10_devices_peer_from_inside",
        "10.5.9.9",
        ("bgp_peering_address: 10.103.0.1,", "bgp_peering_address: 10.5.9.9,"),
    ),
    broken("b12_apipa_is_azures_part", "169.254.1.1", ("10.1.255.30", "169.254.1.1")),
    broken("b12_apipa_is_azures_part", "10.5.255.4, 169.254.20.7", ("10.5.255.5]", "169.254.20.7]")),
    broken("b12_apipa_is_azures_part", "169.254.21.2", *ALL_SEED, ("10.1.255.30", "169.254.21.2")),
    broken(
        "b12_bgp_addresses_differ", "10.103.0.1", ("bgp_peering_address: 10.103.0.2", "bgp_peering_address: 10.103.0.1")
    ),
    broken(
        "b12_bgp_addresses_differ",
        "169.254.21.2",
        ("10.1.255.30", "169.254.21.2"),
        ("bgp: {asn: 65020}", "bgp: {asn: 65020, bgp_peering_address: 169.254.21.2}"),
    ),
    broken("a1_route_server_has_its_subnet", "route_server", (", RouteServerSubnet: 10.66.255.0/26", "")),
    broken("a1_route_server_has_its_subnet", "10.66.255.0/27", ("10.66.255.0/26", "10.66.255.0/27")),
    broken("a1_route_server_has_its_subnet", "10.66.255.0/28", *ALL_SEED, ("10.66.255.0/26", "10.66.255.0/28")),
    broken(
        "a1_route_server_subnet_is_its_own", "subnet: RouteServerSubnet", edge_and(0, "{subnet: RouteServerSubnet}")
    ),
    broken(
        "a1_route_server_subnet_is_its_own",
        "route_table: vault",
        (
            "RouteServerSubnet: 10.66.255.0/26",
            "RouteServerSubnet: {address_prefix: 10.66.255.0/26, route_table: vault}",
        ),
        ("route_tables:\n", "route_tables:\n  vault: {}\n"),
    ),
    broken("a4_appliances_peer_with_both_instances", "asn: 65066", nva_with("route_server_instances: [1]")),
    *(
        broken("a6_asns_of_appliances_are_free", f"asn: {asn}", ("asn: 65066", f"asn: {asn}"))
        for asn in (65515, 65516, 12076, 64496, 70000)
    ),
    broken(
        "a7_route_servers_have_few_peers",
        "route_server",
        *(edge_and(asn, f"{{subnet: default, nva: {{bgp: {{asn: {asn}}}}}}}") for asn in range(64601, 64609)),
    ),
    # A9: the appliance's 10.98.0.0/16 and Site6's are there.
    broken("a9_route_servers_have_limits", "count: 9999", announced(9999)),
    # A37: VNet6's and Site6's are there; 10.98.0.0/16 goes nowhere (A22).
    broken("a37_circuits_take_few_routes", "count: 999", *CIRCUIT6, announced(999)),
    broken("a37_circuits_take_few_routes", "count: 199", *ALL_SEED, *CIRCUIT6, announced(199)),
    broken(
        "a37_circuits_take_few_routes",
        "route_server",
        *CIRCUIT6,
        ("announces: [10.98.0.0/16]", f"announces: [10.98.0.0/16, {slash30s(999)}]"),
    ),
    broken("a14_next_hops_are_in_the_vnet", "asn: 65066", nva_with("next_hop: 10.1.0.4")),
    broken("a14_next_hops_are_in_the_vnet", "asn: 65066", nva_with("next_hop: 10.66.0.99")),
    broken(
        "a24_gateways_beside_it_are_active_active",
        "vpn_gateway",
        ("    route_server: {allow", "    vpn_gateway: {bgp: {asn: 65515}}\n    route_server: {allow"),
    ),
    broken(
        "a24_gateways_beside_it_are_active_active",
        "asn: 65060",
        (
            "    route_server: {allow",
            "    vpn_gateway: {active_active: true, bgp: {asn: 65060}}\n    route_server: {allow",
        ),
    ),
    broken(
        "appliances_have_a_peer",
        "asn: 64601",
        FW_LISTENS,
    ),
    broken("appliances_name_their_sites", "Site99", ("sites: [Site6]", "sites: [Site6, Site99]")),
    broken("appliances_name_their_sites", "[Site6, Site6]", ("sites: [Site6]", "sites: [Site6, Site6]")),
    broken("appliances_name_their_sites", "Site3]", ("sites: [Site6]", "sites: [Site3]")),
    broken("appliances_name_their_sites", "Site2]", ("sites: [Site6]", "sites: [Site2]")),
    broken("appliances_name_their_sites", "Site6]", ("asn: 65106", "asn: 65066")),
    broken(
        "prefixes_with_no_advertise_are_announced",
        "no_advertise",
        ("announces: [10.98.0.0/16]", "announces: [10.97.0.0/16]"),
    ),
)


CURRENT_WITHIN = (
    # R91, R5.
    (GATEWAY_TABLE,),
    (
        GATEWAY_TABLE,
        ("10.1.8.0/24, next", "10.1.0.0/16, next"),
        ("  inbound:\n    routes:\n", INBOUND_EXEMPT),
    ),
    # R84.
    (gateway3("default_site: Site2"), connection("type: IPsec, between: [VNet3, Site2]")),
    # R88, R89: the gateway and the appliance of a peer.
    (("default: 10.4.0.0/24}", "default: {address_prefix: 10.4.0.0/24, route_table: filtered}}"),),
    # A1, A7, A24, and no exchange with the gateway.
    (("10.66.255.0/26", "10.66.0.128/25"), ("default: 10.66.0.0/24", "default: 10.66.1.0/24")),
    tuple(edge_and(asn, f"{{subnet: default, nva: {{bgp: {{asn: {asn}}}}}}}") for asn in range(64601, 64608)),
    (("    route_server: {allow", "    vpn_gateway: {active_active: true}\n    route_server: {allow"),),
    (
        ("{allow_branch_to_branch_traffic: true}", "{}"),
        ("    route_server: {}", "    vpn_gateway: {}\n    route_server: {}"),
    ),
    # A9, A37, and without branch-to-branch.
    (announced(9998),),
    (*CIRCUIT6, announced(998)),
    (*CIRCUIT6, announced(999), ("    route_server: {allow_branch_to_branch_traffic: true}", "    route_server: {}")),
    # A14.
    (nva_with("next_hop: 10.66.0.4"),),
    (("dpd_timeout_seconds: 30", "dpd_timeout_seconds: 9"),),
    (("dpd_timeout_seconds: 30", "dpd_timeout_seconds: 3600"),),
    (("aB3!", "k" * 128),),
    (("aB3!", '"!,.}"'),),
    (("bgp: {asn: 65020}", "bgp: {asn: 70000}"),),
    (("10.5.255.5]", "169.254.22.255]"),),
    (("[root]", str([f"root{n}" for n in range(20)]).replace("'", "")),),
    (("192.168.5.0/24", "192.168.5.0/28"),),
    (("address_pool: 192.168.0.0/24", "address_pool: 192.168.0.0/29"),),
    (("public_ip_addresses: [203.0.113.51, 203.0.113.52, 203.0.113.53]\n", "sku: HighPerformance\n"),),
    # R52: with the three that are there.
    many_sites(27),
    (gateway3("sku: VpnGw1, active_active: true"), *many_sites(15, "VNet3")),
    (gateway3("sku: VpnGw1"), connection("type: IPsec, between: [VNet3, Site2], connection_protocol: IKEv1")),
    # R77.
    (connection("type: Vnet2Vnet, between: [VNet5, VNet2]"),),
    (
        connection("type: Vnet2Vnet, between: [VNet5, VNet2]"),
        ("  new: {", "  again: {type: Vnet2Vnet, between: [VNet2, VNet5]}\n  new: {"),
    ),
    # R79.
    (
        ("  VNet3:\n", "  VNet3:\n    deployment_model: Classic\n"),
        gateway3("sku: Standard"),
        connection("type: IPsec, between: [VNet3, Site2]"),
    ),
    # R104.
    (("  VNet1:\n", "  VNet1:\n    region: West Europe\n"), ("  VNet4:\n", "  VNet4:\n    region: East US\n")),
    # R110.
    (
        (
            SITES,
            SITES + "  S1: {address_prefixes: [10.109.0.0/16], static_routes: {new: [10.1.0.0/16, 10.4.0.0/15]}}\n",
        ),
        connection("type: IPsec, between: [VNet1, S1]"),
    ),
    (
        gateway3("sku: VpnGw1"),
        connection(
            f"type: IPsec, between: [VNet3, Site2], traffic_selector_policies: [{', '.join([SELECTORS] * 100)}]"
        ),
    ),
    (
        gateway3("sku: VpnGw1"),
        ("address_space: [10.3.0.0/16]", f"address_space: [10.3.0.0/16, {slash30s(599)}]"),
    ),
    # R62: six prefixes are there, the pool included.
    (routes(249),),
)
SEED_WITHIN = (
    (),
    (("10.2.255.0/27", "10.2.255.0/28"),),
    (("shared_key: aB3", "shared_key: aB3, connection_protocol: IKEv1"),),
    (("  VNet1:\n", "  VNet1:\n    region: West Europe\n"), ("  VNet4:\n", "  VNet4:\n    region: west europe\n")),
    (gateway3(P2S3), *many_clients(128)),
    (routes(19),),
)


@pytest.mark.parametrize("edits", [*CURRENT_WITHIN, *((*ALL_SEED, *edits) for edits in SEED_WITHIN)])
def test_what_is_just_allowed_has_no_finding(edits: tuple[tuple[str, str], ...]) -> None:
    assert [str(item) for item in findings(Broken("", "", edits).text)] == []


@cache
def findings(text: str) -> tuple[Finding, ...]:
    try:
        return parse(text, "x.yaml").warnings
    except ScenarioError as error:
        return error.findings


@cache
def scenario_of(text: str) -> Scenario:
    return Scenario.model_validate(read(text, "x.yaml").data)


def test_the_unbroken_scenario_has_no_finding() -> None:
    assert findings(GOOD) == ()


@pytest.mark.parametrize("case", BROKEN, ids=lambda case: f"{case.rule}-{case.at}")
def test_a_broken_rule_is_found_alone_and_with_its_line(case: Broken) -> None:
    scenario = scenario_of(case.text)
    assert {rule.__name__ for rule in rules.RULES if any(rule(scenario))} == {case.rule, *case.also}
    rule = next(rule for rule in rules.RULES if rule.__name__ == case.rule)
    messages = {breach.message for breach in rule(scenario)}
    mine = [item for item in findings(case.text) if any(item.message.endswith(message) for message in messages)]
    assert mine
    lines = case.text.splitlines()
    assert any(case.at in lines[item.line - 1] for item in mine), [(item.line, str(item)) for item in mine]
    assert all(item.where == "x.yaml" and item.line for item in mine)
    assert all(item.rule == rules.number(rule) for item in mine)


def test_each_rule_has_a_scenario_that_breaks_it() -> None:
    assert {rule.__name__ for rule in rules.RULES} == {case.rule for case in BROKEN}


def test_each_rule_is_listed_once_and_says_its_number() -> None:
    assert len(set(rules.RULES)) == len(rules.RULES)
    for rule in rules.RULES:
        assert rule.__doc__
        assert rule.__doc__.startswith(rules.number(rule))


def test_each_rule_function_is_listed() -> None:
    rooms = [item for item in vars(rules).values() if inspect.ismodule(item)]
    public = {name for room in rooms for name in vars(room) if re.match(r"[rba]\d+_", name)}
    assert public == {rule.__name__ for rule in rules.RULES if rules.number(rule)}


@pytest.mark.parametrize("case", BROKEN, ids=lambda case: f"{case.rule}-{case.at}")
def test_no_message_holds_a_shared_key(case: Broken) -> None:
    assert not any(key in str(item) for item in findings(case.text) for key in ("aB3", "zweite", "kkkk"))


ASNS = (
    *((asn, "B3") for asn in (8074, 8075, 12076, 65517, 65518, 65519, 65520)),
    *((asn, "B4") for asn in (23456, 64496, 64511, 65535, 65551, 4294967295, 429496729)),
    (65516, "B5"),
    *((asn, "") for asn in (8073, 8076, 23455, 64495, 64512, 65514, 65521, 65534, 65552)),
)


@pytest.mark.parametrize(("asn", "rule"), ASNS)
def test_each_reserved_asn_is_known(asn: int, rule: str) -> None:
    assert [item.rule for item in findings(GOOD.replace("asn: 65020", f"asn: {asn}"))] == [rule] * bool(rule)


SKUS = (
    *(("current", sku, 128) for sku in ("Standard", "HighPerformance")),
    *(("current", f"VpnGw{n}AZ", most) for n, most in enumerate((250, 500, 1000, 5000, 10000), 1)),
    ("seed", "VpnGw5", 128),
)


@pytest.mark.parametrize(("profile", "sku", "most"), SKUS)
def test_each_sku_serves_its_clients(profile: str, sku: str, most: int) -> None:
    text = GOOD.replace("name: everything\n", f"name: everything\nprofile: {profile}\n")
    assert rules.gateways.most_clients(scenario_of(text), sku) == most


@pytest.mark.parametrize(("size", "severity"), [(27, None), (28, "warning"), (29, "warning"), (30, "error")])
def test_a_gateway_subnet_too_small_is_an_error_and_a_small_one_a_warning(size: int, severity: str | None) -> None:
    found = [
        item.severity for item in findings(GOOD.replace("10.2.255.0/27", f"10.2.255.0/{size}")) if item.rule == "R3"
    ]
    assert found == [severity] * (severity is not None)


@pytest.mark.parametrize(("peers", "machines", "found"), [(True, 3999, 0), (True, 4000, 1), (False, 4000, 0)])
def test_a_route_server_serves_the_machines_of_its_vnet_and_its_peers(peers: bool, machines: int, found: int) -> None:
    """A9: the appliance in VNet6 is there."""
    scenario = scenario_of(GOOD)
    vms = {f"m{number}": VirtualMachine(subnet="default") for number in range(machines)}
    pair = {"out": Peering(vnet="VNet6", remote_vnet="VNet3"), "back": Peering(vnet="VNet3", remote_vnet="VNet6")}
    vnets = {**scenario.vnets, "VNet3": scenario.vnets["VNet3"].model_copy(update={"vms": vms})}
    peerings = {**scenario.peerings, **(pair if peers else {})}
    changed = scenario.model_copy(update={"vnets": vnets, "peerings": peerings})
    assert len(tuple(a9_route_servers_have_limits(changed))) == found


def test_a_story_may_tell_a_circuit_too_much_and_a_scenario_not() -> None:
    """A37: the story shows what comes of it (R98)."""
    as_built = ("announces: [10.98.0.0/16]", f"announces: [10.98.0.0/16, {slash30s(999)}]")
    for edit, severity in ((announced(999), "warning"), (as_built, "error")):
        found = findings(Broken("", "", (*CIRCUIT6, edit)).text)
        assert [(item.rule, item.severity) for item in found] == [("A37", severity)]


def test_a_circuit_that_is_told_less_again_is_no_finding_any_more() -> None:
    """A37: of three actions only the one in the middle is too much."""
    told = {"nva": "VNet6-edge", "prefix": "100.64.0.0/10", "count": 998}
    one = {"nva": "VNet6-edge", "prefix": "100.128.0.0/16"}
    actions = [{"announce": told}, {"announce": one}, {"withdraw": one}]
    text = Broken("", "", (*CIRCUIT6, (STEP, f"  - {{name: told, do: {json.dumps(actions)}}}\n{STEP}"))).text
    assert [item.line for item in findings(text)] == [text[: text.index("100.128")].count("\n") + 1]


def test_warnings_do_not_refuse_a_scenario() -> None:
    loaded = parse(GOOD.replace("10.2.255.0/27", "10.2.255.0/28"), "x.yaml")
    assert [(item.rule, item.severity) for item in loaded.warnings] == [("R3", "warning")]


def test_all_broken_rules_are_reported_at_once_in_the_order_of_lines() -> None:
    text = GOOD.replace("10.1.0.9", "10.1.0.3").replace("gateway: VNet1, local", "gateway: VNet9, local")
    assert [item.rule for item in findings(text)] == ["R18", ""]


REFERENCES = (
    "route_table: filtered",
    "{subnet: default}\n      vm2",
    "{vnet: VNet4,",
    "remote_vnet: VNet4,",
    "site: Site1\n",
    "[VNet2, Site2]",
    "{VNet2: lng2}",
    "linux, gateway: VNet1, public",
    "{VNet2-Site2: ",
    "client: win,",
    "{site: Site1,",
    "{lin: [",
    "app: reachable",
    "dropped_at: win",
    "Site3], device: d1",
    "{VNet5-d2",
    "{connection: VNet5-d1",
    "{name: Site3",
    "{name: Site3, device: d1",
    "silence_device: {site: Site1",
    "fail_gateway: {vnet: VNet2",
    "set_key: {connection: VNet2-Site2",
    "end: Site2",
    "set_custom_routes: {vnet: VNet1",
    "mac, gateway: VNet5",
    "further_gateways: [VNet5",
    "revoked_certificates: [mac",
    "flow: {source: db",
    "connections: {VNet5-d1",
    "learned: {Site3",
    "site3-d2",
)
HOSTILE = ("../x", "a;b", "a\nb", "x" * 300, "\x1b[31m", "")


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("reference", REFERENCES)
def test_a_hostile_reference_is_refused_and_not_repeated_raw(reference: str, name: str) -> None:
    assert GOOD.count(reference) == 1
    *_, known = re.findall(
        r"\b(?:filtered|VNet\d-\w+|(?:site3-)?d\d|default|VNet\d|Site\d|lng\d|win|lin|mac|app|db)\b", reference
    )
    found = findings(GOOD.replace(reference, reference.replace(known, json.dumps(name), 1)))
    assert found
    assert all(item.message.isprintable() and len(item.message) < 400 for item in found)


WORDS = sorted(
    set(re.findall(r"[A-Za-z0-9][\w./-]+", GOOD)) | {"0.0.0.0/0", "255.255.255.255/32", "10.1.0.0/31", "65515"}
)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_rules_meet_any_mixture_of_names_and_values(data: st.DataObject) -> None:
    text = GOOD
    for _ in range(data.draw(st.integers(1, 5))):
        text = text.replace(data.draw(st.sampled_from(WORDS)), data.draw(st.sampled_from(WORDS)), 1)
    findings(text)


def objects(data: Mapping[str, Any]) -> list[tuple[str | int, ...]]:
    """The place of every object, and of every step."""
    return [(key, name) for key in salvage.OBJECTS for name in data.get(key, ())] + [
        ("story", index) for index in range(len(data["story"]))
    ]


@pytest.mark.parametrize("place", objects(read(GOOD, "x.yaml").data), ids=lambda place: f"{place[1]}")
def test_leaving_a_broken_object_out_breaks_no_rule(place: tuple[str | int, ...]) -> None:
    assert list(salvage.breaches(read(GOOD, "x.yaml").data, [place])) == []


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_leaving_broken_objects_out_finds_nothing_else(data: st.DataObject) -> None:
    case = data.draw(st.sampled_from([case for case in BROKEN if len(case.text) < 9000]))
    written = read(case.text, "x.yaml").data
    places = data.draw(st.lists(st.sampled_from(objects(written)), max_size=3, unique=True))
    known = {(breach.rule, breach.path) for breach in rules.check(scenario_of(case.text))}
    assert {(breach.rule, breach.path) for breach in salvage.breaches(written, places)} <= known


def numbers_of(letter: str) -> list[str]:
    return [item.number for item in rulebook.entries().values() if letter in item.lab]


# A VPN server of one's own, section 2.9 and a Route Server's capacity have objects that are not built yet.
LATER = {"R90", *(f"R{number}" for number in range(92, 100)), "A9", "A37"}


@pytest.mark.parametrize("name", [name for name in numbers_of("E") if name not in LATER])
def test_a_rule_to_enforce_has_a_function_or_says_why_not(name: str) -> None:
    item = rulebook.entry(name)
    assert item.functions or item.note


def test_every_function_with_a_number_enforces_a_rule_that_is_built() -> None:
    for rule in rules.RULES:
        if rules.number(rule):
            assert "enforced" in rulebook.entry(rules.number(rule)).doing


def test_the_rulebook_is_complete() -> None:
    known = [f"{letter}{n}" for letter, last in (("R", 116), ("B", 32), ("A", 38)) for n in range(1, last + 1)]
    assert list(rulebook.entries()) == known
    for item in rulebook.entries().values():
        assert item.says.endswith(".")
        assert len(item.says) <= 120
        assert item.source
        assert item.mark in ("", "DRIFT", "DERIVED", "3P", "UNCONFIRMED")
        assert item.doing == (("not built yet",) if not item.built else item.doing)


def test_a_rule_goes_by_its_number_in_any_case() -> None:
    assert rulebook.entry("r57").functions == (rules.point_to_site.r57_pools_overlap_nothing,)
    assert rulebook.entry("A34").doing == ("not built yet",)
    assert "rules.point_to_site.r57_pools_overlap_nothing" in rulebook.outline(rulebook.entry("R57"))
    assert rulebook.structure(rulebook.entry("R57"))["functions"] == ["r57_pools_overlap_nothing"]


@pytest.mark.parametrize("name", ["R117", "57", "\x1b[31m", "x" * 300])
def test_an_unknown_rule_is_refused(name: str) -> None:
    with pytest.raises(UsageError) as caught:
        rulebook.entry(name)
    assert caught.value.message.isprintable()
