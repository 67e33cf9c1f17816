"""The story of a scenario: its steps, and what each of them expects."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from netlab.results.protocols import PROTOCOLS, Protocol
from netlab.scenario.actions import Action
from netlab.scenario.values import Model, Prefix


def _reach(value: Any) -> Any:
    if value == "reachable":
        return {"expected": "reachable"}
    if isinstance(value, dict) and "via" in value:
        return {"expected": "reachable", **value}
    if value == "unreachable":
        return {"expected": "unreachable"}
    if isinstance(value, dict) and "unreachable" in value:
        rest = {key: item for key, item in value.items() if key != "unreachable"}
        return {"expected": "unreachable", "reason": value["unreachable"], **rest}
    if isinstance(value, dict) and value and set(value) <= set(PROTOCOLS):
        return {"by_protocol": value}
    if isinstance(value, dict | Reach):
        return value
    raise ValueError("write reachable, {via: [node]}, unreachable or {unreachable: why, dropped_at: node}")


class Reach(Model):
    """The expectation of a cell: ``reachable``, ``unreachable``, ``{unreachable: why, dropped_at: node}`` or
    ``{via: [node, node]}``; or one of these for each protocol, as ``{icmp: reachable, tcp: unreachable}``."""

    expected: Literal["reachable", "unreachable"] = "reachable"
    """Whether a packet arrives and its answer comes back."""
    reason: str = ""
    """Why the network drops the packet, for the reader."""
    dropped_at: str | None = None
    """The node that drops the packet or its answer."""
    via: tuple[str, ...] = ()
    """Nodes on the path of the packet, in this order. Other nodes may lie between them."""
    by_protocol: dict[Protocol, Annotated[Reach, BeforeValidator(_reach)]] = {}
    """The expectation for each protocol by itself; of a protocol that is left out nothing is expected."""

    def of(self, protocol: Protocol) -> Reach | None:
        """The expectation for a protocol; None if there is none."""
        return self.by_protocol.get(protocol) if self.by_protocol else self

    @property
    def all(self) -> tuple[Reach, ...]:
        """The expectation for every protocol, or those for each."""
        return tuple(self.by_protocol.values()) or (self,)


class Unreachable(Model):
    """An expected failure, as a file writes it."""

    unreachable: str
    """Why the network drops the packet, for the reader."""
    dropped_at: str | None = None
    """The node that drops the packet or its answer."""


class Via(Model):
    """An expected path, as a file writes it."""

    via: tuple[str, ...]
    """Nodes on the path of the packet, in this order. Other nodes may lie between them."""


_OfOne = Literal["reachable", "unreachable"] | Unreachable | Via


class ByProtocol(Model):
    """The expectation for each protocol by itself, as a file writes it."""

    icmp: _OfOne | None = None
    """The expectation for ping."""
    udp: _OfOne | None = None
    """The expectation for UDP."""
    tcp: _OfOne | None = None
    """The expectation for TCP."""


_Written = _OfOne | ByProtocol | Reach


class Expectation(Model):
    """What a step of the story expects. A key that is left out keeps the expectation of the step before."""

    routes: dict[str, tuple[Prefix, ...]] = {}
    """The VPN routes of a client: the complete list."""
    connections: dict[str, Literal["Connected", "Connecting", "NotConnected"]] = {}
    """The state of a connection, as Azure shows it."""
    learned: dict[str, dict[str, str]] = {}
    """The prefixes that a VNet's gateway, a site, or a node with BGP has learned, each with its AS path, or
    `absent`."""
    reach: dict[str, dict[str, Annotated[Reach, BeforeValidator(_reach, json_schema_input_type=_Written)]]] = {}
    """Source, target and the expectation of the cell. A VNet stands for all its virtual machines, a site for all its
    hosts."""


class Flow(Model):
    """A flow of 100 packets a second that runs while a step acts."""

    source: str
    """The machine, host or client that sends."""
    target: str
    """The machine, host or client that answers, or `internet`."""
    outage_at_most: Annotated[float, Field(ge=0)] | None = None
    """The longest gap that the step accepts, in Azure's seconds. Default: any."""


class Probing(Model):
    """How big the packets are with which a step asks."""

    size: Annotated[int, Field(ge=100, le=1500)]
    """The bytes of each packet with its IP header, at most the MTU of a machine: `ping -M do -s 1372` sends 1400. TCP
    connects, and then sends so much text as fills such a packet."""
    df: Literal[True] = True
    """That routers must not break the packet up (Don't Fragment). No document says what becomes of fragments in
    Azure's tunnels, so netlab sends none."""


class Step(Model):
    """A step of the story: first the actions, then the expectation."""

    name: Annotated[str, Field(min_length=1, max_length=80, pattern=r"^[^\x00-\x1f]+$")]
    """The name of the step, one line."""
    do: tuple[Action, ...] = ()
    """The actions, in their order. Default: none."""
    flow: Flow | None = None
    """A flow whose outage is measured while the step acts. Default: none."""
    probe: Probing | None = None
    """How big the packets are with which this step asks, and no other one. Default: small ones."""
    expect: Expectation = Expectation()
    """What is expected after the actions."""

    @property
    def size(self) -> int:
        """The bytes of a packet with which it asks; 0 where they are as few as can be."""
        return self.probe.size if self.probe is not None else 0
