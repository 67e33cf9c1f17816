"""Azure Firewalls: their subnets, their ways to the Internet, and the rules of their policies."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network

from netlab.scenario import service_tags
from netlab.scenario.addresses import (
    AZURE_FIREWALL_MANAGEMENT_SUBNET,
    AZURE_FIREWALL_SUBNET,
    DEFAULT_ROUTE,
    GATEWAY_SUBNET,
    PRIVATE_PREFIXES,
)
from netlab.scenario.models import FirewallRule, NvaRule, RuleCollection, Scenario, VirtualNetwork
from netlab.scenario.names import short
from netlab.scenario.rules.breach import Breach, Breaches, Path, unknown
from netlab.scenario.rules.joined import sound_connections
from netlab.scenario.rules.subjects import announcements, firewall_addresses, with_addresses, with_appliance

# F1.
LARGEST_LENGTH = 26
_LAST_PORT = 65535
_IANA = "IANAPrivateRanges"


def firewalls_name_their_vnet_and_policy(scenario: Scenario) -> Breaches:
    """An Azure Firewall is in a VNet of the scenario, and its policy is one of the scenario's."""
    for name, firewall in scenario.firewalls.items():
        yield from unknown(("firewalls", name, "vnet"), firewall.vnet, scenario.vnets, "VNet")
        policy, path = firewall.firewall_policy, ("firewalls", name, "firewall_policy")
        if policy is not None:
            yield from unknown(path, policy, scenario.firewall_policies, "firewall policy")


def f1_firewalls_have_their_subnet(scenario: Scenario) -> Breaches:
    """F1: a firewall is alone in the subnet AzureFirewallSubnet, /26 or larger."""
    first: dict[str, str] = {}
    for name, vnet, item in _placed(scenario):
        path: Path = ("firewalls", name, "vnet")
        other = first.setdefault(vnet, name)
        if other != name:
            yield Breach(path, f"`{vnet}` has the firewall `{other}` already, and a subnet has one; leave one out")
        yield from _has_subnet(path, vnet, item, AZURE_FIREWALL_SUBNET)
    for place, _, _, holder in with_addresses(scenario):
        own = holder.subnet in (AZURE_FIREWALL_SUBNET, AZURE_FIREWALL_MANAGEMENT_SUBNET) and place[1] in first
        if own and place[2] == "vms":
            yield Breach((*place, "subnet"), f"no virtual machine may be in {holder.subnet}; use another subnet")


def f4_firewalls_reach_the_internet(scenario: Scenario) -> Breaches:
    """F4: without forced tunnelling a firewall reaches the Internet directly: its own 0.0.0.0/0 leads there."""
    for name, vnet, item in _placed(scenario):
        if AZURE_FIREWALL_SUBNET not in item.subnets or scenario.firewalls[name].management_ip_configuration:
            continue
        for route, found in scenario.route_table(vnet, AZURE_FIREWALL_SUBNET).routes.items():
            if found.address_prefix == DEFAULT_ROUTE and found.next_hop_type != "Internet":
                path = ("vnets", vnet, "subnets", AZURE_FIREWALL_SUBNET, "route_table")
                what = f"route `{route}` leads 0.0.0.0/0 of {AZURE_FIREWALL_SUBNET} to {found.next_hop_type}"
                right = f"lead it to Internet, or give `{name}` a management_ip_configuration (forced tunnelling)"
                yield Breach(path, f"{what}, and the firewall must reach the Internet directly; {right}")


def f4_learned_default_routes_stay_out(scenario: Scenario) -> Breaches:
    """F4: a firewall whose subnet learns 0.0.0.0/0 by BGP needs a user route for it to Internet."""
    for name, vnet, item in _placed(scenario):
        if AZURE_FIREWALL_SUBNET not in item.subnets or scenario.firewalls[name].management_ip_configuration:
            continue
        table, serving = scenario.route_table(vnet, AZURE_FIREWALL_SUBNET), scenario.gateway_for(vnet)
        own = any(route.address_prefix == DEFAULT_ROUTE for route in table.routes.values())
        if own or table.disable_bgp_route_propagation:
            continue
        joined = (set(each.between) for each in sound_connections(scenario).values() if each.enable_bgp)
        sites = {site for ends in joined if serving in ends for site in ends}
        telling = (
            site for _, found in announcements(scenario) for site in sites if DEFAULT_ROUTE in found.get(site, ())
        )
        for site in dict.fromkeys(telling):
            path = ("vnets", vnet, "subnets", AZURE_FIREWALL_SUBNET)
            what = (
                f"{AZURE_FIREWALL_SUBNET} learns 0.0.0.0/0 of `{site}`, and `{name}` must reach the Internet directly"
            )
            yield Breach(path, f"{what}; give it a route table with 0.0.0.0/0 to Internet", "warning")


def f5_management_has_its_subnet(scenario: Scenario) -> Breaches:
    """F5: a management NIC needs AzureFirewallManagementSubnet, /26. A route table there has the one route 0.0.0.0/0 to
    Internet and no propagation; without one Azure's own leads there."""
    for name, vnet, item in _placed(scenario):
        if scenario.firewalls[name].management_ip_configuration is None:
            continue
        yield from _has_subnet(
            ("firewalls", name, "management_ip_configuration"), vnet, item, AZURE_FIREWALL_MANAGEMENT_SUBNET
        )
        subnet = item.subnets.get(AZURE_FIREWALL_MANAGEMENT_SUBNET)
        if subnet is None or subnet.route_table is None:
            continue
        table = scenario.route_table(vnet, AZURE_FIREWALL_MANAGEMENT_SUBNET)
        ways = [(route.address_prefix, route.next_hop_type) for route in table.routes.values()]
        if ways != [(DEFAULT_ROUTE, "Internet")] or not table.disable_bgp_route_propagation:
            path = ("vnets", vnet, "subnets", AZURE_FIREWALL_MANAGEMENT_SUBNET)
            right = "a route table with 0.0.0.0/0 to Internet alone, and disable_bgp_route_propagation: true"
            yield Breach(path, f"Azure reaches `{name}` by this subnet, without detours; give it {right}")


def _has_subnet(path: Path, vnet: str, item: VirtualNetwork, name: str) -> Breaches:
    """The breach of a subnet of a firewall that is not there, or too small."""
    subnet = item.subnets.get(name)
    if subnet is None:
        near = next((key for key in item.subnets if key.lower() == name.lower()), None)
        right = f"rename `{near}`" if near else f"add one to `{vnet}`, /{LARGEST_LENGTH} or larger"
        yield Breach(path, f"a firewall needs a subnet called `{name}`; {right}")
    elif subnet.address_prefix.prefixlen > LARGEST_LENGTH:
        here: Path = ("vnets", vnet, "subnets", name)
        yield Breach(here, f"{subnet.address_prefix} is smaller than /{LARGEST_LENGTH}, the smallest {name}")


def f7_collections_have_an_order(scenario: Scenario) -> Breaches:
    """F7: no two groups of a policy have one priority, nor two collections of a group."""
    for policy, item in scenario.firewall_policies.items():
        path: Path = ("firewall_policies", policy, "rule_collection_groups")
        groups = item.rule_collection_groups
        yield from _distinct(path, {name: group.priority for name, group in groups.items()})
        for name, group in groups.items():
            here = (*path, name, "rule_collections")
            yield from _distinct(here, {key: each.priority for key, each in group.rule_collections.items()})


def _distinct(path: Path, priorities: dict[str, int]) -> Breaches:
    first: dict[int, str] = {}
    for name, priority in priorities.items():
        other = first.setdefault(priority, name)
        if other != name:
            yield Breach(
                (*path, name, "priority"), f"`{other}` has the priority {priority} already; choose another one"
            )


def f7_rules_fit_their_collection(scenario: Scenario) -> Breaches:
    """F7: rules of translation are in collections with the action DNAT, and no others; network rules are complete."""
    for path, collection, rule in _rules(scenario):
        action = collection.action.type
        if (rule.rule_type == "NatRule") != (action == "DNAT"):
            yield Breach((*path, "rule_type"), f"a collection with the action {action} has no {rule.rule_type}")
        elif rule.rule_type == "NatRule":
            yield from _of_translation(path, rule)
        elif rule.rule_type == "NetworkRule":
            sides = ("ip_protocols", "source_addresses", "destination_addresses", "destination_ports")
            for side in (side for side in sides if not getattr(rule, side)):
                everything = "[Any]" if side == "ip_protocols" else "['*']"
                yield Breach(path, f"a NetworkRule needs {side}; write {everything} for all")


def _of_translation(path: Path, rule: FirewallRule) -> Breaches:
    """What a rule of translation lacks, or has too much of."""
    address = rule.destination_addresses[0] if rule.destination_addresses else ""
    if not rule.source_addresses or not rule.ip_protocols or not rule.destination_ports:
        yield Breach(path, "a NatRule needs ip_protocols, source_addresses and destination_ports; write them")
    if len(rule.destination_addresses) != 1 or service_tags.prefix(address) is None or "/" in address:
        yield Breach(path, "a NatRule has one of destination_addresses: an address of the firewall")
    if rule.translated_address is None or rule.translated_port is None:
        yield Breach(path, "a NatRule needs translated_address and translated_port; write them")
    if {"ICMP", "Any"}.intersection(rule.ip_protocols):
        yield Breach((*path, "ip_protocols"), "a NatRule translates TCP and UDP only; write [TCP], [UDP] or both")


def f14_translations_are_of_an_own_address(scenario: Scenario) -> Breaches:
    """F14: rules of translation are for a public address or the private one of each firewall that has the policy."""
    # Differs from Azure: Of several public addresses of a firewall only the first is translated.
    for name, firewall in scenario.firewalls.items():
        own = firewall.public_ip_addresses
        for path, _, rule in _rules(scenario):
            mine = rule.rule_type == "NatRule" and path[1] == firewall.firewall_policy
            address = (
                service_tags.prefix(rule.destination_addresses[0]) if mine and rule.destination_addresses else None
            )
            if address is None or address.network_address in (
                *own[:1],
                firewall_addresses(scenario).get(firewall.vnet),
            ):
                continue
            here = (*path, "destination_addresses")
            if address.network_address in own:
                what = f"netlab translates the first of the public addresses of `{name}` only, {own[0]}"
                yield Breach(here, f"{what}: this rule does nothing", "warning")
            else:
                right = f"write {own[0]}" if own else f"give `{name}` public_ip_addresses: [{address.network_address}]"
                yield Breach(here, f"{address.network_address} is no address of `{name}`; {right}")


def f6_translations_need_the_way_back(scenario: Scenario) -> Breaches:
    """F6: with forced tunnelling the answers to what comes from the Internet leave elsewhere."""
    for name, firewall in scenario.firewalls.items():
        translates = any(
            rule.rule_type == "NatRule" and path[1] == firewall.firewall_policy for path, _, rule in _rules(scenario)
        )
        if translates and firewall.management_ip_configuration is not None:
            what = "the policy has rules of translation (DNAT), which forced tunnelling does not support"
            yield Breach(("firewalls", name, "firewall_policy"), f"{what}: answers leave by another way", "warning")


def f7_rules_name_addresses_and_ports(scenario: Scenario) -> Breaches:
    """F7: a side of a rule is `*`, addresses, prefixes, ranges of addresses or service tags; ports are 0 to 65535."""
    of_policies = ((path, rule) for path, _, rule in _rules(scenario))
    rules: tuple[tuple[Path, FirewallRule | NvaRule], ...] = (*of_policies, *_rules_of_appliances(scenario))
    for path, rule in rules:
        for side in ("source_addresses", "destination_addresses"):
            for index, text in enumerate(getattr(rule, side)):
                yield from _of_address(scenario, (*path, side, index), text)
        for first, last in rule.ports:
            if not first <= last <= _LAST_PORT:
                message = f"{first}-{last} is no range of ports" if first != last else f"there is no port {first}"
                yield Breach((*path, "destination_ports"), f"{message}; write 0-{_LAST_PORT} at most")


def _of_address(scenario: Scenario, path: Path, text: str) -> Breaches:
    tag = service_tags.tag(text)
    if text == "*" or service_tags.prefix(text) is not None or _is_range(text):
        return
    if tag is None or tag in (service_tags.VIRTUAL_NETWORK, service_tags.LOAD_BALANCER):
        yield Breach(path, f"{short(text)} is no address, prefix, range or service tag of a firewall; write one")
    elif tag != service_tags.INTERNET_TAG and not scenario.service_tags.get(tag):
        yield Breach(path, f"service_tags has no prefixes of {tag}: it is for no packet; give it some there", "warning")


def _is_range(text: str) -> bool:
    first, _, last = text.partition("-")
    try:
        return IPv4Address(first) <= IPv4Address(last)
    except ValueError:
        return False


def f9_rules_of_applications_are_not_modelled(scenario: Scenario) -> Breaches:
    """F9: rules for applications read names in HTTP, HTTPS and MSSQL, which no packet of a lab has."""
    for path, _, rule in _rules(scenario):
        if rule.rule_type == "ApplicationRule":
            what = "netlab does not model rules for applications: this one allows and denies nothing"
            yield Breach((*path, "rule_type"), f"{what}; a NetworkRule for the addresses stands for it", "warning")


def f11_private_ranges_repeat_the_private_ones(scenario: Scenario) -> Breaches:
    """F11: a list of private ranges replaces the default one: without IANAPrivateRanges private destinations see the
    firewall."""
    for policy, item in scenario.firewall_policies.items():
        path: Path = ("firewall_policies", policy, "snat", "private_ranges")
        written = item.snat.private_ranges
        for index, text in enumerate(written):
            if text != _IANA and service_tags.prefix(text) is None:
                yield Breach((*path, index), f"{short(text)} is no prefix; write one, or {_IANA}")
        known = {service_tags.prefix(text) for text in written}
        whole = _IANA in written or known.issuperset(PRIVATE_PREFIXES)
        if not whole and len(known) > len(known & {DEFAULT_ROUTE, service_tags.prefix("255.255.255.255/32")}):
            what = f"the list replaces {_IANA}: packets for other private destinations get the firewall's source"
            yield Breach(path, f"{what}; add {_IANA}", "warning")


def _placed(scenario: Scenario) -> Iterator[tuple[str, str, VirtualNetwork]]:
    """The firewalls whose VNet is there: name, VNet's name, VNet."""
    for name, firewall in scenario.firewalls.items():
        if firewall.vnet in scenario.vnets:
            yield name, firewall.vnet, scenario.vnets[firewall.vnet]


def f19_summaries_lose_to_peerings(scenario: Scenario) -> Breaches:
    """F19: a route of GatewaySubnet to a firewall has the exact prefix of a spoke: a shorter one loses to the route of
    the peering, and what comes from on-premises goes past the firewall."""
    for name, vnet in scenario.vnets.items():
        if GATEWAY_SUBNET not in vnet.subnets:
            continue
        peers = [mine.remote_vnet for mine, _ in scenario.peered(name) if mine.peer_complete_vnets]
        spokes = [(peer, prefix) for peer in peers if peer in scenario.vnets for prefix in _space(scenario, peer)]
        routes = scenario.route_table(name, GATEWAY_SUBNET).routes
        led = [route.address_prefix for route in routes.values()]
        spokes = [(peer, prefix) for peer, prefix in spokes if not any(each.subnet_of(prefix) for each in led)]
        for key, route in routes.items():
            lost = [each for each in spokes if each[1].subnet_of(route.address_prefix)]
            if lost and route.next_hops:
                (peer, prefix), *more = lost
                others = f" and {len(more)} more prefixes" if len(more) > 1 else " and one more" if more else ""
                what = f"route `{key}` for {route.address_prefix} loses to that of the peering, {prefix} of `{peer}`"
                path = ("vnets", name, "subnets", GATEWAY_SUBNET, "route_table")
                lost_to = f"{what}{others}: packets go past its next hop"
                yield Breach(path, f"{lost_to}; write a route for {prefix}", "warning")


def _space(scenario: Scenario, vnet: str) -> tuple[IPv4Network, ...]:
    return scenario.vnets[vnet].address_space


def f25_rules_of_appliances_need_sessions(scenario: Scenario) -> Breaches:
    """F25: rules decide of packets that open sessions, so an appliance with some has sessions."""
    for path, _, vm in with_appliance(scenario):
        if vm.rules and vm.stateful == "none":
            yield Breach((*path, "rules"), "rules are for packets that open sessions; write stateful: strict, or loose")


def _rules_of_appliances(scenario: Scenario) -> Iterator[tuple[Path, NvaRule]]:
    for path, _, nva in with_appliance(scenario):
        yield from (((*path, "rules", name), rule) for name, rule in nva.rules.items())


def _rules(scenario: Scenario) -> Iterator[tuple[Path, RuleCollection, FirewallRule]]:
    """Every rule: its place, its collection, and the rule."""
    for policy, item in scenario.firewall_policies.items():
        for group, of_group in item.rule_collection_groups.items():
            for name, collection in of_group.rule_collections.items():
                path = ("firewall_policies", policy, "rule_collection_groups", group, "rule_collections", name)
                yield from (((*path, "rules", key), collection, rule) for key, rule in collection.rules.items())
