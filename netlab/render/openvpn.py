"""OpenVPN: the configuration of a gateway's daemon, what it pushes, and clients' profiles."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from ipaddress import IPv4Network
from pathlib import Path

import netlab
from netlab.plan.model import Client, OpenVpnServer, Timers
from netlab.plan.names import certificate_path, key_path
from netlab.plan.timers import DPD_TIMEOUT, scaled
from netlab.render.text import template

MANAGEMENT = "management"
PUSHED = "clients"
# A peer is not dead before that, however busy the machine: in the lab's seconds.
_DEAD_AT_LEAST = 8
_ROUTE = re.compile(r'push "route (?P<network>[0-9.]+) (?P<netmask>[0-9.]+)"')


def server_conf(lab: str, server: OpenVpnServer, timers: Timers) -> str:
    """The configuration of a gateway's daemon; paths lead to its secrets."""
    (own,) = server.credentials.own
    return template("openvpn/server.conf.j2").render(
        server=server,
        netmask=str(IPv4Network(server.subnet).netmask),
        certificate=certificate_path(lab, own),
        key=key_path(lab, own),
        tls_key=key_path(lab, server.tls_key),
        pushed=PUSHED,
        management=MANAGEMENT,
        # R38: OpenVPN asks its peers as DPD does.
        ping=timers.dpd_delay,
        dead=max(_DEAD_AT_LEAST, scaled(DPD_TIMEOUT, timers)),
        python=sys.executable,
        package=Path(netlab.__file__).parent.parent,
    )


def pushed(server: OpenVpnServer, prefixes: Iterable[str]) -> str:
    """What a client is given when it connects, besides the subnet of its address."""
    networks = (IPv4Network(prefix) for prefix in prefixes if prefix != server.subnet)
    routes = [(str(network.network_address), str(network.netmask)) for network in networks]
    return template("openvpn/pushed.j2").render(routes=routes)


def prefixes_in(text: str) -> tuple[str, ...]:
    """The prefixes that such a text gives."""
    return tuple(str(IPv4Network(f"{found['network']}/{found['netmask']}")) for found in _ROUTE.finditer(text))


def vpnconfig(client: Client, root: str, tls_key: str) -> str:
    """The vpnconfig.ovpn of a profile package, as Azure generates it: the client's own certificate is not in it."""
    values = {"server": client.server, "has_password": client.authentication == "Radius"}
    return template("p2s/vpnconfig.ovpn.j2").render(values, root=root.strip(), tls_key=tls_key.strip())


def filled(profile: str, certificate: str, key: str) -> str:
    """A profile with a client's own certificate and its key, as a user fills it in."""
    return profile.replace("$CLIENTCERTIFICATE", certificate.strip()).replace("$PRIVATEKEY", key.strip())
