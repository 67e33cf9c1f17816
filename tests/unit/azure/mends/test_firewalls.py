"""What is asked at an Azure Firewall's own public address: a DNAT rule mends TCP and UDP, nothing a ping (F8)."""

from __future__ import annotations

from dataclasses import replace

from mended import explained, found, mended, states

from netlab.azure.mends import mends
from netlab.azure.mends.case import Case
from netlab.azure.mends.redesigns import redesigns
from netlab.azure.prediction import endpoint_addresses
from netlab.results.mends import Limit
from netlab.scenario.loader import catalogue

TEXT = catalogue()["hub-spoke-azure-firewall"].read_text()
PAIR = "internet", "spoke2-vm2"


def test_nothing_lets_a_ping_through() -> None:
    state = states(TEXT)[0]
    item = found(TEXT, 0, *PAIR)
    case = Case.of(state, item, endpoint_addresses(state))
    assert case is not None
    assert mends(state, item, endpoint_addresses(state)) == ()
    assert [redesign.limit for redesign in redesigns(case)] == [Limit.PING_TO_FIREWALL]
    assert any("no ping (F8)" in each.sentence for each in explained(TEXT, *PAIR).redesign)


def test_a_dnat_rule_lets_another_protocol_through() -> None:
    """The scenario's own rule translates TCP."""
    state = states(TEXT)[0]
    item = replace(found(TEXT, 0, *PAIR, "udp"), protocols=("udp",))
    (first, *_) = mends(state, item, endpoint_addresses(state))
    assert first.sentence.startswith("let fw-hub translate UDP to 20.50.0.4:7007 to spoke2-vm2")
    assert found(mended(TEXT, 0, first), 0, *PAIR, "udp").drop is None
