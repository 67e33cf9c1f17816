"""Network security groups and application security groups."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from ipaddress import IPv4Network

from netlab.scenario import service_tags
from netlab.scenario.addresses import DEFAULT_ROUTE, GATEWAY_SUBNET, ROUTE_SERVER_SUBNET
from netlab.scenario.models import NetworkSecurityGroup, Scenario, SecurityRule
from netlab.scenario.names import short, suggest
from netlab.scenario.rules.breach import Breach, Breaches, Path, unknown
from netlab.scenario.rules.subjects import announcements, nics, subnets
from netlab.scenario.security_matching import Match, Tags, default_rules_allow, fixed_tags, match
from netlab.scenario.service_tags import INTERNET_TAG, VIRTUAL_NETWORK

FIRST_PRIORITY, LAST_PRIORITY = 100, 4096  # N4
LAST_PORT = 65535
_CLOSED = (ROUTE_SERVER_SUBNET, "AzureFirewallSubnet", "AzureFirewallManagementSubnet")  # N29


def subnets_and_nics_name_their_security_groups(scenario: Scenario) -> Breaches:
    """What a subnet, a NIC and a rule call a security group is one of the scenario's."""
    for path, name in _attached(scenario):
        yield from unknown(path, name, scenario.network_security_groups, "network security group")
    for path, name in _members(scenario):
        yield from unknown(path, name, scenario.application_security_groups, "application security group")


def _attached(scenario: Scenario) -> Iterator[tuple[Path, str]]:
    """Where a network security group is attached."""
    of_subnets = ((path, subnet.network_security_group) for path, _, _, subnet in subnets(scenario))
    of_nics = ((path, nic.network_security_group) for path, _, _, nic in nics(scenario))
    for path, group in (*of_subnets, *of_nics):
        if group is not None:
            yield (*path, "network_security_group"), group


def _members(scenario: Scenario) -> Iterator[tuple[Path, str]]:
    """Where a NIC or a rule names an application security group."""
    for path, _, _, nic in nics(scenario):
        for number, group in enumerate(nic.application_security_groups):
            yield (*path, "application_security_groups", number), group
    for name, item in scenario.network_security_groups.items():
        for key, rule in item.security_rules.items():
            for side in ("source", "destination"):
                field = f"{side}_application_security_groups"
                for number, group in enumerate(getattr(rule, field)):
                    yield ("network_security_groups", name, "security_rules", key, field, number), group


def n4_priorities_decide(scenario: Scenario) -> Breaches:
    """N4: priorities are 100 to 4096, and no two rules of a direction have the same."""
    taken: dict[tuple[str, str, int], str] = {}
    for path, group, name, rule in _rules(scenario):
        if not FIRST_PRIORITY <= rule.priority <= LAST_PRIORITY:
            what = f"a priority is {FIRST_PRIORITY} to {LAST_PRIORITY}, and this is {rule.priority}"
            yield Breach((*path, "priority"), f"{what}; Azure's default rules come behind")
        other = taken.setdefault((group, rule.direction, rule.priority), name)
        if other != name:
            what = f"`{other}` has the priority {rule.priority} {rule.direction} already (SecurityRuleConflict)"
            yield Breach((*path, "priority"), f"{what}; give it another one")


def n4_no_rule_is_behind_a_wider_one(scenario: Scenario) -> Breaches:
    """N4: a rule behind one of its direction that is for all of its packets never decides."""
    tags = fixed_tags(scenario.service_tags)
    for group, item in scenario.network_security_groups.items():
        earlier: list[_Matched] = []
        for name, rule, this in _matched(item, tags):
            first = next((other for other, r, m in earlier if _is_before(r, rule) and m.covers(this)), None)
            if first is not None:
                what = f"the rule never decides: `{first}` comes before it and is for all of its packets"
                here = ("network_security_groups", group, "security_rules", name)
                yield Breach(here, f"{what}; give it a lower priority number, or leave it out", "warning")
            earlier.append((name, rule, this))


def n3_both_groups_allow(scenario: Scenario) -> Breaches:
    """N3: what the group of a NIC or of its subnet allows is lost where the other one denies it."""
    groups = scenario.network_security_groups
    for path, vnet, _, nic in nics(scenario):
        subnet = vnet.subnets.get(nic.subnet)
        pair = (nic.network_security_group, subnet.network_security_group if subnet is not None else None)
        named = [name for name in dict.fromkeys(pair) if name in groups]
        if len(named) < 2:
            continue
        tags = fixed_tags(scenario.service_tags)
        tags[VIRTUAL_NETWORK] = _virtual_network(scenario, str(path[1]), nic.subnet)
        matched = {name: _matched(groups[name], tags) for name in named}
        for mine, theirs in (named, named[::-1]):
            lost = ", ".join(_lost(matched[mine], matched[theirs], tags, public=nic.public_ip_address is not None))
            if lost:
                what = f"both groups must allow, and `{theirs}` denies what `{mine}` allows: {lost}"
                yield Breach((*path, "network_security_group"), f"{what}; let both allow it", "warning")


def _is_before(one: SecurityRule, other: SecurityRule) -> bool:
    return one.direction == other.direction and one.priority < other.priority


# A rule with its name and the packets that it is for.
_Matched = tuple[str, SecurityRule, Match]


def _matched(group: NetworkSecurityGroup, tags: Tags) -> list[_Matched]:
    """The rules of a group in the order in which they are asked."""
    rules = sorted(group.security_rules.items(), key=lambda item: item[1].priority)
    return [(name, rule, match(rule, tags)) for name, rule in rules]


def _lost(mine: list[_Matched], theirs: list[_Matched], tags: Tags, *, public: bool) -> Iterator[str]:
    """The rules of a group that allow what another one denies all of; at a public address, all from the Internet."""
    for name, rule, wanted in mine:
        parts = [wanted] if rule.access == "Allow" else []
        if parts and public and rule.direction == "Inbound" and wanted.source.is_any_address:
            parts.append(replace(wanted, source=replace(wanted.source, prefixes=tags[INTERNET_TAG])))
        asked = [item for item in theirs if item[1].direction == rule.direction]
        if any(_denied(part, asked, rule.direction, tags) for part in parts):
            yield f"`{name}`"


def _denied(wanted: Match, rules: list[_Matched], direction: str, tags: Tags) -> bool:
    """Whether rules deny all of some packets; False, too, where a file does not say it."""
    for _, rule, found in rules:
        if rule.access == "Allow" and found.meets(wanted):
            return False
        if rule.access == "Deny" and found.covers(wanted):
            return True
    return not default_rules_allow(wanted, direction, tags[VIRTUAL_NETWORK])


def _virtual_network(scenario: Scenario, vnet: str, subnet: str) -> tuple[IPv4Network, ...]:
    """What the tag VirtualNetwork of a subnet holds at most: all that is not in the tag Internet, and what there is."""
    spaces = [prefix for item in scenario.vnets.values() for prefix in item.address_space]
    spaces += [prefix for item in scenario.local_network_gateways.values() for prefix in item.address_prefixes]
    spaces += [prefix for item in scenario.sites.values() for prefix in item.address_prefixes]
    spaces += [prefix for _, found in announcements(scenario) for known in found.values() for prefix in known]
    routes = scenario.route_table(vnet, subnet).routes.values()
    spaces += [route.address_prefix for route in routes if route.next_hop_type not in ("Internet", "None", "VnetLocal")]
    return service_tags.merged((*service_tags.not_internet(), *spaces))


def n7_ports_are_of_tcp_and_udp(scenario: Scenario) -> Breaches:
    """N7: a port is 0 to 65535, and means something for Tcp and Udp alone."""
    for path, _, _, rule in _rules(scenario):
        for side, ranges in (("source", rule.source_ports), ("destination", rule.destination_ports)):
            for first, last in ranges:
                if not first <= last <= LAST_PORT:
                    message = f"{first}-{last} is no range of ports" if first != last else f"there is no port {first}"
                    yield Breach((*path, f"{side}_port_range"), f"{message}; write 0-{LAST_PORT} at most")
            if ranges and not rule.has_ports:
                what = f"{rule.protocol} has no ports: the rule is for all of its packets"
                yield Breach((*path, f"{side}_port_range"), f"{what}; leave the ports out", "warning")


def n26_a_side_is_prefixes_or_one_tag(scenario: Scenario) -> Breaches:
    """N26: a side of a rule is prefixes, one service tag, or application security groups, and no two of them."""
    for path, _, _, rule in _rules(scenario):
        for side, texts, groups in (
            ("source", rule.sources, rule.source_application_security_groups),
            ("destination", rule.destinations, rule.destination_application_security_groups),
        ):
            here = (*path, f"{side}_address_prefix")
            tags = [text for text in texts if service_tags.prefix(text) is None]
            for text in (text for text in tags if service_tags.tag(text) is None):
                known = (*service_tags.COMPUTED, *service_tags.WITHOUT_PREFIXES)
                yield Breach(here, f"{short(text)} is no prefix and no service tag; {suggest(text, known)}")
            without = service_tags.WITHOUT_PREFIXES.difference(scenario.service_tags)
            for text in (text for text in tags if service_tags.tag(text) in without):
                what = f"service_tags has no prefixes of {service_tags.tag(text)}: the rule is for no packet"
                yield Breach(here, f"{what}; give it some there", "warning")
            if len(tags) > 1 or (tags and len(tags) < len(texts)):
                yield Breach(here, f"a {side} with a service tag has nothing beside it; make a rule for each")
            if groups and texts:
                yield Breach(here, f"a {side} of application security groups has no prefixes; make a rule for each")


def n27_application_security_groups_stay_in_a_vnet(scenario: Scenario) -> Breaches:
    """N27: the members of an application security group are in one VNet, and so are the groups of a rule."""
    homes: dict[str, str] = {}
    for path, _, _, nic in nics(scenario):
        for number, group in enumerate(nic.application_security_groups):
            name = str(path[1])
            home = homes.setdefault(group, name)
            if home != name:
                what = f"the members of `{group}` are in `{home}`, and this NIC is in `{name}`"
                here: Path = (*path, "application_security_groups", number)
                yield Breach(here, f"{what}; make a group for each VNet")
    for path, _, _, rule in _rules(scenario):
        named = (*rule.source_application_security_groups, *rule.destination_application_security_groups)
        places = dict.fromkeys(homes[group] for group in named if group in homes)
        if len(places) > 1:
            yield Breach(path, f"the groups of a rule are in one VNet, and these are in {' and '.join(places)}")


def n28_gateway_subnet_has_no_group(scenario: Scenario) -> Breaches:
    """N28: GatewaySubnet has no network security group (NetworkSecurityGroupCannotBeAttachedToGatewaySubnet)."""
    for path, _ in _attached(scenario):
        if path[2:4] == ("subnets", GATEWAY_SUBNET):
            code = "NetworkSecurityGroupCannotBeAttachedToGatewaySubnet"
            yield Breach(path, f"{GATEWAY_SUBNET} has no network security group ({code}); leave it out")


def n29_subnets_of_services_have_no_group(scenario: Scenario) -> Breaches:
    """N29: neither have the subnets of Azure Firewall and of a Route Server."""
    for path, _ in _attached(scenario):
        if path[2] == "subnets" and path[3] in _CLOSED:
            yield Breach(path, f"{path[3]} has no network security group; leave it out")


def n12_a_default_route_is_the_tag(scenario: Scenario) -> Breaches:
    """N12: a user route for 0.0.0.0/0 to an appliance makes the tag VirtualNetwork everything."""
    for path, name in _attached(scenario):
        if path[2] != "subnets" or name not in scenario.network_security_groups:
            continue
        routes = scenario.route_table(str(path[1]), str(path[3])).routes.values()
        kinds = [route.next_hop_type for route in routes if route.address_prefix == DEFAULT_ROUTE]
        for key, rule in scenario.network_security_groups[name].security_rules.items():
            tagged = any(service_tags.tag(text) == service_tags.VIRTUAL_NETWORK for text in rule.destinations)
            if rule.access == "Deny" and tagged and any(kind.startswith("VirtualAppliance") for kind in kinds):
                what = f"rule `{key}` denies VirtualNetwork, which is 0.0.0.0/0 here by the subnet's user route"
                yield Breach(path, f"{what}: it denies the Internet, too; name prefixes", "warning")


def _rules(scenario: Scenario) -> Iterator[tuple[Path, str, str, SecurityRule]]:
    """Every rule: its place, its group, its name, and the rule."""
    for group, item in scenario.network_security_groups.items():
        for name, rule in item.security_rules.items():
            yield ("network_security_groups", group, "security_rules", name), group, name, rule
