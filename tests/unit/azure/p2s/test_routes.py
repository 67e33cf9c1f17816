"""The prefixes that point-to-site clients get: azure-rules.md, sections 1.2 and 1.3."""

from __future__ import annotations

from ipaddress import IPv4Network

import pytest

from netlab.azure.bgp.fixpoint import converge
from netlab.azure.p2s.routes import offered_selectors, profile_prefixes, static_prefixes
from netlab.scenario.loader import load
from netlab.scenario.network import Topology, VpnGateway, resolve

POOL = "192.168.0.0/24"
V1, V2, V3, V4, S1 = "10.1.0.0/16", "10.2.0.0/16", "10.3.0.0/16", "10.4.0.0/16", "10.101.0.0/16"


def gateway(name: str) -> VpnGateway:
    """The gateway of VNet1 in a scenario of the catalogue."""
    found = resolve(load(name).scenario).vnets["VNet1"].vpn_gateway
    assert found is not None
    return found


def texts(prefixes: tuple[IPv4Network, ...]) -> set[str]:
    found = set(map(str, prefixes))
    assert len(found) == len(prefixes), "a prefix twice"
    return found


# win: the profile's routes. lin: the gateway's selectors, which are the static part and what BGP told.
P2S = {
    "p2s-isolated-vnet": ({V1, POOL}, {V1, POOL}),
    "p2s-peered-vnets": ({V1, V2, V4, POOL}, {V1, V2, V4, POOL}),
    "p2s-multi-vnet-s2s": ({V1, POOL}, {V1, V2, POOL}),
    "p2s-multi-vnet-s2s-bgp": ({V1, POOL}, {V1, V2, V3, POOL}),
    "p2s-branch": ({V1, POOL}, {V1, POOL}),
    "p2s-branch-bgp": ({V1, POOL}, {V1, S1, POOL}),
    "p2s-multi-vnet-branch": ({V1, POOL}, {V1, V2, V3, S1, POOL}),
    "p2s-multi-vnet-branch-bgp": ({V1, POOL}, {V1, V2, V3, S1, POOL}),
}


@pytest.mark.parametrize("name", P2S)
def test_a_windows_client_gets_the_profile(name: str) -> None:
    assert texts(profile_prefixes(gateway(name))) == P2S[name][0]


@pytest.mark.parametrize("name", P2S)
def test_a_linux_client_gets_the_selectors(name: str) -> None:
    here = gateway(name)
    topology = Topology(here.network)
    by_bgp = converge(topology, frozenset(topology.tunnel), {}).paths[here.instances[0].node]
    assert texts(offered_selectors(static_prefixes(here), by_bgp)) == P2S[name][1]


def test_the_selectors_need_no_bgp_for_a_static_neighbour_unless_it_is_not_pushed() -> None:
    """I4: the knob that the document's scenarios 3 and 5 differ by."""
    assert V2 in texts(static_prefixes(gateway("p2s-multi-vnet-s2s")))
    assert S1 not in texts(static_prefixes(gateway("p2s-branch")))


@pytest.mark.parametrize(
    ("by_bgp", "offered"),
    [
        (["0.0.0.0/0"], [V1, POOL]),
        ([V3, V2], [V1, POOL, V2, V3]),
        ([V1, "10.1.7.0/24", "10.101.5.0/24", S1], [V1, POOL, S1]),
        (["10.0.0.0/8"], [POOL, "10.0.0.0/8"]),
    ],
)
def test_selectors_are_in_order_none_inside_another_and_never_the_default_route(
    by_bgp: list[str], offered: list[str]
) -> None:
    found = offered_selectors(map(IPv4Network, (V1, POOL)), map(IPv4Network, by_bgp))
    assert list(map(str, found)) == offered
