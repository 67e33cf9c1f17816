"""What Azure refuses and what the lab cannot build: one function per rule, with the rule's number in its name.

R, B and A are sections 2, 3 and 4 of the rulebook (azure-rules.md); a function without a number checks what a file
refers to, or what only the lab demands. Each says what is broken, where, and what would be right; the loader adds the
line. A rule passes over what another rule reports: a name that does not exist is one finding, not ten.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from netlab.scenario.models import Scenario
from netlab.scenario.rules import (
    bgp,
    connections,
    expressroute,
    gateways,
    ipsec,
    naming,
    networks,
    route_server,
    routes,
    story,
    vpn_servers,
)
from netlab.scenario.rules.subjects import Breach, Breaches, Path

__all__ = ["RULES", "Breach", "Path", "Rule", "check", "number"]

Rule = Callable[[Scenario], Breaches]


def check(scenario: Scenario) -> Breaches:
    """Every rule that a scenario breaks, in the order of RULES."""
    for rule in RULES:
        yield from dict.fromkeys(replace(breach, rule=number(rule)) for breach in rule(scenario))


def number(rule: Rule) -> str:
    """The rule's number in the rulebook, from its name; empty where it has none."""
    found = re.match(r"[rba]\d+(?=_)", rule.__name__)
    return found[0].upper() if found else ""


RULES: tuple[Rule, ...] = (
    naming.names_are_distinct,
    naming.nodes_are_distinct,
    naming.virtual_machines_name_their_subnet,
    naming.subnets_name_their_route_table,
    naming.peerings_name_two_vnets,
    naming.local_network_gateways_name_their_device,
    naming.connections_name_their_ends,
    naming.connections_use_fitting_local_network_gateways,
    naming.local_network_gateways_say_something,
    naming.connections_name_their_device,
    naming.links_have_a_way_to_the_internet,
    naming.clients_name_point_to_site_gateways,
    naming.revoked_certificates_are_clients,
    naming.static_routes_name_their_connection,
    naming.prepends_name_their_connection,
    story.steps_have_names_of_their_own,
    story.actions_name_what_they_act_on,
    story.actions_name_a_part_that_is_there,
    story.r22_policy_based_tunnels_come_back,
    story.announcements_can_be_divided,
    story.routes_by_hand_leave_the_default_route_alone,
    story.expectations_name_what_they_expect_of,
    story.flows_join_two_machines,
    networks.prefixes_are_listed_once,
    networks.subnets_lie_in_the_address_space,
    networks.r1_gateway_subnet_has_its_name,
    networks.r2_gateway_subnet_holds_no_machine,
    networks.r3_gateway_subnet_has_room,
    networks.r18_addresses_are_free,
    networks.r18_subnets_have_room,
    networks.r115_prefixes_are_assignable,
    networks.hosts_have_addresses_of_their_site,
    networks.public_addresses_are_public,
    routes.route_tables_list_a_prefix_once,
    routes.r5_gateway_subnet_keeps_its_routes,
    routes.r84_default_sites_are_connected,
    routes.r88_gateways_as_next_hop_are_there,
    routes.r89_appliances_can_forward,
    routes.r91_gateway_subnet_is_reached_directly,
    vpn_servers.r90_subnets_lead_to_the_vpn_server,
    vpn_servers.r116_vpn_servers_forward,
    vpn_servers.a20_vpn_servers_keep_their_way_out,
    vpn_servers.vpn_servers_keep_the_default_route,
    expressroute.circuits_join_a_site_and_gateways,
    expressroute.r4_gateway_subnet_has_room_for_both,
    expressroute.r93_vpn_beside_expressroute_is_capable,
    gateways.r10_active_active_needs_a_capable_gateway,
    gateways.r10_instances_have_addresses_of_their_own,
    gateways.r13_point_to_site_takes_a_third_address,
    gateways.r52_tunnels_fit_the_sku,
    gateways.r54_basic_lacks,
    gateways.r55_point_to_site_is_route_based,
    gateways.r21_policy_based_is_basic,
    gateways.r24_policy_based_joins_no_vnet,
    gateways.r57_pools_overlap_nothing,
    gateways.r60_roots_are_few,
    gateways.r62_clients_take_all_selectors,
    gateways.r67_gateways_of_a_client_do_not_overlap,
    ipsec.r25_protocols_fit_the_gateway,
    ipsec.r26_vnet_to_vnet_is_ikev2,
    ipsec.r38_dpd_timeouts_are_possible,
    ipsec.r40_policies_need_a_capable_gateway,
    ipsec.r41_policies_have_azures_values,
    ipsec.policies_can_be_built,
    ipsec.r20_policy_based_selectors_have_prefixes,
    ipsec.r42_gcm_comes_with_gcm,
    ipsec.r44_pairs_have_one_policy,
    ipsec.r48_policy_based_selectors_need_a_policy,
    connections.r30_shared_keys_are_printable,
    connections.r31_shared_keys_differ,
    connections.r51_selectors_and_prefixes_are_few,
    connections.r71_networks_do_not_overlap,
    connections.r71_local_network_gateways_lie_outside,
    connections.r72_local_network_gateways_do_not_overlap,
    connections.r73_second_tunnels_take_a_second_device,
    connections.r73_devices_have_addresses_of_their_own,
    connections.r74_connections_join_gateways,
    connections.r74_pairs_have_one_key,
    connections.r75_hidden_local_network_gateway_stays_hidden,
    connections.r77_second_tunnels_need_an_active_active_end,
    connections.r79_classic_gateways_have_limits,
    connections.r100_peered_vnets_do_not_overlap,
    connections.r101_peerings_come_in_pairs,
    connections.r103_remote_gateways_can_be_used,
    connections.r104_gateway_transit_stays_in_its_region,
    connections.r110_sites_know_the_spokes,
    bgp.b1_bgp_needs_a_capable_gateway,
    bgp.b3_asns_are_not_azures,
    bgp.b4_asns_are_not_ianas,
    bgp.b5_asns_are_usable,
    bgp.b6_asns_fit_the_profile,
    bgp.b7_asns_differ,
    bgp.b7_local_network_gateways_know_the_peer,
    bgp.b8_gateway_peers_from_its_subnet,
    bgp.b10_devices_peer_from_inside,
    bgp.b12_apipa_is_azures_part,
    bgp.b12_bgp_addresses_differ,
    route_server.a1_route_server_has_its_subnet,
    route_server.a1_route_server_subnet_is_its_own,
    route_server.a4_appliances_peer_with_both_instances,
    route_server.a6_asns_of_appliances_are_free,
    route_server.a7_route_servers_have_few_peers,
    route_server.a9_route_servers_have_limits,
    route_server.a14_next_hops_are_in_the_vnet,
    route_server.a24_gateways_beside_it_are_active_active,
    route_server.a37_circuits_take_few_routes,
    route_server.appliances_have_a_peer,
    route_server.appliances_name_their_sites,
    route_server.appliances_name_their_peers,
    route_server.appliances_keep_quiet_of_what_they_announce,
)
