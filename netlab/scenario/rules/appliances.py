"""Appliances and their BGP."""

from __future__ import annotations

from ipaddress import IPv4Network

from netlab.scenario.addresses import addresses_of_nics
from netlab.scenario.models import BgpPolicy, BgpPolicyRule, Scenario
from netlab.scenario.names import short, suggest
from netlab.scenario.rules.bgp import AZURE_ASNS, IANA_ASNS, UNLISTED_ASN, USABLE
from netlab.scenario.rules.breach import Breach, Breaches, Path, unknown
from netlab.scenario.rules.joined import bgp_peers_of, sound_connections
from netlab.scenario.rules.subjects import appliances_with_bgp, firewall_addresses, route_server_of


def a4_appliances_peer_with_both_instances(scenario: Scenario) -> Breaches:
    """A4: an appliance peers with both instances of a Route Server; else machines get inconsistent routes."""
    for vnet, vm, bgp in appliances_with_bgp(scenario):
        if route_server_of(scenario, vnet, bgp) and {*bgp.route_server_instances} != {0, 1}:
            message = f"`{vm}` does not peer with both instances of the Route Server; leave it out"
            yield Breach((*_bgp(vnet, vm), "route_server_instances"), message, "warning")


def a6_asns_of_appliances_are_free(scenario: Scenario) -> Breaches:
    """A6: an appliance's ASN has 16 bits and is neither the Route Server's 65515 nor kept by Azure or IANA."""
    for vnet, vm, bgp in appliances_with_bgp(scenario):
        path = (*_bgp(vnet, vm), "asn")
        if bgp.asn in {*AZURE_ASNS, UNLISTED_ASN}:
            yield Breach(path, f"Azure keeps the ASN {bgp.asn} for itself; {USABLE}")
        elif bgp.asn in IANA_ASNS:
            yield Breach(path, f"IANA reserves the ASN {bgp.asn}; {USABLE}")
        elif bgp.asn > 65535:
            yield Breach(path, f"the ASN {bgp.asn} has more than the 16 bits that a Route Server takes; {USABLE}")


def a14_next_hops_are_in_the_vnet(scenario: Scenario) -> Breaches:
    """A14: the next hop of an appliance's routes is an address of its VNet, and a NIC has it."""
    for vnet, vm, bgp in appliances_with_bgp(scenario):
        path, item = (*_bgp(vnet, vm), "next_hop"), scenario.vnets[vnet]
        known = (*addresses_of_nics(item), firewall_addresses(scenario).get(vnet))
        if bgp.next_hop is None or bgp.next_hop in known:
            continue
        if any(bgp.next_hop in space for space in item.address_space):
            yield Breach(path, f"no NIC of `{vnet}` has the address {bgp.next_hop}; packets to it are lost", "warning")
        else:
            yield Breach(path, f"{bgp.next_hop} is not in `{vnet}`; use the address of a machine in it")


def appliances_have_a_peer(scenario: Scenario) -> Breaches:
    """An appliance with BGP has a peer: a Route Server, a site, the end of a tunnel, or another appliance."""
    joined = {end for item in sound_connections(scenario).values() if item.enable_bgp for end in item.between}
    joined |= {name for _, _, bgp in appliances_with_bgp(scenario) for name in bgp.appliances}
    for vnet, vm, bgp in appliances_with_bgp(scenario):
        served = bgp.route_server is not None or scenario.vnets[vnet].route_server is not None
        if not served and not bgp.sites and not bgp.appliances and f"{vnet}-{vm}" not in joined:
            right = f"give `{vnet}` a route_server, list sites or appliances, or set enable_bgp on a connection"
            yield Breach(_bgp(vnet, vm), f"`{vm}` has no BGP peer; {right}")


def a45_route_servers_serve_the_appliances_vnet(scenario: Scenario) -> Breaches:
    """A45: an appliance peers with the Route Server of a peered VNet if its own VNet uses that VNet's gateway."""
    servers = [name for name, item in scenario.vnets.items() if item.route_server is not None]
    for vnet, vm, bgp in appliances_with_bgp(scenario):
        path, name = (*_bgp(vnet, vm), "route_server"), bgp.route_server
        if name is None:
            continue
        if name not in scenario.vnets:
            yield from unknown(path, name, servers, "VNet")
        elif name not in servers:
            yield Breach(path, f"`{name}` has no route_server; {suggest(name, servers)}")
        elif vnet != name and scenario.gateway_for(vnet) != name:
            right = f"set use_remote_gateways on a peering from `{vnet}` to `{name}`, and allow_gateway_transit there"
            yield Breach(path, f"`{vnet}` does not use the Route Server of `{name}`; {right}")


def appliances_name_their_sites(scenario: Scenario) -> Breaches:
    """The sites behind an appliance exist. Each is listed once, and has a single device and another ASN."""
    for vnet, vm, bgp in appliances_with_bgp(scenario):
        path = (*_bgp(vnet, vm), "sites")
        for index, name in enumerate(bgp.sites):
            yield from unknown((*path, index), name, scenario.sites, "site")
            if name not in scenario.sites:
                continue
            site = scenario.sites[name]
            if name in bgp.sites[:index]:
                yield Breach((*path, index), f"{short(name)} is listed already; leave it out")
            elif site.devices:
                yield Breach((*path, index), f"{short(name)} has several devices; an appliance joins a site with one")
            elif site.bgp is None:
                yield Breach((*path, index), f"the site {short(name)} has no ASN; write bgp: {{asn: 65101}} there")
            elif site.bgp.asn == bgp.asn:
                yield Breach((*path, index), f"{short(name)} has the ASN {bgp.asn} too; each needs its own")


def appliances_name_their_peers(scenario: Scenario) -> Breaches:
    """Appliances that peer are in peered VNets and have different ASNs; one of the two names the other."""
    settings = {f"{vnet}-{vm}": bgp for vnet, vm, bgp in appliances_with_bgp(scenario)}
    for vnet, vm, bgp in appliances_with_bgp(scenario):
        own = f"{vnet}-{vm}"
        near = {mine.remote_vnet for mine, _ in scenario.peered(vnet)}
        for index, name in enumerate(bgp.appliances):
            path = (*_bgp(vnet, vm), "appliances", index)
            yield from unknown(path, name, settings, "appliance with BGP")
            if name not in settings:
                continue
            if scenario.appliances[name][0] not in near:
                yield Breach(path, f"the VNet of {short(name)} is not peered with `{vnet}`; peer them, or use a tunnel")
            elif settings[name].asn == bgp.asn:
                yield Breach(path, f"{short(name)} has the ASN {bgp.asn} too; each needs its own")
            elif own in settings[name].appliances and name > own:
                yield Breach(path, f"{short(name)} names `{own}` already; one of the two is enough")


def policies_are_towards_peers(scenario: Scenario) -> Breaches:
    """An appliance's policies are towards peers that it has, and set something."""
    for vnet, vm, bgp in appliances_with_bgp(scenario):
        peers = bgp_peers_of(scenario, f"{vnet}-{vm}")
        for name, policy in bgp.policies.items():
            path = (*_bgp(vnet, vm), "policies", name)
            yield from unknown(path, name, peers, f"BGP peer of `{vm}`")
            if policy == BgpPolicy():
                yield Breach(path, f"it changes nothing; give {short(name)} imports or exports, or leave it out")


def rules_of_policies_have_an_effect(scenario: Scenario) -> Breaches:
    """A rule of a policy is reached, a rule that denies changes no AS path, and no rule removes the own ASN."""
    for vnet, vm, bgp in appliances_with_bgp(scenario):
        for name, policy in bgp.policies.items():
            path = (*_bgp(vnet, vm), "policies", name)
            yield from _without_effect((*path, "imports"), policy.imports, bgp.asn)
            yield from _without_effect((*path, "exports"), policy.exports, bgp.asn)


def _without_effect(path: Path, rules: tuple[BgpPolicyRule, ...], asn: int) -> Breaches:
    decided: set[IPv4Network] = set()
    for index, rule in enumerate(rules):
        everything = any(not earlier.prefixes for earlier in rules[:index])
        if everything or (rule.prefixes and decided.issuperset(rule.prefixes)):
            yield Breach((*path, index), "an earlier rule decides about all its prefixes; put this one before it")
        elif rule.action == "deny" and (rule.as_path_prepend or rule.as_path_exclude):
            yield Breach((*path, index), "a rule that denies changes no AS path; leave that out, or permit")
        elif asn in rule.as_path_exclude:
            yield Breach((*path, index, "as_path_exclude"), f"{asn} is the appliance's own ASN; leave it out")
        decided.update(rule.prefixes)


def prefixes_with_no_advertise_are_announced(scenario: Scenario) -> Breaches:
    """The prefixes of `no_advertise` are among those of `announces` (A22)."""
    for vnet, vm, bgp in appliances_with_bgp(scenario):
        for index, prefix in enumerate(bgp.no_advertise):
            if prefix not in bgp.announces:
                path = (*_bgp(vnet, vm), "no_advertise", index)
                yield Breach(path, f"`{vm}` does not announce {prefix}; add it to announces, or leave it out")


def _bgp(vnet: str, vm: str) -> Path:
    return ("vnets", vnet, "vms", vm, "nva", "bgp")
