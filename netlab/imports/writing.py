"""Writes a draft as the text of a scenario file that reads as if a person had written it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from netlab.imports.draft import Draft, Place
from netlab.scenario.document import BOOL, FLOAT, INT, NULL
from netlab.scenario.models import (
    Circuit,
    Connection,
    LocalNetworkGateway,
    Peering,
    RouteTable,
    Scenario,
    Site,
    VirtualMachine,
    VirtualNetwork,
    VpnGateway,
)

DESCRIPTION = "Imported from a description of an Azure deployment."
# The column of comments; behind longer lines they stand two blanks away.
_COMMENTS_AT = 46
_WIDEST = 120
_PLAIN = re.compile(r"[A-Za-z0-9/](?:[A-Za-z0-9 ./_+@-]*[A-Za-z0-9./_+@-])?")
# Where each entry has a line of its own: objects by name, which a reader looks up and a later edit changes one by one.
_BLOCKS = {
    "vnets", "subnets", "vms", "peerings", "sites", "devices", "route_tables", "routes", "expressroute_circuits",
    "route_filters",
    "local_network_gateways", "connections", "clients", "network_security_groups", "security_rules",
    "application_security_groups", "nat_gateways", "firewalls", "firewall_policies", "rule_collection_groups",
    "rule_collections", "rules",
}  # fmt: skip
_MODELS: Mapping[str, type[BaseModel]] = {
    "vnets": VirtualNetwork,
    "vms": VirtualMachine,
    "peerings": Peering,
    "sites": Site,
    "route_tables": RouteTable,
    "expressroute_circuits": Circuit,
    "local_network_gateways": LocalNetworkGateway,
    "connections": Connection,
}


def written(draft: Draft, header: Iterable[str]) -> str:
    """The text of a scenario file."""
    head = [f"# {line}".rstrip() for line in header]
    name = f"name: {_scalar(draft.name)}"
    lines = [_beside(name, f"Azure: {draft.azure_name}" if draft.azure_name else "")]
    lines.append(f"description: {DESCRIPTION}")
    for section in _in_order(draft.data, Scenario):
        lines += _entry(section, draft.data[section], (section,), draft.comments, 0)
    return "\n".join((*head, *lines)) + "\n"


def _in_order(value: Mapping[str, Any], model: type[BaseModel] | None) -> list[str]:
    """The keys of an object in the order of the format; names in their own."""
    if model is None:
        return list(value)
    own = model.__annotations__ if model is Connection else model.model_fields
    order = [*(key for key in own if key != "other_end"), *model.model_fields]
    return sorted(value, key=lambda key: order.index(key) if key in order else len(order))


def _entry(key: str, value: Any, place: Place, comments: Mapping[Place, str], depth: int) -> Iterator[str]:
    """A key with its value: in one line where that is short and nothing in it has a comment, else as a block."""
    indent, comment = "  " * depth, comments.get(place, "")
    own_lines = isinstance(value, dict) and bool(value) and (key in _BLOCKS or _parent(place) in ("vnets", "sites"))
    inner = isinstance(value, dict) and any(other[: len(place)] == place and other != place for other in comments)
    line = f"{indent}{key}: {_flow(value, _model_of(place))}"
    if not own_lines and not inner and (len(line) <= _WIDEST or not isinstance(value, dict) or not value):
        yield _beside(line, comment)
        return
    yield _beside(f"{indent}{key}:", comment)
    for name in _in_order(value, _model_of(place)):
        yield from _entry(name, value[name], (*place, name), comments, depth + 1)


def _parent(place: Place) -> str:
    return place[-2] if len(place) > 1 else ""


def _model_of(place: Place) -> type[BaseModel] | None:
    if place[-1] == "vpn_gateway":
        return VpnGateway
    return _MODELS.get(_parent(place)) if len(place) in (2, 4) else None


def _beside(line: str, comment: str) -> str:
    if not comment:
        return line
    return f"{line:<{_COMMENTS_AT - 1}} # {comment}" if len(line) < _COMMENTS_AT - 1 else f"{line}  # {comment}"


def _flow(value: Any, model: type[BaseModel] | None = None) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name}: {_flow(value[name])}" for name in _in_order(value, model)) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(_flow, value)) + "]"
    return _scalar(value)


def _scalar(value: Any) -> str:
    """A value as YAML 1.2 reads it back."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return str(value)
    text = str(value)
    other = text in NULL or text in BOOL or INT.fullmatch(text) or FLOAT.fullmatch(text)
    return text if _PLAIN.fullmatch(text) and not other else json.dumps(text, ensure_ascii=False)
