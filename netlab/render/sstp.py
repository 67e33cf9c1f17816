"""SSTP: the settings of its daemons."""

from __future__ import annotations

from netlab.plan.model import Client, SstpServer, Timers
from netlab.plan.names import certificate_path, key_path, secrets_path
from netlab.plan.timers import scaled
from netlab.sstp.settings import ClientSettings, GatewaySettings, written

# [MS-SSTP], section 3.1.2: the hello timer.
_HELLO = 60
# A peer is not silent before that, however busy the machine: in the lab's seconds.
_HELLO_AT_LEAST = 4


def gateway_settings(lab: str, server: SstpServer, timers: Timers) -> str:
    """The settings of a gateway's daemon; paths lead to its secrets."""
    (own,) = server.credentials.own
    return written(
        GatewaySettings(
            interface=server.interface,
            mtu=server.mtu,
            certificate=certificate_path(lab, own),
            key=key_path(lab, own),
            roots=tuple(certificate_path(lab, name) for name in server.credentials.trusted),
            passwords=secrets_path(lab),
            hello=_hello(timers),
            address=server.address,
            own=server.own,
            first=server.first,
            last=server.last,
            revoked=tuple(certificate_path(lab, name) for name in server.credentials.revoked),
            users=dict(server.users),
        )
    )


def client_settings(lab: str, client: Client, timers: Timers) -> str:
    """The settings of a client's daemon."""
    own = next(iter(client.credentials.own), "")
    return written(
        ClientSettings(
            interface=client.interface,
            mtu=client.mtu,
            certificate=certificate_path(lab, own) if own else "",
            key=key_path(lab, own) if own else "",
            roots=tuple(certificate_path(lab, name) for name in client.credentials.trusted),
            passwords=secrets_path(lab),
            hello=_hello(timers),
            server=client.server,
            user=client.node,
            password=client.password,
            proxy=client.proxy,
        )
    )


def _hello(timers: Timers) -> int:
    return max(_HELLO_AT_LEAST, scaled(_HELLO, timers))
