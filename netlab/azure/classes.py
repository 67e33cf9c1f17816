"""Classes of machines: those of one class can talk to the same others, so one of them is enough to ask. Pure.

Two machines are of one class if their own tables, filters and flags are equal and no prefix anywhere, no story and no
owned address tells their addresses apart.
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network

from netlab.azure.dataplane import firewalls, security
from netlab.azure.faults import Impact
from netlab.azure.prediction import endpoint_addresses
from netlab.azure.state import State
from netlab.results.verification import Inferred
from netlab.scenario.models import Scenario
from netlab.scenario.names import INTERNET, Endpoint, answering, endpoints, resolve, sources, targets
from netlab.scenario.network import Client, Machine


def classes(states: Sequence[State]) -> tuple[tuple[Endpoint, ...], ...]:
    """The classes of a story's machines, given its states; machines of one class are alike in all of them."""
    keys = [_Keys(state) for state in states]
    found: dict[tuple[Hashable, ...], list[Endpoint]] = {}
    for end in answering(states[0].scenario):
        found.setdefault(tuple(key.of(end) for key in keys), []).append(end)
    return tuple(tuple(alike) for alike in found.values())


# Of more machines than this two of each class are asked.
MOST_MACHINES = 100
_ASKED = 2


@dataclass(frozen=True, slots=True)
class Sample:
    """The machines of a big network that are asked for all: two of each class, and the Internet."""

    alike: tuple[tuple[Endpoint, ...], ...]

    @property
    def asked(self) -> tuple[Endpoint, ...]:
        """The machines that are asked."""
        return representatives(self.alike)

    @property
    def nodes(self) -> frozenset[str]:
        """Their nodes."""
        return frozenset((*(end.node for end in self.asked), INTERNET))

    @property
    def classes(self) -> dict[str, tuple[str, ...]]:
        """The members of each class of several machines, by its first one."""
        return {members[0].node: tuple(end.node for end in members) for members in self.alike if len(members) > 1}

    def inferred(self, scenario: Scenario) -> Iterator[Inferred]:
        """The pairs of machines that are not asked."""
        asking, asked = frozenset(sources(scenario)), frozenset(targets(scenario))
        by_source, by_target = ([_Some.of(members, ends) for members in self.alike] for ends in (asking, asked))
        for sender, some in zip(self.alike, by_source, strict=True):
            for receiver, others in zip(self.alike, by_target, strict=True):
                if left := _pairs(some.all, others.all) - _pairs(some.asked, others.asked):
                    why = f"{_alike(sender)}, {_alike(receiver)}" if sender is not receiver else _alike(sender)
                    yield Inferred(sender[0].node, receiver[0].node, left, why)


@dataclass(frozen=True, slots=True)
class _Some:
    """The members of a class that may ask, or be asked, and those of them that are."""

    all: frozenset[Endpoint]
    asked: frozenset[Endpoint]

    @staticmethod
    def of(members: tuple[Endpoint, ...], ends: frozenset[Endpoint]) -> _Some:
        return _Some(ends.intersection(members), ends.intersection(members[:_ASKED]))


def _pairs(some: frozenset[Endpoint], others: frozenset[Endpoint]) -> int:
    return len(some) * len(others) - len(some & others)


def _alike(members: tuple[Endpoint, ...]) -> str:
    return f"{len(members)} machines are like {members[0].node}" if len(members) > 1 else f"{members[0].node} is alone"


def sample(scenario: Scenario, states: Iterable[State]) -> Sample | None:
    """The machines that are asked for all, given the states of the story; None where there are few enough."""
    return Sample(classes(tuple(states))) if len(endpoints(scenario)) > MOST_MACHINES else None


def representatives(alike: Iterable[tuple[Endpoint, ...]]) -> tuple[Endpoint, ...]:
    """Two machines of each class: enough to ask. The second one is there for the pairs within a class."""
    return tuple(end for members in alike for end in members[:_ASKED])


class _Keys:
    """What tells the machines of a moment apart."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._named = frozenset(_named(state.scenario))
        self._addresses = endpoint_addresses(state)
        edges = {edge for prefix in _prefixes(state) for edge in (int(prefix[0]), int(prefix[-1]) + 1)}
        self._edges = sorted(edges)

    def of(self, end: Endpoint) -> Hashable:
        """A value that is equal for machines that are alike."""
        if end.node in self._named:
            return end.node
        match end.kind:
            case "vm":
                return self._of_machine(self._state.network.machines[end.node])
            case "private endpoint" | "frontend":
                return end.node
            case "client":
                return self._of_client(self._state.network.clients[end.owner])
        return end.owner, self._region(self._addresses.get(end.node))

    def _of_machine(self, machine: Machine) -> Hashable:
        nic = machine.primary
        alone = machine.forwards or len(machine.addresses) > 1
        if alone or nic.public_address is not None or nic in nic.vnet.next_hops:
            return machine.node
        stopped = nic.node in self._state.hit(Impact.STOPPED)
        groups = nic.spec.network_security_group, frozenset(nic.spec.application_security_groups)
        return nic.vnet.name, nic.subnet.name, groups, nic.ip_forwarding, stopped, self._region(nic.address)

    def _of_client(self, client: Client) -> Hashable:
        held = tuple((tunnel.gateway.name, self._state.sessions[tunnel.key]) for tunnel in client.tunnels)
        regions = tuple(self._region(self._addresses.get(tunnel.name)) for tunnel in client.tunnels)
        cut = client.node in self._state.hit(Impact.CUT)
        return client.spec.family, client.spec.local_network, held, regions, cut

    def _region(self, address: IPv4Address | None) -> int:
        return bisect(self._edges, int(address)) if address is not None else -1


def _named(scenario: Scenario) -> Iterator[str]:
    """The machines that the story names one by one."""
    for step in scenario.story:
        names = {*step.expect.reach, *(target for row in step.expect.reach.values() for target in row)}
        if step.flow is not None:
            names |= {step.flow.source, step.flow.target}
        for name in names:
            nodes = resolve(scenario, name)
            if len(nodes) == 1:
                yield nodes[0]


def _prefixes(state: State) -> Iterator[IPv4Network]:
    """Every prefix by which any node of a moment may tell addresses apart."""
    network = state.network
    for vnet in network.vnets.values():
        yield from vnet.address_space
        yield from (subnet.prefix for subnet in vnet.subnets.values())
        yield from (prefix for peering in vnet.peerings for prefix in peering.remote_address_space)
        settings = vnet.vpn_gateway.point_to_site if vnet.vpn_gateway is not None else None
        yield from (settings.address_pool, *settings.custom_routes) if settings is not None else ()
    yield from (c.spec.local_network for c in network.clients.values() if c.spec.local_network is not None)
    for group in network.security_groups.values():
        yield from (prefix for rule in group.spec.security_rules.values() for prefix in security.written(rule))
    yield from firewalls.prefixes(network)
    for table in state.scenario.route_tables.values():
        yield from (route.address_prefix for route in table.routes.values())
    for site in network.sites.values():
        yield from site.prefixes
    yield from (prefix for peering in network.microsoft_peerings for prefix in peering.advertised)
    for prefixes in state.announced.values():
        yield from prefixes
    for connection in network.connections.values():
        yield from (prefix for side in connection.sides for prefix in side.static_prefixes)
        rules = (rule for side in connection.sides for rule in (*side.ingress_nat, *side.egress_nat))
        yield from (prefix for rule in rules for prefix in (rule.internal, rule.external))
    for negotiated in state.negotiated.values():
        selectors = (item for side in negotiated.selectors for item in side)
        yield from (prefix for item in selectors for prefix in (*item.local, *item.remote))
    for key, session in state.sessions.items():
        yield from (*session.selectors, *session.profile, *state.tunnel_routes(*key))
    for paths in state.learned.values():
        yield from paths
