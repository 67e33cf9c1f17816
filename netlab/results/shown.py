"""What Azure's operations show of a running lab; the fields have the names that the keys have in the JSON of `az`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

Row = TypeVar("Row", covariant=True)


@dataclass(frozen=True, slots=True)
class Listing(Generic[Row]):
    """A list under a key, as some operations of `az` print it."""

    value: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Shown(Generic[Row]):
    """What an operation shows, and the daemons that did not answer."""

    rows: tuple[Row, ...]
    dead: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayRoute:
    """A route as `az network vnet-gateway list-learned-routes` and `list-advertised-routes` show it.

    The gateway's own routes have no ``nextHop``, advertised ones no ``sourcePeer``.
    """

    network: str
    nextHop: str | None = None
    sourcePeer: str | None = None
    origin: str
    asPath: str
    weight: int
    localAddress: str


@dataclass(frozen=True, slots=True)
class CircuitRoute:
    """A route of an edge router as `az network express-route list-route-tables` shows it."""

    locPrf: str
    network: str
    nextHop: str
    path: str
    weight: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PeerStatus:
    """A BGP peer as `az network vnet-gateway list-bgp-peer-status` shows it; ``reason`` is the lab's own word.

    The model has no durations and counts no messages.
    """

    neighbor: str
    asn: int
    state: str
    connectedDuration: str | None = None
    routesReceived: int
    messagesSent: int | None = None
    messagesReceived: int | None = None
    localAddress: str
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class TunnelStatus:
    """A tunnel of a connection."""

    tunnel: str
    connectionStatus: str
    ingressBytesTransferred: int
    egressBytesTransferred: int
    lastConnectionEstablishedUtcTime: str | None


@dataclass(frozen=True, slots=True)
class ConnectionStatus:
    """A connection as `az network vpn-connection show` shows it; ``reason`` is the lab's own word."""

    name: str
    connectionType: str
    connectionStatus: str
    enableBgp: bool
    ingressBytesTransferred: int
    egressBytesTransferred: int
    tunnelConnectionStatus: tuple[TunnelStatus, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class QuickModeSa:
    """A pair of ESP SAs of an IKE SA."""

    localEndpoint: str
    remoteEndpoint: str
    encryption: str
    integrity: str
    pfsGroupId: str
    inboundSPI: str
    outboundSPI: str
    localTrafficSelectors: tuple[str, ...]
    remoteTrafficSelectors: tuple[str, ...]
    lifeTimeInSeconds: int


@dataclass(frozen=True, slots=True)
class IkeSa:
    """An IKE SA as `az network vpn-connection list-ike-sas` shows it; ``connection`` says of which tunnel."""

    connection: str
    localEndpoint: str
    remoteEndpoint: str
    initiatorCookie: str
    responderCookie: str
    encryption: str
    integrity: str
    dhGroup: str
    lifeTimeInSeconds: int
    isSaInitiator: bool
    quickModeSA: tuple[QuickModeSa, ...]


@dataclass(frozen=True, slots=True)
class ClientSession:
    """A connected client as `az network vnet-gateway vpn-client show-health` shows it."""

    vpnConnectionId: str
    vpnConnectionDuration: int
    vpnConnectionTime: str | None
    publicIpAddress: str
    privateIpAddress: str
    vpnUserName: str
    ingressBytesTransferred: int
    egressBytesTransferred: int
    ingressPacketsTransferred: int | None
    egressPacketsTransferred: int | None


@dataclass(frozen=True, slots=True)
class Resource:
    """A resource of Azure by its id, which begins at its type: a lab has no subscription and no resource group."""

    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Association:
    """What a network security group is attached to: one of both."""

    networkInterface: Resource | None = None
    subnet: Resource | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectiveSecurityRule:
    """A rule as `az network nic list-effective-nsg` shows it; a service tag has its prefixes ``expanded``."""

    name: str
    priority: int
    direction: str
    access: str
    protocol: str
    sourceAddressPrefix: str | None = None
    sourceAddressPrefixes: tuple[str, ...]
    expandedSourceAddressPrefix: tuple[str, ...] | None = None
    sourcePortRange: str | None = None
    sourcePortRanges: tuple[str, ...]
    destinationAddressPrefix: str | None = None
    destinationAddressPrefixes: tuple[str, ...]
    expandedDestinationAddressPrefix: tuple[str, ...] | None = None
    destinationPortRange: str | None = None
    destinationPortRanges: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class EffectiveGroup:
    """A network security group as it is for a NIC; ``tagMap`` has the prefixes of each service tag in its rules."""

    association: Association
    networkSecurityGroup: Resource
    tagMap: dict[str, tuple[str, ...]]
    effectiveSecurityRules: tuple[EffectiveSecurityRule, ...]


@dataclass(frozen=True, slots=True)
class NicRoute:
    """A route of a NIC as `az network nic show-effective-route-table` shows it; a user route has a ``name``."""

    source: str
    state: str
    addressPrefix: tuple[str, ...]
    nextHopType: str
    nextHopIpAddress: tuple[str, ...]
    disableBgpRoutePropagation: bool
    name: str | None = None


@dataclass(frozen=True, slots=True)
class NatMapping:
    """A side of a NAT rule."""

    addressSpace: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayNatRule:
    """A NAT rule as `az network vnet-gateway nat-rule list` shows it; ``connections`` are those that name it."""

    name: str
    mode: str
    typePropertiesType: str
    internalMappings: tuple[NatMapping, ...]
    externalMappings: tuple[NatMapping, ...]
    ipConfigurationId: str | None = None
    connections: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FirewallRuleRow:
    """A rule of an Azure Firewall with its collection, as `az network firewall policy rule-collection-group list` has
    them, in the order in which they are asked. The last row is the drop of what no rule allows."""

    priority: int | None = None
    ruleCollection: str | None = None
    action: str
    name: str | None = None
    ruleType: str | None = None
    ipProtocols: tuple[str, ...] = ()
    sourceAddresses: tuple[str, ...] = ()
    destinationAddresses: tuple[str, ...] = ()
    destinationPorts: tuple[str, ...] = ()
    translatedAddress: str | None = None
    translatedPort: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberHealth:
    """A member of a load balancer's pool, by a rule that leads to it: whether its probe finds it up; if not, why."""

    loadBalancer: str
    loadBalancingRule: str
    frontendIPAddress: str
    backendAddressPool: str
    member: str
    ipAddress: str
    probe: str | None = None
    state: str
    reason: str | None = None
