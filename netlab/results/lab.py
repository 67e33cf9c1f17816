"""What a running lab looks like, and what was done to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from netlab.results.drops import Drop
from netlab.results.timers import Timer
from netlab.results.verification import Check, FlowReport


@dataclass(frozen=True, slots=True)
class Overview:
    """A lab's state and checks; it is healthy if it is up and every check passed.

    A lab is up, building, removing, broken (its `up` or `down` never ended) or damaged.
    """

    lab: str
    state: str
    scenario: str
    data_plane: str
    time_scale: float
    namespaces: int
    healthy: bool
    checks: tuple[Check, ...]


@dataclass(frozen=True, slots=True)
class LabNode:
    """A node of a lab, with its namespace and its addresses."""

    name: str
    kind: str
    netns: str
    addresses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NodeRoute:
    """A route of the kernel at a node; of a VNet with the subnet as its table and with Azure's next hop type."""

    prefix: str
    table: str
    type: str
    next_hop_type: str
    via: tuple[str, ...]
    devices: tuple[str, ...]
    protocol: str
    metric: int
    source: str


@dataclass(frozen=True, slots=True)
class ListedCertificate:
    """A certificate of a lab, with its thumbprint as Azure writes it, and the list that revokes it."""

    name: str
    subject: str
    issuer: str
    thumbprint: str
    revoked: str


@dataclass(frozen=True, slots=True)
class Incident:
    """What was done, after how many seconds everything had settled, and what a flow through it lost, if one could.

    ``timers`` are the times that this may consist of on Azure.
    """

    actions: tuple[Mapping[str, Any], ...]
    seconds: float
    azure_seconds: float
    flow: FlowReport | None
    timers: tuple[Timer, ...]


@dataclass(frozen=True, slots=True)
class MeasuredLink:
    """What an impaired link was measured to do; None where nothing was asked of it."""

    link: str
    rtt_ms: float | None
    loss_percent: float | None
    rate_kbit: float | None


@dataclass(frozen=True, slots=True)
class PlanChange:
    """A thing of a lab that comes, goes or changes when the lab is brought to another scenario.

    ``removed`` and ``added`` are what changes of it, line by line. ``restarted`` if it is taken away and made anew.
    """

    change: Literal["added", "removed", "changed"]
    kind: str
    name: str
    restarted: bool
    removed: tuple[str, ...]
    added: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Removed:
    """A lab whose remains were removed."""

    lab: str


@dataclass(frozen=True, slots=True)
class Passing:
    """A packet of a followed probe at an interface, microseconds after the probe was sent.

    Its addresses are those that it bore there. In clear it has a TTL, as ESP the number of its SA and its own in it, as
    TLS its place in the TCP connection. ``remark`` is what an error says.
    """

    time_us: float
    node: str
    interface: str
    direction: Literal["in", "out"]
    leg: Literal["forward", "reverse", "third", "error", "encapsulated"]
    form: Literal["clear", "ESP", "ESP in UDP", "TLS"]
    source: str = ""
    target: str = ""
    ttl: int | None = None
    spi: str = ""
    sequence: int | None = None
    remark: str = ""


@dataclass(frozen=True, slots=True)
class Followed:
    """A probe with the nodes that it and its answer passed, and every packet of it at every interface, in time order.

    ``dropped_at`` is None where it was answered.
    """

    lab: str
    source: str
    target: str
    protocol: Literal["icmp", "udp", "tcp"]
    source_address: str
    target_address: str
    answered: bool
    rtt_ms: float | None
    forward: tuple[str, ...]
    reverse: tuple[str, ...]
    dropped_at: Drop | None
    sightings: tuple[Passing, ...]
