"""Which end of a connection has selectors too narrow for a packet, and what would widen exactly these. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network

from netlab.azure import ike
from netlab.azure.selectors import Selectors, by_policy, cover, custom
from netlab.scenario.network import Appliance, Side, Site


@dataclass(frozen=True, slots=True)
class Flow:
    """Packets between two addresses as one side of a connection sends them, and the prefix around each address."""

    local: IPv4Address
    remote: IPv4Address
    local_prefix: IPv4Network
    remote_prefix: IPv4Network

    def mirrored(self) -> Flow:
        """As the other side sends them."""
        return Flow(self.remote, self.local, self.remote_prefix, self.local_prefix)


def widened(sender: Side, flow: Flow) -> Iterator[str]:
    """What would let a flow that a side sends into the tunnel: its narrow ends widened or, if none is, the end that
    answers begins."""
    narrow = [
        (side, each) for side, each in ((sender, flow), (sender.other, flow.mirrored())) if _is_narrow(side, each)
    ]
    if narrow:
        yield ", and ".join(_wider(side, each) for side, each in narrow)
        return
    begins = ike.initiator(sender.connection)
    if begins is not None:
        why = f"it takes only a part of what {_end(begins)} proposes (B57)"
        yield f"let {_end(begins.other)} initiate {sender.connection.name} (connection_mode): {why}"


def _is_narrow(side: Side, flow: Flow) -> bool:
    """Whether the selectors that a side brings into the negotiation do not hold a flow."""
    begins = side is ike.initiator(side.connection)
    return not cover(ike.proposed(side) if begins else ike.accepted(side), flow.local, flow.remote)


def _wider(side: Side, flow: Flow) -> str:
    """What holds a flow at a side: more of what its selectors are made of."""
    if custom(side):
        return _with_line(side, flow)
    end, name = side.end, side.connection.name
    inside = any(flow.local in prefix for prefix in end.prefixes)
    if by_policy(side) and not inside:
        rule = f"the selectors of {end.name} hold prefixes of its own VNet only (R49)"
        asked = side.settings.use_policy_based_traffic_selectors
        return f"set use_policy_based_traffic_selectors to false on {name}: {rule}" if asked else rule
    if by_policy(side):
        return f"add {flow.remote_prefix} to {_gateway_for(side)}"
    if not inside:
        return f"add {flow.local_prefix} to the address_prefixes of {end.name}"
    return f"have {_device(side)} send {flow.remote_prefix} into {name} (static_routes)"


def _with_line(side: Side, flow: Flow) -> str:
    """A custom selector that holds one half of a flow gets the other half; where none does there is one more."""
    where = f"traffic_selector_policies of {_end(side)} on {side.connection.name}"
    if _line(side, flow.local, local=True) is not None:
        return f"add {flow.remote_prefix} as a range of {_end(side.other)} to the {where}"
    if _line(side, flow.remote, local=False) is not None:
        return f"add {flow.local_prefix} as a range of {_end(side)} to the {where}"
    return f"add {flow.local_prefix} to {flow.remote_prefix} to the {where}"


def _line(side: Side, address: IPv4Address, local: bool) -> Selectors | None:
    """The custom selectors of a side that hold an address."""
    found = (
        each for each in custom(side) if any(address in prefix for prefix in (each.local if local else each.remote))
    )
    return next(found, None)


def _end(side: Side) -> str:
    return side.end.name


def _gateway_for(side: Side) -> str:
    """The local network gateway of a gateway for the other end, with its name where it has one."""
    named = side.connection.spec.local_network_gateways.get(side.end.name)
    described = f"{side.end.name}'s local network gateway for {side.other.end.name}"
    return f"{described}, {named}" if named is not None else described


def _device(side: Side) -> str:
    return f"the device of {side.end.name}" if isinstance(side.end, Site | Appliance) else side.end.name
