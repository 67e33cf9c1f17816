"""swanctl.conf: the connections and keys of a charon as text, made of the vici messages that a lab loads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from netlab.plan.model import Charon, IkeConnection, Timers
from netlab.render import vici


def swanctl_conf(charon: Charon, timers: Timers, keys: Mapping[str, str]) -> str:
    """The connections and keys of a charon. Of a lab the messages start nothing by themselves; here the end that
    initiates does, and packets do it where Azure's end waits for them."""
    connections: dict[str, Any] = {}
    for item in charon.connections:
        connections |= vici.connection(item, timers)
        for child in connections[item.name]["children"].values():
            child["start_action"] = _start(item)
    secrets = {}
    for number, secret in enumerate(charon.secrets, 1):
        owners = {f"id-{place}": owner for place, owner in enumerate(secret.identities, 1)}
        secrets[f"ike-{number}"] = owners | {"secret": _quoted(keys[secret.name])}
    return "\n".join(_lines({"connections": connections, "secrets": secrets}, "")) + "\n"


def _start(item: IkeConnection) -> str:
    if item.on_demand:
        return "trap"
    return "start" if item.initiator else "none"


def _lines(section: Mapping[str, Any], indent: str) -> Iterator[str]:
    for key, value in section.items():
        if isinstance(value, Mapping):
            yield f"{indent}{key} {{"
            yield from _lines(value, f"{indent}  ")
            yield f"{indent}}}"
        else:
            yield f"{indent}{key} = {', '.join(value) if isinstance(value, list) else value}"


def _quoted(key: str) -> str:
    """A key in quotes: strongSwan reads a backslash and a quotation mark only after a backslash."""
    escaped = key.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
