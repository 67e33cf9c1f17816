"""The prefixes that point-to-site clients get: azure-rules.md, sections 1.2 and 1.3."""

from __future__ import annotations

from ipaddress import IPv4Network
from typing import Any

import pytest

from netlab.azure.bgp.fixpoint import converge
from netlab.azure.moments import initial
from netlab.azure.p2s.routes import offered, profile_prefixes, static_prefixes, windows_routes
from netlab.azure.prediction import matrix
from netlab.azure.state import State
from netlab.scenario.loader import load
from netlab.scenario.models import Scenario
from netlab.scenario.network import Topology, VpnGateway, resolve

POOL = "192.168.0.0/24"
V1, V2, V3, V4, S1 = "10.1.0.0/16", "10.2.0.0/16", "10.3.0.0/16", "10.4.0.0/16", "10.101.0.0/16"


def gateway(name: str) -> VpnGateway:
    """The gateway of VNet1 in a scenario of the catalogue."""
    found = resolve(load(name).scenario).vnets["VNet1"].vpn_gateway
    assert found is not None
    return found


def client(pool: str, os: str = "windows", custom_routes: tuple[str, ...] = (), **settings: Any) -> State:
    vnet = {
        "address_space": ["172.20.0.0/16"],
        "subnets": {"default": "172.20.0.0/24", "GatewaySubnet": "172.20.255.0/27"},
        "vms": {"vm1": {"subnet": "default"}},
        "vpn_gateway": {"point_to_site": {"address_pool": pool, "custom_routes": list(custom_routes)}},
    }
    clients = {"c": {"os": os, "gateway": "VNet1", **settings}}
    step = {"name": "as built", "expect": {"reach": {"c": {"internet": "reachable"}}}}
    found = {"name": "x", "vnets": {"VNet1": vnet}, "clients": clients, "story": [step]}
    return initial(Scenario.model_validate(found))


def routes(state: State) -> set[str]:
    return set(map(str, state.client_routes("c")))


def internet(state: State) -> tuple[str, str]:
    """Whether the client reaches the Internet, and else where the request dies."""
    found = next(cell for cell in matrix(state) if (cell.source, cell.target) == ("c", "internet"))
    return found.outcome, found.death[1].dropped_at if found.death is not None else ""


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
    found = resolve(load(name).scenario)
    tunnel = next(t for t in found.client_tunnels.values() if t.client.spec.os == "windows")
    assert texts(tuple(windows_routes(tunnel, profile_prefixes(tunnel)))) == P2S[name][0]


@pytest.mark.parametrize("name", P2S)
def test_a_linux_client_gets_the_selectors(name: str) -> None:
    here = gateway(name)
    topology = Topology(here.network)
    by_bgp = converge(topology, frozenset(topology.tunnel), {}).paths[here.instances[0].node]
    assert texts(offered("IkeV2", static_prefixes(here), by_bgp)) == P2S[name][1]


def test_the_selectors_need_no_bgp_for_a_static_neighbour_unless_it_is_not_pushed() -> None:
    """I4: the knob that the document's scenarios 3 and 5 differ by."""
    assert V2 in texts(static_prefixes(gateway("p2s-multi-vnet-s2s")))
    assert S1 not in texts(static_prefixes(gateway("p2s-branch")))


@pytest.mark.parametrize(
    ("by_bgp", "wanted"),
    [
        (["0.0.0.0/0"], [V1, POOL]),
        ([V3, V2], [V1, POOL, V2, V3]),
        ([V1, "10.1.7.0/24", "10.101.5.0/24", S1], [V1, POOL, S1]),
        (["10.0.0.0/8"], [POOL, "10.0.0.0/8"]),
    ],
)
def test_selectors_are_in_order_none_inside_another_and_never_the_default_route(
    by_bgp: list[str], wanted: list[str]
) -> None:
    found = offered("IkeV2", map(IPv4Network, (V1, POOL)), map(IPv4Network, by_bgp))
    assert list(map(str, found)) == wanted


# --- what Windows makes of its profile ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pool", "by_class"),
    [
        ("10.55.55.0/24", "10.0.0.0/8"),
        ("100.64.0.0/24", "100.0.0.0/8"),
        ("172.31.8.0/22", "172.31.0.0/16"),
        ("192.168.7.64/26", "192.168.7.0/24"),
        ("192.168.0.0/24", "192.168.0.0/24"),
        # A class-based route narrower than the pool: that of the first address.
        ("192.168.0.0/20", "192.168.0.0/24"),
    ],
)
def test_windows_has_the_route_of_its_addresss_class_unless_the_profile_disables_it(pool: str, by_class: str) -> None:
    """P24."""
    assert routes(client(pool)) == {"172.20.0.0/16", by_class}
    assert routes(client(pool, class_based_route=False)) == {"172.20.0.0/16", pool}
    assert routes(client(pool, "linux")) == {"172.20.0.0/16", pool}


def test_a_class_based_route_takes_other_parts_of_the_class_and_gains_nothing() -> None:
    """P25: the packet enters the tunnel, which does not select it."""
    site = {"address_prefixes": ["10.60.0.0/16"], "hosts": {"h": "10.60.0.10"}}
    for disabled, reason in ((False, "not in the selectors"), (True, "no route")):
        found = client("10.55.55.0/24", class_based_route=not disabled).scenario
        state = initial(Scenario.model_validate({**found.model_dump(exclude_unset=True), "sites": {"S": site}}))
        death = next(cell for cell in matrix(state) if (cell.source, cell.target) == ("c", "s-h")).death
        assert death is not None
        assert (death[1].dropped_at, death[1].reason.partition(":")[0]) == ("c", reason)


def test_the_custom_default_route_has_no_effect_at_windows() -> None:
    """P33."""
    alone = client("192.168.0.0/24", custom_routes=("0.0.0.0/0",))
    assert routes(alone) == {"172.20.0.0/16", "192.168.0.0/24"}
    assert internet(alone) == ("reachable", "")
    halves = client("192.168.0.0/24", custom_routes=("0.0.0.0/1", "128.0.0.0/1"))
    assert routes(halves) == {"172.20.0.0/16", "192.168.0.0/24", "0.0.0.0/1", "128.0.0.0/1"}
    assert internet(halves) == ("unreachable", "vnet1")
    both = client("192.168.0.0/24", custom_routes=("0.0.0.0/0", "128.0.0.0/1"))
    assert routes(both) == {"172.20.0.0/16", "192.168.0.0/24", "128.0.0.0/1"}
    linux = client("192.168.0.0/24", "linux", ("0.0.0.0/0",))
    assert routes(linux) == {"0.0.0.0/0"}
    assert internet(linux) == ("unreachable", "vnet1")
