"""`reference()`: a resource's own evaluated body, and what only the deployed one has."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from netlab.imports.arm.values import MISSING, Lazy, Value, element, member, shallow
from netlab.imports.runtime import Token, Unknown

Path = tuple[str | int, ...]
Kind = Literal["public address", "fqdn", "bgp address", "private address"]
_GATEWAY: Mapping[str, Kind] = {"defaultbgpipaddresses": "bgp address", "tunnelipaddresses": "public address"}
AZURE_ASN = 65515
"""A gateway's default: learn.microsoft.com/azure/vpn-gateway/vpn-gateway-bgp-overview."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A resource that is referred to, with the children that stand beside it, by the name of their list."""

    id: str
    name: str
    type: str
    children: Callable[[str], list[dict[str, Value]]]
    answered: Callable[[str], Value]
    """A value that the command line gives for `NAME.PATH`; None where it gives none."""


class View(Lazy):
    """A part of a resource: what its body says, or the path of what it does not say."""

    __slots__ = ("_inner", "_path", "_subject")

    def __init__(self, subject: Subject, inner: Value, path: Path = ()) -> None:
        self._subject, self._inner, self._path = subject, inner, path

    def member(self, key: str) -> Value:
        found = member(self._inner, key)
        if found is MISSING and key.lower() == "id":
            found = self._id()
        children = self._subject.children(key) if self._path in ((), ("properties",)) else []
        if children:
            found = _with_children([] if found is MISSING else shallow(found), children)
        return self._part(found, key)

    def element(self, index: int) -> Value:
        return self._part(element(self._inner, index), index)

    def shallow(self) -> Value:
        if self._inner is MISSING:
            return self._runtime()
        found = shallow(self._inner)
        if isinstance(found, list):
            return [self._part(item, index) for index, item in enumerate(found)]
        if not isinstance(found, dict):
            return found
        parts = {key: self._part(item, key) for key, item in found.items()}
        own = self._id() if self._path and isinstance(self._path[-1], int) else MISSING
        return parts if own is MISSING else {"id": own, **parts}

    def _part(self, found: Value, key: str | int) -> Value:
        if isinstance(found, View):
            return found
        if found is None or found is MISSING or isinstance(found, (Lazy, dict, list)):
            return View(self._subject, MISSING if found is None else found, (*self._path, key))
        return found

    def _id(self) -> Value:
        """The id of the resource, or of a named element of one of its lists."""
        if not self._path:
            return self._subject.id
        name = shallow(member(self._inner, "name"))
        named = [part for part in self._path if part != "properties"]
        if len(named) != 2 or not isinstance(named[1], int) or not isinstance(name, str):
            return MISSING
        return f"{self._subject.id}/{named[0]}/{name}"

    def _runtime(self) -> Value:
        given = self._subject.answered(_shown(self._subject.name, self._path))
        if given is not None:
            return given
        path = tuple(part.lower() if isinstance(part, str) else part for part in self._path if part != "properties")
        return runtime(self._subject, path) or Unknown(f"reference({_shown(self._subject.name, self._path)})")


def _with_children(inline: Value, children: list[dict[str, Value]]) -> Value:
    """A list of a parent together with the children that stand beside it."""
    if not isinstance(inline, list):
        return inline
    names = {str(shallow(member(item, "name"))).lower() for item in inline}
    return [*inline, *(child for child in children if child["name"].lower() not in names)]


def _shown(name: str, path: Path) -> str:
    return name + "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)


def runtime(subject: Subject, path: Path) -> Value:
    """A value that Azure fills in and the lab answers; None where the lab has none."""
    match subject.type.lower().removeprefix("microsoft.network/"), path:
        case _, ("provisioningstate",):
            return "Succeeded"
        case "publicipaddresses", ("ipaddress",):
            return _token("public address", subject)
        case "publicipaddresses", ("dnssettings", "fqdn"):
            return _token("fqdn", subject)
        case "virtualnetworkgateways" | "vpngateways", ("bgpsettings", "asn"):
            return AZURE_ASN
        case "virtualnetworkgateways" | "vpngateways", ("bgpsettings", "bgppeeringaddress"):
            return _token("bgp address", subject)
        case "virtualnetworkgateways" | "vpngateways", ("bgpsettings", "bgppeeringaddresses", int(at), str(kind), 0):
            return _token(_GATEWAY[kind], subject, at) if kind in _GATEWAY else None
        case "vpngateways", ("ipconfigurations", int(at), "publicipaddress"):
            return _token("public address", subject, at)
        case "vpngateways", ("ipconfigurations", int(at), "privateipaddress"):
            return _token("bgp address", subject, at)
        case (
            "azurefirewalls" | "networkinterfaces" | "loadbalancers",
            ("ipconfigurations" | "frontendipconfigurations", int(at), "privateipaddress"),
        ):
            return _token("private address", subject, at)
    return None


def _token(kind: Kind, subject: Subject, at: int = 0) -> Token:
    return Token(kind, subject.id.lower(), at)
