"""Each rule's sources have a document, and one that a user can follow."""

from __future__ import annotations

import re

import pytest
from typer.testing import CliRunner

from netlab.cli import app
from netlab.results.catalogue import ListedSource
from netlab.scenario.rules.rulebook import entries, entry, listed
from netlab.scenario.rules.sources import cited, sources

FAQ = "https://learn.microsoft.com/azure/vpn-gateway/vpn-gateway-vpn-faq"
CITED = {
    "FAQ26": [ListedSource("FAQ26", "articles/vpn-gateway/vpn-gateway-vpn-faq.md", FAQ, "2026-06-04")],
    "GWUDR23": [
        ListedSource(
            "GWUDR23",
            "includes/vpn-gateway-gwudr-warning.md",
            "https://github.com/MicrosoftDocs/azure-docs/blob/main/includes/vpn-gateway-gwudr-warning.md",
            "2023-09-26",
        )
    ],
    "GH#100752": [
        ListedSource(
            "GH#100752",
            "MicrosoftDocs/azure-docs, thread 100752",
            "https://github.com/MicrosoftDocs/azure-docs/issues/100752",
            "",
        )
    ],
    "azure-powershell#2427": [
        ListedSource(
            "azure-powershell#2427",
            "Azure/azure-powershell, thread 2427",
            "https://github.com/Azure/azure-powershell/issues/2427",
            "",
        )
    ],
    "B10": [ListedSource("B10", "rule B10", "", "")],
    "M-ARS2 SQ-010": [
        ListedSource(
            "M-ARS2",
            "erjosito/net-lab-builder, dual-hub-interconnect-ars-route-policy, SQ-010",
            "https://github.com/erjosito/net-lab-builder",
            "2026-08",
        )
    ],
}


@pytest.mark.parametrize("text", CITED)
def test_a_source_is_a_document_with_its_address_and_date(text: str) -> None:
    assert list(cited(text)) == CITED[text]


def test_several_sources_and_several_revisions_of_one() -> None:
    assert [(item.key, item.date) for item in cited("ARSFAQ21/24/25, S1")] == [
        ("ARSFAQ21", "2021-04-16"),
        ("ARSFAQ24", "2024-09-11"),
        ("ARSFAQ25", "2025-09-17"),
        ("S1", "2016-03-10"),
    ]


@pytest.mark.parametrize("number", entries())
def test_no_rule_cites_what_nobody_can_look_up(number: str) -> None:
    for source in listed(entry(number)).sources:
        known = (
            source.key in sources() or "thread" in source.document or re.fullmatch(r"rule [A-Z]\d+", source.document)
        )
        assert known, f"{source.key} is no key of sources.yaml"


@pytest.mark.parametrize("key", sources())
def test_addresses_and_dates_are_such(key: str) -> None:
    source = sources()[key]
    assert source.address.startswith("https://") or key in ("M-ECMP", "MSASP26", "PLN", "blog")
    assert re.fullmatch(r"(\d{4}(-\d{2}(-\d{2})?)?)?", source.date)


def test_the_verb_prints_document_address_and_date() -> None:
    run = CliRunner().invoke
    told = run(app, ["rules", "i12"]).stdout
    assert told.startswith("I12: The pool is advertised by BGP")
    assert f"source       FAQ26: articles/vpn-gateway/vpn-gateway-vpn-faq.md, {FAQ}, as of 2026-06-04\n" in told
    assert "https://github.com/MicrosoftDocs/azure-docs/issues/100752\n" in told
    everything = run(app, ["rules"], env={"COLUMNS": "400"}).stdout
    assert [number for number in entries() if not re.search(rf"^\W*{number}\b", everything, re.MULTILINE)] == []
    assert re.search(rf"FAQ26\b.*{FAQ}\b.*2026-06-04", everything)
