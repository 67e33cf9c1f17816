"""Ways out to the Internet: NAT gateways and private subnets."""

from __future__ import annotations

from netlab.scenario import service_tags
from netlab.scenario.addresses import DEFAULT_ROUTE, GATEWAY_SUBNET
from netlab.scenario.models import Scenario, VirtualNetwork
from netlab.scenario.models.endpoint import SERVICE_TAGS
from netlab.scenario.rules.breach import Breach, Breaches, listed, unknown
from netlab.scenario.rules.load_balancers import balanced_out
from netlab.scenario.rules.subjects import subnets
from netlab.scenario.values import once


def subnets_name_their_nat_gateway(scenario: Scenario) -> Breaches:
    """A subnet's NAT gateway is one of the scenario's."""
    for path, _, _, subnet in subnets(scenario):
        if subnet.nat_gateway is not None:
            yield from unknown((*path, "nat_gateway"), subnet.nat_gateway, scenario.nat_gateways, "NAT gateway")


def service_tags_are_azures(scenario: Scenario) -> Breaches:
    """A service tag has a name that Azure has."""
    for name in scenario.service_tags:
        if service_tags.tag(name) != name:
            yield from unknown(("service_tags", name), name, service_tags.WITHOUT_PREFIXES, "service tag")


def e15_service_endpoints_have_prefixes(scenario: Scenario) -> Breaches:
    """E15: the routes of a service endpoint lead to the prefixes of the service's tag."""
    for path, _, _, subnet in subnets(scenario):
        for place, service in enumerate(subnet.service_endpoints):
            if not scenario.service_tags.get(SERVICE_TAGS[service]):
                what = f"{service} has no routes here: service_tags lacks {SERVICE_TAGS[service]}"
                here = (*path, "service_endpoints", place)
                yield Breach(here, f"{what}; add it with the prefixes that matter", "warning")


def e20_nat_gateways_serve_one_vnet(scenario: Scenario) -> Breaches:
    """E20: a NAT gateway is for subnets of one VNet, and never for GatewaySubnet."""
    first: dict[str, str] = {}
    for path, name, key, subnet in subnets(scenario):
        if subnet.nat_gateway is None:
            continue
        here, other = (*path, "nat_gateway"), first.setdefault(subnet.nat_gateway, name)
        if key == GATEWAY_SUBNET:
            yield Breach(here, f"{GATEWAY_SUBNET} has no NAT gateway; leave it out")
        elif other != name:
            what = f"`{subnet.nat_gateway}` serves subnets of `{other}`, and a NAT gateway is for one VNet"
            yield Breach(here, f"{what}; give `{name}` one of its own")


def e25_private_subnets_have_a_way_out(scenario: Scenario) -> Breaches:
    """E25: from a private subnet nothing reaches the Internet without a NAT gateway, a public address, a public load
    balancer, or an appliance that the default route leads to."""
    for path, name, key, subnet in subnets(scenario):
        machines = _without_an_address(scenario.vnets[name]).get(key)
        routes = scenario.route_table(name, key).routes
        led = {item.next_hop_type for item in routes.values() if item.address_prefix == DEFAULT_ROUTE}
        explicit = subnet.default_outbound_access or subnet.nat_gateway is not None or subnet.service_endpoints
        if explicit or not machines or led - {"Internet"}:
            continue
        direct = sorted(route for route, item in routes.items() if item.next_hop_type == "Internet")
        what = f"this private subnet has no NAT gateway, and machines without a public address ({listed(machines)})"
        lost = f"route `{direct[0]}` to Internet drops their packets" if direct else "they reach no Internet"
        right = "give it a `nat_gateway`, or a route to an appliance"
        yield Breach((*path, "default_outbound_access"), f"{what}: {lost}; {right}", "warning")


@once
def _without_an_address(vnet: VirtualNetwork) -> dict[str, tuple[str, ...]]:
    """The machines of each subnet that have no public address of their own there, nor of a load balancer."""
    balanced, found = balanced_out(vnet), dict[str, dict[str, None]]()
    for name, vm in vnet.vms.items():
        for nic in vm.interfaces.values():
            if nic.public_ip_address is None and not (name in balanced and nic is vm.primary):
                found.setdefault(nic.subnet, {})[name] = None
    return {subnet: tuple(names) for subnet, names in found.items()}
