"""Interfaces of namespaces, through netlink."""

from __future__ import annotations

import contextlib
import errno
import socket
from collections.abc import Callable, Collection, Iterable, Iterator
from ipaddress import IPv4Interface
from typing import Any

from pyroute2 import IPRoute
from pyroute2.netlink.exceptions import NetlinkError

from netlab.errors import BuildError
from netlab.machine import namespaces
from netlab.plan.model import Interface
from netlab.plan.underlay import PLUMBING

# linux/if_addr.h: the address brings no route to its prefix. In Azure nothing is on-link (R112).
_IFA_F_NOPREFIXROUTE = 0x200
# linux/if.h
_IFF_UP, _IFF_LOOPBACK, _IFF_LOWER_UP = 1, 8, 1 << 16


def with_netlink(netns: str, function: Callable[[IPRoute], Any]) -> Any:
    """The result of a function that is given a netlink socket inside a namespace."""

    def inside() -> Any:
        with IPRoute() as ipr:
            return function(ipr)

    return namespaces.run_in(netns, inside)


@contextlib.contextmanager
def explained(node: str, what: str) -> Iterator[None]:
    try:
        yield
    except NetlinkError as error:
        raise BuildError(f"{node}: {what}: {error}") from error


@contextlib.contextmanager
def unless(*harmless: int) -> Iterator[None]:
    try:
        yield
    except NetlinkError as error:
        if error.code not in harmless:
            raise


class _Indexes(dict[str, int]):
    """Interfaces by name. One that is not there fails as it would in the kernel."""

    def __missing__(self, name: str) -> int:
        raise NetlinkError(errno.ENODEV, f"no interface {name}")


def indexes() -> dict[str, int]:
    """The interfaces of the namespace that the calling thread is in; pyroute2 takes 90 times as long to list them."""
    return _Indexes({name: number for number, name in socket.if_nameindex()})


def set_up(ipr: IPRoute, node: str, index: int, interface: Interface, *, arp: bool | None = None) -> None:
    """Give an interface its addresses and set it up; ``arp`` as the kernel has it where it is not said."""
    with explained(node, f"interface {interface.name}"):
        if interface.altname != interface.name:
            ipr.link("property_add", index=index, altname=interface.altname)
        for text in interface.addresses:
            address = IPv4Interface(text)
            flags = {} if address.network.prefixlen == 32 else {"flags": _IFA_F_NOPREFIXROUTE}
            ipr.addr("add", index=index, address=str(address.ip), prefixlen=address.network.prefixlen, **flags)
        ipr.link("set", index=index, state="up", **({} if arp is None else {"arp": arp}))


def interface_names(netns: str) -> tuple[str, ...]:
    """The interfaces of a namespace."""
    return namespaces.run_in(netns, lambda: tuple(indexes()))


def live_interfaces(netns: str) -> tuple[str, ...]:
    """The interfaces of a namespace that are up, without the loopback."""

    def read(ipr: IPRoute) -> tuple[str, ...]:
        links = ((link.get("ifname"), link["flags"]) for link in ipr.get_links())
        return tuple(name for name, flags in links if flags & (_IFF_UP | _IFF_LOOPBACK) == _IFF_UP)

    return tuple(with_netlink(netns, read))


def _is_plumbing(address: str) -> bool:
    own = IPv4Interface(address).ip
    return own.is_loopback or any(own in range_ for range_ in PLUMBING)


def addresses(names: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """The addresses of each namespace as ``a.b.c.d/len``, in the kernel's order, without 127/8 and the plumbing."""

    def read(_: str) -> tuple[str, ...]:
        with IPRoute() as ipr:
            found = [f"{message.get('address')}/{message['prefixlen']}" for message in ipr.get_addr(family=2)]
        return tuple(address for address in found if not _is_plumbing(address))

    names = tuple(names)
    return dict(zip(names, namespaces.for_each(names, read), strict=True))


def add_loopback_addresses(netns: str, addresses: Iterable[str]) -> None:
    """Add those addresses to ``lo`` that are not there."""

    def change(ipr: IPRoute) -> None:
        lo = indexes()["lo"]
        for address in addresses:
            with explained(netns, f"address {address}"), unless(errno.EEXIST):
                ipr.addr("add", index=lo, address=address, prefixlen=32)

    with_netlink(netns, change)


def keep_loopback_addresses(netns: str, wanted: Collection[str]) -> None:
    """Remove those addresses from ``lo`` that are none of these, as ``a.b.c.d/len``, and not the kernel's own."""

    def change(ipr: IPRoute) -> None:
        lo = indexes()["lo"]
        for message in list(ipr.get_addr(family=2, index=lo)):
            address, length = message.get("address"), message["prefixlen"]
            if f"{address}/{length}" not in wanted and not IPv4Interface(address).is_loopback:
                ipr.addr("del", index=lo, address=address, prefixlen=length)

    with_netlink(netns, change)


def sends(netns: str, interface: str) -> bool:
    """Whether an interface has its queue: a work queue brings it after carrier, until then noop drops everything."""

    def read(ipr: IPRoute) -> bool:
        (link,) = ipr.get_links(indexes()[interface])
        return bool(link.get("qdisc") != "noop")

    return bool(with_netlink(netns, read))


def has_carrier(netns: str, name: str) -> bool:
    """Whether an interface's link is up at both ends; false where there is none of this name."""

    def read(ipr: IPRoute) -> bool:
        links = {link.get("ifname"): link["flags"] for link in ipr.get_links()}
        return bool(links.get(name, 0) & _IFF_LOWER_UP)

    with contextlib.suppress(namespaces.Missing):
        return bool(with_netlink(netns, read))
    return False


def set_state(netns: str, interface: str, state: str) -> None:
    """Set an interface up or down."""
    with explained(netns, f"interface {interface}"):
        with_netlink(netns, lambda ipr: ipr.link("set", index=indexes()[interface], state=state))


def set_mtu(netns: str, interface: str, mtu: int) -> None:
    """Set the MTU of an interface."""
    with explained(netns, f"interface {interface}"):
        with_netlink(netns, lambda ipr: ipr.link("set", index=indexes()[interface], mtu=mtu))


def remove_interface(netns: str, interface: str) -> None:
    """Remove an interface if it is there; a killed charon's TUN goes by itself, a moment later."""

    def remove(ipr: IPRoute) -> None:
        index = indexes()
        if interface in index:
            with unless(errno.ENODEV):
                ipr.link("del", index=index[interface])

    with_netlink(netns, remove)
