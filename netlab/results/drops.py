"""Why packets die: every type of drop, its sentence, and what mends it.

Model and lab name the same types. The sentence of a type is written here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from string import Formatter
from typing import Literal

Direction = Literal["forward", "reverse"]


class DropType(StrEnum):
    """What becomes of a packet that does not arrive."""

    NO_ROUTE = "no-route"
    NO_PRIVATE_ROUTE = "no-private-route"
    NONE_ROUTE = "none-route"
    NO_NIC = "no-nic"
    OWN_NETWORK = "own-network"
    NO_NEXT_HOP = "no-next-hop"
    NO_HEALTHY_MEMBER = "no-healthy-member"
    NO_LOAD_BALANCING_RULE = "no-load-balancing-rule"
    IP_FORWARDING_IN = "ip-forwarding-off-in"
    IP_FORWARDING_OUT = "ip-forwarding-off-out"
    NOT_FROM_A_NIC = "not-from-a-nic"
    NO_OUTBOUND_METHOD = "no-outbound-method"
    NOT_TRANSLATED = "not-translated"
    NO_DEFAULT_ACCESS = "no-default-access"
    NOT_BALANCED = "not-balanced"
    FORWARDED_TRAFFIC = "forwarded-traffic-not-allowed"
    SECURITY_RULE = "security-rule"
    NOT_APPROVED = "private-endpoint-not-approved"
    NOT_THE_SERVICE = "not-the-service"
    INVALID_STATE = "invalid-state"
    NO_NAT_SESSION = "no-nat-session"
    FIREWALL_RULE = "firewall-rule"
    NO_FIREWALL_RULE = "no-firewall-rule"
    APPLIANCE_RULE = "appliance-rule"
    NOT_A_PEERED_SUBNET = "not-a-peered-subnet"
    SOURCE_NOT_ADVERTISED = "source-not-advertised"
    NOT_FORWARDING = "not-forwarding"
    STOPPED = "stopped"
    LINK_CUT = "link-cut"
    INTERNET_CUT = "internet-cut"
    DEVICE_SILENT = "device-silent"
    FIREWALL = "firewall"
    TUNNEL_DOWN = "tunnel-down"
    NOT_SELECTED = "not-selected"
    TOO_BIG = "too-big"
    CLIENT_NOT_CONNECTED = "client-not-connected"
    NO_CLIENT = "no-client"
    LOOP = "loop"
    WRONG_ANSWER = "wrong-answer"
    LOST = "lost"
    LOST_IN_TUNNEL = "lost-in-tunnel"
    NOT_ANSWERED = "not-answered"
    OTHER_ANSWERED = "other-answered"


@dataclass(frozen=True, slots=True)
class Description:
    """A type of drop for people: what happens, its sentence, what mends it, and the rules behind it.

    ``sentence`` is a format string: ``{node}`` is the node of the drop, every other field a parameter of the cause.
    ``observed_only`` types exist in packets only: the model foresees none of them.
    """

    summary: str
    sentence: str
    mend: str
    rules: tuple[str, ...] = ()
    observed_only: bool = False


DESCRIPTIONS: Mapping[DropType, Description] = {
    DropType.NO_ROUTE: Description(
        "The node has no route to the destination.",
        "no route: {node} has no route to {destination}",
        "A route there: BGP on all connections of the way, a prefix in a local network gateway, a peering; for the "
        "Internet a "
        "public address.",
        ("R78", "R102"),
    ),
    DropType.NO_PRIVATE_ROUTE: Description(
        "The only route to a private destination leads to the Internet. The lab drops the packet there.",
        "no route: {node} has no route to {destination} but the one to the Internet",
        "A route there: at a site BGP, a static route, or a BGP session that is established again; at a client a new "
        "connection, a new profile, or a custom route.",
        ("R65",),
    ),
    DropType.NONE_ROUTE: Description(
        "The longest prefix is a route with next hop type None: Azure discards the packet at the sender's NIC.",
        "None route: {destination} matches the {source} route {prefix} to None",
        "A longer prefix: a peering, gateway transit, a prefix that a gateway learns or has in a local network "
        "gateway, a user "
        "route to an appliance. Of a route table: take the route to None out, or let it take the gateway's routes.",
    ),
    DropType.NO_NIC: Description(
        "The address is in the VNet, and no NIC has it.",
        "no NIC: no NIC of {node} has the address {destination}",
        "Use the address of a machine, or take the user route out that leads the packet here.",
        ("R112",),
    ),
    DropType.OWN_NETWORK: Description(
        "A client's own network has the longest prefix, and no machine there has the address.",
        "own network: {destination} is in {prefix}, the own network of {node}",
        "Add the address itself, a /32, by hand, or give one of the networks another prefix.",
    ),
    DropType.NO_NEXT_HOP: Description(
        "A user route names a next hop that no NIC of the VNet or of a peer has.",
        "no next hop: {node} has no NIC with the next hop's address {next_hop}",
        "Give the route the address of an appliance's NIC, or take it out.",
        ("R81",),
    ),
    DropType.NO_HEALTHY_MEMBER: Description(
        "All members of a load balancer's pool are down: they do not answer its probe.",
        "no healthy member: pool {pool} of load balancer {load_balancer} of {vnet} has no member that is up: {why}",
        "Start a member, or let 168.63.129.16 (AzureLoadBalancer) in to the port of the probe; or set "
        "no_healthy_backends_behavior: AllProbedUp.",
        ("L9", "L10", "L12"),
    ),
    DropType.NO_LOAD_BALANCING_RULE: Description(
        "No rule of a load balancer is for the packet; an internal frontend answers no ping.",
        "no load balancing rule: frontend {frontend} of load balancer {load_balancer} has no rule for {what}",
        "Ask by TCP or UDP at a port that a rule is for. A next hop of a route needs a rule of HA ports.",
        ("L1", "L3", "L17"),
    ),
    DropType.IP_FORWARDING_IN: Description(
        "A NIC without IP forwarding accepts only packets for its own address.",
        "IP forwarding is off: the NIC of {nic} accepts only packets for its own address (R116)",
        "Set enable_ip_forwarding on the NIC.",
        ("R116",),
    ),
    DropType.IP_FORWARDING_OUT: Description(
        "A NIC without IP forwarding sends only packets from its own address.",
        "IP forwarding is off: the NIC of {nic} sends only packets from its own address (R116)",
        "Set enable_ip_forwarding on the NIC.",
        ("R116",),
    ),
    DropType.NOT_FROM_A_NIC: Description(
        "The route leads to Internet, and the packet's source is the address of no NIC of the VNet.",
        "not from a NIC: {destination} leads to Internet, and the source is the address of no NIC of {vnet}",
        "Give GatewaySubnet a user route for the destination to an appliance, which sends on under its own address.",
        ("B49", "P20", "P21"),
    ),
    DropType.NO_OUTBOUND_METHOD: Description(
        "The route leads to Internet, and the source, in a private subnet, has no address to leave with.",
        "no outbound method: {destination} leads to Internet, and subnet {subnet} of {vnet} is private (E24, E25)",
        "Give the subnet a NAT gateway, the NIC a public address, or the subnet a route to an appliance that has one.",
        ("E24", "E25"),
    ),
    DropType.NO_DEFAULT_ACCESS: Description(
        "A member of an internal load balancer has no default outbound access to the Internet.",
        "no default outbound access: {destination} leads to Internet, and the source is a member of an internal load "
        "balancer of {vnet} (L25, E27)",
        "Give the subnet a NAT gateway, the NIC a public address, or the machine an outbound rule of a load balancer.",
        ("L25", "E27"),
    ),
    DropType.NOT_BALANCED: Description(
        "A public load balancer translates what its members send by the protocols of its rules, and no ping.",
        "not translated: the load balancer of {vnet} that gives the source its address takes {protocols} only (L24)",
        "Ask by TCP or UDP, give the load balancer an outbound rule for both, or the NIC a public address.",
        ("L24",),
    ),
    DropType.NOT_TRANSLATED: Description(
        "A NAT gateway translates TCP and UDP only.",
        "not translated: the NAT gateway of subnet {subnet} of {vnet} takes TCP and UDP only (E22)",
        "Ask by TCP or UDP, or give the NIC a public address.",
        ("E22",),
    ),
    DropType.FORWARDED_TRAFFIC: Description(
        "A peering without AllowForwardedTraffic accepts only packets that originate in the peer.",
        "AllowForwardedTraffic is off: the peering {vnet} to {remote} accepts only packets that originate in {remote} "
        "(R107)",
        "Set allow_forwarded_traffic on the peering that receives the packet.",
        ("R107",),
    ),
    DropType.SECURITY_RULE: Description(
        "A rule of a network security group denies the packet at a NIC.",
        "security rule: {group}, rule {priority} {rule}, denies it {direction} at the NIC of {nic}",
        "A rule with a lower priority that allows it, or a route that puts the prefix into the tag VirtualNetwork.",
        ("N3", "N4", "N5"),
    ),
    DropType.NOT_A_PEERED_SUBNET: Description(
        "A peering of subnets takes packets from the subnets only that it names.",
        "subnet peering: the peering {vnet} to {remote} accepts only packets of the peered subnets of {remote} (U14)",
        "Add the subnet to remote_subnet_names of this peering and to local_subnet_names of the other one.",
        ("U12", "U14"),
    ),
    DropType.NOT_APPROVED: Description(
        "The connection of a private endpoint to its service is not approved.",
        "private endpoint: the connection of {endpoint} is {status}, only an approved one carries packets (E12)",
        "Approve the connection.",
        ("E12",),
    ),
    DropType.NOT_THE_SERVICE: Description(
        "A private endpoint takes TCP and UDP of its service only.",
        "private endpoint: {endpoint} takes TCP and UDP of its service, no ping (E12)",
        "Ask the service by its own protocol.",
        ("E12",),
    ),
    DropType.INVALID_STATE: Description(
        "A stateful appliance sees a packet that belongs to no session: what came before took another way.",
        "invalid state: {node} sees the {packet} and has not seen the {before}",
        "Lead both ways through the appliance, or neither: a user route for the way that lacks it; or let it translate "
        "the source (`masquerade: always`).",
        ("F20", "F21", "F22", "F25"),
    ),
    DropType.NO_NAT_SESSION: Description(
        "A dynamic NAT rule of a VPN gateway translates flows of its internal side only; no session has this packet.",
        "no NAT session: {destination} is behind a dynamic NAT rule of {node}: its internal side opens flows (T7)",
        "Let the internal side open the flow, or make the rule static, with prefixes of one length.",
        ("T7",),
    ),
    DropType.FIREWALL_RULE: Description(
        "A network rule of an Azure Firewall denies the packet.",
        "firewall rule: {firewall}, collection {collection} (priority {priority}), rule {rule}, denies it (F7)",
        "A rule that allows it in a collection with a lower priority, or a narrower one that denies.",
        ("F7", "F8"),
    ),
    DropType.NO_FIREWALL_RULE: Description(
        "No rule of an Azure Firewall is for the packet: what none allows is dropped.",
        "no rule matches: {firewall} has no rule for it and drops what none allows (F15)",
        "A network rule that allows it.",
        ("F7", "F15"),
    ),
    DropType.APPLIANCE_RULE: Description(
        "The rules of an appliance deny the packet: one of them is for it, or none allows it.",
        "appliance rule: {appliance} denies it, {why} (F25)",
        "A rule that allows it before the one that denies.",
        ("F25",),
    ),
    DropType.SOURCE_NOT_ADVERTISED: Description(
        "A Microsoft peering takes packets from the customer's advertised public prefixes only.",
        "source not advertised: the Microsoft peering of {circuit} takes its advertised public prefixes only (R123)",
        "Let the customer's router translate the source (`nat_address`), or advertise its prefix, if that is public.",
        ("R123", "R124"),
    ),
    DropType.NOT_FORWARDING: Description(
        "A machine that is no appliance got a packet for another address.",
        "no forwarding: {node} is no appliance and drops packets for other addresses",
        "Make the machine an appliance (`nva`) with enable_ip_forwarding, or take the user route out.",
    ),
    DropType.STOPPED: Description("The machine is stopped.", "stopped: {node} is stopped", "Start the machine.", ()),
    DropType.LINK_CUT: Description(
        "The node's link to the Internet is cut.",
        "link cut: the link of {node} to the Internet is cut",
        "Mend the link.",
    ),
    DropType.INTERNET_CUT: Description(
        "The Internet is cut. Microsoft's backbone is not: what is between two public addresses of Azure passes.",
        "Internet cut: the Internet carries nothing",
        "Mend the Internet, or let both ends be in Azure or on an ExpressRoute circuit.",
        ("R80",),
    ),
    DropType.DEVICE_SILENT: Description(
        "The VPN device exchanges nothing with the Internet, though its link is up.",
        "silent device: nothing passes between {node} and the Internet",
        "Wake the device.",
    ),
    DropType.FIREWALL: Description(
        "The firewall of the network that a client is in does not let the packet out.",
        "firewall: {network} lets {ports} out",
        "Let it out (`lets_out` of the access network), or send it through a tunnel that gets out.",
        ("P6",),
    ),
    DropType.TUNNEL_DOWN: Description(
        "The tunnel has no CHILD SA, so nothing can pass.",
        "no tunnel: {tunnel} has no INSTALLED CHILD SA",
        "End the fault that keeps it down, or give both ends one key, policy, protocol and mode that fit, and "
        "selectors that "
        "overlap.",
    ),
    DropType.NOT_SELECTED: Description(
        "The tunnel is up, and no traffic selector covers the packet (RFC 4301, section 4.4.1).",
        "not in the selectors: {address} is in none of {selectors}",
        "Widen the selectors of the end that is narrow, or let the other end initiate; a point-to-site client gets "
        "new ones "
        "when it connects again.",
        ("R47", "R50"),
    ),
    DropType.TOO_BIG: Description(
        "The packet has DF set and is bigger than the MTU of the link or tunnel that it would leave by. The node "
        'answers with ICMP "fragmentation needed" (type 3, code 4), which has this MTU.',
        "too big: {node} has {size} bytes for {link}, which carries {mtu}",
        "Send smaller packets: an MTU of 1,400 at the machine, or path MTU discovery, which needs the ICMP answer. TCP "
        "passes: the ends of a tunnel lower its maximum segment size to 1,350.",
        ("R39", "P23"),
    ),
    DropType.CLIENT_NOT_CONNECTED: Description(
        "The point-to-site client has no tunnel.",
        "no tunnel: {client} is not connected: {why}",
        "Remove the cause and connect the client again: it does not come back by itself.",
        ("R66",),
    ),
    DropType.NO_CLIENT: Description(
        "The address is in the client address pool, and no client has it.",
        "no tunnel: no client has the address {destination}",
        "Connect the client again.",
    ),
    DropType.LOOP: Description(
        "The packet came back to a node over the same link.",
        "loop: the packet came back to {node}",
        "Give the appliance a subnet without the route that leads back to it, or take the route out.",
        ("R89",),
    ),
    DropType.WRONG_ANSWER: Description(
        "An answer arrived from another address than the one that was asked.",
        "no answer: the answer comes from {found}, and {asked} was asked",
        "Let the answer leave the way the request came: a user route for 0.0.0.0/0 to Internet in the machine's "
        "subnet.",
        ("R85", "R86"),
    ),
    DropType.LOST: Description(
        "The packet left an interface and was seen nowhere else.",
        "lost: the packet left {node} by {interface} and did not arrive",
        "Look at the node behind the interface: `netlab trace` and `netlab capture` show it.",
        observed_only=True,
    ),
    DropType.LOST_IN_TUNNEL: Description(
        "The packet entered a tunnel that has SAs and did not come out at the other end.",
        "lost: the packet entered the tunnel {tunnel} and did not leave it",
        "Compare the SAs of both ends: `netlab show connections`.",
        observed_only=True,
    ),
    DropType.NOT_ANSWERED: Description(
        "The packet arrived, and its target did not answer or rejected it.",
        "no answer: {what}",
        "Look at the machine: a filter or a missing program there.",
        observed_only=True,
    ),
    DropType.OTHER_ANSWERED: Description(
        "Another node than the target answered.",
        "no answer from {target}: {node} answered in its place",
        "Look for an address that two nodes have.",
        observed_only=True,
    ),
}


@dataclass(frozen=True, slots=True)
class Cause:
    """A type of drop with its parameters, as text, by their names in the type's sentence."""

    type: DropType
    parameters: tuple[tuple[str, str], ...] = ()

    def sentence(self, node: str) -> str:
        """The sentence about a drop at a node."""
        return DESCRIPTIONS[self.type].sentence.format(node=node, **dict(self.parameters))

    @property
    def is_complete(self) -> bool:
        """Whether it has every parameter that its sentence names, and no other node."""
        named = {name for _, name, _, _ in Formatter().parse(DESCRIPTIONS[self.type].sentence) if name is not None}
        return named - {"node"} <= (given := dict(self.parameters).keys()) and "node" not in given

    def about(self, destination: str) -> Cause:
        """The cause with the packet's destination, if its sentence names it."""
        if "{destination}" not in DESCRIPTIONS[self.type].sentence or dict(self.parameters).get("destination"):
            return self
        return Cause(self.type, (*self.parameters, ("destination", destination)))

    def __getitem__(self, name: str) -> str:
        """A parameter; KeyError if the type has none of this name."""
        return dict(self.parameters)[name]


def cause(drop_type: DropType, **parameters: object) -> Cause:
    """A cause with its parameters as text."""
    return Cause(drop_type, tuple((name, str(value)) for name, value in parameters.items()))


@dataclass(frozen=True, slots=True)
class Drop:
    """Where a packet died, on which leg (forward: the request; reverse: its answer), and why.

    ``reason`` is the sentence of the type with its parameters; reports of earlier versions have no type.
    """

    node: str
    direction: Direction
    reason: str
    type: DropType | None = None
    parameters: Mapping[str, str] = field(default_factory=dict, hash=False)

    @property
    def cause(self) -> Cause | None:
        """The type with its parameters; None in reports of earlier versions."""
        return Cause(self.type, tuple(self.parameters.items())) if self.type is not None else None

    @classmethod
    def of(cls, node: str, direction: Direction, why: Cause) -> Drop:
        """The drop at a node for a cause."""
        return cls(node, direction, why.sentence(node), why.type, dict(why.parameters))
