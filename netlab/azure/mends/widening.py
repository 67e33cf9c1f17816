"""Which end of a connection has selectors too narrow for a packet, and what would widen exactly these. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network

from netlab.azure import ike
from netlab.azure.mends.statics import settings_path, static
from netlab.azure.selectors import Selectors, by_policy, cover, custom, is_written_by
from netlab.results.mends import Change, Edit
from netlab.scenario.network import Side, Site


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


def widened(sender: Side, flow: Flow) -> Iterator[Change]:
    """What would let a flow that a side sends into the tunnel: its narrow ends widened or, if none is, the end that
    answers begins."""
    narrow = [
        (side, each) for side, each in ((sender, flow), (sender.other, flow.mirrored())) if _is_narrow(side, each)
    ]
    if narrow:
        found = [_wider(side, each) for side, each in narrow]
        edits = dict.fromkeys(edit for change in found for edit in change.edits)
        yield Change(", and ".join(change.sentence for change in found), tuple(edits))
        return
    begins = ike.initiator(sender.connection)
    if begins is not None:
        why = f"it takes only a part of what {_end(begins)} proposes (B57)"
        sentence = f"let {_end(begins.other)} initiate {sender.connection.name} (connection_mode): {why}"
        yield from (Change(sentence, edits) for edits in _initiated_by(begins.other))


def _initiated_by(side: Side) -> Iterator[tuple[Edit, ...]]:
    """Edits of the modes of a connection after which a side begins; a device without settings of its own has Default
    (R46)."""
    other = side.other
    if ike.mode(side) == "ResponderOnly":
        yield (Edit("set", (*settings_path(side), "connection_mode"), "Default"),)
    if not (other.is_device and other.connection.spec.other_end is None):
        yield (Edit("set", (*settings_path(other), "connection_mode"), "ResponderOnly"),)
    else:
        yield (Edit("set", (*settings_path(side), "connection_mode"), "InitiatorOnly"),)


def _is_narrow(side: Side, flow: Flow) -> bool:
    """Whether the selectors that a side brings into the negotiation do not hold a flow."""
    begins = side is ike.initiator(side.connection)
    return not cover(ike.proposed(side) if begins else ike.accepted(side), flow.local, flow.remote)


def _wider(side: Side, flow: Flow) -> Change:
    """What holds a flow at a side: more of what its selectors are made of."""
    if custom(side):
        return _with_line(side, flow)
    end, name = side.end, side.connection.name
    inside = any(flow.local in prefix for prefix in end.prefixes)
    if by_policy(side) and not inside:
        rule = f"the selectors of {end.name} hold prefixes of its own VNet only (R49)"
        if not side.settings.use_policy_based_traffic_selectors:
            return Change(rule)
        edit = Edit("set", (*settings_path(side), "use_policy_based_traffic_selectors"), False)
        return Change(f"set use_policy_based_traffic_selectors to false on {name}: {rule}", (edit,))
    if inside:
        return static(side, flow.remote_prefix)
    sentence = f"add {flow.local_prefix} to the address_prefixes of {end.name}"
    edit = Edit("append", (*end.path, "address_prefixes"), str(flow.local_prefix))
    return Change(sentence, (edit,) if isinstance(end, Site) else ())


def _with_line(side: Side, flow: Flow) -> Change:
    """A custom selector that holds one half of a flow gets the other half; where none does there is one more."""
    where = f"traffic_selector_policies of {_end(side)} on {side.connection.name}"
    lines = list(custom(side))
    mine, theirs = _line(side, flow.local, local=True), _line(side, flow.remote, local=False)
    if mine is not None:
        what = f"add {flow.remote_prefix} as a range of {_end(side.other)}"
        lines[lines.index(mine)] = Selectors(mine.local, (*mine.remote, flow.remote_prefix))
    elif theirs is not None:
        what = f"add {flow.local_prefix} as a range of {_end(side)}"
        lines[lines.index(theirs)] = Selectors((*theirs.local, flow.local_prefix), theirs.remote)
    else:
        what = f"add {flow.local_prefix} to {flow.remote_prefix}"
        lines.append(Selectors((flow.local_prefix,), (flow.remote_prefix,)))
    return Change(f"{what} to the {where}", (_lines(side, lines),))


def _lines(side: Side, lines: Iterable[Selectors]) -> Edit:
    """The custom selectors of a side, as its settings write them: those of a connection are its gateway's."""
    written = ((each if is_written_by(side) else each.mirrored()) for each in lines)
    value = [
        {"local_address_ranges": list(map(str, each.local)), "remote_address_ranges": list(map(str, each.remote))}
        for each in written
    ]
    return Edit("set", (*settings_path(side), "traffic_selector_policies"), value)


def _line(side: Side, address: IPv4Address, local: bool) -> Selectors | None:
    """The custom selectors of a side that hold an address."""
    found = (
        each for each in custom(side) if any(address in prefix for prefix in (each.local if local else each.remote))
    )
    return next(found, None)


def _end(side: Side) -> str:
    return side.end.name
