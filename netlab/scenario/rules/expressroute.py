"""ExpressRoute: gateways, circuits, coexistence with VPN."""

from __future__ import annotations

from ipaddress import IPv4Network

from netlab.scenario.addresses import GATEWAY_SUBNET
from netlab.scenario.models import Circuit, Scenario, Site
from netlab.scenario.names import short, suggest
from netlab.scenario.rules.breach import Breach, Breaches, Path, unknown

# R98 and A37; A37 in the profile seed.
MOST_OUT = 1000
SEED_MOST_OUT = 200


def most_out(scenario: Scenario, vnet: str) -> int:
    """How many prefixes the gateway of a VNet may advertise to a circuit."""
    return SEED_MOST_OUT if scenario.profile == "seed" and scenario.vnets[vnet].branch_to_branch else MOST_OUT


def circuits_join_a_customer_and_gateways(scenario: Scenario) -> Breaches:
    """A circuit joins a site with BGP or a provider's network, and VNets with an ExpressRoute gateway or the public
    addresses of Azure."""
    with_gateway = [name for name, vnet in scenario.vnets.items() if vnet.expressroute_gateway is not None]
    for name, circuit in scenario.expressroute_circuits.items():
        path = ("expressroute_circuits", name)
        if name not in scenario.private_peerings and circuit.microsoft_peering is None:
            message = "the circuit has no peering; name a VNet, or write a microsoft_peering or global_reach"
            yield Breach((*path, "vnets"), message)
        if (circuit.site is None) == (circuit.provider_network is None):
            what = "neither a site nor a provider_network" if circuit.site is None else "a site and a provider_network"
            yield Breach(path, f"the customer's end is {what}; write one of the two")
            continue
        if circuit.provider_network is not None:
            known = scenario.provider_networks
            yield from unknown((*path, "provider_network"), circuit.provider_network, known, "provider's network")
            if circuit.devices:
                yield Breach((*path, "devices"), "the links end at the provider's routers; leave it out")
        if circuit.site is not None:
            yield from unknown((*path, "site"), circuit.site, scenario.sites, "site")
            if circuit.site in scenario.sites:
                yield from _with_asn((*path, "site"), circuit.site, scenario)
                yield from _of_devices(path, circuit, scenario.sites[circuit.site])
        for vnet in circuit.vnets:
            if vnet not in with_gateway:
                message = f"{short(vnet)} has no expressroute_gateway; {suggest(vnet, with_gateway)}"
                yield Breach((*path, "vnets", vnet), message)


def _with_asn(path: Path, site: str, scenario: Scenario) -> Breaches:
    if scenario.sites[site].bgp is None:
        yield Breach(path, f"the site `{site}` has no ASN; write bgp: {{asn: 65101}} there")


def r117_providers_have_sites_with_bgp(scenario: Scenario) -> Breaches:
    """R117: behind a provider's routers are sites that speak BGP, each once."""
    for name, provider in scenario.provider_networks.items():
        for index, site in enumerate(provider.sites):
            path = ("provider_networks", name, "sites", index)
            yield from unknown(path, site, scenario.sites, "site")
            if site in provider.sites[:index]:
                yield Breach(path, f"`{site}` is there already; leave it out")
            elif site in scenario.sites:
                yield from _with_asn(path, site, scenario)
                yield from _asn_of_its_own(path, name, site, scenario)


def _asn_of_its_own(path: Path, provider: str, site: str, scenario: Scenario) -> Breaches:
    settings, asn = scenario.sites[site].bgp, scenario.provider_networks[provider].asn
    if settings is not None and settings.asn == asn:
        yield Breach(path, f"`{site}` has the ASN {asn} of the provider, and drops its routes as loops; take another")


def r118_links_have_addresses_of_their_own(scenario: Scenario) -> Breaches:
    """R118: the two prefixes of a circuit are /30s, in no VNet, and of one link each."""
    taken: list[tuple[IPv4Network, str]] = [
        (prefix, f"the VNet `{name}`") for name, vnet in scenario.vnets.items() for prefix in vnet.address_space
    ]
    for name, circuit in scenario.expressroute_circuits.items():
        both = (circuit.primary_peer_address_prefix, circuit.secondary_peer_address_prefix)
        for key, prefix in zip(("primary_peer_address_prefix", "secondary_peer_address_prefix"), both, strict=True):
            path = ("expressroute_circuits", name, key)
            if prefix is None:
                if any(both):
                    yield Breach(("expressroute_circuits", name), f"`{name}` has one of two /30s; write {key} too")
                continue
            if prefix.prefixlen != 30:
                yield Breach(path, f"{prefix} is no /30: a link has one address at each end; split a /29 into two")
            over = next((owner for other, owner in taken if other.overlaps(prefix)), None)
            if over is not None:
                yield Breach(path, f"{prefix} overlaps the prefix of {over}; take another one")
            taken.append((prefix, f"a link of `{name}`"))


def _of_devices(path: Path, circuit: Circuit, site: Site) -> Breaches:
    """The two links end at two of a site's devices."""
    for index, device in enumerate(circuit.devices):
        yield from unknown((*path, "devices", index), device, site.devices, "device")
    if len(circuit.devices) == 1:
        message = "a circuit has two links; write the devices of both, the same one twice if it has both"
        yield Breach((*path, "devices"), message)


def r4_gateway_subnet_has_room_for_both(scenario: Scenario) -> Breaches:
    """R4, R92: with an ExpressRoute gateway GatewaySubnet is there, and a /27 or larger."""
    for name, vnet in scenario.vnets.items():
        if vnet.expressroute_gateway is None:
            continue
        subnet = vnet.subnets.get(GATEWAY_SUBNET)
        if subnet is None:
            path = ("vnets", name, "expressroute_gateway")
            yield Breach(
                path, f"an ExpressRoute gateway needs a subnet called `{GATEWAY_SUBNET}`; add one, /27 or larger"
            )
        elif subnet.address_prefix.prefixlen > 27:
            message = f"{subnet.address_prefix} is too small for an ExpressRoute gateway; use a /27 or larger"
            yield Breach(("vnets", name, "subnets", GATEWAY_SUBNET), message)


def r93_vpn_beside_expressroute_is_capable(scenario: Scenario) -> Breaches:
    """R93: beside an ExpressRoute gateway, the VPN gateway is route-based and not Basic."""
    for name, vnet in scenario.vnets.items():
        gateway = vnet.vpn_gateway
        if vnet.expressroute_gateway is None or gateway is None:
            continue
        if gateway.sku == "Basic" or gateway.vpn_type == "PolicyBased":
            what = f"a {gateway.vpn_type}, {gateway.sku} gateway"
            message = f"{what} cannot be beside an ExpressRoute gateway; take RouteBased, VpnGw1AZ or larger"
            yield Breach(("vnets", name, "vpn_gateway"), message)
