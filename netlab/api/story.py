"""Actions on a running lab from outside of its story: faults, resets, keys, clients."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from netlab.api import faults
from netlab.api.labs import Lab
from netlab.api.machine import LINUX
from netlab.api.scenarios import named
from netlab.errors import LabError, UsageError
from netlab.lab.build import certificates, profile, records
from netlab.lab.build.clients import refusals
from netlab.lab.story import incidents, keys
from netlab.lab.story.actions import take
from netlab.lab.story.connections import Seen
from netlab.lab.story.rewind import rewind
from netlab.lab.story.stage import Stage
from netlab.plan.model import Client
from netlab.results.lab import Incident, ListedCertificate
from netlab.scenario.models import Action, node_name
from netlab.scenario.names import suggest
from netlab.scenario.network import resolve

__all__ = ["Seen"]


def fault(lab: Lab, verb: str, mend: bool, subject: Mapping[str, Any]) -> Incident:
    """Take the action of a verb of `netlab fault` as a story does: `status` expects its effects, and `verify` puts it
    back."""
    return take_one(lab, faults.action(lab.scenario, verb, subject, mend=mend))


def take_one(lab: Lab, action: Action) -> Incident:
    """Take an action of the scenario's story until all has settled."""
    with records.locked(lab.facts.lab):
        return incidents.take(lab, LINUX, (action,))


def reset_story(lab: Lab) -> int:
    """Put back what a story, a fault or an interrupted `verify` left; how many actions that were."""
    taken = len(records.read_story(lab))
    with records.locked(lab.facts.lab):
        rewind(Stage(lab, LINUX))
    return taken


def reset_gateway(lab: Lab, vnet: str) -> Incident:
    """Reboot a gateway's active instance."""
    name = named(lab.scenario, vnet)
    known = [gateway.name for gateway in resolve(lab.scenario).vpn_gateways]
    if name not in known:
        raise UsageError(f"there is no VNet {vnet[:60]!r} with a VPN gateway", suggest(vnet, known))
    actions = incidents.reset_gateway(lab.scenario, name)
    with records.locked(lab.facts.lab):
        return incidents.take(lab, LINUX, actions)


def reset_connection(lab: Lab, connection: str) -> tuple[Incident, str, Seen]:
    """Take a connection down and bring it up again; its name, and what it is then."""
    name, known = named(lab.scenario, connection), lab.scenario.connections
    if name not in known:
        raise UsageError(f"there is no connection {connection[:60]!r}", suggest(connection, known))
    with records.locked(lab.facts.lab):
        incident, seen = incidents.reset_connection(lab, LINUX, name)
    return incident, name, seen


# --- keys -----------------------------------------------------------------------------------------------------------


def connection_ends(lab: Lab, connection: str, end: str) -> tuple[str, tuple[str, ...]]:
    """A connection as the scenario calls it, and its ends, or the one of a name."""
    known = {name.lower(): name for name in lab.scenario.connections}
    name = known.get(connection.lower())
    if name is None:
        raise UsageError(f"there is no connection {connection[:60]!r}", suggest(connection, known.values()))
    between = lab.scenario.connections[name].between
    found = tuple(each for each in between if not end or each.lower() == end.lower())
    if not found:
        raise UsageError(f"{end[:60]!r} is no end of {name}", f"its ends: {', '.join(between)}")
    return name, found


def set_key(lab: Lab, connection: str, ends: Iterable[str], key: str) -> Seen:
    """Give ends of a connection another shared key, and reset it."""
    problem = keys.refused_key(lab.scenario, connection, key)
    if problem:
        raise UsageError(f"this key is refused: {problem}", "write another one, or have one made with --generate")
    with records.locked(lab.facts.lab):
        return keys.set_key(lab, LINUX, connection, ends, key)


# --- point-to-site clients ------------------------------------------------------------------------------------------


def act_on_client(lab: Lab, verb: str, client: str, gateway: str) -> tuple[Client, ...]:
    """Take an action on a client's tunnels, as a story does; these tunnels."""
    own = _tunnels(lab, client, gateway)
    (subject,) = (item for item in lab.scenario.clients if node_name(item) == own[0].node)
    which = {"gateway": own[0].gateway} if gateway else {}
    with records.locked(lab.facts.lab):
        stage = Stage(lab, LINUX)
        stage.resume()
        take(stage, Action.model_validate({verb: {"client": subject, **which}}))
    return own


def connected_address(lab: Lab, tunnel: Client) -> str:
    """The address that a client's tunnel has; LabError with the reason of its gateway, else of the model, if it has
    none."""
    address = LINUX.clients.virtual_address(tunnel)
    if not address:
        found, state = refusals(lab.plan, tunnel.gateway, LINUX.clients), records.state(lab)
        own = (state.sessions[key].absent for key, t in state.network.client_tunnels.items() if t.name == tunnel.name)
        reason = found.get(tunnel.node) or next(own, "") or "its gateway does not answer"
        raise LabError(f"{tunnel.name} is not connected to {tunnel.gateway}: {reason}")
    return address


def profile_path(lab: Lab, tunnel: Client) -> str:
    """The profile package that a client's tunnel downloaded last."""
    return str(profile.path(lab.facts.lab, tunnel, LINUX.clients))


def list_certificates(lab: Lab) -> tuple[ListedCertificate, ...]:
    """The certificates of a lab, each with its thumbprint and with what revokes it."""
    return certificates.listed(lab.facts.lab, lab.plan.certificates)


def _tunnels(lab: Lab, client: str, gateway: str) -> tuple[Client, ...]:
    """The tunnels of a client, or the one to the gateway of a VNet."""
    own = [tunnel for tunnel in lab.plan.clients if tunnel.node == client.lower()]
    if not own:
        there = ", ".join(dict.fromkeys(tunnel.node for tunnel in lab.plan.clients)) or "none"
        raise UsageError(f"there is no client {client!r} in {lab.facts.lab}", f"its clients: {there}")
    found = tuple(tunnel for tunnel in own if gateway.lower() in ("", tunnel.gateway.lower()))
    if not found:
        there = ", ".join(tunnel.gateway for tunnel in own)
        raise UsageError(f"{client} is no client of {gateway}'s gateway", f"its gateways: {there}")
    return found
