"""Mends and limits of pairs that a Microsoft peering joins."""

from __future__ import annotations

import re

import pytest
from mended import explained, found, untrue

from netlab.results.mends import Limit
from netlab.scenario.loader import catalogue

ALLOWED = (
    catalogue()["expressroute-microsoft-peering"]
    .read_text()
    .replace("advertised_public_prefixes:", "route_filter: europe\n      advertised_public_prefixes:")
)
WITHOUT_NAT = re.sub(r"\n +nat_address: .*", "", ALLOWED)
DB, H1, WWW = "vnet1-db", "site1-h1", "site1-www"


def test_a_private_source_is_translated() -> None:
    item = found(WITHOUT_NAT, 0, H1, DB)
    mend = explained(WITHOUT_NAT, H1, DB).mend
    assert "to 198.51.100.65 (nat_address; R124)" in mend[0].sentence
    assert not list(untrue(WITHOUT_NAT, item, 0, mend))


@pytest.mark.parametrize(("source", "target"), [(DB, H1), (WWW, DB)])
def test_private_addresses_are_no_matter_of_it(source: str, target: str) -> None:
    why = explained(ALLOWED, source, target)
    assert why.mend == ()
    assert [redesign.limit for redesign in why.redesign] == [Limit.MICROSOFT_PEERING]
