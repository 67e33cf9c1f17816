"""How BGP settles for one prefix, and what never does."""

from __future__ import annotations

from ipaddress import IPv4Network

import pytest

from netlab.azure.bgp.policy import ExportPolicy, ImportPolicy
from netlab.azure.bgp.sessions import Session
from netlab.azure.bgp.settling import Peering, Peerings, Settling, UpdateGroup
from netlab.errors import ScenarioError
from netlab.scenario.models import Scenario
from netlab.scenario.network import Router, resolve

PREFIX = IPv4Network("10.100.0.0/16")
ACCEPTS = ImportPolicy(site_of_origin=("ring",))
PREFERS = ImportPolicy(weight=1, site_of_origin=("ring",))
ONCE = ExportPolicy(site_of_origin=("ring",))


def routers(count: int) -> list[Router]:
    """The devices of so many sites, each of another AS; the first site is PREFIX."""
    sites = {
        f"S{n}": {"address_prefixes": [f"10.{100 + n}.0.0/16"], "bgp": {"asn": 65100 + n}, "hosts": {}}
        for n in range(count)
    }
    network = resolve(Scenario.model_validate({"name": "sites", "vnets": {}, "sites": sites}))
    return [site.devices[0] for site in network.sites.values()]


def learns(router: Router, peer: Router, imports: ImportPolicy, exports: ExportPolicy) -> Peering:
    return Peering(Session(router, peer), imports, UpdateGroup(peer, exports, False, 0), router.node, "")


def ring(*imports: ImportPolicy) -> Settling:
    """S0 originates a prefix, which all others learn from it. Each learns it from its neighbor in the ring too, unless
    that has it by the ring: the others set, and filter, a site of origin."""
    origin, *others = routers(1 + len(imports))
    around = zip(others, [*others[1:], others[0]], imports, strict=True)
    direct = [learns(router, origin, ImportPolicy(), ExportPolicy()) for router in others]
    by_neighbor = [learns(one, other, mine, ONCE) for one, other, mine in around]
    return Settling(PREFIX, (origin.node,), Peerings((*direct, *by_neighbor)))


def used(state: Settling) -> dict[str, str]:
    """The neighbor that each router uses."""
    return {node: paths[0].neighbor for node, paths in state.best.items()}


def test_the_shortest_as_path_settles() -> None:
    """B28."""
    state = ring(ACCEPTS, ACCEPTS, ACCEPTS)
    state.settle()
    assert used(state) == {"s1": "s0", "s2": "s0", "s3": "s0"}


def test_what_is_preferred_settles_where_there_is_one_solution() -> None:
    """S3 has the prefix directly, so that S2 has it by S3, so that S1 has it directly."""
    state = ring(PREFERS, PREFERS, ACCEPTS)
    state.settle()
    assert used(state) == {"s1": "s0", "s2": "s3", "s3": "s0"}


def test_what_has_no_solution_is_refused_with_the_routers_and_the_prefix() -> None:
    """Each of three prefers its neighbor while that has the prefix directly: in an odd ring not all can have it so."""
    with pytest.raises(ScenarioError, match=r"BGP never settles: s1, s2, s3 take one way to 10\.100\.0\.0/16, then"):
        ring(PREFERS, PREFERS, PREFERS).settle()
