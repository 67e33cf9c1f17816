"""Private endpoints."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network

from netlab.scenario.addresses import (
    AZURE_FIREWALL_SUBNET,
    GATEWAY_SUBNET,
    ROUTE_SERVER_SUBNET,
    addresses_of_nics,
    private_endpoint_addresses,
)
from netlab.scenario.models import Scenario, VirtualMachine
from netlab.scenario.names import answering, resolve, short
from netlab.scenario.rules.breach import Breach, Breaches, Path, unknown
from netlab.scenario.rules.subjects import private_endpoints


def private_endpoints_name_their_subnet(scenario: Scenario) -> Breaches:
    """A private endpoint is in a subnet of its VNet."""
    for path, _, vnet, endpoint in private_endpoints(scenario):
        yield from unknown((*path, "subnet"), endpoint.subnet, vnet.subnets, "subnet")


def e1_private_endpoints_are_in_ordinary_subnets(scenario: Scenario) -> Breaches:
    """E1: no private endpoint is in a subnet that Azure keeps for its gateways and firewalls."""
    for path, _, _, endpoint in private_endpoints(scenario):
        if endpoint.subnet in (GATEWAY_SUBNET, AZURE_FIREWALL_SUBNET, ROUTE_SERVER_SUBNET):
            yield Breach((*path, "subnet"), f"{endpoint.subnet} holds no private endpoint; use another subnet")


def e12_private_endpoints_never_initiate(scenario: Scenario) -> Breaches:
    """E12: a private endpoint answers, and never begins a flow; no more does a frontend of a load balancer (L1)."""
    silent = {end.node: end.kind for end in answering(scenario) if end.kind in ("private endpoint", "frontend")}
    for index, step in enumerate(scenario.story):
        asking: list[tuple[Path, str]] = [(("expect", "reach", name), name) for name in step.expect.reach]
        if step.flow is not None:
            asking.append((("flow", "source"), step.flow.source))
        for path, name in asking:
            found = next((silent[node] for node in resolve(scenario, name) if node in silent), None)
            if found is not None:
                what = f"{short(name)} is a {found} and never initiates; write it as the target"
                yield Breach(("story", index, *path), what)


def e6_routes_to_private_endpoints_count(scenario: Scenario) -> Breaches:
    """E6: while the policies of its subnet are off, only a user route for a private endpoint's /32 leads elsewhere."""
    for vnet, table, route, prefix, _ in _to_appliances(scenario):
        for address, policies, range_, name in _endpoints_near(scenario, vnet):
            obeys = policies in ("RouteTableEnabled", "Enabled")
            if address in prefix and range_.prefixlen <= prefix.prefixlen < 32 and not obeys:
                path = ("route_tables", table, "routes", route, "address_prefix")
                what = f"packets for the private endpoint `{name}` go past {prefix}: its route is {address}/32"
                right = "set private_endpoint_network_policies: RouteTableEnabled on its subnet"
                yield Breach(path, f"{what}; {right}, or write a route for {address}/32", "warning")


def e8_answers_of_private_endpoints_follow(scenario: Scenario) -> Breaches:
    """E8: answers of a private endpoint may go past the appliance; SNAT or a tag of its machine brings them back."""
    for vnet, table, route, prefix, hops in _to_appliances(scenario):
        for address, policies, range_, name in _endpoints_near(scenario, vnet):
            least = range_.prefixlen if policies in ("RouteTableEnabled", "Enabled") else 32
            if address not in prefix or prefix.prefixlen < least:
                continue
            for machine in (vm for hop in hops for vm in _machines_at(scenario, hop)):
                if machine.tags.get("disableSnatOnPL") != "true":
                    path = ("route_tables", table, "routes", route)
                    what = f"answers of the private endpoint `{name}` may go past the appliance"
                    right = "let it translate the source (SNAT), or give its machine the tag"
                    yield Breach(path, f'{what}: {right} disableSnatOnPL: "true" (E10)', "warning")


# The name of a VNet, of a route table and of a route in it, its prefix and its next hops.
_Led = tuple[str, str, str, IPv4Network, tuple[IPv4Address, ...]]


def _to_appliances(scenario: Scenario) -> Iterator[_Led]:
    """Every route to appliances, with each VNet that uses its table."""
    for name, vnet in scenario.vnets.items():
        tables = dict.fromkeys(subnet.route_table or "" for subnet in vnet.subnets.values())
        for table in (table for table in tables if table in scenario.route_tables):
            for route, item in scenario.route_tables[table].routes.items():
                if item.next_hops:
                    yield name, table, route, item.address_prefix, item.next_hops


def _endpoints_near(scenario: Scenario, vnet: str) -> Iterator[tuple[IPv4Address, str, IPv4Network, str]]:
    """The private endpoints of a VNet and of its peers: address, policies, range of the VNet and name."""
    peers = (mine.remote_vnet for mine, _ in scenario.peered(vnet) if mine.remote_vnet in scenario.vnets)
    for item in (scenario.vnets[name] for name in dict.fromkeys((vnet, *peers))):
        for name, address in private_endpoint_addresses(item).items():
            subnet = item.subnets.get(item.private_endpoints[name].subnet)
            range_ = next((prefix for prefix in item.address_space if address in prefix), None)
            if subnet is not None and range_ is not None:
                yield address, subnet.private_endpoint_network_policies, range_, name


def _machines_at(scenario: Scenario, address: IPv4Address) -> Iterator[VirtualMachine]:
    for vnet in scenario.vnets.values():
        yield from (vnet.vms[name] for own, (name, _) in addresses_of_nics(vnet).items() if own == address)
