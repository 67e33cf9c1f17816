"""What would mend it: every mend that `explain` gives lets the pair talk when it is applied to the file."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from hybrids import hybrids
from hypothesis import given, note, seed
from mended import explained, found, states, untrue
from topologies import examples, topologies

from netlab.azure.mends import mends
from netlab.azure.mends.case import Case as Dropped
from netlab.azure.mends.redesigns import redesigns
from netlab.azure.prediction import Forecast, Predicted, endpoint_addresses
from netlab.azure.state import State
from netlab.scenario.loader import Loaded, catalogue, parse

UDR = catalogue()["udr-nva"].read_text()
HUB = catalogue()["hub-spoke-firewall"].read_text()
BGP = catalogue()["forced-tunnelling-bgp"].read_text()
# `make mends N=300` looks at every cell of the catalogue and of so many networks of each kind.
COUNT = int(os.environ.get("NETLAB_MENDS_N", "8"))
SEED = int(os.environ.get("NETLAB_FUZZ_SEED", "7"))
EVERY_CELL = "NETLAB_MENDS_N" in os.environ


@dataclass(frozen=True)
class Case:
    """A scenario, a pair that cannot talk, and the first mend."""

    text: str
    source: str
    target: str
    says: str


CASES = (
    Case(UDR, "vnet1-waiter", "internet", "set enable_ip_forwarding on the NIC of vnet1-sleeper (R116)"),
    Case(
        UDR,
        "vnet1-vault",
        "site1-h1",
        "remove route home of route table closed, or give it another next hop: it drops 10.101.0.0/16",
    ),
    Case(
        UDR.replace(
            "fw: {subnet: firewall, enable_ip_forwarding: true, nva: {}}",
            "fw: {subnet: firewall, enable_ip_forwarding: true}",
        ),
        "vnet1-app",
        "internet",
        "make vnet1-fw an appliance (nva): it forwards nothing",
    ),
    Case(
        HUB,
        "spoke1-vm1",
        "spoke3-vm3",
        "set allow_forwarded_traffic on Spoke3-to-Hub, the peering from Spoke3 to Hub (R107)",
    ),
    Case(
        BGP,
        "site1-h1",
        "vnet1-quiet",
        "let route table quiet take the gateway's routes: it has disable_bgp_route_propagation",
    ),
    Case(
        BGP,
        "internet",
        "vnet1-quiet",
        "give vnet1-quiet a public_ip_address: the Internet has no route to a private one",
    ),
    Case(
        HUB,
        "internet",
        "spoke1-vm1",
        "give subnet default of Spoke1 a user route for 0.0.0.0/0 to Internet (R85)",
    ),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.says.partition(" of ")[0])
def test_what_would_mend_it_is_said_and_mends_it(case: Case) -> None:
    item = found(case.text, 0, case.source, case.target)
    assert item.outcome == "unreachable"
    mend = explained(case.text, case.source, case.target).mend
    assert case.says in mend[0].sentence
    assert not list(untrue(case.text, item, 0, mend))


def test_a_route_to_no_appliance_gets_one_or_goes() -> None:
    text = UDR.replace("next_hop_ip_address: 10.1.8.4", "next_hop_ip_address: 10.1.8.9")
    sentences = [mend.sentence for mend in explained(text, "vnet1-waiter", "internet").mend]
    none = "10.1.8.9 is none in VNet1 or a peer"
    assert f"give route out of route table through-sleeper the appliance vnet1-fw as its next hop: {none}" in sentences


def test_a_pair_that_can_talk_has_no_mend() -> None:
    assert explained(UDR, "vnet1-app", "internet").mend == ()


# --- all of them ----------------------------------------------------------------------------------------------------

TALLY: Counter[str] = Counter()


def dead(state: State, seen: set[tuple[object, ...]]) -> Iterator[Predicted]:
    """The pairs that cannot talk: all of them, or one for each cause, node and couple of networks."""
    addresses = endpoint_addresses(state)
    for item in Forecast(state, addresses).matrix():
        if item.death is None or item.death[1].cause is None:
            continue
        leg, walk = item.death
        ends = tuple(node.partition("-")[0] for node in (item.source, item.target))
        key = (leg, walk.dropped_at, item.death[1].cause.type, *ends)
        if EVERY_CELL or key not in seen:
            seen.add(key)
            yield item


def unexplained(state: State, item: Predicted) -> bool:
    """Whether no typed limit of Azure keeps a pair apart that nothing mends."""
    case = Dropped.of(state, item, endpoint_addresses(state))
    assert case is not None
    return not any(redesign.limit for redesign in redesigns(case))


def wrong(loaded: Loaded, complete: bool = False) -> list[str]:
    """Every mend of a scenario that does not do what it says; and, of a complete search, what has neither a mend nor a
    limit."""
    seen: set[tuple[object, ...]] = set()
    lines: list[str] = []
    for step, state in enumerate(states(loaded.text)):
        for item in dead(state, seen):
            given_ = mends(state, item, endpoint_addresses(state))
            TALLY["cells"] += 1
            TALLY[f"of {len(given_[0].changes)}" if given_ else "none"] += 1
            lines += untrue(loaded.text, item, step, given_)
            if complete and not given_ and unexplained(state, item):
                lines.append(f"{item.source} to {item.target}, step {step}: neither a mend nor a limit")
    states.cache_clear()
    return lines


@pytest.mark.parametrize("name", catalogue())
def test_every_pair_of_the_catalogue_has_a_mend_that_mends_or_a_limit(name: str) -> None:
    assert wrong(parse(catalogue()[name].read_text(), name), complete=True) == []


@seed(SEED)
@examples(COUNT)
@given(topologies())
def test_every_mend_of_random_networks_mends(loaded: Loaded) -> None:
    note(loaded.text)
    assert wrong(loaded) == []


@seed(SEED)
@examples(COUNT)
@given(hybrids())
def test_every_mend_of_random_hybrid_networks_mends(loaded: Loaded) -> None:
    note(loaded.text)
    assert wrong(loaded) == []
