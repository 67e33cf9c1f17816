"""NAT rules of a VPN gateway: what nftables translates at the tunnels of an instance."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Network

from netlab.azure import nat_rules
from netlab.plan.devices import Device
from netlab.plan.model import PrefixNat, PrefixPair, TunnelNat
from netlab.plan.ports import tunnel_port


def of_gateway(device: Device) -> Iterator[PrefixNat]:
    """The translations of an instance; none where no connection names a rule."""
    found = tuple(_of_tunnels(device))
    if found:
        yield PrefixNat(found)


def _of_tunnels(device: Device) -> Iterator[TunnelNat]:
    for tunnel in device.tunnels:
        own, others = nat_rules.of_tunnel(tunnel, device.router)
        if own or others:
            yield TunnelNat(
                tunnel_port(tunnel.name),
                sources_in=tuple(_pair(rule.internal, rule.external) for rule in others),
                destinations_in=tuple(_pair(rule.external, rule.internal) for rule in own),
                sources_out=tuple(_pair(rule.internal, rule.external) for rule in own),
                destinations_out=tuple(_pair(rule.external, rule.internal) for rule in others),
            )


def _pair(before: IPv4Network, after: IPv4Network) -> PrefixPair:
    return PrefixPair(str(before), str(after), str(after[0]), str(after.hostmask))
