"""IKE and IPsec: protocols, policies, traffic selectors, timers."""

from __future__ import annotations

from netlab.scenario.models import IpsecPolicy, Scenario
from netlab.scenario.rules.breach import Breach, Breaches, by_profile
from netlab.scenario.rules.joined import gateway_ends, remote_ends, sound_connections

OLD_SKUS = ("Basic", "Standard", "HighPerformance")
# R38.
DPD_SECONDS = range(9, 3601)
# R41. The SDK's enumerations, and so the models, have more.
ALGORITHMS = {
    "ike_encryption": ("GCMAES256", "GCMAES128", "AES256", "AES192", "AES128"),
    "ike_integrity": ("SHA384", "SHA256", "SHA1", "MD5"),
    "pfs_group": ("PFS24", "ECP384", "ECP256", "PFS2048", "PFS2", "PFS1", "None"),
}
LIBRESWAN_LACKS = {
    "ike_encryption": ("DES",),
    "dh_group": ("DHGroup1", "DHGroup2", "DHGroup24"),
    "ipsec_encryption": ("DES",),
    "pfs_group": ("PFS1", "PFS2", "PFS24"),
}
LIBRESWAN_HAS = {"ike_encryption": "AES256", "dh_group": "DHGroup14", "ipsec_encryption": "AES256", "pfs_group": "None"}
LEAST_SECONDS = 300
LEAST_KILOBYTES = 1024


def r25_protocols_fit_the_gateway(scenario: Scenario) -> Breaches:
    """R25: a policy-based gateway has IKEv1, a route-based one IKEv2, and from VpnGw1 on both."""
    for end in gateway_ends(scenario):
        gateway, asked = end.gateway, end.settings.connection_protocol
        policy_based = gateway.vpn_type == "PolicyBased"
        if asked == "IKEv2" and policy_based:
            message = f"the gateway of `{end.vnet}` is PolicyBased and has IKEv1 only; use vpn_type: RouteBased"
            yield Breach((*end.path, "connection_protocol"), message)
        elif asked == "IKEv1" and not policy_based and gateway.sku in OLD_SKUS:
            message = f"the {gateway.sku} gateway of `{end.vnet}` has IKEv2 only; take VpnGw1AZ or larger"
            yield Breach((*end.path, "connection_protocol"), message)


def r26_vnet_to_vnet_is_ikev2(scenario: Scenario) -> Breaches:
    """R26: VNet-to-VNet is IKEv2 only; IKEv1 too in the seed."""
    for name, item in sound_connections(scenario).items():
        asked = {item.settings(end).connection_protocol for end in item.between}
        if item.type == "Vnet2Vnet" and "IKEv1" in asked and scenario.profile == "current":
            message = f"VNet-to-VNet is IKEv2 only; leave it out {by_profile(scenario)}"
            yield Breach(("connections", name, "connection_protocol"), message, "warning")


def r38_dpd_timeouts_are_possible(scenario: Scenario) -> Breaches:
    """R38: the DPD timeout is 9 to 3,600 seconds."""
    for name, item in scenario.connections.items():
        if item.dpd_timeout_seconds not in DPD_SECONDS:
            message = f"{item.dpd_timeout_seconds} seconds are not possible; use 9 to 3600, best 30 to 45"
            yield Breach(("connections", name, "dpd_timeout_seconds"), message)


def r40_policies_need_a_capable_gateway(scenario: Scenario) -> Breaches:
    """R40: a custom policy is not for SKU Basic."""
    for end in gateway_ends(scenario):
        if end.settings.ipsec_policy is not None and end.gateway.sku == "Basic":
            message = f"the Basic gateway of `{end.vnet}` takes no custom policy; take VpnGw1AZ or larger"
            yield Breach((*end.path, "ipsec_policy"), message)


def r41_policies_have_azures_values(scenario: Scenario) -> Breaches:
    """R41: a custom policy has the algorithms that Azure lists, 300 seconds and 1,024 KB at least."""
    for end in gateway_ends(scenario):
        policy, path = end.settings.ipsec_policy, (*end.path, "ipsec_policy")
        if policy is None:
            continue
        for key, allowed in ALGORITHMS.items():
            chosen = getattr(policy, key)
            if chosen not in allowed:
                yield Breach((*path, key), f"Azure does not take `{chosen}` here; use one of {', '.join(allowed)}")
        if policy.sa_life_time_seconds < LEAST_SECONDS:
            message = f"{policy.sa_life_time_seconds} seconds are too few; take {LEAST_SECONDS} or more"
            yield Breach((*path, "sa_life_time_seconds"), message)
        if policy.sa_data_size_kilobytes < LEAST_KILOBYTES:
            message = f"{policy.sa_data_size_kilobytes} KB are too few; take {LEAST_KILOBYTES} or more"
            yield Breach((*path, "sa_data_size_kilobytes"), message)


def policies_can_be_built(scenario: Scenario) -> Breaches:
    """The lab's IKE daemon has no IKE SA without Diffie-Hellman, and no GCM for IKEv1's (RFC 5282 is for IKEv2)."""
    for name, item in scenario.connections.items():
        places = (("connections", name), item), (("connections", name, "other_end"), item.other_end)
        for path, settings in places:
            policy = settings.ipsec_policy if settings is not None else None
            if settings is None or policy is None:
                continue
            if policy.dh_group == "None":
                message = "the lab has no IKE without Diffie-Hellman; use another group, such as DHGroup14"
                yield Breach((*path, "ipsec_policy", "dh_group"), message)
            if policy.ike_encryption.startswith("GCM") and settings.connection_protocol == "IKEv1":
                message = "the lab has no GCM for the IKE SA of IKEv1; use AES256, or IKEv2"
                yield Breach((*path, "ipsec_policy", "ike_encryption"), message)


def libreswan_has_the_algorithms(scenario: Scenario) -> Breaches:
    """Debian's Libreswan has no Diffie-Hellman group 1, 2 and 24 and no DES, and Azure's own IKE proposals no other
    group (R34)."""
    for name, item in scenario.connections.items():
        for end in item.between:
            site = scenario.sites.get(end)
            if site is None or site.software.ipsec != "libreswan":
                continue
            policy, path = item.settings(end).ipsec_policy, ("connections", name, "ipsec_policy")
            if policy is None:
                message = f"`{end}` runs Libreswan, which has no algorithm of Azure's own IKE proposals"
                yield Breach(path, f"{message}; write an ipsec_policy with DHGroup14, ECP256 or ECP384")
                continue
            for key, lacking in LIBRESWAN_LACKS.items():
                if getattr(policy, key) in lacking:
                    message = f"`{end}` runs Libreswan, which has no {getattr(policy, key)}"
                    yield Breach((*path, key), f"{message}; take a newer one, such as {LIBRESWAN_HAS[key]}")


def r20_policy_based_selectors_have_prefixes(scenario: Scenario) -> Breaches:
    """R20, R48: policy-based selectors come from the prefixes of the local network gateway, so it needs some."""
    for remote in remote_ends(scenario):
        item, gateway = scenario.connections[remote.connection], scenario.vnets[remote.vnet].vpn_gateway
        asked = item.settings(remote.vnet).use_policy_based_traffic_selectors
        by_policy = asked or (gateway is not None and gateway.vpn_type == "PolicyBased")
        if by_policy and not item.enable_bgp and not remote.gateway.address_prefixes:
            message = f"without address_prefixes `{remote.vnet}` has no traffic selector for `{remote.device}`"
            yield Breach(remote.path, f"{message}; list the prefixes in a local network gateway")


def r42_gcm_comes_with_gcm(scenario: Scenario) -> Breaches:
    """R42: GCM for IPsec encryption demands the same GCM for integrity."""
    for end in gateway_ends(scenario):
        policy = end.settings.ipsec_policy
        if policy is not None and not _gcm_agrees(policy):
            message = f"`{policy.ipsec_encryption}` and `{policy.ipsec_integrity}` do not go together"
            right = "GCM needs the same GCM in both, and any other encryption needs no GCM in ipsec_integrity"
            yield Breach((*end.path, "ipsec_policy", "ipsec_integrity"), f"{message}; {right}")


def _gcm_agrees(policy: IpsecPolicy) -> bool:
    chosen = (policy.ipsec_encryption, policy.ipsec_integrity)
    return chosen[0] == chosen[1] or not any(item.startswith("GCM") for item in chosen)


def r44_pairs_have_one_policy(scenario: Scenario) -> Breaches:
    """R44: both connection objects of a VNet-to-VNet pair carry the same policy."""
    for name, item in sound_connections(scenario).items():
        policies = [item.settings(end).ipsec_policy for end in item.between]
        if set(item.between) <= set(scenario.vnets) and policies[0] != policies[1]:
            message = "both ends of a VNet-to-VNet connection need the same policy, else there is no tunnel"
            yield Breach(("connections", name, "other_end"), f"{message}; write it at both")


def r48_policy_based_selectors_need_a_policy(scenario: Scenario) -> Breaches:
    """R48: UsePolicyBasedTrafficSelectors needs a route-based gateway, a complete custom policy, and IKEv2."""
    for end in gateway_ends(scenario):
        path, settings = (*end.path, "use_policy_based_traffic_selectors"), end.settings
        if not settings.use_policy_based_traffic_selectors:
            continue
        if end.gateway.vpn_type == "PolicyBased":
            yield Breach(path, f"the gateway of `{end.vnet}` is PolicyBased and has them anyway; leave it out")
            continue
        if settings.ipsec_policy is None:
            yield Breach(path, "needs a complete custom policy; write an ipsec_policy")
        if settings.connection_protocol == "IKEv1":
            yield Breach(path, "needs IKEv2; leave connection_protocol out")
