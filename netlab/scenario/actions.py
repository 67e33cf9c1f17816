"""The actions of a story, and the objects that they act on."""

from functools import cached_property
from ipaddress import IPv4Network
from typing import Annotated, Any, Literal, Self

from pydantic import ConfigDict, Field, SecretStr, model_validator

from netlab.scenario.values import Model, Prefix


class ClientRoute(Model):
    """A route of a client into its tunnel to ``gateway``, added or removed by hand."""

    client: str
    """The client."""
    prefix: Prefix
    """The destinations of the route; not 0.0.0.0/0, which the client needs for the tunnel itself (R64)."""


class ClientOnly(Model):
    """A client, or one of its tunnels."""

    client: str
    """The client."""
    gateway: str | None = None
    """The VNet whose gateway the tunnel leads to. Default: all tunnels of the client."""


class OneClient(Model):
    """A client."""

    client: str
    """The client."""


class SitePrefix(Model):
    """A prefix that a site or an appliance advertises by BGP, or withdraws."""

    site: str | None = None
    """The site that advertises."""
    nva: str | None = None
    """The appliance that advertises, as VNET-VM."""
    prefix: Prefix
    """The prefix."""
    count: Annotated[int, Field(ge=1, le=20_000)] = 1
    """How many equal parts of `prefix` are advertised in its place."""

    @model_validator(mode="after")
    def _one_speaker(self) -> Self:
        if (self.site is None) == (self.nva is None):
            raise ValueError("name the one that advertises: either `site` or `nva`")
        return self

    @property
    def speaker(self) -> str:
        """The BGP speaker: the name of a site, or the node of an appliance."""
        return self.site or (self.nva or "").lower()

    @cached_property
    def parts(self) -> frozenset[IPv4Network]:
        """The prefixes: the one that is named, or so many equal parts of it."""
        found = self.prefix.subnets(new_prefix=self.prefix.prefixlen + (self.count - 1).bit_length())
        return frozenset(next(found) for _ in range(self.count))


class CircuitLink(Model):
    """A circuit, or one of its two links to a site."""

    circuit: str
    """The circuit."""
    link: Literal["primary", "secondary"] | None = None
    """The link. Default: both."""


class OneMachine(Model):
    """A virtual machine."""

    vm: str
    """The machine, by its own name if no other machine has that name, else as VNET-VM."""


class ConnectionTunnel(Model):
    """A connection, or one of its tunnels."""

    connection: str
    """The connection."""
    instance: Literal[0, 1] | None = None
    """The instance of the active-active gateway at which the tunnel ends. Default: all tunnels."""


class LinkOf(Model):
    """The link to the Internet of a VNet's gateway, a site or a client."""

    name: str
    """The VNet, site or client."""
    device: str | None = None
    """The device of the site, if the site has several."""


class Everywhere(Model):
    """All of it. Write `{}`."""


class SiteDevice(Model):
    """The VPN device of a site."""

    site: str
    """The site."""
    device: str | None = None
    """The device, if the site has several."""


class BgpSpeaker(Model):
    """The BGP daemon of an appliance, or of a site's VPN device."""

    speaker: str
    """The appliance, as VNET-VM, or the site."""
    device: str | None = None
    """The device of the site, if the site has several."""


class BgpSession(Model):
    """The BGP sessions of an appliance or a site with its peers."""

    speaker: str
    """The appliance, as VNET-VM, or the site at whose end the sessions are shut down."""
    peer: str | None = None
    """The peer: the VNet of a Route Server or a gateway, an appliance as VNET-VM, a site or a circuit. Default: all."""
    instance: Literal[0, 1] | None = None
    """The instance of the Route Server or of the active-active gateway, or the circuit's edge router. Default: both."""


class GatewayFault(Model):
    """A VPN gateway that loses an instance, or gets it back (R8)."""

    vnet: str
    """The VNet of the gateway."""
    planned: bool = False
    """Whether it is maintenance, with a short interruption, or a failure (R8)."""
    instance: Literal[0, 1] | None = None
    """The instance of an active-active gateway. An active-standby one loses its active instance."""


class RouteServerFault(Model):
    """One of the two instances of a Route Server (A4)."""

    vnet: str
    """The VNet of the Route Server."""
    instance: Literal[0, 1]
    """The instance."""


class NewKey(Model):
    """A new shared key of a connection (R31)."""

    connection: str
    """The connection."""
    shared_key: SecretStr
    """The new key; 1 to 128 printable ASCII characters (R30)."""
    end: str | None = None
    """The end that gets the key. Default: both."""


class CustomRoutes(Model):
    """The custom routes that a gateway pushes to its clients from now on (R63)."""

    vnet: str
    """The VNet of the gateway."""
    prefixes: tuple[Prefix, ...]
    """All custom routes. They replace those before."""


# What is merged into a mapping of the file.
Patch = dict[str, Any]


class Change(Model):
    """A change of the scenario, in the words of its file, merged into what is there: null removes (RFC 7396).

    The machines, hosts and clients stay as they are: only a file that is applied adds or removes some.
    """

    vnets: Patch = Field(default_factory=dict)
    """What changes of VNets."""
    peerings: Patch = Field(default_factory=dict)
    """What changes of peerings."""
    route_tables: Patch = Field(default_factory=dict)
    """What changes of route tables."""
    network_security_groups: Patch = Field(default_factory=dict)
    """What changes of network security groups."""
    application_security_groups: Patch = Field(default_factory=dict)
    """What changes of application security groups."""
    nat_gateways: Patch = Field(default_factory=dict)
    """What changes of NAT gateways."""
    firewall_policies: Patch = Field(default_factory=dict)
    """What changes of the policies of Azure Firewalls."""
    firewalls: Patch = Field(default_factory=dict)
    """What changes of Azure Firewalls."""
    expressroute_circuits: Patch = Field(default_factory=dict)
    """What changes of ExpressRoute circuits."""
    provider_networks: Patch = Field(default_factory=dict)
    """What changes of the networks of providers."""
    route_filters: Patch = Field(default_factory=dict)
    """What changes of route filters."""
    sites: Patch = Field(default_factory=dict)
    """What changes of sites."""
    local_network_gateways: Patch = Field(default_factory=dict)
    """What changes of local network gateways."""
    connections: Patch = Field(default_factory=dict)
    """What changes of connections."""

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not self.parts:
            raise ValueError(f"name what changes, under {', '.join(type(self).model_fields)}")
        return self

    @property
    def parts(self) -> dict[str, Any]:
        """What is merged into the file."""
        return {key: getattr(self, key) for key in type(self).model_fields if getattr(self, key)}


class PeeringSync(Model):
    """A peering that takes over the address space which its remote VNet has now (R111)."""

    peering: str
    """The peering, of the VNet that shall use the new address space: not of the VNet whose address space changed."""

    @property
    def parts(self) -> dict[str, Any]:
        """What is merged into the file."""
        return {"peerings": {self.peering: {"remote_address_space": None}}}


# What an action has to change the scenario itself.
Reconfiguration = Change | PeeringSync

Subject = (
    ClientRoute
    | ClientOnly
    | OneClient
    | SitePrefix
    | ConnectionTunnel
    | LinkOf
    | Everywhere
    | SiteDevice
    | GatewayFault
    | RouteServerFault
    | NewKey
    | CustomRoutes
    | OneMachine
    | CircuitLink
    | BgpSpeaker
    | BgpSession
    | Change
    | PeeringSync
)


class Action(Model):
    """One action of a story. It has exactly one key."""

    add_route: ClientRoute | None = None
    """Add a route to a client by hand."""
    remove_route: ClientRoute | None = None
    """Remove a route of a client by hand."""
    download_profile: ClientOnly | None = None
    """Download the client's profile package anew. A Windows client gets its routes from it (1.3)."""
    connect: ClientOnly | None = None
    """Connect a client."""
    disconnect: ClientOnly | None = None
    """Disconnect a client."""
    reconnect: ClientOnly | None = None
    """Disconnect a client and connect it again."""
    restart_client: OneClient | None = None
    """Restart a client's computer. Its tunnels and the routes that were added by hand are gone, its profile stays, and
    it does not reconnect by itself (R66)."""
    announce: SitePrefix | None = None
    """Advertise a prefix by BGP."""
    withdraw: SitePrefix | None = None
    """Withdraw a prefix that was advertised by BGP."""
    fail_tunnel: ConnectionTunnel | None = None
    """Take a tunnel down; both ends notice at once."""
    restore_tunnel: ConnectionTunnel | None = None
    """Bring back a tunnel that `fail_tunnel` took down."""
    cut_link: LinkOf | None = None
    """Cut a link to the Internet. The other ends notice it only after a timeout (R38)."""
    mend_link: LinkOf | None = None
    """Mend a link that `cut_link` cut."""
    cut_internet: Everywhere | None = None
    """Cut the Internet. Microsoft's backbone, over which VNets' gateways reach each other, is not cut (R80)."""
    mend_internet: Everywhere | None = None
    """Mend the Internet that `cut_internet` cut."""
    silence_device: SiteDevice | None = None
    """Stop a VPN device without a word to the other end, which notices it after a timeout (R38)."""
    wake_device: SiteDevice | None = None
    """Start a VPN device that `silence_device` stopped."""
    fail_gateway: GatewayFault | None = None
    """Take an instance of a VPN gateway down (R8)."""
    restore_gateway: GatewayFault | None = None
    """Bring back an instance that `fail_gateway` took down."""
    fail_route_server: RouteServerFault | None = None
    """Take one instance of a Route Server down (A4). Its BGP peers notice it only after a timeout (A10)."""
    restore_route_server: RouteServerFault | None = None
    """Bring back an instance that `fail_route_server` took down."""
    set_key: NewKey | None = None
    """Set a new shared key of a connection (R31)."""
    set_custom_routes: CustomRoutes | None = None
    """Replace the custom routes of a gateway (R63)."""
    stop_vm: OneMachine | None = None
    """Stop a virtual machine."""
    start_vm: OneMachine | None = None
    """Start a virtual machine that `stop_vm` stopped."""
    fail_circuit: CircuitLink | None = None
    """Take an ExpressRoute circuit, or one of its links, down."""
    restore_circuit: CircuitLink | None = None
    """Bring back a circuit or link that `fail_circuit` took down."""

    stop_bgp_session: BgpSession | None = None
    """Shut BGP sessions down at one end. Their routes go, and packets for other routes pass as before."""
    start_bgp_session: BgpSession | None = None
    """Bring back BGP sessions that `stop_bgp_session` shut down."""
    stop_bgp_daemon: BgpSpeaker | None = None
    """Stop the BGP daemon of an appliance or a device. The machine forwards as before."""
    start_bgp_daemon: BgpSpeaker | None = None
    """Start a BGP daemon that `stop_bgp_daemon` stopped."""

    change: Change | None = None
    """Change what is configured on Azure: peerings and their flags, connections, route tables, address spaces."""

    sync_peering: PeeringSync | None = None
    """Have a peering take over the changed address space of its remote VNet (R111)."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1, "maxProperties": 1})

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        if len(self.model_fields_set) != 1 or self.subject is None:
            raise ValueError(f"an action has exactly one of the keys {', '.join(type(self).model_fields)}")
        return self

    @property
    def verb(self) -> str:
        """The key that is set."""
        return next(iter(self.model_fields_set))

    @property
    def subject(self) -> Subject:
        """The value of the key that is set."""
        subject: Subject = getattr(self, self.verb)
        return subject
