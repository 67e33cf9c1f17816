"""The kernel's settings of a namespace, and those of its interfaces."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from netlab.machine.inventory.links import Link
from netlab.plan.model.held import Fact

# linux/ip.h, IPV4_DEVCONF_*: what may change what becomes of a packet. Numbers count from 1.
_OF_INTERFACES = {
    1: "forwarding",
    3: "proxy_arp",
    4: "accept_redirects",
    6: "send_redirects",
    8: "rp_filter",
    9: "accept_source_route",
    13: "arp_filter",
    15: "disable_xfrm",
    16: "disable_policy",
    18: "arp_announce",
    19: "arp_ignore",
    23: "accept_local",
    24: "src_valid_mark",
    25: "proxy_arp_pvlan",
    26: "route_localnet",
    29: "ignore_routes_with_linkdown",
    30: "drop_unicast_in_l2_multicast",
}
# Below /proc/sys/net.
_OF_NAMESPACES = (
    "ipv4/ip_forward",
    "ipv4/ip_default_ttl",
    "ipv4/ip_no_pmtu_disc",
    "ipv4/icmp_echo_ignore_all",
    "ipv4/icmp_ratelimit",
    "ipv4/fib_multipath_hash_policy",
    "ipv4/fib_multipath_hash_fields",
    *(
        f"ipv4/conf/all/{name}"
        for name in (
            "rp_filter", "send_redirects", "accept_redirects", "proxy_arp", "arp_ignore", "arp_announce",
            "accept_local", "route_localnet", "src_valid_mark",
        )
    ),
    "ipv6/conf/all/disable_ipv6",
)  # fmt: skip


def settings(links: Iterable[Link]) -> Iterator[Fact]:
    """The settings of a namespace by their path, those of an interface in one fact."""
    for path in _OF_NAMESPACES:
        try:
            value = Path("/proc/sys/net", path).read_text().strip()
        except OSError:
            # A kernel without IPv6 lacks its settings.
            continue
        yield Fact("setting", path, value)
    for link in links:
        yield Fact("setting", of_interface(link.name), words(dict(_named(link))))


def of_interface(name: str) -> str:
    """The settings of an interface, as the object of a fact."""
    return f"ipv4/conf/{name}"


def words(values: dict[str, int]) -> str:
    """The settings of an interface as one text: those that are not 0."""
    return " ".join(f"{name}={value}" for name, value in sorted(values.items()) if value)


def values(text: str) -> dict[str, int]:
    """The settings of an interface from their text."""
    return {name: int(value) for name, _, value in (item.partition("=") for item in text.split())}


def _named(link: Link) -> Iterator[tuple[str, int]]:
    for place, name in _OF_INTERFACES.items():
        if place <= len(link.settings):
            yield name, link.settings[place - 1]
