"""RADIUS: the configuration of FreeRADIUS, and what a gateway's daemons ask with. These texts hold secrets, but for the
first one; they go into files that only root may read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from netlab.plan.model import RadiusClient, RadiusServer, Timers
from netlab.plan.timers import radius_timeout
from netlab.radius.settings import TRIES, Settings, written
from netlab.render.text import template

Secrets = Mapping[str, str]


def radiusd_conf(server: RadiusServer) -> str:
    """The configuration of a server; the other files lie beside it."""
    return template("radius/radiusd.conf.j2").render(server=server)


def clients_conf(server: RadiusServer, secrets: Secrets) -> str:
    """The gateways that a server answers, with what it shares with them."""
    known = [(peer.address, secrets[peer.secret]) for peer in server.peers]
    return template("radius/clients.conf.j2").render(clients=known)


def users(server: RadiusServer, secrets: Secrets) -> str:
    """The users of a server, with their passwords."""
    known = [(user, secrets[name]) for user, name in server.users]
    return template("radius/users.j2").render(users=known)


def eap_radius(servers: Sequence[RadiusClient], secrets: Secrets, timers: Timers) -> str:
    """What a gateway's charon asks with: it is included into its strongswan.conf."""
    wait = round(radius_timeout(timers) / TRIES, 3)
    known = [(server, secrets[server.secret]) for server in servers]
    return template("strongswan/eap-radius.conf.j2").render(servers=known, wait=wait, tries=TRIES)


def settings(servers: Iterable[RadiusClient], secrets: Secrets, timers: Timers) -> str:
    """What netlab's own programs ask with."""
    seconds = radius_timeout(timers)
    return written(Settings(each.address, each.port, secrets[each.secret], seconds) for each in servers)
