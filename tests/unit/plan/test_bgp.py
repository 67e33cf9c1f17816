"""The model and FRR's configuration read one table of BGP policy, and each of its rows counts in both."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cache
from ipaddress import IPv4Network

import pytest
from policies import NONE, PREFERS_AS_PATH, PREFERS_VPN, TRANSLATES, Edit, topology

from netlab.azure.bgp import policy as policies
from netlab.azure.bgp.fixpoint import converge
from netlab.azure.bgp.rows import Row
from netlab.azure.bgp.sessions import Announcements
from netlab.azure.bgp.table import TABLE
from netlab.errors import ScenarioError
from netlab.plan.model import BgpRedirect
from netlab.plan.planner import plan
from netlab.render import nftables
from netlab.render.text import speaker_conf


def prefixes(*names: str) -> frozenset[IPv4Network]:
    return frozenset(map(IPv4Network, names))


def many(count: int) -> frozenset[IPv4Network]:
    parts = IPv4Network("100.64.0.0/10").subnets(new_prefix=24)
    return frozenset(next(parts) for _ in range(count))


# The Route Server's ASN comes back to it by a site.
REMOTE: Edit = (
    "connections:\n",
    "connections:\n  Hub-Remote: {type: IPsec, between: [Hub, Remote], enable_bgp: true}\n",
)
# One prefix more than a Microsoft peering takes.
CROWDED: Edit = ("[198.51.100.64/28]", f"[{', '.join(f'203.0.112.{number}/32' for number in range(201))}]")
TOLD = {
    "Office": prefixes("10.101.0.0/16", "10.0.0.0/8", "10.1.5.0/24", "10.103.7.0/24"),
    "hub-nva": prefixes("10.9.0.0/16", "10.10.0.0/16", "0.0.0.0/0"),
}
MOMENTS: tuple[tuple[Edit, Announcements], ...] = (
    (NONE, TOLD),
    (PREFERS_VPN, TOLD),
    (PREFERS_AS_PATH, TOLD),
    (REMOTE, TOLD),
    (TRANSLATES, TOLD),
    (CROWDED, TOLD),
    (NONE, TOLD | {"Office": many(4001)}),
    (NONE, TOLD | {"hub-nva": many(1200)}),
    (NONE, TOLD | {"hub-nva": many(4001)}),
)


def learned(moment: int) -> object:
    """What the model makes of the table; without a row it may be that BGP never settles."""
    edit, announced = MOMENTS[moment]
    at = topology(edit)
    try:
        found = converge(at, frozenset(at.tunnel), announced)
    except ScenarioError as error:
        return error.message
    return found.paths, [session.over for session in found.exceeded]


def configured(edit: Edit) -> list[str]:
    """What FRR reads of the table."""
    speakers = plan(topology(edit).network.scenario, "lab").speakers
    return [speaker_conf(speaker, daemon) for speaker in speakers for daemon in speaker.daemons]


def configured_for_bird(edit: Edit) -> list[str]:
    """What BIRD reads of the table, where every site runs it."""
    speakers = plan(topology(edit).network.scenario, "lab").speakers
    devices = (s for s in speakers if topology(edit).speakers[s.node].role in ON_PREMISES)
    return [speaker_conf(replace(speaker, program="bird"), "bird") for speaker in devices]


ON_PREMISES = {"device", "before devices"}
learned_by_all, configured_by_all = cache(learned), cache(configured)
configured_for_bird_by_all = cache(configured_for_bird)


@pytest.fixture
def without(row: Row, monkeypatch: pytest.MonkeyPatch) -> Iterator[Row]:
    """The table without a row, after what the whole of it makes is known."""
    for edit, _ in MOMENTS:
        configured_by_all(edit)
        configured_for_bird_by_all(edit)
    for moment in range(len(MOMENTS)):
        assert not isinstance(learned_by_all(moment), str)
    monkeypatch.setattr(policies, "TABLE", tuple(other for other in TABLE if other is not row))
    policies.rows.cache_clear()
    yield row
    policies.rows.cache_clear()


def named(rows: Iterable[Row]) -> list[object]:
    return [pytest.param(row, id=f"{row.speakers[0]}, {row.peers[0]}, {row.what}") for row in rows]


@pytest.mark.parametrize("row", named(TABLE))
def test_a_row_that_is_taken_away_changes_the_model_and_the_configuration(without: Row) -> None:
    assert any(configured(edit) != configured_by_all(edit) for edit, _ in MOMENTS)
    # How a session is kept says nothing of what is learned.
    if without.parts != ("session",):
        assert any(learned(moment) != learned_by_all(moment) for moment in range(len(MOMENTS)))


@pytest.mark.parametrize("row", named(row for row in TABLE if ON_PREMISES & {*row.speakers}))
def test_a_row_of_a_site_that_is_taken_away_changes_what_bird_reads(without: Row) -> None:
    assert any(configured_for_bird(edit) != configured_for_bird_by_all(edit) for edit, _ in MOMENTS)


def test_a_neighbor_of_the_plan_has_the_policy_of_its_pair() -> None:
    at = topology(NONE)
    found = plan(at.network.scenario, "lab").speakers
    assert len(found) == len(at.speakers)
    for speaker in found:
        for neighbor in speaker.neighbors:
            pair = at.speakers[speaker.node], at.speakers[neighbor.node]
            assert neighbor.policy == policies.policy(*pair)


def test_a_translator_stands_between_a_gateway_and_the_peers_with_nat_rules_only() -> None:
    """T18: what BGP carries on a connection without rules is not translated."""
    lab = plan(topology(TRANSLATES).network.scenario, "lab")
    translating = {s.node: s for s in lab.speakers if s.translators}
    assert set(translating) == {"plain-gw-0"}
    (found,) = translating["plain-gw-0"].translators
    assert found.learned == (("10.101.255.254/32", "100.99.1.1/32"), ("10.103.7.0/24", "100.99.7.0/24"))
    assert found.advertised == (("10.4.254.0/27", "100.99.2.0/27"), ("10.4.0.0/16", "100.98.0.0/16"))
    assert found.peer in {neighbor.address for neighbor in translating["plain-gw-0"].neighbors}
    assert translating["plain-gw-0"].daemons == ("zebra", "bgp-translator", "bgpd")
    (redirect,) = (r for r in lab.node("plain-gw-0").nftables if isinstance(r, BgpRedirect))
    assert redirect.peers == ((found.peer, found.port),)
    assert f"ip daddr {found.peer} tcp dport 179 meta mark != 0x6e6c redirect to :{found.port}" in nftables.text(
        (redirect,)
    )
    assert speaker_conf(translating["plain-gw-0"], "bgp-translator").splitlines()[1:] == [
        f"peer {found.peer} {found.local} {found.port}",
        "learned 10.101.255.254/32 100.99.1.1/32",
        "learned 10.103.7.0/24 100.99.7.0/24",
        "advertised 10.4.254.0/27 100.99.2.0/27",
        "advertised 10.4.0.0/16 100.98.0.0/16",
    ]
