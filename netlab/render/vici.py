"""vici messages: the connections of a charon, as the dictionaries that ``load_conn`` takes."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import IPv4Address
from typing import Any

from netlab.plan.model import Child, Credentials, IkeConnection, PeerSecret, Selector, Timers
from netlab.plan.timers import dpd_delay, scaled

Message = dict[str, Any]


# charon narrows proposals of IKEv1, too, and a device cannot (B57). An exact match is what it looks for first, and of a
# match with another mode it says INVALID_ID_INFORMATION.
_REFUSING: Message = {"mode": "beet"}


def _selectors(selector: Selector) -> list[str]:
    return list(selector.prefixes) or ["dynamic"]


def child(connection: IkeConnection, item: Child, timers: Timers) -> Message:
    """A CHILD_SA of a connection; the side that initiates also restores it, unless packets do."""
    restores = connection.initiator and not connection.virtual_ip and not connection.on_demand
    return {
        "mode": "tunnel",
        "local_ts": _selectors(item.local_ts),
        "remote_ts": _selectors(item.remote_ts),
        "esp_proposals": list(connection.esp_proposals),
        "rekey_time": str(scaled(connection.child_lifetime, timers)),
        # R66: a point-to-site client does not come back by itself.
        "dpd_action": "restart" if restores else "clear",
        "start_action": "none",
        "close_action": "none",
        "replay_window": "1024",
        **({"inactivity": str(scaled(connection.idle_timeout, timers))} if connection.idle_timeout else {}),
        **({"if_id_in": str(connection.if_id), "if_id_out": str(connection.if_id)} if connection.if_id else {}),
    }


def remote_addresses(item: IkeConnection) -> list[str]:
    """The peer's address; for any peer %any, or the ranges between the addresses to which it is closed."""
    if item.remote_address or not item.closed_to:
        return [item.remote_address or "%any"]
    first, found = IPv4Address(0), []
    for address in sorted(map(IPv4Address, item.closed_to)):
        found.append(f"{first}-{address - 1}")
        first = address + 1
    return [*found, f"{first}-255.255.255.255"]


def connection(item: IkeConnection, timers: Timers) -> Message:
    """One connection, keyed by its name."""
    message: Message = {
        "version": str(item.version),
        "local_addrs": [item.local_address],
        "remote_addrs": remote_addresses(item),
        "proposals": list(item.ike_proposals),
        "dpd_delay": str(dpd_delay(item.dpd_timeout, timers)) if item.dpd_timeout else "0",
        "rekey_time": str(timers.ike_lifetime),
        "keyingtries": "0" if item.initiator and not item.virtual_ip and not item.on_demand else "1",
        "unique": "replace",
        "mobike": "no",
        "fragmentation": "yes",
        "local": _authentication(item.local_auth, item.local_id),
        "remote": _authentication(item.remote_auth, item.remote_id or "%any"),
        "children": {
            **{each.name: child(item, each, timers) for each in item.children},
            **{each.name: child(item, each, timers) | _REFUSING for each in item.refused},
        },
    }
    if item.version == 1 and item.dpd_timeout:
        message["dpd_timeout"] = str(scaled(item.dpd_timeout, timers))
    if item.pool:
        message["pools"] = [item.name]
    if item.virtual_ip:
        message["vips"] = ["0.0.0.0"]
    return {item.name: message}


def _authentication(auth: str, identity: str) -> Message:
    """How one side says who it is; a user of EAP is called as its IKE identity."""
    return {"auth": auth, "id": identity, **({"eap_id": identity} if auth.startswith("eap") else {})}


def pool(item: IkeConnection) -> Message:
    """The address pool of a connection, keyed by the connection's name."""
    return {item.name: {"addrs": item.pool}}


def shared_key(secret: PeerSecret, key: str) -> Message:
    """A PSK or a password, and the identities that own it."""
    return {"id": secret.name, "type": secret.kind, "data": key, "owners": list(secret.identities)}


def certificates(credentials: Credentials, read: Callable[[str], str]) -> list[Message]:
    """A charon's certificates, and the roots and revocation lists by which it judges its peers'."""
    return [
        *({"type": "X509", "flag": "NONE", "data": read(name)} for name in credentials.own),
        *({"type": "X509", "flag": "CA", "data": read(name)} for name in credentials.trusted),
        *({"type": "X509_CRL", "flag": "NONE", "data": read(name)} for name in credentials.revoked),
    ]


def private_keys(credentials: Credentials, read: Callable[[str], str]) -> list[Message]:
    """The private keys of a charon's own certificates."""
    return [{"type": "rsa", "data": read(name)} for name in credentials.own]
