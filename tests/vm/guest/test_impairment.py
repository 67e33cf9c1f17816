"""Impaired links on a kernel with netem: as asked, as the scenario declares, and as before after --reset."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import labs
import pytest
from streams import WINDOW, bytes_a_second

VM, LISTED = "vnet1-vm1", "10.101.0.10"
# An emulated processor may take a second to answer.
SLOWLY = ("--data-plane", "kernel", "--time-scale", "10")
# The ends of the link that is called Site1.
ENDS = (("site1-edge", "wan"), ("internet", "site1-edge"))


@pytest.fixture(scope="module")
def lab() -> Iterator[labs.Lab]:
    with labs.up("s2s-static", "t-impair", *SLOWLY) as made:
        yield made


@pytest.fixture(autouse=True)
def _reset(lab: labs.Lab) -> Iterator[None]:
    yield
    labs.netlab("impair", "Site1", "--reset", "--lab", lab.name)


def disciplines(lab: labs.Lab) -> list[str]:
    return [lab.run(node, "tc", "qdisc", "show", "dev", interface) for node, interface in ENDS]


def impair(lab: labs.Lab, *asked: str) -> dict[str, float]:
    (row,) = json.loads(labs.netlab("impair", "Site1", *asked, "--lab", lab.name, "-f", "json").stdout)
    return row


def test_all_four_at_once(lab: labs.Lab) -> None:
    row = impair(lab, "--delay", "40ms", "--jitter", "5ms", "--loss", "1%", "--rate", "10mbit")
    assert 70 <= row["rtt_ms"] <= 120
    assert 6_000 <= row["rate_kbit"] <= 12_500
    assert all("netem" in words for words in disciplines(lab))


def test_a_delay_is_felt_through_the_tunnel_and_gone_after_reset(lab: labs.Lab, ping: Callable[..., float]) -> None:
    before = disciplines(lab), ping(lab, VM, LISTED)
    assert 40 <= impair(lab, "--delay", "20ms")["rtt_ms"] <= 55
    assert ping(lab, VM, LISTED) >= 40
    labs.netlab("impair", "Site1", "--reset", "--lab", lab.name)
    assert disciplines(lab) == before[0]
    assert ping(lab, VM, LISTED) < 40


def test_a_loss_is_lost(lab: labs.Lab) -> None:
    assert 15 <= impair(lab, "--loss", "20%")["loss_percent"] <= 60


def test_a_rate_limits(lab: labs.Lab) -> None:
    assert 3_000 <= impair(lab, "--rate", "5mbit")["rate_kbit"] <= 6_250


def test_a_refused_impairment_changes_nothing(lab: labs.Lab) -> None:
    before = disciplines(lab)
    # More than an emulated processor can do.
    done = labs.netlab("impair", "Site1", "--rate", "40gbit", "--lab", lab.name, code=4)
    assert re.search(r"asked for \S+ kbit/s, measured \d+ kbit/s", done.stderr)
    assert disciplines(lab) == before


def test_a_scenario_declares_it(tmp_path: Path, ping: Callable[..., float]) -> None:
    text = labs.SCENARIOS["s2s-static"].read_text()
    file = tmp_path / "declared.yaml"
    file.write_text(text.replace("\nstory:\n", "\nlinks: {Site1: {delay: 10ms}}\nstory:\n"))
    with labs.up(file, "t-declared", *SLOWLY) as lab:
        assert ping(lab, VM, LISTED) >= 20
        lab.verify()


TWO_SITES = """
name: t-latency
vnets:
  VNet1:
    address_space: [10.1.0.0/16]
    subnets: {default: 10.1.0.0/24, GatewaySubnet: 10.1.255.0/26}
    vms: {vm1: {subnet: default, private_ip_address: 10.1.0.4}}
    vpn_gateway: {sku: VpnGw1AZ}
    expressroute_gateway: {}
sites:
  Site1: {address_prefixes: [10.101.0.0/16], bgp: {asn: 65101}, hosts: {h1: 10.101.0.10}}
  Site2: {address_prefixes: [10.102.0.0/16], hosts: {h2: 10.102.0.10}}
connections: {VNet1-Site2: {type: IPsec, between: [VNet1, Site2]}}
expressroute_circuits: {c1: {site: Site1, vnets: {VNet1: {}}}}
links: {Site1: {delay: 300ms}, Site2: {delay: 300ms}}
"""


def test_a_circuit_has_nothing_of_the_internets_latency(tmp_path: Path, ping: Callable[..., float]) -> None:
    """Both sites have the same link to the Internet, and what it delays, a flow with a small window cannot fill."""
    file = tmp_path / "latency.yaml"
    file.write_text(TWO_SITES)
    with labs.up(file, "t-latency", *SLOWLY) as lab:
        assert ping(lab, "vnet1-vm1", "10.101.0.10", 3) < 300
        assert ping(lab, "vnet1-vm1", "10.102.0.10", 3) >= 600
        by_circuit, by_internet = (
            bytes_a_second(lab, "tcp", host, "vnet1-vm1", "10.1.0.4") for host in ("site1-h1", "site2-h2")
        )
        assert by_internet <= 2 * WINDOW / 0.6
        assert by_circuit > by_internet
