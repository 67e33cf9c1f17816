"""Scenarios by a reference: a name of the catalogue, a file, or a file of git as main:net.yaml."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

from netlab.errors import UsageError
from netlab.scenario.document import read
from netlab.scenario.loader import MAX_BYTES, Loaded, load, parse

Sites = Mapping[str, Mapping[str, Any]]
"""What a file says of its sites, by name."""


def scenario(reference: str) -> Loaded:
    """The scenario of a reference; UsageError or ScenarioError where there is none, or it is none."""
    if not is_revision(reference):
        return load(reference)
    content = revision(reference, MAX_BYTES)
    if len(content) > MAX_BYTES:
        raise UsageError(f"{reference[:60]} is larger than {MAX_BYTES} bytes", "name a scenario file")
    try:
        return parse(content.decode("utf-8-sig"), reference)
    except UnicodeDecodeError:
        raise UsageError(f"{reference[:60]} is not UTF-8 text", "name a scenario file") from None


def is_revision(reference: str) -> bool:
    """Whether a reference is to a file of git: it has a colon, and there is no such file."""
    return ":" in reference and not Path(reference).exists()


def revision(reference: str, most: int) -> bytes:
    """The content of a file of git, of so many bytes at most and one more."""
    from netlab.machine import revisions

    return revisions.content(reference, most)


def sites(text: str, where: str) -> Sites:
    """The sites of a scenario's text as they are written."""
    found: Sites = read(text, where).data.get("sites") or {}
    return found


def contradict(one: Sites, other: Sites) -> bool:
    """Whether a site of both is not the same in both; what its devices send into tunnels an import makes of VNets."""

    def plain(site: Mapping[str, Any]) -> dict[str, Any]:
        return {key: value for key, value in site.items() if key != "static_routes"}

    return any(plain(one[name]) != plain(other[name]) for name in one if name in other)


def merged(one: Sites, other: Sites) -> Sites:
    """Sites as two imports have them: with the prefixes and hosts of both, else as the first one says."""
    both = {name: _merged(one[name], other[name]) for name in one if name in other}
    return {**other, **one, **both}


def _merged(one: Mapping[str, Any], other: Mapping[str, Any]) -> Mapping[str, Any]:
    prefixes = list(dict.fromkeys((*one["address_prefixes"], *other["address_prefixes"])))
    networks = [IPv4Network(prefix) for prefix in prefixes]
    outer = [str(n) for n in networks if not any(n != wide and n.subnet_of(wide) for wide in networks)]
    hosts = dict(one.get("hosts") or {})
    for address in (other.get("hosts") or {}).values():
        if address not in hosts.values():
            hosts[f"host{len(hosts) + 1}"] = address
    return {**one, "address_prefixes": outer} | ({"hosts": hosts} if hosts else {})
