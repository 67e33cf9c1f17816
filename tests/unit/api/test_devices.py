"""The files of a site's devices, of a scenario: every device, no key unless it is asked for."""

from __future__ import annotations

import json

import pytest
from schemas import mistakes
from typer.testing import CliRunner

from netlab.api.devices import device_config
from netlab.cli import app
from netlab.errors import UsageError
from netlab.plan.model import IkeProgram
from netlab.scenario.loader import load, parse
from netlab.scenario.models import Scenario


def with_key() -> Scenario:
    """A scenario that gives the key of one of two connections."""
    text = load("s2s-bird").text
    named = "VNet1-Site1: {type: IPsec, between: [VNet1, Site1], "
    assert named in text
    return parse(text.replace(named, f"{named}shared_key: verySecret, "), "keys.yaml").scenario


@pytest.mark.parametrize("with_secrets", [False, True])
def test_a_key_is_printed_only_if_it_is_asked_for(with_secrets: bool) -> None:
    text = "".join(f.text for f in device_config(with_key(), "Site1", "strongswan", None, with_secrets=with_secrets))
    assert ('secret = "verySecret"' in text) == with_secrets
    assert ('secret = "<the key of VNet1-Site1>"' in text) != with_secrets


def test_a_key_that_nobody_gave_stays_a_word() -> None:
    text = "".join(f.text for f in device_config(with_key(), "Site2", "strongswan", None, with_secrets=True))
    assert 'secret = "<the key of VNet1-Site2>"' in text


@pytest.mark.parametrize(
    ("name", "site", "devices"),
    [("s2s-bird", "site1", {"site1"}), ("s2s-bgp-transit", "SITE1", {"site1-fw1", "site1-fw2"})],
)
def test_every_device_of_a_site_has_its_files(name: str, site: str, devices: set[str]) -> None:
    found = device_config(load(name).scenario, site, "strongswan", "bird", with_secrets=False)
    assert {file.device for file in found} == devices
    assert len([file for file in found if file.path == "/etc/bird/bird.conf"]) == len(devices)


def test_without_a_choice_the_programs_are_those_of_the_scenario() -> None:
    text = load("s2s-bird").text.replace("software: {bgp: bird}", "software: {bgp: bird, ipsec: libreswan}")
    policy = "{ike_encryption: AES256, ike_integrity: SHA256, dh_group: ECP256, "
    policy += "ipsec_encryption: AES256, ipsec_integrity: SHA256, pfs_group: None}"
    scenario = parse(text.replace("enable_bgp: true", f"enable_bgp: true, ipsec_policy: {policy}"), "own.yaml").scenario
    assert "/etc/ipsec.d/azure.conf" in paths(scenario, "Site1", None)
    assert "/etc/swanctl/conf.d/azure.conf" in paths(scenario, "Site1", "strongswan")
    assert "/etc/swanctl/conf.d/azure.conf" in paths(scenario, "Site2", None)


def paths(scenario: Scenario, site: str, ipsec: IkeProgram | None) -> set[str]:
    return {file.path for file in device_config(scenario, site, ipsec, None, with_secrets=False)}


@pytest.mark.parametrize("site", ["Site9", "VNet1", ""])
def test_what_is_no_site_is_refused(site: str) -> None:
    with pytest.raises(UsageError, match="there is no site"):
        device_config(load("s2s-bird").scenario, site, "strongswan", None, with_secrets=False)


def test_the_verb_prints_files_one_after_the_other() -> None:
    done = CliRunner().invoke(app, ["device-config", "Site2", "--scenario", "s2s-bird", "--bgp", "bird"])
    assert done.exit_code == 0
    heads = [line for line in done.stdout.splitlines() if line.startswith("### ")]
    assert heads[0] == "### site2: /etc/strongswan.d/azure.conf"
    assert heads[-1] == "### site2: /etc/bird/bird.conf"


def test_json_is_what_its_schema_says() -> None:
    done = CliRunner().invoke(app, ["device-config", "Site1", "--scenario", "s2s-bird", "-f", "json"])
    found = json.loads(done.stdout)
    assert [file["path"] for file in found][-1] == "/etc/bird/bird.conf"
    assert mistakes("device-config", found) == []
