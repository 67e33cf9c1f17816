"""Values that a description refers to and that only a deployed network has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Token:
    """An address that Azure chooses at run time, of an object of the input: it stands in the address's place in a body.

    ``id`` is the object's: of a public address, a gateway, a firewall, a load balancer or a NIC. ``index`` counts its
    instances, ip configurations or frontends. Equal tokens are the same address, so they join objects.
    """

    kind: Literal["public address", "fqdn", "bgp address", "private address"]
    id: str
    index: int = 0
    suffix: str = ""
    """What the description puts behind the address, as `/32`."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """A value that nothing in the input answers; ``expression`` says what was asked for.

    It may be carried anywhere, and is an error only where the mapping reads it (E15; a parameter without value: E09).
    """

    expression: str
    parameters: tuple[str, ...] = ()
    """The parameters without a value that it needs."""
    secret: bool = False
    """Whether there is a value, which must not be read."""
    wrong: bool = False
    """Whether no deployment would have a value either: the expression is wrong."""
