"""What routers learn by BGP in any network: breadth-first search, and no path through oneself."""

from __future__ import annotations

from collections import deque
from ipaddress import IPv4Network

from converged import by_end, of_end
from hypothesis import given, settings
from hypothesis import strategies as st

from netlab.scenario.models import Scenario
from netlab.scenario.network import resolve


@st.composite
def networks(draw: st.DrawFn, same_asns: bool = False) -> Scenario:
    """Up to four VNets and two sites, any connections between them, with and without BGP."""
    vnets = [f"V{n}" for n in range(draw(st.integers(1, 4)))]
    sites = [f"S{n}" for n in range(draw(st.integers(0, 2)))]
    pairs = [(a, b) for i, a in enumerate(vnets) for b in (*vnets[i + 1 :], *sites)]
    chosen = draw(st.lists(st.sampled_from(pairs), unique=True)) if pairs else []
    with_bgp = draw(st.lists(st.booleans(), min_size=len(chosen), max_size=len(chosen)))
    pools = draw(st.lists(st.booleans(), min_size=len(vnets), max_size=len(vnets)))
    numbers = st.integers(0, 2) if same_asns else st.nothing()
    asns = {end: 65100 + (draw(numbers) if same_asns else n) for n, end in enumerate((*vnets, *sites))}
    return Scenario.model_validate(
        {
            "name": "any",
            "vnets": {
                name: {
                    "address_space": [f"10.{n}.0.0/16"],
                    "subnets": {"GatewaySubnet": f"10.{n}.255.0/27"},
                    "vpn_gateway": {
                        "bgp": {"asn": asns[name]},
                        "point_to_site": {"address_pool": f"192.168.{n}.0/24"} if pools[n] else None,
                    },
                }
                for n, name in enumerate(vnets)
            },
            "sites": {
                name: {"address_prefixes": [f"10.{100 + n}.0.0/16"], "bgp": {"asn": asns[name]}}
                for n, name in enumerate(sites)
            },
            "connections": {
                f"{a}-{b}": {
                    "type": "Vnet2Vnet" if b in vnets else "IPsec",
                    "between": [a, b],
                    "enable_bgp": bgp,
                }
                for (a, b), bgp in zip(chosen, with_bgp, strict=True)
            },
        }
    )


def _hops(scenario: Scenario, start: str) -> dict[str, int]:
    """The distance in BGP sessions from an end to every other that it is joined to."""
    found, queue = {start: 0}, deque([start])
    while queue:
        end = queue.popleft()
        for _, item in scenario.connections_of(end):
            peer = item.other(end)
            if item.enable_bgp and peer not in found:
                found[peer] = found[end] + 1
                queue.append(peer)
    return found


@settings(deadline=None)
@given(networks())
def test_bgp_tells_every_prefix_over_the_shortest_way_and_nothing_else(scenario: Scenario) -> None:
    """With disjoint prefixes and distinct ASNs, BGP is breadth-first search."""
    for end, found in by_end(scenario).items():
        hops = _hops(scenario, end)
        own = set(of_end(scenario, end))
        expected: dict[IPv4Network, int] = {}
        for other, distance in hops.items():
            # B63: the host route of a BGP peer leaves no gateway.
            for prefix in {p for p in of_end(scenario, other) if p.prefixlen < 32} - own:
                expected[prefix] = min(distance, expected.get(prefix, distance))
        # What a gateway refuses: its own space, which the other end of a static connection announces.
        refused = {p for p in expected if any(p.subnet_of(mine) for mine in _space(scenario, end))}
        assert {prefix: len(paths[0].as_path) for prefix, paths in found.items()} == {
            prefix: distance for prefix, distance in expected.items() if prefix not in refused
        }


def _space(scenario: Scenario, end: str) -> tuple[IPv4Network, ...]:
    return resolve(scenario).vnets[end].prefixes if end in scenario.vnets else ()


@settings(deadline=None)
@given(networks(same_asns=True))
def test_no_end_learns_its_own_prefixes_or_a_path_through_itself(scenario: Scenario) -> None:
    """That `converge` returns at all is half of this: ASNs that several ends share make loops."""
    for end, found in by_end(scenario).items():
        own = set(of_end(scenario, end))
        mine = {name for name, item in scenario.connections_of(end) if item.enable_bgp}
        for prefix, paths in found.items():
            assert prefix not in own
            for path in paths:
                assert path.prefix == prefix
                assert path.tunnel in mine
                assert path.as_path[0] == resolve(scenario).end(scenario.connections[path.tunnel].other(end)).asn
                assert resolve(scenario).end(end).asn not in path.as_path
                assert len(path.as_path) == len(paths[0].as_path)
