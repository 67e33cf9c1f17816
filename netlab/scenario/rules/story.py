"""The story: its actions and expectations."""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import IPv4Network

from netlab.scenario import changing
from netlab.scenario.models import (
    Action,
    BgpSession,
    BgpSpeaker,
    CircuitLink,
    ClientOnly,
    ClientRoute,
    ConnectionTunnel,
    CustomRoutes,
    GatewayFault,
    LinkOf,
    NewKey,
    OneClient,
    OneMachine,
    PeeringSync,
    Reach,
    RouteServerFault,
    Scenario,
    SiteDevice,
    SitePrefix,
    Step,
    node_name,
)
from netlab.scenario.names import INTERNET, asked_by_address, endpoints, nodes, resolve, resolve_node, short, suggest
from netlab.scenario.rules.breach import Breach, Breaches, Path, unknown, unresolved
from netlab.scenario.rules.joined import bgp_peers_of, instances, sound_connections, speaking
from netlab.scenario.rules.subjects import (
    appliances_with_bgp,
    policy_based,
    serving,
    story_actions,
    story_moments,
    vpn_gateways,
)


def steps_have_names_of_their_own(scenario: Scenario) -> Breaches:
    """Steps have different names, by which a report lists them."""
    seen: set[str] = set()
    for index, step in enumerate(scenario.story):
        if step.name in seen:
            yield Breach(("story", index, "name"), f"an earlier step is called {step.name!r} too")
        seen.add(step.name)


def actions_name_what_they_act_on(scenario: Scenario) -> Breaches:
    """The objects of an action exist."""
    for path, action, then in story_moments(scenario):
        yield from _named(path, action, then)


def _named(path: Path, action: Action, scenario: Scenario) -> Breaches:
    announcing = [name for name in scenario.sites if name in speaking(scenario)]
    linked = (*vpn_gateways(scenario), *scenario.sites, *scenario.clients)
    match action.subject:
        case ClientRoute(client=client) | ClientOnly(client=client) | OneClient(client=client):
            yield from unknown((*path, "client"), client, scenario.clients, "client")
        case SitePrefix(site=str(site)):
            yield from unknown((*path, "site"), site, announcing, "site with a BGP connection")
        case SitePrefix(nva=str(nva)):
            speakers = [node_name(vnet, vm) for vnet, vm, _ in appliances_with_bgp(scenario)]
            yield from unknown((*path, "nva"), nva.lower(), speakers, "appliance with BGP")
        case CircuitLink(circuit=circuit):
            yield from unknown((*path, "circuit"), circuit, scenario.expressroute_circuits, "circuit")
        case OneMachine(vm=vm):
            machines = [end.node for end in endpoints(scenario) if end.kind == "vm"]
            if not set(resolve(scenario, vm)) <= set(machines) or len(resolve(scenario, vm)) != 1:
                yield Breach((*path, "vm"), f"no virtual machine is called {short(vm)}; {suggest(vm, machines)}")
        case LinkOf(name=name):
            yield from unknown((*path, "name"), name, linked, "VPN gateway, site or client")
        case SiteDevice(site=site):
            yield from unknown((*path, "site"), site, scenario.sites, "site")
        case BgpSpeaker(speaker=name) | BgpSession(speaker=name):
            yield from unknown((*path, "speaker"), name, _running_bgp(scenario), "appliance or site with BGP")
        case GatewayFault(vnet=vnet):
            yield from unknown((*path, "vnet"), vnet, vpn_gateways(scenario), "VNet with a VPN gateway")
        case RouteServerFault(vnet=vnet):
            known = [name for name, item in scenario.vnets.items() if item.route_server is not None]
            yield from unknown((*path, "vnet"), vnet, known, "VNet with a Route Server")
        case ConnectionTunnel(connection=connection) | NewKey(connection=connection):
            yield from unknown((*path, "connection"), connection, scenario.connections, "connection")
        case PeeringSync(peering=peering):
            yield from unknown((*path, "peering"), peering, scenario.peerings, "peering")
        case CustomRoutes(vnet=vnet):
            yield from unknown((*path, "vnet"), vnet, serving(scenario), "VNet with point_to_site")


def _running_bgp(scenario: Scenario) -> tuple[str, ...]:
    """The sites and appliances that have BGP peers."""
    appliances = (f"{vnet}-{vm}" for vnet, vm, _ in appliances_with_bgp(scenario))
    return tuple(name for name in (*scenario.sites, *appliances) if bgp_peers_of(scenario, name))


def bgp_sessions_are_there(scenario: Scenario) -> Breaches:
    """A BGP session that an action names has a peer that is there; of one with one router it names no instance."""
    for path, action, now in story_moments(scenario):
        if not isinstance(action.subject, BgpSession) or action.subject.speaker not in _running_bgp(now):
            continue
        speaker, peer, instance = action.subject.speaker, action.subject.peer, action.subject.instance
        peers = bgp_peers_of(now, speaker)
        if peer is not None:
            yield from unknown((*path, "peer"), peer, peers, f"BGP peer of {short(speaker)}")
        if instance is not None and peer is None:
            yield Breach((*path, "instance"), f"write which `peer` has the instance: {', '.join(map(short, peers))}")
        elif instance is not None and peers.get(peer or "") == 1:
            yield Breach((*path, "instance"), f"{short(peer or '')} has one instance; leave it out")


def actions_name_a_part_that_is_there(scenario: Scenario) -> Breaches:
    """An action names one of several gateways, instances, devices or ends, and does not name a single one."""
    for path, action, now in story_moments(scenario):
        match action.subject:
            case (
                LinkOf(name=site, device=device)
                | SiteDevice(site=site, device=device)
                | BgpSpeaker(speaker=site, device=device)
            ):
                known = now.sites[site].devices if site in now.sites else {}
                if device is not None:
                    yield from unknown((*path, "device"), device, known, "device")
                elif len(known) > 1:
                    right = ", ".join(map(short, known))
                    yield Breach(path, f"`{site}` has several devices; write which `device`: {right}")
            case ClientOnly(client=client, gateway=str(vnet)) if client in now.clients:
                own = [name for name in now.clients[client].gateways if name in now.vnets]
                yield from unknown((*path, "gateway"), vnet, own, "gateway of this client")
            case ConnectionTunnel(connection=name, instance=int()) if name in now.connections:
                if all(instances(now, end) == 1 for end in now.connections[name].between):
                    yield Breach((*path, "instance"), f"no end of `{name}` is active-active; leave it out")
            case GatewayFault(vnet=vnet, instance=instance) if vnet in vpn_gateways(now):
                active_active = instances(now, vnet) == 2
                if active_active and instance is None:
                    yield Breach(path, f"the gateway of `{vnet}` is active-active; write which `instance`: 0 or 1")
                elif not active_active and instance is not None:
                    message = f"the gateway of `{vnet}` is active-standby and loses the active one; leave it out"
                    yield Breach((*path, "instance"), message)
            case NewKey(connection=name, end=str(end)) if name in sound_connections(now):
                yield from unknown((*path, "end"), end, now.connections[name].between, "end")


def r22_policy_based_tunnels_come_back(scenario: Scenario) -> Breaches:
    """R22: the next packet rebuilds a policy-based tunnel, so a story cannot keep one down."""
    for path, action, now in story_moments(scenario):
        behind = {name for gateway, _ in policy_based(now) for name, _ in now.connections_of(gateway)}
        if action.verb == "fail_tunnel" and isinstance(action.subject, ConnectionTunnel):
            name = action.subject.connection
            if name in behind:
                message = f"`{name}` is policy-based: the next packet brings it back; use cut_link or set_key instead"
                yield Breach((*path, "connection"), message)


def r50_tunnels_with_several_selectors_come_back(scenario: Scenario) -> Breaches:
    """R50: the next packet for one of several selectors brings a tunnel back, so a story cannot keep it down."""
    for path, action, now in story_moments(scenario):
        if action.verb == "fail_tunnel" and isinstance(action.subject, ConnectionTunnel):
            name = action.subject.connection
            if name in sound_connections(now) and _has_several_selectors(now, name):
                message = (
                    f"`{name}` has several selectors: the next packet brings it back; use cut_link or set_key instead"
                )
                yield Breach((*path, "connection"), message)


def _has_several_selectors(scenario: Scenario, name: str) -> bool:
    """Whether an end has several custom selectors, or combinations of several prefixes; IKEv1 has pairs of ranges."""
    item = scenario.connections[name]
    for end in item.between:
        settings = item.settings(end)
        one_by_one = settings.connection_protocol == "IKEv1"
        lines = settings.traffic_selector_policies
        pairs = (len(each.local_address_ranges) * len(each.remote_address_ranges) for each in lines)
        if (sum(pairs) if one_by_one else len(lines)) > 1:
            return True
        if settings.use_policy_based_traffic_selectors and not lines and end in scenario.vnets:
            there = scenario.local_network_gateway(name, end).address_prefixes
            if len(scenario.vnets[end].address_space) * len(there) > 1:
                return True
    return False


def announcements_can_be_divided(scenario: Scenario) -> Breaches:
    """A prefix that is announced in parts can be divided into so many."""
    for path, action in story_actions(scenario):
        match action.subject:
            case SitePrefix(prefix=prefix, count=count) if count > prefix.num_addresses:
                yield Breach((*path, "count"), f"{prefix} has {prefix.num_addresses} parts at most; take a larger one")


def routes_by_hand_leave_the_default_route_alone(scenario: Scenario) -> Breaches:
    """A client's default route leads to its gateway's public address; R64 forces traffic with two halves instead."""
    for path, action in story_actions(scenario):
        if isinstance(action.subject, ClientRoute) and action.subject.prefix.prefixlen == 0:
            yield Breach(
                (*path, "prefix"),
                "the tunnel itself needs the default route; add 0.0.0.0/1 and 128.0.0.0/1",
            )


def expectations_name_what_they_expect_of(scenario: Scenario) -> Breaches:
    """Expectations are about VNets, sites, machines and clients; a VNet or site among them has machines or hosts."""
    for index, step, moments in changing.steps(scenario):
        now = moments[-1]
        path = ("story", index, "expect")
        for client in step.expect.routes:
            yield from unknown((*path, "routes", client), client, now.clients, "client")
        for connection in step.expect.connections:
            yield from unknown((*path, "connections", connection), connection, now.connections, "connection")
        yield from _learned(now, path, step)
        for source, targets in step.expect.reach.items():
            here = (*path, "reach", source)
            yield from unresolved(now, here, source)
            for target, expected in targets.items():
                yield from unresolved(now, (*here, target), target)
                for key, place in (place for each in expected.all for place in _places(each)):
                    if place is not None and resolve_node(now, place) is None:
                        known = [node for node, _ in nodes(now)]
                        message = f"no node is called {short(place)}; {suggest(place, known)}"
                        yield Breach((*here, target, key), message)


def survivors_are_machines(scenario: Scenario) -> Breaches:
    """The pairs that must survive are of machines, hosts and clients."""
    for source, targets in scenario.survives.items():
        yield from unresolved(scenario, ("survives", source), source)
        for index, target in enumerate(targets):
            yield from unresolved(scenario, ("survives", source, index), target)


def targets_have_one_name(scenario: Scenario) -> Breaches:
    """A target that a source asks by another address than its primary NIC's goes by no other name in the same row, in
    any step."""
    known = asked_by_address(scenario)
    for index, step in enumerate(scenario.story):
        for sources, row in step.expect.reach.items():
            for target in row:
                found = resolve(scenario, target)
                addresses = {known[s, found[0]] for s in resolve(scenario, sources) if (s, *found) in known}
                if len(found) == 1 and addresses - {target}:
                    what = f"{short(sources)} asks {found[0]} by its address {min(addresses)}"
                    path = ("story", index, "expect", "reach", sources, target)
                    yield Breach(path, f"{what}; name it so in every step, for a pair is asked by one address")


def _places(expected: Reach) -> Iterator[tuple[str, str | None]]:
    yield "dropped_at", expected.dropped_at
    yield from (("via", place) for place in expected.via)


AS_PATH = re.compile(r"absent||[0-9]+( [0-9]+)*")


def _learned(scenario: Scenario, path: Path, step: Step) -> Breaches:
    for end, routes in step.expect.learned.items():
        here = (*path, "learned", end)
        if end not in speaking(scenario) and end.lower() not in speaking(scenario):
            message = f"{short(end)} has no connection with BGP; {suggest(end, speaking(scenario))}"
            yield Breach(here, message)
        for prefix, as_path in routes.items():
            if not _is_prefix(prefix):
                yield Breach((*here, prefix), "not an IPv4 prefix; write it as 10.1.0.0/16")
            elif AS_PATH.fullmatch(as_path) is None:
                yield Breach((*here, prefix), f"{short(as_path)} is no AS path; write '65020 65101', or absent")


def _is_prefix(text: str) -> bool:
    try:
        return "/" in text and IPv4Network(text) is not None
    except ValueError:
        return False


def flows_join_two_machines(scenario: Scenario) -> Breaches:
    """A flow has one machine, host or client as its source, and another one as its target."""
    for index, step in enumerate(scenario.story):
        if step.flow is None:
            continue
        path = ("story", index, "flow")
        for key, name in (("source", step.flow.source), ("target", step.flow.target)):
            found = resolve(scenario, name)
            yield from unresolved(scenario, (*path, key), name)
            if key == "source" and found == (INTERNET,):
                yield Breach((*path, key), "a flow does not begin at the Internet; write it as the target")
            if len(found) > 1:
                yield Breach((*path, key), f"`{name}` stands for several machines; write {' or '.join(found)}")
        if resolve(scenario, step.flow.source) == resolve(scenario, step.flow.target) != ():
            yield Breach((*path, "target"), "a machine sends nothing to itself; name another one")


def refused(scenario: Scenario, action: Action) -> str:
    """Why an action is none of this scenario's; empty if it is."""
    told = scenario.model_copy(update={"story": (Step(name="now", do=(action,)),)})
    rules = (actions_name_what_they_act_on, actions_name_a_part_that_is_there, bgp_sessions_are_there)
    breaches = (breach for rule in rules for breach in rule(told))
    return next((breach.message for breach in breaches), "")
