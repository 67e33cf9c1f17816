"""What is left of traffic selectors when two ends meet: R20, R47 to R50, B56 to B58."""

from __future__ import annotations

from ipaddress import IPv4Network
from typing import Any

import pytest
from custom_selectors import POLICY, V1, line, lines
from hypothesis import given
from hypothesis import strategies as st

from netlab.azure.ike import Negotiated, negotiate, on_demand
from netlab.azure.selectors import ANY_TO_ANY, Selectors, answer, local_prefixes
from netlab.scenario.models import Scenario
from netlab.scenario.network import Connection, resolve

GATEWAY_BEGINS, SITE_BEGINS = ["VNet1", "Site1"], ["Site1", "VNet1"]


# Site1's own selectors, as Site1 writes them.
SITE = line("10.101.0.0/16", "10.1.0.0/16")
SITE_2 = line("10.102.0.0/16", "10.1.0.0/16")
# The gateway's.
MINE = line("10.1.0.0/16", "10.101.0.0/16")
MINE_2 = line("10.11.0.0/16", "10.101.0.0/16")


def connection(between: list[str], gateway: dict[str, Any] | None = None, **settings: Any) -> Connection:
    """VNet1 and Site1, each with two prefixes; ``settings`` are the connection's."""
    found = Scenario.model_validate(
        {
            "name": "selectors",
            "vnets": {
                "VNet1": {
                    "address_space": ["10.1.0.0/16", "10.11.0.0/16"],
                    "subnets": {"GatewaySubnet": "10.1.255.0/27"},
                    "vpn_gateway": gateway or {},
                }
            },
            "sites": {"Site1": {"address_prefixes": ["10.101.0.0/16", "10.102.0.0/16"]}},
            "connections": {"C": {"type": "IPsec", "between": between, **settings}},
        }
    )
    return resolve(found).connections["C"]


def as_gateway_sees(found: Connection, negotiated: Negotiated) -> list[str]:
    side = next(side for side in found.sides if side.end.role == "gateway")
    return [f"{_words(each.local)} === {_words(each.remote)}" for each in negotiated.selectors[side.index]]


def _words(prefixes: tuple[IPv4Network, ...]) -> str:
    return " ".join(map(str, prefixes))


POLICY_BASED = {"vpn_type": "PolicyBased", "sku": "Basic"}
BY_POLICY = {"use_policy_based_traffic_selectors": True, "ipsec_policy": POLICY}
ALL_PAIRS = [
    "10.1.0.0/16 === 10.101.0.0/16",
    "10.1.0.0/16 === 10.102.0.0/16",
    "10.11.0.0/16 === 10.101.0.0/16",
    "10.11.0.0/16 === 10.102.0.0/16",
]
ONE = ["10.1.0.0/16 === 10.101.0.0/16"]
ANY = ["0.0.0.0/0 === 0.0.0.0/0"]

# Who is first in `between` begins: its settings are the connection's, the other's are `other_end`. Of a connection's
# own custom selectors the local ranges are the gateway's; of `other_end` those of that end.
COMBINATIONS: dict[str, tuple[Connection, list[str]]] = {
    "nothing, gateway begins": (connection(GATEWAY_BEGINS), ANY),
    "nothing, site begins": (connection(SITE_BEGINS), ANY),
    # R47, B56: the gateway is any to any and takes what the site proposes.
    "site only, site begins": (connection(SITE_BEGINS, **lines(MINE), other_end={}), ONE),
    "site only, site begins, IKEv1": (connection(SITE_BEGINS, **lines(MINE, **V1), other_end=V1), ONE),
    "site only, gateway must wait": (
        connection(GATEWAY_BEGINS, connection_mode="ResponderOnly", other_end=lines(SITE)),
        ONE,
    ),
    # B57: the device narrows what the gateway proposes.
    "site only, gateway begins": (connection(GATEWAY_BEGINS, other_end=lines(SITE)), ONE),
    # B58: the device is any to any and takes what the gateway proposes.
    "gateway only, gateway begins": (connection(GATEWAY_BEGINS, **lines(MINE), other_end={}), ONE),
    "gateway only, gateway begins, IKEv1": (connection(GATEWAY_BEGINS, **lines(MINE, **V1), other_end=V1), ONE),
    # Custom selectors count only where their side begins: here any to any is proposed, and taken.
    "gateway only, site begins": (connection(SITE_BEGINS, other_end=lines(MINE)), ANY),
    "both, gateway begins": (connection(GATEWAY_BEGINS, **lines(MINE)), ONE),
    "both, site begins": (connection(SITE_BEGINS, **lines(MINE)), ONE),
    "both differ, gateway begins": (
        connection(GATEWAY_BEGINS, **lines(line("10.1.0.0/24", "10.101.0.0/16")), other_end=lines(SITE)),
        ["10.1.0.0/24 === 10.101.0.0/16"],
    ),
    "both differ, device narrows": (
        connection(GATEWAY_BEGINS, **lines(MINE), other_end=lines(line("10.101.7.0/24", "10.0.0.0/8"))),
        ["10.1.0.0/16 === 10.101.7.0/24"],
    ),
    # R47: its own narrower ones do not count when the site begins.
    "both differ, site begins": (
        connection(SITE_BEGINS, **lines(MINE), other_end=lines(line("10.1.0.0/24", "10.101.0.0/24"))),
        ONE,
    ),
    # One line is one SA with several selectors (R50), and those inside others are left out.
    "several ranges of a line": (
        connection(GATEWAY_BEGINS, **lines(line("10.1.0.0/16 10.11.0.0/16", "10.101.0.0/16 10.102.0.0/16"))),
        ["10.1.0.0/16 10.11.0.0/16 === 10.101.0.0/16 10.102.0.0/16"],
    ),
    "a range inside another one": (
        connection(GATEWAY_BEGINS, **lines(line("10.1.0.0/24 10.1.0.0/16", "10.101.0.0/16"))),
        ONE,
    ),
    "several ranges of a line, narrowed": (
        connection(GATEWAY_BEGINS, **lines(line("10.1.0.0/16 10.11.0.0/16", "10.101.0.0/16")), other_end=lines(SITE)),
        ONE,
    ),
    # IKEv1 has one prefix of each side in an SA.
    "several ranges of a line, IKEv1": (
        connection(GATEWAY_BEGINS, **lines(line("10.1.0.0/16 10.11.0.0/16", "10.101.0.0/16"), **V1)),
        ["10.1.0.0/16 === 10.101.0.0/16", "10.11.0.0/16 === 10.101.0.0/16"],
    ),
    "several lines of the gateway": (
        connection(GATEWAY_BEGINS, **lines(MINE, MINE_2), other_end={}),
        ["10.1.0.0/16 === 10.101.0.0/16", "10.11.0.0/16 === 10.101.0.0/16"],
    ),
    "several lines of the site, which begins": (
        connection(SITE_BEGINS, **lines(MINE, MINE_2), other_end={}),
        ["10.1.0.0/16 === 10.101.0.0/16", "10.11.0.0/16 === 10.101.0.0/16"],
    ),
    # The device answers with one line, and asks for the other one itself when it has packets for it (R46).
    "several lines of the site, gateway begins": (
        connection(GATEWAY_BEGINS, other_end=lines(SITE, SITE_2)),
        ["10.1.0.0/16 === 10.101.0.0/16", "10.1.0.0/16 === 10.102.0.0/16"],
    ),
    "several lines of a site that only answers": (
        connection(GATEWAY_BEGINS, other_end=lines(SITE, SITE_2, connection_mode="ResponderOnly")),
        ONE,
    ),
    # It answers with the line that fits best, not with the first one.
    "several lines of the site, one fits": (
        connection(
            GATEWAY_BEGINS,
            **lines(line("10.1.0.0/16", "10.102.0.0/16")),
            other_end=lines(SITE, SITE_2, connection_mode="ResponderOnly"),
        ),
        ["10.1.0.0/16 === 10.102.0.0/16"],
    ),
    "one line of several fits": (
        connection(GATEWAY_BEGINS, **lines(MINE, line("10.1.0.0/16", "10.150.0.0/16")), other_end=lines(SITE)),
        ONE,
    ),
    "the first line of several does not fit": (
        connection(GATEWAY_BEGINS, **lines(line("10.1.0.0/16", "10.150.0.0/16"), MINE), other_end=lines(SITE)),
        ONE,
    ),
    # R20, R48.
    "policy-based": (connection(GATEWAY_BEGINS, POLICY_BASED), ALL_PAIRS),
    "policy-based, site begins": (
        connection(SITE_BEGINS, POLICY_BASED),
        [
            "10.1.0.0/16 === 10.101.0.0/16",
            "10.11.0.0/16 === 10.101.0.0/16",
            "10.1.0.0/16 === 10.102.0.0/16",
            "10.11.0.0/16 === 10.102.0.0/16",
        ],
    ),
    "policy-based selectors": (connection(GATEWAY_BEGINS, **BY_POLICY), ALL_PAIRS),
    "policy-based selectors, any-to-any device": (
        connection(GATEWAY_BEGINS, **BY_POLICY, other_end=lines(line("0.0.0.0/0", "0.0.0.0/0"), ipsec_policy=POLICY)),
        ALL_PAIRS,
    ),
    "policy-based selectors, narrow device": (
        connection(
            GATEWAY_BEGINS,
            **BY_POLICY,
            other_end=lines(line("10.101.0.0/24", "10.1.0.0/16"), ipsec_policy=POLICY),
        ),
        ["10.1.0.0/16 === 10.101.0.0/24"],
    ),
    "policy-based selectors, site begins with a part": (
        connection(
            SITE_BEGINS, **lines(line("10.1.0.0/24", "10.101.0.0/16"), ipsec_policy=POLICY), other_end=BY_POLICY
        ),
        ["10.1.0.0/24 === 10.101.0.0/16"],
    ),
    # A policy-based gateway takes a part of one of its policies.
    "policy-based, site begins with a part": (
        connection(SITE_BEGINS, POLICY_BASED, **lines(line("10.1.0.0/24", "10.101.0.0/16")), other_end={}),
        ["10.1.0.0/24 === 10.101.0.0/16"],
    ),
}


@pytest.mark.parametrize("name", COMBINATIONS)
def test_what_is_negotiated(name: str) -> None:
    found, expected = COMBINATIONS[name]
    negotiated = negotiate(found)
    assert (negotiated.reason, as_gateway_sees(found, negotiated)) == ("", expected)
    mirrored = tuple(each.mirrored() for each in negotiated.selectors[0])
    assert negotiated.selectors[1] == mirrored


@pytest.mark.parametrize(
    "refused",
    [
        # Nothing in common.
        connection(GATEWAY_BEGINS, **lines(MINE), other_end=lines(SITE_2)),
        connection(GATEWAY_BEGINS, **lines(MINE), other_end=lines(line("10.101.0.0/16", "10.11.0.0/16"))),
        connection(GATEWAY_BEGINS, **lines(MINE, **V1), other_end=lines(SITE_2, **V1)),
        connection(GATEWAY_BEGINS, **lines(MINE, MINE_2), other_end=lines(SITE_2)),
        # B57: IKEv1 has no narrowing, so the gateway's any to any does not fit a narrow device.
        connection(GATEWAY_BEGINS, **V1, other_end=lines(SITE, **V1)),
        connection(GATEWAY_BEGINS, **V1, other_end=lines(SITE, SITE_2, **V1)),
        connection(GATEWAY_BEGINS, **lines(MINE, **V1), other_end=lines(line("10.101.0.0/24", "10.1.0.0/16"), **V1)),
        # A policy-based gateway refuses what is in none of its policies.
        connection(
            SITE_BEGINS,
            POLICY_BASED,
            **lines(line("10.0.0.0/8", "10.101.0.0/16"), connection_mode="InitiatorOnly"),
            other_end={"connection_mode": "ResponderOnly"},
        ),
    ],
)
def test_what_does_not_fit_is_refused(refused: Connection) -> None:
    negotiated = negotiate(refused)
    assert (negotiated.reason, negotiated.selectors) == ("selectors unacceptable", ((), ()))


def test_a_connection_whose_first_proposal_is_refused_waits_for_a_packet() -> None:
    """R50."""
    waits = {name: negotiate(found).waits for name, (found, _) in COMBINATIONS.items()}
    assert [name for name, each in waits.items() if each] == ["the first line of several does not fit"]


def test_ends_with_another_pfs_group_have_no_sa_after_the_first_one() -> None:
    """RFC 7296, 1.2: only the first CHILD SA has no key exchange of its own."""
    other = POLICY | {"pfs_group": "PFS24"}
    found = connection(GATEWAY_BEGINS, **lines(MINE, MINE_2, ipsec_policy=POLICY), other_end={"ipsec_policy": other})
    assert as_gateway_sees(found, negotiate(found)) == ONE


@pytest.mark.parametrize(
    ("name", "ends"),
    [
        ("site only, gateway begins", []),
        ("both, site begins", []),
        ("several lines of the gateway", ["VNet1"]),
        ("several lines of the site, which begins", ["Site1"]),
        ("several lines of the site, gateway begins", ["Site1"]),
        ("several lines of a site that only answers", []),
        ("several ranges of a line, IKEv1", ["VNet1"]),
        ("policy-based", ["VNet1", "Site1"]),
    ],
)
def test_packets_bring_up_what_the_initiator_does_not_ask_for_at_first(name: str, ends: list[str]) -> None:
    found, _ = COMBINATIONS[name]
    assert [side.end.name for side in found.sides if on_demand(side)] == ends


def test_a_device_with_ikev1_that_was_not_asked_rightly_waits_for_its_peer() -> None:
    """B57: phase 2 fails until the device initiates, which here the gateway does."""
    found = connection(GATEWAY_BEGINS, **V1, other_end=lines(SITE, SITE_2, **V1))
    assert not any(map(on_demand, found.sides))


@pytest.mark.parametrize(
    ("name", "here", "there"),
    [
        ("nothing, gateway begins", [], []),
        ("site only, site begins", ["10.1.0.0/16"], ["10.101.0.0/16"]),
        ("gateway only, gateway begins", ["10.1.0.0/16"], ["10.101.0.0/16"]),
        ("both differ, gateway begins", ["10.1.0.0/24", "10.1.0.0/16"], ["10.101.0.0/16"]),
    ],
)
def test_an_end_may_have_to_select_what_its_peer_is_set_to(name: str, here: list[str], there: list[str]) -> None:
    found, _ = COMBINATIONS[name]
    prefixes = {side.end.name: [str(prefix) for prefix in local_prefixes(side)] for side in found.sides}
    assert prefixes == {"VNet1": here, "Site1": there}


prefixes = st.builds(
    lambda bits, length: IPv4Network((bits >> (32 - length) << (32 - length), length)),
    st.integers(0, 2**32 - 1),
    st.integers(0, 32),
)
ranges = st.lists(prefixes, min_size=1, max_size=3).map(tuple)
selectors = st.builds(Selectors, ranges, ranges)


@given(selectors, st.lists(selectors, min_size=1, max_size=3), st.booleans())
def test_what_is_left_of_an_offer_is_in_the_offer_and_in_what_answered(
    offer: Selectors, own: list[Selectors], narrows: bool
) -> None:
    found = answer(offer, own, narrows)
    if found is not None:
        assert found.by in own
        for local, remote in ((each, other) for each in found.selectors.local for other in found.selectors.remote):
            assert offer.cover(local[0], remote[-1])
            assert found.by.cover(remote[-1], local[0])


@given(st.builds(lambda local, remote: Selectors((local,), (remote,)), prefixes, prefixes), st.booleans())
def test_a_route_based_gateway_leaves_every_offer_as_it_is(offer: Selectors, narrows: bool) -> None:
    """R47."""
    found = answer(offer, (ANY_TO_ANY,), narrows)
    assert found is not None
    assert found.selectors == offer
