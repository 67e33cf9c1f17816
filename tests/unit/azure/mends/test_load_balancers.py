"""Mends of a pool without a member that is up: the probe is let in, or it does not count."""

from __future__ import annotations

import pytest
from mended import found, states, untrue

from netlab.azure.mends import mends
from netlab.azure.prediction import endpoint_addresses
from netlab.results.drops import DropType
from netlab.results.mends import Mend
from netlab.scenario.loader import load

TEXT = load("nva-load-balancer").text.partition("story:")[0]
DENY = "{priority: %d, direction: Inbound, access: Deny, protocol: %s, source_address_prefix: %s}"
ALL_UP = "set no_healthy_backends_behavior of probe ssh of lb to AllProbedUp: "


def mends_of(text: str) -> tuple[Mend, ...]:
    """The mends of the pair behind the load balancer; they do what they say."""
    state = states(text)[0]
    item = found(text, 0, "spoke1-app", "spoke2-db", "tcp")
    assert item.drop is not None
    assert item.drop.type is DropType.NO_HEALTHY_MEMBER
    given = mends(state, item, endpoint_addresses(state))
    assert list(untrue(text, item, 0, given)) == []
    return given


def denied(priority: int, protocol: str, source: str) -> str:
    rule = DENY % (priority, protocol, source)
    return TEXT.replace("guard: {}", f"guard: {{security_rules: {{no: {rule}}}}}")


@pytest.mark.parametrize(("protocol", "source"), [("Tcp", "AzureLoadBalancer"), ("Tcp", "168.63.129.16/32")])
def test_a_rule_that_denies_the_probe_is_removed_or_one_before_it_allows_it(protocol: str, source: str) -> None:
    first, second = mends_of(denied(300, protocol, source))
    assert first.sentence == "remove rule 300 no of guard, or narrow it: it denies the probe (L9)"
    assert second.sentence == (
        "let guard allow Tcp 22 from AzureLoadBalancer, inbound, with priority 299: rule 300 no denies the probe (L9)"
    )


def test_without_a_priority_before_it_only_the_rest_is_left() -> None:
    first, second = mends_of(denied(100, "Tcp", "AzureLoadBalancer"))
    assert first.sentence.startswith("remove rule 100 no of guard")
    assert second.sentence == f"{ALL_UP}members get flows though none answers (L12)"


FRONTEND = load("load-balancer-frontend").text.partition("story:")[0]


def test_a_frontend_without_a_rule_for_a_protocol_gets_one() -> None:
    item = found(FRONTEND, 0, "clients-app", "service-lb-fe", "udp")
    given = mends(states(FRONTEND)[0], item, endpoint_addresses(states(FRONTEND)[0]))
    assert [mend.sentence for mend in given] == ["give lb a rule for Udp 7007 of frontend fe (L1)"]
    assert list(untrue(FRONTEND, item, 0, given)) == []
