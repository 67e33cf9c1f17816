"""The meaning of a name in a story, and names and values in messages."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from ipaddress import IPv4Address
from itertools import product
from typing import Literal, Protocol, TypeVar

from netlab.scenario.addresses import frontend_addresses, nic_addresses
from netlab.scenario.models import Expectation, Reach, Scenario, node_name
from netlab.scenario.nodes import (
    backbone_node,
    device_node,
    edge_router_node,
    expressroute_node,
    instance_node,
    provider_edge_node,
    public_edge_node,
    route_server_node,
)
from netlab.scenario.values import once

INTERNET = "internet"

Pair = tuple[str, str]


class _Named(Protocol):
    @property
    def name(self) -> str: ...


Step = TypeVar("Step", bound=_Named)
MOST_LISTED = 12


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A place where probes start and end; ``owner`` is its VNet or site, or the client or the Internet itself."""

    node: str
    kind: Literal["vm", "host", "client", "private endpoint", "frontend", "internet"]
    owner: str
    name: str


@once
def endpoints(scenario: Scenario) -> tuple[Endpoint, ...]:
    """Every virtual machine, on-premises host and point-to-site client, in the file's order."""
    return (
        *(Endpoint(node_name(vnet, vm), "vm", vnet, vm) for vnet, item in scenario.vnets.items() for vm in item.vms),
        *(
            Endpoint(node_name(site, host), "host", site, host)
            for site, item in scenario.sites.items()
            for host in item.hosts
        ),
        *(Endpoint(node_name(client), "client", client, client) for client in scenario.clients),
    )


@once
def answering(scenario: Scenario) -> tuple[Endpoint, ...]:
    """The same, the private endpoints and the internal frontends of load balancers, which never ask (E12, L1)."""
    private = (
        Endpoint(node_name(vnet, name), "private endpoint", vnet, name)
        for vnet, item in scenario.vnets.items()
        for name in item.private_endpoints
    )
    return (*endpoints(scenario), *private, *frontends(scenario))


@once
def frontends(scenario: Scenario) -> dict[Endpoint, IPv4Address]:
    """The internal frontends of load balancers, each with its address."""
    return {
        Endpoint(node_name(vnet, balancer, name), "frontend", vnet, f"{balancer}-{name}"): address
        for vnet, item in scenario.vnets.items()
        for (balancer, name), address in frontend_addresses(item).items()
    }


_INTERNET_HOST = Endpoint(INTERNET, "internet", INTERNET, INTERNET)


def sources(scenario: Scenario) -> tuple[Endpoint, ...]:
    """All that ask, and the Internet's host if the story expects something from it."""
    named = (source.lower() for step in scenario.story for source in step.expect.reach)
    return (*endpoints(scenario), *((_INTERNET_HOST,) if INTERNET in named else ()))


def targets(scenario: Scenario) -> tuple[Endpoint, ...]:
    """All that answer, and the Internet's host if the story expects something to it."""
    named = (target.lower() for step in scenario.story for row in step.expect.reach.values() for target in row)
    return (*answering(scenario), *((_INTERNET_HOST,) if INTERNET in named else ()))


def by_node(scenario: Scenario) -> dict[str, Endpoint]:
    """Every endpoint, and the Internet's host, by its node."""
    return {end.node: end for end in (*answering(scenario), _INTERNET_HOST)}


def nodes(scenario: Scenario) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Each node that a story can name, so no edges, with its place in the file."""
    yield INTERNET, ()
    yield from ((node, ()) for node in dict.fromkeys(backbone_node(item.region) for item in scenario.vnets.values()))
    for vnet, item in scenario.vnets.items():
        yield node_name(vnet), ("vnets", vnet)
        if item.vpn_gateway is not None:
            yield from ((instance_node(vnet, index), ("vnets", vnet, "vpn_gateway")) for index in (0, 1))
        if item.expressroute_gateway is not None:
            yield from ((expressroute_node(vnet, index), ("vnets", vnet, "expressroute_gateway")) for index in (0, 1))
        if item.route_server is not None:
            yield from ((route_server_node(vnet, index), ("vnets", vnet, "route_server")) for index in (0, 1))
        yield from ((node_name(vnet, vm), ("vnets", vnet, "vms", vm)) for vm in item.vms)
        for name in item.private_endpoints:
            yield node_name(vnet, name), ("vnets", vnet, "private_endpoints", name)
    yield from ((node_name(name), ("firewalls", name)) for name in scenario.firewalls)
    for site, network in scenario.sites.items():
        yield node_name(site), ("sites", site)
        yield from ((device_node(site, name), ("sites", site, "devices", name)) for name in network.devices)
        yield from ((node_name(site, host), ("sites", site, "hosts", host)) for host in network.hosts)
    yield from _of_circuits(scenario)
    for name in scenario.provider_networks:
        yield from ((provider_edge_node(name, index), ("provider_networks", name)) for index in (0, 1))
    yield from ((node_name(access), ("access_networks", access)) for access in scenario.access_networks)
    yield from ((node_name(client), ("clients", client)) for client in scenario.clients)


def _of_circuits(scenario: Scenario) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The edge routers of the private and of the Microsoft peering of each circuit."""
    for name, circuit in scenario.expressroute_circuits.items():
        private = name in scenario.private_peerings
        kinds = (edge_router_node, private), (public_edge_node, circuit.microsoft_peering)
        for node, there in kinds:
            yield from ((node(name, index), ("expressroute_circuits", name)) for index in (0, 1) if there)


@once
def node_names(scenario: Scenario) -> dict[str, None]:
    """The name of every node that a story can name, in the file's order."""
    return dict.fromkeys(node for node, _ in nodes(scenario))


def resolve(scenario: Scenario, name: str) -> tuple[str, ...]:
    """The endpoints' nodes that a name stands for, in any case of letters; none if nothing has that name.

    A VNet stands for its virtual machines, a site for its hosts, a client and the Internet for themselves. A machine
    goes by its node's name, by its public address, by those that it has besides that of its primary NIC, or, where no
    other has it too, by its own name.
    """
    return _meanings(scenario).get(name.lower(), ())


@once
def _meanings(scenario: Scenario) -> dict[str, tuple[str, ...]]:
    """The nodes that each name stands for: first of VNets, sites and clients, then of nodes, then a machine's own."""
    by_own: dict[str, tuple[str, ...]] = {}
    by_owner: dict[str, tuple[str, ...]] = {
        name.lower(): () for name in (*scenario.vnets, *scenario.sites, *scenario.clients)
    }
    for item in answering(scenario):
        by_own[item.name.lower()] = (*by_own.get(item.name.lower(), ()), item.node)
        if item.kind not in ("private endpoint", "frontend"):
            by_owner[item.owner.lower()] = (*by_owner[item.owner.lower()], item.node)
    alone = {name: found for name, found in by_own.items() if len(found) == 1}
    by_address = {address: (node,) for address, node in further_addresses(scenario).items()}
    return (
        by_address
        | alone
        | {item.node: (item.node,) for item in answering(scenario)}
        | by_owner
        | {INTERNET: (INTERNET,)}
    )


@once
def further_addresses(scenario: Scenario) -> dict[str, str]:
    """The nodes of machines by each address that they have besides that of their primary NIC: the public ones that the
    file gives, and the private ones, where no other machine has them too."""
    found: dict[str, list[str]] = {}
    for vnet, item in scenario.vnets.items():
        private = nic_addresses(item)
        for vm, machine in item.vms.items():
            for place, (key, nic) in enumerate(machine.interfaces.items()):
                own = [private[vm, key]] if place and (vm, key) in private else []
                public = [nic.public_ip_address] if nic.public_ip_address is not None else []
                for address in (*own, *nic.secondary_private_ip_addresses, *public):
                    found.setdefault(str(address), []).append(node_name(vnet, vm))
    return {address: nodes[0] for address, nodes in found.items() if len(nodes) == 1}


@once
def asked_by_address(scenario: Scenario) -> dict[Pair, str]:
    """The address by which the story names the target of a pair; such a pair is asked by that address."""
    known = further_addresses(scenario)
    return {
        (source, known[target]): target
        for step in scenario.story
        for sources, row in step.expect.reach.items()
        for target in row
        if target in known
        for source in resolve(scenario, sources)
    }


def resolve_node(scenario: Scenario, name: str) -> str | None:
    """The one node that a name stands for: of a VNet its fabric, of a site its device."""
    if name.lower() in node_names(scenario):
        return name.lower()
    found = resolve(scenario, name)
    return found[0] if len(found) == 1 else None


def expected_pairs(scenario: Scenario, before: Mapping[Pair, Reach], expectation: Expectation) -> Mapping[Pair, Reach]:
    """The expectation for each pair of nodes; a pair that a step leaves out keeps the one before."""
    pairs = {
        pair: reach
        for sources, row in expectation.reach.items()
        for targets, reach in row.items()
        for pair in pairs_between(scenario, sources, targets)
    }
    return {**before, **pairs}


def pairs_between(scenario: Scenario, sources: str, targets: str) -> Iterator[Pair]:
    """The pairs of different nodes that two names stand for."""
    both = product(resolve(scenario, sources), resolve(scenario, targets))
    return ((source, target) for source, target in both if source != target)


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that was probably meant."""
    names = {item.lower(): item for item in known}
    near = get_close_matches(name[:80].lower(), names, n=1)
    return names[near[0]] if near else None


def step_named(text: str, names: Sequence[str]) -> str | None:
    """The step of a story that a text names: by its name, or by its number as matrices show it."""
    if text in names:
        return text
    number = int(text) if text.isascii() and text.isdigit() else 0
    return names[number - 1] if 0 < number <= len(names) else None


def step_among(steps: Sequence[Step], text: str) -> Step | None:
    """The step that a text names among steps of a story; the first one if it is empty."""
    wanted = step_named(text, [step.name for step in steps])
    return next((step for step in steps if not text or step.name == wanted), None)


def suggest(name: str, known: Iterable[str]) -> str:
    """The end of a message about an unknown name: the nearest known one, or the first known ones."""
    names = tuple(known)
    near = nearest(name, names)
    if near is not None:
        return f"did you mean `{near}`?"
    listed = ", ".join(f"`{item}`" for item in names[:MOST_LISTED]) + (", …" if len(names) > MOST_LISTED else "")
    return f"there is {listed}" if names else "there is none"


def short(value: object) -> str:
    """A value as a message shows it: one line, without the contents of a mapping or list."""
    if isinstance(value, dict | list):
        return "a mapping" if isinstance(value, dict) else "a list"
    if value is None or isinstance(value, bool):
        return {None: "nothing", True: "true", False: "false"}[value]
    if isinstance(value, str) and value.isprintable() and len(value) <= 40:
        return f"`{value}`"
    text = repr(value)
    return text if len(text) <= 44 else f"{text[:40]}…"
