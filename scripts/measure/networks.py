"""Networks of a kind and a size, as scenario files."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from itertools import combinations, pairwise
from typing import Any

Scenario = dict[str, Any]


def vnet(number: int, *, gateway: bool = True, **more: Any) -> dict[str, Any]:
    """A VNet with one machine and, unless ``gateway`` is false, a VPN gateway with BGP."""
    subnets = {"default": f"10.{number}.1.0/24"}
    found: dict[str, Any] = {"address_space": [f"10.{number}.0.0/16"], "subnets": subnets, **more}
    found.setdefault("vms", {f"vm{number}": {"subnet": "default"}})
    if gateway:
        subnets["GatewaySubnet"] = f"10.{number}.255.0/27"
        found["vpn_gateway"] = {"sku": "VpnGw4AZ", "bgp": {"asn": 65000 + number}}
    return found


def _connected(size: int, pairs: Iterable[tuple[int, int]]) -> Scenario:
    """VNets with gateways, of which these pairs are connected."""
    ends = {f"c{a}-{b}": [f"V{a}", f"V{b}"] for a, b in pairs}
    return {
        "vnets": {f"V{n}": vnet(n) for n in range(1, size + 1)},
        "connections": {
            name: {"type": "Vnet2Vnet", "between": between, "enable_bgp": True} for name, between in ends.items()
        },
    }


def chain(size: int) -> Scenario:
    """Each VNet connected to the next one."""
    return _connected(size, pairwise(range(1, size + 1)))


def hubspoke(size: int) -> Scenario:
    """All VNets connected to the first one."""
    return _connected(size, ((n, 1) for n in range(2, size + 1)))


def mesh(size: int) -> Scenario:
    """All VNets connected to each other."""
    return _connected(size, combinations(range(1, size + 1), 2))


def hubsites(size: int) -> Scenario:
    """Sites connected to one gateway."""
    numbers = range(1, size + 1)
    return {
        "vnets": {"Hub": vnet(200)},
        "sites": {f"S{n}": _site(n) for n in numbers},
        "connections": {f"c{n}": {"type": "IPsec", "between": ["Hub", f"S{n}"], "enable_bgp": True} for n in numbers},
    }


def _site(number: int, hosts: int = 1) -> dict[str, Any]:
    named = {f"h{number}-{host}": f"10.{number}.{host}.9" for host in range(1, hosts + 1)}
    return {"address_prefixes": [f"10.{number}.0.0/16"], "bgp": {"asn": 64600 + number}, "hosts": named}


def tee(size: int) -> Scenario:
    """Gateways in a row, the last one a site's, with two machines behind each: what other labs call T."""
    found = chain(size - 1)
    for number, each in enumerate(found["vnets"].values(), 1):
        each["vms"] = {f"vm{number}-{machine}": {"subnet": "default"} for machine in (1, 2)}
    last = {"type": "IPsec", "between": [f"V{size - 1}", f"S{size}"], "enable_bgp": True}
    return found | {"sites": {f"S{size}": _site(size, 2)}, "connections": found["connections"] | {"last": last}}


def spokes(size: int) -> Scenario:
    """VNets that use a hub's gateway by peering, and a site behind it."""
    numbers = range(1, size + 1)
    out = {f"out{n}": {"vnet": "Hub", "remote_vnet": f"V{n}", "allow_gateway_transit": True} for n in numbers}
    back = {f"back{n}": {"vnet": f"V{n}", "remote_vnet": "Hub", "use_remote_gateways": True} for n in numbers}
    found = hubsites(0)
    found["vnets"] |= {f"V{n}": vnet(n, gateway=False) for n in numbers}
    connection = {"type": "IPsec", "between": ["Hub", "S1"], "enable_bgp": True}
    return found | {"peerings": out | back, "sites": {"S1": _site(201)}, "connections": {"c1": connection}}


def p2s(size: int) -> Scenario:
    """Point-to-site clients of one gateway."""
    found = vnet(1)
    found["vpn_gateway"]["point_to_site"] = {"address_pool": "192.168.0.0/24"}
    return {"vnets": {"V1": found}, "clients": {f"c{n}": {"os": "linux", "gateway": "V1"} for n in range(size)}}


def vms(size: int) -> Scenario:
    """Virtual machines in one subnet."""
    found = vnet(1, gateway=False, vms={f"vm{n}": {"subnet": "default"} for n in range(size)})
    found["subnets"]["default"] = "10.1.0.0/20"
    return {"vnets": {"V1": found}}


KINDS: Mapping[str, Callable[[int], Scenario]] = {
    each.__name__: each for each in (chain, hubspoke, mesh, hubsites, tee, spokes, p2s, vms)
}


def text(kind: str, size: int) -> str:
    """The scenario file of a network: YAML, an object a line."""
    found = {"name": f"bench-{kind}-{size}"} | KINDS[kind](size)
    lines = []
    for key, value in found.items():
        if isinstance(value, dict):
            lines += [f"{key}:", *(f"  {name}: {json.dumps(item)}" for name, item in value.items())]
        else:
            lines.append(f"{key}: {value}")
    return "\n".join(lines) + "\n"
