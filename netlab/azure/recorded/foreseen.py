"""What an operation of Azure shows of the scenario: as the model predicts it, or as a lab has it. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from netlab.azure.learning import expressroute_name, learners, route_server_name, routers
from netlab.azure.recorded.answers import Answer, Unrecognised
from netlab.azure.recorded.matching import FORMS
from netlab.azure.state import State
from netlab.azure.views import nics
from netlab.azure.views.bgp import Speaker, Witness
from netlab.azure.views.predicted import Model
from netlab.results.recorded import Kind, Row
from netlab.results.shown import GatewayRoute, NicRoute
from netlab.scenario.names import suggest
from netlab.scenario.network import Nic


@dataclass(frozen=True, slots=True)
class Side:
    """Who answers for the scenario: the model, or a lab.

    ``witness`` says what routers hold, ``routes`` are the effective routes of a NIC, and ``connection`` is the status
    of a connection, with the reason why it is down.
    """

    state: State
    witness: Witness
    routes: Callable[[Nic], Iterable[NicRoute]]
    connection: Callable[[str], tuple[str, str]]


def of_model(state: State) -> Side:
    """The side of the model."""
    return Side(state, Model(state), partial(nics.predicted, state), partial(_status, state))


@dataclass(frozen=True, slots=True)
class Foreseen:
    """The rows that the scenario's side shows, the scenario's name of what they are about, and the answer to compare.

    ``remarks`` has a reason of the model for a row, by what pairs it.
    """

    answer: Answer
    rows: tuple[Row, ...]
    remarks: tuple[tuple[tuple[Any, ...], str], ...] = ()


def foreseen(side: Side, answer: Answer) -> Foreseen:
    """What a side shows for an answer; Unrecognised if the scenario has nothing that it is about."""
    if answer.kind == "effective-routes":
        return _effective(side, answer)
    if answer.kind == "connection":
        return _connections(side, answer)
    speaker = Speaker(side.state, side.witness, _speaker(side.state, answer))
    named = replace(answer, subject=speaker.end)
    if answer.kind == "bgp-peers":
        peers = speaker.bgp_peers().rows
        reasons = (((peer.localAddress, peer.neighbor), peer.reason) for peer in peers)
        return Foreseen(named, _rows(answer.kind, peers), tuple((key, why) for key, why in reasons if why))
    if answer.kind == "advertised-routes":
        return Foreseen(named, _rows(answer.kind, _advertised(speaker, answer)))
    return Foreseen(named, _rows(answer.kind, _learned(speaker, answer)))


def _rows(kind: Kind, found: Iterable[Any]) -> tuple[Row, ...]:
    return tuple({key: _plain(getattr(row, key)) for key in FORMS[kind].keys} for row in found)


def _plain(value: Any) -> Any:
    return None if value == "" else value


# --- NICs and connections ---------------------------------------------------------------------------------------------


def _effective(side: Side, answer: Answer) -> Foreseen:
    network = side.state.network
    found = network.nics_of(answer.subject)
    if len(found) != 1:
        known = list(network.nics)
        raise Unrecognised(
            f"the scenario has {'several NICs' if found else 'no virtual machine'} of the name "
            f"{answer.subject[:60]!r}: call it effective-routes.VNET-VM.json, or effective-routes.VNET-VM-NIC.json; "
            f"{suggest(answer.subject, known)}"
        )
    (nic,) = found
    return Foreseen(replace(answer, subject=nic.label), _rows(answer.kind, side.routes(nic)))


def _connections(side: Side, answer: Answer) -> Foreseen:
    """The connections that an answer names; the name of its file counts before the one in Azure."""
    known = {name.lower(): name for name in side.state.network.connections}
    said = known.get(answer.subject.lower())
    rows = tuple({**row, "name": said} for row in answer.rows) if said and len(answer.rows) == 1 else answer.rows
    wanted = dict.fromkeys(known.get(str(row["name"]).lower(), "") for row in rows)
    found = [(name, *_connection(side, name)) for name in wanted if name]
    named = replace(answer, subject=", ".join(str(row["name"]) for row in rows), rows=rows)
    return Foreseen(
        named, tuple(row for _, row, _ in found), tuple(((name.lower(),), why) for name, _, why in found if why)
    )


def _connection(side: Side, name: str) -> tuple[Row, str]:
    """A connection as `az network vpn-connection show` shows it, and why it is not connected."""
    spec = side.state.network.connections[name].spec
    status, reason = side.connection(name)
    row = {
        "name": name,
        "connectionStatus": status,
        "connectionType": spec.type,
        "enableBgp": spec.enable_bgp,
    }
    return row, "" if status == "Connected" else reason


def _status(state: State, name: str) -> tuple[str, str]:
    """The status of a connection as the model has it: one tunnel is enough."""
    down = [state.why_down(tunnel) for tunnel in state.topology.tunnels_by_connection[name]]
    if not all(down):
        return "Connected", ""
    return "NotConnected", next(iter(down), "none of its instances is there") or ""


# --- BGP --------------------------------------------------------------------------------------------------------------


def _speaker(state: State, answer: Answer) -> str:
    """The gateway that an answer is about: by its file's name, else the only one with the addresses of its rows."""
    network = state.network
    servers = tuple(map(route_server_name, network.route_servers))
    private = tuple(map(expressroute_name, network.expressroute_gateways))
    whole = dict.fromkeys((*(end.name for end in network.ends), *private, *servers, *learners(network)))
    known = {name.lower(): name for name in whole}
    subject = answer.subject.lower()
    if answer.by_role and f"{subject}-rs" in known:
        return known[f"{subject}-rs"]
    if subject in known:
        return known[subject]
    local = {row["localAddress"] for row in answer.rows}
    instances = {router.node for server in network.route_servers for router in server.instances}
    found = [name for name in whole if name.lower() not in instances and local & _addresses(state, name)]
    if len(found) != 1:
        raise Unrecognised(
            f"the scenario has {'several gateways' if found else 'no gateway'} of the name {answer.subject[:60]!r} or "
            f"with its addresses: call it {answer.kind}.GATEWAY.json; {suggest(answer.subject, known.values())}"
        )
    return found[0]


def _addresses(state: State, name: str) -> set[str]:
    return {str(router.bgp_address) for router in routers(state, name)}


def _learned(speaker: Speaker, answer: Answer) -> Iterator[GatewayRoute]:
    """What a gateway learned; of a Route Server what the peers of the answer advertise, for `az` asks for one peer."""
    asked = {answer.peer} if answer.peer else {row["sourcePeer"] for row in answer.rows}
    for row in speaker.learned_routes().rows:
        if not speaker.is_route_server or not asked or row.sourcePeer in asked:
            yield row


def _advertised(speaker: Speaker, answer: Answer) -> tuple[GatewayRoute, ...]:
    if not answer.peer:
        raise Unrecognised(
            "advertised routes do not say to which peer: call it advertised-routes.GATEWAY.PEER.json, with the peer's "
            f"BGP address; peers of {speaker.end} here: {', '.join(speaker.peers()) or 'none'}"
        )
    return speaker.advertised_routes(answer.peer).rows
