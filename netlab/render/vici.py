"""vici messages: the connections of a charon, as the dictionaries that ``load_conn`` takes."""

from __future__ import annotations

from typing import Any

from netlab.plan.model import IkeConnection, Selector, Timers

Message = dict[str, Any]


def _selectors(selector: Selector) -> list[str]:
    return list(selector.prefixes) or ["dynamic"]


def child(connection: IkeConnection, timers: Timers) -> Message:
    """The CHILD_SA of a connection; the side that initiates also restores it."""
    return {
        "mode": "tunnel",
        "local_ts": _selectors(connection.local_ts),
        "remote_ts": _selectors(connection.remote_ts),
        "esp_proposals": list(connection.esp_proposals),
        "rekey_time": str(timers.child_lifetime),
        # R66: a point-to-site client does not come back by itself.
        "dpd_action": "restart" if connection.initiator and not connection.virtual_ip else "clear",
        "start_action": "none",
        "close_action": "none",
        "replay_window": "1024",
        **({"if_id_in": str(connection.if_id), "if_id_out": str(connection.if_id)} if connection.if_id else {}),
    }


def connection(item: IkeConnection, timers: Timers) -> Message:
    """One connection, keyed by its name."""
    message: Message = {
        "version": "2",
        "local_addrs": [item.local_address],
        "remote_addrs": [item.remote_address or "%any"],
        "proposals": list(item.ike_proposals),
        "dpd_delay": str(timers.dpd_delay),
        "rekey_time": str(timers.ike_lifetime),
        "keyingtries": "0" if item.initiator and not item.virtual_ip else "1",
        "unique": "replace",
        "mobike": "no",
        "fragmentation": "yes",
        "local": {"auth": "psk", "id": item.local_id},
        "remote": {"auth": "psk", "id": item.remote_id or "%any"},
        "children": {item.name: child(item, timers)},
    }
    if item.pool:
        message["pools"] = [item.name]
    if item.virtual_ip:
        message["vips"] = ["0.0.0.0"]
    return {item.name: message}


def pool(item: IkeConnection) -> Message:
    """The address pool of a connection, keyed by the connection's name."""
    return {item.name: {"addrs": item.pool}}


def shared_key(name: str, key: str, identities: tuple[str, ...]) -> Message:
    """A PSK and the identities that own it."""
    return {"id": name, "type": "IKE", "data": key, "owners": list(identities)}
