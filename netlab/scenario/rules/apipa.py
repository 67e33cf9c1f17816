"""The BGP addresses of tunnels: APIPA addresses of gateways, and addresses of a device's tunnel interfaces."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address

from netlab.scenario.addresses import (
    APIPA,
    LAB_LINKS,
    address_in_tunnel,
    gateway_apipa_addresses,
    given_bgp_addresses,
    other_of_a_30,
    tunnel_bgp_addresses,
)
from netlab.scenario.models import BgpSettings, Connection, Scenario, VpnDevice
from netlab.scenario.rules.breach import Breach, Breaches, Path
from netlab.scenario.rules.joined import lacks_gateway, sound_connections
from netlab.scenario.rules.subjects import bgp_addresses, vpn_gateways


@dataclass(frozen=True, slots=True)
class Facing:
    """A connection of a site's device: the VNet or appliance at its other end, the device's place in the file and its
    settings."""

    name: str
    connection: Connection
    vnet: str
    site: str
    path: Path
    device: BgpSettings | VpnDevice | None

    @property
    def addresses(self) -> tuple[IPv4Address, ...]:
        """The addresses of the device's tunnel interfaces."""
        return tuple(dict.fromkeys(tunnel_bgp_addresses(self.device)))

    @property
    def only_apipa(self) -> bool:
        """Whether the device has APIPA addresses and no other one."""
        given = given_bgp_addresses(self.device)
        return bool(given) and all(address in APIPA for address in given)


def _facing(scenario: Scenario) -> Iterator[Facing]:
    """The connections with BGP of sites' devices with VPN gateways."""
    return (facing for facing in _with_bgp(scenario) if facing.vnet in scenario.vnets)


def _with_bgp(scenario: Scenario) -> Iterator[Facing]:
    """The connections with BGP of sites' devices with VPN gateways and appliances."""
    for name, item in sound_connections(scenario).items():
        sites = [end for end in item.between if end in scenario.sites]
        if not item.enable_bgp or lacks_gateway(scenario, item) or len(sites) != 1:
            continue
        end, site = sites[0], scenario.sites[sites[0]]
        vnet = item.other(end)
        path: Path = ("sites", end, "bgp")
        settings: BgpSettings | VpnDevice | None = site.bgp
        if site.devices:
            device = item.device if item.device in site.devices else next(iter(site.devices))
            path, settings = ("sites", end, "devices", device), site.devices[device]
        yield Facing(name, item, vnet, end, path, settings)


def _apipa(scenario: Scenario, vnet: str) -> tuple[tuple[IPv4Address, ...], ...]:
    """The APIPA addresses of a gateway, by instance; of an active-standby gateway once, of an appliance none."""
    if vnet not in scenario.vnets:
        return ((),)
    found = gateway_apipa_addresses(scenario.vnets[vnet])
    return found if vpn_gateways(scenario)[vnet].active_active else found[:1]


def b35_active_standby_has_one_apipa_address(scenario: Scenario) -> Breaches:
    """B35: an active-standby gateway has one APIPA address; each instance of an active-active one may have several."""
    for name, gateway in vpn_gateways(scenario).items():
        found = _apipa(scenario, name)[0]
        if not gateway.active_active and len(found) > 1:
            message = f"an active-standby gateway has one APIPA address, not {len(found)}; write active_active: true"
            yield Breach(("vnets", name, "vpn_gateway", "bgp", "bgp_peering_addresses"), message)


def b36_apipa_peers_meet_apipa(scenario: Scenario) -> Breaches:
    """B36: a device with an APIPA address peers with an APIPA address of the gateway, which needs one."""
    for facing in _facing(scenario):
        if facing.only_apipa and not any(_apipa(scenario, facing.vnet)):
            message = f"`{facing.site}` peers from {facing.addresses[0]}, an APIPA address"
            right = f"give the gateway of `{facing.vnet}` one, too"
            yield Breach(("connections", facing.name, "enable_bgp"), f"{message}; {right}")


def b37_connections_name_their_apipa_address(scenario: Scenario) -> Breaches:
    """B37: at a gateway with several APIPA addresses a connection names its own, else it has the first ones."""
    for facing in _facing(scenario):
        found = _apipa(scenario, facing.vnet)
        apipa = any(address in APIPA for address in facing.addresses)
        if apipa and not facing.connection.custom_bgp_addresses and max(map(len, found)) > 1:
            right = ", ".join(map(str, _right(facing, found)))
            # Without a local network gateway in the file the lab sets up the connection as it must be.
            implied = facing.vnet not in facing.connection.local_network_gateways
            what = "Azure takes the first ones else, the lab these" if implied else "now it has the first ones"
            message = f"the gateway of `{facing.vnet}` has several APIPA addresses"
            fix = f"write custom_bgp_addresses: [{right}]"
            yield Breach(("connections", facing.name), f"{message}; {fix}; {what}", "warning")


def _right(facing: Facing, of_instances: tuple[tuple[IPv4Address, ...], ...]) -> Iterator[IPv4Address]:
    """An address of each instance: in one /30 with an address of the device, else at the same place."""
    mates = [other_of_a_30(address) for address in facing.addresses]
    place = next((own.index(mate) for own in of_instances for mate in mates if mate is not None and mate in own), 0)
    for own in of_instances:
        yield from ([mate for mate in mates if mate is not None and mate in own] or own[place:] or own)[:1]


def b38_custom_bgp_addresses_are_the_gateways(scenario: Scenario) -> Breaches:
    """B38: a connection names one APIPA address of each instance, and both are addresses of the gateway."""
    for facing in _facing(scenario):
        found = _apipa(scenario, facing.vnet)
        named = facing.connection.custom_bgp_addresses
        path: Path = ("connections", facing.name, "custom_bgp_addresses")
        of_instances = [[address for address in named if address in own] for own in found]
        for index, address in enumerate(named):
            if not any(address in own for own in found):
                known = ", ".join(str(each) for own in found for each in own) or "it has none"
                message = f"{address} is no APIPA address of the gateway of `{facing.vnet}`; {known}"
                yield Breach((*path, index), message)
        for instance, own in enumerate(of_instances):
            if len(own) > 1:
                yield Breach(path, f"{own[0]} and {own[1]} are both of instance {instance}; name one of each instance")
            elif named and found[instance] and not own:
                known = " or ".join(map(str, found[instance]))
                message = f"none is of instance {instance}, which takes its first one; add {known}"
                yield Breach(path, message, "warning")


def b36_custom_bgp_addresses_have_an_effect(scenario: Scenario) -> Breaches:
    """B36: a connection has an APIPA address of its own where BGP runs with a device that has an APIPA address too."""
    facing = {item.name: item for item in _facing(scenario)}
    for name, item in sound_connections(scenario).items():
        path = ("connections", name, "custom_bgp_addresses")
        if not item.custom_bgp_addresses or lacks_gateway(scenario, item):
            continue
        if not item.enable_bgp:
            yield Breach(path, "the connection has no BGP; write enable_bgp: true, or leave them out")
        elif name not in facing:
            yield Breach(path, "they are for a connection of a gateway and a site; leave them out")
        elif not any(address in APIPA for address in facing[name].addresses):
            message = f"`{facing[name].site}` peers from an ordinary address, so that the gateway does too"
            yield Breach(path, f"{message}; leave them out")


def b40_prefixes_beside_apipa_are_left_out(scenario: Scenario) -> Breaches:
    """B40: a local network gateway for a peer with APIPA has no prefixes: the routes come by BGP."""
    for name, item in scenario.local_network_gateways.items():
        address = item.bgp.bgp_peering_address if item.bgp is not None else None
        if address is not None and address in APIPA and item.address_prefixes:
            message = f"for the APIPA peer {address} Azure's guides leave the prefixes out: the routes come by BGP"
            yield Breach(("local_network_gateways", name, "address_prefixes"), message, "warning")


def b42_a_single_instance_is_one_of_two(scenario: Scenario) -> Breaches:
    """B42: a site's device may have a tunnel with one instance only of an active-active gateway."""
    for name, item in sound_connections(scenario).items():
        if item.gateway_instance is None or lacks_gateway(scenario, item):
            continue
        vnets = [end for end in item.between if end in scenario.vnets]
        active = len(vnets) == 1 and vpn_gateways(scenario)[vnets[0]].active_active
        if not active or not any(end in scenario.sites for end in item.between):
            message = "only a connection of an active-active gateway and a site has two tunnels; leave it out"
            yield Breach(("connections", name, "gateway_instance"), message)


def b43_addresses_of_tunnels_are_used(scenario: Scenario) -> Breaches:
    """B43: each address of a device's list belongs to one of its tunnels."""
    used = {path: set(_in_tunnels(scenario, facing)) for path, facing in _by_device(scenario).items()}
    written: list[tuple[Path, BgpSettings | VpnDevice]] = [
        (("sites", name, "bgp"), site.bgp)
        for name, site in scenario.sites.items()
        if site.bgp is not None and not site.devices
    ]
    written += [
        (("sites", name, "devices", device), item)
        for name, site in scenario.sites.items()
        for device, item in site.devices.items()
    ]
    for path, settings in written:
        for index, address in enumerate(settings.bgp_peering_addresses):
            if address not in used.get(path, ()):
                right = "leave it out, or give a gateway's instance the other address of its /30"
                yield Breach((*path, "bgp_peering_addresses", index), f"no tunnel of the device has {address}; {right}")


def _by_device(scenario: Scenario) -> dict[Path, list[Facing]]:
    """The connections of each device, by its place in the file."""
    found: dict[Path, list[Facing]] = {}
    for facing in _with_bgp(scenario):
        found.setdefault(facing.path, []).append(facing)
    return found


def _in_tunnels(scenario: Scenario, connections: list[Facing]) -> Iterator[IPv4Address]:
    """The addresses that a device has in its tunnels."""
    place = 0
    for facing in connections:
        of_instances = _apipa(scenario, facing.vnet)
        of_gateway = frozenset(address for own in of_instances for address in own)
        usable = tuple(address for address in facing.addresses if of_gateway or address not in APIPA)
        for own in of_instances:
            address = address_in_tunnel(usable, place, own, of_gateway, facing.connection.custom_bgp_addresses)
            if address is not None:
                yield address
            place += 1


def local_network_gateways_have_one_bgp_address(scenario: Scenario) -> Breaches:
    """A local network gateway holds one BGP address of the device."""
    for name, item in scenario.local_network_gateways.items():
        if item.bgp is not None and item.bgp.bgp_peering_addresses:
            path = ("local_network_gateways", name, "bgp", "bgp_peering_addresses")
            yield Breach(path, "a local network gateway has one; write bgp_peering_address")


def devices_leave_the_addresses_of_links(scenario: Scenario) -> Breaches:
    """A device's BGP address is none of those that the links of a lab have."""
    for path, owner, address in bgp_addresses(scenario):
        if owner in scenario.sites and address in LAB_LINKS:
            yield Breach(path, f"{address} is in {LAB_LINKS}, which the links of a lab have; use another APIPA address")
