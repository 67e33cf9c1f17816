"""Route tables and their user-defined routes."""

from ipaddress import IPv4Address
from typing import Literal, Self

from pydantic import model_validator

from netlab.scenario.values import Address, Model, Name, Prefix


class NextHop(Model):
    """The next hop of a route to several appliances (U1)."""

    next_hop_ip_addresses: tuple[Address, ...]
    """The private addresses of 2 to 64 appliances. Each flow takes one of them, whether it forwards or not (U3, U5)."""


class UserRoute(Model):
    """A user-defined route. Of equal prefixes it wins over routes of BGP and of the system."""

    address_prefix: Prefix
    """The destinations of the route."""
    next_hop_type: Literal[
        "VirtualAppliance", "VirtualApplianceEcmp", "VirtualNetworkGateway", "VnetLocal", "Internet", "None"
    ]
    """Where Azure sends a packet for these destinations. `None` drops it. `VirtualNetworkGateway` means a VPN gateway,
    and works only without an ExpressRoute gateway beside it (R88). `VirtualApplianceEcmp` means several appliances, by
    a hash of each flow (U1)."""
    next_hop_ip_address: Address | None = None
    """The private address of the appliance. Only the type VirtualAppliance has one, and it needs one (R89)."""

    next_hop: NextHop | None = None
    """The private addresses of several appliances. Only the type VirtualApplianceEcmp has it, and it needs it (U1)."""

    @model_validator(mode="after")
    def _one_next_hop(self) -> Self:
        if (self.next_hop_type == "VirtualAppliance") != (self.next_hop_ip_address is not None):
            raise ValueError("only a next hop of type VirtualAppliance has a `next_hop_ip_address`, and it needs one")
        if (self.next_hop_type == "VirtualApplianceEcmp") != (self.next_hop is not None):
            raise ValueError("only a next hop of type VirtualApplianceEcmp has a `next_hop`, and it needs one")
        return self

    @property
    def next_hops(self) -> tuple[IPv4Address, ...]:
        """The addresses of the appliances that it leads to; none for a route of another type."""
        if self.next_hop is not None:
            return self.next_hop.next_hop_ip_addresses
        return (self.next_hop_ip_address,) if self.next_hop_ip_address is not None else ()


class RouteTable(Model):
    """A route table. A subnet uses it by its name."""

    disable_bgp_route_propagation: bool = False
    """Whether subnets with this table have no routes of a gateway, neither static ones nor those of BGP (5.1)."""
    disable_peering_route: Literal["None", "All"] = "None"
    """What becomes of the routes to peered VNets. `All` takes them from subnets with this table; the peerings stay, so
    what peers send still comes in (U11)."""
    routes: dict[Name, UserRoute] = {}
    """The user-defined routes, by name. There is one for a prefix."""
