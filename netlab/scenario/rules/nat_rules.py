"""NAT rules of VPN gateways."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Network

from netlab.scenario.addresses import APIPA
from netlab.scenario.models import NatMode, NatRule, Scenario
from netlab.scenario.models.nat_rule import effective
from netlab.scenario.names import short, suggest
from netlab.scenario.rules.breach import Breach, Breaches, Path, listed
from netlab.scenario.rules.joined import GatewayEnd, gateway_ends, known_to, networks_of
from netlab.scenario.rules.subjects import bgp_addresses_of, vpn_gateways, without_settings

# T1
CAPABLE = ("VpnGw2", "VpnGw3", "VpnGw4", "VpnGw5", "VpnGw2AZ", "VpnGw3AZ", "VpnGw4AZ", "VpnGw5AZ")
MOST_RULES = 100  # T14
LARGEST_POOL = 26  # T7


@dataclass(frozen=True, slots=True)
class _Use:
    """A connection's list of rules of one mode, at the end of a VPN gateway."""

    end: GatewayEnd
    mode: NatMode
    names: tuple[str, ...]

    @property
    def path(self) -> Path:
        """The list's place in the file."""
        return (*self.end.path, "ingress_nat_rules" if self.mode == "IngressSnat" else "egress_nat_rules")


def _uses(scenario: Scenario) -> Iterator[_Use]:
    for end in gateway_ends(scenario):
        if end.settings.ingress_nat_rules:
            yield _Use(end, "IngressSnat", end.settings.ingress_nat_rules)
        if end.settings.egress_nat_rules:
            yield _Use(end, "EgressSnat", end.settings.egress_nat_rules)


def _rules(scenario: Scenario) -> Iterator[tuple[Path, str, str, NatRule]]:
    """Every rule: place, VNet, name and the rule."""
    for vnet, gateway in vpn_gateways(scenario).items():
        for name, rule in gateway.nat_rules.items():
            yield ("vnets", vnet, "vpn_gateway", "nat_rules", name), vnet, name, rule


def t3_connections_name_nat_rules_of_their_gateway(scenario: Scenario) -> Breaches:
    """T3: a connection names NAT rules of the VPN gateway at its end, those of each mode in the list of that mode."""
    ends: dict[str, list[GatewayEnd]] = {}
    for end in gateway_ends(scenario):
        ends.setdefault(end.connection, []).append(end)
    for use in _uses(scenario):
        # Two gateways may share the settings of their connection: each has rules of its own.
        both = (end for end in ends[use.end.connection] if end.settings is use.end.settings)
        known = {name: rule for end in both for name, rule in end.gateway.nat_rules.items()}
        for index, name in enumerate(use.names):
            path = (*use.path, index)
            if name not in known:
                message = f"the gateway of `{use.end.vnet}` has no NAT rule {short(name)}; {suggest(name, known)}"
                yield Breach(path, message)
            elif known[name].mode != use.mode:
                right = "ingress_nat_rules" if use.mode == "EgressSnat" else "egress_nat_rules"
                yield Breach(path, f"`{name}` is {known[name].mode}; list it in {right}")
    for name, item in scenario.connections.items():
        if name not in ends and (item.ingress_nat_rules or item.egress_nat_rules):
            yield Breach(("connections", name), "no end is a VPN gateway; leave the NAT rules out")


def t3_nat_rules_are_used(scenario: Scenario) -> Breaches:
    """T3: a NAT rule that no connection names translates nothing."""
    used = {(use.end.vnet, name) for use in _uses(scenario) for name in use.names}
    for path, vnet, name, _ in _rules(scenario):
        if (vnet, name) not in used:
            yield Breach(path, "no connection names this rule: it translates nothing", "warning")


def t1_nat_needs_a_capable_gateway(scenario: Scenario) -> Breaches:
    """T1: NAT rules need VpnGw2 or larger, with or without AZ; the seed has none."""
    for vnet, gateway in vpn_gateways(scenario).items():
        path = ("vnets", vnet, "vpn_gateway")
        if gateway.nat_rules and scenario.profile == "seed":
            yield Breach((*path, "nat_rules"), "a gateway has no NAT rules; leave them out (profile: seed)")
        elif gateway.nat_rules and gateway.sku not in CAPABLE:
            message = f"{gateway.sku} has no NAT rules; use VpnGw2AZ or larger, or leave them out"
            yield Breach((*path, "sku"), message)


def t2_nat_is_for_site_to_site(scenario: Scenario) -> Breaches:
    """T2: NAT rules are for connections of type IPsec at a route-based gateway, whose selectors are any to any."""
    for use in _uses(scenario):
        item = scenario.connections[use.end.connection]
        if item.type != "IPsec":
            yield Breach(use.path, f"NAT is for site-to-site connections, and this one is {item.type}; leave it out")
        elif use.end.gateway.vpn_type == "PolicyBased":
            yield Breach(use.path, f"the gateway of `{use.end.vnet}` is policy-based and has no NAT; leave it out")
        elif use.end.settings.use_policy_based_traffic_selectors:
            message = "a connection with use_policy_based_traffic_selectors has no NAT; leave one of both out"
            yield Breach(use.path, message)


def t6_static_rules_have_prefixes_of_one_length(scenario: Scenario) -> Breaches:
    """T6: the internal and the external prefix of a static NAT rule have one length."""
    for path, _, _, rule in _rules(scenario):
        if not rule.dynamic and rule.internal.prefixlen != rule.external.prefixlen:
            message = f"{rule.external} has another length than {rule.internal}; a static rule maps address to address"
            yield Breach((*path, "external_mappings", 0), message)


def t7_pools_are_small(scenario: Scenario) -> Breaches:
    """T7: the external prefix of a dynamic NAT rule is a /26 at most."""
    for path, _, _, rule in _rules(scenario):
        if rule.dynamic and rule.external.prefixlen < LARGEST_POOL:
            message = f"{rule.external} is larger than /{LARGEST_POOL}, the largest pool of a dynamic rule"
            yield Breach((*path, "external_mappings", 0), message)


def t8_dynamic_rules_serve_one_connection(scenario: Scenario) -> Breaches:
    """T8, T9: a dynamic NAT rule belongs to one connection, which has no other rule of its mode, and no other dynamic
    one; beside a static one of the other mode the documents differ."""
    first: dict[tuple[str, str], str] = {}
    kinds: dict[str, list[tuple[_Use, bool]]] = {}
    for use in _uses(scenario):
        name = use.end.connection
        for index, rule in enumerate(use.names):
            found = use.end.gateway.nat_rules.get(rule)
            if found is None or found.mode != use.mode:
                continue
            kinds.setdefault(name, []).append((use, found.dynamic))
            other = first.setdefault((use.end.vnet, rule), name)
            if found.dynamic and other != name:
                message = f"`{rule}` is dynamic, and `{other}` has it; give `{name}` a rule of its own"
                yield Breach((*use.path, index), message)
    for found_uses in kinds.values():
        yield from _mixed(found_uses)


def _mixed(uses: list[tuple[_Use, bool]]) -> Breaches:
    """Rules that a connection cannot have together."""
    dynamic = [use for use, is_dynamic in uses if is_dynamic]
    for use in dynamic[:1]:
        if len(dynamic) > 1 or any(other.mode == use.mode and not is_dynamic for other, is_dynamic in uses):
            yield Breach(use.path, "a connection has several static rules or one dynamic one; leave the others out")
        elif len(uses) > 1:
            message = "a dynamic rule beside static ones of the other mode: not all documents of Azure allow it"
            yield Breach(use.path, message, "warning")


def t8_ingress_rules_serve_one_branch(scenario: Scenario) -> Breaches:
    """T8: connections to different branches do not share an IngressSnat rule."""
    first: dict[tuple[str, str], tuple[str, str]] = {}
    for use in _uses(scenario):
        branch = scenario.connections[use.end.connection].other(use.end.vnet)
        for index, name in enumerate(use.names if use.mode == "IngressSnat" else ()):
            other, connection = first.setdefault((use.end.vnet, name), (branch, use.end.connection))
            dynamic = name in use.end.gateway.nat_rules and use.end.gateway.nat_rules[name].dynamic
            if other != branch and not dynamic:
                message = f"`{name}` translates `{other}` already, on `{connection}`; give `{branch}` a rule of its own"
                yield Breach((*use.path, index), message)


def t9_external_prefixes_overlap_nothing(scenario: Scenario) -> Breaches:
    """T9, T16: the external prefixes of a gateway's NAT rules overlap neither each other, but where a rule is repeated
    for the other instance, nor the VNet, nor a network without NAT; an EgressSnat may map a prefix onto itself."""
    for vnet, gateway in vpn_gateways(scenario).items():
        rules = [(path, rule) for path, owner, _, rule in _rules(scenario) if owner == vnet]
        networks = (*networks_of(scenario, vnet), *known_to(scenario, vnet)) if rules else ()
        written = {owner: _written(scenario, owner) for owner in {network.owner for network in networks}}
        raw = {network.prefix: network.owner for network in networks if network.prefix in written[network.owner]}
        for place, (path, rule) in enumerate(rules):
            here = (*path, "external_mappings", 0)
            for other_path, other in rules[:place]:
                twin = (rule.mode, rule.internal, rule.external) == (other.mode, other.internal, other.external)
                if rule.external.overlaps(other.external) and not (twin and gateway.active_active):
                    yield Breach(here, f"{rule.external} overlaps {other.external} of `{other_path[-1]}`")
            if rule.internal == rule.external:
                continue
            for prefix, owner in raw.items():
                if rule.external.overlaps(prefix):
                    yield Breach(here, f"{rule.external} overlaps {prefix} of `{owner}`, which is not translated")
                    break


def _written(scenario: Scenario, owner: str) -> frozenset[IPv4Network]:
    """The prefixes of a VNet or a site before NAT."""
    return frozenset(scenario.prefixes_of(owner) if owner in {*scenario.sites, *scenario.vnets} else ())


def t10_rules_translate_something(scenario: Scenario) -> Breaches:
    """T10: the internal prefix of a NAT rule is behind its connection: a part or the whole of a prefix of the branch,
    of the VNet, or of another network behind the gateway."""
    for use in _uses(scenario):
        branch = scenario.connections[use.end.connection].other(use.end.vnet)
        for index, name in enumerate(use.names):
            rule = use.end.gateway.nat_rules.get(name)
            if rule is None or rule.mode != use.mode:
                continue
            if use.mode == "IngressSnat":
                there = _of_branch(scenario, branch)
            else:
                there = tuple(network.prefix for network in known_to(scenario, use.end.vnet))
                there += tuple(network.prefix for network in networks_of(scenario, use.end.vnet))
            if not any(rule.internal.overlaps(prefix) for prefix in there):
                where = f"`{branch}`" if use.mode == "IngressSnat" else f"the gateway of `{use.end.vnet}`"
                message = f"`{name}` translates {rule.internal}, and nothing behind {where} has such an address"
                yield Breach((*use.path, index), message, "warning")


def _of_branch(scenario: Scenario, branch: str) -> tuple[IPv4Network, ...]:
    """What a branch has and announces."""
    announced = scenario.sites[branch].announces if branch in scenario.sites else None
    return (*scenario.prefixes_of(branch), *(announced or ()))


def t11_overlaps_need_both_rules(scenario: Scenario) -> Breaches:
    """T11: where the branch has the VNet's addresses, its connection needs an EgressSnat rule beside the IngressSnat:
    the branch else takes the VNet's addresses for its own."""
    for end in gateway_ends(scenario):
        branch = scenario.connections[end.connection].other(end.vnet)
        if branch not in scenario.sites or not scenario.nat_rules(end.connection, end.vnet, "IngressSnat"):
            continue
        seen = effective(scenario.vnets[end.vnet].address_space, _of(scenario, end, "EgressSnat"))
        for prefix in seen:
            own = next((each for each in scenario.sites[branch].address_prefixes if each.overlaps(prefix)), None)
            if own is not None:
                message = f"`{branch}` has {own} itself and cannot reach {prefix} of `{end.vnet}`"
                yield Breach((*end.path, "egress_nat_rules"), f"{message}; add an EgressSnat rule", "warning")


def _of(scenario: Scenario, end: GatewayEnd, mode: NatMode) -> tuple[NatRule, ...]:
    return scenario.nat_rules(end.connection, end.vnet, mode)


def t14_nat_rules_are_few(scenario: Scenario) -> Breaches:
    """T14: a gateway has 100 NAT rules at most."""
    for vnet, gateway in vpn_gateways(scenario).items():
        count = len(gateway.nat_rules)
        if count > MOST_RULES:
            message = f"{count} NAT rules; a gateway has {MOST_RULES} at most, of both modes together"
            yield Breach(("vnets", vnet, "vpn_gateway", "nat_rules"), message)


def t16_rules_belong_to_an_instance(scenario: Scenario) -> Breaches:
    """T16: at an active-active gateway a NAT rule belongs to one instance, so there is one for each; at an
    active-standby gateway there is one instance to name."""
    for path, vnet, _, rule in _rules(scenario):
        active_active = vpn_gateways(scenario)[vnet].active_active
        if active_active and rule.ip_configuration_id is None and rule.dynamic:
            message = "active-active needs a dynamic rule for each instance; write ip_configuration_id: 0 or 1"
            yield Breach(path, message)
        elif active_active and rule.ip_configuration_id is None:
            message = "active-active needs a rule for each instance (ip_configuration_id), and both take this one"
            yield Breach(path, message, "warning")
        elif not active_active and rule.ip_configuration_id == 1:
            message = "an active-standby gateway has one ip configuration; write 0, or leave it out"
            yield Breach((*path, "ip_configuration_id"), message)


def t18_route_translation_has_rules(scenario: Scenario) -> Breaches:
    """T18: route translation is for connections with BGP and NAT rules; without such a one it translates nothing."""
    using = {use.end.vnet for use in _uses(scenario) if scenario.connections[use.end.connection].enable_bgp}
    for vnet, gateway in vpn_gateways(scenario).items():
        if gateway.bgp_route_translation_for_nat and vnet not in using:
            path = ("vnets", vnet, "vpn_gateway", "bgp_route_translation_for_nat")
            yield Breach(path, "no connection with BGP names a NAT rule: it translates no route", "warning")


def t19_translated_prefixes_are_advertised_exactly(scenario: Scenario) -> Breaches:
    """T19, T20: a gateway translates a prefix in BGP only where it translates routes, and only the one that is exactly
    the internal prefix of a NAT rule: a longer or a shorter one stays as it is."""
    for use in _uses(scenario):
        item = scenario.connections[use.end.connection]
        branch = item.other(use.end.vnet)
        announced = _in_bgp(scenario, use.end.vnet if use.mode == "EgressSnat" else branch)
        for index, name in enumerate(use.names if item.enable_bgp else ()):
            rule = use.end.gateway.nat_rules.get(name)
            if rule is None or rule.mode != use.mode:
                continue
            inside = [prefix for prefix in announced if prefix.overlaps(rule.internal)]
            if inside and not use.end.gateway.bgp_route_translation_for_nat:
                message = f"BGP carries {listed(inside)} as it is, not {rule.external}: no route leads to that"
                yield Breach((*use.path, index), f"{message}; add bgp_route_translation_for_nat: true", "warning")
            elif inside and rule.internal not in inside:
                message = f"BGP carries {listed(inside)} as it is: `{name}` translates a route for exactly"
                yield Breach((*use.path, index), f"{message} {rule.internal}", "warning")


def _in_bgp(scenario: Scenario, end: str) -> tuple[IPv4Network, ...]:
    """The prefixes that an end of a connection advertises of its own."""
    if end in scenario.sites:
        announced = scenario.sites[end].announces
        return scenario.prefixes_of(end) if announced is None else announced
    return tuple(network.prefix for network in networks_of(scenario, end))


def t21_bgp_peers_are_outside_of_nat(scenario: Scenario) -> Breaches:
    """T21, T22: no APIPA address speaks BGP over a connection with NAT; the address of a device lies outside of what
    its rules translate, or the local network gateway has it after NAT."""
    for use in _uses(scenario):
        item = scenario.connections[use.end.connection]
        branch = item.other(use.end.vnet)
        if not item.enable_bgp or branch not in scenario.sites or without_settings(scenario, branch):
            continue
        for address in bgp_addresses_of(scenario, branch, item.device):
            if address in APIPA:
                message = f"NAT is not supported with APIPA, and `{branch}` peers from {address}"
                yield Breach(use.path, f"{message}; take an address of the site")
            elif use.mode == "IngressSnat" and any(address in r.internal for r in _of(scenario, use.end, use.mode)):
                inside = listed(r.internal for r in _of(scenario, use.end, use.mode))
                message = f"the BGP address {address} of `{branch}` is in {inside}, so the gateway peers with the one"
                yield Breach(use.path, f"{message} after NAT; an address outside of it is simpler", "warning")
