"""Appliances: what their machines need to forward, to speak BGP, and to serve as VPN servers; and their SD-WAN."""

from __future__ import annotations

from collections.abc import Iterator

from netlab.azure.dataplane import firewalls
from netlab.plan import security
from netlab.plan.devices import Device, Parts, peer_pins
from netlab.plan.model import ApplianceNat, Link, Route, Ruleset, StatefulForwarding, VpnServerNat
from netlab.plan.ports import NIC, nic_port, port, sd_wan_ports
from netlab.plan.segments import limit as segment_limit
from netlab.plan.underlay import INNER_NEAR, PRIVATE
from netlab.scenario.addresses import subnet_gateway
from netlab.scenario.network import Appliance, Network, Site


def rulesets(appliance: Appliance) -> tuple[Ruleset, ...]:
    """How an appliance translates, and whether it is stateful."""
    spec, found = appliance.spec, list[Ruleset]()
    if spec.masquerade != "none":
        private = PRIVATE if spec.masquerade == "public" else ()
        nics = tuple((nic_port(nic), str(nic.address)) for nic in appliance.nic.machine.nics)
        found.append(ApplianceNat(nics, private))
    if spec.stateful != "none":
        rules = firewalls.rules_of_appliance(appliance.nic.machine)
        terms, sets = security.of_terms(rules.terms if rules is not None else ())
        found.append(StatefulForwarding(spec.stateful == "loose", terms, sets))
    return tuple(found)


def way_out(appliance: Appliance) -> str:
    """The default router of an appliance: the .1 of its primary NIC's subnet."""
    return str(subnet_gateway(appliance.nic.subnet.prefix))


def serving(device: Device, appliance: Appliance, parts: Parts) -> tuple[tuple[Route, ...], tuple[Ruleset, ...]]:
    """What a machine needs for the charons behind it: routes to them and, past all tunnels, to their peers; and the
    translation of what their peers initiate (R32)."""
    ports = {link.a.node: link.b.name for link in parts.links}
    ends = [(charon.node, item) for charon in parts.charons for item in charon.connections]
    inward = (Route(f"{item.local_address}/32", ports[node], via=INNER_NEAR) for node, item in ends)
    outward = (Route(f"{item.remote_address}/32", NIC, via=way_out(appliance)) for _, item in ends)
    peers = tuple((item.remote_address, item.local_address) for _, item in ends)
    routes = dict.fromkeys((*inward, *outward, *peer_pins(device)))
    return tuple(routes), (VpnServerNat(NIC, peers), *segment_limit(device))


def bgp_routes(appliance: Appliance) -> Iterator[Route]:
    """How an appliance reaches its BGP peers, and the next hops that it learns (A5)."""
    via = way_out(appliance)
    for address in appliance.addresses_by_fabric:
        yield Route(f"{address}/32", NIC, via=via)
    for site in appliance.sites:
        near, _ = sd_wan_ports(appliance.router.node, site.name)
        yield from (Route(f"{device.bgp_address}/32", near) for device in site.devices)


def sd_wan_links(network: Network) -> Iterator[Link]:
    """Between appliances and the sites behind them."""
    for appliance in network.bgp_appliances:
        node = appliance.router.node
        for site in appliance.sites:
            yield Link(port(node, f"s-{site.name}"), port(site.node, f"n-{node}"))


def routes_to_appliances(site: Site) -> Iterator[Route]:
    """How a site reaches the appliances that it is behind."""
    for appliance in site.appliances:
        yield Route(f"{appliance.bgp_address}/32", sd_wan_ports(appliance.router.node, site.name)[1])
