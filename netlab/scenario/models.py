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


class Model(BaseModel):
    """Base of all nouns: immutable, and a key that nobody knows is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def _shorthand(key: str, written: object) -> BeforeValidator:
    """Let ``name: value`` stand for ``name: {key: value}``; ``written`` is both, for the JSON Schema."""
    return BeforeValidator(
        lambda value: value if isinstance(value, dict | Model) else {key: value}, json_schema_input_type=written
    )


class Subnet(Model):
    """A subnet of a VNet."""

    address_prefix: Prefix


class VirtualMachine(Model):
    """A workload with one NIC; its address is the first free one of the subnet unless given."""

    subnet: str
    private_ip_address: Address | None = None


class BgpSettings(Model):
    """ASN and BGP address of a gateway or of an on-premises device; the address has a default (B8, B10)."""

    asn: Annotated[int, Field(ge=1, le=4294967295)]
    bgp_peering_address: Address | None = None


class PointToSite(Model):
    """A gateway's point-to-site configuration."""

    address_pool: Prefix
    tunnel_types: tuple[Literal["IkeV2"], ...] = ("IkeV2",)


class VpnGateway(Model):
    """A virtual network gateway of type Vpn."""

    sku: Sku = "VpnGw1"
    vpn_type: Literal["RouteBased", "PolicyBased"] = "RouteBased"
    bgp: BgpSettings | None = None
    point_to_site: PointToSite | None = None
    public_ip_address: Address | None = None


class VirtualNetwork(Model):
    """A VNet with its subnets, virtual machines and, if it has one, its VPN gateway."""

    address_space: Prefixes
    subnets: dict[Name, Annotated[Subnet, _shorthand("address_prefix", Prefix | Subnet)]]
    vms: dict[Name, VirtualMachine] = {}
    vpn_gateway: VpnGateway | None = None


class Peering(Model):
    """One direction of a VNet peering; a pair needs both (R101)."""

    vnet: str
    remote_vnet: str
    allow_virtual_network_access: bool = True
    allow_forwarded_traffic: bool = False
    allow_gateway_transit: bool = False
    use_remote_gateways: bool = False


class Site(Model):
    """An on-premises network: a VPN device and the hosts behind it.

    ``static_routes`` says, per connection, which prefixes the device sends into the tunnel; without it: the address
    space of the VNet at the other end, or nothing where BGP tells.
    """

    address_prefixes: Prefixes
    bgp: BgpSettings | None = None
    hosts: dict[Name, Address] = {}
    public_ip_address: Address | None = None
    static_routes: dict[ConnectionName, tuple[Prefix, ...]] = {}


class LocalNetworkGateway(Model):
    """What an Azure gateway is told of the device at the other end: a site's or another VNet's gateway."""

    site: str | None = None
    vnet: str | None = None
    address_prefixes: tuple[Prefix, ...] = ()
    bgp: BgpSettings | None = None

    model_config = ConfigDict(
        json_schema_extra={"oneOf": [{"required": ["site"]}, {"required": ["vnet"]}]},
    )

    @model_validator(mode="after")
    def _one_device(self) -> LocalNetworkGateway:
        if (self.site is None) == (self.vnet is None):
            raise ValueError("name the device it stands for: either `site` or `vnet`")
        return self

    @property
    def device(self) -> str:
        """The name of the site or VNet it stands for."""
        return self.site or self.vnet or ""


class Connection(Model):
    """A connection between two gateways, or a gateway and a site.

    For two VNets it stands for the pair of connection objects that Azure wants, one per direction (R74).
    ``local_network_gateways`` names, for a VNet of ``between``, the local network gateway which its gateway uses for
    the other end; without it the other end's prefixes, or just its BGP address where BGP runs (B11).
    """

    type: Literal["IPsec", "Vnet2Vnet"]
    between: Annotated[tuple[str, ...], Field(min_length=2, max_length=2)]
    enable_bgp: bool = False
    shared_key: SecretStr | None = None
    local_network_gateways: dict[str, str] = {}
    push_prefixes_to_p2s: bool = True

    def other(self, end: str) -> str:
        """The name at the other end."""
        return self.between[1] if end == self.between[0] else self.between[0]


class Client(Model):
    """A point-to-site client on the Internet, connected to the VPN gateway of the VNet ``gateway``."""

    os: Literal["windows", "linux"]
    gateway: str
    public_ip_address: Address | None = None
    local_network: Prefix | None = None


class ClientRoute(Model):
    """A route of a client, added or removed by hand."""

    client: str
    prefix: Prefix


class ClientOnly(Model):
    """The client that an action is about."""

    client: str


class SitePrefix(Model):
    """A prefix that a site's BGP announces or withdraws."""

    site: str
    prefix: Prefix


class Action(Model):
    """One action of a story: exactly one key."""

    add_route: ClientRoute | None = None
    remove_route: ClientRoute | None = None
    download_profile: ClientOnly | None = None
    reconnect: ClientOnly | None = None
    announce: SitePrefix | None = None
    withdraw: SitePrefix | None = None

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
    def subject(self) -> ClientRoute | ClientOnly | SitePrefix:
        """The value of the key that is set."""
        subject: ClientRoute | ClientOnly | SitePrefix = getattr(self, self.verb)
        return subject


def _reach(value: Any) -> Any:
    if value == "reachable":
        return {"expected": "reachable"}
    if value == "unreachable":
        return {"expected": "unreachable"}
    if isinstance(value, dict) and "unreachable" in value:
        rest = {key: item for key, item in value.items() if key != "unreachable"}
        return {"expected": "unreachable", "reason": value["unreachable"], **rest}
    if isinstance(value, dict | Reach):
        return value
    raise ValueError("write reachable, unreachable or {unreachable: why, dropped_at: node}")


class Reach(Model):
    """What is expected of a cell: ``reachable``, ``unreachable`` or ``{unreachable: why, dropped_at: node}``."""

    expected: Literal["reachable", "unreachable"]
    reason: str = ""
    dropped_at: str | None = None


class Unreachable(Model):
    """How a file writes an expected failure, for the JSON Schema."""

    unreachable: str
    dropped_at: str | None = None


_Written = Literal["reachable", "unreachable"] | Unreachable | Reach


class Expectation(Model):
    """What a step of the story expects; what it leaves out stays as the step before expected it.

    ``routes`` are the VPN routes of a client, complete. ``reach`` is source, target, expectation; a VNet stands for
    its virtual machines, a site for its hosts.
    """

    routes: dict[str, tuple[Prefix, ...]] = {}
    reach: dict[str, dict[str, Annotated[Reach, BeforeValidator(_reach, json_schema_input_type=_Written)]]] = {}


class Step(Model):
    """A step of the story: actions, then what is expected after them."""

    name: Annotated[str, Field(min_length=1, max_length=80, pattern=r"^[^\x00-\x1f]+$")]
    do: tuple[Action, ...] = ()
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

    ``links`` impairs the way to the Internet of a VNet's gateway, a site or a client.
    """

    name: LabName
    description: str = ""
    notes: tuple[str, ...] = ()
    time_scale: Annotated[float, Field(ge=1, le=60)] = 20
    vnets: dict[Name, VirtualNetwork] = {}
    peerings: dict[ConnectionName, Peering] = {}
    sites: dict[Name, Site] = {}
    local_network_gateways: dict[ConnectionName, LocalNetworkGateway] = {}
    connections: dict[ConnectionName, Connection] = {}
    clients: dict[Name, Client] = {}
    links: dict[Name, Impairment] = {}
    story: tuple[Step, ...] = ()

    def connections_of(self, end: str) -> Iterator[tuple[str, Connection]]:
        """The connections that end at this VNet or site, in the file's order."""
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
        """The VNet whose VPN gateway serves this VNet's subnets: its own, or the one it may use by peering."""
        if self.vnets[vnet].vpn_gateway is not None:
            return vnet
        return next((mine.remote_vnet for mine, _ in self.peered(vnet) if vnet in self.spokes(mine.remote_vnet)), None)

    def clients_of(self, vnet: str) -> Iterator[str]:
        """The point-to-site clients of a VNet's gateway."""
        return (name for name, client in self.clients.items() if client.gateway == vnet)


def node_name(*parts: str) -> str:
    """The name of a node, made of Azure's names: lower case, joined by dashes."""
    return "-".join(parts).lower()


def is_lab_name(text: str) -> bool:
    """Whether the text can name a lab."""
    return len(text) <= 40 and re.fullmatch(r"[a-z][a-z0-9-]*", text) is not None
