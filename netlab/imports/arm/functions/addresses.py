"""Functions of prefixes."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping

from netlab.imports.arm.functions.function import Function, as_number, as_text
from netlab.imports.arm.values import EvaluationError, Value

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def _network(value: Value) -> Network:
    found = as_text(value)
    try:
        if "/" in found:
            return ipaddress.ip_network(found, strict=False)
    except ValueError:
        pass
    raise EvaluationError(f"{found[:40]} is no prefix")


def _subnet(network: Value, length: Value, index: Value) -> str:
    of, new, number = _network(network), as_number(length), as_number(index)
    if not of.prefixlen <= new <= of.max_prefixlen or not 0 <= number < 1 << (new - of.prefixlen):
        raise EvaluationError(f"cidrSubnet() has no /{new} number {number} in {of}")
    first = int(of.network_address) + (number << (of.max_prefixlen - new))
    return f"{type(of.network_address)(first)}/{new}"


def _host(network: Value, index: Value) -> str:
    """The usable address of an index: 0 is the first one behind the network's own."""
    of, number = _network(network), as_number(index)
    last = int(of.broadcast_address) - (1 if of.version == 4 else 0)
    found = int(of.network_address) + 1 + number
    if number < 0 or found > last:
        raise EvaluationError(f"cidrHost() has no host number {number} in {of}")
    return str(type(of.network_address)(found))


def _parts(value: Value) -> dict[str, Value]:
    of = _network(value)
    first, last = int(of.network_address) + 1, int(of.broadcast_address) - (1 if of.version == 4 else 0)
    make = type(of.network_address)
    found: dict[str, Value] = {"network": str(of.network_address), "netmask": str(of.netmask)}
    if of.version == 4:
        found["broadcast"] = str(of.broadcast_address)
    few = first > last
    usable = {
        "firstUsable": str(of.network_address if few else make(first)),
        "lastUsable": str(of.broadcast_address if few else make(last)),
    }
    return {**found, **usable, "cidr": of.prefixlen}


FUNCTIONS: Mapping[str, Function] = {
    "cidrsubnet": Function(_subnet, 3, 3),
    "cidrhost": Function(_host, 2, 2),
    "parsecidr": Function(_parts, 1, 1),
}
