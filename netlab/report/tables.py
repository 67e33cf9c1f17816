"""Results as rows of tables, where a table shows them otherwise than their fields are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import Any

from netlab.results.catalogue import ListedRule
from netlab.results.lab import Followed, Passing
from netlab.results.shown import EffectiveGroup
from netlab.results.verification import Check

Row = dict[str, Any]

# Of an object in a cell: what tells it from the others.
_TELLING = ("tunnel", "connectionStatus", "encryption", "inboundSPI", "outboundSPI", "addressSpace")


def row(found: Any) -> Row:
    """A result as a row: a column per field."""
    return {field.name: getattr(found, field.name) for field in fields(found)}


def checks(found: Iterable[Check]) -> list[Row]:
    """Checks."""
    return [{"check": check.name, "status": check.status, "message": check.message} for check in found]


def rules(found: Iterable[ListedRule]) -> list[Row]:
    """Rules, with the keys of their sources."""
    return [
        {
            "rule": item.rule,
            "the lab": item.lab,
            "confidence": item.confidence,
            "statement": item.statement,
            "source": item.source,
        }
        for item in found
    ]


def sources(found: Iterable[ListedRule]) -> list[Row]:
    """The documents that rules cite, each once."""
    return [row(source) for source in dict.fromkeys(source for item in found for source in item.sources)]


def shown(found: Iterable[Any]) -> list[Row]:
    """What an operation of Azure shows, under Azure's columns; without those that have no value in any row."""
    rows = [row(item) for item in found]
    keys = [key for key in (rows[0] if rows else ()) if any(item[key] is not None for item in rows)]
    return [{f"{key[0].upper()}{key[1:]}": _short(item[key]) for key in keys} for item in rows]


def _short(value: Any) -> Any:
    """A cell of such a table: of objects in a list what tells them apart."""
    if isinstance(value, Sequence) and value and is_dataclass(value[0]):
        return [" ".join(str(row(item)[key]) for key in _TELLING if key in row(item)) for item in value]
    return value


# Of a tag's prefixes a table has the first ones; JSON has all.
_MOST_PREFIXES = 24

Groups = Mapping[str, Sequence[EffectiveGroup]]


def security_rules(found: Groups) -> list[Row]:
    """The rules of network security groups at each NIC, in the order in which they are asked."""
    return [
        {
            **_head(node, found),
            "Nsg": _last(group.networkSecurityGroup.id),
            "At": "NIC" if group.association.subnet is None else f"subnet {_last(group.association.subnet.id)}",
            "Direction": rule.direction,
            "Priority": rule.priority,
            "Name": _last(rule.name),
            "Access": rule.access,
            "Protocol": rule.protocol,
            "Source": rule.sourceAddressPrefixes,
            "SourcePorts": rule.sourcePortRanges,
            "Destination": rule.destinationAddressPrefixes,
            "DestinationPorts": rule.destinationPortRanges,
        }
        for node, groups in found.items()
        for group in groups
        for rule in group.effectiveSecurityRules
    ]


def security_tags(found: Groups) -> list[Row]:
    """The service tags in these rules, each once for a NIC, with what they hold."""
    return list(_tags(found))


def _tags(found: Groups) -> Iterator[Row]:
    for node, groups in found.items():
        tags = {tag: prefixes for group in groups for tag, prefixes in group.tagMap.items()}
        for tag, prefixes in tags.items():
            more = len(prefixes) - _MOST_PREFIXES
            rest = (f"and {more} more",) if more > 0 else ()
            yield {**_head(node, found), "Tag": tag, "Prefixes": (*prefixes[:_MOST_PREFIXES], *rest)}


def _head(node: str, found: Groups) -> Row:
    """The column of the NIC, where there are several."""
    return {"Nic": node} if len(found) > 1 else {}


def _last(path: str) -> str:
    """The last part of an id or a name with slashes."""
    return path.rpartition("/")[2]


def passings(found: Followed) -> list[Row]:
    """The packets of a followed probe."""
    return [
        {
            "us": f"{seen.time_us:.1f}",
            "node": seen.node,
            "interface": seen.interface,
            "": seen.direction,
            "leg": seen.leg,
            "as": seen.form,
            "packet": _packet(seen, found.protocol),
        }
        for seen in found.sightings
    ]


def _packet(seen: Passing, protocol: str) -> str:
    if seen.form == "clear":
        remark = f": {seen.remark}" if seen.remark else ""
        return f"{seen.source} > {seen.target}, {protocol}, TTL {seen.ttl}{remark}"
    spi = f", SPI {seen.spi}" if seen.spi else ""
    return f"{seen.source} > {seen.target}{spi}, sequence {seen.sequence}"
