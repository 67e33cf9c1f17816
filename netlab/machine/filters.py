"""Filters: rulesets of nftables, those of a plan and those by which a node or an interface falls silent."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Collection, Iterable

from netlab.errors import BuildError, LabError
from netlab.machine import interfaces, namespaces, processes
from netlab.plan.model import Node, Plan

STOPPED = """\
table inet stopped {
  chain in { type filter hook input priority -300; policy drop; }
  chain through { type filter hook forward priority -300; policy drop; }
  chain out { type filter hook output priority -300; policy drop; }
}
"""
# A table that is not there cannot be deleted: it is made first.
_START = "table inet stopped\ndelete table inet stopped\n"
# All that passes an interface in either direction; a netdev hook sees IKE, ESP and ARP alike.
_SEVER = """\
table netdev severed {{
  chain heard {{ type filter hook ingress device "{interface}" priority 0; policy drop; }}
}}
table inet severed {{
  chain said {{ type filter hook postrouting priority 0; policy accept; oifname "{interface}" drop; }}
}}
"""
# The family and the name of a table.
_TABLE = re.compile(r"^table (\w+ \S+)", re.MULTILINE)
_REJOIN = "delete table netdev severed\ndelete table inet severed\n"


def load(node: Node, ruleset: str) -> None:
    """Load a ruleset at a node."""
    _nft(node.netns, node.name, ruleset)


def _nft(netns: str, where: str, text: str) -> None:
    """Have nft do in a namespace what a text says, all of it or nothing."""
    code, output = processes.run(netns, ["nft", "-f", "-"], text)
    if code != 0:
        raise BuildError(f"{where}: nft: {output.strip()}")


def replace(node: Node, old: str, new: str) -> None:
    """Load a ruleset at a node in place of another one, in one transaction: the tables of both go first."""
    tables = dict.fromkeys(_TABLE.findall(old + new))
    # A table that is not there cannot be deleted: it is made first.
    load(node, "".join(f"table {table}\ndelete table {table}\n" for table in tables) + new)


def stop(plan: Plan, nodes: Collection[str]) -> None:
    """Have nodes send, receive and forward nothing, as if they were stopped."""
    for node in nodes:
        load(plan.node(node), STOPPED)


def is_stopped(netns: str) -> bool:
    """Whether a node is stopped by a filter."""
    return bool(_listed(netns, "table", "inet", "stopped"))


def is_cut(netns: str, interface: str) -> bool:
    """Whether the far end of an interface's link is down."""
    return not interfaces.has_carrier(netns, interface)


def is_severed(netns: str, interface: str) -> bool:
    """Whether a filter lets nothing pass an interface, though its link is up."""
    return f'"{interface}"' in _listed(netns, "chain", "inet", "severed", "said")


def _listed(netns: str, *what: str) -> str:
    """What nft lists; nothing where there is no such thing, or no namespace."""
    with contextlib.suppress(namespaces.Missing):
        code, listed = processes.run(netns, ["nft", "list", *what], "")
        return listed if code == 0 else ""
    return ""


def azure_traffic(netns: str) -> int:
    """How many packets a carrier of the underlay has forwarded between two public addresses of Azure."""
    listed = _listed(netns, "counter", "ip", "azure", "traffic")
    found = re.search(r"packets (\d+)", listed)
    if found is None:
        raise LabError(f"{netns} does not count what it forwards between public addresses of Azure")
    return int(found.group(1))


# The table of network security groups, of templates/nftables/security.j2.
_SECURITY = ("ip", "security")


def members(netns: str, name: str) -> tuple[str, ...]:
    """The prefixes of a set of network security groups; none where there is no such set."""
    code, listed = processes.run(netns, ["nft", "-j", "list", "set", *_SECURITY, name], "")
    if code != 0:
        return ()
    (found,) = (item["set"] for item in json.loads(listed)["nftables"] if "set" in item)
    return tuple(map(_prefix, found.get("elem", ())))


def _prefix(element: str | dict[str, dict[str, str]]) -> str:
    """An element as a prefix: nft writes a single address without its length."""
    if isinstance(element, str):
        return f"{element}/32"
    return f"{element['prefix']['addr']}/{element['prefix']['len']}"


def change_set(netns: str, name: str, prefixes: Iterable[str]) -> None:
    """Give a set of network security groups these prefixes, in one transaction."""
    place = " ".join((*_SECURITY, name))
    _nft(netns, netns, f"flush set {place}\nadd element {place} {{ {', '.join(prefixes)} }}\n")


def start(plan: Plan, nodes: Collection[str]) -> None:
    """Have stopped nodes go on."""
    for node in nodes:
        load(plan.node(node), _START)


def severing(interface: str) -> str:
    """The ruleset by which nothing passes an interface."""
    return _SEVER.format(interface=interface)


def sever(plan: Plan, ports: Collection[tuple[str, str]]) -> None:
    """Have nothing pass these interfaces of nodes, though their links are up."""
    for node, interface in ports:
        load(plan.node(node), severing(interface))


def rejoin(plan: Plan, ports: Collection[tuple[str, str]]) -> None:
    """Have all pass again."""
    for node, _ in ports:
        load(plan.node(node), _REJOIN)
