"""A small network with a pair of routers for every row of the table of BGP policy."""

from __future__ import annotations

from functools import cache

from netlab.scenario.loader import parse
from netlab.scenario.network import Topology, resolve

TEXT = """
name: policy
vnets:
  Hub:
    address_space: [10.1.0.0/16]
    subnets: {default: 10.1.0.0/24, GatewaySubnet: 10.1.254.0/27, RouteServerSubnet: 10.1.255.0/26}
    vms:
      nva:
        subnet: default
        enable_ip_forwarding: true
        nva:
          bgp:
            asn: 65001
            sites: [Remote]
            announces: [10.9.0.0/16, 10.10.0.0/16]
            next_hop: 10.1.0.9
            no_advertise: [10.9.0.0/16]
            as_path_prepend: 2
            as_override: true
            policies:
              Hub: {exports: [{prefixes: [10.10.0.0/16], as_path_prepend: 3}]}
              Remote: {imports: [{prefixes: [10.44.0.0/16], action: deny}], advertises_learned: false}
    expressroute_gateway: {sku: ErGw3AZ}
    vpn_gateway: {active_active: true, bgp: {asn: 65515}, point_to_site: {address_pool: 192.168.0.0/24}}
    route_server: {allow_branch_to_branch_traffic: true}
  Spoke: {region: westeurope, address_space: [10.2.0.0/16], subnets: {default: 10.2.0.0/24}}
  Private:
    address_space: [10.3.0.0/16]
    subnets: {GatewaySubnet: 10.3.254.0/27}
    expressroute_gateway: {}
  Plain:
    address_space: [10.4.0.0/16]
    subnets: {GatewaySubnet: 10.4.254.0/27}
    vpn_gateway: {bgp: {asn: 65040}}
peerings:
  hub-spoke: {vnet: Hub, remote_vnet: Spoke, allow_gateway_transit: true}
  spoke-hub: {vnet: Spoke, remote_vnet: Hub, use_remote_gateways: true}
sites:
  Office: {address_prefixes: [10.101.0.0/16], bgp: {asn: 65101}, as_path_prepend: {Hub-Office: 3}}
  Remote: {address_prefixes: [10.102.0.0/16, 10.44.0.0/16], bgp: {asn: 65102}}
  Twin:
    address_prefixes: [10.103.0.0/16]
    bgp: {asn: 65103}
    devices: {a: {}, b: {}}
  Far: {address_prefixes: [10.105.0.0/16], bgp: {asn: 65105}}
  Farther: {address_prefixes: [10.106.0.0/16], bgp: {asn: 65105}}
  Open: {address_prefixes: [10.107.0.0/16], bgp: {asn: 65107}}
provider_networks:
  Wan: {asn: 64600, sites: [Far, Farther]}
connections:
  Hub-Office: {type: IPsec, between: [Hub, Office], enable_bgp: true}
  Plain-Office: {type: IPsec, between: [Plain, Office], enable_bgp: true}
  Hub-Twin: {type: IPsec, between: [Hub, Twin], enable_bgp: true, device: a}
expressroute_circuits:
  c1: {site: Office, bfd: true, hold_time_seconds: 90,
    vnets: {Hub: {routing_weight: 7, express_route_gateway_bypass: true}, Private: {routing_weight: 9}}}
  c2:
    site: Twin
    vnets: {Private: {}}
    global_reach: {to-c3: {peer_circuit: c3, address_prefix: 192.168.99.0/29}}
  c3: {provider_network: Wan, vnets: {Private: {}}}
  c4:
    site: Open
    vnets: {Private: {}}
    microsoft_peering:
      primary_peer_address_prefix: 198.51.100.80/30
      secondary_peer_address_prefix: 198.51.100.84/30
      advertised_public_prefixes: [198.51.100.64/28]
      route_filter: west
route_filters:
  west: {communities: ["12076:51002"]}
"""
VPN = "route_server: {allow_branch_to_branch_traffic: true, hub_routing_preference: VpnGateway}"
AS_PATH = "route_server: {allow_branch_to_branch_traffic: true, hub_routing_preference: ASPath}"
SEED = "name: policy\nprofile: seed"
PREMIUM = "hold_time_seconds: 90, sku_tier: Premium"
Edit = tuple[str, str]
NONE: Edit = ("name: policy", "name: policy")
_GATEWAY = "    vpn_gateway: {bgp: {asn: 65040}}\n"
_JOINED = "Plain-Office: {type: IPsec, between: [Plain, Office], enable_bgp: true"
_PLAIN = TEXT[TEXT.index(_GATEWAY) : TEXT.index(_JOINED) + len(_JOINED)]
_RULES = """    vpn_gateway:
      sku: VpnGw2AZ
      bgp: {asn: 65040}
      bgp_route_translation_for_nat: true
      nat_rules:
        office: {mode: IngressSnat, internal_mappings: [10.101.255.254/32], external_mappings: [100.99.1.1/32]}
        plain: {mode: EgressSnat, internal_mappings: [10.4.254.0/27], external_mappings: [100.99.2.0/27]}
        lan: {mode: IngressSnat, internal_mappings: [10.103.7.0/24], external_mappings: [100.99.7.0/24]}
        space: {mode: EgressSnat, internal_mappings: [10.4.0.0/16], external_mappings: [100.98.0.0/16]}
"""
TRANSLATES: Edit = (
    _PLAIN,
    _PLAIN.replace(_GATEWAY, _RULES) + ", ingress_nat_rules: [office, lan], egress_nat_rules: [plain, space]",
)
PREFERS_VPN: Edit = ("route_server: {allow_branch_to_branch_traffic: true}", VPN)
PREFERS_AS_PATH: Edit = ("route_server: {allow_branch_to_branch_traffic: true}", AS_PATH)


@cache
def topology(edit: Edit) -> Topology:
    """The network, with a text of the file replaced by another one."""
    before, now = edit
    assert before in TEXT, before
    return Topology(resolve(parse(TEXT.replace(before, now, 1), "policy.yaml").scenario))
