"""The table of BGP policy: a row for each rule, the pairs of routers that it is for, and a pair that it is not for."""

from __future__ import annotations

from collections import Counter
from dataclasses import fields
from ipaddress import IPv4Address, IPv4Network
from typing import Any, get_args

import pytest
from policies import NONE, PREFERS_AS_PATH, PREFERS_VPN, PREMIUM, SEED, TRANSLATES, Edit, topology

from netlab.azure.bgp.policy import ExportPolicy, ImportPolicy, SessionPolicy, documented, policy
from netlab.azure.bgp.route_maps import Clause
from netlab.azure.bgp.table import TABLE
from netlab.azure.bgp.values import LAST, LOCAL_PREFERENCE, PREFERRED
from netlab.scenario.network import Role

OWN = (IPv4Network("10.1.0.0/16"), IPv4Network("10.2.0.0/16"))
OFFICE, LAN, GATEWAY, SPACE = (
    (IPv4Network(before), IPv4Network(after))
    for before, after in (
        ("10.101.255.254/32", "100.99.1.1/32"),
        ("10.103.7.0/24", "100.99.7.0/24"),
        ("10.4.254.0/27", "100.99.2.0/27"),
        ("10.4.0.0/16", "100.98.0.0/16"),
    )
)


def found(part: str, attribute: str, pair: tuple[str, str], edit: Edit = NONE) -> Any:
    """What the policy of a router towards a peer sets."""
    speakers = topology(edit).speakers
    return getattr(getattr(policy(speakers[pair[0]], speakers[pair[1]]), part), attribute)


HOSTS = tuple(map(IPv4Network, ("10.101.255.254/32", "10.103.255.254/32")))
HOSTS_AND_POOL = (*HOSTS, IPv4Network("192.168.0.0/24"))

PUBLIC = IPv4Network("198.51.100.64/28")
WAYS_OUT = {name: IPv4Network(address) for name, address in topology(NONE).network.public.egress.items()}
_PUBLIC = topology(NONE).network.public
GATEWAYS = tuple(IPv4Network(_PUBLIC.routers[node]) for node in ("hub-gw-0", "hub-gw-1", "plain-gw-0"))
CLIENTS = IPv4Network(_PUBLIC.point_to_site["Hub"])

# Of each row: what it sets, a pair with the value that it has there, and a pair that must have none.
ROWS: list[tuple[str, str, tuple[str, str], Any, tuple[str, str]]] = [
    # B19, B20, B22, A18
    ("imports", "prefix_filter", ("hub-gw-0", "office"), OWN, ("office", "hub-gw-0")),
    ("imports", "prefix_filter", ("hub-rs-0", "hub-nva"), OWN, ("hub-nva", "hub-rs-0")),
    ("imports", "prefix_filter", ("hub-er-0", "c1-msee-0"), OWN, ("c1-msee-0", "hub-er-0")),
    # R73
    ("imports", "prefix_filter", ("twin", "twin-a"), (IPv4Network("10.103.0.0/16"),), ("twin-a", "twin")),
    # B17, B21, B23, B24
    ("imports", "no_export", ("hub-gw-0", "office"), OWN, ("hub-rs-0", "hub-nva")),
    ("imports", "no_export", ("twin", "twin-b"), (IPv4Network("10.103.0.0/16"),), ("twin-b", "twin")),
    # U23, U24
    ("exports", "next_hop", ("hub-er-0", "c1-msee-0"), IPv4Address("10.1.254.1"), ("private-er-0", "c1-msee-0")),
    ("exports", "next_hop_prefixes", ("hub-er-1", "c1-msee-1"), OWN[:1], ("private-er-0", "c1-msee-0")),
    # U25, U32
    ("imports", "med", ("c2-msee-0", "c3-msee-0"), 2, ("c3-msee-0", "wan-pe-0")),
    ("exports", "as_path_prepend_internal", ("c3-msee-1", "private-er-0"), 2, ("c1-msee-1", "private-er-0")),
    # B63, A25
    (
        "exports",
        "prefix_filter",
        ("hub-gw-0", "hub-rs-1"),
        HOSTS_AND_POOL,
        ("hub-rs-1", "hub-gw-0"),
    ),
    (
        "exports",
        "prefix_filter",
        ("hub-gw-1", "hub-er-0"),
        HOSTS_AND_POOL,
        ("hub-er-0", "hub-gw-1"),
    ),
    ("exports", "prefix_filter", ("hub-gw-0", "office"), HOSTS, ("hub-gw-0", "hub-gw-1")),
    # An appliance advertises no default route to a site.
    ("exports", "prefix_filter", ("hub-nva", "remote"), (IPv4Network("0.0.0.0/0"),), ("hub-nva", "hub-rs-0")),
    # R99, R94, A27
    ("imports", "weight", ("hub-er-0", "c1-msee-0"), PREFERRED + 7, ("c1-msee-0", "hub-er-0")),
    ("imports", "weight", ("private-er-1", "c1-msee-0"), PREFERRED + 9, ("c1-msee-0", "private-er-1")),
    # R94, A27, B29
    ("imports", "weight", ("hub-gw-0", "hub-er-0"), PREFERRED, ("hub-er-0", "hub-gw-0")),
    ("imports", "weight", ("hub-rs-0", "hub-er-1"), PREFERRED, ("hub-rs-0", "hub-gw-0")),
    # R95
    ("imports", "weight", ("office", "c1-msee-0"), PREFERRED, ("office", "hub-gw-0")),
    ("imports", "local_preference", ("twin-a", "c2-msee-0"), LOCAL_PREFERENCE, ("office", "c1-msee-0")),
    ("imports", "local_preference", ("twin-b", "c2-msee-1"), LOCAL_PREFERENCE, ("twin-a", "hub-gw-0")),
    # A36
    ("imports", "med", ("hub-er-0", "c1-msee-0"), 1, ("private-er-0", "c1-msee-0")),
    # Of equal AS paths an edge router uses the site's.
    ("imports", "med", ("c1-msee-0", "hub-er-0"), 1, ("c1-msee-0", "office")),
    # R99, against loops
    ("imports", "site_of_origin", ("office", "c1-msee-1"), ("c1",), ("c1-msee-1", "office")),
    ("exports", "site_of_origin", ("office", "c1-msee-1"), ("c1",), ("c1-msee-1", "office")),
    ("imports", "site_of_origin", ("office", "hub-gw-0"), ("c1",), ("office", "plain-gw-0")),
    ("exports", "site_of_origin", ("office", "hub-gw-0"), ("c1",), ("office", "plain-gw-0")),
    # R117
    ("imports", "site_of_origin", ("far", "wan-pe-0"), ("c3",), ("c3-msee-0", "wan-pe-0")),
    ("imports", "site_of_origin", ("wan-pe-0", "far"), ("site Far",), ("wan-pe-0", "c3-msee-0")),
    ("exports", "site_of_origin", ("wan-pe-1", "far"), ("site Far",), ("wan-pe-1", "c3-msee-1")),
    ("exports", "as_override", ("wan-pe-0", "far"), True, ("wan-pe-0", "c3-msee-0")),
    ("exports", "remove_private_as", ("c3-msee-0", "wan-pe-0"), True, ("wan-pe-0", "c3-msee-0")),
    ("imports", "weight", ("far", "wan-pe-1"), PREFERRED, ("wan-pe-1", "far")),
    # R122, R123, R125
    (
        "exports",
        "route_map",
        ("c4-microsoft-0", "open"),
        (Clause((WAYS_OUT["Spoke"],)), Clause(permit=False)),
        ("c4-microsoft-0", "backbone"),
    ),
    (
        "imports",
        "route_map",
        ("c4-microsoft-1", "open"),
        (Clause((PUBLIC,)), Clause(permit=False)),
        ("open", "c4-microsoft-1"),
    ),
    ("imports", "maximum_prefix", ("c4-microsoft-0", "open"), 200, ("c4-microsoft-0", "backbone-westeurope")),
    # R121
    (
        "exports",
        "prefix_filter",
        ("open", "c4-msee-0"),
        (PUBLIC, WAYS_OUT["Hub"], WAYS_OUT["Private"], WAYS_OUT["Plain"], *GATEWAYS, CLIENTS, WAYS_OUT["Spoke"]),
        ("open", "c4-microsoft-0"),
    ),
    # A31
    ("imports", "site_of_origin", ("hub-nva", "hub-rs-0"), ("appliance Hub-nva",), ("hub-nva", "remote")),
    ("exports", "site_of_origin", ("hub-nva", "hub-rs-0"), ("appliance Hub-nva",), ("hub-nva", "remote")),
    ("exports", "as_override", ("hub-nva", "hub-rs-0"), True, ("hub-nva", "remote")),
    # A32
    ("imports", "as_path_exclude", ("c1-msee-0", "hub-er-0"), OWN, ("c1-msee-0", "office")),
    # R99
    ("exports", "remove_private_as", ("c1-msee-0", "office"), True, ("c1-msee-0", "hub-er-0")),
    # A17, B28
    ("exports", "as_path_prepend", ("hub-nva", "hub-rs-0"), 2, ("hub-nva", "remote")),
    ("exports", "as_path_prepend", ("office", "hub-gw-1"), 3, ("office", "plain-gw-0")),
    # A17, A31, A43
    (
        "exports",
        "route_map",
        ("hub-nva", "hub-rs-0"),
        (Clause((IPv4Network("10.10.0.0/16"),), True, 3),),
        ("hub-nva", "remote"),
    ),
    (
        "imports",
        "route_map",
        ("hub-nva", "remote"),
        (Clause((IPv4Network("10.44.0.0/16"),), False),),
        ("hub-nva", "hub-rs-0"),
    ),
    ("exports", "own_only", ("hub-nva", "remote"), True, ("hub-nva", "hub-rs-0")),
    # A22
    ("exports", "no_advertise", ("hub-nva", "hub-rs-0"), (IPv4Network("10.9.0.0/16"),), ("hub-nva", "remote")),
    # A14
    ("exports", "next_hop", ("hub-nva", "hub-rs-0"), IPv4Address("10.1.0.9"), ("hub-nva", "remote")),
    ("exports", "next_hop_unchanged", ("hub-rs-0", "hub-nva"), True, ("hub-nva", "hub-rs-0")),
    # B16, A8, R98, A37
    ("imports", "maximum_prefix", ("hub-gw-0", "office"), 4000, ("hub-gw-0", "hub-gw-1")),
    ("imports", "maximum_prefix", ("hub-rs-0", "hub-nva"), 4000, ("hub-rs-0", "hub-er-0")),
    ("imports", "maximum_prefix", ("c1-msee-0", "office"), 4000, ("office", "c1-msee-0")),
    ("imports", "maximum_prefix", ("c1-msee-0", "hub-er-0"), 1000, ("hub-er-0", "c1-msee-0")),
    # R98, B14, B15
    ("session", "hold_time", ("office", "c1-msee-0"), 90, ("c1-msee-0", "office")),
    ("session", "bfd", ("office", "c1-msee-0"), True, ("office", "hub-gw-0")),
    ("session", "bfd", ("c1-msee-0", "office"), True, ("c1-msee-0", "hub-er-0")),
]


@pytest.mark.parametrize(("part", "attribute", "pair", "value", "without"), ROWS)
def test_a_row_is_for_its_pairs_and_for_no_others(
    part: str, attribute: str, pair: tuple[str, str], value: Any, without: tuple[str, str]
) -> None:
    assert found(part, attribute, pair) == value
    assert not found(part, attribute, without)


@pytest.mark.parametrize(
    ("edit", "part", "attribute", "pair", "value"),
    [
        # A27: what the routers of a VNet prefer.
        (PREFERS_VPN, "imports", "weight", ("hub-rs-0", "hub-nva"), PREFERRED),
        (PREFERS_VPN, "imports", "weight", ("hub-gw-0", "office"), PREFERRED),
        (PREFERS_VPN, "imports", "weight", ("hub-gw-0", "hub-er-0"), 0),
        (PREFERS_VPN, "imports", "weight", ("hub-er-0", "c1-msee-0"), 7),
        (PREFERS_AS_PATH, "imports", "weight", ("hub-rs-0", "hub-er-0"), 0),
        (PREFERS_AS_PATH, "imports", "med", ("hub-rs-0", "hub-nva"), LAST),
        (PREFERS_AS_PATH, "imports", "med", ("hub-rs-0", "hub-er-0"), 0),
        # T21: the address after NAT.
        (TRANSLATES, "exports", "next_hop", ("plain-gw-0", "office"), IPv4Address("100.99.2.30")),
        (TRANSLATES, "exports", "next_hop", ("office", "plain-gw-0"), IPv4Address("100.99.1.1")),
        (TRANSLATES, "exports", "next_hop", ("office", "hub-gw-0"), None),
        (NONE, "exports", "next_hop", ("plain-gw-0", "office"), None),
        # T18: internal and external prefix of each rule of the connection.
        (TRANSLATES, "imports", "translations", ("plain-gw-0", "office"), (OFFICE, LAN)),
        (TRANSLATES, "exports", "translations", ("plain-gw-0", "office"), (GATEWAY, SPACE)),
        (TRANSLATES, "exports", "translations", ("office", "plain-gw-0"), ()),
        (TRANSLATES, "imports", "translations", ("hub-gw-0", "office"), ()),
        (NONE, "imports", "translations", ("plain-gw-0", "office"), ()),
        # Limits of the profile and of the tier.
        ((NONE[0], SEED), "imports", "maximum_prefix", ("hub-rs-0", "hub-nva"), 200),
        ((NONE[0], SEED), "imports", "maximum_prefix", ("hub-gw-0", "office"), 4000),
        ((NONE[0], SEED), "imports", "maximum_prefix", ("c1-msee-0", "hub-er-0"), 200),
        ((NONE[0], SEED), "imports", "maximum_prefix", ("c1-msee-0", "private-er-0"), 1000),
        (("hold_time_seconds: 90", PREMIUM), "imports", "maximum_prefix", ("c1-msee-0", "office"), 10_000),
        # A hold time that is not shorter than the default is not asked for.
        (("hold_time_seconds: 90", "hold_time_seconds: 180"), "session", "hold_time", ("office", "c1-msee-0"), None),
        (("bfd: true, ", ""), "session", "bfd", ("office", "c1-msee-0"), False),
        (("hold_time_seconds: 90", "preferred_on_premises: false"), "imports", "weight", ("office", "c1-msee-0"), 0),
    ],
)
def test_the_value_of_a_row_follows_the_scenario(
    edit: Edit, part: str, attribute: str, pair: tuple[str, str], value: Any
) -> None:
    assert found(part, attribute, pair, edit) == value


def test_every_row_has_a_test() -> None:
    roles = {node: router.role for node, router in topology(NONE).speakers.items()}
    tested = {(part, attribute, *(roles[node] for node in pair)) for part, attribute, pair, _, _ in ROWS}
    lacking = [
        row.sentence
        for row in TABLE
        for part in row.parts
        # Two rows only count where the preference is another one than ExpressRoute: they are tested above.
        # So do NAT rules where a connection names some.
        if not row.shown.endswith(("VpnGateway", "ASPath", "translate it", "translates routes"))
        and not any((part, row.attribute, one, other) in tested for one in row.speakers for other in row.peers)
    ]
    assert lacking == []


def test_no_two_rows_set_the_same_for_a_pair_of_roles() -> None:
    # OF_VNETS and the circuit's own row are told apart by the role of the peer.
    places = Counter(
        (part, row.attribute, one, other)
        for row in TABLE
        for part in row.parts
        for one in row.speakers
        for other in row.peers
    )
    assert [place for place, count in places.items() if count > 1] == []


def test_every_row_sets_a_field_of_the_policy() -> None:
    of = {"imports": ImportPolicy, "exports": ExportPolicy, "session": SessionPolicy}
    known = {part: {field.name for field in fields(item)} for part, item in of.items()}
    assert {(part, row.attribute) for row in TABLE for part in row.parts} == {
        (part, name) for part, names in known.items() for name in names
    }


def test_the_table_is_documented_row_by_row() -> None:
    shown = list(documented())
    assert len(shown) == len(TABLE)
    assert all(len(row) == 5 and row[4].endswith(".") for row in shown)
    assert "any" in {row[0].partition(" → ")[2] for row in shown}
    assert {role for row in TABLE for role in row.speakers} <= set(get_args(Role))
