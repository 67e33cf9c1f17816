"""OpenVPN: routes are pushed at connect time, to every system; the pool that it shares with IKEv2."""

from __future__ import annotations

from ipaddress import IPv4Network

import pytest

from netlab.azure.moments import after, initial
from netlab.azure.p2s.refusals import NO_ADDRESS
from netlab.azure.p2s.routes import offered, pool_addresses, pool_part
from netlab.azure.prediction import matrix
from netlab.azure.state import State
from netlab.scenario.loader import parse
from netlab.scenario.models import Action, Scenario
from netlab.scenario.network import VpnGateway, resolve

HEAD = """
name: t
vnets:
  VNet1:
    address_space: [10.1.0.0/16]
    subnets: {default: 10.1.0.0/24, GatewaySubnet: 10.1.255.0/27}
    vms: {vm1: {subnet: default}}
    vpn_gateway:
      bgp: {asn: 65010}
      point_to_site: {address_pool: POOL, tunnel_types: [TYPES], authentication_types: [Certificate]}
sites:
  Site1: {address_prefixes: [10.101.0.0/16], announces: [], bgp: {asn: 65101}, hosts: {h: 10.101.0.10}}
connections:
  VNet1-Site1: {type: IPsec, between: [VNet1, Site1], enable_bgp: true}
clients:
"""
V1, S1, POOL = "10.1.0.0/16", "10.101.0.0/16", "192.168.0.0/24"


def scenario(clients: str, types: str = "OpenVPN", pool: str = POOL) -> Scenario:
    text = HEAD.replace("POOL", pool).replace("TYPES", types)
    return parse(text + "".join(f"  {line}\n" for line in clients.splitlines()), "t.yaml").scenario


def gateway(found: Scenario) -> VpnGateway:
    result = resolve(found).vnets["VNet1"].vpn_gateway
    assert result is not None
    return result


def act(state: State, verb: str, **subject: object) -> State:
    return after(state, Action.model_validate({verb: subject}))


def routes(state: State, client: str) -> list[str]:
    return sorted(map(str, state.client_routes(client)))


def test_nothing_of_what_is_offered_is_left_out() -> None:
    """IKEv2's selectors lie in no other ones; routes may."""
    prefixes = [IPv4Network(text) for text in (V1, POOL, "10.1.7.0/24", "0.0.0.0/1")]
    assert offered("OpenVPN", prefixes[:2], prefixes[2:]) == (*prefixes[:2], IPv4Network("0.0.0.0/1"), prefixes[2])
    assert IPv4Network("10.1.7.0/24") not in offered("IkeV2", prefixes[:2], prefixes[2:])
    assert offered("OpenVPN", [], [IPv4Network("0.0.0.0/0")]) == ()


@pytest.mark.parametrize("os", ["windows", "linux"])
def test_a_route_reaches_a_client_when_it_connects_again_and_not_before(os: str) -> None:
    """P16, P17: whatever its system, and without a new profile."""
    state = initial(scenario(f"c: {{os: {os}, gateway: VNet1}}"))
    assert routes(state, "c") == [V1, POOL]
    state = act(state, "announce", site="Site1", prefix=S1)
    state = act(state, "download_profile", client="c")
    assert routes(state, "c") == [V1, POOL]
    assert routes(act(state, "reconnect", client="c"), "c") == [V1, S1, POOL]


@pytest.mark.parametrize("os", ["windows", "linux"])
def test_a_custom_route_reaches_a_client_when_it_connects_again(os: str) -> None:
    state = initial(scenario(f"c: {{os: {os}, gateway: VNet1}}"))
    state = act(state, "set_custom_routes", vnet="VNet1", prefixes=["10.9.0.0/16"])
    assert "10.9.0.0/16" not in routes(state, "c")
    assert "10.9.0.0/16" in routes(act(state, "reconnect", client="c"), "c")


def test_windows_has_no_route_of_its_addresss_class() -> None:
    """P24 is about PPP: OpenVPN says the mask."""
    state = initial(scenario("c: {os: windows, gateway: VNet1}", pool="10.55.55.0/24"))
    assert routes(state, "c") == [V1, "10.55.55.0/24"]


def test_a_route_by_hand_leads_through_the_tunnel_without_selectors() -> None:
    """IKEv2's selectors would drop it at the client."""
    state = act(initial(scenario("c: {os: linux, gateway: VNet1}")), "announce", site="Site1", prefix=S1)
    (before,) = (cell for cell in matrix(state) if (cell.source, cell.target) == ("c", "site1-h"))
    assert before.outcome == "unreachable"
    state = act(state, "add_route", client="c", prefix=S1)
    (cell,) = (cell for cell in matrix(state) if (cell.source, cell.target) == ("c", "site1-h"))
    assert cell.outcome == "reachable"


def test_the_first_address_of_the_pool_is_the_gateways() -> None:
    """R52: 250 clients of VpnGw1AZ."""
    found = pool_addresses(gateway(scenario("c: {os: linux, gateway: VNet1}")), "OpenVPN")
    assert tuple(map(str, found)) == ("192.168.0.2", "192.168.0.251")


@pytest.mark.parametrize("users", [1, 3, 5])
def test_both_types_have_parts_of_one_pool_that_do_not_meet(users: int) -> None:
    """P10."""
    lines = [f"c{n}: {{os: linux, gateway: VNet1, tunnel_type: OpenVPN}}" for n in range(users)]
    found = gateway(scenario("\n".join([*lines, "i: {os: linux, gateway: VNet1}"]), "IkeV2, OpenVPN"))
    (ike_first, ike_last), (first, last) = (pool_part(found, each) for each in ("IkeV2", "OpenVPN"))
    assert str(ike_first) == "192.168.0.1"
    assert ike_last < first
    handed_out = pool_addresses(found, "OpenVPN")
    assert int(handed_out[1]) - int(handed_out[0]) + 1 == max(users, 2)
    assert handed_out[0] == first + 1
    assert last == handed_out[1]


@pytest.mark.parametrize(("count", "refused"), [(5, []), (6, ["c5"]), (7, ["c5", "c6"])])
def test_a_full_pool_refuses_the_last_ones(count: int, refused: list[str]) -> None:
    """A /29 has six addresses, one of them the gateway's."""
    lines = "\n".join(f"c{n}: {{os: linux, gateway: VNet1}}" for n in range(count))
    state = initial(scenario(lines, pool="192.168.0.0/29"))
    assert [client for (client, _), held in state.sessions.items() if held.absent == NO_ADDRESS] == refused


def test_clients_of_the_other_type_do_not_count() -> None:
    by_ike = (f"i{n}: {{os: linux, gateway: VNet1}}" for n in range(3))
    by_openvpn = (f"o{n}: {{os: linux, gateway: VNet1, tunnel_type: OpenVPN}}" for n in range(2))
    state = initial(scenario("\n".join((*by_ike, *by_openvpn)), "IkeV2, OpenVPN", "192.168.0.0/29"))
    assert not any(held.absent for held in state.sessions.values())


def test_the_type_of_a_client_is_its_own_or_the_first_that_its_software_tries() -> None:
    """P7."""
    lines = "a: {os: windows, gateway: VNet1}\nb: {os: linux, gateway: VNet1, tunnel_type: openvpn}"
    for types in ("IkeV2, OpenVPN", "OpenVPN, IkeV2", "openvpn, ikev2"):
        tunnels = resolve(scenario(lines, types)).client_tunnels
        assert [tunnel.tunnel_type for tunnel in tunnels.values()] == ["IkeV2", "OpenVPN"]
