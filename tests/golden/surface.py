"""The one place of the net that uses netlab's own types: scenarios in, plain values out.

Who moves or renames a type of the model, the plan or the renderers adapts this file only. What it returns, and so the
texts and the golden files, stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, astuple, dataclass, fields, is_dataclass, replace
from pathlib import Path
from typing import Any

from netlab.azure.bgp.sessions import Session
from netlab.azure.bgp.settling import Path as Learned
from netlab.azure.dataplane.offers import tables
from netlab.azure.dataplane.walk import Walk
from netlab.azure.explanation import verdict
from netlab.azure.ike import Negotiated
from netlab.azure.prediction import PredictedStep, endpoint_addresses, predict
from netlab.azure.state import State
from netlab.plan.model import Client, DataPlane, GatewayView, IkeServer, Plan
from netlab.plan.names import RUN_ROOT
from netlab.plan.planner import plan
from netlab.render import nftables, outline
from netlab.results.drops import Cause
from netlab.scenario.loader import load

Plane = DataPlane
PLANES: tuple[Plane, ...] = ("userspace", "kernel")
# Fields of the plan that hold whole files: they stand among the files.
_FILES = ("nftables",)
# Fields of an IKEv2 client that say again what its connection says.
_SAID_AGAIN = {"tunnel_type", "server"}

# What routes share, as words, and the prefix of each.
Routes = list[tuple[tuple[str, ...], str]]


@dataclass(frozen=True)
class Way:
    """A walk: the nodes that it passes, and the node and the reason of a drop, if any."""

    nodes: tuple[str, ...]
    dropped_at: str
    reason: str


@dataclass(frozen=True)
class Cell:
    """A cell of the matrix; ``explained`` is a sentence about a dead one."""

    source: str
    target: str
    verdict: str
    forward: tuple[Way, ...]
    reverse: tuple[Way, ...]
    explained: str


@dataclass(frozen=True)
class Step:
    """What is predicted after a step: decisions as words, ``reasons`` as sentences."""

    name: str
    cells: tuple[Cell, ...]
    clients: Mapping[str, Routes]
    connections: Mapping[str, tuple[str, ...]]
    tunnels: Mapping[str, str]
    sessions: tuple[str, ...]
    learned: Mapping[str, Routes]
    effective: Mapping[str, Routes]
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Configuration:
    """Everything that a lab is made of: the plan as mappings, and by name each file and each node's vici messages."""

    plan: Mapping[str, Any]
    files: Mapping[str, str]
    vici: Mapping[str, Any]


def steps(path: Path) -> Iterator[Step]:
    """The prediction of a scenario file, step by step."""
    return map(_step, predict(load(str(path)).scenario))


def configuration(path: Path, plane: Plane) -> Configuration:
    """The configuration of a scenario file's lab."""
    found = plan(load(str(path)).scenario, "golden", plane)
    files = {name.removeprefix(f"{RUN_ROOT}/golden/"): text for name, text in outline.files(found)}
    files |= {f"{node.name}/nftables": _short(nftables.text(node.nftables)) for node in found.nodes if node.nftables}
    return Configuration(_plain(found), files, dict(outline.messages(found)))


def _short(rulesets: str) -> str:
    """Without the 255 chains that set a TTL, and the maps to them: they are the same everywhere."""
    fewer = re.sub(r"(  chain ttl\d+ .*\n)+", "  chain ttl1 to ttl255\n", rulesets)
    return re.sub(r"ip ttl vmap \{ (\d+ : goto ttl\d+).*\}", r"ip ttl vmap { \1, ... }", fewer)


def _step(step: PredictedStep) -> Step:
    state = step.state
    down = {tunnel.name: state.why_down(tunnel) for tunnel in state.topology.tunnels}
    absent = (session.absent for session in state.sessions.values())
    return Step(
        name=step.name,
        cells=tuple(_cells(step)),
        clients=dict(_clients(state)),
        connections={name: _agreement(found) for name, found in state.negotiated.items()},
        tunnels={name: "down" if why else "up" for name, why in down.items()},
        sessions=tuple(sorted(map(_session, state.bgp_sessions))),
        learned={node: _learned(paths) for node, paths in state.learned.items()},
        effective=dict(_effective(state)),
        reasons=tuple(filter(None, (*down.values(), *absent))),
    )


def _session(session: Session) -> str:
    tunnel = session.tunnel.name if session.tunnel is not None else ""
    return f"{session.router.node}~{session.peer.node} {tunnel}".strip()


def _cells(step: PredictedStep) -> Iterator[Cell]:
    addresses = endpoint_addresses(step.state)
    for item in step.cells:
        explained = verdict(step.state, item, addresses) if item.death is not None else ""
        forward, reverse = (tuple(dict.fromkeys(map(_way, walks))) for walks in (item.forward, item.reverse))
        yield Cell(item.source, item.target, item.outcome, forward, reverse, explained)


def _way(walk: Walk) -> Way:
    return Way(walk.nodes, walk.dropped_at, walk.reason)


def _clients(state: State) -> Iterator[tuple[str, Routes]]:
    for (client, gateway), session in state.sessions.items():
        now = "absent" if session.absent else "connected"
        routes: Routes = [((now,), str(prefix)) for prefix in state.tunnel_routes(client, gateway)]
        yield f"{client} to {gateway}", routes or [((now,), "")]


def _agreement(found: Negotiated) -> tuple[str, ...]:
    suites = ("/".join(astuple(suite)) if suite is not None else "" for suite in (found.ike, found.esp))
    initiator = found.initiator.end.name if found.initiator is not None else ""
    return tuple(filter(None, (found.code, found.reason, found.protocol, f"initiator {initiator}", *suites)))


def _learned(paths: Mapping[Any, tuple[Learned, ...]]) -> Routes:
    return [(_words(path), str(path.prefix)) for known in paths.values() for path in known]


def _words(path: Learned) -> tuple[str, ...]:
    return f"path {' '.join(map(str, path.as_path))}", f"from {path.neighbor}", f"next hop {path.next_hop or '-'}"


def _effective(state: State) -> Iterator[tuple[str, Routes]]:
    for vnet in state.network.vnets.values():
        for name, routes in tables(state, vnet).items():
            yield name, [((r.source, r.next_hop_type, r.next_hop or "-"), str(r.prefix)) for r in routes]


def _plain(item: Any) -> Any:
    """Frozen values as mappings, lists and texts, without what is as by default."""
    if isinstance(item, Cause):
        return item.type.value
    if isinstance(item, Plan):
        return _plan(item)
    if isinstance(item, Client) and item.tunnel_type == "IkeV2":
        return {key: value for key, value in _fields(item).items() if key not in _SAID_AGAIN}
    if is_dataclass(item):
        return _fields(item)
    if isinstance(item, Mapping):
        return {str(key): _plain(value) for key, value in item.items()}
    if isinstance(item, (set, frozenset)):
        return sorted(map(_plain, item), key=str)
    if isinstance(item, (tuple, list)):
        return [_plain(value) for value in item]
    return str(item)


def _fields(item: Any) -> dict[str, Any]:
    values = ((field, getattr(item, field.name)) for field in fields(item) if field.name not in _FILES)
    return {field.name: _plain(value) for field, value in values if value != _default(field)}


def _plan(item: Plan) -> dict[str, Any]:
    """A plan; what serves IKEv2 clients stands in the view of the instance that does."""
    ike = {server.node: server for server in item.servers if isinstance(server, IkeServer)}
    others = tuple(server for server in item.servers if not isinstance(server, IkeServer))
    found = _fields(replace(item, servers=others))
    return found | {"gateways": [_view(view, ike.get(view.node)) for view in item.gateways]}


def _view(view: GatewayView, server: IkeServer | None) -> dict[str, Any]:
    found = _fields(view)
    if server is None:
        return found
    served = {
        "p2s_edge_netns": server.edge_netns,
        "p2s_directory": server.directory,
        "p2s_connection": _plain(server.connection),
    }
    served |= {"footholds": "True"} if server.footholds else {}
    place = {key: found.pop(key) for key in ("vnet", "node", "netns", "tunnels")}
    return place | served | found


def _default(field: Any) -> Any:
    return field.default_factory() if field.default_factory is not MISSING else field.default
