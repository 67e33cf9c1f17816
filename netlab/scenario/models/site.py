"""On-premises sites, and the local network gateways that describe them to Azure."""

from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, model_validator

from netlab.scenario.models.gateway import BgpSettings
from netlab.scenario.values import Address, ConnectionName, Model, Name, Prefix, Prefixes


class VpnDevice(Model):
    """One of several VPN devices of a site. Its ASN is the site's."""

    bgp_peering_address: Address | None = None
    """The device's BGP address. Default: an address of the site (B10)."""
    bgp_peering_addresses: tuple[Address, ...] = ()
    """A BGP address for each of the device's tunnels, instead of one for all (B43)."""
    public_ip_address: Address | None = None
    """The device's public address. Default: one that the lab chooses."""


class DeviceSoftware(Model):
    """The programs that the VPN devices of a site run."""

    bgp: Literal["frr", "bird"] = "frr"
    """The BGP daemon, where the site has BGP: FRR or BIRD."""
    ipsec: Literal["strongswan", "libreswan"] = "strongswan"
    """The IPsec of its connections. A lab with Libreswan needs the kernel's data plane."""


class Site(Model):
    """An on-premises network: hosts behind a VPN device, or behind a router and several VPN devices (R73)."""

    address_prefixes: Prefixes
    """The prefixes of the site. They may contain networks that it is connected with: the longest prefix wins. None of
    them equals or lies in a VNet that it is connected with (R71)."""
    bgp: BgpSettings | None = None
    """The ASN and the BGP address of the site. Default: no BGP."""
    hosts: dict[Name, Address] = {}
    """The hosts, by name, and their addresses."""
    public_ip_address: Address | None = None
    """The public address of the only device. Default: one that the lab chooses."""
    behind: Name | None = None
    """The access network whose NAT router is before the only device, which has its public address then: the device
    initiates, unless the router forwards IKE (R32). Both ends identify the device by that address. Default: the device
    is on the Internet."""
    devices: dict[Name, VpnDevice] = {}
    """The VPN devices of a site that has several. Default: a single one (R73)."""
    software: DeviceSoftware = DeviceSoftware()
    """The programs that its devices run. What Azure sees of the site is the same with each of them."""
    announces: tuple[Prefix, ...] | None = None
    """The prefixes that the devices of the site advertise by BGP, the default route and supersets of a VNet included
    (B21, B24). Default: `address_prefixes`."""
    as_path_prepend: dict[ConnectionName, Annotated[int, Field(ge=1, le=10)]] = {}
    """How many more times the device puts its ASN before the paths that it advertises on a connection (B28)."""
    static_routes: dict[ConnectionName, tuple[Prefix, ...]] = {}
    """The prefixes that the device sends into a tunnel, by connection. Default: the address space of the VNet at the
    other end, or none if the connection has BGP."""


class LocalNetworkGateway(Model):
    """A local network gateway: describes the device at the other end of a connection to an Azure gateway. The device
    is a site's, a VNet's gateway or an appliance."""

    site: str | None = None
    """The site whose device this describes."""
    vnet: str | None = None
    """The VNet whose gateway this describes."""
    nva: str | None = None
    """The appliance that this describes, as VNET-VM."""
    address_prefixes: tuple[Prefix, ...] = ()
    """The prefixes that the gateway sends into the tunnel: its static routes (R82). At most 1,000 (R51)."""
    gateway_ip_address: Address | None = None
    """The public address of a site's device as Azure has it. Default: the right one. With another one the connection
    stays NotConnected."""
    bgp: BgpSettings | None = None
    """The ASN and the BGP address of the device (B7). Default: no BGP."""

    model_config = ConfigDict(
        json_schema_extra={"oneOf": [{"required": [key]} for key in ("site", "vnet", "nva")]},
    )

    @model_validator(mode="after")
    def _one_device(self) -> Self:
        if sum(name is not None for name in (self.site, self.vnet, self.nva)) != 1:
            raise ValueError("name the device that it describes: `site`, `vnet` or `nva`")
        return self

    @property
    def device(self) -> str:
        """The name of the site, VNet or appliance that it describes."""
        return self.site or self.vnet or self.nva or ""
