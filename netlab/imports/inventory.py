"""All resources of an import, joined by id: a child is a part of its parent, the same id twice is one (N9, J2)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from netlab.imports import ids
from netlab.imports.bodies import Body, Resource, entries
from netlab.imports.notes import Fate, Notes
from netlab.imports.secrets import SECRET

# The list of its parent that a child of this type is an element of, and how it counts.
_CHILDREN: Mapping[str, tuple[str, Fate]] = {
    "microsoft.network/virtualnetworks/subnets": ("subnets", "container"),
    "microsoft.network/routetables/routes": ("routes", "container"),
    "microsoft.network/networksecuritygroups/securityrules": ("securityrules", "container"),
    "microsoft.network/expressroutecircuits/peerings": ("peerings", "container"),
    "microsoft.network/routefilters/routefilterrules": ("rules", "container"),
    "microsoft.network/loadbalancers/backendaddresspools": ("backendaddresspools", "format"),
    "microsoft.network/loadbalancers/inboundnatrules": ("inboundnatrules", "format"),
    "microsoft.network/virtualnetworkgateways/natrules": ("natrules", "container"),
    "microsoft.network/firewallpolicies/rulecollectiongroups": ("rulecollectiongroups", "container"),
    "microsoft.network/virtualhubs/ipconfigurations": ("ipconfigurations", "container"),
}
_PEERINGS = "microsoft.network/virtualnetworks/virtualnetworkpeerings"
# What changes without anybody's will, only repeats what others say, or has no meaning here (9.3).
_VOLATILE = {
    "allowclassicoperations", "ddosprotectionplan", "ddossettings", "dhcpoptions", "dnsservers", "dnssettings",
    "domainnamelabel", "enableacceleratednetworking", "enableddosprotection", "enablednsforwarding",
    "enablevmprotection", "encryption", "enforcement", "flowtimeoutinminutes", "internaldomainnamesuffix",
    "internaldnsnamelabel", "iptags", "macaddress", "publicipallocationmethod", "vpngatewaygeneration", "zones",
    "circuitprovisioningstate", "connectionstatus", "egressbytestransferred", "etag", "gatewaymanageretag",
    "hasbgpoverride", "ingressbytestransferred", "kind", "lastmodifiedby", "managedby", "peeringsyncstatus",
    "provisioningstate", "remoteaddressspace", "resourcegroup", "resourcegroupname", "resourceguid",
    "serviceproviderprovisioningstate", "subscriptionid", "tenantid", "tunnelconnectionstatus",
    "vpnclientconnectionhealth",
}  # fmt: skip


@dataclass
class Inventory:
    """The resources by the key of their id."""

    notes: Notes
    by_key: dict[str, Resource] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)
    """The keys of all ids that any resource refers to."""
    _types: dict[str, list[Resource]] = field(default_factory=dict)

    def of_type(self, type_: str) -> list[Resource]:
        """The resources of a type, in the order of their ids."""
        return self._types.get(type_, [])

    def add(self, item: Resource) -> None:
        """Add a resource that is made up: its kind is empty, so it does not count."""
        self.by_key[item.key] = item
        items = self._types.setdefault(item.type, [])
        items.append(item)
        items.sort(key=lambda each: each.key)

    def replace(self, item: Resource) -> None:
        """Put a resource in the place of the one with its id."""
        self.by_key[item.key] = item
        items = self._types[item.type]
        items[next(i for i, each in enumerate(items) if each.key == item.key)] = item

    def find(self, reference: Any) -> Resource | None:
        """The resource that a reference names; None where it is not in the input."""
        return self.by_key.get(ids.key(reference))


def joined(found: Iterable[Resource], notes: Notes) -> Inventory:
    """The inventory of what all files hold."""
    made = Inventory(notes)
    # What only adds to others, as an association does, comes last and makes no resource.
    for item in sorted(found, key=lambda each: not each.kind):
        known = made.by_key.get(item.key)
        if known is not None:
            made.by_key[item.key] = _united(known, item, notes)
        elif item.kind:
            made.by_key[item.key] = item
    for item in sorted(made.by_key.values(), key=lambda each: each.key):
        _place(made, item)
    for item in list(made.by_key.values()):
        _add_peerings(made, item)
    for item in made.by_key.values():
        made._types.setdefault(item.type, []).append(item)
        made.used.update(_references(item))
    for items in made._types.values():
        items.sort(key=lambda each: each.key)
    return made


def _place(made: Inventory, item: Resource) -> None:
    """A child becomes an element of its parent's list."""
    if item.type == _PEERINGS:
        return
    part, fate = _CHILDREN.get(item.type, ("", "container"))
    parent = made.by_key.get(item.id.parent.key) if part and item.id.parent is not None else None
    if parent is None:
        return
    listed = entries(parent.properties.get(part))
    body = {**item.properties, "id": item.id.text, "name": item.name}
    at = next((i for i, other in enumerate(listed) if str(other.get("name", "")).lower() == item.name.lower()), None)
    if at is None:
        listed.append(body)
    else:
        listed[at] = _merged(
            listed[at], body, (), lambda path, one, two: _contradict(made.notes, parent, item, path, one, two)
        )
    made.by_key[parent.key] = parent.with_properties({**parent.properties, part: listed})
    made.notes.settle(item, fate)


def _add_peerings(made: Inventory, item: Resource) -> None:
    """Peerings inside of their VNet are resources, too."""
    if item.type != "microsoft.network/virtualnetworks":
        return
    for body in entries(item.properties.get("virtualnetworkpeerings")):
        id_ = item.id.child("virtualNetworkPeerings", str(body.get("name", "")))
        inline, own = Resource(id_, id_.type, body, item.source), made.by_key.get(id_.key)
        made.by_key[id_.key] = inline if own is None else _united(inline, own, made.notes)


def _references(item: Resource) -> Iterator[str]:
    stack: list[Any] = [item.properties]
    while stack:
        value = stack.pop()
        if isinstance(value, dict):
            stack += value.values()
        elif isinstance(value, (list, tuple)):
            stack += value
        elif isinstance(value, str) and value.startswith("/"):
            yield ids.key(value)


# --- the same twice ---------------------------------------------------------------------------------------------------


def _united(first: Resource, second: Resource, notes: Notes) -> Resource:
    """One resource of two bodies: what either says; of two values that differ the later file's, or an error (E10)."""

    def contradict(path: tuple[str, ...], one: Any, two: Any) -> None:
        if first.type.startswith(ids.NETWORK):
            _contradict(notes, first, second, path, one, two)

    merged = _merged(first.properties, second.properties, (), contradict)
    return replace(
        first,
        properties=merged,
        location=second.location or first.location,
        existing=first.existing and second.existing,
    )


def _contradict(notes: Notes, one: Resource, two: Resource, path: tuple[str, ...], first: Any, second: Any) -> None:
    where = ".".join(path)
    files = (one.source, two.source)
    notes.fail(
        "E10", two.source, f"{one.where}: {where} is {_brief(first)} in {files[0]} and {_brief(second)} in {files[1]}"
    )


def _brief(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return ", ".join(str(item) for item in value if isinstance(item, str))[:40] or "a list"
    return str(value)[:40] if isinstance(value, (str, int, bool)) else "another value"


def _merged(first: Body, second: Body, path: tuple[str, ...], contradict: Any) -> Body:
    found = dict(first)
    for key, value in second.items():
        if key not in found:
            found[key] = value
        elif found[key] != value and value is not SECRET:
            found[key] = _one_of(found[key], value, (*path, key), contradict)
    return found


def _one_of(one: Any, two: Any, path: tuple[str, ...], contradict: Any) -> Any:
    """One value of two that differ."""
    if isinstance(one, dict) and isinstance(two, dict):
        return _merged(one, two, path, contradict)
    if isinstance(one, list) and isinstance(two, list):
        if all(isinstance(item, dict) and isinstance(item.get("name"), str) for item in (*one, *two)):
            return _named(one, two, path, contradict)
        if all(isinstance(item, str) for item in (*one, *two)) and _low(one) == _low(two):
            return two
        if any(isinstance(item, dict) for item in (*one, *two)):
            return two if len(two) >= len(one) else one
    if isinstance(one, str) and isinstance(two, str) and one.lower() == two.lower():
        return one
    if path[-1] not in _VOLATILE:
        contradict(path, one, two)
    return two


def _low(items: list[str]) -> list[str]:
    return sorted(item.lower() for item in items)


def _named(one: list[Body], two: list[Body], path: tuple[str, ...], contradict: Any) -> list[Body]:
    """Two lists of named parts: a part that both have is one."""
    found = {str(item["name"]).lower(): item for item in one}
    for item in two:
        name = str(item["name"]).lower()
        found[name] = _merged(found[name], item, (*path, str(item["name"])), contradict) if name in found else item
    return list(found.values())
