"""The table of BGP policy: for pairs of roles, what a router sets towards a peer, and by which rule of Azure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from netlab.azure.bgp import values
from netlab.azure.bgp.values import (
    HOLD_TIME,
    LAST,
    LOCAL_PREFERENCE,
    MAXIMUM_PREFIX,
    MAXIMUM_PREFIX_IN,
    OF_VNETS,
    PREFERRED,
    SEED_MAXIMUM_PREFIX,
)
from netlab.scenario.addresses import DEFAULT_ROUTE
from netlab.scenario.network import Role, Router
from netlab.scenario.rules.expressroute import MOST_OUT, SEED_MOST_OUT

Part = Literal["imports", "exports", "session"]
BOTH: tuple[Part, ...] = ("imports", "exports")


@dataclass(frozen=True)
class Row:
    """A row of the table: for which roles, what it sets, the value in words, by which rule of Azure, and why.

    ``value`` computes the value from the router and its peer; an empty one sets nothing. At most one row sets an
    attribute for a pair of roles. ``rule`` is empty where no rule of Azure says it.
    """

    speakers: tuple[Role, ...]
    peers: tuple[Role, ...]
    parts: tuple[Part, ...]
    attribute: str
    shown: str
    rule: str
    sentence: str
    value: Callable[[Router, Router], Any]

    @property
    def what(self) -> str:
        """What it sets, in words."""
        return f"{' and '.join(part.removesuffix('s') for part in self.parts)}: {self.attribute.replace('_', ' ')}"


# --- the table ------------------------------------------------------------------------------------------------------

# Of these a router of a VNet has what does not come by ExpressRoute.
NOT_PRIVATE: tuple[Role, ...] = ("gateway", "device", "route server", "appliance")
ANY: tuple[Role, ...] = (*NOT_PRIVATE, "before devices", "expressroute", "edge router")

TABLE: tuple[Row, ...] = (
    # --- import and export filters ---
    Row(
        OF_VNETS,
        ANY,
        ("imports",),
        "prefix_filter",
        "the prefixes of the VNet and of its transit spokes",
        "B19, B20, B22, A18",
        "A gateway and a Route Server drop routes for a prefix of their VNet, and for one inside it.",
        lambda router, _: values.import_filter(router),
    ),
    Row(
        ("before devices",),
        ANY,
        ("imports",),
        "prefix_filter",
        "the prefixes of the site",
        "R73",
        "The router between a site's hosts and its devices drops routes for its own hosts.",
        lambda router, _: values.import_filter(router),
    ),
    Row(
        ("gateway", "before devices"),
        ANY,
        ("imports",),
        "no_export",
        "the same prefixes",
        "B17, B21, B23, B24",
        "A gateway accepts a prefix wider than its VNet's, the default route too, and advertises it to no other AS.",
        lambda router, _: values.import_filter(router),
    ),
    Row(
        ("gateway",),
        ANY,
        ("exports",),
        "prefix_filter",
        "the host routes of its BGP peers; beside a VPN the address pool of its point-to-site clients too",
        "B63, A25",
        "A VPN gateway advertises the host routes of its BGP peers to its other instance only, and its address pool to "
        "VPN peers only.",
        values.stays_inside,
    ),
    Row(
        ("appliance",),
        ("device",),
        ("exports",),
        "prefix_filter",
        str(DEFAULT_ROUTE),
        "",
        "A site has a way to the Internet of its own, so that an appliance advertises no default route to it.",
        lambda *_: (DEFAULT_ROUTE,),
    ),
    # --- which route is best ---
    Row(
        ("expressroute",),
        ("edge router",),
        ("imports",),
        "weight",
        f"the routing weight of the connection, and {PREFERRED} more with routing preference ExpressRoute",
        "R99, R94, A27",
        "An ExpressRoute gateway compares the weights of its circuits' connections before AS paths.",
        values.weight_of_circuit,
    ),
    Row(
        OF_VNETS,
        ("expressroute",),
        ("imports",),
        "weight",
        f"{PREFERRED} with routing preference ExpressRoute",
        "R94, A27, B29",
        "The routers of a VNet prefer ExpressRoute; without a Route Server this is the preference.",
        values.weight_of_private,
    ),
    Row(
        OF_VNETS,
        NOT_PRIVATE,
        ("imports",),
        "weight",
        f"{PREFERRED} with routing preference VpnGateway",
        "A27",
        "The routers of a VNet prefer VPN connections and appliances.",
        values.weight_of_others,
    ),
    Row(
        ("device",),
        ("edge router",),
        ("imports",),
        "weight",
        f"{PREFERRED} where the circuit is preferred on-premises",
        "R95",
        "A site prefers its circuit to its VPN.",
        values.weight_on_premises,
    ),
    Row(
        ("device",),
        ("edge router",),
        ("imports",),
        "local_preference",
        f"{LOCAL_PREFERENCE} of a site with several devices, where the circuit is preferred on-premises",
        "R95",
        "All routers of a site with several devices prefer its circuit to its VPN.",
        values.local_preference_on_premises,
    ),
    Row(
        OF_VNETS,
        NOT_PRIVATE,
        ("imports",),
        "med",
        f"{LAST} with routing preference ASPath",
        "A27",
        "Of equal AS paths the routers of a VNet use ExpressRoute's.",
        values.med_of_others,
    ),
    Row(
        ("expressroute",),
        ("edge router",),
        ("imports",),
        "med",
        "the place of the circuit in the file, where the VNet has a Route Server",
        "A36",
        "Beside a Route Server an ExpressRoute gateway uses one of several equal circuits, here the first.",
        values.med_of_circuit,
    ),
    Row(
        ("edge router",),
        ("expressroute",),
        ("imports",),
        "med",
        "1",
        "R99",
        "Of equal AS paths an edge router uses the site's; else it and a gateway would send to each other.",
        lambda *_: 1,
    ),
    # --- against loops ---
    Row(
        ("device",),
        ("edge router",),
        BOTH,
        "site_of_origin",
        "the circuit",
        "R99",
        "Microsoft removes private ASNs towards on-premises, so that no loop check stops what a site learned by a "
        "circuit and would advertise to a VNet on that circuit by another way.",
        lambda _, peer: (peer.end.name,),
    ),
    Row(
        ("device",),
        ("gateway", "appliance"),
        BOTH,
        "site_of_origin",
        "the circuits of the site that the peer's VNet is on",
        "R99",
        "The same in the other direction: a site does not advertise to a circuit what it learned of a VNet on it.",
        values.circuits_of_vnet,
    ),
    Row(
        ("appliance",),
        ("route server",),
        BOTH,
        "site_of_origin",
        "the appliance",
        "A31",
        "An appliance does not advertise to one instance of a Route Server what it learned from the other one, whose "
        "ASN it may override.",
        lambda router, _: (f"appliance {router.end.name}",),
    ),
    Row(
        ("edge router",),
        ("expressroute",),
        ("imports",),
        "as_path_exclude",
        "the prefixes of the gateway's VNet and of its transit spokes",
        "A32",
        "VNets on one circuit, whose gateways all have ASN 65515, learn each other's own prefixes. What a gateway has "
        "from its Route Server keeps the ASN, and the loop check drops it.",
        lambda _, peer: values.vnet_of(peer).prefixes,
    ),
    Row(
        ("edge router",),
        ("device",),
        ("exports",),
        "remove_private_as",
        "all",
        "R99",
        "Microsoft removes private ASNs towards on-premises.",
        lambda *_: True,
    ),
    Row(
        ("appliance",),
        ("route server",),
        ("exports",),
        "as_override",
        "as the appliance is set",
        "A31",
        "An appliance may put its own ASN in the place of the Route Server's, which else drops the route.",
        lambda router, _: values.bgp_of(router).as_override,
    ),
    # --- what an appliance or a device sets ---
    Row(
        ("appliance",),
        ("route server",),
        ("exports",),
        "as_path_prepend",
        "as the appliance is set",
        "A17",
        "A longer AS path makes a Route Server prefer others.",
        lambda router, _: values.bgp_of(router).as_path_prepend,
    ),
    Row(
        ("device",),
        ("gateway", "appliance"),
        ("exports",),
        "as_path_prepend",
        "as the site is set for the connection",
        "B28",
        "A longer AS path makes a gateway prefer others.",
        values.prepend_of_connection,
    ),
    Row(
        ("appliance",),
        ("route server",),
        ("exports",),
        "no_advertise",
        "as the appliance is set",
        "A22",
        "A route with NO_ADVERTISE stays with the Route Server and its VNets.",
        lambda router, _: values.bgp_of(router).no_advertise,
    ),
    Row(
        ("appliance",),
        ("route server",),
        ("exports",),
        "next_hop",
        "as the appliance is set",
        "A14",
        "An appliance may advertise another next hop than itself.",
        values.next_hop,
    ),
    Row(
        ("route server",),
        ANY,
        ("exports",),
        "next_hop_unchanged",
        "yes, of routes from another AS",
        "A14, B63",
        "A Route Server leaves the next hop as it learned it from an appliance; that of a gateway's routes is itself.",
        lambda *_: True,
    ),
    # --- limits and the session ---
    Row(
        ("gateway",),
        ANY,
        ("imports",),
        "maximum_prefix",
        f"{MAXIMUM_PREFIX:,} from another AS",
        "B16",
        "A VPN gateway closes the session with a peer that advertises more prefixes.",
        values.maximum_prefix,
    ),
    Row(
        ("route server",),
        ANY,
        ("imports",),
        "maximum_prefix",
        f"{MAXIMUM_PREFIX:,} from another AS, {SEED_MAXIMUM_PREFIX} in profile seed",
        "A8",
        "A Route Server closes the session with a peer that advertises more prefixes.",
        values.maximum_prefix,
    ),
    # Differs from Azure: an ExpressRoute gateway accepts any number of prefixes; in Azure the limit depends on its SKU.
    Row(
        ("edge router",),
        ("device",),
        ("imports",),
        "maximum_prefix",
        ", ".join(f"{most:,} of a {tier} circuit" for tier, most in MAXIMUM_PREFIX_IN.items()),
        "R98",
        "A circuit closes the session when on-premises advertises more prefixes.",
        lambda router, _: MAXIMUM_PREFIX_IN[values.circuit_of(router).spec.sku_tier],
    ),
    Row(
        ("edge router",),
        ("expressroute",),
        ("imports",),
        "maximum_prefix",
        f"{MOST_OUT:,}; {SEED_MOST_OUT} in profile seed with branch-to-branch",
        "R98, A37",
        "A circuit closes the session when a VNet's gateway advertises more prefixes.",
        values.maximum_prefix_out,
    ),
    Row(
        ("device",),
        ("edge router",),
        ("session",),
        "hold_time",
        f"that of the circuit, where it is below {HOLD_TIME} seconds",
        "R98, B14",
        "Only the device asks for a shorter hold time; BGP uses the smaller one of both.",
        values.hold_time,
    ),
    Row(
        ("device",),
        ("edge router",),
        ("session",),
        "bfd",
        "as the circuit is set",
        "R98, B15",
        "BFD is available on a circuit, and never on a VPN.",
        lambda _, peer: values.circuit_of(peer).spec.bfd,
    ),
    Row(
        ("edge router",),
        ("device",),
        ("session",),
        "bfd",
        "as the circuit is set",
        "R98, B15",
        "BFD is available on a circuit, and never on a VPN.",
        lambda router, _: values.circuit_of(router).spec.bfd,
    ),
)
