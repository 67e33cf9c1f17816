"""Why a BGP session is not established: each cause has a sentence of its own, which the verdict gives."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from mended import explained, found, states, untrue

from netlab.azure.unestablished import unestablished

BRANCH = """
name: branch
vnets:
  V:
    address_space: [10.1.0.0/16]
    subnets: {default: 10.1.0.0/24, GatewaySubnet: 10.1.255.0/27}
    vms: {vm1: {subnet: default}}
    vpn_gateway: {sku: VpnGw2AZ, bgp: {asn: 65010}}
sites:
  A: {address_prefixes: [10.101.0.0/16], bgp: {asn: 65101}, hosts: {h1: 10.101.0.10}}
connections:
  C: {type: IPsec, between: [V, A], enable_bgp: true, connection_mode: Default}
story:
  - {name: now, do: []}
"""
APIPA = """
name: apipa
vnets:
  V:
    address_space: [10.1.0.0/16]
    subnets: {default: 10.1.0.0/24, GatewaySubnet: 10.1.255.0/27}
    vms: {vm1: {subnet: default}}
    vpn_gateway:
      sku: VpnGw2AZ
      active_active: true
      bgp: {asn: 65010, bgp_peering_addresses: [169.254.21.1, 169.254.21.5, 169.254.21.9, 169.254.21.13]}
sites:
  A: {address_prefixes: [10.101.0.0/16], bgp: {asn: 65101, bgp_peering_addresses: [169.254.21.10, 169.254.21.14]},
      hosts: {h1: 10.101.0.10}}
local_network_gateways:
  L: {site: A, address_prefixes: [], bgp: {asn: 65101, bgp_peering_address: 169.254.21.10}}
connections:
  C: {type: IPsec, between: [V, A], enable_bgp: true, local_network_gateways: {V: L}}
story:
  - {name: now, do: []}
"""
CIRCUIT = """
name: circuit
vnets:
  V:
    address_space: [10.1.0.0/16]
    subnets: {default: 10.1.0.0/24, GatewaySubnet: 10.1.255.0/27}
    vms: {vm1: {subnet: default}}
    expressroute_gateway: {}
sites:
  A: {address_prefixes: [10.101.0.0/16], bgp: {asn: 65101}, hosts: {h1: 10.101.0.10}}
expressroute_circuits:
  X: {site: A, vnets: {V: {}}}
story:
  - {name: now, do: []}
"""
SERVER = """
name: server
vnets:
  V:
    address_space: [10.1.0.0/16]
    subnets: {default: 10.1.0.0/24, nva: 10.1.8.0/24, RouteServerSubnet: 10.1.254.0/27}
    vms:
      vm1: {subnet: default}
      sd: {subnet: nva, enable_ip_forwarding: true, nva: {bgp: {asn: 65005, announces: [], sites: [A]}}}
    route_server: {}
sites:
  A: {address_prefixes: [10.101.0.0/16], bgp: {asn: 65101}, hosts: {h1: 10.101.0.10}}
story:
  - {name: now, do: []}
"""


@dataclass(frozen=True)
class Case:
    """A network, what its story does or what its file says else, and what the verdict of vm1 to h1 says then."""

    text: str
    says: str
    do: str = ""
    old: str = ""
    new: str = ""

    @property
    def scenario(self) -> str:
        text = self.text.replace(self.old, self.new) if self.old else self.text
        return text.replace("do: []", f"do: [{self.do}]")


NARROW = (
    "traffic_selector_policies: [{local_address_ranges: [10.1.0.0/24], remote_address_ranges: [10.101.0.0/24]}], "
    "other_end: {}"
)
CASES = {
    "addresses of another /30": Case(
        APIPA, "V-gw-0 has no BGP session with a: v-gw-0 peers from 169.254.21.1, and a expects 169.254.21.9 (B37)"
    ),
    "no address for the second tunnel": Case(
        APIPA,
        "V-gw-1 has no BGP session with a: a has no BGP address in this tunnel (B43)",
        "{fail_gateway: {vnet: V, instance: 0}}",
        "[169.254.21.10, 169.254.21.14]",
        "[169.254.21.10]",
    ),
    "tunnel taken down": Case(
        BRANCH,
        "V-gw-0 has no BGP session with a: the tunnel C is down: C was taken down",
        "{fail_tunnel: {connection: C}}",
    ),
    "link cut": Case(
        BRANCH,
        "V-gw-0 has no BGP session with a: the tunnel C is down: the link of a to the Internet is cut",
        "{cut_link: {name: A}}",
    ),
    "keys differ": Case(
        BRANCH,
        "V-gw-0 has no BGP session with a: the tunnel C is down: authentication failed",
        "{set_key: {connection: C, shared_key: other, end: A}}",
    ),
    "both wait": Case(
        BRANCH,
        "V-gw-0 has no BGP session with a: the tunnel C is down: ",
        old="connection_mode: Default",
        new="connection_mode: ResponderOnly, other_end: {connection_mode: ResponderOnly}",
    ),
    "selectors without the peers": Case(
        BRANCH,
        "V-gw-0 has no BGP session with a: the traffic selectors of C do not hold its addresses 10.1.255.30 and "
        "10.101.255.254 (B11)",
        old="connection_mode: Default",
        new=NARROW,
    ),
    "daemon of a device": Case(
        BRANCH,
        "V-gw-0 has no BGP session with a: the BGP daemon of a is stopped",
        "{stop_bgp_daemon: {speaker: A}}",
    ),
    "shut down": Case(
        BRANCH,
        "V-gw-0 has no BGP session with a: a has shut it down",
        "{stop_bgp_session: {speaker: A, peer: V}}",
    ),
    "too many prefixes": Case(
        BRANCH,
        "V-gw-0 has no BGP session with a: the peer tells more than 4,000 prefixes (B16, A8)",
        "{announce: {site: A, prefix: 10.112.0.0/12, count: 4096}}",
    ),
    "links of a circuit": Case(
        CIRCUIT,
        "X-msee-1 has no BGP session with a: the link of x-msee-1 to its site is down",
        "{fail_circuit: {circuit: X}}",
    ),
    "daemon of an appliance": Case(
        SERVER,
        "V-sd has no BGP session with a: the BGP daemon of v-sd is stopped",
        "{stop_bgp_daemon: {speaker: V-sd}}",
    ),
    "appliance stopped": Case(SERVER, "V-sd has no BGP session with a: v-sd is stopped", "{stop_vm: {vm: sd}}"),
    "session of an appliance": Case(
        SERVER,
        "V-rs-0 has no BGP session with v-sd: v-sd has shut it down",
        "{stop_bgp_session: {speaker: V-sd, peer: V}}",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_the_verdict_names_the_cause_and_a_mend_is_true(name: str) -> None:
    text = CASES[name].scenario
    item = found(text, 0, "v-vm1", "a-h1")
    assert item.outcome == "unreachable"
    explanation = explained(text, "v-vm1", "a-h1")
    assert CASES[name].says in explanation.verdict
    assert explanation.mend
    assert not list(untrue(text, item, 0, explanation.mend))


@pytest.mark.parametrize("text", [BRANCH, CIRCUIT, SERVER], ids=["branch", "circuit", "server"])
def test_where_all_sessions_are_established_none_is_named(text: str) -> None:
    assert unestablished(states(text)[0]) == ()
    assert "BGP session" not in explained(text, "v-vm1", "a-h1").verdict


def test_what_names_the_addresses_of_the_connection_mends_b37() -> None:
    sentences = [mend.sentence for mend in explained(APIPA, "v-vm1", "a-h1").mend]
    assert "name the gateway's addresses on C: custom_bgp_addresses: [169.254.21.9, 169.254.21.13] (B37)" in sentences
