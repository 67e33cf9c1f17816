"""`check` of a scenario grows with its prefixes, not with their pairs."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from netlab.api.scenarios import check

FEW, MANY = 2500, 10_000
# Linear is 4 times, by the square 16.
MOST_TIMES = 12


def prefix(number: int) -> str:
    return f"{20 + number // 65536}.{number // 256 % 256}.{number % 256}.0/24"


def prefixes(first: int, count: int) -> str:
    return ", ".join(map(prefix, range(first, first + count)))


def sites(count: int) -> str:
    """Ten sites, each behind a connection of its own."""
    each = count // 10
    firsts = [n * each for n in range(10)]
    named = [
        f"  Site{n}: {{address_prefixes: [{prefixes(first, each)}], hosts: {{host: {prefix(first)[:-4]}4}}}}"
        for n, first in enumerate(firsts)
    ]
    joined = [f"  Connection{n}: {{type: IPsec, between: [VNet1, Site{n}]}}" for n in range(10)]
    gateway = "    vpn_gateway: {sku: VpnGw2AZ}"
    return "\n".join((VNET, gateway, "sites:", *named, "connections:", *joined))


def vnets(count: int) -> str:
    """Two VNets with many address spaces, peered."""
    half = count // 2
    vnet = "  VNet{}: {{address_space: [{}], subnets: {{default: {}}}}}"
    lines = (vnet.format(n, prefixes(n * half, half), prefix(n * half)) for n in (0, 1))
    peered = (f"  Peering{n}: {{vnet: VNet{n}, remote_vnet: VNet{1 - n}}}" for n in (0, 1))
    return "\n".join(("name: big", "vnets:", *lines, "peerings:", *peered))


def routes(count: int) -> str:
    """A route table."""
    route = "      r{}: {{address_prefix: {}, next_hop_type: Internet}}"
    rows = (route.format(n, prefix(n)) for n in range(count))
    return "\n".join((VNET, "route_tables:", "  table1:", "    routes:", *rows))


VNET = """name: big
vnets:
  VNet1:
    address_space: [10.1.0.0/16]
    subnets: {default: 10.1.0.0/24, GatewaySubnet: 10.1.255.0/27}"""


@pytest.mark.parametrize("network", [sites, vnets, routes])
def test_check_is_linear_in_prefixes(network: Callable[[int], str], tmp_path: Path) -> None:
    assert seconds(network(MANY), tmp_path) < MOST_TIMES * seconds(network(FEW), tmp_path)


def seconds(text: str, directory: Path) -> float:
    """Of the processor, the least of three times: what other processes do does not count."""
    file = directory / "big.yaml"
    file.write_text(text)
    times = []
    for _ in range(3):
        began = time.process_time()
        findings, _ = check(str(file))
        assert not [str(finding) for finding in findings if not finding.rule and finding.severity == "error"]
        times.append(time.process_time() - began)
    return min(times)
