"""Changes that take back what a story did: faults, withdrawn and further prefixes, keys, clients. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from netlab.azure import faults
from netlab.azure.mends import maxima
from netlab.azure.mends.case import Case
from netlab.azure.state import State
from netlab.results.mends import Change

# What a new shared key is in a change; the user chooses another one.
A_KEY = "ChooseANewSharedKey"

_SENTENCES: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "start_vm": lambda on: f"start {on['vm']}",
    "restore_tunnel": lambda on: f"bring {on['connection']} up again: it was taken down",
    "mend_link": lambda on: f"mend the link of {_with_device(on['name'], on)} to the Internet",
    "mend_internet": lambda _: "mend the Internet: it is cut",
    "wake_device": lambda on: f"wake the device of {_with_device(on['site'], on)}: it is silent",
    "restore_gateway": lambda on: f"bring back instance {on.get('instance', 0)} of {on['vnet']}'s gateway",
    "restore_route_server": lambda on: f"bring back instance {on['instance']} of {on['vnet']}'s Route Server",
    "start_bgp_daemon": lambda on: f"start the BGP daemon of {_with_device(on['speaker'], on)}: it is stopped",
    "start_bgp_session": lambda on: (
        f"start the BGP session of {on['speaker']} with {on['peer']}: {on['speaker']} has shut it down"
    ),
    "restore_circuit": lambda on: f"bring the {on['link']} link of circuit {on['circuit']} up again",
}


def events(state: State) -> Iterator[Change]:
    """The actions that end faults, bring peerings in sync, give the ends of a connection one key, and take back
    prefixes that are too many."""
    for fault in sorted(state.faults, key=lambda found: (found.kind.name, found.target)):
        action = faults.ending(state.network, fault)
        verb, subject = next(iter(action.items()))
        yield Change(_SENTENCES[verb](subject), actions=(action,))
    yield from _syncs(state)
    yield from _keys(state)
    yield from maxima.fewer(state)


def _syncs(state: State) -> Iterator[Change]:
    """The peerings that are not in sync (R111)."""
    for peering in (peering for vnet in state.network.vnets.values() for peering in vnet.peerings):
        if set(peering.remote_address_space) != set(peering.remote.address_space):
            used = f"{peering.vnet.name} uses the address space of {peering.remote.name} from before"
            action = {"sync_peering": {"peering": peering.name}}
            yield Change(f"sync {peering.name}: {used} (R111)", actions=(action,))


def routes(case: Case) -> Iterator[Change]:
    """The actions that take back what a story did to routes around the packet's addresses."""
    yield from _announcements(case)
    yield from _routes_by_hand(case)


def _with_device(name: str, subject: Mapping[str, Any]) -> str:
    return f"{name} ({subject['device']})" if "device" in subject else name


def _announcements(case: Case) -> Iterator[Change]:
    """The prefixes around the packet's addresses that speakers withdrew, or announce besides their own."""
    network, now = case.state.network, case.state.announced
    given = {name: ({"site": name}, frozenset(site.announces)) for name, site in network.sites.items()}
    for item in network.bgp_appliances:
        if item.bgp is not None:
            given[item.router.node] = ({"nva": item.name}, frozenset(item.bgp.announces))
    for speaker, (name, own) in given.items():
        told = now.get(speaker, own)
        for prefix in sorted(own ^ told):
            if case.address in prefix or case.own in prefix:
                verb = "announce" if prefix in own else "withdraw"
                sentence = f"have {next(iter(name.values()))} {verb} {prefix}{' again' if prefix in own else ''}"
                yield Change(sentence, actions=({verb: {**name, "prefix": str(prefix)}},))


def _keys(state: State) -> Iterator[Change]:
    """The keys of connections whose ends have different ones; no secret of the file is repeated."""
    for name, connection in state.network.connections.items():
        one, other = (state.keys.get((name, side.end.name)) for side in connection.sides)
        if one != other:
            sentence = f"give both ends of {name} one shared key: they differ (R31)"
            yield Change(sentence, actions=({"set_key": {"connection": name, "shared_key": A_KEY}},))


def _routes_by_hand(case: Case) -> Iterator[Change]:
    """The routes that users added to clients by hand, around the packet's addresses."""
    for (client, gateway), session in case.state.sessions.items():
        first = case.state.network.clients[client].tunnels[0].gateway.name
        for prefix in sorted(session.by_hand) if gateway == first else ():
            if case.address in prefix or case.own in prefix:
                sentence = f"remove the route to {prefix} that was added by hand on {client}"
                yield Change(sentence, actions=({"remove_route": {"client": client, "prefix": str(prefix)}},))
