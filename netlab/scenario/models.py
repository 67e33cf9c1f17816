"""Azure's nouns: what a scenario file may say. Frozen; unknown keys are refused.

YAML keys are Azure's property names in snake_case. What Azure's documents say about these objects together is in
``rules``; here is only their shape.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, WithJsonSchema, model_validator

# Differs from Azure: resource names there allow '_', '.' and up to 64 or 80 characters. Here a name becomes part of
# the names of namespaces, of interfaces and of UNIX sockets (107 bytes).
NAME = r"^[A-Za-z][A-Za-z0-9-]*$"
Name = Annotated[str, Field(pattern=NAME, max_length=32)]
ConnectionName = Annotated[str, Field(pattern=NAME, max_length=64)]
LabName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*$", max_length=40)]


def _network(value: object) -> IPv4Network:
    if isinstance(value, IPv4Network):
        return value
    if not isinstance(value, str) or "/" not in value:
        raise ValueError("not an IPv4 prefix; write it as 10.1.0.0/16")
    try:
        return IPv4Network(value)
    except ValueError:
        pass
    try:
        masked = IPv4Network(value, strict=False)
    except ValueError:
        raise ValueError("not an IPv4 prefix; write it as 10.1.0.0/16") from None
    raise ValueError(f"has host bits set; did you mean {masked}?")


def _address(value: object) -> IPv4Address:
    if isinstance(value, IPv4Address):
        return value
    try:
        if isinstance(value, str):
            return IPv4Address(value)
    except ValueError:
        pass
    raise ValueError("not an IPv4 address; write it as 10.1.0.4")


_DOTTED = r"(\d{1,3}\.){3}\d{1,3}"
Prefix = Annotated[
    IPv4Network,
    BeforeValidator(_network),
    WithJsonSchema({"type": "string", "pattern": rf"^{_DOTTED}/\d{{1,2}}$", "examples": ["10.1.0.0/16"]}),
]
Address = Annotated[
    IPv4Address,
    BeforeValidator(_address),
    WithJsonSchema({"type": "string", "pattern": rf"^{_DOTTED}$", "examples": ["10.1.0.4"]}),
]
Prefixes = Annotated[tuple[Prefix, ...], Field(min_length=1)]

Sku = Literal[
    "Basic", "Standard", "HighPerformance",
    "VpnGw1", "VpnGw2", "VpnGw3", "VpnGw4", "VpnGw5",
    "VpnGw1AZ", "VpnGw2AZ", "VpnGw3AZ", "VpnGw4AZ", "VpnGw5AZ",
]  # fmt: skip


HubRoutingPreference = Literal["ExpressRoute", "VpnGateway", "ASPath"]


class Model(BaseModel):
    """Base of all nouns: immutable, and a key that nobody knows is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def _shorthand(key: str, written: object) -> BeforeValidator:
    """Let ``name: value`` stand for ``name: {key: value}``; ``written`` is both, for the JSON Schema."""
    return BeforeValidator(
        lambda value: value if isinstance(value, dict | Model) else {key: value}, json_schema_input_type=written
    )


class UserRoute(Model):
    """A user-defined route: what its subnets send where, whatever the system's routes and BGP say."""

    address_prefix: Prefix
    next_hop_type: Literal["VirtualAppliance", "VirtualNetworkGateway", "VnetLocal", "Internet", "None"]
    next_hop_ip_address: Address | None = None

    @model_validator(mode="after")
    def _one_next_hop(self) -> UserRoute:
        if (self.next_hop_type == "VirtualAppliance") != (self.next_hop_ip_address is not None):
            raise ValueError("a next hop of type VirtualAppliance has a `next_hop_ip_address`, no other has")
        return self


class RouteTable(Model):
    """A route table; subnets name it. Without propagation they have no route of a gateway, static or BGP's (5.1)."""

    disable_bgp_route_propagation: bool = False
    routes: dict[Name, UserRoute] = {}


class Subnet(Model):
    """A subnet of a VNet, with its route table if it has one."""

    address_prefix: Prefix
    route_table: str | None = None


class NvaBgp(Model):
    """The BGP of an appliance: with the Route Server of its VNet, with sites behind it (its own SD-WAN), at the ends of
    its tunnels, and with ``appliances`` of peered VNets, by their names VNET-VM.

    To the Route Server it tells its own ASN in the place of 65515 with ``as_override`` (A31). It announces prefixes of
    its own besides those of the sites: with its ASN ``as_path_prepend`` more times, those of ``no_advertise`` for the
    Route Server's VNets only (A22), and with another ``next_hop`` than itself if given (A14).
    """

    asn: Annotated[int, Field(ge=1, le=4294967295)]
    announces: tuple[Prefix, ...] = ()
    as_path_prepend: Annotated[int, Field(ge=0, le=10)] = 0
    no_advertise: tuple[Prefix, ...] = ()
    next_hop: Address | None = None
    route_server_instances: tuple[Literal[0, 1], ...] = (0, 1)
    sites: tuple[str, ...] = ()
    appliances: tuple[str, ...] = ()
    as_override: bool = False


class NetworkVirtualAppliance(Model):
    """What makes a virtual machine an appliance: it forwards, and to the Internet under its own address.

    One that ends connections is a VPN server of one's own (R90). ``static_routes`` says, per connection, which prefixes
    it sends into the tunnel; without it: the prefixes at the other end, or nothing where BGP tells.
    """

    bgp: NvaBgp | None = None
    static_routes: dict[ConnectionName, tuple[Prefix, ...]] = {}


class VirtualMachine(Model):
    """A workload with one NIC; its address is the first free one of the subnet unless given.

    ``enable_ip_forwarding`` is the NIC's (R116): without it not even an ``nva`` gets what is not its own. So is
    ``public_ip_address``: Azure translates it, and the machine never sees it.
    """

    subnet: str
    private_ip_address: Address | None = None
    public_ip_address: Address | None = None
    enable_ip_forwarding: bool = False
    nva: NetworkVirtualAppliance | None = None


class BgpSettings(Model):
    """ASN and BGP address of a gateway or of an on-premises device; the address has a default (B8, B10).

    ``bgp_peering_addresses`` are those of an active-active gateway, in the order of its instances (R14).
    """

    asn: Annotated[int, Field(ge=1, le=4294967295)]
    bgp_peering_address: Address | None = None
    bgp_peering_addresses: tuple[Address, ...] = ()


class PointToSite(Model):
    """A gateway's point-to-site configuration.

    ``root_certificates`` names the roots that it trusts (the lab makes them; the same name is the same root in all
    gateways), ``revoked_certificates`` the clients whose certificates it refuses. Differs from Azure: without
    ``authentication_types`` clients have a PSK each, and a gateway has one type, not several.
    """

    address_pool: Prefix
    tunnel_types: tuple[Literal["IkeV2"], ...] = ("IkeV2",)
    authentication_types: Annotated[tuple[Literal["Certificate", "EapMSChapv2"], ...], Field(max_length=1)] = ()
    root_certificates: Annotated[tuple[Name, ...], Field(min_length=1)] = ("root",)
    revoked_certificates: tuple[str, ...] = ()
    custom_routes: tuple[Prefix, ...] = ()

    @property
    def authentication(self) -> Literal["Certificate", "EapMSChapv2"] | None:
        """How its clients say who they are; None for a PSK."""
        return next(iter(self.authentication_types), None)


class VpnGateway(Model):
    """A virtual network gateway of type Vpn: two instances, one of them on standby unless ``active_active``.

    ``public_ip_addresses`` are those of an active-active gateway, in the order of its instances (R14); the third is for
    point-to-site (R13). ``default_site`` is the site that gets what nothing else leads anywhere (R84).
    """

    sku: Sku = "VpnGw1"
    vpn_type: Literal["RouteBased", "PolicyBased"] = "RouteBased"
    active_active: bool = False
    bgp: BgpSettings | None = None
    point_to_site: PointToSite | None = None
    default_site: str | None = None
    public_ip_address: Address | None = None
    public_ip_addresses: tuple[Address, ...] = ()


class ExpressRouteGateway(Model):
    """A virtual network gateway of type ExpressRoute, alone or beside a VPN gateway, in GatewaySubnet (R92)."""


class CircuitConnection(Model):
    """The connection of a circuit with the ExpressRoute gateway of a VNet: its weight counts before AS paths (R99)."""

    routing_weight: Annotated[int, Field(ge=0, le=32_000)] = 0


class Circuit(Model):
    """An ExpressRoute circuit: a site's private peering with a pair of Microsoft's edge routers, ASN 12076.

    The site prefers what comes over it, as Microsoft advises (R95), unless ``preferred_on_premises`` is false. ``bfd``
    and ``hold_time_seconds`` are those of its device, with which Microsoft's side goes along (R98).
    """

    site: str
    vnets: Annotated[dict[str, CircuitConnection], Field(min_length=1)]
    sku_tier: Literal["Standard", "Premium"] = "Standard"
    preferred_on_premises: bool = True
    bfd: bool = False
    hold_time_seconds: Annotated[int, Field(ge=3, le=180)] = 180


class RouteServer(Model):
    """A Route Server: two instances in RouteServerSubnet, ASN 65515 (A3, A4).

    With ``allow_branch_to_branch_traffic`` it exchanges routes with the VNet's gateways too (A23). Of equal prefixes
    ``hub_routing_preference`` says whose it takes (A27).
    """

    allow_branch_to_branch_traffic: bool = False
    hub_routing_preference: HubRoutingPreference = "ExpressRoute"


class VirtualNetwork(Model):
    """A VNet with its subnets, virtual machines and, if it has them, its VPN gateway and its Route Server.

    Connections work across regions, subscriptions and deployment models (seed 003); classic has no BGP (R79).
    """

    region: str = ""
    subscription: str = ""
    deployment_model: Literal["ResourceManager", "Classic"] = "ResourceManager"
    address_space: Prefixes
    subnets: dict[Name, Annotated[Subnet, _shorthand("address_prefix", Prefix | Subnet)]]
    vms: dict[Name, VirtualMachine] = {}
    vpn_gateway: VpnGateway | None = None
    expressroute_gateway: ExpressRouteGateway | None = None
    route_server: RouteServer | None = None


class Peering(Model):
    """One direction of a VNet peering; a pair needs both (R101)."""

    vnet: str
    remote_vnet: str
    allow_virtual_network_access: bool = True
    allow_forwarded_traffic: bool = False
    allow_gateway_transit: bool = False
    use_remote_gateways: bool = False


class VpnDevice(Model):
    """One of several VPN devices of a site; its ASN is the site's."""

    bgp_peering_address: Address | None = None
    public_ip_address: Address | None = None


class Site(Model):
    """An on-premises network: a VPN device and the hosts behind it, or several devices with a router before them (R73).

    ``static_routes`` says, per connection, which prefixes the device sends into the tunnel; without it: the address
    space of the VNet at the other end, or nothing where BGP tells. ``as_path_prepend`` says, per connection, how many
    times the device puts its ASN before the paths that it announces there (B28).
    """

    address_prefixes: Prefixes
    bgp: BgpSettings | None = None
    hosts: dict[Name, Address] = {}
    public_ip_address: Address | None = None
    devices: dict[Name, VpnDevice] = {}
    as_path_prepend: dict[ConnectionName, Annotated[int, Field(ge=1, le=10)]] = {}
    static_routes: dict[ConnectionName, tuple[Prefix, ...]] = {}


class LocalNetworkGateway(Model):
    """What an Azure gateway is told of the device at the other end: a site's, a VNet's gateway or an appliance."""

    site: str | None = None
    vnet: str | None = None
    nva: str | None = None
    address_prefixes: tuple[Prefix, ...] = ()
    bgp: BgpSettings | None = None

    model_config = ConfigDict(
        json_schema_extra={"oneOf": [{"required": [key]} for key in ("site", "vnet", "nva")]},
    )

    @model_validator(mode="after")
    def _one_device(self) -> LocalNetworkGateway:
        if sum(name is not None for name in (self.site, self.vnet, self.nva)) != 1:
            raise ValueError("name the device it stands for: `site`, `vnet` or `nva`")
        return self

    @property
    def device(self) -> str:
        """The name of the site, VNet or appliance it stands for."""
        return self.site or self.vnet or self.nva or ""


class IpsecPolicy(Model):
    """A custom IPsec/IKE policy: replaces Azure's default proposals, as initiator and as responder (R40, R41)."""

    ike_encryption: Literal["AES128", "AES192", "AES256", "DES", "DES3", "GCMAES128", "GCMAES256"]
    ike_integrity: Literal["MD5", "SHA1", "SHA256", "SHA384", "GCMAES128", "GCMAES256"]
    dh_group: Literal["None", "DHGroup1", "DHGroup2", "DHGroup14", "DHGroup2048", "DHGroup24", "ECP256", "ECP384"]
    ipsec_encryption: Literal[
        "None", "DES", "DES3", "AES128", "AES192", "AES256", "GCMAES128", "GCMAES192", "GCMAES256"
    ]
    ipsec_integrity: Literal["MD5", "SHA1", "SHA256", "GCMAES128", "GCMAES192", "GCMAES256"]
    pfs_group: Literal["None", "PFS1", "PFS2", "PFS2048", "PFS14", "PFS24", "PFSMM", "ECP256", "ECP384"]
    sa_life_time_seconds: int = 27_000
    sa_data_size_kilobytes: int = 102_400_000


class TrafficSelectorPolicy(Model):
    """Custom traffic selectors: every local range with every remote one, seen from the gateway (R50)."""

    local_address_ranges: Prefixes
    remote_address_ranges: Prefixes


class TunnelSettings(Model):
    """How one end of a connection is set."""

    shared_key: SecretStr | None = None
    connection_protocol: Literal["IKEv1", "IKEv2"] | None = None
    connection_mode: Literal["Default", "InitiatorOnly", "ResponderOnly"] = "Default"
    ipsec_policy: IpsecPolicy | None = None
    use_policy_based_traffic_selectors: bool = False
    traffic_selector_policies: tuple[TrafficSelectorPolicy, ...] = ()


class Connection(TunnelSettings):
    """A connection between two gateways, or a gateway and a site; in a gateway's place also an appliance, VNET-VM.

    For two VNets it stands for the pair of connection objects that Azure wants, one per direction (R74). One without a
    VNet's gateway is no object of Azure's: what both its ends are set to, as if they were gateways (R90).
    ``local_network_gateways`` names, for a VNet of ``between``, the local network gateway which its gateway uses for
    the other end; without it the other end's prefixes, or just its BGP address where BGP runs (B11). ``device`` is the
    site's device, of several. The settings are those of both ends, unless ``other_end`` says how the second of
    ``between`` is set instead: a mistake, or a device with a mind of its own.
    """

    type: Literal["IPsec", "Vnet2Vnet"]
    between: Annotated[tuple[str, ...], Field(min_length=2, max_length=2)]
    device: str | None = None
    enable_bgp: bool = False
    local_network_gateways: dict[str, str] = {}
    push_prefixes_to_p2s: bool = True
    dpd_timeout_seconds: int = 45
    other_end: TunnelSettings | None = None

    def settings(self, end: str) -> TunnelSettings:
        """How one end is set."""
        return self.other_end if self.other_end is not None and end == self.between[1] else self

    def other(self, end: str) -> str:
        """The name at the other end."""
        return self.between[1] if end == self.between[0] else self.between[0]


class ClientCertificate(Model):
    """A client's certificate, by the name of the root that issued it, whether or not a gateway trusts that one."""

    issued_by: Name


class Client(Model):
    """A point-to-site client on the Internet, connected to the VPN gateway of the VNet ``gateway``.

    And at the same time to those of ``further_gateways`` (R67). Its certificate is by the first root that ``gateway``
    trusts, unless ``certificate`` says otherwise; ``password`` is what its user types where EAP asks for one.
    """

    os: Literal["windows", "linux"]
    gateway: str
    further_gateways: tuple[str, ...] = ()
    certificate: ClientCertificate | None = None
    password: Literal["right", "wrong"] = "right"
    public_ip_address: Address | None = None
    local_network: Prefix | None = None

    @property
    def gateways(self) -> tuple[str, ...]:
        """The VNets to whose gateways it connects, in this order."""
        return (self.gateway, *self.further_gateways)


class ClientRoute(Model):
    """A route of a client into its tunnel to ``gateway``, added or removed by hand."""

    client: str
    prefix: Prefix


class ClientOnly(Model):
    """The client that an action is about; of several tunnels the one to the gateway of a VNet, else all."""

    client: str
    gateway: str | None = None


class SitePrefix(Model):
    """A prefix that a site's or an appliance's BGP announces or withdraws; with ``count`` so many equal parts of it."""

    site: str | None = None
    nva: str | None = None
    prefix: Prefix
    count: Annotated[int, Field(ge=1, le=20_000)] = 1

    @model_validator(mode="after")
    def _one_speaker(self) -> SitePrefix:
        if (self.site is None) == (self.nva is None):
            raise ValueError("name who tells: either `site` or `nva`")
        return self

    @property
    def speaker(self) -> str:
        """Who tells: the name of a site, or the node of an appliance."""
        return self.site or (self.nva or "").lower()

    @property
    def parts(self) -> frozenset[IPv4Network]:
        """The prefixes: the one that is named, or so many equal parts of it."""
        found = self.prefix.subnets(new_prefix=self.prefix.prefixlen + (self.count - 1).bit_length())
        return frozenset(next(found) for _ in range(self.count))


class CircuitLink(Model):
    """A circuit, or one of its two links to a site."""

    circuit: str
    link: Literal["primary", "secondary"] | None = None


class OneMachine(Model):
    """A virtual machine, by its own name where that is the only one, else as VNET-VM."""

    vm: str


class ConnectionTunnel(Model):
    """A connection, or the one tunnel of it that ends at this instance of an active-active gateway."""

    connection: str
    instance: Literal[0, 1] | None = None


class LinkOf(Model):
    """The link to the Internet of a VNet's gateway, a site or a client; of a ``device`` where a site has several."""

    name: str
    device: str | None = None


class SiteDevice(Model):
    """A site's VPN device; which, where it has several."""

    site: str
    device: str | None = None


class GatewayFault(Model):
    """A VPN gateway that loses an instance: its active one, or the named one of an active-active gateway (R8)."""

    vnet: str
    planned: bool = False
    instance: Literal[0, 1] | None = None


class NewKey(Model):
    """A new shared key of a connection: at both ends, or at the named one only."""

    connection: str
    shared_key: SecretStr
    end: str | None = None


class CustomRoutes(Model):
    """The custom routes that a gateway pushes to its clients from now on (R63)."""

    vnet: str
    prefixes: tuple[Prefix, ...]


class Action(Model):
    """One action of a story: exactly one key."""

    add_route: ClientRoute | None = None
    remove_route: ClientRoute | None = None
    download_profile: ClientOnly | None = None
    connect: ClientOnly | None = None
    disconnect: ClientOnly | None = None
    reconnect: ClientOnly | None = None
    announce: SitePrefix | None = None
    withdraw: SitePrefix | None = None
    fail_tunnel: ConnectionTunnel | None = None
    restore_tunnel: ConnectionTunnel | None = None
    cut_link: LinkOf | None = None
    mend_link: LinkOf | None = None
    silence_device: SiteDevice | None = None
    wake_device: SiteDevice | None = None
    fail_gateway: GatewayFault | None = None
    restore_gateway: GatewayFault | None = None
    set_key: NewKey | None = None
    set_custom_routes: CustomRoutes | None = None
    stop_vm: OneMachine | None = None
    start_vm: OneMachine | None = None
    fail_circuit: CircuitLink | None = None
    restore_circuit: CircuitLink | None = None

    model_config = ConfigDict(json_schema_extra={"minProperties": 1, "maxProperties": 1})

    @model_validator(mode="after")
    def _exactly_one(self) -> Action:
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


Subject = (
    ClientRoute
    | ClientOnly
    | SitePrefix
    | ConnectionTunnel
    | LinkOf
    | SiteDevice
    | GatewayFault
    | NewKey
    | CustomRoutes
    | OneMachine
    | CircuitLink
)


def _reach(value: Any) -> Any:
    if value == "reachable":
        return {"expected": "reachable"}
    if isinstance(value, dict) and "via" in value:
        return {"expected": "reachable", **value}
    if value == "unreachable":
        return {"expected": "unreachable"}
    if isinstance(value, dict) and "unreachable" in value:
        rest = {key: item for key, item in value.items() if key != "unreachable"}
        return {"expected": "unreachable", "reason": value["unreachable"], **rest}
    if isinstance(value, dict | Reach):
        return value
    raise ValueError("write reachable, {via: [node]}, unreachable or {unreachable: why, dropped_at: node}")


class Reach(Model):
    """What is expected of a cell: ``reachable``, ``unreachable`` or ``{unreachable: why, dropped_at: node}``.

    ``{via: [node, node]}`` is reachable over these nodes, in this order, whatever lies between them.
    """

    expected: Literal["reachable", "unreachable"]
    reason: str = ""
    dropped_at: str | None = None
    via: tuple[str, ...] = ()


class Unreachable(Model):
    """How a file writes an expected failure, for the JSON Schema."""

    unreachable: str
    dropped_at: str | None = None


class Via(Model):
    """How a file writes an expected path, for the JSON Schema."""

    via: tuple[str, ...]


_Written = Literal["reachable", "unreachable"] | Unreachable | Via | Reach


class Expectation(Model):
    """What a step of the story expects; what it leaves out stays as the step before expected it.

    ``routes`` are the VPN routes of a client, complete. ``reach`` is source, target, expectation; a VNet stands for
    its virtual machines, a site for its hosts. ``connections`` are their states as Azure shows them, ``learned`` the
    prefixes that a VNet's gateway, a site, or the node of a Route Server or an appliance has learned by BGP, with the
    AS path, or ``absent``.
    """

    routes: dict[str, tuple[Prefix, ...]] = {}
    connections: dict[str, Literal["Connected", "Connecting", "NotConnected"]] = {}
    learned: dict[str, dict[str, str]] = {}
    reach: dict[str, dict[str, Annotated[Reach, BeforeValidator(_reach, json_schema_input_type=_Written)]]] = {}


class Flow(Model):
    """A flow of 100 packets a second that runs while a step acts; its longest gap is the outage, in Azure's seconds."""

    source: str
    target: str
    outage_at_most: Annotated[float, Field(ge=0)] | None = None


class Step(Model):
    """A step of the story: actions, then what is expected after them."""

    name: Annotated[str, Field(min_length=1, max_length=80, pattern=r"^[^\x00-\x1f]+$")]
    do: tuple[Action, ...] = ()
    flow: Flow | None = None
    expect: Expectation = Expectation()


def _quantity(units: dict[str, float], example: str) -> BeforeValidator:
    """Read a number with a unit, as tc writes it; the result is in the unit whose factor is 1."""
    pattern = re.compile(rf"([0-9]{{1,9}}(?:\.[0-9]{{1,6}})?)({'|'.join(map(re.escape, units))})")

    def read(value: object) -> object:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return value
        found = pattern.fullmatch(value) if isinstance(value, str) else None
        if found is None:
            raise ValueError(f"write a number with a unit, as {example}")
        return float(found[1]) * units[found[2]]

    return BeforeValidator(read)


_MILLISECONDS = _quantity({"ms": 1, "us": 0.001, "s": 1000}, "40ms")
_PERCENT = _quantity({"%": 1}, "1%")
_KBIT = _quantity({"kbit": 1, "mbit": 1000, "gbit": 1_000_000}, "100mbit")


class Impairment(Model):
    """What a link to the Internet does to packets, each way: milliseconds, per cent, kbit/s."""

    delay: Annotated[float, Field(ge=0, le=10_000), _MILLISECONDS] = 0
    jitter: Annotated[float, Field(ge=0, le=10_000), _MILLISECONDS] = 0
    loss: Annotated[float, Field(ge=0, le=100), _PERCENT] = 0
    rate: Annotated[float, Field(ge=0, le=100_000_000), _KBIT] = 0

    @model_validator(mode="after")
    def _says_something(self) -> Impairment:
        if not (self.delay or self.loss or self.rate):
            raise ValueError("say delay, loss or rate; jitter needs a delay")
        return self


class Scenario(Model):
    """A topology in Azure's words and the story that is told about it.

    ``links`` impairs the way to the Internet of a VNet's gateway, a site or a client. ``profile`` says which documents
    count where they differ: the seeds or the current ones (azure-rules.md, section 7).
    """

    name: LabName
    description: str = ""
    notes: tuple[str, ...] = ()
    time_scale: Annotated[float, Field(ge=1, le=60)] = 20
    profile: Literal["current", "seed"] = "current"
    route_tables: dict[Name, RouteTable] = {}
    vnets: dict[Name, VirtualNetwork] = {}
    peerings: dict[ConnectionName, Peering] = {}
    sites: dict[Name, Site] = {}
    expressroute_circuits: dict[Name, Circuit] = {}
    local_network_gateways: dict[ConnectionName, LocalNetworkGateway] = {}
    connections: dict[ConnectionName, Connection] = {}
    clients: dict[Name, Client] = {}
    links: dict[Name, Impairment] = {}
    story: tuple[Step, ...] = ()

    @property
    def appliances(self) -> dict[str, tuple[str, str]]:
        """Every appliance, VNet and machine, by the name VNET-VM that connections know it by."""
        return {
            f"{name}-{vm}": (name, vm)
            for name, vnet in self.vnets.items()
            for vm, machine in vnet.vms.items()
            if machine.nva is not None
        }

    def appliance(self, end: str) -> NetworkVirtualAppliance:
        """The appliance of this name."""
        vnet, vm = self.appliances[end]
        nva = self.vnets[vnet].vms[vm].nva
        assert nva is not None
        return nva

    def static_routes(self, end: str) -> dict[str, tuple[IPv4Network, ...]]:
        """What a site's device or an appliance is told to send into tunnels, by connection."""
        return (self.sites[end] if end in self.sites else self.appliance(end)).static_routes

    def prefixes_of(self, end: str) -> tuple[IPv4Network, ...]:
        """What is at an end of a connection: the address space of a VNet, also an appliance's, or a site's prefixes."""
        if end in self.sites:
            return self.sites[end].address_prefixes
        vnet, _ = self.appliances.get(end, (end, ""))
        return self.vnets[vnet].address_space

    def connections_of(self, end: str) -> Iterator[tuple[str, Connection]]:
        """The connections that end at this VNet, site or appliance, in the file's order."""
        return ((name, item) for name, item in self.connections.items() if end in item.between)

    def peered(self, vnet: str) -> Iterator[tuple[Peering, Peering]]:
        """The connected peerings of a VNet: its own object and the remote one (R101)."""
        for mine in self.peerings.values():
            theirs = self.peering(mine.remote_vnet, mine.vnet)
            if mine.vnet == vnet and theirs is not None:
                yield mine, theirs

    def peering(self, vnet: str, remote: str) -> Peering | None:
        """The peering object from one VNet to another."""
        return next((p for p in self.peerings.values() if (p.vnet, p.remote_vnet) == (vnet, remote)), None)

    def spokes(self, vnet: str) -> tuple[str, ...]:
        """The VNets that use this VNet's gateway through a connected peering (R103)."""
        return tuple(
            mine.remote_vnet
            for mine, theirs in self.peered(vnet)
            if mine.allow_gateway_transit and theirs.use_remote_gateways
        )

    def gateway_for(self, vnet: str) -> str | None:
        """The VNet whose gateway or Route Server serves this VNet: itself, or the one that it may use by peering."""
        own = self.vnets[vnet]
        if (own.vpn_gateway, own.expressroute_gateway, own.route_server) != (None, None, None):
            return vnet
        return next((mine.remote_vnet for mine, _ in self.peered(vnet) if vnet in self.spokes(mine.remote_vnet)), None)

    def route_table(self, vnet: str, subnet: str) -> RouteTable:
        """The route table of a subnet; an empty one where it has none."""
        name = self.vnets[vnet].subnets[subnet].route_table
        return RouteTable() if name is None else self.route_tables[name]

    def clients_of(self, vnet: str) -> Iterator[str]:
        """The point-to-site clients of a VNet's gateway."""
        return (name for name, client in self.clients.items() if vnet in client.gateways)


def node_name(*parts: str) -> str:
    """The name of a node, made of Azure's names: lower case, joined by dashes."""
    return "-".join(parts).lower()


def is_lab_name(text: str) -> bool:
    """Whether the text can name a lab."""
    return len(text) <= 40 and re.fullmatch(r"[a-z][a-z0-9-]*", text) is not None
