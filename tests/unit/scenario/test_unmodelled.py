"""A word that Azure has and netlab has not is said to be one, wherever it stands and however it is spelled."""

from __future__ import annotations

from pathlib import Path

import pytest
from findings import findings

from netlab.scenario import models
from netlab.scenario.unmodelled import UNMODELLED, unmodelled
from netlab.scenario.values import Model

CHECKOUT = Path(__file__).resolve().parents[3]
HAS = "Azure has it, netlab does not model it"
TEXT = """name: words
vnets:
  VNet1:
    address_space: [10.1.0.0/16]
    subnets: {default: {address_prefix: 10.1.0.0/24}, GatewaySubnet: 10.1.255.0/27}
    vms: {vm1: {subnet: default}}
    vpn_gateway: {point_to_site: {address_pool: 192.168.0.0/24, tunnel_types: [IkeV2]}}
"""
PLACES = {
    "scenario": ("name: words\n", "name: words\n{}: x\n"),
    "vnet": ("    vms:", "    {}: x\n    vms:"),
    "subnet": ("10.1.0.0/24}", "10.1.0.0/24, {}: x}}"),
    "machine": ("{subnet: default}", "{{subnet: default, {}: x}}"),
    "gateway": ("vpn_gateway: {", "vpn_gateway: {{{}: x, "),
    "point to site": ("address_pool:", "{}: x, address_pool:"),
}


def messages(text: str) -> list[str]:
    return [item.message for item in findings(text)]


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(
    "word",
    ["azure_bastion", "dns_servers", "virtual_wan", "private_link_services", "inbound_nat_rule", "ip_group"],
)
def test_a_key_of_azures_is_refused_as_such(word: str, place: str) -> None:
    before, after = PLACES[place]
    [message] = messages(TEXT.replace(before, after.format(word), 1))
    assert HAS in message
    assert "unknown key" not in message
    assert "did you mean" not in message


@pytest.mark.parametrize("word", ["InboundNatRules", "PrivateLinkService", "virtualWans", "DNS_Servers"])
def test_any_spelling_of_it_is_known(word: str) -> None:
    assert unmodelled(word) is not None


@pytest.mark.parametrize("value", ["AAD", "Aad"])
def test_a_value_of_azures_is_refused_as_such(value: str) -> None:
    [message] = messages(TEXT.replace("tunnel_types: [IkeV2]", f"authentication_types: [{value}]"))
    assert HAS in message


@pytest.mark.parametrize(
    ("before", "now"),
    [
        ("address_space: [10.1.0.0/16]", "address_space: [10.1.0.0/16, 'fd00:1::/48']"),
        ("address_prefix: 10.1.0.0/24", "address_prefix: 'fd00:1:1::/64'"),
        ("{subnet: default}", "{subnet: default, private_ip_address: 'fd00::4'}"),
    ],
)
def test_an_address_of_ipv6_is_refused_as_such(before: str, now: str) -> None:
    assert any(
        "IPv6: Azure has it, netlab does not model it: see " in each for each in messages(TEXT.replace(before, now))
    )


@pytest.mark.parametrize(("typo", "right"), [("subnetz", "subnets"), ("adress_space", "address_space"), ("vm", "vms")])
def test_a_misspelled_key_of_netlabs_is_still_guessed(typo: str, right: str) -> None:
    found = messages(TEXT.replace(f"    {right}:", f"    {typo}:"))
    assert any(f"did you mean `{right}`?" in message for message in found)


@pytest.mark.parametrize("wrong", ["10.1.0.0", "10.1.0.0/33", "nowhere", "::/x"])
def test_what_is_no_address_at_all_is_none_of_ipv6(wrong: str) -> None:
    assert not any("IPv6" in message for message in messages(TEXT.replace("[10.1.0.0/16]", f"['{wrong}']")))


def test_no_word_is_a_key_of_a_model_and_none_stands_for_two_objects() -> None:
    known = {field for item in vars(models).values() if _is_model(item) for field in item.model_fields}
    words = [word for item in UNMODELLED for word in item.words]
    assert not known & set(words)
    assert len(set(words)) == len(words)


def _is_model(item: object) -> bool:
    return isinstance(item, type) and issubclass(item, Model)


def test_each_object_names_a_page_that_is_there() -> None:
    for item in UNMODELLED:
        assert (CHECKOUT / item.see.split(",")[0]).is_file()
