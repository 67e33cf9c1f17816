"""The rules: a module per Azure object, and a function per rule, with the rule's number in its name.

R, B, A and the other letters are the rules of docs/explanation/azure-rules. A function without a number checks names,
or a limit of the lab. A breach holds the place in the file, the mistake, and the right value; the loader adds the line.
A rule skips objects that another rule reports: a name that does not exist is one finding, not ten.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from pydantic import ValidationError

from netlab.scenario.changing import merged
from netlab.scenario.models import Change, Scenario
from netlab.scenario.names import endpoints
from netlab.scenario.rules import (
    apipa,
    appliances,
    bgp,
    connections,
    expressroute,
    firewalls,
    gateways,
    internet,
    ipsec,
    load_balancers,
    local_network_gateways,
    microsoft_peerings,
    names,
    nat_rules,
    nics,
    outbound,
    peerings,
    point_to_site,
    private_endpoints,
    radius,
    route_servers,
    route_tables,
    security_groups,
    sites,
    story,
    subnet_peerings,
    tunnel_types,
    vnets,
    vpn_servers,
)
from netlab.scenario.rules.breach import Breach, Breaches, Path
from netlab.scenario.rules.subjects import story_moments

__all__ = ["OF_LACK", "RULES", "Breach", "Path", "Rule", "check", "number"]

Rule = Callable[[Scenario], Breaches]


def check(scenario: Scenario, rules: Sequence[Rule] | None = None) -> Breaches:
    """Every rule that a scenario breaks, in the order of RULES."""
    for rule in RULES if rules is None else rules:
        yield from dict.fromkeys(replace(breach, rule=number(rule)) for breach in rule(scenario))
    yield from _of_changes(scenario)


def _of_changes(scenario: Scenario) -> Breaches:
    """What a change of the story breaks: its form, a rule, or that machines stay as they are."""
    for path, action, now in story_moments(scenario):
        if not isinstance(action.subject, Change):
            continue
        try:
            then = merged(now, action.subject)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            place = ".".join(map(str, first["loc"]))
            yield Breach(path, f"the result is no scenario: {place}: {first['msg'].removeprefix('Value error, ')}")
            continue
        if endpoints(then) != endpoints(now) or then.clients != now.clients:
            yield Breach(path, "a story adds and removes no machine, host or client; do it in the file, `netlab apply`")
        else:
            one, other = (each.model_copy(update={"story": ()}) for each in (now, then))
            known = {breach.message for breach in check(one)}
            broken = (breach for breach in check(other) if breach.severity == "error" and breach.message not in known)
            yield from (Breach(path, breach.message, rule=breach.rule) for breach in broken)


def number(rule: Rule) -> str:
    """The rule's number in the rulebook, from its name; empty where it has none."""
    found = re.match(r"[a-z]\d+(?=_)", rule.__name__)
    return found[0].upper() if found else ""


RULES: tuple[Rule, ...] = (
    names.names_are_distinct,
    names.nodes_are_distinct,
    vnets.virtual_machines_name_their_subnet,
    private_endpoints.private_endpoints_name_their_subnet,
    load_balancers.load_balancers_name_their_parts,
    route_tables.subnets_name_their_route_table,
    outbound.subnets_name_their_nat_gateway,
    firewalls.firewalls_name_their_vnet_and_policy,
    security_groups.subnets_and_nics_name_their_security_groups,
    peerings.peerings_name_two_vnets,
    local_network_gateways.local_network_gateways_name_their_device,
    connections.connections_name_their_ends,
    local_network_gateways.connections_use_fitting_local_network_gateways,
    local_network_gateways.local_network_gateways_are_used,
    local_network_gateways.local_network_gateways_say_something,
    connections.connections_name_their_device,
    internet.links_have_a_way_to_the_internet,
    internet.delays_are_between_two_regions,
    point_to_site.clients_name_point_to_site_gateways,
    point_to_site.clients_name_the_network_that_they_are_in,
    point_to_site.revoked_certificates_are_clients,
    sites.static_routes_name_their_connection,
    sites.prepends_name_their_connection,
    story.steps_have_names_of_their_own,
    story.actions_name_what_they_act_on,
    story.actions_name_a_part_that_is_there,
    story.bgp_sessions_are_there,
    story.r22_policy_based_tunnels_come_back,
    story.r50_tunnels_with_several_selectors_come_back,
    story.announcements_can_be_divided,
    story.routes_by_hand_leave_the_default_route_alone,
    story.expectations_name_what_they_expect_of,
    story.targets_have_one_name,
    story.flows_join_two_machines,
    story.survivors_are_machines,
    vnets.prefixes_are_listed_once,
    vnets.subnets_lie_in_the_address_space,
    vnets.r1_gateway_subnet_has_its_name,
    vnets.r2_gateway_subnet_holds_no_machine,
    vnets.r3_gateway_subnet_has_room,
    vnets.r18_addresses_are_free,
    vnets.r18_subnets_have_room,
    vnets.r115_prefixes_are_assignable,
    vnets.r120_bastion_subnet_is_its_own,
    vnets.r120_bastion_subnet_has_room,
    sites.sites_have_unicast_prefixes,
    sites.announcing_sites_speak_bgp,
    sites.hosts_have_addresses_of_their_site,
    internet.public_addresses_are_public,
    internet.public_addresses_are_outside_of_networks,
    internet.networks_leave_the_lab_its_addresses,
    route_tables.route_tables_list_a_prefix_once,
    route_tables.r5_gateway_subnet_keeps_its_routes,
    route_tables.r84_default_sites_are_connected,
    route_tables.r88_gateways_as_next_hop_are_there,
    route_tables.r89_appliances_can_forward,
    nics.r126_one_nic_is_primary,
    nics.r126_guests_have_a_route_once,
    nics.r116_appliances_send_by_nics_that_forward,
    route_tables.u1_several_next_hops_are_few,
    route_tables.u11_peering_routes_can_be_disabled,
    route_tables.r91_gateway_subnet_is_reached_directly,
    outbound.service_tags_are_azures,
    outbound.e15_service_endpoints_have_prefixes,
    outbound.e20_nat_gateways_serve_one_vnet,
    outbound.e25_private_subnets_have_a_way_out,
    load_balancers.l20_members_are_of_one_vnet,
    load_balancers.l19_basic_is_retired,
    load_balancers.l3_ha_ports_are_standard,
    load_balancers.l3_ha_ports_are_internal,
    load_balancers.load_balancers_are_internal_or_public,
    load_balancers.l24_outbound_rules_are_of_public_frontends,
    load_balancers.l24_frontends_of_outbound_rules_are_used_once,
    load_balancers.l4_ha_ports_stand_alone,
    load_balancers.l1_rules_are_for_different_ports,
    load_balancers.l6_frontends_as_next_hop_have_ha_ports,
    load_balancers.l9_probes_fit_their_protocol,
    load_balancers.l10_rules_have_a_probe,
    load_balancers.l16_members_do_not_lead_back,
    private_endpoints.e1_private_endpoints_are_in_ordinary_subnets,
    private_endpoints.e12_private_endpoints_never_initiate,
    private_endpoints.e6_routes_to_private_endpoints_count,
    private_endpoints.e8_answers_of_private_endpoints_follow,
    firewalls.f1_firewalls_have_their_subnet,
    firewalls.f4_firewalls_reach_the_internet,
    firewalls.f4_learned_default_routes_stay_out,
    firewalls.f5_management_has_its_subnet,
    firewalls.f7_collections_have_an_order,
    firewalls.f7_rules_fit_their_collection,
    firewalls.f7_rules_name_addresses_and_ports,
    firewalls.f14_translations_are_of_an_own_address,
    firewalls.f6_translations_need_the_way_back,
    firewalls.f9_rules_of_applications_are_not_modelled,
    firewalls.f19_summaries_lose_to_peerings,
    firewalls.f25_rules_of_appliances_need_sessions,
    firewalls.f11_private_ranges_repeat_the_private_ones,
    vpn_servers.r90_subnets_lead_to_the_vpn_server,
    vpn_servers.r116_vpn_servers_forward,
    vpn_servers.a20_vpn_servers_keep_their_way_out,
    vpn_servers.vpn_servers_keep_the_default_route,
    expressroute.circuits_join_a_customer_and_gateways,
    expressroute.r117_providers_have_sites_with_bgp,
    expressroute.r118_links_have_addresses_of_their_own,
    microsoft_peerings.microsoft_peerings_end_at_one_device,
    microsoft_peerings.r121_links_of_microsoft_peerings_are_public,
    microsoft_peerings.r122_route_filters_exist,
    microsoft_peerings.r122_regions_have_a_community,
    microsoft_peerings.r123_advertised_prefixes_are_the_customers,
    microsoft_peerings.r124_prefixes_are_not_on_the_internet,
    microsoft_peerings.r124_translated_sources_are_advertised,
    expressroute.r4_gateway_subnet_has_room_for_both,
    expressroute.r93_vpn_beside_expressroute_is_capable,
    gateways.r10_active_active_needs_a_capable_gateway,
    gateways.r10_instances_have_addresses_of_their_own,
    gateways.r13_point_to_site_takes_a_third_address,
    gateways.r52_tunnels_fit_the_sku,
    gateways.skus_can_be_created,
    gateways.r54_basic_lacks,
    point_to_site.r55_point_to_site_is_route_based,
    gateways.r21_policy_based_is_basic,
    gateways.r24_policy_based_joins_no_vnet,
    point_to_site.r57_pools_overlap_nothing,
    point_to_site.clients_networks_are_not_behind_the_gateway,
    point_to_site.p24_class_based_routes_are_windows,
    point_to_site.p33_windows_is_forced_by_two_halves,
    tunnel_types.tunnel_types_are_listed_once,
    tunnel_types.p1_sstp_and_openvpn_exclude_each_other,
    tunnel_types.p3_sstp_is_for_windows,
    tunnel_types.r59_systems_have_the_tunnel_types_that_they_use,
    tunnel_types.p3_sstp_serves_128_clients,
    tunnel_types.p4_sstp_has_an_end,
    tunnel_types.p2_openvpn_needs_a_capable_gateway,
    tunnel_types.p7_clients_have_a_tunnel_type_of_their_gateway,
    tunnel_types.p12_openvpn_authenticates_without_eap,
    radius.radius_has_a_server,
    radius.p34_several_radius_servers_are_in_one_list,
    radius.p15_radius_servers_are_machines,
    radius.r61_radius_is_not_behind_expressroute,
    tunnel_types.p6_networks_let_tunnels_out,
    tunnel_types.p8_proxies_serve_tunnels,
    tunnel_types.r69_devices_keep_the_ike_of_their_address,
    tunnel_types.p18_clients_take_all_routes,
    point_to_site.r60_roots_are_few,
    point_to_site.p32_revoked_certificates_are_few,
    point_to_site.r62_clients_take_all_selectors,
    point_to_site.r67_gateways_of_a_client_do_not_overlap,
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
    local_network_gateways.r71_local_network_gateways_lie_outside,
    local_network_gateways.r72_local_network_gateways_do_not_overlap,
    connections.r73_second_tunnels_take_a_second_device,
    sites.r32_devices_behind_nat_are_alone,
    sites.routers_forward_ike_to_a_device,
    sites.r73_devices_have_addresses_of_their_own,
    connections.r74_connections_join_gateways,
    local_network_gateways.r75_hidden_local_network_gateway_stays_hidden,
    connections.r77_second_tunnels_need_an_active_active_end,
    connections.r79_classic_gateways_have_limits,
    peerings.r100_peered_vnets_do_not_overlap,
    peerings.r100_peers_of_a_vnet_do_not_overlap,
    peerings.r101_peerings_come_in_pairs,
    subnet_peerings.u12_peerings_of_subnets_name_them,
    subnet_peerings.u13_peerings_of_subnets_agree,
    subnet_peerings.u15_gateway_transit_needs_its_subnet,
    subnet_peerings.u17_summaries_cover_the_vnet,
    peerings.r103_remote_gateways_can_be_used,
    peerings.r104_gateway_transit_stays_in_its_region,
    peerings.r109_access_is_a_matter_of_tags,
    peerings.r111_peerings_are_in_sync,
    security_groups.n4_priorities_decide,
    security_groups.n4_no_rule_is_behind_a_wider_one,
    security_groups.n3_both_groups_allow,
    security_groups.n7_ports_are_of_tcp_and_udp,
    security_groups.n12_a_default_route_is_the_tag,
    security_groups.n26_a_side_is_prefixes_or_one_tag,
    security_groups.n27_application_security_groups_stay_in_a_vnet,
    security_groups.n28_gateway_subnet_has_no_group,
    security_groups.n29_subnets_of_services_have_no_group,
    connections.r110_sites_know_the_spokes,
    nat_rules.t3_connections_name_nat_rules_of_their_gateway,
    nat_rules.t3_nat_rules_are_used,
    nat_rules.t1_nat_needs_a_capable_gateway,
    nat_rules.t2_nat_is_for_site_to_site,
    nat_rules.t6_static_rules_have_prefixes_of_one_length,
    nat_rules.t7_pools_are_small,
    nat_rules.t8_dynamic_rules_serve_one_connection,
    nat_rules.t8_ingress_rules_serve_one_branch,
    nat_rules.t9_external_prefixes_overlap_nothing,
    nat_rules.t10_rules_translate_something,
    nat_rules.t11_overlaps_need_both_rules,
    nat_rules.t14_nat_rules_are_few,
    nat_rules.t16_rules_belong_to_an_instance,
    nat_rules.t18_route_translation_has_rules,
    nat_rules.t19_translated_prefixes_are_advertised_exactly,
    nat_rules.t21_bgp_peers_are_outside_of_nat,
    bgp.b1_bgp_needs_a_capable_gateway,
    bgp.b3_asns_are_not_azures,
    bgp.b4_asns_are_not_ianas,
    bgp.b5_asns_are_usable,
    bgp.b6_asns_fit_the_profile,
    bgp.b7_asns_differ,
    local_network_gateways.r127_addresses_of_devices_are_known,
    local_network_gateways.b7_local_network_gateways_know_the_peer,
    bgp.b8_gateway_peers_from_its_subnet,
    bgp.b10_devices_peer_from_inside,
    bgp.b12_apipa_is_azures_part,
    bgp.b12_bgp_addresses_differ,
    apipa.b35_active_standby_has_one_apipa_address,
    apipa.b36_apipa_peers_meet_apipa,
    apipa.b36_custom_bgp_addresses_have_an_effect,
    apipa.b37_connections_name_their_apipa_address,
    apipa.b38_custom_bgp_addresses_are_the_gateways,
    apipa.b40_prefixes_beside_apipa_are_left_out,
    apipa.b42_a_single_instance_is_one_of_two,
    apipa.b43_addresses_of_tunnels_are_used,
    apipa.local_network_gateways_have_one_bgp_address,
    apipa.devices_leave_the_addresses_of_links,
    appliances.a45_route_servers_serve_the_appliances_vnet,
    route_servers.a1_route_server_has_its_subnet,
    route_servers.a1_route_server_subnet_is_its_own,
    appliances.a4_appliances_peer_with_both_instances,
    appliances.a6_asns_of_appliances_are_free,
    route_servers.a7_route_servers_have_few_peers,
    route_servers.a9_route_servers_have_limits,
    appliances.a14_next_hops_are_in_the_vnet,
    route_servers.a24_gateways_beside_it_are_active_active,
    route_servers.a37_circuits_take_few_routes,
    appliances.appliances_have_a_peer,
    appliances.appliances_name_their_sites,
    appliances.appliances_name_their_peers,
    appliances.policies_are_towards_peers,
    appliances.rules_of_policies_have_an_effect,
    appliances.prefixes_with_no_advertise_are_announced,
)

# Rules that miss something, which may be in an object that is left out because its form is wrong.
OF_LACK: frozenset[Rule] = frozenset(
    {
        appliances.appliances_have_a_peer,
        apipa.b43_addresses_of_tunnels_are_used,
        nat_rules.t3_connections_name_nat_rules_of_their_gateway,
        sites.announcing_sites_speak_bgp,
        subnet_peerings.u12_peerings_of_subnets_name_them,
    }
)
